/* A sink that looks at each row and forgets it. */
#ifndef AFD_TESTS_FUZZ_SINK_NOWHERE_H
#define AFD_TESTS_FUZZ_SINK_NOWHERE_H

#include "collector/provider.h"

struct seen { uint64_t parts, rows; };

static inline void seen_part(struct seen *s, uint64_t part)
{
	if (part >= s->parts)
		abort();                  /* a row cites a part that is not there */
	s->rows++;
}

static inline int seen_event(void *ctx, const struct afd_row_event *r, struct afd_error *err)
{
	(void)err;
	if (!r->account || !r->action || !r->outcome || !r->provider_ref || !r->record_kind || r->at.from >= r->at.to)
		abort();                  /* NOT NULL in the table */
	seen_part(ctx, r->part);
	return 0;
}

static inline int seen_coverage(void *ctx, const struct afd_row_coverage *r, struct afd_error *err)
{
	(void)err;
	if (!r->evidence || !r->scope || r->at.from >= r->at.to || r->lag_ms < 0)
		abort();
	seen_part(ctx, r->part);
	return 0;
}

static inline int seen_search(void *ctx, const struct afd_row_search *r, struct afd_error *err)
{
	(void)err;
	if (!r->provider || !*r->ref || !r->tbs_sha256 || !r->serial || !r->issuer || !r->n || (!*r->tbs_sha256 && !*r->serial))
		abort();
	for (size_t i = 0; i < r->n; i++)
		if (!*r->name[i])
			abort();
	seen_part(ctx, r->part);
	return 0;
}

static inline int seen_claim(void *ctx, const struct afd_row_claim *r, struct afd_error *err)
{
	(void)err;
	if (!r->zone || !r->outcome || !r->ref || r->at.from >= r->at.to)
		abort();
	for (size_t i = 0; i < r->n; i++)
		if (!r->rr[i].owner || (r->rr[i].rdata && !r->rr[i].type))
			abort();
	seen_part(ctx, r->part);
	return 0;
}

static inline int seen_tables(void *ctx, const char *const *tables, struct afd_error *err)
{
	(void)ctx, (void)err;
	return tables[0] ? 0 : -1;
}

static inline int seen_user(void *ctx, const struct afd_row_user *r, struct afd_error *err)
{
	(void)err;
	if (!r->table || !r->key)
		abort();
	for (size_t i = 0; i < r->n; i++)
		if (!r->v[i].column || (r->v[i].text && r->v[i].is_int))
			abort();
	seen_part(ctx, r->part);
	return 0;
}

static inline int seen_notice(void *ctx, const struct afd_row_notice *r, struct afd_error *err)
{
	(void)err;
	if (!r->finding || strlen(r->finding) != 16 || !r->check || !r->resource || !r->severity || !r->status || !r->channel || !r->outcome || r->t < 0)
		abort();
	seen_part(ctx, r->part);
	return 0;
}

static inline int seen_end(void *ctx, struct afd_error *err)
{
	(void)ctx, (void)err;
	return 0;
}

static inline int seen_domain_state(void *ctx, const struct afd_row_domain_state *r, struct afd_error *err)
{
	const struct afd_told_list *const list[] = { &r->status, &r->name_server, &r->ds };

	(void)err;
	if (!r->domain || !r->view || r->seen_ms == AFD_TIME_NONE)
		abort();
	for (size_t i = 0; i < 3; i++)
		for (size_t k = 0; k < list[i]->n; k++)
			if (list[i]->known != AFD_YES || !list[i]->at[k])
				abort();
	for (size_t i = 0; i < r->n_contact; i++)
		if (!r->contact[i].role)
			abort();
	seen_part(ctx, r->part);
	return 0;
}

static inline int seen_domain_change(void *ctx, const struct afd_row_domain_change *r, struct afd_error *err)
{
	if (!r->ref || !r->event)
		abort();
	return seen_domain_state(ctx, r->state, err) < 0 ? -1 : seen_event(ctx, r->event, err);
}

static inline int seen_observation(void *ctx, const struct afd_row_observation *r, struct afd_error *err)
{
	(void)err;
	if (!r->kind || !r->subject || !r->name || r->at.from >= r->at.to)
		abort();
	seen_part(ctx, r->part);
	return 0;
}

static inline int seen_credentials(void *ctx, const struct afd_row_credentials *r, struct afd_error *err)
{
	(void)err;
	if (!r->account || r->seen_ms == AFD_TIME_NONE)
		abort();
	for (size_t i = 0; i < r->n; i++) {
		if (!r->at[i].id)
			abort();
		seen_part(ctx, r->at[i].part);
	}
	return 0;
}

static inline int seen_members(void *ctx, const struct afd_row_members *r, struct afd_error *err)
{
	(void)err;
	if (!r->account || r->seen_ms == AFD_TIME_NONE)
		abort();
	for (size_t i = 0; i < r->n; i++) {
		if (!r->at[i].id)
			abort();
		seen_part(ctx, r->at[i].part);
	}
	return 0;
}

/* Decodes the bytes through the table of decoders; the number of rows, or -1. */
static inline int64_t seen_decode(const char *decoder, const char *asked, struct afd_slice bytes, const struct afd_ranges *parts)
{
	struct afd_range whole = { 0, bytes.len };
	struct afd_record record = { .kind = AFD_ITEM_ANSWER, .source = (char *)"s", .decoder = (char *)decoder, .asked = (char *)asked };
	struct afd_item_view view = { .record = &record, .bytes = bytes, .parts = parts ? *parts : (struct afd_ranges){ &whole, 1, 1 } };
	struct seen seen = { .parts = view.parts.n };
	struct afd_sink sink = {
		.ctx = &seen,
		.claim = seen_claim,
		.coverage = seen_coverage,
		.credentials = seen_credentials,
		.domain_change = seen_domain_change,
		.domain_state = seen_domain_state,
		.event = seen_event,
		.members = seen_members,
		.notice = seen_notice,
		.observation = seen_observation,
		.search = seen_search,
		.user = seen_user,
		.user_begin = seen_tables,
		.user_end = seen_end,
	};
	struct afd_error err = { 0 };

	if (afd_decode_item(NULL, &view, &sink, &err) == 0)
		return (int64_t)seen.rows;
	if (!err.code || !err.text[0])
		abort();                  /* a refusal says why */
	return -1;
}

static inline void must_tile(const struct afd_ranges *parts, size_t len)
{
	uint64_t at = 0;

	for (size_t i = 0; i < parts->n; i++) {
		if (parts->at[i].off != at || parts->at[i].len > len - at)
			abort();
		at += parts->at[i].len;
	}
	if (at != len)
		abort();
}

#endif
