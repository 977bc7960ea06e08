/* Webhooks of DNSimple as somebody received and kept them, one file for each delivery: the JSON body, or the whole HTTP message. The body tells what and who,
 * but neither when nor from where, and it is not signed: the time is that of the file, and that it came from DNSimple is the word of the receiver. */
#include <stdio.h>

#include "collector/api/audit_claim.h"
#include "collector/registrar/secrets.h"
#include "collector/stored.h"
#include "collector/table.h"
#include "core/name.h"
#include "evidence/action.h"

#define EVIDENCE "account-events"
enum { MOST = 4 * 1024 * 1024 };

static const struct afd_field fields[] = { AFD_STORED_FIELDS, { 0 } };

/* DNSimple's names of events, without the state behind the colon (its webhook documentation and fixtures). */
static const struct afd_action_row words[] = {
	{ "account.billing_settings_update", "billing.update" }, { "account.sso_user_add", "member.add" }, { "account.update", "account.update" },
	{ "account.user_invitation_accept", "member.add" }, { "account.user_invitation_revoke", "member.remove" }, { "account.user_invite", "member.add" },
	{ "account.user_remove", "member.remove" }, { "contact.*", "contact.change" }, { "dnssec.create", "dnssec.enable" },
	{ "dnssec.delete", "dnssec.disable" }, { "dnssec.rotation_*", "dnssec.update" }, { "domain.auto_renewal_disable", "auto-renew.disable" },
	{ "domain.auto_renewal_enable", "auto-renew.enable" }, { "domain.create", "domain.create" }, { "domain.delegation_change", "ns.change" },
	{ "domain.delete", "domain.delete" }, { "domain.register", "domain.create" }, { "domain.registrant_change*", "contact.change" },
	{ "domain.renew", "domain.renew" }, { "domain.resolution_*", "zone.update" }, { "domain.restore", "domain.restore" },
	{ "domain.state_change", "domain.status.change" }, { "domain.token_reset", "domain.auth-code.set" }, { "domain.transfer", "domain.transfer-in" },
	{ "domain.transfer_lock_disable", "transfer-lock.remove" }, { "domain.transfer_lock_enable", "transfer-lock.add" },
	{ "email_forward.*", "zone.update" }, { "name_server.*", "host.change" }, { "subscription.*", "billing.update" }, { "webhook.*", "webhook.change" },
	{ "whois_privacy.*", "domain.update" }, { "zone.create", "zone.create" }, { "zone.delete", "zone.delete" },
	{ "zone_record.create", "record.add" }, { "zone_record.delete", "record.delete" }, { "zone_record.update", "record.update" },
};

/* The body of an HTTP message (RFC 9112, 2.1), or the whole: JSON begins with a brace. */
static size_t body_at(struct afd_slice s)
{
	const uint8_t *crlf, *lf;
	size_t at = 0;

	while (at < s.len && memchr(" \t\r\n", s.data[at], 4))
		at++;
	if (at == s.len || s.data[at] == '{')
		return at;
	crlf = memmem(s.data, s.len, "\r\n\r\n", 4);
	lf = memmem(s.data, s.len, "\n\n", 2);
	return crlf && (!lf || crlf < lf) ? (size_t)(crlf - s.data) + 4 : lf ? (size_t)(lf - s.data) + 2 : s.len;
}

static int open_body(struct afd_slice s, struct afd_doc **ret, struct afd_error *err)
{
	const struct afd_node *root;

	if (afd_json_parse(afd_slice_sub(s, body_at(s), s.len), "webhook", ret, err) < 0)
		return -1;
	root = afd_doc_root(*ret);
	if (!afd_node_text(afd_node_get(root, "name")) || !afd_node_text(afd_node_get(root, "request_identifier")))
		return afd_node_fail(*ret, root, err, "a webhook with name and request_identifier");
	return 0;
}

static int told(struct afd_slice s, struct afd_stored_told *ret, struct afd_error *err)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;

	(void)ret;
	return open_body(s, &d, err);
}

static int redact(struct afd_slice s, struct afd_ranges *cuts, struct afd_error *err)
{
	const size_t at = body_at(s), before = cuts->n;

	if (afd_secrets_cut(afd_slice_sub(s, at, s.len), cuts, err) < 0)
		return -1;
	for (size_t i = before; i < cuts->n; i++)
		cuts->at[i].off += at;
	return at ? afd_secrets_cut_text(s, (struct afd_range){ 0, at }, cuts, err) : 0;
}

/* --- rows --- */

static const char *text_at(const struct afd_node *n, const char *key) { return afd_node_text(afd_node_get(n, key)); }

static int id_at(const struct afd_node *n, struct afd_buf *ret, struct afd_error *err)
{
	const struct afd_node *id = afd_node_get(n, "id");

	if (id && id->type == AFD_INT && afd_buf_printf(ret, "%lld", (long long)id->u.i) < 0)
		return afd_fail_memory(err);
	return id && afd_node_text(id) && afd_buf_text(ret, afd_node_text(id)) < 0 ? afd_fail_memory(err) : 0;
}

/* A user in the console, the account's token, or DNSimple itself. */
static const char *actor_kind(const char *entity)
{
	if (entity && !strcmp(entity, "user"))
		return "person";
	if (entity && !strcmp(entity, "account"))
		return "credential";
	return entity && !strcmp(entity, "dnsimple") ? "provider" : "unknown";
}

/* What stands behind the colon. "started" has no outcome yet. */
static const char *outcome(const char *state)
{
	if (!state)
		return "success";
	return !strcmp(state, "cancelled") || !strcmp(state, "failed") ? "failure" : "unknown";
}

/* The map whose name is that of the event's first word: data.domain, data.zone_record. */
static const struct afd_node *object_of(const struct afd_node *data, const char *name, char kind[48])
{
	snprintf(kind, 48, "%.*s", (int)strcspn(name, ".:"), name);
	if (!strcmp(kind, "account") && strstr(name, "user"))
		return afd_node_get(data, afd_node_get(data, "user") ? "user" : "account_invitation");
	if (!strcmp(kind, "whois_privacy") || (!strcmp(kind, "dnssec") && afd_node_get(data, "zone")))
		return afd_node_get(data, !strcmp(kind, "dnssec") ? "zone" : "domain");
	return afd_node_get(data, kind);
}

static const char *domain_of(const struct afd_node *data, char ret[AFD_NAME_MAX])
{
	const char *text = text_at(afd_node_get(data, "domain"), "name");

	text = text ? text : text_at(afd_node_get(data, "zone"), "name");
	text = text ? text : text_at(afd_node_get(data, "zone_record"), "zone_id");
	return text && afd_name_canonical(afd_slice_text(text), ret, NULL) == 0 ? ret : NULL;
}

static int tell_record(const struct afd_row_event *e, const struct afd_node *record, struct afd_sink *sink, struct afd_error *err)
{
	const char *name = text_at(record, "name"), *content = text_at(record, "content"), *type = text_at(record, "type");
	const struct afd_node *priority = afd_node_get(record, "priority");
	const bool ranked = priority && priority->type == AFD_INT && type && (!strcmp(type, "MX") || !strcmp(type, "SRV"));
	AFD_AUTO(mem) char *owner = name && *name ? afd_sprintf("%s.%s", name, e->domain) : afd_strdup(e->domain);
	AFD_AUTO(mem) char *rdata = content && ranked ? afd_sprintf("%lld %s", (long long)priority->u.i, content) : afd_strdup(content ? content : "");
	struct afd_audit_record rr[2] = { { .owner = owner, .type = type, .rdata = content ? rdata : NULL, .add = strcmp(e->action, "record.delete") != 0, .raw_text = true },
		{ .owner = owner, .type = type } };
	const struct afd_audit_claim c = { .zone = e->domain, .actor = e->actor, .ref = e->provider_ref, .applied = true, .at_ms = e->at.from, .part = e->part, .record = rr,
		.n = !name ? 0 : !strcmp(e->action, "record.update") ? 2 : 1 };

	if (!owner || !rdata)
		return afd_fail_memory(err);
	return afd_audit_claim(&c, sink, err);
}

static int tell(const struct afd_item_view *item, const struct afd_node *root, const char *account, struct afd_sink *sink, struct afd_error *err)
{
	const struct afd_node *data = afd_node_get(root, "data"), *actor = afd_node_get(root, "actor"), *object;
	const char *name = text_at(root, "name"), *id = text_at(root, "request_identifier"), *state = name ? strchr(name, ':') : NULL;
	AFD_AUTO(buf) struct afd_buf actor_id = { 0 };
	AFD_AUTO(buf) struct afd_buf object_id = { 0 };
	/* one call may lead to several webhooks, with one identifier */
	AFD_AUTO(mem) char *ref = NULL;
	AFD_AUTO(mem) char *word = NULL;
	char kind[48], other[96], domain[AFD_NAME_MAX];
	struct afd_row_event e = { .account = account, .raw_action = name, .actor_kind = actor_kind(text_at(actor, "entity")), .channel = "webhook",
		.record_kind = "log", .at = afd_instant(item->record->server_ms != AFD_TIME_NONE ? item->record->server_ms : item->record->received_ms) };

	if (!name || !id)
		return afd_fail(err, AFD_E_PARSE, "webhook: no name or request_identifier");
	ref = afd_sprintf("%s %s", id, name);
	word = afd_text_dup(afd_slice(name, strcspn(name, ":")));
	state = state ? state + 1 : NULL;
	e.outcome = outcome(state);
	if (!ref || !word)
		return afd_fail_memory(err);
	object = object_of(data, name, kind);
	if (id_at(actor, &actor_id, err) < 0 || id_at(object, &object_id, err) < 0)
		return -1;
	e.provider_ref = ref;
	e.action = state && !strcmp(state, "cancelled") && !strcmp(word, "domain.transfer") ? "domain.transfer-cancel" :
	           afd_action_map(words, AFD_COUNT(words), "dnsimple", word, other);
	if (!strcmp(e.action, "domain.transfer-cancel"))
		e.outcome = "success";
	e.actor = text_at(actor, "pretty") ? text_at(actor, "pretty") : actor_id.len ? (const char *)actor_id.data : NULL;
	e.domain = domain_of(data, domain);
	e.object_kind = kind;
	e.object = text_at(object, "email") ? text_at(object, "email") : object_id.len ? (const char *)object_id.data : NULL;
	if (sink->event(sink->ctx, &e, err) < 0)
		return -1;
	return e.domain && !strncmp(e.action, "record.", 7) ? tell_record(&e, object, sink, err) : 0;
}

static int decode(const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;
	AFD_AUTO(mem) char *account = NULL, *name = NULL;

	if (afd_stored_asked_read(item->record->asked, &account, &name, err) < 0 || open_body(item->bytes, &d, err) < 0)
		return -1;
	return tell(item, afd_doc_root(d), account, sink, err);
}

static const struct afd_stored_form form = {
	.word = "dnsimple", .evidence = EVIDENCE, .media_type = "message/http", .max_file = MOST, .suffix = ".http .json .http.gz .json.gz", .told = told,
};

static int begin(const struct afd_source_config *c, const void *config, const char *cursor, void **ret, struct afd_error *err)
{
	return afd_stored_begin(&form, c, config, cursor, ret, err);
}

const struct afd_provider afd_provider_dnsimple_webhooks = {
	.kind = "dnsimple-webhooks",
	.leg = AFD_LEG_ACCOUNT,
	.title = "DNSimple: webhooks that you received and kept",
	.help = "DNSimple has no log that can be asked; it tells of changes by webhooks. Let your receiver write each delivery to a file of its own in one directory, whole,\n"
		"by a rename: NAME.http (the HTTP message) or NAME.json (its body). account is your name for the account: one word. A delivery that comes twice is one event\n"
		"(request_identifier and name). The body has no time, no address and no token, and nothing signs it: the time is that of the file, who is what DNSimple names\n"
		"(person, the account's token, DNSimple), and that it is genuine is the word of the receiver: let it listen by TLS at an address that nobody else knows.\n"
		"Whether one was lost on the way is not known: coverage is asserted at most; dnsimple-registrar and dnsimple-zone tell the state beside it.\n"
		"No credential is needed here. To make the webhook: Account > Webhooks, by an owner.",
	.basis = "tested on the vendor's samples",
	.evidence = EVIDENCE,
	.imports = true,
	.fields = fields,
	.config_size = sizeof(struct afd_stored_config),
	.scopes = afd_stored_scopes,
	.begin = begin,
	.next = afd_stored_next,
	.take = afd_stored_take,
	.end = afd_stored_end,
	.redact = redact,
	.decode = decode,
};
