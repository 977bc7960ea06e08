#include "collector/ct/ct_entry.h"

enum { LEAF_INDEX_EXTENSION = 0, LEAF_INDEX_LENGTH = 5 };

/* CtExtensions of static-ct-api: any order, no duplicates, unknown types skipped. */
static int read_extensions(struct afd_slice bytes, struct afd_ct_leaf *leaf, struct afd_error *err)
{
	struct afd_reader r = afd_reader(bytes);
	uint64_t seen[4] = { 0 };

	while (afd_reader_left(&r) > 0) {
		uint8_t type = afd_read_u8(&r);
		struct afd_slice data = afd_read_bytes(&r, afd_read_u16(&r));

		if (r.bad)
			return afd_fail(err, AFD_E_PARSE, "extensions: cut short");
		if (seen[type / 64] >> type % 64 & 1)
			return afd_fail(err, AFD_E_PARSE, "extensions: type %u stands twice", type);
		seen[type / 64] |= UINT64_C(1) << type % 64;
		if (type != LEAF_INDEX_EXTENSION)
			continue;
		if (data.len != LEAF_INDEX_LENGTH)
			return afd_fail(err, AFD_E_PARSE, "leaf_index: expected 5 bytes, got %zu", data.len);
		leaf->has_index = true;
		for (size_t i = 0; i < data.len; i++)
			leaf->index = leaf->index << 8 | data.data[i];
	}
	return 0;
}

static int read_timestamped(struct afd_reader *r, struct afd_ct_leaf *leaf, struct afd_error *err)
{
	const uint8_t *start = r->at;
	uint16_t type;
	struct afd_slice extensions;

	leaf->timestamp_ms = afd_read_u64(r);
	type = afd_read_u16(r);
	if (!r->bad && type > 1)
		return afd_fail(err, AFD_E_PARSE, "entry type: expected 0 or 1, got %u", type);
	leaf->precert = type == 1;
	if (leaf->precert)
		leaf->issuer_key_hash = afd_read_bytes(r, 32);
	leaf->certificate = afd_read_bytes(r, afd_read_u24(r));
	extensions = afd_read_bytes(r, afd_read_u16(r));
	if (r->bad)
		return afd_fail(err, AFD_E_PARSE, "entry: cut short");
	if (leaf->timestamp_ms > INT64_MAX)
		return afd_fail(err, AFD_E_PARSE, "timestamp: out of range");
	leaf->timestamped = afd_slice(start, (size_t)(r->at - start));
	return read_extensions(extensions, leaf, err);
}

static int read_extra(struct afd_reader *r, struct afd_ct_leaf *leaf, struct afd_error *err)
{
	const uint8_t *start = r->at;

	if (leaf->precert)
		leaf->precertificate = afd_read_bytes(r, afd_read_u24(r));
	leaf->fingerprints = afd_read_bytes(r, afd_read_u16(r));
	if (r->bad)
		return afd_fail(err, AFD_E_PARSE, "chain: cut short");
	if (leaf->fingerprints.len % 32 != 0)
		return afd_fail(err, AFD_E_PARSE, "chain: expected fingerprints of 32 bytes, got %zu bytes", leaf->fingerprints.len);
	leaf->extra = afd_slice(start, (size_t)(r->at - start));
	return 0;
}

int afd_ct_tile_leaf(struct afd_reader *r, struct afd_ct_leaf *ret, struct afd_error *err)
{
	*ret = (struct afd_ct_leaf){ 0 };
	if (read_timestamped(r, ret, err) < 0)
		return -1;
	return read_extra(r, ret, err);
}

int afd_ct_merkle_leaf(struct afd_slice leaf_input, struct afd_ct_leaf *ret, struct afd_error *err)
{
	struct afd_reader r = afd_reader(leaf_input);
	uint8_t version = afd_read_u8(&r), type = afd_read_u8(&r);

	*ret = (struct afd_ct_leaf){ 0 };
	if (r.bad || version != 0 || type != 0)
		return afd_fail(err, AFD_E_PARSE, "leaf: expected version 0 and type 0, got %u and %u", version, type);
	if (read_timestamped(&r, ret, err) < 0)
		return -1;
	if (afd_reader_left(&r) > 0)
		return afd_fail(err, AFD_E_PARSE, "leaf: %zu bytes too many", afd_reader_left(&r));
	return 0;
}

int afd_ct_leaf_extra(struct afd_slice extra, struct afd_ct_leaf *leaf, struct afd_error *err)
{
	struct afd_reader r = afd_reader(extra);

	if (read_extra(&r, leaf, err) < 0)
		return -1;
	if (afd_reader_left(&r) > 0)
		return afd_fail(err, AFD_E_PARSE, "chain: %zu bytes too many", afd_reader_left(&r));
	return 0;
}

void afd_ct_leaf_hash(struct afd_sha256_ctx *c, const struct afd_ct_leaf *leaf, struct afd_digest *ret)
{
	/* 00 of the Merkle leaf, then version 0 and leaf type 0 (RFC 6962, 2.1 and 3.4) */
	static const uint8_t prefix[3];

	afd_sha256_begin(c);
	afd_sha256_add(c, afd_slice(prefix, sizeof(prefix)));
	afd_sha256_add(c, leaf->timestamped);
	afd_sha256_end(c, ret);
}
