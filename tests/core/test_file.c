#include "check.h"
#include "core/file.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[] = "/tmp/affidavit-file-XXXXXX";

static int make_dir(void **state)
{
	(void)state;
	umask(022);
	return mkdtemp(dir) ? 0 : -1;
}

static unsigned entries(bool unlink_all)
{
	DIR *d = opendir(dir);
	unsigned n = 0;

	for (struct dirent *e; (e = readdir(d));) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		n++;
		if (unlink_all)
			unlinkat(dirfd(d), e->d_name, 0);
	}
	closedir(d);
	return n;
}

static int empty_dir(void **state)
{
	(void)state;
	entries(true);
	return 0;
}

static int remove_dir(void **state)
{
	(void)state;
	entries(true);
	return rmdir(dir);
}

static char *at(const char *name)
{
	return afd_sprintf("%s/%s", dir, name);
}

static void assert_content(const char *path, const char *want)
{
	AFD_AUTO(buf) struct afd_buf b = { 0 };

	assert_int_equal(afd_file_read(path, 100, &b, NULL), 0);
	assert_string_equal((char *)b.data, want);
}

static void a_file_appears_whole(void **state)
{
	AFD_AUTO(outfile) struct afd_outfile *f = NULL;
	AFD_AUTO(mem) char *path = at("report");
	struct stat st;

	(void)state;
	assert_int_equal(afd_outfile_begin(path, false, &f, NULL), 0);
	assert_int_equal(afd_outfile_write(f, SLICE("one "), NULL), 0);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(afd_outfile_write(f, SLICE("two"), NULL), 0);
	assert_int_equal(afd_outfile_commit(f, NULL), 0);
	assert_content(path, "one two");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0644);
	f = afd_outfile_free(f);
	assert_null(f);
	assert_int_equal(entries(false), 1);
}

static void or_not_at_all(void **state)
{
	AFD_AUTO(mem) char *path = at("report");
	struct afd_outfile *f = NULL;

	(void)state;
	assert_int_equal(afd_file_write(path, SLICE("old"), false, NULL), 0);
	assert_int_equal(afd_outfile_begin(path, false, &f, NULL), 0);
	assert_int_equal(afd_outfile_write(f, SLICE("half"), NULL), 0);
	assert_int_equal(entries(false), 2);
	afd_outfile_release(&f);
	assert_int_equal(entries(false), 1);
	assert_content(path, "old");
}

static void a_private_file_is_private(void **state)
{
	AFD_AUTO(mem) char *path = at("key");
	struct stat st;

	(void)state;
	assert_int_equal(afd_file_write(path, SLICE("secret"), true, NULL), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

/* A leftover of a killed process, or of an attacker: a name that is taken is never followed or reused. */
static void a_taken_temporary_name_is_left_alone(void **state)
{
	AFD_AUTO(mem) char *path = at("report"), *victim = at("victim");
	AFD_AUTO(mem) char *part = afd_sprintf("%s/.report.%ld-0.part", dir, (long)getpid());

	(void)state;
	assert_int_equal(afd_file_write(victim, SLICE("victim"), false, NULL), 0);
	assert_int_equal(symlink(victim, part), 0);
	assert_int_equal(afd_file_write(path, SLICE("new"), false, NULL), 0);
	assert_content(victim, "victim");
	assert_content(path, "new");
	assert_int_equal(entries(false), 3);
}

/* Who may do everything would put a file in the place of /dev/full. */
static void what_is_no_plain_file_is_left_alone(void **state)
{
	AFD_AUTO(mem) char *path = at("pipe");
	struct afd_error err = { 0 };
	struct stat st;

	(void)state;
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(afd_file_write(path, SLICE("new"), false, &err), -1);
	assert_int_equal(err.code, AFD_E_USAGE);
	assert_int_equal(stat(path, &st), 0);
	assert_true(S_ISFIFO(st.st_mode));
	assert_int_equal(afd_file_write(dir, SLICE("new"), false, &err), -1);
	assert_int_equal(unlink(path), 0);
}

static void large_files_arrive_in_order(void **state)
{
	AFD_AUTO(outfile) struct afd_outfile *f = NULL;
	AFD_AUTO(buf) struct afd_buf all = { 0 }, back = { 0 };
	AFD_AUTO(mem) char *path = at("large");

	(void)state;
	assert_int_equal(afd_outfile_begin(path, false, &f, NULL), 0);
	for (unsigned i = 0; i < 300; i++) {
		size_t start = all.len, n = i * 977 % 3000 + (i == 150 ? 200000 : 0);

		for (size_t k = 0; k < n; k++)
			afd_buf_u8(&all, (uint8_t)(i + k));
		assert_int_equal(afd_outfile_write(f, afd_slice(all.data + start, n), NULL), 0);
	}
	assert_int_equal(afd_outfile_commit(f, NULL), 0);
	assert_int_equal(afd_file_read(path, all.len, &back, NULL), 0);
	assert_true(afd_slice_equal(afd_buf_slice(&all), afd_buf_slice(&back)));
}

static void what_fails_says_why(void **state)
{
	AFD_AUTO(mem) char *path = at("no/report"), *slash = at(""), *big = at("big"), *want = NULL, *folder = at("folder");
	AFD_AUTO(buf) struct afd_buf b = { 0 };
	struct afd_outfile *f = NULL;
	struct afd_error e;

	(void)state;
	want = afd_sprintf("%s: could not create: No such file or directory", path);
	assert_error(afd_file_write(path, SLICE("x"), false, &e), &e, AFD_E_IO, want);
	free(want);
	want = afd_sprintf("\"%s\" is not the name of a file", slash);
	assert_error(afd_outfile_begin(slash, false, &f, &e), &e, AFD_E_USAGE, want);
	assert_null(f);

	afd_buf_text(&b, "kept");
	assert_int_equal(afd_file_write(big, SLICE("12345"), false, NULL), 0);
	free(want);
	want = afd_sprintf("%s: larger than 4 bytes", big);
	assert_error(afd_file_read(big, 4, &b, &e), &e, AFD_E_LIMIT, want);
	assert_string_equal((char *)b.data, "kept");
	free(want);
	want = afd_sprintf("%s: could not open: No such file or directory", path);
	assert_error(afd_file_read(path, 4, &b, &e), &e, AFD_E_IO, want);
	free(want);
	want = afd_sprintf("%s: could not read: Is a directory", dir);
	assert_error(afd_file_read(dir, 4, &b, &e), &e, AFD_E_IO, want);
	assert_int_equal(afd_file_read(big, 5, &b, &e), 0);
	assert_string_equal((char *)b.data, "kept12345");

	/* the name cannot be taken: a folder stands there */
	assert_int_equal(mkdir(folder, 0700), 0);
	free(want);
	want = afd_sprintf("%s: could not create: Is a directory", folder);
	assert_error(afd_file_write(folder, SLICE("x"), false, &e), &e, AFD_E_IO, want);
	assert_int_equal(rmdir(folder), 0);
	assert_int_equal(entries(false), 1);
}

static void data_of_the_program_is_found(void **state)
{
	const struct afd_embedded *e = afd_embedded_find("evidence/schema.sql");

	(void)state;
	assert_non_null(e);
	assert_true(e->len > 100);
	assert_int_equal(strlen((const char *)e->data), e->len);
	assert_null(afd_embedded_find("evidence/schema.sq"));
	for (e = afd_embedded_files; e[0].path && e[1].path; e++)
		assert_true(strcmp(e[0].path, e[1].path) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_file_appears_whole, empty_dir),
		cmocka_unit_test_setup(or_not_at_all, empty_dir),
		cmocka_unit_test_setup(a_private_file_is_private, empty_dir),
		cmocka_unit_test_setup(a_taken_temporary_name_is_left_alone, empty_dir),
		cmocka_unit_test_setup(what_is_no_plain_file_is_left_alone, empty_dir),
		cmocka_unit_test_setup(large_files_arrive_in_order, empty_dir),
		cmocka_unit_test_setup(what_fails_says_why, empty_dir),
		cmocka_unit_test(data_of_the_program_is_found),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
