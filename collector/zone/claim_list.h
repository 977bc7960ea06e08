/* Claims while a log is read: gathered line by line, told together at the end. Shared by the decoders of logs. */
#ifndef AFD_ZONE_CLAIM_LIST_H
#define AFD_ZONE_CLAIM_LIST_H

#include "collector/provider.h"
#include "collector/tail.h"
#include "collector/zone/dns_message.h"

#define AFD_NO_TEXT INT64_C(-1)

struct afd_claim_draft {                          /* texts are offsets in the list's text, AFD_NO_TEXT: none */
	int64_t zone, client, credential, claimed, tag;   /* tag: what tells transactions of one client apart in the log */
	const char *outcome, *kind, *mac;         /* borrowed for ever; outcome NULL: not told */
	struct afd_span at;
	uint64_t part, ordinal;
	bool has_serials;
	uint32_t serial_from, serial_to;
	size_t first, last, n;                    /* records: 1 + index */
};
struct afd_claim_record { int64_t owner, type, rdata, ttl; bool add; uint64_t part; size_t next; };   /* ttl: -1 not told */
struct afd_claim_list {
	struct afd_buf text;
	struct afd_claim_draft *at; size_t n, cap;
	struct afd_claim_record *rr; size_t n_rr, cap_rr;
};

int64_t afd_claim_text(struct afd_claim_list *c, struct afd_slice s);          /* AFD_NO_TEXT: no memory */
const char *afd_claim_text_at(const struct afd_claim_list *c, int64_t at);     /* NULL: none; valid until the next text */
bool afd_claim_text_is(const struct afd_claim_list *c, int64_t at, struct afd_slice s);
/* A new one of ZONE and CLIENT, outcome not told yet; NULL: no memory. Valid until the next one. */
struct afd_claim_draft *afd_claim_new(struct afd_claim_list *c, struct afd_slice zone, struct afd_slice client, struct afd_span at,
                                      uint64_t part);
/* A record of G (its index). Names as texts of the log; what cannot be read is left out (record) or not told (rdata). */
int afd_claim_record(struct afd_claim_list *c, size_t g, struct afd_slice owner, struct afd_slice type, struct afd_slice rdata, bool add,
                     uint64_t part);
/* The same with texts that are canonical already; TYPE NULL: all; RDATA NULL: not told; TTL -1: not told. */
int afd_claim_record_as_it_is(struct afd_claim_list *c, size_t g, const char *owner, const char *type, const char *rdata, bool add,
                              int64_t ttl, uint64_t part);
/* Tells all that have an outcome, in order. Claims of one client at one instant are told apart by their order. */
int afd_claim_list_tell(struct afd_claim_list *c, struct afd_sink *sink, struct afd_error *err);
void afd_claim_list_release(struct afd_claim_list *c);

/* Canonical text of a name as a log writes it; false: it is none. */
bool afd_log_name(struct afd_slice s, char ret[AFD_DNS_TEXT_MAX]);
/* For afd_tail_form.speaks_of: a name that cannot be read may be any. */
bool afd_log_speaks_of(struct afd_slice text, const char *zone);
/* A key's or zone's name as a log writes it, canonical, kept; AFD_NO_TEXT when it is none. *BAD: no memory. */
int64_t afd_claim_name(struct afd_claim_list *c, struct afd_slice name, bool *bad);

#endif
