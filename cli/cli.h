/* What the verbs share: options, clock, output. Only this folder prints. */
#ifndef AFD_CLI_CLI_H
#define AFD_CLI_CLI_H

#include <stdio.h>

#include "core/env.h"
#include "core/error.h"
#include "core/when.h"

/* Exit codes, in order of precedence (docs/design.md 9). */
enum { EXIT_CLEAN = 0, EXIT_CANNOT = 1, EXIT_VIOLATED = 2, EXIT_INCOMPLETE = 3, EXIT_USAGE = 64 };

struct cli {
	struct afd_env env;
	const char *test_clock;       /* AFFIDAVIT_TEST_CLOCK, or NULL; obeyed only with a test store */
	int64_t fixed_ms;             /* the test clock's time, when in use */
	bool clock_fixed;
	bool quiet, json, colour, terminal;
	const char *config_path;      /* --config; default affidavit.yaml */
	volatile int *stop;
};

/* Words of an option that may be given more than once. */
#define CLI_MANY 32
struct cli_texts { const char *at[CLI_MANY]; unsigned n; };
/* One option of a verb. Exactly one of flag, text, many is set. */
struct cli_option { const char *name, *arg, *help; bool *flag; const char **text; struct cli_texts *many; };

struct cli_verb {
	const char *name, *args, *summary, *help;     /* help: paragraphs and an example */
	int (*run)(struct cli *c, int argc, char **argv);
};
extern const struct cli_verb cli_verbs[];             /* alphabetical, ended by a row without name */
const struct cli_verb *cli_verb_find(const char *name);
/* Runs a verb as the shell would: argv[0] is its name. */
int cli_run(struct cli *c, int argc, char **argv);

/* Reads options into their places; *ret_args is how many other words are left at the front of argv. -1: usage was
 * printed (or --help: then *help is true). */
int cli_options(struct cli *c, const struct cli_option *o, int argc, char **argv, int *ret_args, bool *help);
/* The pattern of every verb: 0 go on, else leave with *ret. */
int cli_begin(struct cli *c, const struct cli_option *o, int argc, char **argv, int max_args, int *ret_args, int *ret);
int cli_usage(const struct cli *c, const char *fmt, ...) AFD_PRINTF(2, 3);       /* prints; EXIT_USAGE */
int cli_cannot(const struct cli *c, const struct afd_error *err);                /* prints; EXIT_CANNOT or EXIT_USAGE */
void cli_warn(const struct cli *c, const char *fmt, ...) AFD_PRINTF(2, 3);       /* standard error; what goes on without */
/* The last line: what the exit code means. Returns CODE, or EXIT_CANNOT when standard output could not be written. */
int cli_finish(const struct cli *c, int code, const char *fmt, ...) AFD_PRINTF(3, 4);

void cli_say(const struct cli *c, const char *fmt, ...) AFD_PRINTF(2, 3);        /* standard output unless quiet */
const char *cli_red(const struct cli *c);
const char *cli_bold(const struct cli *c);
const char *cli_dim(const struct cli *c);
const char *cli_plain(const struct cli *c);
/* "48,213" */
struct cli_number { char s[32]; } cli_number(uint64_t v);
/* "7e74 b42a 3720": the first 12 digits in groups */
struct cli_number cli_hash(const char *hex);
/* Text with control characters made visible, so that evidence cannot steer a terminal; at most WIDTH columns, losing
 * its start; in a buffer that the fourth next call overwrites. WIDTH 0: whole. */
const char *cli_safe(const char *s, int width);
#define CLI_WIDTH 80
/* LEAD, then TEXT from there on, made visible and broken between words into lines of CLI_WIDTH; further lines stand under the first. */
void cli_para(const struct cli *c, const char *lead, const char *text);

#endif
