/* From the form to the signature or time-stamp of one revision, and what it covers: nothing is searched for, everything
 * is reached. */
#include "core/der.h"
#include "sign/pades_apart.h"

static int refuse(struct afd_error *err, const char *why)
{
	return afd_fail(err, AFD_E_VERIFY, "%s", why);
}

/* What cannot be read is no data: taking it apart says why. */
bool afd_pades_is_data(const struct afd_pdf *p, unsigned rev)
{
	AFD_AUTO(pdf_arena) struct afd_pdf_arena a = { 0 };
	const struct afd_pdf_node *form;
	struct afd_pdf_object o;

	if (rev < 2 || afd_pdf_object(p, rev + 1, afd_pdf_root(p), &a, &o, NULL) < 0)
		return false;
	form = afd_pdf_get(o.value, "AcroForm");
	if (!form || form->type != AFD_PDF_REF || afd_pdf_object(p, rev + 1, form->i, &a, &o, NULL) < 0)
		return false;
	return afd_pdf_offset(p, o.value->raw) < p->rev[rev].start;
}

/* The signature's, and one for each time-stamp so far. */
static unsigned fields_until(const struct afd_pdf *p, unsigned rev)
{
	unsigned n = 0;

	for (unsigned i = 1; i <= rev; i++)
		n += !afd_pades_is_data(p, i);
	return n;
}

/* Catalog, /AcroForm, /Fields: as many fields as signed and time-stamped revisions, and the last one's /V is the dictionary. */
static int find_dict(const struct afd_pdf *p, struct afd_pades_rev *r, struct afd_pdf_arena *a, struct afd_error *err)
{
	const struct afd_pdf_node *form = NULL, *fields = NULL, *field = NULL, *v, *last = NULL;
	unsigned n = r->rev + 1, n_fields = fields_until(p, r->rev);
	struct afd_pdf_object o;

	if (afd_pdf_object(p, n, afd_pdf_root(p), a, &o, err) < 0)
		return afd_within(err, "catalog");
	v = afd_pdf_get(o.value, "AcroForm");
	if (afd_pdf_resolve(p, n, v, AFD_PDF_DICT, "/AcroForm of the catalog", a, &form, err) < 0)
		return -1;
	v = afd_pdf_get(form, "Fields");
	if (afd_pdf_resolve(p, n, v, AFD_PDF_ARRAY, "/Fields of the form", a, &fields, err) < 0)
		return -1;
	if (fields->n != n_fields)
		return r->rev == 1 ? afd_fail(err, AFD_E_VERIFY, "expected exactly one form field, the signature; got %zu",
					      fields->n)
				   : afd_fail(err, AFD_E_VERIFY, "expected %u form fields, the signature and a time-stamp for "
					      "each revision behind it; got %zu", n_fields, fields->n);
	for (const struct afd_pdf_node *k = fields->first; k; k = k->next)
		last = k;
	if (afd_pdf_resolve(p, n, last, AFD_PDF_DICT, "the form field", a, &field, err) < 0)
		return -1;
	v = afd_pdf_get(field, "V");
	if (!afd_pdf_is_name(afd_pdf_get(field, "FT"), "Sig") || !v || v->type != AFD_PDF_REF)
		return afd_fail(err, AFD_E_VERIFY, "the form field is not a %s", r->what);
	if (afd_pdf_object(p, n, v->i, a, &o, err) < 0)
		return -1;
	if (o.value->type != AFD_PDF_DICT || o.is_stream)
		return afd_fail(err, AFD_E_VERIFY, "the form field's value is not a %s dictionary", r->what);
	r->dict = o.value;
	return 0;
}

static int check_type(const struct afd_pades_rev *r, const char *type, const char *sub_filter, struct afd_error *err)
{
	if (!afd_pdf_is_name(afd_pdf_get(r->dict, "Type"), type))
		return afd_fail(err, AFD_E_VERIFY, "the form field's value is not a %s dictionary", r->what);
	if (!afd_pdf_is_name(afd_pdf_get(r->dict, "SubFilter"), sub_filter))
		return afd_fail(err, AFD_E_VERIFY, "the %s is not PAdES: expected /SubFilter /%s", r->what, sub_filter);
	return 0;
}

/* [ 0 a b c ]: the gap from a to b is just the hex string of /Contents, and b + c is the end of the revision. */
static int check_byte_range(const struct afd_pdf *p, struct afd_pades_rev *r, struct afd_slice *ret_contents,
			    struct afd_error *err)
{
	const struct afd_pdf_node *range = afd_pdf_get(r->dict, "ByteRange"), *contents = afd_pdf_get(r->dict, "Contents");
	const struct afd_pdf_node *k;
	int64_t v[4] = { 0 };
	size_t gap, gap_end, n = 0;

	if (!range || range->type != AFD_PDF_ARRAY)
		return afd_fail(err, AFD_E_VERIFY, "the %s has no /ByteRange: it does not say what it signs", r->what);
	if (!contents || contents->type != AFD_PDF_STRING || !contents->hex)
		return afd_fail(err, AFD_E_VERIFY, "the %s has no /Contents in hex", r->what);
	for (k = range->first; k && n < 4 && k->type == AFD_PDF_INT; k = k->next)
		v[n++] = k->i;
	if (range->n != 4 || n != 4)
		return refuse(err, "/ByteRange is not four numbers");
	gap = afd_pdf_offset(p, contents->raw);
	gap_end = gap + contents->raw.len;
	if (v[0] != 0)
		return refuse(err, "/ByteRange does not begin at the start of the file");
	if (v[1] < 0 || (uint64_t)v[1] != gap || v[2] < 0 || (uint64_t)v[2] != gap_end)
		return afd_fail(err, AFD_E_VERIFY, "/ByteRange leaves out something else than the %s's own hex string",
				r->what);
	if (v[3] < 0 || gap_end > r->end || (uint64_t)v[3] != r->end - gap_end)
		return refuse(err, r->end == p->bytes.len ? "/ByteRange does not reach to the end of the file"
							  : "/ByteRange does not reach to the end of its revision");
	/* The hex string alone is not signed, so there is one way to write it: in lower case, as pades.c does. */
	for (size_t i = gap + 1; i < gap_end - 1; i++)
		if (p->bytes.data[i] >= 'A' && p->bytes.data[i] <= 'F')
			return afd_fail(err, AFD_E_VERIFY, "/Contents of the %s is not written in lower case", r->what);
	r->content[0] = afd_slice_sub(p->bytes, 0, gap);
	r->content[1] = afd_slice_sub(p->bytes, gap_end, r->end - gap_end);
	r->reserved = contents->text.len;
	*ret_contents = contents->text;
	return 0;
}

/* One DER object, then zeros. */
static int cut_der(struct afd_pades_rev *s, struct afd_slice contents, struct afd_error *err)
{
	struct afd_reader r = afd_reader(contents);
	struct afd_der whole;

	if (!afd_der_expect(&r, 0x30, &whole))
		return afd_fail(err, AFD_E_VERIFY, "/Contents of the %s is not DER", s->what);
	while (afd_reader_left(&r) > 0)
		if (afd_read_u8(&r) != 0)
			return afd_fail(err, AFD_E_VERIFY, "/Contents of the %s holds more than one DER object and zeros",
					s->what);
	s->der = whole.whole;
	return 0;
}

int afd_pades_take_apart(const struct afd_pdf *p, unsigned rev, struct afd_pdf_arena *a, struct afd_pades_rev *r, struct afd_error *err)
{
	bool first = rev == 1;
	struct afd_slice contents = { 0 };

	*r = (struct afd_pades_rev){ .rev = rev };
	r->what = first ? "signature" : "time-stamp";
	r->kind = first ? "signed" : "time-stamped";
	r->end = p->rev[r->rev].end;
	if (find_dict(p, r, a, err) < 0 ||
	    check_type(r, first ? "Sig" : "DocTimeStamp", first ? "ETSI.CAdES.detached" : "ETSI.RFC3161", err) < 0 ||
	    check_byte_range(p, r, &contents, err) < 0)
		return -1;
	return cut_der(r, contents, err);
}
