#include "cli/verbs.h"
#include "cli/verify.h"
#include "cli/verify_refetch.h"

/* With the configuration, which says where the logs are. */
static int refetch(struct verify *v, struct cli *c, const struct cli_texts *what, const char *from, struct afd_error *err)
{
	SESSION s = { 0 };

	if (session_open(&s, c, AFD_STORE_READ, err) < 0)
		return -1;
	for (unsigned i = 0; i < what->n; i++)
		if (verify_refetch(v, &s, what->at[i], from, err) < 0)
			return -1;
	return 0;
}

static void print_claims(void)
{
	printf("\nclaims: holds, fails (exit 1), unclear: not comparable here (exit 3), skipped: not asked for\n");
	for (const struct claim_kind *k = claim_kinds; k->name; k++)
		printf("  %-12s %s\n", k->name, k->meaning);
}

int verb_verify(struct cli *c, int argc, char **argv)
{
	struct verify_options o = { 0 };
	struct cli_texts again = { 0 };
	const char *from = NULL;
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
		{ "refetch", "SOURCE|LEAF", "read processed ranges again from their log: opens connections (may be repeated)", .many = &again },
		{ "refetch-from", "URL", "where to read them, instead of the configured address; file:DIR for a copy", .text = &from },
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
	if (!args && !again.n)
		return cli_usage(c, "verify PATH: which folder or file?");
	for (int i = 0; i < args; i++)
		o.path.at[o.path.n++] = argv[i];
	if (!o.fonts)
		o.fonts = getenv("AFFIDAVIT_FONTS");
	r = verify_open(&v, c, &o, &err);
	if (r == 0)
		r = args ? verify_paths(&v, &err) : 0;
	if (r == 0 && again.n)
		r = refetch(&v, c, &again, from, &err);
	code = r < 0 ? cli_cannot(c, &err) : claims_print(c, &v.claims);
	verify_release(&v);
	return code;
}
