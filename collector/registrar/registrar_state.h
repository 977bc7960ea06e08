/* States of domains from the account at a registrar: what the provider's own API says of each domain. A provider is a table:
 * which calls tell of the list and of a domain, and where in their answers each field of a domain_state row stands. What
 * differs between two looks becomes events by itself (evidence/derive_domains.c): these APIs do not tell who.
 *
 * The answers about one domain are one item (a list, pages.h), so that a row says all that was told at one look. Smallest
 * example: registrar_gandi.c. */
#ifndef AFD_REGISTRAR_STATE_H
#define AFD_REGISTRAR_STATE_H

#include "collector/api/hosted.h"

#define AFD_REGISTRAR_EVIDENCE "registry-state"

/* First in the configuration of each. */
struct afd_registrar_config { const char *url, *account; struct afd_texts domains; };
#define AFD_REGISTRAR_FIELDS \
	{ "account", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct afd_registrar_config, account), "name of the account in reports, one word" }, \
	{ "domains", AFD_FIELD_NAMES, AFD_OPTIONAL, offsetof(struct afd_registrar_config, domains), "only these; default: all that the account lists" }, \
	{ "url", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct afd_registrar_config, url), "the API, or file:DIR of recordings" }
/* The same with the one secret that most have. */
struct afd_registrar_token_config { struct afd_registrar_config r; const char *token; };
#define AFD_REGISTRAR_TOKEN_FIELDS(what) \
	AFD_REGISTRAR_FIELDS, \
	{ "token", AFD_FIELD_SECRET, AFD_OPTIONAL, offsetof(struct afd_registrar_token_config, token), what }

/* --- where a field stands --- */

enum afd_state_field {
	AFD_STATE_NAME,                           /* must be the domain that was asked for; with .rows it says which it is */
	AFD_STATE_REGISTRAR, AFD_STATE_STATUS, AFD_STATE_NAME_SERVER, AFD_STATE_DS,
	AFD_STATE_TRANSFER_LOCK, AFD_STATE_REGISTRY_LOCK, AFD_STATE_AUTO_RENEW, AFD_STATE_PRIVACY, AFD_STATE_AUTH_CODE,
	AFD_STATE_CREATED, AFD_STATE_UPDATED, AFD_STATE_TRANSFERRED, AFD_STATE_EXPIRES,
	AFD_STATE_CONTACT,
};
struct afd_state_path {
	unsigned step;                            /* answer that it stands in, from 1 */
	const char *path;                         /* keys with '.' between; "[]" behind a key: each element of that list */
	enum afd_state_field field;
	const char *word;                         /* of flags "yes,on/no,off": what means what, any case (NULL: true 1 yes on enabled /
	                                             false 0 no off disabled); of contacts their role. Other values: not stated. */
};

/* --- a row being put together --- */

struct afd_state {
	struct afd_row_domain_state row;          /* lists point into what follows */
	struct afd_state_list { char **at; size_t n; bool told; } status, name_server, ds;
	struct afd_contact contact[8];            /* texts owned */
	char *name, *registrar;                   /* canonical */
};
void afd_state_release(struct afd_state *s);
/* The value at a field: an element or text. NODE borrowed for the call. */
int afd_state_put(struct afd_state *s, const struct afd_state_path *p, const struct afd_node *value, struct afd_error *err);
/* The same for what is no JSON. */
int afd_state_put_text(struct afd_state *s, const struct afd_state_path *p, const char *text, struct afd_error *err);
/* A list was told, though it may be empty. */
void afd_state_told(struct afd_state *s, enum afd_state_field field);
/* RFC 3339; "2026-08-01 12:00:00" and "08/01/2026" (month first) as UTC. AFD_TIME_NONE: none of them. */
int64_t afd_state_time(const char *text);

/* --- a provider --- */

/* Templates of paths: {domain}, {account}, {page} (from 1), {token} (what next() left, "" on the first page), {id}. */
struct afd_registrar_step {
	const char *path;
	const char *each;                         /* the answer is a list of ids; this is asked for each, and belongs to this step. NULL */
	unsigned last;                            /* of the ids the last so many; 0: all, up to 1000 */
	const char *at;                           /* the answer is no list: path of the one id in it, or of none (null). NULL */
	unsigned each_as;                         /* the answers to `each` count as those of this step in `path` and `event`; 0: of this one */
};
struct afd_registrar {
	const char *list, *names;                 /* all domains of the account; path of their names. NULL: cannot be listed */
	const struct afd_registrar_step *step; size_t n_step;      /* of a domain; the first must be there, others may be absent (404) */
	const char *rows;                         /* n_step 0: the listing tells all: each element there is a domain */
	const struct afd_state_path *path; size_t n_path;
	/* After a page of the listing: appends the token of the next one to ret->next. NULL: one page. */
	int (*next)(const struct afd_node *root, const struct afd_turn *t, const struct afd_response *r, struct afd_page *ret);
	/* Changes the request that the template made (a body, what may stand in the record). NULL. */
	int (*ask)(const struct afd_registrar *r, const struct afd_turn *t, struct afd_ask *q, struct afd_error *err);
	/* In place of JSON: names of a page of the listing, one call each; and an answer about a domain. */
	int (*xml_names)(struct afd_slice body, struct afd_page *ret, const struct afd_turn *t,
			 int (*found)(void *ctx, const char *name, struct afd_error *err), void *ctx, struct afd_error *err);
	int (*xml_page)(struct afd_state *s, unsigned step, struct afd_slice body, struct afd_error *err);
	const char *header, *prefix;              /* how the token is sent (struct afd_registrar_token_config) */
	const char *refused, *accept; int64_t pace_ms; unsigned burst;
	const struct afd_pages_excess *excess; size_t n_excess;
	enum afd_judged (*judge)(const struct afd_response *r);
	/* What an answer tells besides the state: jobs as events. NULL. */
	int (*event)(const struct afd_list *l, unsigned step, const struct afd_node *answer, const struct afd_item_view *item, struct afd_sink *sink,
		     struct afd_error *err);
};

int afd_registrar_scopes(const struct afd_registrar_config *c, struct afd_buf *ret, struct afd_error *err);
/* Also asks for the token, unless recordings are read. */
int afd_registrar_token_scopes(const void *token_config, struct afd_buf *ret, struct afd_error *err);
/* R and C outlive the run. AUTH belongs to it. */
int afd_registrar_begin(const struct afd_registrar *r, const struct afd_source_config *sc, const struct afd_registrar_config *c,
			struct afd_auth *auth, const char *cursor, void **ret, struct afd_error *err);
int afd_registrar_token_begin(const struct afd_registrar *r, const struct afd_source_config *sc, const void *token_config,
			      const char *cursor, void **ret, struct afd_error *err);
int afd_registrar_decode(const struct afd_registrar *r, const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err);
/* Appends the template's path for this turn. ID may be NULL. */
int afd_registrar_fill(const char *path, const struct afd_turn *t, const char *id, struct afd_ask *q, struct afd_error *err);

#endif
