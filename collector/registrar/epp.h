/* EPP (RFC 5730-5734) as evidence: what a registry answers and what it puts into the registrar's queue, frame by frame.
 * Pure: frames are made and read here; epp.c asks. Elements are found by namespace and local name, never by schema: one
 * unknown extension must not lose a frame. */
#ifndef AFD_COLLECTOR_EPP_H
#define AFD_COLLECTOR_EPP_H

#include "collector/api/xml.h"
#include "collector/provider.h"

#define AFD_EPP_STATE  "registry-state"           /* coverage of `epp` */
#define AFD_EPP_EVENTS "account-events"           /* coverage of `epp-poll` and `epp-frames` */

/* Services that we know how to read, as a greeting offers them. */
enum {
	AFD_EPP_DOMAIN = 1, AFD_EPP_HOST = 2, AFD_EPP_CONTACT = 4, AFD_EPP_SECDNS = 8, AFD_EPP_RGP = 16, AFD_EPP_CHANGE = 32,
	AFD_EPP_LOGIN_SEC = 64, AFD_EPP_LOCK = 128, AFD_EPP_MAINTENANCE = 256, AFD_EPP_UNHANDLED = 512
};
int afd_epp_greeting(struct afd_slice frame, unsigned *services, struct afd_error *err);

/* The outcome of a command. code: RFC 5730, 3; queue: messages that wait, -1 not told; id: of the one at hand. */
struct afd_epp_result { int code; int64_t queue; char id[64], sv_trid[72]; };
int afd_epp_result(struct afd_slice frame, struct afd_epp_result *ret, struct afd_error *err);

/* Commands, appended. TRID: our transaction id. */
struct afd_epp_login { const char *client_id; struct afd_slice password; unsigned services; const char *agent; };
int afd_epp_put_login(struct afd_buf *to, const struct afd_epp_login *l, const char *trid);
int afd_epp_put_info(struct afd_buf *to, const char *domain, const char *trid);
int afd_epp_put_poll(struct afd_buf *to, const char *ack, const char *trid);       /* ack: message id, or NULL: op="req" */
int afd_epp_put_logout(struct afd_buf *to, const char *trid);

/* Transfer codes and passwords (authInfo, pw, newPW). */
int afd_epp_redact(struct afd_slice frame, struct afd_ranges *cuts, struct afd_error *err);
/* asked: "epp CLIENT-ID COMMAND NAME [secDNS]"; secDNS: it was agreed, so a domain without it has no DS. */
int afd_epp_decode(const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err);

#endif
