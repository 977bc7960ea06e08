#include "collector/zone/claim_list.h"

#include <inttypes.h>

#include "collector/zone/dns_rdata.h"

enum { SAME_INSTANT = 64 };                       /* claims looked back at for the same client and instant */

void afd_claim_list_release(struct afd_claim_list *c)
{
	afd_buf_release(&c->text);
	free(c->at);
	free(c->rr);
	*c = (struct afd_claim_list){ 0 };
}

int64_t afd_claim_text(struct afd_claim_list *c, struct afd_slice s)
{
	int64_t at = (int64_t)c->text.len;
	return afd_buf_add_slice(&c->text, s) < 0 || afd_buf_u8(&c->text, 0) < 0 ? AFD_NO_TEXT : at;
}

const char *afd_claim_text_at(const struct afd_claim_list *c, int64_t at)
{
	return at == AFD_NO_TEXT ? NULL : (const char *)c->text.data + at;
}

bool afd_claim_text_is(const struct afd_claim_list *c, int64_t at, struct afd_slice s)
{
	return at == AFD_NO_TEXT ? s.len == 0 : afd_slice_equal(afd_slice_text(afd_claim_text_at(c, at)), s);
}

bool afd_log_name(struct afd_slice s, char ret[AFD_DNS_TEXT_MAX])
{
	struct afd_dns_name n;

	if (afd_dns_name_parse(s, &n, NULL) < 0)
		return false;
	afd_dns_name_text(&n, true, ret);
	return true;
}

bool afd_log_speaks_of(struct afd_slice text, const char *zone)
{
	char name[AFD_DNS_TEXT_MAX];
	return !afd_log_name(text, name) || strcmp(name, zone) == 0;
}

int64_t afd_claim_name(struct afd_claim_list *c, struct afd_slice name, bool *bad)
{
	char text[AFD_DNS_TEXT_MAX];
	int64_t at;

	if (name.len == 0 || !afd_log_name(name, text))
		return AFD_NO_TEXT;
	at = afd_claim_text(c, afd_slice_text(text));
	*bad |= at == AFD_NO_TEXT;
	return at;
}

static void *grow(void *at, size_t n, size_t *cap, size_t size)
{
	size_t more = *cap ? *cap * 2 : 64;

	if (n < *cap)
		return at;
	void *p = reallocarray(at, more, size);
	if (p)
		*cap = more;
	return p;
}

struct afd_claim_draft *afd_claim_new(struct afd_claim_list *c, struct afd_slice zone, struct afd_slice client, struct afd_span at,
                                      uint64_t part)
{
	struct afd_claim_draft *to = grow(c->at, c->n, &c->cap, sizeof(*to));
	struct afd_claim_draft g = { .at = at, .part = part, .client = AFD_NO_TEXT, .credential = AFD_NO_TEXT, .claimed = AFD_NO_TEXT,
	                             .tag = AFD_NO_TEXT };

	if (!to)
		return NULL;
	c->at = to;
	if (client.len && (g.client = afd_claim_text(c, client)) == AFD_NO_TEXT)
		return NULL;
	if ((g.zone = afd_claim_text(c, zone)) == AFD_NO_TEXT)
		return NULL;
	c->at[c->n] = g;
	return &c->at[c->n++];
}

int afd_claim_record_as_it_is(struct afd_claim_list *c, size_t g, const char *owner, const char *type, const char *rdata, bool add,
                              int64_t ttl, uint64_t part)
{
	struct afd_claim_record r = { .type = AFD_NO_TEXT, .rdata = AFD_NO_TEXT, .ttl = ttl, .add = add, .part = part };
	struct afd_claim_record *at = grow(c->rr, c->n_rr, &c->cap_rr, sizeof(*at));

	if (!at)
		return -1;
	c->rr = at;
	if ((r.owner = afd_claim_text(c, afd_slice_text(owner))) == AFD_NO_TEXT ||
	    (type && (r.type = afd_claim_text(c, afd_slice_text(type))) == AFD_NO_TEXT) ||
	    (rdata && (r.rdata = afd_claim_text(c, afd_slice_text(rdata))) == AFD_NO_TEXT))
		return -1;
	c->rr[c->n_rr++] = r;
	if (c->at[g].last)
		c->rr[c->at[g].last - 1].next = c->n_rr;
	else
		c->at[g].first = c->n_rr;
	c->at[g].last = c->n_rr;
	c->at[g].n++;
	return 0;
}

int afd_claim_record(struct afd_claim_list *c, size_t g, struct afd_slice owner, struct afd_slice type, struct afd_slice rdata, bool add,
                     uint64_t part)
{
	AFD_AUTO(buf) struct afd_buf canonical = { 0 };
	AFD_AUTO(mem) char *word = NULL;
	char name[AFD_DNS_TEXT_MAX], text[16];
	uint16_t t = 0;

	if (!afd_log_name(owner, name))
		return 0;
	if (type.len && afd_dns_type_parse(type, &t) == 0)
		afd_dns_type_text(t, text);
	else if (type.len && !(word = afd_text_dup(type)))
		return -1;
	bool told = rdata.len && t && afd_dns_rdata_canonical(t, rdata, &canonical, NULL) == 0;
	return afd_claim_record_as_it_is(c, g, name, word ? word : type.len ? text : NULL, told ? (const char *)canonical.data : NULL, add, -1,
	                                 part);
}

static bool same_text(const struct afd_claim_list *c, int64_t a, int64_t b)
{
	return afd_claim_text_is(c, a, afd_slice_text(afd_claim_text_at(c, b)));
}

static void number(struct afd_claim_list *c)
{
	for (size_t i = 1; i < c->n; i++) {
		struct afd_claim_draft *g = &c->at[i];
		for (size_t k = i, seen = 0; k > 0 && seen < SAME_INSTANT; k--, seen++) {
			const struct afd_claim_draft *o = &c->at[k - 1];
			if (o->at.from != g->at.from || !same_text(c, o->client, g->client) || !same_text(c, o->zone, g->zone))
				continue;
			g->ordinal = o->ordinal + 1;
			break;
		}
	}
}

static int tell(const struct afd_claim_list *c, const struct afd_claim_draft *g, struct afd_sink *sink, struct afd_error *err)
{
	AFD_AUTO(mem) struct afd_claim_rr *rr = calloc(g->n ? g->n : 1, sizeof(*rr));
	const char *tag = g->tag == AFD_NO_TEXT ? "-" : afd_claim_text_at(c, g->tag);
	const char *client = g->client == AFD_NO_TEXT ? "-" : afd_claim_text_at(c, g->client);
	AFD_AUTO(mem) char *ref = afd_sprintf("%" PRId64 "/%s/%s/%s/%" PRIu64, g->at.from, tag, client, afd_claim_text_at(c, g->zone),
	                                      g->ordinal);
	size_t n = 0;

	if (!rr || !ref)
		return afd_fail_memory(err);
	for (size_t i = g->first; i; i = c->rr[i - 1].next) {
		const struct afd_claim_record *r = &c->rr[i - 1];
		rr[n++] = (struct afd_claim_rr){
			afd_claim_text_at(c, r->owner), afd_claim_text_at(c, r->type), afd_claim_text_at(c, r->rdata), r->add, r->part,
			.has_ttl = r->ttl >= 0, .ttl = (uint32_t)(r->ttl >= 0 ? r->ttl : 0)
		};
	}
	const struct afd_row_claim row = {
		.zone = afd_claim_text_at(c, g->zone), .client = afd_claim_text_at(c, g->client), .outcome = g->outcome, .kind = g->kind,
		.credential = afd_claim_text_at(c, g->credential), .claimed = afd_claim_text_at(c, g->claimed), .mac = g->mac,
		.has_serials = g->has_serials, .serial_from = g->serial_from, .serial_to = g->serial_to,
		.ref = ref, .at = g->at, .part = g->part, .rr = rr, .n = n,
	};
	return sink->claim(sink->ctx, &row, err);
}

int afd_claim_list_tell(struct afd_claim_list *c, struct afd_sink *sink, struct afd_error *err)
{
	number(c);
	for (size_t i = 0; i < c->n; i++)
		if (c->at[i].outcome && tell(c, &c->at[i], sink, err) < 0)
			return -1;
	return 0;
}
