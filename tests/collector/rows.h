/* A sink that writes each row as one line of text, for tests of decoders. */
#ifndef AFD_TESTS_COLLECTOR_ROWS_H
#define AFD_TESTS_COLLECTOR_ROWS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include <inttypes.h>

#include "collector/provider.h"

static inline int rows_user_begin(void *ctx, const char *const *tables, struct afd_error *err)
{
	(void)err;
	for (; *tables; tables++)
		afd_buf_printf(ctx, "speaks for %s\n", *tables);
	return 0;
}

static inline int rows_user(void *ctx, const struct afd_row_user *r, struct afd_error *err)
{
	(void)err;
	afd_buf_printf(ctx, "%s [%s]", r->table, r->key);
	for (size_t i = 0; i < r->n; i++) {
		const struct afd_row_user_value *v = &r->v[i];

		if (v->is_int && v->i == AFD_FOREVER)
			afd_buf_printf(ctx, " %s=forever", v->column);
		else if (v->is_int)
			afd_buf_printf(ctx, " %s=%" PRId64, v->column, v->i);
		else if (v->text)
			afd_buf_printf(ctx, " %s='%s'", v->column, v->text);
	}
	return afd_buf_text(ctx, "\n");
}

static inline int rows_user_end(void *ctx, struct afd_error *err)
{
	(void)err;
	return afd_buf_text(ctx, "end\n");
}

static inline const char *rows_or(const char *s)
{
	return s ? s : "-";
}

static inline int rows_event(void *ctx, const struct afd_row_event *e, struct afd_error *err)
{
	(void)err;
	return afd_buf_printf(ctx,
			      "event %s %s part=%" PRIu64
			      " account=%s action=%s domain=%s object=%s:%s actor=%s:%s credential=%s origin=%s "
			      "channel=%s mfa=%s outcome=%s record=%s raw='%s' after=%s\n",
			      rows_or(e->provider_ref), afd_when_text(e->at.from).s, e->part, e->account, e->action,
			      rows_or(e->domain), rows_or(e->object_kind), rows_or(e->object), rows_or(e->actor_kind),
			      rows_or(e->actor), rows_or(e->credential), rows_or(e->origin), rows_or(e->channel),
			      rows_or(e->mfa), e->outcome, e->record_kind, rows_or(e->raw_action), rows_or(e->after));
}

static inline int rows_coverage(void *ctx, const struct afd_row_coverage *c, struct afd_error *err)
{
	(void)err;
	return afd_buf_printf(
		ctx,
		"coverage %s %s [%s, %s) %s %" PRId64 "/%" PRId64 " lag=%" PRId64 " part=%" PRIu64 " watch=%s: %s\n",
		c->evidence, c->scope, afd_when_text(c->at.from).s, afd_when_text(c->at.to).s, afd_grade_name(c->grade),
		c->stored_count, c->provider_count, c->lag_ms, c->part, rows_or(c->watch), rows_or(c->reason));
}

static inline int rows_claim(void *ctx, const struct afd_row_claim *c, struct afd_error *err)
{
	(void)err;
	afd_buf_printf(ctx, "claim %s %s %s part=%" PRIu64 " zone=%s actor=%s credential=%s client=%s outcome=%s:", c->kind, c->ref,
	               afd_when_text(c->at.from).s, c->part, c->zone, rows_or(c->actor), rows_or(c->credential), rows_or(c->client), c->outcome);
	for (size_t i = 0; i < c->n; i++)
		afd_buf_printf(ctx, " %c%s/%s/%s", c->rr[i].add ? '+' : '-', c->rr[i].owner, rows_or(c->rr[i].type), rows_or(c->rr[i].rdata));
	return afd_buf_text(ctx, "\n");
}

static inline int rows_search(void *ctx, const struct afd_row_search *r, struct afd_error *err)
{
	(void)err;
	afd_buf_printf(ctx, "search %s %s part=%" PRIu64 " tbs=%.8s serial=%s issuer='%s' [%s, %s] logged=%s:", r->provider, r->ref, r->part,
	               r->tbs_sha256, r->serial, r->issuer, afd_when_people(r->not_before).s, afd_when_people(r->not_after).s,
	               r->logged_ms == AFD_TIME_NONE ? "-" : afd_when_people(r->logged_ms).s);
	for (size_t i = 0; i < r->n; i++)
		afd_buf_printf(ctx, " %s", r->name[i]);
	for (size_t i = 0; i < r->n_sct; i++)
		afd_buf_printf(ctx, " sct %.8s %s", r->sct[i].log_id, afd_when_people(r->sct[i].timestamp).s);
	return afd_buf_text(ctx, "\n");
}

static inline void rows_list(struct afd_buf *to, const char *name, const struct afd_told_list *l)
{
	static const char *const known[] = { "?", "no", "", "withheld" };

	afd_buf_printf(to, " %s=%s", name, known[l->known]);
	for (size_t i = 0; l->known == AFD_YES && i < l->n; i++)
		afd_buf_printf(to, "%s%s", i ? "," : "", l->at[i]);
}

static inline const char *rows_known(enum afd_known k)
{
	static const char *const text[] = { "?", "no", "yes", "withheld" };

	return text[k];
}

static inline const char *rows_day(int64_t ms)
{
	static struct afd_when_text text[8];
	static unsigned at;

	if (ms == AFD_TIME_NONE)
		return "?";
	at = (at + 1) % 8;
	text[at] = afd_when_text(ms);
	text[at].s[10] = '\0';
	return text[at].s;
}

static inline int rows_domain_state(void *ctx, const struct afd_row_domain_state *r, struct afd_error *err)
{
	(void)err;
	afd_buf_printf(ctx, "domain %s %s account=%s roid=%s registrar=%s id=%s", r->domain, r->view, rows_or(r->account), rows_or(r->roid),
	               rows_or(r->registrar), rows_or(r->registrar_id));
	rows_list(ctx, "status", &r->status);
	rows_list(ctx, "ns", &r->name_server);
	rows_list(ctx, "ds", &r->ds);
	afd_buf_printf(ctx, " lock=%s registry-lock=%s renew=%s privacy=%s code=%s created=%s updated=%s transferred=%s expires=%s,%s data=%s contacts=%s",
	               rows_known(r->transfer_lock), rows_known(r->registry_lock), rows_known(r->auto_renew), rows_known(r->privacy),
	               rows_known(r->auth_code), rows_day(r->created_ms), rows_day(r->updated_ms), rows_day(r->transferred_ms),
	               rows_day(r->expires_ms), rows_day(r->registrar_expires_ms), rows_day(r->data_ms), rows_known(r->contacts));
	for (size_t i = 0; i < r->n_contact; i++)
		afd_buf_printf(ctx, " %s:%s/%s/%s%s", r->contact[i].role, rows_or(r->contact[i].handle), rows_or(r->contact[i].name),
		               rows_or(r->contact[i].email), r->contact[i].withheld ? "/withheld" : "");
	return afd_buf_text(ctx, "\n");
}

static inline int rows_credentials(void *ctx, const struct afd_row_credentials *r, struct afd_error *err)
{
	(void)err;
	afd_buf_printf(ctx, "credentials %s%s\n", r->account, r->partial ? " partial" : "");
	for (size_t i = 0; i < r->n; i++)
		afd_buf_printf(ctx, "  %s %s part=%" PRIu64 " name=%s owner=%s status=%s scopes=%s limits=%s created=%s expires=%s used=%s rotated=%s\n",
		               r->at[i].id, rows_or(r->at[i].kind), r->at[i].part, rows_or(r->at[i].name), rows_or(r->at[i].owner),
		               rows_or(r->at[i].status), rows_or(r->at[i].scopes), rows_or(r->at[i].limits), rows_day(r->at[i].created_ms),
		               r->at[i].expires_ms == AFD_FOREVER ? "never" : rows_day(r->at[i].expires_ms), rows_day(r->at[i].used_ms),
		               rows_day(r->at[i].rotated_ms));
	return 0;
}

static inline int rows_members(void *ctx, const struct afd_row_members *r, struct afd_error *err)
{
	(void)err;
	afd_buf_printf(ctx, "members %s%s\n", r->account, r->partial ? " partial" : "");
	for (size_t i = 0; i < r->n; i++)
		afd_buf_printf(ctx, "  %s part=%" PRIu64 " name=%s email=%s roles=%s status=%s mfa=%s login=%s\n", r->at[i].id, r->at[i].part,
		               rows_or(r->at[i].name), rows_or(r->at[i].email), rows_or(r->at[i].roles), rows_or(r->at[i].status),
		               rows_known(r->at[i].mfa), rows_day(r->at[i].seen_login_ms));
	return 0;
}

static inline int rows_issuance(void *ctx, const struct afd_row_issuance *r, struct afd_error *err)
{
	(void)err;
	afd_buf_printf(ctx, "issuance %s %s %s part=%" PRIu64 " account=%s challenge=%s serial=%s cert=%.8s tbs=%.8s ref='%.60s' reason='%s':", r->client,
	               r->outcome, afd_when_text(r->at.from).s, r->part, rows_or(r->account), rows_or(r->challenge), rows_or(r->serial),
	               rows_or(r->cert_sha256), rows_or(r->tbs_key), r->ref, rows_or(r->reason));
	for (size_t i = 0; i < r->n; i++)
		afd_buf_printf(ctx, " %s", r->name[i]);
	return afd_buf_text(ctx, "\n");
}

static inline int rows_held(void *ctx, const struct afd_row_held *r, struct afd_error *err)
{
	(void)err;
	afd_buf_printf(ctx, "held %s part=%" PRIu64 " owner=%s purpose=%s cert=%.8s tbs=%.8s serial=%s issuer='%s' key=%.8s [%s, %s]:", r->place, r->part,
	               rows_or(r->owner), rows_or(r->purpose), r->cert_sha256, r->tbs_key, r->serial, r->issuer, r->issuer_key_hash,
	               afd_when_people(r->not_before).s, afd_when_people(r->not_after).s);
	for (size_t i = 0; i < r->n; i++)
		afd_buf_printf(ctx, " %s:%s", r->name[i].kind, r->name[i].name);
	return afd_buf_text(ctx, "\n");
}

static inline int rows_observation(void *ctx, const struct afd_row_observation *r, struct afd_error *err)
{
	(void)err;
	return afd_buf_printf(ctx, "observation %s %s %s=%s [%s, %s) part=%" PRIu64 "\n", r->kind, r->subject, r->name, r->value,
	                      afd_when_text(r->at.from).s, afd_when_text(r->at.to).s, r->part);
}

static inline int rows_grants(void *ctx, const struct afd_row_grants *r, struct afd_error *err)
{
	(void)err;
	afd_buf_printf(ctx, "grants %s\n", r->scope);
	for (size_t i = 0; i < r->n; i++)
		afd_buf_printf(ctx, "  %s %s %s %s%s%s\n", *r->grant[i].credential ? r->grant[i].credential : "-", r->grant[i].action, r->grant[i].owner,
		               r->grant[i].type, r->grant[i].condition ? " " : "", r->grant[i].condition ? r->grant[i].condition : "");
	return 0;
}

static inline struct afd_sink rows_sink(struct afd_buf *to)
{
	return (struct afd_sink){.ctx = to,
				 .user_begin = rows_user_begin,
				 .user = rows_user,
				 .user_end = rows_user_end,
				 .event = rows_event,
				 .claim = rows_claim,
				 .search = rows_search,
				 .domain_state = rows_domain_state,
				 .credentials = rows_credentials,
				 .members = rows_members,
				 .issuance = rows_issuance, .held = rows_held, .observation = rows_observation, .grants = rows_grants,
				 .coverage = rows_coverage};
}

/* Decodes BYTES as an item of DECODER that was asked as ASKED. */
static inline int rows_decode(const char *decoder, const char *source, const char *asked, struct afd_slice bytes,
			      struct afd_buf *to, struct afd_error *err)
{
	const struct afd_provider *p = afd_provider_find(decoder);
	AFD_AUTO(ranges) struct afd_ranges parts = { 0 };
	struct afd_record record = {
		.kind = AFD_ITEM_ANSWER, .source = (char *)source, .decoder = (char *)decoder, .asked = (char *)asked};
	struct afd_item_view view = { .record = &record, .bytes = bytes };
	struct afd_sink sink = rows_sink(to);

	if (!p || !p->split || p->split(bytes, &parts, NULL) < 0)
		afd_ranges_add(&parts, 0, bytes.len);
	view.parts = parts;
	return afd_decode_item(NULL, &view, &sink, err);
}

#define text_of(buf) ((buf).len ? (const char *)(buf).data : "")

#endif
