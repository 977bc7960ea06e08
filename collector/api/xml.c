#include "collector/api/xml.h"

#include <libxml/parser.h>
#include <libxml/tree.h>

#include "collector/registrar/secrets.h"
#include "core/limits.h"

#define MAX_ELEMENTS 4000000u
#define MAX_DEPTH    64u

struct afd_xml_node { xmlNode n; };      /* never made here: another name for libxml2's nodes */
struct afd_xml { xmlDoc *doc; };

static const xmlNode *node_of(const struct afd_xml_node *n)
{
	return (const xmlNode *)(const void *)n;
}

static const struct afd_xml_node *ours(const xmlNode *n)
{
	return (const struct afd_xml_node *)(const void *)n;
}

/* "<!DOCTYPE" before libxml2 sees it: what it declares could grow without end. Comments and text may not hide one: the
 * words may not stand anywhere outside of CDATA, and there nobody needs them. */
static bool has_doctype(struct afd_slice s)
{
	return s.data && s.len && (memmem(s.data, s.len, "<!DOCTYPE", 9) || memmem(s.data, s.len, "<!ENTITY", 8));
}

static int check_size(const xmlNode *root, const char *name, struct afd_error *err)
{
	unsigned depth = 1, elements = 0;
	const xmlNode *n = root;

	while (n) {
		if (n->type == XML_ENTITY_REF_NODE || n->type == XML_ENTITY_NODE)
			return afd_fail(err, AFD_E_PARSE, "%s: entities are not taken", name);
		if (++elements > MAX_ELEMENTS || depth > MAX_DEPTH)
			return afd_fail(err, AFD_E_LIMIT, "%s: deeper than %u, or more than %u elements", name, MAX_DEPTH, MAX_ELEMENTS);
		if (n->type == XML_ELEMENT_NODE && n->children) {
			n = n->children;
			depth++;
			continue;
		}
		while (n && n != root && !n->next) {
			n = n->parent;
			depth--;
		}
		n = n == root ? NULL : n->next;
	}
	return 0;
}

int afd_xml_parse(struct afd_slice bytes, const char *name, struct afd_xml **ret, struct afd_error *err)
{
	xmlParserCtxt *c;
	struct afd_xml *x;
	xmlDoc *doc;

	if (bytes.len > AFD_MAX_HTTP_BODY)
		return afd_fail(err, AFD_E_LIMIT, "%s: larger than %u bytes", name, AFD_MAX_HTTP_BODY);
	if (has_doctype(bytes))
		return afd_fail(err, AFD_E_PARSE, "%s: a document type is not taken", name);
	c = xmlNewParserCtxt();
	if (!c)
		return afd_fail_memory(err);
	/* no NOENT, DTDLOAD, DTDATTR, XINCLUDE, HUGE: nothing is fetched, nothing expands, text and depth have libxml2's bounds */
	doc = xmlCtxtReadMemory(c, (const char *)bytes.data, (int)bytes.len, NULL, NULL,
				XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_NOCDATA | XML_PARSE_COMPACT);
	if (doc && doc->intSubset) {              /* written in an encoding where we did not see it */
		xmlFreeDoc(doc);
		xmlFreeParserCtxt(c);
		return afd_fail(err, AFD_E_PARSE, "%s: a document type is not taken", name);
	}
	if (!doc || !c->wellFormed || !xmlDocGetRootElement(doc)) {
		int line = c->lastError.line;

		xmlFreeDoc(doc);
		xmlFreeParserCtxt(c);
		return afd_fail(err, AFD_E_PARSE, "%s: not well-formed XML, line %d", name, line);
	}
	xmlFreeParserCtxt(c);
	x = check_size(xmlDocGetRootElement(doc), name, err) < 0 ? NULL : malloc(sizeof(*x));
	if (!x) {
		xmlFreeDoc(doc);
		return err && err->code ? -1 : afd_fail_memory(err);
	}
	x->doc = doc;
	*ret = x;
	return 0;
}

struct afd_xml *afd_xml_free(struct afd_xml *x)
{
	if (x)
		xmlFreeDoc(x->doc);
	free(x);
	return NULL;
}

void afd_xml_release(struct afd_xml **x)
{
	*x = afd_xml_free(*x);
}

const struct afd_xml_node *afd_xml_root(const struct afd_xml *x)
{
	return x ? ours(xmlDocGetRootElement(x->doc)) : NULL;
}

const char *afd_xml_name(const struct afd_xml_node *n)
{
	return n ? (const char *)node_of(n)->name : NULL;
}

bool afd_xml_in(const struct afd_xml_node *n, const char *ns)
{
	return n && node_of(n)->ns && node_of(n)->ns->href && strcmp((const char *)node_of(n)->ns->href, ns) == 0;
}

static const xmlNode *element_from(const xmlNode *n, const char *name)
{
	while (n && (n->type != XML_ELEMENT_NODE || (name && strcmp((const char *)n->name, name) != 0)))
		n = n->next;
	return n;
}

const struct afd_xml_node *afd_xml_child(const struct afd_xml_node *n, const char *name)
{
	return n ? ours(element_from(node_of(n)->children, name)) : NULL;
}

const struct afd_xml_node *afd_xml_next(const struct afd_xml_node *n, const char *name)
{
	return n ? ours(element_from(node_of(n)->next, name)) : NULL;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Text and CDATA are one node after NOCDATA, unless a comment stands between: then the element has no plain text. */
const char *afd_xml_text(const struct afd_xml_node *node)
{
	const xmlNode *n = node ? node_of(node)->children : NULL;
	char *s, *end;

	if (!node)
		return NULL;
	if (!n)
		return "";
	if (n->type != XML_TEXT_NODE || n->next || !n->content)
		return NULL;
	s = (char *)n->content;
	end = s + strlen(s);
	while (end > s && is_blank(end[-1]))
		*--end = '\0';
	while (is_blank(*s))
		s++;
	return s;
}

const char *afd_xml_text_of(const struct afd_xml_node *n, const char *child)
{
	return afd_xml_text(afd_xml_child(n, child));
}

/* The depth is bounded by afd_xml_parse(). */
int afd_xml_prose(const struct afd_xml_node *node, int (*element)(void *ctx, const struct afd_xml_node *n, struct afd_buf *out), void *ctx,
		  struct afd_buf *out)
{
	for (const xmlNode *n = node_of(node)->children; n; n = n->next) {
		int seen = 0;

		if ((n->type == XML_TEXT_NODE || n->type == XML_CDATA_SECTION_NODE) && n->content && afd_buf_text(out, (const char *)n->content) < 0)
			return -1;
		if (n->type != XML_ELEMENT_NODE)
			continue;
		if (element && (seen = element(ctx, ours(n), out)) < 0)
			return -1;
		if (!seen && afd_xml_prose(ours(n), element, ctx, out) < 0)
			return -1;
	}
	return 0;
}

const char *afd_xml_attribute(const struct afd_xml_node *node, const char *name)
{
	if (!node)
		return NULL;
	for (const xmlAttr *a = node_of(node)->properties; a; a = a->next)
		if (strcmp((const char *)a->name, name) == 0)
			return a->children && !a->children->next && a->children->content ? (const char *)a->children->content : "";
	return NULL;
}

/* --- secrets ---
 * libxml2 tells no places, so the text is walked once more; it is well-formed by now. */

struct walk {
	struct afd_slice s;
	size_t at;
	struct afd_ranges *cuts;
	struct afd_slice open[MAX_DEPTH];
	unsigned depth, secret;            /* secret: depth of the element whose text is all cut; 0: none */
};

static bool at_text(const struct walk *w, const char *text)
{
	size_t n = strlen(text);

	return w->s.len - w->at >= n && memcmp(w->s.data + w->at, text, n) == 0;
}

static int broken(const struct walk *w, struct afd_error *err)
{
	return afd_fail(err, AFD_E_PARSE, "XML broken at byte %zu", w->at);
}

/* Behind END, or -1. */
static int skip_past(struct walk *w, const char *end, struct afd_error *err)
{
	const uint8_t *found = memmem(w->s.data + w->at, w->s.len - w->at, end, strlen(end));

	if (!found)
		return broken(w, err);
	w->at = (size_t)(found - w->s.data) + strlen(end);
	return 0;
}

static int see_text(struct walk *w, size_t from, size_t to, struct afd_error *err)
{
	struct afd_slice name = w->depth ? w->open[w->depth - 1] : (struct afd_slice){ 0 };
	size_t a = from, b = to;

	while (a < b && is_blank((char)w->s.data[a]))
		a++;
	while (b > a && is_blank((char)w->s.data[b - 1]))
		b--;
	if (a == b)
		return 0;
	if (w->secret || afd_secret_named(name, afd_slice_sub(w->s, a, b - a)))
		return afd_ranges_add(w->cuts, a, b - a) < 0 ? afd_fail_memory(err) : 0;
	return afd_secrets_cut_text(w->s, (struct afd_range){ a, b - a }, w->cuts, err);
}

static struct afd_slice local_name(struct afd_slice s)
{
	const uint8_t *colon = s.len ? memchr(s.data, ':', s.len) : NULL;

	return colon ? afd_slice(colon + 1, s.len - (size_t)(colon - s.data) - 1) : s;
}

static struct afd_slice name_at(struct walk *w)
{
	size_t from = w->at;

	while (w->at < w->s.len && !memchr(" \t\r\n=/>", w->s.data[w->at], 7))
		w->at++;
	return local_name(afd_slice_sub(w->s, from, w->at - from));
}

static void blanks(struct walk *w)
{
	while (w->at < w->s.len && is_blank((char)w->s.data[w->at]))
		w->at++;
}

static int see_attribute(struct walk *w, struct afd_error *err)
{
	/* xmlns:NAME declares a namespace under a name of the sender's choice: its value is no secret, and nothing is found without it */
	const bool declares = at_text(w, "xmlns:");
	struct afd_slice name = name_at(w), value;
	const uint8_t *end;
	uint8_t quote;

	blanks(w);
	if (w->at + 1 >= w->s.len || w->s.data[w->at] != '=')
		return broken(w, err);
	w->at++;
	blanks(w);
	quote = w->at < w->s.len ? w->s.data[w->at] : 0;
	if (quote != '"' && quote != '\'')
		return broken(w, err);
	w->at++;
	end = memchr(w->s.data + w->at, quote, w->s.len - w->at);
	if (!end)
		return broken(w, err);
	value = afd_slice_sub(w->s, w->at, (size_t)(end - w->s.data) - w->at);
	if (value.len && (w->secret || (!declares && afd_secret_named(name, value))) && afd_ranges_add(w->cuts, w->at, value.len) < 0)
		return afd_fail_memory(err);
	w->at += value.len + 1;
	return 0;
}

static int see_element(struct walk *w, struct afd_error *err)
{
	struct afd_slice name;

	w->at++;
	name = name_at(w);
	for (blanks(w); w->at < w->s.len && !memchr("/>", w->s.data[w->at], 2); blanks(w))
		if (see_attribute(w, err) < 0)
			return -1;
	if (at_text(w, "/>")) {
		w->at += 2;
		return 0;
	}
	if (w->at >= w->s.len || w->s.data[w->at] != '>')
		return broken(w, err);
	w->at++;
	if (w->depth == MAX_DEPTH)
		return afd_fail(err, AFD_E_LIMIT, "XML nested deeper than %u", MAX_DEPTH);
	w->open[w->depth++] = name;
	if (!w->secret && afd_secret_named(name, (struct afd_slice){ 0 }))
		w->secret = w->depth;
	return 0;
}

static int see_cdata(struct walk *w, struct afd_error *err)
{
	size_t from = w->at += 9;

	return skip_past(w, "]]>", err) < 0 ? -1 : see_text(w, from, w->at - 3, err);
}

static int see_markup(struct walk *w, struct afd_error *err)
{
	if (at_text(w, "<!--"))
		return skip_past(w, "-->", err);
	if (at_text(w, "<![CDATA["))
		return see_cdata(w, err);
	if (at_text(w, "<?"))
		return skip_past(w, "?>", err);
	if (!at_text(w, "</"))
		return see_element(w, err);
	if (w->secret == w->depth)
		w->secret = 0;
	if (!w->depth--)
		return broken(w, err);
	return skip_past(w, ">", err);
}

/* The walk knows UTF-8 and what is like it; other encodings are refused. */
static bool other_encoding(struct afd_slice s)
{
	const uint8_t *end = s.len ? memmem(s.data, s.len < 200 ? s.len : 200, "?>", 2) : NULL;
	struct afd_slice head = afd_slice_sub(s, 0, end ? (size_t)(end - s.data) : 0);

	if (s.len >= 2 && (s.data[0] >= 0xfe || !s.data[0] || !s.data[1]))
		return true;
	return head.data && head.len && memmem(head.data, head.len, "encoding", 8) && !memmem(head.data, head.len, "UTF-8", 5) &&
	       !memmem(head.data, head.len, "utf-8", 5);
}

int afd_xml_secrets_cut(struct afd_slice xml, struct afd_ranges *cuts, struct afd_error *err)
{
	AFD_AUTO(xml) struct afd_xml *x = NULL;
	struct walk w = { .s = xml, .cuts = cuts };

	if (other_encoding(xml))
		return afd_fail(err, AFD_E_PARSE, "answer: XML in another encoding than UTF-8");
	if (afd_xml_parse(xml, "answer", &x, err) < 0)
		return -1;
	while (w.at < xml.len) {
		const uint8_t *next = memchr(xml.data + w.at, '<', xml.len - w.at);
		size_t to = next ? (size_t)(next - xml.data) : xml.len;

		if (see_text(&w, w.at, to, err) < 0)
			return -1;
		w.at = to;
		if (next && see_markup(&w, err) < 0)
			return -1;
	}
	return 0;
}
