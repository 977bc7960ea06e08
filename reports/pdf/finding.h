/* Private to findings.c and finding_*.c: the blocks of the section of findings. */
#ifndef AFD_REPORTS_PDF_FINDING_H
#define AFD_REPORTS_PDF_FINDING_H

#include "core/when.h"
#include "reports/pdf/pages.h"

/* Findings that share a block: one exception, or all that a person must review, or that nobody can decide, of one check. */
struct afd_block { const size_t *at; size_t n; bool whole; };

/* --- parts: finding_parts.c --- */
/* The margin of a finding: keys and values in columns 1 to 3. It runs down the pages beside the body. */
void afd_fact(struct afd_flow *m, const char *key, const struct afd_run *run, size_t n);
void afd_fact_text(struct afd_flow *m, const char *key, enum afd_face face, const char *text);
const char *afd_finding_state(const struct afd_m_finding *f);
const char *afd_finding_id_words(struct afd_sheets *s, const char *id);        /* in groups of four */
const char *afd_owner_of(const struct afd_report *r, const char *resource);      /* NULL: not stated */
/* Two blocks side by side: a rule, a bold head, sentences. Kept together if a page can hold them. */
struct afd_side { const char *head; enum afd_mark mark; enum afd_ink rule; const char *const *text; size_t n; };
void afd_sides(struct afd_layout *l, struct afd_flow *f, const struct afd_side side[2]);
void afd_finding_controls(struct afd_layout *l, struct afd_flow *f, const struct afd_m_finding *d);
const char *afd_waiver_words(struct afd_sheets *s, const struct afd_m_waiver *w);        /* NULL: none */

/* --- one in full: finding_one.c; several in a table: finding_many.c --- */
void afd_margin_of_one(struct afd_layout *l, struct afd_flow *m, const struct afd_m_finding *f);
void afd_body_of_one(struct afd_layout *l, struct afd_flow *f, const struct afd_m_finding *d);
void afd_margin_of_many(struct afd_layout *l, struct afd_flow *m, const struct afd_m_finding *f);
void afd_body_of_many(struct afd_layout *l, struct afd_flow *f, const struct afd_block *b);

#endif
