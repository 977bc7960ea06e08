/* Chains of certificates and the roots that they lead to. */
#include "collector/probe/tls_item.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <stdio.h>

#include "collector/acme/certificate.h"

struct afd_roots { STACK_OF(X509) *list; };

static void free_list(STACK_OF(X509) *s)
{
	sk_X509_pop_free(s, X509_free);
}

static void afd_x509_list_release(STACK_OF(X509) **s)
{
	free_list(*s);
}

static void afd_x509_store_release(X509_STORE **s)
{
	X509_STORE_free(*s);
}

static void afd_x509_ctx_release(X509_STORE_CTX **s)
{
	X509_STORE_CTX_free(*s);
}

static X509 *from_der(struct afd_slice der)
{
	const uint8_t *p = der.data;
	X509 *x = der.len && der.len <= AFD_MAX_CERTIFICATE ? d2i_X509(NULL, &p, (long)der.len) : NULL;

	ERR_clear_error();
	return x;
}

static int push(STACK_OF(X509) *s, struct afd_slice der)
{
	X509 *x = from_der(der);

	if (x && sk_X509_push(s, x) > 0)
		return 0;
	X509_free(x);
	return -1;
}

/* 1: it leads to one of ROOTS, and the context holds the way; 0: it does not, WHY; -1 memory */
static int verify(STACK_OF(X509) *chain, STACK_OF(X509) *roots, int64_t at_ms, X509_STORE_CTX *ctx, X509_STORE *store, char why[200])
{
	X509_VERIFY_PARAM *param;
	int r;

	for (int i = 0; i < sk_X509_num(roots); i++)
		if (!X509_STORE_add_cert(store, sk_X509_value(roots, i)))
			ERR_clear_error();
	if (!X509_STORE_CTX_init(ctx, store, sk_X509_value(chain, 0), chain))
		return -1;
	X509_STORE_CTX_set_default(ctx, "ssl_server");
	param = X509_STORE_CTX_get0_param(ctx);
	X509_VERIFY_PARAM_set_depth(param, AFD_TLS_CHAIN);
	if (at_ms == AFD_TIME_NONE)
		X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_NO_CHECK_TIME);
	else
		X509_VERIFY_PARAM_set_time(param, (time_t)(at_ms / AFD_SECOND));
	r = X509_verify_cert(ctx);
	if (r != 1)
		snprintf(why, 200, "%s", X509_verify_cert_error_string(X509_STORE_CTX_get_error(ctx)));
	ERR_clear_error();
	return r == 1;
}

bool afd_tls_chain_leads(const struct afd_slice *chain, size_t n, const struct afd_slice *root, size_t n_root, int64_t at_ms, char why[200])
{
	__attribute__((cleanup(afd_x509_list_release))) STACK_OF(X509) *list = sk_X509_new_null();
	__attribute__((cleanup(afd_x509_list_release))) STACK_OF(X509) *roots = sk_X509_new_null();
	__attribute__((cleanup(afd_x509_store_release))) X509_STORE *store = X509_STORE_new();
	__attribute__((cleanup(afd_x509_ctx_release))) X509_STORE_CTX *ctx = X509_STORE_CTX_new();

	*why = 0;
	for (size_t i = 0; i < n && list; i++)
		if (push(list, chain[i]) < 0) {
			snprintf(why, 200, "certificate %zu cannot be read", i + 1);
			return false;
		}
	for (size_t i = 0; i < n_root && roots; i++)
		push(roots, root[i]);
	if (!list || !roots || !store || !ctx || sk_X509_num(list) == 0) {
		snprintf(why, 200, "no certificate");
		return false;
	}
	return verify(list, roots, at_ms, ctx, store, why) == 1;
}

int afd_roots_parse(struct afd_slice pem, struct afd_roots **ret, struct afd_error *err)
{
	struct afd_roots *r = calloc(1, sizeof(*r));
	struct afd_slice block, label;

	if (!r || !(r->list = sk_X509_new_null())) {
		afd_roots_free(r);
		return afd_fail_memory(err);
	}
	while (afd_pem_next(&pem, &block, &label)) {
		AFD_AUTO(buf) struct afd_buf der = { 0 };

		if (afd_pem_is(label, "CERTIFICATE") && afd_pem_bytes(block, &der) == 0)
			push(r->list, afd_buf_slice(&der));
	}
	if (sk_X509_num(r->list) == 0) {
		afd_roots_free(r);
		return afd_fail(err, AFD_E_CONFIG, "no certificate in it");
	}
	*ret = r;
	return 0;
}

struct afd_roots *afd_roots_free(struct afd_roots *r)
{
	if (r)
		free_list(r->list);
	free(r);
	return NULL;
}

int afd_roots_find(const struct afd_roots *r, const struct afd_slice *chain, size_t n, struct afd_buf *ret, struct afd_error *err)
{
	__attribute__((cleanup(afd_x509_list_release))) STACK_OF(X509) *list = sk_X509_new_null();
	__attribute__((cleanup(afd_x509_store_release))) X509_STORE *store = X509_STORE_new();
	__attribute__((cleanup(afd_x509_ctx_release))) X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	STACK_OF(X509) *way;
	uint8_t *der = NULL;
	char why[200];
	int len;

	if (!list || !store || !ctx)
		return afd_fail_memory(err);
	for (size_t i = 0; i < n; i++)
		if (push(list, chain[i]) < 0)
			return 0;
	if (n == 0 || verify(list, r->list, AFD_TIME_NONE, ctx, store, why) != 1)
		return 0;
	way = X509_STORE_CTX_get0_chain(ctx);
	len = i2d_X509(sk_X509_value(way, sk_X509_num(way) - 1), &der);
	if (len <= 0 || afd_buf_add(ret, der, (size_t)len) < 0) {
		OPENSSL_free(der);
		return afd_fail_memory(err);
	}
	OPENSSL_free(der);
	return 0;
}

static bool same_address(const char *a, const char *b)
{
	uint8_t x[16], y[16];

	if (inet_pton(AF_INET, a, x) == 1)
		return inet_pton(AF_INET, b, y) == 1 && memcmp(x, y, 4) == 0;
	return inet_pton(AF_INET6, a, x) == 1 && inet_pton(AF_INET6, b, y) == 1 && memcmp(x, y, 16) == 0;
}

bool afd_tls_name_matches(const char *host, const struct afd_row_cert_name *name, size_t n)
{
	uint8_t raw[16];
	bool address = inet_pton(AF_INET, host, raw) == 1 || inet_pton(AF_INET6, host, raw) == 1;
	const char *rest = strchr(host, '.');

	for (size_t i = 0; i < n; i++) {
		const char *text = name[i].name;

		if (strcmp(name[i].kind, "ip") == 0 ? address && same_address(host, text) : false)
			return true;
		if (address || strcmp(name[i].kind, "dns") != 0)
			continue;
		if (strcmp(text, host) == 0 || (strncmp(text, "*.", 2) == 0 && rest && rest > host && strcmp(text + 1, rest) == 0))
			return true;
	}
	return false;
}
