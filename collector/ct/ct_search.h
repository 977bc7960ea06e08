/* Answers of search services, read: one page as a list of certificates. Pure. */
#ifndef AFD_COLLECTOR_CT_SEARCH_H
#define AFD_COLLECTOR_CT_SEARCH_H

#include "core/doc.h"
#include "evidence/sink.h"

/* How far a page goes: elements, those that cannot be read with the reason of the first, names in all, and the id of the
 * last element ("" none, or not a plain one). */
struct afd_ct_page_facts { size_t n, bad, names; char why[200], last[101]; };

/* BYTES: what crt.sh answers to output=json, or SSLMate's issuances; the keys of an element say which. FACTS and SINK
 * may be NULL; PARTS: of the item, which rows may cite. Elements that cannot be read give no row. -1: no page at all. */
int afd_ct_search_read(struct afd_slice bytes, size_t parts, struct afd_sink *sink, struct afd_ct_page_facts *facts, struct afd_error *err);

#endif
