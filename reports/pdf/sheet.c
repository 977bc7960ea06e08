#include "reports/pdf/sheet.h"

#include <stdarg.h>
#include <stdio.h>

#define BLOCK (256u * 1024)

struct afd_block { struct afd_block *next; size_t used, cap; max_align_t data[]; };

/* A4; docs of the look give the margins. */
int afd_sheets_open(struct afd_sheets *s, const struct afd_font *font[AFD_FACE_COUNT], struct afd_error *err)
{
	memset(s, 0, sizeof(*s));
	memcpy(s->font, font, sizeof(s->font));
	s->width = PT(595.28);
	s->height = PT(841.89);
	s->margin = PT(51.64);
	s->live = PT(492);
	s->top = PT(78);
	s->bottom = PT(768);
	afd_cell(s, 0, s->margin, 0, s->live, s->height);
	afd_dest_new(s);                                      /* link 0 means none */
	return afd_sheets_check(s, err);
}

void afd_sheets_release(struct afd_sheets *s)
{
	for (size_t i = 0; i < s->n_page; i++)
		free(s->page[i].op);
	while (s->block) {
		struct afd_block *next = s->block->next;

		free(s->block);
		s->block = next;
	}
	free(s->page);
	free(s->cell);
	free(s->dest);
	free(s->bookmark);
	free(s->glyph);
	memset(s, 0, sizeof(*s));
}

void *afd_sheets_alloc(struct afd_sheets *s, size_t n)
{
	size_t need = (n + sizeof(max_align_t) - 1) / sizeof(max_align_t) * sizeof(max_align_t);
	struct afd_block *b = s->block;

	if (s->bad)
		return NULL;
	if (!b || b->cap - b->used < need) {
		size_t cap = need > BLOCK ? need : BLOCK;

		b = calloc(1, sizeof(*b) + cap);
		if (!b) {
			s->bad = true;
			return NULL;
		}
		b->cap = cap;
		b->next = s->block;
		s->block = b;
	}
	void *p = (char *)b->data + b->used;

	b->used += need;
	return p;
}

const char *afd_sheets_printf(struct afd_sheets *s, const char *fmt, ...)
{
	va_list ap, again;
	int n;
	char *p;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	p = n < 0 ? NULL : afd_sheets_alloc(s, (size_t)n + 1);
	if (p)
		vsnprintf(p, (size_t)n + 1, fmt, again);
	va_end(again);
	va_end(ap);
	return p ? p : "";
}

/* Room for one more row of SIZE bytes in a list. */
static bool grow(struct afd_sheets *s, void *list, size_t n, size_t *cap, size_t size)
{
	void *p;

	if (s->bad)
		return false;
	if (n < *cap)
		return true;
	p = realloc(*(void **)list, (*cap ? *cap * 2 : 16) * size);
	if (!p) {
		s->bad = true;
		return false;
	}
	*(void **)list = p;
	*cap = *cap ? *cap * 2 : 16;
	return true;
}

int afd_sheets_check(const struct afd_sheets *s, struct afd_error *err)
{
	if (s->many)
		return afd_fail(err, AFD_E_LIMIT, "more than %d pages", AFD_MAX_PAGES);
	return s->bad ? afd_fail_memory(err) : 0;
}

void afd_sheets_page(struct afd_sheets *s, size_t p)
{
	if (p >= AFD_MAX_PAGES)
		s->bad = s->many = true;
	while (s->n_page <= p && grow(s, &s->page, s->n_page, &s->cap_page, sizeof(*s->page)))
		memset(&s->page[s->n_page++], 0, sizeof(*s->page));
}

void afd_cell(struct afd_sheets *s, size_t p, afd_mpt x, afd_mpt y, afd_mpt w, afd_mpt h)
{
	if (grow(s, &s->cell, s->n_cell, &s->cap_cell, sizeof(*s->cell)))
		s->cell[s->n_cell++] = (struct afd_cell){ p, x, y, w, h };
}

static void op(struct afd_sheets *s, size_t p, struct afd_op o)
{
	afd_sheets_page(s, p);
	if (s->bad)
		return;
	struct afd_page *g = &s->page[p];

	if (!grow(s, &g->op, g->n, &g->cap, sizeof(*g->op)))
		return;
	o.cell = (unsigned)s->n_cell - 1;
	g->op[g->n++] = o;
}

void afd_fill(struct afd_sheets *s, size_t p, enum afd_ink ink, afd_mpt x, afd_mpt y, afd_mpt w, afd_mpt h)
{
	op(s, p, (struct afd_op){ .kind = AFD_OP_FILL, .ink = ink, .x = x, .y = y, .w = w, .h = h });
}

void afd_frame(struct afd_sheets *s, size_t p, enum afd_ink ink, afd_mpt stroke, afd_mpt x, afd_mpt y, afd_mpt w,
	       afd_mpt h)
{
	op(s, p, (struct afd_op){ .kind = AFD_OP_FRAME, .ink = ink, .stroke = stroke, .x = x, .y = y, .w = w, .h = h });
}

void afd_line(struct afd_sheets *s, size_t p, enum afd_ink ink, afd_mpt stroke, afd_mpt x, afd_mpt y, afd_mpt w,
	      afd_mpt h)
{
	op(s, p, (struct afd_op){ .kind = AFD_OP_LINE, .ink = ink, .stroke = stroke, .x = x, .y = y, .w = w, .h = h });
}

void afd_rule(struct afd_sheets *s, size_t p, enum afd_ink ink, afd_mpt stroke, afd_mpt x, afd_mpt y, afd_mpt w)
{
	afd_fill(s, p, ink, x, y - stroke, w, stroke);
}

unsigned afd_dest_new(struct afd_sheets *s)
{
	if (!grow(s, &s->dest, s->n_dest, &s->cap_dest, sizeof(*s->dest)))
		return 0;
	memset(&s->dest[s->n_dest], 0, sizeof(*s->dest));
	return (unsigned)s->n_dest++;
}

void afd_dest_set(struct afd_sheets *s, unsigned link, size_t p, afd_mpt y)
{
	if (link > 0 && link < s->n_dest)
		s->dest[link] = (struct afd_dest){ p, y, true };
}

void afd_bookmark(struct afd_sheets *s, const char *title, unsigned level, size_t p, afd_mpt y)
{
	unsigned link = afd_dest_new(s);

	afd_dest_set(s, link, p, y);
	if (grow(s, &s->bookmark, s->n_bookmark, &s->cap_bookmark, sizeof(*s->bookmark)))
		s->bookmark[s->n_bookmark++] = (struct afd_bookmark){ title, level, link };
}

/* Boxes of 7 x 7 standing on the baseline. */
struct pen { struct afd_sheets *s; size_t p; afd_mpt x, y; int scale; };

static void box(const struct pen *k, enum afd_ink ink, int x, int y, int w, int h)
{
	afd_fill(k->s, k->p, ink, k->x + x * k->scale / 1000, k->y + y * k->scale / 1000, w * k->scale / 1000,
		 h * k->scale / 1000);
}

static void outline(const struct pen *k, enum afd_ink ink)
{
	afd_frame(k->s, k->p, ink, 900 * k->scale / 1000, k->x, k->y, 7 * k->scale, 7 * k->scale);
}

static void stroke(const struct pen *k, enum afd_ink ink, int x, int y, int w, int h)
{
	afd_line(k->s, k->p, ink, 900 * k->scale / 1000, k->x + x * k->scale / 1000, k->y + y * k->scale / 1000,
		 w * k->scale / 1000, h * k->scale / 1000);
}

static void bars(const struct pen *k, unsigned full, enum afd_ink ink)
{
	for (unsigned i = 0; i < 4; i++) {
		if (i < full)
			box(k, ink, 3000 * (int)i, 0, 2000, 7000);
		else
			box(k, AFD_GREY1, 3000 * (int)i, 6100, 2000, 900);
	}
}

void afd_mark_draw(struct afd_sheets *s, size_t p, enum afd_mark m, enum afd_ink ink, afd_mpt x, afd_mpt baseline,
		   int scale)
{
	struct pen k = { s, p, x, baseline - 7 * scale, scale };

	switch (m) {
	case AFD_MARK_FAIL:
	case AFD_MARK_GAP:
		box(&k, AFD_ACCENT, 0, 0, 7000, 7000);
		break;
	case AFD_MARK_OPEN:
		outline(&k, AFD_INK);
		break;
	case AFD_MARK_REVIEW:
		outline(&k, AFD_INK);
		box(&k, AFD_INK, 2300, 2300, 2400, 2400);
		break;
	case AFD_MARK_ERROR:
		outline(&k, AFD_INK);
		stroke(&k, AFD_INK, 450, 450, 6100, 6100);
		stroke(&k, AFD_INK, 450, 6550, 6100, -6100);
		break;
	case AFD_MARK_PASS:
		op(s, p,
		   (struct afd_op){ .kind = AFD_OP_CHECK,
				    .ink = AFD_INK,
				    .x = k.x,
				    .y = k.y,
				    .w = 7 * scale,
				    .h = 7 * scale,
				    .stroke = 1100 * scale / 1000 });
		break;
	case AFD_MARK_NOT_ADDRESSED:
		box(&k, AFD_GREY1, 0, 3050, 5400, 900);
		break;
	case AFD_MARK_WAIVED:
		outline(&k, ink);
		stroke(&k, ink, 450, 6550, 6100, -6100);
		break;
	case AFD_MARK_CRITICAL:
		bars(&k, 4, AFD_ACCENT);
		break;
	case AFD_MARK_HIGH:
		bars(&k, 3, AFD_ACCENT);
		break;
	case AFD_MARK_MEDIUM:
		bars(&k, 2, AFD_INK);
		break;
	case AFD_MARK_LOW:
		bars(&k, 1, AFD_INK);
		break;
	case AFD_MARK_INFO:
		bars(&k, 0, AFD_INK);
		break;
	case AFD_MARK_PROVEN:
		box(&k, AFD_GREY1, 0, 0, 7000, 7000);
		break;
	case AFD_MARK_ASSERTED:
		box(&k, AFD_GREY2, 0, 0, 7000, 7000);
		break;
	case AFD_MARK_SAMPLED:
		box(&k, AFD_GREY1, 800, 0, 1200, 7000);
		box(&k, AFD_GREY1, 4800, 0, 1200, 7000);
		break;
	case AFD_MARK_NONE:
	case AFD_MARK_BREAK:
	case AFD_MARK_COUNT:
		break;
	}
}

afd_mpt afd_mark_width(enum afd_mark m, struct afd_style style)
{
	if (m == AFD_MARK_BREAK)
		return 0;
	if (m >= AFD_MARK_CRITICAL && m <= AFD_MARK_INFO)
		return PT(15.5);
	return style.size < PT(8) ? PT(9.5) : PT(11.7);      /* legends stand closer */
}

void afd_put_lines(struct afd_sheets *s, size_t p, const struct afd_lines *l, size_t from, size_t to, afd_mpt x,
		   afd_mpt y, afd_mpt width, enum afd_align align)
{
	for (size_t i = from; i < to && i < l->n; i++, y += l->style.leading) {
		const struct afd_text_line *t = &l->line[i];
		afd_mpt left = align == AFD_RIGHT ? x + width - t->width : x;
		afd_mpt base = y + l->style.leading / 2 + l->style.size * 388 / 1000;

		for (size_t k = 0; k < t->n; k++) {
			const struct afd_seg *g = &t->seg[k];

			if (g->mark)
				afd_mark_draw(s, p, g->mark, g->ink, left + g->x, base, 1000);
			else
				op(s, p,
				   (struct afd_op){ .kind = AFD_OP_TEXT,
						    .face = g->face,
						    .ink = g->ink,
						    .x = left + g->x,
						    .y = base,
						    .w = g->w,
						    .h = g->size,
						    .link = g->link,
						    .page = g->page,
						    .text = g->text,
						    .len = g->len });
		}
	}
}
