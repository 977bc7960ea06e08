/* Errors: what happened, where, what was expected. The function that knows fills one, each caller adds the
 * place in front, cli/ prints it once. An error is not a verdict: see mappers/outcome.h. */
#ifndef AFD_CORE_ERROR_H
#define AFD_CORE_ERROR_H

#include "core/bytes.h"

enum afd_code {
	AFD_OK = 0,
	AFD_E_MEMORY,     /* no memory */
	AFD_E_IO,         /* the system refused: file, socket, disk */
	AFD_E_PARSE,      /* bytes are not what the format says */
	AFD_E_LIMIT,      /* larger than the ceiling in core/limits.h */
	AFD_E_USAGE,      /* a person asked for something impossible */
	AFD_E_CONFIG,     /* a configuration value is missing, unknown or wrong */
	AFD_E_STORE,      /* the evidence store failed or is not one */
	AFD_E_VERIFY,     /* a signature, hash, proof or reference does not hold */
	AFD_E_SIGNER,     /* a signature holds, but not the person: chain, purpose, revocation, test key */
	AFD_E_STAMP,      /* a signature holds, but not its time-stamp */
	AFD_E_REMOTE,     /* the other side answered no, wrongly, or not at all */
	AFD_E_ENGINE,     /* a check, mapping or renderer broke its contract */
};

struct afd_error { enum afd_code code; char text[1024]; };

/* Always returns -1, so `return afd_fail(...)`. err may be NULL. */
int afd_fail(struct afd_error *err, enum afd_code code, const char *fmt, ...) AFD_PRINTF(3, 4);
/* Puts "place: " in front of the text; returns -1. */
int afd_within(struct afd_error *err, const char *fmt, ...) AFD_PRINTF(2, 3);
int afd_fail_memory(struct afd_error *err);
/* errno in words: "PATH: could not VERB: No such file" */
int afd_fail_errno(struct afd_error *err, const char *verb, const char *path);

#endif
