/* PowerDNS's log: updates by RFC 2136 with the step of the serial, owner and type of what they changed; changes through its API with
 * the caller's address. It names no key and no rdata. */
#include "collector/log_text.h"
#include "collector/table.h"
#include "collector/zone/claim_list.h"
#include "core/limits.h"

enum what { NOTHING, STARTED, ADDED, DELETED, RETIMED, SERIALS, DONE, BAD_SIGNATURE, API, STEP_OF_IT, UNKNOWN };

struct line {
	struct afd_log_time time;
	enum what what;
	const char *outcome;                      /* DONE */
	struct afd_slice zone, client, key, id, owner, type;
	uint64_t from, to;
};

/* How an update ends, by the words that its last line holds */
static const struct { const char *words, *outcome; } ends[] = {
	{ "changed records committed", "applied" },
	{ "0 changes, rolling back", "no-change" },
	{ "TSIG key required", "denied" },
	{ "Remote not listed", "denied" },
	{ "Failed PreRequisites", "prerequisite" },
	{ "ending REFUSED", "refused" },
	{ "ending NotZone", "failed" },
	{ "ending NotAuth", "failed" },
	{ "ending ServFail", "failed" },
	{ "ending NotImp", "failed" },
	{ "eturning ", "failed" },
	{ "Failed to commit", "failed" },
	{ "Caught ", "failed" },
};

static bool holds(struct afd_slice s, const char *words)
{
	return s.len && memmem(s.data, s.len, words, strlen(words));
}

/* "owner|TYPE" */
static bool read_set(struct afd_slice s, struct line *l)
{
	if (!afd_log_cut(&s, "|", &l->owner))
		return false;
	l->type = s;
	return s.len > 0 && s.len <= 16 && !memchr(s.data, ' ', s.len);
}

static enum what read_step(struct afd_slice s, struct line *l)
{
	struct afd_slice from, whole = s;

	if (afd_log_skip(&s, "Processing started"))
		return STARTED;
	if (afd_log_skip(&s, "Adding record "))
		return read_set(s, l) ? ADDED : UNKNOWN;
	if (afd_log_skip(&s, "Deleting record "))
		return read_set(s, l) ? DELETED : UNKNOWN;
	if (afd_log_skip(&s, "Updating TTLs for ") || afd_log_skip(&s, "Replacing CNAME record "))
		return read_set(s, l) ? RETIMED : STEP_OF_IT;
	if (afd_log_skip(&s, "Increasing SOA serial ("))
		return afd_log_cut(&s, " -> ", &from) && afd_log_ends(s, ")") && afd_log_number(from, UINT32_MAX, &l->from) &&
		       afd_log_number(afd_slice_sub(s, 0, s.len - 1), UINT32_MAX, &l->to) ? SERIALS : UNKNOWN;
	for (size_t i = 0; i < AFD_COUNT(ends); i++)
		if (holds(whole, ends[i].words)) {
			l->outcome = ends[i].outcome;
			return DONE;
		}
	return STEP_OF_IT;                               /* "starting transaction.", "... requested, but not found." */
}

/* "UPDATE (30748) from 127.0.0.1 for p.test: Adding record ..." */
static enum what read_update(struct afd_slice s, struct line *l)
{
	if (!afd_log_cut(&s, ") from ", &l->id) || !afd_log_cut(&s, " for ", &l->client) || !afd_log_cut(&s, ": ", &l->zone))
		return UNKNOWN;
	return read_step(s, l);
}

/* "Packet for 'p.test' denied: Signature with TSIG key 'acme' failed to validate", "Packet for domain 'p.test' denied: can't find TSIG
 * key with name 'mallory' and algorithm ..." */
static enum what read_packet(struct afd_slice s, struct line *l)
{
	struct afd_slice before;

	afd_log_skip(&s, "domain ");
	if (!afd_log_skip(&s, "'") || !afd_log_cut(&s, "' denied: ", &l->zone) || !afd_log_cut(&s, "TSIG key ", &before))
		return NOTHING;
	afd_log_skip(&s, "with name ");
	if (!afd_log_skip(&s, "'") || !afd_log_cut(&s, "'", &l->key))
		return NOTHING;
	return BAD_SIGNATURE;
}

/* "[webserver] 7f9c... 127.0.0.1:47894 "PATCH /api/v1/servers/localhost/zones/p.test. HTTP/1.1" 204 306" */
static enum what read_api(struct afd_slice s, struct line *l)
{
	static const char *const methods[] = { "PATCH ", "PUT ", "DELETE " };
	struct afd_slice id, before;
	bool ours = false;

	if (!afd_log_cut(&s, " ", &id) || !afd_log_cut(&s, " \"", &l->client))
		return NOTHING;
	for (size_t i = 0; i < AFD_COUNT(methods) && !ours; i++)
		ours = afd_log_skip(&s, methods[i]);
	if (!ours || !afd_log_skip(&s, "/api/") || !afd_log_cut(&s, "/zones/", &before) || !afd_log_cut(&s, " HTTP/", &l->zone) ||
	    memchr(l->zone.data, '/', l->zone.len) || !afd_log_cut(&s, "\" ", &before))
		return NOTHING;
	l->id = id;
	l->outcome = afd_log_skip(&s, "2") ? "applied" : afd_log_skip(&s, "401") || afd_log_skip(&s, "403") ? "denied" : "failed";
	return API;
}

static void read_line(struct afd_slice s, int64_t ahead, int64_t now, struct line *l)
{
	if (s.len && s.data[s.len - 1] == '\n')
		s.len--;
	*l = (struct line){ .what = NOTHING };
	afd_log_time(&s, ahead, now, &l->time);
	if (s.len > AFD_MAX_LOG_LINE)
		return;
	afd_log_syslog(&s, "pdns_server");
	afd_log_syslog(&s, "pdns");
	if (afd_log_skip(&s, "UPDATE ("))
		l->what = read_update(s, l);
	else if (afd_log_skip(&s, "Packet for "))
		l->what = read_packet(s, l);
	else if (afd_log_skip(&s, "[webserver] "))
		l->what = read_api(s, l);
}

/* --- the file --- */

static void tail_read(struct afd_slice s, int64_t ahead, int64_t now, struct afd_tail_unit *ret)
{
	struct line l;

	read_line(s, ahead, now, &l);
	*ret = (struct afd_tail_unit){
		.at = l.time.at.from, .local = l.time.local, .ours = l.what != NOTHING, .unclear = l.what == UNKNOWN, .who = l.id,
		.scope = l.zone, .opens = l.what == STARTED, .closes = l.what == DONE,
	};
}

static const struct afd_field fields[] = { AFD_TAIL_FIELDS_ZONES, { 0 } };
static const struct afd_tail_form form = {
	.evidence = "zone-claims",
	.media_type = "text/plain; charset=utf-8",
	.lag_ms = AFD_MINUTE,
	.units = "lines",
	.scopes = "zones",
	.unclear = "lines about updates that were not understood",
	.unclear_short = "about updates, not understood",
	.no_time = "set log-timestamp=yes",
	.local_time = "let journalctl -o short-iso or syslog write the log",
	.patience_ms = AFD_MINUTE,
	.next = afd_tail_line,
	.read = tail_read,
	.speaks_of = afd_log_speaks_of,
};

static int log_begin(const struct afd_source_config *c, const void *config, const char *cursor, void **ret, struct afd_error *err)
{
	return afd_tail_begin(&form, NULL, c, config, cursor, ret, err);
}

/* --- claims --- */

enum { LOOK_BACK = 256 };                         /* updates under way at the same time */

/* The update that L goes on with; a new one where its first line is not here. NULL: no memory. */
static struct afd_claim_draft *claim_of(struct afd_claim_list *list, const struct line *l, struct afd_slice zone, uint64_t part)
{
	for (size_t i = list->n, seen = 0; i > 0 && seen < LOOK_BACK && l->what != STARTED && l->what != API && l->what != BAD_SIGNATURE; i--, seen++) {
		struct afd_claim_draft *g = &list->at[i - 1];
		if (!g->outcome && afd_claim_text_is(list, g->tag, l->id) && afd_claim_text_is(list, g->client, l->client) &&
		    afd_claim_text_is(list, g->zone, zone))
			return g;
	}
	int64_t tag = l->id.len ? afd_claim_text(list, l->id) : AFD_NO_TEXT;
	struct afd_claim_draft *g = l->id.len && tag == AFD_NO_TEXT ? NULL : afd_claim_new(list, zone, l->client, l->time.at, part);
	if (g)
		g->tag = tag;
	return g;
}

static int take_line(struct afd_claim_list *list, const struct line *l, struct afd_slice zone, uint64_t part)
{
	static const char any[] = "ANY";
	struct afd_slice type = afd_slice_equal(l->type, afd_slice_text(any)) ? afd_slice(NULL, 0) : l->type;
	bool bad = false;
	int64_t key = afd_claim_name(list, l->key, &bad);
	struct afd_claim_draft *g = bad ? NULL : claim_of(list, l, zone, part);

	if (!g)
		return -1;
	if (l->time.at.to > g->at.to)
		g->at.to = l->time.at.to;
	if (l->what == BAD_SIGNATURE) {
		g->claimed = key;
		g->outcome = "bad-signature";
	} else if (l->what == SERIALS) {
		g->has_serials = true;
		g->serial_from = (uint32_t)l->from;
		g->serial_to = (uint32_t)l->to;
	} else if (l->what == DONE || l->what == API) {
		g->outcome = l->outcome;
	}
	size_t at = (size_t)(g - list->at);
	if (l->what == RETIMED && afd_claim_record(list, at, l->owner, type, afd_slice(NULL, 0), false, part) < 0)
		return -1;
	if (l->what == ADDED || l->what == DELETED || l->what == RETIMED)
		return afd_claim_record(list, at, l->owner, type, afd_slice(NULL, 0), l->what != DELETED, part);
	return 0;
}

static int log_decode(const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err)
{
	struct afd_slice left = item->bytes, bytes;
	AFD_AUTO(tail_asked) struct afd_tail_asked asked = { 0 };
	struct afd_claim_list list = { 0 };
	struct line l;
	char zone[AFD_DNS_TEXT_MAX];
	int ret = afd_tail_asked_read(item->record->asked, form.scopes, &asked, err);

	for (uint64_t i = 0; ret == 0 && afd_log_line(&left, &bytes); i++) {
		read_line(bytes, asked.ahead, item->record->received_ms, &l);
		if (l.what == NOTHING || l.what == UNKNOWN || l.time.at.from == AFD_TIME_NONE || (l.time.local && !asked.has_zone) ||
		    !afd_log_name(l.zone, zone) || !afd_tail_asked_has(&asked, zone))
			continue;
		if (take_line(&list, &l, afd_slice_text(zone), item->parts.n > 1 ? i : 0) < 0)
			ret = afd_fail_memory(err);
	}
	if (ret == 0)
		ret = afd_claim_list_tell(&list, sink, err);
	afd_claim_list_release(&list);
	return ret;
}

const struct afd_provider afd_provider_pdns_log = {
	.kind = "pdns-log",
	.leg = AFD_LEG_ZONE,
	.title = "PowerDNS's log of updates and API calls",
	.help = "Reads the file that PowerDNS's log stands in, from where the last run stopped and through its rotations. Set loglevel=5 or more, "
	        "log-dns-details=yes, and for API calls webserver-loglevel=normal. It names the client's address, the step of the serial, owner "
	        "and type of each record; never the key and never the data. Its own time stamps are local and without a year: give timezone.",
	.basis = "tested on a real server (PowerDNS 4.7)",
	.evidence = "zone-claims",
	.lag_ms = AFD_MINUTE,
	.fields = fields,
	.config_size = sizeof(struct afd_tail_config),
	.scopes = afd_tail_zones,
	.begin = log_begin,
	.next = afd_tail_next,
	.take = afd_tail_take,
	.end = afd_tail_end,
	.split = afd_tail_split_lines,
	.decode = log_decode,
};
