/* A range of a transparency log that was processed, read once more from the log: what it holds, beside what its item says.
 * Whoever made the store may have left entries out; the log, while it lives, does not. Nothing is stored. */
#ifndef AFD_COLLECTOR_REFETCH_H
#define AFD_COLLECTOR_REFETCH_H

#include "collector/collect.h"

/* An entry that matches the names of the range, or that could not be parsed and could. */
struct afd_refetched_hit { uint64_t index; struct afd_digest leaf; bool unparsable; };
struct afd_refetched {
	/* of the item */
	uint64_t from, to, hits, unparsable;
	char log[301];
	/* of the log. SEEN: all entries were read, and lead to a head that the log signs now; what follows is valid then.
	 * CONTRADICTED: what it shows cannot be brought together with the item (why). UNSEEN: nothing can be said (why). */
	enum { AFD_REFETCH_UNSEEN, AFD_REFETCH_CONTRADICTED, AFD_REFETCH_SEEN } outcome;
	char why[600];
	bool same_tree;                           /* the entries lead from the tree before the range to the one behind it */
	struct afd_refetched_hit *hit; size_t n;  /* owned; by rising index */
};
void afd_refetched_release(struct afd_refetched *r);

/* RANGE: the bytes of a range item of source S, a log of either kind. C: transport, env, sleep and contact are used, and
 * watch, which must be the list of names that the range was searched for. URL: where to read, an address or file:DIR in the
 * form of the configuration; NULL: the source's own. 0, or -1 when the item cannot be read or the source is no log. */
int afd_refetch(const struct afd_collect *c, const struct afd_source *s, struct afd_slice range, const char *url,
                struct afd_refetched *ret, struct afd_error *err);
/* The digest of the names that a range item was searched for. */
int afd_refetch_watch(struct afd_slice range, struct afd_hex64 *ret, struct afd_error *err);
/* Does an entry item hold the entry INDEX of LOG with this leaf hash? */
bool afd_refetch_is_entry(struct afd_slice entry, const char *log, uint64_t index, const struct afd_digest *leaf);

#endif
