/* Between the files that make up registrar_state.h. */
#ifndef AFD_REGISTRAR_PRIVATE_H
#define AFD_REGISTRAR_PRIVATE_H

#include "collector/registrar/registrar_state.h"

/* Calls SEE for each node at PATH, and LIST (may be NULL) for each list that PATH goes through. */
typedef int afd_registrar_see(void *ctx, const struct afd_node *n, struct afd_error *err);
int afd_registrar_walk(const struct afd_node *n, const char *path, afd_registrar_see *see, afd_registrar_see *list, void *ctx,
		       struct afd_error *err);
/* Calls SEE for each id that STEP asks for, of a list or the one at its path: numbers or words. 0: there is none. */
size_t afd_registrar_ids(const struct afd_registrar_step *step, const struct afd_node *answer, int (*see)(void *ctx, const char *id), void *ctx);

/* A row: begun as not stated; what the table says of an answer; told. */
void afd_registrar_state_begin(struct afd_state *s, const struct afd_item_view *item);
int afd_registrar_put(const struct afd_registrar *r, struct afd_state *s, unsigned step, const struct afd_node *n, struct afd_error *err);
int afd_registrar_tell(struct afd_state *s, const char *domain, const char *account, struct afd_sink *sink, struct afd_error *err);

#endif
