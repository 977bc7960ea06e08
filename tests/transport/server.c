#include "server.h"

#include <arpa/inet.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int listen_on_loopback(uint16_t *port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t n = sizeof(a);

	assert_true(s >= 0);
	assert_int_equal(bind(s, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(getsockname(s, (struct sockaddr *)&a, &n), 0);
	*port = ntohs(a.sin_port);
	return s;
}

struct server server_start(serve *fn)
{
	struct server s;
	int l = listen_on_loopback(&s.port);

	assert_int_equal(listen(l, 8), 0);
	fflush(NULL);
	s.pid = fork();
	assert_true(s.pid >= 0);
	if (s.pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		signal(SIGPIPE, SIG_IGN);
		for (;;) {
			int c = accept(l, NULL, NULL);

			if (c >= 0) {
				fn(c);
				close(c);
			}
		}
	}
	close(l);
	return s;
}

void server_stop(struct server *s)
{
	kill(s->pid, SIGKILL);
	waitpid(s->pid, NULL, 0);
}

uint16_t closed_port(void)
{
	uint16_t port;

	close(listen_on_loopback(&port));
	return port;
}

void put(int conn, const void *p, size_t n)
{
	while (n) {
		ssize_t w = write(conn, p, n);

		if (w <= 0)
			return;
		p = (const char *)p + w;
		n -= (size_t)w;
	}
}

void puts_to(int conn, const char *s)
{
	put(conn, s, strlen(s));
}

size_t get(int conn, void *p, size_t max)
{
	ssize_t n = read(conn, p, max);

	return n > 0 ? (size_t)n : 0;
}

void pause_ms(int ms)
{
	nanosleep(&(struct timespec){ .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L }, NULL);
}

static int64_t looks;

static int64_t test_now(void *ctx)
{
	(void)ctx;
	return TEST_NOW + 5 * looks++;
}

const struct afd_env test_env = { .now_ms = test_now };

struct afd_transport *test_transport(const char *contact)
{
	struct afd_transport *t = afd_transport_new(&test_env, contact, NULL);

	assert_non_null(t);
	looks = 0;
	return t;
}

void assert_failed(int r, const struct afd_error *err, enum afd_code code, const char *text)
{
	assert_int_equal(r, -1);
	if (strncmp(err->text, text, strlen(text)) != 0)      /* a library's own words may follow */
		fail_msg("expected: %s\ngot: %s", text, err->text);
	assert_int_equal(err->code, code);
}
