/* An inventory out of what was collected: names, hosts with certificates, credentials, people and suppliers that evidence shows,
 * for people to go through. What the inventory states already stays; owners that nobody knows are `unknown`. */
#include <stdlib.h>

#include "cli/session.h"
#include "cli/verbs.h"
#include "core/file.h"
#include "core/when.h"
#include "evidence/store.h"

/* One query for each section. The end of a column's name says how it is written: "_list" several values with LF between; "_maps"
 * several maps, each of keys and values with TAB between; "_ms" a time; "_is" a truth. What is NULL or empty is not written. */
#define ALIVE "9223372036854775807"
#define EACH(values) "(SELECT group_concat(t, char(10)) FROM (SELECT " values " AS t"
#define OF_SUPPLIER(word, column) ", " EACH("n.name") " FROM supplier_name n WHERE n.supplier = p.name AND n.kind = '" word "' ORDER BY 1)) AS " column
static const struct { const char *name, *what, *sql; } sections[] = {
	{ "domains", "names that registries, registrars and zones show",
	  "WITH seen AS (SELECT s.domain AS name, MIN(s.account) AS account, MIN(s.registrar_id) AS registrar FROM domain_state s"
	  " WHERE s.change_ref IS NULL GROUP BY s.domain"
	  " UNION ALL SELECT z.name, NULL, NULL FROM zone z WHERE z.name NOT IN (SELECT domain FROM domain_state))"
	  " SELECT d.name AS name, coalesce(d.zone, 'none') AS zone, coalesce(d.account, s.account) AS account, coalesce(d.owner, CASE d.in_scope WHEN 1 THEN 'unknown' END) AS owner,"
	  " d.tier AS tier, d.environment AS environment, coalesce(d.registrar, s.registrar) AS registrar, nullif(d.in_scope, 1) AS in_scope_is, d.reason AS reason,"
	  " nullif(d.exact, 0) AS exact_is, nullif(d.lookalike, 0) AS lookalike_is,"
	  " " EACH("a.prefix") " FROM domain_address a WHERE a.domain = d.name ORDER BY 1)) AS addresses_list,"
	  " " EACH("CASE WHEN i.issuer <> '' THEN 'name' || char(9) || i.issuer ELSE 'key' || char(9) || i.issuer_key_hash END"
		  " || CASE WHEN i.valid_from > 0 THEN char(9) || 'valid_from' || char(9) || i.valid_from ELSE '' END"
		  " || CASE WHEN i.valid_to < " ALIVE " THEN char(9) || 'valid_to' || char(9) || i.valid_to ELSE '' END")
	  " FROM approved_issuer i WHERE i.domain = d.name AND i.withdrawn_at = " ALIVE " ORDER BY 1)) AS issuers_maps"
	  " FROM domain d LEFT JOIN seen s ON s.name = d.name"
	  " UNION ALL SELECT s.name, NULL, MIN(s.account), 'unknown', NULL, NULL, MIN(s.registrar), NULL, NULL, NULL, NULL, NULL, NULL FROM seen s"
	  " WHERE s.name NOT IN (SELECT name FROM domain) AND s.name NOT IN (SELECT zone FROM domain WHERE zone IS NOT NULL) GROUP BY s.name ORDER BY 1" },
	{ "zones", "zones that were read",
	  "SELECT z.name AS name, coalesce(o.owner, d.owner, 'unknown') AS owner, o.tier AS tier, o.environment AS environment, coalesce(o.signed,"
	  " CASE WHEN EXISTS (SELECT 1 FROM record r WHERE r.zone = z.name AND r.owner = z.name AND r.type = 'DNSKEY' AND r.valid_to = " ALIVE ")"
	  " THEN 1 WHEN z.name IN (SELECT name FROM zone) THEN 0 END) AS signed_is, o.supplier AS supplier"
	  " FROM (SELECT name FROM zone UNION SELECT name FROM owned_zone) z LEFT JOIN owned_zone o ON o.name = z.name LEFT JOIN domain d ON d.name = z.name ORDER BY 1" },
	{ "services", "hosts with certificates that are still valid",
	  "SELECT s.name AS name, s.host AS host, coalesce(s.owner, 'unknown') AS owner, s.tier AS tier, s.environment AS environment, s.exposure AS exposure,"
	  " s.renewal AS renewal, s.validation AS validation, s.supplier AS supplier, s.retired_ms AS retired_ms FROM service s"
	  " UNION ALL SELECT replace(h.name, '*.', 'wildcard ') || CASE WHEN replace(h.name, '*.', 'wildcard ') IN (SELECT name FROM service) THEN ' (seen)' ELSE '' END,"
	  " h.name, 'unknown', NULL, NULL, NULL, NULL, NULL, NULL, NULL"
	  " FROM (SELECT DISTINCT n.name FROM certificate_name n JOIN certificate c ON c.id = n.certificate_id"
	  " WHERE n.kind = 'dns' AND c.not_after > (SELECT max(received_ms) FROM item_note)) h WHERE h.name NOT IN (SELECT host FROM service) ORDER BY 2, 1" },
	{ "certificates", "as the inventory has them",
	  "SELECT id, host, service, owner, serial, cert_sha256 AS sha256, issuer FROM owned_certificate ORDER BY id" },
	/* who used a key of a session counts, not the key (check credential-not-in-inventory) */
	{ "credentials", "keys and tokens that wrote to zones, that were used in accounts, or that providers list",
	  "WITH used AS (SELECT c.credential AS id, CASE WHEN c.kind IN ('log', 'dnstap') THEN 'tsig-key' END AS kind FROM claim c"
	  " WHERE c.kind NOT IN ('transfer', 'commit', 'plan')"
	  " UNION SELECT CASE WHEN substr(e.credential, 1, 4) = 'ASIA' AND e.actor IS NOT NULL THEN e.actor ELSE e.credential END, NULL FROM event e"
	  " WHERE e.outcome <> 'failure' AND coalesce(e.actor_kind, 'credential') NOT IN ('person', 'provider', 'system')"
	  " UNION SELECT g.credential, NULL FROM credential_grant g WHERE g.action = 'update' AND g.valid_to = " ALIVE
	  " UNION SELECT s.credential, s.kind FROM credential_state s WHERE s.gone_ms IS NULL)"
	  " SELECT k.id AS id, k.kind AS kind, coalesce(k.owner, 'unknown') AS owner, k.purpose AS purpose, k.class AS class, k.workload AS workload,"
	  " k.environment AS environment, k.supplier AS supplier, k.interactive AS interactive_is, k.federated AS federated_is, k.issued_ms AS issued_ms,"
	  " k.rotated_ms AS rotated_ms, k.expires_ms AS expires_ms, k.retired_ms AS retired_ms, k.leaked_ms AS leaked_ms, k.leak_closed_ms AS leak_closed_ms,"
	  " k.storage AS storage, " EACH("w.owner || ' ' || w.type") " FROM credential_scope w WHERE w.credential = k.id AND w.withdrawn_at = " ALIVE
	  " ORDER BY 1)) AS writes_list FROM credential k"
	  " UNION ALL SELECT u.id, MAX(u.kind), 'unknown', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL FROM used u"
	  " WHERE u.id <> '' AND u.id NOT IN (SELECT id FROM credential) AND u.id NOT IN (SELECT name FROM actor WHERE withdrawn_at = " ALIVE ")"
	  " GROUP BY u.id ORDER BY 1" },
	{ "people", "members that accounts list, and people who did something there",
	  "WITH login AS (SELECT coalesce(m.email, m.member) AS id, m.name, m.email, m.member AS login, m.account FROM member_state m WHERE m.gone_ms IS NULL"
	  " UNION SELECT e.actor, NULL, NULL, e.actor, e.account FROM event e WHERE e.actor_kind = 'person' AND e.actor <> '' AND e.outcome <> 'failure'"
	  " AND e.actor NOT IN (SELECT member FROM member_state UNION SELECT email FROM member_state WHERE email IS NOT NULL)),"
	  " own AS (SELECT a.person, a.name, a.account FROM actor a WHERE a.withdrawn_at = " ALIVE ")"
	  " SELECT p.id AS id, nullif(p.kind, 'person') AS kind, p.name AS name, p.email AS email, p.team AS team, p.role AS role, p.left_ms AS left_ms,"
	  " " EACH("'name' || char(9) || o.name || CASE WHEN o.account <> '' THEN char(9) || 'account' || char(9) || o.account ELSE '' END")
	  " FROM own o WHERE o.person = p.id ORDER BY 1)) AS logins_maps FROM person p"
	  " UNION ALL SELECT l.id, NULL, MAX(l.name), MAX(l.email), NULL, NULL, NULL,"
	  " group_concat(DISTINCT 'name' || char(9) || l.login || char(9) || 'account' || char(9) || l.account || char(10)) FROM login l"
	  " WHERE l.id NOT IN (SELECT id FROM person) AND NOT EXISTS (SELECT 1 FROM own o WHERE o.name = l.login AND o.account IN ('', l.account))"
	  " GROUP BY l.id ORDER BY 1" },
	{ "actors", "as the inventory has them",
	  "SELECT name, account, kind, credential FROM actor WHERE person IS NULL AND withdrawn_at = " ALIVE " ORDER BY name, account" },
	{ "suppliers", "registrars, name servers and issuers that evidence shows",
	  "SELECT p.name AS name, p.kind AS kind, p.tier AS tier, coalesce(p.owner, 'unknown') AS owner, p.contract AS contract, p.reviewed_ms AS reviewed_ms"
	  OF_SUPPLIER("name-server", "name_servers_list") OF_SUPPLIER("target", "targets_list") OF_SUPPLIER("registrar", "registrars_list")
	  OF_SUPPLIER("issuer", "issuers_list") OF_SUPPLIER("account", "accounts_list") " FROM supplier p"
	  " UNION ALL SELECT x.name || CASE WHEN x.name IN (SELECT name FROM supplier) THEN ' (' || x.kind || ')' ELSE '' END, x.kind, NULL, 'unknown', NULL, NULL,"
	  " x.ns, NULL, x.reg, x.iss, NULL FROM ("
	  " SELECT coalesce(s.registrar, s.registrar_id) AS name, 'registrar' AS kind, NULL AS ns,"
	  " coalesce(MAX(s.registrar_id), MAX(s.registrar)) AS reg, NULL AS iss FROM domain_state s"
	  " WHERE coalesce(s.registrar, s.registrar_id) IS NOT NULL GROUP BY coalesce(s.registrar, s.registrar_id)"
	  " UNION ALL SELECT h.parent, 'dns', '*.' || h.parent, NULL, NULL FROM ("
	  " SELECT DISTINCT rtrim(substr(r.rdata, instr(r.rdata, '.') + 1), '.') AS parent FROM record r JOIN zone z ON z.name = r.zone AND z.name = r.owner"
	  " WHERE r.type = 'NS' AND r.valid_to = " ALIVE ") h WHERE instr(h.parent, '.') > 0"
	  " AND NOT EXISTS (SELECT 1 FROM domain d WHERE h.parent = d.name OR h.parent LIKE '%.' || d.name)"
	  " UNION ALL SELECT DISTINCT c.issuer, 'ca', NULL, NULL, c.issuer FROM certificate c) x"
	  " WHERE NOT EXISTS (SELECT 1 FROM supplier_name p WHERE p.name IN (x.ns, x.reg, x.iss)) ORDER BY 2, 1" },
	{ "environments", "as the inventory has them",
	  "SELECT e.name AS name, e.kind AS kind, e.owner AS owner, " EACH("n.name") " FROM environment_name n WHERE n.environment = e.name ORDER BY 1)) AS names_list"
	  " FROM environment e ORDER BY 1" },
};

/* In double quotes, as YAML and JSON both read it. */
static int put_text(struct afd_buf *b, const char *s)
{
	int r = afd_buf_text(b, "\"");

	for (; r == 0 && *s; s++) {
		const unsigned char c = (unsigned char)*s;

		if (c == '"' || c == '\\')
			r = afd_buf_printf(b, "\\%c", c);
		else if (c < 0x20 || c == 0x7f)
			r = afd_buf_printf(b, "\\x%02X", c);
		else
			r = afd_buf_u8(b, c);
	}
	return r < 0 ? -1 : afd_buf_text(b, "\"");
}

static int put_list(struct afd_buf *b, const char *s)
{
	bool first = true;

	if (afd_buf_text(b, "[") < 0)
		return -1;
	while (*s) {
		const size_t n = strcspn(s, "\n");
		AFD_AUTO(mem) char *one = afd_text_dup(afd_slice(s, n));

		if (!one || (n && !first && afd_buf_text(b, ", ") < 0) || (n && put_text(b, one) < 0))
			return -1;
		first = first && !n;
		s += n + (s[n] == '\n');
	}
	return afd_buf_text(b, "]");
}

static int put_time(struct afd_buf *b, const char *s)
{
	return strcmp(s, ALIVE) == 0 ? afd_buf_text(b, "never") : afd_buf_printf(b, "\"%s\"", afd_when_text(strtoll(s, NULL, 10)).s);
}

/* "name TAB ann TAB valid_from TAB 1000" is {name: "ann", valid_from: "1970-..."}. */
static int put_map(struct afd_buf *b, char *s)
{
	for (const char *key = NULL; *s;) {
		const size_t n = strcspn(s, "\t");
		const bool last = !s[n];
		int r;

		s[n] = 0;
		r = !key ? afd_buf_printf(b, "%s: ", s) : strncmp(key, "valid_", 6) == 0 ? put_time(b, s) : put_text(b, s);
		if (r < 0 || (key && !last && afd_buf_text(b, ", ") < 0))
			return -1;
		key = key ? NULL : s;
		s += n + !last;
	}
	return 0;
}

static int put_maps(struct afd_buf *b, const char *s)
{
	bool first = true;

	if (afd_buf_text(b, "[") < 0)
		return -1;
	for (; *(s += strspn(s, "\n,")); first = false) {         /* ",": between the values of group_concat(DISTINCT) */
		const size_t n = strcspn(s, "\n");
		AFD_AUTO(mem) char *one = afd_text_dup(afd_slice(s, n));

		if (!one || afd_buf_text(b, first ? "{" : ", {") < 0 || put_map(b, one) < 0 || afd_buf_text(b, "}") < 0)
			return -1;
		s += n;
	}
	return afd_buf_text(b, "]");
}

static int put_truth(struct afd_buf *b, const char *s)
{
	return afd_buf_text(b, strcmp(s, "0") != 0 ? "true" : "false");
}

static const struct { const char *end; int (*put)(struct afd_buf *b, const char *s); } forms[] = {
	{ "_list", put_list }, { "_maps", put_maps }, { "_is", put_truth }, { "_ms", put_time }, { "", put_text },
};

static int put_column(struct afd_buf *b, struct afd_query *q, int c, bool first)
{
	const char *name = afd_query_column_name(q, c);
	const size_t n = strlen(name);
	size_t i = 0, m;

	while (m = strlen(forms[i].end), n < m || strcmp(name + n - m, forms[i].end) != 0)
		i++;
	if (afd_buf_printf(b, "%s%.*s: ", first ? "" : ", ", (int)(n - m), name) < 0)
		return -1;
	return forms[i].put(b, afd_query_text(q, c));
}

/* What no inventory can hold is said and left out: names in evidence are whatever others made them. */
static int put_row(struct afd_buf *b, size_t section, struct afd_query *q, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf row = { 0 }, alone = { 0 };
	struct afd_error why = { 0 };
	bool first = true;

	if (afd_buf_text(&row, "  - {") < 0)
		return afd_fail_memory(err);
	for (int c = 0; c < afd_query_columns(q); c++) {
		if (afd_query_is_null(q, c) || !*afd_query_text(q, c))
			continue;
		if (put_column(&row, q, c, first) < 0)
			return afd_fail_memory(err);
		first = false;
	}
	if (afd_buf_text(&row, "}\n") < 0 || afd_buf_printf(&alone, "%s%s:\n", section ? "domains: []\n" : "", sections[section].name) < 0 ||
	    afd_buf_add(&alone, row.data, row.len) < 0)
		return afd_fail_memory(err);
	if (afd_user_file_check("inventory", "evidence", afd_buf_slice(&alone), &why) < 0)
		return afd_buf_printf(b, "  # left out: %s\n", why.text) < 0 ? afd_fail_memory(err) : 0;
	return afd_buf_add(b, row.data, row.len) < 0 ? afd_fail_memory(err) : 0;
}

static int put_section(struct afd_store *s, size_t i, struct afd_buf *b, struct afd_error *err)
{
	AFD_AUTO(query) struct afd_query *q = NULL;
	bool any = false;
	int r;

	if (afd_query_open(s, sections[i].sql, &q, err) < 0)
		return -1;
	while ((r = afd_query_step(q, err)) > 0) {
		if (!any && afd_buf_printf(b, "# %s\n%s:\n", sections[i].what, sections[i].name) < 0)
			return afd_fail_memory(err);
		any = true;
		if (put_row(b, i, q, err) < 0)
			return -1;
	}
	if (r == 0 && !any && i == 0 && afd_buf_text(b, "domains: []\n") < 0)
		return afd_fail_memory(err);
	return r;
}

static int propose(struct afd_store *s, struct afd_buf *b, struct afd_error *err)
{
	if (afd_buf_text(b, "# What the evidence shows, proposed by `affidavit init --from`, and what the inventory states already; but for windows,\n"
			    "# attestations and responses. Go through it: 'owner: unknown' is nobody.\n") < 0)
		return afd_fail_memory(err);
	for (size_t i = 0; i < AFD_COUNT(sections); i++)
		if (put_section(s, i, b, err) < 0)
			return afd_within(err, "%s", sections[i].name);
	return afd_user_file_check("inventory", "proposal.yaml", afd_buf_slice(b), err);
}

static bool is_config(const char *path)
{
	const size_t n = strlen(path);

	return (n > 5 && (strcmp(path + n - 5, ".yaml") == 0 || strcmp(path + n - 5, ".json") == 0)) || (n > 4 && strcmp(path + n - 4, ".yml") == 0);
}

static int open_store(struct cli *c, struct session *s, const char *from, struct afd_store **ret, struct afd_error *err)
{
	if (!is_config(from))
		return afd_store_open(from, AFD_STORE_READ, ret, err);
	c->config_path = from;
	if (session_open(s, c, AFD_STORE_READ, err) < 0)
		return -1;
	*ret = s->store;
	return 0;
}

int init_from(struct cli *c, const char *from, const char *out)
{
	struct afd_error err = { 0 };
	SESSION s = { 0 };
	struct afd_store *store = NULL;
	AFD_AUTO(buf) struct afd_buf text = { 0 };
	int r = open_store(c, &s, from, &store, &err);

	if (r == 0)
		r = propose(store, &text, &err);
	if (store && store != s.store)
		store = afd_store_close(store);
	if (r == 0 && out)
		r = afd_file_write(out, afd_buf_slice(&text), false, &err);
	if (r < 0)
		return cli_cannot(c, &err);
	if (out)
		return cli_finish(c, EXIT_CLEAN, "exit 0: %s written; compare it with your inventory, and name the owners", out);
	fwrite(text.data, 1, text.len, stdout);
	return fflush(stdout) == 0 ? EXIT_CLEAN : EXIT_CANNOT;
}
