/* Zones at AWS Route 53: ListHostedZonesByName finds the zone's id, ListResourceRecordSets its content. */
#include "collector/api/hosted.h"
#include "collector/api/xml.h"
#include "collector/table.h"

#include <stdio.h>
#include <strings.h>

#define VERSION "/2013-04-01"
enum { FIND, RECORDS };

struct config { const char *url, *access_key_id, *secret, *session, *region; struct afd_texts zones, ids; };
static const struct config defaults = { .url = "https://route53.amazonaws.com", .region = "us-east-1" };
static const struct afd_field fields[] = {
	{ "access_key_id", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct config, access_key_id), "AKIA..." },
	{ "ids", AFD_FIELD_TEXTS, AFD_OPTIONAL, offsetof(struct config, ids),
	  "\"example.com=Z0123\" where several hosted zones have one name" },
	{ "region", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct config, region), "that requests are signed for" },
	{ "secret_access_key", AFD_FIELD_SECRET, AFD_OPTIONAL, offsetof(struct config, secret), "its secret" },
	{ "session_token", AFD_FIELD_SECRET, AFD_OPTIONAL, offsetof(struct config, session), "of temporary credentials" },
	{ "url", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct config, url), "the API, or file:DIR of recordings" },
	{ "zones", AFD_FIELD_NAMES, AFD_REQUIRED, offsetof(struct config, zones), "zones to read" },
	{ 0 }
};

/* What was found so far for the zone whose id is looked for. */
struct own { const struct config *c; char id[64]; unsigned found; };

/* --- which hosted zone --- */

static const char *configured_id(const struct config *c, const char *zone)
{
	size_t n = strlen(zone);

	for (size_t i = 0; i < c->ids.n; i++)
		if (strncasecmp(c->ids.at[i], zone, n) == 0 && c->ids.at[i][n] == '=')
			return c->ids.at[i] + n + 1;
	return NULL;
}

/* Tokens are ready pieces of a query. */
static int ask_find(void *own, const struct afd_turn *t, struct afd_ask *q, struct afd_error *err)
{
	(void)own;
	if (afd_buf_text(&q->url, VERSION "/hostedzonesbyname?") < 0)
		return afd_fail_memory(err);
	if (t->token)
		return afd_buf_text(&q->url, t->token) < 0 || afd_buf_text(&q->url, "&maxitems=100") < 0 ? afd_fail_memory(err) : 0;
	return afd_buf_text(&q->url, "dnsname=") < 0 || afd_escape(t->subject, &q->url) < 0 ||
	       afd_buf_text(&q->url, "&maxitems=100") < 0 ? afd_fail_memory(err) : 0;
}

static bool same_name(const char *told, const char *zone)
{
	char name[AFD_NAME_MAX];

	return told && afd_name_canonical(afd_slice_text(told), name, NULL) == 0 && strcmp(name, zone) == 0;
}

/* "/hostedzone/Z0123" */
static const char *bare_id(const char *id)
{
	const char *slash = id ? strrchr(id, '/') : NULL;
	const char *s = slash ? slash + 1 : id;
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

	return s && *s && strlen(s) < 64 && !s[strspn(s, allowed)] ? s : NULL;
}

static int found_all(struct own *o, struct afd_pages *p, const struct afd_turn *t, struct afd_error *err)
{
	unsigned n = o->found;

	o->found = 0;
	if (n == 1)
		return afd_pages_add(p, RECORDS, t->scope, o->id, (struct afd_span){ 0, 0 }, err);
	return afd_pages_lacking(p, t->scope, n ? "several public hosted zones have this name: name one under ids" :
	                         "the account has no public hosted zone of this name", err);
}

static int query_piece(struct afd_buf *to, const char *name, const char *value)
{
	return !value || !*value ? 0 : (to->len && afd_buf_text(to, "&") < 0) || afd_buf_text(to, name) < 0 ||
	       afd_buf_text(to, "=") < 0 || afd_escape(value, to) < 0;
}

static int parse(const struct afd_response *r, const char *root, struct afd_xml **ret, struct afd_error *err)
{
	struct afd_xml *x;

	if (afd_xml_parse(r->body, "answer", &x, err) < 0)
		return -1;
	if (strcmp(afd_xml_name(afd_xml_root(x)), root) != 0) {
		afd_xml_free(x);
		return afd_fail(err, AFD_E_PARSE, "answer: expected %s", root);
	}
	*ret = x;
	return 0;
}

static bool is_true(const struct afd_xml_node *n, const char *child)
{
	const char *s = afd_xml_text_of(n, child);

	return s && strcmp(s, "true") == 0;
}

static int read_find(void *own, struct afd_pages *p, const struct afd_turn *t, const struct afd_response *r, struct afd_page *ret,
		     struct afd_error *err)
{
	AFD_AUTO(xml) struct afd_xml *x = NULL;
	const struct afd_xml_node *root;
	const char *name = NULL, *wanted;
	struct own *o = own;

	if (parse(r, "ListHostedZonesByNameResponse", &x, err) < 0)
		return -1;
	root = afd_xml_root(x);
	wanted = configured_id(o->c, t->scope);
	for (const struct afd_xml_node *z = afd_xml_child(afd_xml_child(root, "HostedZones"), "HostedZone"); z;
	     z = afd_xml_next(z, "HostedZone"), ret->n++) {
		const char *id = bare_id(afd_xml_text_of(z, "Id"));

		name = afd_xml_text_of(z, "Name");
		if (!same_name(name, t->scope) || !id || (wanted ? strcmp(wanted, id) != 0 : is_true(afd_xml_child(z, "Config"), "PrivateZone")))
			continue;
		snprintf(o->id, sizeof(o->id), "%s", id);
		o->found++;
	}
	/* They come in the order of names: behind another name there are no more of ours. */
	if (!is_true(root, "IsTruncated") || !same_name(name, t->scope))
		return found_all(o, p, t, err);
	return query_piece(&ret->next, "dnsname", afd_xml_text_of(root, "NextDNSName")) ||
	       query_piece(&ret->next, "hostedzoneid", afd_xml_text_of(root, "NextHostedZoneId")) ? afd_fail_memory(err) : 0;
}

/* --- its records --- */

static int ask_records(void *own, const struct afd_turn *t, struct afd_ask *q, struct afd_error *err)
{
	(void)own;
	if (afd_buf_text(&q->url, VERSION "/hostedzone") < 0 || afd_ask_path(q, t->subject, err) < 0 ||
	    afd_buf_text(&q->url, "/rrset?maxitems=300") < 0 ||
	    (t->token && (afd_buf_text(&q->url, "&") < 0 || afd_buf_text(&q->url, t->token) < 0)))
		return afd_fail_memory(err);
	return 0;
}

static int read_records(void *own, struct afd_pages *p, const struct afd_turn *t, const struct afd_response *r, struct afd_page *ret,
			struct afd_error *err)
{
	AFD_AUTO(xml) struct afd_xml *x = NULL;
	const struct afd_xml_node *root;

	(void)own, (void)p, (void)t;
	if (parse(r, "ListResourceRecordSetsResponse", &x, err) < 0)
		return -1;
	root = afd_xml_root(x);
	for (const struct afd_xml_node *s = afd_xml_child(afd_xml_child(root, "ResourceRecordSets"), "ResourceRecordSet"); s;
	     s = afd_xml_next(s, "ResourceRecordSet"))
		ret->n++;
	if (!is_true(root, "IsTruncated"))
		return 0;
	if (query_piece(&ret->next, "name", afd_xml_text_of(root, "NextRecordName")) ||
	    query_piece(&ret->next, "type", afd_xml_text_of(root, "NextRecordType")) ||
	    query_piece(&ret->next, "identifier", afd_xml_text_of(root, "NextRecordIdentifier")))
		return afd_fail_memory(err);
	return ret->next.len ? 0 : afd_fail(err, AFD_E_PARSE, "answer: IsTruncated, and no NextRecordName");
}

/* Bytes that do not print come as \NNN in octal, also the asterisk of a wildcard; DNS writes them in decimal. */
static int from_octal(const char *s, struct afd_buf *ret)
{
	for (; *s; s++) {
		bool octal = s[0] == '\\' && s[1] >= '0' && s[1] <= '3' && s[2] >= '0' && s[2] <= '7' && s[3] >= '0' && s[3] <= '7';
		unsigned c = octal ? (unsigned)((s[1] - '0') << 6 | (s[2] - '0') << 3 | (s[3] - '0')) : 0;

		if (!octal ? afd_buf_u8(ret, (uint8_t)*s) < 0 : c == '*' ? afd_buf_u8(ret, '*') < 0 : afd_buf_printf(ret, "\\%03u", c) < 0)
			return -1;
		s += octal ? 3 : 0;
	}
	return afd_buf_text(ret, "");
}

/* All that says when this set is chosen, as "Name=text" in the order of the answer. */
static int policy_add(const struct afd_xml_node *n, const char *prefix, struct afd_buf *ret)
{
	static const char *const plain[] = { "Name", "Type", "TTL", "ResourceRecords", "AliasTarget" };

	for (const struct afd_xml_node *c = afd_xml_child(n, NULL); c; c = afd_xml_next(c, NULL)) {
		const char *text = afd_xml_text(c), *name = afd_xml_name(c);
		AFD_AUTO(mem) char *path = NULL;
		bool skip = false;

		for (size_t i = 0; i < AFD_COUNT(plain); i++)
			skip |= !*prefix && strcmp(plain[i], name) == 0;
		if (skip)
			continue;
		path = *prefix ? afd_sprintf("%s.%s", prefix, name) : afd_strdup(name);
		if (!path || (afd_xml_child(c, NULL) ? policy_add(c, path, ret) < 0 :
			      afd_buf_printf(ret, "%s%s=\"%s\"", ret->len ? " " : "", path, text ? text : "") < 0))
			return -1;
	}
	return 0;
}

static int add_alias(struct afd_hosted *h, const struct afd_xml_node *alias, const char *owner, const char *type, const char *policy,
		     struct afd_error *err)
{
	const char *name = afd_xml_text_of(alias, "DNSName"), *zone = afd_xml_text_of(alias, "HostedZoneId");

	if (!name || !zone)
		return afd_fail(err, AFD_E_PARSE, "an alias without DNSName or HostedZoneId");
	return afd_hosted_own(h, owner, false, "ALIAS", 0, err, "%s %s zone=%s health=%s%s%s", type, name, zone,
			      is_true(alias, "EvaluateTargetHealth") ? "yes" : "no", *policy ? " " : "", policy);
}

static int add_set(struct afd_hosted *h, const struct afd_xml_node *s, struct afd_error *err)
{
	const char *name = afd_xml_text_of(s, "Name"), *type = afd_xml_text_of(s, "Type"), *ttl = afd_xml_text_of(s, "TTL");
	const struct afd_xml_node *alias = afd_xml_child(s, "AliasTarget");
	AFD_AUTO(buf) struct afd_buf owner = { 0 };
	AFD_AUTO(buf) struct afd_buf policy = { 0 };
	struct afd_hosted_record r = { .type = type, .ttl = ttl ? strtoll(ttl, NULL, 10) : 0 };

	if (!name || !type || !*type)
		return afd_fail(err, AFD_E_PARSE, "a record set without Name or Type");
	if (from_octal(name, &owner) < 0 || afd_buf_text(&policy, "") < 0 || policy_add(s, "", &policy) < 0)
		return afd_fail_memory(err);
	r.owner = (char *)owner.data;
	if (alias)
		return add_alias(h, alias, r.owner, type, (char *)policy.data, err);
	for (const struct afd_xml_node *v = afd_xml_child(afd_xml_child(s, "ResourceRecords"), "ResourceRecord"); v;
	     v = afd_xml_next(v, "ResourceRecord")) {
		AFD_AUTO(buf) struct afd_buf value = { 0 };

		if (!afd_xml_text_of(v, "Value"))
			return afd_fail(err, AFD_E_PARSE, "a record without Value");
		if (from_octal(afd_xml_text_of(v, "Value"), &value) < 0)
			return afd_fail_memory(err);
		r.rdata = (char *)value.data;
		if (afd_hosted_add(h, &r, err) < 0)
			return -1;
		if (policy.len && afd_hosted_own(h, r.owner, false, "ROUTED", r.ttl, err, "%s %s %s", type, (char *)policy.data, r.rdata) < 0)
			return -1;
	}
	return 0;
}

static int decode_page(struct afd_hosted *h, struct afd_slice body, struct afd_error *err)
{
	AFD_AUTO(xml) struct afd_xml *x = NULL;

	if (afd_xml_parse(body, "answer", &x, err) < 0)
		return -1;
	for (const struct afd_xml_node *s = afd_xml_child(afd_xml_child(afd_xml_root(x), "ResourceRecordSets"), "ResourceRecordSet"); s;
	     s = afd_xml_next(s, "ResourceRecordSet"))
		if (add_set(h, s, err) < 0)
			return -1;
	return 0;
}

/* --- the source --- */

static const struct afd_call calls[] = {
	[FIND] = { .name = "zone", .kept = AFD_KEPT_LIST, .ask = ask_find, .read = read_find },
	[RECORDS] = { .name = "records", .kept = AFD_KEPT_LIST, .ask = ask_records, .read = read_records },
};

/* Throttling is a 400 here. */
static enum afd_judged judge(const struct afd_response *r)
{
	if (r->status == 400 && (afd_body_says(r, "<Code>Throttling") || afd_body_says(r, "<Code>PriorRequestNotComplete")))
		return AFD_JUDGED_THROTTLED;
	return afd_judge_status(r);
}

static int start(void *own, struct afd_pages *p, struct afd_error *err)
{
	return afd_hosted_start(p, FIND, &((struct own *)own)->c->zones, err);
}

static const struct afd_pages_excess excess[] = {
	{ .path = VERSION "/healthcheck?maxitems=1", .can = "it can list the health checks of the account (route53:ListHealthChecks)",
	  .instead = "give it a policy that allows route53:ListHostedZonesByName and route53:ListResourceRecordSets and nothing else" },
};

static const struct afd_pages_spec spec = {
	.excess = excess, .n_excess = AFD_COUNT(excess),
	.call = calls, .n_call = AFD_COUNT(calls), .accept = "text/xml, application/xml", .judge = judge, .start = start, .end = free,
	.refused = "the access key is wrong, expired or may not do this: allow it route53:ListHostedZonesByName and "
		   "route53:ListResourceRecordSets, or make a new one, and put it where the configuration's secret_access_key points",
	.pace_ms = 200, .burst = 5,                    /* 5 a second for each account */
};

static int scopes(const void *config, struct afd_buf *ret, struct afd_error *err)
{
	const struct config *c = config;

	if (strncmp(c->url, "file:", 5) != 0 && (!c->access_key_id || !c->secret))
		return afd_fail(err, AFD_E_CONFIG, "access_key_id, secret_access_key: a required field is missing");
	for (size_t i = 0; i < c->ids.n; i++)
		if (!strchr(c->ids.at[i], '=') || !bare_id(strchr(c->ids.at[i], '=') + 1))
			return afd_fail(err, AFD_E_CONFIG, "ids: expected ZONE=ID, got \"%.100s\"", c->ids.at[i]);
	return afd_hosted_scopes(&c->zones, c->url, ret, err);
}

static int begin(const struct afd_source_config *sc, const void *config, const char *cursor, void **ret, struct afd_error *err)
{
	const struct config *c = config;
	struct own *o = calloc(1, sizeof(*o));
	struct afd_pages_setup setup = { .spec = &spec, .base = c->url, .own = o };
	const struct afd_aws_keys keys = { c->access_key_id, c->secret, c->session, c->region, "route53" };

	if (!o)
		return afd_fail_memory(err);
	o->c = c;
	if (c->secret && afd_auth_aws(sc, &keys, &setup.auth, err) < 0) {
		free(o);
		return -1;
	}
	return afd_pages_begin(sc, &setup, cursor, ret, err);
}

static int decode(const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err)
{
	/* The SOA's serial of Route 53 is 1 whatever happens. */
	return afd_hosted_decode(&(struct afd_hosted_decoder){ .call = "records", .no_serial = true, .xml = decode_page }, item, sink, err);
}

const struct afd_provider afd_provider_route53_zone = {
	.kind = "route53-zone",
	.leg = AFD_LEG_ZONE,
	.title = "Zones at AWS Route 53",
	.help = "The record sets of public hosted zones, compared from run to run: what came and went between two runs is not seen, so "
		"coverage is sampled. Needs an access key whose policy allows route53:ListHostedZonesByName and "
		"route53:ListResourceRecordSets, and nothing else: make a user or role for this program alone. Alias records stand as "
		"type ALIAS, sets chosen by weight, place or health also as ROUTED with their SetIdentifier. Who changed a record "
		"is told by CloudTrail (aws-cloudtrail).",
	.basis = "tested on the vendor's document",
	.evidence = AFD_HOSTED_EVIDENCE,
	.fields = fields, .config_size = sizeof(struct config), .config_defaults = &defaults,
	.scopes = scopes, .begin = begin, .next = afd_pages_next, .take = afd_pages_take, .end = afd_pages_end,
	.excess = afd_pages_excess,
	/* Record sets hold no secrets, and what anybody can ask for must stay comparable. */
	.redact = NULL, .decode = decode,
};
