/* Credentials and members as providers list them, and the differences between two lists. */
#include <inttypes.h>
#include <stdio.h>

#include "evidence/states.h"

/* --- lists of an account --- */

/* When the list was looked at before; AFD_TIME_NONE: never. */
static int look(struct afd_tables *t, const char *account, const char *kind, int64_t now, int64_t *last, struct afd_error *err)
{
	*last = AFD_TIME_NONE;
	if (!account || now == AFD_TIME_NONE)
		return afd_fail(err, AFD_E_PARSE, "a list of %ss without its account or time", kind);
	if (AFD_NUMBER(t->s, last, err, "SELECT seen_ms FROM account_look WHERE source = ?1 AND account = ?2 AND kind = ?3",
		    afd_t(t->record->source), afd_told(account), afd_t(kind)) < 0)
		return -1;
	return AFD_RUN(t->s, err,
		"INSERT INTO account_look (source, account, kind, first_ms, seen_ms) VALUES (?1, ?2, ?3, ?4, ?4)"
		" ON CONFLICT (source, account, kind) DO UPDATE SET seen_ms = max(seen_ms, excluded.seen_ms)",
		afd_t(t->record->source), afd_told(account), afd_t(kind), afd_i(now));
}

/* One row of a list before: its columns as text, the last is the id. */
enum { MAX_WAS = 8 };
struct was { char *text[MAX_WAS]; int64_t id; };
static void was_release(struct was *w)
{
	for (size_t i = 0; i < MAX_WAS; i++)
		free(w->text[i]);
}

static int read_was(struct afd_tables *t, const char *sql, const char *account, const char *id, struct was *ret, struct afd_error *err)
{
	AFD_AUTO(stmt) sqlite3_stmt *st = NULL;
	int found;

	if (afd_sql_open(t->s, sql, AFD_ARGS(afd_t(t->record->source), afd_told(account), afd_told(id)), &st, err) < 0)
		return -1;
	found = afd_sql_step(t->s, st, err);
	if (found <= 0)
		return found;
	ret->id = sqlite3_column_int64(st, 0);
	for (int i = 1; i < sqlite3_column_count(st) && i <= MAX_WAS; i++)
		ret->text[i - 1] = afd_column_text(st, i);
	return 1;
}

/* What stood in the list before and does not now. SQL: id, name of the row; ?1 source, ?2 account, ?3 leaf. */
static int put_gone(struct afd_tables *t, struct afd_difference *d, const char *select, const char *end, const char *verb, int64_t now,
	struct afd_error *err)
{
	AFD_AUTO(stmt) sqlite3_stmt *st = NULL;
	int r;

	if (afd_sql_open(t->s, select, AFD_ARGS(afd_t(t->record->source), afd_told(d->account), afd_i(now)), &st, err) < 0)
		return -1;
	while ((r = afd_sql_step(t->s, st, err)) > 0) {
		AFD_AUTO(mem) char *name = afd_column_text(st, 1);

		d->object = name ? name : "";
		if (afd_difference_put(d, verb, NULL, NULL, err) < 0 ||
		    afd_sql_run(t->s, end, AFD_ARGS(afd_i(sqlite3_column_int64(st, 0)), afd_i(now)), NULL, err) < 0)
			return -1;
	}
	return r;
}

/* --- credentials --- */

static int insert_credential(struct afd_tables *t, const struct afd_row_credentials *r, const struct afd_credential_state *c, struct afd_error *err)
{
	return AFD_RUN(t->s, err,
		"INSERT INTO credential_state (source, account, credential, kind, name, owner, status, scopes, limits, created_ms, expires_ms,"
		" used_ms, rotated_ms, first_ms, seen_ms, leaf, part)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?14, ?15, ?16)",
		afd_t(t->record->source), afd_told(r->account), afd_told(c->id), afd_told(c->kind ? c->kind : "api-token"), afd_told(c->name),
		afd_told(c->owner), afd_told(c->status), afd_told(c->scopes), afd_told(c->limits), afd_time_arg(c->created_ms),
		afd_time_arg(c->expires_ms), afd_time_arg(c->used_ms), afd_time_arg(c->rotated_ms), afd_i(r->seen_ms), afd_u(t->leaf), afd_u(c->part));
}

static int put_credential(struct afd_tables *t, const struct afd_row_credentials *r, const struct afd_credential_state *c, int64_t last,
	struct afd_error *err)
{
	__attribute__((cleanup(was_release))) struct was w = { 0 };
	const struct afd_difference d = { t, r->account, NULL, "token", c->id, afd_between_looks(last == AFD_TIME_NONE ? r->seen_ms : last, r->seen_ms), c->part };
	const int64_t dates[] = { c->expires_ms, c->rotated_ms };
	char date[2][32] = { "", "" };
	int found = read_was(t, "SELECT id, status, scopes, limits, coalesce(expires_ms, ''), coalesce(rotated_ms, '') FROM credential_state"
	                     " WHERE source = ?1 AND account = ?2 AND credential = ?3 AND gone_ms IS NULL ORDER BY seen_ms DESC, id DESC LIMIT 1",
	                     r->account, c->id, &w, err);

	if (found < 0)
		return -1;
	if (!found) {
		if (last != AFD_TIME_NONE && afd_difference_put(&d, "token.create", NULL, c->scopes, err) < 0)
			return -1;
		return insert_credential(t, r, c, err);
	}
	for (size_t i = 0; i < 2; i++)
		if (dates[i] != AFD_TIME_NONE)
			snprintf(date[i], sizeof(date[i]), "%" PRId64, dates[i]);
	if (w.text[4] && *w.text[4] && *date[1] && strcmp(w.text[4], date[1]) != 0 && afd_difference_put(&d, "token.roll", NULL, NULL, err) < 0)
		return -1;
	if (afd_difference_text(&d, w.text[1], c->scopes, "token.update", err) < 0 ||
	    (afd_texts_equal(w.text[1], c->scopes) && afd_difference_text(&d, w.text[2], c->limits, "token.update", err) < 0) ||
	    (afd_texts_equal(w.text[1], c->scopes) && afd_texts_equal(w.text[2], c->limits) && afd_difference_text(&d, w.text[0], c->status, "token.update", err) < 0))
		return -1;
	if (!afd_texts_equal(w.text[0], c->status) || !afd_texts_equal(w.text[1], c->scopes) || !afd_texts_equal(w.text[2], c->limits) ||
	    strcmp(w.text[3] ? w.text[3] : "", date[0]) != 0 || strcmp(w.text[4] ? w.text[4] : "", date[1]) != 0)
		return insert_credential(t, r, c, err);
	return AFD_RUN(t->s, err,
		"UPDATE credential_state SET seen_ms = max(seen_ms, ?2), used_ms = CASE WHEN ?3 IS NULL THEN used_ms"
		" ELSE max(coalesce(used_ms, ?3), ?3) END, name = coalesce(?4, name), owner = coalesce(?5, owner) WHERE id = ?1",
		afd_i(w.id), afd_i(r->seen_ms), afd_time_arg(c->used_ms), afd_told(c->name), afd_told(c->owner));
}

int afd_put_credentials(struct afd_tables *t, const struct afd_row_credentials *r, struct afd_error *err)
{
	struct afd_difference gone = { t, r->account, NULL, "token", NULL, { 0, 0 }, 0 };
	int64_t last;

	if (look(t, r->account, "credential", r->seen_ms, &last, err) < 0)
		return -1;
	for (size_t i = 0; i < r->n; i++)
		if (!r->at[i].id || put_credential(t, r, &r->at[i], last, err) < 0)
			return afd_within(err, "credential %s", r->at[i].id ? r->at[i].id : "without an id");
	if (r->partial || last == AFD_TIME_NONE)
		return 0;
	gone.at = afd_between_looks(last, r->seen_ms);
	return put_gone(t, &gone,
		"SELECT max(id), credential FROM credential_state WHERE source = ?1 AND account = ?2 AND gone_ms IS NULL"
		" GROUP BY credential HAVING max(seen_ms) < ?3 ORDER BY credential",
		"UPDATE credential_state SET gone_ms = ?2 WHERE gone_ms IS NULL AND (source, account, credential) ="
		" (SELECT source, account, credential FROM credential_state WHERE id = ?1)", "token.delete", r->seen_ms, err);
}

/* --- members --- */

static int insert_member(struct afd_tables *t, const struct afd_row_members *r, const struct afd_member_state *m, struct afd_error *err)
{
	return AFD_RUN(t->s, err,
		"INSERT INTO member_state (source, account, member, name, email, roles, status, mfa, login_ms, first_ms, seen_ms, leaf, part)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?10, ?11, ?12)",
		afd_t(t->record->source), afd_told(r->account), afd_told(m->id), afd_told(m->name), afd_told(m->email), afd_told(m->roles),
		afd_told(m->status), afd_known_arg(m->mfa), afd_time_arg(m->seen_login_ms), afd_i(r->seen_ms), afd_u(t->leaf), afd_u(m->part));
}

static int put_member(struct afd_tables *t, const struct afd_row_members *r, const struct afd_member_state *m, int64_t last, struct afd_error *err)
{
	__attribute__((cleanup(was_release))) struct was w = { 0 };
	const struct afd_difference d = { t, r->account, NULL, "member", m->id, afd_between_looks(last == AFD_TIME_NONE ? r->seen_ms : last, r->seen_ms), m->part };
	int64_t mfa_was;
	int found = read_was(t, "SELECT id, roles, status, coalesce(mfa, -1) FROM member_state"
	                     " WHERE source = ?1 AND account = ?2 AND member = ?3 AND gone_ms IS NULL ORDER BY seen_ms DESC, id DESC LIMIT 1",
	                     r->account, m->id, &w, err);

	if (found < 0)
		return -1;
	if (!found) {
		if (last != AFD_TIME_NONE && afd_difference_put(&d, "member.add", NULL, m->roles, err) < 0)
			return -1;
		return insert_member(t, r, m, err);
	}
	mfa_was = w.text[2] && *w.text[2] != '-' ? *w.text[2] == '1' : -1;
	if (afd_difference_flag(&d, mfa_was, afd_known_flag(m->mfa), "mfa.enable", "mfa.disable", err) < 0 ||
	    afd_difference_text(&d, w.text[0], m->roles, "member.update", err) < 0 ||
	    (afd_texts_equal(w.text[0], m->roles) && afd_difference_text(&d, w.text[1], m->status, "member.update", err) < 0))
		return -1;
	if (!afd_texts_equal(w.text[0], m->roles) || !afd_texts_equal(w.text[1], m->status) || mfa_was != afd_known_flag(m->mfa))
		return insert_member(t, r, m, err);
	return AFD_RUN(t->s, err,
		"UPDATE member_state SET seen_ms = max(seen_ms, ?2), login_ms = coalesce(?3, login_ms), name = coalesce(?4, name),"
		" email = coalesce(?5, email) WHERE id = ?1",
		afd_i(w.id), afd_i(r->seen_ms), afd_time_arg(m->seen_login_ms), afd_told(m->name), afd_told(m->email));
}

int afd_put_members(struct afd_tables *t, const struct afd_row_members *r, struct afd_error *err)
{
	struct afd_difference gone = { t, r->account, NULL, "member", NULL, { 0, 0 }, 0 };
	int64_t last;

	if (look(t, r->account, "member", r->seen_ms, &last, err) < 0)
		return -1;
	for (size_t i = 0; i < r->n; i++)
		if (!r->at[i].id || put_member(t, r, &r->at[i], last, err) < 0)
			return afd_within(err, "member %s", r->at[i].id ? r->at[i].id : "without an id");
	if (r->partial || last == AFD_TIME_NONE)
		return 0;
	gone.at = afd_between_looks(last, r->seen_ms);
	return put_gone(t, &gone,
		"SELECT max(id), member FROM member_state WHERE source = ?1 AND account = ?2 AND gone_ms IS NULL"
		" GROUP BY member HAVING max(seen_ms) < ?3 ORDER BY member",
		"UPDATE member_state SET gone_ms = ?2 WHERE gone_ms IS NULL AND (source, account, member) ="
		" (SELECT source, account, member FROM member_state WHERE id = ?1)", "member.remove", r->seen_ms, err);
}
