/* NSD's log: from which server it took each step of a zone, and which key verified. That is how a change came to this server, not who
 * made it: such a claim is shown beside a change and never explains it (kind transfer). */
#include "collector/log_text.h"
#include "collector/table.h"
#include "collector/zone/claim_list.h"
#include "core/limits.h"

enum what { NOTHING, RECEIVED, STEP, BAD_SIGNATURE, UNKNOWN };

struct line {
	struct afd_log_time time;
	enum what what;
	struct afd_slice zone, client, key;
	uint64_t from, to;
};

/* "received update to serial 2026110106 at 2026-11-21T23:42:34 from 127.0.0.1@5301 TSIG verified with key xfr" */
static enum what read_received(struct afd_slice s, struct line *l)
{
	struct afd_slice serial, at, rest;

	if (!afd_log_skip(&s, "received update to serial ") || !afd_log_cut(&s, " at ", &serial) || !afd_log_cut(&s, " from ", &at) ||
	    !afd_log_number(serial, UINT32_MAX, &l->to))
		return UNKNOWN;
	rest = s;
	if (!afd_log_cut(&rest, " ", &l->client))
		l->client = s;
	if (afd_log_skip(&rest, "TSIG verified with key ")) {
		l->key = rest;
		afd_log_cut(&rest, " ", &l->key);
	}
	return RECEIVED;
}

static enum what read_zone(struct afd_slice s, struct line *l)
{
	struct afd_slice from;

	if (!afd_log_cut(&s, " ", &l->zone))
		return NOTHING;
	if (afd_log_skip(&s, "committed \"") && afd_log_ends(s, "\""))
		return read_received(afd_slice_sub(s, 0, s.len - 1), l);
	if (afd_log_skip(&s, "serial ") && afd_log_cut(&s, " is updated to ", &from))
		return afd_log_number(from, UINT32_MAX, &l->from) && afd_log_number(s, UINT32_MAX, &l->to) ? STEP : UNKNOWN;
	return NOTHING;
}

/* "signed.test, from 192.0.2.1: bad tsig signature" behind "xfrd: zone " */
static enum what read_refused(struct afd_slice s, struct line *l)
{
	if (!afd_log_cut(&s, ", from ", &l->zone) || !afd_log_cut(&s, ": ", &l->client))
		return NOTHING;
	return afd_log_skip(&s, "bad tsig signature") || afd_log_skip(&s, "tsig error") || afd_log_skip(&s, "no tsig in first packet") ?
	       BAD_SIGNATURE : NOTHING;
}

/* "[2026-11-21 23:42:34.525] nsd[1170]: info: xfrd: zone example.test committed ..." */
static void read_line(struct afd_slice s, int64_t ahead, int64_t now, struct line *l)
{
	struct afd_slice level;

	if (s.len && s.data[s.len - 1] == '\n')
		s.len--;
	*l = (struct line){ .what = NOTHING };
	afd_log_time(&s, ahead, now, &l->time);
	if (s.len > AFD_MAX_LOG_LINE)
		return;
	afd_log_syslog(&s, "nsd");                               /* "host nsd[1170]: " */
	if (afd_log_skip(&s, "nsd[") && !afd_log_cut(&s, "]: ", &level))
		return;
	const char *const levels[] = { "info: ", "notice: ", "warning: ", "error: " };
	for (size_t i = 0; i < AFD_COUNT(levels); i++)
		if (afd_log_skip(&s, levels[i]))
			break;
	bool xfrd = afd_log_skip(&s, "xfrd: ");
	if (!afd_log_skip(&s, "zone "))
		return;
	l->what = read_zone(s, l);
	if (l->what == NOTHING && xfrd)
		l->what = read_refused(s, l);
}

/* --- the file --- */

static void tail_read(struct afd_slice s, int64_t ahead, int64_t now, struct afd_tail_unit *ret)
{
	struct line l;

	read_line(s, ahead, now, &l);
	*ret = (struct afd_tail_unit){
		.at = l.time.at.from, .local = l.time.local, .ours = l.what != NOTHING, .unclear = l.what == UNKNOWN, .who = l.zone,
		.scope = l.zone, .opens = l.what == RECEIVED, .closes = l.what == STEP,
	};
}

static const struct afd_field fields[] = { AFD_TAIL_FIELDS_ZONES, { 0 } };
static const struct afd_tail_form form = {
	.evidence = "zone-transfers",
	.media_type = "text/plain; charset=utf-8",
	.lag_ms = AFD_MINUTE,
	.units = "lines",
	.scopes = "zones",
	.unclear = "lines about transfers that were not understood",
	.unclear_short = "about transfers, not understood",
	.no_time = "NSD writes its own time: is this its log?",
	.local_time = "log-time-iso: yes into nsd.conf",
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

enum { LOOK_BACK = 256 };                         /* zones that are transferred at the same time */

/* The last of the zone that was received and is not served yet. */
static struct afd_claim_draft *received(struct afd_claim_list *list, struct afd_slice zone, uint64_t to)
{
	for (size_t i = list->n, seen = 0; i > 0 && seen < LOOK_BACK; i--, seen++) {
		struct afd_claim_draft *g = &list->at[i - 1];
		if (!g->outcome && g->serial_to == to && afd_claim_text_is(list, g->zone, zone))
			return g;
	}
	return NULL;
}

static int take_line(struct afd_claim_list *list, const struct line *l, struct afd_slice zone, uint64_t part)
{
	bool bad = false;

	if (l->what == STEP) {
		struct afd_claim_draft *g = received(list, zone, l->to);
		if (!g || l->from == 0)                  /* its reception is not here; or its first transfer */
			return 0;
		g->has_serials = true;
		g->serial_from = (uint32_t)l->from;
		g->outcome = "applied";
		if (l->time.at.to > g->at.to)
			g->at.to = l->time.at.to;
		return 0;
	}
	int64_t key = afd_claim_name(list, l->key, &bad);
	struct afd_claim_draft *g = bad ? NULL : afd_claim_new(list, zone, l->client, l->time.at, part);
	if (!g)
		return -1;
	g->kind = "transfer";
	g->credential = key;
	g->serial_to = (uint32_t)l->to;
	if (l->what == BAD_SIGNATURE)
		g->outcome = "bad-signature";
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

const struct afd_provider afd_provider_nsd_log = {
	.kind = "nsd-log",
	.leg = AFD_LEG_ZONE,
	.title = "NSD's log of transfers",
	.help = "Reads the file that NSD writes its log to, from where the last run stopped and through its rotations: from which server each step "
	        "of a zone came, and which key verified it. That is not who made the change. Set verbosity: 1, logfile, and log-time-iso: yes "
	        "where NSD knows it; else its times are local: give timezone.",
	.basis = "tested on a real server (NSD 4.6)",
	.evidence = "zone-transfers",
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
