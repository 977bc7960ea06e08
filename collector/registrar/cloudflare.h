/* Account audit logs, version 2, of Cloudflare: what the asking half (cloudflare_audit.c) and the decoding half
 * (cloudflare_events.c) share. */
#ifndef AFD_COLLECTOR_CLOUDFLARE_H
#define AFD_COLLECTOR_CLOUDFLARE_H

#include "collector/provider.h"

#define AFD_CLOUDFLARE_EVIDENCE "account-events"

/* A page, read: the entries and what must be known of them to go on. */
struct afd_cloudflare_page {
	struct afd_doc *doc;
	const struct afd_node *entries;          /* the list; NULL when "result" is null */
	size_t n;
	const char *cursor;                      /* NULL: no further page */
	int64_t count;                           /* the provider's, -1 not given */
};
int afd_cloudflare_page_read(struct afd_slice bytes, struct afd_cloudflare_page *ret, struct afd_error *err);
void afd_cloudflare_page_release(struct afd_cloudflare_page *p);

/* Entries of the page that no event can be made of. BAD: where in time they may belong, inside of WINDOW. */
struct afd_cloudflare_bad { size_t n; struct afd_span at; char why[256]; };
void afd_cloudflare_page_bad(const struct afd_cloudflare_page *p, struct afd_span window,
			     struct afd_cloudflare_bad *ret);

int afd_cloudflare_decode(const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err);

#endif
