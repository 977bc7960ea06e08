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

static bool has_findings(const struct afd_report *r, const struct afd_m_result *o)
{
	for (size_t i = 0; i < r->n_finding; i++)
		if (afd_is(r->finding[i].check_id, o->check) && afd_is(r->finding[i].resource, o->resource) && !afd_is(r->finding[i].status, "not-applicable"))
			return true;
	return false;
}

/* Why a result is what it is: its findings, or what it lacked. */
static void reason_cell(struct afd_layout *l, struct afd_table *t, struct afd_row *w, size_t at)
{
	const struct afd_report *r = l->r;
	const struct afd_m_result *o = &r->outcome[at];
	const unsigned lack = l->lack_of[at];
	struct afd_run run[10];
	size_t n = 0, more = 0;

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
	if (lack)
		run[n] = (struct afd_run){ .s = afd_sheets_printf(l->s, "%sevidence is missing: %s", n ? "; " : "", afd_lack_name(l, lack - 1)),
					   .link = l->lack[lack - 1].dest };
	else if (o->reason)
		run[n] = (struct afd_run){ .s = afd_sheets_printf(l->s, "%s%s", n ? "; " : "", o->reason) };
	afd_row_runs(t, w, 3, run, n + (lack || o->reason));
}

/* A list of authorities can fill a page. What the policy sets is always whole. */
static const char *value_words(struct afd_sheets *s, const struct afd_m_param *p)
{
	enum { SHOWN = 160 };
	const char *v = afd_or(p->value, "not set");
	size_t n = strlen(v);

	if (p->usual || n <= SHOWN)
		return v;
	for (n = SHOWN; n && ((unsigned char)v[n] & 0xc0) == 0x80;)
		n--;
	return afd_sheets_printf(s, "%.*s … [%s bytes, whole in report.json]", (int)n, v, afd_number(s, (int64_t)strlen(v)));
}

/* The head of a check's rows: what holds when it passes, which file says so, with which parameters. */
static void check_head(struct afd_layout *l, struct afd_table *t, const struct afd_m_check *c)
{
	struct afd_sheets *s = l->s;
	struct afd_run *run = afd_sheets_alloc(s, (6 + 4 * c->n_param) * sizeof(*run));
	struct afd_row *w = afd_table_row(t);
	size_t n = 0;

	if (!run || !w)
		return;
	w->group = true;
	run[n++] = (struct afd_run){ .s = c->title, .face = AFD_BOLD, .mark = afd_severity_mark(c->severity) };
	run[n++] = (struct afd_run){ .s = afd_sheets_printf(s, "  %s", c->id), .face = AFD_MONO };
	run[n++] = (struct afd_run){ .s = afd_sheets_printf(s, "%s   leaf\u00a0%s   SHA-256 ", c->severity, afd_number(s, c->leaf)), .ink = AFD_GREY1,
				     .mark = AFD_MARK_BREAK, .small = true };
	run[n++] = (struct afd_run){ .s = afd_groups(s, c->sha256, 16, 4), .face = AFD_MONO, .ink = AFD_GREY1 };
	if (c->severity_default)
		run[n++] = (struct afd_run){ .mark = AFD_MARK_BREAK, .small = true,
			.s = afd_sheets_printf(s, "The severity is the policy's; the check's own is %s. Approved by %s, recorded %s. Reason: %s",
					       c->severity_default, afd_or(c->severity_approver, "nobody"),
					       afd_minute(s, c->severity_since), afd_or(c->severity_reason, "none")) };
	for (size_t i = 0; i < c->n_param; i++) {
		const struct afd_m_param *p = &c->param[i];

		run[n++] = (struct afd_run){ .s = afd_sheets_printf(s, "   %s", p->name), .face = AFD_MONO };
		run[n++] = (struct afd_run){ .s = afd_sheets_printf(s, " = %s", value_words(s, p)), .small = true };
		if (p->usual)
			run[n++] = (struct afd_run){ .s = afd_sheets_printf(s, " by the policy, else %s", p->usual), .face = AFD_BOLD, .small = true };
		if (p->meaning)
			run[n++] = (struct afd_run){ .s = afd_sheets_printf(s, ": %s", p->meaning), .ink = AFD_GREY1, .small = true };
	}
	w->cell[0] = afd_wrap(s, t->style, run, n, l->f.w);
}

/* Results that say the same of different resources, and have no finding that tells them apart, share a row. */
static bool may_share(struct afd_layout *l, size_t a, size_t b)
{
	const struct afd_m_result *x = &l->r->outcome[a], *y = &l->r->outcome[b];

	return afd_is(x->outcome, y->outcome) && afd_is(x->grade, y->grade) && l->lack_of[a] == l->lack_of[b] &&
	       afd_is(afd_or(x->reason, "-"), afd_or(y->reason, "-")) && (afd_is(x->outcome, "pass") || (!has_findings(l->r, x) && !has_findings(l->r, y)));
}

static void result_row(struct afd_layout *l, struct afd_table *t, const size_t *at, size_t n)
{
	const struct afd_m_result *o = &l->r->outcome[at[0]];
	struct afd_row *w = afd_table_row(t);
	struct afd_buf names = { 0 };
	const char *words = outcome_words(o);

	for (size_t i = 0; i < n; i++)
		if (afd_buf_printf(&names, "%s%s", i ? ", " : "", afd_or(l->r->outcome[at[i]].resource, "-")) < 0)
			l->s->bad = true;
	afd_row_text(t, w, 0, AFD_MONO, AFD_INK, names.data ? (const char *)names.data : "-");
	afd_buf_release(&names);
	afd_row_runs(t, w, 1,
		     &(struct afd_run){ n > 1 ? afd_sheets_printf(l->s, "%s, %s tests", words, afd_number(l->s, (int64_t)n)) : words, AFD_REGULAR,
					AFD_INK, afd_outcome_mark(o->outcome, o->waived), 0 },
		     1);
	afd_row_text(t, w, 2, AFD_REGULAR, AFD_INK, afd_is(o->outcome, "not-applicable") ? "–" : o->grade);
	reason_cell(l, t, w, at[0]);
}

static void results_of(struct afd_layout *l, struct afd_table *t, const struct afd_m_check *c, size_t *of, size_t *same)
{
	const struct afd_report *r = l->r;
	size_t n = 0, all = 0;

	check_head(l, t, c);
	for (size_t i = 0; i < r->n_outcome; i++)
		if (afd_is(r->outcome[i].check, c->id) && ++all <= AFD_MAX_SHOWN)
			of[n++] = i;
	for (size_t i = 0; i < n; i++) {
		size_t k = 0;

		if (of[i] == SIZE_MAX)
			continue;
		for (size_t m = i; m < n; m++)
			if (m == i || (of[m] != SIZE_MAX && may_share(l, of[i], of[m]))) {
				same[k++] = of[m];
				if (m != i)
					of[m] = SIZE_MAX;
			}
		result_row(l, t, same, k);
	}
	if (all == 0 || all > AFD_MAX_SHOWN)
		afd_row_text(t, afd_table_row(t), 0, AFD_REGULAR, AFD_GREY1,
			     all ? afd_sheets_printf(l->s, "%u of %s shown, the rest is in report.json.", AFD_MAX_SHOWN, afd_number(l->s, (int64_t)all))
				 : "Nothing in scope, so nothing was tested.");
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
	*reason = afd_or(*reason, "Not stated.");
	return n;
}

/* Checks of which no test applied, by why: a page for each of them would hide those that did. */
static void idle_checks(struct afd_layout *l, size_t *tests, const char **why)
{
	static const struct afd_col col[] = { { 0, PT(130), false, "Why none applied" },
					      { PT(130), PT(330), false, "Checks" },
					      { PT(460), PT(32), true, "Tests" } };
	const struct afd_report *r = l->r;
	struct afd_run *run = afd_sheets_alloc(l->s, (2 * r->n_check + 1) * sizeof(*run));
	struct afd_table t;
	bool begun = false;

	for (size_t i = 0; i < r->n_check && run; i++) {
		size_t n = 0, sum = 0;
		struct afd_row *w;

		for (size_t k = i; k < r->n_check && tests[i]; k++) {
			if (!tests[k] || !afd_is(why[k], why[i]))
				continue;
			run[n] = (struct afd_run){ .s = r->check[k].title, .mark = n ? AFD_MARK_BREAK : AFD_MARK_NONE };
			run[++n] = (struct afd_run){ .s = afd_sheets_printf(l->s, "  %s", r->check[k].id), .face = AFD_MONO, .ink = AFD_GREY1 };
			n++;
			sum += tests[k];
			if (k > i)
				tests[k] = 0;
		}
		if (n == 0)
			continue;
		if (!begun) {
			afd_table_begin(&t, &l->f, "Checks that did not apply", col, AFD_COUNT(col));
			begun = true;
		}
		w = afd_table_row(&t);
		afd_row_text(&t, w, 0, AFD_REGULAR, AFD_INK, why[i]);
		afd_row_runs(&t, w, 1, run, n);
		afd_row_text(&t, w, 2, AFD_REGULAR, AFD_INK, afd_number(l->s, (int64_t)sum));
	}
	if (begun)
		afd_table_end(&t);
}

static void results(struct afd_layout *l)
{
	static const struct afd_col col[] = { { 0, PT(206), false, "Resource" },
					      { PT(206), PT(100), false, "Result" },
					      { PT(306), PT(54), false, "Evidence" },
					      { PT(360), PT(132), false, "Finding, or reason" } };
	const struct afd_report *r = l->r;
	size_t *tests = afd_sheets_alloc(l->s, (r->n_check + 1) * sizeof(*tests)), *of = afd_sheets_alloc(l->s, AFD_MAX_SHOWN * sizeof(*of)),
	       *same = afd_sheets_alloc(l->s, AFD_MAX_SHOWN * sizeof(*same));
	const char **why = afd_sheets_alloc(l->s, (r->n_check + 1) * sizeof(*why));
	struct afd_table t;

	afd_annex(l, "Results by check");
	if (r->n_check == 0)
		afd_flow_text(&l->f, afd_style_text, AFD_REGULAR, AFD_INK,
			      "The evidence log holds no checks, so nothing was tested.");
	if (!tests || !of || !same || !why)
		return;
	afd_table_begin(&t, &l->f, NULL, col, AFD_COUNT(col));
	t.group_above = PT(5);
	for (size_t i = 0; i < r->n_check; i++) {
		tests[i] = idle_tests(r, &r->check[i], &why[i]);
		if (!tests[i])
			results_of(l, &t, &r->check[i], of, same);
	}
	if (t.n)
		afd_table_end(&t);
	idle_checks(l, tests, why);
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
					      { PT(56), PT(170), false, "Leaf hash" },
					      { PT(226), PT(86), false, "Source" },
					      { PT(312), PT(180), false, "What it is, as first cited" } };
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
		afd_row_text(&t, w, 3, AFD_REGULAR, AFD_INK, e ? afd_or(e->what, "-") : "-");
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
