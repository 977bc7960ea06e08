#include "cli/anchor.h"
#include "cli/session.h"
#include "cli/verbs.h"
#include "core/name.h"

/* The names behind --backfill, as the inventory has them. */
static int read_names(char *const *words, int n, char ret[][AFD_NAME_MAX], const char **at, struct afd_error *err)
{
	for (int i = 0; i < n; i++) {
		at[i] = words[i];
		if (strpbrk(words[i], "/:"))              /* a range of addresses */
			continue;
		if (afd_name_canonical(afd_slice_text(words[i]), ret[i], err) < 0) {
			err->code = AFD_E_USAGE;
			return afd_within(err, "--backfill %s", words[i]);
		}
		at[i] = ret[i];
	}
	return 0;
}

static void say_back(const struct cli *c, const struct afd_search_back *back)
{
	if (!back->begun)
		cli_say(c, "backfill no name came later than what was read\n");
	else if (back->left)
		cli_say(c, "backfill %u sources to read again, %u not to the end: the next run goes on\n", back->begun, back->left);
	else
		cli_say(c, "backfill %u sources read again\n", back->begun);
}

int verb_collect(struct cli *c, int argc, char **argv)
{
	struct collect_options o = { 0 };
	struct afd_search_back back = { 0 };
	char names[CLI_MANY][AFD_NAME_MAX];
	const char *name[CLI_MANY];
	bool backfill = false;
	const struct cli_option options[] = {
		{ "source", "NAME", "only this source, or log of a list (may be repeated)", .many = &o.source },
		{ "backfill", NULL, "search what was read for names that came later (all, or NAME...)", .flag = &backfill },
		{ 0 }
	};
	struct afd_error err = { 0 };
	SESSION s = { 0 };
	struct afd_collected got = { 0 };
	struct afd_head head = { 0 };
	struct afd_hex64 root;
	int code, args;

	if (cli_begin(c, options, argc, argv, CLI_MANY, &args, &code) < 0)
		return code;
	if (args && !backfill)
		return cli_usage(c, "collect: too many words, first %s", cli_safe(argv[0], 40));
	if (read_names(argv, args, names, name, &err) < 0)
		return cli_cannot(c, &err);
	back.name = name;
	back.n = (size_t)args;
	o.back = backfill ? &back : NULL;
	if (session_open(&s, c, AFD_STORE_WRITE, &err) < 0)
		return cli_cannot(c, &err);
	cli_say(c, "affidavit %s, store %s, %s UTC%s\n\n", AFD_VERSION, s.config->store, afd_when_people(afd_now(&c->env)).s,
	        s.test ? ", TEST" : "");
	/* What an earlier run left in the inbox when it was killed goes into the tree first. */
	if (session_record(&s, &err) < 0 || session_seal(&s, &err) < 0 || session_collect(&s, &o, &got, &err) < 0 ||
	    session_seal(&s, &err) < 0 || session_anchor_with(&s, NULL, &err) < 0 || afd_store_head(s.store, AFD_ANY_SIZE, &head, &err) < 0)
		return cli_cannot(c, &err);
	root = afd_digest_hex(&head.root);
	if (c->json)
		printf("{\"failed\": %u, \"gaps\": %llu, \"head_root\": \"%s\", \"head_size\": %llu, \"items\": %llu, \"sources\": %u}\n",
		       got.failed, (unsigned long long)got.gaps, root.s, (unsigned long long)head.size, (unsigned long long)got.items, got.sources);
	cli_say(c, "\nstored   %s items, head %s  %s\n", cli_number(got.items).s, cli_number(head.size).s, cli_hash(root.s).s);
	if (backfill)
		say_back(c, &back);
	cli_say(c, "gaps     %s\n\n", got.gaps ? cli_number(got.gaps).s : "none");
	afd_head_release(&head);
	if (c->stop && *c->stop)
		return cli_finish(c, EXIT_INCOMPLETE, "exit 3: stopped; the next run goes on from here");
	if (got.refused)
		return cli_finish(c, EXIT_CANNOT, "exit 1: a provider refused a credential; above stands what to do");
	if (got.gaps || got.failed || back.left)
		return cli_finish(c, EXIT_INCOMPLETE, "exit 3: evidence incomplete");
	return cli_finish(c, EXIT_CLEAN, "exit 0: collected");
}
