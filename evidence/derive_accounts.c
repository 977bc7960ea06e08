/* States of domains, credentials and members, and the differences between them. A state is a row that lasts from its first
 * to its last look; what differs between two states is an event of the kind "state-difference", at a time between the two
 * looks and by nobody knows whom. What one of the two does not state gives no event: silence is not "no". */
#include <inttypes.h>
#include <stdio.h>

#include "evidence/tables.h"

/* --- text of what was told --- */

static int compare_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Sorted, each once, with SEP between; *ret NULL: not stated. Owned. */
static int list_text(const struct afd_told_list *l, const char *sep, char **ret, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf text = { 0 };
	const char **at;
	int r = 0;

	*ret = NULL;
	if (l->known != AFD_YES && l->known != AFD_NO)
		return 0;
	at = calloc(l->n + 1, sizeof(*at));
	if (!at)
		return afd_fail_memory(err);
	for (size_t i = 0; i < l->n; i++)
		at[i] = l->at[i] ? l->at[i] : "";
	qsort(at, l->n, sizeof(*at), compare_text);
	for (size_t i = 0; i < l->n && r == 0; i++)
		if (i == 0 || strcmp(at[i - 1], at[i]) != 0)
			r = afd_buf_printf(&text, "%s%s", text.len ? sep : "", at[i]);
	free(at);
	*ret = r < 0 ? NULL : afd_strdup(text.len ? (const char *)text.data : "");
	return *ret ? 0 : afd_fail_memory(err);
}

/* "admin=3f2a90..." for each contact: enough to see a change, and nothing about a person. Owned. */
static int contacts_text(const struct afd_row_domain_state *r, char **ret, struct afd_error *err)
{
	struct afd_told_list l = { r->contacts, NULL, r->n_contact };
	char (*text)[96] = calloc(r->n_contact + 1, sizeof(*text));
	const char **at = calloc(r->n_contact + 1, sizeof(*at));
	int done = -1;

	if (!text || !at) {
		afd_fail_memory(err);
		goto out;
	}
	for (size_t i = 0; i < r->n_contact; i++) {
		const struct afd_contact *c = &r->contact[i];
		AFD_AUTO(mem) char *all = afd_sprintf("%s\n%s\n%s", c->handle ? c->handle : "", c->name ? c->name : "", c->email ? c->email : "");
		struct afd_digest d;

		if (!all) {
			afd_fail_memory(err);
			goto out;
		}
		afd_sha256(afd_slice_text(all), &d);
		snprintf(text[i], sizeof(text[i]), "%.32s=%.16s", c->role ? c->role : "", c->withheld ? "withheld" : afd_digest_hex(&d).s);
		at[i] = text[i];
	}
	l.at = at;
	done = list_text(&l, " ", ret, err);
out:
	free(text);
	free(at);
	return done;
}

static struct afd_arg known_arg(enum afd_known k)
{
	return afd_opt(k == AFD_YES ? 1 : k == AFD_NO ? 0 : -1, -1);
}

static struct afd_arg time_arg(int64_t ms)
{
	return afd_opt(ms, AFD_TIME_NONE);
}

static bool has_word(const char *list, const char *word)
{
	const size_t n = strlen(word);

	for (const char *p = list; p && (p = strstr(p, word)); p += n)
		if ((p == list || p[-1] == ' ') && (p[n] == ' ' || !p[n]))
			return true;
	return false;
}

/* --- events from differences --- */

struct difference {
	struct afd_tables *t;
	const char *account, *domain, *object_kind, *object;
	struct afd_span at;
	uint64_t part;
};

static int put_difference(const struct difference *d, const char *verb, const char *before, const char *after, struct afd_error *err)
{
	AFD_AUTO(mem) char *ref = afd_sprintf("state:%s:%s:%" PRIu64 ".%" PRIu64, verb, d->object, d->t->leaf, d->part);
	const struct afd_row_event e = {
		.account = d->account ? d->account : "", .action = verb, .domain = d->domain, .object_kind = d->object_kind,
		.object = d->object, .actor_kind = "unknown", .before = before, .after = after, .outcome = "success",
		.provider_ref = ref, .record_kind = "state-difference", .at = d->at, .part = d->part,
	};

	return ref ? afd_put_event(d->t, &e, err) : afd_fail_memory(err);
}

/* The time between two looks; a clock set back must not make an interval that ends before it begins. */
static struct afd_span between(int64_t last, int64_t now)
{
	return (struct afd_span){ last < now ? last : now, (last < now ? now : last) + 1 };
}

/* --- domains --- */

/* What a state says: texts NULL and numbers -1 where not stated. from: when each was last seen to be so. */
enum { REGISTRAR, REGISTRAR_ID, STATUSES, NAME_SERVERS, DS, CONTACTS, TEXTS };
enum { TRANSFER_LOCK, REGISTRY_LOCK, AUTO_RENEW, PRIVACY, AUTH_CODE, EXPIRES, NUMBERS };
struct state {
	char *text[TEXTS];
	int64_t number[NUMBERS];
	int64_t text_from[TEXTS], number_from[NUMBERS];
	int64_t id, seen;
};

static void state_release(struct state *s)
{
	for (size_t i = 0; i < TEXTS; i++)
		free(s->text[i]);
}
#define STATE __attribute__((cleanup(state_release))) struct state

static char *column_text(sqlite3_stmt *st, int i)
{
	return afd_told_dup((const char *)sqlite3_column_text(st, i));
}

/* What R does not state but an older state did is still the last that is known of it. */
static void fill(struct state *s, sqlite3_stmt *st)
{
	const int64_t seen = sqlite3_column_int64(st, TEXTS + NUMBERS);

	for (int i = 0; i < TEXTS; i++) {
		if (s->text[i] || sqlite3_column_type(st, i) == SQLITE_NULL)
			continue;
		s->text[i] = column_text(st, i);
		s->text_from[i] = seen;
	}
	for (int i = 0; i < NUMBERS; i++) {
		if (s->number[i] >= 0 || sqlite3_column_type(st, TEXTS + i) == SQLITE_NULL)
			continue;
		s->number[i] = sqlite3_column_int64(st, TEXTS + i);
		s->number_from[i] = seen;
	}
}

/* *last: the newest row as it stands; *known: with what older rows add. 1 found, 0 none, -1. */
static int last_state(struct afd_tables *t, const struct afd_row_domain_state *r, struct state *last, struct state *known, struct afd_error *err)
{
	AFD_AUTO(stmt) sqlite3_stmt *st = NULL;
	int found, rows = 0;

	for (size_t i = 0; i < NUMBERS; i++)
		last->number[i] = known->number[i] = -1;
	if (AFD_OPEN(t->s, &st, err,
		    "SELECT registrar, registrar_id, statuses, name_servers, ds, contacts, transfer_lock, registry_lock, auto_renew,"
		    " privacy, auth_code, expires_ms, seen_ms, id FROM domain_state"
		    " WHERE source = ?1 AND domain = ?2 AND view = ?3 ORDER BY seen_ms DESC, id DESC LIMIT 32",
		    afd_t(t->record->source), afd_told(r->domain), afd_told(r->view)) < 0)
		return -1;
	while ((found = afd_sql_step(t->s, st, err)) > 0) {
		if (rows++ == 0) {
			fill(last, st);
			last->seen = sqlite3_column_int64(st, TEXTS + NUMBERS);
			last->id = sqlite3_column_int64(st, TEXTS + NUMBERS + 1);
		}
		fill(known, st);
	}
	return found < 0 ? -1 : rows > 0;
}

static int64_t flag(enum afd_known k)
{
	return k == AFD_YES ? 1 : k == AFD_NO ? 0 : -1;
}

static int state_of(const struct afd_row_domain_state *r, struct state *ret, struct afd_error *err)
{
	*ret = (struct state){ .number = { flag(r->transfer_lock), flag(r->registry_lock), flag(r->auto_renew), flag(r->privacy),
		flag(r->auth_code), r->expires_ms == AFD_TIME_NONE ? -1 : r->expires_ms }, .seen = r->seen_ms };
	if (list_text(&r->status, " ", &ret->text[STATUSES], err) < 0 || list_text(&r->name_server, " ", &ret->text[NAME_SERVERS], err) < 0 ||
	    list_text(&r->ds, "; ", &ret->text[DS], err) < 0 || contacts_text(r, &ret->text[CONTACTS], err) < 0)
		return -1;
	ret->text[REGISTRAR] = afd_told_dup(r->registrar);
	ret->text[REGISTRAR_ID] = afd_told_dup(r->registrar_id);
	return (r->registrar && !ret->text[REGISTRAR]) || (r->registrar_id && !ret->text[REGISTRAR_ID]) ? afd_fail_memory(err) : 0;
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool same_state(const struct state *a, const struct state *b)
{
	for (size_t i = 0; i < TEXTS; i++)
		if (!same_text(a->text[i], b->text[i]))
			return false;
	return memcmp(a->number, b->number, sizeof(a->number)) == 0;
}

/* -1 not known. What the source says outright counts before what its statuses mean (RFC 5731, 2.3). */
static int64_t locked(int64_t stated, const char *statuses, const char *what)
{
	char client[40], server[40];

	if (stated >= 0 || !statuses)
		return stated;
	snprintf(client, sizeof(client), "client%s", what);
	snprintf(server, sizeof(server), "server%s", what);
	return has_word(statuses, client) || has_word(statuses, server);
}

/* Seen from outside a registry lock is all three prohibitions of the server at once; one that lacks is no lock. */
static int64_t registry_locked(const struct state *s)
{
	const char *const statuses = s->text[STATUSES];

	if (s->number[REGISTRY_LOCK] >= 0 || !statuses)
		return s->number[REGISTRY_LOCK];
	return has_word(statuses, "serverDeleteProhibited") && has_word(statuses, "serverTransferProhibited") &&
	       has_word(statuses, "serverUpdateProhibited");
}

static int put_flag(const struct difference *d, int64_t before, int64_t after, const char *on, const char *off, struct afd_error *err)
{
	if (before < 0 || after < 0 || before == after)
		return 0;
	return put_difference(d, after ? on : off, before ? "yes" : "no", after ? "yes" : "no", err);
}

static int put_text(const struct difference *d, const char *before, const char *after, const char *verb, struct afd_error *err)
{
	return !before || !after || strcmp(before, after) == 0 ? 0 : put_difference(d, verb, before, after, err);
}

static int put_statuses(struct difference *d, const struct state *a, const struct state *b, struct afd_error *err)
{
	static const struct { const char *word, *on, *off; } meaning[] = {
		{ "UpdateProhibited", "update-lock.add", "update-lock.remove" },
		{ "DeleteProhibited", "delete-lock.add", "delete-lock.remove" },
		{ "Hold", "domain.hold.set", "domain.hold.clear" },
	};
	const char *const before = a->text[STATUSES], *const after = b->text[STATUSES];

	d->at = between(a->number[TRANSFER_LOCK] >= 0 ? a->number_from[TRANSFER_LOCK] : a->text_from[STATUSES], b->seen);
	if (put_flag(d, locked(a->number[TRANSFER_LOCK], before, "TransferProhibited"), locked(b->number[TRANSFER_LOCK], after, "TransferProhibited"),
		    "transfer-lock.add", "transfer-lock.remove", err) < 0)
		return -1;
	d->at = between(a->number[REGISTRY_LOCK] >= 0 ? a->number_from[REGISTRY_LOCK] : a->text_from[STATUSES], b->seen);
	if (put_flag(d, registry_locked(a), registry_locked(b), "registry-lock.add", "registry-lock.remove", err) < 0)
		return -1;
	d->at = between(a->text_from[STATUSES], b->seen);
	for (size_t i = 0; i < AFD_COUNT(meaning); i++)
		if (put_flag(d, locked(-1, before, meaning[i].word), locked(-1, after, meaning[i].word), meaning[i].on, meaning[i].off, err) < 0)
			return -1;
	if (before && after && !has_word(before, "pendingTransfer") && has_word(after, "pendingTransfer") &&
	    put_difference(d, "domain.transfer-out", before, after, err) < 0)
		return -1;
	return put_text(d, before, after, "domain.status.change", err);
}

static int put_texts(struct difference *d, const struct state *a, const struct state *b, struct afd_error *err)
{
	static const struct { int field; const char *verb; } verb[] = {
		{ NAME_SERVERS, "ns.change" }, { DS, "ds.change" }, { CONTACTS, "contact.change" },
		{ REGISTRAR_ID, "domain.registrar.change" }, { REGISTRAR, "domain.registrar.change" },
	};
	const bool by_id = a->text[REGISTRAR_ID] && b->text[REGISTRAR_ID];

	for (size_t i = 0; i < AFD_COUNT(verb); i++) {
		const int f = verb[i].field;

		if (f == REGISTRAR && by_id)   /* one sponsor spelled in two ways */
			continue;
		d->at = between(a->text_from[f], b->seen);
		if (put_text(d, a->text[f], b->text[f], verb[i].verb, err) < 0)
			return -1;
	}
	return 0;
}

static int put_numbers(struct difference *d, const struct state *a, const struct state *b, struct afd_error *err)
{
	const int64_t was = a->number[EXPIRES], is = b->number[EXPIRES];

	d->at = between(a->number_from[AUTO_RENEW], b->seen);
	if (put_flag(d, a->number[AUTO_RENEW], b->number[AUTO_RENEW], "auto-renew.enable", "auto-renew.disable", err) < 0)
		return -1;
	d->at = between(a->number_from[AUTH_CODE], b->seen);
	if (a->number[AUTH_CODE] == 0 && b->number[AUTH_CODE] == 1 && put_difference(d, "domain.auth-code.set", "no", "yes", err) < 0)
		return -1;
	if (was < 0 || is < 0 || was == is)
		return 0;
	d->at = between(a->number_from[EXPIRES], b->seen);
	return put_difference(d, is > was ? "domain.renew" : "domain.expiry.change", afd_when_text(was).s, afd_when_text(is).s, err);
}

static int put_domain_events(struct afd_tables *t, const struct afd_row_domain_state *r, const struct state *a, const struct state *b,
	struct afd_error *err)
{
	struct difference d = { t, r->account, r->domain, "domain", r->domain, { 0, 0 }, r->part };

	return put_statuses(&d, a, b, err) < 0 || put_texts(&d, a, b, err) < 0 || put_numbers(&d, a, b, err) < 0 ? -1 : 0;
}

static int insert_state(struct afd_tables *t, const struct afd_row_domain_state *r, const struct state *s, struct afd_error *err)
{
	char withheld[64];
	int64_t id;

	snprintf(withheld, sizeof(withheld), "%s%s%s%s", r->contacts == AFD_WITHHELD ? "contacts " : "",
		r->status.known == AFD_WITHHELD ? "statuses " : "", r->name_server.known == AFD_WITHHELD ? "name_servers " : "",
		r->ds.known == AFD_WITHHELD ? "ds " : "");
	withheld[strlen(withheld) ? strlen(withheld) - 1 : 0] = '\0';
	if (AFD_RUN(t->s, err,
		    "INSERT INTO domain_state (source, domain, view, account, registrar, registrar_id, roid, statuses, name_servers, ds,"
		    " contacts, transfer_lock, registry_lock, auto_renew, privacy, auth_code, withheld, created_ms, updated_ms,"
		    " transferred_ms, expires_ms, registrar_expires_ms, data_ms, first_ms, seen_ms, leaf, part) VALUES (?1, ?2, ?3, ?4,"
		    " ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?24, ?25, ?26)",
		    afd_t(t->record->source), afd_told(r->domain), afd_told(r->view), afd_told(r->account), afd_told(r->registrar),
		    afd_told(r->registrar_id), afd_told(r->roid), afd_told(s->text[STATUSES]),
		    afd_told(s->text[NAME_SERVERS]), afd_told(s->text[DS]), afd_told(s->text[CONTACTS]), known_arg(r->transfer_lock), known_arg(r->registry_lock), known_arg(r->auto_renew),
		    known_arg(r->privacy), known_arg(r->auth_code), afd_t(withheld), time_arg(r->created_ms), time_arg(r->updated_ms),
		    time_arg(r->transferred_ms), time_arg(r->expires_ms), time_arg(r->registrar_expires_ms), time_arg(r->data_ms),
		    afd_i(r->seen_ms), afd_u(t->leaf), afd_u(r->part)) < 0)
		return -1;
	id = sqlite3_last_insert_rowid(t->s->db);
	for (size_t i = 0; i < r->n_contact; i++)
		if (AFD_RUN(t->s, err,
			    "INSERT INTO domain_contact (state_id, role, handle, name, email, withheld, leaf, part)"
			    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
			    afd_i(id), afd_told(r->contact[i].role), afd_told(r->contact[i].handle), afd_told(r->contact[i].name),
			    afd_told(r->contact[i].email), afd_i(r->contact[i].withheld), afd_u(t->leaf), afd_u(r->part)) < 0)
			return -1;
	return 0;
}

int afd_put_domain_state(struct afd_tables *t, const struct afd_row_domain_state *r, struct afd_error *err)
{
	STATE last = { 0 };
	STATE before = { 0 };   /* with what older states add */
	STATE now = { 0 };
	int found;

	if (!r->domain || !r->view || r->seen_ms == AFD_TIME_NONE)
		return afd_fail(err, AFD_E_PARSE, "a domain's state without its name, view or time");
	found = last_state(t, r, &last, &before, err);
	if (found < 0 || state_of(r, &now, err) < 0)
		return -1;
	if (found && same_state(&last, &now))
		return AFD_RUN(t->s, err,
			"UPDATE domain_state SET seen_ms = max(seen_ms, ?2), updated_ms = coalesce(?3, updated_ms),"
			" transferred_ms = coalesce(?4, transferred_ms), data_ms = coalesce(?5, data_ms) WHERE id = ?1",
			afd_i(last.id), afd_i(r->seen_ms), time_arg(r->updated_ms), time_arg(r->transferred_ms), time_arg(r->data_ms));
	if (found && put_domain_events(t, r, &before, &now, err) < 0)
		return afd_within(err, "domain %s", r->domain);
	return insert_state(t, r, &now, err);
}

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
		ret->text[i - 1] = column_text(st, i);
	return 1;
}

/* What stood in the list before and does not now. SQL: id, name of the row; ?1 source, ?2 account, ?3 leaf. */
static int put_gone(struct afd_tables *t, struct difference *d, const char *select, const char *end, const char *verb, int64_t now,
	struct afd_error *err)
{
	AFD_AUTO(stmt) sqlite3_stmt *st = NULL;
	int r;

	if (afd_sql_open(t->s, select, AFD_ARGS(afd_t(t->record->source), afd_told(d->account), afd_i(now)), &st, err) < 0)
		return -1;
	while ((r = afd_sql_step(t->s, st, err)) > 0) {
		AFD_AUTO(mem) char *name = column_text(st, 1);

		d->object = name ? name : "";
		if (put_difference(d, verb, NULL, NULL, err) < 0 ||
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
		afd_told(c->owner), afd_told(c->status), afd_told(c->scopes), afd_told(c->limits), time_arg(c->created_ms),
		time_arg(c->expires_ms), time_arg(c->used_ms), time_arg(c->rotated_ms), afd_i(r->seen_ms), afd_u(t->leaf), afd_u(c->part));
}

static int put_credential(struct afd_tables *t, const struct afd_row_credentials *r, const struct afd_credential_state *c, int64_t last,
	struct afd_error *err)
{
	__attribute__((cleanup(was_release))) struct was w = { 0 };
	const struct difference d = { t, r->account, NULL, "token", c->id, between(last == AFD_TIME_NONE ? r->seen_ms : last, r->seen_ms), c->part };
	const int64_t dates[] = { c->expires_ms, c->rotated_ms };
	char date[2][32] = { "", "" };
	int found = read_was(t, "SELECT id, status, scopes, limits, coalesce(expires_ms, ''), coalesce(rotated_ms, '') FROM credential_state"
	                     " WHERE source = ?1 AND account = ?2 AND credential = ?3 AND gone_ms IS NULL ORDER BY seen_ms DESC, id DESC LIMIT 1",
	                     r->account, c->id, &w, err);

	if (found < 0)
		return -1;
	if (!found) {
		if (last != AFD_TIME_NONE && put_difference(&d, "token.create", NULL, c->scopes, err) < 0)
			return -1;
		return insert_credential(t, r, c, err);
	}
	for (size_t i = 0; i < 2; i++)
		if (dates[i] != AFD_TIME_NONE)
			snprintf(date[i], sizeof(date[i]), "%" PRId64, dates[i]);
	if (w.text[4] && *w.text[4] && *date[1] && strcmp(w.text[4], date[1]) != 0 && put_difference(&d, "token.roll", NULL, NULL, err) < 0)
		return -1;
	if (put_text(&d, w.text[1], c->scopes, "token.update", err) < 0 ||
	    (same_text(w.text[1], c->scopes) && put_text(&d, w.text[2], c->limits, "token.update", err) < 0) ||
	    (same_text(w.text[1], c->scopes) && same_text(w.text[2], c->limits) && put_text(&d, w.text[0], c->status, "token.update", err) < 0))
		return -1;
	if (!same_text(w.text[0], c->status) || !same_text(w.text[1], c->scopes) || !same_text(w.text[2], c->limits) ||
	    strcmp(w.text[3] ? w.text[3] : "", date[0]) != 0 || strcmp(w.text[4] ? w.text[4] : "", date[1]) != 0)
		return insert_credential(t, r, c, err);
	return AFD_RUN(t->s, err,
		"UPDATE credential_state SET seen_ms = max(seen_ms, ?2), used_ms = CASE WHEN ?3 IS NULL THEN used_ms"
		" ELSE max(coalesce(used_ms, ?3), ?3) END, name = coalesce(?4, name), owner = coalesce(?5, owner) WHERE id = ?1",
		afd_i(w.id), afd_i(r->seen_ms), time_arg(c->used_ms), afd_told(c->name), afd_told(c->owner));
}

int afd_put_credentials(struct afd_tables *t, const struct afd_row_credentials *r, struct afd_error *err)
{
	struct difference gone = { t, r->account, NULL, "token", NULL, { 0, 0 }, 0 };
	int64_t last;

	if (look(t, r->account, "credential", r->seen_ms, &last, err) < 0)
		return -1;
	for (size_t i = 0; i < r->n; i++)
		if (!r->at[i].id || put_credential(t, r, &r->at[i], last, err) < 0)
			return afd_within(err, "credential %s", r->at[i].id ? r->at[i].id : "without an id");
	if (r->partial || last == AFD_TIME_NONE)
		return 0;
	gone.at = between(last, r->seen_ms);
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
		afd_told(m->status), known_arg(m->mfa), time_arg(m->seen_login_ms), afd_i(r->seen_ms), afd_u(t->leaf), afd_u(m->part));
}

static int put_member(struct afd_tables *t, const struct afd_row_members *r, const struct afd_member_state *m, int64_t last, struct afd_error *err)
{
	__attribute__((cleanup(was_release))) struct was w = { 0 };
	const struct difference d = { t, r->account, NULL, "member", m->id, between(last == AFD_TIME_NONE ? r->seen_ms : last, r->seen_ms), m->part };
	int64_t mfa_was;
	int found = read_was(t, "SELECT id, roles, status, coalesce(mfa, -1) FROM member_state"
	                     " WHERE source = ?1 AND account = ?2 AND member = ?3 AND gone_ms IS NULL ORDER BY seen_ms DESC, id DESC LIMIT 1",
	                     r->account, m->id, &w, err);

	if (found < 0)
		return -1;
	if (!found) {
		if (last != AFD_TIME_NONE && put_difference(&d, "member.add", NULL, m->roles, err) < 0)
			return -1;
		return insert_member(t, r, m, err);
	}
	mfa_was = w.text[2] && *w.text[2] != '-' ? *w.text[2] == '1' : -1;
	if (put_flag(&d, mfa_was, flag(m->mfa), "mfa.enable", "mfa.disable", err) < 0 ||
	    put_text(&d, w.text[0], m->roles, "member.update", err) < 0 ||
	    (same_text(w.text[0], m->roles) && put_text(&d, w.text[1], m->status, "member.update", err) < 0))
		return -1;
	if (!same_text(w.text[0], m->roles) || !same_text(w.text[1], m->status) || mfa_was != flag(m->mfa))
		return insert_member(t, r, m, err);
	return AFD_RUN(t->s, err,
		"UPDATE member_state SET seen_ms = max(seen_ms, ?2), login_ms = coalesce(?3, login_ms), name = coalesce(?4, name),"
		" email = coalesce(?5, email) WHERE id = ?1",
		afd_i(w.id), afd_i(r->seen_ms), time_arg(m->seen_login_ms), afd_told(m->name), afd_told(m->email));
}

int afd_put_members(struct afd_tables *t, const struct afd_row_members *r, struct afd_error *err)
{
	struct difference gone = { t, r->account, NULL, "member", NULL, { 0, 0 }, 0 };
	int64_t last;

	if (look(t, r->account, "member", r->seen_ms, &last, err) < 0)
		return -1;
	for (size_t i = 0; i < r->n; i++)
		if (!r->at[i].id || put_member(t, r, &r->at[i], last, err) < 0)
			return afd_within(err, "member %s", r->at[i].id ? r->at[i].id : "without an id");
	if (r->partial || last == AFD_TIME_NONE)
		return 0;
	gone.at = between(last, r->seen_ms);
	return put_gone(t, &gone,
		"SELECT max(id), member FROM member_state WHERE source = ?1 AND account = ?2 AND gone_ms IS NULL"
		" GROUP BY member HAVING max(seen_ms) < ?3 ORDER BY member",
		"UPDATE member_state SET gone_ms = ?2 WHERE gone_ms IS NULL AND (source, account, member) ="
		" (SELECT source, account, member FROM member_state WHERE id = ?1)", "member.remove", r->seen_ms, err);
}
