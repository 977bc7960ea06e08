/* Logs made by tests/make-ctlog from story.json, in a folder of our own. Include after cmocka. */
#ifndef TESTS_CT_MADE_LOG_H
#define TESTS_CT_MADE_LOG_H

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <jansson.h>

#include "core/file.h"

extern char **environ;

static char *work;                                /* a folder of our own */

static inline pid_t start(const char *const *argv, int out)
{
	posix_spawn_file_actions_t actions;
	pid_t pid;

	posix_spawn_file_actions_init(&actions);
	if (out >= 0) {
		posix_spawn_file_actions_adddup2(&actions, out, 1);
		posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", 1, 0);
	}
	assert_int_equal(posix_spawnp(&pid, argv[0], &actions, NULL, (char *const *)argv, environ), 0);
	posix_spawn_file_actions_destroy(&actions);
	return pid;
}

static inline void must(const char *const *argv)
{
	int status;

	assert_int_equal(waitpid(start(argv, -1), &status, 0) > 0, 1);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		fail_msg("%s: failed", argv[0]);
}

/* make_log(NAME, "--until", "...", NULL) */
static inline void make_log(const char *name, ...)
{
	const char *source = getenv("AFFIDAVIT_SOURCE");
	AFD_AUTO(mem) char *program = afd_sprintf("%s/tests/make-ctlog", source), *dir = afd_sprintf("%s/%s", work, name),
	                   *recipe = afd_sprintf("%s/tests/collector/ct/story.json", source);
	const char *argv[16] = { "python3", program, recipe, dir };
	va_list ap;

	va_start(ap, name);
	for (size_t i = 4; (argv[i] = va_arg(ap, const char *)); i++)
		;
	va_end(ap);
	must(argv);
}

static inline const char *log_key(const char *name, char text[256])
{
	AFD_AUTO(mem) char *path = afd_sprintf("%s/%s/log.json", work, name);
	json_t *j = json_load_file(path, 0, NULL);

	snprintf(text, 256, "%s", json_string_value(json_object_get(j, "key")));
	json_decref(j);
	return text;
}

static inline int make_work(void **state)
{
	const char *tmp = getenv("TMPDIR");

	(void)state;
	work = afd_sprintf("%s/afd-ct-XXXXXX", tmp ? tmp : "/tmp");
	return mkdtemp(work) && getenv("AFFIDAVIT_SOURCE") ? 0 : -1;
}

static inline int remove_work(void **state)
{
	const char *const argv[] = { "rm", "-rf", work, NULL };

	(void)state;
	must(argv);
	free(work);
	return 0;
}

#endif
