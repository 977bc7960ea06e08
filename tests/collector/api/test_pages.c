/* What conversations of real sources do not show: logs that are kept page by page, windows, totals, conditional requests,
 * recordings, and the two forms in which items say what they are. */
#include "../rows.h"

#include <ftw.h>
#include <sys/stat.h>

#include "../server.h"
#include "collector/api/pages.h"
#include "collector/collect.h"
#include "evidence/derive.h"

#define T0 INT64_C(1785585600000)          /* 2026-08-01T12:00:00Z */

/* --- a source --- */

static bool conditional, by_page;
static char base[256];

static int ask(void *own, const struct afd_turn *t, struct afd_ask *q, struct afd_error *err)
{
	(void)own;
	if (afd_buf_text(&q->url, "/log") < 0)
		return afd_fail_memory(err);
	if (t->window.from < t->window.to && afd_ask_query(q, "since", afd_when_text(t->window.from).s, err) < 0)
		return -1;
	return t->token ? afd_ask_query(q, "page", t->token, err) : 0;
}

/* "3 7 next": elements here, in all ("-" not told), token of the next page */
static int read_page(void *own, struct afd_pages *p, const struct afd_turn *t, const struct afd_response *r, struct afd_page *ret,
		     struct afd_error *err)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;
	const struct afd_node *root, *total;
	const char *next;

	(void)own, (void)p, (void)t;
	if (afd_json_parse(r->body, "answer", &d, NULL) < 0)
		return afd_fail(err, AFD_E_PARSE, "not JSON");
	root = afd_doc_root(d);
	if (!afd_node_get(root, "items"))
		return afd_fail(err, AFD_E_REMOTE, "no page");
	ret->n = afd_node_get(root, "items")->u.list.n;
	total = afd_node_get(root, "total");
	ret->total = total ? total->u.i : -1;
	next = afd_node_text(afd_node_get(root, "next"));
	return next && afd_buf_text(&ret->next, next) < 0 ? afd_fail_memory(err) : 0;
}

static struct afd_call calls[1];

static int start(void *own, struct afd_pages *p, struct afd_error *err)
{
	struct afd_span at = { 0, 0 };

	(void)own;
	if (by_page)
		at = afd_pages_window(p, 0, "acct", "", T0 - AFD_DAY);
	return afd_pages_add(p, 0, "acct", "", at, err);
}

static const struct afd_pages_spec spec = { .call = calls, .n_call = 1, .start = start, .refused = "do something" };

static int scopes(const void *config, struct afd_buf *ret, struct afd_error *err)
{
	(void)config, (void)err;
	return afd_buf_text(ret, "acct");
}

static int begin(const struct afd_source_config *sc, const void *config, const char *cursor, void **ret, struct afd_error *err)
{
	const struct afd_pages_setup setup = { .spec = &spec, .base = base };

	(void)config;
	calls[0] = (struct afd_call){ .name = "log", .kept = by_page ? AFD_KEPT_PAGE : AFD_KEPT_LIST,
		.grade = by_page ? AFD_ASSERTED : AFD_SAMPLED, .conditional = conditional, .overlap_ms = AFD_HOUR, .ask = ask, .read = read_page };
	return afd_pages_begin(sc, &setup, cursor, ret, err);
}

static int split(struct afd_slice bytes, struct afd_ranges *parts, struct afd_error *err)
{
	return afd_pages_split(bytes, "items", parts, err);
}

static const struct afd_provider provider = {
	.kind = "test-log", .basis = "tested here", .leg = AFD_LEG_ACCOUNT, .evidence = "account-events", .scopes = scopes, .begin = begin, .next = afd_pages_next,
	.take = afd_pages_take, .end = afd_pages_end, .redact = afd_pages_redact, .split = split,
};

/* --- the world of one test --- */

struct world {
	char dir[64], db[96];
	struct server server;
	struct afd_env env;
	int64_t now;
	struct afd_transport *transport;
	struct afd_store *store;
	struct afd_collected got;
	volatile int stop;
	unsigned stop_at;                  /* after so many reports of progress */
	char failed[512];
};

static int64_t world_now(void *ctx)
{
	return ((struct world *)ctx)->now;
}

static int world_random(void *ctx, uint8_t *out, size_t n)
{
	(void)ctx;
	memset(out, 7, n);
	return 0;
}

static void world_sleep(void *ctx, int64_t ms)
{
	((struct world *)ctx)->now += ms;
}

static void world_progress(void *ctx, const struct afd_progress *p)
{
	struct world *w = ctx;

	if (p->kind == AFD_P_STEP && w->stop_at && !--w->stop_at)
		w->stop = 1;
	if (p->kind == AFD_P_FAILED)
		snprintf(w->failed, sizeof(w->failed), "%s", p->text);
}

static int remove_one(const char *path, const struct stat *st, int what, struct FTW *ftw)
{
	(void)st, (void)what, (void)ftw;
	return remove(path);
}

static void afd_world_release(struct world *w)
{
	w->store = afd_store_close(w->store);
	w->transport = afd_transport_free(w->transport);
	if (w->server.port)
		server_stop(&w->server);
	if (w->dir[0])
		nftw(w->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void world_begin(struct world *w, const struct answer *script, size_t n)
{
	struct afd_error err = { 0 };

	*w = (struct world){ .dir = "/tmp/afd-pages-XXXXXX", .now = T0 };
	w->env = (struct afd_env){ world_now, world_random, w };
	assert_non_null(mkdtemp(w->dir));
	snprintf(w->db, sizeof(w->db), "%s/evidence.db", w->dir);
	if (script) {
		assert_int_equal(server_start(&w->server, script, n), 0);
		snprintf(base, sizeof(base), "http://127.0.0.1:%u", w->server.port);
	} else {
		snprintf(base, sizeof(base), "file:%s", w->dir);
	}
	w->transport = afd_transport_new(&w->env, NULL, &err);
	assert_non_null(w->transport);
	if (afd_store_open(w->db, AFD_STORE_CREATE, &w->store, &err) < 0)
		fail_msg("%s", err.text);
}
#define WORLD(...) \
	static const struct answer script[] = { __VA_ARGS__ }; \
	AFD_AUTO(world) struct world w; \
	world_begin(&w, script, AFD_COUNT(script))

static void collect(struct world *w)
{
	const struct afd_collect c = { .store = w->store, .transport = w->transport, .env = &w->env, .progress = world_progress, .progress_ctx = w,
		.sleep_ms = world_sleep, .sleep_ctx = w, .stop = &w->stop };
	const struct afd_source s = { .name = "log", .provider = &provider, .base_dir = w->dir };
	struct afd_error err = { 0 };

	w->stop = 0;
	if (afd_collect_run(&c, &s, 1, &w->got, &err) < 0)
		fail_msg("%s", err.text);
}

/* The providers of this test stand in no table: what they keep has no rows, which is not the same as unreadable. */
static int decode_runs(void *ctx, const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err)
{
	return item->record->kind == AFD_ITEM_RUN ? afd_decode_item(ctx, item, sink, err) : 0;
}

static void expect(struct world *w, const char *sql, const char *expected)
{
	AFD_AUTO(query) struct afd_query *q = NULL;
	AFD_AUTO(buf) struct afd_buf got = { 0 };
	struct afd_error err = { 0 };
	uint64_t size;
	int r;

	if (afd_store_sequence(w->store, &size, &err) < 0 || afd_derive(w->store, decode_runs, NULL, &err) < 0 ||
	    afd_query_open(w->store, sql, &q, &err) < 0)
		fail_msg("%s", err.text);
	afd_buf_text(&got, "");
	while ((r = afd_query_step(q, &err)) > 0)
		for (int i = 0; i < afd_query_columns(q); i++)
			afd_buf_printf(&got, "%s%s", afd_query_is_null(q, i) ? "-" : afd_query_text(q, i), i + 1 < afd_query_columns(q) ? " " : "\n");
	if (strcmp(text_of(got), expected))
		fail_msg("%s\n  expected: %s\n  got: %s", sql, expected, text_of(got));
}

#define COVERAGE "SELECT (t_from - 1785585600000) / 1000, (t_to - 1785585600000) / 1000, grade, stored_count, provider_count, reason FROM coverage ORDER BY id"
#define ITEMS    "SELECT decoder, parts, asked FROM item_note WHERE kind = 'answer' ORDER BY leaf"

static void pages_of_a_log_are_items_and_windows_overlap(void **state)
{
	WORLD({ 200, NULL, "{\"items\":[1,2],\"next\":\"b&c\"}" }, { 200, NULL, "{\"items\":[3]}" }, { 200, NULL, "{\"items\":[],\"total\":0}" });

	(void)state;
	by_page = true;
	conditional = false;
	collect(&w);
	expect(&w, ITEMS, "test-log 5 log acct - 2026-07-31T12:00:00.000Z 2026-08-01T12:00:00.000Z page 1: GET /log?since=2026-07-31T12%3A00%3A00.000Z\n"
	       "test-log 3 log acct - 2026-07-31T12:00:00.000Z 2026-08-01T12:00:00.000Z page 2: GET /log?since=2026-07-31T12%3A00%3A00.000Z&page=b%26c\n");
	expect(&w, COVERAGE, "-86400 0 2 3 - read to the last page\n");
	w.now += 2 * AFD_HOUR;
	collect(&w);
	assert_non_null(strstr(w.server.asked[2], "GET /log?since=2026-08-01T11%3A00%3A00.000Z HTTP"));
	expect(&w, COVERAGE, "-86400 0 2 3 - read to the last page\n-3600 7200 3 0 0 read to the last page; the provider counts as many\n");
}

static void a_run_that_is_stopped_goes_on_at_its_page(void **state)
{
	WORLD({ 200, NULL, "{\"items\":[1],\"next\":\"2\"}" }, { 200, NULL, "{\"items\":[2],\"next\":\"3\"}" }, { 200, NULL, "{\"items\":[3]}" },
	      { 200, NULL, "{\"items\":[4]}" });

	(void)state;
	by_page = true;
	w.stop_at = 2;
	collect(&w);
	assert_int_equal(w.server.n, 2);
	expect(&w, COVERAGE, "");
	w.now += 3 * AFD_HOUR;
	collect(&w);
	/* the rest of the old window, then what came since */
	assert_int_equal(w.server.n, 4);
	assert_non_null(strstr(w.server.asked[2], "since=2026-07-31T12%3A00%3A00.000Z&page=3 "));
	assert_non_null(strstr(w.server.asked[3], "since=2026-08-01T11%3A00%3A00.000Z "));
	expect(&w, COVERAGE, "-86400 0 2 3 - read to the last page\n-3600 10800 2 1 - read to the last page\n");
}

static void a_token_that_grew_old_is_no_end(void **state)
{
	WORLD({ 200, NULL, "{\"items\":[1],\"next\":\"2\"}" }, { 400, NULL, "{}" }, { 200, NULL, "{\"items\":[1,2]}" });

	(void)state;
	by_page = true;
	w.stop_at = 1;
	collect(&w);
	collect(&w);
	assert_int_equal(w.server.n, 3);
	assert_null(strstr(w.server.asked[2], "page="));
	expect(&w, COVERAGE, "-86400 0 2 2 - read to the last page\n");
}

static void totals_prove_or_take_back(void **state)
{
	WORLD({ 200, NULL, "{\"items\":[1,2],\"total\":3,\"next\":\"2\"}" }, { 200, NULL, "{\"items\":[3],\"total\":3}" },
	      { 200, NULL, "{\"items\":[],\"total\":1}" });

	(void)state;
	by_page = true;
	collect(&w);
	w.now += 2 * AFD_HOUR;
	collect(&w);
	expect(&w, COVERAGE, "-86400 0 3 3 3 read to the last page; the provider counts as many\n0 7200 0 - - log: the provider counts 1 in all, we read 0\n");
}

static void an_unchanged_list_cites_the_one_that_it_stands_for(void **state)
{
	WORLD({ 200, "ETag: \"v1\"\r\n", "{\"items\":[1]}" }, { 304, NULL, "" }, { 304, NULL, "" });

	(void)state;
	by_page = false;
	conditional = true;
	collect(&w);
	w.now += AFD_HOUR;
	collect(&w);
	assert_non_null(strstr(w.server.asked[1], "\r\nIf-None-Match: \"v1\"\r\n"));
	assert_null(strstr(w.server.asked[0], "If-None-Match"));
	w.now += AFD_HOUR;
	collect(&w);
	conditional = false;
	assert_int_equal(w.got.gaps, 0);
	expect(&w, "SELECT count(*) FROM item_note WHERE kind = 'answer'", "3\n");
	expect(&w, "SELECT grade, (t_to - t_from) / 1000 FROM coverage ORDER BY id", "1 0\n1 3600\n1 3600\n");
}

static void put_file(const struct world *w, const char *name, const char *text)
{
	AFD_AUTO(mem) char *path = afd_sprintf("%s/%s", w->dir, name);
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void recordings_are_read_run_by_run(void **state)
{
	AFD_AUTO(world) struct world w;
	AFD_AUTO(mem) char *dir = NULL;

	(void)state;
	world_begin(&w, NULL, 0);
	by_page = true;
	collect(&w);                      /* none yet: nothing, and no gap */
	expect(&w, COVERAGE, "");
	dir = afd_sprintf("%s/run-01", w.dir);
	assert_int_equal(mkdir(dir, 0700), 0);
	put_file(&w, "run-01/0001", "{\"items\":[1],\"next\":\"2\"}");
	put_file(&w, "run-01/0002", "{\"items\":[2]}");
	collect(&w);
	collect(&w);
	expect(&w, COVERAGE, "-86400 0 2 2 - read to the last page\n");
	dir[strlen(dir) - 1] = '2';
	assert_int_equal(mkdir(dir, 0700), 0);
	put_file(&w, "run-02/0001", "{\"items\":[3],\"next\":\"2\"}");
	w.now += AFD_DAY;
	collect(&w);
	expect(&w, "SELECT reason FROM coverage WHERE grade = 0", "log: the recording ends before the last page\n");
}

static void words_of_items_are_read_back(void **state)
{
	static const char *const bad[] = { "", "log", "log acct", "log acct - - -", "log acct - x - page 1: GET", "log %zz - - - page 1: GET", "log %00 - - - page 1: GET",
		"- acct - - - page 1: GET" };
	static const char *const lists[] = { "", "affidavit-list/1 c s x", "affidavit-list/2 c s x\n", "affidavit-list/1 c s\n", "affidavit-list/1 c s x y\n",
		"affidavit-list/1 c s x\npage 3 a\nab\n", "affidavit-list/1 c s x\npage 2 a\nab", "affidavit-list/1 c s x\npage 99999999999999999999 a\nab\n",
		"affidavit-list/1 c s x\npage a\nab\n" };
	AFD_AUTO(asked) struct afd_asked a = { 0 };
	AFD_AUTO(list) struct afd_list l = { 0 };
	AFD_AUTO(ranges) struct afd_ranges cuts = { 0 };
	static const char list[] = "affidavit-list/1 c s%20t -\npage 20 GET /a\n{\"password\":\"12345\"}\npage 0 GET /b\n\n";
	static const char xml[] = "<a x='1' token=\"abc\"><!-- password: no --><Password>p &amp; q</Password><b><![CDATA[api_key=xyz]]></b></a>";

	(void)state;
	assert_int_equal(afd_asked_read("log a%20b - 2026-07-31T12:00:00.000Z 2026-08-01T12:00:00.000Z page 12: GET /", &a, NULL), 0);
	assert_string_equal(a.scope, "a b");
	assert_string_equal(a.subject, "");
	assert_int_equal(a.page, 12);
	assert_int_equal(a.window.to, T0);
	for (size_t i = 0; i < AFD_COUNT(bad); i++) {
		struct afd_asked none = { 0 };

		if (afd_asked_read(bad[i], &none, NULL) == 0)
			fail_msg("%s", bad[i]);
	}
	for (size_t i = 0; i < AFD_COUNT(lists); i++) {
		struct afd_list none = { 0 };

		if (afd_list_read(afd_slice_text(lists[i]), &none, NULL) == 0)
			fail_msg("%s", lists[i]);
	}
	assert_int_equal(afd_list_read(afd_slice_text(list), &l, NULL), 0);
	assert_int_equal(l.n, 2);
	assert_string_equal(l.scope, "s t");
	assert_int_equal(l.page[0].body.len, 20);
	assert_int_equal(l.page[1].body.len, 0);
	assert_int_equal(afd_pages_redact(afd_slice(list, strlen(list) - strlen("page 0 GET /b\n\n")), &cuts, NULL), 0);
	assert_int_equal(cuts.n, 1);
	assert_int_equal(cuts.at[0].len, 5);
	assert_memory_equal(list + cuts.at[0].off, "12345", 5);
	cuts.n = 0;
	assert_int_equal(afd_pages_redact(afd_slice_text(xml), &cuts, NULL), 0);
	assert_int_equal(cuts.n, 3);
	assert_memory_equal(xml + cuts.at[0].off, "abc\"", 4);
	assert_memory_equal(xml + cuts.at[1].off, "p &amp; q<", 10);
	assert_memory_equal(xml + cuts.at[2].off, "xyz]", 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages_of_a_log_are_items_and_windows_overlap),
		cmocka_unit_test(a_run_that_is_stopped_goes_on_at_its_page),
		cmocka_unit_test(a_token_that_grew_old_is_no_end),
		cmocka_unit_test(totals_prove_or_take_back),
		cmocka_unit_test(an_unchanged_list_cites_the_one_that_it_stands_for),
		cmocka_unit_test(recordings_are_read_run_by_run),
		cmocka_unit_test(words_of_items_are_read_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
