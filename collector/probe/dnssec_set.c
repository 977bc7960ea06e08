/* Sets of records and their signatures. */
#include "collector/probe/dnssec.h"

#include <ldns/ldns.h>
#include <openssl/evp.h>
#include <stdio.h>

#include "collector/zone/dns_rdata.h"
#include "core/dnssec.h"

enum { RRSIG_TYPE = 46, DNSKEY_TYPE = 48, ZONE_KEY = 0x0100, REVOKED = 0x0080 };

struct signature {
	struct afd_dns_rr rr;
	uint16_t covered, tag;
	uint8_t algorithm, labels;
	uint32_t inception, expiration;
	struct afd_dns_name signer;
};

const char *afd_dnssec_state_name(enum dnssec_state s)
{
	static const char *const names[] = { "secure", "insecure", "bogus", "indeterminate" };
	return names[s];
}

bool afd_dnssec_algorithm_known(unsigned a)
{
	return a == 8 || a == 10 || (a >= 13 && a <= 16);
}

bool afd_dnssec_digest_known(unsigned d)
{
	return d == 1 || d == 2 || d == 4;
}

/* --- names --- */

unsigned afd_dnssec_labels(const struct afd_dns_name *n)
{
	unsigned k = 0;

	for (size_t i = 0; n->wire[i]; i += 1u + n->wire[i])
		k++;
	return k;
}

bool afd_dnssec_parent(const struct afd_dns_name *n, struct afd_dns_name *ret)
{
	size_t skip = 1u + n->wire[0];
	struct afd_dns_name copy = *n;

	if (n->len <= 1)
		return false;
	ret->len = (uint8_t)(copy.len - skip);
	memcpy(ret->wire, copy.wire + skip, ret->len);
	return true;
}

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

static int compare_label(const uint8_t *a, const uint8_t *b)
{
	for (unsigned i = 1; i <= a[0] && i <= b[0]; i++)
		if (lower(a[i]) != lower(b[i]))
			return lower(a[i]) < lower(b[i]) ? -1 : 1;
	return (a[0] > b[0]) - (a[0] < b[0]);
}

static unsigned starts(const struct afd_dns_name *n, uint8_t at[128])
{
	unsigned k = 0;

	for (unsigned i = 0; n->wire[i] && k < 128; i += 1u + n->wire[i])
		at[k++] = (uint8_t)i;
	return k;
}

int afd_dnssec_compare(const struct afd_dns_name *a, const struct afd_dns_name *b)
{
	uint8_t x[128], y[128];
	unsigned n = starts(a, x), m = starts(b, y);

	for (unsigned i = 1; i <= n && i <= m; i++) {
		int c = compare_label(a->wire + x[n - i], b->wire + y[m - i]);

		if (c)
			return c;
	}
	return (n > m) - (n < m);
}

/* --- keys --- */

bool afd_dnssec_key_parse(struct afd_slice rdata, struct dnssec_key *ret)
{
	struct afd_reader r = afd_reader(rdata);

	*ret = (struct dnssec_key){ .rdata = rdata, .flags = afd_read_u16(&r) };
	if (afd_read_u8(&r) != 3)
		return false;
	ret->algorithm = afd_read_u8(&r);
	if (r.bad || afd_reader_left(&r) == 0 || !(ret->flags & ZONE_KEY))
		return false;
	ret->tag = (uint16_t)afd_dnskey_tag(ret->flags, ret->algorithm, afd_slice_sub(rdata, rdata.len - afd_reader_left(&r), rdata.len));
	return true;
}

void afd_dnssec_keys_read(const struct afd_dns_message *m, const struct afd_dns_name *zone, struct dnssec_keys *ret)
{
	struct afd_dns_walk w = afd_dns_walk(m, AFD_DNS_ANSWER);
	struct afd_dns_rr rr;

	ret->zone = *zone;
	ret->n = 0;
	while (ret->n < DNSSEC_KEYS && afd_dns_next(&w, &rr))
		if (rr.type == DNSKEY_TYPE && rr.rclass == AFD_DNS_IN && afd_dns_name_equal(&rr.owner, zone) &&
		    afd_dnssec_key_parse(afd_slice_sub(m->whole, rr.rdata, rr.rdlen), &ret->at[ret->n]))
			ret->n++;
}

bool afd_dnssec_ds_matches(struct afd_slice ds, const struct afd_dns_name *zone, const struct dnssec_key *key)
{
	struct afd_reader r = afd_reader(ds);
	uint16_t tag = afd_read_u16(&r);
	uint8_t algorithm = afd_read_u8(&r), type = afd_read_u8(&r), got[EVP_MAX_MD_SIZE];
	const EVP_MD *md = type == 1 ? EVP_sha1() : type == 2 ? EVP_sha256() : type == 4 ? EVP_sha384() : NULL;
	struct afd_dns_name name = *zone;
	struct afd_slice want = afd_slice(r.at, afd_reader_left(&r));
	EVP_MD_CTX *c;
	unsigned n = 0;
	int ok;

	if (r.bad || !md || tag != key->tag || algorithm != key->algorithm || key->flags & REVOKED)
		return false;
	afd_dns_name_lower(&name);
	c = EVP_MD_CTX_new();
	ok = c && EVP_DigestInit_ex(c, md, NULL) && EVP_DigestUpdate(c, name.wire, name.len) &&
	     EVP_DigestUpdate(c, key->rdata.data, key->rdata.len) && EVP_DigestFinal_ex(c, got, &n);
	EVP_MD_CTX_free(c);
	return ok && afd_slice_equal(afd_slice(got, n), want);
}

/* --- one signature --- */

static bool read_signature(const struct afd_dns_message *m, const struct afd_dns_rr *rr, struct signature *ret)
{
	struct afd_slice s = afd_slice_sub(m->whole, rr->rdata, rr->rdlen);
	struct afd_reader r = afd_reader(s);
	size_t at = rr->rdata + 18;

	*ret = (struct signature){ .rr = *rr };
	ret->covered = afd_read_u16(&r);
	ret->algorithm = afd_read_u8(&r);
	ret->labels = afd_read_u8(&r);
	afd_read_u32(&r);
	ret->expiration = afd_read_u32(&r);
	ret->inception = afd_read_u32(&r);
	ret->tag = afd_read_u16(&r);
	return !r.bad && afd_dns_name_read(m->whole, &at, false, &ret->signer, NULL) == 0 && at <= rr->rdata + rr->rdlen;
}

/* 32 bits of seconds, meant near NOW (RFC 4034, 3.1.5) */
static int64_t near(uint32_t t, int64_t now_ms)
{
	int64_t now = now_ms / AFD_SECOND;

	return (now + (int32_t)(t - (uint32_t)now)) * AFD_SECOND;
}

static void afd_ldns_list_release(ldns_rr_list **l)
{
	ldns_rr_list_deep_free(*l);
}

static void afd_ldns_rr_release(ldns_rr **r)
{
	ldns_rr_free(*r);
}

static ldns_rr *as_ldns(struct afd_slice owner, const char *type, uint32_t ttl, const char *rdata)
{
	AFD_AUTO(mem) char *line = afd_sprintf("%.*s%s %u IN %s %s", (int)owner.len, (const char *)owner.data,
					       owner.len == 1 && *owner.data == '.' ? "" : ".", ttl & 0x7fffffff, type, rdata);
	ldns_rr *rr = NULL;

	return line && ldns_rr_new_frm_str(&rr, line, 0, NULL, NULL) == LDNS_STATUS_OK ? rr : NULL;
}

static ldns_rr *record(const struct afd_dns_message *m, const struct afd_dns_rr *rr)
{
	AFD_AUTO(buf) struct afd_buf rdata = { 0 };
	char owner[AFD_DNS_TEXT_MAX], type[16];

	afd_dns_name_text(&rr->owner, true, owner);
	afd_dns_type_text(rr->type, type);
	if (afd_dns_rdata_text(m, rr, &rdata, NULL) < 0 || afd_buf_u8(&rdata, 0) < 0)
		return NULL;
	return as_ldns(afd_slice_text(owner), type, rr->ttl, (const char *)rdata.data);
}

static ldns_rr *key_record(const struct dnssec_keys *k, const struct dnssec_key *key)
{
	AFD_AUTO(buf) struct afd_buf text = { 0 };
	char owner[AFD_DNS_TEXT_MAX];

	afd_dns_name_text(&k->zone, true, owner);
	if (afd_buf_printf(&text, "%u 3 %u ", (unsigned)key->flags, (unsigned)key->algorithm) < 0 ||
	    afd_base64(afd_slice_sub(key->rdata, 4, key->rdata.len), &text) < 0)
		return NULL;
	return as_ldns(afd_slice_text(owner), "DNSKEY", 0, (const char *)text.data);
}

static bool holds(const struct afd_dns_message *m, const ldns_rr_list *set, const struct signature *s, const struct dnssec_keys *keys,
		  struct dnssec_run *run)
{
	__attribute__((cleanup(afd_ldns_rr_release))) ldns_rr *sig = record(m, &s->rr);
	bool tried = false;

	for (size_t i = 0; sig && i < keys->n; i++) {
		const struct dnssec_key *k = &keys->at[i];
		__attribute__((cleanup(afd_ldns_rr_release))) ldns_rr *key = NULL;

		if (k->tag != s->tag || k->algorithm != s->algorithm || k->flags & REVOKED)
			continue;
		tried = true;
		if (run->work < DNSSEC_WASTED)
			break;
		run->work--;
		key = key_record(keys, k);
		if (key && ldns_verify_rrsig_time((ldns_rr_list *)set, sig, key, (time_t)(run->now_ms / AFD_SECOND)) == LDNS_STATUS_OK)
			return true;
		run->work -= DNSSEC_WASTED - 1;
	}
	snprintf(run->reason, sizeof(run->reason), tried ? "signature by key %u does not hold" : "signature by key %u, which is not among the keys", (unsigned)s->tag);
	return false;
}

/* What can be said without arithmetic. */
static bool in_force(const struct signature *s, const struct afd_dns_name *owner, const struct dnssec_keys *keys, struct dnssec_run *run)
{
	char signer[AFD_DNS_TEXT_MAX];
	unsigned labels = afd_dnssec_labels(owner) - (owner->wire[0] == 1 && owner->wire[1] == '*');

	if (!afd_dns_name_equal(&s->signer, &keys->zone)) {
		afd_dns_name_text(&s->signer, true, signer);
		snprintf(run->reason, sizeof(run->reason), "signed in the name of %.120s", signer);
	} else if (s->labels > labels) {
		snprintf(run->reason, sizeof(run->reason), "signature counts more labels than the name has");
	} else if (near(s->expiration, run->now_ms) < run->now_ms) {
		snprintf(run->reason, sizeof(run->reason), "signature ended %s", afd_when_people(near(s->expiration, run->now_ms)).s);
	} else if (near(s->inception, run->now_ms) > run->now_ms) {
		snprintf(run->reason, sizeof(run->reason), "signature begins %s", afd_when_people(near(s->inception, run->now_ms)).s);
	} else if (!afd_dnssec_algorithm_known(s->algorithm)) {
		snprintf(run->reason, sizeof(run->reason), "signed with algorithm %u alone", (unsigned)s->algorithm);
	} else {
		return true;
	}
	return false;
}

static bool gather(const struct afd_dns_message *m, unsigned section, const struct afd_dns_name *owner, uint16_t type, ldns_rr_list *set, bool *whole)
{
	struct afd_dns_walk w = afd_dns_walk(m, section);
	struct afd_dns_rr rr;
	size_t n = 0;

	*whole = true;
	while (afd_dns_next(&w, &rr)) {
		ldns_rr *one;

		if (rr.type != type || rr.rclass != AFD_DNS_IN || !afd_dns_name_equal(&rr.owner, owner))
			continue;
		one = ++n <= DNSSEC_RECORDS ? record(m, &rr) : NULL;
		/* RFC 4034, 6.3: a record that is told twice counts once */
		if (one && ldns_rr_list_contains_rr(set, one))
			ldns_rr_free(one);
		else
			*whole &= one && ldns_rr_list_push_rr(set, one);
	}
	return n > 0;
}

static void use(struct dnssec_run *run, const struct signature *s, struct dnssec_set *ret)
{
	int64_t end = near(s->expiration, run->now_ms);

	if (!ret->verified)
		ret->labels = s->labels;
	ret->verified = true;
	ret->algorithms |= UINT32_C(1) << (s->algorithm & 31);
	run->algorithms |= UINT32_C(1) << (s->algorithm & 31);
	if (run->expires_ms == AFD_TIME_NONE || end < run->expires_ms)
		run->expires_ms = end;
}

void afd_dnssec_set(const struct afd_dns_message *m, unsigned section, const struct afd_dns_name *owner, uint16_t type,
		    const struct dnssec_keys *keys, struct dnssec_run *run, struct dnssec_set *ret)
{
	__attribute__((cleanup(afd_ldns_list_release))) ldns_rr_list *set = ldns_rr_list_new();
	struct afd_dns_walk w = afd_dns_walk(m, section);
	struct signature s;
	struct afd_dns_rr rr;
	unsigned seen = 0;
	bool whole;

	*ret = (struct dnssec_set){ 0 };
	/* RFC 4035, 5.3.1: no zone signs what is not below its apex */
	if (!afd_dns_name_below(owner, &keys->zone)) {
		snprintf(run->reason, sizeof(run->reason), "the name is not in the zone");
		return;
	}
	ret->found = set && gather(m, section, owner, type, set, &whole);
	if (!ret->found)
		return;
	ret->records = (unsigned)ldns_rr_list_rr_count(set);
	snprintf(run->reason, sizeof(run->reason), whole ? "no signature" : "a set that cannot be read");
	while (whole && seen < DNSSEC_SIGNATURES && afd_dns_next(&w, &rr)) {
		if (rr.type != RRSIG_TYPE || rr.rclass != AFD_DNS_IN || !afd_dns_name_equal(&rr.owner, owner) || !read_signature(m, &rr, &s) ||
		    s.covered != type)
			continue;
		seen++;
		if (in_force(&s, owner, keys, run) && holds(m, set, &s, keys, run))
			use(run, &s, ret);
	}
}
