#include "server.h"
#include "core/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[] = "/tmp/affidavit-input-XXXXXX";
static struct afd_transport *t;

static int begin(void **state)
{
	(void)state;
	t = test_transport(NULL);
	return mkdtemp(dir) && chdir(dir) == 0 && mkdir("sub", 0700) == 0 ? 0 : -1;
}

static int end(void **state)
{
	static const char *const name[] = { "log", "log.1", "page?cursor=a b", "sub/page", "fifo", "user.yaml", "key", "script", "mark" };

	(void)state;
	t = afd_transport_free(t);
	for (size_t i = 0; i < AFD_COUNT(name); i++)
		unlink(name[i]);
	return rmdir("sub") == 0 && chdir("/") == 0 && rmdir(dir) == 0 ? 0 : -1;
}

static void write_file(const char *name, const char *text, mode_t mode)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	put(fd, text, strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

/* --- pieces of a log --- */

static int tail(const char *path, uint64_t offset, size_t max, struct afd_response *ret, struct afd_error *err)
{
	struct afd_request q = { .protocol = AFD_FILE, .path = path, .offset = offset, .max = max };

	return afd_transport_do(t, &q, ret, err);
}

static const struct { uint64_t offset; size_t max; const char *body; } tail_row[] = {
	{ 0, 100, "0123456789" }, { 0, 4, "0123" },       { 4, 4, "4567" },         { 8, 4, "89" },
	{ 10, 4, "" },            { 11, 4, "" },          { UINT64_MAX, 4, "" },    { 3, 0, "3456789" },
};

static void a_log_is_read_in_pieces(void **state)
{
	struct afd_response r;
	struct stat st;

	(void)state;
	write_file("log", "0123456789", 0600);
	assert_int_equal(stat("log", &st), 0);
	for (size_t i = 0; i < AFD_COUNT(tail_row); i++) {
		assert_int_equal(tail("log", tail_row[i].offset, tail_row[i].max, &r, NULL), 0);
		assert_true(afd_slice_equal(r.body, afd_slice_text(tail_row[i].body)));
		assert_int_equal(r.file_size, 10);
		assert_true(r.file_id[0] == st.st_dev && r.file_id[1] == st.st_ino);
		assert_true(r.server_ms == (int64_t)st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000);
		assert_string_equal(r.channel, "file");
		assert_int_equal(r.status, 0);
	}
	assert_int_equal(tail("file:log", 4, 2, &r, NULL), 0);
	assert_true(afd_slice_equal(r.body, SLICE("45")));
}

static void a_rotated_log_has_another_identity(void **state)
{
	struct afd_response a, b;

	(void)state;
	write_file("log", "old", 0600);
	assert_int_equal(tail("log", 0, 100, &a, NULL), 0);
	assert_int_equal(rename("log", "log.1"), 0);
	write_file("log", "new and longer", 0600);
	assert_int_equal(tail("log", 0, 100, &b, NULL), 0);
	assert_true(a.file_id[1] != b.file_id[1]);
	assert_int_equal(b.file_size, 14);
}

static void what_is_no_log(void **state)
{
	struct afd_response r;
	struct afd_error e;

	(void)state;
	assert_int_equal(mkfifo("fifo", 0600), 0);
	assert_failed(tail("none", 0, 1, &r, &e), &e, AFD_E_IO, "none: could not open: No such file or directory");
	assert_failed(tail("fifo", 0, 1, &r, &e), &e, AFD_E_IO, "fifo: not a regular file");
	assert_failed(tail("sub", 0, 1, &r, &e), &e, AFD_E_IO, "sub: not a regular file");
	assert_failed(tail(NULL, 0, 1, &r, &e), &e, AFD_E_USAGE, "no path");
}

/* --- recorded pages in place of a server --- */

static int page(const char *url, size_t max, struct afd_response *ret, struct afd_error *err)
{
	struct afd_request q = { .protocol = AFD_HTTP, .url = url, .max_body = max, .authenticated = true,
				 .n_header = 1, .header = { { "Authorization", "Bearer x" } } };

	return afd_transport_do(t, &q, ret, err);
}

static const struct { const char *url; int status; const char *body; } page_row[] = {
	{ "file:sub/page", 200, "recorded" },
	{ "file:./sub//page", 200, "recorded" },
	{ "file:page?cursor=a b", 200, "a cursor" },
	{ "file:sub/other", 404, "" },
	{ "file:sub/page/deeper", 404, "" },
	{ "file:sub", 404, "" },
	{ "file:none/page", 404, "" },
	{ "file:", 404, "" },
};

static void recorded_pages(void **state)
{
	AFD_AUTO(mem) char *absolute = afd_sprintf("file:%s/sub/page", dir), *url = afd_sprintf("file://%s/sub/page", dir);
	struct afd_response r;
	struct afd_error e;

	(void)state;
	write_file("sub/page", "recorded", 0600);
	write_file("page?cursor=a b", "a cursor", 0600);
	for (size_t i = 0; i < AFD_COUNT(page_row); i++) {
		assert_int_equal(page(page_row[i].url, 0, &r, NULL), 0);
		assert_int_equal(r.status, page_row[i].status);
		assert_true(afd_slice_equal(r.body, afd_slice_text(page_row[i].body)));
		assert_string_equal(r.channel, "file");
		assert_int_equal(r.server_ms == AFD_TIME_NONE, r.status == 404);
	}
	assert_int_equal(page(absolute, 8, &r, NULL), 0);
	assert_int_equal(page(url, 8, &r, NULL), 0);
	assert_int_equal(r.status, 200);
	assert_failed(page("file:sub/page", 7, &r, &e), &e, AFD_E_LIMIT, "sub/page: larger than 7 bytes");
	assert_failed(page("file:fifo", 7, &r, &e), &e, AFD_E_IO, "fifo: not a regular file");
}

static void a_page_does_not_climb(void **state)
{
	static const char *const url[] = { "file:../x", "file:sub/../page", "file:sub/..", "file:..", "file:/tmp/../etc/passwd" };
	struct afd_response r;
	struct afd_error e;

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(url); i++) {
		assert_int_equal(page(url[i], 0, &r, &e), -1);
		assert_non_null(strstr(e.text, "\"..\" is not allowed here"));
		assert_int_equal(e.code, AFD_E_USAGE);
	}
	/* dots inside a name are no climbing */
	assert_int_equal(page("file:a..b/..c", 0, &r, &e), 0);
	assert_int_equal(r.status, 404);
}

static void files_of_the_user(void **state)
{
	AFD_AUTO(buf) struct afd_buf b = { 0 };
	struct afd_error e;
	struct stat st;
	int64_t at = 0;

	(void)state;
	write_file("user.yaml", "a: 1\n", 0644);
	assert_int_equal(stat("user.yaml", &st), 0);
	assert_int_equal(afd_user_file_read("user.yaml", &b, &at, NULL), 0);
	assert_string_equal((char *)b.data, "a: 1\n");
	assert_true(at / 1000 == st.st_mtim.tv_sec);
	assert_int_equal(truncate("user.yaml", AFD_MAX_USER_FILE), 0);
	b.len = 0;
	assert_int_equal(afd_user_file_read("user.yaml", &b, NULL, NULL), 0);
	assert_int_equal(b.len, AFD_MAX_USER_FILE);
	assert_int_equal(truncate("user.yaml", AFD_MAX_USER_FILE + 1), 0);
	b.len = 0;
	assert_failed(afd_user_file_read("user.yaml", &b, NULL, &e), &e, AFD_E_LIMIT, "user.yaml: larger than 16777216 bytes");
	assert_int_equal(b.len, 0);
	assert_failed(afd_user_file_read("none.yaml", &b, NULL, &e), &e, AFD_E_IO,
		      "none.yaml: could not open: No such file or directory");
}

/* --- secrets --- */

static const char *resolved(const char *ref)
{
	static struct afd_error e;
	static char text[100];
	struct afd_buf b = { 0 };
	int r;

	e = (struct afd_error){ 0 };
	r = afd_secret_resolve(ref, &b, &e);
	if (r == 0)
		snprintf(text, sizeof(text), "%s", (char *)b.data);
	afd_buf_wipe(&b);
	return r == 0 ? text : e.text;
}

#define LITERAL "expected env:NAME, file:PATH, fd:N or exec:COMMAND; a literal secret is not allowed"

static void secrets_are_named(void **state)
{
	char fd[16];
	int ends[2];

	(void)state;
	setenv("AFD_TEST_SECRET", "from the environment\n", 1);
	assert_string_equal(resolved("env:AFD_TEST_SECRET"), "from the environment");
	unsetenv("AFD_TEST_SECRET");
	assert_string_equal(resolved("env:AFD_TEST_SECRET"), "env:AFD_TEST_SECRET: the variable is not set");

	write_file("key", "from a file\n\n", 0600);
	assert_string_equal(resolved("file:key"), "from a file\n");            /* one LF is dropped, not more */
	assert_int_equal(chmod("key", 0440), 0);
	assert_string_equal(resolved("file:key"), "from a file\n");
	assert_int_equal(chmod("key", 0604), 0);
	assert_string_equal(resolved("file:key"), "key: others can read or change it; chmod 600 helps");
	assert_int_equal(chmod("key", 0620), 0);
	assert_string_equal(resolved("file:key"), "key: others can read or change it; chmod 600 helps");
	write_file("key", "\n", 0600);
	assert_string_equal(resolved("file:key"), "the secret is empty");
	assert_string_equal(resolved("file:none"), "none: could not open: No such file or directory");
	assert_string_equal(resolved("file:sub"), "sub: not a regular file");
	write_file("key", "", 0600);
	assert_int_equal(truncate("key", 65537), 0);
	assert_string_equal(resolved("file:key"), "key: larger than 65536 bytes");

	assert_int_equal(pipe(ends), 0);
	put(ends[1], "from a descriptor\n", 18);
	close(ends[1]);
	snprintf(fd, sizeof(fd), "fd:%d", ends[0]);
	assert_string_equal(resolved(fd), "from a descriptor");
	assert_string_equal(resolved(fd), "the secret is empty");
	close(ends[0]);
	assert_string_equal(resolved("fd:x"), "expected fd:N with a number");
	assert_string_equal(resolved("fd:-1"), "expected fd:N with a number");
	assert_string_equal(resolved("fd:"), "expected fd:N with a number");

	assert_string_equal(resolved("hunter2"), LITERAL);
	assert_string_equal(resolved(""), LITERAL);
	assert_string_equal(resolved("ENV:PATH"), LITERAL);
	assert_string_equal(resolved(NULL), LITERAL);
}

static void secrets_of_commands(void **state)
{
	char shown[64];
	int fd = open("/dev/null", O_RDONLY);

	(void)state;
	assert_string_equal(resolved("exec:/bin/echo  from a\tcommand "), "from a command");
	assert_string_equal(resolved("exec:echo found in the path"), "found in the path");
	assert_string_equal(resolved("exec:echo $HOME;touch mark"), "$HOME;touch mark");      /* no shell */
	assert_int_equal(access("mark", F_OK), -1);
	assert_string_equal(resolved("exec:false --token hunter2"), "exec:false: ended with status 1");
	assert_string_equal(resolved("exec:/no/such/program hunter2"), "/no/such/program: could not start: No such file or directory");
	assert_string_equal(resolved("exec: "), "exec: no command");
	assert_string_equal(resolved("exec:true"), "the secret is empty");
	assert_string_equal(resolved("exec:cat"), "the secret is empty");                       /* stdin is empty, not ours */
	assert_string_equal(resolved("exec:head -c 65537 /dev/zero"), "exec:head: more than 65536 bytes");
	assert_string_equal(resolved("exec:cat /dev/zero"), "exec:cat: more than 65536 bytes");
	assert_string_equal(resolved("exec:echo 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32"),
			    "exec:echo: more than 32 words");

	/* descriptors of ours do not reach the command */
	write_file("script", "#!/bin/sh\ntest -e /proc/self/fd/$1 && echo open || echo closed\n", 0700);
	snprintf(shown, sizeof(shown), "exec:./script %d", fd);
	assert_string_equal(resolved(shown), "closed");
	close(fd);
}

/* --- folders --- */

static void a_folder_is_listed_without_following_links(void **state)
{
	struct afd_request q = { .protocol = AFD_FOLDER, .path = "." };
	struct afd_response r;
	struct afd_error err = { 0 };

	(void)state;
	write_file("sub/page", "12", 0600);
	write_file("log", "0123456789", 0600);
	assert_int_equal(symlink("/etc/passwd", "mark"), 0);
	assert_int_equal(afd_transport_do(t, &q, &r, &err), 0);
	assert_int_equal(r.status, 1);
	assert_true(strncmp((const char *)r.body.data, "10 1", 4) == 0);
	const char *log = memmem(r.body.data, r.body.len, " log\n", 5), *page = memmem(r.body.data, r.body.len, " sub/page\n", 10);
	assert_true(log && page && log < page && !memmem(r.body.data, r.body.len, "mark", 4));
	q.max = 1;
	assert_int_equal(afd_transport_do(t, &q, &r, &err), -1);
	assert_int_equal(err.code, AFD_E_LIMIT);
	q = (struct afd_request){ .protocol = AFD_FILE, .path = "mark", .no_link = true };
	assert_int_equal(afd_transport_do(t, &q, &r, &err), -1);
	unlink("mark");
	q = (struct afd_request){ .protocol = AFD_FOLDER, .path = "absent" };
	assert_int_equal(afd_transport_do(t, &q, &r, &err), -1);
	assert_int_equal(err.code, AFD_E_IO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_folder_is_listed_without_following_links),
		cmocka_unit_test(a_log_is_read_in_pieces),
		cmocka_unit_test(a_rotated_log_has_another_identity),
		cmocka_unit_test(what_is_no_log),
		cmocka_unit_test(recorded_pages),
		cmocka_unit_test(a_page_does_not_climb),
		cmocka_unit_test(files_of_the_user),
		cmocka_unit_test(secrets_are_named),
		cmocka_unit_test(secrets_of_commands),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
