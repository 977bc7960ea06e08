#include "collector/ct/tiles.h"

#include <libdeflate.h>

/* --- where tiles are --- */

int afd_tile_path(int level, uint64_t n, unsigned width, struct afd_buf *ret)
{
	unsigned group[8];
	size_t k = 0;

	do {
		group[k++] = (unsigned)(n % 1000);
		n /= 1000;
	} while (n > 0);
	if ((level == AFD_TILE_DATA ? afd_buf_text(ret, "tile/data/") : afd_buf_printf(ret, "tile/%d/", level)) < 0)
		return -1;
	while (k-- > 0)
		if (afd_buf_printf(ret, k > 0 ? "x%03u/" : "%03u", group[k]) < 0)
			return -1;
	return width < AFD_TILE_WIDTH ? afd_buf_printf(ret, ".p/%u", width) : 0;
}

unsigned afd_tile_width(int level, uint64_t n, uint64_t size)
{
	uint64_t items = level > 0 ? size >> 8 * level : size;

	if (n >= items / AFD_TILE_WIDTH + 1)
		return 0;
	return items / AFD_TILE_WIDTH > n ? AFD_TILE_WIDTH : (unsigned)(items % AFD_TILE_WIDTH);
}

/* --- what is in them --- */

int afd_tile_leaves(struct afd_slice tile, unsigned width, bool exact, struct afd_ct_leaf *ret, struct afd_error *err)
{
	struct afd_reader r = afd_reader(tile);

	for (unsigned i = 0; i < width; i++)
		if (afd_ct_tile_leaf(&r, &ret[i], err) < 0)
			return afd_within(err, "entry %u of the tile", i);
	if (exact && afd_reader_left(&r) > 0)
		return afd_fail(err, AFD_E_PARSE, "%zu bytes after the %u entries of the tile", afd_reader_left(&r), width);
	return 0;
}

int afd_tile_hashes(struct afd_slice tile, unsigned width, bool exact, struct afd_digest *ret, struct afd_error *err)
{
	size_t want = (size_t)width * sizeof(ret->b);

	if (exact ? tile.len != want : tile.len < want)
		return afd_fail(err, AFD_E_PARSE, "hash tile: expected %zu bytes, got %zu", want, tile.len);
	for (unsigned i = 0; i < width; i++)
		memcpy(ret[i].b, tile.data + i * sizeof(ret->b), sizeof(ret->b));
	return 0;
}

int afd_tile_open(struct afd_slice bytes, size_t max, struct afd_buf *buf, struct afd_slice *ret, struct afd_error *err)
{
	struct libdeflate_decompressor *d;
	enum libdeflate_result rc;
	size_t size, used = 0, made = 0;

	*ret = bytes;
	if (bytes.len < 18 || bytes.data[0] != 0x1f || bytes.data[1] != 0x8b)
		return 0;
	d = libdeflate_alloc_decompressor();
	if (!d)
		return afd_fail_memory(err);
	size = bytes.len < max / 4 ? bytes.len * 4 : max;
	for (;;) {
		buf->len = 0;
		if (afd_buf_reserve(buf, size) < 0) {
			libdeflate_free_decompressor(d);
			return afd_fail_memory(err);
		}
		rc = libdeflate_gzip_decompress_ex(d, bytes.data, bytes.len, buf->data, size, &used, &made);
		if (rc != LIBDEFLATE_INSUFFICIENT_SPACE || size >= max)
			break;
		size = size < max / 2 ? size * 2 : max;
	}
	libdeflate_free_decompressor(d);
	if (rc == LIBDEFLATE_INSUFFICIENT_SPACE)
		return afd_fail(err, AFD_E_LIMIT, "gzip: more than %zu bytes inside", max);
	if (rc != LIBDEFLATE_SUCCESS || used != bytes.len)
		return afd_fail(err, AFD_E_PARSE, "gzip: broken");
	buf->len = made;
	*ret = afd_buf_slice(buf);
	return 0;
}

/* --- the tree --- */

static size_t first_at_least(const struct afd_ct_paths *p, uint64_t index)
{
	size_t lo = 0, hi = p ? p->n : 0;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (p->at[mid]->index < index)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* HASH is the sibling of the subtree over [from, to). */
static void meet(const struct afd_ct_paths *p, uint64_t from, uint64_t to, const struct afd_digest *hash)
{
	for (size_t i = first_at_least(p, from); p && i < p->n && p->at[i]->index < to; i++)
		if (p->at[i]->n < AFD_MAX_PROOF_NODES)
			p->at[i]->at[p->at[i]->n++] = *hash;
}

int afd_ct_grow(struct afd_merkle *tree, const struct afd_digest *root, unsigned height, const struct afd_ct_paths *paths)
{
	struct afd_digest node = *root;
	uint64_t span, from = tree->size, to;
	unsigned h = height;

	if (height >= 63 || (tree->size & ((UINT64_C(1) << height) - 1)) != 0 || tree->size >> 62 != 0)
		return -1;
	span = UINT64_C(1) << height;
	to = from + span;
	/* Each set bit of the size from here up is a subtree as large as the one just made: they join. */
	for (; tree->size >> h & 1; h++) {
		const struct afd_digest left = tree->at[--tree->n];

		meet(paths, from, to, &left);
		meet(paths, from - (UINT64_C(1) << h), from, &node);
		afd_merkle_node(&left, &node, &node);
		from -= UINT64_C(1) << h;
	}
	tree->at[tree->n++] = node;
	tree->size += span;
	return 0;
}

int afd_ct_grow_tile(struct afd_merkle *tree, const struct afd_digest *leaf, const struct afd_ct_paths *paths)
{
	struct afd_digest row[AFD_TILE_WIDTH];
	uint64_t base = tree->size;

	if (base % AFD_TILE_WIDTH != 0)
		return -1;
	memcpy(row, leaf, sizeof(row));
	for (unsigned h = 0, n = AFD_TILE_WIDTH; h < 8; h++, n /= 2) {
		size_t i = first_at_least(paths, base);

		for (; paths && i < paths->n && paths->at[i]->index < base + AFD_TILE_WIDTH; i++) {
			struct afd_ct_path *p = paths->at[i];

			p->at[p->n++] = row[(p->index - base) >> h ^ 1];
		}
		for (unsigned k = 0; k < n / 2; k++)
			afd_merkle_node(&row[2 * k], &row[2 * k + 1], &row[k]);
	}
	return afd_ct_grow(tree, &row[0], 8, paths);
}

void afd_ct_finish(const struct afd_merkle *tree, struct afd_digest *root, const struct afd_ct_paths *paths)
{
	uint64_t from = tree->size;
	struct afd_digest node;

	if (tree->n == 0) {
		afd_merkle_empty(root);
		return;
	}
	node = tree->at[tree->n - 1];
	from -= tree->size & -tree->size;
	for (unsigned i = tree->n - 1; i-- > 0;) {
		uint64_t span = from & -from;

		meet(paths, from, tree->size, &tree->at[i]);
		meet(paths, from - span, from, &node);
		afd_merkle_node(&tree->at[i], &node, &node);
		from -= span;
	}
	*root = node;
}

/* The loop of RFC 9162, 2.1.4.2, with our own nodes on the left. */
int afd_ct_extend(const struct afd_merkle *tree, uint64_t size, const struct afd_digest *proof, size_t n, const struct afd_ct_paths *paths,
                  struct afd_digest *root)
{
	uint64_t fn = tree->size - 1, sn = size - 1, from, to = tree->size;
	unsigned left = tree->n;
	struct afd_digest node;
	size_t k = 0;

	if (tree->size == 0 || tree->size >= size)
		return -1;
	/* The proof begins with the last full subtree, unless that is the whole tree. */
	node = tree->at[--left];
	from = tree->size - (tree->size & -tree->size);
	if (left > 0 && (n == 0 || !afd_digest_equal(&proof[k++], &node)))
		return -1;
	for (; fn & 1; fn >>= 1)
		sn >>= 1;
	for (; k < n; k++) {
		if (sn == 0)
			return -1;
		if (fn & 1 || fn == sn) {
			if (left == 0 || !afd_digest_equal(&proof[k], &tree->at[--left]))
				return -1;
			meet(paths, from, to, &tree->at[left]);
			meet(paths, from - (from & -from), from, &node);
			afd_merkle_node(&tree->at[left], &node, &node);
			from -= from & -from;
			for (; !(fn & 1) && fn != 0; fn >>= 1)
				sn >>= 1;
		} else {
			/* paths only lead to leaves of TREE, so where the right side ends does not matter */
			meet(paths, from, to, &proof[k]);
			afd_merkle_node(&node, &proof[k], &node);
		}
		fn >>= 1;
		sn >>= 1;
	}
	if (sn != 0 || left != 0)
		return -1;
	*root = node;
	return 0;
}

bool afd_ct_stride(uint64_t at, uint64_t size, unsigned *level, uint64_t *n, unsigned *item)
{
	uint64_t k;

	if (at >= size)
		return false;
	*level = 0;
	while (*level + 1 < AFD_TILE_LEVELS) {
		uint64_t span = UINT64_C(1) << 8 * (*level + 1);

		if (at % span != 0 || size - at < span)
			break;
		++*level;
	}
	k = at >> 8 * *level;
	*n = k / AFD_TILE_WIDTH;
	*item = (unsigned)(k % AFD_TILE_WIDTH);
	return true;
}
