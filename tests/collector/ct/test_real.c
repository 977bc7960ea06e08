/* Heads, proofs, lists and witnesses of real logs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <jansson.h>

#include "collector/ct/ct_item.h"
#include "collector/ct/log_list.h"
#include "samples.h"

static json_t *load(const char *path)
{
	AFD_AUTO(buf) struct afd_buf b = { 0 };

	return sample(path, &b) ? json_loadb((char *)b.data, b.len, 0, NULL) : NULL;
}

static bool have(const char *path)
{
	AFD_AUTO(mem) char *p = sample_path(path);

	return p != NULL;
}

static struct afd_digest digest_of(const char *base64)
{
	AFD_AUTO(buf) struct afd_buf b = { 0 };
	struct afd_digest d;

	assert_int_equal(afd_unbase64(afd_slice_text(base64), &b), 0);
	assert_int_equal(b.len, 32);
	memcpy(d.b, b.data, 32);
	return d;
}

/* The same head with one digit of its time, its size, its root or its signature changed does not verify. */
static void head_holds(const char *sth_path, const char *origin, const char *key64, struct afd_ct_head *ret)
{
	AFD_AUTO(buf) struct afd_buf sth = { 0 }, key = { 0 };
	static const char *const fields[] = { "timestamp", "tree_size", "sha256_root_hash", "tree_head_signature" };
	struct afd_ct_log log = { .origin = origin };
	struct afd_error err = { 0 };

	assert_true(sample(sth_path, &sth));
	assert_int_equal(afd_unbase64(afd_slice_text(key64), &key), 0);
	log.key = afd_buf_slice(&key);
	if (afd_ct_head_verify(afd_buf_slice(&sth), &log, ret, &err) < 0)
		fail_msg("%s: %s", sth_path, err.text);
	for (size_t i = 0; i < AFD_COUNT(fields); i++) {
		char *at = strstr((char *)sth.data, fields[i]) + strlen(fields[i]) + 20, before = *at;
		struct afd_ct_head bent;

		*at = before == '1' || before == 'A' ? before + 1 : before >= '0' && before <= '9' ? '1' : 'A';
		assert_int_equal(afd_ct_head_verify(afd_buf_slice(&sth), &log, &bent, NULL), -1);
		*at = before;
	}
}

static void two_heads_and_the_proof_between_them(void **state)
{
	json_t *log, *proof, *list;
	struct afd_digest node[AFD_MAX_PROOF_NODES];
	struct afd_ct_head a, b;
	size_t n;

	(void)state;
	if (!have("rfc6962-argon2027h1/log.json"))
		skip();
	log = load("rfc6962-argon2027h1/log.json");
	head_holds("rfc6962-argon2027h1/get-sth-1.json", "ct.googleapis.com/logs/us1/argon2027h1", json_string_value(json_object_get(log, "key")), &a);
	head_holds("rfc6962-argon2027h1/get-sth-2.json", "ct.googleapis.com/logs/us1/argon2027h1", json_string_value(json_object_get(log, "key")), &b);
	assert_int_equal(a.size, 384065451);
	assert_int_equal(b.size, 384071894);
	proof = load("rfc6962-argon2027h1/get-sth-consistency-first-384065451-second-384071894.json");
	list = json_object_get(proof, "consistency");
	n = json_array_size(list);
	assert_int_equal(n, 23);
	for (size_t i = 0; i < n; i++)
		node[i] = digest_of(json_string_value(json_array_get(list, i)));
	assert_true(afd_merkle_check_consistency(a.size, &a.root, b.size, &b.root, node, n));
	assert_false(afd_merkle_check_consistency(a.size, &b.root, b.size, &b.root, node, n));
	assert_false(afd_merkle_check_consistency(a.size, &a.root, b.size, &b.root, node, n - 1));
	node[5].b[0] ^= 1;
	assert_false(afd_merkle_check_consistency(a.size, &a.root, b.size, &b.root, node, n));
	json_decref(log);
	json_decref(proof);
}

struct signatures { unsigned verified, unknown, others; int64_t witnessed; };

static int on_signature(void *ctx, const struct afd_row_ct_signature *r, struct afd_error *err)
{
	struct signatures *s = ctx;

	(void)err;
	s->verified += strcmp(r->state, "verified") == 0;
	s->unknown += strcmp(r->state, "unknown") == 0;
	s->others += strcmp(r->state, "verified") != 0 && strcmp(r->state, "unknown") != 0;
	if (strcmp(r->state, "verified") == 0)
		s->witnessed = r->signed_ms;
	return 0;
}

static void a_checkpoint_with_two_witnesses(void **state)
{
	AFD_AUTO(buf) struct afd_buf note = { 0 }, key = { 0 };
	json_t *keys;
	const char *vkey[2];
	struct afd_ct_log log = { .origin = "parcelyard2026h2.prod.certificate.transparency.goog", .witness = { vkey, 2 } };
	struct signatures s = { 0 };
	struct afd_sink sink = { .ctx = &s, .ct_signature = on_signature };
	struct afd_error err = { 0 };
	struct afd_ct_head head;

	(void)state;
	if (!have("static-parcelyard2026h2/checkpoint"))
		skip();
	assert_true(sample("static-parcelyard2026h2/checkpoint", &note));
	keys = load("static-parcelyard2026h2/keys.json");
	assert_int_equal(afd_unbase64(afd_slice_text(json_string_value(json_object_get(json_object_get(keys, "log"), "key"))), &key), 0);
	for (size_t i = 0; i < 2; i++)
		vkey[i] = json_string_value(json_array_get(json_object_get(keys, "witness_vkeys"), i));
	log.key = afd_buf_slice(&key);
	if (afd_ct_witnesses_check(&log.witness, &err) < 0 || afd_ct_head_verify(afd_buf_slice(&note), &log, &head, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(head.timestamp, INT64_C(1791346973252));
	assert_int_equal(afd_ct_signatures(afd_buf_slice(&note), &log, &head, &sink, &err), 0);
	assert_int_equal(s.verified, 2);
	assert_int_equal(s.unknown, 1);
	assert_int_equal(s.others, 0);
	assert_int_equal(s.witnessed, INT64_C(1791346973000));
	/* without their keys they are unknown, and the head is as good as before */
	log.witness.n = 0;
	s = (struct signatures){ 0 };
	assert_int_equal(afd_ct_signatures(afd_buf_slice(&note), &log, &head, &sink, &err), 0);
	assert_int_equal(s.unknown, 3);
	json_decref(keys);
}

static unsigned count(const struct afd_ct_log_list *l, const char *kind, const char *in)
{
	unsigned n = 0;

	for (size_t i = 0; i < l->n; i++)
		n += strcmp(l->log[i].kind, kind) == 0 && (!in || strcmp(l->log[i].state, in) == 0);
	return n;
}

static void lists_as_published(void **state)
{
	static const struct { const char *path, *version; unsigned pages, tiles, usable, readonly; } row[] = {
		{ "log_list.json", "81.14", 49, 26, 36, 9 },
		{ "loglist/all_logs_list_v53.34.json", "53.34", 175, 6, 0, 0 },
	};

	(void)state;
	if (!have("log_list.json"))
		skip();
	for (size_t i = 0; i < AFD_COUNT(row); i++) {
		AFD_AUTO(buf) struct afd_buf b = { 0 };
		struct afd_ct_log_list l;
		struct afd_error err = { 0 };

		assert_true(sample(row[i].path, &b));
		if (afd_ct_log_list_parse(afd_buf_slice(&b), &l, &err) < 0)
			fail_msg("%s", err.text);
		assert_string_equal(l.version, row[i].version);
		if (l.n_refused)
			print_message("refused: %s", (char *)l.refused.data);
		assert_int_equal(l.n_refused, 0);
		assert_int_equal(count(&l, "rfc6962", NULL), row[i].pages);
		assert_int_equal(count(&l, "static-ct", NULL), row[i].tiles);
		if (row[i].usable)
			assert_int_equal(count(&l, "rfc6962", "usable"), row[i].usable);
		if (row[i].readonly)
			assert_int_equal(count(&l, "rfc6962", "readonly"), row[i].readonly);
		for (size_t k = 0; k < l.n; k++) {
			assert_null(l.log[k].wrong);                      /* each log_id is that of its key */
			if (strcmp(l.log[k].state, "readonly") == 0)
				assert_non_null(l.log[k].final_root);
		}
		afd_ct_log_list_release(&l);
	}
}

/* A log of 2020 whose key stands in the list of all logs. */
static void a_head_by_a_key_of_the_list(void **state)
{
	AFD_AUTO(buf) struct afd_buf b = { 0 }, page = { 0 };
	AFD_AUTO(ct_page) struct afd_ct_page entries = { 0 };
	struct afd_digest node[AFD_MAX_PROOF_NODES], leaf;
	struct afd_ct_log_list l;
	struct afd_ct_head head = { 0 };
	json_t *proof, *list;
	size_t n;

	(void)state;
	if (!have("rfc6962-argon2020/get-sth.json"))
		skip();
	assert_true(sample("loglist/all_logs_list_v53.34.json", &b));
	assert_int_equal(afd_ct_log_list_parse(afd_buf_slice(&b), &l, NULL), 0);
	for (size_t i = 0; i < l.n; i++)
		if (strstr(l.log[i].url, "argon2020"))
			head_holds("rfc6962-argon2020/get-sth.json", l.log[i].origin, l.log[i].key, &head);
	assert_int_equal(head.size, 961984011);
	afd_ct_log_list_release(&l);

	assert_true(sample("rfc6962-argon2020/get-entries-start-10000-end-10000.json", &page));
	assert_int_equal(afd_ct_scan_entries(afd_buf_slice(&page), 1, &entries, NULL), 0);
	afd_merkle_leaf(afd_ct_page_leaf(&entries, 0), &leaf);
	proof = load("rfc6962-argon2020/get-proof-by-hash-tree-size-961984011-hash-nCs3mfIydh9x4CKyQ-2Bu2xtmpxmFggA5MLymHwNQSlLg-3D.json");
	list = json_object_get(proof, "audit_path");
	n = json_array_size(list);
	for (size_t i = 0; i < n; i++)
		node[i] = digest_of(json_string_value(json_array_get(list, i)));
	assert_true(afd_merkle_check_inclusion(&leaf, 10000, head.size, node, n, &head.root));
	json_decref(proof);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_heads_and_the_proof_between_them),
		cmocka_unit_test(a_checkpoint_with_two_witnesses),
		cmocka_unit_test(lists_as_published),
		cmocka_unit_test(a_head_by_a_key_of_the_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
