/* XML of strangers, through libxml2 and never more than it must do: no network, no DTD, no entities but the five of XML
 * itself, bounded in size, depth and number of elements. */
#ifndef AFD_API_XML_H
#define AFD_API_XML_H

#include "core/bytes.h"
#include "core/error.h"

struct afd_xml;                                    /* a document, owned */
struct afd_xml_node;                               /* an element, borrowed from its document */

/* NAME is for messages. AFD_E_PARSE: not well-formed, or with a DTD; AFD_E_LIMIT: too deep or too much. */
int afd_xml_parse(struct afd_slice bytes, const char *name, struct afd_xml **ret, struct afd_error *err);
struct afd_xml *afd_xml_free(struct afd_xml *x);   /* NULL */
void afd_xml_release(struct afd_xml **x);

const struct afd_xml_node *afd_xml_root(const struct afd_xml *x);
/* Elements by their local names; NODE may be NULL, then the answer is. */
const char *afd_xml_name(const struct afd_xml_node *n);
bool afd_xml_in(const struct afd_xml_node *n, const char *ns);                     /* is in the namespace NS */
const struct afd_xml_node *afd_xml_child(const struct afd_xml_node *n, const char *name);      /* first; name NULL: any */
const struct afd_xml_node *afd_xml_next(const struct afd_xml_node *n, const char *name);       /* next sibling */
/* Text of an element without elements in it, blanks around it dropped; NULL: no such child. Lives as long as the document. */
const char *afd_xml_text(const struct afd_xml_node *n);
const char *afd_xml_text_of(const struct afd_xml_node *n, const char *child);
/* All text in an element and below, in order, appended. ELEMENT (may be NULL) sees each element first: 1: it wrote what it wanted, what stands
 * in it is passed over; 0: go on; -1: memory ended. */
int afd_xml_prose(const struct afd_xml_node *n, int (*element)(void *ctx, const struct afd_xml_node *n, struct afd_buf *out), void *ctx,
		  struct afd_buf *out);
/* Value of an attribute; NULL: none. */
const char *afd_xml_attribute(const struct afd_xml_node *n, const char *name);

/* Ranges of text of elements and values of attributes whose names name secrets (registrar/secrets.h). -1: not XML. */
int afd_xml_secrets_cut(struct afd_slice xml, struct afd_ranges *cuts, struct afd_error *err);

#endif
