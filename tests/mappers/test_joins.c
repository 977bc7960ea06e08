/* The joined tables: tests/mappers/joins/STORY.yaml, in the form of tests/checks/case.h, with what must come out:
 *   links: ["1-2 a strong", "2-3 b exact ambiguous"]     change (serials), claim, confidence
 *   times: ["1-2 -50h -49h"]                             when a change happened
 *   fates: ["b idle"]                                    claims that explain nothing
 *   needs: ["ct example.test -90d -5d proven"]           coverage as checks need it
 *   sources: ["a zone-changes z.test -90d -5d proven"]   of each expected source by itself
 *   caa_zones: ["z.test dns-live -90d 0"]                what tells of CAA, for periods that begin when
 *   caa_looks: ["z.test/1 -9d -5d"]                      when its servers told CAA, and when again
 *   caa: ["z.test dns-live z.test/0 issue=ca.test account -9d -5d"]   properties in force, when
 *   caa_taken: ["issue=ca.test -90d 0"]                  issuers, for periods that begin when
 *   caa_changes: ["add issue=ca.test"]                   what changes of CAA say
 *   words: ["sam sam1 2 stays login"]                    whom words mean, of how many
 *   sizes: ["1-2 +1 -0 of 5"]                            what a change did to a zone of how many records
 *   hosts: ["a.b.test b.test b.test"]                    host, domain, zone
 *   places: ["acme/user acme"]                           accounts of evidence and of the inventory
 *   attested: ["A access-review x 9 ended alone"]        what is attested at the end of the 90 days before 0, and how late
 *   registrations: ["a.test acme acme"]                  who tells of the registration in these days: scope, account with a log */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "../checks/case.h"
#include "core/file.h"
#include "mappers/judge.h"

static char dir[4096], path[64];

static const char links_sql[] = "SELECT c.serial_from || '-' || c.serial_to || ' ' || l.ref || ' ' || m.confidence || "
				"CASE WHEN m.ambiguous = 1 THEN ' ambiguous' ELSE '' END"
				" FROM change_claim m JOIN change c ON c.id = m.change_id JOIN claim l ON l.id = "
				"m.claim_id ORDER BY c.id, l.ref";
static const char times_sql[] = "SELECT c.serial_from || '-' || c.serial_to, t.t_from, t.t_to FROM change c JOIN "
				"change_time t ON t.change_id = c.id ORDER BY c.id";
static const char fates_sql[] = "SELECT l.ref || ' ' || f.fate FROM claim_fate f JOIN claim l ON l.id = f.claim_id ORDER BY l.ref";
static const char needs_sql[] = "SELECT evidence || ' ' || scope, t_from, t_to, CASE grade WHEN 3 THEN ' proven' WHEN "
				"2 THEN ' asserted' ELSE ' sampled' END || CASE WHEN reason IS NULL THEN '' ELSE ' one-operator' END"
				" FROM need_coverage WHERE evidence <> 'source' ORDER BY evidence, scope, t_from";
static const char sources_sql[] = "SELECT scope, t_from, t_to, CASE grade WHEN 3 THEN ' proven' WHEN 2 THEN ' asserted' ELSE "
				  "' sampled' END FROM need_coverage WHERE evidence = 'source' ORDER BY scope, t_from";

static const char caa_zones_sql[] = "SELECT zone || ' ' || evidence, taken_from, taken_to FROM caa_zone ORDER BY zone, taken_from";
static const char caa_looks_sql[] = "SELECT zone || '/' || ref_id, t, LEAD(t, 1, 9223372036854775807) OVER (PARTITION BY zone ORDER BY t) FROM caa_look ORDER BY zone, t";
static const char caa_sql[] = "SELECT zone || ' ' || evidence || ' ' || owner || '/' || flags || ' ' || tag || CASE known WHEN 1 THEN '=' ELSE '?' END || issuer ||"
			      " CASE account WHEN 1 THEN ' account' ELSE '' END || CASE methods WHEN 1 THEN ' ' || method_list ELSE '' END, valid_from, valid_to"
			      " FROM caa_property ORDER BY id";
static const char caa_taken_sql[] = "SELECT tag || '=' || issuer, taken_from, taken_to FROM caa_property ORDER BY id";
static const char caa_changes_sql[] = "SELECT c.op || ' ' || x.tag || '=' || x.issuer || CASE x.account WHEN 1 THEN ' account' ELSE '' END ||"
				      " CASE x.methods WHEN 1 THEN ' ' || x.method_list ELSE '' END FROM caa_change x JOIN change_record c ON c.id = x.ref_id ORDER BY c.id";

static const char sizes_sql[] = "SELECT c.serial_from || '-' || c.serial_to || ' +' || z.adds || ' -' || z.dels || ' of ' || z.size"
				" FROM change_size z JOIN change c ON c.id = z.change_id ORDER BY c.id";
static const char hosts_sql[] = "SELECT host || ' ' || COALESCE(domain, '-') || ' ' || COALESCE(zone, '-') FROM host_domain ORDER BY host";

static const char words_sql[] = "SELECT word || ' ' || person || ' ' || people || CASE stays WHEN 1 THEN ' stays' ELSE '' END ||"
				" CASE login WHEN 1 THEN ' login' ELSE '' END FROM person_word ORDER BY word, person";

static const char attested_sql[] = "SELECT ref || ' ' || kind || ' ' || subject || ' ' || late || CASE ended WHEN 1 THEN ' ended' ELSE '' END ||"
				   " CASE alone WHEN 1 THEN ' alone' ELSE '' END FROM attested ORDER BY id";

static const char registrations_sql[] = "SELECT name || ' ' || COALESCE(scope, '-') || ' ' || COALESCE(account, '-') FROM registration ORDER BY name";

static const char places_sql[] = "SELECT scope || ' ' || account FROM account_place ORDER BY scope, account";

/* "NAME -50h -49h REST" with its times as numbers */
static void in_numbers(const char *name, const char *want, char *ret, size_t size)
{
	const char *p = want;
	int64_t from, to;
	char a[64], b[64], rest[64] = "";
	int used = 0;

	while (sscanf(p, "%63s%n", a, &used) == 1 && case_time(a, &from) < 0)
		p += used + (p[used] == ' ');
	if (sscanf(p, "%63s %63s %63[^\n]", a, b, rest) < 2 || case_time(a, &from) < 0 || case_time(b, &to) < 0)
		fail_msg("%s: \"%s\": no times", name, want);
	snprintf(ret, size, "%.*s%lld %lld%s%s", (int)(p - want), want, (long long)from, (long long)to,
		 *rest ? " " : "", rest);
}

static void compare(const char *name, struct afd_store *s, const char *sql, const struct afd_node *list, bool times)
{
	AFD_AUTO(query) struct afd_query *q = NULL;
	struct afd_error err = { 0 };
	const struct afd_node *n = list->u.list.first;
	char have[512], want[512];
	int r;

	if (afd_query_open(s, sql, &q, &err) < 0)
		fail_msg("%s", err.text);
	while ((r = afd_query_step(q, &err)) > 0) {
		snprintf(have, sizeof have, "%s", afd_query_text(q, 0));
		if (times)
			snprintf(have, sizeof have, "%s %lld %lld%s", afd_query_text(q, 0),
				 (long long)afd_query_int(q, 1), (long long)afd_query_int(q, 2),
				 afd_query_columns(q) > 3 ? afd_query_text(q, 3) : "");
		if (!n)
			fail_msg("%s: not expected: %s", name, have);
		snprintf(want, sizeof want, "%s", afd_node_text(n));
		if (times)
			in_numbers(name, afd_node_text(n), want, sizeof want);
		if (strcmp(have, want) != 0)
			fail_msg("%s: expected %s (%s), got %s", name, afd_node_text(n), want, have);
		n = n->next;
	}
	if (r < 0 || n)
		fail_msg("%s: %s%s", name, r < 0 ? err.text : "missing: ", n ? afd_node_text(n) : "");
}

/* The joins, and those of the quarter that ends at 0. */
static int join(struct afd_store *s, struct afd_error *err)
{
	int64_t from, to;

	assert_true(case_time("-90d", &from) == 0 && case_time("0", &to) == 0);
	return afd_join(s, err) < 0 ? -1 : afd_period_fill(s, (struct afd_span){ from, to }, to, err);
}

static void run_story(void **state)
{
	const char *name = *state;
	AFD_AUTO(mem) char *full = afd_sprintf("%s/%s", dir, name);
	AFD_AUTO(doc) struct afd_doc *d = NULL;
	AFD_AUTO(buf) struct afd_buf text = { 0 };
	AFD_AUTO(store) struct afd_store *s = NULL;
	struct afd_error err = { 0 };
	const struct afd_node *root;
	int compared = 0;
	static const struct { const char *key, *sql; bool times; } outputs[] = {
		{ "links", links_sql, false }, { "fates", fates_sql, false }, { "times", times_sql, true }, { "needs", needs_sql, true },
		{ "sources", sources_sql, true }, { "caa_zones", caa_zones_sql, true }, { "caa_looks", caa_looks_sql, true },
		{ "caa", caa_sql, true }, { "caa_taken", caa_taken_sql, true },
		{ "caa_changes", caa_changes_sql, false }, { "words", words_sql, false }, { "sizes", sizes_sql, false },
		{ "hosts", hosts_sql, false },
		{ "attested", attested_sql, false }, { "places", places_sql, false }, { "registrations", registrations_sql, false },
	};

	if (afd_file_read(full, 1 << 20, &text, &err) < 0 || afd_yaml_parse(afd_buf_slice(&text), name, &d, &err) < 0)
		fail_msg("%s", err.text);
	root = afd_doc_root(d);
	if (case_fill(path, root, &err) < 0 || afd_store_open(path, AFD_STORE_READ, &s, &err) < 0 ||
	    join(s, &err) < 0)
		fail_msg("%s: %s", name, err.text);
	for (size_t i = 0; i < AFD_COUNT(outputs); i++)
		if (afd_node_get(root, outputs[i].key)) {
			compare(name, s, outputs[i].sql, afd_node_get(root, outputs[i].key), outputs[i].times);
			compared++;
		}
	assert_true(compared > 0);
	if (join(s, &err) < 0)                           /* once more: the same tables, not twice the rows */
		fail_msg("%s: again: %s", name, err.text);
	for (size_t i = 0; i < AFD_COUNT(outputs); i++)
		if (afd_node_get(root, outputs[i].key))
			compare(name, s, outputs[i].sql, afd_node_get(root, outputs[i].key), outputs[i].times);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(((const struct CMUnitTest *)a)->name, ((const struct CMUnitTest *)b)->name);
}

int main(void)
{
	const char *source = getenv("AFFIDAVIT_SOURCE");
	char work[] = "/tmp/affidavit-joins-XXXXXX";
	struct CMUnitTest *tests = NULL;
	size_t n = 0;
	struct dirent *e;
	DIR *d;
	int r;

	snprintf(dir, sizeof dir, "%s/tests/mappers/joins", source ? source : ".");
	d = opendir(dir);
	if (!d || !mkdtemp(work)) {
		fprintf(stderr, "%s: no stories; AFFIDAVIT_SOURCE: expected the source folder\n", dir);
		return 1;
	}
	snprintf(path, sizeof path, "%s/case.db", work);
	while ((e = readdir(d)))
		if (strstr(e->d_name, ".yaml")) {
			char *name = afd_strdup(e->d_name);

			tests = realloc(tests, (n + 1) * sizeof *tests);
			if (!tests || !name)
				return 1;
			tests[n++] = (struct CMUnitTest){ name, run_story, NULL, NULL, name };
		}
	closedir(d);
	if (!n)
		return 1;
	qsort(tests, n, sizeof *tests, compare_names);
	r = _cmocka_run_group_tests("joins", tests, n, NULL, NULL);
	for (size_t i = 0; i < n; i++)
		free(tests[i].initial_state);
	free(tests);
	case_clean(path, work);
	return r;
}
