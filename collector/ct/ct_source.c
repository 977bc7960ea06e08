/* A source that reads one log, of either kind: its configuration, where its requests go, which answer goes where.
 *
 * One run: the log's signed head; entries from where the last run stopped; root over all leaf hashes compared with the
 * signed root. Only then anything of the range is kept. Very long ways are cut into steps: at the end of a step the rest
 * of the tree is taken from the log's own hashes (hash tiles, or a consistency proof), so that the root is compared, and
 * each hit has its proof, without reading the rest first. A wrong hash can only make the comparison fail.
 *
 * The cursor holds the tree at the position (compact range), the last head, and what is claimed for which list of names.
 * Going on from that tree to a new head shows that the new head extends the old one. */
#include <stdarg.h>

#include "collector/ct/ct_run.h"

const struct config afd_ct_config_defaults = { .mmd = 60 * AFD_SECOND, .page = 1024, .parallel = 4 };

/* The name of the log: as configured, else its address without scheme and last slash. */
int afd_ct_scopes(const void *config, struct afd_buf *ret, struct afd_error *err)
{
	const struct config *c = config;
	const char *name = c->origin, *slashes = strstr(c->url, "://");
	size_t n;

	if (!name && slashes)
		name = slashes + 3;
	n = name ? strlen(name) : 0;
	while (!c->origin && n > 0 && name[n - 1] == '/')
		n--;
	if (n == 0)
		return afd_fail(err, AFD_E_CONFIG, "origin: a log that is read from a directory needs a name");
	return afd_buf_add(ret, name, n) < 0 ? afd_fail_memory(err) : 0;
}

void afd_ct_end(void *state)
{
	struct run *r = state;

	if (!r)
		return;
	if (r->going_back)
		r->back->left++;
	afd_ct_hits_drop(r);
	afd_ct_late_release(r);
	free(r->hit);
	free(r->path);
	for (size_t i = 0; i < r->n_claims; i++)
		afd_ct_claim_release(&r->claim[i]);
	for (size_t i = 0; i < r->n_issuers; i++)
		afd_buf_release(&r->issuer[i].der);
	free(r->issuer);
	free(r->incident);
	afd_ct_batch_free(r->batch);
	afd_ct_watch_free(r->watch);
	afd_buf_release(&r->key);
	afd_buf_release(&r->url);
	afd_buf_release(&r->origin);
	afd_buf_release(&r->signed_head);
	afd_buf_release(&r->before);
	afd_buf_release(&r->request_url);
	afd_buf_release(&r->asked);
	afd_buf_release(&r->ahead_url);
	free(r);
}

static int put_url(struct run *r, const char *url, const char *base_dir)
{
	size_t n = strlen(url);

	if (strncmp(url, "file:", 5) == 0 && url[5] != '/' && base_dir && *base_dir) {
		if (afd_buf_printf(&r->url, "file:%s/", base_dir) < 0)
			return -1;
		url += 5;
		n -= 5;
	}
	while (n > 0 && url[n - 1] == '/')
		n--;
	return afd_buf_add(&r->url, url, n);
}

/* "localhost", "127...", "[::1]" between scheme and port */
static bool is_this_machine(const char *url)
{
	static const char *const names[] = { "localhost", "127.0.0.1", "[::1]" };
	const char *host = strstr(url, "://");

	for (size_t i = 0; host && i < AFD_COUNT(names); i++) {
		size_t n = strlen(names[i]);

		if (strncmp(host + 3, names[i], n) == 0 && (host[3 + n] == ':' || host[3 + n] == '/' || host[3 + n] == '\0'))
			return true;
	}
	return false;
}

int afd_ct_contact_check(const char *url, const char *contact, struct afd_error *err)
{
	if (contact || strncmp(url, "file:", 5) == 0 || is_this_machine(url))
		return 0;
	return afd_fail(err, AFD_E_CONFIG, "contact: operators of logs want to know who reads them: set `contact` in the configuration to an "
	                "e-mail address or a page of yours; it goes into the User-Agent");
}

static int read_start(struct run *r, const struct afd_source_config *c, struct afd_error *err)
{
	const struct afd_node *n = r->c.start;
	const char *text = n ? afd_node_text(n) : "all";

	if (n && n->type == AFD_INT && n->u.i >= 0)
		r->start_at = (uint64_t)n->u.i;
	else if (text && strcmp(text, "head") == 0)
		r->start_at = UINT64_MAX;
	else if (!text || strcmp(text, "all") != 0)
		return afd_node_fail(c->doc, n, err, "all, head or an index");
	return 0;
}

static int read_config(struct run *r, const struct afd_source_config *c, struct afd_error *err)
{
	if (read_start(r, c, err) < 0)
		return -1;
	if (r->c.page < 1 || r->c.page > 65536)
		return afd_fail(err, AFD_E_CONFIG, "page: expected 1 to 65536 entries, got %lld", (long long)r->c.page);
	if (r->c.rate < 0)
		return afd_fail(err, AFD_E_CONFIG, "rate: expected requests per second, got %lld", (long long)r->c.rate);
	if (r->c.parallel < 1 || r->c.parallel > AFD_AHEAD_MAX)
		return afd_fail(err, AFD_E_CONFIG, "parallel: expected 1 to %d requests at a time, got %lld", AFD_AHEAD_MAX, (long long)r->c.parallel);
	if (afd_unbase64(afd_slice_text(r->c.key), &r->key) < 0)
		return afd_fail(err, AFD_E_CONFIG, "key: expected the SPKI in base64");
	if (afd_ct_scopes(&r->c, &r->origin, err) < 0)
		return -1;
	r->log = (struct afd_ct_log){ .origin = (const char *)r->origin.data, .key = afd_buf_slice(&r->key), .witness = r->c.witnesses };
	if (afd_ct_witnesses_check(&r->log.witness, err) < 0)
		return -1;
	if (afd_ct_contact_check(r->c.url, c->contact, err) < 0)
		return -1;
	r->live = strncmp(r->c.url, "file:", 5) != 0;
	return put_url(r, r->c.url, c->base_dir) < 0 ? afd_fail_memory(err) : 0;
}

int afd_ct_begin(const struct afd_ct_kind *kind, const struct afd_source_config *c, const void *config, const char *cursor,
                 void **ret, struct afd_error *err)
{
	struct run *r = calloc(1, sizeof(*r));

	if (!r)
		return afd_fail_memory(err);
	r->c = *(const struct config *)config;
	r->kind = kind;
	r->env = c->env;
	r->back = c->back;
	r->issuer = calloc(MAX_ISSUERS, sizeof(*r->issuer));
	if (!r->issuer) {
		afd_fail_memory(err);
		goto fail;
	}
	if (read_config(r, c, err) < 0 || afd_ct_watch_new(c->watch->name, c->watch->n, &r->watch, err) < 0 ||
	    (cursor && afd_ct_cursor_read(r, cursor, err) < 0) || afd_ct_claims_begin(r, c->watch, err) < 0)
		goto fail;
	/* Still closed, not read again from 0, and nothing is asked about new names: then there is nothing to ask. */
	r->ended = r->ended && r->c.closed && r->tree.size == (uint64_t)r->c.final_size;
	if (r->ended && !r->incident && r->n_claims == 1)
		r->phase = DONE;
	*ret = r;
	return 0;
fail:
	afd_ct_end(r);
	return -1;
}

static int request(const struct run *r, struct afd_buf *url, const char *path, size_t max, struct afd_request *q)
{
	url->len = 0;
	if (afd_buf_add_slice(url, afd_buf_slice(&r->url)) < 0 || afd_buf_printf(url, "/%s", path) < 0)
		return -1;
	*q = (struct afd_request){ .protocol = AFD_HTTP, .url = (const char *)url->data, .max_body = max, .ca_file = r->c.ca_file,
	                           .authenticated = true,      /* no redirects */
	                           .pace_ms = r->c.rate > 0 ? (1000 + r->c.rate - 1) / r->c.rate : 0 };
	return 0;
}

int afd_ct_ask(struct run *r, struct afd_request *q, size_t max, struct afd_error *err, const char *fmt, ...)
{
	char path[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(path, sizeof(path), fmt, ap);
	va_end(ap);
	r->asked.len = 0;
	if (request(r, &r->request_url, path, max, q) < 0 || afd_buf_printf(&r->asked, "%s %s", r->log.origin, path) < 0)
		return afd_fail_memory(err);
	q->asked = (const char *)r->asked.data;
	return 1;
}

int afd_ct_ask_ahead(struct run *r, struct afd_request *q, size_t max, const char *fmt, ...)
{
	char path[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(path, sizeof(path), fmt, ap);
	va_end(ap);
	return request(r, &r->ahead_url, path, max, q) < 0 ? 0 : 1;
}

int afd_ct_next(void *state, struct afd_request *q, struct afd_error *err)
{
	struct run *r = state;

	if (r->phase == DONE)
		return 0;
	return r->phase == HEAD ? afd_ct_ask(r, q, AFD_MAX_NOTE, err, "%s", r->kind->head) : r->kind->ask(r, q, err);
}

/* Entries alone: they are nearly all of what is asked. Behind the end of a step come a walk and issuers, and then the entries
 * behind those of the step. */
int afd_ct_ahead(void *state, unsigned i, struct afd_request *q)
{
	struct run *r = state;

	if (i >= (unsigned)r->c.parallel)
		return 0;
	if (r->phase == DATA)
		return r->kind->ahead(r, i, q);
	if ((r->phase == WALK && r->walk == TO_HEAD) || (r->phase == ISSUERS && !afd_ct_at_head(r)))
		return r->kind->ahead(r, i - 1, q);
	return 0;
}

/* How much stays unread, where that is known: whoever is refused again and again sees that it grows. */
static int not_answered(struct run *r, struct afd_keeper *keep, int64_t now, struct afd_error *err, const char *why)
{
	const char *asked = (const char *)r->asked.data;

	/* the engine says itself what was asked */
	if (strncmp(why, asked, strlen(asked)) == 0)
		why += strlen(asked) + (strncmp(why + strlen(asked), ": ", 2) == 0 ? 2 : 0);
	if (r->phase == HEAD || !r->has_head || r->tree.size >= r->head.size)
		return afd_ct_gap(r, keep, now, err, "%s: %s", asked, why);
	return afd_ct_gap(r, keep, now, err, "%s: %s; %llu to go", asked, why, (unsigned long long)(r->head.size - r->tree.size));
}

int afd_ct_take(void *state, const struct afd_response *a, const struct afd_error *why, struct afd_keeper *keep,
                struct afd_error *err)
{
	struct run *r = state;
	int64_t now = afd_ct_time_of(r, a);
	char status[40];
	int rc;

	if (r->phase == ISSUERS)          /* without an issuer an entry is as true as with it */
		return r->kind->take(r, a, now, keep, err) < 0 ? -1 : afd_ct_advance(r, keep, now, err);
	if (!a)
		return not_answered(r, keep, now, err, why ? why->text : "no answer");
	/* A log may forget a partial tile once the full one exists; its first items are the same (tlog-tiles, Partial Tiles). */
	if (a->status == 404 && r->kind->tiles && r->phase != HEAD && r->width < AFD_TILE_WIDTH && !r->whole) {
		r->whole = true;
		return 0;
	}
	if (a->status != 200 && a->status != 0 && r->phase != HEAD && r->kind->refused && r->kind->refused(r))
		return 0;
	if (a->status != 200 && a->status != 0) {
		snprintf(status, sizeof(status), "HTTP status %d", a->status);
		return not_answered(r, keep, now, err, status);
	}
	rc = r->phase == HEAD ? afd_ct_take_head(r, a, keep, err) : r->kind->take(r, a, now, keep, err);
	return rc < 0 ? -1 : afd_ct_advance(r, keep, now, err);
}
