/* One exception in full. */
#include "reports/pdf/finding.h"

void afd_margin_of_one(struct afd_layout *l, struct afd_flow *m, const struct afd_m_finding *f)
{
	struct afd_sheets *s = l->s;
	const char *owner = afd_owner_of(l->r, f->resource);

	afd_fact(m, "Severity",
	     &(struct afd_run){ .s = f->severity, .face = AFD_BOLD, .mark = afd_severity_mark(f->severity) }, 1);
	if (f->severity_default)
		afd_fact_text(m, "By the policy", AFD_REGULAR, afd_sheets_printf(s, "the check's own is %s", f->severity_default));
	afd_fact_text(m, "Subject", AFD_MONO, afd_or(f->resource, "not stated"));
	afd_fact_text(m, "Observed", AFD_REGULAR, afd_second(s, f->observed));
	afd_fact_text(m, "State", AFD_REGULAR, f->state && !afd_is(f->state, "open") ? afd_sheets_printf(s, "%s; %s", afd_finding_state(f), f->state) : afd_finding_state(f));
	if (owner)
		afd_fact_text(m, "Owner", AFD_REGULAR, owner);
	afd_fact_text(m, "Check", AFD_MONO, f->check_id);
	if (f->key && !afd_is(f->key, f->resource))
		afd_fact_text(m, "Key", AFD_MONO, f->key);
	afd_fact_text(m, "Finding id", AFD_MONO, afd_finding_id_words(s, f->id));
}

/* Parameters stand with the results of the check (annex A); here those that the policy changed. */
static void rule_and_observed(struct afd_layout *l, struct afd_flow *f, const struct afd_m_finding *d)
{
	struct afd_sheets *s = l->s;
	const struct afd_m_check *c = d->check;
	const char **rule = afd_sheets_alloc(s, (c->n_param + 2) * sizeof(*rule));
	size_t n = 0;

	if (!rule)
		return;
	if (c->why)
		rule[n++] = c->why;
	for (size_t i = 0; i < c->n_param; i++)
		if (c->param[i].usual)
			rule[n++] = afd_sheets_printf(s, "%s = %s by the policy, else %s", c->param[i].name, afd_or(c->param[i].value, "not set"),
						      c->param[i].usual);
	afd_sides(l, f,
	      (struct afd_side[2]){ { "Why it matters", 0, AFD_INK, rule, n },
				{ "Observed", d->waiver ? AFD_MARK_WAIVED : AFD_MARK_FAIL, AFD_ACCENT, d->reasons.at, d->reasons.n } });
}

/* The words of a long request end at its question mark: the leaf says which one it was, and report.json has the rest. */
static const char *without_query(struct afd_sheets *s, const char *what)
{
	const char *query = strchr(what, '?');

	return query && strlen(query) > 24 ? afd_sheets_printf(s, "%.*s…", (int)(query - what) + 1, what) : what;
}

static void evidence(struct afd_layout *l, struct afd_flow *f, const struct afd_m_finding *d)
{
	static const struct afd_col col[] = { { 0, PT(56), false, "Evidence leaf" },
					      { PT(56), PT(72), false, "Leaf hash" },
					      { PT(128), PT(88), false, "Collected (UTC)" },
					      { PT(216), PT(150), false, "What it is" } };
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
					       without_query(s, afd_or(e->what, ""))));
	}
	if (d->n_evidence > AFD_MAX_SHOWN)
		t.note = afd_sheets_printf(s, "%u of %s shown, the rest is in report.json.", AFD_MAX_SHOWN,
					   afd_number(s, (int64_t)d->n_evidence));
	afd_table_end(&t);
}

/* What to do, and the waiver where one is in force: the margin says that a finding is open. */
static void remedy_and_waiver(struct afd_layout *l, struct afd_flow *f, const struct afd_m_finding *d)
{
	const char *remedy = afd_or(d->check->remedy, "Not stated."), *waiver = afd_waiver_words(l->s, d->waiver);
	struct afd_lines head, text;

	if (d->waiver) {
		afd_sides(l, f, (struct afd_side[2]){ { "Remedy", 0, AFD_WHITE, &remedy, 1 }, { "Waiver", 0, AFD_WHITE, &waiver, 1 } });
		return;
	}
	head = afd_wrap1(l->s, afd_style_cell, AFD_BOLD, AFD_INK, "Remedy", f->w);
	text = afd_wrap1(l->s, afd_style_cell, AFD_REGULAR, AFD_INK, remedy, f->w);
	afd_flow_space(f, PT(9));
	afd_flow_need(f, afd_lines_height(&head) + afd_lines_height(&text));
	afd_flow_lines(f, &head);
	afd_flow_lines(f, &text);
}

void afd_body_of_one(struct afd_layout *l, struct afd_flow *f, const struct afd_m_finding *d)
{
	rule_and_observed(l, f, d);
	evidence(l, f, d);
	afd_finding_controls(l, f, d);
	remedy_and_waiver(l, f, d);
}
