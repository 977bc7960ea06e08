#include "collector/probe/anchors.h"

#include <stdio.h>

#include "collector/probe/dnssec.h"
#include "collector/zone/dns_rdata.h"

/* https://data.iana.org/root-anchors/: KSK-2017 and KSK-2024 */
static const char root[] =
	". IN DS 20326 8 2 e06d44b80b8f1d39a95c0b0d7c65d08458e880409bbc683457104237c7f8ec8d\n"
	". IN DS 38696 8 2 683d2d0acb8c9b712a1948b27f741219298d0a450d612c483af444a4c0fb2b16\n";

static struct afd_slice word(struct afd_slice *line)
{
	size_t from = 0, to;

	while (from < line->len && (line->data[from] == ' ' || line->data[from] == '\t'))
		from++;
	for (to = from; to < line->len && line->data[to] != ' ' && line->data[to] != '\t';)
		to++;
	struct afd_slice w = afd_slice_sub(*line, from, to - from);
	*line = afd_slice_sub(*line, to, line->len);
	return w;
}

static bool is_number(struct afd_slice w)
{
	for (size_t i = 0; i < w.len; i++)
		if (w.data[i] < '0' || w.data[i] > '9')
			return false;
	return w.len > 0;
}

/* A key as the DS that names it. */
static int key_to_ds(const struct afd_dns_name *owner, const char *rdata, struct afd_buf *ret, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf wire = { 0 };
	unsigned flags, protocol, algorithm;
	struct afd_dns_name name = *owner;
	struct dnssec_key key;
	struct afd_digest digest;
	int at = 0;

	if (sscanf(rdata, "%u %u %u %n", &flags, &protocol, &algorithm, &at) != 3 || flags > 65535 || protocol != 3 || algorithm > 255)
		return afd_fail(err, AFD_E_CONFIG, "expected a DNSKEY record of a zone");
	if (afd_buf_u16(&wire, (uint16_t)flags) < 0 || afd_buf_u8(&wire, 3) < 0 || afd_buf_u8(&wire, (uint8_t)algorithm) < 0)
		return afd_fail_memory(err);
	if (afd_unbase64(afd_slice_text(rdata + at), &wire) < 0 || !afd_dnssec_key_parse(afd_buf_slice(&wire), &key))
		return afd_fail(err, AFD_E_CONFIG, "expected a DNSKEY record of a zone");
	afd_dns_name_lower(&name);
	const struct afd_slice both[] = { afd_slice(name.wire, name.len), afd_buf_slice(&wire) };
	afd_sha256_parts(both, 2, &digest);
	return afd_buf_printf(ret, "%u %u 2 %s", (unsigned)key.tag, algorithm, afd_digest_hex(&digest).s) < 0 ? afd_fail_memory(err) : 0;
}

/* OWNER [TTL] [IN] TYPE RDATA */
static int one(struct afd_slice line, struct afd_buf *ret, struct afd_error *err)
{
	struct afd_slice owner = word(&line), w = word(&line);
	struct afd_dns_name name;
	char text[AFD_DNS_TEXT_MAX];
	AFD_AUTO(buf) struct afd_buf rdata = { 0 };
	uint16_t type = 0;

	if (is_number(w))
		w = word(&line);
	if (w.len == 2 && strncasecmp((const char *)w.data, "IN", 2) == 0)
		w = word(&line);
	if (afd_dns_name_parse(owner, &name, err) < 0)
		return -1;
	if (afd_dns_type_parse(w, &type) < 0 || (type != 43 && type != 48))
		return afd_fail(err, AFD_E_CONFIG, "expected a DS or DNSKEY record");
	afd_dns_name_text(&name, true, text);
	if (afd_buf_printf(ret, "%s IN DS ", text) < 0)
		return afd_fail_memory(err);
	if (afd_dns_rdata_canonical(type, line, type == 43 ? ret : &rdata, err) < 0 ||
	    (type == 48 && key_to_ds(&name, rdata.len ? (const char *)rdata.data : "", ret, err) < 0))
		return -1;
	return afd_buf_text(ret, "\n") < 0 ? afd_fail_memory(err) : 0;
}

int afd_anchors_of_iana(struct afd_buf *ret, struct afd_error *err)
{
	return afd_buf_text(ret, root) < 0 ? afd_fail_memory(err) : 0;
}

int afd_anchors_parse(struct afd_slice bytes, const char *file, struct afd_buf *ret, struct afd_error *err)
{
	unsigned line = 0;

	for (size_t at = 0; at < bytes.len; line++) {
		const uint8_t *from = bytes.data + at, *lf = memchr(from, '\n', bytes.len - at);
		size_t n = lf ? (size_t)(lf - from) : bytes.len - at;
		const uint8_t *comment = memchr(from, ';', n);
		struct afd_slice s = { from, comment ? (size_t)(comment - from) : n };

		while (s.len && (s.data[s.len - 1] == ' ' || s.data[s.len - 1] == '\t' || s.data[s.len - 1] == '\r'))
			s.len--;
		at += n + 1;
		if (s.len && one(s, ret, err) < 0)
			return afd_within(err, "%s:%u", file, line + 1);
	}
	return ret->len ? 0 : afd_fail(err, AFD_E_CONFIG, "%s: no trust anchor in it", file);
}
