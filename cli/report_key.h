/* The report key of a verb's options: --key REF [--passphrase REF] [--cert FILE]. */
#ifndef AFD_CLI_REPORT_KEY_H
#define AFD_CLI_REPORT_KEY_H

#include "cli/cli.h"
#include "sign/sign.h"

struct report_key { const char *key, *passphrase, *cert; };
#define REPORT_KEY_OPTIONS(k) \
	{ "key", "REF", "report key: FILE (PEM, PKCS#12), pkcs11:URI or exec:COMMAND", .text = &(k)->key }, \
	{ "passphrase", "REF", "or PIN: env:NAME, file:PATH, fd:N, exec:COMMAND, prompt", .text = &(k)->passphrase }, \
	{ "cert", "FILE", "signer's certificate and chain (PEM), unless the key has them", .text = &(k)->cert }

/* The signer that K names. Asks on the terminal for a passphrase when one is needed, none was given, and standard input
 * is a terminal. Secrets are wiped before it returns. */
int report_key_open(struct cli *c, const struct report_key *k, struct afd_signer **ret, struct afd_error *err);
/* The key alone, as long as it has no certificate: for requests. *ret_certs: what --cert holds. */
int report_key_find(struct cli *c, const struct report_key *k, struct afd_key **ret, struct afd_buf *ret_certs, struct afd_error *err);
/* Says on standard error when the certificate ends before the period after PERIOD, of the same length, does. */
void report_key_warn(const struct cli *c, const struct afd_signer *s, struct afd_span period);
/* A line from the terminal, which does not show it; without its LF. WHAT: "passphrase of key.pem". */
int cli_prompt_secret(const struct cli *c, const char *what, struct afd_buf *ret, struct afd_error *err);
/* As afd_secret_resolve(), and "prompt". */
int cli_secret(const struct cli *c, const char *ref, const char *what, struct afd_buf *ret, struct afd_error *err);

#endif
