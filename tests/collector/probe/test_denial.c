/* What proofs prove: each row is what an answer holds (signatures are taken as good) and what follows for one name. RFC 4035, 5.4;
 * RFC 5155, 8; RFC 6840, 4. Reference for the hash: RFC 5155, appendix A. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "collector/probe/dnssec.h"
#include "collector/zone/dns_message.h"

enum { A = 1, NS = 2, CNAME = 5, SOA = 6, MX = 15, TXT = 16, DNAME = 39, DS = 43, RRSIG = 46, NSEC = 47, DNSKEY = 48 };
enum { NAME, TYPE, NO_DS, CLOSER };
#define ZONE "example.test"
static const char *const yes[] = { [DNSSEC_SECURE] = "secure", [DNSSEC_INSECURE] = "insecure", [DNSSEC_BOGUS] = "bogus" };

static struct afd_dns_name name_of(const char *text)
{
	struct afd_dns_name n;

	assert_int_equal(afd_dns_name_parse(afd_slice_text(text), &n, NULL), 0);
	return n;
}

/* One window of 256 types, as on the wire. */
static struct afd_slice bitmap(const uint16_t *types, uint8_t keep[34])
{
	memset(keep, 0, 34);
	keep[1] = 32;
	for (; *types; types++)
		keep[2 + *types / 8] |= (uint8_t)(0x80 >> (*types & 7));
	return afd_slice(keep, 34);
}

static enum dnssec_state ask(const struct dnssec_proofs *p, int what, const char *name, unsigned arg)
{
	struct afd_dns_name n = name_of(name);

	switch (what) {
	case NAME:
		return afd_dnssec_no_name(p, &n);
	case TYPE:
		return afd_dnssec_no_type(p, &n, (uint16_t)arg);
	case NO_DS:
		return afd_dnssec_no_ds(p, &n);
	default:
		return afd_dnssec_no_closer(p, &n, arg);
	}
}

/* --- NSEC --- */

struct nsec { const char *owner, *next; uint16_t types[6]; };
static const struct nsec_row { const char *why; int what; const char *name; unsigned arg; enum dnssec_state want; struct nsec at[3]; } nsec_rows[] = {
	{ "no record at all", NAME, "b.example.test", 0, DNSSEC_BOGUS, {{ 0 }} },
	{ "the gap, and no wildcard in it", NAME, "b.example.test", 0, DNSSEC_SECURE, { { "a.example.test", "c.example.test", { A } }, { ZONE, "a.example.test", { SOA, NS } } } },
	{ "one record covers both", NAME, "b.example.test", 0, DNSSEC_SECURE, { { ZONE, "c.example.test", { SOA, NS } } } },
	{ "the wildcard is not denied", NAME, "b.example.test", 0, DNSSEC_BOGUS, { { "a.example.test", "c.example.test", { A } } } },
	{ "the wildcard is there", NAME, "b.example.test", 0, DNSSEC_BOGUS, { { "a.example.test", "c.example.test", { A } }, { "*.example.test", "a.example.test", { A } } } },
	{ "the gap ends before", NAME, "d.example.test", 0, DNSSEC_BOGUS, { { "a.example.test", "c.example.test", { A } }, { ZONE, "a.example.test", { SOA } } } },
	{ "the gap ends at it", NAME, "c.example.test", 0, DNSSEC_BOGUS, { { "a.example.test", "c.example.test", { A } }, { ZONE, "a.example.test", { SOA } } } },
	{ "the gap begins at it", NAME, "a.example.test", 0, DNSSEC_BOGUS, { { "a.example.test", "c.example.test", { A } }, { ZONE, "a.example.test", { SOA } } } },
	{ "the last one leads to the apex", NAME, "z.example.test", 0, DNSSEC_SECURE, { { "x.example.test", ZONE, { A } }, { ZONE, "a.example.test", { SOA } } } },
	{ "the last one, and the name stands before it", NAME, "b.example.test", 0, DNSSEC_BOGUS, { { "x.example.test", ZONE, { A } } } },
	{ "a zone with one name", NAME, "b.example.test", 0, DNSSEC_SECURE, { { ZONE, ZONE, { SOA, NS } } } },
	{ "case of letters is nothing", NAME, "B.EXAMPLE.test", 0, DNSSEC_SECURE, { { "Example.Test", "C.example.test", { SOA, NS } } } },
	{ "an empty name between others exists", NAME, "b.example.test", 0, DNSSEC_BOGUS, { { ZONE, "x.b.example.test", { SOA } } } },
	{ "an empty name between others has no type", TYPE, "b.example.test", A, DNSSEC_SECURE, { { ZONE, "x.b.example.test", { SOA } } } },
	{ "below a delegation the parent says nothing", NAME, "x.b.example.test", 0, DNSSEC_BOGUS, { { "b.example.test", "c.example.test", { NS } }, { ZONE, "b.example.test", { SOA } } } },
	{ "below a DNAME neither", NAME, "x.b.example.test", 0, DNSSEC_BOGUS, { { "b.example.test", "c.example.test", { DNAME } }, { ZONE, "b.example.test", { SOA } } } },
	{ "below a name with both NS and SOA it does", NAME, "x.example.test", 0, DNSSEC_SECURE, { { ZONE, ZONE, { SOA, NS } } } },
	{ "the type is not in the map", TYPE, "b.example.test", TXT, DNSSEC_SECURE, { { "b.example.test", "c.example.test", { A } } } },
	{ "the type is in the map", TYPE, "b.example.test", A, DNSSEC_BOGUS, { { "b.example.test", "c.example.test", { A } } } },
	{ "an alias would lead on", TYPE, "b.example.test", TXT, DNSSEC_BOGUS, { { "b.example.test", "c.example.test", { CNAME } } } },
	{ "a type, said by the upper side of a cut", TYPE, "b.example.test", A, DNSSEC_BOGUS, { { "b.example.test", "c.example.test", { NS } } } },
	{ "a type, said by the apex", TYPE, ZONE, TXT, DNSSEC_SECURE, { { ZONE, "c.example.test", { NS, SOA } } } },
	{ "the wildcard lacks it, too", TYPE, "b.example.test", TXT, DNSSEC_SECURE, { { "*.example.test", "c.example.test", { A } } } },
	{ "the wildcard has it", TYPE, "b.example.test", A, DNSSEC_BOGUS, { { "*.example.test", "c.example.test", { A } } } },
	{ "the wildcard of a name further up", TYPE, "y.b.example.test", TXT, DNSSEC_BOGUS, { { "x.b.example.test", "c.example.test", { A } }, { "*.example.test", "b.example.test", { A } } } },
	{ "a wildcard that is cut off", TYPE, "b.example.test", TXT, DNSSEC_BOGUS, { { "*.example.test", "c.example.test", { NS } } } },
	{ "a cut without DS", NO_DS, "b.example.test", 0, DNSSEC_SECURE, { { "b.example.test", "c.example.test", { NS } } } },
	{ "a cut with DS", NO_DS, "b.example.test", 0, DNSSEC_BOGUS, { { "b.example.test", "c.example.test", { NS, DS } } } },
	{ "no cut: a part of this zone", NO_DS, "b.example.test", 0, DNSSEC_BOGUS, { { "b.example.test", "c.example.test", { A } } } },
	{ "no cut: an alias", NO_DS, "b.example.test", 0, DNSSEC_BOGUS, { { "b.example.test", "c.example.test", { CNAME, NS } } } },
	{ "said by the zone itself", NO_DS, "b.example.test", 0, DNSSEC_BOGUS, { { "b.example.test", "c.example.test", { NS, SOA } } } },
	{ "no such name", NO_DS, "b.example.test", 0, DNSSEC_BOGUS, { { ZONE, "c.example.test", { NS, SOA } } } },
	{ "an empty name between others", NO_DS, "b.example.test", 0, DNSSEC_BOGUS, { { ZONE, "x.b.example.test", { NS, SOA } } } },
	{ "a wildcard without DS", NO_DS, "b.example.test", 0, DNSSEC_BOGUS, { { "*.example.test", "c.example.test", { NS } } } },
	{ "nothing closer than *.example.test", CLOSER, "b.example.test", 2, DNSSEC_SECURE, { { "a.example.test", "c.example.test", { A } } } },
	{ "something closer: x.b", CLOSER, "y.b.example.test", 2, DNSSEC_BOGUS, { { "x.b.example.test", "c.example.test", { A } } } },
	{ "the name itself is there", CLOSER, "b.example.test", 2, DNSSEC_BOGUS, { { "b.example.test", "c.example.test", { A } } } },
	{ "the name is empty and there", CLOSER, "b.example.test", 2, DNSSEC_BOGUS, { { "a.example.test", "x.b.example.test", { A } } } },
};

static void test_nsec(void **state)
{
	int bad = 0;
	(void)state;

	for (size_t i = 0; i < AFD_COUNT(nsec_rows); i++) {
		const struct nsec_row *r = &nsec_rows[i];
		struct dnssec_proofs p = { .zone = name_of(ZONE) };
		uint8_t keep[3][34];
		enum dnssec_state got;

		for (; p.n < 3 && r->at[p.n].owner; p.n++)
			p.at[p.n] = (struct dnssec_proof){ .owner = name_of(r->at[p.n].owner), .next = name_of(r->at[p.n].next), .types = bitmap(r->at[p.n].types, keep[p.n]) };
		got = ask(&p, r->what, r->name, r->arg);
		if (got != r->want)
			print_error("%s: %s, not %s\n", r->why, yes[got], yes[r->want]), bad++;
	}
	assert_int_equal(bad, 0);
}

/* --- NSEC3 --- */

/* MATCH: a name whose hash stands in the owner; COVER: one whose hash lies between, and no other that matters. */
enum { MATCH = 1, COVER, OPT_OUT_COVER, WRAPS, ELSEWHERE };
struct nsec3 { int how; const char *name; uint16_t types[6]; };
static const struct nsec3_row { const char *why; int what; const char *name; unsigned arg; enum dnssec_state want; struct nsec3 at[4]; } nsec3_rows[] = {
	{ "closest encloser, next closer, wildcard", NAME, "b.example.test", 0, DNSSEC_SECURE, { { MATCH, ZONE, { SOA } }, { COVER, "b.example.test", { 0 } }, { COVER, "*.example.test", { 0 } } } },
	{ "deeper", NAME, "x.y.b.example.test", 0, DNSSEC_SECURE, { { MATCH, ZONE, { SOA } }, { COVER, "b.example.test", { 0 } }, { COVER, "*.example.test", { 0 } } } },
	{ "covers the name and not the next closer one", NAME, "y.b.example.test", 0, DNSSEC_BOGUS, { { MATCH, ZONE, { SOA } }, { COVER, "y.b.example.test", { 0 } }, { COVER, "*.example.test", { 0 } } } },
	{ "no closest encloser", NAME, "b.example.test", 0, DNSSEC_BOGUS, { { COVER, "b.example.test", { 0 } }, { COVER, "*.example.test", { 0 } } } },
	{ "no next closer", NAME, "b.example.test", 0, DNSSEC_BOGUS, { { MATCH, ZONE, { SOA } }, { COVER, "*.example.test", { 0 } } } },
	{ "no wildcard", NAME, "b.example.test", 0, DNSSEC_BOGUS, { { MATCH, ZONE, { SOA } }, { COVER, "b.example.test", { 0 } } } },
	{ "the wildcard of another name", NAME, "y.b.example.test", 0, DNSSEC_BOGUS, { { MATCH, "b.example.test", { A } }, { COVER, "y.b.example.test", { 0 } }, { COVER, "*.example.test", { 0 } } } },
	{ "the encloser is a delegation", NAME, "y.b.example.test", 0, DNSSEC_BOGUS, { { MATCH, "b.example.test", { NS } }, { COVER, "y.b.example.test", { 0 } }, { COVER, "*.b.example.test", { 0 } } } },
	{ "the encloser is a DNAME", NAME, "y.b.example.test", 0, DNSSEC_BOGUS, { { MATCH, "b.example.test", { DNAME } }, { COVER, "y.b.example.test", { 0 } }, { COVER, "*.b.example.test", { 0 } } } },
	{ "an opted-out span hides unsigned zones alone", NAME, "b.example.test", 0, DNSSEC_INSECURE, { { MATCH, ZONE, { SOA } }, { OPT_OUT_COVER, "b.example.test", { 0 } }, { COVER, "*.example.test", { 0 } } } },
	{ "the last record of the chain", NAME, "b.example.test", 0, DNSSEC_SECURE, { { MATCH, ZONE, { SOA } }, { WRAPS, "b.example.test", { 0 } }, { COVER, "*.example.test", { 0 } } } },
	{ "a record of somewhere else", NAME, "b.example.test", 0, DNSSEC_BOGUS, { { MATCH, ZONE, { SOA } }, { ELSEWHERE, "b.example.test", { 0 } }, { COVER, "*.example.test", { 0 } } } },
	{ "type: the name's own", TYPE, "b.example.test", TXT, DNSSEC_SECURE, { { MATCH, "b.example.test", { A } } } },
	{ "type: it is there", TYPE, "b.example.test", A, DNSSEC_BOGUS, { { MATCH, "b.example.test", { A } } } },
	{ "type: an alias", TYPE, "b.example.test", A, DNSSEC_BOGUS, { { MATCH, "b.example.test", { CNAME } } } },
	{ "type: an empty name between others", TYPE, "b.example.test", A, DNSSEC_SECURE, { { MATCH, "b.example.test", { 0 } } } },
	{ "type: the upper side of a cut", TYPE, "b.example.test", A, DNSSEC_BOGUS, { { MATCH, "b.example.test", { NS } } } },
	{ "type: by wildcard", TYPE, "b.example.test", TXT, DNSSEC_SECURE, { { MATCH, ZONE, { SOA } }, { COVER, "b.example.test", { 0 } }, { MATCH, "*.example.test", { A } } } },
	{ "type: by wildcard, which has it", TYPE, "b.example.test", A, DNSSEC_BOGUS, { { MATCH, ZONE, { SOA } }, { COVER, "b.example.test", { 0 } }, { MATCH, "*.example.test", { A } } } },
	{ "type: the name is denied whole", TYPE, "b.example.test", A, DNSSEC_BOGUS, { { MATCH, ZONE, { SOA } }, { COVER, "b.example.test", { 0 } }, { COVER, "*.example.test", { 0 } } } },
	{ "DS: an unsigned cut", NO_DS, "b.example.test", 0, DNSSEC_SECURE, { { MATCH, "b.example.test", { NS } } } },
	{ "DS: a signed one, whatever an opted-out span covers", NO_DS, "b.example.test", 0, DNSSEC_BOGUS, { { MATCH, "b.example.test", { NS, DS } }, { MATCH, ZONE, { SOA } }, { OPT_OUT_COVER, "b.example.test", { 0 } } } },
	{ "DS: no cut", NO_DS, "b.example.test", 0, DNSSEC_BOGUS, { { MATCH, "b.example.test", { A } } } },
	{ "DS: an empty name between others", NO_DS, "b.example.test", 0, DNSSEC_BOGUS, { { MATCH, "b.example.test", { 0 } } } },
	{ "DS: opted out", NO_DS, "b.example.test", 0, DNSSEC_INSECURE, { { MATCH, ZONE, { SOA } }, { OPT_OUT_COVER, "b.example.test", { 0 } } } },
	{ "DS: opted out, without the encloser", NO_DS, "b.example.test", 0, DNSSEC_BOGUS, { { OPT_OUT_COVER, "b.example.test", { 0 } } } },
	{ "DS: covered, and not opted out", NO_DS, "b.example.test", 0, DNSSEC_BOGUS, { { MATCH, ZONE, { SOA } }, { COVER, "b.example.test", { 0 } } } },
	{ "closer: the next closer name is covered", CLOSER, "x.b.example.test", 2, DNSSEC_SECURE, { { COVER, "b.example.test", { 0 } } } },
	{ "closer: only the name is covered", CLOSER, "x.b.example.test", 2, DNSSEC_BOGUS, { { COVER, "x.b.example.test", { 0 } } } },
	{ "closer: opted out", CLOSER, "b.example.test", 2, DNSSEC_INSECURE, { { OPT_OUT_COVER, "b.example.test", { 0 } } } },
};

static void step(uint8_t h[20], int by)
{
	for (int i = 19; i >= 0; i--) {
		h[i] = (uint8_t)(h[i] + by);
		if (h[i] != (by > 0 ? 0 : 255))
			break;
	}
}

static struct dnssec_proof hashed(const struct nsec3 *x, uint8_t keep[34])
{
	static const uint8_t salt[] = { 0xaa, 0xbb };
	struct dnssec_proof p = { .hashed = true, .opt_out = x->how == OPT_OUT_COVER, .iterations = 3, .salt = afd_slice(salt, 2), .types = bitmap(x->types, keep) };
	struct afd_dns_name n = name_of(x->name);

	afd_dnssec_nsec3_hash(&n, p.salt, p.iterations, p.hash);
	memcpy(p.next_hash, p.hash, 20);
	step(p.next_hash, 1);
	if (x->how == COVER || x->how == OPT_OUT_COVER)
		step(p.hash, -1);
	if (x->how == WRAPS) {                    /* from just below it around to the first */
		step(p.hash, -1);
		memset(p.next_hash, 0, 20);
	}
	if (x->how == ELSEWHERE)
		step(p.hash, 1), step(p.next_hash, 1);
	return p;
}

static void test_nsec3(void **state)
{
	int bad = 0;
	(void)state;

	for (size_t i = 0; i < AFD_COUNT(nsec3_rows); i++) {
		const struct nsec3_row *r = &nsec3_rows[i];
		struct dnssec_proofs p = { .zone = name_of(ZONE) };
		uint8_t keep[4][34];
		enum dnssec_state got;

		for (; p.n < 4 && r->at[p.n].how; p.n++)
			p.at[p.n] = hashed(&r->at[p.n], keep[p.n]);
		got = ask(&p, r->what, r->name, r->arg);
		if (got != r->want)
			print_error("%s: %s, not %s\n", r->why, yes[got], yes[r->want]), bad++;
	}
	assert_int_equal(bad, 0);
}

static void test_costly(void **state)
{
	struct dnssec_proofs p = { .zone = name_of(ZONE), .too_costly = true };
	(void)state;

	for (int what = NAME; what <= CLOSER; what++)
		assert_int_equal(ask(&p, what, "b.example.test", what == CLOSER ? 2 : A), DNSSEC_INSECURE);
}

/* RFC 5155, appendix A: salt aabbccdd, 12 iterations */
static void test_hash(void **state)
{
	static const uint8_t salt[] = { 0xaa, 0xbb, 0xcc, 0xdd };
	static const struct { const char *name, *want; } at[] = {
		{ "example", "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom" }, { "a.example", "35mthgpgcu1qg68fab165klnsnk3dpvl" },
		{ "*.w.example", "r53bq7cc2uvmubfu5ocmm6pers9tk9en" }, { "X.Y.w.example", "2vptu5timamqttgl4luu9kg21e0aor3s" },
	};
	(void)state;

	for (size_t i = 0; i < AFD_COUNT(at); i++) {
		static const char digit[] = "0123456789abcdefghijklmnopqrstuv";
		struct afd_dns_name n = name_of(at[i].name);
		uint8_t h[21] = { 0 };
		char text[33] = { 0 };

		afd_dnssec_nsec3_hash(&n, afd_slice(salt, 4), 12, h);
		for (unsigned k = 0; k < 32; k++) {
			unsigned bit = 5 * k;

			text[k] = digit[((h[bit / 8] << 8 | h[bit / 8 + 1]) >> (11 - bit % 8)) & 31];
		}
		assert_string_equal(text, at[i].want);
	}
}

static void test_bitmaps(void **state)
{
	static const uint8_t caa[] = { 0, 1, 0x40, 1, 1, 0x40 }, cut[] = { 0, 32, 0x40 }, none[] = { 0 };
	(void)state;

	assert_true(afd_dnssec_has_type(afd_slice(caa, 6), A));
	assert_true(afd_dnssec_has_type(afd_slice(caa, 6), 257));
	assert_false(afd_dnssec_has_type(afd_slice(caa, 6), NS));
	assert_false(afd_dnssec_has_type(afd_slice(caa, 6), 258));
	assert_false(afd_dnssec_has_type(afd_slice(cut, 3), NS));
	assert_false(afd_dnssec_has_type(afd_slice(none, 1), A));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_nsec), cmocka_unit_test(test_nsec3), cmocka_unit_test(test_costly), cmocka_unit_test(test_hash),
					    cmocka_unit_test(test_bitmaps) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
