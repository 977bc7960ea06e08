/* Entries of Certificate Transparency logs: the leaf (RFC 6962, 3.4), its form in data tiles (static-ct-api), the
 * certificate inside, and the names that are looked for. Strict in bounds, tolerant in names: what cannot be walked
 * "could match" and is kept. Nothing here allocates except where an afd_buf or a free function is named. */
#ifndef AFD_COLLECTOR_CT_ENTRY_H
#define AFD_COLLECTOR_CT_ENTRY_H

#include "core/der.h"
#include "core/digest.h"
#include "core/doc.h"
#include "core/when.h"

/* One entry; slices point into the bytes given. */
struct afd_ct_leaf {
	uint64_t timestamp_ms;
	bool precert;
	struct afd_slice certificate;             /* x509: the certificate; precert: the TBSCertificate without poison */
	struct afd_slice issuer_key_hash;         /* precert: 32 bytes; else empty */
	bool has_index; uint64_t index;           /* leaf_index extension; archived RFC 6962 logs have none */
	struct afd_slice timestamped;             /* TimestampedEntry; leaf_input = 00 00 and this */
	struct afd_slice extra;                   /* data tile only: what follows it, not under the leaf hash: */
	struct afd_slice precertificate;          /*   the precertificate as submitted */
	struct afd_slice fingerprints;            /*   SHA-256 of each issuer in the chain, 32 bytes each, nearest first */
};

/* Reads one TileLeaf. */
int afd_ct_tile_leaf(struct afd_reader *r, struct afd_ct_leaf *ret, struct afd_error *err);
/* A whole MerkleTreeLeaf (leaf_input). */
int afd_ct_merkle_leaf(struct afd_slice leaf_input, struct afd_ct_leaf *ret, struct afd_error *err);
/* The bytes of a TileLeaf after its TimestampedEntry; fills extra, precertificate, fingerprints by leaf->precert. */
int afd_ct_leaf_extra(struct afd_slice extra, struct afd_ct_leaf *leaf, struct afd_error *err);
/* SHA-256(00 || leaf_input) */
void afd_ct_leaf_hash(struct afd_sha256_ctx *c, const struct afd_ct_leaf *leaf, struct afd_digest *ret);

/* A page of get-entries (RFC 6962, 4.6). leaf_input is decoded for every entry; extra_data only when it is asked for,
 * because nobody looks at it but for the few entries that match. */
struct afd_ct_page_entry { struct afd_range leaf; struct afd_slice extra; bool extra_escaped; };
struct afd_ct_page {
	struct afd_ct_page_entry *at; size_t n, cap;
	struct afd_buf leaves;
	struct afd_doc *doc;                      /* not NULL: the scanner left the page to jansson */
};
/* Reads JSON, which the page borrows until it is released: an object whose "entries" is a list of at most MAX objects
 * with "leaf_input" and "extra_data", in any order and with any blanks; what else stands there is skipped. A page that is
 * not JSON (RFC 8259), says something twice, or lacks a member is refused, and so is leaf_input that is not base64.
 * RET is empty or was read before; its memory is used again. */
int afd_ct_scan_entries(struct afd_slice json, size_t max, struct afd_ct_page *ret, struct afd_error *err);
/* The same through jansson alone: what the scanner is measured against, and what it falls back on. */
int afd_ct_parse_entries(struct afd_slice json, size_t max, struct afd_ct_page *ret, struct afd_error *err);
static inline struct afd_slice afd_ct_page_leaf(const struct afd_ct_page *p, size_t i)
{
	return afd_slice_sub(afd_buf_slice(&p->leaves), p->at[i].leaf.off, p->at[i].leaf.len);
}
/* extra_data of entry I, decoded and appended. */
int afd_ct_page_extra(const struct afd_ct_page *p, size_t i, struct afd_buf *ret, struct afd_error *err);
void afd_ct_page_release(struct afd_ct_page *p);

/* A certificate, or a TBSCertificate alone, taken apart. */
struct afd_ct_cert {
	struct afd_slice tbs;                     /* with tag and length */
	struct afd_slice serial;                  /* content of the INTEGER */
	struct afd_slice issuer, subject, spki;   /* with tag and length */
	struct afd_der not_before, not_after;
	struct afd_slice head;                    /* content of the TBS before its extensions */
	struct afd_slice extensions;              /* content of Extensions; empty when there are none */
	bool has_extensions;
};
int afd_ct_cert_walk(struct afd_slice der, bool tbs_only, struct afd_ct_cert *ret, struct afd_error *err);
inline static int afd_ct_leaf_cert(const struct afd_ct_leaf *l, struct afd_ct_cert *ret, struct afd_error *err)
{
	return afd_ct_cert_walk(l->certificate, l->precert, ret, err);
}

/* Every dNSName and iPAddress of every subjectAltName, then every common name of the subject. Raw bytes; tag is the
 * string type of a common name. CB returns 0 to go on, else that is returned. -1 with err: the structure is broken. */
enum afd_ct_name_kind { AFD_CT_DNS, AFD_CT_IP, AFD_CT_CN };
typedef int afd_ct_name_cb(void *ctx, enum afd_ct_name_kind kind, uint8_t tag, struct afd_slice raw);
int afd_ct_names(const struct afd_ct_cert *c, afd_ct_name_cb *cb, void *ctx, struct afd_error *err);
/* Text of one name, appended: canonical when it is a DNS name, else lower-case with \DDD for what is not printable. */
int afd_ct_name_text(enum afd_ct_name_kind kind, uint8_t tag, struct afd_slice raw, struct afd_buf *ret);
/* What lenient readers make of a name that is not plain: without blanks around it, scheme, path and port, only up to a NUL;
 * an address in letters is one (*kind). 1: that was appended, or nothing because the name is plain; 0: no host has such
 * a name, whatever is done to it; -1: memory. */
int afd_ct_name_meant(uint8_t tag, struct afd_slice raw, enum afd_ct_name_kind *kind, struct afd_buf *ret);
/* A common name with a blank inside is the name of somebody ("Example Trading Ltd."), not of a host. */
bool afd_ct_is_title(struct afd_slice cn);

/* A distinguished name in one line, most specific first, "CN=Test CA,O=Example" (RFC 4514, 2): short names of section 3
 * and a few more, else the dotted number; bytes outside printable ASCII as \XX; values that are no text as #hex. */
/* One value of it, escaped (2.4). */
int afd_ct_dn_value_text(struct afd_slice value, struct afd_buf *ret);
int afd_ct_dn_text(struct afd_slice name, struct afd_buf *ret, struct afd_error *err);
/* The TBSCertificate without poison and SCT list (RFC 6962, 3.2): those bytes cut, the lengths around them set right,
 * nothing else touched, so that a precertificate and its certificate give the same. */
int afd_ct_tbs_stripped(const struct afd_ct_cert *c, struct afd_buf *ret, struct afd_error *err);

/* An SCT of the list inside a certificate (RFC 6962, 3.3). static-ct-api logs say where the entry stands. */
struct afd_ct_sct { struct afd_slice log_id; uint64_t timestamp_ms; bool has_index; uint64_t index; };
/* Every SCT; -1 with err: the list is broken. A certificate without a list has none, a precertificate neither. CB returns 0
 * to go on, else that is returned. */
typedef int afd_ct_sct_cb(void *ctx, const struct afd_ct_sct *sct);
int afd_ct_scts(const struct afd_ct_cert *c, afd_ct_sct_cb *cb, void *ctx, struct afd_error *err);
bool afd_ct_is_poisoned(const struct afd_ct_cert *c);
/* The policies that it was issued under, dotted, blanks between; appended. */
int afd_ct_policies(const struct afd_ct_cert *c, struct afd_buf *ret, struct afd_error *err);
/* Its key: rsa, ecdsa, ed25519, ed448, other, with the bits of modulus or curve; NULL and 0: libcrypto cannot read it. */
struct afd_ct_key { const char *algorithm; int bits; };
struct afd_ct_key afd_ct_key(const struct afd_ct_cert *c);
/* How it was signed, as the signed part says (RFC 5280, 4.1.2.3): sha256-rsa, sha384-ecdsa, ..., else the OID; appended. */
int afd_ct_signature_text(const struct afd_ct_cert *c, struct afd_buf *ret, struct afd_error *err);
/* Where it says that its revocation ("crl", "ocsp") and its issuer's certificate ("issuer") are published. Broken extensions
 * and what is no plain text say nothing. CB returns 0 to go on, else that is returned. */
#define AFD_CT_MAX_URL 1024
typedef int afd_ct_url_cb(void *ctx, const char *kind, struct afd_slice url);
int afd_ct_urls(const struct afd_ct_cert *c, afd_ct_url_cb *cb, void *ctx);

/* Neither the precertificate nor the chain is under the leaf hash: does what was sent along belong to the leaf? CHAIN:
 * certificates, nearest issuer first. WHY says what does not fit. */
enum afd_ct_chain { AFD_CT_CHAIN_NONE, AFD_CT_CHAIN_BELIEVED, AFD_CT_CHAIN_NOT_BELIEVED };
enum afd_ct_chain afd_ct_chain_check(const struct afd_ct_leaf *leaf, const struct afd_slice *chain, size_t n, struct afd_error *why);

/* What is looked for: rules, one text each, as they stand in the lists of the ledger (kind watch):
 *   example.test      the name and everything below it
 *   =www.example.test this name alone
 *   192.0.2.0/24      addresses, 2001:db8::/32 as well; nothing set behind the prefix
 *   ~example.test     names that look like it (core/likeness.h)
 * Cost of a look-up does not grow with their number. */
struct afd_ct_watch;
int afd_ct_watch_new(const char *const *rule, size_t n, struct afd_ct_watch **ret, struct afd_error *err);
struct afd_ct_watch *afd_ct_watch_free(struct afd_ct_watch *w);      /* NULL */
/* A rule in its one form: names canonical, addresses as inet_ntop() writes them, always with their prefix. */
int afd_ct_rule_canonical(struct afd_slice text, struct afd_buf *ret, struct afd_error *err);
/* Could a certificate with this name speak for what is watched? Case, one final dot and "*." do not matter; a wildcard
 * also reaches the watched names one label below it; a label with bytes no host name has could be anything; an address in
 * place of a name is one. */
bool afd_ct_watch_matches(const struct afd_ct_watch *w, struct afd_slice name);
/* An iPAddress of 4 or 16 bytes in one of the ranges? */
bool afd_ct_watch_address(const struct afd_ct_watch *w, struct afd_slice raw);
/* Bytes that W takes. */
size_t afd_ct_watch_size(const struct afd_ct_watch *w);
/* Is this very rule one of them? */
bool afd_ct_watch_has(const struct afd_ct_watch *w, const char *rule);
/* 1 a name matches, 0 none does, -1 the certificate cannot be walked (err): it could match. */
int afd_ct_watch_entry(const struct afd_ct_watch *w, const struct afd_ct_leaf *leaf, struct afd_error *err);

#endif
