/* Between the files that make up registrar_state.h. */
#ifndef AFD_REGISTRAR_PRIVATE_H
#define AFD_REGISTRAR_PRIVATE_H

#include "collector/registrar/registrar_state.h"

/* Calls SEE for each node at PATH, and LIST (may be NULL) for each list that PATH goes through. */
typedef int afd_registrar_see(void *ctx, const struct afd_node *n, struct afd_error *err);
int afd_registrar_walk(const struct afd_node *n, const char *path, afd_registrar_see *see, afd_registrar_see *list, void *ctx,
		       struct afd_error *err);
/* An id in a list of ids: a number, or a word. */
bool afd_registrar_id(const struct afd_node *n, char ret[64]);

#endif
