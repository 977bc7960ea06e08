/* The sheets as a PDF/A-3b file, drawn with libharu 2.3.0 or 2.4. */
#ifndef AFD_REPORTS_PDF_DOCUMENT_H
#define AFD_REPORTS_PDF_DOCUMENT_H

#include "reports/model.h"
#include "reports/pdf/sheet.h"
#include "reports/report.h"

#include <hpdf.h>

int afd_document_write(const struct afd_sheets *s, const struct afd_report *r, const struct afd_fonts *files,
                       struct afd_buf *ret, struct afd_error *err);

/* pdfa.c: what PDF/A-3b (ISO 19005-3) asks for and libharu does not write, or writes wrongly. Failures stick in PDF. */
int afd_pdfa_prepare(HPDF_Doc pdf, const struct afd_report *r, const struct afd_fonts *fonts, struct afd_error *err);
/* After the pages are drawn, before saving. */
void afd_pdfa_font(HPDF_Doc pdf, HPDF_Font font);
/* After the last text, before saving. */
void afd_pdfa_descriptors(HPDF_Doc pdf, const HPDF_Font font[AFD_FACE_COUNT], int cap_height);
HPDF_Binary afd_pdf_text(HPDF_Doc pdf, const char *utf8);                 /* a text string in UTF-16 */

#endif
