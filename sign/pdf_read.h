/* Private: a strict reader of the PDF files that this program writes, and of nothing else. One classic
 * cross-reference table per revision, generation 0, no object streams, no encryption, no comments, every byte of a
 * revision inside an object, a table or the trailer. It never repairs: what differs is refused. */
#ifndef AFD_SIGN_PDF_READ_H
#define AFD_SIGN_PDF_READ_H

#include "sign/pdf_value.h"

struct afd_pdf_at { uint32_t num; size_t off, end; };   /* from "N 0 obj" until behind the line end of "endobj" */

struct afd_pdf_rev {
	size_t start, xref, end;             /* its bytes, and where its table begins */
	struct afd_pdf_at *at;               /* base: index = object number; update: as listed */
	size_t n;
	const struct afd_pdf_node *trailer;
};

#define AFD_PDF_MAX_REVS 34u             /* unsigned, signed, and what extends it */

struct afd_pdf {
	struct afd_slice bytes;
	struct afd_pdf_rev rev[AFD_PDF_MAX_REVS];   /* the unsigned revision, then the updates in their order */
	unsigned n_revs;
	struct afd_pdf_arena keep;           /* the trailers */
};

/* Borrows BYTES. Reads every object once: structure, nothing active, no form or signature in the first revision. The
 * updates follow each other without a byte between them, each with a table whose /Prev names the one before. */
int afd_pdf_open(struct afd_slice bytes, struct afd_pdf **ret, struct afd_error *err);
struct afd_pdf *afd_pdf_free(struct afd_pdf *p);
void afd_pdf_release(struct afd_pdf **p);

struct afd_pdf_object { const struct afd_pdf_node *value; struct afd_slice stream; bool is_stream; };
/* Object NUM as it is after the first N_REVS revisions. */
int afd_pdf_object(const struct afd_pdf *p, unsigned n_revs, int64_t num, struct afd_pdf_arena *a,
		   struct afd_pdf_object *ret, struct afd_error *err);
/* NODE, or the object it refers to; WHAT names it in the error. NULL for NODE: "WHAT is missing". */
int afd_pdf_resolve(const struct afd_pdf *p, unsigned n_revs, const struct afd_pdf_node *node, enum afd_pdf_type type,
		    const char *what, struct afd_pdf_arena *a, const struct afd_pdf_node **ret, struct afd_error *err);
int64_t afd_pdf_root(const struct afd_pdf *p);
/* Number of the first page, by the page tree of the first revision. */
int afd_pdf_first_page(const struct afd_pdf *p, int64_t *ret, struct afd_error *err);
/* A stream of /FlateDecode (RFC 1950), whole, of at most MAX bytes; appended. */
int afd_pdf_inflate(struct afd_slice in, size_t max, struct afd_buf *ret, struct afd_error *err);
/* Where the bytes of S, a part of the file, begin in it. */
static inline size_t afd_pdf_offset(const struct afd_pdf *p, struct afd_slice s)
{
	return (size_t)(s.data - p->bytes.data);
}

#endif
