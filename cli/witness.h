/* Witnesses: others who saw a head of our ledger and say so with a cosignature (C2SP tlog-cosignature). */
#ifndef AFD_CLI_WITNESS_H
#define AFD_CLI_WITNESS_H

#include "cli/session.h"
#include "cli/verify.h"

/* FILE is a note over a head of the store, with more signature lines: those by witnesses of the configuration are verified and kept. */
int witness_accept(struct session *s, const char *file, struct afd_error *err);
/* A line for each cosignature under the head of SIZE. */
int witness_show(struct session *s, uint64_t size, struct afd_error *err);
/* The note of the head of SIZE with all its signatures; 1 there is one, 0 none. *ret_own: how long it is without cosignatures. */
int witness_note(struct afd_store *s, uint64_t size, struct afd_buf *ret, size_t *ret_own, struct afd_error *err);
/* Claims: every cosignature kept, by the keys of CONFIG. */
void verify_cosignatures(struct verify *v, const struct afd_config *config);
/* Claims: every anchor among the items is over a head of this ledger, and leads to a root that was given. (cli/verify_anchor.c) */
void verify_anchors(struct verify *v);
/* The token in a TimeStampResp (behind the status); borrowed, empty when there is none. */
struct afd_slice anchor_token(struct afd_slice answer);

#endif
