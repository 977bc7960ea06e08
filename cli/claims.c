#include <stdarg.h>

#include <jansson.h>

#include "cli/claims.h"

const struct claim_kind claim_kinds[] = {
	{ "form", "each file can be read, and in one way only: no key twice, nothing repaired, nothing behind its end" },
	{ "signature", "the bytes are those that the key in the certificate signed, in the one form that is allowed" },
	{ "signer", "the certificate leads to a root that you gave, is for documents, was valid then, and is not revoked as far as is known" },
	{ "time", "an authority whose root you gave stamped it; what the signer alone says about time is never counted" },
	{ "files", "the statement names every file that is there, each with its SHA-256, and none is missing" },
	{ "statement", "head, period, findings, organisation, rules and program of the statement are those of report.json" },
	{ "agreement", "files of one report speak of the same report, head and signer" },
	{ "pages", "the pages, drawn again from report.json, are the same bytes" },
	{ "period", "the label on the pages is the interval that was judged" },
	{ "test", "no test key, test clock or test store" },
	{ "head", "the head of the ledger is signed by the store key that you gave" },
	{ "witness", "a cosignature of a witness whose key you gave stands under the head" },
	{ "ledger", "every item fits its leaf, all leaves give the root, every head is signed and a prefix of the next" },
	{ "prefix", "the report's head is the head of the first leaves of this ledger" },
	{ "chain", "the ledger of this report goes on from that of the report before it, by the statement's own proof" },
	{ "earlier", "an earlier head that you kept is a prefix of this one: nothing before it was rewritten" },
	{ "references", "every leaf that is cited is the ledger's" },
	{ "replay", "the findings, derived again from the ledger, are the same report.json" },
	{ "finding", "the finding is one of the signed report" },
	{ "inclusion", "each item shown stands in the head" },
	{ "parts", "each part shown belongs to its item" },
	{ "items", "each item of the bundle is present and fits its leaf, or was erased under a rule" },
	{ "manifest", "an archive holds what its kind holds and nothing else; checks and parameters are those of the ledger" },
	{ "refetch", "--refetch: the range, read again from its log, leads to the same tree, and every entry that matches is in the ledger" },
	{ "tables", "every row of evidence.sqlite, derived again from the ledger" },
	{ 0 }
};

static const char *const words[] = { [CLAIM_HOLDS] = "holds", [CLAIM_FAILS] = "fails", [CLAIM_UNCLEAR] = "unclear", [CLAIM_SKIPPED] = "skipped" };
static const char *const marks[] = { [CLAIM_HOLDS] = "ok", [CLAIM_FAILS] = "##", [CLAIM_UNCLEAR] = "[]", [CLAIM_SKIPPED] = "--" };

const char *verdict_name(enum verdict v)
{
	return words[v];
}

static const char *known(const char *name)
{
	for (const struct claim_kind *k = claim_kinds; k->name; k++)
		if (strcmp(k->name, name) == 0)
			return k->name;
	return NULL;
}

void claims_add(struct claims *c, enum verdict v, const char *name, const char *of, const char *fmt, ...)
{
	struct claim new = { .name = known(name), .verdict = v };
	char text[1200];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	c->by[v]++;
	if (c->n == c->cap) {
		size_t cap = c->cap ? 2 * c->cap : 32;
		struct claim *at = reallocarray(c->at, cap, sizeof(*at));

		if (!at) {
			c->lost = true;
			return;
		}
		c->at = at;
		c->cap = cap;
	}
	new.of = c->within ? afd_sprintf("%s/%s", c->within, of) : afd_strdup(of);
	new.why = afd_strdup(text);
	c->lost |= !new.name || !new.of || !new.why;
	c->at[c->n++] = new;
}

void claims_release(struct claims *c)
{
	for (size_t i = 0; i < c->n; i++) {
		free(c->at[i].of);
		free(c->at[i].why);
	}
	free(c->at);
	*c = (struct claims){ 0 };
}

int claims_exit(const struct claims *c)
{
	if (c->by[CLAIM_FAILS] || c->lost)
		return EXIT_CANNOT;
	return c->by[CLAIM_UNCLEAR] || !c->by[CLAIM_HOLDS] ? EXIT_INCOMPLETE : EXIT_CLEAN;
}

static int print_json(const struct claims *all, int code)
{
	static const char *const overall[] = { [EXIT_CLEAN] = "holds", [EXIT_CANNOT] = "fails", [EXIT_INCOMPLETE] = "unclear" };
	json_t *list = json_array(), *o;
	int r = -1;

	for (size_t i = 0; i < all->n; i++) {
		const struct claim *k = &all->at[i];

		/* why may quote a forger: control characters and what is no UTF-8 are written out */
		json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s}", "claim", k->name ? k->name : "-", "of", cli_safe(k->of, 0),
			"verdict", words[k->verdict], "why", cli_safe(k->why, 0)));
	}
	o = json_pack("{s:s, s:s, s:i, s:s, s:o}", "verb", "verify", "verdict", overall[code], "exit", code, "engine", "affidavit " AFD_VERSION,
		"claims", list);
	if (o)
		r = json_dumpf(o, stdout, JSON_SORT_KEYS | JSON_INDENT(1));
	putchar('\n');
	json_decref(o);
	return r;
}

static void print_words(const struct cli *c, const struct claims *all)
{
	for (size_t i = 0; i < all->n; i++) {
		const struct claim *k = &all->at[i];

		cli_say(c, "%s%s%s  %-10s  %-18s  %s\n", k->verdict == CLAIM_FAILS ? cli_red(c) : "", marks[k->verdict], cli_plain(c), k->name,
		        cli_safe(k->of, 0), cli_safe(k->why, 0));
	}
}

int claims_print(const struct cli *c, const struct claims *all)
{
	int code = claims_exit(all);

	if (c->json && print_json(all, code) < 0)
		return cli_finish(c, EXIT_CANNOT, NULL);
	print_words(c, all);
	if (all->lost)
		return cli_finish(c, code, "\nexit 1: out of memory: not everything could be said");
	if (code == EXIT_CANNOT)
		return cli_finish(c, code, "\nexit 1: refused, %u claim%s not hold", all->by[CLAIM_FAILS], all->by[CLAIM_FAILS] == 1 ? " does" : "s do");
	if (!all->by[CLAIM_HOLDS])
		return cli_finish(c, code, "\nexit 3: nothing was seen to hold");
	if (code == EXIT_INCOMPLETE)
		return cli_finish(c, code, "\nexit 3: %u claims hold, %u could not be compared here", all->by[CLAIM_HOLDS], all->by[CLAIM_UNCLEAR]);
	return cli_finish(c, code, "\nexit 0: %u claims hold, %u were not asked for", all->by[CLAIM_HOLDS], all->by[CLAIM_SKIPPED]);
}
