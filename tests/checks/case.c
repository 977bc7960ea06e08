#include "case.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "core/file.h"
#include "evidence/db.h"

/* --- times --- */

static bool is_time(const char *column)
{
	static const char *const names[] = {
		"t_from",    "t_to",	    "valid_from", "valid_to", "recorded_at",	 "withdrawn_at",
		"logged_ms", "seen_ms",	    "first_ms",	  "expires",  "observed_before", "not_before",
		"not_after", "received_ms", "ledger_ms",	"retired_ms", "t",	      "timestamp",
		"expires_ms", "created_ms", "used_ms",	  "rotated_ms", "gone_ms",	 "left_ms",
		"issued_ms",  "leaked_ms",  "leak_closed_ms", "reviewed_ms", "dated_ms", "login_ms", "server_ms",
		"data_ms",    "updated_ms", "transferred_ms", "registrar_expires_ms",
		"this_update", "next_update", "revoked_ms", "acknowledged_ms", "closed_ms", "from_ms",
		"to_ms",      "expected_to", "state_ms"};

	for (size_t i = 0; i < AFD_COUNT(names); i++)
		if (strcmp(names[i], column) == 0)
			return true;
	return false;
}

int case_time(const char *text, int64_t *ret)
{
	char term[32];
	int64_t v;

	if (strcmp(text, "forever") == 0) {
		*ret = AFD_FOREVER;
		return 0;
	}
	if (text[0] && text[0] != '-' && text[0] != '+' && strchr(text, '-'))
		return afd_when_parse(text, ret, NULL);
	*ret = T0;
	for (const char *p = text; *p;) {
		int sign = *p == '-' ? -1 : 1;
		size_t n;

		if (*p == '-' || *p == '+')
			p++;
		n = strcspn(p, "+-");
		if (n == 0 || n >= sizeof term)
			return -1;
		memcpy(term, p, n);
		term[n] = '\0';
		p += n;
		if (strcmp(term, "0") == 0)
			continue;
		if (afd_duration_parse(term, &v, NULL) < 0)
			return -1;
		*ret += sign * v;
	}
	return 0;
}

/* --- rows --- */

struct column { char name[64]; bool text, needed; };
struct row { const char *column[40]; const char *text[40]; size_t n; };

static void set(struct row *r, const char *column, const char *text)
{
	for (size_t i = 0; i < r->n; i++)
		if (strcmp(r->column[i], column) == 0) {
			r->text[i] = text;
			return;
		}
	if (r->n == AFD_COUNT(r->column))
		abort();
	r->column[r->n] = column;
	r->text[r->n++] = text;
}

static const char *get(const struct row *r, const char *column)
{
	for (size_t i = 0; i < r->n; i++)
		if (strcmp(r->column[i], column) == 0)
			return r->text[i];
	return NULL;
}

static const char *plain_default(const char *table, const char *column, bool text)
{
	static const struct { const char *table, *column, *value;
	} special[] = {
		{"change", "kind", "difference"},
		{"claim", "outcome", "applied"},
		{"domain", "in_scope", "1"},
		{"event", "outcome", "success"},
		{"event", "record_kind", "log"},
		{"source", "configured", "1"},
		{NULL, "valid_to", "forever"},
		{NULL, "withdrawn_at", "forever"},
		{NULL, "retired_ms", "forever"},
		{NULL, "valid_from", "-900d"},
		{NULL, "recorded_at", "-900d"},
		{"certificate_name", "kind", "dns"},
		{"held_name", "kind", "dns"},
		{"dns_answer", "outcome", "NOERROR"},
		{"dns_answer", "aa", "1"},
		{"dns_answer_record", "section", "answer"},
		{"dns_answer_record", "ttl", "300"},
		{"dnssec_verdict", "validator", "affidavit"},
		{"dnssec_verdict", "state", "secure"},
		{"endpoint", "outcome", "presented"},
		{"endpoint", "name_match", "1"},
		{"endpoint", "chain_ok", "1"},
		{"endpoint", "port", "443"},
		{"crl", "method", "crl"},
		{NULL, "source", "test"},
		{NULL, "grade", "3"},
		{NULL, "lag_ms", "0"},
	};

	for (size_t i = 0; i < AFD_COUNT(special); i++)
		if ((!special[i].table || strcmp(special[i].table, table) == 0) &&
		    strcmp(special[i].column, column) == 0)
			return special[i].value;
	return text ? "" : is_time(column) ? "0" : "0";
}

/* The columns of a table, asked for once: all stores of a program have the same. */
struct table { char name[64]; struct column c[40]; size_t n; bool filled; };    /* filled: in the store that is kept, by its present case */
static struct table *tables;
static size_t n_tables;

static struct table *table_of(sqlite3 *db, const char *name)
{
	struct table t = { .n = 0 }, *more;
	sqlite3_stmt *st;
	char *sql;

	for (size_t i = 0; i < n_tables; i++)
		if (strcmp(tables[i].name, name) == 0)
			return &tables[i];
	sql = sqlite3_mprintf("PRAGMA table_info(%Q)", name);
	snprintf(t.name, sizeof t.name, "%s", name);
	if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) != SQLITE_OK)
		abort();
	while (sqlite3_step(st) == SQLITE_ROW && t.n < AFD_COUNT(t.c)) {
		struct column *c = &t.c[t.n++];

		snprintf(c->name, sizeof c->name, "%s", (const char *)sqlite3_column_text(st, 1));
		c->text = strcmp((const char *)sqlite3_column_text(st, 2), "TEXT") == 0;
		c->needed = sqlite3_column_int(st, 3) != 0 || sqlite3_column_int(st, 5) != 0;
	}
	sqlite3_finalize(st);
	sqlite3_free(sql);
	if (!t.n)
		return NULL;
	more = realloc(tables, (n_tables + 1) * sizeof *more);
	if (!more)
		abort();
	tables = more;
	tables[n_tables] = t;
	return &tables[n_tables++];
}

static int bind_value(sqlite3_stmt *st, int at, const struct column *c, const char *text)
{
	enum afd_grade g;
	int64_t v;

	if (!text)
		return sqlite3_bind_null(st, at);
	if (c->text)
		return sqlite3_bind_text(st, at, text, -1, SQLITE_TRANSIENT);
	if (strcmp(c->name, "grade") == 0 && afd_grade_parse(text, &g) == 0)
		return sqlite3_bind_int(st, at, (int)g);
	if (is_time(c->name)) {
		if (case_time(text, &v) < 0)
			return SQLITE_MISMATCH;
		return sqlite3_bind_int64(st, at, v);
	}
	return sqlite3_bind_int64(st, at, strtoll(text, NULL, 10));
}

/* Whoever makes millions of rows keeps the few statements that make them. */
static bool keeping;

static sqlite3_stmt *kept(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *st = keeping ? sqlite3_next_stmt(db, NULL) : NULL;

	while (st && strcmp(sqlite3_sql(st), sql) != 0)
		st = sqlite3_next_stmt(db, st);
	return st;
}

void case_rows_keep(sqlite3 *db, bool keep)
{
	keeping = keep;
	for (sqlite3_stmt *st; !keep && (st = sqlite3_next_stmt(db, NULL));)
		sqlite3_finalize(st);
}

static sqlite3_int64 insert(sqlite3 *db, const char *table, const struct row *r, struct afd_error *err)
{
	struct table *t = table_of(db, table);
	const struct column *c;
	AFD_AUTO(buf) struct afd_buf names = { 0 }, marks = { 0 }, sql = { 0 };
	sqlite3_stmt *st = NULL;
	size_t n, at = 0;
	int done = 0;

	if (!t)
		return afd_fail(err, AFD_E_PARSE, "%s: no such table", table);
	c = t->c;
	n = t->n;
	t->filled = true;
	for (size_t i = 0; i < r->n; i++) {
		size_t k = 0;

		while (k < n && strcmp(c[k].name, r->column[i]) != 0)
			k++;
		if (k == n)
			return afd_fail(err, AFD_E_PARSE, "%s.%s: no such column", table, r->column[i]);
	}
	for (size_t i = 0; i < n; i++)
		if (get(r, c[i].name) || (c[i].needed && strcmp(c[i].name, "id") != 0) || (c[i].needed && c[i].text)) {
			afd_buf_printf(&names, "%s%s", at ? "," : "", c[i].name);
			afd_buf_printf(&marks, "%s?", at ? "," : "");
			at++;
		}
	if (!at)                                  /* a row of which nobody says anything, in a table that needs nothing */
		return afd_fail(err, AFD_E_PARSE, "%s: a row without columns", table);
	afd_buf_printf(&sql, "INSERT INTO %s (%s) VALUES (%s)", table, (const char *)names.data,
		       (const char *)marks.data);
	st = kept(db, (const char *)sql.data);
	if (!st && sqlite3_prepare_v2(db, (const char *)sql.data, -1, &st, NULL) != SQLITE_OK)
		return afd_fail(err, AFD_E_PARSE, "%s: %s", table, sqlite3_errmsg(db));
	at = 0;
	for (size_t i = 0; i < n && done == 0; i++) {
		const char *v = get(r, c[i].name);

		if (!v && !((c[i].needed && strcmp(c[i].name, "id") != 0) || (c[i].needed && c[i].text)))
			continue;
		if (bind_value(st, (int)++at, &c[i], v ? v : plain_default(table, c[i].name, c[i].text)) != SQLITE_OK)
			done = afd_fail(err, AFD_E_PARSE, "%s.%s: \"%s\" is not a value", table, c[i].name, v ? v : "");
	}
	if (done == 0 && sqlite3_step(st) != SQLITE_DONE)
		done = afd_fail(err, AFD_E_PARSE, "%s: %s", table, sqlite3_errmsg(db));
	if (keeping)
		sqlite3_reset(st);
	else
		sqlite3_finalize(st);
	return done < 0 ? -1 : sqlite3_last_insert_rowid(db);
}

sqlite3_int64 case_row(sqlite3 *db, const char *table, ...)
{
	struct row r = { 0 };
	struct afd_error err = { 0 };
	sqlite3_int64 id;
	const char *column;
	va_list ap;

	va_start(ap, table);
	while ((column = va_arg(ap, const char *)))
		set(&r, column, va_arg(ap, const char *));
	va_end(ap);
	id = insert(db, table, &r, &err);
	if (id < 0) {
		fprintf(stderr, "case_row: %s\n", err.text);
		abort();
	}
	return id;
}

/* --- shorthands --- */

/* "add www.example.test A 192.0.2.1": op, owner, type, rdata; "add/30 ...": with its TTL */
static int record_row(sqlite3 *db, const char *table, const char *text, const struct row *above, sqlite3_int64 id,
		      struct afd_error *err)
{
	char op[16], owner[300], type[32], number[32], *ttl;
	const char *rdata;
	int used = 0;
	struct row r = { 0 };

	if (sscanf(text, "%15s %299s %31s %n", op, owner, type, &used) < 3 || !used)
		return afd_fail(err, AFD_E_PARSE, "records: \"%s\": expected OP OWNER TYPE RDATA", text);
	rdata = text + used;
	snprintf(number, sizeof number, "%lld", (long long)id);
	set(&r, strcmp(table, "change_record") == 0 ? "change_id" : "claim_id", number);
	set(&r, "zone", get(above, "zone"));
	set(&r, "owner", owner);
	if ((ttl = strchr(op, '/'))) {
		*ttl++ = '\0';
		set(&r, "ttl", ttl);
	}
	set(&r, "op", op);
	if (strcmp(type, "*") != 0)
		set(&r, "type", type);
	if (*rdata && strcmp(rdata, "-") != 0)
		set(&r, "rdata", rdata);
	if (strcmp(table, "change_record") == 0) {
		set(&r, "t_from", get(above, "t_from"));
		set(&r, "t_to", get(above, "t_to"));
	}
	return insert(db, table, &r, err) < 0 ? -1 : 0;
}

/* "answer example.test NS ns1.example.test.": section, owner, type, rdata */
static int answer_row(sqlite3 *db, const char *text, sqlite3_int64 id, struct afd_error *err)
{
	char section[16], owner[300], type[32], number[32];
	struct row r = { 0 };
	int used = 0;

	if (sscanf(text, "%15s %299s %31s %n", section, owner, type, &used) < 3 || !used)
		return afd_fail(err, AFD_E_PARSE, "records: \"%s\": expected SECTION OWNER TYPE RDATA", text);
	snprintf(number, sizeof number, "%lld", (long long)id);
	set(&r, "answer_id", number);
	set(&r, "section", section);
	set(&r, "owner", owner);
	set(&r, "type", type);
	set(&r, "rdata", text + used);
	return insert(db, "dns_answer_record", &r, err) < 0 ? -1 : 0;
}

/* Tables whose instant is a column of its own. */
static bool has_instant(const char *table)
{
	static const char *const names[] = { "scope_edit", "dns_answer", "dnssec_verdict", "endpoint", "crl", "revocation", "notice" };

	for (size_t i = 0; i < AFD_COUNT(names); i++)
		if (strcmp(names[i], table) == 0)
			return true;
	return false;
}

static int name_row(sqlite3 *db, const char *above, const char *name, sqlite3_int64 id, struct afd_error *err)
{
	static const struct { const char *above, *table, *id; bool base; } kinds[] = {
		{ "search_result", "search_name", "result_id", true },
		{ "issuance_request", "issuance_name", "request_id", true },
		{ "held_certificate", "held_name", "held_id", true },
		{ "endpoint", "endpoint_name", "endpoint_id", false },
		{ "certificate", "certificate_name", "certificate_id", true },
	};
	bool wild = strncmp(name, "*.", 2) == 0;
	char number[32];
	size_t i = 0;
	struct row r = { 0 };

	while (i < AFD_COUNT(kinds) - 1 && strcmp(kinds[i].above, above) != 0)
		i++;
	snprintf(number, sizeof number, "%lld", (long long)id);
	set(&r, kinds[i].id, number);
	set(&r, "name", name);
	if (kinds[i].base) {
		set(&r, "base", wild ? name + 2 : name);
		set(&r, "wildcard", wild ? "1" : "0");
	} else {
		set(&r, "kind", "dns");
	}
	return insert(db, kinds[i].table, &r, err) < 0 ? -1 : 0;
}

static const char *scalar(const struct afd_node *n, char *keep, size_t size)
{
	if (n->type == AFD_TEXT)
		return n->u.text.s;
	if (n->type != AFD_INT && n->type != AFD_BOOL)
		return NULL;
	snprintf(keep, size, "%lld", (long long)n->u.i);
	return keep;
}

static int fill_row(sqlite3 *db, const char *table, const struct afd_node *map, struct afd_error *err)
{
	const struct afd_node *records = afd_node_get(map, "records"), *names = afd_node_get(map, "names"),
			      *t = afd_node_get(map, "t");
	static char keep[40][64];
	struct row r = { 0 };
	sqlite3_int64 id;
	size_t at = 0;

	for (const struct afd_node *n = map->u.list.first; n; n = n->next)
		if (n != records && n != names && (n != t || has_instant(table)))
			set(&r, n->key, scalar(n, keep[at++], sizeof keep[0]));
	if (t && !has_instant(table)) {
		const char *instant = scalar(t, keep[at++], sizeof keep[0]);

		snprintf(keep[at], sizeof keep[0], "%s+1ms", instant);
		set(&r, "t_from", instant);
		set(&r, "t_to", keep[at]);
	}
	id = insert(db, table, &r, err);
	if (strcmp(table, "dns_answer") == 0) {
		for (const struct afd_node *n = records && id >= 0 ? records->u.list.first : NULL; n; n = n->next)
			if (answer_row(db, n->u.text.s, id, err) < 0)
				return -1;
		return id < 0 ? -1 : 0;
	}
	for (const struct afd_node *n = records && id >= 0 ? records->u.list.first : NULL; n; n = n->next)
		if (record_row(db, strcmp(table, "change") == 0 ? "change_record" : "claim_record", n->u.text.s, &r, id,
			       err) < 0)
			return -1;
	for (const struct afd_node *n = names && id >= 0 ? names->u.list.first : NULL; n; n = n->next)
		if (name_row(db, table, n->u.text.s, id, err) < 0)
			return -1;
	return id < 0 ? -1 : 0;
}

/* --- stores --- */

/* The item that all rows are of. */
static void note_the_case(sqlite3 *db)
{
	case_row(db, "item_note", "leaf", "0", "hash", "00", "kind", "answer", "source", "test", "asked", "the case",
		 "received_ms", "-1d", "parts", "1", NULL);
}

sqlite3 *case_open(const char *path, struct afd_error *err)
{
	static struct afd_buf empty;     /* lives as long as the program */
	AFD_AUTO(store) struct afd_store *s = NULL;
	sqlite3 *db = NULL;

	unlink(path);                            /* a test that failed may still hold the last one */
	if (!empty.len) {
		if (afd_store_open(path, AFD_STORE_CREATE, &s, err) < 0)
			return NULL;
		s = afd_store_close(s);
		/* small pages: thousands of cases copy it, and most tables of a case are empty */
		if (sqlite3_open(path, &db) != SQLITE_OK ||
		    sqlite3_exec(db, "PRAGMA journal_mode=DELETE; PRAGMA page_size=512; VACUUM", NULL, NULL, NULL) != SQLITE_OK)
			return NULL;
		sqlite3_close(db);
		if (afd_file_read(path, 64 * 1024 * 1024, &empty, err) < 0)
			return NULL;
	} else {
		FILE *f = fopen(path, "wb");         /* no fsync: hundreds of cases */
		bool ok = f && fwrite(empty.data, 1, empty.len, f) == empty.len;

		if (!f || fclose(f) != 0 || !ok)
			return NULL;
	}
	if (sqlite3_open(path, &db) != SQLITE_OK)
		return NULL;
	sqlite3_exec(db, "PRAGMA synchronous=OFF; PRAGMA journal_mode=MEMORY", NULL, NULL, NULL);
	note_the_case(db);
	return db;
}

static bool is_expectation(const char *key)
{
	static const char *const keys[] = { "expect", "findings", "links", "fates", "needs", "periods", "sources", "times", "caa", "caa_zones", "caa_looks",
					    "caa_taken", "caa_changes", "words", "sizes", "hosts", "attested", "registrations", "places" };

	for (size_t i = 0; i < AFD_COUNT(keys); i++)
		if (strcmp(keys[i], key) == 0)
			return true;
	return false;
}

/* A word with nothing behind it, or of a table that does not exist, would say nothing, unnoticed. */
static int fill_table(sqlite3 *db, const struct afd_node *table, struct afd_error *err)
{
	if (is_expectation(table->key))
		return 0;
	if (!table_of(db, table->key))
		return afd_fail(err, AFD_E_PARSE, "line %u: \"%s\": no such table", table->line, table->key);
	if (table->type != AFD_LIST)
		return afd_fail(err, AFD_E_PARSE, "line %u: %s: expected a list of rows, got %s", table->line, table->key, afd_node_type_name(table));
	for (const struct afd_node *row = table->u.list.first; row; row = row->next)
		if (row->type != AFD_MAP)
			return afd_fail(err, AFD_E_PARSE, "line %u: %s: expected a row, got %s", row->line, table->key, afd_node_type_name(row));
		else if (fill_row(db, table->key, row, err) < 0)
			return afd_within(err, "line %u", row->line);
	return 0;
}

static int fill(sqlite3 *db, const struct afd_node *root, struct afd_error *err)
{
	int r = 0;

	for (const struct afd_node *table = root->u.list.first; table && r == 0; table = table->next)
		r = fill_table(db, table, err);
	return r;
}

int case_fill(const char *path, const struct afd_node *root, struct afd_error *err)
{
	sqlite3 *db = case_open(path, err);
	int r;

	if (!db)
		return afd_fail(err, AFD_E_STORE, "%s: could not be made: %s", path, err->text);
	sqlite3_exec(db, "BEGIN", NULL, NULL, NULL);
	r = fill(db, root, err);
	sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
	sqlite3_close(db);
	return r;
}

/* --- one store for many cases --- */

struct case_store { sqlite3 *db; struct afd_store *read; };

struct case_store *case_store_open(const char *path, struct afd_error *err)
{
	struct case_store *s = calloc(1, sizeof *s);

	if (!s || !(s->db = case_open(path, err)) || afd_store_open(path, AFD_STORE_READ, &s->read, err) < 0)
		return case_store_close(s);
	return s;
}

struct case_store *case_store_close(struct case_store *s)
{
	if (!s)
		return NULL;
	afd_store_close(s->read);
	sqlite3_close(s->db);
	free(s);
	return NULL;
}

struct afd_store *case_store_reader(struct case_store *s)
{
	return s->read;
}

/* Without the rows of the case before; the numbers of rows begin at 1 again. */
static int empty_again(struct case_store *s)
{
	for (size_t i = 0; i < n_tables; i++) {
		AFD_AUTO(mem) char *sql = tables[i].filled ? afd_sprintf("DELETE FROM %s", tables[i].name) : NULL;

		if (sql && sqlite3_exec(s->db, sql, NULL, NULL, NULL) != SQLITE_OK)
			return -1;
		tables[i].filled = false;
	}
	note_the_case(s->db);
	return 0;
}

int case_store_fill(struct case_store *s, const struct afd_node *root, struct afd_error *err)
{
	int r;

	/* the reader lets go of the last state, and takes the next one as it does when it opens (begin_reading, evidence/open.c) */
	if (sqlite3_exec(s->read->db, "COMMIT", NULL, NULL, NULL) != SQLITE_OK || sqlite3_exec(s->db, "BEGIN", NULL, NULL, NULL) != SQLITE_OK)
		return afd_fail(err, AFD_E_STORE, "%s", sqlite3_errmsg(s->db));
	r = empty_again(s) < 0 ? afd_fail(err, AFD_E_STORE, "%s", sqlite3_errmsg(s->db)) : fill(s->db, root, err);
	if (sqlite3_exec(s->db, "COMMIT", NULL, NULL, NULL) != SQLITE_OK ||
	    sqlite3_exec(s->read->db, "BEGIN; SELECT count(*) FROM sqlite_schema", NULL, NULL, NULL) != SQLITE_OK)
		return afd_fail(err, AFD_E_STORE, "%s, %s", sqlite3_errmsg(s->db), sqlite3_errmsg(s->read->db));
	return r;
}

void case_clean(const char *path, const char *folder)
{
	AFD_AUTO(mem) char *lock = afd_sprintf("%s.lock", path);

	unlink(path);
	if (lock)
		unlink(lock);
	rmdir(folder);
	free(tables);
	tables = NULL;
	n_tables = 0;
}
