/* Catalogues, mappings and official texts: those built in, and those in the folders that the configuration names. */
#ifndef AFD_CLI_RULE_FILES_H
#define AFD_CLI_RULE_FILES_H

#include "cli/cli.h"
#include "collector/collect.h"
#include "mappers/frameworks.h"

/* The folder that is looked into when the configuration names none; it need not be there. */
#define RULE_FOLDER "frameworks"
struct rule_files {
	struct afd_rule_file *at; size_t n; struct afd_buf *bytes; char **label;     /* the last two in the same order */
	char **check; size_t n_check;                                                /* ids that a mapping may name: ours and the user's */
};
/* CONFIG NULL: those built in alone. */
int rule_files_read(const struct afd_config *config, struct rule_files *ret, struct afd_error *err);
void rule_files_release(struct rule_files *f);
#define RULE_FILES __attribute__((cleanup(rule_files_release))) struct rule_files
/* All read and held against each other and the checks. */
int rule_files_load(struct rule_files *f, struct afd_frameworks **ret, struct afd_error *err);
/* framework, mapping, official by the name of the file; NULL: none of these. */
const char *rule_decoder(const char *name);

/* They become items where they changed, after all of them were read as one; one that was recorded once and is no longer there
 * leaves the word that it was withdrawn. */
int rule_files_record(const struct afd_collect *c, const struct afd_config *config, struct afd_error *err);

#endif
