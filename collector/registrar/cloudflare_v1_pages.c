/* Account audit logs, version 1, of Cloudflare: GET /accounts/ACCOUNT/audit_logs. What happened before version 2 was complete
 * (2026) stands here alone. */
#include <inttypes.h>
#include <stdio.h>

#include "collector/api/hosted.h"
#include "collector/registrar/cloudflare.h"
#include "collector/registrar/cloudflare_v1.h"
#include "collector/table.h"

#define PER_PAGE 1000
#define KEPT (548 * AFD_DAY)                      /* 18 months */

struct config { const char *account, *url, *token; int64_t since; };
static const struct config defaults = { .url = "https://api.cloudflare.com/client/v4", .since = AFD_TIME_NONE };
static const struct afd_field fields[] = {
	{ "account", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct config, account), "the account's id" },
	{ "since", AFD_FIELD_TIME, AFD_OPTIONAL, offsetof(struct config, since), "the first run begins here; default: 18 months ago" },
	{ "token", AFD_FIELD_SECRET, AFD_OPTIONAL, offsetof(struct config, token), "API token with Account Settings: Read" },
	{ "url", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct config, url), "the API, or file:DIR of recordings" },
	{ 0 }
};

static int ask(void *own, const struct afd_turn *t, struct afd_ask *q, struct afd_error *err)
{
	(void)own;
	if (afd_buf_text(&q->url, "/accounts") < 0 || afd_ask_path(q, t->scope, err) < 0 || afd_buf_text(&q->url, "/audit_logs") < 0)
		return afd_fail_memory(err);
	return afd_ask_query(q, "since", afd_when_text(t->window.from).s, err) < 0 || afd_ask_query(q, "before", afd_when_text(t->window.to).s, err) < 0 ||
	       afd_ask_query(q, "direction", "asc", err) < 0 || afd_ask_query(q, "per_page", "1000", err) < 0 ||
	       afd_ask_query(q, "page", t->token ? t->token : "1", err) < 0 ? -1 : 0;
}

static void note_bad(const struct afd_node *n, size_t i, const struct afd_turn *t, struct afd_page *ret)
{
	int64_t at;
	const char *why = afd_cloudflare_v1_fault(n, &at);

	if (!why)
		return;
	if (!*ret->bad_why) {
		ret->bad = at == AFD_TIME_NONE ? t->window : afd_instant(at);
		snprintf(ret->bad_why, sizeof(ret->bad_why), "entry %zu could not be read: %s", i, why);
	} else {
		ret->bad = t->window;
	}
}

static int read_answer(void *own, struct afd_pages *p, const struct afd_turn *t, const struct afd_response *r, struct afd_page *ret,
		       struct afd_error *err)
{
	AFD_AUTO(cloudflare_page) struct afd_cloudflare_page page = { 0 };
	size_t i = 0;

	(void)own, (void)p;
	if (afd_cloudflare_page_read(r->body, &page, err) < 0)
		return -1;
	ret->n = page.n;
	ret->count = page.count;
	for (const struct afd_node *n = page.entries ? page.entries->u.list.first : NULL; n; n = n->next)
		note_bad(n, i++, t, ret);
	return ret->n >= PER_PAGE && afd_buf_printf(&ret->next, "%" PRIu64, t->page + 1) < 0 ? afd_fail_memory(err) : 0;
}

static const struct afd_call calls[] = {
	{ .name = "events", .kept = AFD_KEPT_PAGE, .grade = AFD_ASSERTED, .overlap_ms = 15 * AFD_MINUTE, .numbered = true, .ask = ask, .read = read_answer },
};

static int start(void *own, struct afd_pages *p, struct afd_error *err)
{
	const struct config *c = own;
	const struct afd_span w = afd_pages_window(p, 0, c->account, "", c->since == AFD_TIME_NONE ? afd_pages_now(p) - KEPT : c->since);

	return afd_pages_add(p, 0, c->account, "", w, err);
}

static const struct afd_pages_excess excess[] = {
	{ .path = "/user/tokens?per_page=5", .can = AFD_CLOUDFLARE_USER_TOKENS, .instead = "make a token with Account Settings: Read alone" },
	{ .path = "/zones?per_page=5", .shown = afd_cloudflare_sees_zone, .can = "it sees zones", .instead = "make a token with Account Settings: Read alone" },
};

static const struct afd_pages_spec spec = {
	.excess = excess, .n_excess = AFD_COUNT(excess),
	.call = calls, .n_call = AFD_COUNT(calls), .start = start,
	.refused = "make an API token with the permission \"Account > Account Settings: Read\" for this account alone, and put it where the configuration's "
		   "token points",
	.pace_ms = 250, .burst = 100,                  /* 1200 in five minutes */
};

static int scopes(const void *config, struct afd_buf *ret, struct afd_error *err)
{
	const struct config *c = config;

	if (strncmp(c->url, "file:", 5) != 0 && !c->token)
		return afd_fail(err, AFD_E_CONFIG, "token: a required field is missing");
	if (c->account[strcspn(c->account, " \t/?#")])
		return afd_fail(err, AFD_E_CONFIG, "account: expected an id");
	if (afd_pages_base_check(c->url, err) < 0)
		return -1;
	return afd_buf_text(ret, c->account) < 0 ? afd_fail_memory(err) : 0;
}

static int begin(const struct afd_source_config *sc, const void *config, const char *cursor, void **ret, struct afd_error *err)
{
	const struct config *c = config;
	struct afd_pages_setup setup = { .spec = &spec, .base = c->url, .own = (void *)c };

	if (c->token && afd_auth_header(sc, "token", c->token, "Authorization", "Bearer ", &setup.auth, err) < 0)
		return -1;
	return afd_pages_begin(sc, &setup, cursor, ret, err);
}

static int split(struct afd_slice bytes, struct afd_ranges *parts, struct afd_error *err)
{
	return afd_pages_split(bytes, "result", parts, err);
}

static int decode(const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err)
{
	AFD_AUTO(cloudflare_page) struct afd_cloudflare_page p = { 0 };
	__attribute__((cleanup(afd_asked_release))) struct afd_asked asked = { 0 };
	uint64_t i = 0;

	if (afd_asked_read(item->record->asked, &asked, err) < 0 || afd_cloudflare_page_read(item->bytes, &p, err) < 0)
		return -1;
	for (const struct afd_node *n = p.entries ? p.entries->u.list.first : NULL; n; n = n->next, i++) {
		int64_t at;

		if (!afd_cloudflare_v1_fault(n, &at) && afd_cloudflare_v1_tell(n, asked.scope, item->parts.n > 1 ? 2 * i + 1 : 0, sink, err) < 0)
			return -1;
	}
	return 0;
}

const struct afd_provider afd_provider_cloudflare_audit_v1 = {
	.kind = "cloudflare-audit-v1",
	.leg = AFD_LEG_ACCOUNT,
	.title = "Cloudflare audit log, version 1",
	.help = "The older audit log of an account, kept for 18 months: what happened before version 2 was complete (2026-03) stands here alone. Needs an API token "
		"with \"Account Settings: Read\" of this account alone. It tells records before and after a change, but not with which token something "
		"was done. Nothing joins its entries with those of version 2 (cloudflare-audit), so an account has one of them in the configuration: to have the time before "
		"version 2, collect with this one, then retire it and give version 2 `since`.",
	.basis = "tested on real entries of other accounts",
	.same_log = "the audit log",
	.evidence = AFD_CLOUDFLARE_EVIDENCE,
	.fields = fields, .config_size = sizeof(struct config), .config_defaults = &defaults,
	.scopes = scopes, .begin = begin, .next = afd_pages_next, .take = afd_pages_take, .end = afd_pages_end,
	.excess = afd_pages_excess,
	.redact = afd_pages_redact, .split = split, .decode = decode,
};
