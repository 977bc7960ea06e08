/* report_sample quarter|clean|empty|hostile|NUMBER PREFIX: writes PREFIX.json, PREFIX.pdf and PREFIX.boxes. A line of
 * boxes is a text as it was laid out: page, x, baseline, width, size; then x, y, width, height of its cell; the text. */
#include <stdio.h>

#include "core/file.h"
#include "reports/model.h"
#include "reports/pdf/pages.h"
#include "tests/reports/sample.h"

static int boxes(struct afd_slice json, const struct afd_fonts *files, struct afd_buf *ret, struct afd_error *err)
{
	const char *const path[AFD_FACE_COUNT] = { files->regular, files->bold, files->mono };
	struct afd_font face[AFD_FACE_COUNT] = { 0 };
	const struct afd_font *font[AFD_FACE_COUNT] = { &face[0], &face[1], &face[2] };
	AFD_AUTO(report) struct afd_report *r = NULL;
	AFD_AUTO(sheets) struct afd_sheets s = { 0 };
	int code = afd_report_read(json, &r, err);

	for (size_t i = 0; i < AFD_FACE_COUNT && code == 0; i++)
		code = afd_font_load(path[i], &face[i], err);
	if (code == 0)
		code = afd_layout(r, files, font, &s, err);
	for (size_t p = 0; p < s.n_page && code == 0; p++)
		for (size_t i = 0; i < s.page[p].n && code == 0; i++) {
			const struct afd_op *o = &s.page[p].op[i];
			const struct afd_cell *c = &s.cell[o->cell];

			if (o->kind == AFD_OP_TEXT)
				code = afd_buf_printf(ret, "%zu %d %d %d %d %d %d %d %d %.*s\n", p + 1, o->x, o->y, o->w, o->h,
						      c->x, c->y, c->w, c->h, (int)o->len, o->text);
		}
	for (size_t i = 0; i < AFD_FACE_COUNT; i++)
		afd_font_release(&face[i]);
	return code;
}

static int write_all(const struct sample *s, const char *prefix, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf json = { 0 }, pdf = { 0 }, list = { 0 };
	AFD_AUTO(mem) char *json_path = afd_sprintf("%s.json", prefix), *pdf_path = afd_sprintf("%s.pdf", prefix);
	AFD_AUTO(mem) char *list_path = afd_sprintf("%s.boxes", prefix);
	struct afd_fonts fonts;

	if (!json_path || !pdf_path || !list_path)
		return afd_fail_memory(err);
	if (afd_report_json(&s->a, &json, err) < 0 || afd_fonts_find(getenv("AFFIDAVIT_FONTS"), &fonts, err) < 0 ||
	    afd_renderer_find("pdf")->render(afd_buf_slice(&json), &fonts, &pdf, err) < 0 ||
	    boxes(afd_buf_slice(&json), &fonts, &list, err) < 0 ||
	    afd_file_write(json_path, afd_buf_slice(&json), false, err) < 0 ||
	    afd_file_write(pdf_path, afd_buf_slice(&pdf), false, err) < 0 ||
	    afd_file_write(list_path, afd_buf_slice(&list), false, err) < 0)
		return -1;
	return 0;
}

int main(int argc, char **argv)
{
	static const struct { const char *name; void (*make)(struct sample *); } kinds[] = {
		{ "clean", sample_clean },
		{ "empty", sample_empty },
		{ "hostile", sample_hostile },
		{ "quarter", sample_quarter },
	};
	struct afd_error err = { 0 };
	struct sample s = { 0 };
	int r;

	if (argc != 3)
		return 64;
	for (size_t i = 0; i < AFD_COUNT(kinds); i++)
		if (strcmp(argv[1], kinds[i].name) == 0)
			kinds[i].make(&s);
	if (!s.keep && strcmp(argv[1], "empty") != 0)
		sample_many(&s, (unsigned)strtoul(argv[1], NULL, 10));
	r = write_all(&s, argv[2], &err);
	if (r < 0)
		fprintf(stderr, "%s\n", err.text);
	sample_free(&s);
	return r < 0;
}
