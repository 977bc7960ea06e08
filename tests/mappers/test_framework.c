/* Catalogues and mappings: what ours hold, and what the readers refuse. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/file.h"
#include "mappers/judge.h"

struct set {
	struct afd_arena arena;
	struct afd_doc *doc[64]; size_t n_doc;
	struct afd_catalogue cat[2];
	struct afd_check check[32]; size_t n_check;
};

static struct afd_slice file(const char *path)
{
	const struct afd_embedded *e = afd_embedded_find(path);

	if (!e)
		fail_msg("%s: not built in", path);
	return afd_slice(e->data, e->len);
}

static void set_up(struct set *s)
{
	static const char *const names[] = { "frameworks/nist-csf-2.0.json", "frameworks/owasp-nhi-2025.json" };
	struct afd_error err = { 0 };

	memset(s, 0, sizeof *s);
	for (size_t i = 0; i < 2; i++)
		if (afd_catalogue_parse(file(names[i]), names[i], &s->arena, &s->doc[s->n_doc++], &s->cat[i], &err) < 0)
			fail_msg("%s", err.text);
	for (const struct afd_embedded *e = afd_embedded_files; e->path; e++)
		if (strncmp(e->path, "checks/", 7) == 0 &&
		    afd_check_parse(afd_slice(e->data, e->len), e->path, &s->doc[s->n_doc++], &s->check[s->n_check++],
				    &err) < 0)
			fail_msg("%s", err.text);
}

static void tear_down(struct set *s)
{
	for (size_t i = 0; i < s->n_doc; i++)
		afd_doc_release(&s->doc[i]);
	afd_arena_release(&s->arena);
}

static unsigned count(const struct afd_framework *f, const char *level, const char *status)
{
	unsigned n = 0;

	for (size_t i = 0; i < f->n_control; i++)
		n += (!level || strcmp(f->control[i].level, level) == 0) && strcmp(f->control[i].status, status) == 0;
	return n;
}

static void counts(void **state)
{
	struct set s;

	(void)state;
	set_up(&s);
	assert_int_equal(count(&s.cat[0].framework, "function", "live"), 6);
	assert_int_equal(count(&s.cat[0].framework, "category", "live"), 22);
	assert_int_equal(count(&s.cat[0].framework, "subcategory", "live"), 106);
	assert_int_equal(count(&s.cat[0].framework, NULL, "withdrawn"), 91);
	assert_int_equal(count(&s.cat[1].framework, "risk", "live"), 10);
	assert_int_equal(s.cat[1].framework.n_control, 10);
	tear_down(&s);
}

static const struct afd_control *control(const struct afd_framework *f, const char *id)
{
	for (size_t i = 0; i < f->n_control; i++)
		if (strcmp(f->control[i].id, id) == 0)
			return &f->control[i];
	return NULL;
}

static void withdrawn_ones_know_where_they_went(void **state)
{
	struct set s;
	const struct afd_control *c;

	(void)state;
	set_up(&s);
	c = control(&s.cat[0].framework, "PR.AC-01");
	assert_non_null(c);
	assert_int_equal(c->successors.n, 2);
	assert_string_equal(c->successors.at[0], "PR.AA-01");
	assert_string_equal(c->successors.at[1], "PR.AA-05");
	c = control(&s.cat[0].framework, "ID.GV-03");
	assert_int_equal(c->successors.n, 1);
	assert_string_equal(c->successors.at[0], "GV.OC-03");
	tear_down(&s);
}

static void titles_are_ours_and_different(void **state)
{
	struct set s;

	(void)state;
	set_up(&s);
	for (size_t f = 0; f < 2; f++)
		for (size_t i = 0; i < s.cat[f].framework.n_control; i++) {
			const struct afd_control *c = &s.cat[f].framework.control[i];

			if (strlen(c->title) < 4 || strlen(c->title) > 80 || strcmp(c->title, c->id) == 0)
				fail_msg("%s: \"%s\" is no short title", c->id, c->title);
			for (size_t k = 0; k < i && strcmp(c->status, "live") == 0; k++)
				if (strcmp(s.cat[f].framework.control[k].status, "live") == 0 &&
				    strcmp(c->title, s.cat[f].framework.control[k].title) == 0)
					fail_msg("%s: the title of %s", c->id, s.cat[f].framework.control[k].id);
		}
	tear_down(&s);
}

/* With the publisher's own list at hand: the same ids and levels, none of its words taken over. */
static void like_the_publisher_but_not_in_its_words(void **state)
{
	const char *shared = getenv("AFFIDAVIT_SHARED"), *source = getenv("AFFIDAVIT_SOURCE");
	AFD_AUTO(mem) char *path = shared ? afd_sprintf("%s/data/frameworks/csf-2.0/csf2_core.tsv", shared) :
		afd_sprintf("%s/../shared/data/frameworks/csf-2.0/csf2_core.tsv", source ? source : ".");
	AFD_AUTO(buf) struct afd_buf text = { 0 };
	unsigned lines = 0;
	struct set s;

	(void)state;
	if (afd_file_read(path, 1 << 20, &text, NULL) < 0) {
		afd_mem_release(&path);        /* skip() leaves by longjmp */
		skip();
	}
	set_up(&s);
	for (char *line = (char *)text.data, *end; line && *line; line = end) {
		char *field[4] = { line, NULL, NULL, NULL };
		const struct afd_control *c;

		end = strchr(line, '\n');
		if (end)
			*end++ = '\0';
		for (int i = 1; i < 4 && field[i - 1]; i++) {
			field[i] = strchr(field[i - 1], '\t');
			if (field[i])
				*field[i]++ = '\0';
		}
		if (!field[3] || strcmp(field[0], "id") == 0)
			continue;
		lines++;
		c = control(&s.cat[0].framework, field[0]);
		if (!c || strcmp(c->level, field[1]) != 0 || strcmp(c->status, "live") != 0)
			fail_msg("%s: not there as %s", field[0], field[1]);
		if (strcmp(c->title, field[3]) == 0 || strcmp(c->title, field[2]) == 0)
			fail_msg("%s: the publisher's words", field[0]);
	}
	assert_int_equal(lines, 134);
	tear_down(&s);
}

static void our_mappings(void **state)
{
	static const char *const names[] = {"frameworks/nist-csf-2.0.mapping.yaml",
					    "frameworks/owasp-nhi-2025.mapping.yaml"};
	struct afd_error err = { 0 };
	struct set s;

	(void)state;
	set_up(&s);
	for (size_t i = 0; i < 2; i++) {
		struct afd_catalogue *to;

		if (afd_mapping_parse(file(names[i]), names[i], &s.arena, &s.doc[s.n_doc++], s.cat, 2, s.check,
				      s.n_check, &to, &err) < 0)
			fail_msg("%s", err.text);
		assert_ptr_equal(to, &s.cat[i]);
		assert_string_equal(to->framework.mapping_author, "Affidavit project");
	}
	for (size_t k = 0; k < s.n_check; k++) {         /* every check says something about the first framework */
		bool found = false;

		for (size_t i = 0; i < s.cat[0].framework.n_control; i++)
			for (size_t l = 0; l < s.cat[0].framework.control[i].n_link; l++)
				found = found ||
					strcmp(s.cat[0].framework.control[i].link[l].check, s.check[k].id) == 0;
		if (!found)
			fail_msg("%s: no link", s.check[k].id);
	}
	tear_down(&s);
}

#define HEAD "framework: nist-csf-2.0\nversion: \"1\"\nauthor: me\ndate: \"2026-11-22\"\nlinks:\n"
#define LINK(check, control, relation)                                                                                 \
	"  - {check: " check ", control: " control ", relation: " relation ", rationale: a, limit: b}\n"

static void refused_mappings(void **state)
{
	static const struct { const char *text, *says;
	} rows[] = {
		{HEAD LINK("evidence-coverage", "PR.PS-04", "subset-of"), NULL},
		{HEAD LINK("evidence-coverage", "PR.PS-99", "subset-of"), "PR.PS-99"},
		{HEAD LINK("evidence-coverage", "PR.AC-01", "subset-of"), "PR.AA-01, PR.AA-05"},
		{HEAD LINK("evidence-coverage", "PR.IP", "subset-of"), "withdrawn"},
		{HEAD LINK("evidence-coverage", "pr.ps-04", "subset-of"), "a control of the framework"},
		{HEAD LINK("no-such-check", "PR.PS-04", "subset-of"), "no-such-check"},
		{HEAD LINK("evidence-coverage", "PR.PS-04", "equal"), "relation"},
		{HEAD LINK("evidence-coverage", "PR.PS-04", "indicates"), "relation"},
		{HEAD LINK("evidence-coverage", "PR.PS-04", "subset-of")
			 LINK("evidence-coverage", "PR.PS-04", "intersects-with"),
		 "above"},
		{HEAD "  - {check: evidence-coverage, control: PR.PS-04, relation: subset-of, rationale: a}\n",
		 "limit"},
		{HEAD "  - {check: evidence-coverage, control: PR.PS-04, relation: subset-of, rationale: a, limit: b, "
		      "strength: 9}\n",
		 "strength"},
		{"framework: no-such\nversion: \"1\"\nauthor: me\ndate: \"2026-11-22\"\nlinks: []\n", "framework"},
		{"framework: nist-csf-2.0\nversion: \"1\"\nauthor: me\ndate: yesterday\nlinks: []\n", "date"},
		{"framework: nist-csf-2.0\nversion: \"1\"\ndate: \"2026-11-22\"\nlinks: []\n", "author"},
		{"- a\n", "mapping"},
	};

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(rows); i++) {
		struct afd_error err = { 0 };
		struct afd_doc *d = NULL;
		struct afd_catalogue *to;
		struct set s;
		int r;

		set_up(&s);
		r = afd_mapping_parse(afd_slice_text(rows[i].text), "m.yaml", &s.arena, &d, s.cat, 2, s.check,
				      s.n_check, &to, &err);
		if (r != (rows[i].says ? -1 : 0))
			fail_msg("row %zu: %s", i, r < 0 ? err.text : "was taken");
		if (rows[i].says && !strstr(err.text, rows[i].says))
			fail_msg("row %zu: \"%s\" does not say \"%s\"", i, err.text, rows[i].says);
		afd_doc_release(&d);
		tear_down(&s);
	}
}

#define CAT(controls)                                                                                                  \
	"{\"id\":\"x\",\"title\":\"X\",\"version\":\"1\",\"relations\":[\"subset-of\"],\"levels\":[\"top\",\"low\"],"  \
	"\"controls\":[" controls "]}"

static void refused_catalogues(void **state)
{
	static const struct { const char *text, *says;
	} rows[] = {
		{CAT("{\"id\":\"A\",\"level\":\"top\",\"title\":\"a\"},{\"id\":\"B\",\"level\":\"low\",\"parent\":"
		     "\"A\",\"title\":\"b\"}"),
		 NULL},
		{CAT("{\"id\":\"A\",\"level\":\"top\",\"title\":\"a\"},{\"id\":\"A\",\"level\":\"top\",\"title\":"
		     "\"b\"}"),
		 "id"},
		{CAT("{\"id\":\"A\",\"level\":\"middle\",\"title\":\"a\"}"), "level"},
		{CAT("{\"id\":\"B\",\"level\":\"low\",\"title\":\"b\"}"), "parent"},
		{CAT("{\"id\":\"B\",\"level\":\"low\",\"parent\":\"A\",\"title\":\"b\"}"), "parent"},
		{CAT("{\"id\":\"A\",\"level\":\"top\",\"title\":\"a\",\"status\":\"gone\"}"), "status"},
		{CAT("{\"id\":\"A\",\"level\":\"top\",\"title\":\"a\",\"successors\":[\"A\"]}"), "live"},
		{CAT("{\"id\":\"A\",\"level\":\"top\",\"title\":\"a\",\"status\":\"withdrawn\",\"successors\":[\"B\"]"
		     "}"),
		 "successor B"},
		{CAT("{\"id\":\"A\",\"level\":\"top\"}"), "title"},
		{CAT("{\"id\":\"A\",\"level\":\"top\",\"title\":\"a\",\"text\":\"b\"}"), "text"},
		{"{\"id\":\"x\",\"title\":\"X\",\"version\":\"1\",\"relations\":[\"equal\"],\"levels\":[\"top\"],"
		 "\"controls\":[]}",
		 "relations"},
		{"[]", "catalogue"},
		{"{", ""},
	};

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(rows); i++) {
		AFD_AUTO(arena) struct afd_arena a = { 0 };
		AFD_AUTO(doc) struct afd_doc *d = NULL;
		struct afd_error err = { 0 };
		struct afd_catalogue c;
		int r = afd_catalogue_parse(afd_slice_text(rows[i].text), "c.json", &a, &d, &c, &err);

		if (r != (rows[i].says ? -1 : 0))
			fail_msg("row %zu: %s", i, r < 0 ? err.text : "was taken");
		if (rows[i].says && !strstr(err.text, rows[i].says))
			fail_msg("row %zu: \"%s\" does not say \"%s\"", i, err.text, rows[i].says);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts),
		cmocka_unit_test(withdrawn_ones_know_where_they_went),
		cmocka_unit_test(titles_are_ours_and_different),
		cmocka_unit_test(like_the_publisher_but_not_in_its_words),
		cmocka_unit_test(our_mappings),
		cmocka_unit_test(refused_mappings),
		cmocka_unit_test(refused_catalogues),
	};

	return cmocka_run_group_tests_name("framework", tests, NULL, NULL);
}
