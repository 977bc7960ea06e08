#include "check.h"
#include "core/doc.h"
#include "core/when.h"

struct rule {
	const char *text, *name, *secret;
	int64_t count, at, every;
	bool on;
	struct afd_texts texts, names;
	const struct afd_node *node;
};

static const struct afd_field fields[] = {
	{ "text", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct rule, text), NULL },
	{ "name", AFD_FIELD_NAME, AFD_OPTIONAL, offsetof(struct rule, name), NULL },
	{ "count", AFD_FIELD_INT, AFD_OPTIONAL, offsetof(struct rule, count), NULL },
	{ "on", AFD_FIELD_BOOL, AFD_OPTIONAL, offsetof(struct rule, on), NULL },
	{ "at", AFD_FIELD_TIME, AFD_OPTIONAL, offsetof(struct rule, at), NULL },
	{ "every", AFD_FIELD_DURATION, AFD_OPTIONAL, offsetof(struct rule, every), NULL },
	{ "texts", AFD_FIELD_TEXTS, AFD_OPTIONAL, offsetof(struct rule, texts), NULL },
	{ "names", AFD_FIELD_NAMES, AFD_OPTIONAL, offsetof(struct rule, names), NULL },
	{ "node", AFD_FIELD_NODE, AFD_OPTIONAL, offsetof(struct rule, node), NULL },
	{ "token", AFD_FIELD_SECRET, AFD_OPTIONAL, offsetof(struct rule, secret), NULL },
	{ "note", AFD_FIELD_IGNORE, AFD_OPTIONAL, 0, NULL },
	{ 0 }
};
static const struct afd_field needs[] = {
	{ "text", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct rule, text), NULL },
	{ "count", AFD_FIELD_INT, AFD_OPTIONAL, offsetof(struct rule, count), NULL },
	{ 0 }
};

static void every_kind_arrives(void **state)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;
	struct rule r = { 0 };

	(void)state;
	assert_int_equal(afd_yaml_parse(SLICE("text: hello\nname: WWW.Example.com.\ncount: -3\non: true\nat: 1970-01-02\n"
					      "every: 90d\ntexts: [a, b]\nnames: [A.example, b.example]\nnode: {x: 1}\n"
					      "token: env:TOKEN\nnote: [whatever]\n"), "f", &d, NULL), 0);
	assert_int_equal(afd_fields_read(d, afd_doc_root(d), fields, &r, NULL), 0);
	assert_string_equal(r.text, "hello");
	assert_string_equal(r.name, "www.example.com");
	assert_int_equal(r.count, -3);
	assert_true(r.on);
	assert_int_equal(r.at, AFD_DAY);
	assert_int_equal(r.every, 90 * AFD_DAY);
	assert_int_equal(r.texts.n, 2);
	assert_string_equal(r.texts.at[1], "b");
	assert_int_equal(r.names.n, 2);
	assert_string_equal(r.names.at[0], "a.example");
	assert_int_equal(afd_node_get(r.node, "x")->u.i, 1);
	assert_string_equal(r.secret, "env:TOKEN");
}

static void absent_and_null_leave_the_default(void **state)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;
	struct rule r = { .text = "default", .count = 7, .at = AFD_TIME_NONE };

	(void)state;
	assert_int_equal(afd_yaml_parse(SLICE("text: ~\nat:\n"), "f", &d, NULL), 0);
	assert_int_equal(afd_fields_read(d, afd_doc_root(d), fields, &r, NULL), 0);
	assert_string_equal(r.text, "default");
	assert_int_equal(r.count, 7);
	assert_true(r.at == AFD_TIME_NONE);
}

#define KNOWN "text, name, count, on, at, every, texts, names, node, token, note"
static const struct { const char *yaml, *error; } refused_row[] = {
	{ "txet: a", "f:1: txet: unknown field; known here: " KNOWN },
	{ "text: 5", "f:1: text: expected a string: write it in quotes, got 5" },
	{ "text: ''", "f:1: text: expected a string that is not empty, got \"\"" },
	{ "text: [a]", "f:1: text: expected a string that is not empty, got a list" },
	{ "name: a..b", "f:1: name: not a DNS name, an empty label: \"a..b\"" },
	{ "name: {}", "f:1: name: expected a DNS name, got a map" },
	{ "\ncount: '5'", "f:2: count: expected a whole number, got \"5\"" },
	{ "count: true", "f:1: count: expected a whole number, got true" },
	{ "on: yes", "f:1: on: expected true or false, got \"yes\"" },
	{ "at: 2026-07-01T00:00:00", "f:1: at: expected a date, or a time with its zone, as 2026-07-01 or 2026-07-01T09:30:00Z, got \"2026-07-01T00:00:00\"" },
	{ "every: 90", "f:1: every: expected a duration as 90d, 36h, 15m, 30s or 250ms, got 90" },
	{ "texts: a", "f:1: texts: expected a list of strings, got \"a\"" },
	{ "texts:\n- a\n- 5", "f:3: texts[1]: expected a string that is not empty, got 5" },
	{ "names: [a, 'b c']", "f:1: names[1]: not a DNS name, blank, control character or broken escape: \"b c\"" },
	{ "names: [~]", "f:1: names[0]: expected a DNS name, got null" },
	{ "token: hunter2", "f:1: token: expected env:NAME, file:PATH, fd:N or exec:COMMAND; a literal secret is not allowed" },
	{ "token: 'env:'", "f:1: token: expected env:NAME, file:PATH, fd:N or exec:COMMAND; a literal secret is not allowed" },
	{ "token: 123456", "f:1: token: expected env:NAME, file:PATH, fd:N or exec:COMMAND; a literal secret is not allowed" },
	{ "[a]", "f:1: expected a map, got a list" },
	{ "", "f:1: expected a map, got null" },
};

static void what_is_wrong_is_said(void **state)
{
	(void)state;
	for (size_t i = 0; i < AFD_COUNT(refused_row); i++) {
		AFD_AUTO(doc) struct afd_doc *d = NULL;
		struct rule r = { 0 };
		struct afd_error e;

		assert_int_equal(afd_yaml_parse(afd_slice_text(refused_row[i].yaml), "f", &d, NULL), 0);
		assert_error(afd_fields_read(d, afd_doc_root(d), fields, &r, &e), &e, AFD_E_CONFIG, refused_row[i].error);
	}
}

static void a_required_field_is_missed(void **state)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;
	struct rule r = { 0 };
	struct afd_error e;

	(void)state;
	assert_int_equal(afd_json_parse(SLICE("{\"page\": [{\"count\": 1},\n{\"count\": 2, \"text\": null}]}"), "f", &d, NULL), 0);
	assert_error(afd_fields_read(d, afd_node_get(afd_doc_root(d), "page")->u.list.first, needs, &r, &e), &e, AFD_E_CONFIG,
		     "f:1: page[0].text: a required field is missing");
	assert_error(afd_fields_read(d, afd_node_get(afd_doc_root(d), "page")->u.list.first->next, needs, &r, &e), &e,
		     AFD_E_CONFIG, "f:2: page[1].text: expected a string that is not empty, got null");
	assert_error(afd_fields_read(d, NULL, needs, &r, &e), &e, AFD_E_CONFIG, "f:1: expected a map, got nothing");
}

static void strangers_may_say_more(void **state)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;
	struct rule r = { .name = "default" };
	struct afd_error e;

	(void)state;
	assert_int_equal(afd_json_parse(SLICE("{\"text\": \"a\", \"more\": 1, \"name\": \"\", \"count\": 5}"), "f", &d, NULL), 0);
	assert_int_equal(afd_fields_read_loose(d, afd_doc_root(d), fields, &r, NULL), 0);
	assert_string_equal(r.text, "a");
	assert_string_equal(r.name, "default");
	assert_int_equal(r.count, 5);

	d = afd_doc_free(d);
	assert_int_equal(afd_json_parse(SLICE("{\"text\": \"\"}"), "f", &d, NULL), 0);
	assert_error(afd_fields_read_loose(d, afd_doc_root(d), needs, &r, &e), &e, AFD_E_PARSE,
		     "f:1: text: expected a string that is not empty, got \"\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_arrives),
		cmocka_unit_test(absent_and_null_leave_the_default),
		cmocka_unit_test(what_is_wrong_is_said),
		cmocka_unit_test(a_required_field_is_missed),
		cmocka_unit_test(strangers_may_say_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
