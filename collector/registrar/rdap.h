/* RDAP: what registries and registrars say in public of a domain (RFC 9082, 9083), found through IANA's list of their
 * servers (RFC 9224). Pure readers; rdap.c asks. */
#ifndef AFD_COLLECTOR_RDAP_H
#define AFD_COLLECTOR_RDAP_H

#include "collector/provider.h"

#define AFD_RDAP_EVIDENCE "registry-state"
#define AFD_RDAP_URL_MAX  512

/* The list of servers: finds the base for DOMAIN, the longest label match, https before others (RFC 9224, 4 and 5.3). *ret
 * is empty when no server is registered. BASE ends with "/". -1: not such a list. */
int afd_rdap_server(struct afd_slice list, const char *domain, char ret[AFD_RDAP_URL_MAX], struct afd_error *err);
/* -1: not such a list. */
int afd_rdap_list_check(struct afd_slice list, struct afd_error *err);

/* The registrar's own answer about the same domain (rel "related"), or "". An answer that is not about DOMAIN is -1. */
int afd_rdap_related(struct afd_slice answer, const char *domain, char ret[AFD_RDAP_URL_MAX], struct afd_error *err);

/* https, or anything on this machine: answers over plain HTTP are anybody's. */
bool afd_rdap_safe(const char *url);

/* Decoder of the source. asked: "rdap VIEW DOMAIN URL"; the list of servers ("rdap servers URL") gives no rows. */
int afd_rdap_decode(const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err);

#endif
