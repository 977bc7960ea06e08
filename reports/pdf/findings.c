/* The order of the findings, and where their blocks break. */
#include "reports/pdf/finding.h"

/* Where drawing stood, so that a finding which does not fit can begin again on the next page. */
struct stand { size_t n_page, n_op, n_cell, n_dest, n_bookmark, page; };

static struct stand stand_here(const struct afd_layout *l)
{
	const struct afd_sheets *s = l->s;

	return (struct stand){ s->n_page, s->page[l->f.page].n, s->n_cell, s->n_dest, s->n_bookmark, l->f.page };
}

static void stand_back(struct afd_layout *l, const struct stand *b)
{
	struct afd_sheets *s = l->s;

	while (s->n_page > b->n_page)
		free(s->page[--s->n_page].op);
	s->page[b->page].n = b->n_op;
	s->n_cell = b->n_cell;
	s->n_dest = b->n_dest;
	s->n_bookmark = b->n_bookmark;
}

/* "F5", "F5 to F7", "F5, F9 and 3 more" */
static const char *block_name(struct afd_layout *l, const struct afd_block *b)
{
	const struct afd_m_finding *f = l->r->finding;
	const long long first = f[b->at[0]].number, last = f[b->at[b->n - 1]].number;

	if (b->n == 1)
		return afd_sheets_printf(l->s, "F%lld", first);
	if (last - first == (long long)b->n - 1)
		return afd_sheets_printf(l->s, b->n == 2 ? "F%lld, F%lld" : "F%lld to F%lld", first, last);
	return b->n == 2 ? afd_sheets_printf(l->s, "F%lld, F%lld", first, last)
			 : afd_sheets_printf(l->s, "F%lld, F%lld and %s more", first, (long long)f[b->at[1]].number, afd_number(l->s, (int64_t)b->n - 2));
}

/* A check's title says what holds; a finding says that it does not, or not surely. */
static const char *heading_of(struct afd_sheets *s, const struct afd_m_finding *f)
{
	if (f->would_fail)
		return afd_sheets_printf(s, "Not decided: “%s”", f->check->title);
	return afd_sheets_printf(s, afd_is(f->status, "review") ? "To be reviewed: “%s”" : "Exception to “%s”",
				 f->check->title);
}

static void draw(struct afd_layout *l, const struct afd_block *k)
{
	struct afd_sheets *s = l->s;
	const struct afd_m_finding *d = &l->r->finding[k->at[0]];
	struct afd_flow m = l->f, b = l->f;
	const char *name = block_name(l, k);
	struct afd_lines number = afd_wrap1(s, k->n == 1 ? afd_style_big : afd_style_h2, k->n == 1 ? AFD_REGULAR : AFD_BOLD, AFD_INK, name, afd_col_w(3)),
			 again;
	size_t first = l->f.page;

	afd_rule(s, first, AFD_INK, PT(1), l->f.x, l->f.y + PT(1), l->f.w);
	afd_dest_set(s, l->finding_dest[k->at[0]], first, l->f.y);
	m.w = afd_col_w(3) - PT(6);
	m.skip = PT(24);
	m.y += k->n == 1 ? PT(5) : PT(9);
	afd_cell(s, first, m.x, m.y, afd_col_w(3), afd_lines_height(&number));
	afd_put_lines(s, first, &number, 0, number.n, m.x, m.y, afd_col_w(3), AFD_LEFT);
	m.y += afd_lines_height(&number) + PT(4);
	if (k->whole)
		afd_margin_of_one(l, &m, d);
	else
		afd_margin_of_many(l, &m, d);

	b.x = afd_col_x(s, 4);
	b.w = afd_col_w(9);
	b.y += PT(9);
	struct afd_lines title = afd_wrap1(s, afd_style_h2, AFD_BOLD, AFD_INK, afd_tied(s, heading_of(s, d)), b.w);

	afd_flow_lines(&b, &title);
	if (k->whole)
		afd_body_of_one(l, &b, d);
	else
		afd_body_of_many(l, &b, k);

	l->f.page = m.page > b.page ? m.page : b.page;
	l->f.y = m.page == b.page ? (m.y > b.y ? m.y : b.y) : m.page > b.page ? m.y : b.y;
	again = afd_wrap1(s, afd_style_note, AFD_REGULAR, AFD_GREY1, afd_sheets_printf(s, "%s, continued", name), afd_col_w(3));
	for (size_t p = first + 1; p <= l->f.page; p++) {
		afd_cell(s, p, m.x, s->top, afd_col_w(3), PT(22));
		afd_put_lines(s, p, &again, 0, again.n, m.x, s->top + PT(2), afd_col_w(3), AFD_LEFT);
	}
}

/* Does a table of several findings break behind its second row at the earliest? Then it may begin here. */
static bool may_break(const struct afd_layout *l, const struct afd_block *b, size_t page)
{
	const struct afd_dest *second = b->n > 2 ? &l->s->dest[l->finding_dest[b->at[1]]] : NULL;

	return second && second->set && second->page == page;
}

/* Whole on this page if it fits, else whole on the next; what no page holds breaks between its parts, and so does a block of several. */
static void one_block(struct afd_layout *l, const struct afd_block *b)
{
	struct stand here;
	struct afd_flow before;

	afd_flow_space(&l->f, PT(14));
	afd_flow_need(&l->f, PT(150));
	here = stand_here(l);
	before = l->f;
	draw(l, b);
	if (l->f.page == before.page || before.y <= l->s->top + PT(1) || may_break(l, b, before.page) || l->s->bad)
		return;
	stand_back(l, &here);
	l->f = before;
	afd_flow_next(&l->f);
	draw(l, b);
}

enum part { EXCEPTION, REVIEW, NOT_DECIDED, NO_PART };

static enum part part_of(const struct afd_m_finding *f)
{
	if (afd_is(f->status, "not-applicable"))
		return NO_PART;
	return f->would_fail ? NOT_DECIDED : afd_is(f->status, "review") ? REVIEW : EXCEPTION;
}

/* All of one part in the order of their numbers; a block takes those of its check along. */
static void each_of(struct afd_layout *l, enum part which, const char **begun, size_t *at)
{
	const struct afd_report *r = l->r;
	size_t n_begun = 0;

	for (size_t i = 0; i < r->n_finding && !l->s->bad; i++) {
		struct afd_block b = { at, 0, which == EXCEPTION };
		bool seen = false;

		if (part_of(&r->finding[i]) != which)
			continue;
		at[b.n++] = i;
		if (b.whole) {
			one_block(l, &b);
			continue;
		}
		for (size_t k = 0; k < n_begun && !seen; k++)
			seen = afd_is(begun[k], r->finding[i].check_id);
		if (seen)
			continue;
		begun[n_begun++] = r->finding[i].check_id;
		for (size_t k = i + 1; k < r->n_finding; k++)
			if (part_of(&r->finding[k]) == which && afd_is(r->finding[k].check_id, r->finding[i].check_id))
				at[b.n++] = k;
		one_block(l, &b);
	}
}

void afd_layout_findings(struct afd_layout *l)
{
	const struct afd_tally *t = &l->tally;
	const char **begun = afd_sheets_alloc(l->s, (l->r->n_check + l->r->n_finding + 1) * sizeof(*begun));
	size_t *at = afd_sheets_alloc(l->s, (l->r->n_finding + 1) * sizeof(*at)), n[NO_PART + 1] = { 0 };

	afd_section(l, "Findings");
	l->findings_at = l->section;
	for (size_t i = 0; i < l->r->n_finding; i++)
		n[part_of(&l->r->finding[i])]++;
	if (n[EXCEPTION] + n[REVIEW] + n[NOT_DECIDED] == 0) {
		afd_flow_text(&l->f, afd_style_text, AFD_REGULAR, AFD_INK,
			      t->tests == 0 ? "Nothing in scope, so nothing was tested."
					    : afd_sheets_printf(l->s, "No findings in %s.",
								afd_plural(l->s, t->tests, "test", "tests")));
		return;
	}
	afd_flow_text(&l->f, afd_style_cell, AFD_REGULAR, AFD_GREY1,
		      afd_sheets_printf(l->s, "%s, each in full. %s for a person to review%s, one block for each check. Numbers are in the order of severity.",
					afd_plural(l->s, (int64_t)n[EXCEPTION], "exception", "exceptions"), afd_plural(l->s, (int64_t)n[REVIEW], "case", "cases"),
					n[NOT_DECIDED] ? afd_sheets_printf(l->s, ", and %s that missing evidence leaves open", afd_number(l->s, (int64_t)n[NOT_DECIDED])) : ""));
	if (!begun || !at)
		return;
	each_of(l, EXCEPTION, begun, at);
	each_of(l, REVIEW, begun, at);
	each_of(l, NOT_DECIDED, begun, at);
}
