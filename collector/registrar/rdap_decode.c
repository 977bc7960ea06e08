/* Answers of RDAP in our words. Servers disagree on everything that is optional: what is not there is not stated, what
 * was redacted (RFC 9537) is withheld, and neither is "no". Statuses become EPP's names (RFC 8056). */
#include "collector/registrar/rdap.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>

#include "core/name.h"

enum { MAX_LIST = 256, MAX_CONTACTS = 64, MAX_ENTITIES = 256 };

static const char *text_at(const struct afd_node *map, const char *key)
{
	const char *s = afd_node_text(afd_node_get(map, key));

	return s && *s ? s : NULL;
}

static const struct afd_node *first_of(const struct afd_node *list)
{
	return list && list->type == AFD_LIST ? list->u.list.first : NULL;
}

/* --- the list of servers --- */

bool afd_rdap_safe(const char *url)
{
	static const char *const roots[] = { "https://", "http://127.0.0.1:", "http://127.0.0.1/", "http://[::1]:", "http://localhost:" };

	for (size_t i = 0; url && i < AFD_COUNT(roots); i++)
		if (!strncmp(url, roots[i], strlen(roots[i])))
			return true;
	return false;
}

static int list_read(struct afd_slice bytes, struct afd_doc **doc, const struct afd_node **services, struct afd_error *err)
{
	if (afd_json_parse(bytes, "list of RDAP servers", doc, err) < 0)
		return -1;
	*services = afd_node_get(afd_doc_root(*doc), "services");
	if (!*services || (*services)->type != AFD_LIST)
		return afd_node_fail(*doc, *services, err, "a list of services (RFC 9224, 3)");
	return 0;
}

/* The first https address counts; else the first one, which the caller refuses with a reason. */
static const char *base_of(const struct afd_node *urls)
{
	const char *any = NULL;

	for (const struct afd_node *n = first_of(urls); n; n = n->next) {
		const char *url = afd_node_text(n);

		if (url && afd_rdap_safe(url))
			return url;
		if (!any)
			any = url;
	}
	return any;
}

static int put_base(const char *url, char ret[AFD_RDAP_URL_MAX], struct afd_error *err)
{
	const size_t n = strlen(url);

	if (snprintf(ret, AFD_RDAP_URL_MAX, "%s%s", url, n && url[n - 1] == '/' ? "" : "/") >= AFD_RDAP_URL_MAX)
		return afd_fail(err, AFD_E_LIMIT, "the address of an RDAP server is longer than %d bytes", AFD_RDAP_URL_MAX);
	return 0;
}

int afd_rdap_server(struct afd_slice list, const char *domain, char ret[AFD_RDAP_URL_MAX], struct afd_error *err)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;
	const struct afd_node *services;
	const char *best = NULL;
	size_t longest = 0;

	ret[0] = '\0';
	if (list_read(list, &d, &services, err) < 0)
		return -1;
	for (const struct afd_node *s = first_of(services); s; s = s->next) {
		const struct afd_node *labels = first_of(s);

		for (const struct afd_node *l = first_of(labels); l; l = l->next) {
			const char *label = afd_node_text(l), *url = base_of(labels->next);
			char name[AFD_NAME_MAX];

			if (!label || !url || afd_name_canonical(afd_slice_text(*label ? label : "."), name, NULL) < 0)
				continue;
			if (*label && !afd_name_within(domain, name))
				continue;
			if (best && strlen(label) <= longest)
				continue;
			best = url;
			longest = strlen(label);
		}
	}
	return best ? put_base(best, ret, err) : 0;
}

int afd_rdap_list_check(struct afd_slice list, struct afd_error *err)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;
	const struct afd_node *services;

	return list_read(list, &d, &services, err);
}

/* --- an answer --- */

static int answer_read(struct afd_slice bytes, const char *domain, struct afd_doc **doc, struct afd_error *err)
{
	const struct afd_node *root;
	const char *class;
	char name[AFD_NAME_MAX];

	if (afd_json_parse(bytes, "answer", doc, err) < 0)
		return -1;
	root = afd_doc_root(*doc);
	class = text_at(root, "objectClassName");
	if (class && strcmp(class, "domain") != 0)
		return afd_fail(err, AFD_E_PARSE, "answer: an object of the class \"%.40s\", not a domain", class);
	if (!text_at(root, "ldhName"))
		return afd_fail(err, AFD_E_PARSE, "answer: no ldhName: it does not say which domain it is about");
	if (afd_name_canonical(afd_slice_text(text_at(root, "ldhName")), name, err) < 0)
		return afd_within(err, "answer: ldhName");
	if (strcmp(name, domain) != 0)
		return afd_fail(err, AFD_E_PARSE, "answer: it is about %.200s, not %.200s", name, domain);
	return 0;
}

int afd_rdap_related(struct afd_slice answer, const char *domain, char ret[AFD_RDAP_URL_MAX], struct afd_error *err)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;

	ret[0] = '\0';
	if (answer_read(answer, domain, &d, err) < 0)
		return -1;
	for (const struct afd_node *l = first_of(afd_node_get(afd_doc_root(d), "links")); l; l = l->next) {
		const char *rel = text_at(l, "rel"), *type = text_at(l, "type"), *href = text_at(l, "href");

		if (rel && href && type && !strcmp(rel, "related") && !strcmp(type, "application/rdap+json") &&
		    strlen(href) < AFD_RDAP_URL_MAX) {
			snprintf(ret, AFD_RDAP_URL_MAX, "%s", href);
			return 0;
		}
	}
	return 0;
}

/* --- into rows --- */

struct lists {
	struct afd_doc *doc;
	const char *status[MAX_LIST], *server[MAX_LIST], *ds[MAX_LIST];
	struct afd_contact contact[MAX_CONTACTS];
	size_t entities;
};

static char *keep_text(struct afd_doc *d, const char *text, size_t n)
{
	char *p = afd_doc_alloc(d, n + 1);

	if (p)
		memcpy(p, text, n);
	return p;
}

/* "client transfer prohibited" is clientTransferProhibited; two have other names (RFC 8056, 2). */
static const char *epp_status(struct afd_doc *d, const char *text)
{
	char name[64];
	size_t n = 0;
	bool upper = false;

	if (!strcasecmp(text, "active"))
		return "ok";
	if (!strcasecmp(text, "associated"))
		return "linked";
	for (; *text && n + 1 < sizeof(name); text++) {
		if (*text == ' ') {
			upper = true;
			continue;
		}
		name[n++] = (char)(upper ? toupper((unsigned char)*text) : tolower((unsigned char)*text));
		upper = false;
	}
	return keep_text(d, name, n);
}

static int put_statuses(struct lists *l, const struct afd_node *list, struct afd_row_domain_state *r, struct afd_error *err)
{
	if (!list || list->type != AFD_LIST)
		return 0;
	r->status = (struct afd_told_list){ AFD_YES, l->status, 0 };
	for (const struct afd_node *n = list->u.list.first; n && r->status.n < MAX_LIST; n = n->next) {
		const char *text = afd_node_text(n);
		const char *name = text ? epp_status(l->doc, text) : "";

		if (!name)
			return afd_fail_memory(err);
		if (*name)
			l->status[r->status.n++] = name;
	}
	return 0;
}

static int put_servers(struct lists *l, const struct afd_node *list, struct afd_row_domain_state *r, struct afd_error *err)
{
	if (!list || list->type != AFD_LIST)
		return 0;
	r->name_server = (struct afd_told_list){ AFD_YES, l->server, 0 };
	for (const struct afd_node *n = list->u.list.first; n && r->name_server.n < MAX_LIST; n = n->next) {
		const char *text = text_at(n, "ldhName");
		char name[AFD_NAME_MAX];

		if (!text || afd_name_canonical(afd_slice_text(text), name, err) < 0)
			return text ? afd_within(err, "nameservers") : afd_fail(err, AFD_E_PARSE, "nameservers: one has no ldhName");
		l->server[r->name_server.n] = keep_text(l->doc, name, strlen(name));
		if (!l->server[r->name_server.n++])
			return afd_fail_memory(err);
	}
	return 0;
}

static int64_t int_at(const struct afd_node *map, const char *key)
{
	const struct afd_node *n = afd_node_get(map, key);

	return n && n->type == AFD_INT ? n->u.i : -1;
}

/* A delegation that is signed without saying how states nothing about its DS. */
static int put_ds(struct lists *l, const struct afd_node *dns, struct afd_row_domain_state *r, struct afd_error *err)
{
	const struct afd_node *is_signed = afd_node_get(dns, "delegationSigned"), *data = afd_node_get(dns, "dsData");

	if (is_signed && is_signed->type == AFD_BOOL && !is_signed->u.i)
		r->ds = (struct afd_told_list){ AFD_YES, l->ds, 0 };
	if (!data || data->type != AFD_LIST)
		return 0;
	r->ds = (struct afd_told_list){ AFD_YES, l->ds, 0 };
	for (const struct afd_node *n = data->u.list.first; n && r->ds.n < MAX_LIST; n = n->next) {
		const char *digest = text_at(n, "digest");
		char text[320];
		int len = snprintf(text, sizeof(text), "%" PRId64 " %" PRId64 " %" PRId64 " %.256s", int_at(n, "keyTag"), int_at(n, "algorithm"),
			int_at(n, "digestType"), digest ? digest : "-");

		for (char *p = text; *p; p++)
			if (*p >= 'A' && *p <= 'F')
				*p = (char)(*p + ('a' - 'A'));
		l->ds[r->ds.n] = keep_text(l->doc, text, (size_t)len);
		if (!l->ds[r->ds.n++])
			return afd_fail_memory(err);
	}
	return 0;
}

static void put_dates(const struct afd_node *list, struct afd_row_domain_state *r)
{
	const struct { const char *action; int64_t *at; } date[] = {
		{ "registration", &r->created_ms }, { "last changed", &r->updated_ms }, { "transfer", &r->transferred_ms },
		{ "expiration", &r->expires_ms }, { "registrar expiration", &r->registrar_expires_ms },
		{ "last update of rdap database", &r->data_ms },
	};

	for (const struct afd_node *n = first_of(list); n; n = n->next) {
		const char *action = text_at(n, "eventAction"), *when = text_at(n, "eventDate");
		int64_t at;

		for (size_t i = 0; action && when && i < AFD_COUNT(date); i++)
			if (!strcasecmp(action, date[i].action) && afd_when_parse(when, &at, NULL) == 0)
				*date[i].at = at;
	}
}

/* --- entities --- */

/* jCard (RFC 7095): ["vcard", [[name, parameters, type, value...], ...]] */
static const char *card_text(const struct afd_node *entity, const char *property)
{
	const struct afd_node *card = first_of(afd_node_get(entity, "vcardArray"));

	for (const struct afd_node *p = first_of(card ? card->next : NULL); p; p = p->next) {
		const struct afd_node *name = first_of(p), *value = name && name->next && name->next->next ? name->next->next->next : NULL;
		const char *s = afd_node_text(value);

		if (afd_node_text(name) && !strcasecmp(afd_node_text(name), property) && s && *s)
			return s;
	}
	return NULL;
}

static bool is_withheld(const char *text)
{
	return text && (strcasestr(text, "redacted") || strcasestr(text, "privacy"));
}

static bool remarks_withhold(const struct afd_node *entity)
{
	for (const struct afd_node *n = first_of(afd_node_get(entity, "remarks")); n; n = n->next)
		if (is_withheld(text_at(n, "title")))
			return true;
	return false;
}

static void put_registrar(const struct afd_node *entity, struct afd_row_domain_state *r)
{
	r->registrar = card_text(entity, "fn");
	if (!r->registrar)
		r->registrar = text_at(entity, "handle");
	for (const struct afd_node *n = first_of(afd_node_get(entity, "publicIds")); n; n = n->next)
		if (text_at(n, "type") && !strcasecmp(text_at(n, "type"), "IANA Registrar ID"))
			r->registrar_id = text_at(n, "identifier");
}

static const char *our_role(const char *role)
{
	static const char *const roles[][2] = {
		{ "registrant", "registrant" }, { "administrative", "admin" }, { "technical", "tech" }, { "billing", "billing" }, { "abuse", "abuse" },
	};

	for (size_t i = 0; i < AFD_COUNT(roles); i++)
		if (!strcasecmp(role, roles[i][0]))
			return roles[i][1];
	return NULL;
}

static void put_entity(struct lists *l, const struct afd_node *entity, struct afd_row_domain_state *r)
{
	const char *name = card_text(entity, "org") ? card_text(entity, "org") : card_text(entity, "fn");

	if (l->entities++ >= MAX_ENTITIES)
		return;
	for (const struct afd_node *n = first_of(afd_node_get(entity, "roles")); n; n = n->next) {
		const char *role = afd_node_text(n), *ours = role ? our_role(role) : NULL;

		if (role && !strcasecmp(role, "registrar"))
			put_registrar(entity, r);
		if (!ours || r->n_contact == MAX_CONTACTS)
			continue;
		r->contacts = AFD_YES;
		l->contact[r->n_contact++] = (struct afd_contact){ ours, text_at(entity, "handle"), name, card_text(entity, "email"),
			is_withheld(name) || remarks_withhold(entity) };
	}
}

/* RFC 9537 names what was taken out; paths are not evaluated, the names say whom it is about. */
static void put_redacted(const struct afd_node *list, struct lists *l, struct afd_row_domain_state *r)
{
	static const char *const who[][2] = { { "registrant", "registrant" }, { "admin", "admin" }, { "tech", "tech" }, { "billing", "billing" } };

	for (const struct afd_node *n = first_of(list); n; n = n->next) {
		const struct afd_node *name = afd_node_get(n, "name");
		const char *text = text_at(name, "type") ? text_at(name, "type") : text_at(name, "description");

		for (size_t i = 0; text && i < AFD_COUNT(who); i++) {
			if (!strcasestr(text, who[i][0]))
				continue;
			if (r->contacts == AFD_NOT_STATED)
				r->contacts = AFD_WITHHELD;
			for (size_t k = 0; k < r->n_contact; k++)
				if (!strcmp(l->contact[k].role, who[i][1]) && !l->contact[k].email)
					l->contact[k].withheld = true;
		}
	}
}

static int put_state(struct afd_doc *d, struct afd_row_domain_state *r, struct afd_sink *sink, struct afd_error *err)
{
	const struct afd_node *root = afd_doc_root(d);
	struct lists *l = afd_doc_alloc(d, sizeof(*l));

	if (!l)
		return afd_fail_memory(err);
	l->doc = d;
	r->contact = l->contact;
	r->roid = text_at(root, "handle");
	if (put_statuses(l, afd_node_get(root, "status"), r, err) < 0 || put_servers(l, afd_node_get(root, "nameservers"), r, err) < 0 ||
	    put_ds(l, afd_node_get(root, "secureDNS"), r, err) < 0)
		return -1;
	put_dates(afd_node_get(root, "events"), r);
	for (const struct afd_node *n = first_of(afd_node_get(root, "entities")); n; n = n->next)
		put_entity(l, n, r);
	put_redacted(afd_node_get(root, "redacted"), l, r);
	return sink->domain_state(sink->ctx, r, err);
}

/* "rdap registry example.test https://...": the second and third word. */
static int asked_of(const char *asked, char view[16], char domain[AFD_NAME_MAX])
{
	const char *a = asked ? strchr(asked, ' ') : NULL, *b = a ? strchr(a + 1, ' ') : NULL, *c = b ? strchr(b + 1, ' ') : NULL;

	if (!c || b - a - 1 >= 16 || c - b - 1 >= AFD_NAME_MAX)
		return -1;
	snprintf(view, 16, "%.*s", (int)(b - a - 1), a + 1);
	snprintf(domain, AFD_NAME_MAX, "%.*s", (int)(c - b - 1), b + 1);
	return 0;
}

int afd_rdap_decode(const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;
	char view[16], asked[AFD_NAME_MAX];
	struct afd_row_domain_state r = { .domain = asked, .view = view, .created_ms = AFD_TIME_NONE, .updated_ms = AFD_TIME_NONE,
		.transferred_ms = AFD_TIME_NONE, .expires_ms = AFD_TIME_NONE, .registrar_expires_ms = AFD_TIME_NONE, .data_ms = AFD_TIME_NONE,
		.seen_ms = item->record->received_ms };

	if (item->record->asked && !strncmp(item->record->asked, "rdap servers ", 13))
		return 0;
	if (asked_of(item->record->asked, view, asked) < 0)
		return afd_fail(err, AFD_E_PARSE, "the record does not say which domain was asked for");
	if (answer_read(item->bytes, asked, &d, err) < 0)
		return -1;
	return put_state(d, &r, sink, err);
}
