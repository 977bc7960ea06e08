/* Configurations of DNS servers as one kind of tree: statements with words, and blocks below them. Pure. BIND's own form (as
 * named-checkconf -p prints it, or as people write it), Knot's YAML, NSD's clauses, PowerDNS's lines. */
#ifndef AFD_CONF_SERVER_CONF_H
#define AFD_CONF_SERVER_CONF_H

#include "core/error.h"

enum afd_conf_kind { AFD_CONF_BIND, AFD_CONF_KNOT, AFD_CONF_NSD, AFD_CONF_POWERDNS, AFD_CONF_KINDS };
extern const char *const afd_conf_kind_name[AFD_CONF_KINDS];      /* "bind", "knot", "nsd", "powerdns" */

/* A statement: word[0] is its name. In Knot and NSD an item of a clause (a zone, a key) is a statement named as the clause. */
struct afd_conf_node {
	const char *const *word; size_t n;        /* without quotes */
	const struct afd_conf_node *first, *next, *parent;
	unsigned line;                            /* from 1 */
};
struct afd_conf;
/* RET is the caller's: afd_conf_free(). */
int afd_conf_parse(enum afd_conf_kind kind, struct afd_slice text, struct afd_conf **ret, struct afd_error *err);
struct afd_conf *afd_conf_free(struct afd_conf *c);       /* NULL */
void afd_conf_release(struct afd_conf **c);
/* The statements of the file; .word is empty. */
const struct afd_conf_node *afd_conf_root(const struct afd_conf *c);

/* The first, or the next after AFTER, child of that name; NULL: none. */
const struct afd_conf_node *afd_conf_get(const struct afd_conf_node *n, const char *name, const struct afd_conf_node *after);
/* Word I, or "". */
const char *afd_conf_word(const struct afd_conf_node *n, size_t i);
/* Word 1 of the child of that name; NULL: there is none. */
const char *afd_conf_value(const struct afd_conf_node *n, const char *name);
/* Is W one of the words, from I on? */
bool afd_conf_has(const struct afd_conf_node *n, size_t i, const char *w);

/* What a text looks like; AFD_CONF_KINDS: none of them. */
enum afd_conf_kind afd_conf_guess(struct afd_slice text);
/* Adds the secrets in it: values of "secret", of PowerDNS's keys and passwords. */
int afd_conf_cut(enum afd_conf_kind kind, struct afd_slice text, struct afd_ranges *cuts, struct afd_error *err);

#endif
