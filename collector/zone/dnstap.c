/* dnstap of a primary: the whole packet of each UPDATE as it came, and how the server answered (BIND: dnstap { update; }; Knot:
 * mod-dnstap). The strongest claim there is: every record with its TTL, and a signature that can be verified again.
 *
 * Only UPDATEs of the configured zones are kept, each frame as it stands in the file; what else a server taps is other people's
 * matter and never comes into the ledger. Where keys are given, signatures are verified while the file is read; the verdict of
 * each frame stands in the record (macs=), the keys nowhere. Whoever has a key can verify it again from the frames. */
#include "collector/zone/dnstap.h"

#include <stdio.h>

#include "collector/table.h"
#include "collector/tail.h"
#include "collector/zone/claim_list.h"
#include "collector/zone/dns_rdata.h"
#include "collector/zone/tsig_keys.h"

struct tap_config { struct afd_tail_config tail; const char *keys; };
static const struct afd_field fields[] = {
	{ "path", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct tap_config, tail.path), "the file of frames, or file:PATH" },
	{ "zones", AFD_FIELD_NAMES, AFD_REQUIRED, offsetof(struct tap_config, tail.scopes), "zones whose updates are kept" },
	{ "keys", AFD_FIELD_SECRET, AFD_OPTIONAL, offsetof(struct tap_config, keys),
	  "reference to the TSIG keys as the server's configuration has them, key \"NAME\" { algorithm ...; secret ...; };, to verify "
	  "signatures with: env:NAME, file:PATH ..." },
	{ 0 }
};

enum { MAX_FRAMES = 16384, MAX_VERDICTS = 60000 };   /* of one item: it ends where nothing is open, or at last anywhere */

/* --- one UPDATE --- */

struct update {
	struct afd_dnstap tap;
	struct afd_slice packet;
	bool response;
	struct afd_dns_message m;
	char zone[AFD_DNS_TEXT_MAX];
	int64_t at;
};

/* 1: *ret; 0: the frame is something else; -1: it is one that cannot be read. */
static int read_update(struct afd_slice frame, struct update *ret)
{
	struct afd_dns_question q;

	if (afd_frame_control(frame))
		return afd_frame_control(frame) == AFD_FSTRM_START && !afd_frame_is_dnstap(frame) ? -1 : 0;
	if (afd_dnstap_read(frame, &ret->tap, NULL) < 0)
		return -1;
	if (!afd_dnstap_update(&ret->tap, &ret->packet, &ret->response))
		return ret->tap.type == 13 || ret->tap.type == 14 ? -1 : 0;
	if (afd_dns_parse(ret->packet, &ret->m, NULL) < 0 || afd_dns_question(&ret->m, &q, NULL) < 0)
		return -1;
	afd_dns_name_text(&q.name, true, ret->zone);
	ret->at = ret->response ? ret->tap.response_ms : ret->tap.query_ms;
	if (ret->at == AFD_TIME_NONE)
		ret->at = ret->response ? ret->tap.query_ms : ret->tap.response_ms;
	return 1;
}

/* --- the file --- */

static void tap_read(struct afd_slice frame, int64_t ahead, int64_t now, struct afd_tail_unit *ret)
{
	struct update u;
	int is = read_update(frame, &u);

	(void)ahead;
	*ret = (struct afd_tail_unit){ .at = AFD_TIME_NONE, .unclear = is < 0, .ours = is != 0,
	                               .last = afd_frame_control(frame) == AFD_FSTRM_STOP };
	if (is < 0)
		ret->at = now;                           /* no frame tells its time by itself: it was written before we looked */
	if (is <= 0)
		return;
	ret->at = u.at;
	ret->opens = !u.response;
	ret->closes = u.response;
	ret->who = afd_slice_sub(u.packet, 0, 2);        /* its id */
}

struct tap_run {
	struct afd_tsig_keys keys;
	struct afd_texts zones;
	struct afd_buf frames, verdicts;
};

static void tap_end(void *ctx)
{
	struct tap_run *r = ctx;

	afd_tsig_keys_release(&r->keys);
	afd_buf_release(&r->frames);
	afd_buf_release(&r->verdicts);
	free(r);
}

static bool ours(const struct tap_run *r, const char *zone)
{
	for (size_t i = 0; i < r->zones.n; i++)
		if (strcmp(r->zones.at[i], zone) == 0)
			return true;
	return false;
}

/* "... macs=vn- zones=a.test": before the zones, which end the text */
static int put_item(struct tap_run *r, const struct afd_tail_piece *p, struct afd_keeper *keep, struct afd_error *err)
{
	const char *tz = NULL;

	for (const char *s = p->asked; (s = strstr(s, " tz=")) != NULL; s++)
		tz = s;
	const char *zones = tz ? strstr(tz, " zones=") : NULL;
	if (!zones)
		return afd_fail(err, AFD_E_USAGE, "dnstap: \"%.100s\"", p->asked);
	AFD_AUTO(mem) char *asked = afd_sprintf("%.*s macs=%s%s", (int)(zones - p->asked), p->asked, (char *)r->verdicts.data, zones);
	const struct afd_draft d = {
		.kind = AFD_ITEM_SEGMENT, .asked = asked, .media_type = "application/x-fstrm", .bytes = afd_buf_slice(&r->frames)
	};
	if (!asked)
		return afd_fail_memory(err);
	if (keep->item(keep->ctx, &d, err) < 0)
		return -1;
	r->frames.len = r->verdicts.len = 0;
	return 0;
}

static int tap_keep(void *ctx, const struct afd_tail_piece *p, struct afd_keeper *keep, struct afd_error *err)
{
	struct tap_run *r = ctx;
	struct afd_slice left = p->bytes, frame;
	struct update u;
	size_t open = 0;

	while (afd_frame_next(&left, &frame, NULL) > 0) {
		if (read_update(frame, &u) <= 0 || !ours(r, u.zone))
			continue;
		char verdict = u.response ? '-' : afd_tsig_keys_verdict(&r->keys, &u.m);
		if (afd_buf_add_slice(&r->frames, frame) < 0 || afd_buf_u8(&r->verdicts, (uint8_t)verdict) < 0)
			return afd_fail_memory(err);
		open = u.response ? (open ? open - 1 : 0) : open + 1;
		if ((r->verdicts.len >= MAX_FRAMES && open == 0) || r->verdicts.len >= MAX_VERDICTS)
			if (put_item(r, p, keep, err) < 0)
				return -1;
	}
	return r->verdicts.len ? put_item(r, p, keep, err) : 0;
}

static const struct afd_tail_form form = {
	.evidence = "zone-claims",
	.media_type = "application/x-fstrm",
	.lag_ms = AFD_MINUTE,
	.units = "frames",
	.scopes = "zones",
	.unclear = "frames that could not be read",
	.unclear_short = "not understood",
	.no_time = "the server writes none",
	.patience_ms = 30 * AFD_SECOND,
	.buffered = true,
	.next = afd_frame_next,
	.read = tap_read,
	.keep = tap_keep,
	.end = tap_end,
};

static int read_keys(struct tap_run *r, const struct afd_source_config *c, const char *ref, struct afd_error *err)
{
	struct afd_buf text = { 0 };

	if (!ref)
		return 0;
	int ret = c->secret(c->secret_ctx, ref, &text, err);
	if (ret == 0)
		ret = afd_tsig_keys_read(afd_buf_slice(&text), &r->keys, err);
	afd_buf_wipe(&text);
	return ret;
}

static int tap_begin(const struct afd_source_config *c, const void *config, const char *cursor, void **ret, struct afd_error *err)
{
	const struct tap_config *t = config;
	struct tap_run *r = calloc(1, sizeof(*r));

	if (!r)
		return afd_fail_memory(err);
	r->zones = t->tail.scopes;
	if (read_keys(r, c, t->keys, err) < 0) {
		tap_end(r);
		return -1;
	}
	return afd_tail_begin(&form, r, c, &t->tail, cursor, ret, err);
}

static int tap_split(struct afd_slice bytes, struct afd_ranges *parts, struct afd_error *err)
{
	struct afd_slice left = bytes, frame;

	while (afd_frame_next(&left, &frame, NULL) > 0)
		if (afd_ranges_add(parts, (uint64_t)(frame.data - bytes.data), frame.len) < 0)
			return afd_fail_memory(err);
	if (left.len && afd_ranges_add(parts, bytes.len - left.len, left.len) < 0)
		return afd_fail_memory(err);
	return 0;
}

/* --- claims --- */

enum { MAX_OPEN = 4096, UPDATE_SECTION = AFD_DNS_AUTHORITY, CLASS_NONE = 254 };

/* How a server answered; and who waits for that, or an answer that came before its query: a server's threads write as they come. */
struct answer { bool refused; unsigned rcode; int64_t at; };
struct waiting { size_t claim; uint16_t id; uint32_t port; struct afd_slice address, packet; struct answer answer; };
struct taps {
	struct afd_claim_list list;
	struct waiting *open; size_t n_open;
	struct waiting *early; size_t n_early;
	uint64_t *seen; size_t n_seen, cap_seen;  /* frames, by a part of their digest; 0: free */
	bool bad;                                 /* no memory */
};

/* One RR of the update section (RFC 2136, 2.5). */
static int add_rr(struct afd_claim_list *c, size_t g, const struct afd_dns_message *m, const struct afd_dns_rr *rr, uint64_t part)
{
	AFD_AUTO(buf) struct afd_buf rdata = { 0 };
	char owner[AFD_DNS_TEXT_MAX], type[16];
	bool add = rr->rclass == AFD_DNS_IN, whole = add || rr->rclass == CLASS_NONE;

	if ((!whole && rr->rclass != AFD_DNS_ANY) || (whole && rr->type == AFD_DNS_ANY))       /* no UPDATE has that */
		return 0;
	afd_dns_name_text(&rr->owner, true, owner);
	afd_dns_type_text(rr->type, type);
	if (whole && afd_dns_rdata_text(m, rr, &rdata, NULL) < 0)
		rdata.len = 0;                           /* a server that took it knew more than we do: what it was is not told */
	bool told = whole && rdata.data && rdata.len > 0;
	return afd_claim_record_as_it_is(c, g, owner, rr->type == AFD_DNS_ANY ? NULL : type, told ? (const char *)rdata.data : NULL, add,
	                                 add ? (int64_t)rr->ttl : -1, part);
}

static const char *mac_of(char verdict)
{
	switch (verdict) {
	case 'v': return "verified";
	case 'f': return "failed";
	case 'n': return "not-checked";
	default: return NULL;
	}
}

static size_t new_claim(struct taps *t, const struct update *u, uint64_t part)
{
	char client[64];

	afd_dnstap_client(&u->tap, client);
	struct afd_claim_draft *g = afd_claim_new(&t->list, afd_slice_text(u->zone), afd_slice_text(client), afd_instant(u->at), part);
	if (!g) {
		t->bad = true;
		return 0;
	}
	char id[16];
	snprintf(id, sizeof(id), "%u", u->m.id);
	int64_t tag = afd_claim_text(&t->list, afd_slice_text(id));
	t->bad |= tag == AFD_NO_TEXT;
	g->tag = tag;
	g->kind = "dnstap";
	return t->list.n - 1;
}

static int64_t key_name(struct taps *t, const struct afd_tsig *tsig)
{
	char text[AFD_DNS_TEXT_MAX];

	afd_dns_name_text(&tsig->key, true, text);
	int64_t at = afd_claim_text(&t->list, afd_slice_text(text));
	t->bad |= at == AFD_NO_TEXT;
	return at;
}

static bool is_of(const struct waiting *w, const struct update *u)
{
	return w->id == u->m.id && w->port == u->tap.query_port && afd_slice_equal(w->address, u->tap.query_address);
}

static void wait_for(struct waiting *list, size_t *n, struct waiting w)
{
	if (*n == MAX_OPEN)
		memmove(list, list + 1, --*n * sizeof(*list));
	list[(*n)++] = w;
}

static size_t take_out(struct waiting *list, size_t *n, size_t i)
{
	const size_t g = list[i].claim;

	memmove(list + i, list + i + 1, (--*n - i) * sizeof(*list));
	return g;
}

static const char *outcome_of(unsigned rcode, bool named)
{
	enum { NXDOMAIN = 3, YXDOMAIN = 6, NXRRSET = 8 };

	if (rcode == 0)
		return "applied";
	if (rcode == AFD_DNS_REFUSED)
		return named ? "refused" : "denied";
	return rcode == NXDOMAIN || (rcode >= YXDOMAIN && rcode <= NXRRSET) ? "prerequisite" : "failed";
}

/* The server vouches for the name unless it says why it does not; a signature that failed here names nobody either. */
static void answered(struct afd_claim_draft *d, const struct answer *a)
{
	int64_t key = d->credential == AFD_NO_TEXT ? d->claimed : d->credential;
	bool named = key != AFD_NO_TEXT && !a->refused && a->rcode != AFD_DNS_NOTAUTH && !(d->mac && strcmp(d->mac, "failed") == 0);

	if (a->at >= d->at.to)
		d->at.to = a->at + 1;
	d->credential = named ? key : AFD_NO_TEXT;
	d->claimed = named ? AFD_NO_TEXT : key;
	d->outcome = a->refused ? "bad-signature" : outcome_of(a->rcode, named);
}

/* The claim of an answer that came before this query, not much later by the server's own clock. */
static size_t early_claim(struct taps *t, const struct update *u, struct answer *ret)
{
	for (size_t i = 0; i < t->n_early; i++) {
		const struct waiting *w = &t->early[i];

		if (!is_of(w, u) || w->answer.at < u->at || w->answer.at - u->at >= AFD_MINUTE)
			continue;
		*ret = w->answer;
		return take_out(t->early, &t->n_early, i);
	}
	return SIZE_MAX;
}

static void take_query(struct taps *t, const struct update *u, char verdict, uint64_t part)
{
	struct afd_dns_walk w = afd_dns_walk(&u->m, UPDATE_SECTION);
	struct afd_dns_rr rr;
	struct afd_tsig tsig;

	for (size_t i = 0; i < t->n_open; i++)           /* the client asked again before it was answered */
		if (afd_slice_equal(t->open[i].packet, u->packet) && t->open[i].port == u->tap.query_port)
			return;
	struct answer early = { 0 };
	size_t g = early_claim(t, u, &early);
	const bool is_early = g != SIZE_MAX;
	if (!is_early)
		g = new_claim(t, u, part);
	while (!t->bad && afd_dns_next(&w, &rr))
		t->bad = add_rr(&t->list, g, &u->m, &rr, part) < 0;
	int64_t key = t->bad || afd_tsig_find(&u->m, &tsig, NULL) != 1 ? AFD_NO_TEXT : key_name(t, &tsig);
	if (t->bad)
		return;
	struct afd_claim_draft *d = &t->list.at[g];
	d->at.from = u->at;
	d->outcome = "unanswered";
	d->mac = mac_of(verdict);
	d->credential = verdict == 'v' ? key : AFD_NO_TEXT;
	d->claimed = verdict == 'v' ? AFD_NO_TEXT : key;
	if (is_early)
		answered(d, &early);
	else
		wait_for(t->open, &t->n_open, (struct waiting){ .claim = g, .id = u->m.id, .port = u->tap.query_port, .address = u->tap.query_address, .packet = u->packet });
}

/* The query that this answers, or SIZE_MAX: it was not tapped (BIND does not tap one whose signature is bad). */
static size_t query_of(struct taps *t, const struct update *u)
{
	for (size_t i = 0; i < t->n_open; i++)
		if (is_of(&t->open[i], u))
			return take_out(t->open, &t->n_open, i);
	return SIZE_MAX;
}

static void take_response(struct taps *t, const struct update *u, uint64_t part)
{
	struct afd_tsig tsig = { 0 };
	bool has_tsig = afd_tsig_find(&u->m, &tsig, NULL) == 1;
	const struct answer a = { .refused = has_tsig && tsig.error != 0, .rcode = u->m.flags & AFD_DNS_RCODE, .at = u->at };
	size_t g = query_of(t, u);

	if (g == SIZE_MAX) {
		g = new_claim(t, u, part);
		int64_t key = has_tsig && !t->bad ? key_name(t, &tsig) : AFD_NO_TEXT;
		if (t->bad)
			return;
		t->list.at[g].claimed = key;
		t->list.at[g].mac = has_tsig ? "not-checked" : NULL;
		wait_for(t->early, &t->n_early, (struct waiting){ .claim = g, .id = u->m.id, .port = u->tap.query_port, .address = u->tap.query_address, .answer = a });
	}
	answered(&t->list.at[g], &a);
}

/* The same frame once more, byte for byte, is not another update: a copy of the file, or one that was read twice. */
static bool seen_before(struct taps *t, struct afd_slice frame)
{
	struct afd_digest d;
	uint64_t key = 0;

	if (2 * (t->n_seen + 1) > t->cap_seen) {
		size_t cap = t->cap_seen ? 4 * t->cap_seen : 1024;
		uint64_t *more = calloc(cap, sizeof(*more));

		if (!more) {
			t->bad = true;
			return true;
		}
		for (size_t i = 0; i < t->cap_seen; i++) {
			size_t at = t->seen[i] & (cap - 1);

			while (t->seen[i] && more[at])
				at = (at + 1) & (cap - 1);
			if (t->seen[i])
				more[at] = t->seen[i];
		}
		free(t->seen);
		t->seen = more;
		t->cap_seen = cap;
	}
	afd_sha256(frame, &d);
	memcpy(&key, d.b, sizeof(key));
	key |= 1;
	size_t at = key & (t->cap_seen - 1);
	for (; t->seen[at]; at = (at + 1) & (t->cap_seen - 1))
		if (t->seen[at] == key)
			return true;
	t->seen[at] = key;
	t->n_seen++;
	return false;
}

/* The verdicts of the frames, as the record has them. */
static const char *macs_of(const char *asked)
{
	const char *tz = NULL, *macs;

	for (const char *s = asked; s && (s = strstr(s, " tz=")) != NULL; s++)
		tz = s;
	macs = tz ? strstr(tz, " macs=") : NULL;
	return macs ? macs + strlen(" macs=") : "";
}

static int tap_decode(const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err)
{
	AFD_AUTO(tail_asked) struct afd_tail_asked asked = { 0 };
	struct afd_slice left = item->bytes, frame;
	struct update u;

	if (afd_tail_asked_read(item->record->asked, form.scopes, &asked, err) < 0)
		return -1;
	struct taps t = { .open = calloc(MAX_OPEN, sizeof(*t.open)), .early = calloc(MAX_OPEN, sizeof(*t.early)) };
	const char *macs = macs_of(item->record->asked);
	t.bad = !t.open || !t.early;
	for (uint64_t i = 0; !t.bad && afd_frame_next(&left, &frame, NULL) > 0; i++) {
		char verdict = *macs && *macs != ' ' ? *macs++ : '-';
		uint64_t part = item->parts.n > 1 ? i : 0;
		if (read_update(frame, &u) <= 0 || u.at == AFD_TIME_NONE || !afd_tail_asked_has(&asked, u.zone) || seen_before(&t, frame))
			continue;
		if (u.response)
			take_response(&t, &u, part);
		else
			take_query(&t, &u, verdict, part);
	}
	int r = t.bad ? afd_fail_memory(err) : afd_claim_list_tell(&t.list, sink, err);
	afd_claim_list_release(&t.list);
	free(t.open);
	free(t.early);
	free(t.seen);
	return r;
}

const struct afd_provider afd_provider_dnstap = {
	.kind = "dnstap",
	.leg = AFD_LEG_ZONE,
	.title = "UPDATE messages from a server's dnstap file",
	.help = "Reads the file of frames that BIND (dnstap { update; }; dnstap-output file \"...\";) or Knot (mod-dnstap) writes, from where the "
	        "last run stopped and through its rotations; of it only the UPDATEs of the configured zones are kept, byte for byte. Roll the "
	        "file with rndc dnstap -roll N before each collection: the server buffers what it writes; -reopen loses it. With keys the "
	        "signature of each update is verified; without, the server's word is taken for the name of the key.",
	.basis = "tested on a real server (BIND 9.18)",
	.evidence = "zone-claims",
	.lag_ms = AFD_MINUTE,
	.fields = fields,
	.config_size = sizeof(struct tap_config),
	.scopes = afd_tail_zones,
	.begin = tap_begin,
	.next = afd_tail_next,
	.take = afd_tail_take,
	.end = afd_tail_end,
	.split = tap_split,
	.decode = tap_decode,
};
