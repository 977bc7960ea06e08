/* Verifies a signed PDF file: one signature, over everything up to the end of its revision, then nothing but document
 * time-stamps and validation data, and nothing in a revision that this program does not write there. */
#include "core/when.h"
#include "sign/chain.h"
#include "sign/pades_apart.h"
#include "sign/pades_update.h"
#include "sign/signer.h"

static int refuse(struct afd_error *err, const char *why)
{
	return afd_fail(err, AFD_E_VERIFY, "%s", why);
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

/* Room for the CMS: the smallest of the sizes that pades.c tries. */
static int check_reserved(const struct afd_pades_rev *r, struct afd_error *err)
{
	size_t n = AFD_PADES_RESERVED;

	while (n < r->der.len)
		n *= 2;
	return r->reserved == n ? 0 : afd_fail(err, AFD_E_VERIFY, "/Contents of the %s has another length than this program gives it",
					       r->what);
}

/* The validation data that revision REV brought: what stands in /DSS now and did not before. */
static int read_data(const struct afd_pdf *p, unsigned rev, struct afd_pades_choice *c, struct afd_error *err)
{
	AFD_AUTO(mem) struct afd_pades_dss *dss = calloc(2, sizeof(*dss));
	struct afd_pades_dss *now;

	if (!dss)
		return afd_fail_memory(err);
	now = dss + 1;
	if (afd_pades_dss_read(p, rev, dss, err) < 0 || afd_pades_dss_read(p, rev + 1, now, err) < 0)
		return -1;
	for (int k = 0; k < AFD_PADES_KINDS; k++)
		for (size_t i = dss->n[k]; i < now->n[k]; i++) {
			if (c->n_add == AFD_PADES_MAX_NEW)
				return afd_fail(err, AFD_E_LIMIT, "PDF: more than %u pieces of validation data in one revision",
						AFD_PADES_MAX_NEW);
			if (afd_pades_data_check((enum afd_pades_kind)k, now->at[k][i].der, err) < 0)
				return -1;
			c->add[c->n_add].kind = (enum afd_pades_kind)k;
			c->add[c->n_add++].der = now->at[k][i].der;
		}
	return 0;
}

static int read_choice(const struct afd_pdf *p, const struct afd_pades_rev *r, struct afd_pades_choice *c, struct afd_error *err)
{
	c->reserved = r->reserved;
	return read_data(p, r->rev, c, err) < 0 ? -1 : check_reserved(r, err);
}

/* The revision as we write it must be the one in the file, but for the hex string. */
static int compare(const struct afd_pdf *p, const struct afd_pades_rev *r, const struct afd_buf *again,
		   const struct afd_pades_layout *l, struct afd_error *err)
{
	size_t base = p->rev[r->rev].start, part = 0;
	const char *kind = r->kind;

	if (r->end - base != again->len)
		return afd_fail(err, AFD_E_VERIFY, "the %s revision is longer or shorter than a %s makes it", kind, r->what);
	for (size_t i = base; i < r->end; i++) {
		if (i > l->gap && i < l->gap_end - 1)
			continue;
		while (part + 1 < l->n_parts && i >= l->part[part + 1].at)
			part++;
		if (p->bytes.data[i] != again->data[i - base])
			return afd_fail(err, AFD_E_VERIFY, "the %s revision changes more than a %s does: %s, byte %zu", kind,
					r->what, l->part[part].name, i);
	}
	return 0;
}

static int compare_signature(const struct afd_pdf *p, const struct afd_pades_rev *r, const struct afd_signature_report *by,
			     struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf again = { 0 };
	const struct afd_pdf_node *reason = afd_pdf_get(r->dict, "Reason");
	struct afd_pades_choice c = { .box = { .subject = by->subject, .certificate = by->certificate } };
	struct afd_pades_layout l;

	if (reason && reason->type != AFD_PDF_STRING)
		return refuse(err, "/Reason of the signature is not a text");
	c.date = afd_pdf_get(r->dict, "M")->raw;
	c.reason = reason ? reason->raw : afd_slice(NULL, 0);
	if (afd_pades_is_visible(p, &c.box.visible, err) < 0 || read_choice(p, r, &c, err) < 0 ||
	    afd_pades_write_signature(p, &c, &again, &l, err) < 0)
		return -1;
	return compare(p, r, &again, &l, err);
}

static int compare_stamp(const struct afd_pdf *p, const struct afd_pades_rev *r, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf again = { 0 };
	struct afd_pades_choice c = { 0 };
	struct afd_pades_layout l;

	if (read_choice(p, r, &c, err) < 0 || afd_pades_write_stamp(p, r->rev, &c, &again, &l, err) < 0)
		return -1;
	return compare(p, r, &again, &l, err);
}

/* No time-stamp, so nothing to believe: certificates, lists and answers are signed by those who issued them. */
static int compare_data(const struct afd_pdf *p, unsigned rev, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf again = { 0 };
	const struct afd_pades_rev r = { .rev = rev, .end = p->rev[rev].end, .what = "set of validation data", .kind = "added" };
	struct afd_pades_choice c = { 0 };
	struct afd_pades_layout l;

	if (read_data(p, rev, &c, err) < 0)
		return -1;
	if (!c.n_add)
		return refuse(err, "the added revision brings neither a time-stamp nor validation data");
	if (afd_pades_write_data(p, rev, &c, &again, &l, err) < 0)
		return -1;
	return compare(p, &r, &again, &l, err);
}

/* --- the whole --- */

struct verifying {
	const struct afd_pdf *pdf;
	const struct afd_trust *trust;
	struct afd_pades_dss *dss;           /* as the file ends */
	struct afd_validation validation;    /* what it holds; the slices are in LIST */
	struct afd_slice list[AFD_PADES_KINDS][AFD_PADES_MAX_DATA];
};

static void verifying_release(struct verifying **v)
{
	if (*v)
		free((*v)->dss);
	free(*v);
}

static int gather(struct verifying *v, struct afd_error *err)
{
	v->dss = calloc(1, sizeof(*v->dss));
	if (!v->dss)
		return afd_fail_memory(err);
	if (afd_pades_dss_read(v->pdf, v->pdf->n_revs, v->dss, err) < 0)
		return -1;
	for (int k = 0; k < AFD_PADES_KINDS; k++)
		for (size_t i = 0; i < v->dss->n[k]; i++)
			v->list[k][i] = v->dss->at[k][i].der;
	v->validation = (struct afd_validation){
		.cert = v->list[AFD_PADES_CERT], .n_cert = v->dss->n[AFD_PADES_CERT],
		.crl = v->list[AFD_PADES_CRL], .n_crl = v->dss->n[AFD_PADES_CRL],
		.ocsp = v->list[AFD_PADES_OCSP], .n_ocsp = v->dss->n[AFD_PADES_OCSP]
	};
	return 0;
}

/* One revision behind the signature. *DOUBT: no root was given for its authority; owned. */
static int verify_stamp(const struct verifying *v, unsigned rev, struct afd_stamp *ret, char **doubt, struct afd_error *err)
{
	AFD_AUTO(pdf_arena) struct afd_pdf_arena a = { 0 };
	struct afd_pades_rev r;
	struct afd_digest imprint;

	if (afd_pades_take_apart(v->pdf, rev, &a, &r, err) < 0 || compare_stamp(v->pdf, &r, err) < 0)
		return -1;
	afd_sha256_parts(r.content, 2, &imprint);
	return afd_stamp_check(r.der, &imprint, v->trust, &v->validation, ret, doubt, err);
}

/* Times must not run backwards: what is stamped later was stamped over what is there. */
static int verify_stamps(const struct verifying *v, int64_t *first_ms, struct afd_signature_report *report, struct afd_error *err)
{
	for (unsigned rev = 2; rev < v->pdf->n_revs; rev++) {
		AFD_AUTO(stamp) struct afd_stamp s = { 0 };
		AFD_AUTO(mem) char *doubt = NULL;

		if (afd_pades_is_data(v->pdf, rev)) {
			if (compare_data(v->pdf, rev, err) < 0)
				return afd_within(err, "revision %u", rev + 1);
			continue;
		}
		if (verify_stamp(v, rev, &s, &doubt, err) < 0)
			return afd_within(err, "revision %u", rev + 1);
		report->extensions++;
		report->test = report->test || s.test;
		if (doubt)
			continue;
		if (report->extended_ms != AFD_TIME_NONE && s.time_ms < report->extended_ms)
			return afd_fail(err, AFD_E_VERIFY, "revision %u: its time-stamp is older than the one before", rev + 1);
		if (*first_ms == AFD_TIME_NONE)
			*first_ms = s.time_ms;
		report->extended_ms = s.time_ms;
	}
	return 0;
}

static int verify_signature(const struct verifying *v, int64_t existed_ms, struct afd_signature_report *ret, struct afd_error *err)
{
	AFD_AUTO(pdf_arena) struct afd_pdf_arena a = { 0 };
	AFD_AUTO(signature_report) struct afd_signature_report by = { 0 };
	struct afd_pades_rev r;
	int64_t claimed_ms;

	if (afd_pades_take_apart(v->pdf, 1, &a, &r, err) < 0 || parse_date(afd_pdf_get(r.dict, "M"), &claimed_ms, err) < 0 ||
	    afd_cms_verify_with(r.der, r.content, 2, v->trust, true, &v->validation, existed_ms, claimed_ms, &by, err) < 0 ||
	    compare_signature(v->pdf, &r, &by, err) < 0)
		return -1;
	*ret = by;
	by = (struct afd_signature_report){ 0 };
	return 0;
}

int afd_pades_verify(struct afd_slice pdf, const struct afd_trust *t, size_t *ret_unsigned_len,
		     struct afd_signature_report *ret, struct afd_error *err)
{
	AFD_AUTO(pdf) struct afd_pdf *p = NULL;
	__attribute__((cleanup(verifying_release))) struct verifying *v = calloc(1, sizeof(*v));
	struct afd_signature_report stamps = { .extended_ms = AFD_TIME_NONE };
	int64_t existed_ms = AFD_TIME_NONE;

	if (!v)
		return afd_fail_memory(err);
	if (afd_pdf_open(pdf, &p, err) < 0)
		return -1;
	if (p->n_revs < 2)
		return refuse(err, "the PDF is not signed");
	v->pdf = p;
	v->trust = t;
	if (gather(v, err) < 0 || verify_stamps(v, &existed_ms, &stamps, err) < 0 || verify_signature(v, existed_ms, ret, err) < 0)
		return -1;
	ret->extensions = stamps.extensions;
	ret->extended_ms = stamps.extended_ms;
	ret->test = ret->test || stamps.test;
	*ret_unsigned_len = p->rev[0].end;
	return 0;
}

int afd_pades_signed_len(struct afd_slice pdf, size_t *ret, struct afd_error *err)
{
	AFD_AUTO(pdf) struct afd_pdf *p = NULL;

	if (afd_pdf_open(pdf, &p, err) < 0)
		return -1;
	if (p->n_revs < 2)
		return refuse(err, "the PDF is not signed");
	*ret = p->rev[1].end;
	return 0;
}
