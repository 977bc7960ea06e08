/* libharu as reports/ uses it, without its fonts: its public calls, and its exported objects for what PDF/A-3 asks. */
#include <hpdf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include "sample.h"

const char sample_json[] = "{\"format\":\"sample\",\"findings\":[]}";

static void on_error(HPDF_STATUS error, HPDF_STATUS detail, void *ctx)
{
	(void)ctx;
	fail_msg("libharu: error %lx, detail %lx", (unsigned long)error, (unsigned long)detail);
}

static HPDF_Dict stream(HPDF_Doc doc, const char *text)
{
	HPDF_Dict d = HPDF_DictStream_New(doc->mmgr, doc->xref);

	HPDF_Stream_WriteStr(d->stream, text);
	return d;
}

static void add_metadata(HPDF_Doc doc)
{
	HPDF_Dict xmp = stream(
		doc,
		"<?xpacket begin=\"\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?><x:xmpmeta xmlns:x=\"adobe:ns:meta/\"></x:xmpmeta><?xpacket end=\"w\"?>");

	HPDF_Dict_AddName(xmp, "Type", "Metadata");
	HPDF_Dict_AddName(xmp, "Subtype", "XML");
	HPDF_Dict_Add(doc->catalog, "Metadata", xmp);
}

static void add_output_intent(HPDF_Doc doc)
{
	HPDF_Array intents = HPDF_Array_New(doc->mmgr);
	HPDF_Dict intent = HPDF_Dict_New(doc->mmgr);

	HPDF_Dict_AddName(intent, "Type", "OutputIntent");
	HPDF_Dict_AddName(intent, "S", "GTS_PDFA1");
	HPDF_Dict_Add(intent, "OutputConditionIdentifier", HPDF_String_New(doc->mmgr, "sRGB", NULL));
	HPDF_Array_Add(intents, intent);
	HPDF_Dict_Add(doc->catalog, "OutputIntents", intents);
}

static void add_attachment(HPDF_Doc doc)
{
	HPDF_Dict file = stream(doc, sample_json), spec = HPDF_Dict_New(doc->mmgr), ef = HPDF_Dict_New(doc->mmgr);
	HPDF_Dict names = HPDF_Dict_New(doc->mmgr), tree = HPDF_Dict_New(doc->mmgr);
	HPDF_Array af = HPDF_Array_New(doc->mmgr), pairs = HPDF_Array_New(doc->mmgr);

	file->filter = HPDF_STREAM_FILTER_FLATE_DECODE;
	HPDF_Dict_AddName(file, "Type", "EmbeddedFile");
	HPDF_Dict_AddName(file, "Subtype", "application/json");
	HPDF_Xref_Add(doc->xref, spec);
	HPDF_Dict_AddName(spec, "Type", "Filespec");
	HPDF_Dict_Add(spec, "F", HPDF_String_New(doc->mmgr, "report.json", NULL));
	HPDF_Dict_Add(spec, "UF", HPDF_String_New(doc->mmgr, "report.json", NULL));
	HPDF_Dict_AddName(spec, "AFRelationship", "Source");
	HPDF_Dict_Add(spec, "EF", ef);
	HPDF_Dict_Add(ef, "F", file);
	HPDF_Array_Add(af, spec);
	HPDF_Dict_Add(doc->catalog, "AF", af);
	HPDF_Array_Add(pairs, HPDF_String_New(doc->mmgr, "report.json", NULL));
	HPDF_Array_Add(pairs, spec);
	HPDF_Dict_Add(tree, "Names", pairs);
	HPDF_Dict_Add(names, "EmbeddedFiles", tree);
	HPDF_Dict_Add(doc->catalog, "Names", names);
}

static void add_id(HPDF_Doc doc)
{
	static HPDF_BYTE id[16] = "sixteen bytes id";
	HPDF_Array a = HPDF_Array_New(doc->mmgr);

	HPDF_Array_Add(a, HPDF_Binary_New(doc->mmgr, id, sizeof(id)));
	HPDF_Array_Add(a, HPDF_Binary_New(doc->mmgr, id, sizeof(id)));
	HPDF_Dict_Add(doc->trailer, "ID", a);
}

static HPDF_Page add_page(HPDF_Doc doc, const char *text)
{
	HPDF_Page p = HPDF_AddPage(doc);

	HPDF_Page_SetFontAndSize(p, HPDF_GetFont(doc, "Helvetica", NULL), 12);
	HPDF_Page_BeginText(p);
	HPDF_Page_TextOut(p, 50, 700, text);
	HPDF_Page_EndText(p);
	return p;
}

void sample_pdf(enum sample kind, struct afd_buf *ret)
{
	HPDF_Doc doc = HPDF_New(on_error, NULL);
	HPDF_Rect where = { 50, 600, 200, 620 };
	HPDF_Page first, second;
	HPDF_BYTE piece[4096];

	assert_non_null(doc);
	HPDF_SetCompressionMode(doc, HPDF_COMP_ALL);
	if (kind == SAMPLE_LINKS)
		HPDF_SetPagesConfiguration(doc, 2);
	first = add_page(doc, "Report of a quarter (sample)");
	if (kind != SAMPLE_PLAIN) {
		second = add_page(doc, "Second page");
		add_page(doc, "Third page");
		HPDF_Page_CreateLinkAnnot(kind == SAMPLE_LINKS ? first : second, where,
					  HPDF_Page_CreateDestination(second));
	}
	if (kind == SAMPLE_REPORT) {
		doc->pdf_version = HPDF_VER_17;
		HPDF_SetInfoAttr(doc, HPDF_INFO_TITLE, "Sample (of a report) \\ with escapes");
		HPDF_CreateOutline(doc, NULL, "Findings", NULL);
		add_metadata(doc);
		add_output_intent(doc);
		add_attachment(doc);
		add_id(doc);
	}

	HPDF_SaveToStream(doc);
	HPDF_ResetStream(doc);
	for (;;) {
		HPDF_UINT32 n = sizeof(piece);

		HPDF_ReadFromStream(doc, piece, &n);
		if (n == 0)
			break;
		assert_int_equal(afd_buf_add(ret, piece, n), 0);
	}
	HPDF_Free(doc);
}
