/* What a log answered: checked against what is known, then taken into the run. An answer that cannot be true ends the
 * run with an incident; where the run goes from a good one is for ct_steps.c to say. */
#include "collector/ct/ct_run.h"

#define AHEAD_MS (5 * AFD_MINUTE)                 /* how far the log's clock may be before ours */

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

int afd_ct_take_checkpoint(struct run *r, const struct afd_response *a, struct afd_keeper *keep, struct afd_error *err)
{
	int64_t now = afd_ct_time_of(r, a);
	struct afd_error why = { 0 };
	struct afd_ct_head new;
	bool had = r->has_head, lasting;
	char what[200];

	if (afd_ct_head_verify(a->body, &r->log, &new, &why) < 0) {
		AFD_AUTO(buf) struct afd_buf b = { 0 };

		if (afd_buf_add_slice(&b, a->body) < 0)
			return afd_fail_memory(err);
		if (afd_ct_put_item(r, keep, AFD_ITEM_ANSWER, "text/plain", "checkpoint that does not verify", &b,
		                    err) < 0)
			return -1;
		return afd_ct_gap(r, keep, now, err, "incident: checkpoint: %s", why.text);
	}
	if (afd_buf_add_slice(&r->note, a->body) < 0)
		return afd_fail_memory(err);
	r->head_waits = !had || !same_head(&new, &r->head);
	if (r->incident) {
		if (afd_ct_keep_head(r, keep, err) < 0)
			return -1;
		return afd_ct_gap(r, keep, now, err, "incident, not resolved: %s", r->incident);
	}
	if (contradiction(r, &new, now, &lasting, what))
		return afd_ct_incident(r, keep, now, lasting, err, "%s", what);
	r->old = r->head;
	r->head = new;
	r->has_head = true;
	if (!had && strcmp(r->c.start, "head") == 0) {
		afd_ct_start_walk(r, new.size, TO_START);
		return 0;
	}
	/* Not all up to the old head was read: whether the new one extends it is seen in the hash tiles. */
	if (had && r->tree.size < r->old.size && new.size > r->old.size) {
		afd_ct_start_walk(r, r->old.size, TO_OLD_HEAD);
		return 0;
	}
	afd_ct_start_step(r);
	return 0;
}

int afd_ct_take_hashes(struct run *r, struct afd_slice bytes, int64_t now, struct afd_keeper *keep,
                       struct afd_error *err)
{
	const struct afd_ct_paths paths = { r->path, r->walk == TO_HEAD ? r->n_hits : 0 };
	struct afd_digest hash[AFD_TILE_WIDTH];
	struct afd_error why = { 0 };
	unsigned level, item;
	uint64_t tile;

	if (afd_tile_hashes(bytes, r->width, !r->whole, hash, &why) < 0)
		return afd_ct_incident(r, keep, now, false, err, "%s: %s", (const char *)r->asked.data, why.text);
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

int afd_ct_take_data(struct run *r, struct afd_slice bytes, int64_t now, struct afd_keeper *keep,
                     struct afd_error *err)
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
		return afd_ct_incident(r, keep, now, false, err, "%s: %s", (const char *)r->asked.data, why.text);
	}
	r->whole = false;
	if (keep->progress)
		keep->progress(keep->ctx, r->tree.size, r->head.size, "entries");
	return 0;
}

int afd_ct_take_issuer(struct run *r, const struct afd_response *a, struct afd_error *err)
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
