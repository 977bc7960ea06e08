/* The names of a certificate as text: string types as UTF-8, names of hosts and addresses, distinguished names. */
#include "collector/ct/ct_cert.h"

#include <arpa/inet.h>
#include <ctype.h>

#include "core/name.h"

static int put_utf8(struct afd_buf *b, uint32_t c)
{
	uint8_t u[4];
	size_t n = 0;

	if (c < 0x80) {
		u[n++] = (uint8_t)c;
	} else if (c < 0x800) {
		u[n++] = (uint8_t)(0xc0 | c >> 6);
		u[n++] = (uint8_t)(0x80 | (c & 0x3f));
	} else if (c < 0x10000) {
		u[n++] = (uint8_t)(0xe0 | c >> 12);
		u[n++] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
		u[n++] = (uint8_t)(0x80 | (c & 0x3f));
	} else {
		u[n++] = (uint8_t)(0xf0 | (c >> 18 & 0x07));
		u[n++] = (uint8_t)(0x80 | (c >> 12 & 0x3f));
		u[n++] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
		u[n++] = (uint8_t)(0x80 | (c & 0x3f));
	}
	return afd_buf_add(b, u, n);
}

int afd_ct_string_utf8(uint8_t tag, struct afd_slice s, struct afd_buf *ret)
{
	size_t width = tag == TAG_BMP ? 2 : tag == TAG_UNIVERSAL ? 4 : 1;

	switch (tag) {
	case TAG_UTF8: case TAG_PRINTABLE: case TAG_IA5: case TAG_VISIBLE: case TAG_NUMERIC:
		return afd_buf_add_slice(ret, s) < 0 ? -1 : 1;
	case TAG_T61: case TAG_BMP: case TAG_UNIVERSAL:
		break;
	default:
		return 0;
	}
	if (s.len % width != 0)
		return 0;
	for (size_t i = 0; i < s.len; i += width) {
		uint32_t c = 0;

		for (size_t k = 0; k < width; k++)
			c = c << 8 | s.data[i + k];
		if (c > 0x10ffff)
			return 0;
		if (put_utf8(ret, c) < 0)
			return -1;
	}
	return 1;
}

static int ip_text(struct afd_slice raw, struct afd_buf *ret)
{
	char text[INET6_ADDRSTRLEN];

	if (raw.len == 4 && inet_ntop(AF_INET, raw.data, text, sizeof(text)))
		return afd_buf_text(ret, text);
	if (raw.len == 16 && inet_ntop(AF_INET6, raw.data, text, sizeof(text)))
		return afd_buf_text(ret, text);
	for (size_t i = 0; i < raw.len; i++)      /* a wrong length is a fact worth seeing */
		if (afd_buf_printf(ret, "\\%03u", raw.data[i]) < 0)
			return -1;
	return 0;
}

int afd_ct_name_text(enum afd_ct_name_kind kind, uint8_t tag, struct afd_slice raw, struct afd_buf *ret)
{
	AFD_AUTO(buf) struct afd_buf plain = { 0 }, text = { 0 };
	char canonical[AFD_NAME_MAX];
	int rc;

	if (kind == AFD_CT_IP)
		return ip_text(raw, ret);
	rc = afd_ct_string_utf8(tag, raw, &plain);
	if (rc < 0 || (rc == 0 && afd_buf_add_slice(&plain, raw) < 0))
		return -1;
	for (size_t i = 0; i < plain.len; i++) {
		uint8_t c = plain.data[i];

		if (c <= 0x20 || c >= 0x7f || c == '\\')
			rc = afd_buf_printf(&text, "\\%03u", c);
		else
			rc = afd_buf_u8(&text, (uint8_t)tolower(c));
		if (rc < 0)
			return -1;
	}
	if (text.len > 0 && afd_name_canonical(afd_buf_slice(&text), canonical, NULL) == 0)
		return afd_buf_text(ret, canonical);
	return afd_buf_add_slice(ret, afd_buf_slice(&text));
}

/* Only what host names have, '*' as a whole first label too. */
static bool is_host(struct afd_slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!isalnum(s.data[i]) && !memchr("-_.", s.data[i], 3) && (s.data[i] != '*' || i > 0 || (s.len > 1 && s.data[1] != '.')))
			return false;
	return s.len > 0;
}

struct afd_slice afd_ct_host_within(struct afd_slice s)
{
	const uint8_t *cut;

	while (s.len > 0 && (s.data[0] == ' ' || s.data[0] == '\t'))
		s = afd_slice_sub(s, 1, s.len - 1);
	while (s.len > 0 && memchr(" \t\r\n.", s.data[s.len - 1], 5))
		s.len--;
	/* "https://host/path" in place of a host */
	cut = s.data ? memmem(s.data, s.len, "://", 3) : NULL;
	if (cut)
		s = afd_slice(cut + 3, s.len - (size_t)(cut + 3 - s.data));
	cut = s.len > 0 ? memchr(s.data, '/', s.len) : NULL;
	if (cut)
		s.len = (size_t)(cut - s.data);
	cut = s.len > 0 ? memchr(s.data, ':', s.len) : NULL;
	if (cut && !memchr(cut + 1, ':', s.len - (size_t)(cut + 1 - s.data)))
		s.len = (size_t)(cut - s.data);
	return s;
}

int afd_ct_name_meant(uint8_t tag, struct afd_slice raw, enum afd_ct_name_kind *kind, struct afd_buf *ret)
{
	AFD_AUTO(buf) struct afd_buf plain = { 0 };
	char text[INET6_ADDRSTRLEN], canonical[AFD_NAME_MAX];
	struct afd_slice s;
	const uint8_t *nul;
	uint8_t ip[16];
	size_t n = 0;
	int rc = afd_ct_string_utf8(tag, raw, &plain);

	if (rc < 0 || (rc == 0 && afd_buf_add_slice(&plain, raw) < 0))
		return -1;
	nul = plain.len > 0 ? memchr(plain.data, 0, plain.len) : NULL;
	s = afd_ct_host_within(afd_slice(plain.data, nul ? (size_t)(nul - plain.data) : plain.len));
	if (s.len > 0 && s.len < sizeof(text)) {
		memcpy(text, s.data, s.len);
		text[s.len] = 0;
		n = inet_pton(AF_INET, text, ip) == 1 ? 4 : inet_pton(AF_INET6, text, ip) == 1 ? 16 : 0;
	}
	if (n > 0) {
		*kind = AFD_CT_IP;
		return ip_text(afd_slice(ip, n), ret) < 0 ? -1 : 1;
	}
	if (!is_host(s) || afd_name_canonical(s, canonical, NULL) < 0)
		return 0;
	return is_host(raw) ? 1 : afd_buf_text(ret, canonical) < 0 ? -1 : 1;
}

static const struct { uint8_t oid[10]; uint8_t len; const char *name; } attribute_names[] = {
	{ { 0x55, 0x04, 0x03 }, 3, "CN" },
	{ { 0x55, 0x04, 0x04 }, 3, "SN" },
	{ { 0x55, 0x04, 0x05 }, 3, "serialNumber" },
	{ { 0x55, 0x04, 0x06 }, 3, "C" },
	{ { 0x55, 0x04, 0x07 }, 3, "L" },
	{ { 0x55, 0x04, 0x08 }, 3, "ST" },
	{ { 0x55, 0x04, 0x09 }, 3, "street" },
	{ { 0x55, 0x04, 0x0a }, 3, "O" },
	{ { 0x55, 0x04, 0x0b }, 3, "OU" },
	{ { 0x55, 0x04, 0x0c }, 3, "title" },
	{ { 0x55, 0x04, 0x0f }, 3, "businessCategory" },
	{ { 0x55, 0x04, 0x11 }, 3, "postalCode" },
	{ { 0x55, 0x04, 0x2a }, 3, "GN" },
	{ { 0x55, 0x04, 0x61 }, 3, "organizationIdentifier" },
	{ { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x01 }, 9, "emailAddress" },
	{ { 0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 0x01, 0x01 }, 10, "UID" },
	{ { 0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 0x01, 0x19 }, 10, "DC" },
};

int afd_ct_oid_text(struct afd_slice oid, struct afd_buf *b)
{
	uint64_t v = 0;
	bool first = true;

	for (size_t i = 0; i < oid.len; i++) {
		if (v >> 56)
			return afd_buf_text(b, ".?");
		v = v << 7 | (oid.data[i] & 0x7f);
		if (oid.data[i] & 0x80)
			continue;
		if (first) {
			unsigned top = v < 40 ? 0 : v < 80 ? 1 : 2;

			if (afd_buf_printf(b, "%u.%llu", top, (unsigned long long)(v - 40 * top)) < 0)
				return -1;
		} else if (afd_buf_printf(b, ".%llu", (unsigned long long)v) < 0) {
			return -1;
		}
		first = false;
		v = 0;
	}
	return 0;
}

/* RFC 4514, 2.4 */
int afd_ct_dn_value_text(struct afd_slice s, struct afd_buf *b)
{
	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = s.data[i];
		bool edge_blank = c == ' ' && (i == 0 || i + 1 == s.len);
		int rc;

		if (c < 0x20 || c >= 0x7f)
			rc = afd_buf_printf(b, "\\%02X", c);
		else if (edge_blank || memchr(",+\"\\<>;", c, 7) || (c == '#' && i == 0))
			rc = afd_buf_u8(b, '\\') < 0 ? -1 : afd_buf_u8(b, c);
		else
			rc = afd_buf_u8(b, c);
		if (rc < 0)
			return -1;
	}
	return 0;
}

static int put_attribute(const struct afd_der *oid, const struct afd_der *value, struct afd_buf *b)
{
	AFD_AUTO(buf) struct afd_buf plain = { 0 };
	const char *name = NULL;
	int rc;

	for (size_t i = 0; i < AFD_COUNT(attribute_names); i++)
		if (afd_der_is_oid(oid, attribute_names[i].oid, attribute_names[i].len))
			name = attribute_names[i].name;
	if ((name ? afd_buf_text(b, name) : afd_ct_oid_text(oid->body, b)) < 0 || afd_buf_u8(b, '=') < 0)
		return -1;
	rc = afd_ct_string_utf8(value->tag, value->body, &plain);
	if (rc < 0)
		return -1;
	if (rc == 1 && name)
		return afd_ct_dn_value_text(afd_buf_slice(&plain), b);
	if (afd_buf_u8(b, '#') < 0)
		return -1;
	for (size_t i = 0; i < value->whole.len; i++)
		if (afd_buf_printf(b, "%02X", value->whole.data[i]) < 0)
			return -1;
	return 0;
}

/* RFC 4514 wants the last RDN first: each is written on its own, then they are put together from the end. */
struct dn_text { struct afd_buf text; struct afd_ranges rdn; };

static int dn_attribute(void *p, bool new_rdn, const struct afd_der *oid, const struct afd_der *value)
{
	struct dn_text *d = p;
	size_t before = d->text.len;

	if (!new_rdn && afd_buf_u8(&d->text, '+') < 0)
		return -2;
	if (put_attribute(oid, value, &d->text) < 0)
		return -2;
	if (new_rdn)
		return afd_ranges_add(&d->rdn, before, d->text.len - before) < 0 ? -2 : 0;
	d->rdn.at[d->rdn.n - 1].len = d->text.len - d->rdn.at[d->rdn.n - 1].off;
	return 0;
}

int afd_ct_dn_text(struct afd_slice name, struct afd_buf *ret, struct afd_error *err)
{
	struct dn_text d = { 0 };
	int rc = afd_ct_each_attribute(name, dn_attribute, &d, err);

	for (size_t i = d.rdn.n; rc == 0 && i-- > 0;) {
		struct afd_slice one = afd_slice_sub(afd_buf_slice(&d.text), d.rdn.at[i].off, d.rdn.at[i].len);

		if (afd_buf_add_slice(ret, one) < 0 || (i > 0 && afd_buf_u8(ret, ',') < 0))
			rc = -2;
	}
	afd_buf_release(&d.text);
	afd_ranges_release(&d.rdn);
	return rc == -2 ? afd_fail_memory(err) : rc;
}
