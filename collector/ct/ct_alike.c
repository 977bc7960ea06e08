/* Names that look like ours, found without comparing with each: two words that differ in at most k letters become the same
 * when the right k letters are taken from each. So every skeleton of ours stands in a table with all ways to take up to k
 * letters away, and a label of a certificate is asked for in the same ways. What is found is then compared for good. */
#include "collector/ct/ct_watch.h"
#include "core/likeness.h"
#include "core/name.h"


typedef int each_cb(void *ctx, uint32_t hash);

static uint32_t hash_without(const char *s, size_t n, size_t a, size_t b)
{
	uint32_t h = 0x811c9dc5;

	for (size_t i = 0; i < n; i++)
		if (i != a && i != b)
			h = (h ^ (uint8_t)s[i]) * 0x01000193;
	return h;
}

/* Calls F for the skeleton as it is and with up to SLACK of its letters away. */
static int each_shorter(const char *s, size_t n, unsigned slack, each_cb *f, void *ctx)
{
	int rc = f(ctx, hash_without(s, n, n, n));

	for (size_t i = 0; rc == 0 && slack > 0 && i < n; i++) {
		rc = f(ctx, hash_without(s, n, i, n));
		for (size_t k = i + 1; rc == 0 && slack > 1 && k < n; k++)
			rc = f(ctx, hash_without(s, n, i, k));
	}
	return rc;
}

static size_t slot_of(const struct afd_ct_alike *a, uint32_t hash)
{
	return (hash ^ hash >> 15) & a->mask;
}

static int grow(struct afd_ct_alike *a)
{
	struct afd_ct_alike big = { .mask = a->mask ? 2 * a->mask + 1 : 4095 };

	big.slot = calloc(big.mask + 1, sizeof(*big.slot));
	if (!big.slot)
		return -1;
	for (size_t i = 0; a->slot && i <= a->mask; i++) {
		size_t at = slot_of(&big, a->slot[i].hash);

		if (!a->slot[i].at)
			continue;
		while (big.slot[at].at)
			at = (at + 1) & big.mask;
		big.slot[at] = a->slot[i];
	}
	free(a->slot);
	a->slot = big.slot;
	a->mask = big.mask;
	return 0;
}

static int put_hash(void *p, uint32_t hash)
{
	struct afd_ct_alike *a = p;
	size_t at;

	if (2 * a->used >= a->mask && grow(a) < 0)
		return -1;
	for (at = slot_of(a, hash); a->slot[at].at; at = (at + 1) & a->mask)
		if (a->slot[at].hash == hash && a->slot[at].at == a->n)
			return 0;
	a->slot[at].hash = hash;
	a->slot[at].at = (uint32_t)a->n;
	a->used++;
	return 0;
}

int afd_ct_alike_add(struct afd_ct_alike *a, const char *name, struct afd_error *err)
{
	const char *dot = strchr(name, '.');
	char skeleton[AFD_SKELETON_MAX];
	const char **list;
	unsigned slack;
	size_t n;

	if (a->n == AFD_MAX_ALIKE)
		return afd_fail(err, AFD_E_LIMIT, "names to look alike: more than %d", AFD_MAX_ALIKE);
	n = dot ? afd_label_skeleton(afd_slice(name, (size_t)(dot - name)), skeleton) : 0;
	if (n == 0)
		return afd_fail(err, AFD_E_CONFIG, "%s: nothing can look like it", name);
	list = reallocarray(a->name, a->n + 1, sizeof(*list));
	if (!list)
		return afd_fail_memory(err);
	a->name = list;
	a->name[a->n++] = name;
	slack = afd_likeness_slack(n);
	if (slack > a->slack)
		a->slack = slack;
	for (size_t i = n > slack ? n - slack : 0; i <= n + slack && i < 256; i++)
		a->lengths[i / 64] |= UINT64_C(1) << i % 64;
	return each_shorter(skeleton, n, slack, put_hash, a) < 0 ? afd_fail_memory(err) : 0;
}

bool afd_ct_alike_has(const struct afd_ct_alike *a, const char *name)
{
	for (size_t i = 0; i < a->n; i++)
		if (strcmp(a->name[i], name) == 0)
			return true;
	return false;
}

struct asking { const struct afd_ct_alike *a; const char *name; };

static int ask(void *p, uint32_t hash)
{
	const struct asking *q = p;

	for (size_t at = slot_of(q->a, hash); q->a->slot[at].at; at = (at + 1) & q->a->mask)
		if (q->a->slot[at].hash == hash && afd_name_likeness(q->name, q->a->name[q->a->slot[at].at - 1]) != AFD_UNLIKE)
			return 1;
	return 0;
}

bool afd_ct_alike_finds(const struct afd_ct_alike *a, const char *name)
{
	struct asking q = { a, name };
	char skeleton[AFD_SKELETON_MAX];

	if (a->n == 0)
		return false;
	for (const char *dot; (dot = strchr(q.name, '.')); q.name = dot + 1) {
		size_t n = afd_label_skeleton(afd_slice(q.name, (size_t)(dot - q.name)), skeleton);

		if (n > 0 && a->lengths[n / 64] >> n % 64 & 1 && each_shorter(skeleton, n, a->slack, ask, &q) != 0)
			return true;
	}
	return false;
}

void afd_ct_alike_release(struct afd_ct_alike *a)
{
	free(a->name);
	free(a->slot);
	*a = (struct afd_ct_alike){ 0 };
}
