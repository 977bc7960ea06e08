#include "reports/pdf/document.h"

#include <hpdf_annotation.h>

#include "core/limits.h"

struct trouble { HPDF_STATUS code, detail; };

/* libharu's errors stick and later ones hide the first; so the first is kept. */
static void on_error(HPDF_STATUS code, HPDF_STATUS detail, void *user)
{
	struct trouble *t = user;

	if (t->code == 0)
		*t = (struct trouble){ code, detail };
}

static HPDF_REAL pt(afd_mpt v)
{
	return (HPDF_REAL)v / 1000;
}

static const uint8_t inks[AFD_INK_COUNT][3] = {
	[AFD_INK]    = { 0x15, 0x19, 0x1d },
	[AFD_GREY1]  = { 0x5a, 0x62, 0x6b },
	[AFD_GREY2]  = { 0xc6, 0xcb, 0xd1 },
	[AFD_PALE]   = { 0xe0, 0xe2, 0xe6 },
	[AFD_WASH]   = { 0xf3, 0xf4, 0xf6 },
	[AFD_ACCENT] = { 0xa1, 0x2b, 0x1d },
	[AFD_WHITE]  = { 0xff, 0xff, 0xff },
};

static void fill_ink(HPDF_Page page, enum afd_ink ink)
{
	HPDF_Page_SetRGBFill(page, (HPDF_REAL)inks[ink][0] / 255, (HPDF_REAL)inks[ink][1] / 255,
			     (HPDF_REAL)inks[ink][2] / 255);
}

static void stroke_ink(HPDF_Page page, enum afd_ink ink)
{
	HPDF_Page_SetRGBStroke(page, (HPDF_REAL)inks[ink][0] / 255, (HPDF_REAL)inks[ink][1] / 255,
			       (HPDF_REAL)inks[ink][2] / 255);
}

static void draw_shape(HPDF_Page page, const struct afd_op *o, afd_mpt height)
{
	afd_mpt half = o->stroke / 2;

	if (o->kind == AFD_OP_FILL) {
		fill_ink(page, o->ink);
		HPDF_Page_Rectangle(page, pt(o->x), pt(height - o->y - o->h), pt(o->w), pt(o->h));
		HPDF_Page_Fill(page);
		return;
	}
	stroke_ink(page, o->ink);
	HPDF_Page_SetLineWidth(page, pt(o->stroke));
	if (o->kind == AFD_OP_FRAME) {
		HPDF_Page_Rectangle(page, pt(o->x + half), pt(height - o->y - o->h + half), pt(o->w - o->stroke),
				    pt(o->h - o->stroke));
	} else if (o->kind == AFD_OP_LINE) {
		HPDF_Page_MoveTo(page, pt(o->x), pt(height - o->y));
		HPDF_Page_LineTo(page, pt(o->x + o->w), pt(height - o->y - o->h));
	} else {                                             /* the check mark in its box of 7 x 7 */
		HPDF_Page_MoveTo(page, pt(o->x + o->w * 6 / 70), pt(height - o->y - o->h * 39 / 70));
		HPDF_Page_LineTo(page, pt(o->x + o->w * 26 / 70), pt(height - o->y - o->h * 60 / 70));
		HPDF_Page_LineTo(page, pt(o->x + o->w * 65 / 70), pt(height - o->y - o->h * 10 / 70));
	}
	HPDF_Page_Stroke(page);
}

static void draw_texts(HPDF_Page page, const struct afd_page *g, const HPDF_Font font[AFD_FACE_COUNT], afd_mpt height)
{
	const struct afd_op *last = NULL;

	HPDF_Page_BeginText(page);
	for (size_t i = 0; i < g->n; i++) {
		const struct afd_op *o = &g->op[i];

		if (o->kind != AFD_OP_TEXT || o->len == 0)
			continue;
		if (!last || last->face != o->face || last->h != o->h)
			HPDF_Page_SetFontAndSize(page, font[o->face], pt(o->h));
		if (!last || last->ink != o->ink)
			fill_ink(page, o->ink);
		HPDF_Page_SetTextMatrix(page, 1, 0, 0, 1, pt(o->x), pt(height - o->y));
		HPDF_Page_ShowText(page, o->text);
		last = o;
	}
	HPDF_Page_EndText(page);
}

/* "Go to this height, keep the zoom", written where it is used: libharu's own call refuses a zoom of 0 and makes an
 * object of its own of each. */
static HPDF_Array destination(HPDF_Doc pdf, HPDF_Page target, HPDF_REAL y)
{
	HPDF_Array d = HPDF_Array_New(pdf->mmgr);

	if (!d)
		return NULL;
	HPDF_Array_Add(d, target);
	HPDF_Array_AddName(d, "XYZ");
	HPDF_Array_AddReal(d, 0);
	HPDF_Array_AddReal(d, y);
	HPDF_Array_AddReal(d, 0);
	return d;
}

static void add_annotation(HPDF_Doc pdf, HPDF_Page page, HPDF_Annotation a)
{
	HPDF_Array list = HPDF_Dict_GetItem(page, "Annots", HPDF_OCLASS_ARRAY);

	if (!list) {
		list = HPDF_Array_New(pdf->mmgr);
		HPDF_Dict_Add(page, "Annots", list);
	}
	HPDF_Array_Add(list, a);
}

static void draw_links(HPDF_Doc pdf, const struct afd_sheets *s, size_t p, HPDF_Page *pages)
{
	const struct afd_page *g = &s->page[p];

	for (size_t i = 0; i < g->n; i++) {
		const struct afd_op *o = &g->op[i];
		const struct afd_dest *d = o->link < s->n_dest ? &s->dest[o->link] : NULL;
		HPDF_Rect box = { pt(o->x), pt(s->height - o->y - PT(3)), pt(o->x + o->w),
				  pt(s->height - o->y + o->h) };
		HPDF_Annotation a;
		HPDF_Array to;

		if (o->link == 0 || !d || !d->set)
			continue;
		to = destination(pdf, pages[d->page], pt(s->height - d->y + PT(6)));
		a = to ? HPDF_LinkAnnot_New(pdf->mmgr, pdf->xref, box, to) : NULL;
		if (!a)
			return;
		add_annotation(pdf, pages[p], a);
		HPDF_LinkAnnot_SetBorderStyle(a, 0, 0, 0);
		HPDF_Dict_AddNumber(a, "F", 4);              /* printed: ISO 19005-3, 6.3.2 */
	}
}

static void draw_outline(HPDF_Doc pdf, const struct afd_sheets *s, HPDF_Page *pages)
{
	HPDF_Outline at[4] = { 0 };

	for (size_t i = 0; i < s->n_bookmark; i++) {
		const struct afd_bookmark *b = &s->bookmark[i];
		const struct afd_dest *d = &s->dest[b->link];
		unsigned level = b->level < 3 ? b->level : 3;
		HPDF_Outline o = HPDF_CreateOutline(pdf, level ? at[level - 1] : NULL, "-", NULL);
		HPDF_Array to = destination(pdf, pages[d->page], pt(s->height - d->y + PT(6)));

		if (!o || !to)
			return;
		HPDF_Dict_Add(o, "Title", afd_pdf_text(pdf, b->title));
		HPDF_Dict_Add(o, "Dest", to);
		HPDF_Outline_SetOpened(o, HPDF_FALSE);
		at[level] = o;
	}
}

static int save(HPDF_Doc pdf, struct afd_buf *ret, struct afd_error *err)
{
	HPDF_UINT32 size;

	if (HPDF_SaveToStream(pdf) != HPDF_OK)
		return -1;
	size = HPDF_GetStreamSize(pdf);
	if (size > AFD_MAX_PDF)
		return afd_fail(err, AFD_E_LIMIT, "report.pdf: larger than %u bytes", AFD_MAX_PDF);
	HPDF_ResetStream(pdf);
	if (afd_buf_reserve(ret, size) < 0)
		return afd_fail_memory(err);
	while (ret->len < size) {
		HPDF_UINT32 n = size - (HPDF_UINT32)ret->len;

		HPDF_ReadFromStream(pdf, ret->data + ret->len, &n);
		if (n == 0)
			return afd_fail(err, AFD_E_ENGINE, "report.pdf: the library gave fewer bytes than it has");
		ret->len += n;
	}
	return 0;
}

/* Glyphs that were measured are embedded. A visible signature is drawn later, with this font and in ASCII. */
static void embed_ascii(HPDF_Font font)
{
	HPDF_BYTE text[0x7f - 0x20];

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (HPDF_BYTE)(0x20 + i);
	HPDF_Font_TextWidth(font, text, sizeof(text));
}

static int write_pages(HPDF_Doc pdf, const struct afd_sheets *s, const struct afd_report *r,
		       const struct afd_fonts *files, HPDF_Page *pages, struct afd_buf *ret, struct afd_error *err)
{
	const char *const path[AFD_FACE_COUNT] = { files->regular, files->bold, files->mono };
	HPDF_Font font[AFD_FACE_COUNT];

	HPDF_SetPagesConfiguration(pdf, 50);             /* otherwise pages end at 32,767 */
	HPDF_SetCompressionMode(pdf, HPDF_COMP_ALL);
	HPDF_UseUTFEncodings(pdf);
	if (afd_pdfa_prepare(pdf, r, files, err) < 0)
		return -1;
	for (size_t i = 0; i < AFD_FACE_COUNT; i++) {
		const char *name = HPDF_LoadTTFontFromFile(pdf, path[i], HPDF_TRUE);

		font[i] = name ? HPDF_GetFont(pdf, name, "UTF-8") : NULL;
		if (!font[i])
			return afd_fail(err, AFD_E_IO, "%s: the PDF library cannot read this font", path[i]);
		afd_pdfa_font(pdf, font[i]);
	}
	embed_ascii(font[AFD_MONO]);
	for (size_t p = 0; p < s->n_page; p++) {
		pages[p] = HPDF_AddPage(pdf);
		HPDF_Page_SetWidth(pages[p], pt(s->width));
		HPDF_Page_SetHeight(pages[p], pt(s->height));
		for (size_t i = 0; i < s->page[p].n; i++)
			if (s->page[p].op[i].kind != AFD_OP_TEXT)
				draw_shape(pages[p], &s->page[p].op[i], s->height);
		draw_texts(pages[p], &s->page[p], font, s->height);
		if (HPDF_GetError(pdf) != HPDF_OK)
			return -1;
	}
	for (size_t p = 0; p < s->n_page; p++)
		draw_links(pdf, s, p, pages);
	draw_outline(pdf, s, pages);
	afd_pdfa_descriptors(pdf, font, s->font[AFD_REGULAR]->cap_height);
	return save(pdf, ret, err);
}

int afd_document_write(const struct afd_sheets *s, const struct afd_report *r, const struct afd_fonts *files,
		       struct afd_buf *ret, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf out = { .max = AFD_MAX_PDF };
	AFD_AUTO(mem) HPDF_Page *pages = calloc(s->n_page + 1, sizeof(*pages));
	struct trouble trouble = { 0 };
	struct afd_error inner = { 0 };
	HPDF_Doc pdf = pages ? HPDF_New(on_error, &trouble) : NULL;
	int failed;

	if (!pdf)
		return afd_fail_memory(err);
	failed = write_pages(pdf, s, r, files, pages, &out, &inner) < 0;
	HPDF_Free(pdf);
	if (inner.code)
		return afd_fail(err, inner.code, "%s", inner.text);
	if (failed || trouble.code)
		return afd_fail(err, trouble.code == HPDF_FAILD_TO_ALLOC_MEM ? AFD_E_MEMORY : AFD_E_ENGINE,
				"report.pdf: the PDF library failed with 0x%04lx, %lu", (unsigned long)trouble.code,
				(unsigned long)trouble.detail);
	*ret = out;
	memset(&out, 0, sizeof(out));
	return 0;
}
