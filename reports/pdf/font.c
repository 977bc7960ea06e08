#include "reports/pdf/font.h"

#include "core/file.h"
#include "core/limits.h"

#define MAX_FONT (8u * 1024 * 1024)

static unsigned u16(struct afd_slice s, size_t off)
{
	return off + 2 <= s.len ? (unsigned)s.data[off] << 8 | s.data[off + 1] : 0;
}

static uint32_t u32(struct afd_slice s, size_t off)
{
	return (uint32_t)u16(s, off) << 16 | u16(s, off + 2);
}

static struct afd_slice table(struct afd_slice file, const char *tag)
{
	unsigned n = u16(file, 4);

	for (unsigned i = 0; i < n; i++) {
		size_t at = 12 + 16 * (size_t)i;

		if (at + 16 <= file.len && memcmp(file.data + at, tag, 4) == 0)
			return afd_slice_sub(file, u32(file, at + 8), u32(file, at + 12));
	}
	return (struct afd_slice){ 0 };
}

/* Windows, Unicode BMP, format 4: the table that libharu reads as well. */
static struct afd_slice cmap4(struct afd_slice cmap)
{
	unsigned n = u16(cmap, 2);

	for (unsigned i = 0; i < n; i++) {
		size_t at = 4 + 8 * (size_t)i;

		if (u16(cmap, at) == 3 && u16(cmap, at + 2) == 1) {
			struct afd_slice s = afd_slice_sub(cmap, u32(cmap, at + 4), SIZE_MAX);

			if (u16(s, 0) == 4)
				return afd_slice_sub(s, 0, u16(s, 2));
		}
	}
	return (struct afd_slice){ 0 };
}

static unsigned glyph_of(const struct afd_font *f, uint32_t c)
{
	struct afd_slice s = f->cmap;
	unsigned twice = u16(s, 6), lo = 0, hi = twice / 2;

	if (c > 0xffff)
		return 0;
	while (lo < hi) {                        /* first segment whose end is not before c */
		unsigned mid = (lo + hi) / 2;

		if (u16(s, 14 + 2 * (size_t)mid) < c)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo >= twice / 2)
		return 0;
	size_t starts = 16 + (size_t)twice, deltas = starts + twice, offsets = deltas + twice,
	       at = offsets + 2 * (size_t)lo;
	unsigned start = u16(s, starts + 2 * (size_t)lo), delta = u16(s, deltas + 2 * (size_t)lo), offset = u16(s, at);

	if (c < start)
		return 0;
	if (offset == 0)
		return (c + delta) & 0xffff;
	unsigned g = u16(s, at + offset + 2 * (size_t)(c - start));

	return g ? (g + delta) & 0xffff : 0;
}

int afd_font_width(const struct afd_font *f, uint32_t c)
{
	unsigned g = glyph_of(f, c);

	if (g == 0 || g >= f->n_glyphs)
		return -1;
	if (g >= f->n_metrics)
		g = f->n_metrics - 1;
	return (int)(u16(f->hmtx, 4 * (size_t)g) * 1000u / f->units_per_em);
}

int afd_font_load(const char *path, struct afd_font *ret, struct afd_error *err)
{
	struct afd_font f = { 0 };
	struct afd_slice file, os2;

	if (afd_file_read(path, MAX_FONT, &f.file, err) < 0)
		return afd_within(err, "font");
	file = afd_buf_slice(&f.file);
	os2 = table(file, "OS/2");
	f.hmtx = table(file, "hmtx");
	f.cmap = cmap4(table(file, "cmap"));
	f.units_per_em = u16(table(file, "head"), 18);
	f.n_metrics = u16(table(file, "hhea"), 34);
	f.n_glyphs = u16(table(file, "maxp"), 4);
	if (f.units_per_em < 16 || f.n_metrics == 0 || f.n_glyphs == 0 || f.cmap.len < 24 ||
	    f.hmtx.len < 4 * (size_t)f.n_metrics) {
		afd_font_release(&f);
		return afd_fail(err, AFD_E_PARSE,
				"font %s: expected TrueType outlines with head, hhea, hmtx, maxp and a Unicode cmap of "
				"format 4",
				path);
	}
	f.cap_height = u16(os2, 0) >= 2 ? (int)(u16(os2, 88) * 1000u / f.units_per_em) : 700;

	*ret = f;
	return 0;
}

void afd_font_release(struct afd_font *f)
{
	afd_buf_release(&f->file);
	memset(f, 0, sizeof(*f));
}
