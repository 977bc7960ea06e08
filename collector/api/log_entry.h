/* Entries of account logs that tell an action and a kind of thing apart, as NS1 and Infoblox do: what their decoders share.
 * All of it is pure, and nothing that is missing makes an entry unreadable. */
#ifndef AFD_API_LOG_ENTRY_H
#define AFD_API_LOG_ENTRY_H

#include "core/doc.h"
#include "evidence/action.h"

/* RFC 3339, seconds or milliseconds since 1970, as a number or as text; AFD_TIME_NONE: none of these. */
int64_t afd_entry_time(const struct afd_node *n);
/* ID if there is one; else a digest of the entry as it is kept, so that it is one event however often it is read. */
const char *afd_entry_ref(const struct afd_node *entry, const char *id, char ret[80]);
/* Owned: the text, or the JSON of a map or list; NULL in *ret: there is nothing. */
int afd_entry_value(const struct afd_node *n, char **ret, struct afd_error *err);

/* The verb of "ACTION KIND", both without regard to case and to what stands between letters, KIND without "dns" before it. RAW
 * receives both as told. In OTHER what no row knows. */
struct afd_entry_words { const char *source, *action, *kind; };
const char *afd_entry_verb(const struct afd_action_row *row, size_t n, const struct afd_entry_words *w, char raw[160], char other[96]);

#endif
