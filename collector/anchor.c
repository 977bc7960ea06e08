#include "collector/anchor.h"

#include <stdio.h>

#include "core/der.h"
#include "core/note.h"
#include "core/when.h"

int afd_anchor_write(struct afd_slice note, struct afd_slice answer, struct afd_buf *ret, struct afd_ranges *ret_parts,
                     struct afd_error *err)
{
	if (note.len == 0 || note.len > AFD_MAX_NOTE || answer.len == 0 || answer.len > AFD_MAX_TIMESTAMP)
		return afd_fail(err, AFD_E_ENGINE, "an anchor needs a note and an answer");
	if (afd_buf_add_slice(ret, note) < 0 || afd_buf_add_slice(ret, answer) < 0 ||
	    afd_ranges_add(ret_parts, 0, note.len) < 0 || afd_ranges_add(ret_parts, note.len, answer.len) < 0)
		return afd_fail_memory(err);
	return 0;
}

/* --- the token: just the way to the TSTInfo (RFC 3161, 2.4.2; RFC 5652, 5.1) --- */

static const uint8_t oid_signed_data[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02 };
static const uint8_t oid_tst_info[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x01, 0x04 };
static const uint8_t oid_sha256[] = { 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01 };

static bool enter(struct afd_reader *r, uint8_t tag)
{
	struct afd_der d;

	if (!afd_der_expect(r, tag, &d))
		return false;
	*r = afd_reader(d.body);
	return true;
}

static bool oid(struct afd_reader *r, const uint8_t *want, size_t n)
{
	struct afd_der d;

	return afd_der_expect(r, 0x06, &d) && afd_der_is_oid(&d, want, n);
}

static bool find_info(struct afd_slice answer, struct afd_reader *ret)
{
	struct afd_reader r = afd_reader(answer);
	struct afd_der d;

	return enter(&r, 0x30) && afd_der_expect(&r, 0x30, &d) &&                         /* TimeStampResp, status */
	       enter(&r, 0x30) && oid(&r, oid_signed_data, sizeof(oid_signed_data)) &&    /* ContentInfo */
	       enter(&r, 0xa0) && enter(&r, 0x30) &&                                      /* SignedData */
	       afd_der_expect(&r, 0x02, &d) && afd_der_expect(&r, 0x31, &d) &&
	       enter(&r, 0x30) && oid(&r, oid_tst_info, sizeof(oid_tst_info)) &&          /* EncapsulatedContentInfo */
	       enter(&r, 0xa0) && enter(&r, 0x04) && enter(&r, 0x30) && (*ret = r, true);
}

/* "20261122044800.123Z": digits, an optional fraction, UTC */
static bool read_time(struct afd_slice s, int64_t *ret)
{
	static const struct { uint8_t at, n; } fields[6] = { { 0, 4 }, { 4, 2 }, { 6, 2 }, { 8, 2 }, { 10, 2 }, { 12, 2 } };
	int v[6] = { 0 }, ms = 0, scale = 100;

	if (s.len < 15 || s.len > 30 || s.data[s.len - 1] != 'Z' || s.len == 16 || (s.len > 15 && s.data[14] != '.'))
		return false;
	for (size_t i = 0; i < s.len - 1; i++)
		if (i != 14 && (s.data[i] < '0' || s.data[i] > '9'))
			return false;
	for (size_t i = 0; i < AFD_COUNT(fields); i++)
		for (size_t k = 0; k < fields[i].n; k++)
			v[i] = 10 * v[i] + s.data[fields[i].at + k] - '0';
	for (size_t i = 15; i < s.len - 1; i++, scale /= 10)
		ms += (s.data[i] - '0') * scale;
	return afd_when_civil(v[0], v[1], v[2], v[3], v[4], v[5], ms, ret) == 0;
}

int afd_token_claim(struct afd_slice answer, struct afd_token_claim *ret, struct afd_error *err)
{
	struct afd_reader r, imprint;
	struct afd_der d, hash;

	if (!find_info(answer, &r) || !afd_der_expect(&r, 0x02, &d) || !afd_der_expect(&r, 0x06, &d) ||   /* version, policy */
	    !afd_der_expect(&r, 0x30, &d))
		return afd_fail(err, AFD_E_PARSE, "it is no answer with a time-stamp (RFC 3161, 2.4.2)");
	imprint = afd_reader(d.body);
	if (!enter(&imprint, 0x30) || !oid(&imprint, oid_sha256, sizeof(oid_sha256)))
		return afd_fail(err, AFD_E_PARSE, "its imprint is not SHA-256");
	imprint = afd_reader(d.body);
	if (!afd_der_expect(&imprint, 0x30, &hash) || !afd_der_expect(&imprint, 0x04, &hash) || hash.body.len != sizeof(ret->imprint.b))
		return afd_fail(err, AFD_E_PARSE, "its imprint is not SHA-256");
	memcpy(ret->imprint.b, hash.body.data, sizeof(ret->imprint.b));
	if (!afd_der_expect(&r, 0x02, &d) || !afd_der_expect(&r, 0x18, &d) || !read_time(d.body, &ret->time_ms))    /* serial, genTime */
		return afd_fail(err, AFD_E_PARSE, "its time cannot be read");
	return 0;
}

/* --- the item --- */

static int read_note(struct afd_slice bytes, struct afd_checkpoint *ret, struct afd_error *err)
{
	struct afd_note note = { 0 };
	int r = afd_note_parse(bytes, &note, err);

	if (r == 0)
		r = afd_checkpoint_parse(note.text, ret, err);
	afd_note_release(&note);
	return r < 0 ? afd_within(err, "the stamped head") : 0;
}

/* What the other side sent goes on as text. */
static char *plain_text(struct afd_slice s)
{
	char *text = afd_text_dup(s);

	for (char *p = text; p && *p; p++)
		if ((unsigned char)*p < 0x20 || (unsigned char)*p >= 0x7f)
			*p = '?';
	return text;
}

int afd_anchor_decode(const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err)
{
	struct afd_row_anchor row = { .authority = item->record->source, .time_ms = AFD_TIME_NONE, .part = 1 };
	AFD_AUTO(mem) char *why = NULL;
	struct afd_checkpoint head;
	struct afd_hex64 root, sha256;
	struct afd_token_claim claim;
	struct afd_slice note, answer;
	struct afd_digest digest;

	if (item->parts.n != 2)
		return afd_fail(err, AFD_E_PARSE, "an anchor has two parts, the note and the answer");
	note = afd_slice_sub(item->bytes, item->parts.at[0].off, item->parts.at[0].len);
	answer = afd_slice_sub(item->bytes, item->parts.at[1].off, item->parts.at[1].len);
	if (read_note(note, &head, err) < 0)
		return -1;
	afd_sha256(note, &digest);
	root = afd_digest_hex(&head.root);
	sha256 = afd_digest_hex(&digest);
	row.size = head.size;
	row.root = root.s;
	row.note_sha256 = sha256.s;
	if (item->record->kind == AFD_ITEM_RUN) {
		row.reason = why = plain_text(answer);
		return why ? sink->anchor(sink->ctx, &row, err) : afd_fail_memory(err);
	}
	if (afd_token_claim(answer, &claim, err) < 0)
		return afd_within(err, "the time-stamp");
	if (!afd_digest_equal(&claim.imprint, &digest))
		return afd_fail(err, AFD_E_PARSE, "the time-stamp is over something else than the head beside it");
	row.time_ms = claim.time_ms;
	return sink->anchor(sink->ctx, &row, err);
}
