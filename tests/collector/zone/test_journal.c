/* Journals: each form on what real servers wrote, as the steps that are known to have been made; and what is refused. */
#include "check.h"

#include "collector/table.h"
#include "collector/zone/dns_message.h"
#include "collector/zone/journal.h"
#include "core/file.h"
#include "run.h"

/* Lines of rows that are no DNSSEC records and no SOA: what people changed. */
static char *content_of(const char *rows)
{
	static const char *const noise[] = { " SOA ", " RRSIG ", " NSEC ", " DNSKEY ", " CDS ", " CDNSKEY ", " TYPE65534 " };
	AFD_AUTO(buf) struct afd_buf out = { 0 };

	for (const char *p = rows; *p;) {
		const size_t n = strcspn(p, "\n");
		AFD_AUTO(mem) char *line = afd_text_dup(afd_slice(p, n));
		bool keep = true;

		for (size_t i = 0; i < AFD_COUNT(noise); i++)
			keep = keep && !strstr(line, noise[i]);
		if (keep && strncmp(line, "item ", 5) != 0)
			assert_int_equal(afd_buf_printf(&out, "%s\n", line), 0);
		p += n + (p[n] == '\n');
	}
	return afd_strdup(out.data ? (char *)out.data : "");
}

#define STEP(zone, a, b, part) "diff " zone " at file 20261101" a " to 20261101" b " part " part " unauthenticated"
#define BIND_STEPS \
	STEP("example.test", "01", "02", "0") "\n  + _acme-challenge.example.test 60 TXT \"gfj9Xq-Rg85nM0000000000000000000000000000000\"\n" \
	STEP("example.test", "02", "03", "1") "\n  + _acme-challenge.www.example.test 60 TXT \"evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA\"\n" \
	STEP("example.test", "03", "04", "2") "\n  - _acme-challenge.example.test 60 TXT \"gfj9Xq-Rg85nM0000000000000000000000000000000\"\n" \
	STEP("example.test", "04", "05", "3") "\n  - www.example.test 3600 A 192.0.2.10\n  - example.test 3600 NS ns2.example.test.\n" \
	"  + www.example.test 60 A 203.0.113.77\n  + example.test 3600 NS ns9.evil.test.\n" \
	STEP("example.test", "05", "06", "4") "\n  - mail.example.test 3600 A 192.0.2.25\n  + mail.example.test 30 A 192.0.2.25\n"
#define LOST " merged: the server merged its history: what came and went between is lost"

/* The transactions of the samples' README. */
static const struct { const char *sample, *zone, *form, *rows; } sample_row[] = {
	{ "zone/bind918/example.test.zone.jnl", "example.test", "bind-jnl", BIND_STEPS },
	{ "zone/bind918/bind-journalprint.txt", "example.test", "bind-journalprint", BIND_STEPS },
	{ "zone/bind918/bind-journalprint-x.txt", "example.test", "bind-journalprint", BIND_STEPS },
	{ "zone/bind918/bind-signed.journalprint.txt", "signed.test", "bind-journalprint",
	  STEP("signed.test", "01", "02", "0") "\n" STEP("signed.test", "02", "03", "1") "\n" STEP("signed.test", "03", "04", "2") "\n"
	  STEP("signed.test", "04", "05", "3") "\n  + new.signed.test 300 A 192.0.2.99\n" },
	{ "zone/bind918/bind-ixfr-from-differences.journalprint.txt", "static.test", "bind-journalprint",
	  STEP("static.test", "01", "02", "0") "\n  - www.static.test 3600 A 192.0.2.10\n  + www.static.test 3600 A 192.0.2.110\n" },
	{ "zone/knot326/kjournalprint.k.test.txt", "k.test", "knot-journalprint",
	  "zone k.test at file serial 2026110101 part 0 unauthenticated\n  k.test 3600 NS ns1.k.test.\n  k.test 3600 NS ns2.k.test.\n"
	  "  k.test 3600 MX 10 mail.k.test.\n  k.test 3600 TXT \"v=spf1 mx -all\"\n  k.test 3600 CAA 0 issue \"ca.test; validationmethods=dns-01\"\n"
	  "  api.k.test 3600 CNAME lb.cloud.test.\n  mail.k.test 3600 A 192.0.2.25\n  ns1.k.test 3600 A 192.0.2.1\n  ns2.k.test 3600 A 192.0.2.2\n"
	  "  www.k.test 3600 A 192.0.2.10\n  www.k.test 3600 AAAA 2001:db8::10\n"
	  STEP("k.test", "01", "02", "1") "\n  + _acme-challenge.k.test 60 TXT \"gfj9Xq-Rg85nM0000000000000000000000000000000\"\n"
	  STEP("k.test", "02", "03", "2") "\n  - _acme-challenge.k.test 60 TXT \"gfj9Xq-Rg85nM0000000000000000000000000000000\"\n"
	  STEP("k.test", "03", "04", "3") "\n  - k.test 3600 NS ns2.k.test.\n  - www.k.test 3600 A 192.0.2.10\n"
	  "  + k.test 3600 NS ns9.evil.test.\n  + www.k.test 60 A 203.0.113.77\n" },
	{ "zone/knot326/kjournalprint.kd.test.txt", "kd.test", "knot-journalprint",
	  STEP("kd.test", "01", "22", "0") LOST "\n  + h1.kd.test 300 A 192.0.2.1\n  + h10.kd.test 300 A 192.0.2.10\n  + h11.kd.test 300 A 192.0.2.11\n"
	  "  + h12.kd.test 300 A 192.0.2.12\n  + h2.kd.test 300 A 192.0.2.2\n  + h3.kd.test 300 A 192.0.2.3\n  + h4.kd.test 300 A 192.0.2.4\n"
	  "  + h5.kd.test 300 A 192.0.2.5\n  + h6.kd.test 300 A 192.0.2.6\n  + h7.kd.test 300 A 192.0.2.7\n  + h8.kd.test 300 A 192.0.2.8\n"
	  "  + h9.kd.test 300 A 192.0.2.9\n  + x1.kd.test 300 A 192.0.2.1\n  + x2.kd.test 300 A 192.0.2.2\n  + x3.kd.test 300 A 192.0.2.3\n"
	  STEP("kd.test", "22", "23", "1") "\n  + x4.kd.test 300 A 192.0.2.4\n" STEP("kd.test", "23", "24", "2") "\n  + x5.kd.test 300 A 192.0.2.5\n"
	  STEP("kd.test", "24", "25", "3") "\n  + x6.kd.test 300 A 192.0.2.6\n" STEP("kd.test", "25", "26", "4") "\n  + x7.kd.test 300 A 192.0.2.7\n"
	  STEP("kd.test", "26", "27", "5") "\n  + x8.kd.test 300 A 192.0.2.8\n" },
	{ "zone/knot326/kjournalprint.ks.test.txt", "ks.test", "knot-journalprint",
	  STEP("ks.test", "01", "02", "0") "\n" STEP("ks.test", "02", "03", "1") "\n  + new.ks.test 300 A 192.0.2.99\n" },
	{ "zone/nsd461/example.test.zone.ixfr", "example.test", "nsd-ixfr",
	  STEP("example.test", "06", "07", "0") " 2026-11-21T23:42:38.000Z +1000 more\n  + n1.example.test 300 A 192.0.2.101\n"
	  "claim example.test applied key=xfr-affidavit claimed=- client=127.0.0.1@5301 2026-11-21T23:42:38.000Z +1000 part 0 serial 2026110106 -> 2026110107\n"
	  STEP("example.test", "07", "08", "0") " 2026-11-21T23:42:41.000Z +1000\n  + n2.example.test 300 A 192.0.2.102\n"
	  "claim example.test applied key=xfr-affidavit claimed=- client=127.0.0.1@5301 2026-11-21T23:42:41.000Z +1000 part 0 serial 2026110107 -> 2026110108\n" },
	{ "zone/nsd461/ns.test.zone.ixfr", "ns.test", "nsd-ixfr",      /* NSD 4.6's error: three records "come" that were there */
	  STEP("ns.test", "01", "02", "0") " 2026-11-21T23:42:43.000Z +1000\n  - www.ns.test 3600 A 192.0.2.10\n"
	  "  + ns.test 3600 CAA 0 issue \"ca.test; validationmethods=dns-01\"\n  + ns.test 3600 MX 10 mail.ns.test.\n  + ns.test 3600 TXT \"v=spf1 mx -all\"\n"
	  "  + www.ns.test 3600 A 192.0.2.110\n" },
};

static void run_path(struct run *r, const char *path, const char *zone, const char *form)
{
	AFD_AUTO(mem) char *yaml = afd_sprintf("{path: \"%s\", zones: [%s], format: %s, timezone: UTC}", path, zone, form);
	struct afd_error err = { 0 };

	r->provider = &afd_provider_zone_journal;
	r->rows = true;
	r->out.len = 0;
	r->step_ms = 1000;
	if (run_source(r, yaml, &err) != 0)
		fail_msg("%s: %s", path, err.text);
}

/* As named, and as found out. */
static void test_samples(void **state)
{
	(void)state;
	if (!has_sample(sample_row[0].sample))
		skip();
	for (size_t i = 0; i < 2 * AFD_COUNT(sample_row); i++) {
		const size_t k = i / 2;
		AFD_AUTO(mem) char *path = sample_path(sample_row[k].sample);
		struct run r = { 0 };

		run_path(&r, path, sample_row[k].zone, i % 2 ? "auto" : sample_row[k].form);
		AFD_AUTO(mem) char *got = content_of((char *)r.out.data);
		row_text(got, sample_row[k].rows, sample_row[k].sample);
		run_release(&r);
	}
}

/* --- our own journals --- */

static struct afd_buf wire_name(const char *text)
{
	struct afd_buf b = { 0 };
	struct afd_dns_name n;

	assert_int_equal(afd_dns_name_parse(afd_slice_text(text), &n, NULL), 0);
	assert_int_equal(afd_buf_add(&b, n.wire, n.len), 0);
	return b;
}

static void put_rr(struct afd_buf *to, const char *owner, uint16_t type, struct afd_slice rdata)
{
	struct afd_buf n = wire_name(owner);

	afd_buf_u32(to, (uint32_t)(n.len + 10 + rdata.len));
	afd_buf_add(to, n.data, n.len);
	afd_buf_u16(to, type);
	afd_buf_u16(to, 1);
	afd_buf_u32(to, 60);
	afd_buf_u16(to, (uint16_t)rdata.len);
	afd_buf_add_slice(to, rdata);
	afd_buf_release(&n);
}

static void put_soa(struct afd_buf *to, uint32_t serial)
{
	struct afd_buf b = wire_name("ns.z.test");
	struct afd_buf m = wire_name("H.z.test");

	afd_buf_add(&b, m.data, m.len);
	for (int i = 0; i < 5; i++)
		afd_buf_u32(&b, i ? 60 : serial);
	put_rr(to, "Z.test", 6, afd_buf_slice(&b));
	afd_buf_release(&b);
	afd_buf_release(&m);
}

/* A transaction that adds an address, in a header of VERSION. */
static void put_transaction(struct afd_buf *to, unsigned version, uint32_t from, uint32_t into)
{
	struct afd_buf b = { 0 };
	const uint8_t address[] = { 192, 0, 2, (uint8_t)into };

	put_soa(&b, from);
	put_soa(&b, into);
	put_rr(&b, "a.z.test", 1, afd_slice(address, 4));
	afd_buf_u32(to, (uint32_t)b.len);
	if (version == 2)
		afd_buf_u32(to, 3);
	afd_buf_u32(to, from);
	afd_buf_u32(to, into);
	afd_buf_add(to, b.data, b.len);
	afd_buf_release(&b);
}



/* File version VERSION, one transaction for each digit of HEADERS (its own version) from serial BEGIN on. */
static struct afd_buf journal(unsigned version, const char *headers, uint32_t begin)
{
	struct afd_buf body = { 0 }, b = { 0 };
	uint32_t serial = begin;

	for (const char *h = headers; *h; h++, serial++)
		put_transaction(&body, (unsigned)(*h - '0'), serial, serial + 1);
	afd_buf_add(&b, version == 2 ? ";BIND LOG V9.2\n\0" : ";BIND LOG V9\n\0\0\0", 16);
	afd_buf_u32(&b, begin);
	afd_buf_u32(&b, 80);
	afd_buf_u32(&b, serial);
	afd_buf_u32(&b, (uint32_t)(80 + body.len));
	afd_buf_u32(&b, 2);
	while (b.len < 80)
		afd_buf_u8(&b, 0);
	afd_buf_add(&b, body.data, body.len);
	afd_buf_release(&body);
	return b;
}

static char *folder(void)
{
	char *at = afd_strdup("/tmp/afd-journal-XXXXXX");

	assert_non_null(mkdtemp(at));
	return at;
}

static void write_to(const char *path, struct afd_slice bytes)
{
	struct afd_error err = { 0 };

	assert_int_equal(afd_file_write(path, bytes, true, &err), 0);
}

static unsigned count(const char *text, const char *what)
{
	unsigned n = 0;

	for (const char *p = text; (p = strstr(p, what)); p += strlen(what))
		n++;
	return n;
}

/* What is changed in a journal of three transactions, and what is told of it. */
static const struct { const char *row; unsigned version; const char *headers; int cut; unsigned at, value; unsigned steps; const char *says; } jnl_row[] = {
	{ "version 2", 2, "222", 0, 0, 0, 3, "" },
	{ "version 1", 1, "111", 0, 0, 0, 3, "" },
	{ "headers of both kinds in a file of version 1 (BIND 9.16)", 1, "121", 0, 0, 0, 3, "" },
	{ "headers of version 2 in a file of version 1", 1, "222", 0, 0, 0, 3, "" },
	{ "the last transaction is being written", 2, "222", 40, 0, 0, 2, "tail=" },
	{ "the file ends in the second one", 2, "222", 300, 0, 0, 1, "tail=" },
	{ "another format", 2, "222", 0, 13, '3', 0, "expected \"BIND LOG V9\"" },
	{ "an index larger than the file", 2, "222", 0, 34, 0xff, 0, "index is cut short" },
	{ "more index entries than there may be", 2, "222", 0, 32, 0xff, 0, "index entries, more than" },
	{ "transactions inside the header", 2, "222", 0, 23, 70, 0, "behind a header of 80" },
	{ "a chain that breaks", 2, "222", 0, 80 + 8 + 3, 9, 0, "no transaction" },
	{ "a record larger than its transaction", 2, "222", 0, 80 + 16 + 2, 0xff, 0, "no transaction" },
	{ "empty", 2, "", 0, 0, 0, 0, "" },
};

static void test_bind_files(void **state)
{
	AFD_AUTO(mem) char *dir = folder();
	AFD_AUTO(mem) char *path = afd_sprintf("%s/z.jnl", dir);

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(jnl_row); i++) {
		struct afd_buf b = journal(jnl_row[i].version, jnl_row[i].headers, 5);
		struct run r = { 0 };

		if (jnl_row[i].at)
			b.data[jnl_row[i].at] = (uint8_t)jnl_row[i].value;
		write_to(path, afd_slice(b.data, b.len - (size_t)jnl_row[i].cut));
		run_path(&r, path, "z.test", "auto");
		row_true(count((char *)r.out.data, "\n  + a.z.test 60 A") == jnl_row[i].steps, jnl_row[i].row);
		if (!strstr((char *)r.out.data, jnl_row[i].says))
			fail_msg("row %s: got \"%s\"", jnl_row[i].row, (char *)r.out.data);
		run_release(&r);
		afd_buf_release(&b);
	}
	unlink(path);
	rmdir(dir);
}

/* named writes its header last, so a file shorter than that says was cut: what is there is told, and that something is not. */
static void test_cut_files(void **state)
{
	static const struct { const char *row; size_t left; const char *says; unsigned steps; } rows[] = {
		{ "whole", 0, "", 3 }, { "a byte too few", 1, "the journal was cut", 2 }, { "two steps too few", 300, "the journal was cut", 1 },
	};
	AFD_AUTO(mem) char *dir = folder();
	AFD_AUTO(mem) char *path = afd_sprintf("%s/z.jnl", dir);

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(rows); i++) {
		struct afd_buf b = journal(2, "222", 5);
		struct run r = { 0 };

		write_to(path, afd_slice(b.data, b.len - rows[i].left));
		run_path(&r, path, "z.test", "auto");
		row_true(count((char *)r.out.data, "\n  + a.z.test 60 A") == rows[i].steps, rows[i].row);
		row_true(rows[i].left ? strstr((char *)r.out.data, rows[i].says) != NULL : !strstr((char *)r.out.data, "was cut"), rows[i].row);
		run_release(&r);
		afd_buf_release(&b);
	}
	unlink(path);
	rmdir(dir);
}

/* Run after run: what is new, that nothing is new, and a journal that was trimmed meanwhile. */
static void test_run_after_run(void **state)
{
	AFD_AUTO(mem) char *dir = folder();
	AFD_AUTO(mem) char *path = afd_sprintf("%s/z.jnl", dir);
	static const struct { const char *headers; uint32_t begin; const char *told; } turn[] = {
		{ "22", 5, "5 to 6 part 0|6 to 7 part 1|" }, { "22", 5, "serial 7|" }, { "2222", 5, "7 to 8 part 0|8 to 9 part 1|" },
		{ "22", 12, "12 to 13 part 0|13 to 14 part 1|" }, { "2", 13, "serial 14|" },
	};
	struct run r = { 0 };

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(turn); i++) {
		struct afd_buf b = journal(2, turn[i].headers, turn[i].begin);
		AFD_AUTO(buf) struct afd_buf got = { 0 };

		write_to(path, afd_buf_slice(&b));
		afd_buf_release(&b);
		run_path(&r, path, "z.test", "auto");
		for (const char *p = (char *)r.out.data; (p = strstr(p, " at file ")); p++)
			if (strncmp(p - 13, "\ndiff z.test", 12) == 0 || strncmp(p - 11, "diff z.test", 11) == 0)
				afd_buf_printf(&got, "%.*s|", (int)(strstr(p, " unauth") - p - 9), p + 9);
			else
				afd_buf_printf(&got, "serial %.*s|", (int)strcspn(p + 9, " "), p + 9);
		row_text(got.data ? (char *)got.data : "", turn[i].told, turn[i].headers);
	}
	run_release(&r);
	unlink(path);
	rmdir(dir);
}

/* --- texts --- */

#define SOA(n) "z.test. 60 IN SOA ns.z.test. h.z.test. " n " 1 1 1 1\n"
static const struct { const char *row, *text, *says; } text_row[] = {
	{ "colours", "\x1b[33m;; Changes between zone versions: 1 -> 2, changeset: 1\x1b[0m\n\x1b[31m;; Removed\n" SOA("1") "\x1b[0m\x1b[32m;; Added\n" SOA("2")
	             "a.z.test. 60 A 192.0.2.1\x1b[0m\n", "1 to 2 part 0 unauthenticated\n  - z.test 60 SOA ns.z.test. h.z.test. 1 1 1 1 1\n"
	             "  + z.test 60 SOA ns.z.test. h.z.test. 2 1 1 1 1\n  + a.z.test 60 A 192.0.2.1\n" },
	{ "a step over several serials where the server counts by one",
	  ";; Changes between zone versions: 1 -> 4, changeset: 1\n;; Removed\n" SOA("1") ";; Added\n" SOA("4"), "1 to 4 part 0 unauthenticated merged: one step over" },
	{ "a step that goes nowhere", ";; Changes between zone versions: 1 -> 1, changeset: 1\n;; Removed\n" SOA("1") ";; Added\n" SOA("1"), "gap z.test" },
	{ "kjournalprint -d", ";; Zone-in-journal, serial: 1, changeset: 1\n" SOA("1") "1 -> 2  ---: 1\n", "step from serial 1: column 3" },
	{ "a line that is being written", "del " SOA("1") "add " SOA("2") "add a.z.test. 60 IN A 192.0", "tail=27" },
	{ "a step without its second SOA", "del " SOA("1") "add " SOA("2") "del " SOA("2") "del a.z.test. 60 IN A 192.0.2.1\n", "tail=" },
	{ "adds before the zone's serial", "add a.z.test. 60 IN A 192.0.2.1\n", "gap z.test" },
	{ "a record outside the zone", "del " SOA("1") "add " SOA("2") "add a.other.test. 60 IN A 192.0.2.1\n", "outside the zone z.test" },
	{ "nothing that is known", "hello\n", "not a journal that is known" },
	{ "nothing", "", "not a journal that is known" },
	{ "the .ixfr file of another zone", "; IXFR data file\n; zone other.test\n" SOA("2") SOA("1") SOA("2") SOA("2"), "the file is of the zone other.test" },
	{ "an .ixfr file with two differences",
	  "; IXFR data file\n; zone z.test\n" SOA("3") SOA("1") "a.z.test. 60 IN A 192.0.2.1\n" SOA("2") SOA("2") SOA("3") "a.z.test. 60 IN A 192.0.2.2\n" SOA("3"),
	  "diff z.test at file 2 to 3 part 0 unauthenticated\n  + z.test 60 SOA ns.z.test. h.z.test. 3 1 1 1 1\n"
	  "  + a.z.test 60 A 192.0.2.2\n" },
	{ "an .ixfr file that is being written", "; IXFR data file\n; zone z.test\n" SOA("2") SOA("1") SOA("2"), "the server was writing it" },
};

static void test_texts(void **state)
{
	AFD_AUTO(mem) char *dir = folder();
	AFD_AUTO(mem) char *path = afd_sprintf("%s/j.txt", dir);

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(text_row); i++) {
		AFD_AUTO(mem) char *yaml = afd_sprintf("{path: \"%s\", zones: [z.test]}", path);
		struct run r = { .provider = &afd_provider_zone_journal, .rows = true, .step_ms = 1000 };
		struct afd_error err = { 0 };

		write_to(path, afd_slice_text(text_row[i].text));
		run_source(&r, yaml, &err);
		if (!strstr(r.out.data ? (char *)r.out.data : "", text_row[i].says) && !strstr(err.text, text_row[i].says))
			fail_msg("row %s: got \"%s\", %s", text_row[i].row, r.out.data ? (char *)r.out.data : "", err.text);
		run_release(&r);
	}
	unlink(path);
	rmdir(dir);
}

/* A journal that is not there is a gap, and one zone's does not hide the other's. */
static void test_no_file(void **state)
{
	AFD_AUTO(mem) char *dir = folder();
	AFD_AUTO(mem) char *path = afd_sprintf("%s/z.test.jnl", dir);
	AFD_AUTO(mem) char *yaml = afd_sprintf("{path: \"%s/{zone}.jnl\", zones: [gone.test, z.test]}", dir);
	struct afd_buf b = journal(2, "2", 5);
	struct run r = { .provider = &afd_provider_zone_journal, .rows = true, .step_ms = 1000 };
	struct afd_error err = { 0 };

	(void)state;
	write_to(path, afd_buf_slice(&b));
	afd_buf_release(&b);
	assert_int_equal(run_source(&r, yaml, &err), 0);
	assert_non_null(strstr((char *)r.out.data, "gap gone.test"));
	assert_non_null(strstr((char *)r.out.data, "diff z.test at file 5 to 6"));
	run_release(&r);
	unlink(path);
	rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_samples), cmocka_unit_test(test_bind_files), cmocka_unit_test(test_cut_files), cmocka_unit_test(test_run_after_run),
		cmocka_unit_test(test_texts), cmocka_unit_test(test_no_file),
	};

	return cmocka_run_group_tests_name("zone journal", tests, NULL, NULL);
}
