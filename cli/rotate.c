/* Another store key. Three steps, and whoever is killed between two of them finds a key that works:
 *
 *   1. STORE.key.next is written: nothing knows it yet; a later rotation overwrites it.
 *   2. One transaction: the handover as a leaf, a head by the new key, the store names it. STORE.key is the old one, so
 *      the next open (session.c) sees that STORE.key.next is the one named, and does step 3.
 *   3. STORE.key.next becomes STORE.key; the old key is gone. */
#include <unistd.h>

#include "cli/session.h"
#include "core/file.h"

static char *next_path(const struct session *s)
{
	return afd_sprintf("%s.next", s->key_path);
}

static int write_key(const struct afd_store_key *k, const char *path, struct afd_error *err)
{
	struct afd_buf text = { 0 };
	int r = afd_store_key_write(k, &text, err);

	if (r == 0)
		r = afd_file_write(path, afd_buf_slice(&text), true, err);
	afd_buf_wipe(&text);
	return r;
}

/* Written again rather than renamed: afd_file_write() waits for the disk. */
static int take_over(struct session *s, struct afd_store_key **next, const char *path, struct afd_error *err)
{
	if (write_key(*next, s->key_path, err) < 0)
		return -1;
	unlink(path);
	s->key = afd_store_key_free(s->key);
	s->key = afd_steal(next);
	return 0;
}

int session_rotate_finish(struct session *s, const char *vkey, struct afd_error *err)
{
	AFD_AUTO(mem) char *path = next_path(s);
	AFD_AUTO(store_key) struct afd_store_key *next = NULL;
	AFD_AUTO(buf) struct afd_buf line = { 0 };

	if (!path)
		return afd_fail_memory(err);
	if (access(path, F_OK) != 0 || !vkey)
		return -1;
	if (session_key_read(s, path, &next, err) < 0 || afd_store_key_vkey(next, &line, err) < 0)
		return -1;
	return strcmp(vkey, (const char *)line.data) == 0 ? take_over(s, &next, path, err) : -1;
}

static int put_handover(struct session *s, const struct afd_store_key *next, struct afd_error *err)
{
	const int64_t now = afd_now(&s->cli->env);
	AFD_AUTO(buf) struct afd_buf note = { 0 };
	struct afd_draft d = {
		.kind = AFD_ITEM_FILE, .source = "engine", .decoder = AFD_HANDOVER_DECODER, .asked = "handover", .channel = "keys rotate",
		.media_type = "text/plain", .asked_ms = now, .received_ms = now, .server_ms = AFD_TIME_NONE,
	};

	if (afd_note_handover(s->key, next, &note, err) < 0)
		return -1;
	d.bytes = afd_buf_slice(&note);
	return afd_store_put(s->store, &d, &s->cli->env, err);
}

static int put_head(struct session *s, const struct afd_store_key *next, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf note = { 0 };
	struct afd_digest root;
	uint64_t size;

	if (afd_store_sequence(s->store, &size, err) < 0 || afd_store_root(s->store, size, &root, err) < 0 ||
	    afd_note_sign(next, size, &root, &note, err) < 0)
		return -1;
	return afd_store_put_head(s->store, afd_buf_slice(&note), afd_now(&s->cli->env), err);
}

static int hand_over(struct session *s, const struct afd_store_key *next, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf line = { 0 };

	if (afd_store_key_vkey(next, &line, err) < 0 || afd_store_begin(s->store, err) < 0)
		return -1;
	if (put_handover(s, next, err) == 0 && put_head(s, next, err) == 0 &&
	    afd_store_meta_set(s->store, "vkey", (const char *)line.data, err) == 0)
		return afd_store_commit(s->store, err);
	afd_store_rollback(s->store);
	return -1;
}

int session_rotate(struct session *s, char **ret_old, struct afd_error *err)
{
	AFD_AUTO(mem) char *path = next_path(s);
	AFD_AUTO(store_key) struct afd_store_key *next = NULL;

	if (!path)
		return afd_fail_memory(err);
	/* what lies in the inbox came in the old key's time, and gets its head by it */
	if (session_seal(s, err) < 0 || afd_store_meta(s->store, "vkey", ret_old, err) < 0 ||
	    afd_store_key_new(afd_store_key_name(s->key), &s->cli->env, &next, err) < 0 || write_key(next, path, err) < 0)
		return -1;
	/* path stays: a commit that failed may yet have happened, and the next open looks which key the store names */
	if (hand_over(s, next, err) < 0)
		return afd_within(err, "handing over to another store key");
	if (take_over(s, &next, path, err) < 0)
		return afd_within(err, "the new store key holds; its file is %s until the next run", path);
	return afd_derive(s->store, afd_decode_item, NULL, err);
}
