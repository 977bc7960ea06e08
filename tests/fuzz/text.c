/* Links: core. Names, times, durations, periods, base64, hex: what is accepted has one form, which reads back the same. */
#include "core/digest.h"
#include "core/name.h"
#include "core/when.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool cond)
{
	if (!cond)
		abort();
}

static void name(struct afd_slice in)
{
	char a[AFD_NAME_MAX], b[AFD_NAME_MAX];
	bool w;

	if (afd_name_canonical(in, a, NULL) < 0)
		return;
	must(strlen(a) < AFD_NAME_MAX && *a);
	must(afd_name_canonical(afd_slice_text(a), b, NULL) == 0 && strcmp(a, b) == 0);
	must(afd_name_compare(a, b) == 0 && afd_name_within(a, b) && afd_name_within(a, "."));
	must(strcmp(a, ".") == 0 || afd_name_compare(a, ".") > 0);
	must(*afd_name_base(a, &w));
}

static void radix(struct afd_slice in)
{
	AFD_AUTO(buf) struct afd_buf raw = { 0 }, back = { 0 }, url = { 0 }, url_back = { 0 };

	if (afd_unbase64(in, &raw) == 0)
		must(afd_base64(afd_buf_slice(&raw), &back) == 0 && afd_slice_equal(afd_buf_slice(&back), in));
	if (afd_unbase64url(in, &url) == 0)
		must(afd_base64url(afd_buf_slice(&url), &url_back) == 0 && afd_slice_equal(afd_buf_slice(&url_back), in));
}

static void times(const char *s)
{
	struct afd_span span;
	int64_t t, back;

	if (afd_when_parse(s, &t, NULL) == 0 && t >= INT64_C(-62167219200000) && t <= INT64_C(253402300799999))
		must(afd_when_parse(afd_when_text(t).s, &back, NULL) == 0 && back == t);
	if (afd_duration_parse(s, &t, NULL) == 0)
		must(t >= 0);
	if (afd_period_parse(s, &span, NULL) == 0)
		must(span.from < span.to);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AFD_AUTO(mem) char *s = afd_text_dup(afd_slice(data, size));
	uint8_t b[8];

	if (!s)
		return 0;
	name(afd_slice(data, size));
	radix(afd_slice(data, size));
	times(s);
	afd_unhex(s, strlen(s), b, sizeof(b));
	return 0;
}
