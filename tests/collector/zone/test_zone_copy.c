/* Zones in files: what a server wrote (zone-file) and what people declare (zone-declared). */
#include "check.h"

#include "collector/table.h"
#include "core/file.h"
#include "run.h"

static char *folder;

static void write_file(const char *name, const char *text)
{
	AFD_AUTO(mem) char *path = afd_sprintf("%s/%s", folder, name);

	assert_int_equal(afd_file_write(path, afd_slice_text(text), false, NULL), 0);
}

static char *look(struct run *r, const char *yaml)
{
	struct afd_error err = { 0 };

	r->base_dir = folder;
	r->rows = true;
	r->out.len = 0;
	assert_int_equal(afd_buf_text(&r->out, ""), 0);
	if (run_source(r, yaml, &err) < 0)
		assert_int_equal(afd_buf_printf(&r->out, "failed: %s\n", err.text), 0);
	return (char *)r->out.data;
}

#define SOA "@ 60 SOA ns host 7 1 1 1 60\n"

static void a_copy_is_a_look_at_the_zone(void **state)
{
	struct run r = { .provider = &afd_provider_zone_file, .now_ms = 1000000, .step_ms = 1000 };

	(void)state;
	write_file("e.zone", SOA "www A 192.0.2.1\n");
	const char *got = look(&r, "zone: e\npath: e.zone\n");
	assert_non_null(strstr(got, "item zone-file of e | file\n"));
	assert_non_null(strstr(got, "zone-content e sha256 "));
	assert_non_null(strstr(got, "zone e at (null) serial 7 part 0 unauthenticated\n  e 60 SOA ns.e. host.e. 7 1 1 1 60\n  www.e 60 A 192.0.2.1\n"));
	write_file("e.zone", SOA "www A 192.0.2.1\nx.other. A 192.0.2.1\n");
	got = look(&r, "zone: e\npath: e.zone\n");
	assert_non_null(strstr(got, "gap e ["));
	assert_non_null(strstr(got, "line 3, column 1: \"x.other\" is outside the zone\n"));
	assert_null(strstr(got, "item"));
	got = look(&r, "zone: e\npath: gone.zone\n");
	assert_non_null(strstr(got, "gap e ["));
	write_file("e.zone", "www 5 A 192.0.2.1\n");           /* no SOA: no serial */
	got = look(&r, "zone: e\npath: e.zone\n");
	assert_non_null(strstr(got, "zone e at (null) serial 0"));
	run_release(&r);
}

static void versions_come_one_after_the_other_and_once(void **state)
{
	struct run r = { .provider = &afd_provider_zone_file, .now_ms = 1000000, .step_ms = 1000 };

	(void)state;
	write_file("0001", SOA);
	write_file("0002", "@ 60 SOA ns host 8 1 1 1 60\n");
	const char *got = look(&r, "zone: e\nversions: .\n");
	assert_non_null(strstr(got, "version 1 of e"));
	assert_non_null(strstr(got, "version 2 of e"));
	assert_non_null(strstr(got, "serial 8"));
	got = look(&r, "zone: e\nversions: .\n");
	assert_string_equal(got, "");
	write_file("0003", "@ 60 SOA ns host 9 1 1 1 60\n");
	got = look(&r, "zone: e\nversions: .\n");
	assert_null(strstr(got, "version 2 of e"));
	assert_non_null(strstr(got, "serial 9"));
	run_release(&r);
}

static const struct { const char *main, *sub, *says; bool include; } include_row[] = {
	{ "$INCLUDE sub.zone\n", "a 1 A 192.0.2.1\n", "no $INCLUDE: files are not included unless that is asked for", false },
	{ "$INCLUDE sub.zone\nb 2 A 192.0.2.2\n$INCLUDE sub.zone in\n", "a 1 A 192.0.2.1\n", "  a.e 1 A 192.0.2.1\n  b.e 2 A 192.0.2.2\n  a.in.e 1 A 192.0.2.1\n", true },
	{ "$INCLUDE ../e.zone\n", "", "expected a file below the zone file's own folder", true }, { "$INCLUDE /etc/hostname\n", "", "expected a file below the zone file's own folder", true },
	{ "$INCLUDE x/../../y\n", "", "expected a file below the zone file's own folder", true }, { "$INCLUDE sub.zone\n", "$INCLUDE e.zone\n", "fewer files that include one another", true },
	{ "$INCLUDE gone.zone\n", "", "gap e [", true }, { "$INCLUDE sub.zone\n", "a 1 A x\n", "sub.zone: line 1, column 7: A record: expected an IPv4 address", true },
};

static void files_are_included_where_asked_and_from_below(void **state)
{
	(void)state;
	for (size_t i = 0; i < AFD_COUNT(include_row); i++) {
		struct run r = { .provider = &afd_provider_zone_declared, .now_ms = 1000000, .step_ms = 1000 };
		write_file("e.zone", include_row[i].main);
		write_file("sub.zone", include_row[i].sub);
		const char *got = look(&r, include_row[i].include ? "zone: e\npath: e.zone\ninclude: true\n" : "zone: e\npath: e.zone\n");
		if (!strstr(got, include_row[i].says))
			fail_msg("%s: %s", include_row[i].main, got);
		run_release(&r);
	}
}

static void what_is_declared_is_kept_when_it_changes(void **state)
{
	struct run r = { .provider = &afd_provider_zone_declared, .now_ms = 1000000, .step_ms = 1000 };

	(void)state;
	write_file("e.zone", SOA "@ 60 NS ns.other.\nwww 60 A 192.0.2.1\n");
	const char *got = look(&r, "zone: e\npath: e.zone\n");
	assert_non_null(strstr(got, "declared e zone-file by zone-file of e\n  e 60 NS ns.other.\n  www.e 60 A 192.0.2.1\ncovered e ["));
	got = look(&r, "zone: e\npath: e.zone\n");
	assert_null(strstr(got, "item"));
	assert_non_null(strstr(got, "covered e ["));
	write_file("e.zone", "www 60 A 192.0.2.2\n");
	got = look(&r, "zone: e\npath: e.zone\n");
	assert_non_null(strstr(got, "  www.e 60 A 192.0.2.2\n"));
	run_release(&r);
}

/* --- tools --- */

static const struct { const char *what, *text, *says; } octodns_row[] = {
	{ "every type", "---\n? ''\n: - type: CAA\n    values:\n    - flags: 0\n      tag: issue\n      value: ca.test; x=1\n  - type: MX\n    ttl: 60\n    values:\n    - exchange: mx1.e.\n      preference: 10\n    - priority: 20\n      value: mx2.e.\n"
	  "  - type: TXT\n    values:\n    - v=spf1 -all\n    - a\\;b \"c\" \\d\n_sip._tcp:\n  type: SRV\n  value: {port: 5060, priority: 1, target: a.e., weight: 2}\nhost:\n  type: SSHFP\n  value: {algorithm: 4, fingerprint: 'ab12', fingerprint_type: 2}\n"
	  "naptr:\n  type: NAPTR\n  value: {flags: U, order: 1, preference: 2, regexp: '!^.*$!sip:a!', replacement: ., service: SIP}\nsvc:\n  type: HTTPS\n  value: {svcpriority: 1, targetname: ., svcparams: {alpn: [h2, h3], port: 443}}\n"
	  "sub:\n  type: DS\n  value: {key_tag: 1, algorithm: 13, digest_type: 2, digest: 'abcd'}\ntlsa:\n  type: TLSA\n  value: {certificate_usage: 3, selector: 1, matching_type: 1, certificate_association_data: '00ff'}\n"
	  "www:\n- ttl: 300\n  type: A\n  values: [192.0.2.1, 192.0.2.2]\n- type: AAAA\n  value: 2001:DB8::1\n'*':\n  type: CNAME\n  value: WWW.e.\nalias:\n  type: ALIAS\n  value: x.e.\n",
	  "  e 3600 CAA 0 issue \"ca.test; x=1\"\n  e 60 MX 10 mx1.e.\n  e 60 MX 20 mx2.e.\n  e 3600 TXT \"v=spf1 -all\"\n  e 3600 TXT \"a;b \\\"c\\\" \\\\d\"\n  _sip._tcp.e 3600 SRV 1 2 5060 a.e.\n  host.e 3600 SSHFP 4 2 ab12\n"
	  "  naptr.e 3600 NAPTR 1 2 \"U\" \"SIP\" \"!^.*$!sip:a!\" .\n  svc.e 3600 HTTPS 1 . alpn=\"h2,h3\" port=443\n  sub.e 3600 DS 1 13 2 abcd\n  tlsa.e 3600 TLSA 3 1 1 00ff\n  www.e 300 A 192.0.2.1\n  www.e 300 A 192.0.2.2\n"
	  "  www.e 3600 AAAA 2001:db8::1\n  *.e 3600 CNAME www.e.\n" },
	{ "a type of its own is counted", "www:\n- type: A\n  value: 192.0.2.1\n- type: ALIAS\n  value: x.e.\n", "zone-declared e left-out values of types that are no DNS type\n" },
	{ "not an address", "www:\n  type: A\n  value: 192.0.2\n", "octodns:" }, { "a line in a value", "www:\n  type: A\n  value: \"192.0.2.1\\nx 1 A 192.0.2.9\"\n", "expected the values of its type" },
	{ "no value", "www:\n  type: A\n", "expected value or values" }, { "no type", "www: {value: a}\n", "expected a map with type and value" },
	{ "another zone", "www.other.:\n  type: A\n  value: 192.0.2.1\n", "expected a name of the zone" }, { "a list", "- a\n", "expected a map of names" },
	{ "a comment in a name", "'a;b':\n  type: A\n  value: 192.0.2.1\n", "expected a name" },
}, dnscontrol_row[] = {
	{ "every type", "{\"registrars\":[],\"dns_providers\":[],\"domains\":[{\"name\":\"other\",\"records\":[]},{\"name\":\"e\",\"records\":["
	  "{\"type\":\"A\",\"name\":\"@\",\"ttl\":300,\"target\":\"192.0.2.1\"},{\"type\":\"MX\",\"name\":\"@\",\"target\":\"mx.e.\",\"mxpreference\":10},{\"type\":\"MX\",\"name\":\"null\",\"target\":\".\"},"
	  "{\"type\":\"TXT\",\"name\":\"t\",\"target\":\"v=spf1 \\\"x\\\"\"},{\"type\":\"TXT\",\"name\":\"old\",\"target\":\"a\",\"txtstrings\":[\"a\",\"b;c\"]},"
	  "{\"type\":\"CAA\",\"name\":\"@\",\"target\":\"ca.test\",\"caatag\":\"issue\",\"caaflag\":128},{\"type\":\"SRV\",\"name\":\"_s._tcp\",\"srvpriority\":1,\"srvport\":3,\"target\":\"a.e.\"},"
	  "{\"type\":\"HTTPS\",\"name\":\"h\",\"svcpriority\":1,\"target\":\".\",\"svcparams\":\"alpn=h2 port=8443\"},{\"type\":\"URL301\",\"name\":\"r\",\"target\":\"https://x\"},"
	  "{\"type\":\"DS\",\"name\":\"s\",\"dskeytag\":1,\"dsalgorithm\":13,\"dsdigesttype\":2,\"dsdigest\":\"ABCD\"}]}]}",
	  "  e 300 A 192.0.2.1\n  e 300 MX 10 mx.e.\n  null.e 300 MX 0 .\n  t.e 300 TXT \"v=spf1 \\\"x\\\"\"\n  old.e 300 TXT \"a\" \"b;c\"\n  e 300 CAA 128 issue \"ca.test\"\n  _s._tcp.e 300 SRV 1 0 3 a.e.\n"
	  "  h.e 300 HTTPS 1 . alpn=\"h2\" port=8443\n  s.e 300 DS 1 13 2 abcd\n" },
	{ "not there", "{\"domains\":[{\"name\":\"other\",\"records\":[]}]}", "no domain is named e" }, { "no domains", "{}", "expected domains, a list" },
	{ "no target", "{\"domains\":[{\"name\":\"e\",\"records\":[{\"type\":\"A\",\"name\":\"@\"}]}]}", "expected an IPv4 address" },
};

static void tools_declare_records(void **state)
{
	(void)state;
	for (size_t i = 0; i < AFD_COUNT(octodns_row) + AFD_COUNT(dnscontrol_row); i++) {
		const bool octodns = i < AFD_COUNT(octodns_row);
		const size_t k = octodns ? i : i - AFD_COUNT(octodns_row);
		struct run r = { .provider = &afd_provider_zone_declared, .now_ms = 1000000, .step_ms = 1000 };
		write_file("in", octodns ? octodns_row[k].text : dnscontrol_row[k].text);
		const char *got = look(&r, octodns ? "zone: e\npath: in\nform: octodns\n" : "zone: e\npath: in\nform: dnscontrol\n");
		if (!strstr(got, octodns ? octodns_row[k].says : dnscontrol_row[k].says))
			fail_msg("%s: %s", octodns ? octodns_row[k].what : dnscontrol_row[k].what, got);
		run_release(&r);
	}
}

static void settings_are_checked(void **state)
{
	static const struct { const char *yaml, *says; } row[] = {
		{ "zone: e\n", "path, versions: expected one of them" }, { "zone: e\npath: a\nversions: b\n", "path, versions: expected one of them" },
		{ "zone: e\npath: a\nform: bind\n", "form: expected zone-file, octodns or dnscontrol, got \"bind\"" },
		{ "zone: e\npath: a\nform: octodns\ninclude: true\n", "include: only zone files include others" }, { "path: a\n", "zone" },
	};

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(row); i++) {
		struct run r = { .provider = &afd_provider_zone_declared, .now_ms = 1000000, .step_ms = 1000 };
		const char *got = look(&r, row[i].yaml);
		if (!strstr(got, row[i].says))
			fail_msg("%s: %s", row[i].yaml, got);
		run_release(&r);
	}
}

/* --- links --- */

static const struct { const char *link, *to, *line; bool in; } links[] = {
	{ NULL, NULL, "$INCLUDE sub.zone\n", true },
	{ "link", "sub.zone", "$INCLUDE link\n", false },
	{ "link", "/etc/hostname", "$INCLUDE link\n", false },
	{ "link", ".", "$INCLUDE link/sub.zone\n", false },
	{ "link", "/etc", "$INCLUDE link/hostname\n", false },
};

static void no_link_leads_out_of_the_folder(void **state)
{
	AFD_AUTO(mem) char *path = afd_sprintf("%s/link", folder);

	(void)state;
	write_file("sub.zone", "www 60 A 192.0.2.1\n");
	for (size_t i = 0; i < AFD_COUNT(links); i++) {
		struct run r = { .provider = &afd_provider_zone_declared, .now_ms = 1000000, .step_ms = 1000 };

		unlink(path);
		if (links[i].link)
			assert_int_equal(symlink(links[i].to, path), 0);
		write_file("e.zone", links[i].line);
		const char *got = look(&r, "zone: e\npath: e.zone\ninclude: true\n");
		if (links[i].in != (strstr(got, "www.e 60 A 192.0.2.1") != NULL) || links[i].in == (strstr(got, "gap e [") != NULL))
			fail_msg("%s -> %s: %s", links[i].line, links[i].to, got);
		run_release(&r);
	}
	unlink(path);
}

/* --- files that servers wrote, and such as they were given: records as named-compilezone 9.18 counts them --- */

static const struct { const char *file, *zone; unsigned serial; size_t n; } real[] = {
	{ "zone/bind918/example.after.zone", "example.test", 2026110106, 13 },
	{ "zone/bind918/example.before.zone", "example.test", 2026110101, 12 },
	{ "zone/bind918/signed.test.broken-rrsig.zone", "signed.test", 2026110105, 43 },
	{ "zone/bind918/signed.test.zone", "signed.test", 2026110105, 43 },
	{ "zone/knot326/k.test.before.zone", "k.test", 2026110101, 12 },
	{ "zone/knot326/kd.test.before.zone", "kd.test", 2026110101, 12 },
	{ "zone/knot326/ks.test.before.zone", "ks.test", 2026110101, 12 },
	{ "zone/nsd461/ns.test.after.zone", "ns.test", 2026110102, 12 },
	{ "zone/nsd461/ns.test.before.zone", "ns.test", 2026110101, 12 },
};

static size_t count(const char *text, const char *what)
{
	size_t n = 0;

	for (const char *p = text; (p = strstr(p, what)) != NULL; p++)
		n++;
	return n;
}

static void real_files_are_read(void **state)
{
	size_t seen = 0;

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(real); i++) {
		struct run r = { .provider = &afd_provider_zone_file, .now_ms = 1000000, .step_ms = 1000 };
		AFD_AUTO(mem) char *path = sample_path(real[i].file);
		char *full = path[0] == '/' || access(path, R_OK) != 0 ? NULL : realpath(path, NULL);
		AFD_AUTO(mem) char *yaml = afd_sprintf("zone: %s\npath: %s\n", real[i].zone, full ? full : path);
		AFD_AUTO(mem) char *says = afd_sprintf("zone %s at (null) serial %u ", real[i].zone, real[i].serial);

		free(full);
		if (!has_sample(real[i].file))
			continue;
		seen++;
		const char *got = look(&r, yaml);
		if (!strstr(got, says) || strstr(got, "gap") || count(got, "\n  ") != real[i].n)
			fail_msg("%s: expected \"%s\" and %zu records, got %zu: %s", real[i].file, says, real[i].n, count(got, "\n  "), got);
		run_release(&r);
	}
	if (seen == 0)
		skip();
}

/* --- octoDNS' plans --- */

#define CHANGES(...) "{\"dns\":{\"e.\":{\"changes\":[" __VA_ARGS__ "],\"meta\":null}}}"
#define SIDE(ttl, values) "{\"ttl\":" #ttl "," values "}"

/* As octoDNS 1.22 writes them */
static const struct { const char *plan, *says, *says_not; } plans[] = {
	{ CHANGES("{\"name\":\"new\",\"new\":" SIDE(3600, "\"value\":\"2001:db8::1\"") ",\"record_type\":\"AAAA\",\"type\":\"create\"}"),
	  "plan\n  + new.e 3600 AAAA 2001:db8::1 part 0\n", "\n  -" },
	{ CHANGES("{\"existing\":" SIDE(60, "\"value\":\"www.e.\"") ",\"name\":\"old\",\"record_type\":\"CNAME\",\"type\":\"delete\"}"),
	  "plan\n  - old.e CNAME www.e. part 0\n", "\n  +" },
	/* what stays is not named */
	{ CHANGES("{\"existing\":" SIDE(300, "\"values\":[\"192.0.2.1\",\"192.0.2.2\"]") ",\"name\":\"www\",\"new\":"
	          SIDE(300, "\"values\":[\"192.0.2.1\",\"192.0.2.3\"]") ",\"record_type\":\"A\",\"type\":\"update\"}"),
	  "plan\n  - www.e A 192.0.2.2 part 0\n  + www.e 300 A 192.0.2.3 part 0\n", "192.0.2.1" },
	/* another time to live is another record */
	{ CHANGES("{\"existing\":" SIDE(3600, "\"value\":\"192.0.2.9\"") ",\"name\":\"\",\"new\":" SIDE(60, "\"value\":\"192.0.2.9\"")
	          ",\"record_type\":\"A\",\"type\":\"update\"}"),
	  "plan\n  - e A 192.0.2.9 part 0\n  + e 60 A 192.0.2.9 part 0\n", NULL },
	{ CHANGES("{\"name\":\"\",\"new\":" SIDE(3600, "\"values\":[\"a\\\\; b \\\"c\\\"\"]") ",\"record_type\":\"TXT\",\"type\":\"create\"},"
	          "{\"name\":\"\",\"new\":" SIDE(3600, "\"value\":{\"exchange\":\"m.e.\",\"preference\":10}") ",\"record_type\":\"MX\",\"type\":\"create\"}"),
	  "plan\n  + e 3600 TXT \"a; b \\\"c\\\"\" part 0\n  + e 3600 MX 10 m.e. part 0\n", NULL },
	/* a type of the tool's own is counted; alone it is no claim */
	{ CHANGES("{\"name\":\"\",\"new\":" SIDE(3600, "\"value\":\"www.e.\"") ",\"record_type\":\"ALIAS\",\"type\":\"create\"}"),
	  "zone-plan e left-out", "claim" },
	/* nothing to do, or for another target */
	{ "{}", "item", "claim" },
	{ CHANGES(), "item", "claim" },
	{ "{\"other\":{\"e.\":{\"changes\":[{}]}}}", "item", "claim" },
	/* what is no plan is an answer that cannot be read */
	{ "[]", "expected a map of targets", "claim" },
	{ "{\"dns\":{\"e.\":{}}}", "expected changes, a list", "claim" },
	{ CHANGES("{\"name\":\"x\",\"record_type\":\"A\",\"type\":\"replace\"}"), "expected a change of type create, update or delete", "claim" },
	{ CHANGES("{\"name\":\"x\",\"record_type\":\"A\",\"type\":\"create\"}"), "expected a change with name", "claim" },
	{ CHANGES("{\"name\":\"x\",\"new\":" SIDE(60, "\"value\":\"192.0.2.300\"") ",\"record_type\":\"A\",\"type\":\"create\"}"), "192.0.2.300", "claim" },
	{ CHANGES("{\"name\":\"x.other.\",\"new\":" SIDE(60, "\"value\":\"192.0.2.3\"") ",\"record_type\":\"A\",\"type\":\"create\"}"), "a name of the zone", "claim" },
};

static void plans_are_claims_of_what_was_meant(void **state)
{
	(void)state;
	for (size_t i = 0; i < AFD_COUNT(plans); i++) {
		struct run r = { .provider = &afd_provider_octodns_plan, .now_ms = 1000000, .step_ms = 1000 };
		const char *got;

		write_file("plan.json", plans[i].plan);
		got = look(&r, "path: .\ntarget: dns\n");
		if (!strstr(got, plans[i].says) || (plans[i].says_not && strstr(got, plans[i].says_not)))
			fail_msg("plan %zu: %s\ngot %s", i, plans[i].plan, got);
		run_release(&r);
	}
}

static void a_plan_is_read_once(void **state)
{
	struct run r = { .provider = &afd_provider_octodns_plan, .now_ms = 1000000, .step_ms = 1000 };

	(void)state;
	write_file("plan.json", plans[0].plan);
	assert_non_null(strstr(look(&r, "path: .\ntarget: dns\n"), "claim e planned key=- claimed=- client=- "));
	assert_null(strstr(look(&r, "path: .\ntarget: dns\n"), "claim"));
	run_release(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_copy_is_a_look_at_the_zone),
		cmocka_unit_test(versions_come_one_after_the_other_and_once),
		cmocka_unit_test(files_are_included_where_asked_and_from_below),
		cmocka_unit_test(what_is_declared_is_kept_when_it_changes),
		cmocka_unit_test(tools_declare_records),
		cmocka_unit_test(settings_are_checked),
		cmocka_unit_test(no_link_leads_out_of_the_folder),
		cmocka_unit_test(real_files_are_read),
		cmocka_unit_test(plans_are_claims_of_what_was_meant),
		cmocka_unit_test(a_plan_is_read_once),
	};
	static const char *const made[] = { "e.zone", "sub.zone", "in", "0001", "0002", "0003", "plan.json" };

	folder = afd_strdup("/tmp/afd-zone-copy-XXXXXX");
	if (!folder || !mkdtemp(folder))
		return 99;
	const int r = cmocka_run_group_tests(tests, NULL, NULL);
	for (size_t i = 0; i < AFD_COUNT(made); i++) {
		AFD_AUTO(mem) char *path = afd_sprintf("%s/%s", folder, made[i]);
		unlink(path);
	}
	rmdir(folder);
	free(folder);
	return r;
}
