/* Approvals, whatever file they stand in. */
#ifndef AFD_COLLECTOR_FILES_APPROVALS_H
#define AFD_COLLECTOR_FILES_APPROVALS_H

#include "collector/files/user.h"

struct afd_approval { const char *ticket, *subject, *kind, *approver, *requester; int64_t from, to; };
/* What is allowed has the name of what is done, so a slip of the pen is an error: what was expected in *RET, kept in D. */
const char *afd_approval_kind_expected(struct afd_doc *d, const char *kind);
int afd_approval_row(struct afd_doc *d, struct afd_uf_rows *rows, const struct afd_approval *a, unsigned line, struct afd_error *err);

/* tickets.c: EXPORT of a ticket system, read as MAP says. NAMES are for messages. */
int afd_tickets_read(struct afd_doc *d, struct afd_slice map, const char *map_name, struct afd_slice export, const char *name,
		     struct afd_uf_rows *rows, struct afd_doc **map_doc, struct afd_error *err);

#endif
