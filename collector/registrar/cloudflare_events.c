/* Entries of Cloudflare's audit log in our vocabulary. */
#include "collector/registrar/cloudflare.h"

#include <stdio.h>
#include <strings.h>

#include "collector/api/audit_claim.h"
#include "core/name.h"

/* --- the page --- */

int afd_cloudflare_page_read(struct afd_slice bytes, struct afd_cloudflare_page *ret, struct afd_error *err)
{
	const struct afd_node *root, *result, *info, *count;

	*ret = (struct afd_cloudflare_page){ .count = -1 };
	if (afd_json_parse(bytes, "answer", &ret->doc, err) < 0)
		return -1;
	root = afd_doc_root(ret->doc);
	result = afd_node_get(root, "result");
	info = afd_node_get(root, "result_info");
	if (!afd_node_get(root, "success") || afd_node_get(root, "success")->type != AFD_BOOL ||
	    !afd_node_get(root, "success")->u.i) {
		/* Only the number: the words are a stranger's and could repeat what we sent. */
		const struct afd_node *errors = afd_node_get(root, "errors");
		const struct afd_node *code =
			errors && errors->type == AFD_LIST ? afd_node_get(errors->u.list.first, "code") : NULL;

		if (code && code->type == AFD_INT)
			return afd_fail(err, AFD_E_REMOTE, "answer: success is not true; error code %lld",
					(long long)code->u.i);
		return afd_fail(err, AFD_E_REMOTE, "answer: success is not true");
	}
	if (!result || (result->type != AFD_LIST && result->type != AFD_NULL))
		return afd_node_fail(ret->doc, result, err, "a list of entries under \"result\"");
	if (result->type == AFD_LIST) {
		ret->entries = result;
		ret->n = result->u.list.n;
	}
	ret->cursor = afd_node_text(afd_node_get(info, "cursor"));
	if (ret->cursor && !*ret->cursor)
		ret->cursor = NULL;
	/* The vendor's example shows the count as a string. */
	count = afd_node_get(info, "count");
	if (count && count->type == AFD_INT && count->u.i >= 0)
		ret->count = count->u.i;
	if (afd_node_text(count) && *afd_node_text(count) && strlen(afd_node_text(count)) < 16 &&
	    !afd_node_text(count)[strspn(afd_node_text(count), "0123456789")])
		ret->count = strtoll(afd_node_text(count), NULL, 10);
	return 0;
}

void afd_cloudflare_page_release(struct afd_cloudflare_page *p)
{
	p->doc = afd_doc_free(p->doc);
}

static const char *text_at(const struct afd_node *map, const char *key)
{
	const char *s = afd_node_text(afd_node_get(map, key));

	return s && *s ? s : NULL;
}

/* The API's description gives each entry an id, the vendor's example shows one without. Then the request's own id, with
 * what it did to what, tells entries apart. Owned. */
static char *entry_ref(const struct afd_node *entry)
{
	const struct afd_node *resource = afd_node_get(entry, "resource");
	const char *id = text_at(entry, "id"), *ray = text_at(afd_node_get(entry, "raw"), "cf_ray_id");
	const char *type = text_at(afd_node_get(entry, "action"), "type"), *product = text_at(resource, "product");
	const char *object = text_at(resource, "id");

	if (id)
		return afd_strdup(id);
	if (!ray)
		return NULL;
	return afd_sprintf("ray:%s/%s/%s/%s", ray, type ? type : "-", product ? product : "-", object ? object : "-");
}

/* An event needs a time and something that tells it from others; all else may be lacking. */
static const char *entry_fault(const struct afd_node *entry, int64_t *at)
{
	const char *time = text_at(afd_node_get(entry, "action"), "time");

	*at = AFD_TIME_NONE;
	if (time && afd_when_parse(time, at, NULL) < 0)
		*at = AFD_TIME_NONE;
	if (entry->type != AFD_MAP)
		return "not a map";
	if (*at == AFD_TIME_NONE)
		return time ? "action.time is not a time" : "action.time is missing";
	if (!text_at(entry, "id") && !text_at(afd_node_get(entry, "raw"), "cf_ray_id"))
		return "id is missing";
	return NULL;
}

static void widen(struct afd_span *s, struct afd_span by)
{
	if (by.from < s->from)
		s->from = by.from;
	if (by.to > s->to)
		s->to = by.to;
}

/* The time of a bad entry that has one; else that of the whole page, because nobody knows its neighbours' order. */
void afd_cloudflare_page_bad(const struct afd_cloudflare_page *p, struct afd_span window,
			     struct afd_cloudflare_bad *ret)
{
	struct afd_span good = { AFD_FOREVER, INT64_MIN }, at = { AFD_FOREVER, INT64_MIN };
	bool somewhere = false, first_bad = false, last_bad = false;
	size_t i = 0;

	*ret = (struct afd_cloudflare_bad){ 0 };
	for (const struct afd_node *n = p->entries ? p->entries->u.list.first : NULL; n; n = n->next, i++) {
		int64_t t;
		const char *fault = entry_fault(n, &t);

		if (t != AFD_TIME_NONE)
			widen(fault ? &at : &good, afd_instant(t));
		if (!fault)
			continue;
		if (!ret->n++)
			snprintf(ret->why, sizeof(ret->why), "entry %zu could not be read: %s", i, fault);
		somewhere |= t == AFD_TIME_NONE;
		first_bad |= i == 0;
		last_bad |= !n->next;
	}
	if (somewhere) {
		widen(&at, good);
		if (first_bad || at.from >= at.to)
			at.from = window.from;
		if (last_bad || at.from >= at.to)
			at.to = window.to;
	}
	ret->at = at;
}

/* --- the vocabulary ---
 * The path of the call says most surely what was done, because the API is public and the product names are not
 * documented; then the product or type of the resource. '*' stands for one step of the path, "**" at the end for the
 * rest. The first row that fits counts. */

struct rule { const char *path, *what, *type, *action, *object_kind; };

static const struct rule rules[] = {
	/* path                                what           type      our verb                 object */
	{ "/accounts/*/registrar/domains/*/auth_code", NULL,   NULL,     "domain.auth-code.read", "domain" },
	{ "/accounts/*/registrar/domains/*/transfer_out", NULL, NULL,    "domain.transfer-out",   "domain" },
	{ "/accounts/*/registrar/domains/*/transfer_in", NULL, NULL,     "domain.transfer-in",    "domain" },
	{ "/accounts/*/registrar/domains/*/**", NULL,          NULL,     "domain.update",         "domain" },
	{ "/zones/*/dns_records/import",       NULL,           NULL,     "record.add",            "record" },
	{ "/zones/*/dns_records/**",           NULL,           "create", "record.add",            "record" },
	{ "/zones/*/dns_records/**",           NULL,           "update", "record.update",         "record" },
	{ "/zones/*/dns_records/**",           NULL,           "delete", "record.delete",         "record" },
	{ "/zones/*/dnssec/**",                NULL,           NULL,     "dnssec.update",         "zone" },
	{ "/zones/*/hold",                     NULL,           NULL,     "zone.hold.change",      "zone" },
	{ "/zones",                            NULL,           "create", "zone.create",           "zone" },
	{ "/zones/*",                          NULL,           "delete", "zone.delete",           "zone" },
	{ "/zones/*",                          NULL,           "update", "zone.update",           "zone" },
	{ "/user/tokens/*/value",              NULL,           NULL,     "token.roll",            "token" },
	{ "/accounts/*/tokens/*/value",        NULL,           NULL,     "token.roll",            "token" },
	{ "/user/tokens/**",                   NULL,           "create", "token.create",          "token" },
	{ "/user/tokens/**",                   NULL,           "update", "token.update",          "token" },
	{ "/user/tokens/**",                   NULL,           "delete", "token.delete",          "token" },
	{ "/accounts/*/tokens/**",             NULL,           "create", "token.create",          "token" },
	{ "/accounts/*/tokens/**",             NULL,           "update", "token.update",          "token" },
	{ "/accounts/*/tokens/**",             NULL,           "delete", "token.delete",          "token" },
	{ "/user/api_key",                     NULL,           "view",   "token.view",            "token" },
	{ "/user/api_key",                     NULL,           NULL,     "token.roll",            "token" },
	{ "/accounts/*/members/**",            NULL,           "create", "member.add",            "member" },
	{ "/accounts/*/members/**",            NULL,           "update", "member.update",         "member" },
	{ "/accounts/*/members/**",            NULL,           "delete", "member.remove",         "member" },
	{ NULL,                                "members",      "create", "member.add",            "member" },
	{ NULL,                                "members",      "update", "member.update",         "member" },
	{ NULL,                                "members",      "delete", "member.remove",         "member" },
	{ NULL,                                "member",       "create", "member.add",            "member" },
	{ NULL,                                "member",       "update", "member.update",         "member" },
	{ NULL,                                "member",       "delete", "member.remove",         "member" },
	{ NULL,                                "dnsrecords",   "create", "record.add",            "record" },
	{ NULL,                                "dnsrecords",   "update", "record.update",         "record" },
	{ NULL,                                "dnsrecords",   "delete", "record.delete",         "record" },
	{ NULL,                                "dnsrecord",    "create", "record.add",            "record" },
	{ NULL,                                "dnsrecord",    "update", "record.update",         "record" },
	{ NULL,                                "dnsrecord",    "delete", "record.delete",         "record" },
	{ NULL,                                "dnssec",       NULL,     "dnssec.update",         "zone" },
	{ NULL,                                "tokens",       "create", "token.create",          "token" },
	{ NULL,                                "tokens",       "delete", "token.delete",          "token" },
	{ NULL,                                "apitokens",    "create", "token.create",          "token" },
	{ NULL,                                "apitokens",    "delete", "token.delete",          "token" },
	{ NULL,                                "apitoken",     "create", "token.create",          "token" },
	{ NULL,                                "apitoken",     "delete", "token.delete",          "token" },
	{ NULL,                                "login",        NULL,     "login",                 "account" },
	{ NULL,                                "zones",        "create", "zone.create",           "zone" },
	{ NULL,                                "zones",        "delete", "zone.delete",           "zone" },
	{ NULL,                                "transferout",  NULL,     "domain.transfer-out",   "domain" },
};

/* Also the description, for what has neither path nor product of its own. */
static const struct { const char *words, *action, *object_kind; } described[] = {
	{ "login", "login", "account" },
	{ "log in", "login", "account" },
	{ "logged in", "login", "account" },
	{ "roll token", "token.roll", "token" },
	{ "roll api token", "token.roll", "token" },
	{ "transfer out", "domain.transfer-out", "domain" },
};

static bool path_fits(const char *pattern, const char *path)
{
	while (*pattern) {
		if (!strcmp(pattern, "/**"))
			return !*path || *path == '/';
		if (*pattern == '*') {
			size_t n = strcspn(path, "/");

			if (!n)
				return false;
			path += n;
			pattern++;
		} else if (*pattern++ != *path++) {
			return false;
		}
	}
	return !*path || !strcmp(path, "/");
}

/* Letters and digits in lower case: "DNS Records", "dns.records" and "dns_records" are one word. */
static void word_of(const char *text, char *ret, size_t max)
{
	size_t n = 0;

	for (; text && *text && n + 1 < max; text++) {
		char c = *text >= 'A' && *text <= 'Z' ? (char)(*text + ('a' - 'A')) : *text;

		if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
			ret[n++] = c;
	}
	ret[n] = '\0';
}

struct entry {
	const char *type, *result, *description, *actor_id, *actor_type, *context, *email, *ip, *token_id, *uri,
		*method;
	const char *resource_id, *product, *resource_type, *zone, *account;
	const struct afd_node *request, *response;
	int64_t at;
};

static void entry_read(const struct afd_node *n, struct entry *ret)
{
	const struct afd_node *action = afd_node_get(n, "action"), *actor = afd_node_get(n, "actor"),
			      *raw = afd_node_get(n, "raw");
	const struct afd_node *resource = afd_node_get(n, "resource");

	ret->type = text_at(action, "type");
	ret->result = text_at(action, "result");
	ret->description = text_at(action, "description");
	ret->actor_id = text_at(actor, "id");
	ret->actor_type = text_at(actor, "type");
	ret->context = text_at(actor, "context");
	ret->email = text_at(actor, "email");
	ret->ip = text_at(actor, "ip_address");
	ret->token_id = text_at(actor, "token_id");
	ret->uri = text_at(raw, "uri");
	ret->method = text_at(raw, "method");
	ret->resource_id = text_at(resource, "id");
	ret->product = text_at(resource, "product");
	ret->resource_type = text_at(resource, "type");
	ret->request = afd_node_get(resource, "request");
	ret->response = afd_node_get(resource, "response");
	ret->zone = text_at(afd_node_get(n, "zone"), "name");
	ret->account = text_at(afd_node_get(n, "account"), "id");
}

/* The path of the call below the API's root, without query. */
static const char *path_of(const struct entry *e, char *ret, size_t max)
{
	static const char root[] = "/client/v4";
	const char *s = e->uri;
	size_t n;

	if (!s)
		return NULL;
	if (!strncmp(s, root, strlen(root)))
		s += strlen(root);
	n = strcspn(s, "?#");
	if (n >= max)
		return NULL;
	memcpy(ret, s, n);
	ret[n] = '\0';
	return ret;
}

/* A call that changes a registered domain says in its body what: the lock, the name servers, or something else. Without
 * a body, or with a lock that is neither on nor off, the lock may have been opened: that must not pass as routine. */
static const char *domain_update(const struct entry *e)
{
	const struct afd_node *locked = afd_node_get(e->request, "locked");
	bool told = e->request && e->request->type == AFD_MAP && e->request->u.list.n > 0;

	if (locked && locked->type == AFD_BOOL)
		return locked->u.i ? "transfer-lock.add" : "transfer-lock.remove";
	if (afd_node_get(e->request, "name_servers") || afd_node_get(e->request, "nameservers"))
		return "ns.change";
	if (afd_node_get(e->request, "ds_records") || afd_node_get(e->request, "dnssec"))
		return "ds.change";
	if (e->type && !strcasecmp(e->type, "view"))
		return "domain.update";
	return !told || locked ? "transfer-lock.unknown" : "domain.update";
}

static bool rule_fits(const struct rule *r, const struct entry *e, const char *path, const char *product,
		      const char *kind)
{
	if (r->type && (!e->type || strcasecmp(r->type, e->type)))
		return false;
	if (r->path)
		return path && path_fits(r->path, path);
	return !strcmp(r->what, product) || !strcmp(r->what, kind);
}

/* OTHER receives "other.PRODUCT.TYPE" when no row fits. */
static const char *action_of(const struct entry *e, const char **object_kind, char *other, size_t max)
{
	char path_text[1024], product[64], kind[64], type[32];
	const char *path = path_of(e, path_text, sizeof(path_text));

	word_of(e->product, product, sizeof(product));
	word_of(e->resource_type, kind, sizeof(kind));
	for (size_t i = 0; i < AFD_COUNT(rules); i++) {
		if (!rule_fits(&rules[i], e, path, product, kind))
			continue;
		*object_kind = rules[i].object_kind;
		return strcmp(rules[i].action, "domain.update") ? rules[i].action : domain_update(e);
	}
	for (size_t i = 0; i < AFD_COUNT(described); i++)
		if (e->description && strcasestr(e->description, described[i].words)) {
			*object_kind = described[i].object_kind;
			return described[i].action;
		}
	word_of(e->type, type, sizeof(type));
	*object_kind = e->resource_type ? e->resource_type : e->product;
	snprintf(other, max, "other.%s.%s", *product ? product : *kind ? kind : "unknown", *type ? type : "unknown");
	return other;
}

static bool context_is(const struct entry *e, const char *what)
{
	return e->context && !strcasecmp(e->context, what);
}

/* A token or key that acts is a credential, whoever made it. */
static const char *actor_kind(const struct entry *e)
{
	if (e->actor_type && strcasestr(e->actor_type, "admin"))
		return "provider";
	if (e->actor_type && !strcasecmp(e->actor_type, "system"))
		return "system";
	if (context_is(e, "dash") && e->actor_type && !strcasecmp(e->actor_type, "user"))
		return "person";
	if (e->token_id || context_is(e, "api_key") || context_is(e, "api_token") || context_is(e, "origin_ca_key"))
		return "credential";
	if (e->actor_type && !strcasecmp(e->actor_type, "user"))
		return "person";
	return e->actor_type && !strcasecmp(e->actor_type, "account") ? "credential" : "unknown";
}

static const char *channel_of(const struct entry *e)
{
	if (context_is(e, "dash"))
		return "ui";
	if (context_is(e, "api_key") || context_is(e, "api_token") || context_is(e, "origin_ca_key"))
		return "api";
	return e->context;
}

static const char *outcome_of(const struct entry *e)
{
	if (e->result && !strcasecmp(e->result, "success"))
		return "success";
	if (e->result &&
	    (!strcasecmp(e->result, "failure") || !strcasecmp(e->result, "failed") || !strcasecmp(e->result, "error")))
		return "failure";
	return "unknown";
}

/* The zone's name; for calls of the registrar the domain in the path or the resource's id. */
static const char *domain_of(const struct entry *e, char name[AFD_NAME_MAX])
{
	static const char registrar[] = "/registrar/domains/";
	const char *at = e->uri ? strstr(e->uri, registrar) : NULL;
	const char *text = e->zone;
	size_t n;

	if (!text && at) {
		text = at + strlen(registrar);
		n = strcspn(text, "/?#");
	} else {
		text = text ? text : e->resource_id;
		n = text ? strlen(text) : 0;
	}
	if (!n || !memchr(text, '.', n) || afd_name_canonical(afd_slice(text, n), name, NULL) < 0)
		return NULL;
	return name;
}

#define MAX_AFTER 16384u

/* JSON without the blanks between its values. */
static char *compact(struct afd_slice json)
{
	char *ret = malloc(json.len + 1);
	bool inside = false;
	size_t n = 0;

	for (size_t i = 0; ret && i < json.len; i++) {
		uint8_t c = json.data[i];

		if (!inside && memchr(" \t\r\n", c, 4))
			continue;
		ret[n++] = (char)c;
		if (inside && c == '\\' && i + 1 < json.len)
			ret[n++] = (char)json.data[++i];
		else if (c == '"')
			inside = !inside;
	}
	if (ret)
		ret[n] = '\0';
	return ret;
}

/* What the call asked for; the log has no word of what stood there before. */
static int after_of(const struct afd_node *request, char **ret, struct afd_error *err)
{
	size_t n;

	if (!request || (request->type == AFD_TEXT ? !request->u.text.len : !request->raw.len || !request->u.list.n))
		return 0;
	n = request->type == AFD_TEXT ? request->u.text.len : request->raw.len;
	*ret = n > MAX_AFTER ? afd_sprintf("(%zu bytes, in the item)", n) :
	       request->type == AFD_TEXT ? afd_strdup(request->u.text.s) : compact(request->raw);
	return *ret ? 0 : afd_fail_memory(err);
}

/* A record as a call's body shows it; in answers it stands under "result". */
static const struct afd_node *record_in(const struct afd_node *body)
{
	const struct afd_node *result = afd_node_get(body, "result");

	if (result)
		body = result;
	return text_at(body, "type") && text_at(body, "name") ? body : NULL;
}

/* Numbers that stand apart from the content go in front of it. Owned. */
static char *content_of(const struct afd_node *record)
{
	const struct afd_node *priority = afd_node_get(record, "priority");
	const char *content = text_at(record, "content"), *type = text_at(record, "type");

	if (content && type && (!strcmp(type, "MX") || !strcmp(type, "URI")) && priority && priority->type == AFD_INT)
		return afd_sprintf("%lld %s", (long long)priority->u.i, content);
	return afd_strdup(content);
}

/* Who changed which record: what the zone's content is joined with. The log tells what a call asked for and what came of it,
 * not what stood there before; of a deletion often the id alone. */
static int tell_claim(const struct entry *e, const char *action, const char *credential, const char *ref, uint64_t part,
		      struct afd_sink *sink, struct afd_error *err)
{
	const struct afd_node *record = record_in(e->response) ? afd_node_get(e->response, "result") : record_in(e->request);
	AFD_AUTO(mem) char *content = NULL;
	struct afd_audit_record rr[2];
	struct afd_audit_claim c = {
		.zone = e->zone, .actor = e->email ? e->email : e->actor_id, .credential = credential, .origin = e->ip, .ref = ref,
		.applied = !strcmp(outcome_of(e), "success"), .at_ms = e->at, .part = part, .record = rr,
	};

	if (strncmp(action, "record.", 7) || (e->type && !strcasecmp(e->type, "view")))
		return 0;
	if (record == NULL && record_in(e->response))
		record = record_in(e->response);
	if (record) {
		bool gone = !strcmp(action, "record.delete");

		content = content_of(record);
		if (!content && text_at(record, "content"))
			return afd_fail_memory(err);
		rr[0] = (struct afd_audit_record){ .owner = text_at(record, "name"), .type = text_at(record, "type"), .rdata = content,
			.add = !gone, .raw_text = true };
		c.n = 1;
		if (!strcmp(action, "record.update")) {
			rr[1] = (struct afd_audit_record){ .owner = rr[0].owner, .type = rr[0].type };
			c.n = 2;
		}
	}
	return afd_audit_claim(&c, sink, err);
}

static int tell_event(const struct entry *e, const char *ref, const char *account, uint64_t part, struct afd_sink *sink,
		      struct afd_error *err)
{
	char name[AFD_NAME_MAX], other[128];
	const char *object_kind = NULL;
	const char *action = action_of(e, &object_kind, other, sizeof(other));
	AFD_AUTO(mem)
	char *raw = afd_sprintf("%s %s: %s", e->type ? e->type : "-",
				e->product	   ? e->product
				: e->resource_type ? e->resource_type
						   : "-",
				e->description ? e->description : "-");
	/* The one global key of a person has no id of its own. */
	AFD_AUTO(mem)
	char *global =
		!e->token_id && context_is(e, "api_key") && e->actor_id ? afd_sprintf("api-key:%s", e->actor_id) : NULL;
	AFD_AUTO(mem) char *after = NULL;

	if (after_of(e->request, &after, err) < 0)
		return -1;
	const struct afd_row_event row = {
		.account = e->account ? e->account : account,
		.action = action,
		.raw_action = raw,
		.domain = domain_of(e, name),
		.object_kind = object_kind,
		.object = e->resource_id,
		.actor_kind = actor_kind(e),
		.actor = e->email ? e->email : e->actor_id,
		.credential = e->token_id ? e->token_id : global,
		.origin = e->ip,
		.channel = channel_of(e),
		.after = after,
		.outcome = outcome_of(e),
		.provider_ref = ref,
		.record_kind = "log",
		.at = afd_instant(e->at),
		.part = part,
	};

	if (!raw || !ref)
		return afd_fail_memory(err);
	return sink->event(sink->ctx, &row, err) < 0 ? -1 : tell_claim(e, action, row.credential, ref, part, sink, err);
}

/* "GET /accounts/ID/logs/audit?since=T&before=T..." */
static bool asked_read(const char *asked, char account[128], struct afd_span *window)
{
	char from[40], to[40];

	return asked &&
	       sscanf(asked, "GET /accounts/%127[A-Za-z0-9_-]/logs/audit?since=%39[0-9TZ:.-]&before=%39[0-9TZ:.-]",
		      account, from, to) == 3 &&
	       afd_when_parse(from, &window->from, NULL) == 0 && afd_when_parse(to, &window->to, NULL) == 0 &&
	       window->from < window->to;
}

static int tell_bad(const struct afd_cloudflare_page *p, const char *account, struct afd_span window,
		    struct afd_sink *sink, struct afd_error *err)
{
	struct afd_cloudflare_bad bad;
	struct afd_row_coverage c = {
		.evidence = AFD_CLOUDFLARE_EVIDENCE,
		.scope = account,
		.grade = AFD_GAP,
		.reason = bad.why,
		.provider_count = -1,
		.stored_count = -1,
	};

	afd_cloudflare_page_bad(p, window, &bad);
	c.at = bad.at;
	return bad.n && bad.at.from < bad.at.to ? sink->coverage(sink->ctx, &c, err) : 0;
}

int afd_cloudflare_decode(const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err)
{
	AFD_AUTO(cloudflare_page) struct afd_cloudflare_page p = { 0 };
	char account[128];
	struct afd_span window;
	uint64_t i = 0;

	if (!asked_read(item->record->asked, account, &window))
		return afd_fail(err, AFD_E_PARSE,
				"the record does not say which account was asked, and for which time");
	if (afd_cloudflare_page_read(item->bytes, &p, err) < 0)
		return -1;
	for (const struct afd_node *n = p.entries ? p.entries->u.list.first : NULL; n; n = n->next, i++) {
		AFD_AUTO(mem) char *ref = NULL;
		struct entry e = { 0 };

		if (entry_fault(n, &e.at))
			continue;
		entry_read(n, &e);
		ref = entry_ref(n);
		if (tell_event(&e, ref, account, item->parts.n > 1 ? 2 * i + 1 : 0, sink, err) < 0)
			return -1;
	}
	return tell_bad(&p, account, window, sink, err);
}
