/* The user's files: what each says, and what each mistake is answered with. */
#include "rows.h"

#include "collector/collect.h"

static void expect_rows(const char *decoder, const char *label, const char *text, const char *expected)
{
	AFD_AUTO(buf) struct afd_buf got = { 0 };
	struct afd_error err = { 0 };

	if (rows_decode(decoder, "user", label, afd_slice_text(text), &got, &err) < 0)
		fail_msg("%s: %s", label, err.text);
	assert_string_equal(text_of(got), expected);
}

static void inventory_rows(void **state)
{
	(void)state;
	expect_rows("inventory", "inventory.yaml",
		"domains:\n"
		"  - name: Example.TEST.\n"
		"    account: acct\n"
		"    owner: DNS team\n"
		"    issuers:\n"
		"      - {name: \"CN=Test CA,O=Example\", valid_from: 2026-01-01}\n"
		"      - {key: 00000000000000000000000000000000000000000000000000000000000000ff}\n"
		"  - {name: parked.test, in_scope: false, reason: no services, zone: none}\n"
		"  - {name: shop.example.test, zone: example.test}\n"
		"services:\n"
		"  - {name: shop, host: \"*.shop.example.test\", owner: Shop team}\n"
		"credentials:\n"
		"  - id: ACME-web01.\n"
		"    kind: tsig-key\n"
		"    owner: Web team\n"
		"    purpose: DNS-01 validation\n"
		"    writes:\n"
		"      - {owner: _acme-challenge.WWW.example.test, types: [txt]}\n"
		"      - {owner: \"*.dyn.example.test\", types: [\"*\"]}\n"
		"  - {id: Token-7, kind: api-token}\n",
		"speaks for domain\nspeaks for service\nspeaks for credential\nspeaks for credential_scope\nspeaks for approved_issuer\n"
		"speaks for domain_address\nspeaks for owned_zone\nspeaks for owned_certificate\nspeaks for person\nspeaks for actor\n"
		"speaks for supplier\nspeaks for supplier_name\nspeaks for environment\nspeaks for environment_name\nspeaks for change_window\n"
		"speaks for attestation\nspeaks for response\n"
		"domain [example.test] name='example.test' zone='example.test' account='acct' owner='DNS team' in_scope=1\n"
		"approved_issuer [example.test||CN=Test CA,O=Example|1767225600000] domain='example.test' issuer_key_hash='' "
		"issuer='CN=Test CA,O=Example' valid_from=1767225600000 valid_to=forever\n"
		"approved_issuer [example.test|00000000000000000000000000000000000000000000000000000000000000ff||0] domain='example.test' "
		"issuer_key_hash='00000000000000000000000000000000000000000000000000000000000000ff' issuer='' valid_from=0 valid_to=forever\n"
		"domain [parked.test] name='parked.test' in_scope=0 reason='no services'\n"
		"domain [shop.example.test] name='shop.example.test' zone='example.test' in_scope=1\n"
		"service [shop] name='shop' host='*.shop.example.test' owner='Shop team'\n"
		"credential [acme-web01] id='acme-web01' kind='tsig-key' owner='Web team' purpose='DNS-01 validation'\n"
		"credential_scope [acme-web01|_acme-challenge.www.example.test|TXT] credential='acme-web01' "
		"owner='_acme-challenge.www.example.test' suffix='' type='TXT'\n"
		"credential_scope [acme-web01|*.dyn.example.test|*] credential='acme-web01' owner='*.dyn.example.test' suffix='.dyn.example.test' type='*'\n"
		"credential [Token-7] id='Token-7' kind='api-token'\n"
		"end\n");
}

static void policy_rows(void **state)
{
	(void)state;
	expect_rows("policy", "policy.yaml",
		"gate: {fail_on: high, review_fails: true, window: 7d}\n"
		"params:\n"
		"  challenge-residue: {max_age: 24h, most: 3, share: 0.5, on: false, word: \"no\"}\n"
		"waivers:\n"
		"  - {id: W-1, finding: AKL6VHIADK7HCHLL, owner: a, approver: b, reason: c, expires: 2026-12-01}\n"
		"  - {id: W-2, check: c1, resource: r1, observed_before: 2026-08-01T00:00:00Z, owner: a, approver: b, reason: c, expires: 2026-13-01}\n"
		"  - {id: W-3, check: c1, resource: r2, standing: true, owner: a, approver: b, reason: c, expires: 20261201}\n",
		"speaks for policy\nspeaks for waiver\nspeaks for routing\nspeaks for severity_change\n"
		"policy [gate|fail_on] check_id='gate' name='fail_on' value='high'\n"
		"policy [gate|window] check_id='gate' name='window' value='7d'\n"
		"policy [gate|review_fails] check_id='gate' name='review_fails' value='true'\n"
		"policy [challenge-residue|max_age] check_id='challenge-residue' name='max_age' value='24h'\n"
		"policy [challenge-residue|most] check_id='challenge-residue' name='most' value='3'\n"
		"policy [challenge-residue|share] check_id='challenge-residue' name='share' value='0.5'\n"
		"policy [challenge-residue|on] check_id='challenge-residue' name='on' value='false'\n"
		"policy [challenge-residue|word] check_id='challenge-residue' name='word' value='no'\n"
		"waiver [W-1] id='W-1' finding='AKL6VHIADK7HCHLL' standing=0 owner='a' approver='b' reason='c' expires=1796083200000\n"
		"waiver [W-2] id='W-2' check_id='c1' resource='r1' observed_before=1785542400000 standing=0 owner='a' approver='b' reason='c' expires=0\n"
		"waiver [W-3] id='W-3' check_id='c1' resource='r2' standing=1 owner='a' approver='b' reason='c' expires=0\n"
		"end\n");
	expect_rows("policy", "policy.yaml", "{}", "speaks for policy\nspeaks for waiver\nspeaks for routing\nspeaks for severity_change\nend\n");
}

#define HEAD "ticket,subject,kind,valid_from,valid_to,approver"
#define APPROVAL "approval [CHG-1|example.test|ns.change|2026-08-01T00:00:00.000Z|2026-08-02T12:00:00.000Z] ticket='CHG-1' " \
	"subject='example.test' kind='ns.change' valid_from=1785542400000 valid_to=1785672000000 approver='Ann, the \"CISO\"'\n"

static void approvals_say_the_same_in_yaml_and_csv(void **state)
{
	(void)state;
	expect_rows("approvals", "approvals.yaml",
		"approvals:\n  - {ticket: CHG-1, subject: Example.test, kind: ns.change, valid_from: 2026-08-01, "
		"valid_to: \"2026-08-02T14:00:00+02:00\", approver: 'Ann, the \"CISO\"'}\n", "speaks for approval\n" APPROVAL "end\n");
	expect_rows("approvals", "approvals.csv", HEAD "\r\nCHG-1,Example.test,ns.change,2026-08-01,2026-08-02T14:00:00+02:00,\"Ann, the \"\"CISO\"\"\"\r\n",
		"speaks for approval\n" APPROVAL "end\n");
	expect_rows("approvals", "x.CSV", "\xef\xbb\xbf\"ticket\",subject,kind,valid_from,valid_to,approver\n"
		"CHG-1,Example.test,ns.change,2026-08-01,2026-08-02T14:00:00+02:00,\"Ann, the \"\"CISO\"\"\"",
		"speaks for approval\n" APPROVAL "end\n");
	expect_rows("approvals", "empty.csv", HEAD "\n", "speaks for approval\nend\n");
}

static void config_rows(void **state)
{
	(void)state;
	expect_rows("config", "affidavit.yaml",
		"organisation: Example Trading Ltd\n"
		"contact: security@example.com\n"
		"inventory: inventory.yaml\n"
		"sources:\n"
		"  - {name: cf, type: cloudflare-audit, account: abc, token: \"env:T\", since: 2026-07-01}\n"
		"  - {name: cf-old, type: cloudflare-audit, account: def, url: \"file:old\"}\n"
		"retired:\n"
		"  - {name: cf-old, since: 2026-05-01, reason: account closed}\n"
		"  - {name: gone, since: 2026-05-02, reason: log shut down}\n",
		"speaks for setting\nspeaks for source\nspeaks for source_scope\nspeaks for policy\nspeaks for waiver\nspeaks for routing\nspeaks for severity_change\n"
		"setting [organisation] name='organisation' value='Example Trading Ltd'\n"
		"setting [contact] name='contact' value='security@example.com'\n"
		"setting [inventory] name='inventory' value='inventory.yaml'\n"
		"source [cf] name='cf' kind='cloudflare-audit' evidence='account-events' scopes='abc' basis='tested on the vendor's document' "
		"lag_ms=3600000 configured=1\n"
		"source_scope [cf|account-events|abc] source='cf' evidence='account-events' scope='abc' retired_ms=forever lag_ms=3600000\n"
		"source [cf-old] name='cf-old' kind='cloudflare-audit' evidence='account-events' scopes='def' basis='tested on the vendor's document' "
		"lag_ms=3600000 configured=1 retired_ms=1777593600000 retired_reason='account closed'\n"
		"source_scope [cf-old|account-events|def] source='cf-old' evidence='account-events' scope='def' retired_ms=1777593600000 lag_ms=3600000\n"
		"source [gone] name='gone' configured=0 retired_ms=1777680000000 retired_reason='log shut down'\n"
		"end\n");
}

static void checks_frameworks_and_mappings_tell_no_rows(void **state)
{
	(void)state;
	expect_rows("check", "checks/x.sql", "SELECT 1", "");
	expect_rows("framework", "frameworks/x.json", "{}", "");
	expect_rows("mapping", "frameworks/x.mapping.yaml", "a: b", "");
}

/* --- mistakes: file, line, field, found, expected --- */

#define ORG "organisation: X\ninventory: i.yaml\n"
#define CF "{name: a, type: cloudflare-audit, account: x, url: \"file:d\"}"
#define W "id: W, owner: a, approver: b, reason: c, expires: 2026-12-01"

static const struct { const char *decoder, *label, *text, *error; } mistakes[] = {
	/* affidavit.yaml */
	{ "config", "a.yaml", "inventory: i.yaml\nsources: []\n",
	  "a.yaml:1: organisation: a required field is missing" },
	{ "config", "a.yaml", ORG,
	  "a.yaml:1: sources: a required field is missing" },
	{ "config", "a.yaml", ORG "sources: []\norganization: Y\n",
	  "a.yaml:4: organization: unknown field; known here: organisation, classification, contact, store, inventory, policy, approvals, attestations, responses, checks, frameworks, frameworks_in_scope, sources, retired, timestamp, witnesses" },
	{ "config", "a.yaml", ORG "sources: {}\n",
	  "a.yaml:3: sources: expected a list, got a map" },
	{ "config", "a.yaml", ORG "sources:\n  - x\n",
	  "a.yaml:4: sources[0]: expected a map with name and type, got \"x\"" },
	{ "config", "a.yaml", ORG "sources:\n  - {type: cloudflare-audit}\n",
	  "a.yaml:4: sources: name: a required field is missing" },
	{ "config", "a.yaml", ORG "sources:\n  - {name: \"a b\", type: cloudflare-audit}\n",
	  "a.yaml:4: sources[0].name: expected a name of 1 to 100 of A-Z a-z 0-9 . _ -, got \"a b\"" },
	{ "config", "a.yaml", ORG "sources:\n  - {name: user, type: cloudflare-audit}\n",
	  "a.yaml:4: name: \"user\" is kept for the program's own items" },
	{ "config", "a.yaml", ORG "sources:\n  - {name: a}\n",
	  "a.yaml:4: sources: type: a required field is missing" },
	{ "config", "a.yaml", ORG "sources:\n  - {name: a, type: cloudflare}\n",
	  "a.yaml:4: type: there is no source of type \"cloudflare\"; like it: cloudflare-account, cloudflare-audit, " },
	{ "config", "a.yaml", ORG "sources:\n  - {name: a, type: inventory}\n",
	  "a.yaml:4: type: there is no source of type \"inventory\"; `affidavit sources` lists them all" },
	{ "config", "a.yaml", ORG "sources:\n  - {name: a, type: dns-transfr}\n",
	  "a.yaml:4: type: there is no source of type \"dns-transfr\"; like it: dns-transfer; `affidavit sources` lists them all" },
	{ "config", "a.yaml", ORG "sources:\n  - " CF "\n  - " CF "\n",
	  "a.yaml:5: name: a source named \"a\" stands in line 4 already" },
	{ "config", "a.yaml", ORG "sources:\n  - {name: a, type: cloudflare-audit}\n",
	  "a.yaml:4: sources[0].account: a required field is missing" },
	{ "config", "a.yaml", ORG "sources:\n  - {name: a, type: cloudflare-audit, account: x, tokn: \"env:T\"}\n",
	  "a.yaml:4: sources[0].tokn: unknown field; known here: account, url, token, since, name, type" },
	{ "config", "a.yaml", ORG "sources:\n  - {name: a, type: cloudflare-audit, account: x, token: abcdefgh, since: 2026-07-01}\n",
	  "a.yaml:4: sources[0].token: expected env:NAME, file:PATH, fd:N or exec:COMMAND; a literal secret is not allowed" },
	{ "config", "a.yaml", ORG "sources:\n  - {name: a, type: cloudflare-audit, account: x, token: \"env:T\"}\n",
	  "a.yaml:4: source a: since: a required field is missing: the first run begins there" },
	{ "config", "a.yaml", ORG "sources:\n  - {name: a, type: cloudflare-audit, account: x, since: 2026-07-01}\n",
	  "a.yaml:4: source a: token: a required field is missing" },
	{ "config", "a.yaml", ORG "sources:\n  - {name: a, type: cloudflare-audit, account: x, token: \"env:T\", since: yesterday}\n",
	  "a.yaml:4: sources[0].since: expected a date, or a time with its zone, as 2026-07-01 or 2026-07-01T09:30:00Z, got \"yesterday\"" },
	{ "config", "a.yaml", ORG "sources:\n  - {name: a, type: cloudflare-audit, account: x, token: \"env:T\", since: 2026-07-01, url: \"http://api.example\"}\n",
	  "a.yaml:4: source a: url: expected https://... or file:DIR, got \"http://api.example\"" },
	{ "config", "a.yaml", ORG "sources:\n  - {name: a, type: cloudflare-audit, account: ../x, url: \"file:d\"}\n",
	  "a.yaml:4: source a: account: expected an account id, got \"../x\"" },
	{ "config", "a.yaml", ORG "sources: []\nretired:\n  - {name: a, since: 2026-05-01}\n",
	  "a.yaml:5: retired[0].reason: a required field is missing" },
	{ "config", "a.yaml", ORG "sources: []\nretired:\n  - {name: a, since: 2026-05-01, reason: r}\n  - {name: a, since: 2026-05-01, reason: r}\n",
	  "a.yaml:6: retired: \"a\" stands here twice" },
	{ "config", "a.yaml", "- a\n",
	  "a.yaml:1: expected a map, got a list" },
	{ "config", "a.json", "{\"organisation\": }",
	  "a.json:1: not JSON: unexpected token near '}'" },
	/* inventory.yaml */
	{ "inventory", "i.yaml", "services: []\n",
	  "i.yaml:1: domains: a required field is missing" },
	{ "inventory", "i.yaml", "domains: example.test\n",
	  "i.yaml:1: domains: expected a list, got \"example.test\"" },
	{ "inventory", "i.yaml", "domains:\n  - name: a b\n",
	  "i.yaml:2: domains[0].name: expected a domain name, got \"a b\"" },
	{ "inventory", "i.yaml", "domains:\n  - name: b\xc3\xbc" "cher.test\n",
	  "i.yaml:2: domains[0].name: expected a domain name, international labels in their xn-- form, got \"b\xc3\xbc" "cher.test\"" },
	{ "inventory", "i.yaml", "domains:\n  - name: https://a.test\n",
	  "i.yaml:2: domains[0].name: expected a name alone, without scheme and path, got \"https://a.test\"" },
	{ "inventory", "i.yaml", "domains: []\nservices:\n  - {name: s, host: \"a.test:8443\"}\n",
	  "i.yaml:3: services[0].host: expected a name alone, without port, path or user, got \"a.test:8443\"" },
	{ "inventory", "i.yaml", "domains:\n  - name: a.test\n    account: 123456789012\n",
	  "i.yaml:3: domains[0].account: expected a string: write it in quotes, got 123456789012" },
	{ "inventory", "i.yaml", "domains:\n  - name: a.test\n    owner: M\xfcller\n",
	  "i.yaml:3: not YAML: invalid leading UTF-8 octet; save the file as UTF-8" },
	{ "inventory", "i.yaml", "domains:\n  - {name: a.test\n  - b\n",
	  "i.yaml:4: not YAML: did not find expected ',' or '}', while parsing a flow mapping that begins at line 2" },
	{ "inventory", "domains.csv", "name,in_scope\r\n\r\na.test,TRUE\r\n,\r\nb.test, no \r\n\r\na.test,no\r\n",
	  "domains.csv:7: domain \"a.test\" stands here twice, first in line 3" },
	{ "inventory", "domains.csv", "name\towner\na.test\tx\n",
	  "domains.csv:1: control character 0x09, a tab; write commas between columns" },
	{ "inventory", "domains.csv", "name, owner \n a.test , x\n a.test,\n",
	  "domains.csv:3: domain \"a.test\" stands here twice, first in line 2, and with another owner: \"x\" there, \"\" here" },
	{ "inventory", "i.yaml", "domains:\n  - name: \"*.example.test\"\n",
	  "i.yaml:2: domains[0].name: expected a name without a wildcard, got \"*.example.test\"" },
	{ "inventory", "i.yaml", "domains:\n  - name: a.test\n    zone: b.test\n",
	  "i.yaml:3: domains[0].zone: expected the zone that holds the name, or \"none\", got \"b.test\"" },
	{ "inventory", "i.yaml", "domains:\n  - name: a.test\n    in_scope: maybe\n",
	  "i.yaml:3: domains[0].in_scope: expected true or false, got \"maybe\"" },
	{ "inventory", "i.yaml", "domains:\n  - name: a.test\n  - name: A.test.\n",
	  "i.yaml:3: domain \"a.test\" stands here twice, first in line 2" },
	{ "inventory", "i.yaml", "domains:\n  - {name: a.test, issuers: [{}]}\n",
	  "i.yaml:2: issuers: expected either \"name\" or \"key\", got neither" },
	{ "inventory", "i.yaml", "domains:\n  - {name: a.test, issuers: [{name: x, key: y}]}\n",
	  "i.yaml:2: issuers: expected either \"name\" or \"key\", got both" },
	{ "inventory", "i.yaml", "domains:\n  - {name: a.test, issuers: [{key: abc}]}\n",
	  "i.yaml:2: domains[0].issuers[0].key: expected 64 lower-case hex digits: SHA-256 of the issuer's public key, got \"abc\"" },
	{ "inventory", "i.yaml", "domains:\n  - {name: a.test, issuers: [{name: x, valid_from: 2026-02-01, valid_to: 2026-01-01}]}\n",
	  "i.yaml:2: domains[0].issuers[0].valid_to: expected a time after valid_from, got \"2026-01-01\"" },
	{ "inventory", "i.yaml", "domains: []\ncredentials:\n  - {id: k, writes: [{owner: a.test, types: []}]}\n",
	  "i.yaml:3: credentials[0].writes[0].types: expected at least one record type, or \"*\", got a list" },
	{ "inventory", "i.yaml", "domains: []\ncredentials:\n  - {id: k, writes: [{owner: a.test, types: [T X]}]}\n",
	  "i.yaml:3: types: \"T X\" is not a record type" },
	{ "inventory", "i.yaml", "domains: []\ncredentials:\n  - {id: k, writes: [{types: [TXT]}]}\n",
	  "i.yaml:3: credentials[0].writes[0].owner: a required field is missing" },
	{ "inventory", "i.yaml", "domains: []\nservices:\n  - {name: s}\n",
	  "i.yaml:3: services[0].host: a required field is missing" },
	{ "inventory", "i.yaml", "domains: []\ndomains: []\n",
	  "i.yaml:2: the key \"domains\" stands there already, at line 1" },
	/* policy.yaml */
	{ "policy", "p.yaml", "gate: {fail_on: severe}\n",
	  "p.yaml:1: gate.fail_on: expected critical, high, medium, low or info, got \"severe\"" },
	{ "policy", "p.yaml", "gate: {window: a week}\n",
	  "p.yaml:1: gate.window: expected a duration as 90d, 36h, 15m, 30s or 250ms, got \"a week\"" },
	{ "policy", "p.yaml", "params: {gate: {x: 1}}\n",
	  "p.yaml:1: params: \"gate\" is not a check; its settings stand under gate:" },
	{ "policy", "p.yaml", "params: {c: 1}\n",
	  "p.yaml:1: params.c: expected a map of parameters, got 1" },
	{ "policy", "p.yaml", "params: {c: {x: [1]}}\n",
	  "p.yaml:1: params.c.x: expected a text, a number, true or false, got a list" },
	{ "policy", "p.yaml", "waivers:\n  - {finding: AKL6VHIADK7HCHLL, owner: a, approver: b, reason: c, expires: 2026-12-01}\n",
	  "p.yaml:2: waivers[0].id: a required field is missing" },
	{ "policy", "p.yaml", "waivers:\n  - {id: W, finding: AKL6VHIADK7HCHLL, approver: b, reason: c, expires: 2026-12-01}\n",
	  "p.yaml:2: waivers[0].owner: a required field is missing" },
	{ "policy", "p.yaml", "waivers:\n  - {id: W, finding: AKL6VHIADK7HCHLL, owner: a, reason: c, expires: 2026-12-01}\n",
	  "p.yaml:2: waivers[0].approver: a required field is missing" },
	{ "policy", "p.yaml", "waivers:\n  - {id: W, finding: AKL6VHIADK7HCHLL, owner: a, approver: b, expires: 2026-12-01}\n",
	  "p.yaml:2: waivers[0].reason: a required field is missing" },
	{ "policy", "p.yaml", "waivers:\n  - {id: W, finding: AKL6VHIADK7HCHLL, owner: a, approver: b, reason: c}\n",
	  "p.yaml:2: waivers[0].expires: a required field is missing" },
	{ "policy", "p.yaml", "waivers:\n  - {" W ", finding: akl6}\n",
	  "p.yaml:2: waivers[0].finding: expected a finding id of 16 of A-Z 2-7, got \"akl6\"" },
	{ "policy", "p.yaml", "waivers:\n  - {" W "}\n",
	  "p.yaml:2: waiver W: expected \"finding\", or \"check\" and \"resource\"" },
	{ "policy", "p.yaml", "waivers:\n  - {" W ", check: c}\n",
	  "p.yaml:2: waiver W: expected \"finding\", or \"check\" and \"resource\"" },
	{ "policy", "p.yaml", "waivers:\n  - {" W ", check: c, resource: r}\n",
	  "p.yaml:2: waiver W: expected either \"observed_before\" or \"standing: true\", got neither" },
	{ "policy", "p.yaml", "waivers:\n  - {" W ", check: c, resource: r, standing: true, observed_before: 2026-01-01}\n",
	  "p.yaml:2: waiver W: expected either \"observed_before\" or \"standing: true\", got both" },
	{ "policy", "p.yaml", "waivers:\n  - {" W ", finding: AKL6VHIADK7HCHLL, standing: true}\n",
	  "p.yaml:2: waiver W: \"finding\" stands alone; check, resource, observed_before and standing belong to a waiver without it" },
	{ "policy", "p.yaml", "waivers:\n  - {" W ", finding: AKL6VHIADK7HCHLL}\n  - {" W ", finding: AKL6VHIADK7HCHLL}\n",
	  "p.yaml:3: waiver \"W\" stands here twice, first in line 2" },
	/* approvals */
	{ "approvals", "a.yaml", "approvals:\n  - {ticket: T, subject: a.test, kind: ns-change, valid_from: 2026-01-01, valid_to: 2026-01-02, approver: x}\n",
	  "a.yaml:2: approvals[0].kind: expected a verb of docs/events.md, such as ns.change or transfer-lock.remove (perhaps ns.change), got \"ns-change\"" },
	{ "approvals", "a.yaml", "approvals:\n  - {ticket: T, subject: a.test, kind: ns.change, valid_from: 2026-01-02, valid_to: 2026-01-02, approver: x}\n",
	  "a.yaml:2: approvals[0].valid_to: expected a time after valid_from, got \"2026-01-02\"" },
	{ "approvals", "a.yaml", "approvals:\n  - {ticket: T, subject: a.test, kind: ns.change, valid_from: 2026-01-01 10:00, valid_to: 2026-01-02, approver: x}\n",
	  "a.yaml:2: approvals[0].valid_from: expected a date, or a time with its zone, as 2026-07-01 or 2026-07-01T09:30:00Z, got \"2026-01-01 10:00\"" },
	{ "approvals", "a.csv", "",
	  "a.csv:1: expected a line with the names of the columns, got nothing" },
	{ "approvals", "a.csv", "ticket;subject;kind\n",
	  "a.csv:1: ticket;subject;kind: one column; write commas between them" },
	{ "approvals", "a.csv", "ticket,subject,kind,valid_from,valid_to,aprover\n",
	  "a.csv:1: aprover: unknown column, perhaps approver; known here: ticket, subject, kind, valid_from, valid_to, approver, requester" },
	{ "approvals", "a.csv", "ticket,subject,ticket\n",
	  "a.csv:1: column \"ticket\" stands here twice" },
	{ "approvals", "a.csv", "ticket,subject,kind,valid_from,valid_to\nT,a.test,ns.change,2026-01-01,2026-01-02\n",
	  "a.csv:2: approvals[0].approver: a required field is missing" },
	{ "approvals", "a.csv", HEAD "\nT,a.test,ns.change,2026-01-01,2026-01-02\n",
	  "a.csv:2: expected 6 fields, got 5" },
	{ "approvals", "a.csv", HEAD "\nT,a.test,ns.change,2026-01-01,2026-01-02,\n",
	  "a.csv:2: approvals[0].approver: a required field is missing" },
	{ "approvals", "a.csv", HEAD "\n\"T\n2\",a.test,ns.change,2026-01-01,2026-01-02,x\nT,a b,ns.change,2026-01-01,2026-01-02,x\n",
	  "a.csv:4: approvals[1].subject: expected a domain name, got \"a b\"" },
	{ "approvals", "a.csv", HEAD "\nT,a.test,ns,2026-01-01,2026-01-02,x\n",
	  "a.csv:2: approvals[0].kind: expected a verb of docs/events.md, such as ns.change or transfer-lock.remove, got \"ns\"" },
	{ "approvals", "a.csv", HEAD "\nT,a.test,ns.change,01.01.2026,2026-01-02,x\n",
	  "a.csv:2: approvals[0].valid_from: expected a date, or a time with its zone, as 2026-07-01 or 2026-07-01T09:30:00Z, got \"01.01.2026\"" },
	{ "approvals", "a.csv", HEAD "\nT,a.test,ns.change,2026-01-01T00:00:00,2026-01-02,x\n",
	  "a.csv:2: approvals[0].valid_from: expected a date, or a time with its zone, as 2026-07-01 or 2026-07-01T09:30:00Z, got \"2026-01-01T00:00:00\"" },
	{ "approvals", "a.csv", HEAD "\nT,a.test,ns.change,2026-01-02,2026-01-02,x\n",
	  "a.csv:2: approvals[0].valid_to: expected a time after valid_from, got \"2026-01-02\"" },
	{ "approvals", "a.csv", HEAD "\nT,a.test,ns.change,2026-01-01,2026-01-02,\"x\n",
	  "a.csv:2: field 6: the quote is never closed" },
	{ "approvals", "a.csv", HEAD "\nT,a.test,ns.change,2026-01-01,2026-01-02,\"x\"y\n",
	  "a.csv:2: field 6: expected a comma or the end of the line behind the closing quote" },
	{ "approvals", "a.csv", HEAD "\nT,a.test,ns.change,2026-01-01,2026-01-02,x\"y\n",
	  "a.csv:2: field 6: a quote inside a field that does not begin with one" },
	{ "approvals", "a.csv", HEAD "\rT\n",
	  "a.csv:1: field 6: a carriage return without its line feed" },
	{ "approvals", "a.csv", HEAD "\nT,a.test,ns.change,2026-01-01,2026-01-02,\xff\n",
	  "a.csv:2: not UTF-8" },
	{ "approvals", "a.csv", HEAD "\nT,a.test,ns.change,2026-01-01,2026-01-02,x\x01\n",
	  "a.csv:2: control character 0x01" },
	{ "approvals", "a.csv", HEAD "\nT,a.test,ns.change,2026-01-01,2026-01-02,x\nU,a.test,ns.change,2026-01-01,2026-01-02,x\nT,A.test,ns.change,2026-01-01,2026-01-02,x\n",
	  "a.csv:4: approval \"T|a.test|ns.change|2026-01-01T00:00:00.000Z|2026-01-02T00:00:00.000Z\" stands here twice, first in line 2" },
	{ "nothing", "x", "",
	  "\"nothing\" is not a kind of user file" },
};

static void mistakes_are_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < AFD_COUNT(mistakes); i++) {
		struct afd_error err = { 0 };
		int r = afd_user_file_check(mistakes[i].decoder, mistakes[i].label, afd_slice_text(mistakes[i].text), &err);

		size_t n = strlen(mistakes[i].error);

		/* the list of sources grows */
		if (r != -1 || (mistakes[i].error[n - 1] == ' ' ? strncmp(err.text, mistakes[i].error, n) : strcmp(err.text, mistakes[i].error)))
			fail_msg("%s\n  expected: %s\n  got: %s", mistakes[i].text, mistakes[i].error, r ? err.text : "no error");
	}
}

static void the_watch_list_is_what_is_in_scope(void **state)
{
	AFD_AUTO(watch_list) struct afd_watch_list *w = NULL;
	struct afd_digest d;
	struct afd_error err = { 0 };

	(void)state;
	assert_int_equal(afd_watch_from_inventory(afd_slice_text("domains:\n  - name: Z.test\n  - {name: parked.test, in_scope: false}\n  - name: a.test\n"),
		"i.yaml", &w, &err), 0);
	assert_int_equal(w->watch.n, 2);
	assert_string_equal(w->watch.name[0], "a.test");
	assert_string_equal(w->watch.name[1], "z.test");
	afd_sha256(afd_slice_text("a.test\nz.test\n"), &d);
	assert_string_equal(w->watch.digest.s, afd_digest_hex(&d).s);
}

/* What a watch list of the ledger says of each kind of domain. */
static void an_inventory_says_what_to_look_for(void **state)
{
	AFD_AUTO(watch_list) struct afd_watch_list *w = NULL;
	struct afd_error err = { 0 };
	static const char *const rules[] = { "192.0.2.0/24", "2001:db8::1/128", "=www.only.test", "a.test", "~a.test" };

	(void)state;
	assert_int_equal(afd_watch_from_inventory(afd_slice_text(
		"domains:\n"
		"  - {name: a.test, lookalike: true, addresses: [192.0.2.0/24, \"2001:DB8::1\"]}\n"
		"  - {name: www.only.test, zone: only.test, exact: true, addresses: [192.0.2.0/24]}\n"
		"  - {name: parked.test, in_scope: false, lookalike: true, addresses: [198.51.100.0/24]}\n"), "i.yaml", &w, &err), 0);
	assert_int_equal(w->watch.n, AFD_COUNT(rules));
	for (size_t i = 0; i < AFD_COUNT(rules); i++)
		assert_string_equal(w->watch.name[i], rules[i]);
}

static void addresses_must_be_some(void **state)
{
	static const char *const bad[] = { "192.0.2.1/24", "192.0.2.0/33", "example.test", "\"\"", "\"10/8\"" };

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(bad); i++) {
		AFD_AUTO(watch_list) struct afd_watch_list *w = NULL;
		AFD_AUTO(mem) char *text = afd_sprintf("domains:\n  - {name: a.test, addresses: [%s]}\n", bad[i]);
		struct afd_error err = { 0 };

		assert_int_equal(afd_watch_from_inventory(afd_slice_text(text), "i.yaml", &w, &err), -1);
		assert_non_null(strstr(err.text, "addresses"));
	}
}

static void a_configuration_gives_its_sources(void **state)
{
	AFD_AUTO(config) struct afd_config *c = NULL;
	AFD_AUTO(mem) char *path = NULL;
	AFD_AUTO(mem) char *absolute = NULL;
	struct afd_error err = { 0 };

	(void)state;
	assert_int_equal(afd_config_parse(afd_slice_text(ORG "approvals: [a.csv, b.yaml]\nsources:\n  - " CF "\n"), "/etc/aff/affidavit.yaml", &c, &err), 0);
	assert_string_equal(c->base_dir, "/etc/aff");
	assert_string_equal(c->store, "evidence.db");
	assert_null(c->policy);
	assert_int_equal(c->approvals.n, 2);
	assert_int_equal(c->n_source, 1);
	assert_string_equal(c->source[0].name, "a");
	assert_string_equal(c->source[0].provider->kind, "cloudflare-audit");
	assert_string_equal(c->source[0].base_dir, "/etc/aff");
	path = afd_config_path(c, c->store);
	assert_string_equal(path, "/etc/aff/evidence.db");
	absolute = afd_config_path(c, "/var/x.db");
	assert_string_equal(absolute, "/var/x.db");
}

static void every_provider_is_complete(void **state)
{
	(void)state;
	for (size_t i = 0; afd_providers[i]; i++) {
		const struct afd_provider *p = afd_providers[i];

		assert_true(!i || strcmp(afd_providers[i - 1]->kind, p->kind) < 0);
		assert_ptr_equal(afd_provider_find(p->kind), p);
		assert_non_null(p->title);
		assert_non_null(p->help);
		assert_non_null(p->decode);
		assert_true((p->leg == AFD_LEG_USER) == !p->next);
		assert_true((p->leg == AFD_LEG_USER) == !p->evidence);
		if (p->leg != AFD_LEG_USER)
			assert_true(p->basis && (afd_provider_tested(p) || strstr(p->basis, "not tested")));
		if (p->leg != AFD_LEG_USER)
			assert_true( p->scopes && p->begin && p->take && p->end && p->fields && p->config_size);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(inventory_rows),
		cmocka_unit_test(policy_rows),
		cmocka_unit_test(approvals_say_the_same_in_yaml_and_csv),
		cmocka_unit_test(config_rows),
		cmocka_unit_test(checks_frameworks_and_mappings_tell_no_rows),
		cmocka_unit_test(mistakes_are_named),
		cmocka_unit_test(the_watch_list_is_what_is_in_scope),
		cmocka_unit_test(an_inventory_says_what_to_look_for),
		cmocka_unit_test(addresses_must_be_some),
		cmocka_unit_test(a_configuration_gives_its_sources),
		cmocka_unit_test(every_provider_is_complete),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
