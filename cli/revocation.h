/* Validation data for a signed PDF: certificates, revocation lists of the user and what the certificates' own addresses
 * answer, for the signer and for the time-stamping authorities. */
#ifndef AFD_CLI_REVOCATION_H
#define AFD_CLI_REVOCATION_H

#include "cli/cli.h"
#include "sign/validation.h"

struct revocation_options { struct cli_texts crl; bool offline; };
#define REVOCATION_OPTIONS(o) \
	{ "crl", "FILE", "revocation list to keep with the signature (PEM or DER; may be repeated)", .many = &(o)->crl }, \
	{ "offline", NULL, "fetch no revocation lists and OCSP answers", .flag = &(o)->offline }

struct revocation {
	struct afd_ders certs, crls, ocsps;
	struct afd_validation validation;    /* borrows from them */
	unsigned asked, missing, revoked;    /* certificates that somebody should speak for; for which nobody does; taken back */
	struct afd_buf note;                 /* who and why, a line each */
};
/* For every certificate that the signed PDF brings along, below its root: O's lists first, then OCSP, then CRL. Answers
 * are kept if they are signed by the issuer and fresh now, or say that the certificate was revoked. A source that does
 * not answer is a line of the note, not an error. ROOTS: PEM, which may be the issuers that nobody brought. CONTACT: for
 * the User-Agent, or NULL. */
struct revocation_roots { const struct afd_slice *pem; size_t n; };
int revocation_collect(struct cli *c, const struct revocation_options *o, const char *contact, struct afd_slice pdf,
                       const struct revocation_roots *roots, size_t n_roots, struct revocation *ret, struct afd_error *err);
void revocation_release(struct revocation *r);
/* NULL: there is nothing that would be worth writing down */
const struct afd_validation *revocation_validation(const struct revocation *r);
/* The note on standard output, each line indented. */
void revocation_say(const struct cli *c, const struct revocation *r);

#endif
