#include "reports/pdf/pages.h"

#include "core/when.h"

static const char *outcome_words(const struct afd_m_result *r)
{
	if (afd_is(r->outcome, "fail"))
		return r->waived ? "exception, waived" : "exception";
	if (afd_is(r->outcome, "not-evaluable"))
		return "not possible";
	if (afd_is(r->outcome, "review"))
		return "to be reviewed";
	return afd_is(r->outcome, "not-applicable") ? "not applicable" : r->outcome;
}

static const char *missing_words(struct afd_sheets *s, const struct afd_m_result *r)
{
	const char *out = "";

	if (r->reason)
		return r->reason;
	for (size_t i = 0; i < r->n_uncovered && i < 3; i++) {
		const struct afd_m_need *n = &r->uncovered[i];

		out = afd_sheets_printf(s, "%s%smissing: %s of %s, %s to %s", out, *out ? "; " : "",
					afd_or(n->evidence, "evidence"), afd_or(n->scope, "all"),
					afd_minute(s, n->from), afd_minute(s, n->to));
	}
	return r->n_uncovered > 3
		       ? afd_sheets_printf(s, "%s; and %s more", out, afd_number(s, (int64_t)r->n_uncovered - 3))
		       : out;
}

/* Why a result is what it is: its findings, or what it lacked. */
static void reason_cell(struct afd_layout *l, struct afd_table *t, struct afd_row *w, const struct afd_m_result *o)
{
	const struct afd_report *r = l->r;
	struct afd_run run[9];
	size_t n = 0, more = 0;
	const char *missing = missing_words(l->s, o);

	for (size_t i = 0; i < r->n_finding && !afd_is(o->outcome, "pass"); i++) {
		const struct afd_m_finding *f = &r->finding[i];

		if (!afd_is(f->check_id, o->check) || !afd_is(f->resource, o->resource) ||
		    afd_is(f->status, "not-applicable"))
			continue;
		if (n == 7) {
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
	if (*missing)
		run[n] = (struct afd_run){ .s = n ? afd_sheets_printf(l->s, "; %s", missing) : missing };
	afd_row_runs(t, w, 3, run, n + (*missing != '\0'));
}

static void check_facts(struct afd_layout *l, const struct afd_m_check *c)
{
	struct afd_sheets *s = l->s;
	struct afd_run run[] = {
		{ .s = afd_sheets_printf(s, "%s   ", c->severity), .mark = afd_severity_mark(c->severity) },
		{ .s = c->id, .face = AFD_MONO },
		{ .s = afd_sheets_printf(s, "   leaf\u00a0%s   SHA-256 ", afd_number(s, c->leaf)), .ink = AFD_GREY1 },
		{ .s = afd_groups(s, c->sha256, 16, 4), .face = AFD_MONO, .ink = AFD_GREY1 },
	};
	struct afd_lines t = afd_wrap(s, afd_style_cell, run, AFD_COUNT(run), l->f.w);

	afd_flow_lines(&l->f, &t);
	if (c->severity_default)
		afd_flow_text(&l->f, afd_style_cell, AFD_REGULAR, AFD_INK,
			      afd_sheets_printf(s, "The severity is the policy's; the check's own is %s. Approved by %s, recorded %s. Reason: %s",
						c->severity_default, afd_or(c->severity_approver, "nobody"),
						afd_minute(s, c->severity_since), afd_or(c->severity_reason, "none")));
	for (size_t i = 0; i < c->n_param; i++) {
		t = afd_wrap(
			s, afd_style_cell,
			(struct afd_run[]){
				{ .s = c->param[i].name, .face = AFD_MONO },
				{ .s = " = " },
				{ .s = afd_or(c->param[i].value, "not set"), .face = AFD_MONO },
				{ .s = c->param[i].usual ? afd_sheets_printf(s, " by the policy, else %s", c->param[i].usual) : "", .face = AFD_BOLD },
				{ .s = c->param[i].meaning ? afd_sheets_printf(s, ": %s", c->param[i].meaning) : "" } },
			5, l->f.w);
		afd_flow_lines(&l->f, &t);
	}
	l->f.y += PT(2);
}

static void results_of(struct afd_layout *l, const struct afd_m_check *c)
{
	static const struct afd_col col[] = { { 0, PT(162), false, "Resource" },
					      { PT(162), PT(96), false, "Result" },
					      { PT(258), PT(54), false, "Evidence" },
					      { PT(312), PT(180), false, "Finding, or reason" } };
	const struct afd_report *r = l->r;
	struct afd_table t;
	size_t n = 0;

	afd_heading(l, c->title, PT(90));
	check_facts(l, c);
	afd_table_begin(&t, &l->f, NULL, col, AFD_COUNT(col));
	for (size_t i = 0; i < r->n_outcome; i++) {
		const struct afd_m_result *o = &r->outcome[i];
		struct afd_row *w;

		if (!afd_is(o->check, c->id) || ++n > AFD_MAX_SHOWN)
			continue;
		w = afd_table_row(&t);
		afd_row_text(&t, w, 0, AFD_MONO, AFD_INK, afd_or(o->resource, "-"));
		afd_row_runs(&t, w, 1,
			     &(struct afd_run){ outcome_words(o), AFD_REGULAR, AFD_INK,
						afd_outcome_mark(o->outcome, o->waived), 0 },
			     1);
		afd_row_text(&t, w, 2, AFD_REGULAR, AFD_INK, afd_is(o->outcome, "not-applicable") ? "–" : o->grade);
		reason_cell(l, &t, w, o);
	}
	if (n > AFD_MAX_SHOWN)
		t.note = afd_sheets_printf(l->s, "%u of %s shown, the rest is in report.json.", AFD_MAX_SHOWN,
					   afd_number(l->s, (int64_t)n));
	if (n > 0)
		afd_table_end(&t);
	else
		afd_flow_text(&l->f, afd_style_cell, AFD_REGULAR, AFD_INK, "Nothing in scope, so nothing was tested.");
}

/* How many tests of C there are if none of them applied, with the first reason that is said; 0: one did. */
static size_t idle_tests(const struct afd_report *r, const struct afd_m_check *c, const char **reason)
{
	size_t n = 0;

	*reason = NULL;
	for (size_t i = 0; i < r->n_outcome; i++) {
		if (!afd_is(r->outcome[i].check, c->id))
			continue;
		if (!afd_is(r->outcome[i].outcome, "not-applicable"))
			return 0;
		if (!*reason)
			*reason = r->outcome[i].reason;
		n++;
	}
	return n;
}

/* Checks of which no test applied, a line each: a page for each of them would hide those that did. */
static void idle_checks(struct afd_layout *l)
{
	static const struct afd_col col[] = { { 0, PT(220), false, "Check" },
					      { PT(232), PT(30), true, "Tests" },
					      { PT(274), PT(218), false, "Why none applied" } };
	const struct afd_report *r = l->r;
	struct afd_table t;
	bool begun = false;

	for (size_t i = 0; i < r->n_check; i++) {
		const struct afd_m_check *c = &r->check[i];
		const char *reason;
		size_t n = idle_tests(r, c, &reason);
		struct afd_row *w;

		if (n == 0)
			continue;
		if (!begun) {
			afd_heading(l, "Checks that did not apply", PT(60));
			afd_table_begin(&t, &l->f, NULL, col, AFD_COUNT(col));
			begun = true;
		}
		w = afd_table_row(&t);
		afd_row_runs(&t, w, 0, (struct afd_run[]){ { .s = c->title }, { .s = "  " }, { .s = c->id, .face = AFD_MONO, .ink = AFD_GREY1 } }, 3);
		afd_row_text(&t, w, 1, AFD_REGULAR, AFD_INK, afd_number(l->s, (int64_t)n));
		afd_row_text(&t, w, 2, AFD_REGULAR, AFD_INK, afd_or(reason, "-"));
	}
	if (begun)
		afd_table_end(&t);
}

static void results(struct afd_layout *l)
{
	const char *reason;

	afd_annex(l, "Results by check");
	if (l->r->n_check == 0)
		afd_flow_text(&l->f, afd_style_text, AFD_REGULAR, AFD_INK,
			      "The evidence log holds no checks, so nothing was tested.");
	for (size_t i = 0; i < l->r->n_check; i++)
		if (idle_tests(l->r, &l->r->check[i], &reason) == 0)
			results_of(l, &l->r->check[i]);
	idle_checks(l);
}

static const struct afd_m_evidence *first_ref(const struct afd_report *r, int64_t leaf)
{
	for (size_t i = 0; i < r->n_finding; i++)
		for (size_t k = 0; k < r->finding[i].n_evidence; k++)
			if (r->finding[i].evidence[k].leaf == leaf)
				return &r->finding[i].evidence[k];
	return NULL;
}

static void cited(struct afd_layout *l)
{
	static const struct afd_col col[] = { { 0, PT(44), true, "Leaf" },
					      { PT(56), PT(330), false, "Leaf hash" },
					      { PT(386), PT(106), false, "Source" } };
	const struct afd_report *r = l->r;
	struct afd_table t;

	afd_annex(l, "Evidence cited");
	if (r->n_cited == 0) {
		afd_flow_text(&l->f, afd_style_text, AFD_REGULAR, AFD_INK, "No finding cites evidence.");
		return;
	}
	afd_flow_text(&l->f, afd_style_cell, AFD_REGULAR, AFD_GREY1,
		      "Leaves of the evidence log that findings cite. The hash covers the record of the item; the root "
		      "of the evidence head covers all of them and the rest.");
	l->f.y += PT(4);
	afd_table_begin(&t, &l->f, NULL, col, AFD_COUNT(col));
	for (size_t i = 0; i < r->n_cited && i < AFD_MAX_SHOWN; i++) {
		const struct afd_m_evidence *e = first_ref(r, r->cited[i].leaf);
		struct afd_row *w = afd_table_row(&t);

		afd_row_text(&t, w, 0, AFD_REGULAR, AFD_INK, afd_number(l->s, r->cited[i].leaf));
		afd_row_text(&t, w, 1, AFD_MONO, AFD_INK, afd_groups(l->s, r->cited[i].hash, 64, 8));
		afd_row_text(&t, w, 2, AFD_MONO, AFD_INK, e ? afd_or(e->source, "-") : "-");
	}
	if (r->n_cited > AFD_MAX_SHOWN)
		t.note = afd_sheets_printf(l->s, "%u of %s shown, the rest is in report.json.", AFD_MAX_SHOWN,
					   afd_number(l->s, (int64_t)r->n_cited));
	afd_table_end(&t);
}

static void gate(struct afd_layout *l)
{
	const struct afd_report *r = l->r;
	struct afd_sheets *s = l->s;

	if (!r->gate.fail_on)
		return;
	afd_heading(l, "Gate of the policy", PT(20));
	afd_flow_text(&l->f, afd_style_cell, AFD_REGULAR, AFD_INK,
		      afd_sheets_printf(s, "Exceptions of severity %s and above violate it%s; missing evidence %s; it looks back %s. %s",
					r->gate.fail_on, r->gate.review_fails ? ", and so do cases to be reviewed" : "",
					afd_is(r->gate.incomplete, "warn") ? "is warned of" : "ends it with exit 3", r->gate.window,
					r->n_rule ? "Rules, of which the first that speaks of a finding decides:" : "It has no rules of its own."));
	for (size_t i = 0; i < r->n_rule; i++) {
		const struct afd_m_gate_rule *k = &r->rule[i];
		const struct { const char *name, *value; } on[] = {
			{ "severity", k->severity }, { "tier", k->tier }, { "framework", k->framework },
			{ "control", k->control }, { "check", k->check }, { "resource", k->resource },
		};
		const char *text = afd_sheets_printf(s, "%lld.", (long long)k->number);

		for (size_t w = 0; w < AFD_COUNT(on); w++)
			if (on[w].value)
				text = afd_sheets_printf(s, "%s %s: %s", text, on[w].name, on[w].value);
		if (k->fail)
			text = afd_sheets_printf(s, "%s; exceptions %s", text, afd_is(k->fail, "violates") ? "violate" : "do not violate");
		if (k->review)
			text = afd_sheets_printf(s, "%s; cases to be reviewed %s", text, afd_is(k->review, "violates") ? "violate" : "do not violate");
		afd_flow_text(&l->f, afd_style_cell, AFD_REGULAR, AFD_INK, text);
	}
}

static void waivers(struct afd_layout *l)
{
	static const struct afd_col col[] = { { 0, PT(72), false, "Waiver" },
					      { PT(72), PT(96), false, "Owner" },
					      { PT(168), PT(96), false, "Approved by" },
					      { PT(264), PT(90), false, "Until (UTC)" },
					      { PT(354), PT(138), false, "Reason" } };
	const struct afd_report *r = l->r;
	struct afd_table t;

	if (r->n_waiver == 0) {
		afd_heading(l, "Waivers in the policy", PT(20));
		afd_flow_text(&l->f, afd_style_cell, AFD_REGULAR, AFD_INK, "The policy has no waivers.");
		return;
	}
	afd_table_begin(&t, &l->f, "Waivers in the policy", col, AFD_COUNT(col));
	for (size_t i = 0; i < r->n_waiver && i < AFD_MAX_SHOWN; i++) {
		const struct afd_m_waiver *v = &r->waiver[i];
		bool over = v->expires != AFD_TIME_NONE && v->expires <= r->as_of;
		struct afd_row *w = afd_table_row(&t);

		afd_row_text(&t, w, 0, AFD_REGULAR, AFD_INK, v->id);
		afd_row_text(&t, w, 1, AFD_REGULAR, AFD_INK, afd_or(v->owner, "not stated"));
		afd_row_text(&t, w, 2, AFD_REGULAR, AFD_INK, afd_or(v->approver, "not stated"));
		afd_row_text(&t, w, 3, AFD_REGULAR, AFD_INK,
			     v->expires == AFD_TIME_NONE ? "without end"
							 : afd_sheets_printf(l->s, "%s%s", afd_minute(l->s, v->expires),
									     over ? " expired" : ""));
		afd_row_text(&t, w, 4, AFD_REGULAR, AFD_INK, afd_or(v->reason, "not stated"));
	}
	afd_table_end(&t);
}

static void edits(struct afd_layout *l)
{
	static const struct afd_col col[] = {
		{ 0, PT(92), false, "Recorded (UTC)" },  { PT(92), PT(54), false, "Table" },
		{ PT(146), PT(128), false, "Row" },      { PT(274), PT(46), false, "Edit" },
		{ PT(320), PT(132), false, "From, to" }, { PT(452), PT(40), true, "Leaf" }
	};
	const struct afd_report *r = l->r;
	struct afd_sheets *s = l->s;
	struct afd_table t;

	if (r->n_edit == 0) {
		afd_heading(l, "Edits of the user’s files in the period", PT(20));
		afd_flow_text(&l->f, afd_style_cell, AFD_REGULAR, AFD_INK,
			      "Inventory, policy and approvals were not edited in the period.");
		return;
	}
	afd_table_begin(&t, &l->f, "Edits of the user’s files in the period", col, AFD_COUNT(col));
	for (size_t i = 0; i < r->n_edit && i < AFD_MAX_SHOWN; i++) {
		const struct afd_m_edit *e = &r->edit[i];
		struct afd_row *w = afd_table_row(&t);

		afd_row_text(&t, w, 0, AFD_REGULAR, AFD_INK, afd_second(s, e->time));
		afd_row_text(&t, w, 1, AFD_REGULAR, AFD_INK, afd_or(e->table, "-"));
		afd_row_text(&t, w, 2, AFD_MONO, AFD_INK, afd_or(e->key, "-"));
		afd_row_text(&t, w, 3, AFD_REGULAR, AFD_INK, afd_or(e->what, "-"));
		afd_row_text(&t, w, 4, AFD_MONO, AFD_INK,
			     e->before && e->after ? afd_sheets_printf(s, "%s to %s", e->before, e->after)
						   : afd_or(e->before, afd_or(e->after, "-")));
		afd_row_text(&t, w, 5, AFD_REGULAR, AFD_INK, afd_number(s, e->leaf));
	}
	if (r->n_edit > AFD_MAX_SHOWN)
		t.note = afd_sheets_printf(s, "%u of %s shown, the rest is in report.json.", AFD_MAX_SHOWN,
					   afd_number(s, (int64_t)r->n_edit));
	afd_table_end(&t);
}

static void faults(struct afd_layout *l)
{
	static const struct afd_col col[] = { { 0, PT(44), true, "Leaf" },
					      { PT(56), PT(112), false, "Source" },
					      { PT(168), PT(324), false, "What is wrong with the item" } };
	const struct afd_report *r = l->r;
	struct afd_table t;

	if (r->n_fault == 0) {
		afd_heading(l, "Items that could not be read", PT(20));
		afd_flow_text(&l->f, afd_style_cell, AFD_REGULAR, AFD_INK,
			      "Every item of the evidence log could be read.");
		return;
	}
	afd_table_begin(&t, &l->f, "Items that could not be read", col, AFD_COUNT(col));
	for (size_t i = 0; i < r->n_fault && i < AFD_MAX_SHOWN; i++) {
		struct afd_row *w = afd_table_row(&t);

		afd_row_text(&t, w, 0, AFD_REGULAR, AFD_INK, afd_number(l->s, r->fault[i].leaf));
		afd_row_text(&t, w, 1, AFD_MONO, AFD_INK, afd_or(r->fault[i].source, "-"));
		afd_row_text(&t, w, 2, AFD_REGULAR, AFD_INK, afd_or(r->fault[i].reason, "not stated"));
	}
	if (r->n_fault > AFD_MAX_SHOWN)
		t.note = afd_sheets_printf(l->s, "%u of %s shown, the rest is in report.json.", AFD_MAX_SHOWN,
					   afd_number(l->s, (int64_t)r->n_fault));
	afd_table_end(&t);
}

void afd_layout_annexes(struct afd_layout *l)
{
	results(l);
	cited(l);
	afd_annex(l, "Waivers, edits and unreadable items");
	gate(l);
	waivers(l);
	edits(l);
	faults(l);
	afd_layout_gone(l);
}
