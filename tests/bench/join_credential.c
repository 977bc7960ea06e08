/* The joins for checks of credentials. */
#include "check_joins.h"

#include <stdio.h>
#include <strings.h>

/* --- credential-not-in-inventory --- */

/* A credential and where it was seen: when first. */
static void seen(struct map *m, const char *credential, const char *where, int64_t t)
{
	struct slot *x;

	m->key.len = 0;
	piece(m, credential);
	piece(m, where);
	x = find(m, true);
	if (is_new(x) || t < x->w)
		x->w = t;
}

int join_not_in_inventory(struct afd_store *s, size_t findings[2], struct afd_error *err)
{
	struct afd_arena a = { 0 };
	struct map zones = { .a = &a }, accounts = { .a = &a }, m = { .a = &a }, known = { .a = &a }, added = { .a = &a };
	struct reader r = { .s = s, .err = err };

	our_places(&r, &zones, &accounts);
	while (rows(&r, "SELECT zone, credential, outcome, kind, t_from, t_to FROM claim"))
		if (text_at(&r, 1) && by_text(&zones, text_at(&r, 0), false) && strcmp(text_at(&r, 2), "applied") == 0 && strcmp(text_at(&r, 3), "transfer") != 0 &&
		    strcmp(text_at(&r, 3), "commit") != 0 && strcmp(text_at(&r, 3), "plan") != 0 && int_at(&r, 4) < T0 && int_at(&r, 5) > FROM)
			seen(&m, text_at(&r, 1), "claim", int_at(&r, 4));
	while (rows(&r, "SELECT account, credential, actor, outcome, actor_kind, t_from, t_to FROM event")) {
		const char *who = text_at(&r, 1), *kind = text_at(&r, 4);

		if (!who || !by_text(&accounts, text_at(&r, 0), false) || strcmp(text_at(&r, 3), "failure") == 0 || int_at(&r, 5) >= T0 || int_at(&r, 6) <= FROM ||
		    (kind && (strcmp(kind, "person") == 0 || strcmp(kind, "provider") == 0 || strcmp(kind, "system") == 0)))
			continue;
		seen(&m, strncmp(who, "ASIA", 4) == 0 && text_at(&r, 2) ? text_at(&r, 2) : who, "event", int_at(&r, 5));
	}
	while (rows(&r, "SELECT scope, action, credential, valid_from, valid_to FROM credential_grant"))
		if (by_text(&zones, text_at(&r, 0), false) && strcmp(text_at(&r, 1), "update") == 0 && *text_at(&r, 2) && int_at(&r, 3) < T0 && int_at(&r, 4) > FROM)
			seen(&m, text_at(&r, 2), "grant", int_at(&r, 3) < FROM ? FROM : int_at(&r, 3));
	while (rows(&r, "SELECT account, credential, first_ms, seen_ms FROM credential_state"))
		if (by_text(&accounts, text_at(&r, 0), false) && int_at(&r, 2) < T0 && int_at(&r, 3) >= FROM)
			seen(&m, text_at(&r, 1), "state", int_at(&r, 2) < FROM ? FROM : int_at(&r, 2));
	while (rows(&r, "SELECT id FROM credential"))
		by_text(&known, text_at(&r, 0), true);
	while (rows(&r, "SELECT name, withdrawn_at FROM actor"))
		if (int_at(&r, 1) > FROM)
			by_text(&known, text_at(&r, 0), true);
	while (rows(&r, "SELECT key, t FROM scope_edit WHERE table_name = 'credential' AND what = 'added'")) {
		struct slot *x = by_text(&added, text_at(&r, 0), true);

		if (is_new(x) || int_at(&r, 1) < x->w)
			x->w = int_at(&r, 1);
	}
	for (size_t i = 0; i < m.cap; i++) {
		struct slot *late;

		if (!m.at[i].key)
			continue;
		late = by_text(&added, m.at[i].key, false);
		*findings += !by_text(&known, m.at[i].key, false) || (late && late->w > m.at[i].w);
	}
	map_release(&zones);
	map_release(&accounts);
	map_release(&m);
	map_release(&known);
	map_release(&added);
	afd_arena_release(&a);
	return r.failed;
}

/* --- account-address-limits --- */

static bool in_use(const char *status)
{
	static const char *const out[] = { "disabled", "inactive", "revoked", "expired", "deleted" };

	for (size_t i = 0; status && i < AFD_COUNT(out); i++)
		if (strcasecmp(status, out[i]) == 0)
			return false;
	return true;
}

int join_address_limits(struct afd_store *s, size_t findings[2], struct afd_error *err)
{
	struct afd_arena a = { 0 };
	struct map zones = { .a = &a }, accounts = { .a = &a }, newest = { .a = &a }, found = { .a = &a };
	struct reader r = { .s = s, .err = err };

	our_places(&r, &zones, &accounts);
	while (rows(&r, "SELECT source, account, credential, first_ms FROM credential_state")) {
		struct slot *x;

		if (int_at(&r, 3) >= T0)
			continue;
		newest.key.len = 0;
		for (int i = 0; i < 3; i++)
			piece(&newest, text_at(&r, i));
		x = find(&newest, true);
		if (is_new(x) || int_at(&r, 3) > x->w)
			x->w = int_at(&r, 3);
	}
	while (rows(&r, "SELECT source, account, credential, first_ms, seen_ms, gone_ms, status, limits FROM credential_state")) {
		const char *limits = text_at(&r, 7);
		struct slot *x;

		if (!limits || int_at(&r, 3) >= T0 || int_at(&r, 4) < FROM || (!afd_query_is_null(r.q, 5) && int_at(&r, 5) < T0) || !in_use(text_at(&r, 6)) ||
		    !by_text(&accounts, text_at(&r, 1), false))
			continue;
		newest.key.len = 0;
		for (int i = 0; i < 3; i++)
			piece(&newest, text_at(&r, i));
		x = find(&newest, false);
		if (!x || x->w != int_at(&r, 3) || (strstr(limits, "from ") && !strstr(limits, "not from ") && !strstr(limits, "from (not strict)")))
			continue;
		*findings += is_new(by_text(&found, text_at(&r, 2), true));
	}
	map_release(&zones);
	map_release(&accounts);
	map_release(&newest);
	map_release(&found);
	afd_arena_release(&a);
	return r.failed;
}

/* --- credential-unused --- */

#define IDLE_FROM (T0 - 90 * AFD_DAY)

struct kept { const char *credential, *account; int64_t since, told; bool is_told; };
struct unused {
	struct afd_arena a;
	struct kept *kept; size_t n;
	/* others: texts that are kept; ids of the inventory (v 1: retired; w: its kind) and other names of them (w: the id) */
	struct map zones, accounts, all_zones, logs, readable, ids, others, aliases, newest, listed, used, placed, dark, found;
};

/* Of a name of a log or list: the credential of the inventory that it means, or NULL. */
static const char *meant(struct unused *v, const char *name)
{
	const struct slot *x = by_text(&v->ids, name, false);

	if (x)
		return x->key;
	x = by_text(&v->aliases, name, false);
	return x ? (const char *)(intptr_t)x->w : NULL;
}

static const char *keep_text(struct unused *v, const char *text)
{
	return by_text(&v->others, text, true)->key;
}

static void read_logs(struct reader *r, struct unused *v)
{
	our_places(r, &v->zones, &v->accounts);
	while (rows(r, "SELECT evidence, scope, retired_ms FROM source_scope")) {
		const bool events = strcmp(text_at(r, 0), "account-events") == 0;
		char user[300];

		if (int_at(r, 2) <= FROM || !(events ? by_text(&v->accounts, text_at(r, 1), false)
						     : strcmp(text_at(r, 0), "zone-claims") == 0 ? by_text(&v->zones, text_at(r, 1), false) : NULL))
			continue;
		by_text(&v->readable, text_at(r, 1), true);
		if (!events)
			continue;
		by_text(&v->logs, text_at(r, 1), true);
		snprintf(user, sizeof user, "%s/user", text_at(r, 1));
		by_text(&v->readable, user, true);
	}
	while (rows(r, "SELECT zone, account, in_scope FROM domain")) {
		if (!text_at(r, 0))
			continue;
		by_text(&v->all_zones, text_at(r, 0), true);
		if (int_at(r, 2) == 1 && text_at(r, 1) && by_text(&v->logs, text_at(r, 1), false))
			by_text(&v->readable, text_at(r, 0), true);
	}
}

static void read_names(struct reader *r, struct unused *v)
{
	while (rows(r, "SELECT id, kind, retired_ms FROM credential")) {
		struct slot *x = by_text(&v->ids, text_at(r, 0), true);

		x->v = !afd_query_is_null(r->q, 2) && int_at(r, 2) <= T0;
		x->w = (int64_t)(intptr_t)(text_at(r, 1) ? keep_text(v, text_at(r, 1)) : NULL);
	}
	while (rows(r, "SELECT name, credential FROM actor")) {
		struct slot *x = text_at(r, 1) && !by_text(&v->ids, text_at(r, 0), false) ? by_text(&v->aliases, text_at(r, 0), true) : NULL;

		if (x && (is_new(x) || strcmp(text_at(r, 1), (const char *)(intptr_t)x->w) < 0))
			x->w = (int64_t)(intptr_t)keep_text(v, text_at(r, 1));
	}
}

/* What the lists of providers hold now, and what only the inventory knows. */
static void read_kept(struct reader *r, struct unused *v)
{
	while (rows(r, "SELECT source, account, credential, first_ms FROM credential_state")) {
		struct slot *x;

		if (int_at(r, 3) >= T0)
			continue;
		v->newest.key.len = 0;
		for (int i = 0; i < 3; i++)
			piece(&v->newest, text_at(r, i));
		x = find(&v->newest, true);
		if (is_new(x) || int_at(r, 3) > x->w)
			x->w = int_at(r, 3);
	}
	while (rows(r, "SELECT source, account, credential, first_ms, seen_ms, gone_ms, status, created_ms, used_ms FROM credential_state")) {
		const struct slot *x = by_text(&v->accounts, text_at(r, 1), false), *i;
		const char *account = x ? x->key : NULL, *id;

		if (!x || int_at(r, 3) >= T0 || int_at(r, 4) < FROM || (!afd_query_is_null(r->q, 5) && int_at(r, 5) < T0) || !in_use(text_at(r, 6)))
			continue;
		v->newest.key.len = 0;
		for (int k = 0; k < 3; k++)
			piece(&v->newest, text_at(r, k));
		if (find(&v->newest, false)->w != int_at(r, 3))
			continue;
		id = meant(v, text_at(r, 2));
		if (id)
			by_text(&v->listed, id, true);
		i = id ? by_text(&v->ids, id, false) : NULL;
		if (i && i->v)
			continue;
		*AFD_PUSH(&v->a, v->kept, v->n) = (struct kept){ .credential = id ? id : keep_text(v, text_at(r, 2)), .account = account,
			.since = afd_query_is_null(r->q, 7) ? int_at(r, 3) : int_at(r, 7), .told = afd_query_is_null(r->q, 8) ? 0 : int_at(r, 8),
			.is_told = !afd_query_is_null(r->q, 8) };
	}
	while (rows(r, "SELECT id, issued_ms, recorded_at FROM credential")) {
		const struct slot *x = by_text(&v->ids, text_at(r, 0), false);

		if (!x->v && !by_text(&v->listed, x->key, false))
			*AFD_PUSH(&v->a, v->kept, v->n) = (struct kept){ .credential = x->key, .since = afd_query_is_null(r->q, 1) ? int_at(r, 2) : int_at(r, 1) };
	}
}

static void use(struct unused *v, const char *name, int64_t t)
{
	const char *id = meant(v, name);
	struct slot *x = by_text(&v->used, id ? id : name, true);

	if (is_new(x) || t > x->w)
		x->w = t;
}

static void read_uses(struct reader *r, struct unused *v)
{
	while (rows(r, "SELECT zone, credential, outcome, t_from, t_to FROM claim"))
		if (text_at(r, 1) && int_at(r, 3) < T0 && by_text(&v->zones, text_at(r, 0), false) &&
		    (strcmp(text_at(r, 2), "applied") == 0 || strcmp(text_at(r, 2), "no-change") == 0))
			use(v, text_at(r, 1), int_at(r, 4));
	while (rows(r, "SELECT account, credential, actor, outcome, t_from, t_to FROM event")) {
		if (int_at(r, 4) >= T0 || strcmp(text_at(r, 3), "failure") == 0 || !by_text(&v->accounts, text_at(r, 0), false))
			continue;
		for (int i = 1; i < 3; i++)
			if (text_at(r, i))
				use(v, text_at(r, i), int_at(r, 5));
	}
}

static void place(struct unused *v, const char *credential, const char *name)
{
	by_text(&v->placed, credential, true);
	if (!by_text(&v->readable, name, false))
		by_text(&v->dark, credential, true);
}

/* Where each can be used, as far as anybody says. */
static void read_placed(struct reader *r, struct unused *v)
{
	for (size_t i = 0; i < v->n; i++)
		if (v->kept[i].account)
			place(v, v->kept[i].credential, v->kept[i].account);
	while (rows(r, "SELECT credential, owner, suffix, withdrawn_at, recorded_at FROM credential_scope")) {
		const char *name = *text_at(r, 2) ? text_at(r, 2) + 1 : text_at(r, 1), *zone = name;

		if (int_at(r, 3) <= T0 || int_at(r, 4) > T0)
			continue;
		while (zone && !by_text(&v->all_zones, zone, false))
			zone = above(zone);
		place(v, text_at(r, 0), zone ? zone : name);
	}
	while (rows(r, "SELECT credential, scope, valid_from, valid_to FROM credential_grant"))
		if (int_at(r, 2) < T0 && int_at(r, 3) > FROM)
			place(v, text_at(r, 0), text_at(r, 1));
	while (rows(r, "SELECT credential, account FROM actor"))
		if (text_at(r, 0) && *text_at(r, 1))
			place(v, text_at(r, 0), text_at(r, 1));
}

static bool any_unread(struct unused *v, const struct map *m)
{
	for (size_t i = 0; i < m->cap; i++)
		if (m->at[i].key && !by_text(&v->readable, m->at[i].key, false))
			return true;
	return false;
}

/* It can be used where no log is read. */
static bool is_dark(struct unused *v, const char *credential, bool zone, bool account)
{
	static const char *const remote[] = { "api-token", "api-key", "access-key", "service-account" };
	const struct slot *x;
	const char *kind;

	if (by_text(&v->placed, credential, false))
		return by_text(&v->dark, credential, false);
	x = by_text(&v->ids, credential, false);
	kind = x && x->w ? (const char *)(intptr_t)x->w : "";
	if (strcmp(kind, "tsig-key") == 0)
		return zone;
	for (size_t i = 0; i < AFD_COUNT(remote); i++)
		if (strcmp(kind, remote[i]) == 0)
			return account || !v->accounts.n;
	return zone || account;
}

int join_credential_unused(struct afd_store *s, size_t findings[2], struct afd_error *err)
{
	struct unused v = { 0 };
	struct map *const all[] = { &v.zones, &v.accounts, &v.all_zones, &v.logs, &v.readable, &v.ids, &v.others, &v.aliases, &v.newest, &v.listed,
		&v.used, &v.placed, &v.dark, &v.found };
	struct reader r = { .s = s, .err = err };
	bool zone, account;

	for (size_t i = 0; i < AFD_COUNT(all); i++)
		all[i]->a = &v.a;
	findings[1] = 0;
	read_logs(&r, &v);
	read_names(&r, &v);
	read_kept(&r, &v);
	read_uses(&r, &v);
	read_placed(&r, &v);
	zone = any_unread(&v, &v.zones);
	account = any_unread(&v, &v.accounts);
	for (size_t i = 0; i < v.n; i++) {
		const struct kept *k = &v.kept[i];
		const struct slot *u = by_text(&v.used, k->credential, false);

		if (k->since >= IDLE_FROM || k->told >= IDLE_FROM || (u && u->w > IDLE_FROM) || (!k->is_told && is_dark(&v, k->credential, zone, account)))
			continue;
		v.found.key.len = 0;
		piece(&v.found, k->credential);
		tell(&v.found, findings, true);
	}
	for (size_t i = 0; i < AFD_COUNT(all); i++)
		map_release(all[i]);
	afd_arena_release(&v.a);
	return r.failed;
}
