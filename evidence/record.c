/* The record of an item: written from a struct, and read back by the rule that writing again gives the same bytes.
 * A reader that takes two texts for one record would let a forger choose between them. */
#include "evidence/record.h"

#include <inttypes.h>

#include "core/when.h"

static const char *const kind_names[] = {
	[AFD_ITEM_ANSWER] = "answer",
	[AFD_ITEM_SEGMENT] = "segment",
	[AFD_ITEM_ENTRY] = "entry",
	[AFD_ITEM_HEAD] = "head",
	[AFD_ITEM_RANGE] = "range",
	[AFD_ITEM_WATCH] = "watch",
	[AFD_ITEM_FILE] = "file",
	[AFD_ITEM_RUN] = "run",
	[AFD_ITEM_TOMBSTONE] = "tombstone",
	[AFD_ITEM_WITHHELD] = "withheld",
};
_Static_assert(AFD_COUNT(kind_names) == AFD_ITEM_KIND_COUNT, "name every kind");

const char *afd_item_kind_name(enum afd_item_kind k)
{
	return (unsigned)k < AFD_ITEM_KIND_COUNT ? kind_names[k] : "unknown";
}

/* --- writing --- */

/* A byte that stands for itself: printable ASCII except '%'. A blank only inside a value, so that no value begins or
 * ends with one (ledger-format.md, 2.2). */
static bool stands(const char *text, size_t len, size_t i)
{
	const unsigned char c = (unsigned char)text[i];

	if (c == ' ')
		return i > 0 && i + 1 < len;
	return c > 0x20 && c < 0x7f && c != '%';
}

int afd_record_encode(const char *text, struct afd_buf *ret, struct afd_error *err)
{
	static const char digits[] = "0123456789ABCDEF";
	const size_t len = text ? strlen(text) : 0;

	if (len > AFD_MAX_RECORD_TEXT)
		return afd_fail(
			err, AFD_E_LIMIT, "a text of %zu bytes; the limit in a record is %u", len, AFD_MAX_RECORD_TEXT);
	if (len == 0)
		return afd_buf_text(ret, "-") < 0 ? afd_fail_memory(err) : 0;
	if (len == 1 && text[0] == '-')
		return afd_buf_text(ret, "%2D") < 0 ? afd_fail_memory(err) : 0;
	for (size_t i = 0; i < len;) {
		size_t run = 0;

		while (i + run < len && stands(text, len, i + run))
			run++;
		if (run) {
			if (afd_buf_add(ret, text + i, run) < 0)
				return afd_fail_memory(err);
			i += run;
		} else {
			const unsigned char c = (unsigned char)text[i++];
			const char hex[3] = { '%', digits[c >> 4], digits[c & 15] };

			if (afd_buf_add(ret, hex, sizeof(hex)) < 0)
				return afd_fail_memory(err);
		}
	}
	return 0;
}

static int write_text(struct afd_buf *b, const char *name, const char *text, struct afd_error *err)
{
	if (afd_buf_text(b, name) < 0 || afd_buf_text(b, " ") < 0)
		return afd_fail_memory(err);
	if (afd_record_encode(text, b, err) < 0)
		return afd_within(err, "%s", name);
	return afd_buf_text(b, "\n") < 0 ? afd_fail_memory(err) : 0;
}

static int write_time(struct afd_buf *b, const char *name, int64_t ms, bool needed, struct afd_error *err)
{
	int r;

	if (ms == AFD_TIME_NONE && needed)
		return afd_fail(err, AFD_E_PARSE, "%s: a time is needed", name);
	if (ms == AFD_TIME_NONE)
		r = afd_buf_printf(b, "%s -\n", name);
	else
		r = afd_buf_printf(b, "%s %" PRId64 "\n", name, ms);
	return r < 0 ? afd_fail_memory(err) : 0;
}

/* Redacted ranges are in order, do not touch each other's bytes, are not empty and lie in the item. */
static int write_redacted(struct afd_buf *b, const struct afd_record *r, struct afd_error *err)
{
	uint64_t end = 0;

	for (size_t i = 0; i < r->redacted.n; i++) {
		const struct afd_range *x = &r->redacted.at[i];

		if (x->len == 0 || x->off < end || x->off > r->length || x->len > r->length - x->off)
			return afd_fail(err, AFD_E_PARSE,
				"redacted: %" PRIu64 " %" PRIu64 " is empty, out of order or outside the item", x->off,
				x->len);
		end = x->off + x->len;
		if (afd_buf_printf(b, "redacted %" PRIu64 " %" PRIu64 "\n", x->off, x->len) < 0)
			return afd_fail_memory(err);
	}
	return 0;
}

int afd_record_write(const struct afd_record *r, struct afd_buf *ret, struct afd_error *err)
{
	char salt[33];

	if ((unsigned)r->kind >= AFD_ITEM_KIND_COUNT)
		return afd_fail(err, AFD_E_PARSE, "kind: there is no kind %d", (int)r->kind);
	if (!r->source || !*r->source)
		return afd_fail(err, AFD_E_PARSE, "source: a name is needed");
	if (r->length > AFD_MAX_ITEM)
		return afd_fail(
			err, AFD_E_LIMIT, "an item of %" PRIu64 " bytes; the limit is %u", r->length, AFD_MAX_ITEM);
	if (r->n_parts == 0 || r->n_parts > AFD_MAX_PARTS)
		return afd_fail(err, AFD_E_LIMIT, "%" PRIu64 " parts; 1 to %u can be", r->n_parts, AFD_MAX_PARTS);
	afd_hex(afd_slice(r->salt, sizeof(r->salt)), salt);
	if (afd_buf_printf(ret, "affidavit-item 1\nsalt %s\nkind %s\n", salt, kind_names[r->kind]) < 0)
		return afd_fail_memory(err);
	if (write_text(ret, "source", r->source, err) < 0 || write_text(ret, "decoder", r->decoder, err) < 0 ||
	    write_text(ret, "asked", r->asked, err) < 0 || write_text(ret, "channel", r->channel, err) < 0 ||
	    write_time(ret, "asked-at", r->asked_ms, true, err) < 0 ||
	    write_time(ret, "received-at", r->received_ms, true, err) < 0 ||
	    write_time(ret, "server-time", r->server_ms, false, err) < 0 ||
	    write_text(ret, "media-type", r->media_type, err) < 0)
		return -1;
	if (afd_buf_printf(ret, "length %" PRIu64 "\ncontent %s\nparts %" PRIu64 "\nparts-root %s\n", r->length,
	                   afd_digest_hex(&r->content).s, r->n_parts, afd_digest_hex(&r->parts_root).s) < 0)
		return afd_fail_memory(err);
	if (write_redacted(ret, r, err) < 0)
		return -1;
	if (r->kind != AFD_ITEM_TOMBSTONE)
		return 0;
	if (afd_buf_printf(ret, "erases %" PRIu64 " %s\n", r->erases_leaf, afd_digest_hex(&r->erases_hash).s) < 0)
		return afd_fail_memory(err);
	if (write_text(ret, "rule", r->rule, err) < 0)
		return -1;
	return write_text(ret, "actor", r->actor, err);
}

/* --- reading --- */

struct lines { struct afd_slice rest; unsigned n; };

/* The value of the next line, which must be "NAME value". */
static int line(struct lines *l, const char *name, struct afd_slice *ret, struct afd_error *err)
{
	const size_t n = strlen(name);
	const uint8_t *lf = l->rest.len ? memchr(l->rest.data, '\n', l->rest.len) : NULL;
	const size_t len = lf ? (size_t)(lf - l->rest.data) : 0;

	l->n++;
	if (!lf)
		return afd_fail(err, AFD_E_PARSE, "line %u: expected \"%s\", got the end", l->n, name);
	if (len < n + 2 || memcmp(l->rest.data, name, n) != 0 || l->rest.data[n] != ' ')
		return afd_fail(err, AFD_E_PARSE, "line %u: expected \"%s VALUE\"", l->n, name);
	*ret = afd_slice(l->rest.data + n + 1, len - n - 1);
	l->rest = afd_slice(lf + 1, l->rest.len - len - 1);
	return 0;
}

static int upper_hex(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static int read_text(struct lines *l, const char *name, char **ret, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf b = { .max = AFD_MAX_RECORD_TEXT };
	struct afd_slice v;

	if (line(l, name, &v, err) < 0)
		return -1;
	if (v.len > 3u * AFD_MAX_RECORD_TEXT)
		return afd_fail(err, AFD_E_LIMIT, "line %u: %s: too long", l->n, name);
	if (v.len == 1 && v.data[0] == '-')
		v.len = 0;
	for (size_t i = 0; i < v.len; i++) {
		uint8_t c = v.data[i];

		if (c == '%') {
			const int hi = i + 2 < v.len ? upper_hex(v.data[i + 1]) : -1,
				  lo = hi < 0 ? -1 : upper_hex(v.data[i + 2]);

			if (hi < 0 || lo < 0 || (hi | lo) == 0)
				return afd_fail(err, AFD_E_PARSE, "line %u: %s: '%%' without two upper-case hex digits",
					l->n, name);
			c = (uint8_t)(hi << 4 | lo);
			i += 2;
		} else if (c < 0x20 || c > 0x7e) {
			return afd_fail(err, AFD_E_PARSE, "line %u: %s: byte %u is not encoded", l->n, name, c);
		}
		if (afd_buf_u8(&b, c) < 0)
			return afd_fail(err, AFD_E_LIMIT, "line %u: %s: too long", l->n, name);
	}
	*ret = afd_text_dup(afd_buf_slice(&b));
	return *ret ? 0 : afd_fail_memory(err);
}

/* Digits without leading zeros. */
static int number(struct afd_slice v, uint64_t *ret)
{
	uint64_t n = 0;

	if (v.len == 0 || v.len > 20 || (v.data[0] == '0' && v.len > 1))
		return -1;
	for (size_t i = 0; i < v.len; i++) {
		const uint8_t c = v.data[i];

		if (c < '0' || c > '9' || n > (UINT64_MAX - (c - '0')) / 10)
			return -1;
		n = n * 10 + (c - '0');
	}
	*ret = n;
	return 0;
}

static int read_number(struct lines *l, const char *name, uint64_t *ret, struct afd_error *err)
{
	struct afd_slice v;

	if (line(l, name, &v, err) < 0)
		return -1;
	if (number(v, ret) < 0)
		return afd_fail(err, AFD_E_PARSE, "line %u: %s: expected a whole number", l->n, name);
	return 0;
}

static int read_time(struct lines *l, const char *name, int64_t *ret, struct afd_error *err)
{
	struct afd_slice v;
	uint64_t n;
	bool minus;

	if (line(l, name, &v, err) < 0)
		return -1;
	if (v.len == 1 && v.data[0] == '-') {
		*ret = AFD_TIME_NONE;
		return 0;
	}
	minus = v.data[0] == '-';
	if (minus)
		v = afd_slice_sub(v, 1, v.len);
	if (number(v, &n) < 0 || n > INT64_MAX)
		return afd_fail(err, AFD_E_PARSE, "line %u: %s: expected milliseconds", l->n, name);
	*ret = minus ? -(int64_t)n : (int64_t)n;
	return 0;
}

static int read_hex(struct lines *l, const char *name, uint8_t *ret, size_t n, struct afd_error *err)
{
	struct afd_slice v;

	if (line(l, name, &v, err) < 0)
		return -1;
	if (afd_unhex((const char *)v.data, v.len, ret, n) < 0)
		return afd_fail(err, AFD_E_PARSE, "line %u: %s: expected %zu lower-case hex digits", l->n, name, 2 * n);
	return 0;
}

static int read_kind(struct lines *l, enum afd_item_kind *ret, struct afd_error *err)
{
	struct afd_slice v;

	if (line(l, "kind", &v, err) < 0)
		return -1;
	for (unsigned k = 0; k < AFD_ITEM_KIND_COUNT; k++) {
		if (afd_slice_equal(v, afd_slice_text(kind_names[k]))) {
			*ret = (enum afd_item_kind)k;
			return 0;
		}
	}
	return afd_fail(err, AFD_E_PARSE, "line %u: kind: unknown kind", l->n);
}

/* Splits "A B" at the blank. */
static int pair(struct afd_slice v, struct afd_slice *a, struct afd_slice *b)
{
	const uint8_t *at = memchr(v.data, ' ', v.len);

	if (!at)
		return -1;
	*a = afd_slice(v.data, (size_t)(at - v.data));
	*b = afd_slice(at + 1, v.len - a->len - 1);
	return 0;
}

static int read_redacted(struct lines *l, struct afd_ranges *ret, struct afd_error *err)
{
	static const char name[] = "redacted ";
	struct afd_slice v, a, b;
	uint64_t off, len;

	while (l->rest.len >= sizeof(name) - 1 && memcmp(l->rest.data, name, sizeof(name) - 1) == 0) {
		if (line(l, "redacted", &v, err) < 0)
			return -1;
		if (pair(v, &a, &b) < 0 || number(a, &off) < 0 || number(b, &len) < 0)
			return afd_fail(err, AFD_E_PARSE, "line %u: redacted: expected OFFSET LENGTH", l->n);
		if (afd_ranges_add(ret, off, len) < 0)
			return afd_fail_memory(err);
	}
	return 0;
}

static int read_tombstone(struct lines *l, struct afd_record *r, struct afd_error *err)
{
	struct afd_slice v, a, b;

	if (line(l, "erases", &v, err) < 0)
		return -1;
	if (pair(v, &a, &b) < 0 || number(a, &r->erases_leaf) < 0 ||
	    afd_unhex((const char *)b.data, b.len, r->erases_hash.b, sizeof(r->erases_hash.b)) < 0)
		return afd_fail(err, AFD_E_PARSE, "line %u: erases: expected LEAF LEAF-HASH", l->n);
	if (read_text(l, "rule", &r->rule, err) < 0)
		return -1;
	return read_text(l, "actor", &r->actor, err);
}

static int read_record(struct lines *l, struct afd_record *r, struct afd_error *err)
{
	struct afd_slice v;

	if (line(l, "affidavit-item", &v, err) < 0)
		return -1;
	if (!afd_slice_equal(v, afd_slice_text("1")))
		return afd_fail(err, AFD_E_PARSE, "line 1: a record of another version than 1");
	if (read_hex(l, "salt", r->salt, sizeof(r->salt), err) < 0 || read_kind(l, &r->kind, err) < 0 ||
		read_text(l, "source", &r->source, err) < 0 || read_text(l, "decoder", &r->decoder, err) < 0 ||
		read_text(l, "asked", &r->asked, err) < 0 || read_text(l, "channel", &r->channel, err) < 0 ||
		read_time(l, "asked-at", &r->asked_ms, err) < 0 ||
		read_time(l, "received-at", &r->received_ms, err) < 0 ||
		read_time(l, "server-time", &r->server_ms, err) < 0 ||
		read_text(l, "media-type", &r->media_type, err) < 0 || read_number(l, "length", &r->length, err) < 0 ||
		read_hex(l, "content", r->content.b, 32, err) < 0 || read_number(l, "parts", &r->n_parts, err) < 0 ||
		read_hex(l, "parts-root", r->parts_root.b, 32, err) < 0 || read_redacted(l, &r->redacted, err) < 0)
		return -1;
	if (r->kind == AFD_ITEM_TOMBSTONE && read_tombstone(l, r, err) < 0)
		return -1;
	if (l->rest.len)
		return afd_fail(err, AFD_E_PARSE, "line %u: more than a record holds", l->n + 1);
	return 0;
}

int afd_record_parse(struct afd_slice text, struct afd_record *ret, struct afd_error *err)
{
	AFD_AUTO(record) struct afd_record r = { .kind = AFD_ITEM_ANSWER };
	AFD_AUTO(buf) struct afd_buf again = { 0 };
	struct lines l = { text, 0 };

	if (text.len > AFD_MAX_RECORD)
		return afd_fail(err, AFD_E_LIMIT, "record: %zu bytes; the limit is %u", text.len, AFD_MAX_RECORD);
	if (read_record(&l, &r, err) < 0)
		return afd_within(err, "record");
	if (afd_record_write(&r, &again, err) < 0)
		return afd_within(err, "record");
	if (!afd_slice_equal(afd_buf_slice(&again), text))
		return afd_fail(err, AFD_E_PARSE, "record: not in the one form that a record has");
	*ret = r;
	r = (struct afd_record){ .kind = AFD_ITEM_ANSWER };
	return 0;
}

/* --- what is left of an erased item --- */

int afd_stub_write(const struct afd_record *r, struct afd_buf *ret, struct afd_error *err)
{
	if (write_text(ret, "source", r->source, err) < 0 || write_text(ret, "decoder", r->decoder, err) < 0)
		return -1;
	if (afd_buf_printf(ret, "kind %s\n", afd_item_kind_name(r->kind)) < 0)
		return afd_fail_memory(err);
	return write_time(ret, "received-at", r->received_ms, true, err);
}

static int read_stub(struct lines *l, struct afd_record *r, struct afd_error *err)
{
	if (read_text(l, "source", &r->source, err) < 0 || read_text(l, "decoder", &r->decoder, err) < 0 ||
	    read_kind(l, &r->kind, err) < 0 || read_time(l, "received-at", &r->received_ms, err) < 0)
		return -1;
	if (l->rest.len || !*r->source || r->received_ms == AFD_TIME_NONE)
		return afd_fail(err, AFD_E_PARSE, "line %u: not what a tombstone keeps", l->n);
	return 0;
}

int afd_stub_read(struct afd_slice text, struct afd_record *ret, struct afd_error *err)
{
	AFD_AUTO(record) struct afd_record r = { .kind = AFD_ITEM_ANSWER };
	struct lines l = { text, 0 };

	if (text.len > AFD_MAX_RECORD)
		return afd_fail(err, AFD_E_LIMIT, "stub: %zu bytes; the limit is %u", text.len, AFD_MAX_RECORD);
	if (read_stub(&l, &r, err) < 0)
		return afd_within(err, "stub");
	*ret = r;
	r = (struct afd_record){ .kind = AFD_ITEM_ANSWER };
	return 0;
}

void afd_record_release(struct afd_record *r)
{
	char **const texts[] = { &r->source, &r->decoder, &r->asked, &r->channel, &r->media_type, &r->rule, &r->actor };

	for (size_t i = 0; i < AFD_COUNT(texts); i++) {
		free(*texts[i]);
		*texts[i] = NULL;
	}
	afd_ranges_release(&r->redacted);
}

void afd_record_leaf(struct afd_slice text, struct afd_digest *ret)
{
	static const uint8_t zero = 0;   /* RFC 6962, 2.1: a leaf is told from a node by its first byte */
	const struct afd_slice s[] = { { &zero, 1 }, text };

	afd_sha256_parts(s, AFD_COUNT(s), ret);
}
