#include "cli/verbs.h"
#include "cli/verify.h"

static void print_claims(void)
{
	printf("\nclaims: holds, fails (exit 1), unclear: not comparable here (exit 3), skipped: not asked for\n");
	for (const struct claim_kind *k = claim_kinds; k->name; k++)
		printf("  %-12s %s\n", k->name, k->meaning);
}

int verb_verify(struct cli *c, int argc, char **argv)
{
	struct verify_options o = { 0 };
	const struct cli_option options[] = {
		{ "root", "FILE", "root certificates that you trust (PEM; may be repeated)", .many = &o.root },
		{ "timestamp-root", "FILE", "roots of time-stamping authorities (may be repeated)", .many = &o.stamp_root },
		{ "signer", "WHO", "who must have signed: SHA-256 of the certificate, or its subject (may be repeated)", .many = &o.signer },
		{ "crl", "FILE", "revocation list that you have (PEM or DER; may be repeated)", .many = &o.crl },
		{ "store", "FILE", "the evidence store: check ledger and references", .text = &o.store },
		{ "vkey", "KEY", "store key that you were given (name+id+base64)", .text = &o.vkey },
		{ "witness", "KEY", "a witness that must have cosigned the head (may be repeated)", .many = &o.witness },
		{ "earlier", "FILE", "report, statement or head that you kept (may be repeated)", .many = &o.earlier },
		{ "dir", "DIR", "where the files are that a statement names", .text = &o.dir },
		{ "replay", NULL, "derive the findings again and compare", .flag = &o.replay },
		{ "at", "TIME", "time at which certificates must be valid (now)", .text = &o.at },
		{ "fonts", "DIR", "fonts to draw the pages with", .text = &o.fonts },
		{ "allow-test", NULL, "accept test keys and test stores", .flag = &o.allow_test },
		{ "allow-unsigned", NULL, "accept a report without signatures", .flag = &o.allow_unsigned },
		{ 0 }
	};
	struct afd_error err = { 0 };
	struct verify v;
	int code, args, r;

	if (cli_begin(c, options, argc, argv, CLI_MANY, &args, &code) < 0) {
		if (code == EXIT_CLEAN)
			print_claims();
		return code;
	}
	if (!args)
		return cli_usage(c, "verify PATH: which folder or file?");
	for (int i = 0; i < args; i++)
		o.path.at[o.path.n++] = argv[i];
	if (!o.fonts)
		o.fonts = getenv("AFFIDAVIT_FONTS");
	r = verify_open(&v, c, &o, &err);
	if (r == 0)
		r = verify_paths(&v, &err);
	code = r < 0 ? cli_cannot(c, &err) : claims_print(c, &v.claims);
	verify_release(&v);
	return code;
}
