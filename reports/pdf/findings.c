#include "reports/pdf/pages.h"

#include "core/when.h"

/* The margin of a finding: keys and values in columns 1 to 3. It runs down the pages beside the body. */
static void fact(struct afd_flow *m, const char *key, const struct afd_run *run, size_t n)
{
	struct afd_style style = { PT(8.5), PT(7.5), PT(11) };
	struct afd_lines k = afd_wrap1(m->s, afd_style_note, AFD_REGULAR, AFD_GREY1, key, m->w),
			 v = afd_wrap(m->s, style, run, n, m->w);

	afd_flow_space(m, PT(3.5));
	afd_flow_need(m, afd_lines_height(&k) + style.leading);
	afd_flow_lines(m, &k);
	afd_flow_lines(m, &v);
}

static void fact_text(struct afd_flow *m, const char *key, enum afd_face face, const char *text)
{
	fact(m, key, &(struct afd_run){ text, face, AFD_INK, AFD_MARK_NONE, 0 }, 1);
}

static const char *state_of(const struct afd_m_finding *f)
{
	if (f->would_fail)
		return "would fail: evidence is missing";
	if (afd_is(f->status, "review"))
		return "to be reviewed by a person";
	return f->waiver ? "waived" : "open";
}

static const char *id_groups(struct afd_sheets *s, const char *id)
{
	size_t n = strlen(id);
	const char *out = "";

	for (size_t i = 0; i < n; i += 4)
		out = afd_sheets_printf(s, "%s%s%.4s", out, i == 0 ? "" : i % 8 ? "\u00a0" : " ", id + i);
	return out;
}

static const char *owner_of(const struct afd_report *r, const char *resource)
{
	for (size_t i = 0; resource && i < r->n_scope; i++)
		if (afd_is(r->scope[i].name, resource))
			return r->scope[i].owner;
	return NULL;
}

/* A check's title says what holds; a finding says that it does not, or not surely. */
static const char *heading_of(struct afd_sheets *s, const struct afd_m_finding *f)
{
	if (f->would_fail)
		return afd_sheets_printf(s, "Not decided: “%s”", f->check->title);
	return afd_sheets_printf(s, afd_is(f->status, "review") ? "To be reviewed: “%s”" : "Exception to “%s”",
				 f->check->title);
}

static void margin(struct afd_layout *l, struct afd_flow *m, const struct afd_m_finding *f)
{
	struct afd_sheets *s = l->s;
	const char *owner = owner_of(l->r, f->resource);

	fact(m, "Severity",
	     &(struct afd_run){ .s = f->severity, .face = AFD_BOLD, .mark = afd_severity_mark(f->severity) }, 1);
	if (f->severity_default)
		fact_text(m, "By the policy", AFD_REGULAR, afd_sheets_printf(s, "the check's own is %s", f->severity_default));
	fact_text(m, "Subject", AFD_MONO, afd_or(f->resource, "not stated"));
	fact_text(m, "Observed", AFD_REGULAR, afd_second(s, f->observed));
	fact_text(m, "State", AFD_REGULAR, f->state && !afd_is(f->state, "open") ? afd_sheets_printf(s, "%s; %s", state_of(f), f->state) : state_of(f));
	if (owner)
		fact_text(m, "Owner", AFD_REGULAR, owner);
	fact_text(m, "Check", AFD_MONO, f->check_id);
	if (f->key && !afd_is(f->key, f->resource))
		fact_text(m, "Key", AFD_MONO, f->key);
	fact_text(m, "Finding id", AFD_MONO, id_groups(s, f->id));
}

/* Two blocks side by side: a rule, a bold head, sentences. Kept together if a page can hold them. */
struct side { const char *head; enum afd_mark mark; enum afd_ink rule; const char *const *text; size_t n; };

static void sides(struct afd_layout *l, struct afd_flow *f, const struct side side[2])
{
	struct afd_sheets *s = l->s;
	struct afd_flow end = *f;
	afd_mpt h[2] = { 0 };
	struct afd_lines *t[2];

	for (int i = 0; i < 2; i++) {
		t[i] = afd_sheets_alloc(s, (side[i].n + 1) * sizeof(*t[i]));
		if (!t[i])
			return;
		t[i][0] = afd_wrap(s, afd_style_cell,
				   &(struct afd_run){ .s = side[i].head, .face = AFD_BOLD, .mark = side[i].mark }, 1,
				   PT(177));
		for (size_t k = 0; k < side[i].n; k++)
			t[i][k + 1] = afd_wrap1(s, afd_style_cell, AFD_REGULAR, AFD_INK, side[i].text[k], PT(177));
		for (size_t k = 0; k <= side[i].n; k++)
			h[i] = h[i] < s->height ? h[i] + afd_lines_height(&t[i][k])
						: h[i]; /* more than a page is all that matters */
	}
	afd_flow_space(f, PT(9));
	h[0] = (h[0] > h[1] ? h[0] : h[1]) + PT(5);
	afd_flow_need(f, h[0] < s->bottom - s->top ? h[0] : PT(60));
	for (int i = 0; i < 2; i++) {
		struct afd_flow g = *f;

		g.x += i ? PT(189) : 0;
		g.w = PT(177);
		if (side[i].rule != AFD_WHITE)
			afd_rule(s, g.page, side[i].rule, PT(1), g.x, g.y, g.w);
		g.y += PT(5);
		for (size_t k = 0; k <= side[i].n; k++)
			afd_flow_lines(&g, &t[i][k]);
		if (g.page > end.page || (g.page == end.page && g.y > end.y)) {
			end.page = g.page;
			end.y = g.y;
		}
	}
	f->page = end.page;
	f->y = end.y;
}

static void rule_and_observed(struct afd_layout *l, struct afd_flow *f, const struct afd_m_finding *d)
{
	struct afd_sheets *s = l->s;
	const struct afd_m_check *c = d->check;
	const char **rule = afd_sheets_alloc(s, (c->n_param + 2) * sizeof(*rule));
	bool fail = afd_is(d->status, "fail") && !d->would_fail;
	size_t n = 0;

	if (!rule)
		return;
	if (c->why)
		rule[n++] = c->why;
	for (size_t i = 0; i < c->n_param; i++)
		rule[n++] = afd_sheets_printf(s, "%s = %s%s%s", c->param[i].name, afd_or(c->param[i].value, "not set"),
					      c->param[i].meaning ? ": " : "", afd_or(c->param[i].meaning, ""));
	sides(l, f,
	      (struct side[2]){ { "Why it matters", 0, AFD_INK, rule, n },
				{ d->would_fail ? "Observed, as far as evidence reaches" : "Observed",
				  fail            ? d->waiver ? AFD_MARK_WAIVED : AFD_MARK_FAIL
				  : d->would_fail ? AFD_MARK_OPEN
						  : AFD_MARK_REVIEW,
				  fail ? AFD_ACCENT : AFD_INK, d->reasons.at, d->reasons.n } });
}

static void evidence(struct afd_layout *l, struct afd_flow *f, const struct afd_m_finding *d)
{
	static const struct afd_col col[] = { { 0, PT(56), false, "Evidence leaf" },
					      { PT(56), PT(74), false, "Leaf hash" },
					      { PT(130), PT(92), false, "Collected (UTC)" },
					      { PT(222), PT(144), false, "What it is" } };
	struct afd_sheets *s = l->s;
	struct afd_table t;

	afd_flow_space(f, PT(4));
	if (d->n_evidence == 0) {
		afd_flow_text(f, afd_style_cell, AFD_REGULAR, AFD_INK,
			      "No record is cited: the finding is the absence of one.");
		return;
	}
	afd_table_begin(&t, f, NULL, col, AFD_COUNT(col));
	for (size_t i = 0; i < d->n_evidence && i < AFD_MAX_SHOWN; i++) {
		const struct afd_m_evidence *e = &d->evidence[i];
		struct afd_row *w = afd_table_row(&t);

		afd_row_text(&t, w, 0, AFD_REGULAR, AFD_INK,
			     e->part ? afd_sheets_printf(s, "%s, part\u00a0%s", afd_number(s, e->leaf),
							 afd_number(s, e->part))
				     : afd_number(s, e->leaf));
		afd_row_text(&t, w, 1, AFD_MONO, AFD_INK, afd_groups(s, e->hash, 12, 4));
		afd_row_text(&t, w, 2, AFD_REGULAR, AFD_INK, afd_second(s, e->received));
		afd_row_text(&t, w, 3, AFD_REGULAR, AFD_INK,
			     afd_sheets_printf(s, "%s%s%s", afd_or(e->source, ""), e->source && e->what ? ", " : "",
					       afd_or(e->what, "")));
	}
	if (d->n_evidence > AFD_MAX_SHOWN)
		t.note = afd_sheets_printf(s, "%u of %s shown, the rest is in report.json.", AFD_MAX_SHOWN,
					   afd_number(s, (int64_t)d->n_evidence));
	afd_table_end(&t);
}

static const char *words_of(struct afd_sheets *s, const char *relation)
{
	char *out = afd_sheets_alloc(s, relation ? strlen(relation) + 1 : 1);

	for (size_t i = 0; out && relation && relation[i]; i++)
		out[i] = relation[i] == '-' ? ' ' : relation[i];
	return out ? out : "";
}

static void controls(struct afd_layout *l, struct afd_flow *f, const struct afd_m_finding *d)
{
	static const struct afd_col col[] = { { 0, PT(96), false, "Controls" },
					      { PT(96), PT(84), false, "" },
					      { PT(180), PT(186), false, "" } };
	const struct afd_report *r = l->r;
	struct afd_table t;

	if (d->n_control == 0)
		return;
	afd_flow_space(f, PT(6));
	afd_table_begin(&t, f, NULL, col, AFD_COUNT(col));
	for (size_t i = 0; i < d->n_control; i++) {
		const struct afd_m_finding_link *k = &d->control[i];
		struct afd_row *w = afd_table_row(&t);

		afd_row_text(&t, w, 0, AFD_REGULAR, AFD_INK,
			     r->n_framework > 1 && strchr(k->control, ' ')
				     ? afd_sheets_printf(l->s, "%s %s", k->framework, k->control)
				     : k->control);
		afd_row_text(&t, w, 1, AFD_REGULAR, AFD_INK, words_of(l->s, k->relation));
		afd_row_text(&t, w, 2, AFD_REGULAR, AFD_INK, afd_or(k->limit, ""));
	}
	afd_table_end(&t);
}

static void remedy_and_waiver(struct afd_layout *l, struct afd_flow *f, const struct afd_m_finding *d)
{
	const struct afd_m_waiver *w = d->waiver;
	const char *remedy = afd_or(d->check->remedy, "Not stated."), *waiver = "None in force.";

	if (w)
		waiver =
			afd_sheets_printf(l->s, "%s by %s, approved by %s, %s: %s", w->id,
					  afd_or(w->owner, "an owner not stated"), afd_or(w->approver, "nobody stated"),
					  w->expires == AFD_TIME_NONE ? "without end"
								      : afd_sheets_printf(l->s, "until %s\u00a0UTC",
											  afd_minute(l->s, w->expires)),
					  afd_or(w->reason, "no reason stated"));
	sides(l, f, (struct side[2]){ { "Remedy", 0, AFD_WHITE, &remedy, 1 }, { "Waiver", 0, AFD_WHITE, &waiver, 1 } });
}

/* Where drawing stood, so that a finding which does not fit can begin again on the next page. */
struct stand { size_t n_page, n_op, n_cell, n_dest, n_bookmark, page; };

static struct stand stand_here(const struct afd_layout *l)
{
	const struct afd_sheets *s = l->s;

	return (struct stand){ s->n_page, s->page[l->f.page].n, s->n_cell, s->n_dest, s->n_bookmark, l->f.page };
}

static void stand_back(struct afd_layout *l, const struct stand *b)
{
	struct afd_sheets *s = l->s;

	while (s->n_page > b->n_page)
		free(s->page[--s->n_page].op);
	s->page[b->page].n = b->n_op;
	s->n_cell = b->n_cell;
	s->n_dest = b->n_dest;
	s->n_bookmark = b->n_bookmark;
}

static void draw(struct afd_layout *l, size_t i)
{
	struct afd_sheets *s = l->s;
	const struct afd_m_finding *d = &l->r->finding[i];
	struct afd_flow m = l->f, b = l->f;
	struct afd_lines number = afd_wrap1(s, afd_style_big, AFD_REGULAR, AFD_INK,
					    afd_sheets_printf(s, "F%lld", (long long)d->number), afd_col_w(3)),
			 again;
	size_t first = l->f.page;

	afd_rule(s, first, AFD_INK, PT(1), l->f.x, l->f.y + PT(1), l->f.w);
	afd_dest_set(s, l->finding_dest[i], first, l->f.y);
	m.w = afd_col_w(3) - PT(6);
	m.skip = PT(24);
	m.y += PT(5);
	afd_cell(s, first, m.x, m.y, afd_col_w(3), PT(28));
	afd_put_lines(s, first, &number, 0, 1, m.x, m.y, afd_col_w(3), AFD_LEFT);
	m.y += PT(32);
	margin(l, &m, d);

	b.x = afd_col_x(s, 4);
	b.w = afd_col_w(9);
	b.y += PT(9);
	struct afd_lines title = afd_wrap1(s, afd_style_h2, AFD_BOLD, AFD_INK, afd_tied(s, heading_of(s, d)), b.w);

	afd_flow_lines(&b, &title);
	rule_and_observed(l, &b, d);
	evidence(l, &b, d);
	controls(l, &b, d);
	remedy_and_waiver(l, &b, d);

	l->f.page = m.page > b.page ? m.page : b.page;
	l->f.y = m.page == b.page ? (m.y > b.y ? m.y : b.y) : m.page > b.page ? m.y : b.y;
	again = afd_wrap1(s, afd_style_note, AFD_REGULAR, AFD_GREY1,
			  afd_sheets_printf(s, "F%lld, continued", (long long)d->number), afd_col_w(3));
	for (size_t p = first + 1; p <= l->f.page; p++) {
		afd_cell(s, p, m.x, s->top, afd_col_w(3), PT(12));
		afd_put_lines(s, p, &again, 0, 1, m.x, s->top + PT(2), afd_col_w(3), AFD_LEFT);
	}
}

static void one_finding(struct afd_layout *l, size_t i)
{
	struct stand here = stand_here(l);
	struct afd_flow before = l->f;

	draw(l, i);
	if (l->f.page == before.page || before.y <= l->s->top + PT(1) || l->s->bad)
		return;
	stand_back(l, &here);
	l->f = before;
	afd_flow_next(&l->f);
	draw(l, i);
}

static bool shown(const struct afd_m_finding *f)
{
	return !afd_is(f->status, "not-applicable");
}

void afd_layout_findings(struct afd_layout *l)
{
	const struct afd_tally *t = &l->tally;
	size_t n = 0;

	afd_section(l, "Findings");
	l->findings_at = l->section;
	for (size_t i = 0; i < l->r->n_finding; i++)
		n += shown(&l->r->finding[i]);
	if (n == 0) {
		afd_flow_text(&l->f, afd_style_text, AFD_REGULAR, AFD_INK,
			      t->tests == 0 ? "Nothing in scope, so nothing was tested."
					    : afd_sheets_printf(l->s, "No findings in %s.",
								afd_plural(l->s, t->tests, "test", "tests")));
		return;
	}
	for (size_t i = 0; i < l->r->n_finding && !l->s->bad; i++) {
		if (!shown(&l->r->finding[i]))
			continue;
		afd_flow_space(&l->f, PT(14));
		afd_flow_need(&l->f, PT(150));
		one_finding(l, i);
	}
}
