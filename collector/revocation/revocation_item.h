/* What an authority said of certificates that we know, as an item's bytes: lines, and behind "issuer" and "answer" bytes.
 *
 *   affidavit-revocation 1
 *   method crl | ocsp
 *   url URL                      where it was asked for
 *   issuer-key SHA256            of the key under which the certificates are known to be issued, hex
 *   serials N                    then N lines: serial numbers looked up, hex as in certificate
 *   issuer LENGTH                then the issuer's certificate in DER: the answer is held against its key
 *   answer LENGTH                then the CertificateList (RFC 5280, 5) or OCSPResponse (RFC 6960, 4.2) in DER
 *
 * All that a verdict needs is in the item, so `rebuild` gives the same one. An answer that the issuer did not sign says nothing
 * of any certificate. */
#ifndef AFD_REVOCATION_ITEM_H
#define AFD_REVOCATION_ITEM_H

#include "collector/provider.h"

#define AFD_REVOCATION_MEDIA_TYPE "application/vnd.affidavit.revocation"
enum { AFD_REVOCATION_MOST = 20000, AFD_REVOCATION_SERIAL = 64, AFD_REVOCATION_URL = 1024 };

struct afd_revocation_item {
	bool ocsp;
	char url[AFD_REVOCATION_URL + 1], issuer_key[65];
	const char *const *serial; size_t n;      /* writing: borrowed. After reading: owned, given back with release */
	struct afd_slice issuer, answer;          /* borrowed */
};
int afd_revocation_item_write(const struct afd_revocation_item *i, struct afd_buf *ret, struct afd_error *err);
int afd_revocation_item_read(struct afd_slice bytes, struct afd_revocation_item *ret, struct afd_error *err);
void afd_revocation_item_release(struct afd_revocation_item *i);
/* Is KEY (hex) the SHA-256 of the public key in this certificate (DER)? */
bool afd_revocation_issuer_is(struct afd_slice certificate, const char *key);
/* The request of one certificate by the SHA-1 of its issuer's name and key (RFC 6960, 4.1.1; 5019, 2.1.1), without a nonce. */
int afd_revocation_ocsp_request(struct afd_slice issuer, const char *serial, struct afd_buf *ret, struct afd_error *err);
/* Can the answer be read at all? What cannot is kept, and is a gap. */
int afd_revocation_check(const struct afd_revocation_item *i, struct afd_error *err);
int afd_revocation_decode(const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err);

#endif
