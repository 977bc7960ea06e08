/* Verifies a signed PDF file: one signature, over everything, and nothing appended that we do not append. */
#include "core/der.h"
#include "core/when.h"
#include "sign/pades_update.h"
#include "sign/signer.h"

static int refuse(struct afd_error *err, const char *why)
{
	return afd_fail(err, AFD_E_VERIFY, "%s", why);
}

/* Catalog, /AcroForm, /Fields: one field, and its /V is the signature dictionary. */
static int find_signature(const struct afd_pdf *p, struct afd_pdf_arena *a, const struct afd_pdf_node **ret,
			  struct afd_error *err)
{
	const struct afd_pdf_node *form = NULL, *fields = NULL, *field = NULL, *v;
	struct afd_pdf_object o;

	if (afd_pdf_object(p, 2, afd_pdf_root(p), a, &o, err) < 0)
		return afd_within(err, "catalog");
	v = afd_pdf_get(o.value, "AcroForm");
	if (afd_pdf_resolve(p, 2, v, AFD_PDF_DICT, "/AcroForm of the catalog", a, &form, err) < 0)
		return -1;
	v = afd_pdf_get(form, "Fields");
	if (afd_pdf_resolve(p, 2, v, AFD_PDF_ARRAY, "/Fields of the form", a, &fields, err) < 0)
		return -1;
	if (fields->n != 1)
		return afd_fail(err, AFD_E_VERIFY, "expected exactly one form field, the signature; got %zu",
				fields->n);
	if (afd_pdf_resolve(p, 2, fields->first, AFD_PDF_DICT, "the form field", a, &field, err) < 0)
		return -1;
	v = afd_pdf_get(field, "V");
	if (!afd_pdf_is_name(afd_pdf_get(field, "FT"), "Sig") || !v || v->type != AFD_PDF_REF)
		return refuse(err, "the form field is not a signature");
	if (afd_pdf_object(p, 2, v->i, a, &o, err) < 0)
		return -1;
	if (o.value->type != AFD_PDF_DICT || o.is_stream || !afd_pdf_is_name(afd_pdf_get(o.value, "Type"), "Sig"))
		return refuse(err, "the form field's value is not a signature dictionary");
	if (!afd_pdf_is_name(afd_pdf_get(o.value, "SubFilter"), "ETSI.CAdES.detached"))
		return refuse(err, "the signature is not PAdES: expected /SubFilter /ETSI.CAdES.detached");
	*ret = o.value;
	return 0;
}

/* [ 0 a b c ]: the gap from a to b is just the hex string of /Contents, and b + c is the end of the file. */
static int check_byte_range(const struct afd_pdf *p, const struct afd_pdf_node *sig, struct afd_slice content[2],
			    struct afd_slice *ret_cms, struct afd_error *err)
{
	const struct afd_pdf_node *range = afd_pdf_get(sig, "ByteRange"), *contents = afd_pdf_get(sig, "Contents"), *k;
	int64_t v[4] = { 0 };
	size_t gap, gap_end, n = 0;

	if (!range || range->type != AFD_PDF_ARRAY)
		return refuse(err, "the signature has no /ByteRange: it does not say what it signs");
	if (!contents || contents->type != AFD_PDF_STRING || !contents->hex)
		return refuse(err, "the signature has no /Contents in hex");
	for (k = range->first; k && n < 4 && k->type == AFD_PDF_INT; k = k->next)
		v[n++] = k->i;
	if (range->n != 4 || n != 4)
		return refuse(err, "/ByteRange is not four numbers");
	gap = afd_pdf_offset(p, contents->raw);
	gap_end = gap + contents->raw.len;
	if (v[0] != 0)
		return refuse(err, "/ByteRange does not begin at the start of the file");
	if (v[1] < 0 || (uint64_t)v[1] != gap || v[2] < 0 || (uint64_t)v[2] != gap_end)
		return refuse(err, "/ByteRange leaves out something else than the signature's own hex string");
	if (v[3] < 0 || (uint64_t)v[3] != p->bytes.len - gap_end)
		return refuse(err, "/ByteRange does not reach to the end of the file");
	/* The hex string alone is not signed, so there is one way to write it: in lower case, as pades.c does. */
	for (size_t i = gap + 1; i < gap_end - 1; i++)
		if (p->bytes.data[i] >= 'A' && p->bytes.data[i] <= 'F')
			return refuse(err, "/Contents of the signature is not written in lower case");
	content[0] = afd_slice_sub(p->bytes, 0, gap);
	content[1] = afd_slice_sub(p->bytes, gap_end, p->bytes.len - gap_end);
	*ret_cms = contents->text;
	return 0;
}

/* One DER object, then zeros. */
static int cut_cms(struct afd_slice contents, struct afd_slice *ret, struct afd_error *err)
{
	struct afd_reader r = afd_reader(contents);
	struct afd_der whole;

	if (!afd_der_expect(&r, 0x30, &whole))
		return refuse(err, "/Contents of the signature is not DER");
	while (afd_reader_left(&r) > 0)
		if (afd_read_u8(&r) != 0)
			return refuse(err, "/Contents of the signature holds more than one DER object and zeros");
	*ret = whole.whole;
	return 0;
}

/* "D:20260819214703Z" and no other form, so that there is one way to write it. */
static int parse_date(const struct afd_pdf_node *m, int64_t *ret, struct afd_error *err)
{
	static const struct {
		size_t at, n;
	} fields[6] = { { 2, 4 }, { 6, 2 }, { 8, 2 }, { 10, 2 }, { 12, 2 }, { 14, 2 } };
	int v[6] = { 0 };

	if (!m || m->type != AFD_PDF_STRING || m->hex || m->text.len != 17 || memcmp(m->text.data, "D:", 2) != 0 ||
	    m->text.data[16] != 'Z')
		return refuse(err, "/M of the signature is not a time in UTC");
	for (size_t i = 0; i < AFD_COUNT(fields); i++)
		for (size_t j = 0; j < fields[i].n; j++) {
			uint8_t c = m->text.data[fields[i].at + j];

			if (c < '0' || c > '9')
				return refuse(err, "/M of the signature is not a time in UTC");
			v[i] = v[i] * 10 + c - '0';
		}
	if (afd_when_civil(v[0], v[1], v[2], v[3], v[4], v[5], 0, ret) < 0)
		return refuse(err, "/M of the signature is not a time in UTC");
	return 0;
}

/* The update written again from the unsigned revision must be the one in the file, but for the hex string. */
static int compare_update(const struct afd_pdf *p, const struct afd_pdf_node *sig, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf again = { 0 };
	const struct afd_pdf_node *reason = afd_pdf_get(sig, "Reason");
	size_t base = p->rev[0].end, n = p->bytes.len;
	struct afd_pades_layout l;
	struct afd_slice date;
	unsigned part = 0;

	if (reason && reason->type != AFD_PDF_STRING)
		return refuse(err, "/Reason of the signature is not a text");
	if (afd_buf_add(&again, p->bytes.data, base) < 0)
		return afd_fail_memory(err);
	date = afd_pdf_get(sig, "M")->raw;
	if (afd_pades_update(p, date, reason ? reason->raw : afd_slice(NULL, 0), &again, &l, err) < 0)
		return -1;
	if (n != again.len)
		return refuse(err, "the signed revision is longer or shorter than a signature makes it");
	for (size_t i = base; i < n; i++) {
		if (i > l.gap && i < l.gap + AFD_PADES_GAP - 1)
			continue;
		while (part + 1 < AFD_PADES_PARTS && i >= l.part[part + 1])
			part++;
		if (p->bytes.data[i] != again.data[i])
			return afd_fail(err, AFD_E_VERIFY,
					"the signed revision changes more than a signature does: %s, byte %zu",
					afd_pades_part_names[part], i);
	}
	return 0;
}

int afd_pades_verify(struct afd_slice pdf, const struct afd_trust *t, size_t *ret_unsigned_len,
		     struct afd_signature_report *ret, struct afd_error *err)
{
	AFD_AUTO(pdf) struct afd_pdf *p = NULL;
	AFD_AUTO(pdf_arena) struct afd_pdf_arena a = { 0 };
	struct afd_signature_report report = { 0 };
	const struct afd_pdf_node *sig = NULL;
	struct afd_slice content[2], contents = { 0 }, cms = { 0 };
	int64_t claimed_ms;

	if (afd_pdf_open(pdf, &p, err) < 0)
		return -1;
	if (p->n_revs != 2)
		return refuse(err, "the PDF is not signed");
	if (find_signature(p, &a, &sig, err) < 0 || check_byte_range(p, sig, content, &contents, err) < 0 ||
	    cut_cms(contents, &cms, err) < 0 || parse_date(afd_pdf_get(sig, "M"), &claimed_ms, err) < 0 ||
	    compare_update(p, sig, err) < 0 || afd_cms_verify(cms, content, 2, t, true, &report, err) < 0)
		return -1;
	report.claimed_ms = claimed_ms;
	*ret_unsigned_len = p->rev[0].end;
	*ret = report;
	return 0;
}
