/* Frameworks, mappings and official texts out of their files: strict readers, because a wrong id in a report is worse than
 * none. An assessment reads them from items of the ledger, `affidavit frameworks` from the files themselves; both read them
 * in the same order and with the same rules. */
#ifndef AFD_MAPPERS_FRAMEWORKS_H
#define AFD_MAPPERS_FRAMEWORKS_H

#include "mappers/assess.h"

struct afd_catalogue { struct afd_framework framework; struct afd_texts relations; };   /* relations: what a mapping may say */

/* One file, however it came. decoder: framework (a catalogue), mapping, official. */
struct afd_rule_file { const char *decoder, *label; struct afd_slice bytes; uint64_t leaf; };
/* What is put into the ledger under the label of a file that is no longer there: from then on it is not in force. */
#define AFD_RULE_WITHDRAWN "withdrawn\n"
bool afd_rule_withdrawn(struct afd_slice bytes);
/* In which order they are read: catalogues, our mappings, those of others by label, official texts. */
void afd_rule_files_sort(struct afd_rule_file *f, size_t n);
/* frameworks/ID.mapping.yaml and the like: names that the program's own files have. */
bool afd_rule_is_ours(const char *label);

/* All of them at once. Owned; give it back with afd_frameworks_free(). */
struct afd_frameworks { struct afd_catalogue *at; size_t n; };
int afd_frameworks_load(struct afd_rule_file *f, size_t n, const struct afd_check *check, size_t n_check,
			struct afd_frameworks **ret, struct afd_error *err);
struct afd_frameworks *afd_frameworks_free(struct afd_frameworks *f);      /* NULL */
void afd_frameworks_release(struct afd_frameworks **f);
/* By their place in a report, then by id. */
int afd_catalogue_compare(const void *a, const void *b);

const struct afd_control *afd_control_find(const struct afd_framework *f, const char *id);
/* Is CHILD at or below ABOVE? */
bool afd_control_within(const struct afd_framework *f, const char *child, const char *above);

/* --- looking up an id as somebody wrote it (resolve.c) --- */

/* Ids as published guidance cites them, and what its sentences mean: frameworks/cited.yaml. */
struct afd_cited { const char *cited, *framework, *where, *verdict, *says; struct afd_texts official; };
struct afd_crosswalk { struct afd_doc *doc; struct afd_cited *at; size_t n; };
/* Every official id must be a live control of its framework: "FRAMEWORK ID". RET: afd_crosswalk_release(). */
int afd_crosswalk_parse(struct afd_slice yaml, const char *name, const struct afd_frameworks *f, struct afd_crosswalk *ret,
			struct afd_error *err);
void afd_crosswalk_release(struct afd_crosswalk *c);

enum afd_resolution { AFD_ID_LIVE, AFD_ID_WITHDRAWN, AFD_ID_ASK, AFD_ID_UNKNOWN };
struct afd_resolved {
	enum afd_resolution how;
	const struct afd_framework *framework;     /* of control; NULL: unknown, or ask */
	const struct afd_control *control;         /* LIVE, WITHDRAWN; for ASK the one that is spelled like it, or NULL */
	bool exact;                                /* it was written as the publisher writes it */
	struct { const struct afd_framework *framework; const struct afd_control *control; } like[8]; size_t n_like;
	const struct afd_cited *cited[16]; size_t n_cited;
};
/* WORD as people write it: lower case, unpadded, other separators, "csf" or the framework's id and a colon before it. ONLY: the id
 * of the framework that is meant, or NULL. Never fails: UNKNOWN is an answer. */
void afd_framework_resolve(const struct afd_frameworks *f, const struct afd_crosswalk *c, const char *only, const char *word,
			   struct afd_resolved *ret);
/* "csf" for nist-csf-2.0: its id, or a part of it that no other has. NULL: none, or several. */
const struct afd_framework *afd_framework_named(const struct afd_frameworks *f, const char *text);
/* The control of F whose id has the same letters and numbers; NULL: none. */
const struct afd_control *afd_control_like(const struct afd_framework *f, const char *word);

#endif
