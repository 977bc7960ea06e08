/* What sources of hosted zones have in common: a provider's list of records becomes the whole content of a zone.
 *
 * Two kinds of rows stand in a zone's content. What is a record of DNS stands there as one, in canonical form. What only the
 * provider knows has a type of its own, so that it can come, go and change as a record does:
 *   ALIAS      answered by the provider from another name or resource: "A TARGET ..."
 *   PROXIED    the record of that type is not what resolvers get: the provider answers with its own addresses: "A 192.0.2.1"
 *   ROUTED     a set among several for one name, chosen by weight, place, health: "A "SET" weight=10 192.0.2.1"
 * and the provider's own types (URL, POOL, URLFWD ...) as they are called there. */
#ifndef AFD_API_HOSTED_H
#define AFD_API_HOSTED_H

#include "collector/api/pages.h"
#include "core/name.h"

struct afd_hosted {                               /* a zone being read */
	const char *zone;                         /* canonical */
	struct afd_rr *rr; size_t n, cap;         /* texts owned */
	bool has_serial; uint32_t serial;         /* the first SOA's, or what the provider says beside it */
	bool loose;                               /* content may move while the serial stands: a serial that stands proves nothing */
	size_t odd; char odd_why[256];            /* records whose data cannot be read as their type says: kept as they stand */
	const struct afd_item_view *item;
	struct afd_sink *sink;                    /* for what is told beside the records */
};

/* A record as a provider tells it. OWNER: absolute, or with .relative in the zone ("@" and "": the zone itself). */
struct afd_hosted_record {
	const char *owner, *type, *rdata;
	int64_t ttl;
	bool relative;                            /* owner is relative to the zone */
	bool origin;                              /* names in rdata without a final dot are relative to the zone */
	bool raw_text;                            /* rdata of TXT and SPF is the text itself, not in quotes (unless it begins with one) */
};
void afd_hosted_release(struct afd_hosted *h);      /* what afd_hosted_decode() made it gives back itself */
int afd_hosted_add(struct afd_hosted *h, const struct afd_hosted_record *r, struct afd_error *err);
/* A row of the provider's own: TYPE one of the words above, text as printf makes it. */
int afd_hosted_own(struct afd_hosted *h, const char *owner, bool relative, const char *type, int64_t ttl, struct afd_error *err,
		   const char *fmt, ...) AFD_PRINTF(7, 8);
/* Something told beside the records, about an owner (or the zone): kind "hosted-record" or "hosted-zone". */
int afd_hosted_note(struct afd_hosted *h, const char *kind, const char *subject, const char *name, const char *value, int64_t number,
		    struct afd_error *err);

/* Decoding. PAGE reads one page's document into the zone. Items of other calls than CALL are no zone content: OTHER (may be
 * NULL) is called for them. Lists and pages that say they are unchanged tell nothing. */
struct afd_hosted_decoder {
	const char *call;
	bool no_serial;                           /* the SOA's serial does not move with the content */
	int (*page)(struct afd_hosted *h, const struct afd_doc *d, struct afd_error *err);
	int (*xml)(struct afd_hosted *h, struct afd_slice body, struct afd_error *err);      /* in place of page */
	int (*other)(const struct afd_list *l, const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err);
};
int afd_hosted_decode(const struct afd_hosted_decoder *d, const struct afd_item_view *item, struct afd_sink *sink,
		      struct afd_error *err);

/* For provider->redact: as afd_pages_redact(), but the data of records stays: it is public, and cut it could not be compared.
 * What its keys call so: content, rrdatas, rrset_values, short_answers, answer, value in a record. */
int afd_hosted_redact(struct afd_slice bytes, struct afd_ranges *cuts, struct afd_error *err);

/* The answer came over TLS, whose certificate was verified: it says who answered. */
bool afd_hosted_authenticated(const struct afd_item_view *item);

/* --- configuration and first turns --- */

#define AFD_HOSTED_EVIDENCE "zone-changes"
/* Zones of the configuration as scopes; also checks the base address. */
int afd_hosted_scopes(const struct afd_texts *zones, const char *url, struct afd_buf *ret, struct afd_error *err);
/* One turn of CALL for each zone, the zone's name as its subject. */
int afd_hosted_start(struct afd_pages *p, size_t call, const struct afd_texts *zones, struct afd_error *err);
/* Azure's nextLink is a whole address: what follows BASE, which it must begin with, or the token would go to another server. */
int afd_azure_next(const char *base, const char *link, struct afd_buf *ret, struct afd_error *err);
/* For spec->excess. Cloudflare: the token sees a zone; DNSimple: it is a person's; Azure: a role that may change DNS or roles. */
bool afd_cloudflare_sees_zone(void *own, const struct afd_response *r);
bool afd_dnsimple_is_person(void *own, const struct afd_response *r);
bool afd_azure_changes(void *own, const struct afd_response *r);
#define AFD_CLOUDFLARE_USER_TOKENS "it can list all API tokens of the user, with what each may do"
#define AFD_DNSIMPLE_EXCESS { .path = "/v2/whoami", .shown = afd_dnsimple_is_person, .can = "it is a person's token, which reaches every account of that person", \
	.instead = "make an account token (Account > Access Tokens)" }
/* The page as a document whose root is a map, or (LIST) a list. -1: AFD_E_PARSE. */
int afd_page_json(const struct afd_response *r, enum afd_node_type root, struct afd_doc **ret, struct afd_error *err);

/* Nodes of what strangers send: NULL, or the number, when it is not what it should be. */
const char *afd_node_word(const struct afd_node *map, const char *key);               /* text that is not empty */
int64_t afd_node_number(const struct afd_node *map, const char *key, int64_t other);  /* an integer, or one as text */
bool afd_node_true(const struct afd_node *map, const char *key);
const struct afd_node *afd_node_items(const struct afd_node *map, const char *key);   /* first element of a list; NULL: none */

#endif
