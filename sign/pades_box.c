/* The box of a visible signature. It says who signed and never that the signature holds: a drawing proves nothing. */
#include "sign/pades_update.h"

/* On the cover, right, under the classification; points from the lower left corner. */
enum { LEFT = 331, BOTTOM = 704, WIDTH = 213, HEIGHT = 54, SIZE = 6, LEADING = 8, INSET = 6, LINE = 56 };

int afd_pades_is_visible(const struct afd_pdf *p, bool *ret, struct afd_error *err)
{
	AFD_AUTO(pdf_arena) struct afd_pdf_arena a = { 0 };
	const struct afd_pdf_node *form = NULL, *fields = NULL, *field = NULL, *rect;
	struct afd_pdf_object o;

	if (afd_pdf_object(p, 2, afd_pdf_root(p), &a, &o, err) < 0 ||
	    afd_pdf_resolve(p, 2, afd_pdf_get(o.value, "AcroForm"), AFD_PDF_DICT, "/AcroForm", &a, &form, err) < 0 ||
	    afd_pdf_resolve(p, 2, afd_pdf_get(form, "Fields"), AFD_PDF_ARRAY, "/Fields", &a, &fields, err) < 0 ||
	    afd_pdf_resolve(p, 2, fields->first, AFD_PDF_DICT, "the form field", &a, &field, err) < 0)
		return -1;
	rect = afd_pdf_get(field, "Rect");
	*ret = rect && !afd_slice_equal(rect->raw, afd_slice_text("[ 0 0 0 0 ]"));
	return 0;
}

static bool is_plain(struct afd_slice name)
{
	for (size_t i = 0; i < name.len; i++)
		if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", name.data[i]) || !name.data[i])
			return false;
	return name.len > 0;
}

static bool is_mono(const struct afd_pdf_node *font)
{
	const struct afd_pdf_node *name = afd_pdf_get(font, "BaseFont");

	return name && name->type == AFD_PDF_NAME && memmem(name->text.data, name->text.len, "Mono", 4);
}

/* The font of fixed width on the first page, embedded and with UTF-16 codes: reports/pdf embeds all of ASCII of it. Its
 * name and reference as they stand in the page's resources. */
static int find_font(const struct afd_pdf *p, struct afd_pdf_arena *a, const struct afd_pdf_node **ret, struct afd_error *err)
{
	const struct afd_pdf_node *resources = NULL, *fonts = NULL, *font = NULL;
	struct afd_pdf_object o;
	int64_t page;

	if (afd_pdf_first_page(p, &page, err) < 0 || afd_pdf_object(p, 1, page, a, &o, err) < 0 ||
	    afd_pdf_resolve(p, 1, afd_pdf_get(o.value, "Resources"), AFD_PDF_DICT, "/Resources of the first page", a, &resources, err) < 0 ||
	    afd_pdf_resolve(p, 1, afd_pdf_get(resources, "Font"), AFD_PDF_DICT, "/Font of the first page", a, &fonts, err) < 0)
		return -1;
	for (const struct afd_pdf_node *k = fonts->first; k; k = k->next) {
		if (k->type != AFD_PDF_REF || !is_plain(k->key) || afd_pdf_resolve(p, 1, k, AFD_PDF_DICT, "a font of the first page", a, &font, err) < 0)
			continue;
		if (afd_pdf_is_name(afd_pdf_get(font, "Subtype"), "Type0") &&
		    afd_pdf_is_name(afd_pdf_get(font, "Encoding"), "Identity-H") && is_mono(font)) {
			*ret = k;
			return 0;
		}
	}
	return afd_fail(err, AFD_E_VERIFY, "a visible signature needs an embedded font on the first page");
}

/* At most LINE characters of *TEXT in the codes of the font; what is not printable ASCII becomes '?'. */
static int show(struct afd_buf *b, const char **text, int64_t y)
{
	int r = afd_buf_printf(b, "1 0 0 1 %d %lld Tm\n<", INSET, (long long)y);

	for (int i = 0; i < LINE && **text; i++, ++*text)
		r |= afd_buf_printf(b, "%04x", **text >= ' ' && **text <= '~' ? (unsigned)**text : (unsigned)'?');
	return r | afd_buf_text(b, "> Tj\n");
}

static int draw(const struct afd_pades_box *box, struct afd_slice font, struct afd_buf *b)
{
	struct afd_hex64 hex = afd_digest_hex(&box->certificate);
	char half[33] = "";
	const char *lines[] = { "Signed electronically. This box alone proves nothing.", box->subject,
				"SHA-256 of the signer's certificate:", half, hex.s + 32 };
	int64_t y = HEIGHT - INSET - SIZE;
	int r;

	memcpy(half, hex.s, 32);
	r = afd_buf_printf(b, "q\n0.5 w\n0.25 0.25 %d.5 %d.5 re S\nBT\n/", WIDTH - 1, HEIGHT - 1);

	r |= afd_buf_add_slice(b, font);
	r |= afd_buf_printf(b, " %d Tf\n", SIZE);
	for (size_t i = 0; i < AFD_COUNT(lines); i++)
		for (const char *rest = lines[i]; *rest && y >= 2; y -= LEADING)
			r |= show(b, &rest, y);
	return r | afd_buf_text(b, "ET\nQ");
}

int afd_pades_box_draw(const struct afd_pdf *p, const struct afd_pades_box *box, struct afd_buf *ret_rect,
		       struct afd_buf *ret_object, struct afd_error *err)
{
	AFD_AUTO(pdf_arena) struct afd_pdf_arena a = { 0 };
	AFD_AUTO(buf) struct afd_buf drawing = { 0 };
	const struct afd_pdf_node *font = NULL;

	if (find_font(p, &a, &font, err) < 0)
		return -1;
	if (draw(box, font->key, &drawing) < 0 ||
	    afd_buf_printf(ret_rect, "[ %d %d %d %d ]", LEFT, BOTTOM, LEFT + WIDTH, BOTTOM + HEIGHT) < 0 ||
	    afd_buf_printf(ret_object, "<<\n/Type /XObject\n/Subtype /Form\n/BBox [ 0 0 %d %d ]\n/Resources << /Font << /%s ",
			   WIDTH, HEIGHT, (const char *)font->key.data) < 0 ||
	    afd_buf_add_slice(ret_object, font->raw) < 0 ||
	    afd_buf_printf(ret_object, " >> >>\n/Length %zu\n>>\nstream\n", drawing.len) < 0 ||
	    afd_buf_add_slice(ret_object, afd_buf_slice(&drawing)) < 0 || afd_buf_text(ret_object, "\nendstream") < 0)
		return afd_fail_memory(err);
	return 0;
}
