/* The joins for checks of which records were changed, and how often. */
#include "check_joins.h"

#include <stdio.h>

/* --- zone-record-churn --- */

struct step { int64_t id, from, to, gain, size; const char *zone; bool timed; };
struct touched { size_t step; int64_t n; const char *what; };     /* WHAT: owner and type, which count for a zone together */
struct busy { const char *zone; int64_t day, possible, certain, size; };
struct churn {
	struct afd_arena a;
	struct step *step; size_t n_step;
	struct touched *touched; size_t n_touched;
	struct busy *busy; size_t n_busy;
	struct map zones, accounts, times, changes, parts, whats, days, found;
};

static void read_steps(struct reader *r, struct churn *v)
{
	our_places(r, &v->zones, &v->accounts);
	while (rows(r, "SELECT change_id, t_from, t_to FROM change_time")) {
		struct slot *x = by_number(&v->times, int_at(r, 0), true);

		x->v = int_at(r, 1);
		x->w = int_at(r, 2);
	}
	while (rows(r, "SELECT id, zone FROM change")) {
		const struct slot *z = by_text(&v->zones, text_at(r, 1), false), *t;
		struct step *p = z ? AFD_PUSH(&v->a, v->step, v->n_step) : NULL;

		if (!p)
			continue;
		t = by_number(&v->times, int_at(r, 0), false);
		*p = (struct step){ .id = int_at(r, 0), .zone = z->key, .timed = t && t->v < T0 && t->w > FROM, .from = t ? t->v : 0, .to = t ? t->w : 0 };
		by_number(&v->changes, p->id, true)->first = v->n_step - 1;
	}
}

static bool counts(const char *owner)
{
	const char *at = strstr(owner, "_acme-challenge.");
	const size_t n = strlen(owner);

	for (; at; at = strstr(at + 1, "_acme-challenge."))
		if (at == owner || at[-1] == '.')
			return false;
	return strcmp(owner, "-") != 0 && (n < 2 || strcmp(owner + n - 2, ".-") != 0);      /* exempt */
}

static void read_touched(struct reader *r, struct churn *v)
{
	while (rows(r, "SELECT change_id, owner, type, op FROM change_record")) {
		const struct slot *c = by_number(&v->changes, int_at(r, 0), false);
		struct slot *x;

		if (!c)
			continue;
		v->step[c->first].gain += strcmp(text_at(r, 3), "add") == 0 ? 1 : -1;
		if (!v->step[c->first].timed || !counts(text_at(r, 1)))
			continue;
		v->parts.key.len = 0;
		number(&v->parts, int_at(r, 0));
		piece(&v->parts, text_at(r, 1));
		piece(&v->parts, text_at(r, 2));
		x = find(&v->parts, true);
		if (is_new(x)) {
			*AFD_PUSH(&v->a, v->touched, v->n_touched) = (struct touched){ .step = c->first, .what = x->key + sizeof(int64_t) };
			x->first = v->n_touched - 1;
		}
		v->touched[x->first].n++;
	}
}

static void read_days(struct churn *v)
{
	for (size_t i = 0; i < v->n_touched; i++) {
		const struct step *s = &v->step[v->touched[i].step];
		const int64_t day = (s->to - 1) / AFD_DAY;
		struct busy *b;
		struct slot *x;

		v->days.key.len = 0;
		piece(&v->days, s->zone);
		number(&v->days, day);
		x = find(&v->days, true);
		if (is_new(x)) {
			*AFD_PUSH(&v->a, v->busy, v->n_busy) = (struct busy){ .zone = s->zone, .day = day, .size = INT64_MIN };
			x->first = v->n_busy - 1;
		}
		b = &v->busy[x->first];
		b->possible += v->touched[i].n;
		b->certain += s->from / AFD_DAY == day ? v->touched[i].n : 0;
		b->size = s->size > b->size ? s->size : b->size;
	}
}

static int latest_first(const void *a, const void *b)
{
	const struct step *x = a, *y = b;

	return (x->id < y->id) - (x->id > y->id);
}

/* How large the zone was before each change, from what is there now. */
static void read_sizes(struct reader *r, struct churn *v)
{
	struct map now = { .a = &v->a };

	while (rows(r, "SELECT zone, valid_to FROM record"))
		if (int_at(r, 1) == AFD_FOREVER && by_text(&v->zones, text_at(r, 0), false))
			by_text(&now, text_at(r, 0), true)->v++;
	for (size_t i = 0; i < v->n_step; i++) {
		struct slot *x = by_text(&now, v->step[i].zone, true);

		x->v -= v->step[i].gain;
		v->step[i].size = x->v;
	}
	map_release(&now);
}

static int by_change(const void *a, const void *b)
{
	const struct touched *x = a, *y = b;

	return (x->step > y->step) - (x->step < y->step);
}

/* Steps stand from the latest to the earliest: of four changes of a record the last was met three before. */
static void tell_flips(struct churn *v, size_t findings[2])
{
	struct pass { size_t last[3], n; } *pass = NULL;
	size_t n = 0;

	if (v->n_touched)
		qsort(v->touched, v->n_touched, sizeof *v->touched, by_change);
	for (size_t i = 0; i < v->n_touched; i++) {
		const struct step *s = &v->step[v->touched[i].step];
		const char *owner = v->touched[i].what, *type = owner + strlen(owner) + 1;
		struct slot *x;
		struct pass *p;

		v->whats.key.len = 0;
		piece(&v->whats, s->zone);
		piece(&v->whats, owner);
		piece(&v->whats, type);
		x = find(&v->whats, true);
		if (is_new(x)) {
			*AFD_PUSH(&v->a, pass, n) = (struct pass){ .n = 0 };
			x->first = n - 1;
		}
		p = &pass[x->first];
		if (p->n >= 3) {
			const struct step *l = &v->step[p->last[p->n % 3]];

			if (l->from - (s->to - 1) < AFD_DAY) {
				v->found.key.len = 0;
				piece(&v->found, s->zone);
				piece(&v->found, owner);
				piece(&v->found, type);
				tell(&v->found, findings, l->to - 1 - s->from < AFD_DAY);
			}
		}
		p->last[p->n++ % 3] = v->touched[i].step;
	}
}

int join_record_churn(struct afd_store *s, size_t findings[2], struct afd_error *err)
{
	struct churn v = { 0 };
	struct map *const all[] = { &v.zones, &v.accounts, &v.times, &v.changes, &v.parts, &v.whats, &v.days, &v.found };
	struct reader r = { .s = s, .err = err };

	for (size_t i = 0; i < AFD_COUNT(all); i++)
		all[i]->a = &v.a;
	findings[1] = 0;
	read_steps(&r, &v);
	if (v.n_step)
		qsort(v.step, v.n_step, sizeof *v.step, latest_first);
	for (size_t i = 0; i < v.n_step; i++)
		by_number(&v.changes, v.step[i].id, false)->first = i;
	read_touched(&r, &v);
	read_sizes(&r, &v);
	read_days(&v);
	for (size_t i = 0; i < v.n_busy; i++) {
		const struct busy *b = &v.busy[i];

		if (b->possible <= 50 || b->possible * 100 <= b->size * 5)
			continue;
		v.found.key.len = 0;
		piece(&v.found, b->zone);
		number(&v.found, b->day);
		tell(&v.found, findings, b->certain > 50 && b->certain * 100 > b->size * 5);
	}
	tell_flips(&v, findings);
	for (size_t i = 0; i < AFD_COUNT(all); i++)
		map_release(all[i]);
	afd_arena_release(&v.a);
	return r.failed;
}

/* --- delegation-change-unapproved --- */

struct tenure { int64_t from, to; bool at_start; size_t next; };
struct given { const char *kind; int64_t from, to, until, recorded; size_t next; };
struct turn { int64_t from, to, seen, serial[2]; const char *zone; bool again; };
struct turned { size_t turn; const char *owner, *type; unsigned ops; };
struct delegation {
	struct afd_arena a;
	struct tenure *tenure; size_t n_tenure;
	struct given *given; size_t n_given;         /* the first of each stands for none */
	struct turn *turn; size_t n_turn;
	struct turned *turned; size_t n_turned;
	struct map zones, accounts, servers, approved, times, serials, changes, parts, touched, found;
};

static void read_servers(struct reader *r, struct delegation *v)
{
	our_places(r, &v->zones, &v->accounts);
	while (rows(r, "SELECT zone, rdata, valid_from, valid_to, at_start FROM record WHERE type = 'NS'")) {
		char *host = by_text(&v->zones, text_at(r, 0), false) ? afd_arena_text(&v->a, text_at(r, 1)) : NULL;
		struct slot *x;

		if (!host || !*host)
			continue;
		host[strlen(host) - 1] = '\0';
		x = by_text(&v->servers, host, true);
		*AFD_PUSH(&v->a, v->tenure, v->n_tenure) = (struct tenure){ int_at(r, 2), int_at(r, 3), int_at(r, 4) == 1, x->first };
		x->first = v->n_tenure - 1;
	}
	while (rows(r, "SELECT subject, kind, valid_from, valid_to, withdrawn_at, recorded_at FROM approval")) {
		struct slot *x = by_text(&v->approved, text_at(r, 0), true);

		*AFD_PUSH(&v->a, v->given, v->n_given) =
			(struct given){ afd_arena_text(&v->a, text_at(r, 1)), int_at(r, 2), int_at(r, 3), int_at(r, 4), int_at(r, 5), x->first };
		x->first = v->n_given - 1;
	}
}

static void read_turns(struct reader *r, struct delegation *v)
{
	while (rows(r, "SELECT change_id, t_from, t_to FROM change_time")) {
		struct slot *x = by_number(&v->times, int_at(r, 0), true);

		x->v = int_at(r, 1);
		x->w = int_at(r, 2);
	}
	while (rows(r, "SELECT id, zone, serial_from, serial_to, t_from FROM change ORDER BY id")) {
		const struct slot *z = by_text(&v->zones, text_at(r, 1), false), *t = by_number(&v->times, int_at(r, 0), false);
		bool again;

		if (!z)
			continue;
		v->serials.key.len = 0;
		piece(&v->serials, z->key);
		number(&v->serials, int_at(r, 2));
		number(&v->serials, int_at(r, 3));
		again = !is_new(find(&v->serials, true)) || int_at(r, 2) == int_at(r, 3);
		if (!t || t->v >= T0 || t->w <= FROM)
			continue;
		*AFD_PUSH(&v->a, v->turn, v->n_turn) = (struct turn){ t->v, t->w, int_at(r, 4), { int_at(r, 2), int_at(r, 3) }, z->key, again };
		by_number(&v->changes, int_at(r, 0), true)->first = v->n_turn - 1;
	}
}

static bool is_host(const char *type)
{
	return type[0] == 'A';
}

static void read_turned(struct reader *r, struct delegation *v)
{
	static const char *const types[] = { "NS", "DS", "CAA", "MX", "A", "AAAA" };

	while (rows(r, "SELECT change_id, owner, type, rdata, op FROM change_record")) {
		const struct slot *c = NULL;
		const char *type = NULL;
		struct slot *x;

		for (size_t i = 0; i < AFD_COUNT(types) && !type; i++)
			type = strcmp(types[i], text_at(r, 2)) == 0 ? types[i] : NULL;
		if (!type || (is_host(type) && !by_text(&v->servers, text_at(r, 1), false)) || !(c = by_number(&v->changes, int_at(r, 0), false)))
			continue;
		v->parts.key.len = 0;
		number(&v->parts, int_at(r, 0));
		for (int i = 1; i < 4; i++)
			piece(&v->parts, text_at(r, i));
		x = find(&v->parts, true);
		if (is_new(x)) {
			*AFD_PUSH(&v->a, v->turned, v->n_turned) = (struct turned){ .turn = c->first, .owner = x->key + sizeof(int64_t), .type = type };
			x->first = v->n_turned - 1;
		}
		v->turned[x->first].ops |= strcmp(text_at(r, 4), "add") == 0 ? 1 : 2;
	}
}

/* A host that was a name server before that step. */
static bool was_server(struct delegation *v, const char *host, int64_t seen)
{
	for (size_t i = by_text(&v->servers, host, false)->first; i; i = v->tenure[i].next)
		if ((v->tenure[i].at_start || v->tenure[i].from < seen) && v->tenure[i].to > seen)
			return true;
	return false;
}

enum { FULLY = 1, PARTLY = 2 };

static unsigned how_approved(struct delegation *v, const struct turn *t, const char *subject, const char *const kinds[], size_t n)
{
	const struct slot *x = by_text(&v->approved, subject, false);
	unsigned how = 0;

	for (size_t i = x ? x->first : 0; i; i = v->given[i].next) {
		const struct given *g = &v->given[i];

		for (size_t k = 0; k < n; k++) {
			if (strcmp(g->kind, kinds[k]) != 0)
				continue;
			how |= g->from <= t->from && g->to >= t->to && g->until >= t->to && g->recorded <= t->from ? FULLY : 0;
			how |= g->from < t->to && g->to > t->from && g->until > t->from ? PARTLY : 0;
		}
	}
	return how;
}

static unsigned approval_of(struct delegation *v, const struct turned *d)
{
	static const char *const own[][2] = { { "NS", "ns.change" }, { "DS", "ds.change" }, { "CAA", "caa.change" }, { "MX", "mx.change" } };
	const struct turn *t = &v->turn[d->turn];
	unsigned how = 0;

	if (is_host(d->type)) {
		const char *const kinds[] = { strcmp(d->type, "A") == 0 ? "a.change" : "aaaa.change", "address.change", "record.change" };

		return how_approved(v, t, d->owner, kinds, 3) | how_approved(v, t, t->zone, (const char *const[]){ "ns.change" }, 1);
	}
	for (size_t i = 0; i < AFD_COUNT(own); i++)
		how |= strcmp(own[i][0], d->type) == 0 ? how_approved(v, t, d->owner, &own[i][1], 1) : 0;
	return how;
}

int join_delegation_unapproved(struct afd_store *s, size_t findings[2], struct afd_error *err)
{
	struct delegation v = { 0 };
	struct map *const all[] = { &v.zones, &v.accounts, &v.servers, &v.approved, &v.times, &v.serials, &v.changes, &v.parts, &v.touched, &v.found };
	struct reader r = { .s = s, .err = err };

	for (size_t i = 0; i < AFD_COUNT(all); i++)
		all[i]->a = &v.a;
	findings[1] = 0;
	(void)AFD_PUSH(&v.a, v.tenure, v.n_tenure);
	(void)AFD_PUSH(&v.a, v.given, v.n_given);
	read_servers(&r, &v);
	read_turns(&r, &v);
	read_turned(&r, &v);
	for (size_t i = 0; i < v.n_turned; i++) {
		const struct turned *d = &v.turned[i];
		const struct turn *t = &v.turn[d->turn];
		unsigned how;

		if (d->ops == 3 || (is_host(d->type) && !was_server(&v, d->owner, t->seen)))
			continue;
		v.touched.key.len = 0;
		number(&v.touched, (int64_t)d->turn);
		piece(&v.touched, d->owner);
		piece(&v.touched, d->type);
		if (!is_new(find(&v.touched, true)) || (how = approval_of(&v, d)) & FULLY)
			continue;
		v.found.key.len = 0;
		piece(&v.found, t->zone);
		number(&v.found, t->serial[0]);
		number(&v.found, t->serial[1]);
		piece(&v.found, d->type);
		piece(&v.found, is_host(d->type) ? d->owner : NULL);
		number(&v.found, t->again ? t->seen : INT64_MIN);
		tell(&v.found, findings, !how);
	}
	for (size_t i = 0; i < AFD_COUNT(all); i++)
		map_release(all[i]);
	afd_arena_release(&v.a);
	return r.failed;
}
