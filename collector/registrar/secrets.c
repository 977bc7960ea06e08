#include "collector/registrar/secrets.h"

#include <assert.h>

#include "collector/registrar/json_walk.h"
#include "core/doc.h"

/* Text that stands somewhere inside the answer, with the place of each of its bytes there (n + 1 places: the last is
 * its end; NULL: it is the answer). So what is found in JSON inside a JSON string can be cut where it really stands. */
struct text { struct afd_slice s; const uint32_t *place; };

static uint32_t place(const struct text *t, size_t i)
{
	return t->place ? t->place[i] : (uint32_t)i;
}

struct search {
	const struct text *t;
	struct afd_ranges *cuts;
	int inside;                /* depth of the container whose strings are all cut, or -1 */
	unsigned nested;           /* JSON in a string in JSON ... */
};

#define MAX_NESTED 4u

/* --- what a key says about its value --- */

enum verdict { FREE, TOKEN_LIKE, STRING, ALL };

/* Letters and digits of the key in lower case. ALL: everything below is secret; STRING: the value when it is a string;
 * TOKEN_LIKE: the value when it looks like a token ("key", "value" name other things as well). */
static const struct { const char *key; enum verdict verdict; } keys[] = {
	{ "apikey", ALL }, { "authcode", ALL }, { "authinfo", ALL }, { "authkey", ALL }, { "authorization", ALL },
	{ "authorizationcode", ALL }, { "clientsecret", ALL }, { "connectionstring", ALL }, { "cookie", ALL },
	{ "credentials", ALL }, { "eppcode", ALL }, { "hmackey", ALL }, { "key", TOKEN_LIKE }, { "mfacode", ALL },
	{ "newvalue", TOKEN_LIKE }, { "oldvalue", TOKEN_LIKE }, { "otp", ALL }, { "pass", ALL }, { "passcode", ALL },
	{ "passphrase", ALL }, { "passwd", ALL }, { "password", ALL }, { "presharedkey", ALL },
	{ "privatekey", ALL }, { "psk", ALL }, { "pw", ALL }, { "recoverycodes", ALL }, { "secret", ALL },
	{ "secrets", ALL }, { "sessionid", STRING }, { "setcookie", ALL }, { "sharedsecret", ALL },
	{ "signature", STRING }, { "token", STRING }, { "tokens", STRING }, { "totp", ALL }, { "transfercode", ALL },
	{ "value", TOKEN_LIKE }, { "values", TOKEN_LIKE }, { "xauthkey", ALL },
};
static const struct { const char *end; enum verdict verdict; } ends[] = {
	{ "accesskey", ALL }, { "apikey", ALL }, { "authcode", ALL }, { "passphrase", ALL }, { "password", ALL },
	{ "privatekey", ALL }, { "secret", ALL }, { "secretkey", ALL }, { "token", STRING },
};

static bool letter_or_digit(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static enum verdict verdict_of(struct afd_slice key)
{
	char name[128];
	size_t n = 0;

	for (size_t i = 0; i < key.len; i++) {
		if (!letter_or_digit(key.data[i]))
			continue;
		/* of a longer key its end decides */
		if (n == sizeof(name) - 1)
			memmove(name, name + 1, --n);
		name[n++] = (char)(key.data[i] >= 'A' && key.data[i] <= 'Z' ? key.data[i] + ('a' - 'A') : key.data[i]);
	}
	name[n] = '\0';
	for (size_t i = 0; i < AFD_COUNT(keys); i++)
		if (!strcmp(keys[i].key, name))
			return keys[i].verdict;
	for (size_t i = 0; i < AFD_COUNT(ends); i++)
		if (n > strlen(ends[i].end) && !strcmp(name + n - strlen(ends[i].end), ends[i].end))
			return ends[i].verdict;
	return FREE;
}

/* Long, of one piece, with letters and digits: what generators of keys make. Names with dots are not, JWTs are. */
static bool looks_like_token(struct afd_slice s)
{
	bool letter = false, digit = false, jwt = s.len > 3 && !memcmp(s.data, "eyJ", 3);

	if (s.len < 16)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = s.data[i];

		if (!letter_or_digit(c) && !memchr("_+/=-", c, 5) && !(jwt && c == '.'))
			return false;
		digit |= c >= '0' && c <= '9';
		letter |= letter_or_digit(c) && !(c >= '0' && c <= '9');
	}
	return letter && digit;
}

/* --- text without escapes --- */

static int hex4(const uint8_t *s, uint32_t *ret)
{
	static const char digits[] = "0123456789abcdef";

	*ret = 0;
	for (int i = 0; i < 4; i++) {
		const char *at = s[i] ? strchr(digits, s[i] >= 'A' && s[i] <= 'F' ? s[i] + ('a' - 'A') : s[i]) : NULL;

		if (!at)
			return -1;
		*ret = *ret << 4 | (uint32_t)(at - digits);
	}
	return 0;
}

struct plain { struct afd_buf s; uint32_t *place; };       /* owned */

static void plain_release(struct plain *p)
{
	afd_buf_release(&p->s);
	free(p->place);
	*p = (struct plain){ 0 };
}

static size_t utf8(uint32_t c, uint8_t out[4])
{
	if (c < 0x80) {
		out[0] = (uint8_t)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (uint8_t)(0xc0 | c >> 6);
		out[1] = (uint8_t)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (uint8_t)(0xe0 | c >> 12);
		out[1] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
		out[2] = (uint8_t)(0x80 | (c & 0x3f));
		return 3;
	}
	out[0] = (uint8_t)(0xf0 | c >> 18);
	out[1] = (uint8_t)(0x80 | (c >> 12 & 0x3f));
	out[2] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
	out[3] = (uint8_t)(0x80 | (c & 0x3f));
	return 4;
}

/* One character at S: how many bytes it takes there, and its bytes without the escape. 0: broken. */
static size_t one(struct afd_slice s, uint8_t out[4], size_t *n)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *at;
	uint32_t c, low;

	if (s.data[0] != '\\') {
		out[0] = s.data[0];
		*n = 1;
		return 1;
	}
	if (s.len < 2)
		return 0;
	if (s.data[1] != 'u') {
		at = s.data[1] ? strchr(from, s.data[1]) : NULL;
		if (!at)
			return 0;
		out[0] = (uint8_t)to[at - from];
		*n = 1;
		return 2;
	}
	if (s.len < 6 || hex4(s.data + 2, &c) < 0)
		return 0;
	if (c >= 0xd800 && c < 0xdc00 && s.len >= 12 && s.data[6] == '\\' && s.data[7] == 'u' &&
	    hex4(s.data + 8, &low) == 0 && low >= 0xdc00 && low < 0xe000) {
		*n = utf8(0x10000 + ((c - 0xd800) << 10 | (low - 0xdc00)), out);
		return 12;
	}
	*n = utf8(c, out);
	return 6;
}

/* The string at [off, off + len) of T without its escapes. */
static int unescape(const struct text *t, size_t off, size_t len, struct plain *ret, struct afd_error *err)
{
	size_t at = off, used, n = 0;
	uint8_t out[4];

	ret->place = malloc((len + 1) * sizeof(*ret->place));
	if (!ret->place || afd_buf_reserve(&ret->s, len + 1) < 0)
		return afd_fail_memory(err);
	for (; at < off + len; at += used) {
		used = one(afd_slice(t->s.data + at, off + len - at), out, &n);
		if (!used)
			return afd_fail(err, AFD_E_PARSE, "a broken escape");
		for (size_t i = 0; i < n; i++)
			ret->place[ret->s.len + i] = place(t, at);
		if (afd_buf_add(&ret->s, out, n) < 0)
			return afd_fail_memory(err);
	}
	ret->place[ret->s.len] = place(t, off + len);
	return 0;
}

static int cut(const struct search *s, const struct text *t, size_t from, size_t to, struct afd_error *err)
{
	uint32_t a = place(t, from), b = place(t, to);

	return b > a && afd_ranges_add(s->cuts, a, b - a) < 0 ? afd_fail_memory(err) : 0;
}

/* --- secrets in running text --- */

static bool starts_without_case(struct afd_slice s, size_t at, const char *word)
{
	size_t n = strlen(word);

	if (s.len - at < n)
		return false;
	for (size_t i = 0; i < n; i++) {
		uint8_t c = s.data[at + i];

		if ((c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c) != (uint8_t)word[i])
			return false;
	}
	return true;
}

/* End of the value at AT: blank, quote or separator, or MOST bytes. */
static size_t value_end(struct afd_slice s, size_t at, size_t most)
{
	size_t from = at;

	while (at < s.len && at - from < most && s.data[at] > 0x20 && !memchr("&;,\"'<>{}[]()\\", s.data[at], 14))
		at++;
	return at;
}

/* These return where to go on: behind what was cut, so that a text made of secrets costs one walk; AT when nothing was;
 * SIZE_MAX on error. */
static size_t cut_on(const struct search *s, const struct text *t, size_t from, size_t to, struct afd_error *err)
{
	return cut(s, t, from, to, err) < 0 ? SIZE_MAX : to;
}

/* "Bearer xyz", "Basic eHl6" */
static size_t cut_scheme(const struct search *s, const struct text *t, size_t at, struct afd_error *err)
{
	bool bearer = starts_without_case(t->s, at, "bearer "), basic = starts_without_case(t->s, at, "basic ");
	size_t from = at + (bearer ? 7 : 6), to;

	if (!bearer && !basic)
		return at;
	to = value_end(t->s, from, SIZE_MAX);
	if (to - from < 8 || (basic && !looks_like_token(afd_slice_sub(t->s, from, to - from))))
		return at;
	return cut_on(s, t, from, to, err);
}

static bool gap_in_name(uint8_t c)
{
	return memchr(" \"'\\", c, 4) != NULL;
}

/* "api_key=xyz", "password: xyz", "\"secret\":\"xyz\"", "authorization: Basic xyz"; AT is the separator. */
static size_t cut_named(const struct search *s, const struct text *t, size_t at, struct afd_error *err)
{
	size_t name_end = at, name, from = at + 1, to;
	enum verdict v;

	while (name_end && at - name_end < 16 && gap_in_name(t->s.data[name_end - 1]))
		name_end--;
	for (name = name_end; name && name_end - name < 100; name--)
		if (!letter_or_digit(t->s.data[name - 1]) && !memchr("_-", t->s.data[name - 1], 2))
			break;
	v = verdict_of(afd_slice_sub(t->s, name, name_end - name));
	if (v == FREE)
		return at;
	while (from < t->s.len && from - at < 16 && gap_in_name(t->s.data[from]))
		from++;
	to = value_end(t->s, from, 256);
	if (v == TOKEN_LIKE && !looks_like_token(afd_slice_sub(t->s, from, to - from)))
		return at;
	to = value_end(t->s, from, SIZE_MAX);
	if (starts_without_case(t->s, from, "bearer ") || starts_without_case(t->s, from, "basic "))
		to = value_end(t->s, to + 1, SIZE_MAX);
	return cut_on(s, t, from, to, err);
}

/* "https://user:secret@host/"; AT is the colon before "//". */
static size_t cut_userinfo(const struct search *s, const struct text *t, size_t at, struct afd_error *err)
{
	size_t from = at + 3, colon = 0, i;

	for (i = from; i < t->s.len && t->s.data[i] > 0x20 && !memchr("/?#\"'", t->s.data[i], 5); i++) {
		if (t->s.data[i] == ':' && !colon)
			colon = i;
		if (t->s.data[i] == '@')
			return colon ? cut_on(s, t, colon + 1, i, err) : at;
	}
	return at;
}

static int cut_in_text(const struct search *s, const struct text *t, struct afd_error *err)
{
	static const char pem[] = "PRIVATE KEY-----";

	if (t->s.data && memmem(t->s.data, t->s.len, pem, strlen(pem)))
		return cut(s, t, 0, t->s.len, err);
	for (size_t i = 0, on; i < t->s.len; i = on > i ? on : i + 1) {
		uint8_t c = t->s.data[i];

		on = i;
		if (c == 'b' || c == 'B')
			on = cut_scheme(s, t, i, err);
		else if (c == ':' && t->s.len - i > 3 && !memcmp(t->s.data + i, "://", 3))
			on = cut_userinfo(s, t, i, err);
		else if (c == '=' || c == ':')
			on = cut_named(s, t, i, err);
		if (on == SIZE_MAX)
			return -1;
	}
	return 0;
}

/* --- the walk --- */

static int search_json(const struct text *t, struct afd_ranges *cuts, unsigned nested, struct afd_error *err);

static int see_string(const struct search *s, const struct afd_json_at *at, enum verdict v, struct afd_error *err)
{
	__attribute__((cleanup(plain_release))) struct plain p = { 0 };
	struct afd_error why = { 0 };
	struct text inner;
	size_t i = 0;

	if (s->inside >= 0 || v == ALL || v == STRING)
		return cut(s, s->t, at->off, at->off + at->len, err);
	if (unescape(s->t, at->off, at->len, &p, err) < 0)
		return -1;
	inner = (struct text){ afd_buf_slice(&p.s), p.place };
	if (v == TOKEN_LIKE && looks_like_token(inner.s))
		return cut(s, s->t, at->off, at->off + at->len, err);
	while (i < inner.s.len && memchr(" \t\r\n", inner.s.data[i], 4))
		i++;
	/* Text that only looks like JSON is searched as text as well, which also finds what stands behind a break. */
	if (i < inner.s.len && memchr("{[", inner.s.data[i], 2) && s->nested < MAX_NESTED &&
	    search_json(&inner, s->cuts, s->nested + 1, &why) < 0 && why.code == AFD_E_MEMORY)
		return afd_fail_memory(err);
	return cut_in_text(s, &inner, err);
}

static int see(void *ctx, const struct afd_json_at *at, struct afd_error *err)
{
	__attribute__((cleanup(plain_release))) struct plain key = { 0 };
	struct search *s = ctx;
	enum verdict v = FREE;

	if (at->kind == AFD_JSON_CLOSE) {
		if (s->inside == (int)at->depth)
			s->inside = -1;
		return 0;
	}
	if (at->key.len) {
		if (unescape(s->t, (size_t)(at->key.data - s->t->s.data), at->key.len, &key, err) < 0)
			return -1;
		v = verdict_of(afd_buf_slice(&key.s));
	}
	switch (at->kind) {
	case AFD_JSON_STRING:
		return see_string(s, at, v, err);
	case AFD_JSON_OPEN_MAP:
	case AFD_JSON_OPEN_LIST:
		if (s->inside < 0 && (v == ALL || (v == STRING && at->kind == AFD_JSON_OPEN_LIST)))
			s->inside = (int)at->depth;
		return 0;
	case AFD_JSON_NUMBER:
		if ((v != ALL && v != STRING) || at->len < 4)
			return 0;
		if (s->nested)
			return cut(s, s->t, at->off, at->off + at->len, err);
		/* '*' in place of a number would not be JSON any more. */
		return afd_fail(err, AFD_E_LIMIT, "a number under the key \"%.60s\" may be a secret",
				(char *)key.s.data);
	default:
		return 0;
	}
}

static int search_json(const struct text *t, struct afd_ranges *cuts, unsigned nested, struct afd_error *err)
{
	struct search s = { .t = t, .cuts = cuts, .inside = -1, .nested = nested };

	return afd_json_walk(t->s, see, &s, err);
}

int afd_secrets_cut(struct afd_slice json, struct afd_ranges *cuts, struct afd_error *err)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;

	if (json.len >= UINT32_MAX)
		return afd_fail(err, AFD_E_LIMIT, "%zu bytes are too many", json.len);
	if (afd_json_parse(json, "answer", &d, err) < 0)
		return -1;
	return search_json(&(struct text){ json, NULL }, cuts, 0, err);
}

bool afd_secret_named(struct afd_slice key, struct afd_slice value)
{
	enum verdict v = verdict_of(key);

	return v == ALL || v == STRING || (v == TOKEN_LIKE && looks_like_token(value));
}

int afd_secrets_cut_text(struct afd_slice whole, struct afd_range at, struct afd_ranges *cuts, struct afd_error *err)
{
	const struct text t = { afd_slice_sub(whole, (size_t)at.off, (size_t)at.len), NULL };
	const struct search s = { .t = &t, .cuts = cuts, .inside = -1 };
	size_t from = cuts->n;

	if (whole.len >= UINT32_MAX)
		return afd_fail(err, AFD_E_LIMIT, "%zu bytes are too many", whole.len);
	if (cut_in_text(&s, &t, err) < 0)
		return -1;
	for (size_t i = from; i < cuts->n; i++)
		cuts->at[i].off += at.off;
	return 0;
}
