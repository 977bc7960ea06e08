/* The inventory: sections, each a list of things of one kind. A section is a table of fields and a function that makes rows of
 * one entry; where the entry came from, YAML or a line of CSV, no function knows: csv_nodes.c makes nodes of lines. */
#ifndef AFD_COLLECTOR_FILES_INVENTORY_H
#define AFD_COLLECTOR_FILES_INVENTORY_H

#include "collector/files/user.h"
#include "core/when.h"

/* A word that must be the key of a row of TABLE, should there be any row of it. */
struct afd_inv_reference { const struct afd_doc *d; const struct afd_node *node; const char *table, *text; };
/* A name, and the environment that an entry puts it into; says: an entry of environments, else a thing that must agree with them. */
struct afd_inv_place { const struct afd_doc *d; const struct afd_node *node; const char *name, *environment; bool says; };

struct afd_inv {
	struct afd_doc *d;                        /* of the file being read */
	struct afd_uf_rows rows;
	struct afd_error *err;
	struct afd_inv_reference *reference; size_t n_reference, cap_reference;
	struct afd_inv_place *place; size_t n_place, cap_place;
	/* documents whose digest is told by their name (several.h); wanted: names of those that are not, where they are looked for */
	int (*digest)(void *ctx, const char *name, unsigned line, const char **ret, struct afd_error *err); void *digest_ctx;
};

struct afd_inv_section {
	const char *name, *table;
	const struct afd_field *fields;
	int (*row)(struct afd_inv *v, const struct afd_node *n);
};
extern const struct afd_inv_section afd_inv_sections[];          /* in the order in which they are read; ended by a row without name */
const struct afd_inv_section *afd_inv_section_find(const char *name);    /* NULL: none */

int afd_inv_domain(struct afd_inv *v, const struct afd_node *n);
int afd_inv_zone(struct afd_inv *v, const struct afd_node *n);
int afd_inv_service(struct afd_inv *v, const struct afd_node *n);
int afd_inv_certificate(struct afd_inv *v, const struct afd_node *n);
int afd_inv_environment(struct afd_inv *v, const struct afd_node *n);
int afd_inv_credential(struct afd_inv *v, const struct afd_node *n);
int afd_inv_person(struct afd_inv *v, const struct afd_node *n);
int afd_inv_actor(struct afd_inv *v, const struct afd_node *n);
int afd_inv_supplier(struct afd_inv *v, const struct afd_node *n);
int afd_inv_window(struct afd_inv *v, const struct afd_node *n);
int afd_inv_attestation(struct afd_inv *v, const struct afd_node *n);
int afd_inv_response(struct afd_inv *v, const struct afd_node *n);
extern const struct afd_field afd_inv_domain_fields[], afd_inv_zone_fields[], afd_inv_service_fields[], afd_inv_certificate_fields[],
	afd_inv_environment_fields[], afd_inv_credential_fields[], afd_inv_person_fields[], afd_inv_actor_fields[], afd_inv_supplier_fields[],
	afd_inv_window_fields[], afd_inv_attestation_fields[], afd_inv_response_fields[];

/* What sections share. All return -1 with the error. */
extern const char *const afd_inv_tiers[];
int afd_inv_word(struct afd_inv *v, const struct afd_node *n, const char *field, const char *const *words, const char **ret);
int afd_inv_refer(struct afd_inv *v, const struct afd_node *n, const char *field, const char *table);
int afd_inv_put(struct afd_inv *v, const struct afd_inv_place *p);
/* true, false or not said: AFD_V_INT or NULL in *ret->... */
int afd_inv_truth(struct afd_inv *v, const struct afd_node *n, const char *field, struct afd_row_user_value *ret);
#define AFD_V_TIME(col, t) { .column = (col), .i = (t) == AFD_TIME_NONE ? 0 : (t), .is_int = (t) != AFD_TIME_NONE }

/* All entries of LIST, which is absent or a list. */
int afd_inv_each(struct afd_inv *v, const struct afd_inv_section *s, const struct afd_node *list);
/* After the last entry: references, and names in two environments. */
int afd_inv_settle(struct afd_inv *v, const char *name);
void afd_inv_release(struct afd_inv *v);

/* --- CSV --- */

/* The records of a CSV file as maps in a list, in D, whose name is the file's. The head names the fields. SECTION: all are of it;
 * NULL: a column "section" says it for each line. SEE gets each with its section. Cells: several values with ';' between. */
typedef int afd_csv_see(void *ctx, const struct afd_inv_section *s, const struct afd_node *n, struct afd_error *err);
int afd_csv_nodes(struct afd_doc *d, struct afd_slice bytes, const struct afd_inv_section *section, afd_csv_see *see, void *ctx,
		  struct afd_error *err);
bool afd_csv_named(const char *name);                            /* "x.csv" */
int afd_csv_doc(struct afd_slice bytes, const char *name, struct afd_doc **ret, struct afd_error *err);   /* an empty one, for its texts */

#endif
