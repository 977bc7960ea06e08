/* Secrets in answers about zones: everything but the data of records, which anybody can ask for. */
#include "collector/api/hosted.h"

#include "collector/registrar/json_walk.h"
#include "core/limits.h"

struct public {
	struct afd_range *at; size_t n, cap;
	struct afd_slice list[AFD_MAX_JSON_DEPTH + 1];    /* key of the list at each depth */
	uint64_t base;
};

/* Strings under these keys, or in lists (of lists) under them. */
static bool is_record_data(struct afd_slice key)
{
	static const char *const keys[] = { "answer", "content", "rrdata", "rrdatas", "rrset_values", "short_answers", "value" };

	for (size_t i = 0; i < AFD_COUNT(keys); i++)
		if (afd_slice_equal(key, afd_slice_text(keys[i])))
			return true;
	return false;
}

static int see(void *ctx, const struct afd_json_at *v, struct afd_error *err)
{
	struct public *p = ctx;
	struct afd_slice key = v->key.len || !v->depth ? v->key : p->list[v->depth - 1];
	struct afd_range *more;

	if (v->kind == AFD_JSON_OPEN_LIST || v->kind == AFD_JSON_OPEN_MAP)
		p->list[v->depth] = v->kind == AFD_JSON_OPEN_LIST ? key : (struct afd_slice){ 0 };
	if (v->kind != AFD_JSON_STRING || !is_record_data(key))
		return 0;
	if (p->n == p->cap) {
		p->cap = p->cap ? 2 * p->cap : 256;
		more = realloc(p->at, p->cap * sizeof(*more));
		if (!more)
			return afd_fail_memory(err);
		p->at = more;
	}
	p->at[p->n++] = (struct afd_range){ p->base + v->off, v->len };
	return 0;
}

static int by_offset(const void *a, const void *b)
{
	const struct afd_range *x = a, *y = b;

	return (x->off > y->off) - (x->off < y->off);
}

/* Cuts inside of public strings are taken back; both are in order. */
static void take_back(struct afd_ranges *cuts, const struct public *p)
{
	size_t kept = 0, j = 0;

	if (cuts->n)
		qsort(cuts->at, cuts->n, sizeof(*cuts->at), by_offset);
	for (size_t i = 0; i < cuts->n; i++) {
		while (j < p->n && p->at[j].off + p->at[j].len < cuts->at[i].off + 1)
			j++;
		if (j < p->n && p->at[j].off <= cuts->at[i].off && cuts->at[i].off + cuts->at[i].len <= p->at[j].off + p->at[j].len)
			continue;
		cuts->at[kept++] = cuts->at[i];
	}
	cuts->n = kept;
}

static int find_public(struct afd_slice whole, struct afd_slice page, struct public *p, struct afd_error *err)
{
	p->base = (uint64_t)(page.data - whole.data);
	return afd_json_walk(page, see, p, err);
}

int afd_hosted_redact(struct afd_slice bytes, struct afd_ranges *cuts, struct afd_error *err)
{
	AFD_AUTO(list) struct afd_list l = { 0 };
	struct public p = { 0 };
	int r;

	if (afd_pages_redact(bytes, cuts, err) < 0)
		return -1;
	if (afd_list_read(bytes, &l, NULL) < 0) {
		r = find_public(bytes, bytes, &p, err);
	} else {
		r = 0;
		for (size_t i = 0; i < l.n && r == 0; i++)
			r = find_public(bytes, l.page[i].body, &p, err);
	}
	if (r == 0)
		take_back(cuts, &p);
	free(p.at);
	return r;
}
