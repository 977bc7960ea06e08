/* Google Cloud's audit logs: entries as entries:list gives them, as gcloud prints them, or as a sink writes them, one a line. */
#ifndef AFD_API_GOOGLE_AUDIT_H
#define AFD_API_GOOGLE_AUDIT_H

#include "collector/api/auth.h"
#include "collector/provider.h"
#include "core/doc.h"

#define AFD_GOOGLE_EVENTS "account-events"

/* The verb of a method ("dns.changes.create", "google.cloud.domains.v1.Domains.DeleteRegistration") of a service; text in OTHER when no row
 * knows it. */
const char *afd_google_action(const char *service, const char *method, char other[96]);

/* ZONES: "example.com=name-of-the-zone ...", as in audit_claim.h: the log tells zones by their names in the project. */
struct afd_google_told { const char *scope, *zones; };
int afd_google_decode(const struct afd_item_view *item, const struct afd_google_told *t, struct afd_sink *sink, struct afd_error *err);

/* Where the entries of a file stand; they are the odd parts. */
int afd_google_split(struct afd_slice bytes, struct afd_ranges *parts, struct afd_error *err);
int afd_google_redact(struct afd_slice bytes, struct afd_ranges *cuts, struct afd_error *err);
/* How many entries there are, from when to when, and why the first of those is bad of which no event can be made. -1: no list of entries. */
struct afd_google_faults { uint64_t n, bad; char why[128]; struct afd_span at; };
int afd_google_faults(struct afd_slice bytes, struct afd_google_faults *ret, struct afd_error *err);

/* For spec->excess: which of PERMISSIONS ("\"a.b\",\"c.d\"") the service account holds in PROJECT, asked with AFD_GOOGLE_TEST_SCOPE among
 * the scopes of its token; afd_google_holds_any() is .shown. */
#define AFD_GOOGLE_TEST_SCOPE "https://www.googleapis.com/auth/iam.test"
int afd_google_ask_permissions(const char *project, const char *permissions, struct afd_ask *q, struct afd_error *err);
bool afd_google_holds_any(void *own, const struct afd_response *r);

#endif
