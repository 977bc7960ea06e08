/* Items in and out of the store, their erasure, and what the store knows of itself. */
#include <inttypes.h>
#include <openssl/crypto.h>

#include "core/when.h"
#include "evidence/db.h"
#include "evidence/record.h"

/* --- meta and cursors --- */

static int text_of(struct afd_store *s, const char *sql, const char *name, char **ret, struct afd_error *err)
{
	AFD_AUTO(stmt) sqlite3_stmt *st = NULL;
	int r;

	*ret = NULL;
	if (AFD_OPEN(s, &st, err, sql, afd_t(name)) < 0)
		return -1;
	r = afd_sql_step(s, st, err);
	if (r <= 0)
		return r;
	*ret = afd_column_dup(st, 0);
	return *ret ? 0 : afd_fail_memory(err);
}

int afd_store_meta(struct afd_store *s, const char *name, char **ret, struct afd_error *err)
{
	return text_of(s, "SELECT value FROM meta WHERE name = ?1", name, ret, err);
}

int afd_store_meta_set(struct afd_store *s, const char *name, const char *value, struct afd_error *err)
{
	if (afd_store_need_write(s, err) < 0)
		return -1;
	return AFD_RUN(s, err,
		"INSERT INTO meta (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
		afd_t(name), afd_t(value));
}

int afd_store_cursor(struct afd_store *s, const char *source, char **ret, struct afd_error *err)
{
	return text_of(s, "SELECT value FROM cursor WHERE source = ?1", source, ret, err);
}

int afd_store_cursor_set(
	struct afd_store *s, const char *source, const char *value, int64_t now_ms, struct afd_error *err)
{
	if (afd_store_need_write(s, err) < 0)
		return -1;
	return AFD_RUN(s, err,
	               "INSERT INTO cursor (source, value, updated_ms) VALUES (?1, ?2, ?3)"
	               " ON CONFLICT (source) DO UPDATE SET value = excluded.value, updated_ms = excluded.updated_ms",
	               afd_t(source), afd_t(value), afd_i(now_ms));
}

/* --- putting --- */

/* Bytes that nobody could redact are not kept, nor their plain digest, by which they could be guessed: the record has
 * their length and blinded digest. */
static int put_withheld(struct afd_store *s, const struct afd_sealed *x, struct afd_error *err)
{
	return AFD_RUN(s, err, "INSERT INTO item (hash, record, secret) VALUES (?1, ?2, ?3)", afd_d(&x->leaf),
	               afd_t((const char *)x->record.data), afd_b(x->secret, sizeof(x->secret)));
}

static int put_sealed(struct afd_store *s, const struct afd_draft *d, const struct afd_sealed *x, struct afd_error *err)
{
	if (d->kind == AFD_ITEM_WITHHELD)
		return put_withheld(s, x, err);
	if (AFD_RUN(s, err, "INSERT INTO blob (sha256, data) VALUES (?1, ?2) ON CONFLICT DO NOTHING", afd_d(&x->sha256),
	            afd_b(d->bytes.data, d->bytes.len)) < 0)
		return -1;
	return AFD_RUN(s, err,
		"INSERT INTO item (hash, record, secret, sha256, part_lengths) VALUES (?1, ?2, ?3, ?4, ?5)",
		afd_d(&x->leaf), afd_t((const char *)x->record.data), afd_b(x->secret, sizeof(x->secret)),
		afd_d(&x->sha256), afd_b(x->part_lengths.data, x->part_lengths.len));
}

int afd_store_put(struct afd_store *s, const struct afd_draft *d, const struct afd_env *env, struct afd_error *err)
{
	struct afd_sealed x = { .record = { 0 } };
	int r;

	if (afd_store_need_write(s, err) < 0)
		return -1;
	if (afd_item_seal(d, env, &x, err) < 0)
		return afd_within(err, "item of %s", d->source ? d->source : "nobody");
	r = afd_step_begin(s, err);
	if (r == 0)
		r = afd_step_end(s, put_sealed(s, d, &x, err), err);
	afd_sealed_release(&x);
	return r;
}

/* --- getting --- */

static int read_present(sqlite3_stmt *st, struct afd_item *i, struct afd_error *err)
{
	const struct afd_slice record = afd_column_bytes(st, 2), secret = afd_column_bytes(st, 3),
			       lengths = afd_column_bytes(st, 4);
	const struct afd_slice bytes = afd_column_bytes(st, 5);

	if (afd_record_parse(record, &i->record, err) < 0)
		return -1;
	if (secret.len != sizeof(i->secret))
		return afd_fail(err, AFD_E_PARSE, "its secret is not 32 bytes");
	memcpy(i->secret, secret.data, secret.len);
	if (afd_buf_add_slice(&i->record_text, record) < 0 || afd_buf_add_slice(&i->part_lengths, lengths) < 0)
		return afd_fail_memory(err);
	if (i->record.kind == AFD_ITEM_WITHHELD)
		return 0;
	if (sqlite3_column_type(st, 5) == SQLITE_NULL) {
		i->presence = AFD_MISSING;
		return 0;
	}
	if (bytes.len > AFD_MAX_ITEM)
		return afd_fail(err, AFD_E_LIMIT, "%zu bytes; the limit of an item is %u", bytes.len, AFD_MAX_ITEM);
	if (afd_buf_add_slice(&i->bytes, bytes) < 0)
		return afd_fail_memory(err);
	return afd_parts_from_lengths(lengths, bytes.len, &i->parts, err);
}

int afd_store_item(struct afd_store *s, uint64_t leaf, struct afd_item *ret, struct afd_error *err)
{
	AFD_AUTO(stmt) sqlite3_stmt *st = NULL;
	AFD_AUTO(item) struct afd_item i = { .leaf = leaf };
	int r;

	if (AFD_OPEN(s, &st, err, "SELECT i.hash, i.erased, i.record, i.secret, i.part_lengths, b.data, i.stub FROM item i"
	             " LEFT JOIN blob b ON b.sha256 = i.sha256 WHERE i.leaf = ?1", afd_u(leaf)) < 0)
		return -1;
	r = afd_sql_step(s, st, err);
	if (r < 0)
		return -1;
	if (r == 0)
		return afd_fail(err, AFD_E_VERIFY, "there is no leaf %" PRIu64, leaf);
	if (!afd_column_digest(st, 0, &i.hash))
		return afd_fail(err, AFD_E_STORE, "leaf %" PRIu64 ": its hash is not 32 bytes", leaf);
	i.presence = sqlite3_column_int(st, 1)                   ? AFD_ERASED
		     : sqlite3_column_type(st, 2) == SQLITE_NULL ? AFD_MISSING
								 : AFD_PRESENT;
	if (i.presence == AFD_PRESENT && read_present(st, &i, err) < 0)
		return afd_within(err, "leaf %" PRIu64, leaf);
	if (i.presence == AFD_ERASED)   /* without a stub that can be read nobody knows whose it was */
		afd_stub_read(afd_column_bytes(st, 6), &i.record, NULL);
	*ret = i;
	i = (struct afd_item){ .leaf = leaf };
	return 0;
}

int afd_store_finding_salt(struct afd_store *s, uint64_t size, const char *finding_id, uint8_t ret[16], struct afd_error *err)
{
	AFD_AUTO(stmt) sqlite3_stmt *st = NULL;
	AFD_AUTO(buf) struct afd_buf message = { 0 };
	struct afd_digest d;
	int r;

	if (afd_buf_text(&message, "finding") < 0 || afd_buf_u64(&message, size) < 0 || afd_buf_text(&message, finding_id) < 0)
		return afd_fail_memory(err);
	if (AFD_OPEN(s, &st, err, "SELECT secret FROM item WHERE leaf < ?1 AND length(secret) = 32 ORDER BY leaf LIMIT 1",
	             afd_u(size)) < 0)
		return -1;
	r = afd_sql_step(s, st, err);
	if (r <= 0)
		return r;
	afd_hmac_sha256(afd_column_bytes(st, 0), afd_buf_slice(&message), &d);
	memcpy(ret, d.b, 16);
	OPENSSL_cleanse(&d, sizeof(d));
	return 1;
}

void afd_item_release(struct afd_item *i)
{
	afd_buf_release(&i->record_text);
	afd_buf_release(&i->bytes);
	afd_buf_release(&i->part_lengths);
	afd_record_release(&i->record);
	afd_ranges_release(&i->parts);
	OPENSSL_cleanse(i->secret, sizeof(i->secret));
}

/* --- forgetting --- */

static int put_tombstone(struct afd_store *s, uint64_t leaf, const struct afd_digest *hash, struct afd_slice stub,
	const char *rule, const char *actor, const struct afd_env *env, struct afd_error *err)
{
	const int64_t now = afd_now(env);
	const struct afd_draft d = {
		.kind = AFD_ITEM_TOMBSTONE,
		.source = "engine",
		.asked_ms = now,
		.received_ms = now,
		.server_ms = AFD_TIME_NONE,
		.bytes = stub,
		.erases_leaf = leaf,
		.erases_hash = *hash,
		.rule = rule,
		.actor = actor,
	};

	return afd_store_put(s, &d, env, err);
}

/* Bytes go unless another item has the same; the derived tables are stale, as they tell what is now forgotten. */
static int forget(struct afd_store *s, uint64_t leaf, struct afd_slice stub, struct afd_error *err)
{
	if (AFD_RUN(s, err,
		    "DELETE FROM blob WHERE sha256 = (SELECT sha256 FROM item WHERE leaf = ?1)"
		    " AND NOT EXISTS (SELECT 1 FROM item o WHERE o.sha256 = blob.sha256 AND o.leaf IS NOT ?1)",
		    afd_u(leaf)) < 0)
		return -1;
	if (AFD_RUN(s, err,
		    "UPDATE item SET record = NULL, secret = NULL, sha256 = NULL, part_lengths = NULL, erased = 1,"
		    " stub = CAST(?2 AS TEXT) WHERE leaf = ?1",
		    afd_u(leaf), afd_b(stub.data, stub.len)) < 0)
		return -1;
	return afd_sql_run(s, "UPDATE derived SET engine = 'erased'", NULL, 0, NULL, err);
}

/* What the user declared, approved or waived is judged in all its versions: since when a row stood there, what was
 * withdrawn, what was expected. Forgetting one could only make a result better. Of checks, frameworks and mappings the
 * newest version is needed, older ones may go. */
static int refuse_newest(struct afd_store *s, const struct afd_item *i, struct afd_error *err)
{
	static const char *const kept[] = { "approvals", "attestations", "config", "inventory", "policy", "responses" };
	AFD_AUTO(buf) struct afd_buf lines = { 0 };
	int64_t one = 0;
	int found;

	if (!i->record.source || strcmp(i->record.source, "user") != 0)
		return 0;
	for (size_t k = 0; k < AFD_COUNT(kept); k++)
		if (strcmp(i->record.decoder, kept[k]) == 0)
			return afd_fail(err, AFD_E_USAGE, "leaf %" PRIu64 " is a version of the %s: these are never erased, "
				"because results rest on since when a line stood there", i->leaf, kept[k]);
	/* these lines stand together in a record: docs/ledger-format.md, 2.1 */
	if (afd_buf_printf(&lines, "\nkind %s\nsource user\ndecoder ", afd_item_kind_name(i->record.kind)) < 0)
		return afd_fail_memory(err);
	if (afd_record_encode(i->record.decoder, &lines, err) < 0)
		return -1;
	if (afd_buf_text(&lines, "\nasked ") < 0)
		return afd_fail_memory(err);
	if (afd_record_encode(i->record.asked, &lines, err) < 0)
		return -1;
	if (afd_buf_text(&lines, "\n") < 0)
		return afd_fail_memory(err);
	found = AFD_NUMBER(s, &one, err,
		"SELECT 1 FROM item WHERE id > (SELECT id FROM item WHERE leaf = ?1) AND erased = 0"
		" AND instr(record, CAST(?2 AS TEXT)) > 0 LIMIT 1",
		afd_u(i->leaf), afd_b(lines.data, lines.len));
	if (found != 0)
		return found < 0 ? -1 : 0;
	return afd_fail(err, AFD_E_USAGE,
		"leaf %" PRIu64 " is the newest version of %s %s: only versions that a later one superseded may be erased",
		i->leaf, i->record.decoder, i->record.asked);
}

static int erase(struct afd_store *s, uint64_t leaf, const char *rule, const char *actor, const struct afd_env *env,
	struct afd_error *err)
{
	AFD_AUTO(item) struct afd_item i = { .leaf = leaf };
	AFD_AUTO(buf) struct afd_buf stub = { 0 };

	if (afd_store_item(s, leaf, &i, err) < 0)
		return -1;
	if (i.presence == AFD_ERASED)
		return afd_fail(err, AFD_E_USAGE, "leaf %" PRIu64 " is already erased", leaf);
	if (i.presence == AFD_PRESENT && i.record.kind == AFD_ITEM_TOMBSTONE)
		return afd_fail(err, AFD_E_USAGE,
			"leaf %" PRIu64 " is a tombstone: it says why another one is gone and stays", leaf);
	if (i.presence == AFD_PRESENT && strcmp(i.record.decoder, AFD_HANDOVER_DECODER) == 0)
		return afd_fail(err, AFD_E_USAGE,
			"leaf %" PRIu64 " is where the store key changed: without it later heads prove nothing", leaf);
	if (refuse_newest(s, &i, err) < 0)
		return -1;
	if (i.record.source && afd_stub_write(&i.record, &stub, err) < 0)
		return -1;
	if (put_tombstone(s, leaf, &i.hash, afd_buf_slice(&stub), rule, actor, env, err) < 0)
		return -1;
	return forget(s, leaf, afd_buf_slice(&stub), err);
}

int afd_store_erase(struct afd_store *s, uint64_t leaf, const char *rule, const char *actor, const struct afd_env *env,
	struct afd_error *err)
{
	int r;

	if (afd_store_need_write(s, err) < 0)
		return -1;
	if (!rule || !*rule || !actor || !*actor)
		return afd_fail(err, AFD_E_USAGE, "erasing leaf %" PRIu64 " needs a rule and an actor", leaf);
	if (afd_step_begin(s, err) < 0)
		return -1;
	r = afd_step_end(s, erase(s, leaf, rule, actor, env, err), err);
	if (r == 0 && !s->open) {
		/* SQLite's log still has the old pages; if a reader needs it, closing the store will clear it */
		sqlite3_busy_timeout(s->db, 0);
		afd_sql_script(s, "PRAGMA wal_checkpoint(TRUNCATE)", NULL);
		sqlite3_busy_timeout(s->db, AFD_WAIT_MS);
	}
	return r;
}
