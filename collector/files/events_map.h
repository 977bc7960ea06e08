/* Logs of providers that we do not know, in JSON or CSV: a map in the configuration says where our columns stand in them.
 *
 *   map:
 *     format: json-lines            # one object a line; json: a document with a list; csv
 *     list: result.items            # json: path to the list; nothing: the document is the list
 *     header: [when, who, what]     # csv without a line of names; a file that grows needs it
 *     delimiter: ";"                # csv; "," unless said, "tab"
 *     time: {from: created, form: unix-ms}
 *     secrets: [session]            # more names of keys and columns that are cut before anything is stored
 *     fields:
 *       action: {from: event.type, words: {domain.unlock: transfer-lock.remove}}
 *       actor: user.email           # short for {from: user.email}
 *       actor_kind: {value: person} # the same for all
 *       provider_ref: [id, part]    # several, joined
 *
 * `from` is a path into the object (names with dots between, numbers in lists; a name that itself has dots counts first) or the name of
 * a column. All of it is pure; a map is stored with what was read by it, so a record means for ever what it meant then. */
#ifndef AFD_FILES_EVENTS_MAP_H
#define AFD_FILES_EVENTS_MAP_H

#include "collector/files/csv.h"
#include "core/doc.h"
#include "core/when.h"
#include "evidence/action.h"

enum afd_events_column {
	AFD_EV_ACCOUNT, AFD_EV_ACTION, AFD_EV_DOMAIN, AFD_EV_OBJECT_KIND, AFD_EV_OBJECT, AFD_EV_ACTOR_KIND, AFD_EV_ACTOR, AFD_EV_CREDENTIAL,
	AFD_EV_ORIGIN, AFD_EV_CHANNEL, AFD_EV_MFA, AFD_EV_BEFORE, AFD_EV_AFTER, AFD_EV_OUTCOME, AFD_EV_REF,
	AFD_EV_ZONE, AFD_EV_RECORD_NAME, AFD_EV_RECORD_TYPE, AFD_EV_RECORD_DATA, AFD_EV_COLUMNS
};

/* Where a value comes from; all nothing: the log does not tell it. */
struct afd_events_pick {
	const char *const *from; size_t n_from;
	const char *value;                        /* the same for all; or, where from gives nothing */
	const struct afd_action_row *word; size_t n_word;   /* their words to ours */
};

enum afd_events_format { AFD_EV_JSON_LINES, AFD_EV_JSON, AFD_EV_CSV };

struct afd_events_map {
	enum afd_events_format format;
	const char *name;                         /* of a document, in errors; NULL: "document" */
	const char *list;
	char delimiter;
	struct afd_texts header, secrets;
	struct afd_events_pick time;
	const char *form;                         /* NULL: RFC 3339 */
	bool zoned; int64_t ahead;                /* of times without a zone */
	struct afd_events_pick column[AFD_EV_COLUMNS];
};
/* Texts live in D. -1: "affidavit.yaml:12: sources[0].map.time: expected ..., got ...". */
int afd_events_map_read(struct afd_doc *d, const struct afd_node *n, struct afd_events_map *ret, struct afd_error *err);

/* For maps of another purpose (tickets.c): where one value comes from, any words; and format, list, delimiter, header. */
int afd_events_pick_read(struct afd_doc *d, const struct afd_node *n, struct afd_events_pick *ret, struct afd_error *err);
struct afd_events_shape { const char *format, *list, *delimiter; struct afd_texts header; };
int afd_events_shape_read(struct afd_doc *d, const struct afd_node *n, const struct afd_events_shape *t, struct afd_events_map *ret, struct afd_error *err);

/* --- what is read by it --- */

/* One event of the file: a line, a record, an element. why: it cannot be read; then node and csv are NULL. */
struct afd_events_unit {
	const struct afd_events_map *map;
	struct afd_range at;                      /* in the body */
	struct afd_slice bytes;
	unsigned line;
	const char *why;
	const struct afd_node *node;
	const struct afd_csv *csv; const struct afd_csv *header;
};
typedef int afd_events_see(void *ctx, const struct afd_events_unit *u, struct afd_error *err);
/* Each event in order. -1: SEE says so, or the body is not what the map says (AFD_E_PARSE). */
int afd_events_each(const struct afd_events_map *m, struct afd_slice body, afd_events_see *see, void *ctx, struct afd_error *err);
/* One at the front of *LEFT, which then begins behind it (json-lines, csv); false: there is no whole one. END: nothing follows LEFT. */
bool afd_events_cut(const struct afd_events_map *m, struct afd_slice *left, bool end, struct afd_slice *ret);
/* One whole line or record; *ret.why when it cannot be read. The store behind *ret is in KEEP. */
struct afd_events_kept { struct afd_doc *doc; struct afd_csv csv, header; bool has_header; char why[200]; };
int afd_events_unit_read(const struct afd_events_map *m, struct afd_slice bytes, struct afd_events_kept *keep, struct afd_events_unit *ret,
                         struct afd_error *err);
bool afd_events_empty(const struct afd_events_unit *u);    /* a blank line, or the names of the columns again */
void afd_events_kept_release(struct afd_events_kept *k);

/* What P says of U, appended; JOINER between several. 1: something; 0: nothing; -1 memory. Words are not looked up. */
int afd_events_value(const struct afd_events_unit *u, const struct afd_events_pick *p, const char *joiner, struct afd_buf *ret, struct afd_error *err);
/* 0, or -1 (AFD_E_PARSE): no time. *ret as wide as the last digit. */
int afd_events_time(const struct afd_events_unit *u, struct afd_span *ret, struct afd_error *err);
/* The form of a time: "unix", "unix-ms", "unix-us", "unix-ns", or as strftime(3): %Y %y %m %b %d %e %H %I %p %M %S %f (fraction with its
 * dot, or nothing) %z %%. NULL: RFC 3339, a blank for 'T' allowed. */
int afd_events_time_read(const char *text, const char *form, bool zoned, int64_t ahead, struct afd_span *ret);
bool afd_events_form_good(const char *form, bool zoned);
/* What is secret in the body: by the names that all sources know, and the map's own. */
int afd_events_cut_secrets(const struct afd_events_map *m, struct afd_slice body, struct afd_ranges *cuts, struct afd_error *err);

#endif
