/* Runs a zone source through the real transport and writes what it keeps and says as lines of text. */
#ifndef AFD_TESTS_ZONE_RUN_H
#define AFD_TESTS_ZONE_RUN_H

#include <inttypes.h>
#include <stdio.h>

#include "collector/provider.h"
#include "core/digest.h"

struct run {                                      /* zeroed, then run_source() as often as wanted */
	const struct afd_provider *provider;
	const char *base_dir;
	int64_t now_ms;                           /* moves on by step_ms with each look; 0 and 0: the real clock is the caller's */
	int64_t step_ms;
	const struct afd_env *env;                /* NULL: the clock above */
	char *cursor;
	struct afd_buf out;                       /* items, rows, coverage */
	struct afd_buf last_item;                 /* bytes of the last item */
	bool rows;                                /* decode items */
	int tries;                                /* as the engine tries again when there was no answer; 0: once */
	uint64_t chance;
};

static inline void run_release(struct run *r)
{
	free(r->cursor);
	afd_buf_release(&r->out);
	afd_buf_release(&r->last_item);
}

static inline int64_t run_now(void *ctx)
{
	struct run *r = ctx;
	return r->now_ms += r->step_ms;
}

static inline int run_random(void *ctx, uint8_t *out, size_t n)
{
	struct run *r = ctx;
	for (size_t i = 0; i < n; i++)
		out[i] = (uint8_t)(++r->chance * 37);
	return 0;
}

/* --- rows as text --- */

static inline const char *run_or(const char *s)
{
	return s ? s : "-";
}

static inline const char *run_signed(bool authenticated)
{
	return authenticated ? "" : " unauthenticated";
}

static inline int run_rr(struct afd_buf *b, const char *mark, const struct afd_rr *rr, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (afd_buf_printf(b, "%s%s %u %s %s\n", mark, rr[i].owner, rr[i].ttl, rr[i].type, rr[i].rdata) < 0)
			return -1;
	return 0;
}

static inline int run_row_zone(void *ctx, const struct afd_row_zone *r, struct afd_error *err)
{
	(void)err;
	afd_buf_printf(ctx, "zone %s at %s serial %u part %" PRIu64 "%s\n", r->zone, r->server, r->serial, r->part,
	               run_signed(r->authenticated));
	return run_rr(ctx, "  ", r->rr, r->n);
}

static inline int run_row_diff(void *ctx, const struct afd_row_diff *r, struct afd_error *err)
{
	(void)err;
	afd_buf_printf(ctx, "diff %s at %s %u to %u part %" PRIu64 "%s", r->zone, r->server, r->from, r->to, r->part,
	               run_signed(r->authenticated));
	if (r->at.from < r->at.to)
		afd_buf_printf(ctx, " %s +%" PRId64, afd_when_text(r->at.from).s, r->at.to - r->at.from);
	afd_buf_printf(ctx, "%s%s%s\n", r->more ? " more" : "", r->merged ? " merged: " : "", r->merged ? r->merged : "");
	return run_rr(ctx, "  - ", r->del, r->n_del) < 0 ? -1 : run_rr(ctx, "  + ", r->add, r->n_add);
}

static inline int run_row_serial(void *ctx, const struct afd_row_serial *r, struct afd_error *err)
{
	(void)err;
	return afd_buf_printf(ctx, "serial %s at %s %u part %" PRIu64 "%s\n", r->zone, r->server, r->serial, r->part,
	                      run_signed(r->authenticated));
}

static inline int run_row_claim(void *ctx, const struct afd_row_claim *r, struct afd_error *err)
{
	(void)err;
	afd_buf_printf(ctx, "claim %s %s key=%s claimed=%s client=%s %s +%" PRId64 " part %" PRIu64, r->zone, r->outcome, run_or(r->credential),
	               run_or(r->claimed), run_or(r->client), afd_when_text(r->at.from).s, r->at.to - r->at.from, r->part);
	if (r->has_serials)
		afd_buf_printf(ctx, " serial %u -> %u", r->serial_from, r->serial_to);
	if (r->kind && strcmp(r->kind, "log") != 0)
		afd_buf_printf(ctx, " %s", r->kind);
	if (r->mac)
		afd_buf_printf(ctx, " mac %s", r->mac);
	afd_buf_text(ctx, "\n");
	for (size_t i = 0; i < r->n; i++) {
		char ttl[16] = "";
		if (r->rr[i].has_ttl)
			snprintf(ttl, sizeof(ttl), " %u", r->rr[i].ttl);
		if (afd_buf_printf(ctx, "  %c %s%s %s %s part %" PRIu64 "\n", r->rr[i].add ? '+' : '-', r->rr[i].owner, ttl, run_or(r->rr[i].type),
		                   run_or(r->rr[i].rdata), r->rr[i].part) < 0)
			return -1;
	}
	return 0;
}

static inline int run_row_declared(void *ctx, const struct afd_row_declared *r, struct afd_error *err)
{
	(void)err;
	afd_buf_printf(ctx, "declared %s %s by %s\n", r->zone, r->form, r->ref);
	return run_rr(ctx, "  ", r->rr, r->n);
}

static inline int run_row_observation(void *ctx, const struct afd_row_observation *r, struct afd_error *err)
{
	(void)err;
	return afd_buf_printf(ctx, "%s %s %s %s\n", r->kind, r->subject, r->name, r->value);
}

static inline struct afd_sink run_sink(struct afd_buf *to)
{
	return (struct afd_sink){ .ctx = to, .zone = run_row_zone, .diff = run_row_diff, .serial = run_row_serial, .claim = run_row_claim,
	                          .declared = run_row_declared, .observation = run_row_observation };
}

/* BYTES as an item of P. */
static inline int run_decode(const struct afd_provider *p, const char *asked, const char *channel, int64_t received_ms, struct afd_slice bytes,
                             struct afd_buf *to, struct afd_error *err)
{
	AFD_AUTO(ranges) struct afd_ranges parts = { 0 };
	struct afd_record record = { .decoder = (char *)(uintptr_t)p->kind, .asked = (char *)(uintptr_t)asked, .channel = (char *)(uintptr_t)channel,
	                             .received_ms = received_ms };
	struct afd_item_view view = { .record = &record, .bytes = bytes };
	struct afd_sink sink = run_sink(to);

	if (p->split && p->split(bytes, &parts, err) < 0)
		return -1;
	view.parts = parts;
	return p->decode(&view, &sink, err);
}

/* --- the keeper --- */

struct run_keep { struct run *r; const struct afd_response *answer; };

static inline int run_item(void *ctx, const struct afd_draft *d, struct afd_error *err)
{
	struct run_keep *k = ctx;
	struct run *r = k->r;
	const char *channel = d->channel ? d->channel : k->answer->channel;

	afd_buf_printf(&r->out, "item %s | %s\n", d->asked, channel);
	r->last_item.len = 0;
	if (afd_buf_add_slice(&r->last_item, d->bytes) < 0)
		return afd_fail_memory(err);
	if (r->rows && d->parts.n) {                   /* the source says what the parts are */
		struct afd_record record = { .decoder = (char *)(uintptr_t)r->provider->kind, .asked = (char *)(uintptr_t)d->asked,
		                             .media_type = (char *)(uintptr_t)d->media_type, .received_ms = d->received_ms };
		const struct afd_item_view view = { .record = &record, .bytes = d->bytes, .parts = d->parts };
		struct afd_sink sink = run_sink(&r->out);
		return r->provider->decode(&view, &sink, err);
	}
	return r->rows ? run_decode(r->provider, d->asked, channel, d->received_ms ? d->received_ms : k->answer->received_ms, d->bytes, &r->out, err) : 0;
}

static inline int run_cover(void *ctx, const struct afd_row_coverage *c, struct afd_error *err)
{
	struct run_keep *k = ctx;

	(void)err;
	return afd_buf_printf(&k->r->out, "%s %s [%s, %s) %s\n", c->grade == AFD_GAP ? "gap" : "covered", c->scope, afd_when_text(c->at.from).s,
	                      afd_when_text(c->at.to).s, c->reason);
}

static inline int run_checkpoint(void *ctx, const char *cursor, struct afd_error *err)
{
	struct run_keep *k = ctx;

	free(k->r->cursor);
	k->r->cursor = afd_strdup(cursor);
	return k->r->cursor ? 0 : afd_fail_memory(err);
}

static inline void run_progress(void *ctx, uint64_t done, uint64_t total, const char *unit)
{
	(void)ctx;
	(void)done;
	(void)total;
	(void)unit;
}

static inline int run_secret(void *ctx, const char *ref, struct afd_buf *ret, struct afd_error *err)
{
	(void)ctx;
	return afd_secret_resolve(ref, ret, err);
}

/* One run. YAML: the source's map, without name and type. */
static inline int run_source(struct run *r, const char *yaml, struct afd_error *err)
{
	AFD_AUTO(doc) struct afd_doc *doc = NULL;
	const struct afd_env clock = { run_now, run_random, r };
	const struct afd_env *env = r->env ? r->env : &clock;
	struct afd_transport *t = NULL;
	AFD_AUTO(buf) struct afd_buf scopes = { 0 };
	void *state = NULL;
	int got = -1;

	if (afd_yaml_parse(afd_slice_text(yaml), "source", &doc, err) < 0)
		return -1;
	void *config = afd_doc_alloc(doc, r->provider->config_size);
	if (!config)
		return afd_fail_memory(err);
	if (r->provider->config_defaults)
		memcpy(config, r->provider->config_defaults, r->provider->config_size);
	const struct afd_source_config c = { .name = "ns1", .doc = doc, .node = afd_doc_root(doc), .base_dir = r->base_dir, .secret = run_secret, .env = env };
	if (afd_fields_read(doc, afd_doc_root(doc), r->provider->fields, config, err) < 0 || r->provider->scopes(config, &scopes, err) < 0)
		return -1;
	if (!(t = afd_transport_new(env, NULL, err)))
		return -1;
	if (r->provider->begin(&c, config, r->cursor, &state, err) == 0) {
		struct run_keep k = { .r = r };
		struct afd_keeper keep = { .ctx = &k, .item = run_item, .cover = run_cover, .checkpoint = run_checkpoint, .progress = run_progress };
		struct afd_request q;
		while ((got = r->provider->next(state, &q, err)) > 0) {
			struct afd_response a;
			struct afd_error why = { 0 };
			k.answer = NULL;
			for (int i = 0; !k.answer && (i == 0 || (i < r->tries && why.code == AFD_E_REMOTE)); i++)
				k.answer = afd_transport_do(t, &q, &a, &why) < 0 ? NULL : &a;
			if (r->provider->take(state, k.answer, k.answer ? NULL : &why, &keep, err) < 0) {
				got = -1;
				break;
			}
		}
		r->provider->end(state);
	}
	afd_transport_free(t);
	return got;
}

#endif
