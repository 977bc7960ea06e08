/* The journals that servers keep: every step from serial to serial, whole. A run keeps the steps that are new since the serial
 * of the last one; a .jnl is read in pieces. What changed while nobody looked is told by nobody else, so this runs first. */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>

#include "collector/table.h"
#include "collector/zone/dns_message.h"
#include "collector/zone/journal.h"

#define MEDIA_WIRE "application/octet-stream"
#define MEDIA_TEXT "text/plain"

struct journal_config { const char *path, *format, *timezone, *policy; struct afd_texts zones; };
static const struct journal_config defaults = { .format = "auto" };
static const struct afd_field fields[] = {
	{ "path", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct journal_config, path),
	  "the journal, {zone} in it is the zone's name; or exec:COMMAND, whose output is one" },
	{ "zones", AFD_FIELD_NAMES, AFD_REQUIRED, offsetof(struct journal_config, zones), "zones that have such a journal" },
	{ "format", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct journal_config, format),
	  "auto (default), bind-jnl, bind-journalprint, knot-journalprint, nsd-ixfr" },
	{ "timezone", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct journal_config, timezone),
	  "UTC or +hh:mm: what the times in NSD's files are; without it they are not believed" },
	{ "serial_policy", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct journal_config, policy),
	  "increment (default for Knot), dateserial, unixtime: whether a step over several serials means a merged history" },
	{ 0 }
};

enum { OLDEST_IXFR = 100, WORDS = 32, COMMAND_SECONDS = 60 };

struct zone_at { const char *name; bool known; uint32_t serial; int64_t looked_ms; };

struct ixfr_file { struct afd_buf bytes; struct afd_journal_step step; char *asked; };

struct journal {
	struct afd_source_config c;
	const struct journal_config *config;
	enum afd_journal_form asked_form;
	struct zone_at *zone;
	size_t n, at;
	char *path, *asked, *words;
	const char *argv[WORDS + 1];
	char channel[384];                        /* of the last answer, and its time: files of NSD are kept behind the last one */
	int64_t received_ms;

	/* the zone under way */
	enum afd_journal_form form;               /* AUTO until its first bytes came */
	uint64_t offset, max;                     /* .jnl: the piece that is asked for next; 0: its head */
	uint64_t file[2];                         /* .jnl: device and inode of what was begun */
	uint64_t end_at;
	bool again;                               /* .jnl: was replaced while it was read, once */
	struct afd_jnl_walk walk;
	struct ixfr_file *ixfr; size_t n_ixfr;    /* newest first */
};

static const char *timezone_of(const struct journal_config *c)
{
	return !c->timezone ? NULL : strcmp(c->timezone, "UTC") == 0 ? "Z" : c->timezone;
}

static int check_config(const struct journal_config *c, struct afd_error *err)
{
	static const char *const policies[] = { "increment", "dateserial", "unixtime" };
	enum afd_journal_form form;
	int64_t t;
	char when[64];
	bool known = !c->policy;

	if (afd_journal_form_parse(c->format, &form) < 0)
		return afd_fail(err, AFD_E_CONFIG, "format: expected auto, bind-jnl, bind-journalprint, knot-journalprint or nsd-ixfr, got \"%.40s\"", c->format);
	for (size_t i = 0; i < AFD_COUNT(policies) && !known; i++)
		known = strcmp(policies[i], c->policy) == 0;
	if (!known)
		return afd_fail(err, AFD_E_CONFIG, "serial_policy: expected increment, dateserial or unixtime, got \"%.40s\"", c->policy);
	snprintf(when, sizeof(when), "2026-01-01T00:00:00%.10s", c->timezone ? timezone_of(c) : "Z");
	if ((c->timezone && strlen(c->timezone) > 6) || afd_when_parse(when, &t, NULL) < 0)
		return afd_fail(err, AFD_E_CONFIG, "timezone: expected UTC or +hh:mm, got \"%.40s\"", c->timezone);
	if (c->zones.n > 1 && !strstr(c->path, "{zone}"))
		return afd_fail(err, AFD_E_CONFIG, "path: a journal is of one zone: write {zone} where its name belongs");
	return 0;
}

static int journal_scopes(const void *config, struct afd_buf *ret, struct afd_error *err)
{
	const struct journal_config *c = config;

	if (c->zones.n == 0)
		return afd_fail(err, AFD_E_CONFIG, "zones: expected at least one");
	if (check_config(c, err) < 0)
		return -1;
	for (size_t i = 0; i < c->zones.n; i++) {
		for (size_t k = 0; k < i; k++)
			if (strcmp(c->zones.at[i], c->zones.at[k]) == 0)
				return afd_fail(err, AFD_E_CONFIG, "zones: %s stands there twice", c->zones.at[i]);
		if (afd_buf_printf(ret, "%s%s", i ? " " : "", c->zones.at[i]) < 0)
			return afd_fail_memory(err);
	}
	return 0;
}

/* --- the cursor: {"example.test":{"looked":1795304512528,"serial":2026110101}} --- */

static int read_cursor(struct journal *j, const char *cursor, struct afd_error *err)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;

	if (!cursor)
		return 0;
	if (afd_json_parse(afd_slice_text(cursor), "cursor", &d, err) < 0)
		return -1;
	for (size_t i = 0; i < j->n; i++) {
		const struct afd_node *z = afd_node_get(afd_doc_root(d), j->zone[i].name);
		const struct afd_node *serial = afd_node_get(z, "serial"), *looked = afd_node_get(z, "looked");

		if (!serial || serial->type != AFD_INT || serial->u.i < 0 || serial->u.i > UINT32_MAX || !looked || looked->type != AFD_INT)
			continue;
		j->zone[i].known = true;
		j->zone[i].serial = (uint32_t)serial->u.i;
		j->zone[i].looked_ms = looked->u.i;
	}
	return 0;
}

static int checkpoint(const struct journal *j, struct afd_keeper *keep, struct afd_error *err)
{
	json_t *all = json_object();

	for (size_t i = 0; i < j->n; i++) {
		const struct zone_at *z = &j->zone[i];

		if (z->known)
			json_object_set_new(all, z->name, json_pack("{s:I,s:I}", "looked", (json_int_t)z->looked_ms, "serial", (json_int_t)z->serial));
	}
	AFD_AUTO(mem) char *text = json_dumps(all, JSON_COMPACT | JSON_SORT_KEYS);
	json_decref(all);
	return text ? keep->checkpoint(keep->ctx, text, err) : afd_fail_memory(err);
}

/* --- a run --- */

static void forget_zone(struct journal *j)
{
	for (size_t i = 0; i < j->n_ixfr; i++) {
		afd_buf_release(&j->ixfr[i].bytes);
		free(j->ixfr[i].asked);
	}
	free(j->ixfr);
	j->ixfr = NULL;
	j->n_ixfr = 0;
	j->form = j->asked_form;
	j->offset = 0;
	j->max = AFD_MAX_LOG_SEGMENT;
	j->again = false;
}

static void next_zone(struct journal *j)
{
	forget_zone(j);
	j->at++;
}

static void journal_end(void *state)
{
	struct journal *j = state;

	if (!j)
		return;
	forget_zone(j);
	free(j->zone);
	free(j->path);
	free(j->asked);
	free(j->words);
	free(j);
}

static int journal_begin(const struct afd_source_config *c, const void *config, const char *cursor, void **ret, struct afd_error *err)
{
	struct journal *j = calloc(1, sizeof(*j));

	if (!j)
		return afd_fail_memory(err);
	j->c = *c;
	j->config = config;
	j->n = j->config->zones.n;
	j->zone = calloc(j->n ? j->n : 1, sizeof(*j->zone));
	for (size_t i = 0; j->zone && i < j->n; i++)
		j->zone[i].name = j->config->zones.at[i];
	if (!j->zone || check_config(j->config, err) < 0 || afd_journal_form_parse(j->config->format, &j->asked_form) < 0 ||
	    read_cursor(j, cursor, err) < 0) {
		if (!j->zone)
			afd_fail_memory(err);
		journal_end(j);
		return -1;
	}
	forget_zone(j);
	*ret = j;
	return 0;
}

/* TEMPLATE with {zone} filled in. */
static char *fill_in(const char *template, const char *zone)
{
	AFD_AUTO(buf) struct afd_buf out = { 0 };
	static const char sign[] = "{zone}";

	for (const char *p = template; *p;) {
		const char *hit = strstr(p, sign);
		const size_t n = hit ? (size_t)(hit - p) : strlen(p);

		if (afd_buf_add(&out, p, n) < 0 || (hit && afd_buf_text(&out, zone) < 0))
			return NULL;
		p += n + (hit ? strlen(sign) : 0);
	}
	return out.data ? afd_strdup((char *)out.data) : NULL;
}

/* Words are cut before the name goes in, so a name is never more than part of one word. */
static int set_command(struct journal *j, const char *zone, struct afd_request *q, struct afd_error *err)
{
	const char *line = j->config->path + strlen("exec:");
	AFD_AUTO(buf) struct afd_buf all = { 0 };
	size_t start[WORDS + 1], n = 0;

	while (*(line += strspn(line, " \t"))) {
		const size_t len = strcspn(line, " \t");
		AFD_AUTO(mem) char *one = afd_text_dup(afd_slice(line, len));
		AFD_AUTO(mem) char *word = one ? fill_in(one, zone) : NULL;

		if (n == WORDS)
			return afd_fail(err, AFD_E_CONFIG, "path: exec: more than %d words", WORDS);
		start[n++] = all.len;
		if (!word || afd_buf_add(&all, word, strlen(word) + 1) < 0)
			return afd_fail_memory(err);
		line += len;
	}
	if (!n)
		return afd_fail(err, AFD_E_CONFIG, "path: exec: no command");
	free(j->words);
	j->words = malloc(all.len);
	if (!j->words)
		return afd_fail_memory(err);
	memcpy(j->words, all.data, all.len);
	for (size_t i = 0; i < n; i++)
		j->argv[i] = j->words + start[i];
	j->argv[n] = NULL;
	j->asked = afd_sprintf("journal of %s: %s", zone, j->argv[0]);
	*q = (struct afd_request){ .protocol = AFD_COMMAND, .asked = j->asked, .argv = j->argv, .seconds = COMMAND_SECONDS, .max = AFD_MAX_ITEM };
	return j->asked ? 1 : afd_fail_memory(err);
}

static int set_file(struct journal *j, const char *zone, struct afd_request *q, struct afd_error *err)
{
	const char *template = j->config->path + (strncmp(j->config->path, "file:", 5) == 0 ? 5 : 0);
	const bool relative = template[0] != '/' && j->c.base_dir;
	AFD_AUTO(mem) char *name = fill_in(template, zone);
	char number[24] = "";

	if (j->n_ixfr)
		snprintf(number, sizeof(number), ".%zu", j->n_ixfr + 1);
	j->path = name ? afd_sprintf("%s%s%s%s", relative ? j->c.base_dir : "", relative ? "/" : "", name, number) : NULL;
	j->asked = name ? afd_sprintf("%s%s from byte %" PRIu64, name, number, j->offset) : NULL;
	if (!j->path || !j->asked)
		return afd_fail_memory(err);
	*q = (struct afd_request){ .protocol = AFD_FILE, .asked = j->asked, .path = j->path, .offset = j->offset,
	                           .max = j->form == AFD_JOURNAL_BIND || j->form == AFD_JOURNAL_AUTO ? j->max : AFD_MAX_ITEM };
	return 1;
}

static int journal_next(void *state, struct afd_request *q, struct afd_error *err)
{
	struct journal *j = state;

	if (j->at == j->n)
		return 0;
	free(j->path);
	free(j->asked);
	j->path = j->asked = NULL;
	return strncmp(j->config->path, "exec:", 5) == 0 ? set_command(j, j->zone[j->at].name, q, err) : set_file(j, j->zone[j->at].name, q, err);
}

static int gap_since(struct journal *j, int64_t from, int64_t now, const char *reason, struct afd_keeper *keep, struct afd_error *err)
{
	const struct zone_at *z = &j->zone[j->at];
	struct afd_row_coverage c = { .evidence = "zone-changes", .scope = z->name, .grade = AFD_GAP, .reason = reason,
	                              .provider_count = -1, .stored_count = -1 };

	c.at.from = from;
	c.at.to = now > c.at.from ? now : c.at.from + 1;
	next_zone(j);
	return keep->cover(keep->ctx, &c, err);
}

static int64_t last_look(const struct journal *j, int64_t now)
{
	const struct zone_at *z = &j->zone[j->at];

	return z->known ? z->looked_ms : now;
}

static int gap(struct journal *j, int64_t now, const char *reason, struct afd_keeper *keep, struct afd_error *err)
{
	return gap_since(j, last_look(j, now), now, reason, keep, err);
}

static int put(struct journal *j, const char *from, struct afd_slice bytes, const struct afd_journal_steps *parts,
               struct afd_journal_asked *a, struct afd_keeper *keep, struct afd_error *err)
{
	AFD_AUTO(ranges) struct afd_ranges ranges = { 0 };

	a->zone = (char *)j->zone[j->at].name;
	a->timezone = timezone_of(j->config);
	a->increment = j->config->policy ? strcmp(j->config->policy, "increment") == 0 : a->form == AFD_JOURNAL_KNOT;
	AFD_AUTO(mem) char *asked = afd_journal_asked_write(a, from);
	const struct afd_draft d = {
		.kind = AFD_ITEM_SEGMENT, .asked = asked, .media_type = a->form == AFD_JOURNAL_BIND ? MEDIA_WIRE : MEDIA_TEXT, .bytes = bytes,
		.channel = j->channel, .received_ms = j->received_ms,
	};
	struct afd_draft with_parts = d;

	for (size_t i = 0; parts && i < parts->n; i++)
		if (afd_ranges_add(&ranges, parts->at[i].off - parts->at[0].off, parts->at[i].len) < 0)
			return afd_fail_memory(err);
	if (!asked)
		return afd_fail_memory(err);
	with_parts.parts = ranges;
	return keep->item(keep->ctx, &with_parts, err);
}

static int reached(struct journal *j, uint32_t serial, int64_t now, struct afd_keeper *keep, struct afd_error *err)
{
	struct zone_at *z = &j->zone[j->at];

	z->known = true;
	z->serial = serial;
	z->looked_ms = now;
	return checkpoint(j, keep, err);
}

static bool is_new(const struct zone_at *z, uint32_t to)
{
	return !z->known || afd_dns_serial_newer(to, z->serial);
}

/* --- .jnl --- */

static int take_head(struct journal *j, const struct afd_response *r, struct afd_keeper *keep, struct afd_error *err)
{
	struct zone_at *z = &j->zone[j->at];
	struct afd_jnl_head h;
	struct afd_error bad = { 0 };

	if (afd_jnl_head(r->body, r->file_size, &h, &bad) < 0)
		return gap(j, r->received_ms, bad.text, keep, err);
	if (h.empty || !is_new(z, h.end)) {
		struct afd_journal_asked a = { .form = AFD_JOURNAL_BIND, .head = true, .has_source = h.has_source, .source = h.source };
		const uint32_t serial = h.end;

		if (put(j, j->asked, afd_slice_sub(r->body, 0, AFD_JNL_HEAD + h.index.len), NULL, &a, keep, err) < 0)
			return -1;
		if (!h.empty && reached(j, z->known && !afd_dns_serial_newer(serial, z->serial) ? z->serial : serial, r->received_ms, keep, err) < 0)
			return -1;
		next_zone(j);
		return 0;
	}
	j->file[0] = r->file_id[0];
	j->file[1] = r->file_id[1];
	j->end_at = h.end_at;
	j->offset = z->known ? afd_jnl_seek(&h, z->serial) : h.begin_at;
	j->walk = (struct afd_jnl_walk){ .version = h.version };
	return 0;
}

/* The whole new transactions of a piece: [first, ...) of *steps. */
static int take_piece(struct journal *j, const struct afd_response *r, struct afd_keeper *keep, struct afd_error *err)
{
	AFD_AUTO(journal_steps) struct afd_journal_steps steps = { 0 };
	struct zone_at *z = &j->zone[j->at];
	const uint64_t left = j->end_at > j->offset ? j->end_at - j->offset : 0;
	struct afd_jnl_walk w = j->walk;
	struct afd_journal_step step;
	struct afd_error bad = { 0 };
	unsigned version = w.version;
	int got;

	w.bytes = afd_slice_sub(r->body, 0, left < r->body.len ? (size_t)left : r->body.len);
	w.at = 0;
	while ((got = afd_jnl_next(&w, &step, &bad)) > 0) {
		if (!is_new(z, step.to))
			continue;
		if (steps.n == 0)
			version = w.version;
		if (afd_journal_steps_add(&steps, &step) < 0)
			return afd_fail_memory(err);
	}
	if (got < 0)
		return gap(j, r->received_ms, bad.text, keep, err);
	const uint64_t behind = j->offset + w.at;
	const bool cut = behind < j->end_at, file_ends = j->offset + r->body.len >= r->file_size;
	if (w.at == 0 && cut && !file_ends) {             /* one transaction that is larger than what was asked for */
		if (j->max >= AFD_MAX_ITEM)
			return gap(j, r->received_ms, "a transaction of the journal is larger than an item may be", keep, err);
		j->max = j->max * 4 < AFD_MAX_ITEM ? j->max * 4 : AFD_MAX_ITEM;
		return 0;
	}
	const int64_t looked = z->known ? z->looked_ms : 0;      /* what others saw before our first look is not ours to vouch for */
	if (steps.n) {
		const struct afd_journal_step *last = &steps.at[steps.n - 1];
		struct afd_journal_asked a = { .form = AFD_JOURNAL_BIND, .version = version, .more = cut && !file_ends };

		a.tail = file_ends && cut ? r->file_size - behind : 0;
		if (put(j, j->asked, afd_slice_sub(r->body, steps.at[0].off, last->off + last->len - steps.at[0].off), &steps, &a, keep, err) < 0 ||
		    reached(j, last->to, r->received_ms, keep, err) < 0)
			return -1;
	}
	if (cut && file_ends) {                           /* named writes its header last: what that says is there was there */
		AFD_AUTO(mem) char *reason = afd_sprintf("the journal was cut: whole transactions end at byte %" PRIu64 ", its header says %" PRIu64, behind, j->end_at);
		return reason ? gap_since(j, looked, r->received_ms, reason, keep, err) : afd_fail_memory(err);
	}
	if (!cut) {
		next_zone(j);
		return 0;
	}
	j->offset = behind;
	j->walk = w;
	j->max = AFD_MAX_LOG_SEGMENT;
	return 0;
}

/* named writes a journal anew when it trims it: then the offsets are of another file. */
static int take_wire(struct journal *j, const struct afd_response *r, struct afd_keeper *keep, struct afd_error *err)
{
	if (j->offset == 0)
		return take_head(j, r, keep, err);
	if (r->file_id[0] == j->file[0] && r->file_id[1] == j->file[1] && r->file_size >= j->offset)
		return take_piece(j, r, keep, err);
	if (j->again)
		return gap(j, r->received_ms, "the journal was replaced again and again while it was read", keep, err);
	forget_zone(j);
	j->form = AFD_JOURNAL_BIND;
	j->again = true;
	return 0;
}

/* --- text --- */

/* Where the steps begin that are to be kept: at our serial; else at a whole zone that is newer (into which Knot merges its
 * oldest steps); else all that lead beyond it; else the last one, which says that there is nothing newer. */
static size_t first_step(const struct zone_at *z, const struct afd_journal_steps *s)
{
	if (!z->known)
		return 0;
	for (size_t i = 0; i < s->n; i++)
		if (!s->at[i].whole && s->at[i].from == z->serial)
			return i;
	for (size_t i = 0; i < s->n; i++)
		if (is_new(z, s->at[i].to))
			return i;
	return s->n - 1;
}

static int take_printed(struct journal *j, const struct afd_response *r, struct afd_keeper *keep, struct afd_error *err)
{
	AFD_AUTO(journal_steps) struct afd_journal_steps s = { 0 };
	struct zone_at *z = &j->zone[j->at];
	struct afd_journal_asked a = { .form = j->form };
	struct afd_error bad = { 0 };
	size_t cut;

	if (afd_journal_scan(r->body, j->form, &s, &cut, &bad) < 0)
		return gap(j, r->received_ms, bad.text, keep, err);
	if (s.n == 0)
		return gap(j, r->received_ms, "the journal holds no whole step", keep, err);
	const size_t first = first_step(z, &s);
	const struct afd_journal_steps kept = { .at = s.at + first, .n = s.n - first };
	const struct afd_journal_step *last = &s.at[s.n - 1];
	a.tail = cut;
	if (put(j, j->asked, afd_slice_sub(r->body, kept.at[0].off, last->off + last->len - kept.at[0].off), &kept, &a, keep, err) < 0 ||
	    reached(j, z->known && !is_new(z, last->to) ? z->serial : last->to, r->received_ms, keep, err) < 0)
		return -1;
	next_zone(j);
	return 0;
}

/* --- NSD's files: the newest has no number, then .2, .3 ... --- */

static int put_files(struct journal *j, int64_t now, struct afd_keeper *keep, struct afd_error *err)
{
	struct zone_at *z = &j->zone[j->at];
	const uint32_t newest = j->ixfr[0].step.to;
	size_t n = j->n_ixfr;

	/* those behind our serial are known; the newest is kept in any case: it says that there is nothing newer */
	while (n > 1 && !is_new(z, j->ixfr[n - 1].step.to))
		n--;
	for (size_t i = n; i-- > 0;) {
		const struct ixfr_file *f = &j->ixfr[i];
		struct afd_journal_asked a = { .form = AFD_JOURNAL_NSD, .more = i > 0, .tail = i ? 0 : f->bytes.len - f->step.off - f->step.len };

		if (put(j, f->asked, afd_slice_sub(afd_buf_slice(&f->bytes), f->step.off, f->step.len), NULL, &a, keep, err) < 0)
			return -1;
	}
	if (reached(j, z->known && !is_new(z, newest) ? z->serial : newest, now, keep, err) < 0)
		return -1;
	next_zone(j);
	return 0;
}

static int take_ixfr(struct journal *j, const struct afd_response *r, struct afd_keeper *keep, struct afd_error *err)
{
	AFD_AUTO(journal_steps) struct afd_journal_steps s = { 0 };
	const struct zone_at *z = &j->zone[j->at];
	struct afd_error bad = { 0 };
	size_t cut;

	if (afd_journal_scan(r->body, j->form, &s, &cut, &bad) < 0)
		return gap(j, r->received_ms, bad.text, keep, err);
	if (s.n != 1)
		return gap(j, r->received_ms, "an .ixfr file without its two last SOAs: the server was writing it", keep, err);
	const struct ixfr_file *newer = j->n_ixfr ? &j->ixfr[j->n_ixfr - 1] : NULL;
	struct ixfr_file *at = reallocarray(j->ixfr, j->n_ixfr + 1, sizeof(*at));
	if (!at)
		return afd_fail_memory(err);
	j->ixfr = at;
	newer = j->n_ixfr ? &at[j->n_ixfr - 1] : NULL;
	/* a file that does not lead to the one before is of an older time, or the server shifted its files between */
	const bool fits = !newer || s.at[0].to == newer->step.from;
	at[j->n_ixfr] = (struct ixfr_file){ .step = s.at[0] };
	if (!fits && s.at[0].from == newer->step.from)
		return gap(j, r->received_ms, "the server wrote a new .ixfr file while they were read", keep, err);
	if (!fits)
		return put_files(j, r->received_ms, keep, err);
	at[j->n_ixfr].asked = afd_strdup(j->asked);
	if (afd_buf_add_slice(&at[j->n_ixfr++].bytes, r->body) < 0 || !at[j->n_ixfr - 1].asked)
		return afd_fail_memory(err);
	/* Without a serial of our own all are wanted. */
	if ((z->known && !afd_dns_serial_newer(s.at[0].from, z->serial)) || j->n_ixfr == OLDEST_IXFR)
		return put_files(j, r->received_ms, keep, err);
	return 0;
}

static int journal_take(void *state, const struct afd_response *r, const struct afd_error *why, struct afd_keeper *keep, struct afd_error *err)
{
	struct journal *j = state;

	if (!r && j->n_ixfr)                              /* there is no older one */
		return put_files(j, j->received_ms, keep, err);
	if (!r)
		return gap(j, afd_now(j->c.env), why ? why->text : "no answer", keep, err);
	snprintf(j->channel, sizeof(j->channel), "%s", r->channel);
	j->received_ms = r->received_ms;
	if (r->status != 0) {
		AFD_AUTO(mem) char *reason = afd_sprintf("%s ended with status %d", j->argv[0] ? j->argv[0] : "the command", r->status);
		return reason ? gap(j, r->received_ms, reason, keep, err) : afd_fail_memory(err);
	}
	if (keep->progress)
		keep->progress(keep->ctx, j->at + 1, j->n, "zones");
	if (j->form == AFD_JOURNAL_AUTO) {
		j->form = afd_journal_detect(r->body);
		if (j->form == AFD_JOURNAL_AUTO)
			return gap(j, r->received_ms, "not a journal that is known: expected a .jnl of BIND, the output of named-journalprint "
			           "or kjournalprint -x, or an .ixfr file of NSD", keep, err);
		if (j->form != AFD_JOURNAL_BIND && r->body.len < r->file_size)
			return 0;                         /* a long text: read whole now */
	}
	switch (j->form) {
	case AFD_JOURNAL_BIND:
		return take_wire(j, r, keep, err);
	case AFD_JOURNAL_NSD:
		return take_ixfr(j, r, keep, err);
	default:
		return r->file_size > AFD_MAX_ITEM ? gap(j, r->received_ms, "the journal is larger than an item may be", keep, err) : take_printed(j, r, keep, err);
	}
}

const struct afd_provider afd_provider_zone_journal = {
	.kind = "zone-journal",
	.leg = AFD_LEG_ZONE,
	.title = "Journals of BIND, Knot and NSD: every step of a zone",
	.help = "Reads what the server itself keeps of each change: whole records from serial to serial, so that a challenge which "
	        "came and went between two looks is two changes. BIND: its .jnl (path: /var/cache/bind/{zone}.zone.jnl; of a zone "
	        "with inline-signing the .signed.jnl, whose serials are the ones that are served) or the output of "
	        "named-journalprint; a journal is trimmed to max-journal-size when the zone is written, and a reload without "
	        "ixfr-from-differences leaves no history. Knot: exec:kjournalprint -x -c /etc/knot/knot.conf {zone}; raise "
	        "journal-max-depth, or old steps are merged and what came and went in them is lost. NSD as a secondary with "
	        "store-ixfr: yes: ZONEFILE.ixfr, .2 ...; run nsd-control write before; with timezone: they say when each update came "
	        "and which key signed it. Needs only leave to read the files (a group, no login). No journal names who changed a "
	        "zone, and a zone's content must come from elsewhere, too: add a dns-transfer of the same zone.",
	.basis = "tested on real servers (BIND 9.18, Knot 3.2, NSD 4.6)",
	.evidence = "zone-changes",
	.history = true,
	.fields = fields,
	.config_size = sizeof(struct journal_config),
	.config_defaults = &defaults,
	.scopes = journal_scopes,
	.begin = journal_begin,
	.next = journal_next,
	.take = journal_take,
	.end = journal_end,
	.decode = afd_journal_decode,
};
