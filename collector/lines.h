/* The strict form of items that we write ourselves: lines "NAME VALUE", and "NAME LENGTH" with so many bytes behind it. There is
 * one way to write such an item, so a reader refuses everything else. WHAT: the form, for errors. */
#ifndef AFD_COLLECTOR_LINES_H
#define AFD_COLLECTOR_LINES_H

#include "core/bytes.h"
#include "core/error.h"

struct afd_lines { struct afd_reader r; const char *what; };

/* HEAD, with its line feed, at the very beginning. */
int afd_lines_begin(struct afd_lines *l, struct afd_slice bytes, const char *head, struct afd_error *err);
/* The next line without "NAME " (NAME "": any line): 1 to N - 1 characters of printable ASCII, and 0. */
int afd_lines_text(struct afd_lines *l, const char *name, char *ret, size_t n, struct afd_error *err);
/* The same; "-" is "". */
int afd_lines_text_or_none(struct afd_lines *l, const char *name, char *ret, size_t n, struct afd_error *err);
/* Decimal, without leading zeros, at most MAX. */
int afd_lines_number(struct afd_lines *l, const char *name, uint64_t max, uint64_t *ret, struct afd_error *err);
/* As many bytes as the line says, at most MAX; borrowed. */
int afd_lines_bytes(struct afd_lines *l, const char *name, size_t max, struct afd_slice *ret, struct afd_error *err);
/* Nothing may stand behind it. */
int afd_lines_end(const struct afd_lines *l, struct afd_error *err);

#endif
