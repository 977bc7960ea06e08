/* From phase to phase: what a run says into the ledger, and the steps and walks that lead there. Nothing of a step is
 * kept before the root over it was compared with the signed one. */
#include <stdarg.h>

#include "collector/ct/ct_run.h"

enum {
	STEP_ENTRIES = 1 << 18,                   /* between two points that survive a kill */
	STEP_BYTES = 64 * 1024 * 1024,            /* hits in memory */
};
/* How much older than its merge delay a head may be: clocks and caches; a copy in a directory is as old as it is. */
#define FROZEN_LIVE_MS (5 * AFD_MINUTE)
#define FROZEN_COPY_MS AFD_DAY

/* --- statements --- */

int64_t afd_ct_time_of(const struct run *r, const struct afd_response *a)
{
	return a && a->received_ms > 0 ? a->received_ms : afd_now(r->env);
}

static int cover(struct run *r, struct afd_keeper *keep, const struct claim *c, int64_t to, enum afd_grade grade, const char *reason,
                 struct afd_error *err)
{
	return keep->cover(keep->ctx, &(struct afd_row_coverage){
		.evidence = "ct-log", .scope = r->log.origin, .watch = c->watch.s, .at = { c->from, to }, .grade = grade, .reason = reason,
		.provider_count = -1, .stored_count = -1, .lag_ms = r->c.lag ? r->c.lag : r->c.mmd }, err);
}

int afd_ct_gap(struct run *r, struct afd_keeper *keep, int64_t now, struct afd_error *err, const char *fmt, ...)
{
	char reason[1100];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(reason, sizeof(reason), fmt, ap);
	va_end(ap);
	r->phase = DONE;
	afd_ct_hits_drop(r);
	/* What a closed log had was read; that it is gone now takes nothing back. That it lied would. */
	if ((r->ended || r->stated == AFD_FOREVER) && strncmp(reason, "incident", 8) != 0)
		return 0;
	for (size_t i = 0; i < r->n_claims; i++) {
		struct claim c = r->claim[i];

		if (c.from < r->stated)           /* said once, and being read again */
			c.from = r->stated;
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

	if (afd_ct_cursor_text(r, &text, err) < 0)
		return -1;
	return keep->checkpoint(keep->ctx, (const char *)text.data, err);
}

int afd_ct_put_item(struct run *r, struct afd_keeper *keep, enum afd_item_kind kind, const char *type, const char *what,
                    const struct afd_buf *b, struct afd_error *err)
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
	for (size_t i = 0; i < r->n_stored; i++)
		if (strcmp(r->stored[i].s, c->watch.s) == 0)
			return 0;
	if (afd_ct_put_item(r, keep, AFD_ITEM_WATCH, AFD_CT_WATCH_TYPE, "names looked for", &c->names, err) < 0)
		return -1;
	if (r->n_stored == MAX_STORED)
		memmove(&r->stored[0], &r->stored[1], (--r->n_stored) * sizeof(r->stored[0]));
	r->stored[r->n_stored++] = c->watch;
	return 0;
}

int afd_ct_keep_head(struct run *r, struct afd_keeper *keep, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf b = { 0 };

	if (!r->head_waits)
		return 0;
	r->head_waits = false;
	if (afd_ct_head_item(&r->log, afd_buf_slice(&r->signed_head), &b, err) < 0)
		return -1;
	return afd_ct_put_item(r, keep, AFD_ITEM_HEAD, AFD_CT_HEAD_TYPE, r->kind->head, &b, err);
}

/* The log's own words, so that anybody can see it: the last good head, the new one, and what was answered. */
static int keep_incident(struct run *r, struct afd_keeper *keep, int64_t now, const struct incident *i, const char *what,
                         struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf b = { 0 };
	AFD_AUTO(mem) char *asked = afd_sprintf("incident: %s", i->kind);

	if (!asked)
		return afd_fail_memory(err);
	if (afd_ct_incident_item(&r->log, &(struct afd_ct_incident_told){
		.kind = i->kind, .text = what, .lasting = i->lasting, .seen_ms = now, .before = afd_buf_slice(&r->before),
		.head = afd_buf_slice(&r->signed_head), .answer = i->answer }, &b, err) < 0)
		return -1;
	return afd_ct_put_item(r, keep, AFD_ITEM_HEAD, AFD_CT_INCIDENT_TYPE, asked, &b, err);
}

int afd_ct_incident(struct run *r, struct afd_keeper *keep, int64_t now, struct incident i, struct afd_error *err,
                    const char *fmt, ...)
{
	char what[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	if (afd_ct_keep_head(r, keep, err) < 0 || keep_incident(r, keep, now, &i, what, err) < 0 ||
	    afd_ct_gap(r, keep, now, err, "incident: %s", what) < 0)
		return -1;
	if (!i.lasting)
		return 0;
	r->incident = afd_strdup(what);
	return r->incident ? keep_cursor(r, keep, err) : afd_fail_memory(err);
}

/* --- steps --- */

void afd_ct_hits_drop(struct run *r)
{
	for (size_t i = 0; i < r->n_hits; i++) {
		afd_buf_release(&r->hit[i]->leaf_input);
		afd_buf_release(&r->hit[i]->extra);
		afd_buf_release(&r->hit[i]->chain);
		free(r->hit[i]);
	}
	r->n_hits = r->hit_bytes = r->next_hit = 0;
	r->n_waiting = 0;
	r->step_unparsable = 0;
}

bool afd_ct_foreseen(const struct run *r, uint64_t at)
{
	return (!r->until || at < r->until) && (r->c.max_entries <= 0 || r->run_entries + (at - r->tree.size) < (uint64_t)r->c.max_entries);
}

void afd_ct_start_step(struct run *r)
{
	afd_ct_hits_drop(r);
	r->step_start = r->tree;
	r->whole = r->was_short = false;
	r->own_page = r->short_page = 0;
	r->phase = DATA;
}

void afd_ct_start_walk(struct run *r, uint64_t to, int purpose)
{
	r->phase = WALK;
	r->walked = false;
	r->ahead = r->tree;
	r->walk = purpose;
	r->walk_to = to;
	r->whole = false;
}

/* An old head is an incident once; the gap stands as long as it does. What will never change may be as old as it is. */
static int check_freshness(struct run *r, struct afd_keeper *keep, int64_t now, struct afd_error *err)
{
	int64_t old = r->c.mmd + (r->live ? FROZEN_LIVE_MS : FROZEN_COPY_MS);
	struct afd_when_text when = afd_when_people(r->head.timestamp);
	AFD_AUTO(mem) char *what = afd_sprintf("log frozen: its newest head is of %s", when.s);

	if (!what)
		return afd_fail_memory(err);
	if (r->c.still || now - r->head.timestamp <= old)
		return 0;
	if (r->frozen != r->head.timestamp) {
		r->before.len = 0;
		if (keep_incident(r, keep, now, &(struct incident){ .kind = "frozen" }, what, err) < 0)
			return -1;
	}
	r->frozen = r->head.timestamp;
	return afd_ct_gap(r, keep, now, err, "incident: %s", what);
}

/* The position is the head: the log is covered until the head's time less the merge delay, because an entry that was
 * promised earlier must be in (RFC 6962, 3). A log that takes no more entries is covered for ever once all were read. */
static int finish(struct run *r, struct afd_keeper *keep, int64_t now, struct afd_error *err)
{
	bool whole = r->c.closed && r->head.size == (uint64_t)r->c.final_size;
	int64_t to = whole ? AFD_FOREVER : r->head.timestamp - r->c.mmd;
	char reason[200];

	r->phase = DONE;
	snprintf(reason, sizeof(reason), "all entries up to %llu read; leaf hashes and root checked against the signed head of %s%s",
	         (unsigned long long)r->head.size, afd_when_people(r->head.timestamp).s, whole ? "; the log takes no more" : "");
	for (size_t i = 0; i < r->n_claims; i++) {
		if (r->claim[i].from == AFD_TIME_NONE)      /* start: head or an index */
			r->claim[i].from = r->has_began && r->began_ms != AFD_TIME_NONE ? r->began_ms : r->head.timestamp + 1;
		if (r->claim[i].from >= to)
			continue;
		if (keep_watch(r, keep, &r->claim[i], err) < 0 || cover(r, keep, &r->claim[i], to, AFD_PROVEN, reason, err) < 0)
			return -1;
		/* a name that comes later is behind everything that such a log has */
		r->claim[i].from = whole ? r->head.timestamp + 1 : to;
	}
	afd_ct_claims_tidy(r);
	r->stated = 0;
	r->going_back = false;
	r->ended = whole;
	if (check_freshness(r, keep, now, err) < 0)
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
		AFD_AUTO(buf) struct afd_buf b = { 0 }, chain = { 0 };
		char what[64];

		snprintf(what, sizeof(what), "entry %llu", (unsigned long long)h->path.index);
		if (issuer && issuer->der.len > 0 &&
		    (afd_buf_u8(&chain, (uint8_t)(issuer->der.len >> 16)) < 0 || afd_buf_u16(&chain, (uint16_t)issuer->der.len) < 0 ||
		     afd_buf_add_slice(&chain, afd_buf_slice(&issuer->der)) < 0))
			return afd_fail_memory(err);
		if (afd_ct_entry_item(&r->log, afd_buf_slice(&r->signed_head), &h->path, afd_buf_slice(&h->leaf_input), afd_buf_slice(&h->extra),
		                      afd_buf_slice(h->chain.len ? &h->chain : &chain), &b, err) < 0)
			return -1;
		if (afd_ct_put_item(r, keep, AFD_ITEM_ENTRY, AFD_CT_ENTRY_TYPE, what, &b, err) < 0)
			return -1;
	}
	return 0;
}

static int keep_step(struct run *r, struct afd_keeper *keep, struct afd_error *err)
{
	struct afd_ct_range range = {
		.from = r->step_start.size, .to = r->tree.size, .entries = r->tree.size - r->step_start.size,
		.hits = r->n_hits - r->step_unparsable, .unparsable = r->step_unparsable,
		.before = r->step_start, .after = r->tree, .head = r->head, .watch = afd_ct_newest_claim(r)->watch.s,
	};
	AFD_AUTO(buf) struct afd_buf b = { 0 };
	char what[96];

	if (range.entries == 0)
		return 0;
	snprintf(what, sizeof(what), "entries %llu to %llu", (unsigned long long)range.from, (unsigned long long)range.to - 1);
	if (keep_watch(r, keep, afd_ct_newest_claim(r), err) < 0 || keep_hits(r, keep, err) < 0 ||
	    afd_ct_range_item(&r->log, &range, &b, err) < 0)
		return -1;
	return afd_ct_put_item(r, keep, AFD_ITEM_RANGE, AFD_CT_RANGE_TYPE, what, &b, err);
}

static int end_step(struct run *r, struct afd_keeper *keep, int64_t now, struct afd_error *err)
{
	if (afd_ct_keep_head(r, keep, err) < 0 || keep_step(r, keep, err) < 0)
		return -1;
	afd_ct_hits_drop(r);
	if (afd_ct_at_head(r))
		return finish(r, keep, now, err);
	if (keep_cursor(r, keep, err) < 0)
		return -1;
	if (r->c.max_entries > 0 && r->run_entries >= (uint64_t)r->c.max_entries)
		return afd_ct_gap(r, keep, now, err, "stopped after %llu entries as configured; %llu to go",
		                  (unsigned long long)r->run_entries, (unsigned long long)(r->head.size - r->tree.size));
	afd_ct_start_step(r);
	return 0;
}

/* The root that the tree and its hits' proofs lead to; then the issuers that the hits name. */
static int check_step(struct run *r, struct afd_keeper *keep, const struct afd_digest *root, int64_t now, struct afd_error *err)
{
	if (!afd_digest_equal(root, &r->head.root)) {
		r->tree = r->step_start;
		return afd_ct_incident(r, keep, now, (struct incident){ .kind = "root" }, err,
		                       "the entries from %llu on do not lead to the signed root at size %llu: none was kept",
		                       (unsigned long long)r->step_start.size, (unsigned long long)r->head.size);
	}
	r->phase = r->until ? DONE : ISSUERS;
	r->reread = r->until != 0;
	return 0;
}

bool afd_ct_issuer_missing(struct run *r, uint8_t ret[32])
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

static int walk_wrong(struct run *r, struct afd_keeper *keep, int64_t now, struct afd_error *err, const char *what)
{
	r->head = r->old;
	return afd_ct_incident(r, keep, now, (struct incident){ .kind = "consistency" }, err, "%s", what);
}

static int walk_over(struct run *r, struct afd_keeper *keep, int64_t now, struct afd_error *err)
{
	const struct afd_ct_paths paths = { r->path, r->walk == TO_HEAD ? r->n_hits : 0 };
	struct afd_digest root;
	char what[120];

	if (r->walked)
		root = r->walk_root;
	else
		afd_ct_finish(&r->ahead, &root, &paths);
	if (r->walk == TO_HEAD)
		return check_step(r, keep, &root, now, err);
	if (r->walk == TO_OLD_HEAD) {
		snprintf(what, sizeof(what), "the log's hash tiles do not lead to its earlier head of %llu entries", (unsigned long long)r->old.size);
		if (!afd_digest_equal(&root, &r->old.root))
			return walk_wrong(r, keep, now, err, what);
		r->walk = OLD_TO_NEW;
		r->walk_to = r->head.size;
		return 0;
	}
	/* Only the head is signed: that the start is one of its log shows on the way from there. */
	if (r->walk == TO_START && r->walk_to < r->head.size) {
		r->began = r->ahead;
		r->walk = START_TO_HEAD;
		r->walk_to = r->head.size;
		r->walked = false;
		return 0;
	}
	if (!afd_digest_equal(&root, &r->head.root))
		return walk_wrong(r, keep, now, err, "the log's hash tiles do not lead to its signed root");
	if (r->walk == TO_START)
		r->began = r->ahead;
	if (r->walk == TO_START || r->walk == START_TO_HEAD) {
		r->tree = r->began;
		r->began_ms = r->walk == TO_START ? r->head.timestamp + 1 : AFD_TIME_NONE;
		r->has_began = true;
	}
	afd_ct_start_step(r);
	return 0;
}

int afd_ct_advance(struct run *r, struct afd_keeper *keep, int64_t now, struct afd_error *err)
{
	uint8_t fingerprint[32];
	struct afd_digest root;

	for (;;) {
		const struct afd_ct_paths paths = { r->path, r->n_hits };

		switch (r->phase) {
		case WALK:
			if (!r->walked && r->ahead.size < r->walk_to)
				return 0;
			if (walk_over(r, keep, now, err) < 0)
				return -1;
			break;
		case DATA:
			if (afd_ct_at_head(r)) {
				afd_ct_finish(&r->tree, &root, &paths);
				if (check_step(r, keep, &root, now, err) < 0)
					return -1;
				break;
			}
			if (r->until ? r->tree.size < r->until : r->tree.size - r->step_start.size < STEP_ENTRIES && r->hit_bytes < STEP_BYTES &&
			    (r->c.max_entries <= 0 || r->run_entries < (uint64_t)r->c.max_entries))
				return 0;
			afd_ct_start_walk(r, r->head.size, TO_HEAD);
			break;
		case ISSUERS:
			if (afd_ct_issuer_missing(r, fingerprint))
				return 0;
			if (end_step(r, keep, now, err) < 0)
				return -1;
			break;
		case HEAD:
		case DONE:
			return 0;
		}
	}
}
