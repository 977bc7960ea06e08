/* What sources of credentials and members have in common: lists of a provider's account become rows. */
#ifndef AFD_ACCOUNT_STATE_H
#define AFD_ACCOUNT_STATE_H

#include "collector/api/hosted.h"

#define AFD_ACCOUNT_EVIDENCE "account-state"

struct afd_account {                              /* of one item */
	struct afd_credential_state *credential; size_t n_credential;
	struct afd_member_state *member; size_t n_member;
	char **text; size_t n_text;               /* owned by it */
};
void afd_account_release(struct afd_account *a);
/* Takes TEXT over (NULL: no memory), which then lives as long as A. */
const char *afd_account_text(struct afd_account *a, char *text);
/* One more, all "not stated"; NULL: no memory. Good until the next one. */
struct afd_credential_state *afd_account_credential(struct afd_account *a);
struct afd_member_state *afd_account_member(struct afd_account *a);
int64_t afd_account_time(const struct afd_node *map, const char *key);      /* RFC 3339, or seconds; else AFD_TIME_NONE */

/* Words that are gathered, sorted and joined: permissions in one line. */
struct afd_words { char **at; size_t n; };
void afd_words_release(struct afd_words *w);
int afd_words_add(struct afd_words *w, char *text);       /* takes over; -1: no memory */
char *afd_words_join(struct afd_words *w, const char *between);   /* sorted, each once; owned; NULL: no memory */

/* Decodes a list item: PAGE for each page's document; then the rows that were gathered are told as ACCOUNT's: credentials when
 * .credentials, members when .members. */
struct afd_account_list {
	const char *call; bool credentials, members, partial;
	int (*page)(struct afd_account *a, const struct afd_node *root, struct afd_error *err);
	int (*xml)(struct afd_account *a, struct afd_slice body, struct afd_error *err);     /* in place of page */
};
int afd_account_tell(const struct afd_account_list *list, size_t n, const struct afd_item_view *item, struct afd_sink *sink,
		     struct afd_error *err);

#endif
