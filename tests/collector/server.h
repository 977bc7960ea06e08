/* A small HTTP server on the loopback, in a thread of the test: it answers by a script and writes down what was asked.
 */
#ifndef AFD_TESTS_COLLECTOR_SERVER_H
#define AFD_TESTS_COLLECTOR_SERVER_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/bytes.h"

#define SERVER_MAX 64

/* One answer: status line and headers as given, or made from STATUS; the body; then the connection ends. */
struct answer {
	int status;
	const char *headers;               /* each with CRLF; may be NULL */
	const char *body;
	size_t cut;                        /* bytes of the body that are promised and never sent */
	size_t blanks;                     /* so many blanks in place of a body */
};

struct server {
	int fd;
	unsigned port;
	pthread_t thread;
	const struct answer *script;       /* the last one repeats */
	const struct answer *(*pick)(void *ctx, const char *head); void *ctx;      /* in place of the script: by what is asked */
	size_t n_script;
	atomic_size_t n;                   /* requests seen */
	char asked[SERVER_MAX][4096];      /* their heads */
};

static inline void server_send(int fd, const void *p, size_t n)
{
	for (const char *at = p; n;) {
		ssize_t k = send(fd, at, n, MSG_NOSIGNAL);

		if (k <= 0)
			return;
		at += k;
		n -= (size_t)k;
	}
}

static inline void server_answer(int fd, const struct answer *a)
{
	static char blanks[65536];
	size_t body = a->blanks ? a->blanks : a->body ? strlen(a->body) : 0;
	AFD_AUTO(mem)
	char *head = afd_sprintf(
		"HTTP/1.1 %d X\r\nContent-Type: application/json\r\nContent-Length: %zu\r\nConnection: close\r\n%s\r\n",
		a->status, body + a->cut, a->headers ? a->headers : "");

	memset(blanks, ' ', sizeof(blanks));
	server_send(fd, head, strlen(head));
	if (!a->blanks)
		server_send(fd, a->body ? a->body : "", body);
	for (size_t left = a->blanks; left;) {
		size_t n = left < sizeof(blanks) ? left : sizeof(blanks);

		server_send(fd, blanks, n);
		left -= n;
	}
}

/* The head and all of the body that it promises; a closed connection with unread bytes would be reset. */
static inline int server_whole(const char *head, size_t len)
{
	const char *end = strstr(head, "\r\n\r\n"), *length = strcasestr(head, "\r\nContent-Length:");

	return end && (!length || length > end || len >= (size_t)(end + 4 - head) + strtoul(length + 17, NULL, 10));
}

static inline void *server_run(void *ctx)
{
	struct server *s = ctx;
	int fd;

	while ((fd = accept(s->fd, NULL, NULL)) >= 0) {
		size_t n = atomic_load(&s->n), len = 0;
		char *head = s->asked[n % SERVER_MAX];
		ssize_t k;

		while (len < sizeof(s->asked[0]) - 1 &&
		       (k = recv(fd, head + len, sizeof(s->asked[0]) - 1 - len, 0)) > 0) {
			len += (size_t)k;
			head[len] = '\0';
			if (server_whole(head, len))
				break;
		}
		head[len] = '\0';
		atomic_store(&s->n, n + 1);
		server_answer(fd, s->pick ? s->pick(s->ctx, head) : &s->script[n < s->n_script ? n : s->n_script - 1]);
		close(fd);
	}
	return NULL;
}

static inline int server_start(struct server *s, const struct answer *script, size_t n)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);

	*s = (struct server){ .script = script, .n_script = n };
	s->fd = socket(AF_INET, SOCK_STREAM, 0);
	if (s->fd < 0 || bind(s->fd, (struct sockaddr *)&a, sizeof(a)) < 0 || listen(s->fd, 16) < 0 ||
	    getsockname(s->fd, (struct sockaddr *)&a, &len) < 0)
		return -1;
	s->port = ntohs(a.sin_port);
	return pthread_create(&s->thread, NULL, server_run, s);
}

static inline void server_stop(struct server *s)
{
	shutdown(s->fd, SHUT_RDWR);
	pthread_join(s->thread, NULL);
	close(s->fd);
}

#endif
