/* A zone as a file holds it: a server's copy, or what people and their tools declare. What the two sources (zone_file.c,
 * zone_declared.c) share: the file and what it includes as one item, and its records. */
#ifndef AFD_ZONE_ZONE_COPY_H
#define AFD_ZONE_ZONE_COPY_H

#include "collector/provider.h"
#include "collector/zone/zone_set.h"

enum { AFD_COPY_PARTS = 64 };                     /* files of one zone */

enum afd_copy_form { AFD_COPY_ZONE_FILE, AFD_COPY_OCTODNS, AFD_COPY_DNSCONTROL };
int afd_copy_form_parse(const char *text, enum afd_copy_form *ret);       /* -1: none of them */
const char *afd_copy_form_name(enum afd_copy_form f);

/* The records of an item's bytes: PARTS are the file, then each included one in the order in which they are first named. FN
 * as in afd_zone_text_walk(). WANTED: NULL, or gets the name of the file that is included and not there yet (then -1). *LEFT_OUT: values of
 * types that are a tool's own. */
int afd_copy_walk(enum afd_copy_form form, const char *zone, struct afd_slice bytes, const struct afd_ranges *parts, bool include,
                  struct afd_buf *wanted, uint64_t *left_out, afd_zone_rr_fn fn, void *ctx, struct afd_error *err);
/* zone_octodns.c: YAML of one zone as octodns-dump writes it; JSON of `dnscontrol print-ir`. Types of a tool's own (ALIAS,
 * URL redirects ...) are no records and are counted in *SKIPPED. */
int afd_octodns_walk(struct afd_slice bytes, const struct afd_dns_name *zone, afd_zone_rr_fn fn, void *ctx, uint64_t *skipped,
                     struct afd_error *err);
/* One set of an octoDNS document, {ttl, value or values}, of TYPE at OWNER (relative; "" the apex). */
int afd_octodns_set_walk(const struct afd_doc *d, const struct afd_node *set, const char *owner, const char *type, const struct afd_dns_name *zone,
                         afd_zone_rr_fn fn, void *ctx, uint64_t *skipped, struct afd_error *err);
int afd_dnscontrol_walk(struct afd_slice bytes, const struct afd_dns_name *zone, afd_zone_rr_fn fn, void *ctx, uint64_t *skipped,
                        struct afd_error *err);

/* --- the source --- */

struct afd_copy_config {
	const char *zone, *path, *versions, *form;
	bool include;
};
/* What makes one kind of source of the shared walk */
struct afd_copy_kind { const char *evidence; bool declared; };

int afd_copy_scopes(const struct afd_copy_config *c, struct afd_buf *ret, struct afd_error *err);
int afd_copy_begin(const struct afd_copy_kind *kind, const struct afd_source_config *c, const struct afd_copy_config *config,
                   const char *cursor, void **ret, struct afd_error *err);
int afd_copy_next(void *state, struct afd_request *q, struct afd_error *err);
int afd_copy_take(void *state, const struct afd_response *r, const struct afd_error *why, struct afd_keeper *keep, struct afd_error *err);
void afd_copy_end(void *state);

/* What an item says it is: "text/dns; zone=example.test; form=zone-file; include" */
struct afd_copy_told { char zone[256]; enum afd_copy_form form; bool include; };
int afd_copy_told(const struct afd_item_view *item, struct afd_copy_told *ret, struct afd_error *err);

#endif
