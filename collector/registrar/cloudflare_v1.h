/* Entries of Cloudflare's audit log, version 1: as its API gives them, and as Logpush writes them to files. What the source
 * that asks (cloudflare_v1_pages.c) and the one that reads files (cloudflare_logpush.c) share. All of it is pure. */
#ifndef AFD_CLOUDFLARE_V1_H
#define AFD_CLOUDFLARE_V1_H

#include "collector/provider.h"

/* NULL, or why no event can be made of the entry; *at its time, or AFD_TIME_NONE. */
const char *afd_cloudflare_v1_fault(const struct afd_node *entry, int64_t *at);
/* An entry without fault as event, and of record events as claim. ACCOUNT: where the entry names none. */
int afd_cloudflare_v1_tell(const struct afd_node *entry, const char *account, uint64_t part, struct afd_sink *sink, struct afd_error *err);

#endif
