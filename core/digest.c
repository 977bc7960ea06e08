#include "core/digest.h"

#include <openssl/crypto.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <pthread.h>

/* OpenSSL 3 looks an algorithm up by name whenever it is asked for one, which costs more than hashing a tree node.
 * So the lookup happens once in the process, and each thread keeps one context of each kind. */
static EVP_MD *sha256_md;
static EVP_MAC *hmac_mac;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t at_thread_end;

struct hashes { EVP_MD_CTX *md; EVP_MAC_CTX *mac; };
static __thread struct hashes *mine;

static void hashes_free(void *p)
{
	struct hashes *h = p;

	EVP_MD_CTX_free(h->md);
	EVP_MAC_CTX_free(h->mac);
	free(h);
}

static void fetch_once(void)
{
	sha256_md = EVP_MD_fetch(NULL, "SHA256", NULL);
	hmac_mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	/* A hash that cannot be computed must never look like one that was: there is nothing sensible to go on with. */
	if (!sha256_md || !hmac_mac || pthread_key_create(&at_thread_end, hashes_free) != 0)
		abort();
}

static struct hashes *hashes(void)
{
	OSSL_PARAM p[2] = { OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)"SHA256", 0),
			    OSSL_PARAM_construct_end() };
	struct hashes *h = mine;

	if (h)
		return h;
	pthread_once(&once, fetch_once);
	h = calloc(1, sizeof(*h));
	if (!h || !(h->md = EVP_MD_CTX_new()) || !(h->mac = EVP_MAC_CTX_new(hmac_mac)) ||
	    !EVP_MAC_CTX_set_params(h->mac, p) || pthread_setspecific(at_thread_end, h) != 0)
		abort();
	return mine = h;
}

static void begin(EVP_MD_CTX *c)
{
	if (!EVP_DigestInit_ex2(c, sha256_md, NULL))
		abort();
}

static void add(EVP_MD_CTX *c, struct afd_slice s)
{
	if (s.len && !EVP_DigestUpdate(c, s.data, s.len))
		abort();
}

static void end(EVP_MD_CTX *c, struct afd_digest *ret)
{
	if (!EVP_DigestFinal_ex(c, ret->b, NULL))
		abort();
}

void afd_sha256_parts(const struct afd_slice *s, size_t n, struct afd_digest *ret)
{
	EVP_MD_CTX *c = hashes()->md;

	begin(c);
	for (size_t i = 0; i < n; i++)
		add(c, s[i]);
	end(c, ret);
}

void afd_sha256(struct afd_slice s, struct afd_digest *ret)
{
	afd_sha256_parts(&s, 1, ret);
}

void afd_hmac_sha256(struct afd_slice key, struct afd_slice msg, struct afd_digest *ret)
{
	EVP_MAC_CTX *c = hashes()->mac;
	size_t n = 0;

	/* A NULL key would mean "the key of last time". */
	if (!EVP_MAC_init(c, key.len ? key.data : (const uint8_t *)"", key.len, NULL) ||
	    (msg.len && !EVP_MAC_update(c, msg.data, msg.len)) ||
	    !EVP_MAC_final(c, ret->b, &n, sizeof(ret->b)) || n != sizeof(ret->b))
		abort();
}

bool afd_digest_equal(const struct afd_digest *a, const struct afd_digest *b)
{
	return CRYPTO_memcmp(a->b, b->b, sizeof(a->b)) == 0;
}

struct afd_sha256_ctx { EVP_MD_CTX *md; };

struct afd_sha256_ctx *afd_sha256_new(void)
{
	struct afd_sha256_ctx *c = calloc(1, sizeof(*c));

	pthread_once(&once, fetch_once);
	if (c && !(c->md = EVP_MD_CTX_new()))
		return afd_sha256_free(c);
	return c;
}

void afd_sha256_begin(struct afd_sha256_ctx *c)
{
	begin(c->md);
}

void afd_sha256_add(struct afd_sha256_ctx *c, struct afd_slice s)
{
	add(c->md, s);
}

void afd_sha256_end(struct afd_sha256_ctx *c, struct afd_digest *ret)
{
	end(c->md, ret);
}

struct afd_sha256_ctx *afd_sha256_free(struct afd_sha256_ctx *c)
{
	if (c)
		EVP_MD_CTX_free(c->md);
	free(c);
	return NULL;
}

bool afd_finding_id_read(const char *text, char ret[static 17])
{
	size_t n = 0;

	for (const char *p = text; *p; p++) {
		if (*p == ' ')
			continue;
		if (n == 16)
			return false;
		ret[n++] = *p >= 'a' && *p <= 'z' ? (char)(*p - 'a' + 'A') : *p;
	}
	ret[n] = '\0';
	return n == 16 && strspn(ret, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") == 16;
}
