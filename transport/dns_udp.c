/* DNS over UDP (RFC 1035, 4.2.1; RFC 6891): a question asked up to three times from a port that the kernel draws, to one
 * address. What does not answer it (another ID, another question) is counted and left: who guesses gets nothing but a
 * place in the count. An answer that was cut short is asked for again by TCP (RFC 7766, 5). */
#include "transport/transport_private.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>

enum { HEADER_LEN = 12, TRIES = 3, DEFAULT_WAIT = 5000, MOST_STRAYS = 100000 };

static unsigned at16(struct afd_slice m, size_t at)
{
	return (unsigned)m.data[at] << 8 | m.data[at + 1];
}

/* The question of a message with one question, names uncompressed as the first must be; empty: there is none. */
static struct afd_slice question(struct afd_slice m)
{
	size_t at = HEADER_LEN;

	while (at < m.len && m.data[at] != 0 && m.data[at] < 64)
		at += 1u + m.data[at];
	return at < m.len && m.data[at] == 0 && m.len - at >= 5 ? afd_slice_sub(m, HEADER_LEN, at + 5 - HEADER_LEN)
								  : afd_slice(m.data, 0);
}

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

static bool same_question(struct afd_slice a, struct afd_slice b)
{
	if (a.len == 0 || a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (lower(a.data[i]) != lower(b.data[i]))
			return false;
	return true;
}

/* A server that does not understand may leave the question out (RFC 1035, 4.1.1: format error, not implemented). */
static bool answers(struct afd_slice m, struct afd_slice query)
{
	unsigned flags, rcode;

	if (m.len < HEADER_LEN || at16(m, 0) != at16(query, 0))
		return false;
	flags = at16(m, 2);
	rcode = flags & 15;
	if (!(flags & 0x8000) || ((flags ^ at16(query, 2)) & 0x7800))
		return false;
	if (at16(m, 4) == 0)
		return rcode == 1 || rcode == 4;
	return at16(m, 4) == 1 && same_question(question(m), question(query));
}

static int keep(struct afd_transport *t, struct afd_slice query, struct afd_slice answer, struct afd_error *err)
{
	if (afd_buf_u16(&t->body, (uint16_t)query.len) < 0 || afd_buf_add_slice(&t->body, query) < 0 ||
	    afd_buf_u16(&t->body, (uint16_t)answer.len) < 0 || afd_buf_add_slice(&t->body, answer) < 0)
		return afd_fail_memory(err);
	return 0;
}

/* 1: *RET is the answer; 0: nothing came for MS; -1 */
static int listen_for(const struct afd_wire *w, struct afd_slice query, long ms, uint8_t *room, unsigned *strays,
		      struct afd_slice *ret, struct afd_error *err)
{
	for (;;) {
		int r = afd_wire_wait(w, POLLIN, ms, err);
		ssize_t n;

		if (r <= 0)
			return r;
		n = recv(w->fd, room, AFD_MAX_DNS_MESSAGE, 0);
		if (n < 0 && (errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK))
			continue;
		if (n < 0)
			return afd_wire_fail(errno, err);
		*ret = afd_slice(room, (size_t)n);
		if (answers(*ret, query))
			return 1;
		if (++*strays > MOST_STRAYS)
			return afd_fail(err, AFD_E_REMOTE, "timeout: more than %d packets that are no answer", MOST_STRAYS);
	}
}

static int by_tcp(struct afd_transport *t, const struct afd_request *q, struct afd_response *ret, struct afd_error *err)
{
	struct afd_request tcp = *q;

	tcp.udp = false;
	t->body.len = 0;
	return afd_dns_do(t, &tcp, ret, err);
}

int afd_dns_udp_do(struct afd_transport *t, const struct afd_request *q, struct afd_response *ret, struct afd_error *err)
{
	__attribute__((cleanup(afd_wire_release))) struct afd_wire w = AFD_WIRE_NONE;
	AFD_AUTO(mem) uint8_t *room = malloc(AFD_MAX_DNS_MESSAGE);
	long wait = q->wait_ms > 0 ? (long)q->wait_ms : DEFAULT_WAIT;
	struct afd_slice answer;
	char where[128] = "";
	unsigned strays = 0;
	int r = 0;

	if (!room)
		return afd_fail_memory(err);
	if (afd_wire_open(&w, SOCK_DGRAM, q->server, q->port ? q->port : 53, wait, where, err) < 0)
		return -1;
	for (unsigned i = 0; i < TRIES && r == 0; i++) {
		if (send(w.fd, q->query.data, q->query.len, MSG_NOSIGNAL) < 0 && errno != EAGAIN)
			return afd_wire_fail(errno, err);
		r = listen_for(&w, q->query, i + 1 < TRIES ? wait / (TRIES + 1) : -1, room, &strays, &answer, err);
	}
	if (r < 0 && strays)
		return afd_fail(err, AFD_E_REMOTE, "timeout: nothing but %u packets that are no answer", strays);
	if (r < 0)
		return -1;
	if (at16(answer, 2) & 0x0200)
		return by_tcp(t, q, ret, err);
	if (strays)
		snprintf(ret->channel, sizeof(ret->channel), "udp %s, %u stray", where, strays);
	else
		snprintf(ret->channel, sizeof(ret->channel), "udp %s", where);
	return keep(t, q->query, answer, err);
}
