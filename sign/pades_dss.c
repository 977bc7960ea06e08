/* Validation data in the file: /DSS of the catalog (EN 319 142-1, 5.4.2). */
#include <openssl/ocsp.h>
#include "sign/pades_update.h"
#include "sign/ssl.h"

const char *const afd_pades_arrays[AFD_PADES_KINDS] = { "Certs", "CRLs", "OCSPs" };

static int read_array(const struct afd_pdf *p, unsigned n_revs, const struct afd_pdf_node *dss, enum afd_pades_kind kind,
		      struct afd_pades_dss *ret, struct afd_error *err)
{
	AFD_AUTO(pdf_arena) struct afd_pdf_arena a = { 0 };
	const struct afd_pdf_node *list = afd_pdf_get(dss, afd_pades_arrays[kind]);
	struct afd_pdf_object o;

	if (!list)
		return 0;
	if (list->type != AFD_PDF_ARRAY)
		return afd_fail(err, AFD_E_VERIFY, "PDF: /%s of /DSS is not an array", afd_pades_arrays[kind]);
	for (const struct afd_pdf_node *k = list->first; k; k = k->next) {
		size_t i = ret->n[kind];

		if (i == AFD_PADES_MAX_DATA)
			return afd_fail(err, AFD_E_LIMIT, "PDF: more than %u streams in /%s of /DSS", AFD_PADES_MAX_DATA,
					afd_pades_arrays[kind]);
		if (k->type != AFD_PDF_REF)
			return afd_fail(err, AFD_E_VERIFY, "PDF: /%s of /DSS holds something else than references",
					afd_pades_arrays[kind]);
		if (afd_pdf_object(p, n_revs, k->i, &a, &o, err) < 0)
			return afd_within(err, "/DSS");
		if (!o.is_stream || o.value->n != 1)
			return afd_fail(err, AFD_E_VERIFY, "PDF: object %lld in /DSS is not a plain stream",
					(long long)k->i);
		ret->at[kind][i].num = k->i;
		ret->at[kind][i].der = o.stream;
		ret->n[kind]++;
	}
	return 0;
}

int afd_pades_dss_read(const struct afd_pdf *p, unsigned n_revs, struct afd_pades_dss *ret, struct afd_error *err)
{
	AFD_AUTO(pdf_arena) struct afd_pdf_arena a = { 0 };
	const struct afd_pdf_node *ref, *dss = NULL;
	struct afd_pdf_object o;

	if (afd_pdf_object(p, n_revs, afd_pdf_root(p), &a, &o, err) < 0)
		return afd_within(err, "catalog");
	ref = afd_pdf_get(o.value, "DSS");
	if (!ref)
		return 0;
	if (ref->type != AFD_PDF_REF)
		return afd_fail(err, AFD_E_VERIFY, "PDF: /DSS of the catalog is not a reference");
	if (afd_pdf_resolve(p, n_revs, ref, AFD_PDF_DICT, "/DSS", &a, &dss, err) < 0)
		return -1;
	ret->num = ref->i;
	for (int k = 0; k < AFD_PADES_KINDS; k++)
		if (read_array(p, n_revs, dss, (enum afd_pades_kind)k, ret, err) < 0)
			return -1;
	return 0;
}

int afd_pades_data_check(enum afd_pades_kind kind, struct afd_slice der, struct afd_error *err)
{
	static const char *const what[AFD_PADES_KINDS] = { "a certificate", "a revocation list", "an OCSP answer" };
	const unsigned char *p = der.data;
	bool ok = false;

	ERR_clear_error();
	if (der.len > 0 && der.len <= LONG_MAX && kind == AFD_PADES_CERT) {
		X509 *x = d2i_X509(NULL, &p, (long)der.len);

		ok = x != NULL;
		X509_free(x);
	} else if (der.len > 0 && der.len <= LONG_MAX && kind == AFD_PADES_CRL) {
		X509_CRL *x = d2i_X509_CRL(NULL, &p, (long)der.len);

		ok = x != NULL;
		X509_CRL_free(x);
	} else if (der.len > 0 && der.len <= LONG_MAX) {
		OCSP_RESPONSE *x = d2i_OCSP_RESPONSE(NULL, &p, (long)der.len);

		ok = x != NULL;
		OCSP_RESPONSE_free(x);
	}
	ERR_clear_error();
	if (!ok || p != der.data + der.len)
		return afd_fail(err, AFD_E_VERIFY, "validation data: not the DER of %s", what[kind]);
	return 0;
}
