/* Akamai's EdgeGrid: signatures of the form EG1-HMAC-SHA256. */
#ifndef AFD_API_EDGEGRID_H
#define AFD_API_EDGEGRID_H

#include "collector/api/auth.h"

struct afd_edgegrid { const char *client_token, *access_token; struct afd_slice secret; };
/* Pure: the value of the Authorization header, appended. URL: whole; NONCE: never used twice; body: of a POST, else nothing. */
int afd_edgegrid_sign(const struct afd_edgegrid *k, const char *method, const char *url, struct afd_slice body, const char *nonce, int64_t now_ms,
                      struct afd_buf *ret, struct afd_error *err);

struct afd_edgegrid_keys { const char *client_token, *access_token, *secret_ref; };
int afd_auth_edgegrid(const struct afd_source_config *sc, const struct afd_edgegrid_keys *keys, struct afd_auth **ret, struct afd_error *err);

#endif
