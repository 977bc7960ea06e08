/* Logs of ACME clients and directories of certificates: what they say. letsencrypt.log is a real one (certbot 2.1 against a test
 * authority), without what nobody reads. */
#include "../rows.h"
#include "core/file.h"

static void read_log(struct afd_buf *ret)
{
	AFD_AUTO(mem) char *path = afd_sprintf("%s/tests/collector/acme/letsencrypt.log", getenv("AFFIDAVIT_SOURCE"));

	assert_int_equal(afd_file_read(path, 1 << 20, ret, NULL), 0);
}

static void decode(const char *kind, const char *asked, const char *text, struct afd_buf *rows)
{
	struct afd_error err = { 0 };

	rows->len = 0;
	if (rows_decode(kind, "s", asked, afd_slice_text(text), rows, &err) < 0)
		fail_msg("%s", err.text);
}

static void same(const struct afd_buf *rows, const char *want)
{
	assert_string_equal(text_of(*rows), want);
}

static const char certbot_rows[] =
	"issuance certbot issued 2026-11-22T08:18:33.915Z part=36 account=https://ca.example/my-account/707e4ded00ea745a challenge=dns-01"
	" serial=55f0c770f07fc817 cert=94d4d305 tbs=30b17717 ref='certificate 30b1771769cfbdc55851b147ba702f52e61027ee1a9e54e2' reason='-':"
	" www.example.test *.example.test\n"
	"issuance certbot requested 2026-11-22T08:18:31.754Z part=8 account=https://ca.example/my-account/707e4ded00ea745a challenge=dns-01"
	" serial=- cert=- tbs=- ref='https://ca.example/my-order/gy99TfRpIzYlTsoz2BeNvhPmc5ZZfYdy' reason='-': www.example.test *.example.test\n";

static void certbot_tells_what_went_over_the_wire(void **state)
{
	AFD_AUTO(buf) struct afd_buf log = { 0 }, rows = { 0 };

	(void)state;
	read_log(&log);
	decode("acme-log", "certbot lines 1-731 of x tz=UTC domains=example.test", text_of(log), &rows);
	assert_true(strncmp(text_of(rows), certbot_rows, strlen(certbot_rows)) == 0);
	assert_non_null(strstr(text_of(rows), "issuance certbot renewed 2026-11-22T08:18:37.478Z"));
	assert_non_null(strstr(text_of(rows), "issuance certbot failed 2026-11-22T08:18:40.026Z"));
	assert_non_null(strstr(text_of(rows), "reason='Received response from server: REFUSED': www.example.test\n"));
}

/* The authority's Date: tells what local time is; a zone that was configured for the other half of the year is overruled. */
static void local_time_follows_the_date_of_answers(void **state)
{
	AFD_AUTO(buf) struct afd_buf log = { 0 }, rows = { 0 };

	(void)state;
	read_log(&log);
	decode("acme-log", "certbot lines 1-731 of x tz=+02:00 domains=example.test", text_of(log), &rows);
	assert_non_null(strstr(text_of(rows), "issuance certbot issued 2026-11-22T08:18:33.915Z"));
}

static const struct { const char *what, *asked, *log, *rows; } row[] = {
	{ "lego: issued", "lego lines 1-4 of x tz=+01:00 domains=example.test",
	  "2026/11/22 09:00:00 [INFO] acme: Registering account for ops@example.test\n"
	  "2026/11/22 09:00:01 [INFO] [a.example.test, *.B.example.test] acme: Obtaining bundled SAN certificate\n"
	  "2026/11/22 09:00:02 [INFO] [a.example.test] acme: use dns-01 solver\n"
	  "2026/11/22 09:00:05 [INFO] [a.example.test] Server responded with a certificate.\n",
	  "issuance lego issued 2026-11-22T08:00:05.000Z part=3 account=ops@example.test challenge=dns-01 serial=- cert=- tbs=-"
	  " ref='order 1795334401000 8bd5ff5f50e5b859 issued' reason='-': a.example.test *.b.example.test\n"
	  "issuance lego requested 2026-11-22T08:00:01.000Z part=1 account=ops@example.test challenge=dns-01 serial=- cert=- tbs=-"
	  " ref='order 1795334401000 8bd5ff5f50e5b859 requested' reason='-': a.example.test *.b.example.test\n" },
	{ "lego: renewal that fails", "lego lines 1-5 of x tz=UTC domains=example.test",
	  "2026/11/22 09:00:00 [INFO] [a.example.test] acme: Trying renewal with 12 hours remaining\n"
	  "2026/11/22 09:00:01 [INFO] [a.example.test] acme: Obtaining bundled SAN certificate\n"
	  "2026/11/22 09:00:05 Could not obtain certificates:\n\terror: one or more domains had a problem:\n"
	  "[a.example.test] time limit exceeded\n",
	  "issuance lego failed 2026-11-22T09:00:05.000Z part=2 account=- challenge=- serial=- cert=- tbs=-"
	  " ref='order 1795338001000 c4266aa2791fb64d failed' reason='error: one or more domains had a problem: [a.example.test] time limit"
	  " exceeded ': a.example.test\n"
	  "issuance lego requested 2026-11-22T09:00:01.000Z part=1 account=- challenge=- serial=- cert=- tbs=-"
	  " ref='order 1795338001000 c4266aa2791fb64d requested' reason='-': a.example.test\n" },
	{ "lego: no zone, nothing said", "lego lines 1-1 of x tz=- domains=example.test",
	  "2026/11/22 09:00:01 [INFO] [a.example.test] acme: Obtaining bundled SAN certificate\n", "" },
	{ "cert-manager: a challenge in JSON", "cert-manager lines 1-1 of x tz=- domains=example.test",
	  "{\"ts\":1795334400123.5,\"logger\":\"cert-manager.challenges\",\"msg\":\"propagation check failed\",\"err\":\"DNS record not yet"
	  " propagated\",\"resource_name\":\"a-1\",\"resource_namespace\":\"web\",\"resource_kind\":\"Challenge\",\"dnsName\":\"a.example.test\","
	  "\"type\":\"DNS-01\"}\n",
	  "issuance cert-manager failed 2026-11-22T08:00:00.123Z part=0 account=- challenge=dns-01 serial=- cert=- tbs=- ref='Challenge web/a-1"
	  " failed' reason='DNS record not yet propagated': a.example.test\n"
	  "issuance cert-manager requested 2026-11-22T08:00:00.123Z part=0 account=- challenge=dns-01 serial=- cert=- tbs=- ref='Challenge web/a-1"
	  " requested' reason='-': a.example.test\n" },
};

static void what_lines_say(void **state)
{
	(void)state;
	for (size_t i = 0; i < AFD_COUNT(row); i++) {
		AFD_AUTO(buf) struct afd_buf rows = { 0 };

		decode("acme-log", row[i].asked, row[i].log, &rows);
		if (strcmp(text_of(rows), row[i].rows) != 0)
			fail_msg("%s: got\n%s", row[i].what, text_of(rows));
	}
}

static const struct { const char *what, *text, *rows; } resource[] = {
	{ "an order that failed, YAML",
	  "apiVersion: acme.cert-manager.io/v1\nkind: Order\nmetadata:\n  name: web-1\n  namespace: web\n  uid: u1\n"
	  "  creationTimestamp: \"2026-08-01T10:00:00Z\"\nspec:\n  dnsNames: [a.example.test, \"*.a.example.test\"]\n  issuerRef: {name: le}\n"
	  "status:\n  state: invalid\n  url: https://ca.example/order/7\n  failureTime: \"2026-08-01T10:05:00Z\"\n  reason: CAA forbids\n"
	  "  authorizations:\n    - {identifier: a.example.test, challenges: [{type: dns-01}]}\n",
	  "issuance cert-manager failed 2026-08-01T10:05:00.000Z part=0 account=le challenge=dns-01 serial=- cert=- tbs=-"
	  " ref='https://ca.example/order/7 failed' reason='CAA forbids': a.example.test *.a.example.test\n"
	  "issuance cert-manager requested 2026-08-01T10:00:00.000Z part=0 account=le challenge=dns-01 serial=- cert=- tbs=-"
	  " ref='https://ca.example/order/7 requested' reason='-': a.example.test *.a.example.test\n" },
	{ "a wish, in a list, beside what is not ours",
	  "{\"kind\":\"List\",\"apiVersion\":\"v1\",\"items\":[{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"x\"}},"
	  "{\"kind\":\"Certificate\",\"apiVersion\":\"cert-manager.io/v1\",\"metadata\":{\"name\":\"web\",\"namespace\":\"web\",\"uid\":\"u2\","
	  "\"creationTimestamp\":\"2026-08-01T10:00:00Z\"},\"spec\":{\"dnsNames\":[\"a.example.test\"],\"issuerRef\":{\"name\":\"le\"}}}]}",
	  "issuance cert-manager requested 2026-08-01T10:00:00.000Z part=0 account=le challenge=- serial=- cert=- tbs=-"
	  " ref='Certificate web/web u2 requested' reason='-': a.example.test\n" },
};

static void what_resources_say(void **state)
{
	(void)state;
	for (size_t i = 0; i < AFD_COUNT(resource); i++) {
		AFD_AUTO(buf) struct afd_buf rows = { 0 };

		decode("cert-manager-resources", "resources in x", resource[i].text, &rows);
		if (strcmp(text_of(rows), resource[i].rows) != 0)
			fail_msg("%s: got\n%s", resource[i].what, text_of(rows));
	}
}

/* --- a directory --- */

/* The leaf of the log's first certificate, as JSON keeps it. */
static char *leaf(bool second)
{
	AFD_AUTO(buf) struct afd_buf log = { 0 }, out = { 0 };
	const char *p, *end;

	read_log(&log);
	p = strstr(text_of(log), "-----BEGIN CERTIFICATE-----");
	if (second)
		p = strstr(p + 1, "-----BEGIN CERTIFICATE-----");
	assert_non_null(p);
	end = strstr(p, "-----END");
	for (p = strchr(p, '\n'); p < end; p++)
		if (*p != '\n')
			assert_int_equal(afd_buf_u8(&out, (uint8_t)*p), 0);
	return afd_text_dup(afd_buf_slice(&out));
}

static void a_directory_tells_what_is_held_and_who_asked(void **state)
{
	AFD_AUTO(mem) char *own = leaf(false), *above = leaf(true);
	AFD_AUTO(mem) char *json = afd_sprintf(
		"{\"directory\":\"certs\",\"files\":[{\"certificates\":[\"%s\",\"%s\"],\"modified\":1,\"name\":\"a/full.pem\",\"skipped\":\"private key\"},"
		"{\"certificates\":[\"%s\"],\"modified\":1,\"name\":\"b.pem\"}],"
		"\"list\":\"serial,names,owner,purpose,requester,date\\n00:55:F0:C7:70:F0:7F:C8:17,,Web team,shop,alice,2026-11-22\\n"
		"0a,printer.example.test;nas.example.test,IT,office,bob,2026-07-01\\n\"}", own, above, own);
	AFD_AUTO(buf) struct afd_buf rows = { 0 };

	(void)state;
	decode("certificate-dir", "certificates in certs", json, &rows);
	same(&rows,
	     "held a/full.pem part=1 owner=Web team purpose=shop cert=94d4d305 tbs=30b17717 serial=55f0c770f07fc817 issuer='CN=Pebble Intermediate CA"
	     " 60b462' key=49516415 [2026-11-22 08:18:32, 2031-11-22 08:18:31]: dns:www.example.test dns:*.example.test\n"
	     "issuance list issued 2026-11-22T00:00:00.000Z part=1 account=alice challenge=- serial=55f0c770f07fc817 cert=94d4d305 tbs=30b17717"
	     " ref='list 94d4d3055929935a39a46633665b3316495c9706894ce5aa36e855e' reason='-': www.example.test *.example.test\n"
	     "held b.pem part=3 owner=Web team purpose=shop cert=94d4d305 tbs=30b17717 serial=55f0c770f07fc817 issuer='CN=Pebble Intermediate CA"
	     " 60b462' key= [2026-11-22 08:18:32, 2031-11-22 08:18:31]: dns:www.example.test dns:*.example.test\n"
	     "issuance list issued 2026-07-01T00:00:00.000Z part=4 account=bob challenge=- serial=a cert=- tbs=- ref='list a  printer.example.test;nas"
	     ".example.test' reason='-': printer.example.test nas.example.test\n");
}

/* --- secrets --- */

static const struct { const char *text, *left; } secret[] = {
	{ "Arguments: ['--eab-kid', 'k1', '--eab-hmac-key', 'c2VjcmV0'] x", "Arguments: ['--eab-kid', 'k1', '--eab-hmac-key', '********'] x" },
	{ "Var eab_hmac_key=c2Vj (set by user).", "Var eab_hmac_key=**** (set by user)." },
	{ "  tls.key: LS0tLS1CRUdJTg==\n  a: b", "  tls.key: ****************\n  a: b" },
	{ "{\"tls.key\": \"LS0t\", \"tls.crt\": \"LS0t\"}", "{\"tls.key\": \"****\", \"tls.crt\": \"LS0t\"}" },
	{ "-----BEGIN EC PRIVATE KEY-----\nAAAA\nBB==\n-----END EC PRIVATE KEY-----\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
	  "-----BEGIN EC PRIVATE KEY-----\n****\n****\n-----END EC PRIVATE KEY-----\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n" },
	{ "-----BEGIN PRIVATE KEY-----\nAAAA", "-----BEGIN PRIVATE KEY-----\n****" },
};

static void secrets_are_cut(void **state)
{
	(void)state;
	for (size_t i = 0; i < AFD_COUNT(secret); i++) {
		AFD_AUTO(ranges) struct afd_ranges cuts = { 0 };
		char *text = afd_strdup(secret[i].text);

		assert_int_equal(afd_provider_find("acme-log")->redact(afd_slice_text(text), &cuts, NULL), 0);
		for (size_t k = 0; k < cuts.n; k++)
			memset(text + cuts.at[k].off, '*', cuts.at[k].len);
		assert_string_equal(text, secret[i].left);
		free(text);
	}
}

/* --- grants --- */

static const struct { const char *what, *asked, *text, *rows; } conf[] = {
	{ "BIND: update-policy and allow-transfer", "configuration x server=bind zones=example.test b.test none.test",
	  "key \"Acme-Web\" { algorithm hmac-sha256; secret \"c2VjcmV0\"; };\noptions { allow-transfer { key audit; 192.0.2.1; !10.0.0.1; }; };\n"
	  "zone \"example.test\" { type primary; update-policy {\n grant Acme-Web name _acme-challenge.www.example.test. TXT;\n"
	  " grant admin zonesub ANY; grant * self * A AAAA; deny x name y.; }; };\n"
	  "zone \"b.test\" { type primary; allow-update { key admin; }; allow-transfer { none; }; };\n",
	  "grants example.test\n  acme-web update _acme-challenge.www.example.test TXT\n  admin update example.test *\n  admin update *.example.test *\n"
	  "  * update * A self\n  * update * AAAA self\n  audit transfer example.test *\n  audit transfer *.example.test *\n"
	  "  - transfer example.test * 192.0.2.1\n  - transfer *.example.test * 192.0.2.1\n"
	  "grants b.test\n  admin update b.test *\n  admin update *.b.test *\n" },
	{ "Knot: acl", "configuration x server=knot zones=k.test",
	  "acl:\n  - id: acme\n    key: acme-web.\n    action: update\n    update-type: [TXT]\n    update-owner: name\n    update-owner-match: equal\n"
	  "    update-owner-name: [_acme-challenge, _acme-challenge.www]\n  - id: admin\n    key: admin\n    action: [update, transfer]\n"
	  "template:\n  - id: default\n    acl: admin\nzone:\n  - domain: k.test\n    acl: [acme, admin]\n",
	  "grants k.test\n  acme-web update _acme-challenge.k.test TXT\n  acme-web update _acme-challenge.www.k.test TXT\n  admin update k.test *\n"
	  "  admin update *.k.test *\n  admin transfer k.test *\n  admin transfer *.k.test *\n" },
	{ "NSD: provide-xfr", "configuration x server=nsd zones=a.test",
	  "zone:\n name: a.test\n provide-xfr: 192.0.2.1 audit\n provide-xfr: 0.0.0.0/0 NOKEY\n provide-xfr: 10.0.0.1 BLOCKED\n",
	  "grants a.test\n  audit transfer a.test * 192.0.2.1\n  audit transfer *.a.test * 192.0.2.1\n  - transfer a.test * 0.0.0.0/0\n"
	  "  - transfer *.a.test * 0.0.0.0/0\n" },
};

static void what_servers_grant(void **state)
{
	(void)state;
	for (size_t i = 0; i < AFD_COUNT(conf); i++) {
		AFD_AUTO(buf) struct afd_buf rows = { 0 };

		decode("dns-server-config", conf[i].asked, conf[i].text, &rows);
		if (strcmp(text_of(rows), conf[i].rows) != 0)
			fail_msg("%s: got\n%s", conf[i].what, text_of(rows));
	}
}

static void secrets_of_servers_are_cut(void **state)
{
	static const char *const cut[][2] = {
		{ "key k { secret \"c2Vj\"; };", "key k { secret \"****\"; };" }, { "    secret: c2Vj\n", "    secret: ****\n" },
		{ "api-key=abc\n", "api-key=***\n" }, { "secretive yes;", "secretive yes;" },
	};

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(cut); i++) {
		AFD_AUTO(ranges) struct afd_ranges cuts = { 0 };
		char *text = afd_strdup(cut[i][0]);

		assert_int_equal(afd_provider_find("dns-server-config")->redact(afd_slice_text(text), &cuts, NULL), 0);
		for (size_t k = 0; k < cuts.n; k++)
			memset(text + cuts.at[k].off, '*', cuts.at[k].len);
		assert_string_equal(text, cut[i][1]);
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(certbot_tells_what_went_over_the_wire), cmocka_unit_test(local_time_follows_the_date_of_answers),
		cmocka_unit_test(what_lines_say), cmocka_unit_test(what_resources_say),
		cmocka_unit_test(a_directory_tells_what_is_held_and_who_asked), cmocka_unit_test(secrets_are_cut),
		cmocka_unit_test(what_servers_grant), cmocka_unit_test(secrets_of_servers_are_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
