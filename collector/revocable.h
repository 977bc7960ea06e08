/* Where the certificates that we know say that their revocation is published: what a source of revocations asks for. */
#ifndef AFD_COLLECTOR_REVOCABLE_H
#define AFD_COLLECTOR_REVOCABLE_H

#include "evidence/store.h"

struct afd_revocable { char *issuer_key_hash, *kind, *url, *serial; };    /* as certificate and certificate_url */
struct afd_revocable_list { struct afd_revocable *at; size_t n; };

/* Of certificates that end after NOW and whose issuer's key is known; by issuer, kind, address, serial. */
int afd_revocable_load(struct afd_store *s, int64_t now, struct afd_revocable_list *ret, struct afd_error *err);
void afd_revocable_release(struct afd_revocable_list *l);

#endif
