/* DNS messages on the wire (RFC 1035, 4): a strict reader, names, and the query of a transfer. Nothing is allocated
 * while reading; everything borrows from the message. */
#ifndef AFD_ZONE_DNS_MESSAGE_H
#define AFD_ZONE_DNS_MESSAGE_H

#include "core/error.h"
#include "core/name.h"

enum { AFD_DNS_HEADER = 12, AFD_DNS_NAME_MAX = 255, AFD_DNS_IN = 1, AFD_DNS_ANY = 255 };
enum { AFD_DNS_QUESTION, AFD_DNS_ANSWER, AFD_DNS_AUTHORITY, AFD_DNS_ADDITIONAL };
enum { AFD_DNS_SOA = 6, AFD_DNS_OPT = 41, AFD_DNS_TSIG = 250, AFD_DNS_IXFR = 251, AFD_DNS_AXFR = 252 };
enum { AFD_DNS_QR = 0x8000, AFD_DNS_OPCODE = 0x7800, AFD_DNS_AA = 0x0400, AFD_DNS_TC = 0x0200, AFD_DNS_RCODE = 0x000f };
enum { AFD_DNS_FORMERR = 1, AFD_DNS_SERVFAIL = 2, AFD_DNS_NOTIMP = 4, AFD_DNS_REFUSED = 5, AFD_DNS_NOTAUTH = 9 };

/* Uncompressed, with its root label, letters as they were sent. */
struct afd_dns_name { uint8_t len, wire[AFD_DNS_NAME_MAX]; };

/* Reads the name at *AT and moves *AT behind it. A compression pointer leads strictly backwards, so there is no loop;
 * without POINTERS there may be none (RFC 3597, 4). */
int afd_dns_name_read(struct afd_slice message, size_t *at, bool pointers, struct afd_dns_name *ret,
                      struct afd_error *err);
/* Presentation form to wire: \X and \DDD, final dot or not. */
int afd_dns_name_parse(struct afd_slice text, struct afd_dns_name *ret, struct afd_error *err);
/* ret needs AFD_DNS_TEXT_MAX. Printable bytes as they are, a dot in a label as "\.", other bytes that zone files treat
 * specially as \DDD: one text for one name. No final dot; the root is ".". Returns the length. */
enum { AFD_DNS_TEXT_MAX = 4 * AFD_DNS_NAME_MAX + 1 };
size_t afd_dns_name_text(const struct afd_dns_name *n, bool lower, char ret[AFD_DNS_TEXT_MAX]);
void afd_dns_name_lower(struct afd_dns_name *n);
bool afd_dns_name_equal(const struct afd_dns_name *a, const struct afd_dns_name *b);     /* letters of any case */
bool afd_dns_name_below(const struct afd_dns_name *n, const struct afd_dns_name *zone);  /* zone itself, too */

/* A message whose sections were walked to its exact end. */
struct afd_dns_message {
	struct afd_slice whole;
	uint16_t id, flags, count[4];
	size_t section[4];                        /* offset of each section's first record */
};
int afd_dns_parse(struct afd_slice bytes, struct afd_dns_message *ret, struct afd_error *err);

struct afd_dns_question { struct afd_dns_name name; uint16_t type, rclass; };
/* The only question; -1 when there is none or more than one. */
int afd_dns_question(const struct afd_dns_message *m, struct afd_dns_question *ret, struct afd_error *err);

struct afd_dns_rr {
	struct afd_dns_name owner;
	uint16_t type, rclass, rdlen;
	uint32_t ttl;
	size_t at, rdata;                         /* offsets of the record and of its rdata in the message */
};
struct afd_dns_walk { const struct afd_dns_message *m; unsigned left; size_t at; };
struct afd_dns_walk afd_dns_walk(const struct afd_dns_message *m, unsigned section);
/* false after the last record; the message was parsed, so there is no third case. */
bool afd_dns_next(struct afd_dns_walk *w, struct afd_dns_rr *ret);

/* AXFR, or with SERIAL an IXFR that names our SOA (RFC 1995, 3). No TSIG yet. */
int afd_dns_transfer_query(struct afd_buf *ret, uint16_t id, const struct afd_dns_name *zone, const uint32_t *serial,
                           struct afd_error *err);

/* Adds an empty OPT (RFC 6891) to a query without one. */
int afd_dns_query_edns(struct afd_buf *query, struct afd_error *err);
/* The first extended error (RFC 8914) of an answer, as "EDE 21 Not Supported"; "" when there is none. */
enum { AFD_DNS_EDE_TEXT = 64 };
void afd_dns_extended_error(const struct afd_dns_message *m, char ret[AFD_DNS_EDE_TEXT]);

/* "REFUSED", "RCODE11": ret needs 16 bytes */
void afd_dns_rcode_text(unsigned rcode, char ret[16]);
/* RFC 1982: a is newer than b */
static inline bool afd_dns_serial_newer(uint32_t a, uint32_t b)
{
	return a != b && (uint32_t)(a - b) < UINT32_C(0x80000000);
}

/* An exchange: messages, each behind its 16-bit length, the query first. 1: *ret is the next; 0: end; -1: cut short. */
int afd_dns_exchange_next(struct afd_reader *r, struct afd_slice *ret, struct afd_error *err);

#endif
