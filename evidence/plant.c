/* A store out of plain files. Nothing is believed here: the pieces are put where they say that they belong, and what
 * they do not account for is a fault; that they belong together is for afd_store_verify(). */
#include <inttypes.h>
#include <openssl/crypto.h>

#include "core/note.h"
#include "evidence/db.h"
#include "evidence/plain.h"
#include "evidence/record.h"

struct afd_planting { struct afd_store *s; uint64_t leaves; };

int afd_plant_begin(struct afd_planting **ret, struct afd_error *err)
{
	AFD_AUTO(planting) struct afd_planting *p = calloc(1, sizeof(*p));

	if (!p)
		return afd_fail_memory(err);
	if (afd_store_open_temp(&p->s, err) < 0 || afd_store_begin(p->s, err) < 0)
		return -1;
	/* what lines announce and files must bear out; it is dropped before anybody else looks */
	if (afd_sql_script(p->s, "CREATE TABLE awaited (leaf INTEGER PRIMARY KEY, parts INTEGER NOT NULL) STRICT", err) < 0)
		return -1;
	*ret = afd_steal(&p);
	return 0;
}

struct afd_planting *afd_planting_free(struct afd_planting *p)
{
	if (p && p->s) {
		afd_store_rollback(p->s);
		afd_store_close(p->s);
	}
	free(p);
	return NULL;
}

void afd_planting_release(struct afd_planting **p)
{
	*p = afd_planting_free(*p);
}

int afd_plant_blob(struct afd_planting *p, const struct afd_digest *sha256, struct afd_slice bytes, struct afd_error *err)
{
	struct afd_digest found;

	if (bytes.len > AFD_MAX_ITEM)
		return afd_fail(err, AFD_E_LIMIT, "an item of %zu bytes; the limit is %u", bytes.len, AFD_MAX_ITEM);
	afd_sha256(bytes, &found);
	if (!afd_digest_equal(sha256, &found))
		return afd_fail(err, AFD_E_VERIFY, "its bytes are not those that its name says");
	return AFD_RUN(p->s, err, "INSERT INTO blob (sha256, data) VALUES (?1, ?2)", afd_d(sha256), afd_b(bytes.data, bytes.len));
}

int afd_plant_head(struct afd_planting *p, uint64_t size, struct afd_slice note, struct afd_error *err)
{
	AFD_AUTO(mem) char *text = afd_text_dup(note);
	struct afd_note n = { .n = 0 };
	struct afd_checkpoint c;
	int r;

	if (!text)
		return afd_fail_memory(err);
	if (memchr(note.data, 0, note.len))
		return afd_fail(err, AFD_E_PARSE, "a byte that no note has");
	if (afd_note_parse(note, &n, err) < 0)
		return -1;
	r = afd_checkpoint_parse(n.text, &c, err);
	afd_note_release(&n);
	if (r < 0)
		return -1;
	if (c.size != size)
		return afd_fail(err, AFD_E_VERIFY, "it speaks of %" PRIu64 " leaves", c.size);
	/* when it was signed is the operator's own note of time, and does not travel */
	return AFD_RUN(p->s, err, "INSERT INTO head (size, root, note, signed_ms) VALUES (?1, ?2, ?3, 0)", afd_u(size), afd_d(&c.root),
		afd_t(text));
}

/* One part is as long as the whole: its length need not be told. */
static int only_length(struct afd_planting *p, const struct afd_leaf_line *l, struct afd_buf *ret, struct afd_error *err)
{
	int64_t n = 0;
	const int found = AFD_NUMBER(p->s, &n, err, "SELECT length(data) FROM blob WHERE sha256 = ?1", afd_d(&l->sha256));

	if (found <= 0)
		return found < 0 ? -1 :
				   afd_fail(err, AFD_E_VERIFY, "leaf %" PRIu64 ": its bytes are missing, and no tombstone says why", l->leaf);
	return l->parts == 1 && afd_buf_u32(ret, (uint32_t)n) < 0 ? afd_fail_memory(err) : 0;
}

int afd_plant_leaf(struct afd_planting *p, const struct afd_leaf_line *l, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf length = { 0 };
	const bool present = l->state == AFD_LEAF_PRESENT, erased = l->state == AFD_LEAF_ERASED;

	if (l->leaf != p->leaves)
		return afd_fail(err, AFD_E_VERIFY, "leaf %" PRIu64 " stands where leaf %" PRIu64 " belongs", l->leaf, p->leaves);
	if (present && only_length(p, l, &length, err) < 0)
		return -1;
	if (present && l->parts > 1 &&
		AFD_RUN(p->s, err, "INSERT INTO awaited (leaf, parts) VALUES (?1, ?2)", afd_u(l->leaf), afd_u(l->parts)) < 0)
		return -1;
	p->leaves++;
	return AFD_RUN(p->s, err, "INSERT INTO item (id, hash, secret, sha256, part_lengths, erased) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
		afd_u(l->leaf + 1), afd_d(&l->hash), erased ? afd_null() : afd_b(l->secret, sizeof(l->secret)),
		present ? afd_d(&l->sha256) : afd_null(), length.len ? afd_b(length.data, length.len) : afd_null(), afd_i(erased));
}

int afd_plant_parts(struct afd_planting *p, uint64_t leaf, struct afd_slice lengths, struct afd_error *err)
{
	int changed = 0;

	if (afd_sql_run(p->s, "DELETE FROM awaited WHERE leaf = ?1 AND parts = ?2", AFD_ARGS(afd_u(leaf), afd_u(lengths.len / 4)), &changed,
		    err) < 0)
		return -1;
	if (changed != 1)
		return afd_fail(err, AFD_E_VERIFY, "the line of leaf %" PRIu64 " speaks of another number of parts", leaf);
	return AFD_RUN(p->s, err, "UPDATE item SET part_lengths = ?2 WHERE id = ?1", afd_u(leaf + 1), afd_b(lengths.data, lengths.len));
}

int afd_plant_record(struct afd_planting *p, uint64_t leaf, struct afd_slice record, struct afd_error *err)
{
	struct afd_record r;
	int changed = 0;

	if (afd_record_parse(record, &r, err) < 0)   /* also: no NUL, so that it can be kept as text */
		return -1;
	afd_record_release(&r);
	if (afd_sql_run(p->s, "UPDATE item SET record = CAST(?2 AS TEXT) WHERE id = ?1 AND erased = 0 AND record IS NULL",
		    AFD_ARGS(afd_u(leaf + 1), afd_b(record.data, record.len)), &changed, err) < 0)
		return -1;
	return changed == 1 ? 0 : afd_fail(err, AFD_E_VERIFY, "no leaf awaits this record");
}

int afd_plant_store(struct afd_planting *p, const char *origin, const char *vkey, struct afd_error *err)
{
	return afd_store_meta_set(p->s, "origin", origin, err) < 0 ? -1 : afd_store_meta_set(p->s, "vkey", vkey, err);
}

/* --- the end --- */

static int nothing_missing(struct afd_planting *p, struct afd_error *err)
{
	int64_t leaf = 0;
	int found = afd_sql_number(p->s, "SELECT min(id) - 1 FROM item WHERE record IS NULL AND erased = 0", NULL, 0, &leaf, err);

	if (found != 0)
		return found < 0 ? -1 : afd_fail(err, AFD_E_VERIFY, "leaf %" PRId64 ": its record is missing, and no tombstone says why", leaf);
	found = afd_sql_number(p->s, "SELECT min(leaf) FROM awaited", NULL, 0, &leaf, err);
	if (found != 0)
		return found < 0 ? -1 : afd_fail(err, AFD_E_VERIFY, "leaf %" PRId64 ": the lengths of its parts are missing", leaf);
	return afd_sql_script(p->s, "DROP TABLE awaited", err);
}

/* What a tombstone says of the item that it erases is kept beside it in a store, and nothing but the tombstone says it. */
static int plant_stubs(struct afd_store *s, struct afd_error *err)
{
	AFD_AUTO(stmt) sqlite3_stmt *st = NULL;
	int r;

	if (afd_sql_open(s, "SELECT i.record, b.data FROM item i JOIN blob b ON b.sha256 = i.sha256"
		    " WHERE instr(i.record, char(10) || 'kind tombstone' || char(10)) > 0 ORDER BY i.id", NULL, 0, &st, err) < 0)
		return -1;
	while ((r = afd_sql_step(s, st, err)) > 0) {
		const struct afd_slice stub = afd_column_bytes(st, 1);
		struct afd_record rec;

		if (afd_record_parse(afd_column_bytes(st, 0), &rec, err) < 0)
			return -1;
		r = AFD_RUN(s, err, "UPDATE item SET stub = CAST(?2 AS TEXT) WHERE id = ?1 AND erased = 1 AND stub IS NULL",
			afd_u(rec.erases_leaf + 1), afd_b(stub.data, stub.len));
		afd_record_release(&rec);
		if (r < 0)
			return -1;
	}
	return r;
}

int afd_plant_finish(struct afd_planting *p, struct afd_store **ret, struct afd_error *err)
{
	if (nothing_missing(p, err) < 0 || plant_stubs(p->s, err) < 0 || afd_store_sequence(p->s, NULL, err) < 0 ||
		afd_store_commit(p->s, err) < 0)
		return -1;
	*ret = afd_steal(&p->s);
	return 0;
}
