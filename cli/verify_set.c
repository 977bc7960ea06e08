/* The files of a report: a folder, or a few that were named. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/verify.h"
#include "core/file.h"

#define MAX_FILES 4096

int verify_set_add(struct verify_set *s, const char *name, const char *path, struct verify_file **ret, struct afd_error *err)
{
	struct verify_file f = { 0 };

	if (verify_set_find(s, name))
		return afd_fail(err, AFD_E_USAGE, "%s was given twice", name);
	if (s->n == MAX_FILES)
		return afd_fail(err, AFD_E_LIMIT, "more than %d files", MAX_FILES);
	if (s->n == s->cap) {
		size_t cap = s->cap ? 2 * s->cap : 16;
		struct verify_file *at = reallocarray(s->at, cap, sizeof(*at));

		if (!at)
			return afd_fail_memory(err);
		s->at = at;
		s->cap = cap;
	}
	f.name = afd_strdup(name);
	f.path = afd_strdup(path);
	if (!f.name || (path && !f.path)) {
		free(f.name);
		free(f.path);
		return afd_fail_memory(err);
	}
	s->at[s->n] = f;
	if (ret)
		*ret = &s->at[s->n];
	s->n++;
	return 0;
}

struct verify_file *verify_set_find(const struct verify_set *s, const char *name)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->at[i].name, name) == 0)
			return &s->at[i];
	return NULL;
}

void verify_set_release(struct verify_set *s)
{
	for (size_t i = 0; i < s->n; i++) {
		free(s->at[i].name);
		free(s->at[i].path);
		afd_buf_release(&s->at[i].bytes);
	}
	free(s->at);
	*s = (struct verify_set){ 0 };
}

int verify_file_load(struct verify_file *f, size_t max, struct afd_error *err)
{
	if (f->loaded)
		return 0;
	if (!*f->path)
		return afd_fail(err, AFD_E_VERIFY, "%s: not a plain file: a link or a folder cannot be what was signed", f->name);
	if (afd_file_read(f->path, max, &f->bytes, err) < 0)
		return -1;
	f->loaded = true;
	return 0;
}

static int digest_descriptor(int fd, const char *path, struct afd_digest *ret, struct afd_error *err)
{
	struct afd_sha256_ctx *c = afd_sha256_new();
	uint8_t piece[65536];
	ssize_t n;

	if (!c)
		return afd_fail_memory(err);
	afd_sha256_begin(c);
	while ((n = read(fd, piece, sizeof(piece))) > 0)
		afd_sha256_add(c, afd_slice(piece, (size_t)n));
	afd_sha256_end(c, ret);
	afd_sha256_free(c);
	return n < 0 ? afd_fail_errno(err, "read", path) : 0;
}

int verify_file_digest(struct verify_file *f, struct afd_error *err)
{
	int fd, r;

	if (f->digested)
		return 0;
	if (f->loaded) {
		afd_sha256(afd_buf_slice(&f->bytes), &f->sha256);
		f->digested = true;
		return 0;
	}
	if (!*f->path)
		return afd_fail(err, AFD_E_VERIFY, "not a plain file: a link or a folder cannot be what was signed");
	fd = open(f->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return afd_fail_errno(err, "open", f->path);
	r = digest_descriptor(fd, f->path, &f->sha256, err);
	close(fd);
	f->digested = r == 0;
	return r;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct verify_file *)a)->name, ((const struct verify_file *)b)->name);
}

static int add_entry(struct verify_set *s, const char *dir, const char *name, struct afd_error *err)
{
	AFD_AUTO(mem) char *path = afd_sprintf("%s/%s", dir, name);
	struct stat st;

	if (!path)
		return afd_fail_memory(err);
	if (lstat(path, &st) < 0)
		return afd_fail_errno(err, "look at", path);
	/* A link could lead outside of what was signed; a folder cannot be named by a statement. Both are then unnamed. */
	return verify_set_add(s, name, S_ISREG(st.st_mode) ? path : "", NULL, err);
}

int verify_set_folder(struct verify_set *s, const char *dir, struct afd_error *err)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	int r = 0;

	if (!d)
		return afd_fail_errno(err, "open the folder", dir);
	while (r == 0 && (errno = 0, e = readdir(d)))
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			r = add_entry(s, dir, e->d_name, err);
	if (r == 0 && errno)
		r = afd_fail_errno(err, "read the folder", dir);
	closedir(d);
	if (s->n)
		qsort(s->at, s->n, sizeof(*s->at), by_name);
	return r;
}
