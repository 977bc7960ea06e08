/* What a server's configuration loses of the evidence, and the line that would keep it. Pure. */
#ifndef AFD_CLI_DOCTOR_H
#define AFD_CLI_DOCTOR_H

#include "collector/conf/server_conf.h"

/* One setting that loses evidence. subject: the zone, key or channel that it is about; "" the server. line: what to write
 * instead. Texts live as long as the configuration that was examined. */
struct doctor_finding { const char *id, *subject, *why, *line; unsigned at; };
typedef int doctor_found(void *ctx, const struct doctor_finding *f);

/* Calls FOUND for each, in the order of the rules; what it returns, if not 0. */
int doctor_examine(enum afd_conf_kind kind, const struct afd_conf *c, doctor_found *found, void *ctx);
/* The table of rules, for --rules: index from 0; false behind the last. */
bool doctor_rule(size_t i, struct doctor_finding *ret, const char **server);

#endif
