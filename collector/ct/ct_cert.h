/* What the files behind ct_entry.h share and nobody else needs: the tags of a certificate's DER, the walk over a name
 * (ct_cert.c), and the text of a string (ct_text.c), which the search (ct_watch.c) reads as the tables do. */
#ifndef AFD_COLLECTOR_CT_CERT_H
#define AFD_COLLECTOR_CT_CERT_H

#include "collector/ct/ct_entry.h"

enum {
	TAG_BOOLEAN = 0x01, TAG_INTEGER = 0x02, TAG_BITS = 0x03, TAG_OCTETS = 0x04, TAG_OID = 0x06, TAG_UTF8 = 0x0c,
	TAG_NUMERIC = 0x12, TAG_PRINTABLE = 0x13, TAG_T61 = 0x14, TAG_IA5 = 0x16, TAG_VISIBLE = 0x1a,
	TAG_UNIVERSAL = 0x1c, TAG_BMP = 0x1e, TAG_SEQUENCE = 0x30, TAG_SET = 0x31,
	TAG_VERSION = 0xa0, TAG_EXTENSIONS = 0xa3, TAG_DNS = 0x82, TAG_IP = 0x87,
};

/* Calls F for each attribute of each RDN of a Name (with tag and length), in the order of the bytes; NEW_RDN tells
 * where one begins. F returns 0 to go on, else that is returned. -1 with err: the structure is broken. */
typedef int afd_ct_attribute_cb(void *ctx, bool new_rdn, const struct afd_der *oid, const struct afd_der *value);
int afd_ct_each_attribute(struct afd_slice name, afd_ct_attribute_cb *f, void *ctx, struct afd_error *err);

/* The characters of a string type as UTF-8, appended: 1 done, 0 no text (the tag is no string type, or the bytes are
 * not of it; some may be appended already), -1 memory. T61 is read as Latin-1, as everybody does. */
int afd_ct_string_utf8(uint8_t tag, struct afd_slice s, struct afd_buf *ret);

/* The host inside what should be one: without blanks around it, scheme, path and port. */
struct afd_slice afd_ct_host_within(struct afd_slice s);
/* The first extension of that kind: its bytes, and what its OCTET STRING holds. false: there is none (or they are broken). */
bool afd_ct_extension(const struct afd_ct_cert *c, const uint8_t *oid, size_t n, struct afd_slice *whole, struct afd_slice *value);
extern const uint8_t afd_ct_oid_aki[3];   /* authority key identifier */
/* As afd_ct_tbs_stripped(), and as the CA above SIGNER would issue it: its name and key identifier from SIGNER, which is a
 * Precertificate Signing Certificate (RFC 6962, 3.1). */
int afd_ct_tbs_reissued(const struct afd_ct_cert *c, const struct afd_ct_cert *signer, struct afd_buf *ret, struct afd_error *err);
/* 1.2.840.113549 and so on, appended. */
int afd_ct_oid_text(struct afd_slice oid, struct afd_buf *ret);

#endif
