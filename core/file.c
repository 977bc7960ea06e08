#include "core/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define WRITE_BEHIND (64 * 1024)

struct afd_outfile { char *path, *part, *dir; int fd; bool committed; struct afd_buf pending; };

void afd_outfile_release(struct afd_outfile **f)
{
	*f = afd_outfile_free(*f);
}

struct afd_outfile *afd_outfile_free(struct afd_outfile *f)
{
	if (!f)
		return NULL;
	if (f->fd >= 0)
		close(f->fd);
	if (f->part && !f->committed)
		unlink(f->part);
	afd_buf_wipe(&f->pending);                    /* may hold a private key */
	free(f->path);
	free(f->part);
	free(f->dir);
	free(f);
	return NULL;
}

/* A name beside PATH that nobody has: the process and a count, and the next count while it is taken. */
static int open_part(struct afd_outfile *f, size_t dir_len, mode_t mode, struct afd_error *err)
{
	for (unsigned i = 0; i < 1000; i++) {
		char *part = afd_sprintf("%.*s.%s.%ld-%u.part", (int)dir_len, f->path, f->path + dir_len, (long)getpid(), i);

		if (!part)
			return afd_fail_memory(err);
		f->fd = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
		if (f->fd >= 0) {
			f->part = part;
			return 0;
		}
		free(part);
		if (errno != EEXIST)
			break;
	}
	return afd_fail_errno(err, "create", f->path);
}

int afd_outfile_begin(const char *path, bool is_private, struct afd_outfile **ret, struct afd_error *err)
{
	AFD_AUTO(outfile) struct afd_outfile *f = calloc(1, sizeof(*f));
	const char *slash = strrchr(path, '/');
	size_t dir_len = slash ? (size_t)(slash - path) + 1 : 0;
	struct stat st;

	if (!f)
		return afd_fail_memory(err);
	f->fd = -1;
	f->path = afd_strdup(path);
	f->dir = dir_len ? afd_text_dup(afd_slice(path, dir_len)) : afd_strdup(".");
	if (!f->path || !f->dir)
		return afd_fail_memory(err);
	if (!path[dir_len])
		return afd_fail(err, AFD_E_USAGE, "\"%s\" is not the name of a file", path);
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
		return afd_fail(err, AFD_E_USAGE, "%s: there, and no plain file", path);
	if (open_part(f, dir_len, is_private ? 0600 : 0644, err) < 0)
		return -1;
	*ret = afd_steal(&f);
	return 0;
}

static int write_all(struct afd_outfile *f, struct afd_slice s, struct afd_error *err)
{
	while (s.len) {
		ssize_t n = write(f->fd, s.data, s.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return afd_fail_errno(err, "write", f->path);
		s = afd_slice_sub(s, (size_t)n, s.len);
	}
	return 0;
}

static int flush(struct afd_outfile *f, struct afd_error *err)
{
	int r = write_all(f, afd_buf_slice(&f->pending), err);

	f->pending.len = 0;
	return r;
}

int afd_outfile_write(struct afd_outfile *f, struct afd_slice s, struct afd_error *err)
{
	if (f->pending.len + s.len > WRITE_BEHIND && flush(f, err) < 0)
		return -1;
	if (s.len > WRITE_BEHIND)
		return write_all(f, s, err);
	return afd_buf_add_slice(&f->pending, s) < 0 ? afd_fail_memory(err) : 0;
}

/* After rename() only the directory's own fsync can fail. Then we cannot promise the file: it is taken away. */
static int sync_directory(struct afd_outfile *f, int dir, struct afd_error *err)
{
	if (fsync(dir) == 0 || errno == EINVAL || errno == ENOTSUP)     /* a file system without it has nothing to do */
		return 0;
	afd_fail_errno(err, "make durable", f->path);
	unlink(f->path);
	return -1;
}

int afd_outfile_settle(struct afd_outfile *f, struct afd_error *err)
{
	if (flush(f, err) < 0)
		return -1;
	return fsync(f->fd) < 0 ? afd_fail_errno(err, "write", f->path) : 0;
}

int afd_outfile_commit(struct afd_outfile *f, struct afd_error *err)
{
	int dir, r;

	if (afd_outfile_settle(f, err) < 0)
		return -1;
	r = close(f->fd);
	f->fd = -1;
	if (r < 0)
		return afd_fail_errno(err, "write", f->path);
	dir = open(f->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return afd_fail_errno(err, "open the folder of", f->path);
	r = rename(f->part, f->path);
	if (r < 0) {
		afd_fail_errno(err, "create", f->path);
	} else {
		f->committed = true;
		r = sync_directory(f, dir, err);
	}
	close(dir);
	return r;
}

int afd_file_write(const char *path, struct afd_slice s, bool is_private, struct afd_error *err)
{
	AFD_AUTO(outfile) struct afd_outfile *f = NULL;

	if (afd_outfile_begin(path, is_private, &f, err) < 0 || afd_outfile_write(f, s, err) < 0)
		return -1;
	return afd_outfile_commit(f, err);
}

/* Straight into the buffer: no copy of a key stays behind, and a large file is read once. */
static int read_all(int fd, const char *path, size_t max, struct afd_buf *ret, struct afd_error *err)
{
	size_t got = 0, step = 1u << 16;
	struct stat st;

	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0 && (uint64_t)st.st_size <= max)
		step = (size_t)st.st_size + 1;          /* the size is a guess: files grow */
	for (;;) {
		ssize_t n;

		if (afd_buf_reserve(ret, step) < 0)
			return afd_fail_memory(err);
		n = read(fd, ret->data + ret->len, step);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return afd_fail_errno(err, "read", path);
		if (n == 0)
			break;
		got += (size_t)n;
		if (got > max)
			return afd_fail(err, AFD_E_LIMIT, "%s: larger than %zu bytes", path, max);
		ret->len += (size_t)n;
		step = step > (size_t)n && step - (size_t)n < (1u << 16) ? step - (size_t)n : 1u << 16;
	}
	ret->data[ret->len] = 0;
	return 0;
}

int afd_file_read(const char *path, size_t max, struct afd_buf *ret, struct afd_error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	size_t before = ret->len;
	int r;

	if (fd < 0)
		return afd_fail_errno(err, "open", path);
	r = read_all(fd, path, max, ret, err);
	close(fd);
	if (r < 0 && ret->data)
		ret->data[ret->len = before] = 0;
	return r;
}

/* --- piece by piece --- */

struct afd_infile { int fd; char *path; };

int afd_infile_open(const char *path, struct afd_infile **ret, struct afd_error *err)
{
	AFD_AUTO(infile) struct afd_infile *f = calloc(1, sizeof(*f));

	if (!f)
		return afd_fail_memory(err);
	f->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (f->fd < 0)
		return afd_fail_errno(err, "open", path);
	if (!(f->path = afd_strdup(path)))
		return afd_fail_memory(err);
	*ret = afd_steal(&f);
	return 0;
}

int afd_infile_read(struct afd_infile *f, uint8_t *p, size_t n, size_t *got, struct afd_error *err)
{
	ssize_t k;

	do {
		k = read(f->fd, p, n);
	} while (k < 0 && errno == EINTR);
	if (k < 0)
		return afd_fail_errno(err, "read", f->path);
	*got = (size_t)k;
	return 0;
}

struct afd_infile *afd_infile_free(struct afd_infile *f)
{
	if (f && f->fd >= 0)
		close(f->fd);
	free(f ? f->path : NULL);
	free(f);
	return NULL;
}

void afd_infile_release(struct afd_infile **f)
{
	*f = afd_infile_free(*f);
}

/* --- scratch --- */

int afd_scratch_make(const char *dir, struct afd_scratch *ret, struct afd_error *err)
{
	char *path = afd_sprintf("%s/.affidavit-XXXXXX", dir);
	int fd;

	if (!path)
		return afd_fail_memory(err);
	fd = mkostemp(path, O_CLOEXEC);
	if (fd < 0) {
		afd_fail_errno(err, "make a temporary file in", dir);
		free(path);
		return -1;
	}
	close(fd);
	ret->path = path;
	return 0;
}

void afd_scratch_release(struct afd_scratch *s)
{
	char *journal;

	if (!s->path)
		return;
	journal = afd_sprintf("%s-journal", s->path);
	if (journal)
		unlink(journal);
	unlink(s->path);
	free(journal);
	free(s->path);
	s->path = NULL;
}

const struct afd_embedded *afd_embedded_find(const char *path)
{
	for (const struct afd_embedded *e = afd_embedded_files; e->path; e++)
		if (strcmp(e->path, path) == 0)
			return e;
	return NULL;
}
