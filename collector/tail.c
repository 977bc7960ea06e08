#include "collector/tail.h"

#include <inttypes.h>
#include <stdio.h>

#include "collector/log_text.h"
#include "collector/tail_position.h"

/* Names that the file of the last run may have by now: PATH itself, PATH.0, PATH.1, PATH.1.gz, ... */
enum { OLD_MAX = 32, NAMES = 2 + 2 * OLD_MAX, LOG = 0, ZERO = 1 };
enum { OPEN_MAX = 64 };
#define STILL_WRITING 50                          /* ms: the server may be in the middle of what belongs together */

enum step { PROBE_HEAD, PROBE_TAIL, READ, DONE };

struct afd_tail {
	const struct afd_tail_form *form;
	void *ctx;
	struct afd_source_config c;
	const struct afd_tail_config *config;
	char *path, *scopes;                      /* as opened; blank-separated */
	struct afd_tail_position pos;
	enum step step;
	size_t probe;                             /* name that is looked at */
	struct afd_tail_file file[NAMES];         /* as they were probed */
	bool probed_again;
	size_t queue[NAMES], n_queue, at_queue;   /* names of files to read, oldest first */
	char *request_path, *asked;
	/* what this run saw */
	bool rotated, lost;
	uint64_t lines, not_understood, no_time;
	int64_t first_ms, first_new_ms;           /* first time in all that was read; in the new file after a loss */
	int64_t written_ms;                       /* form->buffered: until then nothing is held back */
};

int afd_tail_scopes(const struct afd_tail_config *c, const char *word, struct afd_buf *ret, struct afd_error *err)
{
	int64_t ahead;

	if (c->scopes.n == 0)
		return afd_fail(err, AFD_E_CONFIG, "%s: expected at least one", word);
	if (c->timezone && !afd_log_zone(afd_slice_text(c->timezone), &ahead))
		return afd_fail(err, AFD_E_CONFIG, "timezone: expected UTC or +hh:mm, got \"%.40s\"", c->timezone);
	for (size_t i = 0; i < c->scopes.n; i++) {
		for (size_t k = 0; k < i; k++)
			if (strcmp(c->scopes.at[i], c->scopes.at[k]) == 0)
				return afd_fail(err, AFD_E_CONFIG, "%s: %s stands there twice", word, c->scopes.at[i]);
		if (afd_buf_printf(ret, "%s%s", i ? " " : "", c->scopes.at[i]) < 0)
			return afd_fail_memory(err);
	}
	return 0;
}

int afd_tail_zones(const void *config, struct afd_buf *ret, struct afd_error *err)
{
	return afd_tail_scopes(config, "zones", ret, err);
}

void afd_tail_end(void *state)
{
	struct afd_tail *r = state;

	if (!r)
		return;
	if (r->form->end && r->ctx)
		r->form->end(r->ctx);
	free(r->path);
	free(r->scopes);
	free(r->request_path);
	free(r->asked);
	afd_tail_position_release(&r->pos);
	free(r);
}

static int prepare(struct afd_tail *r, const char *cursor, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf scopes = { 0 };
	const char *path = r->config->path + (strncmp(r->config->path, "file:", 5) == 0 ? 5 : 0);
	bool relative = path[0] != '/' && r->c.base_dir;

	if (afd_tail_scopes(r->config, r->form->scopes, &scopes, err) < 0 ||
	    afd_tail_position_read(&r->pos, &r->config->scopes, cursor, err) < 0)
		return -1;
	r->path = afd_sprintf("%s%s%s", relative ? r->c.base_dir : "", relative ? "/" : "", path);
	r->scopes = afd_text_dup(afd_buf_slice(&scopes));
	return r->path && r->scopes ? 0 : afd_fail_memory(err);
}

int afd_tail_begin(const struct afd_tail_form *form, void *ctx, const struct afd_source_config *c, const struct afd_tail_config *config,
                   const char *cursor, void **ret, struct afd_error *err)
{
	struct afd_tail *r = calloc(1, sizeof(*r));

	if (!r) {
		if (form->end && ctx)
			form->end(ctx);
		return afd_fail_memory(err);
	}
	*r = (struct afd_tail){ .form = form, .ctx = ctx, .c = *c, .config = config,
	                        .first_ms = AFD_TIME_NONE, .first_new_ms = AFD_TIME_NONE, .written_ms = AFD_TIME_NONE };
	if (prepare(r, cursor, err) < 0) {
		afd_tail_end(r);
		return -1;
	}
	*ret = r;
	return 0;
}

/* --- which file --- */

static bool packed(size_t name)
{
	return name > ZERO && (name - ZERO) % 2 == 0;
}

static char *name_of(const struct afd_tail *r, size_t name)
{
	if (name == LOG)
		return afd_strdup(r->path);
	return afd_sprintf("%s.%zu%s", r->path, name / 2, packed(name) ? ".gz" : "");
}

static int set_request(struct afd_tail *r, struct afd_request *q, size_t name, uint64_t offset, size_t max, struct afd_error *err)
{
	free(r->request_path);
	free(r->asked);
	r->request_path = name_of(r, name);
	r->asked = afd_sprintf("%s from byte %" PRIu64, r->config->path, offset);
	if (!r->request_path || !r->asked)
		return afd_fail_memory(err);
	*q = (struct afd_request){
		.protocol = AFD_FILE, .asked = r->asked, .path = r->request_path, .offset = offset, .max = max,
		.gunzip = packed(name),
	};
	return 1;
}

int afd_tail_next(void *state, struct afd_request *q, struct afd_error *err)
{
	struct afd_tail *r = state;

	switch (r->step) {
	case PROBE_HEAD:
		return set_request(r, q, r->probe, 0, AFD_TAIL_MARK, err);
	case PROBE_TAIL:
		return set_request(r, q, r->probe, r->pos.offset - r->pos.tail.len, r->pos.tail.len, err);
	case READ:
		return set_request(r, q, r->queue[r->at_queue], r->pos.offset, AFD_MAX_LOG_SEGMENT, err);
	case DONE:
		break;
	}
	return 0;
}

static bool same_id(const struct afd_response *a, const struct afd_tail_file *f)
{
	return a->file_id[0] == f->id[0] && a->file_id[1] == f->id[1];
}

static void start_file(struct afd_tail *r, const struct afd_tail_file *f)
{
	r->pos.known = true;
	r->pos.file = *f;
	r->pos.offset = r->pos.lines = 0;
	afd_tail_mark_set(&r->pos.tail, afd_slice(NULL, 0));
}

/* What is to be read, once it is known where the last run's file went: FOUND, or NAMES when it is gone. */
static void make_queue(struct afd_tail *r, size_t found)
{
	bool gone = found == NAMES;

	r->n_queue = r->at_queue = 0;
	r->rotated = r->pos.known && found != LOG;
	if (r->rotated && gone) {
		r->lost = true;
		r->first_new_ms = AFD_TIME_NONE;
	}
	if (r->rotated && !gone)
		r->queue[r->n_queue++] = found;
	for (size_t i = r->rotated && !gone ? found : 0; i-- > ZERO;)
		if (r->file[i].there && !(packed(i) && r->file[i - 1].there))      /* it is just being packed */
			r->queue[r->n_queue++] = i;
	r->queue[r->n_queue++] = LOG;
	if (r->pos.known && !gone)
		r->pos.file = r->file[found]; /* its head may have grown to full length */
	else
		start_file(r, &r->file[LOG]);
	r->step = READ;
}

/* Neither PATH.k nor PATH.k.gz: then there is no older one. Not every rotation begins with PATH.0. */
static bool no_older(const struct afd_tail *r)
{
	return packed(r->probe) && !r->file[r->probe].there && !r->file[r->probe - 1].there;
}

static void next_probe(struct afd_tail *r)
{
	bool last = no_older(r) || r->probe + 1 == NAMES;

	r->step = PROBE_HEAD;
	if (last)
		make_queue(r, NAMES);
	else
		r->probe++;
}

/* The file of the last run? So little was read of a short one that its inode must be the same, too (a packed one has another). */
static void probe_head(struct afd_tail *r, const struct afd_response *a)
{
	struct afd_tail_file *f = &r->file[r->probe];

	*f = (struct afd_tail_file){ .there = a != NULL };
	if (a) {
		f->id[0] = a->file_id[0];
		f->id[1] = a->file_id[1];
		afd_tail_mark_set(&f->head, a->body);
	}
	if (!r->pos.known)
		make_queue(r, NAMES);
	else if (!a || a->file_size < r->pos.offset || !afd_tail_mark_holds(a->body, &r->pos.file.head) ||
	         (r->pos.offset < AFD_TAIL_MIN && !packed(r->probe) && !same_id(a, &r->pos.file)))
		next_probe(r);
	else if (r->pos.tail.len > 0)
		r->step = PROBE_TAIL;
	else
		make_queue(r, r->probe);
}

static void probe_tail(struct afd_tail *r, const struct afd_response *a)
{
	if (a && same_id(a, &r->file[r->probe]) && afd_tail_mark_holds(a->body, &r->pos.tail))
		make_queue(r, r->probe);
	else
		next_probe(r);
}

/* --- coverage --- */

static int cover(struct afd_tail *r, struct afd_span at, enum afd_grade grade, const char *scope, const char *reason,
                 struct afd_keeper *keep, struct afd_error *err)
{
	if (at.to <= at.from)
		at = afd_instant(at.to);
	for (size_t i = 0; i < r->config->scopes.n; i++) {
		const struct afd_row_coverage c = {
			.evidence = r->form->evidence, .scope = r->config->scopes.at[i], .at = at, .grade = grade,
			.reason = reason, .provider_count = -1, .stored_count = -1, .lag_ms = r->form->lag_ms,
		};
		if ((!scope || strcmp(scope, c.scope) == 0) && keep->cover(keep->ctx, &c, err) < 0)
			return -1;
	}
	return 0;
}

static int stop_with_gap(struct afd_tail *r, int64_t now, const char *reason, struct afd_keeper *keep, struct afd_error *err)
{
	const struct afd_span at = { r->pos.until_ms == AFD_TIME_NONE ? now : r->pos.until_ms, now };

	r->step = DONE;
	return cover(r, at, AFD_GAP, NULL, reason, keep, err);
}

/* Said behind what is covered, so that it stands. What the log's clock puts behind TO is said again by the next run,
 * which covers that time. */
static int cover_unclear(struct afd_tail *r, int64_t to, struct afd_keeper *keep, struct afd_error *err)
{
	size_t left = 0;
	char reason[400];

	for (size_t i = 0; i < r->pos.n_unclear; i++) {
		const struct afd_tail_unclear *u = &r->pos.unclear[i];
		snprintf(reason, sizeof(reason), "%.200s: %s: %" PRIu64, r->config->path, r->form->unclear, u->lines);
		if (cover(r, u->at, AFD_GAP, u->scope, reason, keep, err) < 0)
			return -1;
		if (u->at.to > to)
			r->pos.unclear[left++] = *u;
	}
	r->pos.n_unclear = left;
	return 0;
}

static int checkpoint(struct afd_tail *r, struct afd_keeper *keep, struct afd_error *err)
{
	AFD_AUTO(mem) char *cursor = afd_tail_position_write(&r->pos);
	return cursor ? keep->checkpoint(keep->ctx, cursor, err) : afd_fail_memory(err);
}

static int cover_loss(struct afd_tail *r, int64_t *from, int64_t to, struct afd_keeper *keep, struct afd_error *err)
{
	int64_t again = r->first_new_ms == AFD_TIME_NONE || r->first_new_ms > to ? to : r->first_new_ms;
	char reason[512];

	if (again <= *from)
		again = *from + 1;
	snprintf(reason, sizeof(reason), "%.200s: log was rotated; %s between %s and %s may be lost", r->config->path,
	         r->form->units, afd_when_text(*from).s, afd_when_text(again).s);
	const struct afd_span at = { *from, again };
	*from = again;
	return cover(r, at, AFD_GAP, NULL, reason, keep, err);
}

/* All files are read until TO: say what that covers. */
static int finish(struct afd_tail *r, int64_t to, struct afd_keeper *keep, struct afd_error *err)
{
	const struct afd_tail_form *f = r->form;
	int64_t from = r->pos.until_ms;
	char reason[512];

	r->step = DONE;
	if (from == AFD_TIME_NONE)
		from = r->first_ms == AFD_TIME_NONE || r->first_ms > to ? to : r->first_ms;
	if (r->lost && cover_loss(r, &from, to, keep, err) < 0)
		return -1;
	if (r->no_time)
		snprintf(reason, sizeof(reason), "%.200s: %" PRIu64 " %s without a time; %s", r->config->path, r->no_time,
		         f->units, f->no_time);
	else
		snprintf(reason, sizeof(reason), "%.200s: read without a break%s (new %s: %" PRIu64 "; %s: %" PRIu64 ")",
		         r->config->path, r->rotated && !r->lost ? ", through a rotation" : "", f->units, r->lines,
		         f->unclear_short, r->not_understood);
	if (cover(r, (struct afd_span){ from, to }, r->no_time ? AFD_GAP : AFD_ASSERTED, NULL, reason, keep, err) < 0 ||
	    cover_unclear(r, to, keep, err) < 0)
		return -1;
	r->pos.until_ms = to;
	return checkpoint(r, keep, err);
}

/* --- what is read --- */

struct opened { uint8_t who[16]; size_t len, off; int64_t at; };

struct segment {                                  /* whole units at the front of what was read */
	size_t len;
	size_t quiet_len, other_len;              /* to the last pause, change of client: nothing is cut there */
	uint64_t lines;
	int64_t first_ms, last_ms;
	uint64_t not_understood, no_time, local_line;   /* local_line: first with a local time, from 1 in the file */
	bool closed;                              /* its last unit is the last of the file */
	struct opened open[OPEN_MAX]; size_t n_open;     /* by form->patience_ms: begun and not ended, oldest first */
	bool broken; struct afd_error why;
};

static struct afd_slice who_mark(struct afd_slice who, uint8_t ret[16])
{
	struct afd_digest d;

	if (who.len <= 16) {
		memcpy(ret, who.data ? who.data : (const uint8_t *)"", who.len);
		return afd_slice(ret, who.len);
	}
	afd_sha256(who, &d);
	memcpy(ret, d.b, 16);
	return afd_slice(ret, 16);
}

/* The oldest is forgotten when there are too many: then it may be cut. */
static void note_open(struct segment *s, const struct afd_tail_unit *u)
{
	uint8_t mark[16];
	struct afd_slice who = who_mark(u->who, mark);
	size_t left = 0;

	for (size_t i = 0; i < s->n_open && u->closes; i++)
		if (!afd_slice_equal(afd_slice(s->open[i].who, s->open[i].len), who))
			s->open[left++] = s->open[i];
	if (u->closes)
		s->n_open = left;
	if (!u->opens || u->closes)
		return;
	if (s->n_open == OPEN_MAX)
		memmove(s->open, s->open + 1, --s->n_open * sizeof(*s->open));
	struct opened *o = &s->open[s->n_open++];
	*o = (struct opened){ .len = who.len, .off = s->len, .at = u->at };
	memcpy(o->who, mark, who.len);
}

static void note_time(const struct afd_tail_form *f, struct segment *s, int64_t at)
{
	if (s->first_ms == AFD_TIME_NONE)
		s->first_ms = at;
	if (s->last_ms == AFD_TIME_NONE || at - s->last_ms > f->gap_ms)
		s->quiet_len = s->len;
	s->last_ms = at;
}

static void read_unit(const struct afd_tail *r, struct afd_slice unit, int64_t ahead, int64_t now, struct afd_tail_unit *ret)
{
	*ret = (struct afd_tail_unit){ .at = AFD_TIME_NONE };
	if (r->form->read_with)
		r->form->read_with(r->ctx, unit, ahead, now, ret);
	else
		r->form->read(unit, ahead, now, ret);
}

static void scan(const struct afd_tail *r, struct afd_slice body, int64_t now, struct segment *ret)
{
	struct afd_slice left = body, bytes, who = { 0 };
	struct afd_tail_unit u;
	int64_t ahead = 0;
	bool has_zone = r->config->timezone && afd_log_zone(afd_slice_text(r->config->timezone), &ahead);
	int more = 1;

	*ret = (struct segment){ .first_ms = AFD_TIME_NONE, .last_ms = AFD_TIME_NONE };
	while (ret->lines < AFD_MAX_PARTS && (more = r->form->next(&left, &bytes, &ret->why)) > 0) {
		read_unit(r, bytes, ahead, now, &u);
		if (u.at != AFD_TIME_NONE && u.local && !has_zone) {
			u.at = AFD_TIME_NONE;
			if (u.ours && ret->local_line == 0)
				ret->local_line = r->pos.lines + ret->lines + 1;
		} else if (u.ours && u.at == AFD_TIME_NONE) {
			ret->no_time++;
		}
		ret->not_understood += u.unclear;
		if (u.at != AFD_TIME_NONE)
			note_time(r->form, ret, u.at);
		if (u.opens || u.closes)
			note_open(ret, &u);
		if (u.ours && !afd_slice_equal(u.who, who)) {
			ret->other_len = ret->len;
			who = u.who;
		}
		ret->closed = u.last;
		ret->lines++;
		ret->len = body.len - left.len;
	}
	ret->broken = more < 0;
}

/* Remembers when what was not understood was said of our scopes. What does not say of which may be of any. */
static int note_unclear(struct afd_tail *r, struct afd_slice bytes, int64_t now)
{
	struct afd_slice one;
	struct afd_tail_unit u;
	int64_t ahead = 0;

	if (r->config->timezone)
		afd_log_zone(afd_slice_text(r->config->timezone), &ahead);
	while (r->form->next(&bytes, &one, NULL) > 0) {
		read_unit(r, one, ahead, now, &u);
		if (!u.unclear || u.at == AFD_TIME_NONE)
			continue;
		for (size_t i = 0; i < r->config->scopes.n; i++) {
			const struct afd_tail_unclear of = { r->config->scopes.at[i], afd_instant(u.at), 1 };
			if ((u.scope.len == 0 || !r->form->speaks_of || r->form->speaks_of(u.scope, of.scope)) &&
			    afd_tail_position_unclear(&r->pos, &of) < 0)
				return -1;
		}
	}
	return 0;
}

static int keep_piece(struct afd_tail *r, struct afd_slice bytes, const struct segment *s, int64_t now, struct afd_keeper *keep,
                      struct afd_error *err)
{
	const char *tz = r->config->timezone ? r->config->timezone : "-";
	char since[48] = "";

	if (s->no_time && r->pos.until_ms != AFD_TIME_NONE)        /* all that is known of their time */
		snprintf(since, sizeof(since), " since=%" PRId64, r->pos.until_ms);
	AFD_AUTO(mem) char *asked = afd_sprintf("%s %" PRIu64 "-%" PRIu64 " of %s tz=%s%s %s=%s", r->form->units, r->pos.lines + 1,
	                                        r->pos.lines + s->lines, r->config->path, tz, since, r->form->scopes, r->scopes);
	const struct afd_tail_piece p = { .bytes = bytes, .first = r->pos.lines + 1, .n = s->lines, .asked = asked, .received_ms = now };
	const struct afd_draft d = {
		.kind = AFD_ITEM_SEGMENT, .asked = asked, .media_type = r->form->media_type, .bytes = bytes
	};

	if (!asked)
		return afd_fail_memory(err);
	return r->form->keep ? r->form->keep(r->ctx, &p, keep, err) : keep->item(keep->ctx, &d, err);
}

static int put_segment(struct afd_tail *r, struct afd_slice bytes, const struct segment *s, int64_t now, struct afd_keeper *keep,
                       struct afd_error *err)
{
	if (keep_piece(r, bytes, s, now, keep, err) < 0)
		return -1;
	size_t before = bytes.len > AFD_TAIL_MARK ? bytes.len - AFD_TAIL_MARK : 0;
	afd_tail_mark_set(&r->pos.tail, afd_slice_sub(bytes, before, AFD_TAIL_MARK));
	r->pos.offset += bytes.len;
	r->pos.lines += s->lines;
	r->lines += s->lines;
	r->not_understood += s->not_understood;
	if (s->not_understood && note_unclear(r, bytes, now) < 0)
		return afd_fail_memory(err);
	r->no_time += s->no_time;
	if (r->first_ms == AFD_TIME_NONE)
		r->first_ms = s->first_ms;
	if (r->first_new_ms == AFD_TIME_NONE)
		r->first_new_ms = s->first_ms;
	return checkpoint(r, keep, err);
}

/* Don't cut in two what belongs together: not where the segment ends, nor where the server may still be writing. Returns how
 * much is to be taken; *UNTIL: what is covered then. */
static size_t safe_len(const struct afd_tail *r, const struct segment *s, bool at_end, bool newest, int64_t *until)
{
	bool writing = newest && at_end && s->last_ms != AFD_TIME_NONE && s->last_ms <= *until && *until - s->last_ms < STILL_WRITING;

	if (r->form->gap_ms) {
		if (writing)
			*until = s->last_ms;
		return writing || (!at_end && (s->quiet_len || s->other_len)) ? s->quiet_len ? s->quiet_len : s->other_len : s->len;
	}
	for (size_t i = 0; i < s->n_open && (newest || !at_end); i++) {
		int64_t now = at_end ? *until : s->last_ms;
		if (s->open[i].at == AFD_TIME_NONE || now - s->open[i].at >= r->form->patience_ms || (!at_end && s->open[i].off == 0))
			continue;
		if (at_end && s->open[i].at < *until)
			*until = s->open[i].at;
		return s->open[i].off;
	}
	return s->len;
}

/* What keeps the segment from being taken, in words; false: nothing does. */
static bool no_segment(const struct afd_tail *r, const struct segment *s, size_t body, char *reason, size_t size)
{
	if (s->broken)
		snprintf(reason, size, "%.200s behind %s %" PRIu64 ": %.200s", r->config->path, r->form->units, r->pos.lines + s->lines,
		         s->why.text);
	else if (s->local_line)
		snprintf(reason, size, "%.200s line %" PRIu64 ": the time is local and says no zone; write \"timezone: UTC\" or "
		         "\"timezone: +hh:mm\" into source %.100s%s%s", r->config->path, s->local_line, r->c.name,
		         r->form->local_time ? ", or " : "", r->form->local_time ? r->form->local_time : "");
	else if (s->len == 0 && body >= AFD_MAX_LOG_SEGMENT)
		snprintf(reason, size, "%.200s line %" PRIu64 ": longer than %u bytes", r->config->path, r->pos.lines + 1,
		         AFD_MAX_LOG_SEGMENT);
	else
		return false;
	return true;
}

/* A closed file holds all that was written until then; a newer one at least what came before its last unit. */
static void note_written(struct afd_tail *r, const struct afd_response *a, const struct segment *s, bool newest, int64_t *until)
{
	int64_t t = !newest ? a->server_ms : s->closed ? *until : s->last_ms;

	if (t != AFD_TIME_NONE && t > r->written_ms)
		r->written_ms = t;
	if (r->pos.until_ms != AFD_TIME_NONE && r->pos.until_ms > r->written_ms)
		r->written_ms = r->pos.until_ms;
	if (r->written_ms != AFD_TIME_NONE && r->written_ms < *until)
		*until = r->written_ms;
}

static int read_segment(struct afd_tail *r, const struct afd_response *a, struct afd_keeper *keep, struct afd_error *err)
{
	struct segment s;
	char reason[700];
	int64_t until = a->received_ms;
	bool newest = r->queue[r->at_queue] == LOG;
	bool at_end = r->pos.offset + a->body.len >= a->file_size;

	if (!same_id(a, &r->pos.file) || a->file_size < r->pos.offset) {
		if (r->probed_again)
			return stop_with_gap(r, a->received_ms, "the log was rotated again and again while it was read", keep, err);
		r->probed_again = true;
		r->probe = LOG;
		r->step = PROBE_HEAD;
		return 0;
	}
	scan(r, a->body, a->received_ms, &s);
	if (no_segment(r, &s, a->body.len, reason, sizeof(reason)))
		return stop_with_gap(r, a->received_ms, reason, keep, err);
	size_t len = safe_len(r, &s, at_end, newest, &until);
	if (len < s.len)
		scan(r, afd_slice_sub(a->body, 0, len), a->received_ms, &s);
	if (s.len > 0 && put_segment(r, afd_slice_sub(a->body, 0, s.len), &s, a->received_ms, keep, err) < 0)
		return -1;
	if (keep->progress)
		keep->progress(keep->ctx, r->pos.offset, a->file_size, "bytes");
	if (!at_end && s.len > 0)
		return 0;
	if (r->form->buffered)
		note_written(r, a, &s, newest, &until);
	if (newest)
		return finish(r, until, keep, err);
	start_file(r, &r->file[r->queue[++r->at_queue]]);
	return 0;
}

int afd_tail_take(void *state, const struct afd_response *a, const struct afd_error *why, struct afd_keeper *keep, struct afd_error *err)
{
	struct afd_tail *r = state;
	bool old_name = (r->step == PROBE_HEAD || r->step == PROBE_TAIL) && r->probe != LOG;

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

/* --- for decoders --- */

int afd_tail_asked_read(const char *asked, const char *word, struct afd_tail_asked *ret, struct afd_error *err)
{
	const char *tz = NULL, *since, *scopes;
	char key[32];

	*ret = (struct afd_tail_asked){ .since = AFD_TIME_NONE };
	snprintf(key, sizeof(key), " %s=", word);
	for (const char *p = asked; p && (p = strstr(p, " tz=")) != NULL; p++)
		tz = p;
	if (!tz || !(scopes = strstr(tz, key)))
		return afd_fail(err, AFD_E_PARSE, "asked: expected tz= and %s=", word);
	tz += strlen(" tz=");
	struct afd_slice zone = afd_slice(tz, strcspn(tz, " "));
	ret->has_zone = !(zone.len == 1 && zone.data[0] == '-');
	if (ret->has_zone && !afd_log_zone(zone, &ret->ahead))
		return afd_fail(err, AFD_E_PARSE, "asked: tz is neither UTC nor +hh:mm");
	since = strstr(tz, " since=");                    /* segments of older versions have none */
	if (since && since < scopes) {
		uint64_t t;
		since += strlen(" since=");
		if (afd_log_number(afd_slice(since, strcspn(since, " ")), INT64_MAX, &t))
			ret->since = (int64_t)t;
	}
	ret->scopes = afd_strdup(scopes + strlen(key));
	return ret->scopes ? 0 : afd_fail_memory(err);
}

bool afd_tail_asked_has(const struct afd_tail_asked *a, const char *scope)
{
	size_t n = strlen(scope);

	for (const char *p = a->scopes; *(p += strspn(p, " ")); p += strcspn(p, " "))
		if (strcspn(p, " ") == n && memcmp(p, scope, n) == 0)
			return true;
	return false;
}

void afd_tail_asked_release(struct afd_tail_asked *a)
{
	free(a->scopes);
	a->scopes = NULL;
}

int afd_tail_line(struct afd_slice *left, struct afd_slice *ret, struct afd_error *err)
{
	(void)err;
	return left->len && memchr(left->data, '\n', left->len) && afd_log_line(left, ret);
}

int afd_tail_split_lines(struct afd_slice bytes, struct afd_ranges *parts, struct afd_error *err)
{
	struct afd_slice left = bytes, l;

	while (afd_log_line(&left, &l)) {
		size_t off = (size_t)(l.data - bytes.data);
		if (parts->n == AFD_MAX_PARTS)
			return afd_fail(err, AFD_E_LIMIT, "more than %u lines", AFD_MAX_PARTS);
		if (afd_ranges_add(parts, off, bytes.len - left.len - off) < 0)
			return afd_fail_memory(err);
	}
	return 0;
}
