/* Ids as people write them: unpadded, in lower case, of an earlier version, or in a form that means several things. */
#include <ctype.h>
#include <stdio.h>

#include "mappers/judge.h"

enum { KEY_MAX = 64 };

/* Letters and numbers without what stands between them: "PR.AC-01", "pr.ac-1" and "PR AC 1" give "PR.AC.1"; "AC-6(9)" and
 * "ac-06.09" give "AC.6.9". Too long for an id: "". */
static void key_of(const char *word, char ret[KEY_MAX])
{
	size_t o = 0;

	for (const unsigned char *s = (const unsigned char *)word; *s;) {
		const bool digits = isdigit(*s);

		if (!isalnum(*s)) {
			s++;
			continue;
		}
		while (digits && *s == '0' && isdigit(s[1]))
			s++;
		if (o && o < KEY_MAX - 1)
			ret[o++] = '.';
		while (isalnum(*s) && (isdigit(*s) != 0) == digits && o < KEY_MAX - 1)
			ret[o++] = (char)toupper(*s++);
		if (o >= KEY_MAX - 1) {
			o = 0;
			break;
		}
	}
	ret[o] = '\0';
}

const struct afd_control *afd_control_like(const struct afd_framework *f, const char *word)
{
	char wanted[KEY_MAX], key[KEY_MAX];

	key_of(word, wanted);
	for (size_t i = 0; *wanted && i < f->n_control; i++) {
		key_of(f->control[i].id, key);
		if (strcmp(key, wanted) == 0)
			return &f->control[i];
	}
	return NULL;
}

/* "NHI3:2025" in any case, or "NHI3": what stands behind the colon is the edition. */
static bool same_form(const char *id, const char *word)
{
	const char *colon = strchr(id, ':');

	return strcasecmp(id, word) == 0 || (colon && strlen(word) == (size_t)(colon - id) && strncasecmp(id, word, strlen(word)) == 0);
}

/* "NHI-03" of somebody's own making, for NHI3:2025. */
static const struct afd_control *loose(const struct afd_framework *f, const char *word)
{
	char wanted[KEY_MAX], key[KEY_MAX];

	key_of(word, wanted);
	for (size_t i = 0; *wanted && i < f->n_control; i++) {
		size_t n = strlen(wanted);

		key_of(f->control[i].id, key);
		if (strncmp(key, wanted, n) == 0 && (key[n] == '.' || !key[n]))
			return &f->control[i];
	}
	return NULL;
}

/* --- which framework is meant --- */

/* People write blanks where an id has hyphens. */
static bool begins_so(const char *s, const char *part, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (tolower((unsigned char)s[i]) != (part[i] == ' ' ? '-' : tolower((unsigned char)part[i])))
			return false;                 /* also at the end of S */
	return true;
}

/* "csf" is a part of "nist-csf-2.0", "800-53" and "SP 800-53" of "nist-sp-800-53-r5". */
static bool names(const char *id, const char *part, size_t n)
{
	for (const char *s = id; *s; s++)
		if (begins_so(s, part, n) && (s == id || s[-1] == '-') && (s[n] == '-' || !s[n]))
			return true;
	return false;
}

static const struct afd_framework *framework_named(const struct afd_frameworks *f, const char *part, size_t n)
{
	const struct afd_framework *found = NULL;

	for (size_t i = 0; n && i < f->n; i++)
		if (names(f->at[i].framework.id, part, n)) {
			if (found)
				return NULL;
			found = &f->at[i].framework;
		}
	return found;
}

/* --- what it could have been --- */

static unsigned distance(const char *a, const char *b)
{
	unsigned row[KEY_MAX + 1];
	size_t n = strlen(b);

	for (size_t k = 0; k <= n; k++)
		row[k] = (unsigned)k;
	for (size_t i = 0; a[i]; i++) {
		unsigned corner = row[0]++;

		for (size_t k = 1; k <= n; k++) {
			const unsigned swap = corner + (a[i] != b[k - 1]), up = row[k] + 1, left = row[k - 1] + 1;

			corner = row[k];
			row[k] = swap < up ? (swap < left ? swap : left) : (up < left ? up : left);
		}
	}
	return row[n];
}

static void add_like(struct afd_resolved *r, const struct afd_framework *f, const struct afd_control *c)
{
	for (size_t i = 0; i < r->n_like; i++)
		if (r->like[i].control == c)
			return;
	if (c && r->n_like < AFD_COUNT(r->like)) {
		r->like[r->n_like].framework = f;
		r->like[r->n_like++].control = c;
	}
}

/* Those with the fewest letters between, nearest first. */
static void add_near(struct afd_resolved *r, const struct afd_frameworks *fs, const struct afd_framework *only, const char *word)
{
	char wanted[KEY_MAX], key[KEY_MAX], id[KEY_MAX] = "";

	key_of(word, wanted);
	for (unsigned far = 1; far <= 2 && 2 * far <= strlen(wanted); far++)
		for (size_t k = 0; k < fs->n; k++) {
			const struct afd_framework *f = &fs->at[k].framework;

			for (size_t i = 0; (!only || f == only) && i < f->n_control; i++) {
				snprintf(id, sizeof id, "%.*s", (int)strcspn(f->control[i].id, ":"), f->control[i].id);
				key_of(id, key);
				if (strcmp(f->control[i].status, "live") == 0 && distance(wanted, key) == far)
					add_like(r, f, &f->control[i]);
			}
		}
}

/* --- what papers mean by it --- */

/* "FRAMEWORK ID"; NULL: no such control. */
static const struct afd_control *official(const struct afd_frameworks *fs, const char *text, const struct afd_framework **f)
{
	const char *blank = strchr(text, ' ');

	for (size_t i = 0; blank && i < fs->n; i++) {
		*f = &fs->at[i].framework;
		if (strlen((*f)->id) == (size_t)(blank - text) && strncmp((*f)->id, text, (size_t)(blank - text)) == 0)
			return afd_control_find(*f, blank + 1);
	}
	return NULL;
}

static void add_cited(struct afd_resolved *r, const struct afd_frameworks *fs, const struct afd_crosswalk *c, const struct afd_framework *only,
		      const char *word)
{
	char wanted[KEY_MAX], key[KEY_MAX];

	key_of(word, wanted);
	for (size_t i = 0; c && *wanted && i < c->n; i++) {
		const struct afd_cited *row = &c->at[i];

		key_of(row->cited, key);
		if (r->how == AFD_ID_LIVE && r->framework->loose_ids_ask && strcasecmp(row->cited, word) != 0)
			continue;                             /* "NHI3" is not "NHI-03" */
		if (strcmp(key, wanted) != 0 || (only && strcmp(only->id, row->framework) != 0) || r->n_cited == AFD_COUNT(r->cited))
			continue;
		r->cited[r->n_cited++] = row;
		if (r->how == AFD_ID_LIVE || r->how == AFD_ID_WITHDRAWN)
			continue;
		for (size_t k = 0; k < row->official.n; k++) {
			const struct afd_framework *f = NULL;
			const struct afd_control *to = official(fs, row->official.at[k], &f);

			add_like(r, f, to);
		}
	}
}

/* --- the answer --- */

static void look_in(struct afd_resolved *r, const struct afd_framework *f, const char *word)
{
	const struct afd_control *c = NULL;
	bool exact = false;

	for (size_t i = 0; i < f->n_control && !c; i++)
		if (same_form(f->control[i].id, word)) {
			c = &f->control[i];
			exact = strcmp(c->id, word) == 0;
		}
	if (!c && f->loose_ids_ask) {
		c = loose(f, word);
		if (c && r->how == AFD_ID_UNKNOWN) {
			r->how = AFD_ID_ASK;
			r->control = c;
			add_like(r, f, c);
		}
		return;
	}
	if (!c)
		c = afd_control_like(f, word);
	if (!c)
		return;
	if (r->framework) {                                   /* two frameworks have it */
		r->how = AFD_ID_ASK;
		add_like(r, r->framework, r->control);
		add_like(r, f, c);
		return;
	}
	r->how = strcmp(c->status, "live") == 0 ? AFD_ID_LIVE : AFD_ID_WITHDRAWN;
	r->framework = f;
	r->control = c;
	r->exact = exact;
}

const struct afd_framework *afd_framework_named(const struct afd_frameworks *f, const char *text)
{
	return framework_named(f, text, strlen(text));
}

void afd_framework_resolve(const struct afd_frameworks *f, const struct afd_crosswalk *c, const char *only, const char *word,
			   struct afd_resolved *ret)
{
	const char *colon = strchr(word, ':');
	const struct afd_framework *meant = only ? framework_named(f, only, strlen(only)) : NULL;

	*ret = (struct afd_resolved){ .how = AFD_ID_UNKNOWN };
	if (!meant && colon && (meant = framework_named(f, word, (size_t)(colon - word))))
		word = colon + 1;
	for (size_t i = 0; i < f->n; i++)
		if (!meant || meant == &f->at[i].framework)
			look_in(ret, &f->at[i].framework, word);
	if (ret->how == AFD_ID_ASK)
		ret->framework = NULL;
	add_cited(ret, f, c, meant, word);
	if (ret->how == AFD_ID_UNKNOWN && !ret->n_cited)
		add_near(ret, f, meant, word);
}

/* --- frameworks/cited.yaml --- */

static const struct afd_field cited_fields[] = {
	{ "cited", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct afd_cited, cited), "as it stands there" },
	{ "framework", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct afd_cited, framework), "under which it is cited" },
	{ "where", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct afd_cited, where), "in guidance on what" },
	{ "verdict", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct afd_cited, verdict), "what is true of the id" },
	{ "says", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct afd_cited, says), "what the sentence beside it speaks of" },
	{ "official", AFD_FIELD_TEXTS, AFD_REQUIRED, offsetof(struct afd_cited, official), "framework and id of what it means" },
	{ 0 }
};

static int read_cited(struct afd_doc *d, const struct afd_node *n, const struct afd_frameworks *f, struct afd_cited *ret, struct afd_error *err)
{
	if (n->type != AFD_MAP)
		return afd_node_fail(d, n, err, "a map: cited, framework, where, verdict, says, official");
	if (afd_fields_read(d, n, cited_fields, ret, err) < 0)
		return -1;
	for (size_t i = 0; i < ret->official.n; i++) {
		const struct afd_framework *in;
		const struct afd_control *c = official(f, ret->official.at[i], &in);

		if (!c || strcmp(c->status, "live") != 0)
			return afd_node_fail(d, afd_node_get(n, "official"), err, "FRAMEWORK ID of live controls");
	}
	return 0;
}

int afd_crosswalk_parse(struct afd_slice yaml, const char *name, const struct afd_frameworks *f, struct afd_crosswalk *ret,
			struct afd_error *err)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;
	const struct afd_node *list;
	struct afd_crosswalk c = { 0 };

	if (afd_yaml_parse(yaml, name, &d, err) < 0)
		return -1;
	list = afd_node_get(afd_doc_root(d), "ids");
	if (!list || list->type != AFD_LIST)
		return afd_node_fail(d, afd_doc_root(d), err, "ids: a list");
	c.at = afd_doc_alloc(d, (list->u.list.n + 1) * sizeof *c.at);
	if (!c.at)
		return afd_fail_memory(err);
	for (const struct afd_node *n = list->u.list.first; n; n = n->next)
		if (read_cited(d, n, f, &c.at[c.n++], err) < 0)
			return -1;
	c.doc = afd_steal(&d);
	*ret = c;
	return 0;
}

void afd_crosswalk_release(struct afd_crosswalk *c)
{
	afd_doc_release(&c->doc);
	*c = (struct afd_crosswalk){ 0 };
}
