/* How a request shows who asks. A credential is made once per run; its secrets are wiped with it and never reach a record
 * or a message. */
#ifndef AFD_API_AUTH_H
#define AFD_API_AUTH_H

#include "collector/provider.h"

/* A request being made. Buffers are wiped with it. */
struct afd_ask {
	struct afd_buf url;                       /* whole; no secrets where it can be helped: servers log it */
	size_t base;                              /* so many bytes of it are the base address */
	struct afd_buf body; const char *media_type;   /* a POST when media_type is set */
	struct afd_buf asked;                     /* for the record; empty: "GET /path?query", made from url */
	struct afd_ask_header { char name[48]; struct afd_buf value; } header[8]; size_t n_header;
};
void afd_ask_release(struct afd_ask *q);
int afd_ask_header(struct afd_ask *q, const char *name, const char *value, struct afd_error *err);
/* "/TEXT", escaped as one segment of a path */
int afd_ask_path(struct afd_ask *q, const char *text, struct afd_error *err);
/* "?NAME=VALUE", or "&NAME=VALUE" behind an earlier one, the value escaped (RFC 3986: unreserved stay) */
int afd_ask_query(struct afd_ask *q, const char *name, const char *value, struct afd_error *err);
int afd_escape(const char *text, struct afd_buf *ret);

struct afd_auth {
	/* 1: Q must be asked first, its answer goes to token_take(); 0: not needed now. NULL: never. */
	int (*token_ask)(struct afd_auth *a, int64_t now, struct afd_ask *q, struct afd_error *err);
	/* -1: refused; err says what to do, in our words */
	int (*token_take)(struct afd_auth *a, const struct afd_response *r, int64_t now, struct afd_error *err);
	/* Adds what shows who asks to Q, which is complete but for that. */
	int (*sign)(struct afd_auth *a, int64_t now, struct afd_ask *q, struct afd_error *err);
	void (*free)(struct afd_auth *a);         /* wipes */
	char *name;                               /* of the credential, no secret: requests of one name share a pace; owned */
};
struct afd_auth *afd_auth_free(struct afd_auth *a);       /* NULL */

/* The secret that REF of the field FIELD points to: one line, appended. The caller wipes *ret. */
int afd_auth_secret(const struct afd_source_config *sc, const char *field, const char *ref, struct afd_buf *ret,
		    struct afd_error *err);
/* "HEADER: PREFIX SECRET" in each request: bearer tokens ("Authorization", "Bearer "), API keys ("X-NSONE-Key", ""). */
int afd_auth_header(const struct afd_source_config *sc, const char *field, const char *ref, const char *header,
		    const char *prefix, struct afd_auth **ret, struct afd_error *err);
/* AWS Signature Version 4. TOKEN_REF: of temporary credentials; NULL none. */
struct afd_aws_keys { const char *access_key_id, *secret_ref, *token_ref, *region, *service; };
int afd_auth_aws(const struct afd_source_config *sc, const struct afd_aws_keys *keys, struct afd_auth **ret,
		 struct afd_error *err);
/* OAuth 2.0 for service accounts of Google (RFC 7523): KEY_REF points to the JSON file that Google gives out. SCOPE: blank-separated.
 * TOKEN_URL: NULL for the one in the file. */
int afd_auth_google(const struct afd_source_config *sc, const char *key_ref, const char *scope, const char *token_url,
		    struct afd_auth **ret, struct afd_error *err);
/* OAuth 2.0 client credentials (RFC 6749, 4.4): URL is the token endpoint, SCOPE e.g. "https://management.azure.com/.default". */
struct afd_client_credentials { const char *token_url, *client_id, *secret_ref, *scope; };
int afd_auth_client(const struct afd_source_config *sc, const struct afd_client_credentials *c, struct afd_auth **ret,
		    struct afd_error *err);

#endif
