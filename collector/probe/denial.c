/* Proofs that a name or a type is not there: NSEC (RFC 4035, 5.4) and NSEC3 (RFC 5155, 8; RFC 9276). */
#include "collector/probe/dnssec.h"

#include <openssl/evp.h>

enum { T_NS = 2, T_CNAME = 5, T_SOA = 6, T_DNAME = 39, T_DS = 43, T_NSEC = 47, T_NSEC3 = 50, OPT_OUT = 1 };

bool afd_dnssec_has_type(struct afd_slice map, uint16_t type)
{
	struct afd_reader r = afd_reader(map);

	while (afd_reader_left(&r) >= 2) {
		unsigned window = afd_read_u8(&r), n = afd_read_u8(&r);
		struct afd_slice bits = afd_read_bytes(&r, n);

		if (window == type >> 8)
			return (type & 255u) / 8 < bits.len && bits.data[(type & 255u) / 8] & 0x80u >> (type & 7);
	}
	return false;
}

void afd_dnssec_nsec3_hash(const struct afd_dns_name *n, struct afd_slice salt, unsigned iterations, uint8_t ret[20])
{
	struct afd_dns_name name = *n;
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	struct afd_slice in = { name.wire, name.len };

	afd_dns_name_lower(&name);
	memset(ret, 0, 20);
	for (unsigned i = 0; c && i <= iterations; i++) {
		EVP_DigestInit_ex(c, EVP_sha1(), NULL);
		EVP_DigestUpdate(c, in.data, in.len);
		EVP_DigestUpdate(c, salt.data, salt.len);
		EVP_DigestFinal_ex(c, ret, NULL);
		in = afd_slice(ret, 20);
	}
	EVP_MD_CTX_free(c);
}

/* --- reading --- */

static int base32hex(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'v' ? c - 'a' + 10 : -1;
}

static bool hash_of_owner(const struct afd_dns_name *owner, uint8_t ret[20])
{
	unsigned bits = 0, have = 0, n = 0;

	if (owner->wire[0] != 32)
		return false;
	for (unsigned i = 1; i <= 32; i++) {
		int v = base32hex(owner->wire[i]);

		if (v < 0)
			return false;
		bits = (bits << 5 | (unsigned)v) & 0xffff;
		have += 5;
		if (have >= 8) {
			have -= 8;
			ret[n++] = (uint8_t)(bits >> have);
		}
	}
	return n == 20;
}

static bool read_nsec3(struct afd_slice rdata, const struct afd_dns_name *owner, const struct afd_dns_name *zone, struct dnssec_proof *p)
{
	struct afd_reader r = afd_reader(rdata);
	struct afd_dns_name above;
	struct afd_slice next;
	unsigned flags;

	if (afd_read_u8(&r) != 1)
		return false;
	p->hashed = true;
	flags = afd_read_u8(&r);
	p->opt_out = flags & OPT_OUT;
	p->iterations = afd_read_u16(&r);
	p->salt = afd_read_bytes(&r, afd_read_u8(&r));
	next = afd_read_bytes(&r, afd_read_u8(&r));
	p->types = afd_slice(r.at, afd_reader_left(&r));
	/* 8.2: one with a flag that nobody knows is left out */
	if (r.bad || flags & ~(unsigned)OPT_OUT || next.len != 20 || !hash_of_owner(owner, p->hash) || !afd_dnssec_parent(owner, &above) || !afd_dns_name_equal(&above, zone))
		return false;
	memcpy(p->next_hash, next.data, 20);
	return true;
}

static bool read_nsec(const struct afd_dns_message *m, const struct afd_dns_rr *rr, const struct afd_dns_name *zone, struct dnssec_proof *p)
{
	size_t at = rr->rdata;

	if (afd_dns_name_read(m->whole, &at, false, &p->next, NULL) < 0 || at > rr->rdata + rr->rdlen || !afd_dns_name_below(&rr->owner, zone) ||
	    !afd_dns_name_below(&p->next, zone))
		return false;
	p->owner = rr->owner;
	p->types = afd_slice_sub(m->whole, at, rr->rdata + rr->rdlen - at);
	return true;
}

/* RFC 5155, 8.2: records of one answer are of one chain. */
static bool fits(const struct dnssec_proofs *p, const struct dnssec_proof *x)
{
	const struct dnssec_proof *first = &p->at[0];

	return p->n == 0 || (first->hashed == x->hashed && first->iterations == x->iterations && afd_slice_equal(first->salt, x->salt));
}

void afd_dnssec_proofs(const struct afd_dns_message *m, const struct dnssec_keys *keys, struct dnssec_run *run, struct dnssec_proofs *ret)
{
	struct afd_dns_walk w = afd_dns_walk(m, AFD_DNS_AUTHORITY);
	struct afd_dns_rr rr;

	ret->zone = keys->zone;
	ret->n = 0;
	ret->too_costly = false;
	while (ret->n < DNSSEC_PROOFS && afd_dns_next(&w, &rr)) {
		struct dnssec_proof p = { 0 };
		struct dnssec_set set;
		bool read = rr.rclass == AFD_DNS_IN && (rr.type == T_NSEC ? read_nsec(m, &rr, &keys->zone, &p)
					    : rr.type == T_NSEC3 && read_nsec3(afd_slice_sub(m->whole, rr.rdata, rr.rdlen), &rr.owner, &keys->zone, &p));

		if (!read || !fits(ret, &p))
			continue;
		afd_dnssec_set(m, AFD_DNS_AUTHORITY, &rr.owner, rr.type, keys, run, &set);
		/* One that a wildcard made proves nothing of the name that it bears (RFC 4035, 5.3.4). */
		if (!set.verified || set.records != 1 || set.labels != afd_dnssec_labels(&rr.owner) - (rr.owner.wire[0] == 1 && rr.owner.wire[1] == '*'))
			continue;
		ret->too_costly |= p.hashed && p.iterations > DNSSEC_ITERATIONS;
		ret->at[ret->n++] = p;
	}
}

/* --- NSEC --- */

static bool nsec_covers(const struct dnssec_proof *p, const struct afd_dns_name *zone, const struct afd_dns_name *name)
{
	bool last = afd_dns_name_equal(&p->next, zone);

	/* Below a delegation or a DNAME the parent's record says nothing (RFC 6840, 4.1). */
	if (afd_dns_name_below(name, &p->owner) && !afd_dns_name_equal(name, &p->owner) &&
	    (afd_dnssec_has_type(p->types, T_DNAME) || (afd_dnssec_has_type(p->types, T_NS) && !afd_dnssec_has_type(p->types, T_SOA))))
		return false;
	return afd_dnssec_compare(&p->owner, name) < 0 && (last || afd_dnssec_compare(name, &p->next) < 0);
}

static const struct dnssec_proof *nsec_covering(const struct dnssec_proofs *p, const struct afd_dns_name *name)
{
	for (size_t i = 0; i < p->n; i++)
		if (!p->at[i].hashed && nsec_covers(&p->at[i], &p->zone, name))
			return &p->at[i];
	return NULL;
}

static const struct dnssec_proof *nsec_at(const struct dnssec_proofs *p, const struct afd_dns_name *name)
{
	for (size_t i = 0; i < p->n; i++)
		if (!p->at[i].hashed && afd_dns_name_equal(&p->at[i].owner, name))
			return &p->at[i];
	return NULL;
}

/* The type is not there, nor an alias that would lead to it; and it is the right side of a delegation that says so. */
static bool lacks(const struct dnssec_proof *p, uint16_t type)
{
	bool ns = afd_dnssec_has_type(p->types, T_NS), soa = afd_dnssec_has_type(p->types, T_SOA);

	if (afd_dnssec_has_type(p->types, type) || (type != T_DS && afd_dnssec_has_type(p->types, T_CNAME)))
		return false;
	return type == T_DS ? !soa : !(ns && !soa);
}

/* "*." in front; false: too long. */
static bool wildcard(const struct afd_dns_name *n, struct afd_dns_name *ret)
{
	if (n->len > AFD_DNS_NAME_MAX - 2)
		return false;
	ret->wire[0] = 1;
	ret->wire[1] = '*';
	memcpy(ret->wire + 2, n->wire, n->len);
	ret->len = (uint8_t)(n->len + 2);
	return true;
}

/* The longest name above NAME that P shows to exist: it shares it with one of its ends. */
static struct afd_dns_name nsec_encloser(const struct dnssec_proof *p, const struct afd_dns_name *name)
{
	struct afd_dns_name at = *name;

	while (!afd_dns_name_below(&p->owner, &at) && !afd_dns_name_below(&p->next, &at) && afd_dnssec_parent(&at, &at))
		continue;
	return at;
}

static enum dnssec_state nsec_no_name(const struct dnssec_proofs *p, const struct afd_dns_name *name)
{
	const struct dnssec_proof *c = nsec_covering(p, name);
	struct afd_dns_name encloser, star;

	/* A name with something below it exists (RFC 4592, 2.2.2). */
	if (!c || afd_dns_name_below(&c->next, name))
		return DNSSEC_BOGUS;
	encloser = nsec_encloser(c, name);
	return wildcard(&encloser, &star) && nsec_covering(p, &star) ? DNSSEC_SECURE : DNSSEC_BOGUS;
}

static enum dnssec_state nsec_no_type(const struct dnssec_proofs *p, const struct afd_dns_name *name, uint16_t type)
{
	const struct dnssec_proof *at = nsec_at(p, name), *c;
	struct afd_dns_name encloser, star;

	if (at)
		return lacks(at, type) ? DNSSEC_SECURE : DNSSEC_BOGUS;
	c = nsec_covering(p, name);
	if (!c)
		return DNSSEC_BOGUS;
	if (afd_dns_name_below(&c->next, name))
		return DNSSEC_SECURE;             /* an empty name between others */
	encloser = nsec_encloser(c, name);
	at = wildcard(&encloser, &star) ? nsec_at(p, &star) : NULL;
	return at && lacks(at, type) ? DNSSEC_SECURE : DNSSEC_BOGUS;
}

/* --- NSEC3 --- */

static const struct dnssec_proof *hashed_at(const struct dnssec_proofs *p, const struct afd_dns_name *name)
{
	for (size_t i = 0; i < p->n; i++) {
		uint8_t h[20];

		if (!p->at[i].hashed)
			continue;
		afd_dnssec_nsec3_hash(name, p->at[i].salt, p->at[i].iterations, h);
		if (memcmp(h, p->at[i].hash, 20) == 0)
			return &p->at[i];
	}
	return NULL;
}

static const struct dnssec_proof *hashed_covering(const struct dnssec_proofs *p, const struct afd_dns_name *name)
{
	for (size_t i = 0; i < p->n; i++) {
		const struct dnssec_proof *x = &p->at[i];
		bool wraps = memcmp(x->hash, x->next_hash, 20) >= 0;
		uint8_t h[20];

		if (!x->hashed)
			continue;
		afd_dnssec_nsec3_hash(name, x->salt, x->iterations, h);
		bool above = memcmp(h, x->hash, 20) > 0, below = memcmp(h, x->next_hash, 20) < 0;
		if (wraps ? above || below : above && below)
			return x;
	}
	return NULL;
}

/* RFC 5155, 8.3: the closest name above that exists, and that the next one towards NAME does not: *ret covers it. */
static bool closest_encloser(const struct dnssec_proofs *p, const struct afd_dns_name *name, struct afd_dns_name *encloser, const struct dnssec_proof **ret)
{
	struct afd_dns_name next = *name, at;

	while (!afd_dns_name_equal(&next, &p->zone) && afd_dnssec_parent(&next, &at)) {
		const struct dnssec_proof *m = hashed_at(p, &at);

		if (m) {
			bool cut = afd_dnssec_has_type(m->types, T_DNAME) || (afd_dnssec_has_type(m->types, T_NS) && !afd_dnssec_has_type(m->types, T_SOA));

			*encloser = at;
			*ret = hashed_covering(p, &next);
			return *ret && !cut;
		}
		next = at;
	}
	return false;
}

static enum dnssec_state hashed_no_name(const struct dnssec_proofs *p, const struct afd_dns_name *name)
{
	struct afd_dns_name encloser, star;
	const struct dnssec_proof *c;

	if (!closest_encloser(p, name, &encloser, &c) || !wildcard(&encloser, &star) || !hashed_covering(p, &star))
		return DNSSEC_BOGUS;
	return c->opt_out ? DNSSEC_INSECURE : DNSSEC_SECURE;
}

static enum dnssec_state hashed_no_type(const struct dnssec_proofs *p, const struct afd_dns_name *name, uint16_t type)
{
	const struct dnssec_proof *at = hashed_at(p, name), *c;
	struct afd_dns_name encloser, star;

	if (at)
		return lacks(at, type) ? DNSSEC_SECURE : DNSSEC_BOGUS;
	if (!closest_encloser(p, name, &encloser, &c))
		return DNSSEC_BOGUS;
	if (type == T_DS && c->opt_out)
		return DNSSEC_INSECURE;           /* 8.6 */
	at = wildcard(&encloser, &star) ? hashed_at(p, &star) : NULL;
	if (!at)
		return c->opt_out ? DNSSEC_INSECURE : DNSSEC_BOGUS;
	return lacks(at, type) ? DNSSEC_SECURE : DNSSEC_BOGUS;
}

/* --- either --- */

static bool is_hashed(const struct dnssec_proofs *p)
{
	return p->n > 0 && p->at[0].hashed;
}

/* RFC 9276, 3.2: what costs too much is treated as if it were unsigned. */
enum dnssec_state afd_dnssec_no_name(const struct dnssec_proofs *p, const struct afd_dns_name *name)
{
	if (p->too_costly)
		return DNSSEC_INSECURE;
	return is_hashed(p) ? hashed_no_name(p, name) : nsec_no_name(p, name);
}

enum dnssec_state afd_dnssec_no_type(const struct dnssec_proofs *p, const struct afd_dns_name *name, uint16_t type)
{
	if (p->too_costly)
		return DNSSEC_INSECURE;
	return is_hashed(p) ? hashed_no_type(p, name, type) : nsec_no_type(p, name, type);
}

/* RFC 6840, 4.4: where a zone is cut off there are NS; a name without them belongs to the zone above, and has its keys. */
static bool unsigned_cut(const struct dnssec_proof *p)
{
	return afd_dnssec_has_type(p->types, T_NS) && !afd_dnssec_has_type(p->types, T_CNAME) && lacks(p, T_DS);
}

enum dnssec_state afd_dnssec_no_ds(const struct dnssec_proofs *p, const struct afd_dns_name *zone)
{
	const struct dnssec_proof *at, *c;
	struct afd_dns_name encloser;

	if (p->too_costly)
		return DNSSEC_INSECURE;
	at = is_hashed(p) ? hashed_at(p, zone) : nsec_at(p, zone);
	if (at)
		return unsigned_cut(at) ? DNSSEC_SECURE : DNSSEC_BOGUS;
	if (is_hashed(p) && closest_encloser(p, zone, &encloser, &c) && c->opt_out)
		return DNSSEC_INSECURE;
	return DNSSEC_BOGUS;
}

static enum dnssec_state hashed_no_closer(const struct dnssec_proofs *p, const struct afd_dns_name *name, unsigned labels)
{
	struct afd_dns_name next = *name;
	const struct dnssec_proof *c;

	while (afd_dnssec_labels(&next) > labels + 1 && afd_dnssec_parent(&next, &next))
		continue;
	c = hashed_covering(p, &next);
	if (!c)
		return DNSSEC_BOGUS;
	return c->opt_out ? DNSSEC_INSECURE : DNSSEC_SECURE;
}

/* LABELS: of what the wildcard stands below. */
enum dnssec_state afd_dnssec_no_closer(const struct dnssec_proofs *p, const struct afd_dns_name *name, unsigned labels)
{
	const struct dnssec_proof *c;
	struct afd_dns_name encloser;

	if (p->too_costly)
		return DNSSEC_INSECURE;
	if (is_hashed(p))
		return hashed_no_closer(p, name, labels);
	c = nsec_covering(p, name);
	if (!c)
		return DNSSEC_BOGUS;
	encloser = nsec_encloser(c, name);
	return afd_dnssec_labels(&encloser) == labels ? DNSSEC_SECURE : DNSSEC_BOGUS;
}
