/* Logs that a map of the configuration explains: maps and what is wrong with them, times, lines, secrets. */
#include "rows.h"

#include "collector/collect.h"
#include "collector/engine.h"
#include "collector/files/events_map.h"

/* --- maps --- */

#define FIELDS "fields: {action: what}"
static const struct { const char *map, *error; } bad_maps[] = {
	{ "{time: at, " FIELDS "}", "x.yaml:4: sources[0].map.format: a required field is missing" },
	{ "{format: xml, time: at, " FIELDS "}", "x.yaml:4: sources[0].map.format: expected json-lines, json or csv, got \"xml\"" },
	{ "{format: csv, time: at}", "x.yaml:4: sources[0].map.fields: a required field is missing" },
	{ "{format: csv, time: at, fields: {actor: who}}", "x.yaml:4: map.fields: action is missing: what says what was done" },
	{ "{format: csv, time: {form: unix}, " FIELDS "}", "x.yaml:4: sources[0].map.time.from: a required field is missing" },
	{ "{format: csv, time: {from: at, form: '%Y-%m'}, " FIELDS "}", "x.yaml:4: sources[0].map.time.form: expected rfc3339, unix, unix-ms, unix-us, unix-ns, or a form with"
	  " at least %Y %m %d and with %z, or zone: beside it, got \"%Y-%m\"" },
	{ "{format: csv, time: {from: at, form: '%Y-%m-%d'}, " FIELDS "}", "x.yaml:4: sources[0].map.time.form: expected rfc3339" },
	{ "{format: csv, time: {from: at, zone: CET}, " FIELDS "}", "x.yaml:4: sources[0].map.time.zone: expected UTC or +hh:mm, got \"CET\"" },
	{ "{format: csv, time: at, fields: {action: {from: a, words: {unlock: lock.off}}}}",
	  "x.yaml:4: sources[0].map.fields.action.words.unlock: expected a verb of docs/events.md, such as transfer-lock.remove, got \"lock.off\"" },
	{ "{format: csv, time: at, fields: {action: a, actor_kind: {from: b, words: {h: human}}}}",
	  "x.yaml:4: sources[0].map.fields.actor_kind.words.h: expected person, credential, system, provider or unknown, got \"human\"" },
	{ "{format: csv, time: at, fields: {action: a, outcome: {value: good}}}",
	  "x.yaml:4: sources[0].map.fields.outcome.value: expected success, failure or unknown, got \"good\"" },
	{ "{format: csv, time: at, fields: {action: a, whom: b}}", "x.yaml:4: map.fields: expected one of account, action" },
	{ "{format: csv, time: at, fields: {action: a, actor: {words: {a: b}}}}", "x.yaml:4: sources[0].map.fields.actor: expected from or value in it, got a map" },
	{ "{format: csv, time: at, fields: {action: [a, {b: c}]}}", "x.yaml:4: sources[0].map.fields.action[1]: expected a path or the name of a column, got a map" },
	{ "{format: json, header: [a], time: at, " FIELDS "}", "x.yaml:4: map: header and delimiter are for the format csv" },
	{ "{format: csv, list: a, time: at, " FIELDS "}", "x.yaml:4: map.list: only for the format json" },
	{ "{format: csv, delimiter: xx, time: at, " FIELDS "}", "x.yaml:4: sources[0].map.delimiter: expected one of , ; | : or tab, got \"xx\"" },
	{ "{format: csv, header: [at], time: at, " FIELDS "}",
	  "x.yaml:4: map.header: expected a column \"what\", which the map names; it is not there" },
	{ "{format: csv, time: at, colour: red, " FIELDS "}", "x.yaml:4: sources[0].map.colour: " },
	{ "{format: csv, time: at, " FIELDS "}, grows: true", "x.yaml:4: map.header: missing; a file that grows" },
	{ "{format: json, time: at, " FIELDS "}, grows: true", "x.yaml:4: sources[0].map.format: expected json-lines or csv for a file that grows, got \"json\"" },
	{ "a.yaml", "x.yaml:4: sources[0].map: expected a map with format, time and fields, got \"a.yaml\"" },
};

static void test_bad_maps(void **state)
{
	(void)state;
	for (size_t i = 0; i < AFD_COUNT(bad_maps); i++) {
		AFD_AUTO(config) struct afd_config *c = NULL;
		AFD_AUTO(mem) char *text = afd_sprintf("organisation: X\ninventory: i.yaml\nsources:\n  - {name: r, type: events-file, path: in, account: acme, map: %s}\n",
		                                       bad_maps[i].map);
		struct afd_error err = { 0 };

		assert_int_equal(afd_config_parse(afd_slice_text(text), "x.yaml", &c, &err), -1);
		if (strncmp(err.text, bad_maps[i].error, strlen(bad_maps[i].error)) != 0)
			fail_msg("%s\n  %s\nand not\n  %s", bad_maps[i].map, err.text, bad_maps[i].error);
	}
}

/* --- times --- */

static const struct { const char *text, *form; int zone; const char *from; int64_t wide; } times[] = {
	{ "2026-08-01T12:00:00Z", NULL, -1, "2026-08-01T12:00:00.000Z", 1000 },
	{ "2026-08-01T14:00:00.25+02:00", NULL, -1, "2026-08-01T12:00:00.250Z", 10 },
	{ "2026-08-01 12:00:00.123456 UTC", NULL, -1, "2026-08-01T12:00:00.123Z", 1 },
	{ "2026-08-01 12:00:00", NULL, -1, NULL, 0 },
	{ "2026-08-01 12:00:00", NULL, 2, "2026-08-01T10:00:00.000Z", 1000 },
	{ "2026-08-01T12:00:00Z", NULL, 2, "2026-08-01T12:00:00.000Z", 1000 },
	{ "2026-02-30T12:00:00Z", NULL, -1, NULL, 0 },
	{ "1785585600", "unix", -1, "2026-08-01T12:00:00.000Z", 1000 },
	{ "1785585600.5", "unix", -1, "2026-08-01T12:00:00.500Z", 100 },
	{ "1785585600123", "unix-ms", -1, "2026-08-01T12:00:00.123Z", 1 },
	{ "1785585600123456", "unix-us", -1, "2026-08-01T12:00:00.123Z", 1 },
	{ "1785585600123456789", "unix-ns", -1, "2026-08-01T12:00:00.123Z", 1 },
	{ "1785585600123", "unix", -1, NULL, 0 },
	{ "17855856001234567890123", "unix-ns", -1, NULL, 0 },
	{ "-5", "unix", -1, NULL, 0 },
	{ "", "unix", -1, NULL, 0 },
	{ "01.08.2026 14:00", "%d.%m.%Y %H:%M", 2, "2026-08-01T12:00:00.000Z", 60000 },
	{ "8/1/2026 2:00:00 PM", "%m/%d/%Y %I:%M:%S %p", 2, "2026-08-01T12:00:00.000Z", 1000 },
	{ "8/1/2026 12:00:00 am", "%m/%d/%Y %I:%M:%S %p", 0, "2026-08-01T00:00:00.000Z", 1000 },
	{ "01/Aug/2026:12:00:00 +0000", "%d/%b/%Y:%H:%M:%S %z", -1, "2026-08-01T12:00:00.000Z", 1000 },
	{ "1-aug-26", "%d-%b-%y", 0, "2026-08-01T00:00:00.000Z", 86400000 },
	{ "01.08.2026 14:00 and more", "%d.%m.%Y %H:%M", 2, NULL, 0 },
	{ "31.13.2026 14:00", "%d.%m.%Y %H:%M", 2, NULL, 0 },
	{ "13:00 PM 1.8.2026", "%I:%M %p %d.%m.%Y", 2, NULL, 0 },
};

static void test_times(void **state)
{
	(void)state;
	for (size_t i = 0; i < AFD_COUNT(times); i++) {
		struct afd_span at = { 0 };
		const int r = afd_events_time_read(times[i].text, times[i].form, times[i].zone >= 0, times[i].zone * AFD_HOUR, &at);

		if (r != (times[i].from ? 0 : -1))
			fail_msg("%s as %s: %d", times[i].text, times[i].form, r);
		if (times[i].from) {
			assert_string_equal(afd_when_text(at.from).s, times[i].from);
			assert_int_equal(at.to - at.from, times[i].wide);
		}
	}
}

/* --- events --- */

#define ACME "{\"format\":\"json-lines\",\"time\":\"at\",\"fields\":{\"action\":{\"from\":\"event.type\",\"words\":{\"domain.unlock\":\"transfer-lock.remove\"," \
	"\"dns.*\":\"record.update\"}},\"domain\":\"domain\",\"actor\":\"user.email\",\"actor_kind\":{\"from\":\"user.kind\",\"words\":{\"human\":\"person\"," \
	"\"key\":\"credential\"}},\"credential\":\"user.key_id\",\"origin\":\"ip\",\"outcome\":\"ok\",\"provider_ref\":[\"id\",\"n\"],\"after\":\"new\",\"mfa\":\"2fa\"}}"
#define CSV(more) "{\"format\":\"csv\"," more "\"time\":{\"from\":[\"date\",\"time\"],\"form\":\"%d.%m.%Y %H:%M\",\"zone\":\"+02:00\"}," \
	"\"fields\":{\"action\":{\"from\":\"Action\",\"words\":{\"Unlocked\":\"transfer-lock.remove\"}},\"domain\":\"Domain\",\"actor\":\"User\",\"actor_kind\":{\"value\":\"person\"}}}"
#define RECORDS "{\"format\":\"json\",\"list\":\"data.items\",\"time\":{\"from\":\"t\",\"form\":\"unix-ms\"},\"fields\":{\"action\":[\"object\",\"verb\"],\"zone\":\"zone\"," \
	"\"record_name\":\"name\",\"record_type\":\"type\",\"record_data\":\"value\",\"provider_ref\":\"id\",\"actor\":\"by.0\"}}"

static const struct { const char *name, *map, *body, *rows; } bodies[] = {
	{ "JSON lines", ACME,
	  "{\"id\":7,\"n\":\"a\",\"at\":\"2026-08-01T12:00:00Z\",\"event\":{\"type\":\"Domain.Unlock\"},\"domain\":\"Example.TEST.\",\"user\":{\"email\":\"eve@x.test\",\"kind\":\"human\"},"
	  "\"ip\":\"192.0.2.1\",\"ok\":true,\"new\":{\"lock\":false},\"2fa\":\"no\"}\n"
	  "\n"
	  "{\"id\":8,\"at\":\"2026-08-01T12:00:01Z\",\"event\":{\"type\":\"dns.record.changed\"},\"user\":{\"kind\":\"key\",\"key_id\":\"k1\"},\"ok\":\"failed\"}\n"
	  "{\"id\":9,\"at\":\"2026-08-01T12:00:02Z\",\"event\":{\"type\":\"Password Reset!\"},\"domain\":\"two words\",\"user\":{\"kind\":\"robot\"}}",
	  "event 7/a 2026-08-01T12:00:00.000Z part=1 account=acme action=transfer-lock.remove domain=example.test object=domain:- actor=person:eve@x.test credential=- "
	  "origin=192.0.2.1 channel=- mfa=no outcome=success record=log raw='Domain.Unlock' after={\"lock\":false}\n"
	  "event 8 2026-08-01T12:00:01.000Z part=2 account=acme action=record.update domain=- object=record:- actor=credential:- credential=k1 "
	  "origin=- channel=- mfa=- outcome=failure record=log raw='dns.record.changed' after=-\n"
	  "event 9 2026-08-01T12:00:02.000Z part=3 account=acme action=other.r.password-reset- domain=- object=-:two words actor=unknown:- credential=- "
	  "origin=- channel=- mfa=- outcome=unknown record=log raw='Password Reset!' after=-\n" },
	{ "lines that cannot be read make no event, and those behind them do", ACME,
	  "{\"at\":\"2026-08-01T12:00:00Z\",\n[1]\n{\"at\":\"yesterday\",\"event\":{\"type\":\"login\"}}\n{\"at\":\"2026-08-01T12:00:00Z\",\"event\":{\"type\":\"login\"},\"id\":1}\n",
	  "event 1 2026-08-01T12:00:00.000Z part=4 account=acme action=login domain=- object=account:- actor=unknown:- credential=- origin=- channel=- mfa=- outcome=unknown "
	  "record=log raw='login' after=-\n" },
	{ "CSV with a line of names", CSV("\"delimiter\":\";\","),
	  "\xef\xbb\xbf" "date;time;Domain;User;Action\r\n01.08.2026;14:00;example.test;\"Eve; the\nadmin\";Unlocked\r\n1.8.2026;14:01;example.test;bob\r\n2.8.2026;9:00;;bob;Unlocked\r\n",
	  "event sha256:9f 2026-08-01T12:00:00.000Z part=1 account=acme action=transfer-lock.remove domain=example.test object=domain:- actor=person:Eve; the\nadmin credential=- "
	  "origin=- channel=- mfa=- outcome=unknown record=log raw='Unlocked' after=-\n"
	  "event sha256:9f 2026-08-02T07:00:00.000Z part=3 account=acme action=transfer-lock.remove domain=- object=domain:- actor=person:bob credential=- "
	  "origin=- channel=- mfa=- outcome=unknown record=log raw='Unlocked' after=-\n" },
	{ "CSV without one, and with it in the middle", CSV("\"header\":[\"date\",\"time\",\"Domain\",\"User\",\"Action\"],\"delimiter\":\"tab\","),
	  "1.8.2026\t14:00\texample.test\teve\tUnlocked\ndate\ttime\tDomain\tUser\tAction\n1.8.2026\t14:00\t\"open\teve\tUnlocked\n1.8.2026\t15:00\texample.test\tbob\tlogin\n",
	  "event sha256:9f 2026-08-01T12:00:00.000Z part=1 account=acme action=transfer-lock.remove domain=example.test object=domain:- actor=person:eve credential=- "
	  "origin=- channel=- mfa=- outcome=unknown record=log raw='Unlocked' after=-\n"
	  "event sha256:9f 2026-08-01T13:00:00.000Z part=3 account=acme action=login domain=example.test object=account:- actor=person:bob credential=- "
	  "origin=- channel=- mfa=- outcome=unknown record=log raw='login' after=-\n" },
	{ "a document with a list, and claims about a zone", RECORDS,
	  "{\"data\":{\"items\":[{\"id\":\"e1\",\"t\":1785585600000,\"object\":\"record\",\"verb\":\"add\",\"zone\":\"example.test\",\"name\":\"www.example.test\",\"type\":\"A\",\"value\":\"192.0.2.9\",\"by\":[\"bob\"]},\n"
	  "5, {\"id\":\"e2\",\"t\":1785585600000,\"object\":\"record\",\"verb\":\"delete\",\"zone\":\"example.test\",\"by\":[]}]}}",
	  "event e1 2026-08-01T12:00:00.000Z part=1 account=acme action=record.add domain=- object=record:- actor=unknown:bob credential=- origin=- channel=- mfa=- outcome=unknown "
	  "record=log raw='record.add' after=-\n"
	  "claim audit-event e1 2026-08-01T12:00:00.000Z part=1 zone=example.test actor=bob credential=- client=- outcome=applied: +www.example.test/A/192.0.2.9\n"
	  "event e2 2026-08-01T12:00:00.000Z part=3 account=acme action=record.delete domain=- object=record:- actor=unknown:- credential=- origin=- channel=- mfa=- outcome=unknown "
	  "record=log raw='record.delete' after=-\n"
	  "claim audit-event e2 2026-08-01T12:00:00.000Z part=3 zone=example.test actor=- credential=- client=- outcome=applied:\n" },
	{ "a file without a column of the map", CSV(""), "date,time,Action\n1.8.2026,14:00,login\n", "error: expected a column \"Domain\", which the map names; the first line has none" },
	{ "a document that is none", RECORDS, "{\"data\":{\"items\":[", "error: " },
	{ "a list that is not there", RECORDS, "{\"data\":[]}", "error: expected a list at data.items, got nothing" },
};

static char *item_of(const char *map, const char *body)
{
	AFD_AUTO(mem) char *head = afd_sprintf("{\"account\":\"acme\",\"map\":%s}", map);

	return afd_sprintf("affidavit-events/1 %zu\n%s\n%s", strlen(head), head, body);
}

/* digests of lines look all alike here */
static void blind(char *text)
{
	for (char *p = text; (p = strstr(p, "sha256:")); p += 9) {
		memmove(p + 9, p + 71, strlen(p + 71) + 1);
		memcpy(p + 7, "9f", 2);
	}
}

static void test_bodies(void **state)
{
	(void)state;
	for (size_t i = 0; i < AFD_COUNT(bodies); i++) {
		AFD_AUTO(mem) char *item = item_of(bodies[i].map, bodies[i].body);
		AFD_AUTO(buf) struct afd_buf rows = { 0 };
		struct afd_error err = { 0 };

		afd_buf_text(&rows, "");
		if (rows_decode("events-file", "r", "events acme x", afd_slice_text(item), &rows, &err) < 0)
			afd_buf_printf(&rows, "error: %s", err.text);
		blind((char *)rows.data);
		if (strncmp((char *)rows.data, bodies[i].rows, strlen(bodies[i].rows)) != 0 || (err.code == 0 && strlen((char *)rows.data) != strlen(bodies[i].rows)))
			fail_msg("%s:\n%s\nand not\n%s", bodies[i].name, (char *)rows.data, bodies[i].rows);
	}
}

/* --- secrets --- */

#define SECRET_MAP(format, more) "{\"format\":\"" format "\"," more "\"secrets\":[\"session\"],\"time\":\"at\",\"fields\":{\"action\":\"what\"}}"
static const struct { const char *map, *body, *left; } secrets[] = {
	{ SECRET_MAP("json-lines", ""), "{\"at\":\"x\",\"password\":\"hunter2\",\"session\":{\"a\":\"SECRET\",\"n\":1},\"what\":\"login\"}\n",
	  "{\"at\":\"x\",\"password\":\"*******\",\"session\":{\"a\":\"******\",\"n\":1},\"what\":\"login\"}\n" },
	{ SECRET_MAP("json-lines", ""), "{\"at\":\"x\",\"auth_code\":123456}\n{\"what\":\"call with api_key=SECRETSECRET1\"}\n",
	  "{\"at\":\"x\",\"auth_code\":******}\n{\"what\":\"call with api_key=*************\"}\n" },
	{ SECRET_MAP("json-lines", ""), "{\"password\":\"hunter2\", broken\n{\"password\":\"x\"}\n", "{\"password\":\"*******\", broken\n{\"password\":\"*\"}\n" },
	{ SECRET_MAP("csv", ""), "at,what,auth code,session\nx,\"reset, password: hunter2 now\",\"ab\"\"c\",s1\n",
	  "at,what,auth code,session\nx,\"reset, password: ******* now\",\"*****\",**\n" },
	{ SECRET_MAP("json", ""), "[{\"at\":\"x\",\"token\":\"SECRET\",\"session\":\"s\"}]", "[{\"at\":\"x\",\"token\":\"******\",\"session\":\"*\"}]" },
};

static void test_secrets(void **state)
{
	const struct afd_provider *p = afd_provider_find("events-file");

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(secrets); i++) {
		AFD_AUTO(mem) char *item = item_of(secrets[i].map, secrets[i].body), *want = item_of(secrets[i].map, secrets[i].left);
		AFD_AUTO(ranges) struct afd_ranges cuts = { 0 }, ranges = { 0 }, before = { 0 }, after = { 0 };
		AFD_AUTO(buf) struct afd_buf got = { 0 };

		assert_int_equal(p->redact(afd_slice_text(item), &cuts, NULL), 0);
		assert_int_equal(afd_redact_apply(afd_slice_text(item), &cuts, &got, &ranges, NULL), 0);
		assert_string_equal((char *)got.data, want);
		assert_int_equal(p->split(afd_slice_text(item), &before, NULL), 0);
		assert_int_equal(p->split(afd_buf_slice(&got), &after, NULL), 0);
		assert_int_equal(before.n, after.n);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bad_maps), cmocka_unit_test(test_times), cmocka_unit_test(test_bodies), cmocka_unit_test(test_secrets),
	};

	return cmocka_run_group_tests_name("events file", tests, NULL, NULL);
}
