/* CSV as RFC 4180 says, and no more lenient: CRLF or LF, quotes doubled inside quotes, the same number of fields in
 * each record. UTF-8 without control characters other than line ends inside quotes; a byte order mark is skipped. */
#ifndef AFD_COLLECTOR_FILES_CSV_H
#define AFD_COLLECTOR_FILES_CSV_H

#include "core/bytes.h"
#include "core/error.h"

#define AFD_CSV_MAX_FIELDS 128

struct afd_csv {
	const char *name;                              /* for messages */
	struct afd_slice rest;
	unsigned line;                                 /* of the next record */
	unsigned record_line;                          /* of the record read last */
	struct afd_buf text;                           /* fields of that record, each with a NUL */
	size_t n;
	size_t at[AFD_CSV_MAX_FIELDS];                 /* where in text */
	char delimiter;                                /* ',' unless set after begin: other people's files have ';' or tabs */
	struct afd_slice bytes;                        /* as given to begin */
	struct afd_range raw[AFD_CSV_MAX_FIELDS];      /* where each field stands in them, without its quotes */
};
int afd_csv_begin(struct afd_csv *c, const char *name, struct afd_slice bytes, struct afd_error *err);
/* The same for what a stranger wrote: DELIMITER between the fields; tabs may stand in it. */
int afd_csv_begin_with(struct afd_csv *c, const char *name, struct afd_slice bytes, char delimiter, struct afd_error *err);
/* 1: a record was read; 0: the end; -1. */
int afd_csv_next(struct afd_csv *c, struct afd_error *err);
/* The record read last says nothing: a line without anything, or with separators alone, as spreadsheets write below their table. */
bool afd_csv_blank(const struct afd_csv *c);
const char *afd_csv_field(const struct afd_csv *c, size_t i);     /* until the next record */
void afd_csv_release(struct afd_csv *c);

#endif
