#include "reports/pdf/flow.h"

#include <inttypes.h>

#include "core/when.h"

const struct afd_style
	afd_style_title   = { PT(32),  PT(32),  PT(40) },
	afd_style_big     = { PT(22),  PT(20),  PT(28) },
	afd_style_h2      = { PT(12),  PT(11),  PT(17) },
	afd_style_lead    = { PT(12),  PT(11),  PT(18) },
	afd_style_text    = { PT(9.5), PT(8.5), PT(14) },
	afd_style_finding = { PT(9.5), PT(8.5), PT(13) },
	afd_style_cell    = { PT(8.5), PT(7.5), PT(12) },
	afd_style_head    = { PT(7.5), PT(7.5), PT(10) },
	afd_style_note    = { PT(7.5), PT(7.5), PT(10) },
	afd_style_command = { PT(7.5), PT(7.5), PT(11) };

afd_mpt afd_col_x(const struct afd_sheets *s, unsigned k)
{
	return s->margin + PT(42) * (afd_mpt)(k - 1);
}

afd_mpt afd_col_w(unsigned n)
{
	return PT(42) * (afd_mpt)n - PT(12);
}

void afd_flow_next(struct afd_flow *f)
{
	f->page++;
	f->y = f->s->top + f->skip;
	afd_sheets_page(f->s, f->page);
}

bool afd_flow_top(const struct afd_flow *f)
{
	return f->y <= f->s->top + f->skip;
}

void afd_flow_space(struct afd_flow *f, afd_mpt h)
{
	if (!afd_flow_top(f))
		f->y += h;
}

void afd_flow_need(struct afd_flow *f, afd_mpt h)
{
	if (f->y + h > f->s->bottom && !afd_flow_top(f))
		afd_flow_next(f);
}

afd_mpt afd_lines_height(const struct afd_lines *l)
{
	return (afd_mpt)l->n * l->style.leading;
}

void afd_flow_lines(struct afd_flow *f, const struct afd_lines *l)
{
	for (size_t i = 0; i < l->n;) {
		size_t fit = f->s->bottom > f->y ? (size_t)((f->s->bottom - f->y) / l->style.leading) : 0,
		       left = l->n - i, n = left < fit ? left : fit;

		if (n < left && left - n == 1 && n > 2)
			n--;
		if ((n == 0 || (n == 1 && left > 1)) && !afd_flow_top(f)) {
			afd_flow_next(f);
			continue;
		}
		n = n ? n : 1;
		afd_cell(f->s, f->page, f->x, f->y, f->w, (afd_mpt)n * l->style.leading);
		afd_put_lines(f->s, f->page, l, i, i + n, f->x, f->y, f->w, AFD_LEFT);
		f->y += (afd_mpt)n * l->style.leading;
		i += n;
		if (i < l->n)
			afd_flow_next(f);
	}
}

void afd_flow_text(struct afd_flow *f, struct afd_style style, enum afd_face face, enum afd_ink ink, const char *text)
{
	struct afd_lines l = afd_wrap1(f->s, style, face, ink, text, f->w);

	afd_flow_lines(f, &l);
}

const char *afd_tied(struct afd_sheets *s, const char *text)
{
	const char *last = strrchr(text, ' ');

	if (!last || strlen(last) > 13 || strlen(text) < 24)
		return text;
	return afd_sheets_printf(s, "%.*s\u00a0%s", (int)(last - text), text, last + 1);
}

const char *afd_or(const char *s, const char *otherwise)
{
	return s && *s ? s : otherwise;
}

const char *afd_number(struct afd_sheets *s, int64_t n)
{
	char digits[32], *out;
	const char *text = afd_sheets_printf(s, "%" PRId64, n);
	size_t len = strlen(text), k = 0;

	if (n < 1000 || len > 20)
		return text;
	for (size_t i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0)
			digits[k++] = ',';
		digits[k++] = text[i];
	}
	out = afd_sheets_alloc(s, k + 1);
	if (!out)
		return "";
	memcpy(out, digits, k);
	return out;
}

const char *afd_groups(struct afd_sheets *s, const char *hex, size_t digits, size_t group)
{
	size_t len = strlen(hex), k = 0;
	char *out;

	digits = digits < len ? digits : len;
	out = afd_sheets_alloc(s, digits + 2 * (digits / group) + 1);
	if (!out)
		return "";
	for (size_t i = 0; i < digits; i++) {
		if (i > 0 && i % group == 0) {
			out[k++] = '\xc2';               /* a blank at which no line ends */
			out[k++] = '\xa0';
		}
		out[k++] = hex[i];
	}
	return out;
}

const char *afd_length(struct afd_sheets *s, int64_t ms)
{
	static const struct {
		int64_t ms;
		const char *name;
	} unit[] = { { AFD_DAY, "d" }, { AFD_HOUR, "h" }, { AFD_MINUTE, "min" }, { AFD_SECOND, "s" } };

	for (size_t i = 0; i < AFD_COUNT(unit); i++) {
		int64_t n = ms / unit[i].ms, rest = i + 1 < AFD_COUNT(unit) ? ms % unit[i].ms / unit[i + 1].ms : 0;

		if (n > 0 && rest > 0)
			return afd_sheets_printf(s, "%" PRId64 "\u00a0%s\u00a0%" PRId64 "\u00a0%s", n, unit[i].name,
						 rest, unit[i + 1].name);
		if (n > 0)
			return afd_sheets_printf(s, "%" PRId64 "\u00a0%s", n, unit[i].name);
	}
	return afd_sheets_printf(s, "%" PRId64 "\u00a0ms", ms);
}

static const char *moment(struct afd_sheets *s, int64_t ms, int digits)
{
	struct afd_when_text w;

	if (ms == AFD_TIME_NONE || ms == 0)       /* 0: before the first look */
		return "not known";
	w = afd_when_people(ms);
	return afd_sheets_printf(s, "%.10s\u00a0%.*s", w.s, digits, strlen(w.s) > 11 ? w.s + 11 : "");
}

const char *afd_minute(struct afd_sheets *s, int64_t ms)
{
	return moment(s, ms, 5);
}

const char *afd_second(struct afd_sheets *s, int64_t ms)
{
	return moment(s, ms, 8);
}
