/* From events of a provider's audit log to claims about a zone, so that what was seen to change in a hosted zone finds who did
 * it. For every audit log: Cloudflare's, CloudTrail's ChangeResourceRecordSets, Google's dns.changes.create, Azure's writes
 * of record sets. */
#ifndef AFD_API_AUDIT_CLAIM_H
#define AFD_API_AUDIT_CLAIM_H

#include "core/doc.h"
#include "core/name.h"
#include "evidence/sink.h"

/* A record as the event tells it. owner: absolute, in any form; type NULL: not told; rdata in presentation form, NULL: not
 * told. raw_text: rdata of TXT is the text itself, unless it begins with a quote. */
struct afd_audit_record { const char *owner, *type, *rdata; bool add, raw_text; };

struct afd_audit_claim {
	const char *zone;                         /* in any form; NULL or no name: no claim is made */
	const char *actor, *credential, *origin;  /* person or account; token or key; address; NULL not told */
	const char *ref;                          /* the event's id, unique in the source */
	bool applied;                             /* the provider says that it did so; else it failed or was refused */
	bool refused;                             /* the provider says that the actor may not */
	int64_t at_ms; uint64_t part;
	const struct afd_audit_record *record; size_t n;   /* none: it is not told which */
};
/* Makes one claim of the kind "audit-event", records in canonical form. A record whose data cannot be read has none. */
int afd_audit_claim(const struct afd_audit_claim *c, struct afd_sink *sink, struct afd_error *err);

/* Where a log tells hosted zones by an id, the configuration says which is which: "example.com=ID" each. The decoder finds them in
 * what the record says it asked, as one text with blanks between. _text: owned; NULL: no memory. _find: NULL: not among them. */
int afd_audit_zones_check(const struct afd_texts *zones, struct afd_error *err);
char *afd_audit_zones_text(const struct afd_texts *zones);
const char *afd_audit_zones_find(const char *zones, const char *id, char ret[AFD_NAME_MAX]);
/* What stands behind " zones=" in ASKED; NULL: nothing. */
const char *afd_audit_zones_asked(const char *asked);

#endif
