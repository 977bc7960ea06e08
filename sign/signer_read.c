/* The report key comes in as bytes: PEM or PKCS#12, told apart by how they begin. */
#include "sign/signer.h"

#define MAX_KEY_FILE (1u << 20)

struct passphrase { struct afd_slice text; bool asked; };

/* libcrypto's own callback would ask on the terminal. */
static int give_passphrase(char *buf, int size, int rwflag, void *u)
{
	struct passphrase *p = u;

	(void)rwflag;
	p->asked = true;
	if (p->text.len == 0 || p->text.len > (size_t)size)
		return -1;
	memcpy(buf, p->text.data, p->text.len);
	return (int)p->text.len;
}

static BIO *bio_of(struct afd_slice bytes)
{
	return BIO_new_mem_buf(bytes.data, (int)bytes.len);
}

static int read_pem_key(struct afd_slice bytes, struct afd_slice passphrase, EVP_PKEY **ret, struct afd_error *err)
{
	AFD_AUTO(pkey) EVP_PKEY *key = NULL, *second = NULL;
	AFD_AUTO(bio) BIO *bio = bio_of(bytes);
	struct passphrase p = { .text = passphrase };

	if (!bio)
		return afd_fail_memory(err);
	key = PEM_read_bio_PrivateKey(bio, NULL, give_passphrase, &p);
	ERR_clear_error();
	if (!key && p.asked && passphrase.len == 0)
		return afd_fail(err, AFD_E_CONFIG, "the key is encrypted: give its passphrase");
	if (!key && p.asked)
		return afd_fail(err, AFD_E_CONFIG, "the passphrase does not open the key");
	if (!key)
		return afd_fail(err, AFD_E_CONFIG, "no private key found: expected \"BEGIN (ENCRYPTED) PRIVATE KEY\"");

	second = PEM_read_bio_PrivateKey(bio, NULL, give_passphrase, &p);
	ERR_clear_error();
	if (second)
		return afd_fail(err, AFD_E_CONFIG, "more than one private key: leave the one that signs");
	*ret = afd_steal(&key);
	return 0;
}

int afd_certs_read(struct afd_slice bytes, STACK_OF(X509) *certs, struct afd_error *err)
{
	AFD_AUTO(bio) BIO *bio = bytes.len ? bio_of(bytes) : NULL;
	unsigned long e;

	if (!bytes.len)
		return 0;
	if (!bio)
		return afd_fail_memory(err);
	for (;;) {
		AFD_AUTO(x509) X509 *cert = PEM_read_bio_X509(bio, NULL, give_passphrase, &(struct passphrase){ 0 });

		if (!cert)
			break;
		if (sk_X509_num(certs) >= AFD_MAX_CERTS)
			return afd_fail(err, AFD_E_LIMIT, "more than %d certificates", AFD_MAX_CERTS);
		if (!sk_X509_push(certs, cert))
			return afd_fail_memory(err);
		cert = NULL;
	}
	e = ERR_peek_last_error();
	if (ERR_GET_REASON(e) != PEM_R_NO_START_LINE)
		return afd_ssl_fail(err, AFD_E_CONFIG, "a certificate cannot be read");
	ERR_clear_error();
	return 0;
}

static int read_pkcs12(struct afd_slice bytes, struct afd_slice passphrase, EVP_PKEY **ret, STACK_OF(X509) *certs,
		       struct afd_error *err)
{
	AFD_AUTO(p12) PKCS12 *p12 = NULL;
	AFD_AUTO(pkey) EVP_PKEY *key = NULL;
	AFD_AUTO(x509) X509 *cert = NULL;
	AFD_AUTO(x509s) STACK_OF(X509) *ca = NULL;
	AFD_AUTO(secret) char *pass = afd_text_dup(passphrase);
	const uint8_t *p = bytes.data;

	if (!pass)
		return afd_fail_memory(err);
	p12 = d2i_PKCS12(NULL, &p, (long)bytes.len);
	if (!p12 || (size_t)(p - bytes.data) != bytes.len)
		return afd_ssl_fail(err, AFD_E_CONFIG, "expected PEM or PKCS#12");
	if (PKCS12_mac_present(p12) && PKCS12_verify_mac(p12, pass, (int)passphrase.len) != 1) {
		ERR_clear_error();
		if (passphrase.len == 0 && PKCS12_verify_mac(p12, NULL, 0) != 1) {
			ERR_clear_error();
			return afd_fail(err, AFD_E_CONFIG, "the PKCS#12 file is encrypted: give its passphrase");
		}
		if (passphrase.len != 0)
			return afd_fail(err, AFD_E_CONFIG, "the passphrase does not open the PKCS#12 file");
	}

	if (PKCS12_parse(p12, pass, &key, &cert, &ca) != 1) {
		ERR_clear_error();
		return afd_fail(err, AFD_E_CONFIG,
				"the PKCS#12 file cannot be decrypted; if it was made with RC2 or 3DES, convert it: "
				"openssl pkcs12 -legacy -in OLD -nodes | openssl pkcs12 -export -out NEW");
	}
	if (!key)
		return afd_fail(err, AFD_E_CONFIG, "no private key in the PKCS#12 file");
	if (cert && !sk_X509_push(certs, cert))
		return afd_fail_memory(err);
	cert = NULL;
	while (sk_X509_num(ca) > 0) {
		X509 *one = sk_X509_value(ca, 0);

		if (sk_X509_num(certs) >= AFD_MAX_CERTS)
			return afd_fail(err, AFD_E_LIMIT, "more than %d certificates", AFD_MAX_CERTS);
		if (!sk_X509_push(certs, one))
			return afd_fail_memory(err);
		(void)sk_X509_shift(ca);
	}
	*ret = afd_steal(&key);
	return 0;
}

int afd_key_read(struct afd_slice bytes, struct afd_slice passphrase, struct afd_key **ret, struct afd_error *err)
{
	AFD_AUTO(pkey) EVP_PKEY *key = NULL;
	AFD_AUTO(x509s) STACK_OF(X509) *certs = sk_X509_new_null();
	int r;

	if (!certs)
		return afd_fail_memory(err);
	if (bytes.len == 0 || bytes.len > MAX_KEY_FILE)
		return afd_fail(err, bytes.len ? AFD_E_LIMIT : AFD_E_CONFIG,
				"report key: expected 1 to %u bytes, got %zu", MAX_KEY_FILE, bytes.len);

	ERR_clear_error();
	if (bytes.data[0] == 0x30)
		r = read_pkcs12(bytes, passphrase, &key, certs, err);
	else if ((r = read_pem_key(bytes, passphrase, &key, err)) == 0)
		r = afd_certs_read(bytes, certs, err);
	if (r < 0 || afd_key_local(afd_steal(&key), ret, err) < 0)
		return afd_within(err, "report key");
	sk_X509_pop_free((*ret)->certs, X509_free);
	(*ret)->certs = afd_steal(&certs);
	return 0;
}

bool afd_key_encrypted(struct afd_slice bytes)
{
	AFD_AUTO(p12) PKCS12 *p12 = NULL;
	const uint8_t *p = bytes.data;
	bool open;

	if (!bytes.len || bytes.len > MAX_KEY_FILE)
		return false;
	if (bytes.data[0] != 0x30)
		return memmem(bytes.data, bytes.len, "ENCRYPTED", 9) != NULL;   /* RFC 7468, 11; RFC 1421, 4.6.1.1 */
	p12 = d2i_PKCS12(NULL, &p, (long)bytes.len);
	open = !p12 || !PKCS12_mac_present(p12) || PKCS12_verify_mac(p12, "", 0) == 1 || PKCS12_verify_mac(p12, NULL, 0) == 1;
	ERR_clear_error();
	return !open;
}
