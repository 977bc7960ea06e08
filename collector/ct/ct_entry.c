#include "collector/ct/ct_entry.h"

#include <arpa/inet.h>
#include <ctype.h>

#include "core/name.h"

/* --- the leaf --- */

enum { LEAF_INDEX_EXTENSION = 0, LEAF_INDEX_LENGTH = 5 };

/* CtExtensions of static-ct-api: any order, no duplicates, unknown types skipped. */
static int read_extensions(struct afd_slice bytes, struct afd_ct_leaf *leaf, struct afd_error *err)
{
	struct afd_reader r = afd_reader(bytes);
	bool seen[256] = { false };

	while (afd_reader_left(&r) > 0) {
		uint8_t type = afd_read_u8(&r);
		struct afd_slice data = afd_read_bytes(&r, afd_read_u16(&r));

		if (r.bad)
			return afd_fail(err, AFD_E_PARSE, "extensions: cut short");
		if (seen[type])
			return afd_fail(err, AFD_E_PARSE, "extensions: type %u stands twice", type);
		seen[type] = true;
		if (type != LEAF_INDEX_EXTENSION)
			continue;
		if (data.len != LEAF_INDEX_LENGTH)
			return afd_fail(err, AFD_E_PARSE, "leaf_index: expected 5 bytes, got %zu", data.len);
		leaf->has_index = true;
		for (size_t i = 0; i < data.len; i++)
			leaf->index = leaf->index << 8 | data.data[i];
	}
	return 0;
}

static int read_timestamped(struct afd_reader *r, struct afd_ct_leaf *leaf, struct afd_error *err)
{
	const uint8_t *start = r->at;
	uint16_t type;
	struct afd_slice extensions;

	leaf->timestamp_ms = afd_read_u64(r);
	type = afd_read_u16(r);
	if (!r->bad && type > 1)
		return afd_fail(err, AFD_E_PARSE, "entry type: expected 0 or 1, got %u", type);
	leaf->precert = type == 1;
	if (leaf->precert)
		leaf->issuer_key_hash = afd_read_bytes(r, 32);
	leaf->certificate = afd_read_bytes(r, afd_read_u24(r));
	extensions = afd_read_bytes(r, afd_read_u16(r));
	if (r->bad)
		return afd_fail(err, AFD_E_PARSE, "entry: cut short");
	if (leaf->timestamp_ms > INT64_MAX)
		return afd_fail(err, AFD_E_PARSE, "timestamp: out of range");
	leaf->timestamped = afd_slice(start, (size_t)(r->at - start));
	return read_extensions(extensions, leaf, err);
}

static int read_extra(struct afd_reader *r, struct afd_ct_leaf *leaf, struct afd_error *err)
{
	const uint8_t *start = r->at;

	if (leaf->precert)
		leaf->precertificate = afd_read_bytes(r, afd_read_u24(r));
	leaf->fingerprints = afd_read_bytes(r, afd_read_u16(r));
	if (r->bad)
		return afd_fail(err, AFD_E_PARSE, "chain: cut short");
	if (leaf->fingerprints.len % 32 != 0)
		return afd_fail(err, AFD_E_PARSE, "chain: expected fingerprints of 32 bytes, got %zu bytes", leaf->fingerprints.len);
	leaf->extra = afd_slice(start, (size_t)(r->at - start));
	return 0;
}

int afd_ct_tile_leaf(struct afd_reader *r, struct afd_ct_leaf *ret, struct afd_error *err)
{
	*ret = (struct afd_ct_leaf){ 0 };
	if (read_timestamped(r, ret, err) < 0)
		return -1;
	return read_extra(r, ret, err);
}

int afd_ct_merkle_leaf(struct afd_slice leaf_input, struct afd_ct_leaf *ret, struct afd_error *err)
{
	struct afd_reader r = afd_reader(leaf_input);
	uint8_t version = afd_read_u8(&r), type = afd_read_u8(&r);

	*ret = (struct afd_ct_leaf){ 0 };
	if (r.bad || version != 0 || type != 0)
		return afd_fail(err, AFD_E_PARSE, "leaf: expected version 0 and type 0, got %u and %u", version, type);
	if (read_timestamped(&r, ret, err) < 0)
		return -1;
	if (afd_reader_left(&r) > 0)
		return afd_fail(err, AFD_E_PARSE, "leaf: %zu bytes too many", afd_reader_left(&r));
	return 0;
}

int afd_ct_leaf_extra(struct afd_slice extra, struct afd_ct_leaf *leaf, struct afd_error *err)
{
	struct afd_reader r = afd_reader(extra);

	if (read_extra(&r, leaf, err) < 0)
		return -1;
	if (afd_reader_left(&r) > 0)
		return afd_fail(err, AFD_E_PARSE, "chain: %zu bytes too many", afd_reader_left(&r));
	return 0;
}

void afd_ct_leaf_hash(struct afd_sha256_ctx *c, const struct afd_ct_leaf *leaf, struct afd_digest *ret)
{
	/* 00 of the Merkle leaf, then version 0 and leaf type 0 (RFC 6962, 2.1 and 3.4) */
	static const uint8_t prefix[3];

	afd_sha256_begin(c);
	afd_sha256_add(c, afd_slice(prefix, sizeof(prefix)));
	afd_sha256_add(c, leaf->timestamped);
	afd_sha256_end(c, ret);
}

/* --- the certificate --- */

enum {
	TAG_BOOLEAN = 0x01, TAG_INTEGER = 0x02, TAG_BITS = 0x03, TAG_OCTETS = 0x04, TAG_OID = 0x06, TAG_UTF8 = 0x0c,
	TAG_NUMERIC = 0x12, TAG_PRINTABLE = 0x13, TAG_T61 = 0x14, TAG_IA5 = 0x16, TAG_VISIBLE = 0x1a,
	TAG_UNIVERSAL = 0x1c, TAG_BMP = 0x1e, TAG_SEQUENCE = 0x30, TAG_SET = 0x31,
	TAG_VERSION = 0xa0, TAG_EXTENSIONS = 0xa3, TAG_DNS = 0x82, TAG_IP = 0x87,
};

static const uint8_t oid_san[] = { 0x55, 0x1d, 0x11 };
static const uint8_t oid_cn[] = { 0x55, 0x04, 0x03 };
/* 1.3.6.1.4.1.11129.2.4.2 and .3 (RFC 6962, 3.3 and 3.1) */
static const uint8_t oid_sct_list[] = { 0x2b, 0x06, 0x01, 0x04, 0x01, 0xd6, 0x79, 0x02, 0x04, 0x02 };
static const uint8_t oid_poison[] = { 0x2b, 0x06, 0x01, 0x04, 0x01, 0xd6, 0x79, 0x02, 0x04, 0x03 };

static uint8_t peek(const struct afd_reader *r)
{
	return afd_reader_left(r) > 0 ? *r->at : 0;
}

static int walk_tbs(const struct afd_der *tbs, struct afd_ct_cert *c, struct afd_error *err)
{
	struct afd_reader r = afd_reader(tbs->body), v, x;
	struct afd_der d, validity, wrapped;

	c->tbs = tbs->whole;
	if (peek(&r) == TAG_VERSION)
		afd_der_next(&r, &d);
	if (!afd_der_expect(&r, TAG_INTEGER, &d) || d.body.len == 0)
		return afd_fail(err, AFD_E_PARSE, "certificate: no serial number");
	c->serial = d.body;
	if (!afd_der_expect(&r, TAG_SEQUENCE, &d))
		return afd_fail(err, AFD_E_PARSE, "certificate: no signature algorithm");
	if (!afd_der_expect(&r, TAG_SEQUENCE, &d))
		return afd_fail(err, AFD_E_PARSE, "certificate: no issuer");
	c->issuer = d.whole;
	if (!afd_der_expect(&r, TAG_SEQUENCE, &validity))
		return afd_fail(err, AFD_E_PARSE, "certificate: no validity");
	v = afd_reader(validity.body);
	if (!afd_der_next(&v, &c->not_before) || !afd_der_next(&v, &c->not_after) || afd_reader_left(&v) > 0)
		return afd_fail(err, AFD_E_PARSE, "certificate: validity: expected two times");
	if (!afd_der_expect(&r, TAG_SEQUENCE, &d))
		return afd_fail(err, AFD_E_PARSE, "certificate: no subject");
	c->subject = d.whole;
	if (!afd_der_expect(&r, TAG_SEQUENCE, &d))
		return afd_fail(err, AFD_E_PARSE, "certificate: no public key");
	c->spki = d.whole;
	/* issuerUniqueID [1] and subjectUniqueID [2]: unused, but allowed (RFC 5280, 4.1.2.8) */
	while ((peek(&r) & 0xdf) == 0x81 || (peek(&r) & 0xdf) == 0x82)
		if (!afd_der_next(&r, &d))
			return afd_fail(err, AFD_E_PARSE, "certificate: broken unique identifier");
	c->head = afd_slice(tbs->body.data, (size_t)(r.at - tbs->body.data));
	if (afd_reader_left(&r) == 0)
		return 0;
	if (!afd_der_expect(&r, TAG_EXTENSIONS, &wrapped) || afd_reader_left(&r) > 0)
		return afd_fail(err, AFD_E_PARSE, "certificate: something other than extensions at the end");
	x = afd_reader(wrapped.body);
	if (!afd_der_expect(&x, TAG_SEQUENCE, &d) || afd_reader_left(&x) > 0)
		return afd_fail(err, AFD_E_PARSE, "certificate: extensions are not a sequence");
	c->has_extensions = true;
	c->extensions = d.body;
	return 0;
}

int afd_ct_cert_walk(struct afd_slice der, bool tbs_only, struct afd_ct_cert *ret, struct afd_error *err)
{
	struct afd_reader r = afd_reader(der), inner;
	struct afd_der outer, tbs, d;

	*ret = (struct afd_ct_cert){ 0 };
	if (!afd_der_expect(&r, TAG_SEQUENCE, &outer) || afd_reader_left(&r) > 0)
		return afd_fail(err, AFD_E_PARSE, "certificate: not one DER sequence");
	if (tbs_only)
		return walk_tbs(&outer, ret, err);
	inner = afd_reader(outer.body);
	if (!afd_der_expect(&inner, TAG_SEQUENCE, &tbs))
		return afd_fail(err, AFD_E_PARSE, "certificate: no TBSCertificate");
	if (!afd_der_expect(&inner, TAG_SEQUENCE, &d) || !afd_der_expect(&inner, TAG_BITS, &d) || afd_reader_left(&inner) > 0)
		return afd_fail(err, AFD_E_PARSE, "certificate: expected signature algorithm and signature after the TBSCertificate");
	return walk_tbs(&tbs, ret, err);
}

struct extension { struct afd_slice whole; struct afd_der oid, value; };

/* Extension ::= SEQUENCE { OID, BOOLEAN DEFAULT FALSE, OCTET STRING }; false at the end, r->bad when broken. */
static bool next_extension(struct afd_reader *r, struct extension *ret)
{
	struct afd_der d;
	struct afd_reader x;

	if (afd_reader_left(r) == 0 || r->bad)
		return false;
	if (!afd_der_expect(r, TAG_SEQUENCE, &d)) {
		r->bad = true;
		return false;
	}
	ret->whole = d.whole;
	x = afd_reader(d.body);
	afd_der_expect(&x, TAG_OID, &ret->oid);
	if (peek(&x) == TAG_BOOLEAN)
		afd_der_next(&x, &d);
	if (x.bad || !afd_der_expect(&x, TAG_OCTETS, &ret->value) || afd_reader_left(&x) > 0) {
		r->bad = true;
		return false;
	}
	return true;
}

static bool is_ct_extension(const struct afd_der *oid)
{
	return afd_der_is_oid(oid, oid_sct_list, sizeof(oid_sct_list)) || afd_der_is_oid(oid, oid_poison, sizeof(oid_poison));
}

/* GeneralNames (RFC 5280, 4.2.1.6). One trailing zero byte is known from real certificates and harmless. */
static int alt_names(struct afd_slice value, afd_ct_name_cb *cb, void *ctx, struct afd_error *err)
{
	struct afd_reader r = afd_reader(value), names;
	struct afd_der seq, d;
	int rc;

	if (!afd_der_expect(&r, TAG_SEQUENCE, &seq))
		return afd_fail(err, AFD_E_PARSE, "subjectAltName: not a sequence");
	if (afd_reader_left(&r) > 1 || (afd_reader_left(&r) == 1 && *r.at != 0))
		return afd_fail(err, AFD_E_PARSE, "subjectAltName: something behind it");
	names = afd_reader(seq.body);
	while (afd_reader_left(&names) > 0) {
		if (!afd_der_next(&names, &d))
			return afd_fail(err, AFD_E_PARSE, "subjectAltName: broken name");
		if ((d.tag & 0xdf) == TAG_DNS && d.tag != TAG_DNS)
			return afd_fail(err, AFD_E_PARSE, "subjectAltName: constructed dNSName");
		rc = d.tag == TAG_DNS ? cb(ctx, AFD_CT_DNS, TAG_IA5, d.body) :
		     d.tag == TAG_IP ? cb(ctx, AFD_CT_IP, TAG_OCTETS, d.body) : 0;
		if (rc != 0)
			return rc;
	}
	return 0;
}

/* Calls F for each attribute of each RDN, in the order of the bytes; NEW_RDN tells where one begins. */
typedef int attribute_fn(void *ctx, bool new_rdn, const struct afd_der *oid, const struct afd_der *value);
static int each_attribute(struct afd_slice name, attribute_fn *f, void *ctx, struct afd_error *err)
{
	struct afd_reader r = afd_reader(name), rdns, set, one;
	struct afd_der seq, rdn, atv, oid, value;
	int rc;

	if (!afd_der_expect(&r, TAG_SEQUENCE, &seq) || afd_reader_left(&r) > 0)
		return afd_fail(err, AFD_E_PARSE, "name: not a sequence");
	rdns = afd_reader(seq.body);
	while (afd_reader_left(&rdns) > 0) {
		if (!afd_der_expect(&rdns, TAG_SET, &rdn))
			return afd_fail(err, AFD_E_PARSE, "name: expected a set");
		set = afd_reader(rdn.body);
		for (bool first = true; afd_reader_left(&set) > 0; first = false) {
			if (!afd_der_expect(&set, TAG_SEQUENCE, &atv))
				return afd_fail(err, AFD_E_PARSE, "name: expected type and value");
			one = afd_reader(atv.body);
			if (!afd_der_expect(&one, TAG_OID, &oid) || !afd_der_next(&one, &value) || afd_reader_left(&one) > 0)
				return afd_fail(err, AFD_E_PARSE, "name: expected type and value");
			rc = f(ctx, first, &oid, &value);
			if (rc != 0)
				return rc;
		}
	}
	return 0;
}

struct cn_walk { afd_ct_name_cb *cb; void *ctx; };

static int common_name(void *p, bool new_rdn, const struct afd_der *oid, const struct afd_der *value)
{
	struct cn_walk *w = p;

	(void)new_rdn;
	return afd_der_is_oid(oid, oid_cn, sizeof(oid_cn)) ? w->cb(w->ctx, AFD_CT_CN, value->tag, value->body) : 0;
}

int afd_ct_names(const struct afd_ct_cert *c, afd_ct_name_cb *cb, void *ctx, struct afd_error *err)
{
	struct afd_reader r = afd_reader(c->extensions);
	struct cn_walk w = { cb, ctx };
	struct extension x;
	int rc;

	while (next_extension(&r, &x)) {
		if (!afd_der_is_oid(&x.oid, oid_san, sizeof(oid_san)))
			continue;
		rc = alt_names(x.value.body, cb, ctx, err);
		if (rc != 0)
			return rc;
	}
	if (r.bad)
		return afd_fail(err, AFD_E_PARSE, "certificate: broken extension");
	return each_attribute(c->subject, common_name, &w, err);
}

static int put_length(struct afd_buf *b, uint8_t tag, size_t n)
{
	if (afd_buf_u8(b, tag) < 0)
		return -1;
	if (n < 0x80)
		return afd_buf_u8(b, (uint8_t)n);
	if (n < 0x100)
		return afd_buf_u8(b, 0x81) < 0 ? -1 : afd_buf_u8(b, (uint8_t)n);
	if (n < 0x10000)
		return afd_buf_u8(b, 0x82) < 0 ? -1 : afd_buf_u16(b, (uint16_t)n);
	return afd_buf_u8(b, 0x83) < 0 || afd_buf_u8(b, (uint8_t)(n >> 16)) < 0 ? -1 : afd_buf_u16(b, (uint16_t)n);
}

static size_t length_of(size_t n)   /* tag, length and N bytes */
{
	return n + (n < 0x80 ? 2 : n < 0x100 ? 3 : n < 0x10000 ? 4 : 5);
}

int afd_ct_tbs_stripped(const struct afd_ct_cert *c, struct afd_buf *ret, struct afd_error *err)
{
	struct afd_reader r = afd_reader(c->extensions);
	AFD_AUTO(buf) struct afd_buf kept = { 0 };
	struct extension x;
	size_t exts = 0;

	while (next_extension(&r, &x))
		if (!is_ct_extension(&x.oid) && afd_buf_add_slice(&kept, x.whole) < 0)
			return afd_fail_memory(err);
	if (r.bad)
		return afd_fail(err, AFD_E_PARSE, "certificate: broken extension");
	if (kept.len == c->extensions.len)
		return afd_buf_add_slice(ret, c->tbs) < 0 ? afd_fail_memory(err) : 0;
	/* When nothing is left the field goes too: an empty Extensions does not exist (RFC 5280, 4.1). */
	if (kept.len > 0)
		exts = length_of(length_of(kept.len));
	if (put_length(ret, TAG_SEQUENCE, c->head.len + exts) < 0 || afd_buf_add_slice(ret, c->head) < 0)
		return afd_fail_memory(err);
	if (kept.len == 0)
		return 0;
	if (put_length(ret, TAG_EXTENSIONS, length_of(kept.len)) < 0 || put_length(ret, TAG_SEQUENCE, kept.len) < 0 ||
	    afd_buf_add_slice(ret, afd_buf_slice(&kept)) < 0)
		return afd_fail_memory(err);
	return 0;
}

/* --- text --- */

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

/* The characters of a string type as UTF-8: 1 done, 0 no text, -1 memory. T61 is read as Latin-1, as everybody does. */
static int string_utf8(uint8_t tag, struct afd_slice s, struct afd_buf *ret)
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
	rc = string_utf8(tag, raw, &plain);
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

static int put_oid(struct afd_slice oid, struct afd_buf *b)
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
static int put_dn_value(struct afd_slice s, struct afd_buf *b)
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
	if ((name ? afd_buf_text(b, name) : put_oid(oid->body, b)) < 0 || afd_buf_u8(b, '=') < 0)
		return -1;
	rc = string_utf8(value->tag, value->body, &plain);
	if (rc < 0)
		return -1;
	if (rc == 1 && name)
		return put_dn_value(afd_buf_slice(&plain), b);
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
	int rc = each_attribute(name, dn_attribute, &d, err);

	for (size_t i = d.rdn.n; rc == 0 && i-- > 0;) {
		struct afd_slice one = afd_slice_sub(afd_buf_slice(&d.text), d.rdn.at[i].off, d.rdn.at[i].len);

		if (afd_buf_add_slice(ret, one) < 0 || (i > 0 && afd_buf_u8(ret, ',') < 0))
			rc = -2;
	}
	afd_buf_release(&d.text);
	afd_ranges_release(&d.rdn);
	return rc == -2 ? afd_fail_memory(err) : rc;
}

/* --- the names looked for --- */

enum { WATCHED = 1, PARENT = 2, NAME_BYTES = 253 };

struct slot { uint64_t hash; const char *name; uint32_t len; uint32_t flags; };
struct afd_ct_watch {
	struct slot *slot; size_t mask;
	char **name; size_t n;
};

/* Lower case of the bytes that host names have ('_' too); 0 for all others. */
static const uint8_t plain_byte[256] = {
	['-'] = '-', ['.'] = '.', ['_'] = '_',
	['0'] = '0', ['1'] = '1', ['2'] = '2', ['3'] = '3', ['4'] = '4', ['5'] = '5', ['6'] = '6', ['7'] = '7', ['8'] = '8', ['9'] = '9',
	['a'] = 'a', ['b'] = 'b', ['c'] = 'c', ['d'] = 'd', ['e'] = 'e', ['f'] = 'f', ['g'] = 'g', ['h'] = 'h', ['i'] = 'i',
	['j'] = 'j', ['k'] = 'k', ['l'] = 'l', ['m'] = 'm', ['n'] = 'n', ['o'] = 'o', ['p'] = 'p', ['q'] = 'q', ['r'] = 'r',
	['s'] = 's', ['t'] = 't', ['u'] = 'u', ['v'] = 'v', ['w'] = 'w', ['x'] = 'x', ['y'] = 'y', ['z'] = 'z',
	['A'] = 'a', ['B'] = 'b', ['C'] = 'c', ['D'] = 'd', ['E'] = 'e', ['F'] = 'f', ['G'] = 'g', ['H'] = 'h', ['I'] = 'i',
	['J'] = 'j', ['K'] = 'k', ['L'] = 'l', ['M'] = 'm', ['N'] = 'n', ['O'] = 'o', ['P'] = 'p', ['Q'] = 'q', ['R'] = 'r',
	['S'] = 's', ['T'] = 't', ['U'] = 'u', ['V'] = 'v', ['W'] = 'w', ['X'] = 'x', ['Y'] = 'y', ['Z'] = 'z',
};

/* FNV-1a from the last byte to the first, so that one pass gives the hash of every suffix. */
#define HASH_START UINT64_C(0xcbf29ce484222325)
static inline uint64_t hash_step(uint64_t h, uint8_t c)
{
	return (h ^ c) * UINT64_C(0x100000001b3);
}

static inline size_t slot_of(const struct afd_ct_watch *w, uint64_t h)
{
	return (size_t)(h ^ h >> 32) & w->mask;
}

static struct slot *find(const struct afd_ct_watch *w, uint64_t h, const void *name, size_t len)
{
	size_t i = slot_of(w, h);

	while (w->slot[i].name && (w->slot[i].hash != h || w->slot[i].len != len || memcmp(w->slot[i].name, name, len) != 0))
		i = (i + 1) & w->mask;
	return &w->slot[i];
}

static uint64_t hash_of(const char *name, size_t len)
{
	uint64_t h = HASH_START;

	while (len-- > 0)
		h = hash_step(h, (uint8_t)name[len]);
	return h;
}

bool afd_ct_watch_has(const struct afd_ct_watch *w, const char *name)
{
	size_t len = strlen(name);

	return find(w, hash_of(name, len), name, len)->flags & WATCHED;
}

static void insert(struct afd_ct_watch *w, const char *name, uint32_t flag)
{
	size_t len = strlen(name);
	uint64_t h = hash_of(name, len);
	struct slot *s = find(w, h, name, len);

	*s = (struct slot){ h, name, (uint32_t)len, s->flags | flag };
}

int afd_ct_watch_new(const char *const *name, size_t n, struct afd_ct_watch **ret, struct afd_error *err)
{
	struct afd_ct_watch *w = calloc(1, sizeof(*w));
	size_t size = 16;

	while (size < 4 * n)
		size *= 2;
	if (w)
		w->slot = calloc(size, sizeof(*w->slot));
	if (w)
		w->name = calloc(n + 1, sizeof(*w->name));
	if (!w || !w->slot || !w->name)
		goto memory;
	w->mask = size - 1;
	for (; w->n < n; w->n++) {
		const char *dot;

		w->name[w->n] = afd_strdup(name[w->n]);
		if (!w->name[w->n])
			goto memory;
		insert(w, w->name[w->n], WATCHED);
		dot = strchr(w->name[w->n], '.');
		if (dot && dot[1])
			insert(w, dot + 1, PARENT);
	}
	*ret = w;
	return 0;
memory:
	afd_ct_watch_free(w);
	return afd_fail_memory(err);
}

struct afd_ct_watch *afd_ct_watch_free(struct afd_ct_watch *w)
{
	if (!w)
		return NULL;
	for (size_t i = 0; i < w->n; i++)
		free(w->name[i]);
	free(w->name);
	free(w->slot);
	free(w);
	return NULL;
}

/* The label that ends at END (not included); its start. */
static size_t label_start(struct afd_slice s, size_t end)
{
	while (end > 0 && s.data[end - 1] != '.')
		end--;
	return end;
}

static bool label_could_be(struct afd_slice odd, struct afd_slice watched)
{
	for (size_t i = 0; i < odd.len; i++)
		if (!plain_byte[odd.data[i]] && memchr("*?%\\", odd.data[i], 4))
			return true;      /* a pattern, a redaction, an escape */
	for (size_t i = 0; i < odd.len; i++)
		if (odd.data[i] <= 0x20 || odd.data[i] >= 0x7f)
			return true;      /* what another reader makes of it nobody knows */
	if (odd.len != watched.len)
		return false;
	for (size_t i = 0; i < odd.len; i++)
		if (plain_byte[odd.data[i]] != watched.data[i])
			return false;
	return true;
}

/* Label by label from the right. A name shorter than the watched one matches only as a pattern one label above. */
static bool odd_name_could_be(struct afd_slice odd, const char *watched)
{
	struct afd_slice w = afd_slice_text(watched);
	size_t oe = odd.len, we = w.len;

	for (;;) {
		size_t os = label_start(odd, oe), ws = label_start(w, we);

		if (!label_could_be(afd_slice_sub(odd, os, oe - os), afd_slice_sub(w, ws, we - ws)))
			return false;
		if (ws == 0)
			return true;
		if (os == 0)
			return false;
		oe = os - 1;
		we = ws - 1;
	}
}

static bool odd_name_matches(const struct afd_ct_watch *w, struct afd_slice name)
{
	const uint8_t *nul = memchr(name.data, 0, name.len), *cut;

	/* Old clients stopped reading at a NUL: what stands before it counts as a name of its own. */
	if (nul && nul > name.data && afd_ct_watch_matches(w, afd_slice(name.data, (size_t)(nul - name.data))))
		return true;
	while (name.len > 0 && (name.data[0] == ' ' || name.data[0] == '\t'))
		name = afd_slice_sub(name, 1, name.len - 1);
	while (name.len > 0 && memchr(" \t\r\n.", name.data[name.len - 1], 5))
		name.len--;
	/* "https://host/path" in place of a host */
	cut = memmem(name.data, name.len, "://", 3);
	if (cut)
		name = afd_slice(cut + 3, name.len - (size_t)(cut + 3 - name.data));
	cut = memchr(name.data, '/', name.len);
	if (cut)
		name.len = (size_t)(cut - name.data);
	cut = memchr(name.data, ':', name.len);
	if (cut)
		name.len = (size_t)(cut - name.data);
	if (name.len == 0)
		return false;
	for (size_t i = 0; i < w->n; i++)
		if (odd_name_could_be(name, w->name[i]))
			return true;
	return false;
}

bool afd_ct_watch_matches(const struct afd_ct_watch *w, struct afd_slice name)
{
	uint8_t lower[NAME_BYTES + 1];
	uint64_t h = HASH_START;
	size_t start = 0, n = name.len;
	bool wildcard;

	if (n > 0 && name.data[n - 1] == '.')
		n--;
	if (n == 0)
		return false;
	if (n == 1 && name.data[0] == '*')
		return w->n > 0;          /* any name at all */
	wildcard = n > 2 && name.data[0] == '*' && name.data[1] == '.';
	if (wildcard)
		start = 2;
	if (n - start > NAME_BYTES)
		return odd_name_matches(w, name);
	for (size_t i = n; i-- > start;) {
		uint8_t c = plain_byte[name.data[i]];

		if (!c)
			return odd_name_matches(w, name);
		if (c == '.' && find(w, h, lower + (i + 1 - start), n - i - 1)->flags & WATCHED)
			return true;
		lower[i - start] = c;
		h = hash_step(h, c);
	}
	return find(w, h, lower, n - start)->flags & (wildcard ? WATCHED | PARENT : WATCHED);
}

bool afd_ct_is_title(struct afd_slice cn)
{
	while (cn.len > 0 && cn.data[cn.len - 1] == ' ')
		cn.len--;
	while (cn.len > 0 && cn.data[0] == ' ')
		cn = afd_slice_sub(cn, 1, cn.len - 1);
	return cn.len == 0 || memchr(cn.data, ' ', cn.len);
}

static int match_name(void *p, enum afd_ct_name_kind kind, uint8_t tag, struct afd_slice raw)
{
	const struct afd_ct_watch *w = p;

	if (kind == AFD_CT_IP || (kind == AFD_CT_CN && afd_ct_is_title(raw)))
		return 0;
	if (tag == TAG_BMP || tag == TAG_UNIVERSAL || tag == TAG_T61) {
		AFD_AUTO(buf) struct afd_buf text = { 0 };
		int rc = string_utf8(tag, raw, &text);

		if (rc < 0)
			return 1;
		return afd_ct_watch_matches(w, rc == 1 ? afd_buf_slice(&text) : raw);
	}
	return afd_ct_watch_matches(w, raw);
}

int afd_ct_watch_entry(const struct afd_ct_watch *w, const struct afd_ct_leaf *leaf, struct afd_error *err)
{
	struct afd_ct_cert cert;

	if (afd_ct_leaf_cert(leaf, &cert, err) < 0)
		return -1;
	return afd_ct_names(&cert, match_name, (void *)w, err);
}
