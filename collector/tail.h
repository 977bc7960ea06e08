/* A file that grows, read on from where the last run stopped: through its rotations (PATH.0, PATH.1, PATH.1.gz ...), copies and
 * truncations, whole lines or frames only. A source over such a file gives a form, which says how it is cut and what one unit
 * says; the rest is here: items, cursor, coverage and its gaps.
 *
 * Its provider: fields = AFD_TAIL_FIELDS_ZONES (or rows of its own that fill a struct afd_tail_config, which stands first in
 * its configuration), scopes and begin call the functions below, next/take/end are these. An item is a piece of
 * whole units; `asked` says "lines 1-20 of PATH tz=+02:00 zones=a.test b.test", so that a decoder knows what it must
 * (afd_tail_asked_read). */
#ifndef AFD_COLLECTOR_TAIL_H
#define AFD_COLLECTOR_TAIL_H

#include "collector/provider.h"

struct afd_tail_config { const char *path, *timezone; struct afd_texts scopes; };
#define AFD_TAIL_FIELDS_ZONES \
	{ "path", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct afd_tail_config, path), "the log file, or file:PATH" }, \
	{ "zones", AFD_FIELD_NAMES, AFD_REQUIRED, offsetof(struct afd_tail_config, scopes), "zones that the log speaks for" }, \
	{ "timezone", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct afd_tail_config, timezone), \
	  "UTC or +hh:mm; only for a log with local times" }

/* What one line or frame says, as far as following the file needs it. All borrowed from the unit. */
struct afd_tail_unit {
	int64_t at;                               /* AFD_TIME_NONE: none */
	bool local;                               /* .at was written without a zone */
	bool ours;                                /* about what the source looks for; of others only the time counts */
	bool unclear;                             /* ours, but not in a form that we know */
	bool opens, closes;                       /* the first, the last of those that belong together, told apart by .who: no item
	                                             ends between them as long as form->patience */
	bool last;                                /* the server closed the file behind it */
	struct afd_slice who;                     /* forms with a gap: units of another one belong to something else */
	struct afd_slice scope;                   /* of which scope an unclear one speaks, as it stands there; empty: of any */
};

/* What was read, to be kept. */
struct afd_tail_piece { struct afd_slice bytes; uint64_t first, n; const char *asked; int64_t received_ms; };

struct afd_tail_form {
	const char *evidence, *media_type;
	int64_t lag_ms;
	const char *units;                        /* "lines" */
	const char *scopes;                       /* what they are called in `asked`: "zones" */
	const char *unclear;                      /* "lines about updates that were not understood" */
	const char *unclear_short;                /* "about updates, not understood" */
	const char *no_time;                      /* what to do about units without a time: "set print-time iso8601-utc ..." */
	const char *local_time;                   /* what to do about local times, besides giving timezone */
	int64_t gap_ms;                           /* units of one .who, nearer than this, belong together; 0: opens and closes say so */
	bool buffered;                            /* the server holds back what it wrote last: a file tells until its last unit, until
	                                             its end only once it was closed */
	int64_t patience_ms;                      /* what was opened this long ago is taken as it is */
	/* The unit at the front of *LEFT, which then begins behind it. 1: *ret; 0: it is not whole yet; -1: not of this form. */
	int (*next)(struct afd_slice *left, struct afd_slice *ret, struct afd_error *err);
	/* AHEAD: what local times are ahead of UTC. NOW: for times without a year. */
	void (*read)(struct afd_slice unit, int64_t ahead, int64_t now, struct afd_tail_unit *ret);
	/* The same by a map of its own (CTX), in place of read; units come in order, more than once. */
	void (*read_with)(void *ctx, struct afd_slice unit, int64_t ahead, int64_t now, struct afd_tail_unit *ret);
	bool (*speaks_of)(struct afd_slice scope, const char *name);   /* does unit->scope mean NAME? */
	/* Keeps a piece; NULL: it becomes an item as it is. CTX: as given to begin. */
	int (*keep)(void *ctx, const struct afd_tail_piece *p, struct afd_keeper *keep, struct afd_error *err);
	void (*end)(void *ctx);                   /* gives CTX back; NULL: there is nothing to */
};

int afd_tail_scopes(const struct afd_tail_config *c, const char *word, struct afd_buf *ret, struct afd_error *err);
int afd_tail_zones(const void *config, struct afd_buf *ret, struct afd_error *err);    /* the same with "zones", as provider.scopes */
/* *ret: state for the three below. CTX is taken over, after -1 too. CONFIG and FORM outlive the run. */
int afd_tail_begin(const struct afd_tail_form *form, void *ctx, const struct afd_source_config *c, const struct afd_tail_config *config,
                   const char *cursor, void **ret, struct afd_error *err);
int afd_tail_next(void *state, struct afd_request *q, struct afd_error *err);
int afd_tail_take(void *state, const struct afd_response *a, const struct afd_error *why, struct afd_keeper *keep, struct afd_error *err);
void afd_tail_end(void *state);

/* For decoders. scopes: blank-separated, owned; since: AFD_TIME_NONE when there was no earlier look. */
struct afd_tail_asked { int64_t ahead, since; bool has_zone; char *scopes; };
/* WORD: form->scopes. */
int afd_tail_asked_read(const char *asked, const char *word, struct afd_tail_asked *ret, struct afd_error *err);
bool afd_tail_asked_has(const struct afd_tail_asked *a, const char *scope);
void afd_tail_asked_release(struct afd_tail_asked *a);

/* form.next of logs: lines with their LF. */
int afd_tail_line(struct afd_slice *left, struct afd_slice *ret, struct afd_error *err);
/* provider.split of logs: one part for each line. */
int afd_tail_split_lines(struct afd_slice bytes, struct afd_ranges *parts, struct afd_error *err);

#endif
