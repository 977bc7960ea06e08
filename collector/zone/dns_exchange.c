#include "collector/zone/dns_exchange.h"

#include <inttypes.h>
#include <stdio.h>

#include "collector/zone/dns_rdata.h"

/* Text of all records and what they need in memory. Compression lets 16 bytes on the wire be a thousand of text. */
#define MAX_EXPANDED (UINT64_C(1) << 30)

struct records {                                  /* texts stand in one buffer: offsets until it no longer moves */
	struct afd_buf text;
	struct record { size_t owner, type, rdata; uint32_t ttl; } *at;
	size_t n, cap;
};

struct afd_exchange_rows {                        /* where the pieces go when they are wanted as rows */
	struct afd_sink *sink;
	const char *zone, *server;
	const char *unserved;                     /* what was said to IXFR when this is the AXFR in its place, or NULL */
	int64_t seen_ms;
	bool authenticated;
	uint64_t part;                            /* message that holds the first record of the piece */
	struct records zone_or_del, add;
};

static void records_release(struct records *r)
{
	afd_buf_release(&r->text);
	free(r->at);
	*r = (struct records){ 0 };
}

void afd_exchange_release(struct afd_exchange *w)
{
	afd_buf_release(&w->soa);
	afd_buf_release(&w->text);
	afd_tsig_stream_release(&w->tsig);
}

static int records_add(struct records *r, const char *owner, const char *type, const char *rdata, uint32_t ttl)
{
	if (r->n == r->cap) {
		size_t cap = r->cap ? r->cap * 2 : 64;
		struct record *at = reallocarray(r->at, cap, sizeof(*at));
		if (!at)
			return -1;
		r->at = at;
		r->cap = cap;
	}
	const char *const texts[] = { owner, type, rdata };
	size_t off[3];
	for (size_t i = 0; i < 3; i++) {
		off[i] = r->text.len;
		if (afd_buf_add(&r->text, texts[i], strlen(texts[i]) + 1) < 0)
			return -1;
	}
	r->at[r->n++] = (struct record){ off[0], off[1], off[2], ttl };
	return 0;
}

/* Owned array of rows that borrow from R. */
static struct afd_rr *records_rows(const struct records *r)
{
	struct afd_rr *rows = calloc(r->n ? r->n : 1, sizeof(*rows));
	const char *text = (const char *)r->text.data;

	for (size_t i = 0; rows && i < r->n; i++)
		rows[i] = (struct afd_rr){
			text + r->at[i].owner, text + r->at[i].type, text + r->at[i].rdata, r->at[i].ttl
		};
	return rows;
}

static void piece_begin(struct afd_exchange *w, uint64_t part)
{
	if (!w->out)
		return;
	records_release(&w->out->zone_or_del);
	records_release(&w->out->add);
	w->out->part = part;
}

/* YYYYMMDDnn: the day; 0: no such serial. */
static uint32_t day_of(uint32_t serial)
{
	const uint32_t day = serial / 100, month = day / 100 % 100;

	return day / 10000 >= 1990 && day / 10000 < 2100 && month >= 1 && month <= 12 && day % 100 >= 1 && day % 100 <= 31 ? day : 0;
}

/* How many serials lie between two, or 0 where the numbers do not count: by date (over the end of a day), seconds since
 * 1970, or a jump from one way of numbering to another. */
static uint32_t serials_between(uint32_t from, uint32_t to)
{
	enum { NO_COUNT = 1000000, CLOCK_FROM = 1000000000 };
	const uint32_t n = to - from;

	if (n <= 1 || n > NO_COUNT)
		return n == 1;
	if (day_of(from) || day_of(to))
		return day_of(from) == day_of(to) ? n : 0;
	return from >= CLOCK_FROM && to < UINT32_MAX / 2 + 1 ? 0 : n;
}

/* A server may merge versions (RFC 9103, 7.10.1), and does when its journal is full (Knot). Steps that serials do not count
 * cannot be told from merged ones; so what is said here is never that nothing was merged. */
static const char *merged(uint32_t from, uint32_t to, char text[160])
{
	const uint32_t n = serials_between(from, to);

	if (n <= 1)
		return NULL;
	snprintf(text, 160, "%u serials in one step, what came and went between them is not told; ask more often, or let the server keep more steps", n);
	return text;
}

/* Why the whole zone came in place of differences, or NULL: they were not asked for, or nothing was newer. */
static const char *unserved(const struct afd_exchange *w, char text[200])
{
	const uint32_t n = serials_between(w->asked, w->newest);
	char count[40] = "its steps";

	if (w->qtype != AFD_DNS_IXFR || !w->asked_known || w->asked == w->newest)
		return w->out->unserved;
	if (n)
		snprintf(count, sizeof(count), "%u step%s", n, n == 1 ? "" : "s");
	snprintf(text, 200, "IXFR from %u was answered with the whole zone: the server no longer tells %s to %u; ask more often, or let it keep more",
	         w->asked, count, w->newest);
	return text;
}

static int emit_zone(struct afd_exchange *w, struct afd_error *err)
{
	struct afd_exchange_rows *o = w->out;

	if (!o)
		return 0;
	if (w->single) {
		const struct afd_row_serial row = { o->zone, o->server, w->newest, o->seen_ms, o->part,
		                                    o->authenticated };
		return o->sink->serial(o->sink->ctx, &row, err);
	}
	AFD_AUTO(mem) struct afd_rr *rr = records_rows(&o->zone_or_del);
	if (!rr)
		return afd_fail_memory(err);
	char why[200];
	const struct afd_row_zone row = {
		o->zone, o->server, w->newest, o->seen_ms, o->part, rr, o->zone_or_del.n, o->authenticated, .unserved = unserved(w, why)
	};
	return o->sink->zone(o->sink->ctx, &row, err);
}

static int emit_diff(struct afd_exchange *w, struct afd_error *err)
{
	struct afd_exchange_rows *o = w->out;

	if (!o)
		return 0;
	AFD_AUTO(mem) struct afd_rr *del = records_rows(&o->zone_or_del);
	AFD_AUTO(mem) struct afd_rr *add = records_rows(&o->add);
	if (!del || !add)
		return afd_fail_memory(err);
	char why[160];
	const struct afd_row_diff row = {
		o->zone, o->server, w->from, w->to, o->seen_ms, o->part, del, o->zone_or_del.n, add, o->add.n,
		o->authenticated, .merged = merged(w->from, w->to, why)
	};
	return o->sink->diff(o->sink->ctx, &row, err);
}

static int soa_serial(const struct afd_dns_message *m, const struct afd_dns_rr *rr, uint32_t *ret,
                      struct afd_error *err)
{
	struct afd_dns_name n;
	size_t at = rr->rdata, end = rr->rdata + rr->rdlen;

	if (afd_dns_name_read(m->whole, &at, true, &n, err) < 0 || afd_dns_name_read(m->whole, &at, true, &n, err) < 0)
		return afd_within(err, "SOA");
	if (at > end || end - at != 20)
		return afd_fail(err, AFD_E_PARSE, "SOA: malformed");
	struct afd_reader r = afd_reader(afd_slice(m->whole.data + at, 20));
	*ret = afd_read_u32(&r);
	return 0;
}

struct seen {                                     /* the record at hand, in text */
	const char *owner, *type, *rdata;
	uint32_t ttl, serial;
	bool soa, same;                           /* same: equal to the first SOA */
};

static int keep(struct afd_exchange *w, bool add, const struct seen *s, struct afd_error *err)
{
	if (!w->out || records_add(add ? &w->out->add : &w->out->zone_or_del, s->owner, s->type, s->rdata, s->ttl) == 0)
		return 0;
	return afd_fail_memory(err);
}

/* The second record tells the form of the answer (RFC 1995, 4; RFC 9103, 7.10.1). */
static int second_record(struct afd_exchange *w, const struct seen *s, uint64_t part, struct afd_error *err)
{
	if (!s->soa) {
		w->place = IN_ZONE;
		w->full = true;
		return keep(w, false, s, err);
	}
	if (s->same) {
		w->place = AT_END;
		w->full = true;
		return emit_zone(w, err);
	}
	if (w->qtype == AFD_DNS_AXFR)
		return afd_fail(err, AFD_E_VERIFY, "the last SOA differs from the first (serials %u and %u)", w->newest,
		                s->serial);
	if (w->asked_known && s->serial != w->asked)
		return afd_fail(err, AFD_E_VERIFY, "differences begin at serial %u, asked from %u", s->serial,
		                w->asked);
	piece_begin(w, part);
	w->from = s->serial;
	w->place = IN_DELETES;
	return keep(w, false, s, err);
}

static int end_of_adds(struct afd_exchange *w, const struct seen *s, uint64_t part, struct afd_error *err)
{
	if (emit_diff(w, err) < 0)
		return -1;
	if (w->to == w->newest) {
		if (!s->same)
			return afd_fail(err, AFD_E_VERIFY, "the last SOA differs from the first (serials %u and %u)",
			                w->newest, s->serial);
		w->place = AT_END;
		return 0;
	}
	if (s->serial != w->to)
		return afd_fail(err, AFD_E_VERIFY, "differences to serial %u are followed by differences from %u",
		                w->to, s->serial);
	piece_begin(w, part);
	w->from = s->serial;
	w->place = IN_DELETES;
	return keep(w, false, s, err);
}

static int take_record(struct afd_exchange *w, const struct seen *s, uint64_t part, struct afd_error *err)
{
	switch (w->place) {
	case AT_FIRST:
		if (!s->soa)
			return afd_fail(err, AFD_E_VERIFY, "the first record is %s, expected the SOA", s->type);
		w->newest = s->serial;
		w->place = AT_SECOND;
		piece_begin(w, part);
		if (afd_buf_text(&w->soa, s->rdata) < 0)
			return afd_fail_memory(err);
		return keep(w, false, s, err);
	case AT_SECOND:
		return second_record(w, s, part, err);
	case IN_ZONE:
		if (!s->soa)
			return keep(w, false, s, err);
		if (!s->same)
			return afd_fail(err, AFD_E_VERIFY, "the last SOA differs from the first (serials %u and %u)",
			                w->newest, s->serial);
		w->place = AT_END;
		return emit_zone(w, err);
	case IN_DELETES:
		if (!s->soa)
			return keep(w, false, s, err);
		if (s->serial == w->from)
			return afd_fail(err, AFD_E_VERIFY, "differences from serial %u lead to the same serial",
			                w->from);
		if (!afd_dns_serial_newer(s->serial, w->from))
			return afd_fail(err, AFD_E_VERIFY, "differences lead from serial %u back to %u", w->from, s->serial);
		w->to = s->serial;
		w->place = IN_ADDS;
		return keep(w, true, s, err);
	case IN_ADDS:
		return s->soa ? end_of_adds(w, s, part, err) : keep(w, true, s, err);
	case AT_END:
		break;
	}
	return afd_fail(err, AFD_E_VERIFY, "a record stands behind the last SOA");
}

static int take_answer_record(struct afd_exchange *w, const struct afd_dns_message *m, const struct afd_dns_rr *rr,
                              uint64_t part, struct afd_error *err)
{
	char owner[AFD_DNS_TEXT_MAX], type[16];
	struct seen s = { .owner = owner, .type = type, .ttl = rr->ttl, .soa = rr->type == AFD_DNS_SOA };

	afd_dns_name_text(&rr->owner, true, owner);
	afd_dns_type_text(rr->type, type);
	if (!afd_dns_name_below(&rr->owner, &w->zone))
		return afd_fail(err, AFD_E_VERIFY, "record at \"%.200s\" is outside the zone", owner);
	if (rr->rclass != AFD_DNS_IN || rr->type == 0 || rr->type == AFD_DNS_OPT ||
	    (rr->type >= 128 && rr->type <= 255))
		return afd_fail(err, AFD_E_VERIFY, "a %s record of class %u has no place in a zone", type, rr->rclass);
	if (s.soa && !afd_dns_name_equal(&rr->owner, &w->zone))
		return afd_fail(err, AFD_E_VERIFY, "SOA at \"%.200s\" is below the apex", owner);
	if (s.soa && soa_serial(m, rr, &s.serial, err) < 0)
		return -1;
	w->text.len = 0;
	if (afd_dns_rdata_text(m, rr, &w->text, err) < 0)
		return afd_within(err, "record at \"%.200s\"", owner);
	w->expanded += strlen(owner) + strlen(type) + w->text.len + sizeof(struct record) + sizeof(struct afd_rr);
	if (w->expanded > MAX_EXPANDED)
		return afd_fail(err, AFD_E_LIMIT, "records are larger than %" PRIu64 " bytes as text", MAX_EXPANDED);
	s.rdata = w->text.len ? (const char *)w->text.data : "";
	s.same = s.soa && w->soa.len && strcmp(s.rdata, (const char *)w->soa.data) == 0;
	return take_record(w, &s, part, err);
}

/* Header and question of an answer (RFC 5936, 2.2): later messages may leave the question out. */
static int check_head(struct afd_exchange *w, const struct afd_dns_message *m, struct afd_error *err)
{
	struct afd_dns_question q;

	if (w->qtype == 0) {
		if (afd_dns_question(m, &q, err) < 0)
			return -1;
		w->qtype = q.type;
		w->id = m->id;
	}
	if (m->id != w->id || !(m->flags & AFD_DNS_QR) || m->flags & AFD_DNS_OPCODE)
		return afd_fail(err, AFD_E_VERIFY, "not an answer to our query (ID %u, asked with %u)", m->id, w->id);
	if (m->count[AFD_DNS_QUESTION] > 0 || w->messages == 1) {
		if (afd_dns_question(m, &q, err) < 0)
			return -1;
		if (!afd_dns_name_equal(&q.name, &w->zone) || q.type != w->qtype || q.rclass != AFD_DNS_IN)
			return afd_fail(err, AFD_E_VERIFY, "the answer is to another question");
	}
	if (m->flags & AFD_DNS_TC)
		return afd_fail(err, AFD_E_VERIFY, "the answer is marked as truncated");
	return 0;
}

static int check_rcode(struct afd_exchange *w, const struct afd_dns_message *m, struct afd_error *err)
{
	struct afd_tsig t;
	char rcode[16], error[16];

	w->rcode = m->flags & AFD_DNS_RCODE;
	if (w->rcode == 0)
		return 0;
	afd_dns_rcode_text(w->rcode, rcode);
	afd_dns_extended_error(m, w->why);
	if (afd_tsig_find(m, &t, NULL) != 1 || t.error == 0)
		/* Only a server that failed may do better when asked again. */
		return afd_fail(err, w->rcode == AFD_DNS_SERVFAIL ? AFD_E_REMOTE : AFD_E_VERIFY,
		                "the server answered %s%s%s", rcode, *w->why ? ", " : "", w->why);
	afd_tsig_error_text(t.error, error);
	return afd_fail(err, AFD_E_VERIFY, "the server answered %s, TSIG error %s", rcode, error);
}

int afd_exchange_take(struct afd_exchange *w, struct afd_slice bytes, uint64_t now, struct afd_error *err)
{
	struct afd_dns_message m;
	struct afd_dns_rr rr;
	struct afd_tsig t;

	w->messages++;
	w->bytes += bytes.len + 2;
	if (w->bytes > AFD_MAX_DNS_TRANSFER || w->messages > AFD_MAX_DNS_MESSAGES)
		return afd_fail(err, AFD_E_LIMIT, "transfer is larger than %u bytes or %u messages",
		                AFD_MAX_DNS_TRANSFER, AFD_MAX_DNS_MESSAGES);
	if (w->place == AT_END)
		return afd_fail(err, AFD_E_VERIFY, "a message stands behind the last SOA");
	if (afd_dns_parse(bytes, &m, err) < 0 || check_head(w, &m, err) < 0)
		return -1;
	/* A refusal is no evidence, signed or not; only its words count. */
	if (check_rcode(w, &m, err) < 0)
		return -1;
	if (w->key && afd_tsig_stream_add(&w->tsig, &m, now, err) < 0)
		return -1;
	w->unsigned_messages += afd_tsig_find(&m, &t, NULL) != 1;
	/* Knot leaves AA out of transfers, against RFC 5936, 2.2.1. A transfer is a primary's or a secondary's answer either way. */
	w->without_aa = w->without_aa || !(m.flags & AFD_DNS_AA);
	if (m.count[AFD_DNS_AUTHORITY] > 0)
		return afd_fail(err, AFD_E_VERIFY, "records stand in the authority section (RFC 5936, 2.2.4)");
	for (struct afd_dns_walk i = afd_dns_walk(&m, AFD_DNS_ANSWER); afd_dns_next(&i, &rr);)
		if (take_answer_record(w, &m, &rr, w->messages, err) < 0)
			return -1;
	/* One SOA that is not newer than ours: nothing newer, or a server that lags behind (RFC 1995, 4). */
	if (w->messages == 1 && w->place == AT_SECOND && w->qtype == AFD_DNS_IXFR &&
	    (!w->asked_known || !afd_dns_serial_newer(w->newest, w->asked))) {
		w->place = AT_END;
		w->single = true;
		if (emit_zone(w, err) < 0)
			return -1;
	}
	if (w->place != AT_END)
		return 0;
	return w->key && afd_tsig_stream_end(&w->tsig, err) < 0 ? -1 : 1;
}

int afd_exchange_begin(struct afd_exchange *w, struct afd_slice query, const struct afd_tsig_key *key,
                       struct afd_error *err)
{
	struct afd_dns_message m;
	struct afd_dns_question q;
	struct afd_dns_rr rr;
	struct afd_tsig t;

	*w = (struct afd_exchange){ .key = key };
	if (afd_dns_parse(query, &m, err) < 0 || afd_dns_question(&m, &q, err) < 0)
		return afd_within(err, "query");
	if (m.flags & (AFD_DNS_QR | AFD_DNS_OPCODE) || q.rclass != AFD_DNS_IN ||
	    (q.type != AFD_DNS_AXFR && q.type != AFD_DNS_IXFR))
		return afd_fail(err, AFD_E_PARSE, "query: expected a request for a transfer");
	w->zone = q.name;
	w->id = m.id;
	w->qtype = q.type;
	if (q.type == AFD_DNS_IXFR) {
		struct afd_dns_walk i = afd_dns_walk(&m, AFD_DNS_AUTHORITY);
		if (!afd_dns_next(&i, &rr) || i.left || rr.type != AFD_DNS_SOA ||
		    !afd_dns_name_equal(&rr.owner, &q.name))
			return afd_fail(err, AFD_E_PARSE, "query: expected the zone's SOA in the authority section");
		if (soa_serial(&m, &rr, &w->asked, err) < 0)
			return afd_within(err, "query");
		w->asked_known = true;
	}
	if (!key)
		return 0;
	if (afd_tsig_check_request(key, &m, &t, err) < 0)
		return afd_within(err, "query");
	return afd_tsig_stream_begin(&w->tsig, key, t.mac, err);
}

/* When was a recorded answer received? Its own signed time, the only one that the record proves: the fudge is there to
 * stop replays on the network, and a recording is one by intention. The times of later messages are still compared with
 * it. */
static uint64_t recorded_time(struct afd_slice message)
{
	struct afd_dns_message m;
	struct afd_tsig t;

	return afd_dns_parse(message, &m, NULL) == 0 && afd_tsig_find(&m, &t, NULL) == 1 ? t.time : 0;
}

int afd_exchange_whole(struct afd_exchange *w, struct afd_slice bytes, const struct afd_tsig_key *key,
                       struct afd_exchange_rows *out, struct afd_error *err)
{
	struct afd_reader r = afd_reader(bytes);
	struct afd_slice m;
	uint64_t now = 0;
	int got = afd_dns_exchange_next(&r, &m, err), state = 0;

	*w = (struct afd_exchange){ 0 };
	if (got <= 0)
		return got < 0 ? -1 : afd_fail(err, AFD_E_PARSE, "exchange: expected a query, got nothing");
	if (afd_exchange_begin(w, m, key, err) < 0)
		return -1;
	w->out = out;
	while ((got = afd_dns_exchange_next(&r, &m, err)) > 0) {
		if (w->messages == 0)
			now = recorded_time(m);
		if ((state = afd_exchange_take(w, m, now, err)) < 0)
			return afd_within(err, "message %" PRIu64, w->messages);
	}
	if (got < 0)
		return -1;
	if (state != 1)
		return afd_fail(err, AFD_E_VERIFY, "the transfer ends after %" PRIu64 " messages without its last SOA",
		                w->messages);
	return 0;
}

int afd_exchange_split(struct afd_slice bytes, struct afd_ranges *parts, struct afd_error *err)
{
	struct afd_reader r = afd_reader(bytes);
	struct afd_slice m;
	int got;

	while ((got = afd_dns_exchange_next(&r, &m, err)) > 0)
		if (afd_ranges_add(parts, (uint64_t)(m.data - 2 - bytes.data), m.len + 2) < 0)
			return afd_fail_memory(err);
	return got;
}

/* "tcp 192.0.2.1:53 tsig ..." gives "192.0.2.1:53", so does "tls1.3 192.0.2.1:853 ..."; a recording gives "file". */
static char *server_of(const char *channel)
{
	size_t skip = 0;

	if (!channel)
		return afd_strdup("");
	if (strncmp(channel, "tcp ", 4) == 0 || strncmp(channel, "tls1.3 ", 7) == 0)
		skip = strcspn(channel, " ") + 1;
	return afd_text_dup(afd_slice(channel + skip, strcspn(channel + skip, " ")));
}

/* "tcp 192.0.2.1:53 tsig hmac-sha256 audit-key", as channel_of() of dns_transfer.c writes it; "no tsig" ends it. */
static bool signed_channel(const char *channel)
{
	return channel && strstr(channel, " tsig ") != NULL;
}

/* By TLS the server has always shown who it is: transport/dns_tls.c lets no other through. */
static bool known_channel(const char *channel)
{
	return signed_channel(channel) || (channel && strncmp(channel, "tls1.3 ", 7) == 0 && strstr(channel, " alpn dot "));
}

/* How the answer came. A server that leaves messages unsigned breaks RFC 8945, 5.3.1, even where a client takes them. */
static int observe(const struct afd_exchange *w, const struct afd_exchange_rows *o, const char *channel, struct afd_error *err)
{
	const struct afd_span at = { o->seen_ms, o->seen_ms + 1 };
	char count[128];
	const struct { bool so; struct afd_row_observation row; } said[] = {
		{ true, { "transfer", o->zone, "channel", channel, AFD_TIME_NONE, at, 0 } },
		{ signed_channel(channel) && w->unsigned_messages,
		  { "transfer", o->zone, "unsigned-messages", count, (int64_t)w->unsigned_messages, at, 0 } },
		{ w->without_aa, { "transfer", o->zone, "without-aa", "AA must be set (RFC 5936, 2.2.1)", AFD_TIME_NONE, at, 0 } },
	};

	if (!o->sink->observation || !channel)
		return 0;
	snprintf(count, sizeof(count), "%" PRIu64 " of %" PRIu64 " messages without TSIG, which must be on all (RFC 8945, 5.3.1)",
	         w->unsigned_messages, w->messages);
	for (size_t i = 0; i < AFD_COUNT(said); i++)
		if (said[i].so && o->sink->observation(o->sink->ctx, &said[i].row, err) < 0)
			return -1;
	return 0;
}

/* Looks at everything once before the first row is said, so that a bad exchange says nothing. */
int afd_exchange_decode(const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err)
{
	AFD_AUTO(mem) char *server = server_of(item->record->channel);
	char zone[AFD_DNS_TEXT_MAX];
	const char *refused = item->record->asked ? strstr(item->record->asked, AFD_EXCHANGE_UNSERVED) : NULL;
	struct afd_exchange_rows out = {
		.sink = sink, .zone = zone, .server = server, .seen_ms = item->record->received_ms,
		.authenticated = known_channel(item->record->channel), .unserved = refused ? refused + 2 : NULL
	};
	struct afd_exchange w;

	if (!server)
		return afd_fail_memory(err);
	int r = afd_exchange_whole(&w, item->bytes, NULL, NULL, err);
	afd_dns_name_text(&w.zone, true, zone);
	afd_exchange_release(&w);
	if (r < 0)
		return -1;
	r = afd_exchange_whole(&w, item->bytes, NULL, &out, err);
	if (r == 0)
		r = observe(&w, &out, item->record->channel, err);
	afd_exchange_release(&w);
	records_release(&out.zone_or_del);
	records_release(&out.add);
	return r;
}

