/* What of a log goes into the ledger, so that each item alone can be checked by somebody who has nothing else: JSON with
 * sorted keys, bytes in base64. Making and reading it; the reading is pure.
 *
 *   HEAD   {"checkpoint","key","log","witnesses":[..]}
 *   HEAD   {"answer","answer_sha256","before","head","incident","key","lasting","log","seen","text"}
 *   ENTRY  {"chain":[..],"checkpoint","extra","index","key","leaf_input","log","proof":[..]}
 *   RANGE  {"after":[hex],"before":[hex],"entries","from","head":{"root","size","timestamp"},"hits","log","to","unparsable","watch"}
 *   WATCH  the names, one per line
 *
 * "checkpoint" is the signed note as text; of a log of RFC 6962 "sth", the answer of get-sth as text, stands in its
 * place. "key" is the log's public key (SPKI) as configured, "witnesses" the keys (vkey) of those whose cosignatures
 * count; "chain" the issuers' certificates as far as the log gave them; "extra" what follows the leaf in a data tile
 * (of get-entries: made from extra_data); "before" and "after" of a range the compact ranges of the tree at "from" and
 * "to". Of an incident "before" is the signed head that "head" contradicts, when there is one, and "answer" what the log
 * answered, in base64, up to MOST_TOLD bytes of it. */
#ifndef AFD_COLLECTOR_CT_ITEM_H
#define AFD_COLLECTOR_CT_ITEM_H

#include <jansson.h>

#include "collector/ct/tiles.h"
#include "core/doc.h"
#include "evidence/item.h"
#include "evidence/sink.h"

#define AFD_CT_HEAD_TYPE  "application/vnd.affidavit.ct-head+json"
#define AFD_CT_INCIDENT_TYPE "application/vnd.affidavit.ct-incident+json"
#define AFD_CT_ENTRY_TYPE "application/vnd.affidavit.ct-entry+json"
#define AFD_CT_RANGE_TYPE "application/vnd.affidavit.ct-range+json"
#define AFD_CT_WATCH_TYPE "text/plain; charset=utf-8"

/* A log's key and name, whose cosignatures count, and a head of it. */
struct afd_ct_log { const char *origin; struct afd_slice key; struct afd_texts witness; };
struct afd_ct_head { uint64_t size; struct afd_digest root; int64_t timestamp; };

/* --- ct_head.c --- */

/* The head that SIGNED, a checkpoint or an answer of get-sth (RFC 6962, 4.3), signs: signature by the log's key; and of
 * a checkpoint the origin. */
int afd_ct_head_verify(struct afd_slice signed_head, const struct afd_ct_log *log, struct afd_ct_head *ret, struct afd_error *err);
bool afd_ct_is_sth(struct afd_slice signed_head);
/* Are they vkeys of witnesses (type 0x04)? */
int afd_ct_witnesses_check(const struct afd_texts *witness, struct afd_error *err);
/* Every signature line of a checkpoint but the log's own that counted: who, what kind, and whether it holds. Nothing for an
 * answer of get-sth. CB as afd_sink.ct_signature. */
int afd_ct_signatures(struct afd_slice signed_head, const struct afd_ct_log *log, const struct afd_ct_head *head,
                      struct afd_sink *sink, struct afd_error *err);

/* --- ct_item.c --- */

#define AFD_CT_MOST_TOLD (64u * 1024)             /* bytes of a wrong answer in an incident; more: its digest alone */
struct afd_ct_incident_told {
	const char *kind, *text;
	bool lasting;
	int64_t seen_ms;
	struct afd_slice before, head, answer;    /* signed heads; empty: there is none */
};
int afd_ct_incident_item(const struct afd_ct_log *log, const struct afd_ct_incident_told *i, struct afd_buf *ret, struct afd_error *err);

struct afd_ct_range {
	uint64_t from, to, entries, hits, unparsable;
	struct afd_merkle before, after;
	struct afd_ct_head head;
	const char *watch;
};
/* Reads a range item; watch and log live in *doc, the caller's to free. Its numbers and trees fit together. */
int afd_ct_range_read(struct afd_slice bytes, struct afd_doc **doc, struct afd_ct_range *ret, const char **log, struct afd_error *err);
int afd_ct_head_item(const struct afd_ct_log *log, struct afd_slice signed_head, struct afd_buf *ret, struct afd_error *err);
/* chain: certificates one after the other, each with its u24 length. */
int afd_ct_entry_item(const struct afd_ct_log *log, struct afd_slice signed_head, const struct afd_ct_path *path, struct afd_slice leaf_input,
                      struct afd_slice extra, struct afd_slice chain, struct afd_buf *ret, struct afd_error *err);
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
