/* Rows for measuring how checks grow. */
#include "growth.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

/* Text that lives as long as the block it is used in. */
#define TEXT(...) text((char[128]){ 0 }, __VA_ARGS__)

static const char *text(char keep[128], const char *fmt, ...) AFD_PRINTF(2, 3);
static const char *text(char keep[128], const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(keep, 128, fmt, ap);
	va_end(ap);
	return keep;
}

static struct growth_pace pace;

/* Step I of a history that was read at once: all steps have the same times, and few names, of which half are the same record
 * coming and going. */
static void step_of_history(sqlite3 *db, unsigned i, unsigned id, const char *zone)
{
	const char *owner = TEXT("_acme-challenge.hot.%s", zone), *rdata = TEXT("%u", i / 2 % 2 ? i / 4 : 0),
		   *change = TEXT("%u", id), *op = i % 2 ? "del" : "add";

	case_row(db, "change", "id", change, "zone", zone, "serial_from", change, "serial_to", change, "t_from", "-85d", "t_to",
		 "-1d", NULL);
	case_row(db, "change_record", "change_id", change, "zone", zone, "owner", owner, "type", "TXT", "op", op, "rdata", rdata,
		 "t_from", "-85d", "t_to", "-1d", NULL);
	if (i % 2)
		case_row(db, "record", "zone", zone, "owner", owner, "type", "TXT", "rdata", rdata, "valid_from", "-85d",
			 "valid_to", "-1d", NULL);
	case_row(db, "declared_record", "source", "git", "zone", zone, "owner", TEXT("d%u.%s", i, zone), "type", "A", "rdata",
		 "192.0.2.1", "valid_from", "-85d", NULL);
}

/* Look I at servers and end points, and what clients asked for. */
static void look(sqlite3 *db, unsigned i, const char *zone, const char *when)
{
	static const struct { const char *purpose, *type; } kinds[] = {
		{"soa", "SOA"}, {"ns", "NS"}, {"delegation", "NS"}, {"glue", "A"}, {"challenge", "CNAME"}, {"target", "TXT"},
		{"target", "A"}, {"dnskey", "DNSKEY"}, {"open-transfer", "SOA"}};
	const char *type = kinds[i % AFD_COUNT(kinds)].type, *id = TEXT("%u", i + 1), *name = TEXT("h%u.%s", i, zone),
		   *qname = i % 2 ? TEXT("h%u.%s", i, zone) : TEXT("%s", zone);

	case_row(db, "dns_answer", "id", id, "source", "probe", "purpose", kinds[i % AFD_COUNT(kinds)].purpose, "zone", zone, "server",
		 TEXT("ns%u.%s", i % 3, zone), "address", TEXT("192.0.2.%u", i % 3), "qname", qname, "qtype", type, "outcome",
		 i % 5 ? "NOERROR" : "NXDOMAIN", "aa", "1", "t", when, NULL);
	case_row(db, "dns_answer_record", "answer_id", id, "section", "answer", "owner", qname, "type", type, "rdata",
		 TEXT("x%u.d1.test.", i), NULL);
	case_row(db, "dnssec_verdict", "source", "probe", "zone", zone, "name", qname, "type", type, "validator", "affidavit", "state",
		 i % 7 ? "secure" : "bogus", "algorithm", "8 13", "t", when, NULL);
	case_row(db, "dnssec_verdict", "source", "probe", "zone", zone, "name", qname, "type", type, "validator", "libunbound", "state",
		 i % 3 ? "secure" : "bogus", "algorithm", "8 13", "t", when, NULL);
	case_row(db, "endpoint", "id", id, "source", "probe", "host", name, "port", "443", "outcome", "presented", "tbs_key", id,
		 "name_match", "1", "chain_ok", "1", "t", when, NULL);
	case_row(db, "held_certificate", "id", id, "source", "files", "place", name, "cert_sha256", id, "tbs_key", id, NULL);
	case_row(db, "held_name", "held_id", id, "name", name, "base", name, "kind", "dns", NULL);
	case_row(db, "issuance_request", "id", id, "source", "lego", "ref", id, "outcome", "issued", "tbs_key", id, "t_from", when, "t_to",
		 when, NULL);
	case_row(db, "issuance_name", "request_id", id, "name", name, "base", name, NULL);
}

/* What account I of the same provider's log and lists tell, and the inventory's credentials and people. */
static void account(sqlite3 *db, unsigned i, const char *zone, const char *when, const char *until)
{
	static const char *const actions[] = { "login", "token.create", "member.add", "certificate.issue", "record.add" };
	const char *id = TEXT("a%u", i), *name = TEXT("k%u", i % 50);

	case_row(db, "event", "source", "acct", "account", "acme", "action", actions[i % AFD_COUNT(actions)], "domain", zone, "provider_ref", id,
		 "actor", TEXT("p%u", i % 40), "actor_kind", i % 2 ? "person" : "credential", "credential", TEXT("t%u", i % 60), "origin",
		 TEXT("192.0.2.%u", i % 7), "outcome", i % 9 ? "success" : "failure", "t_from", when, "t_to", until, NULL);
	case_row(db, "credential_state", "source", "list", "account", "acme", "credential", TEXT("t%u", i), "kind", "api-token", "scopes",
		 "DNS Write on com.cloudflare.api.account.zone.*=*", "limits", "", "created_ms", "-800d", "expires_ms", "forever", "used_ms", when,
		 "first_ms", "-85d", "seen_ms", "-1h", NULL);
	case_row(db, "member_state", "source", "list", "account", "acme", "member", TEXT("p%u", i), "mfa", "0", "first_ms", "-85d", "seen_ms",
		 "-1h", NULL);
	if (i < 50)
		case_row(db, "credential_grant", "source", "conf", "scope", zone, "credential", name, "owner", TEXT("h%u.%s", i, zone), "type", "A",
			 "action", "update", "raw", id, NULL);
	if (i < 50)
		case_row(db, "credential", "id", name, "owner", TEXT("p%u", i), "purpose", "acme", NULL);
	if (i < 40)
		case_row(db, "actor", "name", TEXT("p%u", i), "kind", i % 2 ? "person" : "automation", "credential", name, NULL);
	if (i < 30)
		case_row(db, "person", "id", TEXT("p%u", i), "kind", "person", NULL);
}

/* What stands in and about certificate I. */
static void certificate_parts(sqlite3 *db, unsigned i, const char *id, const char *when)
{
	case_row(db, "certificate_sct", "certificate_id", id, "log_id", TEXT("l%u", i % 5), "timestamp", when, NULL);
	case_row(db, "revocation", "crl_id", "1", "serial", id, "state", i % 2 ? "revoked" : "good", "t", when, NULL);
	case_row(db, "owned_certificate", "id", id, "host", TEXT("h%u.d%u.test", i, i % 20), "serial", id, NULL);
}

/* What zones say of their signing and of issuers, and how servers answered: sets that come and go at few names. */
static void signing(sqlite3 *db, unsigned i, const char *zone)
{
	static const struct { const char *purpose, *type, *rdata; } kinds[] = {
		{"caa", "CAA", "0 issue \"ca.test; x=1\""}, {"ds", "DS", "%u 13 2 00"}, {"dnskey", "DNSKEY", "257 3 13 AAAA%04u"},
		{"cds", "CDS", "%u 13 2 00"}, {"nsec3param", "NSEC3PARAM", "1 0 0 -"}, {"soa", "SOA", "ns1. h. %u 7200 3600 1209600 300"},
		{"delegation", "NS", "ns%u.d1.test."}, {"cdnskey", "CDNSKEY", "257 3 13 AAAA%04u"}, {"recursion", "NS", "a.root."}};
	const char *id = TEXT("%u", i + 1000000), *type = kinds[i % AFD_COUNT(kinds)].type,
		   *rdata = strstr(kinds[i % AFD_COUNT(kinds)].rdata, "%u") ? sqlite3_mprintf(kinds[i % AFD_COUNT(kinds)].rdata, i) : NULL,
		   *when = TEXT("-89d+%" PRIu64 "ms", i / 20 * 24 * pace.look_ms), *after = TEXT("%s+1d", when);

	case_row(db, "dns_answer", "id", id, "source", "probe", "purpose", kinds[i % AFD_COUNT(kinds)].purpose, "zone", zone, "server",
		 TEXT("ns%u.%s", i % 3, zone), "address", TEXT("192.0.2.%u", i % 3), "qname", zone, "qtype", type, "t", when, NULL);
	case_row(db, "dns_answer_record", "answer_id", id, "section", "answer", "owner", zone, "type", type, "rdata",
		 rdata ? rdata : kinds[i % AFD_COUNT(kinds)].rdata, NULL);
	case_row(db, "dns_answer_record", "answer_id", id, "section", "answer", "owner", zone, "type", "RRSIG", "rdata",
		 TEXT("%s 13 2 300 20260901000000 20260801000000 %u %s. AAAA", type, i % 7, zone), NULL);
	/* issuers change at many names, keys at the top alone */
	case_row(db, "record", "zone", zone, "owner", i % 2 && i >= 400 ? TEXT("h%u.%s", i, zone) : zone, "type", i % 2 ? "CAA" : "DNSKEY", "rdata",
		 i % 2 ? TEXT("0 issue \"ca%u.test\"", i) : TEXT("257 3 13 AAAA%04u", i), "ttl", "300", "valid_from", when, "valid_to", after, NULL);
	if (i % 10 == 1)                                /* one that stays */
		case_row(db, "record", "zone", zone, "owner", TEXT("s%u.%s", i, zone), "type", "CAA", "rdata", "0 issue \"ca.test\"", "ttl", "300", "valid_from", when, NULL);
	case_row(db, "change", "id", id, "zone", zone, "serial_from", id, "serial_to", id, "t_from", when, "t_to", TEXT("%s+1m", when), NULL);
	case_row(db, "change_record", "change_id", id, "zone", zone, "owner", i % 2 && i >= 400 ? TEXT("h%u.%s", i, zone) : zone, "type", i % 2 ? "CAA" : "DNSKEY", "op", i % 4 < 2 ? "add" : "del",
		 "rdata", i % 2 ? TEXT("0 issue \"ca%u.test\"", i) : TEXT("257 3 13 AAAA%04u", i), "t_from", when, "t_to", TEXT("%s+1m", when), NULL);
	sqlite3_free((char *)rdata);
}

/* What registry and registrar tell of a domain at look I, and what changed since: hours lie between two looks at one domain. */
static void registration(sqlite3 *db, unsigned i, const char *zone)
{
	static const char *const verbs[] = { "ns.change", "ds.change", "contact.change", "domain.transfer-out", "domain.auth-code.read",
					     "auto-renew.disable", "update-lock.remove", "domain.registrar.change" };
	const char *id = TEXT("%u", i + 1), *first = TEXT("-88d+%" PRIu64 "ms", i * pace.look_ms), *seen = TEXT("-88d+%" PRIu64 "ms", (i + 16) * pace.look_ms);

	for (unsigned k = 0; k < 2; k++) {
		const char *state = TEXT("%u", 2 * i + k + 1);

		case_row(db, "domain_state", "id", state, "source", "rdap", "domain", zone, "view", k ? "registrar" : "registry", "statuses",
			 i % 3 ? "clientTransferProhibited" : "ok pendingTransfer", "name_servers", TEXT("a.test b%u.test", i % 4), "ds",
			 TEXT("%u 8 2 aa", i % 5), "registrar", "Shop Ltd", "registrar_id", i % 7 ? "292" : "293", "auth_code", i % 2 ? "1" : "0",
			 "auto_renew", "1", "expires_ms", "60d", "data_ms", first, "first_ms", first, "seen_ms", seen, NULL);
		case_row(db, "domain_contact", "state_id", state, "role", "admin", "email", TEXT("dns@d%u.test", i % 30), NULL);
	}
	case_row(db, "event", "source", i % 2 ? "rdap" : "acct", "account", "acme", "action", verbs[i / 20 % AFD_COUNT(verbs)], "domain", zone,
		 "provider_ref", TEXT("reg%u", i), "record_kind", i % 2 ? "state-difference" : "log", "before_value", TEXT("%u", i), "after_value", id,
		 "t_from", first, "t_to", seen, NULL);
	if (i < 20)
		case_row(db, "record", "zone", zone, "owner", zone, "type", "NS", "rdata", "a.test.", NULL);
	if (i % 50 == 0)
		case_row(db, "supplier_name", "supplier", TEXT("s%u", i), "kind", "registrar", "name", id, NULL);
}

/* What services are bound to, what retired ones still hold, notices of findings and what was done about them, counters of servers. */
static void inventory(sqlite3 *db, unsigned i, const char *zone, const char *when)
{
	const char *id = TEXT("%u", i + 1), *service = TEXT("svc%u", i), *finding = TEXT("F%u", i);

	case_row(db, "service", "name", service, "host", TEXT("h%u.%s", i, zone), "owner", TEXT("p%u", i % 40),
		 i % 3 ? NULL : "retired_ms", "-88d", NULL);
	case_row(db, "crl", "id", id, "issuer_key_hash", TEXT("a%u", i % 20), "t", when, "this_update", when, "next_update", TEXT("%s+7d", when), NULL);
	case_row(db, "notice", "finding", finding, "check_id", "transfer-lock-removed", "resource", zone, "severity", "high", "status", "fail",
		 "channel", "mail", "outcome", "delivered", "t", when, NULL);
	case_row(db, "response", "finding", finding, "ticket", finding, "owner", "p1", "acknowledged_ms", when, NULL);
	case_row(db, "observation", "source", "counters", "kind", "dns-counter", "subject", TEXT("ns%u", i % 3), "name", "servfail", "value", id, "number", id,
		 "t_from", when, "t_to", TEXT("%s+1m", when), NULL);
}

/* Who says they made change I: half of them name its record, some its step of the serial, and two logs know some. */
static void claims(sqlite3 *db, unsigned i, const char *zone, const char *owner, const char *type, const char *when, const char *until)
{
	const char *id = TEXT("%u", i + 1), *tap = TEXT("%u", i + 2000001), *full = TEXT("h%u.%s", i, zone), *step = i % 8 == 2 ? id : NULL;
	const bool same = i % 4 < 2;

	case_row(db, "claim", "id", id, "zone", zone, "ref", id, "credential", TEXT("k%u", i % 50), "t_from", when, "t_to", until, "serial_from", step,
		 "serial_to", step, NULL);
	case_row(db, "claim_record", "claim_id", id, "zone", zone, "owner", same ? owner : full, "type", same ? type : "A", "op", "add",
		 "rdata", "x", NULL);
	if (i % 10)
		return;
	case_row(db, "claim", "id", tap, "source", "tap", "kind", "dnstap", "zone", zone, "ref", id, "credential", TEXT("k%u", i % 20 ? i % 50 : i % 49),
		 "mac", "verified", "t_from", when, "t_to", until, NULL);
	case_row(db, "claim_record", "claim_id", tap, "zone", zone, "owner", owner, "type", type, "op", "add", "rdata", "x", NULL);
}

/* Items of the ledger, what was stamped, what could not be read, and what each look at a zone covered. */
static void ledger(sqlite3 *db, unsigned i, const char *zone, const char *when)
{
	static const char *const sources[] = { "ns", "upd", "probe", "rdap", "acct", "git", "lego" };
	const char *leaf = TEXT("%u", i + 1), *source = sources[i % AFD_COUNT(sources)], *next = TEXT("-80d+%" PRIu64 "ms", (i + 20) * pace.event_ms);

	case_row(db, "item_note", "leaf", leaf, "hash", leaf, "kind", i % 3 ? "answer" : "run", "source", source, "asked", zone, "received_ms", when,
		 "ledger_ms", when, "server_ms", i % 5 ? when : TEXT("%s+1h", when), "parts", "1", NULL);
	if (i % 10 == 0)
		case_row(db, "anchor", "leaf", leaf, "size", leaf, "time_ms", when, NULL);
	if (i % 10 == 1)
		case_row(db, "decode_error", "leaf", leaf, "source", source, "reason", "cut short", NULL);
	/* the looks at one zone meet; every fiftieth saw nothing */
	case_row(db, "coverage", "source", "ns", "evidence", "zone-changes", "scope", zone, "t_from", when, "t_to", next, "grade",
		 i / 20 % 50 ? "3" : "0", "reason", i / 20 % 50 ? NULL : leaf, NULL);
}

/* What logs and search services tell of certificates besides themselves. */
static void logs(sqlite3 *db, unsigned i, const char *when)
{
	const char *id = TEXT("%u", i + 1), *name = TEXT("s%u.d%u.test", i, i % 20);

	case_row(db, "search_result", "id", id, "source", "search", "provider", "crt.sh", "ref", id, "tbs_sha256", i % 2 ? id : TEXT("s%u", i), "serial", id, "issuer",
		 "CN=X", "not_before", when, "not_after", TEXT("%s+90d", when), "logged_ms", when, NULL);
	case_row(db, "search_name", "id", id, "result_id", id, "name", name, "base", name, NULL);
	if (i % 5 == 0)
		case_row(db, "certificate_name", "certificate_id", id, "name", TEXT("bigshop.x%u.example", i), "base", TEXT("bigshop.x%u.example", i), NULL);
	if (i % 5 == 1)
		case_row(db, "unparsed_entry", "log", "log.test", "entry_index", id, "reason", "cut short", "leaf", id, NULL);
	if (i % 5 == 2)
		case_row(db, "ct_incident", "log", "log.test", "kind", "rollback", "reason", "smaller", "seen_ms", when, NULL);
	if (i % 5 == 3)
		case_row(db, "ct_list", "source", "lists", "timestamp", when, "leaf", id, NULL);
}

/* Documents, edits and accepted risks; suppliers and what they hold; names whose address moved. */
static void governance(sqlite3 *db, unsigned i, const char *zone, const char *when, const char *until)
{
	static const struct { const char *kind, *subject; } documents[] = {
		{"access-review", "acme"}, {"recovery-test", NULL}, {"rollback-test", NULL}, {"failover-test", NULL}, {"revocation-test", NULL},
		{"policy-review", ""}, {"trend-review", ""}, {"trust-path-review", ""}, {"secrets-storage", NULL}, {"scope-review", "domain"}};
	static const char *const edited[] = { "domain", "policy", "waiver", "source" };
	const char *id = TEXT("%u", i + 4000001), *subject = documents[i % AFD_COUNT(documents)].subject, *supplier = TEXT("t%u", i), *key = TEXT("c%u", i),
		   *full = TEXT("h%u.%s", i, zone);

	case_row(db, "attestation", "ref", id, "kind", documents[i % AFD_COUNT(documents)].kind, "subject", subject ? subject : zone, "dated_ms", when,
		 "expires_ms", "forever", "author", "p1", "approver", "p2", NULL);
	case_row(db, "scope_edit", "table_name", edited[i % AFD_COUNT(edited)], "key", key, "what", "changed", "t", when, NULL);
	if (i % 2 == 0)
		case_row(db, "waiver", "id", id, "check_id", "zone-mass-delete", "resource", key, "standing", "1", "owner", "p1", "approver", "p2", "reason", "known",
			 "expires", i % 4 ? "30d" : "-1d", NULL);
	if (i % 2)
		return;
	case_row(db, "supplier", "name", supplier, "kind", "dns", "reviewed_ms", i % 4 ? "-400d" : NULL, NULL);
	case_row(db, "credential", "id", key, "owner", TEXT("p%u", i % 40), "supplier", i % 4 ? supplier : NULL, "workload", TEXT("svc%u", i), NULL);
	case_row(db, "credential_scope", "credential", key, "owner", TEXT("_acme-challenge.%s", full), "type", "TXT", NULL);
	case_row(db, "source_scope", "source", "ends", "evidence", "tls-live", "scope", TEXT("%s:443", full), NULL);
	case_row(db, "change", "id", id, "zone", zone, "serial_from", id, "serial_to", id, "t_from", when, "t_to", until, NULL);
	case_row(db, "change_record", "change_id", id, "zone", zone, "owner", full, "type", "A", "op", "add", "rdata", "192.0.2.9", "t_from", when, "t_to", until,
		 NULL);
}

/* A change of so many records that a day with it is busy, however small the store. */
static void busy_day(sqlite3 *db, const char *change, const char *zone)
{
	case_row(db, "change", "id", change, "zone", zone, "serial_from", change, "serial_to", change, "t_from", "-86d", "t_to", "-86d+1m", NULL);
	for (unsigned i = 0; i < 60; i++)
		case_row(db, "change_record", "change_id", change, "zone", zone, "owner", TEXT("bulk%u.%s", i, zone), "type", "A", "op", "add",
			 "rdata", "192.0.2.1", "t_from", "-86d", "t_to", "-86d+1m", NULL);
}

void growth_fill(sqlite3 *db, unsigned n, struct growth_pace at)
{
	pace = at;
	sqlite3_exec(db, "BEGIN", NULL, NULL, NULL);
	case_rows_keep(db, true);
	case_row(db, "source", "name", "probe", "evidence", "dns-live", NULL);
	case_row(db, "source", "name", "ends", "evidence", "tls-live", NULL);
	case_row(db, "source_scope", "source", "acct", "evidence", "account-events", "scope", "acme", NULL);
	case_row(db, "source_scope", "source", "list", "evidence", "account-state", "scope", "acme", NULL);
	case_row(db, "source", "name", "search", "kind", "ct-search", "evidence", "ct-search", NULL);
	case_row(db, "source", "name", "lists", "kind", "ct", "evidence", "ct-list", NULL);
	case_row(db, "source_scope", "source", "search", "evidence", "ct-search", "scope", "crt.sh", NULL);
	case_row(db, "source_scope", "source", "log", "evidence", "ct-log", "scope", "log.test", NULL);
	case_row(db, "routing", "check_id", "", "severity", "high", "owner", "p1", "acknowledge_ms", "1d", "close_ms", "7d", NULL);
	case_row(db, "domain", "name", "bigshop.test", "lookalike", "1", NULL);
	for (unsigned i = 0; i < 3; i++)
		case_row(db, "source_scope", "source", "counters", "evidence", "dns-counters", "scope", TEXT("ns%u", i), NULL);
	for (unsigned i = 0; i < 20; i++) {
		const char *name = TEXT("d%u.test", i);

		case_row(db, "domain", "name", name, "zone", name, "account", "acme", NULL);
		case_row(db, "zone", "name", name, "seen_ms", "0", NULL);
		busy_day(db, TEXT("%u", 3000000 + i), name);
		case_row(db, "source_scope", "source", "git", "evidence", "zone-declared", "scope", name, NULL);
		case_row(db, "coverage", "source", "git", "evidence", "zone-declared", "scope", name, "t_from", "-85d", "t_to",
			 "-1d", "grade", "2", NULL);
		case_row(db, "source_scope", "source", "ns", "evidence", "zone-changes", "scope", name, NULL);
		case_row(db, "source_scope", "source", "upd", "evidence", "zone-claims", "scope", name, NULL);
		case_row(db, "source_scope", "source", "rdap", "evidence", "registry-state", "scope", name, NULL);
		case_row(db, "source_scope", "source", "lego", "evidence", "issuance-requests", "scope", name, NULL);
	}
	for (unsigned i = 0; i < n; i++) {
		const char *zone = TEXT("d%u.test", i % 20), *full = TEXT("h%u.d%u.test", i, i % 20),
			   *id = TEXT("%u", i + 1), *when = TEXT("-80d+%" PRIu64 "ms", i * pace.event_ms),
			   *until = TEXT("-80d+%" PRIu64 "ms", (i + 1) * pace.event_ms);
		const char *challenge = TEXT("_acme-challenge.h%u.d%u.test", i, i % 20);

		case_row(db, "certificate", "id", id, "tbs_key", id, "serial", id, "issuer", "CN=X", "spki_sha256", TEXT("%u", i / 2), "key_algorithm", "rsa",
			 "key_bits", "1024", "not_before", when, "not_after", TEXT("%s+90d", when), "logged_ms", when, NULL);
		certificate_parts(db, i, id, when);
		case_row(db, "certificate_name", "certificate_id", id, "name", full, "base", full, NULL);
		case_row(db, "record", "zone", zone, "owner", challenge, "type", i % 3 ? "TXT" : "CNAME", "rdata",
			 i % 3 ? "x" : "y.d1.test.", "valid_from", when, NULL);
		case_row(db, "change", "id", id, "zone", zone, "serial_from", id, "serial_to", id, "t_from", when,
			 "t_to", until, NULL);
		case_row(db, "change_record", "change_id", id, "zone", zone, "owner", i % 2 ? full : challenge, "type",
			 i % 2 ? "NS" : "TXT", "op", "add", "rdata", "x", "t_from", when, "t_to",
			 until, NULL);
		claims(db, i, zone, i % 2 ? full : challenge, i % 2 ? "NS" : "TXT", when, until);
		case_row(db, "event", "source", "acct", "account", "acme", "action", "transfer-lock.remove", "domain",
			 zone, "provider_ref", id, "t_from", when, "t_to", until, NULL);
		case_row(db, "approval", "subject", full, "kind", "ns.change", "valid_from", when, NULL);
		if (i % 2)
			case_row(db, "response", "finding", TEXT("F%u", i + 1), "acknowledged_ms", when, NULL);
		step_of_history(db, i / 20, n + i + 1, zone);
		look(db, i, zone, when);
		signing(db, i, zone);
		account(db, i, zone, when, until);
		registration(db, i, zone);
		inventory(db, i, zone, when);
		ledger(db, i, zone, when);
		logs(db, i, when);
		governance(db, i, zone, when, until);
	}
	for (unsigned i = 0; i < 50; i++)
		case_row(db, "credential_scope", "credential", TEXT("k%u", i), "owner", TEXT("*.x%u.test", i), "suffix",
			 TEXT(".x%u.test", i), "type", "*", NULL);
	case_rows_keep(db, false);
	sqlite3_exec(db, "UPDATE domain SET tier = 'critical', registrar = '292'", NULL, NULL, NULL);
	sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
}
