/* Layouts that no other type shares: LOC (RFC 1876), APL (RFC 3123), IPSECKEY (RFC 4025), AMTRELAY (RFC 8777), HIP (RFC
 * 8005), WKS (RFC 1035, 3.4.2). */
#include "collector/zone/dns_layout.h"

#include <arpa/inet.h>
#include <inttypes.h>

#include "core/digest.h"

struct in { const uint8_t *p; size_t n; };         /* rdata that is left */

static int hex_out(struct afd_buf *out, struct afd_slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (afd_buf_printf(out, "%02x", s.data[i]) < 0)
			return -1;
	return 0;
}

static int address_out(struct afd_buf *out, int family, const uint8_t *a)
{
	char text[INET6_ADDRSTRLEN];

	return afd_buf_text(out, inet_ntop(family, a, text, sizeof(text)));
}

/* A name that stands whole, not compressed */
static int name_out(struct afd_buf *out, struct in *in)
{
	struct afd_dns_name n;
	char text[AFD_DNS_TEXT_MAX];
	size_t at = 0;

	if (afd_dns_name_read(afd_slice(in->p, in->n), &at, false, &n, NULL) < 0)
		return -1;
	*in = (struct in){ in->p + at, in->n - at };
	afd_dns_name_text(&n, false, text);
	return afd_buf_printf(out, n.len == 1 ? "%s" : "%s.", text);
}

static uint32_t be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* --- LOC --- */

static const uint64_t ten_to[10] = { 1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000 };
enum { LOC_BYTES = 16, BELOW = 10000000 /* centimetres under the sea where altitudes begin */ };
#define LOC_EQUATOR UINT32_C(0x80000000)

static int angle_out(struct afd_buf *out, uint32_t v, unsigned most, const char *sides)
{
	const bool up = v >= LOC_EQUATOR;
	const uint32_t ms = up ? v - LOC_EQUATOR : LOC_EQUATOR - v;

	if (ms > most * UINT32_C(3600000))
		return -1;
	return afd_buf_printf(out, "%" PRIu32 " %" PRIu32 " %" PRIu32 ".%03" PRIu32 " %c ", ms / 3600000, ms / 60000 % 60,
	                      ms / 1000 % 60, ms % 1000, sides[up ? 0 : 1]);
}

static int loc_out(struct afd_buf *out, struct in *in)
{
	const uint8_t *p = in->p;

	if (in->n != LOC_BYTES || p[0] != 0)
		return -1;
	for (unsigned i = 1; i <= 3; i++)
		if ((p[i] >> 4) > 9 || (p[i] & 15) > 9)
			return -1;
	const int64_t alt = (int64_t)be32(p + 12) - BELOW, abs = alt < 0 ? -alt : alt;
	if (angle_out(out, be32(p + 4), 90, "NS") < 0 || angle_out(out, be32(p + 8), 180, "EW") < 0 ||
	    afd_buf_printf(out, "%s%" PRId64 ".%02" PRId64 "m", alt < 0 ? "-" : "", abs / 100, abs % 100) < 0)
		return -1;
	for (unsigned i = 1; i <= 3; i++) {
		const uint64_t cm = (p[i] >> 4) * ten_to[p[i] & 15];
		if (afd_buf_printf(out, " %" PRIu64 ".%02" PRIu64 "m", cm / 100, cm % 100) < 0)
			return -1;
	}
	in->n = 0;
	return 0;
}

/* "-12.5m" in units of 10^-DIGITS */
static int decimal(struct afd_slice t, unsigned digits, int64_t *ret)
{
	const bool negative = t.len && t.data[0] == '-';
	int64_t v = 0;
	unsigned seen = 0, fraction = 0;
	bool dot = false;

	for (size_t i = negative; i < t.len; i++) {
		if (t.data[i] == '.' && !dot) {
			dot = true;
			continue;
		}
		if (t.data[i] < '0' || t.data[i] > '9' || ++seen > 12 || (dot && ++fraction > digits))
			return -1;
		v = v * 10 + (t.data[i] - '0');
	}
	for (; fraction < digits; fraction++)
		v *= 10;
	*ret = negative ? -v : v;
	return seen ? 0 : -1;
}

static int loc_angle(struct afd_words *w, unsigned most, const char *sides, struct afd_wire *out)
{
	int64_t part[3] = { 0 }, ms;
	struct afd_word t;
	unsigned n = 0;

	for (;; n++) {
		if (afd_words_take(w, &t, "degrees, minutes, seconds and a side") < 0)
			return -1;
		if (t.len == 1 && strchr(sides, t.p[0] & ~0x20) && (t.p[0] & ~0x20))
			break;
		if (n == 3 || decimal(afd_word_slice(&t), n == 2 ? 3 : 0, &part[n]) < 0 || part[n] < 0 ||
		    part[n] > (n == 0 ? (int64_t)most : n == 1 ? 59 : 59999))
			return afd_words_fail(w, "degrees, minutes, seconds and a side");
	}
	ms = part[0] * 3600000 + part[1] * 60000 + part[2];
	if (n == 0 || ms > (int64_t)most * 3600000)
		return afd_words_fail(w, "degrees, minutes, seconds and a side");
	return afd_wire_number(out, 4, (t.p[0] & ~0x20) == sides[0] ? LOC_EQUATOR + (uint64_t)ms : LOC_EQUATOR - (uint64_t)ms);
}

static int metres(struct afd_words *w, const struct afd_word *t, int64_t *ret)
{
	struct afd_slice s = afd_word_slice(t);

	if (s.len && (s.data[s.len - 1] | 0x20) == 'm')
		s.len--;
	return decimal(s, 2, ret) < 0 ? afd_words_fail(w, "metres") : 0;
}

static int loc_in(struct afd_words *w, struct afd_wire *out)
{
	uint8_t power[3] = { 0x12, 0x16, 0x13 };          /* 1 m, 10000 m, 10 m (RFC 1876, 3) */
	const size_t at = out->len;
	struct afd_word t;
	int64_t v;

	if (afd_wire_number(out, 4, 0) < 0 || loc_angle(w, 90, "NS", out) < 0 || loc_angle(w, 180, "EW", out) < 0 ||
	    afd_words_take(w, &t, "an altitude in metres") < 0 || metres(w, &t, &v) < 0)
		return -1;
	if (v + BELOW < 0 || v + BELOW > UINT32_MAX)
		return afd_words_fail(w, "an altitude from -100000 to 42849672.95 metres");
	if (afd_wire_number(out, 4, (uint64_t)(v + BELOW)) < 0)
		return -1;
	for (unsigned i = 0; i < 3 && afd_word_next(w, &t); i++) {
		uint8_t e = 0;
		if (metres(w, &t, &v) < 0)
			return -1;
		if (v < 0 || v > INT64_C(9000000000))
			return afd_words_fail(w, "0 to 90000000 metres");
		for (; v > 9; v /= 10)
			e++;
		power[i] = (uint8_t)(v << 4 | e);
	}
	memcpy(out->data + at + 1, power, 3);
	return 0;
}

/* --- APL --- */

static int apl_out(struct afd_buf *out, struct in *in)
{
	const char *sep = "";

	while (in->n) {
		uint8_t a[16] = { 0 };
		if (in->n < 4)
			return -1;
		const unsigned family = in->p[0] << 8 | in->p[1], prefix = in->p[2], n = in->p[3] & 0x7f;
		const unsigned size = family == 1 ? 4 : family == 2 ? 16 : 0;
		if (size == 0 || n > size || prefix > size * 8 || in->n - 4 < n || (n && in->p[3 + n] == 0))
			return -1;
		memcpy(a, in->p + 4, n);
		if (afd_buf_printf(out, "%s%s%u:", sep, in->p[3] & 0x80 ? "!" : "", family) < 0 ||
		    address_out(out, family == 1 ? AF_INET : AF_INET6, a) < 0 || afd_buf_printf(out, "/%u", prefix) < 0)
			return -1;
		*in = (struct in){ in->p + 4 + n, in->n - 4 - n };
		sep = " ";
	}
	return 0;
}

static int apl_item(struct afd_words *w, struct afd_slice t, struct afd_wire *out)
{
	const bool not = t.len && t.data[0] == '!';
	uint8_t room[16];
	struct afd_wire a = { room, 0, sizeof(room) };
	uint64_t prefix;

	t = afd_slice_sub(t, not, t.len);
	const uint8_t *slash = memrchr(t.data, '/', t.len);
	if (t.len < 2 || (t.data[0] != '1' && t.data[0] != '2') || t.data[1] != ':' || !slash)
		return afd_words_fail(w, "[!]1:address/prefix or [!]2:address/prefix");
	const unsigned family = t.data[0] - '0';
	const struct afd_slice addr = afd_slice(t.data + 2, (size_t)(slash - t.data) - 2);
	if (afd_words_put_address(w, addr, family == 1 ? AF_INET : AF_INET6, &a) < 0 ||
	    afd_rdata_number(afd_slice(slash + 1, (size_t)(t.data + t.len - slash - 1)), a.len * 8, &prefix) < 0)
		return afd_words_fail(w, "[!]1:address/prefix or [!]2:address/prefix");
	while (a.len && room[a.len - 1] == 0)             /* RFC 3123, 4: trailing zeros are not sent */
		a.len--;
	if (afd_wire_number(out, 2, family) < 0 || afd_wire_number(out, 1, prefix) < 0 ||
	    afd_wire_number(out, 1, a.len | (not ? 0x80 : 0)) < 0)
		return -1;
	return afd_wire_add(out, room, a.len);
}

static int apl_in(struct afd_words *w, struct afd_wire *out)
{
	struct afd_word t;

	while (afd_word_next(w, &t))
		if (apl_item(w, afd_word_slice(&t), out) < 0)
			return -1;
	return w->why ? -1 : 0;
}

/* --- a gateway or relay: nothing, an address, or a name --- */

static int place_out(struct afd_buf *out, unsigned kind, struct in *in)
{
	const size_t n = kind == 1 ? 4 : 16;

	if (kind == 0)
		return afd_buf_text(out, ".");
	if (kind == 3)
		return name_out(out, in);
	if (kind > 3 || in->n < n || address_out(out, kind == 1 ? AF_INET : AF_INET6, in->p) < 0)
		return -1;
	*in = (struct in){ in->p + n, in->n - n };
	return 0;
}

static int place_in(struct afd_words *w, uint64_t kind, struct afd_wire *out)
{
	struct afd_word t;

	if (kind == 3)
		return afd_words_put_name(w, false, out);
	if (afd_words_take(w, &t, "an address or a name") < 0)
		return -1;
	if (kind == 0)
		return t.len == 1 && t.p[0] == '.' ? 0 : afd_words_fail(w, "\".\" for no address");
	return afd_words_put_address(w, afd_word_slice(&t), kind == 1 ? AF_INET : AF_INET6, out);
}

static int ipseckey_out(struct afd_buf *out, struct in *in)
{
	if (in->n < 3)
		return -1;
	const unsigned kind = in->p[1];
	if (afd_buf_printf(out, "%u %u %u ", in->p[0], kind, in->p[2]) < 0)
		return -1;
	*in = (struct in){ in->p + 3, in->n - 3 };
	if (place_out(out, kind, in) < 0)
		return -1;
	const struct afd_slice key = afd_slice(in->p, in->n);
	in->n = 0;
	return key.len == 0 ? 0 : afd_buf_text(out, " ") < 0 ? -1 : afd_base64(key, out);
}

static int ipseckey_in(struct afd_words *w, struct afd_wire *out)
{
	uint64_t precedence, kind, algorithm;

	if (afd_words_number(w, 255, &precedence) < 0 || afd_words_number(w, 3, &kind) < 0 ||
	    afd_words_number(w, 255, &algorithm) < 0 || afd_wire_number(out, 1, precedence) < 0 ||
	    afd_wire_number(out, 1, kind) < 0 || afd_wire_number(out, 1, algorithm) < 0 || place_in(w, kind, out) < 0)
		return -1;
	return afd_words_put_rest(w, 'B', out);
}

static int amtrelay_out(struct afd_buf *out, struct in *in)
{
	if (in->n < 2)
		return -1;
	const unsigned kind = in->p[1] & 0x7f;
	if (afd_buf_printf(out, "%u %u %u ", in->p[0], in->p[1] >> 7, kind) < 0)
		return -1;
	*in = (struct in){ in->p + 2, in->n - 2 };
	return place_out(out, kind, in);
}

static int amtrelay_in(struct afd_words *w, struct afd_wire *out)
{
	uint64_t precedence, discovery, kind;

	if (afd_words_number(w, 255, &precedence) < 0 || afd_words_number(w, 1, &discovery) < 0 ||
	    afd_words_number(w, 3, &kind) < 0 || afd_wire_number(out, 1, precedence) < 0 ||
	    afd_wire_number(out, 1, discovery << 7 | kind) < 0)
		return -1;
	return place_in(w, kind, out);
}

/* --- HIP --- */

static int hip_out(struct afd_buf *out, struct in *in)
{
	if (in->n < 4)
		return -1;
	const size_t hit = in->p[0], key = (size_t)in->p[2] << 8 | in->p[3];
	if (hit == 0 || key == 0 || in->n - 4 < hit + key || afd_buf_printf(out, "%u ", in->p[1]) < 0 ||
	    hex_out(out, afd_slice(in->p + 4, hit)) < 0 || afd_buf_text(out, " ") < 0 ||
	    afd_base64(afd_slice(in->p + 4 + hit, key), out) < 0)
		return -1;
	*in = (struct in){ in->p + 4 + hit + key, in->n - 4 - hit - key };
	while (in->n)
		if (afd_buf_text(out, " ") < 0 || name_out(out, in) < 0)
			return -1;
	return 0;
}

static int hip_in(struct afd_words *w, struct afd_wire *out)
{
	const size_t at = out->len;
	AFD_AUTO(buf) struct afd_buf key = { .max = 65535 };
	struct afd_word t;
	uint64_t algorithm;

	if (afd_words_number(w, 255, &algorithm) < 0 || afd_wire_number(out, 4, algorithm << 16) < 0 ||
	    afd_words_take(w, &t, "a host identity tag in hex") < 0 || afd_words_put_hex(w, afd_word_slice(&t), out) < 0)
		return -1;
	const size_t hit = out->len - at - 4;
	if (hit == 0 || hit > 255 || afd_words_take(w, &t, "a public key in base64") < 0 ||
	    afd_unbase64(afd_word_slice(&t), &key) < 0 || key.len == 0 || afd_wire_add(out, key.data, key.len) < 0)
		return afd_words_fail(w, "a host identity tag in hex and a public key in base64");
	out->data[at] = (uint8_t)hit;
	out->data[at + 2] = (uint8_t)(key.len >> 8);
	out->data[at + 3] = (uint8_t)key.len;
	while (afd_word_next(w, &t)) {
		uint8_t name[AFD_DNS_NAME_MAX];
		const int n = afd_words_name(w, &t, false, name);
		if (n < 0 || afd_wire_add(out, name, (size_t)n) < 0)
			return -1;
	}
	return w->why ? -1 : 0;
}

/* --- WKS: ports by number; names of services are a host's file, not the format --- */

static int wks_out(struct afd_buf *out, struct in *in)
{
	if (in->n < 5 || in->n - 5 > 8192 || (in->n > 5 && in->p[in->n - 1] == 0) || address_out(out, AF_INET, in->p) < 0 ||
	    afd_buf_printf(out, " %u", in->p[4]) < 0)
		return -1;
	for (size_t i = 0; i < (in->n - 5) * 8; i++)
		if (in->p[5 + i / 8] & 0x80 >> i % 8 && afd_buf_printf(out, " %zu", i) < 0)
			return -1;
	in->n = 0;
	return 0;
}

static int wks_in(struct afd_words *w, struct afd_wire *out)
{
	static const struct { const char *name; unsigned port; } services[] = {
		{ "ftp", 21 }, { "ssh", 22 }, { "telnet", 23 }, { "smtp", 25 }, { "domain", 53 }, { "http", 80 }, { "pop3", 110 },
		{ "ntp", 123 }, { "imap", 143 }, { "https", 443 },
	};
	uint8_t bits[8192] = { 0 };
	struct afd_word t;
	size_t used = 0;
	uint64_t v;

	if (afd_words_take(w, &t, "an IPv4 address") < 0 || afd_words_put_address(w, afd_word_slice(&t), AF_INET, out) < 0 ||
	    afd_words_take(w, &t, "a protocol") < 0)
		return -1;
	if (afd_rdata_number(afd_word_slice(&t), 255, &v) < 0) {
		v = afd_rdata_word_is(afd_word_slice(&t), "tcp") ? 6 : 17;
		if (v == 17 && !afd_rdata_word_is(afd_word_slice(&t), "udp"))
			return afd_words_fail(w, "a protocol's number, TCP or UDP");
	}
	if (afd_wire_number(out, 1, v) < 0)
		return -1;
	while (afd_word_next(w, &t)) {
		bool known = afd_rdata_number(afd_word_slice(&t), 65535, &v) == 0;
		for (size_t i = 0; !known && i < AFD_COUNT(services); i++)
			if (afd_rdata_word_is(afd_word_slice(&t), services[i].name)) {
				v = services[i].port;
				known = true;
			}
		if (!known)
			return afd_words_fail(w, "ports by number");
		bits[v / 8] |= (uint8_t)(0x80 >> v % 8);
		if (v / 8 >= used)
			used = v / 8 + 1;
	}
	return w->why ? -1 : afd_wire_add(out, bits, used);
}

static const struct odd {
	char kind;
	int (*out)(struct afd_buf *out, struct in *in);
	int (*in)(struct afd_words *w, struct afd_wire *out);
} odd[] = {
	{ 'L', loc_out, loc_in },             { 'P', apl_out, apl_in },
	{ 'G', ipseckey_out, ipseckey_in },   { 'R', amtrelay_out, amtrelay_in },
	{ 'J', hip_out, hip_in },             { 'W', wks_out, wks_in },
};

int afd_rdata_odd_write(char kind, struct afd_slice message, size_t *at, size_t end, struct afd_buf *out)
{
	struct in in = { message.data + *at, end - *at };

	for (size_t i = 0; i < AFD_COUNT(odd); i++) {
		if (odd[i].kind != kind)
			continue;
		const int r = odd[i].out(out, &in);
		*at = end - in.n;
		return r;
	}
	return -1;
}

int afd_rdata_odd_read(char kind, struct afd_words *w, struct afd_wire *out)
{
	for (size_t i = 0; i < AFD_COUNT(odd); i++)
		if (odd[i].kind == kind)
			return odd[i].in(w, out);
	return -1;
}
