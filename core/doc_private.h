/* What the JSON reader, the YAML reader and the field tables share. */
#ifndef AFD_CORE_DOC_PRIVATE_H
#define AFD_CORE_DOC_PRIVATE_H

#include "core/doc.h"
#include "core/limits.h"

int afd_doc_new(const char *name, struct afd_doc **ret, struct afd_error *err);
void afd_doc_set_root(struct afd_doc *d, const struct afd_node *root);
/* A copy that lives as long as D, with a NUL behind it; NULL when memory ends. */
char *afd_doc_text(struct afd_doc *d, const char *s, size_t n);
/* Appends CHILD to a list or map whose last child so far is *LAST. */
void afd_node_adopt(struct afd_node *parent, struct afd_node **last, struct afd_node *child);
/* "FILE:LINE: path.field: " and then the message; FIELD may be NULL. Returns -1. */
int afd_node_error(const struct afd_doc *d, const struct afd_node *n, const char *field, enum afd_code code,
		   struct afd_error *err, const char *fmt, ...) AFD_PRINTF(6, 7);
/* What stands there, for a message: "a list", 12, "text". */
struct afd_shown { char s[80]; };
struct afd_shown afd_node_shown(const struct afd_node *n);

#endif
