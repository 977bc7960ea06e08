/* TSIG (RFC 8945): signs one request and verifies the stream of answers to it. The client's rules only: full-length
 * MACs, SHA-2, and no clock is ever adjusted. TSIG proves who sent the bytes on this hop, not where the data came from
 * (10). */
#ifndef AFD_ZONE_TSIG_H
#define AFD_ZONE_TSIG_H

#include "collector/zone/dns_message.h"

enum { AFD_TSIG_FUDGE = 300, AFD_TSIG_MAC_MAX = 64, AFD_TSIG_UNSIGNED_MAX = 99 };

struct afd_tsig_alg { const char *name, *digest; size_t size; const char *refused; };
struct afd_tsig_key {                             /* owned; wiped by release */
	struct afd_dns_name name;
	const struct afd_tsig_alg *alg;
	struct afd_buf secret;
};
/* SECRET: raw bytes. hmac-md5 and hmac-sha1 are refused with the reason. */
int afd_tsig_key_set(struct afd_tsig_key *k, const char *name, const char *algorithm, struct afd_slice secret,
                     struct afd_error *err);
void afd_tsig_key_release(struct afd_tsig_key *k);

struct afd_tsig {                                 /* borrowed from the message */
	size_t at;                                /* offset of the record */
	struct afd_dns_name key, alg;
	uint64_t time;                            /* seconds since 1970 */
	uint16_t fudge, original_id, error;
	struct afd_slice mac, other;
};
/* 1 found, 0 none, -1 malformed, twice, or not the last record of the additional section (5.2). */
int afd_tsig_find(const struct afd_dns_message *m, struct afd_tsig *ret, struct afd_error *err);
/* "BADSIG"; ret needs 16 bytes */
void afd_tsig_error_text(unsigned error, char ret[16]);

/* Appends the TSIG record to the message in MSG and gives its MAC; MAC needs AFD_TSIG_MAC_MAX bytes. */
int afd_tsig_sign(const struct afd_tsig_key *k, uint64_t time, struct afd_buf *msg, uint8_t *mac, size_t *mac_len,
                  struct afd_error *err);
/* The request itself as a server would check it; for recorded exchanges. Its time is not looked at. */
int afd_tsig_check_request(const struct afd_tsig_key *k, const struct afd_dns_message *m, struct afd_tsig *ret,
                           struct afd_error *err);

/* The answers to one request, in order: the first and the last one signed, at most 99 unsigned between (5.3.1). */
struct afd_tsig_stream {
	const struct afd_tsig_key *key;
	void *mac;                                /* EVP_MAC_CTX over the prior MAC and the unsigned messages since */
	uint64_t time;                            /* of the last signed answer: never decreases */
	unsigned messages, unsigned_run, unsigned_total;
};
int afd_tsig_stream_begin(struct afd_tsig_stream *s, const struct afd_tsig_key *k, struct afd_slice request_mac,
                          struct afd_error *err);
/* NOW: seconds at which the message arrived. */
int afd_tsig_stream_add(struct afd_tsig_stream *s, const struct afd_dns_message *m, uint64_t now,
                        struct afd_error *err);
/* After the last message. */
int afd_tsig_stream_end(const struct afd_tsig_stream *s, struct afd_error *err);
void afd_tsig_stream_release(struct afd_tsig_stream *s);

#endif
