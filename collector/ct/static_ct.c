/* Certificate Transparency logs of the static-ct-api (C2SP v1.1.0): checkpoint, data tiles, hash tiles, issuers. */
#include "collector/ct/ct_run.h"
#include "collector/table.h"

#define HASH_TILE_BYTES (64u * 1024)
#define ISSUER_BYTES    (64u * 1024)

static const struct afd_field config_fields[] = {
	{ "url",         AFD_FIELD_TEXT,     AFD_REQUIRED, offsetof(struct config, url), "monitoring prefix, http(s) or file:DIR" },
	{ "origin",      AFD_FIELD_TEXT,     AFD_REQUIRED, offsetof(struct config, origin), "first line of its checkpoints: submission prefix without scheme" },
	{ "key",         AFD_FIELD_TEXT,     AFD_REQUIRED, offsetof(struct config, key), "the log's public key (SPKI, base64) from a list you trust" },
	{ "operator",    AFD_FIELD_TEXT,     AFD_OPTIONAL, offsetof(struct config, operator), "who runs it" },
	{ "mmd",         AFD_FIELD_DURATION, AFD_OPTIONAL, offsetof(struct config, mmd), "maximum merge delay; default 60s" },
	{ "start",       AFD_FIELD_NODE,     AFD_OPTIONAL, offsetof(struct config, start), "all: from index 0; head: from the first head seen; or the index to begin at" },
	{ "temporal",    AFD_FIELD_IGNORE,   AFD_OPTIONAL, 0, "notAfter range of the shard: from, to" },
	{ "backfill",    AFD_FIELD_BOOL,     AFD_OPTIONAL, offsetof(struct config, backfill), "with start: all, read again from 0 when names are added; default false" },
	{ "max_entries", AFD_FIELD_INT,      AFD_OPTIONAL, offsetof(struct config, max_entries), "at most so many in one run; default no limit" },
	{ "rate",        AFD_FIELD_INT,      AFD_OPTIONAL, offsetof(struct config, rate), "at most so many requests per second; default no limit" },
	{ "parallel",    AFD_FIELD_INT,      AFD_OPTIONAL, offsetof(struct config, parallel), "at most so many requests at a time, 1 to 8; default 4" },
	{ "witnesses",   AFD_FIELD_TEXTS,    AFD_OPTIONAL, offsetof(struct config, witnesses), "keys (vkey) of witnesses whose cosignatures are verified and reported" },
	{ "ca_file",     AFD_FIELD_TEXT,     AFD_OPTIONAL, offsetof(struct config, ca_file), "certificates to trust for its server; default the system's" },
	{ 0 }
};

static int begin(const struct afd_source_config *c, const void *config, const char *cursor, void **ret, struct afd_error *err)
{
	return afd_ct_begin(&afd_ct_static, c, config, cursor, ret, err);
}

static int ask_tile(struct run *r, struct afd_request *q, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf path = { 0 };

	if (afd_tile_path(r->level, r->tile, r->whole ? AFD_TILE_WIDTH : r->width, &path) < 0)
		return afd_fail_memory(err);
	if (afd_ct_ask(r, q, r->level == AFD_TILE_DATA ? AFD_MAX_CT_TILE : HASH_TILE_BYTES, err, "%s", (const char *)path.data) < 0)
		return -1;
	if (r->level == AFD_TILE_DATA)
		q->unpack = r->unpack = (struct afd_unpack){ r->whole ? afd_ct_batch_tile_part : afd_ct_batch_tile, afd_ct_batch_free, r->watch,
		                                             r->tile * AFD_TILE_WIDTH, r->width };
	return 1;
}

static int ahead(struct run *r, unsigned i, struct afd_request *q)
{
	uint64_t n = r->tree.size / AFD_TILE_WIDTH + i, begins = n * AFD_TILE_WIDTH;
	unsigned width = afd_tile_width(AFD_TILE_DATA, n, r->head.size);
	AFD_AUTO(buf) struct afd_buf path = { 0 };

	if (width == 0 || !afd_ct_foreseen(r, begins) || afd_tile_path(AFD_TILE_DATA, n, width, &path) < 0 ||
	    afd_ct_ask_ahead(r, q, AFD_MAX_CT_TILE, "%s", (const char *)path.data) == 0)
		return 0;
	q->unpack = (struct afd_unpack){ afd_ct_batch_tile, afd_ct_batch_free, r->watch, begins, width };
	return 1;
}

static int ask(struct run *r, struct afd_request *q, struct afd_error *err)
{
	struct afd_digest fingerprint;
	unsigned level = 0, item;

	switch (r->phase) {
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
		return afd_ct_ask(r, q, ISSUER_BYTES, err, "issuer/%s", afd_digest_hex(&fingerprint).s);
	case HEAD:
	case DONE:
		break;
	}
	return 0;
}

/* --- answers --- */

static int take_hashes(struct run *r, struct afd_slice bytes, int64_t now, struct afd_keeper *keep, struct afd_error *err)
{
	const struct afd_ct_paths paths = { r->path, r->walk == TO_HEAD ? r->n_hits : 0 };
	struct afd_digest hash[AFD_TILE_WIDTH];
	struct afd_error why = { 0 };
	unsigned level, item;
	uint64_t tile;

	if (afd_tile_hashes(bytes, r->width, !r->whole, hash, &why) < 0)
		return afd_ct_incident(r, keep, now, (struct incident){ "hashes", false, bytes }, err, "%s: %s", (const char *)r->asked.data, why.text);
	r->whole = false;
	while (afd_ct_stride(r->ahead.size, r->walk_to, &level, &tile, &item) && (int)level == r->level && tile == r->tile)
		if (afd_ct_grow(&r->ahead, &hash[item], 8 * level, &paths) < 0)
			return afd_fail(err, AFD_E_ENGINE, "tree: cannot grow at %llu", (unsigned long long)r->ahead.size);
	return 0;
}

/* What matches is taken apart a second time: there is little of it. */
static int take_entry(struct run *r, const struct afd_ct_batch *b, size_t i, struct afd_error *why, struct afd_error *err)
{
	struct afd_reader at = afd_reader(afd_slice_sub(b->bytes, b->at[i].off, b->bytes.len));
	struct afd_ct_leaf leaf;

	if (b->at[i].match == 0)
		return afd_ct_take_leaf(r, &b->at[i], NULL, afd_slice(NULL, 0), why, err);
	if (afd_ct_tile_leaf(&at, &leaf, why) < 0)
		return 1;
	return afd_ct_take_leaf(r, &b->at[i], &leaf, afd_slice(NULL, 0), why, err);
}

static int take_data(struct run *r, const struct afd_response *a, int64_t now, struct afd_keeper *keep, struct afd_error *err)
{
	const struct afd_ct_batch *b = afd_ct_batch_of(r, a, err);
	struct afd_error why = { 0 };
	int rc;

	if (!b)
		return -1;
	if (b->not_opened)
		return afd_ct_gap(r, keep, now, err, "%s: %s", (const char *)r->asked.data, b->why.text);
	rc = b->bad;
	for (size_t i = (size_t)(r->tree.size % AFD_TILE_WIDTH); i < b->n && rc == 0; i++)
		rc = take_entry(r, b, i, &why, err);
	if (rc < 0)
		return -1;
	if (rc == 1)
		return afd_ct_leaves_wrong(r, now, b->bytes, b->bad ? &b->why : &why, keep, err);
	r->whole = false;
	return afd_ct_leaves_done(r, keep, err);
}

/* The certificate whose SHA-256 was asked for; anything else, and no answer (A is NULL), counts as none. */
static int take_issuer(struct run *r, const struct afd_response *a, struct afd_error *err)
{
	struct issuer *i = &r->issuer[r->n_issuers++];
	struct afd_digest d;

	memcpy(i->fingerprint, r->asked_issuer, 32);
	if (!a || (a->status != 200 && a->status != 0))
		return 0;
	afd_sha256(a->body, &d);
	if (memcmp(d.b, i->fingerprint, 32) == 0 && afd_buf_add_slice(&i->der, a->body) < 0)
		return afd_fail_memory(err);
	return 0;
}

static int take(struct run *r, const struct afd_response *a, int64_t now, struct afd_keeper *keep, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf opened = { 0 };
	struct afd_error bad = { 0 };
	struct afd_slice body;

	if (r->phase == ISSUERS)
		return take_issuer(r, a, err);
	if (r->phase == DATA)
		return take_data(r, a, now, keep, err);
	/* 32 bytes per hash: what has that length is not compressed, whatever its first bytes look like. */
	if (a->body.len % 32 == 0)
		body = a->body;
	else if (afd_tile_open(a->body, HASH_TILE_BYTES, &opened, &body, &bad) < 0)
		return afd_ct_gap(r, keep, now, err, "%s: %s", (const char *)r->asked.data, bad.text);
	return take_hashes(r, body, now, keep, err);
}

const struct afd_ct_kind afd_ct_static = { .head = "checkpoint", .tiles = true, .ask = ask, .ahead = ahead, .take = take };

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
	.config_defaults = &afd_ct_config_defaults,
	.scopes = afd_ct_scopes,
	.begin = begin,
	.next = afd_ct_next,
	.ahead = afd_ct_ahead,
	.take = afd_ct_take,
	.end = afd_ct_end,
	.decode = afd_ct_decode,
};
