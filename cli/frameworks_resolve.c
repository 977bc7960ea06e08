/* An id as somebody cites it, and what it is. */
#include <jansson.h>

#include "cli/frameworks.h"
#include "core/file.h"

static const char *const words[] = {
	[AFD_ID_LIVE] = "live", [AFD_ID_WITHDRAWN] = "withdrawn", [AFD_ID_ASK] = "ambiguous", [AFD_ID_UNKNOWN] = "unknown",
};

static json_t *control_json(const struct afd_framework *f, const struct afd_control *c)
{
	return json_pack("{s:s, s:s, s:s, s:s}", "framework", f->id, "id", c->id, "title", c->title, "status", c->status);
}

static json_t *texts_json(const struct afd_texts *t)
{
	json_t *list = json_array();

	for (size_t i = 0; i < t->n; i++)
		json_array_append_new(list, json_string(t->at[i]));
	return list;
}

static void show_json(const char *word, const struct afd_resolved *r)
{
	json_t *o = json_pack("{s:s, s:s}", "cited", word, "is", words[r->how]), *like = json_array(), *cited = json_array();
	char *text;

	if (r->framework && r->control) {
		json_object_set_new(o, "official", control_json(r->framework, r->control));
		json_object_set_new(o, "exact", json_boolean(r->exact));
		json_object_set_new(o, "successors", texts_json(&r->control->successors));
	}
	for (size_t i = 0; i < r->n_like; i++)
		json_array_append_new(like, control_json(r->like[i].framework, r->like[i].control));
	for (size_t i = 0; i < r->n_cited; i++)
		json_array_append_new(cited, json_pack("{s:s, s:s, s:s, s:s, s:s, s:o}", "cited", r->cited[i]->cited, "under", r->cited[i]->framework,
			"where", r->cited[i]->where, "verdict", r->cited[i]->verdict, "says", r->cited[i]->says,
			"official", texts_json(&r->cited[i]->official)));
	json_object_set_new(o, "like", like);
	json_object_set_new(o, "as_cited", cited);
	text = json_dumps(o, JSON_SORT_KEYS | JSON_INDENT(1));
	puts(text ? text : "{}");
	free(text);
	json_decref(o);
}

static void show_control(const struct cli *c, const char *before, const struct afd_framework *f, const struct afd_control *k)
{
	cli_say(c, "%s%-14s %-18s %s\n", before, k->id, f->id, k->title);
}

static void show_cited(const struct cli *c, const struct afd_resolved *r)
{
	if (r->n_cited)
		cli_say(c, "\nas published guidance cites it\n");
	for (size_t i = 0; i < r->n_cited; i++) {
		const struct afd_cited *x = r->cited[i];

		cli_say(c, "  %s under %s, on %s\n    %s\n    speaks of %s:", x->cited, x->framework, x->where, x->verdict, x->says);
		for (size_t k = 0; k < x->official.n; k++)
			cli_say(c, "%s %s", k ? "," : "", x->official.at[k]);
		cli_say(c, "\n");
	}
}

static void show(const struct cli *c, const struct afd_resolved *r)
{
	if (r->control && r->framework)
		show_control(c, "", r->framework, r->control);
	for (size_t i = 0; r->how == AFD_ID_WITHDRAWN && i < r->control->successors.n; i++)
		show_control(c, "  now ", r->framework, afd_control_find(r->framework, r->control->successors.at[i]));
	for (size_t i = 0; (r->how == AFD_ID_ASK || r->how == AFD_ID_UNKNOWN) && i < r->n_like; i++)
		show_control(c, i ? "   or " : "      ", r->like[i].framework, r->like[i].control);
	show_cited(c, r);
}

int frameworks_resolve(struct cli *c, const struct rule_set *s, const struct frameworks_options *o, const char *word)
{
	const struct afd_embedded *e = afd_embedded_find("frameworks/cited.yaml");
	struct afd_crosswalk cited = { 0 };
	struct afd_error err = { 0 };
	struct afd_resolved r;

	if (o->framework && !afd_framework_named(s->all, o->framework))
		return cli_usage(c, "--framework %s: none or several have that name; `affidavit frameworks` lists them", cli_safe(o->framework, 40));
	if (afd_crosswalk_parse(afd_slice(e->data, e->len), e->path, s->all, &cited, &err) < 0)
		return cli_cannot(c, &err);
	afd_framework_resolve(s->all, &cited, o->framework, word, &r);
	if (c->json)
		show_json(word, &r);
	else
		show(c, &r);
	afd_crosswalk_release(&cited);
	switch (r.how) {
	case AFD_ID_LIVE:
		return cli_finish(c, EXIT_CLEAN, r.exact ? NULL : "\nThe framework writes it %s.", r.control->id);
	case AFD_ID_WITHDRAWN:
		cli_warn(c, "%s is withdrawn%s", r.control->id, r.control->successors.n ? "; cite what took its place" : ", and nothing took its place");
		return cli_finish(c, EXIT_CLEAN, NULL);
	case AFD_ID_ASK:
		return cli_usage(c, "%s has meant more than one thing: say which of them, as the framework writes it", cli_safe(word, 60));
	default:
		return cli_usage(c, "%s is not an id of %s%s", cli_safe(word, 60), o->framework ? cli_safe(o->framework, 40) : "any framework here",
				 r.n_like ? "; those above come nearest" : "");
	}
}
