/* OSCAL's JSON form: catalog > groups, controls > controls; props, params, parts. Members that we do not need are passed over. */
#include "collector/files/oscal.h"

struct reading { struct afd_oscal *o; struct afd_doc *d; const char *name; struct afd_error *err; };

static const struct afd_node *first_of(const struct afd_node *map, const char *key)
{
	const struct afd_node *n = afd_node_get(map, key);

	return n && n->type == AFD_LIST ? n->u.list.first : NULL;
}

static const char *text_of(const struct afd_node *map, const char *key)
{
	return afd_node_text(afd_node_get(map, key));
}

static const struct afd_node *param_of(const struct afd_node *control, const char *id, size_t n)
{
	for (const struct afd_node *p = first_of(control, "params"); p; p = p->next) {
		const char *own = text_of(p, "id");

		if (own && strlen(own) == n && strncmp(own, id, n) == 0)
			return p;
	}
	return NULL;
}

static int put_prose(const struct reading *r, const struct afd_node *control, const char *s, unsigned depth, struct afd_buf *out);

/* What the organisation fills in, as the printed edition shows it. */
static int put_param(const struct reading *r, const struct afd_node *control, const char *id, size_t n, unsigned depth, struct afd_buf *out)
{
	const struct afd_node *p = depth < 4 ? param_of(control, id, n) : NULL, *select = afd_node_get(p, "select");
	const char *label = text_of(p, "label"), *comma = " ";

	if (!select)
		return afd_buf_printf(out, "[Assignment: %.*s]", label ? (int)strlen(label) : (int)n, label ? label : id);
	if (afd_buf_text(out, "[Selection:") < 0)
		return -1;
	for (const struct afd_node *c = first_of(select, "choice"); c; c = c->next) {
		if (!afd_node_text(c))
			continue;
		if (afd_buf_text(out, comma) < 0 || put_prose(r, control, afd_node_text(c), depth + 1, out) < 0)
			return -1;
		comma = "; ";
	}
	return afd_buf_text(out, "]");
}

/* "{{ insert: param, ac-2_prm_1 }}" is a place to be filled in. */
static int put_prose(const struct reading *r, const struct afd_node *control, const char *s, unsigned depth, struct afd_buf *out)
{
	static const char insert[] = "insert: param,";

	for (const char *open; (open = strstr(s, "{{")); ) {
		const char *id = open + 2 + strspn(open + 2, " "), *close = strstr(open, "}}");

		if (!close)
			break;
		if (afd_buf_add(out, (const uint8_t *)s, (size_t)(open - s)) < 0)
			return -1;
		s = close + 2;
		if (strncmp(id, insert, sizeof insert - 1) != 0)
			continue;
		id += sizeof insert - 1;
		id += strspn(id, " ");
		if (put_param(r, control, id, strcspn(id, " }"), depth, out) < 0)
			return -1;
	}
	return afd_buf_text(out, s);
}

/* A statement and its items, one behind the other, each behind its own label. */
static int put_part(const struct reading *r, const struct afd_node *control, const struct afd_node *part, unsigned depth, struct afd_buf *out)
{
	const char *prose = text_of(part, "prose");

	if (depth > AFD_OSCAL_DEPTH)
		return afd_fail(r->err, AFD_E_LIMIT, "%s: parts deeper than %d", r->name, AFD_OSCAL_DEPTH);
	for (const struct afd_node *p = first_of(part, "props"); p && depth; p = p->next)
		if (text_of(p, "name") && strcmp(text_of(p, "name"), "label") == 0 && text_of(p, "value") && !text_of(p, "class") &&
		    afd_buf_printf(out, " %s", text_of(p, "value")) < 0)
			return afd_oscal_too_long(r->name, r->err);
	if (prose && (afd_buf_text(out, " ") < 0 || put_prose(r, control, prose, 0, out) < 0))
		return afd_oscal_too_long(r->name, r->err);
	for (const struct afd_node *p = first_of(part, "parts"); p; p = p->next)
		if (put_part(r, control, p, depth + 1, out) < 0)
			return -1;
	return 0;
}

static int read_parts(const struct reading *r, const struct afd_node *n, size_t at)
{
	for (const struct afd_node *p = first_of(n, "parts"); p; p = p->next) {
		const char *name = text_of(p, "name");
		AFD_AUTO(buf) struct afd_buf text = { .max = AFD_OSCAL_TEXT };
		bool failed = false;

		if (!name)
			continue;
		r->o->at[at].hinted = r->o->at[at].hinted || strcmp(name, "example") == 0;
		if (r->o->at[at].text || (strcmp(name, "statement") != 0 && strcmp(name, "overview") != 0))
			continue;
		if (put_part(r, n, p, 0, &text) < 0)
			return -1;
		r->o->at[at].text = afd_oscal_words(r->o, afd_buf_slice(&text), &failed);
		if (failed)
			return afd_fail_memory(r->err);
	}
	return 0;
}

static int read_control(const struct reading *r, const struct afd_node *n, size_t parent, unsigned depth)
{
	bool failed = false;
	size_t at;

	if (depth > AFD_OSCAL_DEPTH)
		return afd_fail(r->err, AFD_E_LIMIT, "%s: controls deeper than %d", r->name, AFD_OSCAL_DEPTH);
	if (n->type != AFD_MAP)
		return afd_node_fail(r->d, n, r->err, "a group or a control");
	if (!text_of(n, "id"))
		return afd_node_fail(r->d, n, r->err, "an id");
	if (afd_oscal_add(r->o, r->name, text_of(n, "id"), parent, &at, r->err) < 0)
		return -1;
	if (text_of(n, "title"))
		r->o->at[at].title = afd_oscal_words(r->o, afd_slice_text(text_of(n, "title")), &failed);
	if (text_of(n, "class"))
		r->o->at[at].level = afd_oscal_words(r->o, afd_slice_text(text_of(n, "class")), &failed);
	for (const struct afd_node *p = first_of(n, "props"); p; p = p->next) {
		const char *name = text_of(p, "name"), *value = text_of(p, "value");

		if (!name || !value)
			continue;
		afd_oscal_prop(r->o, at, name, value);
		if (strcmp(name, "label") == 0 && !r->o->at[at].label && !text_of(p, "class"))
			r->o->at[at].label = afd_oscal_words(r->o, afd_slice_text(value), &failed);
	}
	if (!r->o->at[at].level)
		r->o->at[at].level = "group";
	if (failed)
		return afd_fail_memory(r->err);
	if (read_parts(r, n, at) < 0)
		return -1;
	for (const struct afd_node *c = first_of(n, "groups"); c; c = c->next)
		if (read_control(r, c, at, depth + 1) < 0)
			return -1;
	for (const struct afd_node *c = first_of(n, "controls"); c; c = c->next)
		if (read_control(r, c, at, depth + 1) < 0)
			return -1;
	return 0;
}

int afd_oscal_json(struct afd_slice bytes, const char *name, struct afd_oscal *o, struct afd_error *err)
{
	struct reading r = { o, NULL, name, err };
	const struct afd_node *catalog, *meta;

	if (afd_json_parse(bytes, name, &o->doc, err) < 0)
		return -1;
	r.d = o->doc;
	catalog = afd_node_get(afd_doc_root(o->doc), "catalog");
	meta = afd_node_get(catalog, "metadata");
	if (!catalog || catalog->type != AFD_MAP || !meta || !text_of(meta, "title"))
		return afd_node_fail(o->doc, afd_doc_root(o->doc), err, "an OSCAL catalogue: catalog with metadata and title");
	o->title = text_of(meta, "title");
	o->version = text_of(meta, "version");
	o->last_modified = text_of(meta, "last-modified");
	o->oscal_version = text_of(meta, "oscal-version");
	for (const struct afd_node *g = first_of(catalog, "groups"); g; g = g->next)
		if (read_control(&r, g, SIZE_MAX, 0) < 0)
			return -1;
	for (const struct afd_node *c = first_of(catalog, "controls"); c; c = c->next)
		if (read_control(&r, c, SIZE_MAX, 0) < 0)
			return -1;
	return 0;
}
