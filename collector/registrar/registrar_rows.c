/* What a registrar's API says of a domain, by a table of paths, as a row. Pure. */
#include <stdio.h>
#include <strings.h>

#include "collector/registrar/registrar_private.h"
#include "core/digest.h"
#include "core/name.h"

#define MAX_LIST 256u
#define MAX_IDS  1000u

void afd_state_release(struct afd_state *s)
{
	struct afd_state_list *const lists[] = { &s->status, &s->name_server, &s->ds };

	for (size_t i = 0; i < AFD_COUNT(lists); i++) {
		for (size_t k = 0; k < lists[i]->n; k++)
			free(lists[i]->at[k]);
		free(lists[i]->at);
	}
	for (size_t i = 0; i < AFD_COUNT(s->contact); i++) {
		free((char *)s->contact[i].handle);
		free((char *)s->contact[i].name);
		free((char *)s->contact[i].email);
	}
	free(s->name);
	free(s->registrar);
	*s = (struct afd_state){ 0 };
}

/* --- paths --- */

int afd_registrar_walk(const struct afd_node *n, const char *path, afd_registrar_see *see, afd_registrar_see *list, void *ctx,
		       struct afd_error *err)
{
	char key[64];

	while (n && *path && strncmp(path, "[]", 2) != 0) {
		const size_t len = strcspn(path, ".[");

		if (len >= sizeof(key))
			return 0;
		memcpy(key, path, len);
		key[len] = '\0';
		n = afd_node_get(n, key);
		path += len + (path[len] == '.');
	}
	if (!n)
		return 0;
	if (!*path)
		return see(ctx, n, err);
	if (n->type != AFD_LIST)
		return 0;
	if (list && list(ctx, n, err) < 0)
		return -1;
	path += 2 + (path[2] == '.');
	for (const struct afd_node *e = n->u.list.first; e; e = e->next)
		if (afd_registrar_walk(e, path, see, list, ctx, err) < 0)
			return -1;
	return 0;
}

static bool id_of(const struct afd_node *n, char ret[64])
{
	const char *s = afd_node_text(n);

	if (n->type == AFD_INT)
		return snprintf(ret, 64, "%lld", (long long)n->u.i) > 0;
	if (!s || !*s || strlen(s) >= 64 || s[strcspn(s, " /?#")])
		return false;
	snprintf(ret, 64, "%s", s);
	return true;
}

struct one_id { int (*each)(void *ctx, const char *id); void *ctx; size_t n; };

static int see_id(void *ctx, const struct afd_node *n, struct afd_error *err)
{
	struct one_id *o = ctx;
	char id[64];

	(void)err;
	if (o->n || !id_of(n, id))
		return 0;
	o->n = 1;
	return o->each ? o->each(o->ctx, id) : 0;
}

size_t afd_registrar_ids(const struct afd_registrar_step *step, const struct afd_node *answer, int (*each)(void *ctx, const char *id), void *ctx)
{
	struct one_id one = { each, ctx, 0 };

	const size_t most = step->last ? step->last : MAX_IDS;
	size_t all = 0, n = 0, at = 0;
	char id[64];

	if (step->each && step->at && answer) {
		afd_registrar_walk(answer, step->at, see_id, NULL, &one, NULL);
		return one.n;
	}
	if (!step->each || !answer || answer->type != AFD_LIST)
		return 0;
	for (const struct afd_node *e = answer->u.list.first; e; e = e->next)
		all += id_of(e, id);
	for (const struct afd_node *e = answer->u.list.first; e; e = e->next) {
		if (!id_of(e, id) || (step->last ? at++ + most < all : at++ >= most))
			continue;
		n++;
		if (each && each(ctx, id) < 0)
			return n;
	}
	return n;
}

/* --- values --- */

/* WORD stands in the list "a,b,c". */
static bool word_in(const char *list, size_t len, const char *word)
{
	const size_t n = strlen(word);

	for (size_t at = 0; at < len; at += strcspn(list + at, ",/") + 1)
		if (strncasecmp(list + at, word, n) == 0 && (at + n >= len || list[at + n] == ','))
			return n > 0;
	return false;
}

static enum afd_known flag_of(const char *words, const char *text)
{
	const char *const all = words ? words : "true,1,yes,on,enabled/false,0,no,off,disabled";
	const size_t yes = strcspn(all, "/");

	if (word_in(all, yes, text))
		return AFD_YES;
	return all[yes] && word_in(all + yes + 1, strlen(all + yes + 1), text) ? AFD_NO : AFD_NOT_STATED;
}

int64_t afd_state_time(const char *text)
{
	int year, mon, day, hour = 0, min = 0, sec = 0, end = 0;
	int64_t ms;

	if (afd_when_parse(text, &ms, NULL) == 0)
		return ms;
	if (sscanf(text, "%4d-%2d-%2d%*1[ T]%2d:%2d:%2d%n", &year, &mon, &day, &hour, &min, &sec, &end) == 6 && end &&
	    (!text[end] || text[end] == '.') && afd_when_civil(year, mon, day, hour, min, sec, 0, &ms) == 0)
		return ms;
	end = 0;
	if (sscanf(text, "%2d/%2d/%4d%n", &mon, &day, &year, &end) == 3 && end && (!text[end] || text[end] == ' ') &&
	    afd_when_civil(year, mon, day, 0, 0, 0, 0, &ms) == 0)
		return ms;
	return AFD_TIME_NONE;
}

static struct afd_state_list *list_of(struct afd_state *s, enum afd_state_field f)
{
	return f == AFD_STATE_STATUS ? &s->status : f == AFD_STATE_NAME_SERVER ? &s->name_server : f == AFD_STATE_DS ? &s->ds : NULL;
}

void afd_state_told(struct afd_state *s, enum afd_state_field field)
{
	struct afd_state_list *l = list_of(s, field);

	if (l)
		l->told = true;
}

static int list_add(struct afd_state_list *l, const char *text, struct afd_error *err)
{
	char **more;

	l->told = true;
	for (size_t i = 0; i < l->n; i++)
		if (!strcmp(l->at[i], text))
			return 0;
	if (l->n >= MAX_LIST)
		return afd_fail(err, AFD_E_LIMIT, "more than %u values in a list", MAX_LIST);
	more = realloc(l->at, (l->n + 1) * sizeof(*more));
	if (!more)
		return afd_fail_memory(err);
	l->at = more;
	more[l->n] = afd_strdup(text);
	return more[l->n++] ? 0 : afd_fail_memory(err);
}

/* "ok,serverTransferProhibited" */
static int statuses_add(struct afd_state *s, const char *text, struct afd_error *err)
{
	s->status.told = true;
	while (*text) {
		const size_t n = strcspn(text, ",");
		const size_t skip = strspn(text, " ");
		AFD_AUTO(mem) char *one = n > skip ? afd_text_dup(afd_slice(text + skip, n - skip)) : NULL;

		if (n > skip && (!one || list_add(&s->status, one, err) < 0))
			return one ? -1 : afd_fail_memory(err);
		text += n + (text[n] == ',');
	}
	return 0;
}

static int name_server_add(struct afd_state *s, const char *text, struct afd_error *err)
{
	char name[AFD_NAME_MAX];

	return list_add(&s->name_server, afd_name_canonical(afd_slice_text(text), name, NULL) == 0 ? name : text, err);
}

static int64_t *time_of(struct afd_state *s, enum afd_state_field f)
{
	return f == AFD_STATE_CREATED ? &s->row.created_ms : f == AFD_STATE_UPDATED ? &s->row.updated_ms :
	       f == AFD_STATE_TRANSFERRED ? &s->row.transferred_ms : f == AFD_STATE_EXPIRES ? &s->row.expires_ms : NULL;
}

static enum afd_known *known_of(struct afd_state *s, enum afd_state_field f)
{
	return f == AFD_STATE_TRANSFER_LOCK ? &s->row.transfer_lock : f == AFD_STATE_REGISTRY_LOCK ? &s->row.registry_lock :
	       f == AFD_STATE_AUTO_RENEW ? &s->row.auto_renew : f == AFD_STATE_PRIVACY ? &s->row.privacy : NULL;
}

int afd_state_put_text(struct afd_state *s, const struct afd_state_path *p, const char *text, struct afd_error *err)
{
	char name[AFD_NAME_MAX];
	enum afd_known *known = known_of(s, p->field), told;
	int64_t *time = time_of(s, p->field), ms;

	if (p->field == AFD_STATE_AUTH_CODE) {          /* that there is one; the code itself was cut out before */
		s->row.auth_code = *text ? AFD_YES : AFD_NO;
		return 0;
	}
	if (!*text)
		return 0;
	if (p->field == AFD_STATE_STATUS)
		return statuses_add(s, text, err);
	if (p->field == AFD_STATE_NAME_SERVER)
		return name_server_add(s, text, err);
	if (p->field == AFD_STATE_DS)
		return list_add(&s->ds, text, err);
	if (known && (told = flag_of(p->word, text)) != AFD_NOT_STATED)
		*known = told;
	if (time && (ms = afd_state_time(text)) != AFD_TIME_NONE)
		*time = ms;
	if (p->field == AFD_STATE_REGISTRAR && !s->registrar && !(s->registrar = afd_strdup(text)))
		return afd_fail_memory(err);
	if (p->field == AFD_STATE_NAME && !s->name && afd_name_canonical(afd_slice_text(text), name, NULL) == 0 && !(s->name = afd_strdup(name)))
		return afd_fail_memory(err);
	return 0;
}

/* --- maps --- */

static const char *any_word(const struct afd_node *map, const char *const *keys, size_t n, char number[32])
{
	for (size_t i = 0; i < n; i++) {
		const struct afd_node *v = afd_node_get(map, keys[i]);

		if (afd_node_text(v) && *afd_node_text(v))
			return afd_node_text(v);
		if (v && v->type == AFD_INT && snprintf(number, 32, "%lld", (long long)v->u.i) > 0)
			return number;
	}
	return NULL;
}
#define ANY(map, number, ...) any_word(map, (const char *const[]){ __VA_ARGS__ }, sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *), number)

/* "TAG ALGORITHM DIGESTTYPE DIGEST" */
static int ds_add(struct afd_state *s, const struct afd_node *map, struct afd_error *err)
{
	char n[4][32];
	const char *tag = ANY(map, n[0], "keytag", "keyTag", "key_tag", "tag", "KeyTag"), *alg = ANY(map, n[1], "algorithm", "alg", "Algorithm");
	const char *type = ANY(map, n[2], "digest_type", "digestType", "DigestType"), *digest = ANY(map, n[3], "digest", "Digest");
	const char *key = ANY(map, n[3], "public_key", "publicKey", "PublicKey");
	AFD_AUTO(mem) char *text = NULL;
	struct afd_digest d;

	s->ds.told = true;
	if (!tag || !alg || (!digest && !key))
		return 0;
	/* where the key alone is told, its digest stands for it: it differs when the key does */
	if (!digest)
		afd_sha256(afd_slice_text(key), &d);
	text = digest ? afd_sprintf("%s %s %s %s", tag, alg, type ? type : "-", digest) : afd_sprintf("%s %s key %s", tag, alg, afd_digest_hex(&d).s);
	for (char *p = text ? strrchr(text, ' ') : NULL; p && *p; p++)
		*p = (char)(*p >= 'A' && *p <= 'Z' ? *p + ('a' - 'A') : *p);
	return text ? list_add(&s->ds, text, err) : afd_fail_memory(err);
}

static int contact_add(struct afd_state *s, const char *role, const struct afd_node *map, struct afd_error *err)
{
	char n[5][32];
	struct afd_contact *c = s->row.n_contact < AFD_COUNT(s->contact) ? &s->contact[s->row.n_contact] : NULL;
	const char *first = ANY(map, n[0], "given", "nameFirst", "first_name"), *last = ANY(map, n[1], "family", "nameLast", "last_name");
	const char *whole = ANY(map, n[2], "orgname", "organization", "organization_name", "fullname", "name");
	const char *email = ANY(map, n[3], "email"), *handle = afd_node_text(map) ? afd_node_text(map) : ANY(map, n[4], "id", "handle", "contactId");

	if (!c || (map->type != AFD_MAP && !handle))
		return 0;
	s->row.n_contact++;
	s->row.contacts = AFD_YES;
	c->role = role;
	c->handle = handle ? afd_strdup(handle) : NULL;
	c->email = email ? afd_strdup(email) : NULL;
	if (first || last || whole)
		c->name = afd_sprintf("%s%s%s%s%s", first ? first : "", first && last ? " " : "", last ? last : "", (first || last) && whole ? ", " : "", whole ? whole : "");
	return (handle && !c->handle) || (email && !c->email) || ((first || last || whole) && !c->name) ? afd_fail_memory(err) : 0;
}

int afd_state_put(struct afd_state *s, const struct afd_state_path *p, const struct afd_node *v, struct afd_error *err)
{
	char number[32];
	const char *text = afd_node_text(v);

	if (v->type == AFD_NULL)
		return 0;
	if (v->type == AFD_MAP && p->field == AFD_STATE_DS)
		return ds_add(s, v, err);
	if (p->field == AFD_STATE_CONTACT)
		return contact_add(s, p->word ? p->word : "registrant", v, err);
	if (v->type == AFD_LIST) {
		afd_state_told(s, p->field);
		for (const struct afd_node *e = v->u.list.first; e; e = e->next)
			if (e->type != AFD_LIST && afd_state_put(s, p, e, err) < 0)
				return -1;
		return 0;
	}
	if (list_of(s, p->field) && !text)              /* ids of what is told elsewhere */
		return 0;
	if (v->type == AFD_INT)
		snprintf(number, sizeof(number), "%lld", (long long)v->u.i);
	if (v->type == AFD_BOOL)
		snprintf(number, sizeof(number), "%s", v->u.i ? "true" : "false");
	/* seconds since 1970, with or without a fraction */
	if (p->field >= AFD_STATE_CREATED && p->field <= AFD_STATE_EXPIRES && (v->type == AFD_INT || v->type == AFD_REAL)) {
		const double seconds = v->type == AFD_INT ? (double)v->u.i : v->u.real;

		return seconds > 0 && seconds < 1e11 ? afd_state_put_text(s, p, afd_when_text((int64_t)(seconds * 1000)).s, err) : 0;
	}
	if (v->type != AFD_INT && v->type != AFD_BOOL && !text)
		return 0;
	return afd_state_put_text(s, p, text ? text : number, err);
}

/* --- answers --- */

struct walk { struct afd_state *s; const struct afd_state_path *p; };

static int see(void *ctx, const struct afd_node *n, struct afd_error *err)
{
	const struct walk *w = ctx;

	return afd_state_put(w->s, w->p, n, err);
}

static int see_list(void *ctx, const struct afd_node *n, struct afd_error *err)
{
	const struct walk *w = ctx;

	(void)n, (void)err;
	afd_state_told(w->s, w->p->field);
	return 0;
}

int afd_registrar_put(const struct afd_registrar *r, struct afd_state *s, unsigned step, const struct afd_node *n, struct afd_error *err)
{
	for (size_t i = 0; i < r->n_path; i++) {
		struct walk w = { s, &r->path[i] };

		if (r->path[i].step == step && afd_registrar_walk(n, r->path[i].path, see, see_list, &w, err) < 0)
			return -1;
	}
	return 0;
}

void afd_registrar_state_begin(struct afd_state *s, const struct afd_item_view *item)
{
	*s = (struct afd_state){ .row = { .view = "provider", .created_ms = AFD_TIME_NONE, .updated_ms = AFD_TIME_NONE,
		.transferred_ms = AFD_TIME_NONE, .expires_ms = AFD_TIME_NONE, .registrar_expires_ms = AFD_TIME_NONE, .data_ms = AFD_TIME_NONE,
		.seen_ms = item->record->received_ms } };
}

static struct afd_told_list told(const struct afd_state_list *l)
{
	return (struct afd_told_list){ l->told ? AFD_YES : AFD_NOT_STATED, (const char *const *)l->at, l->n };
}

int afd_registrar_tell(struct afd_state *s, const char *domain, const char *account, struct afd_sink *sink, struct afd_error *err)
{
	if (s->name && strcmp(s->name, domain) != 0)
		return afd_fail(err, AFD_E_PARSE, "asked for %s, the answer is about %.200s", domain, s->name);
	s->row.domain = domain;
	s->row.account = account;
	s->row.registrar = s->registrar;
	s->row.status = told(&s->status);
	s->row.name_server = told(&s->name_server);
	s->row.ds = told(&s->ds);
	s->row.contact = s->contact;
	return sink->domain_state(sink->ctx, &s->row, err);
}

static int decode_domain(const struct afd_registrar *r, const struct afd_list *l, const struct afd_item_view *item, struct afd_sink *sink,
			 struct afd_error *err)
{
	AFD_AUTO(state) struct afd_state s = { 0 };
	unsigned step = 0, as;
	size_t left = 0;

	afd_registrar_state_begin(&s, item);
	for (size_t i = 0; i < l->n && step <= r->n_step; i++) {
		AFD_AUTO(doc) struct afd_doc *d = NULL;

		if (r->xml_page) {
			if (r->xml_page(&s, ++step, l->page[i].body, err) < 0)
				return -1;
			continue;
		}
		if (afd_json_parse(l->page[i].body, "answer", &d, err) < 0)
			return afd_within(err, "answer %zu", i + 1);
		as = left && r->step[step - 1].each_as ? r->step[step - 1].each_as : 0;
		if (left)
			left--;
		else if (step < r->n_step)
			left = afd_registrar_ids(&r->step[step++], afd_doc_root(d), NULL, NULL);
		if (!as)
			as = step;
		if (r->event && r->event(l, as, afd_doc_root(d), item, sink, err) < 0)
			return -1;
		if (afd_registrar_put(r, &s, as, afd_doc_root(d), err) < 0)
			return -1;
	}
	return afd_registrar_tell(&s, l->scope, l->subject, sink, err);
}

struct rows { const struct afd_registrar *r; const struct afd_list *l; const struct afd_item_view *item; struct afd_sink *sink; };

static int row(void *ctx, const struct afd_node *n, struct afd_error *err)
{
	const struct rows *w = ctx;
	AFD_AUTO(state) struct afd_state s = { 0 };

	afd_registrar_state_begin(&s, w->item);
	if (afd_registrar_put(w->r, &s, 1, n, err) < 0)
		return -1;
	return s.name ? afd_registrar_tell(&s, s.name, w->l->scope, w->sink, err) : 0;
}

static int decode_rows(const struct afd_registrar *r, const struct afd_list *l, const struct afd_item_view *item, struct afd_sink *sink,
		       struct afd_error *err)
{
	struct rows w = { r, l, item, sink };

	for (size_t i = 0; i < l->n; i++) {
		AFD_AUTO(doc) struct afd_doc *d = NULL;

		if (afd_json_parse(l->page[i].body, "answer", &d, err) < 0 ||
		    afd_registrar_walk(afd_doc_root(d), r->rows, row, NULL, &w, err) < 0)
			return afd_within(err, "page %zu", i + 1);
	}
	return 0;
}

int afd_registrar_decode(const struct afd_registrar *r, const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err)
{
	AFD_AUTO(list) struct afd_list l = { 0 };

	if (afd_pages_unchanged(item))
		return 0;
	if (afd_list_read(item->bytes, &l, err) < 0)
		return -1;
	if (strcmp(l.call, "domain") == 0)
		return decode_domain(r, &l, item, sink, err);
	if (strcmp(l.call, "domains") == 0)
		return r->rows ? decode_rows(r, &l, item, sink, err) : 0;
	return 0;
}
