/* PDF/A-3b on top of libharu: metadata, colour, fonts, attachment, file identifier. */
#include "reports/pdf/document.h"

#include <stdio.h>

#include "core/when.h"
#include "reports/utf8.h"

HPDF_Binary afd_pdf_text(HPDF_Doc pdf, const char *utf8)
{
	AFD_AUTO(buf) struct afd_buf b = { 0 };
	const char *end = utf8 + strlen(utf8);

	afd_buf_u16(&b, 0xfeff);
	while (utf8 < end) {
		uint32_t c = afd_utf8_next(&utf8, end);

		c = c == AFD_UTF8_BAD ? 0xfffd : c;
		if (c > 0xffff) {
			afd_buf_u16(&b, (uint16_t)(0xd7c0 + (c >> 10)));
			c = 0xdc00 | (c & 0x3ff);
		}
		afd_buf_u16(&b, (uint16_t)c);
	}
	return b.data ? HPDF_Binary_New(pdf->mmgr, b.data, (HPDF_UINT)b.len) : NULL;
}

/* --- colour: sRGB as an ICC profile of version 2 (ICC.1:2001-04), made from its published numbers --- */

/* The curve of IEC 61966-2-1 at i/64, in 65535ths. */
static const uint16_t srgb_curve[65] = {
	0,     79,    159,   240,   338,   456,   595,   756,   940,   1148,  1381,  1639,  1923,
	2234,  2572,  2939,  3334,  3759,  4214,  4699,  5215,  5763,  6344,  6957,  7603,  8283,
	8997,  9746,  10530, 11350, 12206, 13098, 14027, 14994, 15998, 17041, 18122, 19242, 20401,
	21600, 22840, 24119, 25440, 26802, 28206, 29651, 31139, 32670, 34243, 35860, 37521, 39226,
	40975, 42768, 44607, 46491, 48420, 50396, 52417, 54486, 56601, 58763, 60972, 63230, 65535,
};

static void icc_text(struct afd_buf *b, const char *type, const char *s)
{
	afd_buf_text(b, type);
	afd_buf_u32(b, 0);
	afd_buf_add(b, s, strlen(s) + 1);
}

/* textDescriptionType carries empty Unicode and Macintosh parts behind the ASCII one. */
static void icc_desc(struct afd_buf *b, const char *s)
{
	static const uint8_t rest[4 + 4 + 2 + 1 + 67];

	afd_buf_text(b, "desc");
	afd_buf_u32(b, 0);
	afd_buf_u32(b, (uint32_t)strlen(s) + 1);
	afd_buf_add(b, s, strlen(s) + 1);
	afd_buf_add(b, rest, sizeof(rest));
}

static void icc_xyz(struct afd_buf *b, const uint32_t v[3])
{
	afd_buf_text(b, "XYZ ");
	afd_buf_u32(b, 0);
	for (size_t i = 0; i < 3; i++)
		afd_buf_u32(b, v[i]);
}

static void icc_curve(struct afd_buf *b)
{
	afd_buf_text(b, "curv");
	afd_buf_u32(b, 0);
	afd_buf_u32(b, (uint32_t)AFD_COUNT(srgb_curve));
	for (size_t i = 0; i < AFD_COUNT(srgb_curve); i++)
		afd_buf_u16(b, srgb_curve[i]);
}

static int icc_profile(struct afd_buf *ret)
{
	static const uint32_t white[3] = { 0xf6d6, 0x10000, 0xd32d };            /* D50 */
	static const uint32_t primary[3][3] = {                                  /* adapted to D50, s15Fixed16 */
		{ 0x6fa2, 0x38f5, 0x0390 }, { 0x6299, 0xb785, 0x18da }, { 0x24a0, 0x0f84, 0xb6cf },
	};
	static const char *const tag[] = { "desc", "cprt", "wtpt", "rXYZ", "gXYZ", "bXYZ", "rTRC", "gTRC", "bTRC" };
	AFD_AUTO(buf) struct afd_buf body = { 0 };
	uint32_t off[AFD_COUNT(tag)], len[AFD_COUNT(tag)];
	const uint32_t begin = 128 + 4 + 12 * (uint32_t)AFD_COUNT(tag);
	uint8_t header[128] = { 0 };

	for (size_t i = 0; i < AFD_COUNT(tag); i++) {
		while (body.len % 4)
			afd_buf_u8(&body, 0);
		off[i] = begin + (uint32_t)body.len;
		if (i == 0)
			icc_desc(&body, "sRGB");
		else if (i == 1)
			icc_text(&body, "text", "No copyright, use freely");
		else if (i < 6)
			icc_xyz(&body, i == 2 ? white : primary[i - 3]);
		else if (i == 6)
			icc_curve(&body);
		len[i] = begin + (uint32_t)body.len - off[i];
		if (i > 6) {                                     /* the three curves are one */
			off[i] = off[6];
			len[i] = len[6];
		}
	}
	while (body.len % 4)
		afd_buf_u8(&body, 0);
	memcpy(header + 8, "\x02\x10\0\0", 4);
	memcpy(header + 12, "mntrRGB XYZ ", 12);
	memcpy(header + 24, "\x07\xea\0\x01\0\x01\0\0\0\0\0\0", 12);             /* a date is mandatory: 2026-01-01 */
	memcpy(header + 36, "acsp", 4);
	memcpy(header + 68, "\0\0\xf6\xd6\0\x01\0\0\0\0\xd3\x2d", 12);
	for (size_t i = 0; i < 4; i++)
		header[i] = (uint8_t)((begin + body.len) >> (24 - 8 * i));
	afd_buf_add(ret, header, sizeof(header));
	afd_buf_u32(ret, (uint32_t)AFD_COUNT(tag));
	for (size_t i = 0; i < AFD_COUNT(tag); i++) {
		afd_buf_text(ret, tag[i]);
		afd_buf_u32(ret, off[i]);
		afd_buf_u32(ret, len[i]);
	}
	afd_buf_add_slice(ret, afd_buf_slice(&body));
	return ret->len == begin + body.len ? 0 : -1;
}

static HPDF_Dict stream(HPDF_Doc pdf, struct afd_slice bytes, bool squeeze)
{
	HPDF_Dict d = HPDF_DictStream_New(pdf->mmgr, pdf->xref);

	if (!d)
		return NULL;
	if (squeeze)
		d->filter = HPDF_STREAM_FILTER_FLATE_DECODE;
	HPDF_Stream_Write(d->stream, bytes.data, (HPDF_UINT)bytes.len);
	return d;
}

static void add_text(HPDF_Doc pdf, HPDF_Dict d, const char *key, const char *ascii)
{
	HPDF_Dict_Add(d, key, HPDF_String_New(pdf->mmgr, ascii, NULL));
}

static int output_intent(HPDF_Doc pdf, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf icc = { 0 };
	HPDF_Dict intent = HPDF_Dict_New(pdf->mmgr), profile;
	HPDF_Array list = HPDF_Array_New(pdf->mmgr);

	if (icc_profile(&icc) < 0)
		return afd_fail_memory(err);
	profile = stream(pdf, afd_buf_slice(&icc), true);
	if (!intent || !list || !profile)
		return afd_fail_memory(err);
	HPDF_Dict_AddNumber(profile, "N", 3);
	HPDF_Xref_Add(pdf->xref, intent);
	HPDF_Dict_AddName(intent, "Type", "OutputIntent");
	HPDF_Dict_AddName(intent, "S", "GTS_PDFA1");
	add_text(pdf, intent, "OutputConditionIdentifier", "sRGB IEC61966-2.1");
	add_text(pdf, intent, "Info", "sRGB IEC61966-2.1");
	HPDF_Dict_Add(intent, "DestOutputProfile", profile);
	HPDF_Array_Add(list, intent);
	HPDF_Dict_Add(pdf->catalog, "OutputIntents", list);
	return 0;
}

/* --- metadata: Info and XMP say the same (ISO 19005-3, 6.6.3) --- */

struct facts { struct afd_buf title, author, subject; const char *engine; char pdf_date[24], xmp_date[24], keywords[128]; };

/* Text that XML and PDF can both carry: what XML 1.0 forbids becomes U+FFFD. */
static void add_clean(struct afd_buf *b, const char *s)
{
	const char *end = s + strlen(s);

	while (s < end) {
		char utf8[4] = { 0 };
		uint32_t c = afd_utf8_next(&s, end);

		if (c == AFD_UTF8_BAD || c < 0x20 || c == 0xfffe || c == 0xffff)
			c = 0xfffd;
		afd_buf_add(b, utf8, afd_utf8_put(c, utf8));
	}
}

static void add_xml(struct afd_buf *b, const char *s)
{
	for (; *s; s++)
		switch (*s) {
		case '&': afd_buf_text(b, "&amp;"); break;
		case '<': afd_buf_text(b, "&lt;"); break;
		case '>': afd_buf_text(b, "&gt;"); break;
		case '"': afd_buf_text(b, "&quot;"); break;
		default: afd_buf_u8(b, (uint8_t)*s);
		}
}

static void add_element(struct afd_buf *b, const char *open, const char *s, const char *close)
{
	afd_buf_text(b, open);
	add_xml(b, s);
	afd_buf_text(b, close);
}

static void xmp(struct afd_buf *b, const struct facts *f)
{
	afd_buf_text(b, "<?xpacket begin=\"\xef\xbb\xbf\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n"
			"<x:xmpmeta xmlns:x=\"adobe:ns:meta/\">\n"
			"<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">\n"
			"<rdf:Description rdf:about=\"\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\" "
			"xmlns:xmp=\"http://ns.adobe.com/xap/1.0/\""
			" xmlns:pdf=\"http://ns.adobe.com/pdf/1.3/\" "
			"xmlns:pdfaid=\"http://www.aiim.org/pdfa/ns/id/\">\n"
			"<pdfaid:part>3</pdfaid:part>\n<pdfaid:conformance>B</"
			"pdfaid:conformance>\n<dc:format>application/pdf</dc:format>\n");
	add_element(b, "<dc:title><rdf:Alt><rdf:li xml:lang=\"x-default\">", (const char *)f->title.data,
		    "</rdf:li></rdf:Alt></dc:title>\n");
	add_element(b, "<dc:creator><rdf:Seq><rdf:li>", (const char *)f->author.data,
		    "</rdf:li></rdf:Seq></dc:creator>\n");
	add_element(b, "<dc:description><rdf:Alt><rdf:li xml:lang=\"x-default\">", (const char *)f->subject.data,
		    "</rdf:li></rdf:Alt></dc:description>\n");
	add_element(b, "<xmp:CreatorTool>", f->engine, "</xmp:CreatorTool>\n");
	add_element(b, "<pdf:Keywords>", f->keywords, "</pdf:Keywords>\n");
	add_element(b, "<pdf:Producer>", f->engine, "</pdf:Producer>\n");
	add_element(b, "<xmp:CreateDate>", f->xmp_date, "</xmp:CreateDate>\n");
	add_element(b, "<xmp:ModifyDate>", f->xmp_date, "</xmp:ModifyDate>\n");
	afd_buf_text(b, "</rdf:Description>\n</rdf:RDF>\n</x:xmpmeta>\n<?xpacket end=\"r\"?>\n");
}

/* The dates are the report's as-of time: pages have no clock. */
static int gather(const struct afd_report *r, const struct afd_fonts *fonts, struct facts *f, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf engine = { 0 };
	struct afd_when_text w = afd_when_text(r->as_of);
	size_t k = 0;

	if (strlen(w.s) < 19)
		return afd_fail(err, AFD_E_PARSE, "report.json: as_of: expected a time, got %s", w.s);
	snprintf(f->xmp_date, sizeof(f->xmp_date), "%.19sZ", w.s);
	f->pdf_date[k++] = 'D';
	f->pdf_date[k++] = ':';
	for (size_t i = 0; i < 19; i++)
		if (w.s[i] >= '0' && w.s[i] <= '9')
			f->pdf_date[k++] = w.s[i];
	f->pdf_date[k++] = 'Z';
	f->pdf_date[k] = '\0';
	f->engine = r->engine;
	snprintf(f->keywords, sizeof(f->keywords), AFD_DRAWN_WITH, HPDF_GetVersion(), afd_digest_hex(&fonts->digest).s);
	afd_buf_text(&f->title, "Evidence report ");
	add_clean(&f->title, r->period.label ? r->period.label : "");
	afd_buf_text(&f->title, ": ");
	add_clean(&f->title, r->organisation ? r->organisation : "organisation not stated");
	add_clean(&f->author, r->organisation ? r->organisation : "not stated");
	afd_buf_text(&f->subject, "Report ");
	add_clean(&f->subject, r->report_id);
	if (r->test)
		afd_buf_text(&f->subject, ", TEST");
	if (!f->title.data || !f->author.data || !f->subject.data)
		return afd_fail_memory(err);
	return 0;
}

static int metadata(HPDF_Doc pdf, const struct afd_report *r, const struct afd_fonts *fonts, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf text = { 0 };
	struct facts f = { 0 };
	HPDF_Dict d = NULL;
	int ret = gather(r, fonts, &f, err);

	if (ret == 0) {
		xmp(&text, &f);
		d = stream(pdf, afd_buf_slice(&text), false);
		ret = d ? 0 : afd_fail_memory(err);
	}
	if (ret == 0) {
		HPDF_Dict_AddName(d, "Type", "Metadata");
		HPDF_Dict_AddName(d, "Subtype", "XML");
		HPDF_Dict_Add(pdf->catalog, "Metadata", d);
		HPDF_Dict_Add(pdf->info, "Title", afd_pdf_text(pdf, (const char *)f.title.data));
		HPDF_Dict_Add(pdf->info, "Author", afd_pdf_text(pdf, (const char *)f.author.data));
		HPDF_Dict_Add(pdf->info, "Subject", afd_pdf_text(pdf, (const char *)f.subject.data));
		add_text(pdf, pdf->info, "Keywords", f.keywords);
		HPDF_Dict_Add(pdf->info, "Creator", afd_pdf_text(pdf, f.engine));
		HPDF_Dict_Add(pdf->info, "Producer", afd_pdf_text(pdf, f.engine));
		add_text(pdf, pdf->info, "CreationDate", f.pdf_date);
		add_text(pdf, pdf->info, "ModDate", f.pdf_date);
	}
	afd_buf_release(&f.title);
	afd_buf_release(&f.author);
	afd_buf_release(&f.subject);
	return ret;
}

/* --- report.json inside the file (ISO 19005-3, 6.8) --- */

static int attachment(HPDF_Doc pdf, const struct afd_report *r, struct afd_error *err)
{
	HPDF_Dict file = stream(pdf, r->bytes, true), params = HPDF_Dict_New(pdf->mmgr),
		  spec = HPDF_Dict_New(pdf->mmgr), ef = HPDF_Dict_New(pdf->mmgr), names = HPDF_Dict_New(pdf->mmgr),
		  tree = HPDF_Dict_New(pdf->mmgr);
	HPDF_Array leaf = HPDF_Array_New(pdf->mmgr), af = HPDF_Array_New(pdf->mmgr);
	HPDF_String date;

	if (!file || !params || !spec || !ef || !names || !tree || !leaf || !af)
		return afd_fail_memory(err);
	HPDF_Dict_AddName(file, "Type", "EmbeddedFile");
	HPDF_Dict_AddName(file, "Subtype", "application/json");
	HPDF_Dict_AddNumber(params, "Size", (HPDF_INT32)r->bytes.len);
	date = HPDF_Dict_GetItem(pdf->info, "ModDate", HPDF_OCLASS_STRING);
	if (date)
		add_text(pdf, params, "ModDate", (const char *)date->value);
	HPDF_Dict_Add(file, "Params", params);

	HPDF_Xref_Add(pdf->xref, spec);
	HPDF_Dict_AddName(spec, "Type", "Filespec");
	add_text(pdf, spec, "F", "report.json");
	HPDF_Dict_Add(spec, "UF", afd_pdf_text(pdf, "report.json"));
	add_text(pdf, spec, "Desc", "The report as data: these pages are drawn from it");
	HPDF_Dict_AddName(spec, "AFRelationship", "Data");
	HPDF_Dict_Add(ef, "F", file);
	HPDF_Dict_Add(ef, "UF", file);
	HPDF_Dict_Add(spec, "EF", ef);

	HPDF_Array_Add(leaf, HPDF_String_New(pdf->mmgr, "report.json", NULL));
	HPDF_Array_Add(leaf, spec);
	HPDF_Dict_Add(tree, "Names", leaf);
	HPDF_Dict_Add(names, "EmbeddedFiles", tree);
	HPDF_Dict_Add(pdf->catalog, "Names", names);
	HPDF_Array_Add(af, spec);
	HPDF_Dict_Add(pdf->catalog, "AF", af);
	return 0;
}

int afd_pdfa_prepare(HPDF_Doc pdf, const struct afd_report *r, const struct afd_fonts *fonts, struct afd_error *err)
{
	HPDF_Array id = HPDF_Array_New(pdf->mmgr);
	HPDF_Dict prefs = HPDF_Dict_New(pdf->mmgr);

	if (!id || !prefs)
		return afd_fail_memory(err);
	pdf->pdf_version = HPDF_VER_17;
	if (metadata(pdf, r, fonts, err) < 0 || output_intent(pdf, err) < 0 || attachment(pdf, r, err) < 0)
		return -1;
	for (int i = 0; i < 2; i++)
		HPDF_Array_Add(id, HPDF_Binary_New(pdf->mmgr, (HPDF_BYTE *)r->sha256.b, 16));
	HPDF_Dict_Add(pdf->trailer, "ID", id);
	add_text(pdf, pdf->catalog, "Lang", "en");
	HPDF_Dict_AddBoolean(prefs, "DisplayDocTitle", HPDF_TRUE);
	HPDF_Dict_Add(pdf->catalog, "ViewerPreferences", prefs);
	return 0;
}

/* libharu's own table puts one kind of range where the other belongs; codes are code points here, so ours is short. */
void afd_pdfa_font(HPDF_Doc pdf, HPDF_Font font)
{
	HPDF_Dict d = HPDF_Dict_GetItem(font, "ToUnicode", HPDF_OCLASS_DICT);
	AFD_AUTO(buf) struct afd_buf text = { 0 };
	unsigned page = 0;

	if (!d || !d->stream) {
		HPDF_SetError(&pdf->error, HPDF_INVALID_OBJECT, 0);
		return;
	}
	afd_buf_text(&text, "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n"
			    "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n/CMapName "
			    "/Adobe-Identity-UCS def\n/CMapType 2 def\n"
			    "1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n");
	while (page < 256) {
		unsigned n = 256 - page < 100 ? 256 - page : 100;        /* at most 100 ranges together */

		afd_buf_printf(&text, "%u beginbfrange\n", n);
		for (unsigned i = 0; i < n; i++, page++)
			afd_buf_printf(&text, "<%02X00> <%02XFF> <%02X00>\n", page, page, page);
		afd_buf_text(&text, "endbfrange\n");
	}
	afd_buf_text(&text, "endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n");
	HPDF_MemStream_FreeData(d->stream);
	HPDF_Stream_Write(d->stream, text.data, (HPDF_UINT)text.len);
}

/* 2.3.0 leaves out CapHeight (ISO 32000-1, table 122). A font makes its descriptor when it is about to be written, and
 * only once: so it is told that now. */
void afd_pdfa_descriptors(HPDF_Doc pdf, const HPDF_Font font[AFD_FACE_COUNT], int cap_height)
{
	for (size_t i = 0; i < AFD_FACE_COUNT; i++)
		if (font[i]->before_write_fn)
			font[i]->before_write_fn(font[i]);
	for (HPDF_UINT i = 0; i < pdf->xref->entries->count; i++) {
		HPDF_XrefEntry e = HPDF_List_ItemAt(pdf->xref->entries, i);
		HPDF_Obj_Header *h = e ? e->obj : NULL;
		HPDF_Name type;

		if (!h || (h->obj_class & HPDF_OCLASS_ANY) != HPDF_OCLASS_DICT)
			continue;
		type = HPDF_Dict_GetItem(e->obj, "Type", HPDF_OCLASS_NAME);
		if (type && strcmp(type->value, "FontDescriptor") == 0 &&
		    !HPDF_Dict_GetItem(e->obj, "CapHeight", HPDF_OCLASS_NUMBER))
			HPDF_Dict_AddNumber(e->obj, "CapHeight", cap_height);
	}
}
