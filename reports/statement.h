/* The statement: an in-toto Statement v1 that names every file of a report by its SHA-256 and says which evidence, which
 * findings and which earlier report it stands on. docs/statement.md describes the members. Made and read here as bytes;
 * signing them is sign/'s business. */
#ifndef AFD_REPORTS_STATEMENT_H
#define AFD_REPORTS_STATEMENT_H

#include "core/digest.h"
#include "core/doc.h"
#include "core/limits.h"
#include "core/when.h"

/* A name and no address: .example never resolves (RFC 2606, 2), so nobody can ever put another meaning there. */
#define AFD_STATEMENT_PREDICATE "https://affidavit.example/statement/v1"

struct afd_st_file { const char *name; struct afd_digest sha256; };
struct afd_st_rule { int64_t leaf; struct afd_digest hash; };             /* leaf -1: none */
struct afd_st_signer { const char *subject; struct afd_digest certificate; int64_t from, to; };
struct afd_st_previous {                                                  /* the report before, of the same store */
	int64_t number, as_of, size;
	struct afd_span period; const char *label;
	const char *report_id;
	struct afd_digest root, report, statement;                        /* of its head; of its report.json and statement.jws */
	struct afd_digest proof[AFD_MAX_PROOF_NODES]; size_t n_proof;     /* RFC 9162, 2.1.4: from the smaller head to the larger */
};

/* Texts are borrowed: by the caller's own, or by doc. Absent texts are NULL. */
struct afd_statement {
	struct afd_st_file *file; size_t n_file;                          /* sorted by name, no name twice */
	int64_t number;                                                   /* 1, 2, ...: which report of this store */
	int64_t as_of, findings, size;
	struct afd_digest findings_root, root, checks;
	const char *organisation, *report_id, *note, *origin, *vkey;
	struct afd_span period; const char *label;
	struct afd_st_rule config, inventory, policy;
	struct afd_st_previous previous; bool has_previous;
	struct afd_st_signer *signer; size_t n_signer;                    /* in order of first use; the last one signs this one */
	const char *tool, *version, *build; struct afd_digest binary; bool has_binary;
	bool test;
	struct afd_doc *doc;                                              /* of a statement that was read; else NULL */
};

/* Canonical JSON (RFC 8785). */
int afd_statement_write(const struct afd_statement *st, struct afd_buf *ret, struct afd_error *err);
/* Takes exactly what afd_statement_write() writes: other members, another order or a blank are refused. BYTES need not
 * outlive *ret. */
int afd_statement_read(struct afd_slice bytes, struct afd_statement *ret, struct afd_error *err);
void afd_statement_release(struct afd_statement *st);      /* what afd_statement_read() made */
const struct afd_st_file *afd_statement_file(const struct afd_statement *st, const char *name);     /* NULL: not named */

/* The in-toto statement that compliance-trestle makes and verifies about one JSON document. NAME, and SHA256 of its bytes,
 * which must be canonical (RFC 8785), as report.json is. */
int afd_statement_canonical_json(const char *name, const struct afd_digest *sha256, struct afd_buf *ret, struct afd_error *err);

#endif
