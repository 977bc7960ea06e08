/* The frameworks that reports speak of: their controls, which checks say something about each, and how far. */
#include <unistd.h>

#include <jansson.h>

#include "cli/frameworks.h"
#include "cli/verbs.h"
#include "transport/transport.h"

int rule_set_open(const struct cli *c, struct rule_set *ret, struct afd_error *err)
{
	const bool named = strcmp(c->config_path, "affidavit.yaml") != 0;

	*ret = (struct rule_set){ 0 };
	if (named || access(c->config_path, F_OK) == 0)
		if (afd_user_file_read(c->config_path, &ret->config_bytes, NULL, err) < 0 ||
		    afd_config_parse(afd_buf_slice(&ret->config_bytes), c->config_path, &ret->config, err) < 0)
			return -1;
	if (rule_files_read(ret->config, &ret->files, err) < 0)
		return -1;
	return rule_files_load(&ret->files, &ret->all, err);
}

void rule_set_release(struct rule_set *s)
{
	s->all = afd_frameworks_free(s->all);
	rule_files_release(&s->files);
	s->config = afd_config_free(s->config);
	afd_buf_release(&s->config_bytes);
}

/* --- counting --- */

struct tally { unsigned live, withdrawn, addressed, rows; };

/* Those at the narrowest: a control that has others below it is addressed through them. */
static struct tally tally_of(const struct afd_framework *f)
{
	struct tally t = { 0 };

	for (size_t i = 0; i < f->n_control; i++) {
		const bool live = strcmp(f->control[i].status, "live") == 0;

		t.live += live;
		t.withdrawn += !live;
		t.addressed += f->control[i].n_link > 0;
		t.rows += (unsigned)f->control[i].n_link;
	}
	return t;
}

/* "3 checks: 2 intersects-with, 1 subset-of" */
static void relations_text(const struct afd_control *c, struct afd_buf *out)
{
	static const char *const names[] = { "subset-of", "intersects-with", "indicates", "context" };
	const char *comma = ": ";

	if (afd_buf_printf(out, "%zu %s", c->n_link, c->n_link == 1 ? "check" : "checks") < 0)
		return;
	for (size_t k = 0; k < AFD_COUNT(names); k++) {
		unsigned n = 0;

		for (size_t i = 0; i < c->n_link; i++)
			n += strcmp(c->link[i].relation, names[k]) == 0;
		if (n && afd_buf_printf(out, "%s%u %s", comma, n, names[k]) < 0)
			return;
		if (n)
			comma = ", ";
	}
}

/* --- for people --- */

static void show_list(const struct cli *c, const struct afd_frameworks *all)
{
	for (size_t i = 0; i < all->n; i++) {
		const struct afd_framework *f = &all->at[i].framework;
		const struct tally t = tally_of(f);

		cli_say(c, "  %-24s %s\n  %24s %u live, %u withdrawn, %u addressed by %u rows of %zu mapping%s\n", f->id, f->title, "", t.live, t.withdrawn,
			t.addressed, t.rows, f->n_mapping, f->n_mapping == 1 ? "" : "s");
		if (f->applies_when)
			cli_say(c, "  %24s counts only when it is stated that %s\n", "", f->applies_when);
		if (f->official.label)
			cli_say(c, "  %24s official texts of %u controls from %s\n", "", f->official.n, cli_safe(f->official.file, 60));
	}
}

static void show_head(const struct cli *c, const struct afd_framework *f)
{
	cli_say(c, "%s%s%s\n", cli_bold(c), f->title, cli_plain(c));
	if (f->source)
		cli_say(c, "  published at %s\n", f->source);
	if (f->applies_when)
		cli_say(c, "  counts only when it is stated that %s\n", f->applies_when);
	for (size_t i = 0; i < f->n_mapping; i++) {
		const struct afd_mapping_file *m = &f->mapping[i];

		cli_say(c, "  mapping %s, %s, %s, %s: %u row%s%s\n", cli_safe(m->version, 20), cli_safe(m->author, 40), m->date, cli_safe(m->label, 60),
			m->rows, m->rows == 1 ? "" : "s", m->ours ? "" : ", laid over ours");
	}
	if (f->official.label)
		cli_say(c, "  official texts of %u controls from %s, SHA-256 %s\n", f->official.n, cli_safe(f->official.file, 60),
			f->official.source_sha256);
	cli_say(c, "\n");
}

static void show_control(const struct cli *c, const struct afd_framework *f, const struct afd_control *k, bool texts)
{
	AFD_AUTO(buf) struct afd_buf n = { 0 };

	relations_text(k, &n);
	cli_say(c, "%s%s%s  %s\n", cli_bold(c), k->id, cli_plain(c), k->title);
	if (texts && k->official_title && strcmp(k->official_title, k->id) != 0)
		cli_say(c, "  | %s\n", cli_safe(k->official_title, 0));
	if (texts && k->official_text)
		cli_say(c, "  | %s\n", cli_safe(k->official_text, 0));
	if (k->n_link)
		cli_say(c, "  %s\n", n.data ? (const char *)n.data : "");
	for (size_t i = 0; i < k->n_link; i++) {
		const struct afd_link *l = &k->link[i];
		const struct afd_mapping_file *m = &f->mapping[l->mapping];

		cli_say(c, "    %s %s\n      %s\n      limit: %s\n", l->check, l->relation, cli_safe(l->rationale, 0), cli_safe(l->limit, 0));
		if (!m->ours)
			cli_say(c, "      by %s, %s%s\n", cli_safe(m->author, 60), m->date, l->replaces ? ", in the place of our row" : "");
		if (l->cited)
			cli_say(c, "      cited there as %s\n", cli_safe(l->cited, 40));
	}
}

/* --- for programs --- */

static json_t *text_or_null(const char *s)
{
	return s ? json_string(s) : json_null();
}

static json_t *mappings_json(const struct afd_framework *f)
{
	json_t *list = json_array();

	for (size_t i = 0; i < f->n_mapping; i++) {
		const struct afd_mapping_file *m = &f->mapping[i];

		json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s, s:s, s:i, s:i, s:b}", "label", m->label, "version", m->version, "author",
			m->author, "date", m->date, "sha256", afd_digest_hex(&m->sha256).s, "rows", (int)m->rows, "replaces", (int)m->replaces,
			"ours", m->ours));
	}
	return list;
}

static json_t *head_json(const struct afd_framework *f)
{
	const struct tally t = tally_of(f);
	json_t *o = json_pack("{s:s, s:s, s:s, s:i, s:i, s:i, s:i, s:o, s:o, s:o}", "id", f->id, "title", f->title, "version", f->version, "live",
		(int)t.live, "withdrawn", (int)t.withdrawn, "addressed", (int)t.addressed, "rows", (int)t.rows, "mappings", mappings_json(f),
		"source", text_or_null(f->source), "applies_when", text_or_null(f->applies_when));

	if (f->official.label)
		json_object_set_new(o, "official", json_pack("{s:s, s:s, s:s, s:i}", "file", f->official.file, "source_sha256", f->official.source_sha256,
			"sha256", afd_digest_hex(&f->official.sha256).s, "texts", (int)f->official.n));
	return o;
}

static json_t *control_json(const struct afd_framework *f, const struct afd_control *k, bool texts)
{
	json_t *o = json_pack("{s:s, s:s, s:s, s:s, s:o}", "id", k->id, "title", k->title, "level", k->level, "status", k->status, "parent",
		text_or_null(k->parent)), *links = json_array(), *to = json_array();

	for (size_t i = 0; i < k->n_link; i++) {
		const struct afd_link *l = &k->link[i];
		json_t *row = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:b}", "check", l->check, "relation", l->relation, "rationale", l->rationale,
			"limit", l->limit, "author", f->mapping[l->mapping].author, "date", f->mapping[l->mapping].date, "replaces", l->replaces);

		if (l->cited)
			json_object_set_new(row, "cited", json_string(l->cited));
		json_array_append_new(links, row);
	}
	for (size_t i = 0; i < k->successors.n; i++)
		json_array_append_new(to, json_string(k->successors.at[i]));
	json_object_set_new(o, "links", links);
	json_object_set_new(o, "checks", json_integer((json_int_t)k->n_link));
	json_object_set_new(o, "successors", to);
	if (texts) {
		json_object_set_new(o, "official_title", text_or_null(k->official_title));
		json_object_set_new(o, "official_text", text_or_null(k->official_text));
	}
	return o;
}

static int print_json(const struct cli *c, json_t *o)
{
	char *text = json_dumps(o, JSON_SORT_KEYS | JSON_INDENT(1));

	json_decref(o);
	if (!text)
		return cli_cannot(c, &(struct afd_error){ .code = AFD_E_MEMORY, .text = "no memory" });
	puts(text);
	free(text);
	return cli_finish(c, EXIT_CLEAN, NULL);
}

/* --- the verb --- */

static int list_all(struct cli *c, const struct afd_frameworks *all)
{
	json_t *list;

	if (!c->json) {
		show_list(c, all);
		return cli_finish(c, EXIT_CLEAN, "\nTitles are ours; `affidavit frameworks import FILE` brings the publisher's texts. `affidavit frameworks ID` lists the controls.");
	}
	list = json_array();
	for (size_t i = 0; i < all->n; i++)
		json_array_append_new(list, head_json(&all->at[i].framework));
	return print_json(c, json_pack("{s:o}", "frameworks", list));
}

/* Withdrawn ones are for who asks for one of them. */
static int show_one(struct cli *c, const struct afd_framework *f, const char *only, bool texts)
{
	json_t *list = c->json ? json_array() : NULL, *o;
	size_t shown = 0;

	if (!c->json && !only)
		show_head(c, f);
	for (size_t i = 0; i < f->n_control; i++) {
		const struct afd_control *k = &f->control[i];

		if (only ? strcmp(k->id, only) != 0 : strcmp(k->status, "live") != 0)
			continue;
		shown++;
		if (c->json)
			json_array_append_new(list, control_json(f, k, texts));
		else
			show_control(c, f, k, texts);
	}
	if (only && !shown) {
		json_decref(list);
		return cli_usage(c, "%s has no control %s; `affidavit frameworks resolve %s` looks for it", f->id, cli_safe(only, 40), cli_safe(only, 40));
	}
	if (!c->json)
		return cli_finish(c, EXIT_CLEAN, texts && !f->official.label ? "\nNo official texts: `affidavit frameworks import FILE` brings them." : NULL);
	o = head_json(f);
	json_object_set_new(o, "controls", list);
	return print_json(c, o);
}

static const struct afd_framework *find(const struct afd_frameworks *all, const char *id)
{
	for (size_t i = 0; i < all->n; i++)
		if (strcmp(all->at[i].framework.id, id) == 0)
			return &all->at[i].framework;
	return NULL;
}

static const struct {
	const char *name, *what;
	int (*run)(struct cli *c, const struct rule_set *s, const struct frameworks_options *o, const char *arg);
	bool must;
} parts[] = {
	{ "export", "--oscal", frameworks_export, false },
	{ "import", "FILE", frameworks_import, true },
	{ "resolve", "CITED", frameworks_resolve, true },
};

int verb_frameworks(struct cli *c, int argc, char **argv)
{
	struct frameworks_options o = { 0 };
	const struct cli_option options[] = {
		{ "texts", NULL, "the publisher's words beside our titles, where they were imported", &o.texts, NULL },
		{ "framework", "ID", "resolve, import: the framework that is meant", NULL, &o.framework },
		{ "oscal", NULL, "export: as a mapping collection in OSCAL's JSON; of one framework, or of all; `checks`: the catalogue of checks", &o.oscal, NULL },
		{ "out", "PATH", "import: where the texts go (the first folder of the configuration, or frameworks); export: the file", NULL, &o.out },
		{ "replace", NULL, "import: in the place of other texts", &o.replace, NULL },
		{ 0 }
	};
	const struct afd_framework *f;
	struct afd_error err = { 0 };
	RULE_SET s = { 0 };
	int code, args;

	if (cli_begin(c, options, argc, argv, 2, &args, &code) < 0)
		return code;
	if (rule_set_open(c, &s, &err) < 0)
		return cli_cannot(c, &err);
	if (!args)
		return list_all(c, s.all);
	for (size_t i = 0; i < AFD_COUNT(parts); i++)
		if (strcmp(argv[0], parts[i].name) == 0)
			return args < 2 && parts[i].must ? cli_usage(c, "frameworks %s needs %s", parts[i].name, parts[i].what)
							 : parts[i].run(c, &s, &o, args > 1 ? argv[1] : NULL);
	f = find(s.all, argv[0]);
	if (!f)
		return cli_usage(c, "there is no framework %s; `affidavit frameworks` lists them", cli_safe(argv[0], 60));
	return show_one(c, f, args > 1 ? argv[1] : NULL, o.texts);
}
