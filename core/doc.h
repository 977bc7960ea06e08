/* One strict reader for JSON and YAML: a tree of nodes that know their line, and tables of fields that turn a
 * node into a struct. Duplicate and unknown keys are errors; every error names file, line, field, found, expected. */
#ifndef AFD_CORE_DOC_H
#define AFD_CORE_DOC_H

#include "core/error.h"

enum afd_node_type { AFD_NULL, AFD_BOOL, AFD_INT, AFD_REAL, AFD_TEXT, AFD_LIST, AFD_MAP };

struct afd_node {
	enum afd_node_type type;
	unsigned line;                 /* from 1 */
	struct afd_slice raw;          /* JSON lists and maps: their own bytes in the input, so that a part can be cut; else empty */
	const char *key;               /* name in the map that holds it, or NULL */
	const struct afd_node *parent, *next;
	union {
		int64_t i;             /* INT, BOOL */
		double real;
		struct { const char *s; size_t len; } text;      /* UTF-8, NUL-terminated, may hold no NUL inside */
		struct { const struct afd_node *first; size_t n; } list;   /* LIST and MAP, in the order of the file */
	} u;
};

struct afd_doc;                        /* owns nodes and everything that fields point into */

/* NAME is for messages. JSON: RFC 8259 through jansson, no duplicate keys, no NUL, no trailing text. */
int afd_json_parse(struct afd_slice bytes, const char *name, struct afd_doc **ret, struct afd_error *err);
/* YAML: one document, no anchors, aliases, tags or merge keys; plain scalars by YAML 1.2 core rules ("no" is text). */
int afd_yaml_parse(struct afd_slice bytes, const char *name, struct afd_doc **ret, struct afd_error *err);
const struct afd_node *afd_doc_root(const struct afd_doc *d);
const char *afd_doc_name(const struct afd_doc *d);
struct afd_doc *afd_doc_free(struct afd_doc *d);    /* NULL */
void afd_doc_release(struct afd_doc **d);
void *afd_doc_alloc(struct afd_doc *d, size_t n);   /* zeroed, lives as long as d; NULL when memory ends */

const struct afd_node *afd_node_get(const struct afd_node *map, const char *key);   /* NULL: absent, or not a map */
const char *afd_node_text(const struct afd_node *n);                                /* NULL: not text */
const char *afd_node_type_name(const struct afd_node *n);                           /* "null", "a string", "nothing" for NULL */
/* "policy.yaml:12: waivers[0].expires: expected EXPECTED, got ..." */
int afd_node_fail(const struct afd_doc *d, const struct afd_node *n, struct afd_error *err, const char *expected);

enum afd_field_kind {
	AFD_FIELD_TEXT,        /* const char *; non-empty */
	AFD_FIELD_NAME,        /* const char *; canonical DNS name */
	AFD_FIELD_INT,         /* int64_t */
	AFD_FIELD_BOOL,        /* bool */
	AFD_FIELD_TIME,        /* int64_t ms; RFC 3339 */
	AFD_FIELD_DURATION,    /* int64_t ms; "90d" */
	AFD_FIELD_TEXTS,       /* struct afd_texts */
	AFD_FIELD_NAMES,       /* struct afd_texts of canonical names */
	AFD_FIELD_NODE,        /* const struct afd_node *: read further by its own table */
	AFD_FIELD_SECRET,      /* const char *: a reference env: file: fd: exec:, never the secret itself */
	AFD_FIELD_IGNORE,      /* known, not kept */
};
enum { AFD_OPTIONAL = 0, AFD_REQUIRED = 1 };

struct afd_texts { const char *const *at; size_t n; };
struct afd_field {
	const char *name;
	enum afd_field_kind kind;
	int need;
	size_t offset;
	const char *help;      /* for --help and docs; may be NULL */
	const struct afd_field *sub;   /* NODE: a map that must fit these fields; checked with the map that holds it */
};

/* Reads MAP by FIELDS (ended by a row without name) into OUT, which the caller has set to defaults: an absent or null
 * optional field leaves its default. Texts live as long as D. Unknown keys are errors (AFD_E_CONFIG), except with _loose,
 * which is for what strangers send (AFD_E_PARSE) and takes "" in an optional field for nothing. */
int afd_fields_read(struct afd_doc *d, const struct afd_node *map, const struct afd_field *fields, void *out, struct afd_error *err);
int afd_fields_read_loose(struct afd_doc *d, const struct afd_node *map, const struct afd_field *fields, void *out, struct afd_error *err);

/* Writing JSON: sorted ASCII keys are the caller's duty through jansson (JSON_SORT_KEYS | JSON_COMPACT). */

#endif
