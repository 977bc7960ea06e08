/* Secrets are named, never written down: env:NAME file:PATH fd:N exec:COMMAND. No message repeats what was read, and
 * none repeats a reference that may be the secret itself. */
#include "transport/transport_private.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECRET_MAX 65536
#define EXEC_SECONDS 10
#define BLOCK 65536        /* afd_read_all() asks for at most this much at once */

static void afd_fd_release(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}
#define AFD_AUTO_FD __attribute__((cleanup(afd_fd_release)))

static int from_env(const char *name, struct afd_buf *ret, struct afd_error *err)
{
	const char *v = getenv(name);

	if (!v)
		return afd_fail(err, AFD_E_CONFIG, "env:%s: the variable is not set", name);
	if (strlen(v) > SECRET_MAX)
		return afd_fail(err, AFD_E_LIMIT, "env:%s: more than %d bytes", name, SECRET_MAX);
	return afd_buf_text(ret, v) < 0 ? afd_fail_memory(err) : 0;
}

static int read_private(const char *path, mode_t forbidden, size_t max, struct afd_buf *ret, struct afd_error *err)
{
	AFD_AUTO_FD int fd = afd_open_input(path);
	struct stat st;

	if (fd < 0)
		return afd_fail_errno(err, "open", path);
	if (fstat(fd, &st) < 0)
		return afd_fail_errno(err, "read", path);
	if (!S_ISREG(st.st_mode))
		return afd_fail(err, AFD_E_CONFIG, "%s: not a regular file", path);
	if (st.st_mode & forbidden)
		return afd_fail(err, AFD_E_CONFIG, "%s: others can read or change it; chmod 600 helps", path);
	/* In one piece from the start: growing would leave copies behind that nobody wipes. */
	if (st.st_size >= 0 && (size_t)st.st_size <= max && afd_buf_reserve(ret, (size_t)st.st_size + 2 * BLOCK) < 0)
		return afd_fail_memory(err);
	return afd_read_all(fd, path, max, ret, err);
}

/* A group may read a secret that services share. */
static int from_file(const char *path, struct afd_buf *ret, struct afd_error *err)
{
	return read_private(path, S_IRWXO | S_IWGRP, SECRET_MAX, ret, err);
}

int afd_private_file_read(const char *path, size_t max, struct afd_buf *ret, struct afd_error *err)
{
	return read_private(path, S_IRWXO | S_IRWXG, max, ret, err);
}

static int from_fd(const char *number, struct afd_buf *ret, struct afd_error *err)
{
	AFD_AUTO(mem) char *name = afd_sprintf("fd:%s", number);
	char *end;
	long n;

	errno = 0;
	n = strtol(number, &end, 10);
	if (*number < '0' || *number > '9' || *end || errno || n > INT32_MAX)
		return afd_fail(err, AFD_E_CONFIG, "expected fd:N with a number");
	return name ? afd_read_all((int)n, name, SECRET_MAX, ret, err) : afd_fail_memory(err);
}

static int from_exec(const char *command, struct afd_buf *ret, struct afd_error *err)
{
	const struct afd_command c = { .line = command, .max = SECRET_MAX, .seconds = EXEC_SECONDS };

	return afd_command_run(&c, ret, err);
}

static const struct { const char *prefix; int (*read)(const char *, struct afd_buf *, struct afd_error *); } kinds[] = {
	{ "env:", from_env }, { "exec:", from_exec }, { "fd:", from_fd }, { "file:", from_file },
};

static int resolve(const char *ref, struct afd_buf *ret, struct afd_error *err)
{
	for (size_t i = 0; ref && i < AFD_COUNT(kinds); i++)
		if (strncmp(ref, kinds[i].prefix, strlen(kinds[i].prefix)) == 0)
			return kinds[i].read(ref + strlen(kinds[i].prefix), ret, err);
	return afd_fail(err, AFD_E_CONFIG, "expected env:NAME, file:PATH, fd:N or exec:COMMAND; a literal secret is not allowed");
}

int afd_secret_resolve(const char *ref, struct afd_buf *ret, struct afd_error *err)
{
	struct afd_buf s = { 0 };
	int r;

	/* In one piece from the start: growing would leave copies behind that nobody wipes. */
	if (afd_buf_reserve(&s, 2 * SECRET_MAX) < 0)
		return afd_fail_memory(err);
	r = resolve(ref, &s, err);
	if (r == 0 && s.len && s.data[s.len - 1] == '\n')
		s.len--;
	if (r == 0 && s.len == 0)
		r = afd_fail(err, AFD_E_CONFIG, "the secret is empty");
	if (r == 0 && afd_buf_add_slice(ret, afd_buf_slice(&s)) < 0)
		r = afd_fail_memory(err);
	afd_buf_wipe(&s);
	return r;
}
