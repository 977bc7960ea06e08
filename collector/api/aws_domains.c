/* Domains at Amazon's registrar, Route 53 Domains: ListDomains and GetDomainDetail tell the state, ListOperations what was asked for and
 * what came of it, without who. An operation's id stands in CloudTrail's record of the call, too (event.object, where object_kind is
 * "operation"): there the actor is. */
#include "collector/api/aws_events.h"
#include "collector/registrar/registrar_state.h"
#include "collector/table.h"
#include "evidence/action.h"

#include <jansson.h>
#include <stdio.h>

#define TARGET "Route53Domains_v20140515."
#define MEDIA "application/x-amz-json-1.1"
#define REFUSED "the access key is wrong, expired or may not do this: allow it route53domains:ListDomains, route53domains:GetDomainDetail and " \
	"route53domains:ListOperations, or make a new one, and put it where the configuration's secret_access_key points"

/* r stands first: both sources have it. */
struct config { struct afd_registrar_config r; const char *access_key_id, *secret, *session, *region; int64_t since; };
static const struct config defaults = { .r = { .url = "https://route53domains.us-east-1.amazonaws.com" }, .region = "us-east-1", .since = AFD_TIME_NONE };
static const struct afd_field fields[] = {
	AFD_REGISTRAR_FIELDS,
	{ "access_key_id", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct config, access_key_id), "AKIA..." },
	{ "region", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct config, region), "that requests are signed for; there is only us-east-1" },
	{ "secret_access_key", AFD_FIELD_SECRET, AFD_OPTIONAL, offsetof(struct config, secret), "its secret" },
	{ "session_token", AFD_FIELD_SECRET, AFD_OPTIONAL, offsetof(struct config, session), "of temporary credentials" },
	{ "since", AFD_FIELD_TIME, AFD_OPTIONAL, offsetof(struct config, since), "operations: the first run begins here; default: all there are" },
	{ 0 }
};

static int put_body(struct afd_ask *q, const char *operation, json_t *j, struct afd_error *err)
{
	AFD_AUTO(mem) char *text = j ? json_dumps(j, JSON_COMPACT) : NULL;
	AFD_AUTO(mem) char *target = afd_sprintf(TARGET "%s", operation);

	json_decref(j);
	if (!text || !target || afd_buf_text(&q->body, text) < 0 || afd_buf_printf(&q->asked, "%s %s", operation, text) < 0)
		return afd_fail_memory(err);
	q->media_type = MEDIA;
	return afd_ask_header(q, "X-Amz-Target", target, err);
}

/* Errors are a 400 whose body names them. */
static enum afd_judged judge(const struct afd_response *r)
{
	static const char *const refusals[] = { "ExpiredToken", "UnrecognizedClient", "InvalidClientTokenId", "AccessDenied", "InvalidSignature",
		"IncompleteSignature", "MissingAuthenticationToken", "OptInRequired", "RequestExpired" };

	if (r->status == 400 && (afd_body_says(r, "Throttling") || afd_body_says(r, "TooManyRequests") || afd_body_says(r, "RequestLimitExceeded")))
		return AFD_JUDGED_THROTTLED;
	for (size_t i = 0; r->status == 400 && i < AFD_COUNT(refusals); i++)
		if (afd_body_says(r, refusals[i]))
			return AFD_JUDGED_REFUSED;
	return afd_judge_status(r);
}

static int scopes(const void *config, struct afd_buf *ret, struct afd_error *err)
{
	const struct config *c = config;

	if (strncmp(c->r.url, "file:", 5) != 0 && (!c->access_key_id || !c->secret))
		return afd_fail(err, AFD_E_CONFIG, "access_key_id, secret_access_key: a required field is missing");
	return afd_registrar_scopes(&c->r, ret, err);
}

static int make_auth(const struct afd_source_config *sc, const struct config *c, struct afd_auth **ret, struct afd_error *err)
{
	const struct afd_aws_keys keys = { c->access_key_id, c->secret, c->session, c->region, "route53domains" };

	return c->secret ? afd_auth_aws(sc, &keys, ret, err) : 0;
}

static int ask_billing(void *own, struct afd_ask *q, struct afd_error *err)
{
	(void)own;
	return afd_buf_text(&q->url, "/") < 0 ? afd_fail_memory(err) : put_body(q, "ViewBilling", json_pack("{s:i}", "MaxItems", 1), err);
}

static int ask_list(void *own, struct afd_ask *q, struct afd_error *err)
{
	(void)own;
	return afd_buf_text(&q->url, "/") < 0 ? afd_fail_memory(err) : put_body(q, "ListDomains", json_pack("{s:i}", "MaxItems", 1), err);
}

#define BILLING { .ask = ask_billing, .can = "it can see the bills of domains (route53domains:ViewBilling)", .instead = LEAST }
#define LEAST "give it a policy that allows what `affidavit sources KIND` names for this source and nothing else"
static const struct afd_pages_excess excess_state[] = { BILLING };
static const struct afd_pages_excess excess_operations[] = {
	BILLING, { .ask = ask_list, .can = "it can list the domains of the account (route53domains:ListDomains)", .instead = LEAST },
};

/* --- the state --- */

static int ask_state(const struct afd_registrar *r, const struct afd_turn *t, struct afd_ask *q, struct afd_error *err)
{
	(void)r;
	if (strcmp(t->call->name, "domains") == 0)
		return put_body(q, "ListDomains", json_pack("{s:i,s:s*}", "MaxItems", 100, "Marker", t->token), err);
	return put_body(q, "GetDomainDetail", json_pack("{s:s}", "DomainName", t->scope), err);
}

static int next_page(const struct afd_node *root, const struct afd_turn *t, const struct afd_response *r, struct afd_page *ret)
{
	const char *marker = afd_node_word(root, "NextPageMarker");

	(void)t, (void)r;
	return marker ? afd_buf_text(&ret->next, marker) : 0;
}

static const struct afd_registrar_step steps[] = { { .path = "/" } };
static const struct afd_state_path paths[] = {
	{ 1, "DomainName", AFD_STATE_NAME, NULL },
	{ 1, "RegistrarName", AFD_STATE_REGISTRAR, NULL },
	{ 1, "StatusList[]", AFD_STATE_STATUS, NULL },
	{ 1, "Nameservers[].Name", AFD_STATE_NAME_SERVER, NULL },
	{ 1, "DnssecKeys[]", AFD_STATE_DS, NULL },
	{ 1, "AutoRenew", AFD_STATE_AUTO_RENEW, NULL },
	{ 1, "RegistrantPrivacy", AFD_STATE_PRIVACY, NULL },
	{ 1, "CreationDate", AFD_STATE_CREATED, NULL },
	{ 1, "UpdatedDate", AFD_STATE_UPDATED, NULL },
	{ 1, "ExpirationDate", AFD_STATE_EXPIRES, NULL },
};
static const struct afd_registrar registrar = {
	.list = "/", .names = "Domains[].DomainName", .next = next_page, .step = steps, .n_step = AFD_COUNT(steps), .path = paths, .n_path = AFD_COUNT(paths),
	.excess = excess_state, .n_excess = AFD_COUNT(excess_state),
	.ask = ask_state, .refused = REFUSED, .judge = judge, .pace_ms = 500, .burst = 1,
};

static int begin_state(const struct afd_source_config *sc, const void *config, const char *cursor, void **ret, struct afd_error *err)
{
	const struct config *c = config;
	struct afd_auth *auth = NULL;

	return make_auth(sc, c, &auth, err) < 0 ? -1 : afd_registrar_begin(&registrar, sc, &c->r, auth, cursor, ret, err);
}

static int decode_state(const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err)
{
	return afd_registrar_decode(&registrar, item, sink, err);
}

const struct afd_provider afd_provider_aws_route53domains = {
	.kind = "aws-route53domains",
	.leg = AFD_LEG_ACCOUNT,
	.title = "Domains in an account at Route 53 Domains",
	.help = "Statuses and locks, name servers, DNSSEC keys, renewal and dates of the account's domains, compared from run to run: what differs becomes an "
		"event between two looks. Needs an access key whose policy allows route53domains:ListDomains and route53domains:GetDomainDetail and "
		"nothing else, above all not RetrieveDomainAuthCode. Who changed something is told by CloudTrail (aws-cloudtrail), what came of it by "
		"aws-route53domains-operations. Contacts are not compared.",
	.basis = "written after public descriptions, not tested on a real answer",
	.evidence = AFD_REGISTRAR_EVIDENCE,
	.fields = fields, .config_size = sizeof(struct config), .config_defaults = &defaults,
	.scopes = scopes, .begin = begin_state, .next = afd_pages_next, .take = afd_pages_take, .end = afd_pages_end,
	.excess = afd_pages_excess,
	.redact = afd_pages_redact, .decode = decode_state,
};

/* --- operations --- */

/* DOMAIN_LOCK does not say whether it locks or unlocks. */
static const struct afd_action_row operations[] = {
	{ "REGISTER_DOMAIN", "domain.create" }, { "DELETE_DOMAIN", "domain.delete" }, { "EXPIRE_DOMAIN", "domain.delete" },
	{ "TRANSFER_IN_DOMAIN", "domain.transfer-in" }, { "INTERNAL_TRANSFER_IN_DOMAIN", "domain.transfer-in" },
	{ "TRANSFER_OUT_DOMAIN", "domain.transfer-out" }, { "INTERNAL_TRANSFER_OUT_DOMAIN", "domain.transfer-out" }, { "PUSH_DOMAIN", "domain.transfer-out" },
	{ "TRANSFER_ON_RENEW", "domain.transfer-in" }, { "RELEASE_TO_GANDI", "domain.transfer-out" }, { "RESTORE_DOMAIN", "domain.restore" },
	{ "UPDATE_DOMAIN_CONTACT", "contact.change" }, { "CHANGE_DOMAIN_OWNER", "contact.change" }, { "CHANGE_PRIVACY_PROTECTION", "contact.change" },
	{ "UPDATE_NAMESERVER", "ns.change" }, { "DOMAIN_LOCK", "transfer-lock.unknown" }, { "RENEW_DOMAIN", "domain.renew" },
	{ "ENABLE_AUTORENEW", "auto-renew.enable" }, { "DISABLE_AUTORENEW", "auto-renew.disable" }, { "ADD_DNSSEC", "ds.change" },
	{ "REMOVE_DNSSEC", "ds.change" },
};

static int64_t date_of(const struct afd_node *map, const char *key)
{
	const struct afd_node *n = afd_node_get(map, key);
	double seconds = n && n->type == AFD_REAL ? n->u.real : n && n->type == AFD_INT ? (double)n->u.i : 0;
	int64_t ms;

	if (seconds > 0 && seconds < 1e11)
		return (int64_t)(seconds * 1000);
	return afd_node_text(n) && afd_aws_time(afd_node_text(n), &ms) == 0 ? ms : AFD_TIME_NONE;
}

static int ask_operations(void *own, const struct afd_turn *t, struct afd_ask *q, struct afd_error *err)
{
	(void)own;
	if (afd_buf_text(&q->url, "/") < 0)
		return afd_fail_memory(err);
	return put_body(q, "ListOperations", json_pack("{s:I,s:i,s:s*}", "SubmittedSince", (json_int_t)(t->window.from / AFD_SECOND), "MaxItems", 100,
		"Marker", t->token), err);
}

static int read_operations(void *own, struct afd_pages *p, const struct afd_turn *t, const struct afd_response *r, struct afd_page *ret, struct afd_error *err)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;
	const struct afd_node *list;

	(void)own, (void)p;
	if (afd_page_json(r, AFD_MAP, &d, err) < 0)
		return -1;
	list = afd_node_get(afd_doc_root(d), "Operations");
	if (!list || list->type != AFD_LIST)
		return afd_node_fail(d, list, err, "a list of operations");
	ret->n = list->u.list.n;
	for (const struct afd_node *n = list->u.list.first; n; n = n->next)
		if (!afd_node_word(n, "OperationId") || date_of(n, "SubmittedDate") == AFD_TIME_NONE) {
			ret->bad = t->window;
			snprintf(ret->bad_why, sizeof(ret->bad_why), "an operation has no OperationId or no SubmittedDate");
		}
	return next_page(afd_doc_root(d), t, r, ret) < 0 ? afd_fail_memory(err) : 0;
}

/* What is under way may end later: the list of two weeks is read again. */
static const struct afd_call calls[] = {
	{ .name = "operations", .kept = AFD_KEPT_PAGE, .grade = AFD_ASSERTED, .overlap_ms = 14 * AFD_DAY, .ask = ask_operations, .read = read_operations },
};

static int start(void *own, struct afd_pages *p, struct afd_error *err)
{
	const struct config *c = own;

	return afd_pages_add(p, 0, c->r.account, "", afd_pages_window(p, 0, c->r.account, "", c->since == AFD_TIME_NONE ? INT64_C(1388534400000) : c->since), err);
}

static const struct afd_pages_spec spec = { .call = calls, .n_call = AFD_COUNT(calls), .judge = judge, .start = start, .refused = REFUSED, .pace_ms = 500,
	.burst = 1, .excess = excess_operations, .n_excess = AFD_COUNT(excess_operations) };

static int scopes_operations(const void *config, struct afd_buf *ret, struct afd_error *err)
{
	const struct config *c = config;
	AFD_AUTO(buf) struct afd_buf checked = { 0 };

	if (scopes(config, &checked, err) < 0)
		return -1;
	return afd_buf_text(ret, c->r.account) < 0 ? afd_fail_memory(err) : 0;
}

static int begin_operations(const struct afd_source_config *sc, const void *config, const char *cursor, void **ret, struct afd_error *err)
{
	const struct config *c = config;
	struct afd_pages_setup setup = { .spec = &spec, .base = c->r.url, .own = (void *)c };

	return make_auth(sc, c, &setup.auth, err) < 0 ? -1 : afd_pages_begin(sc, &setup, cursor, ret, err);
}

static int tell_operation(const struct afd_node *n, const char *account, uint64_t part, struct afd_sink *sink, struct afd_error *err)
{
	const char *type = afd_node_word(n, "Type"), *status = afd_node_word(n, "Status"), *id = afd_node_word(n, "OperationId"), *name = afd_node_word(n, "DomainName");
	char other[96], domain[AFD_NAME_MAX];
	int64_t at = date_of(n, "SubmittedDate");
	struct afd_row_event row;

	if (!id || at == AFD_TIME_NONE)
		return 0;
	row = (struct afd_row_event){
		.account = account, .action = afd_action_map(operations, AFD_COUNT(operations), "aws.route53domains", type, other), .raw_action = type,
		.domain = name && afd_name_canonical(afd_slice_text(name), domain, NULL) == 0 ? domain : NULL, .object_kind = "operation", .object = id,
		.actor_kind = "unknown", .after = status, .provider_ref = id, .record_kind = "job", .at = afd_instant(at), .part = part,
		.outcome = !status ? "unknown" : strcmp(status, "SUCCESSFUL") == 0 ? "success" : strcmp(status, "FAILED") == 0 || strcmp(status, "ERROR") == 0 ? "failure" :
			   "unknown",
	};
	return sink->event(sink->ctx, &row, err);
}

static int decode_operations(const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err)
{
	__attribute__((cleanup(afd_asked_release))) struct afd_asked asked = { 0 };
	AFD_AUTO(doc) struct afd_doc *d = NULL;
	uint64_t i = 0;

	if (afd_asked_read(item->record->asked, &asked, err) < 0 || afd_json_parse(item->bytes, "page", &d, err) < 0)
		return -1;
	for (const struct afd_node *n = afd_node_items(afd_doc_root(d), "Operations"); n; n = n->next, i++)
		if (tell_operation(n, asked.scope, item->parts.n > 1 ? 2 * i + 1 : 0, sink, err) < 0)
			return -1;
	return 0;
}

static int split(struct afd_slice bytes, struct afd_ranges *parts, struct afd_error *err)
{
	return afd_pages_split(bytes, "Operations", parts, err);
}

const struct afd_provider afd_provider_aws_route53domains_operations = {
	.kind = "aws-route53domains-operations",
	.leg = AFD_LEG_ACCOUNT,
	.title = "Operations on domains at Route 53 Domains",
	.help = "What was asked of the registrar for each domain and what came of it, by ListOperations: events of the kind job, without an actor. The "
		"operation's id stands in CloudTrail's record of the call too, which names the actor. Needs an access key whose policy allows "
		"route53domains:ListOperations and nothing else. DOMAIN_LOCK does not tell locking from unlocking: CloudTrail does.",
	.basis = "written after public descriptions, not tested on a real answer",
	.evidence = AFD_AWS_EVENTS,
	.fields = fields, .config_size = sizeof(struct config), .config_defaults = &defaults,
	.scopes = scopes_operations, .begin = begin_operations, .next = afd_pages_next, .take = afd_pages_take, .end = afd_pages_end,
	.excess = afd_pages_excess,
	.redact = afd_pages_redact, .split = split, .decode = decode_operations,
};
