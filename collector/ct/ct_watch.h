/* What ct_watch.c (look-ups), ct_rules.c (making a list) and ct_alike.c share. Nobody else includes this. */
#ifndef AFD_COLLECTOR_CT_WATCH_H
#define AFD_COLLECTOR_CT_WATCH_H

#include <endian.h>

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

/* --- the list --- */

enum {
	BELOW = 1,                                /* the name and all below it */
	EXACT = 2,                                /* the name alone */
	PARENT = 4,                               /* stands one label above a name: for wildcards */
	ABOVE = 8,                                /* stands anywhere above one */
	FLAGS = 15,
	NAME_BYTES = 253, MAX_LABELS = 127,
	ODD_COMPARED = 64,                        /* names that an odd one is compared with before it counts as a match */
};

/* 28 bits of the hash over the flags; where in the text. No flags: free. */
struct slot { uint32_t tag, at; };
struct afd_ct_watch {
	char *text; size_t text_len;              /* names, each with its NUL; a name's length behind the last */
	uint32_t *name; size_t n;                 /* where each begins; those that end alike lie together */
	struct slot *slot; size_t mask, used;
	uint64_t *filter; size_t filter_mask;
	bool top_level;                           /* a name of one label is among them */
	struct afd_prefixes ranges;
	struct afd_ct_alike alike;
};

/* Hashes of names, label by label from the right. */
#define SEED UINT64_C(0x9e3779b97f4a7c15)

static inline uint64_t mix(uint64_t a)
{
	unsigned __int128 m = (unsigned __int128)a * UINT64_C(0xa0761d6478bd642f);

	return (uint64_t)m ^ (uint64_t)(m >> 64);
}

/* Bytes of names as they are hashed: letters in lower case, others something of their own. */
#define FOLD UINT64_C(0x2020202020202020)

/* Up to eight bytes at AT of the N at P. N is 8 at least. */
static inline uint64_t load(const uint8_t *p, size_t n, size_t at)
{
	uint64_t v;

	if (__builtin_expect(at + 8 <= n, 1)) {
		memcpy(&v, p + at, 8);
		return le64toh(v);
	}
	memcpy(&v, p + n - 8, 8);
	return le64toh(v) >> 8 * (at + 8 - n);
}

/* One label more on the left: [from, to) of the N bytes at P. */
static inline uint64_t hash_label(uint64_t h, const uint8_t *p, size_t n, size_t from, size_t to)
{
	size_t left = to - from;

	h += left;
	for (; left > 8; left -= 8, from += 8)
		h = mix(h ^ (load(p, n, from) | FOLD));
	return left == 0 ? mix(h) : mix(h ^ ((load(p, n, from) | FOLD) & UINT64_MAX >> (64 - 8 * left)));
}

static inline uint32_t tag_of(uint64_t h)
{
	return (uint32_t)(h >> 32) & ~(uint32_t)FLAGS;
}

static inline uint64_t filter_bits(uint64_t h)
{
	return UINT64_C(1) << (h >> 52 & 63) | UINT64_C(1) << (h >> 58);
}

static inline bool filter_has(const struct afd_ct_watch *w, uint64_t h)
{
	uint64_t bits = filter_bits(h);

	return (w->filter[h & w->filter_mask] & bits) == bits;
}

/* The slot of a name, or the free one where it would go. */
static inline struct slot *find(const struct afd_ct_watch *w, uint64_t h, const void *name, size_t len)
{
	uint32_t tag = tag_of(h);
	size_t i = (size_t)h & w->mask;

	for (; w->slot[i].tag & FLAGS; i = (i + 1) & w->mask) {
		const char *at = w->text + w->slot[i].at;

		if ((w->slot[i].tag & ~(uint32_t)FLAGS) == tag && memcmp(at, name, len) == 0 && at[len] == 0)
			break;
	}
	return &w->slot[i];
}

/* By bytes from the last to the first. */
static inline int compare_ends(const char *a, size_t n, const char *b, size_t m)
{
	while (n > 0 && m > 0 && a[n - 1] == b[m - 1])
		n--, m--;
	return n == 0 || m == 0 ? (n > 0) - (m > 0) : (uint8_t)a[n - 1] < (uint8_t)b[m - 1] ? -1 : 1;
}

uint64_t afd_ct_hash_name(const char *name, size_t n);

#endif
