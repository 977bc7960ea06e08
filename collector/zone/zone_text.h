/* "owner ttl class type rdata" in all the forms that people and servers write: zone files (RFC 1035, 5), dig's output,
 * lines of journal printers. Syntax only: whether a zone makes sense is not judged here. Nothing is opened, nothing
 * printed; memory is the reader's own, a fixed size however long the text is. */
#ifndef AFD_ZONE_TEXT_H
#define AFD_ZONE_TEXT_H

#include "collector/zone/dns_message.h"
#include "evidence/sink.h"

/* One record in canonical wire form (RFC 4034, 6.2 with RFC 6840, 5.1): the owner's letters in lower case; names in
 * rdata uncompressed, in lower case in the types where that is canonical. Borrowed: until the next record is read. */
struct afd_zone_rr {
	const struct afd_dns_name *owner;
	uint16_t type, rclass;
	uint32_t ttl;
	bool ttl_stated;                          /* it stood in the record itself */
	struct afd_slice rdata;
	unsigned line;                            /* where the record begins, from 1 */
};

struct afd_zone_reader;                             /* a reader with the room for one record; may be used again and again */
struct afd_zone_reader *afd_zone_reader_new(void);    /* NULL: no memory */
struct afd_zone_reader *afd_zone_reader_free(struct afd_zone_reader *z);   /* NULL */
void afd_zone_reader_release(struct afd_zone_reader **z);                /* for AFD_AUTO(zone_reader) */

/* What a line leaves out. origin NULL: every name is absolute, with or without its final dot, and "@" is refused.
 * owner NULL: a line that begins with a blank is refused. */
struct afd_zone_line {
	const struct afd_dns_name *origin, *owner;
	bool has_ttl;
	uint32_t ttl;                             /* when the line states none; without it such a line is refused */
};
/* One record, its whole text (parentheses may span lines; comments are skipped). 1: *ret is it; 0: there is none (blank
 * or comment alone); -1: "column C: ...". $ directives are refused. */
int afd_zone_text_line(struct afd_zone_reader *z, struct afd_slice text, const struct afd_zone_line *l,
                       struct afd_zone_rr *ret, struct afd_error *err);

struct afd_zone_text_options {
	const struct afd_dns_name *zone;          /* first origin; owners outside it are refused. NULL: names are absolute as
	                                             above until $ORIGIN, and none is outside (dig's output) */
	const char *label;                        /* the text's name in errors; NULL: none */
	bool has_ttl;
	uint32_t ttl;                             /* of records before any $TTL that state none */
	/* $INCLUDE: gives the file's bytes as *ret, appended. NULL: $INCLUDE is refused. Only the caller knows what may be read. */
	int (*include)(void *ctx, struct afd_slice file, struct afd_buf *ret, struct afd_error *err);
	void *include_ctx;
	uint64_t max_records;                     /* 0: AFD_ZONE_RECORDS */
	uint64_t *outside;                        /* records outside the zone are counted here and left out, as servers do; NULL:
	                                             they are refused */
};
enum { AFD_ZONE_RECORDS = 20000000, AFD_ZONE_GENERATED = 65536 /* by all $GENERATE together */, AFD_ZONE_INCLUDES = 8 /* deep */ };
/* Every record of a text in its order; FN returns 0, or -1 to end the walk with its error. The class of the first
 * record is that of all. Errors say "LABEL: line N, column C: what was expected". */
typedef int (*afd_zone_rr_fn)(void *ctx, const struct afd_zone_rr *rr, struct afd_error *err);
int afd_zone_text_walk(struct afd_slice text, const struct afd_zone_text_options *o, afd_zone_rr_fn fn, void *ctx,
                       struct afd_error *err);

/* RR in the words of evidence/sink.h; *ret borrows from KEEP, which may be used again and is released once. */
struct afd_zone_rr_words { char owner[AFD_DNS_TEXT_MAX], type[16]; struct afd_buf rdata; };
int afd_zone_rr_words(const struct afd_zone_rr *rr, struct afd_zone_rr_words *keep, struct afd_rr *ret, struct afd_error *err);
void afd_zone_rr_words_release(struct afd_zone_rr_words *w);

/* Records as rows, for sinks that want them all at once. Texts do not move while records are added. */
struct afd_zone_rows { struct afd_rr *rr; size_t n, cap; struct afd_zone_block *block; };
int afd_zone_rows_add(struct afd_zone_rows *rows, const struct afd_zone_rr *rr, struct afd_error *err);
void afd_zone_rows_clear(struct afd_zone_rows *rows);     /* none again; what it got from memory is given back */
void afd_zone_rows_release(struct afd_zone_rows *rows);   /* the same, for AFD_AUTO(zone_rows) */

#endif
