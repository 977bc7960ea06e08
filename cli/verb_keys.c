#include "cli/report_key.h"
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

static int show_key(struct cli *c, const struct report_key *k, struct afd_error *err)
{
	AFD_AUTO(signer) struct afd_signer *s = NULL;
	AFD_AUTO(buf) struct afd_buf subject = { 0 };
	struct afd_digest sha;
	int64_t until;

	if (report_key_open(c, k, &s, err) < 0 || afd_signer_describe(s, &subject, &sha, &until, err) < 0)
		return -1;
	cli_say(c, "subject      %s\ncertificate  %s\nvalid until  %s UTC%s\n", cli_safe((const char *)subject.data, 0),
	        afd_digest_hex(&sha).s, afd_when_people(until).s, afd_signer_is_test(s) ? "\nfor tests only" : "");
	return 0;
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
	struct report_key k = { 0 };
	const struct cli_option options[] = {
		REPORT_KEY_OPTIONS(&k),
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
	else if ((args == 2 || (args == 1 && k.key)) && strcmp(argv[0], "show") == 0) {
		k.key = args == 2 ? argv[1] : k.key;
		code = show_key(c, &k, &err);
	}
	else
		return cli_usage(c, "keys [store | show FILE | test FILE]");
	if (code < 0)
		return cli_cannot(c, &err);
	return cli_finish(c, EXIT_CLEAN, NULL);
}
