/* Logs that a map of the configuration explains: events_file.c. */
#ifndef AFD_COLLECTOR_EVENTS_FILE_H
#define AFD_COLLECTOR_EVENTS_FILE_H

#include "evidence/item.h"
#include "evidence/sink.h"

#define AFD_EVENTS_EVIDENCE "account-events"

/* For providers whose log is such a list: MAP is the map as JSON text. ITEM: a page that was split at the elements of its list. */
int afd_events_decode_page(const char *map, const char *account, const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err);
/* What a page holds: entries, and of those how many cannot be read, with the reason of the first. */
struct afd_events_page { uint64_t n, bad; char why[160]; };
int afd_events_page_look(const char *map, struct afd_slice body, struct afd_events_page *ret, struct afd_error *err);

#endif
