/* Links: transport, core. A stream of DNS messages: however it is cut into pieces, the same messages come out. The first
 * byte says where it is cut, the second at which message the answer is complete. */
#include "transport/transport_private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool cond)
{
	if (!cond)
		abort();
}

struct judge { unsigned seen, last; uint64_t sum; };

static int until_last(void *ctx, struct afd_slice message, struct afd_error *err)
{
	struct judge *j = ctx;

	must(message.len >= 12);
	for (size_t i = 0; i < message.len; i++)
		j->sum = j->sum * 31 + message.data[i];
	if (++j->seen < j->last)
		return 0;
	return j->last % 3 ? 1 : afd_fail(err, AFD_E_VERIFY, "refused");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct afd_frames whole = { .max_messages = 50 }, pieces = whole;
	struct judge a, b;
	struct afd_request qa = { .more = until_last, .more_ctx = &a }, qb = { .more = until_last, .more_ctx = &b };
	struct afd_error err;
	size_t step;
	int ra, rb = 0;

	if (size < 2)
		return 0;
	a = b = (struct judge){ .last = data[1] };
	step = (size_t)data[0] + 1;
	data += 2;
	size -= 2;
	ra = afd_frames_take(&whole, afd_slice(data, size), &qa, &err);
	must(whole.at <= size && (ra <= 0 || whole.at > 0));
	for (size_t n = 0; rb == 0 && n < size;) {
		n = n + step < size ? n + step : size;
		rb = afd_frames_take(&pieces, afd_slice(data, n), &qb, &err);
	}
	must(ra == rb && whole.at == pieces.at && a.seen == b.seen && a.sum == b.sum);
	return 0;
}
