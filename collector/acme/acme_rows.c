/* From what clients tell to rows, the same for all of them; and what their logs have in common as texts. */
#include <inttypes.h>
#include <stdio.h>

#include "collector/acme/acme_log.h"
#include "core/name.h"

/* --- an order --- */

void afd_acme_order_begin(struct afd_acme_order *o, int64_t at, uint64_t part)
{
	struct afd_buf text = o->text;

	text.len = 0;
	*o = (struct afd_acme_order){ .at = at, .part = part, .text = text };
}

static int keep(struct afd_acme_order *o, struct afd_slice text, size_t *at)
{
	size_t off = o->text.len;

	if (afd_buf_add_slice(&o->text, text) < 0 || afd_buf_u8(&o->text, 0) < 0)
		return -1;
	*at = off + 1;
	return 0;
}

int afd_acme_order_name(struct afd_acme_order *o, struct afd_slice name)
{
	char canonical[AFD_NAME_MAX];

	if (o->n == AFD_ACME_NAMES || afd_name_canonical(name, canonical, NULL) < 0)
		return 0;
	for (size_t i = 0; i < o->n; i++)
		if (strcmp((const char *)o->text.data + o->name_at[i] - 1, canonical) == 0)
			return 0;
	if (keep(o, afd_slice_text(canonical), &o->name_at[o->n]) < 0)
		return -1;
	o->n++;
	return 0;
}

int afd_acme_order_text(struct afd_acme_order *o, size_t *what, struct afd_slice text)
{
	return *what || !text.len ? 0 : keep(o, text, what);
}

static const char *text_at(const struct afd_acme_order *o, size_t at)
{
	return at ? (const char *)o->text.data + at - 1 : NULL;
}

bool afd_acme_order_same(const struct afd_acme_order *o, size_t what, struct afd_slice text)
{
	return what && afd_slice_equal(afd_slice_text(text_at(o, what)), text);
}

void afd_acme_order_release(struct afd_acme_order *o)
{
	afd_buf_release(&o->text);
}

/* --- rows --- */

/* The authority's address of an order is its name; a log that does not tell it leaves when it was asked for, and for what. */
static char *order_ref(const struct afd_acme_order *o)
{
	struct afd_digest d;

	if (o->url_at)
		return afd_strdup(text_at(o, o->url_at));
	afd_sha256(o->n ? afd_slice(text_at(o, o->name_at[0]), strlen(text_at(o, o->name_at[0]))) : afd_slice(NULL, 0), &d);
	for (size_t i = 1; i < o->n; i++) {
		struct afd_slice both[] = { afd_slice(d.b, sizeof(d.b)), afd_slice_text(text_at(o, o->name_at[i])) };

		afd_sha256_parts(both, 2, &d);
	}
	return afd_sprintf("order %" PRId64 " %.16s", o->at, afd_digest_hex(&d).s);
}

static int put_order(const struct afd_acme_input *in, struct afd_acme_order *o, const char *outcome, const char *reason, int64_t at,
                     uint64_t part, struct afd_error *err)
{
	AFD_AUTO(mem) char *order = order_ref(o);
	AFD_AUTO(mem) char *ref = order ? afd_sprintf("%.600s %s", order, outcome) : NULL;

	if (!ref)
		return afd_fail_memory(err);
	if (at == AFD_TIME_NONE)
		return 0;
	for (size_t i = 0; i < o->n; i++)
		o->name[i] = text_at(o, o->name_at[i]);
	return in->sink->issuance(in->sink->ctx, &(struct afd_row_issuance){
		.client = in->client, .ref = ref, .account = text_at(o, o->account_at), .challenge = text_at(o, o->challenge_at), .outcome = outcome,
		.reason = reason, .name = o->name, .n = o->n, .at = afd_instant(at), .part = part,
	}, err);
}

int afd_acme_put_requested(const struct afd_acme_input *in, struct afd_acme_order *o, struct afd_error *err)
{
	return put_order(in, o, "requested", NULL, o->at, o->part, err);
}

int afd_acme_put_given(const struct afd_acme_input *in, struct afd_acme_order *o, int64_t at, uint64_t part, struct afd_error *err)
{
	return put_order(in, o, o->renewal ? "renewed" : "issued", NULL, at, part, err);
}

enum { REASON_MAX = 500 };

/* One line of printable text: a reason comes from the other side. */
static int plain_reason(struct afd_slice s, struct afd_buf *ret)
{
	bool blank = true;

	for (size_t i = 0; i < s.len && ret->len < REASON_MAX; i++) {
		bool is_blank = s.data[i] <= 0x20 || s.data[i] == 0x7f;

		if (is_blank && blank)
			continue;
		if (afd_buf_u8(ret, is_blank ? ' ' : s.data[i] >= 0x7f ? '?' : s.data[i]) < 0)
			return -1;
		blank = is_blank;
	}
	return afd_buf_u8(ret, 0);
}

int afd_acme_put_failed(const struct afd_acme_input *in, struct afd_acme_order *o, int64_t at, uint64_t part, struct afd_slice reason,
                        struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf text = { 0 };

	if (plain_reason(reason, &text) < 0)
		return afd_fail_memory(err);
	return put_order(in, o, "failed", (const char *)text.data, at, part, err);
}

int afd_acme_put_certificate(const struct afd_acme_input *in, const struct afd_certificate *c, struct afd_acme_order *o, const char *outcome,
                             int64_t at, uint64_t part, struct afd_error *err)
{
	AFD_AUTO(mem) const char **name = calloc(c->n + 1, sizeof(*name));
	AFD_AUTO(mem) char *ref = afd_sprintf("certificate %s %s", c->tbs_key.s, outcome);

	if (!name || !ref)
		return afd_fail_memory(err);
	if (at == AFD_TIME_NONE)
		return 0;
	size_t n = afd_certificate_hosts(c, name);
	return in->sink->issuance(in->sink->ctx, &(struct afd_row_issuance){
		.client = in->client, .ref = ref, .account = o ? text_at(o, o->account_at) : NULL, .challenge = o ? text_at(o, o->challenge_at) : NULL,
		.outcome = outcome, .serial = (const char *)c->serial.data, .cert_sha256 = c->sha256.s, .tbs_key = c->tbs_key.s,
		.name = name, .n = n, .at = afd_instant(at), .part = part,
	}, err);
}

/* --- lines --- */

bool afd_acme_starts(struct afd_slice s, const char *with)
{
	size_t n = strlen(with);

	return s.len >= n && memcmp(s.data, with, n) == 0;
}

bool afd_acme_line(struct afd_slice *s, struct afd_slice *ret)
{
	if (!s->len)
		return false;
	const uint8_t *lf = memchr(s->data, '\n', s->len);
	size_t n = lf ? (size_t)(lf - s->data) : s->len;
	*ret = afd_slice_sub(*s, 0, n && s->data[n - 1] == '\r' ? n - 1 : n);
	*s = afd_slice_sub(*s, lf ? n + 1 : n, s->len);
	return true;
}

/* Digits where FORM has '0', else its very characters. */
static bool fits(struct afd_slice s, const char *form)
{
	for (size_t i = 0; form[i]; i++)
		if (i >= s.len || (form[i] == '0' ? s.data[i] < '0' || s.data[i] > '9' : s.data[i] != (uint8_t)form[i]))
			return false;
	return true;
}

static int number(struct afd_slice s, size_t at, size_t n)
{
	int v = 0;

	while (n--)
		v = v * 10 + (s.data[at++] - '0');
	return v;
}

bool afd_acme_time(struct afd_slice s, int64_t *ret, size_t *used)
{
	bool python = fits(s, "0000-00-00 00:00:00,000");

	if (!python && !fits(s, "0000/00/00 00:00:00"))
		return false;
	*used = python ? 23 : 19;
	return afd_when_civil(number(s, 0, 4), number(s, 5, 2), number(s, 8, 2), number(s, 11, 2), number(s, 14, 2), number(s, 17, 2),
	                      python ? number(s, 20, 3) : 0, ret) == 0;
}

/* Certbot, lego, klog, and cert-manager's JSON. */
static bool begins_part(struct afd_slice line)
{
	static const char *const forms[] = { "0000-00-00 00:00:00", "0000/00/00 00:00:00", "I0000 00:00:00", "W0000 00:00:00",
	                                     "E0000 00:00:00", "F0000 00:00:00", "{\"ts\":" };

	for (size_t i = 0; i < AFD_COUNT(forms); i++)
		if (fits(line, forms[i]))
			return true;
	return false;
}

int afd_acme_split(struct afd_slice bytes, struct afd_ranges *parts, struct afd_error *err)
{
	struct afd_slice rest = bytes, line;
	size_t from = 0;

	while (rest.len) {
		size_t at = bytes.len - rest.len;

		afd_acme_line(&rest, &line);
		if (at == from || !begins_part(line))
			continue;
		if (parts->n + 1 >= AFD_MAX_PARTS)
			return afd_fail(err, AFD_E_LIMIT, "more than %u records", AFD_MAX_PARTS);
		if (afd_ranges_add(parts, from, at - from) < 0)
			return afd_fail_memory(err);
		from = at;
	}
	return afd_ranges_add(parts, from, bytes.len - from) < 0 ? afd_fail_memory(err) : 0;
}

/* --- secrets --- */

/* Behind each WORD: blanks, quotes, ':' '=' ',' and then the secret, up to a blank, a quote, ',' ')' or '<'. */
static int cut_behind(struct afd_slice bytes, const char *word, struct afd_ranges *cuts)
{
	size_t n = strlen(word);

	for (size_t at = 0; at + n < bytes.len;) {
		const uint8_t *p = memmem(bytes.data + at, bytes.len - at, word, n);
		if (!p)
			return 0;
		size_t from = (size_t)(p - bytes.data) + n;
		while (from < bytes.len && memchr(" \t\"'\\:=,", bytes.data[from], 9))
			from++;
		size_t to = from;
		while (to < bytes.len && !memchr(" \t\r\n\"'\\,)<}", bytes.data[to], 12))
			to++;
		if (to > from && afd_ranges_add(cuts, from, to - from) < 0)
			return -1;
		at = to;
	}
	return 0;
}

int afd_acme_redact(struct afd_slice bytes, struct afd_ranges *cuts, struct afd_error *err)
{
	static const char *const words[] = { "eab-hmac-key", "eab_hmac_key", "--hmac", "tls.key", "tls-combined.pem", "keystore.p12", "keystore.jks" };

	for (size_t i = 0; i < AFD_COUNT(words); i++)
		if (cut_behind(bytes, words[i], cuts) < 0)
			return afd_fail_memory(err);
	return afd_pem_cut_keys(bytes, cuts, err);
}
