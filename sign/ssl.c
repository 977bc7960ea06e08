#include <malloc.h>

#include "sign/sign.h"
#include "sign/ssl.h"

int afd_ssl_fail(struct afd_error *err, enum afd_code code, const char *what)
{
	unsigned long e = ERR_peek_last_error();
	const char *reason = e ? ERR_reason_error_string(e) : NULL;

	ERR_clear_error();
	return afd_fail(err, code, "%s: %s", what, reason ? reason : "libcrypto gives no reason");
}

/* --- memory that is wiped when it is freed --- */

static void *get(size_t n, const char *file, int line)
{
	(void)file, (void)line;
	return malloc(n);
}

static void wipe(void *p, const char *file, int line)
{
	(void)file, (void)line;
	if (p)
		explicit_bzero(p, malloc_usable_size(p));
	free(p);
}

static void *move(void *p, size_t n, const char *file, int line)
{
	const size_t have = p ? malloc_usable_size(p) : 0;
	void *q;

	if (p && n <= have)
		return p;
	q = malloc(n);
	if (q && p) {
		memcpy(q, p, have);
		wipe(p, file, line);
	}
	return q;
}

bool afd_sign_wipe_memory(void)
{
	return CRYPTO_set_mem_functions(get, move, wipe) == 1;
}
