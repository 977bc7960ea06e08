/* Access keys and users of an AWS account (IAM): ListUsers, then of each user ListAccessKeys and ListMFADevices, of each key
 * GetAccessKeyLastUsed. All answers of a run are one item, in that order: an answer about a key does not say whose it is. */
#include <inttypes.h>
#include <stdio.h>

#include "collector/api/xml.h"
#include "collector/registrar/account_state.h"
#include "collector/table.h"

#define VERSION "&Version=2010-05-08"

struct config { const char *account, *url, *access_key_id, *secret, *session, *region; };
static const struct config defaults = { .url = "https://iam.amazonaws.com", .region = "us-east-1" };
static const struct afd_field fields[] = {
	{ "access_key_id", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct config, access_key_id), "AKIA..." },
	{ "account", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct config, account), "the account, one word (12 digits)" },
	{ "region", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct config, region), "that requests are signed for" },
	{ "secret_access_key", AFD_FIELD_SECRET, AFD_OPTIONAL, offsetof(struct config, secret), "its secret" },
	{ "session_token", AFD_FIELD_SECRET, AFD_OPTIONAL, offsetof(struct config, session), "of temporary credentials" },
	{ "url", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct config, url), "the API, or file:DIR of recordings" },
	{ 0 }
};

/* What is still to be asked for, each a ready query; in order. */
struct own { const struct config *c; struct afd_words todo; size_t at; bool circle; };

static void own_free(void *p)
{
	struct own *o = p;

	afd_words_release(&o->todo);
	free(o);
}

static int ask(void *own, const struct afd_turn *t, struct afd_ask *q, struct afd_error *err)
{
	const struct own *o = own;

	if (afd_buf_text(&q->url, "/?") < 0)
		return afd_fail_memory(err);
	return afd_buf_text(&q->url, t->token && o->at < o->todo.n ? o->todo.at[o->at] : "Action=ListUsers&MaxItems=1000" VERSION) < 0 ? afd_fail_memory(err) : 0;
}

static int todo(struct own *o, const char *action, const char *name, const char *value)
{
	struct afd_buf b = { 0 };

	if (afd_buf_printf(&b, "Action=%s%s&%s=", action, VERSION, name) < 0 || afd_escape(value, &b) < 0) {
		afd_buf_release(&b);
		return -1;
	}
	return afd_words_add(&o->todo, (char *)b.data);
}

static const struct afd_xml_node *result_of(const struct afd_xml *x, const char *action)
{
	char name[64];

	snprintf(name, sizeof(name), "%sResult", action);
	return afd_xml_child(afd_xml_root(x), name);
}

/* Further pages of the same list; a page that was to be asked for before is a circle. */
static int more_of(struct own *o, const struct afd_xml_node *result, const char *action, const char *user)
{
	const char *truncated = afd_xml_text_of(result, "IsTruncated"), *marker = afd_xml_text_of(result, "Marker");
	AFD_AUTO(buf) struct afd_buf name = { 0 };
	size_t before;

	if (!truncated || strcmp(truncated, "true") != 0 || !marker)
		return 0;
	if (user && (afd_buf_text(&name, "UserName=") < 0 || afd_escape(user, &name) < 0 || afd_buf_text(&name, "&") < 0))
		return -1;
	if (afd_buf_text(&name, "Marker") < 0)
		return -1;
	before = o->todo.n;
	if (todo(o, action, (char *)name.data, marker) < 0)
		return -1;
	for (size_t i = 0; i < before; i++)
		o->circle |= strcmp(o->todo.at[i], o->todo.at[before]) == 0;
	return 0;
}

static int note(struct own *o, const struct afd_xml *x)
{
	const struct afd_xml_node *users = result_of(x, "ListUsers"), *keys = result_of(x, "ListAccessKeys"), *mfa = result_of(x, "ListMFADevices");
	const struct afd_xml_node *key = afd_xml_child(afd_xml_child(keys, "AccessKeyMetadata"), "member");

	for (const struct afd_xml_node *u = afd_xml_child(afd_xml_child(users, "Users"), "member"); u; u = afd_xml_next(u, "member")) {
		const char *name = afd_xml_text_of(u, "UserName");

		if (name && (todo(o, "ListAccessKeys", "UserName", name) < 0 || todo(o, "ListMFADevices", "UserName", name) < 0))
			return -1;
	}
	if (more_of(o, users, "ListUsers", NULL) < 0 || more_of(o, keys, "ListAccessKeys", afd_xml_text_of(key, "UserName")) < 0 ||
	    more_of(o, mfa, "ListMFADevices", afd_xml_text_of(afd_xml_child(afd_xml_child(mfa, "MFADevices"), "member"), "UserName")) < 0)
		return -1;
	for (; key; key = afd_xml_next(key, "member"))
		if (afd_xml_text_of(key, "AccessKeyId") && todo(o, "GetAccessKeyLastUsed", "AccessKeyId", afd_xml_text_of(key, "AccessKeyId")) < 0)
			return -1;
	return 0;
}

static int read_answer(void *own, struct afd_pages *p, const struct afd_turn *t, const struct afd_response *r, struct afd_page *ret,
		       struct afd_error *err)
{
	struct own *o = own;
	AFD_AUTO(xml) struct afd_xml *x = NULL;
	static const char *const actions[] = { "ListUsers", "ListAccessKeys", "ListMFADevices", "GetAccessKeyLastUsed" };
	bool known = false;

	(void)p;
	if (afd_xml_parse(r->body, "answer", &x, err) < 0)
		return -1;
	for (size_t i = 0; i < AFD_COUNT(actions); i++)
		known |= result_of(x, actions[i]) != NULL;
	if (!known)
		return afd_fail(err, AFD_E_PARSE, "answer: no result of a list of users or keys");
	o->at += t->token != NULL;
	ret->n = 1;
	if (note(o, x) < 0)
		return afd_fail_memory(err);
	if (o->circle)
		return afd_fail(err, AFD_E_REMOTE, "the token of a page came a second time: the pages run in a circle");
	return o->at < o->todo.n && afd_buf_printf(&ret->next, "%zu", o->at + 1) < 0 ? afd_fail_memory(err) : 0;
}

static const struct afd_call calls[] = {
	{ .name = "account", .kept = AFD_KEPT_LIST, .grade = AFD_SAMPLED, .max_pages = 200000, .ask = ask, .read = read_answer },
};

static int start(void *own, struct afd_pages *p, struct afd_error *err)
{
	return afd_pages_add(p, 0, ((struct own *)own)->c->account, "", (struct afd_span){ 0, 0 }, err);
}

/* Throttling is a 400, refusals are a 403: both name themselves. */
static enum afd_judged judge(const struct afd_response *r)
{
	if (r->status >= 400 && r->status < 500 && (afd_body_says(r, "Throttling") || afd_body_says(r, "RequestLimitExceeded")))
		return AFD_JUDGED_THROTTLED;
	if (r->status == 400 && (afd_body_says(r, "IncompleteSignature") || afd_body_says(r, "RequestExpired") || afd_body_says(r, "ExpiredToken")))
		return AFD_JUDGED_REFUSED;
	return afd_judge_status(r);
}

static const struct afd_pages_excess excess[] = {
	{ .path = "/?Action=ListAccountAliases&MaxItems=1" VERSION, .can = "it can list the names of the account (iam:ListAccountAliases)",
	  .instead = "give it a policy that allows iam:ListUsers, iam:ListAccessKeys, iam:ListMFADevices, iam:GetAccessKeyLastUsed and nothing else" },
};

static const struct afd_pages_spec spec = {
	.excess = excess, .n_excess = AFD_COUNT(excess),
	.call = calls, .n_call = AFD_COUNT(calls), .accept = "application/xml", .judge = judge, .start = start, .end = own_free,
	.refused = "the access key is wrong, expired, or may not do this: allow it iam:ListUsers, iam:ListAccessKeys, iam:ListMFADevices, iam:GetAccessKeyLastUsed, "
		   "or make a new one, and put it where the configuration's secret_access_key points",
	.pace_ms = 200, .burst = 10,
};

/* --- into rows --- */

static int64_t time_of(const struct afd_xml_node *n, const char *child)
{
	const char *s = afd_xml_text_of(n, child);
	int64_t ms;

	return s && afd_when_parse(s, &ms, NULL) == 0 ? ms : AFD_TIME_NONE;
}

static const char *keep(struct afd_account *a, const char *text)
{
	return text ? afd_account_text(a, afd_strdup(text)) : NULL;
}

static int add_users(struct afd_account *a, const struct afd_xml_node *users, struct afd_error *err)
{
	for (const struct afd_xml_node *u = afd_xml_child(users, "member"); u; u = afd_xml_next(u, "member")) {
		const char *name = afd_xml_text_of(u, "UserName");
		struct afd_member_state *m = name ? afd_account_member(a) : NULL;

		if (name && !m)
			return afd_fail_memory(err);
		if (!name)
			continue;
		m->id = keep(a, name);
		m->seen_login_ms = time_of(u, "PasswordLastUsed");
		if (!m->id)
			return afd_fail_memory(err);
	}
	return 0;
}

static int add_keys(struct afd_account *a, const struct afd_xml_node *keys, struct afd_error *err)
{
	for (const struct afd_xml_node *k = afd_xml_child(keys, "member"); k; k = afd_xml_next(k, "member")) {
		const char *id = afd_xml_text_of(k, "AccessKeyId");
		struct afd_credential_state *c = id ? afd_account_credential(a) : NULL;

		if (id && !c)
			return afd_fail_memory(err);
		if (!id)
			continue;
		c->id = keep(a, id);
		c->kind = "access-key";
		c->owner = keep(a, afd_xml_text_of(k, "UserName"));
		c->status = keep(a, afd_xml_text_of(k, "Status"));
		c->created_ms = time_of(k, "CreateDate");
		c->expires_ms = AFD_FOREVER;               /* access keys have no end */
		if (!c->id)
			return afd_fail_memory(err);
	}
	return 0;
}

/* The answer names the user alone; it belongs to the first of that user's keys that has none yet. */
static void add_use(struct afd_account *a, const struct afd_xml_node *result, size_t *key)
{
	if (*key < a->n_credential)
		a->credential[(*key)++].used_ms = time_of(afd_xml_child(result, "AccessKeyLastUsed"), "LastUsedDate");
}

static int decode(const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err)
{
	AFD_AUTO(list) struct afd_list l = { 0 };
	AFD_AUTO(account) struct afd_account a = { 0 };
	size_t key = 0, user = 0;

	if (afd_pages_unchanged(item))
		return 0;
	if (afd_list_read(item->bytes, &l, err) < 0)
		return -1;
	for (size_t i = 0; i < l.n; i++) {
		AFD_AUTO(xml) struct afd_xml *x = NULL;
		const struct afd_xml_node *mfa;

		if (afd_xml_parse(l.page[i].body, "answer", &x, err) < 0)
			return afd_within(err, "answer %zu", i + 1);
		mfa = result_of(x, "ListMFADevices");
		if (add_users(&a, afd_xml_child(result_of(x, "ListUsers"), "Users"), err) < 0 ||
		    add_keys(&a, afd_xml_child(result_of(x, "ListAccessKeys"), "AccessKeyMetadata"), err) < 0)
			return -1;
		if (mfa && user < a.n_member)              /* one answer for each user, in the order of the users */
			a.member[user++].mfa = afd_xml_child(afd_xml_child(mfa, "MFADevices"), "member") ? AFD_YES : AFD_NO;
		if (result_of(x, "GetAccessKeyLastUsed"))
			add_use(&a, result_of(x, "GetAccessKeyLastUsed"), &key);
	}
	const struct afd_row_credentials c = { l.scope, a.credential, a.n_credential, item->record->received_ms, false };
	const struct afd_row_members m = { l.scope, a.member, a.n_member, item->record->received_ms, false };

	return sink->credentials(sink->ctx, &c, err) < 0 ? -1 : sink->members(sink->ctx, &m, err);
}

/* --- the source --- */

static int scopes(const void *config, struct afd_buf *ret, struct afd_error *err)
{
	const struct config *c = config;

	if (strncmp(c->url, "file:", 5) != 0 && (!c->access_key_id || !c->secret))
		return afd_fail(err, AFD_E_CONFIG, "access_key_id, secret_access_key: a required field is missing");
	if (c->account[strcspn(c->account, " \t")])
		return afd_fail(err, AFD_E_CONFIG, "account: expected one word");
	if (afd_pages_base_check(c->url, err) < 0)
		return -1;
	return afd_buf_text(ret, c->account) < 0 ? afd_fail_memory(err) : 0;
}

static int begin(const struct afd_source_config *sc, const void *config, const char *cursor, void **ret, struct afd_error *err)
{
	const struct config *c = config;
	struct own *o = calloc(1, sizeof(*o));
	struct afd_pages_setup setup = { .spec = &spec, .base = c->url, .own = o };
	const struct afd_aws_keys keys = { c->access_key_id, c->secret, c->session, c->region, "iam" };

	if (!o)
		return afd_fail_memory(err);
	o->c = c;
	if (c->secret && afd_auth_aws(sc, &keys, &setup.auth, err) < 0) {
		own_free(o);
		return -1;
	}
	return afd_pages_begin(sc, &setup, cursor, ret, err);
}

const struct afd_provider afd_provider_aws_iam = {
	.kind = "aws-iam",
	.leg = AFD_LEG_ACCOUNT,
	.title = "Access keys and users of an AWS account (IAM)",
	.help = "Access keys with owner, status, age and last use; users with or without a second factor and their last login. Needs iam:ListUsers, "
		"iam:ListAccessKeys, iam:ListMFADevices and iam:GetAccessKeyLastUsed, nothing else. What a key may do is not told (it has the rights of its user), nor "
		"the account's root user. Who made or removed a key stands in CloudTrail (aws-cloudtrail).",
	.basis = "written after public descriptions, not tested on a real answer",
	.evidence = AFD_ACCOUNT_EVIDENCE,
	.fields = fields, .config_size = sizeof(struct config), .config_defaults = &defaults,
	.scopes = scopes, .begin = begin, .next = afd_pages_next, .take = afd_pages_take, .end = afd_pages_end,
	.excess = afd_pages_excess,
	.redact = afd_pages_redact, .decode = decode,
};
