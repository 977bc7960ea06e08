/* Certbot's letsencrypt.log. What people read there changes with the version; what is taken from it is what went over the wire,
 * which acme.client has logged in the same form since 2018: signed requests (the key's account and the identifiers of an order stand
 * in them), and answers, the certificate included. Times are local and have no zone, but each answer of the authority has
 * a Date: that says how far local time is ahead, summer and winter. */
#include "collector/acme/acme_log.h"

#include <inttypes.h>

struct entry {                                    /* one record of the log */
	int64_t local;                            /* its time, without a zone */
	uint64_t part;
	struct afd_slice level, logger, message, body;   /* message: the rest of its first line; body: what follows */
};

struct reading {
	const struct afd_acme_input *in;
	bool has_zone; int64_t ahead;             /* as the authority's Date says, or the configuration */
	struct afd_acme_order order;
	bool asking, revoking, renewal;           /* the next answer is to a new order, to a revocation */
	struct afd_buf revoked;                   /* certificate that is to be revoked, DER */
	struct afd_buf kid;                       /* account of the last signed request */
	struct afd_buf trouble;                   /* what the authority said of a challenge */
};

static int64_t time_of(const struct reading *r, const struct entry *e)
{
	return r->has_zone ? e->local - r->ahead : AFD_TIME_NONE;
}

/* --- records --- */

static struct afd_slice up_to_colon(struct afd_slice *s)
{
	const uint8_t *colon = s->len ? memchr(s->data, ':', s->len) : NULL;
	size_t n = colon ? (size_t)(colon - s->data) : s->len;
	struct afd_slice head = afd_slice_sub(*s, 0, n);

	*s = afd_slice_sub(*s, colon ? n + 1 : n, s->len);
	return head;
}

static bool read_entry(struct afd_slice bytes, uint64_t part, struct entry *e)
{
	struct afd_slice line;
	size_t used;

	*e = (struct entry){ .part = part, .body = bytes };
	if (!afd_acme_line(&e->body, &line) || !afd_acme_time(line, &e->local, &used))
		return false;
	line = afd_slice_sub(line, used, line.len);
	if (!afd_acme_starts(line, ":"))
		return false;
	line = afd_slice_sub(line, 1, line.len);
	e->level = up_to_colon(&line);
	e->logger = up_to_colon(&line);
	e->message = line;
	return true;
}

static bool is(struct afd_slice s, const char *text)
{
	return afd_slice_equal(s, afd_slice_text(text));
}

/* --- requests --- */

/* {"protected": base64url, "payload": base64url, ...} (RFC 7515, 7.2.2): a member as a document of its own. */
static struct afd_doc *member(struct afd_doc *d, const char *name)
{
	AFD_AUTO(buf) struct afd_buf plain = { 0 };
	const char *text = afd_node_text(afd_node_get(afd_doc_root(d), name));
	struct afd_doc *ret = NULL;

	if (!text || afd_unbase64url(afd_slice_text(text), &plain) < 0 || !plain.len)
		return NULL;
	return afd_json_parse(afd_buf_slice(&plain), name, &ret, NULL) < 0 ? NULL : ret;
}

static const struct afd_node *first_of(const struct afd_node *list)
{
	return list && list->type == AFD_LIST ? list->u.list.first : NULL;
}

static int set_text(struct afd_buf *to, const char *text)
{
	to->len = 0;
	return text ? afd_buf_text(to, text) : 0;
}

/* "identifiers": [{"type": "dns", "value": NAME}] (RFC 8555, 7.4) */
static int take_identifiers(struct afd_acme_order *o, const struct afd_node *list)
{
	for (const struct afd_node *n = first_of(list); n; n = n->next) {
		const char *type = afd_node_text(afd_node_get(n, "type")), *value = afd_node_text(afd_node_get(n, "value"));

		if (type && value && strcmp(type, "dns") == 0 && afd_acme_order_name(o, afd_slice_text(value)) < 0)
			return -1;
	}
	return 0;
}

static int close_order(struct reading *r, struct afd_error *err)
{
	if (r->order.at == AFD_TIME_NONE)
		return 0;
	int rc = afd_acme_put_requested(r->in, &r->order, err);
	r->order.at = AFD_TIME_NONE;
	return rc;
}

static int take_payload(struct reading *r, const struct entry *e, struct afd_doc *payload, struct afd_error *err)
{
	const struct afd_node *root = afd_doc_root(payload);
	const char *certificate = afd_node_text(afd_node_get(root, "certificate"));

	if (afd_node_get(root, "identifiers")) {
		if (close_order(r, err) < 0)
			return -1;
		r->trouble.len = 0;
		afd_acme_order_begin(&r->order, time_of(r, e), e->part);
		r->order.renewal = r->renewal;
		r->asking = true;
		if (take_identifiers(&r->order, afd_node_get(root, "identifiers")) < 0 ||
		    afd_acme_order_text(&r->order, &r->order.account_at, afd_buf_slice(&r->kid)) < 0)
			return afd_fail_memory(err);
	} else if (certificate && !afd_node_get(root, "csr")) {
		r->revoked.len = 0;
		r->revoking = afd_unbase64url(afd_slice_text(certificate), &r->revoked) == 0 && r->revoked.len;
	}
	return 0;
}

static int take_request(struct reading *r, const struct entry *e, struct afd_error *err)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;
	AFD_AUTO(doc) struct afd_doc *head = NULL;
	AFD_AUTO(doc) struct afd_doc *payload = NULL;

	r->asking = r->revoking = false;
	if (afd_json_parse(e->body, "request", &d, NULL) < 0)
		return 0;
	head = member(d, "protected");
	payload = member(d, "payload");
	if (head && set_text(&r->kid, afd_node_text(afd_node_get(afd_doc_root(head), "kid"))) < 0)
		return afd_fail_memory(err);
	return payload ? take_payload(r, e, payload, err) : 0;
}

/* --- answers --- */

struct answer { int status; struct afd_slice location, body; };

static struct afd_slice header(struct afd_slice line, const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < n; i++)
		if (i >= line.len || (line.data[i] | 0x20) != (name[i] | 0x20))
			return afd_slice(NULL, 0);
	line = afd_slice_sub(line, n, line.len);
	while (line.len && line.data[0] == ' ')
		line = afd_slice_sub(line, 1, line.len);
	return line;
}

/* "Sun, 22 Nov 2026 07:59:03 GMT" (RFC 9110, 5.6.7) */
static bool http_date(struct afd_slice s, int64_t *ret)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	int v[5], month = 0, at[] = { 5, 12, 17, 20, 23 }, digits[] = { 2, 4, 2, 2, 2 };

	if (s.len != 29 || memcmp(s.data + 25, " GMT", 4) != 0)
		return false;
	for (size_t i = 0; i < AFD_COUNT(v); i++) {
		v[i] = 0;
		for (int k = 0; k < digits[i]; k++) {
			uint8_t c = s.data[at[i] + k];
			if (c < '0' || c > '9')
				return false;
			v[i] = v[i] * 10 + (c - '0');
		}
	}
	while (month < 12 && memcmp(s.data + 8, months + 3 * month, 3) != 0)
		month++;
	return month < 12 && afd_when_civil(v[1], month + 1, v[0], v[2], v[3], v[4], 0, ret) == 0;
}

/* Zones are a multiple of 15 minutes from UTC; a clock that is wrong by more than some minutes is nobody's zone. */
static void learn_zone(struct reading *r, const struct entry *e, int64_t date)
{
	int64_t step = 15 * AFD_MINUTE, off = e->local - date, whole = (off + (off < 0 ? -step / 2 : step / 2)) / step * step;

	if (off - whole > 5 * AFD_MINUTE || whole - off > 5 * AFD_MINUTE || whole > 14 * AFD_HOUR || whole < -12 * AFD_HOUR)
		return;
	r->has_zone = true;
	r->ahead = whole;
}

static bool read_answer(struct reading *r, const struct entry *e, struct answer *a)
{
	struct afd_slice rest = e->body, line, date;
	int64_t t;

	*a = (struct answer){ 0 };
	if (!afd_acme_line(&rest, &line) || !afd_acme_starts(line, "HTTP ") || line.len < 8)
		return false;
	for (size_t i = 5; i < 8; i++)
		a->status = a->status * 10 + (line.data[i] >= '0' && line.data[i] <= '9' ? line.data[i] - '0' : 0);
	while (afd_acme_line(&rest, &line) && line.len) {
		struct afd_slice location = header(line, "Location:");
		if (location.len)
			a->location = location;
		date = header(line, "Date:");
		if (date.len && http_date(date, &t))
			learn_zone(r, e, t);
	}
	a->body = rest;
	return true;
}

static int take_certificate(struct reading *r, const struct entry *e, struct afd_slice pem, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf leaf = { 0 }, issuer = { 0 };
	struct afd_slice block, label;
	struct afd_certificate c;

	for (int i = 0; i < 2 && afd_pem_next(&pem, &block, &label); i++)
		if (!afd_pem_is(label, "CERTIFICATE") || afd_pem_bytes(block, i ? &issuer : &leaf) < 0)
			return 0;
	if (afd_certificate_read(afd_buf_slice(&leaf), afd_buf_slice(&issuer), &c, NULL) < 0)
		return 0;
	bool known = r->order.at != AFD_TIME_NONE;
	int rc = afd_acme_put_certificate(r->in, &c, known ? &r->order : NULL, r->renewal ? "renewed" : "issued", time_of(r, e), e->part, err);
	afd_certificate_release(&c);
	return rc < 0 ? -1 : close_order(r, err);
}

static int take_revoked(struct reading *r, const struct entry *e, const struct answer *a, struct afd_error *err)
{
	struct afd_certificate c;

	if (a->status != 200 || afd_certificate_read(afd_buf_slice(&r->revoked), afd_slice(NULL, 0), &c, NULL) < 0)
		return 0;
	int rc = afd_acme_put_certificate(r->in, &c, NULL, "revoked", time_of(r, e), e->part, err);
	afd_certificate_release(&c);
	return rc;
}

static int fail_order(struct reading *r, const struct entry *e, struct afd_slice reason, struct afd_error *err)
{
	if (r->order.at == AFD_TIME_NONE)
		return 0;
	if (r->trouble.len)
		reason = afd_buf_slice(&r->trouble);
	return afd_acme_put_failed(r->in, &r->order, time_of(r, e), e->part, reason, err) < 0 ? -1 : close_order(r, err);
}

static int note_trouble(struct reading *r, const struct afd_node *problem)
{
	const char *type = afd_node_text(afd_node_get(problem, "type")), *detail = afd_node_text(afd_node_get(problem, "detail"));

	if (r->trouble.len || (!type && !detail))
		return 0;
	return afd_buf_printf(&r->trouble, "%.100s%s%.300s", type ? type : "", type && detail ? ": " : "", detail ? detail : "");
}

/* An authorization or an order (RFC 8555, 7.1.3, 7.1.4), or a problem document (RFC 7807). */
static int take_object(struct reading *r, const struct entry *e, const struct answer *a, struct afd_error *err)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;

	if (!a->body.len || r->order.at == AFD_TIME_NONE || afd_json_parse(a->body, "answer", &d, NULL) < 0)
		return 0;
	const struct afd_node *root = afd_doc_root(d);
	const char *status = afd_node_text(afd_node_get(root, "status"));
	bool invalid = status && strcmp(status, "invalid") == 0;

	for (const struct afd_node *n = first_of(afd_node_get(root, "challenges")); n; n = n->next) {
		const char *of = afd_node_text(afd_node_get(n, "status"));
		if (of && strcmp(of, "invalid") == 0 && note_trouble(r, afd_node_get(n, "error")) < 0)
			return afd_fail_memory(err);
	}
	if ((invalid && note_trouble(r, afd_node_get(root, "error")) < 0) || (a->status >= 400 && note_trouble(r, root) < 0))
		return afd_fail_memory(err);
	/* a stale nonce is no refusal: the same order is asked for again (RFC 8555, 6.5) */
	if (a->status >= 400 && r->asking && r->trouble.len && strstr((const char *)r->trouble.data, "badNonce")) {
		r->order.at = AFD_TIME_NONE;
		return 0;
	}
	if ((invalid && afd_node_get(root, "identifiers")) || (a->status >= 400 && r->asking))
		return fail_order(r, e, afd_slice_text(status ? status : "refused"), err);
	return 0;
}

static int take_answer(struct reading *r, const struct entry *e, struct afd_error *err)
{
	struct answer a;

	if (!read_answer(r, e, &a))
		return 0;
	if (r->asking && r->order.at == AFD_TIME_NONE && r->has_zone)
		r->order.at = time_of(r, e);
	if (r->asking && a.status == 201 && afd_acme_order_text(&r->order, &r->order.url_at, a.location) < 0)
		return afd_fail_memory(err);
	struct afd_slice pem = a.body, block, label;
	int rc;
	if (r->revoking)
		rc = take_revoked(r, e, &a, err);
	else if (a.status == 200 && afd_pem_next(&pem, &block, &label) && afd_pem_is(label, "CERTIFICATE"))
		rc = take_certificate(r, e, a.body, err);
	else
		rc = take_object(r, e, &a, err);
	r->asking = r->revoking = false;
	return rc;
}

/* --- the walk --- */

static int new_process(struct reading *r, struct afd_error *err)
{
	r->renewal = r->asking = r->revoking = false;
	r->kid.len = 0;
	r->has_zone = r->in->has_zone;
	r->ahead = r->in->ahead;
	return close_order(r, err);
}

/* "dns-01 challenge for www.example.test" */
static int take_challenge(struct reading *r, struct afd_slice message)
{
	static const char between[] = " challenge for ";
	const uint8_t *p = message.len ? memmem(message.data, message.len, between, strlen(between)) : NULL;

	if (!p || r->order.at == AFD_TIME_NONE)
		return 0;
	return afd_acme_order_text(&r->order, &r->order.challenge_at, afd_slice(message.data, (size_t)(p - message.data)));
}

static int take_entry(struct reading *r, const struct entry *e, struct afd_error *err)
{
	struct afd_slice m = e->message;

	if (is(e->logger, "acme.client")) {
		if (afd_acme_starts(m, "Sending POST request to "))
			return take_request(r, e, err);
		return afd_acme_starts(m, "Received response:") ? take_answer(r, e, err) : 0;
	}
	if (afd_acme_starts(m, "certbot version:"))
		return new_process(r, err);
	if (afd_acme_starts(m, "Notifying user: "))
		m = afd_slice_sub(m, 16, m.len);
	if (afd_acme_starts(m, "Renewing an existing certificate"))
		r->renewal = true;
	else if (afd_acme_starts(m, "Requesting a certificate for") || afd_acme_starts(m, "Obtaining a new certificate"))
		r->renewal = false;
	if (is(e->logger, "certbot._internal.auth_handler") && take_challenge(r, m) < 0)
		return afd_fail_memory(err);
	if (is(e->level, "ERROR") && (is(e->logger, "certbot._internal.log") || afd_acme_starts(m, "Failed to renew certificate")))
		return fail_order(r, e, m, err);
	return 0;
}

int afd_certbot_decode(const struct afd_acme_input *in, struct afd_error *err)
{
	const struct afd_item_view *item = in->item;
	struct reading r = { .in = in, .has_zone = in->has_zone, .ahead = in->ahead, .order.at = AFD_TIME_NONE };
	struct entry e;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < item->parts.n; i++)
		if (read_entry(afd_slice_sub(item->bytes, item->parts.at[i].off, item->parts.at[i].len), i, &e))
			rc = take_entry(&r, &e, err);
	if (rc == 0)
		rc = close_order(&r, err);
	afd_acme_order_release(&r.order);
	afd_buf_release(&r.revoked);
	afd_buf_release(&r.kid);
	afd_buf_release(&r.trouble);
	return rc;
}
