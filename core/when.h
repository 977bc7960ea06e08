/* Time: int64 milliseconds since 1970 UTC, half-open intervals, an instant is [t, t+1). No clock, no locale. */
#ifndef AFD_CORE_WHEN_H
#define AFD_CORE_WHEN_H

#include "core/error.h"

#define AFD_TIME_NONE   INT64_MIN      /* not stated */
#define AFD_FOREVER     INT64_MAX
#define AFD_SECOND      INT64_C(1000)
#define AFD_MINUTE      (60 * AFD_SECOND)
#define AFD_HOUR        (60 * AFD_MINUTE)
#define AFD_DAY         (24 * AFD_HOUR)

struct afd_span { int64_t from, to; };
struct afd_when_text { char s[32]; };

/* "2026-08-19T21:47:03.000Z" always with milliseconds; "-" for NONE, "forever" for FOREVER */
struct afd_when_text afd_when_text(int64_t ms);
/* "2026-08-19 21:47:03", for people, UTC, whole seconds */
struct afd_when_text afd_when_people(int64_t ms);
/* RFC 3339 with a zone (Z or +hh:mm), fraction optional; a bare date is its first instant UTC. A time without a
 * zone is refused. */
int afd_when_parse(const char *text, int64_t *ret, struct afd_error *err);
/* From civil fields, UTC; -1 when they are not a date (leap seconds are folded into the next second). */
int afd_when_civil(int year, int mon, int day, int hour, int min, int sec, int ms, int64_t *ret);
void afd_when_split(int64_t ms, int *year, int *mon, int *day, int *hour, int *min, int *sec, int *milli);
/* "90d", "36h", "15m", "30s", "250ms" */
int afd_duration_parse(const char *text, int64_t *ret, struct afd_error *err);
/* "2026-Q3", "2026-08", "2026", "2026-07-01..2026-10-01" */
int afd_period_parse(const char *text, struct afd_span *ret, struct afd_error *err);
static inline struct afd_span afd_instant(int64_t t) { return (struct afd_span){ t, t + 1 }; }

#endif
