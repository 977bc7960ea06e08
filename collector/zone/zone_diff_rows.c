#include "collector/zone/zone_diff_rows.h"

#include "collector/zone/journal_merge.h"

void afd_zone_difference_release(struct afd_zone_difference *d)
{
	free(d->rr);
	*d = (struct afd_zone_difference){ 0 };
}

static int by_record(const void *pa, const void *pb)
{
	const struct afd_rr *a = *(const struct afd_rr *const *)pa, *b = *(const struct afd_rr *const *)pb;
	int r = strcmp(a->owner, b->owner);

	if (r == 0)
		r = strcmp(a->type, b->type);
	if (r == 0)
		r = strcmp(a->rdata, b->rdata);
	return r ? r : (a->ttl > b->ttl) - (a->ttl < b->ttl);
}

/* Sorted, without the SOA, whose serial is *serial. */
static const struct afd_rr **sorted(const struct afd_zone_rows *rows, size_t *n, bool *has_serial, uint32_t *serial)
{
	const struct afd_rr **at = calloc(rows->n ? rows->n : 1, sizeof(*at));

	*n = 0;
	*has_serial = false;
	for (size_t i = 0; at && i < rows->n; i++) {
		if (strcmp(rows->rr[i].type, "SOA") == 0)
			*has_serial = afd_journal_soa_serial(rows->rr[i].rdata, serial) == 0;
		else
			at[(*n)++] = &rows->rr[i];
	}
	if (at && *n)
		qsort(at, *n, sizeof(*at), by_record);
	return at;
}

static void say(struct afd_zone_difference *d, const struct afd_rr *rr, bool add)
{
	d->rr[d->n++] = (struct afd_claim_rr){ rr->owner, rr->type, rr->rdata, add, 0 };
}

int afd_zone_difference(const struct afd_zone_rows *before, const struct afd_zone_rows *after, struct afd_zone_difference *ret, struct afd_error *err)
{
	size_t n = 0, m = 0, i = 0, k = 0;
	bool had = false, has = false;
	const struct afd_rr **a = sorted(before, &n, &had, &ret->serial_from), **b = sorted(after, &m, &has, &ret->serial_to);

	ret->n = 0;
	ret->rr = calloc(n + m ? n + m : 1, sizeof(*ret->rr));
	ret->has_serials = had && has && ret->serial_from != ret->serial_to;
	while (a && b && ret->rr && (i < n || k < m)) {
		const int r = i == n ? 1 : k == m ? -1 : by_record(&a[i], &b[k]);

		if (r < 0)
			say(ret, a[i], false);
		else if (r > 0)
			say(ret, b[k], true);
		i += r <= 0;
		k += r >= 0;
	}
	const bool memory = a && b && ret->rr;
	free(a);
	free(b);
	return memory ? 0 : afd_fail_memory(err);
}
