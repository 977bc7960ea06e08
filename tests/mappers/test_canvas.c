/* Painting grades over time: against a painter that knows every single instant. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "mappers/judge.h"

enum { WIDTH = 24, SILENT = -1 };

static void plain_paint(int *line, int from, int to, int grade)
{
	for (int t = from; t < to; t++)
		if (grade == AFD_GAP || grade > line[t])
			line[t] = grade;
}

static void assert_same(const struct afd_canvas *c, const int *line)
{
	int have[WIDTH];

	for (int t = 0; t < WIDTH; t++)
		have[t] = SILENT;
	for (size_t i = 0; i < c->n; i++) {
		assert_true(c->at[i].span.from < c->at[i].span.to);
		assert_true(i == 0 || c->at[i - 1].span.to <= c->at[i].span.from);
		for (int64_t t = c->at[i].span.from; t < c->at[i].span.to; t++)
			have[t] = c->at[i].grade;
	}
	assert_memory_equal(have, line, sizeof have);
}

/* xorshift: the same numbers each time */
static unsigned draw(uint32_t *x, unsigned below)
{
	*x ^= *x << 13;
	*x ^= *x >> 17;
	*x ^= *x << 5;
	return *x % below;
}

static void paint_some(struct afd_arena *a, uint32_t *seed, struct afd_canvas *c, int *line)
{
	unsigned n = draw(seed, 9);

	for (int t = 0; t < WIDTH; t++)
		line[t] = SILENT;
	for (unsigned i = 0; i < n; i++) {
		int from = (int)draw(seed, WIDTH), to = from + (int)draw(seed, WIDTH + 1 - (unsigned)from),
		    grade = (int)draw(seed, 4);

		assert_int_equal(
			afd_canvas_paint(a, c, (struct afd_stroke){{from, to}, (enum afd_grade)grade, NULL, 0}, NULL),
			0);
		plain_paint(line, from, to, grade);
		assert_same(c, line);
	}
}

static void painting(void **state)
{
	uint32_t seed = 1;

	(void)state;
	for (int round = 0; round < 3000; round++) {
		AFD_AUTO(arena) struct afd_arena a = { 0 };
		struct afd_canvas c = { 0 };
		int line[WIDTH];

		paint_some(&a, &seed, &c, line);
	}
}

static void merging(void **state)
{
	uint32_t seed = 7;

	(void)state;
	for (int round = 0; round < 3000; round++) {
		AFD_AUTO(arena) struct afd_arena a = { 0 };
		struct afd_canvas x = { 0 }, y = { 0 }, best, worst;
		int lx[WIDTH], ly[WIDTH], lb[WIDTH], lw[WIDTH];

		paint_some(&a, &seed, &x, lx);
		paint_some(&a, &seed, &y, ly);
		for (int t = 0; t < WIDTH; t++) {
			int gx = lx[t] == SILENT ? AFD_GAP : lx[t], gy = ly[t] == SILENT ? AFD_GAP : ly[t];
			bool silent = lx[t] == SILENT && ly[t] == SILENT;

			lb[t] = silent ? SILENT : gx > gy ? gx : gy;
			lw[t] = silent ? SILENT : gx < gy ? gx : gy;
		}
		assert_int_equal(afd_canvas_merge(&a, &x, &y, false, &best, NULL), 0);
		assert_int_equal(afd_canvas_merge(&a, &x, &y, true, &worst, NULL), 0);
		assert_same(&best, lb);
		assert_same(&worst, lw);
	}
}

static void reasons_go_with_the_grade(void **state)
{
	AFD_AUTO(arena) struct afd_arena a = { 0 };
	struct afd_canvas c = { 0 };

	(void)state;
	assert_int_equal(afd_canvas_paint(&a, &c, (struct afd_stroke){ { 0, 10 }, AFD_PROVEN, "chain", 0 }, NULL), 0);
	assert_int_equal(afd_canvas_paint(&a, &c, (struct afd_stroke){{4, 6}, AFD_GAP, "server was down", 0}, NULL), 0);
	assert_int_equal(afd_canvas_paint(&a, &c, (struct afd_stroke){{5, 6}, AFD_SAMPLED, "compared", 0}, NULL), 0);
	assert_int_equal(c.n, 4);
	assert_string_equal(c.at[0].reason, "chain");
	assert_string_equal(c.at[1].reason, "server was down");
	assert_string_equal(c.at[2].reason, "compared");
	assert_string_equal(c.at[3].reason, "chain");
}

/* --- needs: [10, 20) proven, [20, 30) sampled, lag 5 --- */

static void needs(void **state)
{
	static const struct {
		int64_t from, to, as_of;
		enum afd_grade grade;
		bool covered;
		enum afd_grade found;
		int64_t hole_from, hole_to;
	} rows[] = {
		{10, 20, 100, AFD_PROVEN, true, AFD_PROVEN, 0, 0},
		{10, 30, 100, AFD_SAMPLED, true, AFD_SAMPLED, 0, 0},
		{10, 30, 100, AFD_ASSERTED, false, AFD_GAP, 20, 30}, /* the second half is not good enough */
		{9, 20, 100, AFD_SAMPLED, false, AFD_GAP, 9, 10},
		{10, 31, 100, AFD_SAMPLED, false, AFD_GAP, 30, 31},
		{10, 31, 35, AFD_SAMPLED, true, AFD_SAMPLED, 0, 0}, /* clipped to as-of minus lag */
		{10, 31, 36, AFD_SAMPLED, false, AFD_GAP, 30, 31},
		{12, 13, 18, AFD_PROVEN, true, AFD_PROVEN, 0, 0},
		{12, 13, 17, AFD_PROVEN, false, AFD_GAP, 12, 13},  /* begins after as-of minus lag: not told yet */
		{15, 15, 100, AFD_PROVEN, true, AFD_PROVEN, 0, 0}, /* asks for nothing */
		{40, 50, 100, AFD_SAMPLED, false, AFD_GAP, 40, 50},
	};
	struct afd_stroke strokes[] = { { { 10, 20 }, AFD_PROVEN, NULL, 0 }, { { 20, 30 }, AFD_SAMPLED, NULL, 0 } };
	struct afd_cover_entry entry = { "zone-changes", "z.test", { strokes, 2, 2 }, 5 };
	struct afd_cover_index index = { &entry, 1 };

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(rows); i++) {
		struct afd_need n = { "zone-changes", "z.test", { rows[i].from, rows[i].to }, rows[i].grade, false };
		enum afd_grade grade;
		struct afd_span hole;

		afd_need_judge(&index, rows[i].as_of, &n, &grade, &hole);
		assert_int_equal(n.covered, rows[i].covered);
		assert_int_equal(grade, rows[i].found);
		if (!n.covered) {
			assert_int_equal(hole.from, rows[i].hole_from);
			assert_int_equal(hole.to, rows[i].hole_to);
		}
	}
}

static void needs_of_the_unknown(void **state)
{
	struct afd_cover_index index = { NULL, 0 };
	struct afd_need other = {"ct", "z.test", {1, 2}, AFD_SAMPLED, true},
			no_scope = {"ct", NULL, {1, 2}, AFD_SAMPLED, true};
	enum afd_grade grade;
	struct afd_span hole;

	(void)state;
	afd_need_judge(&index, 100, &other, &grade, &hole);
	assert_false(other.covered);
	afd_need_judge(&index, 100, &no_scope, &grade, &hole);
	assert_false(no_scope.covered);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(painting),
		cmocka_unit_test(merging),
		cmocka_unit_test(reasons_go_with_the_grade),
		cmocka_unit_test(needs),
		cmocka_unit_test(needs_of_the_unknown),
	};

	return cmocka_run_group_tests_name("canvas", tests, NULL, NULL);
}
