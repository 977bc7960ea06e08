/* inventory.yaml, and the same as CSV: what there is, and whose it is. */
#include "collector/files/inventory.h"

#include <stdio.h>
#include <strings.h>

#include "collector/collect.h"
#include "collector/files/several.h"
#include "collector/table.h"
#include "core/limits.h"

const struct afd_inv_section afd_inv_sections[] = {
	{ "domains", "domain", afd_inv_domain_fields, afd_inv_domain },
	{ "zones", "owned_zone", afd_inv_zone_fields, afd_inv_zone },
	{ "services", "service", afd_inv_service_fields, afd_inv_service },
	{ "certificates", "owned_certificate", afd_inv_certificate_fields, afd_inv_certificate },
	{ "people", "person", afd_inv_person_fields, afd_inv_person },
	{ "actors", "actor", afd_inv_actor_fields, afd_inv_actor },
	{ "credentials", "credential", afd_inv_credential_fields, afd_inv_credential },
	{ "suppliers", "supplier", afd_inv_supplier_fields, afd_inv_supplier },
	{ "environments", "environment", afd_inv_environment_fields, afd_inv_environment },
	{ "windows", "change_window", afd_inv_window_fields, afd_inv_window },
	{ "attestations", "attestation", afd_inv_attestation_fields, afd_inv_attestation },
	{ "responses", "response", afd_inv_response_fields, afd_inv_response },
	{ 0 }
};
enum { SECTIONS = AFD_COUNT(afd_inv_sections) - 1 };

static const char *const inventory_tables[] = { "domain", "service", "credential", "credential_scope", "approved_issuer", "domain_address",
	"owned_zone", "owned_certificate", "person", "actor", "supplier", "supplier_name", "environment", "environment_name", "change_window",
	"attestation", "response", NULL };
static const char *const attestation_tables[] = { "attestation", NULL };
static const char *const response_tables[] = { "response", NULL };

const struct afd_inv_section *afd_inv_section_find(const char *name)
{
	for (const struct afd_inv_section *s = afd_inv_sections; s->name; s++)
		if (strcmp(s->name, name) == 0)
			return s;
	return NULL;
}

/* --- what sections share --- */

const char *const afd_inv_tiers[] = { "critical", "high", "normal", "low", NULL };

int afd_inv_word(struct afd_inv *v, const struct afd_node *n, const char *field, const char *const *words, const char **ret)
{
	return afd_uf_word(v->d, afd_node_get(n, field), words, ret, v->err);
}

int afd_inv_truth(struct afd_inv *v, const struct afd_node *n, const char *field, struct afd_row_user_value *ret)
{
	const struct afd_node *at = afd_node_get(n, field);

	if (!at || at->type == AFD_NULL)
		return 0;
	if (at->type != AFD_BOOL)
		return afd_node_fail(v->d, at, v->err, "true or false");
	ret->is_int = true;
	ret->i = at->u.i;
	return 0;
}

static int room(void *list, size_t n, size_t *cap, size_t size, struct afd_error *err)
{
	void **at = list, *p;

	if (n < *cap)
		return 0;
	*cap = *cap ? 2 * *cap : 64;
	p = reallocarray(*at, *cap, size);
	if (!p)
		return afd_fail_memory(err);
	*at = p;
	return 0;
}

int afd_inv_refer(struct afd_inv *v, const struct afd_node *n, const char *field, const char *table)
{
	const struct afd_node *at = afd_node_get(n, field);

	if (!at || at->type == AFD_NULL)
		return 0;
	if (!afd_node_text(at) || !*afd_node_text(at))
		return afd_node_fail(v->d, at, v->err, "a string that is not empty");
	if (room(&v->reference, v->n_reference, &v->cap_reference, sizeof(*v->reference), v->err) < 0)
		return -1;
	v->reference[v->n_reference++] = (struct afd_inv_reference){ v->d, at, table, afd_node_text(at) };
	return 0;
}

int afd_inv_put(struct afd_inv *v, const struct afd_inv_place *p)
{
	if (!p->environment)
		return 0;
	if (room(&v->place, v->n_place, &v->cap_place, sizeof(*v->place), v->err) < 0)
		return -1;
	v->place[v->n_place++] = *p;
	return 0;
}

int afd_inv_each(struct afd_inv *v, const struct afd_inv_section *s, const struct afd_node *list)
{
	const struct afd_node *n;

	if (afd_uf_list(v->d, list, &n, v->err) < 0)
		return -1;
	for (; n; n = n->next)
		if (s->row(v, n) < 0)
			return -1;
	return 0;
}

void afd_inv_release(struct afd_inv *v)
{
	afd_uf_rows_release(&v->rows);
	free(v->reference);
	free(v->place);
}

/* --- after the last entry --- */

/* Who states any environment states them all, and the same of suppliers: what is not there is misspelled. */
static int check_reference(const struct afd_inv *v, const struct afd_inv_reference *r, const bool *stated)
{
	struct afd_uf_nearest near = { 0 };
	const char *like;

	if (!stated || afd_uf_find(&v->rows, r->table, r->text))
		return 0;
	for (size_t i = 0; i < v->rows.n; i++)
		if (strcmp(v->rows.at[i]->table, r->table) == 0)
			afd_uf_near(&near, r->text, v->rows.at[i]->key);
	like = near.word;
	return afd_uf_fail(r->d, r->node, v->err, "%s: there is no %s \"%.100s\"%s%.100s%s", r->node->key, r->table, r->text, like ? "; perhaps \"" : "",
			   like ? like : "", like ? "\"" : "");
}

static int check_references(const struct afd_inv *v)
{
	bool stated[SECTIONS] = { false };

	for (size_t i = 0; i < v->rows.n; i++)
		for (size_t k = 0; k < SECTIONS; k++)
			stated[k] |= strcmp(v->rows.at[i]->table, afd_inv_sections[k].table) == 0;
	for (size_t i = 0; i < v->n_reference; i++)
		for (size_t k = 0; k < SECTIONS; k++)
			if (strcmp(v->reference[i].table, afd_inv_sections[k].table) == 0 &&
			    check_reference(v, &v->reference[i], stated[k] ? &stated[k] : NULL) < 0)
				return -1;
	return 0;
}

static int by_name(const void *a, const void *b)
{
	const struct afd_inv_place *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static const struct afd_inv_place *place_of(const struct afd_inv_place *at, size_t n, const char *name)
{
	const struct afd_inv_place key = { .name = name };

	return n ? bsearch(&key, at, n, sizeof(*at), by_name) : NULL;
}

/* The environment that says NAME is its own: by the name itself, else by the nearest "*.x" above it. */
static const struct afd_inv_place *nearest(struct afd_inv_place *at, size_t n, const char *name)
{
	const struct afd_inv_place *ret = place_of(at, n, name);
	char star[260];

	for (const char *dot = strchr(name, '.'); !ret && dot; dot = strchr(dot + 1, '.')) {
		if (snprintf(star, sizeof(star), "*%s", dot) < (int)sizeof(star))
			ret = place_of(at, n, star);
	}
	return ret;
}

static int contradiction(const struct afd_inv_place *a, const struct afd_inv_place *b, struct afd_error *err)
{
	return afd_uf_fail(b->d, b->node, err, "%.200s belongs to environment \"%.100s\" here, and to \"%.100s\" by %s:%u", b->name, b->environment, a->environment,
			   afd_doc_name(a->d), a->node->line);
}

static int check_places(struct afd_inv *v)
{
	struct afd_inv_place *at = v->place;
	size_t said = 0;

	/* those that environments say first, then sorted by their name */
	for (size_t i = 0; i < v->n_place; i++)
		if (at[i].says) {
			const struct afd_inv_place swap = at[said];

			at[said++] = at[i];
			at[i] = swap;
		}
	if (said)
		qsort(at, said, sizeof(*at), by_name);
	for (size_t i = 1; i < said; i++)
		if (strcmp(at[i - 1].name, at[i].name) == 0 && strcmp(at[i - 1].environment, at[i].environment) != 0)
			return contradiction(&at[i - 1], &at[i], v->err);
	for (size_t i = said; i < v->n_place; i++) {
		const struct afd_inv_place *p = nearest(at, said, at[i].name);

		if (p && strcmp(p->environment, at[i].environment) != 0)
			return contradiction(p, &at[i], v->err);
	}
	return 0;
}

int afd_inv_settle(struct afd_inv *v, const char *name)
{
	return afd_uf_settle(&v->rows, name, v->err) < 0 || check_references(v) < 0 || check_places(v) < 0 ? -1 : 0;
}

/* --- files --- */

/* The documents of all files stay until the rows were told, as texts live in them. */
enum { MOST_FILES = 1000 };
struct files {
	struct afd_inv v;
	struct afd_doc **doc; size_t n_doc;
	const char **digest; size_t n_digest;     /* name, digest, name, digest ... */
	const char *only;                         /* the one section that there is; NULL: all */
	bool domains;                             /* some file has that section */
	struct afd_wanted *wanted;                /* collects names of documents; NULL: each must have its digest */
};

static void files_release(struct files *f)
{
	for (size_t i = 0; i < f->n_doc; i++)
		afd_doc_free(f->doc[i]);
	free(f->doc);
	free(f->digest);
	afd_inv_release(&f->v);
}

static int keep_doc(struct files *f, struct afd_doc *d)
{
	struct afd_doc **p = f->n_doc < MOST_FILES ? reallocarray(f->doc, f->n_doc + 1, sizeof(*p)) : NULL;

	if (!p) {
		afd_doc_free(d);
		return f->n_doc < MOST_FILES ? afd_fail_memory(f->v.err) : afd_fail(f->v.err, AFD_E_LIMIT, "more than %d files", MOST_FILES);
	}
	f->doc = p;
	f->doc[f->n_doc++] = d;
	f->v.d = d;
	f->v.rows.file = afd_doc_name(d);
	return 0;
}

static int find_digest(void *ctx, const char *name, unsigned line, const char **ret, struct afd_error *err)
{
	static const char none[] = "0000000000000000000000000000000000000000000000000000000000000000";
	struct files *f = ctx;

	for (size_t i = 0; i < f->n_digest; i += 2)
		if (strcmp(f->digest[i], name) == 0)
			*ret = f->digest[i + 1];
	if (!*ret && f->wanted) {
		*ret = none;
		return afd_wanted_add(f->wanted, name, afd_doc_name(f->v.d), line, err);
	}
	return 0;
}

/* --- YAML --- */

static int unknown_section(const struct files *f, const struct afd_node *n)
{
	struct afd_uf_nearest near = { 0 };

	for (const struct afd_inv_section *s = afd_inv_sections; s->name; s++)
		afd_uf_near(&near, n->key, s->name);
	if (f->only)
		return afd_uf_fail(f->v.d, n, f->v.err, "%.60s: unknown field; known here: %s", n->key, f->only);
	return afd_uf_fail(f->v.d, n, f->v.err, "%.60s: unknown field%s%s; known here: domains, zones, services, certificates, people, actors, credentials, "
		"suppliers, environments, windows, attestations, responses", n->key, near.word ? ", perhaps " : "", near.word ? near.word : "");
}

static int read_yaml(struct files *f, struct afd_slice bytes, const char *name)
{
	struct afd_doc *d = NULL;
	const struct afd_node *root;

	if (afd_uf_doc(bytes, name, &d, f->v.err) < 0 || keep_doc(f, d) < 0)
		return -1;
	root = afd_doc_root(d);
	for (const struct afd_node *n = root->u.list.first; n; n = n->next)
		if (!afd_inv_section_find(n->key) || (f->only && strcmp(n->key, f->only) != 0))
			return unknown_section(f, n);
	/* in the order of the sections: rows of one table stand together whatever the file's order */
	for (const struct afd_inv_section *s = afd_inv_sections; s->name; s++)
		if (afd_inv_each(&f->v, s, afd_node_get(root, s->name)) < 0)
			return -1;
	f->domains |= afd_node_get(root, "domains") != NULL;
	return 0;
}

/* --- CSV --- */

static int csv_row(void *ctx, const struct afd_inv_section *s, const struct afd_node *n, struct afd_error *err)
{
	struct files *f = ctx;

	(void)err;
	return s->row(&f->v, n);
}

/* "a/b/domains.csv", "domains-shop.csv" and "domains_2.csv" hold domains; another name: the file's column "section" says it. */
static const struct afd_inv_section *section_of(const char *name)
{
	const char *slash = strrchr(name, '/'), *base = slash ? slash + 1 : name;

	for (const struct afd_inv_section *s = afd_inv_sections; s->name; s++) {
		const size_t n = strlen(s->name);

		if (strncasecmp(base, s->name, n) == 0 && (base[n] == '.' || base[n] == '-' || base[n] == '_'))
			return s;
	}
	return NULL;
}

static int read_csv(struct files *f, struct afd_slice bytes, const char *name, const struct afd_inv_section *s)
{
	struct afd_doc *d = NULL;

	s = s ? s : f->only ? afd_inv_section_find(f->only) : section_of(name);
	if (afd_csv_doc(bytes, name, &d, f->v.err) < 0 || keep_doc(f, d) < 0)
		return -1;
	f->domains |= !s || strcmp(s->name, "domains") == 0;
	return afd_csv_nodes(d, bytes, s, csv_row, f, f->v.err);
}

static int read_file(struct files *f, struct afd_slice bytes, const char *name, const char *section)
{
	const struct afd_inv_section *s = strcmp(section, "-") != 0 ? afd_inv_section_find(section) : NULL;

	if (strcmp(section, "-") != 0 && !s)
		return afd_fail(f->v.err, AFD_E_CONFIG, "%s: there is no section \"%.40s\" of an inventory", name, section);
	if (s && !afd_csv_named(name))
		return afd_fail(f->v.err, AFD_E_CONFIG, "%s: a section is said of a file NAME.csv only; YAML names its own", name);
	return afd_csv_named(name) ? read_csv(f, bytes, name, s) : read_yaml(f, bytes, name);
}

static char *part_text(struct files *f, struct afd_slice s)
{
	char *ret = afd_doc_alloc(f->doc[0], s.len + 1);

	if (ret)
		memcpy(ret, s.data, s.len);
	return ret;
}

static int keep_digest(struct files *f, const struct afd_several_part *p)
{
	const char **at = reallocarray(f->digest, f->n_digest + 2, sizeof(*at));

	if (!at)
		return afd_fail_memory(f->v.err);
	f->digest = at;
	at[f->n_digest] = part_text(f, p->name);
	at[f->n_digest + 1] = part_text(f, p->bytes);
	if (!at[f->n_digest] || !at[f->n_digest + 1])
		return afd_fail_memory(f->v.err);
	f->n_digest += 2;
	return 0;
}

/* Digests first, wherever they stand: attestations ask for them. */
static int read_several(struct files *f, struct afd_slice bytes, const char *name)
{
	struct afd_several s;
	struct afd_several_part p;
	int r;

	afd_several_begin(&s, name, bytes);
	while ((r = afd_several_next(&s, &p, f->v.err)) > 0)
		if (p.is_digest && keep_digest(f, &p) < 0)
			return -1;
	afd_several_begin(&s, name, bytes);
	while (r == 0 && (r = afd_several_next(&s, &p, f->v.err)) > 0) {
		char *file = part_text(f, p.name);

		if (!file)
			return afd_fail_memory(f->v.err);
		r = p.is_digest ? 0 : read_file(f, p.bytes, file, p.section);
		if (r == 0)
			continue;
	}
	return r;
}

static int read_all(struct files *f, struct afd_slice bytes, const char *name)
{
	struct afd_doc *texts = NULL;

	if (bytes.len > AFD_MAX_USER_FILE)
		return afd_fail(f->v.err, AFD_E_LIMIT, "%s: %zu bytes, more than %u", name, bytes.len, AFD_MAX_USER_FILE);
	if (afd_csv_doc(afd_slice_text(""), name, &texts, f->v.err) < 0 || keep_doc(f, texts) < 0)
		return -1;
	f->v.digest = find_digest;
	f->v.digest_ctx = f;
	if (afd_several_is(bytes) ? read_several(f, bytes, name) < 0 : read_file(f, bytes, name, "-") < 0)
		return -1;
	if (!f->only && !f->domains)
		return afd_fail(f->v.err, AFD_E_CONFIG, "%s:1: domains: a required field is missing", name);
	return afd_inv_settle(&f->v, name);
}

static int decode_files(const struct afd_item_view *item, const char *only, const char *const *tables, struct afd_sink *sink,
			struct afd_error *err)
{
	__attribute__((cleanup(files_release))) struct files f = { .v.err = err, .only = only };

	if (read_all(&f, item->bytes, item->record->asked) < 0)
		return -1;
	return afd_uf_tell(&f.v.rows, item->record->asked, tables, sink, err);
}

static int decode(const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err)
{
	return decode_files(item, NULL, inventory_tables, sink, err);
}

static int decode_attestations(const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err)
{
	return decode_files(item, "attestations", attestation_tables, sink, err);
}

static int decode_responses(const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err)
{
	return decode_files(item, "responses", response_tables, sink, err);
}

int afd_inventory_documents(const char *decoder, struct afd_slice bytes, const char *name, struct afd_wanted *ret, struct afd_error *err)
{
	__attribute__((cleanup(files_release))) struct files f = { .v.err = err, .wanted = ret,
		.only = strcmp(decoder, "inventory") == 0 ? NULL : decoder };

	return read_all(&f, bytes, name);
}

const struct afd_provider afd_provider_inventory = {
	.kind = "inventory", .leg = AFD_LEG_USER, .title = "inventory",
	.help = "Domains, zones, services, certificates, credentials, people, suppliers, with their owners.",
	.decode = decode,
};

const struct afd_provider afd_provider_attestations = {
	.kind = "attestations", .leg = AFD_LEG_USER, .title = "attestations",
	.help = "Dated documents: tests and reviews, with the SHA-256 of what was signed.",
	.decode = decode_attestations,
};

const struct afd_provider afd_provider_responses = {
	.kind = "responses", .leg = AFD_LEG_USER, .title = "responses",
	.help = "What was done about findings: tickets, who took them up, how they ended.",
	.decode = decode_responses,
};
