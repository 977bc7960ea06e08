/* libs: mappers evidence core. A catalogue, and a mapping to a small one that is always there. */
#include "mappers/judge.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char small[] =
	"{\"id\":\"x\",\"title\":\"X\",\"version\":\"1\",\"relations\":[\"subset-of\"],\"levels\":[\"top\"],\"controls\":["
	"{\"id\":\"A\",\"level\":\"top\",\"title\":\"a\"},"
	"{\"id\":\"B\",\"level\":\"top\",\"title\":\"b\",\"status\":\"withdrawn\",\"successors\":[\"A\"]}]}";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AFD_AUTO(arena) struct afd_arena a = { 0 };
	AFD_AUTO(doc) struct afd_doc *one = NULL, *two = NULL, *three = NULL;
	const struct afd_check check = { .id = "c" };
	struct afd_catalogue cat, *to;

	if (afd_catalogue_parse(afd_slice_text(small), "small", &a, &one, &cat, NULL) < 0)
		abort();
	if (afd_mapping_parse(afd_slice(data, size), "mapping", &a, &two, &cat, 1, &check, 1, &to, NULL) == 0 &&
	    (to != &cat || cat.framework.control[1].n_link))      /* nothing may point to what is withdrawn */
		abort();
	if (afd_catalogue_parse(afd_slice(data, size), "catalogue", &a, &three, &cat, NULL) < 0)
		return 0;
	for (size_t i = 0; i < cat.framework.n_control; i++)
		if (!cat.framework.control[i].id || !cat.framework.control[i].title || !cat.framework.control[i].status)
			abort();
	return 0;
}
