#include "collector/api/google_audit.h"

#include <stdio.h>
#include <strings.h>

#include "collector/api/audit_claim.h"
#include "collector/api/aws_events.h"
#include "collector/api/hosted.h"
#include "collector/registrar/json_walk.h"
#include "evidence/action.h"

#define MAX_AFTER 16384u
#define MAX_RECORDS 2000u
#define MAX_LOOKED 2000u               /* entries behind one, among which the end of its operation is looked for */

/* Of DNS the method without its beginning, of others the last word behind the service. */
static const struct afd_action_row actions[] = {
	{ "dns.changes.create", "record.change" },
	{ "dns.resourceRecordSets.create", "record.add" },
	{ "dns.resourceRecordSets.patch", "record.update" },
	{ "dns.resourceRecordSets.update", "record.update" },
	{ "dns.resourceRecordSets.delete", "record.delete" },
	{ "dns.managedZones.create", "zone.create" },
	{ "dns.managedZones.delete", "zone.delete" },
	{ "dns.managedZones.patch", "zone.update" },
	{ "dns.managedZones.update", "zone.update" },
	{ "dns.managedZones.setIamPolicy", "role.change" },
	{ "dns.policies.*", "zone.update" },
	{ "dns.responsePolicies.*", "zone.update" },
	{ "dns.responsePolicyRules.*", "zone.update" },
	{ "domains.ConfigureContactSettings", "contact.change" },
	{ "domains.ConfigureDnsSettings", "ns.change" },
	{ "domains.ConfigureManagementSettings", "transfer-lock.unknown" },
	{ "domains.RegisterDomain", "domain.create" },
	{ "domains.DeleteRegistration", "domain.delete" },
	{ "domains.RenewDomain", "domain.renew" },
	{ "domains.TransferDomain", "domain.transfer-in" },
	{ "domains.ImportDomain", "domain.transfer-in" },
	{ "domains.ExportRegistration", "domain.transfer-out" },
	{ "domains.InitiatePushTransfer", "domain.transfer-out" },
	{ "domains.RetrieveAuthorizationCode", "domain.auth-code.read" },
	{ "domains.ResetAuthorizationCode", "domain.auth-code.set" },
	{ "domains.UpdateRegistration", "domain.update" },
	{ "iam.CreateServiceAccountKey", "token.create" },
	{ "iam.UploadServiceAccountKey", "token.create" },
	{ "iam.DeleteServiceAccountKey", "token.delete" },
	{ "iam.EnableServiceAccountKey", "token.update" },
	{ "iam.DisableServiceAccountKey", "token.update" },
	{ "iam.CreateServiceAccount", "member.add" },
	{ "iam.UndeleteServiceAccount", "member.add" },
	{ "iam.DeleteServiceAccount", "member.remove" },
	{ "iam.UpdateServiceAccount", "member.update" },
	{ "iam.PatchServiceAccount", "member.update" },
	{ "iam.EnableServiceAccount", "member.update" },
	{ "iam.DisableServiceAccount", "member.update" },
	{ "iam.CreateRole", "role.change" },
	{ "iam.UpdateRole", "role.change" },
	{ "iam.DeleteRole", "role.change" },
	{ "iam.UndeleteRole", "role.change" },
	{ "logging.CreateSink", "log.enable" },
	{ "logging.DeleteSink", "log.disable" },
	{ "logging.UpdateSink", "log.disable" },
	{ "logging.DeleteBucket", "log.disable" },
	{ "logging.UpdateBucket", "log.disable" },
	{ "logging.CreateExclusion", "log.disable" },
	{ "logging.UpdateExclusion", "log.disable" },
	{ "logging.DeleteExclusion", "log.enable" },
	{ "logging.DeleteLog", "log.disable" },
	{ "login.loginSuccess", "login" },
	{ "login.loginFailure", "login" },
	{ "login.loginVerification", "login" },
	{ "login.loginChallenge", "login" },
	{ "login.logout", "logout" },
	{ "login.2svEnroll", "mfa.enable" },
	{ "login.2svDisable", "mfa.disable" },
	{ "login.passwordEdit", "password.change" },
};

/* --- an entry: keys of exports come in other cases --- */

static const struct afd_node *get(const struct afd_node *map, const char *key)
{
	const struct afd_node *n = afd_node_get(map, key);

	for (const struct afd_node *c = !n && map && map->type == AFD_MAP ? map->u.list.first : NULL; c && !n; c = c->next)
		n = c->key && strcasecmp(c->key, key) == 0 ? c : NULL;
	return n;
}

static const char *word(const struct afd_node *map, const char *key)
{
	const char *s = afd_node_text(get(map, key));

	return s && *s ? s : NULL;
}

static bool is_true(const struct afd_node *map, const char *key)
{
	const struct afd_node *n = get(map, key);

	return n && n->type == AFD_BOOL && n->u.i;
}

struct entry {
	struct afd_doc *doc;
	const struct afd_node *root, *payload, *request, *response, *operation;
	const char *id, *time, *service, *method, *operation_id;
	bool first, last;
	int64_t at, code;                      /* code: of google.rpc, 0 is good */
};

static void afd_entry_release(struct entry *e)
{
	e->doc = afd_doc_free(e->doc);
}

/* -1: no memory; *why: what is wrong with it, or NULL */
static int entry_read(struct afd_slice json, struct entry *ret, const char **why, struct afd_error *err)
{
	struct afd_error bad = { 0 };

	*ret = (struct entry){ 0 };
	*why = "it is not JSON";
	if (afd_json_parse(json, "entry", &ret->doc, &bad) < 0)
		return bad.code == AFD_E_MEMORY ? afd_fail_memory(err) : 0;
	ret->root = afd_doc_root(ret->doc);
	ret->payload = get(ret->root, "protoPayload");
	ret->request = get(ret->payload, "request");
	ret->response = get(ret->payload, "response");
	ret->operation = get(ret->root, "operation");
	ret->operation_id = word(ret->operation, "id");
	ret->first = is_true(ret->operation, "first");
	ret->last = is_true(ret->operation, "last");
	ret->id = word(ret->root, "insertId");
	ret->time = word(ret->root, "timestamp");
	ret->service = word(ret->payload, "serviceName");
	ret->method = word(ret->payload, "methodName");
	ret->code = afd_node_number(get(ret->payload, "status"), "code", 0);
	*why = !ret->payload ? "it has no protoPayload" : !ret->id ? "it has no insertId" : !ret->service || !ret->method ? "it has no serviceName or no methodName" :
	       afd_aws_time(ret->time, &ret->at) < 0 ? "its timestamp is no time" : NULL;
	return 0;
}

/* --- what --- */

const char *afd_google_action(const char *service, const char *method, char other[96])
{
	const char *last = method ? strrchr(method, '.') : NULL;
	char name[128];
	const char *verb;

	last = last ? last + 1 : method ? method : "";
	if (method && strncasecmp(method, "dns.", 4) == 0)
		snprintf(name, sizeof(name), "%s", method);
	else
		snprintf(name, sizeof(name), "%.*s.%s", (int)strcspn(service ? service : "unknown", "."), service ? service : "unknown", last);
	if (strncasecmp(last, "get", 3) == 0 || strncasecmp(last, "list", 4) == 0 || strncasecmp(last, "search", 6) == 0 || strncasecmp(last, "test", 4) == 0)
		return "view";
	verb = afd_action_map(actions, AFD_COUNT(actions), "google", name, other);
	return verb == other && strcasecmp(last, "setIamPolicy") == 0 ? "role.change" : verb;
}

static bool says(const struct afd_node *map, const char *key, const char *value)
{
	const char *s = word(map, key);

	return s && strcasecmp(s, value) == 0;
}

/* Locks and renewal stand in one call. */
static const char *management_action(const struct entry *e)
{
	const struct afd_node *m = get(e->request, "managementSettings");

	if (says(m, "transferLockState", "LOCKED"))
		return "transfer-lock.add";
	if (says(m, "transferLockState", "UNLOCKED"))
		return "transfer-lock.remove";
	if (get(m, "transferLockState"))
		return "transfer-lock.unknown";
	if (word(m, "renewalMethod") || word(m, "preferredRenewalMethod"))
		return says(m, "renewalMethod", "AUTOMATIC_RENEWAL") || says(m, "preferredRenewalMethod", "AUTOMATIC_RENEWAL") ? "auto-renew.enable" :
		       "auto-renew.disable";
	return "transfer-lock.unknown";
}

static const char *zone_action(const struct entry *e)
{
	const struct afd_node *config = get(get(e->request, "managedZoneResource"), "dnssecConfig");

	if (word(config, "state"))
		return says(config, "state", "off") ? "dnssec.disable" : says(config, "state", "on") ? "dnssec.enable" : "dnssec.update";
	return get(config, "defaultKeySpecs") ? "dnssec.update" : "zone.update";
}

static const char *action_of(const struct entry *e, char other[96])
{
	const char *verb = afd_google_action(e->service, e->method, other);
	const struct afd_node *change = get(e->request, "change");
	bool adds = afd_node_items(change, "additions") != NULL, dels = afd_node_items(change, "deletions") != NULL;

	if (strcmp(verb, "record.change") == 0)
		return adds && !dels ? "record.add" : dels && !adds ? "record.delete" : verb;
	if (strcmp(verb, "zone.update") == 0 && strncasecmp(e->method, "dns.managedZones.", 17) == 0)
		return zone_action(e);
	return strcmp(verb, "transfer-lock.unknown") == 0 ? management_action(e) : verb;
}

/* --- which zone --- */

static const char *canonical(const char *text, char ret[AFD_NAME_MAX])
{
	return text && strchr(text, '.') && afd_name_canonical(afd_slice_text(text), ret, NULL) == 0 ? ret : NULL;
}

/* Every change holds the SOA of its zone, unless it was left out. */
static const char *soa_of(const struct entry *e, char ret[AFD_NAME_MAX])
{
	static const char *const keys[] = { "additions", "deletions" };

	for (size_t i = 0; i < AFD_COUNT(keys); i++)
		for (const struct afd_node *s = afd_node_items(get(e->request, "change"), keys[i]); s; s = s->next)
			if (says(s, "type", "SOA"))
				return canonical(word(s, "name"), ret);
	return NULL;
}

static const char *last_word(const char *path)
{
	const char *slash = path ? strrchr(path, '/') : NULL;

	return slash ? slash + 1 : path;
}

static const char *zone_name(const struct entry *e)
{
	const char *s = word(e->request, "managedZone");

	return s ? s : word(get(get(e->root, "resource"), "labels"), "zone_name");
}

static const char *domain_of(const struct entry *e, const char *zones, char ret[AFD_NAME_MAX])
{
	const struct afd_node *now = get(get(get(e->response, "operation"), "zoneContext"), "newValue");
	const char *s = NULL;

	if (strncasecmp(e->service, "dns.", 4) == 0) {
		s = afd_audit_zones_find(zones, zone_name(e), ret);
		s = s ? s : canonical(word(get(e->response, "managedZone"), "dnsName"), ret);
		s = s ? s : canonical(word(now, "dnsName"), ret);
		s = s ? s : canonical(word(get(e->request, "managedZone"), "dnsName"), ret);
		return s ? s : soa_of(e, ret);
	}
	if (strncasecmp(e->service, "domains.", 8) == 0) {
		/* projects/P/locations/global/registrations/example.com */
		s = canonical(last_word(word(e->payload, "resourceName")), ret);
		s = s ? s : canonical(last_word(word(e->request, "registration")), ret);
		s = s ? s : canonical(word(get(e->request, "registration"), "domainName"), ret);
		return s ? s : canonical(word(e->request, "domainName"), ret);
	}
	return NULL;
}

/* --- who --- */

static const char *actor_of(const struct entry *e)
{
	const struct afd_node *who = get(e->payload, "authenticationInfo");
	const char *s = word(who, "principalEmail");

	return s ? s : word(who, "principalSubject");
}

static const char *credential_of(const struct entry *e)
{
	return last_word(word(get(e->payload, "authenticationInfo"), "serviceAccountKeyName"));
}

static const char *actor_kind(const struct entry *e)
{
	const char *s = actor_of(e);
	size_t n = s ? strlen(s) : 0;

	if (credential_of(e))
		return "credential";
	if (!s)
		return "unknown";
	if (n > 20 && strcasecmp(s + n - 20, ".gserviceaccount.com") == 0)
		return strstr(s, "@system.gserviceaccount.com") ? "provider" : "credential";
	return strchr(s, '@') || strncmp(s, "user:", 5) == 0 ? "person" : "unknown";
}

/* --- telling --- */

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

static int json_of(const struct afd_node *n, char **ret, struct afd_error *err)
{
	if (!n || n->type != AFD_MAP || !n->u.list.n)
		return 0;
	*ret = n->raw.len > MAX_AFTER ? afd_sprintf("(%zu bytes, in the item)", n->raw.len) : compact(n->raw);
	return *ret ? 0 : afd_fail_memory(err);
}

static void add_sets(const struct afd_node *first, bool add, struct afd_audit_record *rr, size_t *n)
{
	for (const struct afd_node *s = first; s && *n < MAX_RECORDS; s = s->next) {
		const struct afd_node *list = get(s, "rrdatas") ? get(s, "rrdatas") : get(s, "rrdata");
		bool any = false;

		for (const struct afd_node *v = list && list->type == AFD_LIST ? list->u.list.first : NULL; v && *n < MAX_RECORDS; v = v->next, any = true)
			rr[(*n)++] = (struct afd_audit_record){ .owner = word(s, "name"), .type = word(s, "type"), .rdata = afd_node_text(v), .add = add };
		if (!any && *n < MAX_RECORDS)
			rr[(*n)++] = (struct afd_audit_record){ .owner = word(s, "name"), .type = word(s, "type"), .add = add };
	}
}

/* dns.changes.create tells all of it; dns.resourceRecordSets.* the set as it shall be. */
static int tell_claim(const struct entry *e, const char *zone, const char *action, const char *ref, uint64_t part, struct afd_sink *sink, struct afd_error *err)
{
	const struct afd_node *change = get(e->request, "change"), *set = get(e->request, "resourceRecordSet");
	AFD_AUTO(mem) struct afd_audit_record *rr = NULL;
	struct afd_audit_claim c = { .zone = zone, .actor = actor_of(e), .credential = credential_of(e), .origin = word(get(e->payload, "requestMetadata"), "callerIp"),
		.ref = ref, .applied = !e->code, .refused = e->code == 7, .at_ms = e->at, .part = part };

	if (!zone || strncmp(action, "record.", 7) != 0)
		return 0;
	rr = calloc(MAX_RECORDS + 1, sizeof(*rr));
	if (!rr)
		return afd_fail_memory(err);
	add_sets(afd_node_items(change, "deletions"), false, rr, &c.n);
	add_sets(afd_node_items(change, "additions"), true, rr, &c.n);
	if (!change && (word(e->request, "name") || word(set, "name"))) {
		bool gone = strcmp(action, "record.delete") == 0;

		rr[c.n++] = (struct afd_audit_record){ .owner = word(set, "name") ? word(set, "name") : word(e->request, "name"),
			.type = word(set, "type") ? word(set, "type") : word(e->request, "type"), .add = !gone };
	}
	c.record = rr;
	return afd_audit_claim(&c, sink, err);
}

static int tell(const struct entry *e, int64_t code, bool half, const struct afd_google_told *t, uint64_t part, struct afd_sink *sink, struct afd_error *err)
{
	const struct afd_node *meta = get(e->payload, "requestMetadata"), *old = get(get(get(e->response, "operation"), "zoneContext"), "oldValue");
	const char *agent = word(meta, "callerSuppliedUserAgent"), *own = word(get(get(e->root, "resource"), "labels"), "project_id");
	char other[96], name[AFD_NAME_MAX];
	const char *action = action_of(e, other), *zone = domain_of(e, t->zones, name);
	const struct afd_action *known = afd_action_find(action);
	AFD_AUTO(mem) char *ref = afd_sprintf("%s@%s", e->id, e->time);
	AFD_AUTO(mem) char *raw = afd_sprintf("%s", e->method);
	AFD_AUTO(mem) char *after = NULL;
	AFD_AUTO(mem) char *before = NULL;
	struct afd_row_event row;

	if (!ref || !raw)
		return afd_fail_memory(err);
	if (strcmp(action, "view") != 0 && (json_of(e->request, &after, err) < 0 || json_of(old, &before, err) < 0))
		return -1;
	row = (struct afd_row_event){
		.account = own ? own : t->scope, .action = action, .raw_action = raw, .domain = zone,
		.object_kind = e->operation_id ? "operation" : known ? known->object_kind : "google",
		.object = e->operation_id ? e->operation_id : word(e->payload, "resourceName"), .actor_kind = actor_kind(e), .actor = actor_of(e),
		.credential = credential_of(e), .origin = word(meta, "callerIp"), .channel = agent && strncmp(agent, "Mozilla/", 8) == 0 ? "ui" : "api",
		.before = before, .after = after, .outcome = code ? "failure" : half ? "unknown" : "success", .provider_ref = ref,
		.record_kind = e->last && !e->first ? "job" : "log", .at = afd_instant(e->at), .part = part,
	};
	if (sink->event(sink->ctx, &row, err) < 0)
		return -1;
	return e->last && !e->first ? 0 : tell_claim(e, zone, action, ref, part, sink, err);
}

/* --- lists of entries --- */

static int split_lines(struct afd_slice bytes, struct afd_ranges *parts)
{
	size_t done = 0;

	for (size_t at = 0; at < bytes.len;) {
		const uint8_t *lf = memchr(bytes.data + at, '\n', bytes.len - at);
		size_t end = lf ? (size_t)(lf - bytes.data) : bytes.len;

		if (end > at && bytes.data[at] == '{') {
			if (afd_ranges_add(parts, done, at - done) < 0 || afd_ranges_add(parts, at, end - at) < 0)
				return -1;
			done = end;
		}
		at = end + 1;
	}
	return afd_ranges_add(parts, done, bytes.len - done);
}

static bool is_lines(struct afd_slice bytes)
{
	const uint8_t *lf = bytes.len ? memchr(bytes.data, '\n', bytes.len) : NULL;
	struct afd_slice line = lf ? afd_slice(bytes.data, (size_t)(lf - bytes.data)) : bytes;
	AFD_AUTO(doc) struct afd_doc *d = NULL;

	return line.len && line.data[0] == '{' && afd_json_parse(line, "line", &d, NULL) == 0 && get(afd_doc_root(d), "protoPayload");
}

int afd_google_split(struct afd_slice bytes, struct afd_ranges *parts, struct afd_error *err)
{
	size_t at = 0;

	if (is_lines(bytes))
		return split_lines(bytes, parts) < 0 ? afd_fail_memory(err) : 0;
	while (at < bytes.len && memchr(" \t\r\n", bytes.data[at], 4))
		at++;
	return afd_json_tile(bytes, at < bytes.len && bytes.data[at] == '[' ? NULL : "entries", parts, err);
}

int afd_google_redact(struct afd_slice bytes, struct afd_ranges *cuts, struct afd_error *err)
{
	AFD_AUTO(ranges) struct afd_ranges parts = { 0 };

	if (!is_lines(bytes))
		return afd_hosted_redact(bytes, cuts, err);
	if (split_lines(bytes, &parts) < 0)
		return afd_fail_memory(err);
	for (size_t i = 1; i < parts.n; i += 2) {
		AFD_AUTO(ranges) struct afd_ranges own = { 0 };

		if (afd_hosted_redact(afd_slice_sub(bytes, (size_t)parts.at[i].off, (size_t)parts.at[i].len), &own, err) < 0)
			return -1;
		for (size_t k = 0; k < own.n; k++)
			if (afd_ranges_add(cuts, own.at[k].off + parts.at[i].off, own.at[k].len) < 0)
				return afd_fail_memory(err);
	}
	return 0;
}

static struct afd_slice element(struct afd_slice bytes, const struct afd_ranges *parts, size_t i)
{
	return afd_slice_sub(bytes, (size_t)parts->at[i].off, (size_t)parts->at[i].len);
}

int afd_google_faults(struct afd_slice bytes, struct afd_google_faults *ret, struct afd_error *err)
{
	AFD_AUTO(ranges) struct afd_ranges parts = { 0 };

	*ret = (struct afd_google_faults){ .at = { AFD_FOREVER, INT64_MIN } };
	if (afd_google_split(bytes, &parts, NULL) < 0 || (parts.n <= 1 && bytes.data && bytes.len && !is_lines(bytes) && !memmem(bytes.data, bytes.len, "entries", 7) &&
	    !memchr(bytes.data, '[', bytes.len < 64 ? bytes.len : 64)))
		return afd_fail(err, AFD_E_PARSE, "expected a list of log entries");
	for (size_t i = 1; i < parts.n; i += 2) {
		__attribute__((cleanup(afd_entry_release))) struct entry e = { 0 };
		const char *why;

		if (entry_read(element(bytes, &parts, i), &e, &why, err) < 0)
			return -1;
		ret->n++;
		if (why && !ret->bad++)
			snprintf(ret->why, sizeof(ret->why), "an entry of the audit log cannot be read: %s", why);
		if (!why) {
			ret->at.from = e.at < ret->at.from ? e.at : ret->at.from;
			ret->at.to = e.at + 1 > ret->at.to ? e.at + 1 : ret->at.to;
		}
	}
	return 0;
}

/* The end of E's operation among the entries behind it: its code; or that it is not there. TWIN: which. */
static int find_end(struct afd_slice bytes, const struct afd_ranges *parts, size_t i, const struct entry *e, bool *found, int64_t *code, struct afd_error *err)
{
	size_t n = strlen(e->operation_id), looked = 0;

	for (size_t k = i + 2; k < parts->n && looked < MAX_LOOKED && !*found; k += 2, looked++) {
		__attribute__((cleanup(afd_entry_release))) struct entry other = { 0 };
		struct afd_slice s = element(bytes, parts, k);
		const char *why;

		if (!s.len || !memmem(s.data, s.len, e->operation_id, n))
			continue;
		if (entry_read(s, &other, &why, err) < 0)
			return -1;
		if (!why && other.last && !other.first && other.operation_id && strcmp(other.operation_id, e->operation_id) == 0) {
			*found = true;
			*code = other.code;
		}
	}
	return 0;
}

/* An operation that takes its time is logged twice: at its begin, with what was asked for, and at its end, with what came of it. The begin
 * is the event; an end without it (on an earlier page) is kept as a job. */
int afd_google_decode(const struct afd_item_view *item, const struct afd_google_told *t, struct afd_sink *sink, struct afd_error *err)
{
	AFD_AUTO(ranges) struct afd_ranges parts = { 0 };
	struct { char *id; } *ended = NULL;
	size_t n_ended = 0;
	int r = 0;

	if (afd_google_split(item->bytes, &parts, err) < 0)
		return -1;
	ended = calloc(parts.n / 2 + 1, sizeof(*ended));
	if (!ended)
		return afd_fail_memory(err);
	for (size_t i = 1; i < parts.n && r == 0; i += 2) {
		__attribute__((cleanup(afd_entry_release))) struct entry e = { 0 };
		bool found = false, half, told = false;
		const char *why;
		int64_t code;

		r = entry_read(element(item->bytes, &parts, i), &e, &why, err);
		if (r < 0 || why)
			continue;
		code = e.code;
		half = e.operation_id && e.first && !e.last;
		for (size_t k = n_ended; e.operation_id && e.last && !e.first && k-- > 0 && !told;)
			told = strcmp(ended[k].id, e.operation_id) == 0;
		if (told)
			continue;
		if (half)
			r = find_end(item->bytes, &parts, i, &e, &found, &code, err);
		if (found) {
			ended[n_ended].id = afd_strdup(e.operation_id);
			r = ended[n_ended].id ? r : afd_fail_memory(err);
			n_ended += ended[n_ended].id != NULL;
		}
		if (r == 0)
			r = tell(&e, code, half && !found, t, item->parts.n > 1 ? i : 0, sink, err);
	}
	for (size_t k = 0; k < n_ended; k++)
		free(ended[k].id);
	free(ended);
	return r;
}
