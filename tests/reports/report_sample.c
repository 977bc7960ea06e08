/* Writes PREFIX.json and PREFIX.pdf of a made assessment: report-sample quarter|clean|empty|hostile|NUMBER PREFIX */
#include <stdio.h>

#include "core/file.h"
#include "tests/reports/sample.h"

static int write_both(const struct sample *s, const char *prefix, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf json = { 0 }, pdf = { 0 };
	AFD_AUTO(mem) char *json_path = afd_sprintf("%s.json", prefix), *pdf_path = afd_sprintf("%s.pdf", prefix);
	struct afd_fonts fonts;

	if (!json_path || !pdf_path)
		return afd_fail_memory(err);
	if (afd_report_json(&s->a, &json, err) < 0 || afd_fonts_find(getenv("AFFIDAVIT_FONTS"), &fonts, err) < 0 ||
	    afd_renderer_find("pdf")->render(afd_buf_slice(&json), &fonts, &pdf, err) < 0)
		return -1;
	return afd_file_write(json_path, afd_buf_slice(&json), false, err) < 0 ||
			       afd_file_write(pdf_path, afd_buf_slice(&pdf), false, err) < 0
		       ? -1
		       : 0;
}

int main(int argc, char **argv)
{
	static const struct { const char *name; void (*make)(struct sample *);
	} kinds[] = {
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
	r = write_both(&s, argv[2], &err);
	if (r < 0)
		fprintf(stderr, "%s\n", err.text);
	sample_free(&s);
	return r < 0;
}
