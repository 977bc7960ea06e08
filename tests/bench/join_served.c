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

int join_served_as_declared(struct afd_store *s, size_t findings[2], struct afd_error *err)
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

/* --- service-binding --- */

struct active { const char *name, *zone; size_t next; };
struct place { const char *host; size_t active; bool address, a, cname; };       /* of services */
struct newest { size_t active, place; const char *address; int64_t t, id; };
struct binding {
	struct afd_arena a;
	struct active *active; size_t n;             /* the first stands for none */
	struct place *place; size_t n_place;
	struct newest *newest; size_t n_newest;
	const char **zone_of; size_t n_zone_of;      /* by domain */
	struct map followed, zones, domains, hosts, cuts, wild, addresses, looks, found;
};

static void read_active(struct reader *r, struct binding *v)
{
	while (rows(r, "SELECT scope FROM source_scope WHERE evidence = 'zone-changes'"))
		by_text(&v->followed, text_at(r, 0), true);
	while (rows(r, "SELECT name, zone FROM domain WHERE in_scope = 1"))
		if (text_at(r, 1) && by_text(&v->followed, text_at(r, 1), false)) {
			*AFD_PUSH(&v->a, v->zone_of, v->n_zone_of) = by_text(&v->followed, text_at(r, 1), false)->key;
			by_text(&v->domains, text_at(r, 0), true)->first = v->n_zone_of - 1;
		}
	while (rows(r, "SELECT name, host, retired_ms FROM service")) {
		const char *host = text_at(r, 1), *name = NULL;

		if (!afd_query_is_null(r->q, 2) || strncmp(host, "*.", 2) == 0)
			continue;
		for (const char *up = host; up; up = above(up)) {
			const struct slot *d = by_text(&v->domains, up, false);
			struct slot *x = d ? by_text(&v->hosts, host, true) : NULL;
			struct place *p;

			if (!x)
				continue;
			if (is_new(x)) {
				*AFD_PUSH(&v->a, v->place, v->n_place) = (struct place){ .host = x->key };
				x->first = v->n_place - 1;
			}
			p = &v->place[x->first];
			name = name ? name : afd_arena_text(&v->a, text_at(r, 0));
			*AFD_PUSH(&v->a, v->active, v->n) = (struct active){ name, v->zone_of[d->first], p->active };
			p->active = v->n - 1;
			by_text(&v->zones, v->zone_of[d->first], true);
		}
	}
}

/* Addresses of the hosts, ways out of the zones, and wildcards. */
static void read_addresses(struct reader *r, struct binding *v)
{
	while (rows(r, "SELECT zone, owner, type, rdata, valid_from, valid_to FROM record")) {
		const char *owner = text_at(r, 1), *type = text_at(r, 2);
		const bool cname = strcmp(type, "CNAME") == 0, a = strcmp(type, "A") == 0, dname = strcmp(type, "DNAME") == 0;
		const bool now = int_at(r, 4) <= T0 && int_at(r, 5) > T0;

		if (cname || a || strcmp(type, "AAAA") == 0) {
			const struct slot *x = now ? by_text(&v->hosts, owner, false) : NULL;
			struct place *p = x ? &v->place[x->first] : NULL;

			if (int_at(r, 5) > T0 && strncmp(owner, "*.", 2) == 0)
				by_text(&v->wild, text_at(r, 0), true);
			if (!p)
				continue;
			p->address = true;
			p->a = p->a || a;
			p->cname = p->cname || cname;
			v->addresses.key.len = 0;
			piece(&v->addresses, owner);
			piece(&v->addresses, text_at(r, 3));
			if (a)
				find(&v->addresses, true);
		} else if (now && (dname || strcmp(type, "NS") == 0) && by_text(&v->zones, text_at(r, 0), false) &&
			   (dname || !by_text(&v->followed, owner, false)))
			by_text(&v->cuts, owner, true)->v |= dname ? 1 : 2;
	}
}

static void read_looks(struct reader *r, struct binding *v)
{
	while (rows(r, "SELECT host, outcome, port, address, t, id FROM endpoint")) {
		const struct slot *h = int_at(r, 4) >= FROM && int_at(r, 4) < T0 && strcmp(text_at(r, 1), "presented") == 0 ? by_text(&v->hosts, text_at(r, 0), false) : NULL;

		for (size_t k = h ? v->place[h->first].active : 0; k; k = v->active[k].next) {
			struct newest *l;
			struct slot *x;

			v->looks.key.len = 0;
			piece(&v->looks, v->active[k].name);
			number(&v->looks, int_at(r, 2));
			piece(&v->looks, text_at(r, 3));
			x = find(&v->looks, true);
			if (is_new(x)) {
				*AFD_PUSH(&v->a, v->newest, v->n_newest) = (struct newest){ .t = INT64_MIN };
				x->first = v->n_newest - 1;
			}
			l = &v->newest[x->first];
			if (int_at(r, 4) > l->t || (int_at(r, 4) == l->t && int_at(r, 5) > l->id))
				*l = (struct newest){ k, h->first, l->address ? l->address : afd_arena_text(&v->a, text_at(r, 3)), int_at(r, 4), int_at(r, 5) };
		}
	}
}

static bool leads_out(struct binding *v, const char *host)
{
	for (const char *up = host; up; up = above(up)) {
		const struct slot *x = by_text(&v->cuts, up, false);

		if (x && ((x->v & 2) || up != host))
			return true;
	}
	return false;
}

static void tell_unaddressed(struct binding *v, size_t findings[2])
{
	for (size_t i = 0; i < v->n_place; i++) {
		const struct place *p = &v->place[i];

		if (p->address || leads_out(v, p->host))
			continue;
		for (size_t k = p->active; k; k = v->active[k].next) {
			if (by_text(&v->wild, v->active[k].zone, false))
				continue;
			v->found.key.len = 0;
			piece(&v->found, v->active[k].name);
			piece(&v->found, "no address");
			tell(&v->found, findings, true);
		}
	}
}

static void tell_moved(struct binding *v, size_t findings[2])
{
	for (size_t i = 0; i < v->n_newest; i++) {
		const struct newest *l = &v->newest[i];
		const struct place *p = &v->place[l->place];

		if (strchr(l->address, ':') || !p->a || p->cname)
			continue;
		v->addresses.key.len = 0;
		piece(&v->addresses, p->host);
		piece(&v->addresses, l->address);
		if (find(&v->addresses, false))
			continue;
		v->found.key.len = 0;
		piece(&v->found, v->active[l->active].name);
		piece(&v->found, "address");
		piece(&v->found, l->address);
		tell(&v->found, findings, false);
	}
}

int join_service_binding(struct afd_store *s, size_t findings[2], struct afd_error *err)
{
	struct binding v = { 0 };
	struct map *const all[] = { &v.followed, &v.zones, &v.domains, &v.hosts, &v.cuts, &v.wild, &v.addresses, &v.looks, &v.found };
	struct reader r = { .s = s, .err = err };

	for (size_t i = 0; i < AFD_COUNT(all); i++)
		all[i]->a = &v.a;
	findings[1] = 0;
	(void)AFD_PUSH(&v.a, v.active, v.n);
	read_active(&r, &v);
	read_addresses(&r, &v);
	read_looks(&r, &v);
	tell_unaddressed(&v, findings);
	tell_moved(&v, findings);
	for (size_t i = 0; i < AFD_COUNT(all); i++)
		map_release(all[i]);
	afd_arena_release(&v.a);
	return r.failed;
}
