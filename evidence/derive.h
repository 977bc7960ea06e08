/* From the ledger to the tables: items in leaf order through their decoders into the store's sink. */
#ifndef AFD_EVIDENCE_DERIVE_H
#define AFD_EVIDENCE_DERIVE_H

#include "evidence/sink.h"
#include "evidence/store.h"

/* Finds the decoder named in an item's record; collector/providers.c is the table behind it. Pure. -1 with err when
 * the bytes cannot be read: derive then writes a row to decode_error (a gap that reports show) and goes on. */
typedef int afd_decode(void *ctx, const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err);

/* Decodes all sequenced items that were not yet, each in one transaction (batched) with the position. Makes everything
 * anew when another version decoded before, or when something was erased since. */
int afd_derive(struct afd_store *s, afd_decode *decode, void *ctx, struct afd_error *err);
/* Whether another version made the tables of S, so that the next derive makes them anew; readers can only be told. */
bool afd_derive_due(const struct afd_store *s);
/* Drops every derived table and makes it again. */
int afd_rebuild(struct afd_store *s, afd_decode *decode, void *ctx, struct afd_error *err);
/* A store in a temporary file that holds exactly the first SIZE leaves of S and the tables derived from them: what
 * `report --head SIZE` and `verify --replay` look at. It deletes its file when closed. */
int afd_store_prefix(struct afd_store *s, uint64_t size, afd_decode *decode, void *ctx, struct afd_store **ret, struct afd_error *err);

#endif
