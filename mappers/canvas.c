/* Grades over time: strokes on a canvas. */
#include "mappers/judge.h"

bool afd_same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

int afd_canvas_add(struct afd_arena *a, struct afd_canvas *c, struct afd_stroke s, struct afd_error *err)
{
	struct afd_stroke *last = c->n ? &c->at[c->n - 1] : NULL;

	if (s.span.from >= s.span.to)
		return 0;
	if (last && last->span.to == s.span.from && last->grade == s.grade && afd_same_text(last->reason, s.reason)) {
		last->span.to = s.span.to;
		return 0;
	}
	if (c->n == c->cap) { /* own capacity: painting shortens the list and grows it again */
		size_t cap = c->cap ? 2 * c->cap : 8;
		struct afd_stroke *at = afd_arena_alloc(a, cap * sizeof *at);

		if (!at)
			return afd_fail_memory(err);
		if (c->n)
			memcpy(at, c->at, c->n * sizeof *at);
		c->at = at;
		c->cap = cap;
	}
	c->at[c->n++] = s;
	return 0;
}

size_t afd_canvas_after(const struct afd_canvas *c, int64_t t)
{
	size_t lo = 0, hi = c->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (c->at[mid].span.to <= t)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

struct afd_stroke afd_stroke_part(struct afd_stroke s, int64_t from, int64_t to)
{
	if (from > s.span.from)
		s.span.from = from;
	if (to < s.span.to)
		s.span.to = to;
	return s;
}

int afd_canvas_paint(struct afd_arena *a, struct afd_canvas *c, struct afd_stroke s, struct afd_error *err)
{
	AFD_AUTO(mem) struct afd_stroke *tail = NULL;
	size_t i = afd_canvas_after(c, s.span.from), n_tail = c->n - i;
	int64_t at = s.span.from;
	int r = 0;

	if (s.span.from >= s.span.to)
		return 0;
	tail = calloc(n_tail + 1, sizeof *tail);
	if (!tail)
		return afd_fail_memory(err);
	if (n_tail)
		memcpy(tail, c->at + i, n_tail * sizeof *tail);
	c->n = i;
	for (size_t k = 0; k < n_tail && r == 0; k++) {
		struct afd_stroke old = tail[k];
		bool keeps = s.grade != AFD_GAP && old.grade >= s.grade;

		r = afd_canvas_add(a, c, afd_stroke_part(old, old.span.from, s.span.from), err);
		if (r == 0 && old.span.from > at && at < s.span.to)
			r = afd_canvas_add(a, c, afd_stroke_part(s, at, old.span.from), err);
		if (r == 0)
			r = afd_canvas_add(a, c,
					   keeps ? afd_stroke_part(old, s.span.from, s.span.to)
						 : afd_stroke_part(s, old.span.from, old.span.to),
					   err);
		if (old.span.to > at)
			at = old.span.to;
		if (r == 0)
			r = afd_canvas_add(a, c, afd_stroke_part(old, s.span.to, old.span.to), err);
	}
	if (r == 0)
		r = afd_canvas_add(a, c, afd_stroke_part(s, at, s.span.to), err);
	return r;
}

static enum afd_grade grade_at(const struct afd_canvas *c, size_t *i, int64_t t, int64_t *until, const char **reason,
			       bool *silent)
{
	while (*i < c->n && c->at[*i].span.to <= t)
		(*i)++;
	*silent = *i == c->n || c->at[*i].span.from > t;
	if (*silent) {
		if (*i < c->n && c->at[*i].span.from < *until)
			*until = c->at[*i].span.from;
		return AFD_GAP;
	}
	if (c->at[*i].span.to < *until)
		*until = c->at[*i].span.to;
	*reason = c->at[*i].reason;
	return c->at[*i].grade;
}

int afd_canvas_merge(struct afd_arena *a, const struct afd_canvas *x, const struct afd_canvas *y, bool worst,
                     struct afd_canvas *ret, struct afd_error *err)
{
	struct afd_canvas out = { 0 };
	size_t i = 0, k = 0;
	int64_t t = INT64_MIN, end = INT64_MIN;

	if (x->n)
		end = x->at[x->n - 1].span.to;
	if (y->n && y->at[y->n - 1].span.to > end)
		end = y->at[y->n - 1].span.to;
	while (t < end) {
		int64_t until = end;
		const char *rx = NULL, *ry = NULL;
		bool sx, sy, first;
		enum afd_grade gx = grade_at(x, &i, t, &until, &rx, &sx), gy = grade_at(y, &k, t, &until, &ry, &sy);

		first = worst ? gx <= gy : gx >= gy;
		if (first && sx && !sy && gx == gy)
			first = false;
		if ((!sx || !sy) &&
		    afd_canvas_add(a, &out, (struct afd_stroke){{t, until}, first ? gx : gy, first ? rx : ry, 0}, err) <
			    0)
			return -1;
		t = until;
	}
	*ret = out;
	return 0;
}
