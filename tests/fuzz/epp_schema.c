/* libs: collector evidence core. Frames of EPP against schemas of our own. */
#include <stdio.h>

#include "collector/registrar/epp_schema.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char epp[] =
	"<schema targetNamespace='urn:ietf:params:xml:ns:epp-1.0' xmlns='http://www.w3.org/2001/XMLSchema' elementFormDefault='qualified'>"
	"<element name='epp'><complexType><sequence><element name='response'><complexType><sequence>"
	"<element name='result' maxOccurs='unbounded'><complexType><sequence><element name='msg' type='string'/>"
	"<element name='extValue' minOccurs='0' maxOccurs='unbounded'><complexType><sequence><element name='value'><complexType mixed='true'><sequence>"
	"<any namespace='##any' processContents='skip'/></sequence></complexType></element><element name='reason' type='string'/></sequence></complexType></element>"
	"</sequence><attribute name='code' type='unsignedShort' use='required'/></complexType></element>"
	"<element name='extension' minOccurs='0'><complexType><sequence><any namespace='##other' maxOccurs='unbounded'/></sequence></complexType></element>"
	"</sequence></complexType></element></sequence></complexType></element></schema>";
static const char lock[] =
	"<schema targetNamespace='urn:test:lock-1.0' xmlns='http://www.w3.org/2001/XMLSchema' elementFormDefault='qualified'>"
	"<element name='lock'><complexType><sequence><element name='locked' type='boolean'/><element name='until' type='dateTime' minOccurs='0'/></sequence>"
	"<attribute name='n' type='token'/></complexType></element></schema>";

static void left_out(void *ctx, const char *name, const char *why)
{
	(void)ctx;
	fprintf(stderr, "%s: %s\n", name, why);
	abort();
}

static void flawed(void *ctx, const struct afd_epp_flaw *f)
{
	if (++*(unsigned *)ctx > AFD_EPP_MAX_FLAWS || !f->text || !*f->text || strchr(f->text, '\n') || (f->kind == AFD_EPP_NO_SCHEMA && (!f->ns || f->schema)))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct afd_epp_schemas *schemas;
	const struct afd_epp_schema_file file[] = { { "epp.xsd", afd_slice_text(epp) }, { "lock.xsd", afd_slice_text(lock) } };
	struct afd_error err = { 0 };
	unsigned n = 0;

	if (!schemas && afd_epp_schemas_load(file, AFD_COUNT(file), left_out, NULL, &schemas, &err) < 0)
		abort();
	if (afd_epp_validate(schemas, afd_slice(data, size), "frame", flawed, &n, &err) < 0 && (n || !err.text[0]))
		abort();
	return 0;
}
