#include <errno.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <openssl/rand.h>

#include "cli/cli.h"
#include "sign/sign.h"

static volatile int stop_asked;

static void on_interrupt(int sig)
{
	(void)sig;
	__atomic_store_n(&stop_asked, 1, __ATOMIC_RELAXED);
}

static int64_t clock_now(void *ctx)
{
	const struct cli *c = ctx;
	struct timespec ts;

	if (c->clock_fixed)
		return c->fixed_ms;
	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int draw_random(void *ctx, uint8_t *out, size_t n)
{
	(void)ctx;
	return RAND_bytes(out, (int)n) == 1 ? 0 : -1;
}

static void print_version(void)
{
	printf("affidavit %s\n", AFD_VERSION);
}

static void print_help(void)
{
	printf("affidavit %s: signed evidence about your domains, DNS zones and certificates\n\n"
	       "usage: affidavit [-C DIR] [--config FILE] [--json] [--quiet] VERB [options]\n\n", AFD_VERSION);
	for (const struct cli_verb *v = cli_verbs; v->name; v++)
		printf("  %-11s %s\n", v->name, v->summary);
	printf("\nStart with `affidavit demo`, or `affidavit init --domain example.com`. `affidavit VERB --help` explains a verb.\n"
	       "Exit codes: 0 clean, 1 could not do its work, 2 policy violated, 3 evidence incomplete, 64 wrong usage.\n");
}

/* Options before the verb. Returns the index of the verb, or -1 with *code. */
static int global_options(struct cli *c, int argc, char **argv, int *code)
{
	int i = 1;

	for (; i < argc && argv[i][0] == '-'; i++) {
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
			print_help();
			*code = cli_finish(c, EXIT_CLEAN, NULL);
			return -1;
		} else if (strcmp(argv[i], "--version") == 0) {
			print_version();
			*code = cli_finish(c, EXIT_CLEAN, NULL);
			return -1;
		} else if (strcmp(argv[i], "--json") == 0) {
			c->json = true;
		} else if (strcmp(argv[i], "--quiet") == 0) {
			c->quiet = true;
		} else if (strcmp(argv[i], "--config") == 0 && i + 1 < argc) {
			c->config_path = argv[++i];
		} else if (strcmp(argv[i], "-C") == 0 && i + 1 < argc) {
			if (chdir(argv[++i]) < 0) {
				*code = cli_usage(c, "-C %s: %s", argv[i], strerror(errno));
				return -1;
			}
		} else {
			*code = cli_usage(c, "unknown option %s; see affidavit --help", argv[i]);
			return -1;
		}
	}
	if (i == argc) {
		print_help();
		*code = EXIT_USAGE;
		return -1;
	}
	return i;
}

/* What is large goes back to the system as soon as it is freed; left to itself, glibc keeps more and more of it, in holes, and
 * so for each thread. */
static void keep_memory_small(void)
{
#ifdef __GLIBC__
	mallopt(M_MMAP_THRESHOLD, 512 * 1024);
	mallopt(M_ARENA_MAX, 2);
#endif
}

int main(int argc, char **argv)
{
	struct cli c = { .config_path = "affidavit.yaml", .stop = &stop_asked };
	const char *term = getenv("TERM");
	struct sigaction sa = { .sa_handler = on_interrupt, .sa_flags = (int)SA_RESETHAND };
	int code = EXIT_USAGE, verb;

	if (!afd_sign_wipe_memory()) {
		fprintf(stderr, "affidavit: libcrypto was in use too early\n");
		return EXIT_CANNOT;
	}
	keep_memory_small();
	c.env = (struct afd_env){ .now_ms = clock_now, .random = draw_random, .ctx = &c };
	c.terminal = isatty(STDOUT_FILENO);
	c.colour = c.terminal && !getenv("NO_COLOR") && term && strcmp(term, "dumb") != 0;
	c.test_clock = getenv("AFFIDAVIT_TEST_CLOCK");
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	signal(SIGPIPE, SIG_IGN);

	verb = global_options(&c, argc, argv, &code);
	if (verb < 0)
		return code;
	return cli_run(&c, argc - verb, argv + verb);
}
