#include "collector/whole_file.h"
#include "collector/path.h"

#include <stdio.h>

struct whole_run {
	const struct afd_whole_form *form;
	const struct afd_whole_config *config;
	const char *const *argv;
	char *path, *asked;
	int64_t until_ms, began_ms;
	bool done;
};

int afd_whole_scopes(const struct afd_whole_config *c, struct afd_buf *ret, struct afd_error *err)
{
	for (size_t i = 0; i < c->scopes.n; i++) {
		if (!c->scopes.at[i][0] || strpbrk(c->scopes.at[i], " \t\r\n"))
			return afd_fail(err, AFD_E_CONFIG, "\"%.60s\": blanks are not allowed here", c->scopes.at[i]);
		if (afd_buf_printf(ret, "%s%s", i ? " " : "", c->scopes.at[i]) < 0)
			return afd_fail_memory(err);
	}
	return c->scopes.n ? 0 : afd_fail(err, AFD_E_CONFIG, "expected at least one scope");
}

void afd_whole_end(void *state)
{
	struct whole_run *r = state;

	if (!r)
		return;
	free(r->path);
	free(r->asked);
	free(r);
}

int afd_whole_begin(const struct afd_whole_form *form, const struct afd_source_config *c, const struct afd_whole_config *config, const char *extra,
                    const char *cursor, void **ret, struct afd_error *err)
{
	struct whole_run *r = calloc(1, sizeof(*r));

	if (!r)
		return afd_fail_memory(err);
	*r = (struct whole_run){ .form = form, .config = config, .until_ms = AFD_TIME_NONE, .began_ms = afd_now(c->env) };
	r->argv = form->command ? form->command(config) : NULL;
	r->path = afd_path_of(c, config->path);
	r->asked = afd_sprintf("%s %s%s%s", form->what, config->path, extra ? " " : "", extra ? extra : "");
	if (!r->path || !r->asked) {
		afd_whole_end(r);
		return afd_fail_memory(err);
	}
	if (cursor && afd_when_parse(cursor, &r->until_ms, NULL) < 0)
		r->until_ms = AFD_TIME_NONE;
	*ret = r;
	return 0;
}

int afd_whole_next(void *state, struct afd_request *q, struct afd_error *err)
{
	struct whole_run *r = state;

	(void)err;
	if (r->done)
		return 0;
	/* one byte more than allowed, to see that there is more */
	*q = (struct afd_request){ .protocol = AFD_FILE, .asked = r->asked, .path = r->path, .max = r->form->max + 1 };
	if (r->argv) {
		q->protocol = AFD_COMMAND;
		q->argv = r->argv;
		q->seconds = 60;
	}
	return 1;
}

static int cover(const struct whole_run *r, int64_t to, enum afd_grade grade, const char *reason, struct afd_keeper *keep, struct afd_error *err)
{
	int64_t from = r->until_ms == AFD_TIME_NONE || r->until_ms >= to ? to : r->until_ms;

	for (size_t i = 0; i < r->config->scopes.n; i++) {
		const struct afd_row_coverage c = {
			.evidence = r->form->evidence, .scope = r->config->scopes.at[i], .grade = grade, .reason = reason,
			.at = from == to ? afd_instant(to) : (struct afd_span){ from, to }, .provider_count = -1, .stored_count = -1,
		};
		if (keep->cover(keep->ctx, &c, err) < 0)
			return -1;
	}
	return 0;
}

int afd_whole_take(void *state, const struct afd_response *a, const struct afd_error *why, struct afd_keeper *keep, struct afd_error *err)
{
	struct whole_run *r = state;
	struct afd_draft d = { .kind = AFD_ITEM_ANSWER, .asked = r->asked, .media_type = r->form->media_type };
	char reason[300];

	r->done = true;
	if (!a)
		return cover(r, r->began_ms, AFD_GAP, why->text, keep, err);
	snprintf(reason, sizeof(reason), "%.200s: %s", r->config->path, a->body.len > r->form->max ? "larger than allowed" : "looked at");
	if (r->argv && a->status != 0)
		snprintf(reason, sizeof(reason), "%.100s ended with %d", r->argv[0], a->status);
	if (a->body.len > r->form->max || (r->argv && a->status != 0))
		return cover(r, a->received_ms, AFD_GAP, reason, keep, err);
	d.bytes = a->body;
	if (keep->item(keep->ctx, &d, err) < 0 || cover(r, a->received_ms, AFD_SAMPLED, reason, keep, err) < 0)
		return -1;
	return keep->checkpoint(keep->ctx, afd_when_text(a->received_ms).s, err);
}
