/* The inventory in all its forms: YAML, CSV, several files; and exports of ticket systems. What each mistake is answered with. */
#include "rows.h"

#include "collector/collect.h"
#include "collector/files/several.h"

/* --- the same in YAML and in CSV --- */

static const struct { const char *yaml, *label, *csv, *rows; } forms[] = {
	{ "domains:\n  - {name: A.test, owner: o, tier: critical, environment: prod, registrar: \"1910\", in_scope: true, issuers: [\"CN=X,O=Y\"], "
	  "addresses: [192.0.2.0/24, 198.51.100.1]}\n",
	  "domains.csv", "name,owner,tier,environment,registrar,in_scope,issuers,addresses\nA.test,o,critical,prod,1910,yes,\"CN=X,O=Y\",192.0.2.0/24; 198.51.100.1\n",
	  "domain [a.test] name='a.test' zone='a.test' owner='o' in_scope=1 tier='critical' environment='prod' registrar='1910'\n"
	  "domain_address [a.test|192.0.2.0/24] domain='a.test' prefix='192.0.2.0/24'\n"
	  "domain_address [a.test|198.51.100.1/32] domain='a.test' prefix='198.51.100.1/32'\n"
	  "approved_issuer [a.test||CN=X,O=Y|0] domain='a.test' issuer_key_hash='' issuer='CN=X,O=Y' valid_from=0 valid_to=forever\n" },
	{ "zones:\n  - {name: a.test, owner: o, tier: high, signed: true, supplier: S}\n  - {name: b.test, signed: false}\n  - {name: c.test}\n",
	  "zones-emea.csv", "name,owner,tier,signed,supplier\na.test,o,high,true,S\nb.test,,,no,\nc.test,,,,\n",
	  "owned_zone [a.test] name='a.test' owner='o' tier='high' signed=1 supplier='S'\n"
	  "owned_zone [b.test] name='b.test' signed=0\nowned_zone [c.test] name='c.test'\n" },
	{ "services:\n  - {name: shop, host: \"*.a.test\", owner: o, tier: low, exposure: public, renewal: automatic, validation: dns-01, retired: 2026-05-01}\n",
	  "services.csv", "name,host,owner,tier,exposure,renewal,validation,retired\nshop,*.a.test,o,low,public,automatic,dns-01,2026-05-01\n",
	  "service [shop] name='shop' host='*.a.test' owner='o' tier='low' exposure='public' renewal='automatic' validation='dns-01' retired_ms=1777593600000\n" },
	{ "certificates:\n  - {id: c1, host: www.a.test, owner: o, serial: \"0a1b\", issuer: CN=X}\n",
	  "certificates.csv", "id,host,owner,serial,issuer\nc1,www.a.test,o,0a1b,CN=X\n",
	  "owned_certificate [c1] id='c1' host='www.a.test' owner='o' serial='0a1b' issuer='CN=X'\n" },
	{ "people:\n  - {id: ann, name: Ann B, email: ann@a.test, team: dns, role: admin, left: 2026-01-01, logins: [ann, ann@a.test]}\n  - {id: dns, kind: team}\n",
	  "people.csv", "id,kind,name,email,team,role,left,logins\nann,,Ann B,ann@a.test,dns,admin,2026-01-01,ann; ann@a.test\ndns,team,,,,,,\n",
	  "person [ann] id='ann' kind='person' name='Ann B' email='ann@a.test' team='dns' role='admin' left_ms=1767225600000\n"
	  "actor [ann|] name='ann' account='' kind='person' person='ann'\nactor [ann@a.test|] name='ann@a.test' account='' kind='person' person='ann'\n"
	  "person [dns] id='dns' kind='team'\n" },
	{ "actors:\n  - {name: bot, account: acct, kind: automation}\n",
	  "actors.csv", "name,account,kind\nbot,acct,automation\n",
	  "actor [bot|acct] name='bot' account='acct' kind='automation'\n" },
	{ "credentials:\n  - {id: K., kind: tsig-key, owner: o, class: privileged, interactive: false, federated: true, issued: 2026-01-01, "
	  "rotated: 2026-02-01, expires: never, leaked: 2026-03-01, storage: vault, writes: [{owner: _acme-challenge.a.test, types: [TXT]}, {owner: \"*.d.a.test\", types: [A, AAAA]}]}\n",
	  "credentials.csv", "id,kind,owner,class,interactive,federated,issued,rotated,expires,leaked,storage,writes\n"
	  "K.,tsig-key,o,privileged,no,yes,2026-01-01,2026-02-01,never,2026-03-01,vault,_acme-challenge.a.test TXT; *.d.a.test A AAAA\n",
	  "credential [k] id='k' kind='tsig-key' owner='o' class='privileged' interactive=0 federated=1 issued_ms=1767225600000 rotated_ms=1769904000000 "
	  "expires_ms=forever leaked_ms=1772323200000 storage='vault'\n"
	  "credential_scope [k|_acme-challenge.a.test|TXT] credential='k' owner='_acme-challenge.a.test' suffix='' type='TXT'\n"
	  "credential_scope [k|*.d.a.test|A] credential='k' owner='*.d.a.test' suffix='.d.a.test' type='A'\n"
	  "credential_scope [k|*.d.a.test|AAAA] credential='k' owner='*.d.a.test' suffix='.d.a.test' type='AAAA'\n" },
	{ "suppliers:\n  - {name: Reg, kind: registrar, tier: critical, owner: o, contract: C-1, reviewed: 2026-01-01, name_servers: [\"*.ns.test\"], "
	  "targets: [cdn.test], registrars: [\"1910\"], issuers: [\"O=CA\"], accounts: [acct]}\n",
	  "suppliers.csv", "name,kind,tier,owner,contract,reviewed,name_servers,targets,registrars,issuers,accounts\n"
	  "Reg,registrar,critical,o,C-1,2026-01-01,*.ns.test,cdn.test,1910,O=CA,acct\n",
	  "supplier [Reg] name='Reg' kind='registrar' tier='critical' owner='o' contract='C-1' reviewed_ms=1767225600000\n"
	  "supplier_name [Reg|name-server|*.ns.test] supplier='Reg' kind='name-server' name='*.ns.test' suffix='.ns.test'\n"
	  "supplier_name [Reg|target|cdn.test] supplier='Reg' kind='target' name='cdn.test' suffix=''\n"
	  "supplier_name [Reg|registrar|1910] supplier='Reg' kind='registrar' name='1910' suffix=''\n"
	  "supplier_name [Reg|issuer|O=CA] supplier='Reg' kind='issuer' name='O=CA' suffix=''\n"
	  "supplier_name [Reg|account|acct] supplier='Reg' kind='account' name='acct' suffix=''\n" },
	{ "environments:\n  - {name: prod, kind: production, owner: o, names: [www.a.test, \"*.b.test\"]}\n",
	  "environments.csv", "name,kind,owner,names\nprod,production,o,www.a.test;*.b.test\n",
	  "environment [prod] name='prod' kind='production' owner='o'\n"
	  "environment_name [prod|www.a.test] environment='prod' name='www.a.test' suffix=''\n"
	  "environment_name [prod|*.b.test] environment='prod' name='*.b.test' suffix='.b.test'\n" },
	{ "windows:\n  - {kind: freeze, scope: a.test, from: 2026-01-01, to: 2026-01-02}\n"
	  "  - {kind: hours, days: [mon, fri], hours: \"07:00-24:00\", utc_offset: \"+01:00\", valid_from: 2026-01-01}\n  - {kind: change, days: [sun]}\n",
	  "windows.csv", "kind,scope,from,to,days,hours,utc_offset,valid_from\nfreeze,a.test,2026-01-01,2026-01-02,,,,\nhours,,,,mon;fri,07:00-24:00,+01:00,2026-01-01\nchange,,,,sun,,,\n",
	  "change_window [freeze|a.test|2026-01-01T00:00:00.000Z|2026-01-02T00:00:00.000Z] kind='freeze' scope='a.test' valid_from=1767225600000 valid_to=1767312000000\n"
	  "change_window [hours||2026-01-01T00:00:00.000Z|forever|17|420-1440|60] kind='hours' scope='' valid_from=1767225600000 valid_to=forever days=17 minute_from=420 minute_to=1440 offset_min=60\n"
	  "change_window [change||1970-01-01T00:00:00.000Z|forever|64|0-1440|0] kind='change' scope='' valid_from=0 valid_to=forever days=64 minute_from=0 minute_to=1440 offset_min=0\n" },
	{ "attestations:\n  - {ref: A-1, kind: recovery-test, subject: A.test., dated: 2026-01-01, author: ann, approver: bob, document: wiki/1, "
	  "sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855}\n",
	  "attestations.csv", "ref,kind,subject,dated,author,approver,document,sha256\nA-1,recovery-test,A.test.,2026-01-01,ann,bob,wiki/1,"
	  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n",
	  "attestation [A-1|recovery-test|a.test] ref='A-1' kind='recovery-test' subject='a.test' dated_ms=1767225600000 expires_ms=forever author='ann' approver='bob' "
	  "document='wiki/1' sha256='e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'\n" },
	{ "responses:\n  - {finding: AKL6VHIADK7HCHLL, ticket: T-1, owner: ann, acknowledged: 2026-01-01, closed: 2026-01-02, closed_by: bob, outcome: fixed}\n",
	  "responses.csv", "finding,ticket,owner,acknowledged,closed,closed_by,outcome\nAKL6VHIADK7HCHLL,T-1,ann,2026-01-01,2026-01-02,bob,fixed\n",
	  "response [AKL6VHIADK7HCHLL|T-1] finding='AKL6VHIADK7HCHLL' ticket='T-1' owner='ann' acknowledged_ms=1767225600000 closed_ms=1767312000000 "
	  "closed_by='bob' outcome='fixed'\n" },
};

/* Rows alone, sorted: the forms tell them in other orders. */
static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void sorted(const char *text, struct afd_buf *ret)
{
	AFD_AUTO(mem) char *copy = afd_strdup(text);
	char *line[64], *save = NULL;
	size_t n = 0;

	for (char *p = strtok_r(copy, "\n", &save); p && n < AFD_COUNT(line); p = strtok_r(NULL, "\n", &save))
		if (strncmp(p, "speaks", 6) != 0 && strcmp(p, "end") != 0 && strcmp(p, "domain [other.test] name='other.test' zone='other.test' in_scope=1") != 0)
			line[n++] = p;
	qsort(line, n, sizeof(*line), by_text);
	for (size_t i = 0; i < n; i++)
		afd_buf_printf(ret, "%s\n", line[i]);
}

static void expect_rows(const char *decoder, const char *label, struct afd_slice bytes, const char *rows)
{
	AFD_AUTO(buf) struct afd_buf got = { 0 };
	AFD_AUTO(buf) struct afd_buf a = { 0 };
	AFD_AUTO(buf) struct afd_buf b = { 0 };
	struct afd_error err = { 0 };

	if (rows_decode(decoder, "user", label, bytes, &got, &err) < 0)
		fail_msg("%s: %s", label, err.text);
	sorted(text_of(got), &a);
	sorted(rows, &b);
	assert_string_equal(text_of(a), text_of(b));
}

#define OTHER "domains: [{name: other.test}]\n"

static void both_forms_say_the_same(void **state)
{
	(void)state;
	for (size_t i = 0; i < AFD_COUNT(forms); i++) {
		const bool domains = strncmp(forms[i].yaml, "domains", 7) == 0;
		AFD_AUTO(mem) char *yaml = afd_sprintf("%s%s", domains ? "" : OTHER, forms[i].yaml);
		AFD_AUTO(buf) struct afd_buf both = { 0 };

		expect_rows("inventory", "inventory.yaml", afd_slice_text(yaml), forms[i].rows);
		assert_int_equal(afd_several_head(&both, NULL), 0);
		if (!domains)
			assert_int_equal(afd_several_file(&both, NULL, "inventory.yaml", afd_slice_text(OTHER), NULL), 0);
		assert_int_equal(afd_several_file(&both, NULL, forms[i].label, afd_slice_text(forms[i].csv), NULL), 0);
		expect_rows("inventory", "inventory.yaml and more", afd_buf_slice(&both), forms[i].rows);
	}
}

static void a_whole_inventory_is_one_table(void **state)
{
	(void)state;
	expect_rows("inventory", "assets.csv", afd_slice_text("section,name,host,owner,kind,id\ndomains,a.test,,o,,\nservices,shop,www.a.test,p,,\ncredentials,,,q,api-token,t\n"),
		"domain [a.test] name='a.test' zone='a.test' owner='o' in_scope=1\nservice [shop] name='shop' host='www.a.test' owner='p'\n"
		"credential [t] id='t' kind='api-token' owner='q'\n");
}

static void attestations_and_responses_have_files_of_their_own(void **state)
{
	(void)state;
	for (size_t i = AFD_COUNT(forms) - 2; i < AFD_COUNT(forms); i++) {
		const char *decoder = i == AFD_COUNT(forms) - 1 ? "responses" : "attestations";

		expect_rows(decoder, "x.yaml", afd_slice_text(forms[i].yaml), forms[i].rows);
		expect_rows(decoder, "x.csv", afd_slice_text(forms[i].csv), forms[i].rows);
	}
}

/* --- several files, documents --- */

static int read_named(void *ctx, const char *path, struct afd_buf *ret, struct afd_error *err)
{
	const char *const *file = ctx;

	for (; *file; file += 2)
		if (strcmp(file[0], path) == 0)
			return afd_buf_text(ret, file[1]);
	return afd_fail(err, AFD_E_IO, "%s: no such file", path);
}

static void one_file_stands_as_it_is(void **state)
{
	static const char *const files[] = { "i.yaml", OTHER, NULL };
	AFD_AUTO(buf) struct afd_buf got = { 0 };
	struct afd_error err = { 0 };

	(void)state;
	assert_int_equal(afd_user_item("inventory", "i.yaml", &(struct afd_user_part){ .path = "i.yaml" }, 1, read_named, (void *)files, &got, &err), 0);
	assert_string_equal(text_of(got), OTHER);
}

static void a_section_is_said_of_a_file(void **state)
{
	static const char *const files[] = { "names.csv", "name\na.test\n", NULL };
	AFD_AUTO(buf) struct afd_buf got = { 0 };
	struct afd_error err = { 0 };

	(void)state;
	assert_int_equal(afd_user_item("inventory", "names.csv", &(struct afd_user_part){ "names.csv", "domains" }, 1, read_named, (void *)files, &got, &err), 0);
	assert_string_equal(text_of(got), "affidavit files 1\nfile domains 12 names.csv\nname\na.test\n\n");
	expect_rows("inventory", "names.csv", afd_buf_slice(&got), "domain [a.test] name='a.test' zone='a.test' in_scope=1\n");
}

/* The document stays outside; its digest goes in, under its path as the configuration would write it. */
static void a_document_is_hashed(void **state)
{
	static const char *const files[] = { "gov/a.yaml", "attestations:\n  - {ref: A, kind: policy-review, dated: 2026-01-01, author: ann, file: policy.pdf}\n",
		"gov/policy.pdf", "", NULL };
	AFD_AUTO(buf) struct afd_buf got = { 0 };
	struct afd_error err = { 0 };

	(void)state;
	assert_int_equal(afd_user_item("attestations", "gov/a.yaml", &(struct afd_user_part){ .path = "gov/a.yaml" }, 1, read_named, (void *)files, &got, &err), 0);
	assert_non_null(strstr(text_of(got), "\ndigest e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 gov/policy.pdf\n"));
	expect_rows("attestations", "gov/a.yaml", afd_buf_slice(&got),
		"attestation [A|policy-review|] ref='A' kind='policy-review' subject='' dated_ms=1767225600000 expires_ms=forever author='ann' "
		"document='policy.pdf' sha256='e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'\n");
}

static void a_document_that_is_gone_is_named(void **state)
{
	static const char *const files[] = { "a.yaml", "attestations:\n  - {ref: A, kind: policy-review, dated: 2026-01-01, author: ann, file: policy.pdf}\n", NULL };
	AFD_AUTO(buf) struct afd_buf got = { 0 };
	struct afd_error err = { 0 };

	(void)state;
	assert_int_equal(afd_user_item("attestations", "a.yaml", &(struct afd_user_part){ .path = "a.yaml" }, 1, read_named, (void *)files, &got, &err), -1);
	assert_string_equal(err.text, "a.yaml:2: a document that it names: policy.pdf: no such file");
}

/* --- tickets --- */

#define MAP "format: csv\nstatus: {from: Status, in: [Approved, Done]}\nvalid_for: 4h\nfields:\n  ticket: Key\n  subject: Names\n" \
	"  kind: {from: Type, words: {Name servers: ns.change, Signing: ds.change}}\n  valid_from: Start\n  valid_to: End\n  approver: Approved by\n  requester: Reporter\n"

static void tickets(const char *map, const char *name, const char *export, struct afd_buf *ret)
{
	assert_int_equal(afd_several_head(ret, NULL), 0);
	assert_int_equal(afd_several_file(ret, "map", "map.yaml", afd_slice_text(map), NULL), 0);
	assert_int_equal(afd_several_file(ret, NULL, name, afd_slice_text(export), NULL), 0);
}

static void approved_tickets_are_approvals(void **state)
{
	AFD_AUTO(buf) struct afd_buf got = { 0 };

	(void)state;
	tickets(MAP, "t.csv", "Key,Names,Type,Start,End,Approved by,Reporter,Status,Cost\n"
		"T-1,\"a.test, b.test\",Name servers,2026-01-01T10:00:00Z,2026-01-01T12:00:00+01:00,Bob,Ann,Approved,3\n"
		"T-2,a.test,Signing,2026-01-01,,Bob,,Done,\n"
		"T-3,a.test,Signing,2026-01-01,,,,Open,\n"
		"T-4,printer,Toner,,,,,Approved,\n", &got);
	expect_rows("approvals", "t.csv", afd_buf_slice(&got),
		"approval [T-1|a.test|ns.change|2026-01-01T10:00:00.000Z|2026-01-01T11:00:00.000Z] ticket='T-1' subject='a.test' kind='ns.change' "
		"valid_from=1767261600000 valid_to=1767265200000 approver='Bob' requester='Ann'\n"
		"approval [T-1|b.test|ns.change|2026-01-01T10:00:00.000Z|2026-01-01T11:00:00.000Z] ticket='T-1' subject='b.test' kind='ns.change' "
		"valid_from=1767261600000 valid_to=1767265200000 approver='Bob' requester='Ann'\n"
		"approval [T-2|a.test|ds.change|2026-01-01T00:00:00.000Z|2026-01-01T04:00:00.000Z] ticket='T-2' subject='a.test' kind='ds.change' "
		"valid_from=1767225600000 valid_to=1767240000000 approver='Bob'\n");
}

static void tickets_as_json_lines(void **state)
{
	AFD_AUTO(buf) struct afd_buf got = { 0 };

	(void)state;
	tickets("format: json-lines\nstatus: {from: state.name, in: [approved]}\nform: \"%d.%m.%Y %H:%M\"\nzone: \"+02:00\"\nfields: {ticket: id, subject: zone, "
		"kind: verb, valid_from: from, valid_to: to, approver: by}\n", "t.jsonl",
		"{\"id\":\"7\",\"zone\":\"a.test\",\"verb\":\"ns.change\",\"from\":\"01.01.2026 02:00\",\"to\":\"01.01.2026 03:00\",\"by\":\"Bob\",\"state\":{\"name\":\"approved\"}}\n", &got);
	expect_rows("approvals", "t.jsonl", afd_buf_slice(&got),
		"approval [7|a.test|ns.change|2026-01-01T00:00:00.000Z|2026-01-01T01:00:00.000Z] ticket='7' subject='a.test' kind='ns.change' "
		"valid_from=1767225600000 valid_to=1767229200000 approver='Bob'\n");
}

static void an_old_head_keeps_working(void **state)
{
	(void)state;
	expect_rows("approvals", "a.csv", afd_slice_text("requester,ticket,subject,kind,valid_from,valid_to,approver\nAnn,T,a.test,ns.change,2026-01-01,2026-01-02,Bob\n"
		",U,a.test,ns.change,2026-01-01,2026-01-02,Bob\n"),
		"approval [T|a.test|ns.change|2026-01-01T00:00:00.000Z|2026-01-02T00:00:00.000Z] ticket='T' subject='a.test' kind='ns.change' "
		"valid_from=1767225600000 valid_to=1767312000000 approver='Bob' requester='Ann'\n"
		"approval [U|a.test|ns.change|2026-01-01T00:00:00.000Z|2026-01-02T00:00:00.000Z] ticket='U' subject='a.test' kind='ns.change' "
		"valid_from=1767225600000 valid_to=1767312000000 approver='Bob'\n");
}

/* --- mistakes: file, line, field, found, expected --- */

#define D "domains: [{name: a.test}]\n"
#define ENV "environments:\n  - {name: production, kind: production, names: [www.a.test, \"*.p.test\"]}\n  - {name: test, kind: test, names: [\"*.t.test\"]}\n"

static const struct { const char *decoder, *label, *text, *error; } mistakes[] = {
	{ "inventory", "i.yaml", D "domans: []\n",
	  "i.yaml:2: domans: unknown field, perhaps domains; known here: domains, zones, services, certificates, people, actors, credentials, suppliers, environments, windows, attestations, responses" },
	{ "inventory", "i.yaml", "domains: [{name: a.test, tier: crit}]\n",
	  "i.yaml:1: domains[0].tier: expected critical, high, normal or low (perhaps critical), got \"crit\"" },
	{ "inventory", "i.yaml", "domains: [{name: a.test, tier: vital}]\n",
	  "i.yaml:1: domains[0].tier: expected critical, high, normal or low, got \"vital\"" },
	{ "inventory", "i.yaml", "domains:\n  - {name: a.test, owner: x}\n  - {name: A.test, owner: y}\n",
	  "i.yaml:3: domain \"a.test\" stands here twice, first in line 2, and with another owner: \"x\" there, \"y\" here" },
	{ "inventory", "i.yaml", D "zones:\n  - {name: a.test, signed: perhaps}\n",
	  "i.yaml:3: zones[0].signed: expected true or false, got \"perhaps\"" },
	{ "inventory", "i.yaml", D "zones:\n  - {name: a.test, suplier: x}\n",
	  "i.yaml:3: zones[0].suplier: unknown field; known here: name, owner, tier, environment, signed, supplier" },
	{ "inventory", "i.yaml", D "services:\n  - {name: s, host: a.test, exposure: extern}\n",
	  "i.yaml:3: services[0].exposure: expected public or internal, got \"extern\"" },
	{ "inventory", "i.yaml", D "services:\n  - {name: s, host: a.test, validation: dns01}\n",
	  "i.yaml:3: services[0].validation: expected dns-01, http-01, tls-alpn-01, dns-persist-01 or other (perhaps dns-01), got \"dns01\"" },
	{ "inventory", "i.yaml", D "services:\n  - {name: s, host: a.test, retired: soon}\n",
	  "i.yaml:3: services[0].retired: expected a date, or a time with its zone, as 2026-07-01 or 2026-07-01T09:30:00Z, got \"soon\"" },
	{ "inventory", "i.yaml", D "certificates:\n  - {id: c, host: a.test, serial: \"0A\"}\n",
	  "i.yaml:3: certificates[0].serial: expected lower-case hex digits, two for each byte, got \"0A\"" },
	{ "inventory", "i.yaml", D "certificates:\n  - {id: c, host: a.test, sha256: ab}\n",
	  "i.yaml:3: certificates[0].sha256: expected 64 lower-case hex digits: SHA-256 of the whole certificate, got \"ab\"" },
	{ "inventory", "i.yaml", D "services: [{name: shop, host: a.test}]\ncertificates:\n  - {id: c, host: a.test, service: shopp}\n",
	  "i.yaml:4: service: there is no service \"shopp\"; perhaps \"shop\"" },
	{ "inventory", "i.yaml", D "people:\n  - {id: a, logins: [x]}\n  - {id: b, logins: [x]}\n",
	  "i.yaml:4: actor \"x|\" stands here twice, first in line 3, and with another person: \"a\" there, \"b\" here" },
	{ "inventory", "i.yaml", D "people: [{id: ann}]\nactors:\n  - {name: x, kind: person, person: anna}\n",
	  "i.yaml:4: person: there is no person \"anna\"; perhaps \"ann\"" },
	{ "inventory", "i.yaml", D "actors:\n  - {name: x}\n",
	  "i.yaml:3: actors[0].kind: a required field is missing" },
	{ "inventory", "i.yaml", D "credentials:\n  - {id: k, expires: later}\n",
	  "i.yaml:3: credentials[0].expires: expected a time with its zone, a date, or never, got \"later\"" },
	{ "inventory", "i.yaml", D "credentials:\n  - {id: k, issued: 2026-02-01, rotated: 2026-01-01}\n",
	  "i.yaml:3: credentials[0].rotated: expected a time that is not before issued, got \"2026-01-01\"" },
	{ "inventory", "i.yaml", D "credentials:\n  - {id: k, issued: 2026-02-01, expires: 2026-02-01}\n",
	  "i.yaml:3: credentials[0].expires: expected a time after issued, got \"2026-02-01\"" },
	{ "inventory", "i.yaml", D "credentials:\n  - {id: k, leak_closed: 2026-02-01}\n",
	  "i.yaml:3: credentials[0].leak_closed: expected a time that is not before leaked, got \"2026-02-01\"" },
	{ "inventory", "i.yaml", D "credentials:\n  - {id: k, writes: [a.test]}\n",
	  "i.yaml:3: credentials[0].writes[0]: expected at least one record type, or \"*\", got \"a.test\"" },
	{ "inventory", "i.yaml", D "suppliers:\n  - {name: s, kind: hoster}\n",
	  "i.yaml:3: suppliers[0].kind: expected registrar, dns, ca, cdn or other, got \"hoster\"" },
	{ "inventory", "i.yaml", D "suppliers: [{name: Acme, kind: dns}]\nzones:\n  - {name: a.test, supplier: Amce}\n",
	  "i.yaml:4: supplier: there is no supplier \"Amce\"; perhaps \"Acme\"" },
	{ "inventory", "i.yaml", D ENV "services:\n  - {name: s, host: x.test, environment: prod}\n",
	  "i.yaml:6: environment: there is no environment \"prod\"; perhaps \"production\"" },
	{ "inventory", "i.yaml", D ENV "services:\n  - {name: s, host: www.a.test, environment: test}\n",
	  "i.yaml:6: www.a.test belongs to environment \"test\" here, and to \"production\" by i.yaml:3" },
	{ "inventory", "i.yaml", D ENV "services:\n  - {name: s, host: x.y.t.test, environment: production}\n",
	  "i.yaml:6: x.y.t.test belongs to environment \"production\" here, and to \"test\" by i.yaml:4" },
	{ "inventory", "i.yaml", D "services:\n  - {name: s, host: a.test, environment: p}\n  - {name: s, host: a.test, environment: q}\n",
	  "i.yaml:4: service \"s\" stands here twice, first in line 3, and with another environment: \"p\" there, \"q\" here" },
	{ "inventory", "i.yaml", D "environments:\n  - {name: p, kind: production, names: [x.test]}\n  - {name: q, kind: test, names: [x.test]}\n",
	  "i.yaml:4: x.test belongs to environment \"q\" here, and to \"p\" by i.yaml:3" },
	{ "inventory", "i.yaml", D "windows:\n  - {kind: change}\n",
	  "i.yaml:3: windows: expected either \"from\" and \"to\", or \"days\" and \"hours\", got neither" },
	{ "inventory", "i.yaml", D "windows:\n  - {kind: change, days: [mon], from: 2026-01-01, to: 2026-01-02}\n",
	  "i.yaml:3: windows: expected either \"from\" and \"to\", or \"days\" and \"hours\", got both" },
	{ "inventory", "i.yaml", D "windows:\n  - {kind: change, from: 2026-01-02, to: 2026-01-02}\n",
	  "i.yaml:3: windows[0].to: expected \"from\", and \"to\" after it, got \"2026-01-02\"" },
	{ "inventory", "i.yaml", D "windows:\n  - {kind: change, days: [monday]}\n",
	  "i.yaml:3: windows[0].days[0]: expected mon, tue, wed, thu, fri, sat or sun, got \"monday\"" },
	{ "inventory", "i.yaml", D "windows:\n  - {kind: change, days: []}\n",
	  "i.yaml:3: windows[0].days: expected at least one of mon, tue, wed, thu, fri, sat, sun, got a list" },
	{ "inventory", "i.yaml", D "windows:\n  - {kind: change, hours: \"22:00-06:00\"}\n",
	  "i.yaml:3: windows[0].hours: expected hours as 07:00-19:00, of one day; a night is two windows, got \"22:00-06:00\"" },
	{ "inventory", "i.yaml", D "windows:\n  - {kind: change, hours: \"07:00-24:01\"}\n",
	  "i.yaml:3: windows[0].hours: expected hours as 07:00-19:00, of one day; a night is two windows, got \"07:00-24:01\"" },
	{ "inventory", "i.yaml", D "windows:\n  - {kind: change, days: [mon], utc_offset: CET}\n",
	  "i.yaml:3: windows[0].utc_offset: expected how far the local time is ahead of UTC, as +01:00, got \"CET\"" },
	{ "attestations", "a.yaml", "attestations:\n  - {ref: A, kind: recovery_test, dated: 2026-01-01, author: x, document: d, sha256: ab}\n",
	  "a.yaml:2: attestations[0].kind: expected access-review, failover-test, policy-review, recovery-test, revocation-test, rollback-test, scope-review, secret-scan, secrets-storage, supplier-review, trend-review, trust-path-review or other (perhaps recovery-test), got \"recovery_test\"" },
	{ "attestations", "a.yaml", "attestations:\n  - {ref: A, kind: recovery-test, dated: 2026-01-01, author: x, document: d}\n",
	  "a.yaml:2: attestations: A: expected \"file\", whose digest is taken, or \"document\" with its \"sha256\"" },
	{ "attestations", "a.yaml", "attestations:\n  - {ref: A, kind: recovery-test, dated: 2026-01-01, author: x, document: d, sha256: ab}\n",
	  "a.yaml:2: attestations[0].sha256: expected 64 lower-case hex digits: SHA-256 of the document, got \"ab\"" },
	{ "attestations", "a.yaml", "attestations:\n  - {ref: A, kind: recovery-test, dated: 2026-01-01, author: x, file: d.pdf}\n",
	  "a.yaml:2: attestations[0].file: expected a document whose digest was taken, got \"d.pdf\"" },
	{ "attestations", "a.yaml", "responses: []\n",
	  "a.yaml:1: responses: unknown field; known here: attestations" },
	{ "responses", "r.yaml", "responses:\n  - {finding: x, ticket: T, owner: o}\n",
	  "r.yaml:2: responses[0].finding: expected a finding id of 16 of A-Z 2-7, got \"x\"" },
	{ "responses", "r.yaml", "responses:\n  - {finding: AKL6VHIADK7HCHLL, ticket: T, owner: o, closed: 2026-01-01}\n",
	  "r.yaml:2: responses: AKL6VHIADK7HCHLL: closed_by is missing: who closed it" },
	{ "responses", "r.yaml", "responses:\n  - {finding: AKL6VHIADK7HCHLL, ticket: T, owner: o, acknowledged: 2026-01-02, closed: 2026-01-01, closed_by: x}\n",
	  "r.yaml:2: responses[0].closed: expected a time that is not before acknowledged, got \"2026-01-01\"" },
	/* CSV */
	{ "inventory", "assets.csv", "name\na.test\n",
	  "assets.csv:1: which section of the inventory is it? Name the file after it (domains.csv), say it in the configuration, or add a column \"section\"" },
	{ "inventory", "assets.csv", "section,name\ndomain,a.test\n",
	  "assets.csv:2: section: expected the name of a section, got \"domain\" (perhaps domains)" },
	{ "inventory", "assets.csv", "section,name,hots\n",
	  "assets.csv:1: hots: unknown column, perhaps host" },
	{ "inventory", "assets.csv", "section,name,host\ndomains,a.test,b.test\n",
	  "assets.csv:2: domains[0].host: unknown field; known here: name, zone, account, owner, in_scope, reason, issuers, exact, lookalike, addresses, tier, environment, registrar" },
	{ "inventory", "domains.csv", "name,owner\na.test\n",
	  "domains.csv:2: expected 2 fields, got 1" },
	{ "inventory", "domains.csv", "name,in_scope\na.test,maybe\n",
	  "domains.csv:2: domains[0].in_scope: expected true or false, got \"maybe\"" },
	{ "inventory", "domains.csv", "name,owner\na.test,x\nb.test,x\na.test,y\n",
	  "domains.csv:4: domain \"a.test\" stands here twice, first in line 2, and with another owner: \"x\" there, \"y\" here" },
	{ "inventory", "zones.csv", "name\na.test\n",
	  "zones.csv:1: domains: a required field is missing" },
	/* several files */
	{ "inventory", "i", "affidavit files 1\nfile - 26 i.yaml\ndomains: [{name: a.test}]\n\nfile - 21 domains.csv\nname,owner\n\na.test,x\n\n",
	  "domains.csv:3: domain \"a.test\" stands twice, first in i.yaml:1, and with another owner: \"\" there, \"x\" here" },
	{ "inventory", "i", "affidavit files 1\nfile - 26 i.yaml\ndomains: [{name: a.test}]\n\nfile - 19 domains.csv\nname,owner\n\nb.test\n\n",
	  "domains.csv:3: expected 2 fields, got 1" },
	{ "inventory", "i", "affidavit files 1\nfile - 26 i.yaml\ndomains: [{name: a.test}]\n\nfile - 20 domains.csv\nname,owner\na.test,x\n\n",
	  "domains.csv:2: domain \"a.test\" stands twice, first in i.yaml:1, and with another owner: \"\" there, \"x\" here" },
	{ "inventory", "i", "affidavit files 1\nfile - 99 i.yaml\nx\n",
	  "i: not what several files as one item look like" },
	{ "inventory", "i", "affidavit files 1\nfile hosts 5 h.csv\nname\n\n",
	  "h.csv: there is no section \"hosts\" of an inventory" },
	{ "inventory", "i", "affidavit files 1\nfile zones 5 h.yaml\nname\n\n",
	  "h.yaml: a section is said of a file NAME.csv only; YAML names its own" },
	{ "approvals", "t", "affidavit files 1\nfile - 5 h.yaml\nname\n\n",
	  "t: expected the map of a ticket system, and its export" },
	/* policy.yaml */
	{ "policy", "p.yaml", "routing:\n  - {severity: hihg, owner: o}\n",
	  "p.yaml:2: routing[0].severity: expected critical, high, medium, low or info (perhaps high), got \"hihg\"" },
	{ "policy", "p.yaml", "routing:\n  - {severity: high}\n",
	  "p.yaml:2: routing[0].owner: a required field is missing" },
	{ "policy", "p.yaml", "routing:\n  - {severity: high, owner: o}\n  - {severity: high, owner: p}\n",
	  "p.yaml:3: routing \"|high\" stands here twice, first in line 2, and with another owner: \"o\" there, \"p\" here" },
	{ "policy", "p.yaml", "routing:\n  - {owner: o, acknowledge: 2d, close: 1d}\n",
	  "p.yaml:2: routing[0].close: expected a time that is not shorter than acknowledge, got \"1d\"" },
	{ "policy", "p.yaml", "severities:\n  - {check: c, severity: low, approver: x}\n",
	  "p.yaml:2: severities[0].reason: a required field is missing" },
	{ "policy", "p.yaml", "severities:\n  - {check: c, severity: low, reason: x}\n",
	  "p.yaml:2: severities[0].approver: a required field is missing" },
	/* affidavit.yaml */
	{ "config", "a.yaml", "organisation: X\ninventory: [i.yaml, i.yaml]\nsources: []\n",
	  "a.yaml:2: inventory: \"i.yaml\" stands here twice" },
	{ "config", "a.yaml", "organisation: X\ninventory: []\nsources: []\n",
	  "a.yaml:2: inventory: expected the path of a file, or a list of them, 1000 at most, got a list" },
	{ "config", "a.yaml", "organisation: X\ninventory: i.yaml\napprovals: [{file: x, mapp: y}]\nsources: []\n",
	  "a.yaml:3: approvals[0].mapp: unknown field; known here: file, map" },
};

static void mistakes_are_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < AFD_COUNT(mistakes); i++) {
		struct afd_error err = { 0 };
		const int r = afd_user_file_check(mistakes[i].decoder, mistakes[i].label, afd_slice_text(mistakes[i].text), &err);

		if (r != -1 || strcmp(err.text, mistakes[i].error) != 0)
			fail_msg("%s\n  expected: %s\n  got: %s", mistakes[i].text, mistakes[i].error, r ? err.text : "no error");
	}
}

#define HEAD "Key,Names,Type,Start,End,Approved by,Reporter,Status\n"
static const struct { const char *map, *export, *error; } slips[] = {
	{ MAP, HEAD "T,a.test,Signing,2026-01-01,,,x,Approved\n", "t.csv:2: approver: expected a text, got nothing" },
	{ MAP, HEAD "T,a b_,Signing,2026-01-01,,Bob,x,Approved\nT,a..b,Signing,2026-01-01,,Bob,x,Approved\n", "t.csv:3: subject: expected domain names, got \"a..b\"" },
	{ MAP, HEAD "T,a.test,Signing,01/02/2026,,Bob,x,Approved\n", "t.csv:2: valid_from: expected a date, or a time with its zone (RFC 3339), got \"01/02/2026\"" },
	{ MAP, HEAD "T,a.test,Signing,2026-01-02,2026-01-01,Bob,x,Approved\n", "t.csv:2: valid_to: expected a time after valid_from, got \"2026-01-01\"" },
	{ MAP, HEAD "T,a.test,Signing,2026-01-02,,Bob,x,Approved\nT,A.test,Signing,2026-01-02,,Bob,y,Done\n",
	  "t.csv:3: approval \"T|a.test|ds.change|2026-01-02T00:00:00.000Z|2026-01-02T04:00:00.000Z\" stands here twice, first in line 2, and with another requester: \"x\" there, \"y\" here" },
	{ "format: csv\nfields: {}\n", HEAD, "map.yaml:1: status: a required field is missing" },
	{ "format: csv\nstatus: {from: S, in: [x]}\nfields: {ticket: a, subject: b, kind: c, valid_from: d, valid_to: e}\n", HEAD,
	  "map.yaml:3: fields: approver is missing" },
	{ "format: csv\nstatus: {from: S, in: [x]}\nfields: {ticket: a, subject: b, kind: c, valid_from: d, approver: e}\n", HEAD,
	  "map.yaml:3: fields: valid_to is missing, and valid_for as well" },
	{ "format: csv\nstatus: {from: S, in: []}\nfields: {}\n", HEAD, "map.yaml:2: status.in: expected at least one word of the tickets that are approved, got a list" },
	{ "format: xml\nstatus: {from: S, in: [x]}\nfields: {}\n", HEAD, "map.yaml:1: format: expected json-lines, json or csv, got \"xml\"" },
	{ "format: csv\nstatus: {from: S, in: [x]}\nfields: {tickets: a}\n", HEAD,
	  "map.yaml:3: fields: expected one of ticket, subject, kind, valid_from, valid_to, approver, requester, got \"tickets\"" },
};

static void slips_in_tickets_are_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < AFD_COUNT(slips); i++) {
		AFD_AUTO(buf) struct afd_buf bytes = { 0 };
		struct afd_error err = { 0 };

		tickets(slips[i].map, "t.csv", slips[i].export, &bytes);
		if (afd_user_file_check("approvals", "t.csv", afd_buf_slice(&bytes), &err) != -1 || strcmp(err.text, slips[i].error) != 0)
			fail_msg("%s\n  expected: %s\n  got: %s", slips[i].export, slips[i].error, err.text);
	}
}

/* An inventory without the newer sections says what it always said. */
static void a_small_inventory_is_enough(void **state)
{
	(void)state;
	expect_rows("inventory", "i.yaml", afd_slice_text("domains:\n  - {name: a.test, owner: o, issuers: [{name: CN=X}]}\n"),
		"domain [a.test] name='a.test' zone='a.test' owner='o' in_scope=1\n"
		"approved_issuer [a.test||CN=X|0] domain='a.test' issuer_key_hash='' issuer='CN=X' valid_from=0 valid_to=forever\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_forms_say_the_same),
		cmocka_unit_test(a_whole_inventory_is_one_table),
		cmocka_unit_test(attestations_and_responses_have_files_of_their_own),
		cmocka_unit_test(one_file_stands_as_it_is),
		cmocka_unit_test(a_section_is_said_of_a_file),
		cmocka_unit_test(a_document_is_hashed),
		cmocka_unit_test(a_document_that_is_gone_is_named),
		cmocka_unit_test(approved_tickets_are_approvals),
		cmocka_unit_test(tickets_as_json_lines),
		cmocka_unit_test(an_old_head_keeps_working),
		cmocka_unit_test(mistakes_are_named),
		cmocka_unit_test(slips_in_tickets_are_named),
		cmocka_unit_test(a_small_inventory_is_enough),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
