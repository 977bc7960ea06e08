/* Checks of the user's own: every .sql file of the folders that the configuration names. They become items like the built-in ones. */
#include <dirent.h>
#include <stdlib.h>

#include "cli/user_checks.h"
#include "core/file.h"
#include "mappers/assess.h"
#include "transport/transport.h"

static int is_check(const struct dirent *e)
{
	const size_t n = strlen(e->d_name);

	return e->d_name[0] != '.' && n > 4 && strcmp(e->d_name + n - 4, ".sql") == 0;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

struct seen { char **label; size_t n; };

static const char *base(const char *label)
{
	const char *slash = strrchr(label, '/');

	return slash ? slash + 1 : label;
}

/* The id of a check is the name of its file. Two of one name would take each other's findings. */
static int refuse_double(struct seen *seen, const char *label, struct afd_error *err)
{
	AFD_AUTO(mem) char *builtin = afd_sprintf("checks/%s", base(label));
	char **more = reallocarray(seen->label, seen->n + 1, sizeof(*more));

	if (more)
		seen->label = more;
	if (!builtin || !more)
		return afd_fail_memory(err);
	if (afd_embedded_find(builtin))
		return afd_fail(err, AFD_E_CONFIG, "%s:1: the built-in check %s has this id already; give yours another name", label, builtin);
	for (size_t i = 0; i < seen->n; i++)
		if (strcmp(base(seen->label[i]), base(label)) == 0)
			return afd_fail(err, AFD_E_CONFIG, "%s:1: %s has this id already; give one of them another name", label, seen->label[i]);
	seen->label[seen->n] = afd_strdup(label);
	return seen->label[seen->n++] ? 0 : afd_fail_memory(err);
}

/* A table that is read whole for each row of another is slow on large evidence, and no error. */
static int look_at_plan(struct session *s, const char *label, unsigned line, const char *sql, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf scan = { 0 };
	AFD_AUTO(query) struct afd_query *q = NULL;

	if (afd_query_open(s->store, sql, &q, NULL) < 0)      /* what it cannot do is said where it runs */
		return 0;
	if (afd_query_scan(s->store, sql, &scan, err) < 0)
		return -1;
	if (scan.len)
		cli_warn(s->cli, "%s:%u: %s for each row of an outer query: slow on large evidence; look it up by an indexed column, or WITH it once",
			 label, line, (const char *)scan.data);
	return 0;
}

static int one(struct session *s, struct seen *seen, const char *label, user_record record, void *ctx, struct afd_error *err)
{
	AFD_AUTO(mem) char *full = afd_config_path(s->config, label);
	AFD_AUTO(buf) struct afd_buf bytes = { 0 };
	AFD_AUTO(doc) struct afd_doc *doc = NULL;
	struct afd_check c;
	int is_new;

	if (!full)
		return afd_fail_memory(err);
	if (afd_user_file_read(full, &bytes, NULL, err) < 0)
		return afd_within(err, "checks, named in %s", s->cli->config_path);
	if (refuse_double(seen, label, err) < 0 || afd_check_parse(afd_buf_slice(&bytes), label, &doc, &c, err) < 0)
		return -1;
	is_new = record(ctx, "check", label, afd_buf_slice(&bytes), err);
	if (is_new <= 0)
		return is_new;
	return look_at_plan(s, label, c.findings_line, c.findings_sql, err) < 0 ||
	       look_at_plan(s, label, c.population_line, c.population_sql, err) < 0 ? -1 : 0;
}

static int folder(struct session *s, struct seen *seen, const char *dir, user_record record, void *ctx, struct afd_error *err)
{
	AFD_AUTO(mem) char *full = afd_config_path(s->config, dir);
	struct dirent **names = NULL;
	int n = full ? scandir(full, &names, is_check, by_name) : -1, r = 0;

	if (n < 0)
		return afd_fail(err, AFD_E_CONFIG, "%s: checks: the folder %s cannot be read", s->cli->config_path, dir);
	for (int i = 0; i < n; i++) {
		AFD_AUTO(mem) char *label = afd_sprintf("%s%s%s", dir, dir[strlen(dir) - 1] == '/' ? "" : "/", names[i]->d_name);

		if (r == 0)
			r = label ? one(s, seen, label, record, ctx, err) : afd_fail_memory(err);
		free(names[i]);
	}
	free(names);
	return r;
}

int user_checks_record(struct session *s, user_record record, void *ctx, struct afd_error *err)
{
	struct seen seen = { 0 };
	int r = 0;

	for (size_t i = 0; i < s->config->checks.n && r == 0; i++)
		r = folder(s, &seen, s->config->checks.at[i], record, ctx, err);
	for (size_t i = 0; i < seen.n; i++)
		free(seen.label[i]);
	free(seen.label);
	return r;
}
