/* A working directory opened: configuration, store, store key; and the steps that every verb takes with them. */
#ifndef AFD_CLI_SESSION_H
#define AFD_CLI_SESSION_H

#include "cli/cli.h"
#include "collector/collect.h"
#include "evidence/derive.h"
#include "mappers/assess.h"
#include "sign/sign.h"

struct session {
	struct cli *cli;
	struct afd_buf config_bytes;
	struct afd_config *config;
	struct afd_store *store;
	struct afd_store *prefix;                 /* with --head: what was judged; its policy decides, not today's */
	struct afd_store_key *key;
	char *store_path, *key_path;
	bool test, renewed;                       /* renewed: all tables were made again, because another version had made them */
};

/* Reads the configuration and opens the store (mode of evidence/store.h). With a test store the test clock applies. */
int session_open(struct session *s, struct cli *c, int mode, struct afd_error *err);
void session_close(struct session *s);
void session_release(struct session *s);
#define SESSION __attribute__((cleanup(session_release))) struct session

/* A store made by `init --test`: its name begins with "TEST.". */
bool is_test_origin(const char *origin);
/* The files of the user and the built-in checks, frameworks and mappings become items where they changed; broken ones
 * are refused before anything is stored. */
int session_record(struct session *s, struct afd_error *err);
/* Inbox into the tree, signed head over it, tables derived. */
int session_seal(struct session *s, struct afd_error *err);
/* Drawn on standard error while a source is read; the finished line on standard output. (cli/progress.c) */
void show_progress(void *cli, const struct afd_progress *p);
/* The same for work of another kind: DONE of TOTAL; DONE equal to TOTAL wipes it away. */
void show_work(const struct cli *c, const char *what, uint64_t done, uint64_t total);
/* The old store key signs for a new one, which takes over; *ret_old: public line of the old one. (cli/rotate.c) */
int session_rotate(struct session *s, char **ret_old, struct afd_error *err);
/* Ends a rotation that was killed between the store and the key's file. */
int session_rotate_finish(struct session *s, const char *vkey, struct afd_error *err);
int session_key_read(struct session *s, const char *path, struct afd_store_key **ret, struct afd_error *err);

/* What of a collection: NULL, or only these sources; back: NULL, or search what was read for names that came later. */
struct collect_options { struct cli_texts source; struct afd_search_back *back; };
int session_collect(struct session *s, const struct collect_options *o, struct afd_collected *ret, struct afd_error *err);

/* FILE in DIR, once, for a source that imports (collector/provider.h). */
int session_import(struct session *s, const struct afd_source *source, const char *dir, const char *file, struct afd_collected *ret,
                   struct afd_error *err);

struct assess_options { const char *period, *as_of, *head; };
/* Assessment of the store at its head or at --head SIZE. Sets *as_of to what was used. */
int session_assess(struct session *s, const struct assess_options *o, struct afd_assessment **ret, struct afd_error *err);
int session_assess_span(struct session *s, struct afd_span span, const char *label, int64_t as_of_ms, const char *head,
                        struct afd_assessment **ret, struct afd_error *err);
/* Without comparison with the period before. */
int session_assess_alone(struct session *s, struct afd_span span, const char *label, int64_t as_of_ms, struct afd_assessment **ret,
                         struct afd_error *err);
/* TEXT NULL: now, or up to an hour earlier, when the sources were asked. */
int session_as_of(struct session *s, const char *text, int64_t *ret, struct afd_error *err);

/* Terminal summary of an assessment (look/terminal rules). */
void show_assessment(const struct cli *c, const struct afd_assessment *a, bool all);
/* A string of JSON; bytes that are not UTF-8 become \\xff, so that no text is lost. */
struct json_t *cli_json_text(const char *s);
/* Checks and parts of the policy that are broken, each with the file and line to mend. */
void show_errors(const struct cli *c, const struct afd_assessment *a);
/* Tests that could not be made, by what is missing. */
void show_missing(const struct cli *c, const struct afd_assessment *a, bool all);
struct cli_baseline;
/* B may be NULL. */
void show_assessment_json(const struct cli *c, const struct afd_assessment *a, const char *verb, const struct afd_gate *g, const struct cli_baseline *b);
int assessment_exit(struct session *s, const struct afd_assessment *a, const struct afd_baseline *b, struct afd_gate *g, struct afd_error *err);

#endif
