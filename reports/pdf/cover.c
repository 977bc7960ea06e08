#include "reports/pdf/pages.h"

#include "core/severity.h"
#include "core/when.h"

static void at(struct afd_layout *l, afd_mpt x, afd_mpt y, afd_mpt w, struct afd_style style, const struct afd_run *run,
	       size_t n, enum afd_align align)
{
	struct afd_lines t = afd_wrap(l->s, style, run, n, w);

	afd_cell(l->s, 0, x, y, w, afd_lines_height(&t));
	afd_put_lines(l->s, 0, &t, 0, t.n, x, y, w, align);
}

static void boxed(struct afd_layout *l, afd_mpt x, afd_mpt y, const char *word)
{
	struct afd_lines t = afd_wrap1(l->s, afd_style_head, AFD_BOLD, AFD_INK, word, PT(200));
	afd_mpt w = t.n ? t.line[0].width : 0;

	afd_frame(l->s, 0, AFD_INK, PT(1), x, y, w + PT(10), PT(15));
	afd_cell(l->s, 0, x, y, w + PT(10), PT(15));
	afd_put_lines(l->s, 0, &t, 0, 1, x + PT(5), y + PT(2.5), w, AFD_LEFT);
}

/* Returns where the block ends. */
static afd_mpt title_block(struct afd_layout *l)
{
	struct afd_sheets *s = l->s;
	const struct afd_report *r = l->r;
	const char *words = afd_period_words(s, r), *label = strncmp(words, "the ", 4) == 0 ? words + 4 : words;
	struct afd_flow f = { .s = s, .page = 0, .y = PT(246.7), .x = s->margin, .w = s->live };
	struct afd_lines t;
	char *first;

	afd_fill(s, 0, AFD_INK, s->margin, PT(48), s->live, PT(3));
	at(l, s->margin, PT(60), PT(270), afd_style_text, &(struct afd_run){ .s = "Evidence report", .face = AFD_BOLD },
	   1, AFD_LEFT);
	at(l, afd_col_x(s, 9), PT(60), afd_col_w(4), afd_style_text,
	   &(struct afd_run){ .s = afd_or(r->classification, ""), .ink = AFD_GREY1 }, 1, AFD_RIGHT);
	if (r->provisional)
		boxed(l, afd_col_x(s, 5), PT(59.5), "Provisional");
	if (r->test)
		boxed(l, afd_col_x(s, 8), PT(59.5), "TEST");
	at(l, s->margin, PT(150.2), s->live, afd_style_title, &(struct afd_run){ .s = "Domains, DNS zones" }, 1,
	   AFD_LEFT);
	at(l, s->margin, PT(190.2), s->live, afd_style_title, &(struct afd_run){ .s = "and certificates" }, 1,
	   AFD_LEFT);

	t = afd_wrap1(s, afd_style_big, AFD_REGULAR, AFD_INK, afd_or(r->organisation, "Organisation not stated"),
		      s->live);
	if (t.n > 3)
		t.n = 3;                                     /* whole in section 1 */
	afd_flow_lines(&f, &t);
	first = afd_sheets_alloc(s, strlen(label) + 1);
	if (!first)
		return f.y;
	memcpy(first, label, strlen(label));
	if (*first >= 'a' && *first <= 'z')
		*first = (char)(*first - 'a' + 'A');
	t = afd_wrap(s, afd_style_lead,
		     (struct afd_run[]){
			     { .s = first },
			     { .s = afd_sheets_printf(s, " from %s\u00a0UTC until %s\u00a0UTC",
						      afd_minute(s, r->period.from), afd_minute(s, r->period.to)),
			       .ink = AFD_GREY1 } },
		     2, s->live);
	f.y += PT(6);
	afd_flow_lines(&f, &t);
	return f.y;
}

static const char *numbers(struct afd_layout *l)
{
	const struct afd_tally *t = &l->tally;
	struct afd_sheets *s = l->s;
	const char *text, *comma = ": ";

	if (t->tests == 0)
		return "Nothing in scope, so nothing was tested.";
	if (t->findings == 0)
		text = afd_sheets_printf(s, "No findings in %s", afd_plural(s, t->tests, "test", "tests"));
	else
		text = afd_plural(s, t->findings, "finding", "findings");
	for (unsigned i = 0; i < 5; i++)
		if (t->severity[i]) {
			text = afd_sheets_printf(s, "%s%s%s\u00a0%s", text, comma, afd_number(s, t->severity[i]),
						 afd_severities[i]);
			comma = ", ";
		}
	if (t->waived)
		text = afd_sheets_printf(s, "%s; %s %s waived", text, afd_number(s, t->waived),
					 t->waived == 1 ? "is" : "are");
	text = afd_sheets_printf(s, "%s.", text);
	if (l->r->result_with_waivers)
		text = afd_sheets_printf(s, "%s The result above is without the waivers; with them: %s.", text,
					 afd_is(l->r->result_with_waivers, "exceptions-noted") ? "exceptions noted" :
					 afd_is(l->r->result_with_waivers, "no-exceptions-noted") ? "no exceptions noted" :
					 "no exceptions noted, with tests that were not possible");
	if (t->to_review)
		text = afd_sheets_printf(s, "%s %s to be reviewed by a person.", text,
					 t->to_review == 1
						 ? "1 case is"
						 : afd_sheets_printf(s, "%s cases are", afd_number(s, t->to_review)));
	if (t->not_possible)
		text = afd_sheets_printf(s, "%s %s of %s %s not possible for want of evidence.", text,
					 afd_number(s, t->not_possible), afd_plural(s, t->tests, "test", "tests"),
					 t->not_possible == 1 ? "was" : "were");
	if (l->r->n_framework > 1)
		text = afd_sheets_printf(s, "%s Other frameworks are in section\u00a0%u.", text, l->summary_at);
	return text;
}

static afd_mpt framework_box(struct afd_layout *l, afd_mpt y)
{
	static const struct { enum afd_mark mark; const char *text; } rows[] = {
		{ AFD_MARK_FAIL, "exceptions noted" },
		{ AFD_MARK_OPEN, "could not be tested" },
		{ AFD_MARK_PASS, "no exceptions noted" },
		{ AFD_MARK_NOT_ADDRESSED, "not addressed" },
	};
	struct afd_flow f = { .s = l->s, .page = 0, .y = y, .x = afd_col_x(l->s, 8), .w = afd_col_w(5) };
	const struct afd_m_framework *w = l->r->framework;
	struct afd_control_counts n;
	struct afd_col col[2] = { { 0, PT(150), false, "" }, { PT(150), PT(48), true, "Controls" } };
	struct afd_table t;

	if (l->r->n_framework == 0)
		return y;
	n = afd_framework_counts(w);
	col[0].head = afd_framework_name(l->s, w);
	afd_table_begin(&t, &f, NULL, col, 2);
	for (size_t i = 0; i < AFD_COUNT(rows); i++) {
		struct afd_row *r = afd_table_row(&t);
		int64_t v[] = { n.exceptions, n.not_tested, n.clean, n.not_addressed };

		afd_row_runs(&t, r, 0, &(struct afd_run){ .s = rows[i].text, .mark = rows[i].mark }, 1);
		afd_row_count(&t, r, 1, v[i]);
	}
	afd_table_end(&t);
	return f.y;
}

static afd_mpt result_block(struct afd_layout *l, afd_mpt y)
{
	struct afd_sheets *s = l->s;
	enum afd_mark mark;
	const char *words = afd_result_words(l, &mark);
	struct afd_flow f = { .s = s, .page = 0, .y = y + PT(12.5), .x = s->margin + PT(22.3), .w = PT(255) };
	struct afd_lines t = afd_wrap1(s, afd_style_big, AFD_REGULAR, AFD_INK, words, f.w);
	afd_mpt right;

	afd_rule(s, 0, AFD_INK, PT(1), s->margin, y, s->live);
	afd_cell(s, 0, s->margin, f.y, s->live, PT(28));
	afd_mark_draw(s, 0, mark, AFD_ACCENT, s->margin, f.y + PT(22.5), 2000);
	afd_flow_lines(&f, &t);
	f.x = s->margin;
	f.w = PT(272);
	f.y += PT(3);
	afd_flow_text(&f, afd_style_cell, AFD_REGULAR, AFD_GREY1, numbers(l));
	right = framework_box(l, y + PT(7));
	return right > f.y ? right : f.y;
}

enum { PROVEN, ASSERTED, SAMPLED, GAP, GRADES };
static const char *const grade_names[GRADES] = { "proven", "asserted", "sampled", "gap" };

static void weigh(const struct afd_report *r, int64_t from, int64_t to, int64_t w[GRADES])
{
	for (size_t i = 0; i < r->n_cover; i++)
		for (size_t k = 0; r->cover[i].configured && k < r->cover[i].n_span; k++) {
			const struct afd_m_span *p = &r->cover[i].span[k];
			int64_t a = p->from > from ? p->from : from, b = p->to < to ? p->to : to;

			for (size_t g = 0; a < b && g < GRADES; g++)
				if (afd_is(p->grade, grade_names[g]))
					w[g] += (b - a) / AFD_SECOND;
		}
}

static void ticks(struct afd_layout *l, afd_mpt x, afd_mpt y, afd_mpt w, afd_mpt h)
{
	afd_fill(l->s, 0, AFD_WASH, x, y, w, h);
	for (afd_mpt k = PT(1.4); k + PT(1.2) <= w; k += PT(4))
		afd_fill(l->s, 0, AFD_GREY1, x + k, y, PT(1.2), h);
}

static void strip_legend(struct afd_layout *l, afd_mpt y, const int64_t all[GRADES], int64_t sum)
{
	static const enum afd_mark marks[GRADES] = {
		[PROVEN] = AFD_MARK_PROVEN,
		[ASSERTED] = AFD_MARK_ASSERTED,
		[SAMPLED] = AFD_MARK_SAMPLED,
		[GAP] = AFD_MARK_GAP,
	};
	struct afd_sheets *s = l->s;
	struct afd_run run[GRADES];
	size_t n = 0;

	for (size_t g = 0; g < GRADES; g++) {
		int64_t mille = (afd_share(all[g], sum, 10000) + 5) / 10;
		const char *text = afd_sheets_printf(s, "%s\u00a0%lld.%lld\u00a0%%", grade_names[g],
		                                     (long long)(mille / 10), (long long)(mille % 10));

		if (all[g] == 0)
			continue;
		if (n)
			run[n - 1].s = afd_sheets_printf(s, "%s    ", run[n - 1].s);
		run[n++] = (struct afd_run){ .s = text, .ink = AFD_GREY1, .mark = marks[g] };
	}
	at(l, s->margin + PT(200), y + PT(1), s->live - PT(200), afd_style_note, run, n, AFD_RIGHT);
}

/* One column, the best at the bottom. What is little is still seen; the last takes what rounding left. */
static void strip_column(struct afd_layout *l, const struct afd_period_col *c, afd_mpt y, int64_t end)
{
	static const enum afd_ink inks[GRADES] = { [PROVEN] = AFD_GREY1, [ASSERTED] = AFD_GREY2, [GAP] = AFD_ACCENT };
	struct afd_sheets *s = l->s;
	int64_t w[GRADES] = { 0 }, total = 0;
	afd_mpt bottom = y + PT(54), x = s->margin + c->x, wide = c->w - PT(1.5);

	afd_cell(s, 0, x, y, c->w, PT(70));
	weigh(l->r, c->from, c->to < end ? c->to : end, w);
	for (size_t g = 0; g < GRADES; g++)
		total += w[g];
	for (size_t g = 0; g < GRADES; g++) {
		afd_mpt h = (afd_mpt)afd_share(w[g], total, PT(54));

		if (w[g] == 0)
			continue;
		h = h < PT(2.5) ? PT(2.5) : h;
		h = bottom - h < y || g + 1 == GRADES ? bottom - y : h;
		if (g == SAMPLED)
			ticks(l, x, bottom - h, wide, h - PT(1));
		else
			afd_fill(s, 0, inks[g], x, bottom - h, wide, g == GAP ? h : h - PT(1));
		bottom -= h;
	}
	if (c->w >= PT(16))
		at(l, x, y + PT(56), c->w, afd_style_note, &(struct afd_run){ .s = c->label, .ink = AFD_GREY1 }, 1,
		   AFD_LEFT);
}

static afd_mpt strip(struct afd_layout *l, afd_mpt y)
{
	const struct afd_report *r = l->r;
	struct afd_sheets *s = l->s;
	int64_t end = afd_gap_after(r), all[GRADES] = { 0 }, sum = 0;
	struct afd_period_cols cols = afd_period_cut(s, r->period.from, r->period.to, s->live);
	struct afd_run head = { .s = afd_sheets_printf(s, "%s, and how it is known", cols.name), .face = AFD_BOLD };

	weigh(r, r->period.from, end, all);
	for (size_t g = 0; g < GRADES; g++)
		sum += all[g];
	if (sum == 0) {
		at(l, s->margin, y, s->live, afd_style_cell,
		   (struct afd_run[]){ { .s = "Evidence over time", .face = AFD_BOLD },
				       { .s = "   No source has looked at this period yet." } },
		   2, AFD_LEFT);
		return y + PT(14);
	}
	at(l, s->margin, y, PT(240), afd_style_cell, &head, 1, AFD_LEFT);
	strip_legend(l, y, all, sum);
	for (size_t i = 0; i < cols.n; i++)
		strip_column(l, &cols.at[i], y + PT(15), end);
	return y + PT(81);
}

static void pair(struct afd_layout *l, struct afd_flow *f, const char *key, const struct afd_run *run, size_t n,
		 const char *mono)
{
	struct afd_sheets *s = l->s;
	afd_mpt x = afd_col_x(s, 4), w = afd_col_w(9);
	struct afd_lines k = afd_wrap1(s, afd_style_note, AFD_REGULAR, AFD_GREY1, key, afd_col_w(3)),
			 v = afd_wrap(s, afd_style_cell, run, n, w), m = { 0 };
	afd_mpt h;

	if (mono)
		m = afd_wrap1(s, afd_style_cell, AFD_MONO, AFD_INK, mono, w);
	h = PT(5.5) + afd_lines_height(&v) + afd_lines_height(&m) + PT(0.5);
	if (f->y + h > s->bottom) /* names without end; section 1 and report.json have them */
		return;
	afd_rule(s, 0, AFD_GREY2, PT(0.5), s->margin, f->y, s->live);
	afd_cell(s, 0, s->margin, f->y, s->live, h);
	afd_put_lines(s, 0, &k, 0, k.n, s->margin, f->y + PT(4.4), afd_col_w(3), AFD_LEFT);
	afd_put_lines(s, 0, &v, 0, v.n, x, f->y + PT(3), w, AFD_LEFT);
	afd_put_lines(s, 0, &m, 0, m.n, x, f->y + PT(3) + afd_lines_height(&v), w, AFD_LEFT);
	f->y += h;
}

#define PLAIN(text) &(struct afd_run){ .s = text }, 1

static void facts(struct afd_layout *l, afd_mpt y)
{
	const struct afd_report *r = l->r;
	struct afd_sheets *s = l->s;
	struct afd_flow f = { .s = s, .page = 0, .y = y, .x = s->margin, .w = s->live };
	const char *frameworks = "";

	for (size_t i = 0; i < r->n_framework && i < 3; i++)
		frameworks = afd_sheets_printf(s, "%s, %s", frameworks, afd_framework_name(s, &r->framework[i]));
	pair(l, &f, "Report",
	     (struct afd_run[]){
		     { .s = r->report_id, .face = AFD_MONO },
		     { .s = afd_sheets_printf(s, ", %s; as of %s\u00a0UTC", r->provisional ? "provisional" : "final",
					      afd_second(s, r->as_of)) } },
	     2, NULL);
	pair(l, &f, "Scope",
	     PLAIN(r->n_scope == 0 ? "nothing in scope"
				   : afd_sheets_printf(s, "%s%s in section\u00a0%u",
						       afd_plural(s, (int64_t)r->n_scope, "domain", "domains"),
						       r->n_not_in_scope ? "; they and what was left out" : ",",
						       l->statement_at)),
	     NULL);
	pair(l, &f, "Evidence begins",
	     PLAIN(r->history_begins == AFD_TIME_NONE
			   ? "not known"
			   : afd_sheets_printf(s, "%s\u00a0UTC", afd_second(s, r->history_begins))),
	     NULL);
	pair(l, &f, "Evidence head",
	     PLAIN(afd_sheets_printf(s, "%s; root", afd_plural(s, r->head.size, "item", "items"))),
	     afd_groups(s, r->head.root, 64, 8));
	pair(l, &f, "Evidence log",
	     (struct afd_run[]){ { .s = afd_or(r->head.origin, "not stated"), .face = AFD_MONO } }, 1, NULL);
	pair(l, &f, "Checks, digest of all",
	     (struct afd_run[]){ { .s = afd_groups(s, r->rules.checks_sha256, 64, 8), .face = AFD_MONO } }, 1, NULL);
	pair(l, &f, "Made with",
	     PLAIN(afd_sheets_printf(s, "%s, %s%s; digests in section\u00a0%u", r->engine,
				     afd_plural(s, (int64_t)r->n_check, "check", "checks"), frameworks,
				     l->statement_at)),
	     NULL);
	pair(l, &f, "How to check it",
	     PLAIN(afd_sheets_printf(s, "Section\u00a0%u: standard tools are enough, our program is not needed",
				     l->check_at)),
	     NULL);
}

void afd_layout_cover(struct afd_layout *l)
{
	afd_mpt y;

	afd_sheets_page(l->s, 0);
	y = title_block(l);
	y = result_block(l, (y > PT(304.5) ? y : PT(304.5)) + PT(26));
	y = strip(l, (y > PT(432) ? y : PT(432)) + PT(22));
	facts(l, y + PT(27) > PT(566.8) ? y + PT(20) : PT(566.8));
}
