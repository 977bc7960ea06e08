/* dnstap: frames to claims, signatures verified while they are read. */
#include "check.h"

#include <unistd.h>

#include "collector/table.h"
#include "collector/zone/dnstap.h"
#include "collector/zone/tsig_keys.h"
#include "core/file.h"
#include "run.h"

#define SAMPLE "zone/bind918/bind-update.dnstap"
#define KEYS "zone/bind918/tsig-test-keys.txt"

/* The sample's file as a source reads it: the claims. */
static void read_tap(const char *path, const char *keys, const char *zones, struct run *run)
{
	AFD_AUTO(mem) char *yaml = afd_sprintf("path: %s\nzones: [%s]\n%s%s%s", path, zones, keys ? "keys: \"" : "", keys ? keys : "", keys ? "\"\n" : "");
	struct afd_error err = { 0 };

	*run = (struct run){ .provider = &afd_provider_dnstap, .now_ms = INT64_C(1795390000000), .rows = true };
	if (run_source(run, yaml, &err) < 0)
		fail_msg("%s", err.text);
}

static void read_sample(const char *keys, const char *zones, struct run *run)
{
	AFD_AUTO(mem) char *path = sample_path(SAMPLE);

	read_tap(path, keys, zones, run);
}

static unsigned count_of(const char *rows, const char *what)
{
	unsigned n = 0;

	for (const char *p = rows; (p = strstr(p, what)) != NULL; p++)
		n++;
	return n;
}

static void the_sample(void **state)
{
	char keys[] = "/tmp/afd-keys-XXXXXX";

	(void)state;
	if (!has_sample(SAMPLE) || !has_sample(KEYS))
		skip();
	AFD_AUTO(mem) char *published = sample_path(KEYS);
	AFD_AUTO(buf) struct afd_buf text = { 0 };
	assert_int_equal(afd_file_read(published, 1 << 16, &text, NULL), 0);
	int fd = mkstemp(keys);                          /* a secret that others cannot read */
	assert_true(fd >= 0 && write(fd, text.data, text.len) == (ssize_t)text.len && close(fd) == 0);
	AFD_AUTO(mem) char *ref = afd_sprintf("file:%s", keys);
	struct run run;
	read_sample(ref, "example.test, signed.test", &run);
	unlink(keys);
	const char *out = (char *)run.out.data;
	/* the README's twelve transactions; the one with the bad signature has only an answer */
	static const struct { const char *what; unsigned n; } want[] = {
		{ "claim ", 12 }, { " mac verified\n", 10 }, { " dnstap", 12 }, { "claim example.test applied key=acme-certbot-web01 claimed=-", 3 },
		{ "claim example.test refused key=acme-certbot-web01", 1 }, { "claim example.test denied key=- claimed=- ", 1 },
		{ "claim example.test bad-signature key=- claimed=acme-certbot-web01", 1 }, { " mac not-checked\n", 1 }, { "claim example.test applied key=dns-admin-alice", 4 },
		{ "claim example.test prerequisite key=dns-admin-alice", 1 }, { "claim signed.test applied key=dns-admin-alice", 1 },
		{ "  + mail.example.test 3600 A 192.0.2.25 ", 1 }, { "  + mail.example.test 30 A 192.0.2.25 ", 1 },
		{ "  - _acme-challenge.example.test TXT \"gfj9Xq-Rg85nM0000000000000000000000000000000\"", 1 }, { "  - ghost.example.test TXT - ", 1 },
	};
	for (size_t i = 0; i < AFD_COUNT(want); i++)
		if (count_of(out, want[i].what) != want[i].n)
			fail_msg("\"%s\": %u times, expected %u\n%s", want[i].what, count_of(out, want[i].what), want[i].n, out);
	assert_null(strstr(out, "gap "));
	run_release(&run);
}

static void without_keys_the_servers_word_counts(void **state)
{
	struct run run;

	(void)state;
	if (!has_sample(SAMPLE))
		skip();
	read_sample(NULL, "example.test", &run);
	const char *out = (char *)run.out.data;
	assert_int_equal(count_of(out, "claim "), 11);           /* signed.test is not ours: not kept */
	assert_null(strstr(out, "signed.test"));
	assert_int_equal(count_of(out, " mac not-checked\n"), 10);
	assert_int_equal(count_of(out, "applied key=dns-admin-alice"), 4);
	run_release(&run);
}

/* A key that has the name and not the secret: nobody is credited, although the server was content. */
static void a_wrong_secret_credits_nobody(void **state)
{
	char keys[] = "/tmp/afd-keys-XXXXXX";
	static const char text[] = "key acme-certbot-web01 { algorithm hmac-sha256; secret \"d3Jvbmc=\"; };\n";
	struct run run;

	(void)state;
	if (!has_sample(SAMPLE))
		skip();
	int fd = mkstemp(keys);
	assert_true(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text) && close(fd) == 0);
	AFD_AUTO(mem) char *ref = afd_sprintf("file:%s", keys);
	read_sample(ref, "example.test", &run);
	unlink(keys);
	const char *out = (char *)run.out.data;
	assert_int_equal(count_of(out, " mac failed\n"), 4);
	assert_int_equal(count_of(out, "key=acme-certbot-web01"), 0);
	assert_int_equal(count_of(out, "applied key=- claimed=acme-certbot-web01"), 3);
	run_release(&run);
}

/* Threads write as they come, files are copied and read again: every UPDATE is one claim with its answer, however its frames lie. */
static void frames_in_other_orders_and_twice(void **state)
{
	enum { BACKWARDS, SWAPPED, EACH_TWICE, ALL_TWICE, ORDERS };
	static const char *const what[] = {
		"claim ", "claim example.test applied key=acme-certbot-web01 claimed=-", "claim example.test refused key=acme-certbot-web01", "claim example.test denied key=- claimed=- ",
		"claim example.test bad-signature key=- claimed=acme-certbot-web01", "claim example.test applied key=dns-admin-alice", "claim example.test prerequisite key=dns-admin-alice",
		"  + ", "  - ", "unanswered",
	};
	AFD_AUTO(mem) char *sample = has_sample(SAMPLE) ? sample_path(SAMPLE) : NULL;
	AFD_AUTO(buf) struct afd_buf whole = { 0 };
	struct afd_slice frame[64], left;
	struct run plain;
	size_t n = 0;

	(void)state;
	if (!sample)
		skip();
	assert_int_equal(afd_file_read(sample, 1 << 20, &whole, NULL), 0);
	left = afd_buf_slice(&whole);
	while (n < AFD_COUNT(frame) && afd_frame_next(&left, &frame[n], NULL) > 0)
		n++;
	assert_true(n > 4 && afd_frame_control(frame[0]) == AFD_FSTRM_START && afd_frame_control(frame[n - 1]) == AFD_FSTRM_STOP);
	read_sample(NULL, "example.test", &plain);
	for (int order = 0; order < ORDERS; order++) {
		char name[] = "/tmp/afd-tap-XXXXXX";
		AFD_AUTO(buf) struct afd_buf out = { 0 };
		const size_t data = n - 2, times = order >= EACH_TWICE ? 2 : 1;
		struct run run;

		assert_int_equal(afd_buf_add_slice(&out, frame[0]), 0);
		for (size_t i = 0; i < data * times; i++) {
			size_t k = order == BACKWARDS ? data - 1 - i : order == SWAPPED ? ((i ^ 1) < data ? i ^ 1 : i) : order == EACH_TWICE ? i / 2 : i % data;

			assert_int_equal(afd_buf_add_slice(&out, frame[1 + k]), 0);
		}
		assert_int_equal(afd_buf_add_slice(&out, frame[n - 1]), 0);
		int fd = mkstemp(name);
		assert_true(fd >= 0 && write(fd, out.data, out.len) == (ssize_t)out.len && close(fd) == 0);
		read_tap(name, NULL, "example.test", &run);
		unlink(name);
		for (size_t i = 0; i < AFD_COUNT(what); i++)
			if (count_of((char *)run.out.data, what[i]) != count_of((char *)plain.out.data, what[i]))
				fail_msg("order %d: %s: %u, expected %u", order, what[i], count_of((char *)run.out.data, what[i]), count_of((char *)plain.out.data, what[i]));
		run_release(&run);
	}
	run_release(&plain);
}

/* --- keys as servers write them --- */

static const struct { const char *row, *text, *error; size_t n; } key_row[] = {
	{ "as tsig-keygen writes it", "key \"a\" {\n\talgorithm hmac-sha256;\n\tsecret \"c2VjcmV0\";\n};\n", NULL, 1 },
	{ "in one line, without quotes, two", "key a { algorithm hmac-sha512; secret c2VjcmV0; }; key b { secret \"c2VjcmV0\"; algorithm hmac-sha256; };", NULL, 2 },
	{ "comments", "# one\n// two\n/* three\n */ key a { /* x */ algorithm hmac-sha256; secret c2VjcmV0; };", NULL, 1 },
	{ "an algorithm that is refused is left out", "key a { algorithm hmac-md5; secret c2VjcmV0; };", NULL, 0 },
	{ "nothing", "", NULL, 0 },
	{ "no such statement", "zone a { };", "keys: line 1: expected key", 0 },
	{ "not base64", "key a { algorithm hmac-sha256; secret \"?\"; };", "keys: line 1: expected a name, an algorithm and a secret in base64", 0 },
	{ "not closed", "\nkey a { algorithm hmac-sha256; secret c2VjcmV0;\n", "keys: line 3: expected \"algorithm\" or \"secret\"", 0 },
	{ "a quote that is not closed", "key \"a { algorithm", "keys: line 1: expected \"{\"", 0 },
	{ "no semicolon", "key a { algorithm hmac-sha256 secret c2VjcmV0; };", "keys: line 1: expected \";\"", 0 },
};

static void keys_as_servers_write_them(void **state)
{
	(void)state;
	for (size_t i = 0; i < AFD_COUNT(key_row); i++) {
		struct afd_tsig_keys k = { 0 };
		struct afd_error err = { 0 };
		int r = afd_tsig_keys_read(afd_slice_text(key_row[i].text), &k, &err);
		row_true((r < 0) == (key_row[i].error != NULL), key_row[i].row);
		row_true(!key_row[i].error || strncmp(err.text, key_row[i].error, strlen(key_row[i].error)) == 0, err.text);
		row_true(r < 0 || k.n == key_row[i].n, key_row[i].row);
		afd_tsig_keys_release(&k);
	}
}

/* --- frames --- */

static const struct { const char *row; uint8_t bytes[24]; size_t len; int got; } frame_row[] = {
	{ "data", { 0, 0, 0, 2, 1, 2, 9 }, 7, 1 },
	{ "not whole", { 0, 0, 0, 2, 1 }, 5, 0 },
	{ "length not whole", { 0, 0 }, 2, 0 },
	{ "nothing", { 0 }, 0, 0 },
	{ "STOP", { 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 3 }, 12, 1 },
	{ "control not whole", { 0, 0, 0, 0, 0, 0, 0, 4, 0, 0 }, 10, 0 },
	{ "control too short", { 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0 }, 11, -1 },
	{ "control too long", { 0, 0, 0, 0, 0, 0, 2, 1 }, 8, -1 },
	{ "text is no frame", "2026-11-21T23:41:52", 19, -1 },
	{ "longer than any", { 0, 0x10, 0, 1 }, 4, -1 },
};

static void frames(void **state)
{
	(void)state;
	for (size_t i = 0; i < AFD_COUNT(frame_row); i++) {
		struct afd_slice left = afd_slice(frame_row[i].bytes, frame_row[i].len), one;
		row_true(afd_frame_next(&left, &one, NULL) == frame_row[i].got, frame_row[i].row);
		row_true(frame_row[i].got == 1 || left.len == frame_row[i].len, frame_row[i].row);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_sample),
		cmocka_unit_test(without_keys_the_servers_word_counts),
		cmocka_unit_test(a_wrong_secret_credits_nobody),
		cmocka_unit_test(frames_in_other_orders_and_twice),
		cmocka_unit_test(keys_as_servers_write_them),
		cmocka_unit_test(frames),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
