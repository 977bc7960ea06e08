/* libs: mappers evidence core. A catalogue, and a mapping and official texts for a small one that is always there. */
#include "mappers/judge.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char small[] =
	"{\"id\":\"x\",\"title\":\"X\",\"version\":\"1\",\"relations\":[\"subset-of\"],\"levels\":[\"top\"],\"controls\":["
	"{\"id\":\"A\",\"level\":\"top\",\"title\":\"a\"},"
	"{\"id\":\"B\",\"level\":\"top\",\"title\":\"b\",\"status\":\"withdrawn\",\"successors\":[\"A\"]}]}";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AFD_AUTO(arena) struct afd_arena a = { 0 };
	AFD_AUTO(doc) struct afd_doc *one = NULL, *two = NULL, *three = NULL, *four = NULL;
	const struct afd_check check = { .id = "c" };
	const struct afd_rule_file f = { "mapping", "mapping", afd_slice(data, size), 1 };
	struct afd_catalogue cat;

	if (afd_catalogue_parse(afd_slice_text(small), "small", &a, &one, &cat, NULL) < 0)
		abort();
	if (afd_mapping_parse(&f, &a, &two, &cat, 1, &check, 1, NULL) == 0 &&
	    (cat.framework.n_mapping != 1 || cat.framework.control[1].n_link))      /* nothing may point to what is withdrawn */
		abort();
	if (afd_official_parse(&f, &a, &four, &cat, 1, NULL) == 0 && (!cat.framework.official.label || cat.framework.control[1].official_text))
		abort();
	if (afd_catalogue_parse(afd_slice(data, size), "catalogue", &a, &three, &cat, NULL) < 0)
		return 0;
	for (size_t i = 0; i < cat.framework.n_control; i++)
		if (!cat.framework.control[i].id || !cat.framework.control[i].title || !cat.framework.control[i].status)
			abort();
	return 0;
}
