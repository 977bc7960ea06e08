/* Five objects and a table (ISO 32000-1, 12.8; EN 319 142-1): the catalog with its form, the first page with the
 * widget, the widget that is also the signature field, its empty appearance, the signature dictionary. */
#include <stdio.h>
#include "sign/pades_update.h"

const char *const afd_pades_part_names[AFD_PADES_PARTS] = {
	[AFD_PADES_CATALOG] = "catalog", [AFD_PADES_PAGE] = "first page", [AFD_PADES_WIDGET] = "signature field",
	[AFD_PADES_APPEARANCE] = "appearance", [AFD_PADES_SIGNATURE] = "signature dictionary",
	[AFD_PADES_TABLE] = "cross-reference table and trailer",
};

#define BYTE_RANGE_WIDTH 48              /* "0 " and three numbers of at most ten digits, and blanks */

struct numbers { int64_t catalog, page, widget, appearance, signature; };

/* The dictionary as it stands in the file, without its ">>". */
static struct afd_slice open_dict(const struct afd_pdf_node *d)
{
	return afd_slice(d->raw.data, d->raw.len - 2);
}

static int write_catalog(const struct afd_pdf *p, const struct numbers *n, struct afd_buf *ret, struct afd_error *err)
{
	AFD_AUTO(pdf_arena) struct afd_pdf_arena a = { 0 };
	struct afd_pdf_object o;

	if (afd_pdf_object(p, 1, n->catalog, &a, &o, err) < 0)
		return -1;
	if (o.value->type != AFD_PDF_DICT || o.is_stream || !afd_pdf_is_name(afd_pdf_get(o.value, "Type"), "Catalog"))
		return afd_fail(err, AFD_E_VERIFY, "PDF: /Root is not a catalog");
	/* DocMDP, P 1: no later change is allowed (12.8.2.2); /SigFlags 3: signatures exist, append only (12.7.2) */
	if (afd_buf_printf(ret, "%lld 0 obj\n", (long long)n->catalog) < 0 ||
	    afd_buf_add_slice(ret, open_dict(o.value)) < 0 ||
	    afd_buf_printf(ret, "/AcroForm << /Fields [ %lld 0 R ] /SigFlags 3 >>\n", (long long)n->widget) < 0 ||
	    afd_buf_printf(ret, "/Perms << /DocMDP %lld 0 R >>\n>>\nendobj\n", (long long)n->signature) < 0)
		return afd_fail_memory(err);
	return 0;
}

static int write_page(const struct afd_pdf *p, const struct numbers *n, struct afd_buf *ret, struct afd_error *err)
{
	AFD_AUTO(pdf_arena) struct afd_pdf_arena a = { 0 };
	const struct afd_pdf_node *annots;
	struct afd_pdf_object o;
	struct afd_slice head, tail;
	int r;

	if (afd_pdf_object(p, 1, n->page, &a, &o, err) < 0)
		return -1;
	if (o.value->type != AFD_PDF_DICT || o.is_stream)
		return afd_fail(err, AFD_E_VERIFY, "PDF: the first page is not a dictionary");
	annots = afd_pdf_get(o.value, "Annots");
	if (annots && annots->type != AFD_PDF_ARRAY)
		return afd_fail(err, AFD_E_VERIFY, "PDF: /Annots of the first page is not an array in the page itself");

	r = afd_buf_printf(ret, "%lld 0 obj\n", (long long)n->page);
	if (annots) {
		head = afd_slice(o.value->raw.data,
				 (size_t)(annots->raw.data - o.value->raw.data) + annots->raw.len - 1);
		tail = afd_slice(head.data + head.len, o.value->raw.len - head.len);
		if (r < 0 || afd_buf_add_slice(ret, head) < 0 ||
		    afd_buf_printf(ret, " %lld 0 R ", (long long)n->widget) < 0 || afd_buf_add_slice(ret, tail) < 0)
			return afd_fail_memory(err);
	} else if (r < 0 || afd_buf_add_slice(ret, open_dict(o.value)) < 0 ||
	           afd_buf_printf(ret, "/Annots [ %lld 0 R ]\n>>", (long long)n->widget) < 0) {
		return afd_fail_memory(err);
	}
	return afd_buf_text(ret, "\nendobj\n") < 0 ? afd_fail_memory(err) : 0;
}

/* Invisible, yet with an appearance, as PDF/A wants of a widget (ISO 19005-3, 6.3.3). F 132: print, locked. */
static int write_widget(const struct numbers *n, struct afd_buf *ret)
{
	return afd_buf_printf(ret, "%lld 0 obj\n<<\n/Type /Annot\n/Subtype /Widget\n/FT /Sig\n/T (Affidavit)\n/V %lld 0 R\n"
	                      "/P %lld 0 R\n/Rect [ 0 0 0 0 ]\n/F 132\n/AP << /N %lld 0 R >>\n>>\nendobj\n",
	                      (long long)n->widget, (long long)n->signature, (long long)n->page, (long long)n->appearance);
}

static int write_appearance(const struct numbers *n, struct afd_buf *ret)
{
	return afd_buf_printf(ret, "%lld 0 obj\n<<\n/Type /XObject\n/Subtype /Form\n/BBox [ 0 0 0 0 ]\n/Resources << >>\n"
	                      "/Length 0\n>>\nstream\n\nendstream\nendobj\n", (long long)n->appearance);
}

/* All values are direct (12.8.1). The hex string comes last; *BYTE_RANGE and *GAP say where to fill in. */
static int write_signature(const struct numbers *n, struct afd_slice date, struct afd_slice reason, struct afd_buf *ret,
			   size_t *byte_range, size_t *gap)
{
	if (afd_buf_printf(ret,
			   "%lld 0 obj\n<<\n/Type /Sig\n/Filter /Adobe.PPKLite\n/SubFilter /ETSI.CAdES.detached\n/M ",
			   (long long)n->signature) < 0 ||
	    afd_buf_add_slice(ret, date) < 0)
		return -1;
	if (reason.len && (afd_buf_text(ret, "\n/Reason ") < 0 || afd_buf_add_slice(ret, reason) < 0))
		return -1;
	if (afd_buf_text(ret, "\n/Reference [ << /Type /SigRef /TransformMethod /DocMDP "
	                 "/TransformParams << /Type /TransformParams /P 1 /V /1.2 >> >> ]\n/ByteRange [") < 0)
		return -1;
	*byte_range = ret->len;
	if (afd_buf_printf(ret, "%*s]\n/Contents ", BYTE_RANGE_WIDTH, "") < 0)
		return -1;
	*gap = ret->len;
	if (afd_buf_reserve(ret, AFD_PADES_GAP) < 0)
		return -1;
	memset(ret->data + ret->len, '0', AFD_PADES_GAP);
	ret->data[ret->len] = '<';
	ret->data[ret->len + AFD_PADES_GAP - 1] = '>';
	ret->len += AFD_PADES_GAP;
	return afd_buf_text(ret, "\n>>\nendobj\n");
}

/* One section for each run of numbers; the keys of the first trailer but /Size, then ours. */
static int write_table(const struct afd_pdf *p, const struct numbers *n, const struct afd_pades_layout *l, size_t start,
		       struct afd_buf *ret)
{
	bool page_first = n->page < n->catalog;
	const int64_t replaced[2] = { page_first ? n->page : n->catalog, page_first ? n->catalog : n->page };
	const size_t at[2] = { l->part[page_first ? AFD_PADES_PAGE : AFD_PADES_CATALOG],
			       l->part[page_first ? AFD_PADES_CATALOG : AFD_PADES_PAGE] };

	if (afd_buf_text(ret, "xref\n") < 0)
		return -1;
	for (int i = 0; i < 2; i++)
		if (afd_buf_printf(ret, "%lld 1\n%010zu 00000 n\r\n", (long long)replaced[i], at[i]) < 0)
			return -1;
	if (afd_buf_printf(ret, "%lld 3\n%010zu 00000 n\r\n%010zu 00000 n\r\n%010zu 00000 n\r\ntrailer\n<<\n",
			   (long long)n->widget, l->part[AFD_PADES_WIDGET], l->part[AFD_PADES_APPEARANCE],
			   l->part[AFD_PADES_SIGNATURE]) < 0)
		return -1;
	for (const struct afd_pdf_node *k = p->rev[0].trailer->first; k; k = k->next)
		if (!afd_slice_equal(k->key, afd_slice_text("Size")) &&
		    (afd_buf_printf(ret, "/%s ", (const char *)k->key.data) < 0 || afd_buf_add_slice(ret, k->raw) < 0 ||
		     afd_buf_text(ret, "\n") < 0))
			return -1;
	return afd_buf_printf(ret, "/Size %lld\n/Prev %zu\n>>\nstartxref\n%zu\n%%%%EOF\n", (long long)n->signature + 1,
			      p->rev[0].xref, start);
}

int afd_pades_update(const struct afd_pdf *p, struct afd_slice date, struct afd_slice reason, struct afd_buf *ret,
                     struct afd_pades_layout *ret_layout, struct afd_error *err)
{
	struct afd_pades_layout l = { 0 };
	int64_t next = (int64_t)p->rev[0].n;
	struct numbers n = {
		.catalog = afd_pdf_root(p), .widget = next, .appearance = next + 1, .signature = next + 2
	};
	char range[BYTE_RANGE_WIDTH + 1];
	size_t byte_range = 0;
	int len;

	if (afd_pdf_first_page(p, &n.page, err) < 0)
		return -1;
	l.part[AFD_PADES_CATALOG] = ret->len;
	if (write_catalog(p, &n, ret, err) < 0)
		return -1;
	l.part[AFD_PADES_PAGE] = ret->len;
	if (write_page(p, &n, ret, err) < 0)
		return -1;
	l.part[AFD_PADES_WIDGET] = ret->len;
	if (write_widget(&n, ret) < 0)
		return afd_fail_memory(err);
	l.part[AFD_PADES_APPEARANCE] = ret->len;
	if (write_appearance(&n, ret) < 0)
		return afd_fail_memory(err);
	l.part[AFD_PADES_SIGNATURE] = ret->len;
	if (write_signature(&n, date, reason, ret, &byte_range, &l.gap) < 0)
		return afd_fail_memory(err);
	l.part[AFD_PADES_TABLE] = ret->len;
	if (write_table(p, &n, &l, ret->len, ret) < 0)
		return afd_fail_memory(err);
	l.part[AFD_PADES_PARTS] = ret->len;

	len = snprintf(range, sizeof(range), "0 %zu %zu %zu", l.gap, l.gap + AFD_PADES_GAP,
		       ret->len - l.gap - AFD_PADES_GAP);
	if (len < 0 || (size_t)len >= sizeof(range))
		return afd_fail(err, AFD_E_LIMIT, "PDF: too large to sign");
	memcpy(ret->data + byte_range, range, (size_t)len);
	*ret_layout = l;
	return 0;
}
