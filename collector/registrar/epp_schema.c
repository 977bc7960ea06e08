/* Validation of frames through libxml2's XML Schema. */
#include "collector/registrar/epp_schema.h"

#include <libxml/parserInternals.h>
#include <libxml/xmlschemas.h>
#include <stdio.h>

#include "collector/engine.h"
#include "collector/registrar/epp.h"
#include "core/limits.h"

#define NS_XSD "http://www.w3.org/2001/XMLSchema"
#define NS_EPP "urn:ietf:params:xml:ns:epp-1.0"

struct one {
	const char *name;
	char *text, *ns, *copied_name;
	struct afd_xml *doc;                      /* while loading */
	bool included;                            /* by another file: part of it, not imported by itself */
	bool out;
};

struct afd_epp_schemas { struct one at[AFD_EPP_MAX_SCHEMAS]; size_t n; xmlSchema *schema; };

/* --- the files --- */

/* From "<!DOCTYPE" to its end, as blanks: lines keep their numbers. */
static void cut_doctype(char *text)
{
	char *from = strstr(text, "<!DOCTYPE");
	unsigned depth = 0;
	char quote = 0;

	for (char *p = from; p && *p; p++) {
		if (!quote && !strncmp(p, "<!--", 4)) {
			char *end = strstr(p, "-->");
			if (!end)
				return;
			p = end + 2;
		} else if (quote ? *p == quote : *p == '"' || *p == '\'') {
			quote = quote ? 0 : *p;
		} else if (!quote && (*p == '[' || *p == ']')) {
			depth = *p == '[' ? depth + 1 : depth ? depth - 1 : 0;
		} else if (!quote && depth == 0 && *p == '>') {
			for (char *c = from; c <= p; c++)
				*c = *c == '\n' ? '\n' : ' ';
			return;
		}
	}
}

/* NULL: it can be used; else why not. */
static const char *read_one(struct one *o, struct afd_slice bytes, struct afd_error *why)
{
	const struct afd_xml_node *root;
	const char *ns;

	if (bytes.len > AFD_EPP_MAX_SCHEMA_FILE)
		return "larger than 1 MiB";
	if (!bytes.len || memchr(bytes.data, 0, bytes.len))
		return "not text of 8 bits";
	o->text = strndup((const char *)bytes.data, bytes.len);
	if (!o->text)
		return "no memory";
	cut_doctype(o->text);
	if (afd_xml_parse(afd_slice_text(o->text), "schema", &o->doc, why) < 0)
		return why->text;
	root = afd_xml_root(o->doc);
	if (!afd_xml_in(root, NS_XSD) || strcmp(afd_xml_name(root), "schema") != 0)
		return "not an XML schema";
	ns = afd_xml_attribute(root, "targetNamespace");
	o->ns = ns ? strdup(ns) : NULL;
	return ns && !o->ns ? "no memory" : NULL;
}

static const char *last_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static struct one *by_name(struct afd_epp_schemas *s, const char *location)
{
	for (size_t i = 0; location && i < s->n; i++)
		if (!s->at[i].out && !strcmp(last_name(s->at[i].name), last_name(location)))
			return &s->at[i];
	return NULL;
}

static const struct one *by_ns(const struct afd_epp_schemas *s, const char *ns)
{
	for (size_t i = 0; ns && i < s->n; i++)
		if (!s->at[i].out && !s->at[i].included && s->at[i].ns && !strcmp(s->at[i].ns, ns))
			return &s->at[i];
	return NULL;
}

static void mark_included(struct afd_epp_schemas *s)
{
	static const char *const words[] = { "include", "redefine" };

	for (size_t i = 0; i < s->n; i++)
		for (size_t w = 0; !s->at[i].out && w < AFD_COUNT(words); w++)
			for (const struct afd_xml_node *n = afd_xml_child(afd_xml_root(s->at[i].doc), words[w]); n; n = afd_xml_next(n, words[w])) {
				struct one *o = by_name(s, afd_xml_attribute(n, "schemaLocation"));

				if (o && o != &s->at[i])
					o->included = true;
			}
}

/* A namespace that O imports and of which there is nothing here; NULL: none. */
static const char *lacks(const struct afd_epp_schemas *s, const struct one *o)
{
	for (const struct afd_xml_node *n = afd_xml_child(afd_xml_root(o->doc), "import"); n; n = afd_xml_next(n, "import")) {
		const char *ns = afd_xml_attribute(n, "namespace");

		if (ns && !by_ns(s, ns))
			return ns;
	}
	return NULL;
}

/* --- libxml2's door: what it asks for is given from the table, or it gets nothing --- */

static _Thread_local struct afd_epp_schemas *served;

static xmlParserInput *serve(const char *url, const char *id, xmlParserCtxt *c)
{
	unsigned long number = url && !strncmp(url, "afd-", 4) ? strtoul(url + 4, NULL, 10) : AFD_EPP_MAX_SCHEMAS;
	struct one *o = !served ? NULL : number < served->n ? &served->at[number] : url ? by_name(served, url) : NULL;
	xmlParserInput *in = o && !o->out ? xmlNewStringInputStream(c, (const xmlChar *)o->text) : NULL;
	char name[32];

	(void)id;
	if (!in)
		return NULL;
	snprintf(name, sizeof(name), "afd-%zu.xsd", (size_t)(o - served->at));
	in->filename = (char *)xmlStrdup((const xmlChar *)name);
	return in;
}

#if LIBXML_VERSION >= 21200
typedef const xmlError *told;
#else
typedef xmlError *told;
#endif

static void silent(void *ctx, told e)
{
	(void)ctx, (void)e;
}

/* What libxml2 said, as one line: values of elements stand in it as they are. */
static void text_of(const char *message, char *ret, size_t n)
{
	size_t len = 0;

	for (const char *p = message ? message : "no reason is given"; *p && len + 1 < n; p++) {
		const bool blank = strchr(" \t\r\n", *p);

		if (!blank || (len && ret[len - 1] != ' '))
			ret[len++] = blank ? ' ' : *p;
	}
	while (len && ret[len - 1] == ' ')
		len--;
	ret[len] = '\0';
}

/* --- compiling --- */

struct complaint { size_t file; char text[300]; };      /* the first; file AFD_EPP_MAX_SCHEMAS: of none */

static void complain(void *ctx, told e)
{
	struct complaint *c = ctx;
	const char *file = e->file;

	if (e->level < XML_ERR_ERROR || c->text[0])
		return;
	if (file && !strncmp(file, "afd-", 4))
		c->file = strtoul(file + 4, NULL, 10);
	snprintf(c->text, sizeof(c->text), "line %d: ", e->line);
	text_of(e->message, c->text + strlen(c->text), sizeof(c->text) - strlen(c->text));
}

static int put_driver(const struct afd_epp_schemas *s, struct afd_buf *to)
{
	int r = afd_buf_text(to, "<schema xmlns=\"" NS_XSD "\">");

	for (size_t i = 0; i < s->n && r >= 0; i++)
		if (!s->at[i].out && !s->at[i].included && s->at[i].ns) {
			xmlChar *ns = xmlEncodeSpecialChars(NULL, (const xmlChar *)s->at[i].ns);

			r = ns ? afd_buf_printf(to, "<import namespace=\"%s\" schemaLocation=\"afd-%zu.xsd\"/>", (const char *)ns, i) : -1;
			xmlFree(ns);
		}
	return r < 0 ? -1 : afd_buf_text(to, "</schema>");
}

static int compile(struct afd_epp_schemas *s, struct complaint *c, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf driver = { 0 };
	xmlExternalEntityLoader before = xmlGetExternalEntityLoader();
	xmlSchemaParserCtxt *p;

	*c = (struct complaint){ .file = AFD_EPP_MAX_SCHEMAS };
	if (put_driver(s, &driver) < 0)
		return afd_fail_memory(err);
	p = xmlSchemaNewMemParserCtxt((const char *)driver.data, (int)driver.len);
	if (!p)
		return afd_fail_memory(err);
	served = s;
	xmlSetExternalEntityLoader(serve);
	xmlSetStructuredErrorFunc(NULL, silent);
	xmlSchemaSetParserStructuredErrors(p, complain, c);
	s->schema = xmlSchemaParse(p);
	xmlSchemaFreeParserCtxt(p);
	xmlSetStructuredErrorFunc(NULL, NULL);
	xmlSetExternalEntityLoader(before);
	served = NULL;
	return 0;
}

/* Leaves out the file that was complained of, or all that lack something. -1: nothing more can be left out. */
static int leave_out(struct afd_epp_schemas *s, const struct complaint *c, afd_epp_left_out *left_out, void *ctx)
{
	struct one *o = c->file < s->n ? &s->at[c->file] : NULL;
	const char *ns = o ? lacks(s, o) : NULL;
	char why[512];

	if (!o || o->out)
		return -1;
	if (ns)
		snprintf(why, sizeof(why), "needs %s, of which no usable schema is here", ns);
	else
		snprintf(why, sizeof(why), "%s", c->text);
	o->out = true;
	left_out(ctx, o->name, why);
	return 0;
}

static int take_files(struct afd_epp_schemas *s, const struct afd_epp_schema_file *file, size_t n, afd_epp_left_out *left_out, void *ctx,
		      struct afd_error *err)
{
	for (size_t i = 0; i < n; i++) {
		struct one *o = &s->at[s->n++];
		struct afd_error why = { 0 };
		const char *text;

		o->name = o->copied_name = strdup(file[i].name);
		if (!o->name)
			return afd_fail_memory(err);
		text = read_one(o, file[i].bytes, &why);
		o->out = text != NULL;
		if (text)
			left_out(ctx, o->name, text);
	}
	mark_included(s);
	for (size_t i = 0; i < n; i++) {
		const struct one *first = by_ns(s, s->at[i].ns);
		char why[512];

		if (s->at[i].out || s->at[i].included || !first || first == &s->at[i])
			continue;
		snprintf(why, sizeof(why), "%s has the same namespace", first->name);
		s->at[i].out = true;
		left_out(ctx, s->at[i].name, why);
	}
	return 0;
}

int afd_epp_schemas_load(const struct afd_epp_schema_file *file, size_t n, afd_epp_left_out *left_out, void *ctx, struct afd_epp_schemas **ret,
			 struct afd_error *err)
{
	__attribute__((cleanup(afd_epp_schemas_release))) struct afd_epp_schemas *s = NULL;
	struct complaint c = { 0 };

	if (n > AFD_EPP_MAX_SCHEMAS)
		return afd_fail(err, AFD_E_LIMIT, "%zu schemas; at most %d are taken", n, AFD_EPP_MAX_SCHEMAS);
	s = calloc(1, sizeof(*s));
	if (!s)
		return afd_fail_memory(err);
	if (take_files(s, file, n, left_out, ctx, err) < 0)
		return -1;
	while (!s->schema && by_ns(s, NS_EPP)) {
		if (compile(s, &c, err) < 0)
			return -1;
		if (!s->schema && leave_out(s, &c, left_out, ctx) < 0)
			return afd_fail(err, AFD_E_CONFIG, "the schemas do not fit together: %s", c.text);
	}
	if (!s->schema)
		return afd_fail(err, AFD_E_CONFIG, "no usable schema of " NS_EPP " (RFC 5730) among %zu files", n);
	for (size_t i = 0; i < s->n; i++)
		afd_xml_release(&s->at[i].doc);
	*ret = afd_steal(&s);
	return 0;
}

struct afd_epp_schemas *afd_epp_schemas_free(struct afd_epp_schemas *s)
{
	for (size_t i = 0; s && i < s->n; i++) {
		afd_xml_release(&s->at[i].doc);
		free(s->at[i].text);
		free(s->at[i].ns);
		free(s->at[i].copied_name);
	}
	if (s)
		xmlSchemaFree(s->schema);
	free(s);
	return NULL;
}

void afd_epp_schemas_release(struct afd_epp_schemas **s)
{
	*s = afd_epp_schemas_free(*s);
}

/* --- a frame --- */

struct judging { const struct afd_epp_schemas *s; afd_epp_flawed *flawed; void *ctx; unsigned told; };

static void tell(struct judging *j, const struct afd_epp_flaw *f)
{
	if (j->told++ < AFD_EPP_MAX_FLAWS)
		j->flawed(j->ctx, f);
}

static void flaw(void *ctx, told e)
{
	struct judging *j = ctx;
	const xmlNode *n = e->node;
	struct afd_epp_flaw f = { .line = e->line > 0 ? (unsigned)e->line : 0 };
	const struct one *o;
	char text[400];

	if (n && n->type == XML_ATTRIBUTE_NODE)
		n = n->parent;
	if (n && n->type == XML_ELEMENT_NODE && n->ns)
		f.ns = (const char *)n->ns->href;
	o = by_ns(j->s, f.ns);
	f.schema = o ? o->name : NULL;
	text_of(e->message, text, sizeof(text));
	f.text = text;
	/* a strict wildcard met an element that no schema here declares: the whole namespace is unknown, or just the element */
	if (e->code == XML_SCHEMAV_CVC_ELT_1 && f.ns && !o && n->parent && n->parent->type == XML_ELEMENT_NODE) {
		f.kind = AFD_EPP_NO_SCHEMA;
		f.text = "no schema of this namespace is here: what stands in it cannot be judged";
	}
	tell(j, &f);
}

/* RFC 9038, 3: the reason is the namespace and these words. */
static bool is_unannounced(const char *reason)
{
	static const char words[] = " not in login services";

	return reason && strlen(reason) > sizeof(words) && !strcmp(reason + strlen(reason) - (sizeof(words) - 1), words);
}

static void judge_ext_value(struct judging *j, xmlSchemaValidCtxt *v, const struct afd_xml_node *ext_value)
{
	const struct afd_xml_node *inner = is_unannounced(afd_xml_text_of(ext_value, "reason")) ? afd_xml_child(afd_xml_child(ext_value, "value"), NULL) : NULL;
	xmlNode *n = (xmlNode *)(uintptr_t)inner;
	const struct one *o;

	if (!n || !n->ns || !n->ns->href)
		return;
	o = by_ns(j->s, (const char *)n->ns->href);
	tell(j, &(struct afd_epp_flaw){ AFD_EPP_UNANNOUNCED, (unsigned)xmlGetLineNo(n), (const char *)n->ns->href, o ? o->name : NULL,
		o ? "the session did not announce this namespace (RFC 9038)" :
		    "the session did not announce this namespace (RFC 9038), and no schema of it is here: not judged" });
	if (o)
		xmlSchemaValidateOneElement(v, n);
}

static void judge(struct judging *j, xmlSchemaValidCtxt *v, const struct afd_xml *x)
{
	const struct afd_xml_node *root = afd_xml_root(x), *response = afd_xml_in(root, NS_EPP) ? afd_xml_child(root, "response") : NULL;

	xmlSchemaSetValidStructuredErrors(v, flaw, j);
	xmlSchemaValidateDoc(v, ((const xmlNode *)(const void *)root)->doc);
	for (const struct afd_xml_node *r = afd_xml_child(response, "result"); r; r = afd_xml_next(r, "result"))
		for (const struct afd_xml_node *e = afd_xml_child(r, "extValue"); e; e = afd_xml_next(e, "extValue"))
			judge_ext_value(j, v, e);
}

int afd_epp_validate(const struct afd_epp_schemas *s, struct afd_slice frame, const char *name, afd_epp_flawed *flawed, void *ctx, struct afd_error *err)
{
	__attribute__((cleanup(afd_xml_release))) struct afd_xml *x = NULL;
	AFD_AUTO(buf) struct afd_buf clean = { 0 };
	AFD_AUTO(ranges) struct afd_ranges cuts = { 0 };
	AFD_AUTO(ranges) struct afd_ranges merged = { 0 };
	struct judging j = { .s = s, .flawed = flawed, .ctx = ctx };
	xmlExternalEntityLoader before;
	xmlSchemaValidCtxt *v;

	if (frame.len > AFD_MAX_EPP_FRAME)
		return afd_fail(err, AFD_E_LIMIT, "%s: larger than a frame may be (%u bytes)", name, AFD_MAX_EPP_FRAME);
	if (afd_epp_redact(frame, &cuts, err) < 0)
		return afd_within(err, "%s", name);
	if (afd_redact_apply(frame, &cuts, &clean, &merged, err) < 0 || afd_xml_parse(afd_buf_slice(&clean), name, &x, err) < 0)
		return -1;
	v = xmlSchemaNewValidCtxt(s->schema);
	if (!v)
		return afd_fail_memory(err);
	before = xmlGetExternalEntityLoader();
	xmlSetExternalEntityLoader(serve);          /* nothing is served: a frame's own hints at schemas lead nowhere */
	xmlSetStructuredErrorFunc(NULL, silent);
	judge(&j, v, x);
	xmlSetStructuredErrorFunc(NULL, NULL);
	xmlSetExternalEntityLoader(before);
	xmlSchemaFreeValidCtxt(v);
	return 0;
}
