/* How much slower than plain leaf hashing is reading a log: parse, leaf hash, root, and match of 1, 1e3 and 1e6 watched
 * names, from tiles as they are, from gzip, and from pages of get-entries? Ratios in one run; absolute figures are notes.
 * Usage: bench_ct TILE [WATCHED] (a data tile of 256 leaves, made by tests/make-ctlog or recorded). The names of its certificates
 * are replaced by others of the same length, so that no two tiles look for the same. Budgets: docs/design.md 12. */
#include <inttypes.h>
#include <libdeflate.h>
#include <stdio.h>
#include <sys/resource.h>
#include <time.h>

#include "collector/ct/ct_entry.h"
#include "collector/ct/tiles.h"
#include "core/file.h"
#include "core/merkle.h"

enum { TILES = 40, ROUNDS = 3, LEAVES = 256, CHAIN_BYTES = 2400, BEST_OF = 5 };

static struct afd_buf tile[TILES], packed[TILES], page[TILES];
static struct afd_buf seen;                       /* some names of the corpus, one per line */
static uint64_t seed = 0x2545f4914f6cdd1d;

static uint32_t draw(uint32_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)((seed >> 32) * below >> 32);
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* --- the corpus --- */

/* Other letters, but for the last label. */
static int rename_one(void *p, enum afd_ct_name_kind kind, uint8_t tag, struct afd_slice raw)
{
	const uint8_t *dot = raw.len ? memrchr(raw.data, '.', raw.len) : NULL;
	uint8_t *at = (uint8_t *)raw.data;

	(void)p, (void)tag;
	if (kind == AFD_CT_IP || !dot)
		return 0;
	for (; at < dot; at++)
		if (*at >= 'a' && *at <= 'z')
			*at = (uint8_t)('a' + draw(26));
	if (draw(100) == 0) {
		afd_buf_add_slice(&seen, raw);
		afd_buf_u8(&seen, '\n');
	}
	return 0;
}

static void make_gzip(struct afd_slice in, struct afd_buf *ret)
{
	struct libdeflate_compressor *c = libdeflate_alloc_compressor(6);
	size_t room = libdeflate_gzip_compress_bound(c, in.len);

	afd_buf_reserve(ret, room);
	ret->len = libdeflate_gzip_compress(c, in.data, in.len, ret->data, room);
	libdeflate_free_compressor(c);
}

static void make_page(const struct afd_ct_leaf *leaf, struct afd_buf *ret)
{
	afd_buf_text(ret, "{\"entries\":[");
	for (int i = 0; i < LEAVES; i++) {
		AFD_AUTO(buf) struct afd_buf input = { 0 }, extra = { 0 };

		afd_buf_u16(&input, 0);
		afd_buf_add_slice(&input, leaf[i].timestamped);
		afd_buf_add_slice(&extra, leaf[i].extra);
		for (int k = 0; k < CHAIN_BYTES - (int)leaf[i].extra.len; k++)
			afd_buf_u8(&extra, (uint8_t)draw(256));
		afd_buf_text(ret, i ? ",{\"leaf_input\":\"" : "{\"leaf_input\":\"");
		afd_base64(afd_buf_slice(&input), ret);
		afd_buf_text(ret, "\",\"extra_data\":\"");
		afd_base64(afd_buf_slice(&extra), ret);
		afd_buf_text(ret, "\"}");
	}
	afd_buf_text(ret, "]}");
}

static int make_corpus(struct afd_slice from)
{
	static struct afd_ct_leaf leaf[LEAVES];

	for (int t = 0; t < TILES; t++) {
		if (afd_buf_add_slice(&tile[t], from) < 0 || afd_tile_leaves(afd_buf_slice(&tile[t]), LEAVES, true, leaf, NULL) < 0)
			return -1;
		for (int i = 0; i < LEAVES; i++) {
			struct afd_ct_cert c;

			if (afd_ct_leaf_cert(&leaf[i], &c, NULL) == 0)
				afd_ct_names(&c, rename_one, NULL, NULL);
		}
		make_gzip(afd_buf_slice(&tile[t]), &packed[t]);
		make_page(leaf, &page[t]);
	}
	return 0;
}

/* N names: random ones, and a few that certificates of the corpus are for. */
static int watch_of(size_t n, struct afd_ct_watch **ret, size_t *bytes)
{
	char **name = calloc(n, sizeof(*name));
	const char *line = (const char *)seen.data;
	int r;

	*bytes = 0;
	for (size_t i = 0; name && i < n; i++) {
		const char *end = line && i % 100 == 0 ? strchr(line, '\n') : NULL;
		bool star = end && line[0] == '*';

		if (end)
			name[i] = afd_sprintf("%.*s", (int)(end - line) - 2 * star, line + 2 * star);
		else
			name[i] = afd_sprintf("%s%06x%06x.%s", draw(3) ? "" : "www.", draw(1 << 24), draw(1 << 24), draw(2) ? "com" : "co.example");
		line = end ? end + 1 : line;
		*bytes += strlen(name[i]);
	}
	r = name ? afd_ct_watch_new((const char *const *)name, n, ret, NULL) : -1;
	for (size_t i = 0; name && i < n; i++)
		free(name[i]);
	free(name);
	return r;
}

/* --- what is measured --- */

struct bench { struct afd_sha256_ctx *sha; const struct afd_ct_watch *w; struct afd_merkle tree; unsigned hits; };

typedef int read_cb(struct bench *b, struct afd_slice bytes, int t);

/* The yardstick: nothing but SHA-256 over each leaf. Where they begin was found out before. */
static int plain(struct bench *b, struct afd_slice bytes, int t)
{
	static struct afd_ct_leaf found[TILES][LEAVES];
	struct afd_digest d;

	if (!found[t][0].timestamped.len && afd_tile_leaves(afd_buf_slice(&tile[t]), LEAVES, true, found[t], NULL) < 0)
		return -1;
	for (int i = 0; i < LEAVES; i++) {
		struct afd_ct_leaf leaf = { .timestamped = found[t][i].timestamped };

		leaf.timestamped.data = bytes.data + (leaf.timestamped.data - tile[t].data);
		afd_ct_leaf_hash(b->sha, &leaf, &d);
	}
	return 0;
}

static int read_leaves(struct bench *b, const struct afd_ct_leaf *leaf)
{
	static struct afd_digest hash[LEAVES];
	const struct afd_ct_paths none = { 0 };

	for (int i = 0; i < LEAVES; i++) {
		afd_ct_leaf_hash(b->sha, &leaf[i], &hash[i]);
		b->hits += afd_ct_watch_entry(b->w, &leaf[i], NULL) == 1;
	}
	return afd_ct_grow_tile(&b->tree, hash, &none);
}

static int raw(struct bench *b, struct afd_slice bytes, int t)
{
	static struct afd_ct_leaf leaf[LEAVES];

	(void)t;
	return afd_tile_leaves(bytes, LEAVES, true, leaf, NULL) < 0 ? -1 : read_leaves(b, leaf);
}

static int gzip(struct bench *b, struct afd_slice bytes, int t)
{
	static struct afd_buf open;
	struct afd_slice inside;

	return afd_tile_open(bytes, AFD_MAX_CT_TILE, &open, &inside, NULL) < 0 ? -1 : raw(b, inside, t);
}

static int json(struct bench *b, struct afd_slice bytes, int t)
{
	static struct afd_ct_leaf leaf[LEAVES];
	static struct afd_ct_page p;

	(void)t;
	if (afd_ct_scan_entries(bytes, LEAVES, &p, NULL) < 0 || p.doc)
		return -1;
	for (int i = 0; i < LEAVES; i++)
		if (afd_ct_merkle_leaf(afd_ct_page_leaf(&p, (size_t)i), &leaf[i], NULL) < 0)
			return -1;
	return read_leaves(b, leaf);
}

/* The bytes lie where a transfer has just put them, for the yardstick as well: copying them there is not counted. */
static struct afd_slice received(const struct afd_buf *from)
{
	static struct afd_buf at;

	at.len = 0;
	afd_buf_add_slice(&at, afd_buf_slice(from));
	return afd_buf_slice(&at);
}

static double once(struct bench *b, const struct afd_buf *from, read_cb *f)
{
	double sum = 0;

	b->tree = (struct afd_merkle){ 0 };
	b->hits = 0;
	for (int r = 0; r < ROUNDS; r++)
		for (int i = 0; i < TILES; i++) {
			struct afd_slice bytes = received(&from[i]);
			double t = now();

			if (f(b, bytes, i) < 0)
				return -1;
			sum += now() - t;
		}
	return sum;
}

/* Seconds of the processor for F and for the yardstick, one after the other; the best of some: other people's work on the
 * same machine only ever makes it slower. */
static int measure(struct bench *b, const struct afd_buf *from, read_cb *f, double *ret, double *yard)
{
	for (int k = 0; k < BEST_OF; k++) {
		double y = once(b, tile, plain), t = once(b, from, f);

		if (y < 0 || t < 0)
			return -1;
		*ret = k == 0 || t < *ret ? t : *ret;
		*yard = k == 0 || y < *yard ? y : *yard;
	}
	return 0;
}

static long peak_kib(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return u.ru_maxrss;
}

int main(int argc, char **argv)
{
	static const size_t sizes[] = { 1, 1000, 1000000 };
	static const struct { const char *name; const struct afd_buf *from; read_cb *f; double budget; } feed[] = {
		{ "tiles", tile, raw, 0.4 },
		{ "tiles, gzip", packed, gzip, 0 },
		{ "get-entries", page, json, 0.3 },
	};
	AFD_AUTO(buf) struct afd_buf file = { 0 };
	AFD_AUTO(buf) struct afd_buf open = { 0 };
	const double entries = (double)ROUNDS * TILES * LEAVES;
	struct bench b = { .sha = afd_sha256_new() };
	struct afd_error err = { 0 };
	struct afd_slice bytes;
	double yard = 0;
	int r = 0;

	if (argc < 2 || argc > 3 || !b.sha || afd_file_read(argv[1], AFD_MAX_CT_TILE, &file, &err) < 0 ||
	    afd_tile_open(afd_buf_slice(&file), AFD_MAX_CT_TILE, &open, &bytes, &err) < 0 || make_corpus(bytes) < 0) {
		fprintf(stderr, "usage: bench_ct TILE [WATCHED]: %s\n", err.text);
		return 64;
	}
	printf("%-14s %9s %6s %12s   ratio: to hashing the leaves alone\n", "feed", "watched", "ratio", "entries/s");
	for (size_t k = 0; k < AFD_COUNT(sizes); k++) {
		struct afd_ct_watch *w = NULL;
		size_t text;

		if (argc == 3 && sizes[k] != strtoull(argv[2], NULL, 10))
			continue;
		if (watch_of(sizes[k], &w, &text) < 0)
			return 1;
		b.w = w;
		for (size_t i = 0; i < AFD_COUNT(feed); i++) {
			double t = 0;
			bool low = measure(&b, feed[i].from, feed[i].f, &t, &yard) < 0 || (feed[i].budget > 0 && yard / t < feed[i].budget);

			printf("%-14s %9zu %6.2f %12.0f  %u hits%s\n", feed[i].name, sizes[k], yard / t, entries / t, b.hits / ROUNDS,
			       low ? "  UNDER BUDGET" : "");
			r |= low;
		}
		printf("%-14s %9zu %6s %9.0f bytes per name, %.0f of them its text\n", "memory", sizes[k], "",
		       (double)afd_ct_watch_size(w) / (double)sizes[k], (double)text / (double)sizes[k]);
		afd_ct_watch_free(w);
	}
	printf("%-14s %9s %6s %9ld KiB, the corpus of %d tiles in three forms among it\n", "peak", "", "", peak_kib(), TILES);
	afd_sha256_free(b.sha);
	return r;
}
