/* Validation of recorded answers, at the time of the observation: RFC 4035, 5; RFC 5155, 8; RFC 6840; RFC 9276. Pure. The
 * arithmetic of one signature is ldns's; which sets, keys and proofs count is decided here. */
#ifndef AFD_PROBE_DNSSEC_H
#define AFD_PROBE_DNSSEC_H

#include "collector/probe/probe_item.h"

enum { DNSSEC_KEYS = 32, DNSSEC_SIGNATURES = 16, DNSSEC_RECORDS = 200, DNSSEC_PROOFS = 16, DNSSEC_ITERATIONS = 150,
       DNSSEC_WORK = 50000, DNSSEC_WASTED = 50 };

enum dnssec_state { DNSSEC_SECURE, DNSSEC_INSECURE, DNSSEC_BOGUS, DNSSEC_INDETERMINATE };
const char *afd_dnssec_state_name(enum dnssec_state s);

struct dnssec_key { struct afd_slice rdata; uint16_t flags, tag; uint8_t algorithm; };
/* Keys of a zone that are trusted, or one that is tried. */
struct dnssec_keys { struct afd_dns_name zone; struct dnssec_key at[DNSSEC_KEYS]; size_t n; };

/* What came out on the way. WORK: signatures that may still be tried, so that no answer costs for ever (CVE-2023-50387). */
struct dnssec_run {
	int64_t now_ms, expires_ms;               /* expires_ms: the first end of a signature that was used, or AFD_TIME_NONE */
	uint32_t algorithms;                      /* that were used: bit by number */
	unsigned work;                            /* a signature takes one, one that does not hold DNSSEC_WASTED */
	char reason[200];
};

/* A set of records and what its signatures are worth. */
struct dnssec_set { unsigned records, labels; uint32_t algorithms; bool found, verified; };
/* OWNER's records of TYPE in SECTION. ret->verified: a signature by one of KEYS holds now; else run->reason says why not.
 * labels: of the name that was signed (fewer than OWNER's: a wildcard). algorithms: of all signatures that hold. */
void afd_dnssec_set(const struct afd_dns_message *m, unsigned section, const struct afd_dns_name *owner, uint16_t type,
		    const struct dnssec_keys *keys, struct dnssec_run *run, struct dnssec_set *ret);

void afd_dnssec_keys_read(const struct afd_dns_message *m, const struct afd_dns_name *zone, struct dnssec_keys *ret);
bool afd_dnssec_key_parse(struct afd_slice rdata, struct dnssec_key *ret);
/* Is KEY of ZONE the one of this DS? */
bool afd_dnssec_ds_matches(struct afd_slice ds, const struct afd_dns_name *zone, const struct dnssec_key *key);
bool afd_dnssec_algorithm_known(unsigned algorithm);      /* that a validator is to accept: RFC 9904, 9905 */
bool afd_dnssec_digest_known(unsigned digest);

unsigned afd_dnssec_labels(const struct afd_dns_name *n);
/* N without its first label; false: it is the root. */
bool afd_dnssec_parent(const struct afd_dns_name *n, struct afd_dns_name *ret);
/* RFC 4034, 6.1 */
int afd_dnssec_compare(const struct afd_dns_name *a, const struct afd_dns_name *b);

/* --- proofs that something is not there (denial.c) --- */

/* One NSEC or NSEC3 record whose signature holds. */
struct dnssec_proof {
	bool hashed, opt_out;
	struct afd_dns_name owner, next;          /* NSEC */
	uint8_t hash[20], next_hash[20];          /* NSEC3 */
	unsigned iterations; struct afd_slice salt;
	struct afd_slice types;                   /* bitmap */
};
struct dnssec_proofs { struct afd_dns_name zone; struct dnssec_proof at[DNSSEC_PROOFS]; size_t n; bool too_costly; };
/* Those of M's authority section that hold. */
void afd_dnssec_proofs(const struct afd_dns_message *m, const struct dnssec_keys *keys, struct dnssec_run *run, struct dnssec_proofs *ret);
/* SECURE: proven; INSECURE: an unsigned delegation may hide there (opt-out, or iterations beyond what validators count);
 * BOGUS: not proven. */
enum dnssec_state afd_dnssec_no_name(const struct dnssec_proofs *p, const struct afd_dns_name *name);
enum dnssec_state afd_dnssec_no_type(const struct dnssec_proofs *p, const struct afd_dns_name *name, uint16_t type);
/* Of a zone below: SECURE: it is cut off here and has no DS; INSECURE: opt-out or cost hides it; BOGUS: not proven. */
enum dnssec_state afd_dnssec_no_ds(const struct dnssec_proofs *p, const struct afd_dns_name *zone);
/* No closer name than the wildcard of LABELS labels that answered. */
enum dnssec_state afd_dnssec_no_closer(const struct dnssec_proofs *p, const struct afd_dns_name *name, unsigned labels);
bool afd_dnssec_has_type(struct afd_slice bitmap, uint16_t type);
/* RFC 5155, 5 */
void afd_dnssec_nsec3_hash(const struct afd_dns_name *n, struct afd_slice salt, unsigned iterations, uint8_t ret[20]);

#endif
