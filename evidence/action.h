/* The one vocabulary of events: what can be done to an account, a domain, a zone, in our words. Each source maps its own
 * words to these in one table; a word that no row knows is kept as "other.SOURCE.WORD" and reported, never dropped.
 * A kind of approval is one of these verbs, too: what was done and what was allowed have the same name. */
#ifndef AFD_EVIDENCE_ACTION_H
#define AFD_EVIDENCE_ACTION_H

#include <stdbool.h>
#include <stddef.h>

struct afd_action { const char *verb, *object_kind, *meaning; };
/* Sorted by verb. */
extern const struct afd_action afd_actions[];
extern const size_t afd_n_actions;

/* NULL: no verb of ours. */
const struct afd_action *afd_action_find(const char *verb);
/* "other.": kept, not mapped. */
bool afd_action_unmapped(const char *verb);

/* --- mapping of a source's words --- */

/* RAW: the source's word, letters of any case; '*' at its end stands for the rest. The first row that fits counts. */
struct afd_action_row { const char *raw, *verb; };
/* The verb of RAW, or text in OTHER ("other.SOURCE.word": lower case, everything but letters, digits, '.', '-' and '_' as '-'). */
const char *afd_action_map(const struct afd_action_row *row, size_t n, const char *source, const char *raw, char other[96]);

#endif
