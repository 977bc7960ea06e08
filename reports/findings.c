/* The findings of report.json as leaves of a tree: cut from its bytes, never written again, so that one of them can be
 * shown and proven without the others. */
#include "core/limits.h"
#include "core/merkle.h"
#include "reports/report.h"

static int misplaced(struct afd_error *err, const struct afd_reader *r, struct afd_slice whole, const char *expected)
{
	return afd_fail(err, AFD_E_PARSE, "report.json: byte %zu: expected %s", (size_t)(r->at - whole.data), expected);
}

static bool take(struct afd_reader *r, char c)
{
	if (r->at == r->end || *r->at != (uint8_t)c)
		return false;
	r->at++;
	return true;
}

/* From one quotation mark behind the other; *plain: without escapes. */
static bool skip_string(struct afd_reader *r, struct afd_slice *inside, bool *plain)
{
	const uint8_t *from;

	if (!take(r, '"'))
		return false;
	*plain = true;
	for (from = r->at; r->at < r->end; r->at++) {
		if (*r->at == '"') {
			*inside = afd_slice(from, (size_t)(r->at - from));
			r->at++;
			return true;
		}
		if (*r->at == '\\') {
			*plain = false;
			if (++r->at == r->end)
				return false;
		}
	}
	return false;
}

/* One value: a string, a list or map with everything in it, or a number. Which bracket closes which is checked, so
 * that in JSON that the strict reader takes the ends found here are the true ones. */
static bool skip_value(struct afd_reader *r)
{
	uint64_t maps = 0;          /* a bit for each open bracket: 1 is a map */
	unsigned depth = 0;
	struct afd_slice inside;
	bool plain;

	do {
		const uint8_t c = r->at < r->end ? *r->at : 0;

		if (c == '"') {
			if (!skip_string(r, &inside, &plain))
				return false;
		} else if (c == '{' || c == '[') {
			if (depth == AFD_MAX_JSON_DEPTH)
				return false;
			maps = maps << 1 | (c == '{');
			depth++;
			r->at++;
		} else if (c == '}' || c == ']') {
			if (depth == 0 || (maps & 1) != (c == '}'))
				return false;
			maps >>= 1;
			depth--;
			r->at++;
		} else if (depth > 0 && (c == ',' || c == ':')) {
			r->at++;
		} else if (c >= '0' && c <= '9') {
			while (r->at < r->end && *r->at >= '0' && *r->at <= '9')
				r->at++;
		} else {
			return false;
		}
	} while (depth > 0);
	return true;
}

static int cut_list(struct afd_reader *r, struct afd_slice whole, struct afd_ranges *ret, struct afd_error *err)
{
	if (!take(r, '['))
		return misplaced(err, r, whole, "the list of findings");
	if (take(r, ']'))
		return 0;
	do {
		const uint8_t *from = r->at;

		if (r->at == r->end || *from != '{' || !skip_value(r))
			return misplaced(err, r, whole, "a finding");
		if (afd_ranges_add(ret, (uint64_t)(from - whole.data), (uint64_t)(r->at - from)) < 0)
			return afd_fail_memory(err);
	} while (take(r, ','));
	return take(r, ']') ? 0 : misplaced(err, r, whole, "the end of the findings");
}

int afd_report_findings(struct afd_slice report_json, struct afd_ranges *ret, struct afd_error *err)
{
	AFD_AUTO(ranges) struct afd_ranges at = { 0 };
	struct afd_reader r = afd_reader(report_json);
	bool seen = false, plain;
	struct afd_slice key;

	if (!take(&r, '{'))
		return misplaced(err, &r, report_json, "{");
	do {
		if (!skip_string(&r, &key, &plain) || !plain || !take(&r, ':'))
			return misplaced(err, &r, report_json, "a key without escapes");
		if (!afd_slice_equal(key, afd_slice_text("findings"))) {
			if (!skip_value(&r))
				return misplaced(err, &r, report_json, "a value without blanks");
			continue;
		}
		if (seen)
			return misplaced(err, &r, report_json, "\"findings\" only once");
		seen = true;
		if (cut_list(&r, report_json, &at, err) < 0)
			return -1;
	} while (take(&r, ','));
	if (!take(&r, '}') || afd_reader_left(&r) != 0)
		return misplaced(err, &r, report_json, "the end of the report");
	if (!seen)
		return misplaced(err, &r, report_json, "\"findings\"");
	*ret = at;
	at = (struct afd_ranges){ 0 };
	return 0;
}

int afd_report_findings_root(struct afd_slice report_json, struct afd_digest *ret, uint64_t *ret_n, struct afd_error *err)
{
	AFD_AUTO(ranges) struct afd_ranges at = { 0 };
	struct afd_merkle tree = { 0 };
	struct afd_digest leaf;

	if (afd_report_findings(report_json, &at, err) < 0)
		return -1;
	for (size_t i = 0; i < at.n; i++) {
		afd_merkle_leaf(afd_slice_sub(report_json, at.at[i].off, at.at[i].len), &leaf);
		if (afd_merkle_append(&tree, &leaf) < 0)
			return afd_fail_memory(err);
	}
	afd_merkle_root(&tree, ret);
	*ret_n = at.n;
	return 0;
}
