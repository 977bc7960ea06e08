/* The logs of Knot, PowerDNS and NSD: lines to claims. */
#include "check.h"

#include "collector/table.h"
#include "core/file.h"
#include "run.h"

static int decode(const struct afd_provider *p, const char *asked, const char *log, struct afd_buf *rows, struct afd_error *err)
{
	return run_decode(p, asked, "file", INT64_C(1795305000000), afd_slice_text(log), rows, err);   /* 2026-11-21T23:50:00Z */
}

struct row { const char *row, *log, *rows; };

static void check_rows(const struct afd_provider *p, const char *asked, const struct row *row, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		AFD_AUTO(buf) struct afd_buf rows = { 0 };
		struct afd_error err = { 0 };
		row_true(decode(p, asked, row[i].log, &rows, &err) == 0, row[i].row);
		row_text(rows.len ? (char *)rows.data : "", row[i].rows, row[i].row);
	}
}

/* --- Knot --- */

#define K "2026-11-21T23:42:02+0000 "
#define KZ "[k.test.] "
#define ALLOWED(port, key) K "debug: " KZ "ACL, allowed, action update, remote 127.0.0.1@" port ", key " key "\n"
#define PROCESSING(n) K "info: " KZ "DDNS, processing " n " updates\n"
#define FINISHED K "info: " KZ "DDNS, finished, serial 1 -> 2, 0.00 seconds\n"
#define KAT " 2026-11-21T23:42:02.000Z +1000 part "

static const struct row knot_row[] = {
	{ "one update, one step", ALLOWED("1", "'acme.'") PROCESSING("1") FINISHED, "claim k.test applied key=acme claimed=- client=127.0.0.1@1" KAT "0 serial 1 -> 2\n" },
	{ "the key without quotes, the protocol behind the address", ALLOWED("1 UDP", "acme.") PROCESSING("1") FINISHED,
	  "claim k.test applied key=acme claimed=- client=127.0.0.1@1" KAT "0 serial 1 -> 2\n" },
	{ "allowed without a key", ALLOWED("1", "none") PROCESSING("1") FINISHED, "claim k.test applied key=- claimed=- client=127.0.0.1@1" KAT "0 serial 1 -> 2\n" },
	{ "two updates in one step are a set", ALLOWED("1", "'acme.'") ALLOWED("2", "'alice.'") PROCESSING("2") FINISHED,
	  "claim k.test applied key=acme claimed=- client=127.0.0.1@1" KAT "0 serial 1 -> 2\nclaim k.test applied key=alice claimed=- client=127.0.0.1@2" KAT "1 serial 1 -> 2\n" },
	{ "the next one is allowed before the last step is over",
	  ALLOWED("1", "'acme.'") PROCESSING("1") ALLOWED("2", "'alice.'") FINISHED PROCESSING("1") K "info: " KZ "DDNS, finished, serial 2 -> 3, 0.00 seconds\n",
	  "claim k.test applied key=acme claimed=- client=127.0.0.1@1" KAT "0 serial 1 -> 2\nclaim k.test applied key=alice claimed=- client=127.0.0.1@2" KAT "2 serial 2 -> 3\n" },
	{ "no change", ALLOWED("1", "'acme.'") PROCESSING("1") K "info: " KZ "DDNS, finished, no changes to the zone were made\n",
	  "claim k.test no-change key=acme claimed=- client=127.0.0.1@1" KAT "0\n" },
	{ "denied: nobody looked at the signature", K "debug: " KZ "ACL, denied, action update, remote 127.0.0.1@1, key 'acme.'\n",
	  "claim k.test denied key=- claimed=acme client=127.0.0.1@1" KAT "0\n" },
	{ "denied without a key", K "debug: " KZ "ACL, denied, action update, remote 127.0.0.1@1, key none\n", "claim k.test denied key=- claimed=- client=127.0.0.1@1" KAT "0\n" },
	{ "allowed by name, then the signature is bad", ALLOWED("1", "'alice.'") K "debug: " KZ "TSIG, key 'alice.', verification failed 'BADSIG'\n",
	  "claim k.test bad-signature key=- claimed=alice client=127.0.0.1@1" KAT "0\n" },
	{ "and the next one is not taken for it",
	  ALLOWED("1", "'alice.'") K "debug: " KZ "TSIG, key 'alice.', verification failed 'BADSIG'\n" ALLOWED("2", "'bob.'") PROCESSING("1") FINISHED,
	  "claim k.test bad-signature key=- claimed=alice client=127.0.0.1@1" KAT "0\nclaim k.test applied key=bob claimed=- client=127.0.0.1@2" KAT "2 serial 1 -> 2\n" },
	{ "prerequisite", ALLOWED("1", "'alice.'") PROCESSING("1") K "warning: " KZ "DDNS, incoming, remote 127.0.0.1@1, prerequisites not met (UPDATE prerequisite not met)\n"
	  K "info: " KZ "DDNS, finished, no changes to the zone were made\n", "claim k.test prerequisite key=alice claimed=- client=127.0.0.1@1" KAT "0\n" },
	{ "prerequisite, as 3.4 writes it", K "debug: " KZ "ACL, allowed, action update, remote 127.0.0.1@1 UDP, key alice.\n" PROCESSING("1") K "warning: " KZ "DDNS, incoming, remote 127.0.0.1@1 TCP, key alice., prerequisites not met (UPDATE prerequisite not met)\n"
	  K "info: " KZ "DDNS, finished, no changes to the zone were made\n", "claim k.test prerequisite key=alice claimed=- client=127.0.0.1@1" KAT "0\n" },
	{ "failed", ALLOWED("1", "'alice.'") PROCESSING("1") K "warning: " KZ "DDNS, incoming, remote 127.0.0.1@1, failed to apply (name does not belong to the zone)\n"
	  K "error: " KZ "DDNS, processing failed (name does not belong to the zone)\n", "claim k.test failed key=alice claimed=- client=127.0.0.1@1" KAT "0\n" },
	{ "at level info nobody is named", PROCESSING("1") FINISHED, "claim k.test applied key=- claimed=- client=-" KAT "0 serial 1 -> 2\n" },
	{ "more are processed than were seen to come", ALLOWED("1", "'acme.'") PROCESSING("2") FINISHED,
	  "claim k.test applied key=acme claimed=- client=127.0.0.1@1" KAT "0 serial 1 -> 2\nclaim k.test applied key=- claimed=- client=-" KAT "1 serial 1 -> 2\n" },
	{ "never finished", ALLOWED("1", "'acme.'") PROCESSING("1"), "" },
	{ "two zones side by side",
	  ALLOWED("1", "'acme.'") K "debug: [o.test.] ACL, allowed, action update, remote 127.0.0.1@2, key 'bob.'\n" PROCESSING("1") K "info: [o.test.] DDNS, processing 1 updates\n"
	  K "info: [o.test.] DDNS, finished, serial 7 -> 8, 0.00 seconds\n" FINISHED,
	  "claim k.test applied key=acme claimed=- client=127.0.0.1@1" KAT "0 serial 1 -> 2\nclaim o.test applied key=bob claimed=- client=127.0.0.1@2" KAT "1 serial 7 -> 8\n" },
	{ "another zone", K "debug: [z.test.] ACL, allowed, action update, remote 127.0.0.1@1, key 'a.'\n" K "info: [z.test.] DDNS, processing 1 updates\n"
	  K "info: [z.test.] DDNS, finished, serial 1 -> 2, 0.00 seconds\n", "" },
	{ "a transfer", K "debug: " KZ "ACL, allowed, action transfer, remote 127.0.0.1@1, key 'x.'\n", "" },
	{ "by journalctl -o short-iso", "2026-11-21T23:42:02+0000 ns1 knotd[305]: debug: " KZ "ACL, allowed, action update, remote 127.0.0.1@1, key 'acme.'\n" PROCESSING("1") FINISHED,
	  "claim k.test applied key=acme claimed=- client=127.0.0.1@1" KAT "0 serial 1 -> 2\n" },
	{ "serials that are none", ALLOWED("1", "'acme.'") PROCESSING("1") K "info: " KZ "DDNS, finished, serial 1 -> x, 0.00 seconds\n", "" },
};

static void lines_of_knot(void **state)
{
	(void)state;
	check_rows(&afd_provider_knot_log, "lines 1-9 of l tz=- zones=k.test o.test", knot_row, AFD_COUNT(knot_row));
}

/* --- PowerDNS --- */

#define P "Nov 21 23:43:46 "
#define U P "UPDATE (30748) from 127.0.0.1 for p.test: "
#define PAT " 2026-11-21T23:43:46.000Z +1000 part "
#define STARTED U "Processing started.\n" U "starting transaction.\n"
#define COMMITTED U "Update completed, 2 changed records committed.\n"

static const struct row pdns_row[] = {
	{ "add", STARTED U "Adding record _acme-challenge.p.test|TXT\n" U "Increasing SOA serial (2026110101 -> 2026110102)\n" COMMITTED,
	  "claim p.test applied key=- claimed=- client=127.0.0.1" PAT "0 serial 2026110101 -> 2026110102\n  + _acme-challenge.p.test TXT - part 2\n" },
	{ "delete", STARTED U "Deleting record w.p.test|A\n" U "Increasing SOA serial (1 -> 2)\n" COMMITTED,
	  "claim p.test applied key=- claimed=- client=127.0.0.1" PAT "0 serial 1 -> 2\n  - w.p.test A - part 2\n" },
	{ "delete all types", STARTED U "Deleting record w.p.test|ANY\n" COMMITTED, "claim p.test applied key=- claimed=- client=127.0.0.1" PAT "0\n  - w.p.test - - part 2\n" },
	{ "TTL", STARTED U "Updating TTLs for w.p.test|A\n" U "Increasing SOA serial (1 -> 2)\n" COMMITTED,
	  "claim p.test applied key=- claimed=- client=127.0.0.1" PAT "0 serial 1 -> 2\n  - w.p.test A - part 2\n  + w.p.test A - part 2\n" },
	{ "nothing changed", STARTED U "Replace for recordset w.p.test|A requested, but no changes made.\n" U "Update completed, 0 changes, rolling back.\n",
	  "claim p.test no-change key=- claimed=- client=127.0.0.1" PAT "0\n" },
	{ "unsigned", U "Processing started.\n" U "TSIG key required, but packet does not contain key. Sending REFUSED\n", "claim p.test denied key=- claimed=- client=127.0.0.1" PAT "0\n" },
	{ "from elsewhere", U "Processing started.\n" U "Remote not listed in allow-dnsupdate-from or domainmetadata. Sending REFUSED\n",
	  "claim p.test denied key=- claimed=- client=127.0.0.1" PAT "0\n" },
	{ "prerequisite", STARTED U "Failed PreRequisites check for nope.p.test, returning RR Set that should exist does not\n",
	  "claim p.test prerequisite key=- claimed=- client=127.0.0.1" PAT "0\n" },
	{ "out of the zone", U "Processing started.\n" U "Received update/record out of zone, sending NotZone.\n", "claim p.test failed key=- claimed=- client=127.0.0.1" PAT "0\n" },
	{ "bad signature", P "Packet for 'p.test' denied: Signature with TSIG key 'acme' failed to validate\n", "claim p.test bad-signature key=- claimed=acme client=-" PAT "0\n" },
	{ "a key that nobody has", P "Packet for domain 'p.test' denied: can't find TSIG key with name 'mallory' and algorithm '(empty)'\n",
	  "claim p.test bad-signature key=- claimed=mallory client=-" PAT "0\n" },
	{ "API", P "[webserver] 7f9c0078 127.0.0.1:47894 \"PATCH /api/v1/servers/localhost/zones/p.test. HTTP/1.1\" 204 306\n",
	  "claim p.test applied key=- claimed=- client=127.0.0.1:47894" PAT "0\n" },
	{ "API, no password", P "[webserver] 7f9c0078 127.0.0.1:47894 \"PATCH /api/v1/servers/localhost/zones/p.test. HTTP/1.1\" 401 306\n",
	  "claim p.test denied key=- claimed=- client=127.0.0.1:47894" PAT "0\n" },
	{ "API, only read", P "[webserver] 7f9c0078 127.0.0.1:47894 \"GET /api/v1/servers/localhost/zones/p.test. HTTP/1.1\" 200 306\n", "" },
	{ "API, another thing of the zone", P "[webserver] 7f9c0078 127.0.0.1:47894 \"PUT /api/v1/servers/localhost/zones/p.test./notify HTTP/1.1\" 200 306\n", "" },
	{ "two updates with their lines mixed",
	  U "Processing started.\n" P "UPDATE (7) from 127.0.0.2 for p.test: Processing started.\n" U "Adding record a.p.test|A\n" P "UPDATE (7) from 127.0.0.2 for p.test: Adding record b.p.test|A\n"
	  COMMITTED P "UPDATE (7) from 127.0.0.2 for p.test: Update completed, 2 changed records committed.\n",
	  "claim p.test applied key=- claimed=- client=127.0.0.1" PAT "0\n  + a.p.test A - part 2\nclaim p.test applied key=- claimed=- client=127.0.0.2" PAT "1\n  + b.p.test A - part 3\n" },
	{ "never completed", STARTED U "Adding record a.p.test|A\n", "" },
	{ "another zone", P "UPDATE (7) from 127.0.0.2 for z.test: Processing started.\n" P "UPDATE (7) from 127.0.0.2 for z.test: Update completed, 2 changed records committed.\n", "" },
	{ "by syslog with its own time", "2026-11-21T23:43:46.125000+00:00 ns1 pdns_server[9]: UPDATE (7) from 127.0.0.2 for p.test: Update completed, 0 changes, rolling back.\n",
	  "claim p.test no-change key=- claimed=- client=127.0.0.2 2026-11-21T23:43:46.125Z +1 part 0\n" },
	{ "of last year", "Nov 23 23:43:46 UPDATE (7) from 127.0.0.2 for p.test: Update completed, 0 changes, rolling back.\n",
	  "claim p.test no-change key=- claimed=- client=127.0.0.2 2025-11-23T23:43:46.000Z +1000 part 0\n" },
	{ "a clock that is a little ahead", "Nov 22 23:43:46 UPDATE (7) from 127.0.0.2 for p.test: Update completed, 0 changes, rolling back.\n",
	  "claim p.test no-change key=- claimed=- client=127.0.0.2 2026-11-22T23:43:46.000Z +1000 part 0\n" },
	{ "a day with one digit", "Nov  1 23:43:46 UPDATE (7) from 127.0.0.2 for p.test: Update completed, 0 changes, rolling back.\n",
	  "claim p.test no-change key=- claimed=- client=127.0.0.2 2026-11-01T23:43:46.000Z +1000 part 0\n" },
};

static void lines_of_powerdns(void **state)
{
	(void)state;
	check_rows(&afd_provider_pdns_log, "lines 1-9 of l tz=UTC zones=p.test", pdns_row, AFD_COUNT(pdns_row));
}

/* --- NSD --- */

#define N "[2026-11-21 23:42:34.525] nsd[1170]: info: "
#define RECEIVED(serial) N "xfrd: zone n.test committed \"received update to serial " serial " at 2026-11-21T23:42:34 from 127.0.0.1@5301 TSIG verified with key xfr\"\n"
#define NAT " 2026-11-21T23:42:34.525Z +1 part "

static const struct row nsd_row[] = {
	{ "one step", RECEIVED("8") N "zone n.test serial 7 is updated to 8\n", "claim n.test applied key=xfr claimed=- client=127.0.0.1@5301" NAT "0 serial 7 -> 8 transfer\n" },
	{ "received twice, served once", RECEIVED("8") RECEIVED("9") N "zone n.test serial 7 is updated to 9\n",
	  "claim n.test applied key=xfr claimed=- client=127.0.0.1@5301" NAT "1 serial 7 -> 9 transfer\n" },
	{ "the first transfer is no change", RECEIVED("8") N "zone n.test serial 0 is updated to 8\n", "" },
	{ "without a key", N "xfrd: zone n.test committed \"received update to serial 8 at 2026-11-21T23:42:34 from 127.0.0.1@5301\"\n" N "zone n.test serial 7 is updated to 8\n",
	  "claim n.test applied key=- claimed=- client=127.0.0.1@5301" NAT "0 serial 7 -> 8 transfer\n" },
	{ "served what was not received: a zone file", N "zone n.test serial 7 is updated to 8\n", "" },
	{ "bad signature", "[2026-11-21 23:42:34.525] nsd[1170]: error: xfrd: zone n.test, from 127.0.0.1@5301: bad tsig signature\n",
	  "claim n.test bad-signature key=- claimed=- client=127.0.0.1@5301" NAT "0 transfer\n" },
	{ "seconds since 1970", "[1795304554] nsd[1170]: info: xfrd: zone n.test committed \"received update to serial 8 at 2026-11-21T23:42:34 from 127.0.0.1@5301\"\n"
	  "[1795304554] nsd[1170]: info: zone n.test serial 7 is updated to 8\n",
	  "claim n.test applied key=- claimed=- client=127.0.0.1@5301 2026-11-21T23:42:34.000Z +1000 part 0 serial 7 -> 8 transfer\n" },
	{ "with log-time-iso", "[2026-11-22T00:42:34.525+01:00] nsd[1170]: info: xfrd: zone n.test committed \"received update to serial 8 at 2026-11-21T23:42:34 from 127.0.0.1@5301\"\n"
	  N "zone n.test serial 7 is updated to 8\n", "claim n.test applied key=- claimed=- client=127.0.0.1@5301" NAT "0 serial 7 -> 8 transfer\n" },
	{ "another zone", N "xfrd: zone z.test committed \"received update to serial 8 at 2026-11-21T23:42:34 from 127.0.0.1@5301\"\n" N "zone z.test serial 7 is updated to 8\n", "" },
};

static void lines_of_nsd(void **state)
{
	(void)state;
	check_rows(&afd_provider_nsd_log, "lines 1-9 of l tz=UTC zones=n.test", nsd_row, AFD_COUNT(nsd_row));
}

/* --- the samples --- */

static unsigned count_of(const char *rows, const char *what)
{
	unsigned n = 0;

	for (const char *p = rows; (p = strstr(p, what)) != NULL; p++)
		n++;
	return n;
}

struct sample { const struct afd_provider *provider; const char *file, *asked; struct { const char *what; unsigned n; } want[6]; };

/* shared/data/zone/README.md says what was done. */
static const struct sample samples[] = {
	{ &afd_provider_knot_log, "zone/knot326/knot.log", "lines 1-9 of l tz=- zones=k.test ks.test kd.test",
	  { { "claim k.test applied key=acme-certbot-web01 ", 2 }, { "claim k.test applied key=dns-admin-alice ", 1 }, { "claim k.test no-change key=dns-admin-alice ", 1 },
	    { "claim k.test denied key=- claimed=acme-certbot-web01 ", 2 }, { "claim ks.test applied key=dns-admin-alice ", 1 }, { "claim kd.test applied ", 26 } } },
	{ &afd_provider_pdns_log, "zone/pdns473/pdns-update.log", "lines 1-9 of l tz=UTC zones=p.test",
	  { { "claim p.test applied ", 4 }, { " serial 20261101", 3 }, { "denied", 1 }, { "bad-signature key=- claimed=acme-certbot-web01", 1 }, { "  + www.p.test A", 2 } } },
	{ &afd_provider_nsd_log, "zone/nsd461/nsd.log", "lines 1-9 of l tz=UTC zones=example.test",
	  { { "claim example.test applied key=xfr-affidavit claimed=- client=127.0.0.1@5301", 2 }, { "serial 2026110106 -> 2026110107 transfer", 1 } } },
};

static void samples_of_real_servers(void **state)
{
	(void)state;
	for (size_t i = 0; i < AFD_COUNT(samples); i++)
		if (!has_sample(samples[i].file))
			skip();
	for (size_t i = 0; i < AFD_COUNT(samples); i++) {
		const struct sample *s = &samples[i];
		AFD_AUTO(mem) char *path = sample_path(s->file);
		AFD_AUTO(buf) struct afd_buf log = { 0 }, rows = { 0 };
		assert_int_equal(afd_file_read(path, 1 << 20, &log, NULL), 0);
		assert_int_equal(decode(s->provider, s->asked, (char *)log.data, &rows, NULL), 0);
		for (size_t k = 0; k < AFD_COUNT(s->want) && s->want[k].what; k++)
			if (count_of((char *)rows.data, s->want[k].what) != s->want[k].n)
				fail_msg("%s: \"%s\": %u times, expected %u\n%s", s->file, s->want[k].what, count_of((char *)rows.data, s->want[k].what),
				         s->want[k].n, (char *)rows.data);
	}
}

/* --- what belongs together is not cut --- */

static void an_update_that_is_not_over_is_left_for_the_next_run(void **state)
{
	char dir[] = "/tmp/afd-zone-XXXXXX", path[64];
	struct run run = { .provider = &afd_provider_knot_log, .now_ms = INT64_C(1795304523000), .rows = true };   /* 23:42:03 */
	struct afd_error err = { 0 };

	(void)state;
	assert_non_null(mkdtemp(dir));
	run.base_dir = dir;
	snprintf(path, sizeof(path), "%s/knot.log", dir);
	for (int round = 0; round < 3; round++) {
		const char *add = round == 0 ? ALLOWED("1", "'acme.'") PROCESSING("1") FINISHED ALLOWED("2", "'alice.'") :
		                  round == 1 ? PROCESSING("1") K "info: " KZ "DDNS, finished, serial 2 -> 3, 0.00 seconds\n" : "";
		FILE *f = fopen(path, "a");
		assert_non_null(f);
		fputs(add, f);
		fclose(f);
		run.out.len = 0;
		if (run_source(&run, "path: knot.log\nzones: [k.test]\n", &err) < 0)
			fail_msg("%s", err.text);
		const char *out = run.out.len ? (char *)run.out.data : "";
		assert_int_equal(strstr(out, "key=acme ") != NULL, round == 0);
		assert_int_equal(strstr(out, "key=alice ") != NULL, round == 1);
		assert_null(strstr(out, "gap "));
		run.now_ms += 1000;
	}
	unlink(path);
	rmdir(dir);
	run_release(&run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_of_knot),
		cmocka_unit_test(lines_of_powerdns),
		cmocka_unit_test(lines_of_nsd),
		cmocka_unit_test(samples_of_real_servers),
		cmocka_unit_test(an_update_that_is_not_over_is_left_for_the_next_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
