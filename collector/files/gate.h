/* `gate:` of policy.yaml. */
#ifndef AFD_COLLECTOR_FILES_GATE_H
#define AFD_COLLECTOR_FILES_GATE_H

#include "collector/files/user.h"

/* Adds the rows of MAP, which may be NULL. */
int afd_policy_gate(struct afd_doc *d, const struct afd_node *map, struct afd_uf_rows *rows, struct afd_error *err);

#endif
