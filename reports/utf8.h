/* One code point after the other, strict (RFC 3629, 4): no overlong forms, no surrogates. */
#ifndef AFD_REPORTS_UTF8_H
#define AFD_REPORTS_UTF8_H

#include <stddef.h>
#include <stdint.h>

#define AFD_UTF8_BAD UINT32_MAX

/* *s < end. Moves *s behind the code point; a byte that does not belong is passed over alone and gives BAD. */
uint32_t afd_utf8_next(const char **s, const char *end);
/* ret needs 4 bytes; the number of bytes written. */
size_t afd_utf8_put(uint32_t c, char *ret);

#endif
