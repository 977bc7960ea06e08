/* What a bundle holds besides the ledger's own files, as a function of the evidence: the same words for who makes a bundle
 * and for who checks it (docs/bundle-format.md). */
#ifndef AFD_CLI_BUNDLE_H
#define AFD_CLI_BUNDLE_H

#include "core/tar.h"
#include "mappers/assess.h"

/* The lines of BUNDLE. Texts are owned. */
struct bundle_scope { char *engine, *period; int64_t as_of; uint64_t head; };
int bundle_scope_write(const struct bundle_scope *s, struct afd_buf *ret);
/* Strictly: what it takes is what would be written. */
int bundle_scope_read(struct afd_slice text, struct bundle_scope *ret, struct afd_error *err);
void bundle_scope_release(struct bundle_scope *s);

/* params/ID.sql: sets what the statements of a check are run with, for the sqlite3 shell. */
int bundle_params(const struct afd_assessment *a, const struct afd_check *c, struct afd_buf *ret, struct afd_error *err);
/* The head of check C in S and both its statements, each whole, as they are run; *there false: it was erased since. */
int bundle_check(struct afd_store *s, const struct afd_check *c, struct afd_buf *ret, bool *there, struct afd_error *err);
/* VERIFY.md. LEAVES: how many the bundle has. */
int bundle_words(const struct afd_assessment *a, uint64_t leaves, const char *vkey, bool report, struct afd_buf *ret);
/* Name in the archive; -1 when the id of a check cannot stand in one. */
int bundle_name(char ret[AFD_TAR_NAME], const char *folder, const char *id, const char *end, struct afd_error *err);

#endif
