#include "cli/session.h"
#include "cli/verbs.h"
#include "core/file.h"

static int make_test_key(struct cli *c, const char *path, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf root = { 0 };
	AFD_AUTO(mem) char *root_path = afd_sprintf("%s.root.pem", path);
	struct afd_buf pem = { 0 };
	int64_t now = afd_now(&c->env);
	int r = -1;

	if (!root_path)
		return afd_fail_memory(err);
	if (afd_signer_test(now - AFD_DAY, now + 3650 * AFD_DAY, &pem, &root, err) == 0 &&
	    afd_file_write(path, afd_buf_slice(&pem), true, err) == 0 &&
	    afd_file_write(root_path, afd_buf_slice(&root), false, err) == 0)
		r = 0;
	afd_buf_wipe(&pem);
	if (r == 0)
		cli_say(c, "  %s   key and certificate, for tests only\n  %s   root to verify with, and --allow-test\n", path, root_path);
	return r;
}

static int show_key(struct cli *c, const char *path, const char *passphrase, struct afd_error *err)
{
	AFD_AUTO(signer) struct afd_signer *s = NULL;
	AFD_AUTO(buf) struct afd_buf subject = { 0 };
	struct afd_buf text = { 0 }, pass = { 0 };
	struct afd_digest sha;
	int64_t until;
	int r = -1;

	if (afd_file_read(path, 1 << 20, &text, err) == 0 &&
	    (!passphrase || afd_secret_resolve(passphrase, &pass, err) == 0) &&
	    afd_signer_read(afd_buf_slice(&text), afd_buf_slice(&pass), &s, err) == 0 &&
	    afd_signer_describe(s, &subject, &sha, &until, err) == 0) {
		cli_say(c, "subject      %s\ncertificate  %s\nvalid until  %s UTC%s\n", cli_safe((const char *)subject.data, 0),
		        afd_digest_hex(&sha).s, afd_when_people(until).s, afd_signer_is_test(s) ? "\nfor tests only" : "");
		r = 0;
	}
	afd_buf_wipe(&text);
	afd_buf_wipe(&pass);
	return r;
}

static int show_store_key(struct cli *c, struct afd_error *err)
{
	SESSION s = { 0 };
	AFD_AUTO(mem) char *vkey = NULL;

	if (session_open(&s, c, AFD_STORE_READ, err) < 0 || afd_store_meta(s.store, "vkey", &vkey, err) < 0)
		return -1;
	printf("%s\n", vkey ? vkey : "-");
	return 0;
}

int verb_keys(struct cli *c, int argc, char **argv)
{
	const char *passphrase = NULL;
	const struct cli_option options[] = {
		{ "passphrase", "REF", "env:NAME, file:PATH, fd:N or exec:COMMAND", NULL, &passphrase },
		{ 0 }
	};
	struct afd_error err = { 0 };
	int code, args;

	if (cli_begin(c, options, argc, argv, 2, &args, &code) < 0)
		return code;
	if (args == 0 || (args == 1 && strcmp(argv[0], "store") == 0))
		code = show_store_key(c, &err);
	else if (args == 2 && strcmp(argv[0], "test") == 0)
		code = make_test_key(c, argv[1], &err);
	else if (args == 2 && strcmp(argv[0], "show") == 0)
		code = show_key(c, argv[1], passphrase, &err);
	else
		return cli_usage(c, "keys [store | show FILE | test FILE]");
	if (code < 0)
		return cli_cannot(c, &err);
	return cli_finish(c, EXIT_CLEAN, NULL);
}
