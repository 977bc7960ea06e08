/* The same as `check --check ID --subject NAME --explain`, by the id of a finding. */
#include "cli/explain.h"
#include "cli/verbs.h"

/* In one word or in four. */
static bool read_id(int n, char **words, char ret[static 17])
{
	AFD_AUTO(buf) struct afd_buf all = { 0 };

	for (int i = 0; i < n; i++)
		if (afd_buf_text(&all, words[i]) < 0)
			return false;
	return all.len && afd_finding_id_read((const char *)all.data, ret);
}

/* The calendar quarter of T. */
static struct afd_span quarter_of(int64_t t)
{
	struct afd_span q = { t, t };
	int y, mon, d, h, mi, s, ms;

	afd_when_split(t, &y, &mon, &d, &h, &mi, &s, &ms);
	mon = (mon - 1) / 3 * 3 + 1;
	afd_when_civil(y, mon, 1, 0, 0, 0, 0, &q.from);
	afd_when_civil(mon == 10 ? y + 1 : y, mon == 10 ? 1 : mon + 3, 1, 0, 0, 0, 0, &q.to);
	return q;
}

static const struct afd_finding *find(const struct afd_assessment *a, const char *id)
{
	for (size_t i = 0; i < a->n_finding; i++)
		if (strcmp(a->finding[i].id, id) == 0)
			return &a->finding[i];
	return NULL;
}

int verb_explain(struct cli *c, int argc, char **argv)
{
	const char *period = NULL, *as_of_text = NULL;
	const struct cli_option options[] = {
		{ "period", "P", "where to look (this quarter, then the one before)", NULL, &period },
		{ "as-of", "TIME", "judge as seen at this time (now, or the collection of the last hour)", NULL, &as_of_text },
		{ 0 }
	};
	struct afd_error err = { 0 };
	SESSION s = { 0 };
	AFD_AUTO(assessment) struct afd_assessment *a = NULL;
	const struct afd_finding *f = NULL;
	struct afd_span span;
	int64_t as_of;
	char id[17];
	int code, args;

	if (cli_begin(c, options, argc, argv, 4, &args, &code) < 0)
		return code;
	if (!args || !read_id(args, argv, id))
		return cli_usage(c, "explain FINDING: expected a finding id of 16 of A-Z 2-7, as check and gate print it");
	if (session_open(&s, c, AFD_STORE_WRITE, &err) < 0 || session_as_of(&s, as_of_text, &as_of, &err) < 0 ||
	    (period && afd_period_parse(period, &span, &err) < 0))
		return cli_cannot(c, &err);
	if (!period)
		span = quarter_of(as_of);
	for (int tries = period ? 1 : 2; tries > 0 && !f; tries--, span = afd_period_before(span)) {
		a = afd_assessment_free(a);
		if (session_assess_alone(&s, span, period ? period : "explain", as_of, &a, &err) < 0)
			return cli_cannot(c, &err);
		f = find(a, id);
	}
	if (!f)
		return cli_usage(c, "there is no finding %s in %s; --period says where to look", id, period ? period : "this quarter and the one before");
	if (explain(&s, a, f->check->id, f->resource, f->id, &err) < 0)
		return cli_cannot(c, &err);
	return cli_finish(c, EXIT_CLEAN, NULL);
}
