/* The joins for checks of changes of zones. */
#include "check_joins.h"

#include <stdio.h>
#include <strings.h>

/* --- zone-change-unattributed --- */

enum { RECORDS = 1, SURE = 2, TOLD = 4 };

int join_unattributed(struct afd_store *s, size_t findings[2], struct afd_error *err)
{
	struct afd_arena a = { 0 };
	struct map zones = { .a = &a }, accounts = { .a = &a }, by_change = { .a = &a }, times = { .a = &a }, who = { .a = &a }, serials = { .a = &a },
		found = { .a = &a };
	struct reader r = { .s = s, .err = err };

	our_places(&r, &zones, &accounts);
	while (rows(&r, "SELECT id, credential, actor, kind FROM claim"))
		if (text_at(&r, 1) || (text_at(&r, 2) && strcmp(text_at(&r, 3), "commit") != 0))
			by_number(&who, int_at(&r, 0), true);
	while (rows(&r, "SELECT change_id FROM change_record"))
		by_number(&by_change, int_at(&r, 0), true)->v |= RECORDS;
	while (rows(&r, "SELECT change_id, claim_id, rank, ambiguous FROM change_claim")) {
		struct slot *x = by_number(&by_change, int_at(&r, 0), true);

		if (int_at(&r, 2) >= 2)
			x->v |= (int_at(&r, 3) ? 0 : SURE) | (by_number(&who, int_at(&r, 1), false) ? TOLD : 0);
	}
	while (rows(&r, "SELECT change_id, t_from, t_to FROM change_time")) {
		struct slot *x = by_number(&times, int_at(&r, 0), true);

		x->v = int_at(&r, 1);
		x->w = int_at(&r, 2);
	}
	while (rows(&r, "SELECT id, zone, serial_from, serial_to, t_from FROM change ORDER BY id")) {
		const struct slot *x = by_number(&by_change, int_at(&r, 0), false), *t = by_number(&times, int_at(&r, 0), false);
		bool again;

		serials.key.len = found.key.len = 0;
		piece(&serials, text_at(&r, 1));
		number(&serials, int_at(&r, 2));
		number(&serials, int_at(&r, 3));
		again = !is_new(find(&serials, true)) || int_at(&r, 2) == int_at(&r, 3);
		if (!x || !t || !(x->v & RECORDS) || ((x->v & SURE) && (x->v & TOLD)) || t->v >= T0 || t->w <= FROM || !by_text(&zones, text_at(&r, 1), false))
			continue;
		piece(&found, text_at(&r, 1));
		number(&found, int_at(&r, 2));
		number(&found, int_at(&r, 3));
		number(&found, again ? int_at(&r, 4) : INT64_MIN);
		*findings += is_new(find(&found, true));
	}
	map_release(&zones);
	map_release(&accounts);
	map_release(&by_change);
	map_release(&times);
	map_release(&who);
	map_release(&serials);
	map_release(&found);
	afd_arena_release(&a);
	return r.failed;
}

/* --- change-verified-live; every end point of this store is port 443 of its host --- */

struct sight { int64_t t; size_t next; };
struct move { const char *host; int64_t change; };

static bool was_looked(const struct sight *sight, const struct slot *host, int64_t from, int64_t to, int64_t within)
{
	for (size_t i = host->first; i; i = sight[i].next)
		if (sight[i].t >= to - 1 && sight[i].t <= from + within)
			return true;
	return false;
}

int join_verified_live(struct afd_store *s, size_t findings[2], struct afd_error *err)
{
	const int64_t within = AFD_DAY;
	struct afd_arena a = { 0 };
	struct map zones = { .a = &a }, accounts = { .a = &a }, points = { .a = &a }, times = { .a = &a }, changes = { .a = &a }, moved = { .a = &a };
	struct map *const all[] = { &zones, &accounts, &points, &times, &changes, &moved };
	struct reader r = { .s = s, .err = err };
	struct sight *sight = NULL;
	struct move *move = NULL;
	size_t n_sight = 0, n_move = 0;

	(void)AFD_PUSH(&a, sight, n_sight);
	our_places(&r, &zones, &accounts);
	while (rows(&r, "SELECT scope, retired_ms FROM source_scope WHERE evidence = 'tls-live'")) {
		char *host = afd_arena_text(&a, text_at(&r, 0)), *colon = strchr(host, ':');

		if (int_at(&r, 1) <= FROM || !colon)
			continue;
		*colon = '\0';
		by_text(&points, host, true);
	}
	while (rows(&r, "SELECT host, t FROM endpoint")) {
		struct slot *x = by_text(&points, text_at(&r, 0), false);
		struct sight *p = x ? AFD_PUSH(&a, sight, n_sight) : NULL;

		if (!p)
			continue;
		*p = (struct sight){ int_at(&r, 1), x->first };
		x->first = n_sight - 1;
	}
	while (rows(&r, "SELECT change_id, t_from, t_to FROM change_time")) {
		struct slot *x = by_number(&times, int_at(&r, 0), true);

		x->v = int_at(&r, 1);
		x->w = int_at(&r, 2);
	}
	while (rows(&r, "SELECT id, zone FROM change"))
		if (by_text(&zones, text_at(&r, 1), false))
			by_number(&changes, int_at(&r, 0), true);
	while (rows(&r, "SELECT change_id, owner, type, op FROM change_record")) {
		const char *type = text_at(&r, 2);
		struct slot *x = strcmp(text_at(&r, 3), "add") == 0 && (strcmp(type, "A") == 0 || strcmp(type, "AAAA") == 0 || strcmp(type, "CNAME") == 0)
					 ? by_text(&points, text_at(&r, 1), false) : NULL;
		struct move *p;

		if (!x || !by_number(&changes, int_at(&r, 0), false))
			continue;
		moved.key.len = 0;
		piece(&moved, x->key);
		number(&moved, int_at(&r, 0));
		if (is_new(find(&moved, true)) && (p = AFD_PUSH(&a, move, n_move)))
			*p = (struct move){ x->key, int_at(&r, 0) };
	}
	for (size_t i = 0; i < n_move; i++) {
		const struct slot *t = by_number(&times, move[i].change, false);

		*findings += t && t->v < T0 && t->w > FROM && t->w - 1 + within < T0 && !was_looked(sight, by_text(&points, move[i].host, false), t->v, t->w, within);
	}
	for (size_t i = 0; i < AFD_COUNT(all); i++)
		map_release(all[i]);
	afd_arena_release(&a);
	return r.failed;
}

/* --- zone-signed-change-unexplained; all zones of this store hold keys in the period --- */

struct leave { const char *kind; int64_t from, to, until, recorded; size_t next; };

static bool is_approved(const struct leave *leave, const struct slot *x, const char *owner, const char *type, int64_t from, int64_t to)
{
	char own[80];

	snprintf(own, sizeof own, "%s.change", type);
	for (size_t i = x ? x->first : 0; i; i = leave[i].next) {
		const struct leave *l = &leave[i];
		const bool kind = strcasecmp(l->kind, own) == 0 || strcmp(l->kind, "record.change") == 0 ||
			(strcmp(l->kind, "address.change") == 0 && (strcmp(type, "A") == 0 || strcmp(type, "AAAA") == 0 || strcmp(type, "CNAME") == 0)) ||
			(strcmp(l->kind, "challenge-delegation.change") == 0 && strncmp(owner, "_acme-challenge.", 16) == 0);

		if (kind && l->from <= from && l->to >= to && l->until >= to && l->recorded <= from)
			return true;
	}
	return false;
}

int join_signed_unexplained(struct afd_store *s, size_t findings[2], struct afd_error *err)
{
	struct afd_arena a = { 0 };
	struct map keys = { .a = &a }, who = { .a = &a }, explained = { .a = &a }, times = { .a = &a }, approved = { .a = &a }, changes = { .a = &a }, found = { .a = &a };
	struct map *const all[] = { &keys, &who, &explained, &times, &approved, &changes, &found };
	struct reader r = { .s = s, .err = err };
	struct leave *leave = NULL;
	size_t n = 0;

	(void)AFD_PUSH(&a, leave, n);
	while (rows(&r, "SELECT zone, owner, type, valid_from, valid_to FROM record"))
		if (strcmp(text_at(&r, 2), "DNSKEY") == 0 && strcmp(text_at(&r, 0), text_at(&r, 1)) == 0 && int_at(&r, 3) < T0 && int_at(&r, 4) > FROM)
			by_text(&keys, text_at(&r, 0), true);
	while (rows(&r, "SELECT id, credential, actor FROM claim"))
		if (text_at(&r, 1) || text_at(&r, 2))
			by_number(&who, int_at(&r, 0), true);
	while (rows(&r, "SELECT change_id, claim_id, rank, ambiguous FROM change_claim"))
		if (int_at(&r, 2) >= 2 && !int_at(&r, 3) && by_number(&who, int_at(&r, 1), false))
			by_number(&explained, int_at(&r, 0), true);
	while (rows(&r, "SELECT change_id, t_from, t_to FROM change_time")) {
		struct slot *x = by_number(&times, int_at(&r, 0), true);

		x->v = int_at(&r, 1);
		x->w = int_at(&r, 2);
	}
	while (rows(&r, "SELECT subject, kind, valid_from, valid_to, withdrawn_at, recorded_at FROM approval")) {
		struct slot *x = by_text(&approved, text_at(&r, 0), true);
		struct leave *p = AFD_PUSH(&a, leave, n);

		*p = (struct leave){ afd_arena_text(&a, text_at(&r, 1)), int_at(&r, 2), int_at(&r, 3), int_at(&r, 4), int_at(&r, 5), x->first };
		x->first = n - 1;
	}
	while (rows(&r, "SELECT id, zone FROM change"))
		if (by_text(&keys, text_at(&r, 1), false) && !by_number(&explained, int_at(&r, 0), false))
			by_number(&changes, int_at(&r, 0), true);
	while (rows(&r, "SELECT change_id, owner, type FROM change_record")) {
		const char *owner = text_at(&r, 1), *type = text_at(&r, 2);
		const struct slot *t = by_number(&changes, int_at(&r, 0), false) ? by_number(&times, int_at(&r, 0), false) : NULL;

		if (!t || t->v >= T0 || t->w <= FROM || strcmp(type, "DNSKEY") == 0 || strcmp(type, "CDS") == 0 || strcmp(type, "CDNSKEY") == 0 ||
		    is_approved(leave, by_text(&approved, owner, false), owner, type, t->v, t->w))
			continue;
		*findings += is_new(by_number(&found, int_at(&r, 0), true));
	}
	for (size_t i = 0; i < AFD_COUNT(all); i++)
		map_release(all[i]);
	afd_arena_release(&a);
	return r.failed;
}

/* --- zone-history-whole --- */

int join_history_whole(struct afd_store *s, size_t findings[2], struct afd_error *err)
{
	AFD_AUTO(arena) struct afd_arena a = { 0 };
	struct reader r = { .s = s, .err = err };
	struct map zones = { .a = &a }, accounts = { .a = &a }, last = { .a = &a }, found = { .a = &a };

	findings[0] = findings[1] = 0;
	our_places(&r, &zones, &accounts);
	while (rows(&r, "SELECT zone, serial_from, serial_to, t_from, t_to, kind, merged, anomalies FROM change ORDER BY id")) {
		const int64_t from = int_at(&r, 1);
		struct slot *x = by_text(&zones, text_at(&r, 0), false) ? by_text(&last, text_at(&r, 0), true) : NULL;
		bool gap;

		if (!x)
			continue;
		gap = x->w && x->v != from && x->v >= 0 && (uint32_t)(from - x->v) < UINT32_C(2147483648);
		x->v = int_at(&r, 2);
		x->w = 1;
		if (int_at(&r, 3) >= T0 || int_at(&r, 4) <= FROM || strcmp(text_at(&r, 5), "difference") != 0 ||
		    !(text_at(&r, 6) || from == -1 || int_at(&r, 7) > 0 || gap))
			continue;
		found.key.len = 0;
		piece(&found, text_at(&r, 0));
		number(&found, from);
		number(&found, int_at(&r, 2));
		number(&found, int_at(&r, 3));
		tell(&found, findings, !text_at(&r, 6));
	}
	map_release(&zones);
	map_release(&accounts);
	map_release(&last);
	map_release(&found);
	return r.failed;
}
