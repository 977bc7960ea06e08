/* What each update holds (ISO 32000-1, 12.8; EN 319 142-1).
 *
 * The signature's: the catalog with form, permissions and validation data; the first page with the widget; the widget
 * that is also the signature field; its appearance; the signature dictionary; the form; the validation data. All of it
 * lies in one revision, so that one signature covers the file to its end, data for the long term included.
 *
 * A document time-stamp's: no page. The form with one field more, the validation data, the field, the time-stamp
 * dictionary; the catalog only where it gets its first validation data. An update with validation data alone is the
 * same without form, field and time-stamp. */
#include "sign/pades_writer.h"

/* The dictionary as it stands in the file, without its ">>". */
static struct afd_slice open_dict(const struct afd_pdf_node *d)
{
	return afd_slice(d->raw.data, d->raw.len - 2);
}

static int read_dict(const struct afd_pdf *p, unsigned n_revs, int64_t num, const char *what, struct afd_pdf_arena *a,
		     const struct afd_pdf_node **ret, struct afd_error *err)
{
	struct afd_pdf_object o;

	if (afd_pdf_object(p, n_revs, num, a, &o, err) < 0)
		return -1;
	if (o.value->type != AFD_PDF_DICT || o.is_stream)
		return afd_fail(err, AFD_E_VERIFY, "PDF: %s is not a dictionary", what);
	*ret = o.value;
	return 0;
}

static int read_catalog(const struct afd_pdf *p, unsigned n_revs, struct afd_pdf_arena *a, const struct afd_pdf_node **ret,
			struct afd_error *err)
{
	if (read_dict(p, n_revs, afd_pdf_root(p), "/Root", a, ret, err) < 0)
		return -1;
	if (!afd_pdf_is_name(afd_pdf_get(*ret, "Type"), "Catalog"))
		return afd_fail(err, AFD_E_VERIFY, "PDF: /Root is not a catalog");
	return 0;
}

/* --- the signature --- */

struct numbers { int64_t catalog, page, widget, appearance, signature, form, dss; };

static int put_catalog(struct afd_pades_writer *w, const struct numbers *n, struct afd_error *err)
{
	AFD_AUTO(pdf_arena) struct afd_pdf_arena a = { 0 };
	const struct afd_pdf_node *catalog = NULL;

	if (read_catalog(w->pdf, 1, &a, &catalog, err) < 0)
		return -1;
	/* DocMDP, P 1: no later change is allowed (12.8.2.2). ESIC: the extensions of EN 319 142-1 are in use (5.6) */
	afd_pades_object(w, n->catalog, "catalog");
	afd_pades_put_slice(w, open_dict(catalog));
	afd_pades_put(w, "/AcroForm %lld 0 R\n/Perms << /DocMDP %lld 0 R >>\n"
		      "/Extensions << /ESIC << /BaseVersion /1.7 /ExtensionLevel 1 >> >>\n",
		      (long long)n->form, (long long)n->signature);
	if (n->dss)
		afd_pades_put(w, "/DSS %lld 0 R\n", (long long)n->dss);
	afd_pades_put(w, ">>\nendobj\n");
	return 0;
}

static int put_page(struct afd_pades_writer *w, const struct numbers *n, struct afd_error *err)
{
	AFD_AUTO(pdf_arena) struct afd_pdf_arena a = { 0 };
	const struct afd_pdf_node *page = NULL, *annots;
	size_t head;

	if (read_dict(w->pdf, 1, n->page, "the first page", &a, &page, err) < 0)
		return -1;
	annots = afd_pdf_get(page, "Annots");
	if (annots && annots->type != AFD_PDF_ARRAY)
		return afd_fail(err, AFD_E_VERIFY, "PDF: /Annots of the first page is not an array in the page itself");

	afd_pades_object(w, n->page, "first page");
	if (annots) {
		head = (size_t)(annots->raw.data - page->raw.data) + annots->raw.len - 1;
		afd_pades_put_slice(w, afd_slice(page->raw.data, head));
		afd_pades_put(w, " %lld 0 R ", (long long)n->widget);
		afd_pades_put_slice(w, afd_slice(page->raw.data + head, page->raw.len - head));
	} else {
		afd_pades_put_slice(w, open_dict(page));
		afd_pades_put(w, "/Annots [ %lld 0 R ]\n>>", (long long)n->widget);
	}
	afd_pades_put(w, "\nendobj\n");
	return 0;
}

/* F 132: print, locked. */
static void put_widget(struct afd_pades_writer *w, const struct numbers *n, struct afd_slice rect)
{
	afd_pades_object(w, n->widget, "signature field");
	afd_pades_put(w, "<<\n/Type /Annot\n/Subtype /Widget\n/FT /Sig\n/T (Affidavit)\n/V %lld 0 R\n/P %lld 0 R\n/Rect ",
		      (long long)n->signature, (long long)n->page);
	afd_pades_put_slice(w, rect);
	afd_pades_put(w, "\n/F 132\n/AP << /N %lld 0 R >>\n>>\nendobj\n", (long long)n->appearance);
}

static int put_shown(struct afd_pades_writer *w, const struct numbers *n, const struct afd_pades_box *box,
		     struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf rect = { 0 }, object = { 0 };

	if (!box->visible) {
		put_widget(w, n, afd_slice_text("[ 0 0 0 0 ]"));
		afd_pades_put_nothing(w, n->appearance);
		return 0;
	}
	if (afd_pades_box_draw(w->pdf, box, &rect, &object, err) < 0)
		return -1;
	put_widget(w, n, afd_buf_slice(&rect));
	afd_pades_object(w, n->appearance, "appearance");
	afd_pades_put_slice(w, afd_buf_slice(&object));
	afd_pades_put(w, "\nendobj\n");
	return 0;
}

/* All values are direct (12.8.1). */
static void put_signature(struct afd_pades_writer *w, const struct numbers *n, const struct afd_pades_choice *c)
{
	afd_pades_object(w, n->signature, "signature dictionary");
	afd_pades_put(w, "<<\n/Type /Sig\n/Filter /Adobe.PPKLite\n/SubFilter /ETSI.CAdES.detached\n/M ");
	afd_pades_put_slice(w, c->date);
	if (c->reason.len) {
		afd_pades_put(w, "\n/Reason ");
		afd_pades_put_slice(w, c->reason);
	}
	afd_pades_put(w, "\n/Reference [ << /Type /SigRef /TransformMethod /DocMDP "
		      "/TransformParams << /Type /TransformParams /P 1 /V /1.2 >> >> ]\n");
	afd_pades_put_gap(w, c->reserved);
	afd_pades_put(w, "\n>>\nendobj\n");
}

int afd_pades_write_signature(const struct afd_pdf *p, const struct afd_pades_choice *c, struct afd_buf *ret,
			      struct afd_pades_layout *l, struct afd_error *err)
{
	static const struct afd_pades_dss none;
	struct afd_pades_writer w;
	struct numbers n = { .catalog = afd_pdf_root(p) };

	if (afd_pades_begin(&w, p, 1, ret, l, err) < 0 || afd_pdf_first_page(p, &n.page, err) < 0)
		return -1;
	n.widget = w.next++;
	n.appearance = w.next++;
	n.signature = w.next++;
	n.form = w.next++;
	n.dss = c->n_add ? w.next++ : 0;
	if (put_catalog(&w, &n, err) < 0 || put_page(&w, &n, err) < 0 || put_shown(&w, &n, &c->box, err) < 0)
		return -1;
	put_signature(&w, &n, c);
	afd_pades_object(&w, n.form, "form");                /* /SigFlags 3: signatures exist, append only (12.7.2) */
	afd_pades_put(&w, "<< /Fields [ %lld 0 R ] /SigFlags 3 >>\nendobj\n", (long long)n.widget);
	if (n.dss)
		afd_pades_put_dss(&w, n.dss, &none, c);
	return afd_pades_end(&w, err);
}

/* --- a document time-stamp --- */

static int put_form(struct afd_pades_writer *w, const struct afd_pdf_node *catalog, int64_t field, struct afd_error *err)
{
	AFD_AUTO(pdf_arena) struct afd_pdf_arena a = { 0 };
	const struct afd_pdf_node *ref = afd_pdf_get(catalog, "AcroForm"), *form = NULL, *fields;

	if (!ref || ref->type != AFD_PDF_REF)
		return afd_fail(err, AFD_E_VERIFY, "PDF: the catalog names no form: it is not signed by this program");
	if (read_dict(w->pdf, w->n_revs, ref->i, "the form", &a, &form, err) < 0)
		return -1;
	fields = afd_pdf_get(form, "Fields");
	if (!fields || fields->type != AFD_PDF_ARRAY)
		return afd_fail(err, AFD_E_VERIFY, "PDF: the form has no fields");
	afd_pades_object(w, ref->i, "form");
	afd_pades_put(w, "<< /Fields [");
	for (const struct afd_pdf_node *k = fields->first; k; k = k->next) {
		afd_pades_put(w, " ");
		afd_pades_put_slice(w, k->raw);
	}
	afd_pades_put(w, " %lld 0 R ] /SigFlags 3 >>\nendobj\n", (long long)field);
	return 0;
}

/* No appearance: without extent none is asked for (ISO 19005-3, 6.3.3), and difference analyses take a new one for a
 * change that P 1 forbids. */
static void put_stamp_field(struct afd_pades_writer *w, int64_t field, int64_t page, int64_t stamp)
{
	afd_pades_object(w, field, "time-stamp field");
	afd_pades_put(w, "<<\n/Type /Annot\n/Subtype /Widget\n/FT /Sig\n/T (Time-stamp %u)\n/V %lld 0 R\n/P %lld 0 R\n"
		      "/Rect [ 0 0 0 0 ]\n/F 132\n>>\nendobj\n", w->n_revs - 1, (long long)stamp, (long long)page);
}

/* The number of the validation data's dictionary: as it is, or new, and then the catalog names it from here on. */
static int64_t put_dss_in_catalog(struct afd_pades_writer *w, const struct afd_pdf_node *catalog, const struct afd_pades_dss *old,
				  const struct afd_pades_choice *c)
{
	int64_t dss = old->num || !c->n_add ? old->num : w->next++;

	if (dss && !old->num) {
		afd_pades_object(w, afd_pdf_root(w->pdf), "catalog");
		afd_pades_put_slice(w, open_dict(catalog));
		afd_pades_put(w, "/DSS %lld 0 R\n>>\nendobj\n", (long long)dss);
	}
	return dss;
}

int afd_pades_write_stamp(const struct afd_pdf *p, unsigned n_revs, const struct afd_pades_choice *c, struct afd_buf *ret,
			  struct afd_pades_layout *l, struct afd_error *err)
{
	AFD_AUTO(pdf_arena) struct afd_pdf_arena a = { 0 };
	AFD_AUTO(mem) struct afd_pades_dss *old = calloc(1, sizeof(*old));
	const struct afd_pdf_node *catalog = NULL;
	struct afd_pades_writer w;
	int64_t page, field, stamp, dss;

	if (!old)
		return afd_fail_memory(err);
	if (afd_pades_begin(&w, p, n_revs, ret, l, err) < 0 || read_catalog(p, n_revs, &a, &catalog, err) < 0 ||
	    afd_pades_dss_read(p, n_revs, old, err) < 0 || afd_pdf_first_page(p, &page, err) < 0)
		return -1;
	field = w.next++;
	stamp = w.next++;
	dss = put_dss_in_catalog(&w, catalog, old, c);
	if (put_form(&w, catalog, field, err) < 0)
		return -1;
	if (c->n_add)
		afd_pades_put_dss(&w, dss, old, c);
	put_stamp_field(&w, field, page, stamp);
	afd_pades_object(&w, stamp, "time-stamp dictionary");
	afd_pades_put(&w, "<<\n/Type /DocTimeStamp\n/Filter /Adobe.PPKLite\n/SubFilter /ETSI.RFC3161\n");
	afd_pades_put_gap(&w, c->reserved);
	afd_pades_put(&w, "\n>>\nendobj\n");
	return afd_pades_end(&w, err);
}

/* --- validation data alone --- */

int afd_pades_write_data(const struct afd_pdf *p, unsigned n_revs, const struct afd_pades_choice *c, struct afd_buf *ret,
			 struct afd_pades_layout *l, struct afd_error *err)
{
	AFD_AUTO(pdf_arena) struct afd_pdf_arena a = { 0 };
	AFD_AUTO(mem) struct afd_pades_dss *old = calloc(1, sizeof(*old));
	const struct afd_pdf_node *catalog = NULL;
	struct afd_pades_writer w;

	if (!old)
		return afd_fail_memory(err);
	if (afd_pades_begin(&w, p, n_revs, ret, l, err) < 0 || read_catalog(p, n_revs, &a, &catalog, err) < 0 ||
	    afd_pades_dss_read(p, n_revs, old, err) < 0)
		return -1;
	afd_pades_put_dss(&w, put_dss_in_catalog(&w, catalog, old, c), old, c);
	return afd_pades_end(&w, err);
}
