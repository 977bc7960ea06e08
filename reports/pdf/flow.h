/* Text and tables running down the pages. */
#ifndef AFD_REPORTS_PDF_FLOW_H
#define AFD_REPORTS_PDF_FLOW_H

#include "reports/pdf/sheet.h"

/* The rows of docs' table of type: size, size in mono, leading. */
extern const struct afd_style afd_style_title, afd_style_big, afd_style_h2, afd_style_lead, afd_style_text,
	afd_style_finding, afd_style_cell, afd_style_head, afd_style_note, afd_style_command;

struct afd_flow {
	struct afd_sheets *s;
	size_t page;
	afd_mpt y, x, w;
	afd_mpt skip;                        /* on each new page this much stays free above */
};

afd_mpt afd_col_x(const struct afd_sheets *s, unsigned k);       /* column k, from 1, of the grid of 12 */
afd_mpt afd_col_w(unsigned n);                                   /* n columns with the gutters between them */

void afd_flow_next(struct afd_flow *f);                          /* to the top of the next page */
bool afd_flow_top(const struct afd_flow *f);                     /* nothing on this page yet */
void afd_flow_space(struct afd_flow *f, afd_mpt h);              /* nothing at the top of a page */
void afd_flow_need(struct afd_flow *f, afd_mpt h);               /* next page unless H fits */
/* Breaks between lines, never leaves one alone. */
void afd_flow_lines(struct afd_flow *f, const struct afd_lines *l);
void afd_flow_text(struct afd_flow *f, struct afd_style style, enum afd_face face, enum afd_ink ink, const char *text);
afd_mpt afd_lines_height(const struct afd_lines *l);

/* --- tables --- */
/* x from the left edge of the flow; w with its padding */
struct afd_col { afd_mpt x, w; bool right; const char *head; };

struct afd_row {
	bool group;                          /* cell[0] alone, over the whole width */
	struct afd_lines *cell;              /* one for each column */
	afd_mpt h;
	unsigned dest;                       /* set to the row's place when not 0 */
	/* Draws what is not text, after the texts; may be NULL. */
	void (*draw)(struct afd_sheets *s, size_t page, afd_mpt x, afd_mpt y, afd_mpt h, const void *ctx);
	const void *ctx;
};

struct afd_table {
	struct afd_flow *f;
	const char *heading;                 /* heading 2 over it, kept with the first rows; or NULL */
	const struct afd_col *col; size_t n_col;
	afd_mpt above, below, pad;           /* in a row; pad: right of a left-aligned column */
	afd_mpt group_above;
	struct afd_style style;
	void (*draw_head)(struct afd_sheets *s, size_t page, afd_mpt x, afd_mpt y, afd_mpt h, const void *ctx);
	const void *ctx; afd_mpt head_extra; /* room over the head for draw_head */
	const char *note;                    /* under the table, on each page */
	struct afd_row *row; size_t n, cap;
};

/* COL must outlive the table. */
void afd_table_begin(struct afd_table *t, struct afd_flow *f, const char *heading, const struct afd_col *col,
                     size_t n_col);
struct afd_row *afd_table_row(struct afd_table *t);              /* NULL when memory ends; then nothing else matters */
void afd_table_group(struct afd_table *t, const char *text);
/* Fills column C of the row. */
void afd_row_runs(struct afd_table *t, struct afd_row *r, size_t c, const struct afd_run *run, size_t n);
void afd_row_text(struct afd_table *t, struct afd_row *r, size_t c, enum afd_face face, enum afd_ink ink,
                  const char *text);
void afd_row_count(struct afd_table *t, struct afd_row *r, size_t c, int64_t n);      /* zero is an en dash in grey */
void afd_table_end(struct afd_table *t);                         /* lays everything out; frees the rows */

const char *afd_number(struct afd_sheets *s, int64_t n);         /* 48,213 */
/* The first DIGITS in groups, unbreakable. */
const char *afd_groups(struct afd_sheets *s, const char *hex, size_t digits, size_t group);
const char *afd_length(struct afd_sheets *s, int64_t ms);        /* "5 d 19 h", unbreakable */
const char *afd_minute(struct afd_sheets *s, int64_t ms);        /* "2026-08-19 21:47", unbreakable */
const char *afd_second(struct afd_sheets *s, int64_t ms);
/* The last blank made unbreakable when a short word follows: no heading ends in a line of one. */
const char *afd_tied(struct afd_sheets *s, const char *text);
const char *afd_or(const char *s, const char *otherwise);

#endif
