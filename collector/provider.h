/* The contract of a source: one file that builds requests, redacts, splits and decodes. It opens nothing, reads no
 * clock, keeps no global. The engine (collect.h) carries requests to the transport and items to the ledger. */
#ifndef AFD_COLLECTOR_PROVIDER_H
#define AFD_COLLECTOR_PROVIDER_H

#include "core/doc.h"
#include "core/env.h"
#include "evidence/item.h"
#include "evidence/sink.h"
#include "transport/transport.h"

enum afd_leg { AFD_LEG_ACCOUNT, AFD_LEG_ZONE, AFD_LEG_CT, AFD_LEG_USER };

/* Names to look for, from the inventory: canonical, sorted. digest = SHA-256 over each name followed by LF. host: of its
 * services, sorted; "*.x" allowed. */
struct afd_watch { const char *const *name; size_t n; struct afd_hex64 digest; const char *const *host; size_t n_host; };

/* What was read is to be searched again for names that came later. In: which of them, none: all. Out, counted up by each
 * source that this concerns: it began, or it did not come to the end. */
struct afd_revocable_list;
struct afd_search_back { const char *const *name; size_t n; unsigned begun, left; };

/* One source of affidavit.yaml, as its provider sees it. */
struct afd_source_config {
	const char *name;                         /* unique in the configuration */
	struct afd_doc *doc;                      /* texts live here */
	const struct afd_node *node;              /* its map: provider->fields plus the common ones, already checked */
	const char *base_dir;                     /* relative file: paths start here */
	/* Resolves an AFD_FIELD_SECRET; the caller wipes *ret. */
	int (*secret)(void *ctx, const char *ref, struct afd_buf *ret, struct afd_error *err);
	void *secret_ctx;
	const struct afd_watch *watch;
	const struct afd_env *env;
	const char *contact;                      /* of the configuration, for the User-Agent; NULL: none */
	struct afd_search_back *back;             /* NULL: not asked for; outlives the run */
	const struct afd_revocable_list *revocable;   /* of a provider that asks for it; else NULL */
	const char *import_dir, *import_file;     /* read this one file, in place of what the configuration says; NULL: no */
};

/* Sources that a source brings: the logs of a list. Given back with release(). */
struct afd_source;
struct afd_more_sources { struct afd_source *at; size_t n; void *keep; void (*release)(struct afd_more_sources *m); };

/* Given by the engine to take(): what the source wants kept. Returns 0 or -1; err filled. */
struct afd_keeper {
	void *ctx;
	/* An item. The engine redacts through provider->redact, splits through provider->split unless parts are given,
	 * fills source, decoder and times from the answer where they are NULL or 0, seals, and puts it. */
	int (*item)(void *ctx, const struct afd_draft *d, struct afd_error *err);
	/* A statement of coverage; it goes into the run item that ends the source's run. */
	int (*cover)(void *ctx, const struct afd_row_coverage *c, struct afd_error *err);
	/* Position after everything kept so far; the engine commits items, coverage and cursor together. */
	int (*checkpoint)(void *ctx, const char *cursor, struct afd_error *err);
	/* Progress for people: done of total (0 unknown). */
	void (*progress)(void *ctx, uint64_t done, uint64_t total, const char *unit);
	/* The credential was refused: the source goes on with what it may read, and has failed at its end for the reason WHY, which
	 * says what to do. The gaps are its own to state. */
	void (*refused)(void *ctx, const char *why);
};

/* What a credential with the documented permission alone cannot do. Asked by `doctor`, never by a run; it reads, and changes nothing. */
enum afd_excess_told { AFD_EXCESS_NO, AFD_EXCESS_YES, AFD_EXCESS_UNTOLD };
struct afd_excess {
	struct afd_request q;
	const char *can, *instead;                /* "it can list all tokens", and what to do: our words */
	enum afd_excess_told (*told)(void *state, const struct afd_response *r);
};

struct afd_provider {
	const char *kind;                         /* "static-ct": type in the configuration, decoder in records */
	enum afd_leg leg;
	const char *title, *help;                 /* help: a paragraph for `affidavit sources --help KIND` */
	const char *basis;                        /* "tested on a real server", "tested on the vendor's document", "... not tested ..." */
	const char *whole;                        /* its credentials cannot be narrowed: in what way, and what to do; NULL: they can */
	const char *evidence;                     /* evidence name of its coverage; NULL for user files */
	int64_t lag_ms;
	bool imports;                             /* reads files through collector/stored.h: one may be given to it by hand */
	const char *same_log;                     /* sources with the same word here tell the same entries, in forms that nothing joins: a scope may
	                                             have one of them, or several of files. NULL: it stands alone */
	bool revocable;                           /* wants to know where certificates say that their revocation is (revocable.h) */
	bool history;                             /* tells single steps that other sources only tell as one (a server's journal): it
	                                             runs before them, so that its steps reach the state first */
	const struct afd_field *fields;           /* besides the common: type, name */
	size_t config_size;                       /* struct that fields fill */
	const void *config_defaults;

	/* What fields cannot say of a configuration: deeper parts of it, each error with its line. NULL: nothing more. */
	int (*check)(struct afd_doc *d, const void *config, struct afd_error *err);
	/* What the source will cover: appended to RET as blank-separated scopes, from its configuration alone. */
	int (*scopes)(const void *config, struct afd_buf *ret, struct afd_error *err);
	/* Starts a run. CURSOR: as last given to checkpoint(), or NULL. *ret is the provider's own state. */
	int (*begin)(const struct afd_source_config *c, const void *config, const char *cursor, void **ret, struct afd_error *err);
	/* 1: *q is the next request; 0: done; -1: the source ends with an error (it becomes a gap with the reason). */
	int (*next)(void *state, struct afd_request *q, struct afd_error *err);
	/* What it will ask for I requests later (1: the next one) if all goes as expected, so that it is fetched and unpacked
	 * meanwhile: 1, or 0: that is not known, or more would be too many at a time for who is asked. Of *q only what is
	 * fetched counts; its texts live until the next call. NULL: never known. */
	int (*ahead)(void *state, unsigned i, struct afd_request *q);
	/* The answer, or NULL with WHY when there was none; the source says what to keep and goes on in next(). When an
	 * answer is lacking it states its own gap through keep->cover and returns 0. */
	int (*take)(void *state, const struct afd_response *r, const struct afd_error *why, struct afd_keeper *keep, struct afd_error *err);
	void (*end)(void *state);
	/* After the first request of next() was answered with LAST (NULL from the second call on): 1: *ret is to be asked, and its answer
	 * given to ret->told; 0: no more. NULL: nothing can be asked. */
	int (*excess)(void *state, const struct afd_response *last, struct afd_excess *ret, struct afd_error *err);
	/* After a run: the sources that its cursor (NULL: it never had one) speaks of; they run next, each by itself. *ret is to
	 * be given back, after -1 too. NULL: it brings none. */
	int (*more)(const struct afd_source *s, const char *cursor, int64_t now, struct afd_more_sources *ret, struct afd_error *err);

	/* Pure. Adds the ranges to cut to CUTS. -1: cannot be parsed; then only a withheld item is stored, and a gap.
	 * NULL: nothing to redact (signed by others, or no secrets possible). */
	int (*redact)(struct afd_slice bytes, struct afd_ranges *cuts, struct afd_error *err);
	/* Pure. Parts that tile the bytes. NULL: the whole as one part. */
	int (*split)(struct afd_slice bytes, struct afd_ranges *parts, struct afd_error *err);
	/* Pure: an item's bytes into rows. */
	int (*decode)(const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err);
};

/* The one list, by kind, NULL at the end: collector/providers.c */
extern const struct afd_provider *const afd_providers[];
const struct afd_provider *afd_provider_find(const char *kind);
/* Does its basis begin with "tested"? What was held against neither a real sample nor the vendor's document proves nothing: its coverage is asserted at most. */
bool afd_provider_tested(const struct afd_provider *p);
/* afd_decode of evidence/derive.h over afd_providers, plus the run items that the engine itself writes. */
int afd_decode_item(void *ctx, const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err);

#endif
