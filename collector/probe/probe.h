/* What the files of a probe share: a plan that runs again and again over what is known already.
 *
 * The plan of a zone is plain code that asks questions as if the answers were there. A question that was not asked yet is
 * left in WANT and everything unwinds; the engine carries it out, its answer is remembered, and the plan runs again from
 * its start. So there is no state machine, and what was asked is a function of the answers. */
#ifndef AFD_PROBE_H
#define AFD_PROBE_H

#include "collector/probe/probe_item.h"

/* Longer names than PROBE_NAME have escapes in every label; nobody has them. */
enum { PROBE_NAME = 400, PROBE_SERVERS = 32, PROBE_HOSTS = 16, PROBE_DEPTH = 4, PROBE_STEPS = 20000, PROBE_ZONE_QUESTIONS = 1500 };
enum { RR_A = 1, RR_NS = 2, RR_CNAME = 5, RR_MX = 15, RR_TXT = 16, RR_AAAA = 28, RR_DS = 43, RR_RRSIG = 46, RR_NSEC = 47, RR_DNSKEY = 48,
       RR_NSEC3 = 50, RR_NSEC3PARAM = 51, RR_CDS = 59, RR_CDNSKEY = 60, RR_CAA = 257, RR_NOBODYS = 65399 };

/* What planning comes to. */
enum planned { FAILED = -1, WANTS = 0, KNOWN = 1 };

struct server { char name[PROBE_NAME], address[64]; uint16_t port; };
struct servers { struct server at[PROBE_SERVERS]; size_t n; };
struct hosts { char at[PROBE_HOSTS][PROBE_NAME]; size_t n; };

struct question {
	const char *purpose, *zone;               /* a walk's answers serve everybody; others are for their zone and purpose */
	const struct server *server;
	const char *name;
	uint16_t type;
	bool recurse, tcp;
};

/* An answer, remembered. */
struct known {
	uint32_t hash;
	char *purpose, *zone, *name;
	struct server server;
	uint16_t type;
	bool recurse, tcp, shared;
	struct afd_buf frames;
	const char *outcome;
	int64_t at_ms;
};

struct probe {
	const struct afd_env *env;
	struct servers roots;
	uint16_t port;                            /* of servers that are found */
	bool ipv6;
	const char *const *host; size_t n_host;   /* names of the inventory's services */
	const char *const *fixed; size_t n_fixed; /* "ZONE NAME ADDRESS[@PORT]": asked instead of those that are found */
	char nobody[16];                          /* a label that nobody has */

	struct known *known; size_t n, cap;
	size_t zone_from;                         /* of known: what this zone asked */
	uint64_t questions, most_questions;       /* in this run */
	unsigned steps;

	struct { bool set; char purpose[32], zone[PROBE_NAME], name[PROBE_NAME]; struct server server; uint16_t type; bool recurse, tcp; } want;
	struct afd_buf query;
};

/* KNOWN: *ret (valid until the next ask); NULL in *ret: that server is dead, it is not asked any more. */
enum planned afd_probe_ask(struct probe *p, const struct question *q, const struct known **ret, struct afd_error *err);
/* What became of WANT. BODY: the exchange, or empty with an outcome other than "answered". */
int afd_probe_remember(struct probe *p, struct afd_slice body, const char *outcome, int64_t at_ms, struct afd_error *err);
/* Writes WANT as a query into p->query. */
int afd_probe_query(struct probe *p, struct afd_error *err);
void afd_probe_release(struct probe *p);
struct afd_probe_exchange afd_probe_known_exchange(const struct known *k);
/* false: no usable answer (no answer, an error code) */
bool afd_probe_known_view(const struct known *k, struct afd_probe_view *ret);
/* "ADDRESS[@PORT]" */
int afd_probe_server_parse(const char *text, uint16_t port, struct server *ret, struct afd_error *err);

/* --- the walk from the root (probe_walk.c) --- */

struct cut { char zone[PROBE_NAME]; struct servers servers; struct hosts hosts; };
enum { PROBE_CUTS = 16 };
struct way { struct cut at[PROBE_CUTS]; size_t n; bool nothing; };   /* nothing: the name does not exist, its parent says so */
/* The zones on the way to NAME; the last one holds it. ZONE: for whom. */
enum planned afd_probe_walk(struct probe *p, const char *zone, const char *name, unsigned depth, struct way *ret, struct afd_error *err);
/* Asks the servers one after the other until one gives a usable answer; *ret NULL: none did. */
enum planned afd_probe_any(struct probe *p, const struct servers *s, struct question q, const struct known **ret, struct afd_error *err);
/* NAME's records of TYPE, found by a walk of its own. */
enum planned afd_probe_find(struct probe *p, const char *purpose, const char *zone, const char *name, uint16_t type, unsigned depth,
			    const struct known **ret, struct afd_error *err);
/* Addresses of HOST, appended. */
enum planned afd_probe_addresses(struct probe *p, const char *zone, const char *host, unsigned depth, struct servers *ret, struct afd_error *err);

/* Names that records of TYPE at OWNER (NULL: anybody's) in SECTION lead to; of MX behind the preference. */
void afd_probe_targets(const struct afd_probe_view *v, unsigned section, const char *owner, uint16_t type, struct hosts *ret);

/* --- what is asked about a zone (probe_plan.c) --- */

struct probe_result { struct way way; struct servers servers; };
/* KNOWN: all was asked. */
enum planned afd_probe_zone(struct probe *p, const char *zone, struct probe_result *ret, struct afd_error *err);

#endif
