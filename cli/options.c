#include "cli/cli.h"

const struct cli_verb *cli_verb_find(const char *name)
{
	for (const struct cli_verb *v = cli_verbs; v->name; v++)
		if (strcmp(v->name, name) == 0)
			return v;
	return NULL;
}

int cli_run(struct cli *c, int argc, char **argv)
{
	const struct cli_verb *v = cli_verb_find(argv[0]);

	if (!v)
		return cli_usage(c, "there is no verb %s; see affidavit --help", cli_safe(argv[0], 40));
	return v->run(c, argc, argv);
}

static void print_verb_help(const struct cli_option *o, const char *verb)
{
	const struct cli_verb *v = cli_verb_find(verb);

	printf("usage: affidavit %s %s\n\n%s\n", v->name, v->args, v->help);
	if (o && o->name)
		printf("\noptions\n");
	for (; o && o->name; o++)
		printf("  --%s%s%-*s %s\n", o->name, o->arg ? " " : "", (int)(22 - strlen(o->name) - (o->arg ? 1 : 0)),
		       o->arg ? o->arg : "", o->help);
	printf("  --%-22s %s\n  --%-22s %s\n", "config FILE", "configuration (affidavit.yaml)", "json, --quiet",
	       "one JSON object; only the last line");
}

static const struct cli_option *find(const struct cli_option *o, const char *name, size_t n)
{
	for (; o && o->name; o++)
		if (strlen(o->name) == n && memcmp(o->name, name, n) == 0)
			return o;
	return NULL;
}

static int keep_value(const struct cli *c, const struct cli_option *f, const char *value)
{
	if (f->text) {
		*f->text = value;
		return 0;
	}
	if (f->many->n == CLI_MANY)
		return cli_usage(c, "--%s: at most %d times", f->name, CLI_MANY), -1;
	f->many->at[f->many->n++] = value;
	return 0;
}

int cli_options(struct cli *c, const struct cli_option *o, int argc, char **argv, int *ret_args, bool *help)
{
	int left = 0;

	*help = false;
	for (int i = 1; i < argc; i++) {
		const char *word = argv[i], *eq;
		const struct cli_option *f;

		if (strncmp(word, "--", 2) != 0 || !word[2]) {
			argv[left++] = argv[i];
			continue;
		}
		word += 2;
		eq = strchr(word, '=');
		if (strcmp(word, "help") == 0) {
			*help = true;
			return 0;
		}
		if (strcmp(word, "json") == 0) {
			c->json = true;
			continue;
		}
		if (strcmp(word, "quiet") == 0) {
			c->quiet = true;
			continue;
		}
		if (strcmp(word, "config") == 0 && i + 1 < argc) {
			c->config_path = argv[++i];
			continue;
		}
		f = find(o, word, eq ? (size_t)(eq - word) : strlen(word));
		if (!f)
			return cli_usage(c, "unknown option %s; the verb's --help lists them", cli_safe(argv[i], 40)), -1;
		if (f->flag) {
			if (eq)
				return cli_usage(c, "--%s takes no value", f->name), -1;
			*f->flag = true;
			continue;
		}
		if (!eq && i + 1 == argc)
			return cli_usage(c, "--%s needs %s", f->name, f->arg), -1;
		if (keep_value(c, f, eq ? eq + 1 : argv[++i]) < 0)
			return -1;
	}
	*ret_args = left;
	return 0;
}

int cli_begin(struct cli *c, const struct cli_option *o, int argc, char **argv, int max_args, int *ret_args, int *ret)
{
	const char *verb = argv[0];
	bool help;
	int args = 0;

	if (cli_options(c, o, argc, argv, &args, &help) < 0) {
		*ret = EXIT_USAGE;
		return -1;
	}
	if (help) {
		print_verb_help(o, verb);
		*ret = cli_finish(c, EXIT_CLEAN, NULL);
		return -1;
	}
	if (args > max_args) {
		*ret = cli_usage(c, "%s: too many words, first %s", verb, cli_safe(argv[max_args], 40));
		return -1;
	}
	if (ret_args)
		*ret_args = args;
	return 0;
}
