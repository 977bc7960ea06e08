/* What decoders may say: rows, one struct per kind. A sink takes them; the store's sink (evidence/derive.h) writes
 * tables, a test's sink prints text. All texts are borrowed for the call; NULL = not stated; times ms UTC or
 * AFD_TIME_NONE; names canonical. `part` is the index of the part of the item that says so. */
#ifndef AFD_EVIDENCE_SINK_H
#define AFD_EVIDENCE_SINK_H

#include "core/error.h"
#include "core/when.h"
#include "core/digest.h"

enum afd_grade { AFD_GAP, AFD_SAMPLED, AFD_ASSERTED, AFD_PROVEN };
const char *afd_grade_name(enum afd_grade g);                 /* "gap" ... */
int afd_grade_parse(const char *text, enum afd_grade *ret);   /* 0, or -1 */

/* One resource record in canonical text: rdata in presentation form, names inside lower-case where RFC 4034, 6.2 says
 * so, "\# n hex" for unknown types; type "TXT", "TYPE65280". */
struct afd_rr { const char *owner, *type, *rdata; uint32_t ttl; };

/* The whole zone as one answer gave it, or the differences between two serials, oldest first. */
struct afd_row_zone {
	const char *zone, *server; uint32_t serial; int64_t seen_ms; uint64_t part;
	const struct afd_rr *rr; size_t n;                           /* whole zone; the SOA once */
	bool authenticated;                          /* a TSIG was verified, or TLS showed the server: else coverage is asserted at most */
	bool no_serial;                              /* the source tells none (a provider's list of records): serial is not
	                                                looked at, coverage is sampled at most */
	bool past;                                   /* not as it is now: the differences behind it in the item lead from there. It only
	                                                counts where nothing is known, or nothing as new */
	const char *unserved;                        /* why it came in place of the differences that were asked for, or NULL */
	bool copy;                                   /* from a file that a server wrote: what was served between two copies is not
	                                                known, coverage is sampled at most */
};
struct afd_row_diff {
	const char *zone, *server; uint32_t from, to; int64_t seen_ms; uint64_t part;
	const struct afd_rr *del; size_t n_del; const struct afd_rr *add; size_t n_add;
	bool authenticated;                          /* a TSIG was verified: else coverage is asserted at most */
	struct afd_span at;                          /* when it took effect, where the source says (NSD's .ixfr, a change log);
	                                                { 0, 0 }: it does not: between the last look and seen_ms */
	const char *merged;                          /* why steps between are known to be lost (history merged), or NULL: then
	                                                coverage is sampled at most */
	bool more;                                   /* the source was read in pieces, and the next item goes on: this one's end is no
	                                                look at the zone */
};
/* A single SOA: nothing newer than SERIAL at seen_ms. */
struct afd_row_serial {
	const char *zone, *server; uint32_t serial; int64_t seen_ms; uint64_t part;
	bool authenticated;                          /* a TSIG was verified: else coverage is asserted at most */
};

/* Who says they changed a zone: one transaction as a log gives it. */
/* rdata NULL: log does not say; type NULL: all types; has_ttl: of an add, where the source tells it */
struct afd_claim_rr { const char *owner, *type, *rdata; bool add; uint64_t part; bool has_ttl; uint32_t ttl; };
struct afd_row_claim {
	const char *zone, *credential, *client, *outcome;            /* outcome: applied, no-change, failed, refused, denied, bad-signature,
	                                                                prerequisite, planned, unanswered (the answer was not seen) */
	const char *kind;                                            /* log (NULL is the same), dnstap, audit-event, api-comment, commit, plan,
	                                                                transfer (how it came to a secondary: never who made it) */
	const char *actor;                                           /* a person or account that the source names beside the credential; NULL */
	const char *mac;                                             /* dnstap: verified, failed, not-checked; NULL: no signature was seen */
	bool has_serials; uint32_t serial_from, serial_to;           /* the transition that the log gives */
	const char *claimed;                                         /* key name in a bad signature: claimed, never the actor */
	const char *ref;                                             /* natural key, unique in the source */
	struct afd_span at; uint64_t part;
	const struct afd_claim_rr *rr; size_t n;
};

/* What a zone is meant to hold, from a file, a commit, a tool's output: all that SOURCE declares of the zone as of at_ms;
 * it replaces what the same source declared before. Never taken for what was served. */
struct afd_row_declared {
	const char *zone, *form, *ref;                               /* form: zone-file, git, octodns, dnscontrol; ref: commit, file */
	const struct afd_rr *rr; size_t n; int64_t at_ms; uint64_t part;
};

/* What a credential may do, as the server or provider grants it (not as we declare it): all that SOURCE knows of SCOPE
 * (a zone, an account) as of at_ms; it replaces what the same source said before. */
struct afd_grant {
	const char *credential;                                      /* key name, token id; "" anybody */
	const char *owner;                                           /* exact name, "*.x" for everything below x, "*" for all */
	const char *type;                                            /* record type, or "*" */
	const char *action;                                          /* update, transfer, query, or a provider's permission */
	const char *condition;                                       /* what else must hold (addresses, MFA), in words; NULL */
	const char *raw; uint64_t part;                              /* as it stands there */
};
struct afd_row_grants { const char *scope; const struct afd_grant *grant; size_t n; int64_t at_ms; };

/* --- live: always from recorded packets --- */

struct afd_row_cert_name { const char *name; const char *kind; };  /* kind: dns, ip, cn; name as canonical as it can be */

/* One question and what came of it. */
struct afd_answer_rr { const char *section; struct afd_rr rr; };      /* section: answer, authority, additional */
struct afd_row_answer {
	const char *purpose;                                         /* soa, ns, ds, dnskey, caa, challenge, glue, open-transfer, chain, target ... */
	const char *zone, *server, *address;                         /* zone it is about; name and address of the server asked */
	const char *qname, *qtype, *outcome;                         /* outcome: rcode ("NOERROR"), timeout, unreachable, malformed */
	bool aa, tc, ra, ad;
	const struct afd_answer_rr *rr; size_t n;
	int64_t at_ms; uint64_t part;
};
/* A validator's verdict at the time of the observation. validator: affidavit, libunbound; state: secure, insecure, bogus,
 * indeterminate. expires_ms: the first end of a signature of the zone itself, or
 * AFD_TIME_NONE. */
struct afd_row_dnssec {
	const char *zone, *name, *type, *server, *validator, *state, *reason, *algorithm;
	int64_t at_ms, expires_ms; uint64_t part;
};
/* A TLS end point as it presented itself. outcome: presented, refused, timeout, handshake-failed; then the rest is NULL.
 * name_match: the host stands in the certificate. */
struct afd_row_endpoint {
	const char *host, *address, *protocol, *outcome, *reason;
	uint16_t port;
	const char *cert_sha256, *tbs_key, *serial, *issuer, *issuer_key_hash, *spki_sha256;   /* as in afd_row_cert */
	int64_t not_before, not_after;
	const struct afd_row_cert_name *name; size_t n;
	bool name_match, chain_ok; const char *chain_reason;         /* chain_ok: every certificate is signed by the next, up to a root of the store */
	int64_t at_ms; uint64_t part;
};
/* Anything counted or read that no other row tells: query-failure counters, settings of a server. */
struct afd_row_observation {
	const char *kind, *subject, *name, *value;                   /* kind: dns-counter, server-setting ... */
	int64_t number;                                              /* AFD_TIME_NONE: value is no number */
	struct afd_span at; uint64_t part;
};

/* Who asked for a certificate, as the client's log or a list tells. outcome: requested, issued, failed, renewed, revoked. */
struct afd_row_issuance {
	const char *client, *ref, *account, *challenge, *outcome, *reason;   /* client: certbot, lego, cert-manager, list */
	const char *serial, *cert_sha256, *tbs_key;                  /* of the certificate where it is told, hex; or NULL */
	const char *const *name; size_t n;
	struct afd_span at; uint64_t part;
};
/* A certificate that we hold or run, logged or not (private CAs). place: file or secret it lies in. */
/* What an authority said. issuer_key_hash: whose signature it bears; "" nobody's: its states are "unknown" then. known_key_hash: under
 * which the serials are known. state: good, revoked, unknown. Times AFD_TIME_NONE: not stated. */
struct afd_row_revoked { const char *serial, *state, *reason; int64_t revoked_ms; };
struct afd_row_revocation {
	const char *method, *url, *issuer_key_hash, *known_key_hash;
	int64_t this_update, next_update, at_ms; uint64_t entries;
	const struct afd_row_revoked *serial; size_t n; uint64_t part;
};
struct afd_row_held {
	const char *place, *owner, *purpose, *cert_sha256, *tbs_key, *serial, *issuer, *issuer_key_hash, *spki_sha256;
	int64_t not_before, not_after, seen_ms; uint64_t part;
	const struct afd_row_cert_name *name; size_t n;
};

/* --- accounts and registries: state as it was told at an instant ---
 * Three-valued: what was not stated stays not known, it is never "no". A list that was stated may be empty. What differs
 * from the last state of the same source becomes an event of the kind "state-difference", somewhere between the two looks. */
enum afd_known { AFD_NOT_STATED, AFD_NO, AFD_YES, AFD_WITHHELD };
struct afd_told_list { enum afd_known known; const char *const *at; size_t n; };   /* AFD_YES: at[n]; sorted or not */
struct afd_contact { const char *role, *handle, *name, *email; bool withheld; };    /* role: registrant, admin, tech, billing, abuse */

/* A domain. view: registry (RDAP or EPP of the registry), registrar (RDAP of the registrar), provider (its account API). */
struct afd_row_domain_state {
	const char *domain, *view, *account, *registrar, *registrar_id, *roid;   /* registrar_id: of IANA, or EPP's clID */
	struct afd_told_list status;              /* EPP names: clientTransferProhibited ... (RFC 5731, 3915); unknown words as told */
	struct afd_told_list name_server;         /* canonical names */
	struct afd_told_list ds;                  /* "TAG ALG DIGESTTYPE DIGEST", digest in lower case hex */
	const struct afd_contact *contact; size_t n_contact; enum afd_known contacts;
	enum afd_known transfer_lock, registry_lock, auto_renew, privacy, auth_code;   /* auth_code: one is set; never the code */
	int64_t created_ms, updated_ms, transferred_ms, expires_ms, registrar_expires_ms;   /* AFD_TIME_NONE: not stated */
	int64_t data_ms;                          /* age of the answer as the server says, or AFD_TIME_NONE */
	int64_t seen_ms; uint64_t part;
};

/* A change that a registry announces with the object as it was or as it is (RFC 8590): one half. The other half has the same
 * REF and domain; either may come first, or never. EVENT is the log's own line, the same for both halves; what differs
 * between them (without a "before": from the last state that is known) becomes events by its actor at its time. What an "after"
 * says is the state of now, too; state->view says whose. */
struct afd_row_domain_change { const struct afd_row_domain_state *state; const struct afd_row_event *event; const char *ref; bool before; };

/* All credentials of an account as the provider lists them at seen_ms; one that is gone from the list was removed. */
struct afd_credential_state {
	const char *id, *kind, *name, *owner, *status;          /* kind: api-token, api-key, access-key, service-account, tsig-key */
	const char *scopes, *limits;                            /* scopes: permissions in one line, sorted; limits: addresses ... */
	int64_t created_ms, expires_ms, used_ms, rotated_ms;    /* AFD_TIME_NONE: not stated; expires AFD_FOREVER: never */
	uint64_t part;
};
struct afd_row_credentials { const char *account; const struct afd_credential_state *at; size_t n; int64_t seen_ms; bool partial; };
/* partial: the provider does not list all: nothing is concluded from absence. The same for members. */
struct afd_member_state { const char *id, *name, *email, *roles, *status; enum afd_known mfa; int64_t seen_login_ms; uint64_t part; };
struct afd_row_members { const char *account; const struct afd_member_state *at; size_t n; int64_t seen_ms; bool partial; };

/* One event; action: a verb of evidence/action.h, or "other.SOURCE.WORD". */
struct afd_row_event {
	const char *account, *action, *raw_action, *domain, *object_kind, *object;
	const char *actor_kind, *actor, *credential, *origin, *channel, *mfa, *before, *after, *outcome, *provider_ref;
	const char *record_kind;                                     /* log, job, state-difference, public */
	struct afd_span at; uint64_t part;
};

struct afd_row_cert_sct { const char *log_id; int64_t timestamp, index; };   /* log_id: hex; index: -1 not stated */
struct afd_row_cert_url { const char *kind, *url; };            /* crl, ocsp, issuer */
struct afd_row_cert {
	const char *log; uint64_t index; int64_t logged_ms; bool precert;
	const char *tbs_key;                                         /* hex SHA-256 of TBS without poison and SCT list */
	const char *serial, *issuer, *issuer_key_hash, *spki_sha256;  /* hex; issuer: one-line name */
	int64_t not_before, not_after; uint64_t part;
	const struct afd_row_cert_name *name; size_t n;
	bool proven;                                                 /* inclusion proof in the item leads to a verified head */
	const char *policies;                                        /* OIDs with blanks between; "" none */
	const struct afd_row_cert_sct *sct; size_t n_sct;            /* of a final certificate */
	const char *key_algorithm, *signature_algorithm; int64_t key_bits;   /* as the columns; NULL and 0: not read */
	const struct afd_row_cert_url *url; size_t n_url;
	const char *chain;                                           /* NULL: none was sent along; "": it belongs to the leaf; else why not */
};
struct afd_row_unparsed { const char *log; uint64_t index; const char *reason; uint64_t part; };
struct afd_row_ct_head { const char *log, *root; uint64_t size; int64_t timestamp; uint64_t part; };
/* A signature under a head besides the log's. type: of the key (static-ct-api, tlog-cosignature), -1 not known; state:
 * verified (by a key that we were given), unknown (nobody gave us its key), unreadable (of a type that we cannot verify). */
struct afd_row_ct_signature { const char *log, *name, *state; uint64_t size; int type; int64_t signed_ms; uint64_t part; };
/* A range that was read and verified: entries [from, to). */
struct afd_row_ct_range { const char *log, *watch; uint64_t from, to, hits, unparsable, head_size; int64_t head_ms; uint64_t part; };
/* What a log did that it never may. kind: fork, rollback, future, frozen, head, root, entry, hashes, consistency, final.
 * proven: the two signed heads in the item contradict each other. */
struct afd_row_ct_incident { const char *log, *kind, *text; int64_t seen_ms; bool lasting, proven; uint64_t part; };
/* One log of a list. source: the name under which it is read. state: pending, qualified, usable, readonly, retired, rejected,
 * unstated; expected_to: not expected from then on, AFD_TIME_NONE: never expected; AFD_FOREVER: no end is known. */
struct afd_row_ct_log {
	const char *source, *log_id, *log, *description, *operator, *kind, *url, *state, *left_out;
	int64_t state_ms, mmd_ms, from_ms, to_ms, expected_to, lag_ms; uint64_t part;
};
/* The list that they stand in: a new one replaces what the last one of the same source said. */
struct afd_row_ct_list { const char *list, *version, *sha256; int64_t timestamp; uint64_t logs, part; };

/* What a search service says: a certificate that was logged somewhere. No proof of anything until a log shows it.
 * tbs_sha256 and serial: in hex, "" not told; issuer as in afd_row_cert, or as the service has it; name: canonical.
 * logged_ms: when the service says it was logged, or AFD_TIME_NONE. */
struct afd_row_search {
	const char *provider, *ref, *tbs_sha256, *serial, *issuer;
	int64_t not_before, not_after, logged_ms; uint64_t part;
	const char *const *name; size_t n;
	const struct afd_row_cert_sct *sct; size_t n_sct;            /* of the certificate, where the service gives it */
};

/* A time-stamp over a signed head of this ledger, as its token claims; or why there is none (time_ms AFD_TIME_NONE). */
struct afd_row_anchor {
	uint64_t size; const char *root, *note_sha256;               /* the head, and SHA-256 of its signed note; hex */
	const char *authority, *reason; int64_t time_ms; uint64_t part;
};

/* A finding that somebody was told of, or was not. severity, status: as they were then. channel: what was run or written to. */
struct afd_row_notice {
	const char *finding, *check, *resource, *severity, *status, *channel;
	const char *outcome;                                         /* delivered, failed */
	const char *reason;                                          /* of a failure, or NULL; in no table */
	int64_t t; uint64_t part;
};

struct afd_row_coverage {
	const char *evidence, *scope, *watch;                        /* watch: digest of the watched names, or NULL */
	struct afd_span at; enum afd_grade grade; const char *reason;
	int64_t provider_count, stored_count;                        /* -1 unknown */
	int64_t lag_ms; uint64_t part;
};
struct afd_row_watch { const char *digest, *name; uint64_t part; };

/* Rows of the user's files. A file item replaces everything that the last item of the same TABLE and FILE said; the
 * sink keeps recorded_at of rows whose content stays the same, and lists what came, went and changed as scope_edit.
 * A row of `approval` that is gone from its file is withdrawn; a `source` that is gone stays, not configured, and its
 * scopes stay expected, until a row with retired_ms names it (it may give only that). source_scope is made from source.
 * Columns are given as name/value pairs by the tables in collector/files/ (schema.sql group "inventory"). */
struct afd_row_user_value { const char *column; const char *text; int64_t i; bool is_int; };   /* text NULL and !is_int: NULL */
struct afd_row_user { const char *table, *key; const struct afd_row_user_value *v; size_t n; uint64_t part; };

struct afd_sink {
	void *ctx;
	int (*zone)(void *ctx, const struct afd_row_zone *r, struct afd_error *err);
	int (*diff)(void *ctx, const struct afd_row_diff *r, struct afd_error *err);
	int (*serial)(void *ctx, const struct afd_row_serial *r, struct afd_error *err);
	int (*claim)(void *ctx, const struct afd_row_claim *r, struct afd_error *err);
	int (*declared)(void *ctx, const struct afd_row_declared *r, struct afd_error *err);
	int (*grants)(void *ctx, const struct afd_row_grants *r, struct afd_error *err);
	int (*answer)(void *ctx, const struct afd_row_answer *r, struct afd_error *err);
	int (*dnssec)(void *ctx, const struct afd_row_dnssec *r, struct afd_error *err);
	int (*endpoint)(void *ctx, const struct afd_row_endpoint *r, struct afd_error *err);
	int (*observation)(void *ctx, const struct afd_row_observation *r, struct afd_error *err);
	int (*issuance)(void *ctx, const struct afd_row_issuance *r, struct afd_error *err);
	int (*held)(void *ctx, const struct afd_row_held *r, struct afd_error *err);
	int (*revocation)(void *ctx, const struct afd_row_revocation *r, struct afd_error *err);
	int (*event)(void *ctx, const struct afd_row_event *r, struct afd_error *err);
	int (*domain_state)(void *ctx, const struct afd_row_domain_state *r, struct afd_error *err);
	int (*domain_change)(void *ctx, const struct afd_row_domain_change *r, struct afd_error *err);
	int (*credentials)(void *ctx, const struct afd_row_credentials *r, struct afd_error *err);
	int (*members)(void *ctx, const struct afd_row_members *r, struct afd_error *err);
	int (*cert)(void *ctx, const struct afd_row_cert *r, struct afd_error *err);
	int (*unparsed)(void *ctx, const struct afd_row_unparsed *r, struct afd_error *err);
	int (*ct_head)(void *ctx, const struct afd_row_ct_head *r, struct afd_error *err);
	int (*ct_signature)(void *ctx, const struct afd_row_ct_signature *r, struct afd_error *err);
	int (*ct_range)(void *ctx, const struct afd_row_ct_range *r, struct afd_error *err);
	int (*ct_incident)(void *ctx, const struct afd_row_ct_incident *r, struct afd_error *err);
	int (*ct_list)(void *ctx, const struct afd_row_ct_list *r, struct afd_error *err);
	int (*ct_log)(void *ctx, const struct afd_row_ct_log *r, struct afd_error *err);
	int (*search)(void *ctx, const struct afd_row_search *r, struct afd_error *err);
	int (*coverage)(void *ctx, const struct afd_row_coverage *r, struct afd_error *err);
	int (*watch)(void *ctx, const struct afd_row_watch *r, struct afd_error *err);
	int (*anchor)(void *ctx, const struct afd_row_anchor *r, struct afd_error *err);
	int (*notice)(void *ctx, const struct afd_row_notice *r, struct afd_error *err);
	/* tables: NULL-ended list of the tables that this file speaks for, rows or not */
	int (*user_begin)(void *ctx, const char *const *tables, struct afd_error *err);
	int (*user)(void *ctx, const struct afd_row_user *r, struct afd_error *err);
	int (*user_end)(void *ctx, struct afd_error *err);
};

#endif
