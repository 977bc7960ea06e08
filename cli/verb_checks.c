#include <unistd.h>

#include "cli/session.h"
#include "cli/user_checks.h"
#include "cli/verbs.h"
#include "core/file.h"
#include "transport/transport.h"

/* The folders that the configuration names, where there is one. */
static int read_own(const struct cli *c, struct afd_config **config, struct user_checks *ret, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf bytes = { 0 };

	if (strcmp(c->config_path, "affidavit.yaml") == 0 && access(c->config_path, F_OK) != 0)
		return 0;
	if (afd_user_file_read(c->config_path, &bytes, NULL, err) < 0 || afd_config_parse(afd_buf_slice(&bytes), c->config_path, config, err) < 0)
		return -1;
	return user_checks_read(*config, ret, err);
}

static void show_one(const struct cli *c, const struct afd_check *k, const char *label)
{
	if (c->json)
		printf(label ? "{\"id\": \"%s\", \"severity\": \"%s\", \"own\": true, \"retired\": %s}\n" : "{\"id\": \"%s\", \"severity\": \"%s\"}\n", k->id, k->severity,
		       k->retired ? "true" : "false");
	cli_say(c, "  %-36s %-8s%s\n", k->id, k->severity, k->retired ? "  retired" : "");
	cli_para(c, "      ", k->title);
	if (label)
		cli_say(c, "      in %s\n", cli_safe(label, 70));
	if (k->retired)
		cli_para(c, "      retired: ", k->retired);
}

static int show_built_in(const struct cli *c, const struct afd_embedded *e, struct afd_error *err)
{
	AFD_AUTO(doc) struct afd_doc *doc = NULL;
	struct afd_check k = { 0 };

	if (afd_check_parse(afd_slice(e->data, e->len), e->path, &doc, &k, err) < 0)
		return -1;
	show_one(c, &k, NULL);
	return 0;
}

static bool is_check(const struct afd_embedded *e)
{
	const size_t n = strlen(e->path);

	return strncmp(e->path, "checks/", 7) == 0 && n > 11 && strcmp(e->path + n - 4, ".sql") == 0;
}

static int print_text(const struct cli *c, const uint8_t *text, size_t n)
{
	fwrite(text, 1, n, stdout);
	return cli_finish(c, EXIT_CLEAN, NULL);
}

static int print_one(const struct cli *c, const struct user_checks *own, const char *id)
{
	AFD_AUTO(mem) char *path = afd_sprintf("checks/%s.sql", id);
	const struct afd_embedded *e = path ? afd_embedded_find(path) : NULL;

	if (e)
		return print_text(c, e->data, e->len);
	for (size_t i = 0; i < own->n; i++)
		if (strcmp(own->at[i].check.id, id) == 0)
			return print_text(c, own->at[i].bytes.data, own->at[i].bytes.len);
	return cli_usage(c, "there is no check %s; `affidavit checks` lists them", cli_safe(id, 60));
}

int verb_checks(struct cli *c, int argc, char **argv)
{
	const struct cli_option options[] = { { 0 } };
	AFD_AUTO(config) struct afd_config *config = NULL;
	USER_CHECKS own = { 0 };
	struct afd_error err = { 0 };
	int code, args;

	if (cli_begin(c, options, argc, argv, 1, &args, &code) < 0)
		return code;
	if (read_own(c, &config, &own, &err) < 0)
		return cli_cannot(c, &err);
	if (args)
		return print_one(c, &own, argv[0]);
	for (const struct afd_embedded *e = afd_embedded_files; e->path; e++)
		if (is_check(e) && show_built_in(c, e, &err) < 0)
			return cli_cannot(c, &err);
	if (own.n)
		cli_say(c, "\nchecks of your own\n");
	for (size_t i = 0; i < own.n; i++)
		show_one(c, &own.at[i].check, own.at[i].label);
	return cli_finish(c, EXIT_CLEAN, "\n`affidavit checks ID` prints the rule, its reason and its remedy.");
}
