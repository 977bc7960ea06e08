/* Files of ours: written whole or not at all. Reading input files is transport's; this is for our own outputs,
 * keys and embedded data. */
#ifndef AFD_CORE_FILE_H
#define AFD_CORE_FILE_H

#include "core/error.h"

struct afd_outfile;
/* A temporary name beside PATH, mode 0644 & ~umask (0600 when PRIVATE). AFD_E_USAGE where PATH is a device or a pipe: who may
 * do everything would put a file in the place of a device. */
int afd_outfile_begin(const char *path, bool is_private, struct afd_outfile **ret, struct afd_error *err);
int afd_outfile_write(struct afd_outfile *f, struct afd_slice s, struct afd_error *err);
/* Flush and fsync under the temporary name: what a full disk refuses is known before anything else is touched. */
int afd_outfile_settle(struct afd_outfile *f, struct afd_error *err);
/* Flush, fsync, rename, fsync the directory. On failure nothing appears under PATH. */
int afd_outfile_commit(struct afd_outfile *f, struct afd_error *err);
struct afd_outfile *afd_outfile_free(struct afd_outfile *f);   /* removes the temporary file unless committed; NULL */
void afd_outfile_release(struct afd_outfile **f);
/* begin, write, commit */
int afd_file_write(const char *path, struct afd_slice s, bool is_private, struct afd_error *err);
/* The whole file, at most MAX bytes; AFD_E_LIMIT beyond. */
int afd_file_read(const char *path, size_t max, struct afd_buf *ret, struct afd_error *err);

/* A file read piece by piece, for what is too large to hold. */
struct afd_infile;
int afd_infile_open(const char *path, struct afd_infile **ret, struct afd_error *err);
/* The next bytes: 1 to N of them, *got 0 at the end. */
int afd_infile_read(struct afd_infile *f, uint8_t *p, size_t n, size_t *got, struct afd_error *err);
struct afd_infile *afd_infile_free(struct afd_infile *f);      /* NULL */
void afd_infile_release(struct afd_infile **f);

/* A name for a file that lives as long as this: made empty in the folder DIR, for this user only; for libraries that open
 * files by their names. Removed with it, and with NAME-journal, which SQLite may put beside it. */
struct afd_scratch { char *path; };
int afd_scratch_make(const char *dir, struct afd_scratch *ret, struct afd_error *err);
void afd_scratch_release(struct afd_scratch *s);

/* Data built into the program (checks, frameworks, schema, demo estate): one table, made by the build. */
struct afd_embedded { const char *path; const uint8_t *data; size_t len; };
extern const struct afd_embedded afd_embedded_files[];        /* sorted by path, ended by a row without path */
const struct afd_embedded *afd_embedded_find(const char *path);

#endif
