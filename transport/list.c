/* What lies in a directory: regular files by name, without following a link. */
#include "transport/transport_private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

struct listed { char *name; uint64_t size; int64_t modified_ms; };
struct listing { struct listed *at; size_t n, cap, max; int left_out; };

static void listing_release(struct listing *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->at[i].name);
	free(l->at);
}

static bool plain(const char *name)
{
	for (; *name; name++)
		if ((unsigned char)*name < 0x20 || *name == 0x7f)
			return false;
	return true;
}

static int add(struct listing *l, const char *name, const struct stat *st, struct afd_error *err)
{
	if (l->n == l->max)
		return afd_fail(err, AFD_E_LIMIT, "more than %zu files", l->max);
	if (l->n == l->cap) {
		size_t cap = l->cap ? 2 * l->cap : 64;
		struct listed *at = reallocarray(l->at, cap, sizeof(*at));

		if (!at)
			return afd_fail_memory(err);
		l->at = at;
		l->cap = cap;
	}
	char *own = afd_strdup(name);
	if (!own)
		return afd_fail_memory(err);
	l->at[l->n++] = (struct listed){ own, (uint64_t)st->st_size, (int64_t)st->st_mtim.tv_sec * AFD_SECOND + st->st_mtim.tv_nsec / 1000000 };
	return 0;
}

static int list_dir(struct listing *l, int fd, const char *below, unsigned depth, struct afd_error *err);

static int list_one(struct listing *l, int fd, const char *below, const char *entry, unsigned depth, struct afd_error *err)
{
	AFD_AUTO(mem) char *name = afd_sprintf("%s%s%s", below, *below ? "/" : "", entry);
	struct stat st;

	if (!name)
		return afd_fail_memory(err);
	if (!plain(entry) || fstatat(fd, entry, &st, AT_SYMLINK_NOFOLLOW) < 0) {
		l->left_out++;
		return 0;
	}
	if (S_ISREG(st.st_mode))
		return add(l, name, &st, err);
	int sub = S_ISDIR(st.st_mode) && depth > 0 ? openat(fd, entry, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;
	if (sub >= 0)
		return list_dir(l, sub, name, depth - 1, err);
	l->left_out++;
	return 0;
}

/* FD is taken over. */
static int list_dir(struct listing *l, int fd, const char *below, unsigned depth, struct afd_error *err)
{
	DIR *d = fdopendir(fd);
	struct dirent *e;
	int rc = 0;

	if (!d) {
		close(fd);
		return afd_fail_errno(err, "read", *below ? below : ".");
	}
	while (rc == 0 && (errno = 0, e = readdir(d)) != NULL)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			rc = list_one(l, fd, below, e->d_name, depth, err);
	if (rc == 0 && errno)
		rc = afd_fail_errno(err, "read", *below ? below : ".");
	closedir(d);
	return rc;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct listed *)a)->name, ((const struct listed *)b)->name);
}

int afd_list_do(struct afd_transport *t, const struct afd_request *q, struct afd_response *ret, struct afd_error *err)
{
	const char *path = afd_file_path(q->path) ? afd_file_path(q->path) : q->path;
	struct listing l = { .max = q->max ? q->max : AFD_MAX_LISTED };
	int fd = path ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1, rc = 0;

	if (!path)
		return afd_fail(err, AFD_E_USAGE, "no path");
	if (fd < 0)
		return afd_fail_errno(err, "open", path);
	if (list_dir(&l, fd, "", AFD_MAX_LIST_DEPTH, err) < 0)
		rc = afd_within(err, "%s", path);
	if (l.n)
		qsort(l.at, l.n, sizeof(*l.at), by_name);
	for (size_t i = 0; rc == 0 && i < l.n; i++)
		if (afd_buf_printf(&t->body, "%" PRIu64 " %" PRId64 " %s\n", l.at[i].size, l.at[i].modified_ms, l.at[i].name) < 0)
			rc = afd_fail_memory(err);
	ret->status = l.left_out;
	snprintf(ret->channel, sizeof(ret->channel), "file");
	listing_release(&l);
	return rc;
}
