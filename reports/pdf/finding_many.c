/* Cases of one check that a person must review, or that nobody can decide: one reason and one remedy, a row for each. */
#include "reports/pdf/finding.h"

void afd_margin_of_many(struct afd_layout *l, struct afd_flow *m, const struct afd_m_finding *f)
{
	afd_fact(m, "Severity", &(struct afd_run){ .s = f->severity, .face = AFD_BOLD, .mark = afd_severity_mark(f->severity) }, 1);
	if (f->severity_default)
		afd_fact_text(m, "By the policy", AFD_REGULAR, afd_sheets_printf(l->s, "the check's own is %s", f->severity_default));
	afd_fact_text(m, "State", AFD_REGULAR, afd_finding_state(f));
	afd_fact_text(m, "Check", AFD_MONO, f->check_id);
}

static bool same_reasons(const struct afd_m_finding *a, const struct afd_m_finding *b)
{
	if (a->reasons.n != b->reasons.n)
		return false;
	for (size_t i = 0; i < a->reasons.n; i++)
		if (!afd_is(a->reasons.at[i], b->reasons.at[i]))
			return false;
	return true;
}

static const char *joined(struct afd_sheets *s, const struct afd_texts *t)
{
	const char *out = "";

	for (size_t i = 0; i < t->n; i++)
		out = afd_sheets_printf(s, "%s%s%s", out, i ? " " : "", t->at[i]);
	return out;
}

static void subject_cell(struct afd_layout *l, struct afd_table *t, struct afd_row *w, const struct afd_m_finding *d)
{
	const char *owner = afd_owner_of(l->r, d->resource);
	struct afd_run run[4] = { { .s = afd_or(d->resource, "not stated"), .face = AFD_MONO } };
	size_t n = 1;

	if (d->key && !afd_is(d->key, d->resource))
		run[n++] = (struct afd_run){ .s = d->key, .face = AFD_MONO, .ink = AFD_GREY1, .mark = AFD_MARK_BREAK };
	if (owner)
		run[n++] = (struct afd_run){ .s = owner, .ink = AFD_GREY1, .mark = AFD_MARK_BREAK, .small = true };
	run[n++] = (struct afd_run){ .s = afd_sheets_printf(l->s, "id\u00a0%s", afd_finding_id_words(l->s, d->id)), .ink = AFD_GREY1, .mark = AFD_MARK_BREAK, .small = true };
	afd_row_runs(t, w, 1, run, n);
}

/* When, and what; the sentence only where it is not the same for all. */
static void observed_cell(struct afd_layout *l, struct afd_table *t, struct afd_row *w, const struct afd_m_finding *d, bool shared)
{
	struct afd_sheets *s = l->s;
	const char *waiver = d->waiver ? afd_sheets_printf(s, "Waiver: %s", afd_waiver_words(s, d->waiver)) : NULL;
	const struct afd_run run[] = {
		{ .s = afd_sheets_printf(s, "%s%s%s", afd_second(s, d->observed), d->state && !afd_is(d->state, "open") ? "; " : "",
					 d->state && !afd_is(d->state, "open") ? d->state : ""), .ink = AFD_GREY1, .small = true },
		{ .s = afd_or(shared ? waiver : joined(s, &d->reasons), ""), .mark = AFD_MARK_BREAK },
		{ .s = afd_or(waiver, ""), .mark = AFD_MARK_BREAK },
	};

	afd_row_runs(t, w, 2, run, 1 + !shared + (waiver != NULL));
}

static void leaves_cell(struct afd_layout *l, struct afd_table *t, struct afd_row *w, const struct afd_m_finding *d)
{
	enum { LEAVES = 20 };
	struct afd_sheets *s = l->s;
	struct afd_run run[2 * LEAVES + 1];
	size_t n = 0;

	for (size_t i = 0; i < d->n_evidence && i < LEAVES; i++) {
		const struct afd_m_evidence *e = &d->evidence[i];

		run[n++] = (struct afd_run){ .s = e->part ? afd_sheets_printf(s, "%s, part\u00a0%s", afd_number(s, e->leaf), afd_number(s, e->part))
							  : afd_number(s, e->leaf), .mark = i ? AFD_MARK_BREAK : AFD_MARK_NONE };
		run[n++] = (struct afd_run){ .s = afd_groups(s, e->hash, 12, 4), .face = AFD_MONO, .ink = AFD_GREY1, .mark = AFD_MARK_BREAK };
	}
	if (d->n_evidence > LEAVES)
		run[n++] = (struct afd_run){ .s = afd_sheets_printf(s, "and %s more", afd_number(s, (int64_t)d->n_evidence - LEAVES)), .mark = AFD_MARK_BREAK };
	if (n == 0)
		run[n++] = (struct afd_run){ .s = "no record" };
	afd_row_runs(t, w, 3, run, n);
}

static void said(struct afd_flow *f, const char *key, const char *text)
{
	struct afd_lines t = afd_wrap(f->s, afd_style_cell, (struct afd_run[]){ { .s = afd_sheets_printf(f->s, "%s  ", key), .face = AFD_BOLD },
										 { .s = afd_or(text, "not stated") } }, 2, f->w);

	afd_flow_lines(f, &t);
}

/* One reason and one remedy for all, and a row for each. */
void afd_body_of_many(struct afd_layout *l, struct afd_flow *f, const struct afd_block *b)
{
	static const struct afd_col col[] = { { 0, PT(30), false, "No." },
					      { PT(30), PT(112), false, "Subject" },
					      { PT(142), PT(150), false, "Observed (UTC)" },
					      { PT(292), PT(74), false, "Evidence leaf" } };
	static const struct afd_col some[] = { { 0, PT(30), false, "No." },
					       { PT(30), PT(112), false, "Subject" },
					       { PT(142), PT(150), false, "Observed (UTC), as far as evidence reaches" },
					       { PT(292), PT(74), false, "Evidence leaf" } };
	struct afd_sheets *s = l->s;
	const struct afd_m_finding *first = &l->r->finding[b->at[0]];
	bool shared = b->n > 1;
	struct afd_table t;

	afd_flow_space(f, PT(4));
	said(f, "Why it matters", first->check->why);
	said(f, "Remedy", first->check->remedy);
	for (size_t i = 1; i < b->n && shared; i++)
		shared = same_reasons(first, &l->r->finding[b->at[i]]);
	if (shared)
		said(f, "Observed of each", joined(s, &first->reasons));
	afd_flow_space(f, PT(4));
	afd_table_begin(&t, f, NULL, first->would_fail ? some : col, AFD_COUNT(col));
	for (size_t i = 0; i < b->n; i++) {
		const struct afd_m_finding *d = &l->r->finding[b->at[i]];
		struct afd_row *w = afd_table_row(&t);

		if (w && i)
			w->dest = l->finding_dest[b->at[i]];
		afd_row_text(&t, w, 0, AFD_BOLD, AFD_INK, afd_sheets_printf(s, "F%lld", (long long)d->number));
		subject_cell(l, &t, w, d);
		observed_cell(l, &t, w, d, shared);
		leaves_cell(l, &t, w, d);
	}
	afd_table_end(&t);
	afd_finding_controls(l, f, first);
}
