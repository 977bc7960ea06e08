/* Paths of the user as sources are given them. */
#ifndef AFD_COLLECTOR_PATH_H
#define AFD_COLLECTOR_PATH_H

#include "collector/provider.h"

/* PATH without a "file:" before it; a relative one starts at the configuration's folder. Owned; NULL: no memory. */
static inline char *afd_path_of(const struct afd_source_config *c, const char *path)
{
	path += strncmp(path, "file:", 5) == 0 ? 5 : 0;
	return path[0] == '/' || !c->base_dir ? afd_strdup(path) : afd_sprintf("%s/%s", c->base_dir, path);
}

#endif
