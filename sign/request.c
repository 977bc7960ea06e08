/* Certificate requests (PKCS#10, RFC 2986), signed as everything is: by digest. */
#include <stdarg.h>
#include <stdio.h>

#include "sign/signer.h"

#define MAX_SUBJECT 1024u
#define MAX_PARTS 16

static int refuse(struct afd_error *err, const char *fmt, ...) AFD_PRINTF(2, 3);
static int refuse(struct afd_error *err, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return afd_fail(err, AFD_E_USAGE, "subject: %s; expected \"CN=Evidence of Example,O=Example,C=DE\"", text);
}

/* The next attribute of RFC 4514: NAME=VALUE up to an unescaped comma. TEXT moves behind it. */
static int next_part(char **text, char **ret_name, char **ret_value, struct afd_error *err)
{
	char *p = *text, *w;

	p += strspn(p, " ");
	*ret_name = p;
	p += strcspn(p, "=,\\");
	if (*p != '=' || p == *ret_name)
		return refuse(err, "an attribute without a name");
	*p++ = '\0';
	for (*ret_value = w = p; *p && *p != ','; *w++ = *p++)
		if (*p == '\\' && !*++p)
			return refuse(err, "it ends in a backslash");
	*text = *p ? p + 1 : p;
	while (w > *ret_value && w[-1] == ' ' && (w - 1 == *ret_value || w[-2] != '\\'))
		w--;
	*w = '\0';
	return **ret_value ? 0 : refuse(err, "%s has no value", *ret_name);
}

/* A name as text stands with its most specific part first (RFC 4514, 2.1). */
static int set_subject(X509_NAME *n, char *text, struct afd_error *err)
{
	for (int parts = 0; *text; parts++) {
		char *name, *value = NULL;

		if (parts == MAX_PARTS)
			return refuse(err, "more than %d attributes", MAX_PARTS);
		if (next_part(&text, &name, &value, err) < 0)
			return -1;
		if (X509_NAME_add_entry_by_txt(n, name, MBSTRING_UTF8, (const unsigned char *)value, -1, 0, 0) != 1) {
			ERR_clear_error();
			return refuse(err, "%s is not an attribute, or its value does not fit", name);
		}
	}
	return X509_NAME_entry_count(n) ? 0 : refuse(err, "it is empty");
}

/* What the certificate should be for; the authority decides. */
static bool ask_usage(X509_REQ *q)
{
	X509_EXTENSION *x = X509V3_EXT_conf_nid(NULL, NULL, NID_key_usage, "critical,digitalSignature,nonRepudiation");
	STACK_OF(X509_EXTENSION) *list = sk_X509_EXTENSION_new_null();
	bool ok = x && list && sk_X509_EXTENSION_push(list, x);

	if (!ok)
		X509_EXTENSION_free(x);
	ok = ok && X509_REQ_add_extensions(q, list) == 1;
	sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
	return ok;
}

static int sign_request(const struct afd_key *k, X509_REQ *q, struct afd_error *err)
{
	const struct afd_algorithm *a = afd_key_algorithm(k->pub);
	AFD_AUTO(buf) struct afd_buf sig = { 0 };
	X509_ALGOR *alg = X509_ALGOR_new();
	ASN1_BIT_STRING *bits = ASN1_BIT_STRING_new();
	unsigned char *der = NULL;
	int n = i2d_re_X509_REQ_tbs(q, &der), r = -1;

	if (n <= 0 || !alg || !bits)
		afd_ssl_fail(err, AFD_E_MEMORY, "request");
	else if (afd_key_sign(k, &(struct afd_slice){ der, (size_t)n }, 1, &sig, err) == 0) {
		int nid = a->half ? a->nid : NID_sha256WithRSAEncryption;

		bits->flags = (bits->flags & ~(ASN1_STRING_FLAG_BITS_LEFT | 7)) | ASN1_STRING_FLAG_BITS_LEFT;
		if (X509_ALGOR_set0(alg, OBJ_nid2obj(nid), a->half ? V_ASN1_UNDEF : V_ASN1_NULL, NULL) == 1 &&
		    ASN1_BIT_STRING_set(bits, sig.data, (int)sig.len) == 1 && X509_REQ_set1_signature_algo(q, alg) == 1) {
			X509_REQ_set0_signature(q, afd_steal(&bits));
			r = 0;
		} else {
			afd_ssl_fail(err, AFD_E_MEMORY, "request");
		}
	}
	OPENSSL_free(der);
	X509_ALGOR_free(alg);
	ASN1_BIT_STRING_free(bits);
	return r;
}

static int write_request(const struct afd_key *k, X509_REQ *q, char *subject, struct afd_buf *ret, struct afd_error *err)
{
	AFD_AUTO(bio) BIO *pem = BIO_new(BIO_s_mem());
	char *text = NULL;
	long n;

	if (set_subject(X509_REQ_get_subject_name(q), subject, err) < 0)
		return -1;
	if (!pem || X509_REQ_set_version(q, 0L) != 1 || X509_REQ_set_pubkey(q, k->pub) != 1 || !ask_usage(q))
		return afd_ssl_fail(err, AFD_E_MEMORY, "request");
	if (sign_request(k, q, err) < 0)
		return -1;
	if (PEM_write_bio_X509_REQ(pem, q) != 1 || (n = BIO_get_mem_data(pem, &text)) <= 0)
		return afd_ssl_fail(err, AFD_E_MEMORY, "request");
	return afd_buf_add(ret, text, (size_t)n) < 0 ? afd_fail_memory(err) : 0;
}

int afd_key_request(const struct afd_key *k, const char *subject, struct afd_buf *ret, struct afd_error *err)
{
	AFD_AUTO(mem) char *copy = NULL;
	X509_REQ *q;
	int r;

	if (strlen(subject) > MAX_SUBJECT)
		return refuse(err, "longer than %u bytes", MAX_SUBJECT);
	ERR_clear_error();
	copy = afd_strdup(subject);
	q = X509_REQ_new();
	r = copy && q ? write_request(k, q, copy, ret, err) : afd_fail_memory(err);
	X509_REQ_free(q);
	return r;
}
