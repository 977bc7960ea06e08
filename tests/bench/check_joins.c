/* With the parameters that the checks' heads give. Only rows are read by SQL; nothing is joined, grouped or sorted there. */
#include "check_joins.h"

#include <stdio.h>
#include <strings.h>

#include "mappers/arena.h"
#include "tests/checks/case.h"

#define FROM (T0 - 90 * AFD_DAY)

/* --- a table by text: keys are the pieces, each with a 0 behind it --- */

struct slot { uint64_t hash; const char *key; size_t len; int64_t v, w; size_t first; };
struct map { struct afd_arena *a; struct slot *at; size_t n, cap; struct afd_buf key; };

static void map_release(struct map *m)
{
	free(m->at);
	afd_buf_release(&m->key);
}

static void grow(struct map *m)
{
	const size_t cap = m->cap ? 2 * m->cap : 1024;
	struct slot *at = calloc(cap, sizeof *at);

	if (!at)
		abort();
	for (size_t i = 0; i < m->cap; i++) {
		size_t k = m->at[i].hash & (cap - 1);

		if (!m->at[i].key)
			continue;
		while (at[k].key)
			k = (k + 1) & (cap - 1);
		at[k] = m->at[i];
	}
	free(m->at);
	m->at = at;
	m->cap = cap;
}

/* The slot of the key that stands in m->key; with MAKE a new one where there is none (its v, w and first are 0). */
static struct slot *find(struct map *m, bool make)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);
	size_t k;
	char *copy;

	for (size_t i = 0; i < m->key.len; i++)
		h = (h ^ m->key.data[i]) * UINT64_C(0x100000001b3);
	h ^= h >> 29;
	if (make && 2 * (m->n + 1) > m->cap)
		grow(m);
	if (!m->cap)
		return NULL;
	for (k = h & (m->cap - 1); m->at[k].key; k = (k + 1) & (m->cap - 1))
		if (m->at[k].hash == h && m->at[k].len == m->key.len && memcmp(m->at[k].key, m->key.data, m->key.len) == 0)
			return &m->at[k];
	if (!make)
		return NULL;
	copy = afd_arena_alloc(m->a, m->key.len + 1);
	if (!copy)
		abort();
	memcpy(copy, m->key.data, m->key.len);
	m->at[k] = (struct slot){ .hash = h, .key = copy, .len = m->key.len };
	m->n++;
	return &m->at[k];
}

static void piece(struct map *m, const char *s)
{
	if (afd_buf_add(&m->key, s ? s : "\1", (s ? strlen(s) : 1) + 1) < 0)
		abort();
}

static void number(struct map *m, int64_t v)
{
	if (afd_buf_add(&m->key, &v, sizeof v) < 0)
		abort();
}

static struct slot *by_text(struct map *m, const char *s, bool make)
{
	m->key.len = 0;
	piece(m, s);
	return find(m, make);
}

static struct slot *by_number(struct map *m, int64_t v, bool make)
{
	m->key.len = 0;
	number(m, v);
	return find(m, make);
}

/* The slot was not there before: counts it in V. */
static bool is_new(struct slot *s)
{
	return s->v++ == 0;
}

/* --- reading --- */

struct reader { struct afd_store *s; struct afd_query *q; struct afd_error *err; int failed; };

static bool rows(struct reader *r, const char *sql)
{
	int got;

	if (r->failed || (!r->q && afd_query_open(r->s, sql, &r->q, r->err) < 0) || (got = afd_query_step(r->q, r->err)) < 0) {
		r->failed = -1;
		got = 0;
	}
	if (got == 0 && r->q)
		r->q = afd_query_close(r->q);
	return got > 0;
}

static const char *text_at(struct reader *r, int i)
{
	return afd_query_text(r->q, i);
}

static int64_t int_at(struct reader *r, int i)
{
	return afd_query_int(r->q, i);
}

static void our_places(struct reader *r, struct map *zones, struct map *accounts)
{
	while (rows(r, "SELECT zone, account FROM domain WHERE in_scope = 1")) {
		if (text_at(r, 0))
			by_text(zones, text_at(r, 0), true);
		if (text_at(r, 1)) {
			char user[300];

			by_text(accounts, text_at(r, 1), true);
			snprintf(user, sizeof user, "%s/user", text_at(r, 1));
			by_text(accounts, user, true);
		}
	}
}

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

static int not_in_inventory(struct afd_store *s, size_t *findings, struct afd_error *err)
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

static int address_limits(struct afd_store *s, size_t *findings, struct afd_error *err)
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

/* --- zone-change-unattributed --- */

enum { RECORDS = 1, SURE = 2, TOLD = 4 };

static int unattributed(struct afd_store *s, size_t *findings, struct afd_error *err)
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

/* --- certificate-inventory-unseen; no entry of the store is a wildcard --- */

struct entry { const char *host, *serial, *issuer, *digest; size_t next; bool seen; };
struct pair { size_t entry, next; };
struct inventory {
	struct afd_arena a;
	struct entry *entry; size_t n;         /* the first stands for none */
	struct pair *pair; size_t n_pair;
	struct map hosts;
};

static void read_inventory(struct reader *r, struct inventory *v)
{
	v->hosts.a = &v->a;
	(void)AFD_PUSH(&v->a, v->entry, v->n);
	(void)AFD_PUSH(&v->a, v->pair, v->n_pair);
	while (rows(r, "SELECT host, serial, issuer, cert_sha256, recorded_at FROM owned_certificate")) {
		struct slot *x;
		struct entry *e;

		if (int_at(r, 4) >= T0)
			continue;
		x = by_text(&v->hosts, text_at(r, 0), true);
		e = AFD_PUSH(&v->a, v->entry, v->n);
		*e = (struct entry){ .host = x->key, .serial = afd_arena_text(&v->a, text_at(r, 1)), .issuer = afd_arena_text(&v->a, text_at(r, 2)),
			.digest = afd_arena_text(&v->a, text_at(r, 3)), .next = x->first };
		x->first = v->n - 1;
	}
}

/* The entries of a host behind a row of the table whose names are read now. */
static void keep_pair(struct inventory *v, struct map *of, int64_t id, const char *host)
{
	const struct slot *h = by_text(&v->hosts, host, false);

	for (size_t e = h ? h->first : 0; e; e = v->entry[e].next) {
		struct slot *x = by_number(of, id, true);
		struct pair *p = AFD_PUSH(&v->a, v->pair, v->n_pair);

		*p = (struct pair){ e, x->first };
		x->first = v->n_pair - 1;
	}
}

static void mark(struct entry *e, const char *serial, const char *issuer, const char *digest)
{
	e->seen = e->seen || ((!e->serial || (serial && strcmp(e->serial, serial) == 0)) && (!e->issuer || (issuer && strcmp(e->issuer, issuer) == 0)) &&
			      (!e->digest || (digest && strcmp(e->digest, digest) == 0)));
}

static int inventory_unseen(struct afd_store *s, size_t *findings, struct afd_error *err)
{
	struct inventory v = { 0 };
	struct map certificates = { .a = &v.a }, held = { .a = &v.a };
	struct reader r = { .s = s, .err = err };

	read_inventory(&r, &v);
	while (rows(&r, "SELECT certificate_id, name FROM certificate_name"))
		keep_pair(&v, &certificates, int_at(&r, 0), text_at(&r, 1));
	while (rows(&r, "SELECT id, serial, issuer, not_after, logged_ms FROM certificate")) {
		const struct slot *x = int_at(&r, 3) >= FROM && int_at(&r, 4) < T0 ? by_number(&certificates, int_at(&r, 0), false) : NULL;

		for (size_t p = x ? x->first : 0; p; p = v.pair[p].next) {
			struct entry *e = &v.entry[v.pair[p].entry];

			if (!e->digest || e->serial)
				mark(e, text_at(&r, 1), text_at(&r, 2), e->digest);
		}
	}
	while (rows(&r, "SELECT held_id, name FROM held_name"))
		keep_pair(&v, &held, int_at(&r, 0), text_at(&r, 1));
	while (rows(&r, "SELECT id, serial, issuer, cert_sha256, first_ms, seen_ms FROM held_certificate")) {
		const struct slot *x = int_at(&r, 5) >= FROM && int_at(&r, 4) < T0 ? by_number(&held, int_at(&r, 0), false) : NULL;

		for (size_t p = x ? x->first : 0; p; p = v.pair[p].next)
			mark(&v.entry[v.pair[p].entry], text_at(&r, 1), text_at(&r, 2), text_at(&r, 3));
	}
	while (rows(&r, "SELECT host, serial, issuer, cert_sha256, outcome, t FROM endpoint")) {
		const struct slot *x = int_at(&r, 5) >= FROM && int_at(&r, 5) < T0 && strcmp(text_at(&r, 4), "presented") == 0
					       ? by_text(&v.hosts, text_at(&r, 0), false) : NULL;

		for (size_t e = x ? x->first : 0; e; e = v.entry[e].next)
			mark(&v.entry[e], text_at(&r, 1), text_at(&r, 2), text_at(&r, 3));
	}
	for (size_t i = 1; i < v.n; i++)
		*findings += !v.entry[i].seen;
	map_release(&certificates);
	map_release(&held);
	map_release(&v.hosts);
	afd_arena_release(&v.a);
	return r.failed;
}

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

static int served_as_declared(struct afd_store *s, size_t *findings, struct afd_error *err)
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

static int zone_mismatch(struct afd_store *s, size_t *findings, struct afd_error *err)
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

static int verified_live(struct afd_store *s, size_t *findings, struct afd_error *err)
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

static int signed_unexplained(struct afd_store *s, size_t *findings, struct afd_error *err)
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

const struct check_join check_joins[] = {
	{ "account-address-limits", address_limits },
	{ "certificate-inventory-unseen", inventory_unseen },
	{ "change-verified-live", verified_live },
	{ "credential-not-in-inventory", not_in_inventory },
	{ "registrar-zone-mismatch", zone_mismatch },
	{ "zone-change-unattributed", unattributed },
	{ "zone-served-as-declared", served_as_declared },
	{ "zone-signed-change-unexplained", signed_unexplained },
	{ NULL, NULL },
};
