/* What a certificate says of its key, of how it was signed, and of where its revocation is published. */
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "collector/ct/ct_cert.h"
#include "core/limits.h"

enum { TAG_URI = 0x86, TAG_POINT = 0xa0, TAG_FULL_NAME = 0xa0 };

static const uint8_t oid_crl_points[] = { 0x55, 0x1d, 0x1f };
static const uint8_t oid_authority_access[] = { 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x01, 0x01 };
static const uint8_t oid_ocsp[] = { 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01 };
static const uint8_t oid_issuers[] = { 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x02 };

struct afd_ct_key afd_ct_key(const struct afd_ct_cert *c)
{
	const uint8_t *p = c->spki.data;
	EVP_PKEY *k = d2i_PUBKEY(NULL, &p, (long)c->spki.len);
	struct afd_ct_key ret = { 0 };

	if (k) {
		ret.bits = EVP_PKEY_get_bits(k);
		switch (EVP_PKEY_get_base_id(k)) {
		case EVP_PKEY_RSA:
		case EVP_PKEY_RSA_PSS:
			ret.algorithm = "rsa";
			break;
		case EVP_PKEY_EC:
			ret.algorithm = "ecdsa";
			break;
		case EVP_PKEY_ED25519:
			ret = (struct afd_ct_key){ "ed25519", 256 };  /* whose bits libcrypto counts now so, now so */
			break;
		case EVP_PKEY_ED448:
			ret = (struct afd_ct_key){ "ed448", 448 };
			break;
		default:
			ret.algorithm = "other";
		}
	}
	EVP_PKEY_free(k);
	ERR_clear_error();
	return ret;
}

/* Dotted, and as people say it; a hash stands before the kind of key (RFC 8017, 5758, 8410, 3279). */
static const struct { const char *oid, *name; } signatures[] = {
	{ "1.2.840.10045.4.1", "sha1-ecdsa" },     { "1.2.840.10045.4.3.1", "sha224-ecdsa" },
	{ "1.2.840.10045.4.3.2", "sha256-ecdsa" }, { "1.2.840.10045.4.3.3", "sha384-ecdsa" },
	{ "1.2.840.10045.4.3.4", "sha512-ecdsa" }, { "1.2.840.113549.1.1.10", "rsa-pss" },
	{ "1.2.840.113549.1.1.11", "sha256-rsa" }, { "1.2.840.113549.1.1.12", "sha384-rsa" },
	{ "1.2.840.113549.1.1.13", "sha512-rsa" }, { "1.2.840.113549.1.1.14", "sha224-rsa" },
	{ "1.2.840.113549.1.1.2", "md2-rsa" },     { "1.2.840.113549.1.1.4", "md5-rsa" },
	{ "1.2.840.113549.1.1.5", "sha1-rsa" },    { "1.3.101.112", "ed25519" },
	{ "1.3.101.113", "ed448" },
};

int afd_ct_signature_text(const struct afd_ct_cert *c, struct afd_buf *ret, struct afd_error *err)
{
	struct afd_reader r = afd_reader(c->head), in;
	AFD_AUTO(buf) struct afd_buf oid = { 0 };
	struct afd_der d;

	/* version [0] (may be left out), serialNumber, signature (RFC 5280, 4.1) */
	if (!afd_der_next(&r, &d) || (d.tag == TAG_VERSION && !afd_der_next(&r, &d)) || !afd_der_expect(&r, TAG_SEQUENCE, &d))
		return afd_fail(err, AFD_E_PARSE, "certificate: no signature algorithm");
	in = afd_reader(d.body);
	if (!afd_der_expect(&in, TAG_OID, &d))
		return afd_fail(err, AFD_E_PARSE, "certificate: no signature algorithm");
	if (afd_ct_oid_text(d.body, &oid) < 0 || afd_buf_u8(&oid, 0) < 0)
		return afd_fail_memory(err);
	for (size_t i = 0; i < AFD_COUNT(signatures); i++)
		if (strcmp((const char *)oid.data, signatures[i].oid) == 0)
			return afd_buf_text(ret, signatures[i].name) < 0 ? afd_fail_memory(err) : 0;
	return afd_buf_text(ret, (const char *)oid.data) < 0 ? afd_fail_memory(err) : 0;
}

/* Every URI among GeneralNames. What is no plain text of a sane length is left out: nobody could ask there. */
static int each_uri(struct afd_slice names, const char *kind, afd_ct_url_cb *cb, void *ctx)
{
	struct afd_der d;
	int rc = 0;

	for (struct afd_reader r = afd_reader(names); rc == 0 && afd_reader_left(&r) > 0 && afd_der_next(&r, &d);) {
		bool plain = d.tag == TAG_URI && d.body.len > 0 && d.body.len <= AFD_CT_MAX_URL;

		for (size_t i = 0; plain && i < d.body.len; i++)
			plain = d.body.data[i] > 0x20 && d.body.data[i] < 0x7f;
		if (plain)
			rc = cb(ctx, kind, d.body);
	}
	return rc;
}

/* DistributionPoint: [0] { [0] fullName } (RFC 5280, 4.2.1.13); names relative to the issuer are no addresses. */
static int each_point(struct afd_slice points, afd_ct_url_cb *cb, void *ctx)
{
	struct afd_reader in;
	struct afd_der d;
	int rc = 0;

	for (struct afd_reader r = afd_reader(points); rc == 0 && afd_reader_left(&r) > 0 && afd_der_expect(&r, TAG_SEQUENCE, &d);) {
		in = afd_reader(d.body);
		if (!afd_der_expect(&in, TAG_POINT, &d))
			continue;
		in = afd_reader(d.body);
		if (afd_der_expect(&in, TAG_FULL_NAME, &d))
			rc = each_uri(d.body, "crl", cb, ctx);
	}
	return rc;
}

/* AccessDescription: accessMethod, accessLocation (4.2.2.1). */
static int each_access(struct afd_slice accesses, afd_ct_url_cb *cb, void *ctx)
{
	struct afd_reader in;
	struct afd_der d, how;
	int rc = 0;

	for (struct afd_reader r = afd_reader(accesses); rc == 0 && afd_reader_left(&r) > 0 && afd_der_expect(&r, TAG_SEQUENCE, &d);) {
		const char *kind;

		in = afd_reader(d.body);
		if (!afd_der_expect(&in, TAG_OID, &how) || !afd_der_next(&in, &d))
			continue;
		kind = afd_der_is_oid(&how, oid_ocsp, sizeof(oid_ocsp)) ? "ocsp" :
			afd_der_is_oid(&how, oid_issuers, sizeof(oid_issuers)) ? "issuer" : NULL;
		if (kind)
			rc = each_uri(d.whole, kind, cb, ctx);
	}
	return rc;
}

int afd_ct_urls(const struct afd_ct_cert *c, afd_ct_url_cb *cb, void *ctx)
{
	struct afd_slice whole, value;
	struct afd_reader r;
	struct afd_der d;
	int rc = 0;

	if (afd_ct_extension(c, oid_crl_points, sizeof(oid_crl_points), &whole, &value)) {
		r = afd_reader(value);
		if (afd_der_expect(&r, TAG_SEQUENCE, &d))
			rc = each_point(d.body, cb, ctx);
	}
	if (rc == 0 && afd_ct_extension(c, oid_authority_access, sizeof(oid_authority_access), &whole, &value)) {
		r = afd_reader(value);
		if (afd_der_expect(&r, TAG_SEQUENCE, &d))
			rc = each_access(d.body, cb, ctx);
	}
	return rc;
}
