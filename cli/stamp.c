#include "cli/stamp.h"

#include <unistd.h>

#include "core/file.h"
#include "transport/transport.h"

#define TRIES 3
#define FIRST_WAIT (1 * AFD_SECOND)
#define LONGEST_WAIT (60 * AFD_SECOND)       /* of a Retry-After; an authority that wants more is passed over */
#define MAX_ANSWER (64u * 1024)

struct authority { char *url, *host, *policy, *ca_file; size_t root; bool has_root; };

struct stamping {
	struct cli *c;
	struct afd_transport *transport;
	struct afd_stamper stamper;
	struct authority *at; size_t n;
	struct afd_buf *bytes; struct afd_slice *root; size_t n_root;
	bool all_roots;                      /* of the command line: any of them may be any authority's */
};

/* --- who is asked --- */

/* "tsa.example.com" of an URL: what messages and records say. */
static char *host_of(const char *url)
{
	const char *from = strstr(url, "://");

	from = from ? from + 3 : url;
	return afd_text_dup(afd_slice(from, strcspn(from, "/?#")));
}

static int add_authority(struct stamping *s, const char *url, const char *policy, struct afd_error *err)
{
	struct authority *a = &s->at[s->n];

	if (strncmp(url, "http://", 7) != 0 && strncmp(url, "https://", 8) != 0)
		return afd_fail(err, AFD_E_USAGE, "time-stamping authority %s: expected an address that begins with https:// or http://", url);
	a->url = afd_strdup(url);
	a->host = host_of(url);
	a->policy = afd_strdup(policy);
	if (!a->url || !a->host || (policy && !a->policy))
		return afd_fail_memory(err);
	if (strchr(a->host, '@'))
		return afd_fail(err, AFD_E_USAGE, "time-stamping authority: an address with a password in it is not taken");
	s->n++;
	return 0;
}

static int add_root(struct stamping *s, const char *path, struct afd_error *err)
{
	struct afd_buf *b = &s->bytes[s->n_root];

	if (afd_file_read(path, 1u << 20, b, err) < 0)
		return afd_within(err, "root of a time-stamping authority");
	s->root[s->n_root++] = afd_buf_slice(b);
	return 0;
}

static int from_options(struct stamping *s, const struct stamp_options *o, struct afd_error *err)
{
	for (unsigned i = 0; i < o->url.n; i++)
		if (add_authority(s, o->url.at[i], o->policy, err) < 0)
			return -1;
	for (unsigned i = 0; i < o->root.n; i++)
		if (add_root(s, o->root.at[i], err) < 0)
			return -1;
	s->all_roots = true;
	return 0;
}

static int from_config(struct stamping *s, const struct afd_config *config, const struct stamp_options *o, struct afd_error *err)
{
	for (size_t i = 0; i < config->n_authority; i++) {
		const struct afd_authority *a = &config->authority[i];
		AFD_AUTO(mem) char *root = a->root ? afd_config_path(config, a->root) : NULL;

		if (add_authority(s, a->url, o && o->policy ? o->policy : a->policy, err) < 0)
			return -1;
		s->at[i].ca_file = a->ca_file ? afd_config_path(config, a->ca_file) : NULL;
		if ((a->ca_file && !s->at[i].ca_file) || (a->root && !root))
			return afd_fail_memory(err);
		if (!root)
			continue;
		s->at[i].has_root = true;
		s->at[i].root = s->n_root;
		if (add_root(s, root, err) < 0)
			return -1;
	}
	for (unsigned i = 0; o && i < o->root.n; i++)
		if (add_root(s, o->root.at[i], err) < 0)
			return -1;
	return 0;
}

int stamping_open(struct cli *c, const struct stamp_options *o, const struct afd_config *config, struct stamping **ret,
                  struct afd_error *err)
{
	__attribute__((cleanup(stamping_release))) struct stamping *s = calloc(1, sizeof(*s));
	bool told = o && o->url.n;
	size_t n = told ? o->url.n : config ? config->n_authority : 0, n_root = n + (o ? o->root.n : 0);

	*ret = NULL;
	if (!s)
		return afd_fail_memory(err);
	if (n == 0 && o && o->root.n)
		return afd_fail(err, AFD_E_USAGE, "--timestamp-root without an authority: give --timestamp URL, or configure one");
	if (n == 0)
		return 0;
	s->c = c;
	s->at = calloc(n, sizeof(*s->at));
	s->bytes = calloc(n_root + 1, sizeof(*s->bytes));
	s->root = calloc(n_root + 1, sizeof(*s->root));
	if (!s->at || !s->bytes || !s->root)
		return afd_fail_memory(err);
	if ((told ? from_options(s, o, err) : from_config(s, config, o, err)) < 0)
		return -1;
	s->transport = afd_transport_new(&c->env, config ? config->contact : NULL, err);
	if (!s->transport)
		return -1;
	*ret = afd_steal(&s);
	return 0;
}

void stamping_release(struct stamping **p)
{
	struct stamping *s = *p;

	*p = NULL;
	if (!s)
		return;
	for (size_t i = 0; i < s->n; i++) {
		free(s->at[i].url);
		free(s->at[i].host);
		free(s->at[i].policy);
		free(s->at[i].ca_file);
	}
	for (size_t i = 0; i < s->n_root; i++)
		afd_buf_release(&s->bytes[i]);
	afd_transport_free(s->transport);
	free(s->at);
	free(s->bytes);
	free(s->root);
	free(s);
}

struct stamping *stamping_free(struct stamping *s)
{
	stamping_release(&s);
	return NULL;
}

void stamping_roots(const struct stamping *s, const struct afd_slice **ret, size_t *ret_n)
{
	*ret = s ? s->root : NULL;
	*ret_n = s ? s->n_root : 0;
}

void stamped_release(struct stamped *s)
{
	afd_buf_release(&s->answer);
	afd_buf_release(&s->token);
	afd_mem_release(&s->authority);
}

/* --- asking --- */

static void wait_ms(const struct stamping *s, int64_t ms)
{
	for (; ms > 0 && !s->c->clock_fixed && !(s->c->stop && *s->c->stop); ms -= 100)
		usleep((useconds_t)((ms < 100 ? ms : 100) * 1000));
}

/* 0 an answer, 1 worth another try, -1 this authority gives none. */
static int post_once(struct stamping *s, const struct authority *a, struct afd_slice request, struct afd_response *ret,
                     struct afd_error *err)
{
	const struct afd_request q = { .protocol = AFD_HTTP, .asked = "time-stamp", .url = a->url, .post = request,
		.post_type = "application/timestamp-query", .max_body = MAX_ANSWER, .ca_file = a->ca_file,
		.header = { { "Accept", "application/timestamp-reply" } }, .n_header = 1 };

	*ret = (struct afd_response){ .retry_after_ms = -1 };
	if (afd_transport_do(s->transport, &q, ret, err) < 0)
		return err->code == AFD_E_REMOTE || err->code == AFD_E_IO ? 1 : -1;
	if (ret->status == 200)
		return 0;
	afd_fail(err, AFD_E_REMOTE, "HTTP %d", ret->status);
	return ret->status == 429 || (ret->status >= 500 && ret->status <= 599) ? 1 : -1;
}

static int post(struct stamping *s, const struct authority *a, struct afd_slice request, struct afd_response *ret,
                struct afd_error *err)
{
	for (unsigned i = 0;; i++) {
		int64_t pause = FIRST_WAIT << i;
		int got = post_once(s, a, request, ret, err);

		if (got <= 0)
			return got;
		if (ret->retry_after_ms > LONGEST_WAIT)
			return afd_within(err, "asks to wait %lld s", (long long)(ret->retry_after_ms / AFD_SECOND));
		if (i + 1 == TRIES || (s->c->stop && *s->c->stop))
			return afd_within(err, "%u tries", i + 1);
		wait_ms(s, ret->retry_after_ms > 0 ? ret->retry_after_ms : pause);
	}
}

/* A token that will not verify is found out now, not by the auditor. */
static int check_root(const struct stamping *s, const struct authority *a, struct afd_slice token, const struct afd_digest *imprint,
                      struct afd_error *err)
{
	const struct afd_trust t = { .stamp_pem = a->has_root ? &s->root[a->root] : s->root, .n_stamp = a->has_root ? 1 : s->n_root,
		.allow_test = true, .at_ms = afd_now(&s->c->env) };
	AFD_AUTO(stamp) struct afd_stamp stamp = { 0 };

	if (!a->has_root && !(s->all_roots && s->n_root))
		return 0;
	return afd_stamp_verify(token, imprint, &t, &stamp, err);
}

static int ask_one(struct stamping *s, const struct authority *a, const struct afd_digest *imprint, struct stamped *ret,
                   struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf request = { 0 };
	struct afd_response answer;

	if (afd_stamp_request(imprint, a->policy, &s->c->env, &request, err) < 0 ||
	    post(s, a, afd_buf_slice(&request), &answer, err) < 0 ||
	    afd_stamp_answer(afd_buf_slice(&request), answer.body, &ret->token, err) < 0 ||
	    check_root(s, a, afd_buf_slice(&ret->token), imprint, err) < 0)
		return -1;
	if (afd_buf_add_slice(&ret->answer, answer.body) < 0)
		return afd_fail_memory(err);
	memcpy(ret->channel, answer.channel, sizeof(ret->channel));
	ret->authority = afd_strdup(a->host);
	return ret->authority ? 0 : afd_fail_memory(err);
}

int stamping_ask(struct stamping *s, const struct afd_digest *imprint, struct stamped *ret, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf why = { 0 };

	for (size_t i = 0; i < s->n; i++) {
		struct afd_error e = { 0 };

		if (ask_one(s, &s->at[i], imprint, ret, &e) == 0)
			return 0;
		stamped_release(ret);
		if (afd_buf_printf(&why, "%s%s: %.300s", why.len ? "; " : "", s->at[i].host, e.text) < 0)
			return afd_fail_memory(err);
	}
	return afd_fail(err, AFD_E_REMOTE, "no time-stamp: %.900s", (const char *)why.data);
}

/* --- for signatures --- */

static int stamp(void *ctx, const struct afd_digest *imprint, struct afd_buf *ret_token, struct afd_error *err)
{
	__attribute__((cleanup(stamped_release))) struct stamped got = { 0 };

	if (stamping_ask(ctx, imprint, &got, err) < 0)
		return -1;
	return afd_buf_add_slice(ret_token, afd_buf_slice(&got.token)) < 0 ? afd_fail_memory(err) : 0;
}

const struct afd_stamper *stamping_stamper(const struct stamping *s)
{
	struct stamping *own = (struct stamping *)s;

	if (!own)
		return NULL;
	own->stamper = (struct afd_stamper){ stamp, own };
	return &own->stamper;
}
