/* What is refused, in two tables. A report is text, lines and one attached file; nothing else belongs there. */
#include "sign/pdf_policy.h"

enum where { EVERYWHERE, FIRST_REVISION, STREAM };

static const struct { const char *key; enum where where; const char *why; } keys[] = {
	{ "AA", EVERYWHERE, "additional actions" },
	{ "JS", EVERYWHERE, "JavaScript" },
	{ "JavaScript", EVERYWHERE, "JavaScript" },
	{ "Launch", EVERYWHERE, "an action that starts programs" },
	{ "OC", EVERYWHERE, "optional content" },
	{ "OCProperties", EVERYWHERE, "optional content" },
	{ "OpenAction", EVERYWHERE, "an action on opening" },
	{ "RichMediaContent", EVERYWHERE, "rich media" },
	{ "XFA", EVERYWHERE, "an XFA form" },
	{ "AcroForm", FIRST_REVISION, "a form: the file is signed already, or not one of this program" },
	{ "ByteRange", FIRST_REVISION, "a signature: the file is signed already, or not one of this program" },
	{ "DSS", FIRST_REVISION, "validation data: the file is signed already, or not one of this program" },
	{ "Extensions", FIRST_REVISION, "extensions: not a file of this program" },
	{ "FT", FIRST_REVISION, "a form field: the file is signed already, or not one of this program" },
	{ "Perms", FIRST_REVISION, "permissions: the file is signed already, or not one of this program" },
	{ "F", STREAM, "a stream that lies in another file" },
	{ "FDecodeParms", STREAM, "a stream that lies in another file" },
	{ "FFilter", STREAM, "a stream that lies in another file" },
};

static const struct { const char *key, *value, *why; } values[] = {
	{ "S", "GoTo3DView", "an action" },
	{ "S", "GoToE", "an action that opens another file" },
	{ "S", "GoToR", "an action that opens another file" },
	{ "S", "Hide", "an action that hides" },
	{ "S", "ImportData", "an action that loads data" },
	{ "S", "JavaScript", "JavaScript" },
	{ "S", "Launch", "an action that starts programs" },
	{ "S", "Movie", "a movie" },
	{ "S", "Named", "an action" },
	{ "S", "Rendition", "an action that plays" },
	{ "S", "ResetForm", "an action on forms" },
	{ "S", "RichMediaExecute", "rich media" },
	{ "S", "SetOCGState", "optional content" },
	{ "S", "Sound", "a sound" },
	{ "S", "SubmitForm", "an action that sends data" },
	{ "S", "Thread", "an action" },
	{ "Subtype", "3D", "a 3D model" },
	{ "Subtype", "FreeText", "an annotation with its own text" },
	{ "Subtype", "Movie", "a movie" },
	{ "Subtype", "RichMedia", "rich media" },
	{ "Subtype", "Screen", "a screen annotation" },
	{ "Subtype", "Sound", "a sound" },
	{ "Type", "ObjStm", "an object stream" },
	{ "Type", "XRef", "a cross-reference stream" },
};

static int check_key(const struct afd_pdf_node *k, bool update, bool stream, struct afd_error *err)
{
	for (size_t i = 0; i < AFD_COUNT(keys); i++) {
		if ((keys[i].where == FIRST_REVISION && update) || (keys[i].where == STREAM && !stream))
			continue;
		if (afd_slice_equal(k->key, afd_slice_text(keys[i].key)))
			return afd_fail(err, AFD_E_VERIFY, "PDF: /%s: %s", keys[i].key, keys[i].why);
	}
	if (k->type != AFD_PDF_NAME)
		return 0;
	for (size_t i = 0; i < AFD_COUNT(values); i++)
		if (afd_slice_equal(k->key, afd_slice_text(values[i].key)) && afd_pdf_is_name(k, values[i].value))
			return afd_fail(err, AFD_E_VERIFY, "PDF: /%s /%s: %s", values[i].key, values[i].value,
					values[i].why);
	return 0;
}

/* The reader has bounded the depth (pdf_value.c). */
static int walk(const struct afd_pdf_node *node, bool update, bool stream, struct afd_error *err)
{
	for (const struct afd_pdf_node *k = node->first; k; k = k->next)
		if ((node->type == AFD_PDF_DICT && check_key(k, update, stream, err) < 0) ||
		    walk(k, update, false, err) < 0)
			return -1;
	return 0;
}

int afd_pdf_policy(const struct afd_pdf_object *o, bool update, struct afd_error *err)
{
	return walk(o->value, update, o->is_stream, err);
}
