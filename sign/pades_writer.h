/* Private: how an update is put together, object by object. */
#ifndef AFD_SIGN_PADES_WRITER_H
#define AFD_SIGN_PADES_WRITER_H

#include "sign/pades_update.h"

struct afd_pades_writer {
	const struct afd_pdf *pdf;
	unsigned n_revs;                     /* revisions before this one */
	size_t base;                         /* their bytes */
	struct afd_buf *out;
	struct afd_pades_layout *layout;
	struct { int64_t num; size_t at; } object[AFD_PADES_PARTS];
	size_t n_objects, byte_range;        /* byte_range: where in OUT its blanks begin */
	int64_t next;                        /* first number that is free */
	bool bad;                            /* memory ended */
};

int afd_pades_begin(struct afd_pades_writer *w, const struct afd_pdf *p, unsigned n_revs, struct afd_buf *out,
		    struct afd_pades_layout *l, struct afd_error *err);
/* "NUM 0 obj" LF; every object ends in afd_pades_put(w, "\nendobj\n") or the like. NAME is for messages. */
void afd_pades_object(struct afd_pades_writer *w, int64_t num, const char *name);
void afd_pades_put(struct afd_pades_writer *w, const char *fmt, ...) AFD_PRINTF(2, 3);
void afd_pades_put_slice(struct afd_pades_writer *w, struct afd_slice s);
/* "/ByteRange [...]" LF "/Contents <000...>" */
void afd_pades_put_gap(struct afd_pades_writer *w, size_t reserved);
/* Streams for what C adds, then the dictionary NUM, which lists OLD's streams first. */
void afd_pades_put_dss(struct afd_pades_writer *w, int64_t num, const struct afd_pades_dss *old,
		       const struct afd_pades_choice *c);
/* An empty drawing, for what is not to be seen (ISO 19005-3, 6.3.3 wants one). */
void afd_pades_put_nothing(struct afd_pades_writer *w, int64_t num);
/* Table, trailer, and the four numbers of the ByteRange where there is one. */
int afd_pades_end(struct afd_pades_writer *w, struct afd_error *err);

#endif
