#include "cli/anchor.h"

#include "collector/anchor.h"

void anchor_release(struct anchor *a)
{
	afd_buf_release(&a->note);
	afd_buf_release(&a->answer);
	afd_mem_release(&a->authority);
}

/* --- making --- */

/* ANSWER, or the words WHY there is none. */
static int keep(struct session *s, const struct afd_head *h, const char *authority, const char *channel, struct afd_slice answer,
                bool failed, int64_t asked_ms, struct afd_error *err)
{
	AFD_AUTO(mem) char *source = afd_sprintf("tsa:%s", authority);
	AFD_AUTO(mem) char *asked = afd_sprintf("time-stamp of the head of %llu leaves", (unsigned long long)h->size);
	AFD_AUTO(buf) struct afd_buf bytes = { 0 };
	AFD_AUTO(ranges) struct afd_ranges parts = { 0 };
	struct afd_draft d = { .kind = failed ? AFD_ITEM_RUN : AFD_ITEM_ANSWER, .source = source, .decoder = AFD_ANCHOR_DECODER,
		.asked = asked, .channel = channel, .media_type = AFD_ANCHOR_MEDIA_TYPE, .asked_ms = asked_ms,
		.received_ms = afd_now(&s->cli->env), .server_ms = AFD_TIME_NONE };

	if (!source || !asked)
		return afd_fail_memory(err);
	if (afd_anchor_write(afd_slice_text(h->note), answer, &bytes, &parts, err) < 0)
		return -1;
	d.bytes = afd_buf_slice(&bytes);
	d.parts = parts;
	if (afd_store_begin(s->store, err) < 0)
		return -1;
	if (afd_store_put(s->store, &d, &s->cli->env, err) < 0 || afd_store_commit(s->store, err) < 0) {
		afd_store_rollback(s->store);
		return -1;
	}
	return 0;
}

static int anchor_head(struct session *s, struct stamping *w, const struct afd_head *h, struct afd_error *err)
{
	__attribute__((cleanup(stamped_release))) struct stamped got = { 0 };
	int64_t asked_ms = afd_now(&s->cli->env);
	struct afd_error why = { 0 };
	struct afd_digest imprint;

	afd_sha256(afd_slice_text(h->note), &imprint);
	if (stamping_ask(w, &imprint, &got, &why) < 0) {
		cli_warn(s->cli, "%s; the head of %s leaves is not anchored, the next run tries again", why.text, cli_number(h->size).s);
		return keep(s, h, "-", "none", afd_slice_text(why.text), true, asked_ms, err);
	}
	return keep(s, h, got.authority, *got.channel ? got.channel : "http", afd_buf_slice(&got.answer), false, asked_ms, err);
}

int session_anchor(struct session *s, struct stamping *w, struct afd_error *err)
{
	struct afd_head h = { 0 };
	int r;

	if (!w)
		return 0;
	r = afd_store_head(s->store, AFD_ANY_SIZE, &h, err);
	if (r > 0)
		r = anchor_head(s, w, &h, err) < 0 || session_seal(s, err) < 0 ? -1 : 0;
	afd_head_release(&h);
	return r;
}

int session_anchor_with(struct session *s, const struct stamp_options *o, struct afd_error *err)
{
	__attribute__((cleanup(stamping_release))) struct stamping *w = NULL;

	return stamping_open(s->cli, o, s->config, &w, err) < 0 ? -1 : session_anchor(s, w, err);
}

/* --- reading --- */

int anchor_read(struct afd_store *s, struct anchor *ret, struct afd_error *err)
{
	AFD_AUTO(item) struct afd_item i = { 0 };
	struct afd_slice bytes;

	if (afd_store_item(s, ret->leaf, &i, err) < 0)
		return -1;
	if (i.presence != AFD_PRESENT || i.parts.n != 2)
		return afd_fail(err, AFD_E_STORE, "leaf %llu, an anchor, is not there", (unsigned long long)ret->leaf);
	bytes = afd_buf_slice(&i.bytes);
	if (afd_buf_add_slice(&ret->note, afd_slice_sub(bytes, i.parts.at[0].off, i.parts.at[0].len)) < 0 ||
	    afd_buf_add_slice(&ret->answer, afd_slice_sub(bytes, i.parts.at[1].off, i.parts.at[1].len)) < 0)
		return afd_fail_memory(err);
	afd_sha256(afd_buf_slice(&ret->note), &ret->note_sha256);
	return 0;
}

int anchor_find(struct afd_store *s, uint64_t size, struct anchor *ret, struct afd_error *err)
{
	AFD_AUTO(query) struct afd_query *q = NULL;
	int r;

	if (afd_query_open(s, "SELECT leaf, size, time_ms, authority FROM anchor WHERE size = :size AND time_ms IS NOT NULL"
	                      " ORDER BY leaf DESC LIMIT 1", &q, err) < 0 ||
	    afd_query_bind_int(q, "size", (int64_t)size, err) < 0)
		return -1;
	r = afd_query_step(q, err);
	if (r <= 0)
		return r;
	ret->leaf = (uint64_t)afd_query_int(q, 0);
	ret->size = (uint64_t)afd_query_int(q, 1);
	ret->time_ms = afd_query_int(q, 2);
	ret->authority = afd_strdup(afd_query_text(q, 3));
	if (!ret->authority)
		return afd_fail_memory(err);
	return anchor_read(s, ret, err) < 0 ? -1 : 1;
}
