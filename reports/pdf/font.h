/* Widths and glyph coverage of a TrueType font, read from its own tables (OpenType 1.9: head, hhea, hmtx, cmap
 * format 4), so that the layout does not depend on the library that draws. Bounds are checked: a font is input too. */
#ifndef AFD_REPORTS_PDF_FONT_H
#define AFD_REPORTS_PDF_FONT_H

#include "core/bytes.h"
#include "core/error.h"

struct afd_font {
	struct afd_buf file;
	struct afd_slice cmap, hmtx;             /* cmap: the format 4 subtable */
	unsigned units_per_em, n_metrics, n_glyphs;
	int cap_height;                          /* thousandths of an em */
};

int afd_font_load(const char *path, struct afd_font *ret, struct afd_error *err);
void afd_font_release(struct afd_font *f);
/* Thousandths of an em; -1 when the font has no glyph for C. */
int afd_font_width(const struct afd_font *f, uint32_t c);

#endif
