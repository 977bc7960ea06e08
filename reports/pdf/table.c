#include "reports/pdf/flow.h"

#define RULE PT(0.5)

void afd_table_begin(struct afd_table *t, struct afd_flow *f, const char *heading, const struct afd_col *col,
		     size_t n_col)
{
	*t = (struct afd_table){ .f = f,
				 .heading = heading,
				 .col = col,
				 .n_col = n_col,
				 .above = PT(3),
				 .below = PT(2.5),
				 .pad = PT(6),
				 .group_above = PT(8),
				 .style = afd_style_cell };
}

struct afd_row *afd_table_row(struct afd_table *t)
{
	struct afd_sheets *s = t->f->s;

	if (t->n == t->cap) {
		size_t cap = t->cap ? t->cap * 2 : 32;
		struct afd_row *p = s->bad ? NULL : realloc(t->row, cap * sizeof(*p));

		if (!p) {
			s->bad = true;
			return NULL;
		}
		t->row = p;
		t->cap = cap;
	}
	struct afd_row *r = &t->row[t->n];

	*r = (struct afd_row){ .cell = afd_sheets_alloc(s, t->n_col * sizeof(*r->cell)) };
	if (!r->cell)
		return NULL;
	t->n++;
	return r;
}

void afd_table_group(struct afd_table *t, const char *text)
{
	struct afd_row *r = afd_table_row(t);

	if (!r)
		return;
	r->group = true;
	r->cell[0] = afd_wrap1(t->f->s, t->style, AFD_BOLD, AFD_INK, text, t->f->w);
}

static afd_mpt text_width(const struct afd_table *t, size_t c)
{
	return t->col[c].right || c + 1 == t->n_col ? t->col[c].w : t->col[c].w - t->pad;
}

void afd_row_runs(struct afd_table *t, struct afd_row *r, size_t c, const struct afd_run *run, size_t n)
{
	if (r)
		r->cell[c] = afd_wrap(t->f->s, t->style, run, n, text_width(t, c));
}

void afd_row_text(struct afd_table *t, struct afd_row *r, size_t c, enum afd_face face, enum afd_ink ink,
		  const char *text)
{
	afd_row_runs(t, r, c, &(struct afd_run){ .s = text, .face = face, .ink = ink }, 1);
}

void afd_row_count(struct afd_table *t, struct afd_row *r, size_t c, int64_t n)
{
	afd_row_text(t, r, c, AFD_REGULAR, n ? AFD_INK : AFD_GREY1, n ? afd_number(t->f->s, n) : "–");
}

static size_t most_lines(const struct afd_table *t, const struct afd_row *r)
{
	size_t most = 1;

	for (size_t c = 0; c < t->n_col; c++)
		most = r->cell[c].n > most ? r->cell[c].n : most;
	return most;
}

static afd_mpt row_height(const struct afd_table *t, const struct afd_row *r, size_t lines)
{
	afd_mpt h = (afd_mpt)lines * t->style.leading + RULE;

	return r->group ? h + t->group_above + PT(2.5) : h + t->above + t->below;
}

static size_t head_lines(const struct afd_table *t, struct afd_lines *ret)
{
	size_t most = 0;

	for (size_t c = 0; c < t->n_col; c++) {
		ret[c] = afd_wrap1(t->f->s, afd_style_head, AFD_BOLD, AFD_INK, t->col[c].head, text_width(t, c));
		most = ret[c].n > most ? ret[c].n : most;
	}
	return most;
}

static afd_mpt draw_head(const struct afd_table *t, const struct afd_lines *head, size_t lines)
{
	const struct afd_flow *f = t->f;
	afd_mpt h = t->head_extra + PT(3) + (afd_mpt)lines * afd_style_head.leading + PT(4) + PT(1), y;

	for (size_t c = 0; c < t->n_col; c++) {
		const struct afd_col *k = &t->col[c];

		y = f->y + t->head_extra + PT(3) + (afd_mpt)(lines - head[c].n) * afd_style_head.leading;
		afd_cell(f->s, f->page, f->x + k->x, f->y, k->w, h);
		afd_put_lines(f->s, f->page, &head[c], 0, head[c].n, f->x + k->x, y, text_width(t, c),
			      k->right ? AFD_RIGHT : AFD_LEFT);
	}
	if (t->draw_head) {
		afd_cell(f->s, f->page, f->x, f->y, f->w, h);
		t->draw_head(f->s, f->page, f->x, f->y, h, t->ctx);
	}
	afd_rule(f->s, f->page, AFD_INK, PT(1), f->x, f->y + h, f->w);
	return h;
}

/* Lines FROM up to TO of each cell. */
static void draw_row(const struct afd_table *t, const struct afd_row *r, size_t from, size_t to)
{
	const struct afd_flow *f = t->f;
	afd_mpt h = row_height(t, r, to - from), top = f->y + (r->group ? t->group_above : t->above);

	if (r->dest && from == 0)
		afd_dest_set(f->s, r->dest, f->page, f->y);
	for (size_t c = 0; c < t->n_col; c++) {
		const struct afd_col *k = &t->col[c];
		afd_mpt w = r->group ? f->w : text_width(t, c);

		if (from >= r->cell[c].n)
			continue;
		afd_cell(f->s, f->page, f->x + k->x, f->y, w, h);
		afd_put_lines(f->s, f->page, &r->cell[c], from, to, f->x + k->x, top, w,
			      k->right && !r->group ? AFD_RIGHT : AFD_LEFT);
	}
	if (r->draw && from == 0) {
		afd_cell(f->s, f->page, f->x, f->y, f->w, h);
		r->draw(f->s, f->page, f->x, f->y, h, r->ctx);
	}
	afd_rule(f->s, f->page, r->group ? AFD_GREY1 : AFD_GREY2, RULE, f->x, f->y + h, f->w);
}

/* How high the rows from I must be together so that none stands alone; of what another group holds nothing counts. */
static afd_mpt keep_height(const struct afd_table *t, size_t i, size_t rows)
{
	afd_mpt h = 0;

	for (size_t k = i; k < t->n && k < i + rows && (k == i || !t->row[i].group || !t->row[k].group); k++)
		h += t->row[k].h;
	return h;
}

static void put_note(const struct afd_table *t, const struct afd_lines *note)
{
	struct afd_flow *f = t->f;

	if (note->n == 0)
		return;
	f->y += PT(4);
	afd_cell(f->s, f->page, f->x, f->y, f->w, afd_lines_height(note));
	afd_put_lines(f->s, f->page, note, 0, note->n, f->x, f->y, f->w, AFD_LEFT);
	f->y += afd_lines_height(note);
}

static void place(struct afd_table *t, const struct afd_lines *head, size_t lines, const struct afd_lines *note,
		  afd_mpt head_h, afd_mpt note_h)
{
	struct afd_flow *f = t->f;
	afd_mpt floor = f->s->bottom - note_h, page = floor - f->s->top - f->skip - head_h;
	bool first = true, fresh = false;                    /* no row since the head; and that on a new page */

	for (size_t i = 0; i < t->n && !f->s->bad; i++) {
		const struct afd_row *r = &t->row[i];
		size_t n = most_lines(t, r), from = 0;
		afd_mpt need = r->group ? keep_height(t, i, 3) : i + 2 == t->n ? keep_height(t, i, 2) : r->h;

		if (!first && need <= page && f->y + need > floor) {
			put_note(t, note);
			afd_flow_next(f);
			f->y += draw_head(t, head, lines);
		}
		while (f->y + row_height(t, r, n - from) > floor) {      /* only a row that no page could hold is cut */
			afd_mpt room = floor - f->y - row_height(t, r, 0);
			size_t fit = room > 0 ? (size_t)(room / t->style.leading) : 0;

			if (fit > 0 && fit < n - from && r->h > page) {
				draw_row(t, r, from, from + fit);
				f->y += row_height(t, r, fit);
				from += fit;
			} else if (fresh) {
				break;
			}
			put_note(t, note);
			afd_flow_next(f);
			f->y += draw_head(t, head, lines);
			first = fresh = true;
		}
		draw_row(t, r, from, n);
		f->y += row_height(t, r, n - from);
		first = fresh = false;
	}
	put_note(t, note);
}

void afd_table_end(struct afd_table *t)
{
	struct afd_flow *f = t->f;
	struct afd_lines note = { 0 }, title = { 0 }, *head = afd_sheets_alloc(f->s, t->n_col * sizeof(*head));
	afd_mpt head_h, note_h, title_h = 0;
	size_t lines;

	if (!head)
		goto done;
	for (size_t i = 0; i < t->n; i++)
		t->row[i].h = row_height(t, &t->row[i], most_lines(t, &t->row[i]));
	lines = head_lines(t, head);
	head_h = t->head_extra + PT(8) + (afd_mpt)lines * afd_style_head.leading;
	if (t->note)
		note = afd_wrap1(f->s, afd_style_note, AFD_REGULAR, AFD_GREY1, t->note, f->w);
	note_h = note.n ? PT(4) + afd_lines_height(&note) : 0;
	if (t->heading) {
		title = afd_wrap1(f->s, afd_style_h2, AFD_BOLD, AFD_INK, t->heading, f->w);
		afd_flow_space(f, PT(16));
		title_h = afd_lines_height(&title) + PT(2);
	}
	afd_flow_need(f, title_h + head_h + keep_height(t, 0, t->n > 3 && !t->row[0].group ? 3 : 4) + note_h);
	if (t->heading) {
		afd_flow_lines(f, &title);
		f->y += PT(2);
	}
	f->y += draw_head(t, head, lines);
	place(t, head, lines, &note, head_h, note_h);
done:
	free(t->row);
	t->row = NULL;
	t->n = t->cap = 0;
}
