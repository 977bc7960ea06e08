/* A checkpoint that a public log served, with its key and two witnesses. The samples are not part of the repository:
 * without them the test says that it was skipped (77). */
#include "check.h"
#include "core/doc.h"
#include "core/file.h"
#include "core/note.h"

static struct afd_buf note_bytes, keys;

static const char *verdict_of(const struct afd_buf *note, const struct afd_note_key *k, int64_t *at)
{
	static struct afd_error e;
	struct afd_note n;
	int r;

	assert_int_equal(afd_note_parse(afd_buf_slice(note), &n, NULL), 0);
	r = afd_note_verify(&n, k, at, &e);
	afd_note_release(&n);
	return r == 0 ? "holds" : e.text;
}

static void a_real_checkpoint(void **state)
{
	AFD_AUTO(buf) struct afd_buf spki = { 0 }, keep = { 0 };
	AFD_AUTO(doc) struct afd_doc *d = NULL;
	struct afd_note_key k = { .name = "parcelyard2026h2.prod.certificate.transparency.goog", .alg = AFD_NOTE_RFC6962 };
	const struct afd_node *n;
	unsigned witnesses = 0;
	int64_t at = 0;
	uint8_t id[4];

	(void)state;
	assert_int_equal(afd_json_parse(afd_buf_slice(&keys), "keys", &d, NULL), 0);
	n = afd_node_get(afd_node_get(afd_doc_root(d), "log"), "key");
	assert_int_equal(afd_unbase64(afd_slice_text(afd_node_text(n)), &spki), 0);
	k.key = afd_buf_slice(&spki);
	afd_note_key_id(&k, id);
	assert_memory_equal(id, "\x93\xa7\x8a\xe0", 4);
	assert_string_equal(verdict_of(&note_bytes, &k, &at), "holds");
	assert_true(at == INT64_C(1791346973252));
	for (n = afd_node_get(afd_doc_root(d), "witness_vkeys")->u.list.first; n; n = n->next, witnesses++) {
		assert_int_equal(afd_note_vkey_parse(afd_node_text(n), &keep, &k, NULL), 0);
		assert_string_equal(verdict_of(&note_bytes, &k, &at), "holds");
		assert_true(at == INT64_C(1791346973000));
	}
	assert_int_equal(witnesses, 2);
	note_bytes.data[3] ^= 1;
	assert_string_not_equal(verdict_of(&note_bytes, &k, &at), "holds");
}

static bool sample(const char *name, struct afd_buf *ret)
{
	const char *shared = getenv("AFFIDAVIT_SHARED"), *source = getenv("AFFIDAVIT_SOURCE");
	AFD_AUTO(mem) char *base = shared ? afd_sprintf("%s", shared) : afd_sprintf("%s/../shared", source ? source : ".");
	AFD_AUTO(mem) char *path = afd_sprintf("%s/data/ct/static-parcelyard2026h2/%s", base, name);

	return afd_file_read(path, AFD_MAX_NOTE, ret, NULL) == 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(a_real_checkpoint) };
	int r = 77;

	if (sample("checkpoint", &note_bytes) && sample("keys.json", &keys))
		r = cmocka_run_group_tests(tests, NULL, NULL);
	afd_buf_release(&note_bytes);
	afd_buf_release(&keys);
	return r;
}
