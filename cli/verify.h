/* What `affidavit verify` claims, one by one. */
#ifndef AFD_CLI_VERIFY_H
#define AFD_CLI_VERIFY_H

#include "cli/cli.h"
#include "core/digest.h"

/* holds: seen to be true. fails: seen to be false. unclear: asked for, but not comparable here (exit 3). skipped: not asked
 * for. The last two are never a yes. */
enum claim { CLAIM_HOLDS, CLAIM_FAILS, CLAIM_UNCLEAR, CLAIM_SKIPPED, CLAIM_COUNT };

struct verify_options {
	const char *dir, *root, *store, *vkey, *fonts, *at;
	bool replay, allow_test, allow_unsigned;
};
struct verify_result { unsigned by[CLAIM_COUNT]; };

/* Prints each claim; 0 when the work could be done at all. */
int verify_report(struct cli *c, const struct verify_options *o, struct verify_result *ret, struct afd_error *err);

#endif
