#include "collector/zone/dns_layout.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>

#include "core/digest.h"
#include "core/when.h"

/* In the order of their numbers: looked up by bisection. */
static const struct afd_rdata_layout layouts[] = {
	{ 1, "A", "a", 0 },                    { 2, "NS", "n", LOWER | POINTERS },
	{ 3, "MD", "n", LOWER | POINTERS },    { 4, "MF", "n", LOWER | POINTERS },
	{ 5, "CNAME", "n", LOWER | POINTERS }, { 6, "SOA", "nn4uuuu", LOWER | POINTERS },
	{ 7, "MB", "n", LOWER | POINTERS },    { 8, "MG", "n", LOWER | POINTERS },
	{ 9, "MR", "n", LOWER | POINTERS },    { 11, "WKS", "W", 0 },
	{ 12, "PTR", "n", LOWER | POINTERS },  { 13, "HINFO", "ss", 0 },
	{ 14, "MINFO", "nn", LOWER | POINTERS }, { 15, "MX", "2n", LOWER | POINTERS },
	{ 16, "TXT", "S", 0 },                 { 17, "RP", "nn", LOWER | POINTERS },
	{ 18, "AFSDB", "2n", LOWER | POINTERS }, { 19, "X25", "s", 0 },
	{ 20, "ISDN", "s?", 0 },               { 21, "RT", "2n", LOWER | POINTERS },
	{ 22, "NSAP", "0", 0 },                { 23, "NSAP-PTR", "n", 0 },
	{ 24, "SIG", "tg14TT2nb", LOWER | POINTERS }, { 25, "KEY", "21gB", 0 },
	{ 26, "PX", "2nn", LOWER | POINTERS }, { 27, "GPOS", "sss", 0 },
	{ 28, "AAAA", "A", 0 },                { 29, "LOC", "L", 0 },
	{ 31, "EID", "x", 0 },                 { 32, "NIMLOC", "x", 0 },
	{ 33, "SRV", "222n", LOWER | POINTERS }, { 35, "NAPTR", "22sssn", LOWER | POINTERS },
	{ 36, "KX", "2n", LOWER },             { 37, "CERT", "k2gb", 0 },
	{ 39, "DNAME", "n", LOWER },           { 42, "APL", "P", 0 },
	{ 43, "DS", "2g1x", 0 },               { 44, "SSHFP", "11x", 0 },
	{ 45, "IPSECKEY", "G", 0 },            { 46, "RRSIG", "tg14TT2nb", LOWER },
	{ 47, "NSEC", "nw", 0 },               { 48, "DNSKEY", "21gb", 0 },
	{ 49, "DHCID", "b", 0 },               { 50, "NSEC3", "112hHw", 0 },
	{ 51, "NSEC3PARAM", "112h", 0 },       { 52, "TLSA", "111x", 0 },
	{ 53, "SMIMEA", "111x", 0 },           { 55, "HIP", "J", 0 },
	{ 56, "NINFO", "S", 0 },               { 57, "RKEY", "21gb", 0 },
	{ 58, "TALINK", "nn", 0 },             { 59, "CDS", "2g1x", 0 },
	{ 60, "CDNSKEY", "21gb", 0 },          { 61, "OPENPGPKEY", "b", 0 },
	{ 62, "CSYNC", "42w", 0 },             { 63, "ZONEMD", "411x", 0 },
	{ 64, "SVCB", "2nv", PARAMS },              { 65, "HTTPS", "2nv", PARAMS },
	{ 66, "DSYNC", "tY2n", 0 },            { 99, "SPF", "S", 0 },
	{ 104, "NID", "2l", 0 },               { 105, "L32", "2a", 0 },
	{ 106, "L64", "2l", 0 },               { 107, "LP", "2n", 0 },
	{ 108, "EUI48", "e", 0 },              { 109, "EUI64", "E", 0 },
	{ 256, "URI", "22r", 0 },              { 257, "CAA", "1cr", 0 },
	{ 258, "AVC", "S", 0 },                { 260, "AMTRELAY", "R", 0 },
	{ 261, "RESINFO", "S", 0 },            { 262, "WALLET", "S", 0 },
	{ 32768, "TA", "2g1x", 0 },            { 32769, "DLV", "2g1x", 0 },
};
/* Types whose name we know but whose rdata stays in the generic form, or which have no place in a zone. */
static const struct { uint16_t type; const char *name; } other_names[] = {
	{ 10, "NULL" }, { 30, "NXT" }, { 34, "ATMA" }, { 38, "A6" }, { 40, "SINK" }, { 41, "OPT" },
	{ 249, "TKEY" }, { 250, "TSIG" }, { 251, "IXFR" }, { 252, "AXFR" }, { 253, "MAILB" }, { 254, "MAILA" }, { 255, "ANY" },
};
const char *const afd_rdata_svc_keys[AFD_SVC_KEYS] = {
	"mandatory", "alpn", "no-default-alpn", "port", "ipv4hint", "ech", "ipv6hint", "dohpath", "ohttp",
};

const struct afd_rdata_layout *afd_rdata_layout(uint16_t type)
{
	size_t from = 0, to = AFD_COUNT(layouts);

	while (from < to) {
		const size_t mid = (from + to) / 2;
		if (layouts[mid].type == type)
			return &layouts[mid];
		if (layouts[mid].type < type)
			from = mid + 1;
		else
			to = mid;
	}
	return NULL;
}

const char *afd_dns_type_name(uint16_t type)
{
	const struct afd_rdata_layout *l = afd_rdata_layout(type);

	if (l)
		return l->name;
	for (size_t i = 0; i < AFD_COUNT(other_names); i++)
		if (other_names[i].type == type)
			return other_names[i].name;
	return NULL;
}

void afd_dns_type_text(uint16_t type, char ret[16])
{
	const char *name = afd_dns_type_name(type);

	if (name)
		snprintf(ret, 16, "%s", name);
	else
		snprintf(ret, 16, "TYPE%u", type);
}

bool afd_rdata_word_is(struct afd_slice t, const char *w)
{
	return t.len == strlen(w) && strncasecmp((const char *)t.data, w, t.len) == 0;
}

int afd_rdata_number(struct afd_slice t, uint64_t max, uint64_t *ret)
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

/* The usual ones without a search: a zone of a million records asks a million times. */
static uint16_t usual_type(struct afd_slice t)
{
	char up[8] = { 0 };

	for (size_t i = 0; i < t.len; i++)
		up[i] = (char)(t.data[i] >= 'a' && t.data[i] <= 'z' ? t.data[i] - 32 : t.data[i]);
	switch (t.len) {
	case 1: return up[0] == 'A';
	case 2: return memcmp(up, "NS", 2) == 0 ? 2 : memcmp(up, "MX", 2) == 0 ? 15 : memcmp(up, "DS", 2) == 0 ? 43 : 0;
	case 3: return memcmp(up, "TXT", 3) == 0 ? 16 : memcmp(up, "SRV", 3) == 0 ? 33 : memcmp(up, "PTR", 3) == 0 ? 12 : 0;
	case 4: return memcmp(up, "AAAA", 4) == 0 ? 28 : memcmp(up, "NSEC", 4) == 0 ? 47 : 0;
	case 5: return memcmp(up, "CNAME", 5) == 0 ? 5 : memcmp(up, "RRSIG", 5) == 0 ? 46 : memcmp(up, "NSEC3", 5) == 0 ? 50 : 0;
	}
	return 0;
}

int afd_dns_type_parse(struct afd_slice t, uint16_t *ret)
{
	uint64_t v;

	if (t.len == 0 || t.len > 10)
		return -1;
	if (t.len <= 5 && (*ret = usual_type(t)) != 0)
		return 0;
	for (size_t i = 0; i < AFD_COUNT(layouts); i++)
		if (afd_rdata_word_is(t, layouts[i].name))
			return *ret = layouts[i].type, 0;
	for (size_t i = 0; i < AFD_COUNT(other_names); i++)
		if (afd_rdata_word_is(t, other_names[i].name))
			return *ret = other_names[i].type, 0;
	if (t.len < 5 || strncasecmp((const char *)t.data, "TYPE", 4) != 0 ||
	    afd_rdata_number(afd_slice_sub(t, 4, t.len), 65535, &v) < 0)
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

const char afd_rdata_base32hex[] = "0123456789abcdefghijklmnopqrstuv";

static int out_base32hex(struct afd_buf *out, struct afd_slice s)
{
	unsigned have = 0, bits = 0;

	for (size_t i = 0; i < s.len; i++) {
		bits = (bits << 8 | s.data[i]) & 0xffff;
		for (have += 8; have >= 5; have -= 5)
			if (afd_buf_u8(out, (uint8_t)afd_rdata_base32hex[bits >> (have - 5) & 31]) < 0)
				return -1;
	}
	return have ? afd_buf_u8(out, (uint8_t)afd_rdata_base32hex[bits << (5 - have) & 31]) : 0;
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
	return key < AFD_SVC_KEYS ? afd_buf_text(out, afd_rdata_svc_keys[key]) : afd_buf_printf(out, "key%u", key);
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

/* "00-00-5e-00-53-2a", "2001:0db8:1140:1000" */
static int out_groups(struct afd_buf *out, struct afd_slice s, size_t each, char between)
{
	for (size_t i = 0; i < s.len; i += each)
		if ((i && afd_buf_u8(out, (uint8_t)between) < 0) || out_hex(out, afd_slice_sub(s, i, each)) < 0)
			return -1;
	return 0;
}

static int out_field(struct from *f, char kind)
{
	struct afd_slice s;
	char text[INET6_ADDRSTRLEN];

	switch (kind) {
	case 'n':
		return out_name(f);
	case '1': case '2': case '4': case '8':
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
	case '?':
		return f->at == f->end ? 0 : take_counted(f, &s) < 0 ? -1 : out_quoted(f->out, s);
	case '0':
		return afd_buf_text(f->out, "0x") < 0 ? -1 : out_hex(f->out, rest(f));
	case 'g': case 'Y':
		return take(f, 1, &s) < 0 ? -1 : afd_buf_printf(f->out, "%u", s.data[0]);
	case 'k':
		return take(f, 2, &s) < 0 ? -1 : afd_buf_printf(f->out, "%" PRIu64, big_endian(s));
	case 'u':
		return take(f, 4, &s) < 0 ? -1 : afd_buf_printf(f->out, "%" PRIu64, big_endian(s));
	case 'l':
		return take(f, 8, &s) < 0 ? -1 : out_groups(f->out, s, 2, ':');
	case 'e': case 'E':
		return take(f, kind == 'e' ? 6 : 8, &s) < 0 ? -1 : out_groups(f->out, s, 1, '-');
	case 'x': case 'X':
		return out_hex(f->out, rest(f));
	case 'b': case 'B':
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
	return afd_rdata_odd_write(kind, f->message, &f->at, f->end, f->out);
}

/* RFC 3597, 5 */
static int write_generic(struct from *f, struct afd_error *err)
{
	const size_t len = f->end - f->at;

	if (afd_buf_printf(f->out, "\\# %zu%s", len, len ? " " : "") < 0 || out_hex(f->out, rest(f)) < 0)
		return afd_fail_memory(err);
	return 0;
}

int afd_rdata_write(struct afd_slice message, size_t at, uint16_t type, size_t len, int allowed, struct afd_buf *ret,
                   struct afd_error *err)
{
	const struct afd_rdata_layout *l = afd_rdata_layout(type);
	struct from f = { message, at, at + len, l ? l->flags & allowed : 0, ret };
	size_t start = ret->len;
	char name[16];

	if (afd_buf_text(ret, "") < 0)                    /* a text even where there is nothing to write (APL) */
		return afd_fail_memory(err);
	if (!l)
		return write_generic(&f, err);
	for (const char *k = l->fields; *k; k++) {
		/* A field that is empty at the end (a bitmap, a key) brings no blank with it. */
		if (k != l->fields && !(f.at == f.end && strchr("wvxXbB?P", *k)) && afd_buf_text(ret, " ") < 0)
			return afd_fail_memory(err);
		/* What text cannot hold (no digest, no key) and versions to come: their bytes, whatever they mean. */
		const bool nothing = f.at == f.end && strchr("xb0", *k);
		if (!nothing && out_field(&f, *k) == 0)
			continue;
		if (nothing || strchr(ODD, *k)) {
			ret->len = start;
			f.at = at;
			return write_generic(&f, err);
		}
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
	return afd_rdata_write(m->whole, rr->rdata, rr->type, rr->rdlen, LOWER | POINTERS, ret, err);
}
