#include "server.h"

#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>
#include <zlib.h>

#define SECRET "hunter2-is-the-token"

/* --- the server: one function for each path --- */

static char request[8192];

static void hello(int c)
{
	puts_to(c, "HTTP/1.1 200 OK\r\nContent-Type: Text/Plain; charset=utf-8\r\nETag: \"v1\"\r\nContent-Length: 5\r\n"
		   "Date: Wed, 01 Jul 2026 10:00:00 GMT\r\nLink: <https://a.example/?p=2>; rel=\"next\"\r\nLink: <b>; rel=\"last\"\r\n"
		   "Connection: close\r\n\r\nhello");
}

static void echo(int c)
{
	puts_to(c, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
	puts_to(c, request);
}

static void plain_404(int c)
{
	puts_to(c, "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\nConnection: close\r\n\r\nnope");
}

static void wait_seconds(int c)
{
	puts_to(c, "HTTP/1.1 429 Slow down\r\nRetry-After: 17\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
}

static void wait_until(int c)
{
	puts_to(c, "HTTP/1.1 503 Later\r\nRetry-After: Wed, 01 Jul 2026 10:02:00 GMT\r\nDate: Wed, 01 Jul 2026 10:00:00 GMT\r\n"
		   "Content-Length: 0\r\nConnection: close\r\n\r\n");
}

static void moved(int c)
{
	puts_to(c, "HTTP/1.1 302 Found\r\nLocation: /hello\r\nRetry-After: 9\r\nETag: \"old\"\r\nContent-Length: 4\r\n"
		   "Connection: close\r\n\r\nmove");
}

static void moved_three_times(int c)
{
	AFD_AUTO(mem) char *to = request[strlen("GET /three")] == ' ' ? afd_sprintf("/three1") :
				 request[strlen("GET /three")] == '1' ? afd_sprintf("/three2") : afd_sprintf("/hello");
	AFD_AUTO(mem) char *head = afd_sprintf("HTTP/1.1 301 Moved\r\nLocation: %s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", to);

	puts_to(c, head);
}

static void moved_for_ever(int c)
{
	puts_to(c, "HTTP/1.1 302 Found\r\nLocation: /for-ever\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
}

static void moved_to_a_file(int c)
{
	puts_to(c, "HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
}

static void moved_to_tls(int c)
{
	puts_to(c, "HTTP/1.1 302 Found\r\nLocation: https://127.0.0.1:1/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
}

static void says_it_is_huge(int c)
{
	puts_to(c, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\nConnection: close\r\n\r\nx");
	pause_ms(200);
}

static void is_huge(int c)
{
	char block[1024];

	memset(block, 'x', sizeof(block));
	puts_to(c, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
	for (int i = 0; i < 100; i++)
		put(c, block, sizeof(block));
}

static void has_huge_headers(int c)
{
	puts_to(c, "HTTP/1.1 200 OK\r\n");
	for (int i = 0; i < 2000; i++)
		puts_to(c, "X-Padding: 0123456789012345678901234567890123456789\r\n");
	puts_to(c, "\r\nbody");
}

static void is_silent(int c)
{
	puts_to(c, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe");
	pause_ms(5000);
}

static void drips(int c)
{
	puts_to(c, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
	for (int i = 0; i < 50; i++) {
		put(c, "abcdefghij", 10);
		pause_ms(100);
	}
}

static void deflated(int c, const void *p, size_t n, size_t cut)
{
	static uint8_t out[1 << 20];
	z_stream z = { .next_in = (Bytef *)p, .avail_in = (uInt)n, .next_out = out, .avail_out = sizeof(out) };
	AFD_AUTO(mem) char *head = NULL;

	deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY);
	deflate(&z, Z_FINISH);
	n = sizeof(out) - z.avail_out - cut;
	deflateEnd(&z);
	head = afd_sprintf("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n", n);
	puts_to(c, head);
	put(c, out, n);
}

static void gzip(int c)
{
	deflated(c, "hello hello hello", 17, 0);
}

static void gzip_cut(int c)
{
	deflated(c, "hello hello hello", 17, 12);
}

static void gzip_bomb(int c)
{
	static const char zeros[1 << 24];

	deflated(c, zeros, sizeof(zeros), 0);
}

/* The length at its end says that it is small. */
static void gzip_bomb_that_lies(int c)
{
	static const char zeros[1 << 24];
	static uint8_t out[1 << 20];
	z_stream z = { .next_in = (Bytef *)zeros, .avail_in = sizeof(zeros), .next_out = out, .avail_out = sizeof(out) };
	size_t n;

	deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY);
	deflate(&z, Z_FINISH);
	n = sizeof(out) - z.avail_out;
	deflateEnd(&z);
	memcpy(out + n - 4, "\7\0\0\0", 4);
	puts_to(c, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n");
	put(c, out, n);
}

static void gzip_twice(int c)
{
	static uint8_t out[1000];
	size_t n = 0;

	for (int i = 0; i < 2; i++) {
		z_stream z = { .next_in = (Bytef *)(i ? "world" : "hello "), .avail_in = i ? 5 : 6, .next_out = out + n, .avail_out = 500 };

		deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY);
		deflate(&z, Z_FINISH);
		n += 500 - z.avail_out;
		deflateEnd(&z);
	}
	puts_to(c, "HTTP/1.1 200 OK\r\nContent-Encoding: GZIP\r\nConnection: close\r\n\r\n");
	put(c, out, n);
}

static void gzip_of_nothing(int c)
{
	puts_to(c, "HTTP/1.1 304 Not Modified\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n");
}

static void gzip_in_gzip(int c)
{
	puts_to(c, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip, gzip\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello");
}

static void brotli(int c)
{
	puts_to(c, "HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello");
}

static void gzip_is_not(int c)
{
	puts_to(c, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello");
}

static void cut_by_length(int c)
{
	puts_to(c, "HTTP/1.1 200 OK\r\nContent-Length: 500\r\nConnection: close\r\n\r\nonly this");
}

static void cut_in_a_chunk(int c)
{
	puts_to(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n20\r\nonly this");
}

static void hangs_up(int c)
{
	(void)c;
}

static void speaks_other(int c)
{
	puts_to(c, "220 mail.example ESMTP\r\n");
}

static const struct { const char *path; serve *fn; } page[] = {
	{ "/hello", hello }, { "/echo", echo }, { "/404", plain_404 }, { "/429", wait_seconds }, { "/503", wait_until },
	{ "/moved", moved }, { "/three", moved_three_times }, { "/for-ever", moved_for_ever }, { "/to-file", moved_to_a_file },
	{ "/to-tls", moved_to_tls }, { "/says-huge", says_it_is_huge }, { "/huge", is_huge }, { "/headers", has_huge_headers },
	{ "/silent", is_silent }, { "/drips", drips }, { "/gzip", gzip }, { "/gz-cut", gzip_cut }, { "/bomb-that-lies", gzip_bomb_that_lies }, { "/bomb", gzip_bomb },
	{ "/not-gzip", gzip_is_not }, { "/twice", gzip_twice }, { "/nothing", gzip_of_nothing }, { "/nested", gzip_in_gzip },
	{ "/brotli", brotli }, { "/cut", cut_by_length }, { "/chunk", cut_in_a_chunk }, { "/hangs-up", hangs_up },
	{ "/other", speaks_other },
};

/* Each connection in a process of its own: one that dawdles must not hold up the next. */
static void serve_pages(int c)
{
	size_t n = 0;

	signal(SIGCHLD, SIG_IGN);
	if (fork() != 0)
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (n < sizeof(request) - 1 && !(n >= 4 && memcmp(request + n - 4, "\r\n\r\n", 4) == 0)) {
		size_t r = get(c, request + n, sizeof(request) - 1 - n);

		if (r == 0)
			_exit(0);
		n += r;
		request[n] = 0;
	}
	for (size_t i = 0; i < AFD_COUNT(page); i++)
		if (n > 4 && strncmp(request + 4, page[i].path, strlen(page[i].path)) == 0) {
			page[i].fn(c);
			_exit(0);
		}
	plain_404(c);
	_exit(0);
}

static struct server srv;
static struct afd_transport *t;

static int begin(void **state)
{
	(void)state;
	srv = server_start(serve_pages);
	t = test_transport("audit@example.com");
	return 0;
}

static int end(void **state)
{
	(void)state;
	t = afd_transport_free(t);
	server_stop(&srv);
	return 0;
}

static int ask(const char *path, struct afd_request q, struct afd_response *ret, struct afd_error *err)
{
	AFD_AUTO(mem) char *url = afd_sprintf("http://127.0.0.1:%u%s", srv.port, path);

	q.protocol = AFD_HTTP;
	q.url = url;
	return afd_transport_do(t, &q, ret, err);
}

static void assert_body(const struct afd_response *r, const char *want)
{
	assert_true(afd_slice_equal(r->body, afd_slice_text(want)));
}

/* --- what is answered --- */

static void an_answer_with_all_it_says(void **state)
{
	AFD_AUTO(mem) char *channel = afd_sprintf("http 127.0.0.1:%u", srv.port);
	struct afd_response r;

	(void)state;
	assert_int_equal(ask("/hello", (struct afd_request){ 0 }, &r, NULL), 0);
	assert_int_equal(r.status, 200);
	assert_body(&r, "hello");
	assert_string_equal(r.media_type, "text/plain");
	assert_string_equal(r.etag, "\"v1\"");
	assert_string_equal(r.link, "<https://a.example/?p=2>; rel=\"next\", <b>; rel=\"last\"");
	assert_string_equal(afd_when_text(r.server_ms).s, "2026-07-01T10:00:00.000Z");
	assert_true(r.retry_after_ms == -1);
	assert_string_equal(r.channel, channel);
	assert_true(r.asked_ms >= TEST_NOW && r.received_ms > r.asked_ms);
}

static void what_we_send(void **state)
{
	struct afd_request q = { .n_header = 2, .header = { { "Authorization", "Bearer " SECRET }, { "X-Empty", "" } } };
	AFD_AUTO(mem) char *text = NULL, *host = afd_sprintf("\r\nHost: 127.0.0.1:%u\r\n", srv.port);
	struct afd_response r;

	(void)state;
	assert_int_equal(ask("/echo?a=b", q, &r, NULL), 0);
	text = afd_text_dup(r.body);
	assert_memory_equal(text, "GET /echo?a=b HTTP/1.1\r\n", 24);
	assert_non_null(strstr(text, host));
	assert_non_null(strstr(text, "\r\nUser-Agent: affidavit/" AFD_VERSION " (audit@example.com)\r\n"));
	assert_non_null(strstr(text, "\r\nAccept-Encoding: gzip, identity\r\n"));
	assert_non_null(strstr(text, "\r\nAuthorization: Bearer " SECRET "\r\n"));
	assert_non_null(strstr(text, "\r\nX-Empty:"));

	/* and nothing of it with the next request */
	assert_int_equal(ask("/echo", (struct afd_request){ 0 }, &r, NULL), 0);
	free(text);
	text = afd_text_dup(r.body);
	assert_null(strstr(text, SECRET));
}

static void any_status_is_an_answer(void **state)
{
	struct afd_response r;

	(void)state;
	assert_int_equal(ask("/404", (struct afd_request){ 0 }, &r, NULL), 0);
	assert_int_equal(r.status, 404);
	assert_body(&r, "nope");
	assert_true(r.server_ms == AFD_TIME_NONE);
	assert_int_equal(ask("/429", (struct afd_request){ 0 }, &r, NULL), 0);
	assert_int_equal(r.status, 429);
	assert_true(r.retry_after_ms == 17 * AFD_SECOND);
	assert_int_equal(ask("/503", (struct afd_request){ 0 }, &r, NULL), 0);
	assert_int_equal(r.status, 503);
	assert_true(r.retry_after_ms == 2 * AFD_MINUTE);
}

/* NOW is 10:00; the order of the headers does not matter */
static const struct { const char *lines; int64_t retry_ms; } retry_row[] = {
	{ "Retry-After: 5\n", 5000 },
	{ "retry-after:5  \n", 5000 },
	{ "RETRY-AFTER: 0\n", 0 },
	{ "Retry-After: 99999999999999999999\n", 365 * AFD_DAY },
	{ "Retry-After: Wed, 01 Jul 2026 10:01:00 GMT\n", AFD_MINUTE },
	{ "Retry-After: Wed, 01 Jul 2026 10:01:00 UTC\n", AFD_MINUTE },
	{ "Retry-After: Wednesday, 01-Jul-26 10:01:00 GMT\n", AFD_MINUTE },
	{ "Retry-After: Wed Jul  1 10:01:00 2026\n", AFD_MINUTE },
	{ "Retry-After: Wed, 01 Jul 2026 09:00:00 GMT\n", 0 },
	{ "Retry-After: Wed, 01 Jul 1960 09:00:00 GMT\n", 0 },
	{ "Retry-After: Wed, 01 Jul 2026 12:01:00 GMT\nDate: Wed, 01 Jul 2026 12:00:00 GMT\n", AFD_MINUTE },
	{ "Date: Wed, 01 Jul 2026 12:00:00 GMT\nRetry-After: Wed, 01 Jul 2026 12:01:00 GMT\n", AFD_MINUTE },
	{ "Retry-After: soon\n", -1 },
	{ "Retry-After: -5\n", -1 },
	{ "Retry-After:\n", -1 },
	{ "X-Retry-After: 5\n", -1 },
	{ "Retry-After: 5\nHTTP/1.1 200 OK\n", -1 },
};

static void retry_after_in_all_its_forms(void **state)
{
	(void)state;
	for (size_t i = 0; i < AFD_COUNT(retry_row); i++) {
		struct afd_response r = { .server_ms = AFD_TIME_NONE, .retry_after_ms = -1 };
		struct afd_headers h = { &r, INT64_C(1782900000000), AFD_TIME_NONE };

		for (const char *p = retry_row[i].lines; *p; p = strchr(p, '\n') + 1)
			afd_http_header(&h, afd_slice(p, (size_t)(strchr(p, '\n') + 1 - p)));
		afd_http_headers_end(&h);
		if (r.retry_after_ms != retry_row[i].retry_ms)
			fail_msg("row %s gives %lld", retry_row[i].lines, (long long)r.retry_after_ms);
	}
}

static void what_does_not_fit_is_left_out(void **state)
{
	struct afd_response r = { 0 };
	struct afd_headers h = { &r, 0, AFD_TIME_NONE };
	AFD_AUTO(mem) char *etag = afd_sprintf("ETag: \"%0255d\"\r\n", 7), *link = afd_sprintf("Link: <%0600d>\r\n", 7);

	(void)state;
	afd_http_header(&h, afd_slice_text(etag));
	assert_string_equal(r.etag, "");
	afd_http_header(&h, afd_slice_text(link));
	assert_int_equal(strlen(r.link), 602);
	afd_http_header(&h, afd_slice_text(link));
	assert_int_equal(strlen(r.link), 602);
	afd_http_header(&h, SLICE("Link: <x>\r\n"));
	assert_int_equal(strlen(r.link), 607);
	afd_http_header(&h, SLICE("ETag: \"a\0b\"\r\n"));
	assert_string_equal(r.etag, "");
}

/* --- redirects --- */

static void redirects(void **state)
{
	struct afd_request named = { .authenticated = true };
	struct afd_request token = { .n_header = 1, .header = { { "X-Auth-Key", SECRET } } };
	struct afd_request harmless = { .n_header = 1, .header = { { "If-None-Match", "\"v0\"" } } };
	struct afd_response r;
	struct afd_error e;

	(void)state;
	assert_int_equal(ask("/moved", (struct afd_request){ 0 }, &r, NULL), 0);
	assert_int_equal(r.status, 200);
	assert_body(&r, "hello");
	assert_string_equal(r.etag, "\"v1\"");
	assert_true(r.retry_after_ms == -1);
	assert_int_equal(ask("/moved", harmless, &r, NULL), 0);
	assert_int_equal(r.status, 200);
	assert_int_equal(ask("/three", (struct afd_request){ 0 }, &r, NULL), 0);
	assert_int_equal(r.status, 200);

	/* with a secret a redirect is an answer like any other, and is not followed */
	assert_int_equal(ask("/moved", named, &r, NULL), 0);
	assert_int_equal(r.status, 302);
	assert_body(&r, "move");
	assert_int_equal(ask("/moved", token, &r, NULL), 0);
	assert_int_equal(r.status, 302);

	assert_failed(ask("/for-ever", (struct afd_request){ 0 }, &r, &e), &e, AFD_E_REMOTE, "more redirects than are followed");
	assert_failed(ask("/to-file", (struct afd_request){ 0 }, &r, &e), &e, AFD_E_REMOTE,
		      "a redirect to another protocol is not followed");
	assert_failed(ask("/to-tls", (struct afd_request){ 0 }, &r, &e), &e, AFD_E_REMOTE,
		      "a redirect to another protocol is not followed");
}

/* --- ceilings and patience --- */

static const struct { const char *path; enum afd_code code; const char *text; long stall_ms, http_ms; } bad_row[] = {
	{ "/says-huge", AFD_E_LIMIT, "the answer is larger than 50000 bytes" },
	{ "/huge", AFD_E_LIMIT, "the answer is larger than 50000 bytes" },
	{ "/bomb", AFD_E_LIMIT, "the answer is larger than 50000 bytes" },
	{ "/bomb-that-lies", AFD_E_LIMIT, "the answer is larger than 50000 bytes" },
	{ "/headers", AFD_E_LIMIT, "the headers are larger than 65536 bytes" },
	{ "/silent", AFD_E_REMOTE, "the server was too slow: ", .stall_ms = 1000 },
	{ "/drips", AFD_E_REMOTE, "the server was too slow: ", .http_ms = 1500 },
	{ "/gz-cut", AFD_E_REMOTE, "the answer is not compressed as it says" },
	{ "/not-gzip", AFD_E_REMOTE, "the answer is not compressed as it says" },
	{ "/nested", AFD_E_REMOTE, "the answer is compressed in a way that was not asked for" },
	{ "/brotli", AFD_E_REMOTE, "the answer is compressed in a way that was not asked for" },
	{ "/cut", AFD_E_REMOTE, "the answer was cut short: " },
	{ "/chunk", AFD_E_REMOTE, "the answer was cut short: " },
	{ "/hangs-up", AFD_E_REMOTE, "the server closed the connection without an answer" },
	{ "/other", AFD_E_REMOTE, "" },
};

static void bad_answers_are_refused_and_keep_secrets(void **state)
{
	struct afd_request q = { .max_body = 50000, .n_header = 1, .header = { { "Authorization", "Bearer " SECRET } } };

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(bad_row); i++) {
		AFD_AUTO(mem) char *path = afd_sprintf("%s?key=" SECRET, bad_row[i].path);
		struct afd_response r;
		struct afd_error e = { 0 };

		t->patience.stall_ms = bad_row[i].stall_ms ? bad_row[i].stall_ms : 30000;
		t->patience.http_ms = bad_row[i].http_ms ? bad_row[i].http_ms : 30000;
		if (ask(path, q, &r, &e) != -1)
			fail_msg("row %s was accepted", bad_row[i].path);
		assert_failed(-1, &e, bad_row[i].code, bad_row[i].text);
		assert_true(strlen(e.text) > 10);
		assert_null(strstr(e.text, SECRET));
		assert_int_equal(r.body.len, 0);
	}
}

static void an_answer_as_large_as_allowed(void **state)
{
	struct afd_response r;

	(void)state;
	assert_int_equal(ask("/huge", (struct afd_request){ .max_body = 102400 }, &r, NULL), 0);
	assert_int_equal(r.body.len, 102400);
	assert_int_equal(ask("/bomb", (struct afd_request){ .max_body = 1 << 24 }, &r, NULL), 0);
	assert_int_equal(r.body.len, 1 << 24);
	assert_int_equal(ask("/gzip", (struct afd_request){ .max_body = 17 }, &r, NULL), 0);
	assert_body(&r, "hello hello hello");
	assert_int_equal(ask("/twice", (struct afd_request){ .max_body = 11 }, &r, NULL), 0);
	assert_body(&r, "hello world");
	assert_int_equal(ask("/nothing", (struct afd_request){ 0 }, &r, NULL), 0);
	assert_int_equal(r.status, 304);
	assert_int_equal(r.body.len, 0);
}

static void no_server_at_all(void **state)
{
	AFD_AUTO(mem) char *url = afd_sprintf("http://127.0.0.1:%u/?key=" SECRET, closed_port());
	struct afd_request q = { .url = url };
	struct afd_response r;
	struct afd_error e;

	(void)state;
	assert_failed(afd_transport_do(t, &q, &r, &e), &e, AFD_E_REMOTE, "could not connect");
	assert_null(strstr(e.text, SECRET));
}

/* --- what a person could get wrong --- */

static const struct { const char *url; enum afd_code code; const char *text; } url_row[] = {
	{ "ftp://127.0.0.1/", AFD_E_CONFIG, "expected an address that begins with https:, http: or file:" },
	{ "gopher://127.0.0.1/", AFD_E_CONFIG, "expected an address that begins with https:, http: or file:" },
	{ "127.0.0.1/", AFD_E_CONFIG, "expected an address that begins with https:, http: or file:" },
	{ "", AFD_E_CONFIG, "expected an address that begins with https:, http: or file:" },
	{ "http://user:" SECRET "@127.0.0.1/", AFD_E_CONFIG, "a user name in the address is not allowed" },
	{ "http://127.0.0.1:99999/", AFD_E_CONFIG, "the address is not a proper URL" },
	{ "http://exa mple/", AFD_E_CONFIG, "the address is not a proper URL" },
};
static const struct { struct afd_header h; enum afd_code code; const char *text; } header_row[] = {
	{ { "X-Key", SECRET "\r\nX-Other: 1" }, AFD_E_CONFIG, "the value of the header X-Key holds a control character" },
	{ { "X-Key", SECRET "\n" }, AFD_E_CONFIG, "the value of the header X-Key holds a control character" },
	{ { "X-Key: a\r\nX", SECRET }, AFD_E_USAGE, "a header without a proper name" },
	{ { "", SECRET }, AFD_E_USAGE, "a header without a proper name" },
};

static void wrong_requests(void **state)
{
	struct afd_response r;
	struct afd_error e;

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(url_row); i++) {
		struct afd_request q = { .url = url_row[i].url };

		assert_failed(afd_transport_do(t, &q, &r, &e), &e, url_row[i].code, url_row[i].text);
		assert_null(strstr(e.text, SECRET));
	}
	for (size_t i = 0; i < AFD_COUNT(header_row); i++) {
		struct afd_request q = { .n_header = 1, .header = { header_row[i].h } };

		assert_failed(ask("/hello", q, &r, &e), &e, header_row[i].code, header_row[i].text);
		assert_null(strstr(e.text, SECRET));
	}
	assert_null(afd_transport_new(&test_env, "a\r\nb", &e));
	assert_failed(-1, &e, AFD_E_CONFIG, "contact: a control character is not allowed");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_with_all_it_says),
		cmocka_unit_test(what_we_send),
		cmocka_unit_test(any_status_is_an_answer),
		cmocka_unit_test(retry_after_in_all_its_forms),
		cmocka_unit_test(what_does_not_fit_is_left_out),
		cmocka_unit_test(redirects),
		cmocka_unit_test(an_answer_as_large_as_allowed),
		cmocka_unit_test(no_server_at_all),
		cmocka_unit_test(wrong_requests),
		cmocka_unit_test(bad_answers_are_refused_and_keep_secrets),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
