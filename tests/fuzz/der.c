/* Links: core. DER: elements tile the bytes that hold them, and nothing outside is touched. */
#include "core/der.h"
#include "core/when.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool cond)
{
	if (!cond)
		abort();
}

static void walk(struct afd_slice s, unsigned depth)
{
	struct afd_reader r = afd_reader(s);
	const uint8_t *at = s.data;
	struct afd_der d;
	int64_t t;

	while (afd_reader_left(&r) && afd_der_next(&r, &d)) {
		must(d.whole.data == at && d.whole.len >= 2 && d.whole.len >= d.body.len + 2);
		must(d.whole.len - d.body.len <= 5);
		must(d.body.len == 0 || d.body.data + d.body.len == d.whole.data + d.whole.len);
		at += d.whole.len;
		must(r.at == at);
		if (afd_der_time(&d, &t)) {
			must(d.body.len == 13 || d.body.len == 15);
			must(strlen(afd_when_text(t).s) == 24);
		}
		afd_der_is_oid(&d, (const uint8_t *)"\x2a", 1);
		if (d.tag & 0x20 && depth < 32)
			walk(d.body, depth + 1);
	}
	must(r.bad || at == s.data + s.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	walk(afd_slice(data, size), 0);
	return 0;
}
