/* Private: a revision of a PDF file with a signature or a time-stamp, taken apart. Behind the signature a revision may
 * also hold validation data alone. */
#ifndef AFD_SIGN_PADES_APART_H
#define AFD_SIGN_PADES_APART_H

#include "sign/pdf_read.h"

struct afd_pades_rev {
	unsigned rev;                        /* its index: 1 the signature, behind it time-stamps */
	size_t end;
	const char *what, *kind;             /* "signature", "signed"; "time-stamp", "time-stamped" */
	const struct afd_pdf_node *dict;     /* lives as long as the arena */
	struct afd_slice content[2], der;    /* what is covered; the CMS or token. Borrowed from the file */
	size_t reserved;                     /* bytes that the hex string has room for */
};
/* Refuses what is not reached through the form, covers less or more than its revision but the hex string, or holds more
 * than one DER object. The cryptography is the caller's. */
int afd_pades_take_apart(const struct afd_pdf *p, unsigned rev, struct afd_pdf_arena *a, struct afd_pades_rev *ret,
			 struct afd_error *err);
/* Whether revision REV, behind the signature, leaves the form as it was: then it brings no time-stamp, and must be just
 * what afd_pades_write_data() writes. */
bool afd_pades_is_data(const struct afd_pdf *p, unsigned rev);

#endif
