/* An answer with entries, looked at: opened, taken apart, hashed, and searched for the names. All of it is a function of the
 * answer and of the list of names, so it may be done on any thread, before the entries in front of these were taken. */
#include "collector/ct/ct_run.h"

static struct afd_ct_batch *emptied(struct afd_ct_batch *b)
{
	if (!b)
		b = calloc(1, sizeof(*b));
	if (b && !b->sha)
		b->sha = afd_sha256_new();
	if (b && !b->sha) {
		afd_ct_batch_free(b);
		return NULL;
	}
	if (b) {
		b->n = b->opened.len = 0;
		b->not_opened = b->bad = false;
		b->why = (struct afd_error){ 0 };
	}
	return b;
}

static bool has_room(struct afd_ct_batch *b, size_t n)
{
	struct afd_ct_seen *at;

	if (n <= b->cap)
		return true;
	at = reallocarray(b->at, n, sizeof(*at));
	if (!at)
		return false;
	b->at = at;
	b->cap = n;
	return true;
}

static void look_at(struct afd_ct_batch *b, const struct afd_ct_watch *w, const struct afd_ct_leaf *leaf)
{
	struct afd_ct_seen *s = &b->at[b->n++];

	s->timestamp_ms = leaf->timestamp_ms;
	s->index = leaf->index;
	s->has_index = leaf->has_index;
	s->match = afd_ct_watch_entry(w, leaf, NULL);
	afd_ct_leaf_hash(b->sha, leaf, &s->hash);
}

static void *tile(const struct afd_unpack *u, struct afd_slice body, void *old, bool exact)
{
	struct afd_ct_batch *b = emptied(old);
	struct afd_reader r;
	struct afd_ct_leaf leaf;

	if (!b || !has_room(b, u->n)) {
		afd_ct_batch_free(b);
		return NULL;
	}
	if (afd_tile_open(body, AFD_MAX_CT_TILE, &b->opened, &b->bytes, &b->why) < 0) {
		b->not_opened = true;
		return b;
	}
	for (r = afd_reader(b->bytes); b->n < u->n && !b->bad;) {
		b->at[b->n].off = (size_t)(r.at - b->bytes.data);
		if (afd_ct_tile_leaf(&r, &leaf, &b->why) < 0)
			b->bad = true, afd_within(&b->why, "entry %zu of the tile", b->n);
		else
			look_at(b, u->state, &leaf);
	}
	if (!b->bad && exact && afd_reader_left(&r) > 0) {
		b->bad = true;
		afd_fail(&b->why, AFD_E_PARSE, "%zu bytes after the %zu entries of the tile", afd_reader_left(&r), b->n);
	}
	/* half a tile is none */
	b->n = b->bad ? 0 : b->n;
	return b;
}

void *afd_ct_batch_tile(const struct afd_unpack *u, struct afd_slice body, void *old)
{
	return tile(u, body, old, true);
}

void *afd_ct_batch_tile_part(const struct afd_unpack *u, struct afd_slice body, void *old)
{
	return tile(u, body, old, false);
}

void *afd_ct_batch_page(const struct afd_unpack *u, struct afd_slice body, void *old)
{
	struct afd_ct_batch *b = emptied(old);
	struct afd_ct_leaf leaf;

	if (!b)
		return NULL;
	if (afd_ct_scan_entries(body, u->n, &b->page, &b->why) < 0) {
		b->bad = true;
		return b;
	}
	if (!has_room(b, b->page.n)) {
		afd_ct_batch_free(b);
		return NULL;
	}
	while (b->n < b->page.n && !b->bad) {
		if (afd_ct_merkle_leaf(afd_ct_page_leaf(&b->page, b->n), &leaf, &b->why) < 0)
			b->bad = true, afd_within(&b->why, "entry %llu", (unsigned long long)(u->at + b->n));
		else
			look_at(b, u->state, &leaf);
	}
	return b;
}

void afd_ct_batch_free(void *p)
{
	struct afd_ct_batch *b = p;

	if (!b)
		return;
	afd_sha256_free(b->sha);
	afd_buf_release(&b->opened);
	afd_ct_page_release(&b->page);
	free(b->at);
	free(b);
}

const struct afd_ct_batch *afd_ct_batch_of(struct run *r, const struct afd_response *a, struct afd_error *err)
{
	if (a->unpacked)
		return a->unpacked;
	r->batch = r->unpack.make(&r->unpack, a->body, r->batch);
	if (!r->batch)
		afd_fail_memory(err);
	return r->batch;
}
