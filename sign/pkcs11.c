/* Keys in a PKCS#11 token. The vendor's module is loaded and called directly: it signs digests, the rest is ours. */
#include "sign/signer.h"
#include "sign/pkcs11.h"

#include <dlfcn.h>
#include <openssl/core_names.h>
#include <openssl/param_build.h>

#define MAX_SLOTS 64
#define MAX_VALUE 16384u
#define MAX_SIGNATURE 1024u

struct token {
	struct ck_functions *f;
	bool ours, in_session;            /* we initialised the module, we opened the session */
	CK_ULONG session, key, key_type;
	bool each_time;                   /* the token wants the PIN for each signature */
	struct afd_buf pin;               /* then only */
	struct afd_buf id;                /* CKA_ID of the key */
	char label[33];                   /* of the token */
};

static void token_free(void *ctx)
{
	struct token *t = ctx;

	if (t->in_session)
		t->f->C_CloseSession(t->session);
	if (t->ours)
		t->f->C_Finalize(NULL);
	afd_buf_wipe(&t->pin);
	afd_buf_release(&t->id);
	free(t);
}

static void afd_pkcs11_token_release(struct token **t)
{
	if (*t)
		token_free(*t);
	*t = NULL;
}

static const struct { CK_RV rv; const char *text; } reasons[] = {
	{ CKR_DEVICE_ERROR, "the device failed" }, { CKR_DEVICE_REMOVED, "the device was removed" },
	{ CKR_KEY_FUNCTION_NOT_PERMITTED, "the key is not allowed to sign" }, { CKR_MECHANISM_INVALID, "the token cannot sign with this kind of key" },
	{ CKR_PIN_INCORRECT, "the PIN is wrong" }, { CKR_PIN_INVALID, "the PIN is wrong" }, { CKR_PIN_LEN_RANGE, "the PIN has a wrong length" },
	{ CKR_PIN_EXPIRED, "the PIN has expired" }, { CKR_PIN_LOCKED, "the PIN is locked" }, { CKR_TOKEN_NOT_PRESENT, "the token is gone" },
	{ CKR_USER_NOT_LOGGED_IN, "it wants a PIN: give --passphrase or pin-source" }, { CKR_USER_PIN_NOT_INITIALIZED, "its user PIN was never set" },
};

static int refused(CK_RV rv, const char *what, struct afd_error *err)
{
	for (size_t i = 0; i < AFD_COUNT(reasons); i++)
		if (reasons[i].rv == rv)
			return afd_fail(err, AFD_E_CONFIG, "PKCS#11: %s: %s", what, reasons[i].text);
	return afd_fail(err, AFD_E_CONFIG, "PKCS#11: %s: error 0x%lx", what, rv);
}

static int load(struct token *t, const char *path, struct afd_error *err)
{
	/* Modules leave handlers behind that run when the program ends, so they stay in memory. */
	void *module = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	ck_get_function_list *get = NULL;
	CK_RV rv;

	if (!module)
		return afd_fail(err, AFD_E_CONFIG, "PKCS#11: the module %s cannot be loaded", path);
	*(void **)&get = dlsym(module, "C_GetFunctionList");
	if (!get || get(&t->f) != CKR_OK || !t->f || t->f->version.major < 2)
		return afd_fail(err, AFD_E_CONFIG, "%s is not a PKCS#11 module", path);
	rv = t->f->C_Initialize(NULL);
	if (rv != CKR_OK && rv != CKR_CRYPTOKI_ALREADY_INITIALIZED)
		return refused(rv, "starting the module", err);
	t->ours = rv == CKR_OK;
	return 0;
}

/* Fields are padded with blanks. */
static bool is_text(const CK_BYTE *field, size_t n, const char *wanted)
{
	size_t m = wanted ? strlen(wanted) : 0;

	if (!m)
		return true;
	if (m > n || memcmp(field, wanted, m) != 0)
		return false;
	while (m < n && field[m] == ' ')
		m++;
	return m == n;
}

static bool fits(const struct ck_token_info *i, const struct afd_pkcs11 *w)
{
	return (i->flags & CKF_TOKEN_INITIALIZED) && is_text(i->label, sizeof(i->label), w->token) &&
	       is_text(i->serial, sizeof(i->serial), w->serial) && is_text(i->model, sizeof(i->model), w->model) &&
	       is_text(i->manufacturer, sizeof(i->manufacturer), w->manufacturer);
}

static int find_token(struct token *t, const struct afd_pkcs11 *w, CK_ULONG *slot, struct ck_token_info *ret, struct afd_error *err)
{
	CK_ULONG slots[MAX_SLOTS], n = MAX_SLOTS;
	CK_RV rv = t->f->C_GetSlotList(1, slots, &n);
	int found = 0;

	if (rv != CKR_OK)
		return refused(rv, "listing the slots", err);
	for (CK_ULONG i = 0; i < n; i++) {
		struct ck_token_info info = { 0 };

		if ((w->slot >= 0 && slots[i] != (CK_ULONG)w->slot) || t->f->C_GetTokenInfo(slots[i], &info) != CKR_OK || !fits(&info, w))
			continue;
		*slot = slots[i];
		*ret = info;
		found++;
	}
	if (found == 1)
		return 0;
	return afd_fail(err, AFD_E_CONFIG, found ? "PKCS#11: %d tokens fit: name one with token=, serial= or slot-id="
	                : "PKCS#11: none of the tokens fits (%d found)", found);
}

static int login(struct token *t, const struct ck_token_info *info, struct afd_slice pin, struct afd_error *err)
{
	const bool pad = info->flags & CKF_PROTECTED_AUTHENTICATION_PATH;
	CK_RV rv;

	if (!(info->flags & CKF_LOGIN_REQUIRED) || (!pin.len && !pad))
		return 0;
	if (info->flags & CKF_USER_PIN_LOCKED)
		return refused(CKR_PIN_LOCKED, "logging in", err);
	if (info->flags & CKF_USER_PIN_FINAL_TRY)
		return afd_fail(err, AFD_E_CONFIG, "PKCS#11: one more wrong PIN locks the token, so none is tried: log in once with the vendor's tool");
	rv = t->f->C_Login(t->session, CKU_USER, pad ? NULL : pin.data, pad ? 0 : pin.len);
	return rv == CKR_OK || rv == CKR_USER_ALREADY_LOGGED_IN ? 0 : refused(rv, "logging in", err);
}

/* --- objects --- */

/* false: the object has none, or it is out of reason. */
static bool attribute(const struct token *t, CK_ULONG object, CK_ULONG type, struct afd_buf *ret)
{
	struct ck_attribute a = { .type = type };

	ret->len = 0;
	if (t->f->C_GetAttributeValue(t->session, object, &a, 1) != CKR_OK || a.len == CK_UNAVAILABLE || a.len == 0 || a.len > MAX_VALUE ||
	    afd_buf_reserve(ret, a.len) < 0)
		return false;
	a.value = ret->data;
	if (t->f->C_GetAttributeValue(t->session, object, &a, 1) != CKR_OK || a.len == CK_UNAVAILABLE || a.len > MAX_VALUE)
		return false;
	ret->len = a.len;
	return true;
}

/* At most MAX objects of a class, of the id or label when they are not empty. Returns how many, or -1. */
static int find(const struct token *t, CK_ULONG class, struct afd_slice id, struct afd_slice label, CK_ULONG *ret, CK_ULONG max,
		struct afd_error *err)
{
	struct ck_attribute a[3] = { { CKA_CLASS, &class, sizeof(class) } };
	CK_ULONG n = 1, got = 0;
	CK_RV rv;

	if (id.len)
		a[n++] = (struct ck_attribute){ CKA_ID, (void *)id.data, id.len };
	if (label.len)
		a[n++] = (struct ck_attribute){ CKA_LABEL, (void *)label.data, label.len };
	rv = t->f->C_FindObjectsInit(t->session, a, n);
	if (rv == CKR_OK) {
		rv = t->f->C_FindObjects(t->session, ret, max, &got);
		t->f->C_FindObjectsFinal(t->session);
	}
	return rv == CKR_OK && got <= max ? (int)got : refused(rv, "looking for objects", err);
}

static int find_key(struct token *t, const struct afd_pkcs11 *w, bool logged_in, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf v = { 0 };
	CK_ULONG keys[2];
	int n = find(t, CKO_PRIVATE_KEY, w->id, afd_slice_text(w->object), keys, 2, err);

	if (n < 0)
		return -1;
	if (n == 0)
		return afd_fail(err, AFD_E_CONFIG, "PKCS#11: the token %s has no such private key%s", t->label,
		                logged_in ? "" : " that it shows without a PIN: give --passphrase or pin-source");
	if (n > 1)
		return afd_fail(err, AFD_E_CONFIG, "PKCS#11: several private keys of the token %s fit: name one with object= or id=", t->label);
	t->key = keys[0];
	if (!attribute(t, t->key, CKA_KEY_TYPE, &v) || v.len != sizeof(CK_ULONG))
		return afd_fail(err, AFD_E_CONFIG, "PKCS#11: the key does not say of which kind it is");
	memcpy(&t->key_type, v.data, sizeof(CK_ULONG));
	if (t->key_type != CKK_RSA && t->key_type != CKK_EC)
		return afd_fail(err, AFD_E_CONFIG, "PKCS#11: the key cannot sign reports: use ECDSA P-256, P-384 or RSA");
	if (!attribute(t, t->key, CKA_ID, &t->id))
		t->id.len = 0;
	t->each_time = attribute(t, t->key, CKA_ALWAYS_AUTHENTICATE, &v) && v.data[0];
	return 0;
}

/* --- the public half --- */

static EVP_PKEY *public_of(const char *type, OSSL_PARAM_BLD *b)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(b);
	EVP_PKEY *key = NULL;

	if (!ctx || !params || EVP_PKEY_fromdata_init(ctx) != 1 || EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
		key = NULL;
	OSSL_PARAM_free(params);
	EVP_PKEY_CTX_free(ctx);
	ERR_clear_error();
	return key;
}

static EVP_PKEY *rsa_public(const struct token *t, CK_ULONG object)
{
	AFD_AUTO(buf) struct afd_buf n = { 0 }, e = { 0 };
	OSSL_PARAM_BLD *b = OSSL_PARAM_BLD_new();
	BIGNUM *bn = NULL, *be = NULL;
	EVP_PKEY *key = NULL;

	if (b && attribute(t, object, CKA_MODULUS, &n) && attribute(t, object, CKA_PUBLIC_EXPONENT, &e) &&
	    (bn = BN_bin2bn(n.data, (int)n.len, NULL)) && (be = BN_bin2bn(e.data, (int)e.len, NULL)) &&
	    OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_N, bn) == 1 && OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_E, be) == 1)
		key = public_of("RSA", b);
	OSSL_PARAM_BLD_free(b);
	BN_free(bn);
	BN_free(be);
	return key;
}

/* CKA_EC_PARAMS is DER of the curve's name; CKA_EC_POINT an OCTET STRING around the point, without it in old modules. */
static EVP_PKEY *ec_public(const struct token *t, CK_ULONG object)
{
	AFD_AUTO(buf) struct afd_buf curve = { 0 }, point = { 0 };
	OSSL_PARAM_BLD *b = NULL;
	ASN1_OBJECT *oid = NULL;
	ASN1_OCTET_STRING *octets = NULL;
	EVP_PKEY *key = NULL;
	const uint8_t *p;
	struct afd_slice bare;

	if (!attribute(t, object, CKA_EC_PARAMS, &curve) || !attribute(t, object, CKA_EC_POINT, &point))
		return NULL;
	p = curve.data;
	oid = d2i_ASN1_OBJECT(NULL, &p, (long)curve.len);
	p = point.data;
	octets = d2i_ASN1_OCTET_STRING(NULL, &p, (long)point.len);
	bare = octets ? afd_slice(ASN1_STRING_get0_data(octets), (size_t)ASN1_STRING_length(octets)) : afd_buf_slice(&point);
	b = OSSL_PARAM_BLD_new();
	if (oid && b && OBJ_obj2nid(oid) != NID_undef &&
	    OSSL_PARAM_BLD_push_utf8_string(b, OSSL_PKEY_PARAM_GROUP_NAME, OBJ_nid2sn(OBJ_obj2nid(oid)), 0) == 1 &&
	    OSSL_PARAM_BLD_push_octet_string(b, OSSL_PKEY_PARAM_PUB_KEY, bare.data, bare.len) == 1)
		key = public_of("EC", b);
	ASN1_OBJECT_free(oid);
	ASN1_OCTET_STRING_free(octets);
	OSSL_PARAM_BLD_free(b);
	ERR_clear_error();
	return key;
}

#define MAX_OBJECTS 16

static int read_certs(const struct token *t, const struct afd_pkcs11 *w, STACK_OF(X509) *ret, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf der = { 0 };
	CK_ULONG at[MAX_OBJECTS];
	struct afd_slice label = t->id.len ? afd_slice(NULL, 0) : afd_slice_text(w->object);
	int n = t->id.len || label.len ? find(t, CKO_CERTIFICATE, afd_buf_slice(&t->id), label, at, MAX_OBJECTS, err) : 0;

	for (int i = 0; i < n; i++) {
		const uint8_t *p;
		X509 *cert;

		if (!attribute(t, at[i], CKA_VALUE, &der))
			continue;
		p = der.data;
		cert = d2i_X509(NULL, &p, (long)der.len);
		if (cert && !sk_X509_push(ret, cert)) {
			X509_free(cert);
			return afd_fail_memory(err);
		}
	}
	ERR_clear_error();
	return n < 0 ? -1 : 0;
}

/* In the public key's object, the private key's own, or a certificate. */
static EVP_PKEY *find_public(const struct token *t, const struct afd_pkcs11 *w, STACK_OF(X509) *certs, struct afd_error *err)
{
	EVP_PKEY *(*read)(const struct token *, CK_ULONG) = t->key_type == CKK_RSA ? rsa_public : ec_public;
	struct afd_slice label = t->id.len ? afd_slice(NULL, 0) : afd_slice_text(w->object);
	EVP_PKEY *key = read(t, t->key);
	CK_ULONG at[2];

	if (!key && (t->id.len || label.len) && find(t, CKO_PUBLIC_KEY, afd_buf_slice(&t->id), label, at, 2, err) == 1)
		key = read(t, at[0]);
	if (!key && sk_X509_num(certs) > 0)
		key = X509_get_pubkey(sk_X509_value(certs, 0));
	return key;
}

/* --- signing --- */

/* What PKCS#1 v1.5 pads: SHA-256 and its digest (RFC 8017, 9.2). */
static const uint8_t digest_info[] = { 0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20 };

static int token_sign(void *ctx, const char *hash, struct afd_slice digest, struct afd_buf *ret, struct afd_error *err)
{
	struct token *t = ctx;
	struct ck_mechanism m = { .mechanism = t->key_type == CKK_RSA ? CKM_RSA_PKCS : CKM_ECDSA };
	uint8_t data[sizeof(digest_info) + 64], sig[MAX_SIGNATURE];
	CK_ULONG n = sizeof(sig);
	size_t prefix = t->key_type == CKK_RSA ? sizeof(digest_info) : 0;
	CK_RV rv;

	if (digest.len > 64 || (prefix && strcmp(hash, "sha256") != 0))
		return afd_fail(err, AFD_E_CONFIG, "PKCS#11: cannot sign a digest by %s", hash);
	memcpy(data, digest_info, prefix);
	memcpy(data + prefix, digest.data, digest.len);
	rv = t->f->C_SignInit(t->session, &m, t->key);
	if (rv == CKR_OK && t->each_time)
		rv = t->f->C_Login(t->session, CKU_CONTEXT_SPECIFIC, t->pin.data, t->pin.len);
	if (rv == CKR_OK)
		rv = t->f->C_Sign(t->session, data, prefix + digest.len, sig, &n);
	if (rv != CKR_OK || n > sizeof(sig))
		return refused(rv, "signing", err);
	if (t->key_type == CKK_EC)
		return afd_ecdsa_to_der(afd_slice(sig, n), ret, err);
	return afd_buf_add(ret, sig, n) < 0 ? afd_fail_memory(err) : 0;
}

/* --- opening --- */

static int open_session(struct token *t, const struct afd_pkcs11 *w, struct afd_slice pin, struct afd_error *err)
{
	struct ck_token_info info = { 0 };
	CK_ULONG slot = 0;
	CK_RV rv;
	size_t n;

	if (find_token(t, w, &slot, &info, err) < 0)
		return -1;
	for (n = sizeof(info.label); n > 0 && info.label[n - 1] == ' '; n--)
		;
	memcpy(t->label, info.label, n);
	rv = t->f->C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL, &t->session);
	if (rv != CKR_OK)
		return refused(rv, "opening a session", err);
	t->in_session = true;
	if (login(t, &info, pin, err) < 0 || find_key(t, w, pin.len > 0, err) < 0)
		return -1;
	return t->each_time && afd_buf_add_slice(&t->pin, pin) < 0 ? afd_fail_memory(err) : 0;
}

int afd_key_pkcs11(const struct afd_pkcs11 *where, struct afd_slice pin, struct afd_slice public_key, struct afd_key **ret,
		   struct afd_error *err)
{
	AFD_AUTO(pkcs11_token) struct token *t = calloc(1, sizeof(*t));
	AFD_AUTO(x509s) STACK_OF(X509) *certs = sk_X509_new_null();
	struct afd_digest_signer how = { .sign = token_sign, .free = token_free, .ctx = t };
	EVP_PKEY *pub;
	int r;

	if (!t || !certs)
		return afd_fail_memory(err);
	ERR_clear_error();
	if (load(t, where->module, err) < 0 || open_session(t, where, pin, err) < 0 || read_certs(t, where, certs, err) < 0)
		return -1;
	pub = find_public(t, where, certs, err);
	if (!pub && !public_key.len)
		return afd_fail(err, AFD_E_CONFIG, "PKCS#11: the token %s shows neither the key's public half nor its certificate: give --cert FILE",
		                t->label);
	t = NULL;                                  /* HOW owns it from here */
	r = pub ? afd_key_make(how, pub, ret, err) : afd_key_with(public_key, how, ret, err);
	if (r < 0)
		return afd_within(err, "PKCS#11");
	sk_X509_pop_free((*ret)->certs, X509_free);
	(*ret)->certs = afd_steal(&certs);
	return 0;
}
