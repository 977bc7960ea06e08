/* What signing and verifying cost, against the openssl program in the same run: 100 MB of JSON by CMS, budget for
 * verifying 1.2 times `openssl cms -verify` (docs/design.md 12); and a PDF of 10,000 pages, a note. Usage: bench_sign DIR
 * [PAGES]. DIR is for what openssl reads and writes. */
#include <hpdf.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <spawn.h>
#include <time.h>
#include <unistd.h>

#include "core/file.h"
#include "core/when.h"
#include "sign/sign.h"

extern char **environ;

enum { JSON_BYTES = 100 * 1000 * 1000, ROUNDS = 3 };

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static long peak_mb(int who)
{
	struct rusage u;

	getrusage(who, &u);
	return u.ru_maxrss / 1024;
}

static double run(const char *const *words)
{
	double t = now();
	int status = 1;
	pid_t pid;

	if (posix_spawnp(&pid, words[0], NULL, NULL, (char *const *)(uintptr_t)words, environ) != 0 || waitpid(pid, &status, 0) < 0 || status != 0)
		return -1;
	return now() - t;
}

static int fill_json(struct afd_buf *b)
{
	if (afd_buf_reserve(b, JSON_BYTES + 200) < 0 || afd_buf_text(b, "[") < 0)
		return -1;
	for (unsigned i = 0; b->len < JSON_BYTES; i++)
		if (afd_buf_printf(b, "{\"id\":%u,\"name\":\"host%u.example.com\",\"status\":\"pass\"},", i, i) < 0)
			return -1;
	return afd_buf_text(b, "{}]");
}

struct keys { struct afd_signer *signer; struct afd_slice root; int64_t now_ms; };

static int bench_json(const struct keys *k, const char *dir, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf json = { 0 }, p7s = { 0 };
	AFD_AUTO(mem) char *json_path = afd_sprintf("%s/bench.json", dir), *own = afd_sprintf("%s/own.p7s", dir),
			   *their = afd_sprintf("%s/their.p7s", dir), *key = afd_sprintf("%s/key.pem", dir), *root = afd_sprintf("%s/root.pem", dir);
	const char *const sign[] = { "openssl", "cms", "-sign", "-cades", "-binary", "-md", "sha256", "-signer", key, "-in", json_path, "-outform", "DER",
				     "-out", their, NULL };
	const char *const verify[] = { "openssl", "cms", "-verify", "-cades", "-binary", "-inform", "DER", "-in", own, "-content", json_path, "-CAfile", root,
				       "-no-CApath", "-no-CAstore", "-purpose", "any", "-out", "/dev/null", NULL };
	struct afd_trust t = { .pem = &k->root, .n = 1, .allow_test = true, .at_ms = k->now_ms };
	double best[4] = { 1e9, 1e9, 1e9, 1e9 };
	struct afd_slice content;

	if (fill_json(&json) < 0 || afd_file_write(json_path, afd_buf_slice(&json), false, err) < 0)
		return -1;
	for (int i = 0; i < ROUNDS; i++) {
		AFD_AUTO(buf) struct afd_buf read_back = { 0 };
		AFD_AUTO(signature_report) struct afd_signature_report r = { 0 };
		double x[4];

		p7s.len = 0;
		x[0] = now();
		content = afd_buf_slice(&json);
		if (afd_cms_sign(k->signer, &content, 1, false, k->now_ms, NULL, &p7s, err) < 0)
			return -1;
		x[0] = now() - x[0];
		if (afd_file_write(own, afd_buf_slice(&p7s), false, err) < 0)
			return -1;
		x[1] = now();
		if (afd_file_read(json_path, 2 * JSON_BYTES, &read_back, err) < 0)          /* as openssl must */
			return -1;
		content = afd_buf_slice(&read_back);
		if (afd_cms_verify(afd_buf_slice(&p7s), &content, 1, &t, false, &r, err) < 0)
			return -1;
		x[1] = now() - x[1];
		x[2] = run(sign);
		x[3] = run(verify);
		if (x[2] < 0 || x[3] < 0)
			return afd_fail(err, AFD_E_IO, "openssl did not do it");
		for (int j = 0; j < 4; j++)
			best[j] = x[j] < best[j] ? x[j] : best[j];
	}
	printf("100 MB of JSON    sign %.3f s, openssl %.3f s, ratio %.2f\n", best[0], best[2], best[0] / best[2]);
	printf("                verify %.3f s, openssl %.3f s, ratio %.2f (at most 1.2), peak %ld MB with the JSON twice\n", best[1], best[3],
	       best[1] / best[3], peak_mb(RUSAGE_SELF));
	return best[1] <= 1.2 * best[3] ? 0 : afd_fail(err, AFD_E_LIMIT, "over the budget");
}

/* --- PDF --- */

static void draw_page(HPDF_Doc doc, HPDF_Font font, unsigned n)
{
	HPDF_Page p = HPDF_AddPage(doc);
	char text[96];

	HPDF_Page_SetFontAndSize(p, font, 8);
	HPDF_Page_BeginText(p);
	for (unsigned i = 0; i < 45; i++) {
		snprintf(text, sizeof(text), "%u.%u  host%u.example.com  certificate %08x  no exceptions noted", n, i, n * 45 + i, n * 2654435761u + i);
		HPDF_Page_TextOut(p, 40, (HPDF_REAL)(780 - 16 * (int)i), text);
	}
	HPDF_Page_EndText(p);
}

static int make_pdf(unsigned pages, struct afd_buf *ret)
{
	HPDF_Doc doc = HPDF_New(NULL, NULL);
	HPDF_Font font;
	static HPDF_BYTE piece[1 << 16];
	HPDF_UINT32 n;
	int r = 0;

	HPDF_SetPagesConfiguration(doc, 50);
	HPDF_SetCompressionMode(doc, HPDF_COMP_ALL);
	font = HPDF_GetFont(doc, "Helvetica", NULL);
	for (unsigned i = 0; i < pages; i++)
		draw_page(doc, font, i);
	HPDF_SaveToStream(doc);
	HPDF_ResetStream(doc);
	do {
		n = sizeof(piece);
		HPDF_ReadFromStream(doc, piece, &n);
		r |= n ? afd_buf_add(ret, piece, n) : 0;
	} while (n && r == 0);
	HPDF_Free(doc);
	return r;
}

static int bench_pdf(const struct keys *k, unsigned pages, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf plain = { 0 }, pdf = { 0 };
	AFD_AUTO(signature_report) struct afd_signature_report r = { 0 };
	const struct afd_pades_options o = { .now_ms = k->now_ms, .reason = "bench" };
	struct afd_trust t = { .pem = &k->root, .n = 1, .allow_test = true, .at_ms = k->now_ms };
	double made = now(), hashed, sign, verify;
	struct afd_digest digest;
	size_t len;
	long before;

	if (make_pdf(pages, &plain) < 0)
		return afd_fail_memory(err);
	made = now() - made;
	before = peak_mb(RUSAGE_SELF);
	hashed = now();
	afd_sha256(afd_buf_slice(&plain), &digest);
	hashed = now() - hashed;
	sign = now();
	if (afd_pades_sign(k->signer, afd_buf_slice(&plain), &o, &pdf, err) < 0)
		return -1;
	sign = now() - sign;
	verify = now();
	if (afd_pades_verify(afd_buf_slice(&pdf), &t, &len, &r, err) < 0)
		return -1;
	verify = now() - verify;
	printf("PDF of %u pages, %.1f MB: made %.2f s, sign %.3f s, verify %.3f s (SHA-256 alone %.3f s); peak %ld MB, %ld MB of it made by signing\n",
	       pages, (double)plain.len / 1e6, made, sign, verify, hashed, peak_mb(RUSAGE_SELF), peak_mb(RUSAGE_SELF) - before);
	return 0;
}

int main(int argc, char **argv)
{
	AFD_AUTO(buf) struct afd_buf key = { 0 }, root = { 0 };
	AFD_AUTO(signer) struct afd_signer *signer = NULL;
	struct keys k = { .now_ms = (int64_t)time(NULL) * 1000 };
	unsigned pages = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 10000;
	struct afd_error err = { 0 };
	AFD_AUTO(mem) char *key_path = argc > 1 ? afd_sprintf("%s/key.pem", argv[1]) : NULL, *root_path = argc > 1 ? afd_sprintf("%s/root.pem", argv[1]) : NULL;

	if (argc < 2) {
		fprintf(stderr, "usage: bench_sign DIR [PAGES]\n");
		return 64;
	}
	if (afd_signer_test(k.now_ms - AFD_HOUR, k.now_ms + AFD_DAY, &key, &root, &err) < 0 ||
	    afd_signer_read(afd_buf_slice(&key), afd_slice(NULL, 0), &signer, &err) < 0 ||
	    afd_file_write(key_path, afd_buf_slice(&key), true, &err) < 0 || afd_file_write(root_path, afd_buf_slice(&root), false, &err) < 0) {
		fprintf(stderr, "bench_sign: %s\n", err.text);
		return 1;
	}
	k.signer = signer;
	k.root = afd_buf_slice(&root);
	if (bench_pdf(&k, pages, &err) < 0 || bench_json(&k, argv[1], &err) < 0) {
		fprintf(stderr, "bench_sign: %s\n", err.text);
		return 1;
	}
	return 0;
}
