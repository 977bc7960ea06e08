/* RDAP of registries and registrars. Each run asks IANA's list once a week, then for each domain the registry's server
 * and the registrar's own, to which the registry's answer leads. Both answers are kept: where they differ, one is wrong. */
#include "collector/registrar/rdap.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>

#include "collector/table.h"
#include "core/name.h"

#define LIST       "https://data.iana.org/rdap/dns.json"
#define LIST_AGE   (7 * AFD_DAY)
#define PACE       AFD_SECOND
#define MAX_BODY   (4u * 1024 * 1024)

struct config { struct afd_texts domains; const char *list, *server, *ca; int64_t pace; bool registrar; };
static const struct config defaults = { .list = LIST, .registrar = true, .pace = PACE };
static const struct afd_field fields[] = {
	{ "domains", AFD_FIELD_NAMES, AFD_REQUIRED, offsetof(struct config, domains), "registered domains to ask for" },
	{ "list", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct config, list), "list of servers, by default IANA's; or file:PATH" },
	{ "server", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct config, server), "ask this server (https://.../ or file:DIR) instead of those of the list" },
	{ "registrar", AFD_FIELD_BOOL, AFD_OPTIONAL, offsetof(struct config, registrar), "true (default): ask the registrar's server, too" },
	{ "pace", AFD_FIELD_DURATION, AFD_OPTIONAL, offsetof(struct config, pace), "time between two requests, 1s" },
	{ "ca_file", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct config, ca), "roots for the servers, instead of the system's" },
	{ 0 }
};

/* base "": the list has no server for it. seen: last answer of the registry, of the registrar; NONE: never. */
struct domain { const char *name; char base[AFD_RDAP_URL_MAX]; int64_t seen[2]; };
enum view { REGISTRY, REGISTRAR };
static const char *const view_name[] = { "registry", "registrar" };
enum phase { ASK_LIST, ASK_DOMAIN, DONE };

struct state {
	const struct config *c;
	const char *base_dir;
	int64_t now, list_ms;                    /* list_ms: when the list was read, NONE: never */
	char etag[256];
	struct domain *domain; size_t n, at;
	enum phase phase;
	enum view view;
	bool plain_json;                         /* this server does not know application/rdap+json */
	char related[AFD_RDAP_URL_MAX], url[AFD_RDAP_URL_MAX + AFD_NAME_MAX], asked[AFD_RDAP_URL_MAX + 2 * AFD_NAME_MAX];
	struct afd_buf list;                     /* the newest list, as long as the run lasts */
};

static bool is_file(const char *url)
{
	return !strncmp(url, "file:", 5);
}

static int scopes(const void *config, struct afd_buf *ret, struct afd_error *err)
{
	const struct config *c = config;

	if (!c->domains.n)
		return afd_fail(err, AFD_E_CONFIG, "domains: expected at least one");
	if (c->server && !is_file(c->server) && !afd_rdap_safe(c->server))
		return afd_fail(err, AFD_E_CONFIG, "server: expected https://... or file:DIR, got \"%.100s\"", c->server);
	if (!is_file(c->list) && !afd_rdap_safe(c->list))
		return afd_fail(err, AFD_E_CONFIG, "list: expected https://... or file:PATH, got \"%.100s\"", c->list);
	if (c->pace < 0 || c->pace > AFD_HOUR)
		return afd_fail(err, AFD_E_CONFIG, "pace: expected 0s to 1h");
	for (size_t i = 0; i < c->domains.n; i++) {
		for (size_t k = 0; k < i; k++)
			if (!strcmp(c->domains.at[i], c->domains.at[k]))
				return afd_fail(err, AFD_E_CONFIG, "domains: %s stands there twice", c->domains.at[i]);
		if (afd_buf_printf(ret, "%s%s", i ? " " : "", c->domains.at[i]) < 0)
			return afd_fail_memory(err);
	}
	return 0;
}

/* --- the cursor: {"domains":{"example.test":{"base":"https://...","registrar":ms,"registry":ms}},"etag":"...","list":ms} --- */

static int64_t int_at(const struct afd_node *map, const char *key)
{
	const struct afd_node *n = afd_node_get(map, key);

	return n && n->type == AFD_INT ? n->u.i : AFD_TIME_NONE;
}

static int cursor_read(struct state *s, const char *text, struct afd_error *err)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;
	const struct afd_node *root, *domains;

	if (!text)
		return 0;
	if (afd_json_parse(afd_slice_text(text), "cursor", &d, err) < 0)
		return -1;
	root = afd_doc_root(d);
	domains = afd_node_get(root, "domains");
	s->list_ms = int_at(root, "list");
	if (afd_node_text(afd_node_get(root, "etag")))
		snprintf(s->etag, sizeof(s->etag), "%s", afd_node_text(afd_node_get(root, "etag")));
	for (size_t i = 0; i < s->n; i++) {
		const struct afd_node *n = afd_node_get(domains, s->domain[i].name);
		const char *base = afd_node_text(afd_node_get(n, "base"));

		if (base)
			snprintf(s->domain[i].base, sizeof(s->domain[i].base), "%s", base);
		else
			s->list_ms = AFD_TIME_NONE;      /* a domain that came later: the list is read for it */
		s->domain[i].seen[REGISTRY] = int_at(n, "registry");
		s->domain[i].seen[REGISTRAR] = int_at(n, "registrar");
	}
	if (s->list_ms == AFD_TIME_NONE)
		s->etag[0] = '\0';
	return 0;
}

static int checkpoint(const struct state *s, struct afd_keeper *keep, struct afd_error *err)
{
	AFD_AUTO(mem) char *text = NULL;
	json_t *j = json_object(), *domains = json_object();

	for (size_t i = 0; i < s->n; i++) {
		json_t *one = json_object();

		json_object_set_new(one, "base", json_string(s->domain[i].base));
		for (int v = REGISTRY; v <= REGISTRAR; v++)
			if (s->domain[i].seen[v] != AFD_TIME_NONE)
				json_object_set_new(one, view_name[v], json_integer(s->domain[i].seen[v]));
		json_object_set_new(domains, s->domain[i].name, one);
	}
	json_object_set_new(j, "domains", domains);
	if (s->list_ms != AFD_TIME_NONE)
		json_object_set_new(j, "list", json_integer(s->list_ms));
	if (s->etag[0])
		json_object_set_new(j, "etag", json_string(s->etag));
	text = json_dumps(j, JSON_SORT_KEYS | JSON_COMPACT);
	json_decref(j);
	return text ? keep->checkpoint(keep->ctx, text, err) : afd_fail_memory(err);
}

/* --- begin and end --- */

static void end(void *state)
{
	struct state *s = state;

	if (!s)
		return;
	afd_buf_release(&s->list);
	free(s->domain);
	free(s);
}

static int begin(const struct afd_source_config *sc, const void *config, const char *cursor, void **ret, struct afd_error *err)
{
	struct state *s = calloc(1, sizeof(*s));

	if (s)
		s->domain = calloc(((const struct config *)config)->domains.n, sizeof(*s->domain));
	if (!s || !s->domain) {
		free(s);
		return afd_fail_memory(err);
	}
	s->c = config;
	s->base_dir = sc->base_dir;
	s->now = afd_now(sc->env);
	s->list_ms = AFD_TIME_NONE;
	s->n = s->c->domains.n;
	for (size_t i = 0; i < s->n; i++)
		s->domain[i] = (struct domain){ .name = s->c->domains.at[i], .seen = { AFD_TIME_NONE, AFD_TIME_NONE } };
	if (cursor_read(s, cursor, err) < 0) {
		end(s);
		return -1;
	}
	/* a domain without a server is told of when the list was looked at again */
	if (!s->domain[0].base[0])
		s->list_ms = AFD_TIME_NONE;
	/* a clock that was set back makes the list look as if it came from the future: it is read again */
	s->phase = s->c->server || (s->list_ms != AFD_TIME_NONE && s->now >= s->list_ms && s->now - s->list_ms < LIST_AGE) ? ASK_DOMAIN : ASK_LIST;
	*ret = s;
	return 0;
}

/* --- asking --- */

static int put_url(struct state *s, const char *base, const char *more, const char *name, struct afd_error *err)
{
	const bool relative = is_file(base) && base[5] != '/' && s->base_dir;
	const size_t n = strlen(base);
	const char *slash = *more && n && base[n - 1] != '/' ? "/" : "";

	if (snprintf(s->url, sizeof(s->url), "%s%s%s%s%s%s%s", is_file(base) ? "file:" : "", relative ? s->base_dir : "", relative ? "/" : "",
		    is_file(base) ? base + 5 : base, slash, more, name) >= (int)sizeof(s->url))
		return afd_fail(err, AFD_E_LIMIT, "the address for %s is too long", name);
	return 0;
}

static void next_domain(struct state *s)
{
	s->at++;
	s->view = REGISTRY;
	s->plain_json = false;
	if (s->at == s->n)
		s->phase = DONE;
}

static int next(void *state, struct afd_request *q, struct afd_error *err)
{
	struct state *s = state;

	if (s->phase == DONE)
		return 0;
	*q = (struct afd_request){ .protocol = AFD_HTTP, .url = s->url, .asked = s->asked, .ca_file = s->c->ca, .pace_ms = s->c->pace, .max_body = MAX_BODY };
	if (s->phase == ASK_LIST) {
		if (put_url(s, s->c->list, "", "", err) < 0)
			return -1;
		snprintf(s->asked, sizeof(s->asked), "rdap servers %s", s->c->list);
		q->header[q->n_header++] = (struct afd_header){ "Accept", "application/json" };
		if (s->etag[0])
			q->header[q->n_header++] = (struct afd_header){ "If-None-Match", s->etag };
		return 1;
	}
	const struct domain *d = &s->domain[s->at];
	if (s->view == REGISTRAR ? put_url(s, s->related, "", "", err) < 0
				 : put_url(s, s->c->server ? s->c->server : d->base, "domain/", d->name, err) < 0)
		return -1;
	snprintf(s->asked, sizeof(s->asked), "rdap %s %s %s", view_name[s->view], d->name, is_file(s->url) ? "recording" : s->url);
	q->header[q->n_header++] = (struct afd_header){ "Accept", s->plain_json ? "application/json" : "application/rdap+json" };
	return 1;
}

/* --- taking --- */

/* A look is an instant; between two looks the state is sampled. A look that failed is a gap since the last one. */
static int cover(struct state *s, struct afd_keeper *keep, int64_t seen, enum afd_grade grade, const char *reason, struct afd_error *err)
{
	const struct domain *d = &s->domain[s->at];
	const int64_t last = d->seen[REGISTRY];
	const struct afd_row_coverage c = {
		.evidence = AFD_RDAP_EVIDENCE, .scope = d->name, .grade = grade, .reason = reason, .provider_count = -1, .stored_count = -1,
		.at = last == AFD_TIME_NONE || last >= seen ? afd_instant(seen) : (struct afd_span){ last, grade == AFD_GAP ? seen + 1 : seen },
	};

	return keep->cover(keep->ctx, &c, err);
}

/* Without the registrar's answer the registry's stands. */
static int give_up(struct state *s, struct afd_keeper *keep, int64_t now, const char *reason, struct afd_error *err)
{
	const bool registry = s->view == REGISTRY;
	AFD_AUTO(mem) char *text = afd_sprintf("%s: %s", view_name[s->view], reason);
	int r = 0;

	if (!text)
		return afd_fail_memory(err);
	if (registry)
		r = cover(s, keep, now, AFD_GAP, text, err);
	next_domain(s);
	return r;
}

/* Domains without a server of their own are told here, and left out. */
static int find_servers(struct state *s, struct afd_error *err)
{
	for (size_t i = 0; i < s->n; i++)
		if (afd_rdap_server(afd_buf_slice(&s->list), s->domain[i].name, s->domain[i].base, err) < 0)
			return -1;
	return 0;
}

static int skip_without_server(struct state *s, struct afd_keeper *keep, struct afd_error *err)
{
	while (!s->c->server && s->phase == ASK_DOMAIN && s->view == REGISTRY) {
		const struct domain *d = &s->domain[s->at];

		if (d->base[0] && afd_rdap_safe(d->base))
			return 0;
		if (give_up(s, keep, s->now, d->base[0] ? "its server speaks plain HTTP only: anybody on the way could have answered" :
			    "no RDAP service is registered for its top-level domain (RFC 9224)", err) < 0)
			return -1;
	}
	return 0;
}

static int take_list(struct state *s, const struct afd_response *r, const struct afd_error *why, struct afd_keeper *keep, struct afd_error *err)
{
	const struct afd_draft d = { .kind = AFD_ITEM_ANSWER, .asked = s->asked, .bytes = r ? r->body : (struct afd_slice){ 0 } };
	struct afd_error bad = { 0 };

	s->phase = ASK_DOMAIN;
	if (r && r->status == 304 && s->list_ms != AFD_TIME_NONE) {
		s->list_ms = r->received_ms;
		return checkpoint(s, keep, err);
	}
	if (r && (r->status == 200 || !r->status) && afd_rdap_list_check(r->body, &bad) == 0) {
		if (keep->item(keep->ctx, &d, err) < 0)
			return -1;
		s->list.len = 0;
		if (afd_buf_add_slice(&s->list, r->body) < 0)
			return afd_fail_memory(err);
		if (find_servers(s, err) < 0)
			return -1;
		s->list_ms = r->received_ms;
		snprintf(s->etag, sizeof(s->etag), "%s", r->etag);
		return checkpoint(s, keep, err);
	}
	/* An older list leads to the same servers; without any there is nobody to ask. */
	if (s->list_ms != AFD_TIME_NONE)
		return 0;
	for (s->at = 0; s->phase == ASK_DOMAIN;) {
		AFD_AUTO(mem) char *text = r && !bad.code && is_file(s->c->list) ? afd_sprintf("the list of servers: %s: no such file", s->c->list + 5) :
		                           r && !bad.code ? afd_sprintf("the list of servers: HTTP %d", r->status) :
		                                            afd_sprintf("the list of servers: %s", bad.code ? bad.text : why ? why->text : "no answer");

		if (!text)
			return afd_fail_memory(err);
		if (give_up(s, keep, s->now, text, err) < 0)
			return -1;
	}
	return 0;
}

/* A registrar's address comes from a stranger's answer: only https, and not back to where we were. */
static bool lead_on(struct state *s, struct afd_slice answer)
{
	char asked[sizeof(s->url)];

	snprintf(asked, sizeof(asked), "%s", s->url);
	if (!s->c->registrar || is_file(s->url) || afd_rdap_related(answer, s->domain[s->at].name, s->related, NULL) < 0 || !s->related[0])
		return false;
	return afd_rdap_safe(s->related) && strcmp(s->related, asked) != 0 &&
	       (strncmp(s->related, "https://", 8) == 0 || strncmp(asked, "http://", 7) == 0);
}

static int take_answer(struct state *s, const struct afd_response *r, struct afd_keeper *keep, struct afd_error *err)
{
	const struct afd_draft d = { .kind = AFD_ITEM_ANSWER, .asked = s->asked, .bytes = r->body };
	struct domain *domain = &s->domain[s->at];
	char related[AFD_RDAP_URL_MAX];
	struct afd_error bad = { 0 };
	bool on;

	if (keep->item(keep->ctx, &d, err) < 0)
		return -1;
	if (afd_rdap_related(r->body, domain->name, related, &bad) < 0)
		return bad.code == AFD_E_MEMORY ? afd_fail_memory(err) : give_up(s, keep, r->received_ms, bad.text, err);
	on = s->view == REGISTRY && lead_on(s, r->body);
	if (s->view == REGISTRY && cover(s, keep, r->received_ms, AFD_SAMPLED, "the state at two looks; what happened between is not seen", err) < 0)
		return -1;
	domain->seen[s->view] = r->received_ms;
	keep->progress(keep->ctx, s->at + 1, s->n, "domains");
	if (on)
		s->view = REGISTRAR;
	else
		next_domain(s);
	s->plain_json = false;
	return checkpoint(s, keep, err);
}

static int take(void *state, const struct afd_response *r, const struct afd_error *why, struct afd_keeper *keep, struct afd_error *err)
{
	struct state *s = state;
	char reason[128];
	int got;

	if (s->phase == ASK_LIST) {
		got = take_list(s, r, why, keep, err);
	} else if (!r) {
		got = give_up(s, keep, s->now, why ? why->text : "no answer", err);
	} else if (r->status == 200 || !r->status) {
		got = take_answer(s, r, keep, err);
	} else if ((r->status == 406 || r->status == 415 || r->status == 400) && !s->plain_json) {
		s->plain_json = true;
		return 0;
	} else {
		snprintf(reason, sizeof(reason), "HTTP %d%s", r->status, r->status == 404 ? ": the server does not know the domain" : "");
		got = give_up(s, keep, r->received_ms, reason, err);
	}
	return got < 0 ? -1 : skip_without_server(s, keep, err);
}

const struct afd_provider afd_provider_rdap = {
	.kind = "rdap",
	.leg = AFD_LEG_ACCOUNT,
	.title = "RDAP of registries and registrars",
	.help = "What the registry says in public of each domain (statuses and locks, name servers, DS, dates, registrar), and what the "
		"registrar's own server says: found through IANA's list (RFC 9224), one request a second. Needs no credential. RDAP tells a "
		"state, not a history: a change between two looks is seen once, its author never; what was changed and changed back is not seen. "
		"Fields that a server leaves out are not stated, redacted ones (RFC 9537) are withheld; neither counts as absent.",
	.basis = "tested on a real sample",
	.evidence = AFD_RDAP_EVIDENCE,
	.fields = fields,
	.config_size = sizeof(struct config),
	.config_defaults = &defaults,
	.scopes = scopes,
	.begin = begin,
	.next = next,
	.take = take,
	.end = end,
	.decode = afd_rdap_decode,
};
