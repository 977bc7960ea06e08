/* What else a certificate says: its SCTs and policies; and whether what a log sent along with a leaf belongs to it. */
#include <openssl/err.h>
#include <openssl/x509.h>

#include "collector/ct/ct_cert.h"

static const uint8_t oid_sct_list[] = { 0x2b, 0x06, 0x01, 0x04, 0x01, 0xd6, 0x79, 0x02, 0x04, 0x02 };
static const uint8_t oid_poison[] = { 0x2b, 0x06, 0x01, 0x04, 0x01, 0xd6, 0x79, 0x02, 0x04, 0x03 };
static const uint8_t oid_policies[] = { 0x55, 0x1d, 0x20 };
static const uint8_t oid_purposes[] = { 0x55, 0x1d, 0x25 };
/* 1.3.6.1.4.1.11129.2.4.4 (RFC 6962, 3.1) */
static const uint8_t oid_signs_precerts[] = { 0x2b, 0x06, 0x01, 0x04, 0x01, 0xd6, 0x79, 0x02, 0x04, 0x04 };

/* The SCT's own extensions: as those of a leaf, 0 is the place in the log (static-ct-api). */
static void sct_index(struct afd_slice extensions, struct afd_ct_sct *sct)
{
	struct afd_reader r = afd_reader(extensions);

	while (afd_reader_left(&r) > 0) {
		uint8_t type = afd_read_u8(&r);
		struct afd_slice data = afd_read_bytes(&r, afd_read_u16(&r));

		if (r.bad || type != 0 || data.len != 5)
			continue;
		sct->has_index = true;
		for (size_t i = 0; i < data.len; i++)
			sct->index = sct->index << 8 | data.data[i];
	}
}

static int read_sct(struct afd_slice one, struct afd_ct_sct *sct)
{
	struct afd_reader r = afd_reader(one);
	uint8_t version = afd_read_u8(&r);

	*sct = (struct afd_ct_sct){ .log_id = afd_read_bytes(&r, 32) };
	sct->timestamp_ms = afd_read_u64(&r);
	sct_index(afd_read_bytes(&r, afd_read_u16(&r)), sct);
	afd_read_u16(&r);                     /* hash and signature algorithm */
	afd_read_bytes(&r, afd_read_u16(&r));
	return r.bad || afd_reader_left(&r) > 0 || version != 0 || sct->timestamp_ms > INT64_MAX ? -1 : 0;
}

int afd_ct_scts(const struct afd_ct_cert *c, afd_ct_sct_cb *cb, void *ctx, struct afd_error *err)
{
	struct afd_slice whole, value;
	struct afd_reader r, list;
	struct afd_der octets;
	int rc;

	if (!afd_ct_extension(c, oid_sct_list, sizeof(oid_sct_list), &whole, &value))
		return 0;
	r = afd_reader(value);
	if (!afd_der_expect(&r, TAG_OCTETS, &octets) || afd_reader_left(&r) > 0)
		return afd_fail(err, AFD_E_PARSE, "SCT list: expected an OCTET STRING");
	r = afd_reader(octets.body);
	list = afd_reader(afd_read_bytes(&r, afd_read_u16(&r)));
	if (r.bad || afd_reader_left(&r) > 0)
		return afd_fail(err, AFD_E_PARSE, "SCT list: its length is wrong");
	while (afd_reader_left(&list) > 0) {
		struct afd_slice one = afd_read_bytes(&list, afd_read_u16(&list));
		struct afd_ct_sct sct;

		if (list.bad || read_sct(one, &sct) < 0)
			return afd_fail(err, AFD_E_PARSE, "SCT list: an SCT that cannot be read");
		rc = cb(ctx, &sct);
		if (rc != 0)
			return rc;
	}
	return 0;
}

bool afd_ct_is_poisoned(const struct afd_ct_cert *c)
{
	struct afd_slice whole, value;

	return afd_ct_extension(c, oid_poison, sizeof(oid_poison), &whole, &value);
}

int afd_ct_policies(const struct afd_ct_cert *c, struct afd_buf *ret, struct afd_error *err)
{
	struct afd_slice whole, value;
	struct afd_der d, one, oid;
	struct afd_reader r, in;
	size_t before = ret->len;

	if (!afd_ct_extension(c, oid_policies, sizeof(oid_policies), &whole, &value))
		return 0;
	r = afd_reader(value);
	if (!afd_der_expect(&r, TAG_SEQUENCE, &d))
		return afd_fail(err, AFD_E_PARSE, "certificatePolicies: not a sequence");
	for (r = afd_reader(d.body); afd_reader_left(&r) > 0;) {
		if (!afd_der_expect(&r, TAG_SEQUENCE, &one))
			return afd_fail(err, AFD_E_PARSE, "certificatePolicies: broken");
		in = afd_reader(one.body);
		if (!afd_der_expect(&in, TAG_OID, &oid))
			return afd_fail(err, AFD_E_PARSE, "certificatePolicies: broken");
		if ((ret->len > before && afd_buf_u8(ret, ' ') < 0) || afd_ct_oid_text(oid.body, ret) < 0)
			return afd_fail_memory(err);
	}
	return 0;
}

/* --- what was sent along --- */

static bool has_purpose(const struct afd_ct_cert *c, const uint8_t *oid, size_t n)
{
	struct afd_slice whole, value;
	struct afd_der seq, d;
	struct afd_reader r;

	if (!afd_ct_extension(c, oid_purposes, sizeof(oid_purposes), &whole, &value))
		return false;
	r = afd_reader(value);
	if (!afd_der_expect(&r, TAG_SEQUENCE, &seq))
		return false;
	for (r = afd_reader(seq.body); afd_reader_left(&r) > 0 && afd_der_next(&r, &d);)
		if (afd_der_is_oid(&d, oid, n))
			return true;
	return false;
}

static bool key_hash_is(const struct afd_ct_cert *c, struct afd_slice hash)
{
	struct afd_digest d;

	afd_sha256(c->spki, &d);
	return hash.len == sizeof(d.b) && memcmp(d.b, hash.data, sizeof(d.b)) == 0;
}

/* The key of the issuer is named under the leaf hash, the precertificate must say what the leaf says. */
static int precert_fits(const struct afd_ct_leaf *leaf, const struct afd_slice *chain, size_t n, struct afd_error *why)
{
	struct afd_ct_cert submitted, signer, issuer;
	AFD_AUTO(buf) struct afd_buf tbs = { 0 };
	bool by_signer;

	if (afd_ct_cert_walk(leaf->precertificate, false, &submitted, why) < 0)
		return afd_within(why, "the precertificate sent along");
	if (!afd_ct_is_poisoned(&submitted))
		return afd_fail(why, AFD_E_VERIFY, "the precertificate sent along is none: it has no poison");
	if (afd_ct_cert_walk(chain[0], false, &signer, why) < 0)
		return afd_within(why, "the chain sent along");
	by_signer = has_purpose(&signer, oid_signs_precerts, sizeof(oid_signs_precerts));
	if (by_signer && n < 2)
		return afd_fail(why, AFD_E_VERIFY, "the chain sent along ends at a signer of precertificates");
	if (by_signer ? afd_ct_tbs_reissued(&submitted, &signer, &tbs, why) < 0 : afd_ct_tbs_stripped(&submitted, &tbs, why) < 0)
		return -1;
	if (!afd_slice_equal(afd_buf_slice(&tbs), leaf->certificate))
		return afd_fail(why, AFD_E_VERIFY, "the precertificate sent along is not the one in the leaf");
	issuer = signer;
	if (by_signer && afd_ct_cert_walk(chain[1], false, &issuer, why) < 0)
		return afd_within(why, "the chain sent along");
	if (!key_hash_is(&issuer, leaf->issuer_key_hash))
		return afd_fail(why, AFD_E_VERIFY, "the chain sent along has another issuer key than the leaf");
	return 0;
}

/* Its key must have signed the certificate. */
static int certificate_fits(struct afd_slice certificate, struct afd_slice issuer, struct afd_error *why)
{
	const uint8_t *p = certificate.data, *q = issuer.data;
	X509 *c = d2i_X509(NULL, &p, (long)certificate.len), *i = d2i_X509(NULL, &q, (long)issuer.len);
	bool yes = c && i && X509_NAME_cmp(X509_get_issuer_name(c), X509_get_subject_name(i)) == 0 &&
	           X509_get0_pubkey(i) && X509_verify(c, X509_get0_pubkey(i)) == 1;

	X509_free(c);
	X509_free(i);
	ERR_clear_error();
	return yes ? 0 : afd_fail(why, AFD_E_VERIFY, "the issuer sent along did not sign the certificate");
}

enum afd_ct_chain afd_ct_chain_check(const struct afd_ct_leaf *leaf, const struct afd_slice *chain, size_t n, struct afd_error *why)
{
	if (n == 0)
		return AFD_CT_CHAIN_NONE;
	if (leaf->precert ? precert_fits(leaf, chain, n, why) < 0 : certificate_fits(leaf->certificate, chain[0], why) < 0)
		return AFD_CT_CHAIN_NOT_BELIEVED;
	return AFD_CT_CHAIN_BELIEVED;
}
