/* NS1's activity log: GET /v1/account/activity. What its parameters mean is known from descriptions alone, so nothing is taken on
 * trust: pages are followed by the times of their entries, whichever end the log begins with, until one brings nothing new; entries
 * outside of the time that was asked for are a gap; and an empty answer is compared with the newest entry of all. */
#include <inttypes.h>
#include <stdio.h>
#include <strings.h>

#include "collector/api/audit_claim.h"
#include "collector/api/hosted.h"
#include "collector/api/log_entry.h"
#include "collector/registrar/json_walk.h"
#include "collector/table.h"

#define LIMIT 1000
#define LATE AFD_HOUR
#define FIRST (30 * AFD_DAY)
#define MAX_ANSWERS 64u
enum { EVENTS, NEWEST };

/* "ACTION KIND", as afd_entry_verb() squeezes them. */
static const struct afd_action_row actions[] = {
	{ "create record", "record.add" }, { "update record", "record.update" }, { "delete record", "record.delete" },
	{ "create zone", "zone.create" }, { "update zone", "zone.update" }, { "delete zone", "zone.delete" }, { "import zone*", "zone.update" },
	{ "create apikey", "token.create" }, { "update apikey", "token.update" }, { "delete apikey", "token.delete" },
	{ "create key", "token.create" }, { "update key", "token.update" }, { "delete key", "token.delete" },
	{ "create tsig*", "zone.transfer-settings" }, { "update tsig*", "zone.transfer-settings" }, { "delete tsig*", "zone.transfer-settings" },
	{ "create user", "member.add" }, { "invite user", "member.add" }, { "update user", "member.update" }, { "delete user", "member.remove" },
	{ "create team", "role.change" }, { "update team", "role.change" }, { "delete team", "role.change" },
	{ "create notifylist", "webhook.change" }, { "update notifylist", "webhook.change" }, { "delete notifylist", "webhook.change" },
	{ "update account", "account.update" }, { "update accountsettings", "account.update" }, { "update settings", "account.update" },
	{ "update paymentmethod", "billing.update" }, { "update billing*", "billing.update" },
	{ "login*", "login" }, { "logout*", "logout" },
};

struct config { const char *account, *api_key, *url; int64_t since; };
static const struct config defaults = { .url = "https://api.nsone.net", .since = AFD_TIME_NONE };
static const struct afd_field fields[] = {
	{ "account", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct config, account), "your name for the account: one word" },
	{ "api_key", AFD_FIELD_SECRET, AFD_OPTIONAL, offsetof(struct config, api_key), "API key that may view the activity log" },
	{ "since", AFD_FIELD_TIME, AFD_OPTIONAL, offsetof(struct config, since), "the first run begins here; 30 days ago unless said" },
	{ "url", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct config, url), "the API, or file:DIR of recordings" },
	{ 0 }
};

/* --- asking --- */

struct range { int64_t from, to; };               /* seconds */

/* Of the page at T: the window, or what is left of it. */
static struct range range_of(const struct afd_turn *t)
{
	struct range r = { t->window.from / AFD_SECOND, t->window.to / AFD_SECOND };
	const char *dash = t->token ? strchr(t->token, '-') : NULL;

	return dash ? (struct range){ strtoll(t->token, NULL, 10), strtoll(dash + 1, NULL, 10) } : r;
}

static int ask_events(void *own, const struct afd_turn *t, struct afd_ask *q, struct afd_error *err)
{
	const struct range r = range_of(t);

	(void)own;
	return afd_buf_printf(&q->url, "/v1/account/activity?start=%" PRId64 "&end=%" PRId64 "&limit=%d", r.from, r.to, LIMIT) < 0 ? afd_fail_memory(err) : 0;
}

static int ask_newest(void *own, const struct afd_turn *t, struct afd_ask *q, struct afd_error *err)
{
	(void)own, (void)t;
	return afd_buf_text(&q->url, "/v1/account/activity?limit=1") < 0 ? afd_fail_memory(err) : 0;
}

static void note_bad(struct afd_page *ret, const struct afd_turn *t, const char *why)
{
	ret->bad = t->window;
	if (!*ret->bad_why)
		snprintf(ret->bad_why, sizeof(ret->bad_why), "%s", why);
}

struct times { int64_t first, last, oldest, newest; };

static struct times times_of(const struct afd_node *list, const struct afd_turn *t, struct afd_page *ret)
{
	struct times s = { AFD_TIME_NONE, AFD_TIME_NONE, AFD_TIME_NONE, AFD_TIME_NONE };

	for (const struct afd_node *n = list->u.list.first; n; n = n->next) {
		const int64_t at = afd_entry_time(afd_node_get(n, "timestamp"));

		if (n->type != AFD_MAP)
			note_bad(ret, t, "an entry of the activity log is not a map");
		if (at == AFD_TIME_NONE)
			continue;
		s.first = s.first == AFD_TIME_NONE ? at : s.first;
		s.last = at;
		s.oldest = s.oldest == AFD_TIME_NONE || at < s.oldest ? at : s.oldest;
		s.newest = s.newest == AFD_TIME_NONE || at > s.newest ? at : s.newest;
	}
	return s;
}

/* What is left lies on the far side of this page; its last second is asked for again, for a page may end inside of it. */
static int next_range(const struct times *s, const struct afd_turn *t, struct afd_page *ret, struct afd_error *err)
{
	const struct range was = range_of(t);
	struct range left = was;

	if (s->oldest == AFD_TIME_NONE) {
		if (ret->n >= LIMIT)
			note_bad(ret, t, "a full page whose entries have no time: what follows it cannot be asked for");
		return 0;
	}
	if (s->oldest / AFD_SECOND < was.from - 1 || s->newest / AFD_SECOND > was.to + 1) {
		note_bad(ret, t, "entries outside of the time that was asked for: NS1 does not take start and end as we mean them");
		return 0;
	}
	if (s->first < s->last)
		left.from = s->newest / AFD_SECOND;
	else
		left.to = s->oldest / AFD_SECOND + 1;
	if (left.from == was.from && left.to == was.to) {
		if (ret->n >= LIMIT)
			note_bad(ret, t, "a full page of entries of one second: what follows it cannot be asked for");
		return 0;
	}
	return afd_buf_printf(&ret->next, "%" PRId64 "-%" PRId64, left.from, left.to) < 0 ? afd_fail_memory(err) : 0;
}

static int read_events(void *own, struct afd_pages *p, const struct afd_turn *t, const struct afd_response *r, struct afd_page *ret, struct afd_error *err)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;
	struct times s;

	(void)own;
	if (afd_page_json(r, AFD_LIST, &d, err) < 0)
		return -1;
	ret->n = afd_doc_root(d)->u.list.n;
	if (!ret->n)
		return t->token ? 0 : afd_pages_add(p, NEWEST, t->scope, "", t->window, err);
	s = times_of(afd_doc_root(d), t, ret);
	return next_range(&s, t, ret, err);
}

/* Nothing was told for the window: then the newest entry of all may not lie in it. */
static int read_newest(void *own, struct afd_pages *p, const struct afd_turn *t, const struct afd_response *r, struct afd_page *ret, struct afd_error *err)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;
	struct times s;

	(void)own;
	if (afd_page_json(r, AFD_LIST, &d, err) < 0)
		return -1;
	ret->n = afd_doc_root(d)->u.list.n;
	s = times_of(afd_doc_root(d), t, ret);
	if (s.newest != AFD_TIME_NONE && s.newest >= t->window.from && s.newest < t->window.to)
		return afd_pages_lacking(p, t->scope, "the log was empty for a time in which its newest entry lies: what else is missing is not known", err);
	return 0;
}

static const struct afd_call calls[] = {
	[EVENTS] = { .name = "events", .kept = AFD_KEPT_PAGE, .grade = AFD_ASSERTED, .overlap_ms = LATE, .ask = ask_events, .read = read_events },
	[NEWEST] = { .name = "newest", .kept = AFD_KEPT_PAGE, .grade = AFD_GAP, .ask = ask_newest, .read = read_newest },
};

static int start(void *own, struct afd_pages *p, struct afd_error *err)
{
	const struct config *c = own;
	const int64_t since = c->since == AFD_TIME_NONE ? afd_pages_now(p) - FIRST : c->since;

	return afd_pages_add(p, EVENTS, c->account, "", afd_pages_window(p, EVENTS, c->account, "", since), err);
}

static const struct afd_pages_spec spec = {
	.call = calls, .n_call = AFD_COUNT(calls), .start = start,
	.refused = "make an API key whose only permission is \"View activity log\" (account: view_activity_log), limited to our addresses, and put it where the "
		   "configuration's api_key points",
	.pace_ms = 500, .burst = 10,
};

/* --- into rows --- */

struct entry { const struct afd_node *root, *detail; const char *id, *action, *kind, *object, *user, *user_id, *user_type; struct afd_span at; bool timed; };

static struct entry entry_read(const struct afd_node *n, const struct afd_span *asked)
{
	const int64_t at = afd_entry_time(afd_node_get(n, "timestamp"));

	return (struct entry){
		.root = n, .detail = afd_node_get(n, "detail"), .id = afd_node_word(n, "id"), .action = afd_node_word(n, "action"),
		.kind = afd_node_word(n, "resource_type"), .object = afd_node_word(n, "resource_id"), .user = afd_node_word(n, "user_name"),
		.user_id = afd_node_word(n, "user_id"), .user_type = afd_node_word(n, "user_type"),
		/* without a time it happened when was asked for */
		.at = at == AFD_TIME_NONE ? *asked : afd_instant(at), .timed = at != AFD_TIME_NONE,
	};
}

static const char *actor_kind(const struct entry *e)
{
	if (e->user_type && strcasestr(e->user_type, "key"))
		return "credential";
	if (e->user_type && strcasecmp(e->user_type, "system") == 0)
		return "system";
	return e->user_type && strcasecmp(e->user_type, "user") == 0 ? "person" : "unknown";
}

static const char *zone_of(const struct entry *e, const char *verb, char name[AFD_NAME_MAX])
{
	const char *zone = afd_node_word(e->detail, "zone");

	if (!zone && strncmp(verb, "zone.", 5) == 0)
		zone = e->object;
	return zone && strchr(zone, '.') && afd_name_canonical(afd_slice_text(zone), name, NULL) == 0 ? name : NULL;
}

/* The fields of an answer with blanks between. NULL: not told. Owned. */
static char *rdata_of(const struct afd_node *answer)
{
	AFD_AUTO(buf) struct afd_buf b = { 0 };
	const struct afd_node *list = afd_node_get(answer, "answer") ? afd_node_get(answer, "answer") : answer;

	for (const struct afd_node *n = list->type == AFD_LIST ? list->u.list.first : NULL; n; n = n->next) {
		const int r = n->type == AFD_INT ? afd_buf_printf(&b, "%s%" PRId64, b.len ? " " : "", n->u.i) :
			      afd_node_text(n) ? afd_buf_printf(&b, "%s%s", b.len ? " " : "", afd_node_text(n)) : -1;

		if (r < 0)
			return NULL;
	}
	return b.len ? afd_strdup((char *)b.data) : NULL;
}

/* A record that was made or removed is told whole; of one that was changed it is not told what stood there before, so only which. */
static int tell_claim(const struct entry *e, const char *verb, const char *zone, struct afd_audit_claim *c, struct afd_sink *sink, struct afd_error *err)
{
	const char *owner = afd_node_word(e->detail, "domain"), *type = afd_node_word(e->detail, "type");
	const bool add = strcmp(verb, "record.add") == 0;
	struct afd_audit_record rr[MAX_ANSWERS];
	char *rdata[MAX_ANSWERS];
	int r;

	if (strncmp(verb, "record.", 7) != 0 || !zone || !owner || !e->timed)
		return 0;
	if (strcmp(verb, "record.update") != 0)
		for (const struct afd_node *a = afd_node_items(e->detail, "answers"); a && c->n < MAX_ANSWERS; a = a->next, c->n++) {
			rdata[c->n] = rdata_of(a);
			rr[c->n] = (struct afd_audit_record){ .owner = owner, .type = type, .rdata = rdata[c->n], .add = add, .raw_text = true };
		}
	const size_t owned = c->n;
	if (!c->n && strcmp(verb, "record.delete") != 0)
		rr[c->n++] = (struct afd_audit_record){ .owner = owner, .type = type, .add = true };
	if (!owned && !add)
		rr[c->n++] = (struct afd_audit_record){ .owner = owner, .type = type };
	c->zone = zone;
	c->record = rr;
	r = afd_audit_claim(c, sink, err);
	for (size_t i = 0; i < owned; i++)
		free(rdata[i]);
	return r;
}

static int tell(const struct entry *e, const char *account, uint64_t part, struct afd_sink *sink, struct afd_error *err)
{
	char other[96], raw[160], name[AFD_NAME_MAX], digest[80];
	const struct afd_entry_words words = { "ns1", e->action, e->kind };
	const char *verb = afd_entry_verb(actions, AFD_COUNT(actions), &words, raw, other), *zone = zone_of(e, verb, name), *kind = actor_kind(e);
	const struct afd_action *known = afd_action_find(verb);
	const bool gone = e->action && strcasecmp(e->action, "delete") == 0, log = strncmp(verb, "log", 3) == 0;
	AFD_AUTO(mem) char *detail = NULL;

	if (afd_entry_value(e->detail, &detail, err) < 0)
		return -1;
	const struct afd_row_event row = {
		.account = account, .action = verb, .raw_action = raw, .domain = zone, .object_kind = known ? known->object_kind : e->kind, .object = e->object,
		.actor_kind = kind, .actor = e->user ? e->user : e->user_id, .credential = strcmp(kind, "credential") == 0 ? e->user_id : NULL,
		.channel = strcmp(kind, "credential") == 0 ? "api" : NULL, .before = gone ? detail : NULL, .after = gone ? NULL : detail,
		.outcome = log ? "unknown" : "success", .provider_ref = afd_entry_ref(e->root, e->id, digest), .record_kind = "log", .at = e->at, .part = part,
	};
	struct afd_audit_claim c = { .actor = row.actor, .credential = row.credential, .ref = row.provider_ref, .applied = true, .at_ms = e->at.from, .part = part };

	return sink->event(sink->ctx, &row, err) < 0 ? -1 : tell_claim(e, verb, zone, &c, sink, err);
}

static int decode(const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err)
{
	__attribute__((cleanup(afd_asked_release))) struct afd_asked asked = { 0 };
	AFD_AUTO(doc) struct afd_doc *d = NULL;
	const struct afd_node *root;
	uint64_t i = 0;

	if (afd_asked_read(item->record->asked, &asked, err) < 0 || afd_json_parse(item->bytes, "page", &d, err) < 0)
		return -1;
	root = afd_doc_root(d);
	for (const struct afd_node *n = root->type == AFD_LIST ? root->u.list.first : NULL; n; n = n->next, i++) {
		const struct entry e = entry_read(n, &asked.window);

		if (n->type == AFD_MAP && tell(&e, asked.scope, item->parts.n > 1 ? 2 * i + 1 : 0, sink, err) < 0)
			return -1;
	}
	return 0;
}

/* --- secrets: details of keys may hold the key itself, whatever it looks like --- */

static int see(void *ctx, const struct afd_json_at *v, struct afd_error *err)
{
	if (v->kind != AFD_JSON_STRING || !v->len || !afd_slice_equal(v->key, afd_slice_text("key")))
		return 0;
	return afd_ranges_add(ctx, v->off, v->len) < 0 ? afd_fail_memory(err) : 0;
}

static int redact(struct afd_slice bytes, struct afd_ranges *cuts, struct afd_error *err)
{
	return afd_pages_redact(bytes, cuts, err) < 0 ? -1 : afd_json_walk(bytes, see, cuts, err);
}

static int split(struct afd_slice bytes, struct afd_ranges *parts, struct afd_error *err) { return afd_pages_split(bytes, NULL, parts, err); }

/* --- the source --- */

static int scopes(const void *config, struct afd_buf *ret, struct afd_error *err)
{
	const struct config *c = config;

	if (strncmp(c->url, "file:", 5) != 0 && !c->api_key)
		return afd_fail(err, AFD_E_CONFIG, "api_key: a required field is missing");
	if (strpbrk(c->account, " \t\n"))
		return afd_fail(err, AFD_E_CONFIG, "account: expected one word");
	if (afd_pages_base_check(c->url, err) < 0)
		return -1;
	return afd_buf_text(ret, c->account) < 0 ? afd_fail_memory(err) : 0;
}

static int begin(const struct afd_source_config *sc, const void *config, const char *cursor, void **ret, struct afd_error *err)
{
	const struct config *c = config;
	struct afd_pages_setup setup = { .spec = &spec, .base = c->url, .own = (void *)c };

	if (c->api_key && afd_auth_header(sc, "api_key", c->api_key, "X-NSONE-Key", "", &setup.auth, err) < 0)
		return -1;
	return afd_pages_begin(sc, &setup, cursor, ret, err);
}

const struct afd_provider afd_provider_ns1_activity = {
	.kind = "ns1-activity",
	.leg = AFD_LEG_ACCOUNT,
	.title = "NS1 account: the activity log",
	.help = "Who made, changed and removed what in an account at NS1: zones and records, API keys, users, teams, with the name of the user or of the API key. Needs an API "
		"key whose only permission is \"View activity log\" (view_activity_log), limited to your addresses; it is sent as X-NSONE-Key. Not told: address, second factor, "
		"what stood there before a change, and failures: an entry is taken for something that was done. How long NS1 keeps its log is not stated: the first run goes "
		"30 days back unless `since` says otherwise. Actions that no row knows are listed by the check account-event-unmapped.",
	.basis = "not tested: made after public descriptions of the vendor's API, no real answer was seen",
	.evidence = "account-events",
	.lag_ms = LATE,
	.fields = fields, .config_size = sizeof(struct config), .config_defaults = &defaults,
	.scopes = scopes, .begin = begin, .next = afd_pages_next, .take = afd_pages_take, .end = afd_pages_end,
	.redact = redact, .split = split, .decode = decode,
};
