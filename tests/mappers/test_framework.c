/* Catalogues and mappings: what ours hold, and what the readers refuse. */
#include <assert.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/file.h"
#include "mappers/judge.h"

static const char *const catalogues[] = {
	"frameworks/nist-csf-2.0.json", "frameworks/owasp-nhi-2025.json", "frameworks/nist-sp-800-53-r5.json",
	"frameworks/nist-sp-800-207.json", "frameworks/seal-dns-registrar-1.1.json", "frameworks/nist-ai-rmf-1.0.json",
};
enum { CSF, NHI, SP53, SP207, SEAL, AIRMF, CATALOGUES };
static_assert(AFD_COUNT(catalogues) == CATALOGUES, "one name each");

struct set {
	struct afd_arena arena;
	struct afd_doc **doc; size_t n_doc;
	struct afd_catalogue cat[CATALOGUES];
	struct afd_check *check; size_t n_check;
};

static struct afd_slice file(const char *path)
{
	const struct afd_embedded *e = afd_embedded_find(path);

	if (!e)
		fail_msg("%s: not built in", path);
	return afd_slice(e->data, e->len);
}

static struct afd_doc **keep(struct set *s)
{
	struct afd_doc **d = AFD_PUSH(&s->arena, s->doc, s->n_doc);

	assert_non_null(d);
	return d;
}

static void set_up(struct set *s)
{
	struct afd_error err = { 0 };

	memset(s, 0, sizeof *s);
	for (size_t i = 0; i < CATALOGUES; i++)
		if (afd_catalogue_parse(file(catalogues[i]), catalogues[i], &s->arena, keep(s), &s->cat[i], &err) < 0)
			fail_msg("%s", err.text);
	for (const struct afd_embedded *e = afd_embedded_files; e->path; e++) {
		struct afd_check *c = strncmp(e->path, "checks/", 7) == 0 ? AFD_PUSH(&s->arena, s->check, s->n_check) : NULL;

		if (c && afd_check_parse(afd_slice(e->data, e->len), e->path, keep(s), c, &err) < 0)
			fail_msg("%s", err.text);
	}
}

static void tear_down(struct set *s)
{
	for (size_t i = 0; i < s->n_doc; i++)
		afd_doc_release(&s->doc[i]);
	afd_arena_release(&s->arena);
}

static int map(struct set *s, const char *label, struct afd_slice text, struct afd_error *err)
{
	const struct afd_rule_file f = { "mapping", label, text, 1 };

	return afd_mapping_parse(&f, &s->arena, keep(s), s->cat, CATALOGUES, s->check, s->n_check, err);
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
	static const struct { int of; const char *level; unsigned live, withdrawn; } rows[] = {
		{ CSF, "function", 6, 0 }, { CSF, "category", 22, 12 }, { CSF, "subcategory", 106, 79 }, { NHI, "risk", 10, 0 },
		{ SP53, "family", 13, 0 }, { SP53, "control", 48, 0 }, { SP53, "enhancement", 2, 0 }, { SP207, "tenet", 7, 0 },
		{ SEAL, "section", 6, 0 }, { SEAL, "control", 16, 0 },
		{ AIRMF, "function", 4, 0 }, { AIRMF, "category", 19, 0 }, { AIRMF, "subcategory", 72, 0 },
	};
	size_t all[CATALOGUES] = { 0 };
	struct set s;

	(void)state;
	set_up(&s);
	for (size_t i = 0; i < AFD_COUNT(rows); i++) {
		const struct afd_framework *f = &s.cat[rows[i].of].framework;

		if (count(f, rows[i].level, "live") != rows[i].live || count(f, rows[i].level, "withdrawn") != rows[i].withdrawn)
			fail_msg("%s: %s: %u live", f->id, rows[i].level, count(f, rows[i].level, "live"));
		all[rows[i].of] += rows[i].live + rows[i].withdrawn;
	}
	for (size_t i = 0; i < CATALOGUES; i++) {
		const struct afd_framework *f = &s.cat[i].framework;

		assert_int_equal(f->n_control, all[i]);
		assert_int_equal(f->order, (int64_t)i + 1);
		assert_true(f->in_scope == (i != AIRMF));      /* only where an AI system holds rights, and somebody says so */
		assert_non_null(f->source);
	}
	tear_down(&s);
}

static void withdrawn_ones_know_where_they_went(void **state)
{
	struct set s;
	const struct afd_control *c;

	(void)state;
	set_up(&s);
	c = afd_control_find(&s.cat[0].framework, "PR.AC-01");
	assert_non_null(c);
	assert_int_equal(c->successors.n, 2);
	assert_string_equal(c->successors.at[0], "PR.AA-01");
	assert_string_equal(c->successors.at[1], "PR.AA-05");
	c = afd_control_find(&s.cat[0].framework, "ID.GV-03");
	assert_int_equal(c->successors.n, 1);
	assert_string_equal(c->successors.at[0], "GV.OC-03");
	tear_down(&s);
}

static void titles_are_ours_and_different(void **state)
{
	struct set s;

	(void)state;
	set_up(&s);
	for (size_t f = 0; f < CATALOGUES; f++)
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
		c = afd_control_find(&s.cat[0].framework, field[0]);
		if (!c || strcmp(c->level, field[1]) != 0 || strcmp(c->status, "live") != 0)
			fail_msg("%s: not there as %s", field[0], field[1]);
		if (strcmp(c->title, field[3]) == 0 || strcmp(c->title, field[2]) == 0)
			fail_msg("%s: the publisher's words", field[0]);
	}
	assert_int_equal(lines, 134);
	tear_down(&s);
}

static bool has_link(const struct afd_framework *f, const char *check)
{
	for (size_t i = 0; i < f->n_control; i++)
		for (size_t l = 0; l < f->control[i].n_link; l++)
			if (strcmp(f->control[i].link[l].check, check) == 0)
				return true;
	return false;
}

/* Every id in them exists and is live, or they would not load. */
static void our_mappings(void **state)
{
	struct afd_error err = { 0 };
	struct set s;

	(void)state;
	set_up(&s);
	for (size_t i = 0; i < CATALOGUES; i++) {
		const struct afd_framework *f = &s.cat[i].framework;
		AFD_AUTO(mem) char *name = afd_sprintf("frameworks/%s.mapping.yaml", f->id);

		if (map(&s, name, file(name), &err) < 0)
			fail_msg("%s", err.text);
		assert_int_equal(f->n_mapping, 1);
		assert_true(f->mapping[0].ours && f->mapping[0].rows > 0);
		assert_string_equal(f->mapping[0].author, "Affidavit project");
	}
	for (size_t k = 0; k < s.n_check; k++)           /* every check says something about the first framework */
		if (!has_link(&s.cat[CSF].framework, s.check[k].id))
			fail_msg("%s: no link", s.check[k].id);
	tear_down(&s);
}

/* What an auditor would strike out: PR.IR-04 is about capacity; NHI7 about secrets that authenticate, which neither a zone's key nor a
 * certificate that ends too soon is; and NHI3 about third parties. */
static void no_row_that_cannot_be_defended(void **state)
{
	static const struct { int of; const char *control, *check; } never[] = {
		{ CSF, "PR.IR-04", "" }, { NHI, "NHI7:2025", "dnssec-" }, { NHI, "NHI7:2025", "certificate-expiring" },
		{ NHI, "NHI7:2025", "certificate-renewed-in-time" }, { NHI, "NHI3:2025", "certificate-" }, { NHI, "NHI3:2025", "dnssec-" },
		{ NHI, "NHI2:2025", "challenge-residue" },
	};
	struct afd_error err = { 0 };
	struct set s;

	(void)state;
	set_up(&s);
	for (size_t i = 0; i < CATALOGUES; i++) {
		const struct afd_framework *f = &s.cat[i].framework;
		AFD_AUTO(mem) char *name = afd_sprintf("frameworks/%s.mapping.yaml", f->id);

		assert_int_equal(map(&s, name, file(name), &err), 0);
		for (size_t n = 0; n < AFD_COUNT(never); n++) {
			const struct afd_control *c = never[n].of == (int)i ? afd_control_find(f, never[n].control) : NULL;

			for (size_t l = 0; c && l < c->n_link; l++)
				if (strncmp(c->link[l].check, never[n].check, strlen(never[n].check)) == 0)
					fail_msg("%s under %s", c->link[l].check, c->id);
		}
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
		 "stand in m.yaml:6 already"},
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
		struct set s;
		int r;

		set_up(&s);
		r = map(&s, "m.yaml", afd_slice_text(rows[i].text), &err);
		if (r != (rows[i].says ? -1 : 0))
			fail_msg("row %zu: %s", i, r < 0 ? err.text : "was taken");
		if (rows[i].says && !strstr(err.text, rows[i].says))
			fail_msg("row %zu: \"%s\" does not say \"%s\"", i, err.text, rows[i].says);
		tear_down(&s);
	}
}

/* --- what others lay over it --- */

#define CITED(check, control, cited) \
	"  - {check: " check ", control: " control ", relation: subset-of, rationale: mine, limit: b, cited: " cited "}\n"

static const struct afd_link *link_of(const struct set *s, const char *control, const char *check)
{
	const struct afd_control *c = afd_control_find(&s->cat[CSF].framework, control);

	for (size_t i = 0; i < c->n_link; i++)
		if (strcmp(c->link[i].check, check) == 0)
			return &c->link[i];
	return NULL;
}

static void overlays(void **state)
{
	static const struct { const char *first, *second, *says; } rows[] = {
		{ HEAD LINK("evidence-coverage", "PR.PS-04", "subset-of"), NULL, NULL },                     /* in the place of ours */
		{ HEAD LINK("evidence-coverage", "GV.PO-01", "subset-of"), NULL, NULL },                     /* one more */
		{ HEAD LINK("evidence-coverage", "PR.PS-04", "subset-of"), HEAD LINK("evidence-coverage", "GV.PO-01", "subset-of"), NULL },
		{ HEAD LINK("evidence-coverage", "PR.PS-04", "subset-of"), HEAD LINK("evidence-coverage", "PR.PS-04", "intersects-with"),
		  "z.yaml:6: check evidence-coverage and control PR.PS-04 stand in a.yaml:6 already" },
		{ HEAD CITED("evidence-coverage", "PR.AA-05", "PR.AC-4"), NULL, NULL },                      /* it moved there */
		{ HEAD CITED("evidence-coverage", "PR.AA-05", "pr.ac"), NULL, NULL },                        /* below where it moved */
		{ HEAD CITED("evidence-coverage", "PR.AA-05", "GV.1"), NULL, NULL },                         /* never an id */
		{ HEAD CITED("evidence-coverage", "PR.DS-01", "PR.AC-4"), NULL, "PR.AC-04 is withdrawn, see PR.AA-05" },
		{ HEAD CITED("evidence-coverage", "PR.DS-01", "pr.ds-02"), NULL, "another live control" },
		{ HEAD LINK("evidence-coverage", "PR.AC-1", "subset-of"), NULL, "PR.AC-01 is withdrawn, see PR.AA-01, PR.AA-05" },
		{ HEAD LINK("evidence-coverage", "pr.aa-1", "subset-of"), NULL, "perhaps PR.AA-01" },
	};

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(rows); i++) {
		const char *base = "frameworks/nist-csf-2.0.mapping.yaml";
		struct afd_error err = { 0 };
		struct set s;
		int r;

		set_up(&s);
		assert_int_equal(map(&s, base, file(base), &err), 0);
		r = map(&s, "a.yaml", afd_slice_text(rows[i].first), &err);
		if (r == 0 && rows[i].second)
			r = map(&s, "z.yaml", afd_slice_text(rows[i].second), &err);
		if (r != (rows[i].says ? -1 : 0))
			fail_msg("row %zu: %s", i, r < 0 ? err.text : "was taken");
		if (rows[i].says && !strstr(err.text, rows[i].says))
			fail_msg("row %zu: \"%s\" does not say \"%s\"", i, err.text, rows[i].says);
		tear_down(&s);
	}
}

static void an_overlay_shows_whose_rows_are_in_force(void **state)
{
	const char *base = "frameworks/nist-csf-2.0.mapping.yaml";
	const struct afd_framework *f;
	const struct afd_link *l;
	struct afd_error err = { 0 };
	unsigned before;
	struct set s;

	(void)state;
	set_up(&s);
	f = &s.cat[CSF].framework;
	assert_int_equal(map(&s, base, file(base), &err), 0);
	before = f->mapping[0].rows;
	assert_string_not_equal(link_of(&s, "PR.PS-04", "evidence-coverage")->rationale, "a");
	assert_int_equal(map(&s, "acme/over.mapping.yaml", afd_slice_text(HEAD LINK("evidence-coverage", "PR.PS-04", "subset-of")
		CITED("evidence-coverage", "PR.AA-05", "PR.AC-4")), &err), 0);
	assert_int_equal(f->n_mapping, 2);
	assert_int_equal(f->mapping[0].rows, before - 1);
	assert_int_equal(f->mapping[1].rows, 2);
	assert_int_equal(f->mapping[1].replaces, 1);
	assert_true(!f->mapping[1].ours);
	assert_string_equal(f->mapping[1].author, "me");
	l = link_of(&s, "PR.PS-04", "evidence-coverage");
	assert_string_equal(l->rationale, "a");
	assert_int_equal(l->mapping, 1);
	assert_true(l->replaces);
	l = link_of(&s, "PR.AA-05", "evidence-coverage");
	assert_string_equal(l->cited, "PR.AC-4");
	assert_true(!l->replaces);
	tear_down(&s);
}

/* --- all of them, whatever the order in which they come --- */

static void loaded_as_a_set(void **state)
{
	struct afd_rule_file f[] = {
		{ "mapping", "a/x.mapping.yaml", afd_slice_text("framework: x\nversion: \"1\"\nauthor: me\ndate: \"2026-11-22\"\nlinks: []\n"), 9 },
		{ "mapping", "frameworks/nist-csf-2.0.mapping.yaml", afd_slice_text(AFD_RULE_WITHDRAWN), 8 },
		{ "framework", "a/x.json", afd_slice_text("{\"id\":\"x\",\"title\":\"X\",\"version\":\"1\",\"relations\":[\"subset-of\"],"
			"\"levels\":[\"top\"],\"controls\":[]}"), 7 },
		{ "framework", "frameworks/nist-csf-2.0.json", file("frameworks/nist-csf-2.0.json"), 6 },
	};
	AFD_AUTO(frameworks) struct afd_frameworks *all = NULL;
	struct afd_error err = { 0 };

	(void)state;
	if (afd_frameworks_load(f, AFD_COUNT(f), NULL, 0, &all, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(all->n, 2);
	assert_string_equal(all->at[0].framework.id, "nist-csf-2.0");   /* by its place; without one, by id */
	assert_int_equal(all->at[0].framework.n_mapping, 0);            /* what was withdrawn is not read */
	assert_string_equal(all->at[1].framework.id, "x");
	assert_int_equal(all->at[1].framework.n_mapping, 1);
	assert_int_equal(all->at[1].framework.leaf, 7);
}

/* --- the publisher's words --- */

#define OFFICIAL(texts) "{\"framework\":\"nist-csf-2.0\",\"source\":{\"file\":\"c.xml\",\"title\":\"T\",\"sha256\":\"" \
	"0000000000000000000000000000000000000000000000000000000000000000\"},\"texts\":[" texts "]}"

static void official_texts(void **state)
{
	static const struct { const char *text, *says; } rows[] = {
		{ OFFICIAL("{\"id\":\"PR.AA-05\",\"text\":\"words\"}"), NULL },
		{ OFFICIAL("{\"id\":\"PR.AC-04\",\"text\":\"words\"}"), "PR.AC-04" },
		{ OFFICIAL("{\"id\":\"PR.AA-99\",\"text\":\"words\"}"), "PR.AA-99" },
		{ OFFICIAL("{\"id\":\"PR.AA-05\"}"), "a title or a text" },
		{ OFFICIAL("{\"id\":\"PR.AA-05\",\"text\":\"a\"},{\"id\":\"PR.AA-05\",\"text\":\"a\"}"), "above" },
		{ "{\"framework\":\"nist-csf-2.0\",\"source\":{\"file\":\"c.xml\",\"title\":\"T\",\"sha256\":\"00\"},\"texts\":[]}", "sha256" },
		{ "{\"framework\":\"no\",\"source\":{},\"texts\":[]}", "framework" },
		{ "[]", "official texts" },
	};

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(rows); i++) {
		const struct afd_rule_file f = { "official", "o.json", afd_slice_text(rows[i].text), 3 };
		struct afd_error err = { 0 };
		struct set s;
		int r;

		set_up(&s);
		r = afd_official_parse(&f, &s.arena, keep(&s), s.cat, CATALOGUES, &err);
		if (r != (rows[i].says ? -1 : 0))
			fail_msg("row %zu: %s", i, r < 0 ? err.text : "was taken");
		if (rows[i].says && !strstr(err.text, rows[i].says))
			fail_msg("row %zu: \"%s\" does not say \"%s\"", i, err.text, rows[i].says);
		if (r == 0) {
			assert_string_equal(afd_control_find(&s.cat[CSF].framework, "PR.AA-05")->official_text, "words");
			assert_int_equal(s.cat[CSF].framework.official.n, 1);
			assert_int_equal(afd_official_parse(&f, &s.arena, keep(&s), s.cat, CATALOGUES, &err), -1);   /* twice */
		}
		tear_down(&s);
	}
}

/* --- ids as people write them --- */

static void resolving(void **state)
{
	static const struct { const char *only, *word; enum afd_resolution how; const char *id; const char *like; size_t cited; } rows[] = {
		{ NULL, "PR.AA-05", AFD_ID_LIVE, "PR.AA-05", NULL, 0 },
		{ NULL, "pr.aa-5", AFD_ID_LIVE, "PR.AA-05", NULL, 0 },
		{ NULL, "csf:PR.AA-1", AFD_ID_LIVE, "PR.AA-01", NULL, 1 },
		{ NULL, "PR.AC-1", AFD_ID_WITHDRAWN, "PR.AC-01", NULL, 1 },
		{ NULL, "PR.AC", AFD_ID_WITHDRAWN, "PR.AC", NULL, 1 },
		{ NULL, "ID.GV-3", AFD_ID_WITHDRAWN, "ID.GV-03", NULL, 0 },
		{ NULL, "NHI3:2025", AFD_ID_LIVE, "NHI3:2025", NULL, 0 },
		{ NULL, "nhi3", AFD_ID_LIVE, "NHI3:2025", NULL, 0 },
		{ NULL, "NHI-03", AFD_ID_ASK, NULL, "NHI7:2025", 4 },
		{ NULL, "NHI03", AFD_ID_ASK, NULL, "NHI3:2025", 4 },
		{ NULL, "NHI-10", AFD_ID_ASK, NULL, "NHI10:2025", 0 },
		{ NULL, "NHI1", AFD_ID_LIVE, "NHI1:2025", NULL, 0 },
		{ NULL, "NHI-11", AFD_ID_UNKNOWN, NULL, "NHI1:2025", 0 },
		{ NULL, "AC-6 (9)", AFD_ID_LIVE, "AC-6(9)", NULL, 0 },
		{ NULL, "ac-06.09", AFD_ID_LIVE, "AC-6(9)", NULL, 0 },
		{ NULL, "SC-7", AFD_ID_LIVE, "SC-7", NULL, 1 },
		{ "800-207", "SC-7", AFD_ID_UNKNOWN, NULL, "sp800-207-t6", 1 },
		{ "800-207", "GV.3", AFD_ID_UNKNOWN, NULL, "sp800-207-t6", 1 },
		{ NULL, "GV.1", AFD_ID_UNKNOWN, NULL, "GV.RR-02", 1 },
		{ NULL, "govern 1.6", AFD_ID_LIVE, "GOVERN 1.6", NULL, 0 },
		{ NULL, "DNS-4.1.3", AFD_ID_LIVE, "dns-4.1.3", NULL, 0 },
		{ NULL, "PR.PS-99", AFD_ID_UNKNOWN, NULL, "PR.PS-01", 0 },
		{ NULL, "", AFD_ID_UNKNOWN, NULL, NULL, 0 },
		{ NULL, "------", AFD_ID_UNKNOWN, NULL, NULL, 0 },
		{ NULL, "A1B2C3D4E5F6G7H8I9J0K1L2M3N4O5P6Q7R8S9T0U1V2W3X4Y5Z6A1B2C3D4E5F6G7H8", AFD_ID_UNKNOWN, NULL, NULL, 0 },
	};
	struct afd_rule_file f[CATALOGUES];
	AFD_AUTO(frameworks) struct afd_frameworks *all = NULL;
	struct afd_crosswalk c = { 0 };
	struct afd_error err = { 0 };

	(void)state;
	for (size_t i = 0; i < CATALOGUES; i++)
		f[i] = (struct afd_rule_file){ "framework", catalogues[i], file(catalogues[i]), i };
	if (afd_frameworks_load(f, CATALOGUES, NULL, 0, &all, &err) < 0 ||
	    afd_crosswalk_parse(file("frameworks/cited.yaml"), "frameworks/cited.yaml", all, &c, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(c.n, 17);
	for (size_t i = 0; i < AFD_COUNT(rows); i++) {
		struct afd_resolved r;
		bool like = !rows[i].like;

		afd_framework_resolve(all, &c, rows[i].only, rows[i].word, &r);
		if (r.how != rows[i].how || r.n_cited != rows[i].cited)
			fail_msg("%s: %d, cited %zu", rows[i].word, (int)r.how, r.n_cited);
		if (rows[i].id && strcmp(r.control->id, rows[i].id) != 0)
			fail_msg("%s: %s", rows[i].word, r.control->id);
		for (size_t k = 0; k < r.n_like; k++)
			like = like || strcmp(r.like[k].control->id, rows[i].like) == 0;
		if (!like)
			fail_msg("%s: %s is not offered", rows[i].word, rows[i].like);
	}
	afd_crosswalk_release(&c);
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
		cmocka_unit_test(no_row_that_cannot_be_defended),
		cmocka_unit_test(refused_mappings),
		cmocka_unit_test(overlays),
		cmocka_unit_test(an_overlay_shows_whose_rows_are_in_force),
		cmocka_unit_test(loaded_as_a_set),
		cmocka_unit_test(official_texts),
		cmocka_unit_test(resolving),
		cmocka_unit_test(refused_catalogues),
	};

	return cmocka_run_group_tests_name("framework", tests, NULL, NULL);
}
