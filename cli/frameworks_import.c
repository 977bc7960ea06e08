/* The publisher's own words, out of the publisher's own file. */
#include <errno.h>
#include <sys/stat.h>

#include <jansson.h>

#include "cli/frameworks.h"
#include "collector/files/oscal.h"
#include "core/file.h"
#include "transport/transport.h"

static const struct afd_control *known(const struct afd_framework *f, const struct afd_oscal_control *c)
{
	const struct afd_control *k = afd_control_find(f, c->id);

	if (!k && c->label)
		k = afd_control_find(f, c->label);
	return k ? k : afd_control_like(f, c->id);
}

/* The framework that has most of the ids; half of its own at least, or it is another one. */
static const struct afd_framework *recognise(const struct afd_frameworks *all, const struct afd_oscal *o)
{
	const struct afd_framework *best = NULL;
	size_t most = 0;

	for (size_t i = 0; i < all->n; i++) {
		const struct afd_framework *f = &all->at[i].framework;
		size_t n = 0;

		for (size_t k = 0; k < o->n; k++)
			n += known(f, &o->at[k]) != NULL;
		if (n > most && 2 * n >= f->n_control) {
			most = n;
			best = f;
		}
	}
	return best;
}

struct taken { unsigned texts, withdrawn, foreign, odd; const char *first_odd; };

/* What our list calls withdrawn stays out, whatever the file says of it; where the two differ, that is said. */
static json_t *texts_json(const struct afd_framework *f, const struct afd_oscal *o, struct taken *t)
{
	json_t *list = json_array();

	for (size_t i = 0; i < o->n; i++) {
		const struct afd_oscal_control *c = &o->at[i];
		const struct afd_control *k = known(f, c);
		const bool live = k && strcmp(k->status, "live") == 0;
		json_t *row;

		t->foreign += !k && !c->withdrawn;
		if (k && live == c->withdrawn) {
			t->odd++;
			t->first_odd = t->first_odd ? t->first_odd : k->id;
		}
		t->withdrawn += k ? !live : c->withdrawn;
		if (!live || (!c->title && !c->text))
			continue;
		row = json_pack("{s:s}", "id", k->id);
		if (c->title)
			json_object_set_new(row, "title", json_string(c->title));
		if (c->text)
			json_object_set_new(row, "text", json_string(c->text));
		json_array_append_new(list, row);
		t->texts++;
	}
	return list;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static int official_json(const struct afd_framework *f, const struct afd_oscal *o, const char *path, struct afd_slice bytes, struct taken *t,
			 struct afd_buf *ret, struct afd_error *err)
{
	struct afd_digest d;
	json_t *source, *doc;
	char *text;
	int r;

	afd_sha256(bytes, &d);
	source = json_pack("{s:s, s:s, s:s}", "file", base_name(path), "sha256", afd_digest_hex(&d).s, "title", o->title);
	if (o->version)
		json_object_set_new(source, "version", json_string(o->version));
	if (o->last_modified)
		json_object_set_new(source, "last_modified", json_string(o->last_modified));
	if (o->oscal_version)
		json_object_set_new(source, "oscal_version", json_string(o->oscal_version));
	doc = json_pack("{s:s, s:o, s:o}", "framework", f->id, "source", source, "texts", texts_json(f, o, t));
	text = doc ? json_dumps(doc, JSON_SORT_KEYS | JSON_INDENT(1)) : NULL;
	r = text && afd_buf_text(ret, text) == 0 && afd_buf_text(ret, "\n") == 0 ? 0 : afd_fail_memory(err);
	free(text);
	json_decref(doc);
	return r;
}

static char *folder_of(const struct rule_set *s, const struct frameworks_options *o)
{
	if (o->out)
		return afd_strdup(o->out);
	return afd_config_path(s->config, s->config->frameworks.n ? s->config->frameworks.at[0] : RULE_FOLDER);
}

static int put(const struct frameworks_options *o, const char *folder, const char *path, struct afd_slice text, bool *same, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf old = { 0 };

	if (mkdir(folder, 0777) < 0 && errno != EEXIST)
		return afd_fail_errno(err, "make the folder", folder);
	*same = afd_file_read(path, 16 << 20, &old, NULL) == 0 && afd_slice_equal(afd_buf_slice(&old), text);
	if (*same)
		return 0;
	if (old.len && !o->replace)
		return afd_fail(err, AFD_E_USAGE, "%s is there already, with other texts; --replace puts these in their place", path);
	return afd_file_write(path, text, false, err);
}

static void say_json(const struct afd_framework *f, const char *file, const struct taken *t, bool same)
{
	json_t *o = json_pack("{s:s, s:s, s:i, s:i, s:i, s:i, s:b}", "framework", f->id, "file", file, "texts", (int)t->texts, "withdrawn",
			      (int)t->withdrawn, "not_here", (int)t->foreign, "differ", (int)t->odd, "new", !same);
	char *text = json_dumps(o, JSON_SORT_KEYS);

	puts(text ? text : "{}");
	free(text);
	json_decref(o);
}

static int import(struct cli *c, const struct rule_set *s, const struct frameworks_options *o, const char *path, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf bytes = { 0 }, text = { 0 };
	AFD_AUTO(mem) char *folder = folder_of(s, o), *file = NULL;
	struct afd_oscal oscal = { 0 };
	const struct afd_framework *f;
	struct taken t = { 0 };
	bool same;
	int r = -1;

	if (!folder)
		return afd_fail_memory(err);
	if (afd_user_file_read(path, &bytes, NULL, err) < 0 || afd_oscal_parse(afd_buf_slice(&bytes), path, &oscal, err) < 0)
		return -1;
	f = o->framework ? afd_framework_named(s->all, o->framework) : recognise(s->all, &oscal);
	if (!f)
		afd_fail(err, AFD_E_USAGE, "%s: \"%.100s\" is none of the frameworks here; --framework ID names the one that is meant", path, oscal.title);
	else if (official_json(f, &oscal, path, afd_buf_slice(&bytes), &t, &text, err) == 0 && !t.texts)
		afd_fail(err, AFD_E_USAGE, "%s: no control of %s is in it", path, f->id);
	else if (text.len && (file = afd_sprintf("%s/%s.official.json", folder, f->id)))
		r = put(o, folder, file, afd_buf_slice(&text), &same, err);
	if (r == 0 && c->json)
		say_json(f, file, &t, same);
	if (r == 0) {
		struct afd_digest d;

		afd_sha256(afd_buf_slice(&bytes), &d);
		cli_say(c, "%s %s, SHA-256 %s\n  %s: texts of %u controls; left out: %u withdrawn%s, %u that are not in the catalogue here\n  %s %s\n",
			cli_safe(oscal.title, 90), oscal.version ? cli_safe(oscal.version, 20) : "", afd_digest_hex(&d).s, f->id, t.texts, t.withdrawn,
			oscal.says_status ? "" : " (the file does not say which; they lack what live ones have, and our list names them)", t.foreign,
			same ? "the same as in" : "in", file);
		if (t.odd)
			cli_warn(c, "%u controls have another status there than here, the first %s: ours is in force", t.odd, t.first_odd);
	}
	afd_oscal_release(&oscal);
	return r;
}

int frameworks_import(struct cli *c, const struct rule_set *s, const struct frameworks_options *o, const char *path)
{
	struct afd_error err = { 0 };

	if (!s->config && !o->out)
		return cli_usage(c, "frameworks import: there is no %s here; --out DIR says where the texts go", c->config_path);
	if (import(c, s, o, path, &err) < 0)
		return cli_cannot(c, &err);
	return cli_finish(c, EXIT_CLEAN, "\n`affidavit frameworks ID --texts` shows them; the next collect, check or report records them.");
}
