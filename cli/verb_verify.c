#include "cli/verbs.h"
#include "cli/verify.h"

int verb_verify(struct cli *c, int argc, char **argv)
{
	struct verify_options o = { 0 };
	const struct cli_option options[] = {
		{ "root", "FILE", "root certificate that you trust (PEM)", NULL, &o.root },
		{ "store", "FILE", "the evidence store: check ledger and references", NULL, &o.store },
		{ "vkey", "KEY", "store key that you were given (name+id+base64)", NULL, &o.vkey },
		{ "replay", NULL, "derive the findings again and compare", &o.replay, NULL },
		{ "at", "TIME", "time at which certificates must be valid (now)", NULL, &o.at },
		{ "fonts", "DIR", "fonts to draw the pages with", NULL, &o.fonts },
		{ "allow-test", NULL, "accept test keys and test stores", &o.allow_test, NULL },
		{ "allow-unsigned", NULL, "accept a report without signatures", &o.allow_unsigned, NULL },
		{ 0 }
	};
	struct afd_error err = { 0 };
	struct verify_result r = { 0 };
	int code, args;

	if (cli_begin(c, options, argc, argv, 1, &args, &code) < 0)
		return code;
	if (!args)
		return cli_usage(c, "verify DIR: which folder holds report.json and report.pdf?");
	if (!o.root && !o.allow_unsigned)
		return cli_usage(c, "verify: --root FILE is needed: the root certificate that you got from a person you trust");
	if (o.replay && !o.store)
		return cli_usage(c, "verify: --replay needs --store FILE");
	o.dir = argv[0];
	if (!o.fonts)
		o.fonts = getenv("AFFIDAVIT_FONTS");
	if (verify_report(c, &o, &r, &err) < 0)
		return cli_cannot(c, &err);
	if (r.by[CLAIM_FAILS])
		return cli_finish(c, EXIT_CANNOT, "\nexit 1: refused, %u claim%s not hold", r.by[CLAIM_FAILS],
		                  r.by[CLAIM_FAILS] == 1 ? " does" : "s do");
	if (r.by[CLAIM_UNCLEAR])
		return cli_finish(c, EXIT_INCOMPLETE, "\nexit 3: %u claims hold, %u could not be compared here", r.by[CLAIM_HOLDS],
		                  r.by[CLAIM_UNCLEAR]);
	return cli_finish(c, EXIT_CLEAN, "\nexit 0: %u claims hold, %u were not asked for", r.by[CLAIM_HOLDS], r.by[CLAIM_SKIPPED]);
}
