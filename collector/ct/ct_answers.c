/* What a log answered: checked against what is known, then taken into the run. An answer that cannot be true ends the
 * run with an incident; where the run goes from a good one is for ct_steps.c to say. */
#include "collector/ct/ct_run.h"

#define AHEAD_MS (5 * AFD_MINUTE)                 /* how far the log's clock may be before ours */

/* Is something wrong with NEW after the last head, and what. */
static bool contradiction(const struct run *r, const struct afd_ct_head *new, int64_t now, struct incident *ret, char text[200])
{
	const struct afd_ct_head *old = &r->head;
	unsigned long long a = new->size, b = old->size;

	*ret = (struct incident){ 0 };
	if (new->timestamp > now + AHEAD_MS) {
		ret->kind = "future";
		snprintf(text, 200, "the head's time %s lies in the future", afd_when_people(new->timestamp).s);
		return true;
	}
	if (!r->has_head)
		return false;
	if (new->size == old->size && !afd_digest_equal(&new->root, &old->root)) {
		*ret = (struct incident){ "fork", true, { 0 } };
		snprintf(text, 200, "fork: two roots were signed for the size %llu", a);
		return true;
	}
	if (new->size < old->size) {
		/* An old head served again may be a cache; a newer one with fewer entries is a promise broken. */
		*ret = (struct incident){ "rollback", new->timestamp >= old->timestamp, { 0 } };
		snprintf(text, 200, "rollback: a head of %llu entries (%s) after one of %llu", a, afd_when_people(new->timestamp).s, b);
		return true;
	}
	if (new->timestamp < old->timestamp) {
		ret->kind = "rollback";
		snprintf(text, 200, "rollback: the head's time %s lies before that of the last one", afd_when_people(new->timestamp).s);
		return true;
	}
	return false;
}

static bool same_head(const struct afd_ct_head *a, const struct afd_ct_head *b)
{
	return a->size == b->size && a->timestamp == b->timestamp && afd_digest_equal(&a->root, &b->root);
}

/* The log promised never to change again (readonly, with its last tree head in the list). */
static bool not_final(const struct run *r, const struct afd_ct_head *new, char text[200])
{
	struct afd_digest root;

	if (!r->c.closed || new->size < (uint64_t)r->c.final_size)
		return false;
	if (new->size == (uint64_t)r->c.final_size && afd_unhex(r->c.final_root, strlen(r->c.final_root), root.b, 32) == 0 &&
	    afd_digest_equal(&root, &new->root))
		return false;
	snprintf(text, 200, "the log is read-only since %lld entries, and its head has %llu or another root", (long long)r->c.final_size,
	         (unsigned long long)new->size);
	return true;
}

static int head_wrong(struct run *r, const struct afd_response *a, struct afd_keeper *keep, const struct afd_error *why,
                      struct afd_error *err)
{
	/* The last head that was good stays what it was. */
	return afd_ct_incident(r, keep, afd_ct_time_of(r, a), (struct incident){ "head", false, a->body }, err, "%s: %s", r->kind->head, why->text);
}

int afd_ct_take_head(struct run *r, const struct afd_response *a, struct afd_keeper *keep, struct afd_error *err)
{
	int64_t now = afd_ct_time_of(r, a);
	struct afd_error why = { 0 };
	struct afd_buf swap;
	struct afd_ct_head new;
	bool had = r->has_head;
	struct incident wrong;
	char what[200];

	if (afd_ct_head_verify(a->body, &r->log, &new, &why) < 0)
		return head_wrong(r, a, keep, &why, err);
	swap = r->before;
	r->before = r->signed_head;
	r->signed_head = swap;
	r->signed_head.len = 0;
	if (afd_buf_add_slice(&r->signed_head, a->body) < 0)
		return afd_fail_memory(err);
	r->head_waits = !had || !same_head(&new, &r->head);
	if (r->incident) {
		if (afd_ct_keep_head(r, keep, err) < 0)
			return -1;
		return afd_ct_gap(r, keep, now, err, "incident, not resolved: %s", r->incident);
	}
	if (contradiction(r, &new, now, &wrong, what))
		return afd_ct_incident(r, keep, now, wrong, err, "%s", what);
	if (not_final(r, &new, what))
		return afd_ct_incident(r, keep, now, (struct incident){ .kind = "final" }, err, "%s", what);
	r->old = r->head;
	r->head = new;
	r->has_head = true;
	if (!had && r->start_at > 0) {
		if (r->start_at != UINT64_MAX && r->start_at > new.size)
			return afd_ct_gap(r, keep, now, err, "start: reading begins at index %llu, and the log has %llu entries",
			                  (unsigned long long)r->start_at, (unsigned long long)new.size);
		afd_ct_start_walk(r, r->start_at < new.size ? r->start_at : new.size, TO_START);
		return 0;
	}
	/* Not all up to the old head was read: whether the new one extends it is seen in the log's own hashes. */
	if (had && r->tree.size < r->old.size && new.size > r->old.size) {
		afd_ct_start_walk(r, r->old.size, TO_OLD_HEAD);
		return 0;
	}
	afd_ct_start_step(r);
	return 0;
}

static int keep_leaf(struct run *r, const struct afd_ct_leaf *leaf, struct afd_slice chain, uint64_t index)
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
	h->has_issuer = r->kind->tiles && leaf->fingerprints.len >= 32;   /* else the chain came with the entry */
	if (h->has_issuer)
		memcpy(h->fingerprint, leaf->fingerprints.data, 32);
	r->hit_bytes += sizeof(*h) + leaf->timestamped.len + leaf->extra.len + chain.len;
	if (afd_buf_add_slice(&h->chain, chain) < 0)
		return -1;
	return afd_buf_u16(&h->leaf_input, 0) < 0 || afd_buf_add_slice(&h->leaf_input, leaf->timestamped) < 0 ?
	       -1 : afd_buf_add_slice(&h->extra, leaf->extra);
}

/* Full tiles' worth of leaves at once, where they lie so. */
static int grow(struct run *r, struct afd_error *err)
{
	const struct afd_ct_paths paths = { r->path, r->n_hits };
	int rc = 0;

	if (r->n_waiting == AFD_TILE_WIDTH && r->tree.size % AFD_TILE_WIDTH == 0)
		rc = afd_ct_grow_tile(&r->tree, r->waiting, &paths);
	else
		for (unsigned i = 0; i < r->n_waiting && rc == 0; i++)
			rc = afd_ct_grow(&r->tree, &r->waiting[i], 0, &paths);
	r->n_waiting = 0;
	return rc < 0 ? afd_fail(err, AFD_E_ENGINE, "tree: cannot grow at %llu", (unsigned long long)r->tree.size) : 0;
}

int afd_ct_take_leaf(struct run *r, const struct afd_ct_seen *s, const struct afd_ct_leaf *leaf, struct afd_slice chain,
                     struct afd_error *why, struct afd_error *err)
{
	uint64_t index = r->tree.size + r->n_waiting;

	if (r->until && index >= r->until)
		return 0;
	if (s->has_index && s->index != index) {
		afd_fail(why, AFD_E_VERIFY, "entry %llu says that its index is %llu", (unsigned long long)index, (unsigned long long)s->index);
		return 1;
	}
	/* RFC 6962, 3.5. What we say about the time before a head rests on it. */
	if ((int64_t)s->timestamp_ms > r->head.timestamp) {
		afd_fail(why, AFD_E_VERIFY, "entry %llu carries a later time than the head over it", (unsigned long long)index);
		return 1;
	}
	/* What stands before it was there when it came in, which was at most the merge delay after its time. */
	if (r->has_began && r->began_ms == AFD_TIME_NONE && index == r->began.size)
		r->began_ms = (int64_t)s->timestamp_ms + r->c.mmd + 1;
	r->waiting[r->n_waiting++] = s->hash;
	if (leaf && keep_leaf(r, leaf, chain, index) < 0)
		return afd_fail_memory(err);
	if (leaf)
		r->hit[r->n_hits - 1]->unparsable = s->match < 0;
	r->step_unparsable += s->match < 0;
	r->run_entries++;
	return (index + 1) % AFD_TILE_WIDTH == 0 ? grow(r, err) : 0;
}

int afd_ct_leaves_done(struct run *r, struct afd_keeper *keep, struct afd_error *err)
{
	if (grow(r, err) < 0)
		return -1;
	if (keep->progress)
		keep->progress(keep->ctx, r->tree.size, r->head.size, "entries");
	return 0;
}

int afd_ct_leaves_wrong(struct run *r, int64_t now, struct afd_slice answer, const struct afd_error *why, struct afd_keeper *keep,
                        struct afd_error *err)
{
	r->n_waiting = 0;
	r->tree = r->step_start;
	return afd_ct_incident(r, keep, now, (struct incident){ "entry", false, answer }, err, "%s: %s", (const char *)r->asked.data, why->text);
}
