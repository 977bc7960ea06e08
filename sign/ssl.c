#include "sign/ssl.h"

int afd_ssl_fail(struct afd_error *err, enum afd_code code, const char *what)
{
	unsigned long e = ERR_peek_last_error();
	const char *reason = e ? ERR_reason_error_string(e) : NULL;

	ERR_clear_error();
	return afd_fail(err, code, "%s: %s", what, reason ? reason : "libcrypto gives no reason");
}
