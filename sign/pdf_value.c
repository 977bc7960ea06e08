/* One PDF value: ISO 32000-1, 7.2 and 7.3, without comments and with everything doubtful refused. */
#include "sign/pdf_value.h"

#define MAX_DEPTH 32
#define MAX_NODES (1u << 20)     /* in one object */
#define MAX_KEYS 256             /* in one dictionary */
#define MAX_NAME 127u            /* ISO 32000-1, annex C */
#define CHUNK 65536u

struct afd_pdf_chunk { struct afd_pdf_chunk *below; size_t used, size; max_align_t data[]; };

void afd_pdf_arena_release(struct afd_pdf_arena *a)
{
	while (a->top) {
		struct afd_pdf_chunk *c = a->top;

		a->top = c->below;
		free(c);
	}
}

static void *take(struct afd_pdf_arena *a, size_t n)
{
	const size_t align = _Alignof(max_align_t);
	void *p;

	n = (n + align - 1) / align * align;
	if (!a->top || a->top->size - a->top->used < n) {
		size_t size = n > CHUNK ? n : CHUNK;
		struct afd_pdf_chunk *c = malloc(sizeof(*c) + size);

		if (!c)
			return NULL;
		*c = (struct afd_pdf_chunk){ .below = a->top, .size = size };
		a->top = c;
	}
	p = (uint8_t *)a->top->data + a->top->used;
	a->top->used += n;
	memset(p, 0, n);
	return p;
}

struct lexer { struct afd_slice bytes; size_t pos, nodes; struct afd_pdf_arena *arena; struct afd_error *err; };

static int bad(struct lexer *l, const char *what)
{
	return afd_fail(l->err, AFD_E_VERIFY, "PDF, byte %zu: %s", l->pos, what);
}

static int peek(const struct lexer *l)
{
	return l->pos < l->bytes.len ? l->bytes.data[l->pos] : -1;
}

bool afd_pdf_is_blank(int c)
{
	return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static bool is_regular(int c)
{
	return c > ' ' && c < 0x7f && !strchr("()<>[]{}/%", c);
}

static void skip_blanks(struct lexer *l)
{
	while (afd_pdf_is_blank(peek(l)))
		l->pos++;
}

static int hex_digit(int c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static int value(struct lexer *l, unsigned depth, struct afd_pdf_node **ret);

static int name(struct lexer *l, struct afd_slice *ret)
{
	uint8_t buf[MAX_NAME];
	size_t n = 0;
	uint8_t *text;

	l->pos++;
	while (is_regular(peek(l))) {
		int c = peek(l);

		l->pos++;
		if (c == '#') {
			int hi = hex_digit(peek(l)), lo;

			l->pos++;
			lo = hex_digit(peek(l));
			l->pos++;
			c = hi < 0 || lo < 0 ? 0 : hi << 4 | lo;
			if (c == 0)
				return bad(l, "a name with a broken #-escape");
		}
		if (n == MAX_NAME)
			return bad(l, "a name longer than 127 bytes");
		buf[n++] = (uint8_t)c;
	}
	text = take(l->arena, n + 1);
	if (!text)
		return afd_fail_memory(l->err);
	memcpy(text, buf, n);
	*ret = afd_slice(text, n);
	return 0;
}

static int hex_string(struct lexer *l, struct afd_pdf_node *node)
{
	size_t start = ++l->pos;
	uint8_t *text;

	while (hex_digit(peek(l)) >= 0)
		l->pos++;
	if (peek(l) != '>' || (l->pos - start) % 2 != 0)
		return bad(l, "a hex string that is not pairs of hex digits");
	node->type = AFD_PDF_STRING;
	node->hex = true;
	node->text.len = (l->pos - start) / 2;
	text = take(l->arena, node->text.len + 1);
	if (!text)
		return afd_fail_memory(l->err);
	for (size_t i = 0; i < node->text.len; i++)
		text[i] = (uint8_t)(hex_digit(l->bytes.data[start + 2 * i]) << 4 |
				    hex_digit(l->bytes.data[start + 2 * i + 1]));
	node->text.data = text;
	l->pos++;
	return 0;
}

/* Behind a backslash; -1: the line goes on, nothing is added; -2: no escape. */
static int escape(struct lexer *l)
{
	static const char from[] = "nrtbf()\\", to[] = "\n\r\t\b\f()\\";
	int c = peek(l), v = 0;
	const char *at = c > 0 ? strchr(from, c) : NULL;

	if (at) {
		l->pos++;
		return to[at - from];
	}
	if (c == '\n') {
		l->pos++;
		return -1;
	}
	if (c < '0' || c > '7')
		return -2;
	for (int i = 0; i < 3 && peek(l) >= '0' && peek(l) <= '7'; i++, l->pos++)
		v = v * 8 + peek(l) - '0';
	return v > 0xff ? -2 : v;
}

static int literal_string(struct lexer *l, struct afd_pdf_node *node)
{
	size_t start = ++l->pos, n = 0, close = start;
	unsigned open = 1;
	uint8_t *text;

	/* The end first: what it decodes to is never longer than what stands there. */
	for (; close < l->bytes.len; close++) {
		uint8_t c = l->bytes.data[close];

		if (c == '\\')
			close++;
		else if (c == '(')
			open++;
		else if (c == ')' && --open == 0)
			break;
	}
	if (close >= l->bytes.len)
		return bad(l, "a string without an end");
	text = take(l->arena, close - start + 1);
	if (!text)
		return afd_fail_memory(l->err);
	while (l->pos < close) {
		int c = l->bytes.data[l->pos++];

		if (c == '\\' && (c = escape(l)) == -2)
			return bad(l, "a string with an unknown escape");
		if (c >= 0)
			text[n++] = (uint8_t)c;
	}
	node->type = AFD_PDF_STRING;
	node->text = afd_slice(text, n);
	l->pos = close + 1;
	return 0;
}

/* Digits only, at most MAX of them; false if there is none, or more. */
static bool digits(struct lexer *l, unsigned max, int64_t *ret)
{
	size_t start = l->pos;

	*ret = 0;
	while (peek(l) >= '0' && peek(l) <= '9') {
		if (l->pos - start == max)
			return false;
		*ret = *ret * 10 + peek(l) - '0';
		l->pos++;
	}
	return l->pos > start;
}

/* "N 0 R" behind the N; false and the position unchanged when it is not. */
static bool rest_of_ref(struct lexer *l)
{
	static const char rest[] = " 0 R";
	const size_t n = sizeof(rest) - 1;

	if (l->bytes.len - l->pos < n || memcmp(l->bytes.data + l->pos, rest, n) != 0)
		return false;
	if (l->bytes.len - l->pos > n && is_regular(l->bytes.data[l->pos + n]))
		return false;
	l->pos += n;
	return true;
}

static int number(struct lexer *l, struct afd_pdf_node *node)
{
	int64_t v = 0, fraction;
	bool sign = peek(l) == '-' || peek(l) == '+', minus = peek(l) == '-', any;

	l->pos += sign;
	any = digits(l, 18, &v);
	if (peek(l) == '.') {
		l->pos++;
		node->type = AFD_PDF_REAL;
		any = digits(l, 18, &fraction) || any;
	} else {
		node->type = AFD_PDF_INT;
		node->i = minus ? -v : v;
		if (any && !sign && v > 0 && v <= UINT32_MAX && rest_of_ref(l))
			node->type = AFD_PDF_REF;
	}
	return any && !is_regular(peek(l)) ? 0 : bad(l, "a number that is not one");
}

static int keyword(struct lexer *l, struct afd_pdf_node *node)
{
	static const struct { const char *word; enum afd_pdf_type type; int64_t i; } words[] = {
		{ "true", AFD_PDF_BOOL, 1 }, { "false", AFD_PDF_BOOL, 0 }, { "null", AFD_PDF_NULL, 0 }
	};
	size_t start = l->pos;

	while (is_regular(peek(l)))
		l->pos++;
	for (size_t i = 0; i < AFD_COUNT(words); i++) {
		if (!afd_slice_equal(afd_slice_sub(l->bytes, start, l->pos - start), afd_slice_text(words[i].word)))
			continue;
		node->type = words[i].type;
		node->i = words[i].i;
		return 0;
	}
	l->pos = start;
	return bad(l, "expected a value");
}

static int array(struct lexer *l, unsigned depth, struct afd_pdf_node *node)
{
	const struct afd_pdf_node **tail = &node->first;

	node->type = AFD_PDF_ARRAY;
	l->pos++;
	for (;;) {
		struct afd_pdf_node *child = NULL;

		skip_blanks(l);
		if (peek(l) == ']')
			break;
		if (value(l, depth + 1, &child) < 0)
			return -1;
		*tail = child;
		tail = &child->next;
		node->n++;
	}
	l->pos++;
	return 0;
}

static int dict(struct lexer *l, unsigned depth, struct afd_pdf_node *node)
{
	const struct afd_pdf_node **tail = &node->first;

	node->type = AFD_PDF_DICT;
	l->pos += 2;
	for (;;) {
		struct afd_pdf_node *child = NULL;
		struct afd_slice key;

		skip_blanks(l);
		if (peek(l) == '>')
			break;
		if (peek(l) != '/')
			return bad(l, "expected a name as key of a dictionary");
		if (name(l, &key) < 0)
			return -1;
		if (node->n == MAX_KEYS)
			return bad(l, "a dictionary with too many keys");
		for (const struct afd_pdf_node *k = node->first; k; k = k->next)
			if (afd_slice_equal(k->key, key))
				return afd_fail(l->err, AFD_E_VERIFY,
						"PDF, byte %zu: the key /%s stands twice in one dictionary", l->pos,
						(const char *)key.data);
		skip_blanks(l);
		if (value(l, depth + 1, &child) < 0)
			return -1;
		child->key = key;
		*tail = child;
		tail = &child->next;
		node->n++;
	}
	if (l->bytes.len - l->pos < 2 || l->bytes.data[l->pos + 1] != '>')
		return bad(l, "expected >>");
	l->pos += 2;
	return 0;
}

static int value(struct lexer *l, unsigned depth, struct afd_pdf_node **ret)
{
	struct afd_pdf_node *node;
	size_t start = l->pos;
	int c = peek(l), r;

	if (depth > MAX_DEPTH)
		return bad(l, "values nested too deeply");
	if (++l->nodes > MAX_NODES)
		return bad(l, "an object with too many values");
	node = take(l->arena, sizeof(*node));
	if (!node)
		return afd_fail_memory(l->err);

	if (c == '<' && l->bytes.len - l->pos > 1 && l->bytes.data[l->pos + 1] == '<') {
		r = dict(l, depth, node);
	} else if (c == '<') {
		r = hex_string(l, node);
	} else if (c == '(') {
		r = literal_string(l, node);
	} else if (c == '[') {
		r = array(l, depth, node);
	} else if (c == '/') {
		node->type = AFD_PDF_NAME;
		r = name(l, &node->text);
	} else if (c == '+' || c == '-' || c == '.' || (c >= '0' && c <= '9')) {
		r = number(l, node);
	} else {
		r = keyword(l, node);
	}
	node->raw = afd_slice_sub(l->bytes, start, l->pos - start);
	*ret = node;
	return r;
}

int afd_pdf_value(struct afd_slice bytes, size_t *pos, struct afd_pdf_arena *a, const struct afd_pdf_node **ret,
		  struct afd_error *err)
{
	struct lexer l = { .bytes = bytes, .pos = *pos, .arena = a, .err = err };
	struct afd_pdf_node *node = NULL;

	if (value(&l, 0, &node) < 0)
		return -1;
	*pos = l.pos;
	*ret = node;
	return 0;
}

bool afd_pdf_number(struct afd_slice bytes, size_t *pos, unsigned max_digits, int64_t *ret)
{
	struct lexer l = { .bytes = bytes, .pos = *pos };

	if (!digits(&l, max_digits, ret))
		return false;
	*pos = l.pos;
	return true;
}

bool afd_pdf_literal(struct afd_slice bytes, size_t *pos, const char *text)
{
	size_t n = strlen(text);

	if (*pos > bytes.len || bytes.len - *pos < n || memcmp(bytes.data + *pos, text, n) != 0)
		return false;
	*pos += n;
	return true;
}

const struct afd_pdf_node *afd_pdf_get(const struct afd_pdf_node *d, const char *key)
{
	if (!d || d->type != AFD_PDF_DICT)
		return NULL;
	for (const struct afd_pdf_node *k = d->first; k; k = k->next)
		if (afd_slice_equal(k->key, afd_slice_text(key)))
			return k;
	return NULL;
}

bool afd_pdf_is_name(const struct afd_pdf_node *n, const char *text)
{
	return n && n->type == AFD_PDF_NAME && afd_slice_equal(n->text, afd_slice_text(text));
}
