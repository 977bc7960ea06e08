/* Links: core. Keys and signatures in text form: what is read stays within its bounds. */
#include <string.h>

#include "core/dnssec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AFD_AUTO(buf) struct afd_buf text = { 0 };
	struct afd_dnskey k;
	struct afd_rrsig s;

	if (afd_buf_add(&text, data, size) < 0 || afd_buf_u8(&text, 0) < 0)
		return 0;
	if (afd_dnskey_parse((const char *)text.data, &k) == 0 && (k.flags > 0xffff || k.algorithm > 255 || k.tag > 0xffff || k.bits > 8 * size))
		abort();
	if (afd_rrsig_parse((const char *)text.data, &s) == 0 && (s.signer.data < text.data || s.signer.data + s.signer.len > text.data + text.len || s.tag > 0xffff))
		abort();
	return 0;
}
