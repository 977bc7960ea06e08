#include "server.h"

#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define QUERY "\x12\x34" "0123456789" "the query"
#define FIRST "first message"
#define LAST "the last message"

static void frame(int c, const char *s)
{
	const uint8_t head[2] = { (uint8_t)(strlen(s) >> 8), (uint8_t)strlen(s) };

	put(c, head, 2);
	puts_to(c, s);
}

/* The query must come with its length, in one piece. */
static bool asked(int c)
{
	static const char want[] = "\0\x15" QUERY;
	char got[100];

	return get(c, got, sizeof(got)) == sizeof(want) - 1 && memcmp(got, want, sizeof(want) - 1) == 0;
}

static void answers(int c)
{
	if (!asked(c))
		return;
	frame(c, FIRST);
	frame(c, LAST);
	puts_to(c, "more that nobody asked for");
	pause_ms(100);
}

static void answers_byte_by_byte(int c)
{
	static const char all[] = "\0\x0d" FIRST "\0\x10" LAST;

	if (!asked(c))
		return;
	for (size_t i = 0; i < sizeof(all) - 1; i++) {
		put(c, all + i, 1);
		pause_ms(1);
	}
}

static void sends_a_short_frame(int c)
{
	asked(c);
	put(c, "\0\x05hello", 7);
	pause_ms(100);
}

static void sends_an_empty_frame(int c)
{
	asked(c);
	put(c, "\0\0", 2);
	pause_ms(100);
}

static void stops_in_the_middle(int c)
{
	asked(c);
	frame(c, FIRST);
	put(c, "\0\x10the la", 8);
}

static void hangs_up(int c)
{
	asked(c);
}

static void never_ends(int c)
{
	static char block[60000];

	asked(c);
	for (int i = 0; i < 1000; i++) {
		block[i % 2] = 'x';
		put(c, "\xea\x60", 2);
		put(c, block, sizeof(block));
	}
}

static void sends_a_thousand(int c)
{
	asked(c);
	for (int i = 0; i < 1000; i++)
		frame(c, FIRST);
	pause_ms(100);
}

static void is_silent(int c)
{
	asked(c);
	pause_ms(5000);
}

static void drips(int c)
{
	asked(c);
	put(c, "\xff\xff", 2);
	for (int i = 0; i < 100; i++) {
		put(c, "x", 1);
		pause_ms(50);
	}
}

static struct server srv;
static struct afd_transport *t;
static unsigned seen;

static int begin(void **state)
{
	(void)state;
	t = test_transport(NULL);
	t->patience.dns_bytes = 1000000;
	t->patience.dns_messages = 900;
	seen = 0;
	return 0;
}

static int end(void **state)
{
	(void)state;
	t = afd_transport_free(t);
	return 0;
}

static int until_the_last(void *ctx, struct afd_slice m, struct afd_error *err)
{
	(void)err;
	assert_ptr_equal(ctx, t);
	seen++;
	return afd_slice_equal(m, SLICE(LAST));
}

static int refuses_the_second(void *ctx, struct afd_slice m, struct afd_error *err)
{
	(void)ctx;
	(void)m;
	return ++seen == 2 ? afd_fail(err, AFD_E_VERIFY, "the signature does not verify") : 0;
}

static int ask_at(const char *server, uint16_t port, afd_dns_more *more, struct afd_response *ret, struct afd_error *err)
{
	struct afd_request q = { .protocol = AFD_DNS, .server = server, .port = port, .query = SLICE(QUERY), .more = more, .more_ctx = t };

	return afd_transport_do(t, &q, ret, err);
}

static int ask(serve *fn, afd_dns_more *more, struct afd_response *ret, struct afd_error *err)
{
	int r;

	srv = server_start(fn);
	r = ask_at("127.0.0.1", srv.port, more, ret, err);
	server_stop(&srv);
	return r;
}

#define EXCHANGE "\0\x15" QUERY "\0\x0d" FIRST "\0\x10" LAST

static void the_exchange_is_query_and_answers(void **state)
{
	AFD_AUTO(mem) char *channel = NULL;
	struct afd_response r;

	(void)state;
	assert_int_equal(ask(answers, until_the_last, &r, NULL), 0);
	assert_true(afd_slice_equal(r.body, SLICE(EXCHANGE)));
	assert_int_equal(seen, 2);
	channel = afd_sprintf("tcp 127.0.0.1:%u", srv.port);
	assert_string_equal(r.channel, channel);
	assert_int_equal(r.status, 0);
	assert_true(r.asked_ms == TEST_NOW && r.received_ms == TEST_NOW + 5);
	assert_true(r.server_ms == AFD_TIME_NONE);
}

static void one_message_without_a_judge(void **state)
{
	struct afd_response r;

	(void)state;
	assert_int_equal(ask(answers, NULL, &r, NULL), 0);
	assert_true(afd_slice_equal(r.body, SLICE("\0\x15" QUERY "\0\x0d" FIRST)));
}

static void pieces_are_put_together(void **state)
{
	struct afd_response r;

	(void)state;
	assert_int_equal(ask(answers_byte_by_byte, until_the_last, &r, NULL), 0);
	assert_true(afd_slice_equal(r.body, SLICE(EXCHANGE)));
	assert_int_equal(seen, 2);
}

static const struct { serve *fn; afd_dns_more *more; enum afd_code code; const char *text; long stall_ms, dns_ms; } bad_row[] = {
	{ sends_a_short_frame, until_the_last, AFD_E_REMOTE, "127.0.0.1: message 1: 5 bytes are no DNS message" },
	{ sends_an_empty_frame, until_the_last, AFD_E_REMOTE, "127.0.0.1: message 1: 0 bytes are no DNS message" },
	{ stops_in_the_middle, until_the_last, AFD_E_REMOTE,
	  "127.0.0.1: the connection was closed before the answer was complete, after 1 messages" },
	{ hangs_up, until_the_last, AFD_E_REMOTE,
	  "127.0.0.1: the connection was closed before the answer was complete, after 0 messages" },
	{ never_ends, until_the_last, AFD_E_LIMIT, "127.0.0.1: the answer is larger than 1000000 bytes" },
	{ sends_a_thousand, until_the_last, AFD_E_LIMIT, "127.0.0.1: more than 900 messages" },
	{ sends_a_thousand, refuses_the_second, AFD_E_VERIFY, "127.0.0.1: the signature does not verify" },
	{ is_silent, until_the_last, AFD_E_REMOTE, "127.0.0.1: the server was silent for 1 s", .stall_ms = 500 },
	{ drips, until_the_last, AFD_E_REMOTE, "127.0.0.1: the answer took too long", .dns_ms = 1500 },
};

static void hostile_servers(void **state)
{
	(void)state;
	for (size_t i = 0; i < AFD_COUNT(bad_row); i++) {
		struct afd_response r;
		struct afd_error e;

		seen = 0;
		t->patience.stall_ms = bad_row[i].stall_ms ? bad_row[i].stall_ms : 30000;
		t->patience.dns_ms = bad_row[i].dns_ms ? bad_row[i].dns_ms : 60000;
		assert_failed(ask(bad_row[i].fn, bad_row[i].more, &r, &e), &e, bad_row[i].code, bad_row[i].text);
		assert_int_equal(r.body.len, 0);
	}
	assert_int_equal(seen, 0);
}

/* --- TLS (RFC 9103); what servers present is looked at in tests/live/test_xot.py --- */

static void says_nothing(int c)
{
	char b[2000];

	get(c, b, sizeof(b));
	pause_ms(5000);
}

static void drips_a_record(int c)
{
	char b[2000];

	get(c, b, sizeof(b));
	put(c, "\x16\x03\x03\x40\x00", 5);   /* a handshake record of 16384 bytes */
	for (int i = 0; i < 100; i++) {
		put(c, "\2", 1);
		pause_ms(50);
	}
}

static void hangs_up_at_once(int c)
{
	char b[2000];

	get(c, b, sizeof(b));
}

#define NAMED { .name = "ns1.example.test" }
static const struct { const char *row; serve *fn; struct afd_dns_tls tls; long stall_ms, dns_ms; enum afd_code code; const char *text; } tls_row[] = {
	{ "silent in the handshake", says_nothing, NAMED, 200, 60000, AFD_E_REMOTE, "127.0.0.1: the server was silent for 1 s" },
	{ "a byte now and then", drips_a_record, NAMED, 30000, 400, AFD_E_REMOTE, "127.0.0.1: the answer took too long" },
	{ "gone in the handshake", hangs_up_at_once, NAMED, 5000, 60000, AFD_E_REMOTE, "127.0.0.1: the server closed the connection during the TLS handshake" },
	{ "nothing is expected of it", says_nothing, { 0 }, 200, 60000, AFD_E_CONFIG, "tls: expected name or pin: a server that shows nothing could be anybody (RFC 9103, 9.3.1)" },
	{ "a key without its certificate", says_nothing, { .name = "ns1.example.test", .key = "/dev/null" }, 200, 60000, AFD_E_CONFIG,
	  "tls: expected cert and key together, got only key" },
};

static void tls_has_its_ends_in_time(void **state)
{
	(void)state;
	for (size_t i = 0; i < AFD_COUNT(tls_row); i++) {
		struct afd_request q = { .protocol = AFD_DNS, .server = "127.0.0.1", .query = SLICE(QUERY), .more = until_the_last, .more_ctx = t, .tls = &tls_row[i].tls };
		struct afd_response r;
		struct afd_error e = { 0 };

		t->patience.stall_ms = tls_row[i].stall_ms;
		t->patience.dns_ms = tls_row[i].dns_ms;
		srv = server_start(tls_row[i].fn);
		q.port = srv.port;
		int got = afd_transport_do(t, &q, &r, &e);
		server_stop(&srv);
		assert_failed(got, &e, tls_row[i].code, tls_row[i].text);
		assert_int_equal(r.body.len, 0);
	}
}

/* The connection is closed by us as soon as a message is refused (RFC 8945, 5.3.1), and nothing stays open. */
static void waits_for_the_end(int c)
{
	char b[100];

	asked(c);
	frame(c, FIRST);
	frame(c, FIRST);
	while (get(c, b, sizeof(b)))
		;
	_exit(7);
}

static void a_refused_message_ends_the_connection(void **state)
{
	struct afd_response r;
	struct afd_error e;
	int status = 0;

	(void)state;
	srv = server_start(waits_for_the_end);
	assert_failed(ask_at("127.0.0.1", srv.port, refuses_the_second, &r, &e), &e, AFD_E_VERIFY,
		      "127.0.0.1: the signature does not verify");
	assert_int_equal(waitpid(srv.pid, &status, 0), srv.pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 7);
}

static void nobody_there(void **state)
{
	struct afd_response r;
	struct afd_error e;
	struct afd_request q = { .protocol = AFD_DNS, .server = "127.0.0.1", .query = SLICE("short") };

	(void)state;
	assert_failed(ask_at("127.0.0.1", closed_port(), until_the_last, &r, &e), &e, AFD_E_REMOTE,
		      "127.0.0.1: could not connect: Connection refused");
	assert_failed(ask_at(NULL, 53, until_the_last, &r, &e), &e, AFD_E_USAGE, "no server");
	assert_failed(afd_transport_do(t, &q, &r, &e), &e, AFD_E_USAGE, "a query of 5 bytes");
}

static void names_are_looked_up(void **state)
{
	struct afd_response r;

	(void)state;
	srv = server_start(answers);
	assert_int_equal(ask_at("localhost", srv.port, until_the_last, &r, NULL), 0);
	server_stop(&srv);
	assert_true(afd_slice_equal(r.body, SLICE(EXCHANGE)));
}

/* --- recorded exchanges --- */

static const struct { const char *name; struct afd_slice bytes; afd_dns_more *more; enum afd_code code; const char *error; } replay_row[] = {
	{ "whole", { (const uint8_t *)EXCHANGE, sizeof(EXCHANGE) - 1 }, until_the_last, AFD_OK, NULL },
	{ "with a tail", { (const uint8_t *)EXCHANGE "tail", sizeof(EXCHANGE) + 3 }, until_the_last, AFD_OK, NULL },
	{ "empty", { (const uint8_t *)"", 0 }, until_the_last, AFD_E_PARSE, "not a recorded exchange: the query is cut short" },
	{ "query cut", { (const uint8_t *)EXCHANGE, 10 }, until_the_last, AFD_E_PARSE, "not a recorded exchange: the query is cut short" },
	{ "answer cut", { (const uint8_t *)EXCHANGE, 40 }, until_the_last, AFD_E_REMOTE,
	  "the connection was closed before the answer was complete, after 1 messages" },
	{ "refused", { (const uint8_t *)EXCHANGE, sizeof(EXCHANGE) - 1 }, refuses_the_second, AFD_E_VERIFY, "the signature does not verify" },
};

static void recordings_go_through_the_same_door(void **state)
{
	char path[] = "/tmp/affidavit-dns-XXXXXX";
	AFD_AUTO(mem) char *server = NULL;
	struct afd_response r;
	struct afd_error e;
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	server = afd_sprintf("file:%s", path);
	for (size_t i = 0; i < AFD_COUNT(replay_row); i++) {
		seen = 0;
		assert_int_equal(ftruncate(fd, 0), 0);
		assert_int_equal(pwrite(fd, replay_row[i].bytes.data, replay_row[i].bytes.len, 0), replay_row[i].bytes.len);
		if (replay_row[i].error) {
			assert_int_equal(ask_at(server, 0, replay_row[i].more, &r, &e), -1);
			assert_non_null(strstr(e.text, replay_row[i].error));
			assert_int_equal(e.code, replay_row[i].code);
		} else {
			assert_int_equal(ask_at(server, 0, replay_row[i].more, &r, &e), 0);
			assert_true(afd_slice_equal(r.body, SLICE(EXCHANGE)));
			assert_string_equal(r.channel, "file");
			assert_int_equal(seen, 2);
		}
	}
	close(fd);
	unlink(path);
	assert_int_equal(ask_at(server, 0, until_the_last, &r, &e), -1);
	assert_int_equal(e.code, AFD_E_IO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_exchange_is_query_and_answers, begin, end),
		cmocka_unit_test_setup_teardown(one_message_without_a_judge, begin, end),
		cmocka_unit_test_setup_teardown(pieces_are_put_together, begin, end),
		cmocka_unit_test_setup_teardown(hostile_servers, begin, end),
		cmocka_unit_test_setup_teardown(tls_has_its_ends_in_time, begin, end),
		cmocka_unit_test_setup_teardown(a_refused_message_ends_the_connection, begin, end),
		cmocka_unit_test_setup_teardown(nobody_there, begin, end),
		cmocka_unit_test_setup_teardown(names_are_looked_up, begin, end),
		cmocka_unit_test_setup_teardown(recordings_go_through_the_same_door, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
