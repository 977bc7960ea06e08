/* Memory that is given back as a whole: everything an assessment says lives in one arena. Private to mappers/. */
#ifndef AFD_MAPPERS_ARENA_H
#define AFD_MAPPERS_ARENA_H

#include "core/bytes.h"

struct afd_arena_block;
struct afd_arena { struct afd_arena_block *head; };

void *afd_arena_alloc(struct afd_arena *a, size_t n);               /* zeroed; NULL when memory ends */
char *afd_arena_text(struct afd_arena *a, const char *s);           /* NULL for NULL or no memory */
char *afd_arena_printf(struct afd_arena *a, const char *fmt, ...) AFD_PRINTF(2, 3);
void afd_arena_release(struct afd_arena *a);
/* All that FROM holds lives as long as A from now on. */
void afd_arena_adopt(struct afd_arena *a, struct afd_arena *from);
void afd_arena_reset(struct afd_arena *a); /* forgets everything, keeps one block for what comes */

/* Base of an array of N elements with room for one more: the old one, or a larger copy. The capacity is the next power
 * of two from N (at least 4), so that it needs no field of its own. */
void *afd_arena_room(struct afd_arena *a, void *old, size_t n, size_t size);

/* A new zeroed element at the end of the array PTR of N; NULL when memory ends. */
#define AFD_PUSH(arena, ptr, n) __extension__({ \
	__typeof__(ptr) at_ = afd_arena_room((arena), (ptr), (n), sizeof(*(ptr))); \
	if (at_) { \
		(ptr) = at_; \
		at_ += (n)++; \
	} \
	at_; \
})

#endif
