/* A catalogue in NIST's OSCAL, as XML or JSON: which controls stand in it, what they are called, what they say, and whether they
 * were withdrawn. It stands here because it reads bytes of strangers, as the other decoders do, and because only collector/ has
 * libxml2; mappers/ reads what `affidavit frameworks import` writes out of it. Pure. */
#ifndef AFD_FILES_OSCAL_H
#define AFD_FILES_OSCAL_H

#include "core/doc.h"

struct afd_oscal_control {
	const char *id, *label, *title, *text;            /* label, title, text: NULL where there is none */
	const char *level;                                /* its class, "group" without one */
	size_t parent;                                    /* index; SIZE_MAX: none */
	bool stated, hinted, withdrawn;                   /* stated: the file says its status; hinted: it has what live ones have */
};
struct afd_oscal {
	struct afd_doc *doc;                              /* owns the texts */
	const char *title, *version, *last_modified, *oscal_version;    /* NULL: not stated */
	struct afd_oscal_control *at; size_t n, cap;      /* in the file's order, parents first */
	bool says_status;                                 /* else withdrawn follows from what is missing, see oscal.c */
};
/* NAME is for messages. No DTD, no entities but XML's own five, bounded in size, depth and number of controls. */
int afd_oscal_parse(struct afd_slice bytes, const char *name, struct afd_oscal *ret, struct afd_error *err);
void afd_oscal_release(struct afd_oscal *o);

/* --- for the two readers --- */
enum { AFD_OSCAL_DEPTH = 16, AFD_OSCAL_CONTROLS = 5000, AFD_OSCAL_TEXT = 1 << 20 };
int afd_oscal_json(struct afd_slice bytes, const char *name, struct afd_oscal *o, struct afd_error *err);
int afd_oscal_xml(struct afd_slice bytes, const char *name, struct afd_oscal *o, struct afd_error *err);
/* A new control; its index in *at. Refuses ids that stand above, empty and overlong ones. */
int afd_oscal_add(struct afd_oscal *o, const char *name, const char *id, size_t parent, size_t *at, struct afd_error *err);
/* Runs of blanks become one, blanks at the ends go; kept in the document. NULL for nothing; *failed when memory ends. */
const char *afd_oscal_words(struct afd_oscal *o, struct afd_slice text, bool *failed);
int afd_oscal_too_long(const char *name, struct afd_error *err);      /* a text beyond AFD_OSCAL_TEXT, or no memory; -1 */
/* What a property of a control says of it. */
void afd_oscal_prop(struct afd_oscal *o, size_t at, const char *name, const char *value);

#endif
