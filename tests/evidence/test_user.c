/* The user's files: since when a row stands there, what was edited, and that taking away never makes anything better. */
#include "support.h"

/* One version of a file: which decoder and label, when, and its rows. */
struct version { const char *decoder, *label; int64_t at; const char *text; };
struct story {
	const char *name;
	struct version version[5];
	const char *sql, *rows;
	const char *edits;   /* table|key|what|before|after|t */
};

#define INV "inventory", "inventory.yaml"
#define CFG "config", "affidavit.yaml"
#define DOMAINS "SELECT name, owner, in_scope, recorded_at, leaf FROM domain ORDER BY name"
#define A "row domain a.test name=a.test owner=DNS in_scope:=1\n"
#define A_BY_WEB "row domain a.test name=a.test owner=Web in_scope:=1\n"
#define A_BY_NONE "row domain a.test name=a.test owner=_ in_scope:=1\n"
#define B "row domain b.test name=b.test owner=DNS in_scope:=1\n"
#define T "tables domain\n"

#define APP "approvals", "approvals.csv"
#define CREDENTIAL_SCOPES "SELECT credential, type, recorded_at, withdrawn_at FROM credential_scope ORDER BY id"
#define ISSUERS "SELECT domain, valid_to, recorded_at, withdrawn_at FROM approved_issuer ORDER BY id"
#define TC "tables credential_scope\n"
#define WIDE "row credential_scope k credential=k owner=a.test suffix= type=*\n"
#define NARROW "row credential_scope k credential=k owner=a.test suffix= type=TXT\n"
#define TI "tables approved_issuer\n"
#define ISSUER_LONG "row approved_issuer a domain=a.test issuer_key_hash= issuer=CN=x valid_from:=1 valid_to:=9\n"
#define ISSUER_SHORT "row approved_issuer a domain=a.test issuer_key_hash= issuer=CN=x valid_from:=1 valid_to:=5\n"
#define APPROVALS "SELECT id, ticket, subject, valid_to, recorded_at, withdrawn_at, leaf FROM approval ORDER BY id"
#define C1 "row approval C1|a ticket=C1 subject=a.test kind=ns.change valid_from:=1 valid_to:=9 approver=bob\n"
#define C1_LONGER "row approval C1|a ticket=C1 subject=a.test kind=ns.change valid_from:=1 valid_to:=99 approver=bob\n"
#define C2 "row approval C2|b ticket=C2 subject=b.test kind=ns.change valid_from:=1 valid_to:=9 approver=bob\n"

#define SOURCES "SELECT name, kind, scopes, lag_ms, configured, retired_ms, retired_reason, recorded_at FROM source ORDER BY name"
#define SCOPES "SELECT source, evidence, scope, retired_ms, lag_ms FROM source_scope ORDER BY source, scope"
#define S1 "row source s1 name=s1 kind=dns evidence=zone-changes scopes=a.test~b.test basis=tested lag_ms:=5 configured:=1\n"
#define S1_NARROW "row source s1 name=s1 kind=dns evidence=zone-changes scopes=a.test basis=tested lag_ms:=7 configured:=1\n"
#define S1_RETIRED "row source s1 name=s1 configured:=0 retired_ms:=777 retired_reason=shut\n"
#define S2 "row source s2 name=s2 kind=log evidence=zone-claims scopes=a.test basis=tested lag_ms:=0 configured:=1\n"
#define SC1 "row source_scope s1|a source=s1 evidence=zone-changes scope=a.test retired_ms:=9223372036854775807 lag_ms:=5\n" \
            "row source_scope s1|b source=s1 evidence=zone-changes scope=b.test retired_ms:=9223372036854775807 lag_ms:=5\n"
#define TS "tables setting source source_scope\n"

static const struct story stories[] = {
	{ "the first version is no edit",
	  { { INV, 100, T A B "end\n" } },
	  DOMAINS, "a.test|DNS|1|100|0\nb.test|DNS|1|100|0\n", "" },
	{ "what stays the same keeps its time",
	  { { INV, 100, T A B "end\n" }, { INV, 200, T B A "end\n" } },
	  DOMAINS, "a.test|DNS|1|100|0\nb.test|DNS|1|100|0\n", "" },
	{ "what changes gets a new one",
	  { { INV, 100, T A B "end\n" }, { INV, 200, T A_BY_WEB B "end\n" } },
	  DOMAINS, "a.test|Web|1|200|1\nb.test|DNS|1|100|0\n",
	  "domain|a.test|changed|name: a.test; owner: DNS; in_scope: 1|name: a.test; owner: Web; in_scope: 1|200\n" },
	{ "a value that goes away is a change",
	  { { INV, 100, T A "end\n" }, { INV, 200, T A_BY_NONE "end\n" } },
	  DOMAINS, "a.test|_|1|200|1\n",
	  "domain|a.test|changed|name: a.test; owner: DNS; in_scope: 1|name: a.test; in_scope: 1|200\n" },
	{ "what comes and what goes is listed",
	  { { INV, 100, T A "end\n" }, { INV, 200, T B "end\n" } },
	  DOMAINS, "b.test|DNS|1|200|1\n",
	  "domain|b.test|added|_|name: b.test; owner: DNS; in_scope: 1|200\n"
	  "domain|a.test|removed|name: a.test; owner: DNS; in_scope: 1|_|200\n" },
	{ "what comes back is new",
	  { { INV, 100, T A "end\n" }, { INV, 200, T "end\n" }, { INV, 300, T A "end\n" } },
	  DOMAINS, "a.test|DNS|1|300|2\n",
	  "domain|a.test|removed|name: a.test; owner: DNS; in_scope: 1|_|200\n"
	  "domain|a.test|added|_|name: a.test; owner: DNS; in_scope: 1|300\n" },
	{ "an empty first version is a first version",
	  { { INV, 100, T "end\n" }, { INV, 200, T A "end\n" } },
	  DOMAINS, "a.test|DNS|1|200|1\n", "domain|a.test|added|_|name: a.test; owner: DNS; in_scope: 1|200\n" },
	{ "another file name is the next version all the same",
	  { { INV, 100, T A B "end\n" }, { "inventory", "other.yaml", 200, T A "end\n" } },
	  DOMAINS, "a.test|DNS|1|100|0\n", "domain|b.test|removed|name: b.test; owner: DNS; in_scope: 1|_|200\n" },
	{ "a file that does not speak for a table leaves it alone",
	  { { INV, 100, T A "end\n" }, { "policy", "policy.yaml", 200, "tables policy waiver\nend\n" } },
	  DOMAINS, "a.test|DNS|1|100|0\n", "" },
	{ "a version that cannot be read changes nothing",
	  { { INV, 100, T A "end\n" }, { INV, 200, T B "end\nfail broken\n" } },
	  DOMAINS, "a.test|DNS|1|100|0\n", "" },
	{ "no value can pass for two",
	  { { INV, 100, T "row domain a.test name=a.test owner=x;~in_scope:~1 in_scope:=1\nend\n" },
	    { INV, 200, T "row domain a.test name=a.test owner=x in_scope:=1\nend\n" } },
	  DOMAINS, "a.test|x|1|200|1\n",
	  "domain|a.test|changed|name: a.test; owner: x\\; in_scope: 1; in_scope: 1|name: a.test; owner: x; in_scope: 1|200\n" },

	/* approvals */
	{ "an approval counts from the moment at which the ledger saw it",
	  { { APP, 100, "tables approval\n" C1 "end\n" }, { APP, 200, "tables approval\n" C1 C2 "end\n" } },
	  APPROVALS, "1|C1|a.test|9|100|open|0\n2|C2|b.test|9|200|open|1\n",
	  "approval|C2|b|added|_|ticket: C2; subject: b.test; kind: ns.change; valid_from: 1; valid_to: 9; approver: bob|200\n" },
	{ "an approval that is taken out is withdrawn, not gone",
	  { { APP, 100, "tables approval\n" C1 C2 "end\n" }, { APP, 200, "tables approval\n" C2 "end\n" } },
	  APPROVALS, "1|C1|a.test|9|100|200|0\n2|C2|b.test|9|100|open|0\n",
	  "approval|C1|a|removed|ticket: C1; subject: a.test; kind: ns.change; valid_from: 1; valid_to: 9; approver: bob|_|200\n" },
	{ "one that comes back is a new one",
	  { { APP, 100, "tables approval\n" C1 "end\n" }, { APP, 200, "tables approval\nend\n" }, { APP, 300, "tables approval\n" C1 "end\n" } },
	  APPROVALS, "1|C1|a.test|9|100|200|0\n2|C1|a.test|9|300|open|2\n",
	  "approval|C1|a|removed|ticket: C1; subject: a.test; kind: ns.change; valid_from: 1; valid_to: 9; approver: bob|_|200\n"
	  "approval|C1|a|added|_|ticket: C1; subject: a.test; kind: ns.change; valid_from: 1; valid_to: 9; approver: bob|300\n" },
	{ "one that is made longer is withdrawn and a new one",
	  { { APP, 100, "tables approval\n" C1 "end\n" }, { APP, 200, "tables approval\n" C1_LONGER "end\n" } },
	  APPROVALS, "1|C1|a.test|9|100|200|0\n2|C1|a.test|99|200|open|1\n",
	  "approval|C1|a|added|_|ticket: C1; subject: a.test; kind: ns.change; valid_from: 1; valid_to: 99; approver: bob|200\n"
	  "approval|C1|a|removed|ticket: C1; subject: a.test; kind: ns.change; valid_from: 1; valid_to: 9; approver: bob|_|200\n" },
	{ "each file of approvals has its own",
	  { { APP, 100, "tables approval\n" C1 "end\n" }, { "approvals", "more.csv", 200, "tables approval\n" C2 "end\n" },
	    { "approvals", "more.csv", 300, "tables approval\nend\n" } },
	  APPROVALS, "1|C1|a.test|9|100|open|0\n2|C2|b.test|9|200|300|1\n",
	  "approval|C2|b|added|_|ticket: C2; subject: b.test; kind: ns.change; valid_from: 1; valid_to: 9; approver: bob|200\n"
	  "approval|C2|b|removed|ticket: C2; subject: b.test; kind: ns.change; valid_from: 1; valid_to: 9; approver: bob|_|300\n" },
	{ "ledger time never runs backwards: a clock that was set back makes nothing older",
	  { { INV, 5000, T A "end\n" }, { APP, 100, "tables approval\n" C1 "end\n" }, { APP, 200, "tables approval\nend\n" } },
	  APPROVALS, "1|C1|a.test|9|5000|5000|1\n",
	  "approval|C1|a|removed|ticket: C1; subject: a.test; kind: ns.change; valid_from: 1; valid_to: 9; approver: bob|_|5000\n" },

	/* what a credential is for, and who may issue: what was done while a row stood there is judged by it */
	{ "a scope that is narrowed was as wide before",
	  { { INV, 100, TC WIDE "end\n" }, { INV, 200, TC NARROW "end\n" } },
	  CREDENTIAL_SCOPES, "k|*|100|200\nk|TXT|200|open\n",
	  "credential_scope|k|added|_|credential: k; owner: a.test; suffix: ; type: TXT|200\n"
	  "credential_scope|k|removed|credential: k; owner: a.test; suffix: ; type: *|_|200\n" },
	{ "one that stays keeps its time, whatever file says so",
	  { { INV, 100, TC WIDE "end\n" }, { "inventory", "other.yaml", 200, TC WIDE "end\n" } },
	  CREDENTIAL_SCOPES, "k|*|100|open\n", "" },
	{ "an issuer whose time is cut short",
	  { { INV, 100, TI ISSUER_LONG "end\n" }, { INV, 200, TI ISSUER_SHORT "end\n" } },
	  ISSUERS, "a.test|9|100|200\na.test|5|200|open\n",
	  "approved_issuer|a|added|_|domain: a.test; issuer_key_hash: ; issuer: CN=x; valid_from: 1; valid_to: 5|200\n"
	  "approved_issuer|a|removed|domain: a.test; issuer_key_hash: ; issuer: CN=x; valid_from: 1; valid_to: 9|_|200\n" },

	/* sources */
	{ "a source, and its scopes one by one",
	  { { CFG, 100, TS S1 SC1 "end\n" } },
	  SCOPES, "s1|zone-changes|a.test|open|5\ns1|zone-changes|b.test|open|5\n", "" },
	{ "a source that is dropped stays, not configured",
	  { { CFG, 100, TS S1 S2 SC1 "end\n" }, { CFG, 200, TS S2 "end\n" } },
	  SOURCES, "s1|dns|a.test b.test|5|0|_|_|100\ns2|log|a.test|0|1|_|_|100\n",
	  "source|s1|removed|name: s1; kind: dns; evidence: zone-changes; scopes: a.test b.test; basis: tested; lag_ms: 5; configured: 1|_|200\n" },
	{ "and its scopes stay expected",
	  { { CFG, 100, TS S1 S2 SC1 "end\n" }, { CFG, 200, TS S2 "end\n" } },
	  SCOPES, "s1|zone-changes|a.test|open|5\ns1|zone-changes|b.test|open|5\ns2|zone-claims|a.test|open|0\n",
	  "source|s1|removed|name: s1; kind: dns; evidence: zone-changes; scopes: a.test b.test; basis: tested; lag_ms: 5; configured: 1|_|200\n" },
	{ "a scope that is taken from a source stays expected",
	  { { CFG, 100, TS S1 SC1 "end\n" }, { CFG, 200, TS S1_NARROW "end\n" } },
	  SCOPES, "s1|zone-changes|a.test|open|7\ns1|zone-changes|b.test|open|5\n",
	  "source|s1|changed|name: s1; kind: dns; evidence: zone-changes; scopes: a.test b.test; basis: tested; lag_ms: 5; configured: 1"
	  "|name: s1; kind: dns; evidence: zone-changes; scopes: a.test; basis: tested; lag_ms: 7; configured: 1|200\n" },
	{ "a source that is retired keeps what it was",
	  { { CFG, 100, TS S1 SC1 "end\n" }, { CFG, 200, TS S1_RETIRED "end\n" } },
	  SOURCES, "s1|dns|a.test b.test|5|0|777|shut|200\n",
	  "source|s1|changed|name: s1; kind: dns; evidence: zone-changes; scopes: a.test b.test; basis: tested; lag_ms: 5; configured: 1"
	  "|name: s1; configured: 0; retired_ms: 777; retired_reason: shut|200\n" },
	{ "and is not expected from then on",
	  { { CFG, 100, TS S1 S2 SC1 "end\n" }, { CFG, 200, TS S1_RETIRED S2 "end\n" } },
	  SCOPES, "s1|zone-changes|a.test|777|5\ns1|zone-changes|b.test|777|5\ns2|zone-claims|a.test|open|0\n",
	  "source|s1|changed|name: s1; kind: dns; evidence: zone-changes; scopes: a.test b.test; basis: tested; lag_ms: 5; configured: 1"
	  "|name: s1; configured: 0; retired_ms: 777; retired_reason: shut|200\n" },
	{ "taking the retirement out makes it expected again",
	  { { CFG, 100, TS S1 SC1 "end\n" }, { CFG, 200, TS S1_RETIRED "end\n" }, { CFG, 300, TS "end\n" } },
	  SCOPES, "s1|zone-changes|a.test|open|5\ns1|zone-changes|b.test|open|5\n",
	  "source|s1|changed|name: s1; kind: dns; evidence: zone-changes; scopes: a.test b.test; basis: tested; lag_ms: 5; configured: 1"
	  "|name: s1; configured: 0; retired_ms: 777; retired_reason: shut|200\n"
	  "source|s1|removed|name: s1; configured: 0; retired_ms: 777; retired_reason: shut|_|300\n" },
	{ "configured and retired in two rows of one file is one source",
	  { { CFG, 100, TS S1 "row source s1 name=s1 retired_ms:=900 retired_reason=moving\nend\n" } },
	  SOURCES, "s1|dns|a.test b.test|5|1|900|moving|100\n", "" },
	{ "retired, and never configured as far as we know",
	  { { CFG, 100, TS S1_RETIRED "end\n" } },
	  SOURCES, "s1|||0|0|777|shut|100\n", "" },
	{ "a source that comes back with the same words is recorded anew",
	  { { CFG, 100, TS S1 "end\n" }, { CFG, 200, TS "end\n" }, { CFG, 300, TS S1 "end\n" } },
	  SOURCES, "s1|dns|a.test b.test|5|1|_|_|300\n",
	  "source|s1|removed|name: s1; kind: dns; evidence: zone-changes; scopes: a.test b.test; basis: tested; lag_ms: 5; configured: 1|_|200\n"
	  "source|s1|added|_|name: s1; kind: dns; evidence: zone-changes; scopes: a.test b.test; basis: tested; lag_ms: 5; configured: 1|300\n" },
};

static void check(struct afd_store *s, const struct story *y, const char *sql, const char *expected)
{
	AFD_AUTO(mem) char *got = rows(s, sql);

	if (strcmp(got, expected) != 0) {
		print_error("%s: %s\nexpected:\n%sgot:\n%s", y->name, sql, expected, got);
		fail();
	}
}

static void test_stories(void **state)
{
	(void)state;
	for (size_t i = 0; i < AFD_COUNT(stories); i++) {
		const struct story *y = &stories[i];
		struct afd_store *at_once = memory_store(), *step_by_step = memory_store();
		struct world w = { .now = 1 }, w2 = { .now = 1 };
		AFD_AUTO(mem) char *one = NULL;
		AFD_AUTO(mem) char *other = NULL;

		for (size_t k = 0; k < AFD_COUNT(y->version) && y->version[k].text; k++) {
			const struct version *v = &y->version[k];

			put_kind(at_once, &w, AFD_ITEM_FILE, "user", v->decoder, v->label, v->at, v->text);
			put_kind(step_by_step, &w2, AFD_ITEM_FILE, "user", v->decoder, v->label, v->at, v->text);
			sequence(step_by_step);
			derive(step_by_step);
		}
		sequence(at_once);
		derive(at_once);
		check(at_once, y, y->sql, y->rows);
		check(at_once, y, "SELECT table_name, key, what, before_value, after_value, t FROM scope_edit ORDER BY id", y->edits);
		check(at_once, y, "SELECT reason FROM decode_error WHERE reason <> 'broken'", "");
		one = dump_derived(at_once);
		other = dump_derived(step_by_step);
		assert_string_equal(one, other);
		afd_store_close(at_once);
		afd_store_close(step_by_step);
	}
}

/* Every table that files fill takes its rows. */
static const struct { const char *text, *sql, *rows; } tables[] = {
	{ "tables setting\nrow setting organisation name=organisation value=Example\nend\n", "SELECT * FROM setting", "organisation|Example|100|0|0\n" },
	{ "tables service\nrow service shop name=shop host=shop.test owner=_\nend\n", "SELECT * FROM service", "shop|shop.test|_|_|_|_|_|_|_|_|100|0|0\n" },
	{ "tables credential\nrow credential k1 id=k1 kind=tsig-key owner=Web purpose=_\nend\n", "SELECT * FROM credential", "k1|tsig-key|Web|_|_|_|_|_|_|_|_|_|_|_|_|_|_|100|0|0\n" },
	{ "tables credential_scope\nrow credential_scope k1 credential=k1 owner=*.x.test suffix=.x.test type=*\nend\n",
	  "SELECT * FROM credential_scope", "1|k1|*.x.test|.x.test|*|100|open|0|0\n" },
	{ "tables approved_issuer\nrow approved_issuer a domain=a.test issuer_key_hash=ab issuer=CN=x valid_from:=1 valid_to:=2\nend\n",
	  "SELECT * FROM approved_issuer", "1|a.test|ab|CN=x|1|2|100|open|0|0\n" },
	{ "tables waiver\nrow waiver W1 id=W1 finding=F standing:=0 owner=DNS approver=CISO reason=r granted:=3 expires:=5\nend\n",
	  "SELECT * FROM waiver", "W1|F|_|_|_|0|DNS|CISO|r|3|5|100|0|0\n" },
	{ "tables policy\nrow policy c|p check_id=c name=p value=24h\nend\n", "SELECT * FROM policy", "c|p|24h|100|0|0\n" },
};

static void test_tables(void **state)
{
	(void)state;
	for (size_t i = 0; i < AFD_COUNT(tables); i++) {
		struct afd_store *s = memory_store();
		struct world w = { .now = 1 };

		put_text(s, &w, "user", "file", 100, tables[i].text);
		sequence(s);
		derive(s);
		assert_rows(s, "SELECT reason FROM decode_error", "");
		assert_rows(s, tables[i].sql, tables[i].rows);
		afd_store_close(s);
	}
}

/* What a decoder may not do with the user's tables: the item gives a fault and nothing else. */
static const struct { const char *text, *reason; } refused[] = {
	{ "tables event\nend\n", "no file speaks for a table event" },
	{ "tables scope_edit\nend\n", "no file speaks for a table scope_edit" },
	{ T "row service shop name=shop host=x\nend\n", "a row of service outside of a file that speaks for it" },
	{ "row domain a.test name=a.test in_scope:=1\n", "a row of domain outside of a file that speaks for it" },
	{ T "row domain a.test name=a.test in_scope:=1 colour=red\nend\n", "domain a.test: domain has no column colour that a file may fill" },
	{ T "row domain a.test name=a.test in_scope:=1 recorded_at:=1\nend\n", "domain has no column recorded_at that a file may fill" },
	{ "tables approval\nrow approval C1 id:=7 ticket=C1\nend\n", "approval has no column id that a file may fill" },
	{ "tables approval\nrow approval C1 withdrawn_at:=7 ticket=C1\nend\n", "approval has no column withdrawn_at that a file may fill" },
	{ T "row domain a.test name=a.test\nend\n", "domain a.test: NOT NULL constraint failed: domain.in_scope" },
	{ T "row domain a.test name=a.test in_scope=yes\nend\n", "domain a.test: cannot store TEXT value in INTEGER column domain.in_scope" },
	{ T A A_BY_WEB "end\n", "domain a.test: it stands there twice" },
	{ T A, "the decoder left a file of the user open" },
	{ T T "end\n", "a file of the user was begun twice" },
	{ "end\n", "a file of the user was ended that was not begun" },
};

static void test_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < AFD_COUNT(refused); i++) {
		struct afd_store *s = memory_store();
		struct world w = { .now = 1 };
		AFD_AUTO(mem) char *got = NULL;

		put_text(s, &w, "user", "file", 100, refused[i].text);
		sequence(s);
		derive(s);
		got = rows(s, "SELECT reason FROM decode_error");
		if (!strstr(got, refused[i].reason))
			fail_msg("%s\nexpected: %s\ngot: %s", refused[i].text, refused[i].reason, got);
		assert_rows(s, "SELECT count(*) FROM domain", "0\n");
		assert_rows(s, "SELECT count(*) FROM user_row", "0\n");
		assert_rows(s, "SELECT count(*) FROM user_file", "0\n");
		afd_store_close(s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stories),
		cmocka_unit_test(test_tables),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests_name("evidence user", tests, NULL, NULL);
}
