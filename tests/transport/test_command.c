/* Programs run as sources: bounded, alone, and with nothing of our environment. */
#include "server.h"

#include <signal.h>
#include <unistd.h>

static const struct { const char *row; const char *argv[4]; int seconds; size_t max; int status; const char *body, *says; } row[] = {
	{ "output and status", { "sh", "-c", "echo hello; exit 3", NULL }, 5, 100, 3, "hello\n", NULL },
	{ "no shell: words are words", { "printf", "%s", "$HOME; `id`", NULL }, 5, 100, 0, "$HOME; `id`", NULL },
	{ "only PATH, HOME and LC_ALL", { "sh", "-c", "env | sed 's/=.*//' | grep -vE '^(PWD|SHLVL|OLDPWD|_)$' | sort | tr '\\n' ' '", NULL }, 5, 100, 0, "HOME LC_ALL PATH ", NULL },
	{ "nothing to read", { "cat", NULL }, 5, 100, 0, "", NULL },
	{ "killed by a signal", { "sh", "-c", "kill -9 $$", NULL }, 5, 100, 128 + SIGKILL, "", NULL },
	{ "more than it may say", { "sh", "-c", "yes", NULL }, 5, 1000, 0, NULL, "more than 1000 bytes" },
	{ "longer than it may take", { "sh", "-c", "sleep 60", NULL }, 1, 1000, 0, NULL, "no answer within 1 s" },
	{ "its children end with it", { "sh", "-c", "sleep 61 & sleep 62", NULL }, 1, 1000, 0, NULL, "no answer within 1 s" },
	{ "output closed, and it goes on", { "sh", "-c", "exec >&-; sleep 63", NULL }, 1, 1000, 0, NULL, "no answer within 1 s" },
	{ "not there", { "/nonexistent/program", NULL }, 5, 100, 0, NULL, "could not be started" },
	{ "none", { NULL }, 5, 100, 0, NULL, "no command" },
};

static void test_rows(void **state)
{
	struct afd_transport *t = test_transport(NULL);

	(void)state;
	setenv("GIT_DIR", "/tmp/evil", 1);
	for (size_t i = 0; i < AFD_COUNT(row); i++) {
		const struct afd_request q = { .protocol = AFD_COMMAND, .argv = row[i].argv, .seconds = row[i].seconds, .max = row[i].max };
		struct afd_response r;
		struct afd_error err = { 0 };
		const int got = afd_transport_do(t, &q, &r, &err);

		if (row[i].says) {
			if (got == 0 || !strstr(err.text, row[i].says))
				fail_msg("row %s: %d %s", row[i].row, got, err.text);
			continue;
		}
		if (got != 0 || r.status != row[i].status || r.body.len != strlen(row[i].body) || memcmp(r.body.data ? r.body.data : (const uint8_t *)"", row[i].body, r.body.len) != 0)
			fail_msg("row %s: %d, status %d, %.*s %s", row[i].row, got, r.status, (int)r.body.len, r.body.data, err.text);
	}
	unsetenv("GIT_DIR");
	afd_transport_free(t);
}

/* What it reads is there whole before it starts, however much: in a pipe, or in memory. */
static void test_input(void **state)
{
	static const struct { size_t len; bool fits; } sizes[] = {
		{ 0, true }, { 1, true }, { 4096, true }, { 4097, true }, { 200000, true }, { 1 << 20, true }, { (1 << 20) + 1, false },
	};
	uint8_t *bytes = calloc(1, (1 << 20) + 1);

	(void)state;
	assert_non_null(bytes);
	for (size_t i = 0; i < AFD_COUNT(sizes); i++) {
		const struct afd_command c = { .line = "wc -c", .in = afd_slice(bytes, sizes[i].len), .max = 100, .seconds = 10 };
		AFD_AUTO(buf) struct afd_buf got = { 0 };
		struct afd_error err = { 0 };
		const int r = afd_command_run(&c, &got, &err);

		if (!sizes[i].fits)
			assert_true(r < 0 && strstr(err.text, "too long"));
		else if (r < 0 || strtoul((const char *)got.data, NULL, 10) != sizes[i].len)
			fail_msg("%zu bytes: %s %s", sizes[i].len, got.len ? (const char *)got.data : "", err.text);
	}
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_rows), cmocka_unit_test(test_input) };

	return cmocka_run_group_tests_name("transport command", tests, NULL, NULL);
}
