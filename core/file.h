/* Files of ours: written whole or not at all. Reading input files is transport's; this is for our own outputs,
 * keys and embedded data. */
#ifndef AFD_CORE_FILE_H
#define AFD_CORE_FILE_H

#include "core/error.h"

struct afd_outfile;
/* A temporary name beside PATH, mode 0644 & ~umask (0600 when PRIVATE). */
int afd_outfile_begin(const char *path, bool is_private, struct afd_outfile **ret, struct afd_error *err);
int afd_outfile_write(struct afd_outfile *f, struct afd_slice s, struct afd_error *err);
/* Flush, fsync, rename, fsync the directory. On failure nothing appears under PATH. */
int afd_outfile_commit(struct afd_outfile *f, struct afd_error *err);
struct afd_outfile *afd_outfile_free(struct afd_outfile *f);   /* removes the temporary file unless committed; NULL */
void afd_outfile_release(struct afd_outfile **f);
/* begin, write, commit */
int afd_file_write(const char *path, struct afd_slice s, bool is_private, struct afd_error *err);
/* The whole file, at most MAX bytes; AFD_E_LIMIT beyond. */
int afd_file_read(const char *path, size_t max, struct afd_buf *ret, struct afd_error *err);

/* Data built into the program (checks, frameworks, schema, demo estate): one table, made by the build. */
struct afd_embedded { const char *path; const uint8_t *data; size_t len; };
extern const struct afd_embedded afd_embedded_files[];        /* sorted by path, ended by a row without path */
const struct afd_embedded *afd_embedded_find(const char *path);

#endif
