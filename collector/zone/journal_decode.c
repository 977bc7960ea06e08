/* An item of a journal as rows: one difference per step. */
#include "collector/zone/journal.h"

#include <inttypes.h>
#include <stdio.h>

#include "collector/zone/journal_merge.h"
#include "core/when.h"

/* --- what was asked --- */

/* "bind-jnl zone=example.test xhdr=2 more=0 increment=0 tail=0 tz=- of PATH" */
char *afd_journal_asked_write(const struct afd_journal_asked *a, const char *path)
{
	char source[24] = "-";

	if (a->has_source)
		snprintf(source, sizeof(source), "%" PRIu32, a->source);
	return afd_sprintf("%s%s zone=%s xhdr=%u more=%d increment=%d source=%s tail=%" PRIu64 " tz=%s of %s", afd_journal_form_name(a->form),
	                   a->head ? "-head" : "", a->zone, a->version, a->more, a->increment, source, a->tail,
	                   a->timezone ? a->timezone : "-", path);
}

/* The word behind " KEY="; false: there is none. */
static bool value(const char *text, const char *key, struct afd_slice *ret)
{
	char sign[24];
	const char *end = strstr(text, " of "), *at;

	snprintf(sign, sizeof(sign), " %s=", key);
	at = strstr(text, sign);
	if (!at || !end || at > end)
		return false;
	at += strlen(sign);
	*ret = (struct afd_slice){ (const uint8_t *)at, strcspn(at, " ") };
	return true;
}

static bool number(const char *text, const char *key, uint64_t max, uint64_t *ret)
{
	struct afd_slice v;

	*ret = 0;
	if (!value(text, key, &v) || v.len == 0 || v.len > 19)
		return false;
	for (size_t i = 0; i < v.len; i++) {
		if (v.data[i] < '0' || v.data[i] > '9')
			return false;
		*ret = *ret * 10 + (v.data[i] - '0');
	}
	return *ret <= max;
}

int afd_journal_asked_read(const char *text, struct afd_journal_asked *ret, struct afd_error *err)
{
	const size_t form_len = strcspn(text ? text : "", " ");
	struct afd_slice zone, tz;
	uint64_t version, more, increment, source;
	char form[32];

	*ret = (struct afd_journal_asked){ 0 };
	if (form_len >= sizeof(form))
		return afd_fail(err, AFD_E_PARSE, "asked: not a journal");
	snprintf(form, sizeof(form), "%.*s", (int)form_len, text ? text : "");
	ret->head = strcmp(form, "bind-jnl-head") == 0;
	if (ret->head)
		form[strlen("bind-jnl")] = '\0';
	if (afd_journal_form_parse(form, &ret->form) < 0 || ret->form == AFD_JOURNAL_AUTO || !value(text, "zone", &zone) ||
	    !value(text, "tz", &tz) || tz.len >= sizeof(ret->zone_text) || !number(text, "xhdr", 2, &version) ||
	    !number(text, "more", 1, &more) || !number(text, "increment", 1, &increment) || !number(text, "tail", INT64_MAX, &ret->tail))
		return afd_fail(err, AFD_E_PARSE, "asked: expected the form of a journal, its zone and what else was known, got \"%.80s\"", text);
	ret->version = (unsigned)version;
	ret->more = more;
	ret->increment = increment;
	ret->has_source = number(text, "source", UINT32_MAX, &source);
	ret->source = (uint32_t)source;
	if (!(tz.len == 1 && tz.data[0] == '-')) {
		memcpy(ret->zone_text, tz.data, tz.len);
		ret->timezone = ret->zone_text;
	}
	ret->zone = afd_text_dup(zone);
	return ret->zone ? 0 : afd_fail_memory(err);
}

/* --- records --- */

struct decoder {
	const struct afd_item_view *item;
	struct afd_sink *sink;
	struct afd_journal_asked asked;
	struct afd_dns_name zone;
	struct afd_zone_reader *text;                  /* reader of lines */
	uint64_t bytes;                              /* of texts kept */
};

/* Text of all records of a step: compression and escapes let few bytes be many. */
#define MAX_EXPANDED (UINT64_C(1) << 30)

static int keep(struct decoder *d, struct afd_zone_rows *to, const struct afd_zone_rr *rr, struct afd_error *err)
{
	if (rr->rclass != AFD_DNS_IN || rr->type == 0 || rr->type == AFD_DNS_OPT || (rr->type >= 128 && rr->type <= 255))
		return afd_fail(err, AFD_E_PARSE, "a record of type %u and class %u has no place in a zone", rr->type, rr->rclass);
	if (!afd_dns_name_below(rr->owner, &d->zone))
		return afd_fail(err, AFD_E_PARSE, "a record is outside the zone %s", d->asked.zone);
	if (rr->type == AFD_DNS_SOA && !afd_dns_name_equal(rr->owner, &d->zone))
		return afd_fail(err, AFD_E_PARSE, "an SOA stands below the zone %s", d->asked.zone);
	d->bytes += 4 * (uint64_t)rr->rdata.len + 2 * rr->owner->len + sizeof(struct afd_rr);
	if (d->bytes > MAX_EXPANDED)
		return afd_fail(err, AFD_E_LIMIT, "the records of a step are larger than %" PRIu64 " bytes as text", MAX_EXPANDED);
	return afd_zone_rows_add(to, rr, err);
}

static int read_text_rr(struct decoder *d, struct afd_slice line, struct afd_zone_rows *to, bool *soa, struct afd_error *err)
{
	const struct afd_zone_line how = { 0 };
	struct afd_zone_rr rr;
	const int r = afd_zone_text_line(d->text, line, &how, &rr, err);

	*soa = r > 0 && rr.type == AFD_DNS_SOA;
	return r <= 0 || !to ? r : keep(d, to, &rr, err);
}

static bool begins(struct afd_slice line, const char *text)
{
	const size_t n = strlen(text);

	return line.len >= n && memcmp(line.data, text, n) == 0;
}

/* named-journalprint and kjournalprint: each line, or what stands above it, says whether it goes or comes. */
static int read_printed(struct decoder *d, struct afd_slice bytes, struct afd_journal_change *c, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf colours = { 0 };
	const bool knot = d->asked.form == AFD_JOURNAL_KNOT;
	bool add = false, soa;
	struct afd_slice line;

	while (afd_journal_line(&bytes, &colours, &line)) {
		if (line.len == 0 || line.data[0] == ';') {
			add = begins(line, ";; Added") || (add && !begins(line, ";; Removed"));
			continue;
		}
		if (!knot) {
			add = begins(line, "add ");
			if (!add && !begins(line, "del "))
				continue;
			line = afd_slice_sub(line, 4, line.len);
		}
		if (read_text_rr(d, line, add ? &c->add : &c->del, &soa, err) < 0)
			return -1;
	}
	return 0;
}

/* The first SOA goes and the second comes; what stands behind each is of its kind. */
static int read_wire(struct decoder *d, const struct afd_jnl_walk *w, struct afd_slice bytes, struct afd_journal_change *c,
                     struct afd_error *err)
{
	struct afd_jnl_records records = afd_jnl_records(w, bytes);
	struct afd_dns_name owner;
	struct afd_jnl_rr j;
	unsigned soa = 0;
	int r;

	while ((r = afd_jnl_record(&records, &j, err)) > 0) {
		size_t at = 0;

		soa += j.type == AFD_DNS_SOA;
		if (soa == 0 || soa > 2)
			return afd_fail(err, AFD_E_PARSE, "journal: a transaction %s", soa ? "has more than two SOAs" : "does not begin with an SOA");
		if (afd_dns_name_read(j.owner, &at, false, &owner, err) < 0)
			return -1;
		afd_dns_name_lower(&owner);
		const struct afd_zone_rr rr = { .owner = &owner, .type = j.type, .rclass = j.rclass, .ttl = j.ttl, .rdata = j.rdata };
		if (keep(d, soa == 1 ? &c->del : &c->add, &rr, err) < 0)
			return -1;
	}
	if (r == 0 && soa != 2)
		return afd_fail(err, AFD_E_PARSE, "journal: a transaction without its second SOA");
	return r;
}

/* --- rows --- */

static int emit(const struct decoder *d, const struct afd_journal_change *c, bool last, struct afd_error *err)
{
	const struct afd_row_diff row = {
		.zone = d->asked.zone, .server = "file", .from = c->from, .to = c->to, .seen_ms = d->item->record->received_ms,
		.part = c->part, .del = c->del.rr, .n_del = c->del.n, .add = c->add.rr, .n_add = c->add.n, .merged = c->merged,
		.at = c->at, .more = last && d->asked.more,
	};

	if (c->from == c->to)                    /* every step moves the serial (RFC 1995, 4) */
		return afd_fail(err, AFD_E_PARSE, "journal: a transaction from serial %" PRIu32 " to itself", c->from);
	return d->sink->diff(d->sink->ctx, &row, err);
}

static int note(const struct decoder *d, const char *name, int64_t number, const char *text, struct afd_error *err)
{
	const struct afd_row_observation row = {
		.kind = "journal", .subject = d->asked.zone, .name = name, .value = text, .number = number,
		.at = afd_instant(d->item->record->received_ms),
	};

	return d->sink->observation ? d->sink->observation(d->sink->ctx, &row, err) : 0;
}

static int decode_head(const struct decoder *d, struct afd_error *err)
{
	struct afd_jnl_head h;

	if (afd_jnl_head(d->item->bytes, UINT64_MAX, &h, err) < 0)
		return -1;
	if (h.empty)
		return 0;
	const struct afd_row_serial row = { .zone = d->asked.zone, .server = "file", .serial = h.end, .seen_ms = d->item->record->received_ms };
	return d->sink->serial(d->sink->ctx, &row, err);
}

static int decode_wire(struct decoder *d, struct afd_error *err)
{
	struct afd_jnl_walk w = { .bytes = d->item->bytes, .version = d->asked.version };
	struct afd_journal_step step;
	uint64_t part = 0;
	int r;

	while ((r = afd_jnl_next(&w, &step, err)) > 0) {
		AFD_AUTO(journal_change) struct afd_journal_change c = { .from = step.from, .to = step.to, .part = part };

		d->bytes = 0;
		if (read_wire(d, &w, afd_slice_sub(w.bytes, step.off, step.len), &c, err) < 0)
			return afd_within(err, "transaction from serial %" PRIu32, step.from);
		if (emit(d, &c, w.at == w.bytes.len, err) < 0)
			return -1;
		part++;
	}
	if (r == 0 && w.at != w.bytes.len)
		return afd_fail(err, AFD_E_PARSE, "journal: byte %zu: cut short", w.at);
	return r;
}

/* --- Knot --- */

static int emit_zone(const struct decoder *d, const struct afd_journal_change *c, struct afd_error *err)
{
	const struct afd_row_zone row = {
		.zone = d->asked.zone, .server = "file", .serial = c->to, .seen_ms = d->item->record->received_ms, .part = c->part,
		.rr = c->add.rr, .n = c->add.n, .past = true,
	};

	return d->sink->zone(d->sink->ctx, &row, err);
}

#define MERGED "the server merged its history: what came and went between is lost"
#define JUMPED "one step over several serials, although the server counts by one: its history was merged, or the serial was set"

/* Steps AT[first..n) that lead to where the merged AT[0] leads; 0: none. */
static size_t overlap(const struct afd_journal_step *at, size_t n, size_t *first)
{
	if (n < 2 || at[0].whole || at[1].whole || !afd_dns_serial_newer(at[1].from, at[0].from) || !afd_dns_serial_newer(at[0].to, at[1].from))
		return 0;
	*first = 1;
	for (size_t i = 1; i < n && !at[i].whole; i++) {
		if (i > 1 && at[i].from != at[i - 1].to)
			return 0;
		if (at[i].to == at[0].to)
			return i + 1;
	}
	return 0;
}

static int read_step(struct decoder *d, const struct afd_journal_step *s, uint64_t part, struct afd_journal_change *c, struct afd_error *err)
{
	*c = (struct afd_journal_change){ .from = s->from, .to = s->to, .part = part };
	if (read_printed(d, afd_slice_sub(d->item->bytes, s->off, s->len), c, err) < 0)
		return afd_within(err, "step from serial %" PRIu32, s->from);
	if (d->asked.increment && !s->whole && s->to - s->from != 1)
		c->merged = JUMPED;
	return 0;
}

/* The merged step AT[0] holds the steps behind it once more: told is what is left of it, then those. */
static int decode_merged(struct decoder *d, const struct afd_journal_step *at, size_t n, uint64_t part, bool last, struct afd_error *err)
{
	struct afd_journal_change *c = calloc(n, sizeof(*c));
	int r = c ? 0 : afd_fail_memory(err);

	for (size_t i = 0; r == 0 && i < n; i++)
		r = read_step(d, &at[i], part + i, &c[i], err);
	if (r == 0)
		r = afd_journal_unmerge(c, n, err);
	if (r == 0)
		c[0].merged = MERGED;
	for (size_t i = 0; r == 0 && i < n; i++)
		r = emit(d, &c[i], last && i + 1 == n, err);
	for (size_t i = 0; c && i < n; i++)
		afd_journal_change_release(&c[i]);
	free(c);
	return r;
}

static int decode_printed(struct decoder *d, const struct afd_journal_steps *s, struct afd_error *err)
{
	for (size_t i = 0; i < s->n;) {
		AFD_AUTO(journal_change) struct afd_journal_change c = { 0 };
		size_t first, n = overlap(&s->at[i], s->n - i, &first);

		d->bytes = 0;
		if (n) {
			if (decode_merged(d, &s->at[i], n, i, i + n == s->n, err) < 0)
				return -1;
			i += n;
			continue;
		}
		if (read_step(d, &s->at[i], i, &c, err) < 0)
			return -1;
		if ((s->at[i].whole ? emit_zone(d, &c, err) : emit(d, &c, i + 1 == s->n, err)) < 0)
			return -1;
		i++;
	}
	return 0;
}

/* --- NSD --- */

/* What the comments of an .ixfr file say. */
struct received { struct afd_span at; char key[256], from[80]; };

static bool cut_at(struct afd_slice text, const char *sign, struct afd_slice *before, struct afd_slice *after)
{
	const uint8_t *p = memmem(text.data, text.len, sign, strlen(sign));

	if (!p)
		return false;
	*before = (struct afd_slice){ text.data, (size_t)(p - text.data) };
	*after = afd_slice_sub(text, (size_t)(p - text.data) + strlen(sign), text.len);
	return true;
}

static void copy(char *to, size_t size, struct afd_slice from)
{
	snprintf(to, size, "%.*s", (int)(from.len < size ? from.len : size - 1), from.data ? (const char *)from.data : "");
}

/* "2026-11-21T23:42:41" */
static bool iso_time(struct afd_slice text, const char *timezone, struct afd_span *ret)
{
	char when[64];
	int64_t t;

	if (!timezone || text.len < 19 || text.len > 30)
		return false;
	snprintf(when, sizeof(when), "%.*s%s", (int)text.len, text.data, timezone);
	if (afd_when_parse(when, &t, NULL) < 0)
		return false;
	*ret = (struct afd_span){ t, t + AFD_SECOND };
	return true;
}

/* "Sat Nov 21 23:42:43 2026" */
static bool c_time(struct afd_slice text, const char *timezone, struct afd_span *ret)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	char iso[32], s[25];
	const char *month;

	if (text.len != 24)
		return false;
	copy(s, sizeof(s), text);
	s[7] = '\0';
	month = strstr(months, s + 4);
	if (!month || (month - months) % 3 != 0)
		return false;
	snprintf(iso, sizeof(iso), "%.4s-%02d-%c%cT%.8s", s + 20, (int)((month - months) / 3) + 1, s[8] == ' ' ? '0' : s[8], s[9], s + 11);
	return iso_time(afd_slice_text(iso), timezone, ret);
}

/* "; received update to serial N at TIME from ADDRESS@PORT TSIG verified with key K", or made by NSD itself "at time TIME". */
static void read_comment(const struct decoder *d, struct afd_slice line, struct received *ret)
{
	struct afd_slice rest, a, when;

	if (cut_at(line, " at time ", &a, &when)) {
		c_time(when, d->asked.timezone, &ret->at);
		return;
	}
	if (!begins(line, "; received update to serial ") || !cut_at(line, " at ", &a, &rest) || !cut_at(rest, " from ", &when, &rest))
		return;
	iso_time(when, d->asked.timezone, &ret->at);
	if (cut_at(rest, " TSIG verified with key ", &a, &rest)) {
		copy(ret->key, sizeof(ret->key), rest);
		rest = a;
	}
	copy(ret->from, sizeof(ret->from), rest);
}

/* Who sent it is the server above; who asked that one is not told. */
static int emit_received(const struct decoder *d, const struct received *r, const struct afd_journal_step *s, struct afd_error *err)
{
	AFD_AUTO(mem) char *ref = afd_sprintf("ixfr %s %" PRIu32 "-%" PRIu32 " %" PRId64, d->asked.zone, s->from, s->to, r->at.from);
	char key[256];
	size_t n = strlen(r->key);

	if (!r->key[0] || r->at.from >= r->at.to)
		return 0;
	if (!ref)
		return afd_fail_memory(err);
	if (r->key[n - 1] == '.')
		n--;
	snprintf(key, sizeof(key), "%.*s", (int)n, r->key);
	for (char *p = key; *p; p++)
		*p = (char)(*p >= 'A' && *p <= 'Z' ? *p + 32 : *p);
	const struct afd_row_claim row = {
		.zone = d->asked.zone, .credential = key, .client = r->from, .outcome = "applied", .kind = "log",
		.has_serials = true, .serial_from = s->from, .serial_to = s->to, .ref = ref, .at = r->at,
	};
	return d->sink->claim(d->sink->ctx, &row, err);
}

/* The second SOA is the zone's serial before, the next one that behind; and so on until the first comes again. */
static int decode_ixfr(struct decoder *d, const struct afd_journal_step *s, uint64_t part, bool last, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf colours = { 0 };
	AFD_AUTO(journal_change) struct afd_journal_change c = { .part = part };
	struct afd_slice bytes = afd_slice_sub(d->item->bytes, s->off, s->len), line, name, rest;
	struct received got = { 0 };
	unsigned soas = 0;
	bool soa;

	while (afd_journal_line(&bytes, &colours, &line)) {
		if (begins(line, "; zone ") && cut_at(line, "; zone ", &rest, &name)) {
			struct afd_dns_name told;

			if (afd_dns_name_parse(name, &told, err) < 0 || !afd_dns_name_equal(&told, &d->zone))
				return afd_fail(err, AFD_E_PARSE, "the file is of the zone %.*s, not of %s", (int)(name.len < 255 ? name.len : 255), name.data, d->asked.zone);
		}
		if (line.len == 0 || line.data[0] == ';') {
			read_comment(d, line, &got);
			continue;
		}
		if (read_text_rr(d, line, soas >= 2 && soas % 2 ? &c.add : &c.del, &soa, err) < 0)
			return -1;
		if (!soa)
			continue;
		struct afd_zone_rows *in = soas >= 2 && soas % 2 ? &c.add : &c.del;
		const struct afd_rr *rr = &in->rr[in->n - 1];
		uint32_t serial;

		if (++soas == 1) {                           /* the newest, which comes again at the end */
			afd_zone_rows_clear(&c.del);
			continue;
		}
		if (afd_journal_soa_serial(rr->rdata, &serial) < 0)
			return afd_fail(err, AFD_E_PARSE, "an SOA without a serial");
		if (soas % 2) {                              /* what goes is over: this SOA comes */
			if (afd_journal_move_last(&c.del, &c.add) < 0)
				return afd_fail_memory(err);
			c.to = serial;
			continue;
		}
		if (soas > 2) {                              /* what comes is over */
			in->n--;
			c.at = got.at;
			if (emit(d, &c, last && serial == s->to, err) < 0)
				return -1;
			if (serial == s->to && c.to == s->to)
				break;
			afd_journal_change_release(&c);
			c = (struct afd_journal_change){ .from = serial, .part = part };
			continue;
		}
		c.from = serial;
	}
	return emit_received(d, &got, s, err);
}

static int decode_text(struct decoder *d, struct afd_error *err)
{
	AFD_AUTO(journal_steps) struct afd_journal_steps s = { 0 };
	size_t cut;

	if (afd_journal_scan(d->item->bytes, d->asked.form, &s, &cut, err) < 0)
		return -1;
	if (cut || s.n == 0)
		return afd_fail(err, AFD_E_PARSE, "journal: cut short: %zu bytes in no step", cut);
	if (d->asked.form != AFD_JOURNAL_NSD)
		return decode_printed(d, &s, err);
	for (size_t i = 0; i < s.n; i++)
		if (decode_ixfr(d, &s.at[i], i, i + 1 == s.n, err) < 0)
			return afd_within(err, "step from serial %" PRIu32, s.at[i].from);
	return 0;
}

int afd_journal_decode(const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err)
{
	struct decoder d = { .item = item, .sink = sink };
	int r = afd_journal_asked_read(item->record->asked, &d.asked, err);

	if (r == 0)
		r = afd_dns_name_parse(afd_slice_text(d.asked.zone), &d.zone, err);
	if (r == 0 && !(d.text = afd_zone_reader_new()))
		r = afd_fail_memory(err);
	if (r == 0)
		r = d.asked.head ? decode_head(&d, err) : d.asked.form == AFD_JOURNAL_BIND ? decode_wire(&d, err) : decode_text(&d, err);
	if (r == 0 && d.asked.has_source)
		r = note(&d, "source-serial", d.asked.source, NULL, err);
	if (r == 0 && d.asked.tail)
		r = note(&d, "tail", (int64_t)d.asked.tail, "bytes behind the last whole step: the server was writing", err);
	d.text = afd_zone_reader_free(d.text);
	free(d.asked.zone);
	return r;
}
