#include "collector/registrar/json_walk.h"
#include "core/limits.h"

struct frame { bool map; };

struct walk {
	struct afd_slice s;
	size_t at;
	unsigned depth;
	struct frame frame[AFD_MAX_JSON_DEPTH];
	afd_json_see *see; void *ctx;
};

static void skip_blanks(struct walk *w)
{
	while (w->at < w->s.len && memchr(" \t\r\n", w->s.data[w->at], 4))
		w->at++;
}

static int broken(const struct walk *w, struct afd_error *err)
{
	return afd_fail(err, AFD_E_PARSE, "JSON broken at byte %zu", w->at);
}

/* The string whose first quote is at w->at; *ret is what stands between the quotes. */
static int read_string(struct walk *w, struct afd_slice *ret, struct afd_error *err)
{
	size_t from = ++w->at;

	while (w->at < w->s.len && w->s.data[w->at] != '"')
		w->at += w->s.data[w->at] == '\\' ? 2 : 1;
	if (w->at >= w->s.len)
		return broken(w, err);
	*ret = afd_slice(w->s.data + from, w->at++ - from);
	return 0;
}

static int read_key(struct walk *w, struct afd_slice *ret, struct afd_error *err)
{
	if (w->at >= w->s.len || w->s.data[w->at] != '"' || read_string(w, ret, err) < 0)
		return broken(w, err);
	skip_blanks(w);
	if (w->at >= w->s.len || w->s.data[w->at++] != ':')
		return broken(w, err);
	skip_blanks(w);
	return 0;
}

static int read_scalar(struct walk *w, struct afd_json_at *v, struct afd_error *err)
{
	struct afd_slice text = { 0 };
	uint8_t c = w->s.data[w->at];

	if (c == '"') {
		if (read_string(w, &text, err) < 0)
			return -1;
		v->kind = AFD_JSON_STRING;
		v->off = (size_t)(text.data - w->s.data);
		v->len = text.len;
		return 0;
	}
	v->kind = c == '-' || (c >= '0' && c <= '9') ? AFD_JSON_NUMBER : AFD_JSON_WORD;
	v->off = w->at;
	while (w->at < w->s.len && !memchr(" \t\r\n,]}", w->s.data[w->at], 7))
		w->at++;
	v->len = w->at - v->off;
	return v->len ? 0 : broken(w, err);
}

/* After a value: a comma goes on, a bracket closes. Returns 1 when the root has ended. */
static int after_value(struct walk *w, struct afd_error *err)
{
	struct afd_json_at v;

	for (;;) {
		skip_blanks(w);
		if (!w->depth)
			return w->at == w->s.len ? 1 : broken(w, err);
		if (w->at >= w->s.len)
			return broken(w, err);
		if (w->s.data[w->at] == ',') {
			w->at++;
			skip_blanks(w);
			return 0;
		}
		if (w->s.data[w->at] != (w->frame[w->depth - 1].map ? '}' : ']'))
			return broken(w, err);
		v = (struct afd_json_at){ AFD_JSON_CLOSE, w->at++, 1, { 0 }, --w->depth };
		if (w->see(w->ctx, &v, err) < 0)
			return -1;
	}
}

int afd_json_walk(struct afd_slice json, afd_json_see *see, void *ctx, struct afd_error *err)
{
	struct walk w = { .s = json, .see = see, .ctx = ctx };
	int r = 0;

	skip_blanks(&w);
	while (!r) {
		struct afd_json_at v = { .depth = w.depth };
		uint8_t c;

		if (w.depth && w.frame[w.depth - 1].map && read_key(&w, &v.key, err) < 0)
			return -1;
		if (w.at >= json.len)
			return broken(&w, err);
		c = json.data[w.at];
		if (c == '{' || c == '[') {
			if (w.depth == AFD_MAX_JSON_DEPTH)
				return afd_fail(err, AFD_E_LIMIT, "JSON nested deeper than %u", AFD_MAX_JSON_DEPTH);
			v.kind = c == '{' ? AFD_JSON_OPEN_MAP : AFD_JSON_OPEN_LIST;
			v.off = w.at++;
			v.len = 1;
			w.frame[w.depth++].map = c == '{';
			if (see(ctx, &v, err) < 0)
				return -1;
			skip_blanks(&w);
			if (w.at < json.len && json.data[w.at] != (c == '{' ? '}' : ']'))
				continue;
		} else if (read_scalar(&w, &v, err) < 0 || see(ctx, &v, err) < 0) {
			return -1;
		}
		r = after_value(&w, err);
	}
	return r < 0 ? -1 : 0;
}

struct tiling {
	struct afd_slice json;
	struct afd_slice key;
	struct afd_ranges *parts;
	unsigned list_depth;               /* of the list: 1 below a key, 0 as root */
	bool inside;
	size_t element, done;
};

static int tile_add(struct tiling *t, size_t from, size_t to, struct afd_error *err)
{
	if (t->parts->n + 2 > AFD_MAX_PARTS)
		return afd_fail(err, AFD_E_LIMIT, "more than %u parts", AFD_MAX_PARTS);
	if (afd_ranges_add(t->parts, t->done, from - t->done) < 0 || afd_ranges_add(t->parts, from, to - from) < 0)
		return afd_fail_memory(err);
	t->done = to;
	return 0;
}

static int tile_see(void *ctx, const struct afd_json_at *v, struct afd_error *err)
{
	struct tiling *t = ctx;

	if (v->depth == t->list_depth && (v->kind == AFD_JSON_OPEN_LIST || v->kind == AFD_JSON_CLOSE)) {
		t->inside = v->kind == AFD_JSON_OPEN_LIST && afd_slice_equal(v->key, t->key);
		return 0;
	}
	if (!t->inside || v->depth != t->list_depth + 1)
		return 0;
	switch (v->kind) {
	case AFD_JSON_OPEN_MAP:
	case AFD_JSON_OPEN_LIST:
		t->element = v->off;
		return 0;
	case AFD_JSON_CLOSE:
		return tile_add(t, t->element, v->off + 1, err);
	case AFD_JSON_STRING:
		return tile_add(t, v->off - 1, v->off + v->len + 1, err);
	default:
		return tile_add(t, v->off, v->off + v->len, err);
	}
}

int afd_json_tile(struct afd_slice json, const char *key, struct afd_ranges *parts, struct afd_error *err)
{
	struct tiling t = { .json = json, .key = afd_slice_text(key), .parts = parts, .list_depth = key != NULL };

	if (afd_json_walk(json, tile_see, &t, err) < 0)
		return -1;
	return afd_ranges_add(parts, t.done, json.len - t.done) < 0 ? afd_fail_memory(err) : 0;
}
