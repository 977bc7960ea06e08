/* What ct_watch.c and ct_alike.c share. Nobody else includes this. */
#ifndef AFD_COLLECTOR_CT_WATCH_H
#define AFD_COLLECTOR_CT_WATCH_H

#include "collector/ct/ct_cert.h"
#include "core/prefix.h"

/* --- ct_alike.c: names that look like ours --- */

enum { AFD_MAX_ALIKE = 10000 };          /* each costs some kilobytes */
struct afd_ct_alike {
	const char **name; size_t n;
	struct { uint32_t hash, at; } *slot; size_t mask, used;   /* every name with up to 2 letters taken away; at - 1 in .name */
	uint64_t lengths[4];              /* of skeletons that could be alike */
	unsigned slack;                   /* the largest */
};
/* NAME is borrowed. */
int afd_ct_alike_add(struct afd_ct_alike *a, const char *name, struct afd_error *err);
bool afd_ct_alike_has(const struct afd_ct_alike *a, const char *name);
bool afd_ct_alike_finds(const struct afd_ct_alike *a, const char *name);
void afd_ct_alike_release(struct afd_ct_alike *a);

#endif
