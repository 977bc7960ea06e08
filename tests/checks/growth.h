/* Rows for measuring how checks grow: N of each kind of event over the same twenty domains, in the 90 days before T0. */
#ifndef AFD_TESTS_CHECKS_GROWTH_H
#define AFD_TESTS_CHECKS_GROWTH_H

#include "case.h"

/* Time between an event and the next, and between a look at a registry or at servers and the next: whoever raises N far
 * makes them smaller, or the rows leave the period. */
struct growth_pace { uint64_t event_ms, look_ms; };

void growth_fill(sqlite3 *db, unsigned n, struct growth_pace at);

#endif
