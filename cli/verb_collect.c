#include "cli/anchor.h"
#include "cli/session.h"
#include "cli/verbs.h"

int verb_collect(struct cli *c, int argc, char **argv)
{
	const struct cli_option options[] = { { 0 } };
	struct afd_error err = { 0 };
	SESSION s = { 0 };
	struct afd_collected got = { 0 };
	struct afd_head head = { 0 };
	struct afd_hex64 root;
	int code;

	if (cli_begin(c, options, argc, argv, 0, NULL, &code) < 0)
		return code;
	if (session_open(&s, c, AFD_STORE_WRITE, &err) < 0)
		return cli_cannot(c, &err);
	cli_say(c, "affidavit %s, store %s, %s UTC%s\n\n", AFD_VERSION, s.config->store, afd_when_people(afd_now(&c->env)).s,
	        s.test ? ", TEST" : "");
	/* What an earlier run left in the inbox when it was killed goes into the tree first. */
	if (session_record(&s, &err) < 0 || session_seal(&s, &err) < 0 || session_collect(&s, &got, &err) < 0 ||
	    session_seal(&s, &err) < 0 || session_anchor_with(&s, NULL, &err) < 0 || afd_store_head(s.store, AFD_ANY_SIZE, &head, &err) < 0)
		return cli_cannot(c, &err);
	root = afd_digest_hex(&head.root);
	if (c->json)
		printf("{\"failed\": %u, \"gaps\": %llu, \"head_root\": \"%s\", \"head_size\": %llu, \"items\": %llu, \"sources\": %u}\n",
		       got.failed, (unsigned long long)got.gaps, root.s, (unsigned long long)head.size, (unsigned long long)got.items, got.sources);
	cli_say(c, "\nstored   %s items, head %s  %s\n", cli_number(got.items).s, cli_number(head.size).s, cli_hash(root.s).s);
	cli_say(c, "gaps     %s\n\n", got.gaps ? cli_number(got.gaps).s : "none");
	afd_head_release(&head);
	if (c->stop && *c->stop)
		return cli_finish(c, EXIT_INCOMPLETE, "exit 3: stopped; the next run goes on from here");
	if (got.gaps || got.failed)
		return cli_finish(c, EXIT_INCOMPLETE, "exit 3: evidence incomplete");
	return cli_finish(c, EXIT_CLEAN, "exit 0: collected");
}
