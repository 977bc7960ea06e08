/* Verifies a JWS strictly: the form that jws.c writes and no other, so that no two readers can differ about what was
 * signed, and no byte outside of the signature is free. */
#include "sign/jws.h"

#include "core/doc.h"
#include "core/when.h"
#include "sign/chain.h"

#define MAX_HEADER (1u << 20)

struct parts {
	struct afd_slice payload, header, signature;       /* as written, in base64url; of the document */
	struct afd_buf token;                              /* DER; empty: no time-stamp */
};

struct header { const char *alg; int64_t iat; const struct afd_node *x5c; uint8_t x5t[32]; };

static void parts_release(struct parts *p)
{
	afd_buf_release(&p->token);
}

static int refuse(struct afd_error *err, const char *why)
{
	ERR_clear_error();
	return afd_fail(err, AFD_E_VERIFY, "%s", why);
}

/* --- the three layers of JSON --- */

/* Exactly these members, or fewer; duplicates were refused before. */
static int only(const struct afd_node *map, const char *const *names, size_t n, const char *where, struct afd_error *err)
{
	if (!map || map->type != AFD_MAP)
		return afd_fail(err, AFD_E_VERIFY, "%s is not a JSON object", where);
	for (const struct afd_node *m = map->u.list.first; m; m = m->next) {
		bool known = false;

		for (size_t i = 0; i < n; i++)
			known = known || strcmp(m->key, names[i]) == 0;
		if (!known)
			return afd_fail(err, AFD_E_VERIFY, "%s has a member \"%.60s\", which this program does not know", where, m->key);
	}
	return 0;
}

static int text_of(const struct afd_node *map, const char *name, struct afd_slice *ret, struct afd_error *err)
{
	const struct afd_node *m = afd_node_get(map, name);

	if (!m || m->type != AFD_TEXT)
		return afd_fail(err, AFD_E_VERIFY, "the member \"%s\" is missing, or not a string", name);
	*ret = afd_slice(m->u.text.s, m->u.text.len);
	return 0;
}

static int parse(struct afd_slice bytes, const char *name, struct afd_doc **ret, struct afd_error *err)
{
	if (afd_json_parse(bytes, name, ret, err) == 0)
		return 0;
	if (err && err->code == AFD_E_PARSE)
		err->code = AFD_E_VERIFY;
	return -1;
}

static int read_token(const struct afd_node *root, struct afd_buf *ret, struct afd_error *err)
{
	static const char *const names[] = { "etsiU" }, *const inside[] = { "sigTst" }, *const stamps[] = { "tstTokens" },
	                         *const token[] = { "val" };
	const struct afd_node *header = afd_node_get(root, "header"), *etsi_u, *tst, *list;
	AFD_AUTO(buf) struct afd_buf text = { 0 };
	AFD_AUTO(doc) struct afd_doc *doc = NULL;
	struct afd_slice value;

	if (!header)
		return 0;
	if (only(header, names, 1, "the unprotected header", err) < 0)
		return -1;
	etsi_u = afd_node_get(header, "etsiU");
	if (!etsi_u || etsi_u->type != AFD_LIST || etsi_u->u.list.n != 1 || etsi_u->u.list.first->type != AFD_TEXT)
		return refuse(err, "etsiU is not a list of one string");
	etsi_u = etsi_u->u.list.first;
	if (afd_unbase64url(afd_slice(etsi_u->u.text.s, etsi_u->u.text.len), &text) < 0)
		return refuse(err, "etsiU: its member is not base64url");
	if (parse(afd_buf_slice(&text), "etsiU", &doc, err) < 0 || only(afd_doc_root(doc), inside, 1, "etsiU", err) < 0)
		return -1;
	tst = afd_node_get(afd_doc_root(doc), "sigTst");
	if (only(tst, stamps, 1, "sigTst", err) < 0)
		return -1;
	list = afd_node_get(tst, "tstTokens");
	if (!list || list->type != AFD_LIST || list->u.list.n != 1)
		return refuse(err, "sigTst: expected exactly one time-stamp token");
	if (only(list->u.list.first, token, 1, "the time-stamp token", err) < 0 ||
	    text_of(list->u.list.first, "val", &value, err) < 0)
		return -1;
	if (afd_unbase64(value, ret) < 0 || ret->len == 0)
		return refuse(err, "sigTst: the time-stamp token is not base64");
	return 0;
}

/* What stands outside of the signature must be laid out as we write it, byte by byte. */
static int read_parts(struct afd_slice bytes, const struct afd_doc *doc, struct parts *ret, struct afd_error *err)
{
	static const char *const names[] = { "header", "payload", "protected", "signature" };
	const struct afd_node *root = afd_doc_root(doc);
	AFD_AUTO(buf) struct afd_buf again = { 0 };

	if (only(root, names, AFD_COUNT(names), "the JWS", err) < 0 || text_of(root, "payload", &ret->payload, err) < 0 ||
	    text_of(root, "protected", &ret->header, err) < 0 || text_of(root, "signature", &ret->signature, err) < 0 ||
	    read_token(root, &ret->token, err) < 0 ||
	    afd_jws_write(afd_buf_slice(&ret->token), ret->payload, ret->header, ret->signature, &again, err) < 0)
		return -1;
	if (!afd_slice_equal(afd_buf_slice(&again), bytes))
		return refuse(err, "the JWS is not laid out as this program writes it");
	return 0;
}

static bool says(const struct afd_node *map, const char *name, const char *value)
{
	struct afd_slice text;

	return text_of(map, name, &text, NULL) == 0 && afd_slice_equal(text, afd_slice_text(value));
}

static int read_header(const struct afd_doc *doc, struct header *ret, struct afd_error *err)
{
	static const char *const names[] = { "alg", "cty", "iat", "typ", "x5c", "x5t#S256" };
	const struct afd_node *root = afd_doc_root(doc), *iat = afd_node_get(root, "iat");
	AFD_AUTO(buf) struct afd_buf x5t = { 0 };
	struct afd_slice text;

	if (afd_node_get(root, "crit"))
		return refuse(err, "the protected header has \"crit\": nothing critical belongs into a statement");
	if (only(root, names, AFD_COUNT(names), "the protected header", err) < 0)
		return -1;
	if (!says(root, "typ", AFD_JWS_TYP))
		return refuse(err, "typ is not " AFD_JWS_TYP ": this was signed as something else");
	if (!says(root, "cty", AFD_STATEMENT_TYPE))
		return refuse(err, "cty is not " AFD_STATEMENT_TYPE);
	if (!iat || iat->type != AFD_INT || iat->u.i < 0 || iat->u.i > INT64_C(253402300799))      /* the year 9999 */
		return refuse(err, "iat is missing, or not a time in whole seconds");
	ret->iat = iat->u.i;
	if (text_of(root, "alg", &text, err) < 0)
		return -1;
	ret->alg = (const char *)text.data;
	if (text_of(root, "x5t#S256", &text, err) < 0)
		return -1;
	if (afd_unbase64url(text, &x5t) < 0 || x5t.len != sizeof(ret->x5t))
		return refuse(err, "x5t#S256 is not a SHA-256 in base64url");
	memcpy(ret->x5t, x5t.data, sizeof(ret->x5t));
	ret->x5c = afd_node_get(root, "x5c");
	if (!ret->x5c || ret->x5c->type != AFD_LIST || ret->x5c->u.list.n < 1 || ret->x5c->u.list.n > AFD_MAX_CERTS)
		return refuse(err, "x5c is missing, empty or too long");
	return 0;
}

/* --- certificates and signature --- */

/* The signer's first; standard base64, not base64url (RFC 7515, 4.1.6). */
static int read_certs(const struct header *h, STACK_OF(X509) *ret, struct afd_error *err)
{
	struct afd_digest sha256;

	for (const struct afd_node *n = h->x5c->u.list.first; n; n = n->next) {
		AFD_AUTO(buf) struct afd_buf der = { 0 };
		AFD_AUTO(x509) X509 *cert = NULL;
		const uint8_t *p;

		if (n->type != AFD_TEXT || afd_unbase64(afd_slice(n->u.text.s, n->u.text.len), &der) < 0 || der.len == 0)
			return refuse(err, "x5c: a certificate is not base64");
		p = der.data;
		cert = d2i_X509(NULL, &p, (long)der.len);
		if (!cert || p != der.data + der.len)
			return refuse(err, "x5c: a certificate cannot be read");
		if (!sk_X509_push(ret, cert))
			return afd_fail_memory(err);
		cert = NULL;
	}
	if (afd_cert_sha256(sk_X509_value(ret, 0), &sha256, err) < 0)
		return -1;
	if (memcmp(sha256.b, h->x5t, sizeof(h->x5t)) != 0)
		return refuse(err, "the certificate is not the one that the header names (x5t#S256)");
	return 0;
}

/* alg must be the one of the key: RFC 7518, 3.1, and no other word. */
static int pick_algorithm(const char *alg, EVP_PKEY *key, const struct afd_algorithm **ret, struct afd_error *err)
{
	const struct afd_algorithm *a = NULL;

	if (afd_cert_key_check(key, err) < 0)
		return -1;
	a = afd_key_algorithm(key);
	if (strcmp(a->jws, alg) != 0)
		return afd_fail(err, AFD_E_VERIFY, "alg %.20s does not fit the certificate's key: expected %s", alg, a->jws);
	*ret = a;
	return 0;
}

static int check_signature(const struct parts *p, const struct afd_algorithm *a, EVP_PKEY *key, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf sig = { 0 }, der = { 0 };
	AFD_AUTO(md_ctx) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	const struct afd_slice input[] = { p->header, afd_slice_text("."), p->payload };
	struct afd_slice value;
	bool ok;

	if (afd_unbase64url(p->signature, &sig) < 0)
		return refuse(err, "the signature is not base64url");
	if (sig.len != (a->half ? 2 * a->half : (size_t)EVP_PKEY_get_size(key)))
		return afd_fail(err, AFD_E_VERIFY, "a signature of %zu bytes does not fit the key", sig.len);
	if (a->half && afd_ecdsa_to_der(afd_buf_slice(&sig), &der, err) < 0)
		return -1;
	value = afd_buf_slice(a->half ? &der : &sig);
	ok = ctx && EVP_DigestVerifyInit(ctx, NULL, a->md(), NULL, key) == 1;
	for (size_t i = 0; i < AFD_COUNT(input); i++)
		ok = ok && EVP_DigestVerifyUpdate(ctx, input[i].data, input[i].len) == 1;
	if (!ok || EVP_DigestVerifyFinal(ctx, value.data, value.len) != 1)
		return refuse(err, "the signature is wrong: it was not made by this key over these bytes");
	return 0;
}

static int judge(const struct parts *p, STACK_OF(X509) *certs, int64_t claimed_ms, const struct afd_trust *t,
		 struct afd_signature_report *ret, struct afd_error *err)
{
	struct afd_signed_by by = { .cert = sk_X509_value(certs, 0), .given = certs, .token = afd_buf_slice(&p->token),
		.claimed_ms = claimed_ms };

	afd_sha256(p->signature, &by.imprint);      /* as it is written: TS 119 182-1, 5.3.4 */
	return afd_signer_judge(&by, t, ret, err);
}

int afd_jws_verify(struct afd_slice jws, const struct afd_trust *t, struct afd_buf *ret_payload, struct afd_signature_report *ret,
		   struct afd_error *err)
{
	AFD_AUTO(doc) struct afd_doc *doc = NULL, *inside = NULL;
	AFD_AUTO(buf) struct afd_buf header = { .max = MAX_HEADER }, payload = { 0 };
	AFD_AUTO(x509s) STACK_OF(X509) *certs = sk_X509_new_null();
	AFD_AUTO(signature_report) struct afd_signature_report report = { 0 };
	__attribute__((cleanup(parts_release))) struct parts p = { 0 };
	const struct afd_algorithm *a = NULL;
	struct header h = { 0 };
	EVP_PKEY *key;

	ERR_clear_error();
	if (!certs)
		return afd_fail_memory(err);
	if (jws.len > AFD_MAX_JWS)
		return refuse(err, "the JWS is larger than a statement can be");
	if (parse(jws, "statement.jws", &doc, err) < 0 || read_parts(jws, doc, &p, err) < 0)
		return -1;
	if (afd_unbase64url(p.header, &header) < 0)
		return refuse(err, "the protected header is not base64url");
	if (afd_unbase64url(p.payload, &payload) < 0)
		return refuse(err, "the payload is not base64url");
	if (parse(afd_buf_slice(&header), "the protected header", &inside, err) < 0 || read_header(inside, &h, err) < 0 ||
	    read_certs(&h, certs, err) < 0)
		return -1;
	key = X509_get0_pubkey(sk_X509_value(certs, 0));
	if (!key)
		return refuse(err, "the certificate's key cannot be read");
	if (pick_algorithm(h.alg, key, &a, err) < 0 || check_signature(&p, a, key, err) < 0 ||
	    judge(&p, certs, h.iat * AFD_SECOND, t, &report, err) < 0)
		return -1;
	if (afd_buf_add_slice(ret_payload, afd_buf_slice(&payload)) < 0)
		return afd_fail_memory(err);
	*ret = report;
	report = (struct afd_signature_report){ 0 };
	return 0;
}
