#include "cli/session.h"
#include "cli/verbs.h"
#include "core/file.h"

static int show_one(const struct cli *c, const struct afd_embedded *e, struct afd_error *err)
{
	struct afd_check k = { 0 };
	struct afd_doc *doc = NULL;

	if (afd_check_parse(afd_slice(e->data, e->len), e->path, &doc, &k, err) < 0)
		return -1;
	if (c->json)
		printf("{\"id\": \"%s\", \"severity\": \"%s\"}\n", k.id, k.severity);
	cli_say(c, "  %-32s %-8s %s\n", k.id, k.severity, k.title);
	afd_doc_free(doc);
	return 0;
}

int verb_checks(struct cli *c, int argc, char **argv)
{
	const struct cli_option options[] = { { 0 } };
	struct afd_error err = { 0 };
	int code, args;

	if (cli_begin(c, options, argc, argv, 1, &args, &code) < 0)
		return code;
	for (const struct afd_embedded *e = afd_embedded_files; e->path; e++) {
		size_t n = strlen(e->path);

		if (strncmp(e->path, "checks/", 7) != 0 || n < 12 || strcmp(e->path + n - 4, ".sql") != 0)
			continue;
		if (!args) {
			if (show_one(c, e, &err) < 0)
				return cli_cannot(c, &err);
		} else if (strlen(argv[0]) == n - 11 && strncmp(e->path + 7, argv[0], n - 11) == 0) {
			fwrite(e->data, 1, e->len, stdout);
			return cli_finish(c, EXIT_CLEAN, NULL);
		}
	}
	if (args)
		return cli_usage(c, "there is no check %s; `affidavit checks` lists them", cli_safe(argv[0], 60));
	return cli_finish(c, EXIT_CLEAN, "\n`affidavit checks ID` prints the rule, its reason and its remedy.");
}
