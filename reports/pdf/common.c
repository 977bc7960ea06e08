#include "reports/pdf/pages.h"

#include "core/severity.h"
#include "core/when.h"

bool afd_is(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

static void section_title(struct afd_layout *l, const char *number, const char *title)
{
	struct afd_sheets *s = l->s;
	struct afd_lines no = afd_wrap1(s, afd_style_big, AFD_REGULAR, AFD_GREY1, number, PT(36)), name;
	const afd_mpt top = l->f.y;

	name = afd_wrap1(s, afd_style_big, AFD_REGULAR, AFD_INK, afd_tied(s, title), afd_col_w(11));
	afd_bookmark(s, afd_sheets_printf(s, "%s  %s", number, title), 0, l->f.page, top);
	afd_cell(s, l->f.page, s->margin, top, PT(42), PT(28));
	afd_put_lines(s, l->f.page, &no, 0, 1, s->margin, top, PT(36), AFD_LEFT);
	l->f.x = afd_col_x(s, 2);
	l->f.w = afd_col_w(11);
	afd_flow_lines(&l->f, &name);
	l->f.x = s->margin;
	l->f.w = s->live;
	l->f.y += PT(6);
}

static void new_page(struct afd_layout *l)
{
	struct afd_sheets *s = l->s;

	l->f = (struct afd_flow){ .s = s, .page = s->n_page, .y = s->top, .x = s->margin, .w = s->live };
	afd_sheets_page(s, l->f.page);
}

void afd_section(struct afd_layout *l, const char *title)
{
	new_page(l);
	section_title(l, afd_sheets_printf(l->s, "%u", ++l->section), title);
}

/* The first begins a page, the others run on. */
void afd_annex(struct afd_layout *l, const char *title)
{
	if (l->annex == 0) {
		new_page(l);
	} else {
		afd_flow_space(&l->f, PT(28));
		afd_flow_need(&l->f, PT(130));
	}
	section_title(l, afd_sheets_printf(l->s, "%c", 'A' + (int)(l->annex++ % 26)), title);
}

void afd_heading(struct afd_layout *l, const char *text, afd_mpt keep)
{
	struct afd_lines t = afd_wrap1(l->s, afd_style_h2, AFD_BOLD, AFD_INK, afd_tied(l->s, text), PT(450));

	afd_flow_space(&l->f, PT(16));
	afd_flow_need(&l->f, afd_lines_height(&t) + PT(4) + keep);
	afd_flow_lines(&l->f, &t);
	l->f.y += PT(4);
}

unsigned afd_severity_index(const char *severity)
{
	const int rank = afd_severity_rank(severity);

	return rank < 0 ? 4 : 4 - (unsigned)rank;
}

enum afd_mark afd_severity_mark(const char *severity)
{
	return AFD_MARK_CRITICAL + afd_severity_index(severity);
}

enum afd_mark afd_phrase_mark(const char *phrase)
{
	if (afd_is(phrase, "exceptions-noted"))
		return AFD_MARK_FAIL;
	if (afd_is(phrase, "no-exceptions-noted"))
		return AFD_MARK_PASS;
	return afd_is(phrase, "not-addressed") ? AFD_MARK_NOT_ADDRESSED : AFD_MARK_OPEN;
}

enum afd_mark afd_outcome_mark(const char *outcome, bool waived)
{
	static const struct { const char *name; enum afd_mark mark; } marks[] = {
		{ "error", AFD_MARK_ERROR },        { "not-applicable", AFD_MARK_NOT_ADDRESSED },
		{ "not-evaluable", AFD_MARK_OPEN }, { "pass", AFD_MARK_PASS },
		{ "review", AFD_MARK_REVIEW },
	};

	for (size_t i = 0; i < AFD_COUNT(marks); i++)
		if (afd_is(outcome, marks[i].name))
			return marks[i].mark;
	return waived ? AFD_MARK_WAIVED : AFD_MARK_FAIL;
}

bool afd_control_live(const struct afd_m_control *c)
{
	return !afd_is(c->status, "withdrawn");
}

bool afd_control_row(const struct afd_m_framework *f, size_t i)
{
	const struct afd_m_control *c = &f->control[i];

	if (!afd_control_live(c))
		return false;
	if (c->n_link > 0)
		return true;
	for (size_t k = 0; k < f->n_control; k++)
		if (afd_is(f->control[k].parent, c->id))
			return false;
	return true;
}

struct afd_control_counts afd_framework_counts(const struct afd_m_framework *f)
{
	struct afd_control_counts n = { 0 };

	for (size_t i = 0; i < f->n_control; i++) {
		if (!afd_control_row(f, i))
			continue;
		switch (afd_phrase_mark(f->control[i].phrase)) {
		case AFD_MARK_FAIL: n.exceptions++; break;
		case AFD_MARK_PASS: n.clean++; break;
		case AFD_MARK_NOT_ADDRESSED: n.not_addressed++; break;
		default: n.not_tested++;
		}
	}
	return n;
}

const char *afd_framework_name(struct afd_sheets *s, const struct afd_m_framework *f)
{
	const char *title = afd_or(f->title, f->id);

	if (!f->version || strstr(title, f->version))
		return title;
	return afd_sheets_printf(s, "%s %s", title, f->version);
}

const char *afd_plural(struct afd_sheets *s, int64_t n, const char *one, const char *many)
{
	return afd_sheets_printf(s, "%s\u00a0%s", afd_number(s, n), n == 1 ? one : many);
}

const char *afd_result_words(struct afd_layout *l, enum afd_mark *mark)
{
	const struct afd_tally *t = &l->tally;

	if (afd_is(l->r->result, "exceptions-noted")) {
		*mark = AFD_MARK_FAIL;
		return "Exceptions noted";
	}
	if (afd_is(l->r->result, "no-exceptions-noted")) {
		*mark = AFD_MARK_PASS;
		return afd_sheets_printf(l->s, "No exceptions noted in %s",
					 afd_plural(l->s, t->tests, "test", "tests"));
	}
	*mark = AFD_MARK_OPEN;
	if (afd_is(l->r->result, "no-exceptions-noted-incomplete"))
		return afd_sheets_printf(l->s, "No exceptions noted, %s not possible",
					 afd_plural(l->s, t->not_possible, "test", "tests"));
	return "Nothing could be tested";
}

int64_t afd_share(int64_t part, int64_t whole, int64_t of)
{
	while (whole > INT64_MAX / of) {
		part >>= 1;
		whole >>= 1;
	}
	return whole > 0 ? part * of / whole : 0;
}

int64_t afd_gap_after(const struct afd_report *r)
{
	return r->as_of < r->period.to ? r->as_of : r->period.to;
}
