#include "collector/zone/dns_message.h"

#include <stdio.h>

/* 255 bytes hold at most 127 labels, so more pointers than that serve nobody. */
enum { MAX_HOPS = 127 };

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

int afd_dns_name_read(struct afd_slice m, size_t *at, bool pointers, struct afd_dns_name *ret, struct afd_error *err)
{
	size_t pos = *at, piece = pos, after = 0, n = 0;
	unsigned hops = 0;

	for (;;) {
		if (pos >= m.len)
			return afd_fail(err, AFD_E_PARSE, "name at byte %zu: cut short", *at);
		uint8_t b = m.data[pos];
		if ((b & 0xc0) == 0xc0) {
			if (!pointers)
				return afd_fail(err, AFD_E_PARSE,
				                "name at byte %zu: compressed where that is not allowed", *at);
			if (pos + 1 >= m.len)
				return afd_fail(err, AFD_E_PARSE, "name at byte %zu: cut short", *at);
			size_t target = (size_t)(b & 0x3f) << 8 | m.data[pos + 1];
			if (target >= piece || target < AFD_DNS_HEADER || ++hops > MAX_HOPS)
				return afd_fail(err, AFD_E_PARSE, "name at byte %zu: compression pointer does not lead "
				                "backwards to a name", *at);
			if (after == 0)
				after = pos + 2;
			piece = pos = target;
			continue;
		}
		if (b & 0xc0)
			return afd_fail(err, AFD_E_PARSE, "name at byte %zu: unknown label type 0x%02x", *at, b & 0xc0);
		if (m.len - pos < 1u + b)
			return afd_fail(err, AFD_E_PARSE, "name at byte %zu: cut short", *at);
		if (n + 1 + b + (b ? 1 : 0) > AFD_DNS_NAME_MAX)
			return afd_fail(err, AFD_E_PARSE, "name at byte %zu: longer than 255 bytes", *at);
		memcpy(ret->wire + n, m.data + pos, 1u + b);
		n += 1u + b;
		pos += 1u + b;
		if (b == 0)
			break;
	}
	ret->len = (uint8_t)n;
	*at = after ? after : pos;
	return 0;
}

/* One character of text, escapes undone: bytes used, 0 when the escape is broken. */
static size_t text_byte(struct afd_slice t, size_t i, uint8_t *ret)
{
	if (t.data[i] != '\\') {
		*ret = t.data[i];
		return 1;
	}
	if (t.len - i < 2)
		return 0;
	const uint8_t *d = t.data + i + 1;
	if (d[0] < '0' || d[0] > '9') {
		*ret = d[0];
		return 2;
	}
	if (t.len - i < 4 || d[1] < '0' || d[1] > '9' || d[2] < '0' || d[2] > '9')
		return 0;
	unsigned v = (d[0] - '0') * 100u + (d[1] - '0') * 10u + (d[2] - '0');
	if (v > 255)
		return 0;
	*ret = (uint8_t)v;
	return 4;
}

int afd_dns_name_parse(struct afd_slice t, struct afd_dns_name *ret, struct afd_error *err)
{
	size_t n = 1, label = 0;     /* label: where its length byte stands */

	if (t.len == 1 && t.data[0] == '.') {
		*ret = (struct afd_dns_name){ .len = 1 };
		return 0;
	}
	if (t.len == 0)
		return afd_fail(err, AFD_E_PARSE, "name: expected text, got nothing");
	for (size_t i = 0; i < t.len;) {
		uint8_t c;
		bool dot = t.data[i] == '.';
		size_t used = text_byte(t, i, &c);
		if (used == 0)
			return afd_fail(err, AFD_E_PARSE, "name: broken escape at character %zu", i + 1);
		i += used;
		if (dot) {
			if (n - label < 2)
				return afd_fail(err, AFD_E_PARSE, "name: empty label");
			ret->wire[label] = (uint8_t)(n - label - 1);
			label = n;
			if (i == t.len)
				break;
			if (n >= AFD_DNS_NAME_MAX)
				return afd_fail(err, AFD_E_PARSE, "name: longer than 255 bytes");
			n++;
			continue;
		}
		if (n - label > 63)
			return afd_fail(err, AFD_E_PARSE, "name: label longer than 63 bytes");
		if (n >= AFD_DNS_NAME_MAX)
			return afd_fail(err, AFD_E_PARSE, "name: longer than 255 bytes");
		ret->wire[n++] = c;
	}
	if (label < n) {
		if (n - label < 2)
			return afd_fail(err, AFD_E_PARSE, "name: empty label");
		ret->wire[label] = (uint8_t)(n - label - 1);
	}
	if (n >= AFD_DNS_NAME_MAX)
		return afd_fail(err, AFD_E_PARSE, "name: longer than 255 bytes");
	ret->wire[n++] = 0;
	ret->len = (uint8_t)n;
	return 0;
}

size_t afd_dns_name_text(const struct afd_dns_name *n, bool to_lower, char ret[AFD_DNS_TEXT_MAX])
{
	size_t out = 0;

	for (size_t i = 0; n->wire[i]; i += 1u + n->wire[i]) {
		if (out)
			ret[out++] = '.';
		for (size_t k = 1; k <= n->wire[i]; k++) {
			uint8_t c = to_lower ? lower(n->wire[i + k]) : n->wire[i + k];
			if (c == '.') {
				ret[out++] = '\\';
				ret[out++] = '.';
			} else if (c <= 0x20 || c >= 0x7f || strchr("\"();\\@$", c)) {
				ret[out++] = '\\';
				ret[out++] = (char)('0' + c / 100);
				ret[out++] = (char)('0' + c / 10 % 10);
				ret[out++] = (char)('0' + c % 10);
			} else {
				ret[out++] = (char)c;
			}
		}
	}
	if (out == 0)
		ret[out++] = '.';
	ret[out] = 0;
	return out;
}

/* Length bytes are below 64, so they are never mistaken for letters. */
void afd_dns_name_lower(struct afd_dns_name *n)
{
	for (size_t i = 0; i < n->len; i++)
		n->wire[i] = lower(n->wire[i]);
}

static bool wire_equal(const uint8_t *a, const uint8_t *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (lower(a[i]) != lower(b[i]))
			return false;
	return true;
}

bool afd_dns_name_equal(const struct afd_dns_name *a, const struct afd_dns_name *b)
{
	return a->len == b->len && wire_equal(a->wire, b->wire, a->len);
}

bool afd_dns_name_below(const struct afd_dns_name *n, const struct afd_dns_name *zone)
{
	size_t i = 0;

	while (n->len - i > zone->len)
		i += 1u + n->wire[i];
	return n->len - i == zone->len && wire_equal(n->wire + i, zone->wire, zone->len);
}

static uint16_t get16(struct afd_slice m, size_t at)
{
	return (uint16_t)(m.data[at] << 8 | m.data[at + 1]);
}

/* The fixed part behind a record's owner: type, class, TTL, RDLENGTH. */
static int read_rr(struct afd_slice m, size_t *at, struct afd_dns_rr *ret, struct afd_error *err)
{
	ret->at = *at;
	if (afd_dns_name_read(m, at, true, &ret->owner, err) < 0)
		return -1;
	if (m.len - *at < 10)
		return afd_fail(err, AFD_E_PARSE, "record at byte %zu: cut short", ret->at);
	ret->type = get16(m, *at);
	ret->rclass = get16(m, *at + 2);
	ret->ttl = (uint32_t)get16(m, *at + 4) << 16 | get16(m, *at + 6);
	ret->rdlen = get16(m, *at + 8);
	*at += 10;
	if (m.len - *at < ret->rdlen)
		return afd_fail(err, AFD_E_PARSE, "record at byte %zu: RDLENGTH %u runs past the message", ret->at,
		                ret->rdlen);
	ret->rdata = *at;
	*at += ret->rdlen;
	return 0;
}

int afd_dns_parse(struct afd_slice m, struct afd_dns_message *ret, struct afd_error *err)
{
	size_t at = AFD_DNS_HEADER;

	if (m.len < AFD_DNS_HEADER)
		return afd_fail(err, AFD_E_PARSE, "DNS message of %zu bytes: expected at least %d", m.len,
		                AFD_DNS_HEADER);
	*ret = (struct afd_dns_message){ .whole = m, .id = get16(m, 0), .flags = get16(m, 2) };
	for (unsigned s = 0; s < 4; s++)
		ret->count[s] = get16(m, 4 + 2 * s);
	for (unsigned s = 0; s < 4; s++) {
		ret->section[s] = at;
		for (unsigned i = 0; i < ret->count[s]; i++) {
			struct afd_dns_rr rr;
			if (s != AFD_DNS_QUESTION) {
				if (read_rr(m, &at, &rr, err) < 0)
					return -1;
				continue;
			}
			if (afd_dns_name_read(m, &at, true, &rr.owner, err) < 0)
				return -1;
			if (m.len - at < 4)
				return afd_fail(err, AFD_E_PARSE, "question: cut short");
			at += 4;
		}
	}
	if (at != m.len)
		return afd_fail(err, AFD_E_PARSE, "DNS message: %zu bytes behind its last record", m.len - at);
	return 0;
}

int afd_dns_question(const struct afd_dns_message *m, struct afd_dns_question *ret, struct afd_error *err)
{
	size_t at = m->section[AFD_DNS_QUESTION];

	if (m->count[AFD_DNS_QUESTION] != 1)
		return afd_fail(err, AFD_E_PARSE, "expected one question, got %u", m->count[AFD_DNS_QUESTION]);
	if (afd_dns_name_read(m->whole, &at, true, &ret->name, err) < 0)
		return -1;
	ret->type = get16(m->whole, at);
	ret->rclass = get16(m->whole, at + 2);
	return 0;
}

struct afd_dns_walk afd_dns_walk(const struct afd_dns_message *m, unsigned section)
{
	return (struct afd_dns_walk){ m, section == AFD_DNS_QUESTION ? 0 : m->count[section], m->section[section] };
}

bool afd_dns_next(struct afd_dns_walk *w, struct afd_dns_rr *ret)
{
	if (w->left == 0)
		return false;
	w->left--;
	return read_rr(w->m->whole, &w->at, ret, NULL) == 0;
}

int afd_dns_transfer_query(struct afd_buf *b, uint16_t id, const struct afd_dns_name *zone, const uint32_t *serial,
                           struct afd_error *err)
{
	const uint16_t head[] = { id, 0, 1, 0, serial ? 1 : 0, 0 };
	static const uint8_t zero[16];
	int bad = 0;

	for (size_t i = 0; i < AFD_COUNT(head); i++)
		bad = bad || afd_buf_u16(b, head[i]) < 0;
	bad = bad || afd_buf_add(b, zone->wire, zone->len) < 0 ||
	      afd_buf_u16(b, serial ? AFD_DNS_IXFR : AFD_DNS_AXFR) < 0 || afd_buf_u16(b, AFD_DNS_IN) < 0;
	/* Only the serial of our SOA counts (RFC 1995, 3): root names, zero timers. */
	if (serial)
		bad = bad || afd_buf_u16(b, 0xc000 | AFD_DNS_HEADER) < 0 || afd_buf_u16(b, AFD_DNS_SOA) < 0 ||
		      afd_buf_u16(b, AFD_DNS_IN) < 0 || afd_buf_u32(b, 0) < 0 || afd_buf_u16(b, 22) < 0 ||
		      afd_buf_add(b, zero, 2) < 0 || afd_buf_u32(b, *serial) < 0 || afd_buf_add(b, zero, 16) < 0;
	return bad ? afd_fail_memory(err) : 0;
}

int afd_dns_query_edns(struct afd_buf *b, struct afd_error *err)
{
	/* root, OPT, 65535 bytes (we ask by TCP), no flags, no options */
	static const uint8_t opt[] = { 0, 0, AFD_DNS_OPT, 0xff, 0xff, 0, 0, 0, 0, 0, 0 };

	if (afd_buf_add(b, opt, sizeof(opt)) < 0)
		return afd_fail_memory(err);
	b->data[11]++;
	return 0;
}

void afd_dns_extended_error(const struct afd_dns_message *m, char ret[AFD_DNS_EDE_TEXT])
{
	/* RFC 8914, 4 */
	static const char *const names[] = { [4] = "Forged Answer", [13] = "Cached Error", [14] = "Not Ready", [15] = "Blocked", [16] = "Censored",
	                                     [17] = "Filtered", [18] = "Prohibited", [20] = "Not Authoritative", [21] = "Not Supported",
	                                     [22] = "No Reachable Authority", [23] = "Network Error", [24] = "Invalid Data" };
	struct afd_dns_rr rr;

	*ret = 0;
	for (struct afd_dns_walk i = afd_dns_walk(m, AFD_DNS_ADDITIONAL); afd_dns_next(&i, &rr);) {
		struct afd_reader r = afd_reader(afd_slice_sub(m->whole, rr.rdata, rr.rdlen));

		while (rr.type == AFD_DNS_OPT && afd_reader_left(&r) >= 4) {
			const unsigned code = afd_read_u16(&r);
			const struct afd_slice data = afd_read_bytes(&r, afd_read_u16(&r));

			if (r.bad)
				break;
			if (code == 15 && data.len >= 2) {
				const unsigned n = (unsigned)data.data[0] << 8 | data.data[1];
				const char *name = n < AFD_COUNT(names) ? names[n] : NULL;

				snprintf(ret, AFD_DNS_EDE_TEXT, "EDE %u%s%s", n, name ? " " : "", name ? name : "");
				return;
			}
		}
	}
}

void afd_dns_rcode_text(unsigned rcode, char ret[16])
{
	static const char *const names[] = { "NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED",
	                                     "YXDOMAIN", "YXRRSET", "NXRRSET", "NOTAUTH", "NOTZONE" };
	if (rcode < AFD_COUNT(names))
		snprintf(ret, 16, "%s", names[rcode]);
	else
		snprintf(ret, 16, "RCODE%u", rcode & 0xffff);
}

int afd_dns_exchange_next(struct afd_reader *r, struct afd_slice *ret, struct afd_error *err)
{
	if (afd_reader_left(r) == 0)
		return 0;
	*ret = afd_read_bytes(r, afd_read_u16(r));
	return r->bad ? afd_fail(err, AFD_E_PARSE, "exchange: a message is cut short") : 1;
}
