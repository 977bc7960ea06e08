/* Certificate Transparency logs of the static-ct-api (C2SP v1.1.0).
 *
 * One run: checkpoint; data tiles from where the last run stopped; root over all leaf hashes compared with the signed
 * root. Only then anything of the range is kept. Very long ways are cut into steps: at the end of a step the rest of the
 * tree is taken from the log's own hash tiles (a few hashes per level, afd_ct_stride), so that the root is compared, and
 * each hit has its proof, without reading the rest first. A wrong hash tile can only make the comparison fail.
 *
 * The cursor holds the tree at the position (compact range), the last head, and what is claimed for which list of names.
 * Going on from that tree to a new head shows that the new head extends the old one. */
#include <stdarg.h>

#include "collector/ct/ct_run.h"
#include "collector/table.h"

#define HASH_TILE_BYTES (64u * 1024)
#define ISSUER_BYTES    (64u * 1024)

static const struct config config_defaults = { .start = "all", .mmd = 60 * AFD_SECOND };
static const struct afd_field config_fields[] = {
	{ "url",         AFD_FIELD_TEXT,     AFD_REQUIRED, offsetof(struct config, url), "monitoring prefix, http(s) or file:DIR" },
	{ "origin",      AFD_FIELD_TEXT,     AFD_REQUIRED, offsetof(struct config, origin), "first line of its checkpoints: submission prefix without scheme" },
	{ "key",         AFD_FIELD_TEXT,     AFD_REQUIRED, offsetof(struct config, key), "the log's public key (SPKI, base64) from a list you trust" },
	{ "operator",    AFD_FIELD_TEXT,     AFD_OPTIONAL, offsetof(struct config, operator), "who runs it" },
	{ "mmd",         AFD_FIELD_DURATION, AFD_OPTIONAL, offsetof(struct config, mmd), "maximum merge delay; default 60s" },
	{ "start",       AFD_FIELD_TEXT,     AFD_OPTIONAL, offsetof(struct config, start), "all: from index 0; head: from the first head seen" },
	{ "temporal",    AFD_FIELD_IGNORE,   AFD_OPTIONAL, 0, "notAfter range of the shard: from, to" },
	{ "backfill",    AFD_FIELD_BOOL,     AFD_OPTIONAL, offsetof(struct config, backfill), "with start: all, read again from 0 when names are added; default false" },
	{ "max_entries", AFD_FIELD_INT,      AFD_OPTIONAL, offsetof(struct config, max_entries), "at most so many in one run; default no limit" },
	{ "ca_file",     AFD_FIELD_TEXT,     AFD_OPTIONAL, offsetof(struct config, ca_file), "certificates to trust for its server; default the system's" },
	{ 0 }
};

static void run_end(void *state)
{
	struct run *r = state;

	if (!r)
		return;
	afd_ct_hits_drop(r);
	free(r->hit);
	free(r->path);
	for (size_t i = 0; i < r->n_claims; i++)
		afd_ct_claim_release(&r->claim[i]);
	for (size_t i = 0; i < r->n_issuers; i++)
		afd_buf_release(&r->issuer[i].der);
	free(r->issuer);
	free(r->incident);
	afd_ct_watch_free(r->watch);
	afd_sha256_free(r->sha);
	afd_buf_release(&r->key);
	afd_buf_release(&r->url);
	afd_buf_release(&r->note);
	afd_buf_release(&r->request_url);
	afd_buf_release(&r->asked);
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

static int run_begin(const struct afd_source_config *c, const void *config, const char *cursor, void **ret, struct afd_error *err)
{
	struct run *r = calloc(1, sizeof(*r));

	if (!r)
		return afd_fail_memory(err);
	r->c = *(const struct config *)config;
	r->env = c->env;
	r->log.origin = r->c.origin;
	if (strcmp(r->c.start, "all") != 0 && strcmp(r->c.start, "head") != 0) {
		afd_fail(err, AFD_E_CONFIG, "start: expected all or head, got %s", r->c.start);
		goto fail;
	}
	if (afd_unbase64(afd_slice_text(r->c.key), &r->key) < 0) {
		afd_fail(err, AFD_E_CONFIG, "key: expected the SPKI in base64");
		goto fail;
	}
	r->log.key = afd_buf_slice(&r->key);
	r->sha = afd_sha256_new();
	r->issuer = calloc(MAX_ISSUERS, sizeof(*r->issuer));
	if (!r->sha || !r->issuer || put_url(r, r->c.url, c->base_dir) < 0) {
		afd_fail_memory(err);
		goto fail;
	}
	if (afd_ct_watch_new(c->watch->name, c->watch->n, &r->watch, err) < 0 ||
	    (cursor && afd_ct_cursor_read(r, cursor, err) < 0) || afd_ct_claims_begin(r, c->watch, err) < 0)
		goto fail;
	*ret = r;
	return 0;
fail:
	run_end(r);
	return -1;
}

/* --- requests --- */

static int ask(struct run *r, struct afd_request *q, size_t max, struct afd_error *err, const char *fmt, ...) AFD_PRINTF(5, 6);
static int ask(struct run *r, struct afd_request *q, size_t max, struct afd_error *err, const char *fmt, ...)
{
	char path[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(path, sizeof(path), fmt, ap);
	va_end(ap);
	r->request_url.len = r->asked.len = 0;
	if (afd_buf_add_slice(&r->request_url, afd_buf_slice(&r->url)) < 0 || afd_buf_printf(&r->request_url, "/%s", path) < 0 ||
	    afd_buf_printf(&r->asked, "%s %s", r->log.origin, path) < 0)
		return afd_fail_memory(err);
	*q = (struct afd_request){ .protocol = AFD_HTTP, .asked = (const char *)r->asked.data, .url = (const char *)r->request_url.data,
	                           .max_body = max, .ca_file = r->c.ca_file };
	return 1;
}

static int ask_tile(struct run *r, struct afd_request *q, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf path = { 0 };

	if (afd_tile_path(r->level, r->tile, r->whole ? AFD_TILE_WIDTH : r->width, &path) < 0)
		return afd_fail_memory(err);
	return ask(r, q, r->level == AFD_TILE_DATA ? AFD_MAX_CT_TILE : HASH_TILE_BYTES, err, "%s", (const char *)path.data);
}

static int run_next(void *state, struct afd_request *q, struct afd_error *err)
{
	struct run *r = state;
	struct afd_digest fingerprint;
	unsigned level = 0, item;

	switch (r->phase) {
	case CHECKPOINT:
		return ask(r, q, AFD_MAX_NOTE, err, "checkpoint");
	case WALK:
		afd_ct_stride(r->ahead.size, r->walk_to, &level, &r->tile, &item);
		r->level = (int)level;
		r->width = afd_tile_width(r->level, r->tile, r->head.size);
		return ask_tile(r, q, err);
	case DATA:
		r->level = AFD_TILE_DATA;
		r->tile = r->tree.size / AFD_TILE_WIDTH;
		r->width = afd_tile_width(AFD_TILE_DATA, r->tile, r->head.size);
		return ask_tile(r, q, err);
	case ISSUERS:
		afd_ct_issuer_missing(r, r->asked_issuer);
		memcpy(fingerprint.b, r->asked_issuer, 32);
		return ask(r, q, ISSUER_BYTES, err, "issuer/%s", afd_digest_hex(&fingerprint).s);
	case DONE:
		break;
	}
	return 0;
}

/* --- answers --- */

static int run_take(void *state, const struct afd_response *a, const struct afd_error *why, struct afd_keeper *keep, struct afd_error *err)
{
	struct run *r = state;
	int64_t now = afd_ct_time_of(r, a);
	AFD_AUTO(buf) struct afd_buf opened = { 0 };
	struct afd_error bad = { 0 };
	struct afd_slice body;
	bool hashes = r->phase == WALK;
	int rc;

	if (r->phase == ISSUERS)
		return afd_ct_take_issuer(r, a, err) < 0 ? -1 : afd_ct_advance(r, keep, now, err);
	if (!a)
		return afd_ct_gap(r, keep, now, err, "%s: %s", (const char *)r->asked.data,
		                  why ? why->text : "no answer");
	/* A log may forget a partial tile once the full one exists; its first items are the same (tlog-tiles, Partial Tiles). */
	if (a->status == 404 && r->phase != CHECKPOINT && r->width < AFD_TILE_WIDTH && !r->whole) {
		r->whole = true;
		return 0;
	}
	if (a->status != 200 && a->status != 0)
		return afd_ct_gap(r, keep, now, err, "%s: HTTP status %d", (const char *)r->asked.data, a->status);
	if (r->phase == CHECKPOINT)
		return afd_ct_take_checkpoint(r, a, keep, err) < 0 ? -1 : afd_ct_advance(r, keep, now, err);
	/* 32 bytes per hash: what has that length is not compressed, whatever its first bytes look like. */
	if (hashes && a->body.len % 32 == 0)
		body = a->body;
	else if (afd_tile_open(a->body, hashes ? HASH_TILE_BYTES : AFD_MAX_CT_TILE, &opened, &body, &bad) < 0)
		return afd_ct_gap(r, keep, now, err, "%s: %s", (const char *)r->asked.data, bad.text);
	rc = hashes ? afd_ct_take_hashes(r, body, now, keep, err) : afd_ct_take_data(r, body, now, keep, err);
	return rc < 0 ? -1 : afd_ct_advance(r, keep, now, err);
}

static int scopes(const void *config, struct afd_buf *ret, struct afd_error *err)
{
	return afd_buf_text(ret, ((const struct config *)config)->origin) < 0 ? afd_fail_memory(err) : 0;
}

const struct afd_provider afd_provider_static_ct = {
	.kind = "static-ct",
	.leg = AFD_LEG_CT,
	.title = "Certificate Transparency log (static-ct-api)",
	.help = "Reads a tiled Certificate Transparency log from its monitoring prefix: every entry's hash is computed, and the root over "
	        "all of them must be the one that the log signed. Certificates for names of the inventory and below are kept with their proof. "
	        "Names that are added later are covered from the last head on; backfill: true reads the log again.",
	.basis = "tested on recorded data of real logs and on a log made for the test",
	.evidence = "ct-log",
	.lag_ms = 60 * AFD_SECOND,
	.fields = config_fields,
	.config_size = sizeof(struct config),
	.config_defaults = &config_defaults,
	.scopes = scopes,
	.begin = run_begin,
	.next = run_next,
	.take = run_take,
	.end = run_end,
	.decode = afd_ct_decode,
};
