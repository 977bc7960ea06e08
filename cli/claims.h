/* What a verification says, claim by claim. The names are a table, which `verify --help` and docs/verify.md repeat. */
#ifndef AFD_CLI_CLAIMS_H
#define AFD_CLI_CLAIMS_H

#include "cli/cli.h"

/* holds: seen to be true. fails: seen to be false. unclear: asked for, but not comparable here (exit 3). skipped: not asked
 * for, or only asserted by whom it is about. The last two are never a yes. */
enum verdict { CLAIM_HOLDS, CLAIM_FAILS, CLAIM_UNCLEAR, CLAIM_SKIPPED, CLAIM_COUNT };

struct claim { const char *name; char *of, *why; enum verdict verdict; };   /* of: which file or thing; owned text */
struct claims {
	struct claim *at; size_t n, cap;
	unsigned by[CLAIM_COUNT];
	const char *within;          /* put before OF: the folder, when several are verified; borrowed */
	bool lost;                   /* memory ended: then it is no pass, whatever the others say */
};

struct claim_kind { const char *name, *meaning; };
extern const struct claim_kind claim_kinds[];     /* ended by a row without name */

/* NAME is a row of claim_kinds. */
void claims_add(struct claims *c, enum verdict v, const char *name, const char *of, const char *fmt, ...) AFD_PRINTF(5, 6);
void claims_release(struct claims *c);
const char *verdict_name(enum verdict v);
/* 1 a claim fails, 3 one is unclear or nothing holds at all, 0 all that was asked for holds. */
int claims_exit(const struct claims *c);
/* One line for each claim, or with --json one document; then the last line. Returns the exit code. */
int claims_print(const struct cli *c, const struct claims *all);

#endif
