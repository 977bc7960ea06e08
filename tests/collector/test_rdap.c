/* RDAP: answers into rows, the list of servers, and where an answer leads. */
#include "rows.h"

#include <glob.h>
#include <stdlib.h>

#include "collector/registrar/rdap.h"
#include "core/file.h"
#include "core/limits.h"

#define NOTHING "lock=? registry-lock=? renew=? privacy=? code=? created=? updated=? transferred=? expires=?,? data=?"

static const struct { const char *name, *view, *json, *rows; } answers[] = {
	{ "what is not there is not stated", "registry", "{\"ldhName\":\"example.test\"}",
	  "domain example.test registry account=- roid=- registrar=- id=- status=? ns=? ds=? " NOTHING " contacts=?\n" },
	{ "empty lists are stated", "registrar", "{\"objectClassName\":\"domain\",\"ldhName\":\"EXAMPLE.Test.\",\"status\":[],\"nameservers\":[],\"secureDNS\":{\"delegationSigned\":false}}",
	  "domain example.test registrar account=- roid=- registrar=- id=- status= ns= ds= " NOTHING " contacts=?\n" },
	{ "statuses become EPP's (RFC 8056)", "registry",
	  "{\"ldhName\":\"example.test\",\"status\":[\"active\",\"associated\",\"client transfer prohibited\",\"Server Hold\",\"pending delete\",\"auto renew period\",\"validated\",7]}",
	  "domain example.test registry account=- roid=- registrar=- id=- status=ok,linked,clientTransferProhibited,serverHold,pendingDelete,autoRenewPeriod,validated ns=? ds=? " NOTHING " contacts=?\n" },
	{ "a signed delegation that does not say how", "registry", "{\"ldhName\":\"example.test\",\"secureDNS\":{\"delegationSigned\":true}}",
	  "domain example.test registry account=- roid=- registrar=- id=- status=? ns=? ds=? " NOTHING " contacts=?\n" },
	{ "DS data, name servers and dates", "registry",
	  "{\"ldhName\":\"example.test\",\"handle\":\"D1-T\",\"nameservers\":[{\"ldhName\":\"NS1.Example.TEST\"},{\"ldhName\":\"ns2.example.test.\"}],"
	  "\"secureDNS\":{\"dsData\":[{\"keyTag\":60485,\"algorithm\":13,\"digestType\":2,\"digest\":\"ABCD\"},{\"keyTag\":1}]},"
	  "\"events\":[{\"eventAction\":\"registration\",\"eventDate\":\"2001-02-03T04:05:06Z\"},{\"eventAction\":\"Expiration\",\"eventDate\":\"2027-02-03T04:05:06.0Z\"},"
	  "{\"eventAction\":\"registrar expiration\",\"eventDate\":\"2026-02-03T04:05:06Z\"},{\"eventAction\":\"last changed\",\"eventDate\":\"yesterday\"},"
	  "{\"eventAction\":\"last update of RDAP database\",\"eventDate\":\"2026-08-01T00:00:00Z\"},{\"eventAction\":\"transfer\",\"eventDate\":\"2010-01-01T00:00:00Z\"}]}",
	  "domain example.test registry account=- roid=D1-T registrar=- id=- status=? ns=ns1.example.test,ns2.example.test ds=60485 13 2 abcd,1 -1 -1 - "
	  "lock=? registry-lock=? renew=? privacy=? code=? created=2001-02-03 updated=? transferred=2010-01-01 expires=2027-02-03,2026-02-03 data=2026-08-01 contacts=?\n" },
	{ "registrar and contacts", "registry",
	  "{\"ldhName\":\"example.test\",\"entities\":[{\"roles\":[\"registrar\",\"sponsor\"],\"handle\":\"R9\",\"publicIds\":[{\"type\":\"IANA Registrar ID\",\"identifier\":\"292\"}],"
	  "\"vcardArray\":[\"vcard\",[[\"version\",{},\"text\",\"4.0\"],[\"fn\",{},\"text\",\"A Registrar\"]]]},"
	  "{\"roles\":[\"registrant\",\"technical\"],\"handle\":\"C1\",\"vcardArray\":[\"vcard\",[[\"fn\",{},\"text\",\"Ann\"],[\"org\",{},\"text\",\"Example\"],[\"email\",{},\"text\",\"a@example.test\"]]]},"
	  "{\"roles\":[\"administrative\"],\"remarks\":[{\"title\":\"REDACTED FOR PRIVACY\"}]},{\"roles\":[\"noc\"]}]}",
	  "domain example.test registry account=- roid=- registrar=A Registrar id=292 status=? ns=? ds=? " NOTHING
	  " contacts=yes registrant:C1/Example/a@example.test tech:C1/Example/a@example.test admin:-/-/-/withheld\n" },
	{ "what was redacted is withheld (RFC 9537)", "registry", "{\"ldhName\":\"example.test\",\"redacted\":[{\"name\":{\"description\":\"Registrant Email\"},\"method\":\"removal\"}]}",
	  "domain example.test registry account=- roid=- registrar=- id=- status=? ns=? ds=? " NOTHING " contacts=withheld\n" },
	{ "a contact of which a part was redacted", "registry",
	  "{\"ldhName\":\"example.test\",\"entities\":[{\"roles\":[\"registrant\"],\"handle\":\"C1\"}],\"redacted\":[{\"name\":{\"type\":\"Registrant Email\"}}]}",
	  "domain example.test registry account=- roid=- registrar=- id=- status=? ns=? ds=? " NOTHING " contacts=yes registrant:C1/-/-/withheld\n" },

	{ "no domain", "registry", "{\"objectClassName\":\"entity\",\"ldhName\":\"example.test\"}", "!answer: an object of the class \"entity\", not a domain" },
	{ "an error object", "registry", "{\"errorCode\":404,\"title\":\"not found\"}", "!answer: no ldhName" },
	{ "another domain", "registry", "{\"ldhName\":\"other.test\"}", "!answer: it is about other.test, not example.test" },
	{ "a name server without a name", "registry", "{\"ldhName\":\"example.test\",\"nameservers\":[{}]}", "!nameservers: one has no ldhName" },
	{ "a name server that is no name", "registry", "{\"ldhName\":\"example.test\",\"nameservers\":[{\"ldhName\":\"a b\"}]}", "!nameservers: " },
	{ "half an answer", "registry", "{\"ldhName\":\"exam", "!answer" },
	{ "one key twice", "registry", "{\"ldhName\":\"example.test\",\"status\":[],\"status\":[\"active\"]}", "!answer" },
};

static void test_answers(void **state)
{
	(void)state;
	for (size_t i = 0; i < AFD_COUNT(answers); i++) {
		AFD_AUTO(buf) struct afd_buf rows = { 0 };
		AFD_AUTO(mem) char *asked = afd_sprintf("rdap %s example.test https://rdap.test/domain/example.test", answers[i].view);
		struct afd_error err = { 0 };
		const int r = rows_decode("rdap", "src", asked, afd_slice_text(answers[i].json), &rows, &err);

		print_message("# %s\n", answers[i].name);
		if (answers[i].rows[0] == '!') {
			assert_int_equal(r, -1);
			if (!strstr(err.text, answers[i].rows + 1))
				fail_msg("%s", err.text);
			continue;
		}
		if (r < 0)
			fail_msg("%s", err.text);
		assert_string_equal(text_of(rows), answers[i].rows);
	}
}

#define SERVICES(s) "{\"version\":\"1.0\",\"publication\":\"2026-11-01T00:00:00Z\",\"services\":[" s "]}"
#define TWO SERVICES("[[\"test\",\"com\"],[\"http://old.test/\",\"https://rdap.test/v1\"]],[[\"sub.test\"],[\"https://sub.test/\"]]")

static const struct { const char *list, *domain, *base; } servers[] = {
	{ TWO, "example.com", "https://rdap.test/v1/" },                                     /* https before others, "/" at the end */
	{ TWO, "example.sub.test", "https://sub.test/" },                                    /* the longest match */
	{ TWO, "example.xsub.test", "https://rdap.test/v1/" },                               /* by labels, not by letters */
	{ TWO, "example.net", "" },
	{ SERVICES("[[\"\"],[\"https://root.test/\"]]"), "example.net", "https://root.test/" },   /* the root serves all */
	{ SERVICES("[[\"net\"],[\"http://plain.test/\"]]"), "example.net", "http://plain.test/" },  /* told, and refused by the caller */
	{ SERVICES("[[\"net\"],[]],[\"x\"],[[7],[8]],{}"), "example.net", "" },
	{ "{\"services\":{}}", "example.net", "!a list of services" },
	{ "{}", "example.net", "!a list of services" },
	{ "{\"services\":[", "example.net", "!list of RDAP servers" },
};

static void test_servers(void **state)
{
	(void)state;
	for (size_t i = 0; i < AFD_COUNT(servers); i++) {
		char base[AFD_RDAP_URL_MAX];
		struct afd_error err = { 0 };
		const int r = afd_rdap_server(afd_slice_text(servers[i].list), servers[i].domain, base, &err);

		if (servers[i].base[0] == '!') {
			assert_int_equal(r, -1);
			if (!strstr(err.text, servers[i].base + 1))
				fail_msg("%s", err.text);
			continue;
		}
		assert_int_equal(r, 0);
		assert_string_equal(base, servers[i].base);
	}
}

static void test_safe(void **state)
{
	static const struct { const char *url; bool safe; } urls[] = {
		{ "https://rdap.test/", true }, { "http://127.0.0.1:8080/", true }, { "http://rdap.test/", false }, { "http://127.0.0.1.evil.test/", false },
		{ "http://localhost.evil.test/", false }, { "ftp://x/", false }, { "", false }, { NULL, false },
	};

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(urls); i++)
		assert_int_equal(afd_rdap_safe(urls[i].url), urls[i].safe);
}

static void test_related(void **state)
{
	static const struct { const char *links, *url; } rows[] = {
		{ "[{\"rel\":\"self\",\"type\":\"application/rdap+json\",\"href\":\"https://a.test/\"},{\"rel\":\"related\",\"type\":\"application/rdap+json\",\"href\":\"https://b.test/\"}]", "https://b.test/" },
		{ "[{\"rel\":\"related\",\"type\":\"text/html\",\"href\":\"https://b.test/\"}]", "" },
		{ "[{\"rel\":\"related\",\"href\":\"https://b.test/\"}]", "" },
		{ "[]", "" }, { "{}", "" }, { "7", "" },
	};

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(rows); i++) {
		AFD_AUTO(mem) char *json = afd_sprintf("{\"ldhName\":\"example.test\",\"links\":%s}", rows[i].links);
		char url[AFD_RDAP_URL_MAX];

		assert_int_equal(afd_rdap_related(afd_slice_text(json), "example.test", url, NULL), 0);
		assert_string_equal(url, rows[i].url);
	}
}

/* Answers of real servers and of the specifications: what each says, in short. */
static const struct { const char *file, *domain, *has; } samples[] = {
	{ "domain/afnic.fr.json", "afnic.fr", "status=ok ns=" },
	{ "domain/conformance_valid.json", "example.com", "status=clientDeleteProhibited,clientTransferProhibited,clientUpdateProhibited,serverDeleteProhibited,serverTransferProhibited,serverUpdateProhibited" },
	{ "domain/example.cz.json", "example.cz", "contacts=yes" },
	{ "domain/home.moscow.json", "home.moscow", "status=clientTransferProhibited" },
	{ "domain/lemonde.fr.json", "lemonde.fr", "serverRecoverProhibited" },
	{ "domain/lookup_with_redaction.json", "example.com", "/withheld" },
	{ "domain/microsoft.click.json", "microsoft.click", "clientUpdateProhibited,clientTransferProhibited,clientDeleteProhibited" },
	{ "domain/nomulus_rdap_domain.json", "", "!it is about %domain_punycode_name_1%" },   /* a template: "%DOMAIN_PUNYCODE_NAME_1%" */
	{ "domain/nomulus_rdap_domain_deleted.json", "", "!it is about %domain_punycode_name_1%" },
	{ "domain/nomulus_rdap_domain_pending_delete_redemption_grace_period.json", "redemption.lol", "status=pendingDelete,redemptionPeriod" },
	{ "domain/nomulus_rdap_domain_transfer_grace_period.json", "transfer.lol", "status=ok,transferPeriod" },
	{ "domain/nomulus_rdapjson_domain_full_with_history.json", "cat.xn--q9jyb4c", "ds=" },
	{ "domain/xn--fo-5ja.example.json", "xn--fo-5ja.example", "status=locked,transferProhibited" },
	{ "redacted/example-1_empty_value.json", "example-1.net", "/withheld" },
	{ "redacted/example-2_partial_value.json", "example-3.net", "contacts=yes" },
	{ "other/error_ripe_net.json", "example.net", "!no ldhName" },
	{ "other/help_nic_fr.json", "example.net", "!no ldhName" },
};

static char *shared_path(const char *name)
{
	const char *shared = getenv("AFFIDAVIT_SHARED"), *source = getenv("AFFIDAVIT_SOURCE");

	return shared ? afd_sprintf("%s/data/rdap/%s", shared, name) : afd_sprintf("%s/../shared/data/rdap/%s", source ? source : ".", name);
}

static void test_samples(void **state)
{
	AFD_AUTO(mem) char *all = shared_path("*/*.json");
	glob_t found = { 0 };
	size_t seen = 0;

	(void)state;
	if (glob(all, 0, NULL, &found) != 0) {
		afd_mem_release(&all);
		skip();
	}
	for (size_t i = 0; i < found.gl_pathc; i++)
		seen += !strstr(found.gl_pathv[i], "/bootstrap/");
	globfree(&found);
	assert_int_equal(seen, AFD_COUNT(samples));   /* each has its row */
	for (size_t i = 0; i < AFD_COUNT(samples); i++) {
		AFD_AUTO(mem) char *path = shared_path(samples[i].file);
		AFD_AUTO(mem) char *asked = afd_sprintf("rdap registry %s https://x/", *samples[i].domain ? samples[i].domain : "x");
		AFD_AUTO(buf) struct afd_buf bytes = { 0 };
		AFD_AUTO(buf) struct afd_buf rows = { 0 };
		struct afd_error err = { 0 };
		int r;

		assert_int_equal(afd_file_read(path, 1 << 20, &bytes, &err), 0);
		r = rows_decode("rdap", "src", asked, afd_buf_slice(&bytes), &rows, &err);
		if (samples[i].has[0] == '!') {
			assert_int_equal(r, -1);
			if (!strstr(err.text, samples[i].has + 1))
				fail_msg("%s: %s", samples[i].file, err.text);
			continue;
		}
		if (r < 0 || !strstr(text_of(rows), samples[i].has))
			fail_msg("%s: %s%s", samples[i].file, err.text, text_of(rows));
		if (getenv("AFFIDAVIT_SHOW"))
			print_message("%s", text_of(rows));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_servers),
		cmocka_unit_test(test_safe),
		cmocka_unit_test(test_related),
		cmocka_unit_test(test_samples),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
