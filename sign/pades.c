/* Signing a PDF file: the update with a reserved hex string, CMS over everything around it, then the string. Extending
 * it: the same with a time-stamp token, or validation data alone. */
#include "core/digest.h"
#include "core/limits.h"
#include "core/when.h"
#include "sign/pades_update.h"
#include "sign/signer.h"

#define MAX_REASON 200u

static int date_string(int64_t ms, struct afd_buf *ret)
{
	int y, mon, d, h, min, s, milli;

	afd_when_split(ms, &y, &mon, &d, &h, &min, &s, &milli);
	return afd_buf_printf(ret, "(D:%04d%02d%02d%02d%02d%02dZ)", y, mon, d, h, min, s);
}

/* Printable ASCII alone: the reason is a fixed sentence of the program's. */
static int reason_string(const char *reason, struct afd_buf *ret, struct afd_error *err)
{
	if (!reason || !*reason)
		return 0;
	if (strlen(reason) > MAX_REASON)
		return afd_fail(err, AFD_E_USAGE, "reason of the signature: at most %u characters", MAX_REASON);
	if (afd_buf_text(ret, "(") < 0)
		return afd_fail_memory(err);
	for (const char *c = reason; *c; c++) {
		if (*c < ' ' || *c > '~')
			return afd_fail(err, AFD_E_USAGE, "reason of the signature: printable ASCII only");
		if ((strchr("()\\", *c) && afd_buf_text(ret, "\\") < 0) || afd_buf_add(ret, c, 1) < 0)
			return afd_fail_memory(err);
	}
	return afd_buf_text(ret, ")") < 0 ? afd_fail_memory(err) : 0;
}

/* Every piece is what it is said to be, and stands there once. OLD: what the file has already; NULL. */
static int take_data(const struct afd_validation *v, const struct afd_pades_dss *old, struct afd_pades_choice *c,
		     struct afd_error *err)
{
	const struct { const struct afd_slice *der; size_t n; } all[AFD_PADES_KINDS] = {
		{ v->cert, v->n_cert }, { v->crl, v->n_crl }, { v->ocsp, v->n_ocsp }
	};

	for (int k = 0; k < AFD_PADES_KINDS; k++)
		for (size_t i = 0; i < all[k].n; i++) {
			bool known = false;

			if (afd_pades_data_check((enum afd_pades_kind)k, all[k].der[i], err) < 0)
				return -1;
			for (size_t j = 0; old && j < old->n[k]; j++)
				known = known || afd_slice_equal(old->at[k][j].der, all[k].der[i]);
			for (size_t j = 0; j < c->n_add; j++)
				known = known || afd_slice_equal(c->add[j].der, all[k].der[i]);
			if (known)
				continue;
			if (c->n_add == AFD_PADES_MAX_NEW)
				return afd_fail(err, AFD_E_LIMIT, "validation data: more than %u pieces",
						AFD_PADES_MAX_NEW);
			c->add[c->n_add].kind = (enum afd_pades_kind)k;
			c->add[c->n_add++].der = all[k].der[i];
		}
	return 0;
}

static int fill_box(const struct afd_signer *s, const struct afd_pades_options *o, struct afd_buf *subject,
		    struct afd_pades_box *box, struct afd_error *err)
{
	int64_t until;

	box->visible = o->visible;
	if (!o->visible)
		return 0;
	if (afd_signer_describe(s, subject, &box->certificate, &until, err) < 0)
		return -1;
	box->subject = (const char *)subject->data;
	return 0;
}

/* Once more with twice the room as long as what is made does not fit. */
static bool grow(struct afd_pades_choice *c, size_t len, struct afd_buf *update, struct afd_buf *der)
{
	while (c->reserved < len && c->reserved < AFD_PADES_RESERVED_MAX)
		c->reserved *= 2;
	update->len = der->len = 0;
	return c->reserved >= len;
}

static int sign_update(const struct afd_signer *s, const struct afd_pdf *p, const struct afd_pades_options *o,
		       struct afd_pades_choice *c, struct afd_buf *update, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf cms = { 0 };
	struct afd_pades_layout l;
	struct afd_slice content[3];

	for (;;) {
		if (afd_pades_write_signature(p, c, update, &l, err) < 0)
			return -1;
		afd_pades_content(p->bytes, update, &l, content);
		if (afd_cms_sign(s, content, 3, true, o->now_ms, o->stamper, &cms, err) < 0)
			return -1;
		if (afd_pades_fill(update, p->bytes.len, &l, afd_buf_slice(&cms)))
			return 0;
		if (!grow(c, cms.len, update, &cms))
			return afd_fail(err, AFD_E_LIMIT, "the signature is larger than %u bytes", AFD_PADES_RESERVED_MAX);
	}
}

static int append(struct afd_slice pdf, const struct afd_buf *update, struct afd_buf *ret, struct afd_error *err)
{
	if (afd_buf_reserve(ret, pdf.len + update->len) < 0 || afd_buf_add_slice(ret, pdf) < 0 ||
	    afd_buf_add_slice(ret, afd_buf_slice(update)) < 0)
		return afd_fail_memory(err);
	return 0;
}

int afd_pades_sign(const struct afd_signer *s, struct afd_slice pdf, const struct afd_pades_options *o, struct afd_buf *ret,
		   struct afd_error *err)
{
	AFD_AUTO(pdf) struct afd_pdf *p = NULL;
	AFD_AUTO(buf) struct afd_buf update = { 0 }, date = { 0 }, why = { 0 }, subject = { 0 };
	struct afd_pades_choice c = { .reserved = AFD_PADES_RESERVED };

	if (afd_pdf_open(pdf, &p, err) < 0)
		return afd_within(err, "signing");
	if (p->n_revs != 1)
		return afd_fail(err, AFD_E_USAGE, "signing: the PDF is signed already");
	if (date_string(o->now_ms, &date) < 0)
		return afd_fail_memory(err);
	if (reason_string(o->reason, &why, err) < 0 || fill_box(s, o, &subject, &c.box, err) < 0 ||
	    (o->validation && take_data(o->validation, NULL, &c, err) < 0))
		return -1;
	c.date = afd_buf_slice(&date);
	c.reason = afd_buf_slice(&why);
	if (sign_update(s, p, o, &c, &update, err) < 0)
		return afd_within(err, "signing");
	return append(pdf, &update, ret, err);
}

/* Where all validation data stand in the signed revision, the first update behind it repeats the certificates: readers
 * that look for the data behind the signature alone (the EU's DSS, for LT and LTA) take the dictionary into account
 * once an update changes it. */
static int repeat_data(const struct afd_pdf *p, const struct afd_pades_dss *old, struct afd_pades_choice *c, struct afd_error *err)
{
	AFD_AUTO(mem) struct afd_pades_dss *inside = calloc(1, sizeof(*inside));
	int k = 0;

	if (!inside)
		return afd_fail_memory(err);
	if (c->n_add || !old->num)
		return 0;
	if (afd_pades_dss_read(p, 2, inside, err) < 0)
		return -1;
	for (int i = 0; i < AFD_PADES_KINDS; i++)
		if (inside->n[i] != old->n[i])
			return 0;
	while (k < AFD_PADES_KINDS - 1 && !old->n[k])
		k++;
	for (size_t i = 0; i < old->n[k] && c->n_add < AFD_PADES_MAX_NEW; i++) {
		c->add[c->n_add].kind = (enum afd_pades_kind)k;
		c->add[c->n_add++].der = old->at[k][i].der;
	}
	return 0;
}

static int extend_with_data(const struct afd_pdf *p, const struct afd_pades_choice *c, struct afd_buf *ret, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf update = { 0 };
	struct afd_pades_layout l;

	if (!c->n_add)
		return afd_fail(err, AFD_E_USAGE, "there are no validation data that the file does not have already");
	if (afd_pades_write_data(p, p->n_revs, c, &update, &l, err) < 0)
		return -1;
	return append(p->bytes, &update, ret, err);
}

int afd_pades_extend(struct afd_slice pdf, const struct afd_stamper *stamper, const struct afd_validation *validation,
		     struct afd_buf *ret, struct afd_error *err)
{
	AFD_AUTO(pdf) struct afd_pdf *p = NULL;
	AFD_AUTO(buf) struct afd_buf update = { 0 }, token = { 0 };
	AFD_AUTO(mem) struct afd_pades_dss *old = calloc(1, sizeof(*old));
	struct afd_pades_choice c = { .reserved = AFD_PADES_RESERVED };
	struct afd_pades_layout l;
	struct afd_slice content[3];
	struct afd_digest imprint;

	if (!old)
		return afd_fail_memory(err);
	if (afd_pdf_open(pdf, &p, err) < 0)
		return afd_within(err, "extending");
	if (p->n_revs < 2)
		return afd_fail(err, AFD_E_USAGE, "extending: the PDF is not signed");
	if (afd_pades_dss_read(p, p->n_revs, old, err) < 0 || (validation && take_data(validation, old, &c, err) < 0) ||
	    repeat_data(p, old, &c, err) < 0)
		return afd_within(err, "extending");
	if (!stamper)
		return extend_with_data(p, &c, ret, err) < 0 ? afd_within(err, "extending") : 0;
	for (;;) {
		if (afd_pades_write_stamp(p, p->n_revs, &c, &update, &l, err) < 0)
			return afd_within(err, "extending");
		afd_pades_content(pdf, &update, &l, content);
		afd_sha256_parts(content, 3, &imprint);
		if (stamper->stamp(stamper->ctx, &imprint, &token, err) < 0)
			return afd_within(err, "extending");
		if (afd_pades_fill(&update, pdf.len, &l, afd_buf_slice(&token)))
			return append(pdf, &update, ret, err);
		if (!grow(&c, token.len, &update, &token))
			return afd_fail(err, AFD_E_LIMIT, "extending: the time-stamp is larger than %u bytes",
					AFD_PADES_RESERVED_MAX);
	}
}
