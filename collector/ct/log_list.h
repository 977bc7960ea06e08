/* Lists of Certificate Transparency logs, schema v3, as browsers publish them. Reading is pure and tolerant: unknown members
 * and missing states are nothing special, and an entry that cannot be read is told and left out, never the whole list. */
#ifndef AFD_COLLECTOR_CT_LOG_LIST_H
#define AFD_COLLECTOR_CT_LOG_LIST_H

#include "core/doc.h"
#include "core/when.h"

enum { AFD_CT_MOST_LOGS = 4096, AFD_CT_MOST_OPERATORS = 512 };

struct afd_ct_listed {                            /* texts live as long as the list */
	const char *description, *operator, *kind;    /* kind: static-ct, rfc6962 */
	const char *url, *origin;                 /* where it is read; its name: submission prefix without scheme */
	const char *key;                          /* SPKI, base64 */
	const char *id;                           /* SHA-256 of the key, hex */
	const char *state;                        /* pending, qualified, usable, readonly, retired, rejected, unstated */
	const char *wrong;                        /* why it cannot be read though its key is known; NULL: nothing */
	int64_t state_ms;                         /* AFD_TIME_NONE: not told */
	int64_t mmd_ms, from_ms, to_ms;           /* from, to: notAfter of its certificates; AFD_TIME_NONE: any */
	int64_t final_size; const char *final_root;   /* readonly: last tree head, hex; -1, NULL: not told */
};

struct afd_ct_log_list {
	struct afd_doc *doc;
	const char *version;
	int64_t timestamp;
	struct afd_ct_listed *log; size_t n;
	struct afd_buf refused; size_t n_refused; /* entries that are nothing, one line each */
};
int afd_ct_log_list_parse(struct afd_slice json, struct afd_ct_log_list *ret, struct afd_error *err);
void afd_ct_log_list_release(struct afd_ct_log_list *l);

#endif
