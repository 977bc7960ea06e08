/* Presentation text of rdata, as servers and people write it, read into wire form. */
#include "collector/zone/dns_layout.h"

#include <arpa/inet.h>

#include "core/digest.h"
#include "core/limits.h"
#include "core/when.h"

static int put_counted(struct afd_words *w, struct afd_slice text, struct afd_wire *out)
{
	const size_t at = out->len;

	if (afd_wire_number(out, 1, 0) < 0 || afd_words_unescape(w, text, out) < 0)
		return afd_words_fail(w, "less data");
	if (out->len - at - 1 > 255)
		return afd_words_fail(w, "a string of at most 255 bytes");
	out->data[at] = (uint8_t)(out->len - at - 1);
	return 0;
}

static int digit_of(uint8_t c, const char *alphabet)
{
	const char *p = c ? strchr(alphabet, c >= 'A' && c <= 'Z' ? c + 32 : c) : NULL;
	return p ? (int)(p - alphabet) : -1;
}

static int hex_of(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int afd_words_put_hex(struct afd_words *w, struct afd_slice t, struct afd_wire *out)
{
	if (t.len % 2)
		return afd_words_fail(w, "an even number of hex digits");
	for (size_t i = 0; i < t.len; i += 2) {
		const int a = hex_of(t.data[i]), b = hex_of(t.data[i + 1]);
		if (a < 0 || b < 0)
			return afd_words_fail(w, "hex digits");
		if (afd_wire_number(out, 1, (unsigned)(a << 4 | b)) < 0)
			return afd_words_fail(w, "less data");
	}
	return 0;
}

static int put_base32hex(struct afd_words *w, struct afd_slice t, struct afd_wire *out)
{
	unsigned have = 0, bits = 0;

	for (size_t i = 0; i < t.len; i++) {
		int v = digit_of(t.data[i], afd_rdata_base32hex);
		if (v < 0)
			return afd_words_fail(w, "digits of base32hex");
		bits = (bits << 5 | (unsigned)v) & 0xfff;
		have += 5;
		if (have >= 8) {
			have -= 8;
			if (afd_wire_number(out, 1, bits >> have & 0xff) < 0)
				return afd_words_fail(w, "less data");
		}
	}
	return have < 5 && (bits & ((1u << have) - 1)) == 0 ? 0 : afd_words_fail(w, "whole bytes in base32hex");
}

/* What is left, blanks taken out: long hex and base64 may be cut into groups. */
static int joined(struct afd_words *w, struct afd_buf *ret)
{
	struct afd_word t;

	while (afd_word_next(w, &t))
		if (t.quoted || afd_buf_add(ret, t.p, t.len) < 0)
			return afd_words_fail(w, t.quoted ? "text without quotes" : "less data");
	return w->why ? -1 : 0;
}

static int put_hex_rest(struct afd_words *w, struct afd_wire *out)
{
	AFD_AUTO(buf) struct afd_buf text = { .max = 2 * AFD_MAX_DNS_MESSAGE };

	return joined(w, &text) < 0 ? -1 : afd_words_put_hex(w, afd_buf_slice(&text), out);
}

static int put_base64_rest(struct afd_words *w, struct afd_wire *out)
{
	AFD_AUTO(buf) struct afd_buf text = { .max = 2 * AFD_MAX_DNS_MESSAGE }, bytes = { .max = AFD_MAX_DNS_MESSAGE };

	if (joined(w, &text) < 0)
		return -1;
	if (afd_unbase64(afd_buf_slice(&text), &bytes) < 0)
		return afd_words_fail(w, "base64");
	return afd_wire_add(out, bytes.data, bytes.len) < 0 ? afd_words_fail(w, "less data") : 0;
}

int afd_words_put_rest(struct afd_words *w, char kind, struct afd_wire *out)
{
	const size_t before = out->len;

	if ((kind == 'x' || kind == 'X' ? put_hex_rest(w, out) : put_base64_rest(w, out)) < 0)
		return -1;
	if (out->len == before && (kind == 'x' || kind == 'b'))
		return afd_words_fail(w, kind == 'x' ? "hex digits" : "base64");
	return 0;
}

/* Decimal without leading zeros, four of them: what inet_pton takes, without its copy */
static int put_ipv4(struct afd_words *w, struct afd_slice t, struct afd_wire *out)
{
	uint8_t a[4];
	size_t i = 0;

	for (unsigned k = 0; k < 4; k++) {
		unsigned v = 0;
		const size_t first = i;
		for (; i < t.len && i - first < 3 && (unsigned)(t.data[i] - '0') <= 9; i++)
			v = v * 10 + (t.data[i] - '0');
		if (i == first || v > 255 || (i - first > 1 && t.data[first] == '0') ||
		    (k < 3 && (i == t.len || t.data[i++] != '.')))
			return afd_words_fail(w, "an IPv4 address");
		a[k] = (uint8_t)v;
	}
	return i == t.len ? afd_wire_add(out, a, 4) : afd_words_fail(w, "an IPv4 address");
}

int afd_words_put_address(struct afd_words *w, struct afd_slice t, int family, struct afd_wire *out)
{
	char text[INET6_ADDRSTRLEN];
	uint8_t a[16];

	if (family == AF_INET)
		return put_ipv4(w, t, out);
	if (t.len >= sizeof(text) || memchr(t.data, 0, t.len))
		return afd_words_fail(w, "an IPv6 address");
	memcpy(text, t.data, t.len);
	text[t.len] = 0;
	return inet_pton(AF_INET6, text, a) == 1 ? afd_wire_add(out, a, 16) : afd_words_fail(w, "an IPv6 address");
}

/* 20261205000000, or seconds */
static int put_time(struct afd_words *w, struct afd_slice t, struct afd_wire *out)
{
	uint64_t day, clock, seconds;
	int64_t ms;

	if (t.len != 14) {
		if (afd_rdata_number(t, UINT32_MAX, &seconds) < 0)
			return afd_words_fail(w, "a time: YYYYMMDDHHMMSS or seconds");
		return afd_wire_number(out, 4, seconds);
	}
	if (afd_rdata_number(afd_slice_sub(t, 0, 8), UINT32_MAX, &day) < 0 ||
	    afd_rdata_number(afd_slice_sub(t, 8, 6), UINT32_MAX, &clock) < 0 ||
	    afd_when_civil((int)(day / 10000), (int)(day / 100 % 100), (int)(day % 100), (int)(clock / 10000),
	                   (int)(clock / 100 % 100), (int)(clock % 100), 0, &ms) < 0)
		return afd_words_fail(w, "a time: YYYYMMDDHHMMSS or seconds");
	return afd_wire_number(out, 4, (uint64_t)(ms / AFD_SECOND) & UINT32_MAX);
}

static int put_bitmap(struct afd_words *w, struct afd_wire *out)
{
	uint8_t bits[65536 / 8] = { 0 };
	struct afd_word t;
	uint16_t type;
	unsigned last = 0;

	while (afd_word_next(w, &t)) {
		if (t.quoted || afd_dns_type_parse(afd_word_slice(&t), &type) < 0)
			return afd_words_fail(w, "types");
		bits[type / 8] |= (uint8_t)(0x80 >> type % 8);
		if (type / 256u > last)
			last = type / 256u;
	}
	for (unsigned win = 0; win <= last; win++) {
		unsigned n = 32;
		while (n > 0 && bits[win * 32 + n - 1] == 0)
			n--;
		if (n && (afd_wire_number(out, 1, win) < 0 || afd_wire_number(out, 1, n) < 0 ||
		          afd_wire_add(out, bits + win * 32, n) < 0))
			return afd_words_fail(w, "less data");
	}
	return w->why ? -1 : 0;
}

/* A salt in hex ("-": none) or a hash in base32hex, its length in front */
static int put_counted_digits(struct afd_words *w, char kind, struct afd_slice t, struct afd_wire *out)
{
	const size_t at = out->len;
	const bool none = kind == 'h' && t.len == 1 && t.data[0] == '-';

	if (afd_wire_number(out, 1, 0) < 0 ||
	    (!none && (kind == 'h' ? afd_words_put_hex(w, t, out) : put_base32hex(w, t, out)) < 0))
		return afd_words_fail(w, "less data");
	if (out->len - at - 1 > 255 || (!none && out->len - at == 1))
		return afd_words_fail(w, "1 to 255 bytes");
	out->data[at] = (uint8_t)(out->len - at - 1);
	return 0;
}

/* --- numbers that have names --- */

static const struct mnemonic { unsigned value; const char *name; } algorithms[] = {   /* IANA dns-sec-alg-numbers; BIND's names */
	{ 1, "RSAMD5" }, { 2, "DH" }, { 3, "DSA" }, { 4, "ECC" }, { 5, "RSASHA1" }, { 6, "DSA-NSEC3-SHA1" }, { 6, "NSEC3DSA" },
	{ 7, "RSASHA1-NSEC3-SHA1" }, { 7, "NSEC3RSASHA1" }, { 8, "RSASHA256" }, { 10, "RSASHA512" }, { 12, "ECC-GOST" },
	{ 12, "ECCGOST" }, { 13, "ECDSAP256SHA256" }, { 14, "ECDSAP384SHA384" }, { 15, "ED25519" }, { 16, "ED448" },
	{ 252, "INDIRECT" }, { 253, "PRIVATEDNS" }, { 254, "PRIVATEOID" }, { 0, NULL }
}, certificates[] = {   /* RFC 4398, 2.1 */
	{ 1, "PKIX" }, { 2, "SPKI" }, { 3, "PGP" }, { 4, "IPKIX" }, { 5, "ISPKI" }, { 6, "IPGP" }, { 7, "ACPKIX" },
	{ 8, "IACPKIX" }, { 253, "URI" }, { 254, "OID" }, { 0, NULL }
}, schemes[] = { { 1, "NOTIFY" }, { 0, NULL } };                                       /* RFC 9859 */

static int put_mnemonic(struct afd_words *w, const struct mnemonic *m, unsigned size, struct afd_slice t, struct afd_wire *out)
{
	uint64_t v;

	if (afd_rdata_number(t, (UINT64_C(1) << 8 * size) - 1, &v) == 0)
		return afd_wire_number(out, size, v);
	for (; m->name; m++)
		if (afd_rdata_word_is(t, m->name))
			return afd_wire_number(out, size, m->value);
	return afd_words_fail(w, "a number or a name that stands for one");
}

/* "00-00-5e-00-53-2a" (RFC 7043), "2001:0db8:1140:1000" (RFC 6742) */
static int put_groups(struct afd_words *w, struct afd_slice t, size_t bytes, struct afd_wire *out)
{
	const bool locator = bytes == 0;
	size_t i = 0;

	for (unsigned k = 0; k < (locator ? 4 : bytes); k++) {
		unsigned v = 0;
		const size_t first = i, most = locator ? 4 : 2;
		if (k && (i == t.len || t.data[i++] != (locator ? ':' : '-')))
			return afd_words_fail(w, "groups of hex digits");
		const size_t start = k ? first + 1 : first;
		for (; i < t.len && i - start < most && hex_of(t.data[i]) >= 0; i++)
			v = v << 4 | (unsigned)hex_of(t.data[i]);
		if (i == start || (!locator && i - start != 2) || afd_wire_number(out, locator ? 2 : 1, v) < 0)
			return afd_words_fail(w, "groups of hex digits");
	}
	return i == t.len ? 0 : afd_words_fail(w, "groups of hex digits");
}

/* Property tags are letters and digits (RFC 8659, 4.1). */
static int put_tag(struct afd_words *w, const struct afd_word *t, struct afd_wire *out)
{
	for (size_t i = 0; i < t->len; i++)
		if (!(t->p[i] >= '0' && t->p[i] <= '9') && !((t->p[i] | 32) >= 'a' && (t->p[i] | 32) <= 'z'))
			return afd_words_fail(w, "a property tag of letters and digits");
	return t->len ? put_counted(w, afd_word_slice(t), out) : afd_words_fail(w, "a property tag");
}

static int put_strings(struct afd_words *w, bool optional, struct afd_wire *out)
{
	struct afd_word t;

	if (optional)
		return afd_word_next(w, &t) ? put_counted(w, afd_word_slice(&t), out) : w->why ? -1 : 0;
	if (afd_words_take(w, &t, "a string") < 0)
		return -1;
	do {
		if (put_counted(w, afd_word_slice(&t), out) < 0)
			return -1;
	} while (afd_word_next(w, &t));
	return w->why ? -1 : 0;
}

static int put_0x(struct afd_words *w, struct afd_wire *out)
{
	struct afd_word t;
	AFD_AUTO(buf) struct afd_buf digits = { .max = AFD_MAX_DNS_MESSAGE };

	if (afd_words_take(w, &t, "0x and hex digits") < 0)
		return -1;
	if (t.len < 4 || t.p[0] != '0' || (t.p[1] | 0x20) != 'x')
		return afd_words_fail(w, "0x and hex digits");
	for (size_t i = 2; i < t.len; i++)                /* dots for the eye (RFC 1706, 7) */
		if (t.p[i] != '.' && afd_buf_u8(&digits, t.p[i]) < 0)
			return afd_words_fail(w, "less data");
	return afd_words_put_hex(w, afd_buf_slice(&digits), out);
}

/* A field of one word */
static int put_word(struct afd_words *w, char kind, const struct afd_word *t, struct afd_wire *out)
{
	const struct afd_slice s = afd_word_slice(t);
	uint16_t type;

	switch (kind) {
	case 's':
		return put_counted(w, s, out);
	case 'c':
		return put_tag(w, t, out);
	case 'r':
		return afd_words_unescape(w, s, out);
	}
	if (t->quoted)
		return afd_words_fail(w, "text without quotes");
	switch (kind) {
	case 'a':
		return put_ipv4(w, s, out);
	case 'A':
		return afd_words_put_address(w, s, AF_INET6, out);
	case 't':
		return afd_dns_type_parse(s, &type) < 0 ? afd_words_fail(w, "a record type") : afd_wire_number(out, 2, type);
	case 'T':
		return put_time(w, s, out);
	case 'h': case 'H':
		return put_counted_digits(w, kind, s, out);
	case 'g':
		return put_mnemonic(w, algorithms, 1, s, out);
	case 'k':
		return put_mnemonic(w, certificates, 2, s, out);
	case 'Y':
		return put_mnemonic(w, schemes, 1, s, out);
	case 'l': case 'e': case 'E':
		return put_groups(w, s, kind == 'l' ? 0 : kind == 'e' ? 6 : 8, out);
	}
	return -1;
}

static int put_period(struct afd_words *w, struct afd_wire *out)
{
	struct afd_word t;
	uint64_t v;

	if (afd_words_take(w, &t, "a number of seconds") < 0)
		return -1;
	if (t.quoted || afd_rdata_period(afd_word_slice(&t), UINT32_MAX, &v) < 0)
		return afd_words_fail(w, "a number of seconds");
	return afd_wire_number(out, 4, v);
}

static int put_field(struct afd_words *w, char kind, int flags, struct afd_wire *out)
{
	struct afd_word t;
	uint64_t v;

	switch (kind) {
	case 'n':
		return afd_words_put_name(w, flags & LOWER, out);
	case '1': case '2': case '4': case '8':
		if (afd_words_number(w, kind == '8' ? UINT64_MAX : (UINT64_C(1) << 8 * (kind - '0')) - 1, &v) < 0)
			return -1;
		return afd_wire_number(out, (unsigned)(kind - '0'), v);
	case 'u':
		return put_period(w, out);
	case 'S': case '?':
		return put_strings(w, kind == '?', out);
	case 'w':
		return put_bitmap(w, out);
	case 'v':
		return afd_words_put_svc(w, out);
	case 'x': case 'X': case 'b': case 'B':
		return afd_words_put_rest(w, kind, out);
	case '0':
		return put_0x(w, out);
	case 'L': case 'P': case 'G': case 'R': case 'J': case 'W':
		return afd_rdata_odd_read(kind, w, out);
	}
	if (afd_words_take(w, &t, kind == 'a' ? "an IPv4 address" : kind == 'A' ? "an IPv6 address" : "more rdata") < 0)
		return -1;
	return put_word(w, kind, &t, out);
}

/* "\# 4 0a000001" (RFC 3597, 5), its "\#" already read. It must be what the type's layout allows: who knows the type reads
 * it as such, and letters of names in it become lower-case there. */
static int put_generic(uint16_t type, const struct afd_rdata_layout *l, struct afd_words *w, struct afd_wire *out)
{
	const size_t at = out->len;
	AFD_AUTO(buf) struct afd_buf text = { .max = 8 * AFD_MAX_DNS_MESSAGE };
	uint64_t len;

	if (afd_words_number(w, 65535, &len) < 0 || put_hex_rest(w, out) < 0)
		return -1;
	if (out->len - at != len)
		return afd_words_fail(w, "as many bytes as the length says");
	if (!l)
		return 0;
	if (afd_rdata_write(afd_slice(out->data, out->len), at, type, len, LOWER, &text, NULL) < 0)
		return afd_words_fail(w, "bytes that are rdata of this type");
	if (!(l->flags & LOWER) || (text.len > 1 && memcmp(text.data, "\\#", 2) == 0))
		return 0;
	struct afd_words again = { .at = text.data, .end = text.data + text.len };
	out->len = at;
	return afd_rdata_read(type, &again, out) < 0 ? afd_words_fail(w, "bytes that are rdata of this type") : 0;
}

int afd_rdata_read(uint16_t type, struct afd_words *w, struct afd_wire *out)
{
	const struct afd_rdata_layout *l = afd_rdata_layout(type);
	const struct afd_words before = *w;
	struct afd_word t;

	if (afd_word_next(w, &t) && !t.quoted && t.len == 2 && memcmp(t.p, "\\#", 2) == 0)
		return put_generic(type, l, w, out);
	if (w->why)
		return -1;
	if (!l)
		return afd_words_fail(w, "\\# and bytes: no other form is known for this type");
	*w = before;
	w->params = l->flags & PARAMS;
	for (const char *k = l->fields; *k; k++)
		if (put_field(w, *k, l->flags, out) < 0)
			return afd_words_fail(w, "less data");
	w->params = false;
	if (!afd_word_next(w, &t))
		return w->why ? -1 : 0;
	return afd_words_fail(w, "the end of the record");
}

int afd_dns_rdata_canonical(uint16_t type, struct afd_slice text, struct afd_buf *ret, struct afd_error *err)
{
	AFD_AUTO(mem) uint8_t *room = malloc(AFD_MAX_DNS_MESSAGE);
	struct afd_words w = { .at = text.data, .end = text.data + text.len };
	struct afd_wire wire = { room, 0, AFD_MAX_DNS_MESSAGE };

	if (!room)
		return afd_fail_memory(err);
	if (afd_rdata_read(type, &w, &wire) < 0)
		return afd_fail(err, AFD_E_PARSE, "rdata text \"%.*s\" cannot be read: expected %s",
		                (int)(text.len < 80 ? text.len : 80), (const char *)text.data, w.why);
	return afd_rdata_write(afd_slice(wire.data, wire.len), 0, type, wire.len, LOWER, ret, err);
}
