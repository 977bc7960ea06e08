/* Anchors of the ledger: the newest head is stamped, and the answer becomes an item that the next head covers. */
#ifndef AFD_CLI_ANCHOR_H
#define AFD_CLI_ANCHOR_H

#include "cli/session.h"
#include "cli/stamp.h"

/* Asks W for a token over the newest signed note, keeps the answer, and seals again. Nothing is done when W is NULL, or the
 * head is stamped already. An authority that fails is a warning and an item that says so, not an error. */
int session_anchor(struct session *s, struct stamping *w, struct afd_error *err);
/* The same with the authorities of O, or of the configuration. */
int session_anchor_with(struct session *s, const struct stamp_options *o, struct afd_error *err);

/* The stamped note and the answer of the anchor over the head of SIZE, from the ledger's items: 1 found, 0 none, the newest if there
 * are several. AUTHORITY is owned. */
struct anchor { uint64_t leaf, size; struct afd_buf note, answer; char *authority; int64_t time_ms; struct afd_digest note_sha256; };
void anchor_release(struct anchor *a);
int anchor_read(struct afd_store *s, struct anchor *ret, struct afd_error *err);      /* note and answer of ret->leaf */
int anchor_find(struct afd_store *s, uint64_t size, struct anchor *ret, struct afd_error *err);

#endif
