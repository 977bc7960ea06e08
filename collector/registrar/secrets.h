/* Finds secrets in a JSON answer of a provider, by the names of their keys and by their form. */
#ifndef AFD_COLLECTOR_SECRETS_H
#define AFD_COLLECTOR_SECRETS_H

#include "core/bytes.h"
#include "core/error.h"

/* Adds the ranges to cut. Only bytes inside of strings are cut, between whole escapes, so the text stays JSON. -1: not
 * JSON, or a secret that cannot be cut (a number under the key of a secret). */
int afd_secrets_cut(struct afd_slice json, struct afd_ranges *cuts, struct afd_error *err);

/* For other forms of text: the value under KEY is a secret; what running text at AT of WHOLE holds of them is cut. */
bool afd_secret_named(struct afd_slice key, struct afd_slice value);
int afd_secrets_cut_text(struct afd_slice whole, struct afd_range at, struct afd_ranges *cuts, struct afd_error *err);

#endif
