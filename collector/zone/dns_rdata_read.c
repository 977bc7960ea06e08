/* Presentation text of rdata, as servers and people write it, read into wire form. */
#include "collector/zone/dns_layout.h"

#include <arpa/inet.h>

#include "core/digest.h"
#include "core/when.h"

struct words { struct afd_slice left; bool params; };   /* params: key="a b" is one word */

/* The next word; *quoted says whether it stood in quotes, which are not part of it. Escapes stay. */
static bool next_word(struct words *w, struct afd_slice *ret, bool *quoted)
{
	const uint8_t *p = w->left.data, *end = p + w->left.len;

	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	if (p == end)
		return false;
	*quoted = *p == '"';
	p += *quoted;
	const uint8_t *start = p;
	bool in_quotes = *quoted;
	for (; p < end && (in_quotes || (*p != ' ' && *p != '\t')); p++) {
		if (*p == '\\' && p + 1 < end)
			p++;
		else if (*p == '"') {
			if (*quoted)
				break;
			in_quotes = w->params && !in_quotes;
		}
	}
	if (in_quotes && p == end)
		return false;
	*ret = afd_slice(start, (size_t)(p - start));
	p += *quoted;
	w->left = afd_slice(p, (size_t)(end - p));
	return true;
}

static int unescape(struct afd_slice t, struct afd_buf *ret)
{
	for (size_t i = 0; i < t.len;) {
		uint8_t c = t.data[i];
		size_t used = 1;
		if (c == '\\') {
			const uint8_t *d = t.data + i + 1;
			if (t.len - i < 2)
				return -1;
			c = d[0];
			used = 2;
			if (c >= '0' && c <= '9') {
				uint64_t v;
				if (t.len - i < 4 || afd_rdata_number(afd_slice(d, 3), 255, &v) < 0)
					return -1;
				c = (uint8_t)v;
				used = 4;
			}
		}
		if (afd_buf_u8(ret, c) < 0)
			return -1;
		i += used;
	}
	return 0;
}

static int put_counted(struct afd_buf *out, struct afd_slice text)
{
	size_t at = out->len;

	if (afd_buf_u8(out, 0) < 0 || unescape(text, out) < 0 || out->len - at - 1 > 255)
		return -1;
	out->data[at] = (uint8_t)(out->len - at - 1);
	return 0;
}

static int digit_of(uint8_t c, const char *alphabet)
{
	const char *p = c ? strchr(alphabet, c >= 'A' && c <= 'Z' ? c + 32 : c) : NULL;
	return p ? (int)(p - alphabet) : -1;
}

static int put_hex(struct afd_buf *out, struct afd_slice t)
{
	if (t.len % 2)
		return -1;
	for (size_t i = 0; i < t.len; i += 2) {
		int a = digit_of(t.data[i], "0123456789abcdef"), b = digit_of(t.data[i + 1], "0123456789abcdef");
		if (a < 0 || b < 0 || afd_buf_u8(out, (uint8_t)(a << 4 | b)) < 0)
			return -1;
	}
	return 0;
}

static int put_base32hex(struct afd_buf *out, struct afd_slice t)
{
	unsigned have = 0, bits = 0;

	for (size_t i = 0; i < t.len; i++) {
		int v = digit_of(t.data[i], afd_rdata_base32hex);
		if (v < 0)
			return -1;
		bits = (bits << 5 | (unsigned)v) & 0xfff;
		have += 5;
		if (have >= 8) {
			have -= 8;
			if (afd_buf_u8(out, (uint8_t)(bits >> have)) < 0)
				return -1;
		}
	}
	return have < 5 && (bits & ((1u << have) - 1)) == 0 ? 0 : -1;
}

/* What is left, blanks taken out: long hex and base64 may be cut into groups. */
static int joined(struct words *w, struct afd_buf *ret)
{
	struct afd_slice t;
	bool quoted;

	while (next_word(w, &t, &quoted))
		if (afd_buf_add_slice(ret, t) < 0)
			return -1;
	return 0;
}

static int put_number(struct afd_buf *out, unsigned size, uint64_t v)
{
	for (unsigned i = size; i-- > 0;)
		if (afd_buf_u8(out, (uint8_t)(v >> 8 * i)) < 0)
			return -1;
	return 0;
}

static int put_name(struct afd_buf *out, struct afd_slice t)
{
	struct afd_dns_name n;
	return afd_dns_name_parse(t, &n, NULL) < 0 ? -1 : afd_buf_add(out, n.wire, n.len);
}

static int put_address(struct afd_buf *out, struct afd_slice t, int family)
{
	char text[INET6_ADDRSTRLEN];
	uint8_t a[16];

	if (t.len >= sizeof(text))
		return -1;
	memcpy(text, t.data, t.len);
	text[t.len] = 0;
	return inet_pton(family, text, a) == 1 ? afd_buf_add(out, a, family == AF_INET ? 4 : 16) : -1;
}

/* 20261205000000, or seconds */
static int put_time(struct afd_buf *out, struct afd_slice t)
{
	uint64_t day, clock, seconds;
	int64_t ms;

	if (t.len != 14)
		return afd_rdata_number(t, UINT32_MAX, &seconds) < 0 ? -1 : put_number(out, 4, seconds);
	if (afd_rdata_number(afd_slice_sub(t, 0, 8), UINT32_MAX, &day) < 0 ||
	    afd_rdata_number(afd_slice_sub(t, 8, 6), UINT32_MAX, &clock) < 0 ||
	    afd_when_civil((int)(day / 10000), (int)(day / 100 % 100), (int)(day % 100), (int)(clock / 10000),
	                   (int)(clock / 100 % 100), (int)(clock % 100), 0, &ms) < 0)
		return -1;
	return put_number(out, 4, (uint64_t)(ms / AFD_SECOND) & UINT32_MAX);
}

static int put_bitmap(struct afd_buf *out, struct words *w)
{
	uint8_t bits[65536 / 8] = { 0 };
	struct afd_slice t;
	bool quoted;
	uint16_t type;

	while (next_word(w, &t, &quoted)) {
		if (afd_dns_type_parse(t, &type) < 0)
			return -1;
		bits[type / 8] |= (uint8_t)(0x80 >> type % 8);
	}
	for (unsigned win = 0; win < 256; win++) {
		unsigned n = 32;
		while (n > 0 && bits[win * 32 + n - 1] == 0)
			n--;
		if (n && (afd_buf_u8(out, (uint8_t)win) < 0 || afd_buf_u8(out, (uint8_t)n) < 0 ||
		          afd_buf_add(out, bits + win * 32, n) < 0))
			return -1;
	}
	return 0;
}

static int svc_key_parse(struct afd_slice t, uint64_t *ret)
{
	for (unsigned i = 0; i < AFD_SVC_KEYS; i++)
		if (afd_rdata_word_is(t, afd_rdata_svc_keys[i]))
			return *ret = i, 0;
	if (t.len <= 3 || strncasecmp((const char *)t.data, "key", 3) != 0)
		return -1;
	return afd_rdata_number(afd_slice_sub(t, 3, t.len), 65535, ret);
}

/* V split at commas, each piece through the key's form. */
static int put_svc_list(struct afd_buf *out, uint64_t key, struct afd_slice v)
{
	while (v.len) {
		const uint8_t *comma = memchr(v.data, ',', v.len);
		struct afd_slice one = afd_slice(v.data, comma ? (size_t)(comma - v.data) : v.len);
		uint64_t k;
		int bad = 0;
		if (key == SVC_MANDATORY)
			bad = svc_key_parse(one, &k) < 0 ? -1 : put_number(out, 2, k);
		else if (key == SVC_ALPN)
			bad = one.len == 0 || memchr(one.data, '\\', one.len) ? -1 : put_counted(out, one);
		else
			bad = put_address(out, one, key == SVC_IPV4HINT ? AF_INET : AF_INET6);
		if (bad < 0)
			return -1;
		v = afd_slice_sub(v, one.len + (comma != NULL), v.len);
	}
	return 0;
}

/* Written keys (alpn) have their own form of value; "keyN" always gives bytes. */
static int put_svc_value(struct afd_buf *out, uint64_t key, bool generic, struct afd_slice v)
{
	uint64_t port;

	if (generic)
		return unescape(v, out);
	switch (key) {
	case SVC_MANDATORY: case SVC_ALPN: case SVC_IPV4HINT: case SVC_IPV6HINT:
		return put_svc_list(out, key, v);
	case SVC_PORT:
		return afd_rdata_number(v, 65535, &port) < 0 ? -1 : put_number(out, 2, port);
	case SVC_ECH:
		return afd_unbase64(v, out);
	case SVC_NO_DEFAULT_ALPN: case SVC_OHTTP:
		return v.len ? -1 : 0;
	default:
		return unescape(v, out);
	}
}

static int put_svc(struct afd_buf *out, struct words *w)
{
	struct afd_slice t;
	bool quoted;
	int64_t last = -1;

	w->params = true;
	while (next_word(w, &t, &quoted)) {
		const uint8_t *eq = memchr(t.data, '=', t.len);
		struct afd_slice name = afd_slice(t.data, eq ? (size_t)(eq - t.data) : t.len);
		struct afd_slice v = afd_slice_sub(t, name.len + (eq != NULL), t.len);
		uint64_t key;
		if (v.len >= 2 && v.data[0] == '"' && v.data[v.len - 1] == '"')
			v = afd_slice_sub(v, 1, v.len - 2);
		/* Writers sort the keys; we need not. */
		if (quoted || svc_key_parse(name, &key) < 0 || (int64_t)key <= last)
			return -1;
		last = (int64_t)key;
		size_t at = out->len;
		bool generic = strncasecmp((const char *)name.data, "key", 3) == 0;
		if (put_number(out, 2, key) < 0 || put_number(out, 2, 0) < 0 ||
		    put_svc_value(out, key, generic, v) < 0 || out->len - at - 4 > 65535)
			return -1;
		out->data[at + 2] = (uint8_t)((out->len - at - 4) >> 8);
		out->data[at + 3] = (uint8_t)(out->len - at - 4);
	}
	return 0;
}

/* Fields that take everything that is left. */
static int put_rest(struct afd_buf *out, char kind, struct words *w)
{
	AFD_AUTO(buf) struct afd_buf text = { 0 };
	struct afd_slice t;
	bool quoted, any = false;

	if (kind == 'w')
		return put_bitmap(out, w);
	if (kind == 'v')
		return put_svc(out, w);
	if (kind == 'S') {
		for (; next_word(w, &t, &quoted); any = true)
			if (put_counted(out, t) < 0)
				return -1;
		return any ? 0 : -1;
	}
	if (joined(w, &text) < 0)
		return -1;
	return kind == 'x' ? put_hex(out, afd_buf_slice(&text)) : afd_unbase64(afd_buf_slice(&text), out);
}

/* A salt in hex ("-": none) or a hash in afd_rdata_base32hex, its length in front */
static int put_counted_digits(struct afd_buf *out, char kind, struct afd_slice t)
{
	size_t at = out->len;
	bool none = kind == 'h' && t.len == 1 && t.data[0] == '-';

	if (afd_buf_u8(out, 0) < 0 || (!none && (kind == 'h' ? put_hex(out, t) : put_base32hex(out, t)) < 0) ||
	    out->len - at - 1 > 255)
		return -1;
	out->data[at] = (uint8_t)(out->len - at - 1);
	return 0;
}

static int put_field(struct afd_buf *out, char kind, struct words *w)
{
	struct afd_slice t;
	bool quoted;
	uint64_t v;
	uint16_t type;

	if (strchr("wvSxb", kind))
		return put_rest(out, kind, w);
	if (!next_word(w, &t, &quoted))
		return -1;
	switch (kind) {
	case 'n':
		return put_name(out, t);
	case '1': case '2': case '4':
		if (afd_rdata_number(t, (UINT64_C(1) << 8 * (kind - '0')) - 1, &v) < 0)
			return -1;
		return put_number(out, (unsigned)(kind - '0'), v);
	case 'a':
		return put_address(out, t, AF_INET);
	case 'A':
		return put_address(out, t, AF_INET6);
	case 's': case 'c':
		return put_counted(out, t);
	case 'r':
		return unescape(t, out);
	case 't':
		return afd_dns_type_parse(t, &type) < 0 ? -1 : put_number(out, 2, type);
	case 'T':
		return put_time(out, t);
	case 'h': case 'H':
		return put_counted_digits(out, kind, t);
	}
	return -1;
}

/* "\# 4 0a000001" (RFC 3597, 5) */
static int put_generic(struct afd_buf *out, struct words *w)
{
	AFD_AUTO(buf) struct afd_buf hex = { 0 };
	struct afd_slice n;
	bool quoted;
	uint64_t len;

	if (!next_word(w, &n, &quoted) || afd_rdata_number(n, 65535, &len) < 0 || joined(w, &hex) < 0 ||
	    put_hex(out, afd_buf_slice(&hex)) < 0)
		return -1;
	return out->len == len ? 0 : -1;
}

int afd_dns_rdata_canonical(uint16_t type, struct afd_slice text, struct afd_buf *ret, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf wire = { .max = 65535 };
	const struct afd_rdata_layout *l = afd_rdata_layout(type);
	struct words w = { text };
	struct afd_slice t;
	bool quoted;
	int bad = 0;

	struct words generic = w;
	if (next_word(&generic, &t, &quoted) && !quoted && t.len == 2 && memcmp(t.data, "\\#", 2) == 0)
		bad = put_generic(&wire, &generic);
	else if (!l)
		bad = -1;
	else {
		for (const char *k = l->fields; bad == 0 && *k; k++)
			bad = put_field(&wire, *k, &w);
		if (bad == 0 && next_word(&w, &t, &quoted))
			bad = -1;
	}
	if (bad < 0)
		return afd_fail(err, AFD_E_PARSE, "rdata text \"%.*s\" cannot be read",
		                (int)(text.len < 80 ? text.len : 80), (const char *)text.data);
	return afd_rdata_write(afd_buf_slice(&wire), 0, type, wire.len, LOWER, ret, err);
}
