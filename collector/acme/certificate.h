/* A certificate as rows tell it, from its bytes alone; and the PEM around it (RFC 7468). Pure. */
#ifndef AFD_ACME_CERTIFICATE_H
#define AFD_ACME_CERTIFICATE_H

#include "collector/ct/ct_entry.h"
#include "collector/provider.h"

/* Everything in it lives until it is released. */
struct afd_certificate {
	struct afd_hex64 sha256, tbs_key, spki;
	struct afd_hex64 issuer_key_hash;         /* "" where the issuer is not at hand */
	struct afd_buf serial, issuer;            /* hex without leading zeros; name in one line */
	int64_t not_before, not_after;
	struct afd_buf text;                      /* of the names */
	struct afd_row_cert_name *name; size_t n; /* each once; a common name only where no alternative name says the same */
	bool is_ca;                               /* basicConstraints says so */
};
/* ISSUER: the certificate whose key signed it, in DER, or empty. One that did not sign it is not believed. */
int afd_certificate_read(struct afd_slice der, struct afd_slice issuer, struct afd_certificate *ret, struct afd_error *err);
void afd_certificate_release(struct afd_certificate *c);
/* Its DNS names (common names too), canonical, as issuance rows want them: NAME has room for c->n. Returns how many. */
size_t afd_certificate_hosts(const struct afd_certificate *c, const char **name);

/* The next PEM block of TEXT, which moves behind it. *ret: from "-----BEGIN" to the end of its last line. Label: what stands
 * behind BEGIN. false: no block is left. A block without its end reaches to the end of the text. */
bool afd_pem_next(struct afd_slice *text, struct afd_slice *ret, struct afd_slice *label);
/* The bytes in a block, appended; -1: it is not base64. */
int afd_pem_bytes(struct afd_slice block, struct afd_buf *ret);
bool afd_pem_is(struct afd_slice label, const char *what);
/* Adds the inside of each block whose label ends in "PRIVATE KEY" to CUTS: the lines between BEGIN and END, without their ends. */
int afd_pem_cut_keys(struct afd_slice text, struct afd_ranges *cuts, struct afd_error *err);

#endif
