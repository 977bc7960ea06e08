/* Several files as one item, where together they say one thing: the files of an inventory, the map of a ticket system with its
 * export, a file with the digests of the documents that it names. So a version of the whole is one leaf, rows may move from one
 * file to another without being new, and nothing of it can be out of step.
 *
 *   affidavit files 1
 *   file SECTION LENGTH NAME        LENGTH bytes and a line feed follow; SECTION: "-" when the name tells, "map" for a map
 *   digest HEX NAME                 SHA-256 of a document that stays outside
 *
 * No file of the user begins so: as YAML the first line would be no map. */
#ifndef AFD_COLLECTOR_FILES_SEVERAL_H
#define AFD_COLLECTOR_FILES_SEVERAL_H

#include "core/bytes.h"
#include "core/error.h"

struct afd_several { const char *name; struct afd_slice rest; };
struct afd_several_part {
	bool is_digest;
	char section[32];
	struct afd_slice name, bytes;             /* of a digest: its 64 digits */
};
bool afd_several_is(struct afd_slice bytes);
/* BYTES as they are; NAME for messages. Of a single file, one part. */
void afd_several_begin(struct afd_several *s, const char *name, struct afd_slice bytes);
/* 1: a part; 0: the end; -1 */
int afd_several_next(struct afd_several *s, struct afd_several_part *ret, struct afd_error *err);

int afd_several_head(struct afd_buf *b, struct afd_error *err);
int afd_several_file(struct afd_buf *b, const char *section, const char *name, struct afd_slice bytes, struct afd_error *err);
int afd_several_digest(struct afd_buf *b, const char *hex, const char *name, struct afd_error *err);

#endif
