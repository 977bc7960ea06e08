#include "collector/files/csv.h"

static int bad(const struct afd_csv *c, struct afd_error *err, const char *what)
{
	return afd_fail(err, AFD_E_CONFIG, "%s:%u: field %zu: %s", c->name, c->line, c->n + 1, what);
}

/* Length of the UTF-8 sequence at S (RFC 3629, 4), 0 when it is none. */
static size_t utf8(struct afd_slice s)
{
	uint32_t v;
	size_t n = 0;

	if (s.data[0] < 0x80)
		return 1;
	if (s.data[0] >= 0xc2 && s.data[0] <= 0xf4)
		n = s.data[0] >= 0xf0 ? 4 : s.data[0] >= 0xe0 ? 3 : 2;
	if (!n || s.len < n)
		return 0;
	v = s.data[0] & (0x7fu >> n);
	for (size_t i = 1; i < n; i++) {
		if ((s.data[i] & 0xc0) != 0x80)
			return 0;
		v = v << 6 | (s.data[i] & 0x3f);
	}
	if ((n == 3 && v < 0x800) || (n == 4 && v < 0x10000) || v > 0x10ffff || (v >= 0xd800 && v <= 0xdfff))
		return 0;
	return n;
}

static int check_text(struct afd_csv *c, bool tabs, struct afd_error *err)
{
	struct afd_slice s = c->rest;
	size_t n;

	for (unsigned line = 1; s.len; s = afd_slice_sub(s, n, s.len)) {
		n = utf8(s);
		if (!n)
			return afd_fail(err, AFD_E_CONFIG, "%s:%u: not UTF-8", c->name, line);
		if (s.data[0] == '\n')
			line++;
		else if (s.data[0] == '\t' && !tabs)
			return afd_fail(err, AFD_E_CONFIG, "%s:%u: control character 0x09, a tab; write commas between columns", c->name, line);
		else if ((s.data[0] < 0x20 && s.data[0] != '\r' && s.data[0] != '\t') || s.data[0] == 0x7f)
			return afd_fail(err, AFD_E_CONFIG, "%s:%u: control character 0x%02x", c->name, line, s.data[0]);
	}
	return 0;
}

static int begin(struct afd_csv *c, const char *name, struct afd_slice bytes, char delimiter, bool tabs, struct afd_error *err)
{
	*c = (struct afd_csv){ .name = name, .bytes = bytes, .rest = bytes, .line = 1, .delimiter = delimiter };
	if (bytes.len >= 3 && !memcmp(bytes.data, "\xef\xbb\xbf", 3))
		c->rest = afd_slice_sub(bytes, 3, bytes.len);
	return check_text(c, tabs, err);
}

int afd_csv_begin(struct afd_csv *c, const char *name, struct afd_slice bytes, struct afd_error *err)
{
	return begin(c, name, bytes, ',', false, err);
}

int afd_csv_begin_with(struct afd_csv *c, const char *name, struct afd_slice bytes, char delimiter, struct afd_error *err)
{
	return begin(c, name, bytes, delimiter, true, err);
}

static int take(struct afd_csv *c)
{
	int b = c->rest.len ? c->rest.data[0] : -1;

	if (b == '\n')
		c->line++;
	if (b >= 0)
		c->rest = afd_slice_sub(c->rest, 1, c->rest.len);
	return b;
}

static int peek(const struct afd_csv *c)
{
	return c->rest.len ? c->rest.data[0] : -1;
}

static int quoted(struct afd_csv *c, struct afd_error *err)
{
	unsigned from = c->line;
	int b;

	take(c);
	while ((b = take(c)) >= 0) {
		if (b == '"' && peek(c) != '"')
			return 0;
		if (b == '"')
			take(c);
		if (afd_buf_u8(&c->text, (uint8_t)b) < 0)
			return afd_fail_memory(err);
	}
	return afd_fail(err, AFD_E_CONFIG, "%s:%u: field %zu: the quote is never closed", c->name, from, c->n + 1);
}

static int plain(struct afd_csv *c, struct afd_error *err)
{
	for (int b = peek(c); b >= 0 && b != c->delimiter && b != '\r' && b != '\n'; b = peek(c)) {
		if (b == '"')
			return bad(c, err, "a quote inside a field that does not begin with one");
		if (afd_buf_u8(&c->text, (uint8_t)take(c)) < 0)
			return afd_fail_memory(err);
	}
	return 0;
}

/* What stands behind a field: 1 another field, 0 the end of the record. */
static int separator(struct afd_csv *c, struct afd_error *err)
{
	int b = peek(c);

	if (b == c->delimiter) {
		take(c);
		return 1;
	}
	if (b == '\r') {
		take(c);
		if (peek(c) != '\n')
			return bad(c, err, "a carriage return without its line feed");
		b = '\n';
	}
	if (b == '\n')
		take(c);
	else if (b >= 0)
		return bad(c, err, "expected a comma or the end of the line behind the closing quote");
	return 0;
}

int afd_csv_next(struct afd_csv *c, struct afd_error *err)
{
	int more = 1;

	if (!c->rest.len)
		return 0;
	c->text.len = 0;
	c->n = 0;
	c->record_line = c->line;
	while (more) {
		if (c->n == AFD_CSV_MAX_FIELDS)
			return bad(c, err, "too many fields");
		bool quote = peek(c) == '"';
		const uint64_t from = c->bytes.len - c->rest.len + quote;

		c->at[c->n] = c->text.len;
		if ((quote ? quoted(c, err) : plain(c, err)) < 0)
			return -1;
		c->raw[c->n] = (struct afd_range){ from, c->bytes.len - c->rest.len - quote - from };
		if (afd_buf_u8(&c->text, 0) < 0)
			return afd_fail_memory(err);
		more = separator(c, err);
		if (more < 0)
			return -1;
		c->n++;
	}
	return 1;
}

bool afd_csv_blank(const struct afd_csv *c)
{
	for (size_t i = 0; i < c->n; i++)
		if (afd_csv_field(c, i)[strspn(afd_csv_field(c, i), " ")])
			return false;
	return true;
}

const char *afd_csv_field(const struct afd_csv *c, size_t i)
{
	return (const char *)c->text.data + c->at[i];
}

void afd_csv_release(struct afd_csv *c)
{
	afd_buf_release(&c->text);
}
