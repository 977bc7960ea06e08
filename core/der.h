/* DER (X.690) walker: strict in bounds, no allocation, at most 3 length bytes. */
#ifndef AFD_CORE_DER_H
#define AFD_CORE_DER_H

#include "core/bytes.h"

struct afd_der { uint8_t tag; struct afd_slice body, whole; };   /* whole: with tag and length */

/* A length in more than one byte, whose first FIRST was read; SIZE_MAX: none that DER allows. */
static inline size_t afd_der_long_length(struct afd_reader *r, uint8_t first)
{
	unsigned n = first & 0x7f;
	size_t len = n == 1 ? afd_read_u8(r) : n == 2 ? afd_read_u16(r) : n == 3 ? afd_read_u24(r) : 0;

	/* X.690, 10.1: definite, and in the fewest bytes that hold it */
	return n < 1 || n > 3 || len < (n == 1 ? 0x80u : n == 2 ? 0x100u : 0x10000u) ? SIZE_MAX : len;
}
/* Reads the next element of *r into *ret; false (and r->bad) when it is cut short, has a long-form tag, an indefinite
 * or non-minimal length. */
static inline bool afd_der_next(struct afd_reader *r, struct afd_der *ret)
{
	const uint8_t *start = r->at;
	size_t len = SIZE_MAX;

	/* tag numbers above 30 do not occur in what we read */
	if (!r->bad && afd_reader_left(r) >= 2 && (start[0] & 0x1f) != 0x1f) {
		r->at += 2;
		len = start[1] & 0x80 ? afd_der_long_length(r, start[1]) : start[1];
	}
	if (__builtin_expect(len > afd_reader_left(r), 0)) {
		*ret = (struct afd_der){ 0 };
		r->bad = true;
		return false;
	}
	ret->tag = start[0];
	ret->body = afd_slice(r->at, len);
	r->at += len;
	ret->whole = afd_slice(start, (size_t)(r->at - start));
	return true;
}
/* The same, and the tag must be TAG. */
static inline bool afd_der_expect(struct afd_reader *r, uint8_t tag, struct afd_der *ret)
{
	if (!afd_der_next(r, ret))
		return false;
	if (ret->tag != tag)
		r->bad = true;
	return !r->bad;
}
/* OID: body bytes */
static inline bool afd_der_is_oid(const struct afd_der *d, const uint8_t *oid, size_t n)
{
	return d->tag == 0x06 && d->body.len == n && memcmp(d->body.data, oid, n) == 0;
}
/* UTCTime or GeneralizedTime of RFC 5280, 4.1.2.5 */
bool afd_der_time(const struct afd_der *d, int64_t *ret_ms);

#endif
