/* Ranges of IP addresses by prefix (RFC 4632, RFC 4291), and a set of them that is asked in one step per prefix length. */
#ifndef AFD_CORE_PREFIX_H
#define AFD_CORE_PREFIX_H

#include "core/bytes.h"

enum { AFD_PREFIX_KEY = 18, AFD_PREFIX_TEXT = 64 };   /* key: 4 or 6, prefix length, address */

/* "192.0.2.0/24", "2001:db8::/32"; an address alone is a range of one. -1: none, or bits are set behind the prefix. */
int afd_prefix_parse(const char *text, uint8_t ret[AFD_PREFIX_KEY]);
/* Its one form, as inet_ntop() writes the address. */
int afd_prefix_text(const uint8_t key[AFD_PREFIX_KEY], char ret[AFD_PREFIX_TEXT]);
/* Does WIDE hold all of NARROW? */
bool afd_prefix_within(const uint8_t narrow[AFD_PREFIX_KEY], const uint8_t wide[AFD_PREFIX_KEY]);

struct afd_prefixes {                            /* zero is empty; _begin makes room for N, which may not grow */
	uint8_t (*key)[AFD_PREFIX_KEY]; size_t mask, n;  /* open addressing; family 0: free */
	uint8_t length[2][129]; size_t n_lengths[2];     /* the prefix lengths that occur, of IPv4 and IPv6 */
};
int afd_prefixes_begin(struct afd_prefixes *r, size_t n);
void afd_prefixes_add(struct afd_prefixes *r, const uint8_t key[AFD_PREFIX_KEY]);
/* Is this very range one of them? */
bool afd_prefixes_has(const struct afd_prefixes *r, const uint8_t key[AFD_PREFIX_KEY]);
/* Does one of them hold the address (4 or 16 bytes, else no)? An IPv4-mapped IPv6 address is that IPv4 address, too. */
bool afd_prefixes_hold(const struct afd_prefixes *r, struct afd_slice address);
void afd_prefixes_release(struct afd_prefixes *r);

#endif
