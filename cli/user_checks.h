/* `checks: [DIR]` of the configuration. */
#ifndef AFD_CLI_USER_CHECKS_H
#define AFD_CLI_USER_CHECKS_H

#include "cli/session.h"

struct user_check { char *label; struct afd_buf bytes; struct afd_doc *doc; struct afd_check check; };      /* check points into doc */
struct user_checks { struct user_check *at; size_t n; };
/* Every check of the folders, in order of names; refuses what cannot be read, and two of one id, with file and line. CONFIG NULL: none.
 * To be released also after a failure. */
int user_checks_read(const struct afd_config *config, struct user_checks *ret, struct afd_error *err);
void user_checks_release(struct user_checks *u);
/* FOLDER is one of LIST, folders that the configuration names. */
bool user_folder_named(const struct afd_config *config, const struct afd_texts *list, const char *folder);
#define USER_CHECKS __attribute__((cleanup(user_checks_release))) struct user_checks

/* Makes bytes an item: 1 new, 0 known, -1. */
typedef int (*user_record)(void *ctx, const char *decoder, const char *label, struct afd_slice bytes, struct afd_error *err);
/* All of them become items. Plans that scan are warned of, once for each version, and files that are gone. */
int user_checks_record(struct session *s, user_record record, void *ctx, struct afd_error *err);

#endif
