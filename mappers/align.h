/* Two sequences of a zone, side by side: effects and claims. Private to mappers/. */
#ifndef AFD_MAPPERS_ALIGN_H
#define AFD_MAPPERS_ALIGN_H

#include "mappers/fit.h"
#include "mappers/judge.h"

/* Clocks of a log and of ours may differ by this much. */
#define AFD_CLOCK_SKEW (10 * AFD_MINUTE)

/* Kinds of claims, each aligned with the effects by itself: one witness of each kind may explain an effect. */
enum afd_claim_class {
	AFD_CLASS_DNSTAP, AFD_CLASS_LOG, AFD_CLASS_AUDIT, AFD_CLASS_COMMIT, AFD_CLASS_COMMENT, AFD_CLASS_PLAN, AFD_CLASS_TRANSFER,
	AFD_CLASS_COUNT
};
struct afd_claim_class_rule {
	const char *kind, *shown;                 /* of claim.kind; confidence at rank 0 */
	int most;                                 /* best rank */
	bool done;                                /* says that it was done: then having done nothing is worth saying */
};
extern const struct afd_claim_class_rule afd_claim_classes[AFD_CLASS_COUNT];

enum {
	AFD_RANK_SHOWN = 0,  /* stands beside the change and attributes nothing */
	AFD_RANK_WEAK = 1,
	AFD_RANK_SERIAL = 2,
	AFD_RANK_STRONG = 3,
	AFD_RANK_EXACT = 4,
	AFD_RUN_MOST = 4096, /* claims that are ever looked at together */
	AFD_PASS_REAL = 8,   /* passing over a claim costs its idle deletes, or this if it must have done something */
};

/* Claims of an effect; n 0: none. lo to hi, and their time hull, hold the other claims too that would do as well. */
struct afd_match {
	size_t first, n, lo, hi;
	unsigned idle;
	bool exact, merged, ambiguous, *contributes;
	struct afd_span hull;
};

struct afd_tie { size_t effect; int64_t claim; uint32_t who; enum afd_claim_class kind; int rank; bool ambiguous; };
struct afd_claims { struct afd_claim *at; size_t n; };

struct afd_alignment {
	struct afd_store *s;
	struct afd_arena a;                       /* one zone */
	struct afd_zone_text *z;
	struct afd_claims kind[AFD_CLASS_COUNT];  /* in the order in which they ended */
	enum afd_claim_class now;                 /* which of them is aligned */
	struct afd_claim *claim; size_t n_claim;
	const struct afd_claim **ref;             /* the same, as runs want them */
	bool many_logs;                           /* the claims are of several */
	int64_t *min_from;                        /* the earliest begin of each claim and all behind it */
	struct afd_effect *effect; size_t n_effect;
	bool *open;                               /* effects with records that no claim's serials explain */
	struct afd_match *match;                      /* of each effect */
	struct afd_beside { size_t before, behind; } *beside;   /* the next effects with a match; SIZE_MAX: none */
	struct afd_span *when; int *when_rank;    /* of each effect, narrowed; by claims of which rank */
	struct afd_tie *link; size_t n_link;
	bool *used;                               /* claims that explain something */
	bool *scratch;
	struct afd_inserts links, times, fates;
};

/* align.c */
/* Fills al->match and al->used. */
int afd_align(struct afd_alignment *al, struct afd_error *err);
bool afd_align_time_fits(const struct afd_effect *e, const struct afd_claim *c);
/* The N claims from J on as an explanation of effect I. */
int afd_align_try(struct afd_alignment *al, size_t i, size_t j, size_t n, struct afd_match *ret, bool *ok,
		  struct afd_error *err);
/* What it costs to say that claim J did nothing when effect I was still to come: 0 if it cannot have done anything. */
int afd_align_pass_cost(struct afd_alignment *al, size_t i, size_t j, uint8_t *ret, struct afd_error *err);
void afd_span_widen(struct afd_span *hull, struct afd_span by);

/* doubt.c */
/* Marks matches that could be otherwise; writes the links of the claims that they could be of. */
int afd_align_doubts(struct afd_alignment *al, struct afd_error *err);
/* Ties what is left over on both sides weakly. */
int afd_align_leftovers(struct afd_alignment *al, struct afd_error *err);

/* serials.c */
/* Links claims that give the step of the serial to the effects of that step, and takes both out of the alignment. */
int afd_align_serials(struct afd_alignment *al, struct afd_error *err);

/* fate.c */
/* Says of claims that explain nothing what became of them. */
int afd_align_fates(struct afd_alignment *al, struct afd_error *err);

/* attribution.c */
void afd_align_narrow(struct afd_alignment *al, size_t i, struct afd_span hull, int rank);
int afd_align_link(struct afd_alignment *al, size_t i, size_t j, int rank, bool ambiguous, struct afd_error *err);

#endif
