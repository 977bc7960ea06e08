/* `affidavit verify`: strict, offline, one file for each kind of thing. A kind adds claims and returns 0 when the work could
 * be done at all; -1 with err is for what is not a verdict (a file that cannot be read, no memory).
 *
 * Nothing here touches the network but verify_refetch.c, which is asked for by name, and no file of what is verified is trusted before a claim about it holds. */
#ifndef AFD_CLI_VERIFY_H
#define AFD_CLI_VERIFY_H

#include "cli/claims.h"
#include "core/digest.h"
#include "core/note.h"
#include "evidence/store.h"
#include "sign/sign.h"

struct verify_options {
	struct cli_texts path, root, stamp_root, crl, earlier, witness, signer;
	const char *dir, *store, *vkey, *fonts, *at;
	bool replay, allow_test, allow_unsigned;
};

/* A few named files: a folder, what was named on the command line, or what a tar holds. */
struct verify_file {
	char *name, *path;            /* name: base name, by which a statement calls it; path: NULL when only in memory */
	struct afd_buf bytes; bool loaded;
	struct afd_digest sha256; bool digested;
};
struct verify_set { struct verify_file *at; size_t n, cap; };
int verify_set_add(struct verify_set *s, const char *name, const char *path, struct verify_file **ret, struct afd_error *err);
struct verify_file *verify_set_find(const struct verify_set *s, const char *name);      /* NULL: not there */
int verify_file_load(struct verify_file *f, size_t max, struct afd_error *err);
int verify_file_digest(struct verify_file *f, struct afd_error *err);                   /* reads in pieces, keeps nothing */
int verify_set_folder(struct verify_set *s, const char *dir, struct afd_error *err);    /* regular files below DIR */
void verify_set_release(struct verify_set *s);

/* A head that something speaks of. note: the signed text, NULL when only size and root are known; borrowed. */
struct verify_head { char origin[256]; uint64_t size; struct afd_digest root; const char *note; bool known; };

/* Shared by all kinds of one run. */
struct verify {
	struct cli *c;
	const struct verify_options *o;
	struct claims claims;
	struct afd_trust trust;                  /* of --root, --timestamp-root, --crl, --at, --allow-test */
	struct afd_buf *trust_bytes; struct afd_slice *trust_at; size_t n_trust;
	struct afd_store *store;                 /* of --store, or what a bundle became; NULL: none */
	const char *store_name;                  /* for claims; borrowed */
	struct afd_store *derived;               /* tables over its own leaves, made from what is verified: saves deriving twice; NULL */
	bool store_tried, store_judged;
	struct afd_digest signer; const char *signer_of;   /* of the first good signature of the set; NULL: none yet */
	bool signer_seen;                        /* something was signed by one of --signer */
	uint64_t erased;                         /* leaves of the store erased under a rule */
};
int verify_open(struct verify *v, struct cli *c, const struct verify_options *o, struct afd_error *err);
void verify_release(struct verify *v);
/* Told apart by content: a folder, files of a report, a head, a tar. */
int verify_paths(struct verify *v, struct afd_error *err);

/* --- kinds --- */
/* What a set of files says of itself: report.json, its signature, report.pdf, statement.jws, head. WHAT is for messages.
 * CLOSED: the set is a folder, so a file that the statement does not name is a fault. */
int verify_set(struct verify *v, struct verify_set *s, bool closed, struct afd_error *err);
int verify_bundle(struct verify *v, const char *path, struct afd_error *err);
int verify_proof(struct verify *v, const char *path, struct afd_error *err);

/* --- pieces that kinds are made of --- */
/* Three claims (signature, signer, time) of one verified thing; R and ERR as afd_*_verify() left them with code RC; the code
 * in ERR says which of the three fails (core/error.h).
 * NOT_BEFORE: a trusted stamp older than this is a lie; AFD_TIME_NONE: not known. */
void verify_signature(struct verify *v, const char *of, int rc, const struct afd_signature_report *r, const struct afd_error *err, int64_t not_before);
/* Note of H: by --vkey or the store's own; that it speaks of H; witnesses. */
void verify_note(struct verify *v, const char *of, const struct verify_head *h);
/* Signed by VKEY; *when, if asked for: the time inside a cosignature. */
int verify_note_by(const char *note, const char *vkey, int64_t *when, struct afd_error *err);
int verify_note_read(const char *note, struct verify_head *ret, struct afd_error *err);
/* The key for a head of SIZE leaves: --vkey, or what the ledger says that it handed over to; *ret NULL: nobody named one. */
int verify_key_for(struct verify *v, uint64_t size, char **ret, struct afd_error *err);
/* STAMP, a token or an authority's answer, over the bytes of DATA. */
void verify_stamp(struct verify *v, const char *of, struct afd_slice stamp, struct afd_slice data);
/* --store: opened once; claims about itself once. NULL when none was given or it cannot be opened (then a claim failed). */
struct afd_store *verify_store(struct verify *v);
void verify_ledger(struct verify *v);
/* That H is a head of the store's first leaves. */
void verify_prefix(struct verify *v, const char *of, const struct verify_head *h);
/* That the store remembers report NUMBER with this STATEMENT: the claim NAME. A copy of the store from before is no fault, and
 * where only the ledger is known (bundle) nothing is said. */
void verify_published(struct verify *v, const char *name, const char *of, int64_t number, const struct afd_digest *statement);
/* Each --earlier against NOW: by the store, or by the proof in the statement ST of NOW, which may be NULL. */
struct afd_statement;
void verify_earlier(struct verify *v, const struct verify_head *now, const struct afd_statement *st);
/* What the verifier kept: a signed note, a report.json, a statement.jws, or a folder with one of them. */
enum kept { KEPT_HEAD, KEPT_REPORT, KEPT_STATEMENT };
struct verify_kept {
	struct verify_head head;
	enum kept what;
	char report_id[64];
	int64_t number;                       /* of a statement: which report of its store; else 0 */
	struct afd_digest sha256, payload;    /* of the file; of what the statement says */
	struct afd_buf keep;
};
int verify_kept_read(const char *path, struct verify_kept *ret, struct afd_error *err);
void verify_kept_release(struct verify_kept *k);

#endif
