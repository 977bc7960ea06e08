#include "core/der.h"
#include "core/when.h"

bool afd_der_next(struct afd_reader *r, struct afd_der *ret)
{
	const uint8_t *start = r->at;
	uint8_t tag = afd_read_u8(r), first = afd_read_u8(r);
	size_t len = first;

	*ret = (struct afd_der){ 0 };
	if ((tag & 0x1f) == 0x1f)             /* tag numbers above 30 do not occur in what we read */
		r->bad = true;
	if (first & 0x80) {
		unsigned n = first & 0x7f;

		len = n == 1 ? afd_read_u8(r) : n == 2 ? afd_read_u16(r) : n == 3 ? afd_read_u24(r) : 0;
		/* X.690, 10.1: definite, and in the fewest bytes that hold it */
		if (n < 1 || n > 3 || len < (n == 1 ? 0x80u : n == 2 ? 0x100u : 0x10000u))
			r->bad = true;
	}
	ret->body = afd_read_bytes(r, len);
	if (r->bad) {
		*ret = (struct afd_der){ 0 };
		return false;
	}
	ret->tag = tag;
	ret->whole = afd_slice(start, (size_t)(r->at - start));
	return true;
}

bool afd_der_expect(struct afd_reader *r, uint8_t tag, struct afd_der *ret)
{
	if (!afd_der_next(r, ret))
		return false;
	if (ret->tag != tag)
		r->bad = true;
	return !r->bad;
}

bool afd_der_is_oid(const struct afd_der *d, const uint8_t *oid, size_t n)
{
	return d->tag == 0x06 && afd_slice_equal(d->body, afd_slice(oid, n));
}

static int two_digits(const uint8_t *p)
{
	return (p[0] - '0') * 10 + p[1] - '0';
}

bool afd_der_time(const struct afd_der *d, int64_t *ret_ms)
{
	bool utc = d->tag == 0x17;
	size_t n = utc ? 12 : 14;
	const uint8_t *p = d->body.data;
	int year;

	/* RFC 5280, 4.1.2.5: seconds always there, no fraction, Z */
	if ((!utc && d->tag != 0x18) || d->body.len != n + 1 || p[n] != 'Z')
		return false;
	for (size_t i = 0; i < n; i++)
		if (p[i] < '0' || p[i] > '9')
			return false;
	year = two_digits(p);
	if (utc)
		year += year >= 50 ? 1900 : 2000;
	else
		year = year * 100 + two_digits(p + 2);
	p += n - 10;
	return afd_when_civil(year, two_digits(p), two_digits(p + 2), two_digits(p + 4), two_digits(p + 6),
			      two_digits(p + 8), 0, ret_ms) == 0;
}
