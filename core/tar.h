/* Tar archives, one strict form (POSIX.1-1988 ustar; docs/bundle-format.md says which): plain files sorted by name, no
 * owner, no time, so that the same content gives the same bytes. Written and read as a stream: gigabytes pass through, one
 * file at a time. A reader takes a header only if the writer would write the same 512 bytes; there is no repair. */
#ifndef AFD_CORE_TAR_H
#define AFD_CORE_TAR_H

#include "core/error.h"

#define AFD_TAR_BLOCK     512u
#define AFD_TAR_NAME      101u                        /* longest name with its NUL */
#define AFD_MAX_TAR_FILE  ((UINT64_C(1) << 33) - 1)   /* what eleven octal digits can say: 8 GiB */
#define AFD_MAX_TAR_FILES 50000000u

/* 1 to 100 bytes of A-Z a-z 0-9 . _ - + = , @ and '/' between components; none empty, none that begins with '.' or '-'. */
bool afd_tar_name_ok(const char *name);

/* --- writing --- */
struct afd_tar_writer {
	int (*write)(void *ctx, struct afd_slice s, struct afd_error *err);   /* the caller's; 0 or -1 */
	void *ctx;
	char last[AFD_TAR_NAME];      /* ours from here: names must ascend, byte by byte */
	uint64_t left;                /* of the file begun */
	unsigned pad;                 /* zeros behind it */
};
/* One file: begin with its size, put exactly so many bytes in pieces. Or both in one. */
int afd_tar_begin(struct afd_tar_writer *w, const char *name, uint64_t size, struct afd_error *err);
int afd_tar_put(struct afd_tar_writer *w, struct afd_slice s, struct afd_error *err);
int afd_tar_add(struct afd_tar_writer *w, const char *name, struct afd_slice bytes, struct afd_error *err);
/* The two blocks of zeros. */
int afd_tar_finish(struct afd_tar_writer *w, struct afd_error *err);

/* --- reading --- */
struct afd_tar_reader {
	/* the caller's; fills P with 1 to N bytes, *got 0: the end */
	int (*read)(void *ctx, uint8_t *p, size_t n, size_t *got, struct afd_error *err);
	void *ctx;
	char name[AFD_TAR_NAME];      /* of the file at hand */
	uint64_t size;
	uint64_t left, files;         /* ours from here */
	unsigned pad;
	bool ended;
	uint8_t block[16384]; size_t at, have;
};
/* Goes to the next file, over what was not read of the last: 1 a file, 0 the end, and then nothing stands behind it. */
int afd_tar_next(struct afd_tar_reader *r, struct afd_error *err);
/* The next piece of the file, until the next call; empty at its end. */
int afd_tar_piece(struct afd_tar_reader *r, struct afd_slice *ret, struct afd_error *err);
/* The rest of the file, at most MAX bytes (AFD_E_LIMIT); appended. */
int afd_tar_load(struct afd_tar_reader *r, uint64_t max, struct afd_buf *ret, struct afd_error *err);
/* Lines, LF cut off, each at most MAX bytes; LINE is the caller's and emptied first. 1 a line, 0 the end; a last line without
 * LF is an error. */
int afd_tar_line(struct afd_tar_reader *r, size_t max, struct afd_buf *line, struct afd_error *err);

#endif
