/* affidavit.yaml: which sources there are. Each source's map is read by the fields of its provider. */
#include <stdio.h>

#include "collector/collect.h"
#include "collector/files/user.h"
#include "core/likeness.h"
#include "core/limits.h"
#include "core/note.h"

struct top {
	const char *organisation, *classification, *contact, *store, *policy;
	struct afd_texts attestations, responses, checks, frameworks, frameworks_in_scope, witnesses;
	const struct afd_node *inventory, *approvals, *sources, *retired, *timestamp;
};

static const struct afd_field top_fields[] = {
	{ "organisation", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct top, organisation) },
	{ "classification", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct top, classification) },
	{ "contact", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct top, contact) },
	{ "store", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct top, store) },
	{ "inventory", AFD_FIELD_NODE, AFD_REQUIRED, offsetof(struct top, inventory) },
	{ "policy", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct top, policy) },
	{ "approvals", AFD_FIELD_NODE, AFD_OPTIONAL, offsetof(struct top, approvals) },
	{ "attestations", AFD_FIELD_TEXTS, AFD_OPTIONAL, offsetof(struct top, attestations) },
	{ "responses", AFD_FIELD_TEXTS, AFD_OPTIONAL, offsetof(struct top, responses) },
	{ "checks", AFD_FIELD_TEXTS, AFD_OPTIONAL, offsetof(struct top, checks), "folders of checks of your own, one .sql file each" },
	{ "frameworks", AFD_FIELD_TEXTS, AFD_OPTIONAL, offsetof(struct top, frameworks), "folders of frameworks and mappings of your own" },
	{ "frameworks_in_scope", AFD_FIELD_TEXTS, AFD_OPTIONAL, offsetof(struct top, frameworks_in_scope),
	  "ids of frameworks that count only where this is stated" },
	{ "sources", AFD_FIELD_NODE, AFD_REQUIRED, offsetof(struct top, sources) },
	{ "retired", AFD_FIELD_NODE, AFD_OPTIONAL, offsetof(struct top, retired) },
	{ "timestamp", AFD_FIELD_NODE, AFD_OPTIONAL, offsetof(struct top, timestamp) },
	{ "witnesses", AFD_FIELD_TEXTS, AFD_OPTIONAL, offsetof(struct top, witnesses) },
	{ 0 }
};

static const struct afd_field authority_fields[] = {
	{ "url", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct afd_authority, url) },
	{ "root", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct afd_authority, root) },
	{ "policy", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct afd_authority, policy) },
	{ "ca_file", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct afd_authority, ca_file) },
	{ 0 }
};

static const struct afd_field retired_fields[] = {
	{ "name", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct afd_retired, name) },
	{ "since", AFD_FIELD_TIME, AFD_REQUIRED, offsetof(struct afd_retired, since) },
	{ "reason", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct afd_retired, reason) },
	{ 0 }
};

/* What a source is called stands in records, cursors and reports, so it is plain text without blanks. */
static bool good_name(const char *s)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";

	return *s && strlen(s) <= 100 && s[strspn(s, allowed)] == '\0';
}

/* "user" and "engine" stand in the record of items that no source brought. */
static bool reserved_name(const char *s)
{
	return !strcmp(s, "user") || !strcmp(s, "engine");
}

static bool is_like(const char *type, const char *kind)
{
	char a[128], b[128];                      /* likeness is of names, so each gets a parent */

	if (strlen(type) > 100)
		return false;
	snprintf(a, sizeof(a), "%s.type", type);
	snprintf(b, sizeof(b), "%s.type", kind);
	return strstr(kind, type) || afd_name_likeness(a, b) != AFD_UNLIKE;
}

/* Those that hold the word or are spelled almost so; all of them would not fit into a message. */
static int unknown_type(struct afd_doc *d, const struct afd_node *n, const char *type, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf like = { 0 };

	for (size_t i = 0; afd_providers[i]; i++) {
		const char *const kind = afd_providers[i]->kind;

		if (afd_providers[i]->leg != AFD_LEG_USER && is_like(type, kind) &&
		    afd_buf_printf(&like, "%s%s", like.len ? ", " : "", kind) < 0)
			return afd_fail_memory(err);
	}
	return afd_uf_fail(d, n, err, "type: there is no source of type \"%.100s\"; %s%s`affidavit sources` lists them all", type,
			   like.len ? "like it: " : "", like.len ? afd_buf_text(&like, "; ") < 0 ? "" : (char *)like.data : "");
}

/* The provider's fields plus the two that every source has. */
static int read_fields(struct afd_doc *d, const struct afd_provider *p, const struct afd_node *n, void *out,
		       struct afd_error *err)
{
	AFD_AUTO(mem) struct afd_field *fields = NULL;
	size_t k = 0;

	while (p->fields && p->fields[k].name)
		k++;
	fields = calloc(k + 3, sizeof(*fields));
	if (!fields)
		return afd_fail_memory(err);
	if (k)
		memcpy(fields, p->fields, k * sizeof(*fields));
	fields[k] = (struct afd_field){ "name", AFD_FIELD_IGNORE, AFD_REQUIRED, 0, NULL };
	fields[k + 1] = (struct afd_field){ "type", AFD_FIELD_IGNORE, AFD_REQUIRED, 0, NULL };
	return afd_fields_read(d, n, fields, out, err);
}

int afd_source_read(struct afd_doc *d, const struct afd_node *n, const char *name, const struct afd_provider *p, struct afd_source *ret,
		    struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf scopes = { 0 };
	struct afd_error why = { 0 };

	*ret = (struct afd_source){ .name = name, .provider = p, .node = n, .doc = d };
	ret->config = afd_doc_alloc(d, p->config_size ? p->config_size : 1);
	if (!ret->config)
		return afd_fail_memory(err);
	if (p->config_defaults)
		memcpy(ret->config, p->config_defaults, p->config_size);
	if (read_fields(d, p, n, ret->config, err) < 0 || (p->check && p->check(d, ret->config, err) < 0))
		return -1;
	/* A source that cannot say what it will cover is misconfigured, and better said now than as a gap later. */
	if (p->scopes(ret->config, &scopes, &why) < 0)
		return afd_uf_fail(d, n, err, "source %s: %s", name, why.text);
	return 0;
}

static int read_source(struct afd_config *c, const struct afd_node *n, struct afd_source *ret, struct afd_error *err)
{
	const char *type = afd_node_text(afd_node_get(n, "type"));
	const char *name = afd_node_text(afd_node_get(n, "name"));
	const struct afd_provider *p = afd_provider_find(type);

	if (n->type != AFD_MAP)
		return afd_node_fail(c->doc, n, err, "a map with name and type");
	if (!afd_node_get(n, "name") || !afd_node_get(n, "type"))
		return afd_uf_fail(c->doc, n, err, "sources: %s: a required field is missing",
				   afd_node_get(n, "name") ? "type" : "name");
	if (!name || !good_name(name))
		return afd_node_fail(c->doc, afd_node_get(n, "name"), err, "a name of 1 to 100 of A-Z a-z 0-9 . _ -");
	if (reserved_name(name))
		return afd_uf_fail(c->doc, n, err, "name: \"%s\" is kept for the program's own items", name);
	if (!type)
		return afd_node_fail(c->doc, afd_node_get(n, "type"), err, "a type of source");
	if (!p || p->leg == AFD_LEG_USER)
		return unknown_type(c->doc, afd_node_get(n, "type"), type, err);
	if (afd_source_read(c->doc, n, name, p, ret, err) < 0)
		return -1;
	ret->base_dir = c->base_dir;
	return 0;
}

static int refuse_second(const struct afd_config *c, const struct afd_source *s, struct afd_error *err)
{
	for (const struct afd_source *o = c->source; o < s; o++)
		if (!strcmp(o->name, s->name))
			return afd_uf_fail(c->doc, s->node, err,
					   "name: a source named \"%s\" stands in line %u already", s->name,
					   o->node->line);
	return 0;
}

/* blank-separated WORD in TEXT */
static bool has_word(const struct afd_buf *text, const char *word, size_t n)
{
	const char *s = (const char *)text->data;

	for (size_t at = 0; s && at < text->len;) {
		size_t len = strcspn(s + at, " ");

		if (len == n && memcmp(s + at, word, n) == 0)
			return true;
		at += len + (s[at + len] == ' ');
	}
	return false;
}

/* A zone's state is one chain, and sources of different kinds may move it together: a journal tells the steps, a transfer
 * or a list compares the content. Two of one kind ask two servers, one of which is behind, or two journals with serials of
 * their own (a zone before and after signing): each would see the other's as holes. */
static int refuse_shared_zone(const struct afd_config *c, const struct afd_source *s, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf mine = { 0 };

	if (!s->provider->evidence || strcmp(s->provider->evidence, "zone-changes") != 0)
		return 0;
	if (s->provider->scopes(s->config, &mine, err) < 0)
		return -1;
	for (size_t i = 0; i < c->n_source; i++) {
		const struct afd_source *o = &c->source[i];
		AFD_AUTO(buf) struct afd_buf theirs = { 0 };

		if (strcmp(o->provider->kind, s->provider->kind) != 0)
			continue;
		if (o->provider->scopes(o->config, &theirs, err) < 0)
			return -1;
		for (const char *w = (const char *)mine.data; w && *w; w += strcspn(w, " "), w += *w == ' ')
			if (has_word(&theirs, w, strcspn(w, " ")))
				return afd_fail(err, AFD_E_CONFIG, "%s:%u: zone %.*s is asked for by two sources of type %s, %s and %s: one server's answers "
						"make one history; leave it to one of them (a source of another type may tell of the same zone)",
						c->path, s->node->line, (int)strcspn(w, " "), w, s->provider->kind, o->name, s->name);
	}
	return 0;
}

/* The versions of one log name the same act by ids of their own: both would stand as two events, and as two claims of a change. */
int afd_config_same_log(const struct afd_config *c, const struct afd_source *s, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf mine = { 0 };

	if (!s->provider->same_log)
		return 0;
	if (s->provider->scopes(s->config, &mine, err) < 0)
		return -1;
	for (size_t i = 0; i < c->n_source; i++) {
		const struct afd_source *o = &c->source[i];
		AFD_AUTO(buf) struct afd_buf theirs = { 0 };

		if (o == s || !o->provider->same_log || strcmp(o->provider->same_log, s->provider->same_log) != 0 || (o->provider->imports && s->provider->imports))
			continue;
		if (o->provider->scopes(o->config, &theirs, err) < 0)
			return -1;
		for (const char *w = (const char *)mine.data; w && *w; w += strcspn(w, " "), w += *w == ' ')
			if (has_word(&theirs, w, strcspn(w, " ")))
				return afd_fail(err, AFD_E_CONFIG, "%s: %s and %s (%s, %s) read %s of %.*s: each event would stand twice, and nothing in it tells so; "
						"leave one of them, or retire the older one (\"retired\") and give the newer one \"since\", the time up to which the older one was read",
						c->path, o->name, s->name, o->provider->kind, s->provider->kind, s->provider->same_log,
						(int)strcspn(w, " "), w);
	}
	return 0;
}

static int read_sources(struct afd_config *c, const struct afd_node *list, struct afd_error *err)
{
	const struct afd_node *n;

	if (afd_uf_list(c->doc, list, &n, err) < 0)
		return -1;
	if (!n)
		return 0;
	if (list->u.list.n > 10000)
		return afd_uf_fail(c->doc, list, err, "sources: more than 10000");
	c->source = calloc(list->u.list.n, sizeof(*c->source));
	if (!c->source)
		return afd_fail_memory(err);
	for (; n; n = n->next) {
		if (read_source(c, n, &c->source[c->n_source], err) < 0 ||
		    refuse_second(c, &c->source[c->n_source], err) < 0 ||
		    refuse_shared_zone(c, &c->source[c->n_source], err) < 0 || afd_config_same_log(c, &c->source[c->n_source], err) < 0)
			return -1;
		c->n_source++;
	}
	return 0;
}

static int read_retired(struct afd_config *c, const struct afd_node *list, struct afd_error *err)
{
	const struct afd_node *n;

	if (afd_uf_list(c->doc, list, &n, err) < 0)
		return -1;
	if (!n)
		return 0;
	c->retired = calloc(list->u.list.n, sizeof(*c->retired));
	if (!c->retired)
		return afd_fail_memory(err);
	for (; n; n = n->next) {
		struct afd_retired *r = &c->retired[c->n_retired];

		if (afd_fields_read(c->doc, n, retired_fields, r, err) < 0)
			return -1;
		if (!good_name(r->name))
			return afd_node_fail(c->doc, afd_node_get(n, "name"), err, "the name of a source");
		for (size_t i = 0; i < c->n_retired; i++)
			if (!strcmp(c->retired[i].name, r->name))
				return afd_uf_fail(c->doc, n, err, "retired: \"%s\" stands here twice", r->name);
		c->n_retired++;
	}
	return 0;
}

/* Plain http is as good as https here: the answer is signed, and names what was asked. */
static int read_authorities(struct afd_config *c, const struct afd_node *list, struct afd_error *err)
{
	const struct afd_node *n;

	if (afd_uf_list(c->doc, list, &n, err) < 0)
		return -1;
	if (!n)
		return 0;
	if (list->u.list.n > 16)
		return afd_uf_fail(c->doc, list, err, "timestamp: more than 16 authorities");
	c->authority = calloc(list->u.list.n, sizeof(*c->authority));
	if (!c->authority)
		return afd_fail_memory(err);
	for (; n; n = n->next) {
		struct afd_authority *a = &c->authority[c->n_authority++];

		if (afd_fields_read(c->doc, n, authority_fields, a, err) < 0)
			return -1;
		if (strncmp(a->url, "http://", 7) != 0 && strncmp(a->url, "https://", 8) != 0)
			return afd_node_fail(c->doc, afd_node_get(n, "url"), err, "an address that begins with https:// or http://");
	}
	return 0;
}

static int check_witnesses(struct afd_config *c, struct afd_error *err)
{
	if (c->witnesses.n > 64)
		return afd_fail(err, AFD_E_CONFIG, "%s: witnesses: more than 64", c->path);
	for (size_t i = 0; i < c->witnesses.n; i++) {
		AFD_AUTO(buf) struct afd_buf keep = { 0 };
		struct afd_note_key key;

		if (afd_note_vkey_parse(c->witnesses.at[i], &keep, &key, err) < 0)
			return afd_within(err, "%s: witnesses[%zu]", c->path, i);
		if (key.alg != AFD_NOTE_COSIGNATURE && key.alg != AFD_NOTE_ED25519)
			return afd_fail(err, AFD_E_CONFIG, "%s: witnesses[%zu]: expected the key of a cosigner (type 04)", c->path, i);
	}
	return 0;
}

/* --- files of the user --- */

struct named { const char *file, *more; };
static const struct afd_field inventory_fields[] = {
	{ "file", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct named, file) },
	{ "section", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct named, more) },
	{ 0 }
};
static const struct afd_field approval_fields[] = {
	{ "file", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct named, file) },
	{ "map", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct named, more) },
	{ 0 }
};

/* A path, or a map with the path and a word more. */
static int read_named(struct afd_config *c, const struct afd_node *n, const struct afd_field *fields, struct named *ret, struct afd_error *err)
{
	*ret = (struct named){ .file = afd_node_text(n) };
	if (ret->file && *ret->file)
		return 0;
	return n->type == AFD_MAP ? afd_fields_read(c->doc, n, fields, ret, err) : afd_node_fail(c->doc, n, err, "the path of a file");
}

static int read_inventory(struct afd_config *c, const struct afd_node *n, struct afd_error *err)
{
	const struct afd_node *first = n->type == AFD_LIST ? n->u.list.first : n;
	const size_t count = n->type == AFD_LIST ? n->u.list.n : 1;

	if (!first || count > 1000)
		return afd_node_fail(c->doc, n, err, "the path of a file, or a list of them, 1000 at most");
	c->inventory_file = afd_doc_alloc(c->doc, count * sizeof(*c->inventory_file));
	for (const struct afd_node *at = first; at && c->inventory_file; at = n->type == AFD_LIST ? at->next : NULL) {
		struct named f;

		if (read_named(c, at, inventory_fields, &f, err) < 0)
			return -1;
		for (size_t i = 0; i < c->n_inventory; i++)
			if (strcmp(c->inventory_file[i].path, f.file) == 0)
				return afd_uf_fail(c->doc, at, err, "inventory: \"%s\" stands here twice", f.file);
		c->inventory_file[c->n_inventory++] = (struct afd_user_part){ f.file, f.more };
		c->inventory_name = c->n_inventory == 1 ? f.file : afd_uf_keep(c->doc, "%s, %s", c->inventory_name, f.file);
		if (!c->inventory_name)
			return afd_fail_memory(err);
	}
	return c->inventory_file ? 0 : afd_fail_memory(err);
}

static int read_approvals(struct afd_config *c, const struct afd_node *list, struct afd_error *err)
{
	const char **path, **map;
	const struct afd_node *n;

	if (afd_uf_list(c->doc, list, &n, err) < 0)
		return -1;
	if (!n)
		return 0;
	path = afd_doc_alloc(c->doc, list->u.list.n * sizeof(*path));
	map = afd_doc_alloc(c->doc, list->u.list.n * sizeof(*map));
	if (!path || !map)
		return afd_fail_memory(err);
	for (; n; n = n->next, c->approvals.n++) {
		struct named f;

		if (read_named(c, n, approval_fields, &f, err) < 0)
			return -1;
		path[c->approvals.n] = f.file;
		map[c->approvals.n] = f.more;
	}
	c->approvals.at = path;
	c->approval_map = map;
	return 0;
}

static char *directory_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return afd_strdup(".");
	return slash == path ? afd_strdup("/") : afd_text_dup(afd_slice(path, (size_t)(slash - path)));
}

int afd_config_parse(struct afd_slice bytes, const char *path, struct afd_config **ret, struct afd_error *err)
{
	AFD_AUTO(config) struct afd_config *c = calloc(1, sizeof(*c));
	struct top top = { .store = "evidence.db" };

	if (!c || !(c->path = afd_strdup(path)) || !(c->base_dir = directory_of(path)))
		return afd_fail_memory(err);
	if (afd_uf_doc(bytes, path, &c->doc, err) < 0 ||
	    afd_fields_read(c->doc, afd_doc_root(c->doc), top_fields, &top, err) < 0)
		return -1;
	c->organisation = top.organisation;
	c->classification = top.classification;
	c->contact = top.contact;
	c->store = top.store;
	c->policy = top.policy;
	c->attestations = top.attestations;
	c->responses = top.responses;
	c->witnesses = top.witnesses;
	c->checks = top.checks;
	c->frameworks = top.frameworks;
	c->frameworks_in_scope = top.frameworks_in_scope;
	if (read_inventory(c, top.inventory, err) < 0 || read_approvals(c, top.approvals, err) < 0 || read_sources(c, top.sources, err) < 0 || read_retired(c, top.retired, err) < 0 ||
	    read_authorities(c, top.timestamp, err) < 0 || check_witnesses(c, err) < 0)
		return -1;
	*ret = afd_steal(&c);
	return 0;
}

struct afd_config *afd_config_free(struct afd_config *c)
{
	if (!c)
		return NULL;
	c->doc = afd_doc_free(c->doc);
	free(c->source);
	free(c->retired);
	free(c->authority);
	free(c->path);
	free(c->base_dir);
	free(c);
	return NULL;
}

void afd_config_release(struct afd_config **c)
{
	*c = afd_config_free(*c);
}

char *afd_config_path(const struct afd_config *c, const char *path)
{
	return path[0] == '/' ? afd_strdup(path) : afd_sprintf("%s/%s", c->base_dir, path);
}
