/* BIND's update log: who says they changed a zone. Categories update, update-security and security; an item is a piece
 * of whole lines, one part per line. What a line says stands in update_line.c, how far we came in
 * update_position.c; here the file is read on, through its rotations. */
#include <inttypes.h>
#include <stdio.h>

#include "collector/table.h"
#include "collector/zone/update_line.h"
#include "collector/zone/update_position.h"

#define MEDIA_TYPE "text/plain; charset=utf-8"

struct log_config { const char *path, *timezone; struct afd_texts zones; };
static const struct afd_field fields[] = {
	{ "path", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct log_config, path), "the log file, or file:PATH" },
	{ "zones", AFD_FIELD_NAMES, AFD_REQUIRED, offsetof(struct log_config, zones), "zones that the log speaks for" },
	{ "timezone", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct log_config, timezone),
	  "UTC or +hh:mm; only for a log with local times" },
	{ 0 }
};

enum { OLD_NAMES = 2, LOG = OLD_NAMES };          /* OLD_NAMES: PATH.0 and PATH.1; LOG stands for PATH itself */
static const int probe_order[] = { LOG, 0, 1 };
#define STILL_WRITING 50                          /* ms: named may be in the middle of an UPDATE's lines */

enum step { PROBE_HEAD, PROBE_TAIL, READ, DONE };

struct log_run {
	struct afd_source_config c;
	const struct log_config *config;
	char *path, *zones;                       /* as opened; blank-separated */
	struct afd_update_position pos;
	enum step step;
	size_t probe;                             /* index into probe_order */
	struct afd_update_file file[OLD_NAMES + 1];          /* as they were probed */
	bool probed_again;
	int queue[OLD_NAMES + 1], n_queue, at_queue;   /* files to read, oldest first */
	char *request_path, *asked;
	/* what this run saw */
	bool rotated, lost;
	uint64_t lines, not_understood, no_time;
	int64_t first_ms, first_new_ms;           /* first time in all that was read; in the new file after a loss */
};

static int log_scopes(const void *config, struct afd_buf *ret, struct afd_error *err)
{
	const struct log_config *c = config;
	int64_t ahead;

	if (c->zones.n == 0)
		return afd_fail(err, AFD_E_CONFIG, "zones: expected at least one");
	if (c->timezone && !afd_update_zone_read(afd_slice_text(c->timezone), &ahead))
		return afd_fail(err, AFD_E_CONFIG, "timezone: expected UTC or +hh:mm, got \"%.40s\"", c->timezone);
	for (size_t i = 0; i < c->zones.n; i++) {
		for (size_t k = 0; k < i; k++)
			if (strcmp(c->zones.at[i], c->zones.at[k]) == 0)
				return afd_fail(err, AFD_E_CONFIG, "zones: %s stands there twice", c->zones.at[i]);
		if (afd_buf_printf(ret, "%s%s", i ? " " : "", c->zones.at[i]) < 0)
			return afd_fail_memory(err);
	}
	return 0;
}

static void log_end(void *state)
{
	struct log_run *r = state;

	if (!r)
		return;
	free(r->path);
	free(r->zones);
	free(r->request_path);
	free(r->asked);
	afd_update_position_release(&r->pos);
	free(r);
}

static int log_begin(const struct afd_source_config *c, const void *config, const char *cursor, void **ret,
                     struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf zones = { 0 };
	struct log_run *r = calloc(1, sizeof(*r));

	if (!r)
		return afd_fail_memory(err);
	r->c = *c;
	r->config = config;
	r->first_ms = r->first_new_ms = AFD_TIME_NONE;
	const char *path = r->config->path + (strncmp(r->config->path, "file:", 5) == 0 ? 5 : 0);
	bool relative = path[0] != '/' && c->base_dir;
	r->path = afd_sprintf("%s%s%s", relative ? c->base_dir : "", relative ? "/" : "", path);
	if (log_scopes(config, &zones, err) < 0 ||
	    afd_update_position_read(&r->pos, &r->config->zones, cursor, err) < 0) {
		log_end(r);
		return -1;
	}
	r->zones = afd_text_dup(afd_buf_slice(&zones));
	if (!r->path || !r->zones) {
		log_end(r);
		return afd_fail_memory(err);
	}
	*ret = r;
	return 0;
}

static int set_request(struct log_run *r, struct afd_request *q, int which, uint64_t offset, size_t max,
                       struct afd_error *err)
{
	free(r->request_path);
	free(r->asked);
	r->request_path = which == LOG ? afd_strdup(r->path) : afd_sprintf("%s.%d", r->path, which);
	r->asked = afd_sprintf("%s from byte %" PRIu64, r->config->path, offset);
	if (!r->request_path || !r->asked)
		return afd_fail_memory(err);
	*q = (struct afd_request){
		.protocol = AFD_FILE, .asked = r->asked, .path = r->request_path, .offset = offset, .max = max
	};
	return 1;
}

static int log_next(void *state, struct afd_request *q, struct afd_error *err)
{
	struct log_run *r = state;

	switch (r->step) {
	case PROBE_HEAD:
		return set_request(r, q, probe_order[r->probe], 0, AFD_UPDATE_MARK, err);
	case PROBE_TAIL:
		return set_request(r, q, probe_order[r->probe], r->pos.offset - r->pos.tail.len, r->pos.tail.len, err);
	case READ:
		return set_request(r, q, r->queue[r->at_queue], r->pos.offset, AFD_MAX_LOG_SEGMENT, err);
	case DONE:
		break;
	}
	return 0;
}

static bool same_id(const struct afd_response *a, const struct afd_update_file *f)
{
	return a->file_id[0] == f->id[0] && a->file_id[1] == f->id[1];
}

static void start_file(struct log_run *r, const struct afd_update_file *f)
{
	r->pos.known = true;
	r->pos.file = *f;
	r->pos.offset = r->pos.lines = 0;
	afd_update_mark_set(&r->pos.tail, afd_slice(NULL, 0));
}

/* What is to be read, once it is known where the last run's file went: FOUND, or -1 when it is gone. */
static void make_queue(struct log_run *r, int found)
{
	r->n_queue = r->at_queue = 0;
	r->rotated = r->pos.known && found != LOG;
	if (r->rotated && found < 0) {
		r->lost = true;
		r->first_new_ms = AFD_TIME_NONE;
	}
	if (r->rotated && found >= 0)
		r->queue[r->n_queue++] = found;
	if (r->rotated && found == 1 && r->file[0].there)
		r->queue[r->n_queue++] = 0;
	r->queue[r->n_queue++] = LOG;
	if (r->pos.known && found >= 0)
		r->pos.file = r->file[found]; /* its head may have grown to full length */
	else
		start_file(r, &r->file[LOG]);
	r->step = READ;
}

static void next_probe(struct log_run *r)
{
	r->step = PROBE_HEAD;
	if (++r->probe == AFD_COUNT(probe_order))
		make_queue(r, -1);
}

/* The file of the last run? So little was read of a short one that its inode must be the same, too. */
static void probe_head(struct log_run *r, const struct afd_response *a)
{
	int which = probe_order[r->probe];
	struct afd_update_file *f = &r->file[which];

	*f = (struct afd_update_file){ .there = a != NULL };
	if (a) {
		f->id[0] = a->file_id[0];
		f->id[1] = a->file_id[1];
		afd_update_mark_set(&f->head, a->body);
	}
	if (!r->pos.known)
		make_queue(r, -1);
	else if (!a || a->file_size < r->pos.offset || !afd_update_mark_holds(a->body, &r->pos.file.head) ||
	         (r->pos.offset < AFD_UPDATE_MARK && !same_id(a, &r->pos.file)))
		next_probe(r);
	else if (r->pos.tail.len > 0)
		r->step = PROBE_TAIL;
	else
		make_queue(r, which);
}

static void probe_tail(struct log_run *r, const struct afd_response *a)
{
	int which = probe_order[r->probe];

	if (a && same_id(a, &r->file[which]) && afd_update_mark_holds(a->body, &r->pos.tail))
		make_queue(r, which);
	else
		next_probe(r);
}

static int cover(struct log_run *r, struct afd_span at, enum afd_grade grade, const char *reason,
                 struct afd_keeper *keep, struct afd_error *err)
{
	if (at.to <= at.from)
		at = afd_instant(at.to);
	for (size_t i = 0; i < r->config->zones.n; i++) {
		const struct afd_row_coverage c = {
			.evidence = "zone-claims", .scope = r->config->zones.at[i], .at = at, .grade = grade,
			.reason = reason, .provider_count = -1, .stored_count = -1, .lag_ms = AFD_MINUTE,
		};
		if (keep->cover(keep->ctx, &c, err) < 0)
			return -1;
	}
	return 0;
}

static int stop_with_gap(struct log_run *r, int64_t now, const char *reason, struct afd_keeper *keep,
                         struct afd_error *err)
{
	const struct afd_span at = { r->pos.until_ms == AFD_TIME_NONE ? now : r->pos.until_ms, now };

	r->step = DONE;
	return cover(r, at, AFD_GAP, reason, keep, err);
}

/* Said behind what is covered, so that it stands. What the log's clock puts behind TO is said again by the next run,
 * which covers that time. */
static int cover_unclear(struct log_run *r, int64_t to, struct afd_keeper *keep, struct afd_error *err)
{
	size_t left = 0;
	char reason[300];

	for (size_t i = 0; i < r->pos.n_unclear; i++) {
		const struct afd_update_unclear *u = &r->pos.unclear[i];
		snprintf(reason, sizeof(reason), "%.200s: lines about updates that were not understood: %" PRIu64,
		         r->config->path, u->lines);
		const struct afd_row_coverage c = {
			.evidence = "zone-claims", .scope = u->zone, .at = u->at, .grade = AFD_GAP, .reason = reason,
			.provider_count = -1, .stored_count = -1, .lag_ms = AFD_MINUTE,
		};
		if (keep->cover(keep->ctx, &c, err) < 0)
			return -1;
		if (u->at.to > to)
			r->pos.unclear[left++] = *u;
	}
	r->pos.n_unclear = left;
	return 0;
}

static int checkpoint(struct log_run *r, struct afd_keeper *keep, struct afd_error *err)
{
	AFD_AUTO(mem) char *cursor = afd_update_position_write(&r->pos);
	return cursor ? keep->checkpoint(keep->ctx, cursor, err) : afd_fail_memory(err);
}

/* All files are read until TO: say what that covers. */
static int finish(struct log_run *r, int64_t to, struct afd_keeper *keep, struct afd_error *err)
{
	int64_t from = r->pos.until_ms;
	char reason[512];

	r->step = DONE;
	if (from == AFD_TIME_NONE)
		from = r->first_ms == AFD_TIME_NONE || r->first_ms > to ? to : r->first_ms;
	if (r->lost) {
		int64_t again = r->first_new_ms == AFD_TIME_NONE || r->first_new_ms > to ? to : r->first_new_ms;
		if (again <= from)
			again = from + 1;
		snprintf(reason, sizeof(reason), "%.200s: log was rotated; lines between %s and %s may be lost",
		         r->config->path, afd_when_text(from).s, afd_when_text(again).s);
		if (cover(r, (struct afd_span){ from, again }, AFD_GAP, reason, keep, err) < 0)
			return -1;
		from = again;
	}
	if (r->no_time) {
		snprintf(reason, sizeof(reason),
		         "%.200s: %" PRIu64 " lines without a time; set print-time iso8601-utc in the channel",
		         r->config->path, r->no_time);
		if (cover(r, (struct afd_span){ from, to }, AFD_GAP, reason, keep, err) < 0)
			return -1;
	} else {
		const char *how = r->rotated && !r->lost ? ", through a rotation" : "";
		snprintf(reason, sizeof(reason), "%.200s: read without a break%s (new lines: %" PRIu64 "; about "
		         "updates, not understood: %" PRIu64 ")", r->config->path, how, r->lines, r->not_understood);
		if (cover(r, (struct afd_span){ from, to }, AFD_ASSERTED, reason, keep, err) < 0)
			return -1;
	}
	if (cover_unclear(r, to, keep, err) < 0)
		return -1;
	r->pos.until_ms = to;
	return checkpoint(r, keep, err);
}

struct segment {                                  /* whole lines at the front of what was read */
	size_t len;
	size_t quiet_len, other_len;              /* to the last pause, change of client: no UPDATE is cut there */
	uint64_t lines;
	int64_t first_ms, last_ms;
	uint64_t not_understood, no_time, local_line;   /* local_line: first with a local time, from 1 in the file */
};

static void scan(const struct log_run *r, struct afd_slice body, int64_t ahead, bool has_zone, struct segment *ret)
{
	struct afd_slice left = body, bytes, peer = { 0 };
	struct afd_update_line l;

	*ret = (struct segment){ .first_ms = AFD_TIME_NONE, .last_ms = AFD_TIME_NONE };
	while (ret->lines < AFD_MAX_PARTS && left.len && memchr(left.data, '\n', left.len)) {
		afd_update_line_next(&left, &bytes);
		afd_update_line_read(bytes, ahead, &l);
		bool ours = l.what != NOT_OURS;
		if (l.at != AFD_TIME_NONE && l.local && !has_zone) {
			l.at = AFD_TIME_NONE;
			if (ours && ret->local_line == 0)
				ret->local_line = r->pos.lines + ret->lines + 1;
		} else if (ours && l.at == AFD_TIME_NONE) {
			ret->no_time++;
		}
		ret->not_understood += !afd_update_line_understood(&l);
		if (l.at != AFD_TIME_NONE) {
			if (ret->first_ms == AFD_TIME_NONE)
				ret->first_ms = l.at;
			if (ret->last_ms == AFD_TIME_NONE || l.at - ret->last_ms > AFD_UPDATE_GAP)
				ret->quiet_len = ret->len;
			ret->last_ms = l.at;
		}
		if (ours && !afd_slice_equal(l.peer, peer)) {
			ret->other_len = ret->len;
			peer = l.peer;
		}
		ret->lines++;
		ret->len = body.len - left.len;
	}
}

/* Remembers when lines of configured zones were not understood. One that does not say of which zone may be of any. */
static int note_unclear(struct log_run *r, struct afd_slice bytes)
{
	struct afd_slice one;
	struct afd_update_line l;
	char zone[AFD_DNS_TEXT_MAX];
	int64_t ahead = 0;

	if (r->config->timezone)
		afd_update_zone_read(afd_slice_text(r->config->timezone), &ahead);
	while (afd_update_line_next(&bytes, &one)) {
		afd_update_line_read(one, ahead, &l);
		if (afd_update_line_understood(&l) || l.at == AFD_TIME_NONE)
			continue;
		bool named = l.zone.len && afd_update_name(l.zone, zone);
		for (size_t i = 0; i < r->config->zones.n; i++) {
			const struct afd_update_unclear u = { r->config->zones.at[i], afd_instant(l.at), 1 };
			if ((!named || strcmp(u.zone, zone) == 0) && afd_update_position_unclear(&r->pos, &u) < 0)
				return -1;
		}
	}
	return 0;
}

static int put_segment(struct log_run *r, struct afd_slice bytes, const struct segment *s, struct afd_keeper *keep,
                       struct afd_error *err)
{
	const char *tz = r->config->timezone ? r->config->timezone : "-";
	AFD_AUTO(mem) char *asked = afd_sprintf("lines %" PRIu64 "-%" PRIu64 " of %s tz=%s zones=%s", r->pos.lines + 1,
	                                        r->pos.lines + s->lines, r->config->path, tz, r->zones);
	const struct afd_draft d = {
		.kind = AFD_ITEM_SEGMENT, .asked = asked, .media_type = MEDIA_TYPE, .bytes = bytes
	};

	if (!asked)
		return afd_fail_memory(err);
	if (keep->item(keep->ctx, &d, err) < 0)
		return -1;
	size_t before = bytes.len > AFD_UPDATE_MARK ? bytes.len - AFD_UPDATE_MARK : 0;
	afd_update_mark_set(&r->pos.tail, afd_slice_sub(bytes, before, AFD_UPDATE_MARK));
	r->pos.offset += bytes.len;
	r->pos.lines += s->lines;
	r->lines += s->lines;
	r->not_understood += s->not_understood;
	if (s->not_understood && note_unclear(r, bytes) < 0)
		return afd_fail_memory(err);
	r->no_time += s->no_time;
	if (r->first_ms == AFD_TIME_NONE)
		r->first_ms = s->first_ms;
	if (r->first_new_ms == AFD_TIME_NONE)
		r->first_new_ms = s->first_ms;
	return checkpoint(r, keep, err);
}

static int read_segment(struct log_run *r, const struct afd_response *a, struct afd_keeper *keep, struct afd_error *err)
{
	struct segment s;
	char reason[512];
	int64_t ahead = 0, until = a->received_ms;
	bool has_zone = r->config->timezone && afd_update_zone_read(afd_slice_text(r->config->timezone), &ahead);
	bool newest = r->queue[r->at_queue] == LOG;
	bool at_end = r->pos.offset + a->body.len >= a->file_size;

	if (!same_id(a, &r->pos.file) || a->file_size < r->pos.offset) {
		if (r->probed_again)
			return stop_with_gap(r, a->received_ms, "the log was rotated again and again while it was read",
			                     keep, err);
		r->probed_again = true;
		r->probe = 0;
		r->step = PROBE_HEAD;
		return 0;
	}
	scan(r, a->body, ahead, has_zone, &s);
	if (s.local_line) {
		snprintf(reason, sizeof(reason),
		         "%.200s line %" PRIu64 ": the time is local and says no zone; write \"timezone: UTC\" or "
		         "\"timezone: +hh:mm\" into source %.100s, or print-time iso8601-utc into the log's channel",
		         r->config->path, s.local_line, r->c.name);
		return stop_with_gap(r, a->received_ms, reason, keep, err);
	}
	if (s.len == 0 && a->body.len >= AFD_MAX_LOG_SEGMENT) {
		snprintf(reason, sizeof(reason), "%.200s line %" PRIu64 ": longer than %u bytes", r->config->path,
		         r->pos.lines + 1, AFD_MAX_LOG_SEGMENT);
		return stop_with_gap(r, a->received_ms, reason, keep, err);
	}
	/* Don't cut an UPDATE in two: not where the segment ends, nor where named may still be writing. */
	bool writing = newest && at_end && s.last_ms != AFD_TIME_NONE && s.last_ms <= a->received_ms &&
	               a->received_ms - s.last_ms < STILL_WRITING;
	size_t safe = s.quiet_len ? s.quiet_len : s.other_len;
	if (writing)
		until = s.last_ms;
	if (writing || (!at_end && safe > 0))
		scan(r, afd_slice_sub(a->body, 0, safe), ahead, has_zone, &s);
	if (s.len > 0 && put_segment(r, afd_slice_sub(a->body, 0, s.len), &s, keep, err) < 0)
		return -1;
	if (keep->progress)
		keep->progress(keep->ctx, r->pos.offset, a->file_size, "bytes");
	if (!at_end && s.len > 0)
		return 0;
	if (newest)
		return finish(r, until, keep, err);
	start_file(r, &r->file[r->queue[++r->at_queue]]);
	return 0;
}

static int log_take(void *state, const struct afd_response *a, const struct afd_error *why, struct afd_keeper *keep,
                    struct afd_error *err)
{
	struct log_run *r = state;
	bool old_name = (r->step == PROBE_HEAD || r->step == PROBE_TAIL) && probe_order[r->probe] != LOG;

	/* That there is no PATH.0 is an answer; that there is no PATH is none. */
	if (!a && !old_name)
		return stop_with_gap(r, afd_now(r->c.env), why ? why->text : "no answer", keep, err);
	if (r->step == PROBE_HEAD)
		probe_head(r, a);
	else if (r->step == PROBE_TAIL)
		probe_tail(r, a);
	else
		return read_segment(r, a, keep, err);
	return 0;
}

const struct afd_provider afd_provider_bind_update_log = {
	.kind = "bind-update-log",
	.leg = AFD_LEG_ZONE,
	.title = "BIND's log of dynamic updates",
	.help = "Reads the file that BIND writes for the categories update, update-security and security, from where "
	        "the last run stopped and through one or two rotations (PATH.0, PATH.1). Set print-time iso8601-utc; a "
	        "log with local times needs timezone. The log names the key of each update, the records it adds, and "
	        "owner and type of those it deletes.",
	.basis = "tested on a real server (BIND 9.18)",
	.evidence = "zone-claims",
	.lag_ms = AFD_MINUTE,
	.fields = fields,
	.config_size = sizeof(struct log_config),
	.scopes = log_scopes,
	.begin = log_begin,
	.next = log_next,
	.take = log_take,
	.end = log_end,
	.split = afd_update_split,
	.decode = afd_update_decode,
};
