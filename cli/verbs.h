/* The verbs, one file each; the table is verbs.c. */
#ifndef AFD_CLI_VERBS_H
#define AFD_CLI_VERBS_H

#include "cli/cli.h"
#include "mappers/assess.h"

int verb_bundle(struct cli *c, int argc, char **argv);
int verb_check(struct cli *c, int argc, char **argv);
int verb_checks(struct cli *c, int argc, char **argv);
int verb_collect(struct cli *c, int argc, char **argv);
int verb_demo(struct cli *c, int argc, char **argv);
int verb_doctor(struct cli *c, int argc, char **argv);
int verb_explain(struct cli *c, int argc, char **argv);
int verb_extend(struct cli *c, int argc, char **argv);
int verb_frameworks(struct cli *c, int argc, char **argv);
int verb_gate(struct cli *c, int argc, char **argv);
int verb_import(struct cli *c, int argc, char **argv);
int verb_init(struct cli *c, int argc, char **argv);
int init_from(struct cli *c, const char *from, const char *out);       /* verb_init_from.c; OUT NULL: standard output */
int verb_keys(struct cli *c, int argc, char **argv);
int verb_ledger(struct cli *c, int argc, char **argv);
int verb_prove(struct cli *c, int argc, char **argv);
int verb_rebuild(struct cli *c, int argc, char **argv);
int verb_report(struct cli *c, int argc, char **argv);
int verb_sources(struct cli *c, int argc, char **argv);
int verb_verify(struct cli *c, int argc, char **argv);

/* The last line of check and gate. */
int finish_judged(const struct cli *c, const struct afd_assessment *a, const struct afd_gate *g);

#endif
