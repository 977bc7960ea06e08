/* AWS CloudTrail by LookupEvents: the management events of 90 days, service by service, 50 a page. */
#include "collector/api/audit_claim.h"
#include "collector/api/aws_events.h"
#include "collector/api/hosted.h"
#include "collector/table.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>

#define SERVICE "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101."
#define TARGET SERVICE "LookupEvents"
#define KEPT (90 * AFD_DAY)
#define LATE AFD_HOUR                     /* CloudTrail promises minutes, and nothing */

struct config { const char *account, *url, *access_key_id, *secret, *session, *region; struct afd_texts services, zones; int64_t since; };
static const char *const usual[] = { "route53", "route53domains", "route53resolver", "iam", "signin", "cloudtrail" };
static const struct config defaults = { .url = "https://cloudtrail.us-east-1.amazonaws.com", .region = "us-east-1", .services = { usual, AFD_COUNT(usual) },
	.since = AFD_TIME_NONE };
static const struct afd_field fields[] = {
	{ "access_key_id", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct config, access_key_id), "AKIA..." },
	{ "account", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct config, account), "12 digits" },
	{ "region", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct config, region), "that requests are signed for; Route 53, IAM and STS log in us-east-1" },
	{ "secret_access_key", AFD_FIELD_SECRET, AFD_OPTIONAL, offsetof(struct config, secret), "its secret" },
	{ "services", AFD_FIELD_TEXTS, AFD_OPTIONAL, offsetof(struct config, services), "whose events are read; sts is worth it in small accounts" },
	{ "session_token", AFD_FIELD_SECRET, AFD_OPTIONAL, offsetof(struct config, session), "of temporary credentials" },
	{ "since", AFD_FIELD_TIME, AFD_OPTIONAL, offsetof(struct config, since), "the first run begins here; default and farthest: 90 days ago" },
	{ "url", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct config, url), "the API, or file:DIR of recordings" },
	{ "zones", AFD_FIELD_TEXTS, AFD_OPTIONAL, offsetof(struct config, zones), "\"example.com=Z0123\": the log knows hosted zones by id" },
	{ 0 }
};

struct own { const struct config *c; char *zones; };

/* --- asking and reading --- */

/* A second page must be asked for with the very words of the first. */
static int ask(void *own, const struct afd_turn *t, struct afd_ask *q, struct afd_error *err)
{
	AFD_AUTO(mem) char *source = afd_sprintf("%s.amazonaws.com", t->subject), *body = NULL;
	const struct own *o = own;
	json_t *j = json_pack("{s:[{s:s,s:s}],s:I,s:I,s:i,s:s*}", "LookupAttributes", "AttributeKey", "EventSource", "AttributeValue", source ? source : "",
		"StartTime", (json_int_t)(t->window.from / AFD_SECOND), "EndTime", (json_int_t)(t->window.to / AFD_SECOND), "MaxResults", 50,
		"NextToken", t->token);

	body = j ? json_dumps(j, JSON_COMPACT) : NULL;
	json_decref(j);
	if (!source || !body || afd_buf_text(&q->url, "/") < 0 || afd_buf_text(&q->body, body) < 0 ||
	    afd_buf_printf(&q->asked, "LookupEvents %s zones=%s", source, o->zones) < 0)
		return afd_fail_memory(err);
	q->media_type = "application/x-amz-json-1.1";
	return afd_ask_header(q, "X-Amz-Target", TARGET, err);
}

static int read_page(void *own, struct afd_pages *p, const struct afd_turn *t, const struct afd_response *r, struct afd_page *ret, struct afd_error *err)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;
	struct afd_aws_faults faults;
	const struct afd_node *events;
	const char *token;

	(void)own, (void)p;
	if (afd_page_json(r, AFD_MAP, &d, err) < 0)
		return -1;
	events = afd_node_get(afd_doc_root(d), "Events");
	if (!events || events->type != AFD_LIST)
		return afd_node_fail(d, events, err, "a list of events");
	ret->n = events->u.list.n;
	if (afd_aws_faults(r->body, &faults, NULL, err) < 0)
		return -1;
	if (faults.bad) {
		ret->bad = t->window;
		snprintf(ret->bad_why, sizeof(ret->bad_why), "%s", faults.why);
	}
	token = afd_node_word(afd_doc_root(d), "NextToken");
	return token && afd_buf_text(&ret->next, token) < 0 ? afd_fail_memory(err) : 0;
}

static const struct afd_call calls[] = {
	{ .name = "events", .kept = AFD_KEPT_PAGE, .grade = AFD_ASSERTED, .overlap_ms = LATE, .ask = ask, .read = read_page },
};

static int start(void *own, struct afd_pages *p, struct afd_error *err)
{
	const struct config *c = ((struct own *)own)->c;
	int64_t now = afd_pages_now(p), oldest = now - KEPT + AFD_MINUTE;

	for (size_t i = 0; i < c->services.n; i++) {
		AFD_AUTO(mem) char *scope = afd_sprintf("%s/%s", c->account, c->services.at[i]);
		struct afd_span w;

		if (!scope)
			return afd_fail_memory(err);
		w = afd_pages_window(p, 0, scope, c->services.at[i], c->since == AFD_TIME_NONE ? oldest : c->since);
		if (w.from < oldest) {
			w.from = oldest;
			if (c->since != AFD_TIME_NONE && afd_pages_lacking(p, scope, "CloudTrail shows 90 days: what is older can only be had from the files "
				"of a trail (aws-cloudtrail-files)", err) < 0)
				return -1;
		}
		if (afd_pages_add(p, 0, scope, c->services.at[i], w, err) < 0)
			return -1;
	}
	return 0;
}

static void end(void *own)
{
	struct own *o = own;

	free(o->zones);
	free(o);
}

/* Errors of this API are a 400 whose body names them. */
static enum afd_judged judge(const struct afd_response *r)
{
	static const struct { const char *word; enum afd_judged is; } codes[] = {
		{ "ThrottlingException", AFD_JUDGED_THROTTLED }, { "RequestLimitExceeded", AFD_JUDGED_THROTTLED }, { "TooManyRequests", AFD_JUDGED_THROTTLED },
		{ "ServiceUnavailable", AFD_JUDGED_THROTTLED }, { "InternalFailure", AFD_JUDGED_THROTTLED },
		{ "ExpiredToken", AFD_JUDGED_REFUSED }, { "UnrecognizedClient", AFD_JUDGED_REFUSED }, { "InvalidClientTokenId", AFD_JUDGED_REFUSED },
		{ "AccessDenied", AFD_JUDGED_REFUSED }, { "InvalidSignature", AFD_JUDGED_REFUSED }, { "IncompleteSignature", AFD_JUDGED_REFUSED },
		{ "MissingAuthenticationToken", AFD_JUDGED_REFUSED }, { "OptInRequired", AFD_JUDGED_REFUSED }, { "NotAuthorized", AFD_JUDGED_REFUSED },
		{ "RequestExpired", AFD_JUDGED_REFUSED },
	};

	for (size_t i = 0; r->status == 400 && i < AFD_COUNT(codes); i++)
		if (afd_body_says(r, codes[i].word))
			return codes[i].is;
	return afd_judge_status(r);
}

static int ask_trails(void *own, struct afd_ask *q, struct afd_error *err)
{
	(void)own;
	if (afd_buf_text(&q->url, "/") < 0 || afd_buf_text(&q->body, "{}") < 0)
		return afd_fail_memory(err);
	q->media_type = "application/x-amz-json-1.1";
	return afd_ask_header(q, "X-Amz-Target", SERVICE "ListTrails", err);
}

static const struct afd_pages_excess excess[] = {
	{ .ask = ask_trails, .can = "it can list the trails of the account (cloudtrail:ListTrails)",
	  .instead = "give it a policy that allows cloudtrail:LookupEvents and nothing else" },
};

static const struct afd_pages_spec spec = {
	.excess = excess, .n_excess = AFD_COUNT(excess),
	.call = calls, .n_call = AFD_COUNT(calls), .judge = judge, .start = start, .end = end,
	.refused = "the access key is wrong, expired, may not do this, or our clock is wrong (signatures hold for 5 minutes): allow it "
		   "cloudtrail:LookupEvents, or make a new one, and put it where the configuration's secret_access_key points",
	.pace_ms = 500, .burst = 1,                    /* 2 a second for each account and region */
};

/* --- the source --- */

static int scopes(const void *config, struct afd_buf *ret, struct afd_error *err)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
	const struct config *c = config;

	if (strlen(c->account) != 12 || c->account[strspn(c->account, "0123456789")])
		return afd_fail(err, AFD_E_CONFIG, "account: expected 12 digits, got \"%.100s\"", c->account);
	if (strncmp(c->url, "file:", 5) != 0 && (!c->access_key_id || !c->secret))
		return afd_fail(err, AFD_E_CONFIG, "access_key_id, secret_access_key: a required field is missing");
	if (!c->services.n)
		return afd_fail(err, AFD_E_CONFIG, "services: expected at least one");
	for (size_t i = 0; i < c->services.n; i++) {
		const char *s = c->services.at[i];

		if (!*s || strlen(s) > 40 || s[strspn(s, allowed)])
			return afd_fail(err, AFD_E_CONFIG, "services: expected a name as in route53.amazonaws.com, without the rest, got \"%.100s\"", s);
		if (afd_buf_printf(ret, "%s%s/%s", i ? " " : "", c->account, s) < 0)
			return afd_fail_memory(err);
	}
	return afd_audit_zones_check(&c->zones, err) < 0 ? -1 : afd_pages_base_check(c->url, err);
}

static int begin(const struct afd_source_config *sc, const void *config, const char *cursor, void **ret, struct afd_error *err)
{
	const struct config *c = config;
	struct own *o = calloc(1, sizeof(*o));
	struct afd_pages_setup setup = { .spec = &spec, .base = c->url, .own = o };
	const struct afd_aws_keys keys = { c->access_key_id, c->secret, c->session, c->region, "cloudtrail" };

	if (!o)
		return afd_fail_memory(err);
	o->c = c;
	o->zones = afd_audit_zones_text(&c->zones);
	if (!o->zones || (c->secret && afd_auth_aws(sc, &keys, &setup.auth, err) < 0)) {
		if (!o->zones)
			afd_fail_memory(err);
		end(o);
		return -1;
	}
	return afd_pages_begin(sc, &setup, cursor, ret, err);
}

static int decode(const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err)
{
	__attribute__((cleanup(afd_asked_release))) struct afd_asked asked = { 0 };
	struct afd_aws_told t = { 0 };
	const char *zones;

	if (afd_asked_read(item->record->asked, &asked, err) < 0)
		return -1;
	zones = afd_audit_zones_asked(item->record->asked);
	t = (struct afd_aws_told){ .scope = asked.scope, .zones = zones, .window = asked.window };
	return afd_aws_decode(item, &t, sink, err);
}

const struct afd_provider afd_provider_aws_cloudtrail = {
	.kind = "aws-cloudtrail",
	.leg = AFD_LEG_ACCOUNT,
	.title = "AWS account: CloudTrail, by its API",
	.help = "Management events of Route 53, Route 53 Domains, IAM, sign-in and CloudTrail itself by LookupEvents: who, with which access key, whence, "
		"with or without a second factor. Needs an access key whose policy allows cloudtrail:LookupEvents and nothing else: make a "
		"user or role for this program alone. The API shows 90 days, of one region (all of these services log in us-east-1), 100 events a "
		"second, and never data events; for what is older, and for proof by digests, read the files of a trail (aws-cloudtrail-files). "
		"CloudTrail knows hosted zones by id: zones says which is which, so that changes of records find their zone. Not told: what stood "
		"there before, and the data of contacts.",
	.basis = "tested on the vendor's document",
	.evidence = AFD_AWS_EVENTS,
	.lag_ms = LATE,
	.fields = fields, .config_size = sizeof(struct config), .config_defaults = &defaults,
	.scopes = scopes, .begin = begin, .next = afd_pages_next, .take = afd_pages_take, .end = afd_pages_end,
	.excess = afd_pages_excess,
	.redact = afd_aws_redact, .split = afd_aws_split, .decode = decode,
};
