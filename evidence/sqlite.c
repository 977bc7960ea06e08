/* Statements, errors and transactions over SQLite. */
#include "evidence/db.h"

int afd_sql_fail(struct afd_store *s, struct afd_error *err)
{
	const int code = sqlite3_extended_errcode(s->db);

	switch (code & 0xff) {
	case SQLITE_NOMEM:
		return afd_fail_memory(err);
	case SQLITE_CONSTRAINT:   /* somebody gave a row that the table refuses: their fault, not the store's */
		return afd_fail(err, AFD_E_PARSE, "%s", sqlite3_errmsg(s->db));
	case SQLITE_INTERRUPT:
		if (afd_query_stopped(s))
			return afd_fail(err, AFD_E_IO, "stopped");
		return afd_fail(err, AFD_E_LIMIT, "the statement took too many steps");
	case SQLITE_AUTH:
		return afd_fail(err, AFD_E_ENGINE, "%s", sqlite3_errmsg(s->db));
	case SQLITE_NOTADB:
		return afd_fail(err, AFD_E_STORE, "%s: not an evidence store", s->path);
	case SQLITE_CORRUPT:
		return afd_fail(
			err, AFD_E_STORE, "%s: damaged: %s; take the last good copy", s->path, sqlite3_errmsg(s->db));
	case SQLITE_READONLY:
		return afd_fail(err, AFD_E_STORE, "%s: opened for reading only", s->path);
	case SQLITE_FULL:
		return afd_fail(err, AFD_E_STORE, "%s: no space is left for it", s->path);
	default:
		return afd_fail(err, AFD_E_STORE, "%s: %s%s", s->path, sqlite3_errmsg(s->db), afd_schema_hint(s, sqlite3_errmsg(s->db)));
	}
}

/* --- statements --- */

static struct afd_sql_slot *slot_of(struct afd_store *s, const char *sql)
{
	const size_t n = AFD_COUNT(s->slot);
	size_t at = (size_t)(((uintptr_t)sql * UINT64_C(0x9e3779b97f4a7c15)) >> 40) % n;

	for (size_t i = 0; i < n; i++, at = (at + 1) % n)
		if (s->slot[at].sql == sql || !s->slot[at].sql)
			return &s->slot[at];
	return NULL;
}

static int prepared(struct afd_store *s, const char *sql, sqlite3_stmt **ret, struct afd_error *err)
{
	struct afd_sql_slot *slot = slot_of(s, sql);

	if (!slot)
		return afd_fail(err, AFD_E_ENGINE, "more statements than the store keeps");
	if (!slot->st) {
		if (sqlite3_prepare_v3(s->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &slot->st, NULL) != SQLITE_OK)
			return afd_sql_fail(s, err);
		slot->sql = sql;
	}
	*ret = slot->st;
	return 0;
}

/* Length of the UTF-8 character at P, 0 when it is none (RFC 3629, 4). */
static size_t utf8_len(const uint8_t *p, size_t left)
{
	const uint8_t c = p[0];
	const size_t n = c < 0x80                 ? 1
			 : c >= 0xc2 && c <= 0xdf ? 2
			 : c >= 0xe0 && c <= 0xef ? 3
			 : c >= 0xf0 && c <= 0xf4 ? 4
						  : 0;

	if (n == 0 || n > left)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	if ((c == 0xe0 && p[1] < 0xa0) || (c == 0xed && p[1] > 0x9f) || (c == 0xf0 && p[1] < 0x90) ||
		(c == 0xf4 && p[1] > 0x8f))
		return 0;
	return n;
}

static bool utf8_ok(const uint8_t *p, size_t n)
{
	for (size_t i = 0, k; i < n; i += k)
		if ((k = utf8_len(p + i, n - i)) == 0)
			return false;
	return true;
}

static int told(const uint8_t *p, size_t n, struct afd_buf *ret)
{
	for (size_t i = 0; i < n;) {
		const size_t k = utf8_len(p + i, n - i);

		if ((k ? afd_buf_add(ret, p + i, k) : afd_buf_printf(ret, "\\x%02X", p[i])) < 0)
			return -1;
		i += k ? k : 1;
	}
	return 0;
}

char *afd_told_dup(const char *s)
{
	AFD_AUTO(buf) struct afd_buf b = { 0 };

	if (!s || utf8_ok((const uint8_t *)s, strlen(s)))
		return afd_strdup(s);
	return told((const uint8_t *)s, strlen(s), &b) < 0 ? NULL : afd_text_dup(afd_buf_slice(&b));
}

static int bind_told(sqlite3_stmt *st, int at, const uint8_t *p, size_t n)
{
	AFD_AUTO(buf) struct afd_buf b = { 0 };

	if (utf8_ok(p, n))
		return sqlite3_bind_text64(st, at, (const char *)p, n, SQLITE_STATIC, SQLITE_UTF8);
	if (told(p, n, &b) < 0)
		return SQLITE_NOMEM;
	return sqlite3_bind_text64(st, at, (const char *)b.data, b.len, SQLITE_TRANSIENT, SQLITE_UTF8);
}

static int bind(sqlite3_stmt *st, int at, const struct afd_arg *a)
{
	switch (a->kind) {
	case 'i':
		return sqlite3_bind_int64(st, at, a->i);
	case 't':
		return a->p ? sqlite3_bind_text64(st, at, a->p, a->n, SQLITE_STATIC, SQLITE_UTF8)
			    : sqlite3_bind_null(st, at);
	case 'T':
		return a->p ? bind_told(st, at, a->p, a->n) : sqlite3_bind_null(st, at);
	case 'b':   /* a blob of no bytes is not NULL */
		return a->n ? sqlite3_bind_blob64(st, at, a->p, a->n, SQLITE_STATIC) : sqlite3_bind_zeroblob(st, at, 0);
	default:
		return sqlite3_bind_null(st, at);
	}
}

int afd_sql_open(struct afd_store *s, const char *sql, const struct afd_arg *a, size_t n, sqlite3_stmt **ret,
	struct afd_error *err)
{
	sqlite3_stmt *st = NULL;

	if (prepared(s, sql, &st, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (bind(st, (int)i + 1, &a[i]) != SQLITE_OK) {
			afd_sql_fail(s, err);
			afd_stmt_release(&st);
			return -1;
		}
	}
	*ret = st;
	return 0;
}

int afd_sql_step(struct afd_store *s, sqlite3_stmt *st, struct afd_error *err)
{
	switch (sqlite3_step(st)) {
	case SQLITE_ROW:
		return 1;
	case SQLITE_DONE:
		return 0;
	default:
		return afd_sql_fail(s, err);
	}
}

void afd_stmt_release(sqlite3_stmt **st)
{
	if (!*st)
		return;
	sqlite3_reset(*st);
	sqlite3_clear_bindings(*st);
	*st = NULL;
}

int afd_sql_run(
	struct afd_store *s, const char *sql, const struct afd_arg *a, size_t n, int *changed, struct afd_error *err)
{
	AFD_AUTO(stmt) sqlite3_stmt *st = NULL;
	int r;

	if (afd_sql_open(s, sql, a, n, &st, err) < 0)
		return -1;
	while ((r = afd_sql_step(s, st, err)) > 0)
		;
	if (r == 0 && changed)
		*changed = sqlite3_changes(s->db);
	return r;
}

int afd_sql_number(
	struct afd_store *s, const char *sql, const struct afd_arg *a, size_t n, int64_t *ret, struct afd_error *err)
{
	AFD_AUTO(stmt) sqlite3_stmt *st = NULL;
	int r;

	if (afd_sql_open(s, sql, a, n, &st, err) < 0)
		return -1;
	r = afd_sql_step(s, st, err);
	if (r <= 0)
		return r;
	if (sqlite3_column_type(st, 0) == SQLITE_NULL)
		return 0;
	*ret = sqlite3_column_int64(st, 0);
	return 1;
}

int afd_sql_script(struct afd_store *s, const char *sql, struct afd_error *err)
{
	return sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : afd_sql_fail(s, err);
}

struct afd_slice afd_column_bytes(sqlite3_stmt *st, int i)
{
	const void *p = sqlite3_column_blob(st, i);

	return afd_slice(p, p ? (size_t)sqlite3_column_bytes(st, i) : 0);
}

bool afd_column_digest(sqlite3_stmt *st, int i, struct afd_digest *ret)
{
	const struct afd_slice b = afd_column_bytes(st, i);

	if (b.len != sizeof(ret->b))
		return false;
	memcpy(ret->b, b.data, sizeof(ret->b));
	return true;
}

char *afd_column_dup(sqlite3_stmt *st, int i)
{
	return sqlite3_column_type(st, i) == SQLITE_NULL
		       ? NULL
		       : afd_text_dup(afd_slice_text((const char *)sqlite3_column_text(st, i)));
}

/* --- transactions --- */

int afd_store_need_write(const struct afd_store *s, struct afd_error *err)
{
	return s->writable ? 0 : afd_fail(err, AFD_E_STORE, "%s: opened for reading only", s->path);
}

int afd_step_begin(struct afd_store *s, struct afd_error *err)
{
	return afd_sql_script(s, "SAVEPOINT step", err);
}

int afd_step_end(struct afd_store *s, int result, struct afd_error *err)
{
	if (result == 0 && afd_sql_script(s, "RELEASE step", err) == 0)
		return 0;
	/* the first error is the one to tell; when SQLite has rolled everything back there is no savepoint left */
	if (!sqlite3_get_autocommit(s->db))
		afd_sql_script(s, "ROLLBACK TO step; RELEASE step", NULL);
	return -1;
}

int afd_store_begin(struct afd_store *s, struct afd_error *err)
{
	if (s->open)
		return afd_fail(err, AFD_E_ENGINE, "%s: a transaction is already open", s->path);
	if (afd_sql_script(s, s->writable ? "BEGIN IMMEDIATE" : "SAVEPOINT reader", err) < 0)
		return -1;
	s->open = true;
	return 0;
}

int afd_store_commit(struct afd_store *s, struct afd_error *err)
{
	if (!s->open)
		return afd_fail(err, AFD_E_ENGINE, "%s: no transaction is open", s->path);
	if (afd_sql_script(s, s->writable ? "COMMIT" : "RELEASE reader", err) < 0) {
		afd_store_rollback(s);
		return -1;
	}
	s->open = false;
	return 0;
}

void afd_store_rollback(struct afd_store *s)
{
	if (s->open && !sqlite3_get_autocommit(s->db))
		afd_sql_script(s, s->writable ? "ROLLBACK" : "ROLLBACK TO reader; RELEASE reader", NULL);
	s->open = false;
}
