/* Records of AWS CloudTrail, wherever they come from: pages of LookupEvents (each record a text in JSON), files that CloudTrail
 * delivers ({"Records":[...]}), lists of records that somebody exported. */
#ifndef AFD_API_AWS_EVENTS_H
#define AFD_API_AWS_EVENTS_H

#include "core/doc.h"
#include "collector/provider.h"
#include "evidence/action.h"

#define AFD_AWS_EVENTS "account-events"

/* Words of a service: "route53" is that of route53.amazonaws.com. NULL: of any. */
struct afd_aws_actions { const char *service; const struct afd_action_row *row; size_t n; };
extern const struct afd_aws_actions afd_aws_actions[];
extern const size_t afd_n_aws_actions;
/* The verb of NAME at SERVICE; text in OTHER ("other.aws.SERVICE.name") when no row knows it. */
const char *afd_aws_action(const char *service, const char *name, char other[96]);

/* Decodes bytes whose scope (account, or "ACCOUNT/SERVICE") and zones ("example.com=Z0123 ...": CloudTrail tells hosted zones by
 * id alone) are known. What cannot be read as a record is a gap in SCOPE, within WINDOW (from == to: an instant at from). */
struct afd_aws_told { const char *scope, *zones; struct afd_span window; };
int afd_aws_decode(const struct afd_item_view *item, const struct afd_aws_told *t, struct afd_sink *sink, struct afd_error *err);

/* Elements of the list that no event can be made of: how many, and why the first. -1: no memory. */
struct afd_aws_faults { uint64_t n, bad; char why[128]; };
int afd_aws_faults(struct afd_slice bytes, struct afd_aws_faults *ret, struct afd_span *at, struct afd_error *err);

/* Time of a record: RFC 3339, or as other collectors write it, with a blank and no zone. -1: none */
int afd_aws_time(const char *text, int64_t *ret);
/* The key of the list of records in a document; *ret NULL: its root is the list. -1: it holds none. */
int afd_aws_list(struct afd_slice bytes, const char **ret);

/* provider->redact, provider->split: data of DNS records stay, anybody can ask for them. */
int afd_aws_redact(struct afd_slice bytes, struct afd_ranges *cuts, struct afd_error *err);
int afd_aws_split(struct afd_slice bytes, struct afd_ranges *parts, struct afd_error *err);

#endif
