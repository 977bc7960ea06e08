/* What is new, open and gone since the period before. */
#include "reports/pdf/pages.h"

static bool compared(const struct afd_report *r)
{
	return r->comparison.from != AFD_TIME_NONE;
}

void afd_layout_comparison(struct afd_layout *l)
{
	const struct afd_report *r = l->r;
	struct afd_sheets *s = l->s;
	const struct afd_m_counts *c = &r->comparison.counts;
	const char *text;

	if (!compared(r))
		return;
	afd_heading(l, "Against the period before", PT(40));
	if (c->pass + c->fail + c->review == 0) {
		afd_flow_text(&l->f, afd_style_cell, AFD_REGULAR, AFD_INK,
			      afd_sheets_printf(s, "From %s until %s UTC nothing could be tested, so everything that was found now is new.",
						afd_minute(s, r->comparison.from), afd_minute(s, r->comparison.to)));
		return;
	}
	text = afd_sheets_printf(s, "Against %s until %s UTC, judged by the same rules: %s new, %s open since then, %s reopened, %s closed.",
				 afd_minute(s, r->comparison.from), afd_minute(s, r->comparison.to), afd_number(s, r->comparison.fresh),
				 afd_number(s, r->comparison.open), afd_number(s, r->comparison.reopened), afd_number(s, r->comparison.closed));
	if (r->comparison.not_tested + r->comparison.not_examined)
		text = afd_sheets_printf(s, "%s Of %s nobody can tell: %s could not be tested now, %s %s in scope no more.", text,
					 afd_plural(s, r->comparison.not_tested + r->comparison.not_examined, "finding of then", "findings of then"),
					 afd_number(s, r->comparison.not_tested), afd_number(s, r->comparison.not_examined),
					 r->comparison.not_examined == 1 ? "is" : "are");
	if (c->not_evaluable + c->error)
		text = afd_sheets_printf(s, "%s Then %s not be made.", text,
					 afd_plural(s, c->not_evaluable + c->error, "test could", "tests could"));
	if (r->n_learned)
		text = afd_sheets_printf(s, "%s %s about that period %s learned only after it.", text,
					 afd_plural(s, (int64_t)r->n_learned, "finding", "findings"), r->n_learned == 1 ? "was" : "were");
	if (r->n_gone + r->n_learned)
		text = afd_sheets_printf(s, "%s The annexes list them.", text);
	afd_flow_text(&l->f, afd_style_cell, AFD_REGULAR, AFD_INK, text);
}

static const char *gone_words(const struct afd_m_past *p)
{
	if (afd_is(p->state, "not-tested"))
		return "could not be tested now";
	return afd_is(p->state, "not-examined") ? "in scope no more" : "closed";
}

static void list(struct afd_layout *l, const char *heading, const char *last, const struct afd_m_past *at, size_t n, bool learned)
{
	const struct afd_col col[] = { { 0, PT(126), false, "Check" },
				       { PT(126), PT(126), false, "Subject" },
				       { PT(252), PT(150), false, "What was found" },
				       { PT(402), PT(90), false, last } };
	struct afd_sheets *s = l->s;
	struct afd_table t;

	if (n == 0) {
		afd_heading(l, heading, PT(20));
		afd_flow_text(&l->f, afd_style_cell, AFD_REGULAR, AFD_INK, "None.");
		return;
	}
	afd_table_begin(&t, &l->f, heading, col, AFD_COUNT(col));
	for (size_t i = 0; i < n && i < AFD_MAX_SHOWN; i++) {
		struct afd_row *w = afd_table_row(&t);

		afd_row_text(&t, w, 0, AFD_MONO, AFD_INK, at[i].check);
		afd_row_text(&t, w, 1, AFD_MONO, AFD_INK, afd_or(at[i].resource, "-"));
		afd_row_text(&t, w, 2, AFD_REGULAR, AFD_INK, afd_or(at[i].reason, "not stated"));
		afd_row_text(&t, w, 3, AFD_REGULAR, AFD_INK,
			     learned ? afd_sheets_printf(s, "%s, leaf\u00a0%s", afd_minute(s, at[i].recorded), afd_number(s, at[i].leaf)) :
			     gone_words(&at[i]));
	}
	if (n > AFD_MAX_SHOWN)
		t.note = afd_sheets_printf(s, "%u of %s shown, the rest is in report.json.", AFD_MAX_SHOWN, afd_number(s, (int64_t)n));
	afd_table_end(&t);
}

void afd_layout_gone(struct afd_layout *l)
{
	if (!compared(l->r))
		return;
	afd_annex(l, "Comparison with the period before");
	list(l, "Findings of then that are none now", "Now", l->r->gone, l->r->n_gone, false);
	list(l, "Learned since about the period before", "Recorded (UTC)", l->r->learned, l->r->n_learned, true);
}
