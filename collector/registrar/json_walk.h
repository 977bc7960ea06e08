/* Where the values of a JSON text stand: a walk over bytes that a strict parser has already accepted. The document
 * reader keeps values, not places; redaction and splitting need the places. */
#ifndef AFD_COLLECTOR_JSON_WALK_H
#define AFD_COLLECTOR_JSON_WALK_H

#include "core/bytes.h"
#include "core/error.h"

enum afd_json_kind {
	AFD_JSON_STRING,
	AFD_JSON_NUMBER,
	AFD_JSON_WORD,
	AFD_JSON_OPEN_MAP,
	AFD_JSON_OPEN_LIST,
	AFD_JSON_CLOSE
};

struct afd_json_at {
	enum afd_json_kind kind;
	size_t off, len;                   /* string: without its quotes; containers: their one bracket */
	struct afd_slice key;              /* as written, without quotes; empty inside lists */
	unsigned depth;                    /* of the value: the root is 0; a CLOSE has the depth of its OPEN */
};
typedef int afd_json_see(void *ctx, const struct afd_json_at *at, struct afd_error *err);

/* Calls SEE for each value in order. -1 when SEE says so, the text is not JSON, or deeper than AFD_MAX_JSON_DEPTH. */
int afd_json_walk(struct afd_slice json, afd_json_see *see, void *ctx, struct afd_error *err);
/* Tiles the text into: what stands before element 0 of the list that the root map holds as KEY, element 0, what is
 * between, element 1 ... the rest. So element I is part 2 * I + 1. No such list, or an empty one: one part.
 * KEY NULL: the root is the list. */
int afd_json_tile(struct afd_slice json, const char *key, struct afd_ranges *parts, struct afd_error *err);

#endif
