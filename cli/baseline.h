/* `gate --baseline FILE`: a report.json, or what `gate --write-baseline FILE` wrote. */
#ifndef AFD_CLI_BASELINE_H
#define AFD_CLI_BASELINE_H

#include "cli/cli.h"
#include "mappers/assess.h"

struct cli_baseline { struct afd_doc *doc; const char **ids; struct afd_baseline of; struct afd_digest sha256; };

int baseline_read(const char *path, struct cli_baseline *ret, struct afd_error *err);
void baseline_release(struct cli_baseline *b);
/* What violates the policy of A now; *ret: SHA-256 of the file. */
int baseline_write(const char *path, const struct afd_assessment *a, unsigned *ret_n, struct afd_digest *ret, struct afd_error *err);

#endif
