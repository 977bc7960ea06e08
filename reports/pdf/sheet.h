/* The pages as lists of simple things to draw. Layout fills them, document.c draws them with libharu, tests look into
 * them. Lengths are whole thousandths of a point, so that every machine lays out alike; y counts down from the top. */
#ifndef AFD_REPORTS_PDF_SHEET_H
#define AFD_REPORTS_PDF_SHEET_H

#include "reports/pdf/font.h"

typedef int32_t afd_mpt;
#define PT(x) ((afd_mpt)((x) * 1000 + 0.5))

enum afd_face { AFD_REGULAR, AFD_BOLD, AFD_MONO, AFD_FACE_COUNT };
enum afd_ink { AFD_INK, AFD_GREY1, AFD_GREY2, AFD_PALE, AFD_WASH, AFD_ACCENT, AFD_WHITE, AFD_INK_COUNT };

/* Marks stand in text like letters: shape and word tell the status, colour only helps. */
enum afd_mark {
	AFD_MARK_NONE, AFD_MARK_FAIL, AFD_MARK_OPEN, AFD_MARK_REVIEW, AFD_MARK_ERROR, AFD_MARK_PASS,
	AFD_MARK_NOT_ADDRESSED, AFD_MARK_WAIVED,
	AFD_MARK_CRITICAL, AFD_MARK_HIGH, AFD_MARK_MEDIUM, AFD_MARK_LOW, AFD_MARK_INFO,
	AFD_MARK_PROVEN, AFD_MARK_ASSERTED, AFD_MARK_SAMPLED, AFD_MARK_GAP,     /* legend of the strip on the cover */
	AFD_MARK_BREAK,                                                         /* nothing to see: the line ends */
	AFD_MARK_COUNT
};

struct afd_run {
	const char *s; enum afd_face face; enum afd_ink ink; enum afd_mark mark; unsigned link;
	bool small;                  /* in the size of the mono face */
	bool page;                   /* s keeps the place for the number of LINK's page; only at the right edge */
};
struct afd_style { afd_mpt size, mono, leading; };           /* mono: size of runs in the mono face */

enum afd_op_kind { AFD_OP_TEXT, AFD_OP_FILL, AFD_OP_FRAME, AFD_OP_LINE, AFD_OP_CHECK };
struct afd_op {
	uint8_t kind, face, ink;     /* enum afd_op_kind, afd_face, afd_ink: there are millions of these */
	bool page;
	afd_mpt x, y, w, h;          /* TEXT: baseline, width, size; LINE: to (x+w, y+h); FRAME: outer edge */
	afd_mpt stroke;
	unsigned link, cell;         /* link: 0 or a destination; cell: the box that this text must stay in */
	uint32_t len;
	const char *text;
};

struct afd_page { struct afd_op *op; size_t n, cap; };
struct afd_cell { size_t page; afd_mpt x, y, w, h; };
struct afd_dest { size_t page; afd_mpt y; bool set; };
struct afd_bookmark { const char *title; unsigned level, link; };

struct afd_sheets {
	const struct afd_font *font[AFD_FACE_COUNT];
	afd_mpt width, height, margin, live, top, bottom;    /* body: from top to bottom */
	struct afd_page *page; size_t n_page, cap_page;
	struct afd_cell *cell; size_t n_cell, cap_cell;
	struct afd_dest *dest; size_t n_dest, cap_dest;
	struct afd_bookmark *bookmark; size_t n_bookmark, cap_bookmark;
	struct afd_block *block;                             /* arena for texts and lines */
	struct afd_glyph *glyph; size_t cap_glyph;           /* scratch of the line breaker */
	bool bad, many;                                      /* no memory, too many pages: sticks, stops all drawing */
};

#define AFD_MAX_PAGES 60000              /* two findings a page make more than a hundred thousand findings */
#define AFD_MAX_PARAGRAPH 24000          /* code points; what is longer ends in a word that says so */

int afd_sheets_open(struct afd_sheets *s, const struct afd_font *font[AFD_FACE_COUNT], struct afd_error *err);
void afd_sheets_release(struct afd_sheets *s);
int afd_sheets_check(const struct afd_sheets *s, struct afd_error *err);     /* -1 when bad */
void *afd_sheets_alloc(struct afd_sheets *s, size_t n);              /* zeroed; NULL and bad when memory ends */
const char *afd_sheets_printf(struct afd_sheets *s, const char *fmt, ...) AFD_PRINTF(2, 3);    /* never NULL */
/* Makes pages up to index P exist. */
void afd_sheets_page(struct afd_sheets *s, size_t p);

/* Everything drawn until the next call must lie in this box. */
void afd_cell(struct afd_sheets *s, size_t p, afd_mpt x, afd_mpt y, afd_mpt w, afd_mpt h);
void afd_fill(struct afd_sheets *s, size_t p, enum afd_ink ink, afd_mpt x, afd_mpt y, afd_mpt w, afd_mpt h);
/* The stroke lies inside the box. */
void afd_frame(struct afd_sheets *s, size_t p, enum afd_ink ink, afd_mpt stroke, afd_mpt x, afd_mpt y,
               afd_mpt w, afd_mpt h);
void afd_line(struct afd_sheets *s, size_t p, enum afd_ink ink, afd_mpt stroke, afd_mpt x, afd_mpt y,
              afd_mpt w, afd_mpt h);
/* A horizontal rule whose lower edge is Y. */
void afd_rule(struct afd_sheets *s, size_t p, enum afd_ink ink, afd_mpt stroke, afd_mpt x, afd_mpt y, afd_mpt w);
/* A mark, its lower left corner at (x, baseline), drawn SCALE/1000 times its size. */
void afd_mark_draw(struct afd_sheets *s, size_t p, enum afd_mark m, enum afd_ink ink, afd_mpt x, afd_mpt baseline,
                   int scale);
afd_mpt afd_mark_width(enum afd_mark m, struct afd_style style);     /* with the space behind it */

unsigned afd_dest_new(struct afd_sheets *s);                         /* 0 when memory ends */
void afd_dest_set(struct afd_sheets *s, unsigned link, size_t p, afd_mpt y);
void afd_bookmark(struct afd_sheets *s, const char *title, unsigned level, size_t p, afd_mpt y);

/* --- lines --- */
struct afd_seg {
	const char *text;
	uint32_t len;
	uint8_t face, ink, mark;
	bool page;
	unsigned link;
	afd_mpt x, w, size;
};
struct afd_text_line { struct afd_seg *seg; size_t n; afd_mpt width; };
struct afd_lines { struct afd_text_line *line; size_t n; struct afd_style style; };

/* Breaks at blanks; a word wider than WIDTH breaks before a dot or after one of / | &, then after a hyphen, then where
 * it must. What
 * the fonts cannot show, and what could mislead (controls, marks of direction), is written as [U+202E]. */
struct afd_lines afd_wrap(struct afd_sheets *s, struct afd_style style, const struct afd_run *run, size_t n,
                          afd_mpt width);
struct afd_lines afd_wrap1(struct afd_sheets *s, struct afd_style style, enum afd_face face, enum afd_ink ink,
                           const char *text, afd_mpt width);
enum afd_align { AFD_LEFT, AFD_RIGHT };
/* Lines FROM up to TO (excluded), the top of the first at Y. */
void afd_put_lines(struct afd_sheets *s, size_t p, const struct afd_lines *l, size_t from, size_t to, afd_mpt x,
                   afd_mpt y, afd_mpt width, enum afd_align align);
/* Puts the numbers of pages where only their place was kept. */
void afd_sheets_resolve(struct afd_sheets *s);
afd_mpt afd_text_width(struct afd_sheets *s, struct afd_style style, enum afd_face face, const char *text);

#endif
