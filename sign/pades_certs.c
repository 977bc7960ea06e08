/* The certificates that a signed PDF file brings along, wherever they stand. */
#include "sign/pades_apart.h"
#include "sign/pades_update.h"
#include "sign/ssl.h"
#include "sign/validation.h"

static int add_certs(CMS_ContentInfo *cms, struct afd_ders *ret, struct afd_error *err)
{
	AFD_AUTO(x509s) STACK_OF(X509) *certs = CMS_get1_certs(cms);

	for (int i = 0; i < sk_X509_num(certs); i++) {
		unsigned char *der = NULL;
		int n = i2d_X509(sk_X509_value(certs, i), &der), r;

		r = n > 0 ? afd_ders_add(ret, afd_slice(der, (size_t)n), err) : afd_fail_memory(err);
		OPENSSL_free(der);
		if (r < 0)
			return -1;
	}
	return 0;
}

/* A CMS, and the time-stamps among its unsigned attributes; they have none of their own. */
static int from_cms(struct afd_slice bytes, bool with_stamp, struct afd_ders *ret, struct afd_error *err)
{
	const unsigned char *p = bytes.data;
	AFD_AUTO(cms) CMS_ContentInfo *cms = d2i_CMS_ContentInfo(NULL, &p, (long)bytes.len);
	STACK_OF(CMS_SignerInfo) *signers;
	int at = -1;

	if (!cms)
		return afd_ssl_fail(err, AFD_E_VERIFY, "signature or time-stamp");
	if (add_certs(cms, ret, err) < 0)
		return -1;
	signers = with_stamp ? CMS_get0_SignerInfos(cms) : NULL;
	for (int i = 0; i < sk_CMS_SignerInfo_num(signers); i++) {
		CMS_SignerInfo *si = sk_CMS_SignerInfo_value(signers, i);

		while ((at = CMS_unsigned_get_attr_by_NID(si, NID_id_smime_aa_timeStampToken, at)) >= 0) {
			ASN1_TYPE *t = X509_ATTRIBUTE_get0_type(CMS_unsigned_get_attr(si, at), 0);

			if (t && ASN1_TYPE_get(t) == V_ASN1_SEQUENCE &&
			    from_cms(afd_slice(ASN1_STRING_get0_data(t->value.sequence),
					       (size_t)ASN1_STRING_length(t->value.sequence)), false, ret, err) < 0)
				return -1;
		}
	}
	return 0;
}

int afd_pades_certificates(struct afd_slice pdf, struct afd_ders *ret, struct afd_error *err)
{
	AFD_AUTO(pdf) struct afd_pdf *p = NULL;
	AFD_AUTO(mem) struct afd_pades_dss *dss = calloc(1, sizeof(*dss));

	if (!dss)
		return afd_fail_memory(err);
	if (afd_pdf_open(pdf, &p, err) < 0)
		return -1;
	if (p->n_revs < 2)
		return afd_fail(err, AFD_E_VERIFY, "the PDF is not signed");
	for (unsigned rev = 1; rev < p->n_revs; rev++) {
		AFD_AUTO(pdf_arena) struct afd_pdf_arena a = { 0 };
		struct afd_pades_rev r;

		if (afd_pades_is_data(p, rev))
			continue;
		if (afd_pades_take_apart(p, rev, &a, &r, err) < 0 || from_cms(r.der, rev == 1, ret, err) < 0)
			return afd_within(err, "revision %u", rev + 1);
	}
	if (afd_pades_dss_read(p, p->n_revs, dss, err) < 0)
		return -1;
	for (size_t i = 0; i < dss->n[AFD_PADES_CERT]; i++)
		if (afd_ders_add(ret, dss->at[AFD_PADES_CERT][i].der, err) < 0)
			return -1;
	return 0;
}
