/* States of domains, and the differences between them. A state is a row that lasts from its first to its last look; what
 * differs from what was known before is an event. What one of the two does not state gives none: silence is not "no". */
#include <inttypes.h>
#include <stdio.h>

#include "evidence/states.h"

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

static bool has_word(const char *list, const char *word)
{
	const size_t n = strlen(word);

	for (const char *p = list; p && (p = strstr(p, word)); p += n)
		if ((p == list || p[-1] == ' ') && (p[n] == ' ' || !p[n]))
			return true;
	return false;
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

/* What R does not state but an older state did is still the last that is known of it. */
static void fill(struct state *s, sqlite3_stmt *st)
{
	const int64_t seen = sqlite3_column_int64(st, TEXTS + NUMBERS);

	for (int i = 0; i < TEXTS; i++) {
		if (s->text[i] || sqlite3_column_type(st, i) == SQLITE_NULL)
			continue;
		s->text[i] = afd_column_text(st, i);
		s->text_from[i] = seen;
	}
	for (int i = 0; i < NUMBERS; i++) {
		if (s->number[i] >= 0 || sqlite3_column_type(st, TEXTS + i) == SQLITE_NULL)
			continue;
		s->number[i] = sqlite3_column_int64(st, TEXTS + i);
		s->number_from[i] = seen;
	}
}

/* CHANGE: of a half of that change; NULL: of looks. *last: the newest row as it stands; *known: with what older rows add. 1 found, 0 none, -1. */
static int last_state(struct afd_tables *t, const char *domain, const char *view, const char *change, struct state *last, struct state *known,
	struct afd_error *err)
{
	AFD_AUTO(stmt) sqlite3_stmt *st = NULL;
	int found, rows = 0;

	for (size_t i = 0; i < NUMBERS; i++)
		last->number[i] = known->number[i] = -1;
	if (AFD_OPEN(t->s, &st, err,
		    "SELECT registrar, registrar_id, statuses, name_servers, ds, contacts, transfer_lock, registry_lock, auto_renew,"
		    " privacy, auth_code, expires_ms, seen_ms, id FROM domain_state"
		    " WHERE source = ?1 AND domain = ?2 AND view = ?3 AND change_ref IS ?4 ORDER BY seen_ms DESC, id DESC LIMIT 32",
		    afd_t(t->record->source), afd_told(domain), afd_told(view), afd_told(change)) < 0)
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

static int state_of(const struct afd_row_domain_state *r, struct state *ret, struct afd_error *err)
{
	*ret = (struct state){ .number = { afd_known_flag(r->transfer_lock), afd_known_flag(r->registry_lock), afd_known_flag(r->auto_renew), afd_known_flag(r->privacy),
		afd_known_flag(r->auth_code), r->expires_ms == AFD_TIME_NONE ? -1 : r->expires_ms }, .seen = r->seen_ms };
	if (list_text(&r->status, " ", &ret->text[STATUSES], err) < 0 || list_text(&r->name_server, " ", &ret->text[NAME_SERVERS], err) < 0 ||
	    list_text(&r->ds, "; ", &ret->text[DS], err) < 0 || contacts_text(r, &ret->text[CONTACTS], err) < 0)
		return -1;
	ret->text[REGISTRAR] = afd_told_dup(r->registrar);
	ret->text[REGISTRAR_ID] = afd_told_dup(r->registrar_id);
	return (r->registrar && !ret->text[REGISTRAR]) || (r->registrar_id && !ret->text[REGISTRAR_ID]) ? afd_fail_memory(err) : 0;
}

static bool same_state(const struct state *a, const struct state *b)
{
	for (size_t i = 0; i < TEXTS; i++)
		if (!afd_texts_equal(a->text[i], b->text[i]))
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

static int put_statuses(struct afd_difference *d, const struct state *a, const struct state *b, struct afd_error *err)
{
	static const struct { const char *word, *on, *off; } meaning[] = {
		{ "UpdateProhibited", "update-lock.add", "update-lock.remove" },
		{ "DeleteProhibited", "delete-lock.add", "delete-lock.remove" },
		{ "Hold", "domain.hold.set", "domain.hold.clear" },
	};
	const char *const before = a->text[STATUSES], *const after = b->text[STATUSES];

	d->at = afd_between_looks(a->number[TRANSFER_LOCK] >= 0 ? a->number_from[TRANSFER_LOCK] : a->text_from[STATUSES], b->seen);
	if (afd_difference_flag(d, locked(a->number[TRANSFER_LOCK], before, "TransferProhibited"), locked(b->number[TRANSFER_LOCK], after, "TransferProhibited"),
		    "transfer-lock.add", "transfer-lock.remove", err) < 0)
		return -1;
	d->at = afd_between_looks(a->number[REGISTRY_LOCK] >= 0 ? a->number_from[REGISTRY_LOCK] : a->text_from[STATUSES], b->seen);
	if (afd_difference_flag(d, registry_locked(a), registry_locked(b), "registry-lock.add", "registry-lock.remove", err) < 0)
		return -1;
	d->at = afd_between_looks(a->text_from[STATUSES], b->seen);
	for (size_t i = 0; i < AFD_COUNT(meaning); i++)
		if (afd_difference_flag(d, locked(-1, before, meaning[i].word), locked(-1, after, meaning[i].word), meaning[i].on, meaning[i].off, err) < 0)
			return -1;
	if (before && after && !has_word(before, "pendingTransfer") && has_word(after, "pendingTransfer") &&
	    afd_difference_put(d, "domain.transfer-out", before, after, err) < 0)
		return -1;
	return afd_difference_text(d, before, after, "domain.status.change", err);
}

static int put_texts(struct afd_difference *d, const struct state *a, const struct state *b, struct afd_error *err)
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
		d->at = afd_between_looks(a->text_from[f], b->seen);
		if (afd_difference_text(d, a->text[f], b->text[f], verb[i].verb, err) < 0)
			return -1;
	}
	return 0;
}

static int put_numbers(struct afd_difference *d, const struct state *a, const struct state *b, struct afd_error *err)
{
	const int64_t was = a->number[EXPIRES], is = b->number[EXPIRES];

	d->at = afd_between_looks(a->number_from[AUTO_RENEW], b->seen);
	if (afd_difference_flag(d, a->number[AUTO_RENEW], b->number[AUTO_RENEW], "auto-renew.enable", "auto-renew.disable", err) < 0)
		return -1;
	d->at = afd_between_looks(a->number_from[AUTH_CODE], b->seen);
	if (a->number[AUTH_CODE] == 0 && b->number[AUTH_CODE] == 1 && afd_difference_put(d, "domain.auth-code.set", "no", "yes", err) < 0)
		return -1;
	if (was < 0 || is < 0 || was == is)
		return 0;
	d->at = afd_between_looks(a->number_from[EXPIRES], b->seen);
	return afd_difference_put(d, is > was ? "domain.renew" : "domain.expiry.change", afd_when_text(was).s, afd_when_text(is).s, err);
}

/* LIKE: the event of a log that says who and when, or NULL. */
static int put_domain_events(struct afd_tables *t, const struct afd_row_domain_state *r, const struct afd_row_event *like,
	const struct state *a, const struct state *b, struct afd_error *err)
{
	struct afd_difference d = { t, r->account, r->domain, "domain", r->domain, { 0, 0 }, r->part, like };

	return put_statuses(&d, a, b, err) < 0 || put_texts(&d, a, b, err) < 0 || put_numbers(&d, a, b, err) < 0 ? -1 : 0;
}

static int insert_state(struct afd_tables *t, const struct afd_row_domain_state *r, const char *view, const char *change, const struct state *s,
	struct afd_error *err)
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
		    " transferred_ms, expires_ms, registrar_expires_ms, data_ms, first_ms, seen_ms, leaf, part, change_ref) VALUES (?1, ?2, ?3, ?4,"
		    " ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?24, ?25, ?26, ?27)",
		    afd_t(t->record->source), afd_told(r->domain), afd_told(view), afd_told(r->account), afd_told(r->registrar),
		    afd_told(r->registrar_id), afd_told(r->roid), afd_told(s->text[STATUSES]),
		    afd_told(s->text[NAME_SERVERS]), afd_told(s->text[DS]), afd_told(s->text[CONTACTS]), afd_known_arg(r->transfer_lock), afd_known_arg(r->registry_lock), afd_known_arg(r->auto_renew),
		    afd_known_arg(r->privacy), afd_known_arg(r->auth_code), afd_t(withheld), afd_time_arg(r->created_ms), afd_time_arg(r->updated_ms),
		    afd_time_arg(r->transferred_ms), afd_time_arg(r->expires_ms), afd_time_arg(r->registrar_expires_ms), afd_time_arg(r->data_ms),
		    afd_i(r->seen_ms), afd_u(t->leaf), afd_u(r->part), afd_told(change)) < 0)
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

static int checked(const struct afd_row_domain_state *r, struct afd_error *err)
{
	if (!r->domain || !r->view || r->seen_ms == AFD_TIME_NONE)
		return afd_fail(err, AFD_E_PARSE, "a domain's state without its name, view or time");
	return 0;
}

/* TOLD: a log said what changed, so the difference is no event of its own. */
static int put_look(struct afd_tables *t, const struct afd_row_domain_state *r, const struct state *now, bool told, struct afd_error *err)
{
	STATE last = { 0 };
	STATE before = { 0 };   /* with what older states add */
	const int found = last_state(t, r->domain, r->view, NULL, &last, &before, err);

	if (found < 0)
		return -1;
	if (found && same_state(&last, now))
		return AFD_RUN(t->s, err,
			"UPDATE domain_state SET seen_ms = max(seen_ms, ?2), updated_ms = coalesce(?3, updated_ms),"
			" transferred_ms = coalesce(?4, transferred_ms), data_ms = coalesce(?5, data_ms) WHERE id = ?1",
			afd_i(last.id), afd_i(r->seen_ms), afd_time_arg(r->updated_ms), afd_time_arg(r->transferred_ms), afd_time_arg(r->data_ms));
	if (found && !told && put_domain_events(t, r, NULL, &before, now, err) < 0)
		return -1;
	return insert_state(t, r, r->view, NULL, now, err);
}

int afd_put_domain_state(struct afd_tables *t, const struct afd_row_domain_state *r, struct afd_error *err)
{
	STATE now = { 0 };

	if (checked(r, err) < 0 || state_of(r, &now, err) < 0 || put_look(t, r, &now, false, err) < 0)
		return afd_within(err, "domain %s", r->domain ? r->domain : "without a name");
	return 0;
}

/* --- changes that a registry announces (RFC 8590) --- */

/* What the change is held against: its other half, or for an "after" without one the last state that is known. */
static int other_half(struct afd_tables *t, const struct afd_row_domain_change *r, struct state *ret, struct afd_error *err)
{
	STATE last = { 0 };
	const int found = last_state(t, r->state->domain, r->before ? "after" : "before", r->ref, &last, ret, err);

	if (found || r->before)
		return found;
	return last_state(t, r->state->domain, r->state->view, NULL, &last, ret, err);
}

static int put_change_events(struct afd_tables *t, const struct afd_row_domain_change *r, const struct state *now, struct afd_error *err)
{
	STATE other = { 0 };
	const int found = other_half(t, r, &other, err);

	if (found <= 0)
		return found;
	return r->before ? put_domain_events(t, r->state, r->event, now, &other, err) : put_domain_events(t, r->state, r->event, &other, now, err);
}

static int put_half(struct afd_tables *t, const struct afd_row_domain_change *r, const struct state *now, struct afd_error *err)
{
	const char *const half = r->before ? "before" : "after";
	int64_t one;
	const int there = AFD_NUMBER(t->s, &one, err, "SELECT 1 FROM domain_state WHERE source = ?1 AND change_ref = ?2 AND domain = ?3 AND view = ?4",
		afd_t(t->record->source), afd_told(r->ref), afd_told(r->state->domain), afd_t(half));

	if (there)              /* a queue delivers again what was not acknowledged */
		return there < 0 ? -1 : 0;
	if (put_change_events(t, r, now, err) < 0 || insert_state(t, r->state, half, r->ref, now, err) < 0)
		return -1;
	return r->before ? 0 : put_look(t, r->state, now, true, err);
}

int afd_put_domain_change(struct afd_tables *t, const struct afd_row_domain_change *r, struct afd_error *err)
{
	STATE now = { 0 };

	if (checked(r->state, err) < 0)
		return -1;
	if (!r->ref || !r->event)
		return afd_fail(err, AFD_E_PARSE, "a change of %s without its reference or event", r->state->domain);
	if (state_of(r->state, &now, err) < 0 || put_half(t, r, &now, err) < 0 || afd_put_event(t, r->event, err) < 0)
		return afd_within(err, "change %s of %s", r->ref, r->state->domain);
	return 0;
}
