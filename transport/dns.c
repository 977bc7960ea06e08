/* DNS over TCP (RFC 7766), in the clear or in TLS (RFC 9103): one query, and messages until the caller says that the answer is
 * complete. */
#include "transport/transport_private.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define HEADER_LEN 12           /* RFC 1035, 4.1.1 */
#define ADDRESSES_MAX 8

static void afd_fd_release(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

int afd_frames_take(struct afd_frames *f, struct afd_slice bytes, const struct afd_request *q, struct afd_error *err)
{
	while (bytes.len - f->at >= 2) {
		size_t len = (size_t)bytes.data[f->at] << 8 | bytes.data[f->at + 1];
		struct afd_slice message = afd_slice_sub(bytes, f->at + 2, len);
		int r;

		if (len < HEADER_LEN)
			return afd_fail(err, AFD_E_REMOTE, "message %u: %zu bytes are no DNS message", f->messages + 1, len);
		if (message.len < len)
			return 0;
		if (f->messages == f->max_messages)
			return afd_fail(err, AFD_E_LIMIT, "more than %u messages", f->max_messages);
		f->messages++;
		f->at += 2 + len;
		r = q->more ? q->more(q->more_ctx, message, err) : 1;
		if (r != 0)
			return r < 0 ? -1 : 1;
	}
	return 0;
}

static int cut_short(const struct afd_frames *f, struct afd_error *err)
{
	return afd_fail(err, AFD_E_REMOTE, "the connection was closed before the answer was complete, after %u messages",
			f->messages);
}

/* --- a recorded exchange --- */

static int replay(struct afd_transport *t, const struct afd_request *q, const char *path, struct afd_response *ret,
		  struct afd_error *err)
{
	__attribute__((cleanup(afd_fd_release))) int fd = afd_open_input(path);
	struct afd_frames f = { .max_messages = t->patience.dns_messages };
	size_t query;
	int r;

	if (fd < 0)
		return afd_fail_errno(err, "open", path);
	if (afd_read_all(fd, path, t->patience.dns_bytes, &t->body, err) < 0)
		return -1;
	query = t->body.len < 2 ? 0 : 2 + ((size_t)t->body.data[0] << 8 | t->body.data[1]);
	if (query < 2 + HEADER_LEN || query > t->body.len)
		return afd_fail(err, AFD_E_PARSE, "%s: not a recorded exchange: the query is cut short", path);
	f.at = query;
	r = afd_frames_take(&f, afd_buf_slice(&t->body), q, err);
	if (r < 0)
		return -1;
	if (r == 0)
		return cut_short(&f, err);
	t->body.len = f.at;
	snprintf(ret->channel, sizeof(ret->channel), "file");
	return 0;
}

/* --- a server --- */

/* SOCK is what we wait for, DEADLINE a timer that ends everything: a server that sends a byte now and then does not
 * hold us for ever. Neither needs a look at a clock. */
struct line { int sock, deadline; long stall_ms; struct afd_dot *tls; char where[80]; };

static int wait_for(const struct line *l, short events, long ms, struct afd_error *err)
{
	struct pollfd p[2] = { { .fd = l->sock, .events = events }, { .fd = l->deadline, .events = POLLIN } };
	int r;

	do
		r = poll(p, 2, (int)ms);
	while (r < 0 && errno == EINTR);
	if (r < 0)
		return afd_fail_errno(err, "wait", "socket");
	if (p[1].revents)
		return afd_fail(err, AFD_E_REMOTE, "the answer took too long");
	return r == 0 ? afd_fail(err, AFD_E_REMOTE, "the server was silent for %ld s", (ms + 999) / 1000) : 0;
}

static int new_deadline(long ms, struct afd_error *err)
{
	struct itimerspec in = { .it_value = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 } };
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);

	if (fd < 0 || timerfd_settime(fd, 0, &in, NULL) < 0) {
		afd_fail_errno(err, "set", "timer");
		afd_fd_release(&fd);
	}
	return fd;
}

static int connect_one(struct line *l, const struct addrinfo *a, long ms, struct afd_error *err)
{
	socklen_t n = sizeof(int);
	int e = 0;

	l->sock = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, a->ai_protocol);
	if (l->sock < 0)
		return afd_fail_errno(err, "make", "socket");
	if (connect(l->sock, a->ai_addr, a->ai_addrlen) == 0)
		return 0;
	if (errno == EINPROGRESS) {
		if (wait_for(l, POLLOUT, ms, err) < 0)
			return -1;
		if (getsockopt(l->sock, SOL_SOCKET, SO_ERROR, &e, &n) < 0)
			e = errno;
		if (e == 0)
			return 0;
		errno = e;
	}
	e = errno;
	return afd_fail(err, AFD_E_REMOTE, "could not connect: %s", strerrordesc_np(e) ? strerrordesc_np(e) : "unknown error");
}

static int dial(struct line *l, const struct afd_request *q, long ms, struct afd_error *err)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *list = NULL;
	char port[8], host[128];
	unsigned tried = 0;
	int r;

	snprintf(port, sizeof(port), "%u", q->port ? (unsigned)q->port : q->tls ? 853u : 53u);
	r = getaddrinfo(q->server, port, &hints, &list);
	if (r != 0)
		return afd_fail(err, AFD_E_REMOTE, "could not find the address of %s: %s", q->server, gai_strerror(r));
	r = -1;
	for (const struct addrinfo *a = list; a && r < 0 && tried < ADDRESSES_MAX; a = a->ai_next, tried++) {
		afd_fd_release(&l->sock);
		r = connect_one(l, a, ms, err);
		if (r == 0 && getnameinfo(a->ai_addr, a->ai_addrlen, host, sizeof(host), NULL, 0, NI_NUMERICHOST) == 0)
			snprintf(l->where, sizeof(l->where), strchr(host, ':') ? "[%.60s]:%s" : "%.60s:%s", host, port);
	}
	freeaddrinfo(list);
	return r;
}

static int send_bytes(const struct line *l, struct afd_slice s, struct afd_error *err)
{
	while (s.len) {
		ssize_t n = send(l->sock, s.data, s.len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
			if (wait_for(l, POLLOUT, l->stall_ms, err) < 0)
				return -1;
			continue;
		}
		if (n < 0)
			return afd_fail(err, AFD_E_REMOTE, "the connection broke while asking");
		s = afd_slice_sub(s, (size_t)n, s.len);
	}
	return 0;
}

/* 1 and more bytes in RET, 0 at the end, -1 */
static int receive_bytes(const struct line *l, struct afd_buf *ret, struct afd_error *err)
{
	for (;;) {
		ssize_t n;

		if (wait_for(l, POLLIN, l->stall_ms, err) < 0)
			return -1;
		if (afd_buf_reserve(ret, 65536) < 0)
			return afd_fail_memory(err);
		n = recv(l->sock, ret->data + ret->len, 65536, 0);
		if (n < 0 && (errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK))
			continue;
		if (n < 0)
			return afd_fail(err, AFD_E_REMOTE, "the connection broke");
		ret->len += (size_t)n;
		ret->data[ret->len] = 0;
		return n > 0;
	}
}

static int flush(const struct line *l, struct afd_error *err)
{
	if (send_bytes(l, afd_dot_out(l->tls), err) < 0)
		return -1;
	afd_dot_sent(l->tls);
	return 0;
}

/* 0: TLS has more to read; 1: the other side is gone; -1 */
static int feed(const struct line *l, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf wire = { 0 };
	int r = receive_bytes(l, &wire, err);

	return r <= 0 ? (r < 0 ? -1 : 1) : afd_dot_feed(l->tls, afd_buf_slice(&wire), err);
}

static int shake(const struct line *l, struct afd_error *err)
{
	for (;;) {
		int r = afd_dot_shake(l->tls, err);

		/* An alert of ours is sent, too, so that the server's log says why. */
		if (flush(l, r < 0 ? NULL : err) < 0 && r >= 0)
			return -1;
		if (r != 0)
			return r < 0 ? -1 : 0;
		r = feed(l, err);
		if (r != 0)
			return r < 0 ? -1 : afd_fail(err, AFD_E_REMOTE, "the server closed the connection during the TLS handshake");
	}
}

/* The client is done with its handshake before the server has looked at our certificate: what it thinks of that is found
 * where an answer should be, or where it hung up. */
static int send_all(const struct line *l, struct afd_slice s, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf left = { 0 };
	struct afd_error alert = { 0 };

	if (!l->tls)
		return send_bytes(l, s, err);
	if (afd_dot_put(l->tls, s, err) < 0)
		return -1;
	if (flush(l, err) == 0)
		return 0;
	if (feed(l, NULL) == 0 && afd_dot_take(l->tls, &left, &alert) < 0)
		return afd_fail(err, alert.code, "%s", alert.text);
	return afd_fail(err, AFD_E_REMOTE, "the connection broke while asking%s", afd_dot_hint(l->tls));
}

/* As receive_bytes(). A line that is cut is no end: whoever sits between could cut it anywhere (RFC 8446, 6.1). */
static int receive(const struct line *l, struct afd_buf *ret, struct afd_error *err)
{
	if (!l->tls)
		return receive_bytes(l, ret, err);
	for (;;) {
		int r = afd_dot_take(l->tls, ret, err);

		if (r < 0 || flush(l, err) < 0)
			return -1;
		if (r != AFD_DOT_MORE)
			return r == AFD_DOT_SOME;
		r = feed(l, err);
		if (r != 0)
			return r < 0 ? -1 : afd_fail(err, AFD_E_REMOTE, "the TLS connection was cut without close_notify before the answer was complete%s",
						     afd_dot_hint(l->tls));
	}
}

static int converse(struct afd_transport *t, const struct line *l, const struct afd_request *q, struct afd_error *err)
{
	struct afd_frames f = { .max_messages = t->patience.dns_messages };
	int r = 0;

	/* Length and query in one piece: some servers read them so (RFC 7766, 8). They are also the head of the exchange. */
	if (afd_buf_u16(&t->body, (uint16_t)q->query.len) < 0 || afd_buf_add_slice(&t->body, q->query) < 0)
		return afd_fail_memory(err);
	if (send_all(l, afd_buf_slice(&t->body), err) < 0)
		return -1;
	f.at = t->body.len;
	while (r == 0) {
		r = receive(l, &t->body, err);
		if (r < 0)
			return -1;
		if (r == 0)
			return cut_short(&f, err);
		if (t->body.len > t->patience.dns_bytes)
			return afd_fail(err, AFD_E_LIMIT, "the answer is larger than %zu bytes", t->patience.dns_bytes);
		r = afd_frames_take(&f, afd_buf_slice(&t->body), q, err);
	}
	if (r > 0)
		t->body.len = f.at;           /* what came behind the last message is no part of the answer */
	return r < 0 ? -1 : 0;
}

int afd_dns_do(struct afd_transport *t, const struct afd_request *q, struct afd_response *ret, struct afd_error *err)
{
	__attribute__((cleanup(afd_fd_release))) int deadline = -1;
	struct line l = { .sock = -1, .stall_ms = t->patience.stall_ms };
	int r;

	if (!q->server)
		return afd_fail(err, AFD_E_USAGE, "no server");
	if (afd_file_path(q->server))
		return replay(t, q, afd_file_path(q->server), ret, err);
	if (q->query.len < HEADER_LEN || q->query.len > AFD_MAX_DNS_MESSAGE)
		return afd_fail(err, AFD_E_USAGE, "a query of %zu bytes", q->query.len);
	if (q->udp)
		return afd_dns_udp_do(t, q, ret, err);
	l.deadline = deadline = new_deadline(t->patience.dns_ms, err);
	if (deadline < 0)
		return -1;
	if (q->tls && afd_dot_new(q->tls, afd_now(t->env), &l.tls, err) < 0)
		return -1;
	r = dial(&l, q, t->patience.connect_ms, err);
	if (r == 0 && l.tls)
		r = shake(&l, err);
	if (r == 0 && l.tls)
		afd_dot_channel(l.tls, l.where, ret->channel, sizeof(ret->channel));
	else if (r == 0)
		snprintf(ret->channel, sizeof(ret->channel), "tcp %s", l.where);
	if (r == 0)
		r = converse(t, &l, q, err);
	afd_dot_free(l.tls);
	afd_fd_release(&l.sock);
	return r < 0 ? afd_within(err, "%s", q->server) : 0;
}
