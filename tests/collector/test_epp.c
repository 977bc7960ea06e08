/* Frames of EPP: every sample frame against a table of what it says, and what the decoder makes of odd ones. */
#include "rows.h"

#include <glob.h>
#include <stdlib.h>

#include "collector/registrar/epp.h"
#include "core/file.h"

/* What a frame says, in short: one line for each row. */
struct said { struct afd_buf text; };

static int said_state(void *ctx, const struct afd_row_domain_state *r, struct afd_error *err)
{
	struct said *s = ctx;

	(void)err;
	afd_buf_printf(&s->text, "; state %s %zu/%zu/%zu code=%s", r->domain, r->status.n, r->name_server.n, r->ds.n, rows_known(r->auth_code));
	return 0;
}

static int said_event(void *ctx, const struct afd_row_event *r, struct afd_error *err)
{
	struct said *s = ctx;

	(void)err;
	afd_buf_printf(&s->text, "; event %s %s by %s %s", r->action, r->domain ? r->domain : r->object ? r->object : "-", r->actor ? r->actor : "-", r->outcome);
	return 0;
}

static int said_change(void *ctx, const struct afd_row_domain_change *r, struct afd_error *err)
{
	struct said *s = ctx;

	afd_buf_printf(&s->text, "; %s %s", r->before ? "before" : "after", r->ref);
	return said_event(ctx, r->event, err);
}

static int said_observation(void *ctx, const struct afd_row_observation *r, struct afd_error *err)
{
	struct said *s = ctx;

	(void)err;
	afd_buf_printf(&s->text, "; %s %s=%s", r->kind, r->name, r->value);
	return 0;
}

/* "FILE: result 1000; state ..." */
static void say(struct afd_slice frame, const char *asked, struct said *to)
{
	struct afd_range whole = { 0, frame.len };
	struct afd_record record = { .kind = AFD_ITEM_ANSWER, .source = (char *)"s", .decoder = (char *)"epp", .asked = (char *)asked,
		.asked_ms = 1782900000000, .received_ms = 1782900001000, .server_ms = AFD_TIME_NONE };
	struct afd_item_view view = { .record = &record, .bytes = frame, .parts = { &whole, 1, 1 } };
	struct afd_sink sink = { .ctx = to, .domain_state = said_state, .event = said_event, .domain_change = said_change, .observation = said_observation };
	struct afd_error err = { 0 };
	struct afd_epp_result result;
	unsigned services;

	if (afd_epp_greeting(frame, &services, NULL) == 0)
		afd_buf_printf(&to->text, "; greeting %x", services);
	else if (afd_epp_result(frame, &result, &err) == 0)
		afd_buf_printf(&to->text, "; result %d", result.code);
	if (afd_decode_item(NULL, &view, &sink, &err) < 0)
		afd_buf_printf(&to->text, "; refused");
	else if (err.code)
		afd_buf_printf(&to->text, "; %s", err.text);
}

/* No transfer code stays behind: what the redactor cuts is all that stands in authInfo. */
static void check_redacted(const char *file, struct afd_slice frame)
{
	AFD_AUTO(ranges) struct afd_ranges cuts = { 0 };
	AFD_AUTO(buf) struct afd_buf copy = { 0 };
	AFD_AUTO(xml) struct afd_xml *x = NULL;
	const char *p;

	if (afd_epp_redact(frame, &cuts, NULL) < 0)
		return;                             /* withheld as a whole */
	assert_int_equal(afd_buf_add_slice(&copy, frame), 0);
	for (size_t i = 0; i < cuts.n; i++)
		memset(copy.data + cuts.at[i].off, '*', cuts.at[i].len);
	if (afd_xml_parse(afd_buf_slice(&copy), "frame", &x, NULL) < 0)
		fail_msg("%s: no XML any more after the cut", file);
	for (p = (const char *)copy.data; (p = strstr(p, ":pw>")); p++)
		if (strspn(p + 4, "* \n") < strcspn(p + 4, "<") && memrchr(copy.data, '<', (size_t)((const uint8_t *)p - copy.data)) &&
		    ((const char *)memrchr(copy.data, '<', (size_t)((const uint8_t *)p - copy.data)))[1] != '/')
			fail_msg("%s: a transfer code is left: %.30s", file, p);
}

static char *read_table(void)
{
	AFD_AUTO(mem) char *path = afd_sprintf("%s/tests/collector/epp_samples.txt", getenv("AFFIDAVIT_SOURCE"));
	AFD_AUTO(buf) struct afd_buf text = { 0 };
	struct afd_error err = { 0 };

	if (afd_file_read(path, 1 << 20, &text, &err) < 0)
		fail_msg("%s", err.text);
	return afd_strdup((const char *)text.data);
}

static char *shared_folder(void)
{
	const char *shared = getenv("AFFIDAVIT_SHARED");

	return shared ? afd_sprintf("%s/data/epp/responses/", shared) : afd_sprintf("%s/../shared/data/epp/responses/", getenv("AFFIDAVIT_SOURCE"));
}

static void test_samples(void **state)
{
	AFD_AUTO(mem) char *folder = shared_folder();
	AFD_AUTO(mem) char *table = NULL;
	struct said all = { 0 };
	glob_t found = { 0 };

	(void)state;
	for (int depth = 0; depth < 3; depth++) {
		AFD_AUTO(mem) char *pattern = afd_sprintf("%s%s*.xml", folder, depth == 0 ? "*/" : depth == 1 ? "*/*/" : "*/*/*/");

		glob(pattern, depth ? GLOB_APPEND : 0, NULL, &found);
	}
	if (!found.gl_pathc) {
		globfree(&found);
		afd_mem_release(&folder);
		skip();
	}
	for (size_t i = 0; i < found.gl_pathc; i++) {
		AFD_AUTO(buf) struct afd_buf bytes = { 0 };
		const char *name = found.gl_pathv[i] + strlen(folder);

		assert_int_equal(afd_file_read(found.gl_pathv[i], 1 << 20, &bytes, NULL), 0);
		afd_buf_printf(&all.text, "%s", name);
		say(afd_buf_slice(&bytes), "epp ClientX poll - secDNS", &all);
		afd_buf_text(&all.text, "\n");
		check_redacted(name, afd_buf_slice(&bytes));
	}
	globfree(&found);
	if (getenv("AFFIDAVIT_SHOW"))
		fputs((const char *)all.text.data, stderr);      /* to make the table anew */
	table = read_table();
	assert_string_equal((const char *)all.text.data, table);
	afd_buf_release(&all.text);
}

#define HEAD "<epp xmlns=\"urn:ietf:params:xml:ns:epp-1.0\">"
#define TRANSFER(what, status) "<" what " xmlns:d=\"urn:ietf:params:xml:ns:domain-1.0\"><d:name>example.test</d:name><d:trStatus>" status "</d:trStatus><d:reID>c</d:reID>" \
	"<d:reDate>2026-07-01T00:00:00Z</d:reDate><d:acID>x</d:acID><d:acDate>2026-07-06T00:00:00Z</d:acDate></" what ">"
#define DOMAIN(rest) "<resData><d:infData xmlns:d=\"urn:ietf:params:xml:ns:domain-1.0\"><d:name>example.test</d:name>" rest "</d:infData></resData>"
#define RESPONSE(code, rest) HEAD "<response><result code=\"" code "\"><msg>x</msg></result>" rest "<trID><svTRID>s</svTRID></trID></response></epp>"

static const struct { const char *name, *asked, *frame, *said; } odd[] = {
	{ "who does not sponsor is told less, and that is not a no", "epp c info example.test secDNS", RESPONSE("1000", DOMAIN("<d:clID>x</d:clID>")),
	  "; result 1000; state example.test 0/0/0 code=?" },
	{ "no DS where the extension was agreed", "epp c info example.test secDNS", RESPONSE("1000", DOMAIN("<d:crDate>2020-01-01T00:00:00Z</d:crDate><d:status s=\"ok\"/>")),
	  "; result 1000; state example.test 1/0/0 code=?" },
	{ "an empty transfer code is none", "epp c info example.test", RESPONSE("1000", DOMAIN("<d:authInfo><d:pw/></d:authInfo>")),
	  "; result 1000; state example.test 0/0/0 code=no" },
	{ "a name server that is no name", "epp c info example.test", RESPONSE("1000", DOMAIN("<d:ns><d:hostObj>a b</d:hostObj></d:ns>")), "; result 1000; refused" },
	{ "another namespace is another thing", "epp c info example.test", RESPONSE("1000", "<resData><d:infData xmlns:d=\"urn:x\"><d:name>example.test</d:name></d:infData></resData>"),
	  "; result 1000" },
	{ "how a transfer stands, asked by its own client", "epp c frames", RESPONSE("1000", "<resData>" TRANSFER("d:trnData", "clientApproved") "</resData>"),
	  "; result 1000; event domain.transfer-in example.test by c success" },
	{ "a transfer asked for", "epp c frames", RESPONSE("1001", "<resData>" TRANSFER("d:trnData", "pending") "</resData>"),
	  "; result 1001; event domain.transfer-in example.test by c unknown" },
	{ "a transfer that was refused", "epp c frames", RESPONSE("2304", "<resData>" TRANSFER("d:trnData", "pending") "</resData>"), "; result 2304" },
	{ "created by its own client", "epp c frames",
	  RESPONSE("1000", "<resData><d:creData xmlns:d=\"urn:ietf:params:xml:ns:domain-1.0\"><d:name>example.test</d:name><d:crDate>2026-07-01T00:00:00Z</d:crDate></d:creData></resData>"),
	  "; result 1000; event domain.create example.test by c success" },
	{ "a host whose pending action ended", "epp c poll -",
	  RESPONSE("1301", "<msgQ count=\"1\" id=\"9\"/><resData><h:panData xmlns:h=\"urn:ietf:params:xml:ns:host-1.0\"><h:name paResult=\"0\">ns1.example.test</h:name></h:panData></resData>"),
	  "; result 1301; event host.change ns1.example.test by - failure" },
	{ "a count without a message", "epp c info -", RESPONSE("1000", "<msgQ count=\"5\" id=\"9\"/>"), "; result 1000" },
	{ "a code that is none", "epp c poll -", RESPONSE("12", ""), "; frame: expected <epp><response> with a result code (RFC 5730, 2.6)" },
	{ "a command that was recorded", "epp c frames", HEAD "<command><login><clID>x</clID><pw>y</pw></login></command></epp>",
	  "; frame: expected <epp><response> with a result code (RFC 5730, 2.6)" },
	{ "a record that does not say what was asked", "EPP", RESPONSE("1000", ""), "; result 1000; refused" },
	{ "warnings about the login", "epp c login -",
	  RESPONSE("1000", "<extension><l:loginSecData xmlns:l=\"urn:ietf:params:xml:ns:epp:loginSec-1.0\"><l:event type=\"password\" level=\"warning\" exDate=\"2026-12-01T00:00:00Z\">x</l:event>"
	  "<l:event type=\"stat\" name=\"failedLogins\" level=\"warning\" value=\"100\" duration=\"P1D\">x</l:event></l:loginSecData></extension>"),
	  "; result 1000; login-security password=warning, until 2026-12-01T00:00:00Z; login-security stat/failedLogins=warning: 100 in P1D" },
};

static void test_odd(void **state)
{
	(void)state;
	for (size_t i = 0; i < AFD_COUNT(odd); i++) {
		struct said s = { 0 };

		print_message("# %s\n", odd[i].name);
		say(afd_slice_text(odd[i].frame), odd[i].asked, &s);
		assert_string_equal((const char *)s.text.data, odd[i].said);
		afd_buf_release(&s.text);
	}
}

/* What we send is what the schema wants, and a server of others' making must read it: parsed back here. */
static void test_commands(void **state)
{
	const struct afd_epp_login plain = { "a&b", afd_slice_text("p<w>\""), AFD_EPP_DOMAIN | AFD_EPP_SECDNS, "affidavit" };
	const struct afd_epp_login secure = { "c", afd_slice_text("long & odd"), AFD_EPP_DOMAIN | AFD_EPP_LOGIN_SEC, "affidavit" };
	AFD_AUTO(buf) struct afd_buf a = { 0 };
	AFD_AUTO(buf) struct afd_buf b = { 0 };
	AFD_AUTO(buf) struct afd_buf c = { 0 };
	AFD_AUTO(xml) struct afd_xml *x = NULL;
	AFD_AUTO(xml) struct afd_xml *y = NULL;
	const struct afd_xml_node *login;

	(void)state;
	assert_int_equal(afd_epp_put_login(&a, &plain, "t-1"), 0);
	assert_int_equal(afd_xml_parse(afd_buf_slice(&a), "x", &x, NULL), 0);
	login = afd_xml_child(afd_xml_child(afd_xml_root(x), "command"), "login");
	assert_string_equal(afd_xml_text_of(login, "clID"), "a&b");
	assert_string_equal(afd_xml_text_of(login, "pw"), "p<w>\"");
	assert_string_equal(afd_xml_text_of(afd_xml_child(afd_xml_child(login, "svcs"), "svcExtension"), "extURI"), "urn:ietf:params:xml:ns:secDNS-1.1");
	assert_int_equal(afd_epp_put_login(&b, &secure, "t-2"), 0);
	assert_int_equal(afd_xml_parse(afd_buf_slice(&b), "x", &y, NULL), 0);
	login = afd_xml_child(afd_xml_child(afd_xml_root(y), "command"), "login");
	assert_string_equal(afd_xml_text_of(login, "pw"), "[LOGIN-SECURITY]");
	assert_string_equal(afd_xml_text_of(afd_xml_child(afd_xml_child(afd_xml_child(afd_xml_root(y), "command"), "extension"), "loginSec"), "pw"), "long & odd");
	assert_int_equal(afd_epp_put_poll(&c, "1\"2", "t-3"), 0);
	assert_non_null(strstr((const char *)c.data, "msgID=\"1&quot;2\""));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_samples), cmocka_unit_test(test_odd), cmocka_unit_test(test_commands) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
