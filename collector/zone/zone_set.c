/* Records lie one behind the other in one arena, those of an owner that stood together as a run. A run's owner is kept as
 * a key that sorts by memcmp as RFC 4034, 6.1 sorts names: labels from the apex down, each ended by a zero byte. */
#include "collector/zone/zone_set.h"

enum { KEY_MAX = 2 * AFD_DNS_NAME_MAX, WINDOW = 8, HEAD = 10 };

struct run {
	uint64_t window;                          /* the 8 bytes of the key that are being sorted by */
	uint32_t at;                              /* of the key in the arena; records behind it */
	uint32_t bytes, n;                        /* of its records */
	uint16_t key;                             /* length of the key */
	bool same;                                /* sorted: as the run before it */
};

/* In the arena: type, class (16 bits each), ttl (32), length of rdata (16), rdata */
struct record { const uint8_t *p; };

struct afd_zone_set {
	struct afd_dns_name zone;
	uint8_t *data;
	size_t len, cap;
	struct run *run;
	size_t n_run, cap_run;
	uint64_t n;
	struct afd_dns_name last;                 /* owner of the last run */
};

struct afd_zone_set *afd_zone_set_new(const struct afd_dns_name *zone)
{
	struct afd_zone_set *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->zone = *zone;
	afd_dns_name_lower(&s->zone);
	return s;
}

struct afd_zone_set *afd_zone_set_free(struct afd_zone_set *s)
{
	if (s) {
		free(s->data);
		free(s->run);
		free(s);
	}
	return NULL;
}

void afd_zone_set_release(struct afd_zone_set **s)
{
	*s = afd_zone_set_free(*s);
}

const struct afd_dns_name *afd_zone_set_zone(const struct afd_zone_set *s)
{
	return &s->zone;
}

uint64_t afd_zone_set_count(const struct afd_zone_set *s)
{
	return s->n;
}

bool afd_zone_made(uint16_t type)
{
	return type == 6 || type == 46 || type == 47 || type == 50 || type == 51 || type == 63;
}

/* --- keys --- */

/* -1: outside the zone. A byte of 0 or 1 in a label is escaped, so that a label's end sorts before everything in it. */
static int key_of(const struct afd_dns_name *zone, const struct afd_dns_name *n, uint8_t ret[KEY_MAX])
{
	uint8_t label[128];
	unsigned labels = 0;
	size_t i = 0, out = 0;

	for (; n->len - i > zone->len; i += 1u + n->wire[i])
		label[labels++] = (uint8_t)i;
	if (n->len < zone->len || n->len - i != zone->len || memcmp(n->wire + i, zone->wire, zone->len) != 0)
		return -1;
	while (labels-- > 0) {
		const uint8_t *p = n->wire + label[labels];
		for (size_t k = 1; k <= p[0]; k++) {
			if (p[k] > 1) {
				ret[out++] = p[k];
			} else {
				ret[out++] = 1;
				ret[out++] = p[k] + 1;
			}
		}
		ret[out++] = 0;
	}
	return (int)out;
}

static void name_of(const struct afd_dns_name *zone, const uint8_t *key, size_t len, struct afd_dns_name *ret)
{
	uint8_t wire[AFD_DNS_NAME_MAX];
	size_t at = sizeof(wire);

	/* From the end of a buffer to its front: the key begins with the label that stands last. */
	at -= zone->len;
	memcpy(wire + at, zone->wire, zone->len);
	for (size_t i = 0; i < len;) {
		uint8_t label[64];
		size_t n = 0;
		for (; key[i] != 0; i++)
			label[1 + n++] = key[i] == 1 ? key[++i] - 1 : key[i];
		label[0] = (uint8_t)n;
		i++;
		at -= n + 1;
		memcpy(wire + at, label, n + 1);
	}
	ret->len = (uint8_t)(sizeof(wire) - at);
	memcpy(ret->wire, wire + at, ret->len);
}

static int compare_keys(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len)
{
	const int r = memcmp(a, b, a_len < b_len ? a_len : b_len);

	return r ? r : (a_len > b_len) - (a_len < b_len);
}

/* --- adding --- */

static int room(struct afd_zone_set *s, size_t more, struct afd_error *err)
{
	if (s->cap - s->len >= more)
		return 0;
	size_t cap = s->cap + s->cap / 4 + 65536 + more;
	if (cap > UINT32_MAX)
		cap = UINT32_MAX;
	if (cap < s->len + more)
		return afd_fail(err, AFD_E_LIMIT, "zone: more than 4 GiB of records");
	uint8_t *p = realloc(s->data, cap);
	if (!p)
		return afd_fail_memory(err);
	s->data = p;
	s->cap = cap;
	return 0;
}

static int new_run(struct afd_zone_set *s, const struct afd_dns_name *owner, struct afd_error *err)
{
	if (room(s, KEY_MAX, err) < 0)
		return -1;
	const int key = key_of(&s->zone, owner, s->data + s->len);
	if (key < 0) {
		char text[AFD_DNS_TEXT_MAX];
		afd_dns_name_text(owner, true, text);
		return afd_fail(err, AFD_E_PARSE, "\"%.200s\" is outside the zone", text);
	}
	if (s->n_run == s->cap_run) {
		const size_t cap = s->cap_run + s->cap_run / 4 + 1024;
		struct run *r = reallocarray(s->run, cap, sizeof(*r));
		if (!r)
			return afd_fail_memory(err);
		s->run = r;
		s->cap_run = cap;
	}
	s->run[s->n_run++] = (struct run){ .at = (uint32_t)s->len, .key = (uint16_t)key };
	s->len += (size_t)key;
	s->last.len = owner->len;
	memcpy(s->last.wire, owner->wire, owner->len);
	return 0;
}

int afd_zone_set_add(struct afd_zone_set *s, const struct afd_zone_rr *rr, struct afd_error *err)
{
	const size_t n = HEAD + rr->rdata.len;

	if (!(s->n_run && s->last.len == rr->owner->len && memcmp(s->last.wire, rr->owner->wire, s->last.len) == 0) &&
	    new_run(s, rr->owner, err) < 0)
		return -1;
	if (room(s, n, err) < 0)
		return -1;
	uint8_t *p = s->data + s->len;
	p[0] = (uint8_t)(rr->type >> 8);
	p[1] = (uint8_t)rr->type;
	p[2] = (uint8_t)(rr->rclass >> 8);
	p[3] = (uint8_t)rr->rclass;
	for (unsigned i = 0; i < 4; i++)
		p[4 + i] = (uint8_t)(rr->ttl >> (24 - 8 * i));
	p[8] = (uint8_t)(rr->rdata.len >> 8);
	p[9] = (uint8_t)rr->rdata.len;
	if (rr->rdata.len)
		memcpy(p + HEAD, rr->rdata.data, rr->rdata.len);
	s->len += n;
	s->run[s->n_run - 1].bytes += (uint32_t)n;
	s->run[s->n_run - 1].n++;
	s->n++;
	return 0;
}

int afd_zone_set_take(void *ctx, const struct afd_zone_rr *rr, struct afd_error *err)
{
	return afd_zone_set_add(ctx, rr, err);
}

/* --- sorting --- */

static uint64_t window_at(const struct afd_zone_set *s, const struct run *r, size_t depth)
{
	uint64_t v = 0;

	for (size_t i = depth; i < depth + WINDOW; i++)
		v = v << 8 | (i < r->key ? s->data[r->at + i] : 0);
	return v;
}

static void merge(const struct run *a, size_t n_a, const struct run *b, size_t n_b, struct run *to)
{
	while (n_a && n_b) {
		if (b->window < a->window) {
			*to++ = *b++;
			n_b--;
		} else {
			*to++ = *a++;
			n_a--;
		}
	}
	memcpy(to, a, n_a * sizeof(*a));
	memcpy(to + n_a, b, n_b * sizeof(*b));
}

/* Where the run of rising windows that begins at I ends */
static size_t rising(const struct run *r, size_t i, size_t n)
{
	for (i++; i < n && r[i - 1].window <= r[i].window; i++)
		;
	return i;
}

/* Names share their first letters: few different windows, then, and one pass puts everything in its place. */
enum { FEW = 1024, SLOTS = 4096, SHIFT = 52 };
struct bucket { uint64_t window; size_t n, to; };

static struct bucket *bucket_of(struct bucket *all, size_t *used, uint16_t slot[SLOTS], uint64_t window)
{
	size_t i = (size_t)((window * UINT64_C(0x9e3779b97f4a7c15)) >> SHIFT);

	for (; slot[i]; i = (i + 1) % SLOTS)
		if (all[slot[i] - 1].window == window)
			return &all[slot[i] - 1];
	if (*used == FEW)
		return NULL;
	all[*used] = (struct bucket){ .window = window };
	slot[i] = (uint16_t)++*used;
	return &all[slot[i] - 1];
}

static int by_window(const void *pa, const void *pb)
{
	const struct bucket *a = pa, *b = pb;

	return (a->window > b->window) - (a->window < b->window);
}

/* false: there are more than a few */
static bool sort_few(struct run *r, size_t n, struct run *other)
{
	struct bucket bucket[FEW] = { 0 };
	uint16_t slot[SLOTS] = { 0 };
	size_t used = 0, to = 0;

	for (size_t i = 0; i < n; i++) {
		struct bucket *b = bucket_of(bucket, &used, slot, r[i].window);
		if (!b)
			return false;
		b->n++;
	}
	qsort(bucket, used, sizeof(*bucket), by_window);
	memset(slot, 0, sizeof(slot));
	for (size_t i = 0; i < used; i++) {
		size_t k = (size_t)((bucket[i].window * UINT64_C(0x9e3779b97f4a7c15)) >> SHIFT);
		while (slot[k])
			k = (k + 1) % SLOTS;
		slot[k] = (uint16_t)(i + 1);
		bucket[i].to = to;
		to += bucket[i].n;
	}
	for (size_t i = 0; i < n; i++)
		other[bucket_of(bucket, &used, slot, r[i].window)->to++] = r[i];
	memcpy(r, other, n * sizeof(*r));
	return true;
}

/* Stable, and one pass where the order is there already: most zones are written in order, or nearly. */
static void sort_windows(struct run *r, size_t n, struct run *other)
{
	struct run *from = r, *to = other;

	if (rising(r, 0, n) == n || (n > FEW && sort_few(r, n, other)))
		return;
	for (;;) {
		size_t merged = 0, i = 0;
		if (rising(from, 0, n) == n)
			break;
		for (; i < n; merged++) {
			const size_t a = rising(from, i, n), b = a < n ? rising(from, a, n) : a;
			merge(from + i, a - i, from + a, b - a, to + i);
			i = b;
		}
		struct run *const t = from;
		from = to;
		to = t;
	}
	if (from != r)
		memcpy(r, from, n * sizeof(*r));
}

/* Those with the same first DEPTH bytes, eight bytes at a time: keys are touched once for each window. */
static void sort_runs(const struct afd_zone_set *s, struct run *r, size_t n, size_t depth, struct run *other)
{
	size_t i = 0, longest = 0;

	for (size_t k = 0; k < n; k++) {
		r[k].window = window_at(s, &r[k], depth);
		if (r[k].key > longest)
			longest = r[k].key;
	}
	sort_windows(r, n, other);
	if (longest <= depth + WINDOW)
		return;
	while (i < n) {
		size_t end = i + 1;
		while (end < n && r[end].window == r[i].window)
			end++;
		if (end - i > 1)
			sort_runs(s, r + i, end - i, depth + WINDOW, other);
		i = end;
	}
}

int afd_zone_set_sort(struct afd_zone_set *s, struct afd_error *err)
{
	AFD_AUTO(mem) struct run *other = NULL;
	bool sorted = true;

	for (size_t i = 1; sorted && i < s->n_run; i++) {
		const struct run *a = &s->run[i - 1], *b = &s->run[i];
		sorted = compare_keys(s->data + a->at, a->key, s->data + b->at, b->key) <= 0;
	}
	if (!sorted) {
		other = reallocarray(NULL, s->n_run, sizeof(*other));
		if (!other)
			return afd_fail_memory(err);
		sort_runs(s, s->run, s->n_run, 0, other);
	}
	for (size_t i = 1; i < s->n_run; i++) {
		const struct run *a = &s->run[i - 1], *b = &s->run[i];
		s->run[i].same = a->key == b->key && memcmp(s->data + a->at, s->data + b->at, a->key) == 0;
	}
	return 0;
}

/* --- walking --- */

static uint16_t type_of(const uint8_t *p) { return (uint16_t)(p[0] << 8 | p[1]); }
static size_t rdata_of(const uint8_t *p) { return (size_t)p[8] << 8 | p[9]; }
static uint32_t ttl_of(const uint8_t *p) { return (uint32_t)p[4] << 24 | (uint32_t)p[5] << 16 | (uint32_t)p[6] << 8 | p[7]; }

/* Type and class, rdata; the time to live not */
static int compare_records(const uint8_t *a, const uint8_t *b)
{
	const size_t n_a = rdata_of(a), n_b = rdata_of(b);
	int r = memcmp(a, b, 4);

	if (r == 0)
		r = memcmp(a + HEAD, b + HEAD, n_a < n_b ? n_a : n_b);
	return r ? r : (n_a > n_b) - (n_a < n_b);
}

/* The order of appearance decides between doubles: the first counts. */
static int by_record(const void *pa, const void *pb)
{
	const uint8_t *a = ((const struct record *)pa)->p, *b = ((const struct record *)pb)->p;
	const int r = compare_records(a, b);

	return r ? r : (a > b) - (a < b);
}

/* The owners of a set one after the other, each with its records in order */
struct owners {
	const struct afd_zone_set *s;
	size_t next;                              /* run behind this owner's */
	const struct run *run;
	size_t runs;                              /* of this owner */
	struct record *at;                        /* its records, once they were asked for */
	size_t n, cap;
};

static bool next_owner(struct owners *o)
{
	if (o->next == o->s->n_run)
		return false;
	o->run = &o->s->run[o->next++];
	o->runs = 1;
	for (; o->next < o->s->n_run && o->s->run[o->next].same; o->next++)
		o->runs++;
	return true;
}

static int records_of(struct owners *o, struct afd_error *err)
{
	size_t n = 0, kept = 0;

	for (size_t i = 0; i < o->runs; i++)
		n += o->run[i].n;
	if (n > o->cap) {
		struct record *at = reallocarray(o->at, n + n / 2, sizeof(*at));
		if (!at)
			return afd_fail_memory(err);
		o->at = at;
		o->cap = n + n / 2;
	}
	n = 0;
	for (size_t i = 0; i < o->runs; i++) {
		const uint8_t *p = o->s->data + o->run[i].at + o->run[i].key;
		for (uint32_t k = 0; k < o->run[i].n; k++, p += HEAD + rdata_of(p))
			o->at[n++].p = p;
	}
	for (size_t i = 1; i < n; i++)
		if (by_record(&o->at[i - 1], &o->at[i]) > 0) {
			qsort(o->at, n, sizeof(*o->at), by_record);
			break;
		}
	for (size_t i = 0; i < n; i++)
		if (kept == 0 || compare_records(o->at[kept - 1].p, o->at[i].p) != 0)
			o->at[kept++] = o->at[i];
	o->n = kept;
	return 0;
}

static void owner_name(const struct owners *o, struct afd_dns_name *ret)
{
	name_of(&o->s->zone, o->s->data + o->run->at, o->run->key, ret);
}

static struct afd_zone_rr rr_at(const struct afd_dns_name *owner, const uint8_t *p)
{
	return (struct afd_zone_rr){
		.owner = owner, .type = type_of(p), .rclass = (uint16_t)(p[2] << 8 | p[3]), .ttl = ttl_of(p),
		.rdata = afd_slice(p + HEAD, rdata_of(p))
	};
}

int afd_zone_set_walk(const struct afd_zone_set *s, afd_zone_rr_fn fn, void *ctx, struct afd_error *err)
{
	struct owners o = { .s = s };
	struct afd_dns_name owner;
	int r = 0;

	while (r == 0 && next_owner(&o)) {
		r = records_of(&o, err);
		owner_name(&o, &owner);
		for (size_t i = 0; r == 0 && i < o.n; i++) {
			const struct afd_zone_rr rr = rr_at(&owner, o.at[i].p);
			r = fn(ctx, &rr, err);
		}
	}
	free(o.at);
	return r;
}

/* --- differences --- */

struct diff { afd_zone_diff_fn fn; void *ctx; struct afd_error *err; };

static int tell(struct diff *d, enum afd_zone_op op, bool ttl_only, const struct afd_dns_name *owner, const struct record *at)
{
	const struct afd_zone_rr rr = rr_at(owner, at->p);
	return d->fn(d->ctx, op, ttl_only, &rr, d->err);
}

/* Everything of an owner that only one side has */
static int tell_all(struct diff *d, enum afd_zone_op op, struct owners *o)
{
	struct afd_dns_name owner;

	if (records_of(o, d->err) < 0)
		return -1;
	owner_name(o, &owner);
	for (size_t i = 0; i < o->n; i++)
		if (tell(d, op, false, &owner, &o->at[i]) < 0)
			return -1;
	return 0;
}

static bool same_bytes(const struct owners *a, const struct owners *b)
{
	return a->runs == 1 && b->runs == 1 && a->run->bytes == b->run->bytes &&
	       memcmp(a->s->data + a->run->at + a->run->key, b->s->data + b->run->at + b->run->key, a->run->bytes) == 0;
}

static int tell_changed(struct diff *d, struct owners *a, struct owners *b)
{
	struct afd_dns_name owner;
	size_t i = 0, k = 0;

	if (same_bytes(a, b))
		return 0;
	if (records_of(a, d->err) < 0 || records_of(b, d->err) < 0)
		return -1;
	owner_name(a, &owner);
	while (i < a->n || k < b->n) {
		const int r = i == a->n ? 1 : k == b->n ? -1 : compare_records(a->at[i].p, b->at[k].p);
		const bool ttl_only = r == 0;
		if (r == 0 && ttl_of(a->at[i].p) == ttl_of(b->at[k].p)) {
			i++;
			k++;
			continue;
		}
		if (r <= 0 && tell(d, AFD_ZONE_DEL, ttl_only, &owner, &a->at[i++]) < 0)
			return -1;
		if (r >= 0 && tell(d, AFD_ZONE_ADD, ttl_only, &owner, &b->at[k++]) < 0)
			return -1;
	}
	return 0;
}

static int diff_owners(struct diff *d, struct owners *a, struct owners *b)
{
	bool has_a = next_owner(a), has_b = next_owner(b);

	while (has_a || has_b) {
		const int r = !has_a ? 1 : !has_b ? -1 :
			compare_keys(a->s->data + a->run->at, a->run->key, b->s->data + b->run->at, b->run->key);
		if ((r < 0 && tell_all(d, AFD_ZONE_DEL, a) < 0) || (r > 0 && tell_all(d, AFD_ZONE_ADD, b) < 0) ||
		    (r == 0 && tell_changed(d, a, b) < 0))
			return -1;
		if (r <= 0)
			has_a = next_owner(a);
		if (r >= 0)
			has_b = next_owner(b);
	}
	return 0;
}

int afd_zone_set_diff(const struct afd_zone_set *a, const struct afd_zone_set *b, afd_zone_diff_fn fn, void *ctx,
                      struct afd_error *err)
{
	struct diff d = { fn, ctx, err };
	struct owners of_a = { .s = a }, of_b = { .s = b };

	if (!afd_dns_name_equal(&a->zone, &b->zone))
		return afd_fail(err, AFD_E_ENGINE, "two zones, not two versions of one");
	const int r = diff_owners(&d, &of_a, &of_b);
	free(of_a.at);
	free(of_b.at);
	return r;
}
