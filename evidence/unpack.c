/* Files of a bundle, as they come out of the archive, into a planting (docs/bundle-format.md). */
#include <inttypes.h>

#include "core/note.h"
#include "evidence/plain.h"
#include "evidence/record.h"

#define DIGITS 12    /* of a leaf or a size in a name */

static const char *after(const char *name, const char *prefix)
{
	const size_t n = strlen(prefix);

	return strncmp(name, prefix, n) == 0 ? name + n : NULL;
}

/* Twelve digits and then REST. */
static int numbered(const char *text, const char *rest, uint64_t *ret)
{
	*ret = 0;
	for (int i = 0; i < DIGITS; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -1;
		*ret = *ret * 10 + (uint64_t)(text[i] - '0');
	}
	return strcmp(text + DIGITS, rest) == 0 ? 0 : -1;
}

static int take_item(struct afd_planting *p, struct afd_tar_reader *r, const char *hex, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf bytes = { 0 };
	struct afd_digest sha256;

	if (afd_unhex(hex, strlen(hex), sha256.b, 32) < 0)
		return afd_fail(err, AFD_E_PARSE, "its name is not a SHA-256");
	return afd_tar_load(r, AFD_MAX_ITEM, &bytes, err) < 0 ? -1 : afd_plant_blob(p, &sha256, afd_buf_slice(&bytes), err);
}

static int take_head(struct afd_planting *p, struct afd_tar_reader *r, const char *name, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf note = { 0 };
	uint64_t size;

	if (numbered(name, ".note", &size) < 0)
		return afd_fail(err, AFD_E_PARSE, "expected a head, SIZE.note");
	return afd_tar_load(r, AFD_MAX_NOTE, &note, err) < 0 ? -1 : afd_plant_head(p, size, afd_buf_slice(&note), err);
}

static int take_leaves(struct afd_planting *p, struct afd_tar_reader *r, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf line = { 0 };
	struct afd_leaf_line l;
	int more;

	while ((more = afd_tar_line(r, AFD_MAX_LEAF_LINE, &line, err)) > 0)
		if (afd_leaf_line_read(afd_buf_slice(&line), &l, err) < 0 || afd_plant_leaf(p, &l, err) < 0)
			return -1;
	return more;
}

/* One decimal number a line, as u32be. */
static int read_length(struct afd_slice line, struct afd_buf *ret, struct afd_error *err)
{
	uint64_t v = 0;

	if (line.len == 0 || line.len > 10 || (line.len > 1 && line.data[0] == '0'))
		return afd_fail(err, AFD_E_PARSE, "a length of a part is not a decimal number");
	for (size_t i = 0; i < line.len; i++) {
		if (line.data[i] < '0' || line.data[i] > '9')
			return afd_fail(err, AFD_E_PARSE, "a length of a part is not a decimal number");
		v = v * 10 + (uint64_t)(line.data[i] - '0');
	}
	if (v > AFD_MAX_ITEM)
		return afd_fail(err, AFD_E_LIMIT, "a part of %" PRIu64 " bytes", v);
	return afd_buf_u32(ret, (uint32_t)v) < 0 ? afd_fail(err, AFD_E_LIMIT, "more than %u parts", AFD_MAX_PARTS) : 0;
}

static int take_parts(struct afd_planting *p, struct afd_tar_reader *r, const char *name, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf line = { 0 };
	AFD_AUTO(buf) struct afd_buf lengths = { .max = (size_t)AFD_MAX_PARTS * 4 };
	uint64_t leaf;
	int more;

	if (numbered(name, "", &leaf) < 0)
		return afd_fail(err, AFD_E_PARSE, "expected the index of a leaf");
	while ((more = afd_tar_line(r, 16, &line, err)) > 0)
		if (read_length(afd_buf_slice(&line), &lengths, err) < 0)
			return -1;
	return more < 0 ? -1 : afd_plant_parts(p, leaf, afd_buf_slice(&lengths), err);
}

static int take_record(struct afd_planting *p, struct afd_tar_reader *r, const char *name, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf text = { 0 };
	uint64_t leaf;

	if (numbered(name, "", &leaf) < 0)
		return afd_fail(err, AFD_E_PARSE, "expected the index of a leaf");
	return afd_tar_load(r, AFD_MAX_RECORD, &text, err) < 0 ? -1 : afd_plant_record(p, leaf, afd_buf_slice(&text), err);
}

static int line_with(struct afd_tar_reader *r, const char *name, struct afd_buf *ret, struct afd_error *err)
{
	const int more = afd_tar_line(r, 1024, ret, err);

	if (more < 0)
		return -1;
	if (more == 0 || memchr(ret->data, 0, ret->len) || !after((const char *)ret->data, name))
		return afd_fail(err, AFD_E_PARSE, "expected a line \"%s...\"", name);
	return 0;
}

static int take_store(struct afd_planting *p, struct afd_tar_reader *r, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf origin = { 0 };
	AFD_AUTO(buf) struct afd_buf vkey = { 0 };

	if (line_with(r, "origin ", &origin, err) < 0 || line_with(r, "vkey ", &vkey, err) < 0)
		return -1;
	if (r->left)
		return afd_fail(err, AFD_E_PARSE, "a line too many");
	return afd_plant_store(p, (const char *)origin.data + strlen("origin "), (const char *)vkey.data + strlen("vkey "), err);
}

int afd_plant_file(struct afd_planting *p, struct afd_tar_reader *r, struct afd_error *err)
{
	char name[AFD_TAR_NAME];
	const char *rest;
	int ret;

	memcpy(name, r->name, sizeof(name));
	if ((rest = after(name, "items/")))
		ret = take_item(p, r, rest, err);
	else if ((rest = after(name, "ledger/heads/")))
		ret = take_head(p, r, rest, err);
	else if (strcmp(name, "ledger/leaves") == 0)
		ret = take_leaves(p, r, err);
	else if ((rest = after(name, "ledger/parts/")))
		ret = take_parts(p, r, rest, err);
	else if ((rest = after(name, "ledger/records/")))
		ret = take_record(p, r, rest, err);
	else if (strcmp(name, "ledger/store") == 0)
		ret = take_store(p, r, err);
	else
		return 0;
	return ret < 0 ? afd_within(err, "%s", name) : 1;
}
