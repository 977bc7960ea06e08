/* Anchors: a time-stamp over a signed head of our own ledger, kept as an item of the same ledger. So the time of a head is as
 * tamper-evident as all else, and the next head covers it.
 *
 * Its bytes are two parts: the signed note, and the authority's answer to SHA-256 of just those bytes (a whole
 * TimeStampResp, so that `openssl ts -verify -in` takes it). Decoding is pure and looks at what the token claims: that
 * it is about this note, and its time. Whether the authority is to be believed is `verify`'s to say. */
#ifndef AFD_COLLECTOR_ANCHOR_H
#define AFD_COLLECTOR_ANCHOR_H

#include "evidence/item.h"
#include "evidence/sink.h"

#define AFD_ANCHOR_DECODER "timestamp"
#define AFD_ANCHOR_MEDIA_TYPE "application/vnd.affidavit.anchor"
#define AFD_MAX_TIMESTAMP (64u * 1024)

/* BYTES: note and answer together. An answer that was not to be had is a text in its place, and the item's kind "run". */
int afd_anchor_write(struct afd_slice note, struct afd_slice answer, struct afd_buf *ret, struct afd_ranges *ret_parts,
                     struct afd_error *err);
int afd_anchor_decode(const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err);

/* What a TimeStampResp claims; nothing is verified. */
struct afd_token_claim { int64_t time_ms; struct afd_digest imprint; };
int afd_token_claim(struct afd_slice answer, struct afd_token_claim *ret, struct afd_error *err);

#endif
