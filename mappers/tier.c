/* How much a finding's resource matters: the tier that the inventory states for it, or for what it lies in. */
#include "mappers/judge.h"

struct tier { const char *name, *tier; int rank; };

static int rank_of(const char *tier)
{
	static const char *const names[] = { "low", "normal", "high", "critical" };

	for (size_t i = 0; i < AFD_COUNT(names); i++)
		if (strcmp(names[i], tier) == 0)
			return (int)i;
	return -1;
}

/* By name, the highest first. */
static int compare(const void *x, const void *y)
{
	const struct tier *a = x, *b = y;
	int c = strcmp(a->name, b->name);

	return c ? c : b->rank - a->rank;
}

static int load(struct afd_store *s, struct afd_arena *a, struct tier **ret, size_t *n, struct afd_error *err)
{
	AFD_AUTO(query) struct afd_query *q = NULL;
	int got;

	*ret = NULL;
	*n = 0;
	if (afd_query_open(s, "SELECT name, tier FROM domain WHERE tier IS NOT NULL UNION ALL SELECT name, tier FROM owned_zone WHERE tier IS NOT NULL"
			   " UNION ALL SELECT host, tier FROM service WHERE tier IS NOT NULL UNION ALL SELECT name, tier FROM service WHERE tier IS NOT NULL"
			   " UNION ALL SELECT c.id, s.tier FROM credential c JOIN service s ON s.name = c.workload WHERE s.tier IS NOT NULL", &q, err) < 0)
		return -1;
	while ((got = afd_query_step(q, err)) > 0) {
		const char *name = afd_query_text(q, 0), *tier = afd_query_text(q, 1);
		struct tier *p = AFD_PUSH(a, *ret, *n);

		if (!p)
			return afd_fail_memory(err);
		if (strncmp(name, "*.", 2) == 0)
			name += 2;
		*p = (struct tier){ afd_arena_text(a, name), afd_arena_text(a, tier), rank_of(tier) };
		if (!p->name || !p->tier)
			return afd_fail_memory(err);
	}
	if (*n)
		qsort(*ret, *n, sizeof **ret, compare);
	return got;
}

static const char *find(const struct tier *t, size_t n, const char *name)
{
	size_t lo = 0, hi = n;

	while (lo < hi) {
		const size_t mid = lo + (hi - lo) / 2;

		if (strcmp(t[mid].name, name) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < n && strcmp(t[lo].name, name) == 0 ? t[lo].tier : NULL;
}

/* The resource itself, then, for a name or name:port, what is above it. */
static const char *tier_of(const struct tier *t, size_t n, const char *resource)
{
	char name[256];
	const size_t len = strcspn(resource, ":");
	const char *tier = find(t, n, resource);

	if (tier || len >= sizeof name)
		return tier;
	memcpy(name, resource, len);
	name[len] = '\0';
	for (const char *p = name; p && *p; p = strchr(p, '.')) {
		p += *p == '.';
		if ((tier = find(t, n, p)) != NULL)
			return tier;
	}
	return NULL;
}

int afd_tiers_apply(struct afd_store *s, struct afd_arena *arena, struct afd_assessment *a, struct afd_error *err)
{
	struct tier *t;
	size_t n;

	if (load(s, arena, &t, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < a->n_finding && n; i++)
		a->finding[i].tier = tier_of(t, n, a->finding[i].resource);
	return 0;
}
