/* Recorded data of real logs and certificates: they lie outside the repository, and tests that want them skip without. */
#ifndef TESTS_CT_SAMPLES_H
#define TESTS_CT_SAMPLES_H

#include <stdio.h>
#include <stdlib.h>

#include "core/file.h"
#include "core/limits.h"

/* Path of a sample, or NULL when there are none: AFFIDAVIT_SHARED, or "shared" beside the source. */
static inline char *sample_path(const char *path)
{
	const char *shared = getenv("AFFIDAVIT_SHARED"), *source = getenv("AFFIDAVIT_SOURCE");
	char *p = shared ? afd_sprintf("%s/data/ct/%s", shared, path) : afd_sprintf("%s/../shared/data/ct/%s", source ? source : ".", path);
	FILE *f = p ? fopen(p, "rb") : NULL;

	if (f) {
		fclose(f);
		return p;
	}
	free(p);
	return NULL;
}

static inline bool sample(const char *path, struct afd_buf *ret)
{
	AFD_AUTO(mem) char *p = sample_path(path);

	return p && afd_file_read(p, AFD_MAX_CT_TILE, ret, NULL) == 0;
}

#endif
