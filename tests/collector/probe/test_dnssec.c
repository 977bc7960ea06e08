/* Recorded looks, made and forged with keys of our own: what the decoder says of them. ldns signs. One anchor at "test", one zone below. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <ldns/ldns.h>

#include "collector/probe/dnssec.h"
#include "collector/probe/probe_rows.h"

enum { NOW = 1790000000 };
#define ZONE "example.test"

/* What a look consists of; each case changes one thing. Texts: a set for each line group; BY: who signs it. */
struct keys { ldns_key *top, *zone, *other, *revoked; };
struct look {
	struct keys k;
	const char *ds, *soa, *a;                 /* NULL: as it should be */
	bool no_ds, ds_by_other, zone_by_other, a_unsigned, a_twice, a_less, a_more, a_ttl, upper, wildcard, wildcard_proof, dname, dname_wrong, cut_in_between;
	bool ds_sha1_wrong, many_wrong, not_aa, nsec_by_other, nodata, nsec_of_top, ds_unsigned, ds_wrong_algorithm, foreign_owner, high_labels;
	const char *top_nsec;                     /* types of "example.test" in the zone above, where there is no DS */
	int64_t at;                               /* seconds from NOW */
};

static ldns_key *make_key(const char *owner, uint16_t flags)
{
	ldns_key *k = ldns_key_new_frm_algorithm(LDNS_SIGN_ECDSAP256SHA256, 256);
	ldns_rr *rr;

	assert_non_null(k);
	ldns_key_set_pubkey_owner(k, ldns_dname_new_frm_str(owner));
	ldns_key_set_flags(k, flags);
	ldns_key_set_inception(k, NOW - 86400);
	ldns_key_set_expiration(k, NOW + 86400);
	rr = ldns_key2rr(k);
	ldns_key_set_keytag(k, ldns_calc_keytag(rr));
	ldns_rr_free(rr);
	return k;
}

static ldns_rr *rr_of(const char *line)
{
	ldns_rr *rr = NULL;

	if (ldns_rr_new_frm_str(&rr, line, 300, NULL, NULL) != LDNS_STATUS_OK)
		fail_msg("%s", line);
	return rr;
}

static ldns_rr_list *set_of(const char *lines)
{
	ldns_rr_list *l = ldns_rr_list_new();

	for (const char *at = lines ? lines : ""; *at; at += strcspn(at, "\n") + (at[strcspn(at, "\n")] == '\n')) {
		char line[600];

		const size_t n = strcspn(at, "\n");

		assert_true(n < sizeof(line));
		memcpy(line, at, n);
		line[n] = '\0';
		ldns_rr_list_push_rr(l, rr_of(line));
	}
	return l;
}

/* The signature BY makes over SET; NULL: none. */
static ldns_rr *signature(ldns_rr_list *set, ldns_key *by)
{
	ldns_key_list *keys = ldns_key_list_new();
	ldns_rr_list *sigs;
	ldns_rr *sig;

	ldns_key_list_push_key(keys, by);
	sigs = ldns_sign_public(set, keys);
	assert_non_null(sigs);
	sig = ldns_rr_clone(ldns_rr_list_rr(sigs, 0));
	ldns_rr_list_deep_free(sigs);
	ldns_key_list_set_key_count(keys, 0);
	ldns_key_list_free(keys);
	return sig;
}

static void put(ldns_pkt *p, ldns_pkt_section s, ldns_rr_list *set, ldns_key *by)
{
	if (by)
		ldns_pkt_push_rr(p, s, signature(set, by));
	for (size_t i = 0; i < ldns_rr_list_rr_count(set); i++)
		ldns_pkt_push_rr(p, s, ldns_rr_clone(ldns_rr_list_rr(set, i)));
	ldns_rr_list_deep_free(set);
}

static void put_text(ldns_pkt *p, ldns_pkt_section s, const char *lines, ldns_key *by)
{
	put(p, s, set_of(lines), by);
}

static void put_frame(struct afd_buf *b, const ldns_pkt *p)
{
	uint8_t *wire = NULL;
	size_t n = 0;

	assert_int_equal(ldns_pkt2wire(&wire, p, &n), LDNS_STATUS_OK);
	afd_buf_u16(b, (uint16_t)n);
	afd_buf_add(b, wire, n);
	free(wire);
}

static void exchange(struct afd_buf *item, const char *purpose, const char *server, const char *name, ldns_rr_type type, ldns_pkt *answer, int64_t at)
{
	AFD_AUTO(buf) struct afd_buf frames = { 0 };
	ldns_pkt *q = ldns_pkt_query_new(ldns_dname_new_frm_str(name), type, LDNS_RR_CLASS_IN, 0);
	const struct afd_probe_exchange x0 = { .purpose = purpose, .server = server, .address = server[2] == '1' ? "192.0.2.1" : "192.0.2.9", .outcome = "answered", .port = 53,
					       .at_ms = (NOW + at) * AFD_SECOND };
	struct afd_probe_exchange x = x0;

	ldns_pkt_set_id(q, 7);
	ldns_pkt_set_id(answer, 7);
	ldns_pkt_set_qr(answer, true);
	ldns_pkt_push_rr(answer, LDNS_SECTION_QUESTION, ldns_rr_clone(ldns_rr_list_rr(ldns_pkt_question(q), 0)));
	put_frame(&frames, q);
	put_frame(&frames, answer);
	x.frames = afd_buf_slice(&frames);
	assert_int_equal(afd_probe_item_exchange(item, &x), 0);
	ldns_pkt_free(q);
	ldns_pkt_free(answer);
}

static char *ds_of(ldns_key *k, ldns_hash h)
{
	ldns_rr *key = ldns_key2rr(k), *ds = ldns_key_rr2ds(key, h);
	char *s = ldns_rr2str(ds);

	ldns_rr_free(key);
	ldns_rr_free(ds);
	s[strcspn(s, "\n")] = 0;
	return s;
}

static ldns_pkt *keys_answer(const struct look *l, ldns_key *own, ldns_key *by)
{
	ldns_pkt *p = ldns_pkt_new();
	ldns_rr_list *set = ldns_rr_list_new();

	ldns_pkt_set_aa(p, true);
	ldns_rr_list_push_rr(set, ldns_key2rr(own));
	if (own == l->k.zone && l->k.revoked)
		ldns_rr_list_push_rr(set, ldns_key2rr(l->k.revoked));
	put(p, LDNS_SECTION_ANSWER, set, by);
	return p;
}

static ldns_pkt *ds_answer(const struct look *l)
{
	ldns_pkt *p = ldns_pkt_new();
	char text[900], *ds = ds_of(l->k.zone, LDNS_SHA256), *weak = ds_of(l->k.other, LDNS_SHA1);

	ldns_pkt_set_aa(p, true);
	snprintf(text, sizeof(text), "%s", ds);
	if (l->ds_wrong_algorithm)
		memcpy(strstr(text, " 13 2 "), " 15 2 ", 6);
	if (l->ds_sha1_wrong)
		snprintf(text, sizeof(text), "%s", weak);
	if (!l->no_ds && !l->top_nsec)
		put_text(p, LDNS_SECTION_ANSWER, l->ds ? l->ds : text, l->ds_unsigned ? NULL : l->ds_by_other ? l->k.other : l->k.top);
	if (l->top_nsec) {
		snprintf(text, sizeof(text), "example.test. 300 IN NSEC z.test. %s", l->top_nsec);
		put_text(p, LDNS_SECTION_AUTHORITY, text, l->nsec_by_other ? l->k.other : l->k.top);
	}
	free(ds);
	free(weak);
	return p;
}

/* "www A": plain, by a wildcard, by a DNAME, or nothing. */
static ldns_pkt *www_answer(const struct look *l)
{
	ldns_pkt *p = ldns_pkt_new();
	ldns_key *by = l->zone_by_other ? l->k.other : l->k.revoked ? l->k.revoked : l->k.zone;
	ldns_rr_list *set = set_of(l->wildcard ? "*.example.test. 300 IN A 192.0.2.1\n*.example.test. 300 IN A 192.0.2.2" : "www.example.test. 300 IN A 192.0.2.1\nwww.example.test. 300 IN A 192.0.2.2");
	ldns_rr *sig = signature(set, by);

	ldns_pkt_set_aa(p, !l->not_aa);
	if (l->nodata) {
		ldns_rr_list_deep_free(set);
		ldns_rr_free(sig);
		put_text(p, LDNS_SECTION_AUTHORITY, "example.test. 300 IN SOA ns1 h 1 2 3 4 5", by);
		put_text(p, LDNS_SECTION_AUTHORITY, l->nsec_of_top ? "test. 300 IN NSEC test. NS SOA RRSIG NSEC" : "www.example.test. 300 IN NSEC z.example.test. TXT RRSIG NSEC",
			 l->nsec_of_top ? l->k.top : l->nsec_by_other ? l->k.other : by);
		return p;
	}
	if (l->dname) {
		ldns_rr_list_deep_free(set);
		ldns_rr_free(sig);
		put_text(p, LDNS_SECTION_ANSWER, "example.test. 300 IN DNAME other.test.", by);
		put_text(p, LDNS_SECTION_ANSWER, l->dname_wrong ? "www.example.test. 300 IN CNAME www.evil.test." : "www.example.test. 300 IN CNAME www.other.test.", NULL);
		return p;
	}
	for (size_t i = 0; l->wildcard && i < 2; i++)
		ldns_rdf_deep_free(ldns_rr_owner(ldns_rr_list_rr(set, i))), ldns_rr_set_owner(ldns_rr_list_rr(set, i), ldns_dname_new_frm_str("www.example.test."));
	if (l->wildcard)
		ldns_rdf_deep_free(ldns_rr_owner(sig)), ldns_rr_set_owner(sig, ldns_dname_new_frm_str("www.example.test."));
	if (l->high_labels)
		ldns_rdf_deep_free(ldns_rr_set_rdf(sig, ldns_native2rdf_int8(LDNS_RDF_TYPE_INT8, 4), 2));
	if (l->wildcard_proof)
		put_text(p, LDNS_SECTION_AUTHORITY, "a.example.test. 300 IN NSEC z.example.test. TXT RRSIG NSEC", by);
	for (size_t i = 0; i < 2; i++) {
		ldns_rr *rr = ldns_rr_list_rr(set, i);

		if (l->a_ttl)
			ldns_rr_set_ttl(rr, 17);
		if (l->upper)
			ldns_rdf_deep_free(ldns_rr_owner(rr)), ldns_rr_set_owner(rr, ldns_dname_new_frm_str("WWW.Example.test."));
		if (i == 0 || !l->a_less)
			ldns_pkt_push_rr(p, LDNS_SECTION_ANSWER, ldns_rr_clone(rr));
		if (l->a_twice)
			ldns_pkt_push_rr(p, LDNS_SECTION_ANSWER, ldns_rr_clone(rr));
	}
	if (l->a_more)
		put_text(p, LDNS_SECTION_ANSWER, "www.example.test. 300 IN A 192.0.2.66", NULL);
	for (unsigned i = 0; l->many_wrong && i < 14; i++) {
		ldns_rr *bad = ldns_rr_clone(sig);
		ldns_rdf *value = ldns_rr_rdf(bad, 8);

		ldns_rdf_data(value)[i] ^= 1;
		ldns_pkt_push_rr(p, LDNS_SECTION_ANSWER, bad);
	}
	if (!l->a_unsigned)
		ldns_pkt_push_rr(p, LDNS_SECTION_ANSWER, sig);
	else
		ldns_rr_free(sig);
	ldns_rr_list_deep_free(set);
	return p;
}

static int take_verdict(void *ctx, const struct afd_row_dnssec *r, struct afd_error *err)
{
	(void)err;
	if (strcmp(r->type, "A") == 0)
		afd_buf_printf(ctx, "%s%s%s", r->state, *r->reason ? ": " : "", r->reason);
	return 0;
}

static int take_observation(void *ctx, const struct afd_row_observation *r, struct afd_error *err)
{
	(void)ctx, (void)r, (void)err;
	return 0;
}

static void build(const struct look *l, struct afd_buf *bytes)
{
	char *anchor = ds_of(l->k.top, LDNS_SHA256), *digest = strstr(anchor, "DS");

	afd_probe_item_head(bytes, ZONE);
	afd_buf_printf(bytes, "cut test\n%scut %s\nanchor test IN %s\n", l->cut_in_between ? "cut sub.test\n" : "", ZONE, digest);
	for (char *p = (char *)bytes->data; p < (char *)bytes->data + bytes->len; p++)
		*p = *p == '\t' ? ' ' : *p;
	free(anchor);
	exchange(bytes, "chain", "ns9", "test", LDNS_RR_TYPE_DNSKEY, keys_answer(l, l->k.top, l->k.top), l->at);
	exchange(bytes, "ds", "ns9", ZONE, LDNS_RR_TYPE_DS, ds_answer(l), l->at);
	exchange(bytes, "dnskey", "ns1", ZONE, LDNS_RR_TYPE_DNSKEY, keys_answer(l, l->k.zone, l->k.zone), l->at);
	exchange(bytes, "denial", "ns1", l->foreign_owner ? "www.elsewhere.test" : "www.example.test", LDNS_RR_TYPE_A, www_answer(l), l->at);
}

static int decide(struct afd_slice bytes, struct afd_buf *said, struct afd_error *err)
{
	__attribute__((cleanup(afd_probe_item_release))) struct afd_probe_item item = { 0 };
	struct afd_sink sink = { .ctx = said, .dnssec = take_verdict, .observation = take_observation };

	if (afd_probe_item_read(bytes, &item, err) < 0 || afd_probe_verdicts(&item, &sink, err) < 0)
		return -1;
	return afd_buf_u8(said, 0);
}

static void judge(const struct look *l, struct afd_buf *said)
{
	AFD_AUTO(buf) struct afd_buf bytes = { 0 };
	struct afd_error err = { 0 };

	build(l, &bytes);
	if (decide(afd_buf_slice(&bytes), said, &err) < 0)
		fail_msg("%s", err.text);
}

static const struct row { const char *why, *want; struct look l; bool revoked; } rows[] = {
	{ "as it should be", "secure", { .at = 0 } },
	{ "letters in another case", "secure", { .upper = true } },
	{ "another time to live", "secure", { .a_ttl = true } },
	{ "records told twice", "secure", { .a_twice = true } },
	{ "false signatures beside the right one", "secure", { .many_wrong = true } },
	{ "no signature", "bogus: no signature", { .a_unsigned = true } },
	{ "a record is missing", "bogus: signature by key", { .a_less = true } },
	{ "a record more", "bogus: signature by key", { .a_more = true } },
	{ "signed by a key of nobody", "bogus: signature by key", { .zone_by_other = true } },
	{ "signed by a key that was revoked", "bogus: signature by key", { .at = 0 }, true },
	{ "more labels than the name has", "bogus: signature counts more labels", { .high_labels = true } },
	{ "not authoritative", "indeterminate: NOERROR, not authoritative", { .not_aa = true } },
	{ "a second before it begins", "bogus: below test: the zone's keys: signature begins", { .at = -86401 } },
	{ "in its first second", "secure", { .at = -86400 } },
	{ "in its last second", "secure", { .at = 86400 } },
	{ "a second after it ended", "bogus: below test: the zone's keys: signature ended", { .at = 86401 } },
	{ "a wildcard without the proof", "bogus: a wildcard answered", { .wildcard = true } },
	{ "a wildcard with it", "secure", { .wildcard = true, .wildcard_proof = true } },
	{ "the alias of a DNAME", "secure", { .dname = true } },
	{ "an alias that is not the DNAME's", "bogus: no signature", { .dname = true, .dname_wrong = true } },
	{ "no such type", "secure", { .nodata = true } },
	{ "no such type, says somebody else", "bogus: signature by key", { .nodata = true, .nsec_by_other = true } },
	{ "no such type, says the zone above, which covers all", "bogus: no proof in it", { .nodata = true, .nsec_of_top = true } },
	{ "a DS of another key", "bogus: no key of the zone is named by the DS above", { .ds = "example.test. 300 IN DS 1 13 2 ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff" } },
	{ "a DS of the right key, another algorithm", "bogus: no key of the zone is named by the DS above", { .ds_wrong_algorithm = true } },
	{ "a DS of a withdrawn algorithm alone", "insecure: below test: the DS above names", { .ds = "example.test. 300 IN DS 1 5 2 ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff" } },
	{ "a DS of an unknown digest alone", "insecure: below test: the DS above names", { .ds = "example.test. 300 IN DS 1 13 9 ffff" } },
	{ "a DS signed by somebody else", "bogus: below test: the DS above: signature by key", { .ds_by_other = true } },
	{ "a DS without signature", "bogus: below test: the DS above: no signature", { .ds_unsigned = true } },
	{ "no DS, no proof", "bogus: below test: there is no DS above", { .no_ds = true } },
	{ "no DS, with the proof", "insecure: below test: the zone above proves", { .top_nsec = "NS RRSIG NSEC" } },
	{ "no DS: the proof is somebody else's", "bogus: below test: there is no DS above", { .top_nsec = "NS RRSIG NSEC", .nsec_by_other = true } },
	{ "no DS: the proof says that there is one", "bogus: below test: there is no DS above", { .top_nsec = "NS DS RRSIG NSEC" } },
	{ "no DS: the proof says that no zone is cut off there", "bogus: below test: there is no DS above", { .top_nsec = "A RRSIG NSEC" } },
	{ "no DS: the proof is the zone's own", "bogus: below test: there is no DS above", { .top_nsec = "NS SOA RRSIG NSEC" } },
	{ "the answer is about another zone", "bogus: ", { .foreign_owner = true } },
	{ "a zone in between of which nobody told", "indeterminate: the zone above did not answer", { .cut_in_between = true } },
};

static void test_rows(void **state)
{
	int bad = 0;
	(void)state;

	for (size_t i = 0; i < AFD_COUNT(rows); i++) {
		AFD_AUTO(buf) struct afd_buf said = { 0 };
		struct look l = rows[i].l;

		l.k = (struct keys){ make_key("test.", 257), make_key("example.test.", 257), make_key("example.test.", 257),
				     rows[i].revoked ? make_key("example.test.", 257 | 128) : NULL };
		if (l.ds_by_other || (l.top_nsec && l.nsec_by_other)) {
			ldns_key_deep_free(l.k.other);
			l.k.other = make_key("test.", 257);
		}
		judge(&l, &said);
		if (strncmp((char *)said.data, rows[i].want, strlen(rows[i].want)) != 0 || (!strchr(rows[i].want, ':') && strcmp((char *)said.data, rows[i].want) != 0))
			print_error("%s: \"%s\", not \"%s\"\n", rows[i].why, (char *)said.data, rows[i].want), bad++;
		ldns_key_deep_free(l.k.top);
		ldns_key_deep_free(l.k.zone);
		ldns_key_deep_free(l.k.other);
		if (l.k.revoked)
			ldns_key_deep_free(l.k.revoked);
	}
	assert_int_equal(bad, 0);
}

/* A good look without its end, and with each byte changed: nothing is read that is not there (the sanitizer's eyes), and no signed byte
 * can be changed: what stays secure is header, time to live, letters, and what nobody signs. */
static void test_damaged(void **state)
{
	AFD_AUTO(buf) struct afd_buf bytes = { 0 };
	struct look l = { .k = { make_key("test.", 257), make_key("example.test.", 257), make_key("example.test.", 257), NULL } };
	static const uint8_t address[] = { 0, 4, 192, 0, 2, 1 };
	size_t found = 0;
	(void)state;

	build(&l, &bytes);
	for (size_t n = 0; n < bytes.len; n += 3) {
		AFD_AUTO(buf) struct afd_buf said = { 0 };
		uint8_t *copy = malloc(n + 1);

		assert_non_null(copy);
		memcpy(copy, bytes.data, n);
		decide(afd_slice(copy, n), &said, NULL);
		assert_true(said.len == 0 || strncmp((char *)said.data, "secure", 6) != 0);
		free(copy);
	}
	for (size_t i = 0; i < bytes.len; i++) {
		AFD_AUTO(buf) struct afd_buf said = { 0 };
		bool is_address = i >= 2 && i + 4 <= bytes.len && memcmp(bytes.data + i - 2, address, 6) == 0;

		bytes.data[i] ^= 0x41;
		decide(afd_buf_slice(&bytes), &said, NULL);
		bytes.data[i] ^= 0x41;
		found += is_address;
		if (is_address)
			assert_true(said.len == 0 || strncmp((char *)said.data, "secure", 6) != 0);
	}
	assert_int_equal(found, 1);
	ldns_key_deep_free(l.k.top);
	ldns_key_deep_free(l.k.zone);
	ldns_key_deep_free(l.k.other);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_rows), cmocka_unit_test(test_damaged) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
