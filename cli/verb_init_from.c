/* An inventory out of what was collected: names, hosts with certificates, credentials, people and suppliers that evidence shows,
 * for people to go through. What the inventory states of them already stays; owners that nobody knows are `unknown`. */
#include "cli/session.h"
#include "cli/verbs.h"
#include "core/file.h"
#include "evidence/store.h"

/* One query for each section. A column whose name ends in "_list" holds several values with LF between, and is written as a list. */
#define ALIVE "9223372036854775807"
static const struct { const char *name, *what, *sql; } sections[] = {
	{ "domains", "names that registries, registrars and zones show",
	  "WITH seen AS (SELECT s.domain AS name, MIN(s.account) AS account, MIN(s.registrar_id) AS registrar FROM domain_state s"
	  " WHERE s.change_ref IS NULL GROUP BY s.domain"
	  " UNION ALL SELECT z.name, NULL, NULL FROM zone z WHERE z.name NOT IN (SELECT domain FROM domain_state))"
	  " SELECT d.name AS name, d.zone AS zone, coalesce(d.account, s.account) AS account, coalesce(d.owner, 'unknown') AS owner, d.tier AS tier,"
	  " coalesce(d.registrar, s.registrar) AS registrar FROM domain d LEFT JOIN seen s ON s.name = d.name WHERE d.in_scope = 1"
	  " UNION ALL SELECT s.name, NULL, MIN(s.account), 'unknown', NULL, MIN(s.registrar) FROM seen s"
	  " WHERE s.name NOT IN (SELECT name FROM domain) AND s.name NOT IN (SELECT zone FROM domain WHERE zone IS NOT NULL) GROUP BY s.name ORDER BY 1" },
	{ "zones", "zones that were read",
	  "SELECT z.name AS name, coalesce(o.owner, d.owner, 'unknown') AS owner, o.tier AS tier,"
	  " CASE WHEN EXISTS (SELECT 1 FROM record r WHERE r.zone = z.name AND r.owner = z.name AND r.type = 'DNSKEY' AND r.valid_to = " ALIVE ")"
	  " THEN 1 ELSE 0 END AS signed FROM zone z LEFT JOIN owned_zone o ON o.name = z.name LEFT JOIN domain d ON d.name = z.name ORDER BY 1" },
	{ "services", "hosts with certificates that are still valid",
	  "SELECT coalesce(s.name, replace(h.name, '*.', 'wildcard ')) AS name, h.name AS host, coalesce(s.owner, 'unknown') AS owner"
	  " FROM (SELECT DISTINCT n.name FROM certificate_name n JOIN certificate c ON c.id = n.certificate_id"
	  " WHERE n.kind = 'dns' AND c.not_after > (SELECT max(received_ms) FROM item_note)) h"
	  " LEFT JOIN (SELECT host, min(name) AS name, min(owner) AS owner FROM service GROUP BY host) s ON s.host = h.name ORDER BY 2" },
	{ "credentials", "keys and tokens that wrote to zones, or that providers list",
	  "SELECT x.id AS id, coalesce(k.kind, MAX(x.kind)) AS kind, coalesce(k.owner, 'unknown') AS owner, k.purpose AS purpose FROM ("
	  " SELECT DISTINCT c.credential AS id, CASE WHEN c.kind IN ('log', 'dnstap') THEN 'tsig-key' END AS kind FROM claim c"
	  " WHERE c.credential IS NOT NULL AND c.kind <> 'transfer'"
	  " UNION SELECT s.credential, s.kind FROM credential_state s WHERE s.gone_ms IS NULL"
	  " UNION SELECT k.id, k.kind FROM credential k) x LEFT JOIN credential k ON k.id = x.id WHERE x.id <> '' GROUP BY x.id, k.kind, k.owner, k.purpose ORDER BY 1" },
	{ "people", "members that accounts list",
	  "SELECT coalesce(m.email, m.member) AS id, MAX(m.name) AS name, m.email AS email, group_concat(m.member, char(10)) AS logins_list FROM ("
	  " SELECT member, email, MAX(name) AS name FROM member_state WHERE gone_ms IS NULL GROUP BY member, email) m WHERE m.member NOT IN"
	  " (SELECT a.name FROM actor a WHERE a.withdrawn_at = " ALIVE ") AND coalesce(m.email, m.member) NOT IN (SELECT p.id FROM person p)"
	  " GROUP BY coalesce(m.email, m.member), m.email"
	  " UNION ALL SELECT p.id, p.name, p.email, (SELECT group_concat(a.name, char(10)) FROM actor a WHERE a.person = p.id AND a.account = ''"
	  " AND a.withdrawn_at = " ALIVE ") FROM person p ORDER BY 1" },
	{ "suppliers", "registrars, name servers and issuers that evidence shows",
	  "SELECT x.name AS name, x.kind AS kind, 'unknown' AS owner, x.ns AS name_servers_list, x.reg AS registrars_list, x.iss AS issuers_list FROM ("
	  " SELECT coalesce(s.registrar, s.registrar_id) AS name, 'registrar' AS kind, NULL AS ns,"
	  " coalesce(MAX(s.registrar_id), MAX(s.registrar)) AS reg, NULL AS iss FROM domain_state s"
	  " WHERE coalesce(s.registrar, s.registrar_id) IS NOT NULL GROUP BY coalesce(s.registrar, s.registrar_id)"
	  " UNION ALL SELECT h.parent, 'dns', '*.' || h.parent, NULL, NULL FROM ("
	  " SELECT DISTINCT rtrim(substr(r.rdata, instr(r.rdata, '.') + 1), '.') AS parent FROM record r JOIN zone z ON z.name = r.zone AND z.name = r.owner"
	  " WHERE r.type = 'NS' AND r.valid_to = " ALIVE ") h WHERE instr(h.parent, '.') > 0"
	  " AND NOT EXISTS (SELECT 1 FROM domain d WHERE h.parent = d.name OR h.parent LIKE '%.' || d.name)"
	  " UNION ALL SELECT DISTINCT c.issuer, 'ca', NULL, NULL, c.issuer FROM certificate c) x"
	  " WHERE NOT EXISTS (SELECT 1 FROM supplier_name p WHERE p.name IN (x.ns, x.reg, x.iss)) ORDER BY x.kind, x.name" },
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

		if (!one || (!first && afd_buf_text(b, ", ") < 0) || put_text(b, one) < 0)
			return -1;
		first = false;
		s += n + (s[n] == '\n');
	}
	return afd_buf_text(b, "]");
}

static int put_column(struct afd_buf *b, struct afd_query *q, int c, bool first)
{
	const char *name = afd_query_column_name(q, c), *list = strstr(name, "_list"), *text = afd_query_text(q, c);

	if (afd_buf_printf(b, "%s%.*s: ", first ? "" : ", ", list ? (int)(list - name) : (int)strlen(name), name) < 0)
		return -1;
	if (strcmp(name, "signed") == 0)
		return afd_buf_text(b, afd_query_int(q, c) ? "true" : "false");
	return list ? put_list(b, text) : put_text(b, text);
}

static int put_section(struct afd_store *s, size_t i, struct afd_buf *b, struct afd_error *err)
{
	AFD_AUTO(query) struct afd_query *q = NULL;
	bool any = false;
	int r;

	if (afd_query_open(s, sections[i].sql, &q, err) < 0)
		return -1;
	while ((r = afd_query_step(q, err)) > 0) {
		bool first = true;

		if ((!any && afd_buf_printf(b, "# %s\n%s:\n", sections[i].what, sections[i].name) < 0) || afd_buf_text(b, "  - {") < 0)
			return afd_fail_memory(err);
		any = true;
		for (int c = 0; c < afd_query_columns(q); c++) {
			if (afd_query_is_null(q, c) || !*afd_query_text(q, c))
				continue;
			if (put_column(b, q, c, first) < 0)
				return afd_fail_memory(err);
			first = false;
		}
		if (afd_buf_text(b, "}\n") < 0)
			return afd_fail_memory(err);
	}
	if (r == 0 && !any && i == 0 && afd_buf_text(b, "domains: []\n") < 0)
		return afd_fail_memory(err);
	return r;
}

/* What does not read as an inventory is not proposed as one: names in evidence are whatever others made them. */
static int propose(struct afd_store *s, struct afd_buf *b, struct afd_error *err)
{
	if (afd_buf_text(b, "# What the evidence shows, proposed by `affidavit init --from`. Go through it: 'owner: unknown' is nobody.\n") < 0)
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
