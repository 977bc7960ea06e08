/* Time-stamps: the authorities of the configuration or the command line, asked in their order until one answers. */
#ifndef AFD_CLI_STAMP_H
#define AFD_CLI_STAMP_H

#include "cli/cli.h"
#include "collector/collect.h"
#include "sign/sign.h"

struct stamp_options { struct cli_texts url, root; const char *policy; };
#define STAMP_OPTIONS(o) \
	{ "timestamp", "URL", "time-stamping authority (RFC 3161), instead of those configured (may be repeated)", .many = &(o)->url }, \
	{ "timestamp-root", "FILE", "root certificate of an authority (may be repeated)", .many = &(o)->root }, \
	{ "timestamp-policy", "OID", "policy to ask the authorities for", .text = &(o)->policy }

struct stamping;
/* O's authorities, or if it names none those of CONFIG; each may be NULL. *ret is NULL, and 0 is returned, when there are
 * none: everything works without. Roots are read here, so a wrong path is an error before anything is signed. */
int stamping_open(struct cli *c, const struct stamp_options *o, const struct afd_config *config, struct stamping **ret,
                  struct afd_error *err);
struct stamping *stamping_free(struct stamping *s);              /* NULL */
void stamping_release(struct stamping **s);
/* For afd_cms_sign() and its like; NULL for NULL. Lives as long as S. */
const struct afd_stamper *stamping_stamper(const struct stamping *s);
/* All roots of S, PEM, borrowed; none for NULL. */
void stamping_roots(const struct stamping *s, const struct afd_slice **ret, size_t *ret_n);

struct stamped { struct afd_buf answer, token; char *authority, channel[256]; };   /* TimeStampResp as it came; host of who gave it */
void stamped_release(struct stamped *s);
/* A token over IMPRINT. Each authority is tried up to three times; an answer counts only if it is to this request and,
 * where a root of the authority is known, leads to it. The error names every authority and why it gave none. */
int stamping_ask(struct stamping *s, const struct afd_digest *imprint, struct stamped *ret, struct afd_error *err);

#endif
