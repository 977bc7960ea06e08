/* Tests that could not be made, by what is missing: one missing log stops many checks, and is said once. */
#include <stdlib.h>

#include "cli/session.h"

enum { GAPS = 12 };

struct group { const struct afd_result *const *at; size_t n; };

static const char *why(const struct afd_result *r)
{
	return r->reason && *r->reason ? r->reason : "Evidence is missing.";
}

static int by_reason(const void *x, const void *y)
{
	const struct afd_result *a = *(const struct afd_result *const *)x, *b = *(const struct afd_result *const *)y;
	int d = strcmp(why(a), why(b));

	return d ? d : a < b ? -1 : a > b;
}

/* What stops most tests comes first. */
static int by_size(const void *x, const void *y)
{
	const struct group *a = x, *b = y;

	return a->n != b->n ? (a->n > b->n ? -1 : 1) : strcmp(why(a->at[0]), why(b->at[0]));
}

/* "account-mfa, domain-expiry (2), ..."; not all of them unless asked. */
static int checks_of(const struct group *g, bool all, struct afd_buf *ret, unsigned *ret_n)
{
	unsigned shown = 0, n = 0;

	for (size_t i = 0; i < g->n; n++) {
		const struct afd_check *c = g->at[i]->check;
		size_t same = 0;

		for (; i < g->n && g->at[i]->check == c; i++)
			same++;
		if (!all && shown == 6)
			continue;
		if (afd_buf_printf(ret, same > 1 ? "%s%s (%zu)" : "%s%s", shown ? ", " : "", c->id, same) < 0)
			return -1;
		shown++;
	}
	*ret_n = n;
	return shown < n && afd_buf_printf(ret, " and %u more", n - shown) < 0 ? -1 : 0;
}

static void show_group(const struct cli *c, const struct group *g, bool all)
{
	AFD_AUTO(buf) struct afd_buf checks = { 0 };
	unsigned n;

	if (checks_of(g, all, &checks, &n) < 0)
		return;
	cli_para(c, "  []  ", why(g->at[0]));
	cli_say(c, "      %s test%s of %u check%s:\n", cli_number(g->n).s, g->n == 1 ? "" : "s", n, n == 1 ? "" : "s");
	cli_para(c, "      ", (const char *)checks.data);
}

void show_missing(const struct cli *c, const struct afd_assessment *a, bool all)
{
	AFD_AUTO(mem) const struct afd_result **at = NULL;
	AFD_AUTO(mem) struct group *g = NULL;
	size_t n = 0, groups = 0;

	if (c->quiet || c->json || !a->counts.by[AFD_NOT_EVALUABLE])
		return;
	at = calloc(a->n_result + 1, sizeof *at);
	g = calloc(a->n_result + 1, sizeof *g);
	if (!at || !g)
		return;
	for (size_t i = 0; i < a->n_result; i++)
		if (a->result[i].outcome == AFD_NOT_EVALUABLE)
			at[n++] = &a->result[i];
	qsort(at, n, sizeof *at, by_reason);
	for (size_t i = 0; i < n; i++) {
		if (i == 0 || strcmp(why(at[i - 1]), why(at[i])) != 0)
			g[groups++].at = &at[i];
		g[groups - 1].n++;
	}
	qsort(g, groups, sizeof *g, by_size);
	cli_say(c, "\ncould not be tested, because of\n");
	for (size_t i = 0; i < groups && (all || i < GAPS); i++)
		show_group(c, &g[i], all);
	if (!all && groups > GAPS)
		cli_say(c, "  and %zu gaps more: affidavit check --all\n", groups - GAPS);
}
