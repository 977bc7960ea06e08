/* Logs of ACME clients (RFC 8555): who asked for which certificate, and what came of it. All of it is pure. */
#ifndef AFD_ACME_LOG_H
#define AFD_ACME_LOG_H

#include "collector/acme/certificate.h"

enum { AFD_ACME_NAMES = 200 };                    /* names in one order; public authorities allow 100 */

/* What a decoder works on. AHEAD: what times without a zone are ahead of UTC; not has_zone: nobody said. */
struct afd_acme_input {
	const struct afd_item_view *item;
	struct afd_sink *sink;
	const char *client;
	bool has_zone; int64_t ahead;
};

/* One order, while the log tells it. .at AFD_TIME_NONE: none is open. */
struct afd_acme_order {
	int64_t at; uint64_t part;
	bool renewal;
	struct afd_buf text;                      /* names, account, challenge, url: each with a NUL */
	const char *name[AFD_ACME_NAMES]; size_t n;
	size_t name_at[AFD_ACME_NAMES], account_at, challenge_at, url_at;   /* 1 + offset into text; 0: not told */
};
void afd_acme_order_begin(struct afd_acme_order *o, int64_t at, uint64_t part);
int afd_acme_order_name(struct afd_acme_order *o, struct afd_slice name);       /* what is no name is left out; -1: memory */
/* Keeps a text (each only once told). WHAT: &o->account_at ... */
int afd_acme_order_text(struct afd_acme_order *o, size_t *what, struct afd_slice text);
bool afd_acme_order_same(const struct afd_acme_order *o, size_t what, struct afd_slice text);
void afd_acme_order_release(struct afd_acme_order *o);

/* The row that it was asked for. */
int afd_acme_put_requested(const struct afd_acme_input *in, struct afd_acme_order *o, struct afd_error *err);
/* The row that it failed. */
int afd_acme_put_failed(const struct afd_acme_input *in, struct afd_acme_order *o, int64_t at, uint64_t part, struct afd_slice reason,
                        struct afd_error *err);
/* The row of a certificate that a server gave: names are the certificate's. O: what it came from, or NULL. OUTCOME: issued,
 * renewed, revoked. */
int afd_acme_put_certificate(const struct afd_acme_input *in, const struct afd_certificate *c, struct afd_acme_order *o, const char *outcome,
                             int64_t at, uint64_t part, struct afd_error *err);
/* The row that it was given, where the log does not show the certificate. */
int afd_acme_put_given(const struct afd_acme_input *in, struct afd_acme_order *o, int64_t at, uint64_t part, struct afd_error *err);

int afd_certbot_decode(const struct afd_acme_input *in, struct afd_error *err);
int afd_lego_decode(const struct afd_acme_input *in, struct afd_error *err);
int afd_cert_manager_decode(const struct afd_acme_input *in, struct afd_error *err);
/* Resources of cert-manager, a List or one of them, in JSON or YAML. */
int afd_cert_manager_resources(const struct afd_acme_input *in, struct afd_error *err);

/* Parts: a part begins with each line that has a time in front; what follows without one belongs to it. What has no such
 * line is one part. */
int afd_acme_split(struct afd_slice bytes, struct afd_ranges *parts, struct afd_error *err);
/* Secrets that stand in such logs: private keys in PEM, HMAC keys of external accounts, tls.key of a Secret. */
int afd_acme_redact(struct afd_slice bytes, struct afd_ranges *cuts, struct afd_error *err);

/* The time in front of a line of cert-manager; NOW: klog tells no year. local: it has no zone. */
bool afd_cert_manager_time(struct afd_slice line, int64_t now, int64_t *ret, bool *local);

/* "2026-11-22 07:59:03,059" or "2026/11/22 07:59:11" in front of S: its time without a zone, and how many bytes it takes. */
bool afd_acme_time(struct afd_slice s, int64_t *ret, size_t *used);
/* The next line of S, without its LF (and CR); false at the end. */
bool afd_acme_line(struct afd_slice *s, struct afd_slice *ret);
bool afd_acme_starts(struct afd_slice s, const char *with);

#endif
