#include "mappers/fit.h"

enum { SNAP_EVERY = 32 };

/* --- texts as numbers --- */

struct word { const char *text; uint32_t next; };
struct words { struct word *at; size_t n; uint32_t *head; size_t n_head; };

struct move { size_t no; uint32_t rdata; bool add; };
struct snap { uint32_t *rdata; size_t n; };

struct zone_key {
	uint32_t owner, next_of_owner;    /* keys of one owner are a chain; 0 ends it */
	bool soa, cname, apex_ns;
	uint32_t *start; size_t n_start;  /* content before the first effect */
	struct move *move; size_t n_move; /* in order of effects */
	struct snap *snap; size_t n_snap; /* snap[k]: content before move[k * SNAP_EVERY] */
	uint32_t slot, epoch;             /* slot in the test under way */
};

struct afd_zone_text {
	struct afd_arena arena, scratch;  /* scratch: one test */
	struct words owner, pair, rdata;
	uint32_t *chain; size_t n_chain;  /* first key of each owner */
	struct zone_key *key; size_t n_key;
	uint32_t apex, epoch;
	struct slot *slot; size_t n_slot;
	struct member *member; size_t n_member;
	struct remove *remove; size_t n_remove;
};

static uint32_t hash_text(const char *s)
{
	uint32_t h = 2166136261u;

	for (; *s; s++)
		h = (h ^ (uint8_t)*s) * 16777619u;
	return h;
}

static bool grow_heads(struct afd_arena *a, struct words *w)
{
	size_t n = w->n_head ? 4 * w->n_head : 256;
	uint32_t *head = afd_arena_alloc(a, n * sizeof *head);

	if (!head)
		return false;
	for (uint32_t i = 1; i < w->n; i++) {
		uint32_t *h = &head[hash_text(w->at[i].text) & (n - 1)];

		w->at[i].next = *h;
		*h = i;
	}
	w->head = head;
	w->n_head = n;
	return true;
}

/* Number of TEXT from 1; 0 when memory ends. */
static uint32_t word_of(struct afd_arena *a, struct words *w, const char *text, bool *is_new)
{
	struct word *e;
	uint32_t *h;

	*is_new = false;
	if (w->n == 0 && !AFD_PUSH(a, w->at, w->n))          /* number 0 means nothing */
		return 0;
	if (w->n >= w->n_head && !grow_heads(a, w))
		return 0;
	h = &w->head[hash_text(text) & (w->n_head - 1)];
	for (uint32_t i = *h; i; i = w->at[i].next)
		if (strcmp(w->at[i].text, text) == 0)
			return i;
	if (w->n >= AFD_KEY_ALL_TYPES - 1)
		return 0;
	e = AFD_PUSH(a, w->at, w->n);
	if (!e || !(e->text = afd_arena_text(a, text)))
		return 0;
	e->next = *h;
	*h = (uint32_t)(w->n - 1);
	*is_new = true;
	return *h;
}

struct afd_zone_text *afd_zone_text_new(const char *apex)
{
	struct afd_zone_text *z = calloc(1, sizeof *z);
	bool is_new;

	if (z && !(z->apex = word_of(&z->arena, &z->owner, apex, &is_new)))
		z = afd_zone_text_free(z);
	return z;
}

struct afd_zone_text *afd_zone_text_free(struct afd_zone_text *z)
{
	if (z) {
		afd_arena_release(&z->arena);
		afd_arena_release(&z->scratch);
		free(z);
	}
	return NULL;
}

void afd_zone_text_release(struct afd_zone_text **z)
{
	*z = afd_zone_text_free(*z);
}

uint32_t afd_zone_key(struct afd_zone_text *z, const char *owner, const char *type)
{
	bool is_new;
	uint32_t o = word_of(&z->arena, &z->owner, owner, &is_new), key;
	char *pair;

	if (!o)
		return 0;
	if (!type)
		return AFD_KEY_ALL_TYPES | o;
	pair = afd_sprintf("%s %u", type, o);
	key = pair ? word_of(&z->arena, &z->pair, pair, &is_new) : 0;
	free(pair);
	if (!key || !is_new)
		return key;
	while (z->n_key <= key)
		if (!AFD_PUSH(&z->arena, z->key, z->n_key))
			return 0;
	while (z->n_chain <= o)
		if (!AFD_PUSH(&z->arena, z->chain, z->n_chain))
			return 0;
	z->key[key] = (struct zone_key){ .owner = o, .next_of_owner = z->chain[o], .soa = strcmp(type, "SOA") == 0,
		.cname = strcmp(type, "CNAME") == 0, .apex_ns = o == z->apex && strcmp(type, "NS") == 0 };
	z->chain[o] = key;
	return key;
}

uint32_t afd_zone_rdata(struct afd_zone_text *z, const char *rdata)
{
	bool is_new;
	uint32_t r;

	if (!rdata)
		return AFD_RDATA_UNKNOWN;
	r = word_of(&z->arena, &z->rdata, rdata, &is_new);
	return r ? r : UINT32_MAX;
}

/* --- content over time --- */

static bool set_add(struct afd_arena *a, uint32_t **set, size_t *n, uint32_t v)
{
	uint32_t *p;

	for (size_t i = 0; i < *n; i++)
		if ((*set)[i] == v)
			return true;
	p = AFD_PUSH(a, *set, *n);
	if (p)
		*p = v;
	return p != NULL;
}

static void set_del(uint32_t *set, size_t *n, uint32_t v)
{
	for (size_t i = 0; i < *n; i++)
		if (set[i] == v) {
			set[i] = set[--*n];
			return;
		}
}

int afd_zone_has(struct afd_zone_text *z, uint32_t key, uint32_t rdata, struct afd_error *err)
{
	return set_add(&z->arena, &z->key[key].start, &z->key[key].n_start, rdata) ? 0 : afd_fail_memory(err);
}

/* Content of K before effect NO, in an array of its own in A. */
static bool content_before(struct afd_arena *a, const struct zone_key *k, size_t no, uint32_t **set, size_t *n)
{
	size_t lo = 0, hi = k->n_move, at = 0;
	const uint32_t *from = k->start;
	size_t n_from = k->n_start;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (k->move[mid].no < no)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (k->n_snap) {
		size_t s = lo / SNAP_EVERY < k->n_snap ? lo / SNAP_EVERY : k->n_snap - 1;

		from = k->snap[s].rdata;
		n_from = k->snap[s].n;
		at = s * SNAP_EVERY;
	}
	*set = NULL;
	*n = 0;
	for (size_t i = 0; i < n_from; i++) {
		uint32_t *p = AFD_PUSH(a, *set, *n);

		if (!p)
			return false;
		*p = from[i];
	}
	for (; at < lo; at++) {
		if (!k->move[at].add)
			set_del(*set, n, k->move[at].rdata);
		else if (!set_add(a, set, n, k->move[at].rdata))
			return false;
	}
	return true;
}

int afd_zone_moves(struct afd_zone_text *z, size_t no, const struct afd_effect *e, struct afd_error *err)
{
	for (int add = 0; add < 2; add++) /* a record that is deleted and added again is there afterwards */
		for (size_t i = 0; i < e->n; i++) {
			struct zone_key *k = &z->key[e->rr[i].key];
			struct move *m;

			if (e->rr[i].add != (add == 1))
				continue;
			if (k->n_move % SNAP_EVERY == 0) {
				struct snap s = { 0 }, *p;

				if (!content_before(&z->arena, k, SIZE_MAX, &s.rdata, &s.n) ||
				    !(p = AFD_PUSH(&z->arena, k->snap, k->n_snap)))
					return afd_fail_memory(err);
				*p = s;
			}
			m = AFD_PUSH(&z->arena, k->move, k->n_move);
			if (!m)
				return afd_fail_memory(err);
			*m = (struct move){ no, e->rr[i].rdata, add == 1 };
		}
	return 0;
}

/* --- the test --- */

enum presence { ABSENT, MAYBE, PRESENT };        /* MAYBE: a delete that does not say which may have taken it */

struct member {                                  /* one record of a slot */
	uint32_t rdata, next;
	bool before, after, touched;             /* touched: deleted and added again, so its TTL changed */
	enum presence now;
	size_t last_add, last_del, add_step;     /* claims of the run, from 1; 0 none */
	uint32_t ttl;                            /* that the effect gives it */
};
struct slot {                                    /* one owner and type that the effect or the run names */
	uint32_t key, first;                     /* members are a chain; 0 ends it */
	size_t wild_adds, wild_claim, last_op;   /* adds that do not say what */
	uint32_t ttl;                            /* of the last add that tells one: a server gives it to the whole set */
};
struct remove { uint32_t slot; size_t step; };   /* a delete that must have taken something that came back after STEP */

struct test {
	struct afd_zone_text *z;
	size_t no, step;
	bool exact, bad;                         /* bad: no memory */
};

static struct member *member_of(struct test *t, uint32_t slot, uint32_t rdata)
{
	struct afd_zone_text *z = t->z;
	struct member *m;

	for (uint32_t i = z->slot[slot].first; i; i = z->member[i].next)
		if (z->member[i].rdata == rdata)
			return &z->member[i];
	if (z->n_member == 0 && !AFD_PUSH(&t->z->scratch, z->member, z->n_member))
		goto bad;
	m = AFD_PUSH(&t->z->scratch, z->member, z->n_member);
	if (!m)
		goto bad;
	*m = (struct member){ .rdata = rdata, .next = z->slot[slot].first, .ttl = AFD_TTL_UNKNOWN };
	z->slot[slot].first = (uint32_t)(z->n_member - 1);
	return m;
bad:
	t->bad = true;
	return NULL;
}

static uint32_t slot_of(struct test *t, uint32_t key)
{
	struct afd_zone_text *z = t->z;
	struct zone_key *k = &z->key[key];
	struct slot *s;
	uint32_t *set;
	size_t n;

	if (k->epoch == z->epoch)
		return k->slot;
	s = AFD_PUSH(&t->z->scratch, z->slot, z->n_slot);
	if (!s || !content_before(&t->z->scratch, k, t->no, &set, &n)) {
		t->bad = true;
		return UINT32_MAX;
	}
	*s = (struct slot){ .key = key, .ttl = AFD_TTL_UNKNOWN };
	k->epoch = z->epoch;
	k->slot = (uint32_t)(z->n_slot - 1);
	for (size_t i = 0; i < n; i++) {
		struct member *m = member_of(t, k->slot, set[i]);

		if (m)
			*m = (struct member){
				.rdata = m->rdata, .next = m->next, .before = true, .after = true, .now = PRESENT, .ttl = AFD_TTL_UNKNOWN};
	}
	return k->slot;
}

static void apply_effect(struct test *t, const struct afd_effect *e)
{
	for (size_t i = 0; i < e->n && !t->bad; i++) {
		uint32_t s = slot_of(t, e->rr[i].key);
		struct member *m = t->bad ? NULL : member_of(t, s, e->rr[i].rdata);

		if (!m || e->rr[i].add)
			continue;
		m->before = true;                /* deleted, so it was there, whatever we thought */
		m->now = PRESENT;
		m->after = false;
	}
	for (size_t i = 0; i < e->n && !t->bad; i++) {
		struct member *m = e->rr[i].add ? member_of(t, slot_of(t, e->rr[i].key), e->rr[i].rdata) : NULL;

		if (!m)
			continue;
		m->touched = m->before && !m->after;
		m->after = true;
		m->ttl = e->rr[i].ttl;
	}
}

static void claim_add(struct test *t, uint32_t slot, uint32_t rdata, uint32_t ttl, size_t claim)
{
	struct slot *s = &t->z->slot[slot];
	struct member *m;

	s->last_op = claim;
	if (ttl != AFD_TTL_UNKNOWN)
		s->ttl = ttl;
	if (rdata == AFD_RDATA_UNKNOWN) {
		s->wild_adds++;
		s->wild_claim = claim;
		t->exact = false;
		return;
	}
	m = member_of(t, slot, rdata);
	if (!m)
		return;
	if (t->z->key[s->key].cname)             /* the new one replaces the old one (RFC 2136, 3.4.2.2) */
		for (uint32_t i = s->first; i; i = t->z->member[i].next) {
			struct member *old = &t->z->member[i];

			if (old != m && old->now != ABSENT) {
				old->now = ABSENT;
				old->last_del = claim;
			}
		}
	m->now = PRESENT;
	m->last_add = claim;
	m->add_step = t->step;
}

static void claim_del(struct test *t, uint32_t slot, uint32_t rdata, size_t claim)
{
	struct slot *s = &t->z->slot[slot];
	bool any = false, taken = false;

	s->last_op = claim;
	for (uint32_t i = s->first; i; i = t->z->member[i].next) {
		struct member *m = &t->z->member[i];

		if (m->now == ABSENT || (rdata != AFD_RDATA_UNKNOWN && m->rdata != rdata))
			continue;
		any = true;
		taken = taken || !m->after;
		if (m->now == PRESENT)
			m->last_del = claim;
		m->now = rdata == AFD_RDATA_UNKNOWN ? MAYBE : ABSENT;
	}
	if (rdata != AFD_RDATA_UNKNOWN)
		return;
	t->exact = false;
	if (any && !taken) {                     /* then something must come back later in the run */
		struct remove *r = AFD_PUSH(&t->z->scratch, t->z->remove, t->z->n_remove);

		if (r)
			*r = (struct remove){ slot, t->step };
		else
			t->bad = true;
	}
}

static void apply_claim(struct test *t, const struct afd_claim *c, size_t claim)
{
	for (size_t i = 0; i < c->n && !t->bad; i++) {
		const struct afd_zone_rr *rr = &c->rr[i];

		t->step++;
		if (rr->key & AFD_KEY_ALL_TYPES) {
			uint32_t owner = rr->key & ~AFD_KEY_ALL_TYPES;

			t->exact = false;
			for (uint32_t k = owner < t->z->n_chain ? t->z->chain[owner] : 0; k && !t->bad;
			     k = t->z->key[k].next_of_owner) {
				uint32_t s = t->z->key[k].apex_ns || t->z->key[k].soa ? UINT32_MAX : slot_of(t, k);

				if (s != UINT32_MAX)
					claim_del(t, s, AFD_RDATA_UNKNOWN, claim);
			}
		} else {
			uint32_t s = slot_of(t, rr->key);

			if (t->bad)
				return;
			if (rr->add)
				claim_add(t, s, rr->rdata, rr->ttl, claim);
			else
				claim_del(t, s, rr->rdata, claim);
		}
	}
}

/* Compares the content that the run leads to with the content after the effect; marks who contributed. */
static bool slot_agrees(struct test *t, uint32_t slot, struct afd_fit *ret)
{
	struct slot *s = &t->z->slot[slot];
	size_t wild = s->wild_adds;

	for (uint32_t i = s->first; i; i = t->z->member[i].next) {
		struct member *m = &t->z->member[i];
		size_t by = 0;

		if (m->after && m->now == ABSENT) {
			if (!wild)
				return false;
			wild--;
			by = s->wild_claim;
		} else if (!m->after && m->now == PRESENT) {
			return false;
		} else if (m->before != m->after) {
			by = m->after ? m->last_add : m->last_del;
		} else if (m->touched) {
			if (m->ttl != AFD_TTL_UNKNOWN && s->ttl != AFD_TTL_UNKNOWN && m->ttl != s->ttl)
				return false;            /* the TTL changed, and to another one than this claim's */
			by = s->last_op;
		} else {
			continue;
		}
		if (!by)
			return false;
		ret->contributes[by - 1] = true;
	}
	return true;
}

static bool came_back(struct test *t, const struct remove *r)
{
	for (uint32_t i = t->z->slot[r->slot].first; i; i = t->z->member[i].next)
		if (t->z->member[i].add_step > r->step)
			return true;
	return t->z->slot[r->slot].wild_adds > 0;
}

int afd_zone_fit(struct afd_zone_text *z, size_t no, const struct afd_effect *e, const struct afd_claim *const *run,
		 size_t n, struct afd_fit *ret, struct afd_error *err)
{
	struct test t = { .z = z, .no = no, .exact = true };

	z->epoch++;
	z->slot = NULL;
	z->member = NULL;
	z->remove = NULL;
	z->n_slot = z->n_member = z->n_remove = 0;
	memset(ret->contributes, 0, n * sizeof *ret->contributes);
	if (e)
		apply_effect(&t, e);
	for (size_t i = 0; i < n && !t.bad; i++)
		apply_claim(&t, run[i], i + 1);
	ret->fits = !t.bad;
	for (size_t i = 0; i < z->n_slot && ret->fits; i++)
		ret->fits = slot_agrees(&t, (uint32_t)i, ret);
	ret->idle = 0;
	for (size_t i = 0; i < z->n_remove && ret->fits; i++)
		ret->idle += !came_back(&t, &z->remove[i]);
	ret->exact = t.exact;
	ret->n_contributes = 0;
	for (size_t i = 0; i < n && ret->fits; i++)
		ret->n_contributes += ret->contributes[i];
	afd_arena_reset(&z->scratch);
	return t.bad ? afd_fail_memory(err) : 0;
}

bool afd_zone_share_key(const struct afd_zone_text *z, const struct afd_effect *e, const struct afd_claim *c)
{
	for (size_t i = 0; i < c->n; i++)
		for (size_t k = 0; k < e->n; k++)
			if (c->rr[i].key == e->rr[k].key ||
			    c->rr[i].key == (AFD_KEY_ALL_TYPES | z->key[e->rr[k].key].owner))
				return true;
	return false;
}
