/* Evidence store: an append-only ledger and the tables derived from it. SQLite: one file, WAL, synchronous FULL.
 *
 * Way of an item: put into the inbox (one transaction with the cursor of its source) -> the sequencer gives it a leaf
 * index -> a signed head covers it -> derive (evidence/derive.h) makes rows of it, in leaf order. So the derived tables
 * are a function of a prefix of the ledger and of nothing else; docs/design.md 3 says why. */
#ifndef AFD_EVIDENCE_STORE_H
#define AFD_EVIDENCE_STORE_H

#include "core/merkle.h"
#include "evidence/item.h"

struct afd_store;

enum { AFD_STORE_READ = 0, AFD_STORE_WRITE = 1, AFD_STORE_CREATE = 2 };
/* URL: a file's path (":memory:" for tests). READ refuses to create, sees the state at which it opened whatever a writer
 * does meanwhile, and keeps joined tables for itself. There is one writer; a second one is told which process holds
 * the store (PATH.lock). One thread at a time may use it. Give back with afd_store_close(), after the queries on it. */
int afd_store_open(const char *url, int mode, struct afd_store **ret, struct afd_error *err);
struct afd_store *afd_store_close(struct afd_store *s);          /* NULL */
void afd_store_release(struct afd_store **s);

/* Facts about the store itself: "origin" (name of the ledger and of its key), "vkey" (public store key), "created",
 * "test" (1: made with a test clock or test keys: every report says TEST). *ret is owned text, NULL when not set. */
int afd_store_meta(struct afd_store *s, const char *name, char **ret, struct afd_error *err);
int afd_store_meta_set(struct afd_store *s, const char *name, const char *value, struct afd_error *err);

/* --- writing --- */
/* Everything between begin and commit is one transaction; the cursor moves with the items that it speaks of. */
int afd_store_begin(struct afd_store *s, struct afd_error *err);
int afd_store_commit(struct afd_store *s, struct afd_error *err);
void afd_store_rollback(struct afd_store *s);
int afd_store_put(struct afd_store *s, const struct afd_draft *d, const struct afd_env *env, struct afd_error *err);
int afd_store_cursor(struct afd_store *s, const char *source, char **ret, struct afd_error *err);     /* NULL: none yet */
int afd_store_cursor_set(struct afd_store *s, const char *source, const char *value, int64_t now_ms, struct afd_error *err);

/* Moves the inbox into the tree in order of arrival; one transaction. */
int afd_store_sequence(struct afd_store *s, uint64_t *ret_size, struct afd_error *err);
/* Keeps a signed note over the tree of SIZE. Refuses a note whose size or root is not that of the tree. */
int afd_store_put_head(struct afd_store *s, struct afd_slice note, int64_t signed_ms, struct afd_error *err);
/* Retention: forgets bytes, record, salt and secret of LEAF; the leaf hash stays, and a tombstone item that keeps source,
 * decoder, kind and time is put into the inbox, all in one transaction (sequence and sign afterwards). The next derive
 * makes all tables anew, and what was behind LEAF is a gap in them. Refuses the newest version of a user's file. */
int afd_store_erase(struct afd_store *s, uint64_t leaf, const char *rule, const char *actor, const struct afd_env *env, struct afd_error *err);

/* --- reading --- */
struct afd_head { uint64_t size; struct afd_digest root; char *note; int64_t signed_ms; };   /* owned */
void afd_head_release(struct afd_head *h);
int afd_store_size(struct afd_store *s, uint64_t *ret, struct afd_error *err);               /* sequenced leaves */
int afd_store_root(struct afd_store *s, uint64_t size, struct afd_digest *ret, struct afd_error *err);
/* The newest head of at most MAX leaves (AFD_ANY_SIZE: newest); 1 found, 0 none. */
#define AFD_ANY_SIZE UINT64_MAX
int afd_store_head(struct afd_store *s, uint64_t max, struct afd_head *ret, struct afd_error *err);
/* Lines of witnesses under the head of SIZE ("em dash NAME BASE64", without LF), which the caller has verified; a head's own note stays as
 * it was signed. Reading appends them, each with LF. */
int afd_store_cosign(struct afd_store *s, uint64_t size, const char *line, struct afd_error *err);
int afd_store_cosignatures(struct afd_store *s, uint64_t size, struct afd_buf *ret, size_t *ret_n, struct afd_error *err);
int afd_store_leaf_hash(struct afd_store *s, uint64_t leaf, struct afd_digest *ret, struct afd_error *err);
int afd_store_inclusion(struct afd_store *s, uint64_t leaf, uint64_t size, struct afd_digest *proof, size_t *n, struct afd_error *err);
int afd_store_consistency(struct afd_store *s, uint64_t first, uint64_t second, struct afd_digest *proof, size_t *n, struct afd_error *err);

/* A withheld item is present without bytes. MISSING: no bytes or record, and no mark that says why. */
enum afd_presence { AFD_PRESENT, AFD_ERASED, AFD_MISSING };
struct afd_item {                                 /* owned */
	uint64_t leaf;
	struct afd_digest hash;
	enum afd_presence presence;
	struct afd_buf record_text, bytes, part_lengths;
	uint8_t secret[32];
	struct afd_record record;                 /* parsed; erased: source, decoder, kind and received_ms, if its stub has them */
	struct afd_ranges parts;
};
int afd_store_item(struct afd_store *s, uint64_t leaf, struct afd_item *ret, struct afd_error *err);
/* By the records, not by derived tables. 1: the first leaf from FROM on of KIND and DECODER that is not erased; 0: none. */
int afd_store_next_of(struct afd_store *s, const char *kind, const char *decoder, uint64_t from, uint64_t *ret, struct afd_error *err);
/* 1: the latest time at which one of the leaves [FROM, TO) says that it was received; 0: all are erased, or there is none. */
int afd_store_last_received(struct afd_store *s, uint64_t from, uint64_t to, int64_t *ret, struct afd_error *err);
void afd_item_release(struct afd_item *i);

/* 16 bytes that hide a finding of a report over SIZE leaves from whoever was shown another one (docs/report-json.md):
 * HMAC-SHA256(secret, "finding" || u64be(size) || finding id)[0..16], with the secret of leaf 0, or if that was erased
 * of the first leaf that still has its own. The secret stays in here. 1 done, 0 no leaf has a secret. */
int afd_store_finding_salt(struct afd_store *s, uint64_t size, const char *finding_id, uint8_t ret[16], struct afd_error *err);

/* --- reports that were signed --- */
struct afd_published {                            /* owned text */
	uint64_t number;                          /* 1, 2, ... in the order of making */
	int64_t made_ms, as_of_ms, period_from, period_to, valid_from, valid_to;   /* valid: the certificate, half-open */
	uint64_t size;                            /* head that it stands on */
	struct afd_digest root, report, statement, certificate;   /* SHA-256 of report.json, statement.jws, signer's certificate */
	char *label, *report_id, *signer;
};
void afd_published_release(struct afd_published *p);
/* Appends P; its number must be the next. */
int afd_store_publish(struct afd_store *s, const struct afd_published *p, struct afd_error *err);
/* NUMBER 0: the newest. 1 found, 0 none. */
int afd_store_published(struct afd_store *s, uint64_t number, struct afd_published *ret, struct afd_error *err);
/* The key that signs heads over SIZE leaves. VKEY (NULL: the store's own) must be one of the keys that handed over to each
 * other in this ledger: so an old key proves new heads. *ret is owned text, NULL when the store names no key. */
int afd_store_key_for(struct afd_store *s, const char *vkey, uint64_t size, char **ret, struct afd_error *err);

/* Everything the ledger claims about itself, item by item; CB is called with each fault found (leaf, what); leaf is
 * AFD_ANY_SIZE when it is about no leaf. Returns 0 when the walk was possible at all, *faults counts. vkey: a store key
 * that you trust; heads must verify with it, or with those that it handed over to or had it from; NULL: the one that the
 * store names. */
struct afd_ledger_report { uint64_t size, present, erased, faults, heads; };
int afd_store_verify(struct afd_store *s, const char *vkey, void (*cb)(void *ctx, uint64_t leaf, const char *what), void *ctx,
                     struct afd_ledger_report *ret, struct afd_error *err);

/* --- beside a writer: for helpers of its process --- */
/* How large the file is. */
int afd_store_bytes(struct afd_store *s, uint64_t *ret, struct afd_error *err);
/* A reader of what S, a writer, has committed, for one other thread; with S's ceiling of steps, and it heeds what S heeds. *ret NULL: S is no
 * file, may only be read, or is in the middle of a transaction. Close it before S. */
int afd_store_beside(struct afd_store *s, struct afd_store **ret, struct afd_error *err);
/* Such a reader sees what was committed since. */
int afd_store_look_again(struct afd_store *s, struct afd_error *err);

/* --- queries over derived tables: for mappers --- */
struct afd_query;
/* Read-only SQL (an authorizer refuses everything but SELECT); parameters are :name. Close it before its store. A closed one
 * stays prepared, so that to open the same text again costs little. */
int afd_query_open(struct afd_store *s, const char *sql, struct afd_query **ret, struct afd_error *err);
int afd_query_bind_int(struct afd_query *q, const char *name, int64_t v, struct afd_error *err);    /* unknown name: ignored */
int afd_query_bind_text(struct afd_query *q, const char *name, const char *v, struct afd_error *err);
/* 1 a row, 0 the end, -1 error; stops with AFD_E_LIMIT after AFD_MAX_CHECK_SECONDS, counted in steps (query.c). */
int afd_query_step(struct afd_query *q, struct afd_error *err);
/* From now on statements and joins end with AFD_E_IO "stopped" as soon as *STOP is not 0 (borrowed; NULL: they do not). */
void afd_query_heed(struct afd_store *s, const volatile int *stop);
bool afd_query_stopped(const struct afd_store *s);
int afd_query_columns(struct afd_query *q);
const char *afd_query_column_name(struct afd_query *q, int i);
/* How many parameters there are, and what the I-th is called, ":name"; NULL: nothing. */
int afd_query_parameters(struct afd_query *q);
const char *afd_query_parameter(struct afd_query *q, int i);
int64_t afd_query_int(struct afd_query *q, int i);
const char *afd_query_text(struct afd_query *q, int i);        /* NULL for NULL; until the next step */
bool afd_query_is_null(struct afd_query *q, int i);
/* Line of the statement, from 1, at which the last afd_query_open() found a fault; 0 where none can be told. */
unsigned afd_query_fault_line(const struct afd_store *s);
/* 1: for each row of an outer query a table is read from end to end, which RET says; 0: no; SQL was opened before. */
int afd_query_scan(struct afd_store *s, const char *sql, struct afd_buf *ret, struct afd_error *err);
int64_t afd_query_vm_steps(struct afd_query *q);               /* work done so far, for growth tests */
struct afd_query *afd_query_close(struct afd_query *q);        /* NULL */
void afd_query_release(struct afd_query **q);
/* Statements that the mappers own (join results); only tables of the group "joined" in schema.sql. */
int afd_store_exec_joined(struct afd_store *s, const char *sql, struct afd_error *err);

#endif
