/* Answers of search services as rows. */
#include "../rows.h"

#include "collector/ct/ct_search.h"

#define CRTSH(rest) "[{\"id\":7,\"issuer_name\":\"C=US, O=X, CN=I\",\"common_name\":\"a.test\",\"name_value\":\"a.test\"," \
	"\"not_before\":\"2026-07-01T09:00:00\",\"not_after\":\"2026-09-29T09:00:00\",\"serial_number\":\"0a1b\"" rest "}]"
#define TBS "aAaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define SSLMATE(id, names, issuer) "[{\"id\":" id ",\"tbs_sha256\":\"" TBS "\",\"dns_names\":" names ",\"issuer\":" issuer "," \
	"\"not_before\":\"2026-07-01T09:00:00Z\",\"not_after\":\"2026-09-29T09:00:00-00:00\",\"revoked\":false}]"
#define DATES "[2026-07-01 09:00:00, 2026-09-29 09:00:00]"

static const struct { const char *what, *json, *rows, *why; } pages[] = {
	{ "an element of crt.sh", CRTSH(",\"entry_timestamp\":\"2026-07-01T10:00:01.5\",\"result_count\":2"),
	  "search crt.sh 7 part=1 tbs= serial=0a1b issuer='CN=I,O=X,C=US' " DATES " logged=2026-07-01 10:00:01: a.test\n", "" },
	{ "no time of an entry", CRTSH(",\"entry_timestamp\":null"), "search crt.sh 7 part=1 tbs= serial=0a1b issuer='CN=I,O=X,C=US' " DATES " logged=-: a.test\n", "" },
	{ "an issuance of SSLMate", SSLMATE("\"8801\"", "[\"A.test\",\"*.b.test\",\"A.test.\"]", "{\"name\":\"C=US, CN=I\"}"),
	  "search sslmate 8801 part=1 tbs=aaaaaaaa serial= issuer='CN=I,C=US' " DATES " logged=-: a.test *.b.test\n", "" },
	{ "issuer not told", SSLMATE("\"8801\"", "[\"a.test\"]", "null"), "search sslmate 8801 part=1 tbs=aaaaaaaa serial= issuer='' " DATES " logged=-: a.test\n", "" },
	{ "the end", "[]", "", "" },
	{ "an id that would lead elsewhere", SSLMATE("\"../8801\"", "[\"a.test\"]", "null"), "", "element 0: id" },
	{ "no name of a host", SSLMATE("\"1\"", "[\"x@a.test\",\"\",3]", "null"), "", "element 0: no name" },
	{ "no map", "[1]", "", "element 0: not a map" },
	{ "nothing of it", "[{}]", "", "element 0: id" },
};

static void pages_become_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < AFD_COUNT(pages); i++) {
		AFD_AUTO(buf) struct afd_buf got = { 0 };
		struct afd_ct_page_facts facts;
		struct afd_error err = { 0 };

		if (rows_decode("ct-search", "s", "a.test", afd_slice_text(pages[i].json), &got, &err) < 0 ||
		    afd_ct_search_read(afd_slice_text(pages[i].json), 0, NULL, &facts, &err) < 0)
			fail_msg("%s: %s", pages[i].what, err.text);
		if (strcmp(text_of(got), pages[i].rows) || !strstr(facts.why, pages[i].why) || (*facts.why != 0) != (*pages[i].why != 0))
			fail_msg("%s\n  expected %s  got %s  %s", pages[i].what, pages[i].rows, text_of(got), facts.why);
	}
}

/* As the service writes it; as the decoder of log entries does. */
static const struct { const char *theirs, *ours; } issuers[] = {
	{ "C=US, O=Let's Encrypt, CN=R3", "CN=R3,O=Let's Encrypt,C=US" },
	{ "C=US, O=\\\"Example, Inc.\\\", CN=X", "CN=X,O=Example\\, Inc.,C=US" },
	{ "O=A + OU=B, CN=X", "CN=X,O=A+OU=B" },
	{ "CN=a=b", "CN=a=b" },
	{ "CN=\\\"say \\\\\\\"x\\\\\\\"\\\"", "CN=say \\\"x\\\"" },
	{ "CN=B\u00fccher", "CN=B\\C3\\BCcher" },
	{ "CN=", "CN=" },
	{ "no name at all", "no name at all" },
};

static void issuers_are_written_as_logs_have_them(void **state)
{
	(void)state;
	for (size_t i = 0; i < AFD_COUNT(issuers); i++) {
		AFD_AUTO(buf) struct afd_buf got = { 0 };
		AFD_AUTO(mem) char *json = afd_sprintf(SSLMATE("1", "[\"a.test\"]", "{\"name\":\"%s\"}"), issuers[i].theirs);
		AFD_AUTO(mem) char *want = afd_sprintf(" issuer='%s' [", issuers[i].ours);
		struct afd_error err = { 0 };

		if (rows_decode("ct-search", "s", "a.test", afd_slice_text(json), &got, &err) < 0 || !strstr(text_of(got), want))
			fail_msg("%s\n  expected %s\n  got %s %s", issuers[i].theirs, want, text_of(got), err.text);
	}
}

static const struct { const char *theirs, *ours; } serials[] = {
	{ "00a1b2", "a1b2" }, { "A1B2", "a1b2" }, { "000000", "00" }, { "1", "01" }, { "012", "12" }, { "0", "00" },
};

static void serial_numbers_too(void **state)
{
	(void)state;
	for (size_t i = 0; i < AFD_COUNT(serials); i++) {
		AFD_AUTO(buf) struct afd_buf got = { 0 };
		AFD_AUTO(mem) char *json = afd_sprintf("[{\"id\":7,\"issuer_name\":\"CN=I\",\"name_value\":\"a.test\",\"not_before\":\"2026-07-01T09:00:00\","
						       "\"not_after\":\"2026-09-29T09:00:00\",\"serial_number\":\"%s\"}]", serials[i].theirs);
		AFD_AUTO(mem) char *want = afd_sprintf(" serial=%s ", serials[i].ours);
		struct afd_error err = { 0 };

		if (rows_decode("ct-search", "s", "a.test", afd_slice_text(json), &got, &err) < 0 || !strstr(text_of(got), want))
			fail_msg("%s\n  expected %s\n  got %s %s", serials[i].theirs, want, text_of(got), err.text);
	}
}

static void what_is_no_page_is_refused(void **state)
{
	static const char *const broken[] = { "", "{}", "[", "null", "<html>", "[{\"id\":1,\"id\":2}]", "{\"code\":\"rate_limited\"}" };

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(broken); i++) {
		AFD_AUTO(buf) struct afd_buf got = { 0 };
		struct afd_error err = { 0 };

		if (rows_decode("ct-search", "s", "a.test", afd_slice_text(broken[i]), &got, &err) == 0 || !err.text[0])
			fail_msg("%s was taken", broken[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages_become_rows),
		cmocka_unit_test(issuers_are_written_as_logs_have_them),
		cmocka_unit_test(serial_numbers_too),
		cmocka_unit_test(what_is_no_page_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
