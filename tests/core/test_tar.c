#include "check.h"
#include "core/tar.h"

#include <stdlib.h>

/* An archive in memory; STEP: how many bytes a read gives at most, so that pieces are cut everywhere. */
struct memory { struct afd_buf b; size_t at, step; };

static int put(void *ctx, struct afd_slice s, struct afd_error *err)
{
	struct memory *m = ctx;

	return afd_buf_add_slice(&m->b, s) < 0 ? afd_fail_memory(err) : 0;
}

static int get(void *ctx, uint8_t *p, size_t n, size_t *got, struct afd_error *err)
{
	struct memory *m = ctx;
	const struct afd_slice s = afd_slice_sub(afd_buf_slice(&m->b), m->at, n < m->step ? n : m->step);

	(void)err;
	if (s.len)
		memcpy(p, s.data, s.len);
	m->at += s.len;
	*got = s.len;
	return 0;
}

static void two_files(struct memory *m)
{
	struct afd_tar_writer w = { .write = put, .ctx = m };

	assert_int_equal(afd_tar_add(&w, "a/first", SLICE("one\ntwo\n"), NULL), 0);
	assert_int_equal(afd_tar_begin(&w, "b", 600, NULL), 0);
	for (int i = 0; i < 60; i++)
		assert_int_equal(afd_tar_put(&w, SLICE("0123456789"), NULL), 0);
	assert_int_equal(afd_tar_add(&w, "c", SLICE(""), NULL), 0);
	assert_int_equal(afd_tar_finish(&w, NULL), 0);
}

static void what_was_written_is_read(void **state)
{
	static const size_t steps[] = { 1, 7, 512, 1000, 100000 };

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(steps); i++) {
		struct memory m = { .step = steps[i] };
		AFD_AUTO(mem) struct afd_tar_reader *r = calloc(1, sizeof(*r));
		AFD_AUTO(buf) struct afd_buf b = { 0 };
		AFD_AUTO(buf) struct afd_buf line = { 0 };

		two_files(&m);
		assert_int_equal(m.b.len, 512 + 512 + 512 + 1024 + 512 + 1024);
		r->read = get;
		r->ctx = &m;
		assert_int_equal(afd_tar_next(r, NULL), 1);
		assert_string_equal(r->name, "a/first");
		assert_int_equal(afd_tar_line(r, 10, &line, NULL), 1);
		assert_string_equal((char *)line.data, "one");
		assert_int_equal(afd_tar_line(r, 10, &line, NULL), 1);
		assert_string_equal((char *)line.data, "two");
		assert_int_equal(afd_tar_line(r, 10, &line, NULL), 0);
		assert_int_equal(afd_tar_next(r, NULL), 1);
		assert_int_equal(r->size, 600);
		assert_int_equal(afd_tar_load(r, 600, &b, NULL), 0);
		assert_int_equal(b.len, 600);
		assert_memory_equal(b.data + 590, "0123456789", 10);
		assert_int_equal(afd_tar_next(r, NULL), 1);
		assert_int_equal(r->size, 0);
		assert_int_equal(afd_tar_next(r, NULL), 0);
		assert_int_equal(afd_tar_next(r, NULL), 0);
		afd_buf_release(&m.b);
	}
}

static void what_is_not_read_is_passed_over(void **state)
{
	struct memory m = { .step = 100 };
	AFD_AUTO(mem) struct afd_tar_reader *r = calloc(1, sizeof(*r));
	int files = 0;

	(void)state;
	two_files(&m);
	r->read = get;
	r->ctx = &m;
	while (afd_tar_next(r, NULL) == 1)
		files++;
	assert_int_equal(files, 3);
	assert_true(r->ended);
	afd_buf_release(&m.b);
}

static void names(void **state)
{
	static const struct { const char *name; bool ok; } rows[] = {
		{ "a", true }, { "a/b/c", true }, { "items/00ff", true }, { "report/report.json.p7s", true }, { "A_b-C+d=e,f@g", true },
		{ "", false }, { "/a", false }, { "a/", false }, { "a//b", false }, { ".", false }, { "..", false }, { "../a", false },
		{ "a/../b", false }, { "a/./b", false }, { ".hidden", false }, { "a/.b", false }, { "-x", false }, { "a/-x", false },
		{ "a b", false }, { "a\\b", false }, { "a\nb", false }, { "caf\xc3\xa9", false }, { "a:b", false }, { "a'b", false },
		{ "a$b", false },
	};
	char longest[AFD_TAR_NAME + 1];

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(rows); i++)
		row_true(afd_tar_name_ok(rows[i].name) == rows[i].ok, rows[i].name);
	memset(longest, 'x', sizeof(longest));
	longest[AFD_TAR_NAME - 1] = '\0';
	assert_true(afd_tar_name_ok(longest));
	longest[AFD_TAR_NAME - 1] = 'x';
	longest[AFD_TAR_NAME] = '\0';
	assert_false(afd_tar_name_ok(longest));
}

static void the_writer_keeps_the_rules(void **state)
{
	struct memory m = { .step = 512 };
	struct afd_tar_writer w = { .write = put, .ctx = &m };
	struct afd_error err;

	(void)state;
	assert_int_equal(afd_tar_add(&w, "b", SLICE("x"), &err), 0);
	assert_error(afd_tar_add(&w, "a", SLICE("x"), &err), &err, AFD_E_ENGINE, "a: stands behind b in an archive that is sorted");
	assert_error(afd_tar_add(&w, "b", SLICE("x"), &err), &err, AFD_E_ENGINE, "b: stands behind b in an archive that is sorted");
	assert_error(afd_tar_add(&w, "../c", SLICE("x"), &err), &err, AFD_E_USAGE, "../c: not a name that an archive may have");
	assert_error(afd_tar_begin(&w, "c", AFD_MAX_TAR_FILE + 1, &err), &err, AFD_E_LIMIT, "c: larger than 8 GiB");
	assert_int_equal(afd_tar_begin(&w, "c", 3, &err), 0);
	assert_error(afd_tar_put(&w, SLICE("four"), &err), &err, AFD_E_ENGINE, "c: more bytes than were announced");
	assert_int_equal(afd_tar_put(&w, SLICE("12"), &err), 0);
	assert_error(afd_tar_finish(&w, &err), &err, AFD_E_ENGINE, "c: 1 bytes of it are missing");
	afd_buf_release(&m.b);
}

/* --- what a stranger may send: a whole archive with one thing changed --- */

enum { SUM = 148, FIRST = 0, SECOND = 1024, THIRD = SECOND + 512 + 1024, END = THIRD + 512 };

static void sum_again(uint8_t *h)
{
	unsigned sum = 0;

	memset(h + SUM, ' ', 8);
	for (int i = 0; i < 512; i++)
		sum += h[i];
	snprintf((char *)h + SUM, 8, "%06o", sum);
	h[SUM + 7] = ' ';
}

static void rename_first(struct afd_buf *b) { memcpy(b->data, "../evil", 8); sum_again(b->data); }
static void absolute(struct afd_buf *b) { memcpy(b->data, "/etc/x", 7); sum_again(b->data); }
static void twice(struct afd_buf *b) { memcpy(b->data + SECOND, "a/first", 8); sum_again(b->data + SECOND); }
static void unsorted(struct afd_buf *b) { memcpy(b->data + SECOND, "Z", 2); sum_again(b->data + SECOND); }
static void a_link(struct afd_buf *b) { b->data[156] = '2'; memcpy(b->data + 157, "/etc/passwd", 11); sum_again(b->data); }
static void a_folder(struct afd_buf *b) { b->data[156] = '5'; sum_again(b->data); }
static void an_extension(struct afd_buf *b) { b->data[156] = 'x'; sum_again(b->data); }
static void old_type(struct afd_buf *b) { b->data[156] = 0; sum_again(b->data); }
static void with_a_time(struct afd_buf *b) { b->data[146] = '1'; sum_again(b->data); }
static void with_an_owner(struct afd_buf *b) { memcpy(b->data + 265, "root", 4); sum_again(b->data); }
static void executable(struct afd_buf *b) { memcpy(b->data + 100, "0000755", 7); sum_again(b->data); }
static void with_a_prefix(struct afd_buf *b) { memcpy(b->data + 345, "..", 2); sum_again(b->data); }
static void wrong_sum(struct afd_buf *b) { b->data[SUM]++; }
static void huge(struct afd_buf *b) { memcpy(b->data + SECOND + 124, "77777777777", 11); sum_again(b->data + SECOND); }
static void base_256(struct afd_buf *b) { b->data[SECOND + 124] = 0x80; sum_again(b->data + SECOND); }
static void blanks_in_size(struct afd_buf *b) { memcpy(b->data + 124, "         10 ", 12); sum_again(b->data); }
static void in_the_padding(struct afd_buf *b) { b->data[600] = 'x'; }
static void bytes_behind(struct afd_buf *b) { afd_buf_text(b, "x"); }
static void a_third_block(struct afd_buf *b) { uint8_t z[512] = { 0 }; afd_buf_add(b, z, sizeof(z)); }
static void one_block(struct afd_buf *b) { b->len -= 512; }
static void no_end(struct afd_buf *b) { b->len -= 1024; }
static void cut_in_a_file(struct afd_buf *b) { b->len = SECOND + 512 + 100; }
static void cut_in_a_header(struct afd_buf *b) { b->len = SECOND + 100; }
static void dirty_end(struct afd_buf *b) { b->data[END + 512 + 3] = 1; }
static void nothing(struct afd_buf *b) { b->len = 0; }

static void refused(void **state)
{
	static const struct { const char *row; void (*change)(struct afd_buf *b); const char *why; } rows[] = {
		{ "path upwards", rename_first, "behind \"\": a name that no file here may have" },
		{ "absolute path", absolute, "behind \"\": a name that no file here may have" },
		{ "one name twice", twice, "a/first: stands there twice" },
		{ "unsorted", unsorted, "Z: stands behind a/first, and names must be sorted" },
		{ "link", a_link, "a/first: not the header of a plain file without owner and time" },
		{ "folder", a_folder, "a/first: not the header of a plain file without owner and time" },
		{ "pax extension", an_extension, "a/first: not the header of a plain file without owner and time" },
		{ "type of old tars", old_type, "a/first: not the header of a plain file without owner and time" },
		{ "time", with_a_time, "a/first: not the header of a plain file without owner and time" },
		{ "owner", with_an_owner, "a/first: not the header of a plain file without owner and time" },
		{ "mode", executable, "a/first: not the header of a plain file without owner and time" },
		{ "prefix", with_a_prefix, "a/first: not the header of a plain file without owner and time" },
		{ "sum", wrong_sum, "a/first: not the header of a plain file without owner and time" },
		{ "huge size", huge, "b: the archive is cut short" },
		{ "size in base 256", base_256, "b: its size is not eleven octal digits" },
		{ "size with blanks", blanks_in_size, "a/first: its size is not eleven octal digits" },
		{ "bytes in the padding", in_the_padding, "a/first: bytes stand behind its end" },
		{ "bytes behind", bytes_behind, "bytes stand behind the end of the archive" },
		{ "zeros behind", a_third_block, "bytes stand behind the end of the archive" },
		{ "one block at the end", one_block, "the archive is cut short" },
		{ "no block at the end", no_end, "the archive is cut short" },
		{ "second block not zeros", dirty_end, "behind c: one block of zeros, where two end an archive" },
		{ "cut in a file", cut_in_a_file, "b: the archive is cut short" },
		{ "cut in a header", cut_in_a_header, "the archive is cut short" },
		{ "empty", nothing, "the archive is cut short" },
	};

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(rows); i++) {
		struct memory m = { .step = 333 };
		AFD_AUTO(mem) struct afd_tar_reader *r = calloc(1, sizeof(*r));
		struct afd_error err = { 0 };
		int more;

		two_files(&m);
		rows[i].change(&m.b);
		r->read = get;
		r->ctx = &m;
		while ((more = afd_tar_next(r, &err)) == 1)
			;
		row_true(more < 0, rows[i].row);
		row_true(strcmp(err.text, rows[i].why) == 0, err.text);
		afd_buf_release(&m.b);
	}
}

static void ceilings(void **state)
{
	struct memory m = { .step = 512 };
	AFD_AUTO(mem) struct afd_tar_reader *r = calloc(1, sizeof(*r));
	AFD_AUTO(buf) struct afd_buf b = { 0 };
	struct afd_error err;

	(void)state;
	two_files(&m);
	r->read = get;
	r->ctx = &m;
	assert_int_equal(afd_tar_next(r, &err), 1);
	assert_error(afd_tar_load(r, 7, &b, &err), &err, AFD_E_LIMIT, "a/first: 8 bytes, the limit is 7");
	assert_error(afd_tar_line(r, 2, &b, &err), &err, AFD_E_LIMIT, "a/first: a line longer than 2 bytes");
	assert_int_equal(afd_tar_next(r, &err), 1);
	assert_error(afd_tar_line(r, 1000, &b, &err), &err, AFD_E_PARSE, "b: its last line does not end");
	afd_buf_release(&m.b);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_written_is_read),
		cmocka_unit_test(what_is_not_read_is_passed_over),
		cmocka_unit_test(names),
		cmocka_unit_test(the_writer_keeps_the_rules),
		cmocka_unit_test(refused),
		cmocka_unit_test(ceilings),
	};

	return cmocka_run_group_tests_name("tar", tests, NULL, NULL);
}
