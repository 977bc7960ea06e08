/* What lego prints: "2026/11/22 07:59:11 [INFO] [www.example.test, api.example.test] acme: Obtaining bundled SAN certificate". Its
 * lines tell names and outcome, not the certificate: that lies in its directory (certificate-dir). */
#include "collector/acme/acme_log.h"

struct reading {
	const struct afd_acme_input *in;
	struct afd_acme_order order;
	bool renewal;
	struct afd_buf account;
};
struct entry { int64_t at; uint64_t part; struct afd_slice level, names, message, body; };

/* "[INFO] " in front; false: there is none. */
static bool bracket(struct afd_slice *s, struct afd_slice *ret)
{
	const uint8_t *close = s->len && s->data[0] == '[' ? memchr(s->data, ']', s->len) : NULL;

	if (!close)
		return false;
	*ret = afd_slice(s->data + 1, (size_t)(close - s->data) - 1);
	*s = afd_slice_sub(*s, ret->len + 2, s->len);
	while (s->len && s->data[0] == ' ')
		*s = afd_slice_sub(*s, 1, s->len);
	return true;
}

static bool read_entry(const struct afd_acme_input *in, struct afd_slice bytes, uint64_t part, struct entry *e)
{
	struct afd_slice line;
	size_t used;

	*e = (struct entry){ .part = part, .body = bytes };
	if (!afd_acme_line(&e->body, &line) || !afd_acme_time(line, &e->at, &used) || line.len <= used)
		return false;
	e->at -= in->ahead;
	line = afd_slice_sub(line, used + 1, line.len);
	bracket(&line, &e->level);
	bracket(&line, &e->names);
	e->message = line;
	return true;
}

static int close_order(struct reading *r, struct afd_error *err)
{
	int rc = r->order.at == AFD_TIME_NONE ? 0 : afd_acme_put_requested(r->in, &r->order, err);

	r->order.at = AFD_TIME_NONE;
	return rc;
}

/* "a.example, b.example" */
static int take_names(struct afd_acme_order *o, struct afd_slice names)
{
	while (names.len) {
		const uint8_t *comma = memchr(names.data, ',', names.len);
		size_t n = comma ? (size_t)(comma - names.data) : names.len;

		if (afd_acme_order_name(o, afd_slice_sub(names, 0, n)) < 0)
			return -1;
		for (n += comma != NULL; n < names.len && names.data[n] == ' ';)
			n++;
		names = afd_slice_sub(names, n, names.len);
	}
	return 0;
}

static int begin_order(struct reading *r, const struct entry *e, struct afd_error *err)
{
	if (close_order(r, err) < 0)
		return -1;
	afd_acme_order_begin(&r->order, e->at, e->part);
	r->order.renewal = r->renewal;
	r->renewal = false;
	if (take_names(&r->order, e->names) < 0 ||
	    afd_acme_order_text(&r->order, &r->order.account_at, afd_buf_slice(&r->account)) < 0)
		return afd_fail_memory(err);
	return 0;
}

/* "acme: use dns-01 solver" */
static struct afd_slice solver_of(struct afd_slice m)
{
	static const char before[] = "acme: use ", behind[] = " solver";
	size_t n = strlen(before), k = strlen(behind);

	if (!afd_acme_starts(m, before) || m.len <= n + k || memcmp(m.data + m.len - k, behind, k) != 0)
		return afd_slice(NULL, 0);
	return afd_slice_sub(m, n, m.len - n - k);
}

static int end_order(struct reading *r, const struct entry *e, bool given, struct afd_error *err)
{
	struct afd_slice reason = e->body.len ? e->body : e->message;
	int rc = given ? afd_acme_put_given(r->in, &r->order, e->at, e->part, err)
	               : afd_acme_put_failed(r->in, &r->order, e->at, e->part, reason, err);

	return rc < 0 ? -1 : close_order(r, err);
}

static int take_entry(struct reading *r, const struct entry *e, struct afd_error *err)
{
	static const char account[] = "acme: Registering account for ";
	struct afd_slice m = e->message;
	bool open = r->order.at != AFD_TIME_NONE;

	if (afd_acme_starts(m, account)) {
		r->account.len = 0;
		return afd_buf_add_slice(&r->account, afd_slice_sub(m, strlen(account), m.len)) < 0 ? afd_fail_memory(err) : 0;
	}
	if (afd_acme_starts(m, "acme: Trying renewal"))
		r->renewal = true;
	if (afd_acme_starts(m, "acme: Obtaining"))
		return begin_order(r, e, err);
	if (!open)
		return 0;
	if (afd_acme_order_text(&r->order, &r->order.challenge_at, solver_of(m)) < 0)
		return afd_fail_memory(err);
	if (afd_acme_starts(m, "Server responded with a certificate"))
		return end_order(r, e, true, err);
	if (afd_acme_starts(m, "Could not obtain certificates") || afd_acme_starts(m, "Could not renew") || afd_acme_starts(m, "error: one or more domains"))
		return end_order(r, e, false, err);
	return 0;
}

int afd_lego_decode(const struct afd_acme_input *in, struct afd_error *err)
{
	const struct afd_item_view *item = in->item;
	struct reading r = { .in = in, .order.at = AFD_TIME_NONE };
	struct entry e;
	int rc = 0;

	for (size_t i = 0; in->has_zone && rc == 0 && i < item->parts.n; i++)
		if (read_entry(in, afd_slice_sub(item->bytes, item->parts.at[i].off, item->parts.at[i].len), i, &e))
			rc = take_entry(&r, &e, err);
	if (rc == 0)
		rc = close_order(&r, err);
	afd_acme_order_release(&r.order);
	afd_buf_release(&r.account);
	return rc;
}
