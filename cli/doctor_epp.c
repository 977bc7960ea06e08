#include "cli/doctor_epp.h"

#include <inttypes.h>
#include <jansson.h>

#include "cli/session.h"
#include "collector/registrar/epp_schema.h"
#include "core/file.h"
#include "transport/transport.h"

struct ward {
	struct cli *cli;
	struct afd_epp_schemas *schemas;
	json_t *list, *flaws;                     /* all frames; those of the frame at hand */
	unsigned schemas_out, frames, invalid, unjudged, unreadable;
	unsigned here[AFD_EPP_UNANNOUNCED + 1];   /* of the frame at hand */
};

static const char *const kinds[] = { [AFD_EPP_INVALID] = "invalid", [AFD_EPP_NO_SCHEMA] = "no-schema", [AFD_EPP_UNANNOUNCED] = "unannounced" };

/* --- schemas --- */

struct files { struct afd_epp_schema_file at[AFD_EPP_MAX_SCHEMAS]; struct afd_buf bytes[AFD_EPP_MAX_SCHEMAS]; char *name[AFD_EPP_MAX_SCHEMAS]; size_t n; };

static void files_release(struct files **f)
{
	for (size_t i = 0; *f && i < (*f)->n; i++) {
		afd_buf_release(&(*f)->bytes[i]);
		free((*f)->name[i]);
	}
	free(*f);
	*f = NULL;
}

static void left_out(void *ctx, const char *name, const char *why)
{
	struct ward *w = ctx;

	w->schemas_out++;
	cli_say(w->cli, "  left out: %s: %s\n", cli_safe(name, 0), cli_safe(why, 0));
}

static bool is_schema(const char *name, size_t n)
{
	return n > 4 && !strncasecmp(name + n - 4, ".xsd", 4);
}

static int read_schema(const char *dir, const char *name, size_t n, struct files *f, struct afd_error *err)
{
	AFD_AUTO(mem) char *path = afd_sprintf("%s/%.*s", dir, (int)n, name);

	if (f->n == AFD_EPP_MAX_SCHEMAS)
		return afd_fail(err, AFD_E_LIMIT, "%s: more than %d schemas", dir, AFD_EPP_MAX_SCHEMAS);
	f->name[f->n] = strndup(name, n);
	if (!path || !f->name[f->n])
		return afd_fail_memory(err);
	f->n++;
	if (afd_file_read(path, AFD_EPP_MAX_SCHEMA_FILE, &f->bytes[f->n - 1], err) < 0)
		return -1;
	f->at[f->n - 1] = (struct afd_epp_schema_file){ f->name[f->n - 1], afd_buf_slice(&f->bytes[f->n - 1]) };
	return 0;
}

/* Lines "SIZE MODIFIED NAME". */
static int read_listed(const char *dir, struct afd_slice list, struct files *f, struct afd_error *err)
{
	const char *at = (const char *)list.data, *end = at + list.len;

	while (at < end) {
		const char *stop = memchr(at, '\n', (size_t)(end - at)), *name = at;

		if (!stop)
			break;
		for (int blanks = 0; blanks < 2 && name < stop; name++)
			blanks += *name == ' ';
		if (is_schema(name, (size_t)(stop - name)) && read_schema(dir, name, (size_t)(stop - name), f, err) < 0)
			return -1;
		at = stop + 1;
	}
	return 0;
}

static int load(struct ward *w, const char *dir, struct afd_error *err)
{
	__attribute__((cleanup(files_release))) struct files *f = calloc(1, sizeof(*f));
	const struct afd_request q = { .protocol = AFD_FOLDER, .path = dir, .asked = dir };
	struct afd_transport *t = afd_transport_new(&w->cli->env, NULL, err);
	struct afd_response a;
	int rc = -1;

	if (!f)
		afd_fail_memory(err);
	else if (t && afd_transport_do(t, &q, &a, err) == 0)
		rc = read_listed(dir, a.body, f, err);
	t = afd_transport_free(t);
	if (rc < 0)
		return -1;
	cli_say(w->cli, "schemas of %s: %zu\n", cli_safe(dir, 0), f->n);
	return afd_epp_schemas_load(f->at, f->n, left_out, w, &w->schemas, err) < 0 ? afd_within(err, "%s", dir) : 0;
}

/* --- frames --- */

static void flawed(void *ctx, const struct afd_epp_flaw *f)
{
	struct ward *w = ctx;

	w->here[f->kind]++;
	json_array_append_new(w->flaws, json_pack("{s:s,s:i,s:s*,s:s*,s:s}", "kind", kinds[f->kind], "line", (int)f->line, "namespace", f->ns, "schema", f->schema,
	                                          "why", f->text));
}

static void say_flaws(struct ward *w)
{
	for (size_t i = 0; i < json_array_size(w->flaws); i++) {
		const json_t *f = json_array_get(w->flaws, i);
		const char *schema = json_string_value(json_object_get(f, "schema")), *ns = json_string_value(json_object_get(f, "namespace"));
		bool wrong = !strcmp(json_string_value(json_object_get(f, "kind")), kinds[AFD_EPP_INVALID]);

		cli_say(w->cli, "    line %" JSON_INTEGER_FORMAT "  %s: %s\n", json_integer_value(json_object_get(f, "line")),
		        wrong && schema ? cli_safe(schema, 0) : ns ? cli_safe(ns, 0) : "no namespace", cli_safe(json_string_value(json_object_get(f, "why")), 0));
	}
	if (json_array_size(w->flaws) == AFD_EPP_MAX_FLAWS)
		cli_say(w->cli, "    the first %d are told\n", AFD_EPP_MAX_FLAWS);
}

static void examine(struct ward *w, const char *name, struct afd_slice bytes)
{
	struct afd_error err = { 0 };
	const char *verdict;

	memset(w->here, 0, sizeof(w->here));
	w->frames++;
	w->flaws = json_array();
	if (!w->flaws || afd_epp_validate(w->schemas, bytes, name, flawed, w, &err) < 0) {
		verdict = "unreadable";
		w->unreadable++;
		cli_say(w->cli, "  %s%s%s\n", cli_red(w->cli), cli_safe(err.text, 0), cli_plain(w->cli));
	} else {
		verdict = w->here[AFD_EPP_INVALID] ? "invalid" : w->here[AFD_EPP_NO_SCHEMA] ? "not judged to its end" : "valid";
		w->invalid += w->here[AFD_EPP_INVALID] > 0;
		w->unjudged += !w->here[AFD_EPP_INVALID] && w->here[AFD_EPP_NO_SCHEMA];
		cli_say(w->cli, "  %s: %s%s%s\n", cli_safe(name, 0), w->here[AFD_EPP_INVALID] ? cli_bold(w->cli) : "", verdict, cli_plain(w->cli));
		say_flaws(w);
	}
	json_array_append_new(w->list, json_pack("{s:s,s:s,s:o?,s:s*}", "frame", name, "verdict", verdict, "flaws", w->flaws, "why", err.code ? err.text : NULL));
	w->flaws = NULL;
}

static void examine_file(struct ward *w, const char *path)
{
	AFD_AUTO(buf) struct afd_buf bytes = { 0 };
	struct afd_error err = { 0 };

	if (afd_file_read(path, AFD_MAX_EPP_FRAME, &bytes, &err) == 0) {
		examine(w, path, afd_buf_slice(&bytes));
		return;
	}
	w->frames++;
	w->unreadable++;
	cli_say(w->cli, "  %s%s%s\n", cli_red(w->cli), cli_safe(err.text, 0), cli_plain(w->cli));
	json_array_append_new(w->list, json_pack("{s:s,s:s,s:s}", "frame", path, "verdict", "unreadable", "why", err.text));
}

static int examine_items(struct ward *w, struct afd_store *store, enum afd_item_kind kind, const char *decoder, struct afd_error *err)
{
	uint64_t leaf = 0;
	int more;

	while ((more = afd_store_next_of(store, afd_item_kind_name(kind), decoder, leaf, &leaf, err)) > 0) {
		struct afd_item item = { 0 };
		char name[160];

		if (afd_store_item(store, leaf, &item, err) < 0)
			return -1;
		snprintf(name, sizeof(name), "leaf %" PRIu64 " (%.100s)", leaf, item.record.asked ? item.record.asked : "");
		if (item.presence == AFD_PRESENT)
			examine(w, name, afd_buf_slice(&item.bytes));
		afd_item_release(&item);
		leaf++;
	}
	return more;
}

static int examine_store(struct ward *w, struct afd_error *err)
{
	static const struct { enum afd_item_kind kind; const char *decoder; } where[] = {
		{ AFD_ITEM_ANSWER, "epp" }, { AFD_ITEM_ANSWER, "epp-poll" }, { AFD_ITEM_SEGMENT, "epp-frames" },
	};
	SESSION s;

	if (session_open(&s, w->cli, AFD_STORE_READ, err) < 0)
		return -1;
	cli_say(w->cli, "frames of %s\n", cli_safe(s.store_path, 0));
	for (size_t i = 0; i < AFD_COUNT(where); i++)
		if (examine_items(w, s.store, where[i].kind, where[i].decoder, err) < 0)
			return -1;
	return 0;
}

/* --- the end --- */

static int finish(struct ward *w, int rc, const struct afd_error *err)
{
	int code = rc < 0 || w->unreadable ? EXIT_CANNOT : w->invalid || w->unjudged ? EXIT_INCOMPLETE : EXIT_CLEAN;

	if (w->cli->json) {
		json_t *o = json_pack("{s:s,s:i,s:i,s:O}", "verb", "doctor", "exit", code, "schemas_left_out", (int)w->schemas_out, "frames", w->list);
		char *text = o ? json_dumps(o, JSON_SORT_KEYS) : NULL;
		printf("%s\n", text ? text : "{}");
		free(text);
		json_decref(o);
	}
	json_decref(w->list);
	w->schemas = afd_epp_schemas_free(w->schemas);
	if (rc < 0)
		return cli_cannot(w->cli, err);
	return cli_finish(w->cli, code, "\nexit %d: frames: %u; not valid: %u; not judged to their end: %u; that cannot be read: %u", code, w->frames, w->invalid,
	                  w->unjudged, w->unreadable);
}

int doctor_epp(struct cli *c, const char *dir, char **file, int n)
{
	struct ward w = { .cli = c, .list = json_array() };
	struct afd_error err = { 0 };
	int rc = w.list ? load(&w, dir, &err) : afd_fail_memory(&err);

	for (int i = 0; rc == 0 && i < n; i++)
		examine_file(&w, file[i]);
	if (rc == 0 && n == 0)
		rc = examine_store(&w, &err);
	return finish(&w, rc, &err);
}
