/* Receipts: which findings somebody was told of, and what became of the telling. One item for a run of `check --since-last`, put
 * after the last finding was told: who is killed before that tells again, and nothing is taken for told that was not.
 *
 * {"notices":[{"channel","check","finding","outcome","reason"?,"resource","severity","status","t"}],"v":1}, canonical JSON (sorted
 * keys, no blanks). The table notice is decoded from it and from nothing else. */
#ifndef AFD_COLLECTOR_NOTICE_H
#define AFD_COLLECTOR_NOTICE_H

#include "evidence/item.h"
#include "evidence/sink.h"

#define AFD_NOTICE_DECODER    "notice"
#define AFD_NOTICE_MEDIA_TYPE "application/vnd.affidavit.notice+json"
#define AFD_NOTICE_MAX_ROWS   20000u                  /* notices in one item */
#define AFD_NOTICE_MAX_BYTES  (64u * 1024 * 1024)     /* of one item */

/* Notice I is part 2 * I + 1; the text around them makes the others. */
int afd_notice_write(const struct afd_row_notice *at, size_t n, struct afd_buf *ret, struct afd_ranges *ret_parts, struct afd_error *err);
int afd_notice_split(struct afd_slice bytes, struct afd_ranges *parts, struct afd_error *err);
int afd_notice_decode(const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err);

#endif
