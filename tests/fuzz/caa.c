/* Links: core. CAA records in text form: what is read stays within its bounds, and an issuer is a name of letters, digits and hyphens. */
#include <string.h>

#include "core/caa.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AFD_AUTO(buf) struct afd_buf text = { 0 };
	struct afd_caa c;

	if (afd_buf_add(&text, data, size) < 0 || afd_buf_u8(&text, 0) < 0)
		return 0;
	if ((afd_caa_parse((const char *)text.data, &c) == 0) != (c.tag[0] != '\0') || c.flags > 255 || strlen(c.tag) > AFD_CAA_TAG_MAX || strlen(c.value) > AFD_CAA_VALUE_MAX + 3 ||
	    strlen(c.method_list) > AFD_CAA_VALUE_MAX + 4 || (c.methods != 1 && c.method_list[0] && c.methods != 2))
		abort();
	if (strlen(c.issuer) > AFD_CAA_ISSUER_MAX || c.issuer[strspn(c.issuer, "abcdefghijklmnopqrstuvwxyz0123456789-.")] || (c.issuer[0] && !c.known))
		abort();
	return 0;
}
