/* Mappings and checks in NIST's OSCAL, on standard output or into a file. */
#include <stdlib.h>

#include "cli/frameworks.h"
#include "cli/user_checks.h"
#include "core/file.h"
#include "reports/oscal.h"

struct checks { struct afd_check *at; struct afd_doc **doc; size_t n, n_doc; struct user_checks own; };

static void checks_release(struct checks *k)
{
	for (size_t i = 0; i < k->n_doc; i++)
		afd_doc_release(&k->doc[i]);
	user_checks_release(&k->own);
	free(k->at);
	free(k->doc);
}

static int by_id(const void *a, const void *b)
{
	const struct afd_check *x = a, *y = b;

	return strcmp(x->id, y->id);
}

/* Ours, and those of the configuration: a mapping may name either. */
static int read_checks(struct checks *k, const struct afd_config *config, struct afd_error *err)
{
	size_t all = 0;

	if (user_checks_read(config, &k->own, err) < 0)
		return -1;
	while (afd_embedded_files[all].path)
		all++;
	all += k->own.n;
	k->at = calloc(all + 1, sizeof *k->at);
	k->doc = calloc(all + 1, sizeof *k->doc);
	if (!k->at || !k->doc)
		return afd_fail_memory(err);
	for (const struct afd_embedded *e = afd_embedded_files; e->path; e++) {
		size_t n = strlen(e->path);

		if (strncmp(e->path, "checks/", 7) != 0 || n < 12 || strcmp(e->path + n - 4, ".sql") != 0)
			continue;
		if (afd_check_parse(afd_slice(e->data, e->len), e->path, &k->doc[k->n], &k->at[k->n], err) < 0)
			return -1;
		afd_sha256(afd_slice(e->data, e->len), &k->at[k->n].sha256);
		k->n_doc = ++k->n;
	}
	for (size_t i = 0; i < k->own.n; i++)
		k->at[k->n++] = k->own.at[i].check;
	qsort(k->at, k->n, sizeof *k->at, by_id);
	return 0;
}

static int export(const struct rule_set *s, const char *id, struct afd_buf *ret, struct afd_error *err)
{
	__attribute__((cleanup(checks_release))) struct checks k = { 0 };

	if (!id || strcmp(id, "checks") != 0)
		return afd_oscal_mappings(s->all, id, ret, err);
	return read_checks(&k, s->config, err) < 0 ? -1 : afd_oscal_checks(s->all, k.at, k.n, ret, err);
}

int frameworks_export(struct cli *c, const struct rule_set *s, const struct frameworks_options *o, const char *id)
{
	AFD_AUTO(buf) struct afd_buf out = { 0 };
	struct afd_error err = { 0 };

	if (!o->oscal)
		return cli_usage(c, "frameworks export: --oscal is the only form");
	if (export(s, id, &out, &err) < 0 || afd_buf_text(&out, "\n") < 0)
		return cli_cannot(c, &err);
	if (o->out && afd_file_write(o->out, afd_buf_slice(&out), false, &err) < 0)
		return cli_cannot(c, &err);
	if (o->out)
		return cli_finish(c, EXIT_CLEAN, "written to %s", cli_safe(o->out, 60));
	fwrite(out.data, 1, out.len, stdout);
	return cli_finish(c, EXIT_CLEAN, NULL);
}
