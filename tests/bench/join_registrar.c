/* The joins for checks of the registrar. */
#include "check_joins.h"

/* --- registrar-zone-mismatch; of a domain that is the apex of a zone of ours, and every one of this store is told of and followed --- */

/* One state of a domain against one list that was seen at one time: how many of its items there are, and how many stand in the state. */
struct look { size_t state; int64_t at; const char *what, *side; unsigned items, same; };
struct state { int64_t id, first, seen; const char *domain, *source, *view, *servers, *ds; };
struct term { int64_t from, to; const char *server; size_t next; };
struct registry {
	struct afd_arena a;
	struct state *state; size_t n_state;   /* the first of each stands for none */
	struct term *term; size_t n_term;
	struct look *look; size_t n_look;
	struct map domains, terms, looks, items;      /* by domain: states; name servers in the zone; by look; items that were counted */
};

static unsigned words(const char *list, char between)
{
	unsigned n = 1;

	for (const char *p = list; *p; p++)
		n += *p == between;
	return n;
}

static bool holds(const char *list, const char *item, const char *between)
{
	const size_t n = strlen(item), b = strlen(between);

	for (const char *p = list; n && (p = strcasestr(p, item)); p++)
		if ((p == list || (p >= list + b && strncmp(p - b, between, b) == 0)) && (!p[n] || strncmp(p + n, between, b) == 0))
			return true;
	return false;
}

/* ITEM NULL: nothing was seen then. */
static void compare(struct registry *v, size_t state, const char *what, const char *side, int64_t at, const char *item)
{
	const struct state *t = &v->state[state];
	struct slot *x;

	v->looks.key.len = 0;
	number(&v->looks, (int64_t)state);
	piece(&v->looks, side);
	number(&v->looks, at);
	x = find(&v->looks, true);
	if (is_new(x)) {
		struct look *l = AFD_PUSH(&v->a, v->look, v->n_look);

		*l = (struct look){ .state = state, .at = at, .what = what, .side = side };
		x->first = v->n_look - 1;
	}
	if (!item)
		return;
	v->items.key.len = 0;
	number(&v->items, (int64_t)x->first);
	piece(&v->items, item);
	if (!is_new(find(&v->items, true)))
		return;
	v->look[x->first].items++;
	v->look[x->first].same += what[0] == 'D' ? holds(t->ds, item, "; ") : holds(t->servers, item, " ");
}

static void read_states(struct reader *r, struct registry *v)
{
	while (rows(r, "SELECT name FROM domain WHERE in_scope = 1 AND name = zone"))
		by_text(&v->domains, text_at(r, 0), true);
	while (rows(r, "SELECT id, domain, source, view, name_servers, ds, first_ms, seen_ms FROM domain_state WHERE change_ref IS NULL")) {
		struct slot *x = int_at(r, 6) < T0 && int_at(r, 7) >= FROM ? by_text(&v->domains, text_at(r, 1), false) : NULL;
		struct state *t = x ? AFD_PUSH(&v->a, v->state, v->n_state) : NULL;

		if (!t)
			continue;
		*t = (struct state){ .id = int_at(r, 0), .domain = x->key, .source = afd_arena_text(&v->a, text_at(r, 2)), .view = afd_arena_text(&v->a, text_at(r, 3)),
			.servers = afd_arena_text(&v->a, text_at(r, 4)), .ds = afd_arena_text(&v->a, text_at(r, 5)), .first = int_at(r, 6) < FROM ? FROM : int_at(r, 6),
			.seen = int_at(r, 7) >= T0 ? T0 - 1 : int_at(r, 7) };
	}
	while (rows(r, "SELECT owner, rdata, valid_from, valid_to FROM record WHERE type = 'NS' AND owner = zone")) {
		struct slot *x = by_text(&v->domains, text_at(r, 0), false) ? by_text(&v->terms, text_at(r, 0), true) : NULL;
		struct term *t = x ? AFD_PUSH(&v->a, v->term, v->n_term) : NULL;
		char *server = t ? afd_arena_text(&v->a, text_at(r, 1)) : NULL;

		if (!t)
			continue;
		for (size_t n = strlen(server); n && server[n - 1] == '.'; n--)
			server[n - 1] = '\0';
		*t = (struct term){ int_at(r, 2), int_at(r, 3), server, x->first };
		x->first = v->n_term - 1;
	}
}

/* The zone's name servers while the state stood: at its ends, and on both sides of each change. */
static void compare_zone(struct registry *v, size_t state)
{
	const struct state *t = &v->state[state];
	const struct slot *x = by_text(&v->terms, t->domain, false);
	const size_t first = x ? x->first : 0;

	for (size_t e = first; e; e = v->term[e].next) {
		const int64_t edge[] = { t->first, t->seen, v->term[e].from, v->term[e].from - 1, v->term[e].to, v->term[e].to - 1 };

		for (size_t k = 0; k < AFD_COUNT(edge); k++) {
			const int64_t changed = k < 2 ? 0 : edge[k / 2 * 2];

			if (k >= 2 && (changed <= t->first || changed > t->seen))
				continue;
			for (size_t i = first; i; i = v->term[i].next)
				if (v->term[i].from <= edge[k] && v->term[i].to > edge[k])
					compare(v, state, "name servers", "the zone", edge[k], v->term[i].server);
		}
	}
}

static int by_first(const void *a, const void *b)
{
	const struct state *x = a, *y = b;
	const int c = strcmp(x->domain, y->domain);

	return c ? c : (x->first > y->first) - (x->first < y->first);
}

/* An answer against the states that stood then. States are sorted by domain and begin; LONGEST lets the search end. */
static void compare_answer(struct registry *v, const struct slot *d, int64_t t, int64_t longest, bool ds, const char *item)
{
	size_t lo = d->first, hi = d->first + (size_t)d->w;

	while (lo < hi) {
		const size_t mid = lo + (hi - lo) / 2;

		if (v->state[mid].first <= t)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (size_t i = lo; i-- > d->first && v->state[i].first >= t - longest;) {
		const struct state *s = &v->state[i];

		if (s->seen < t)
			continue;
		if (!ds && item && s->servers && *s->servers)
			compare(v, i, "name servers", "its servers", t, item);
		else if (ds && s->ds && !strcasestr(s->ds, "key"))
			compare(v, i, "DS data", "the zone above", t, item);
	}
}

static void compare_answers(struct reader *r, struct registry *v)
{
	struct map answers = { .a = &v->a };
	int64_t longest = 0;

	for (size_t i = 1; i < v->n_state; i++) {
		struct slot *d = by_text(&v->domains, v->state[i].domain, false);

		d->first = d->w++ ? d->first : i;
		longest = v->state[i].seen - v->state[i].first > longest ? v->state[i].seen - v->state[i].first : longest;
	}
	while (rows(r, "SELECT id, zone, purpose, outcome, aa, t FROM dns_answer")) {
		const bool ds = strcmp(text_at(r, 2), "ds") == 0;
		struct slot *d = strcmp(text_at(r, 3), "NOERROR") == 0 && (ds || (strcmp(text_at(r, 2), "ns") == 0 && int_at(r, 4) == 1))
					 ? by_text(&v->domains, text_at(r, 1), false) : NULL;
		struct slot *x = d ? by_number(&answers, int_at(r, 0), true) : NULL;

		if (!x)
			continue;
		x->v = int_at(r, 5);
		x->w = ds;
		compare_answer(v, d, int_at(r, 5), longest, ds, NULL);      /* the zone above may name no keys */
	}
	while (rows(r, "SELECT answer_id, owner, type, rdata FROM dns_answer_record WHERE section = 'answer'")) {
		const struct slot *x = by_number(&answers, int_at(r, 0), false), *d;
		char *item;

		if (!x || strcmp(text_at(r, 2), x->w ? "DS" : "NS") != 0 || !(d = by_text(&v->domains, text_at(r, 1), false)))
			continue;
		item = afd_arena_text(&v->a, text_at(r, 3));
		for (size_t n = x->w ? 0 : strlen(item); n && item[n - 1] == '.'; n--)
			item[n - 1] = '\0';
		compare_answer(v, d, x->v, longest, x->w, item);
	}
	map_release(&answers);
}

static struct registry *sorting;       /* qsort() has no room for it */

static int of_one_list(const struct look *x, const struct look *y)
{
	const struct state *s = &sorting->state[x->state], *t = &sorting->state[y->state];
	int c = strcmp(s->domain, t->domain);

	c = c ? c : strcmp(s->source, t->source);
	c = c ? c : strcmp(s->view, t->view);
	return c ? c : strcmp(x->side, y->side);
}

static int by_list_and_time(const void *a, const void *b)
{
	const struct look *x = a, *y = b;
	const int c = of_one_list(x, y);

	if (c || x->at != y->at)
		return c ? c : x->at < y->at ? -1 : 1;
	return (sorting->state[x->state].id > sorting->state[y->state].id) - (sorting->state[x->state].id < sorting->state[y->state].id);
}

static bool agrees(const struct look *l)
{
	const struct state *t = &sorting->state[l->state];
	const unsigned want = l->what[0] == 'D' ? (*t->ds ? words(t->ds, ';') : 0) : words(t->servers, ' ');

	return l->items == want && l->same == want;
}

/* Stretches without agreement that last a day or longer. */
static size_t disagreements(struct registry *v)
{
	size_t n = 0;

	sorting = v;
	if (v->n_look)
		qsort(v->look, v->n_look, sizeof *v->look, by_list_and_time);
	for (size_t i = 0, k; i < v->n_look; i = k) {
		for (k = i; k < v->n_look && !agrees(&v->look[k]) && of_one_list(&v->look[i], &v->look[k]) == 0; k++)
			;
		n += k > i && v->look[k - 1].at - v->look[i].at >= AFD_DAY;
		k += k == i;
	}
	return n;
}

int join_zone_mismatch(struct afd_store *s, size_t findings[2], struct afd_error *err)
{
	struct registry v = { 0 };
	struct reader r = { .s = s, .err = err };

	v.domains.a = v.terms.a = v.looks.a = v.items.a = &v.a;
	(void)AFD_PUSH(&v.a, v.state, v.n_state);
	(void)AFD_PUSH(&v.a, v.term, v.n_term);
	read_states(&r, &v);
	if (v.n_state > 1)
		qsort(v.state + 1, v.n_state - 1, sizeof *v.state, by_first);
	for (size_t i = 1; i < v.n_state; i++)
		if (v.state[i].servers && *v.state[i].servers)
			compare_zone(&v, i);
	compare_answers(&r, &v);
	*findings = disagreements(&v);
	map_release(&v.domains);
	map_release(&v.terms);
	map_release(&v.looks);
	map_release(&v.items);
	afd_arena_release(&v.a);
	return r.failed;
}
