/* make_signed DIR [KEYFILE PASSPHRASE]: a signed report.pdf, report.json, report.json.p7s, root.pem, checkpoint and
 * vkey, under throw-away keys that are valid now, or under the report key of KEYFILE; then without root.pem. For tests
 * that let other programs judge; see by_hand.sh. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/random.h>
#include <time.h>
#include <cmocka.h>
#include "core/file.h"
#include "core/when.h"
#include "sample.h"

static int put(const char *dir, const char *name, const struct afd_buf *b, struct afd_error *err)
{
	AFD_AUTO(mem) char *path = afd_sprintf("%s/%s", dir, name);

	return path ? afd_file_write(path, afd_buf_slice(b), false, err) : afd_fail_memory(err);
}

static int draw_random(void *ctx, uint8_t *out, size_t n)
{
	(void)ctx;
	return getrandom(out, n, 0) == (ssize_t)n ? 0 : -1;
}

static int make_checkpoint(const char *dir, struct afd_error *err)
{
	const struct afd_env env = { .random = draw_random };
	AFD_AUTO(store_key) struct afd_store_key *k = NULL;
	AFD_AUTO(buf) struct afd_buf note = { 0 }, vkey = { 0 };
	struct afd_digest root;

	afd_sha256(afd_slice_text("root"), &root);
	if (afd_store_key_new("store.example", &env, &k, err) < 0 || afd_note_sign(k, 4711, &root, &note, err) < 0 ||
	    afd_store_key_vkey(k, &vkey, err) < 0)
		return -1;
	if (afd_buf_text(&vkey, "\n") < 0)
		return afd_fail_memory(err);
	if (put(dir, "checkpoint", &note, err) < 0)
		return -1;
	return put(dir, "vkey", &vkey, err);
}

static int run(const char *dir, const char *key_file, const char *passphrase, int64_t now, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf key = { 0 }, root = { 0 }, pdf = { 0 };
	AFD_AUTO(buf) struct afd_buf signed_pdf = { 0 }, json = { 0 }, p7s = { 0 };
	AFD_AUTO(signer) struct afd_signer *s = NULL;
	struct afd_slice content;

	sample_pdf(SAMPLE_REPORT, &pdf);
	if (afd_buf_text(&json, sample_json) < 0)
		return afd_fail_memory(err);
	content = afd_buf_slice(&json);
	if (key_file ? afd_file_read(key_file, 1 << 20, &key, err) < 0
		     : afd_signer_test(now - AFD_HOUR, now + AFD_DAY, &key, &root, err) < 0)
		return -1;
	if (afd_signer_read(afd_buf_slice(&key), afd_slice_text(passphrase), &s, err) < 0 ||
	    afd_cms_sign(s, &content, 1, false, now, NULL, &p7s, err) < 0 ||
	    afd_pades_sign(s, afd_buf_slice(&pdf), &(struct afd_pades_options){ .now_ms = now, .reason = "Evidence report" }, &signed_pdf, err) < 0)
		return -1;
	if ((root.len && put(dir, "root.pem", &root, err) < 0) || put(dir, "report.json", &json, err) < 0 ||
	    put(dir, "report.json.p7s", &p7s, err) < 0 || put(dir, "report.pdf", &signed_pdf, err) < 0)
		return -1;
	return make_checkpoint(dir, err);
}

int main(int argc, char **argv)
{
	struct afd_error err = { 0 };

	if (argc != 2 && argc != 4) {
		fprintf(stderr, "usage: make_signed DIR [KEYFILE PASSPHRASE]\n");
		return 64;
	}
	if (run(argv[1], argc == 4 ? argv[2] : NULL, argc == 4 ? argv[3] : "", (int64_t)time(NULL) * 1000, &err) < 0) {
		fprintf(stderr, "make_signed: %s\n", err.text);
		return 1;
	}
	return 0;
}
