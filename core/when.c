#include "core/when.h"

#include <stdio.h>

/* Days from 1970-01-01 in the proleptic Gregorian calendar. Years are taken from March, so that the leap day is the
 * last day of a year and months follow one linear rule. */
static int64_t days_from_civil(int64_t y, int m, int d)
{
	int64_t era, yoe, doy;

	y -= m <= 2;
	era = (y >= 0 ? y : y - 399) / 400;
	yoe = y - era * 400;
	doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
	return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

static int days_in_month(int year, int mon)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	if (mon == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0))
		return 29;
	return days[mon - 1];
}

int afd_when_civil(int year, int mon, int day, int hour, int min, int sec, int ms, int64_t *ret)
{
	if (year < 0 || year > 9999 || mon < 1 || mon > 12 || day < 1 || day > days_in_month(year, mon) || hour < 0 ||
	    hour > 23 || min < 0 || min > 59 || sec < 0 || sec > 60 || ms < 0 || ms > 999)
		return -1;
	*ret = days_from_civil(year, mon, day) * AFD_DAY + hour * AFD_HOUR + min * AFD_MINUTE + sec * AFD_SECOND + ms;
	return 0;
}

void afd_when_split(int64_t ms, int *year, int *mon, int *day, int *hour, int *min, int *sec, int *milli)
{
	int64_t days = ms / AFD_DAY, rest = ms % AFD_DAY, era, doe, yoe, doy, mp;

	if (rest < 0) {
		rest += AFD_DAY;
		days--;
	}
	*hour = (int)(rest / AFD_HOUR);
	*min = (int)(rest % AFD_HOUR / AFD_MINUTE);
	*sec = (int)(rest % AFD_MINUTE / AFD_SECOND);
	*milli = (int)(rest % AFD_SECOND);

	days += 719468;
	era = (days >= 0 ? days : days - 146096) / 146097;
	doe = days - era * 146097;
	yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	mp = (5 * doy + 2) / 153;
	*day = (int)(doy - (153 * mp + 2) / 5 + 1);
	*mon = (int)(mp + (mp < 10 ? 3 : -9));
	*year = (int)(yoe + era * 400 + (*mon <= 2));
}

/* RFC 3339 has four digits for the year: what lies outside is said so, never written in another form. */
static bool has_text(int64_t ms, struct afd_when_text *t)
{
	static const int64_t first = INT64_C(-62167219200000), last = INT64_C(253402300799999);

	*t = (struct afd_when_text){ "-" };
	if (ms == AFD_TIME_NONE)
		return false;
	if (ms < first)
		*t = (struct afd_when_text){ "before-year-0" };
	else if (ms == AFD_FOREVER)
		*t = (struct afd_when_text){ "forever" };
	else if (ms > last)
		*t = (struct afd_when_text){ "after-year-9999" };
	return ms >= first && ms <= last;
}

struct afd_when_text afd_when_text(int64_t ms)
{
	struct afd_when_text t;
	int y, mo, d, h, mi, s, u;
	char text[96];                          /* for any int, as far as the compiler knows; 24 are written */

	if (!has_text(ms, &t))
		return t;
	afd_when_split(ms, &y, &mo, &d, &h, &mi, &s, &u);
	snprintf(text, sizeof(text), "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", y, mo, d, h, mi, s, u);
	memcpy(t.s, text, 25);
	return t;
}

struct afd_when_text afd_when_people(int64_t ms)
{
	struct afd_when_text t = afd_when_text(ms);

	if (strlen(t.s) == 24) {                /* not one of the words for what has no date */
		t.s[10] = ' ';
		t.s[19] = 0;
	}
	return t;
}

/* Exactly N digits; moves on. */
static bool digits(const char **p, int n, int *ret)
{
	int v = 0;

	for (int i = 0; i < n; i++, (*p)++) {
		if (**p < '0' || **p > '9')
			return false;
		v = v * 10 + (**p - '0');
	}
	*ret = v;
	return true;
}

static bool literal(const char **p, char c)
{
	if (**p != c)
		return false;
	(*p)++;
	return true;
}

static bool zone(const char **p, int64_t *ret)
{
	int sign = **p == '-' ? -1 : 1, h, m;

	*ret = 0;
	if (literal(p, 'Z') || literal(p, 'z'))
		return true;
	if (**p != '+' && **p != '-')
		return false;
	(*p)++;
	if (!digits(p, 2, &h) || !literal(p, ':') || !digits(p, 2, &m) || h > 23 || m > 59)
		return false;
	*ret = sign * (h * AFD_HOUR + m * AFD_MINUTE);
	return true;
}

static bool fraction(const char **p, int *ret_ms)
{
	int weight = 100;

	*ret_ms = 0;
	if (!literal(p, '.'))
		return true;
	if (**p < '0' || **p > '9')
		return false;
	for (; **p >= '0' && **p <= '9'; (*p)++, weight /= 10)
		*ret_ms += (**p - '0') * weight;        /* finer than a millisecond is cut off */
	return true;
}

static bool rfc3339(const char *p, int64_t *ret)
{
	int y, mo, d, h, mi, s, ms;
	int64_t off;

	if (!digits(&p, 4, &y) || !literal(&p, '-') || !digits(&p, 2, &mo) || !literal(&p, '-') || !digits(&p, 2, &d))
		return false;
	if (!*p)
		return afd_when_civil(y, mo, d, 0, 0, 0, 0, ret) == 0;
	if (!literal(&p, 'T') && !literal(&p, 't') && !literal(&p, ' '))
		return false;
	if (!digits(&p, 2, &h) || !literal(&p, ':') || !digits(&p, 2, &mi) || !literal(&p, ':') || !digits(&p, 2, &s) ||
	    !fraction(&p, &ms) || !zone(&p, &off) || *p || afd_when_civil(y, mo, d, h, mi, s, ms, ret) < 0)
		return false;
	*ret -= off;
	return true;
}

int afd_when_parse(const char *text, int64_t *ret, struct afd_error *err)
{
	int64_t t;

	if (!text || !rfc3339(text, &t))
		return afd_fail(err, AFD_E_PARSE, "expected a time with its zone, as 2026-07-01T09:30:00Z, got \"%.48s\"",
				text ? text : "");
	*ret = t;
	return 0;
}

int afd_duration_parse(const char *text, int64_t *ret, struct afd_error *err)
{
	static const struct { const char *name; int64_t ms; } unit[] = {
		{ "d", AFD_DAY }, { "h", AFD_HOUR }, { "m", AFD_MINUTE }, { "ms", 1 }, { "s", AFD_SECOND },
	};
	const char *p = text ? text : "";
	int64_t v = 0;

	for (; *p >= '0' && *p <= '9' && v < INT64_MAX / 100; p++)
		v = v * 10 + (*p - '0');
	for (size_t i = 0; i < AFD_COUNT(unit) && p != text; i++)
		if (strcmp(p, unit[i].name) == 0 && v <= INT64_MAX / 2 / unit[i].ms) {
			*ret = v * unit[i].ms;
			return 0;
		}
	return afd_fail(err, AFD_E_PARSE, "expected a duration as 90d, 36h, 15m, 30s or 250ms, got \"%.48s\"",
			text ? text : "");
}

/* MONTHS calendar months from the first of MON */
static bool months(int year, int mon, int n, struct afd_span *ret)
{
	int last = mon - 1 + n;

	return afd_when_civil(year, mon, 1, 0, 0, 0, 0, &ret->from) == 0 &&
	       afd_when_civil(year + last / 12, last % 12 + 1, 1, 0, 0, 0, 0, &ret->to) == 0;
}

static bool calendar_period(const char *p, struct afd_span *ret)
{
	int y, n;

	if (!digits(&p, 4, &y))
		return false;
	if (!*p)
		return months(y, 1, 12, ret);
	if (!literal(&p, '-'))
		return false;
	if (literal(&p, 'Q'))
		return digits(&p, 1, &n) && !*p && n >= 1 && n <= 4 && months(y, 3 * n - 2, 3, ret);
	return digits(&p, 2, &n) && !*p && months(y, n, 1, ret);
}

int afd_period_parse(const char *text, struct afd_span *ret, struct afd_error *err)
{
	const char *dots = text ? strstr(text, "..") : NULL;
	struct afd_span s;

	if (dots) {
		char first[64];

		if ((size_t)(dots - text) >= sizeof(first))
			goto refuse;
		memcpy(first, text, (size_t)(dots - text));
		first[dots - text] = 0;
		if (!rfc3339(first, &s.from) || !rfc3339(dots + 2, &s.to))
			goto refuse;
		if (s.from >= s.to)
			return afd_fail(err, AFD_E_PARSE, "period \"%.100s\" ends before it begins", text);
	} else if (!text || !calendar_period(text, &s)) {
		goto refuse;
	}
	*ret = s;
	return 0;
refuse:
	return afd_fail(err, AFD_E_PARSE,
			"expected a period as 2026-Q3, 2026-08, 2026 or 2026-07-01..2026-10-01, got \"%.100s\"",
			text ? text : "");
}
