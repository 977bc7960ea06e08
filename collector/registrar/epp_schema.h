/* Frames of EPP held against XML schemas, for diagnosis alone: no evidence is refused for it. Strict schemas make a whole
 * frame invalid for one extension that they do not know, so decoders find elements by namespace and name (epp.h), and this says
 * to people what a server sends that the registry's documents do not say. Pure: the schemas come as bytes, what they import or
 * include is looked for among them and nowhere else; nothing is fetched or opened. */
#ifndef AFD_COLLECTOR_EPP_SCHEMA_H
#define AFD_COLLECTOR_EPP_SCHEMA_H

#include "core/bytes.h"
#include "core/error.h"

enum { AFD_EPP_MAX_SCHEMAS = 256, AFD_EPP_MAX_FLAWS = 64 };
#define AFD_EPP_MAX_SCHEMA_FILE (1u << 20)

struct afd_epp_schemas;                           /* owned */
struct afd_epp_schema_file { const char *name; struct afd_slice bytes; };      /* name: as its folder has it, "rgp-1.0.xsd" */

/* LEFT_OUT is told of each file that cannot be used, and why: not a schema, a namespace that an earlier file has, something it needs
 * and that is not here. A document type is cut off before a schema is read: what would need its entities is not
 * well-formed then. AFD_E_CONFIG: no usable schema of EPP itself (RFC 5730) is among them. */
typedef void afd_epp_left_out(void *ctx, const char *name, const char *why);
int afd_epp_schemas_load(const struct afd_epp_schema_file *file, size_t n, afd_epp_left_out *left_out, void *ctx, struct afd_epp_schemas **ret,
			 struct afd_error *err);
struct afd_epp_schemas *afd_epp_schemas_free(struct afd_epp_schemas *s);      /* NULL */
void afd_epp_schemas_release(struct afd_epp_schemas **s);

enum afd_epp_flaw_kind {
	AFD_EPP_INVALID,           /* against the schema named in `schema` */
	AFD_EPP_NO_SCHEMA,         /* an extension of whose namespace no schema is here: that part cannot be judged */
	AFD_EPP_UNANNOUNCED        /* handed over in extValue, as the session did not announce the namespace (RFC 9038): no fault */
};
/* schema: file's name, or NULL where there is none. Texts live during the call. */
struct afd_epp_flaw { enum afd_epp_flaw_kind kind; unsigned line; const char *ns, *schema, *text; };
typedef void afd_epp_flawed(void *ctx, const struct afd_epp_flaw *f);

/* NAME is for messages. FLAWED is told of at most AFD_EPP_MAX_FLAWS, in the order of the frame; what is handed over in extValue
 * is judged by itself where its schema is here, after the rest. Secrets are masked first and stand in no text. AFD_E_PARSE,
 * AFD_E_LIMIT: it cannot be read. */
int afd_epp_validate(const struct afd_epp_schemas *s, struct afd_slice frame, const char *name, afd_epp_flawed *flawed, void *ctx, struct afd_error *err);

#endif
