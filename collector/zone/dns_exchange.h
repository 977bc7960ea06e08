/* A zone transfer as it was on the wire: the query and every answer, each behind its 16-bit length. Walked message by
 * message while it arrives, and as a whole when it is kept or decoded. */
#ifndef AFD_ZONE_DNS_EXCHANGE_H
#define AFD_ZONE_DNS_EXCHANGE_H

#include "collector/provider.h"
#include "collector/zone/tsig.h"

enum afd_exchange_place { AT_FIRST, AT_SECOND, IN_ZONE, IN_DELETES, IN_ADDS, AT_END };

struct afd_exchange_rows;
struct afd_exchange {
	struct afd_dns_name zone;
	uint16_t id, qtype;                       /* qtype 0: take both from the first answer */
	bool asked_known;
	uint32_t asked, newest, from, to;
	enum afd_exchange_place place;
	bool single, full;                        /* nothing but the SOA; the whole zone */
	bool without_aa;                          /* AA was not set in some message */
	unsigned rcode;
	char why[AFD_DNS_EDE_TEXT];               /* extended error beside the rcode, or "" */
	uint64_t unsigned_messages;               /* without a TSIG; only meaningful where the others have one */
	uint64_t messages, bytes, expanded;
	struct afd_buf soa, text;                 /* rdata of the first SOA; of the record at hand */
	const struct afd_tsig_key *key;           /* NULL: signatures are not looked at */
	struct afd_tsig_stream tsig;
	struct afd_exchange_rows *out;            /* NULL: only look */
};

/* How a request for the whole zone says, in what was asked, that differences were refused before. */
#define AFD_EXCHANGE_UNSERVED ", IXFR from "

/* Sets W up from the query as it was sent. */
int afd_exchange_begin(struct afd_exchange *w, struct afd_slice query, const struct afd_tsig_key *key,
                       struct afd_error *err);
/* One answer. NOW: seconds at which it arrived. 1 complete, 0 more to come, -1 refused. */
int afd_exchange_take(struct afd_exchange *w, struct afd_slice message, uint64_t now, struct afd_error *err);
/* All of it, complete and nothing behind it; a recording is held against its own times. OUT: NULL to look only. */
int afd_exchange_whole(struct afd_exchange *w, struct afd_slice bytes, const struct afd_tsig_key *key,
                       struct afd_exchange_rows *out, struct afd_error *err);
void afd_exchange_release(struct afd_exchange *w);

/* Split and decode of the source. */
int afd_exchange_split(struct afd_slice bytes, struct afd_ranges *parts, struct afd_error *err);
int afd_exchange_decode(const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err);

#endif
