/* A made log through the engine into a store, and out of the ledger into the tables: what checks will see. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "collector/collect.h"
#include "evidence/derive.h"
#include "made_log.h"

static int64_t now_ms;
static uint64_t seed;

static int64_t clock_now(void *ctx)
{
	(void)ctx;
	return now_ms;
}

static int draw(void *ctx, uint8_t *out, size_t n)
{
	(void)ctx;
	for (size_t i = 0; i < n; i++)
		out[i] = (uint8_t)((seed = seed * 6364136223846793005u + 1442695040888963407u) >> 56);
	return 0;
}

static const struct afd_env env = { .now_ms = clock_now, .random = draw };

static void collect(struct afd_store *store, const char *name, const char *at)
{
	static const char *const names[] = { "example.test" };
	AFD_AUTO(mem) char *yaml = NULL, *path = afd_sprintf("%s/affidavit.yaml", work);
	struct afd_watch watch = { .name = names, .n = 1 };
	struct afd_config *config = NULL;
	struct afd_collected got = { 0 };
	struct afd_error err = { 0 };
	struct afd_collect c = { .store = store, .env = &env, .watch = &watch };
	struct afd_digest d;
	uint64_t size;
	char key[256];

	assert_int_equal(afd_when_parse(at, &now_ms, &err), 0);
	afd_sha256(afd_slice_text("example.test\n"), &d);
	watch.digest = afd_digest_hex(&d);
	yaml = afd_sprintf("organisation: X\ninventory: i.yaml\nsources:\n  - {name: ct, type: static-ct, url: \"file:%s\", origin: log.example/story, key: \"%s\"}\n",
	                   name, log_key(name, key));
	if (afd_config_parse(afd_slice_text(yaml), path, &config, &err) < 0)
		fail_msg("%s", err.text);
	c.transport = afd_transport_new(&env, NULL, &err);
	assert_non_null(c.transport);
	if (afd_collect_run(&c, config->source, config->n_source, &got, &err) < 0 || afd_store_sequence(store, &size, &err) < 0 ||
	    afd_derive(store, afd_decode_item, NULL, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(got.failed, 0);
	afd_transport_free(c.transport);
	afd_config_free(config);
}

/* Rows of a query, columns with blanks between. */
static void rows_are(struct afd_store *s, const char *sql, const char *want)
{
	AFD_AUTO(buf) struct afd_buf got = { 0 };
	struct afd_error err = { 0 };
	struct afd_query *q = NULL;
	int rc;

	if (afd_query_open(s, sql, &q, &err) < 0)
		fail_msg("%s", err.text);
	afd_buf_text(&got, "");
	while ((rc = afd_query_step(q, &err)) > 0)
		for (int i = 0; i < afd_query_columns(q); i++)
			afd_buf_printf(&got, "%s%s", afd_query_is_null(q, i) ? "-" : afd_query_text(q, i), i + 1 < afd_query_columns(q) ? " " : "\n");
	afd_query_close(q);
	if (rc < 0)
		fail_msg("%s", err.text);
	assert_string_equal((char *)got.data, want);
}

static void what_checks_will_see(void **state)
{
	struct afd_store *s = NULL;
	struct afd_error err = { 0 };

	(void)state;
	if (afd_store_open(":memory:", AFD_STORE_CREATE, &s, &err) < 0)
		fail_msg("%s", err.text);
	make_log("tables", "--until", "2026-07-01T11:10:00Z", NULL);
	collect(s, "tables", "2026-07-01T11:10:05Z");
	collect(s, "tables", "2026-07-01T11:11:00Z");
	make_log("tables", "--until", "2026-07-01T15:00:00Z", NULL);
	collect(s, "tables", "2026-07-01T15:00:05Z");
	collect(s, "tables", "2026-07-01T15:01:00Z");

	rows_are(s, "SELECT leaf, reason FROM decode_error", "");
	rows_are(s, "SELECT kind, count(*) FROM item_note WHERE kind <> 'run' GROUP BY kind ORDER BY kind", "entry 6\nhead 2\nrange 2\nwatch 1\n");
	rows_are(s, "SELECT has_precert, has_final, issuer, name FROM certificate c JOIN certificate_name n ON n.certificate_id = c.id ORDER BY n.id",
	         "1 1 CN=Test CA,O=Example www.example.test\n"
	         "1 1 CN=Test CA,O=Example example.test\n"
	         "1 0 CN=Test CA,O=Example *.shop.example.test\n"
	         "1 0 CN=Test CA,O=Example 192.0.2.7\n"
	         "1 0 CN=Test CA,O=Example 2001:db8::7\n"
	         "0 1 CN=Other CA,O=Others late.example.test\n"
	         "1 0 CN=Test CA,O=Example last.example.test\n"
	         "1 0 CN=Test CA,O=Example xn--bcher-kva.example.test\n");
	rows_are(s, "SELECT log, entry_index, proven FROM log_entry ORDER BY entry_index",
	         "log.example/story 0 1\nlog.example/story 2 1\nlog.example/story 254 1\nlog.example/story 555 1\nlog.example/story 1258 1\n");
	/* what was sent along belongs to the leaves; the made certificates hold one SCT */
	rows_are(s, "SELECT DISTINCT chain FROM log_entry", "\n");
	rows_are(s, "SELECT DISTINCT has_final, scts FROM certificate ORDER BY has_final", "0 -\n1 1\n");
	rows_are(s, "SELECT count(*), count(DISTINCT certificate_id), max(length(log_id)) FROM certificate_sct", "2 2 64\n");
	/* and the tables know their keys and signatures */
	rows_are(s, "SELECT DISTINCT key_algorithm, key_bits, signature_algorithm FROM certificate", "ecdsa 256 sha256-ecdsa\n");
	rows_are(s, "SELECT entry_index FROM unparsed_entry", "556\n");
	rows_are(s, "SELECT size FROM ct_head ORDER BY size", "555\n1259\n");
	rows_are(s, "SELECT evidence, scope, substr(watch, 1, 4), t_from, t_to, grade, lag_ms FROM coverage ORDER BY id",
	         "ct-log log.example/story b728 0 1782904140000 3 60000\n"
	         "ct-log log.example/story b728 1782904140000 1782917940000 3 60000\n");
	afd_store_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(what_checks_will_see) };

	return cmocka_run_group_tests(tests, make_work, remove_work);
}
