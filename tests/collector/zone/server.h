/* The other side, for tests: messages, and their TSIG by OpenSSL's HMAC alone, so that nothing of collector/zone/ signs
 * what collector/zone/ verifies. */
#ifndef AFD_TESTS_ZONE_SERVER_H
#define AFD_TESTS_ZONE_SERVER_H

#include <openssl/hmac.h>

#include "check.h"

#define KEY_NAME  "audit-key"
#define KEY_WIRE  "\11audit-key\0"
#define SECRET    "0123456789abcdef0123456789abcdef"

static const uint8_t sha256_name[] = "\13hmac-sha256";     /* with its root label */

struct answer {                                   /* how a signature is made wrong; all zero: right */
	const char *secret, *key_wire;            /* key_wire: as written, with its root label */
	size_t key_len;
	size_t mac_len;                           /* cut the MAC to this */
	uint16_t error;
	const uint8_t *other;
	uint16_t other_len;
	bool timers_only, all_variables;          /* force the short or the long form */
};

static inline void put16(struct afd_buf *b, unsigned v)
{
	assert_int_equal(afd_buf_u16(b, (uint16_t)v), 0);
}

static inline void put32(struct afd_buf *b, uint32_t v)
{
	assert_int_equal(afd_buf_u32(b, v), 0);
}

static inline void put(struct afd_buf *b, const void *p, size_t n)
{
	assert_int_equal(afd_buf_add(b, p, n), 0);
}

static inline void put48(struct afd_buf *b, uint64_t v)
{
	put16(b, (unsigned)(v >> 32) & 0xffff);
	put32(b, (uint32_t)v);
}

/* Signs MSG over PRIOR (the MAC before, 16-bit size in front) and HOLD (unsigned messages since); PRIOR becomes the new MAC. */
static inline void sign_answer(struct afd_buf *msg, uint64_t time, bool first, struct afd_buf *prior, struct afd_buf *hold, struct answer how)
{
	AFD_AUTO(buf) struct afd_buf in = { 0 };
	const char *secret = how.secret ? how.secret : SECRET;
	const void *key = how.key_wire ? how.key_wire : KEY_WIRE;
	size_t key_len = how.key_wire ? how.key_len : sizeof(KEY_WIRE) - 1;
	uint8_t mac[32];
	unsigned n = sizeof(mac);
	bool full = (first && !how.timers_only) || how.all_variables;

	put16(&in, (unsigned)prior->len);
	put(&in, prior->data, prior->len);
	if (hold->len)
		put(&in, hold->data, hold->len);
	put(&in, msg->data, msg->len);
	if (full) {
		put(&in, key, key_len);
		put16(&in, 255);
		put32(&in, 0);
		put(&in, sha256_name, sizeof(sha256_name));
	}
	put48(&in, time);
	put16(&in, 300);
	if (full) {
		put16(&in, how.error);
		put16(&in, how.other_len);
		if (how.other_len)
			put(&in, how.other, how.other_len);
	}
	assert_non_null(HMAC(EVP_sha256(), secret, (int)strlen(secret), in.data, in.len, mac, &n));
	if (how.mac_len)
		n = (unsigned)how.mac_len;
	if (how.mac_len == SIZE_MAX)
		n = 0;
	prior->len = hold->len = 0;
	put(prior, mac, n);
	put(msg, key, key_len);
	put16(msg, 250);
	put16(msg, 255);
	put32(msg, 0);
	put16(msg, (unsigned)(sizeof(sha256_name) + 16 + n + how.other_len));
	put(msg, sha256_name, sizeof(sha256_name));
	put48(msg, time);
	put16(msg, 300);
	put16(msg, n);
	put(msg, mac, n);
	put16(msg, (unsigned)msg->data[0] << 8 | msg->data[1]);   /* original ID */
	put16(msg, how.error);
	put16(msg, how.other_len);
	if (how.other_len)
		put(msg, how.other, how.other_len);
	msg->data[11]++;
}

#endif
