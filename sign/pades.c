/* Signing a PDF file: the update with a reserved hex string, CMS over everything around it, then the string. */
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

int afd_pades_sign(const struct afd_signer *s, struct afd_slice pdf, const struct afd_pades_options *o, struct afd_buf *ret,
		   struct afd_error *err)
{
	AFD_AUTO(pdf) struct afd_pdf *p = NULL;
	AFD_AUTO(buf) struct afd_buf out = { 0 }, date = { 0 }, why = { 0 }, cms = { 0 };
	struct afd_pades_layout l;
	struct afd_slice content[2];
	static const char digits[] = "0123456789abcdef";

	if (afd_pdf_open(pdf, &p, err) < 0)
		return afd_within(err, "signing");
	if (p->n_revs != 1)
		return afd_fail(err, AFD_E_USAGE, "signing: the PDF is signed already");
	if (date_string(o->now_ms, &date) < 0)
		return afd_fail_memory(err);
	if (reason_string(o->reason, &why, err) < 0)
		return -1;
	if (afd_buf_reserve(&out, pdf.len + 4 * AFD_PADES_RESERVED) < 0 || afd_buf_add_slice(&out, pdf) < 0)
		return afd_fail_memory(err);
	if (afd_pades_update(p, afd_buf_slice(&date), afd_buf_slice(&why), &out, &l, err) < 0)
		return afd_within(err, "signing");
	if (out.len > AFD_MAX_PDF)
		return afd_fail(err, AFD_E_LIMIT, "signing: the PDF would be larger than %u bytes", AFD_MAX_PDF);

	content[0] = afd_slice(out.data, l.gap);
	content[1] = afd_slice(out.data + l.gap + AFD_PADES_GAP, out.len - l.gap - AFD_PADES_GAP);
	if (afd_cms_sign(s, content, 2, true, o->now_ms, o->stamper, &cms, err) < 0)
		return -1;
	if (cms.len > AFD_PADES_RESERVED)
		return afd_fail(
			err, AFD_E_LIMIT,
			"signing: the signature has %zu bytes, more than the %u reserved: give a shorter chain",
			cms.len, AFD_PADES_RESERVED);
	for (size_t i = 0; i < cms.len; i++) {
		out.data[l.gap + 1 + 2 * i] = (uint8_t)digits[cms.data[i] >> 4];
		out.data[l.gap + 2 + 2 * i] = (uint8_t)digits[cms.data[i] & 15];
	}
	if (afd_buf_add_slice(ret, afd_buf_slice(&out)) < 0)
		return afd_fail_memory(err);
	return 0;
}
