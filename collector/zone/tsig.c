#include "collector/zone/tsig.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdio.h>

#include "core/when.h"

static const struct afd_tsig_alg algs[] = {
	{ "hmac-sha256", "SHA256", 32, NULL },
	{ "hmac-sha384", "SHA384", 48, NULL },
	{ "hmac-sha512", "SHA512", 64, NULL },
	{ "hmac-sha224", "SHA224", 28, NULL },
	{ "hmac-sha1", NULL, 0, "RFC 8945, 6 does not recommend it" },
	{ "hmac-md5", NULL, 0, "RFC 8945, 6 forbids it" },
	{ "hmac-md5.sig-alg.reg.int", NULL, 0, "RFC 8945, 6 forbids it" },
};
enum { BADSIG = 16, BADKEY = 17, BADTIME = 18, BADTRUNC = 22 };

int afd_tsig_key_set(struct afd_tsig_key *k, const char *name, const char *algorithm, struct afd_slice secret,
                     struct afd_error *err)
{
	const struct afd_tsig_alg *alg = NULL;

	for (size_t i = 0; i < AFD_COUNT(algs); i++)
		if (strcasecmp(algs[i].name, algorithm) == 0)
			alg = &algs[i];
	if (!alg)
		return afd_fail(err, AFD_E_CONFIG, "algorithm: expected hmac-sha256, hmac-sha384, hmac-sha512 or "
		                "hmac-sha224, got \"%.40s\"", algorithm);
	if (alg->refused)
		return afd_fail(err, AFD_E_CONFIG, "algorithm: %s is refused (%s); make a key with hmac-sha256",
		                alg->name, alg->refused);
	if (secret.len == 0)
		return afd_fail(err, AFD_E_CONFIG, "secret: expected a key, got nothing");
	struct afd_tsig_key key = { .alg = alg };
	if (afd_dns_name_parse(afd_slice_text(name), &key.name, err) < 0)
		return afd_within(err, "name");
	if (afd_buf_add_slice(&key.secret, secret) < 0)
		return afd_fail_memory(err);
	afd_dns_name_lower(&key.name);
	*k = key;
	return 0;
}

void afd_tsig_key_release(struct afd_tsig_key *k)
{
	afd_buf_wipe(&k->secret);
	k->alg = NULL;
}

void afd_tsig_error_text(unsigned error, char ret[16])
{
	switch (error) {
	case BADSIG: snprintf(ret, 16, "BADSIG"); break;
	case BADKEY: snprintf(ret, 16, "BADKEY"); break;
	case BADTIME: snprintf(ret, 16, "BADTIME"); break;
	case BADTRUNC: snprintf(ret, 16, "BADTRUNC"); break;
	default: snprintf(ret, 16, "error %u", error & 0xffff);
	}
}

/* The record's own layout (4.2): every byte of the rdata accounted for. */
static int read_tsig(const struct afd_dns_message *m, const struct afd_dns_rr *rr, struct afd_tsig *ret,
                     struct afd_error *err)
{
	size_t at = rr->rdata, end = rr->rdata + rr->rdlen;

	if (rr->rclass != AFD_DNS_ANY || rr->ttl != 0)
		return afd_fail(err, AFD_E_PARSE, "TSIG: expected class ANY and TTL 0");
	*ret = (struct afd_tsig){ .at = rr->at, .key = rr->owner };
	if (afd_dns_name_read(m->whole, &at, false, &ret->alg, err) < 0)
		return afd_within(err, "TSIG: algorithm");
	if (at > end)
		return afd_fail(err, AFD_E_PARSE, "TSIG: algorithm name runs past the record");
	struct afd_reader r = afd_reader(afd_slice(m->whole.data + at, end - at));
	ret->time = afd_read_u48(&r);
	ret->fudge = afd_read_u16(&r);
	ret->mac = afd_read_bytes(&r, afd_read_u16(&r));
	ret->original_id = afd_read_u16(&r);
	ret->error = afd_read_u16(&r);
	ret->other = afd_read_bytes(&r, afd_read_u16(&r));
	if (r.bad || afd_reader_left(&r) != 0)
		return afd_fail(err, AFD_E_PARSE, "TSIG: the fields do not fill its %u bytes", rr->rdlen);
	return 0;
}

int afd_tsig_find(const struct afd_dns_message *m, struct afd_tsig *ret, struct afd_error *err)
{
	struct afd_dns_rr rr;

	for (unsigned s = AFD_DNS_ANSWER; s <= AFD_DNS_ADDITIONAL; s++) {
		struct afd_dns_walk w = afd_dns_walk(m, s);
		while (afd_dns_next(&w, &rr)) {
			if (rr.type != AFD_DNS_TSIG)
				continue;
			if (s != AFD_DNS_ADDITIONAL || w.left != 0)
				return afd_fail(err, AFD_E_VERIFY,
				                "TSIG: not the last record of the additional section (RFC 8945, 5.2)");
			return read_tsig(m, &rr, ret, err) < 0 ? -1 : 1;
		}
	}
	return 0;
}

static EVP_MAC_CTX *mac_open(const struct afd_tsig_key *k)
{
	EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	EVP_MAC_CTX *c = hmac ? EVP_MAC_CTX_new(hmac) : NULL;
	char *digest = (char *)(uintptr_t)k->alg->digest;    /* read only, whatever its type says */
	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0), OSSL_PARAM_construct_end(),
	};

	EVP_MAC_free(hmac);
	if (c && EVP_MAC_init(c, k->secret.data, k->secret.len, params) != 1) {
		EVP_MAC_CTX_free(c);
		c = NULL;
	}
	return c;
}

static bool mac_add(EVP_MAC_CTX *c, struct afd_slice s)
{
	return s.len == 0 || EVP_MAC_update(c, s.data, s.len) == 1;
}

static bool mac_end(EVP_MAC_CTX *c, uint8_t mac[AFD_TSIG_MAC_MAX])
{
	size_t n;
	return EVP_MAC_final(c, mac, &n, AFD_TSIG_MAC_MAX) == 1;
}

static void put48(uint8_t *p, uint64_t v)
{
	for (int i = 0; i < 6; i++)
		p[i] = (uint8_t)(v >> (40 - 8 * i));
}

static void put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* A MAC with its 16-bit size in front (5.3.1). */
static bool add_prior(EVP_MAC_CTX *c, struct afd_slice mac)
{
	uint8_t n[2];
	put16(n, (unsigned)mac.len);
	return mac_add(c, afd_slice(n, 2)) && mac_add(c, mac);
}

/* The message as it was before its TSIG: original ID, one record less (4.3.2). */
static bool add_message(EVP_MAC_CTX *c, const struct afd_dns_message *m, const struct afd_tsig *t)
{
	uint8_t head[AFD_DNS_HEADER];

	memcpy(head, m->whole.data, sizeof(head));
	put16(head, t->original_id);
	put16(head + 10, m->count[AFD_DNS_ADDITIONAL] - 1u);
	return mac_add(c, afd_slice(head, sizeof(head))) &&
	       mac_add(c, afd_slice(m->whole.data + sizeof(head), t->at - sizeof(head)));
}

static bool add_times(EVP_MAC_CTX *c, const struct afd_tsig *t)
{
	uint8_t v[8];
	put48(v, t->time);
	put16(v + 6, t->fudge);
	return mac_add(c, afd_slice(v, sizeof(v)));
}

/* All TSIG variables (4.3.3), names in canonical form. */
static bool add_variables(EVP_MAC_CTX *c, const struct afd_tsig *t)
{
	static const uint8_t class_ttl[] = { 0, AFD_DNS_ANY, 0, 0, 0, 0 };
	struct afd_dns_name key = t->key, alg = t->alg;
	uint8_t v[4];

	afd_dns_name_lower(&key);
	afd_dns_name_lower(&alg);
	put16(v, t->error);
	put16(v + 2, (unsigned)t->other.len);
	return mac_add(c, afd_slice(key.wire, key.len)) && mac_add(c, afd_slice(class_ttl, sizeof(class_ttl))) &&
	       mac_add(c, afd_slice(alg.wire, alg.len)) && add_times(c, t) && mac_add(c, afd_slice(v, sizeof(v))) &&
	       mac_add(c, t->other);
}

static int fail_crypto(struct afd_error *err)
{
	return afd_fail(err, AFD_E_MEMORY, "TSIG: the HMAC could not be computed");
}

int afd_tsig_sign(const struct afd_tsig_key *k, uint64_t time, struct afd_buf *msg, uint8_t *mac, size_t *mac_len,
                  struct afd_error *err)
{
	struct afd_tsig t = { .key = k->name, .time = time, .fudge = AFD_TSIG_FUDGE };
	struct afd_dns_message m;
	uint8_t fixed[8];

	if (afd_dns_name_parse(afd_slice_text(k->alg->name), &t.alg, err) < 0 ||
	    afd_dns_parse(afd_buf_slice(msg), &m, err) < 0)
		return -1;
	EVP_MAC_CTX *c = mac_open(k);
	bool ok = c && mac_add(c, m.whole) && add_variables(c, &t) && mac_end(c, mac);
	EVP_MAC_CTX_free(c);
	if (!ok)
		return fail_crypto(err);
	*mac_len = k->alg->size;
	put48(fixed, time);
	put16(fixed + 6, AFD_TSIG_FUDGE);
	if (afd_buf_add(msg, k->name.wire, k->name.len) < 0 || afd_buf_u16(msg, AFD_DNS_TSIG) < 0 ||
	    afd_buf_u16(msg, AFD_DNS_ANY) < 0 || afd_buf_u32(msg, 0) < 0 ||
	    afd_buf_u16(msg, (uint16_t)(t.alg.len + 16 + *mac_len)) < 0 ||
	    afd_buf_add(msg, t.alg.wire, t.alg.len) < 0 || afd_buf_add(msg, fixed, 8) < 0 ||
	    afd_buf_u16(msg, (uint16_t)*mac_len) < 0 || afd_buf_add(msg, mac, *mac_len) < 0 ||
	    afd_buf_u16(msg, m.id) < 0 || afd_buf_u32(msg, 0) < 0)
		return afd_fail_memory(err);
	put16(msg->data + 10, m.count[AFD_DNS_ADDITIONAL] + 1u);
	return 0;
}

/* Key first, then the length of the MAC, the MAC itself and the error that the other side states (5.2, 5.4). */
static int check_key(const struct afd_tsig_key *k, const struct afd_tsig *t, struct afd_error *err)
{
	struct afd_dns_name alg;
	char got[AFD_DNS_TEXT_MAX], want[AFD_DNS_TEXT_MAX];

	afd_dns_name_text(&t->key, true, got);
	afd_dns_name_text(&k->name, true, want);
	if (!afd_dns_name_equal(&t->key, &k->name))
		return afd_fail(err, AFD_E_VERIFY, "BADKEY: signed with key \"%.200s\", expected \"%.200s\"", got,
		                want);
	afd_dns_name_text(&t->alg, true, got);
	if (afd_dns_name_parse(afd_slice_text(k->alg->name), &alg, err) < 0)
		return -1;
	if (!afd_dns_name_equal(&t->alg, &alg))
		return afd_fail(err, AFD_E_VERIFY, "BADKEY: signed with %.200s, expected %s", got, k->alg->name);
	if (t->mac.len == 0 && t->error != 0) {
		afd_tsig_error_text(t->error, got);
		return afd_fail(err, AFD_E_VERIFY, "the server refused our signature with %s; its answer is not signed",
		                got);
	}
	if (t->mac.len != k->alg->size)
		return afd_fail(err, AFD_E_VERIFY, "BADTRUNC: MAC of %zu bytes, expected all %zu", t->mac.len,
		                k->alg->size);
	return 0;
}

static int check_mac(EVP_MAC_CTX *c, const struct afd_tsig *t, struct afd_error *err)
{
	uint8_t mac[AFD_TSIG_MAC_MAX];

	if (!mac_end(c, mac))
		return fail_crypto(err);
	if (CRYPTO_memcmp(mac, t->mac.data, t->mac.len) != 0)
		return afd_fail(err, AFD_E_VERIFY, "BADSIG: the signature does not verify");
	return 0;
}

int afd_tsig_check_request(const struct afd_tsig_key *k, const struct afd_dns_message *m, struct afd_tsig *t,
                           struct afd_error *err)
{
	int found = afd_tsig_find(m, t, err);

	if (found <= 0)
		return found < 0 ? -1 : afd_fail(err, AFD_E_VERIFY, "request is not signed");
	if (check_key(k, t, err) < 0)
		return -1;
	EVP_MAC_CTX *c = mac_open(k);
	int r = c && add_message(c, m, t) && add_variables(c, t) ? check_mac(c, t, err) : fail_crypto(err);
	EVP_MAC_CTX_free(c);
	return r;
}

int afd_tsig_stream_begin(struct afd_tsig_stream *s, const struct afd_tsig_key *k, struct afd_slice request_mac,
                          struct afd_error *err)
{
	*s = (struct afd_tsig_stream){ .key = k, .mac = mac_open(k) };
	return s->mac && add_prior(s->mac, request_mac) ? 0 : fail_crypto(err);
}

static int check_time(struct afd_tsig_stream *s, const struct afd_tsig *t, uint64_t now, struct afd_error *err)
{
	uint64_t apart = now > t->time ? now - t->time : t->time - now;

	if (t->error == BADTIME && t->other.len == 6) {
		struct afd_reader r = afd_reader(t->other);
		uint64_t theirs = afd_read_u48(&r);
		if (theirs < INT64_C(1) << 40)
			return afd_fail(err, AFD_E_VERIFY,
			                "BADTIME: the server's clock says %s, ours said %s; no clock was adjusted",
			                afd_when_text((int64_t)theirs * AFD_SECOND).s,
			                afd_when_text((int64_t)now * AFD_SECOND).s);
	}
	if (t->error != 0) {
		char name[16];
		afd_tsig_error_text(t->error, name);
		return afd_fail(err, AFD_E_VERIFY, "the server refused our signature with %s", name);
	}
	if (apart > t->fudge)
		return afd_fail(err, AFD_E_VERIFY,
		                "BADTIME: signed %llu seconds away from our clock, allowed %u; no clock was adjusted",
		                (unsigned long long)apart, t->fudge);
	if (t->time < s->time)
		return afd_fail(err, AFD_E_VERIFY, "BADTIME: signed %llu seconds before the message in front of it",
		                (unsigned long long)(s->time - t->time));
	s->time = t->time;
	return 0;
}

static int add_unsigned(struct afd_tsig_stream *s, const struct afd_dns_message *m, struct afd_error *err)
{
	if (s->messages == 1)
		return afd_fail(err, AFD_E_VERIFY, "the first message is not signed (RFC 8945, 5.3.1)");
	if (++s->unsigned_run > AFD_TSIG_UNSIGNED_MAX)
		return afd_fail(err, AFD_E_VERIFY, "more than %d messages in a row are not signed (RFC 8945, 5.3.1)",
		                AFD_TSIG_UNSIGNED_MAX);
	s->unsigned_total++;
	return mac_add(s->mac, m->whole) ? 0 : fail_crypto(err);
}

int afd_tsig_stream_add(struct afd_tsig_stream *s, const struct afd_dns_message *m, uint64_t now, struct afd_error *err)
{
	struct afd_tsig t;
	int found = afd_tsig_find(m, &t, err);

	if (found < 0)
		return -1;
	s->messages++;
	if (found == 0)
		return add_unsigned(s, m, err);
	if (check_key(s->key, &t, err) < 0)
		return -1;
	if (!add_message(s->mac, m, &t) || !(s->messages == 1 ? add_variables(s->mac, &t) : add_times(s->mac, &t)))
		return fail_crypto(err);
	if (check_mac(s->mac, &t, err) < 0 || check_time(s, &t, now, err) < 0)
		return -1;
	s->unsigned_run = 0;
	EVP_MAC_CTX_free(s->mac);
	s->mac = mac_open(s->key);
	return s->mac && add_prior(s->mac, t.mac) ? 0 : fail_crypto(err);
}

int afd_tsig_stream_end(const struct afd_tsig_stream *s, struct afd_error *err)
{
	if (s->messages == 0 || s->unsigned_run > 0)
		return afd_fail(err, AFD_E_VERIFY, "the last message is not signed (RFC 8945, 5.3.1)");
	return 0;
}

void afd_tsig_stream_release(struct afd_tsig_stream *s)
{
	EVP_MAC_CTX_free(s->mac);
	s->mac = NULL;
}
