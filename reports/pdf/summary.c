#include "reports/pdf/pages.h"

#include "core/severity.h"
#include "core/when.h"

static void number(struct afd_layout *l, size_t i, const char *figure, enum afd_ink ink, const char *name,
		   const char *note)
{
	struct afd_sheets *s = l->s;
	afd_mpt x = s->margin + PT(102) * (afd_mpt)i, w = i < 4 ? PT(90) : PT(84), y = l->f.y;
	struct afd_lines a = afd_wrap1(s, afd_style_big, AFD_REGULAR, ink, figure, w),
			 b = afd_wrap1(s, afd_style_cell, AFD_BOLD, AFD_INK, name, w),
			 c = afd_wrap1(s, afd_style_note, AFD_REGULAR, AFD_GREY1, note, w);

	afd_rule(s, l->f.page, AFD_INK, PT(1), x, y, w);
	afd_cell(s, l->f.page, x, y, w, PT(76));
	afd_put_lines(s, l->f.page, &a, 0, 1, x, y + PT(5), w, AFD_LEFT);
	afd_put_lines(s, l->f.page, &b, 0, b.n, x, y + PT(33), w, AFD_LEFT);
	afd_put_lines(s, l->f.page, &c, 0, c.n, x, y + PT(34) + afd_lines_height(&b), w, AFD_LEFT);
}

static void five_numbers(struct afd_layout *l)
{
	const struct afd_tally *t = &l->tally;
	struct afd_sheets *s = l->s;
	int64_t high = t->severity[0] + t->severity[1];

	l->f.y += PT(4);
	number(l, 0, afd_number(s, t->findings), AFD_INK, t->findings == 1 ? "finding" : "findings",
	       t->findings ? afd_sheets_printf(s, "%s open, %s waived", afd_number(s, t->findings - t->waived),
					       afd_number(s, t->waived))
			   : "in all tests");
	number(l, 1, afd_number(s, high), high ? AFD_ACCENT : AFD_INK,
	       t->severity[0] == 0 ? "high, none critical" : "high or critical",
	       t->to_review ? afd_sheets_printf(s, "%s to be reviewed", afd_number(s, t->to_review))
			    : "none to be reviewed");
	number(l, 2, afd_number(s, t->tests), AFD_INK, t->tests == 1 ? "test" : "tests",
	       afd_plural(s, (int64_t)l->r->n_check, "check", "checks"));
	number(l, 3, afd_number(s, t->not_possible), AFD_INK,
	       t->not_possible == 1 ? "test not possible" : "tests not possible",
	       t->not_possible ? "evidence is missing" : "all evidence was there");
	number(l, 4, afd_number(s, t->gaps), AFD_INK, t->gaps == 1 ? "gap in evidence" : "gaps in evidence",
	       t->gaps ? afd_sheets_printf(s, "the longest %s", afd_length(s, t->longest_gap)) : "every source seen");
	l->f.y += PT(64);
}

static void stripes(struct afd_layout *l, afd_mpt x, afd_mpt y, afd_mpt w, afd_mpt white)
{
	for (afd_mpt k = PT(2.6); k < w - PT(1); k += PT(2.6))
		if (k > white)
			afd_fill(l->s, l->f.page, AFD_INK, x + k, y, PT(0.6), PT(14));
	afd_frame(l->s, l->f.page, AFD_INK, PT(0.8), x, y, w, PT(14));
}

static void inside(struct afd_layout *l, afd_mpt x, afd_mpt y, afd_mpt w, enum afd_ink ink, int64_t n)
{
	struct afd_lines t = afd_wrap1(l->s, afd_style_cell, AFD_BOLD, ink, afd_number(l->s, n), PT(60));

	afd_cell(l->s, l->f.page, x, y, w, PT(14));
	if (t.n && t.line[0].width + PT(6) <= w)
		afd_put_lines(l->s, l->f.page, &t, 0, 1, x + PT(4), y + PT(1), w, AFD_LEFT);
}

enum { EXCEPTIONS, NOT_TESTED, CLEAN, NOT_ADDRESSED, PARTS };
static const struct { enum afd_mark mark; const char *name; } parts[PARTS] = {
	[EXCEPTIONS]    = { AFD_MARK_FAIL, "exceptions noted" },
	[NOT_TESTED]    = { AFD_MARK_OPEN, "could not be tested" },
	[CLEAN]         = { AFD_MARK_PASS, "no exceptions noted" },
	[NOT_ADDRESSED] = { AFD_MARK_NOT_ADDRESSED, "not addressed" },
};

#define BAR PT(366)
#define BETWEEN PT(1.5)
#define LEAST PT(4)

/* As wide as their numbers, but none too narrow to be seen; the widest gives or takes what that and rounding left. */
static void part_widths(const int64_t n[PARTS], int64_t sum, afd_mpt width[PARTS])
{
	afd_mpt room = BAR + BETWEEN;
	size_t widest = 0;

	for (size_t i = 0; i < PARTS; i++) {
		room -= n[i] ? BETWEEN : 0;
		widest = n[i] > n[widest] ? i : widest;
	}
	for (size_t i = 0; i < PARTS; i++) {
		width[i] = n[i] ? (afd_mpt)afd_share(n[i], sum, room) : 0;
		width[i] = n[i] && width[i] < LEAST ? LEAST : width[i];
	}
	for (size_t i = 0; i < PARTS; i++)
		room -= width[i];
	width[widest] += n[widest] ? room : 0;
}

static void draw_bar(struct afd_layout *l, const int64_t n[PARTS], int64_t sum, afd_mpt x, afd_mpt y)
{
	static const enum afd_ink figure[PARTS] = { AFD_WHITE, AFD_INK, AFD_INK, AFD_GREY1 };
	const afd_mpt h = PT(14);
	afd_mpt width[PARTS];

	part_widths(n, sum, width);
	for (size_t i = 0; i < PARTS; i++) {
		afd_mpt w = width[i];

		if (w == 0)
			continue;
		if (i == NOT_TESTED)
			stripes(l, x, y, w, w >= PT(24) ? PT(15) : 0);
		else if (i == NOT_ADDRESSED)
			afd_frame(l->s, l->f.page, AFD_GREY2, PT(0.5), x, y, w, h);
		else
			afd_fill(l->s, l->f.page, i == EXCEPTIONS ? AFD_ACCENT : AFD_GREY2, x, y, w, h);
		if (w >= (i == NOT_TESTED ? PT(24) : PT(9)))
			inside(l, x, y, w, figure[i], n[i]);
		x += w + BETWEEN;
	}
}

static struct afd_lines bar_legend(struct afd_sheets *s, const int64_t n[PARTS])
{
	struct afd_run run[PARTS];
	size_t k = 0;

	for (size_t i = 0; i < PARTS; i++)
		if (n[i]) {
			run[k].s = afd_sheets_printf(s, "%s\u00a0%s    ", afd_number(s, n[i]), parts[i].name);
			run[k] = (struct afd_run){ .s = run[k].s, .mark = parts[i].mark };
			k++;
		}
	return afd_wrap(s, afd_style_note, run, k, BAR);
}

static void framework_bar(struct afd_layout *l, const struct afd_m_framework *w)
{
	struct afd_sheets *s = l->s;
	struct afd_control_counts c = afd_framework_counts(w);
	const int64_t n[PARTS] = { c.exceptions, c.not_tested, c.clean, c.not_addressed };
	int64_t sum = n[0] + n[1] + n[2] + n[3];
	const char *said = w->in_scope ? afd_sheets_printf(s, "%s of %s addressed", afd_number(s, sum - n[3]), afd_number(s, sum))
				       : "not in scope";
	afd_mpt names = afd_col_w(3), x = afd_col_x(s, 4), left, right, y;
	struct afd_lines title = afd_wrap1(s, afd_style_cell, AFD_BOLD, AFD_INK, afd_framework_name(s, w), names);
	struct afd_lines note = afd_wrap1(s, afd_style_note, AFD_REGULAR, AFD_GREY1, said, names);
	struct afd_lines legend = bar_legend(s, n);

	left = PT(12) + afd_lines_height(&title) + afd_lines_height(&note);
	right = PT(30) + afd_lines_height(&legend);
	left = left > right ? left : right;
	afd_flow_need(&l->f, left);
	afd_rule(s, l->f.page, AFD_GREY2, PT(0.5), s->margin, l->f.y, s->live);
	y = l->f.y + PT(7);
	afd_cell(s, l->f.page, s->margin, l->f.y, names, left);
	afd_put_lines(s, l->f.page, &title, 0, title.n, s->margin, y - PT(1), names, AFD_LEFT);
	y += afd_lines_height(&title) - PT(1);
	afd_put_lines(s, l->f.page, &note, 0, note.n, s->margin, y, names, AFD_LEFT);
	y = l->f.y + PT(7);
	if (sum > 0)
		draw_bar(l, n, sum, x, y);
	afd_cell(s, l->f.page, x, y, BAR, left - PT(7));
	afd_put_lines(s, l->f.page, &legend, 0, legend.n, x, y + PT(16), BAR, AFD_LEFT);
	l->f.y += left;
}

/* Beside the severities, from column 7. */
static afd_mpt by_outcome(struct afd_layout *l)
{
	const struct afd_m_counts *c = &l->r->counts;
	const struct { enum afd_mark mark; const char *name; int64_t n; bool always; } rows[] = {
		{ AFD_MARK_FAIL, "exceptions", c->fail - c->waived, true },
		{ AFD_MARK_WAIVED, "exceptions, waived", c->waived, false },
		{ AFD_MARK_OPEN, "not possible", c->not_evaluable, true },
		{ AFD_MARK_ERROR, "error in a check", c->error, false },
		{ AFD_MARK_REVIEW, "to be reviewed", c->review, false },
		{ AFD_MARK_PASS, "pass", c->pass, true },
		{ AFD_MARK_NOT_ADDRESSED, "not applicable", c->not_applicable, false },
	};
	struct afd_sheets *s = l->s;
	afd_mpt x = afd_col_x(s, 7), y = l->f.y, w = afd_col_w(6), h = PT(18);
	int64_t most = 1;
	struct afd_lines t = afd_wrap1(s, afd_style_h2, AFD_BOLD, AFD_INK, "Tests, by result", w);

	afd_cell(s, l->f.page, x, y - PT(21), w, PT(17));
	afd_put_lines(s, l->f.page, &t, 0, 1, x, y - PT(21), w, AFD_LEFT);
	for (size_t i = 0; i < AFD_COUNT(rows); i++)
		most = rows[i].n > most ? rows[i].n : most;
	for (size_t i = 0; i < AFD_COUNT(rows); i++) {
		afd_mpt bar = (afd_mpt)afd_share(rows[i].n, most, PT(104));

		if (!rows[i].always && rows[i].n == 0)
			continue;
		t = afd_wrap(s, afd_style_cell,
			     &(struct afd_run){ .s = rows[i].name, .mark = rows[i].mark, .ink = AFD_INK }, 1, PT(98));
		afd_cell(s, l->f.page, x, y, w, h);
		afd_put_lines(s, l->f.page, &t, 0, 1, x, y + PT(3), PT(98), AFD_LEFT);
		t = afd_wrap1(s, afd_style_cell, AFD_BOLD, AFD_INK, afd_number(s, rows[i].n), PT(36));
		afd_put_lines(s, l->f.page, &t, 0, 1, x + PT(92), y + PT(3), PT(36), AFD_RIGHT);
		if (rows[i].n > 0)
			afd_fill(s, l->f.page, rows[i].mark == AFD_MARK_FAIL ? AFD_ACCENT : AFD_GREY2, x + PT(136),
				 y + PT(4), bar < PT(1.5) ? PT(1.5) : bar, PT(9));
		y += h;
	}
	return y;
}

static void by_severity(struct afd_layout *l)
{
	struct afd_sheets *s = l->s;
	const struct afd_tally *t = &l->tally;
	afd_mpt bottom;

	afd_heading(l, "Findings, by severity", PT(130));
	bottom = by_outcome(l);
	for (unsigned i = 0; i < 5; i++) {
		afd_mpt y = l->f.y, x = s->margin;
		struct afd_lines word = afd_wrap(s, afd_style_cell,
						 &(struct afd_run){ .s = afd_severities[i], .mark = AFD_MARK_CRITICAL + i }, 1,
						 PT(70)),
				 figure = afd_wrap1(s, afd_style_cell, AFD_BOLD, AFD_INK, afd_number(s, t->severity[i]),
						    PT(30)),
				 none = afd_wrap1(s, afd_style_cell, AFD_REGULAR, AFD_GREY1, "none", PT(60));

		if (i == 4 && t->severity[4] == 0)
			break;
		afd_cell(s, l->f.page, x, y, afd_col_w(6), PT(18));
		afd_put_lines(s, l->f.page, &word, 0, 1, x, y + PT(3), PT(70), AFD_LEFT);
		afd_put_lines(s, l->f.page, &figure, 0, 1, x + PT(50), y + PT(3), PT(30), AFD_RIGHT);
		if (t->severity[i] == 0)
			afd_put_lines(s, l->f.page, &none, 0, 1, x + PT(92), y + PT(3), PT(60), AFD_LEFT);
		else if (t->severity[i] <= 12)
			for (int64_t k = 0; k < t->severity[i]; k++) {
				bool waived = k >= t->severity[i] - t->severity_waived[i];
				enum afd_ink ink = i < 2 ? AFD_ACCENT : AFD_GREY1;

				if (waived)
					afd_mark_draw(s, l->f.page, AFD_MARK_WAIVED, ink,
						      x + PT(92) + PT(12) * (afd_mpt)k, y + PT(13), 9000 / 7);
				else
					afd_fill(s, l->f.page, ink, x + PT(92) + PT(12) * (afd_mpt)k, y + PT(4), PT(9),
						 PT(9));
			}
		else
			afd_fill(s, l->f.page, i < 2 ? AFD_ACCENT : AFD_GREY1, x + PT(92), y + PT(4), PT(141), PT(9));
		l->f.y += PT(18);
	}
	l->f.y += PT(4);
	struct afd_lines legend =
		afd_wrap(s, afd_style_note,
			 (struct afd_run[]){ { .s = "open    ", .ink = AFD_GREY1, .mark = AFD_MARK_PROVEN },
					     { .s = "waived", .ink = AFD_GREY1, .mark = AFD_MARK_WAIVED } },
			 2, s->live);

	afd_flow_lines(&l->f, &legend);
	l->f.y = l->f.y > bottom ? l->f.y : bottom;
}

static void first_findings(struct afd_layout *l)
{
	static const struct afd_col col[] = {
		{ 0, PT(30), false, "No." },
		{ PT(30), PT(60), false, "Severity" },
		{ PT(90), PT(204), false, "Exception to" },
		{ PT(294), PT(132), false, "Where" },
		{ PT(426), PT(40), false, "State" },
		{ PT(466), PT(26), true, "Page" },
	};
	const struct afd_report *r = l->r;
	struct afd_sheets *s = l->s;
	struct afd_table t;
	size_t n = 0;

	if (l->tally.findings == 0)
		return;
	afd_table_begin(&t, &l->f, l->tally.findings > 5 ? "The five findings to read first" : "The findings", col,
			AFD_COUNT(col));
	for (size_t i = 0; i < r->n_finding && n < 5; i++) {
		const struct afd_m_finding *f = &r->finding[i];
		struct afd_row *w;

		if (!afd_is(f->status, "fail") || f->would_fail)
			continue;
		n++;
		w = afd_table_row(&t);
		afd_row_runs(&t, w, 0,
			     &(struct afd_run){ .s = afd_sheets_printf(s, "F%lld", (long long)f->number),
						.face = AFD_BOLD,
						.link = l->finding_dest[i] },
			     1);
		afd_row_runs(&t, w, 1, &(struct afd_run){ .s = f->severity, .mark = afd_severity_mark(f->severity) },
			     1);
		afd_row_text(&t, w, 2, AFD_REGULAR, AFD_INK, f->check->title);
		afd_row_text(&t, w, 3, AFD_MONO, AFD_INK, afd_or(f->resource, "-"));
		afd_row_text(&t, w, 4, AFD_REGULAR, AFD_INK, f->waiver ? "waived" : "open");
		afd_row_runs(&t, w, 5, &(struct afd_run){ .s = "000", .link = l->finding_dest[i], .page = true }, 1);
	}
	afd_table_end(&t);
}

void afd_layout_summary(struct afd_layout *l)
{
	const struct afd_report *r = l->r;

	afd_section(l, "Summary");
	five_numbers(l);
	afd_heading(l, "Controls, by framework", PT(44));
	if (r->n_framework == 0)
		afd_flow_text(&l->f, afd_style_cell, AFD_REGULAR, AFD_INK,
			      "No framework is in the evidence log, so no control is named.");
	for (size_t i = 0; i < r->n_framework; i++)
		framework_bar(l, &r->framework[i]);
	if (l->tally.findings == 0) {
		afd_heading(l, "Findings", PT(20));
		afd_flow_text(&l->f, afd_style_cell, AFD_REGULAR, AFD_INK,
			      l->tally.tests == 0
				      ? "Nothing in scope, so nothing was tested."
				      : afd_sheets_printf(l->s, "No findings in %s.",
							  afd_plural(l->s, l->tally.tests, "test", "tests")));
	} else {
		by_severity(l);
		first_findings(l);
	}
	afd_layout_comparison(l);
}
