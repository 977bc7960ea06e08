/* OAuth 2.0: access tokens of service accounts (RFC 7523) and of clients (RFC 6749, 4.4). The token is fetched when the run
 * needs it, lives in memory, and is fetched again before it ends. */
#include "collector/api/pages.h"

#include <inttypes.h>
#include <jansson.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>

#include "core/digest.h"

#define FORM        "application/x-www-form-urlencoded"
#define EARLY       AFD_MINUTE        /* a token is not used in its last minute */
#define LONGEST     AFD_HOUR
#define GOOGLE_URL  "https://oauth2.googleapis.com/token"

struct oauth {
	struct afd_auth a;
	char *url, *scope;
	struct afd_buf bearer;                /* "Bearer ..."; empty: none yet */
	int64_t until;
	int (*form)(struct oauth *o, int64_t now, struct afd_buf *ret, struct afd_error *err);
	/* clients */
	char *client; struct afd_buf secret;
	/* service accounts */
	char *account, *key_id; EVP_PKEY *key;
};

static void oauth_free(struct afd_auth *a)
{
	struct oauth *o = (struct oauth *)a;

	afd_buf_wipe(&o->bearer);
	afd_buf_wipe(&o->secret);
	EVP_PKEY_free(o->key);
	free(o->url);
	free(o->scope);
	free(o->client);
	free(o->account);
	free(o->key_id);
	free(o);
}

static int token_ask(struct afd_auth *a, int64_t now, struct afd_ask *q, struct afd_error *err)
{
	struct oauth *o = (struct oauth *)a;

	if (o->bearer.len && now < o->until)
		return 0;
	afd_buf_wipe(&o->bearer);
	q->url.len = q->base = 0;
	q->media_type = FORM;
	if (afd_buf_text(&q->url, o->url) < 0)
		return afd_fail_memory(err);
	return o->form(o, now, &q->body, err) < 0 ? -1 : 1;
}

static int sign(struct afd_auth *a, int64_t now, struct afd_ask *q, struct afd_error *err)
{
	const struct oauth *o = (const struct oauth *)a;

	(void)now;
	return o->bearer.len ? afd_ask_header(q, "Authorization", (char *)o->bearer.data, err) :
			       afd_fail(err, AFD_E_ENGINE, "no token was fetched");
}

/* A name of RFC 6749, 5.2, or of the vendor: nothing but letters and "_", so it cannot repeat what we sent. */
static const char *error_name(const struct afd_node *root)
{
	const char *s = afd_node_text(afd_node_get(root, "error"));

	return s && *s && strlen(s) < 60 && !s[strspn(s, "abcdefghijklmnopqrstuvwxyz_")] ? s : "no reason given";
}

static int token_take(struct afd_auth *a, const struct afd_response *r, int64_t now, struct afd_error *err)
{
	struct oauth *o = (struct oauth *)a;
	AFD_AUTO(doc) struct afd_doc *d = NULL;
	const struct afd_node *root, *expires;
	const char *token;
	int64_t life = LONGEST;

	if (afd_json_parse(r->body, "token", &d, NULL) < 0)
		return afd_fail(err, AFD_E_REMOTE, "the token server's answer (HTTP %d) is not JSON", r->status);
	root = afd_doc_root(d);
	token = afd_node_text(afd_node_get(root, "access_token"));
	expires = afd_node_get(root, "expires_in");
	if (r->status != 200 || !token || !*token)
		return afd_fail(err, AFD_E_REMOTE, "the token server answers HTTP %d (%s)", r->status, error_name(root));
	for (const char *s = token; *s; s++)
		if ((unsigned char)*s <= 0x20 || (unsigned char)*s >= 0x7f)
			return afd_fail(err, AFD_E_REMOTE, "the token server's token is not one word");
	if (expires && expires->type == AFD_INT && expires->u.i > 0 && expires->u.i < LONGEST / AFD_SECOND)
		life = expires->u.i * AFD_SECOND;
	o->until = now + (life > 2 * EARLY ? life - EARLY : life / 2);
	return afd_buf_text(&o->bearer, "Bearer ") < 0 || afd_buf_text(&o->bearer, token) < 0 ? afd_fail_memory(err) : 0;
}

static struct oauth *oauth_new(const char *url, const char *scope, const char *name)
{
	struct oauth *o = calloc(1, sizeof(*o));

	if (!o)
		return NULL;
	o->a = (struct afd_auth){ token_ask, token_take, sign, oauth_free, afd_strdup(name) };
	o->url = afd_strdup(url);
	o->scope = afd_strdup(scope);
	if (o->a.name && o->url && o->scope)
		return o;
	afd_auth_free(&o->a);
	return NULL;
}

static int form_field(struct afd_buf *to, const char *name, const char *value)
{
	return (to->len && afd_buf_text(to, "&") < 0) || afd_buf_text(to, name) < 0 || afd_buf_text(to, "=") < 0 ||
	       afd_escape(value, to) < 0;
}

/* --- clients --- */

static int client_form(struct oauth *o, int64_t now, struct afd_buf *ret, struct afd_error *err)
{
	(void)now;
	return form_field(ret, "grant_type", "client_credentials") || form_field(ret, "client_id", o->client) ||
	       form_field(ret, "client_secret", (char *)o->secret.data) || form_field(ret, "scope", o->scope) ?
	       afd_fail_memory(err) : 0;
}

int afd_auth_client(const struct afd_source_config *sc, const struct afd_client_credentials *c, struct afd_auth **ret,
		    struct afd_error *err)
{
	struct oauth *o = oauth_new(c->token_url, c->scope, c->client_id);

	if (!o)
		return afd_fail_memory(err);
	o->form = client_form;
	o->client = afd_strdup(c->client_id);
	if (!o->client) {
		afd_auth_free(&o->a);
		return afd_fail_memory(err);
	}
	if (afd_pages_base_check(c->token_url, err) < 0 || afd_auth_secret(sc, "client_secret", c->secret_ref, &o->secret, err) < 0) {
		afd_auth_free(&o->a);
		return -1;
	}
	*ret = &o->a;
	return 0;
}

/* --- service accounts --- */

static char *json_text(json_t *j)
{
	char *s = j ? json_dumps(j, JSON_COMPACT | JSON_SORT_KEYS) : NULL;

	json_decref(j);
	return s;
}

static int rs256(EVP_PKEY *key, struct afd_slice text, struct afd_buf *ret)
{
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	uint8_t sig[1024];
	size_t n = sizeof(sig);
	int ok = c && EVP_DigestSignInit(c, NULL, EVP_sha256(), NULL, key) == 1 &&
		 EVP_DigestSign(c, sig, &n, text.data, text.len) == 1;

	EVP_MD_CTX_free(c);
	return ok ? afd_base64url(afd_slice(sig, n), ret) : -1;
}

/* RFC 7523, 2.1 and 3. The clock of the server may be behind ours by a little: the assertion begins half a minute ago. */
static int account_form(struct oauth *o, int64_t now, struct afd_buf *ret, struct afd_error *err)
{
	const json_int_t at = now / AFD_SECOND - 30;
	AFD_AUTO(mem) char *head = json_text(json_pack("{s:s,s:s,s:s}", "alg", "RS256", "typ", "JWT", "kid", o->key_id));
	AFD_AUTO(mem) char *body = json_text(json_pack("{s:s,s:s,s:s,s:I,s:I}", "iss", o->account, "scope", o->scope, "aud", o->url,
	                                               "iat", at, "exp", at + 3600));
	struct afd_buf jwt = { 0 };
	int bad = !head || !body || afd_base64url(afd_slice_text(head), &jwt) < 0 || afd_buf_text(&jwt, ".") < 0 ||
		  afd_base64url(afd_slice_text(body), &jwt) < 0;

	if (!bad) {
		const size_t n = jwt.len;

		bad = afd_buf_text(&jwt, ".") < 0 || rs256(o->key, afd_slice(jwt.data, n), &jwt) < 0 ||
		      form_field(ret, "grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer") ||
		      form_field(ret, "assertion", (char *)jwt.data);
	}
	afd_buf_wipe(&jwt);
	return bad ? afd_fail(err, AFD_E_IO, "the service account's key cannot sign") : 0;
}

/* No prompt for a passphrase: the file is Google's, and has none. */
static int no_passphrase(char *buf, int size, int rwflag, void *ctx)
{
	(void)buf, (void)size, (void)rwflag, (void)ctx;
	return -1;
}

static EVP_PKEY *read_key(const char *pem)
{
	BIO *b = BIO_new_mem_buf(pem, -1);
	EVP_PKEY *key = b ? PEM_read_bio_PrivateKey(b, NULL, no_passphrase, NULL) : NULL;

	BIO_free(b);
	if (key && EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA && EVP_PKEY_get_bits(key) <= 8192)
		return key;
	EVP_PKEY_free(key);
	return NULL;
}

static int account_read(struct afd_slice json, const char *scope, const char *token_url, struct oauth **ret, struct afd_error *err)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;
	const struct afd_node *root;
	const char *account, *key, *id, *url;
	struct oauth *o;

	/* jansson's words could repeat the key */
	if (afd_json_parse(json, "credentials", &d, NULL) < 0)
		return afd_fail(err, AFD_E_CONFIG, "credentials: expected the JSON file of a service account's key");
	root = afd_doc_root(d);
	account = afd_node_text(afd_node_get(root, "client_email"));
	key = afd_node_text(afd_node_get(root, "private_key"));
	id = afd_node_text(afd_node_get(root, "private_key_id"));
	url = token_url ? token_url : afd_node_text(afd_node_get(root, "token_uri"));
	if (!account || !key || !id)
		return afd_fail(err, AFD_E_CONFIG, "credentials: expected client_email, private_key and private_key_id in the file");
	url = url ? url : GOOGLE_URL;
	if (afd_pages_base_check(url, err) < 0)
		return afd_within(err, "credentials: token_uri");
	o = oauth_new(url, scope, account);
	if (!o)
		return afd_fail_memory(err);
	o->form = account_form;
	o->account = afd_strdup(account);
	o->key_id = afd_strdup(id);
	o->key = read_key(key);
	if (!o->account || !o->key_id || !o->key) {
		bool no_key = !o->key;

		afd_auth_free(&o->a);
		return no_key ? afd_fail(err, AFD_E_CONFIG, "credentials: private_key: expected an RSA key in PEM") : afd_fail_memory(err);
	}
	*ret = o;
	return 0;
}

int afd_auth_google(const struct afd_source_config *sc, const char *key_ref, const char *scope, const char *token_url,
		    struct afd_auth **ret, struct afd_error *err)
{
	struct afd_buf json = { 0 };
	struct oauth *o = NULL;
	int r;

	if (!key_ref)
		return afd_fail(err, AFD_E_CONFIG, "credentials: a required field is missing");
	r = sc->secret(sc->secret_ctx, key_ref, &json, err);
	if (r == 0)
		r = account_read(afd_buf_slice(&json), scope, token_url, &o, err);
	afd_buf_wipe(&json);
	if (r == 0)
		*ret = &o->a;
	return r;
}
