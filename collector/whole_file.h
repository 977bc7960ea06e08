/* A file that is read whole in each run: exports, tables, configurations. Its provider's configuration begins with struct
 * afd_whole_config; next, take and end are these. What is unchanged is stored again (the bytes once), so that each look is
 * evidence; coverage is sampled: [last look, this look). */
#ifndef AFD_COLLECTOR_WHOLE_FILE_H
#define AFD_COLLECTOR_WHOLE_FILE_H

#include "collector/provider.h"

struct afd_whole_config { const char *path; struct afd_texts scopes; };
struct afd_whole_form {
	const char *evidence, *media_type, *what;   /* what: first words of `asked`: "resources in PATH" */
	size_t max;
	/* A command in place of the file: NULL-ended words, or NULL. Its exit code must be 0. */
	const char *const *(*command)(const void *config);
};
int afd_whole_scopes(const struct afd_whole_config *c, struct afd_buf *ret, struct afd_error *err);
/* EXTRA: said behind `asked`, for the decoder, or NULL. FORM and CONFIG outlive the run. */
int afd_whole_begin(const struct afd_whole_form *form, const struct afd_source_config *c, const struct afd_whole_config *config, const char *extra,
                    const char *cursor, void **ret, struct afd_error *err);
int afd_whole_next(void *state, struct afd_request *q, struct afd_error *err);
int afd_whole_take(void *state, const struct afd_response *a, const struct afd_error *why, struct afd_keeper *keep, struct afd_error *err);
void afd_whole_end(void *state);

#endif
