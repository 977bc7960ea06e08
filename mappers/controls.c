/* From results to what is said about a control. */
#include "mappers/judge.h"

const char *afd_phrase_text(enum afd_phrase p)
{
	switch (p) {
	case AFD_PHRASE_NO_EXCEPTIONS:
		return "no exceptions noted";
	case AFD_PHRASE_NOT_TESTED:
		return "could not be tested";
	case AFD_PHRASE_EXCEPTIONS:
		return "exceptions noted";
	case AFD_PHRASE_NOT_ADDRESSED:
		break;
	}
	return "not addressed";
}

/* A waived fail is still an exception. What a person must still look at, or what evidence was lacking for, is not "no
 * exceptions". */
enum afd_phrase afd_phrase_of(const struct afd_counts *c)
{
	if (c->by[AFD_FAIL])
		return AFD_PHRASE_EXCEPTIONS;
	if (c->by[AFD_REVIEW] || c->by[AFD_NOT_EVALUABLE] || c->by[AFD_ERROR] || !c->by[AFD_PASS])
		return AFD_PHRASE_NOT_TESTED;
	return AFD_PHRASE_NO_EXCEPTIONS;
}

static void count_result(struct afd_counts *c, const struct afd_result *r)
{
	if (*r->resource)
		c->population++;
	c->by[r->outcome]++;
	c->waived += r->waived;
}

static size_t find_check(const struct afd_assessment *a, const char *id)
{
	size_t i = 0;

	while (i < a->n_check && strcmp(a->check[i].id, id) != 0)
		i++;
	return i;
}

/* Parents stand above their children. */
static size_t parent_of(const struct afd_framework *f, size_t i)
{
	for (size_t p = 0; f->control[i].parent && p < i; p++)
		if (strcmp(f->control[p].id, f->control[i].parent) == 0)
			return p;
	return f->n_control;
}

/* Controls with links carry the counts of their checks; those above them carry the counts of all checks below, each
 * check once. Going up from the end meets every child before its parent. */
static int count_framework(const struct afd_assessment *a, struct afd_framework *f, struct afd_error *err)
{
	AFD_AUTO(mem) bool *seen = calloc(f->n_control + 1, a->n_check + 1);

	if (!seen)
		return afd_fail_memory(err);
	for (size_t i = f->n_control; i-- > 0;) {
		struct afd_control *c = &f->control[i];
		bool *mine = seen + i * (a->n_check + 1), *up = seen + parent_of(f, i) * (a->n_check + 1), any = false;

		for (size_t k = 0; k < c->n_link; k++)
			mine[find_check(a, c->link[k].check)] = true;
		for (size_t k = 0; k < a->n_check; k++) {
			any = any || mine[k];
			up[k] = up[k] || mine[k];
		}
		for (size_t k = 0; k < a->n_result; k++)
			if (mine[a->result[k].check - a->check])
				count_result(&c->counts, &a->result[k]);
		c->phrase = any ? afd_phrase_of(&c->counts) : AFD_PHRASE_NOT_ADDRESSED;
	}
	return 0;
}

int afd_controls_count(struct afd_assessment *a, struct afd_error *err)
{
	for (size_t i = 0; i < a->n_result; i++)
		count_result(&a->counts, &a->result[i]);
	for (size_t i = 0; i < a->n_framework; i++)
		if (a->framework[i].in_scope && count_framework(a, &a->framework[i], err) < 0)
			return -1;
	return 0;
}
