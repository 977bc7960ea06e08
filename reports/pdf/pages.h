/* The sections of the report, in the order of the paper. Each draws what report.json says and nothing else. */
#ifndef AFD_REPORTS_PDF_PAGES_H
#define AFD_REPORTS_PDF_PAGES_H

#include "reports/model.h"
#include "reports/pdf/flow.h"
#include "reports/report.h"

#define AFD_MAX_SHOWN 500                /* rows of one table; gaps and findings are never cut */

/* The period cut into weeks (or days, months, years), each as wide as its days. */
struct afd_period_col { int64_t from, to; afd_mpt x, w; const char *label; };
struct afd_period_cols {
	struct afd_period_col *at;
	size_t n;
	const char *unit, *name;             /* "week", "Evidence by week" */
};
struct afd_period_cols afd_period_cut(struct afd_sheets *s, int64_t from, int64_t to, afd_mpt width);
/* Months that begin in the period: labels over the columns. */
struct afd_period_cols afd_period_months(struct afd_sheets *s, int64_t from, int64_t to, afd_mpt width);
const char *afd_period_words(struct afd_sheets *s, const struct afd_report *r);   /* "the third quarter of 2026" */

/* Results that could not be had for one reason: FROM and N are places in afd_layout.lacking. */
struct afd_lack { const char *why, *also; size_t from, n; unsigned dest; };

struct afd_layout {
	struct afd_sheets *s;
	const struct afd_report *r;
	const struct afd_fonts *fonts;
	struct afd_flow f;
	unsigned section, annex;
	unsigned statement_at, summary_at, coverage_at, findings_at, check_at;       /* numbers of sections */
	unsigned *finding_dest;              /* by index in r->finding */
	struct afd_lack *lack; size_t n_lack;
	size_t *lacking;                     /* indexes of r->outcome, by lack */
	unsigned *lack_of;                   /* by index in r->outcome: number of its lack, from 1; 0: none */
	struct afd_tally {
		int64_t tests, evaluated, not_possible;
		int64_t findings, waived, to_review, would_fail, severity[5];     /* critical ... info */
		int64_t severity_waived[5], gaps, longest_gap;
	} tally;
};

void afd_layout_cover(struct afd_layout *l);
void afd_layout_statement(struct afd_layout *l);
void afd_layout_summary(struct afd_layout *l);
void afd_layout_coverage(struct afd_layout *l);
void afd_layout_controls(struct afd_layout *l);
void afd_layout_findings(struct afd_layout *l);
void afd_layout_verification(struct afd_layout *l);
void afd_layout_annexes(struct afd_layout *l);
void afd_layout_lacks(struct afd_layout *l);                     /* in the coverage */
void afd_layout_comparison(struct afd_layout *l);                /* in the summary */
void afd_layout_gone(struct afd_layout *l);                      /* annex */

/* Everything: used by the renderer and by the tests, which look into the sheets. */
int afd_layout(const struct afd_report *r, const struct afd_fonts *files, const struct afd_font *font[AFD_FACE_COUNT],
               struct afd_sheets *ret, struct afd_error *err);
int afd_pdf_render(struct afd_slice report_json, const struct afd_fonts *f, struct afd_buf *ret, struct afd_error *err);

/* --- shared by the sections --- */
void afd_lacks_find(struct afd_layout *l);                       /* before anything is drawn */
const char *afd_lack_name(struct afd_layout *l, size_t i);       /* "M1" */
void afd_section(struct afd_layout *l, const char *title);       /* numbered, on a new page */
void afd_annex(struct afd_layout *l, const char *title);         /* lettered */
void afd_heading(struct afd_layout *l, const char *text, afd_mpt keep);   /* heading 2, kept with KEEP below it */
unsigned afd_severity_index(const char *severity);               /* 0 critical ... 4 info */
enum afd_mark afd_severity_mark(const char *severity);
enum afd_mark afd_phrase_mark(const char *phrase);
enum afd_mark afd_outcome_mark(const char *outcome, bool waived);
bool afd_is(const char *a, const char *b);                       /* equal texts; NULL is nothing's equal */
bool afd_control_live(const struct afd_m_control *c);
/* A live control without children, or one with checks of its own. */
bool afd_control_row(const struct afd_m_framework *f, size_t i);
struct afd_control_counts { int64_t exceptions, not_tested, clean, not_addressed; };
struct afd_control_counts afd_framework_counts(const struct afd_m_framework *f);
unsigned afd_framework_sections(const struct afd_report *r);     /* frameworks that are out of scope share the last one */
const char *afd_framework_name(struct afd_sheets *s, const struct afd_m_framework *f);
const char *afd_result_words(struct afd_layout *l, enum afd_mark *mark);
const char *afd_plural(struct afd_sheets *s, int64_t n, const char *one, const char *many);
/* PART of WHOLE as a part of OF, without overflow. */
int64_t afd_share(int64_t part, int64_t whole, int64_t of);
int64_t afd_gap_after(const struct afd_report *r);               /* gaps that begin here or later lie in the future */

#endif
