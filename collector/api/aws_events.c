#include "collector/api/aws_events.h"

#include <stdio.h>
#include <strings.h>

#include "collector/api/audit_claim.h"
#include "collector/api/hosted.h"
#include "collector/registrar/json_walk.h"
#include "core/limits.h"

#define MAX_AFTER 16384u
#define MAX_CHANGES 2000u               /* record values in one change; Route 53 takes 1000 */

/* --- small readers --- */

/* Keys of one name are written in several ways: tTL, TTL. */
static const struct afd_node *get(const struct afd_node *map, const char *key)
{
	const struct afd_node *n = afd_node_get(map, key);

	for (const struct afd_node *c = !n && map && map->type == AFD_MAP ? map->u.list.first : NULL; c && !n; c = c->next)
		n = c->key && strcasecmp(c->key, key) == 0 ? c : NULL;
	return n;
}

static const char *word(const struct afd_node *map, const char *key)
{
	return afd_node_word(map, key);
}

static bool says(const struct afd_node *map, const char *key, const char *value)
{
	const char *s = word(map, key);

	return s && strcasecmp(s, value) == 0;
}

int afd_aws_time(const char *text, int64_t *ret)
{
	AFD_AUTO(mem) char *own = NULL;
	size_t n = text ? strlen(text) : 0;

	if (n < 19 || n > 40)
		return -1;
	if (text[10] != ' ')
		return afd_when_parse(text, ret, NULL);
	own = afd_sprintf("%.10sT%s%s", text, text + 11, strchr("zZ", text[n - 1]) ? "" : "Z");
	return own ? afd_when_parse(own, ret, NULL) : -1;
}

/* --- a record --- */

struct record {
	const struct afd_node *root, *who, *asked, *answered;
	const char *id, *name, *source, *error;
	char service[48];
	int64_t at;
};

/* NULL: an event can be made of it. */
static const char *record_read(const struct afd_node *n, struct record *ret)
{
	size_t len;

	if (!n || n->type != AFD_MAP)
		return "it is no map";
	*ret = (struct record){ .root = n, .who = afd_node_get(n, "userIdentity"), .asked = afd_node_get(n, "requestParameters"),
		.answered = afd_node_get(n, "responseElements"), .id = word(n, "eventID"), .name = word(n, "eventName"),
		.source = word(n, "eventSource"), .error = word(n, "errorCode") };
	if (afd_aws_time(word(n, "eventTime"), &ret->at) < 0)
		return "its eventTime is no time";
	if (!ret->name || !ret->source)
		return "it has no eventName or no eventSource";
	if (!ret->id)
		return "it has no eventID";
	len = strcspn(ret->source, ".");
	snprintf(ret->service, sizeof(ret->service), "%.*s", (int)(len < 47 ? len : 47), ret->source);
	return NULL;
}

/* --- who, whence, how --- */

static bool by_console(const struct record *r)
{
	const char *agent = word(r->root, "userAgent"), *type = word(r->root, "eventType");

	if (says(r->root, "sessionCredentialFromConsole", "true") || (type && strncasecmp(type, "AwsConsole", 10) == 0))
		return true;
	return agent && (strcasestr(agent, "console.amazonaws.com") || strcasestr(agent, "signin.amazonaws.com") || strcasestr(agent, "console.aws") ||
		strncmp(agent, "Mozilla/", 8) == 0);
}

static bool by_service(const struct record *r)
{
	return says(r->who, "type", "AWSService") || says(r->root, "eventType", "AwsServiceEvent");
}

static const char *channel_of(const struct record *r)
{
	return by_service(r) ? "system" : by_console(r) ? "ui" : "api";
}

/* A person at the console is a person; a key, or a role that a program took, is a credential. Names of sessions that IAM
 * Identity Center gives out begin with AWSReservedSSO_. */
static const char *actor_kind(const struct record *r)
{
	const char *type = word(r->who, "type"), *arn = word(r->who, "arn");

	if (by_service(r))
		return "provider";
	if (!type)
		return "unknown";
	if (!strcasecmp(type, "Root") || !strcasecmp(type, "SAMLUser") || !strcasecmp(type, "IdentityCenterUser") || !strcasecmp(type, "Directory"))
		return "person";
	if (by_console(r) || (arn && strstr(arn, "/AWSReservedSSO_")) || says(r->root, "eventName", "AssumeRoleWithSAML"))
		return strcasecmp(type, "AWSAccount") && strcasecmp(type, "Unknown") ? "person" : "unknown";
	if (!strcasecmp(type, "IAMUser") || !strcasecmp(type, "AssumedRole") || !strcasecmp(type, "Role") || !strcasecmp(type, "FederatedUser") ||
	    !strcasecmp(type, "WebIdentityUser"))
		return "credential";
	return "unknown";
}

static const char *actor_of(const struct record *r)
{
	static const char *const keys[] = { "arn", "userName", "invokedBy", "principalId", "accountId" };
	const char *s = NULL;

	for (size_t i = 0; i < AFD_COUNT(keys) && !s; i++)
		s = word(r->who, keys[i]);
	return s;
}

/* It comes as text. Of a login itself: whether a second factor was used for it. */
static const char *mfa_of(const struct record *r)
{
	const struct afd_node *attributes = afd_node_get(afd_node_get(r->who, "sessionContext"), "attributes");
	const struct afd_node *more = afd_node_get(r->root, "additionalEventData"), *at = get(attributes, "mfaAuthenticated");
	const char *used = word(more, "MFAUsed");

	if (used)
		return !strcasecmp(used, "Yes") ? "yes" : !strcasecmp(used, "No") ? "no" : NULL;
	if (at && at->type == AFD_BOOL)
		return at->u.i ? "yes" : "no";
	return says(attributes, "mfaAuthenticated", "true") ? "yes" : says(attributes, "mfaAuthenticated", "false") ? "no" : NULL;
}

static const char *outcome_of(const struct record *r)
{
	const char *login = word(r->answered, r->name);       /* ConsoleLogin: "Success", "Failure" */

	if (r->error || word(r->root, "errorMessage"))
		return "failure";
	return login && !strcasecmp(login, "Failure") ? "failure" : "success";
}

static bool was_refused(const struct record *r)
{
	static const char *const codes[] = { "AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "Client.UnauthorizedOperation" };

	for (size_t i = 0; i < AFD_COUNT(codes); i++)
		if (r->error && !strcasecmp(r->error, codes[i]))
			return true;
	return false;
}

/* --- what --- */

/* Selectors that leave management events out narrow the log; what we cannot judge must not pass as routine. */
static const char *selectors_action(const struct record *r)
{
	const struct afd_node *list = afd_node_get(r->asked, "eventSelectors");

	if (!list || list->type != AFD_LIST || !list->u.list.n)
		return "log.disable";
	for (const struct afd_node *s = list->u.list.first; s; s = s->next) {
		const struct afd_node *with = afd_node_get(s, "includeManagementEvents"), *left = afd_node_get(s, "excludeManagementEventSources");

		if ((with && with->type == AFD_BOOL && !with->u.i) || (left && left->type == AFD_LIST && left->u.list.n) ||
		    (word(s, "readWriteType") && !says(s, "readWriteType", "All")))
			return "log.disable";
	}
	return "log.enable";
}

static const char *trail_action(const struct record *r)
{
	static const char *const keys[] = { "isMultiRegionTrail", "includeGlobalServiceEvents", "enableLogFileValidation" };

	for (size_t i = 0; i < AFD_COUNT(keys); i++) {
		const struct afd_node *n = get(r->asked, keys[i]);

		if (n && n->type == AFD_BOOL && !n->u.i)
			return "log.disable";
	}
	return word(r->asked, "s3BucketName") ? "log.disable" : "account.update";      /* the log goes elsewhere from now on */
}

static const struct afd_node *changes_of(const struct record *r)
{
	const struct afd_node *list = get(get(r->asked, "changeBatch"), "changes");

	return list && list->type == AFD_LIST ? list->u.list.first : NULL;
}

static const char *change_action(const struct record *r)
{
	const char *all = NULL;

	for (const struct afd_node *c = changes_of(r); c; c = c->next) {
		const char *one = says(c, "action", "CREATE") ? "record.add" : says(c, "action", "DELETE") ? "record.delete" : "record.change";

		if (all && strcmp(all, one) != 0)
			return "record.change";
		all = one;
	}
	return all ? all : "record.change";
}

static const char *action_of(const struct record *r, char other[96])
{
	if (!strcasecmp(r->service, "route53") && !strcasecmp(r->name, "ChangeResourceRecordSets"))
		return change_action(r);
	if (!strcasecmp(r->service, "cloudtrail") && !strcasecmp(r->name, "PutEventSelectors"))
		return selectors_action(r);
	if (!strcasecmp(r->service, "cloudtrail") && !strcasecmp(r->name, "UpdateTrail"))
		return trail_action(r);
	return afd_aws_action(r->service, r->name, other);
}

/* --- which zone --- */

/* "/hostedzone/Z0123", "Z0123" */
static const char *zone_id(const struct record *r)
{
	const char *id = word(r->asked, "hostedZoneId"), *slash;

	if (!id && strcasestr(r->name, "HostedZone"))
		id = word(r->asked, "id");
	slash = id ? strrchr(id, '/') : NULL;
	return slash ? slash + 1 : id;
}

static const char *canonical(const char *text, char ret[AFD_NAME_MAX])
{
	return text && strchr(text, '.') && afd_name_canonical(afd_slice_text(text), ret, NULL) == 0 ? ret : NULL;
}

/* Where all owners of a change lie below. */
static const char *common_name(const struct record *r, char ret[AFD_NAME_MAX])
{
	bool any = false;

	for (const struct afd_node *c = changes_of(r); c; c = c->next) {
		char name[AFD_NAME_MAX];
		const char *at = ret;

		if (!canonical(word(get(c, "resourceRecordSet"), "name"), name))
			return NULL;
		if (!any)
			memcpy(ret, name, strlen(name) + 1);
		any = true;
		while (at && *at) {
			size_t n = strlen(at), all = strlen(name);

			if (all >= n && strcmp(name + all - n, at) == 0 && (all == n || name[all - n - 1] == '.'))
				break;
			at = strchr(at, '.');
			at = at ? at + 1 : NULL;
		}
		if (!at || !strchr(at, '.'))
			return NULL;
		memmove(ret, at, strlen(at) + 1);
	}
	return any ? ret : NULL;
}

/* Without the zone of an id, the name that a change is about. */
static const char *domain_of(const struct record *r, const char *zone, char ret[AFD_NAME_MAX])
{
	const struct afd_node *name = get(r->asked, "domainName");

	if (zone)
		return zone;
	if (!strcasecmp(r->service, "route53domains"))
		return canonical(name && name->type == AFD_MAP ? word(name, "name") : afd_node_text(name), ret);
	if (strcasecmp(r->service, "route53") != 0)
		return NULL;
	if (!strcasecmp(r->name, "ChangeResourceRecordSets"))
		return common_name(r, ret);
	return canonical(word(r->asked, "name") ? word(r->asked, "name") : word(get(r->answered, "hostedZone"), "name"), ret);
}

/* An operation at the registrar has an id, by which what was asked for and what came of it are joined (aws-route53domains). */
static const char *object_of(const struct record *r)
{
	static const char *const asked[] = { "hostedZoneId", "accessKeyId", "serialNumber", "userName", "roleName", "groupName", "policyArn",
		"trailName", "name", "id", "resolverQueryLogConfigId", "roleArn", "healthCheckId" };
	const char *s = zone_id(r);

	if (!strcasecmp(r->service, "route53domains") && word(r->answered, "operationId"))
		return word(r->answered, "operationId");
	s = s ? s : word(afd_node_get(r->answered, "accessKey"), "accessKeyId");
	for (size_t i = 0; i < AFD_COUNT(asked) && !s; i++)
		s = word(r->asked, asked[i]);
	return s ? s : word(afd_node_get(r->answered, "healthCheck"), "id");
}

static const char *object_kind(const struct record *r, const char *action)
{
	const struct afd_action *a = afd_action_find(action);

	if (!strcasecmp(r->service, "route53domains") && word(r->answered, "operationId"))
		return "operation";
	return a ? a->object_kind : r->service;
}

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

/* What was asked for; CloudTrail never tells what stood there before. */
static int after_of(const struct record *r, const char *action, char **ret, struct afd_error *err)
{
	if (!strcmp(action, "view") || !r->asked || r->asked->type != AFD_MAP || !r->asked->u.list.n)
		return 0;
	*ret = r->asked->raw.len > MAX_AFTER ? afd_sprintf("(%zu bytes, in the item)", r->asked->raw.len) : compact(r->asked->raw);
	return *ret ? 0 : afd_fail_memory(err);
}

/* --- claims --- */

struct owners { char **at; size_t n; };

static void afd_owners_release(struct owners *o)
{
	for (size_t i = 0; i < o->n; i++)
		free(o->at[i]);
	free(o->at);
}

/* Bytes that do not print come as \NNN in octal, also the asterisk of a wildcard; DNS writes them in decimal. */
static char *owner_text(const char *s)
{
	AFD_AUTO(buf) struct afd_buf b = { 0 };

	for (; *s; s++) {
		bool octal = s[0] == '\\' && s[1] >= '0' && s[1] <= '3' && s[2] >= '0' && s[2] <= '7' && s[3] >= '0' && s[3] <= '7';
		unsigned c = octal ? (unsigned)((s[1] - '0') << 6 | (s[2] - '0') << 3 | (s[3] - '0')) : 0;

		if (!octal ? afd_buf_u8(&b, (uint8_t)*s) < 0 : c == '*' ? afd_buf_u8(&b, '*') < 0 : afd_buf_printf(&b, "\\%03u", c) < 0)
			return NULL;
		s += octal ? 3 : 0;
	}
	return afd_strdup(b.data ? (char *)b.data : "");
}

/* One record set: each value, or the alias. An UPSERT puts in place of what was there, which is not told. */
static void claim_set(const struct afd_node *set, const char *owner, const char *action, struct afd_audit_record *rr, size_t *n)
{
	const struct afd_node *values = get(set, "resourceRecords");
	const char *type = get(set, "aliasTarget") && get(set, "aliasTarget")->type == AFD_MAP ? "ALIAS" : word(set, "type");
	bool gone = !strcasecmp(action, "DELETE"), any = false;

	if (!gone && strcasecmp(action, "CREATE") != 0 && *n < MAX_CHANGES)
		rr[(*n)++] = (struct afd_audit_record){ .owner = owner, .type = type };
	for (const struct afd_node *v = values && values->type == AFD_LIST ? values->u.list.first : NULL; v && *n < MAX_CHANGES; v = v->next) {
		rr[(*n)++] = (struct afd_audit_record){ .owner = owner, .type = type, .rdata = word(v, "value"), .add = !gone };
		any = true;
	}
	if (!any && *n < MAX_CHANGES)
		rr[(*n)++] = (struct afd_audit_record){ .owner = owner, .type = type, .add = !gone };
}

static int tell_claim(const struct record *r, const char *zone, uint64_t part, struct afd_sink *sink, struct afd_error *err)
{
	__attribute__((cleanup(afd_owners_release))) struct owners o = { 0 };
	AFD_AUTO(mem) struct afd_audit_record *rr = NULL;
	struct afd_audit_claim c = { .zone = zone, .actor = actor_of(r), .credential = word(r->who, "accessKeyId"), .origin = word(r->root, "sourceIPAddress"),
		.ref = r->id, .applied = !r->error, .refused = was_refused(r), .at_ms = r->at, .part = part };

	if (!zone || strcasecmp(r->service, "route53") || strcasecmp(r->name, "ChangeResourceRecordSets"))
		return 0;
	rr = calloc(MAX_CHANGES, sizeof(*rr));
	o.at = calloc(MAX_CHANGES, sizeof(*o.at));
	if (!rr || !o.at)
		return afd_fail_memory(err);
	for (const struct afd_node *n = changes_of(r); n && o.n < MAX_CHANGES; n = n->next) {
		const struct afd_node *set = get(n, "resourceRecordSet");

		if (!word(set, "name") || !word(n, "action"))
			continue;
		o.at[o.n] = owner_text(word(set, "name"));
		if (!o.at[o.n++])
			return afd_fail_memory(err);
		claim_set(set, o.at[o.n - 1], word(n, "action"), rr, &c.n);
	}
	c.record = rr;
	return afd_audit_claim(&c, sink, err);
}

/* --- telling --- */

static int tell(const struct record *r, const struct afd_aws_told *t, uint64_t part, struct afd_sink *sink, struct afd_error *err)
{
	char other[96], zone_name[AFD_NAME_MAX], name[AFD_NAME_MAX], raw[160], account[128];
	const char *zone = afd_audit_zones_find(t->zones, zone_id(r), zone_name), *own = word(r->root, "recipientAccountId");
	const char *action = action_of(r, other);
	AFD_AUTO(mem) char *after = NULL;
	struct afd_row_event row;

	snprintf(account, sizeof(account), "%.*s", (int)strcspn(t->scope, "/"), t->scope);
	snprintf(raw, sizeof(raw), "%s.%s", r->service, r->name);
	if (after_of(r, action, &after, err) < 0)
		return -1;
	own = own ? own : word(r->who, "accountId");
	row = (struct afd_row_event){
		.account = own ? own : account,
		.action = action,
		.raw_action = raw,
		.domain = domain_of(r, zone, name),
		.object_kind = object_kind(r, action),
		.object = object_of(r),
		.actor_kind = actor_kind(r),
		.actor = actor_of(r),
		.credential = word(r->who, "accessKeyId"),
		.origin = word(r->root, "sourceIPAddress"),
		.channel = channel_of(r),
		.mfa = mfa_of(r),
		.after = after,
		.outcome = outcome_of(r),
		.provider_ref = r->id,
		.record_kind = "log",
		.at = afd_instant(r->at),
		.part = part,
	};
	return sink->event(sink->ctx, &row, err) < 0 ? -1 : tell_claim(r, zone, part, sink, err);
}

static int tell_bad(const char *why, const struct afd_aws_told *t, uint64_t part, struct afd_sink *sink, struct afd_error *err)
{
	AFD_AUTO(mem) char *reason = afd_sprintf("a record of CloudTrail cannot be read: %s", why);
	const struct afd_row_coverage c = { .evidence = AFD_AWS_EVENTS, .scope = t->scope, .grade = AFD_GAP, .reason = reason, .provider_count = -1,
		.stored_count = -1, .part = part, .at = t->window.from < t->window.to ? t->window : afd_instant(t->window.from) };

	return !reason ? afd_fail_memory(err) : sink->coverage(sink->ctx, &c, err);
}

/* One element: a record, or a map that holds one as text (LookupEvents). Parsed by itself: a file may hold very many. */
struct element { struct afd_doc *doc, *inner; struct record r; const char *why; };

static void afd_element_release(struct element *e)
{
	e->doc = afd_doc_free(e->doc);
	e->inner = afd_doc_free(e->inner);
}

/* -1: no memory; else e->why says what is wrong with it, or NULL. */
static int element_read(struct afd_slice json, struct element *e, struct afd_error *err)
{
	struct afd_error bad = { 0 };
	const struct afd_node *n, *text;

	e->why = "it is not JSON";
	if (afd_json_parse(json, "record", &e->doc, &bad) < 0)
		return bad.code == AFD_E_MEMORY ? afd_fail_memory(err) : 0;
	n = afd_doc_root(e->doc);
	text = afd_node_get(n, "CloudTrailEvent");
	if (text && text->type == AFD_TEXT) {
		e->why = "its CloudTrailEvent is not JSON";
		if (afd_json_parse(afd_slice(text->u.text.s, text->u.text.len), "record", &e->inner, &bad) < 0)
			return bad.code == AFD_E_MEMORY ? afd_fail_memory(err) : 0;
		n = afd_doc_root(e->inner);
	}
	e->why = record_read(n, &e->r);
	return 0;
}

static int one(struct afd_slice json, const struct afd_aws_told *t, uint64_t part, struct afd_sink *sink, struct afd_error *err)
{
	__attribute__((cleanup(afd_element_release))) struct element e = { 0 };

	if (element_read(json, &e, err) < 0)
		return -1;
	return e.why ? tell_bad(e.why, t, part, sink, err) : tell(&e.r, t, part, sink, err);
}

/* --- lists of records --- */

struct finding { bool root_list, records, events; };

static int see_list(void *ctx, const struct afd_json_at *v, struct afd_error *err)
{
	struct finding *f = ctx;

	(void)err;
	if (v->kind != AFD_JSON_OPEN_LIST || v->depth > 1)
		return 0;
	if (v->depth == 0)
		f->root_list = true;
	else if (afd_slice_equal(v->key, afd_slice_text("Records")))
		f->records = true;
	else if (afd_slice_equal(v->key, afd_slice_text("Events")))
		f->events = true;
	return 0;
}

int afd_aws_list(struct afd_slice bytes, const char **ret)
{
	struct finding f = { 0 };

	if (afd_json_walk(bytes, see_list, &f, NULL) < 0)
		return -1;
	*ret = f.records ? "Records" : f.events ? "Events" : NULL;
	return f.root_list || *ret ? 0 : -1;
}

int afd_aws_decode(const struct afd_item_view *item, const struct afd_aws_told *t, struct afd_sink *sink, struct afd_error *err)
{
	AFD_AUTO(ranges) struct afd_ranges own = { 0 };
	const struct afd_ranges *parts = &item->parts;
	const char *key = NULL;

	if (item->parts.n <= 1) {
		if (afd_aws_list(item->bytes, &key) < 0)
			return afd_fail(err, AFD_E_PARSE, "expected a list of CloudTrail's records");
		if (afd_json_tile(item->bytes, key, &own, err) < 0)
			return -1;
		parts = &own;
	}
	for (size_t i = 1; i < parts->n; i += 2)
		if (one(afd_slice_sub(item->bytes, (size_t)parts->at[i].off, (size_t)parts->at[i].len), t, item->parts.n > 1 ? i : 0, sink, err) < 0)
			return -1;
	return 0;
}

int afd_aws_faults(struct afd_slice bytes, struct afd_aws_faults *ret, struct afd_span *at, struct afd_error *err)
{
	AFD_AUTO(ranges) struct afd_ranges parts = { 0 };
	const char *key = NULL;

	*ret = (struct afd_aws_faults){ 0 };
	if (afd_aws_list(bytes, &key) < 0 || afd_json_tile(bytes, key, &parts, NULL) < 0)
		return afd_fail(err, AFD_E_PARSE, "expected a list of CloudTrail's records");
	for (size_t i = 1; i < parts.n; i += 2) {
		__attribute__((cleanup(afd_element_release))) struct element e = { 0 };

		if (element_read(afd_slice_sub(bytes, (size_t)parts.at[i].off, (size_t)parts.at[i].len), &e, err) < 0)
			return -1;
		ret->n++;
		if (e.why && !ret->bad++)
			snprintf(ret->why, sizeof(ret->why), "a record of CloudTrail cannot be read: %s", e.why);
		if (!e.why && at) {
			at->from = e.r.at < at->from ? e.r.at : at->from;
			at->to = e.r.at + 1 > at->to ? e.r.at + 1 : at->to;
		}
	}
	return 0;
}

int afd_aws_split(struct afd_slice bytes, struct afd_ranges *parts, struct afd_error *err)
{
	const char *key = NULL;

	if (afd_aws_list(bytes, &key) < 0)
		return afd_ranges_add(parts, 0, bytes.len) < 0 ? afd_fail_memory(err) : 0;
	return afd_json_tile(bytes, key, parts, err);
}

/* --- redaction --- */

/* The lists of values of record sets, also in records that are text in JSON. */
static bool inside_values(struct afd_slice s, uint64_t off)
{
	static const char key[] = "resourceRecords";
	const size_t most = 65536;
	size_t from = off > most ? (size_t)off - most : 0;
	const uint8_t *at = NULL, *p = s.data + from, *end = s.data + off;

	while (p < end && (p = memmem(p, (size_t)(end - p), key, sizeof(key) - 1)))
		at = p += sizeof(key) - 1;
	if (!at)
		return false;
	while (at < end && memchr("\\\": \t\r\n", *at, 7))
		at++;
	return at < end && *at == '[' && !memchr(at, ']', (size_t)(end - at));
}

int afd_aws_redact(struct afd_slice bytes, struct afd_ranges *cuts, struct afd_error *err)
{
	size_t kept = 0;

	if (afd_pages_redact(bytes, cuts, err) < 0)
		return -1;
	for (size_t i = 0; i < cuts->n; i++)
		if (!inside_values(bytes, cuts->at[i].off))
			cuts->at[kept++] = cuts->at[i];
	cuts->n = kept;
	return 0;
}
