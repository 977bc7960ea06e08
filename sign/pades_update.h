/* Private: the one update that this program appends to a PDF file. The writer fills it in; the verifier writes it
 * again from the unsigned revision and compares, so nothing else can hide in a signed file.
 *
 * This is recipe 1. A later recipe gets its own function and a try of its own in the verifier: reports that were signed
 * once must stay verifiable. */
#ifndef AFD_SIGN_PADES_UPDATE_H
#define AFD_SIGN_PADES_UPDATE_H

#include "sign/pdf_read.h"

#define AFD_PADES_RESERVED 16384u        /* bytes of CMS that fit */
#define AFD_PADES_GAP (2 + 2 * AFD_PADES_RESERVED)

/* Parts of the update, in their order; names for messages. */
enum afd_pades_part {
	AFD_PADES_CATALOG, AFD_PADES_PAGE, AFD_PADES_WIDGET, AFD_PADES_APPEARANCE, AFD_PADES_SIGNATURE, AFD_PADES_TABLE,
	AFD_PADES_PARTS
};
extern const char *const afd_pades_part_names[AFD_PADES_PARTS];

struct afd_pades_layout {
	size_t part[AFD_PADES_PARTS + 1];    /* where each part begins in the file; last: its end */
	size_t gap;                          /* the '<' of the hex string */
};

/* Appends the update for the first revision of P to RET, which holds just that revision: ByteRange filled in, the hex
 * string all zeros. DATE and REASON are written PDF strings; REASON may be empty. */
int afd_pades_update(const struct afd_pdf *p, struct afd_slice date, struct afd_slice reason, struct afd_buf *ret,
                     struct afd_pades_layout *ret_layout, struct afd_error *err);

#endif
