#include "cli/session.h"
#include "cli/verbs.h"

int verb_rebuild(struct cli *c, int argc, char **argv)
{
	const struct cli_option options[] = { { 0 } };
	struct afd_error err = { 0 };
	SESSION s = { 0 };
	uint64_t size;
	int code;

	if (cli_begin(c, options, argc, argv, 0, NULL, &code) < 0)
		return code;
	if (session_open(&s, c, AFD_STORE_WRITE, &err) < 0 || session_seal(&s, &err) < 0 ||
	    (!s.renewed && afd_rebuild(s.store, afd_decode_item, NULL, &err) < 0) || afd_store_size(s.store, &size, &err) < 0)
		return cli_cannot(c, &err);
	return cli_finish(c, EXIT_CLEAN, "exit 0: tables made again from %s items", cli_number(size).s);
}
