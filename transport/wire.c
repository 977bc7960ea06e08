/* A connection to one server, with an end in time. */
#include "transport/transport_private.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define ADDRESSES_MAX 8

void afd_wire_release(struct afd_wire *w)
{
	if (w->fd >= 0)
		close(w->fd);
	if (w->timer >= 0)
		close(w->timer);
	*w = AFD_WIRE_NONE;
}

int afd_wire_fail(int e, struct afd_error *err)
{
	const char *kind = "unreachable";

	if (e == ECONNREFUSED)
		kind = "refused";
	else if (e == ETIMEDOUT)
		kind = "timeout";
	else if (e == ENETUNREACH || e == EAFNOSUPPORT || e == EADDRNOTAVAIL)
		kind = "no route";
	return afd_fail(err, AFD_E_REMOTE, "%s: %s", kind, strerrordesc_np(e) ? strerrordesc_np(e) : "unknown error");
}

int afd_wire_wait(const struct afd_wire *w, short events, long ms, struct afd_error *err)
{
	struct pollfd p[2] = { { .fd = w->fd, .events = events }, { .fd = w->timer, .events = POLLIN } };
	int r;

	do
		r = poll(p, 2, (int)ms);
	while (r < 0 && errno == EINTR);
	if (r < 0)
		return afd_fail_errno(err, "wait", "socket");
	if (p[1].revents)
		return afd_fail(err, AFD_E_REMOTE, "timeout: no answer in time");
	return r > 0;
}

static int start_timer(struct afd_wire *w, long ms, struct afd_error *err)
{
	struct itimerspec in = { .it_value = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 } };

	w->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	return w->timer < 0 || timerfd_settime(w->timer, 0, &in, NULL) < 0 ? afd_fail_errno(err, "set", "timer") : 0;
}

static int try_address(struct afd_wire *w, const struct addrinfo *a, struct afd_error *err)
{
	socklen_t n = sizeof(int);
	int e = 0;

	if (w->fd >= 0)
		close(w->fd);
	w->fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, a->ai_protocol);
	if (w->fd < 0)
		return afd_wire_fail(errno, err);
	if (connect(w->fd, a->ai_addr, a->ai_addrlen) == 0)
		return 0;
	if (errno != EINPROGRESS)
		return afd_wire_fail(errno, err);
	if (afd_wire_wait(w, POLLOUT, -1, err) < 0)
		return -1;
	if (getsockopt(w->fd, SOL_SOCKET, SO_ERROR, &e, &n) < 0)
		e = errno;
	return e ? afd_wire_fail(e, err) : 0;
}

int afd_wire_open(struct afd_wire *w, int type, const char *host, uint16_t port, long ms, char *where, struct afd_error *err)
{
	struct addrinfo hints = { .ai_socktype = type }, *list = NULL;
	char service[8], text[100];
	unsigned tried = 0;
	int r = start_timer(w, ms, err);

	if (r < 0)
		return -1;
	snprintf(service, sizeof(service), "%u", (unsigned)port);
	r = getaddrinfo(host, service, &hints, &list);
	if (r != 0)
		return afd_fail(err, AFD_E_REMOTE, "unreachable: could not find the address of %s: %s", host, gai_strerror(r));
	r = -1;
	for (const struct addrinfo *a = list; a && r < 0 && tried < ADDRESSES_MAX; a = a->ai_next, tried++) {
		r = try_address(w, a, err);
		if (r == 0 && getnameinfo(a->ai_addr, a->ai_addrlen, text, sizeof(text), NULL, 0, NI_NUMERICHOST) == 0)
			snprintf(where, 128, strchr(text, ':') ? "[%s]:%s" : "%s:%s", text, service);
	}
	freeaddrinfo(list);
	return r;
}
