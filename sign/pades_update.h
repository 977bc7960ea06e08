/* Private: the updates that this program appends to a PDF file: one with the signature, then any number with a document
 * time-stamp or with validation data alone. The writer fills an update in; the verifier writes it again from the revisions before it and from the
 * few things that an update may choose (struct afd_pades_choice), and compares, so nothing else can hide in a file. */
#ifndef AFD_SIGN_PADES_UPDATE_H
#define AFD_SIGN_PADES_UPDATE_H

#include "core/digest.h"
#include "sign/pdf_read.h"
#include "sign/sign.h"

/* Bytes of CMS, or of a token, that fit: this, or this doubled until it fits. */
#define AFD_PADES_RESERVED 16384u
#define AFD_PADES_RESERVED_MAX (AFD_PADES_RESERVED << 6)
/* Certificates, CRLs and OCSP answers that one update may bring, and that a file may hold. */
#define AFD_PADES_MAX_NEW 64u
#define AFD_PADES_MAX_DATA 512u

enum afd_pades_kind { AFD_PADES_CERT, AFD_PADES_CRL, AFD_PADES_OCSP, AFD_PADES_KINDS };
extern const char *const afd_pades_arrays[AFD_PADES_KINDS];       /* their keys in /DSS: "Certs", "CRLs", "OCSPs" */

/* The validation data of a file, by kind: where each stream is, and its bytes. */
struct afd_pades_dss {
	int64_t num;                         /* of the dictionary; 0: there is none */
	struct { int64_t num; struct afd_slice der; } at[AFD_PADES_KINDS][AFD_PADES_MAX_DATA];
	size_t n[AFD_PADES_KINDS];
};
/* As it is after the first N_REVS revisions. Borrows from the file. */
int afd_pades_dss_read(const struct afd_pdf *p, unsigned n_revs, struct afd_pades_dss *ret, struct afd_error *err);
/* DER is one certificate, CRL or OCSP answer and nothing more. */
int afd_pades_data_check(enum afd_pades_kind kind, struct afd_slice der, struct afd_error *err);

/* What is shown where the signature is visible: printable ASCII, drawn with a font of the first page. */
struct afd_pades_box { bool visible; const char *subject; struct afd_digest certificate; };

struct afd_pades_choice {
	struct afd_slice date, reason;       /* written PDF strings; the signature's alone. REASON may be empty */
	struct afd_pades_box box;            /* the signature's alone */
	size_t reserved;                     /* bytes of CMS or token */
	struct { enum afd_pades_kind kind; struct afd_slice der; } add[AFD_PADES_MAX_NEW];
	size_t n_add;
};

/* One object or the table of an update: where it begins, and its name for messages. */
struct afd_pades_part { const char *name; size_t at; };
#define AFD_PADES_PARTS (AFD_PADES_MAX_NEW + 16u)

struct afd_pades_layout {
	struct afd_pades_part part[AFD_PADES_PARTS];
	size_t n_parts;
	size_t gap, gap_end;                 /* of the hex string with its brackets, in the whole file; equal: none */
};

/* Each appends to RET the update that follows revision N_REVS - 1 of P (the signature: the first), and that alone:
 * ByteRange filled in, the hex string all zeros. Offsets in the layout count from the start of the file. */
int afd_pades_write_signature(const struct afd_pdf *p, const struct afd_pades_choice *c, struct afd_buf *ret,
			      struct afd_pades_layout *l, struct afd_error *err);
int afd_pades_write_stamp(const struct afd_pdf *p, unsigned n_revs, const struct afd_pades_choice *c, struct afd_buf *ret,
			  struct afd_pades_layout *l, struct afd_error *err);
/* C must add something. */
int afd_pades_write_data(const struct afd_pdf *p, unsigned n_revs, const struct afd_pades_choice *c, struct afd_buf *ret,
			 struct afd_pades_layout *l, struct afd_error *err);
/* The appearance of a visible signature: a rectangle on the first page, the font's object there, and the drawing. */
int afd_pades_box_draw(const struct afd_pdf *p, const struct afd_pades_box *box, struct afd_buf *ret_rect,
		       struct afd_buf *ret_object, struct afd_error *err);

/* Whether the signature of P, a signed file, says that it is visible: its field has a place on the page. */
int afd_pades_is_visible(const struct afd_pdf *p, bool *ret, struct afd_error *err);

/* What an update's gap must hold, in lower case hex; false when it is larger than RESERVED. UPDATE begins at BASE. */
bool afd_pades_fill(struct afd_buf *update, size_t base, const struct afd_pades_layout *l, struct afd_slice der);
/* The two pieces around the gap, where the file is FIRST followed by UPDATE: three slices, the first two of one piece. */
void afd_pades_content(struct afd_slice first, const struct afd_buf *update, const struct afd_pades_layout *l,
		       struct afd_slice ret[3]);

#endif
