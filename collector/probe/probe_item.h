/* What a probe recorded, as an item's bytes: lines, and behind each line "exchange" the packets themselves.
 *
 *   affidavit-probe 1
 *   zone NAME                            what it is about
 *   cut NAME                             zones on the way from the root to it, from the top
 *   anchor TEXT                          trust anchors in force: ". IN DS 20326 8 2 .."
 *   opinion VALIDATOR NAME TYPE TEXT     what another validator said: "libunbound example.test SOA secure NOERROR"
 *   exchange PURPOSE SERVER ADDRESS PORT OUTCOME MS LENGTH
 *   LENGTH bytes: messages behind their 16-bit length, the query first
 *
 * SERVER is "-" where it has no name. OUTCOME: answered, timeout, unreachable, no-route. MS: when it was over. Part 0 is
 * what stands before the first exchange, each exchange with its line is one more part. */
#ifndef AFD_PROBE_ITEM_H
#define AFD_PROBE_ITEM_H

#include "collector/provider.h"
#include "collector/zone/dns_message.h"

#define AFD_PROBE_MEDIA_TYPE "application/vnd.affidavit.probe"
enum { AFD_PROBE_CUTS = 32, AFD_PROBE_ANCHORS = 64, AFD_PROBE_OPINIONS = 64, AFD_PROBE_EXCHANGES = 4096, AFD_PROBE_WORD = 1100 };

/* One exchange; texts are borrowed. */
struct afd_probe_exchange {
	const char *purpose, *server, *address, *outcome;
	uint16_t port;
	int64_t at_ms;
	struct afd_slice frames;
	uint64_t part;
	size_t line_at;                           /* where its line begins */
};
struct afd_probe_opinion { const char *validator, *name, *type, *state, *text; };

/* An item read back. Owned: texts live in KEEP, packets in the bytes that were read. */
struct afd_probe_item {
	const char *zone;
	const char *cut[AFD_PROBE_CUTS], *anchor[AFD_PROBE_ANCHORS];
	struct afd_probe_opinion opinion[AFD_PROBE_OPINIONS];
	size_t n_cut, n_anchor, n_opinion;
	struct afd_probe_exchange *exchange;
	size_t n;
	char *keep;
};
int afd_probe_item_read(struct afd_slice bytes, struct afd_probe_item *ret, struct afd_error *err);
void afd_probe_item_release(struct afd_probe_item *i);
int afd_probe_item_split(struct afd_slice bytes, struct afd_ranges *parts, struct afd_error *err);

/* Writing: head, then lines, then exchanges. 0, or -1 when memory ends. */
int afd_probe_item_head(struct afd_buf *ret, const char *zone);
int afd_probe_item_exchange(struct afd_buf *ret, const struct afd_probe_exchange *x);

/* An exchange taken apart. */
struct afd_probe_view {
	const struct afd_probe_exchange *x;
	struct afd_dns_question asked;
	bool answered;                            /* M is a message that answers what was asked */
	struct afd_dns_message m;
	char outcome[16];                         /* its code in words; else timeout, unreachable, no-route, malformed */
};
/* -1: the recording itself is broken. */
int afd_probe_view(const struct afd_probe_exchange *x, struct afd_probe_view *ret, struct afd_error *err);
static inline unsigned afd_probe_rcode(const struct afd_probe_view *v) { return v->m.flags & AFD_DNS_RCODE; }

#endif
