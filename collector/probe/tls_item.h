/* What a TLS end point presented, as an item's bytes: lines, and behind "root" and "chain" the certificates.
 *
 *   affidavit-tls 1
 *   host HOST                    the name that was asked for (server name indication)
 *   port PORT
 *   outcome presented | refused | timeout | handshake-failed
 *   reason TEXT                  why it was not presented; "-" none
 *   protocol PROTOCOL            TLSv1.3; "-" none
 *   address ADDRESS              that answered; "-" none
 *   ms MS                        when
 *   roots SHA256 NAME            the file of roots that the chain was held against; "-" none
 *   root LENGTH                  then LENGTH bytes: the certificate of that file, in DER, to which the chain leads; 0 none
 *   chain LENGTH                 then LENGTH bytes: certificates in DER behind their 24-bit length, as on the wire
 *
 * The file of roots is not in the ledger; the one root that matters is. So the verdict on the chain is made from the item
 * alone, and whoever does not share the trust sees which root it rests on. */
#ifndef AFD_TLS_ITEM_H
#define AFD_TLS_ITEM_H

#include "collector/provider.h"

#define AFD_TLS_MEDIA_TYPE "application/vnd.affidavit.tls"
enum { AFD_TLS_CHAIN = 16 };

struct afd_tls_item {
	char host[256], outcome[24], reason[300], protocol[16], address[64], roots[300];
	uint16_t port;
	int64_t at_ms;
	struct afd_slice root, chain;             /* borrowed */
};
int afd_tls_item_write(const struct afd_tls_item *i, struct afd_buf *ret, struct afd_error *err);
int afd_tls_item_read(struct afd_slice bytes, struct afd_tls_item *ret, struct afd_error *err);
/* Certificates of a chain as on the wire; how many, -1: broken. */
int afd_tls_chain_split(struct afd_slice chain, struct afd_slice ret[AFD_TLS_CHAIN], struct afd_error *err);
int afd_tls_decode(const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err);

/* --- tls_chain.c --- */

/* Is every certificate signed by the next, up to ROOT, at the time AT_MS (AFD_TIME_NONE: whenever)? WHY says why not. */
bool afd_tls_chain_leads(const struct afd_slice *chain, size_t n, const struct afd_slice *root, size_t n_root, int64_t at_ms, char why[200]);
/* Roots of a PEM file. */
struct afd_roots;
int afd_roots_parse(struct afd_slice pem, struct afd_roots **ret, struct afd_error *err);
struct afd_roots *afd_roots_free(struct afd_roots *r);      /* NULL */
/* The root that CHAIN leads to, in DER, appended; nothing: to none. Time is not looked at: the decoder does. */
int afd_roots_find(const struct afd_roots *r, const struct afd_slice *chain, size_t n, struct afd_buf *ret, struct afd_error *err);
/* HOST against the names of a certificate (RFC 9525, 6.3): exactly, or a "*." for its first label; an address exactly. */
bool afd_tls_name_matches(const char *host, const struct afd_row_cert_name *name, size_t n);

#endif
