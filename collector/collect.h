/* The engine of a collection: for each source, requests through the transport, answers through redaction and
 * splitting into the inbox together with the cursor, retries, and one run item with the coverage stated. */
#ifndef AFD_COLLECTOR_COLLECT_H
#define AFD_COLLECTOR_COLLECT_H

#include "collector/provider.h"
#include "evidence/store.h"

struct afd_source {                               /* one source, ready to run */
	const char *name;
	const char *title;                        /* for people; NULL: the name */
	const struct afd_provider *provider;
	const struct afd_node *node;
	void *config;                             /* filled by provider->fields */
	struct afd_doc *doc;                      /* of the configuration: texts live there */
	const char *base_dir;                     /* relative file: paths start here */
};

/* A source that is not expected any more; it may have left sources[] or still stand there. */
struct afd_retired { const char *name, *reason; int64_t since; };

/* A time-stamping authority (RFC 3161), in the order in which they are asked. */
struct afd_authority {
	const char *url, *policy;                 /* policy: dotted OID, or NULL */
	const char *root;                         /* PEM file with the root that its tokens must lead to, or NULL */
	const char *ca_file;                      /* certificates to trust for its server, or NULL */
};

/* Files of the user that are one item (collector/files/several.h): those of an inventory, a map and the export that it explains. One
 * file without a section that names no documents is the item as it stands. READ gives the bytes of a path of the configuration. */
struct afd_user_part { const char *path, *section; };
typedef int afd_user_read(void *ctx, const char *path, struct afd_buf *ret, struct afd_error *err);
int afd_user_item(const char *decoder, const char *label, const struct afd_user_part *part, size_t n, afd_user_read *read, void *ctx,
		  struct afd_buf *ret, struct afd_error *err);

/* affidavit.yaml: organisation, classification, contact, ..., sources[], retired[]. Owned; texts live in doc. */
struct afd_config {
	struct afd_doc *doc;
	char *path, *base_dir;
	const char *organisation, *classification, *contact, *store, *policy;
	const char *inventory_name;               /* of the item: its path, or those of all its files */
	struct afd_user_part *inventory_file; size_t n_inventory;
	struct afd_texts approvals;               /* paths of approval files: YAML, CSV, or exports of a ticket system */
	const char *const *approval_map;          /* of each, the path of its map; NULL: none */
	struct afd_texts attestations, responses; /* paths */
	struct afd_source *source; size_t n_source;
	struct afd_retired *retired; size_t n_retired;
	struct afd_authority *authority; size_t n_authority;
	struct afd_texts checks;                  /* folders of checks of the user */
	struct afd_texts frameworks;              /* folders of frameworks, mappings and official texts of the user */
	struct afd_texts frameworks_in_scope;     /* ids of frameworks that count only where that is stated */
	struct afd_texts witnesses;               /* vkeys of those whose cosignatures on our heads are accepted */
};
int afd_config_parse(struct afd_slice bytes, const char *path, struct afd_config **ret, struct afd_error *err);
struct afd_config *afd_config_free(struct afd_config *c);
void afd_config_release(struct afd_config **c);
/* A path of the configuration as it is to be opened: relative ones start beside the configuration. Owned text. */
char *afd_config_path(const struct afd_config *c, const char *path);

/* Documents that a file names with "file:", whose digests are to be taken: names as the configuration would write them. */
struct afd_wanted { struct afd_wanted_file { char *name, *by; unsigned line; } *at; size_t n; };     /* by: the file that names it, and where */
int afd_wanted_add(struct afd_wanted *w, const char *name, const char *by, unsigned line, struct afd_error *err);
void afd_wanted_release(struct afd_wanted *w);
int afd_inventory_documents(const char *decoder, struct afd_slice bytes, const char *name, struct afd_wanted *ret, struct afd_error *err);

/* The names to look for: the domains in scope of an inventory. Owned; .watch borrows from it. */
struct afd_watch_list { struct afd_watch watch; char **name, **host; };
int afd_watch_from_inventory(struct afd_slice bytes, const char *path, struct afd_watch_list **ret,
			     struct afd_error *err);
struct afd_watch_list *afd_watch_list_free(struct afd_watch_list *w);    /* NULL */
void afd_watch_list_release(struct afd_watch_list **w);

/* Reads a file of the user as its decoder will and throws the rows away: 0, or -1 with file, line, field, found and
 * expected. DECODER as in afd_collect_user_file(). */
int afd_user_file_check(const char *decoder, const char *label, struct afd_slice bytes, struct afd_error *err);

enum afd_progress_kind { AFD_P_BEGIN, AFD_P_STEP, AFD_P_RETRY, AFD_P_DONE, AFD_P_FAILED };
struct afd_progress {
	enum afd_progress_kind kind;
	const struct afd_source *source;
	uint64_t done, total, items; const char *unit, *text;      /* text: grade and until, or the reason */
	enum afd_grade grade; int64_t until_ms, wait_ms;
};

struct afd_collect {
	struct afd_store *store;
	struct afd_transport *transport;
	const struct afd_env *env;
	const struct afd_watch *watch;
	const char *contact;                      /* mandatory for live logs; NULL: none */
	int (*secret)(void *ctx, const char *ref, struct afd_buf *ret, struct afd_error *err); void *secret_ctx;
	void (*progress)(void *ctx, const struct afd_progress *p); void *progress_ctx;
	/* for retries; NULL: do not retry. sleep_ctx NULL: secret_ctx */
	void (*sleep_ms)(void *ctx, int64_t ms); void *sleep_ctx;
	volatile int *stop;                       /* set by SIGINT: end after the transaction under way */
	struct afd_search_back *back;             /* NULL: not asked for */
	/* names of the sources to run, also of one that a list brings; none: all */
	const char *const *only; size_t n_only;
	const char *import_dir, *import_file;     /* of a source that imports: this file alone, and no position is kept but the file's */
};
/* skew_ms: how far our clock was ahead of a live HTTP server's (behind: negative), the largest seen, and of which source;
 * "" when none told its time. refused: of the failed, those whose credential a provider did not take. Date has whole seconds, and the answer was on its way for a moment. */
struct afd_collected { uint64_t items, gaps; unsigned sources, failed, refused; int64_t skew_ms; char skew_source[101]; };

/* Runs the sources one after the other; one that fails is a gap in its run item and never stops the others. -1 only
 * when the store itself fails. The inbox is not sequenced here. */
int afd_collect_run(const struct afd_collect *c, const struct afd_source *s, size_t n, struct afd_collected *ret,
		    struct afd_error *err);
/* A source that no configuration holds: node N (of D) is read by P's fields. Texts live in D, NAME is borrowed. */
int afd_source_read(struct afd_doc *d, const struct afd_node *n, const char *name, const struct afd_provider *p, struct afd_source *ret,
		    struct afd_error *err);
/* AFD_E_CONFIG: another source of C reads the same log of the same account in a form that nothing joins with what S reads. */
int afd_config_same_log(const struct afd_config *c, const struct afd_source *s, struct afd_error *err);
/* What source S gave as its cursor at the last checkpoint: owned text; NULL: none yet. */
int afd_collect_cursor(struct afd_store *store, const struct afd_source *s, char **ret, struct afd_error *err);
/* A file of the user as an item of the ledger (decoder: config, inventory, policy, approvals, check, framework,
 * mapping, official), only if it differs from the last item with the same decoder and label; of config, inventory and policy one
 * file is in force, so there another label is a difference as well. *ret_new: 1 if put. */
int afd_collect_user_file(const struct afd_collect *c, const char *decoder, const char *label, struct afd_slice bytes,
                          bool *ret_new, struct afd_error *err);
/* 1: that would put nothing, for the last item has the same bytes; 0; -1 */
int afd_collect_user_file_known(const struct afd_collect *c, const char *decoder, const char *label, struct afd_slice bytes,
                                struct afd_error *err);

#endif
