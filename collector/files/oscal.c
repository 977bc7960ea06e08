#include "collector/files/oscal.h"

#include <stdlib.h>
#include <strings.h>

#include "core/limits.h"

enum { ID_MAX = 128 };

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

const char *afd_oscal_words(struct afd_oscal *o, struct afd_slice text, bool *failed)
{
	char *ret = text.len ? afd_doc_alloc(o->doc, text.len + 1) : NULL;
	size_t n = 0;

	if (!ret) {
		*failed = *failed || text.len;
		return NULL;
	}
	for (size_t i = 0; i < text.len; i++) {
		if (!is_blank(text.data[i]))
			ret[n++] = (char)text.data[i];
		else if (n && ret[n - 1] != ' ')
			ret[n++] = ' ';
	}
	while (n && ret[n - 1] == ' ')
		n--;
	ret[n] = '\0';
	return n ? ret : NULL;
}

int afd_oscal_too_long(const char *name, struct afd_error *err)
{
	return afd_fail(err, AFD_E_LIMIT, "%s: a text of more than %d bytes, or memory ended", name, AFD_OSCAL_TEXT);
}

/* As OSCAL's tokens: a letter or _ first, then letters, digits, . - _ */
static bool good_id(const char *id)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";
	static const char all[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789.-";

	return id && *id && strlen(id) <= ID_MAX && strchr(letters, *id) && !id[strspn(id, all)];
}

int afd_oscal_add(struct afd_oscal *o, const char *name, const char *id, size_t parent, size_t *at, struct afd_error *err)
{
	bool failed = false;

	if (!good_id(id))
		return afd_fail(err, AFD_E_PARSE, "%s: control %zu: id: expected letters, digits and . - _, at most %d", name, o->n + 1, ID_MAX);
	for (size_t i = 0; i < o->n; i++)
		if (strcmp(o->at[i].id, id) == 0)
			return afd_fail(err, AFD_E_PARSE, "%s: control %s stands there twice", name, id);
	if (o->n == AFD_OSCAL_CONTROLS)
		return afd_fail(err, AFD_E_LIMIT, "%s: more than %d controls", name, AFD_OSCAL_CONTROLS);
	if (o->n == o->cap) {
		size_t cap = o->cap ? 2 * o->cap : 256;
		struct afd_oscal_control *more = reallocarray(o->at, cap, sizeof *more);

		if (!more)
			return afd_fail_memory(err);
		o->at = more;
		o->cap = cap;
	}
	o->at[o->n] = (struct afd_oscal_control){ .id = afd_oscal_words(o, afd_slice_text(id), &failed), .level = "group", .parent = parent };
	if (failed)
		return afd_fail_memory(err);
	*at = o->n++;
	return 0;
}

void afd_oscal_prop(struct afd_oscal *o, size_t at, const char *name, const char *value)
{
	struct afd_oscal_control *c = &o->at[at];

	if (strcmp(name, "status") == 0) {
		c->stated = true;
		c->withdrawn = strcasecmp(value, "withdrawn") == 0;
		o->says_status = true;
	}
	c->hinted = c->hinted || strcmp(name, "risk-party") == 0;
}

/* NIST's first catalogue of CSF 2.0 (1.0.0) has the entries of CSF 1.1 without a word that they were withdrawn. The live ones alone
 * name the party at risk, or examples: an entry at the end of the tree without either was withdrawn, and so was one whose
 * children all were. Said only of a file that has such hints and no status at all. */
static void guess_withdrawn(struct afd_oscal *o)
{
	bool hints = false;

	for (size_t i = 0; i < o->n; i++)
		hints = hints || o->at[i].hinted;
	if (o->says_status || !hints)
		return;
	for (size_t i = o->n; i-- > 0;) {                     /* children before their parents */
		bool children = false, live = false;

		for (size_t k = i + 1; k < o->n; k++)
			if (o->at[k].parent == i) {
				children = true;
				live = live || !o->at[k].withdrawn;
			}
		o->at[i].withdrawn = children ? !live : !o->at[i].hinted;
	}
}

static bool is_xml(struct afd_slice s)
{
	size_t i = 0;

	if (s.len >= 3 && memcmp(s.data, "\xef\xbb\xbf", 3) == 0)
		i = 3;
	while (i < s.len && is_blank(s.data[i]))
		i++;
	return i < s.len && s.data[i] == '<';
}

int afd_oscal_parse(struct afd_slice bytes, const char *name, struct afd_oscal *ret, struct afd_error *err)
{
	struct afd_oscal o = { 0 };

	if (bytes.len > AFD_MAX_USER_FILE)
		return afd_fail(err, AFD_E_LIMIT, "%s: %zu bytes, more than %u", name, bytes.len, AFD_MAX_USER_FILE);
	if ((is_xml(bytes) ? afd_oscal_xml : afd_oscal_json)(bytes, name, &o, err) < 0 ||
	    (!o.n && afd_fail(err, AFD_E_PARSE, "%s: a catalogue without controls", name) < 0)) {
		afd_oscal_release(&o);
		return -1;
	}
	guess_withdrawn(&o);
	*ret = o;
	return 0;
}

void afd_oscal_release(struct afd_oscal *o)
{
	afd_doc_release(&o->doc);
	free(o->at);
	*o = (struct afd_oscal){ 0 };
}
