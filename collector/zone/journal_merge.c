/* Knot merges the oldest steps of its journal into one, and may keep some of them beside it. What the merged step says of a
 * record minus what the kept ones say is what happened before those: all that can still be known. */
#include "collector/zone/journal_merge.h"

void afd_journal_change_release(struct afd_journal_change *c)
{
	afd_zone_rows_release(&c->del);
	afd_zone_rows_release(&c->add);
}

int afd_journal_soa_serial(const char *rdata, uint32_t *ret)
{
	uint64_t v = 0;

	for (int i = 0; i < 2; i++) {
		rdata += strcspn(rdata, " ");
		rdata += *rdata == ' ';
	}
	if (*rdata < '0' || *rdata > '9')
		return -1;
	for (; *rdata >= '0' && *rdata <= '9' && v <= UINT32_MAX; rdata++)
		v = v * 10 + (uint64_t)(*rdata - '0');
	*ret = (uint32_t)v;
	return v <= UINT32_MAX ? 0 : -1;
}

static int push(struct afd_zone_rows *to, const struct afd_rr *rr)
{
	if (to->n == to->cap) {
		const size_t cap = to->cap ? 2 * to->cap : 16;
		struct afd_rr *at = reallocarray(to->rr, cap, sizeof(*at));

		if (!at)
			return -1;
		to->rr = at;
		to->cap = cap;
	}
	to->rr[to->n++] = *rr;
	return 0;
}

int afd_journal_move_last(struct afd_zone_rows *from, struct afd_zone_rows *to)
{
	return push(to, &from->rr[--from->n]);
}

/* One word about one record: of step no, 0 the merged one. */
struct said { const struct afd_rr *rr; size_t no; bool add; };

static int by_record(const struct said *a, const struct said *b)
{
	int r = strcmp(a->rr->owner, b->rr->owner);

	if (r == 0)
		r = strcmp(a->rr->type, b->rr->type);
	if (r == 0)
		r = strcmp(a->rr->rdata, b->rr->rdata);
	return r ? r : (a->rr->ttl > b->rr->ttl) - (a->rr->ttl < b->rr->ttl);
}

/* In a step what goes goes before what comes. */
static int by_record_and_time(const void *pa, const void *pb)
{
	const struct said *a = pa, *b = pb;
	int r = by_record(a, b);

	if (r == 0)
		r = (a->no > b->no) - (a->no < b->no);
	return r ? r : a->add - b->add;
}

static void collect(struct said **to, const struct afd_zone_rows *rows, size_t no, bool add)
{
	for (size_t i = 0; i < rows->n; i++)
		*(*to)++ = (struct said){ &rows->rr[i], no, add };
}

/* Was it there at A, and at B? FROM[0..n) is all that was said of one record. */
static int leave(const struct said *from, size_t n, struct afd_zone_rows *del, struct afd_zone_rows *add)
{
	const struct said *merged = from->no == 0 ? from : NULL;
	const size_t skip = merged != NULL;

	if (n == skip)
		return push(merged->add ? add : del, from->rr);
	const bool at_end = from[n - 1].add, at_b = !from[skip].add;
	const bool at_a = merged ? !merged->add : at_end;

	if (at_a == at_b)
		return 0;
	return push(at_b ? add : del, from->rr);
}

int afd_journal_unmerge(struct afd_journal_change *at, size_t n, struct afd_error *err)
{
	struct afd_zone_rows del = { 0 }, add = { 0 };
	struct said *all, *end;
	size_t total = 0;
	int r = 0;

	for (size_t i = 0; i < n; i++)
		total += at[i].del.n + at[i].add.n;
	end = all = calloc(total ? total : 1, sizeof(*all));
	if (!all)
		return afd_fail_memory(err);
	for (size_t i = 0; i < n; i++) {
		collect(&end, &at[i].del, i, false);
		collect(&end, &at[i].add, i, true);
	}
	qsort(all, total, sizeof(*all), by_record_and_time);
	for (size_t i = 0, k; i < total && r == 0; i = k) {
		for (k = i + 1; k < total && by_record(&all[i], &all[k]) == 0; k++)
			;
		r = leave(&all[i], k - i, &del, &add);
	}
	free(all);
	if (r < 0) {
		free(del.rr);
		free(add.rr);
		return afd_fail_memory(err);
	}
	/* Their texts stay where they are: of the merged step, and of those behind it, which live as long. */
	del.block = at[0].del.block;
	add.block = at[0].add.block;
	free(at[0].del.rr);
	free(at[0].add.rr);
	at[0].del = del;
	at[0].add = add;
	at[0].to = at[1].from;
	return 0;
}
