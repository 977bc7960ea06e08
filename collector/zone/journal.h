/* Journals of servers: what changed from serial to serial, whole records and no actor. Four forms, one kind of step. All pure;
 * an item is a stretch of whole steps, one part per step. */
#ifndef AFD_ZONE_JOURNAL_H
#define AFD_ZONE_JOURNAL_H

#include "core/error.h"
#include "evidence/item.h"
#include "evidence/sink.h"

enum afd_journal_form { AFD_JOURNAL_AUTO, AFD_JOURNAL_BIND, AFD_JOURNAL_BIND_TEXT, AFD_JOURNAL_KNOT, AFD_JOURNAL_NSD, AFD_JOURNAL_FORMS };
/* "auto", "bind-jnl", "bind-journalprint", "knot-journalprint", "nsd-ixfr" */
const char *afd_journal_form_name(enum afd_journal_form f);
int afd_journal_form_parse(const char *text, enum afd_journal_form *ret);     /* 0, or -1 */
/* What the bytes at the front of a journal are; AUTO: none of these. */
enum afd_journal_form afd_journal_detect(struct afd_slice bytes);

/* One step at [off, off + len) of what was given. whole: the zone at serial TO, from which later steps go on (Knot keeps it). */
struct afd_journal_step { size_t off, len; uint32_t from, to; bool whole; };

/* --- BIND's .jnl: a header and an index, then transactions (isc-projects/bind9, lib/dns/journal.c) --- */

struct afd_jnl_head {
	unsigned version;                             /* 1 or 2, of the file; transactions may differ in a file of version 1 */
	bool empty, has_source;                       /* has_source: a signed zone's; made from the unsigned one's serial SOURCE */
	uint32_t begin, end, source;                  /* serials */
	uint64_t begin_at, end_at;                    /* offsets of the first transaction, and behind the last */
	struct afd_slice index;                       /* 8 bytes each: serial, offset */
};
enum { AFD_JNL_HEAD = 64, AFD_JNL_INDEX_MAX = 1 << 20 };
/* BYTES: the file's beginning, at least the header and its index, of a file of SIZE bytes. */
int afd_jnl_head(struct afd_slice bytes, uint64_t size, struct afd_jnl_head *ret, struct afd_error *err);
/* Offset of a transaction at or before the one that begins at SERIAL. */
uint64_t afd_jnl_seek(const struct afd_jnl_head *h, uint32_t serial);

/* Transactions of BYTES from AT on. version: 0 until the first one showed it. */
struct afd_jnl_walk { struct afd_slice bytes; size_t at; unsigned version; bool chained; uint32_t serial; };
/* 1: *ret is the next; 0: the end, or what follows is cut short (then at < bytes.len); -1: it is no transaction. */
int afd_jnl_next(struct afd_jnl_walk *w, struct afd_journal_step *ret, struct afd_error *err);
/* The records of a step's transaction, one after the other: 1, 0 at the end, -1. */
struct afd_jnl_rr { struct afd_slice owner, rdata; uint16_t type, rclass; uint32_t ttl; };
struct afd_jnl_records { struct afd_slice left; };
struct afd_jnl_records afd_jnl_records(const struct afd_jnl_walk *after, struct afd_slice step);
int afd_jnl_record(struct afd_jnl_records *r, struct afd_jnl_rr *ret, struct afd_error *err);

/* --- text --- */

/* One line, its LF and any colours not in it; false at the end. KEEP holds it when colours were cut. */
bool afd_journal_line(struct afd_slice *rest, struct afd_buf *keep, struct afd_slice *ret);
/* The steps of a text, in its order. Lines that no journal printer writes are refused. What is not ended by a LF, or has no
 * second SOA, is cut short: *cut bytes at the end that are in no step. */
struct afd_journal_steps { struct afd_journal_step *at; size_t n, cap; };
void afd_journal_steps_release(struct afd_journal_steps *s);
int afd_journal_steps_add(struct afd_journal_steps *s, const struct afd_journal_step *step);
int afd_journal_scan(struct afd_slice bytes, enum afd_journal_form form, struct afd_journal_steps *ret, size_t *cut,
                     struct afd_error *err);

/* --- items --- */

/* What stands in an item's `asked`, for its decoder. */
struct afd_journal_asked {
	enum afd_journal_form form;
	bool head, more, increment;                   /* head: the header of a .jnl alone; more: sink.h; increment: Knot's serial-policy */
	unsigned version;                             /* of .jnl transactions */
	bool has_source;                              /* afd_jnl_head */
	uint32_t source;
	uint64_t tail;                                /* bytes behind the last whole step */
	const char *timezone;                         /* of NSD's times: "Z", "+01:00"; NULL: not known */
	char *zone;                                   /* owned when read */
	char zone_text[16];                           /* holds timezone when read */
};
char *afd_journal_asked_write(const struct afd_journal_asked *a, const char *path);
int afd_journal_asked_read(const char *text, struct afd_journal_asked *ret, struct afd_error *err);
int afd_journal_decode(const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err);

#endif
