/* A key that was used and freed is nowhere in this process: neither its numbers, nor its file, nor its passphrase. The process
 * reads its own memory, as a core file would hold it. What it looks for it knows only masked, so that it cannot find itself;
 * keys are made in a child. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include <openssl/core_names.h>
#include "core/when.h"
#include "sample.h"

#define MASK 0x5a
#define PASSPHRASE "correct horse battery staple 4711"

enum { NUMBER, REVERSED, TEXT, PHRASE, KINDS };
static const char *const names[] = { "the private number", "the private number, backwards", "the text of the key", "the passphrase" };

struct secret { uint8_t masked[128]; size_t len; };
struct made_key { struct secret what[KINDS]; uint8_t file[16384]; size_t len; };   /* file: masked */

static void mask(struct secret *s, const void *p, size_t n)
{
	assert_true(n <= sizeof(s->masked));
	s->len = n;
	for (size_t i = 0; i < n; i++)
		s->masked[i] = ((const uint8_t *)p)[i] ^ MASK;
}

/* --- in the child --- */

static void private_number(EVP_PKEY *key, struct made_key *m)
{
	BIGNUM *n = NULL;
	uint8_t be[256], le[256];
	int len;

	assert_int_equal(EVP_PKEY_get_bn_param(key, EVP_PKEY_is_a(key, "RSA") ? OSSL_PKEY_PARAM_RSA_FACTOR1 : OSSL_PKEY_PARAM_PRIV_KEY, &n), 1);
	len = BN_bn2bin(n, be);
	assert_int_equal(BN_bn2lebinpad(n, le, len), len);
	mask(&m->what[NUMBER], be, len > 24 ? 24 : (size_t)len);
	mask(&m->what[REVERSED], le, len > 24 ? 24 : (size_t)len);
	BN_free(n);
}

static void make_one(const char *type, bool p12, bool encrypted, struct made_key *m)
{
	struct made key = make_cert(&(struct wanted_cert){ .key = type }, NULL);
	AFD_AUTO(buf) struct afd_buf plain = { 0 }, file = { 0 };
	const char *base64;

	private_number(key.key, m);
	made_pem(key.key, NULL, &key.cert, 1, &plain);
	base64 = strchr((const char *)plain.data, '\n') + 41;           /* past what all keys of the kind begin with */
	mask(&m->what[TEXT], base64, 20);
	if (encrypted)
		mask(&m->what[PHRASE], PASSPHRASE, strlen(PASSPHRASE));
	if (p12)
		made_p12(&key, PASSPHRASE, &file);
	else
		made_pem(key.key, encrypted ? PASSPHRASE : NULL, &key.cert, 1, &file);
	assert_true(file.len <= sizeof(m->file));
	for (size_t i = 0; i < file.len; i++)
		m->file[i] = file.data[i] ^ MASK;
	m->len = file.len;
}

static void make_in_child(const char *type, bool p12, bool encrypted, struct made_key *m)
{
	int ends[2], status;
	uint8_t *p = (uint8_t *)m;
	pid_t pid;

	memset(m, 0, sizeof(*m));
	assert_int_equal(pipe(ends), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		make_one(type, p12, encrypted, m);
		for (size_t at = 0; at < sizeof(*m);) {
			ssize_t n = write(ends[1], p + at, sizeof(*m) - at);

			if (n <= 0)
				_exit(1);
			at += (size_t)n;
		}
		_exit(0);
	}
	close(ends[1]);
	for (size_t at = 0; at < sizeof(*m);) {
		ssize_t n = read(ends[0], p + at, sizeof(*m) - at);

		assert_true(n > 0);
		at += (size_t)n;
	}
	close(ends[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* --- in this process --- */

#define BLOCK (1u << 20)
static uint8_t block[BLOCK + 128];

/* Every byte of the process passes here. */
__attribute__((no_sanitize("address", "undefined"), optimize("O2")))
static void look_in(const struct made_key *m, size_t n, unsigned *found)
{
	for (size_t i = 0; i < n; i++)
		block[i] ^= MASK;
	for (int k = 0; k < KINDS; k++)
		if (m->what[k].len && memmem(block, n, m->what[k].masked, m->what[k].len))
			*found |= 1u << k;
}

/* Bits of what stands in writable memory; -1 where the system does not let us look. */
static int look(const struct made_key *m)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	int mem = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
	unsigned found = 0;
	char line[512];

	while (maps && mem >= 0 && fgets(line, sizeof(line), maps)) {
		unsigned long from, to;
		char rights[8];

		if (sscanf(line, "%lx-%lx %7s", &from, &to, rights) != 3 || rights[0] != 'r' || rights[1] != 'w')
			continue;
		if (to - from > 128ul << 20)
			continue;                           /* what a sanitizer keeps for itself */
		for (unsigned long at = from; at < to; at += BLOCK) {
			size_t want = to - at < sizeof(block) ? to - at : sizeof(block);
			ssize_t n;

			if (at < (unsigned long)(block + sizeof(block)) && at + want > (unsigned long)block)
				continue;
			n = pread(mem, block, want, (off_t)at);
			if (n > 0)
				look_in(m, (size_t)n, &found);
			else
				break;                      /* address space that is only reserved */
		}
	}
	if (maps)
		fclose(maps);
	if (mem >= 0)
		close(mem);
	return maps && mem >= 0 ? (int)found : -1;
}

/* Reads as cli does: into a buffer in one piece, wiped at once. */
static struct afd_signer *open_signer(const struct made_key *m)
{
	struct afd_buf file = { 0 }, pass = { 0 };
	struct afd_signer *s = NULL;
	struct afd_error err = { 0 };

	assert_int_equal(afd_buf_reserve(&file, m->len + 1), 0);
	for (size_t i = 0; i < m->len; i++)
		file.data[file.len++] = m->file[i] ^ MASK;
	assert_int_equal(afd_buf_reserve(&pass, 256), 0);
	for (size_t i = 0; i < m->what[PHRASE].len; i++)
		pass.data[pass.len++] = m->what[PHRASE].masked[i] ^ MASK;
	if (afd_signer_read(afd_buf_slice(&file), afd_buf_slice(&pass), &s, &err) < 0)
		fail_msg("%s", err.text);
	afd_buf_wipe(&file);
	afd_buf_wipe(&pass);
	return s;
}

static void sign_something(const struct afd_signer *s)
{
	AFD_AUTO(buf) struct afd_buf cms = { 0 }, jws = { 0 };
	struct afd_slice text = afd_slice_text("{}");
	struct afd_error err = { 0 };

	if (afd_cms_sign(s, &text, 1, false, NOW, NULL, &cms, &err) < 0 || afd_jws_sign(s, text, "json", NOW, NULL, &jws, &err) < 0)
		fail_msg("%s", err.text);
}

static void nothing_of_a_key_stays(void **state)
{
	static const struct { const char *type; bool p12, encrypted; } rows[] = {
		{ "P-256", false, true }, { "P-384", false, true }, { "RSA-2048", false, true }, { "P-256", false, false },
		{ "RSA-2048", false, false }, { "P-256", true, true }, { "RSA-2048", true, true },
	};
	static struct made_key m;

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(rows); i++) {
		struct afd_signer *s;
		int alive, freed;

		make_in_child(rows[i].type, rows[i].p12, rows[i].encrypted, &m);
		s = open_signer(&m);
		sign_something(s);
		alive = look(&m);
		afd_signer_free(s);
		freed = look(&m);
		if (alive < 0) {
			print_message("this system does not let a process read its own memory\n");
			skip();
		}
		/* or else this test looks in the wrong places */
		if (!(alive & (1 << NUMBER | 1 << REVERSED)))
			fail_msg("row %zu: the key is not found while it is in use", i);
		for (int k = 0; k < KINDS; k++)
			if (freed & 1 << k)
				print_error("row %zu: %s is still in memory\n", i, names[k]);
		assert_int_equal(freed, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(nothing_of_a_key_stays) };

	if (!afd_sign_wipe_memory())
		return 1;
	return cmocka_run_group_tests_name("sign: wiped", tests, NULL, NULL);
}
