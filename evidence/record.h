/* The text of a record: written and read in one place, so that both can only agree. Private to evidence/. */
#ifndef AFD_EVIDENCE_RECORD_H
#define AFD_EVIDENCE_RECORD_H

#include "evidence/item.h"

#define AFD_MAX_RECORD      (16u * 1024 * 1024)   /* bytes of one record */
#define AFD_MAX_RECORD_TEXT (64u * 1024)          /* bytes of one text in it, before encoding */

/* Appends the record's text. -1 when a value cannot stand in a record (docs/ledger-format.md, 2). */
int afd_record_write(const struct afd_record *r, struct afd_buf *ret, struct afd_error *err);
/* One value as it stands in a record: percent-encoded, "-" for nothing. */
int afd_record_encode(const char *text, struct afd_buf *ret, struct afd_error *err);
/* What a tombstone's bytes keep of the item that it erases (docs/ledger-format.md, 3.4): source, decoder, kind and when it
 * was received, and nothing else of RET. -1 when TEXT is no such text; RET then holds nothing. */
int afd_stub_write(const struct afd_record *r, struct afd_buf *ret, struct afd_error *err);
int afd_stub_read(struct afd_slice text, struct afd_record *ret, struct afd_error *err);
/* SHA-256(blind || bytes), blind = HMAC-SHA256(secret, "content")[0..16] */
void afd_item_content(const uint8_t secret[32], struct afd_slice bytes, struct afd_digest *ret);
/* Part lengths (u32be each) as ranges; -1 unless they tile LEN bytes. */
int afd_parts_from_lengths(struct afd_slice lengths, uint64_t len, struct afd_ranges *ret, struct afd_error *err);

#endif
