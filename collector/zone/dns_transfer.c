/* Zone transfers by TSIG: each run asks for the differences since the serial last seen (RFC 1995) and then, to see
 * edits that left the serial alone, for the whole zone (RFC 5936). An item is one exchange: the query and every answer,
 * each behind its 16-bit length, one part per message. */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>

#include "collector/table.h"
#include "collector/zone/dns_rdata.h"
#include "collector/zone/tsig.h"

#define MEDIA_TYPE "application/dns-message-sequence"

/* --- reading an exchange: pure --- */

/* Text of all records and what they need in memory. Compression lets 16 bytes on the wire be a thousand of text. */
#define MAX_EXPANDED (UINT64_C(1) << 30)

enum place { AT_FIRST, AT_SECOND, IN_ZONE, IN_DELETES, IN_ADDS, AT_END };

struct records {                                  /* texts stand in one buffer: offsets until it no longer moves */
	struct afd_buf text;
	struct record { size_t owner, type, rdata; uint32_t ttl; } *at;
	size_t n, cap;
};

struct output {                                   /* where the pieces go when they are wanted as rows */
	struct afd_sink *sink;
	const char *zone, *server;
	int64_t seen_ms;
	uint64_t part;                            /* message that holds the first record of the piece */
	struct records zone_or_del, add;
};

struct walk {
	struct afd_dns_name zone;
	uint16_t id, qtype;                       /* qtype 0: take both from the first answer */
	bool asked_known;
	uint32_t asked, newest, from, to;
	enum place place;
	bool single, full;                        /* nothing but the SOA; the whole zone */
	unsigned rcode;
	uint64_t messages, bytes, expanded;
	struct afd_buf soa, text;                 /* rdata of the first SOA; of the record at hand */
	const struct afd_tsig_key *key;           /* NULL: signatures are not looked at */
	struct afd_tsig_stream tsig;
	struct output *out;                       /* NULL: only look */
};

static void records_release(struct records *r)
{
	afd_buf_release(&r->text);
	free(r->at);
	*r = (struct records){ 0 };
}

static void walk_release(struct walk *w)
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

static void piece_begin(struct walk *w, uint64_t part)
{
	if (!w->out)
		return;
	records_release(&w->out->zone_or_del);
	records_release(&w->out->add);
	w->out->part = part;
}

static int emit_zone(struct walk *w, struct afd_error *err)
{
	struct output *o = w->out;

	if (!o)
		return 0;
	if (w->single) {
		const struct afd_row_serial row = { o->zone, o->server, w->newest, o->seen_ms, o->part };
		return o->sink->serial(o->sink->ctx, &row, err);
	}
	AFD_AUTO(mem) struct afd_rr *rr = records_rows(&o->zone_or_del);
	if (!rr)
		return afd_fail_memory(err);
	const struct afd_row_zone row = { o->zone, o->server, w->newest, o->seen_ms, o->part, rr, o->zone_or_del.n };
	return o->sink->zone(o->sink->ctx, &row, err);
}

static int emit_diff(struct walk *w, struct afd_error *err)
{
	struct output *o = w->out;

	if (!o)
		return 0;
	AFD_AUTO(mem) struct afd_rr *del = records_rows(&o->zone_or_del);
	AFD_AUTO(mem) struct afd_rr *add = records_rows(&o->add);
	if (!del || !add)
		return afd_fail_memory(err);
	const struct afd_row_diff row = {
		o->zone, o->server, w->from, w->to, o->seen_ms, o->part, del, o->zone_or_del.n, add, o->add.n
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

static int keep(struct walk *w, bool add, const struct seen *s, struct afd_error *err)
{
	if (!w->out || records_add(add ? &w->out->add : &w->out->zone_or_del, s->owner, s->type, s->rdata, s->ttl) == 0)
		return 0;
	return afd_fail_memory(err);
}

/* The second record tells the form of the answer (RFC 1995, 4; RFC 9103, 7.10.1). */
static int second_record(struct walk *w, const struct seen *s, uint64_t part, struct afd_error *err)
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

static int end_of_adds(struct walk *w, const struct seen *s, uint64_t part, struct afd_error *err)
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

static int take_record(struct walk *w, const struct seen *s, uint64_t part, struct afd_error *err)
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

static int take_answer_record(struct walk *w, const struct afd_dns_message *m, const struct afd_dns_rr *rr,
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
static int check_head(struct walk *w, const struct afd_dns_message *m, struct afd_error *err)
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

static int check_rcode(struct walk *w, const struct afd_dns_message *m, struct afd_error *err)
{
	struct afd_tsig t;
	char rcode[16], error[16];

	w->rcode = m->flags & AFD_DNS_RCODE;
	if (w->rcode == 0)
		return 0;
	afd_dns_rcode_text(w->rcode, rcode);
	if (afd_tsig_find(m, &t, NULL) != 1 || t.error == 0)
		/* Only a server that failed may do better when asked again. */
		return afd_fail(err, w->rcode == AFD_DNS_SERVFAIL ? AFD_E_REMOTE : AFD_E_VERIFY,
		                "the server answered %s", rcode);
	afd_tsig_error_text(t.error, error);
	return afd_fail(err, AFD_E_VERIFY, "the server answered %s, TSIG error %s", rcode, error);
}

/* One answer. NOW: seconds at which it arrived. 1 complete, 0 more to come, -1 refused. */
static int walk_message(struct walk *w, struct afd_slice bytes, uint64_t now, struct afd_error *err)
{
	struct afd_dns_message m;
	struct afd_dns_rr rr;

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
	if (w->messages == 1 && !(m.flags & AFD_DNS_AA))
		return afd_fail(err, AFD_E_VERIFY, "the server is not authoritative for the zone");
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

/* Sets W up from the query as it was sent. */
static int walk_begin(struct walk *w, struct afd_slice query, const struct afd_tsig_key *key, struct afd_error *err)
{
	struct afd_dns_message m;
	struct afd_dns_question q;
	struct afd_dns_rr rr;
	struct afd_tsig t;

	*w = (struct walk){ .key = key };
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

/* A whole exchange, complete and nothing behind it. W is the caller's to release. */
static int walk_exchange(struct walk *w, struct afd_slice bytes, const struct afd_tsig_key *key, struct output *out,
                         struct afd_error *err)
{
	struct afd_reader r = afd_reader(bytes);
	struct afd_slice m;
	uint64_t now = 0;
	int got = afd_dns_exchange_next(&r, &m, err), state = 0;

	*w = (struct walk){ 0 };
	if (got <= 0)
		return got < 0 ? -1 : afd_fail(err, AFD_E_PARSE, "exchange: expected a query, got nothing");
	if (walk_begin(w, m, key, err) < 0)
		return -1;
	w->out = out;
	while ((got = afd_dns_exchange_next(&r, &m, err)) > 0) {
		if (w->messages == 0)
			now = recorded_time(m);
		if ((state = walk_message(w, m, now, err)) < 0)
			return afd_within(err, "message %" PRIu64, w->messages);
	}
	if (got < 0)
		return -1;
	if (state != 1)
		return afd_fail(err, AFD_E_VERIFY, "the transfer ends after %" PRIu64 " messages without its last SOA",
		                w->messages);
	return 0;
}

static int transfer_split(struct afd_slice bytes, struct afd_ranges *parts, struct afd_error *err)
{
	struct afd_reader r = afd_reader(bytes);
	struct afd_slice m;
	int got;

	while ((got = afd_dns_exchange_next(&r, &m, err)) > 0)
		if (afd_ranges_add(parts, (uint64_t)(m.data - 2 - bytes.data), m.len + 2) < 0)
			return afd_fail_memory(err);
	return got;
}

/* "tcp 192.0.2.1:53 tsig ..." gives "192.0.2.1:53", a recording gives "file". */
static char *server_of(const char *channel)
{
	size_t skip = channel && strncmp(channel, "tcp ", 4) == 0 ? 4 : 0;

	return channel ? afd_text_dup(afd_slice(channel + skip, strcspn(channel + skip, " "))) : afd_strdup("");
}

/* Looks at everything once before the first row is said, so that a bad exchange says nothing. */
static int transfer_decode(const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err)
{
	AFD_AUTO(mem) char *server = server_of(item->record->channel);
	char zone[AFD_DNS_TEXT_MAX];
	struct output out = { .sink = sink, .zone = zone, .server = server, .seen_ms = item->record->received_ms };
	struct walk w;

	if (!server)
		return afd_fail_memory(err);
	int r = walk_exchange(&w, item->bytes, NULL, NULL, err);
	afd_dns_name_text(&w.zone, true, zone);
	walk_release(&w);
	if (r < 0)
		return -1;
	r = walk_exchange(&w, item->bytes, NULL, &out, err);
	walk_release(&w);
	records_release(&out.zone_or_del);
	records_release(&out.add);
	return r;
}

/* --- asking --- */

struct tsig_config { const char *name, *algorithm, *secret; };
static const struct afd_field tsig_fields[] = {
	{ "name", AFD_FIELD_NAME, AFD_REQUIRED, offsetof(struct tsig_config, name), "name of the key" },
	{ "algorithm", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct tsig_config, algorithm),
	  "hmac-sha256 (default), -sha384, -sha512, -sha224" },
	{ "secret", AFD_FIELD_SECRET, AFD_REQUIRED, offsetof(struct tsig_config, secret),
	  "reference to the base64 secret: env:NAME, file:PATH ..." },
	{ 0 }
};

struct transfer_config {
	const char *server, *content_check;
	int64_t port;
	struct afd_texts zones;
	const struct afd_node *tsig;
};
static const struct transfer_config defaults = { .port = 53, .content_check = "always" };
static const struct afd_field fields[] = {
	{ "server", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct transfer_config, server),
	  "address of the server, or file:DIR with recorded exchanges "
	  "(DIR/ZONE/0001.exchange, 0001.content.exchange ...)" },
	{ "port", AFD_FIELD_INT, AFD_OPTIONAL, offsetof(struct transfer_config, port), "TCP port, 53" },
	{ "zones", AFD_FIELD_NAMES, AFD_REQUIRED, offsetof(struct transfer_config, zones), "zones to ask for" },
	{ "tsig", AFD_FIELD_NODE, AFD_OPTIONAL, offsetof(struct transfer_config, tsig),
	  "{name, algorithm, secret}: without it nothing shows who answered", tsig_fields },
	{ "content_check", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct transfer_config, content_check),
	  "always (default): after differences the whole zone, too; never: trust the serial" },
	{ 0 }
};

struct zone_state { const char *name; bool known; uint32_t serial; int64_t received_ms; int64_t replay; };

struct transfer {
	struct afd_source_config c;
	const struct transfer_config *config;
	struct afd_tsig_key key;
	bool has_key, replay, check, broken;      /* check: look at the content, too; broken: the answer was refused */
	bool whole, content, again;               /* next is an AXFR; it is a content check; IXFR was asked twice */
	struct zone_state *zone;
	size_t n, at;
	struct walk walk;                         /* of the request under way */
	struct afd_buf query;
	char *asked, *path;
};

static int transfer_scopes(const void *config, struct afd_buf *ret, struct afd_error *err)
{
	const struct transfer_config *c = config;
	struct afd_tsig_key key = { 0 };

	if (c->zones.n == 0)
		return afd_fail(err, AFD_E_CONFIG, "zones: expected at least one");
	if (strcmp(c->content_check, "always") != 0 && strcmp(c->content_check, "never") != 0)
		return afd_fail(err, AFD_E_CONFIG, "content_check: expected always or never, got \"%.40s\"",
		                c->content_check);
	if (c->port < 1 || c->port > 65535)
		return afd_fail(err, AFD_E_CONFIG, "port: expected 1 to 65535, got %lld", (long long)c->port);
	const char *algorithm = afd_node_text(afd_node_get(c->tsig, "algorithm"));
	if (algorithm && afd_tsig_key_set(&key, "k", algorithm, afd_slice_text("k"), err) < 0)
		return afd_within(err, "tsig");
	afd_tsig_key_release(&key);
	for (size_t i = 0; i < c->zones.n; i++) {
		for (size_t k = 0; k < i; k++)
			if (strcmp(c->zones.at[i], c->zones.at[k]) == 0)
				return afd_fail(err, AFD_E_CONFIG, "zones: %s stands there twice", c->zones.at[i]);
		if (afd_buf_printf(ret, "%s%s", i ? " " : "", c->zones.at[i]) < 0)
			return afd_fail_memory(err);
	}
	return 0;
}

static int read_key(struct transfer *t, struct afd_error *err)
{
	struct tsig_config k = { .algorithm = "hmac-sha256" };
	struct afd_buf text = { 0 }, secret = { 0 };

	if (!t->config->tsig)
		return 0;
	if (afd_fields_read(t->c.doc, t->config->tsig, tsig_fields, &k, err) < 0)
		return -1;
	int r = t->c.secret(t->c.secret_ctx, k.secret, &text, err);
	if (r == 0 && (r = afd_unbase64(afd_buf_slice(&text), &secret)) < 0)
		afd_fail(err, AFD_E_CONFIG, "secret: what %s holds is not base64", k.secret);
	if (r == 0)
		r = afd_tsig_key_set(&t->key, k.name, k.algorithm, afd_buf_slice(&secret), err);
	afd_buf_wipe(&text);
	afd_buf_wipe(&secret);
	t->has_key = r == 0;
	return r < 0 ? afd_within(err, "tsig") : 0;
}

/* {"example.test":{"received":1795304512528,"replay":2,"serial":2026110101}} */
static int read_cursor(struct transfer *t, const char *cursor, struct afd_error *err)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;

	if (!cursor)
		return 0;
	if (afd_json_parse(afd_slice_text(cursor), "cursor", &d, err) < 0)
		return -1;
	for (size_t i = 0; i < t->n; i++) {
		const struct afd_node *z = afd_node_get(afd_doc_root(d), t->zone[i].name);
		const struct afd_node *serial = afd_node_get(z, "serial"), *received = afd_node_get(z, "received");
		const struct afd_node *replay = afd_node_get(z, "replay");
		if (replay && replay->type == AFD_INT && replay->u.i >= 0)
			t->zone[i].replay = replay->u.i;
		if (!serial || serial->type != AFD_INT || serial->u.i < 0 || serial->u.i > UINT32_MAX || !received ||
		    received->type != AFD_INT)
			continue;
		t->zone[i].known = true;
		t->zone[i].serial = (uint32_t)serial->u.i;
		t->zone[i].received_ms = received->u.i;
	}
	return 0;
}

static char *write_cursor(const struct transfer *t)
{
	json_t *all = json_object();

	for (size_t i = 0; i < t->n; i++) {
		const struct zone_state *z = &t->zone[i];
		json_t *one = json_object();
		if (z->known) {
			json_object_set_new(one, "serial", json_integer(z->serial));
			json_object_set_new(one, "received", json_integer(z->received_ms));
		}
		json_object_set_new(one, "replay", json_integer(z->replay));
		json_object_set_new(all, z->name, one);
	}
	char *text = json_dumps(all, JSON_COMPACT | JSON_SORT_KEYS);
	json_decref(all);
	return text;
}

static void transfer_end(void *state)
{
	struct transfer *t = state;

	if (!t)
		return;
	walk_release(&t->walk);
	afd_tsig_key_release(&t->key);
	afd_buf_release(&t->query);
	free(t->zone);
	free(t->asked);
	free(t->path);
	free(t);
}

static int transfer_begin(const struct afd_source_config *c, const void *config, const char *cursor, void **ret,
                          struct afd_error *err)
{
	struct transfer *t = calloc(1, sizeof(*t));

	if (!t)
		return afd_fail_memory(err);
	t->c = *c;
	t->config = config;
	t->replay = strncmp(t->config->server, "file:", 5) == 0;
	t->check = strcmp(t->config->content_check, "never") != 0;
	t->n = t->config->zones.n;
	t->zone = calloc(t->n ? t->n : 1, sizeof(*t->zone));
	for (size_t i = 0; t->zone && i < t->n; i++)
		t->zone[i].name = t->config->zones.at[i];
	if (!t->zone || read_key(t, err) < 0 || read_cursor(t, cursor, err) < 0) {
		if (!t->zone)
			afd_fail_memory(err);
		transfer_end(t);
		return -1;
	}
	*ret = t;
	return 0;
}

/* The engine may ask again after a connection broke, and nobody says so here: then what does not go on from the message
 * before is the first message of a new answer, or it is wrong. The exchange is checked as a whole at the end. */
static int live_more(void *ctx, struct afd_slice message, struct afd_error *err)
{
	struct transfer *t = ctx;
	const struct afd_tsig_key *key = t->has_key ? &t->key : NULL;
	uint64_t now = (uint64_t)(afd_now(t->c.env) / AFD_SECOND), n = t->broken ? 0 : t->walk.messages;
	struct walk again = { 0 };
	struct afd_error why = { 0 };
	int r = t->broken ? -1 : walk_message(&t->walk, message, now, &why);

	if (t->broken || (r < 0 && n > 0)) {
		int fresh = walk_begin(&again, afd_buf_slice(&t->query), key, &why);
		if (fresh == 0)
			fresh = walk_message(&again, message, now, t->broken ? &why : NULL);
		if (fresh >= 0 || t->broken) {
			walk_release(&t->walk);
			t->walk = again;
			r = fresh;
		} else {
			walk_release(&again);
		}
	}
	t->broken = r < 0;
	if (r < 0 && err) {
		*err = why;
		return afd_within(err, "message %" PRIu64, n + 1);
	}
	return r;
}

/* A recording is checked as a whole when it is there, by its own query; here only its end is looked for. */
static int replay_more(void *ctx, struct afd_slice message, struct afd_error *err)
{
	struct transfer *t = ctx;
	return walk_message(&t->walk, message, 0, err);
}

static int next_live(struct transfer *t, struct zone_state *z, struct afd_request *q, struct afd_error *err)
{
	struct afd_dns_name name;
	uint8_t mac[AFD_TSIG_MAC_MAX];
	size_t mac_len;
	uint16_t id;
	bool ixfr = z->known && !t->whole;

	if (afd_dns_name_parse(afd_slice_text(z->name), &name, err) < 0)
		return -1;
	if (afd_random(t->c.env, &id, sizeof(id)) < 0)
		return afd_fail(err, AFD_E_IO, "no random bytes for the query's ID");
	t->query.len = 0;
	if (afd_dns_transfer_query(&t->query, id, &name, ixfr ? &z->serial : NULL, err) < 0)
		return -1;
	if (t->has_key &&
	    afd_tsig_sign(&t->key, (uint64_t)(afd_now(t->c.env) / AFD_SECOND), &t->query, mac, &mac_len, err) < 0)
		return -1;
	if (walk_begin(&t->walk, afd_buf_slice(&t->query), t->has_key ? &t->key : NULL, err) < 0)
		return -1;
	t->asked = ixfr ? afd_sprintf("IXFR %s from %u at %s:%lld", z->name, z->serial, t->config->server,
	                              (long long)t->config->port)
	                : afd_sprintf("AXFR %s at %s:%lld%s", z->name, t->config->server, (long long)t->config->port,
	                              t->content ? ", content check" : "");
	q->server = t->config->server;
	q->port = (uint16_t)t->config->port;
	q->query = afd_buf_slice(&t->query);
	q->more = live_more;
	return t->asked ? 1 : afd_fail_memory(err);
}

static int next_replay(struct transfer *t, struct zone_state *z, struct afd_request *q, struct afd_error *err)
{
	const char *dir = t->config->server + 5;
	bool relative = dir[0] != '/' && t->c.base_dir;

	t->walk = (struct walk){ .asked_known = z->known, .asked = z->serial };
	if (afd_dns_name_parse(afd_slice_text(z->name), &t->walk.zone, err) < 0)
		return -1;
	long long n = z->replay + !t->content;
	t->path = afd_sprintf("file:%s%s%s/%s/%04lld%s.exchange", relative ? t->c.base_dir : "", relative ? "/" : "",
	                      dir, z->name, n, t->content ? ".content" : "");
	t->asked = afd_sprintf("recorded exchange %lld of %s%s", n, z->name, t->content ? ", content check" : "");
	if (!t->path || !t->asked)
		return afd_fail_memory(err);
	q->server = t->path;
	q->more = replay_more;
	/* That it was not recorded is an answer, too: a file that is not there is not asked for again. */
	if (t->content) {
		q->protocol = AFD_FILE;
		q->path = t->path + strlen("file:");
		q->max = AFD_MAX_DNS_TRANSFER;
	}
	return 1;
}

static int transfer_next(void *state, struct afd_request *q, struct afd_error *err)
{
	struct transfer *t = state;

	if (t->at == t->n)
		return 0;
	struct zone_state *z = &t->zone[t->at];
	walk_release(&t->walk);
	t->broken = false;
	free(t->asked);
	free(t->path);
	t->asked = t->path = NULL;
	*q = (struct afd_request){ .protocol = AFD_DNS, .more_ctx = t };
	int r = t->replay ? next_replay(t, z, q, err) : next_live(t, z, q, err);
	q->asked = t->asked;
	return r;
}

static void next_zone(struct transfer *t)
{
	t->whole = t->content = t->again = false;
	t->at++;
}

/* The zone goes on with the next run; the others are not touched by it. */
static int state_gap(struct transfer *t, int64_t now, const char *reason, struct afd_keeper *keeper,
                     struct afd_error *err)
{
	struct zone_state *z = &t->zone[t->at];
	struct afd_row_coverage c = { .evidence = "zone-changes", .scope = z->name, .grade = AFD_GAP, .reason = reason,
	                              .provider_count = -1, .stored_count = -1 };

	c.at.from = z->known ? z->received_ms : now;
	c.at.to = now > c.at.from ? now : c.at.from + 1;
	next_zone(t);
	return keeper->cover(keeper->ctx, &c, err);
}

/* Some servers know no IXFR; REFUSED may mean the same (RFC 9103, 7.8). The whole zone is worth one more question. */
static bool try_whole(const struct transfer *t)
{
	const struct walk *w = &t->walk;
	return !t->replay && !t->whole && t->zone[t->at].known &&
	       (w->rcode == AFD_DNS_NOTIMP || w->rcode == AFD_DNS_FORMERR || w->rcode == AFD_DNS_REFUSED);
}

static char *channel_of(const struct transfer *t, const char *transport)
{
	char key[AFD_DNS_TEXT_MAX];

	if (!t->has_key)
		return afd_sprintf("%s no tsig", transport);
	afd_dns_name_text(&t->key.name, true, key);
	return afd_sprintf("%s tsig %s %s", transport, t->key.alg->name, key);
}

static int keep_exchange(struct transfer *t, const struct afd_response *r, struct afd_keeper *keeper,
                         struct afd_error *err)
{
	struct zone_state *z = &t->zone[t->at];
	AFD_AUTO(mem) char *channel = channel_of(t, r->channel);
	const struct afd_draft d = {
		.kind = AFD_ITEM_ANSWER, .asked = t->asked, .channel = channel, .media_type = MEDIA_TYPE,
		.bytes = r->body,
		.server_ms = t->has_key ? (int64_t)t->walk.tsig.time * AFD_SECOND : AFD_TIME_NONE,
	};

	if (!channel)
		return afd_fail_memory(err);
	if (keeper->item(keeper->ctx, &d, err) < 0)
		return -1;
	bool behind = !t->replay && t->walk.single && t->walk.asked_known && t->walk.newest != t->walk.asked;
	z->known = true;
	z->serial = t->walk.newest;
	z->received_ms = r->received_ms;
	z->replay += t->replay && !t->content;
	AFD_AUTO(mem) char *cursor = write_cursor(t);
	if (!cursor)
		return afd_fail_memory(err);
	if (keeper->checkpoint(keeper->ctx, cursor, err) < 0)
		return -1;
	/* A server that stands behind us lags or went back: only its whole zone tells what it serves now. And a serial
	 * only tells what its server says of it: whoever edits a zone and leaves the serial is seen by the content. */
	t->content = t->check && !t->content && !behind && !t->walk.full;
	t->whole = behind || t->content;
	if (!t->whole)
		next_zone(t);
	return 0;
}

/* The whole zone after its differences. Without it the zone is known as far as its serial is to be believed: that is no
 * gap. A zone that changed in between is asked for once more, or that change would be known by its content alone. */
static int take_content(struct transfer *t, const struct afd_response *r, struct afd_keeper *keeper,
                        struct afd_error *err)
{
	const struct afd_dns_name zone = t->walk.zone;
	struct afd_error bad = { 0 };

	if (r) {
		walk_release(&t->walk);
		if (walk_exchange(&t->walk, r->body, t->has_key ? &t->key : NULL, NULL, &bad) < 0)
			r = NULL;
	}
	if (!r || !t->walk.full || !afd_dns_name_equal(&zone, &t->walk.zone)) {
		next_zone(t);
		return 0;
	}
	if (!t->replay && !t->again && t->walk.newest != t->zone[t->at].serial) {
		t->again = true;
		t->whole = t->content = false;
		return 0;
	}
	return keep_exchange(t, r, keeper, err);
}

static int transfer_take(void *state, const struct afd_response *r, const struct afd_error *why,
                         struct afd_keeper *keeper, struct afd_error *err)
{
	struct transfer *t = state;
	struct afd_error bad = { 0 };

	if (t->content)
		return take_content(t, r, keeper, err);
	if (!r && try_whole(t)) {
		t->whole = true;
		return 0;
	}
	if (!r)
		return state_gap(t, afd_now(t->c.env), why ? why->text : "no answer", keeper, err);
	/* What is kept is checked as a whole: signatures, completeness, and that it is about this zone. */
	const struct afd_dns_name zone = t->walk.zone;
	walk_release(&t->walk);
	if (walk_exchange(&t->walk, r->body, t->has_key ? &t->key : NULL, NULL, &bad) < 0)
		return state_gap(t, r->received_ms, bad.text, keeper, err);
	if (!afd_dns_name_equal(&zone, &t->walk.zone))
		return state_gap(t, r->received_ms, "the recorded exchange is of another zone", keeper, err);
	if (keeper->progress)
		keeper->progress(keeper->ctx, t->at + 1, t->n, "zones");
	return keep_exchange(t, r, keeper, err);
}

const struct afd_provider afd_provider_dns_transfer = {
	.kind = "dns-transfer",
	.leg = AFD_LEG_ZONE,
	.title = "Zone transfers (IXFR, AXFR) with TSIG",
	.help = "Asks an authoritative server for what changed in each zone since the last run, and then for the whole "
	        "zone, so that an edit without a new serial is seen (content_check: never leaves that out). With a "
	        "TSIG key of its own the server proves who sent the answer; give it nothing but allow-transfer. On "
	        "BIND set max-ixfr-ratio unlimited, or small zones come whole and single changes cannot be told apart.",
	.basis = "tested on a real server (BIND 9.18)",
	.evidence = "zone-changes",
	.fields = fields,
	.config_size = sizeof(struct transfer_config),
	.config_defaults = &defaults,
	.scopes = transfer_scopes,
	.begin = transfer_begin,
	.next = transfer_next,
	.take = transfer_take,
	.end = transfer_end,
	.split = transfer_split,
	.decode = transfer_decode,
};
