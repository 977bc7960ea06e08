/* The chain from a trust anchor to a zone, over recorded answers: each zone's keys are those that the DS above names, or
 * the zone above proves that it names none. What the zone's servers answer is then held against its keys, server by server. */
#include "collector/probe/probe_rows.h"

#include <inttypes.h>
#include <stdio.h>

#include "collector/probe/dnssec.h"
#include "collector/zone/dns_rdata.h"

enum { T_NS = 2, T_CNAME = 5, T_SOA = 6, T_DNAME = 39, T_DS = 43, T_RRSIG = 46, T_DNSKEY = 48, DS_MAX = 32 };

/* DS of a zone, or keys that are trusted from the start. */
struct trust { struct afd_slice ds[DS_MAX]; size_t n; struct afd_buf wire; };

struct chain {
	const struct afd_probe_item *item;
	struct afd_sink *sink;
	struct dnssec_run run;
	struct dnssec_keys keys;                  /* of the zone that was reached */
	struct afd_dns_name zone[AFD_PROBE_CUTS];
	enum dnssec_state state;
	char reason[240];
	struct trust trust;                       /* DS of the next zone; wire: of anchors */
};

/* Nobody is called bogus by whom it cost too much to look. */
static bool is_spent(const struct dnssec_run *r)
{
	return r->work < DNSSEC_WASTED;
}

static void end_with(struct chain *c, enum dnssec_state state, const char *what, const char *why)
{
	if (state == DNSSEC_BOGUS && is_spent(&c->run)) {
		state = DNSSEC_INDETERMINATE;
		what = "more signatures than are tried";
		why = "";
	}
	c->state = state;
	snprintf(c->reason, sizeof(c->reason), "%s%s%.160s", what, *why ? ": " : "", why);
}

/* --- finding answers --- */

static bool is_at(const struct afd_probe_exchange *x, const struct afd_probe_exchange *server)
{
	return !server || (x->port == server->port && strcmp(x->address, server->address) == 0);
}

/* An answer to NAME TYPE, of SERVER or of anybody; PURPOSE NULL: any. */
static bool find(const struct chain *c, const struct afd_dns_name *name, uint16_t type, const char *purpose, const struct afd_probe_exchange *server,
		 struct afd_probe_view *ret)
{
	for (size_t i = 0; i < c->item->n; i++) {
		const struct afd_probe_exchange *x = &c->item->exchange[i];

		if ((purpose && strcmp(x->purpose, purpose) != 0) || !is_at(x, server) || afd_probe_view(x, ret, NULL) < 0 || !ret->answered ||
		    ret->asked.type != type || !afd_dns_name_equal(&ret->asked.name, name))
			continue;
		if (afd_probe_rcode(ret) == 0 || afd_probe_rcode(ret) == 3)
			return true;
	}
	return false;
}

/* --- keys --- */

static void take_ds(struct trust *t, const struct afd_probe_view *v, const struct afd_dns_name *zone)
{
	struct afd_dns_walk w = afd_dns_walk(&v->m, AFD_DNS_ANSWER);
	struct afd_dns_rr rr;

	t->n = 0;
	while (t->n < DS_MAX && afd_dns_next(&w, &rr))
		if (rr.type == T_DS && rr.rclass == AFD_DNS_IN && afd_dns_name_equal(&rr.owner, zone) && rr.rdlen > 4)
			t->ds[t->n++] = afd_slice_sub(v->m.whole, rr.rdata, rr.rdlen);
}

static bool usable(struct afd_slice ds)
{
	return afd_dnssec_algorithm_known(ds.data[2]) && afd_dnssec_digest_known(ds.data[3]);
}

static bool any_usable(const struct trust *t)
{
	for (size_t i = 0; i < t->n; i++)
		if (usable(t->ds[i]))
			return true;
	return false;
}

/* Algorithms 5 and 7 */
static bool names_sha1(const struct trust *t)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->ds[i].data[2] == 5 || t->ds[i].data[2] == 7)
			return true;
	return false;
}

/* RFC 4509, 3: SHA-1 does not count where a better digest stands beside it. */
static bool counts(const struct trust *t, struct afd_slice ds)
{
	bool better = false;

	for (size_t i = 0; i < t->n; i++)
		better |= usable(t->ds[i]) && t->ds[i].data[3] != 1;
	return usable(ds) && !(better && ds.data[3] == 1);
}

static bool is_trusted(const struct trust *t, const struct afd_dns_name *zone, const struct dnssec_key *k)
{
	for (size_t i = 0; i < t->n; i++)
		if (counts(t, t->ds[i]) && afd_dnssec_ds_matches(t->ds[i], zone, k))
			return true;
	return false;
}

/* Keys of ZONE out of V: the set is signed by one that the trust names. */
static bool admit_keys(struct chain *c, const struct afd_probe_view *v, const struct afd_dns_name *zone)
{
	struct dnssec_keys all, named;
	struct dnssec_set set;

	afd_dnssec_keys_read(&v->m, zone, &all);
	named.zone = *zone;
	named.n = 0;
	for (size_t i = 0; i < all.n; i++)
		if (is_trusted(&c->trust, zone, &all.at[i]))
			named.at[named.n++] = all.at[i];
	c->run.now_ms = v->x->at_ms;
	if (named.n == 0) {
		end_with(c, DNSSEC_BOGUS, all.n ? "no key of the zone is named by the DS above" : "the zone has no keys, and the DS above says that it has", "");
		return false;
	}
	afd_dnssec_set(&v->m, AFD_DNS_ANSWER, zone, T_DNSKEY, &named, &c->run, &set);
	if (!set.verified) {
		end_with(c, DNSSEC_BOGUS, "the zone's keys", c->run.reason);
		return false;
	}
	c->keys = all;
	c->state = DNSSEC_SECURE;
	c->reason[0] = 0;
	return true;
}

/* --- from zone to zone --- */

/* What the zone above says of the keys of ZONE: DS, or the proof that there are none. */
static void step_down(struct chain *c, const struct afd_dns_name *zone)
{
	struct dnssec_proofs proofs;
	struct afd_probe_view v;
	struct dnssec_set set;

	if (!find(c, zone, T_DS, "ds", NULL, &v) && !find(c, zone, T_DS, NULL, NULL, &v)) {
		end_with(c, DNSSEC_INDETERMINATE, "the zone above did not answer about the DS", "");
		return;
	}
	c->run.now_ms = v.x->at_ms;
	afd_dnssec_set(&v.m, AFD_DNS_ANSWER, zone, T_DS, &c->keys, &c->run, &set);
	if (set.found && !set.verified) {
		end_with(c, DNSSEC_BOGUS, "the DS above", c->run.reason);
		return;
	}
	if (set.found) {
		take_ds(&c->trust, &v, zone);
		if (!any_usable(&c->trust))
			end_with(c, DNSSEC_INSECURE, "the DS above names no algorithm or digest that validators accept",
				 names_sha1(&c->trust) ? "RSASHA1 is not to be relied on (RFC 9905), though older validators still do" : "");
		return;
	}
	c->run.reason[0] = 0;
	afd_dnssec_proofs(&v.m, &c->keys, &c->run, &proofs);
	switch (afd_dnssec_no_ds(&proofs, zone)) {
	case DNSSEC_SECURE:
		end_with(c, DNSSEC_INSECURE, "the zone above proves that there is no DS", "");
		break;
	case DNSSEC_INSECURE:
		end_with(c, DNSSEC_INSECURE, proofs.too_costly ? "the zone above has no DS, with more iterations than validators count"
		                                               : "the zone above has no DS, under opt-out", "");
		break;
	default:
		end_with(c, DNSSEC_BOGUS, "there is no DS above, and no proof of that", proofs.n ? "" : c->run.reason);
	}
}

/* Anchors at ZONE as DS records on the wire. */
static int anchors_at(struct chain *c, const struct afd_dns_name *zone, struct afd_error *err)
{
	size_t from[DS_MAX], len[DS_MAX], n = 0;

	c->trust.n = 0;
	c->trust.wire.len = 0;
	for (size_t i = 0; i < c->item->n_anchor && n < DS_MAX; i++) {
		char owner[AFD_DNS_TEXT_MAX], digest[1000];
		unsigned tag, algorithm, type;
		struct afd_dns_name name;
		size_t hex;

		if (sscanf(c->item->anchor[i], "%1020s IN DS %u %u %u %999[0-9a-f]", owner, &tag, &algorithm, &type, digest) != 5 ||
		    afd_dns_name_parse(afd_slice_text(owner), &name, NULL) < 0 || !afd_dns_name_equal(&name, zone))
			continue;
		hex = strlen(digest);
		if (hex % 2 || hex > 512)
			continue;
		from[n] = c->trust.wire.len;
		if (afd_buf_u16(&c->trust.wire, (uint16_t)tag) < 0 || afd_buf_u8(&c->trust.wire, (uint8_t)algorithm) < 0 ||
		    afd_buf_u8(&c->trust.wire, (uint8_t)type) < 0 || afd_buf_reserve(&c->trust.wire, hex / 2) < 0)
			return afd_fail_memory(err);
		if (afd_unhex(digest, hex, c->trust.wire.data + c->trust.wire.len, hex / 2) < 0)
			continue;
		c->trust.wire.len += hex / 2;
		len[n] = c->trust.wire.len - from[n];
		n++;
	}
	for (size_t i = 0; i < n; i++)
		c->trust.ds[c->trust.n++] = afd_slice(c->trust.wire.data + from[i], len[i]);
	return 0;
}

/* Down to the DS of the last zone. */
static int walk_down(struct chain *c, struct afd_error *err)
{
	size_t n = c->item->n_cut, first = n;

	for (size_t i = n; i-- > 0;) {
		if (afd_dns_name_parse(afd_slice_text(c->item->cut[i]), &c->zone[i], err) < 0)
			return -1;
		if (first < n)
			continue;
		if (anchors_at(c, &c->zone[i], err) < 0)
			return -1;
		first = c->trust.n ? i : n;
	}
	c->state = DNSSEC_SECURE;
	if (first == n)
		end_with(c, DNSSEC_INDETERMINATE, "no trust anchor stands above the zone", "");
	for (size_t i = first; i + 1 < n && c->state == DNSSEC_SECURE; i++) {
		struct afd_probe_view v;

		if (!find(c, &c->zone[i], T_DNSKEY, NULL, NULL, &v))
			end_with(c, DNSSEC_INDETERMINATE, "no answer with the keys of", c->item->cut[i]);
		else if (admit_keys(c, &v, &c->zone[i]))
			step_down(c, &c->zone[i + 1]);
		if (c->state != DNSSEC_SECURE && c->state != DNSSEC_INDETERMINATE) {
			char text[sizeof(c->reason)];

			snprintf(text, sizeof(text), "%s", c->reason);
			snprintf(c->reason, sizeof(c->reason), "below %.60s: %.160s", c->item->cut[i], text);
		}
	}
	return 0;
}

/* --- the zone's own answers --- */

static enum dnssec_state judge_denial(struct chain *c, const struct afd_probe_view *v, const struct afd_dns_name *name, bool nothing)
{
	struct dnssec_proofs p;
	struct dnssec_set soa;
	enum dnssec_state s;

	afd_dnssec_set(&v->m, AFD_DNS_AUTHORITY, &c->keys.zone, T_SOA, &c->keys, &c->run, &soa);
	if (soa.found && !soa.verified)
		return DNSSEC_BOGUS;
	snprintf(c->run.reason, sizeof(c->run.reason), "no proof in it");
	afd_dnssec_proofs(&v->m, &c->keys, &c->run, &p);
	s = nothing ? afd_dnssec_no_name(&p, name) : afd_dnssec_no_type(&p, name, v->asked.type);
	if (s == DNSSEC_BOGUS && p.n)
		snprintf(c->run.reason, sizeof(c->run.reason), "the records do not prove that there is no such %s", nothing ? "name" : "type");
	if (s == DNSSEC_INSECURE)
		snprintf(c->run.reason, sizeof(c->run.reason), p.too_costly ? "more iterations than validators count" : "opt-out: an unsigned delegation may be there");
	return s;
}

/* An answer, or the alias in its place; a wildcard's needs the proof that there is nothing closer. */
static enum dnssec_state judge_set(struct chain *c, const struct afd_probe_view *v, uint16_t type, uint32_t *signed_by)
{
	const struct afd_dns_name *name = &v->asked.name;
	struct dnssec_proofs p;
	struct dnssec_set set;

	afd_dnssec_set(&v->m, AFD_DNS_ANSWER, name, type, &c->keys, &c->run, &set);
	*signed_by = set.algorithms;
	if (!set.verified)
		return DNSSEC_BOGUS;
	if (set.labels == afd_dnssec_labels(name) - (name->wire[0] == 1 && name->wire[1] == '*'))
		return DNSSEC_SECURE;
	afd_dnssec_proofs(&v->m, &c->keys, &c->run, &p);
	snprintf(c->run.reason, sizeof(c->run.reason), "a wildcard answered, and there is no proof that there is nothing closer");
	return afd_dnssec_no_closer(&p, name, set.labels);
}

/* N with TO in the place of its end FROM (RFC 6672, 2.2); false: too long, or not below FROM. */
static bool substitute(const struct afd_dns_name *n, const struct afd_dns_name *from, const struct afd_dns_name *to, struct afd_dns_name *ret)
{
	size_t keep = n->len - from->len;

	if (n->len <= from->len || !afd_dns_name_below(n, from) || keep + to->len > AFD_DNS_NAME_MAX)
		return false;
	memcpy(ret->wire, n->wire, keep);
	memcpy(ret->wire + keep, to->wire, to->len);
	ret->len = (uint8_t)(keep + to->len);
	return true;
}

/* An alias that follows from a DNAME above it bears no signature; the DNAME does (RFC 6672, 5.3.1). *ret: that DNAME's owner. */
static bool follows(const struct afd_probe_view *v, struct afd_dns_name *ret)
{
	struct afd_dns_walk w = afd_dns_walk(&v->m, AFD_DNS_ANSWER);
	struct afd_dns_name alias, to, made;
	bool has_alias = false;
	struct afd_dns_rr rr;

	while (afd_dns_next(&w, &rr)) {
		size_t at = rr.rdata;

		if (rr.type == T_CNAME && rr.rclass == AFD_DNS_IN && afd_dns_name_equal(&rr.owner, &v->asked.name))
			has_alias = afd_dns_name_read(v->m.whole, &at, true, &alias, NULL) == 0;
	}
	w = afd_dns_walk(&v->m, AFD_DNS_ANSWER);
	while (has_alias && afd_dns_next(&w, &rr)) {
		size_t at = rr.rdata;

		if (rr.type != T_DNAME || rr.rclass != AFD_DNS_IN || afd_dns_name_read(v->m.whole, &at, false, &to, NULL) < 0 ||
		    !substitute(&v->asked.name, &rr.owner, &to, &made) || !afd_dns_name_equal(&made, &alias))
			continue;
		*ret = rr.owner;
		return true;
	}
	return false;
}

static bool has_signature(const struct afd_probe_view *v, const struct afd_dns_name *name, uint16_t covered)
{
	struct afd_dns_walk w = afd_dns_walk(&v->m, AFD_DNS_ANSWER);
	struct afd_dns_rr rr;

	while (afd_dns_next(&w, &rr))
		if (rr.type == T_RRSIG && rr.rdlen >= 2 && afd_dns_name_equal(&rr.owner, name) &&
		    (v->m.whole.data[rr.rdata] << 8 | v->m.whole.data[rr.rdata + 1]) == covered)
			return true;
	return false;
}

static enum dnssec_state judge_alias(struct chain *c, const struct afd_probe_view *v, uint32_t *signed_by)
{
	struct afd_dns_name above;
	struct dnssec_set set;

	if (has_signature(v, &v->asked.name, T_CNAME) || !follows(v, &above))
		return judge_set(c, v, T_CNAME, signed_by);
	afd_dnssec_set(&v->m, AFD_DNS_ANSWER, &above, T_DNAME, &c->keys, &c->run, &set);
	*signed_by = set.algorithms;
	/* a wildcard does not make one (RFC 6672, 3.3) */
	return set.verified && set.labels == afd_dnssec_labels(&above) ? DNSSEC_SECURE : DNSSEC_BOGUS;
}

static bool has_set(const struct afd_probe_view *v, uint16_t type)
{
	struct afd_dns_walk w = afd_dns_walk(&v->m, AFD_DNS_ANSWER);
	struct afd_dns_rr rr;

	while (afd_dns_next(&w, &rr))
		if (rr.type == type && rr.rclass == AFD_DNS_IN && afd_dns_name_equal(&rr.owner, &v->asked.name))
			return true;
	return false;
}

static enum dnssec_state judge(struct chain *c, const struct afd_probe_view *v, uint32_t *signed_by)
{
	*signed_by = 0;
	c->run.reason[0] = 0;
	c->run.now_ms = v->x->at_ms;
	if (!v->answered || (afd_probe_rcode(v) != 0 && afd_probe_rcode(v) != 3) || !(v->m.flags & AFD_DNS_AA)) {
		snprintf(c->run.reason, sizeof(c->run.reason), "%s%s", v->outcome, v->answered && !(v->m.flags & AFD_DNS_AA) ? ", not authoritative" : "");
		return DNSSEC_INDETERMINATE;
	}
	if (has_set(v, v->asked.type))
		return judge_set(c, v, v->asked.type, signed_by);
	if (has_set(v, T_CNAME))
		return judge_alias(c, v, signed_by);
	return judge_denial(c, v, &v->asked.name, afd_probe_rcode(v) == 3);
}

/* --- rows --- */

static void algorithms_text(uint32_t bits, char *ret, size_t n)
{
	size_t at = 0;

	*ret = 0;
	for (unsigned a = 0; a < 32 && at < n; a++)
		if (bits >> a & 1)
			at += (size_t)snprintf(ret + at, n - at, "%s%u", at ? " " : "", a);
}

static int say(struct chain *c, const struct afd_probe_view *v, enum dnssec_state state, const char *reason, const struct dnssec_run *run, struct afd_error *err)
{
	char name[AFD_DNS_TEXT_MAX], type[16], algorithms[100];
	const struct afd_row_dnssec r = {
		.zone = c->item->zone, .name = name, .type = type, .server = v->x->server, .validator = "affidavit", .state = afd_dnssec_state_name(state),
		.reason = reason, .algorithm = algorithms, .at_ms = v->x->at_ms, .expires_ms = run->expires_ms, .part = v->x->part,
	};

	afd_dns_name_text(&v->asked.name, true, name);
	afd_dns_type_text(v->asked.type, type);
	algorithms_text(run->algorithms, algorithms, sizeof(algorithms));
	return c->sink->dnssec(c->sink->ctx, &r, err);
}

/* RFC 6840, 5.11: a zone is to be signed with each algorithm of its keys. A validator takes any, so this is no verdict. */
static int say_missing(struct chain *c, const struct afd_probe_view *v, uint32_t signed_by, struct afd_error *err)
{
	uint32_t keys = 0, missing;
	char text[100], subject[AFD_DNS_TEXT_MAX + 20], type[16];

	for (size_t i = 0; i < c->keys.n; i++)
		keys |= (uint32_t)afd_dnssec_algorithm_known(c->keys.at[i].algorithm) << (c->keys.at[i].algorithm & 31);
	missing = keys & ~signed_by;
	if (!signed_by || !missing)
		return 0;
	algorithms_text(missing, text, sizeof(text));
	afd_dns_type_text(v->asked.type, type);
	snprintf(subject, sizeof(subject), "%.500s %s at %.400s", c->item->zone, type, v->x->server);
	const struct afd_row_observation r = { .kind = "dnssec-algorithm-missing", .subject = c->item->zone, .name = subject, .value = text, .number = AFD_TIME_NONE,
					       .at = afd_instant(v->x->at_ms), .part = v->x->part };
	return c->sink->observation(c->sink->ctx, &r, err);
}

/* Keys of the zone as SERVER gives them; where the chain ended above, there is nothing to ask of them. */
static bool enter_zone(struct chain *c, const struct afd_probe_exchange *server)
{
	const struct afd_dns_name *zone = &c->zone[c->item->n_cut - 1];
	struct afd_probe_view v;

	if (!find(c, zone, T_DNSKEY, "dnskey", server, &v)) {
		end_with(c, DNSSEC_INDETERMINATE, "the server did not answer about the keys", "");
		return false;
	}
	c->run.expires_ms = AFD_TIME_NONE;        /* those above are for others to renew */
	return admit_keys(c, &v, zone);
}

static bool is_own(const struct afd_probe_exchange *x)
{
	return strcmp(x->purpose, "chain") != 0 && strcmp(x->purpose, "ds") != 0;
}

static int judge_server(struct chain *c, const struct afd_probe_exchange *server, struct afd_error *err)
{
	bool entered = c->state == DNSSEC_SECURE && enter_zone(c, server);

	for (size_t i = 0; i < c->item->n; i++) {
		const struct afd_probe_exchange *x = &c->item->exchange[i];
		struct chain mine = *c;
		struct afd_probe_view v;
		enum dnssec_state state;
		uint32_t signed_by;

		if (!is_own(x) || !is_at(x, server))
			continue;
		if (afd_probe_view(x, &v, err) < 0)
			return -1;
		state = judge(&mine, &v, &signed_by);
		if (state == DNSSEC_BOGUS && is_spent(&mine.run)) {
			state = DNSSEC_INDETERMINATE;
			snprintf(mine.run.reason, sizeof(mine.run.reason), "more signatures than are tried");
		}
		if (state != DNSSEC_INDETERMINATE && !entered) {
			state = c->state;
			mine = *c;
			snprintf(mine.run.reason, sizeof(mine.run.reason), "%.199s", c->reason);
		}
		c->run.work = mine.run.work;
		if (say(c, &v, state, state == DNSSEC_SECURE ? "" : mine.run.reason, &mine.run, err) < 0)
			return -1;
		if (entered && state == DNSSEC_SECURE && say_missing(c, &v, signed_by, err) < 0)
			return -1;
	}
	return 0;
}

static int say_opinions(const struct afd_probe_item *item, int64_t at_ms, struct afd_sink *sink, struct afd_error *err)
{
	for (size_t i = 0; i < item->n_opinion; i++) {
		const struct afd_probe_opinion *o = &item->opinion[i];
		const struct afd_row_dnssec r = { .zone = item->zone, .name = o->name, .type = o->type, .server = "", .validator = o->validator, .state = o->state,
						  .reason = o->text, .algorithm = "", .at_ms = at_ms, .expires_ms = AFD_TIME_NONE, .part = 0 };

		if (sink->dnssec(sink->ctx, &r, err) < 0)
			return -1;
	}
	return 0;
}

static bool is_first_of_server(const struct afd_probe_item *item, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (is_own(&item->exchange[k]) && is_at(&item->exchange[k], &item->exchange[i]))
			return false;
	return is_own(&item->exchange[i]);
}

int afd_probe_verdicts(const struct afd_probe_item *item, struct afd_sink *sink, struct afd_error *err)
{
	struct chain c = { .item = item, .sink = sink, .run = { .expires_ms = AFD_TIME_NONE, .work = DNSSEC_WORK } };
	int64_t last = 0;
	int r = 0;

	/* A name without a zone of its own has no chain of its own. */
	if (item->n_cut == 0 || strcmp(item->cut[item->n_cut - 1], item->zone) != 0)
		return 0;
	r = walk_down(&c, err);
	for (size_t i = 0; i < item->n && r == 0; i++) {
		struct chain one = c;

		last = item->exchange[i].at_ms > last ? item->exchange[i].at_ms : last;
		if (is_first_of_server(item, i))
			r = judge_server(&one, &item->exchange[i], err);
		c.run.work = one.run.work;
	}
	if (r == 0)
		r = say_opinions(item, last, sink, err);
	afd_buf_release(&c.trust.wire);
	return r;
}
