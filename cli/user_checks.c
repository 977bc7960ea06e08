/* Checks of the user's own: every .sql file of the folders that the configuration names. They become items like the built-in ones. */
#include <dirent.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/stat.h>

#include "cli/user_checks.h"
#include "core/file.h"
#include "mappers/assess.h"
#include "transport/transport.h"

static bool ends_so(const char *name)
{
	const size_t n = strlen(name);

	return name[0] != '.' && n > 4 && strcasecmp(name + n - 4, ".sql") == 0;
}

/* What is taken for a check, and folders, in which checks may lie that nobody reads. */
static int is_check(const struct dirent *e)
{
	return ends_so(e->d_name) || (e->d_name[0] != '.' && e->d_type != DT_REG);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static const char *base(const char *label)
{
	const char *slash = strrchr(label, '/');

	return slash ? slash + 1 : label;
}

/* The id of a check is the name of its file. Two of one name would take each other's findings. */
static int refuse_double(const struct user_checks *seen, const char *label, struct afd_error *err)
{
	AFD_AUTO(mem) char *builtin = afd_sprintf("checks/%s", base(label));

	if (!builtin)
		return afd_fail_memory(err);
	if (afd_embedded_find(builtin))
		return afd_fail(err, AFD_E_CONFIG, "%s:1: the built-in check %s has this id already; give yours another name", label, builtin);
	for (size_t i = 0; i < seen->n; i++)
		if (strcmp(base(seen->at[i].label), base(label)) == 0)
			return afd_fail(err, AFD_E_CONFIG, "%s:1: %s has this id already; give one of them another name", label, seen->at[i].label);
	return 0;
}

static int read_one(const struct afd_config *config, const char *label, struct user_checks *ret, struct afd_error *err)
{
	AFD_AUTO(mem) char *full = afd_config_path(config, label);
	struct user_check *at = reallocarray(ret->at, ret->n + 1, sizeof *at);
	struct user_check *u;

	if (at)
		ret->at = at;
	if (!at || !full)
		return afd_fail_memory(err);
	u = &at[ret->n];
	*u = (struct user_check){ 0 };
	if (refuse_double(ret, label, err) < 0)
		return -1;
	ret->n++;
	u->label = afd_strdup(label);
	if (!u->label)
		return afd_fail_memory(err);
	if (afd_user_file_read(full, &u->bytes, NULL, err) < 0)
		return afd_within(err, "checks, named in %s", config->path);
	return afd_check_parse(afd_buf_slice(&u->bytes), u->label, &u->doc, &u->check, err);
}

bool user_folder_named(const struct afd_config *config, const struct afd_texts *list, const char *folder)
{
	struct stat a, b;

	for (size_t i = 0; i < list->n; i++) {
		AFD_AUTO(mem) char *other = afd_config_path(config, list->at[i]);

		if (other && stat(other, &a) == 0 && stat(folder, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino)
			return true;
	}
	return false;
}

/* Folders are not searched, so that examples and drafts may lie below one; but a check that lies there is most likely meant to judge. */
static int look_below(const struct afd_config *config, const char *label, struct afd_error *err)
{
	AFD_AUTO(mem) char *full = afd_config_path(config, label);
	DIR *d = full ? opendir(full) : NULL;
	struct dirent *e;
	int r = 0;

	if (!full)
		return afd_fail_memory(err);
	if (!d)
		return 0;                                 /* no folder, or none of ours */
	while (r == 0 && (e = readdir(d)))
		if (ends_so(e->d_name) && !user_folder_named(config, &config->checks, full))
			r = afd_fail(err, AFD_E_CONFIG, "%s: checks: %s/%s is not read, because folders below others are not searched: name %s in checks as well, "
				     "or move the file out", config->path, label, e->d_name, label);
	closedir(d);
	return r;
}

static int read_entry(const struct afd_config *config, const char *label, struct user_checks *ret, struct afd_error *err)
{
	const char *name = base(label);

	if (!ends_so(name))
		return look_below(config, label, err);
	if (strcmp(name + strlen(name) - 4, ".sql") != 0)
		return afd_fail(err, AFD_E_CONFIG, "%s:1: the name of a check ends in .sql, in small letters: rename the file", label);
	return read_one(config, label, ret, err);
}

static int read_folder(const struct afd_config *config, const char *dir, struct user_checks *ret, struct afd_error *err)
{
	AFD_AUTO(mem) char *full = afd_config_path(config, dir);
	struct dirent **names = NULL;
	int n = full ? scandir(full, &names, is_check, by_name) : -1, r = 0;

	if (n < 0)
		return afd_fail(err, AFD_E_CONFIG, "%s: checks: the folder %s cannot be read", config->path, dir);
	for (int i = 0; i < n; i++) {
		AFD_AUTO(mem) char *label = afd_sprintf("%s%s%s", dir, dir[strlen(dir) - 1] == '/' ? "" : "/", names[i]->d_name);

		if (r == 0)
			r = label ? read_entry(config, label, ret, err) : afd_fail_memory(err);
		free(names[i]);
	}
	free(names);
	return r;
}

int user_checks_read(const struct afd_config *config, struct user_checks *ret, struct afd_error *err)
{
	*ret = (struct user_checks){ 0 };
	for (size_t i = 0; config && i < config->checks.n; i++)
		if (read_folder(config, config->checks.at[i], ret, err) < 0)
			return -1;
	return 0;
}

void user_checks_release(struct user_checks *u)
{
	for (size_t i = 0; i < u->n; i++) {
		afd_doc_free(u->at[i].doc);
		afd_buf_release(&u->at[i].bytes);
		free(u->at[i].label);
	}
	free(u->at);
	*u = (struct user_checks){ 0 };
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

static int record_one(struct session *s, const struct user_check *u, user_record record, void *ctx, struct afd_error *err)
{
	const int is_new = record(ctx, "check", u->label, afd_buf_slice(&u->bytes), err);

	if (is_new <= 0)
		return is_new;
	return look_at_plan(s, u->label, u->check.findings_line, u->check.findings_sql, err) < 0 ||
	       look_at_plan(s, u->label, u->check.population_line, u->check.population_sql, err) < 0 ? -1 : 0;
}

/* A file that is gone takes no check along: what it would find must not go with it. */
static int warn_of_gone(struct session *s, const struct user_checks *u, struct afd_error *err)
{
	AFD_AUTO(query) struct afd_query *q = NULL;
	int r;

	if (afd_query_open(s->store, "SELECT DISTINCT asked FROM item_note WHERE decoder = 'check' AND asked <> '' ORDER BY asked", &q, err) < 0)
		return -1;
	while ((r = afd_query_step(q, err)) > 0) {
		const char *label = afd_query_text(q, 0);
		bool there = !label || afd_embedded_find(label) || strncmp(label, "checks/", 7) == 0;

		for (size_t i = 0; i < u->n && !there; i++)
			there = strcmp(u->at[i].label, label) == 0;
		if (!there)
			cli_warn(s->cli, "%s is gone; its newest version stays in force. To retire the check, put the file back with a line "
				 "\"retired: why\" in its head", label);
	}
	return r;
}

int user_checks_record(struct session *s, user_record record, void *ctx, struct afd_error *err)
{
	USER_CHECKS u = { 0 };

	if (user_checks_read(s->config, &u, err) < 0)
		return -1;
	for (size_t i = 0; i < u.n; i++)
		if (record_one(s, &u.at[i], record, ctx, err) < 0)
			return -1;
	return warn_of_gone(s, &u, err);
}
