/* doctor --epp-schemas: frames of EPP held against XML schemas, to see what a server sends that its documents do not say. */
#ifndef AFD_CLI_DOCTOR_EPP_H
#define AFD_CLI_DOCTOR_EPP_H

#include "cli/cli.h"

/* DIR: a folder of schemas (NAME.xsd, at any depth). The N files; none: every frame in the store. Prints, and returns the exit code:
 * 1 where something could not be read, 3 where a frame is not valid or could not be judged to its end. */
int doctor_epp(struct cli *c, const char *dir, char **file, int n);

#endif
