/* DER (X.690) walker: strict in bounds, no allocation, at most 3 length bytes. */
#ifndef AFD_CORE_DER_H
#define AFD_CORE_DER_H

#include "core/bytes.h"

struct afd_der { uint8_t tag; struct afd_slice body, whole; };   /* whole: with tag and length */

/* Reads the next element of *r into *ret; false (and r->bad) when it is cut short, has a long-form tag, an indefinite
 * or non-minimal length. */
bool afd_der_next(struct afd_reader *r, struct afd_der *ret);
/* The same, and the tag must be TAG. */
bool afd_der_expect(struct afd_reader *r, uint8_t tag, struct afd_der *ret);
bool afd_der_is_oid(const struct afd_der *d, const uint8_t *oid, size_t n);   /* body bytes of the OID */
/* UTCTime or GeneralizedTime of RFC 5280, 4.1.2.5 */
bool afd_der_time(const struct afd_der *d, int64_t *ret_ms);

#endif
