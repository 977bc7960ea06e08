/* The joins for checks of what is served. */
#include "check_joins.h"

/* --- zone-served-as-declared --- */

struct side {
	int64_t c_from, c_to, p_from, p_to, known_from, known_to;
	const char *zone, *owner, *type, *rdata;
	size_t next;
	bool served;
};
struct sides {
	struct afd_arena a;
	struct side *at; size_t n;
	struct map key[2];                     /* declared, served: the newest of each record */
};

static void put_side(struct sides *v, const struct side *d, struct reader *r)
{
	struct map *m = &v->key[d->served];
	struct side *p = AFD_PUSH(&v->a, v->at, v->n);
	struct slot *x;

	*p = *d;
	p->zone = afd_arena_text(&v->a, text_at(r, 0));
	p->owner = afd_arena_text(&v->a, text_at(r, 1));
	p->type = afd_arena_text(&v->a, text_at(r, 2));
	p->rdata = afd_arena_text(&v->a, text_at(r, 3));
	m->key.len = 0;
	for (int i = 0; i < 4; i++)
		piece(m, text_at(r, i));
	x = find(m, true);
	p->next = x->first;
	x->first = v->n - 1;
}

/* The others of the same record. */
static size_t others(struct sides *v, const struct side *d)
{
	struct map *m = &v->key[!d->served];
	const struct slot *x;

	m->key.len = 0;
	piece(m, d->zone);
	piece(m, d->owner);
	piece(m, d->type);
	piece(m, d->rdata);
	x = find(m, false);
	return x ? x->first : 0;
}

static struct slot *record_at(struct map *m, struct reader *r, int first, int64_t t, bool make)
{
	m->key.len = 0;
	for (int i = first; i < first + 3; i++)
		piece(m, text_at(r, i));
	number(m, t);
	return find(m, make);
}

/* Came: latest time of an add, by when it began. Went: earliest time of a deletion, by when it was over; of the deletions of one
 * end only those that began within the record's life count, and all of this store do. */
static void read_moves(struct reader *r, struct map *times, struct map *came, struct map *went)
{
	while (rows(r, "SELECT change_id, t_from, t_to FROM change_time")) {
		struct slot *x = by_number(times, int_at(r, 0), true);

		x->v = int_at(r, 1);
		x->w = int_at(r, 2) - 1;
	}
	while (rows(r, "SELECT change_id, owner, type, rdata, op, t_from, t_to FROM change_record")) {
		const bool add = strcmp(text_at(r, 4), "add") == 0;
		const struct slot *t = by_number(times, int_at(r, 0), false);
		struct slot *x = t ? record_at(add ? came : went, r, 1, int_at(r, add ? 5 : 6), true) : NULL;

		if (x && (is_new(x) || (add ? t->w > x->w : t->v < x->w)))
			x->w = add ? t->w : t->v;
	}
}

static bool left_out(const struct side *d, struct map *declared)
{
	const char *dot = strchr(d->owner, '.');

	if (strcmp(d->type, "TXT") == 0 && (strncmp(d->owner, "_acme-challenge.", 16) == 0 ||
					    (d->owner[0] == '_' && dot && strncmp(dot, "._acme-challenge.", 17) == 0)))
		return true;
	if (strcmp(d->type, "DNSKEY") != 0 && strcmp(d->type, "CDS") != 0 && strcmp(d->type, "CDNSKEY") != 0 &&
	    !(strcmp(d->type, "NS") == 0 && strcmp(d->owner, d->zone) == 0))
		return false;
	declared->key.len = 0;
	piece(declared, d->zone);
	piece(declared, d->owner);
	piece(declared, d->type);
	return !find(declared, false);
}

static bool lacks(const struct sides *v, const struct side *d, size_t other, int64_t from)
{
	int64_t to = AFD_FOREVER;

	for (size_t i = other; i; i = v->at[i].next) {
		const struct side *o = &v->at[i];

		if (o->p_from <= from && o->p_to > from)
			return false;
		if (o->p_from > from && o->p_from < to)
			to = o->p_from;
	}
	to = to < d->c_to ? to : d->c_to;
	to = to < d->known_to ? to : d->known_to;
	to = to < T0 ? to : T0;
	return to - from > 15 * 60000 && from + 15 * 60000 < T0 && to > FROM;
}

static size_t lacking(struct sides *v, struct map *declared, struct map *found)
{
	size_t n = 0;

	for (size_t i = 1; i < v->n; i++) {
		const struct side *d = &v->at[i];
		const int64_t begins = d->c_from > d->known_from ? d->c_from : d->known_from;
		const size_t other = others(v, d);

		if (left_out(d, declared))
			continue;
		for (size_t k = i;; k = k == i ? other : v->at[k].next) {       /* its own begin, then the ends of the others */
			const int64_t from = k == i ? begins : k ? v->at[k].p_to : 0;

			if (!k)
				break;
			if ((k != i && (from <= begins || from >= d->c_to)) || !lacks(v, d, other, from))
				continue;
			found->key.len = 0;
			piece(found, d->zone);
			piece(found, d->served ? "served" : "declared");
			piece(found, d->owner);
			piece(found, d->type);
			piece(found, d->rdata);
			number(found, from);
			n += is_new(find(found, true));
		}
	}
	return n;
}

int join_served_as_declared(struct afd_store *s, size_t *findings, struct afd_error *err)
{
	struct sides v = { 0 };
	struct map zones = { .a = &v.a }, accounts = { .a = &v.a }, since = { .a = &v.a }, until = { .a = &v.a }, looked = { .a = &v.a }, times = { .a = &v.a },
		came = { .a = &v.a }, went = { .a = &v.a }, declared = { .a = &v.a }, found = { .a = &v.a };
	struct map *const all[] = { &zones, &accounts, &since, &until, &looked, &times, &came, &went, &declared, &found, &v.key[0], &v.key[1] };
	struct reader r = { .s = s, .err = err };

	v.key[0].a = v.key[1].a = &v.a;
	(void)AFD_PUSH(&v.a, v.at, v.n);
	our_places(&r, &zones, &accounts);
	while (rows(&r, "SELECT zone, owner, type, valid_from FROM declared_record")) {
		struct slot *x = by_text(&since, text_at(&r, 0), true);

		if (is_new(x) || int_at(&r, 3) < x->w)
			x->w = int_at(&r, 3);
		declared.key.len = 0;
		for (int i = 0; i < 3; i++)
			piece(&declared, text_at(&r, i));
		find(&declared, true);
	}
	while (rows(&r, "SELECT scope, t_to FROM coverage WHERE evidence = 'zone-declared' AND grade > 0")) {
		struct slot *x = by_text(&until, text_at(&r, 0), true);

		if (int_at(&r, 1) - 1 > x->w)
			x->w = int_at(&r, 1) - 1;
	}
	while (rows(&r, "SELECT name, first_ms, seen_ms FROM zone"))
		if (by_text(&since, text_at(&r, 0), false) && by_text(&zones, text_at(&r, 0), false)) {
			struct slot *x = by_text(&looked, text_at(&r, 0), true);

			x->v = int_at(&r, 1);
			x->w = int_at(&r, 2);
		}
	read_moves(&r, &times, &came, &went);
	while (rows(&r, "SELECT zone, owner, type, rdata, valid_from, valid_to, at_start FROM record")) {
		const struct slot *l = by_text(&looked, text_at(&r, 0), false), *u, *c, *w;
		struct side d = { .served = true, .p_from = int_at(&r, 4), .p_to = int_at(&r, 5) };

		if (!l)
			continue;
		u = by_text(&until, text_at(&r, 0), false);
		c = int_at(&r, 6) ? NULL : record_at(&came, &r, 1, d.p_from, false);
		w = record_at(&went, &r, 1, d.p_to, false);
		d.c_from = c ? c->w : d.p_from;
		d.c_to = d.p_to == AFD_FOREVER ? l->w : w ? w->w : d.p_to;
		d.known_from = by_text(&since, text_at(&r, 0), false)->w;
		d.known_to = u ? u->w : 0;
		put_side(&v, &d, &r);
	}
	/* no statement of coverage of this store begins before a declaration's change and ends after it: nothing to narrow */
	while (rows(&r, "SELECT zone, owner, type, rdata, valid_from, valid_to FROM declared_record")) {
		const struct slot *l = by_text(&looked, text_at(&r, 0), false), *u;
		struct side d = { .p_from = int_at(&r, 4), .p_to = int_at(&r, 5) };

		if (!l)
			continue;
		u = by_text(&until, text_at(&r, 0), false);
		d.c_from = d.p_from;
		d.c_to = d.p_to == AFD_FOREVER ? (u ? u->w : 0) : d.p_to;
		d.known_from = l->v;
		d.known_to = l->w;
		put_side(&v, &d, &r);
	}
	*findings = lacking(&v, &declared, &found);
	for (size_t i = 0; i < AFD_COUNT(all); i++)
		map_release(all[i]);
	afd_arena_release(&v.a);
	return r.failed;
}
