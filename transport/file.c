/* Input files: pieces of a growing log, recorded answers in place of a server's, and the user's own files. */
#include "transport/transport_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_AT_ONCE ((size_t)64 * 1024)

const char *afd_file_path(const char *text)
{
	return text && strncmp(text, "file:", 5) == 0 ? text + 5 : NULL;
}

int afd_open_input(const char *path)
{
	return open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
}

static void afd_fd_release(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static int64_t modified_ms(const struct stat *st)
{
	return (int64_t)st->st_mtim.tv_sec * AFD_SECOND + st->st_mtim.tv_nsec / 1000000;
}

int afd_read_all(int fd, const char *name, size_t max, struct afd_buf *ret, struct afd_error *err)
{
	size_t before = ret->len;

	for (;;) {
		size_t room = max - (ret->len - before);
		ssize_t n;

		/* one byte more than allowed is asked for, to see that there is more */
		room = room < READ_AT_ONCE ? room + 1 : READ_AT_ONCE;
		if (afd_buf_reserve(ret, room) < 0)
			return afd_fail_memory(err);
		n = read(fd, ret->data + ret->len, room);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return afd_fail_errno(err, "read", name);
		if ((size_t)n > max - (ret->len - before))
			return afd_fail(err, AFD_E_LIMIT, "%s: larger than %zu bytes", name, max);
		ret->len += (size_t)n;
		ret->data[ret->len] = 0;
		if (n == 0)
			return 0;
	}
}

/* Name by name behind the first INSIDE bytes, so that no link on the way leads elsewhere. -1: errno */
static int open_inside(const char *path, size_t inside)
{
	AFD_AUTO(mem) char *copy = afd_strdup(path);
	char *name = copy ? copy + inside : NULL;
	int fd, next;

	if (!copy)
		return -1;
	fd = openat(AT_FDCWD, inside ? (name[-1] = '\0', *copy ? copy : "/") : ".", O_RDONLY | O_CLOEXEC | O_DIRECTORY);
	while (fd >= 0 && name) {
		char *slash = strchr(name, '/');

		if (slash)
			*slash = '\0';
		if (strcmp(name, "..") == 0) {
			close(fd);
			errno = EXDEV;
			return -1;
		}
		next = *name || !slash ? openat(fd, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW | (slash ? O_DIRECTORY : 0)) : fd;
		if (next != fd)
			close(fd);
		fd = next;
		name = slash ? slash + 1 : NULL;
	}
	return fd;
}

static int open_regular(const char *path, size_t inside, bool no_link, int *fd, struct stat *st, struct afd_error *err)
{
	*fd = inside && inside < strlen(path) && path[inside - 1] == '/' ? open_inside(path, inside) : no_link ? open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW) : afd_open_input(path);
	if (*fd < 0)
		return afd_fail_errno(err, "open", path);
	if (fstat(*fd, st) < 0)
		return afd_fail_errno(err, "read", path);
	if (!S_ISREG(st->st_mode)) {
		afd_fd_release(fd);
		return afd_fail(err, AFD_E_IO, "%s: not a regular file", path);
	}
	return 0;
}

static int read_from(int fd, const char *path, uint64_t off, size_t max, struct afd_buf *ret, struct afd_error *err)
{
	while (ret->len < max) {
		size_t room = max - ret->len < 65536 ? max - ret->len : 65536;
		ssize_t n;

		if (off > INT64_MAX - ret->len)
			return 0;
		if (afd_buf_reserve(ret, room) < 0)
			return afd_fail_memory(err);
		n = pread(fd, ret->data + ret->len, room, (off_t)(off + ret->len));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return afd_fail_errno(err, "read", path);
		if (n == 0)
			return 0;
		ret->len += (size_t)n;
		ret->data[ret->len] = 0;
	}
	return 0;
}

/* A segment that a rotation packed. It does not change any more, so it is unpacked again for each piece of it. */
static int read_packed(int fd, const char *path, const struct afd_request *q, struct afd_buf *ret, uint64_t *size, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf packed = { 0 }, all = { 0 };

	if (afd_read_all(fd, path, AFD_MAX_HTTP_BODY, &packed, err) < 0)
		return -1;
	if (afd_gunzip(afd_buf_slice(&packed), AFD_MAX_UNPACKED, &all, err) < 0)
		return afd_within(err, "%s", path);
	*size = all.len;
	if (q->offset >= all.len)
		return 0;
	return afd_buf_add_slice(ret, afd_slice_sub(afd_buf_slice(&all), (size_t)q->offset, q->max ? q->max : AFD_MAX_LOG_SEGMENT)) < 0 ?
		afd_fail_memory(err) : 0;
}

int afd_tail_do(struct afd_transport *t, const struct afd_request *q, struct afd_response *ret, struct afd_error *err)
{
	__attribute__((cleanup(afd_fd_release))) int fd = -1;
	const char *path = afd_file_path(q->path) ? afd_file_path(q->path) : q->path;
	struct stat st;

	if (!path || (q->inside && path != q->path))
		return afd_fail(err, AFD_E_USAGE, "no path");
	uint64_t size = 0;

	if (open_regular(path, q->inside, q->no_link, &fd, &st, err) < 0)
		return -1;
	if (q->gunzip ? read_packed(fd, path, q, &t->body, &size, err) < 0 :
	    read_from(fd, path, q->offset, q->max ? q->max : AFD_MAX_LOG_SEGMENT, &t->body, err) < 0)
		return -1;
	/* Size and identity belong to the file that was read, not to what has its name by now. */
	if (fstat(fd, &st) < 0)
		return afd_fail_errno(err, "read", path);
	ret->file_size = q->gunzip ? size : (uint64_t)st.st_size;
	ret->file_id[0] = (uint64_t)st.st_dev;
	ret->file_id[1] = (uint64_t)st.st_ino;
	ret->server_ms = modified_ms(&st);
	snprintf(ret->channel, sizeof(ret->channel), "file");
	return 0;
}

/* What a source appends to its address comes from answers too (page tokens): it must not climb out of the folder. */
static bool climbs(const char *path)
{
	for (const char *p = path; p; p = strchr(p, '/')) {
		p += *p == '/';
		if (strncmp(p, "..", 2) == 0 && (p[2] == '/' || !p[2]))
			return true;
	}
	return false;
}

int afd_replay_do(const char *url, size_t max, struct afd_buf *body, struct afd_response *ret, struct afd_error *err)
{
	__attribute__((cleanup(afd_fd_release))) int fd = -1;
	const char *path = afd_file_path(url);
	struct stat st;

	if (climbs(path))
		return afd_fail(err, AFD_E_USAGE, "%s: \"..\" is not allowed here", path);
	snprintf(ret->channel, sizeof(ret->channel), "file");
	fd = afd_open_input(path);
	if (fd < 0 && errno != ENOENT && errno != ENOTDIR && errno != ENAMETOOLONG)
		return afd_fail_errno(err, "open", path);
	if (fd < 0 || (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))) {
		ret->status = 404;
		return 0;
	}
	afd_fd_release(&fd);
	if (open_regular(path, 0, false, &fd, &st, err) < 0 ||
	    afd_read_all(fd, path, max, body, err) < 0)
		return -1;
	ret->status = 200;
	ret->server_ms = modified_ms(&st);
	return 0;
}

int afd_user_file_read(const char *path, struct afd_buf *ret, int64_t *ret_modified_ms, struct afd_error *err)
{
	__attribute__((cleanup(afd_fd_release))) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	size_t before = ret->len;
	struct stat st;

	if (fd < 0)
		return afd_fail_errno(err, "open", path);
	if (fstat(fd, &st) < 0)
		return afd_fail_errno(err, "read", path);
	/* what is longer by now makes it grow */
	if (S_ISREG(st.st_mode) && st.st_size > 0 && st.st_size <= AFD_MAX_USER_FILE &&
	    afd_buf_reserve(ret, (size_t)st.st_size + READ_AT_ONCE) < 0)
		return afd_fail_memory(err);
	if (afd_read_all(fd, path, AFD_MAX_USER_FILE, ret, err) < 0) {
		if (ret->data)
			ret->data[ret->len = before] = 0;
		return -1;
	}
	if (ret_modified_ms)
		*ret_modified_ms = modified_ms(&st);
	return 0;
}
