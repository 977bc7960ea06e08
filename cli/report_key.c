/* Where a report key is, and how its secret comes to it. */
#include <unistd.h>

#include "cli/report_key.h"
#include "core/file.h"
#include "transport/transport.h"

#define MAX_KEY (1u << 20)

static int ask(struct cli *c, const struct report_key *k, bool needed, struct afd_buf *ret, struct afd_error *err)
{
	AFD_AUTO(mem) char *what = afd_sprintf("passphrase of %s", cli_safe(k->key, 60));

	if (!what)
		return afd_fail_memory(err);
	if (k->passphrase)
		return cli_secret(c, k->passphrase, what, ret, err) < 0 ? afd_within(err, "--passphrase") : 0;
	return needed && isatty(STDIN_FILENO) ? cli_prompt_secret(c, what, ret, err) : 0;
}

static int open_file(struct cli *c, const struct report_key *k, struct afd_signer **ret, struct afd_error *err)
{
	struct afd_buf text = { 0 }, pass = { 0 };
	int r = -1;

	if (afd_private_file_read(k->key, MAX_KEY, &text, err) == 0 &&
	    ask(c, k, afd_signer_encrypted(afd_buf_slice(&text)), &pass, err) == 0)
		r = afd_signer_read(afd_buf_slice(&text), afd_buf_slice(&pass), ret, err);
	afd_buf_wipe(&text);
	afd_buf_wipe(&pass);
	return r;
}

int report_key_open(struct cli *c, const struct report_key *k, struct afd_signer **ret, struct afd_error *err)
{
	return open_file(c, k, ret, err) < 0 ? afd_within(err, "--key") : 0;
}
