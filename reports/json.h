/* Writes canonical JSON straight into a buffer: RFC 8785 for what we need of it, which is maps with ASCII keys, lists,
 * strings and integers below 2^53. The caller gives keys in order; a key out of order is an error of the engine. */
#ifndef AFD_REPORTS_JSON_H
#define AFD_REPORTS_JSON_H

#include "core/bytes.h"
#include "core/error.h"

#define AFD_JSON_DEPTH 12

struct afd_json {
	struct afd_buf *out;
	struct { const char *last; bool list, some; } at[AFD_JSON_DEPTH];
	unsigned depth;
	enum afd_code bad;           /* first failure; later calls do nothing */
	const char *bad_key;
};

/* KEY is NULL inside a list. */
void afd_json_map(struct afd_json *j, const char *key);
void afd_json_list(struct afd_json *j, const char *key);
void afd_json_end(struct afd_json *j);
void afd_json_int(struct afd_json *j, const char *key, uint64_t v);
void afd_json_flag(struct afd_json *j, const char *key, bool v);          /* 1 or 0 */
/* NULL and "" are left out in a map. Bytes that are not UTF-8 become U+FFFD. */
void afd_json_text(struct afd_json *j, const char *key, const char *s);
void afd_json_time(struct afd_json *j, const char *key, int64_t ms);      /* NONE and FOREVER are left out */
int afd_json_finish(const struct afd_json *j, struct afd_error *err);

#endif
