/* What the tests of evidence share: chance and time that repeat, a decoder that reads rows written as text, and tables
 * written as text. */
#ifndef AFD_TESTS_EVIDENCE_SUPPORT_H
#define AFD_TESTS_EVIDENCE_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "evidence/derive.h"

/* Bytes 0, 1, 2, ... and a clock that stands still. count: items put by put_many. */
struct world { uint8_t next; int64_t now; unsigned count; };
struct afd_env world_env(struct world *w);

/* A path for a store in a folder of its own, and the folder's end. */
const char *scratch(void);
void scratch_remove(void);

/* Stops the test with the error's text when R is not 0. */
#define OK(r) ok_at((r), &err, #r, __FILE__, __LINE__)
void ok_at(int r, const struct afd_error *err, const char *what, const char *file, int line);
/* R must be -1 and the error's text must hold PART. */
#define REFUSED(r, part) refused_at((r), &err, (part), #r, __FILE__, __LINE__)
void refused_at(int r, struct afd_error *err, const char *part, const char *what, const char *file, int line);

struct afd_store *memory_store(void);
void put_text(struct afd_store *s, struct world *w, const char *source, const char *asked, int64_t received_ms, const char *text);
void put_kind(struct afd_store *s, struct world *w, enum afd_item_kind kind, const char *source, const char *decoder,
              const char *asked, int64_t received_ms, const char *text);
/* N items "watch d nameI", I counting through, in one transaction. */
void put_many(struct afd_store *s, struct world *w, unsigned n);
uint64_t sequence(struct afd_store *s);
void derive(struct afd_store *s);

/* Reads lines, each a row for the sink (words separated by blanks; "_" = NULL, "~" = a blank):
 *   whole ZONE SERIAL SEEN [unsigned]     then "+ OWNER TTL TYPE RDATA" lines
 *   diff ZONE FROM TO SEEN [unsigned]     then "-" and "+" lines
 *   serial ZONE SERIAL SEEN [unsigned]
 *   claim ZONE REF FROM TO          then "-" and "+" lines
 *   event ACCOUNT REF ACTION AT [OUTCOME [RECORD-KIND]]
 *   cert LOG INDEX LOGGED pre|final[=ISSUER-KEY-HASH] TBS NAME...
 *   unparsed LOG INDEX REASON
 *   coverage EVIDENCE SCOPE FROM TO GRADE
 *   watch DIGEST NAME
 *   tables TABLE... ; row TABLE KEY COLUMN=TEXT COLUMN:=NUMBER... ; end
 *   fail WORD, ignore (goes on after a row that the sink refused) */
int text_decode(void *ctx, const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err);

/* Rows of SQL, "a|b|c" each with LF; NULL is "_", blobs in hex. */
char *rows(struct afd_store *s, const char *sql);
void assert_rows(struct afd_store *s, const char *sql, const char *expected);
/* Every derived table, row by row. */
char *dump_derived(struct afd_store *s);
/* Any SQL, past all guards: how a forger would do it. */
void tamper(struct afd_store *s, const char *sql);

/* A key and signed notes. */
struct signer { uint8_t seed[32], key[32]; char vkey[256]; const char *name; };
void signer_make(struct signer *k, const char *name);
void sign_head(struct afd_store *s, const struct signer *k, uint64_t size);
char *signed_note(const struct signer *k, uint64_t size, const struct afd_digest *root);

#endif
