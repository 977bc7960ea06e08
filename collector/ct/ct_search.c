/* What search services know about our names: crt.sh (JSON) and SSLMate's issuances, from their address or from recordings.
 *
 * Nobody can check such an answer, so it proves nothing and covers nothing of `ct`; it says what a log should be able to
 * show. A run asks for every domain. crt.sh is asked twice, for the name and for what is below it, and its answer is kept
 * when it is another than last time. SSLMate's pages follow each other by the id of the last element, until one is empty.
 *
 * Recordings: DIR/DOMAIN.json and DIR/DOMAIN.below.json (crt.sh); DIR/DOMAIN.json, DIR/DOMAIN.after-ID.json (SSLMate). */
#include "collector/ct/ct_search.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>

#include "collector/ct/ct_run.h"
#include "collector/registrar/json_walk.h"
#include "collector/table.h"

#define EVIDENCE  "ct-search"
#define LAG       AFD_DAY                         /* how late a service may take an entry up; not published */
#define MOST_ASKED 10000u                         /* domains */
#define MOST_PAGES 10000u                         /* of one domain in one run */
/* crt.sh stops at 10,000 names without a word, and counts them before it puts those of one certificate together. */
#define CUT_AT    9000u

struct search_config { const char *provider, *url, *token, *ca_file; struct afd_texts domains; int64_t pace; };
static const struct search_config defaults = { .pace = -1 };
static const struct afd_field fields[] = {
	{ "ca_file", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct search_config, ca_file), "certificates to trust for the server" },
	{ "domains", AFD_FIELD_NAMES, AFD_OPTIONAL, offsetof(struct search_config, domains), "what to ask for; default: the inventory's" },
	{ "pace", AFD_FIELD_DURATION, AFD_OPTIONAL, offsetof(struct search_config, pace), "between two requests; default 12s for crt.sh, 1s for sslmate" },
	{ "provider", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct search_config, provider), "crt.sh or sslmate" },
	{ "token", AFD_FIELD_SECRET, AFD_OPTIONAL, offsetof(struct search_config, token), "SSLMate's API key" },
	{ "url", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct search_config, url), "the service, or file:DIR of recordings" },
	{ 0 }
};

enum service { CRTSH, SSLMATE };
static const struct { const char *name, *url; int64_t pace; } services[] = {
	[CRTSH] = { "crt.sh", "https://crt.sh", 12 * AFD_SECOND },
	[SSLMATE] = { "sslmate", "https://api.certspotter.com/v1", AFD_SECOND },
};

struct asked_name { const char *name; bool below; };

struct state {
	struct search_config c;
	enum service service;
	const struct afd_env *env;
	bool replay;
	struct afd_buf url, secret, request_url, asked;
	struct asked_name *at; size_t n, next;
	json_t *marks;                            /* what each question came to: digest of the answer, or last id */
	int64_t until, now;                       /* end of what was searched before; NONE. Begin of this run */
	uint64_t pages, found;                    /* of the domain at hand; of the run */
	char why[300];                            /* the first thing that went wrong */
};

static int find_service(const char *name, enum service *ret)
{
	for (size_t i = 0; i < AFD_COUNT(services); i++)
		if (strcmp(services[i].name, name) == 0) {
			*ret = (enum service)i;
			return 0;
		}
	return -1;
}

static bool is_safe(const char *url)
{
	static const char *const roots[] = { "https://", "http://127.0.0.1:", "http://[::1]:", "http://localhost:", "file:" };

	for (size_t i = 0; i < AFD_COUNT(roots); i++)
		if (strncmp(url, roots[i], strlen(roots[i])) == 0)
			return true;
	return false;
}

static int scopes(const void *config, struct afd_buf *ret, struct afd_error *err)
{
	const struct search_config *c = config;
	enum service which;

	if (find_service(c->provider, &which) < 0)
		return afd_fail(err, AFD_E_CONFIG, "provider: expected crt.sh or sslmate, got \"%.100s\"", c->provider);
	if (c->url && (strlen(c->url) > 1000 || !is_safe(c->url)))
		return afd_fail(err, AFD_E_CONFIG, "url: expected https://... or file:DIR, got \"%.100s\"", c->url);
	if (c->domains.n > MOST_ASKED)
		return afd_fail(err, AFD_E_CONFIG, "domains: more than %u", MOST_ASKED);
	return afd_buf_text(ret, c->provider) < 0 ? afd_fail_memory(err) : 0;
}

/* --- the cursor: {"at":{QUESTION:MARK},"until":ms} --- */

struct mark { const struct afd_node *at; int64_t until; };
static const struct afd_field mark_fields[] = {
	{ "at", AFD_FIELD_NODE, AFD_REQUIRED, offsetof(struct mark, at) },
	{ "until", AFD_FIELD_INT, AFD_OPTIONAL, offsetof(struct mark, until) },
	{ 0 }
};

static int cursor_read(struct state *s, const char *text, struct afd_error *err)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;
	struct mark m = { .until = AFD_TIME_NONE };

	if (afd_json_parse(afd_slice_text(text), "cursor", &d, err) < 0 || afd_fields_read(d, afd_doc_root(d), mark_fields, &m, err) < 0)
		return -1;
	s->until = m.until;
	for (const struct afd_node *n = m.at->type == AFD_MAP ? m.at->u.list.first : NULL; n; n = n->next)
		if (afd_node_text(n) && json_object_set_new(s->marks, n->key, json_string(afd_node_text(n))) < 0)
			return afd_fail_memory(err);
	return 0;
}

static int checkpoint(const struct state *s, struct afd_keeper *keep, struct afd_error *err)
{
	json_t *doc = json_pack("{s:O}", "at", s->marks);
	AFD_AUTO(mem) char *text = NULL;

	if (doc && s->until != AFD_TIME_NONE)
		json_object_set_new(doc, "until", json_integer((json_int_t)s->until));
	text = doc ? json_dumps(doc, JSON_SORT_KEYS | JSON_COMPACT) : NULL;
	json_decref(doc);
	return text ? keep->checkpoint(keep->ctx, text, err) : afd_fail_memory(err);
}

/* --- begin and end --- */

static void end(void *state)
{
	struct state *s = state;

	if (!s)
		return;
	afd_buf_wipe(&s->secret);
	afd_buf_release(&s->url);
	afd_buf_release(&s->request_url);
	afd_buf_release(&s->asked);
	json_decref(s->marks);
	free(s->at);
	free(s);
}

static int bearer(struct state *s, const struct afd_source_config *sc, struct afd_error *err)
{
	struct afd_buf token = { 0 };
	int r = sc->secret(sc->secret_ctx, s->c.token, &token, err);

	for (size_t i = 0; r == 0 && i < token.len; i++)
		if (token.data[i] <= 0x20 || token.data[i] >= 0x7f)
			r = afd_fail(err, AFD_E_CONFIG, "token: %s: expected one line without blanks", s->c.token);
	if (r == 0 && (afd_buf_text(&s->secret, "Bearer ") < 0 || afd_buf_add_slice(&s->secret, afd_buf_slice(&token)) < 0))
		r = afd_fail_memory(err);
	afd_buf_wipe(&token);
	return r;
}

static void add_name(struct state *s, const char *name, bool below_too)
{
	s->at[s->n++] = (struct asked_name){ name, s->service == SSLMATE && below_too };
	if (s->service == CRTSH && below_too)
		s->at[s->n++] = (struct asked_name){ name, true };
}

/* The inventory's list has marks: "=name" alone, "~name" what looks like it, and ranges of addresses. */
static int add_names(struct state *s, const struct afd_watch *w, struct afd_error *err)
{
	size_t most = s->c.domains.n ? s->c.domains.n : w->n;

	s->at = calloc(2 * (most < MOST_ASKED ? most : MOST_ASKED) + 1, sizeof(*s->at));
	if (!s->at)
		return afd_fail_memory(err);
	for (size_t i = 0; i < s->c.domains.n; i++)
		add_name(s, s->c.domains.at[i], true);
	for (size_t i = 0; !s->c.domains.n && i < w->n; i++) {
		const char *name = w->name[i];

		if (*name == '~' || strchr(name, '/') || strchr(name, ':'))
			continue;
		if (s->n >= 2 * MOST_ASKED - 1)
			return afd_fail(err, AFD_E_CONFIG, "the inventory has more than %u names: say which to search for in `domains`", MOST_ASKED);
		add_name(s, name + (*name == '='), *name != '=');
	}
	return 0;
}

static int put_url(struct state *s, const char *base_dir, struct afd_error *err)
{
	const char *url = s->c.url ? s->c.url : services[s->service].url;
	size_t n = strlen(url);
	int rc = 0;

	if (s->replay && url[5] != '/') {
		rc = afd_buf_printf(&s->url, "file:%s/", base_dir && *base_dir ? base_dir : ".");
		url += 5;
		n -= 5;
	}
	while (n > 0 && url[n - 1] == '/')
		n--;
	return rc < 0 || afd_buf_add(&s->url, url, n) < 0 ? afd_fail_memory(err) : 0;
}

static int begin(const struct afd_source_config *sc, const void *config, const char *cursor, void **ret, struct afd_error *err)
{
	struct state *s = calloc(1, sizeof(*s));

	if (!s)
		return afd_fail_memory(err);
	s->c = *(const struct search_config *)config;
	s->until = AFD_TIME_NONE;
	s->env = sc->env;
	s->now = afd_now(sc->env);
	s->replay = s->c.url && strncmp(s->c.url, "file:", 5) == 0;
	s->marks = json_object();
	if (!s->marks) {
		afd_fail_memory(err);
		goto fail;
	}
	if (find_service(s->c.provider, &s->service) < 0 || add_names(s, sc->watch, err) < 0 || put_url(s, sc->base_dir, err) < 0 ||
	    afd_ct_contact_check((const char *)s->url.data, sc->contact, err) < 0 ||
	    (cursor && cursor_read(s, cursor, err) < 0) || (s->c.token && !s->replay && bearer(s, sc, err) < 0))
		goto fail;
	if (!s->replay && s->c.pace < 0)
		s->c.pace = services[s->service].pace;
	*ret = s;
	return 0;
fail:
	end(s);
	return -1;
}

/* --- asking --- */

/* Canonical names have letters, digits, '-', '_', '.', and escapes that nobody has in a domain. */
static bool plain_name(const char *name)
{
	return *name && *name != '.' && !name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_.")];
}

static const char *mark_of(const struct state *s)
{
	return json_string_value(json_object_get(s->marks, (const char *)s->asked.data));
}

/* The words for it; of SSLMate without the page, for that is what the mark says. */
static int put_question(struct state *s)
{
	const struct asked_name *a = &s->at[s->next];

	s->asked.len = 0;
	return s->service == CRTSH ? afd_buf_printf(&s->asked, "%s%s", a->below ? "%." : "", a->name)
				   : afd_buf_printf(&s->asked, "%s%s", a->name, a->below ? " and below" : "");
}

static int put_address(struct state *s)
{
	const struct asked_name *a = &s->at[s->next];
	const char *after = s->service == SSLMATE ? mark_of(s) : NULL;

	s->request_url.len = 0;
	if (afd_buf_add_slice(&s->request_url, afd_buf_slice(&s->url)) < 0)
		return -1;
	if (s->replay)
		return afd_buf_printf(&s->request_url, "/%s%s%s%s.json", a->name, s->service == CRTSH && a->below ? ".below" : "", after ? ".after-" : "",
		                      after ? after : "");
	if (s->service == CRTSH)
		return afd_buf_printf(&s->request_url, "/?q=%s%s&output=json", a->below ? "%25." : "", a->name);
	return afd_buf_printf(&s->request_url, "/issuances?domain=%s%s&expand=dns_names&expand=issuer&expand=cert_der%s%s", a->name,
	                      a->below ? "&include_subdomains=true" : "", after ? "&after=" : "", after ? after : "");
}

static int next(void *state, struct afd_request *q, struct afd_error *err)
{
	struct state *s = state;

	if (s->next >= s->n)
		return 0;
	if (!plain_name(s->at[s->next].name))
		return afd_fail(err, AFD_E_CONFIG, "%s: not a name that can be searched for", s->at[s->next].name);
	if (put_question(s) < 0 || put_address(s) < 0)
		return afd_fail_memory(err);
	*q = (struct afd_request){ .protocol = AFD_HTTP, .url = (const char *)s->request_url.data, .asked = (const char *)s->asked.data,
	                           .authenticated = true /* no redirects */, .ca_file = s->c.ca_file, .pace_ms = s->replay || s->c.pace < 0 ? 0 : s->c.pace };
	if (s->secret.len)
		q->header[q->n_header++] = (struct afd_header){ "Authorization", (const char *)s->secret.data };
	q->header[q->n_header++] = (struct afd_header){ "Accept", "application/json" };
	return 1;
}

/* --- taking --- */

static void went_wrong(struct state *s, const char *why)
{
	if (!*s->why)
		snprintf(s->why, sizeof(s->why), "%.90s: %.190s", (const char *)s->asked.data, why);
}

static int keep_page(const struct state *s, const struct afd_response *r, struct afd_keeper *keep, struct afd_error *err)
{
	const struct afd_draft d = { .kind = AFD_ITEM_ANSWER, .asked = (const char *)s->asked.data, .bytes = r->body };

	return keep->item(keep->ctx, &d, err);
}

static int set_mark(struct state *s, const char *mark, struct afd_error *err)
{
	return json_object_set_new(s->marks, (const char *)s->asked.data, json_string(mark)) < 0 ? afd_fail_memory(err) : 0;
}

/* The whole answer each time: one that is the same as last time is in the ledger. */
static int take_crtsh(struct state *s, const struct afd_response *r, const struct afd_ct_page_facts *f, struct afd_keeper *keep,
                      struct afd_error *err)
{
	struct afd_digest d;
	struct afd_hex64 hex;

	if (f->names >= CUT_AT)
		went_wrong(s, "the answer is as long as crt.sh lets one be; it is cut there without a word");
	s->next++;
	afd_sha256(r->body, &d);
	hex = afd_digest_hex(&d);
	if (mark_of(s) && strcmp(mark_of(s), hex.s) == 0)
		return 0;
	return keep_page(s, r, keep, err) < 0 ? -1 : set_mark(s, hex.s, err);
}

static int take_issuances(struct state *s, const struct afd_response *r, const struct afd_ct_page_facts *f, struct afd_keeper *keep,
                          struct afd_error *err)
{
	if (f->n == 0) {
		s->next++;
		s->pages = 0;
		return 0;
	}
	if (keep_page(s, r, keep, err) < 0)
		return -1;
	if (!*f->last || (mark_of(s) && strcmp(mark_of(s), f->last) == 0) || ++s->pages >= MOST_PAGES) {
		went_wrong(s, "its pages lead nowhere");
		s->next++;
		s->pages = 0;
		return 0;
	}
	return set_mark(s, f->last, err);
}

static int take_page(struct state *s, const struct afd_response *r, struct afd_keeper *keep, struct afd_error *err)
{
	struct afd_ct_page_facts f;
	struct afd_error why = { 0 };

	if (afd_ct_search_read(r->body, 0, NULL, &f, &why) < 0) {
		if (why.code == AFD_E_MEMORY)
			return afd_fail_memory(err);
		went_wrong(s, why.text);
		s->next++;
		return 0;
	}
	if (f.bad)
		went_wrong(s, f.why);
	s->found += f.n;
	/* a recording knows nothing of what came after it was made */
	if (s->replay && r->server_ms != AFD_TIME_NONE && r->server_ms < s->now)
		s->now = r->server_ms;
	return s->service == CRTSH ? take_crtsh(s, r, &f, keep, err) : take_issuances(s, r, &f, keep, err);
}

/* Everything was asked. One question without an answer, and nobody can say what the search would have shown. */
static int finish(struct state *s, struct afd_keeper *keep, struct afd_error *err)
{
	AFD_AUTO(mem) char *told = afd_sprintf("%zu questions, %" PRIu64 " new or changed results; a search proves nothing", s->n, s->found);
	struct afd_row_coverage c = { .evidence = EVIDENCE, .scope = s->c.provider, .at = { 0, s->now }, .grade = AFD_SAMPLED,
	                              .provider_count = -1, .stored_count = -1, .lag_ms = LAG };

	if (!told)
		return afd_fail_memory(err);
	c.reason = told;
	if (*s->why) {
		c.grade = AFD_GAP;
		c.reason = s->why;
		c.at.from = s->until != AFD_TIME_NONE && s->until < s->now ? s->until : s->now - 1;
	} else {
		s->until = s->now;
	}
	return keep->cover(keep->ctx, &c, err) < 0 ? -1 : checkpoint(s, keep, err);
}

static int take(void *state, const struct afd_response *r, const struct afd_error *why, struct afd_keeper *keep, struct afd_error *err)
{
	struct state *s = state;
	char reason[64];

	if (r && (r->status == 200 || (s->replay && r->status == 0))) {
		if (take_page(s, r, keep, err) < 0)
			return -1;
	} else {
		snprintf(reason, sizeof(reason), s->replay ? "there is no recording of it" : "HTTP %d", r ? r->status : 0);
		went_wrong(s, r ? reason : why->text);
		s->next++;
		s->pages = 0;
	}
	keep->progress(keep->ctx, s->next, s->n, "questions");
	if (s->next >= s->n)
		return finish(s, keep, err);
	return checkpoint(s, keep, err);
}

/* --- pure --- */

static int split(struct afd_slice bytes, struct afd_ranges *parts, struct afd_error *err)
{
	return afd_json_tile(bytes, NULL, parts, err);
}

static int decode(const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err)
{
	return afd_ct_search_read(item->bytes, item->parts.n, sink, NULL, err);
}

const struct afd_provider afd_provider_ct_search = {
	.kind = "ct-search",
	.leg = AFD_LEG_CT,
	.title = "Search services for certificates (crt.sh, SSLMate)",
	.help = "Asks a search service which certificates there are for our names. Its answers cannot be checked, so they prove nothing: a result is "
		"\"not proven\" until a log that is read shows the same certificate, and certificate-search-unproven lists those that none shows. "
		"crt.sh is slow and often refuses; SSLMate knows certificates that have not expired, and wants a token for more than a few requests.",
	.basis = "tested on recordings and on a server made for the test",
	.evidence = EVIDENCE,
	.lag_ms = LAG,
	.fields = fields,
	.config_size = sizeof(struct search_config),
	.config_defaults = &defaults,
	.scopes = scopes,
	.begin = begin,
	.next = next,
	.take = take,
	.end = end,
	.split = split,
	.decode = decode,
};
