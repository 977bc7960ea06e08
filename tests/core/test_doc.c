#include "check.h"
#include "core/doc.h"
#include "core/limits.h"

typedef int parse_fn(struct afd_slice bytes, const char *name, struct afd_doc **ret, struct afd_error *err);

struct refused { const char *name; struct afd_slice in; const char *error; };
#define ROW(name, in, error) { name, { (const uint8_t *)(in), sizeof(in) - 1 }, error }

static void all_are_refused(parse_fn *parse, const struct refused *row, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct afd_doc *d = NULL;
		struct afd_error e = { 0 };

		if (parse(row[i].in, "f", &d, &e) != -1)
			fail_msg("row %s was accepted", row[i].name);
		if (strncmp(e.text, row[i].error, strlen(row[i].error)) != 0)     /* a library's own words may follow */
			fail_msg("row %s says: %s", row[i].name, e.text);
		assert_null(d);
	}
}

static const struct refused json_row[] = {
	ROW("empty", "", "f:1: not JSON: "),
	ROW("trailing text", "{}\n{}", "f:2: not JSON: "),
	ROW("duplicate key", "{\"a\": 1,\n \"a\": 2}", "f:2: not JSON: "),
	ROW("NUL by escape", "[\"\\u0000\"]", "f:1: not JSON: "),
	ROW("NUL byte", "[\"a\0b\"]", "f:1: not JSON: "),
	ROW("not UTF-8", "[\"\xff\"]", "f:1: not JSON: "),
	ROW("lone surrogate", "[\"\\ud800\"]", "f:1: not JSON: "),
	ROW("comment", "[1, // one\n2]", "f:1: not JSON: "),
	ROW("comma at the end", "[1,]", "f:1: not JSON: "),
	ROW("leading zero", "[01]", "f:1: not JSON: "),
	ROW("NaN", "[NaN]", "f:1: not JSON: "),
	ROW("too large for int64", "[9223372036854775808]", "f:1: not JSON: "),
	ROW("too large for double", "[1e999]", "f:1: not JSON: "),
	ROW("cut", "{\"a\": [1, 2", "f:1: not JSON: "),
};

static void json_is_strict(void **state)
{
	(void)state;
	all_are_refused(afd_json_parse, json_row, AFD_COUNT(json_row));
}

static const struct refused yaml_row[] = {
	ROW("duplicate key", "a: 1\nb: 2\na: 3\n", "f:3: the key \"a\" stands there already, at line 1"),
	ROW("duplicate key, quoted", "x:\n  a: 1\n  \"a\": 2\n", "f:3: the key \"a\" stands there already, at line 2"),
	ROW("anchor", "a: &x 1\n", "f:1: anchors are not allowed"),
	ROW("anchor on a list", "a:\n  - 1\nb: &x\n  - 2\n", "f:3: anchors are not allowed"),
	ROW("anchor on a map", "&x {a: 1}\n", "f:1: anchors are not allowed"),
	ROW("alias", "a: 1\nb: *x\n", "f:2: aliases are not allowed"),
	ROW("tag", "a: !!str 1\n", "f:1: tags are not allowed"),
	ROW("own tag on a list", "a: !mine [1]\n", "f:1: tags are not allowed"),
	ROW("tag on a map", "a: !!map {}\n", "f:1: tags are not allowed"),
	ROW("tag directive", "%TAG ! tag:example.com,2026:\n---\na: 1\n", "f:1: tags are not allowed"),
	ROW("merge key", "a: 1\n<<: {b: 2}\n", "f:2: merge keys are not allowed"),
	ROW("second document", "a: 1\n---\nb: 2\n", "f:2: a second document is not allowed"),
	ROW("list as key", "? [a, b]\n: 1\n", "f:1: a key of a map must be text"),
	ROW("empty key", "? \n: 1\n", "f:1: a key of a map must not be empty"),
	ROW("NUL", "a: \"x\\0y\"\n", "f:1: a NUL character is not allowed"),
	ROW("control character", "a: \x01\n", "f:1: not YAML: "),
	ROW("not UTF-8", "a: \xff\n", "f:1: not YAML: "),
	ROW("tab as indent", "a:\n\t- 1\n", "f:2: not YAML: "),
	ROW("broken flow", "a: [1, 2\nb: 3\n", "f:2: not YAML: "),
	ROW("too large for int64", "a: 9223372036854775808\n", "f:1: whole number out of range"),
	ROW("too small for int64", "a: -9223372036854775809\n", "f:1: whole number out of range"),
};

static void yaml_is_strict(void **state)
{
	(void)state;
	all_are_refused(afd_yaml_parse, yaml_row, AFD_COUNT(yaml_row));
}

static void nested_to(parse_fn *parse, unsigned depth, int want)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;
	AFD_AUTO(buf) struct afd_buf b = { 0 };
	struct afd_error e;

	for (unsigned i = 0; i < depth; i++)
		afd_buf_text(&b, "[");
	for (unsigned i = 0; i < depth; i++)
		afd_buf_text(&b, "]");
	assert_int_equal(parse(afd_buf_slice(&b), "f", &d, &e), want);
	if (want < 0)
		assert_error(-1, &e, AFD_E_LIMIT, "f:1: nested deeper than 64");
}

static void depth_has_a_ceiling(void **state)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;
	AFD_AUTO(buf) struct afd_buf b = { 0 };

	(void)state;
	nested_to(afd_json_parse, 64, 0);
	nested_to(afd_json_parse, 65, -1);
	nested_to(afd_yaml_parse, 64, 0);
	nested_to(afd_yaml_parse, 65, -1);
	for (int i = 0; i < 100000; i++)
		afd_buf_text(&b, "[");
	assert_int_equal(afd_json_parse(afd_buf_slice(&b), "f", &d, NULL), -1);
	assert_int_equal(afd_yaml_parse(afd_buf_slice(&b), "f", &d, NULL), -1);
}

static void values_have_a_ceiling(void **state)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;
	AFD_AUTO(buf) struct afd_buf b = { 0 }, text = { 0 };
	struct afd_error e;

	(void)state;
	afd_buf_text(&b, "[0");
	for (unsigned i = 0; i < AFD_MAX_JSON_VALUES; i++)
		afd_buf_text(&b, ",0");
	afd_buf_text(&b, "]");
	assert_error(afd_json_parse(afd_buf_slice(&b), "f", &d, &e), &e, AFD_E_LIMIT, "f: more than 8000000 values");

	/* what stands in a string does not count */
	afd_buf_text(&text, "[\"\\\"");
	for (unsigned i = 0; i < AFD_MAX_JSON_VALUES; i++)
		afd_buf_text(&text, ",");
	afd_buf_text(&text, "\"]");
	assert_int_equal(afd_json_parse(afd_buf_slice(&text), "f", &d, NULL), 0);
	assert_int_equal(afd_doc_root(d)->u.list.first->u.text.len, AFD_MAX_JSON_VALUES + 1);
}

/* What a plain scalar of YAML is: the table of core/doc.h */
static const struct { const char *text; enum afd_node_type type; int64_t i; } scalar_row[] = {
	{ "", AFD_NULL, 0 },          { "~", AFD_NULL, 0 },          { "null", AFD_NULL, 0 },      { "Null", AFD_TEXT, 0 },
	{ "true", AFD_BOOL, 1 },      { "false", AFD_BOOL, 0 },      { "True", AFD_TEXT, 0 },      { "no", AFD_TEXT, 0 },
	{ "on", AFD_TEXT, 0 },        { "yes", AFD_TEXT, 0 },        { "y", AFD_TEXT, 0 },         { "0", AFD_INT, 0 },
	{ "-0", AFD_INT, 0 },         { "12", AFD_INT, 12 },         { "-12", AFD_INT, -12 },      { "+12", AFD_TEXT, 0 },
	{ "0123", AFD_TEXT, 0 },      { "0x1f", AFD_TEXT, 0 },       { "0o17", AFD_TEXT, 0 },      { "1_000", AFD_TEXT, 0 },
	{ "12:30:45", AFD_TEXT, 0 },  { "1.5", AFD_TEXT, 0 },        { "1e3", AFD_TEXT, 0 },       { ".inf", AFD_TEXT, 0 },
	{ "-a", AFD_TEXT, 0 },        { "2026-07-01", AFD_TEXT, 0 }, { "\"true\"", AFD_TEXT, 0 },  { "'12'", AFD_TEXT, 0 },
	{ "\"\"", AFD_TEXT, 0 },      { "9223372036854775807", AFD_INT, INT64_MAX },
	{ "-9223372036854775808", AFD_INT, INT64_MIN },
};

static void yaml_scalars_have_one_meaning(void **state)
{
	(void)state;
	for (size_t i = 0; i < AFD_COUNT(scalar_row); i++) {
		AFD_AUTO(mem) char *text = afd_sprintf("a: %s\n", scalar_row[i].text);
		AFD_AUTO(doc) struct afd_doc *d = NULL;
		const struct afd_node *n;

		assert_int_equal(afd_yaml_parse(afd_slice_text(text), "f", &d, NULL), 0);
		n = afd_node_get(afd_doc_root(d), "a");
		row_true(n->type == scalar_row[i].type, scalar_row[i].text);
		if (n->type == AFD_INT || n->type == AFD_BOOL)
			row_true(n->u.i == scalar_row[i].i, scalar_row[i].text);
		if (n->type == AFD_TEXT && scalar_row[i].text[0] != '"' && scalar_row[i].text[0] != '\'')
			assert_string_equal(afd_node_text(n), scalar_row[i].text);
	}
}

static void an_empty_yaml_is_null(void **state)
{
	static const char *const empty[] = { "", "# nothing\n", "---\n", "~\n" };

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(empty); i++) {
		AFD_AUTO(doc) struct afd_doc *d = NULL;

		assert_int_equal(afd_yaml_parse(afd_slice_text(empty[i]), "f", &d, NULL), 0);
		assert_int_equal(afd_doc_root(d)->type, AFD_NULL);
		assert_true(afd_doc_root(d)->line >= 1);
	}
}

static const char json_text[] =
	"\n{ \"log\": \"a \\\"quoted\\\" {[\\u20ac\",\n"
	"  \"list\": [ 1 ,\n -2.5e1, true,\n\n null, { } ],\n"
	"  \"inner\" : {\"x\":{\"y\":[[]]}}\n}\n";

static void json_nodes_know_their_line_and_bytes(void **state)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;
	const struct afd_node *root, *n;

	(void)state;
	assert_int_equal(afd_json_parse(afd_slice_text(json_text), "f", &d, NULL), 0);
	root = afd_doc_root(d);
	assert_int_equal(root->line, 2);
	assert_int_equal(root->u.list.n, 3);
	assert_true(afd_slice_equal(root->raw, afd_slice(json_text + 1, strlen(json_text) - 2)));
	assert_string_equal(afd_node_text(afd_node_get(root, "log")), "a \"quoted\" {[\xe2\x82\xac");

	n = afd_node_get(root, "list");
	assert_int_equal(n->u.list.n, 5);
	assert_true(afd_slice_equal(n->raw, SLICE("[ 1 ,\n -2.5e1, true,\n\n null, { } ]")));
	n = n->u.list.first;
	assert_int_equal(n->type, AFD_INT);
	assert_int_equal(n->u.i, 1);
	assert_int_equal(n->line, 3);
	n = n->next;
	assert_int_equal(n->type, AFD_REAL);
	assert_true(n->u.real == -25.0);
	assert_int_equal(n->line, 4);
	n = n->next;
	assert_int_equal(n->type, AFD_BOOL);
	assert_int_equal(n->u.i, 1);
	n = n->next;
	assert_int_equal(n->type, AFD_NULL);
	assert_int_equal(n->line, 6);
	n = n->next;
	assert_true(afd_slice_equal(n->raw, SLICE("{ }")));
	assert_null(n->next);

	n = afd_node_get(afd_node_get(root, "inner"), "x");
	assert_int_equal(n->line, 7);
	assert_true(afd_slice_equal(n->raw, SLICE("{\"y\":[[]]}")));
	assert_string_equal(n->parent->key, "inner");
	assert_null(afd_node_get(n, "z"));
	assert_null(afd_node_get(NULL, "z"));
	assert_null(afd_node_text(n));
}

static void json_keeps_the_order_of_the_file(void **state)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;
	AFD_AUTO(buf) struct afd_buf b = { 0 };
	int64_t want = 0;

	(void)state;
	for (int i = 0; i < 500; i++)
		afd_buf_printf(&b, "%c\"k%d\": [%d]\n", i ? ',' : '{', i * 7919 % 500, i);
	afd_buf_text(&b, "}");
	assert_int_equal(afd_json_parse(afd_buf_slice(&b), "f", &d, NULL), 0);
	for (const struct afd_node *n = afd_doc_root(d)->u.list.first; n; n = n->next, want++) {
		assert_int_equal(n->u.list.first->u.i, want);
		assert_int_equal(n->line, want + 1);
	}
	assert_int_equal(want, 500);
}

static void yaml_nodes_know_their_line(void **state)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;
	const struct afd_node *n;

	(void)state;
	assert_int_equal(afd_yaml_parse(SLICE("# head\na:\n  - x\n  -\n    y: |\n      two\n      lines\nb: {c: d}\n"), "f", &d, NULL), 0);
	n = afd_node_get(afd_doc_root(d), "a");
	assert_int_equal(afd_doc_root(d)->line, 2);
	assert_int_equal(n->u.list.n, 2);
	assert_int_equal(n->u.list.first->line, 3);
	n = afd_node_get(n->u.list.first->next, "y");
	assert_string_equal(afd_node_text(n), "two\nlines\n");
	assert_int_equal(n->line, 5);
	assert_int_equal(afd_node_get(afd_node_get(afd_doc_root(d), "b"), "c")->line, 8);
}

static void a_failing_node_names_its_place(void **state)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;
	const struct afd_node *n;
	struct afd_error e;

	(void)state;
	assert_int_equal(afd_yaml_parse(SLICE("waivers:\n  - why: x\n  - until: 5\n"), "policy.yaml", &d, NULL), 0);
	n = afd_node_get(afd_doc_root(d), "waivers");
	assert_error(afd_node_fail(d, afd_node_get(n->u.list.first->next, "until"), &e, "a time"), &e, AFD_E_PARSE,
		     "policy.yaml:3: waivers[1].until: expected a time, got 5");
	assert_error(afd_node_fail(d, n->u.list.first, &e, "a string"), &e, AFD_E_PARSE,
		     "policy.yaml:2: waivers[0]: expected a string, got a map");
	assert_error(afd_node_fail(d, afd_doc_root(d), &e, "a list"), &e, AFD_E_PARSE, "policy.yaml:1: expected a list, got a map");
	assert_error(afd_node_fail(d, NULL, &e, "a list"), &e, AFD_E_PARSE, "policy.yaml:1: expected a list, got nothing");
	assert_string_equal(afd_node_type_name(NULL), "nothing");
	assert_string_equal(afd_node_type_name(n), "a list");
	assert_string_equal(afd_doc_name(d), "policy.yaml");
}

static void a_document_gives_memory(void **state)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;
	uint8_t *p;

	(void)state;
	assert_int_equal(afd_json_parse(SLICE("1"), "f", &d, NULL), 0);
	for (size_t n = 0; n < 100000; n = n * 2 + 1) {
		p = afd_doc_alloc(d, n);
		assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
		for (size_t i = 0; i < n; i++)
			assert_int_equal(p[i], 0);
		memset(p, 0xff, n);
	}
	assert_null(afd_doc_alloc(d, SIZE_MAX));
	assert_null(afd_doc_free(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json_is_strict),
		cmocka_unit_test(yaml_is_strict),
		cmocka_unit_test(depth_has_a_ceiling),
		cmocka_unit_test(values_have_a_ceiling),
		cmocka_unit_test(yaml_scalars_have_one_meaning),
		cmocka_unit_test(an_empty_yaml_is_null),
		cmocka_unit_test(json_nodes_know_their_line_and_bytes),
		cmocka_unit_test(json_keeps_the_order_of_the_file),
		cmocka_unit_test(yaml_nodes_know_their_line),
		cmocka_unit_test(a_failing_node_names_its_place),
		cmocka_unit_test(a_document_gives_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
