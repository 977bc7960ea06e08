/* Opening: one writer, readers beside it, and nothing that is not an evidence store. */
#include <errno.h>
#include <unistd.h>

#include "evidence/db.h"

#define WAIT_LOCK_MS 300
#define CACHE "PRAGMA cache_size=-65536"   /* 64 MiB */

/* The writer's lock is an open write transaction on PATH.lock, which tells in a row who holds it: readable while it is
 * held, and gone with the process, however that ends. */
static int read_holder(sqlite3 *lock, const char *path, struct afd_error *err)
{
	sqlite3_stmt *st = NULL;
	int r = -1;

	if (sqlite3_prepare_v2(lock, "SELECT pid, program FROM holder", -1, &st, NULL) == SQLITE_OK &&
		sqlite3_step(st) == SQLITE_ROW)
		r = afd_fail(err, AFD_E_STORE,
			"%s: another process is writing to it: pid %d (%s); wait until it has ended", path,
			sqlite3_column_int(st, 0), (const char *)sqlite3_column_text(st, 1));
	else
		r = afd_fail(err, AFD_E_STORE, "%s: another process is writing to it; wait until it has ended", path);
	sqlite3_finalize(st);
	return r;
}

static int write_holder(sqlite3 *lock)
{
	char *sql = sqlite3_mprintf("CREATE TABLE IF NOT EXISTS holder (pid INTEGER, program TEXT); DELETE FROM holder;"
	                            "INSERT INTO holder VALUES (%d, %Q); COMMIT; BEGIN IMMEDIATE",
	                            (int)getpid(), program_invocation_short_name);
	int r = sql ? sqlite3_exec(lock, sql, NULL, NULL, NULL) : SQLITE_NOMEM;

	sqlite3_free(sql);
	return r;
}

static int take_lock(struct afd_store *s, struct afd_error *err)
{
	AFD_AUTO(mem) char *path = afd_sprintf("%s.lock", s->path);
	int r;

	if (!path)
		return afd_fail_memory(err);
	if (sqlite3_open_v2(path, &s->lock, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL) != SQLITE_OK)
		return afd_fail(err, AFD_E_STORE, "%s: could not open: %s", path,
			s->lock ? sqlite3_errmsg(s->lock) : "no memory");
	sqlite3_busy_timeout(s->lock, WAIT_LOCK_MS);
	r = sqlite3_exec(s->lock, "PRAGMA synchronous=OFF; BEGIN IMMEDIATE", NULL, NULL, NULL);
	if (r == SQLITE_OK)
		r = write_holder(s->lock);
	if ((r & 0xff) == SQLITE_BUSY)
		return read_holder(s->lock, s->path, err);
	if (r != SQLITE_OK)
		return afd_fail(err, AFD_E_STORE, "%s: could not lock: %s", path, sqlite3_errmsg(s->lock));
	return 0;
}

/* A file from a stranger may hold anything; what a schema can do behind our back is switched off. */
static int harden(struct afd_store *s, struct afd_error *err)
{
	sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(s->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_db_config(s->db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
	sqlite3_db_config(s->db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
	sqlite3_db_config(s->db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
	sqlite3_extended_result_codes(s->db, 1);
	sqlite3_busy_timeout(s->db, AFD_WAIT_MS);
	return afd_sql_script(s, "PRAGMA foreign_keys=OFF; PRAGMA cell_size_check=ON", err);
}

static int pragma_number(struct afd_store *s, const char *sql, int64_t *ret, struct afd_error *err)
{
	*ret = 0;
	return afd_sql_number(s, sql, NULL, 0, ret, err) < 0 ? -1 : 0;
}

/* The columns that the ledger's code names: a table that lacks one is refused here and not half-way. */
static int check_tables(struct afd_store *s, struct afd_error *err)
{
	static const char *const probes[] = {
		"SELECT name, value FROM meta LIMIT 0",
		"SELECT sha256, data FROM blob LIMIT 0",
		"SELECT id, leaf, hash, record, secret, sha256, part_lengths, erased, stub FROM item LIMIT 0",
		"SELECT level, idx, hash FROM node LIMIT 0",
		"SELECT size, root, note, signed_ms FROM head LIMIT 0",
		"SELECT source, value, updated_ms FROM cursor LIMIT 0",
	};
	int64_t foreign = 0;

	for (size_t i = 0; i < AFD_COUNT(probes); i++)
		if (afd_sql_script(s, probes[i], err) < 0)
			return -1;
	if (pragma_number(s, "SELECT count(*) FROM sqlite_schema WHERE type NOT IN ('table', 'index')", &foreign, err) <
		0)
		return -1;
	if (foreign)
		return afd_fail(err, AFD_E_STORE, "%s: holds views or triggers, which no evidence store has", s->path);
	/* they choose by which way a statement reads, and two ways could be made to read different rows */
	if (pragma_number(s, "SELECT count(*) FROM sqlite_schema WHERE name GLOB 'sqlite_stat*'", &foreign, err) < 0)
		return -1;
	if (foreign)
		return afd_fail(err, AFD_E_STORE, "%s: holds statistics of SQLite (ANALYZE), which no evidence store has", s->path);
	return 0;
}

static int check_identity(struct afd_store *s, bool create, struct afd_error *err)
{
	int64_t application, version, objects;

	if (pragma_number(s, "PRAGMA application_id", &application, err) < 0 ||
	    pragma_number(s, "PRAGMA user_version", &version, err) < 0 ||
	    pragma_number(s, "SELECT count(*) FROM sqlite_schema", &objects, err) < 0)
		return -1;
	if (application == 0 && version == 0 && objects == 0 && create)
		return afd_schema_create(s, err);
	if (application != AFD_STORE_APPLICATION)
		return afd_fail(err, AFD_E_STORE, "%s: not an evidence store", s->path);
	if (version != AFD_STORE_FORMAT)
		return afd_fail(err, AFD_E_STORE, "%s: an evidence store of format %lld; this program reads format %d",
			s->path, (long long)version, AFD_STORE_FORMAT);
	return check_tables(s, err) < 0 ? -1 : afd_schema_whose(s, err);
}

static int open_db(struct afd_store *s, const char *name, int flags, struct afd_error *err)
{
	/* a store is used by one thread at a time: no locks for each column that is read */
	const int r = sqlite3_open_v2(name, &s->db, flags | SQLITE_OPEN_NOMUTEX, NULL);

	if (!s->db)
		return afd_fail_memory(err);
	if (r != SQLITE_OK)
		return afd_fail(err, AFD_E_STORE, "%s: could not open: %s", s->path, sqlite3_errmsg(s->db));
	return harden(s, err);
}

static int open_writer(struct afd_store *s, bool create, struct afd_error *err)
{
	const bool memory = strcmp(s->path, ":memory:") == 0;

	if (open_db(s, s->path, SQLITE_OPEN_READWRITE | (create || memory ? SQLITE_OPEN_CREATE : 0), err) < 0)
		return -1;
	if (sqlite3_db_readonly(s->db, "main") == 1)
		return afd_fail(err, AFD_E_STORE, "%s: the file may only be read", s->path);
	if (!memory && take_lock(s, err) < 0)
		return -1;
	s->writable = true;
	/* FULL: what was committed is on the disk, also after the power went (the cursor must not outrun its items).
	 * secure_delete: freed pages are overwritten, so what was erased cannot be read from the file with other tools. */
	if (afd_sql_script(
		    s, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON; " CACHE, err) < 0)
		return -1;
	return check_identity(s, create || memory, err);
}

/* A store on a read-only medium: SQLite cannot make its shared index there, and nobody writes, so the file can be
 * taken as it is; but only if no log of a writer lies beside it. */
static int open_immutable(struct afd_store *s, struct afd_error *err)
{
	AFD_AUTO(mem) char *wal = afd_sprintf("%s-wal", s->path);
	AFD_AUTO(buf) struct afd_buf uri = { 0 };
	sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
	int there = 1;

	if (!wal || !vfs || vfs->xAccess(vfs, wal, SQLITE_ACCESS_EXISTS, &there) != SQLITE_OK || there)
		return -1;
	if (afd_buf_text(&uri, "file:") < 0)
		return afd_fail_memory(err);
	for (const char *p = s->path; *p; p++)
		if ((strchr("?#%", *p) ? afd_buf_printf(&uri, "%%%02X", (unsigned)*p) : afd_buf_u8(&uri, (uint8_t)*p)) <
			0)
			return afd_fail_memory(err);
	if (afd_buf_text(&uri, "?immutable=1") < 0)
		return afd_fail_memory(err);
	sqlite3_close_v2(s->db);
	s->db = NULL;
	return open_db(s, (const char *)uri.data, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, err);
}

/* A reader stays with what it saw first, whatever a writer does meanwhile: a report looks at one state. */
static int begin_reading(struct afd_store *s, struct afd_error *err)
{
	return afd_sql_script(s, "BEGIN; SELECT count(*) FROM sqlite_schema; " CACHE, err);
}

static int open_reader(struct afd_store *s, struct afd_error *err)
{
	if (open_db(s, s->path, SQLITE_OPEN_READONLY, err) < 0)
		return -1;
	if (begin_reading(s, err) < 0) {
		const int code = sqlite3_errcode(s->db) & 0xff;

		if (code != SQLITE_CANTOPEN && code != SQLITE_READONLY)
			return -1;
		if (open_immutable(s, err) < 0 || begin_reading(s, err) < 0)
			return -1;
	}
	return check_identity(s, false, err);
}

int afd_store_open(const char *url, int mode, struct afd_store **ret, struct afd_error *err)
{
	AFD_AUTO(store) struct afd_store *s = NULL;

	if (!url || !*url)
		return afd_fail(err, AFD_E_USAGE, "a store needs a path");
	/* SQLite itself may take "file:" as an address with options */
	if (strstr(url, "://") || strncmp(url, "file:", 5) == 0)
		return afd_fail(err, AFD_E_USAGE, "%s: a store is a file in this version; give its path", url);
	s = calloc(1, sizeof(*s));
	if (!s || !(s->path = afd_strdup(url)))
		return afd_fail_memory(err);
	afd_schema_groups_read(&s->groups);
	if (afd_schema_engine(s->engine, err) < 0)
		return -1;
	if ((mode == AFD_STORE_READ ? open_reader(s, err) : open_writer(s, mode == AFD_STORE_CREATE, err)) < 0)
		return -1;
	afd_guard_install(s);
	*ret = afd_steal(&s);
	return 0;
}

int afd_store_open_temp(struct afd_store **ret, struct afd_error *err)
{
	AFD_AUTO(store) struct afd_store *s = calloc(1, sizeof(*s));

	if (!s || !(s->path = afd_strdup("temporary store")))
		return afd_fail_memory(err);
	afd_schema_groups_read(&s->groups);
	if (afd_schema_engine(s->engine, err) < 0)
		return -1;
	/* SQLite's own: an empty name is a file in the temporary folder that is gone when closed */
	if (open_db(s, "", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, err) < 0)
		return -1;
	s->writable = true;
	if (afd_sql_script(s, "PRAGMA journal_mode=MEMORY; PRAGMA synchronous=OFF", err) < 0 ||
		afd_schema_create(s, err) < 0)
		return -1;
	afd_guard_install(s);
	*ret = afd_steal(&s);
	return 0;
}

struct afd_store *afd_store_close(struct afd_store *s)
{
	if (!s)
		return NULL;
	for (size_t i = 0; i < AFD_COUNT(s->slot); i++)
		sqlite3_finalize(s->slot[i].st);
	afd_query_forget(s);
	sqlite3_close_v2(s->db);
	sqlite3_close_v2(s->lock);   /* after the database: nobody else writes until it is closed */
	free(s->path);
	free(s);
	return NULL;
}

void afd_store_release(struct afd_store **s)
{
	*s = afd_store_close(*s);
}
