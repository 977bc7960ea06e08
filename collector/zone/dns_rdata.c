#include "collector/zone/dns_rdata.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>

#include "core/digest.h"
#include "core/when.h"

/* Fields of a layout, in the order of the wire:
 *   n name   1 2 4 number of that many bytes   a A address   s quoted string   S quoted strings to the end
 *   c property tag (CAA)   r rest as quoted text   x rest in hex   b rest in base64   h counted hex, "-" when empty
 *   H counted base32hex   t type   T time   w type bitmap   v service parameters
 * Compressed names are only taken in the types of RFC 1035 and those that RFC 3597, 4 lists for old senders. */
enum { LOWER = 1, POINTERS = 2 };
static const struct layout {
	uint16_t type;
	const char *name, *fields;
	int flags;
} layouts[] = {
	{ 1, "A", "a", 0 },                    { 2, "NS", "n", LOWER | POINTERS },
	{ 5, "CNAME", "n", LOWER | POINTERS }, { 6, "SOA", "nn44444", LOWER | POINTERS },
	{ 12, "PTR", "n", LOWER | POINTERS },  { 13, "HINFO", "ss", 0 },
	{ 14, "MINFO", "nn", LOWER | POINTERS }, { 15, "MX", "2n", LOWER | POINTERS },
	{ 16, "TXT", "S", 0 },                 { 17, "RP", "nn", LOWER | POINTERS },
	{ 18, "AFSDB", "2n", LOWER | POINTERS }, { 21, "RT", "2n", LOWER | POINTERS },
	{ 28, "AAAA", "A", 0 },                { 33, "SRV", "222n", LOWER | POINTERS },
	{ 35, "NAPTR", "22sssn", LOWER | POINTERS }, { 36, "KX", "2n", LOWER },
	{ 39, "DNAME", "n", LOWER },           { 43, "DS", "211x", 0 },
	{ 44, "SSHFP", "11x", 0 },             { 46, "RRSIG", "t114TT2nb", LOWER },
	{ 47, "NSEC", "nw", 0 },               { 48, "DNSKEY", "211b", 0 },
	{ 50, "NSEC3", "112hHw", 0 },          { 51, "NSEC3PARAM", "112h", 0 },
	{ 52, "TLSA", "111x", 0 },             { 53, "SMIMEA", "111x", 0 },
	{ 59, "CDS", "211x", 0 },              { 60, "CDNSKEY", "211b", 0 },
	{ 61, "OPENPGPKEY", "b", 0 },          { 62, "CSYNC", "42w", 0 },
	{ 63, "ZONEMD", "411x", 0 },           { 64, "SVCB", "2nv", 0 },
	{ 65, "HTTPS", "2nv", 0 },             { 99, "SPF", "S", 0 },
	{ 256, "URI", "22r", 0 },              { 257, "CAA", "1cr", 0 },
	{ 32769, "DLV", "211x", 0 },
};
/* Types whose name we know but whose rdata stays in the generic form. */
static const struct { uint16_t type; const char *name; } other_names[] = {
	{ 11, "WKS" }, { 19, "X25" }, { 20, "ISDN" }, { 24, "SIG" }, { 25, "KEY" }, { 26, "PX" }, { 29, "LOC" },
	{ 37, "CERT" }, { 41, "OPT" }, { 42, "APL" }, { 45, "IPSECKEY" }, { 49, "DHCID" }, { 55, "HIP" },
	{ 104, "NID" }, { 105, "L32" }, { 106, "L64" }, { 107, "LP" }, { 108, "EUI48" }, { 109, "EUI64" },
	{ 249, "TKEY" }, { 250, "TSIG" }, { 251, "IXFR" }, { 252, "AXFR" }, { 255, "ANY" },
};
enum {
	SVC_MANDATORY, SVC_ALPN, SVC_NO_DEFAULT_ALPN, SVC_PORT, SVC_IPV4HINT, SVC_ECH, SVC_IPV6HINT, SVC_DOHPATH,
	SVC_OHTTP,
};
static const char *const svc_keys[] = {
	"mandatory", "alpn", "no-default-alpn", "port", "ipv4hint", "ech", "ipv6hint", "dohpath", "ohttp",
};

static const struct layout *layout_of(uint16_t type)
{
	for (size_t i = 0; i < AFD_COUNT(layouts); i++)
		if (layouts[i].type == type)
			return &layouts[i];
	return NULL;
}

void afd_dns_type_text(uint16_t type, char ret[16])
{
	const struct layout *l = layout_of(type);
	const char *name = l ? l->name : NULL;

	for (size_t i = 0; !name && i < AFD_COUNT(other_names); i++)
		if (other_names[i].type == type)
			name = other_names[i].name;
	if (name)
		snprintf(ret, 16, "%s", name);
	else
		snprintf(ret, 16, "TYPE%u", type);
}

static bool word_is(struct afd_slice t, const char *w)
{
	return t.len == strlen(w) && strncasecmp((const char *)t.data, w, t.len) == 0;
}

static int number(struct afd_slice t, uint64_t max, uint64_t *ret)
{
	uint64_t v = 0;

	if (t.len == 0 || t.len > 10)
		return -1;
	for (size_t i = 0; i < t.len; i++) {
		if (t.data[i] < '0' || t.data[i] > '9')
			return -1;
		v = v * 10 + (t.data[i] - '0');
	}
	*ret = v;
	return v <= max ? 0 : -1;
}

int afd_dns_type_parse(struct afd_slice t, uint16_t *ret)
{
	uint64_t v;

	for (size_t i = 0; i < AFD_COUNT(layouts); i++)
		if (word_is(t, layouts[i].name))
			return *ret = layouts[i].type, 0;
	for (size_t i = 0; i < AFD_COUNT(other_names); i++)
		if (word_is(t, other_names[i].name))
			return *ret = other_names[i].type, 0;
	if (t.len < 5 || strncasecmp((const char *)t.data, "TYPE", 4) != 0 ||
	    number(afd_slice_sub(t, 4, t.len), 65535, &v) < 0)
		return -1;
	*ret = (uint16_t)v;
	return 0;
}

/* --- wire to text --- */

struct from {                    /* rdata being read: positions count in the message, for the pointers' sake */
	struct afd_slice message;
	size_t at, end;
	int flags;
	struct afd_buf *out;
};

static struct afd_slice rest(struct from *f)
{
	struct afd_slice s = { f->message.data + f->at, f->end - f->at };
	f->at = f->end;
	return s;
}

static int take(struct from *f, size_t n, struct afd_slice *ret)
{
	if (f->end - f->at < n)
		return -1;
	*ret = afd_slice(f->message.data + f->at, n);
	f->at += n;
	return 0;
}

static int take_counted(struct from *f, struct afd_slice *ret)
{
	struct afd_slice n;
	return take(f, 1, &n) < 0 ? -1 : take(f, n.data[0], ret);
}

static uint64_t big_endian(struct afd_slice s)
{
	uint64_t v = 0;
	for (size_t i = 0; i < s.len; i++)
		v = v << 8 | s.data[i];
	return v;
}

static int out_hex(struct afd_buf *out, struct afd_slice s)
{
	static const char digits[] = "0123456789abcdef";

	if (afd_buf_reserve(out, 2 * s.len + 1) < 0)
		return -1;
	for (size_t i = 0; i < s.len; i++) {
		const char two[] = { digits[s.data[i] >> 4], digits[s.data[i] & 15] };
		if (afd_buf_add(out, two, 2) < 0)
			return -1;
	}
	return 0;
}

static int out_quoted(struct afd_buf *out, struct afd_slice s)
{
	int bad = afd_buf_text(out, "\"");

	for (size_t i = 0; bad == 0 && i < s.len; i++) {
		uint8_t c = s.data[i];
		if (c == '"' || c == '\\')
			bad = afd_buf_add(out, (const char[]){ '\\', (char)c }, 2);
		else if (c < 0x20 || c >= 0x7f)
			bad = afd_buf_add(out, (const char[]){ '\\', (char)('0' + c / 100), (char)('0' + c / 10 % 10),
			                                       (char)('0' + c % 10) }, 4);
		else
			bad = afd_buf_u8(out, c);
	}
	return bad < 0 ? -1 : afd_buf_text(out, "\"");
}

static const char base32hex[] = "0123456789abcdefghijklmnopqrstuv";

static int out_base32hex(struct afd_buf *out, struct afd_slice s)
{
	unsigned have = 0, bits = 0;

	for (size_t i = 0; i < s.len; i++) {
		bits = (bits << 8 | s.data[i]) & 0xffff;
		for (have += 8; have >= 5; have -= 5)
			if (afd_buf_u8(out, (uint8_t)base32hex[bits >> (have - 5) & 31]) < 0)
				return -1;
	}
	return have ? afd_buf_u8(out, (uint8_t)base32hex[bits << (5 - have) & 31]) : 0;
}

static int out_name(struct from *f)
{
	struct afd_dns_name n;
	char text[AFD_DNS_TEXT_MAX];

	if (afd_dns_name_read(f->message, &f->at, f->flags & POINTERS, &n, NULL) < 0 || f->at > f->end)
		return -1;
	afd_dns_name_text(&n, f->flags & LOWER, text);
	return afd_buf_printf(f->out, n.len == 1 ? "%s" : "%s.", text);
}

/* RFC 4034, 4.1.2: windows in rising order, 1 to 32 bytes each, the last one not zero */
static int out_bitmap(struct from *f)
{
	int last = -1;
	const char *sep = "";

	while (f->at < f->end) {
		struct afd_slice w, bits;
		char name[16];
		if (take(f, 1, &w) < 0 || take_counted(f, &bits) < 0 || w.data[0] <= last || bits.len < 1 ||
		    bits.len > 32 || bits.data[bits.len - 1] == 0)
			return -1;
		last = w.data[0];
		for (unsigned i = 0; i < bits.len * 8; i++) {
			if (!(bits.data[i / 8] & 0x80 >> i % 8))
				continue;
			afd_dns_type_text((uint16_t)(last << 8 | i), name);
			if (afd_buf_printf(f->out, "%s%s", sep, name) < 0)
				return -1;
			sep = " ";
		}
	}
	return 0;
}

static int out_svc_key(struct afd_buf *out, unsigned key)
{
	return key < AFD_COUNT(svc_keys) ? afd_buf_text(out, svc_keys[key]) : afd_buf_printf(out, "key%u", key);
}

static int out_addresses(struct afd_buf *out, const char *key, struct afd_slice v, int family, size_t size)
{
	char text[INET6_ADDRSTRLEN];

	if (v.len == 0 || v.len % size)
		return 1;
	for (size_t i = 0; i < v.len; i += size)
		if (afd_buf_printf(out, "%s%s", i ? "," : key, inet_ntop(family, v.data + i, text, sizeof(text))) < 0)
			return -1;
	return 0;
}

/* true when every protocol id is plain text, so that the comma list needs no second layer of escapes */
static bool alpn_is_plain(struct afd_slice v)
{
	for (size_t i = 0; i < v.len; i += 1u + v.data[i]) {
		if (v.data[i] == 0 || v.len - i < 1u + v.data[i])
			return false;
		for (size_t k = 1; k <= v.data[i]; k++)
			if (v.data[i + k] <= 0x20 || v.data[i + k] >= 0x7f || strchr(",\\\"", v.data[i + k]))
				return false;
	}
	return v.len > 0;
}

/* One parameter in its own form (RFC 9460, 7); 1 when it is not of that form. */
static int out_svc_value(struct afd_buf *out, unsigned key, struct afd_slice v)
{
	switch (key) {
	case SVC_MANDATORY:
		if (v.len == 0 || v.len % 2)
			return 1;
		for (size_t i = 0; i < v.len; i += 2)
			if (afd_buf_text(out, i ? "," : "mandatory=") < 0 ||
			    out_svc_key(out, v.data[i] << 8 | v.data[i + 1]) < 0)
				return -1;
		return 0;
	case SVC_ALPN:
		if (!alpn_is_plain(v))
			return 1;
		for (size_t i = 0; i < v.len; i += 1u + v.data[i])
			if (afd_buf_text(out, i ? "," : "alpn=\"") < 0 ||
			    afd_buf_add(out, v.data + i + 1, v.data[i]) < 0)
				return -1;
		return afd_buf_text(out, "\"");
	case SVC_NO_DEFAULT_ALPN:
	case SVC_OHTTP:
		return v.len ? 1 : out_svc_key(out, key);
	case SVC_PORT:
		return v.len != 2 ? 1 : afd_buf_printf(out, "port=%u", v.data[0] << 8 | v.data[1]);
	case SVC_IPV4HINT:
		return out_addresses(out, "ipv4hint=", v, AF_INET, 4);
	case SVC_IPV6HINT:
		return out_addresses(out, "ipv6hint=", v, AF_INET6, 16);
	case SVC_ECH:
		return v.len == 0 ? 1 : afd_buf_text(out, "ech=") < 0 ? -1 : afd_base64(v, out);
	default:
		return 1;
	}
}

/* Keys in rising order (RFC 9460, 2.2). A value that is not what its key says is shown as "keyN=" with its bytes. */
static int out_svc(struct from *f)
{
	int last = -1;

	while (f->at < f->end) {
		struct afd_slice head, v;
		if (take(f, 4, &head) < 0 || take(f, (size_t)big_endian(afd_slice_sub(head, 2, 2)), &v) < 0)
			return -1;
		unsigned key = head.data[0] << 8 | head.data[1];
		if ((int)key <= last)
			return -1;
		if (afd_buf_text(f->out, last < 0 ? "" : " ") < 0)
			return -1;
		last = (int)key;
		int r = out_svc_value(f->out, key, v);
		bool generic = r == 1;
		if (generic)
			r = afd_buf_printf(f->out, v.len ? "key%u=" : "key%u", key);
		if (r < 0 || (generic && v.len && out_quoted(f->out, v) < 0))
			return -1;
	}
	return 0;
}

static int out_time(struct afd_buf *out, uint32_t t)
{
	int y, mon, d, h, min, s, ms;

	afd_when_split((int64_t)t * AFD_SECOND, &y, &mon, &d, &h, &min, &s, &ms);
	return afd_buf_printf(out, "%04d%02d%02d%02d%02d%02d", y, mon, d, h, min, s);
}

static int out_field(struct from *f, char kind)
{
	struct afd_slice s;
	char text[INET6_ADDRSTRLEN];

	switch (kind) {
	case 'n':
		return out_name(f);
	case '1': case '2': case '4':
		return take(f, (size_t)(kind - '0'), &s) < 0 ? -1 : afd_buf_printf(f->out, "%" PRIu64, big_endian(s));
	case 'a':
		return take(f, 4, &s) < 0 ? -1 : afd_buf_text(f->out, inet_ntop(AF_INET, s.data, text, sizeof(text)));
	case 'A':
		return take(f, 16, &s) < 0 ? -1 : afd_buf_text(f->out, inet_ntop(AF_INET6, s.data, text, sizeof(text)));
	case 's':
		return take_counted(f, &s) < 0 ? -1 : out_quoted(f->out, s);
	case 'S':
		do {
			if (take_counted(f, &s) < 0 || out_quoted(f->out, s) < 0 ||
			    (f->at < f->end && afd_buf_text(f->out, " ") < 0))
				return -1;
		} while (f->at < f->end);
		return 0;
	case 'c':
		if (take_counted(f, &s) < 0 || s.len == 0)
			return -1;
		for (size_t i = 0; i < s.len; i++)
			if (!(s.data[i] >= '0' && s.data[i] <= '9') &&
			    !((s.data[i] | 32) >= 'a' && (s.data[i] | 32) <= 'z'))
				return -1;
		return afd_buf_add_slice(f->out, s);
	case 'r':
		return out_quoted(f->out, rest(f));
	case 'x':
		return out_hex(f->out, rest(f));
	case 'b':
		return afd_base64(rest(f), f->out);
	case 'h':
		return take_counted(f, &s) < 0 ? -1 : s.len ? out_hex(f->out, s) : afd_buf_text(f->out, "-");
	case 'H':
		return take_counted(f, &s) < 0 || s.len == 0 ? -1 : out_base32hex(f->out, s);
	case 't':
		if (take(f, 2, &s) < 0)
			return -1;
		afd_dns_type_text((uint16_t)big_endian(s), text);
		return afd_buf_text(f->out, text);
	case 'T':
		return take(f, 4, &s) < 0 ? -1 : out_time(f->out, (uint32_t)big_endian(s));
	case 'w':
		return out_bitmap(f);
	case 'v':
		return out_svc(f);
	}
	return -1;
}

/* ALLOWED: flags that may count; rdata without its message cannot hold compression pointers. */
static int to_text(struct afd_slice message, size_t at, uint16_t type, size_t len, int allowed, struct afd_buf *ret,
                   struct afd_error *err)
{
	const struct layout *l = layout_of(type);
	struct from f = { message, at, at + len, l ? l->flags & allowed : 0, ret };
	size_t start = ret->len;
	char name[16];

	if (!l) {
		if (afd_buf_printf(ret, "\\# %zu%s", len, len ? " " : "") < 0 || out_hex(ret, rest(&f)) < 0)
			return afd_fail_memory(err);
		return 0;
	}
	for (const char *k = l->fields; *k; k++) {
		/* A field that is empty at the end (a bitmap, a key) brings no blank with it. */
		if (k != l->fields && !(f.at == f.end && strchr("wvxb", *k)) && afd_buf_text(ret, " ") < 0)
			return afd_fail_memory(err);
		if (out_field(&f, *k) == 0)
			continue;
		afd_dns_type_text(type, name);
		ret->len = start;
		return afd_fail(err, AFD_E_PARSE, "%s record: rdata of %zu bytes is malformed", name, len);
	}
	if (f.at == f.end)
		return 0;
	afd_dns_type_text(type, name);
	ret->len = start;
	return afd_fail(err, AFD_E_PARSE, "%s record: %zu bytes behind its rdata", name, f.end - f.at);
}

int afd_dns_rdata_text(const struct afd_dns_message *m, const struct afd_dns_rr *rr, struct afd_buf *ret,
                       struct afd_error *err)
{
	return to_text(m->whole, rr->rdata, rr->type, rr->rdlen, LOWER | POINTERS, ret, err);
}

/* --- text to wire --- */

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
				if (t.len - i < 4 || number(afd_slice(d, 3), 255, &v) < 0)
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
		int v = digit_of(t.data[i], base32hex);
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
		return number(t, UINT32_MAX, &seconds) < 0 ? -1 : put_number(out, 4, seconds);
	if (number(afd_slice_sub(t, 0, 8), UINT32_MAX, &day) < 0 ||
	    number(afd_slice_sub(t, 8, 6), UINT32_MAX, &clock) < 0 ||
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
	for (unsigned i = 0; i < AFD_COUNT(svc_keys); i++)
		if (word_is(t, svc_keys[i]))
			return *ret = i, 0;
	if (t.len <= 3 || strncasecmp((const char *)t.data, "key", 3) != 0)
		return -1;
	return number(afd_slice_sub(t, 3, t.len), 65535, ret);
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
		return number(v, 65535, &port) < 0 ? -1 : put_number(out, 2, port);
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

/* A salt in hex ("-": none) or a hash in base32hex, its length in front */
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
		if (number(t, (UINT64_C(1) << 8 * (kind - '0')) - 1, &v) < 0)
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

	if (!next_word(w, &n, &quoted) || number(n, 65535, &len) < 0 || joined(w, &hex) < 0 ||
	    put_hex(out, afd_buf_slice(&hex)) < 0)
		return -1;
	return out->len == len ? 0 : -1;
}

int afd_dns_rdata_canonical(uint16_t type, struct afd_slice text, struct afd_buf *ret, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf wire = { .max = 65535 };
	const struct layout *l = layout_of(type);
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
	return to_text(afd_buf_slice(&wire), 0, type, wire.len, LOWER, ret, err);
}
