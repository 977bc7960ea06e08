/* All records of one version of a zone, small and in order: what differs between two versions, and what one holds, as a
 * digest. A million records take some 50 MB and are sorted in a fraction of the time that reading their text takes. */
#ifndef AFD_ZONE_ZONE_SET_H
#define AFD_ZONE_ZONE_SET_H

#include "collector/zone/zone_text.h"
#include "core/digest.h"

struct afd_zone_set;
struct afd_zone_set *afd_zone_set_new(const struct afd_dns_name *zone);        /* NULL: no memory */
struct afd_zone_set *afd_zone_set_free(struct afd_zone_set *s);                /* NULL */
void afd_zone_set_release(struct afd_zone_set **s);
/* RR (canonical, as the text reader gives it) of the zone; it is copied. AFD_E_PARSE: its owner is outside. */
int afd_zone_set_add(struct afd_zone_set *s, const struct afd_zone_rr *rr, struct afd_error *err);
/* afd_zone_set_add as an afd_zone_rr_fn: ctx is the set */
int afd_zone_set_take(void *ctx, const struct afd_zone_rr *rr, struct afd_error *err);
/* After the last add and before anything below. */
int afd_zone_set_sort(struct afd_zone_set *s, struct afd_error *err);
const struct afd_dns_name *afd_zone_set_zone(const struct afd_zone_set *s);
uint64_t afd_zone_set_count(const struct afd_zone_set *s);                     /* records added, doubles among them */

/* In canonical order (RFC 4034, 6.1 and 6.3: owner, type, rdata), each record once: the first time to live that was
 * stated counts. rr->line and ->ttl_stated tell nothing. */
int afd_zone_set_walk(const struct afd_zone_set *s, afd_zone_rr_fn fn, void *ctx, struct afd_error *err);

/* From A to B, versions of one zone, in canonical order. A time to live that alone has changed is a DEL followed by an ADD
 * with TTL_ONLY. Types that a signer makes (afd_zone_made) and the SOA come as all others. */
enum afd_zone_op { AFD_ZONE_DEL, AFD_ZONE_ADD };
typedef int (*afd_zone_diff_fn)(void *ctx, enum afd_zone_op op, bool ttl_only, const struct afd_zone_rr *rr, struct afd_error *err);
int afd_zone_set_diff(const struct afd_zone_set *a, const struct afd_zone_set *b, afd_zone_diff_fn fn, void *ctx,
                      struct afd_error *err);

/* What a server or signer makes of the rest by itself: SOA, RRSIG, NSEC, NSEC3, NSEC3PARAM, ZONEMD. */
bool afd_zone_made(uint16_t type);

/* Content digest: SHA-256 over "affidavit zone content 1\n", the apex, and each record but those of afd_zone_made(), in the
 * order of afd_zone_set_walk: owner in wire form, type, class, time to live, length and rdata as they stand in a message
 * (16, 16, 32, 16 bits, big endian; RFC 4034, 6.2). Two servers that serve the same have the same one, whatever their serials. */
int afd_zone_set_digest(const struct afd_zone_set *s, struct afd_digest *ret, struct afd_error *err);

/* The zone's own digest (RFC 8976). Verified: a ZONEMD of the SOA's serial, scheme SIMPLE and SHA-384 or SHA-512 fits. */
enum afd_zonemd { AFD_ZONEMD_ABSENT, AFD_ZONEMD_UNSUPPORTED, AFD_ZONEMD_FAILED, AFD_ZONEMD_VERIFIED };
const char *afd_zonemd_name(enum afd_zonemd v);                                /* "absent" ... */
/* 0 and the verdict, with the reason in WHY; -1 only when it could not be worked out (memory). */
int afd_zone_set_zonemd(const struct afd_zone_set *s, enum afd_zonemd *ret, char why[160], struct afd_error *err);

#endif
