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

int join_not_in_inventory(struct afd_store *s, size_t *findings, struct afd_error *err)
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

int join_address_limits(struct afd_store *s, size_t *findings, struct afd_error *err)
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
