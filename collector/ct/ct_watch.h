/* What ct_watch.c, ct_ranges.c and ct_alike.c share: the three kinds of rules. Nobody else includes this. */
#ifndef AFD_COLLECTOR_CT_WATCH_H
#define AFD_COLLECTOR_CT_WATCH_H

#include "collector/ct/ct_cert.h"

/* --- ct_ranges.c: addresses, by prefix --- */

enum { AFD_RANGE_KEY = 18 };             /* 4 or 6, prefix length, address */
struct afd_ct_ranges {
	uint8_t (*key)[AFD_RANGE_KEY]; size_t mask, n;   /* open addressing; family 0: free */
	uint8_t length[2][129]; size_t n_lengths[2];     /* the prefix lengths that occur, of IPv4 and IPv6 */
};
/* "192.0.2.0/24" into a key; -1: none. */
int afd_ct_range_parse(const char *text, uint8_t ret[AFD_RANGE_KEY]);
int afd_ct_ranges_begin(struct afd_ct_ranges *r, size_t n);
void afd_ct_ranges_add(struct afd_ct_ranges *r, const uint8_t key[AFD_RANGE_KEY]);
bool afd_ct_ranges_has(const struct afd_ct_ranges *r, const uint8_t key[AFD_RANGE_KEY]);
bool afd_ct_ranges_hold(const struct afd_ct_ranges *r, struct afd_slice address);
void afd_ct_ranges_release(struct afd_ct_ranges *r);

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
