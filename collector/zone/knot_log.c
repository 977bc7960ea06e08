/* Knot's log: which keys took part in which step of the serial. The key stands in a line at level debug alone, what was changed
 * nowhere, and several updates may be one step: then each is a claim of it. */
#include "collector/log_text.h"
#include "collector/table.h"
#include "collector/zone/claim_list.h"
#include "core/limits.h"

enum what { NOTHING, ALLOWED, ACL_DENIED, BAD_KEY, PROCESSING, NOT_MET, NOT_APPLIED, NO_CHANGE, STEP, BROKEN, UNKNOWN };

struct line {
	struct afd_log_time time;
	enum what what;
	struct afd_slice zone, remote, key, reason;
	uint64_t n, from, to;                     /* updates of a batch; serials */
};

/* "127.0.0.1@37745", "127.0.0.1@37745 UDP" */
static struct afd_slice first_word(struct afd_slice s)
{
	struct afd_slice word = s, rest = s;

	return afd_log_cut(&rest, " ", &word) ? word : s;
}

/* "'acme.'", "acme.", "none" */
static struct afd_slice key_of(struct afd_slice s)
{
	struct afd_slice rest = s, name = s;

	if (afd_log_cut(&rest, ",", &name))
		s = name;
	s = first_word(s);
	if (s.len >= 2 && s.data[0] == '\'' && s.data[s.len - 1] == '\'')
		s = afd_slice_sub(s, 1, s.len - 2);
	return s.len == 4 && memcmp(s.data, "none", 4) == 0 ? afd_slice(NULL, 0) : s;
}

static enum what read_acl(struct afd_slice s, struct line *l)
{
	struct afd_slice rest;
	enum what what = afd_log_skip(&s, "allowed, ") ? ALLOWED : afd_log_skip(&s, "denied, ") ? ACL_DENIED : NOTHING;

	if (what == NOTHING || !afd_log_skip(&s, "action update, remote "))
		return NOTHING;
	rest = s;
	if (afd_log_cut(&rest, ",", &s) && afd_log_skip(&rest, " key "))
		l->key = key_of(rest);
	l->remote = first_word(s);
	return l->remote.len ? what : UNKNOWN;
}

/* "serial 2026110101 -> 2026110102, 0.00 seconds" */
static bool read_serials(struct afd_slice s, struct line *l)
{
	struct afd_slice from, to = s;

	if (!afd_log_skip(&s, "serial ") || !afd_log_cut(&s, " -> ", &from))
		return false;
	if (!afd_log_cut(&s, ",", &to))
		to = s;
	return afd_log_number(from, UINT32_MAX, &l->from) && afd_log_number(to, UINT32_MAX, &l->to);
}

static enum what read_remote(struct afd_slice s, struct line *l)
{
	struct afd_slice key;

	if (!afd_log_cut(&s, ", ", &l->remote))
		return UNKNOWN;
	l->remote = first_word(l->remote);
	if (afd_log_skip(&s, "key ") && !afd_log_cut(&s, ", ", &key))     /* since 3.4; the ACL's line has named it before */
		return UNKNOWN;
	l->reason = s;
	if (afd_log_skip(&s, "prerequisites not met"))
		return NOT_MET;
	return afd_log_skip(&s, "failed") || afd_log_skip(&s, "refused") || afd_log_skip(&s, "invalid") ? NOT_APPLIED : UNKNOWN;
}

static enum what read_ddns(struct afd_slice s, struct line *l)
{
	struct afd_slice n;

	if (afd_log_skip(&s, "processing failed") || afd_log_skip(&s, "failed to forward"))
		return BROKEN;
	if (afd_log_skip(&s, "processing "))
		return afd_log_cut(&s, " update", &n) && afd_log_number(n, UINT32_MAX, &l->n) ? PROCESSING : UNKNOWN;
	if (afd_log_skip(&s, "finished, no changes"))
		return NO_CHANGE;
	if (afd_log_skip(&s, "finished, "))
		return read_serials(s, l) ? STEP : UNKNOWN;
	if (afd_log_skip(&s, "incoming, remote "))
		return read_remote(s, l);
	if (afd_log_skip(&s, "refusing to add ") || afd_log_skip(&s, "forwarding ") || afd_log_skip(&s, "updates forwarded"))
		return NOTHING;                          /* one record of several; another server's matter */
	return UNKNOWN;
}

/* "TSIG, key 'alice.', verification failed 'BADSIG'" */
static enum what read_tsig(struct afd_slice s, struct line *l)
{
	struct afd_slice rest = s, name;

	if (!afd_log_skip(&rest, "key ") || !afd_log_cut(&rest, ", verification failed", &name))
		return NOTHING;
	l->key = key_of(name);
	return BAD_KEY;
}

/* "debug: [k.test.] ACL, allowed, ..." behind the time */
static void read_line(struct afd_slice s, int64_t ahead, int64_t now, struct line *l)
{
	struct afd_slice before;

	if (s.len && s.data[s.len - 1] == '\n')
		s.len--;
	*l = (struct line){ .what = NOTHING };
	afd_log_time(&s, ahead, now, &l->time);
	if (s.len > AFD_MAX_LOG_LINE)
		return;
	afd_log_syslog(&s, "knotd");
	if (!afd_log_cut(&s, "[", &before) || before.len > 16 || !afd_log_cut(&s, "] ", &l->zone))
		return;
	if (afd_log_skip(&s, "ACL, "))
		l->what = read_acl(s, l);
	else if (afd_log_skip(&s, "DDNS, "))
		l->what = read_ddns(s, l);
	else if (afd_log_skip(&s, "TSIG, "))
		l->what = read_tsig(s, l);
}

/* --- the file --- */

static void tail_read(struct afd_slice s, int64_t ahead, int64_t now, struct afd_tail_unit *ret)
{
	struct line l;

	read_line(s, ahead, now, &l);
	*ret = (struct afd_tail_unit){
		.at = l.time.at.from, .local = l.time.local, .ours = l.what != NOTHING, .unclear = l.what == UNKNOWN, .who = l.zone,
		.scope = l.zone, .opens = l.what == ALLOWED || l.what == PROCESSING,
		.closes = l.what == NO_CHANGE || l.what == STEP || l.what == BROKEN,
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
	.no_time = "Knot writes its own time: is this its log?",
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

/* An update of a zone that is not over: it waits, or it is in the batch under way. Indices into the list. */
enum { MAX_OPEN = 4096 };
struct open { size_t claim; bool batch; };
struct open_list { struct open *at; size_t n; };

struct reading {
	struct afd_claim_list list;
	struct open_list open;                    /* of all zones, in order */
	struct afd_tail_asked asked;
	bool bad;                                 /* no memory */
};

static bool of_zone(const struct reading *r, const struct open *o, struct afd_slice zone)
{
	return afd_claim_text_is(&r->list, r->list.at[o->claim].zone, zone);
}

static size_t new_claim(struct reading *r, const struct line *l, struct afd_slice zone, uint64_t part)
{
	int64_t key = afd_claim_name(&r->list, l->key, &r->bad);
	struct afd_claim_draft *g = r->bad ? NULL : afd_claim_new(&r->list, zone, l->remote, l->time.at, part);

	if (!g) {
		r->bad = true;
		return 0;
	}
	g->credential = key;
	return r->list.n - 1;
}

/* The oldest of too many is forgotten: it says nothing. */
static void open_claim(struct reading *r, size_t claim, bool batch)
{
	if (r->bad)
		return;
	if (!r->open.at && !(r->open.at = calloc(MAX_OPEN, sizeof(*r->open.at)))) {
		r->bad = true;
		return;
	}
	if (r->open.n == MAX_OPEN)
		memmove(r->open.at, r->open.at + 1, --r->open.n * sizeof(*r->open.at));
	r->open.at[r->open.n++] = (struct open){ claim, batch };
}

static void close_one(struct reading *r, size_t i)
{
	memmove(r->open.at + i, r->open.at + i + 1, (--r->open.n - i) * sizeof(*r->open.at));
}

static void never_signed(struct afd_claim_draft *g, const char *outcome)
{
	g->claimed = g->credential;
	g->credential = AFD_NO_TEXT;
	g->outcome = outcome;
}

/* The signature is verified behind the ACL: the last one of this key that waits is not what it said. */
static void bad_key(struct reading *r, const struct line *l, struct afd_slice zone, uint64_t part)
{
	char name[AFD_DNS_TEXT_MAX] = "";

	afd_log_name(l->key, name);
	for (size_t i = r->open.n; i-- > 0;) {
		struct afd_claim_draft *g = &r->list.at[r->open.at[i].claim];
		if (r->open.at[i].batch || !of_zone(r, &r->open.at[i], zone) ||
		    !afd_claim_text_is(&r->list, g->credential, afd_slice_text(name)))
			continue;
		never_signed(g, "bad-signature");
		close_one(r, i);
		return;
	}
	size_t g = new_claim(r, l, zone, part);          /* its first line is in an earlier item, or the signature of a transfer */
	if (!r->bad)
		never_signed(&r->list.at[g], "bad-signature");
}

/* The first N that wait are the batch. At level info none waits: the step is still somebody's. */
static void begin_batch(struct reading *r, const struct line *l, struct afd_slice zone, uint64_t part)
{
	uint64_t n = 0;

	for (size_t i = 0; i < r->open.n && n < l->n; i++)
		if (!r->open.at[i].batch && of_zone(r, &r->open.at[i], zone)) {
			r->open.at[i].batch = true;
			n++;
		}
	if (n < l->n)
		open_claim(r, new_claim(r, l, zone, part), true);
}

static void end_batch(struct reading *r, const struct line *l, struct afd_slice zone)
{
	for (size_t i = 0; i < r->open.n;) {
		struct afd_claim_draft *g = &r->list.at[r->open.at[i].claim];
		if (!r->open.at[i].batch || !of_zone(r, &r->open.at[i], zone)) {
			i++;
			continue;
		}
		g->outcome = l->what == STEP ? "applied" : l->what == NO_CHANGE ? "no-change" : "failed";
		g->has_serials = l->what == STEP;
		g->serial_from = (uint32_t)l->from;
		g->serial_to = (uint32_t)l->to;
		if (l->time.at.to > g->at.to)
			g->at.to = l->time.at.to;
		close_one(r, i);
	}
}

static void end_one(struct reading *r, const struct line *l, struct afd_slice zone)
{
	for (size_t i = 0; i < r->open.n; i++) {
		struct afd_claim_draft *g = &r->list.at[r->open.at[i].claim];
		if (!of_zone(r, &r->open.at[i], zone) || !afd_claim_text_is(&r->list, g->client, l->remote))
			continue;
		g->outcome = l->what == NOT_MET ? "prerequisite" : "failed";
		close_one(r, i);
		return;
	}
}

static void take_line(struct reading *r, const struct line *l, struct afd_slice zone, uint64_t part)
{
	size_t g;

	switch (l->what) {
	case ALLOWED:
		open_claim(r, new_claim(r, l, zone, part), false);
		break;
	case ACL_DENIED:                                 /* nobody looked at the signature */
		g = new_claim(r, l, zone, part);
		if (!r->bad)
			never_signed(&r->list.at[g], "denied");
		break;
	case BAD_KEY: bad_key(r, l, zone, part); break;
	case PROCESSING: begin_batch(r, l, zone, part); break;
	case NOT_MET: case NOT_APPLIED: end_one(r, l, zone); break;
	case NO_CHANGE: case STEP: case BROKEN: end_batch(r, l, zone); break;
	case NOTHING: case UNKNOWN: break;
	}
}

static int log_decode(const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err)
{
	struct afd_slice left = item->bytes, bytes;
	struct reading r = { 0 };
	struct line l;
	char zone[AFD_DNS_TEXT_MAX];
	int ret = afd_tail_asked_read(item->record->asked, form.scopes, &r.asked, err);

	for (uint64_t i = 0; ret == 0 && !r.bad && afd_log_line(&left, &bytes); i++) {
		read_line(bytes, r.asked.ahead, item->record->received_ms, &l);
		if (l.what != NOTHING && l.time.at.from != AFD_TIME_NONE && (!l.time.local || r.asked.has_zone) &&
		    afd_log_name(l.zone, zone) && afd_tail_asked_has(&r.asked, zone))
			take_line(&r, &l, afd_slice_text(zone), item->parts.n > 1 ? i : 0);
	}
	if (ret == 0)
		ret = r.bad ? afd_fail_memory(err) : afd_claim_list_tell(&r.list, sink, err);
	afd_claim_list_release(&r.list);
	afd_tail_asked_release(&r.asked);
	free(r.open.at);
	return ret;
}

const struct afd_provider afd_provider_knot_log = {
	.kind = "knot-log",
	.leg = AFD_LEG_ZONE,
	.title = "Knot's log of dynamic updates",
	.help = "Reads the file that Knot DNS writes its log to, from where the last run stopped and through its rotations. Only at level "
	        "debug it names the key of each update and those that were refused (log: target: FILE, any: debug, or zone: debug); it "
	        "names the step of the serial, never the records. Several updates that Knot makes one step of are all named.",
	.basis = "tested on a real server (Knot DNS 3.2)",
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
