/* Secrets are named, never written down: env:NAME file:PATH fd:N exec:COMMAND. No message repeats what was read, and
 * none repeats a reference that may be the secret itself. */
#include "transport/transport_private.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECRET_MAX 65536
#define ARGS_MAX 32
#define EXEC_SECONDS 10

extern char **environ;

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

static int from_file(const char *path, struct afd_buf *ret, struct afd_error *err)
{
	AFD_AUTO_FD int fd = afd_open_input(path);
	struct stat st;

	if (fd < 0)
		return afd_fail_errno(err, "open", path);
	if (fstat(fd, &st) < 0)
		return afd_fail_errno(err, "read", path);
	if (!S_ISREG(st.st_mode))
		return afd_fail(err, AFD_E_CONFIG, "%s: not a regular file", path);
	if (st.st_mode & (S_IRWXO | S_IWGRP))
		return afd_fail(err, AFD_E_CONFIG, "%s: others can read or change it; chmod 600 helps", path);
	return afd_read_all(fd, path, SECRET_MAX, ret, err);
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

/* Cuts TEXT at blanks, in place. */
static int split(char *text, char *argv[ARGS_MAX + 1], struct afd_error *err)
{
	static const char blanks[] = " \t";
	size_t n = 0;

	for (char *p = text + strspn(text, blanks); *p; p += strspn(p, blanks)) {
		if (n == ARGS_MAX)
			return afd_fail(err, AFD_E_CONFIG, "exec:%s: more than %d words", argv[0], ARGS_MAX);
		argv[n++] = p;
		p += strcspn(p, blanks);
		if (*p)
			*p++ = 0;
	}
	argv[n] = NULL;
	return n ? 0 : afd_fail(err, AFD_E_CONFIG, "exec: no command");
}

static int start(char *const argv[], int out, pid_t *pid)
{
	posix_spawn_file_actions_t a;
	int r = posix_spawn_file_actions_init(&a);

	if (r)
		return r;
	r = posix_spawn_file_actions_addopen(&a, 0, "/dev/null", O_RDONLY, 0);
	if (!r)
		r = posix_spawn_file_actions_adddup2(&a, out, 1);
	if (!r)
		r = posix_spawn_file_actions_addclosefrom_np(&a, 3);      /* descriptors with other secrets */
	if (!r)
		r = posix_spawnp(pid, argv[0], &a, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&a);
	return r;
}

/* Until the end of what the command writes; 0, or -1 with err. */
static int listen_to(int in, const char *name, struct afd_buf *ret, struct afd_error *err)
{
	const struct itimerspec ten = { .it_value = { .tv_sec = EXEC_SECONDS } };
	AFD_AUTO_FD int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	struct pollfd p[2] = { { .fd = in, .events = POLLIN }, { .fd = timer, .events = POLLIN } };
	char block[4096];
	ssize_t n;

	if (timer < 0 || timerfd_settime(timer, 0, &ten, NULL) < 0)
		return afd_fail_errno(err, "set", "timer");
	for (;;) {
		if (poll(p, 2, -1) < 0 && errno != EINTR)
			return afd_fail_errno(err, "wait for", name);
		if (p[1].revents)
			return afd_fail(err, AFD_E_CONFIG, "exec:%s: no answer within %d s", name, EXEC_SECONDS);
		if (!p[0].revents)
			continue;
		n = read(in, block, sizeof(block));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		if (ret->len + (size_t)n > SECRET_MAX)
			return afd_fail(err, AFD_E_LIMIT, "exec:%s: more than %d bytes", name, SECRET_MAX);
		if (afd_buf_add(ret, block, (size_t)n) < 0)
			return afd_fail_memory(err);
	}
	explicit_bzero(block, sizeof(block));
	return n < 0 ? afd_fail_errno(err, "read", name) : 0;
}

/* Arguments may be sensitive: messages name the program alone. */
static int from_exec(const char *command, struct afd_buf *ret, struct afd_error *err)
{
	AFD_AUTO(mem) char *text = afd_strdup(command);
	AFD_AUTO_FD int in = -1;
	AFD_AUTO_FD int out = -1;
	char *argv[ARGS_MAX + 1];
	int ends[2], r, status = 0;
	pid_t pid;

	if (!text)
		return afd_fail_memory(err);
	if (split(text, argv, err) < 0)
		return -1;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return afd_fail_errno(err, "start", argv[0]);
	in = ends[0];
	out = ends[1];
	errno = start(argv, out, &pid);
	if (errno)
		return afd_fail_errno(err, "start", argv[0]);
	afd_fd_release(&out);
	r = listen_to(in, argv[0], ret, err);
	if (r < 0)
		kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (r < 0)
		return -1;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return afd_fail(err, AFD_E_CONFIG, "exec:%s: ended with %s %d", argv[0], WIFEXITED(status) ? "status" : "signal",
				WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
	return 0;
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
