#include "reports/pdf/pages.h"

static const struct afd_col columns[] = {
	{ 0, PT(70), false, "Control" },       { PT(70), PT(125), false, "Outcome" },
	{ PT(195), PT(139), false, "Result" }, { PT(329), PT(24), true, "Tests" },
	{ PT(353), PT(25), true, "Pass" },     { PT(378), PT(21), true, "Exc." },
	{ PT(399), PT(21), true, "Rev." },     { PT(420), PT(18), true, "N.t." },
	{ PT(438), PT(20), true, "Wv." },      { PT(458), PT(34), true, "Finding" },
};

static const struct afd_m_control *find(const struct afd_m_framework *w, const char *id)
{
	for (size_t i = 0; id && i < w->n_control; i++)
		if (afd_is(w->control[i].id, id))
			return &w->control[i];
	return NULL;
}

/* The topmost control over C; the depth is bounded, should parents go in circles. */
static const struct afd_m_control *root_of(const struct afd_m_framework *w, const struct afd_m_control *c)
{
	const struct afd_m_control *up;

	for (int depth = 0; depth < 8 && (up = find(w, c->parent)); depth++)
		c = up;
	return c;
}

static bool folds(const struct afd_m_framework *w, size_t i)
{
	return afd_control_row(w, i) && afd_is(w->control[i].phrase, "not-addressed");
}

/* "GV.OC-01", "GV.OC-05" have "05" as what differs; 0 when the ids have nothing in common. */
static const char *tail(const char *a, const char *b)
{
	size_t k = 0;

	while (a[k] && a[k] == b[k])
		k++;
	while (k > 0 && a[k - 1] >= '0' && a[k - 1] <= '9')
		k--;
	return k > 0 && b[k] ? b + k : NULL;
}

/* How many rows from I on say "not addressed" under one parent. Rows between them that are no rows do not count. */
static size_t run_of(const struct afd_m_framework *w, size_t i, size_t *last)
{
	size_t n = 1;

	*last = i;
	for (size_t k = i + 1; k < w->n_control; k++) {
		if (!afd_control_row(w, k))
			continue;
		if (!folds(w, k) || !w->control[i].parent || !afd_is(w->control[k].parent, w->control[i].parent))
			break;
		*last = k;
		n++;
	}
	return n;
}

static size_t not_addressed(struct afd_layout *l, struct afd_table *t, const struct afd_m_framework *w, size_t i)
{
	const struct afd_m_control *c = &w->control[i], *up = find(w, c->parent);
	struct afd_row *r = afd_table_row(t);
	size_t last, n = run_of(w, i, &last);
	const char *end = n > 1 ? tail(c->id, w->control[last].id) : NULL, *id = c->id, *title = c->title;

	if (n > 1 && end) {
		id = afd_sheets_printf(l->s, n == 2 ? "%s,\u00a0%s" : "%s to\u00a0%s", c->id, end);
		title = up ? up->title : title;
	} else {
		last = i;
	}
	afd_row_text(t, r, 0, AFD_REGULAR, AFD_GREY1, id);
	afd_row_text(t, r, 1, AFD_REGULAR, AFD_GREY1, afd_or(title, ""));
	afd_row_runs(t, r, 2,
		     &(struct afd_run){ .s = "not addressed", .ink = AFD_GREY1, .mark = AFD_MARK_NOT_ADDRESSED }, 1);
	return last;
}

static void finding_numbers(struct afd_layout *l, struct afd_table *t, struct afd_row *row,
			    const struct afd_m_framework *w, const struct afd_m_control *c)
{
	const struct afd_report *r = l->r;
	struct afd_run run[5];
	size_t n = 0, more = 0;

	for (size_t i = 0; i < r->n_finding; i++) {
		const struct afd_m_finding *f = &r->finding[i];
		bool linked = false;

		if (!afd_is(f->status, "fail") || f->would_fail)
			continue;
		for (size_t k = 0; k < f->n_control && !linked; k++)
			linked = afd_is(f->control[k].control, c->id) && afd_is(f->control[k].framework, w->id);
		if (!linked)
			continue;
		if (n == 4) {
			more++;
			continue;
		}
		run[n] = (struct afd_run){ .s = afd_sheets_printf(l->s, "%sF%lld", n ? ", " : "", (long long)f->number),
					   .link = l->finding_dest[i] };
		n++;
	}
	if (more)
		run[n++] = (struct afd_run){ .s = afd_sheets_printf(l->s, " and %s more",
								    afd_number(l->s, (int64_t)more)) };
	afd_row_runs(t, row, 9, run, n);
}

/* Our title, and in grey the publisher's words where they were imported; the longest of them are cut. */
static void outcome_cell(struct afd_layout *l, struct afd_table *t, struct afd_row *r, const struct afd_m_control *c)
{
	enum { SHOWN = 320 };
	struct afd_run run[2] = { { .s = afd_or(c->title, ""), .ink = AFD_INK } };
	size_t n = c->official_text ? strlen(c->official_text) : 0;

	if (n > SHOWN)
		for (n = SHOWN; n && ((unsigned char)c->official_text[n] & 0xc0) == 0x80;)
			n--;
	if (n)
		run[1] = (struct afd_run){ .ink = AFD_GREY1,
			.s = afd_sheets_printf(l->s, "  “%.*s%s”", (int)n, c->official_text, c->official_text[n] ? " …" : "") };
	afd_row_runs(t, r, 1, run, n ? 2 : 1);
}

static void addressed(struct afd_layout *l, struct afd_table *t, const struct afd_m_framework *w,
		      const struct afd_m_control *c)
{
	const struct afd_m_counts *n = &c->counts;
	struct afd_row *r = afd_table_row(t);
	enum afd_mark mark = afd_phrase_mark(c->phrase);
	int64_t tests = n->population - n->not_applicable, seen = n->pass + n->review + n->fail;
	const int64_t v[] = { tests, n->pass, n->fail - n->waived, n->review, n->not_evaluable + n->error, n->waived };
	const char *text = mark == AFD_MARK_FAIL   ? "exceptions noted"
			   : mark == AFD_MARK_PASS ? afd_sheets_printf(l->s, "no exceptions noted in %s",
								       afd_plural(l->s, seen, "test", "tests"))
						   : "could not be tested";

	afd_row_text(t, r, 0, AFD_REGULAR, AFD_INK, c->id);
	outcome_cell(l, t, r, c);
	afd_row_runs(t, r, 2,
		     &(struct afd_run){ text, mark == AFD_MARK_FAIL ? AFD_BOLD : AFD_REGULAR, AFD_INK, mark, 0 }, 1);
	for (size_t i = 0; i < AFD_COUNT(v); i++)
		afd_row_count(t, r, 3 + i, v[i]);
	finding_numbers(l, t, r, w, c);
}

static size_t withdrawn(const struct afd_m_framework *w)
{
	size_t n = 0;

	for (size_t i = 0; i < w->n_control; i++)
		n += !afd_control_live(&w->control[i]);
	return n;
}

static void one_framework(struct afd_layout *l, const struct afd_m_framework *w)
{
	const struct afd_m_control *group = NULL;
	struct afd_sheets *s = l->s;
	struct afd_table t;
	size_t gone = withdrawn(w);

	afd_section(l, afd_sheets_printf(s, "Controls: %s", afd_framework_name(s, w)));
	afd_flow_text(&l->f, afd_style_cell, AFD_REGULAR, AFD_GREY1,
		      w->official.label ? "Titles are in our words; what stands in grey behind them is the publisher's. A test can count "
					  "towards several controls, so columns do not add up to the summary."
					: "Titles are in our words. A test can count towards several controls, so columns do not add up to "
					  "the summary.");
	l->f.y += PT(4);
	afd_table_begin(&t, &l->f, NULL, columns, AFD_COUNT(columns));
	t.above = PT(2.5);
	t.below = PT(2);
	t.pad = PT(3);
	for (size_t i = 0; i < w->n_control; i++) {
		const struct afd_m_control *c = &w->control[i], *root = root_of(w, c);

		if (!afd_control_row(w, i))
			continue;
		if (root != c && root != group) {
			afd_table_group(&t,
					root->title ? afd_sheets_printf(s, "%s  %s", root->id, root->title) : root->id);
			group = root;
		}
		if (folds(w, i))
			i = not_addressed(l, &t, w, i);
		else
			addressed(l, &t, w, c);
	}
	t.note = afd_sheets_printf(
		s, "Exc. exceptions, Rev. to be reviewed by a person, N.t. could not be tested, Wv. waived.%s",
		gone ? afd_sheets_printf(s, " %s not listed.",
					 afd_plural(s, (int64_t)gone, "withdrawn id is", "withdrawn ids are"))
		     : "");
	afd_table_end(&t);
}

static size_t in_scope(const struct afd_report *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n_framework; i++)
		n += r->framework[i].in_scope != 0;
	return n;
}

unsigned afd_framework_sections(const struct afd_report *r)
{
	const size_t n = in_scope(r);

	return (unsigned)(n ? n : r->n_framework > 0);
}

void afd_layout_controls(struct afd_layout *l)
{
	const struct afd_report *r = l->r;

	for (size_t i = 0; i < r->n_framework; i++)
		if (r->framework[i].in_scope)
			one_framework(l, &r->framework[i]);
	if (in_scope(r) == 0 && r->n_framework > 0)
		afd_section(l, "Controls");
	for (size_t i = 0; i < r->n_framework; i++) {
		const struct afd_m_framework *w = &r->framework[i];

		if (w->in_scope)
			continue;
		afd_heading(l, afd_sheets_printf(l->s, "Controls: %s", afd_framework_name(l->s, w)), PT(40));
		afd_flow_text(&l->f, afd_style_cell, AFD_REGULAR, AFD_GREY1,
			      afd_sheets_printf(l->s, "Not in scope: neither the configuration nor the inventory states that %s. Nothing of "
						"it is counted, and nothing is said about it.", afd_or(w->applies_when, "it applies")));
	}
}
