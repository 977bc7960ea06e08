/* What the decoders of the user's files share: opening a document, errors with their line, rows, doubles. */
#ifndef AFD_COLLECTOR_FILES_USER_H
#define AFD_COLLECTOR_FILES_USER_H

#include "core/doc.h"
#include "evidence/item.h"
#include "evidence/sink.h"

/* YAML, or JSON when NAME ends in .json. The root must be a map. */
int afd_uf_doc(struct afd_slice bytes, const char *name, struct afd_doc **ret, struct afd_error *err);
/* "policy.yaml:12: ..." at the line of N (NULL: the root); always -1. */
int afd_uf_fail(const struct afd_doc *d, const struct afd_node *n, struct afd_error *err, const char *fmt, ...)
	AFD_PRINTF(4, 5);
/* 0 when N is absent or a list; *ret its first element. */
int afd_uf_list(const struct afd_doc *d, const struct afd_node *n, const struct afd_node **ret, struct afd_error *err);
/* Canonical name of TEXT, kept in D; WILDCARD: "*.x" is allowed. NULL with err. */
/* The id of a finding, as it stands in the tables; NULL with err when TEXT at N is none. */
const char *afd_uf_finding(struct afd_doc *d, const struct afd_node *n, const char *text, struct afd_error *err);
const char *afd_uf_name(struct afd_doc *d, const struct afd_node *n, const char *text, bool wildcard,
			struct afd_error *err);
/* The same for what is asked for in the DNS: the address of a page, a mailbox or a port behind the name is a slip, and matches nothing. */
const char *afd_uf_host(struct afd_doc *d, const struct afd_node *n, const char *text, bool wildcard, struct afd_error *err);
/* N (may be absent: NULL) is one of WORDS, which NULL ends: the word in *ret, else an error that lists them and names the likely one. */
int afd_uf_word(const struct afd_doc *d, const struct afd_node *n, const char *const *words, const char **ret, struct afd_error *err);
/* Of several words the one that TEXT is with a slip of the pen: the nearest, of those the first. word NULL: none so far. */
struct afd_uf_nearest { const char *word; unsigned far; };
void afd_uf_near(struct afd_uf_nearest *n, const char *text, const char *word);
/* Text kept as long as D lives; NULL when memory ends. */
const char *afd_uf_keep(struct afd_doc *d, const char *fmt, ...) AFD_PRINTF(2, 3);

/* Rows, kept until the whole file was understood, then given at once. Texts are borrowed from the document. A big inventory
 * has a hundred thousand of them: each takes what it needs, and rows of one form share the names of their columns. */
#define AFD_UF_MAX_VALUES 24
union afd_uf_value { const char *text; int64_t i; };
struct afd_uf_form { struct afd_uf_form *next; size_t n; const char *column[AFD_UF_MAX_VALUES]; };
struct afd_uf_kept {
	const char *table, *key, *file;
	const struct afd_uf_form *form;
	unsigned line;
	uint32_t ints;                            /* bit I: value I is a number */
	union afd_uf_value v[];
};
struct afd_uf_chunk;
struct afd_uf_rows {
	const char *file;                         /* where the next rows stand; NULL: the name given to afd_uf_tell() */
	struct afd_uf_kept **at; size_t n, cap; struct afd_uf_chunk *chunk; struct afd_uf_form *form;
	const struct afd_uf_kept **index; size_t index_size;
};
#define AFD_V_TEXT(col, t) { .column = (col), .text = (t) }
#define AFD_V_INT(col, x)  { .column = (col), .i = (x), .is_int = true }
int afd_uf_row(struct afd_uf_rows *r, const char *table, const char *key, unsigned line,
                 const struct afd_row_user_value *v, size_t n, struct afd_error *err);
/* Refuses two rows of one table with the same key; from then on rows can be found, and none added. NAME: where no file is said. */
int afd_uf_settle(struct afd_uf_rows *r, const char *name, struct afd_error *err);
const struct afd_uf_kept *afd_uf_find(const struct afd_uf_rows *r, const char *table, const char *key);
/* Refuses two rows of one table with the same key, then tells SINK that the file speaks for TABLES, and each row. */
int afd_uf_tell(struct afd_uf_rows *r, const char *name, const char *const *tables, struct afd_sink *sink,
		struct afd_error *err);
void afd_uf_rows_release(struct afd_uf_rows *r);

#endif
