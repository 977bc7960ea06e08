/* The words of zone text, and names and numbers among them. */
#include "collector/zone/dns_layout.h"

/* Bytes that end or change a word of a zone file */
enum { PLAIN, BLANK, LINE, QUOTE, OPEN, CLOSE, COMMENT, ESCAPE, REFUSED };
static const uint8_t class_of[256] = {
	[0] = REFUSED, ['\t'] = BLANK, ['\r'] = BLANK, [' '] = BLANK, ['\n'] = LINE, ['"'] = QUOTE, ['('] = OPEN,
	[')'] = CLOSE, [';'] = COMMENT, ['\\'] = ESCAPE,
};

static bool stop(struct afd_words *w, const uint8_t *at, const char *why)
{
	w->at = w->word = at;
	afd_words_fail(w, why);
	return false;
}

/* P stands behind an opening quote: behind the closing one, NULL when there is none. A line may end inside only where
 * parentheses are open, so that one forgotten quote does not swallow a zone. */
static const uint8_t *closing_quote(struct afd_words *w, const uint8_t *p)
{
	for (; p < w->end; p++) {
		if (*p == '"')
			return p;
		if (*p == '\\' && p + 1 < w->end)
			p++;
		if (*p == '\n' && w->file) {
			if (w->depth == 0)
				return NULL;
			w->line++;
			w->line_start = p + 1;
		}
	}
	return NULL;
}

static bool quoted_word(struct afd_words *w, const uint8_t *p, struct afd_word *ret)
{
	const uint8_t *q = closing_quote(w, p + 1);

	if (!q)
		return stop(w, p, "a closing quote");
	*ret = (struct afd_word){ p + 1, (size_t)(q - p - 1), true };
	w->word = p;
	w->at = q + 1;
	return true;
}

static bool plain_word(struct afd_words *w, const uint8_t *p, struct afd_word *ret)
{
	const uint8_t *const start = p, *const end = w->end;

	for (;;) {
		while (p < end && class_of[*p] == PLAIN)
			p++;
		if (p == end)
			break;
		if (*p == '\\') {
			if (end - p < 2 || p[1] == '\n')
				return stop(w, p, "a character behind the backslash");
			p += 2;
		} else if (*p == '"' && w->params) {
			const uint8_t *q = closing_quote(w, p + 1);
			if (!q)
				return stop(w, p, "a closing quote");
			p = q + 1;
		} else if (*p == 0) {
			return stop(w, p, "text, got a NUL byte");
		} else {
			break;
		}
	}
	*ret = (struct afd_word){ start, (size_t)(p - start), false };
	w->word = start;
	w->at = p;
	return true;
}

static bool file_word(struct afd_words *w, struct afd_word *ret)
{
	const uint8_t *p = w->at;

	for (;;) {
		if (p == w->end) {
			w->at = p;
			return w->depth ? stop(w, p, "a closing parenthesis") : false;
		}
		switch (class_of[*p]) {
		case BLANK:
			p++;
			continue;
		case LINE:
			if (w->depth == 0) {
				w->at = p;
				return false;
			}
			w->line++;
			w->line_start = ++p;
			continue;
		case COMMENT:
			p = memchr(p, '\n', (size_t)(w->end - p));
			if (!p)
				p = w->end;
			continue;
		case OPEN:
			w->depth++;
			p++;
			continue;
		case CLOSE:
			if (w->depth == 0)
				return stop(w, p, "an opening parenthesis before this one");
			w->depth--;
			p++;
			continue;
		case QUOTE:
			return quoted_word(w, p, ret);
		default:
			return plain_word(w, p, ret);
		}
	}
}

static bool log_word(struct afd_words *w, struct afd_word *ret)
{
	const uint8_t *p = w->at, *const end = w->end;

	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	if (p == end) {
		w->at = p;
		return false;
	}
	if (*p == '"')
		return quoted_word(w, p, ret);
	const uint8_t *const start = p;
	bool in_quotes = false;
	for (; p < end && (in_quotes || (*p != ' ' && *p != '\t')); p++) {
		if (*p == '\\' && p + 1 < end)
			p++;
		else if (*p == '"')
			in_quotes = w->params && !in_quotes;
	}
	if (in_quotes)
		return stop(w, start, "a closing quote");
	*ret = (struct afd_word){ start, (size_t)(p - start), false };
	w->word = start;
	w->at = p;
	return true;
}

bool afd_word_next(struct afd_words *w, struct afd_word *ret)
{
	return w->file ? file_word(w, ret) : log_word(w, ret);
}

int afd_words_take(struct afd_words *w, struct afd_word *ret, const char *expected)
{
	if (afd_word_next(w, ret))
		return 0;
	if (!w->why)
		w->word = w->at;
	return afd_words_fail(w, expected);
}

int afd_words_number(struct afd_words *w, uint64_t max, uint64_t *ret)
{
	struct afd_word t;

	if (afd_words_take(w, &t, "a number") < 0)
		return -1;
	if (t.quoted || t.len == 0 || t.len > 20)
		return afd_words_fail(w, "a number");
	uint64_t v = 0;
	for (size_t i = 0; i < t.len; i++) {
		const unsigned d = t.p[i] - '0';
		if (d > 9)
			return afd_words_fail(w, "a number");
		if (v > (max - d) / 10)
			return afd_words_fail(w, "a smaller number");
		v = v * 10 + d;
	}
	*ret = v;
	return 0;
}

/* "1w2d", "3600": seconds (BIND's units, in SOA and TTL) */
int afd_rdata_period(struct afd_slice t, uint64_t max, uint64_t *ret)
{
	uint64_t sum = 0, v = 0;
	bool digits = false, units = false;

	for (size_t i = 0; i < t.len; i++) {
		const unsigned d = t.data[i] - '0';
		uint64_t unit;
		if (d <= 9) {
			v = v * 10 + d;
			digits = true;
			if (v > UINT32_MAX)
				return -1;
			continue;
		}
		switch (t.data[i] | 0x20) {
		case 's': unit = 1; break;
		case 'm': unit = 60; break;
		case 'h': unit = 3600; break;
		case 'd': unit = 86400; break;
		case 'w': unit = 604800; break;
		default: return -1;
		}
		if (!digits)
			return -1;
		sum += v * unit;
		v = 0;
		digits = false;
		units = true;
	}
	if (t.len == 0 || t.len > 64 || (digits && units))   /* "1w2": two of what? */
		return -1;
	sum += v;
	*ret = sum;
	return sum <= max ? 0 : -1;
}

/* --- names --- */

/* N bytes of labels at RET, with the origin or the root behind them */
static int join_origin(struct afd_words *w, bool absolute, uint8_t *ret, size_t n)
{
	static const struct afd_dns_name root = { .len = 1 };
	const struct afd_dns_name *o = absolute || !w->origin ? &root : w->origin;

	if (n + o->len > AFD_DNS_NAME_MAX)
		return afd_words_fail(w, "a name of at most 255 bytes");
	memcpy(ret + n, o->wire, o->len);
	return (int)(n + o->len);
}

/* Escapes, and what is too long to be written without looking */
static int slow_name(struct afd_words *w, const struct afd_word *t, bool lower, uint8_t ret[AFD_DNS_NAME_MAX])
{
	struct afd_dns_name n;
	bool absolute = false;

	for (size_t i = 0; i < t->len; i++) {
		absolute = t->p[i] == '.';
		i += t->p[i] == '\\';
	}
	if (afd_dns_name_parse(afd_word_slice(t), &n, NULL) < 0)
		return afd_words_fail(w, "a name: labels of 1 to 63 bytes, 255 bytes together");
	if (lower)
		afd_dns_name_lower(&n);
	memcpy(ret, n.wire, n.len);
	return join_origin(w, absolute, ret, n.len - 1u);
}

int afd_words_name(struct afd_words *w, const struct afd_word *t, bool lower, uint8_t ret[AFD_DNS_NAME_MAX])
{
	const uint8_t *p = t->p, *const end = p + t->len;
	uint8_t *label = ret, *o = ret + 1;

	if (t->quoted || t->len == 0)
		return afd_words_fail(w, "a name");
	if (t->len == 1 && *p == '@') {
		if (!w->origin)
			return afd_words_fail(w, "a name: no origin is known for \"@\"");
		return join_origin(w, false, ret, 0);
	}
	if (t->len == 1 && *p == '.')
		return ret[0] = 0, 1;
	if (t->len > AFD_DNS_NAME_MAX - 2)
		return slow_name(w, t, lower, ret);
	for (; p < end; p++) {
		const uint8_t c = *p;
		if (c > '.' && c != '\\') {                     /* most of all bytes in one comparison */
			*o++ = lower && (unsigned)(c - 'A') < 26 ? c | 0x20 : c;
			continue;
		}
		if (c == '.') {
			const size_t n = (size_t)(o - label) - 1;
			if (n == 0 || n > 63)
				return afd_words_fail(w, "a name: labels of 1 to 63 bytes");
			*label = (uint8_t)n;
			label = o++;
			continue;
		}
		if (c == '\\')
			return slow_name(w, t, lower, ret);
		*o++ = c;
	}
	const size_t n = (size_t)(o - label) - 1;
	if (n == 0)                                   /* the last dot opened a label that is the root */
		return join_origin(w, true, ret, (size_t)(label - ret));
	if (n > 63)
		return afd_words_fail(w, "a name: labels of 1 to 63 bytes");
	*label = (uint8_t)n;
	return join_origin(w, false, ret, (size_t)(o - ret));
}

int afd_words_put_name(struct afd_words *w, bool lower, struct afd_wire *out)
{
	struct afd_word t;
	uint8_t name[AFD_DNS_NAME_MAX];

	if (afd_words_take(w, &t, "a name") < 0)
		return -1;
	const int n = afd_words_name(w, &t, lower, name);
	return n < 0 ? -1 : afd_wire_add(out, name, (size_t)n);
}

/* TEXT without its escapes */
int afd_words_unescape(struct afd_words *w, struct afd_slice t, struct afd_wire *out)
{
	for (size_t i = 0; i < t.len;) {
		const uint8_t *slash = memchr(t.data + i, '\\', t.len - i);
		const size_t plain = slash ? (size_t)(slash - t.data) - i : t.len - i;
		uint64_t v;

		if (afd_wire_add(out, t.data + i, plain) < 0)
			return afd_words_fail(w, "less data");
		i += plain;
		if (!slash)
			break;
		if (t.len - i < 2)
			return afd_words_fail(w, "a character behind the backslash");
		if (t.data[i + 1] < '0' || t.data[i + 1] > '9') {
			v = t.data[i + 1];
			i += 2;
		} else {
			if (t.len - i < 4 || afd_rdata_number(afd_slice(t.data + i + 1, 3), 255, &v) < 0)
				return afd_words_fail(w, "three digits up to 255 behind the backslash");
			i += 4;
		}
		if (afd_wire_number(out, 1, v) < 0)
			return afd_words_fail(w, "less data");
	}
	return 0;
}
