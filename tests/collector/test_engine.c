/* The engine and the Cloudflare source, against a real server on the loopback and a real store in a file. */
#include "rows.h"

#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "collector/collect.h"
#include "evidence/derive.h"
#include "server.h"

#define TOKEN "tok-3f9a7c61d2e84b05"
#define T0    INT64_C(1785585600000)          /* 2026-08-01T12:00:00Z */

/* --- the world of one test --- */

struct world {
	char dir[64], db[96];
	struct server server;
	bool serving;
	struct afd_config *config;
	struct afd_env env;
	int64_t now;
	uint64_t random;
	struct afd_transport *transport;
	struct afd_store *store;
	struct afd_collect collect;
	struct afd_collected got;
	int64_t waited[16];
	size_t n_waited;
	volatile int stop;
	/* what happens at a progress report */
	enum { GO_ON, KILL_AT_STEP, STOP_AT_STEP } at_step;
	uint64_t step, steps;
	char failed[1024];
};

static int64_t world_now(void *ctx)
{
	return ((struct world *)ctx)->now;
}

static int world_random(void *ctx, uint8_t *out, size_t n)
{
	struct world *w = ctx;

	for (size_t i = 0; i < n; i++)
		out[i] = (uint8_t)((w->random = w->random * 6364136223846793005u + 1442695040888963407u) >> 56);
	return 0;
}

static void world_sleep(void *ctx, int64_t ms)
{
	struct world *w = ctx;

	if (w->n_waited < AFD_COUNT(w->waited))
		w->waited[w->n_waited++] = ms;
}

static int world_secret(void *ctx, const char *ref, struct afd_buf *ret, struct afd_error *err)
{
	(void)ctx;
	if (strcmp(ref, "env:TOKEN"))
		return afd_fail(err, AFD_E_CONFIG, "%s: not set", ref);
	return afd_buf_text(ret, TOKEN);
}

static void world_progress(void *ctx, const struct afd_progress *p)
{
	struct world *w = ctx;

	if (p->kind == AFD_P_FAILED)
		snprintf(w->failed, sizeof(w->failed), "%s", p->text);
	if (p->kind != AFD_P_STEP || ++w->steps != w->step)
		return;
	if (w->at_step == KILL_AT_STEP)
		kill(getpid(), SIGKILL);
	if (w->at_step == STOP_AT_STEP)
		w->stop = 1;
}

static void world_open(struct world *w, int mode)
{
	struct afd_error err = { 0 };

	if (afd_store_open(w->db, mode, &w->store, &err) < 0)
		fail_msg("%s", err.text);
	w->collect = (struct afd_collect){
		.store = w->store, .transport = w->transport, .env = &w->env, .secret = world_secret, .progress = world_progress,
		.progress_ctx = w, .sleep_ms = world_sleep, .sleep_ctx = w, .stop = &w->stop,
	};
}

static void world_begin(struct world *w, const struct answer *script, size_t n)
{
	struct afd_error err = { 0 };
	AFD_AUTO(mem) char *yaml = NULL;

	*w = (struct world){ .dir = "/tmp/afd-engine-XXXXXX", .now = T0, .random = 1 };
	w->env = (struct afd_env){ world_now, world_random, w };
	assert_non_null(mkdtemp(w->dir));
	snprintf(w->db, sizeof(w->db), "%s/evidence.db", w->dir);
	if (script) {
		assert_int_equal(server_start(&w->server, script, n), 0);
		w->serving = true;
		yaml = afd_sprintf("organisation: X\ninventory: i.yaml\nsources:\n  - {name: cf, type: cloudflare-audit, account: acct, "
		                   "url: \"http://127.0.0.1:%u\", token: \"env:TOKEN\", since: 2026-08-01}\n", w->server.port);
	} else {
		yaml = afd_sprintf("organisation: X\ninventory: i.yaml\nsources:\n  - {name: cf, type: cloudflare-audit, account: acct, "
		                   "url: \"file:pages\"}\n");
	}
	AFD_AUTO(mem) char *path = afd_sprintf("%s/affidavit.yaml", w->dir);
	if (afd_config_parse(afd_slice_text(yaml), path, &w->config, &err) < 0)
		fail_msg("%s", err.text);
	w->transport = afd_transport_new(&w->env, NULL, &err);
	assert_non_null(w->transport);
	world_open(w, AFD_STORE_CREATE);
}

static int remove_one(const char *path, const struct stat *st, int what, struct FTW *ftw)
{
	(void)st, (void)what, (void)ftw;
	return remove(path);
}

static void world_end(struct world *w)
{
	w->store = afd_store_close(w->store);
	w->transport = afd_transport_free(w->transport);
	w->config = afd_config_free(w->config);
	if (w->serving)
		server_stop(&w->server);
	if (nftw(w->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS) < 0)
		fail_msg("%s is still there", w->dir);
}

static void afd_world_release(struct world *w)
{
	if (w->dir[0])
		world_end(w);
}
#define WORLD(...) \
	static const struct answer script[] = { __VA_ARGS__ }; \
	AFD_AUTO(world) struct world w; \
	world_begin(&w, script, AFD_COUNT(script))

static void collect(struct world *w)
{
	struct afd_error err = { 0 };

	if (afd_collect_run(&w->collect, w->config->source, w->config->n_source, &w->got, &err) < 0)
		fail_msg("%s", err.text);
}

/* All rows of SQL, blanks between columns, LF behind rows, after everything was sequenced and decoded. */
static void query(struct world *w, const char *sql, struct afd_buf *ret)
{
	AFD_AUTO(query) struct afd_query *q = NULL;
	struct afd_error err = { 0 };
	uint64_t size;
	int r;

	if (afd_store_sequence(w->store, &size, &err) < 0 || afd_derive(w->store, afd_decode_item, NULL, &err) < 0 ||
	    afd_query_open(w->store, sql, &q, &err) < 0)
		fail_msg("%s", err.text);
	ret->len = 0;
	while ((r = afd_query_step(q, &err)) > 0)
		for (int i = 0; i < afd_query_columns(q); i++)
			afd_buf_printf(ret, "%s%s", afd_query_is_null(q, i) ? "-" : afd_query_text(q, i), i + 1 < afd_query_columns(q) ? " " : "\n");
	if (r < 0)
		fail_msg("%s", err.text);
}

static void expect(struct world *w, const char *sql, const char *expected)
{
	AFD_AUTO(buf) struct afd_buf got = { 0 };

	query(w, sql, &got);
	if (strcmp(text_of(got), expected))
		fail_msg("%s\n  expected: %s\n  got: %s", sql, expected, text_of(got));
}

#define COVERAGE "SELECT (t_from - 1785585600000) / 1000, (t_to - 1785585600000) / 1000, grade, stored_count, reason FROM coverage ORDER BY id"
#define ITEMS    "SELECT kind, decoder, parts FROM item_note ORDER BY leaf"
#define EVENTS   "SELECT provider_ref, action FROM event ORDER BY id"

/* No byte of any file of the store says SECRET. */
static void expect_nowhere(struct world *w, const char *secret)
{
	static const char *const files[] = { "evidence.db", "evidence.db-wal" };

	for (size_t i = 0; i < AFD_COUNT(files); i++) {
		AFD_AUTO(mem) char *path = afd_sprintf("%s/%s", w->dir, files[i]);
		AFD_AUTO(mem) char *data = NULL;
		int fd = open(path, O_RDONLY);
		struct stat st;

		if (fd < 0)
			continue;
		assert_int_equal(fstat(fd, &st), 0);
		data = malloc((size_t)st.st_size + 1);
		assert_int_equal(read(fd, data, (size_t)st.st_size), st.st_size);
		close(fd);
		if (memmem(data, (size_t)st.st_size, secret, strlen(secret)))
			fail_msg("%s holds \"%s\"", files[i], secret);
	}
}

/* --- pages --- */

#define ENTRY(id, time) "{\"id\":\"" id "\",\"action\":{\"type\":\"create\",\"result\":\"success\",\"time\":\"2026-08-01T" time "Z\"}," \
	"\"actor\":{\"type\":\"user\",\"context\":\"api_token\",\"id\":\"u1\",\"token_id\":\"t1\"},\"raw\":{\"uri\":\"/client/v4/zones/z/dns_records\"}," \
	"\"resource\":{\"product\":\"dns_records\",\"id\":\"r1\"},\"zone\":{\"id\":\"z\",\"name\":\"example.test\"}}"
#define PAGE(entries, count, cursor) "{\"result\":[" entries "],\"result_info\":{\"count\":" count ",\"cursor\":\"" cursor "\"},\"success\":true,\"errors\":[]}"

static void pages_are_read_to_the_last(void **state)
{
	WORLD({ 200, NULL, PAGE(ENTRY("e1", "01:00:00") "," ENTRY("e2", "02:00:00"), "\"2\"", "c/1=") },
	      { 200, NULL, PAGE(ENTRY("e3", "03:00:00"), "1", "c2") },
	      { 200, NULL, PAGE("", "0", "") });

	(void)state;
	collect(&w);
	assert_int_equal(w.got.items, 4);
	assert_int_equal(w.got.gaps, 0);
	assert_int_equal(w.got.failed, 0);
	assert_int_equal(w.server.n, 3);
	assert_non_null(strstr(w.server.asked[0], "GET /accounts/acct/logs/audit?since=2026-08-01T00:00:00.000Z&before=2026-08-01T12:00:00.000Z"
	                                          "&limit=1000&direction=asc HTTP/1.1\r\n"));
	assert_non_null(strstr(w.server.asked[0], "\r\nAuthorization: Bearer " TOKEN "\r\n"));
	assert_non_null(strstr(w.server.asked[1], "&direction=asc&cursor=c%2F1%3D HTTP/1.1\r\n"));
	assert_non_null(strstr(w.server.asked[2], "&cursor=c2 HTTP/1.1\r\n"));
	expect(&w, ITEMS, "answer cloudflare-audit 5\nanswer cloudflare-audit 3\nanswer cloudflare-audit 1\nrun run 3\n");
	expect(&w, EVENTS, "e1 record.add\ne2 record.add\ne3 record.add\n");
	expect(&w, COVERAGE, "-43200 0 2 3 read to the last page\n");
	expect(&w, "SELECT evidence, scope, provider_count, lag_ms, part FROM coverage", "account-events acct 3 3600000 1\n");
	expect(&w, "SELECT count(*) FROM decode_error", "0\n");
	expect(&w, "SELECT part, leaf, credential, domain FROM event WHERE provider_ref = 'e2'", "3 0 t1 example.test\n");
	expect_nowhere(&w, TOKEN);
}

static void an_empty_page_with_a_cursor_is_not_the_last(void **state)
{
	WORLD({ 200, NULL, PAGE(ENTRY("e1", "01:00:00"), "1", "c1") }, { 200, NULL, PAGE("", "0", "c2") },
	      { 200, NULL, PAGE(ENTRY("e2", "02:00:00"), "1", "c3") }, { 200, NULL, PAGE("", "0", "c4") },
	      { 200, NULL, PAGE("", "0", "c4") });

	(void)state;
	collect(&w);
	assert_int_equal(w.server.n, 5);             /* an empty page that leads to itself is the end */
	expect(&w, EVENTS, "e1 record.add\ne2 record.add\n");
	expect(&w, COVERAGE, "-43200 0 2 2 read to the last page\n");
}

static void fewer_entries_than_the_provider_counts_are_a_gap(void **state)
{
	/* one page too few, one too many: the sum alone would not tell */
	WORLD({ 200, NULL, PAGE(ENTRY("e1", "01:00:00"), "\"2\"", "c1") },
	      { 200, NULL, PAGE(ENTRY("e2", "02:00:00") "," ENTRY("e3", "03:00:00"), "1", "") },
	      { 200, NULL, PAGE(ENTRY("e1", "01:00:00"), "1", "") });

	(void)state;
	collect(&w);
	assert_int_equal(w.got.gaps, 1);
	expect(&w, EVENTS, "e1 record.add\ne2 record.add\ne3 record.add\n");
	expect(&w, COVERAGE, "-43200 0 0 - the provider counts 2, we read 1 (page 1)\n");
	/* and the window is asked for again */
	w.now = T0 + AFD_MINUTE;
	collect(&w);
	assert_non_null(strstr(w.server.asked[2], "since=2026-08-01T00:00:00.000Z&before=2026-08-01T12:01:00.000Z"));
	expect(&w, "SELECT grade FROM coverage ORDER BY id", "0\n2\n");
}

static void a_count_that_differs_outlives_a_broken_run(void **state)
{
	WORLD({ 200, NULL, PAGE(ENTRY("e1", "01:00:00"), "3", "c1") }, { 403, NULL, "{}" },
	      { 200, NULL, PAGE(ENTRY("e2", "02:00:00"), "1", "") }, { 403, NULL, "{}" });

	(void)state;
	collect(&w);
	w.now = T0 + AFD_MINUTE;
	collect(&w);
	expect(&w, "SELECT grade, reason LIKE 'the provider counts 3, we read 1 (page 1)' FROM coverage ORDER BY id LIMIT 1 OFFSET 1", "0 1\n");
	expect(&w, "SELECT count(*) FROM coverage WHERE grade > 0", "0\n");
}

static void two_runs_tell_nothing_twice(void **state)
{
	WORLD({ 200, NULL, PAGE(ENTRY("e1", "11:30:00"), "1", "") },
	      { 200, NULL, PAGE(ENTRY("e1", "11:30:00") "," ENTRY("e2", "12:30:00"), "2", "") });

	(void)state;
	collect(&w);
	w.now = T0 + AFD_HOUR;
	collect(&w);
	/* the window begins again before the end of the last one, because entries may come late */
	assert_non_null(strstr(w.server.asked[1], "since=2026-08-01T10:50:00.000Z&before=2026-08-01T13:00:00.000Z"));
	expect(&w, EVENTS, "e1 record.add\ne2 record.add\n");
	expect(&w, COVERAGE, "-43200 0 2 1 read to the last page\n-4200 3600 2 2 read to the last page\n");
}

static void a_busy_server_is_asked_again(void **state)
{
	WORLD({ 429, "Retry-After: 7\r\n", "" }, { 503, NULL, "" }, { 200, NULL, PAGE(ENTRY("e1", "01:00:00"), "1", "") });

	(void)state;
	collect(&w);
	assert_int_equal(w.n_waited, 2);
	assert_int_equal(w.waited[0], 7000);
	assert_true(w.waited[1] >= 1000 && w.waited[1] <= 2000);
	assert_int_equal(w.got.gaps, 0);
	expect(&w, EVENTS, "e1 record.add\n");
}

static void a_server_that_stays_busy_leaves_a_gap(void **state)
{
	WORLD({ 503, NULL, "" });

	(void)state;
	collect(&w);
	assert_int_equal(w.server.n, 3);
	assert_int_equal(w.n_waited, 2);
	assert_int_equal(w.got.gaps, 1);
	expect(&w, COVERAGE, "-43200 0 0 - GET /accounts/acct/logs/audit?since=2026-08-01T00:00:00.000Z&before=2026-08-01T12:00:00.000Z"
	       "&limit=1000&direction=asc page 1: HTTP 503 after 3 tries\n");
}

static void a_long_wait_is_not_waited(void **state)
{
	WORLD({ 429, "Retry-After: 300\r\n", "" });

	(void)state;
	collect(&w);
	assert_int_equal(w.server.n, 1);
	assert_int_equal(w.n_waited, 0);
	expect(&w, "SELECT grade, reason LIKE '%HTTP 429: the server asks to wait 300 s, longer than 60 s' FROM coverage", "0 1\n");
}

static void nobody_there_leaves_a_gap(void **state)
{
	WORLD({ 200, NULL, PAGE(ENTRY("e1", "01:00:00"), "1", "") });
	int fd = w.server.fd;

	(void)state;
	shutdown(fd, SHUT_RDWR);                    /* no accept: connections are refused */
	pthread_join(w.server.thread, NULL);
	close(fd);
	w.serving = false;
	collect(&w);
	assert_int_equal(w.n_waited, 2);
	expect(&w, "SELECT grade, reason LIKE '%3 tries%' FROM coverage", "0 1\n");
}

static void pages_that_run_in_a_circle_are_left(void **state)
{
	WORLD({ 200, NULL, PAGE(ENTRY("e1", "01:00:00"), "1", "c1") }, { 200, NULL, PAGE(ENTRY("e2", "02:00:00"), "1", "c2") },
	      { 200, NULL, PAGE(ENTRY("e1", "01:00:00"), "1", "c1") });

	(void)state;
	collect(&w);
	assert_int_equal(w.server.n, 3);
	expect(&w, COVERAGE, "-43200 0 0 - the provider's page cursor came a second time: its pages run in a circle\n");
	expect(&w, EVENTS, "e1 record.add\ne2 record.add\n");
}

static void refusals_leave_a_gap(void **state)
{
	static const struct { struct answer a; const char *reason; } rows[] = {
		{ { 401, NULL, "{}" }, "the credential was refused (HTTP 401): make an API token with the permission \"Account > Account Settings: Read\" for this account alone, and put it where the configuration's token points" },
		{ { 403, NULL, "{}" }, "the credential was refused (HTTP 403): make an API token with the permission \"Account > Account Settings: Read\" for this account alone, and put it where the configuration's token points" },
		{ { 404, NULL, "{}" }, "HTTP 404" },
		{ { 302, "Location: http://127.0.0.1:1/\r\n", "" }, "HTTP 302" },
		{ { 200, NULL, "{\"success\":false,\"errors\":[{\"code\":1000,\"message\":\"" TOKEN "\"}],\"result\":null}" },
		  "answer: success is not true; error code 1000" },
		{ { 200, NULL, "{\"result\":[]}" }, "answer: success is not true" },
		{ { 200, NULL, "{\"result\":{},\"success\":true}" }, "answer:1: result: expected a list of entries under \"result\", got a map" },
	};

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(rows); i++) {
		AFD_AUTO(world) struct world w;
		AFD_AUTO(mem) char *expected = afd_sprintf("-43200 0 0 - %s\n", rows[i].reason);

		world_begin(&w, &rows[i].a, 1);
		collect(&w);
		expect(&w, COVERAGE, expected);
		assert_int_equal(w.server.n, 1);
		expect_nowhere(&w, TOKEN);
	}
}

static void garbage_is_withheld(void **state)
{
	static const char *const bodies[] = {
		"{\"result\":[{\"password\":\"s3cr3t-in-garbage\"}",
		"s3cr3t-in-garbage",
		"{\"success\":true,\"result\":[{\"token\":\"s3cr3t-in-garbage\"}],\"result\":[]}",
		"{\"success\":true,\"result\":[{\"pin\":1,\"password\":12345678901}],\"x\":\"s3cr3t-in-garbage\"}",
	};

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(bodies); i++) {
		const struct answer a = { 200, NULL, bodies[i] };
		AFD_AUTO(world) struct world w;

		world_begin(&w, &a, 1);
		collect(&w);
		expect(&w, "SELECT kind, decoder FROM item_note ORDER BY leaf", "withheld cloudflare-audit\nrun run\n");
		/* whatever else was said, the last word on the window is a gap */
		expect(&w, "SELECT t_from <= 1785542400000, t_to >= 1785585600000, grade, reason LIKE '%withheld%' FROM coverage ORDER BY id DESC LIMIT 1",
		       "1 1 0 1\n");
		expect_nowhere(&w, "s3cr3t-in-garbage");
		expect_nowhere(&w, "12345678901");
	}
}

static void half_a_page_is_no_page(void **state)
{
	WORLD({ 200, NULL, PAGE(ENTRY("e1", "01:00:00"), "1", ""), .cut = 10 });

	(void)state;
	collect(&w);
	assert_int_equal(w.server.n, 3);
	expect(&w, EVENTS, "");
	expect(&w, "SELECT grade, reason LIKE '%3 tries%' FROM coverage", "0 1\n");
	expect(&w, ITEMS, "run run 3\n");
}

static void a_huge_answer_is_not_read(void **state)
{
	WORLD({ 200, NULL, NULL, .blanks = AFD_MAX_HTTP_BODY + 1 });

	(void)state;
	collect(&w);
	assert_int_equal(w.server.n, 1);
	expect(&w, "SELECT count(*), min(grade) FROM coverage", "1 0\n");
	expect(&w, ITEMS, "run run 3\n");
}

/* A bad entry costs its own time and nothing else, and the gap outlives the statement that the window was read. */
static void bad_entries_are_gaps_around_them(void **state)
{
	WORLD({ 200, NULL, PAGE(ENTRY("e1", "01:00:00") ",{\"action\":{\"time\":\"2026-08-01T01:30:00Z\"}}," ENTRY("e2", "02:00:00"), "3", "c") },
	      { 200, NULL, PAGE(ENTRY("e3", "03:00:00") ",{\"id\":\"x\",\"action\":{\"time\":\"noon\"}}," ENTRY("e4", "04:00:00"), "3", "d") },
	      { 200, NULL, PAGE("7", "1", "") });

	(void)state;
	collect(&w);
	expect(&w, EVENTS, "e1 record.add\ne2 record.add\ne3 record.add\ne4 record.add\n");
	expect(&w, "SELECT (t_from - 1785585600000) / 1000, (t_to - 1785585600000) / 1000, grade, reason FROM coverage"
	           " WHERE leaf = (SELECT max(leaf) FROM item_note) ORDER BY id",
	       "-43200 0 2 read to the last page\n"
	       "-37800 -37799 0 page 1: entry 1 could not be read: id is missing\n"
	       "-32400 -28799 0 page 2: entry 1 could not be read: action.time is not a time\n"
	       "-43200 0 0 page 3: entry 0 could not be read: not a map\n");
	expect(&w, "SELECT count(*) FROM coverage WHERE leaf < (SELECT max(leaf) FROM item_note)", "3\n");
}

static void secrets_never_reach_the_store(void **state)
{
	WORLD({ 200, NULL, PAGE("{\"id\":\"e1\",\"action\":{\"type\":\"create\",\"result\":\"success\",\"time\":\"2026-08-01T01:00:00Z\"},"
	                        "\"actor\":{\"type\":\"user\",\"context\":\"dash\",\"email\":\"a@example.test\",\"token_id\":\"t-1\"},"
	                        "\"raw\":{\"uri\":\"/client/v4/user/tokens?access_token=leak-1-in-uri\"},"
	                        "\"resource\":{\"product\":\"api_tokens\",\"request\":{\"name\":\"dns\",\"authInfo\":\"leak-2-authinfo\"},"
	                        "\"response\":{\"id\":\"t-2\",\"value\":\"leak3AbcdefGHIJ0123456789\",\"note\":\"Authorization: Bearer leak-4-bearer\","
	                        "\"nested\":\"{\\\"client_secret\\\":\\\"leak-5-nested\\\"}\"}}}", "1", "") });

	(void)state;
	collect(&w);
	for (int i = 1; i <= 5; i++) {
		static const char *const leaks[] = { "leak-1", "leak-2", "leak3", "leak-4", "leak-5" };

		expect_nowhere(&w, leaks[i - 1]);
	}
	expect(&w, "SELECT action, actor, credential, object_kind, after_value FROM event",
	       "token.create a@example.test t-1 token {\"name\":\"dns\",\"authInfo\":\"***************\"}\n");
	expect(&w, "SELECT count(*) FROM decode_error", "0\n");
}

/* --- what survives what --- */

/* The child dies at a page whose item is put but not committed. */
static void a_kill_loses_nothing_that_was_kept(void **state)
{
	WORLD({ 200, NULL, PAGE(ENTRY("e1", "01:00:00"), "1", "c1") }, { 200, NULL, PAGE(ENTRY("e2", "02:00:00"), "1", "c2") },
	      { 200, NULL, PAGE(ENTRY("e2", "02:00:00"), "1", "c2") }, { 200, NULL, PAGE(ENTRY("e3", "03:00:00"), "1", "") },
	      { 200, NULL, PAGE("", "0", "") });
	int status;
	pid_t child;

	(void)state;
	w.store = afd_store_close(w.store);
	child = fork();
	if (!child) {
		w.at_step = KILL_AT_STEP;
		w.step = 2;
		world_open(&w, AFD_STORE_WRITE);
		afd_collect_run(&w.collect, w.config->source, 1, &w.got, NULL);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	world_open(&w, AFD_STORE_WRITE);
	expect(&w, ITEMS, "answer cloudflare-audit 3\n");
	expect(&w, COVERAGE, "");
	/* two hours later: the rest of that window, then a new one */
	w.now = T0 + 2 * AFD_HOUR;
	collect(&w);
	assert_non_null(strstr(w.server.asked[2], "before=2026-08-01T12:00:00.000Z&limit=1000&direction=asc&cursor=c1 "));
	assert_non_null(strstr(w.server.asked[4], "since=2026-08-01T10:50:00.000Z&before=2026-08-01T14:00:00.000Z&limit=1000&direction=asc "));
	expect(&w, EVENTS, "e1 record.add\ne2 record.add\ne3 record.add\n");
	expect(&w, COVERAGE, "-43200 0 2 3 read to the last page\n-4200 7200 2 0 read to the last page\n");
}

/* What was committed before a kill is said by the run after it. */
static void a_statement_outlives_a_kill(void **state)
{
	WORLD({ 200, NULL, PAGE(ENTRY("e1", "01:00:00"), "1", "c1") }, { 503, NULL, "" }, { 503, NULL, "" }, { 503, NULL, "" },
	      { 200, NULL, PAGE(ENTRY("e2", "02:00:00"), "1", "") },         /* second run: the rest of the window; then it is killed */
	      { 200, NULL, PAGE(ENTRY("e4", "13:00:00"), "1", "") },
	      { 200, NULL, PAGE(ENTRY("e4", "13:00:00"), "1", "") });
	int status;
	pid_t child;

	(void)state;
	collect(&w);
	expect(&w, "SELECT t_from, t_to, grade FROM coverage", "1785542400000 1785585600000 0\n");
	w.now = T0 + 2 * AFD_HOUR;
	w.store = afd_store_close(w.store);
	w.steps = 0;
	child = fork();
	if (!child) {
		w.at_step = KILL_AT_STEP;
		w.step = 2;
		world_open(&w, AFD_STORE_WRITE);
		afd_collect_run(&w.collect, w.config->source, 1, &w.got, NULL);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(w.server.n, 6);
	world_open(&w, AFD_STORE_WRITE);
	expect(&w, "SELECT count(*) FROM coverage", "1\n");
	w.now = T0 + 3 * AFD_HOUR;
	collect(&w);
	expect(&w, "SELECT (t_from - 1785585600000) / 1000, (t_to - 1785585600000) / 1000, grade FROM coverage ORDER BY id",
	       "-43200 0 0\n-43200 0 2\n-4200 10800 2\n");
	expect(&w, EVENTS, "e1 record.add\ne2 record.add\ne4 record.add\n");
}

static void a_stop_ends_after_the_page(void **state)
{
	WORLD({ 200, NULL, PAGE(ENTRY("e1", "01:00:00"), "1", "c1") }, { 200, NULL, PAGE(ENTRY("e2", "02:00:00"), "1", "") },
	      { 200, NULL, PAGE("", "0", "") });

	(void)state;
	w.at_step = STOP_AT_STEP;
	w.step = 1;
	collect(&w);
	assert_int_equal(w.server.n, 1);
	expect(&w, COVERAGE, "");
	expect(&w, ITEMS, "answer cloudflare-audit 3\nrun run 1\n");
	w.stop = 0;
	w.now = T0 + 2 * AFD_MINUTE;
	collect(&w);
	expect(&w, EVENTS, "e1 record.add\ne2 record.add\n");
	expect(&w, COVERAGE, "-43200 0 2 2 read to the last page\n-4200 120 2 0 read to the last page\n");
}

/* A gap begins where the last window ended: what was read stays read, although the window begins earlier. */
static void a_failing_run_takes_nothing_back(void **state)
{
	WORLD({ 200, NULL, PAGE(ENTRY("e1", "01:00:00"), "1", "") }, { 403, NULL, "{}" });

	(void)state;
	collect(&w);
	w.now = T0 + AFD_HOUR;
	collect(&w);
	expect(&w, COVERAGE, "-43200 0 2 1 read to the last page\n0 3600 0 - the credential was refused (HTTP 403): make an API token with the permission \"Account > Account Settings: Read\" for this account alone, and put it where the configuration's token points\n");
}

static void a_page_cursor_of_this_run_is_not_too_old(void **state)
{
	WORLD({ 200, NULL, PAGE(ENTRY("e1", "01:00:00"), "1", "c1") }, { 503, NULL, "" }, { 503, NULL, "" }, { 503, NULL, "" },
	      { 200, NULL, PAGE(ENTRY("e2", "02:00:00"), "1", "c2") }, { 400, NULL, "{}" });

	(void)state;
	collect(&w);
	w.now = T0 + AFD_MINUTE;
	collect(&w);
	assert_int_equal(w.server.n, 6);
	expect(&w, "SELECT grade, reason FROM coverage ORDER BY id DESC LIMIT 1", "0 HTTP 400\n");
}

static void an_old_page_cursor_begins_the_window_again(void **state)
{
	WORLD({ 200, NULL, PAGE(ENTRY("e1", "01:00:00"), "1", "c1") }, { 400, NULL, "{}" },
	      { 400, NULL, "{}" }, { 200, NULL, PAGE(ENTRY("e1", "01:00:00"), "1", "") });

	(void)state;
	collect(&w);
	expect(&w, "SELECT grade, reason FROM coverage", "0 HTTP 400\n");
	w.now = T0 + AFD_MINUTE;
	collect(&w);
	assert_int_equal(w.server.n, 4);
	assert_null(strstr(w.server.asked[3], "cursor="));
	expect(&w, "SELECT grade FROM coverage ORDER BY id", "0\n2\n");
}

static void a_secret_that_is_missing_is_a_gap(void **state)
{
	WORLD({ 200, NULL, PAGE("", "0", "") });

	(void)state;
	w.collect.secret = NULL;
	collect(&w);
	assert_int_equal(w.got.failed, 1);
	assert_int_equal(w.server.n, 0);
	assert_string_equal(w.failed, "env:TOKEN: no way to resolve secrets here");
	expect(&w, "SELECT scope, t_from - 1785585600000, t_to - t_from, grade, reason FROM coverage",
	       "acct 0 1 0 env:TOKEN: no way to resolve secrets here\n");
	/* the next failing run says from when on */
	w.now = T0 + AFD_HOUR;
	collect(&w);
	expect(&w, "SELECT t_from - 1785585600000, t_to - 1785585600000 FROM coverage ORDER BY id", "0 1\n0 3600000\n");
	w.collect.secret = world_secret;
	collect(&w);
	expect(&w, "SELECT grade FROM coverage ORDER BY id", "0\n0\n2\n");
}

/* --- recordings --- */

static void put_file(struct world *w, const char *name, const char *text)
{
	AFD_AUTO(mem) char *dir = afd_sprintf("%s/pages", w->dir);
	AFD_AUTO(mem) char *path = afd_sprintf("%s/%s", dir, name);
	FILE *f;

	mkdir(dir, 0700);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void recordings_are_read_run_by_run(void **state)
{
	AFD_AUTO(world) struct world w;

	(void)state;
	world_begin(&w, NULL, 0);
	put_file(&w, "run-01.json", "{\"since\":\"2026-07-01T00:00:00Z\",\"before\":\"2026-07-02T00:00:00Z\",\"pages\":[\"p1.json\",\"p2.json\"]}");
	put_file(&w, "run-02.json", "{\"since\":\"2026-07-02T00:00:00Z\",\"before\":\"2026-07-03T00:00:00Z\",\"pages\":[\"p3.json\"]}");
	put_file(&w, "p1.json", PAGE(ENTRY("e1", "01:00:00"), "1", "c1"));
	put_file(&w, "p2.json", PAGE(ENTRY("e2", "02:00:00"), "1", ""));
	put_file(&w, "p3.json", PAGE(ENTRY("e3", "03:00:00"), "1", "more"));
	collect(&w);
	expect(&w, EVENTS, "e1 record.add\ne2 record.add\n");
	expect(&w, "SELECT asked FROM item_note WHERE leaf = 1",
	       "GET /accounts/acct/logs/audit?since=2026-07-01T00:00:00.000Z&before=2026-07-02T00:00:00.000Z&limit=1000&direction=asc page 2\n");
	expect(&w, "SELECT t_from, t_to, grade FROM coverage", "1782864000000 1782950400000 2\n");
	/* the second recording was cut off: it says that there is more */
	collect(&w);
	expect(&w, "SELECT t_from, t_to, grade, reason FROM coverage ORDER BY id DESC LIMIT 1",
	       "1782950400000 1783036800000 0 the recording ends before the last page\n");
	put_file(&w, "p3.json", PAGE(ENTRY("e3", "03:00:00"), "1", ""));
	collect(&w);
	expect(&w, "SELECT t_from, t_to, grade FROM coverage ORDER BY id DESC LIMIT 1", "1782950400000 1783036800000 2\n");
	/* and nothing is claimed when none is left */
	collect(&w);
	expect(&w, "SELECT count(*) FROM coverage", "3\n");
	expect(&w, "SELECT count(*) FROM item_note WHERE kind = 'run'", "4\n");
}

static void a_recording_names_files_only(void **state)
{
	AFD_AUTO(world) struct world w;

	(void)state;
	world_begin(&w, NULL, 0);
	put_file(&w, "run-01.json", "{\"since\":\"2026-07-01\",\"before\":\"2026-07-02\",\"pages\":[\"../../etc/passwd\"]}");
	collect(&w);
	assert_int_equal(w.got.failed, 1);
	assert_string_equal(w.failed, "recording, run 01: pages[0]: expected a file name without a path");
}

/* --- the user's files --- */

static void put_user(struct world *w, const char *decoder, const char *label, const char *text, bool expected)
{
	struct afd_error err = { 0 };
	bool is_new = !expected;

	if (afd_collect_user_file(&w->collect, decoder, label, afd_slice_text(text), &is_new, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(is_new, expected);
}

static void a_user_file_is_an_item_when_it_changes(void **state)
{
	AFD_AUTO(world) struct world w;
	struct afd_error err = { 0 };
	bool is_new;

	(void)state;
	world_begin(&w, NULL, 0);
	put_user(&w, "policy", "policy.yaml", "gate: {fail_on: high}", true);
	put_user(&w, "policy", "policy.yaml", "gate: {fail_on: high}", false);
	put_user(&w, "policy", "other.yaml", "gate: {fail_on: high}", true);
	put_user(&w, "policy", "policy.yaml", "gate: {fail_on: high}", true);      /* in force again */
	put_user(&w, "policy", "policy.yaml", "gate: {fail_on: low}", true);
	put_user(&w, "policy", "policy.yaml", "gate: {fail_on: high}", true);
	put_user(&w, "check", "checks/a.sql", "SELECT 1", true);
	put_user(&w, "check", "checks/b.sql", "SELECT 1", true);
	put_user(&w, "check", "checks/a.sql", "SELECT 1", false);
	expect(&w, "SELECT kind, source, decoder, asked FROM item_note ORDER BY leaf",
	       "file user policy policy.yaml\nfile user policy other.yaml\nfile user policy policy.yaml\nfile user policy policy.yaml\n"
	       "file user policy policy.yaml\nfile user check checks/a.sql\nfile user check checks/b.sql\n");
	expect(&w, "SELECT value FROM policy", "high\n");
	assert_int_equal(afd_collect_user_file(&w.collect, "cloudflare-audit", "x", afd_slice_text(""), &is_new, &err), -1);
	assert_string_equal(err.text, "\"cloudflare-audit\" is not a kind of user file");
}

static void the_configuration_reaches_its_tables(void **state)
{
	AFD_AUTO(world) struct world w;

	(void)state;
	world_begin(&w, NULL, 0);
	put_user(&w, "config", "affidavit.yaml", "organisation: X\ninventory: i.yaml\nsources:\n"
	         "  - {name: a, type: cloudflare-audit, account: aa, url: \"file:x\"}\n  - {name: b, type: cloudflare-audit, account: bb, url: \"file:x\"}\n", true);
	expect(&w, "SELECT source, scope, retired_ms FROM source_scope ORDER BY source", "a aa 9223372036854775807\nb bb 9223372036854775807\n");
	put_user(&w, "config", "affidavit.yaml", "organisation: X\ninventory: i.yaml\nsources:\n"
	         "  - {name: a, type: cloudflare-audit, account: aa, url: \"file:x\"}\n", true);
	expect(&w, "SELECT name, configured, retired_ms FROM source ORDER BY name", "a 1 -\nb 0 -\n");
	put_user(&w, "config", "affidavit.yaml", "organisation: X\ninventory: i.yaml\nsources:\n"
	         "  - {name: a, type: cloudflare-audit, account: aa, url: \"file:x\"}\nretired:\n  - {name: b, since: 2026-08-01, reason: gone}\n", true);
	expect(&w, "SELECT name, kind, configured, retired_ms, retired_reason FROM source ORDER BY name",
	       "a cloudflare-audit 1 - -\nb cloudflare-audit 0 1785542400000 gone\n");
	expect(&w, "SELECT source, scope, retired_ms FROM source_scope ORDER BY source", "a aa 9223372036854775807\nb bb 1785542400000\n");
	expect(&w, "SELECT count(*) FROM decode_error", "0\n");
}

static void a_policy_that_is_left_out_ends_with_its_waivers(void **state)
{
	AFD_AUTO(world) struct world w;

	(void)state;
	world_begin(&w, NULL, 0);
	put_user(&w, "config", "affidavit.yaml", "organisation: X\ninventory: i.yaml\npolicy: p.yaml\nsources: []\n", true);
	put_user(&w, "policy", "p.yaml", "gate: {fail_on: low}\nwaivers:\n"
	         "  - {id: W, finding: AKL6VHIADK7HCHLL, owner: a, approver: b, reason: c, expires: 2030-01-01}\n", true);
	put_user(&w, "config", "affidavit.yaml", "organisation: Y\ninventory: i.yaml\npolicy: p.yaml\nsources: []\n", true);
	expect(&w, "SELECT id FROM waiver", "W\n");
	put_user(&w, "config", "affidavit.yaml", "organisation: Y\ninventory: i.yaml\nsources: []\n", true);
	expect(&w, "SELECT (SELECT count(*) FROM waiver), (SELECT count(*) FROM policy)", "0 0\n");
	expect(&w, "SELECT table_name, key, what FROM scope_edit WHERE table_name IN ('policy', 'waiver')",
	       "policy gate|fail_on removed\nwaiver W removed\n");
	put_user(&w, "config", "affidavit.yaml", "organisation: Y\ninventory: i.yaml\npolicy: p.yaml\nsources: []\n", true);
	put_user(&w, "policy", "p.yaml", "gate: {fail_on: low}\nwaivers:\n"
	         "  - {id: W, finding: AKL6VHIADK7HCHLL, owner: a, approver: b, reason: c, expires: 2030-01-01}\n", true);
	expect(&w, "SELECT id FROM waiver", "W\n");
}

static void every_user_table_takes_its_rows(void **state)
{
	AFD_AUTO(world) struct world w;

	(void)state;
	world_begin(&w, NULL, 0);
	put_user(&w, "inventory", "inventory.yaml", "domains:\n  - {name: example.test, issuers: [{name: \"CN=CA\"}]}\n"
	         "services:\n  - {name: s, host: www.example.test}\n"
	         "credentials:\n  - {id: k, kind: tsig-key, writes: [{owner: \"*.example.test\", types: [TXT]}]}\n", true);
	put_user(&w, "policy", "policy.yaml", "waivers:\n  - {id: W, finding: AKL6VHIADK7HCHLL, owner: a, approver: b, reason: c, expires: never}\n", true);
	put_user(&w, "approvals", "a.csv", "ticket,subject,kind,valid_from,valid_to,approver\nT,example.test,ns.change,2026-01-01,2026-01-02,x\n", true);
	put_user(&w, "approvals", "b.csv", "ticket,subject,kind,valid_from,valid_to,approver\nT,example.test,ns.change,2026-01-01,2026-01-02,x\n", true);
	put_user(&w, "inventory", "broken.yaml", "domains: {}", true);
	expect(&w, "SELECT name, zone, in_scope, recorded_at FROM domain", "example.test example.test 1 1785585600000\n");
	expect(&w, "SELECT domain, issuer FROM approved_issuer", "example.test CN=CA\n");
	expect(&w, "SELECT name, host FROM service", "s www.example.test\n");
	expect(&w, "SELECT id, kind FROM credential", "k tsig-key\n");
	expect(&w, "SELECT credential, owner, suffix, type FROM credential_scope", "k *.example.test .example.test TXT\n");
	expect(&w, "SELECT id, expires FROM waiver", "W 0\n");
	expect(&w, "SELECT ticket, subject, kind FROM approval", "T example.test ns.change\nT example.test ns.change\n");
	expect(&w, "SELECT leaf, reason FROM decode_error", "4 broken.yaml:1: domains: expected a list, got a map\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages_are_read_to_the_last),
		cmocka_unit_test(an_empty_page_with_a_cursor_is_not_the_last),
		cmocka_unit_test(fewer_entries_than_the_provider_counts_are_a_gap),
		cmocka_unit_test(a_count_that_differs_outlives_a_broken_run),
		cmocka_unit_test(two_runs_tell_nothing_twice),
		cmocka_unit_test(a_busy_server_is_asked_again),
		cmocka_unit_test(a_server_that_stays_busy_leaves_a_gap),
		cmocka_unit_test(a_long_wait_is_not_waited),
		cmocka_unit_test(nobody_there_leaves_a_gap),
		cmocka_unit_test(pages_that_run_in_a_circle_are_left),
		cmocka_unit_test(refusals_leave_a_gap),
		cmocka_unit_test(garbage_is_withheld),
		cmocka_unit_test(half_a_page_is_no_page),
		cmocka_unit_test(a_huge_answer_is_not_read),
		cmocka_unit_test(bad_entries_are_gaps_around_them),
		cmocka_unit_test(secrets_never_reach_the_store),
		cmocka_unit_test(a_kill_loses_nothing_that_was_kept),
		cmocka_unit_test(a_statement_outlives_a_kill),
		cmocka_unit_test(a_stop_ends_after_the_page),
		cmocka_unit_test(a_failing_run_takes_nothing_back),
		cmocka_unit_test(a_page_cursor_of_this_run_is_not_too_old),
		cmocka_unit_test(an_old_page_cursor_begins_the_window_again),
		cmocka_unit_test(a_secret_that_is_missing_is_a_gap),
		cmocka_unit_test(recordings_are_read_run_by_run),
		cmocka_unit_test(a_recording_names_files_only),
		cmocka_unit_test(a_user_file_is_an_item_when_it_changes),
		cmocka_unit_test(the_configuration_reaches_its_tables),
		cmocka_unit_test(a_policy_that_is_left_out_ends_with_its_waivers),
		cmocka_unit_test(every_user_table_takes_its_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
