/* A server on the loopback address for one test: a child process that answers one connection after the other. */
#ifndef AFD_TESTS_TRANSPORT_SERVER_H
#define AFD_TESTS_TRANSPORT_SERVER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/env.h"
#include "transport/transport_private.h"

#include <sys/types.h>

#define SLICE(literal) afd_slice((literal), sizeof(literal) - 1)

struct server { pid_t pid; uint16_t port; };
typedef void serve(int conn);

struct server server_start(serve *fn);
void server_stop(struct server *s);
uint16_t closed_port(void);                   /* nobody listens there */

/* For the child */
void put(int conn, const void *p, size_t n);
void puts_to(int conn, const char *s);
size_t get(int conn, void *p, size_t max);    /* one read */
void pause_ms(int ms);

/* A transport with a clock that stands at 2026-07-01T00:00:00Z and moves 5 ms with each look. */
struct afd_transport *test_transport(const char *contact);
extern const struct afd_env test_env;
#define TEST_NOW INT64_C(1782864000000)

void assert_failed(int r, const struct afd_error *err, enum afd_code code, const char *text);

#endif
