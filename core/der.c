#include "core/der.h"
#include "core/when.h"

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
