/* A set of TSIG keys as a server's configuration writes them, for verifying what was signed with them. */
#ifndef AFD_ZONE_TSIG_KEYS_H
#define AFD_ZONE_TSIG_KEYS_H

#include "collector/zone/tsig.h"

struct afd_tsig_keys { struct afd_tsig_key *at; size_t n; };       /* owned; wiped by release */
enum { AFD_TSIG_KEYS_MAX = 10000 };

/* Appends the keys of TEXT: key "name" { algorithm hmac-sha256; secret "base64"; }; with comments (#, //, and between slashes and
 * asterisks), as tsig-keygen writes them. Keys of algorithms that we refuse are left out: nothing can be verified with them. */
int afd_tsig_keys_read(struct afd_slice text, struct afd_tsig_keys *ret, struct afd_error *err);
void afd_tsig_keys_release(struct afd_tsig_keys *k);

/* What is known of a signed request: 'v' verified, 'f' failed, 'n' not checked (no such key of this algorithm, a MAC cut short), '-' not signed. */
char afd_tsig_keys_verdict(const struct afd_tsig_keys *k, const struct afd_dns_message *m);

#endif
