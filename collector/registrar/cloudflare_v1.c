#include "collector/registrar/cloudflare_v1.h"

#include <stdio.h>
#include <strings.h>

#include "collector/api/audit_claim.h"
#include "collector/api/hosted.h"
#include "core/name.h"
#include "evidence/action.h"

#define MAX_TEXT 16384u

/* --- the vocabulary --- */

/* "WORD of RESOURCE" is looked up first: "add" and "delete" mean the resource. */
static const struct afd_action_row of_resource[] = {
	{ "add zone", "zone.create" }, { "create zone", "zone.create" }, { "delete zone", "zone.delete" },
	{ "change_setting zone", "zone.update" }, { "change_setting account", "account.update" },
	{ "add member", "member.add" }, { "add account_member", "member.add" },
	{ "delete member", "member.remove" }, { "delete account_member", "member.remove" }, { "update member", "member.update" },
};
static const struct afd_action_row of_word[] = {
	{ "login*", "login" }, { "logout", "logout" },
	{ "token_create", "token.create" }, { "token_roll", "token.roll" }, { "token_revoke", "token.delete" }, { "token_update", "token.update" },
	{ "API_key_created", "token.create" }, { "API_key_view", "token.view" }, { "rotate_API_key", "token.roll" },
	{ "rec_add", "record.add" }, { "rec_set", "record.update" }, { "rec_edit", "record.update" }, { "rec_del", "record.delete" },
	{ "zone_add", "zone.create" }, { "zone_delete", "zone.delete" }, { "tls_settings_deployed", "zone.update" },
	{ "member_add", "member.add" }, { "member_invite", "member.add" }, { "member_remove", "member.remove" }, { "member_update", "member.update" },
	{ "two_factor_enable*", "mfa.enable" }, { "two_factor_disable*", "mfa.disable" },
	{ "password_change*", "password.change" }, { "change_password", "password.change" },
	{ "dnssec_enable*", "dnssec.enable" }, { "dnssec_disable*", "dnssec.disable" },
};

static const char *verb_of(const char *word, const char *resource, char other[96])
{
	AFD_AUTO(mem) char *both = afd_sprintf("%s %s", word ? word : "", resource ? resource : "");
	const char *verb = afd_action_map(of_resource, AFD_COUNT(of_resource), "cloudflare", both, other);

	return afd_action_unmapped(verb) ? afd_action_map(of_word, AFD_COUNT(of_word), "cloudflare", word, other) : verb;
}

/* --- an entry, in either spelling --- */

struct entry {
	const char *id, *word, *info, *email, *actor_id, *actor_type, *ip, *interface, *owner, *resource, *resource_id;
	const struct afd_node *metadata, *before, *after, *result;
	int64_t at;
};

/* "when" of the API; "When" of Logpush: RFC 3339, or seconds or nanoseconds since 1970, as the job is set up. */
static int64_t time_of(const struct afd_node *n)
{
	const char *s = afd_node_text(n);
	int64_t v = AFD_TIME_NONE;

	if (n && n->type == AFD_INT)
		v = n->u.i;
	else if (s && *s && strlen(s) < 20 && !s[strspn(s, "0123456789")])
		v = strtoll(s, NULL, 10);
	else
		return s && afd_when_parse(s, &v, NULL) == 0 ? v : AFD_TIME_NONE;
	if (v <= 0)
		return AFD_TIME_NONE;
	return v < INT64_C(100000000000) ? v * AFD_SECOND : v < INT64_C(100000000000000) ? v : v / 1000000;
}

static const char *word_at(const struct afd_node *entry, const char *map, const char *key, const char *flat)
{
	const char *s = afd_node_word(afd_node_get(entry, map), key);

	return s ? s : afd_node_word(entry, flat);
}

static const struct afd_node *either(const struct afd_node *entry, const char *a, const char *b, const char *c)
{
	const char *const keys[] = { a, b, c };

	for (size_t i = 0; i < AFD_COUNT(keys); i++) {
		const struct afd_node *n = afd_node_get(entry, keys[i]);
		const char *s = afd_node_text(n);

		if (n && n->type != AFD_NULL && (!s || (*s && strcmp(s, "null") != 0)) && ((n->type != AFD_MAP && n->type != AFD_LIST) || n->u.list.n))
			return n;
	}
	return NULL;
}

static void entry_read(const struct afd_node *n, struct entry *e)
{
	*e = (struct entry){
		.id = afd_node_word(n, "id") ? afd_node_word(n, "id") : afd_node_word(n, "ID"),
		.word = word_at(n, "action", "type", "ActionType"), .info = word_at(n, "action", "info", "ActionInfo"),
		.email = word_at(n, "actor", "email", "ActorEmail"), .actor_id = word_at(n, "actor", "id", "ActorID"),
		.actor_type = word_at(n, "actor", "type", "ActorType"), .ip = word_at(n, "actor", "ip", "ActorIP"),
		.interface = word_at(n, "-", "-", "interface"), .owner = word_at(n, "owner", "id", "OwnerID"),
		.resource = word_at(n, "resource", "type", "ResourceType"), .resource_id = word_at(n, "resource", "id", "ResourceID"),
		.metadata = either(n, "metadata", "Metadata", "-"), .before = either(n, "oldValueJson", "oldValue", "OldValue"),
		.after = either(n, "newValueJson", "newValue", "NewValue"),
		.at = time_of(afd_node_get(n, "when") ? afd_node_get(n, "when") : afd_node_get(n, "When")),
	};
	e->result = afd_node_get(afd_node_get(n, "action"), "result");
	if (!e->result)
		e->result = afd_node_get(n, "ActionResult");
	if (!e->interface)
		e->interface = afd_node_word(n, "Interface");
}

const char *afd_cloudflare_v1_fault(const struct afd_node *entry, int64_t *at)
{
	struct entry e;

	*at = AFD_TIME_NONE;
	if (!entry || entry->type != AFD_MAP)
		return "not a map";
	entry_read(entry, &e);
	*at = e.at;
	if (e.at == AFD_TIME_NONE)
		return "\"when\" is missing, or not a time";
	return e.id ? NULL : "id is missing";
}

/* --- into rows --- */

static const char *actor_kind(const struct entry *e)
{
	if (e->actor_type && strcasestr(e->actor_type, "admin"))
		return "provider";
	if (e->actor_type && strcasecmp(e->actor_type, "system") == 0)
		return "system";
	if (e->interface && strcasecmp(e->interface, "API") == 0)
		return "credential";
	return e->actor_type && strcasecmp(e->actor_type, "user") == 0 ? "person" : "unknown";
}

static const char *outcome_of(const struct entry *e)
{
	const char *s = afd_node_text(e->result);
	const bool yes = (e->result && e->result->type == AFD_BOOL && e->result->u.i) || (s && (!strcasecmp(s, "true") || !strcasecmp(s, "success")));
	const bool no = (e->result && e->result->type == AFD_BOOL && !e->result->u.i) || (s && (!strcasecmp(s, "false") || !strcasecmp(s, "failure")));

	return yes ? "success" : no ? "failure" : "unknown";
}

/* What stood there, or stands now; owned, NULL: not told. */
static int value_of(const struct afd_node *n, char **ret, struct afd_error *err)
{
	const size_t len = !n ? 0 : n->type == AFD_TEXT ? n->u.text.len : n->raw.len;

	if (!len)
		return 0;
	*ret = len > MAX_TEXT ? afd_sprintf("(%zu bytes, in the item)", len) : n->type == AFD_TEXT ? afd_strdup(n->u.text.s) : afd_text_dup(n->raw);
	return *ret ? 0 : afd_fail_memory(err);
}

static const char *zone_of(const struct entry *e, char name[AFD_NAME_MAX])
{
	const char *zone = afd_node_word(e->metadata, "zone_name");

	zone = zone ? zone : afd_node_word(e->after, "zone_name") ? afd_node_word(e->after, "zone_name") : afd_node_word(e->before, "zone_name");
	return zone && strchr(zone, '.') && afd_name_canonical(afd_slice_text(zone), name, NULL) == 0 ? name : NULL;
}

/* Numbers that stand apart from the content go in front of it. Owned. */
static int record_of(const struct afd_node *n, bool add, struct afd_audit_record *ret, char **rdata, struct afd_error *err)
{
	const char *type = afd_node_word(n, "type"), *content = afd_node_word(n, "content");
	const int64_t priority = afd_node_number(n, "priority", -1);

	if (content)
		*rdata = type && priority >= 0 && (!strcmp(type, "MX") || !strcmp(type, "URI")) ? afd_sprintf("%lld %s", (long long)priority, content) :
											     afd_strdup(content);
	*ret = (struct afd_audit_record){ .owner = afd_node_word(n, "name"), .type = type, .rdata = *rdata, .add = add, .raw_text = true };
	return content && !*rdata ? afd_fail_memory(err) : 0;
}

/* Who changed which record, as from version 2; here the log also tells what stood there before. */
static int tell_claim(const struct entry *e, const char *verb, const char *zone, uint64_t part, struct afd_sink *sink, struct afd_error *err)
{
	AFD_AUTO(mem) char *was = NULL;
	AFD_AUTO(mem) char *is = NULL;
	struct afd_audit_record rr[2];
	struct afd_audit_claim c = {
		.zone = zone, .actor = e->email ? e->email : e->actor_id, .origin = e->ip, .ref = e->id, .applied = !strcmp(outcome_of(e), "success"),
		.at_ms = e->at, .part = part, .record = rr,
	};

	if (strncmp(verb, "record.", 7) != 0 || !zone)
		return 0;
	if (e->before && e->before->type == AFD_MAP && record_of(e->before, false, &rr[c.n++], &was, err) < 0)
		return -1;
	if (e->after && e->after->type == AFD_MAP && record_of(e->after, true, &rr[c.n++], &is, err) < 0)
		return -1;
	return afd_audit_claim(&c, sink, err);
}

int afd_cloudflare_v1_tell(const struct afd_node *entry, const char *account, uint64_t part, struct afd_sink *sink, struct afd_error *err)
{
	char name[AFD_NAME_MAX], other[96];
	AFD_AUTO(mem) char *raw = NULL;
	AFD_AUTO(mem) char *before = NULL;
	AFD_AUTO(mem) char *after = NULL;
	struct entry e;
	const struct afd_action *known;
	const char *verb, *zone, *token;

	entry_read(entry, &e);
	verb = verb_of(e.word, e.resource, other);
	known = afd_action_find(verb);
	zone = zone_of(&e, name);
	/* of tokens the resource is the account; the token itself is named beside it */
	token = strncmp(verb, "token.", 6) == 0 ? afd_node_word(e.metadata, "token_tag") : NULL;
	raw = afd_sprintf("%s %s%s%s", e.word ? e.word : "-", e.resource ? e.resource : "-", e.info ? ": " : "", e.info ? e.info : "");
	if (!raw || value_of(e.before, &before, err) < 0 || value_of(e.after, &after, err) < 0)
		return afd_fail_memory(err);
	const struct afd_row_event row = {
		.account = account ? account : e.owner, .action = verb, .raw_action = raw, .domain = zone,
		.object_kind = known ? known->object_kind : e.resource, .object = token ? token : e.resource_id,
		.actor_kind = actor_kind(&e), .actor = e.email ? e.email : e.actor_id, .origin = e.ip,
		.channel = !e.interface ? NULL : !strcasecmp(e.interface, "UI") ? "ui" : !strcasecmp(e.interface, "API") ? "api" : e.interface,
		.before = before, .after = after, .outcome = outcome_of(&e), .provider_ref = e.id, .record_kind = "log",
		.at = afd_instant(e.at), .part = part,
	};

	return sink->event(sink->ctx, &row, err) < 0 ? -1 : tell_claim(&e, verb, zone, part, sink, err);
}
