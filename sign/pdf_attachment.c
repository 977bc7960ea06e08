/* The file inside the file: catalog, /Names, /EmbeddedFiles (ISO 32000-1, 7.11.4), then inflated (RFC 1950). */
#include <zlib.h>
#include "core/limits.h"
#include "sign/pdf_read.h"
#include "sign/sign.h"

#define MAX_TREE_LEVELS 8
#define MAX_FILES 1000

struct walk {
	const struct afd_pdf *pdf;
	struct afd_slice name;
	struct afd_pdf_arena *arena;
	const struct afd_pdf_node *found;
	unsigned seen;
};

/* A text string against ASCII: PDFDocEncoding is the same there; with a byte order mark it is UTF-16 (7.9.2). */
static bool text_is(const struct afd_pdf_node *s, struct afd_slice ascii)
{
	if (s->type != AFD_PDF_STRING)
		return false;
	if (s->text.len < 2 || s->text.data[0] != 0xfe || s->text.data[1] != 0xff)
		return afd_slice_equal(s->text, ascii);
	if (s->text.len != 2 + 2 * ascii.len)
		return false;
	for (size_t i = 0; i < ascii.len; i++)
		if (s->text.data[2 + 2 * i] != 0 || s->text.data[3 + 2 * i] != ascii.data[i])
			return false;
	return true;
}

/* A file specification is ours when its names, /F and /UF, both say so. */
static int look_at(struct walk *w, const struct afd_pdf_node *ref, struct afd_error *err)
{
	const struct afd_pdf_node *spec = NULL, *f, *uf;

	if (++w->seen > MAX_FILES)
		return afd_fail(err, AFD_E_VERIFY, "PDF: too many embedded files");
	if (afd_pdf_resolve(w->pdf, 1, ref, AFD_PDF_DICT, "a file specification", w->arena, &spec, err) < 0)
		return -1;
	f = afd_pdf_get(spec, "F");
	uf = afd_pdf_get(spec, "UF");
	if (!f || !text_is(f, w->name) || (uf && !text_is(uf, w->name)))
		return 0;
	if (w->found)
		return afd_fail(err, AFD_E_VERIFY, "PDF: two embedded files of the same name");
	w->found = spec;
	return 0;
}

static int tree(struct walk *w, const struct afd_pdf_node *node, unsigned level, struct afd_error *err)
{
	const struct afd_pdf_node *dict = NULL, *names = NULL, *kids = NULL;

	if (level > MAX_TREE_LEVELS)
		return afd_fail(err, AFD_E_VERIFY, "PDF: the tree of embedded files is too deep");
	if (afd_pdf_resolve(w->pdf, 1, node, AFD_PDF_DICT, "the tree of embedded files", w->arena, &dict, err) < 0)
		return -1;
	if (afd_pdf_get(dict, "Kids")) {
		node = afd_pdf_get(dict, "Kids");
		if (afd_pdf_resolve(w->pdf, 1, node, AFD_PDF_ARRAY, "/Kids", w->arena, &kids, err) < 0)
			return -1;
		for (const struct afd_pdf_node *k = kids->first; k; k = k->next)
			if (++w->seen > MAX_FILES || tree(w, k, level + 1, err) < 0)
				return afd_within(err, "embedded files");
	}
	if (!afd_pdf_get(dict, "Names"))
		return 0;
	if (afd_pdf_resolve(w->pdf, 1, afd_pdf_get(dict, "Names"), AFD_PDF_ARRAY, "/Names", w->arena, &names, err) < 0)
		return -1;
	if (names->n % 2 != 0)
		return afd_fail(err, AFD_E_VERIFY, "PDF: the names of embedded files are not pairs");
	for (const struct afd_pdf_node *k = names->first; k; k = k->next->next)
		if (look_at(w, k->next, err) < 0)
			return -1;
	return 0;
}

int afd_pdf_inflate(struct afd_slice in, size_t max, struct afd_buf *ret, struct afd_error *err)
{
	z_stream z = { 0 };
	uint8_t out[65536];
	size_t start = ret->len;
	int r = Z_OK;

	if (in.len > UINT32_MAX)
		return afd_fail(err, AFD_E_LIMIT, "a stream of the PDF is too large");
	if (inflateInit(&z) != Z_OK)
		return afd_fail_memory(err);
	z.next_in = (uint8_t *)(uintptr_t)in.data;       /* zlib reads only; its field just lacks the const */
	z.avail_in = (uInt)in.len;
	while (r == Z_OK) {
		size_t n;

		z.next_out = out;
		z.avail_out = sizeof(out);
		r = inflate(&z, Z_NO_FLUSH);
		n = sizeof(out) - z.avail_out;
		if (ret->len - start + n > max || afd_buf_add(ret, out, n) < 0) {
			inflateEnd(&z);
			return afd_fail(err, AFD_E_LIMIT, "a stream of the PDF is larger than %zu bytes, or memory ended",
					max);
		}
	}
	inflateEnd(&z);
	if (r != Z_STREAM_END || z.avail_in != 0)
		return afd_fail(err, AFD_E_VERIFY, "a stream of the PDF cannot be inflated");
	return 0;
}

/* /Filter: none, /FlateDecode, or an array with just that. */
static int filter(const struct afd_pdf_node *dict, bool *ret_flate, struct afd_error *err)
{
	const struct afd_pdf_node *f = afd_pdf_get(dict, "Filter");

	if (f && f->type == AFD_PDF_ARRAY) {
		if (f->n > 1)
			return afd_fail(err, AFD_E_VERIFY, "PDF: the embedded file has more than one filter");
		f = f->first;
	}
	*ret_flate = f != NULL;
	if ((f && !afd_pdf_is_name(f, "FlateDecode")) || afd_pdf_get(dict, "DecodeParms"))
		return afd_fail(err, AFD_E_VERIFY, "PDF: the embedded file has another filter than FlateDecode");
	return 0;
}

int afd_pdf_attachment(struct afd_slice bytes, const char *name, struct afd_buf *ret, struct afd_error *err)
{
	AFD_AUTO(pdf) struct afd_pdf *pdf = NULL;
	AFD_AUTO(pdf_arena) struct afd_pdf_arena a = { 0 };
	const struct afd_pdf_node *names = NULL, *ef = NULL, *file;
	struct afd_pdf_object o;
	struct walk w = { .name = afd_slice_text(name), .arena = &a };
	bool flate = false;

	if (afd_pdf_open(bytes, &pdf, err) < 0)
		return -1;
	w.pdf = pdf;
	if (afd_pdf_object(pdf, 1, afd_pdf_root(pdf), &a, &o, err) < 0)
		return afd_within(err, "catalog");
	file = afd_pdf_get(o.value, "Names");
	if (afd_pdf_resolve(pdf, 1, file, AFD_PDF_DICT, "/Names of the catalog", &a, &names, err) < 0 ||
	    tree(&w, afd_pdf_get(names, "EmbeddedFiles"), 0, err) < 0)
		return -1;
	if (!w.found)
		return afd_fail(err, AFD_E_VERIFY, "PDF: no embedded file %s", name);

	if (afd_pdf_resolve(pdf, 1, afd_pdf_get(w.found, "EF"), AFD_PDF_DICT, "/EF", &a, &ef, err) < 0)
		return -1;
	file = afd_pdf_get(ef, "F");
	if (!file || file->type != AFD_PDF_REF)
		return afd_fail(err, AFD_E_VERIFY, "PDF: the embedded file %s has no stream", name);
	if (afd_pdf_object(pdf, 1, file->i, &a, &o, err) < 0)
		return -1;
	if (!o.is_stream)
		return afd_fail(err, AFD_E_VERIFY, "PDF: the embedded file %s has no stream", name);
	if (filter(o.value, &flate, err) < 0)
		return -1;
	if (flate)
		return afd_pdf_inflate(o.stream, AFD_MAX_REPORT_JSON, ret, err);
	return afd_buf_add_slice(ret, o.stream) < 0 ? afd_fail_memory(err) : 0;
}
