#include "check.h"

#include "collector/zone/zone_set.h"
#include "core/file.h"

static struct afd_zone_set *set_of(const char *zone, struct afd_slice text)
{
	struct afd_dns_name n;
	struct afd_error err = { 0 };

	assert_int_equal(afd_dns_name_parse(afd_slice_text(zone), &n, NULL), 0);
	uint64_t outside = 0;                                      /* A.2 of RFC 8976 has a record that is not the zone's */
	const struct afd_zone_text_options o = { .zone = &n, .has_ttl = true, .ttl = 60, .outside = &outside };
	struct afd_zone_set *s = afd_zone_set_new(&n);
	assert_non_null(s);
	if (afd_zone_text_walk(text, &o, afd_zone_set_take, s, &err) < 0 || afd_zone_set_sort(s, &err) < 0)
		fail_msg("%s", err.text);
	return s;
}

static int told(struct afd_buf *all, const char *sign, const struct afd_zone_rr *rr)
{
	struct afd_zone_rr_words keep = { 0 };
	struct afd_rr row;

	assert_int_equal(afd_zone_rr_words(rr, &keep, &row, NULL), 0);
	assert_int_equal(afd_buf_printf(all, "%s%s %u %s %s|", sign, row.owner, row.ttl, row.type, row.rdata), 0);
	afd_zone_rr_words_release(&keep);
	return 0;
}

static int walked(void *ctx, const struct afd_zone_rr *rr, struct afd_error *err)
{
	(void)err;
	return told(ctx, "", rr);
}

static int differs(void *ctx, enum afd_zone_op op, bool ttl_only, const struct afd_zone_rr *rr, struct afd_error *err)
{
	(void)err;
	return told(ctx, op == AFD_ZONE_DEL ? ttl_only ? "-ttl " : "-" : ttl_only ? "+ttl " : "+", rr);
}

/* RFC 4034, 6.1: the order of its example, and what would fool a comparison of bytes */
static void a_set_is_in_canonical_order_and_each_record_once(void **state)
{
	static const struct { const char *text, *says; } row[] = {
		{ "\\200 A 1.1.1.1\n*.z A 1.1.1.1\n\\001.z A 1.1.1.1\nzABC.a A 1.1.1.1\nZ A 1.1.1.1\nyljkjljk.a A 1.1.1.1\na A 1.1.1.1\n@ A 1.1.1.1\n",
		  "e 60 A 1.1.1.1|a.e 60 A 1.1.1.1|yljkjljk.a.e 60 A 1.1.1.1|zabc.a.e 60 A 1.1.1.1|z.e 60 A 1.1.1.1|\\001.z.e 60 A 1.1.1.1|*.z.e 60 A 1.1.1.1|\\200.e 60 A 1.1.1.1|" },
		{ "ab A 1.1.1.1\na\\000 A 1.1.1.1\na\\001 A 1.1.1.1\na A 1.1.1.1\n\\000.a A 1.1.1.1\na\\000b A 1.1.1.1\n",
		  "a.e 60 A 1.1.1.1|\\000.a.e 60 A 1.1.1.1|a\\000.e 60 A 1.1.1.1|a\\000b.e 60 A 1.1.1.1|a\\001.e 60 A 1.1.1.1|ab.e 60 A 1.1.1.1|" },
		{ "a TXT b\nb A 1.1.1.1\na 5 A 1.1.1.2\nA 9 A 1.1.1.1\na 7 A 1.1.1.2\na TXT a\na TXT \"a\"\n",
		  "a.e 9 A 1.1.1.1|a.e 5 A 1.1.1.2|a.e 60 TXT \"a\"|a.e 60 TXT \"b\"|b.e 60 A 1.1.1.1|" },
		{ "", "" },
	};

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(row); i++) {
		AFD_AUTO(zone_set) struct afd_zone_set *s = set_of("e", afd_slice_text(row[i].text));
		AFD_AUTO(buf) struct afd_buf all = { 0 };
		assert_int_equal(afd_buf_text(&all, ""), 0);
		assert_int_equal(afd_zone_set_walk(s, walked, &all, NULL), 0);
		row_text((char *)all.data, row[i].says, row[i].text);
	}
}

static void two_versions_differ_in_what_changed(void **state)
{
	static const struct { const char *what, *a, *b, *says; } row[] = {
		{ "nothing", "a A 1.1.1.1\nb A 1.1.1.1\n", "b A 1.1.1.1\na A 1.1.1.1\n", "" },
		{ "letters of a name", "a NS B\n", "A NS b\n", "" },
		{ "letters of a text", "a TXT B\n", "a TXT b\n", "-a.e 60 TXT \"B\"|+a.e 60 TXT \"b\"|" },
		{ "the time to live", "a 5 A 1.1.1.1\n", "a 6 A 1.1.1.1\n", "-ttl a.e 5 A 1.1.1.1|+ttl a.e 6 A 1.1.1.1|" },
		{ "an address", "a A 1.1.1.1\na A 1.1.1.2\n", "a A 1.1.1.2\na A 1.1.1.3\n", "-a.e 60 A 1.1.1.1|+a.e 60 A 1.1.1.3|" },
		{ "an owner gone", "a A 1.1.1.1\nb A 1.1.1.1\nc TXT x\n", "b A 1.1.1.1\n", "-a.e 60 A 1.1.1.1|-c.e 60 TXT \"x\"|" },
		{ "an owner new", "", "a A 1.1.1.1\n", "+a.e 60 A 1.1.1.1|" },
		{ "doubles", "a A 1.1.1.1\n", "a A 1.1.1.1\nb A 1.1.1.1\na A 1.1.1.1\nb A 1.1.1.1\n", "+b.e 60 A 1.1.1.1|" },
		{ "type", "a TXT x\n", "a SPF x\n", "-a.e 60 TXT \"x\"|+a.e 60 SPF \"x\"|" },
	};

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(row); i++) {
		AFD_AUTO(zone_set) struct afd_zone_set *a = set_of("e", afd_slice_text(row[i].a));
		AFD_AUTO(zone_set) struct afd_zone_set *b = set_of("e", afd_slice_text(row[i].b));
		AFD_AUTO(buf) struct afd_buf all = { 0 };
		assert_int_equal(afd_buf_text(&all, ""), 0);
		assert_int_equal(afd_zone_set_diff(a, b, differs, &all, NULL), 0);
		row_text((char *)all.data, row[i].says, row[i].what);
	}
}

/* Many owners in no order; added again in the order found, nothing moves. Each key is above the one before. */
static void many_owners_are_sorted(void **state)
{
	static const char *const before[] = { "host", "", "a-prefix-that-many-share-", "_acme-challenge.host" };
	AFD_AUTO(buf) struct afd_buf text = { 0 }, once = { 0 }, twice = { 0 };
	uint64_t seed = 7;
	char last[200] = "";

	(void)state;
	for (unsigned i = 0; i < 30000; i++)
		assert_int_equal(afd_buf_printf(&text, "%s%05u 60 A 1.1.%u.1\n", before[chance(&seed) % AFD_COUNT(before)], chance(&seed) % 20000, i % 250), 0);
	AFD_AUTO(zone_set) struct afd_zone_set *s = set_of("e", afd_buf_slice(&text));
	assert_int_equal(afd_zone_set_walk(s, walked, &once, NULL), 0);
	for (char *p = (char *)once.data, *end; (end = strchr(p, '|')); p = end + 1) {
		char key[200];                                         /* the label below the apex decides, then what stands before it */
		const char *dot = memchr(p, '.', (size_t)(end - p)), *e = strstr(p, ".e ");
		if (dot == e)
			snprintf(key, sizeof(key), "%.*s", (int)(e - p), p);
		else
			snprintf(key, sizeof(key), "%.*s\t%.*s", (int)(e - dot - 1), dot + 1, (int)(dot - p), p);
		row_true(strcmp(last, key) <= 0, key);
		snprintf(last, sizeof(last), "%s", key);
	}
	AFD_AUTO(zone_set) struct afd_zone_set *copy = afd_zone_set_new(afd_zone_set_zone(s));
	assert_int_equal(afd_zone_set_walk(s, afd_zone_set_take, copy, NULL), 0);
	assert_int_equal(afd_zone_set_sort(copy, NULL), 0);
	assert_int_equal(afd_zone_set_walk(copy, walked, &twice, NULL), 0);
	assert_string_equal((char *)once.data, (char *)twice.data);
}

static void a_digest_tells_content_from_serials(void **state)
{
	static const char base[] = "@ SOA a b 1 2 3 4 5\n@ NS n.\nw A 1.1.1.1\n";
	static const struct { const char *what, *text; bool same; } row[] = {
		{ "itself", base, true }, { "another serial", "@ SOA a b 2 2 3 4 5\n@ NS n.\nw A 1.1.1.1\n", true },
		{ "another order", "w A 1.1.1.1\n@ NS N.\n@ SOA a b 1 2 3 4 5\nw A 1.1.1.1\n", true },
		{ "signatures", "@ SOA a b 2 2 3 4 5\n@ NS n.\nw A 1.1.1.1\nw NSEC @ A\nw RRSIG A 13 2 60 1 1 1 @ AAEC\n", true },
		{ "another address", "@ SOA a b 1 2 3 4 5\n@ NS n.\nw A 1.1.1.2\n", false }, { "another time to live", "@ SOA a b 1 2 3 4 5\n@ NS n.\nw 61 A 1.1.1.1\n", false },
		{ "a record less", "@ SOA a b 1 2 3 4 5\n@ NS n.\n", false }, { "a key more", "@ SOA a b 1 2 3 4 5\n@ NS n.\nw A 1.1.1.1\n@ DNSKEY 256 3 13 AAEC\n", false },
	};
	AFD_AUTO(zone_set) struct afd_zone_set *s = set_of("e", afd_slice_text(base));
	struct afd_digest want, got;

	(void)state;
	assert_int_equal(afd_zone_set_digest(s, &want, NULL), 0);
	/* printf 'affidavit zone content 1\n\x01e\x00 \x01e\x00\0\2\0\1\0\0\0<\0\3\1n\0 ...' | sha256sum */
	static const uint8_t plain[] = "affidavit zone content 1\n\001e\0" "\001e\0\0\002\0\001\0\0\0\074\0\003\001n\0"
		"\001w\001e\0\0\001\0\001\0\0\0\074\0\004\001\001\001\001";
	afd_sha256(SLICE(plain), &got);
	assert_true(afd_digest_equal(&want, &got));
	for (size_t i = 0; i < AFD_COUNT(row); i++) {
		AFD_AUTO(zone_set) struct afd_zone_set *o = set_of("e", afd_slice_text(row[i].text));
		assert_int_equal(afd_zone_set_digest(o, &got, NULL), 0);
		row_true(afd_digest_equal(&want, &got) == row[i].same, row[i].what);
	}
}

/* RFC 8976, A.1 */
#define DIGEST "c68090d90a7aed716bc459f9340e3d7c1370d4d24b7e2fc3a1ddc0b9a87153b9a9713b3c9ae5cc27777f98b8e730044c"

static void a_published_digest_is_verified(void **state)
{
	static const char zone[] = "@ 86400 IN SOA ns1 admin 2018031900 1800 900 604800 86400\n@ 86400 IN NS ns1\n@ 86400 IN NS ns2\n";
	static const char rest[] = "ns1 3600 IN A 203.0.113.63\nns2 3600 IN AAAA 2001:db8::63\n";
	static const struct { const char *md; enum afd_zonemd verdict; const char *why; } row[] = {
		{ "", AFD_ZONEMD_ABSENT, "the zone publishes none" },
		{ "@ 86400 ZONEMD 2018031900 1 1 " DIGEST "\n", AFD_ZONEMD_VERIFIED, "serial 2018031900, SHA-384" },
		{ "@ 86400 ZONEMD 2018031900 1 1 " DIGEST "\n@ 86400 RRSIG ZONEMD 13 1 86400 1 1 1 @ AAEC\n", AFD_ZONEMD_VERIFIED, "serial 2018031900, SHA-384" },
		{ "@ 86400 ZONEMD 2018031900 1 1 " DIGEST "\nx 1 A 192.0.2.1\n", AFD_ZONEMD_FAILED, "the zone's records have another digest than its ZONEMD of serial 2018031900" },
		{ "@ 86400 ZONEMD 2018031901 1 1 " DIGEST "\n", AFD_ZONEMD_FAILED, "ZONEMD of serial 2018031901, and the SOA has 2018031900" },
		{ "@ 86400 ZONEMD 2018031900 1 1 " DIGEST "\n@ 86400 ZONEMD 2018031900 1 1 00\n", AFD_ZONEMD_FAILED, "two ZONEMD of one scheme and algorithm" },
		{ "@ 86400 ZONEMD 2018031900 1 1 c68090d9\n", AFD_ZONEMD_FAILED, "a digest of 4 bytes where 48 are due" },
		{ "@ 86400 ZONEMD 2018031900 1 240 " DIGEST "\n", AFD_ZONEMD_UNSUPPORTED, "no ZONEMD of scheme SIMPLE with SHA-384 or SHA-512" },
		{ "@ 86400 ZONEMD 2018031900 1 240 " DIGEST "\n@ 86400 ZONEMD 2018031900 1 1 " DIGEST "\n", AFD_ZONEMD_VERIFIED, "serial 2018031900, SHA-384" },
	};

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(row); i++) {
		AFD_AUTO(buf) struct afd_buf text = { 0 };
		assert_int_equal(afd_buf_printf(&text, "%s%s%s", zone, row[i].md, rest), 0);
		AFD_AUTO(zone_set) struct afd_zone_set *s = set_of("example", afd_buf_slice(&text));
		enum afd_zonemd v;
		char why[160];
		assert_int_equal(afd_zone_set_zonemd(s, &v, why, NULL), 0);
		row_text(why, row[i].why, row[i].md);
		row_true(v == row[i].verdict, row[i].md);
	}
}

static void published_zones_of_the_rfc_verify(void **state)
{
	static const struct { const char *file, *zone; } row[] = {
		{ "A.1.Simple-EXAMPLE-Zone", "example" }, { "A.2.Complex-EXAMPLE-Zone", "example" }, { "A.4.The-URI.ARPA-Zone", "uri.arpa" },
		{ "A.5.The-ROOT-SERVERS.NET-Zone", "root-servers.net" },
	};

	(void)state;
	if (!has_sample("zone/peer/ldns-zonemd"))
		skip();
	for (size_t i = 0; i < AFD_COUNT(row); i++) {
		AFD_AUTO(mem) char *part = afd_sprintf("zone/peer/ldns-zonemd/%s", row[i].file);
		AFD_AUTO(mem) char *path = sample_path(part);
		AFD_AUTO(buf) struct afd_buf text = { 0 };
		assert_int_equal(afd_file_read(path, 1 << 20, &text, NULL), 0);
		AFD_AUTO(zone_set) struct afd_zone_set *s = set_of(row[i].zone, afd_buf_slice(&text));
		enum afd_zonemd v;
		char why[160];
		assert_int_equal(afd_zone_set_zonemd(s, &v, why, NULL), 0);
		if (v != AFD_ZONEMD_VERIFIED)
			fail_msg("%s: %s", row[i].file, why);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_set_is_in_canonical_order_and_each_record_once),
		cmocka_unit_test(two_versions_differ_in_what_changed),
		cmocka_unit_test(many_owners_are_sorted),
		cmocka_unit_test(a_digest_tells_content_from_serials),
		cmocka_unit_test(a_published_digest_is_verified),
		cmocka_unit_test(published_zones_of_the_rfc_verify),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
