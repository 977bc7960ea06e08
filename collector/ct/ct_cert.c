/* The certificate inside an entry: a walk over its DER, the names it speaks for, and what is left of its TBSCertificate
 * without the extensions of Certificate Transparency. Each loop ends with the bytes; nothing recurses. */
#include "collector/ct/ct_cert.h"

static const uint8_t oid_san[] = { 0x55, 0x1d, 0x11 };
static const uint8_t oid_cn[] = { 0x55, 0x04, 0x03 };
/* 1.3.6.1.4.1.11129.2.4.2 and .3 (RFC 6962, 3.3 and 3.1) */
static const uint8_t oid_sct_list[] = { 0x2b, 0x06, 0x01, 0x04, 0x01, 0xd6, 0x79, 0x02, 0x04, 0x02 };
const uint8_t afd_ct_oid_aki[3] = { 0x55, 0x1d, 0x23 };
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

int afd_ct_each_attribute(struct afd_slice name, afd_ct_attribute_cb *f, void *ctx, struct afd_error *err)
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
	return afd_ct_each_attribute(c->subject, common_name, &w, err);
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

bool afd_ct_extension(const struct afd_ct_cert *c, const uint8_t *oid, size_t n, struct afd_slice *whole, struct afd_slice *value)
{
	struct afd_reader r = afd_reader(c->extensions);
	struct extension x;

	while (next_extension(&r, &x))
		if (afd_der_is_oid(&x.oid, oid, n)) {
			*whole = x.whole;
			*value = x.value.body;
			return true;
		}
	return false;
}

/* The extensions that stay; AKI, unless it is empty, in place of an authority key identifier. */
static int kept_extensions(const struct afd_ct_cert *c, struct afd_slice aki, struct afd_buf *ret, struct afd_error *err)
{
	struct afd_reader r = afd_reader(c->extensions);
	struct extension x;

	while (next_extension(&r, &x)) {
		bool swap = aki.len > 0 && afd_der_is_oid(&x.oid, afd_ct_oid_aki, sizeof(afd_ct_oid_aki));

		if (!is_ct_extension(&x.oid) && afd_buf_add_slice(ret, swap ? aki : x.whole) < 0)
			return afd_fail_memory(err);
	}
	return r.bad ? afd_fail(err, AFD_E_PARSE, "certificate: broken extension") : 0;
}

static int put_tbs(struct afd_slice head, struct afd_slice kept, struct afd_buf *ret, struct afd_error *err)
{
	/* When nothing is left the field goes too: an empty Extensions does not exist (RFC 5280, 4.1). */
	size_t exts = kept.len > 0 ? length_of(length_of(kept.len)) : 0;

	if (put_length(ret, TAG_SEQUENCE, head.len + exts) < 0 || afd_buf_add_slice(ret, head) < 0)
		return afd_fail_memory(err);
	if (kept.len > 0 && (put_length(ret, TAG_EXTENSIONS, length_of(kept.len)) < 0 ||
	                     put_length(ret, TAG_SEQUENCE, kept.len) < 0 || afd_buf_add_slice(ret, kept) < 0))
		return afd_fail_memory(err);
	return 0;
}

int afd_ct_tbs_stripped(const struct afd_ct_cert *c, struct afd_buf *ret, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf kept = { 0 };

	if (kept_extensions(c, afd_slice(NULL, 0), &kept, err) < 0)
		return -1;
	if (kept.len == c->extensions.len)
		return afd_buf_add_slice(ret, c->tbs) < 0 ? afd_fail_memory(err) : 0;
	return put_tbs(c->head, afd_buf_slice(&kept), ret, err);
}

int afd_ct_tbs_reissued(const struct afd_ct_cert *c, const struct afd_ct_cert *signer, struct afd_buf *ret, struct afd_error *err)
{
	size_t before = (size_t)(c->issuer.data - c->head.data), after = before + c->issuer.len;
	AFD_AUTO(buf) struct afd_buf kept = { 0 }, head = { 0 };
	struct afd_slice aki = { 0 }, value;

	afd_ct_extension(signer, afd_ct_oid_aki, sizeof(afd_ct_oid_aki), &aki, &value);
	if (afd_buf_add_slice(&head, afd_slice_sub(c->head, 0, before)) < 0 || afd_buf_add_slice(&head, signer->issuer) < 0 ||
	    afd_buf_add_slice(&head, afd_slice_sub(c->head, after, c->head.len)) < 0)
		return afd_fail_memory(err);
	return kept_extensions(c, aki, &kept, err) < 0 ? -1 : put_tbs(afd_buf_slice(&head), afd_buf_slice(&kept), ret, err);
}
