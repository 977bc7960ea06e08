#include "core/dnssec.h"

#include "core/digest.h"
#include "core/when.h"

enum { PROTOCOL = 3 };

/* The next word of *p, which is passed over with the blank behind it; empty where there is none. */
static struct afd_slice word(const char **p)
{
	const size_t n = strcspn(*p, " ");
	const struct afd_slice ret = afd_slice(*p, n);

	*p += n + ((*p)[n] == ' ');
	return ret;
}

static int number(struct afd_slice s, unsigned most, unsigned *ret)
{
	uint64_t v = 0;

	for (size_t i = 0; i < s.len; i++) {
		if (s.data[i] < '0' || s.data[i] > '9' || (v = v * 10 + (s.data[i] - '0')) > most)
			return -1;
	}
	*ret = (unsigned)v;
	return s.len ? 0 : -1;
}

/* Octets by turns as high and as low, of the whole record. */
unsigned afd_dnskey_tag(unsigned flags, unsigned algorithm, struct afd_slice key)
{
	uint64_t sum = flags + (PROTOCOL << 8) + algorithm;

	if (algorithm == 1 && key.len > 2)             /* B.1: out of the end of the modulus */
		return (unsigned)key.data[key.len - 3] << 8 | key.data[key.len - 2];
	for (size_t i = 0; i < key.len; i++)
		sum += i % 2 ? key.data[i] : (unsigned)key.data[i] << 8;
	return (unsigned)((sum + (sum >> 16 & 0xffff)) & 0xffff);
}

/* The exponent's length stands first: one octet, or nought and two. Whole octets are counted. */
static unsigned rsa_bits(struct afd_slice key)
{
	size_t before;

	if (key.len < 3)
		return 0;
	before = key.data[0] ? 1u + key.data[0] : 3u + ((size_t)key.data[1] << 8 | key.data[2]);
	while (before < key.len && key.data[before] == 0)
		before++;
	return before < key.len ? (unsigned)(key.len - before) * 8 : 0;
}

static bool is_rsa(unsigned algorithm)
{
	return algorithm == 1 || algorithm == 5 || algorithm == 7 || algorithm == 8 || algorithm == 10;
}

int afd_dnskey_parse(const char *rdata, struct afd_dnskey *ret)
{
	AFD_AUTO(buf) struct afd_buf key = { 0 };
	const char *p = rdata;
	unsigned protocol;

	*ret = (struct afd_dnskey){ 0 };
	if (number(word(&p), 0xffff, &ret->flags) < 0 || number(word(&p), 0xff, &protocol) < 0 || protocol != PROTOCOL ||
	    number(word(&p), 0xff, &ret->algorithm) < 0 || !*p || afd_unbase64(afd_slice_text(p), &key) < 0)
		return -1;
	ret->tag = afd_dnskey_tag(ret->flags, ret->algorithm, afd_buf_slice(&key));
	ret->bits = is_rsa(ret->algorithm) ? rsa_bits(afd_buf_slice(&key)) : 0;
	return 0;
}

/* 20260901000000 */
static int moment(struct afd_slice s, int64_t *ret)
{
	unsigned part[6];

	if (s.len != 14 || number(afd_slice(s.data, 4), 9999, &part[0]) < 0)
		return -1;
	for (size_t i = 1; i < AFD_COUNT(part); i++)
		if (number(afd_slice(s.data + 2 + 2 * i, 2), 99, &part[i]) < 0)
			return -1;
	return afd_when_civil((int)part[0], (int)part[1], (int)part[2], (int)part[3], (int)part[4], (int)part[5], 0, ret);
}

int afd_rrsig_parse(const char *rdata, struct afd_rrsig *ret)
{
	const char *p = rdata;

	*ret = (struct afd_rrsig){ 0 };
	ret->covered = word(&p);
	if (!ret->covered.len || number(word(&p), 0xff, &ret->algorithm) < 0 || number(word(&p), 0xff, &ret->labels) < 0 ||
	    number(word(&p), 0x7fffffff, &ret->ttl) < 0 || moment(word(&p), &ret->till) < 0 || moment(word(&p), &ret->since) < 0 ||
	    number(word(&p), 0xffff, &ret->tag) < 0)
		return -1;
	ret->signer = word(&p);
	if (!ret->signer.len || ret->signer.data[ret->signer.len - 1] != '.')
		return -1;
	ret->signer.len--;
	return 0;
}
