#include "reports/json.h"

#include "core/when.h"
#include "reports/utf8.h"

#define MAX_SAFE (UINT64_C(1) << 53)     /* RFC 8785, 3.2.2.3 points at IEEE 754: beyond this, digits get lost */

static void fail(struct afd_json *j, enum afd_code code, const char *key)
{
	if (j->bad)
		return;
	j->bad = code;
	j->bad_key = key;
}

static void raw(struct afd_json *j, const char *s, size_t n)
{
	if (!j->bad && afd_buf_add(j->out, s, n) < 0)
		fail(j, AFD_E_MEMORY, NULL);
}

static void quoted(struct afd_json *j, const char *s)
{
	static const char short_form[32] = { ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r' };
	const char *end = s + strlen(s);

	raw(j, "\"", 1);
	while (s < end) {
		const char *from = s;
		uint32_t c = afd_utf8_next(&s, end);

		if (c == AFD_UTF8_BAD)
			raw(j, "\xef\xbf\xbd", 3);
		else if (c == '"' || c == '\\')
			raw(j, (const char[]){ '\\', (char)c }, 2);
		else if (c < 32 && short_form[c])
			raw(j, (const char[]){ '\\', short_form[c] }, 2);
		else if (c < 32)
			raw(j,
			    (const char[]){ '\\', 'u', '0', '0', (char)('0' + (c >> 4)), "0123456789abcdef"[c & 15] },
			    6);
		else
			raw(j, from, (size_t)(s - from));
	}
	raw(j, "\"", 1);
}

/* The comma, the key and its colon. */
static void lead(struct afd_json *j, const char *key)
{
	if (j->depth == 0)
		return;
	__typeof__(j->at[0]) *a = &j->at[j->depth - 1];

	if (a->list != !key || (key && a->last && strcmp(a->last, key) >= 0))
		fail(j, AFD_E_ENGINE, key);
	if (a->some)
		raw(j, ",", 1);
	a->some = true;
	a->last = key;
	if (!key)
		return;
	quoted(j, key);
	raw(j, ":", 1);
}

static void open_value(struct afd_json *j, const char *key, bool list)
{
	lead(j, key);
	if (j->depth == AFD_JSON_DEPTH) {
		fail(j, AFD_E_ENGINE, key);
		return;
	}
	memset(&j->at[j->depth], 0, sizeof(j->at[0]));
	j->at[j->depth++].list = list;
	raw(j, list ? "[" : "{", 1);
}

void afd_json_map(struct afd_json *j, const char *key)
{
	open_value(j, key, false);
}

void afd_json_list(struct afd_json *j, const char *key)
{
	open_value(j, key, true);
}

void afd_json_end(struct afd_json *j)
{
	if (j->depth == 0) {
		fail(j, AFD_E_ENGINE, NULL);
		return;
	}
	raw(j, j->at[--j->depth].list ? "]" : "}", 1);
}

void afd_json_int(struct afd_json *j, const char *key, uint64_t v)
{
	if (v > MAX_SAFE)
		fail(j, AFD_E_LIMIT, key);
	lead(j, key);
	if (!j->bad && afd_buf_printf(j->out, "%llu", (unsigned long long)v) < 0)
		fail(j, AFD_E_MEMORY, key);
}

void afd_json_flag(struct afd_json *j, const char *key, bool v)
{
	afd_json_int(j, key, v);
}

void afd_json_text(struct afd_json *j, const char *key, const char *s)
{
	if (key && (!s || !*s))
		return;
	lead(j, key);
	quoted(j, s ? s : "");
}

void afd_json_time(struct afd_json *j, const char *key, int64_t ms)
{
	if (ms == AFD_TIME_NONE || ms == AFD_FOREVER)
		return;
	afd_json_text(j, key, afd_when_text(ms).s);
}

int afd_json_finish(const struct afd_json *j, struct afd_error *err)
{
	const char *key = j->bad_key ? j->bad_key : "(list)";

	if (j->bad == AFD_E_MEMORY)
		return afd_fail(err, AFD_E_MEMORY, "report.json: no memory, or larger than its ceiling");
	if (j->bad == AFD_E_LIMIT)
		return afd_fail(err, AFD_E_LIMIT, "report.json: %s: expected an integer up to 2^53", key);
	if (j->bad || j->depth != 0)
		return afd_fail(err, AFD_E_ENGINE, "report.json: %s: keys are out of order", key);
	return 0;
}
