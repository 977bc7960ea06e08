#include "cli/rule_files.h"
#include "cli/user_checks.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <strings.h>

#include "core/file.h"
#include "core/limits.h"
#include "evidence/store.h"
#include "transport/transport.h"

static bool ends(const char *name, const char *end)
{
	size_t n = strlen(name), k = strlen(end);

	return n > k && strcmp(name + n - k, end) == 0;
}

const char *rule_decoder(const char *name)
{
	return ends(name, ".mapping.yaml") ? "mapping" : ends(name, ".official.json") ? "official" : ends(name, ".json") ? "framework" : NULL;
}

static int add(struct rule_files *f, const char *decoder, char **label, struct afd_buf *bytes, struct afd_error *err)
{
	struct afd_rule_file *at = reallocarray(f->at, f->n + 1, sizeof *at);
	struct afd_buf *b;
	char **l;

	if (!at)
		return afd_fail_memory(err);
	f->at = at;
	b = reallocarray(f->bytes, f->n + 1, sizeof *b);
	if (!b)
		return afd_fail_memory(err);
	f->bytes = b;
	l = reallocarray(f->label, f->n + 1, sizeof *l);
	if (!l)
		return afd_fail_memory(err);
	f->label = l;
	f->bytes[f->n] = *bytes;
	f->label[f->n] = afd_steal(label);
	*bytes = (struct afd_buf){ 0 };
	f->at[f->n] = (struct afd_rule_file){ decoder, f->label[f->n], afd_buf_slice(&f->bytes[f->n]), UINT64_MAX };
	f->n++;
	return 0;
}

static int add_built_in(struct rule_files *f, struct afd_error *err)
{
	for (const struct afd_embedded *e = afd_embedded_files; e->path; e++) {
		const char *decoder = strncmp(e->path, "frameworks/", 11) == 0 ? rule_decoder(e->path) : NULL;
		AFD_AUTO(mem) char *label = decoder ? afd_strdup(e->path) : NULL;
		AFD_AUTO(buf) struct afd_buf bytes = { 0 };

		if (!decoder)
			continue;
		if (!label || afd_buf_add_slice(&bytes, afd_slice(e->data, e->len)) < 0)
			return afd_fail_memory(err);
		if (add(f, decoder, &label, &bytes, err) < 0)
			return -1;
	}
	return 0;
}

/* The label is what the configuration calls the file: the same wherever the folder lies. */
static int add_file(struct rule_files *f, const struct afd_config *config, const char *folder, const char *name, struct afd_error *err)
{
	AFD_AUTO(mem) char *label = afd_sprintf("%s%s%s", folder, ends(folder, "/") ? "" : "/", name);
	AFD_AUTO(mem) char *path = label ? afd_config_path(config, label) : NULL;
	AFD_AUTO(buf) struct afd_buf bytes = { 0 };
	const struct afd_embedded *ours = label ? afd_embedded_find(label) : NULL;

	if (!path)
		return afd_fail_memory(err);
	if (afd_user_file_read(path, &bytes, NULL, err) < 0)
		return -1;
	if (ours && afd_slice_equal(afd_buf_slice(&bytes), afd_slice(ours->data, ours->len)))
		return 0;                                     /* a copy of ours */
	if (ours)
		return afd_fail(err, AFD_E_CONFIG, "%s: a built-in file has that name; give yours another one, its rows are laid over ours", label);
	return add(f, rule_decoder(name), &label, &bytes, err);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static const struct { const char *end, *must; } near_misses[] = {
	{ ".mapping.yaml", ".mapping.yaml" }, { ".mapping.yml", ".mapping.yaml" },
	{ ".official.json", ".official.json" }, { ".json", ".json" }, { ".yaml", ".mapping.yaml" }, { ".yml", ".mapping.yaml" },
};

/* How the name of a file ends that is meant for us and would be passed over; NULL: it is something else. */
static const char *meant(const char *folder, const char *name)
{
	const char *last = strrchr(folder, '/');
	AFD_AUTO(mem) char *ours = afd_sprintf("%s/%s", last ? last + 1 : folder, name);
	const size_t n = strlen(name);

	if (ours && afd_embedded_find(ours))              /* a copy of our folder */
		return NULL;
	for (size_t i = 0; i < AFD_COUNT(near_misses); i++) {
		const size_t k = strlen(near_misses[i].end);

		if (n > k && strcasecmp(name + n - k, near_misses[i].end) == 0)
			return near_misses[i].must;
	}
	return NULL;
}

static int check_name(const char *path, const char *name, struct afd_error *err)
{
	const char *must = rule_decoder(name) ? NULL : meant(path, name);

	return !must ? 0 : afd_fail(err, AFD_E_CONFIG, "%s/%s:1: the name of this file must end in %s: rename it, or move it out of the folder (mappings are NAME.mapping.yaml, "
				    "catalogues NAME.json, texts NAME.official.json)", path, name, must);
}

/* Folders are not searched; what would be read if it lay higher was most likely meant to be. */
static int check_below(const struct afd_config *config, const char *path, const char *name, struct afd_error *err)
{
	AFD_AUTO(mem) char *folder = afd_sprintf("%s/%s", path, name);
	DIR *d = folder ? opendir(folder) : NULL;
	int r = 0;

	if (!folder)
		return afd_fail_memory(err);
	if (!d)
		return 0;
	for (const struct dirent *e; r == 0 && (e = readdir(d));)
		if (e->d_name[0] != '.' && rule_decoder(e->d_name) && !user_folder_named(config, &config->frameworks, folder))
			r = afd_fail(err, AFD_E_CONFIG, "%s/%s is not read, because folders below others are not searched: name its folder in frameworks as well, or move the file out",
				     folder, e->d_name);
	closedir(d);
	return r;
}

struct names { char **at; size_t n; };

static void names_release(struct names *x)
{
	for (size_t i = 0; i < x->n; i++)
		free(x->at[i]);
	free(x->at);
}

static int list(const struct afd_config *config, const char *path, bool must, struct names *ret, struct afd_error *err)
{
	DIR *d = opendir(path);

	if (!d)
		return !must && errno == ENOENT ? 0 : afd_fail_errno(err, "open the folder", path);
	for (const struct dirent *e; (e = readdir(d));) {
		char **at;

		if (e->d_name[0] == '.')
			continue;
		if (check_name(path, e->d_name, err) < 0 || (e->d_type != DT_REG && check_below(config, path, e->d_name, err) < 0)) {
			closedir(d);
			return -1;
		}
		if (!rule_decoder(e->d_name))
			continue;
		at = ret->n < 1000 ? reallocarray(ret->at, ret->n + 1, sizeof *at) : NULL;
		if (!at || (ret->at = at, !(at[ret->n] = afd_strdup(e->d_name)))) {
			closedir(d);
			return ret->n < 1000 ? afd_fail_memory(err) : afd_fail(err, AFD_E_LIMIT, "%s: more than 1000 files", path);
		}
		ret->n++;
	}
	closedir(d);
	if (ret->n)
		qsort(ret->at, ret->n, sizeof *ret->at, by_name);
	return 0;
}

static int add_folder(struct rule_files *f, const struct afd_config *config, const char *folder, bool must, struct afd_error *err)
{
	AFD_AUTO(mem) char *path = afd_config_path(config, folder);
	__attribute__((cleanup(names_release))) struct names names = { 0 };

	if (!path)
		return afd_fail_memory(err);
	if (list(config, path, must, &names, err) < 0)
		return afd_within(err, "frameworks, named in %s", config->path);
	for (size_t i = 0; i < names.n; i++)
		if (add_file(f, config, folder, names.at[i], err) < 0)
			return -1;
	return 0;
}

/* "mine/own-rule.sql": of a check its id is all that a mapping needs, and that is the name of its file. */
static int add_check(struct rule_files *f, const char *label, struct afd_error *err)
{
	const char *slash = strrchr(label, '/'), *from = slash ? slash + 1 : label;
	char **at = reallocarray(f->check, f->n_check + 1, sizeof *at);

	if (!at)
		return afd_fail_memory(err);
	f->check = at;
	if (!ends(label, ".sql"))
		return 0;
	at[f->n_check] = afd_text_dup(afd_slice((const uint8_t *)from, strlen(from) - 4));
	return at[f->n_check] && ++f->n_check ? 0 : afd_fail_memory(err);
}

static int add_checks(struct rule_files *f, const struct afd_config *config, struct afd_error *err)
{
	USER_CHECKS own = { 0 };

	for (const struct afd_embedded *e = afd_embedded_files; e->path; e++)
		if (strncmp(e->path, "checks/", 7) == 0 && add_check(f, e->path, err) < 0)
			return -1;
	if (user_checks_read(config, &own, err) < 0)
		return -1;
	for (size_t i = 0; i < own.n; i++)
		if (add_check(f, own.at[i].label, err) < 0)
			return -1;
	return 0;
}

/* Those whose file is gone are in force as the ledger has them. */
static int add_recorded_checks(struct rule_files *f, struct afd_store *s, struct afd_error *err)
{
	AFD_AUTO(query) struct afd_query *q = NULL;
	int r;

	if (afd_query_open(s, "SELECT DISTINCT asked FROM item_note WHERE decoder = 'check' AND asked <> ''", &q, err) < 0)
		return -1;
	while ((r = afd_query_step(q, err)) > 0)
		if (!afd_query_text(q, 0) || add_check(f, afd_query_text(q, 0), err) < 0)
			return -1;
	return r;
}

int rule_files_read(const struct afd_config *config, struct rule_files *ret, struct afd_error *err)
{
	*ret = (struct rule_files){ 0 };
	if (add_built_in(ret, err) < 0)
		return -1;
	if (add_checks(ret, config, err) < 0)
		return -1;
	for (size_t i = 0; config && i < config->frameworks.n; i++)
		if (add_folder(ret, config, config->frameworks.at[i], true, err) < 0)
			return -1;
	return config && !config->frameworks.n ? add_folder(ret, config, RULE_FOLDER, false, err) : 0;
}

void rule_files_release(struct rule_files *f)
{
	for (size_t i = 0; i < f->n; i++) {
		afd_buf_release(&f->bytes[i]);
		free(f->label[i]);
	}
	for (size_t i = 0; i < f->n_check; i++)
		free(f->check[i]);
	free(f->check);
	free(f->at);
	free(f->bytes);
	free(f->label);
	*f = (struct rule_files){ 0 };
}

int rule_files_load(struct rule_files *f, struct afd_frameworks **ret, struct afd_error *err)
{
	AFD_AUTO(mem) struct afd_check *check = calloc(f->n_check + 1, sizeof *check);
	AFD_AUTO(mem) struct afd_rule_file *sorted = calloc(f->n + 1, sizeof *sorted);

	if (!check || !sorted)
		return afd_fail_memory(err);
	for (size_t i = 0; i < f->n_check; i++)
		check[i].id = f->check[i];
	if (f->n)
		memcpy(sorted, f->at, f->n * sizeof *sorted);
	/* the links point to ids in their own documents, not to these */
	return afd_frameworks_load(sorted, f->n, check, f->n_check, ret, err);
}

/* --- into the ledger --- */

static bool is_there(const struct rule_files *f, const char *decoder, const char *label)
{
	for (size_t i = 0; i < f->n; i++)
		if (strcmp(f->at[i].decoder, decoder) == 0 && strcmp(f->at[i].label, label) == 0)
			return true;
	return false;
}

/* The tables know every label that was ever recorded: decoder and label, one after the other. */
static int recorded(struct afd_store *s, struct names *ret, struct afd_error *err)
{
	AFD_AUTO(query) struct afd_query *q = NULL;
	int r;

	if (afd_query_open(s, "SELECT DISTINCT decoder, asked FROM item_note WHERE decoder IN ('framework', 'mapping', 'official')"
			   " AND asked <> '' ORDER BY decoder, asked", &q, err) < 0)
		return -1;
	while ((r = afd_query_step(q, err)) > 0)
		for (int i = 0; i < 2; i++) {
			char **at = reallocarray(ret->at, ret->n + 1, sizeof *at);

			if (!at || (ret->at = at, !(at[ret->n] = afd_strdup(afd_query_text(q, i)))))
				return afd_fail_memory(err);
			ret->n++;
		}
	return r;
}

static int withdraw(const struct afd_collect *c, const struct rule_files *f, struct afd_error *err)
{
	__attribute__((cleanup(names_release))) struct names old = { 0 };
	bool is_new;

	if (recorded(c->store, &old, err) < 0)
		return -1;
	for (size_t i = 0; i + 1 < old.n; i += 2)
		if (!is_there(f, old.at[i], old.at[i + 1]) &&
		    afd_collect_user_file(c, old.at[i], old.at[i + 1], afd_slice_text(AFD_RULE_WITHDRAWN), &is_new, err) < 0)
			return -1;
	return 0;
}

int rule_files_record(const struct afd_collect *c, const struct afd_config *config, struct afd_error *err)
{
	AFD_AUTO(frameworks) struct afd_frameworks *all = NULL;
	RULE_FILES f = { 0 };
	bool is_new, changed = false;
	int known;

	if (rule_files_read(config, &f, err) < 0 || add_recorded_checks(&f, c->store, err) < 0)
		return -1;
	for (size_t i = 0; i < f.n && !changed; i++) {
		known = afd_collect_user_file_known(c, f.at[i].decoder, f.at[i].label, f.at[i].bytes, err);
		if (known < 0)
			return -1;
		changed = !known;
	}
	if ((changed || config->frameworks_in_scope.n) && rule_files_load(&f, &all, err) < 0)
		return -1;
	for (size_t i = 0; i < config->frameworks_in_scope.n && all; i++) {
		size_t k = 0;

		while (k < all->n && strcmp(all->at[k].framework.id, config->frameworks_in_scope.at[i]) != 0)
			k++;
		if (k == all->n)
			return afd_fail(err, AFD_E_CONFIG, "%s: frameworks_in_scope[%zu]: there is no framework %s", config->path, i,
					config->frameworks_in_scope.at[i]);
	}
	for (size_t i = 0; i < f.n; i++)
		if (afd_collect_user_file(c, f.at[i].decoder, f.at[i].label, f.at[i].bytes, &is_new, err) < 0)
			return -1;
	return withdraw(c, &f, err);
}
