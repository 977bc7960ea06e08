/* BIND's .jnl. Everything is big endian; a length that leads outside what is there ends the walk, never more.
 *
 * Header, 64 bytes: format (16), begin and end as serial and offset (8 each), number of index entries (4), serial of the
 * unsigned zone (4), flags (1). A transaction: size of what follows its header, [version 2: number of records,] serial before,
 * serial after; then records, each behind its size: owner, type, class, TTL, rdata length, rdata, names never compressed. */
#include "collector/zone/journal.h"

#include <inttypes.h>

#include "collector/zone/dns_message.h"

#define FORMAT_1 ";BIND LOG V9\n"
#define FORMAT_2 ";BIND LOG V9.2\n"
#define SERIAL_SET 1

static bool is_format(struct afd_slice bytes, const char *format)
{
	return bytes.len >= 16 && strncmp((const char *)bytes.data, format, 16) == 0;
}

int afd_jnl_head(struct afd_slice bytes, uint64_t size, struct afd_jnl_head *ret, struct afd_error *err)
{
	struct afd_reader r = afd_reader(bytes);

	*ret = (struct afd_jnl_head){ .version = is_format(bytes, FORMAT_2) ? 2 : is_format(bytes, FORMAT_1) ? 1 : 0 };
	if (!ret->version)
		return afd_fail(err, AFD_E_PARSE, "journal: expected \"BIND LOG V9\" or \"V9.2\" at its beginning");
	afd_read_bytes(&r, 16);
	ret->begin = afd_read_u32(&r);
	ret->begin_at = afd_read_u32(&r);
	ret->end = afd_read_u32(&r);
	ret->end_at = afd_read_u32(&r);
	const uint32_t entries = afd_read_u32(&r);
	ret->source = afd_read_u32(&r);
	ret->has_source = afd_read_u8(&r) & SERIAL_SET;
	afd_read_bytes(&r, AFD_JNL_HEAD - 41);
	if (r.bad)
		return afd_fail(err, AFD_E_PARSE, "journal: its header is cut short");
	if (entries > AFD_JNL_INDEX_MAX)
		return afd_fail(err, AFD_E_LIMIT, "journal: %" PRIu32 " index entries, more than %d", entries, AFD_JNL_INDEX_MAX);
	ret->index = afd_read_bytes(&r, (size_t)entries * 8);
	if (r.bad)
		return afd_fail(err, AFD_E_PARSE, "journal: its index is cut short");
	ret->empty = ret->begin_at == ret->end_at;
	if (!ret->empty && (ret->begin_at < AFD_JNL_HEAD + (uint64_t)entries * 8 || ret->begin_at > ret->end_at || ret->begin_at > size))
		return afd_fail(err, AFD_E_PARSE, "journal: transactions from byte %" PRIu64 " to %" PRIu64 " of %" PRIu64 ", behind a header of %" PRIu64,
		                ret->begin_at, ret->end_at, size, AFD_JNL_HEAD + (uint64_t)entries * 8);
	return 0;
}

uint64_t afd_jnl_seek(const struct afd_jnl_head *h, uint32_t serial)
{
	struct afd_reader r = afd_reader(h->index);
	uint64_t best = h->begin_at;
	uint32_t best_serial = h->begin;

	while (afd_reader_left(&r) >= 8) {
		const uint32_t s = afd_read_u32(&r), at = afd_read_u32(&r);

		if (at >= h->begin_at && at < h->end_at && !afd_dns_serial_newer(s, serial) && afd_dns_serial_newer(s, best_serial)) {
			best = at;
			best_serial = s;
		}
	}
	return best;
}

struct header { uint32_t size, from, to; size_t len; };

static struct header read_header(struct afd_slice bytes, unsigned version)
{
	struct afd_reader r = afd_reader(bytes);
	struct header h = { .size = afd_read_u32(&r), .len = version == 1 ? 12 : 16 };

	if (version != 1)
		afd_read_u32(&r);
	h.from = afd_read_u32(&r);
	h.to = afd_read_u32(&r);
	return h;
}

/* Whether the first record behind the header can be one: an SOA, which names every transaction's begin. */
static bool soa_follows(struct afd_slice bytes, const struct header *h)
{
	struct afd_reader r = afd_reader(afd_slice_sub(bytes, h->len, bytes.len));
	const uint32_t size = afd_read_u32(&r);
	struct afd_slice rr = afd_read_bytes(&r, size);
	struct afd_dns_name n;
	size_t at = 0;

	if (r.bad || size > h->size || afd_dns_name_read(rr, &at, false, &n, NULL) < 0 || rr.len - at < 2)
		return false;
	return rr.data[at] == 0 && rr.data[at + 1] == AFD_DNS_SOA;
}

/* Versions of BIND 9.16 wrote headers of version 2 into files of version 1, so each is looked at by itself. */
static bool fits(const struct afd_jnl_walk *w, struct afd_slice left, unsigned version, struct header *h)
{
	*h = read_header(left, version);
	return afd_dns_serial_newer(h->to, h->from) && (!w->chained || h->from == w->serial) && soa_follows(left, h);
}

int afd_jnl_next(struct afd_jnl_walk *w, struct afd_journal_step *ret, struct afd_error *err)
{
	const struct afd_slice left = afd_slice_sub(w->bytes, w->at, w->bytes.len);
	const unsigned first = w->version == 1 ? 1 : 2;
	struct header h;

	if (left.len < 16)
		return 0;
	if (fits(w, left, first, &h))
		w->version = first;
	else if (fits(w, left, 3 - first, &h))
		w->version = 3 - first;
	else {
		h = read_header(left, first);
		if ((uint64_t)h.size + h.len > left.len)
			return 0;
		if (w->chained)
			return afd_fail(err, AFD_E_PARSE, "journal: byte %zu: no transaction from serial %" PRIu32, w->at, w->serial);
		return afd_fail(err, AFD_E_PARSE, "journal: byte %zu: no transaction", w->at);
	}
	if ((uint64_t)h.size + h.len > left.len)
		return 0;
	*ret = (struct afd_journal_step){ .off = w->at, .len = h.size + h.len, .from = h.from, .to = h.to };
	w->at += ret->len;
	w->serial = h.to;
	w->chained = true;
	return 1;
}

struct afd_jnl_records afd_jnl_records(const struct afd_jnl_walk *after, struct afd_slice step)
{
	const size_t header = after->version == 1 ? 12 : 16;

	return (struct afd_jnl_records){ afd_slice_sub(step, header, step.len) };
}

int afd_jnl_record(struct afd_jnl_records *w, struct afd_jnl_rr *ret, struct afd_error *err)
{
	struct afd_reader r = afd_reader(w->left);
	struct afd_dns_name n;
	size_t at = 0;

	if (w->left.len == 0)
		return 0;
	const struct afd_slice rr = afd_read_bytes(&r, afd_read_u32(&r));
	if (r.bad)
		return afd_fail(err, AFD_E_PARSE, "journal: a record is larger than its transaction");
	if (afd_dns_name_read(rr, &at, false, &n, err) < 0)
		return afd_within(err, "journal");
	struct afd_reader f = afd_reader(afd_slice_sub(rr, at, rr.len));
	*ret = (struct afd_jnl_rr){ .owner = { rr.data, at } };
	ret->type = afd_read_u16(&f);
	ret->rclass = afd_read_u16(&f);
	ret->ttl = afd_read_u32(&f);
	ret->rdata = afd_read_bytes(&f, afd_read_u16(&f));
	if (f.bad || afd_reader_left(&f))
		return afd_fail(err, AFD_E_PARSE, "journal: a record's length and that of its content differ");
	w->left = (struct afd_slice){ r.at, afd_reader_left(&r) };
	return 1;
}
