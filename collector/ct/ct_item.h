/* What of a log goes into the ledger, so that each item alone can be checked by somebody who has nothing else: JSON with
 * sorted keys, bytes in base64. Making and reading it; the reading is pure.
 *
 *   HEAD   {"checkpoint","key","log"}
 *   ENTRY  {"chain":[..],"checkpoint","extra","index","key","leaf_input","log","proof":[..]}
 *   RANGE  {"after":[hex],"before":[hex],"entries","from","head":{"root","size","timestamp"},"hits","log","to","unparsable","watch"}
 *   WATCH  the names, one per line
 *
 * "checkpoint" is the signed note as text, "key" the log's public key (SPKI) as configured, "chain" the issuer's
 * certificate when the log gave it, "before" and "after" the compact ranges of the tree at "from" and "to". */
#ifndef AFD_COLLECTOR_CT_ITEM_H
#define AFD_COLLECTOR_CT_ITEM_H

#include <jansson.h>

#include "collector/ct/tiles.h"
#include "core/doc.h"
#include "evidence/item.h"
#include "evidence/sink.h"

#define AFD_CT_HEAD_TYPE  "application/vnd.affidavit.ct-head+json"
#define AFD_CT_ENTRY_TYPE "application/vnd.affidavit.ct-entry+json"
#define AFD_CT_RANGE_TYPE "application/vnd.affidavit.ct-range+json"
#define AFD_CT_WATCH_TYPE "text/plain; charset=utf-8"

/* A log's key and name, and a head of it. */
struct afd_ct_log { const char *origin; struct afd_slice key; };
struct afd_ct_head { uint64_t size; struct afd_digest root; int64_t timestamp; };

/* Note, signature by the log's key, origin: the head that CHECKPOINT signs. */
int afd_ct_head_verify(struct afd_slice checkpoint, const struct afd_ct_log *log, struct afd_ct_head *ret, struct afd_error *err);

struct afd_ct_range {
	uint64_t from, to, entries, hits, unparsable;
	struct afd_merkle before, after;
	struct afd_ct_head head;
	const char *watch;
};
int afd_ct_head_item(const struct afd_ct_log *log, struct afd_slice checkpoint, struct afd_buf *ret, struct afd_error *err);
int afd_ct_entry_item(const struct afd_ct_log *log, struct afd_slice checkpoint, const struct afd_ct_path *path, struct afd_slice leaf_input,
                      struct afd_slice extra, struct afd_slice issuer, struct afd_buf *ret, struct afd_error *err);
int afd_ct_range_item(const struct afd_ct_log *log, const struct afd_ct_range *range, struct afd_buf *ret, struct afd_error *err);

/* The pieces that items and the cursor of a run share. _dump gives *ret the compact text with sorted keys and takes the
 * document; the readers are strict and name what they expected. */
json_t *afd_ct_json_digest(const struct afd_digest *d);
json_t *afd_ct_json_tree(const struct afd_merkle *m);
json_t *afd_ct_head_json(const struct afd_ct_head *h);
int afd_ct_dump(json_t *doc, struct afd_buf *ret, struct afd_error *err);
int afd_ct_read_tree(const struct afd_node *list, uint64_t size, struct afd_merkle *ret, struct afd_error *err);
int afd_ct_read_head(struct afd_doc *doc, const struct afd_node *n, struct afd_ct_head *ret, struct afd_error *err);

int afd_ct_decode(const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err);

#endif
