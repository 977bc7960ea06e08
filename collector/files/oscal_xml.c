/* OSCAL's XML form. Members that we do not need are passed over. */
#include "collector/api/xml.h"
#include "collector/files/oscal.h"

#define NS "http://csrc.nist.gov/ns/oscal/1.0"

struct reading { struct afd_oscal *o; const char *name; struct afd_error *err; };
typedef struct afd_xml_node node;

static const node *param_of(const node *control, const char *id)
{
	for (const node *p = afd_xml_child(control, "param"); p; p = afd_xml_next(p, "param"))
		if (afd_xml_attribute(p, "id") && strcmp(afd_xml_attribute(p, "id"), id) == 0)
			return p;
	return NULL;
}

struct prose { const node *control; unsigned depth; };

static int put_insert(void *ctx, const node *n, struct afd_buf *out);

/* What the organisation fills in, as the printed edition shows it. */
static int put_param(const struct prose *p, const char *id, struct afd_buf *out)
{
	const node *param = p->depth < 4 ? param_of(p->control, id) : NULL, *select = afd_xml_child(param, "select"),
		   *label = afd_xml_child(param, "label");
	struct prose below = { p->control, p->depth + 1 };
	const char *comma = " ";

	if (!select && !label)
		return afd_buf_printf(out, "[Assignment: %s]", id);
	if (!select)
		return afd_buf_text(out, "[Assignment: ") < 0 || afd_xml_prose(label, put_insert, &below, out) < 0 ? -1 : afd_buf_text(out, "]");
	if (afd_buf_text(out, "[Selection:") < 0)
		return -1;
	for (const node *c = afd_xml_child(select, "choice"); c; c = afd_xml_next(c, "choice")) {
		if (afd_buf_text(out, comma) < 0 || afd_xml_prose(c, put_insert, &below, out) < 0)
			return -1;
		comma = "; ";
	}
	return afd_buf_text(out, "]");
}

/* 1: the element was written, what stands in it too. */
static int put_insert(void *ctx, const node *n, struct afd_buf *out)
{
	const char *id = afd_xml_attribute(n, "id-ref");

	if (strcmp(afd_xml_name(n), "insert") != 0)
		return 0;
	return id && put_param(ctx, id, out) < 0 ? -1 : 1;
}

static int put_part(const struct reading *r, const node *control, const node *part, unsigned depth, struct afd_buf *out)
{
	struct prose prose = { control, 0 };

	if (depth > AFD_OSCAL_DEPTH)
		return afd_fail(r->err, AFD_E_LIMIT, "%s: parts deeper than %d", r->name, AFD_OSCAL_DEPTH);
	for (const node *n = afd_xml_child(part, NULL); n; n = afd_xml_next(n, NULL)) {
		const char *what = afd_xml_name(n), *name = afd_xml_attribute(n, "name"), *value = afd_xml_attribute(n, "value");

		if (strcmp(what, "part") == 0) {
			if (put_part(r, control, n, depth + 1, out) < 0)
				return -1;
			continue;
		}
		if (strcmp(what, "prop") == 0) {
			if (depth && name && value && strcmp(name, "label") == 0 && !afd_xml_attribute(n, "class") && afd_buf_printf(out, " %s", value) < 0)
				return afd_oscal_too_long(r->name, r->err);
			continue;
		}
		if (strcmp(what, "title") != 0 && strcmp(what, "link") != 0 &&
		    (afd_buf_text(out, " ") < 0 || afd_xml_prose(n, put_insert, &prose, out) < 0))
			return afd_oscal_too_long(r->name, r->err);
	}
	return 0;
}

static int read_part(const struct reading *r, const node *control, const node *part, size_t at)
{
	const char *name = afd_xml_attribute(part, "name");
	AFD_AUTO(buf) struct afd_buf text = { .max = AFD_OSCAL_TEXT };
	bool failed = false;

	if (!name)
		return 0;
	r->o->at[at].hinted = r->o->at[at].hinted || strcmp(name, "example") == 0;
	if (r->o->at[at].text || (strcmp(name, "statement") != 0 && strcmp(name, "overview") != 0))
		return 0;
	if (put_part(r, control, part, 0, &text) < 0)
		return -1;
	r->o->at[at].text = afd_oscal_words(r->o, afd_buf_slice(&text), &failed);
	return failed ? afd_fail_memory(r->err) : 0;
}

static int read_title(const struct reading *r, const node *n, const char **ret)
{
	AFD_AUTO(buf) struct afd_buf text = { .max = AFD_OSCAL_TEXT };
	bool failed = false;

	if (n && afd_xml_prose(n, NULL, NULL, &text) < 0)
		return afd_oscal_too_long(r->name, r->err);
	*ret = afd_oscal_words(r->o, afd_buf_slice(&text), &failed);
	return failed ? afd_fail_memory(r->err) : 0;
}

static int read_prop(const struct reading *r, const node *n, size_t at)
{
	const char *name = afd_xml_attribute(n, "name"), *value = afd_xml_attribute(n, "value");
	bool failed = false;

	if (!name || !value)
		return 0;
	afd_oscal_prop(r->o, at, name, value);
	if (strcmp(name, "label") == 0 && !r->o->at[at].label && !afd_xml_attribute(n, "class"))
		r->o->at[at].label = afd_oscal_words(r->o, afd_slice_text(value), &failed);
	return failed ? afd_fail_memory(r->err) : 0;
}

static int read_control(const struct reading *r, const node *n, size_t parent, unsigned depth)
{
	const char *id = afd_xml_attribute(n, "id"), *level = afd_xml_attribute(n, "class");
	bool failed = false;
	size_t at;

	if (depth > AFD_OSCAL_DEPTH)
		return afd_fail(r->err, AFD_E_LIMIT, "%s: controls deeper than %d", r->name, AFD_OSCAL_DEPTH);
	if (afd_oscal_add(r->o, r->name, id, parent, &at, r->err) < 0 || read_title(r, afd_xml_child(n, "title"), &r->o->at[at].title) < 0)
		return -1;
	if (level && *level)
		r->o->at[at].level = afd_oscal_words(r->o, afd_slice_text(level), &failed);
	if (failed)
		return afd_fail_memory(r->err);
	if (!r->o->at[at].level)
		r->o->at[at].level = "group";
	for (const node *c = afd_xml_child(n, NULL); c; c = afd_xml_next(c, NULL)) {
		const char *what = afd_xml_name(c);
		int x = strcmp(what, "prop") == 0 ? read_prop(r, c, at) : strcmp(what, "part") == 0 ? read_part(r, n, c, at)
			: strcmp(what, "group") == 0 || strcmp(what, "control") == 0 ? read_control(r, c, at, depth + 1) : 0;

		if (x < 0)
			return -1;
	}
	return 0;
}

int afd_oscal_xml(struct afd_slice bytes, const char *name, struct afd_oscal *o, struct afd_error *err)
{
	AFD_AUTO(xml) struct afd_xml *x = NULL;
	const struct reading r = { o, name, err };
	const node *root, *meta;

	if (afd_json_parse(afd_slice_text("{}"), name, &o->doc, err) < 0 || afd_xml_parse(bytes, name, &x, err) < 0)
		return -1;
	root = afd_xml_root(x);
	meta = afd_xml_child(root, "metadata");
	if (strcmp(afd_xml_name(root), "catalog") != 0 || !afd_xml_in(root, NS))
		return afd_fail(err, AFD_E_PARSE, "%s: expected an OSCAL catalogue: the element catalog of %s, got %.60s", name, NS, afd_xml_name(root));
	if (read_title(&r, afd_xml_child(meta, "title"), &o->title) < 0 || read_title(&r, afd_xml_child(meta, "version"), &o->version) < 0 ||
	    read_title(&r, afd_xml_child(meta, "last-modified"), &o->last_modified) < 0 ||
	    read_title(&r, afd_xml_child(meta, "oscal-version"), &o->oscal_version) < 0)
		return -1;
	if (!o->title)
		return afd_fail(err, AFD_E_PARSE, "%s: expected metadata with a title", name);
	for (const node *n = afd_xml_child(root, NULL); n; n = afd_xml_next(n, NULL))
		if ((strcmp(afd_xml_name(n), "group") == 0 || strcmp(afd_xml_name(n), "control") == 0) && read_control(&r, n, SIZE_MAX, 0) < 0)
			return -1;
	return 0;
}
