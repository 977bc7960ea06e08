/* From runs of text to lines. */
#include "reports/pdf/sheet.h"

#include <stdio.h>

#include "reports/utf8.h"

#define MARK 0x110000u                   /* marks travel as code points beyond Unicode */
#define BREAK (MARK + AFD_MARK_BREAK)
#define NBSP 0xa0u

struct afd_glyph { uint32_t c; uint32_t run; afd_mpt w; };

static bool in(uint32_t c, uint32_t from, uint32_t to)
{
	return c >= from && c <= to;
}

/* Scripts that need no shaping and no direction. In names (mono) only Latin: a Cyrillic letter in a name must not pass
 * for a Latin one. */
static bool plain(uint32_t c, bool mono)
{
	if (in(c, 0x20, 0x7e) || in(c, 0xa0, 0xac) || in(c, 0xae, 0x17f))
		return true;
	if (c == 0x2026 || in(c, 0x2013, 0x2014) || in(c, 0x2018, 0x201d))
		return true;
	return !mono && (in(c, 0x180, 0x2ff) || in(c, 0x370, 0x52f) || in(c, 0x1e00, 0x1fff) || in(c, 0x2010, 0x2027) ||
	                 in(c, 0x2030, 0x205e) || in(c, 0x20a0, 0x20bf) || in(c, 0x2100, 0x214f));
}

static bool combining(uint32_t c)
{
	return in(c, 0x300, 0x36f);
}

/* The blank at P parts a date from its time ("2026-08-19 21:47"): no line ends there. */
static bool in_a_time(const char *begin, const char *p)
{
	static const char shape[] = "0000-00-00 00:";

	if (p - begin < 10)
		return false;
	p -= 10;
	for (size_t i = 0; shape[i]; i++)                /* the text's own end stops it: a NUL is no digit */
		if (shape[i] == '0' ? p[i] < '0' || p[i] > '9' : p[i] != shape[i])
			return false;
	return true;
}

static bool push(struct afd_sheets *s, size_t *n, uint32_t c, uint32_t run, afd_mpt w)
{
	if (*n == s->cap_glyph) {
		size_t cap = s->cap_glyph ? s->cap_glyph * 2 : 1024;
		struct afd_glyph *p = realloc(s->glyph, cap * sizeof(*p));

		if (!p) {
			s->bad = true;
			return false;
		}
		s->glyph = p;
		s->cap_glyph = cap;
	}
	s->glyph[(*n)++] = (struct afd_glyph){ c, run, w };
	return true;
}

static afd_mpt size_of(struct afd_style style, const struct afd_run *r)
{
	return r->face == AFD_MONO || r->small ? style.mono : style.size;
}

static afd_mpt advance(const struct afd_sheets *s, struct afd_style style, const struct afd_run *r, uint32_t c)
{
	int w = afd_font_width(s->font[r->face], c == NBSP ? ' ' : c);

	return w < 0 ? -1 : (afd_mpt)((int64_t)w * size_of(style, r) / 1000);
}

static bool drawable(uint32_t c, uint32_t before, bool mono)
{
	if (c == AFD_UTF8_BAD)
		return false;
	return plain(c, mono) || (!mono && combining(c) && before > ' ' && !combining(before));
}

/* Words of our own, no line ends in them. */
static bool push_word(struct afd_sheets *s, size_t *n, struct afd_style style, const struct afd_run *r, uint32_t run,
		      const char *word)
{
	for (; *word; word++)
		if (!push(s, n, *word == ' ' ? NBSP : (uint32_t)*word, run, advance(s, style, r, (uint32_t)*word)))
			return false;
	return true;
}

static bool push_text(struct afd_sheets *s, size_t *n, struct afd_style style, const struct afd_run *r, uint32_t run)
{
	const char *begin = r->s ? r->s : "", *p = begin, *end = p + strlen(p), *from;
	uint32_t before = ' ';

	for (size_t count = 0; p < end; count++) {
		from = p;
		uint32_t c = afd_utf8_next(&p, end);
		char code[16];
		afd_mpt w;

		if (count == AFD_MAX_PARAGRAPH)
			return push_word(s, n, style, r, run, " [and more, in report.json]");
		if (c == '\n' && r->face != AFD_MONO)
			c = ' ';
		if (c == ' ' && in_a_time(begin, from))
			c = NBSP;
		w = drawable(c, before, r->face == AFD_MONO) ? advance(s, style, r, c) : -1;
		before = c;
		if (c == AFD_UTF8_BAD)
			snprintf(code, sizeof(code), "[byte %02X]", (uint8_t)*from);
		else
			snprintf(code, sizeof(code), "[U+%04X]", c);
		if (w >= 0 ? !push(s, n, c, run, w) : !push_word(s, n, style, r, run, code))
			return false;
	}
	return true;
}

/* What holds the parts of a path, a query or one of our keys together. */
static bool joins(uint32_t c)
{
	return c == '/' || c == '|' || c == '&';
}

/* Where the line that begins at A ends, and where the next one begins. */
static size_t line_end(const struct afd_glyph *g, size_t a, size_t n, afd_mpt width, size_t *next)
{
	afd_mpt w = 0;
	size_t i, k;

	for (i = a; i < n && g[i].c != BREAK && (w + g[i].w <= width || i == a); i++)
		w += g[i].w;
	if (i < n && g[i].c == BREAK) {
		*next = i + 1;
		return i;
	}
	if (i == n) {
		*next = n;
		return n;
	}
	for (k = i + 1; k-- > a + 1;)
		if (g[k].c == ' ') {
			for (*next = k + 1; *next < n && g[*next].c == ' ';)
				++*next;
			return k;
		}
	for (k = i; k > a && g[k].c != '.' && !joins(g[k - 1].c); k--)
		;
	if (k == a)
		for (k = i; k > a && g[k - 1].c != '-'; k--)
			;
	if (k == a)
		k = i;
	*next = k;
	return k;
}

static bool same_seg(const struct afd_glyph *a, const struct afd_glyph *b)
{
	return a->run == b->run && a->c < MARK && b->c < MARK;
}

static void make_line(struct afd_sheets *s, struct afd_text_line *t, struct afd_style style, const struct afd_run *run,
		      size_t a, size_t b, afd_mpt x)
{
	const struct afd_glyph *g = s->glyph;
	size_t segs = 0;

	while (b > a && g[b - 1].c == ' ')
		b--;
	for (size_t i = a; i < b; i++)
		segs += i == a || !same_seg(&g[i - 1], &g[i]);
	t->seg = afd_sheets_alloc(s, segs * sizeof(*t->seg) + 1);
	for (size_t i = a; i < b && !s->bad;) {
		struct afd_seg *k = &t->seg[t->n++];
		const struct afd_run *r = &run[g[i].run];
		size_t e = i + 1;
		char *text;

		while (e < b && same_seg(&g[e - 1], &g[e]))
			e++;
		*k = (struct afd_seg){ .face = r->face,
				       .ink = r->ink,
				       .link = r->link,
				       .page = r->page,
				       .x = x,
				       .size = size_of(style, r) };
		k->text = text = afd_sheets_alloc(s, 4 * (e - i) + 1);
		if (!text)
			return;
		if (g[i].c >= MARK)
			k->mark = (uint8_t)(g[i].c - MARK);
		for (; i < e; i++) {
			k->w += g[i].w;
			if (!k->mark)
				k->len += (uint32_t)afd_utf8_put(g[i].c == NBSP ? ' ' : g[i].c, text + k->len);
		}
		x += k->w;
	}
	t->width = x;
}

struct afd_lines afd_wrap(struct afd_sheets *s, struct afd_style style, const struct afd_run *run, size_t n,
			  afd_mpt width)
{
	struct afd_lines ret = { .style = style };
	size_t glyphs = 0, cap = 0;
	afd_mpt hang = 0;

	if (s->bad)
		return ret;
	for (size_t i = 0; i < n; i++) {
		if (run[i].mark &&
		    !push(s, &glyphs, MARK + run[i].mark, (uint32_t)i, afd_mark_width(run[i].mark, style)))
			return ret;
		if (!push_text(s, &glyphs, style, &run[i], (uint32_t)i))
			return ret;
	}
	if (glyphs > 0 && s->glyph[0].c > MARK &&
	    s->glyph[0].w * 2 < width) /* further lines stand under the word, not under its mark */
		hang = s->glyph[0].w;
	for (size_t a = 0, next; a < glyphs; a = next, cap++)
		line_end(s->glyph, a, glyphs, width - (a ? hang : 0), &next);
	ret.line = afd_sheets_alloc(s, (cap + 1) * sizeof(*ret.line));
	for (size_t a = 0, next; a < glyphs && !s->bad; a = next) {
		size_t b = line_end(s->glyph, a, glyphs, width - (a ? hang : 0), &next);

		make_line(s, &ret.line[ret.n++], style, run, a, b, a ? hang : 0);
	}
	return ret;
}

struct afd_lines afd_wrap1(struct afd_sheets *s, struct afd_style style, enum afd_face face, enum afd_ink ink,
			   const char *text, afd_mpt width)
{
	return afd_wrap(s, style, &(struct afd_run){ .s = text, .face = face, .ink = ink }, 1, width);
}

afd_mpt afd_text_width(struct afd_sheets *s, struct afd_style style, enum afd_face face, const char *text)
{
	struct afd_lines l = afd_wrap1(s, style, face, AFD_INK, text, INT32_MAX / 2);

	return l.n ? l.line[0].width : 0;
}

void afd_sheets_resolve(struct afd_sheets *s)
{
	for (size_t p = 0; p < s->n_page; p++)
		for (size_t i = 0; i < s->page[p].n; i++) {
			struct afd_op *o = &s->page[p].op[i];
			const struct afd_dest *d = o->link < s->n_dest ? &s->dest[o->link] : NULL;
			afd_mpt w = 0;

			if (!o->page || !d)
				continue;
			o->text = d->set ? afd_sheets_printf(s, "%zu", d->page + 1) : "";
			o->len = (uint32_t)strlen(o->text);
			for (size_t k = 0; k < o->len; k++)
				w += (afd_mpt)((int64_t)afd_font_width(s->font[o->face], (uint32_t)o->text[k]) * o->h /
					       1000);
			o->x += o->w - w;
			o->w = w;
		}
}
