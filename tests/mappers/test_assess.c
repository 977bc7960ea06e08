/* A whole assessment out of a ledger: checks, frameworks and mappings are its own items. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "core/file.h"
#include "evidence/derive.h"
#include "mappers/judge.h"

#define T0 INT64_C(1790812800000)    /* 2026-10-01T00:00:00Z */
static const struct afd_span quarter = { T0 - 92 * AFD_DAY, T0 };
static char work[] = "/tmp/affidavit-assess-XXXXXX", path[64];

static int64_t clock_ms(void *ctx) { (void)ctx; return T0 + AFD_HOUR; }
static int count_up(void *ctx, uint8_t *out, size_t n)
{
	uint8_t *next = ctx;

	for (size_t i = 0; i < n; i++)
		out[i] = (*next)++;
	return 0;
}

static int decode_nothing(void *ctx, const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err)
{
	(void)ctx; (void)item; (void)sink; (void)err;
	return 0;
}

static void must(int r, const struct afd_error *err)
{
	if (r < 0)
		fail_msg("%s", err->text);
}

static void put(struct afd_store *s, const char *decoder, const char *label, struct afd_slice bytes)
{
	uint8_t next = 0;
	const struct afd_env env = { clock_ms, count_up, &next };
	struct afd_error err = { 0 };
	const struct afd_draft d = {.kind = AFD_ITEM_FILE,
				    .source = "user",
				    .decoder = decoder,
				    .asked = label,
				    .channel = "file",
				    .media_type = "text/plain",
				    .asked_ms = T0,
				    .received_ms = T0,
				    .server_ms = AFD_TIME_NONE,
				    .bytes = bytes};

	must(afd_store_begin(s, &err), &err);
	must(afd_store_put(s, &d, &env, &err), &err);
	must(afd_store_commit(s, &err), &err);
}

static void derive(struct afd_store *s)
{
	struct afd_error err = { 0 };
	uint64_t size;

	must(afd_store_sequence(s, &size, &err), &err);
	must(afd_derive(s, decode_nothing, NULL, &err), &err);
}

/* A store with all built-in checks and frameworks as items. */
static struct afd_store *ledger(void)
{
	struct afd_store *s = NULL;
	struct afd_error err = { 0 };

	unlink(path);
	must(afd_store_open(path, AFD_STORE_CREATE, &s, &err), &err);
	for (const struct afd_embedded *e = afd_embedded_files; e->path; e++) {
		const char *decoder = strncmp(e->path, "checks/", 7) == 0   ? "check"
				      : strncmp(e->path, "frameworks/", 11) || strstr(e->path, "cited.yaml") ? NULL
				      : strstr(e->path, ".mapping.yaml")    ? "mapping"
									    : "framework";

		if (decoder)
			put(s, decoder, e->path, afd_slice(e->data, e->len));
	}
	return s;
}

static struct afd_assessment *assess(struct afd_store *s, int64_t as_of)
{
	struct afd_assessment *a = NULL;
	struct afd_error err = { 0 };

	must(afd_assess(s, quarter, "2026-Q3", as_of, &a, &err), &err);
	return a;
}

static const struct afd_control *control(const struct afd_framework *f, const char *id)
{
	for (size_t i = 0; i < f->n_control; i++)
		if (strcmp(f->control[i].id, id) == 0)
			return &f->control[i];
	fail_msg("%s: no such control", id);
	return NULL;
}

static void row(const char *sql)
{
	sqlite3 *db;
	char *why = NULL;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK)
		fail_msg("%s", why);
	sqlite3_close(db);
}

static void nothing_in_scope_is_no_pass(void **state)
{
	AFD_AUTO(store) struct afd_store *s = ledger();
	AFD_AUTO(assessment) struct afd_assessment *a = NULL;
	struct afd_error err = { 0 };
	struct afd_gate g;
	char want[200];

	(void)state;
	derive(s);
	a = assess(s, T0 + AFD_DAY);
	assert_true(a->n_check >= 9);
	assert_int_equal(a->n_result, a->n_check);
	for (size_t i = 0; i < a->n_result; i++) {
		/* what looks at something that nobody configured (logs, probes, declarations) says so in words of its own */
		if (a->result[i].outcome == AFD_NOT_APPLICABLE) {
			assert_true(strlen(a->result[i].reason) > 10);
			continue;
		}
		/* what must be written down whatever there is (who responds, who reviews) asks for it, and that is no pass either */
		if (a->result[i].outcome == AFD_REVIEW)
			continue;
		if (a->result[i].outcome != AFD_NOT_EVALUABLE)
			fail_msg("%s: %s: %s", a->result[i].check->id, afd_outcome_name(a->result[i].outcome), a->result[i].reason ? a->result[i].reason : "");
		snprintf(want, sizeof want, "nothing in scope: no %s", a->result[i].check->resource);
		assert_string_equal(a->result[i].reason, want);
	}
	assert_int_equal(a->n_framework, 6);
	assert_string_equal(a->framework[0].id, "nist-csf-2.0");
	assert_int_equal(control(&a->framework[0], "PR.AA-05")->phrase, AFD_PHRASE_NOT_TESTED);
	assert_int_equal(control(&a->framework[0], "PR.AA-06")->phrase, AFD_PHRASE_NOT_ADDRESSED);
	assert_int_equal(control(&a->framework[0], "PR.AC-01")->phrase, AFD_PHRASE_NOT_ADDRESSED);
	assert_int_equal(control(&a->framework[0], "PR.AA")->phrase, AFD_PHRASE_NOT_TESTED);     /* from below */
	assert_int_equal(control(&a->framework[0], "RC")->phrase, AFD_PHRASE_NOT_ADDRESSED);
	assert_true(control(&a->framework[1], "NHI5:2025")->counts.by[AFD_NOT_EVALUABLE] > 0);      /* as many as its mapping names */
	assert_int_equal(a->policy_leaf, UINT64_MAX);
	assert_int_equal(a->history_begins_ms, AFD_TIME_NONE);
	assert_false(a->provisional);
	assert_false(a->test);
	assert_null(a->note);
	must(afd_gate_decide(s, a, NULL, &g, &err), &err);
	assert_int_equal(g.exit_code, 3);
}

/* The newest item of a label counts; a check that cannot be read takes its place with an error, and the gate says 3. */
static void a_broken_check_does_not_stop_the_others(void **state)
{
	AFD_AUTO(store) struct afd_store *s = ledger();
	AFD_AUTO(assessment) struct afd_assessment *a = NULL;
	unsigned errors = 0;

	(void)state;
	put(s, "check", "checks/mine.sql", afd_slice_text("SELECT 1"));
	derive(s);
	a = assess(s, T0 + AFD_DAY);
	for (size_t i = 0; i < a->n_result; i++)
		if (a->result[i].outcome == AFD_ERROR) {
			errors++;
			assert_string_equal(a->result[i].check->id, "mine");
			assert_non_null(strstr(a->result[i].reason, "head"));
		}
	assert_int_equal(errors, 1);
}

/* A newest version that cannot be read any more: no older one stands in for it, and nothing is fewer than before. */
static void a_lost_file_is_an_error(void **state)
{
	static const struct { const char *label, *id, *kind, *says; unsigned errors; } rows[] = {
		{ "checks/evidence-coverage.sql", "evidence-coverage", "erased", "checks/evidence-coverage.sql (item ", 1 },
		{ "checks/evidence-coverage.sql", "evidence-coverage", "missing", "checks/evidence-coverage.sql (item ", 1 },
		{ "frameworks/owasp-nhi-2025.mapping.yaml", "owasp-nhi-2025.mapping.yaml", "damaged", "it cannot be judged by", 1 },
		/* the mapping that names it is lost with it */
		{ "frameworks/owasp-nhi-2025.json", "owasp-nhi-2025.json", "erased", "it cannot be judged by", 2 },
	};

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(rows); i++) {
		struct afd_store *s = ledger();
		AFD_AUTO(assessment) struct afd_assessment *a = NULL;
		const struct afd_embedded *e = afd_embedded_find(rows[i].label);
		struct afd_error err = { 0 };
		unsigned errors = 0, found = 0;
		uint64_t leaf;
		char sql[200];

		assert_non_null(e);
		must(afd_store_sequence(s, &leaf, &err), &err);
		put(s, strstr(e->path, ".sql") ? "check" : strstr(e->path, ".mapping") ? "mapping" : "framework", e->path,
		    afd_slice(e->data, e->len));
		derive(s);
		s = afd_store_close(s);
		snprintf(sql, sizeof sql, "UPDATE item_note SET kind = '%s' WHERE leaf = %llu", rows[i].kind,
			 (unsigned long long)leaf);
		row(sql);
		must(afd_store_open(path, AFD_STORE_READ, &s, &err), &err);
		a = assess(s, T0 + AFD_DAY);
		s = afd_store_close(s);
		for (size_t k = 0; k < a->n_result; k++) {
			errors += a->result[k].outcome == AFD_ERROR;
			if (strcmp(a->result[k].check->id, rows[i].id) == 0) {
				found++;
				assert_int_equal(a->result[k].outcome, AFD_ERROR);
				assert_non_null(strstr(a->result[k].reason, rows[i].says));
			}
		}
		assert_int_equal(found, 1);
		assert_int_equal(errors, rows[i].errors);
		assert_true(a->n_check >= 9);
	}
}

static void the_newest_version_counts(void **state)
{
	AFD_AUTO(store) struct afd_store *s = ledger();
	AFD_AUTO(assessment) struct afd_assessment *a = NULL;
	const struct afd_embedded *e = afd_embedded_find("checks/evidence-coverage.sql");
	AFD_AUTO(mem) char *text = afd_text_dup(afd_slice(e->data, e->len));
	char *title = strstr(text, "Every");
	uint64_t leaf;
	struct afd_error err = { 0 };

	(void)state;
	memcpy(title, "EVERY", 5);
	must(afd_store_sequence(s, &leaf, &err), &err);
	put(s, "check", "checks/evidence-coverage.sql", afd_slice_text(text));
	derive(s);
	a = assess(s, T0 + AFD_DAY);
	for (size_t i = 0; i < a->n_check; i++)
		if (strcmp(a->check[i].id, "evidence-coverage") == 0) {
			assert_int_equal(strncmp(a->check[i].title, "EVERY", 5), 0);
			assert_int_equal(a->check[i].leaf, leaf);
		}
	assert_true(a->n_check >= 9);
}

static void a_wrong_mapping_is_refused(void **state)
{
	AFD_AUTO(store) struct afd_store *s = ledger();
	struct afd_assessment *a = NULL;
	struct afd_error err = { 0 };

	(void)state;
	put(s, "mapping", "frameworks/owasp-nhi-2025.mapping.yaml",
	    afd_slice_text("framework: owasp-nhi-2025\nversion: \"2\"\nauthor: me\n"
			   "date: \"2026-11-22\"\nlinks:\n  - {check: evidence-coverage, control: NHI11:2025, "
			   "relation: context, rationale: a, limit: b}\n"));
	derive(s);
	assert_int_equal(afd_assess(s, quarter, "q", T0, &a, &err), -1);
	assert_non_null(strstr(err.text, "NHI11"));
}

/* AI RMF: only where somebody states that an AI system holds rights, or the inventory shows one. */
static void some_frameworks_must_be_stated(void **state)
{
	static const char *const says[] = {
		NULL, "INSERT INTO setting VALUES ('framework.nist-csf-2.0', 'in scope', 1, 0, 0)",
		"INSERT INTO setting VALUES ('framework.nist-ai-rmf-1.0', 'in scope', 1, 0, 0)",
		"INSERT INTO credential (id, kind, recorded_at, leaf, part) VALUES ('k', 'api-token', 1, 0, 0)",
		"INSERT INTO credential (id, kind, recorded_at, leaf, part) VALUES ('k', 'ai-agent', 1, 0, 0)",
	};

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(says); i++) {
		AFD_AUTO(store) struct afd_store *s = ledger();
		AFD_AUTO(assessment) struct afd_assessment *a = NULL;
		const struct afd_framework *ai = NULL;
		bool in = i == 2 || i == 4, any = false;

		derive(s);
		if (says[i]) {
			s = afd_store_close(s);
			row(says[i]);
			must(afd_store_open(path, AFD_STORE_WRITE, &s, NULL), &(struct afd_error){ 0 });
		}
		a = assess(s, T0 + AFD_DAY);
		for (size_t f = 0; f < a->n_framework; f++)
			if (strcmp(a->framework[f].id, "nist-ai-rmf-1.0") == 0)
				ai = &a->framework[f];
			else
				assert_true(a->framework[f].in_scope);
		assert_non_null(ai);
		assert_true(ai->in_scope == in);
		for (size_t c = 0; c < ai->n_control; c++)
			any = any || ai->control[c].phrase != AFD_PHRASE_NOT_ADDRESSED || ai->control[c].counts.population;
		assert_true(any == in);
	}
}

/* A file that is no longer there leaves the word for it, and is read no more. */
static void a_withdrawn_file_is_not_in_force(void **state)
{
	static const char mine[] = "framework: nist-csf-2.0\nversion: \"2\"\nauthor: me\ndate: \"2026-11-22\"\nlinks:\n"
		"  - {check: evidence-coverage, control: GV.PO-01, relation: intersects-with, rationale: a, limit: b}\n";

	(void)state;
	for (int gone = 0; gone < 2; gone++) {
		AFD_AUTO(store) struct afd_store *s = ledger();
		AFD_AUTO(assessment) struct afd_assessment *a = NULL;

		put(s, "mapping", "acme/mine.mapping.yaml", afd_slice_text(mine));
		if (gone)
			put(s, "mapping", "acme/mine.mapping.yaml", afd_slice_text(AFD_RULE_WITHDRAWN));
		derive(s);
		a = assess(s, T0 + AFD_DAY);
		assert_int_equal(a->framework[0].n_mapping, gone ? 1 : 2);
		assert_string_equal(a->framework[0].mapping[0].label, "frameworks/nist-csf-2.0.mapping.yaml");   /* ours first */
		if (!gone)
			assert_string_equal(a->framework[0].mapping[1].author, "me");
	}
}

static void not_derived_is_not_judged(void **state)
{
	AFD_AUTO(store) struct afd_store *s = ledger();
	struct afd_assessment *a = NULL;
	struct afd_error err = { 0 };
	uint64_t size;

	(void)state;
	derive(s);
	put(s, "check", "checks/late.sql", afd_slice_text("SELECT 1"));
	must(afd_store_sequence(s, &size, &err), &err);
	assert_int_equal(afd_assess(s, quarter, "q", T0, &a, &err), -1);
	assert_non_null(strstr(err.text, "derive"));
}

/* --- what stands around the judgement --- */

static void surroundings(void **state)
{
	struct afd_store *s = ledger();
	AFD_AUTO(assessment) struct afd_assessment *a = NULL;
	struct afd_error err = { 0 };
	char sql[2048];

	(void)state;
	derive(s);
	must(afd_store_meta_set(s, "origin", "evidence.test", &err), &err);
	must(afd_store_meta_set(s, "test", "1", &err), &err);
	s = afd_store_close(s);
	row("INSERT INTO setting VALUES ('organisation', 'Example', 0, 1, 0), ('classification', 'Secret', 0, 1, 0)");
	row("INSERT INTO domain (name, zone, account, owner, in_scope, reason, recorded_at, leaf, part) VALUES ('b.test', NULL, NULL, NULL, 0, 'parked', 0, 4, 0), ('a.test', 'a.test', "
	    "'acme', 'DNS', 1, NULL, 0, 4, 0)");
	row("INSERT INTO source VALUES ('ns', 'dns-transfer', 'zone-changes', 'a.test', 'tested', 3600000, 1, NULL, "
	    "NULL, 0, 2, 0)");
	row("INSERT INTO source_scope VALUES ('ns', 'zone-changes', 'a.test', 9223372036854775807, 3600000)");
	snprintf(sql, sizeof sql,
		 "INSERT INTO coverage (source, evidence, scope, t_from, t_to, grade, reason, stored_count, lag_ms, "
		 "leaf, part) VALUES"
		 " ('ns', 'zone-changes', 'a.test', %lld, %lld, 3, 'chain', 12, 0, 1, 0), ('ns', 'zone-changes', "
		 "'a.test', %lld, %lld, 0, 'refused', NULL, 0, 1, 0)",
		 (long long)(T0 - 100 * AFD_DAY), (long long)(T0 - 10 * AFD_DAY), (long long)(T0 - 50 * AFD_DAY),
		 (long long)(T0 - 49 * AFD_DAY));
	row(sql);
	snprintf(sql, sizeof sql,
		 "INSERT INTO scope_edit (table_name, key, what, t, leaf) VALUES ('domain', 'x', 'removed', %lld, 3),"
		 " ('domain', 'y', 'removed', %lld, 3), ('domain', 'z', 'removed', %lld, 3)",
		 (long long)quarter.from, (long long)(quarter.from - 1), (long long)T0);
	row(sql);
	/* a log of all times, a source that begins late and was retired before, one that never delivered, one unexpected */
	row("INSERT INTO source_scope VALUES ('log', 'ct-log', 'log.test', 9223372036854775807, 0), ('old', 'zone-changes',"
	    " 'a.test', 5, 0), ('dead', 'zone-claims', 'a.test', 9223372036854775807, 0)");
	snprintf(sql, sizeof sql,
		 "INSERT INTO coverage (source, evidence, scope, t_from, t_to, grade, lag_ms, leaf, part) VALUES"
		 " ('log', 'ct-log', 'log.test', 0, %lld, 3, 0, 1, 0), ('old', 'zone-changes', 'a.test', %lld, %lld, 3, 0, 1, 0),"
		 " ('dead', 'zone-claims', 'a.test', %lld, %lld, 0, 0, 1, 0), ('extra', 'account-events', 'a', %lld, %lld, 3, 0, 1, 0)",
		 (long long)T0, (long long)(T0 - AFD_DAY), (long long)T0, (long long)(T0 - AFD_DAY), (long long)T0,
		 (long long)(T0 - AFD_DAY), (long long)T0);
	row(sql);
	row("INSERT INTO decode_error (leaf, source, reason) VALUES (7, 'ns', 'truncated')");
	must(afd_store_open(path, AFD_STORE_WRITE, &s, &err), &err);
	a = assess(s, T0);
	s = afd_store_close(s);
	assert_string_equal(a->organisation, "Example");
	assert_string_equal(a->classification, "Secret");
	assert_string_equal(a->origin, "evidence.test");
	assert_true(a->test);
	assert_true(a->provisional); /* as of the period's end, and the source may tell an hour later */
	assert_int_equal(a->history_begins_ms, T0 - 100 * AFD_DAY);
	assert_int_equal(a->n_scope, 2);
	assert_string_equal(a->scope[0].name, "a.test");
	assert_false(a->scope[1].in_scope);
	assert_int_equal(a->n_edit, 2);                   /* also what was written after as-of: everything is judged by it */
	assert_string_equal(a->edit[0].key, "x");
	assert_string_equal(a->edit[1].key, "z");
	assert_int_equal(a->n_fault, 1);
	assert_int_equal(a->n_cover, 4);
	assert_int_equal(a->cover[3].worst, AFD_GAP);
	assert_int_equal(a->cover[3].records, 12);
	assert_int_equal(a->cover[3].n, 4);               /* chain, refused, chain, nothing; until as-of minus lag */
	assert_string_equal(a->cover[3].reason[1], "refused");
	assert_string_equal(a->cover[3].reason[3], "nothing was collected");
	assert_int_equal(a->cover[3].span[0].from, quarter.from);
	assert_int_equal(a->cover[3].span[3].to, T0 - AFD_HOUR);
	for (size_t i = 0; i + 1 < a->cover[3].n; i++)
		assert_int_equal(a->cover[3].span[i].to, a->cover[3].span[i + 1].from);
}

/* Severity first, then check, resource, key. */
static void findings_are_numbered_by_severity(void **state)
{
	struct afd_store *s = ledger();
	AFD_AUTO(assessment) struct afd_assessment *a = NULL;
	struct afd_error err = { 0 };
	unsigned ours = 0;
	char sql[2048];

	(void)state;
	derive(s);
	s = afd_store_close(s);
	row("INSERT INTO domain (name, zone, account, owner, in_scope, reason, recorded_at, leaf, part) VALUES ('a.test', 'a.test', 'acme', NULL, 1, NULL, 0, 4, 0)");
	snprintf(sql, sizeof sql,
		 "INSERT INTO certificate (id, tbs_key, serial, issuer, issuer_key_hash, spki_sha256, not_before, not_after, logged_ms,"
		 " has_precert, has_final, leaf, part) VALUES (1, 'bb', '01', 'CN=X', '', '', 0, 1, %lld, 1, 1, 0, 0), (2, 'aa', "
		 "'02', 'CN=X', '', '', 0, 1, %lld, 1, 1, 0, 0)",
		 (long long)(T0 - AFD_DAY), (long long)(T0 - AFD_DAY));
	row(sql);
	row("INSERT INTO certificate_name VALUES (1, 1, 'a.test', 'a.test', 0, 'dns', 0, 0), (2, 2, 'w.a.test', "
	    "'w.a.test', 0, 'dns', 0, 0)");
	row("INSERT INTO approved_issuer VALUES (1, 'a.test', '', 'CN=Y', 0, 9223372036854775807, 0, 9223372036854775807, 4, 0)");
	must(afd_store_open(path, AFD_STORE_READ, &s, &err), &err);        /* a reader may judge while another writes */
	a = assess(s, T0 + AFD_DAY);
	s = afd_store_close(s);
	for (size_t i = 0; i < a->n_finding; i++) {
		const struct afd_finding *f = &a->finding[i], *before = i ? f - 1 : NULL;
		int order = before ? afd_severity_rank(before->check->severity) - afd_severity_rank(f->check->severity) : 1;

		assert_int_equal(f->number, i + 1);
		order = order ? order : strcmp(f->check->id, before->check->id);
		order = order ? order : strcmp(f->resource, before->resource);
		order = order ? order : strcmp(f->key, before->key);
		assert_true(order > 0);
		if (strcmp(f->check->id, "issuance-without-challenge") == 0)
			assert_true(f->would_fail);
		ours += strcmp(f->check->id, "issuance-without-challenge") == 0 || strcmp(f->check->id, "issuer-not-approved") == 0 ||
			strcmp(f->check->id, "certificate-without-owner") == 0;
	}
	assert_int_equal(ours, 6);                        /* two certificates, three checks; others have a word on them too */
	assert_int_equal(control(&a->framework[0], "GV.RR-02")->phrase, AFD_PHRASE_EXCEPTIONS);
}

/* Five changes of the period: of somebody, of an address, of one of two, of nobody, of nobody without a record; and one of another time. */
static void shares_of_changes(void **state)
{
	struct afd_store *s = ledger();
	AFD_AUTO(assessment) struct afd_assessment *a = NULL;
	struct afd_error err = { 0 };
	const int64_t t = T0 - 10 * AFD_DAY;
	char sql[4096];

	(void)state;
	derive(s);
	s = afd_store_close(s);
	row("INSERT INTO domain (name, zone, account, owner, in_scope, reason, recorded_at, leaf, part) VALUES"
	    " ('b.test', 'b.test', NULL, NULL, 1, NULL, 0, 4, 0), ('a.test', 'a.test', NULL, NULL, 1, NULL, 0, 4, 0),"
	    " ('sub.a.test', 'a.test', NULL, NULL, 1, NULL, 0, 4, 0), ('c.test', 'c.test', NULL, NULL, 0, 'parked', 0, 4, 0), ('d.test', NULL, NULL, NULL, 1, NULL, 0, 4, 0)");
	row("INSERT INTO source VALUES ('log', 'bind-update-log', 'zone-claims', 'b.test a.test', 'tested', 0, 1, NULL, NULL, 0, 5, 0)");
	row("INSERT INTO source_scope VALUES ('log', 'zone-claims', 'a.test', 9223372036854775807, 0), ('log', 'zone-claims', 'b.test', 9223372036854775807, 0)");
	for (int i = 1; i <= 6; i++) {
		int64_t at = i == 6 ? t - 365 * AFD_DAY : t + i * AFD_HOUR;

		snprintf(sql, sizeof sql,
			 "INSERT INTO change VALUES (%d, 'ns', 'a.test', %d, %d, 'difference', NULL, %lld, %lld, 0, %d, 0, 0)", i, i, i + 1,
			 (long long)at, (long long)at + 1000, i);
		row(sql);
		if (i == 5)
			continue;
		snprintf(sql, sizeof sql,
			 "INSERT INTO change_record VALUES (%d, %d, 'a.test', 'h%d.a.test', 'A', 'add', 60, '192.0.2.%d', %lld, %lld, 0, 0)", i, i, i, i,
			 (long long)at, (long long)at + 1000);
		row(sql);
	}
	for (int i = 1; i <= 4; i++) {       /* 3 and 4: two logs say the same of two people */
		snprintf(sql, sizeof sql,
			 "INSERT INTO claim VALUES (%d, '%s', 'a.test', %s, NULL, '192.0.2.9#1', 'applied', 'log', NULL, NULL, NULL, NULL, 'r%d', %lld, %lld, 0, 0);"
			 "INSERT INTO claim_record VALUES (%d, %d, 'a.test', 'h%d.a.test', 'A', 'add', '192.0.2.%d', 60, 0, 0)",
			 i, i == 4 ? "log2" : "log", i == 1 ? "'alice'" : i == 2 ? "NULL" : i == 3 ? "'bob'" : "'carol'", i, (long long)(t + (i < 3 ? i : 3) * AFD_HOUR),
			 (long long)(t + (i < 3 ? i : 3) * AFD_HOUR + 1), i, i, i < 3 ? i : 3, i < 3 ? i : 3);
		row(sql);
	}
	snprintf(sql, sizeof sql,
		 "INSERT INTO claim VALUES (5, 'log', 'a.test', 'alice', NULL, '192.0.2.9#1', 'applied', 'log', NULL, NULL, NULL, NULL, 'r5', %lld, %lld, 0, 0);"
		 "INSERT INTO claim_record VALUES (5, 5, 'a.test', 'never.a.test', 'A', 'add', '192.0.2.5', 60, 0, 0);"
		 "INSERT INTO claim VALUES (6, 'log', 'b.test', NULL, NULL, '192.0.2.9#1', 'denied', 'log', NULL, NULL, NULL, NULL, 'r6', %lld, %lld, 0, 0),"
		 " (7, 'log', '.', NULL, 'alice', '192.0.2.9#1', 'bad-signature', 'log', NULL, NULL, NULL, NULL, 'r7', %lld, %lld, 0, 0),"
		 " (8, 'log', 'b.test', NULL, NULL, '192.0.2.9#1', 'denied', 'log', NULL, NULL, NULL, NULL, 'r8', 1, 2, 0, 0)",
		 (long long)t, (long long)t + 1, (long long)t, (long long)t + 1, (long long)t, (long long)t + 1);
	row(sql);
	snprintf(sql, sizeof sql, "INSERT INTO coverage (source, evidence, scope, t_from, t_to, grade, lag_ms, leaf, part) VALUES"
		 " ('log', 'zone-claims', 'a.test', %lld, %lld, 2, 0, 0, 0)", (long long)quarter.from, (long long)quarter.to);
	row(sql);
	must(afd_store_open(path, AFD_STORE_READ, &s, &err), &err);
	a = assess(s, T0 + AFD_DAY);
	s = afd_store_close(s);
	assert_int_equal(a->n_share, 2);
	assert_string_equal(a->share[0].zone, "a.test");
	assert_int_equal(a->share[0].changes, 4);
	assert_int_equal(a->share[0].attributed, 2);
	assert_int_equal(a->share[0].nameless, 1);
	assert_int_equal(a->share[0].ambiguous, 1);
	assert_int_equal(a->share[0].unattributed, 1);
	assert_int_equal(a->share[0].without_effect, 1);
	assert_int_equal(a->share[0].denied, 1);                    /* what names no zone stands with the first of the log */
	assert_int_equal(a->share[0].changes_grade, AFD_GAP);
	assert_int_equal(a->share[0].claims_grade, AFD_ASSERTED);
	assert_string_equal(a->share[1].zone, "b.test");
	assert_int_equal(a->share[1].changes, 0);
	assert_int_equal(a->share[1].denied, 1);
	assert_int_equal(a->share[1].claims_grade, AFD_GAP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_in_scope_is_no_pass),
		cmocka_unit_test(a_broken_check_does_not_stop_the_others),
		cmocka_unit_test(a_lost_file_is_an_error), cmocka_unit_test(the_newest_version_counts),
		cmocka_unit_test(a_wrong_mapping_is_refused),
		cmocka_unit_test(some_frameworks_must_be_stated),
		cmocka_unit_test(a_withdrawn_file_is_not_in_force),
		cmocka_unit_test(not_derived_is_not_judged),
		cmocka_unit_test(surroundings),
		cmocka_unit_test(findings_are_numbered_by_severity),
		cmocka_unit_test(shares_of_changes),
	};
	int r;

	if (!mkdtemp(work))
		return 1;
	snprintf(path, sizeof path, "%s/ledger.db", work);
	r = cmocka_run_group_tests_name("assess", tests, NULL, NULL);
	for (size_t i = 0; i < 4; i++) {
		static const char *const ends[] = { "", "-wal", "-shm", ".lock" };
		AFD_AUTO(mem) char *name = afd_sprintf("%s%s", path, ends[i]);

		if (name)
			unlink(name);
	}
	rmdir(work);
	return r;
}
