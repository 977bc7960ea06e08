/* Sealing: a draft becomes a record, its leaf hash, and the secret that opens both. */
#include "evidence/item.h"

#include <inttypes.h>
#include <openssl/crypto.h>

#include "core/merkle.h"
#include "core/when.h"
#include "evidence/record.h"

/* HMAC-SHA256(secret, message)[0..16]: 16 bytes are what hides, more would only make the record longer. */
static void blind(const uint8_t secret[32], struct afd_slice message, uint8_t ret[16])
{
	struct afd_digest d;

	afd_hmac_sha256(afd_slice(secret, 32), message, &d);
	memcpy(ret, d.b, 16);
	OPENSSL_cleanse(&d, sizeof(d));
}

void afd_item_content(const uint8_t secret[32], struct afd_slice bytes, struct afd_digest *ret)
{
	uint8_t b[16];
	const struct afd_slice s[] = { { b, sizeof(b) }, bytes };

	blind(secret, afd_slice_text("content"), b);
	afd_sha256_parts(s, AFD_COUNT(s), ret);
}

void afd_part_salt(const uint8_t secret[32], uint64_t index, uint8_t ret[16])
{
	uint8_t message[12] = { 'p', 'a', 'r', 't' };

	for (int i = 0; i < 8; i++)
		message[4 + i] = (uint8_t)(index >> (56 - 8 * i));
	blind(secret, afd_slice(message, sizeof(message)), ret);
}

static void part_leaf(struct afd_sha256_ctx *c, const uint8_t salt[16], struct afd_slice part, struct afd_digest *ret)
{
	static const uint8_t zero = 0;

	afd_sha256_begin(c);
	afd_sha256_add(c, afd_slice(&zero, 1));
	afd_sha256_add(c, afd_slice(salt, 16));
	afd_sha256_add(c, part);
	afd_sha256_end(c, ret);
}

void afd_part_leaf(const uint8_t salt[16], struct afd_slice part, struct afd_digest *ret)
{
	static const uint8_t zero = 0;
	const struct afd_slice s[] = { { &zero, 1 }, { salt, 16 }, part };

	afd_sha256_parts(s, AFD_COUNT(s), ret);
}

/* Root over the parts, which tile BYTES. */
static int parts_root(
	const uint8_t secret[32], struct afd_slice bytes, const struct afd_ranges *parts, struct afd_digest *ret)
{
	struct afd_sha256_ctx *c = afd_sha256_new();
	struct afd_merkle tree = { 0 };

	if (!c)
		return -1;
	for (size_t i = 0; i < parts->n; i++) {
		struct afd_digest leaf;
		uint8_t salt[16];

		afd_part_salt(secret, i, salt);
		part_leaf(c, salt, afd_slice_sub(bytes, parts->at[i].off, parts->at[i].len), &leaf);
		if (afd_merkle_append(&tree, &leaf) < 0) {
			afd_sha256_free(c);
			return -1;
		}
	}
	afd_merkle_root(&tree, ret);
	afd_sha256_free(c);
	return 0;
}

/* "Tile": each part begins where the last one ended, the last one ends with the bytes. */
static int check_tiling(const struct afd_ranges *parts, uint64_t len, struct afd_error *err)
{
	uint64_t end = 0;

	if (parts->n > AFD_MAX_PARTS)
		return afd_fail(err, AFD_E_LIMIT, "%zu parts; the limit is %u", parts->n, AFD_MAX_PARTS);
	for (size_t i = 0; i < parts->n; i++) {
		if (parts->at[i].off != end || parts->at[i].len > len - end)
			return afd_fail(err, AFD_E_PARSE,
				"part %zu: expected it to begin at %" PRIu64 " and to end within %" PRIu64
				" bytes, got %" PRIu64 " and %" PRIu64 " bytes",
				i, end, len, parts->at[i].off, parts->at[i].len);
		end += parts->at[i].len;
	}
	if (end != len)
		return afd_fail(err, AFD_E_PARSE, "parts: they end at %" PRIu64 " of %" PRIu64 " bytes", end, len);
	return 0;
}

int afd_parts_from_lengths(struct afd_slice lengths, uint64_t len, struct afd_ranges *ret, struct afd_error *err)
{
	AFD_AUTO(ranges) struct afd_ranges parts = { 0 };
	struct afd_reader r = afd_reader(lengths);
	uint64_t off = 0;

	if (lengths.len == 0 || lengths.len % 4 != 0 || lengths.len / 4 > AFD_MAX_PARTS)
		return afd_fail(err, AFD_E_PARSE, "part lengths: %zu bytes are not a list of lengths", lengths.len);
	while (afd_reader_left(&r) > 0) {
		const uint32_t n = afd_read_u32(&r);

		if (afd_ranges_add(&parts, off, n) < 0)
			return afd_fail_memory(err);
		off += n;
	}
	if (off != len)
		return afd_fail(err, AFD_E_PARSE, "part lengths: they make %" PRIu64 " of %" PRIu64 " bytes", off, len);
	*ret = parts;
	parts = (struct afd_ranges){ 0 };
	return 0;
}

/* The record of a draft; texts stay the draft's, so it must not be released. */
static struct afd_record record_of(const struct afd_draft *d)
{
	struct afd_record r = {
		.kind = d->kind, .source = (char *)d->source, .decoder = (char *)d->decoder, .asked = (char *)d->asked,
		.channel = (char *)d->channel, .media_type = (char *)d->media_type,
		.asked_ms = d->asked_ms, .received_ms = d->received_ms, .server_ms = d->server_ms,
		.length = d->bytes.len, .redacted = d->redacted,
	};

	if (d->kind == AFD_ITEM_TOMBSTONE) {
		r.erases_leaf = d->erases_leaf;
		r.erases_hash = d->erases_hash;
		r.rule = (char *)d->rule;
		r.actor = (char *)d->actor;
	}
	return r;
}

static int seal(const struct afd_draft *d, const struct afd_ranges *parts, const struct afd_env *env,
                struct afd_sealed *s, struct afd_error *err)
{
	struct afd_record r = record_of(d);

	if (afd_random(env, r.salt, sizeof(r.salt)) < 0 || afd_random(env, s->secret, sizeof(s->secret)) < 0)
		return afd_fail(err, AFD_E_IO, "no random bytes");
	r.n_parts = parts->n;
	afd_item_content(s->secret, d->bytes, &r.content);
	if (parts_root(s->secret, d->bytes, parts, &r.parts_root) < 0)
		return afd_fail_memory(err);
	for (size_t i = 0; i < parts->n; i++)
		if (afd_buf_u32(&s->part_lengths, (uint32_t)parts->at[i].len) < 0)
			return afd_fail_memory(err);
	s->record.max = AFD_MAX_RECORD;
	if (afd_record_write(&r, &s->record, err) < 0)
		return -1;
	afd_record_leaf(afd_buf_slice(&s->record), &s->leaf);
	afd_sha256(d->bytes, &s->sha256);
	return 0;
}

int afd_item_seal(const struct afd_draft *d, const struct afd_env *env, struct afd_sealed *ret, struct afd_error *err)
{
	struct afd_range whole = { 0, d->bytes.len };
	const struct afd_ranges parts = d->parts.n ? d->parts : (struct afd_ranges){ &whole, 1, 1 };
	struct afd_sealed s = { .part_lengths = { 0 } };

	if (d->bytes.len > AFD_MAX_ITEM)
		return afd_fail(err, AFD_E_LIMIT, "an item of %zu bytes; the limit is %u", d->bytes.len, AFD_MAX_ITEM);
	if (check_tiling(&parts, d->bytes.len, err) < 0)
		return -1;
	if (seal(d, &parts, env, &s, err) < 0) {
		afd_sealed_release(&s);
		return -1;
	}
	*ret = s;
	return 0;
}

void afd_sealed_release(struct afd_sealed *s)
{
	OPENSSL_cleanse(s->secret, sizeof(s->secret));
	afd_buf_release(&s->record);
	afd_buf_release(&s->part_lengths);
}

bool afd_record_matches(
	const struct afd_record *r, const uint8_t secret[32], struct afd_slice bytes, struct afd_slice part_lengths)
{
	AFD_AUTO(ranges) struct afd_ranges parts = { 0 };
	struct afd_digest d;

	if (r->length != bytes.len || r->n_parts != part_lengths.len / 4)
		return false;
	if (afd_parts_from_lengths(part_lengths, bytes.len, &parts, NULL) < 0)
		return false;
	afd_item_content(secret, bytes, &d);
	if (!afd_digest_equal(&d, &r->content))
		return false;
	return parts_root(secret, bytes, &parts, &d) == 0 && afd_digest_equal(&d, &r->parts_root);
}
