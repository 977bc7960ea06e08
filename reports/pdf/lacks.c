/* Tests that could not be made, by what is missing: one missing log stops many checks, and is said once. */
#include <inttypes.h>

#include "reports/pdf/pages.h"

struct lacking { const char *why, *also; size_t result; };

/* The needs that a result lacks, without their times: "account-events of acme". */
static const char *needs_of(struct afd_sheets *s, const struct afd_m_result *o)
{
	const char *out = "", *last = "";

	for (size_t i = 0; i < o->n_uncovered; i++) {
		const struct afd_m_need *n = &o->uncovered[i];
		const char *text = afd_sheets_printf(s, "%s of %s", afd_or(n->evidence, "evidence"), afd_or(n->scope, "all"));

		if (afd_is(text, last))
			continue;
		out = afd_sheets_printf(s, "%s%s%s", out, *out ? ", " : "", text);
		last = text;
	}
	if (o->uncovered_more > 0)
		out = afd_sheets_printf(s, "%s, and %" PRId64 " more", out, o->uncovered_more);
	return out;
}

/* Does the sentence leave open what it is about? */
static bool leaves_open(const struct afd_m_result *o)
{
	for (size_t i = 0; i < o->n_uncovered; i++)
		if (i > 0 || (!afd_is(o->uncovered[i].evidence, "source") && o->uncovered[i].scope && !strstr(o->reason, o->uncovered[i].scope)))
			return true;
	return false;
}

static int by_what(const struct lacking *a, const struct lacking *b)
{
	int d = strcmp(a->why, b->why);

	return d ? d : strcmp(a->also, b->also);
}

static int by_what_and_place(const void *x, const void *y)
{
	const struct lacking *a = x, *b = y;
	int d = by_what(a, b);

	return d ? d : a->result < b->result ? -1 : a->result > b->result;
}

/* What stops most tests comes first. */
static int by_size(const void *x, const void *y)
{
	const struct afd_lack *a = x, *b = y;
	int d = a->n != b->n ? (a->n > b->n ? -1 : 1) : strcmp(a->why, b->why);

	return d ? d : strcmp(a->also, b->also);
}

static size_t gather(struct afd_layout *l, struct lacking *m)
{
	const struct afd_report *r = l->r;
	size_t n = 0;

	for (size_t i = 0; i < r->n_outcome; i++) {
		const struct afd_m_result *o = &r->outcome[i];
		const char *needs;

		if (!afd_is(o->outcome, "not-evaluable"))
			continue;
		needs = needs_of(l->s, o);
		m[n++] = (struct lacking){ o->reason ? o->reason : *needs ? afd_sheets_printf(l->s, "Not covered: %s.", needs) : "Not stated.",
					   o->reason && leaves_open(o) ? needs : "", i };
	}
	return n;
}

void afd_lacks_find(struct afd_layout *l)
{
	const struct afd_report *r = l->r;
	struct lacking *m = afd_sheets_alloc(l->s, (r->n_outcome + 1) * sizeof(*m));
	size_t n;

	l->lack = afd_sheets_alloc(l->s, (r->n_outcome + 1) * sizeof(*l->lack));
	l->lacking = afd_sheets_alloc(l->s, (r->n_outcome + 1) * sizeof(*l->lacking));
	l->lack_of = afd_sheets_alloc(l->s, (r->n_outcome + 1) * sizeof(*l->lack_of));
	if (!m || !l->lack || !l->lacking || !l->lack_of)
		return;
	n = gather(l, m);
	qsort(m, n, sizeof(*m), by_what_and_place);
	for (size_t i = 0; i < n; i++) {
		if (i == 0 || by_what(&m[i - 1], &m[i]) != 0)
			l->lack[l->n_lack++] = (struct afd_lack){ .why = m[i].why, .also = m[i].also, .from = i };
		l->lack[l->n_lack - 1].n++;
		l->lacking[i] = m[i].result;
	}
	qsort(l->lack, l->n_lack, sizeof(*l->lack), by_size);
	for (size_t i = 0; i < l->n_lack; i++) {
		l->lack[i].dest = afd_dest_new(l->s);
		for (size_t k = 0; k < l->lack[i].n; k++)
			l->lack_of[l->lacking[l->lack[i].from + k]] = (unsigned)i + 1;
	}
}

/* "credential-unused (3), domain-expiry": results of one check stand together. */
static const char *checks_of(struct afd_layout *l, const struct afd_lack *k)
{
	const struct afd_report *r = l->r;
	const char *out = "";

	for (size_t i = 0; i < k->n;) {
		const char *check = r->outcome[l->lacking[k->from + i]].check;
		size_t first = i;

		while (i < k->n && afd_is(r->outcome[l->lacking[k->from + i]].check, check))
			i++;
		out = afd_sheets_printf(l->s, i - first > 1 ? "%s%s%s\u00a0(%s)" : "%s%s%s", out, first ? ", " : "", check,
					afd_number(l->s, (int64_t)(i - first)));
	}
	return out;
}

void afd_layout_lacks(struct afd_layout *l)
{
	static const struct afd_col col[] = { { 0, PT(28), false, "No." },
					      { PT(28), PT(396), false, "Because, and which checks could not be made" },
					      { PT(424), PT(68), true, "Tests not possible" } };
	struct afd_sheets *s = l->s;
	struct afd_table t;

	if (l->n_lack == 0)
		return;
	afd_table_begin(&t, &l->f, "Tests that could not be made", col, AFD_COUNT(col));
	for (size_t i = 0; i < l->n_lack && i < AFD_MAX_SHOWN; i++) {
		const struct afd_lack *k = &l->lack[i];
		struct afd_row *w = afd_table_row(&t);
		const struct afd_run run[] = {
			{ .s = k->why },
			{ .s = *k->also ? afd_sheets_printf(s, "  All that is missing: %s.", k->also) : "", .ink = AFD_GREY1 },
			{ .s = checks_of(l, k), .ink = AFD_GREY1, .mark = AFD_MARK_BREAK, .small = true },
		};

		if (w)
			w->dest = k->dest;
		afd_row_text(&t, w, 0, AFD_BOLD, AFD_INK, afd_lack_name(l, i));
		afd_row_runs(&t, w, 1, run, AFD_COUNT(run));
		afd_row_count(&t, w, 2, (int64_t)k->n);
	}
	if (l->n_lack > AFD_MAX_SHOWN)
		t.note = afd_sheets_printf(s, "%u of %s shown, the rest is in report.json.", AFD_MAX_SHOWN, afd_number(s, (int64_t)l->n_lack));
	afd_table_end(&t);
}

const char *afd_lack_name(struct afd_layout *l, size_t i)
{
	return afd_sheets_printf(l->s, "M%zu", i + 1);
}
