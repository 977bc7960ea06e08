/* Entries of Cloudflare's audit log in our vocabulary. */
#include "rows.h"

#include "core/file.h"
#include "core/limits.h"

#define ASKED "GET /accounts/acct/logs/audit?since=2026-08-01T00:00:00.000Z&before=2026-08-02T00:00:00.000Z&limit=1000&direction=asc page 1"
#define ENTRY(rest) "{\"success\":true,\"result\":[{\"id\":\"e1\"," rest "}]}"
#define AT "\"time\":\"2026-08-01T01:02:03.5Z\""

static void decode(const char *json, struct afd_buf *ret)
{
	struct afd_error err = { 0 };

	if (rows_decode("cloudflare-audit", "cf", ASKED, afd_slice_text(json), ret, &err) < 0)
		fail_msg("%s: %s", json, err.text);
}

/* The value behind NAME= in the line of an event. */
static void word(const struct afd_buf *line, const char *name, char *ret, size_t max)
{
	const char *at = strstr(text_of(*line), name);
	size_t n;

	assert_non_null(at);
	at += strlen(name);
	n = strcspn(at, " \n");
	assert_true(n < max);
	memcpy(ret, at, n);
	ret[n] = '\0';
}

#define URI(method, path) "\"raw\":{\"method\":\"" method "\",\"uri\":\"/client/v4" path "\"}"

static const struct { const char *type, *rest, *action, *object; } verbs[] = {
	{ "create", URI("POST", "/zones/z1/dns_records"), "record.add", "record:-" },
	{ "update", URI("PUT", "/zones/z1/dns_records/r1") ",\"resource\":{\"id\":\"r1\"}", "record.update", "record:r1" },
	{ "delete", URI("DELETE", "/zones/z1/dns_records/r1?x=1"), "record.delete", "record:-" },
	{ "create", URI("POST", "/zones/z1/dns_records/import"), "record.add", "record:-" },
	{ "create", "\"resource\":{\"product\":\"DNS Records\"}", "record.add", "record:-" },
	{ "delete", "\"resource\":{\"type\":\"dns.record\"}", "record.delete", "record:-" },
	{ "update", URI("PATCH", "/zones/z1/dnssec"), "dnssec.update", "zone:-" },
	{ "delete", URI("DELETE", "/zones/z1/dnssec"), "dnssec.update", "zone:-" },
	{ "create", URI("POST", "/zones"), "zone.create", "zone:-" },
	{ "delete", URI("DELETE", "/zones/z1"), "zone.delete", "zone:-" },
	{ "create", URI("POST", "/user/tokens"), "token.create", "token:-" },
	{ "create", URI("POST", "/accounts/acct/tokens"), "token.create", "token:-" },
	{ "update", URI("PUT", "/accounts/acct/tokens/t1/value"), "token.roll", "token:-" },
	{ "update", URI("PUT", "/user/tokens/t1"), "token.update", "token:-" },
	{ "delete", URI("DELETE", "/user/tokens/t1"), "token.delete", "token:-" },
	{ "update", URI("PUT", "/user/api_key"), "token.roll", "token:-" },
	{ "view", URI("GET", "/user/api_key"), "token.view", "token:-" },
	{ "create", URI("POST", "/accounts/acct/members"), "member.add", "member:-" },
	{ "delete", URI("DELETE", "/accounts/acct/members/m1"), "member.remove", "member:-" },
	{ "Create", "\"resource\":{\"product\":\"members\"}", "member.add", "member:-" },
	{ "update", URI("PUT", "/accounts/acct/registrar/domains/example.test") ",\"resource\":{\"request\":{\"locked\":false}}", "transfer-lock.remove", "domain:-" },
	{ "update", URI("PUT", "/accounts/acct/registrar/domains/example.test") ",\"resource\":{\"request\":{\"locked\":true}}", "transfer-lock.add", "domain:-" },
	{ "update", URI("PUT", "/accounts/acct/registrar/domains/example.test") ",\"resource\":{\"request\":{\"name_servers\":[\"a\"]}}", "ns.change", "domain:-" },
	{ "update", URI("PUT", "/accounts/acct/registrar/domains/example.test") ",\"resource\":{\"request\":{\"auto_renew\":false}}", "domain.update", "domain:-" },
	{ "update", URI("PUT", "/accounts/acct/registrar/domains/example.test"), "transfer-lock.unknown", "domain:-" },
	{ "update", URI("PUT", "/accounts/acct/registrar/domains/example.test") ",\"resource\":{\"request\":null}", "transfer-lock.unknown", "domain:-" },
	{ "update", URI("PUT", "/accounts/acct/registrar/domains/example.test") ",\"resource\":{\"request\":{}}", "transfer-lock.unknown", "domain:-" },
	{ "update", URI("PUT", "/accounts/acct/registrar/domains/example.test") ",\"resource\":{\"request\":[]}", "transfer-lock.unknown", "domain:-" },
	{ "update", URI("PUT", "/accounts/acct/registrar/domains/example.test") ",\"resource\":{\"request\":\"locked=false\"}", "transfer-lock.unknown", "domain:-" },
	{ "update", URI("PUT", "/accounts/acct/registrar/domains/example.test") ",\"resource\":{\"request\":{\"locked\":null}}", "transfer-lock.unknown", "domain:-" },
	{ "update", URI("PUT", "/accounts/acct/registrar/domains/example.test") ",\"resource\":{\"request\":{\"locked\":\"false\"}}", "transfer-lock.unknown", "domain:-" },
	{ "update", URI("PUT", "/accounts/acct/registrar/domains/example.test") ",\"resource\":{\"request\":{\"locked\":0,\"auto_renew\":true}}", "transfer-lock.unknown", "domain:-" },
	{ "update", URI("PUT", "/accounts/acct/registrar/domains/example.test") ",\"resource\":{\"request\":{\"locked\":\"x\",\"name_servers\":[]}}", "ns.change", "domain:-" },
	{ "update", URI("PUT", "/accounts/acct/registrar/domains/example.test") ",\"resource\":{\"request\":{\"locked\":\"x\",\"dnssec\":{}}}", "ds.change", "domain:-" },
	{ "create", URI("POST", "/accounts/acct/registrar/domains/example.test/transfer_out"), "domain.transfer-out", "domain:-" },
	{ "view", URI("GET", "/accounts/acct/registrar/domains/example.test/auth_code"), "domain.auth-code.read", "domain:-" },
	{ "create", "\"resource\":{\"product\":\"login\"}", "login", "account:-" },
	{ "update", "\"resource\":{\"product\":\"page_rules\",\"type\":\"rule\"}", "other.pagerules.update", "rule:-" },
	{ "create", URI("POST", "/zones/z1/dns_records_x"), "other.unknown.create", "-:-" },
	{ "", "\"x\":1", "other.unknown.unknown", "-:-" },
};

static void actions_have_our_verbs(void **state)
{
	(void)state;
	for (size_t i = 0; i < AFD_COUNT(verbs); i++) {
		AFD_AUTO(buf) struct afd_buf got = { 0 };
		AFD_AUTO(mem) char *json = afd_sprintf(ENTRY("\"action\":{\"type\":\"%s\"," AT "},%s"), verbs[i].type, verbs[i].rest);
		char action[100], object[100];

		decode(json, &got);
		word(&got, " action=", action, sizeof(action));
		word(&got, " object=", object, sizeof(object));
		if (strcmp(action, verbs[i].action) || strcmp(object, verbs[i].object))
			fail_msg("%s\n  expected %s %s\n  got %s %s", json, verbs[i].action, verbs[i].object, action, object);
	}
}

static const struct { const char *actor, *kind, *credential, *channel; } actors[] = {
	{ "{\"type\":\"user\",\"context\":\"dash\",\"email\":\"a@x.test\",\"id\":\"u\"}", "person:a@x.test", "-", "ui" },
	{ "{\"type\":\"user\",\"context\":\"api_token\",\"email\":\"a@x.test\",\"token_id\":\"t\"}", "credential:a@x.test", "t", "api" },
	{ "{\"type\":\"user\",\"context\":\"api_key\",\"id\":\"u\"}", "credential:u", "api-key:u", "api" },
	{ "{\"type\":\"account\",\"context\":\"api_token\",\"token_id\":\"t\"}", "credential:-", "t", "api" },
	{ "{\"type\":\"account\",\"id\":\"s\"}", "credential:s", "-", "-" },
	{ "{\"type\":\"Cloudflare_admin\",\"id\":\"x\"}", "provider:x", "-", "-" },
	{ "{\"type\":\"system\"}", "system:-", "-", "-" },
	{ "{\"type\":\"user\",\"context\":\"oauth\",\"id\":\"u\"}", "person:u", "-", "oauth" },
	{ "{\"type\":\"user\",\"context\":\"\",\"email\":\"\",\"id\":\"u\",\"token_id\":\"\"}", "person:u", "-", "-" },
	{ "{}", "unknown:-", "-", "-" },
	{ "null", "unknown:-", "-", "-" },
	{ "[\"user\"]", "unknown:-", "-", "-" },
};

static void actors_are_people_credentials_or_the_provider(void **state)
{
	(void)state;
	for (size_t i = 0; i < AFD_COUNT(actors); i++) {
		AFD_AUTO(buf) struct afd_buf got = { 0 };
		AFD_AUTO(mem) char *json = afd_sprintf(ENTRY("\"action\":{" AT "},\"actor\":%s"), actors[i].actor);
		char kind[100], credential[100], channel[100];

		decode(json, &got);
		word(&got, " actor=", kind, sizeof(kind));
		word(&got, " credential=", credential, sizeof(credential));
		word(&got, " channel=", channel, sizeof(channel));
		if (strcmp(kind, actors[i].kind) || strcmp(credential, actors[i].credential) || strcmp(channel, actors[i].channel))
			fail_msg("%s\n  expected %s %s %s\n  got %s %s %s", json, actors[i].kind, actors[i].credential, actors[i].channel, kind,
			         credential, channel);
	}
}

static const struct { const char *rest, *domain; } domains[] = {
	{ "\"zone\":{\"name\":\"Example.TEST\"}", "example.test" },
	{ URI("PUT", "/accounts/acct/registrar/domains/a.test?x=1"), "a.test" },
	{ "\"resource\":{\"id\":\"b.test\"}", "b.test" },
	{ "\"resource\":{\"id\":\"0123456789abcdef\"}", "-" },
	{ "\"zone\":{\"name\":\"not a name.test\"}", "-" },
	{ "\"zone\":null", "-" },
};

static void domains_are_canonical_or_not_stated(void **state)
{
	(void)state;
	for (size_t i = 0; i < AFD_COUNT(domains); i++) {
		AFD_AUTO(buf) struct afd_buf got = { 0 };
		AFD_AUTO(mem) char *json = afd_sprintf(ENTRY("\"action\":{" AT "},%s"), domains[i].rest);
		char domain[200];

		decode(json, &got);
		word(&got, " domain=", domain, sizeof(domain));
		if (strcmp(domain, domains[i].domain))
			fail_msg("%s: expected %s, got %s", json, domains[i].domain, domain);
	}
}

static void a_whole_entry(void **state)
{
	AFD_AUTO(buf) struct afd_buf got = { 0 };

	(void)state;
	decode("{\"success\":true,\"result\":[{\"id\":\"e0\",\"action\":{" AT ",\"result\":\"failure\"}},"
	       "{\"id\":\"e1\",\"account\":{\"id\":\"other\"},\"action\":{\"type\":\"create\",\"description\":\"Add Member\",\"result\":\"success\",\"time\":\"2026-08-01T03:02:03+02:00\"},"
	       "\"actor\":{\"type\":\"user\",\"context\":\"dash\",\"email\":\"a@x.test\",\"ip_address\":\"192.0.2.1\"},"
	       "\"resource\":{\"product\":\"members\",\"id\":\"m1\",\"request\":{ \"email\" :\n\"b \\\" @x.test\"} },\"zone\":{\"name\":\"x.test\"}}]}", &got);
	assert_string_equal(text_of(got),
		"event e0 2026-08-01T01:02:03.500Z part=1 account=acct action=other.unknown.unknown domain=- object=-:- actor=unknown:- credential=- "
		"origin=- channel=- mfa=- outcome=failure record=log raw='- -: -' after=-\n"
		"event e1 2026-08-01T01:02:03.000Z part=3 account=other action=member.add domain=x.test object=member:m1 actor=person:a@x.test "
		"credential=- origin=192.0.2.1 channel=ui mfa=- outcome=success record=log raw='create members: Add Member' after={\"email\":\"b \\\" @x.test\"}\n");
}

#define RECORD(type, path, more) ENTRY("\"action\":{\"type\":\"" type "\",\"result\":\"success\"," AT "},\"actor\":{\"type\":\"user\",\"context\":\"api_token\"," \
	"\"email\":\"a@x.test\",\"token_id\":\"t1\",\"ip_address\":\"192.0.2.9\"},\"zone\":{\"name\":\"x.test\"}," URI("POST", path) ",\"resource\":{" more "}")
static const struct { const char *json, *claim; } claims[] = {
	{ RECORD("create", "/zones/z1/dns_records", "\"request\":{\"type\":\"TXT\",\"name\":\"_acme-challenge.X.test\",\"content\":\"to k\"}"), "outcome=applied: +_acme-challenge.x.test/TXT/\"to k\"" },
	{ RECORD("create", "/zones/z1/dns_records", "\"request\":{\"type\":\"MX\",\"name\":\"x.test\",\"content\":\"MX.x.test\",\"priority\":5}"), "outcome=applied: +x.test/MX/5 mx.x.test." },
	{ RECORD("update", "/zones/z1/dns_records/r1", "\"request\":{\"content\":\"192.0.2.1\"},\"response\":{\"result\":{\"type\":\"A\",\"name\":\"w.x.test\",\"content\":\"192.0.2.1\"}}"), "outcome=applied: +w.x.test/A/192.0.2.1 -w.x.test/A/-" },
	{ RECORD("delete", "/zones/z1/dns_records/r1", "\"response\":{\"type\":\"A\",\"name\":\"w.x.test\",\"content\":\"192.0.2.1\"}"), "outcome=applied: -w.x.test/A/192.0.2.1" },
	{ RECORD("delete", "/zones/z1/dns_records/r1", "\"response\":{\"result\":{\"id\":\"r1\"}}"), "outcome=applied:" },
	{ RECORD("create", "/zones/z1/dns_records", "\"request\":{\"type\":\"A\",\"name\":\"w.x.test\",\"content\":\"no address\"}"), "outcome=applied: +w.x.test/A/-" },
	{ RECORD("create", "/zones/z1/dns_records", "\"request\":{\"type\":\"A\",\"name\":7}"), "outcome=applied:" },
	{ RECORD("view", "/zones/z1/dns_records/export", "\"x\":1"), NULL },
	{ RECORD("update", "/zones/z1", "\"request\":{\"type\":\"A\",\"name\":\"w.x.test\"}"), NULL },
};

static void changes_of_records_are_claims_too(void **state)
{
	(void)state;
	for (size_t i = 0; i < AFD_COUNT(claims); i++) {
		AFD_AUTO(buf) struct afd_buf got = { 0 };
		const char *at;

		decode(claims[i].json, &got);
		at = strstr(text_of(got), "\nclaim ");
		if (!claims[i].claim) {
			if (at)
				fail_msg("%s\n  a claim: %s", claims[i].json, at);
			continue;
		}
		if (!at)
			fail_msg("%s\n  no claim: %s", claims[i].json, text_of(got));
		assert_true(!strncmp(at, "\nclaim audit-event e1 2026-08-01T01:02:03.500Z part=1 zone=x.test actor=a@x.test credential=t1 client=192.0.2.9 ", 104));
		at = strstr(at, "outcome=");
		if (strncmp(at, claims[i].claim, strlen(claims[i].claim)) || at[strlen(claims[i].claim)] != '\n')
			fail_msg("%s\n  expected: %s\n  got: %s", claims[i].json, claims[i].claim, at);
	}
}

static void an_empty_page_tells_nothing(void **state)
{
	AFD_AUTO(buf) struct afd_buf got = { 0 };

	(void)state;
	decode("{\"success\":true,\"result\":null}", &got);
	decode("{\"success\":true,\"result\":[]}", &got);
	assert_string_equal(text_of(got), "");
}

static void bad_entries_become_a_gap(void **state)
{
	AFD_AUTO(buf) struct afd_buf got = { 0 };

	(void)state;
	decode("{\"success\":true,\"result\":[{\"id\":\"\",\"action\":{\"time\":\"2026-08-01T01:00:00Z\"}}]}", &got);
	assert_string_equal(text_of(got), "coverage account-events acct [2026-08-01T01:00:00.000Z, 2026-08-01T01:00:00.001Z) gap -1/-1 lag=0 part=0 "
	                    "watch=-: entry 0 could not be read: id is missing\n");
	got.len = 0;
	decode("{\"success\":true,\"result\":[[],7,{\"id\":\"x\"}]}", &got);
	assert_string_equal(text_of(got), "coverage account-events acct [2026-08-01T00:00:00.000Z, 2026-08-02T00:00:00.000Z) gap -1/-1 lag=0 part=0 "
	                    "watch=-: entry 0 could not be read: not a map\n");
}

static void what_is_no_page_is_an_error(void **state)
{
	static const struct { const char *asked, *json, *error; } bad[] = {
		{ ASKED, "{\"success\":false,\"result\":[]}", "answer: success is not true" },
		{ ASKED, "{\"success\":true}", "answer:1: result: expected a list of entries under \"result\", got nothing" },
		{ "GET /x", "{\"success\":true,\"result\":[]}", "the record does not say which account was asked, and for which time" },
		{ NULL, "{}", "the record does not say which account was asked, and for which time" },
	};

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(bad); i++) {
		AFD_AUTO(buf) struct afd_buf got = { 0 };
		struct afd_error err = { 0 };

		assert_int_equal(rows_decode("cloudflare-audit", "cf", bad[i].asked, afd_slice_text(bad[i].json), &got, &err), -1);
		assert_non_null(strstr(err.text, bad[i].error[0] == 'a' && strchr(bad[i].error, ':') ? "answer" : bad[i].error));
	}
}

static void the_vendors_example_is_understood(void **state)
{
	const char *shared = getenv("AFFIDAVIT_SHARED"), *source = getenv("AFFIDAVIT_SOURCE");
	AFD_AUTO(mem) char *path = afd_sprintf("%s%s/data/providers/cloudflare/audit-v2-docs-example.json", shared ? shared : source ? source : ".",
	                                       shared ? "" : "/../shared");
	AFD_AUTO(buf) struct afd_buf text = { 0 };
	AFD_AUTO(buf) struct afd_buf got = { 0 };
	struct afd_error err = { 0 };

	(void)state;
	if (afd_file_read(path, AFD_MAX_USER_FILE, &text, &err) < 0) {
		afd_mem_release(&path);        /* skip() leaves by longjmp */
		skip();
	}
	if (rows_decode("cloudflare-audit", "cf", ASKED, afd_buf_slice(&text), &got, &err) < 0)
		fail_msg("%s", err.text);
	/* the example's entry has no id of its own: the request's stands in */
	assert_string_equal(text_of(got),
		"event ray:8e9b1c60ef9e1c9a/create/members/id 2024-04-26T17:31:07.000Z part=1 account=4bb334f7c94c4a29a045f03944f072e5 action=member.add "
		"domain=example.com object=member:id actor=person:alice@example.com credential=token_id origin=198.41.129.166 channel=ui mfa=- "
		"outcome=success record=log raw='create members: Add Member' after=-\n");
}

/* --- the run item --- */

#define COVER "{\"evidence\":\"e\",\"from\":1,\"grade\":\"proven\",\"lag_ms\":5,\"provider_count\":-1,\"scope\":\"s\",\"stored_count\":2,\"to\":9}"
#define RUN(coverage) "{\"coverage\":[" coverage "],\"ended_ms\":2,\"items\":1,\"kind\":\"k\",\"requests\":3,\"result\":\"ok\",\"source\":\"cf\",\"started_ms\":1,\"v\":1}"

static const struct { const char *json, *error; } runs[] = {
	{ RUN(COVER), NULL },
	{ RUN(""), NULL },
	{ "", "" },
	{ "[]", "" },
	{ RUN("7"), "" },
	{ RUN("{}"), "evidence: a required field is missing" },
	{ "{\"v\":1}", "a required field is missing" },
	{ "{\"coverage\":{},\"ended_ms\":2,\"items\":1,\"kind\":\"k\",\"requests\":3,\"result\":\"ok\",\"source\":\"cf\",\"started_ms\":1,\"v\":1}", "expected a list" },
	{ "{\"coverage\":[],\"ended_ms\":2,\"items\":1,\"kind\":\"k\",\"requests\":3,\"result\":\"ok\",\"source\":\"cf\",\"started_ms\":1,\"v\":2}", "expected 1" },
	{ "{\"coverage\":[],\"ended_ms\":2,\"items\":1,\"kind\":\"k\",\"requests\":3,\"result\":\"ok\",\"source\":\"xx\",\"started_ms\":1,\"v\":1}", "expected the source of the record" },
	{ RUN("{\"evidence\":\"e\",\"from\":1,\"grade\":\"sure\",\"lag_ms\":5,\"provider_count\":-1,\"scope\":\"s\",\"stored_count\":2,\"to\":9}"), "expected gap, sampled, asserted or proven" },
	{ RUN("{\"evidence\":\"e\",\"from\":9,\"grade\":\"gap\",\"lag_ms\":5,\"provider_count\":-1,\"scope\":\"s\",\"stored_count\":2,\"to\":9}"), "a time after" },
	{ RUN("{\"evidence\":\"e\",\"from\":1,\"grade\":\"gap\",\"lag_ms\":-5,\"provider_count\":-1,\"scope\":\"s\",\"stored_count\":2,\"to\":9}"), "0 or more" },
};

static void run_items_are_read_strictly(void **state)
{
	(void)state;
	for (size_t i = 0; i < AFD_COUNT(runs); i++) {
		AFD_AUTO(buf) struct afd_buf got = { 0 };
		struct afd_error err = { 0 };
		int r = rows_decode("run", "cf", "run of cf", afd_slice_text(runs[i].json), &got, &err);

		if (!runs[i].error && r < 0)
			fail_msg("%s: %s", runs[i].json, err.text);
		if (runs[i].error && (r == 0 || !strstr(err.text, runs[i].error)))
			fail_msg("%s: expected \"%s\", got \"%s\"", runs[i].json, runs[i].error, err.text);
		if (i == 0)
			assert_string_equal(text_of(got), "coverage e s [1970-01-01T00:00:00.001Z, 1970-01-01T00:00:00.009Z) proven 2/-1 lag=5 part=1 watch=-: -\n");
	}
}

static void an_unknown_decoder_is_an_error(void **state)
{
	AFD_AUTO(buf) struct afd_buf got = { 0 };
	struct afd_error err = { 0 };

	(void)state;
	assert_int_equal(rows_decode("sorcery", "x", "x", afd_slice_text(""), &got, &err), -1);
	assert_string_equal(err.text, "no decoder is named \"sorcery\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(actions_have_our_verbs),
		cmocka_unit_test(actors_are_people_credentials_or_the_provider),
		cmocka_unit_test(domains_are_canonical_or_not_stated),
		cmocka_unit_test(a_whole_entry),
		cmocka_unit_test(changes_of_records_are_claims_too),
		cmocka_unit_test(an_empty_page_tells_nothing),
		cmocka_unit_test(bad_entries_become_a_gap),
		cmocka_unit_test(what_is_no_page_is_an_error),
		cmocka_unit_test(the_vendors_example_is_understood),
		cmocka_unit_test(run_items_are_read_strictly),
		cmocka_unit_test(an_unknown_decoder_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
