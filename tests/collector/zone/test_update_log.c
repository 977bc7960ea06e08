#include "check.h"

#include <sys/stat.h>
#include <unistd.h>

#include "collector/table.h"
#include "core/file.h"
#include "run.h"

#define AT     "2026-11-21T23:41:52.528Z "
#define CLIENT "update: info: client @0x7f01 127.0.0.1#52257/key alice: "
#define ZONE   "updating zone 'example.test/IN': "
#define LINE   AT CLIENT ZONE
#define HEAD   "claim example.test applied key=alice claimed=- client=127.0.0.1#52257 2026-11-21T23:41:52.528Z "

/* --- lines to claims --- */

static const struct { const char *row, *log, *rows; } claim_row[] = {
	{ "add", LINE "adding an RR at 'www.Example.test' A 192.0.2.1\n", HEAD "+1 part 0\n  + www.example.test A 192.0.2.1 part 0\n" },
	{ "add, rdata made canonical", LINE "adding an RR at 'example.test' NS NS9.evil.test.\n", HEAD "+1 part 0\n  + example.test NS ns9.evil.test. part 0\n" },
	{ "add of text", LINE "adding an RR at 'a.example.test' TXT \"x;\\\" y\"\n", HEAD "+1 part 0\n  + a.example.test TXT \"x;\\\" y\" part 0\n" },
	{ "add of an unknown type", LINE "adding an RR at 'a.example.test' TYPE65280 \\# 4 0A000001\n", HEAD "+1 part 0\n  + a.example.test TYPE65280 \\# 4 0a000001 part 0\n" },
	{ "add whose rdata was cut", LINE "adding an RR at 'a.example.test' TXT \"xxx [TRUNCATED]\n", HEAD "+1 part 0\n  + a.example.test TXT - part 0\n" },
	{ "delete a set", LINE "deleting rrset at 'www.example.test' A\n", HEAD "+1 part 0\n  - www.example.test A - part 0\n" },
	{ "delete a record", LINE "deleting an RR at www.example.test TXT\n", HEAD "+1 part 0\n  - www.example.test TXT - part 0\n" },
	{ "delete a name", LINE "delete all rrsets from name 'www.example.test'\n", HEAD "+1 part 0\n  - www.example.test - - part 0\n" },
	{ "an apostrophe in the owner", LINE "adding an RR at 'it's.example.test' A 192.0.2.1\n", HEAD "+1 part 0\n  + it's.example.test A 192.0.2.1 part 0\n" },
	{ "one UPDATE, three lines",
	  LINE "deleting rrset at 'www.example.test' A\n" LINE "adding an RR at 'www.example.test' A 192.0.2.2\n" LINE "deleting an RR at example.test NS\n",
	  HEAD "+1 part 0\n  - www.example.test A - part 0\n  + www.example.test A 192.0.2.2 part 1\n  - example.test NS - part 2\n" },
	{ "the clock ticks between the lines",
	  LINE "deleting rrset at 'w.example.test' A\n2026-11-21T23:41:52.628Z " CLIENT ZONE "adding an RR at 'w.example.test' A 192.0.2.2\n",
	  HEAD "+101 part 0\n  - w.example.test A - part 0\n  + w.example.test A 192.0.2.2 part 1\n" },
	{ "two UPDATEs of one client that keeps its port",
	  LINE "deleting rrset at 'w.example.test' A\n2026-11-21T23:41:52.629Z " CLIENT ZONE "adding an RR at 'w.example.test' A 192.0.2.2\n",
	  HEAD "+1 part 0\n  - w.example.test A - part 0\n"
	  "claim example.test applied key=alice claimed=- client=127.0.0.1#52257 2026-11-21T23:41:52.629Z +1 part 1\n  + w.example.test A 192.0.2.2 part 1\n" },
	{ "two UPDATEs of one client in one instant",
	  LINE "adding an RR at 'a.example.test' A 192.0.2.1\n" AT "update: info: client @0x7f01 127.0.0.1#52258/key alice: " ZONE "adding an RR at 'b.example.test' A 192.0.2.2\n"
	  LINE "adding an RR at 'c.example.test' A 192.0.2.3\n",
	  HEAD "+1 part 0\n  + a.example.test A 192.0.2.1 part 0\n"
	  "claim example.test applied key=alice claimed=- client=127.0.0.1#52258 2026-11-21T23:41:52.528Z +1 part 1\n  + b.example.test A 192.0.2.2 part 1\n"
	  HEAD "+1 part 2\n  + c.example.test A 192.0.2.3 part 2\n" },
	{ "two zones in one instant, lines mixed",
	  LINE "adding an RR at 'a.example.test' A 192.0.2.1\n" AT "update: info: client @0x7f02 127.0.0.1#1/key bob: updating zone 'other.test/IN': deleting rrset at 'b.other.test' A\n"
	  AT "update-security: error: client @0x7f03 127.0.0.1#2: update 'example.test/IN' denied\n" LINE "adding an RR at 'c.example.test' A 192.0.2.3\n",
	  HEAD "+1 part 0\n  + a.example.test A 192.0.2.1 part 0\n  + c.example.test A 192.0.2.3 part 3\n"
	  "claim other.test applied key=bob claimed=- client=127.0.0.1#1 2026-11-21T23:41:52.528Z +1 part 1\n  - b.other.test A - part 1\n"
	  "claim example.test denied key=- claimed=- client=127.0.0.1#2 2026-11-21T23:41:52.528Z +1 part 2\n" },
	{ "refused", LINE "update failed: rejected by secure update (REFUSED)\n",
	  "claim example.test refused key=alice claimed=- client=127.0.0.1#52257 2026-11-21T23:41:52.528Z +1 part 0\n" },
	{ "failed after its lines", LINE "adding an RR at 'a.example.test' A 192.0.2.1\n" LINE "update failed: out of range (SERVFAIL)\n",
	  "claim example.test failed key=alice claimed=- client=127.0.0.1#52257 2026-11-21T23:41:52.528Z +1 part 0\n  + a.example.test A 192.0.2.1 part 0\n" },
	{ "what follows a refusal is another UPDATE", LINE "update failed: rejected by secure update (REFUSED)\n" LINE "adding an RR at 'a.example.test' A 192.0.2.1\n",
	  "claim example.test refused key=alice claimed=- client=127.0.0.1#52257 2026-11-21T23:41:52.528Z +1 part 0\n"
	  HEAD "+1 part 1\n  + a.example.test A 192.0.2.1 part 1\n" },
	{ "prerequisite", LINE "update unsuccessful: nope.example.test/A: 'rrset exists (value independent)' prerequisite not satisfied (NXRRSET)\n",
	  "claim example.test prerequisite key=alice claimed=- client=127.0.0.1#52257 2026-11-21T23:41:52.528Z +1 part 0\n" },
	{ "denied, no key", AT "update-security: error: client @0x7f01 127.0.0.1#51676: update 'example.test/IN' denied\n",
	  "claim example.test denied key=- claimed=- client=127.0.0.1#51676 2026-11-21T23:41:52.528Z +1 part 0\n" },
	{ "bad signature: no zone, the key only claimed",
	  AT "security: error: client @0x7f01 127.0.0.1#45531: request has invalid signature: TSIG acme: tsig verify failure (BADSIG)\n",
	  "claim . bad-signature key=- claimed=acme client=127.0.0.1#45531 2026-11-21T23:41:52.528Z +1 part 0\n" },
	{ "key name and query name",
	  AT "update: info: client @0x7f01 2001:db8::1#53/key Alice.Example (example.test): view inside: " ZONE "deleting rrset at 'a.example.test' A\n",
	  "claim example.test applied key=alice.example claimed=- client=2001:db8::1#53 2026-11-21T23:41:52.528Z +1 part 0\n  - a.example.test A - part 0\n" },
	{ "no category, no severity", AT "client @0x7f01 127.0.0.1#52257/key alice: " ZONE "deleting rrset at 'a.example.test' A\n", HEAD "+1 part 0\n  - a.example.test A - part 0\n" },
	{ "no client pointer", AT "client 127.0.0.1#52257/key alice: " ZONE "deleting rrset at 'a.example.test' A\n", HEAD "+1 part 0\n  - a.example.test A - part 0\n" },
	{ "time with an offset", "2026-11-22T01:41:52.528+02:00 " CLIENT ZONE "deleting rrset at 'a.example.test' A\n", HEAD "+1 part 0\n  - a.example.test A - part 0\n" },
	{ "local time, ISO", "2026-11-22T00:41:52.528 " CLIENT ZONE "deleting rrset at 'a.example.test' A\n", HEAD "+1 part 0\n  - a.example.test A - part 0\n" },
	{ "local time, day first", "22-Nov-2026 00:41:52.528 " CLIENT ZONE "deleting rrset at 'a.example.test' A\n", HEAD "+1 part 0\n  - a.example.test A - part 0\n" },
	{ "no time", CLIENT ZONE "deleting rrset at 'a.example.test' A\n", "" },
	{ "no such day", "2026-02-30T23:41:52.528Z " CLIENT ZONE "deleting rrset at 'a.example.test' A\n", "" },
	{ "another zone", AT CLIENT "updating zone 'elsewhere.test/IN': deleting rrset at 'a.elsewhere.test' A\n", "" },
	{ "another class", AT CLIENT "updating zone 'example.test/CH': deleting rrset at 'a.example.test' A\n", "" },
	{ "another category", AT "xfer-out: info: client @0x7f01 127.0.0.1#1/key x (example.test): transfer of 'example.test/IN': IXFR started\n", "" },
	{ "unknown words", LINE "attempt to delete last NS ignored\n", "" },
	{ "cut before the type", LINE "deleting rrset at 'a.example.test' \n", "" },
	{ "cut in the owner", LINE "adding an RR at 'a.example.t\n", "" },
	{ "owner that is no name", LINE "deleting rrset at 'a..example.test' A\n", HEAD "+1 part 0\n" },
	{ "add of a type that we do not know", LINE "adding an RR at 'a.example.test' HTTPS2 1 . x=y\n", HEAD "+1 part 0\n  + a.example.test HTTPS2 - part 0\n" },
	{ "delete of types that we do not know", LINE "deleting rrset at 'a.example.test' NEW-1\n" LINE "deleting an RR at a.example.test TYPE99999\n",
	  HEAD "+1 part 0\n  - a.example.test NEW-1 - part 0\n  - a.example.test TYPE99999 - part 1\n" },
	{ "type that is no word", LINE "deleting rrset at 'a.example.test' A\x01\n", HEAD "+1 part 0\n" },
	{ "nothing", "\n\n", "" },
};

static int decode(const char *asked, const char *log, struct afd_buf *to, struct afd_error *err)
{
	return run_decode(&afd_provider_bind_update_log, asked, "file", 0, afd_slice_text(log), to, err);
}

static void lines_become_claims(void **state)
{
	(void)state;
	for (size_t i = 0; i < AFD_COUNT(claim_row); i++) {
		AFD_AUTO(buf) struct afd_buf rows = { 0 };
		assert_int_equal(decode("lines 1-9 of a tz=x zones=y tz=+01:00 zones=example.test other.test", claim_row[i].log, &rows, NULL), 0);
		row_text(rows.len ? (char *)rows.data : "", claim_row[i].rows, claim_row[i].row);
	}
}

static const struct { const char *asked, *error; } asked_row[] = {
	{ "lines 1-1 of update.log tz=- zones=example.test", NULL }, { "lines 1-1 of update.log tz=UTC zones=example.test", NULL },
	{ "lines 1-1 of update.log", "asked: expected tz= and zones=" }, { "", "asked: expected tz= and zones=" },
	{ "x tz=CET zones=example.test", "asked: tz is neither UTC nor +hh:mm" }, { "x tz=+25:00 zones=a", "asked: tz is neither UTC nor +hh:mm" },
};

static void the_record_says_zone_and_time(void **state)
{
	(void)state;
	for (size_t i = 0; i < AFD_COUNT(asked_row); i++) {
		AFD_AUTO(buf) struct afd_buf rows = { 0 };
		struct afd_error err = { 0 };
		int r = decode(asked_row[i].asked, LINE "deleting rrset at 'a.example.test' A\n", &rows, &err);
		row_text(r < 0 ? err.text : "", asked_row[i].error ? asked_row[i].error : "", asked_row[i].asked);
	}
}

/* A local time means nothing without a zone. */
static void local_times_need_a_zone(void **state)
{
	AFD_AUTO(buf) struct afd_buf rows = { 0 };

	(void)state;
	assert_int_equal(decode("x tz=- zones=example.test", "22-Nov-2026 00:41:52.528 " CLIENT ZONE "deleting rrset at 'a.example.test' A\n", &rows, NULL), 0);
	assert_int_equal(rows.len, 0);
}

/* What BIND 9.18 wrote while the transactions of the sample's README were made. */
static void a_recorded_log(void **state)
{
	static const char *const want[] = {
		"claim example.test applied key=acme-certbot-web01 claimed=- client=127.0.0.1#52257",
		"claim example.test applied key=acme-certbot-web01 claimed=- client=127.0.0.1#46270",
		"claim example.test applied key=acme-certbot-web01 claimed=- client=127.0.0.1#45857",
		"claim example.test refused key=acme-certbot-web01 claimed=- client=127.0.0.1#47943",
		"claim example.test denied key=- claimed=- client=127.0.0.1#51676",
		"claim example.test bad-signature key=- claimed=acme-certbot-web01 client=127.0.0.1#45531",
		"claim example.test applied key=dns-admin-alice claimed=- client=127.0.0.1#34516 2026-11-21T23:41:55.700Z +1 part 12\n"
		"  - www.example.test A - part 12\n  + www.example.test A 203.0.113.77 part 13\n  - example.test NS - part 14\n"
		"  + example.test NS ns9.evil.test. part 15\n",
		"claim example.test applied key=dns-admin-alice claimed=- client=127.0.0.1#60024",
		"claim example.test applied key=dns-admin-alice claimed=- client=127.0.0.1#57737",
		"claim example.test prerequisite key=dns-admin-alice claimed=- client=127.0.0.1#60298",
		"claim example.test applied key=dns-admin-alice claimed=- client=127.0.0.1#35451",
	};
	const char *sample = "zone/bind918/bind-update.log";
	size_t n = 0;

	(void)state;
	if (!has_sample(sample))
		skip();
	AFD_AUTO(mem) char *path = sample_path(sample);
	AFD_AUTO(buf) struct afd_buf log = { 0 }, rows = { 0 };
	assert_int_equal(afd_file_read(path, 1 << 20, &log, NULL), 0);
	assert_int_equal(decode("x tz=- zones=example.test", (char *)log.data, &rows, NULL), 0);
	for (const char *p = (char *)rows.data; (p = strstr(p, "claim ")) != NULL; p++, n++)
		row_true(n < AFD_COUNT(want) && strncmp(p, want[n], strlen(want[n])) == 0, p);
	assert_int_equal(n, AFD_COUNT(want));
}

/* --- reading a file that grows and goes --- */

#define T0 INT64_C(1795304520000)      /* 2026-11-21T23:42:00Z */

struct place { char dir[64], log[80], zero[80], one[80], yaml[256]; struct run run; };

static void open_place(struct place *p, const char *extra)
{
	*p = (struct place){ .dir = "/tmp/afd-zone-XXXXXX", .run = { .provider = &afd_provider_bind_update_log, .now_ms = T0, .step_ms = 0 } };
	assert_non_null(mkdtemp(p->dir));
	snprintf(p->log, sizeof(p->log), "%s/update.log", p->dir);
	snprintf(p->zero, sizeof(p->zero), "%s/update.log.0", p->dir);
	snprintf(p->one, sizeof(p->one), "%s/update.log.1", p->dir);
	snprintf(p->yaml, sizeof(p->yaml), "path: update.log\nzones: [example.test]\n%s", extra);
	p->run.base_dir = p->dir;
}

static void close_place(struct place *p)
{
	unlink(p->log);
	unlink(p->zero);
	unlink(p->one);
	rmdir(p->dir);
	run_release(&p->run);
}

static void append(const char *path, const char *text)
{
	FILE *f = fopen(path, "a");
	assert_non_null(f);
	assert_int_equal(fputs(text, f) >= 0, 1);
	assert_int_equal(fclose(f), 0);
}

/* One run, a minute later than the last; what it kept and said. */
static const char *look(struct place *p)
{
	struct afd_error err = { 0 };

	p->run.now_ms += AFD_MINUTE;
	p->run.out.len = 0;
	if (run_source(&p->run, p->yaml, &err) < 0)
		fail_msg("%s", err.text);
	return p->run.out.len ? (char *)p->run.out.data : "";
}

#define A "2026-11-21T23:41:52.528Z " CLIENT ZONE "adding an RR at 'a.example.test' A 192.0.2.1\n"
#define B "2026-11-21T23:43:10.000Z " CLIENT ZONE "adding an RR at 'b.example.test' A 192.0.2.2\n"
#define C "2026-11-21T23:43:20.000Z " CLIENT ZONE "adding an RR at 'c.example.test' A 192.0.2.3\n"
#define D "2026-11-21T23:43:30.000Z " CLIENT ZONE "adding an RR at 'd.example.test' A 192.0.2.4\n"
#define FIRST_LOOK \
	"item lines 1-1 of update.log tz=- zones=example.test | file\n" \
	"covered example.test [2026-11-21T23:41:52.528Z, 2026-11-21T23:43:00.000Z) update.log: read without a break (new lines: 1; about updates, not understood: 0)\n"
#define ONE_MORE "[2026-11-21T23:43:00.000Z, 2026-11-21T23:44:00.000Z) update.log: read without a break"
#define NOT_UNDERSTOOD_0 "; about updates, not understood: 0)\n"

static void a_growing_log_is_read_on(void **state)
{
	struct place p;

	(void)state;
	open_place(&p, "");
	append(p.log, A);
	assert_string_equal(look(&p), FIRST_LOOK);
	append(p.log, B "2026-11-21T23:43:20.000Z unfinished");
	assert_string_equal(look(&p), "item lines 2-2 of update.log tz=- zones=example.test | file\ncovered example.test " ONE_MORE " (new lines: 1" NOT_UNDERSTOOD_0);
	assert_string_equal(look(&p), "covered example.test [2026-11-21T23:44:00.000Z, 2026-11-21T23:45:00.000Z) update.log: read without a break (new lines: 0" NOT_UNDERSTOOD_0);
	append(p.log, " line\n");
	assert_string_equal(look(&p), "item lines 3-3 of update.log tz=- zones=example.test | file\n"
	                              "covered example.test [2026-11-21T23:45:00.000Z, 2026-11-21T23:46:00.000Z) update.log: read without a break (new lines: 1" NOT_UNDERSTOOD_0);
	close_place(&p);
}

static void a_copy_of_the_log_is_the_same_log(void **state)
{
	struct place p;

	(void)state;
	open_place(&p, "");
	append(p.log, A);
	assert_string_equal(look(&p), FIRST_LOOK);
	append(p.zero, A B);                   /* another inode */
	assert_int_equal(rename(p.zero, p.log), 0);
	assert_string_equal(look(&p), "item lines 2-2 of update.log tz=- zones=example.test | file\ncovered example.test " ONE_MORE " (new lines: 1" NOT_UNDERSTOOD_0);
	close_place(&p);
}

static void a_rotation_is_read_through(void **state)
{
	struct place p;

	(void)state;
	open_place(&p, "");
	append(p.log, A);
	look(&p);
	append(p.log, B);
	assert_int_equal(rename(p.log, p.zero), 0);
	append(p.log, C);
	assert_string_equal(look(&p), "item lines 2-2 of update.log tz=- zones=example.test | file\nitem lines 1-1 of update.log tz=- zones=example.test | file\n"
	                              "covered example.test [2026-11-21T23:43:00.000Z, 2026-11-21T23:44:00.000Z) update.log: read without a break, through a rotation (new lines: 2" NOT_UNDERSTOOD_0);
	close_place(&p);
}

static void two_rotations_are_read_through(void **state)
{
	struct place p;

	(void)state;
	open_place(&p, "");
	append(p.log, A);
	look(&p);
	append(p.log, B);
	assert_int_equal(rename(p.log, p.one), 0);
	append(p.zero, C);
	append(p.log, D);
	p.run.rows = true;
	const char *out = look(&p);
	const char *b = strstr(out, "b.example.test"), *c = strstr(out, "c.example.test"), *d = strstr(out, "d.example.test");
	assert_true(b && c && d && b < c && c < d);
	assert_non_null(strstr(out, "read without a break, through a rotation (new lines: 3;"));
	close_place(&p);
}

static void a_copy_that_was_truncated_is_read_through(void **state)
{
	struct place p;

	(void)state;
	open_place(&p, "");
	append(p.log, A);
	look(&p);
	append(p.one, A B);                    /* logrotate's copytruncate */
	assert_int_equal(truncate(p.log, 0), 0);
	assert_string_equal(look(&p), "item lines 2-2 of update.log tz=- zones=example.test | file\ncovered example.test " ONE_MORE ", through a rotation (new lines: 1" NOT_UNDERSTOOD_0);
	close_place(&p);
}

/* What is gone is said to be gone. */
static void a_lost_log_is_a_gap(void **state)
{
	enum { RENAMED_AWAY, TRUNCATED, REWRITTEN, TOO_OFTEN };

	(void)state;
	for (int how = RENAMED_AWAY; how <= TOO_OFTEN; how++) {
		struct place p;
		open_place(&p, "");
		append(p.log, A);
		look(&p);
		assert_int_equal(truncate(p.log, 0), 0);
		if (how == RENAMED_AWAY || how == TOO_OFTEN)
			unlink(p.log);
		if (how == TOO_OFTEN) {
			append(p.zero, B);
			append(p.one, B);
		}
		append(p.log, how == REWRITTEN ? C C C C : C);
		const char *out = look(&p), *gap = "gap example.test [2026-11-21T23:43:00.000Z, 2026-11-21T23:43:20.000Z) update.log: log was rotated; "
		                                   "lines between 2026-11-21T23:43:00.000Z and 2026-11-21T23:43:20.000Z may be lost\n";
		assert_non_null(strstr(out, gap));
		assert_non_null(strstr(out, "covered example.test [2026-11-21T23:43:20.000Z, 2026-11-21T23:44:00.000Z)"));
		assert_true(strstr(out, gap) < strstr(out, "covered "));
		/* and the next run goes on from there */
		append(p.log, D);
		assert_non_null(strstr(look(&p), "covered example.test [2026-11-21T23:44:00.000Z, 2026-11-21T23:45:00.000Z) update.log: read without a break (new lines: 1;"));
		close_place(&p);
	}
}

static void no_log_is_a_gap(void **state)
{
	struct place p;

	(void)state;
	open_place(&p, "");
	append(p.log, A);
	look(&p);
	unlink(p.log);
	const char *out = look(&p);
	assert_int_equal(strncmp(out, "gap example.test [2026-11-21T23:43:00.000Z, 2026-11-21T23:44:00.000Z) ", 70), 0);
	assert_non_null(strstr(out, "could not open: No such file"));
	close_place(&p);
}

static void lines_without_a_time_are_counted(void **state)
{
	struct place p;

	(void)state;
	open_place(&p, "");
	append(p.log, A);
	look(&p);
	append(p.log, B CLIENT ZONE "deleting rrset at 'a.example.test' A\n" CLIENT ZONE "deleting rrset at 'b.example.test' A\n");
	assert_non_null(strstr(look(&p), "gap example.test [2026-11-21T23:43:00.000Z, 2026-11-21T23:44:00.000Z) update.log: 2 lines without a time; "
	                                 "set print-time iso8601-utc in the channel\n"));
	close_place(&p);
}

#define LATER "2026-11-21T23:43:10.000Z "
#define OTHER LATER "update: info: client @0x7f01 127.0.0.1#1/key a: updating zone 'other.test/IN': "
#define GAP10 "gap example.test [2026-11-21T23:43:10.000Z, 2026-11-21T23:43:10.001Z) update.log: lines about updates that were not understood: "

static const struct { const char *row, *log, *gap; } unclear_row[] = {
	{ "words that we do not know", LATER CLIENT ZONE "moving an RR to 'a.example.test' A 192.0.2.1\n", GAP10 "1\n" },
	{ "two of them", LATER CLIENT ZONE "x\n" LATER CLIENT ZONE "y\n", GAP10 "2\n" },
	{ "two instants", LATER CLIENT ZONE "x\n2026-11-21T23:43:20.000Z " CLIENT ZONE "y\n",
	  GAP10 "1\ngap example.test [2026-11-21T23:43:20.000Z, 2026-11-21T23:43:20.001Z) update.log: lines about updates that were not understood: 1\n" },
	{ "owner that is no name", LATER CLIENT ZONE "deleting rrset at 'a..example.test' A\n", GAP10 "1\n" },
	{ "type that is no word", LATER CLIENT ZONE "deleting rrset at 'a.example.test' a\x02\n", GAP10 "1\n" },
	{ "key that is no name", LATER "client @0x7f01 127.0.0.1#5/key a..b: " ZONE "deleting rrset at 'a.example.test' A\n", GAP10 "1\n" },
	{ "cut behind the zone", LATER CLIENT "updating zone 'example.test/IN\n", GAP10 "1\n" },
	{ "cut in the zone", LATER CLIENT "updating zone 'exam\n", GAP10 "1\n" },
	{ "another form of the client", LATER "update: info: peer 127.0.0.1#5: " ZONE "adding an RR at 'a.example.test' A 192.0.2.1\n", GAP10 "1\n" },
	{ "with a view", LATER CLIENT "updating zone 'example.test/IN/inside': adding an RR at 'a.example.test' A 192.0.2.1\n", GAP10 "1\n" },
	{ "another zone", OTHER "x\n", "" },
	{ "another zone, cut", LATER CLIENT "updating zone 'other.test/IN\n", "" },
	{ "another class", LATER CLIENT "updating zone 'example.test/CH': x\n", "" },
	{ "another matter", LATER "general: info: zone example.test/IN: loaded serial 5\n", "" },
	{ "a type that keeps its word", LATER CLIENT ZONE "deleting rrset at 'a.example.test' NEW\n", "" },
};

/* What the log says and nobody understood is not covered, and said behind what is. */
static void a_line_that_is_not_understood_is_a_gap(void **state)
{
	(void)state;
	for (size_t i = 0; i < AFD_COUNT(unclear_row); i++) {
		struct place p;
		open_place(&p, "");
		append(p.log, A);
		look(&p);
		append(p.log, unclear_row[i].log);
		const char *covered = strstr(look(&p), "covered example.test " ONE_MORE);
		row_true(covered != NULL, unclear_row[i].row);
		row_text(strchr(covered, '\n') + 1, unclear_row[i].gap, unclear_row[i].row);
		/* once said, it is not said again */
		row_true(strncmp(look(&p), "covered ", 8) == 0 && !strstr((char *)p.run.out.data, "gap "), unclear_row[i].row);
		close_place(&p);
	}
}

static void a_line_longer_than_any_is_a_gap(void **state)
{
	AFD_AUTO(buf) struct afd_buf line = { 0 };
	struct place p;

	(void)state;
	open_place(&p, "");
	append(p.log, A);
	look(&p);
	assert_int_equal(afd_buf_printf(&line, "%s", LATER CLIENT ZONE "adding an RR at 'a.example.test' TXT \""), 0);
	for (unsigned i = 0; i < AFD_MAX_LOG_LINE; i++)
		assert_int_equal(afd_buf_u8(&line, 'x'), 0);
	assert_int_equal(afd_buf_text(&line, "\"\n"), 0);
	append(p.log, (char *)line.data);
	assert_non_null(strstr(look(&p), GAP10 "1\n"));
	close_place(&p);
}

/* The log's clock is ahead of ours: the run that covers that time says it again. */
static void a_gap_in_time_to_come_is_said_again(void **state)
{
	const char *gap = "gap example.test [2026-11-21T23:44:30.000Z, 2026-11-21T23:44:30.001Z) update.log: lines about updates that were not understood: 1\n";
	struct place p;

	(void)state;
	open_place(&p, "");
	append(p.log, A);
	look(&p);
	append(p.log, "2026-11-21T23:44:30.000Z " CLIENT ZONE "x\n");
	assert_non_null(strstr(look(&p), gap));
	assert_non_null(strstr(p.run.cursor, "\"unclear\":[{\"from\":1795304670000,\"lines\":1,\"to\":1795304670001,\"zone\":\"example.test\"}]"));
	const char *out = look(&p);
	assert_non_null(strstr(out, gap));
	assert_true(strstr(out, "covered example.test [2026-11-21T23:44:00.000Z, 2026-11-21T23:45:00.000Z)") < strstr(out, gap));
	assert_null(strstr(p.run.cursor, "unclear"));
	assert_null(strstr(look(&p), "gap "));
	close_place(&p);
}

static void a_flood_of_such_lines_is_few_gaps(void **state)
{
	struct place p;
	unsigned gaps = 0;

	(void)state;
	open_place(&p, "");
	append(p.log, A);
	look(&p);
	for (int i = 0; i < 50; i++) {
		AFD_AUTO(mem) char *line = afd_sprintf("2026-11-21T23:43:%02d.000Z " CLIENT ZONE "x\n", i);
		append(p.log, line);
	}
	const char *out = look(&p);
	for (const char *s = out; (s = strstr(s, "gap ")) != NULL; s++)
		gaps++;
	assert_int_equal(gaps, 8);
	assert_non_null(strstr(out, "gap example.test [2026-11-21T23:43:07.000Z, 2026-11-21T23:43:49.001Z) update.log: lines about updates that were not understood: 43\n"));
	close_place(&p);
}

static void a_local_time_wants_a_timezone(void **state)
{
	struct place p;
	const char *local = "22-Nov-2026 00:43:10.000 " CLIENT ZONE "adding an RR at 'b.example.test' A 192.0.2.2\n";

	(void)state;
	open_place(&p, "");
	append(p.log, A);
	look(&p);
	append(p.log, local);
	assert_string_equal(look(&p), "gap example.test [2026-11-21T23:43:00.000Z, 2026-11-21T23:44:00.000Z) update.log line 2: the time is local and says no zone; "
	                              "write \"timezone: UTC\" or \"timezone: +hh:mm\" into source ns1, or print-time iso8601-utc into the log's channel\n");
	/* once it is told, the line is read */
	snprintf(p.yaml, sizeof(p.yaml), "path: %s\nzones: [example.test]\ntimezone: \"+01:00\"\n", p.log);
	p.run.rows = true;
	const char *out = look(&p);
	assert_non_null(strstr(out, "2026-11-21T23:43:10.000Z +1 part 0\n  + b.example.test A 192.0.2.2 part 0\n"));
	assert_non_null(strstr(out, "covered example.test [2026-11-21T23:43:00.000Z, 2026-11-21T23:45:00.000Z)"));
	close_place(&p);
}

/* named writes an UPDATE line by line: what it may still be writing is left for the next run. */
static void an_update_is_not_cut_in_two(void **state)
{
	struct place p;

	(void)state;
	open_place(&p, "");
	append(p.log, A "2026-11-21T23:42:59.990Z " CLIENT ZONE "deleting rrset at 'b.example.test' A\n");
	assert_string_equal(look(&p), "item lines 1-1 of update.log tz=- zones=example.test | file\n"
	                              "covered example.test [2026-11-21T23:41:52.528Z, 2026-11-21T23:42:59.990Z) update.log: read without a break (new lines: 1" NOT_UNDERSTOOD_0);
	append(p.log, "2026-11-21T23:42:59.990Z " CLIENT ZONE "adding an RR at 'b.example.test' A 192.0.2.2\n");
	p.run.rows = true;
	assert_non_null(strstr(look(&p), "  - b.example.test A - part 0\n  + b.example.test A 192.0.2.2 part 1\n"));
	close_place(&p);
}

/* Larger than one item: cut between two UPDATEs, nothing lost and nothing twice. */
static void a_large_log_is_cut_between_updates(void **state)
{
	struct place p;
	AFD_AUTO(buf) struct afd_buf log = { 0 };
	const unsigned n = 70000;
	unsigned claims = 0, items = 0, records = 0;

	(void)state;
	open_place(&p, "");
	for (unsigned i = 0; i < n; i++)       /* no pause between them: only the port tells */
		for (int k = 0; k < 3; k++)
			assert_int_equal(afd_buf_printf(&log, "2026-11-20T%02u:%02u:%02u.%03uZ client @0x7f01 127.0.0.1#%u/key a: " ZONE "adding an RR at 'h%u.example.test' A 192.0.2.%d\n",
			                                i * 10 / 3600000, i * 10 / 60000 % 60, i * 10 / 1000 % 60, i * 10 % 1000, i % 60000, i, k), 0);
	assert_true(log.len > AFD_MAX_LOG_SEGMENT);
	append(p.log, (char *)log.data);
	p.run.rows = true;
	for (const char *s = look(&p); *s; s = strchrnul(s, '\n'), s += *s == '\n') {
		items += strncmp(s, "item ", 5) == 0;
		claims += strncmp(s, "claim ", 6) == 0;
		records += strncmp(s, "  + ", 4) == 0;
	}
	assert_int_equal(items, 2);
	assert_int_equal(claims, n);
	assert_int_equal(records, 3 * n);
	close_place(&p);
}

static const struct { const char *yaml, *error; } config_row[] = {
	{ "path: update.log\nzones: []\n", "zones: expected at least one" },
	{ "path: update.log\nzones: [a.test, A.test]\n", "zones: a.test stands there twice" },
	{ "path: update.log\nzones: [a.test]\ntimezone: CET\n", "timezone: expected UTC or +hh:mm, got \"CET\"" },
	{ "path: update.log\nzones: [a.test]\ntimezone: \"+1:00\"\n", "timezone: expected UTC or +hh:mm, got \"+1:00\"" },
};

static void configuration_is_refused_early(void **state)
{
	(void)state;
	for (size_t i = 0; i < AFD_COUNT(config_row); i++) {
		struct run r = { .provider = &afd_provider_bind_update_log };
		struct afd_error err = { 0 };
		row_true(run_source(&r, config_row[i].yaml, &err) == -1, config_row[i].yaml);
		row_text(err.text, config_row[i].error, config_row[i].yaml);
		run_release(&r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_become_claims),
		cmocka_unit_test(the_record_says_zone_and_time),
		cmocka_unit_test(local_times_need_a_zone),
		cmocka_unit_test(a_recorded_log),
		cmocka_unit_test(a_growing_log_is_read_on),
		cmocka_unit_test(a_copy_of_the_log_is_the_same_log),
		cmocka_unit_test(a_rotation_is_read_through),
		cmocka_unit_test(two_rotations_are_read_through),
		cmocka_unit_test(a_copy_that_was_truncated_is_read_through),
		cmocka_unit_test(a_lost_log_is_a_gap),
		cmocka_unit_test(no_log_is_a_gap),
		cmocka_unit_test(lines_without_a_time_are_counted),
		cmocka_unit_test(a_line_that_is_not_understood_is_a_gap),
		cmocka_unit_test(a_line_longer_than_any_is_a_gap),
		cmocka_unit_test(a_gap_in_time_to_come_is_said_again),
		cmocka_unit_test(a_flood_of_such_lines_is_few_gaps),
		cmocka_unit_test(a_local_time_wants_a_timezone),
		cmocka_unit_test(an_update_is_not_cut_in_two),
		cmocka_unit_test(a_large_log_is_cut_between_updates),
		cmocka_unit_test(configuration_is_refused_early),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
