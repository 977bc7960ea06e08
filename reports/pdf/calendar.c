/* The period as columns of a chart. */
#include "reports/pdf/pages.h"

#include "core/when.h"

#define MAX_COLUMNS 64

enum unit { DAYS, WEEKS, MONTHS, YEARS, PARTS };

static const char *const month_names[] = { "January", "February", "March",     "April",   "May",      "June",
					   "July",    "August",   "September", "October", "November", "December" };

struct civil { int year, mon, day; };

static struct civil civil(int64_t ms)
{
	struct civil c;
	int h, m, s, milli;

	afd_when_split(ms, &c.year, &c.mon, &c.day, &h, &m, &s, &milli);
	return c;
}

static int64_t first_of(int year, int mon)
{
	int64_t t = AFD_FOREVER;

	if (mon > 12) {
		mon = 1;
		year++;
	}
	return afd_when_civil(year, mon, 1, 0, 0, 0, 0, &t) < 0 ? AFD_FOREVER : t;
}

static int64_t day_number(int64_t ms)
{
	return ms / AFD_DAY - (ms % AFD_DAY < 0);
}

/* 1970-01-01 was a Thursday; weeks begin on Monday (ISO 8601). */
static int64_t monday(int64_t day)
{
	return day - ((day + 3) % 7 + 7) % 7;
}

static int week_number(int64_t ms)
{
	int64_t thursday = monday(day_number(ms)) + 3;

	return (int)((thursday - day_number(first_of(civil(thursday * AFD_DAY).year, 1))) / 7) + 1;
}

static int64_t next_after(enum unit u, int64_t at, int64_t from, int64_t to)
{
	switch (u) {
	case DAYS:
		return (day_number(at) + 1) * AFD_DAY;
	case WEEKS:
		return (monday(day_number(at)) + 7) * AFD_DAY;
	case MONTHS:
		return first_of(civil(at).year, civil(at).mon + 1);
	case YEARS:
		return first_of(civil(at).year + 1, 1);
	case PARTS:
		break;
	}
	return at + (to - from) / 50 + 1;
}

static const char *label(struct afd_sheets *s, enum unit u, int64_t at, bool first)
{
	switch (u) {
	case DAYS:
		return afd_sheets_printf(s, "%d", civil(at).day);
	case WEEKS:
		return afd_sheets_printf(s, first ? "W%d" : "%d", week_number(at));
	case MONTHS:
		return afd_sheets_printf(s, "%.3s", month_names[civil(at).mon - 1]);
	case YEARS:
		return afd_sheets_printf(s, "%d", civil(at).year);
	case PARTS:
		break;
	}
	return "";
}

/* Position of T on an axis; a thousandth of a point is less than what a printer shows. */
static afd_mpt on_axis(int64_t t, int64_t from, int64_t to, afd_mpt width)
{
	int64_t len = (to - from) / 1000 + 1;

	return (afd_mpt)((t - from) / 1000 * width / len);
}

static struct afd_period_cols cut(struct afd_sheets *s, enum unit u, int64_t from, int64_t to, afd_mpt width)
{
	static const char *const units[] = { "day", "week", "month", "year", "part" }, *const titles[] = {
		"Evidence by day", "Evidence by week", "Evidence by month", "Evidence by year", "Evidence over time"
	};
	struct afd_period_cols ret = { .unit = units[u], .name = titles[u] };

	ret.at = afd_sheets_alloc(s, MAX_COLUMNS * sizeof(*ret.at));
	for (int64_t at = from; ret.at && at < to && ret.n < MAX_COLUMNS;) {
		int64_t next = next_after(u, at, from, to);
		struct afd_period_col *c = &ret.at[ret.n];

		next = next > to || ret.n + 1 == MAX_COLUMNS ? to : next;
		*c = (struct afd_period_col){ at, next, on_axis(at, from, to, width), 0, label(s, u, at, ret.n == 0) };
		c->w = (next == to ? width : on_axis(next, from, to, width)) - c->x;
		ret.n++;
		at = next;
	}
	return ret;
}

struct afd_period_cols afd_period_cut(struct afd_sheets *s, int64_t from, int64_t to, afd_mpt width)
{
	int64_t days = (to - from) / AFD_DAY;
	enum unit u = days <= 21         ? DAYS
		      : days <= 200      ? WEEKS
		      : days <= 1200     ? MONTHS
		      : days <= 60 * 365 ? YEARS
					 : PARTS;

	return cut(s, u, from, to, width);
}

struct afd_period_cols afd_period_months(struct afd_sheets *s, int64_t from, int64_t to, afd_mpt width)
{
	struct afd_period_cols m = { 0 };

	if ((to - from) / AFD_DAY > 200)
		return m;
	m = cut(s, MONTHS, from, to, width);
	for (size_t i = 0; i < m.n; i++)
		m.at[i].label = m.at[i].w >= PT(40) ? month_names[civil(m.at[i].from).mon - 1] : m.at[i].label;
	return m;
}

const char *afd_period_words(struct afd_sheets *s, const struct afd_report *r)
{
	static const char *const ordinal[] = { "first", "second", "third", "fourth" };
	struct civil a = civil(r->period.from);
	bool on_first = r->period.from == first_of(a.year, a.mon);

	if (on_first && a.mon % 3 == 1 && r->period.to == first_of(a.year + (a.mon == 10), a.mon == 10 ? 1 : a.mon + 3))
		return afd_sheets_printf(s, "the %s quarter of %d", ordinal[a.mon / 3], a.year);
	if (on_first && r->period.to == first_of(a.year, a.mon + 1))
		return afd_sheets_printf(s, "%s %d", month_names[a.mon - 1], a.year);
	if (on_first && a.mon == 1 && r->period.to == first_of(a.year + 1, 1))
		return afd_sheets_printf(s, "the year %d", a.year);
	return afd_sheets_printf(s, "the period %s",
				 afd_or(r->period.label, "from the first to the second time below"));
}
