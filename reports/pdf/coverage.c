#include "reports/pdf/pages.h"

#include "core/when.h"

#define CHART PT(212)
#define CHART_X PT(164)

enum week { OFF, PROVEN, ASSERTED, SAMPLED, GAP };           /* the later the weaker, except OFF: nothing to show */

struct strip { const struct afd_m_cover *row; const struct afd_period_cols *cols; int64_t end; };

static enum week grade_of(const char *name)
{
	static const char *const names[] = { [PROVEN] = "proven", [ASSERTED] = "asserted", [SAMPLED] = "sampled" };

	for (enum week w = PROVEN; w <= SAMPLED; w++)
		if (afd_is(name, names[w]))
			return w;
	return GAP;
}

/* The weakest grade of the column; what lies after the report's as-of time says nothing. */
static enum week weakest(const struct strip *s, const struct afd_period_col *c)
{
	enum week worst = OFF;

	for (size_t i = 0; i < s->row->n_span; i++) {
		const struct afd_m_span *p = &s->row->span[i];
		int64_t to = c->to < s->end ? c->to : s->end;

		if (p->from < to && p->to > c->from && c->from < to) {
			enum week g = grade_of(p->grade);

			worst = g > worst ? g : worst;
		}
	}
	return worst;
}

static void cell(struct afd_sheets *s, size_t page, enum week g, afd_mpt x, afd_mpt y, afd_mpt w)
{
	const afd_mpt h = PT(11);

	switch (g) {
	case PROVEN:
		afd_fill(s, page, AFD_GREY1, x, y, w, h);
		break;
	case ASSERTED:
		afd_fill(s, page, AFD_PALE, x, y, w, h / 2);
		afd_fill(s, page, AFD_GREY1, x, y + h / 2, w, h - h / 2);
		break;
	case SAMPLED: {
		afd_mpt n = w / PT(4) < 2 ? 2 : w / PT(4), pitch = w / n;

		afd_fill(s, page, AFD_WASH, x, y, w, h);
		for (afd_mpt i = 0; i < n; i++)
			afd_fill(s, page, AFD_GREY1, x + pitch * i + (pitch - PT(1.2)) / 2, y, PT(1.2), h);
		break;
	}
	case GAP:
		afd_line(s, page, AFD_ACCENT, PT(1), x + PT(0.6), y + PT(0.6), w - PT(1.2), h - PT(1.2));
		afd_line(s, page, AFD_ACCENT, PT(1), x + PT(0.6), y + h - PT(0.6), w - PT(1.2), PT(1.2) - h);
		afd_frame(s, page, AFD_ACCENT, PT(1.2), x, y, w, h);
		break;
	case OFF:
		break;
	}
}

static void draw_strip(struct afd_sheets *s, size_t page, afd_mpt x, afd_mpt y, afd_mpt h, const void *ctx)
{
	const struct strip *t = ctx;

	(void)h;
	for (size_t i = 0; i < t->cols->n; i++) {
		const struct afd_period_col *c = &t->cols->at[i];
		afd_mpt w = c->w > PT(3) ? c->w - PT(1.5) : c->w, left = x + CHART_X + c->x, top = y + PT(1.5);

		if (t->row->configured)
			cell(s, page, weakest(t, c), left, top, w);
		else if (w > PT(5))
			afd_fill(s, page, AFD_GREY1, left + (w - PT(5)) / 2, top + PT(5), PT(5), PT(0.8));
		else
			afd_fill(s, page, AFD_GREY1, left, top + PT(5), w, PT(0.8));
	}
}

struct heads { struct afd_period_cols cols, months; };

static void put(struct afd_sheets *s, size_t page, enum afd_face face, enum afd_ink ink, const char *text, afd_mpt x,
		afd_mpt y, afd_mpt w)
{
	struct afd_lines t = afd_wrap1(s, afd_style_head, face, ink, text, PT(200));

	if (t.n && t.line[0].width <= w)
		afd_put_lines(s, page, &t, 0, 1, x, y, w, AFD_LEFT);
}

static void draw_heads(struct afd_sheets *s, size_t page, afd_mpt x, afd_mpt y, afd_mpt h, const void *ctx)
{
	const struct heads *k = ctx;
	afd_mpt left = x + CHART_X;

	for (size_t i = 0; i < k->months.n; i++) {
		const struct afd_period_col *c = &k->months.at[i];

		afd_fill(s, page, AFD_GREY2, left + c->x - PT(0.5), y + PT(1), PT(0.5), h - PT(3));
		put(s, page, AFD_REGULAR, AFD_GREY1, c->label, left + c->x + PT(1), y + PT(1), c->w);
	}
	for (size_t i = 0; i < k->cols.n; i++) {
		const struct afd_period_col *c = &k->cols.at[i];

		put(s, page, AFD_BOLD, AFD_INK, *c->label == 'W' ? c->label + 1 : c->label, left + c->x + PT(0.5),
		    y + h - PT(15), c->w + PT(2.5));
	}
}

static void legend(struct afd_layout *l)
{
	static const struct { enum week g; const char *name, *text; } k[] = {
		{ PROVEN, "proven", "counts, serials or tree roots show that nothing is missing" },
		{ ASSERTED, "asserted", "the file or the operator says that it is complete" },
		{ SAMPLED, "sampled", "seen at instants; changes between them may be unseen" },
		{ GAP, "gap", "some of the time was not seen; listed below" },
		{ OFF, "not configured", "the source was not set up" },
	};
	struct afd_sheets *s = l->s;

	l->f.y += PT(8);
	for (size_t i = 0; i < AFD_COUNT(k); i++) {
		afd_mpt x = s->margin + PT(98.5) * (afd_mpt)i, w = PT(90);
		struct afd_lines name = afd_wrap1(s, afd_style_head, AFD_BOLD, AFD_INK, k[i].name, w),
				 text = afd_wrap1(s, afd_style_note, AFD_REGULAR, AFD_GREY1, k[i].text, w);

		if (k[i].g == OFF)
			afd_fill(s, l->f.page, AFD_GREY1, x + PT(5.5), l->f.y + PT(5.2), PT(5), PT(0.8));
		else
			cell(s, l->f.page, k[i].g, x, l->f.y, PT(16));
		afd_cell(s, l->f.page, x, l->f.y, PT(95), PT(46));
		afd_put_lines(s, l->f.page, &name, 0, 1, x + PT(20), l->f.y + PT(1.5), w, AFD_LEFT);
		afd_put_lines(s, l->f.page, &text, 0, text.n, x, l->f.y + PT(14), w, AFD_LEFT);
	}
	l->f.y += PT(52);
}

/* A gap that begins after the as-of time is only the future. */
static bool is_gap(const struct afd_report *r, const struct afd_m_cover *c, size_t i)
{
	return c->configured && grade_of(c->span[i].grade) == GAP && c->span[i].from < afd_gap_after(r) &&
	       c->span[i].to > r->period.from;
}

static const char *grade_words(struct afd_layout *l, const struct afd_m_cover *c)
{
	enum week best = OFF;
	int64_t gaps = 0;
	static const char *const names[] = {
		[OFF] = "gap", [PROVEN] = "proven", [ASSERTED] = "asserted", [SAMPLED] = "sampled"
	};

	if (!c->configured)
		return "not configured";
	for (size_t i = 0; i < c->n_span; i++) {
		enum week g = grade_of(c->span[i].grade);

		if (g == GAP)
			gaps += is_gap(l->r, c, i);
		else
			best = g > best ? g : best;
	}
	if (best == OFF)
		return "not seen";
	return gaps ? afd_sheets_printf(l->s, "%s, %s", names[best], afd_plural(l->s, gaps, "gap", "gaps"))
		    : names[best];
}

static const char *const group_names[] = { "Accounts", "Zones", "Certificates", "Other records" };

static unsigned group_of(const struct afd_m_cover *c)
{
	if (c->evidence && strncmp(c->evidence, "account", 7) == 0)
		return 0;
	if (c->evidence && strncmp(c->evidence, "zone", 4) == 0)
		return 1;
	return c->evidence && strncmp(c->evidence, "ct", 2) == 0 ? 2 : 3;
}

static void matrix_row(struct afd_layout *l, struct afd_table *t, const struct afd_m_cover *c,
		       const struct heads *heads)
{
	struct afd_row *w = afd_table_row(t);
	struct strip *x = afd_sheets_alloc(l->s, sizeof(*x));
	const struct afd_run of = { .s = afd_or(c->scope, afd_or(c->kind, "-")), .ink = AFD_GREY1, .small = true };

	if (!w || !x)
		return;
	*x = (struct strip){ c, &heads->cols, afd_gap_after(l->r) };
	w->draw = draw_strip;
	w->ctx = x;
	afd_row_text(t, w, 0, AFD_MONO, AFD_INK, c->source);
	afd_row_runs(t, w, 1, &of, 1);
	afd_row_text(t, w, 3, AFD_REGULAR, c->configured ? AFD_INK : AFD_GREY1, grade_words(l, c));
	if (c->configured)
		afd_row_count(t, w, 4, c->records);
}

static void matrix(struct afd_layout *l)
{
	static const struct afd_col col[] = {
		{ 0, PT(74), false, "Source" },
		{ PT(74), PT(90), false, "Evidence of" },
		{ CHART_X, PT(214), false, "" },
		{ PT(384), PT(68), false, "Grade" },
		{ PT(452), PT(40), true, "Records" },
	};
	const struct afd_report *r = l->r;
	struct heads heads = {
		.cols = afd_period_cut(l->s, r->period.from, r->period.to, CHART),
		.months = afd_period_months(l->s, r->period.from, r->period.to, CHART),
	};
	struct afd_table t;

	afd_table_begin(&t, &l->f, NULL, col, AFD_COUNT(col));
	t.above = t.below = PT(0.75);
	t.group_above = PT(3.5);
	t.draw_head = draw_heads;
	t.ctx = &heads;
	t.head_extra = heads.months.n ? PT(10) : 0;
	for (unsigned g = 0; g < AFD_COUNT(group_names); g++) {
		bool any = false;

		for (size_t i = 0; i < r->n_cover; i++) {
			if (group_of(&r->cover[i]) != g)
				continue;
			if (!any)
				afd_table_group(&t, group_names[g]);
			any = true;
			matrix_row(l, &t, &r->cover[i], &heads);
		}
	}
	afd_table_end(&t);
}

static void gaps(struct afd_layout *l)
{
	static const struct afd_col col[] = {
		{ 0, PT(18), false, "" },
		{ PT(18), PT(150), false, "Source, scope" },
		{ PT(168), PT(90), false, "From, until (UTC)" },
		{ PT(258), PT(52), true, "Length" },
		{ PT(324), PT(168), false, "Reason" },
	};
	const struct afd_report *r = l->r;
	struct afd_sheets *s = l->s;
	struct afd_table t;
	int64_t n = 0;

	if (l->tally.gaps == 0) {
		afd_heading(l, "Gaps", PT(20));
		afd_flow_text(&l->f, afd_style_cell, AFD_REGULAR, AFD_INK,
			      r->n_cover ? "No source that is configured has a gap in the period."
					 : "No source is configured, so nothing was seen.");
		return;
	}
	afd_table_begin(&t, &l->f, "Gaps", col, AFD_COUNT(col));
	for (size_t i = 0; i < r->n_cover; i++)
		for (size_t k = 0; k < r->cover[i].n_span; k++) {
			const struct afd_m_cover *c = &r->cover[i];
			const struct afd_m_span *p = &c->span[k];
			struct afd_row *w;

			if (!is_gap(r, c, k))
				continue;
			w = afd_table_row(&t);
			afd_row_text(&t, w, 0, AFD_BOLD, AFD_INK, afd_number(s, ++n));
			afd_row_runs(&t, w, 1,
				     (struct afd_run[]){ { .s = c->source, .face = AFD_MONO },
							 { .s = afd_or(c->scope, ""),
							   .ink = AFD_GREY1,
							   .mark = AFD_MARK_BREAK,
							   .small = true } },
				     2);
			afd_row_text(&t, w, 2, AFD_REGULAR, AFD_INK,
				     afd_sheets_printf(s, "%s %s", afd_minute(s, p->from), afd_minute(s, p->to)));
			afd_row_text(&t, w, 3, AFD_REGULAR, AFD_INK, afd_length(s, p->to - p->from));
			afd_row_text(&t, w, 4, AFD_REGULAR, AFD_INK, afd_or(p->reason, "not stated"));
		}
	if (r->as_of < r->period.to)
		t.note = "Time after the report’s as-of time is neither seen nor a gap; its columns are blank.";
	afd_table_end(&t);
}

static const char *share_grade(const char *grade)
{
	return grade_of(grade) == GAP ? "with gaps" : grade;
}

/* Rounded down: all but one of a thousand are not 100 %. */
static const char *share_words(struct afd_layout *l, const struct afd_m_share *s)
{
	return afd_sheets_printf(l->s, "%s (%lld %%)", afd_number(l->s, s->attributed),
				 (long long)afd_share(s->attributed, s->changes, 100));
}

/* Whose the changes of each zone are, beside how well both sides of that were seen. */
static void attribution(struct afd_layout *l)
{
	static const struct afd_col col[] = {
		{ 0, PT(106), false, "Zone" },
		{ PT(106), PT(40), true, "Changes" },
		{ PT(148), PT(64), true, "Attributed" },
		{ PT(216), PT(46), true, "Explained in two ways" },
		{ PT(266), PT(38), true, "Claimed by no log" },
		{ PT(308), PT(36), true, "Logged, not seen" },
		{ PT(348), PT(38), true, "Refused updates" },
		{ PT(394), PT(50), false, "Changes were seen" },
		{ PT(446), PT(46), false, "Logs were seen" },
	};
	const struct afd_report *r = l->r;
	int64_t nameless = 0;
	struct afd_table t;

	if (r->n_share == 0)
		return;
	afd_table_begin(&t, &l->f, "Whose the changes of zones are", col, AFD_COUNT(col));
	for (size_t i = 0; i < r->n_share && t.n < AFD_MAX_SHOWN; i++) {
		const struct afd_m_share *s = &r->share[i];
		struct afd_row *w = afd_table_row(&t);

		nameless += s->nameless;
		afd_row_text(&t, w, 0, AFD_MONO, AFD_INK, s->zone);
		afd_row_count(&t, w, 1, s->changes);
		if (s->changes)
			afd_row_text(&t, w, 2, AFD_REGULAR, AFD_INK, share_words(l, s));
		else
			afd_row_count(&t, w, 2, 0);
		afd_row_count(&t, w, 3, s->ambiguous);
		afd_row_count(&t, w, 4, s->unattributed);
		afd_row_count(&t, w, 5, s->without_effect);
		afd_row_count(&t, w, 6, s->denied);
		afd_row_text(&t, w, 7, AFD_REGULAR, AFD_INK, share_grade(s->changes_grade));
		afd_row_text(&t, w, 8, AFD_REGULAR, AFD_INK, share_grade(s->claims_grade));
	}
	t.note = afd_sheets_printf(l->s, "A change is attributed if one entry of a log, and no other, explains it. %s%sThe weakest grade of the "
				   "period is shown: a count of nothing says as much as the evidence behind it.%s",
				   nameless ? afd_plural(l->s, nameless, "attributed change rests on", "attributed changes rest on") : "",
				   nameless ? " an address or an unsigned commit alone. " : "",
				   t.n == AFD_MAX_SHOWN ? " 500 zones are shown, all are in report.json." : "");
	afd_table_end(&t);
}

/* Each source once, with what its type is worth: a collector that was never tried on the real thing says so. */
static void sources(struct afd_layout *l)
{
	static const struct afd_col col[] = { { 0, PT(120), false, "Source" },
					      { PT(120), PT(90), false, "Type" },
					      { PT(210), PT(210), false, "How far its type was tested" },
					      { PT(420), PT(72), true, "Lag allowed" } };
	const struct afd_report *r = l->r;
	struct afd_table t;

	if (r->n_cover == 0)
		return;
	afd_table_begin(&t, &l->f, "Sources", col, AFD_COUNT(col));
	for (size_t i = 0; i < r->n_cover && t.n < AFD_MAX_SHOWN; i++) {
		const struct afd_m_cover *c = &r->cover[i];
		struct afd_row *w;
		bool known = false;

		for (size_t k = 0; k < i && !known; k++)
			known = afd_is(r->cover[k].source, c->source);
		if (known)
			continue;
		w = afd_table_row(&t);
		afd_row_text(&t, w, 0, AFD_MONO, AFD_INK, c->source);
		afd_row_text(&t, w, 1, AFD_MONO, AFD_INK, afd_or(c->kind, "not stated"));
		afd_row_text(&t, w, 2, AFD_REGULAR, AFD_INK, afd_or(c->basis, "not stated"));
		afd_row_text(&t, w, 3, AFD_REGULAR, c->lag_ms ? AFD_INK : AFD_GREY1,
			     c->lag_ms ? afd_length(l->s, c->lag_ms) : "–");
	}
	t.note = "Lag: how late a record may come. Evidence is asked for only up to the as-of time less the lag.";
	afd_table_end(&t);
}

void afd_layout_coverage(struct afd_layout *l)
{
	const char *unit;

	afd_section(l, "Coverage");
	l->coverage_at = l->section;
	unit = afd_period_cut(l->s, l->r->period.from, l->r->period.to, CHART).unit;
	l->f.w = PT(480);
	afd_flow_text(&l->f, afd_style_text, AFD_REGULAR, AFD_INK,
		      afd_sheets_printf(l->s,
					"What was seen, and what was not. One row for each source and what it speaks "
					"for, one column for each %s; a cell shows the weakest grade of its %s. A test "
					"passes only if all the evidence that it needs is there.",
					unit, unit));
	l->f.w = l->s->live;
	if (l->r->n_cover > 0) {
		legend(l);
		matrix(l);
	}
	gaps(l);
	attribution(l);
	afd_layout_lacks(l);
	sources(l);
}
