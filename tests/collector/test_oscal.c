/* Catalogues in OSCAL: both forms say the same, hostile ones are refused, and of NIST's own every text is NIST's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "collector/files/oscal.h"
#include "core/file.h"

static char *source_path(const char *name)
{
	const char *source = getenv("AFFIDAVIT_SOURCE");

	return afd_sprintf("%s/%s", source ? source : ".", name);
}

static const struct afd_oscal_control *control(const struct afd_oscal *o, const char *id)
{
	for (size_t i = 0; i < o->n; i++)
		if (strcmp(o->at[i].id, id) == 0)
			return &o->at[i];
	return NULL;
}

static void both_forms_say_the_same(void **state)
{
	static const char *const files[] = { "tests/fuzz/seeds/oscal_xml/small.xml", "tests/fuzz/seeds/oscal_json/small.json" };

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(files); i++) {
		AFD_AUTO(mem) char *path = source_path(files[i]);
		AFD_AUTO(buf) struct afd_buf bytes = { 0 };
		struct afd_error err = { 0 };
		const struct afd_oscal_control *c;
		struct afd_oscal o;

		if (afd_file_read(path, 1 << 20, &bytes, &err) < 0 || afd_oscal_parse(afd_buf_slice(&bytes), files[i], &o, &err) < 0)
			fail_msg("%s", err.text);
		assert_int_equal(o.n, 3);
		assert_string_equal(o.title, "A catalogue");
		assert_string_equal(o.oscal_version, "1.2.1");
		assert_true(o.says_status);
		assert_string_equal(o.at[0].title, "Some family");
		assert_string_equal(o.at[0].text, "What it is about");
		c = control(&o, "aa-1");
		assert_string_equal(c->label, "AA-1");
		assert_string_equal(c->text, "Do this [Selection: each [Assignment: how often]; never]: a. one thing & another b. a second.");
		assert_int_equal(c->parent, 0);
		assert_false(c->withdrawn);
		assert_true(control(&o, "aa-1.1")->withdrawn);
		assert_int_equal(control(&o, "aa-1.1")->parent, 1);
		afd_oscal_release(&o);
	}
}

/* A file that has hints and says no status: what lacks them was withdrawn, and so was what holds nothing else. */
static void what_is_missing_says_it_was_withdrawn(void **state)
{
	static const struct { const char *a, *b; bool wa, wb, parent; } rows[] = {
		{ "{\"name\":\"risk-party\",\"value\":\"1st\"}", "{\"name\":\"x\",\"value\":\"y\"}", false, true, false },
		{ "{\"name\":\"x\",\"value\":\"y\"}", "{\"name\":\"x\",\"value\":\"y\"}", true, true, true },
	};

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(rows); i++) {
		AFD_AUTO(mem) char *text = afd_sprintf("{\"catalog\":{\"metadata\":{\"title\":\"T\"},\"groups\":[{\"id\":\"Z\",\"controls\":[{\"id\":\"P\",\"controls\":["
			"{\"id\":\"A\",\"props\":[%s]},{\"id\":\"B\",\"props\":[%s]}]},{\"id\":\"Q\",\"controls\":[{\"id\":\"C\",\"parts\":[{\"name\":\"example\"}]}]}]}]}}",
			rows[i].a, rows[i].b);
		struct afd_error err = { 0 };
		struct afd_oscal o;

		if (afd_oscal_parse(afd_slice_text(text), "t.json", &o, &err) < 0)
			fail_msg("%s", err.text);
		assert_false(o.says_status);
		assert_true(control(&o, "A")->withdrawn == rows[i].wa);
		assert_true(control(&o, "B")->withdrawn == rows[i].wb);
		assert_true(control(&o, "P")->withdrawn == rows[i].parent);
		assert_false(control(&o, "Q")->withdrawn);
		assert_false(control(&o, "Z")->withdrawn);
		afd_oscal_release(&o);
	}
}

#define XML(inside) "<catalog xmlns=\"http://csrc.nist.gov/ns/oscal/1.0\"><metadata><title>T</title></metadata>" inside "</catalog>"
#define JSON(inside) "{\"catalog\":{\"metadata\":{\"title\":\"T\"}," inside "}}"

static void refused(void **state)
{
	static const struct { const char *text, *says; } rows[] = {
		{ XML("<control id=\"a\"/>"), NULL },
		{ JSON("\"controls\":[{\"id\":\"a\"}]"), NULL },
		{ "<!DOCTYPE x [<!ENTITY e \"x\">]>" XML("<control id=\"a\"><title>&e;</title></control>"), "document type" },
		{ XML("<control id=\"a\"><title>&e;</title></control>"), "well-formed" },
		{ "<catalog><metadata><title>T</title></metadata><control id=\"a\"/></catalog>", "OSCAL catalogue" },
		{ "<profile xmlns=\"http://csrc.nist.gov/ns/oscal/1.0\"/>", "OSCAL catalogue" },
		{ XML(""), "without controls" },
		{ JSON("\"groups\":[]"), "without controls" },
		{ XML("<control/>"), "id" },
		{ JSON("\"controls\":[{}]"), "an id" },
		{ JSON("\"controls\":[7]"), "a group or a control" },
		{ XML("<control id=\"a b\"/>"), "id" },
		{ XML("<control id=\"1a\"/>"), "id" },
		{ XML("<control id=\"a\"/><control id=\"a\"/>"), "twice" },
		{ JSON("\"controls\":[{\"id\":\"a\"},{\"id\":\"a\"}]"), "twice" },
		{ "<catalog xmlns=\"http://csrc.nist.gov/ns/oscal/1.0\"><control id=\"a\"/></catalog>", "title" },
		{ "{\"catalog\":{\"controls\":[{\"id\":\"a\"}]}}", "metadata" },
		{ "{\"catalog\":7}", "catalog" },
		{ "{}", "catalog" },
		{ "[]", "catalog" },
		{ "", "" },
		{ "<", "well-formed" },
	};

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(rows); i++) {
		struct afd_error err = { 0 };
		struct afd_oscal o = { 0 };
		int r = afd_oscal_parse(afd_slice_text(rows[i].text), "c", &o, &err);

		if (r != (rows[i].says ? -1 : 0))
			fail_msg("row %zu: %s", i, r < 0 ? err.text : "was taken");
		if (rows[i].says && !strstr(err.text, rows[i].says))
			fail_msg("row %zu: \"%s\" does not say \"%s\"", i, err.text, rows[i].says);
		afd_oscal_release(&o);
	}
}

/* DEPTH controls in one another, each with OPEN before and CLOSE behind what is in it. */
static char *nested(const char *head, const char *open, const char *close, const char *tail, int depth, bool numbered)
{
	AFD_AUTO(buf) struct afd_buf b = { 0 };

	assert_int_equal(afd_buf_text(&b, head), 0);
	for (int i = 0; i < depth; i++) {
		assert_int_equal(afd_buf_text(&b, open), 0);
		if (numbered)
			assert_int_equal(afd_buf_printf(&b, "%d\"%s", i, *open == '<' ? ">" : ",\"controls\":["), 0);
	}
	for (int i = 0; i < depth; i++)
		assert_int_equal(afd_buf_text(&b, close), 0);
	assert_int_equal(afd_buf_text(&b, tail), 0);
	return afd_text_dup(afd_buf_slice(&b));
}

static void depth_is_bounded(void **state)
{
	static const struct { const char *head, *open, *close, *tail; bool numbered; } rows[] = {
		{ "<catalog xmlns=\"http://csrc.nist.gov/ns/oscal/1.0\"><metadata><title>T</title></metadata>", "<control id=\"a", "</control>", "</catalog>", true },
		{ "{\"catalog\":{\"metadata\":{\"title\":\"T\"},\"controls\":[", "{\"id\":\"a", "]}", "]}}", true },
		{ XML("<control id=\"a\"><part name=\"statement\">") , "<part name=\"item\">", "</part>", "", false },
		{ "{\"catalog\":{\"metadata\":{\"title\":\"T\"},\"controls\":[{\"id\":\"a\",\"parts\":[{\"name\":\"statement\"", ",\"parts\":[{\"name\":\"i\"", "}]", "}]}]}}", false },
	};

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(rows); i++)
		for (int deep = 0; deep < 2; deep++) {
			const bool part = i == 2;
			AFD_AUTO(mem) char *text = nested(part ? "<catalog xmlns=\"http://csrc.nist.gov/ns/oscal/1.0\"><metadata><title>T</title></metadata>"
				"<control id=\"a\"><part name=\"statement\">" : rows[i].head, rows[i].open, rows[i].close,
				part ? "</part></control></catalog>" : rows[i].tail, deep ? 30 : 12, rows[i].numbered);
			struct afd_error err = { 0 };
			struct afd_oscal o = { 0 };
			int r = afd_oscal_parse(afd_slice_text(text), "c", &o, &err);

			if (r != (deep ? -1 : 0))
				fail_msg("row %zu, deep %d: %s", i, deep, r < 0 ? err.text : "was taken");
			afd_oscal_release(&o);
		}
}

/* --- NIST's own file, where it is at hand --- */

static char *next_field(char **at, char end)
{
	char *field = *at, *stop = field ? strchr(field, end) : NULL;

	*at = stop ? stop + 1 : NULL;
	if (stop)
		*stop = '\0';
	return field;
}

static bool shared(const char *name, struct afd_buf *ret)
{
	const char *shared = getenv("AFFIDAVIT_SHARED");
	AFD_AUTO(mem) char *path = shared ? afd_sprintf("%s/data/frameworks/csf-2.0/%s", shared, name) : NULL;
	AFD_AUTO(mem) char *beside = source_path("../shared/data/frameworks/csf-2.0");
	AFD_AUTO(mem) char *other = afd_sprintf("%s/%s", beside, name);

	return afd_file_read(path ? path : other, 1 << 22, ret, NULL) == 0;
}

static void nist_s_own_words(void **state)
{
	AFD_AUTO(buf) struct afd_buf xml = { 0 }, core = { 0 }, gone = { 0 };
	struct afd_error err = { 0 };
	struct afd_oscal o;
	size_t live = 0, withdrawn = 0, rows = 0;

	(void)state;
	if (!shared("NIST_CSF_v2.0_catalog.xml", &xml) || !shared("csf2_core.tsv", &core) || !shared("csf2_withdrawn.tsv", &gone)) {
		afd_buf_release(&xml);         /* skip() leaves by longjmp */
		afd_buf_release(&core);
		afd_buf_release(&gone);
		skip();
	}
	if (afd_oscal_parse(afd_buf_slice(&xml), "NIST_CSF_v2.0_catalog.xml", &o, &err) < 0)
		fail_msg("%s", err.text);
	assert_false(o.says_status);
	for (size_t i = 0; i < o.n; i++)
		*(o.at[i].withdrawn ? &withdrawn : &live) += 1;
	assert_int_equal(live, 134);
	assert_int_equal(withdrawn, 91);
	for (char *at = (char *)core.data; at && *at;) {
		char *line = next_field(&at, '\n'), *id = next_field(&line, '\t'), *level = next_field(&line, '\t'), *title = next_field(&line, '\t'), *text = line;
		const struct afd_oscal_control *c = control(&o, id);

		if (strcmp(id, "id") == 0)
			continue;
		rows++;
		if (!c || c->withdrawn || strcmp(c->level, level) != 0 || strcmp(c->title, title) != 0 || strcmp(c->text, text) != 0)
			fail_msg("%s: \"%s\" is not \"%s\"", id, c && c->text ? c->text : "nothing", text);
	}
	assert_int_equal(rows, 134);
	for (char *at = (char *)gone.data; at && *at;) {
		char *line = next_field(&at, '\n'), *id = next_field(&line, '\t');

		if (strcmp(id, "withdrawn_id") != 0 && (!control(&o, id) || !control(&o, id)->withdrawn))
			fail_msg("%s: taken for a live one", id);
	}
	afd_oscal_release(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_forms_say_the_same),
		cmocka_unit_test(what_is_missing_says_it_was_withdrawn),
		cmocka_unit_test(refused),
		cmocka_unit_test(depth_is_bounded),
		cmocka_unit_test(nist_s_own_words),
	};

	return cmocka_run_group_tests_name("oscal", tests, NULL, NULL);
}
