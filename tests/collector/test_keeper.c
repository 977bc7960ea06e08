/* The contract between the engine and a source, where no source of ours goes: a source that does as a script says. It
 * asks for a real file through the real transport, and what it keeps goes into a real store. */
#include "rows.h"

#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collector/collect.h"
#include "evidence/derive.h"

#define NOW INT64_C(1785585600000)

enum deed { ASK, ITEM, BAD_PARTS, BAD_CUT, COVER, GAP, MANY, COVER_NOTHING, MARK, BAD_MARK, FAIL };

/* What the source does, answer by answer; ASK ends a turn. */
struct script { const enum deed *deed; size_t n; };
struct scripted { const struct script *s; size_t at; char cursor[200]; };

static char path[100];
static const char *last_cursor;         /* as begin() was given it */

static int scopes(const void *config, struct afd_buf *ret, struct afd_error *err)
{
	(void)config, (void)err;
	return afd_buf_text(ret, " a  b ");
}

static int begin(const struct afd_source_config *c, const void *config, const char *cursor, void **ret,
		 struct afd_error *err)
{
	static char kept[200];
	struct scripted *s = calloc(1, sizeof(*s));

	(void)c, (void)err;
	s->s = config;
	last_cursor = cursor ? memcpy(kept, cursor, strlen(cursor) + 1) : NULL;
	*ret = s;
	return 0;
}

static int next(void *state, struct afd_request *q, struct afd_error *err)
{
	struct scripted *s = state;

	(void)err;
	*q = (struct afd_request){ .protocol = AFD_FILE, .asked = "the file", .path = path, .max = 1000 };
	return s->at < s->s->n;
}

static int keep_item(struct afd_keeper *keep, const char *text, size_t part, struct afd_error *err)
{
	struct afd_range parts[] = { { 0, part }, { part, strlen(text) - part } };
	const struct afd_draft d = { .kind = AFD_ITEM_ANSWER, .bytes = afd_slice_text(text), .parts = { parts, 2, 2 } };

	return keep->item(keep->ctx, &d, err);
}

static int cover(struct afd_keeper *keep, const char *scope, int64_t from, enum afd_grade grade, struct afd_error *err)
{
	const struct afd_row_coverage c = {.scope = scope,
					   .at = {from, from + 10},
					   .grade = grade,
					   .reason = "as the script says",
					   .provider_count = -1,
					   .stored_count = -1};

	return keep->cover(keep->ctx, &c, err);
}

static int act(struct scripted *s, enum deed deed, const struct afd_response *r, struct afd_keeper *keep,
	       struct afd_error *err)
{
	const struct afd_draft whole = { .kind = AFD_ITEM_ANSWER, .bytes = r ? r->body : afd_slice_text("") };

	switch (deed) {
	case ITEM:
		return keep->item(keep->ctx, &whole, err);
	case BAD_PARTS:
		return keep_item(keep, "abc", 4, err);
	case BAD_CUT:
		return keep_item(keep, "cut outside", 1, err);
	case COVER:
		return cover(keep, "a", 100, AFD_PROVEN, err);
	case GAP:
		return cover(keep, "a", 105, AFD_GAP, err);
	case MANY:
		for (int i = 0; i < 1500; i++)
			if (cover(keep, "b", 1000 + i, AFD_SAMPLED, err) < 0)
				return -1;
		return 0;
	case COVER_NOTHING:
		return cover(keep, "", 1, AFD_PROVEN, err);
	case MARK:
		snprintf(s->cursor, sizeof(s->cursor), "mark \"%zu\" \xc3\xa9", s->at);
		return keep->checkpoint(keep->ctx, s->cursor, err);
	case BAD_MARK:
		return keep->checkpoint(keep->ctx, "\xff", err);
	case FAIL:
		return afd_fail(err, AFD_E_REMOTE, "the script fails");
	case ASK:
		break;
	}
	return 0;
}

static int take(void *state, const struct afd_response *r, const struct afd_error *why, struct afd_keeper *keep,
		struct afd_error *err)
{
	struct scripted *s = state;

	(void)why;
	while (s->at < s->s->n) {
		enum deed deed = s->s->deed[s->at++];

		if (deed == ASK)
			break;
		if (act(s, deed, r, keep, err) < 0)
			return -1;
	}
	return 0;
}

static int redact(struct afd_slice bytes, struct afd_ranges *cuts, struct afd_error *err)
{
	(void)err;
	if (!bytes.len || bytes.data[0] != 'c')
		return 0;
	return afd_ranges_add(cuts, 0, bytes.len + 1);
}

static int decode(const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err)
{
	(void)item, (void)sink, (void)err;
	return 0;
}

static struct afd_provider scripted_provider = {
	.kind = "scripted",
	.basis = "tested here",
	.evidence = "e",
	.lag_ms = 7,
	.scopes = scopes,
	.begin = begin,
	.next = next,
	.take = take,
	.end = free,
	.redact = redact,
	.decode = decode,
};

/* --- the world --- */

static int64_t now;
static int64_t fixed_now(void *ctx)
{
	(void)ctx;
	return now;
}

static int counted_random(void *ctx, uint8_t *out, size_t n)
{
	for (size_t i = 0; i < n; i++)
		out[i] = (uint8_t)(*(unsigned *)ctx)++;
	return 0;
}

static unsigned drawn;
static const struct afd_env env = { fixed_now, counted_random, &drawn };
static struct afd_store *store;
static char dir[64];

static int begin_world(void **state)
{
	struct afd_error err = { 0 };
	FILE *f;

	(void)state;
	memcpy(dir, "/tmp/afd-keeper-XXXXXX", sizeof("/tmp/afd-keeper-XXXXXX"));
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/input", dir);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_true(fputs("hello", f) >= 0);
	fclose(f);
	now = NOW;
	if (afd_store_open(":memory:", AFD_STORE_CREATE, &store, &err) < 0)
		fail_msg("%s", err.text);
	return 0;
}

static int remove_one(const char *at, const struct stat *st, int what, struct FTW *ftw)
{
	(void)st, (void)what, (void)ftw;
	return remove(at);
}

static int end_world(void **state)
{
	(void)state;
	store = afd_store_close(store);
	return nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static struct afd_collected run(size_t n, const struct afd_source *sources)
{
	struct afd_error err = { 0 };
	struct afd_transport *t = afd_transport_new(&env, NULL, &err);
	const struct afd_collect c = { .store = store, .transport = t, .env = &env };
	struct afd_collected got;

	assert_non_null(t);
	if (afd_collect_run(&c, sources, n, &got, &err) < 0)
		fail_msg("%s", err.text);
	afd_transport_free(t);
	return got;
}

#define RUN(...)                                                                                                       \
	run(1, (const struct afd_source[]){                                                                            \
		       {.name = "s",                                                                                   \
			.provider = &scripted_provider,                                                                \
			.config = &(struct script){(const enum deed[]){__VA_ARGS__},                                   \
						   sizeof((const enum deed[]){__VA_ARGS__}) / sizeof(enum deed)}}})

/* The providers of this test stand in no table: what they keep has no rows, which is not the same as unreadable. */
static int decode_runs(void *ctx, const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err)
{
	return item->record->kind == AFD_ITEM_RUN ? afd_decode_item(ctx, item, sink, err) : 0;
}

static void expect(const char *sql, const char *expected)
{
	AFD_AUTO(query) struct afd_query *q = NULL;
	AFD_AUTO(buf) struct afd_buf got = { 0 };
	struct afd_error err = { 0 };
	uint64_t size;
	int r;

	if (afd_store_sequence(store, &size, &err) < 0 || afd_derive(store, decode_runs, NULL, &err) < 0 ||
	    afd_query_open(store, sql, &q, &err) < 0)
		fail_msg("%s", err.text);
	while ((r = afd_query_step(q, &err)) > 0)
		for (int i = 0; i < afd_query_columns(q); i++)
			afd_buf_printf(&got, "%s%s", afd_query_is_null(q, i) ? "-" : afd_query_text(q, i),
				       i + 1 < afd_query_columns(q) ? " " : "\n");
	assert_int_equal(r, 0);
	if (strcmp(text_of(got), expected))
		fail_msg("%s\n  expected: %s\n  got: %s", sql, expected, text_of(got));
}

#define ITEMS "SELECT kind, source, asked FROM item_note ORDER BY leaf"
#define SAID  "SELECT scope, t_from, t_to, grade, lag_ms, reason FROM coverage ORDER BY id"

/* --- the contract --- */

static void what_is_kept_without_a_mark_is_committed_at_the_end(void **state)
{
	(void)state;
	assert_int_equal(RUN(ITEM, COVER).items, 2);
	expect(ITEMS, "answer s the file\nrun s run of s\n");
	expect(SAID, "a 100 110 3 7 as the script says\n");
	RUN(ASK);
	assert_null(last_cursor);
}

/* Who was held against neither a real sample nor the vendor's document proves nothing, whatever it says. */
static void an_untested_source_asserts_at_most(void **state)
{
	static const struct { const char *basis; const char *said; } rows[] = {
		{ "tested on a real sample", "a 100 110 3 7 as the script says\n" },
		{ "tested on the vendor's document", "a 100 110 3 7 as the script says\n" },
		{ "not tested on a real answer", "a 100 110 2 7 as the script says\n" },
		{ "written after public descriptions, not tested on a real answer", "a 100 110 2 7 as the script says\n" },
	};

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(rows); i++) {
		scripted_provider.basis = rows[i].basis;
		RUN(COVER);
		expect("SELECT scope, t_from, t_to, grade, lag_ms, reason FROM coverage WHERE leaf = (SELECT max(leaf) FROM item_note)", rows[i].said);
	}
	scripted_provider.basis = rows[0].basis;
}

static void a_mark_comes_back(void **state)
{
	(void)state;
	RUN(ITEM, MARK, ASK, ITEM, MARK);
	RUN(ASK);
	assert_string_equal(last_cursor, "mark \"5\" \xc3\xa9");
}

/* Items behind the last mark go back with it, and so does what was said about them; gaps stay. */
static void what_a_failing_source_kept_since_its_mark_is_taken_back(void **state)
{
	(void)state;
	RUN(ITEM, COVER, MARK, ASK, ITEM, ITEM, MANY, GAP, FAIL);
	expect(ITEMS, "answer s the file\nrun s run of s\n");
	expect(SAID, "a 1785585600000 1785585600001 0 7 the script fails\nb 1785585600000 1785585600001 0 7 the script "
		     "fails\n"
		     "a 100 110 3 7 as the script says\na 105 115 0 7 as the script says\n");
	RUN(ASK);
	assert_string_equal(last_cursor, "mark \"3\" \xc3\xa9");
}

/* The gap of a failure stands before what the source said: what it read before it failed stays read. */
static void a_failure_speaks_of_the_time_since_the_last_run(void **state)
{
	(void)state;
	RUN(ASK);
	now = NOW + 1000;
	RUN(COVER, MARK, FAIL);
	expect(SAID, "a 1785585600000 1785585601000 0 7 the script fails\nb 1785585600000 1785585601000 0 7 the script "
		     "fails\n"
		     "a 100 110 3 7 as the script says\n");
	now = NOW + 3000;
	RUN(FAIL);
	expect("SELECT min(t_from), max(t_to) FROM coverage WHERE leaf = (SELECT max(leaf) FROM item_note)",
	       "1785585601000 1785585603000\n");
}

static void broken_drafts_end_the_source_and_not_the_store(void **state)
{
	static const struct { enum deed deed; const char *reason; } rows[] = {
		{ BAD_PARTS, "source s: the parts do not tile the item" },
		{ BAD_CUT, "the redactor cuts outside of the bytes" },
		{ COVER_NOTHING, "source s: a statement of coverage without evidence, scope or time" },
		{ BAD_MARK, "source s: its cursor is not UTF-8" },
	};

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(rows); i++) {
		AFD_AUTO(mem) char *expected = afd_sprintf("0 %s\n", rows[i].reason);

		assert_int_equal(RUN(ITEM, rows[i].deed).failed, 1);
		expect("SELECT DISTINCT grade, reason FROM coverage WHERE leaf = (SELECT max(leaf) FROM item_note)",
		       expected);
	}
	expect("SELECT DISTINCT kind FROM item_note", "run\n");
	RUN(ASK);
	assert_null(last_cursor);
}

/* A cursor does not grow without end: many statements become a run item of their own at a mark. */
static void many_statements_become_an_item_of_their_own(void **state)
{
	(void)state;
	assert_int_equal(RUN(MANY, MARK, ASK, COVER, MARK).items, 2);
	expect(ITEMS, "run s run of s\nrun s run of s\n");
	expect("SELECT leaf, count(*) FROM coverage GROUP BY leaf", "0 1500\n1 1\n");
}

static void one_failing_source_does_not_stop_the_next(void **state)
{
	const struct script bad = { (const enum deed[]){ FAIL }, 1 }, good = { (const enum deed[]){ ITEM, COVER }, 2 };
	const struct afd_source both[] = {
		{ .name = "bad", .provider = &scripted_provider, .config = (void *)&bad },
		{ .name = "good", .provider = &scripted_provider, .config = (void *)&good },
	};
	struct afd_collected got;

	(void)state;
	got = run(2, both);
	assert_int_equal(got.sources, 2);
	assert_int_equal(got.failed, 1);
	assert_int_equal(got.gaps, 2);
	expect(ITEMS, "run bad run of bad\nanswer good the file\nrun good run of good\n");
}

static void a_missing_file_is_told_to_the_source(void **state)
{
	(void)state;
	assert_int_equal(unlink(path), 0);
	assert_int_equal(RUN(COVER).failed, 0);
	expect(SAID, "a 100 110 3 7 as the script says\n");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, begin_world, end_world)
	const struct CMUnitTest tests[] = {
		TEST(what_is_kept_without_a_mark_is_committed_at_the_end),
		TEST(an_untested_source_asserts_at_most),
		TEST(a_mark_comes_back),
		TEST(what_a_failing_source_kept_since_its_mark_is_taken_back),
		TEST(a_failure_speaks_of_the_time_since_the_last_run),
		TEST(broken_drafts_end_the_source_and_not_the_store),
		TEST(many_statements_become_an_item_of_their_own),
		TEST(one_failing_source_does_not_stop_the_next),
		TEST(a_missing_file_is_told_to_the_source),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
