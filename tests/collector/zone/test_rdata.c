#include "check.h"

#include <dirent.h>
#include <ldns/ldns.h>

#include "collector/zone/dns_rdata.h"

/* Rdata alone behind a header: no pointer can lead anywhere. */
static int text_of(uint16_t type, struct afd_slice rdata, struct afd_buf *ret)
{
	AFD_AUTO(buf) struct afd_buf b = unhex("0000 0000 0000 0000 0000 0000");
	struct afd_dns_message m = { 0 };
	struct afd_dns_rr rr = { .type = type, .rdata = b.len, .rdlen = (uint16_t)rdata.len };

	assert_int_equal(afd_buf_add_slice(&b, rdata), 0);
	m.whole = afd_buf_slice(&b);
	ret->len = 0;
	return afd_dns_rdata_text(&m, &rr, ret, NULL);
}

static const struct { const char *type, *wire, *text; } wire_row[] = {
	{ "A", "c0000219", "192.0.2.25" },
	{ "A", "c00002", NULL }, { "A", "c000021900", NULL }, { "A", "", NULL },
	{ "AAAA", "20010db8000000000000000000000001", "2001:db8::1" },
	{ "AAAA", "20010db80000", NULL },
	{ "NS", "034e5331 0454455354 00", "ns1.test." },
	{ "NS", "00", "." }, { "NS", "034e5331", NULL }, { "NS", "00 00", NULL }, { "NS", "", NULL },
	{ "CNAME", "0161 00", "a." }, { "PTR", "0141 00", "a." }, { "DNAME", "0141 00", "a." },
	{ "MX", "000a 044d41494c 00", "10 mail." }, { "MX", "000a", NULL }, { "MX", "00", NULL },
	{ "SOA", "016100 016200 00000001 00000002 00000003 00000004 00000005", "a. b. 1 2 3 4 5" },
	{ "SOA", "016100 016200 00000001 00000002 00000003 00000004 000000", NULL },
	{ "SOA", "016100 016200 ffffffff 00000002 00000003 00000004 00000005 00", NULL },
	{ "TXT", "0568656c6c6f", "\"hello\"" }, { "TXT", "00", "\"\"" }, { "TXT", "0161 0162", "\"a\" \"b\"" },
	{ "TXT", "05 22 5c 00 7f ff", "\"\\\"\\\\\\000\\127\\255\"" }, { "TXT", "03 3b2028", "\"; (\"" },
	{ "TXT", "", NULL }, { "TXT", "0561", NULL }, { "TXT", "0161 05", NULL },
	{ "SPF", "0161", "\"a\"" }, { "HINFO", "0161 0162", "\"a\" \"b\"" }, { "HINFO", "0161", NULL },
	{ "SRV", "0001 0002 0050 0141 00", "1 2 80 a." },
	{ "CAA", "00 05 6973737565 6c657473656e63727970742e6f7267", "0 issue \"letsencrypt.org\"" },
	{ "CAA", "80 09 697373756577696c64 3b", "128 issuewild \";\"" }, { "CAA", "00 05 6973737565", "0 issue \"\"" },
	{ "CAA", "00 00", NULL }, { "CAA", "00 01 20", NULL }, { "CAA", "00 05 6973", NULL },
	{ "DS", "1234 0d 02 ABCDEF", "4660 13 2 abcdef" }, { "CDS", "0000 00 00 00", "0 0 0 00" }, { "DS", "1234 0d", NULL },
	{ "DNSKEY", "0101 03 0d 000102", "257 3 13 AAEC" }, { "CDNSKEY", "0000 03 00 00", "0 3 0 AA==" },
	{ "TLSA", "03 01 01 0aff", "3 1 1 0aff" }, { "SSHFP", "04 02 ff00", "4 2 ff00" },
	{ "NAPTR", "0001 0002 0173 0341422b 00 0141 00", "1 2 \"s\" \"AB+\" \"\" a." },
	{ "NSEC", "0141 00 0006 40000000 0003", "A. A RRSIG NSEC" }, { "NSEC", "0161 00", "a." },
	{ "NSEC", "0161 00 0001 00", NULL }, { "NSEC", "0161 00 0000", NULL }, { "NSEC", "0161 00 0101 40 0001 40", NULL },
	{ "NSEC", "0161 00 0021 000000000000000000000000000000000000000000000000000000000000000001", NULL },
	{ "NSEC3", "01 00 000a 02 abcd 14 0000000000000000000000000000000000000001 0001 40", "1 0 10 abcd 00000000000000000000000000000001 A" },
	{ "NSEC3", "01 00 000a 00 00", NULL },
	{ "NSEC3PARAM", "01 00 0000 00", "1 0 0 -" }, { "NSEC3PARAM", "01 01 000a 01 aa", "1 1 10 aa" },
	{ "RRSIG", "0001 0d 02 00000e10 6930f638 691e8100 0007 0154 00 ff00", "A 13 2 3600 20251204024720 20251120024624 7 t. /wA=" },
	{ "HTTPS", "0001 00", "1 ." },
	{ "HTTPS", "0001 00 0001 0006 02 6832 02 6833", "1 . alpn=\"h2,h3\"" },
	{ "HTTPS", "0001 00 0000 0002 0003 0003 0002 20fb", "1 . mandatory=port port=8443" },
	{ "SVCB", "0000 0173 00", "0 s." },
	{ "SVCB", "0001 00 0002 0000 0004 0004 c0000201 0005 0001 ff 0006 0010 20010db8000000000000000000000001",
	  "1 . no-default-alpn ipv4hint=192.0.2.1 ech=/w== ipv6hint=2001:db8::1" },
	{ "SVCB", "0001 00 0001 0003 02 612c", "1 . key1=\"\\002a,\"" }, { "SVCB", "0001 00 0003 0001 01", "1 . key3=\"\\001\"" },
	{ "SVCB", "0001 00 fde8 0002 6122", "1 . key65000=\"a\\\"\"" }, { "SVCB", "0001 00 fde8 0000", "1 . key65000" },
	{ "SVCB", "0001 00 0003 0002 0050 0001 0003 02 6832", NULL }, { "SVCB", "0001 00 0003 0002 0050 0003 0002 0050", NULL },
	{ "SVCB", "0001 00 0003 0002 00", NULL }, { "SVCB", "0001 00 00", NULL },
	{ "URI", "0001 0002 68747470733a2f2f61", "1 2 \"https://a\"" },
	{ "TYPE65280", "0a000001", "\\# 4 0a000001" }, { "TYPE65280", "", "\\# 0" }, { "LOC", "00", "\\# 1 00" },
	{ "LOC", "01 12 16 13 80000000 80000000 00989680", "\\# 16 01121613800000008000000000989680" },
};

static void rdata_has_one_text(void **state)
{
	(void)state;
	for (size_t i = 0; i < AFD_COUNT(wire_row); i++) {
		char hex[512], row[600];
		size_t n = 0;
		for (const char *p = wire_row[i].wire; *p; p++)
			hex[n++] = *p >= 'A' && *p <= 'F' ? (char)(*p + 32) : *p;
		hex[n] = 0;
		snprintf(row, sizeof(row), "%s %s", wire_row[i].type, hex);
		AFD_AUTO(buf) struct afd_buf wire = unhex(hex), text = { 0 }, again = { 0 };
		uint16_t type;
		row_true(afd_dns_type_parse(afd_slice_text(wire_row[i].type), &type) == 0, row);
		int r = text_of(type, afd_buf_slice(&wire), &text);
		row_true(r == (wire_row[i].text ? 0 : -1), row);
		if (r < 0)
			continue;
		row_text((char *)text.data, wire_row[i].text, row);
		row_true(afd_dns_rdata_canonical(type, afd_buf_slice(&text), &again, NULL) == 0, row);
		row_text((char *)again.data, wire_row[i].text, row);
	}
}

/* As servers and people write it. */
static const struct { const char *type, *written, *text; } written_row[] = {
	{ "NS", "NS9.Evil.test.", "ns9.evil.test." }, { "MX", "010  Mail.test.", "10 mail.test." }, { "AAAA", "2001:DB8:0:0::1", "2001:db8::1" },
	{ "TXT", "plain", "\"plain\"" }, { "TXT", "a \"b c\"", "\"a\" \"b c\"" }, { "TXT", "\"\\065\\\"\\;\"", "\"A\\\";\"" },
	{ "DS", "60485 5 1 2BB183AF 5F22588179A53B0A 98631FAD1A292118", "60485 5 1 2bb183af5f22588179a53b0a98631fad1a292118" },
	{ "DNSKEY", "256 3 13 AAEC AwQF", "256 3 13 AAECAwQF" }, { "CAA", "0 issue letsencrypt.org", "0 issue \"letsencrypt.org\"" },
	{ "HTTPS", "1 . alpn=h2,h3 port=443", "1 . alpn=\"h2,h3\" port=443" }, { "A", "\\# 4 c0000201", "192.0.2.1" },
	{ "TYPE65280", "\\# 4 0A00 0001", "\\# 4 0a000001" }, { "TYPE1", "192.0.2.1", "192.0.2.1" },
	{ "RRSIG", "A 13 2 3600 1764816440 20251120024624 7 T. /wA=", "A 13 2 3600 20251204024720 20251120024624 7 t. /wA=" },
	{ "A", "192.0.2", NULL }, { "A", "192.0.2.1 x", NULL }, { "A", "", NULL }, { "TXT", "\"open", NULL }, { "TXT", "", NULL },
	{ "TXT", "\"aaa [TRUNCATED]", NULL }, { "DS", "1 2 3 abc", NULL }, { "DS", "1 2 3 abzz", NULL }, { "MX", "70000 a.", NULL },
	{ "TYPE65280", "0a000001", NULL }, { "TYPE65280", "\\# 3 0a000001", NULL }, { "A", "\\# 3 c00002", NULL },
	{ "NS", "\\# 2 c00c", NULL }, { "DNSKEY", "256 3 13 A===", NULL }, { "HTTPS", "1 . port=99999", NULL },
	{ "NSEC3", "1 0 1 - 0000000z A", NULL },
	/* keys in any order, mandatory ones too; two layers of escapes (RFC 9460, A.1 and appendix D) */
	{ "HTTPS", "1 . port=1 alpn=h2", "1 . alpn=\"h2\" port=1" }, { "HTTPS", "1 . port=1 port=1", NULL },
	{ "SVCB", "16 foo.example.org. alpn=h2,h3-19 mandatory=ipv4hint,alpn ipv4hint=192.0.2.1", "16 foo.example.org. mandatory=alpn,ipv4hint alpn=\"h2,h3-19\" ipv4hint=192.0.2.1" },
	{ "SVCB", "16 foo.example.org. alpn=\"f\\\\\\\\oo\\\\,bar,h2\"", "16 foo.example.org. key1=\"\\008f\\\\oo,bar\\002h2\"" },
	{ "HTTPS", "1 . alpn=h2,", NULL }, { "HTTPS", "1 . ipv4hint=1.2.3", NULL }, { "HTTPS", "1 . alpn", NULL }, { "HTTPS", "1 . nothing=1", NULL },
	{ "SOA", "a. b. 1 1h 15m 1w2d 1d1h1m1s", "a. b. 1 3600 900 777600 90061" }, { "SOA", "a. b. 1h 1 1 1 1", NULL },
	{ "CERT", "PKIX 1 RSASHA256 AAEC", "1 1 8 AAEC" }, { "DS", "1 ECDSAP256SHA256 2 ab", "1 13 2 ab" },
	{ "LOC", "52 22 23 N 4 53 32 E -2.00m 0 10000m 10", "52 22 23.000 N 4 53 32.000 E -2.00m 0.00m 10000.00m 10.00m" },
	{ "LOC", "42 N 71 W 0", "42 0 0.000 N 71 0 0.000 W 0.00m 1.00m 10000.00m 10.00m" }, { "LOC", "91 N 1 E 0", NULL },
	{ "APL", "1:192.168.32.0/21 !1:192.168.38.0/28 2:FF00:0::/8", "1:192.168.32.0/21 !1:192.168.38.0/28 2:ff00::/8" },
	{ "APL", "1:192.168.32.0/33", NULL }, { "APL", "3:a/1", NULL },
	{ "IPSECKEY", "10 1 2 192.0.2.38 AQNR", "10 1 2 192.0.2.38 AQNR" }, { "IPSECKEY", "10 3 0 MyGateway.example.", "10 3 0 MyGateway.example." },
	{ "AMTRELAY", "10 1 2 2001:db8::15", "10 1 2 2001:db8::15" }, { "AMTRELAY", "0 0 0 .", "0 0 0 ." }, { "AMTRELAY", "0 0 0 a.", NULL },
	{ "HIP", "2 200100107B1A74DF365639CC39F1D578 AwEAAbdx rvs.example.com.", "2 200100107b1a74df365639cc39f1d578 AwEAAbdx rvs.example.com." },
	{ "WKS", "10.0.0.1 TCP smtp 80", "10.0.0.1 6 25 80" }, { "EUI48", "00-00-5E-00-53-2A", "00-00-5e-00-53-2a" }, { "EUI48", "00-00-5E-00-53", NULL },
	{ "NID", "10 14:4fff:ff20:ee64", "10 0014:4fff:ff20:ee64" }, { "L32", "10 10.1.2.0", "10 10.1.2.0" }, { "NSAP", "0x47.0005.80", "0x47000580" },
	{ "ISDN", "150862028003217 004", "\"150862028003217\" \"004\"" }, { "ISDN", "150862028003217", "\"150862028003217\"" },
	{ "DSYNC", "CDS NOTIFY 5359 cds.example.net.", "CDS 1 5359 cds.example.net." }, { "KEY", "49152 3 10", "49152 3 10" },
};

static void written_rdata_becomes_canonical(void **state)
{
	(void)state;
	for (size_t i = 0; i < AFD_COUNT(written_row); i++) {
		AFD_AUTO(buf) struct afd_buf text = { 0 };
		uint16_t type;
		assert_int_equal(afd_dns_type_parse(afd_slice_text(written_row[i].type), &type), 0);
		int r = afd_dns_rdata_canonical(type, afd_slice_text(written_row[i].written), &text, NULL);
		row_true(r == (written_row[i].text ? 0 : -1), written_row[i].written);
		if (r == 0)
			row_text((char *)text.data, written_row[i].text, written_row[i].written);
	}
}

static void types_have_names(void **state)
{
	static const struct { const char *in, *out; } row[] = {
		{ "A", "A" }, { "txt", "TXT" }, { "TYPE16", "TXT" }, { "TYPE65280", "TYPE65280" }, { "type0", "TYPE0" }, { "AXFR", "AXFR" }, { "HTTPS", "HTTPS" },
	};
	static const char *const bad[] = { "", "TYPE", "TYPE65536", "TYPE-1", "AX", "TYPE1x", "FOO" };
	uint16_t t;
	char text[16];

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(row); i++) {
		row_true(afd_dns_type_parse(afd_slice_text(row[i].in), &t) == 0, row[i].in);
		afd_dns_type_text(t, text);
		row_text(text, row[i].out, row[i].in);
	}
	for (size_t i = 0; i < AFD_COUNT(bad); i++)
		row_true(afd_dns_type_parse(afd_slice_text(bad[i]), &t) == -1, bad[i]);
}

/* --- against ldns, an independent reader and writer of the same formats --- */

static uint64_t seed = 20261122;

static void put_random(struct afd_buf *b, size_t n)
{
	while (n-- > 0)
		assert_int_equal(afd_buf_u8(b, (uint8_t)chance(&seed)), 0);
}

static void put_name(struct afd_buf *b)
{
	for (unsigned labels = chance(&seed) % 4; labels > 0; labels--) {
		unsigned n = 1 + chance(&seed) % 12;
		assert_int_equal(afd_buf_u8(b, (uint8_t)n), 0);
		for (; n > 0; n--) {
			uint8_t c = chance(&seed) % 5 ? (uint8_t)('A' + chance(&seed) % 58) : (uint8_t)chance(&seed);
			/* ldns writes this one as it is, and then nobody can tell it from the start of a string. */
			assert_int_equal(afd_buf_u8(b, c == '"' ? 'x' : c), 0);
		}
	}
	assert_int_equal(afd_buf_u8(b, 0), 0);
}

/* Fields as in RFC texts: n name, digits bytes, s string, S strings, x rest, h counted, c tag, w bitmap */
static void put_field(struct afd_buf *b, char kind)
{
	unsigned n;

	switch (kind) {
	case 'n':
		put_name(b);
		break;
	case 'S':
		for (n = chance(&seed) % 3; n > 0; n--)
			put_field(b, 's');
		/* fall through */
	case 's':
		n = chance(&seed) % 20;
		assert_int_equal(afd_buf_u8(b, (uint8_t)n), 0);
		put_random(b, n);
		break;
	case 'h':
		n = 1 + chance(&seed) % 20;
		assert_int_equal(afd_buf_u8(b, (uint8_t)n), 0);
		put_random(b, n);
		break;
	case 'H':
		assert_int_equal(afd_buf_u8(b, 20), 0);
		put_random(b, 20);
		break;
	case 'x':
		put_random(b, 1 + chance(&seed) % 40);
		break;
	case 'c':
		assert_int_equal(afd_buf_add(b, "\5issue", 6), 0);
		break;
	case 'w':
		assert_int_equal(afd_buf_add(b, "\0\1\x40\1\1\x40", 6), 0);
		break;
	case 't':
		assert_int_equal(afd_buf_u16(b, (uint16_t)(1 + chance(&seed) % 2)), 0);
		break;
	default:
		put_random(b, (size_t)(kind - '0'));
	}
}

static const struct { const char *type, *fields; } peer_row[] = {
	{ "A", "4" }, { "AAAA", "88" }, { "NS", "n" }, { "CNAME", "n" }, { "PTR", "n" }, { "DNAME", "n" }, { "MX", "2n" }, { "SOA", "nn44444" },
	{ "TXT", "S" }, { "SPF", "S" }, { "HINFO", "ss" }, { "MINFO", "nn" }, { "RP", "nn" }, { "AFSDB", "2n" }, { "RT", "2n" }, { "KX", "2n" },
	{ "SRV", "222n" }, { "NAPTR", "22sssn" }, { "CAA", "1cx" }, { "DS", "211x" }, { "CDS", "211x" }, { "DNSKEY", "211x" }, { "CDNSKEY", "211x" },
	{ "TLSA", "111x" }, { "SMIMEA", "111x" }, { "SSHFP", "11x" }, { "OPENPGPKEY", "x" }, { "NSEC", "nw" }, { "NSEC3", "112hHw" },
	{ "NSEC3PARAM", "112h" }, { "RRSIG", "t114442nx" }, { "CSYNC", "42w" }, { "ZONEMD", "411x" }, { "URI", "22x" }, { "TYPE65280", "x" },
	{ "MB", "n" }, { "MG", "n" }, { "MR", "n" }, { "MD", "n" }, { "MF", "n" }, { "PX", "2nn" }, { "X25", "s" }, { "LP", "2n" }, { "L32", "24" }, { "L64", "28" },
	{ "NID", "28" }, { "DHCID", "x" }, { "CERT", "221x" }, { "KEY", "211x" }, { "EUI48", "6" }, { "EUI64", "8" }, { "TALINK", "nn" }, { "NSAP", "x" },
};

static char *ldns_text(const ldns_rr *rr)
{
	AFD_AUTO(buf) struct afd_buf all = { 0 };

	for (size_t i = 0; i < ldns_rr_rd_count(rr); i++) {
		char *one = ldns_rdf2str(ldns_rr_rdf(rr, i));
		assert_non_null(one);
		assert_int_equal(afd_buf_printf(&all, "%s%s", i ? " " : "", one), 0);
		free(one);
	}
	return afd_strdup((char *)all.data);
}

/* Our text is read by ldns, and ldns' text by us; both lead back to the same rdata. */
static void compare_with_ldns(const char *type_name, uint16_t type, const struct afd_buf *rdata)
{
	AFD_AUTO(buf) struct afd_buf wire = { 0 }, ours = { 0 }, theirs = { 0 };
	ldns_rr *rr = NULL, *back = NULL;
	size_t pos = 0;

	assert_int_equal(afd_buf_add(&wire, "\1t\0", 3), 0);
	assert_int_equal(afd_buf_u16(&wire, type), 0);
	assert_int_equal(afd_buf_add(&wire, "\0\1\0\0\0\0", 6), 0);
	assert_int_equal(afd_buf_u16(&wire, (uint16_t)rdata->len), 0);
	assert_int_equal(afd_buf_add_slice(&wire, afd_buf_slice(rdata)), 0);
	row_true(ldns_wire2rr(&rr, wire.data, wire.len, &pos, LDNS_SECTION_ANSWER) == LDNS_STATUS_OK, type_name);
	row_true(text_of(type, afd_buf_slice(rdata), &ours) == 0, type_name);

	char *text = ldns_text(rr);
	if (afd_dns_rdata_canonical(type, afd_slice_text(text), &theirs, NULL) < 0)
		fail_msg("%s: cannot read what ldns wrote: %s", type_name, text);
	row_text((char *)theirs.data, (char *)ours.data, type_name);

	char *line = afd_sprintf("t. 0 IN %s %s", type_name, (char *)ours.data);
	if (ldns_rr_new_frm_str(&back, line, 0, NULL, NULL) != LDNS_STATUS_OK)
		fail_msg("%s: ldns cannot read what we wrote: %s", type_name, line);
	char *again = ldns_text(back);
	theirs.len = 0;
	assert_int_equal(afd_dns_rdata_canonical(type, afd_slice_text(again), &theirs, NULL), 0);
	row_text((char *)theirs.data, (char *)ours.data, type_name);
	free(text);
	free(line);
	free(again);
	ldns_rr_free(rr);
	ldns_rr_free(back);
}

static void random_rdata_reads_as_ldns_reads_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < AFD_COUNT(peer_row); i++) {
		uint16_t type;
		assert_int_equal(afd_dns_type_parse(afd_slice_text(peer_row[i].type), &type), 0);
		for (int k = 0; k < 200; k++) {
			AFD_AUTO(buf) struct afd_buf rdata = { 0 };
			for (const char *f = peer_row[i].fields; *f; f++)
				put_field(&rdata, *f);
			compare_with_ldns(peer_row[i].type, type, &rdata);
		}
	}
}

static void random_bytes_never_crash(void **state)
{
	(void)state;
	for (int i = 0; i < 40000; i++) {
		AFD_AUTO(buf) struct afd_buf rdata = { 0 }, text = { 0 }, again = { 0 };
		uint16_t type = (uint16_t)(chance(&seed) % 260);
		put_random(&rdata, chance(&seed) % 40);
		if (text_of(type, afd_buf_slice(&rdata), &text) < 0)
			continue;
		/* What we wrote we can read, and it stays the same; an empty key is the one text that zone files cannot hold. */
		if (afd_dns_rdata_canonical(type, afd_buf_slice(&text), &again, NULL) == 0)
			assert_string_equal((char *)text.data, (char *)again.data);
	}
}

/* Messages with compressed names, made by ldns from zone files. */
static void compare_message(ldns_rr_list *list)
{
	ldns_pkt *p = ldns_pkt_new();
	uint8_t *wire = NULL;
	size_t len = 0, i = 0;
	struct afd_dns_message m;
	struct afd_dns_rr rr;
	struct afd_error err = { 0 };

	ldns_rr_list *copy = ldns_rr_list_clone(list);
	ldns_pkt_push_rr_list(p, LDNS_SECTION_ANSWER, copy);       /* the records are the packet's now */
	ldns_rr_list_free(copy);
	assert_int_equal(ldns_pkt2wire(&wire, p, &len), LDNS_STATUS_OK);
	if (afd_dns_parse(afd_slice(wire, len), &m, &err) < 0)
		fail_msg("%s", err.text);
	for (struct afd_dns_walk w = afd_dns_walk(&m, AFD_DNS_ANSWER); afd_dns_next(&w, &rr); i++) {
		const ldns_rr *want = ldns_rr_list_rr(list, i);
		AFD_AUTO(buf) struct afd_buf ours = { 0 }, theirs = { 0 };
		struct afd_dns_name n;
		char owner[AFD_DNS_TEXT_MAX], their_owner[AFD_DNS_TEXT_MAX];
		char *text = ldns_text(want), *name = ldns_rdf2str(ldns_rr_owner(want));
		if (afd_dns_rdata_text(&m, &rr, &ours, &err) < 0)
			fail_msg("%s: %s", name, err.text);
		/* ldns takes the comma behind two backslashes in a list of protocols for a real one (RFC 9460, A.1). */
		const bool lists = strstr(text, "alpn=") && strchr(text, '\\');
		if (lists)
			row_true(strstr((char *)ours.data, "key1=") != NULL, text);
		else if (afd_dns_rdata_canonical(rr.type, afd_slice_text(text), &theirs, NULL) == 0)
			row_text((char *)ours.data, (char *)theirs.data, text);
		else
			row_true(strncmp((char *)ours.data, "\\# ", 3) == 0, text);
		assert_int_equal(afd_dns_name_parse(afd_slice_text(name), &n, NULL), 0);
		afd_dns_name_text(&n, true, their_owner);
		afd_dns_name_text(&rr.owner, true, owner);
		assert_string_equal(owner, their_owner);
		assert_int_equal(rr.ttl, ldns_rr_ttl(want));
		free(text);
		free(name);
	}
	assert_int_equal(i, ldns_rr_list_rr_count(list));
	free(wire);
	ldns_pkt_free(p);
}

static size_t compare_file(const char *path)
{
	FILE *f = fopen(path, "r");
	ldns_rdf *origin = ldns_dname_new_frm_str("example."), *prev = NULL;
	ldns_rr_list *list = ldns_rr_list_new();
	uint32_t ttl = 3600;
	int line = 0;
	size_t n = 0;

	assert_non_null(f);
	while (!feof(f)) {
		ldns_rr *rr = NULL;
		if (ldns_rr_new_frm_fp_l(&rr, f, &ttl, &origin, &prev, &line) == LDNS_STATUS_OK && rr)
			ldns_rr_list_push_rr(list, rr);
		if (ldns_rr_list_rr_count(list) >= 20 || feof(f)) {
			n += ldns_rr_list_rr_count(list);
			compare_message(list);
			ldns_rr_list_deep_free(list);
			list = ldns_rr_list_new();
		}
	}
	ldns_rr_list_deep_free(list);
	ldns_rdf_deep_free(origin);
	if (prev)
		ldns_rdf_deep_free(prev);
	fclose(f);
	return n;
}

static void sample_zones_read_as_ldns_reads_them(void **state)
{
	static const char *const folders[] = { "zone/peer/bind9-checkzone", "zone/peer/ldns-zonemd", "zone/bind918" };
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(folders); i++) {
		if (!has_sample(folders[i]))
			skip();
		AFD_AUTO(mem) char *folder = sample_path(folders[i]);
		DIR *d = opendir(folder);
		assert_non_null(d);
		for (struct dirent *e; (e = readdir(d));) {
			AFD_AUTO(mem) char *path = afd_sprintf("%s/%s", folder, e->d_name);
			const char *dot = strrchr(e->d_name, '.');
			/* Broken on purpose, and ldns takes them. */
			if (strncmp(e->d_name, "bad-nsec3", 9) == 0)
				continue;
			if (dot && (strcmp(dot, ".db") == 0 || strcmp(dot, ".zone") == 0 || strstr(e->d_name, "Zone")))
				n += compare_file(path);
		}
		closedir(d);
	}
	assert_true(n > 300);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rdata_has_one_text),
		cmocka_unit_test(written_rdata_becomes_canonical),
		cmocka_unit_test(types_have_names),
		cmocka_unit_test(random_rdata_reads_as_ldns_reads_it),
		cmocka_unit_test(random_bytes_never_crash),
		cmocka_unit_test(sample_zones_read_as_ldns_reads_them),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
