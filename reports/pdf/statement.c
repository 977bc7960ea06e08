#include "reports/pdf/pages.h"

#include "core/when.h"

/* Sentences with rules between them, under a bold head. */
static afd_mpt listed(struct afd_layout *l, afd_mpt x, afd_mpt y, const char *head, const char *const *text, size_t n)
{
	struct afd_sheets *s = l->s;
	afd_mpt w = PT(192);
	struct afd_lines t = afd_wrap1(s, afd_style_cell, AFD_BOLD, AFD_INK, head, w);

	afd_cell(s, l->f.page, x, y, w, PT(14));
	afd_put_lines(s, l->f.page, &t, 0, 1, x, y, w, AFD_LEFT);
	y += PT(14);
	for (size_t i = 0; i < n; i++) {
		t = afd_wrap1(s, afd_style_cell, AFD_REGULAR, AFD_INK, text[i], w);
		afd_rule(s, l->f.page, AFD_GREY2, PT(0.5), x, y + PT(0.5), w);
		afd_cell(s, l->f.page, x, y, w, afd_lines_height(&t) + PT(6.5));
		afd_put_lines(s, l->f.page, &t, 0, t.n, x, y + PT(3.5), w, AFD_LEFT);
		y += afd_lines_height(&t) + PT(6.5);
	}
	return y;
}

static void shows(struct afd_layout *l)
{
	static const char *const yes[] = {
		"Each finding follows from records in the evidence log, and names them.",
		"“No exceptions noted” means: every record that the test needs was collected for the whole period, "
		"and none of them fails the test.",
		"Records were not altered after the evidence head was signed.",
	};
	static const char *const no[] = {
		"What a provider left out before we collected it.",
		"Whether an approval was a good decision, only that it was recorded in time.",
		"States between two looks, where the coverage says sampled.",
		"What lies outside the scope below.",
	};
	afd_mpt a, b;

	afd_flow_need(&l->f, PT(150));
	a = listed(l, afd_col_x(l->s, 2), l->f.y, "What this report shows", yes, AFD_COUNT(yes));
	b = listed(l, afd_col_x(l->s, 7), l->f.y, "What it does not show", no, AFD_COUNT(no));
	l->f.y = a > b ? a : b;
}

static const char *leaf(struct afd_sheets *s, int64_t n)
{
	return n < 0 ? "none" : afd_sheets_printf(s, "leaf\u00a0%s", afd_number(s, n));
}

static void in_scope(struct afd_layout *l)
{
	static const struct afd_col col[] = {
		{ 0, PT(128), false, "Domain" },        { PT(128), PT(98), false, "Zone" },
		{ PT(226), PT(152), false, "Account" }, { PT(378), PT(66), false, "Owner" },
		{ PT(444), PT(48), true, "Stated in" },
	};
	const struct afd_report *r = l->r;
	struct afd_table t;

	if (r->n_scope == 0) {
		afd_heading(l, "In scope", PT(20));
		afd_flow_text(&l->f, afd_style_cell, AFD_REGULAR, AFD_INK,
			      "Nothing is in scope: the inventory names no domain. So nothing was tested.");
		return;
	}
	afd_table_begin(&t, &l->f, "In scope", col, AFD_COUNT(col));
	for (size_t i = 0; i < r->n_scope && i < AFD_MAX_SHOWN; i++) {
		const struct afd_m_scope *c = &r->scope[i];
		struct afd_row *w = afd_table_row(&t);

		afd_row_text(&t, w, 0, AFD_MONO, AFD_INK, c->name);
		afd_row_text(&t, w, 1, c->zone ? AFD_MONO : AFD_REGULAR, AFD_INK, afd_or(c->zone, "not stated"));
		afd_row_text(&t, w, 2, c->account ? AFD_MONO : AFD_REGULAR, AFD_INK, afd_or(c->account, "not stated"));
		afd_row_text(&t, w, 3, AFD_REGULAR, AFD_INK, afd_or(c->owner, "not known"));
		afd_row_text(&t, w, 4, AFD_REGULAR, AFD_INK, leaf(l->s, c->leaf));
	}
	if (r->n_scope > AFD_MAX_SHOWN)
		t.note = afd_sheets_printf(l->s, "%u of %s shown, the rest is in report.json.", AFD_MAX_SHOWN,
					   afd_number(l->s, (int64_t)r->n_scope));
	afd_table_end(&t);
}

static void not_in_scope(struct afd_layout *l)
{
	static const struct afd_col col[] = { { 0, PT(128), false, "Domain" },
					      { PT(128), PT(250), false, "Reason given" },
					      { PT(378), PT(66), false, "Owner" },
					      { PT(444), PT(48), true, "Stated in" } };
	const struct afd_report *r = l->r;
	struct afd_table t;

	if (r->n_not_in_scope == 0) {
		afd_heading(l, "Not in scope", PT(20));
		afd_flow_text(&l->f, afd_style_cell, AFD_REGULAR, AFD_INK,
			      "The inventory leaves out nothing that it names.");
		return;
	}
	afd_table_begin(&t, &l->f, "Not in scope", col, AFD_COUNT(col));
	for (size_t i = 0; i < r->n_not_in_scope && i < AFD_MAX_SHOWN; i++) {
		const struct afd_m_scope *c = &r->not_in_scope[i];
		struct afd_row *w = afd_table_row(&t);

		afd_row_text(&t, w, 0, AFD_MONO, AFD_INK, c->name);
		afd_row_text(&t, w, 1, AFD_REGULAR, AFD_INK, afd_or(c->reason, "not stated"));
		afd_row_text(&t, w, 2, AFD_REGULAR, AFD_INK, afd_or(c->owner, "not known"));
		afd_row_text(&t, w, 3, AFD_REGULAR, AFD_INK, leaf(l->s, c->leaf));
	}
	if (r->n_not_in_scope > AFD_MAX_SHOWN)
		t.note = afd_sheets_printf(l->s, "%u of %s shown, the rest is in report.json.", AFD_MAX_SHOWN,
					   afd_number(l->s, (int64_t)r->n_not_in_scope));
	afd_table_end(&t);
}

static void rule_row(struct afd_table *t, const char *what, const char *edition, const char *where, const char *digest)
{
	struct afd_row *w = afd_table_row(t);

	afd_row_text(t, w, 0, AFD_REGULAR, AFD_INK, what);
	afd_row_text(t, w, 1, AFD_REGULAR, AFD_INK, edition);
	afd_row_text(t, w, 2, AFD_REGULAR, AFD_INK, where);
	if (digest)
		afd_row_text(t, w, 3, AFD_MONO, AFD_INK, digest);
}

/* Whose a table is: what stands in the file of that name. */
static const char *file_of(const char *table)
{
	static const char *const of[][2] = {
		{ "approval", "approvals" }, { "policy", "policy" }, { "setting", "config" }, { "source", "config" },
		{ "source_scope", "config" }, { "waiver", "policy" },
	};

	for (size_t i = 0; i < AFD_COUNT(of); i++)
		if (afd_is(table, of[i][0]))
			return of[i][1];
	return "inventory";
}

static const char *edits_of(struct afd_layout *l, const char *file)
{
	const struct afd_report *r = l->r;
	int64_t n = 0;

	for (size_t i = 0; i < r->n_edit; i++)
		n += afd_is(file_of(r->edit[i].table), file);
	return n ? afd_sheets_printf(l->s, "%s in the period, annex\u00a0C", afd_plural(l->s, n, "edit", "edits"))
		 : "no edits in the period";
}

/* Whose rows are in force: ours, and those that somebody laid over them. */
static void mapping_row(struct afd_layout *l, struct afd_table *t, const struct afd_m_mapping *m)
{
	struct afd_sheets *s = l->s;
	const char *rows = afd_plural(s, m->rows, "row", "rows"), *over = "";

	if (m->replaces)
		over = afd_sheets_printf(s, ", %s of them in the place of ours", afd_number(s, m->replaces));
	rule_row(t, "", afd_sheets_printf(s, "mapping %s, %s, %s: %s%s", afd_or(m->version, "without version"), afd_or(m->author, "author not stated"),
					  afd_or(m->date, "not dated"), rows, over),
		 leaf(s, m->leaf), afd_groups(s, m->sha256, 16, 4));
}

static void rules(struct afd_layout *l)
{
	static const struct afd_col col[] = {
		{ 0, PT(166), false, "What" },
		{ PT(166), PT(170), false, "Edition" },
		{ PT(336), PT(70), false, "In the log" },
		{ PT(406), PT(86), false, "SHA-256, 16 digits" },
	};
	const struct afd_report *r = l->r;
	struct afd_sheets *s = l->s;
	struct afd_table t;

	afd_table_begin(&t, &l->f, "Rules applied", col, AFD_COUNT(col));
	rule_row(&t, "Policy", r->rules.policy_leaf < 0 ? "none given" : edits_of(l, "policy"),
		 leaf(s, r->rules.policy_leaf), NULL);
	rule_row(&t, "Inventory", r->rules.inventory_leaf < 0 ? "none given" : edits_of(l, "inventory"),
		 leaf(s, r->rules.inventory_leaf), NULL);
	rule_row(&t, "Configuration", r->rules.config_leaf < 0 ? "none given" : edits_of(l, "config"),
		 leaf(s, r->rules.config_leaf), NULL);
	rule_row(&t, "Checks",
		 afd_sheets_printf(s, "%s; each one in annex\u00a0A",
				   afd_plural(s, (int64_t)r->n_check, "check", "checks")),
		 "an item each", afd_groups(s, r->rules.checks_sha256, 16, 4));
	for (size_t i = 0; i < r->n_framework; i++) {
		const struct afd_m_framework *w = &r->framework[i];

		rule_row(&t, afd_framework_name(s, w), w->in_scope ? "catalogue of ids" : "catalogue of ids; not in scope",
			 leaf(s, w->leaf), NULL);
		for (size_t m = 0; m < w->n_mapping; m++)
			mapping_row(l, &t, &w->mapping[m]);
		if (w->official.label)
			rule_row(&t, "", afd_sheets_printf(s, "official texts of %lld controls, from %s", (long long)w->official.texts,
							   afd_or(w->official.file, "a file")),
				 leaf(s, w->official.leaf), afd_groups(s, w->official.source_sha256, 16, 4));
	}
	t.note = "Leaf: number of the item in the evidence log. With the root of the evidence head it fixes the "
		 "content of that item. Mappings are their author’s own and not endorsed by those who publish the "
		 "frameworks.";
	afd_table_end(&t);
}

static const char *length_of(struct afd_sheets *s, int64_t ms)
{
	int64_t sec = (ms + AFD_SECOND - 1) / AFD_SECOND;

	if (sec < 120)
		return afd_plural(s, sec, "second", "seconds");
	if (sec < 120 * 60)
		return afd_plural(s, (sec + 59) / 60, "minute", "minutes");
	return sec < 72 * 3600 ? afd_plural(s, (sec + 3599) / 3600, "hour", "hours") : afd_plural(s, (sec + 86399) / 86400, "day", "days");
}

/* Since when the log cannot have been rewritten without somebody outside noticing. */
static void anchoring(struct afd_layout *l)
{
	const struct afd_report *r = l->r;
	struct afd_sheets *s = l->s;
	const char *failed = r->anchoring.failed ? afd_sheets_printf(s, " %s to get a time-stamp failed.",
	                                                             afd_plural(s, r->anchoring.failed, "attempt", "attempts")) : "";
	const char *open = r->anchoring.open ? afd_sheets_printf(s, " Not anchored yet: %s.",
	                                                         afd_plural(s, r->anchoring.open, "item", "items")) : "";

	afd_heading(l, "Anchoring of the evidence log", PT(40));
	if (!r->anchoring.tokens) {
		afd_flow_text(&l->f, afd_style_cell, AFD_REGULAR, AFD_INK, afd_sheets_printf(s,
			"Not anchored: no time-stamping authority was asked about heads of the log. When its records were made "
			"is the word of those who hold the store key.%s", failed));
		return;
	}
	afd_flow_text(&l->f, afd_style_cell, AFD_REGULAR, AFD_INK, afd_sheets_printf(s,
		"%s over heads of the log, by %s%s. The newest covers %s, at %s UTC. The longest time from the receipt of "
		"an item to the first time-stamp over it is %s.%s%s That the authorities are to be believed is for the verifier to check.",
		afd_plural(s, r->anchoring.tokens, "time-stamp", "time-stamps"),
		r->anchoring.authorities.n ? r->anchoring.authorities.at[0] : "nobody", r->anchoring.authorities.n > 1 ? " and others" : "",
		afd_plural(s, r->anchoring.covered, "item", "items"), afd_when_people(r->anchoring.newest).s,
		length_of(s, r->anchoring.longest_delay_ms), open, failed));
}

void afd_layout_statement(struct afd_layout *l)
{
	struct afd_sheets *s = l->s;
	const struct afd_report *r = l->r;
	struct afd_lines t;

	afd_section(l, "Statement of scope and period");
	l->statement_at = l->section;
	l->f.x = afd_col_x(s, 2);
	l->f.w = afd_col_w(11);
	l->f.y += PT(4);
	t = afd_wrap1(s, afd_style_lead, AFD_REGULAR, AFD_INK,
		      afd_sheets_printf(s,
					"This report says what registrars, DNS servers and Certificate Transparency "
					"logs recorded about the domains of %s in %s, what %s found in those records, "
					"and which records were not seen. "
					"It is evidence towards the controls that it names. It is not an opinion, and "
					"it does not say that a control is met.",
					afd_or(r->organisation, "the organisation"), afd_period_words(s, r),
					afd_plural(s, (int64_t)r->n_check, "check", "checks")),
		      l->f.w);
	afd_flow_lines(&l->f, &t);
	if (r->provisional) {
		afd_flow_space(&l->f, PT(6));
		t = afd_wrap(s, afd_style_text,
			     (struct afd_run[]){ { .s = "Provisional. ", .face = AFD_BOLD },
						 { .s = afd_or(r->provisional_why, "") } },
			     2, l->f.w);
		afd_flow_lines(&l->f, &t);
	}
	if (r->test) {
		afd_flow_space(&l->f, PT(6));
		t = afd_wrap(s, afd_style_text,
			     (struct afd_run[]){ { .s = "TEST. ", .face = AFD_BOLD },
						 { .s = "A test key or a test clock was used. These pages show how a "
							"report looks; they are evidence of nothing." } },
			     2, l->f.w);
		afd_flow_lines(&l->f, &t);
	}
	afd_flow_space(&l->f, PT(14));
	shows(l);
	l->f.x = s->margin;
	l->f.w = s->live;
	in_scope(l);
	not_in_scope(l);
	rules(l);
	anchoring(l);
}
