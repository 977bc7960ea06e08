/* C2SP signed notes and checkpoints: reading and verifying. Signing lives in sign/note.h.
 * (signed-note, tlog-checkpoint, static-ct-api v1.1.0) */
#ifndef AFD_CORE_NOTE_H
#define AFD_CORE_NOTE_H

#include "core/digest.h"
#include "core/limits.h"

enum afd_note_alg { AFD_NOTE_ED25519 = 0x01, AFD_NOTE_COSIGNATURE = 0x04, AFD_NOTE_RFC6962 = 0x05 };

struct afd_note_sig { struct afd_slice name; uint8_t id[4]; struct afd_slice base64; struct afd_buf sig; /* after the id */ };
struct afd_note { struct afd_slice text; /* with its last LF */ struct afd_note_sig sig[AFD_MAX_NOTE_SIGS]; size_t n; };

/* Borrows from BYTES; give back with afd_note_release(). Splits at the last blank line; refuses control characters
 * other than LF, broken signature lines, more than AFD_MAX_NOTE_SIGS. */
int afd_note_parse(struct afd_slice bytes, struct afd_note *ret, struct afd_error *err);
void afd_note_release(struct afd_note *n);

struct afd_checkpoint { char origin[256]; uint64_t size; struct afd_digest root; };
/* Three lines and no extension lines; size without leading zeros. */
int afd_checkpoint_parse(struct afd_slice text, struct afd_checkpoint *ret, struct afd_error *err);
int afd_checkpoint_text(const struct afd_checkpoint *c, struct afd_buf *ret);

/* key: for ED25519 and COSIGNATURE the 32 raw bytes; for RFC6962 the log's SPKI DER (log id = SHA-256 of it). */
struct afd_note_key { char name[256]; enum afd_note_alg alg; struct afd_slice key; };
void afd_note_key_id(const struct afd_note_key *k, uint8_t ret[4]);
/* "name+hexid+base64(alg||key)"; key bytes appended to KEEP, which ret borrows. */
int afd_note_vkey_parse(const char *vkey, struct afd_buf *keep, struct afd_note_key *ret, struct afd_error *err);
int afd_note_vkey_text(const struct afd_note_key *k, struct afd_buf *ret);
/* 0 if a signature by K stands under the note and verifies; signatures of unknown keys are ignored; a failing or
 * doubled one of K refuses the note. *signed_ms: the time inside (COSIGNATURE, RFC6962), else AFD_TIME_NONE. */
int afd_note_verify(const struct afd_note *n, const struct afd_note_key *k, int64_t *signed_ms, struct afd_error *err);

/* A signature by the key in SPKI (DER): Ed25519, ECDSA or RSA PKCS#1 with SHA-256. */
int afd_spki_verify(struct afd_slice spki, struct afd_slice message, struct afd_slice sig, struct afd_error *err);

#endif
