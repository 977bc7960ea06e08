#include "core/tar.h"

#include <inttypes.h>
#include <stdio.h>

static bool good_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c && strchr("._-+=,@", c));
}

bool afd_tar_name_ok(const char *name)
{
	bool first = true;
	size_t n = 0;

	for (; name[n]; n++) {
		if (n >= AFD_TAR_NAME - 1)
			return false;
		if (name[n] == '/') {
			if (first)
				return false;
			first = true;
			continue;
		}
		if (!good_char(name[n]) || (first && (name[n] == '.' || name[n] == '-')))
			return false;
		first = false;
	}
	return !first;
}

static void octal(uint8_t *at, int digits, uint64_t v)
{
	for (int i = digits - 1; i >= 0; i--, v >>= 3)
		at[i] = (uint8_t)('0' + (v & 7));
}

/* The one header for a name and a size: POSIX.1-1988, 10.1.1, as `tar --format=ustar --owner=0 --group=0 --numeric-owner
 * --mode=0644 --mtime=@0` writes it. */
static void header(const char *name, uint64_t size, uint8_t ret[AFD_TAR_BLOCK])
{
	enum { NAME = 0, MODE = 100, UID = 108, GID = 116, SIZE = 124, MTIME = 136, SUM = 148, TYPE = 156, MAGIC = 257,
	       MAJOR = 329, MINOR = 337 };
	unsigned sum = 0;

	memset(ret, 0, AFD_TAR_BLOCK);
	memcpy(ret + NAME, name, strlen(name));
	octal(ret + MODE, 7, 0644);
	octal(ret + UID, 7, 0);
	octal(ret + GID, 7, 0);
	octal(ret + SIZE, 11, size);
	octal(ret + MTIME, 11, 0);
	memset(ret + SUM, ' ', 8);
	ret[TYPE] = '0';
	memcpy(ret + MAGIC, "ustar\00000", 8);
	octal(ret + MAJOR, 7, 0);
	octal(ret + MINOR, 7, 0);
	for (unsigned i = 0; i < AFD_TAR_BLOCK; i++)
		sum += ret[i];
	octal(ret + SUM, 6, sum);
	ret[SUM + 6] = 0;
}

static unsigned padding(uint64_t size)
{
	return (unsigned)(-size & (AFD_TAR_BLOCK - 1));
}

/* --- writing --- */

static const uint8_t zeros[2 * AFD_TAR_BLOCK];

static int end_file(struct afd_tar_writer *w, struct afd_error *err)
{
	const unsigned pad = w->pad;

	if (w->left)
		return afd_fail(err, AFD_E_ENGINE, "%s: %" PRIu64 " bytes of it are missing", w->last, w->left);
	w->pad = 0;
	return pad ? w->write(w->ctx, afd_slice(zeros, pad), err) : 0;
}

int afd_tar_begin(struct afd_tar_writer *w, const char *name, uint64_t size, struct afd_error *err)
{
	uint8_t block[AFD_TAR_BLOCK];

	if (end_file(w, err) < 0)
		return -1;
	if (!afd_tar_name_ok(name))
		return afd_fail(err, AFD_E_USAGE, "%s: not a name that an archive may have", name);
	if (strcmp(w->last, name) >= 0)
		return afd_fail(err, AFD_E_ENGINE, "%s: stands behind %s in an archive that is sorted", name, w->last);
	if (size > AFD_MAX_TAR_FILE)
		return afd_fail(err, AFD_E_LIMIT, "%s: larger than 8 GiB", name);
	snprintf(w->last, sizeof(w->last), "%s", name);
	w->left = size;
	w->pad = padding(size);
	header(name, size, block);
	return w->write(w->ctx, afd_slice(block, sizeof(block)), err);
}

int afd_tar_put(struct afd_tar_writer *w, struct afd_slice s, struct afd_error *err)
{
	if (s.len > w->left)
		return afd_fail(err, AFD_E_ENGINE, "%s: more bytes than were announced", w->last);
	w->left -= s.len;
	return s.len ? w->write(w->ctx, s, err) : 0;
}

int afd_tar_add(struct afd_tar_writer *w, const char *name, struct afd_slice bytes, struct afd_error *err)
{
	return afd_tar_begin(w, name, bytes.len, err) < 0 ? -1 : afd_tar_put(w, bytes, err);
}

int afd_tar_finish(struct afd_tar_writer *w, struct afd_error *err)
{
	return end_file(w, err) < 0 ? -1 : w->write(w->ctx, afd_slice(zeros, sizeof(zeros)), err);
}

/* --- reading --- */

/* 1 when bytes are at hand, 0 at the end of the input. */
static int fill(struct afd_tar_reader *r, struct afd_error *err)
{
	if (r->at < r->have)
		return 1;
	r->at = r->have = 0;
	if (r->read(r->ctx, r->block, sizeof(r->block), &r->have, err) < 0)
		return -1;
	return r->have > 0;
}

static int take(struct afd_tar_reader *r, uint8_t *p, size_t n, struct afd_error *err)
{
	while (n) {
		const int more = fill(r, err);
		size_t k;

		if (more <= 0)
			return more < 0 ? -1 : afd_fail(err, AFD_E_PARSE, "the archive is cut short");
		k = r->have - r->at < n ? r->have - r->at : n;
		memcpy(p, r->block + r->at, k);
		r->at += k;
		p += k;
		n -= k;
	}
	return 0;
}

int afd_tar_piece(struct afd_tar_reader *r, struct afd_slice *ret, struct afd_error *err)
{
	size_t k = 0;

	if (r->left) {
		const int more = fill(r, err);

		if (more <= 0)
			return more < 0 ? -1 : afd_fail(err, AFD_E_PARSE, "%s: the archive is cut short", r->name);
		k = r->have - r->at;
		if (k > r->left)
			k = (size_t)r->left;
	}
	*ret = afd_slice(r->block + r->at, k);
	r->at += k;
	r->left -= k;
	return 0;
}

static int leave_file(struct afd_tar_reader *r, struct afd_error *err)
{
	uint8_t pad[AFD_TAR_BLOCK];
	struct afd_slice skipped;

	while (r->left)
		if (afd_tar_piece(r, &skipped, err) < 0)
			return -1;
	if (take(r, pad, r->pad, err) < 0)
		return -1;
	if (memcmp(pad, zeros, r->pad) != 0)
		return afd_fail(err, AFD_E_PARSE, "%s: bytes stand behind its end", r->name);
	r->pad = 0;
	return 0;
}

static int read_end(struct afd_tar_reader *r, struct afd_error *err)
{
	uint8_t block[AFD_TAR_BLOCK];
	int more;

	if (take(r, block, sizeof(block), err) < 0)
		return -1;
	if (memcmp(block, zeros, sizeof(block)) != 0)
		return afd_fail(err, AFD_E_PARSE, "behind %s: one block of zeros, where two end an archive", r->name);
	more = fill(r, err);
	if (more < 0)
		return -1;
	if (more)
		return afd_fail(err, AFD_E_PARSE, "bytes stand behind the end of the archive");
	r->ended = true;
	return 0;
}

static int read_size(const uint8_t *at, uint64_t *ret)
{
	*ret = 0;
	for (int i = 0; i < 11; i++) {
		if (at[i] < '0' || at[i] > '7')
			return -1;
		*ret = *ret << 3 | (uint64_t)(at[i] - '0');
	}
	return 0;
}

int afd_tar_next(struct afd_tar_reader *r, struct afd_error *err)
{
	uint8_t block[AFD_TAR_BLOCK], again[AFD_TAR_BLOCK];
	char name[AFD_TAR_NAME];

	if (r->ended)
		return 0;
	if (leave_file(r, err) < 0 || take(r, block, sizeof(block), err) < 0)
		return -1;
	if (memcmp(block, zeros, sizeof(block)) == 0)
		return read_end(r, err);
	memcpy(name, block, AFD_TAR_NAME - 1);
	name[AFD_TAR_NAME - 1] = '\0';
	if (!afd_tar_name_ok(name))
		return afd_fail(err, AFD_E_PARSE, "behind \"%s\": a name that no file here may have", r->name);
	if (read_size(block + 124, &r->size) < 0)
		return afd_fail(err, AFD_E_PARSE, "%s: its size is not eleven octal digits", name);
	header(name, r->size, again);
	if (memcmp(block, again, sizeof(block)) != 0)
		return afd_fail(err, AFD_E_PARSE, "%s: not the header of a plain file without owner and time", name);
	if (strcmp(r->name, name) == 0)
		return afd_fail(err, AFD_E_PARSE, "%s: stands there twice", name);
	if (strcmp(r->name, name) > 0)
		return afd_fail(err, AFD_E_PARSE, "%s: stands behind %s, and names must be sorted", name, r->name);
	if (++r->files > AFD_MAX_TAR_FILES)
		return afd_fail(err, AFD_E_LIMIT, "more than %u files", AFD_MAX_TAR_FILES);
	memcpy(r->name, name, sizeof(name));
	r->left = r->size;
	r->pad = padding(r->size);
	return 1;
}

int afd_tar_load(struct afd_tar_reader *r, uint64_t max, struct afd_buf *ret, struct afd_error *err)
{
	struct afd_slice s;

	if (r->left > max)
		return afd_fail(err, AFD_E_LIMIT, "%s: %" PRIu64 " bytes, the limit is %" PRIu64, r->name, r->left, max);
	while (r->left)
		if (afd_tar_piece(r, &s, err) < 0 || (afd_buf_add_slice(ret, s) < 0 && afd_fail_memory(err) < 0))
			return -1;
	return afd_buf_reserve(ret, 0) < 0 ? afd_fail_memory(err) : 0;
}

int afd_tar_line(struct afd_tar_reader *r, size_t max, struct afd_buf *line, struct afd_error *err)
{
	line->len = 0;
	if (!r->left)
		return 0;
	while (r->left) {
		const int more = fill(r, err);
		size_t k;
		const uint8_t *lf;

		if (more <= 0)
			return more < 0 ? -1 : afd_fail(err, AFD_E_PARSE, "%s: the archive is cut short", r->name);
		k = r->have - r->at;
		if (k > r->left)
			k = (size_t)r->left;
		lf = memchr(r->block + r->at, '\n', k);
		if (lf)
			k = (size_t)(lf - (r->block + r->at));
		if (line->len + k > max)
			return afd_fail(err, AFD_E_LIMIT, "%s: a line longer than %zu bytes", r->name, max);
		if (afd_buf_add(line, r->block + r->at, k) < 0)
			return afd_fail_memory(err);
		r->at += k + (lf != NULL);
		r->left -= k + (lf != NULL);
		if (lf)
			return 1;
	}
	return afd_fail(err, AFD_E_PARSE, "%s: its last line does not end", r->name);
}
