/* Certificate Transparency logs of the static-ct-api (C2SP v1.1.0).
 *
 * One run: checkpoint; data tiles from where the last run stopped; root over all leaf hashes compared with the signed
 * root. Only then anything of the range is kept. Very long ways are cut into steps: at the end of a step the rest of the
 * tree is taken from the log's own hash tiles (a few hashes per level, afd_ct_stride), so that the root is compared, and
 * each hit has its proof, without reading the rest first. A wrong hash tile can only make the comparison fail.
 *
 * The cursor holds the tree at the position (compact range), the last head, and what is claimed for which list of names.
 * Going on from that tree to a new head shows that the new head extends the old one. */
#include <jansson.h>
#include <openssl/err.h>
#include <openssl/x509.h>

#include "collector/ct/ct_item.h"
#include "collector/table.h"
#include "core/name.h"
#include "core/note.h"

enum {
	STEP_ENTRIES = 1 << 18,                   /* between two points that survive a kill */
	STEP_BYTES = 64 * 1024 * 1024,            /* hits in memory */
	MAX_ISSUERS = 512, MAX_CLAIMS = 8, MAX_STORED = 32,
};
#define HASH_TILE_BYTES (64u * 1024)
#define ISSUER_BYTES    (64u * 1024)
#define FROZEN_MS       AFD_DAY                   /* and the merge delay */
#define AHEAD_MS        (5 * AFD_MINUTE)          /* how far the log's clock may be before ours */

struct config {
	const char *url, *origin, *key, *operator, *start, *ca_file;
	int64_t mmd, max_entries;
	bool backfill;
};
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

/* For these names everything from FROM until the position was searched. */
struct claim { struct afd_hex64 watch; char **name; size_t n; int64_t from; };
struct hit { struct afd_ct_path path; struct afd_buf leaf_input, extra; uint8_t fingerprint[32]; bool has_issuer; };
struct issuer { uint8_t fingerprint[32]; struct afd_buf der; };   /* empty: the log has none that fits */

enum phase { CHECKPOINT, WALK, DATA, ISSUERS, DONE };

struct run {
	struct config c;
	const struct afd_env *env;
	struct afd_ct_log log;
	struct afd_buf key, url;
	struct afd_ct_watch *watch;
	struct afd_sha256_ctx *sha;

	/* from the cursor, and back into it */
	struct afd_merkle tree;                   /* everything before the position */
	struct afd_ct_head head; bool has_head;   /* last one accepted */
	struct claim claim[MAX_CLAIMS]; size_t n_claims;   /* each a part of the next; the last: all names of today */
	struct afd_hex64 stored[MAX_STORED]; size_t n_stored;   /* watch lists in the ledger */
	char *incident;                           /* two heads that cannot both be: never forgotten */

	/* this run */
	enum phase phase;
	struct afd_buf note;                      /* checkpoint of `head` */
	bool head_waits;                          /* it is not in the ledger yet: it goes with the first thing it proves or spoils */
	struct afd_merkle step_start;
	struct hit **hit; size_t n_hits, cap_hits, hit_bytes;
	struct afd_ct_path **path;                /* of the hits, for tiles.h */
	uint64_t step_unparsable, run_entries;
	struct issuer *issuer; size_t n_issuers;
	size_t next_hit;                          /* of this step, whose issuer was not looked at */

	/* WALK: from a tree over hash tiles to `walk_to` */
	struct afd_merkle ahead;
	enum { TO_OLD_HEAD, OLD_TO_NEW, TO_START, TO_HEAD } walk;
	uint64_t walk_to;
	struct afd_ct_head old;

	/* request under way */
	int level; uint64_t tile; unsigned width; bool whole;   /* whole: the partial tile is gone, the full one is asked for */
	uint8_t asked_issuer[32];
	struct afd_buf request_url, asked;
};

static void claim_release(struct claim *c)
{
	for (size_t i = 0; i < c->n; i++)
		free(c->name[i]);
	free(c->name);
	*c = (struct claim){ 0 };
}

static int claim_set(struct claim *c, const char *const *name, size_t n, int64_t from)
{
	AFD_AUTO(buf) struct afd_buf text = { 0 };
	struct afd_digest d;

	*c = (struct claim){ .from = from };
	c->name = calloc(n + 1, sizeof(*c->name));
	if (!c->name)
		return -1;
	for (; c->n < n; c->n++) {
		c->name[c->n] = afd_strdup(name[c->n]);
		if (!c->name[c->n] || afd_buf_text(&text, name[c->n]) < 0 || afd_buf_u8(&text, '\n') < 0) {
			c->n += c->name[c->n] != NULL;
			claim_release(c);
			return -1;
		}
	}
	afd_sha256(afd_buf_slice(&text), &d);
	c->watch = afd_digest_hex(&d);
	return 0;
}

static struct claim *newest(struct run *r)
{
	return &r->claim[r->n_claims - 1];
}

static void hits_drop(struct run *r)
{
	for (size_t i = 0; i < r->n_hits; i++) {
		afd_buf_release(&r->hit[i]->leaf_input);
		afd_buf_release(&r->hit[i]->extra);
		free(r->hit[i]);
	}
	r->n_hits = r->hit_bytes = r->next_hit = 0;
	r->step_unparsable = 0;
}

static void run_end(void *state)
{
	struct run *r = state;

	if (!r)
		return;
	hits_drop(r);
	free(r->hit);
	free(r->path);
	for (size_t i = 0; i < r->n_claims; i++)
		claim_release(&r->claim[i]);
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

/* --- cursor --- */

static int cursor_text(const struct run *r, struct afd_buf *ret, struct afd_error *err)
{
	json_t *claims = json_array(), *stored = json_array(), *doc;
	struct afd_digest key;

	for (size_t i = 0; i < r->n_claims; i++) {
		json_t *names = json_array();

		for (size_t k = 0; k < r->claim[i].n; k++)
			json_array_append_new(names, json_string(r->claim[i].name[k]));
		json_array_append_new(claims, json_pack("{s:I,s:o,s:s}", "from", (json_int_t)r->claim[i].from, "names", names,
		                                        "watch", r->claim[i].watch.s));
	}
	for (size_t i = 0; i < r->n_stored; i++)
		json_array_append_new(stored, json_string(r->stored[i].s));
	afd_sha256(r->log.key, &key);
	doc = json_pack("{s:o,s:o,s:o,s:s,s:I,s:o,s:o}", "claims", claims, "head", r->has_head ? afd_ct_head_json(&r->head) : json_null(),
	                "key", afd_ct_json_digest(&key), "log", r->log.origin, "position", (json_int_t)r->tree.size, "stored", stored,
	                "tree", afd_ct_json_tree(&r->tree));
	if (doc && r->incident)
		json_object_set_new(doc, "incident", json_string(r->incident));
	return afd_ct_dump(doc, ret, err);
}

struct cursor_fields {
	const struct afd_node *claims, *head, *stored, *tree;
	const char *key, *log, *incident;
	int64_t position;
};
static const struct afd_field cursor_fields[] = {
	{ "claims",   AFD_FIELD_NODE, AFD_REQUIRED, offsetof(struct cursor_fields, claims) },
	{ "head",     AFD_FIELD_NODE, AFD_OPTIONAL, offsetof(struct cursor_fields, head) },
	{ "incident", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct cursor_fields, incident) },
	{ "key",      AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct cursor_fields, key) },
	{ "log",      AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct cursor_fields, log) },
	{ "position", AFD_FIELD_INT,  AFD_REQUIRED, offsetof(struct cursor_fields, position) },
	{ "stored",   AFD_FIELD_NODE, AFD_REQUIRED, offsetof(struct cursor_fields, stored) },
	{ "tree",     AFD_FIELD_NODE, AFD_REQUIRED, offsetof(struct cursor_fields, tree) },
	{ 0 }
};
struct claim_fields { const struct afd_node *names; const char *watch; int64_t from; };
static const struct afd_field claim_fields[] = {
	{ "from",  AFD_FIELD_INT,  AFD_REQUIRED, offsetof(struct claim_fields, from) },
	{ "names", AFD_FIELD_NODE, AFD_REQUIRED, offsetof(struct claim_fields, names) },
	{ "watch", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct claim_fields, watch) },
	{ 0 }
};

static int cursor_claim(struct run *r, struct afd_doc *doc, const struct afd_node *node, struct afd_error *err)
{
	struct claim_fields f = { 0 };
	AFD_AUTO(mem) const char **name = NULL;
	size_t n = 0;

	if (afd_fields_read(doc, node, claim_fields, &f, err) < 0)
		return -1;
	if (f.names->type != AFD_LIST || r->n_claims == MAX_CLAIMS)
		return afd_fail(err, AFD_E_PARSE, "claims: expected at most %d lists of names", MAX_CLAIMS);
	name = calloc(f.names->u.list.n + 1, sizeof(*name));
	if (!name)
		return afd_fail_memory(err);
	for (const struct afd_node *p = f.names->u.list.first; p; p = p->next)
		if (!(name[n++] = afd_node_text(p)))
			return afd_fail(err, AFD_E_PARSE, "claims: expected names");
	if (claim_set(&r->claim[r->n_claims], name, n, f.from) < 0)
		return afd_fail_memory(err);
	r->n_claims++;
	if (strcmp(newest(r)->watch.s, f.watch) != 0)
		return afd_fail(err, AFD_E_PARSE, "claims: the names have another digest than they say");
	return 0;
}

static int cursor_read(struct run *r, const char *text, struct afd_error *err)
{
	AFD_AUTO(doc) struct afd_doc *doc = NULL;
	struct cursor_fields f = { 0 };
	struct afd_digest key, root;

	if (afd_json_parse(afd_slice_text(text), "cursor", &doc, err) < 0 ||
	    afd_fields_read(doc, afd_doc_root(doc), cursor_fields, &f, err) < 0)
		return -1;
	afd_sha256(r->log.key, &key);
	if (strcmp(f.log, r->log.origin) != 0 || strcmp(f.key, afd_digest_hex(&key).s) != 0)
		return afd_fail(err, AFD_E_CONFIG, "origin or key: not those of the log that was read under this source name (%s): "
		                "give the new log a name of its own", f.log);
	if (f.position < 0 || afd_ct_read_tree(f.tree, (uint64_t)f.position, &r->tree, err) < 0)
		return -1;
	if (f.head && f.head->type == AFD_MAP) {
		if (afd_ct_read_head(doc, f.head, &r->head, err) < 0)
			return -1;
		r->has_head = true;
	}
	afd_merkle_root(&r->tree, &root);
	if (r->tree.size > (r->has_head ? r->head.size : 0) ||
	    (r->has_head && r->tree.size == r->head.size && !afd_digest_equal(&root, &r->head.root)))
		return afd_fail(err, AFD_E_PARSE, "cursor: the tree does not fit the head");
	if (f.incident && !(r->incident = afd_strdup(f.incident)))
		return afd_fail_memory(err);
	for (const struct afd_node *p = f.claims->type == AFD_LIST ? f.claims->u.list.first : NULL; p; p = p->next)
		if (cursor_claim(r, doc, p, err) < 0)
			return -1;
	for (const struct afd_node *p = f.stored->type == AFD_LIST ? f.stored->u.list.first : NULL; p && r->n_stored < MAX_STORED; p = p->next) {
		const char *hex = afd_node_text(p);

		if (!hex || strlen(hex) != 64)
			return afd_fail(err, AFD_E_PARSE, "stored: expected digests");
		memcpy(r->stored[r->n_stored++].s, hex, 65);
	}
	return 0;
}

/* Only the names that are still watched. */
static int claim_narrow(struct claim *c, const struct afd_ct_watch *today)
{
	AFD_AUTO(mem) const char **keep = calloc(c->n + 1, sizeof(*keep));
	struct claim out;
	size_t n = 0;

	if (!keep)
		return -1;
	for (size_t i = 0; i < c->n; i++)
		if (afd_ct_watch_has(today, c->name[i]))
			keep[n++] = c->name[i];
	if (claim_set(&out, keep, n, c->from) < 0)
		return -1;
	claim_release(c);
	*c = out;
	return 0;
}

static void claim_drop(struct run *r, size_t i)
{
	claim_release(&r->claim[i]);
	memmove(&r->claim[i], &r->claim[i + 1], (r->n_claims - i - 1) * sizeof(r->claim[0]));
	r->n_claims--;
}

/* A claim that says no more than the next one goes; of two for the same names the one that reaches further back counts. */
static void claims_tidy(struct run *r)
{
	for (size_t i = 0; i + 1 < r->n_claims;) {
		struct claim *c = &r->claim[i], *next = &r->claim[i + 1];

		if (c->n == next->n && c->from < next->from)
			next->from = c->from;
		if (c->n == 0 || c->n == next->n || c->from >= next->from)
			claim_drop(r, i);
		else
			i++;
	}
}

/* Today's names against those of the cursor. What was already read was not searched for new names, so their coverage
 * begins with the last head: every entry with a later time lies behind the position. Names that stay keep theirs. */
static int claims_begin(struct run *r, const struct afd_watch *w, struct afd_error *err)
{
	bool all = strcmp(r->c.start, "all") == 0;
	int64_t from = all ? 0 : AFD_TIME_NONE;

	if (r->n_claims > 0 && strcmp(newest(r)->watch.s, w->digest.s) == 0)
		return 0;
	if (r->n_claims > 0 && r->c.backfill && all) {
		while (r->n_claims > 0)
			claim_drop(r, 0);
		r->tree = (struct afd_merkle){ 0 };
	} else if (r->n_claims > 0) {
		for (size_t i = 0; i < r->n_claims; i++)
			if (claim_narrow(&r->claim[i], r->watch) < 0)
				return afd_fail_memory(err);
		if (r->n_claims == MAX_CLAIMS)
			claim_drop(r, 0);
		from = r->has_head ? r->head.timestamp + 1 : from;
	}
	if (claim_set(&r->claim[r->n_claims], w->name, w->n, from) < 0)
		return afd_fail_memory(err);
	r->n_claims++;
	if (strcmp(newest(r)->watch.s, w->digest.s) != 0)
		return afd_fail(err, AFD_E_ENGINE, "watch list: its digest is not that of its names");
	claims_tidy(r);
	return 0;
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
	    (cursor && cursor_read(r, cursor, err) < 0) || claims_begin(r, c->watch, err) < 0)
		goto fail;
	*ret = r;
	return 0;
fail:
	run_end(r);
	return -1;
}

/* --- statements --- */

static int64_t time_of(const struct run *r, const struct afd_response *a)
{
	return a && a->received_ms > 0 ? a->received_ms : afd_now(r->env);
}

static int cover(struct run *r, struct afd_keeper *keep, const struct claim *c, int64_t to, enum afd_grade grade, const char *reason,
                 struct afd_error *err)
{
	return keep->cover(keep->ctx, &(struct afd_row_coverage){
		.evidence = "ct-log", .scope = r->log.origin, .watch = c->watch.s, .at = { c->from, to }, .grade = grade, .reason = reason,
		.provider_count = -1, .stored_count = -1, .lag_ms = r->c.mmd }, err);
}

/* Nothing more can be known in this run, and why. */
static int gap(struct run *r, struct afd_keeper *keep, int64_t now, struct afd_error *err, const char *fmt, ...) AFD_PRINTF(5, 6);
static int gap(struct run *r, struct afd_keeper *keep, int64_t now, struct afd_error *err, const char *fmt, ...)
{
	char reason[1100];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(reason, sizeof(reason), fmt, ap);
	va_end(ap);
	r->phase = DONE;
	hits_drop(r);
	for (size_t i = 0; i < r->n_claims; i++) {
		struct claim c = r->claim[i];

		if (c.from == AFD_TIME_NONE || c.from >= now)
			c.from = now - 1;
		if (cover(r, keep, &c, now, AFD_GAP, reason, err) < 0)
			return -1;
	}
	return 0;
}

static int keep_cursor(struct run *r, struct afd_keeper *keep, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf text = { 0 };

	if (cursor_text(r, &text, err) < 0)
		return -1;
	return keep->checkpoint(keep->ctx, (const char *)text.data, err);
}

static int put_item(struct run *r, struct afd_keeper *keep, enum afd_item_kind kind, const char *type, const char *what, const struct afd_buf *b,
                    struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf asked = { 0 };

	if (afd_buf_printf(&asked, "%s %s", r->log.origin, what) < 0)
		return afd_fail_memory(err);
	return keep->item(keep->ctx, &(struct afd_draft){ .kind = kind, .asked = (const char *)asked.data, .media_type = type,
	                                                  .server_ms = AFD_TIME_NONE, .bytes = afd_buf_slice(b) }, err);
}

/* A list of names goes into the ledger once, before the first statement about it. */
static int keep_watch(struct run *r, struct afd_keeper *keep, const struct claim *c, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf text = { 0 };

	for (size_t i = 0; i < r->n_stored; i++)
		if (strcmp(r->stored[i].s, c->watch.s) == 0)
			return 0;
	if (afd_buf_text(&text, "") < 0)
		return afd_fail_memory(err);
	for (size_t i = 0; i < c->n; i++)
		if (afd_buf_text(&text, c->name[i]) < 0 || afd_buf_u8(&text, '\n') < 0)
			return afd_fail_memory(err);
	if (put_item(r, keep, AFD_ITEM_WATCH, AFD_CT_WATCH_TYPE, "names looked for", &text, err) < 0)
		return -1;
	if (r->n_stored == MAX_STORED)
		memmove(&r->stored[0], &r->stored[1], (--r->n_stored) * sizeof(r->stored[0]));
	r->stored[r->n_stored++] = c->watch;
	return 0;
}

static int keep_head(struct run *r, struct afd_keeper *keep, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf b = { 0 };

	if (!r->head_waits)
		return 0;
	r->head_waits = false;
	if (afd_ct_head_item(&r->log, afd_buf_slice(&r->note), &b, err) < 0)
		return -1;
	return put_item(r, keep, AFD_ITEM_HEAD, AFD_CT_HEAD_TYPE, "checkpoint", &b, err);
}

/* The log cannot be believed: the head is kept as the proof of it. LASTING: two signed heads contradict each other, so no
 * later answer makes it good; people have to look, and to configure the log anew under another name or to retire it. */
static int incident(struct run *r, struct afd_keeper *keep, int64_t now, bool lasting, struct afd_error *err, const char *fmt, ...) AFD_PRINTF(6, 7);
static int incident(struct run *r, struct afd_keeper *keep, int64_t now, bool lasting, struct afd_error *err, const char *fmt, ...)
{
	char what[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	if (keep_head(r, keep, err) < 0 || gap(r, keep, now, err, "incident: %s", what) < 0)
		return -1;
	if (!lasting)
		return 0;
	r->incident = afd_strdup(what);
	return r->incident ? keep_cursor(r, keep, err) : afd_fail_memory(err);
}

/* --- steps --- */

static bool at_head(const struct run *r)
{
	return r->tree.size == r->head.size;
}

static void start_step(struct run *r)
{
	hits_drop(r);
	r->step_start = r->tree;
	r->whole = false;
	r->phase = DATA;
}

static void start_walk(struct run *r, uint64_t to, int purpose)
{
	r->phase = WALK;
	r->ahead = r->tree;
	r->walk = purpose;
	r->walk_to = to;
	r->whole = false;
}

/* The position is the head: the log is covered until the head's time less the merge delay, because an entry that was
 * promised earlier must be in (RFC 6962, 3). */
static int finish(struct run *r, struct afd_keeper *keep, int64_t now, struct afd_error *err)
{
	int64_t to = r->head.timestamp - r->c.mmd;
	char reason[160];

	r->phase = DONE;
	snprintf(reason, sizeof(reason), "all entries up to %llu read; leaf hashes and root checked against the signed head of %s",
	         (unsigned long long)r->head.size, afd_when_people(r->head.timestamp).s);
	for (size_t i = 0; i < r->n_claims; i++) {
		if (r->claim[i].from == AFD_TIME_NONE)      /* start: head */
			r->claim[i].from = r->head.timestamp + 1;
		if (r->claim[i].from >= to)
			continue;
		if (keep_watch(r, keep, &r->claim[i], err) < 0 || cover(r, keep, &r->claim[i], to, AFD_PROVEN, reason, err) < 0)
			return -1;
		r->claim[i].from = to;
	}
	claims_tidy(r);
	if (now - r->head.timestamp > FROZEN_MS + r->c.mmd &&
	    gap(r, keep, now, err, "log frozen: its newest head is of %s", afd_when_people(r->head.timestamp).s) < 0)
		return -1;
	return keep_cursor(r, keep, err);
}

/* Everything of the step is proven: into the ledger with it. */
static const struct issuer *issuer_find(const struct run *r, const uint8_t fingerprint[32])
{
	for (size_t i = 0; i < r->n_issuers; i++)
		if (memcmp(r->issuer[i].fingerprint, fingerprint, 32) == 0)
			return &r->issuer[i];
	return NULL;
}

static int keep_hits(struct run *r, struct afd_keeper *keep, struct afd_error *err)
{
	for (size_t i = 0; i < r->n_hits; i++) {
		const struct hit *h = r->hit[i];
		const struct issuer *issuer = h->has_issuer ? issuer_find(r, h->fingerprint) : NULL;
		AFD_AUTO(buf) struct afd_buf b = { 0 };
		char what[64];

		snprintf(what, sizeof(what), "entry %llu", (unsigned long long)h->path.index);
		if (afd_ct_entry_item(&r->log, afd_buf_slice(&r->note), &h->path, afd_buf_slice(&h->leaf_input), afd_buf_slice(&h->extra),
		                      issuer ? afd_buf_slice(&issuer->der) : afd_slice(NULL, 0), &b, err) < 0)
			return -1;
		if (put_item(r, keep, AFD_ITEM_ENTRY, AFD_CT_ENTRY_TYPE, what, &b, err) < 0)
			return -1;
	}
	return 0;
}

static int keep_step(struct run *r, struct afd_keeper *keep, struct afd_error *err)
{
	struct afd_ct_range range = {
		.from = r->step_start.size, .to = r->tree.size, .entries = r->tree.size - r->step_start.size,
		.hits = r->n_hits - r->step_unparsable, .unparsable = r->step_unparsable,
		.before = r->step_start, .after = r->tree, .head = r->head, .watch = newest(r)->watch.s,
	};
	AFD_AUTO(buf) struct afd_buf b = { 0 };
	char what[96];

	if (range.entries == 0)
		return 0;
	snprintf(what, sizeof(what), "entries %llu to %llu", (unsigned long long)range.from, (unsigned long long)range.to - 1);
	if (keep_watch(r, keep, newest(r), err) < 0 || keep_hits(r, keep, err) < 0 ||
	    afd_ct_range_item(&r->log, &range, &b, err) < 0)
		return -1;
	return put_item(r, keep, AFD_ITEM_RANGE, AFD_CT_RANGE_TYPE, what, &b, err);
}

static int end_step(struct run *r, struct afd_keeper *keep, int64_t now, struct afd_error *err)
{
	if (keep_head(r, keep, err) < 0 || keep_step(r, keep, err) < 0)
		return -1;
	hits_drop(r);
	if (at_head(r))
		return finish(r, keep, now, err);
	if (keep_cursor(r, keep, err) < 0)
		return -1;
	if (r->c.max_entries > 0 && r->run_entries >= (uint64_t)r->c.max_entries)
		return gap(r, keep, now, err, "stopped after %llu entries as configured; %llu to go", (unsigned long long)r->run_entries,
		           (unsigned long long)(r->head.size - r->tree.size));
	start_step(r);
	return 0;
}

/* The root over the tree and its hits' proofs; then the issuers that the hits name. */
static int check_step(struct run *r, struct afd_keeper *keep, const struct afd_merkle *tree, int64_t now, struct afd_error *err)
{
	const struct afd_ct_paths paths = { r->path, r->n_hits };
	struct afd_digest root;

	afd_ct_finish(tree, &root, &paths);
	if (!afd_digest_equal(&root, &r->head.root)) {
		r->tree = r->step_start;
		return incident(r, keep, now, false, err, "the entries from %llu on do not lead to the signed root at size %llu: none was kept",
		                (unsigned long long)r->step_start.size, (unsigned long long)r->head.size);
	}
	r->phase = ISSUERS;
	return 0;
}

static bool issuer_missing(struct run *r, uint8_t ret[32])
{
	for (; r->next_hit < r->n_hits; r->next_hit++) {
		const struct hit *h = r->hit[r->next_hit];

		if (h->has_issuer && r->n_issuers < MAX_ISSUERS && !issuer_find(r, h->fingerprint)) {
			memcpy(ret, h->fingerprint, 32);
			return true;
		}
	}
	return false;
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
		issuer_missing(r, r->asked_issuer);
		memcpy(fingerprint.b, r->asked_issuer, 32);
		return ask(r, q, ISSUER_BYTES, err, "issuer/%s", afd_digest_hex(&fingerprint).s);
	case DONE:
		break;
	}
	return 0;
}

/* --- answers --- */

/* Is something wrong with NEW after the last head, and what. */
static bool contradiction(const struct run *r, const struct afd_ct_head *new, int64_t now, bool *lasting, char text[200])
{
	const struct afd_ct_head *old = &r->head;
	unsigned long long a = new->size, b = old->size;

	*lasting = false;
	if (new->timestamp > now + AHEAD_MS) {
		snprintf(text, 200, "the head's time %s lies in the future", afd_when_people(new->timestamp).s);
		return true;
	}
	if (!r->has_head)
		return false;
	if (new->size == old->size && !afd_digest_equal(&new->root, &old->root)) {
		*lasting = true;
		snprintf(text, 200, "fork: two roots were signed for the size %llu", a);
		return true;
	}
	if (new->size < old->size) {
		/* An old head served again may be a cache; a newer one with fewer entries is a promise broken. */
		*lasting = new->timestamp >= old->timestamp;
		snprintf(text, 200, "rollback: a head of %llu entries (%s) after one of %llu", a, afd_when_people(new->timestamp).s, b);
		return true;
	}
	if (new->timestamp < old->timestamp) {
		snprintf(text, 200, "rollback: the head's time %s lies before that of the last one", afd_when_people(new->timestamp).s);
		return true;
	}
	return false;
}

static bool same_head(const struct afd_ct_head *a, const struct afd_ct_head *b)
{
	return a->size == b->size && a->timestamp == b->timestamp && afd_digest_equal(&a->root, &b->root);
}


static int take_checkpoint(struct run *r, const struct afd_response *a, struct afd_keeper *keep, struct afd_error *err)
{
	int64_t now = time_of(r, a);
	struct afd_error why = { 0 };
	struct afd_ct_head new;
	bool had = r->has_head, lasting;
	char what[200];

	if (afd_ct_head_verify(a->body, &r->log, &new, &why) < 0) {
		AFD_AUTO(buf) struct afd_buf b = { 0 };

		if (afd_buf_add_slice(&b, a->body) < 0)
			return afd_fail_memory(err);
		if (put_item(r, keep, AFD_ITEM_ANSWER, "text/plain", "checkpoint that does not verify", &b, err) < 0)
			return -1;
		return gap(r, keep, now, err, "incident: checkpoint: %s", why.text);
	}
	if (afd_buf_add_slice(&r->note, a->body) < 0)
		return afd_fail_memory(err);
	r->head_waits = !had || !same_head(&new, &r->head);
	if (r->incident) {
		if (keep_head(r, keep, err) < 0)
			return -1;
		return gap(r, keep, now, err, "incident, not resolved: %s", r->incident);
	}
	if (contradiction(r, &new, now, &lasting, what))
		return incident(r, keep, now, lasting, err, "%s", what);
	r->old = r->head;
	r->head = new;
	r->has_head = true;
	if (!had && strcmp(r->c.start, "head") == 0) {
		start_walk(r, new.size, TO_START);
		return 0;
	}
	/* Not all up to the old head was read: whether the new one extends it is seen in the hash tiles. */
	if (had && r->tree.size < r->old.size && new.size > r->old.size) {
		start_walk(r, r->old.size, TO_OLD_HEAD);
		return 0;
	}
	start_step(r);
	return 0;
}

static int walk_over(struct run *r, struct afd_keeper *keep, int64_t now, struct afd_error *err)
{
	struct afd_digest root;

	if (r->walk == TO_HEAD)
		return check_step(r, keep, &r->ahead, now, err);
	afd_ct_finish(&r->ahead, &root, NULL);
	if (r->walk == TO_OLD_HEAD) {
		if (!afd_digest_equal(&root, &r->old.root)) {
			r->head = r->old;
			return incident(r, keep, now, false, err, "the log's hash tiles do not lead to its earlier head of %llu entries",
			                (unsigned long long)r->old.size);
		}
		r->walk = OLD_TO_NEW;
		r->walk_to = r->head.size;
		return 0;
	}
	if (!afd_digest_equal(&root, &r->head.root)) {
		r->head = r->old;
		return incident(r, keep, now, false, err, "the log's hash tiles do not lead to its signed root");
	}
	if (r->walk == TO_START)
		r->tree = r->ahead;
	start_step(r);
	return 0;
}

static int take_hashes(struct run *r, struct afd_slice bytes, int64_t now, struct afd_keeper *keep, struct afd_error *err)
{
	const struct afd_ct_paths paths = { r->path, r->walk == TO_HEAD ? r->n_hits : 0 };
	struct afd_digest hash[AFD_TILE_WIDTH];
	struct afd_error why = { 0 };
	unsigned level, item;
	uint64_t tile;

	if (afd_tile_hashes(bytes, r->width, !r->whole, hash, &why) < 0)
		return incident(r, keep, now, false, err, "%s: %s", (const char *)r->asked.data, why.text);
	r->whole = false;
	while (afd_ct_stride(r->ahead.size, r->walk_to, &level, &tile, &item) && (int)level == r->level && tile == r->tile)
		if (afd_ct_grow(&r->ahead, &hash[item], 8 * level, &paths) < 0)
			return afd_fail(err, AFD_E_ENGINE, "tree: cannot grow at %llu", (unsigned long long)r->ahead.size);
	return 0;
}

static int keep_leaf(struct run *r, const struct afd_ct_leaf *leaf, uint64_t index)
{
	struct hit *h = calloc(1, sizeof(*h));

	if (!h)
		return -1;
	if (r->n_hits == r->cap_hits) {
		size_t cap = r->cap_hits ? 2 * r->cap_hits : 64;
		struct hit **hit = reallocarray(r->hit, cap, sizeof(struct hit *));
		struct afd_ct_path **path = hit ? reallocarray(r->path, cap, sizeof(struct afd_ct_path *)) : NULL;

		r->hit = hit ? hit : r->hit;
		r->path = path ? path : r->path;
		if (!path) {
			free(h);
			return -1;
		}
		r->cap_hits = cap;
	}
	r->path[r->n_hits] = &h->path;
	r->hit[r->n_hits++] = h;
	h->path.index = index;
	h->has_issuer = leaf->fingerprints.len >= 32;
	if (h->has_issuer)
		memcpy(h->fingerprint, leaf->fingerprints.data, 32);
	r->hit_bytes += sizeof(*h) + leaf->timestamped.len + leaf->extra.len;
	return afd_buf_u16(&h->leaf_input, 0) < 0 || afd_buf_add_slice(&h->leaf_input, leaf->timestamped) < 0 ?
	       -1 : afd_buf_add_slice(&h->extra, leaf->extra);
}

/* Hashes and searches the leaves behind the position, then lets the tree grow over them. 1: the tile is wrong (why). */
static int read_leaves(struct run *r, const struct afd_ct_leaf *leaf, struct afd_error *why, struct afd_error *err)
{
	unsigned first = (unsigned)(r->tree.size % AFD_TILE_WIDTH);
	struct afd_digest hash[AFD_TILE_WIDTH];
	uint64_t base = r->tile * AFD_TILE_WIDTH;
	struct afd_ct_paths paths;
	int rc = 0;

	for (unsigned i = first; i < r->width; i++) {
		int match = afd_ct_watch_entry(r->watch, &leaf[i], NULL);

		if (leaf[i].has_index && leaf[i].index != base + i) {
			afd_fail(why, AFD_E_VERIFY, "entry %llu says that its index is %llu", (unsigned long long)(base + i),
			         (unsigned long long)leaf[i].index);
			return 1;
		}
		/* RFC 6962, 3.5. What we say about the time before a head rests on it. */
		if ((int64_t)leaf[i].timestamp_ms > r->head.timestamp) {
			afd_fail(why, AFD_E_VERIFY, "entry %llu carries a later time than the head over it", (unsigned long long)(base + i));
			return 1;
		}
		afd_ct_leaf_hash(r->sha, &leaf[i], &hash[i]);
		if (match != 0 && keep_leaf(r, &leaf[i], base + i) < 0)
			return afd_fail_memory(err);
		r->step_unparsable += match < 0;
	}
	paths = (struct afd_ct_paths){ r->path, r->n_hits };
	if (first == 0 && r->width == AFD_TILE_WIDTH)
		rc = afd_ct_grow_tile(&r->tree, hash, &paths);
	else
		for (unsigned i = first; i < r->width && rc == 0; i++)
			rc = afd_ct_grow(&r->tree, &hash[i], 0, &paths);
	r->run_entries += r->width - first;
	return rc < 0 ? afd_fail(err, AFD_E_ENGINE, "tree: cannot grow at %llu", (unsigned long long)r->tree.size) : 0;
}

static int take_data(struct run *r, struct afd_slice bytes, int64_t now, struct afd_keeper *keep, struct afd_error *err)
{
	AFD_AUTO(mem) struct afd_ct_leaf *leaf = calloc(AFD_TILE_WIDTH, sizeof(*leaf));
	struct afd_error why = { 0 };
	int rc;

	if (!leaf)
		return afd_fail_memory(err);
	rc = afd_tile_leaves(bytes, r->width, !r->whole, leaf, &why) < 0 ? 1 : read_leaves(r, leaf, &why, err);
	if (rc < 0)
		return -1;
	if (rc == 1) {
		r->tree = r->step_start;
		return incident(r, keep, now, false, err, "%s: %s", (const char *)r->asked.data, why.text);
	}
	r->whole = false;
	if (keep->progress)
		keep->progress(keep->ctx, r->tree.size, r->head.size, "entries");
	return 0;
}

/* The certificate whose SHA-256 was asked for; anything else counts as none. */
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

/* Goes on from phase to phase until something has to be asked. */
static int advance(struct run *r, struct afd_keeper *keep, int64_t now, struct afd_error *err)
{
	uint8_t fingerprint[32];

	for (;;) {
		switch (r->phase) {
		case WALK:
			if (r->ahead.size < r->walk_to)
				return 0;
			if (walk_over(r, keep, now, err) < 0)
				return -1;
			break;
		case DATA:
			if (at_head(r)) {
				if (check_step(r, keep, &r->tree, now, err) < 0)
					return -1;
				break;
			}
			if (r->tree.size - r->step_start.size < STEP_ENTRIES && r->hit_bytes < STEP_BYTES &&
			    (r->c.max_entries <= 0 || r->run_entries < (uint64_t)r->c.max_entries))
				return 0;
			start_walk(r, r->head.size, TO_HEAD);
			break;
		case ISSUERS:
			if (issuer_missing(r, fingerprint))
				return 0;
			if (end_step(r, keep, now, err) < 0)
				return -1;
			break;
		case CHECKPOINT:
		case DONE:
			return 0;
		}
	}
}

static int run_take(void *state, const struct afd_response *a, const struct afd_error *why, struct afd_keeper *keep, struct afd_error *err)
{
	struct run *r = state;
	int64_t now = time_of(r, a);
	AFD_AUTO(buf) struct afd_buf opened = { 0 };
	struct afd_error bad = { 0 };
	struct afd_slice body;
	bool hashes = r->phase == WALK;
	int rc;

	if (r->phase == ISSUERS)
		return take_issuer(r, a, err) < 0 ? -1 : advance(r, keep, now, err);
	if (!a)
		return gap(r, keep, now, err, "%s: %s", (const char *)r->asked.data, why ? why->text : "no answer");
	/* A log may forget a partial tile once the full one exists; its first items are the same (tlog-tiles, Partial Tiles). */
	if (a->status == 404 && r->phase != CHECKPOINT && r->width < AFD_TILE_WIDTH && !r->whole) {
		r->whole = true;
		return 0;
	}
	if (a->status != 200 && a->status != 0)
		return gap(r, keep, now, err, "%s: HTTP status %d", (const char *)r->asked.data, a->status);
	if (r->phase == CHECKPOINT)
		return take_checkpoint(r, a, keep, err) < 0 ? -1 : advance(r, keep, now, err);
	/* 32 bytes per hash: what has that length is not compressed, whatever its first bytes look like. */
	if (hashes && a->body.len % 32 == 0)
		body = a->body;
	else if (afd_tile_open(a->body, hashes ? HASH_TILE_BYTES : AFD_MAX_CT_TILE, &opened, &body, &bad) < 0)
		return gap(r, keep, now, err, "%s: %s", (const char *)r->asked.data, bad.text);
	rc = hashes ? take_hashes(r, body, now, keep, err) : take_data(r, body, now, keep, err);
	return rc < 0 ? -1 : advance(r, keep, now, err);
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
