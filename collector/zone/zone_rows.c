/* Records of zone text as rows of evidence/sink.h. */
#include "collector/zone/dns_layout.h"
#include "collector/zone/zone_text.h"

int afd_zone_rr_words(const struct afd_zone_rr *rr, struct afd_zone_rr_words *keep, struct afd_rr *ret, struct afd_error *err)
{
	keep->rdata.len = 0;
	afd_dns_name_text(rr->owner, true, keep->owner);
	afd_dns_type_text(rr->type, keep->type);
	if (afd_rdata_write(rr->rdata, 0, rr->type, rr->rdata.len, LOWER, &keep->rdata, err) < 0)
		return -1;
	/* Rdata may be empty (APL, an unknown type of no bytes is "\# 0"): still a text. */
	if (afd_buf_text(&keep->rdata, "") < 0)
		return afd_fail_memory(err);
	*ret = (struct afd_rr){ keep->owner, keep->type, keep->rdata.data ? (const char *)keep->rdata.data : "", rr->ttl };
	return 0;
}

void afd_zone_rr_words_release(struct afd_zone_rr_words *w)
{
	afd_buf_release(&w->rdata);
}

struct afd_zone_block { struct afd_zone_block *next; size_t used, size; char text[]; };
enum { BLOCK = 256 * 1024 };

static const char *keep_text(struct afd_zone_rows *rows, const char *s)
{
	const size_t n = strlen(s) + 1;
	struct afd_zone_block *b = rows->block;

	if (!b || b->size - b->used < n) {
		const size_t size = n > BLOCK ? n : BLOCK;
		b = malloc(sizeof(*b) + size);
		if (!b)
			return NULL;
		*b = (struct afd_zone_block){ .next = rows->block, .size = size };
		rows->block = b;
	}
	char *p = b->text + b->used;
	memcpy(p, s, n);
	b->used += n;
	return p;
}

static int grow(struct afd_zone_rows *rows)
{
	if (rows->n < rows->cap)
		return 0;
	const size_t cap = rows->cap ? rows->cap + rows->cap / 2 : 64;
	struct afd_rr *at = reallocarray(rows->rr, cap, sizeof(*at));
	if (!at)
		return -1;
	rows->rr = at;
	rows->cap = cap;
	return 0;
}

int afd_zone_rows_add(struct afd_zone_rows *rows, const struct afd_zone_rr *rr, struct afd_error *err)
{
	struct afd_zone_rr_words keep = { 0 };
	struct afd_rr r;

	if (afd_zone_rr_words(rr, &keep, &r, err) < 0) {
		afd_zone_rr_words_release(&keep);
		return -1;
	}
	const struct afd_rr *last = rows->n ? &rows->rr[rows->n - 1] : NULL;
	const char *name = afd_dns_type_name(rr->type);
	r.owner = last && strcmp(last->owner, r.owner) == 0 ? last->owner : keep_text(rows, r.owner);
	r.type = name ? name : keep_text(rows, r.type);
	r.rdata = keep_text(rows, r.rdata);
	afd_zone_rr_words_release(&keep);
	if (!r.owner || !r.type || !r.rdata || grow(rows) < 0)
		return afd_fail_memory(err);
	rows->rr[rows->n++] = r;
	return 0;
}

void afd_zone_rows_clear(struct afd_zone_rows *rows)
{
	while (rows->block) {
		struct afd_zone_block *next = rows->block->next;
		free(rows->block);
		rows->block = next;
	}
	free(rows->rr);
	*rows = (struct afd_zone_rows){ 0 };
}

void afd_zone_rows_release(struct afd_zone_rows *rows)
{
	afd_zone_rows_clear(rows);
}
