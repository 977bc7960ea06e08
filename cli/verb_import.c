#include <errno.h>
#include <stdlib.h>

#include "cli/session.h"
#include "cli/verbs.h"

/* --- approvals --- */

static int read_path(void *ctx, const char *path, struct afd_buf *ret, struct afd_error *err)
{
	(void)ctx;
	return afd_user_file_read(path, ret, NULL, err);
}

/* How many approvals the newest version of this file states: a map whose words fit no ticket makes none of them one, and that is no error. */
static int count_approvals(struct afd_store *s, const char *label, int64_t *ret, struct afd_error *err)
{
	AFD_AUTO(query) struct afd_query *q = NULL;

	if (afd_query_open(s, "SELECT COUNT(*) FROM approval a JOIN item_note n ON n.leaf = a.leaf WHERE n.asked = :label AND a.withdrawn_at = 9223372036854775807", &q, err) < 0 ||
	    afd_query_bind_text(q, "label", label, err) < 0 || afd_query_step(q, err) < 0)
		return -1;
	*ret = afd_query_int(q, 0);
	return 0;
}

/* The file as it stands, or, of a ticket system, behind the map that explains it. */
static int import_approvals(struct cli *c, const char *path, const char *map)
{
	struct afd_error err = { 0 };
	SESSION s = { 0 };
	AFD_AUTO(buf) struct afd_buf bytes = { 0 };
	AFD_AUTO(mem) char *label = NULL;
	const struct afd_user_part part[] = { { map, "map" }, { path, NULL } };
	bool is_new = false;
	int64_t n;

	if (session_open(&s, c, AFD_STORE_WRITE, &err) < 0 ||
	    afd_user_item("approvals", path, map ? part : part + 1, map ? 2 : 1, read_path, NULL, &bytes, &err) < 0 ||
	    afd_user_file_check("approvals", path, afd_buf_slice(&bytes), &err) < 0)
		return cli_cannot(c, &err);

	const struct afd_collect put = { .store = s.store, .env = &c->env };

	/* The file's full name: another file of the same short name must not replace what this one says. */
	label = realpath(path, NULL);
	if (!label)
		return cli_usage(c, "%s: %s", path, strerror(errno));
	if (session_record(&s, &err) < 0 || afd_collect_user_file(&put, "approvals", label, afd_buf_slice(&bytes), &is_new, &err) < 0 ||
	    session_seal(&s, &err) < 0 || count_approvals(s.store, label, &n, &err) < 0)
		return cli_cannot(c, &err);
	if (!n && map)
		cli_warn(c, "%s: no row of it is an approval: compare the words of `status` and `kind` in %s with those of the export", path, map);
	return cli_finish(c, EXIT_CLEAN, "exit 0: %s %s, %s approval%s", path, is_new ? "recorded" : "was recorded before, unchanged", cli_number((uint64_t)n).s, n == 1 ? "" : "s");
}

/* --- exported logs --- */

struct import {
	struct session s;
	struct afd_source source;
	struct afd_buf map_bytes; struct afd_doc *map;
};

static void import_release(struct import *i)
{
	i->map = afd_doc_free(i->map);
	afd_buf_release(&i->map_bytes);
	session_release(&i->s);
}

static int configured(struct import *i, const char *name, struct afd_error *err)
{
	for (size_t k = 0; k < i->s.config->n_source; k++)
		if (strcmp(i->s.config->source[k].name, name) == 0) {
			i->source = i->s.config->source[k];
			return i->source.provider->imports ? 0 :
				afd_fail(err, AFD_E_USAGE, "--source %s: a source of type %s reads no exported files", name, i->source.provider->kind);
		}
	return afd_fail(err, AFD_E_USAGE, "--source %s: the configuration has no such source", name);
}

static struct afd_node *add_text(struct afd_doc *d, struct afd_node *map, struct afd_node **last, const char *key, const char *text)
{
	struct afd_node *n = afd_doc_alloc(d, sizeof(*n));

	if (!n)
		return NULL;
	*n = (struct afd_node){ .type = AFD_TEXT, .line = 1, .key = key, .u.text = { text, strlen(text) } };
	if (*last)
		(*last)->next = n;
	else
		map->u.list.first = n;
	map->u.list.n++;
	return *last = n;
}

struct how { const char *source, *type, *map, *account, *name; };

/* What would stand in sources[], made from the options and the file with the map. */
static int described(struct import *i, const struct how *how, struct afd_error *err)
{
	const struct afd_provider *p = afd_provider_find(how->type);
	struct afd_node *root, *last = NULL, *map;
	const struct afd_node *inside;

	if (!p || !p->imports)
		return afd_fail(err, AFD_E_USAGE, "--type %s: expected a kind of source that reads exported files, such as events-file", how->type);
	if (how->map ? afd_user_file_read(how->map, &i->map_bytes, NULL, err) < 0 : afd_buf_text(&i->map_bytes, "{}") < 0)
		return how->map ? -1 : afd_fail_memory(err);
	if (afd_yaml_parse(afd_buf_slice(&i->map_bytes), how->map ? how->map : "options", &i->map, err) < 0)
		return -1;
	root = afd_doc_alloc(i->map, sizeof(*root));
	map = afd_doc_alloc(i->map, sizeof(*map));
	if (!root || !map)
		return afd_fail_memory(err);
	*root = (struct afd_node){ .type = AFD_MAP, .line = 1 };
	if (!add_text(i->map, root, &last, "name", how->name) || !add_text(i->map, root, &last, "type", how->type) ||
	    !add_text(i->map, root, &last, "path", ".") || !add_text(i->map, root, &last, "account", how->account))
		return afd_fail_memory(err);
	if (how->map) {
		inside = afd_node_get(afd_doc_root(i->map), "map");
		*map = *(inside ? inside : afd_doc_root(i->map));
		map->key = "map";
		map->next = NULL;
		last->next = map;
		root->u.list.n++;
	}
	return afd_source_read(i->map, root, how->name, p, &i->source, err);
}

static int import_one(struct import *i, const char *path, struct afd_collected *sum, struct afd_error *err)
{
	struct afd_collected got = { 0 };
	AFD_AUTO(mem) char *full = realpath(path, NULL);
	char *slash = full ? strrchr(full, '/') : NULL;

	if (!slash || !slash[1])
		return afd_fail(err, AFD_E_USAGE, "%s: %s", path, full ? "expected a file" : strerror(errno));
	*slash = '\0';
	if (session_import(&i->s, &i->source, *full ? full : "/", slash + 1, &got, err) < 0)
		return -1;
	sum->items += got.items > 1;              /* the run itself is one */
	sum->gaps += got.gaps;
	sum->failed += got.failed;
	return 0;
}

static int import_logs(struct cli *c, const struct how *how, int n, char **path)
{
	struct afd_error err = { 0 };
	__attribute__((cleanup(import_release))) struct import i = { 0 };
	struct afd_collected sum = { 0 };

	if (session_open(&i.s, c, AFD_STORE_WRITE, &err) < 0 || (how->source ? configured(&i, how->source, &err) : described(&i, how, &err)) < 0 ||
	    (!how->source && afd_config_same_log(i.s.config, &i.source, &err) < 0) || session_record(&i.s, &err) < 0 || session_seal(&i.s, &err) < 0)
		return cli_cannot(c, &err);
	for (int k = 0; k < n; k++)
		if (import_one(&i, path[k], &sum, &err) < 0)
			return cli_cannot(c, &err);
	if (session_seal(&i.s, &err) < 0)
		return cli_cannot(c, &err);
	if (c->json)
		printf("{\"failed\": %u, \"gaps\": %llu, \"recorded\": %llu}\n", sum.failed, (unsigned long long)sum.gaps, (unsigned long long)sum.items);
	if (sum.gaps || sum.failed)
		return cli_finish(c, EXIT_INCOMPLETE, "exit 3: not all of it could be read");
	if (sum.items < (unsigned)n)
		return cli_finish(c, EXIT_CLEAN, "exit 0: %s of %d files recorded; the others were recorded before, unchanged", cli_number(sum.items).s, n);
	return cli_finish(c, EXIT_CLEAN, "exit 0: recorded");
}

int verb_import(struct cli *c, int argc, char **argv)
{
	struct how how = { .name = "import", .account = "import" };
	const struct cli_option options[] = {
		{ "source", "NAME", "the source of the configuration whose log it is", .text = &how.source },
		{ "type", "KIND", "or: a kind of source that reads files (events-file)", .text = &how.type },
		{ "map", "FILE", "with --type events-file: the map, as under map: in the configuration; with approvals: of a ticket system's export", .text = &how.map },
		{ "account", "WORD", "with --type: the account that it is about (import)", .text = &how.account },
		{ "name", "NAME", "with --type: name of the source in the ledger (import)", .text = &how.name },
		{ 0 }
	};
	int code, args;

	if (cli_begin(c, options, argc, argv, CLI_MANY, &args, &code) < 0)
		return code;
	if (args == 2 && !how.source && !how.type && strcmp(argv[0], "approvals") == 0)
		return import_approvals(c, argv[1], how.map);
	if (how.source && (how.type || how.map))
		return cli_usage(c, "import: --source, or --type with --map");
	if (how.type && (!*how.name || how.name[strspn(how.name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-")] ||
	                 !strcmp(how.name, "user") || !strcmp(how.name, "engine")))
		return cli_usage(c, "--name: expected letters, digits, . _ -, got %s", cli_safe(how.name, 40));
	if (how.source || how.type)
		return args ? import_logs(c, &how, args, argv) : cli_usage(c, "import: which file?");
	return cli_usage(c, "import approvals FILE, or FILE... with --source NAME or --type KIND");
}
