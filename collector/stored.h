/* Files that somebody else puts into a directory, once and whole: frames of EPP that a registrar's own reader keeps, webhooks
 * that were received, logs that a provider delivers. Each file that was not seen before becomes an item; a file that
 * changed since is read again (the tables take each event once). That none lacks is the word of whoever keeps the directory,
 * so coverage is asserted: from where the last run ended, or the first time in the files, to the last time in them.
 *
 * Its provider: `fields` = AFD_STORED_FIELDS (a struct afd_stored_config stands first in its configuration), scopes and begin
 * call the functions below, next/take/end are these. asked: "WORD SCOPE NAME [MORE]", for afd_stored_asked_read(). */
#ifndef AFD_COLLECTOR_STORED_H
#define AFD_COLLECTOR_STORED_H

#include "collector/provider.h"

struct afd_stored_config { const char *path, *account; };
#define AFD_STORED_FIELDS \
	{ "path", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct afd_stored_config, path), "directory of the files; .gz is unpacked" }, \
	{ "account", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct afd_stored_config, account), "account that they are about" }

/* What a file says of time: from its first event to its last. n: events. */
struct afd_stored_told {
	struct afd_span at; uint64_t n;
	struct afd_stored_bad { struct afd_span at; char why[160]; } bad[8]; size_t n_bad;   /* what in it could not be read: gaps */
};

struct afd_stored_form {
	const char *word;                         /* first of `asked`: "epp", "cloudtrail" */
	const char *more;                         /* appended to `asked`; NULL nothing */
	const char *evidence, *media_type;
	int64_t lag_ms;
	size_t max_file;                          /* unpacked; larger ones are a gap */
	const char *suffix;                       /* names that count, with blanks between (".xml .xml.gz"); NULL: all */
	/* Pure. What a file says; -1: it cannot be read: it is kept, and a gap at the time of its writing. NULL: a file is at the time
	 * of its writing. */
	int (*told)(struct afd_slice bytes, struct afd_stored_told *ret, struct afd_error *err);
	/* The same with a map of its own; it outlives the run. */
	int (*told_with)(const void *with, struct afd_slice bytes, struct afd_stored_told *ret, struct afd_error *err); const void *with;
};

/* The account as scope: one word. */
int afd_stored_scopes(const void *config, struct afd_buf *ret, struct afd_error *err);
/* FORM and CONFIG outlive the run. */
int afd_stored_begin(const struct afd_stored_form *form, const struct afd_source_config *c, const struct afd_stored_config *config,
                     const char *cursor, void **ret, struct afd_error *err);
int afd_stored_next(void *state, struct afd_request *q, struct afd_error *err);
int afd_stored_take(void *state, const struct afd_response *r, const struct afd_error *why, struct afd_keeper *keep, struct afd_error *err);
void afd_stored_end(void *state);

/* Second and third word of `asked`, as they were; owned. -1: it is of another form. */
int afd_stored_asked_read(const char *asked, char **scope, char **name, struct afd_error *err);

#endif
