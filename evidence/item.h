/* Items: the leaves of the ledger. This format is for ever: see docs/ledger-format.md.
 *
 * The record of an item is text, one "name value" line each, in this order, every line once unless said otherwise,
 * LF at each end, values percent-encoded outside printable ASCII (and '%' itself), "-" where there is nothing:
 *
 *   affidavit-item 1
 *   salt        32 hex digits, random: hides the record behind its leaf hash
 *   kind        answer | segment | entry | head | range | watch | file | run | tombstone | withheld
 *   source      name of the source in the configuration, or "user", "engine"
 *   decoder     kind of the source whose decoder reads the bytes ("static-ct", "inventory", ...)
 *   asked       what was asked, no secrets (a path, a URL without credentials, a query in words)
 *   channel     how it came and what the transport verified ("tcp 192.0.2.1:53 tsig hmac-sha256 audit-key")
 *   asked-at    ms since 1970 UTC
 *   received-at ms
 *   server-time ms, or -
 *   media-type
 *   length      bytes
 *   content     SHA-256(blind || bytes), hex; blind = HMAC-SHA256(secret, "content")[0..16]
 *   parts       number of parts
 *   parts-root  RFC 6962 root over SHA-256(0x00 || salt_i || part_i); salt_i = HMAC-SHA256(secret, "part" || u64be i)[0..16]
 *   redacted    OFFSET LENGTH          (one line each; none when nothing was cut)
 *   erases      LEAF LEAF-HASH         (tombstone only), then "rule" and "actor" lines
 *
 * Leaf = SHA-256(0x00 || record). secret: 32 random bytes beside the item, never in the record: it travels only with
 * the whole item, one salt_i only with part i, so that a part can be shown without making the rest guessable. */
#ifndef AFD_EVIDENCE_ITEM_H
#define AFD_EVIDENCE_ITEM_H

#include "core/digest.h"
#include "core/env.h"
#include "core/limits.h"

enum afd_item_kind {
	AFD_ITEM_ANSWER, AFD_ITEM_SEGMENT, AFD_ITEM_ENTRY, AFD_ITEM_HEAD, AFD_ITEM_RANGE, AFD_ITEM_WATCH,
	AFD_ITEM_FILE, AFD_ITEM_RUN, AFD_ITEM_TOMBSTONE, AFD_ITEM_WITHHELD, AFD_ITEM_KIND_COUNT
};
const char *afd_item_kind_name(enum afd_item_kind k);

/* A handover of the store key: an item of kind file, source "engine", this decoder (docs/ledger-format.md, 5.1). */
#define AFD_HANDOVER_DECODER "store-key"
#define AFD_HANDOVER_LINE "affidavit-store-key-handover 1"

/* What is to become an item; everything borrowed. bytes are as they left the redactor. */
struct afd_draft {
	enum afd_item_kind kind;
	const char *source, *decoder, *asked, *channel, *media_type;
	int64_t asked_ms, received_ms, server_ms;     /* server_ms: AFD_TIME_NONE when unknown */
	struct afd_slice bytes;
	struct afd_ranges redacted;                   /* where bytes were replaced by '*' */
	struct afd_ranges parts;                      /* tile the bytes without gap or overlap; empty = one part */
	uint64_t erases_leaf; struct afd_digest erases_hash; const char *rule, *actor;   /* tombstone only */
};

struct afd_sealed {                               /* owned */
	uint8_t secret[32];
	struct afd_buf record;
	struct afd_digest leaf, sha256;               /* sha256 of the plain bytes: the blob's name, never published */
	struct afd_buf part_lengths;                  /* u32be each */
};
/* Draws salt and secret from ENV, writes the record, hashes. Refuses parts that do not tile. */
int afd_item_seal(const struct afd_draft *d, const struct afd_env *env, struct afd_sealed *ret, struct afd_error *err);
void afd_sealed_release(struct afd_sealed *s);

/* A record read back, strictly: exactly the lines above. Texts are owned. */
struct afd_record {
	uint8_t salt[16];
	enum afd_item_kind kind;
	char *source, *decoder, *asked, *channel, *media_type, *rule, *actor;
	int64_t asked_ms, received_ms, server_ms;
	uint64_t length, n_parts, erases_leaf;
	struct afd_digest content, parts_root, erases_hash;
	struct afd_ranges redacted;
};
int afd_record_parse(struct afd_slice text, struct afd_record *ret, struct afd_error *err);
void afd_record_release(struct afd_record *r);
void afd_record_leaf(struct afd_slice text, struct afd_digest *ret);

/* true if the bytes with their secret and part lengths are those that the record commits to. */
bool afd_record_matches(const struct afd_record *r, const uint8_t secret[32], struct afd_slice bytes, struct afd_slice part_lengths);
void afd_part_salt(const uint8_t secret[32], uint64_t index, uint8_t ret[16]);
void afd_part_leaf(const uint8_t salt[16], struct afd_slice part, struct afd_digest *ret);

/* What a decoder sees of a stored item: bytes and record, nothing else. Borrowed. */
struct afd_item_view {
	uint64_t leaf;
	const struct afd_record *record;
	struct afd_slice bytes;
	struct afd_ranges parts;                      /* always tiles bytes */
};

#endif
