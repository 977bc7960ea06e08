/* The first leaves of a store as a store of their own: what a report over an older head looks at. */
#include <inttypes.h>

#include "evidence/derive.h"
#include "evidence/db.h"

/* Each row of SELECT on one side into INSERT on the other, column by column. */
static int copy(struct afd_store *from, struct afd_store *to, const char *select, const char *insert, uint64_t size,
	struct afd_error *err)
{
	AFD_AUTO(stmt) sqlite3_stmt *in = NULL;
	AFD_AUTO(stmt) sqlite3_stmt *out = NULL;
	int r;

	if (afd_sql_open(from, select, NULL, 0, &in, err) < 0 || afd_sql_open(to, insert, NULL, 0, &out, err) < 0)
		return -1;
	if (sqlite3_bind_parameter_count(in) > 0 && sqlite3_bind_int64(in, 1, (int64_t)size) != SQLITE_OK)
		return afd_sql_fail(from, err);
	while ((r = afd_sql_step(from, in, err)) > 0) {
		for (int i = 0; i < sqlite3_column_count(in); i++)
			if (sqlite3_bind_value(out, i + 1, sqlite3_column_value(in, i)) != SQLITE_OK)
				return afd_sql_fail(to, err);
		if (afd_sql_step(to, out, err) < 0)
			return -1;
		sqlite3_reset(out);
	}
	return r;
}

static int copy_ledger(struct afd_store *from, struct afd_store *to, uint64_t size, struct afd_error *err)
{
	static const struct { const char *select, *insert; } tables[] = {
		{ "SELECT name, value FROM meta WHERE name <> 'format'",
			"INSERT INTO meta (name, value) VALUES (?1, ?2)" },
		{ "SELECT id, leaf, hash, record, secret, sha256, part_lengths, erased, stub FROM item WHERE leaf < ?1 ORDER BY leaf",
			"INSERT INTO item (id, leaf, hash, record, secret, sha256, part_lengths, erased, stub)"
			" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)" },
		{ "SELECT sha256, data FROM blob WHERE sha256 IN (SELECT sha256 FROM item WHERE leaf < ?1)",
			"INSERT INTO blob (sha256, data) VALUES (?1, ?2)" },
		{ "SELECT level, idx, hash FROM node WHERE ((idx + 1) << level) <= ?1",
			"INSERT INTO node (level, idx, hash) VALUES (?1, ?2, ?3)" },
		{ "SELECT size, root, note, signed_ms FROM head WHERE size <= ?1",
			"INSERT INTO head (size, root, note, signed_ms) VALUES (?1, ?2, ?3, ?4)" },
	};

	for (size_t i = 0; i < AFD_COUNT(tables); i++)
		if (copy(from, to, tables[i].select, tables[i].insert, size, err) < 0)
			return -1;
	return 0;
}

/* The key of that time: the store may have handed over to another one since. A broken chain is for afd_store_verify(). */
static int set_key(struct afd_store *from, struct afd_store *to, uint64_t size, struct afd_error *err)
{
	AFD_AUTO(mem) char *vkey = NULL;

	if (afd_store_key_for(from, NULL, size, &vkey, NULL) < 0 || !vkey)
		return 0;
	return afd_store_meta_set(to, "vkey", vkey, err);
}

int afd_store_prefix(struct afd_store *s, uint64_t size, afd_decode *decode, void *ctx, struct afd_store **ret,
	struct afd_error *err)
{
	AFD_AUTO(store) struct afd_store *p = NULL;
	uint64_t have;
	int r;

	if (afd_store_size(s, &have, err) < 0)
		return -1;
	if (size > have)
		return afd_fail(err, AFD_E_USAGE, "the ledger has %" PRIu64 " leaves, not %" PRIu64, have, size);
	if (afd_store_open_temp(&p, err) < 0 || afd_store_begin(p, err) < 0)
		return -1;
	r = copy_ledger(s, p, size, err);
	if (r == 0)
		r = set_key(s, p, size, err);
	if (r == 0)
		r = afd_store_commit(p, err);
	if (r == 0)
		r = afd_derive(p, decode, ctx, err);
	if (r < 0)
		return afd_within(err, "a store of the first %" PRIu64 " leaves", size);
	*ret = afd_steal(&p);
	return 0;
}
