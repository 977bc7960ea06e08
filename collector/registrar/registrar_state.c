/* The run of a source of a registrar's account: the list of domains, then each domain's answers as one item. */
#include "collector/registrar/registrar_state.h"

#include <inttypes.h>
#include <stdio.h>

#include "collector/registrar/registrar_private.h"
#include "core/name.h"

enum { DOMAINS, DOMAIN, CALLS };

struct run {
	const struct afd_registrar *r;
	const struct afd_registrar_config *c;
	struct afd_pages_spec spec;
	struct afd_call call[CALLS];
	char **name; size_t n;                    /* domains that are asked for */
};

static void run_end(void *own)
{
	struct run *w = own;

	for (size_t i = 0; i < w->n; i++)
		free(w->name[i]);
	free(w->name);
	free(w);
}

/* --- asking --- */

/* Of the turn of a domain: "STEP" or "STEP ID ID ...": the ids that are still to be asked for. NULL: the first step. */
static unsigned step_of(const struct afd_turn *t, char id[64])
{
	const char *blank = t->token ? strchr(t->token, ' ') : NULL;
	unsigned step = 0;

	id[0] = '\0';
	for (const char *s = t->token; s && *s >= '0' && *s <= '9' && step < 100; s++)
		step = step * 10 + (unsigned)(*s - '0');
	if (blank)
		snprintf(id, 64, "%.*s", (int)strcspn(blank + 1, " "), blank + 1);
	return step;
}

static int fill_word(const char *word, size_t n, const struct afd_turn *t, const char *id, struct afd_ask *q)
{
	const bool domain = strcmp(t->call->name, "domains") != 0;

	if (n == 6 && memcmp(word, "domain", n) == 0)
		return afd_escape(t->scope, &q->url);
	if (n == 7 && memcmp(word, "account", n) == 0)
		return afd_escape(domain ? t->subject : t->scope, &q->url);
	if (n == 4 && memcmp(word, "page", n) == 0)
		return afd_buf_text(&q->url, t->token ? t->token : "1");
	if (n == 5 && memcmp(word, "token", n) == 0)
		return afd_buf_text(&q->url, t->token ? t->token : "");
	return afd_escape(id ? id : "", &q->url);
}

int afd_registrar_fill(const char *path, const struct afd_turn *t, const char *id, struct afd_ask *q, struct afd_error *err)
{
	while (*path) {
		const size_t n = strcspn(path, "{"), m = path[n] ? strcspn(path + n, "}") : 0;

		if (afd_buf_add(&q->url, path, n) < 0 || (m && fill_word(path + n + 1, m - 1, t, id, q) < 0))
			return afd_fail_memory(err);
		path += n + m + (m ? 1 : 0);
	}
	return 0;
}

static int ask_domains(void *own, const struct afd_turn *t, struct afd_ask *q, struct afd_error *err)
{
	const struct run *w = own;

	return afd_registrar_fill(w->r->list, t, NULL, q, err) < 0 || (w->r->ask && w->r->ask(w->r, t, q, err) < 0) ? -1 : 0;
}

static int ask_domain(void *own, const struct afd_turn *t, struct afd_ask *q, struct afd_error *err)
{
	const struct run *w = own;
	char id[64];
	const unsigned step = step_of(t, id);
	const struct afd_registrar_step *s = &w->r->step[step < w->r->n_step ? step : 0];

	return afd_registrar_fill(*id ? s->each : s->path, t, id, q, err) < 0 || (w->r->ask && w->r->ask(w->r, t, q, err) < 0) ? -1 : 0;
}

/* --- reading --- */

struct found { struct run *w; struct afd_pages *p; };

static int found(void *ctx, const char *text, struct afd_error *err)
{
	struct found *f = ctx;
	char name[AFD_NAME_MAX], **more;

	if (!f->w->r->n_step || afd_name_canonical(afd_slice_text(text), name, NULL) < 0)
		return 0;
	for (size_t i = 0; i < f->w->n; i++)
		if (!strcmp(f->w->name[i], name))     /* a list that is read again, or that moved between its pages */
			return 0;
	more = realloc(f->w->name, (f->w->n + 1) * sizeof(*more));
	if (!more)
		return afd_fail_memory(err);
	f->w->name = more;
	more[f->w->n] = afd_strdup(name);
	if (!more[f->w->n++])
		return afd_fail_memory(err);
	return afd_pages_add(f->p, DOMAIN, name, f->w->c->account, (struct afd_span){ 0, 0 }, err);
}

static int found_node(void *ctx, const struct afd_node *n, struct afd_error *err)
{
	return afd_node_text(n) && *afd_node_text(n) ? found(ctx, afd_node_text(n), err) : 0;
}

static int json_of(const struct afd_response *r, struct afd_doc **ret, struct afd_error *err)
{
	struct afd_error why = { 0 };

	/* the parser's words repeat a stranger's */
	if (afd_json_parse(r->body, "answer", ret, &why) == 0)
		return 0;
	return why.code == AFD_E_MEMORY ? afd_fail_memory(err) : afd_fail(err, AFD_E_PARSE, "the answer is not JSON");
}

static const struct afd_node *list_at(const struct afd_node *n, const char *path)
{
	char key[64];

	while (n && *path && strncmp(path, "[]", 2) != 0) {
		const size_t len = strcspn(path, ".[");

		if (len >= sizeof(key))
			return NULL;
		memcpy(key, path, len);
		key[len] = '\0';
		n = afd_node_get(n, key);
		path += len + (path[len] == '.');
	}
	return n && n->type == AFD_LIST ? n : NULL;
}

/* No status: a recording. */
static bool is_there(const struct afd_response *r)
{
	return r->status == 200 || !r->status;
}

static int read_domains(void *own, struct afd_pages *p, const struct afd_turn *t, const struct afd_response *r, struct afd_page *ret,
			struct afd_error *err)
{
	struct run *w = own;
	struct found f = { w, p };
	AFD_AUTO(doc) struct afd_doc *d = NULL;
	const char *const names = w->r->rows ? w->r->rows : w->r->names;
	const struct afd_node *list;

	if (!is_there(r))
		return afd_fail(err, AFD_E_REMOTE, "HTTP %d: the provider knows no such list", r->status);
	if (w->r->xml_names)
		return w->r->xml_names(r->body, ret, t, found, &f, err);
	if (json_of(r, &d, err) < 0)
		return -1;
	list = list_at(afd_doc_root(d), names);
	if (!list)
		return afd_fail(err, AFD_E_PARSE, "the answer has no list of domains at \"%s\"", *names == '[' ? "the root" : names);
	ret->n = list->u.list.n;
	/* first: adding turns moves T */
	if (w->r->next && w->r->next(afd_doc_root(d), t, r, ret) < 0)
		return afd_fail_memory(err);
	return w->r->names ? afd_registrar_walk(afd_doc_root(d), w->r->names, found_node, NULL, &f, err) : 0;
}

static int add_id(void *ctx, const char *id)
{
	return afd_buf_printf(ctx, " %s", id);
}

/* What is asked next for the domain: the ids of this step, then the step after it. */
static int next_of(const struct afd_registrar *r, unsigned step, const struct afd_turn *t, const struct afd_node *root, struct afd_page *ret,
		   struct afd_error *err)
{
	const char *blank = t->token ? strchr(t->token, ' ') : NULL, *rest = blank ? strchr(blank + 1, ' ') : NULL;
	AFD_AUTO(buf) struct afd_buf ids = { 0 };

	if (!blank)
		afd_registrar_ids(&r->step[step], root, add_id, &ids);
	if (rest || ids.len)
		return afd_buf_printf(&ret->next, "%u%s", step, rest ? rest : (char *)ids.data) < 0 ? afd_fail_memory(err) : 0;
	return step + 1 < r->n_step && afd_buf_printf(&ret->next, "%u", step + 1) < 0 ? afd_fail_memory(err) : 0;
}

/* Its first answer has a place for the domain's name: one that is empty is another document. */
static bool names_itself(const struct afd_registrar *r)
{
	for (size_t i = 0; i < r->n_path; i++)
		if (r->path[i].step == 1 && r->path[i].field == AFD_STATE_NAME)
			return true;
	return false;
}

static int read_domain(void *own, struct afd_pages *p, const struct afd_turn *t, const struct afd_response *r, struct afd_page *ret,
		       struct afd_error *err)
{
	const struct run *w = own;
	AFD_AUTO(doc) struct afd_doc *d = NULL;
	AFD_AUTO(state) struct afd_state s = { 0 };
	char id[64];
	const unsigned step = step_of(t, id);

	(void)p;
	if (step >= w->r->n_step)
		return afd_fail(err, AFD_E_PARSE, "a step that there is not");
	if (!is_there(r) && !step)
		return afd_fail(err, AFD_E_REMOTE, "HTTP %d: the account holds no such domain", r->status);
	ret->n = 1;
	if (w->r->xml_page)
		return w->r->xml_page(&s, step + 1, r->body, err) < 0 ? -1 : next_of(w->r, step, t, NULL, ret, err);
	if (json_of(r, &d, err) < 0 || (!step && afd_registrar_put(w->r, &s, 1, afd_doc_root(d), err) < 0))
		return -1;
	if (!step && !*id && is_there(r) && !s.name && names_itself(w->r))
		return afd_fail(err, AFD_E_PARSE, "the answer does not say which domain it is about");
	if (s.name && strcmp(s.name, t->scope) != 0)
		return afd_fail(err, AFD_E_PARSE, "the answer is about another domain");
	return next_of(w->r, step, t, is_there(r) ? afd_doc_root(d) : NULL, ret, err);
}

/* --- the run --- */

static int start(void *own, struct afd_pages *p, struct afd_error *err)
{
	struct run *w = own;
	struct found f = { w, p };

	if (!w->c->domains.n || !w->r->n_step)
		return afd_pages_add(p, DOMAINS, w->c->account, "", (struct afd_span){ 0, 0 }, err);
	for (size_t i = 0; i < w->c->domains.n; i++)
		if (found(&f, w->c->domains.at[i], err) < 0)
			return -1;
	return 0;
}

/* 404 of a step is an answer: there is no such thing for this domain. */
static enum afd_judged judge(const struct afd_response *r)
{
	return r->status == 404 ? AFD_JUDGED_PAGE : afd_judge_status(r);
}

int afd_registrar_begin(const struct afd_registrar *r, const struct afd_source_config *sc, const struct afd_registrar_config *c,
			struct afd_auth *auth, const char *cursor, void **ret, struct afd_error *err)
{
	struct run *w = calloc(1, sizeof(*w));
	struct afd_pages_setup setup = { .base = c->url, .auth = auth, .own = w };

	if (!w) {
		afd_auth_free(auth);
		return afd_fail_memory(err);
	}
	w->r = r;
	w->c = c;
	w->call[DOMAINS] = (struct afd_call){ .name = "domains", .kept = AFD_KEPT_LIST, .grade = AFD_SAMPLED, .numbered = true, .ask = ask_domains, .read = read_domains };
	w->call[DOMAIN] = (struct afd_call){ .name = "domain", .kept = AFD_KEPT_LIST, .grade = AFD_SAMPLED, .ask = ask_domain, .read = read_domain };
	w->spec = (struct afd_pages_spec){ .call = w->call, .n_call = CALLS, .accept = r->accept, .judge = r->judge ? r->judge : judge,
		.refused = r->refused, .excess = r->excess, .n_excess = r->n_excess, .pace_ms = r->pace_ms, .burst = r->burst, .start = start, .end = run_end };
	setup.spec = &w->spec;
	return afd_pages_begin(sc, &setup, cursor, ret, err);
}

int afd_registrar_token_begin(const struct afd_registrar *r, const struct afd_source_config *sc, const void *token_config,
			      const char *cursor, void **ret, struct afd_error *err)
{
	const struct afd_registrar_token_config *c = token_config;
	struct afd_auth *auth = NULL;

	if (c->token && afd_auth_header(sc, "token", c->token, r->header, r->prefix, &auth, err) < 0)
		return -1;
	return afd_registrar_begin(r, sc, &c->r, auth, cursor, ret, err);
}

int afd_registrar_scopes(const struct afd_registrar_config *c, struct afd_buf *ret, struct afd_error *err)
{
	if (c->account[strcspn(c->account, " \t")])
		return afd_fail(err, AFD_E_CONFIG, "account: expected one word");
	if (c->domains.n)
		return afd_hosted_scopes(&c->domains, c->url, ret, err);
	if (afd_pages_base_check(c->url, err) < 0)
		return -1;
	return afd_buf_text(ret, c->account) < 0 ? afd_fail_memory(err) : 0;
}

int afd_registrar_token_scopes(const void *token_config, struct afd_buf *ret, struct afd_error *err)
{
	const struct afd_registrar_token_config *c = token_config;

	if (strncmp(c->r.url, "file:", 5) != 0 && !c->token)
		return afd_fail(err, AFD_E_CONFIG, "token: a required field is missing");
	return afd_registrar_scopes(&c->r, ret, err);
}
