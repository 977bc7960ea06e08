#include "collector/acme/certificate.h"

#include "collector/ct/ct_cert.h"
#include "core/name.h"

/* --- the certificate --- */

static int hex_of(struct afd_slice s, struct afd_buf *ret)
{
	while (s.len > 1 && s.data[0] == 0)
		s = afd_slice_sub(s, 1, s.len - 1);
	for (size_t i = 0; i < s.len; i++)
		if (afd_buf_printf(ret, "%02x", s.data[i]) < 0)
			return -1;
	return s.len ? 0 : afd_buf_text(ret, "0");
}

struct collected { struct afd_buf text; struct { size_t off; enum afd_ct_name_kind kind; } *at; size_t n, cap; };

static bool is_there(const struct collected *l, const char *text, enum afd_ct_name_kind kind)
{
	for (size_t i = 0; i < l->n; i++)
		if ((l->at[i].kind == kind || kind == AFD_CT_CN) && strcmp((const char *)l->text.data + l->at[i].off, text) == 0)
			return true;
	return false;
}

static int collect(void *ctx, enum afd_ct_name_kind kind, uint8_t tag, struct afd_slice raw)
{
	struct collected *l = ctx;
	size_t off = l->text.len;

	if (raw.len == 0 || (kind == AFD_CT_CN && afd_ct_is_title(raw)))
		return 0;
	if (afd_ct_name_text(kind, tag, raw, &l->text) < 0 || afd_buf_u8(&l->text, 0) < 0)
		return -2;
	if (is_there(l, (const char *)l->text.data + off, kind)) {
		l->text.len = off;
		return 0;
	}
	if (l->n == l->cap) {
		size_t cap = l->cap ? 2 * l->cap : 16;
		void *at = reallocarray(l->at, cap, sizeof(*l->at));

		if (!at)
			return -2;
		l->at = at;
		l->cap = cap;
	}
	l->at[l->n].off = off;
	l->at[l->n++].kind = kind;
	return 0;
}

static int take_names(struct collected *l, struct afd_certificate *ret)
{
	static const char *const kinds[] = { [AFD_CT_DNS] = "dns", [AFD_CT_IP] = "ip", [AFD_CT_CN] = "cn" };

	ret->name = calloc(l->n + 1, sizeof(*ret->name));
	if (!ret->name)
		return -1;
	ret->text = l->text;
	l->text = (struct afd_buf){ 0 };
	for (; ret->n < l->n; ret->n++)
		ret->name[ret->n] = (struct afd_row_cert_name){ (const char *)ret->text.data + l->at[ret->n].off, kinds[l->at[ret->n].kind] };
	return 0;
}

/* basicConstraints: SEQUENCE { cA BOOLEAN DEFAULT FALSE, ... } (RFC 5280, 4.2.1.9) */
static bool says_ca(const struct afd_ct_cert *c)
{
	static const uint8_t oid[] = { 0x55, 0x1d, 0x13 };
	struct afd_slice whole, value;
	struct afd_der seq, ca;
	struct afd_reader r;

	if (!afd_ct_extension(c, oid, sizeof(oid), &whole, &value))
		return false;
	r = afd_reader(value);
	if (!afd_der_expect(&r, TAG_SEQUENCE, &seq))
		return false;
	r = afd_reader(seq.body);
	return afd_der_expect(&r, TAG_BOOLEAN, &ca) && ca.body.len == 1 && ca.body.data[0] != 0;
}

/* Only a key that really signed it is its issuer's. */
static void issuer_key(struct afd_slice der, struct afd_slice issuer, struct afd_certificate *ret)
{
	const struct afd_ct_leaf leaf = { .certificate = der };
	struct afd_ct_cert c;
	struct afd_digest d;

	if (!issuer.len || afd_ct_chain_check(&leaf, &issuer, 1, NULL) != AFD_CT_CHAIN_BELIEVED || afd_ct_cert_walk(issuer, false, &c, NULL) < 0)
		return;
	afd_sha256(c.spki, &d);
	ret->issuer_key_hash = afd_digest_hex(&d);
}

static int fill(const struct afd_ct_cert *c, struct afd_slice der, struct afd_certificate *ret, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf tbs = { 0 };
	struct collected l = { .n = 0 };
	struct afd_digest d;
	int rc = afd_ct_names(c, collect, &l, err);

	if (rc == -2 || (rc == 0 && take_names(&l, ret) < 0))
		rc = afd_fail_memory(err);
	afd_buf_release(&l.text);
	free(l.at);
	if (rc < 0 || afd_ct_tbs_stripped(c, &tbs, err) < 0 || afd_ct_dn_text(c->issuer, &ret->issuer, err) < 0)
		return -1;
	if (hex_of(c->serial, &ret->serial) < 0 || afd_buf_text(&ret->issuer, "") < 0)
		return afd_fail_memory(err);
	afd_sha256(der, &d);
	ret->sha256 = afd_digest_hex(&d);
	afd_sha256(afd_buf_slice(&tbs), &d);
	ret->tbs_key = afd_digest_hex(&d);
	afd_sha256(c->spki, &d);
	ret->spki = afd_digest_hex(&d);
	if (!afd_der_time(&c->not_before, &ret->not_before) || !afd_der_time(&c->not_after, &ret->not_after))
		return afd_fail(err, AFD_E_PARSE, "certificate: its validity is no time");
	ret->is_ca = says_ca(c);
	return 0;
}

int afd_certificate_read(struct afd_slice der, struct afd_slice issuer, struct afd_certificate *ret, struct afd_error *err)
{
	struct afd_ct_cert c;

	*ret = (struct afd_certificate){ 0 };
	if (der.len > AFD_MAX_CERTIFICATE)
		return afd_fail(err, AFD_E_LIMIT, "certificate: larger than %u bytes", AFD_MAX_CERTIFICATE);
	if (afd_ct_cert_walk(der, false, &c, err) < 0)
		return -1;
	if (fill(&c, der, ret, err) < 0) {
		afd_certificate_release(ret);
		return -1;
	}
	issuer_key(der, issuer, ret);
	return 0;
}

void afd_certificate_release(struct afd_certificate *c)
{
	afd_buf_release(&c->serial);
	afd_buf_release(&c->issuer);
	afd_buf_release(&c->text);
	free(c->name);
	*c = (struct afd_certificate){ 0 };
}

size_t afd_certificate_hosts(const struct afd_certificate *c, const char **name)
{
	char canonical[AFD_NAME_MAX];
	size_t n = 0;

	for (size_t i = 0; i < c->n; i++)
		if (strcmp(c->name[i].kind, "ip") != 0 && afd_name_canonical(afd_slice_text(c->name[i].name), canonical, NULL) == 0 &&
		    strcmp(canonical, c->name[i].name) == 0)
			name[n++] = c->name[i].name;
	return n;
}

/* --- PEM --- */

static const uint8_t *find(struct afd_slice s, const char *what)
{
	return s.len ? memmem(s.data, s.len, what, strlen(what)) : NULL;
}

bool afd_pem_next(struct afd_slice *text, struct afd_slice *ret, struct afd_slice *label)
{
	const uint8_t *begin = find(*text, "-----BEGIN ");

	if (!begin)
		return false;
	struct afd_slice rest = afd_slice(begin, text->len - (size_t)(begin - text->data));
	struct afd_slice behind = afd_slice_sub(rest, 11, rest.len);
	const uint8_t *dashes = find(behind, "-----");
	*label = dashes ? afd_slice(behind.data, (size_t)(dashes - behind.data)) : afd_slice(behind.data, 0);
	struct afd_slice inside = afd_slice_sub(behind, label->len, behind.len);
	const uint8_t *end = find(inside, "-----END ");
	size_t len = rest.len;
	if (end) {
		struct afd_slice tail = afd_slice(end, rest.len - (size_t)(end - rest.data));
		struct afd_slice last = afd_slice_sub(tail, 9, tail.len);
		const uint8_t *close = find(last, "-----");
		if (close)
			len = (size_t)(close - rest.data) + 5;
	}
	*ret = afd_slice_sub(rest, 0, len);
	*text = afd_slice_sub(rest, len, rest.len);
	return true;
}

/* Between the line of BEGIN and the line of END. */
static struct afd_slice inside_of(struct afd_slice block)
{
	const uint8_t *lf = block.len ? memchr(block.data, '\n', block.len) : NULL;
	struct afd_slice in = lf ? afd_slice(lf + 1, block.len - (size_t)(lf + 1 - block.data)) : afd_slice(block.data + block.len, 0);
	const uint8_t *end = find(in, "-----END ");

	return end ? afd_slice(in.data, (size_t)(end - in.data)) : in;
}

int afd_pem_bytes(struct afd_slice block, struct afd_buf *ret)
{
	AFD_AUTO(buf) struct afd_buf plain = { 0 };
	struct afd_slice in = inside_of(block);

	for (size_t i = 0; i < in.len; i++)
		if (!memchr(" \t\r\n", in.data[i], 4) && afd_buf_u8(&plain, in.data[i]) < 0)
			return -1;
	return plain.len ? afd_unbase64(afd_buf_slice(&plain), ret) : -1;
}

bool afd_pem_is(struct afd_slice label, const char *what)
{
	return afd_slice_equal(label, afd_slice_text(what));
}

int afd_pem_cut_keys(struct afd_slice text, struct afd_ranges *cuts, struct afd_error *err)
{
	static const char key[] = "PRIVATE KEY";
	struct afd_slice rest = text, block, label;

	while (afd_pem_next(&rest, &block, &label)) {
		if (label.len < strlen(key) || memcmp(label.data + label.len - strlen(key), key, strlen(key)) != 0)
			continue;
		struct afd_slice in = inside_of(block);
		size_t from = 0;
		for (size_t i = 0; i <= in.len; i++) {
			if (i < in.len && in.data[i] != '\n' && in.data[i] != '\r')
				continue;
			if (i > from && afd_ranges_add(cuts, (uint64_t)(in.data + from - text.data), i - from) < 0)
				return afd_fail_memory(err);
			from = i + 1;
		}
	}
	return 0;
}
