#include "collector/probe/probe_rows.h"

#include <inttypes.h>

#include "collector/zone/dns_rdata.h"

enum { MOST_RECORDS = 4000 };

/* Texts of the records of one answer: offsets first, because the buffer moves while it grows. */
struct row_texts {
	struct afd_buf text;
	struct { const char *section; size_t owner, type, rdata; uint32_t ttl; } *at;
	struct afd_answer_rr *rr;
	size_t n, cap;
};

static void release(struct row_texts *t)
{
	afd_buf_release(&t->text);
	free(t->at);
	free(t->rr);
}

static int add_record(struct row_texts *t, const struct afd_dns_message *m, const struct afd_dns_rr *rr, const char *section, struct afd_error *err)
{
	char owner[AFD_DNS_TEXT_MAX], type[16];
	void *more;

	if (t->n == t->cap) {
		t->cap = t->cap ? 2 * t->cap : 16;
		more = realloc(t->at, t->cap * sizeof(*t->at));
		if (!more)
			return afd_fail_memory(err);
		t->at = more;
	}
	afd_dns_name_text(&rr->owner, true, owner);
	afd_dns_type_text(rr->type, type);
	t->at[t->n].section = section;
	t->at[t->n].ttl = rr->ttl;
	t->at[t->n].owner = t->text.len;
	if (afd_buf_add(&t->text, owner, strlen(owner) + 1) < 0)
		return afd_fail_memory(err);
	t->at[t->n].type = t->text.len;
	if (afd_buf_add(&t->text, type, strlen(type) + 1) < 0)
		return afd_fail_memory(err);
	t->at[t->n].rdata = t->text.len;
	if (afd_dns_rdata_text(m, rr, &t->text, err) < 0)
		return -1;
	t->n++;
	return afd_buf_u8(&t->text, 0) < 0 ? afd_fail_memory(err) : 0;
}

/* MOST: a transfer's first message may hold a thousand records of which none is asked for. */
static int add_records(struct row_texts *t, const struct afd_dns_message *m, size_t most, struct afd_error *err)
{
	static const char *const section[] = { [AFD_DNS_ANSWER] = "answer", [AFD_DNS_AUTHORITY] = "authority", [AFD_DNS_ADDITIONAL] = "additional" };

	for (unsigned s = AFD_DNS_ANSWER; s <= AFD_DNS_ADDITIONAL; s++) {
		struct afd_dns_walk w = afd_dns_walk(m, s);
		struct afd_dns_rr rr;

		while (t->n < most && afd_dns_next(&w, &rr))
			if (rr.type != AFD_DNS_OPT && rr.rclass == AFD_DNS_IN && add_record(t, m, &rr, section[s], err) < 0)
				return -1;
	}
	t->rr = calloc(t->n ? t->n : 1, sizeof(*t->rr));
	if (!t->rr)
		return afd_fail_memory(err);
	for (size_t i = 0; i < t->n; i++) {
		const char *base = (const char *)t->text.data;

		t->rr[i] = (struct afd_answer_rr){ t->at[i].section, { base + t->at[i].owner, base + t->at[i].type, base + t->at[i].rdata, t->at[i].ttl } };
	}
	return 0;
}

static int put_answer(const struct afd_probe_item *item, const struct afd_probe_exchange *x, struct afd_sink *sink, struct afd_error *err)
{
	__attribute__((cleanup(release))) struct row_texts t = { 0 };
	struct afd_error broken = { 0 };
	struct afd_probe_view v;
	char qname[AFD_DNS_TEXT_MAX], qtype[16];

	if (afd_probe_view(x, &v, err) < 0)
		return afd_within(err, "exchange %" PRIu64, x->part);
	if (v.answered && add_records(&t, &v.m, v.asked.type == AFD_DNS_AXFR ? 1 : MOST_RECORDS, &broken) < 0) {
		if (broken.code == AFD_E_MEMORY)
			return *err = broken, -1;
		v.answered = false;
	}
	afd_dns_name_text(&v.asked.name, true, qname);
	afd_dns_type_text(v.asked.type, qtype);
	const struct afd_row_answer r = {
		.purpose = x->purpose, .zone = item->zone, .server = x->server, .address = x->address, .qname = qname, .qtype = qtype,
		.outcome = strcmp(x->outcome, "answered") == 0 && !v.answered ? "malformed" : v.outcome,
		.aa = v.answered && v.m.flags & AFD_DNS_AA, .tc = v.answered && v.m.flags & AFD_DNS_TC, .ra = v.answered && v.m.flags & 0x0080,
		.ad = v.answered && v.m.flags & 0x0020, .rr = t.rr, .n = v.answered ? t.n : 0, .at_ms = x->at_ms, .part = x->part,
	};
	return sink->answer(sink->ctx, &r, err);
}

/* All of it is read before a row is said. What stands in an item with trust anchors stands in items of its own as well. */
int afd_probe_decode(const struct afd_item_view *view, struct afd_sink *sink, struct afd_error *err)
{
	__attribute__((cleanup(afd_probe_item_release))) struct afd_probe_item item = { 0 };

	if (afd_probe_item_read(view->bytes, &item, err) < 0)
		return -1;
	for (size_t i = 0; i < item.n; i++) {
		struct afd_probe_view v;

		if (afd_probe_view(&item.exchange[i], &v, err) < 0)
			return afd_within(err, "exchange %zu", i + 1);
	}
	if (item.n_anchor)
		return afd_probe_verdicts(&item, sink, err);
	for (size_t i = 0; i < item.n; i++)
		if (put_answer(&item, &item.exchange[i], sink, err) < 0)
			return -1;
	return 0;
}
