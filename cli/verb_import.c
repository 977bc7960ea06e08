#include <errno.h>
#include <stdlib.h>

#include "cli/session.h"
#include "cli/verbs.h"

int verb_import(struct cli *c, int argc, char **argv)
{
	const struct cli_option options[] = { { 0 } };
	struct afd_error err = { 0 };
	SESSION s = { 0 };
	AFD_AUTO(buf) struct afd_buf bytes = { 0 };
	AFD_AUTO(mem) char *label = NULL;
	bool is_new = false;
	int code, args;

	if (cli_begin(c, options, argc, argv, 2, &args, &code) < 0)
		return code;
	if (args != 2 || (strcmp(argv[0], "approvals") != 0))
		return cli_usage(c, "import approvals FILE: what may be imported by hand is approvals (.csv or .yaml)");
	if (session_open(&s, c, AFD_STORE_WRITE, &err) < 0 || afd_user_file_read(argv[1], &bytes, NULL, &err) < 0 ||
	    afd_user_file_check(argv[0], argv[1], afd_buf_slice(&bytes), &err) < 0)
		return cli_cannot(c, &err);

	const struct afd_collect put = { .store = s.store, .env = &c->env };

	/* The file's full name: another file of the same short name must not replace what this one says. */
	label = realpath(argv[1], NULL);
	if (!label)
		return cli_usage(c, "%s: %s", argv[1], strerror(errno));
	if (session_record(&s, &err) < 0 || afd_collect_user_file(&put, argv[0], label, afd_buf_slice(&bytes), &is_new, &err) < 0 ||
	    session_seal(&s, &err) < 0)
		return cli_cannot(c, &err);
	return cli_finish(c, EXIT_CLEAN, "exit 0: %s %s", argv[1], is_new ? "recorded" : "was recorded before, unchanged");
}
