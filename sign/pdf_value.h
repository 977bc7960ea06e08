/* Private: the words of a PDF file. */
#ifndef AFD_SIGN_PDF_VALUE_H
#define AFD_SIGN_PDF_VALUE_H

#include "core/error.h"

enum afd_pdf_type {
	AFD_PDF_NULL, AFD_PDF_BOOL, AFD_PDF_INT, AFD_PDF_REAL, AFD_PDF_NAME, AFD_PDF_STRING, AFD_PDF_ARRAY, AFD_PDF_DICT,
	AFD_PDF_REF
};

struct afd_pdf_node {
	enum afd_pdf_type type;
	bool hex;                            /* STRING written as <...> */
	struct afd_slice raw;                /* its own bytes in the file */
	struct afd_slice key;                /* decoded name, when it stands in a dictionary */
	const struct afd_pdf_node *next;     /* sibling */
	int64_t i;                           /* INT, BOOL; REF: the object number */
	struct afd_slice text;               /* NAME, STRING: decoded */
	const struct afd_pdf_node *first;    /* ARRAY, DICT */
	size_t n;
};

/* Memory of nodes: given back all at once. */
struct afd_pdf_arena { struct afd_pdf_chunk *top; };
void afd_pdf_arena_release(struct afd_pdf_arena *a);

/* One value at *POS of BYTES; *POS ends up behind it. Nodes borrow from BYTES and live as long as A. */
int afd_pdf_value(struct afd_slice bytes, size_t *pos, struct afd_pdf_arena *a, const struct afd_pdf_node **ret,
		  struct afd_error *err);
/* NULL: absent, or DICT is none */
const struct afd_pdf_node *afd_pdf_get(const struct afd_pdf_node *dict, const char *key);
bool afd_pdf_is_name(const struct afd_pdf_node *n, const char *name);
bool afd_pdf_is_blank(int c);
/* An unsigned decimal of at most MAX_DIGITS (<= 18), and a fixed text; false, and *POS unchanged, if not there. */
bool afd_pdf_number(struct afd_slice bytes, size_t *pos, unsigned max_digits, int64_t *ret);
bool afd_pdf_literal(struct afd_slice bytes, size_t *pos, const char *text);

#endif
