/* Private: which store key signs which heads. Keys change by handover items: docs/ledger-format.md, 5.1. */
#ifndef AFD_EVIDENCE_STORE_KEYS_H
#define AFD_EVIDENCE_STORE_KEYS_H

#include "evidence/item.h"

struct afd_handover { uint64_t leaf; char *from, *to; };             /* owned vkeys */
struct afd_key_chain { struct afd_handover *at; size_t n, cap; };
void afd_key_chain_release(struct afd_key_chain *c);

bool afd_is_handover(const struct afd_record *r);
/* The next handover, in leaf order. Refuses what is none, is not signed by both keys, speaks for another ledger than
 * ORIGIN, or hands over from another key than the one that held. */
int afd_key_chain_add(struct afd_key_chain *c, uint64_t leaf, struct afd_slice note, const char *origin, struct afd_error *err);
/* OWN, the key that the store names, must be the last; GIVEN (or NULL) must be one of them. */
int afd_key_chain_check(const struct afd_key_chain *c, const char *own, const char *given, struct afd_error *err);
/* The key that signs heads over SIZE leaves; NULL when nobody names one. */
const char *afd_key_chain_for(const struct afd_key_chain *c, const char *own, uint64_t size);

#endif
