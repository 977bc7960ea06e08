/* What all findings have: facts in the margin, blocks side by side, controls. */
#include "reports/pdf/finding.h"

void afd_fact(struct afd_flow *m, const char *key, const struct afd_run *run, size_t n)
{
	struct afd_style style = { PT(8.5), PT(7.5), PT(11) };
	struct afd_lines k = afd_wrap1(m->s, afd_style_note, AFD_REGULAR, AFD_GREY1, key, m->w),
			 v = afd_wrap(m->s, style, run, n, m->w);

	afd_flow_space(m, PT(3.5));
	afd_flow_need(m, afd_lines_height(&k) + style.leading);
	afd_flow_lines(m, &k);
	afd_flow_lines(m, &v);
}

void afd_fact_text(struct afd_flow *m, const char *key, enum afd_face face, const char *text)
{
	afd_fact(m, key, &(struct afd_run){ text, face, AFD_INK, AFD_MARK_NONE, 0 }, 1);
}

const char *afd_finding_state(const struct afd_m_finding *f)
{
	if (f->would_fail)
		return "would fail: evidence is missing";
	if (afd_is(f->status, "review"))
		return "to be reviewed by a person";
	return f->waiver ? "waived" : "open";
}

const char *afd_finding_id_words(struct afd_sheets *s, const char *id)
{
	size_t n = strlen(id);
	const char *out = "";

	for (size_t i = 0; i < n; i += 4)
		out = afd_sheets_printf(s, "%s%s%.4s", out, i == 0 ? "" : i % 8 ? "\u00a0" : " ", id + i);
	return out;
}

const char *afd_owner_of(const struct afd_report *r, const char *resource)
{
	for (size_t i = 0; resource && i < r->n_scope; i++)
		if (afd_is(r->scope[i].name, resource))
			return r->scope[i].owner;
	return NULL;
}

void afd_sides(struct afd_layout *l, struct afd_flow *f, const struct afd_side side[2])
{
	struct afd_sheets *s = l->s;
	struct afd_flow end = *f;
	afd_mpt h[2] = { 0 };
	struct afd_lines *t[2];

	for (int i = 0; i < 2; i++) {
		t[i] = afd_sheets_alloc(s, (side[i].n + 1) * sizeof(*t[i]));
		if (!t[i])
			return;
		t[i][0] = afd_wrap(s, afd_style_cell,
				   &(struct afd_run){ .s = side[i].head, .face = AFD_BOLD, .mark = side[i].mark }, 1,
				   PT(177));
		for (size_t k = 0; k < side[i].n; k++)
			t[i][k + 1] = afd_wrap1(s, afd_style_cell, AFD_REGULAR, AFD_INK, side[i].text[k], PT(177));
		for (size_t k = 0; k <= side[i].n; k++)
			h[i] = h[i] < s->height ? h[i] + afd_lines_height(&t[i][k])
						: h[i]; /* more than a page is all that matters */
	}
	afd_flow_space(f, PT(9));
	h[0] = (h[0] > h[1] ? h[0] : h[1]) + PT(5);
	afd_flow_need(f, h[0] < s->bottom - s->top ? h[0] : PT(60));
	for (int i = 0; i < 2; i++) {
		struct afd_flow g = *f;

		g.x += i ? PT(189) : 0;
		g.w = PT(177);
		if (side[i].rule != AFD_WHITE)
			afd_rule(s, g.page, side[i].rule, PT(1), g.x, g.y, g.w);
		g.y += PT(5);
		for (size_t k = 0; k <= side[i].n; k++)
			afd_flow_lines(&g, &t[i][k]);
		if (g.page > end.page || (g.page == end.page && g.y > end.y)) {
			end.page = g.page;
			end.y = g.y;
		}
	}
	f->page = end.page;
	f->y = end.y;
}

static const char *words_of(struct afd_sheets *s, const char *relation)
{
	char *out = afd_sheets_alloc(s, relation ? strlen(relation) + 1 : 1);

	for (size_t i = 0; out && relation && relation[i]; i++)
		out[i] = relation[i] == '-' ? ' ' : relation[i];
	return out ? out : "";
}

/* Does an earlier link say the same? Then the two share a row. */
static bool said_before(const struct afd_m_finding *d, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (afd_is(d->control[k].relation, d->control[i].relation) && afd_is(afd_or(d->control[k].limit, "-"), afd_or(d->control[i].limit, "-")))
			return true;
	return false;
}

static const char *control_name(struct afd_layout *l, const struct afd_m_finding_link *k)
{
	return l->r->n_framework > 1 && strchr(k->control, ' ') ? afd_sheets_printf(l->s, "%s %s", k->framework, k->control) : k->control;
}

/* Every control of which the mapping says what it says of link I. */
static const char *control_names(struct afd_layout *l, const struct afd_m_finding *d, size_t i)
{
	const struct afd_m_finding_link *k = &d->control[i];
	const char *names = control_name(l, k);

	for (size_t m = i + 1; m < d->n_control; m++)
		if (afd_is(k->relation, d->control[m].relation) && afd_is(afd_or(k->limit, "-"), afd_or(d->control[m].limit, "-")))
			names = afd_sheets_printf(l->s, "%s, %s", names, control_name(l, &d->control[m]));
	return names;
}

/* A line for each thing that the mapping says: the controls, the relation, its limit. */
void afd_finding_controls(struct afd_layout *l, struct afd_flow *f, const struct afd_m_finding *d)
{
	struct afd_sheets *s = l->s;
	struct afd_run *run = afd_sheets_alloc(s, (2 * d->n_control + 1) * sizeof(*run));
	struct afd_lines t;
	size_t n = 0;

	if (!run || d->n_control == 0)
		return;
	run[n++] = (struct afd_run){ .s = "Controls", .face = AFD_BOLD };
	for (size_t i = 0; i < d->n_control; i++) {
		if (said_before(d, i))
			continue;
		run[n++] = (struct afd_run){ .s = control_names(l, d, i), .mark = AFD_MARK_BREAK };
		run[n++] = (struct afd_run){ .ink = AFD_GREY1, .s = afd_sheets_printf(s, "  %s%s%s", words_of(s, d->control[i].relation), d->control[i].limit ? ": " : "",
										      afd_or(d->control[i].limit, "")) };
	}
	t = afd_wrap(s, afd_style_cell, run, n, f->w);
	afd_flow_space(f, PT(7));
	afd_flow_need(f, afd_lines_height(&t));
	afd_flow_lines(f, &t);
}

const char *afd_waiver_words(struct afd_sheets *s, const struct afd_m_waiver *w)
{
	return !w ? NULL : afd_sheets_printf(s, "%s by %s, approved by %s, %s: %s", w->id, afd_or(w->owner, "an owner not stated"),
		afd_or(w->approver, "nobody stated"), w->expires == AFD_TIME_NONE ? "without end" : afd_sheets_printf(s, "until %s\u00a0UTC", afd_minute(s, w->expires)),
		afd_or(w->reason, "no reason stated"));
}
