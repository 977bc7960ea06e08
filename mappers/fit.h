/* Does a run of claims explain an effect? A zone's content over its effects, and the test itself. Private to mappers/.
 *
 * Effects are what a server's transfers show; claims are what its log says. A claim may do nothing (a duplicate add, a
 * delete of what is not there: same log lines, no movement), so the test needs the content at that time. */
#ifndef AFD_MAPPERS_FIT_H
#define AFD_MAPPERS_FIT_H

#include "core/when.h"
#include "mappers/arena.h"

struct afd_zone_rr {
	uint32_t key;            /* owner and type; AFD_KEY_ALL_TYPES | owner for "all types at the owner" */
	uint32_t rdata;          /* AFD_RDATA_UNKNOWN: the log does not say */
	uint32_t ttl;            /* of an add; AFD_TTL_UNKNOWN: it does not say */
	bool add;
};
#define AFD_TTL_UNKNOWN UINT32_MAX
#define AFD_RDATA_UNKNOWN 0u
#define AFD_KEY_ALL_TYPES 0x80000000u

struct afd_effect {
	int64_t id;
	struct afd_span at;
	bool comparison;                  /* of two whole transfers: several steps may be in it */
	int64_t serial_from, serial_to;   /* -1: not known */
	struct afd_zone_rr *rr; size_t n;
};
struct afd_claim {
	int64_t id;
	uint32_t source, who;             /* who: credential; 0 none, which is like nobody else */
	struct afd_span at;
	int64_t serial_from, serial_to;   /* the step that the log gives; -1: none */
	bool unanswered;                  /* it may have done nothing */
	struct afd_zone_rr *rr; size_t n;
};

struct afd_zone_text;                     /* names and rdata as numbers; content at each effect */
struct afd_zone_text *afd_zone_text_new(const char *apex);                    /* NULL: no memory */
struct afd_zone_text *afd_zone_text_free(struct afd_zone_text *z);            /* NULL */
void afd_zone_text_release(struct afd_zone_text **z);
/* 0 when memory ends. TYPE NULL: all types. */
uint32_t afd_zone_key(struct afd_zone_text *z, const char *owner, const char *type);
uint32_t afd_zone_rdata(struct afd_zone_text *z,
			const char *rdata); /* AFD_RDATA_UNKNOWN for NULL; UINT32_MAX: no memory */
/* Content before the first effect. */
int afd_zone_has(struct afd_zone_text *z, uint32_t key, uint32_t rdata, struct afd_error *err);
/* Effect NO (0, 1, 2 ... in order) as it moves the content. */
int afd_zone_moves(struct afd_zone_text *z, size_t no, const struct afd_effect *e, struct afd_error *err);

struct afd_fit {
	bool fits;
	bool exact;                       /* every record was named in full */
	unsigned idle;                    /* deletes that must have taken nothing though there was something to take */
	bool *contributes;                /* one for each claim of the run; the caller's array */
	size_t n_contributes;
};
/* Content before effect NO, moved by the RUN of claims: is it content after E? E NULL: is it unmoved? */
int afd_zone_fit(struct afd_zone_text *z, size_t no, const struct afd_effect *e, const struct afd_claim *const *run,
		 size_t n, struct afd_fit *ret, struct afd_error *err);
bool afd_zone_share_key(const struct afd_zone_text *z, const struct afd_effect *e, const struct afd_claim *c);

#endif
