/* How the rdata of each type is laid out: what writing (dns_rdata.c) and reading (dns_rdata_read.c) of its text have in
 * common; and the words that all text of records is made of. */
#ifndef AFD_ZONE_DNS_LAYOUT_H
#define AFD_ZONE_DNS_LAYOUT_H

#include "collector/zone/dns_rdata.h"

/* Fields of a layout, in the order of the wire:
 *   n name   1 2 4 8 number of that many bytes   a A address   s quoted string   S quoted strings to the end
 *   ? quoted string that may be absent   c property tag (CAA)   r rest as quoted text   x X rest in hex   b B rest in base64
 *   (capital: may be empty)   h counted hex, "-" when empty   H counted base32hex   t type   T time   w type bitmap
 *   v service parameters   g algorithm, number or mnemonic   k certificate type, number or mnemonic
 *   l 64 bits as four groups of hex   e 6 E 8 bytes of hex with hyphens   0 hex behind "0x" to the end
 *   Y scheme of DSYNC   u period in seconds, units allowed
 *   and those that stand in dns_rdata_odd.c: L LOC   P APL   G IPSECKEY   R AMTRELAY   J HIP   W WKS
 * Compressed names are only taken in the types of RFC 1035 and those that RFC 3597, 4 lists for old senders. */
enum { LOWER = 1, POINTERS = 2, PARAMS = 4 /* words are service parameters */ };
struct afd_rdata_layout {
	uint16_t type;
	const char *name, *fields;
	int flags;
};
const struct afd_rdata_layout *afd_rdata_layout(uint16_t type);   /* NULL: none */
const char *afd_dns_type_name(uint16_t type);                 /* static; NULL: none but TYPEnnn */

/* Service parameters (RFC 9460, 14.3.2), by number */
enum {
	SVC_MANDATORY, SVC_ALPN, SVC_NO_DEFAULT_ALPN, SVC_PORT, SVC_IPV4HINT, SVC_ECH, SVC_IPV6HINT, SVC_DOHPATH,
	SVC_OHTTP, AFD_SVC_KEYS
};
extern const char *const afd_rdata_svc_keys[AFD_SVC_KEYS];
extern const char afd_rdata_base32hex[];                      /* the alphabet */

bool afd_rdata_word_is(struct afd_slice t, const char *w);    /* letters of any case */
int afd_rdata_number(struct afd_slice t, uint64_t max, uint64_t *ret);
/* "3600", "1w2d": seconds */
int afd_rdata_period(struct afd_slice t, uint64_t max, uint64_t *ret);
/* Rdata of LEN bytes at AT of MESSAGE as text. ALLOWED: flags that may count; rdata without its message cannot
 * hold compression pointers. */
int afd_rdata_write(struct afd_slice message, size_t at, uint16_t type, size_t len, int allowed, struct afd_buf *ret,
                    struct afd_error *err);

/* --- words --- */

/* Text cut into words: between blanks, or in quotes, escapes left as they are. In a zone file parentheses let a record span
 * lines and ";" begins a comment (RFC 1035, 5.1); in a log's line neither means anything. */
struct afd_words {
	const uint8_t *at, *end;
	bool file, params;                                    /* params: key="a b" is one word */
	const struct afd_dns_name *origin;                    /* of relative names, in lower case; NULL: every name is absolute */
	unsigned depth;                                       /* open parentheses */
	const uint8_t *line_start, *word;                     /* of this line; of the word read last: the place of an error */
	unsigned line;
	const char *why;                                      /* what was expected there, once something failed */
};
struct afd_word { const uint8_t *p; size_t len; bool quoted; };
/* false: the record is at its end, or the text is broken: ->why. */
bool afd_word_next(struct afd_words *w, struct afd_word *ret);
static inline struct afd_slice afd_word_slice(const struct afd_word *t) { return afd_slice(t->p, t->len); }
/* Always -1. The first reason stays. */
static inline int afd_words_fail(struct afd_words *w, const char *why)
{
	if (!w->why)
		w->why = why;
	return -1;
}

/* Wire form being made: at most 65535 bytes. */
struct afd_wire { uint8_t *data; size_t len, max; };
static inline int afd_wire_add(struct afd_wire *o, const void *p, size_t n)
{
	if (o->max - o->len < n)
		return -1;
	if (n)
		memcpy(o->data + o->len, p, n);
	o->len += n;
	return 0;
}
static inline int afd_wire_number(struct afd_wire *o, unsigned size, uint64_t v)
{
	if (o->max - o->len < size)
		return -1;
	for (unsigned i = size; i-- > 0;)
		o->data[o->len++] = (uint8_t)(v >> 8 * i);
	return 0;
}

/* The next word, which must be there */
int afd_words_take(struct afd_words *w, struct afd_word *ret, const char *expected);
int afd_words_number(struct afd_words *w, uint64_t max, uint64_t *ret);
/* T, unquoted, as a name behind ORIGIN: 1 to 255 bytes at RET; its length, or -1 with ->why. */
int afd_words_name(struct afd_words *w, const struct afd_word *t, bool lower, uint8_t ret[AFD_DNS_NAME_MAX]);
int afd_words_put_name(struct afd_words *w, bool lower, struct afd_wire *out);
int afd_words_put_rest(struct afd_words *w, char kind, struct afd_wire *out);     /* x X b B */
int afd_words_put_address(struct afd_words *w, struct afd_slice t, int family, struct afd_wire *out);
int afd_words_unescape(struct afd_words *w, struct afd_slice t, struct afd_wire *out);
int afd_words_put_svc(struct afd_words *w, struct afd_wire *out);                 /* dns_svc.c */
int afd_words_put_hex(struct afd_words *w, struct afd_slice t, struct afd_wire *out);
/* Rdata of TYPE, all words up to the end of the record, appended to OUT in canonical wire form; -1: ->why. */
int afd_rdata_read(uint16_t type, struct afd_words *w, struct afd_wire *out);

/* --- dns_rdata_odd.c: the layouts that no other type shares --- */

#define ODD "LPGRJW"
/* 0, -1 malformed; *at moves to END where all was read */
int afd_rdata_odd_write(char kind, struct afd_slice message, size_t *at, size_t end, struct afd_buf *out);
int afd_rdata_odd_read(char kind, struct afd_words *w, struct afd_wire *out);

#endif
