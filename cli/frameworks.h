/* The parts of `affidavit frameworks`, each in a file of its own. */
#ifndef AFD_CLI_FRAMEWORKS_H
#define AFD_CLI_FRAMEWORKS_H

#include "cli/rule_files.h"

struct frameworks_options { const char *framework, *out; bool texts, oscal, replace; };
/* What all of them look at: the files of the configuration where there is one, else those built in. */
struct rule_set { struct afd_config *config; struct afd_buf config_bytes; struct rule_files files; struct afd_frameworks *all; };
int rule_set_open(const struct cli *c, struct rule_set *ret, struct afd_error *err);
void rule_set_release(struct rule_set *s);
#define RULE_SET __attribute__((cleanup(rule_set_release))) struct rule_set

int frameworks_resolve(struct cli *c, const struct rule_set *s, const struct frameworks_options *o, const char *word);
int frameworks_import(struct cli *c, const struct rule_set *s, const struct frameworks_options *o, const char *path);
int frameworks_export(struct cli *c, const struct rule_set *s, const struct frameworks_options *o, const char *id);

#endif
