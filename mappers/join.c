#include <stdarg.h>
#include <stdio.h>

#include "core/likeness.h"
#include "core/prefix.h"
#include "mappers/judge.h"

/* --- INSERT statements of a bounded size --- */

enum { ROWS_MAX = 2000, SQL_MAX = 200 * 1024 };

int afd_sql_quote(struct afd_buf *b, const char *s)
{
	int r = afd_buf_text(b, "'");

	for (; r == 0 && *s; s++)
		r = *s == '\'' ? afd_buf_text(b, "''") : afd_buf_add(b, s, 1);
	return r == 0 ? afd_buf_text(b, "'") : -1;
}

int afd_inserts_flush(struct afd_inserts *i, struct afd_error *err)
{
	int r = i->rows ? afd_store_exec_joined(i->s, (const char *)i->sql.data, err) : 0;

	i->rows = 0;
	i->sql.len = 0;
	return r;
}

int afd_inserts_text(struct afd_inserts *i, struct afd_slice row, struct afd_error *err)
{
	if (i->rows == ROWS_MAX || i->sql.len > SQL_MAX)
		if (afd_inserts_flush(i, err) < 0)
			return -1;
	if (afd_buf_printf(&i->sql, i->rows ? ",(" : "INSERT INTO %s VALUES (", i->into) < 0 ||
	    afd_buf_add_slice(&i->sql, row) < 0 || afd_buf_text(&i->sql, ")") < 0)
		return afd_fail_memory(err);
	i->rows++;
	return 0;
}

int afd_inserts_row(struct afd_inserts *i, struct afd_error *err, const char *fmt, ...)
{
	char one[4096];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(one, sizeof one, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof one)
		return afd_fail(err, AFD_E_LIMIT, "%s: a row is too long", i->into);
	return afd_inserts_text(i, afd_slice(one, (size_t)n), err);
}

int afd_inserts_each(struct afd_store *s, const char *sql, struct afd_inserts *ins,
		     int (*put)(struct afd_inserts *ins, struct afd_query *q, struct afd_error *err), struct afd_error *err)
{
	AFD_AUTO(query) struct afd_query *q = NULL;
	int r;

	if (afd_query_open(s, sql, &q, err) < 0)
		return -1;
	while ((r = afd_query_step(q, err)) > 0)
		if (put(ins, q, err) < 0)
			return -1;
	return r;
}

void afd_inserts_release(struct afd_inserts *i)
{
	afd_buf_release(&i->sql);
}

/* --- names of certificates in domains of the inventory --- */

/* by name, sorted; and ranges of addresses of some */
struct domain { const char *name; bool exact, in_scope, lookalike; };
struct address { uint8_t key[AFD_PREFIX_KEY]; const char *domain; };
struct domains { struct domain *at; size_t n; struct address *address; size_t n_address; };

static const struct domain *longest_domain(const struct domains *d, const char *name)
{
	for (const char *p = name; p; p = strchr(p, '.') ? strchr(p, '.') + 1 : NULL) {
		size_t lo = 0, hi = d->n;

		while (lo < hi) {
			size_t mid = lo + (hi - lo) / 2;
			int c = strcmp(d->at[mid].name, p);

			if (c == 0 && (p == name || !d->at[mid].exact))
				return &d->at[mid];
			if (c == 0)
				break;
			if (c < 0)
				lo = mid + 1;
			else
				hi = mid;
		}
	}
	return NULL;
}

static const char *domain_of_name(const struct domains *d, const char *name)
{
	const struct domain *x = longest_domain(d, name);

	return x ? x->name : NULL;
}

/* The domain with the narrowest range that holds the address. */
static const char *domain_of_address(const struct domains *d, const char *text)
{
	uint8_t key[AFD_PREFIX_KEY];
	const struct address *best = NULL;

	if (d->n_address == 0 || afd_prefix_parse(text, key) < 0)
		return NULL;
	for (size_t i = 0; i < d->n_address; i++)
		if (afd_prefix_within(key, d->address[i].key) && (!best || d->address[i].key[1] > best->key[1]))
			best = &d->address[i];
	return best ? best->domain : NULL;
}

static int load_domains(struct afd_store *s, struct afd_arena *a, struct domains *d, struct afd_error *err)
{
	AFD_AUTO(query) struct afd_query *names = NULL, *addresses = NULL;
	int r;

	if (afd_query_open(s, "SELECT name, exact, in_scope, lookalike FROM domain ORDER BY name", &names, err) < 0)
		return -1;
	while ((r = afd_query_step(names, err)) > 0) {
		struct domain *p = AFD_PUSH(a, d->at, d->n);

		if (!p)
			return afd_fail_memory(err);
		*p = (struct domain){ afd_arena_text(a, afd_query_text(names, 0)), afd_query_int(names, 1), afd_query_int(names, 2),
		                      afd_query_int(names, 3) };
		if (!p->name)
			return afd_fail_memory(err);
	}
	if (r < 0 || afd_query_open(s, "SELECT prefix, domain FROM domain_address ORDER BY domain, prefix", &addresses, err) < 0)
		return -1;
	while ((r = afd_query_step(addresses, err)) > 0) {
		struct address *p = AFD_PUSH(a, d->address, d->n_address);

		if (!p || !(p->domain = afd_arena_text(a, afd_query_text(addresses, 1))))
			return afd_fail_memory(err);
		if (afd_prefix_parse(afd_query_text(addresses, 0), p->key) < 0)
			d->n_address--;
	}
	return r;
}

static int put_join(struct afd_inserts *ins, struct afd_query *name, const char *domain, const char *how, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf quoted = { 0 };

	if (afd_sql_quote(&quoted, domain) < 0 || (how && (afd_buf_text(&quoted, ",") < 0 || afd_sql_quote(&quoted, how) < 0)))
		return afd_fail_memory(err);
	return afd_inserts_row(ins, err, "%lld,%lld,%s", (long long)afd_query_int(name, 0), (long long)afd_query_int(name, 1),
	                       (const char *)quoted.data);
}

static int join_alike(const struct domains *d, struct afd_inserts *ins, struct afd_query *name, struct afd_error *err)
{
	for (size_t i = 0; i < d->n; i++) {
		const struct domain *x = &d->at[i];
		enum afd_likeness how = x->lookalike && x->in_scope ? afd_name_likeness(afd_query_text(name, 2), x->name) : AFD_UNLIKE;

		if (how != AFD_UNLIKE && put_join(ins, name, x->name, afd_likeness_text(how), err) < 0)
			return -1;
	}
	return 0;
}

static int join_certificates(struct afd_store *s, struct afd_error *err)
{
	AFD_AUTO(arena) struct afd_arena a = { 0 };
	AFD_AUTO(inserts) struct afd_inserts ins = {.s = s, .into = "certificate_domain(certificate_id,name_id,domain)"};
	AFD_AUTO(inserts) struct afd_inserts alike = {.s = s, .into = "certificate_lookalike(certificate_id,name_id,domain,how)"};
	AFD_AUTO(query) struct afd_query *names = NULL;
	struct domains d = { 0 };
	int r;

	if (load_domains(s, &a, &d, err) < 0 ||
	    afd_query_open(s, "SELECT certificate_id, id, base, kind = 'ip' FROM certificate_name ORDER BY id", &names, err) < 0)
		return -1;
	while ((r = afd_query_step(names, err)) > 0) {
		bool ip = afd_query_int(names, 3);
		const char *domain = ip ? domain_of_address(&d, afd_query_text(names, 2)) : domain_of_name(&d, afd_query_text(names, 2));

		/* one of ours, in scope or not, looks like nobody else's */
		if (domain ? put_join(&ins, names, domain, NULL, err) < 0 : !ip && join_alike(&d, &alike, names, err) < 0)
			return -1;
	}
	return r < 0 || afd_inserts_flush(&ins, err) < 0 ? -1 : afd_inserts_flush(&alike, err);
}

/* --- hosts in domains and zones --- */

/* Names in scope alone, as SQL gives them in order. */
static int load_names(struct afd_store *s, const char *sql, struct afd_arena *a, struct domains *d, struct afd_error *err)
{
	AFD_AUTO(query) struct afd_query *names = NULL;
	int r;

	if (afd_query_open(s, sql, &names, err) < 0)
		return -1;
	while ((r = afd_query_step(names, err)) > 0) {
		struct domain *p = AFD_PUSH(a, d->at, d->n);

		if (!p || !(p->name = afd_arena_text(a, afd_query_text(names, 0))))
			return afd_fail_memory(err);
		p->exact = afd_query_int(names, 1);
	}
	return r;
}

static int put_host(struct afd_inserts *ins, const char *host, const struct domain *domain, const struct domain *zone, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf row = { 0 };
	int r = afd_sql_quote(&row, host);

	for (int i = 0; i < 2 && r == 0; i++) {
		const struct domain *x = i ? zone : domain;

		r = afd_buf_text(&row, ",");
		if (r == 0)
			r = x ? afd_sql_quote(&row, x->name) : afd_buf_text(&row, "NULL");
	}
	return r < 0 ? afd_fail_memory(err) : afd_inserts_text(ins, afd_buf_slice(&row), err);
}

static int join_hosts(struct afd_store *s, struct afd_error *err)
{
	AFD_AUTO(arena) struct afd_arena a = { 0 };
	AFD_AUTO(inserts) struct afd_inserts ins = { .s = s, .into = "host_domain(host,domain,zone)" };
	AFD_AUTO(query) struct afd_query *hosts = NULL;
	struct domains d = { 0 }, z = { 0 };
	int r;

	if (load_names(s, "SELECT name, exact FROM domain WHERE in_scope = 1 ORDER BY name", &a, &d, err) < 0 ||
	    load_names(s, "SELECT DISTINCT zone, 0 FROM domain WHERE in_scope = 1 AND zone IS NOT NULL ORDER BY zone", &a, &z, err) < 0 ||
	    afd_query_open(s, "SELECT host FROM service UNION SELECT host FROM owned_certificate UNION SELECT host FROM endpoint"
			      " UNION SELECT substr(scope, 1, instr(scope, ':') - 1) FROM source_scope WHERE evidence = 'tls-live' AND instr(scope, ':') > 0"
			      " ORDER BY 1", &hosts, err) < 0)
		return -1;
	while ((r = afd_query_step(hosts, err)) > 0) {
		const char *host = afd_query_text(hosts, 0);
		const struct domain *domain = longest_domain(&d, host), *zone = longest_domain(&z, host);

		if ((domain || zone) && put_host(&ins, host, domain, zone, err) < 0)
			return -1;
	}
	return r < 0 ? -1 : afd_inserts_flush(&ins, err);
}

/* The names that a search gave, and which of its results a log has shown. */
static int join_searches(struct afd_store *s, struct afd_error *err)
{
	static const char found_sql[] =
		"INSERT INTO search_certificate(result_id,certificate_id,how)"
		" SELECT r.id, c.id, 'tbs' FROM certificate c JOIN search_result r ON r.tbs_sha256 = c.tbs_key"
		" UNION ALL"
		" SELECT r.id, c.id, 'serial' FROM certificate c JOIN search_result r ON r.serial = c.serial AND r.issuer = c.issuer"
		" AND r.not_before = c.not_before WHERE r.tbs_sha256 = '' AND r.serial <> ''";
	/* A promise names log and millisecond; with the serial number and the first instant that is one certificate. It finds what
	 * a service hashes in another way than we do. */
	static const char promised_sql[] =
		"INSERT INTO search_certificate(result_id,certificate_id,how)"
		" SELECT r.id, c.id, 'sct' FROM search_sct p JOIN search_result r ON r.id = p.result_id"
		" JOIN certificate c ON c.serial = r.serial AND c.not_before = r.not_before"
		" JOIN certificate_sct x ON x.certificate_id = c.id AND x.log_id = p.log_id AND x.timestamp = p.timestamp"
		" WHERE r.serial <> '' AND NOT EXISTS (SELECT 1 FROM search_certificate m WHERE m.result_id = r.id)"
		" UNION"
		" SELECT r.id, c.id, 'sct' FROM search_sct p JOIN search_result r ON r.id = p.result_id"
		" JOIN certificate c ON c.serial = r.serial AND c.not_before = r.not_before"
		" JOIN ct_log g ON g.log_id = p.log_id"
		" JOIN log_entry e ON e.certificate_id = c.id AND e.log = g.log AND e.logged_ms = p.timestamp"
		" WHERE r.serial <> '' AND NOT EXISTS (SELECT 1 FROM search_certificate m WHERE m.result_id = r.id)";
	AFD_AUTO(arena) struct afd_arena a = { 0 };
	AFD_AUTO(inserts) struct afd_inserts ins = {.s = s, .into = "search_domain(result_id,name_id,domain)"};
	AFD_AUTO(query) struct afd_query *names = NULL;
	struct domains d = { 0 };
	int r;

	if (load_domains(s, &a, &d, err) < 0 || afd_store_exec_joined(s, found_sql, err) < 0 ||
	    afd_store_exec_joined(s, promised_sql, err) < 0 ||
	    afd_query_open(s, "SELECT result_id, id, base FROM search_name ORDER BY id", &names, err) < 0)
		return -1;
	while ((r = afd_query_step(names, err)) > 0) {
		const char *domain = domain_of_name(&d, afd_query_text(names, 2));

		if (domain && put_join(&ins, names, domain, NULL, err) < 0)
			return -1;
	}
	return r < 0 ? -1 : afd_inserts_flush(&ins, err);
}

/* How large a zone was before a change: what is there now, without all that came since and with all that went. */
static const char sizes_sql[] =
	"INSERT INTO change_size(change_id,adds,dels,size)"
	" WITH net AS (SELECT r.change_id AS id, MIN(c.zone) AS zone, SUM(r.op = 'add') AS adds, SUM(r.op = 'del') AS dels"
	"   FROM change c CROSS JOIN change_record r WHERE r.change_id = c.id GROUP BY r.change_id),"
	" present AS (SELECT r.zone, COUNT(*) AS n FROM record r WHERE r.valid_to = 9223372036854775807 GROUP BY r.zone)"
	" SELECT n.id, n.adds, n.dels, COALESCE(p.n, 0) - SUM(n.adds - n.dels) OVER (PARTITION BY n.zone ORDER BY n.id DESC)"
	" FROM net n LEFT JOIN present p ON p.zone = n.zone";

int afd_join(struct afd_store *s, struct afd_error *err)
{
	static const char *const empty[] = {
		"DELETE FROM change_claim",
		"DELETE FROM change_time",
		"DELETE FROM change_size",
		"DELETE FROM claim_fate",
		"DELETE FROM need_coverage",
		"DELETE FROM certificate_domain",
		"DELETE FROM certificate_lookalike",
		"DELETE FROM host_domain",
		"DELETE FROM search_certificate",
		"DELETE FROM search_domain",
		"DELETE FROM caa_zone",
		"DELETE FROM caa_look",
		"DELETE FROM caa_property",
		"DELETE FROM caa_change",
		"DELETE FROM issuance_scope",
		"DELETE FROM certificate_request",
		"DELETE FROM issuance_order",
		"DELETE FROM inventory_begun",
		"DELETE FROM account_place",
		"DELETE FROM person_word",
		"DELETE FROM dnskey",
		"DELETE FROM signature",
		"DELETE FROM raised",
	};

	for (size_t i = 0; i < AFD_COUNT(empty); i++)
		if (afd_store_exec_joined(s, empty[i], err) < 0)
			return afd_within(err, "join");
	if (afd_join_claims(s, err) < 0 || afd_store_exec_joined(s, sizes_sql, err) < 0 || join_certificates(s, err) < 0 || join_hosts(s, err) < 0 ||
	    join_searches(s, err) < 0 || afd_join_caa(s, err) < 0 || afd_join_dnssec(s, err) < 0 || afd_join_issuance(s, err) < 0 ||
	    afd_join_stated(s, err) < 0 || afd_join_people(s, err) < 0 || afd_join_coverage(s, err) < 0)
		return afd_within(err, "join");
	return 0;
}
