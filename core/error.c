#include "core/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

/* What strangers sent may be quoted in an error: control characters would reach a terminal or split a log line. */
static void make_printable(char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			*s = '?';
}

int afd_fail(struct afd_error *err, enum afd_code code, const char *fmt, ...)
{
	char text[sizeof(err->text)];         /* an argument may be err->text itself */
	va_list ap;

	if (!err)
		return -1;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	make_printable(text);
	memcpy(err->text, text, strlen(text) + 1);
	err->code = code;
	return -1;
}

int afd_within(struct afd_error *err, const char *fmt, ...)
{
	char place[sizeof(err->text)];
	va_list ap;

	if (!err)
		return -1;
	va_start(ap, fmt);
	vsnprintf(place, sizeof(place), fmt, ap);
	va_end(ap);
	return afd_fail(err, err->code, "%s: %s", place, err->text);
}

int afd_fail_memory(struct afd_error *err)
{
	return afd_fail(err, AFD_E_MEMORY, "out of memory");
}

int afd_fail_errno(struct afd_error *err, const char *verb, const char *path)
{
	int e = errno;
	char words[128];

	if (e == ENOMEM)
		return afd_fail_memory(err);
	return afd_fail(err, AFD_E_IO, "%s: could not %s: %s", path, verb, strerror_r(e, words, sizeof(words)));
}
