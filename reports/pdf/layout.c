/* The order of the sections, the numbers that several of them print, and what stands on every page. */
#include "reports/pdf/pages.h"

#include "core/when.h"
#include "reports/pdf/document.h"

static void count_findings(struct afd_layout *l)
{
	struct afd_tally *t = &l->tally;

	for (size_t i = 0; i < l->r->n_finding; i++) {
		const struct afd_m_finding *f = &l->r->finding[i];
		unsigned sev = afd_severity_index(f->severity);

		if (f->would_fail) {
			t->would_fail++;
		} else if (afd_is(f->status, "review")) {
			t->to_review++;
		} else if (afd_is(f->status, "fail")) {
			t->findings++;
			t->severity[sev]++;
			t->waived += f->waiver != NULL;
			t->severity_waived[sev] += f->waiver != NULL;
		}
	}
}

static void count_gaps(struct afd_layout *l)
{
	int64_t end = afd_gap_after(l->r);

	for (size_t i = 0; i < l->r->n_cover; i++)
		for (size_t k = 0; l->r->cover[i].configured && k < l->r->cover[i].n_span; k++) {
			const struct afd_m_span *p = &l->r->cover[i].span[k];

			if (!afd_is(p->grade, "gap") || p->from >= end || p->to <= l->r->period.from)
				continue;
			l->tally.gaps++;
			l->tally.longest_gap =
				p->to - p->from > l->tally.longest_gap ? p->to - p->from : l->tally.longest_gap;
		}
}

static void count(struct afd_layout *l)
{
	const struct afd_m_counts *c = &l->r->counts;

	l->tally.tests = c->population - c->not_applicable;
	l->tally.not_possible = c->not_evaluable + c->error;
	l->tally.evaluated = c->pass + c->review + c->fail;
	count_findings(l);
	count_gaps(l);
}

static void put(struct afd_sheets *s, size_t p, afd_mpt x, afd_mpt base, afd_mpt w, const struct afd_run *run, size_t n,
		enum afd_align align)
{
	struct afd_lines t = afd_wrap(s, afd_style_note, run, n, w);

	if (t.n == 0)
		return;
	afd_cell(s, p, x, base - PT(7.9), w, PT(10));
	afd_put_lines(s, p, &t, 0, 1, x, base - PT(7.9), w, align);
}

static void test_box(struct afd_sheets *s, size_t p)
{
	afd_mpt x = afd_col_x(s, 8), w = afd_text_width(s, afd_style_head, AFD_BOLD, "TEST") + PT(10);

	afd_frame(s, p, AFD_INK, PT(1), x, PT(44.4), w, PT(14));
	put(s, p, x + PT(5), PT(54.1), w - PT(9), &(struct afd_run){ .s = "TEST", .face = AFD_BOLD }, 1, AFD_LEFT);
}

static void running(struct afd_layout *l, size_t p)
{
	struct afd_sheets *s = l->s;
	const struct afd_report *r = l->r;

	if (p > 0) {
		put(s, p, s->margin, PT(55), afd_col_w(4) - PT(4),
		    &(struct afd_run){ .s = afd_or(r->organisation, "Organisation not stated"), .face = AFD_BOLD }, 1,
		    AFD_LEFT);
		put(s, p, afd_col_x(s, 5), PT(55), afd_col_w(3),
		    &(struct afd_run){ .s = afd_sheets_printf(s, "Evidence report %s", afd_or(r->period.label, "")),
				       .ink = AFD_GREY1 },
		    1, AFD_LEFT);
		put(s, p, afd_col_x(s, 9), PT(55), afd_col_w(4),
		    (struct afd_run[]){ { .s = "Report ", .ink = AFD_GREY1 },
					{ .s = r->report_id, .face = AFD_MONO, .ink = AFD_GREY1 } },
		    2, AFD_RIGHT);
		afd_rule(s, p, AFD_GREY2, PT(0.5), s->margin, PT(61), s->live);
		if (r->test)
			test_box(s, p);
	}
	afd_rule(s, p, AFD_GREY2, PT(0.5), s->margin, PT(776.25), s->live);
	put(s, p, s->margin, PT(788), afd_col_w(5),
	    (struct afd_run[]){
		    { .s = afd_sheets_printf(s, "Evidence head %s  ", afd_number(s, r->head.size)), .ink = AFD_GREY1 },
		    { .s = afd_groups(s, r->head.root, 12, 4), .face = AFD_MONO, .ink = AFD_GREY1 } },
	    2, AFD_LEFT);
	put(s, p, afd_col_x(s, 7), PT(788), afd_col_w(4),
	    &(struct afd_run){ .s = afd_or(r->classification, ""), .ink = AFD_GREY1 }, 1, AFD_LEFT);
	put(s, p, afd_col_x(s, 11), PT(788), afd_col_w(2),
	    &(struct afd_run){ .s = afd_sheets_printf(s, "Page %zu of %zu", p + 1, s->n_page), .ink = AFD_GREY1 }, 1,
	    AFD_RIGHT);
}

/* The cover names sections before they are drawn. Their numbers follow from what the report has. */
static void number_sections(struct afd_layout *l)
{
	unsigned k = 0;

	l->statement_at = ++k;
	l->summary_at = ++k;
	l->coverage_at = ++k;
	k += afd_framework_sections(l->r);
	l->findings_at = ++k;
	l->check_at = ++k;
}

int afd_layout(const struct afd_report *r, const struct afd_fonts *files, const struct afd_font *font[AFD_FACE_COUNT],
               struct afd_sheets *ret, struct afd_error *err)
{
	struct afd_layout l = { .s = ret, .r = r, .fonts = files };

	if (afd_sheets_open(ret, font, err) < 0)
		return -1;
	l.finding_dest = afd_sheets_alloc(ret, (r->n_finding + 1) * sizeof(*l.finding_dest));
	for (size_t i = 0; l.finding_dest && i < r->n_finding; i++)
		l.finding_dest[i] = afd_dest_new(ret);
	if (ret->bad)
		return afd_sheets_check(ret, err);
	count(&l);
	afd_lacks_find(&l);
	number_sections(&l);
	afd_layout_cover(&l);
	afd_layout_statement(&l);
	afd_layout_summary(&l);
	afd_layout_coverage(&l);
	afd_layout_controls(&l);
	afd_layout_findings(&l);
	afd_layout_verification(&l);
	afd_layout_annexes(&l);
	for (size_t p = 0; p < ret->n_page && !ret->bad; p++)
		running(&l, p);
	afd_sheets_resolve(ret);
	return afd_sheets_check(ret, err);
}

struct faces { struct afd_font font[AFD_FACE_COUNT]; };

static void afd_faces_release(struct faces *f)
{
	for (size_t i = 0; i < AFD_FACE_COUNT; i++)
		afd_font_release(&f->font[i]);
}

int afd_pdf_render(struct afd_slice report_json, const struct afd_fonts *f, struct afd_buf *ret, struct afd_error *err)
{
	AFD_AUTO(report) struct afd_report *r = NULL;
	AFD_AUTO(sheets) struct afd_sheets s = { 0 };
	AFD_AUTO(faces) struct faces faces = { 0 };
	const char *const path[AFD_FACE_COUNT] = { f->regular, f->bold, f->mono };
	const struct afd_font *font[AFD_FACE_COUNT];

	if (afd_report_read(report_json, &r, err) < 0)
		return -1;
	for (size_t i = 0; i < AFD_FACE_COUNT; i++) {
		if (afd_font_load(path[i], &faces.font[i], err) < 0)
			return -1;
		font[i] = &faces.font[i];
	}
	if (afd_layout(r, f, font, &s, err) < 0)
		return afd_within(err, "report.pdf");
	return afd_document_write(&s, r, f, ret, err);
}
