/* Domains in an account at Porkbun: domain/listAll tells most of all domains at once; domain/getNs and dns/getDnssecRecords tell the
 * rest of each. All answers of a run are one item, in that order: there is no answer about one domain that names it. */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>

#include "collector/registrar/registrar_private.h"
#include "collector/table.h"
#include "core/name.h"

#define PER_PAGE 1000
#define DETAILS  2u

struct config { const char *url, *account, *api_key, *secret; };
static const struct config defaults = { .url = "https://api.porkbun.com" };
static const struct afd_field fields[] = {
	{ "account", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct config, account), "name of the account in reports, one word" },
	{ "api_key", AFD_FIELD_SECRET, AFD_OPTIONAL, offsetof(struct config, api_key), "API key" },
	{ "secret_api_key", AFD_FIELD_SECRET, AFD_OPTIONAL, offsetof(struct config, secret), "secret API key" },
	{ "url", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct config, url), "the API, or file:DIR of recordings" },
	{ 0 }
};

struct own { const struct config *c; char **name; size_t n; uint64_t listed; };

static void own_free(void *p)
{
	struct own *o = p;

	for (size_t i = 0; i < o->n; i++)
		free(o->name[i]);
	free(o->name);
	free(o);
}

/* --- the credential stands in each body --- */

struct auth { struct afd_auth a; struct afd_buf key, secret; };

static int sign(struct afd_auth *a, int64_t now, struct afd_ask *q, struct afd_error *err)
{
	const struct auth *w = (const struct auth *)a;
	json_t *j = json_loadb((char *)q->body.data, q->body.len, 0, NULL);
	char *text = NULL;
	int r = -1;

	(void)now;
	if (j && !json_object_set_new(j, "apikey", json_string((char *)w->key.data)) &&
	    !json_object_set_new(j, "secretapikey", json_string((char *)w->secret.data)) && (text = json_dumps(j, JSON_COMPACT | JSON_SORT_KEYS))) {
		q->body.len = 0;
		r = afd_buf_text(&q->body, text);
	}
	if (text)
		explicit_bzero(text, strlen(text));
	free(text);
	json_decref(j);
	return r < 0 ? afd_fail_memory(err) : 0;
}

static void auth_free(struct afd_auth *a)
{
	struct auth *w = (struct auth *)a;

	afd_buf_wipe(&w->key);
	afd_buf_wipe(&w->secret);
	free(w);
}

static int auth_new(const struct afd_source_config *sc, const struct config *c, struct afd_auth **ret, struct afd_error *err)
{
	struct auth *w = calloc(1, sizeof(*w));

	if (!w)
		return afd_fail_memory(err);
	w->a = (struct afd_auth){ .sign = sign, .free = auth_free, .name = afd_strdup(c->api_key) };
	if (!w->a.name || afd_auth_secret(sc, "api_key", c->api_key, &w->key, err) < 0 ||
	    afd_auth_secret(sc, "secret_api_key", c->secret, &w->secret, err) < 0) {
		if (!w->a.name)
			afd_fail_memory(err);
		afd_auth_free(&w->a);
		return -1;
	}
	*ret = &w->a;
	return 0;
}

/* --- asking: tokens are "list START", then "detail I" --- */

static bool detail_of(const struct afd_turn *t, uint64_t *i)
{
	const bool is = t->token && strncmp(t->token, "detail ", 7) == 0;

	*i = is ? strtoull(t->token + 7, NULL, 10) : 0;
	return is;
}

static int ask(void *own, const struct afd_turn *t, struct afd_ask *q, struct afd_error *err)
{
	const struct own *o = own;
	uint64_t i;

	q->media_type = "application/json";
	if (detail_of(t, &i) && i / DETAILS < o->n)
		return afd_buf_printf(&q->url, "/api/json/v3/%s/%s", i % DETAILS ? "dns/getDnssecRecords" : "domain/getNs", o->name[i / DETAILS]) < 0 ||
		       afd_buf_text(&q->body, "{}") < 0 ? afd_fail_memory(err) : 0;
	return afd_buf_text(&q->url, "/api/json/v3/domain/listAll") < 0 ||
	       afd_buf_printf(&q->body, "{\"start\":\"%s\"}", t->token && !strncmp(t->token, "list ", 5) ? t->token + 5 : "0") < 0 ? afd_fail_memory(err) : 0;
}

/* Throttling and refused keys are a 400. */
static enum afd_judged judge(const struct afd_response *r)
{
	if (r->status != 400)
		return afd_judge_status(r);
	if (afd_body_says(r, "RATE_LIMIT") || afd_body_says(r, "ttlRemaining"))
		return AFD_JUDGED_THROTTLED;
	if (afd_body_says(r, "Invalid API key") || afd_body_says(r, "INVALID_API_KEY") || afd_body_says(r, "Invalid secret"))
		return AFD_JUDGED_REFUSED;
	return AFD_JUDGED_PAGE;                        /* of one domain: it is not open to the API */
}

static const char *name_of(const struct afd_node *domain, char name[AFD_NAME_MAX])
{
	const char *s = afd_node_word(domain, "domain");

	return s && afd_name_canonical(afd_slice_text(s), name, NULL) == 0 ? name : NULL;
}

static bool is_noted(const struct own *o, const char *name)
{
	for (size_t i = 0; i < o->n; i++)
		if (!strcmp(o->name[i], name))
			return true;
	return false;
}

static int note_names(struct own *o, const struct afd_node *list, struct afd_error *err)
{
	char name[AFD_NAME_MAX];

	for (const struct afd_node *d = list->u.list.first; d; d = d->next) {
		char **more;

		if (!name_of(d, name) || is_noted(o, name))
			continue;
		more = realloc(o->name, (o->n + 1) * sizeof(*more));
		if (!more)
			return afd_fail_memory(err);
		o->name = more;
		o->name[o->n] = afd_strdup(name);
		if (!o->name[o->n++])
			return afd_fail_memory(err);
	}
	return 0;
}

static int read_list(struct own *o, const struct afd_doc *d, struct afd_page *ret, struct afd_error *err)
{
	const struct afd_node *list = afd_node_get(afd_doc_root(d), "domains");
	const char *status = afd_node_word(afd_doc_root(d), "status");
	const size_t before = o->n;

	if (!status || strcmp(status, "SUCCESS") != 0)
		return afd_fail(err, AFD_E_REMOTE, "answer: status is not SUCCESS");
	if (!list || list->type != AFD_LIST)
		return afd_node_fail(d, list, err, "a list under \"domains\"");
	if (note_names(o, list, err) < 0)
		return -1;
	ret->n = list->u.list.n;
	o->listed += list->u.list.n;
	if (list->u.list.n >= PER_PAGE && o->n == before)
		return afd_fail(err, AFD_E_REMOTE, "a full page brings no other domain than those before it: the pages run in a circle");
	if (list->u.list.n >= PER_PAGE)
		return afd_buf_printf(&ret->next, "list %" PRIu64, o->listed) < 0 ? afd_fail_memory(err) : 0;
	return o->n && afd_buf_text(&ret->next, "detail 0") < 0 ? afd_fail_memory(err) : 0;
}

static int read_answer(void *own, struct afd_pages *p, const struct afd_turn *t, const struct afd_response *r, struct afd_page *ret,
		       struct afd_error *err)
{
	struct own *o = own;
	AFD_AUTO(doc) struct afd_doc *d = NULL;
	uint64_t i;

	(void)p;
	if (afd_page_json(r, AFD_MAP, &d, err) < 0)
		return -1;
	if (!detail_of(t, &i))
		return read_list(o, d, ret, err);
	return i + 1 < o->n * DETAILS && afd_buf_printf(&ret->next, "detail %" PRIu64, i + 1) < 0 ? afd_fail_memory(err) : 0;
}

static const struct afd_call calls[] = {
	{ .name = "account", .kept = AFD_KEPT_LIST, .grade = AFD_SAMPLED, .max_pages = 1000000, .ask = ask, .read = read_answer },
};

static int start(void *own, struct afd_pages *p, struct afd_error *err)
{
	return afd_pages_add(p, 0, ((struct own *)own)->c->account, "", (struct afd_span){ 0, 0 }, err);
}

static const struct afd_pages_spec spec = {
	.call = calls, .n_call = AFD_COUNT(calls), .judge = judge, .start = start, .end = own_free,
	.refused = "make an API key at porkbun.com/account/api, turn API access on for each domain, and put both halves where the configuration's api_key and "
		   "secret_api_key point",
	.pace_ms = 1000, .burst = 5,
};

/* --- into rows --- */

static const struct afd_state_path paths[] = {
	{ 1, "domain", AFD_STATE_NAME, NULL },
	{ 1, "status", AFD_STATE_STATUS, NULL },
	{ 1, "securityLock", AFD_STATE_TRANSFER_LOCK, NULL },
	{ 1, "whoisPrivacy", AFD_STATE_PRIVACY, NULL },
	{ 1, "autoRenew", AFD_STATE_AUTO_RENEW, NULL },
	{ 1, "createDate", AFD_STATE_CREATED, NULL },
	{ 1, "expireDate", AFD_STATE_EXPIRES, NULL },
};
static const struct afd_registrar registrar = { .path = paths, .n_path = AFD_COUNT(paths) };
static const struct afd_state_path name_servers = { 1, "ns", AFD_STATE_NAME_SERVER, NULL };
static const struct afd_state_path ds = { 1, "records", AFD_STATE_DS, NULL };

struct states { struct afd_state *at; size_t n; };

static void states_release(struct states *s)
{
	for (size_t i = 0; i < s->n; i++)
		afd_state_release(&s->at[i]);
	free(s->at);
}

/* A domain that stands on two pages was asked for once. */
static bool is_told(const struct states *s, const char *name)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->at[i].name && !strcmp(s->at[i].name, name))
			return true;
	return false;
}

static int add_states(struct states *s, const struct afd_node *list, const struct afd_item_view *item, struct afd_error *err)
{
	char name[AFD_NAME_MAX];

	for (const struct afd_node *d = list->type == AFD_LIST ? list->u.list.first : NULL; d; d = d->next) {
		struct afd_state *more;

		if (!name_of(d, name) || is_told(s, name))
			continue;
		more = realloc(s->at, (s->n + 1) * sizeof(*more));
		if (!more)
			return afd_fail_memory(err);
		s->at = more;
		afd_registrar_state_begin(&s->at[s->n], item);
		if (afd_registrar_put(&registrar, &s->at[s->n++], 1, d, err) < 0)
			return -1;
	}
	return 0;
}

/* Records are a map by key tag, or a list. A refusal of one domain states nothing. */
static int add_detail(struct afd_state *s, uint64_t kind, const struct afd_node *root, struct afd_error *err)
{
	const char *status = afd_node_word(root, "status");
	const struct afd_node *n = afd_node_get(root, kind ? "records" : "ns");

	if (!status || strcmp(status, "SUCCESS") != 0 || !n)
		return 0;
	if (!kind)
		return afd_state_put(s, &name_servers, n, err);
	afd_state_told(s, AFD_STATE_DS);
	for (const struct afd_node *e = n->type == AFD_MAP || n->type == AFD_LIST ? n->u.list.first : NULL; e; e = e->next)
		if (e->type == AFD_MAP && afd_state_put(s, &ds, e, err) < 0)
			return -1;
	return 0;
}

static int gather(const struct afd_list *l, struct states *s, const struct afd_item_view *item, struct afd_error *err)
{
	uint64_t detail = 0;

	for (size_t i = 0; i < l->n; i++) {
		AFD_AUTO(doc) struct afd_doc *d = NULL;
		const struct afd_node *list;

		if (afd_json_parse(l->page[i].body, "answer", &d, err) < 0)
			return afd_within(err, "answer %zu", i + 1);
		list = afd_node_get(afd_doc_root(d), "domains");
		if (list && !detail ? add_states(s, list, item, err) < 0 :
		    detail / DETAILS < s->n && add_detail(&s->at[detail / DETAILS], detail % DETAILS, afd_doc_root(d), err) < 0)
			return -1;
		detail += !(list && !detail);
	}
	return 0;
}

static int decode(const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err)
{
	AFD_AUTO(list) struct afd_list l = { 0 };
	__attribute__((cleanup(states_release))) struct states s = { 0 };

	if (afd_pages_unchanged(item))
		return 0;
	if (afd_list_read(item->bytes, &l, err) < 0 || gather(&l, &s, item, err) < 0)
		return -1;
	for (size_t i = 0; i < s.n; i++)
		if (s.at[i].name && afd_registrar_tell(&s.at[i], s.at[i].name, l.scope, sink, err) < 0)
			return -1;
	return 0;
}

/* --- the source --- */

static int scopes(const void *config, struct afd_buf *ret, struct afd_error *err)
{
	const struct config *c = config;

	if (strncmp(c->url, "file:", 5) != 0 && (!c->api_key || !c->secret))
		return afd_fail(err, AFD_E_CONFIG, "api_key, secret_api_key: a required field is missing");
	return afd_registrar_scopes(&(const struct afd_registrar_config){ .url = c->url, .account = c->account }, ret, err);
}

static int begin(const struct afd_source_config *sc, const void *config, const char *cursor, void **ret, struct afd_error *err)
{
	const struct config *c = config;
	struct own *o = calloc(1, sizeof(*o));
	struct afd_pages_setup setup = { .spec = &spec, .base = c->url, .own = o };

	if (!o)
		return afd_fail_memory(err);
	o->c = c;
	if (c->api_key && auth_new(sc, c, &setup.auth, err) < 0) {
		own_free(o);
		return -1;
	}
	return afd_pages_begin(sc, &setup, cursor, ret, err);
}

const struct afd_provider afd_provider_porkbun_registrar = {
	.kind = "porkbun-registrar",
	.leg = AFD_LEG_ACCOUNT,
	.title = "Domains in an account at Porkbun",
	.help = "Lock, renewal, privacy, dates, name servers and DS data of all the account's domains, compared from run to run. Needs an API key and its secret; keys cannot "
		"be narrowed, but API access is turned on domain by domain: name servers and DS data of a domain without it are not stated. Porkbun tells "
		"no contacts and not who changed something.",
	.whole = "Porkbun has no key that only reads: whoever has it can change each domain for which API access is on; keep it apart and roll it",
	.basis = "written after public descriptions, not tested on a real answer",
	.evidence = AFD_REGISTRAR_EVIDENCE,
	.fields = fields, .config_size = sizeof(struct config), .config_defaults = &defaults,
	.scopes = scopes, .begin = begin, .next = afd_pages_next, .take = afd_pages_take, .end = afd_pages_end,
	.excess = afd_pages_excess,
	.redact = afd_pages_redact, .decode = decode,
};
