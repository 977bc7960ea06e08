/* The pages before they are drawn: where lines break, and that every text stays in its box. */
#include "tests/reports/check.h"

#include "core/when.h"
#include "reports/model.h"
#include "reports/pdf/pages.h"
#include "tests/reports/sample.h"

static struct afd_fonts files;
static struct afd_font faces[AFD_FACE_COUNT];
static const struct afd_font *font[AFD_FACE_COUNT] = { &faces[0], &faces[1], &faces[2] };

static int load_fonts(void **state)
{
	(void)state;
	if (afd_fonts_find(getenv("AFFIDAVIT_FONTS"), &files, NULL) < 0)
		return -1;
	return afd_font_load(files.regular, &faces[0], NULL) < 0 || afd_font_load(files.bold, &faces[1], NULL) < 0 ||
	       afd_font_load(files.mono, &faces[2], NULL) < 0 ? -1 : 0;
}

static int drop_fonts(void **state)
{
	(void)state;
	for (size_t i = 0; i < AFD_FACE_COUNT; i++)
		afd_font_release(&faces[i]);
	return 0;
}

static void knows_widths_and_gaps_of_the_fonts(void **state)
{
	static const struct { uint32_t c; int regular, mono; } rows[] = {
		{ ' ', 260, 600 }, { '0', 572, 600 }, { '9', 572, 600 }, { 'W', 930, 600 }, { 0x2013, 500, 600 },
		{ 0x2192, -1, 0 },                       /* arrow: no glyph in Regular */
		{ 0x0645, -1, -1 }, { 0x1f512, -1, -1 }, { 0xffff, -1, -1 },
	};

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(rows); i++) {
		assert_int_equal(afd_font_width(font[0], rows[i].c), rows[i].regular);
		if (rows[i].mono)
			assert_int_equal(afd_font_width(font[2], rows[i].c), rows[i].mono);
	}
}

static void refuses_what_is_no_font(void **state)
{
	struct afd_font f;
	struct afd_error err = { 0 };

	(void)state;
	assert_int_equal(afd_font_load("/etc/passwd", &f, &err), -1);
	assert_int_equal(err.code, AFD_E_PARSE);
	assert_int_equal(afd_font_load("/nowhere/at.ttf", &f, &err), -1);
	assert_int_equal(err.code, AFD_E_IO);
}

static char *joined(const struct afd_lines *l)
{
	struct afd_buf b = { 0 };

	for (size_t i = 0; i < l->n; i++) {
		if (i)
			afd_buf_text(&b, "|");
		for (size_t k = 0; k < l->line[i].n; k++)
			afd_buf_add(&b, l->line[i].seg[k].text, l->line[i].seg[k].len);
	}
	if (!b.data)
		afd_buf_text(&b, "");
	return (char *)b.data;
}

/* Mono at 7.5: 4.5 pt a character, so WIDTH counts characters. */
static void breaks_lines_where_a_reader_would(void **state)
{
	static const struct { const char *text; enum afd_face face; unsigned width; const char *lines; } rows[] = {
		{ "one two three", AFD_MONO, 20, "one two three" },
		{ "one two three", AFD_MONO, 8, "one two|three" },
		{ "one two three", AFD_MONO, 7, "one two|three" },
		{ "one  two", AFD_MONO, 4, "one|two" },
		{ "www.example.test", AFD_MONO, 12, "www.example|.test" },
		{ "www.example.test", AFD_MONO, 10, "www|.example|.test" },
		{ "log.example/alpha2026h2", AFD_MONO, 16, "log.example/|alpha2026h2" },
		{ "a-long-name", AFD_MONO, 8, "a-long-|name" },
		{ "abcdefghij", AFD_MONO, 4, "abcd|efgh|ij" },
		{ "to abcdefghij", AFD_MONO, 5, "to|abcde|fghij" },
		{ "7e74\u00a0b42a end", AFD_MONO, 9, "7e74 b42a|end" },
		{ "until 2026-08-19 21:47", AFD_MONO, 18, "until|2026-08-19 21:47" },
		{ "since 2026-08-19 and", AFD_MONO, 18, "since 2026-08-19|and" },
		{ "x", AFD_MONO, 0, "x" },
		{ "", AFD_MONO, 9, "" },
		{ "\u202eevil", AFD_MONO, 40, "[U+202E]evil" },
		{ "a\tb\x1b[", AFD_MONO, 40, "a[U+0009]b[U+001B][" },
		{ "line\nline", AFD_REGULAR, 90, "line line" },
		{ "line\nline", AFD_MONO, 90, "line[U+000A]line" },
		{ "\xff", AFD_MONO, 40, "[byte FF]" },
		{ "\u0430pple", AFD_MONO, 40, "[U+0430]pple" },                          /* Cyrillic in a name */
		{ "\u041f\u0440\u0438\u0432\u0435\u0442", AFD_REGULAR, 90, "\u041f\u0440\u0438\u0432\u0435\u0442" },
		{ "M\u00fcnchen", AFD_MONO, 40, "M\u00fcnchen" },
		{ "\u0645\u062b", AFD_REGULAR, 90, "[U+0645][U+062B]" },
		{ "\u4f8b \U0001f512 \u2192", AFD_REGULAR, 90, "[U+4F8B] [U+1F512] [U+2192]" },
		{ "e\u0301 e\u0301\u0301", AFD_REGULAR, 90, "e\u0301 e\u0301[U+0301]" },
		{ "\u0301", AFD_REGULAR, 90, "[U+0301]" },
		{ "a\u200bb\u00adc\ufeffd", AFD_REGULAR, 90, "a[U+200B]b[U+00AD]c[U+FEFF]d" },
	};
	AFD_AUTO(sheets) struct afd_sheets s = { 0 };

	(void)state;
	assert_int_equal(afd_sheets_open(&s, font, NULL), 0);
	for (size_t i = 0; i < AFD_COUNT(rows); i++) {
		struct afd_lines l = afd_wrap1(&s, afd_style_cell, rows[i].face, AFD_INK, rows[i].text,
					       (afd_mpt)rows[i].width * PT(4.5));
		AFD_AUTO(mem) char *got = joined(&l);

		assert_string_equal(got, rows[i].lines);
	}
}

static void lines_under_a_mark_hang_under_its_word(void **state)
{
	AFD_AUTO(sheets) struct afd_sheets s = { 0 };
	struct afd_lines l;

	(void)state;
	assert_int_equal(afd_sheets_open(&s, font, NULL), 0);
	l = afd_wrap(&s, afd_style_cell, &(struct afd_run){ .s = "one two", .face = AFD_MONO, .mark = AFD_MARK_PASS },
		     1, PT(30));
	assert_int_equal(l.n, 2);
	assert_int_equal(l.line[0].seg[0].mark, AFD_MARK_PASS);
	assert_int_equal(l.line[0].seg[1].x, PT(11.7));
	assert_int_equal(l.line[1].seg[0].x, PT(11.7));
	l = afd_wrap(&s, afd_style_cell, (struct afd_run[]){ { .s = "one" }, { .s = "two", .mark = AFD_MARK_BREAK } },
		     2, PT(300));
	assert_int_equal(l.n, 2);
}

static void a_paragraph_has_an_end(void **state)
{
	AFD_AUTO(sheets) struct afd_sheets s = { 0 };
	AFD_AUTO(mem) char *text = malloc(AFD_MAX_PARAGRAPH * 3);
	size_t n = 0;
	struct afd_lines l;

	(void)state;
	memset(text, 'x', AFD_MAX_PARAGRAPH * 3);
	text[AFD_MAX_PARAGRAPH * 3 - 1] = '\0';
	assert_int_equal(afd_sheets_open(&s, font, NULL), 0);
	l = afd_wrap1(&s, afd_style_cell, AFD_MONO, AFD_INK, text, PT(450));
	for (size_t i = 0; i < l.n; i++)
		n += l.line[i].seg[0].len;
	assert_in_range(n, AFD_MAX_PARAGRAPH, AFD_MAX_PARAGRAPH + 40);
	assert_non_null(strstr(l.line[l.n - 1].seg[0].text, "report.json]"));
}

static void there_is_a_last_page(void **state)
{
	AFD_AUTO(sheets) struct afd_sheets s = { 0 };
	struct afd_error err = { 0 };

	(void)state;
	assert_int_equal(afd_sheets_open(&s, font, NULL), 0);
	afd_sheets_page(&s, AFD_MAX_PAGES - 1);
	assert_int_equal(afd_sheets_check(&s, &err), 0);
	afd_sheets_page(&s, AFD_MAX_PAGES);
	assert_int_equal(afd_sheets_check(&s, &err), -1);
	assert_int_equal(err.code, AFD_E_LIMIT);
}

static void shares_do_not_overflow(void **state)
{
	static const struct { int64_t part, whole, of, want;
	} rows[] = {
		{ 0, 0, 100, 0 },
		{ 0, 7, 100, 0 },
		{ 1, 2, 100, 50 },
		{ 7, 7, 54000, 54000 },
		{ INT64_MAX, INT64_MAX, 54000, 54000 },
		{ INT64_MAX / 2, INT64_MAX, 1000, 500 },
	};

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(rows); i++)
		assert_in_range(afd_share(rows[i].part, rows[i].whole, rows[i].of) + 1, rows[i].want, rows[i].want + 1);
}

static void cuts_the_period_into_columns(void **state)
{
	static const struct { const char *from, *to; size_t n; const char *unit, *first, *second, *last; } rows[] = {
		{ "2026-07-01", "2026-10-01", 14, "week", "W27", "28", "40" },
		{ "2026-01-01", "2026-04-01", 14, "week", "W1", "2", "14" },
		{ "2020-12-28", "2021-01-18", 21, "day", "28", "29", "17" },
		{ "2020-12-21", "2021-01-18", 4, "week", "W52", "53", "2" },             /* a year of 53 weeks */
		{ "2026-01-01", "2027-01-01", 12, "month", "Jan", "Feb", "Dec" },
		{ "2026-01-15", "2027-01-15", 13, "month", "Jan", "Feb", "Jan" },
		{ "2020-01-01", "2030-01-01", 10, "year", "2020", "2021", "2029" },
		{ "2026-07-01", "2026-07-02", 1, "day", "1", NULL, "1" },
		{ "1900-01-01", "2100-01-01", 50, "part", "", "", "" },
	};
	AFD_AUTO(sheets) struct afd_sheets s = { 0 };

	(void)state;
	assert_int_equal(afd_sheets_open(&s, font, NULL), 0);
	for (size_t i = 0; i < AFD_COUNT(rows); i++) {
		int64_t from, to, at;
		afd_mpt x = 0;
		struct afd_period_cols c;

		assert_int_equal(afd_when_parse(rows[i].from, &from, NULL), 0);
		assert_int_equal(afd_when_parse(rows[i].to, &to, NULL), 0);
		c = afd_period_cut(&s, from, to, PT(212));
		row_true(c.n == rows[i].n && strcmp(c.unit, rows[i].unit) == 0, rows[i].from);
		row_true(strcmp(c.at[0].label, rows[i].first) == 0 && strcmp(c.at[c.n - 1].label, rows[i].last) == 0,
			 rows[i].from);
		row_true(!rows[i].second || strcmp(c.at[1].label, rows[i].second) == 0, rows[i].from);
		for (size_t k = 0, n = c.n; k < n; k++) {                        /* no hole, no overlap */
			at = k ? c.at[k - 1].to : from;
			row_true(c.at[k].from == at && c.at[k].to > at && c.at[k].x == x && c.at[k].w > 0,
				 rows[i].from);
			x += c.at[k].w;
		}
		row_true(c.at[c.n - 1].to == to && x == PT(212), rows[i].from);
	}
}

static void lay_out(void (*make)(struct sample *), struct afd_buf *json, struct afd_report **r, struct afd_sheets *s)
{
	struct sample a;

	make(&a);
	assert_int_equal(afd_report_json(&a.a, json, NULL), 0);
	sample_free(&a);
	assert_int_equal(afd_report_read(afd_buf_slice(json), r, NULL), 0);
	assert_int_equal(afd_layout(*r, &files, font, s, NULL), 0);
}

static void many(struct sample *s)
{
	sample_many(s, 500);
}

static const struct { const char *name; void (*make)(struct sample *); bool test;
} kinds[] = {
	{ "quarter", sample_quarter, false }, { "clean", sample_clean, false }, { "empty", sample_empty, false },
	{ "hostile", sample_hostile, true },  { "many", many, false },
};

static bool overlap(const struct afd_op *a, const struct afd_op *b)
{
	/* letters of a size reach from 0.75 above to 0.22 below their baseline; 0.05 pt is no touch */
	return a->x + 50 < b->x + b->w && b->x + 50 < a->x + a->w && a->y - a->h * 3 / 4 + 50 < b->y + b->h * 11 / 50 &&
	       b->y - b->h * 3 / 4 + 50 < a->y + a->h * 11 / 50;
}

static void every_text_stays_in_its_box(void **state)
{
	(void)state;
	for (size_t i = 0; i < AFD_COUNT(kinds); i++) {
		AFD_AUTO(buf) struct afd_buf json = { 0 };
		AFD_AUTO(report) struct afd_report *r = NULL;
		AFD_AUTO(sheets) struct afd_sheets s = { 0 };
		size_t texts = 0;

		lay_out(kinds[i].make, &json, &r, &s);
		for (size_t p = 0; p < s.n_page; p++)
			for (size_t k = 0; k < s.page[p].n; k++) {
				const struct afd_op *o = &s.page[p].op[k];
				const struct afd_cell *c = &s.cell[o->cell];
				afd_mpt left = o->w < 0 ? o->x + o->w : o->x, right = o->w < 0 ? o->x : o->x + o->w;

				if (left < s.margin - 1 || right > s.margin + s.live + 1 || o->y < 0 ||
				    o->y > s.height - PT(50))
					fail_msg("%s, page %zu: ink outside the margins at %d, %d to %d", kinds[i].name,
						 p + 1, o->y, left, right);
				if (o->kind != AFD_OP_TEXT)
					continue;
				texts++;
				if (c->page != p || o->x < c->x - 1 || o->x + o->w > c->x + c->w + 1 ||
				    o->y - o->h * 3 / 4 < c->y - 1 || o->y + o->h * 11 / 50 > c->y + c->h + 1)
					fail_msg("%s, page %zu: \"%.40s\" leaves its box: x %d w %d y %d h %d, box on "
						 "page %zu %d %d %d %d",
						 kinds[i].name, p + 1, o->text, o->x, o->w, o->y, o->h, c->page + 1,
						 c->x, c->y, c->w, c->h);
			}
		assert_true(texts > 200);
	}
}

static void no_two_texts_overlap(void **state)
{
	(void)state;
	for (size_t i = 0; i < AFD_COUNT(kinds); i++) {
		AFD_AUTO(buf) struct afd_buf json = { 0 };
		AFD_AUTO(report) struct afd_report *r = NULL;
		AFD_AUTO(sheets) struct afd_sheets s = { 0 };

		lay_out(kinds[i].make, &json, &r, &s);
		for (size_t p = 0; p < s.n_page; p++)
			for (size_t a = 0; a < s.page[p].n; a++)
				for (size_t b = a + 1; s.page[p].op[a].kind == AFD_OP_TEXT && b < s.page[p].n; b++)
					if (s.page[p].op[b].kind == AFD_OP_TEXT &&
					    overlap(&s.page[p].op[a], &s.page[p].op[b]))
						fail_msg("%s, page %zu: \"%.40s\" over \"%.40s\"", kinds[i].name, p + 1,
							 s.page[p].op[a].text, s.page[p].op[b].text);
	}
}

static unsigned on_page(const struct afd_page *g, const char *text)
{
	unsigned n = 0;

	for (size_t i = 0; i < g->n; i++)
		n += g->op[i].kind == AFD_OP_TEXT && strcmp(g->op[i].text, text) == 0;
	return n;
}

static void test_stands_on_every_page_or_on_none(void **state)
{
	(void)state;
	for (size_t i = 0; i < AFD_COUNT(kinds); i++) {
		AFD_AUTO(buf) struct afd_buf json = { 0 };
		AFD_AUTO(report) struct afd_report *r = NULL;
		AFD_AUTO(sheets) struct afd_sheets s = { 0 };

		lay_out(kinds[i].make, &json, &r, &s);
		for (size_t p = 0; p < s.n_page; p++)
			row_true(on_page(&s.page[p], "TEST") == kinds[i].test, kinds[i].name);
		row_true(on_page(&s.page[0], "Provisional") == kinds[i].test, kinds[i].name);
	}
}

/* Gaps and findings are never cut, and page numbers lead to them. */
static void every_finding_has_its_place(void **state)
{
	AFD_AUTO(buf) struct afd_buf json = { 0 };
	AFD_AUTO(report) struct afd_report *r = NULL;
	AFD_AUTO(sheets) struct afd_sheets s = { 0 };

	(void)state;
	lay_out(many, &json, &r, &s);
	for (unsigned f = 1; f <= 500; f++) {
		AFD_AUTO(mem) char *name = afd_sprintf("F%u", f);
		unsigned big = 0;

		for (size_t p = 0; p < s.n_page; p++)
			for (size_t i = 0; i < s.page[p].n; i++) {
				const struct afd_op *o = &s.page[p].op[i];

				big += o->kind == AFD_OP_TEXT && o->h == PT(22) && strcmp(o->text, name) == 0 &&
				       s.dest[f].set && s.dest[f].page == p;
			}
		row_true(big == 1, name);
	}
}

static void many_reviews(struct sample *s)
{
	sample_many(s, 60);
	for (size_t i = 0; i < s->a.n_finding; i++)
		s->a.finding[i].status = AFD_REVIEW;
}

/* Cases to be reviewed share a block with the others of their check: reason and remedy once, a row and a place for each. */
static void reviews_of_one_check_share_a_block(void **state)
{
	AFD_AUTO(buf) struct afd_buf json = { 0 };
	AFD_AUTO(report) struct afd_report *r = NULL;
	AFD_AUTO(sheets) struct afd_sheets s = { 0 };
	unsigned reasons = 0;

	(void)state;
	lay_out(many_reviews, &json, &r, &s);
	for (size_t p = 0; p < s.n_page; p++)
		reasons += on_page(&s.page[p], "Why it matters  ");
	assert_int_equal(reasons, r->n_check);
	for (unsigned f = 1; f <= 60; f++) {
		AFD_AUTO(mem) char *name = afd_sprintf("F%u", f);

		row_true(s.dest[f].set && (on_page(&s.page[s.dest[f].page], name) == 1 || f <= r->n_check), name);
	}
	assert_true(s.dest[60].page - s.dest[1].page < 12);
}

/* All tests that could not be made lack the same log. */
static void one_gap(struct sample *s)
{
	sample_quarter(s);
	for (size_t i = 0; i < s->a.n_result; i++) {
		struct afd_result *r = &s->a.result[i];

		if (r->outcome == AFD_PASS && i % 3 == 0)
			r->outcome = AFD_NOT_EVALUABLE;
		if (r->outcome == AFD_NOT_EVALUABLE && r->n_need) {
			r->reason = "Not covered: the changes of zone example.com (nothing was collected).";
			r->need[0].scope = "example.com";
		} else if (r->outcome == AFD_NOT_EVALUABLE) {
			r->reason = "Not covered: the changes of zone example.com (nothing was collected).";
		}
	}
}

/* One gap stops many tests, and is said once. */
static void what_is_missing_is_said_once(void **state)
{
	AFD_AUTO(buf) struct afd_buf json = { 0 };
	AFD_AUTO(report) struct afd_report *r = NULL;
	AFD_AUTO(sheets) struct afd_sheets s = { 0 };
	unsigned heads = 0, names = 0, pointers = 0;
	size_t lacking = 0;

	(void)state;
	lay_out(one_gap, &json, &r, &s);
	for (size_t i = 0; i < r->n_outcome; i++)
		lacking += strcmp(r->outcome[i].outcome, "not-evaluable") == 0;
	for (size_t p = 0; p < s.n_page; p++) {
		heads += on_page(&s.page[p], "Tests that could not be made");
		names += on_page(&s.page[p], "M1");
		pointers += on_page(&s.page[p], "evidence is missing: M1");
	}
	assert_true(lacking > 10);
	assert_int_equal(heads, 1);
	assert_int_equal(names, 1);
	assert_true(pointers >= 1 && pointers < lacking);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_widths_and_gaps_of_the_fonts),
		cmocka_unit_test(refuses_what_is_no_font),
		cmocka_unit_test(breaks_lines_where_a_reader_would),
		cmocka_unit_test(lines_under_a_mark_hang_under_its_word),
		cmocka_unit_test(a_paragraph_has_an_end),
		cmocka_unit_test(there_is_a_last_page),
		cmocka_unit_test(shares_do_not_overflow),
		cmocka_unit_test(cuts_the_period_into_columns),
		cmocka_unit_test(every_text_stays_in_its_box),
		cmocka_unit_test(no_two_texts_overlap),
		cmocka_unit_test(test_stands_on_every_page_or_on_none),
		cmocka_unit_test(every_finding_has_its_place),
		cmocka_unit_test(reviews_of_one_check_share_a_block),
		cmocka_unit_test(what_is_missing_is_said_once),
	};

	return cmocka_run_group_tests(tests, load_fonts, drop_fonts);
}
