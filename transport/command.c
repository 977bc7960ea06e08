/* Somebody else's program: its words without a shell, a little on its standard input, a bounded answer, a time limit. One is run
 * for secrets and signatures, with the user's environment; the other as a source, with none of it. */
#include "transport/transport_private.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORDS_MAX 32
#define PIPE_HOLDS 4096            /* fits into a pipe that nobody reads yet */
#define INPUT_MAX (1u << 20)

extern char **environ;

static void afd_fd_release(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}
#define AFD_AUTO_FD __attribute__((cleanup(afd_fd_release)))

/* Cuts TEXT at blanks, in place; LAST becomes one more word. */
static int split(char *text, const char *last, char *argv[WORDS_MAX + 2], struct afd_error *err)
{
	static const char blanks[] = " \t";
	size_t n = 0;

	for (char *p = text + strspn(text, blanks); *p; p += strspn(p, blanks)) {
		if (n == WORDS_MAX)
			return afd_fail(err, AFD_E_CONFIG, "exec:%s: more than %d words", argv[0], WORDS_MAX);
		argv[n++] = p;
		p += strcspn(p, blanks);
		if (*p)
			*p++ = 0;
	}
	if (!n)
		return afd_fail(err, AFD_E_CONFIG, "exec: no command");
	if (last)
		argv[n++] = (char *)last;
	argv[n] = NULL;
	return 0;
}

/* What is too much for a pipe lies in memory as a file that has no name. */
static int file_of(struct afd_slice in)
{
	int fd = memfd_create("input", MFD_CLOEXEC);

	for (size_t at = 0; fd >= 0 && at < in.len;) {
		ssize_t n = write(fd, in.data + at, in.len - at);

		if (n > 0) {
			at += (size_t)n;
		} else if (n == 0 || errno != EINTR) {
			afd_fd_release(&fd);
			return -1;
		}
	}
	if (fd >= 0 && lseek(fd, 0, SEEK_SET) != 0)
		afd_fd_release(&fd);
	return fd;
}

/* A descriptor from which IN can be read; a pipe holds it whole before anybody reads. */
static int input_of(struct afd_slice in)
{
	int ends[2];

	if (!in.len)
		return open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (in.len > INPUT_MAX) {
		errno = EMSGSIZE;
		return -1;
	}
	if (in.len > PIPE_HOLDS)
		return file_of(in);
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	if (write(ends[1], in.data, in.len) != (ssize_t)in.len) {
		close(ends[0]);
		ends[0] = -1;
	}
	close(ends[1]);
	return ends[0];
}

/* ENV: NULL is our own, and then it speaks to our terminal; else it speaks to nobody and leads a group of its own, so that what
 * it starts ends with it. */
static int start(char *const argv[], char *const env[], int in, int out, pid_t *pid)
{
	posix_spawn_file_actions_t a;
	posix_spawnattr_t how;
	int r = posix_spawn_file_actions_init(&a);

	if (r)
		return r;
	r = posix_spawnattr_init(&how);
	if (r) {
		posix_spawn_file_actions_destroy(&a);
		return r;
	}
	if (env)
		r = posix_spawnattr_setflags(&how, POSIX_SPAWN_SETPGROUP);
	if (!r)
		r = posix_spawn_file_actions_adddup2(&a, in, 0);
	if (!r)
		r = posix_spawn_file_actions_adddup2(&a, out, 1);
	if (!r && env)
		r = posix_spawn_file_actions_addopen(&a, 2, "/dev/null", O_WRONLY, 0);
	if (!r)
		r = posix_spawn_file_actions_addclosefrom_np(&a, 3);      /* descriptors with other secrets */
	if (!r)
		r = posix_spawnp(pid, argv[0], &a, &how, argv, env ? env : environ);
	posix_spawnattr_destroy(&how);
	posix_spawn_file_actions_destroy(&a);
	return r;
}

static int too_long(const struct afd_command *c, const char *name, struct afd_error *err)
{
	if (c->hung)
		*c->hung = true;
	return afd_fail(err, AFD_E_CONFIG, "exec:%s: no answer within %d s", name, c->seconds);
}

/* Until the end of what the command writes; 0, or -1 with err. */
static int listen_to(const struct afd_command *c, int in, int timer, const char *name, struct afd_buf *ret, struct afd_error *err)
{
	struct pollfd p[2] = { { .fd = in, .events = POLLIN }, { .fd = timer, .events = POLLIN } };
	const size_t before = ret->len;
	char block[16384];
	ssize_t n;

	for (;;) {
		if (poll(p, 2, -1) < 0) {
			if (errno == EINTR)
				continue;
			return afd_fail_errno(err, "wait for", name);
		}
		if (p[1].revents)
			return too_long(c, name, err);
		if (!p[0].revents)
			continue;
		n = read(in, block, sizeof(block));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		if (ret->len - before + (size_t)n > c->max) {
			explicit_bzero(block, sizeof(block));
			return afd_fail(err, AFD_E_LIMIT, "exec:%s: more than %zu bytes", name, c->max);
		}
		if (afd_buf_add(ret, block, (size_t)n) < 0)
			return afd_fail_memory(err);
	}
	explicit_bzero(block, sizeof(block));
	return n < 0 ? afd_fail_errno(err, "read", name) : 0;
}

/* It may have closed its output and go on: the time limit holds until it ends. */
static int wait_for(const struct afd_command *c, pid_t pid, int timer, const char *name, int *status, struct afd_error *err)
{
	struct pollfd p = { .fd = timer, .events = POLLIN };
	pid_t r;

	while ((r = waitpid(pid, status, WNOHANG)) == 0 || (r < 0 && errno == EINTR))
		if (poll(&p, 1, 10) > 0)
			return too_long(c, name, err);
	return r < 0 ? afd_fail_errno(err, "wait for", name) : 0;
}

/* PID below 0: a whole group. */
static void end(pid_t pid, int *status)
{
	kill(pid, SIGKILL);
	if (pid < 0)
		pid = -pid;
	while (waitpid(pid, status, 0) < 0 && errno == EINTR)
		;
}

/* Where nobody listens, a command that talks much is no failure, nor one that leaves somebody behind who holds its output open. */
static int output_of(const struct afd_command *c, int *from, int *to)
{
	int ends[2];

	if (!c->max) {
		*to = open("/dev/null", O_WRONLY | O_CLOEXEC);
		return *to < 0 ? -1 : 0;
	}
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	*from = ends[0];
	*to = ends[1];
	return 0;
}

/* Arguments may be sensitive: messages name the program alone. */
int afd_command_run(const struct afd_command *c, struct afd_buf *ret, struct afd_error *err)
{
	const struct itimerspec limit = { .it_value = { .tv_sec = c->seconds } };
	AFD_AUTO(mem) char *text = afd_strdup(c->line);
	AFD_AUTO_FD int from = -1;
	AFD_AUTO_FD int to = -1;
	AFD_AUTO_FD int in = -1;
	AFD_AUTO_FD int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	char *argv[WORDS_MAX + 2];
	int status = 0;
	pid_t pid;

	if (!text)
		return afd_fail_memory(err);
	if (split(text, c->last, argv, err) < 0)
		return -1;
	in = input_of(c->in);
	if (in < 0)
		return afd_fail_errno(err, "give its input to", argv[0]);
	if (timer < 0 || timerfd_settime(timer, 0, &limit, NULL) < 0 || output_of(c, &from, &to) < 0)
		return afd_fail_errno(err, "start", argv[0]);
	errno = start(argv, NULL, in, to, &pid);
	if (errno)
		return afd_fail_errno(err, "start", argv[0]);
	afd_fd_release(&to);
	if ((c->max && listen_to(c, from, timer, argv[0], ret, err) < 0) || wait_for(c, pid, timer, argv[0], &status, err) < 0) {
		end(pid, &status);
		return -1;
	}
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return afd_fail(err, AFD_E_CONFIG, "exec:%s: ended with %s %d", argv[0], WIFEXITED(status) ? "status" : "signal",
				WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
	return 0;
}

/* --- as a source --- */

static char *variable(const char *name, const char *otherwise)
{
	const char *v = getenv(name);

	return afd_sprintf("%s=%s", name, v && *v ? v : otherwise);
}

/* No variable of ours but these: programs are steered by theirs (GIT_DIR, LD_PRELOAD, KNOT_CONF). */
int afd_command_do(struct afd_transport *t, const struct afd_request *q, struct afd_response *ret, struct afd_error *err)
{
	const struct afd_command limits = { .max = q->max ? q->max : AFD_MAX_ITEM, .seconds = q->seconds > 0 ? q->seconds : 60 };
	const struct itimerspec limit = { .it_value = { .tv_sec = limits.seconds } };
	AFD_AUTO(mem) char *path = variable("PATH", "/usr/local/bin:/usr/bin:/bin"), *home = variable("HOME", "/nonexistent");
	char *const env[] = { path, home, (char *)"LC_ALL=C", NULL };
	AFD_AUTO_FD int from = -1;
	AFD_AUTO_FD int to = -1;
	AFD_AUTO_FD int in = open("/dev/null", O_RDONLY | O_CLOEXEC);
	AFD_AUTO_FD int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	int ends[2], status = 0;
	pid_t pid;

	if (!q->argv || !q->argv[0])
		return afd_fail(err, AFD_E_USAGE, "no command");
	if (!path || !home)
		return afd_fail_memory(err);
	if (in < 0 || timer < 0 || timerfd_settime(timer, 0, &limit, NULL) < 0 || pipe2(ends, O_CLOEXEC) < 0)
		return afd_fail_errno(err, "start", q->argv[0]);
	from = ends[0];
	to = ends[1];
	errno = start((char *const *)q->argv, env, in, to, &pid);
	if (errno)
		return afd_fail(err, AFD_E_CONFIG, "%s: could not be started: %s", q->argv[0], strerrordesc_np(errno) ? strerrordesc_np(errno) : "unknown error");
	afd_fd_release(&to);
	if (listen_to(&limits, from, timer, q->argv[0], &t->body, err) < 0 || wait_for(&limits, pid, timer, q->argv[0], &status, err) < 0) {
		end(-pid, &status);
		return -1;
	}
	ret->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	snprintf(ret->channel, sizeof(ret->channel), "command %s", q->argv[0]);
	return 0;
}
