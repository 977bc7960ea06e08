#include "reports/report.h"

#include <stdio.h>

#include "core/file.h"
#include "reports/pdf/pages.h"

#define MAX_FONT (8u * 1024 * 1024)

static const char *const font_names[] = { "NotoSans-Regular.ttf", "NotoSans-Bold.ttf", "NotoSansMono-Regular.ttf" };

/* Where distributions put them. */
static const char *const font_places[] = {
	"/usr/share/fonts/truetype/noto",
	"/usr/share/fonts/noto",
	"/usr/share/fonts/google-noto",
	"/usr/share/fonts/TTF",
	"/usr/local/share/fonts/noto",
	NULL
};

static int fonts_in(const char *dir, struct afd_fonts *ret, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf all = { 0 };
	char *const path[] = { ret->regular, ret->bold, ret->mono };

	for (size_t i = 0; i < AFD_COUNT(font_names); i++) {
		AFD_AUTO(buf) struct afd_buf file = { 0 };
		struct afd_digest d;

		if (snprintf(path[i], sizeof(ret->regular), "%s/%s", dir, font_names[i]) >= (int)sizeof(ret->regular))
			return afd_fail(err, AFD_E_USAGE, "fonts: the path of the folder is too long");
		if (afd_file_read(path[i], MAX_FONT, &file, err) < 0)
			return -1;
		afd_sha256(afd_buf_slice(&file), &d);
		if (afd_buf_add(&all, d.b, sizeof(d.b)) < 0)
			return afd_fail_memory(err);
	}
	afd_sha256(afd_buf_slice(&all), &ret->digest); /* SHA-256 over the three SHA-256, regular, bold, mono */
	return 0;
}

int afd_fonts_find(const char *dir, struct afd_fonts *ret, struct afd_error *err)
{
	if (dir)
		return fonts_in(dir, ret, err) < 0 ? afd_within(err, "fonts") : 0;
	for (size_t i = 0; font_places[i]; i++)
		if (fonts_in(font_places[i], ret, NULL) == 0)
			return 0;
	return afd_fail(err, AFD_E_IO,
			"fonts: %s, %s and %s are in none of the usual places (Debian: fonts-noto-core); name their "
			"folder",
			font_names[0], font_names[1], font_names[2]);
}

static const struct afd_renderer pdf = { "pdf", "report.pdf", "application/pdf",
					 "pages to read and sign (PDF/A-3b, report.json inside)", afd_pdf_render };

const struct afd_renderer *const afd_renderers[] = {
	&pdf,
	NULL
};

const struct afd_renderer *afd_renderer_find(const char *name)
{
	for (size_t i = 0; afd_renderers[i]; i++)
		if (strcmp(afd_renderers[i]->name, name) == 0)
			return afd_renderers[i];
	return NULL;
}
