#include "core/caa.h"

#include <stdio.h>

/* Of IANA's registry of properties, without those that are reserved (2026). */
static const struct { const char *tag; bool issuer; } known_tags[] = {
	{ "issue", true }, { "issuewild", true }, { "issuemail", true }, { "issuevmc", true },
	{ "iodef", false }, { "contactemail", false }, { "contactphone", false },
};

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(uint8_t c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

/* --- text form to bytes --- */

/* \DDD and \X (RFC 1035, 5.1); the quotes round the whole are gone already. */
static int take_escapes(const char *p, const char *end, struct afd_buf *ret)
{
	for (; p < end; p++) {
		unsigned v = (uint8_t)*p;

		if (*p == '\\' && end - p > 3 && is_digit((uint8_t)p[1]) && is_digit((uint8_t)p[2]) && is_digit((uint8_t)p[3])) {
			v = (unsigned)(p[1] - '0') * 100 + (unsigned)(p[2] - '0') * 10 + (unsigned)(p[3] - '0');
			p += 3;
		} else if (*p == '\\' && end - p > 1) {
			v = (uint8_t)*++p;
		}
		if (v > 255 || afd_buf_u8(ret, (uint8_t)v) < 0)
			return -1;
	}
	return 0;
}

static void put_value(struct afd_slice s, char *ret)
{
	size_t n = 0;

	for (size_t i = 0; i < s.len; i++) {
		bool plain = s.data[i] >= 0x20 && s.data[i] < 0x7f;

		if (n + (plain ? 1 : 4) > AFD_CAA_VALUE_MAX) {
			n += (size_t)snprintf(ret + n, 4, "...");
			break;
		}
		n += (size_t)snprintf(ret + n, 5, plain ? "%c" : "\\%03d", s.data[i]);
	}
	ret[n] = '\0';
}

/* --- the grammar of issuers (RFC 8659, 4.2) --- */

static struct afd_slice trimmed(struct afd_slice s)
{
	while (s.len && is_blank(s.data[0]))
		s = afd_slice_sub(s, 1, s.len);
	while (s.len && is_blank(s.data[s.len - 1]))
		s.len--;
	return s;
}

/* Letters, digits and hyphens, none of these at an end. */
static bool is_label(struct afd_slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!is_letter(s.data[i]) && s.data[i] != '-')
			return false;
	return s.len && s.data[0] != '-' && s.data[s.len - 1] != '-';
}

/* Up to C, which is passed over; all of it where there is none. */
static struct afd_slice cut(struct afd_slice *s, char c)
{
	const uint8_t *at = s->len ? memchr(s->data, c, s->len) : NULL;
	struct afd_slice first = { s->data, at ? (size_t)(at - s->data) : s->len };

	*s = afd_slice_sub(*s, at ? first.len + 1 : s->len, s->len);
	return first;
}

static bool is_word(struct afd_slice s, const char *word)
{
	size_t i = 0;

	while (i < s.len && word[i] && lower((char)s.data[i]) == word[i])
		i++;
	return i == s.len && !word[i];
}

static void add_methods(struct afd_slice s, char ret[AFD_CAA_VALUE_MAX + 5])
{
	size_t n = strlen(ret);

	if (n > 3 && strcmp(ret + n - 4, ",...") == 0)
		return;
	if (n + 1 + s.len > AFD_CAA_VALUE_MAX) {
		memcpy(ret + n, ",...", 5);
		return;
	}
	if (n)
		ret[n++] = ',';
	for (size_t i = 0; i < s.len; i++)
		ret[n++] = lower((char)s.data[i]);
	ret[n] = '\0';
}

static int take_parameter(struct afd_slice s, struct afd_caa *ret)
{
	bool has_value = s.len && memchr(s.data, '=', s.len);
	struct afd_slice tag = trimmed(cut(&s, '=')), value = trimmed(s);

	if (!has_value || !is_label(tag))
		return -1;
	for (size_t i = 0; i < value.len; i++)
		if (value.data[i] <= 0x20 || value.data[i] > 0x7e)
			return -1;
	if (is_word(tag, "accounturi") && ++ret->account == 1)
		put_value(value, ret->account_uri);
	if (is_word(tag, "validationmethods")) {
		if (ret->methods < 2)
			ret->methods = value.len ? 1 : 2;
		add_methods(value, ret->method_list);
	}
	return 0;
}

static int take_domain(struct afd_slice s, char ret[AFD_CAA_ISSUER_MAX + 1])
{
	if (s.len > AFD_CAA_ISSUER_MAX || (s.len && s.data[s.len - 1] == '.'))
		return -1;
	for (size_t i = 0; i < s.len; i++)
		ret[i] = lower((char)s.data[i]);
	ret[s.len] = '\0';
	while (s.len)
		if (!is_label(cut(&s, '.')))
			return -1;
	return 0;
}

static int take_issuer(struct afd_slice s, struct afd_caa *ret)
{
	if (take_domain(trimmed(cut(&s, ';')), ret->issuer) < 0)
		return -1;
	while (s.len) {
		struct afd_slice one = trimmed(cut(&s, ';'));

		/* nothing between two ; is against the grammar, and issuers pass over it */
		if (one.len && take_parameter(one, ret) < 0)
			return -1;
	}
	ret->account = ret->account > 2 ? 2 : ret->account;
	return 0;
}

static int parse(const char *rdata, struct afd_caa *ret)
{
	AFD_AUTO(buf) struct afd_buf bytes = { 0 };
	const char *p = rdata, *end = rdata + strlen(rdata);
	bool issuer = false;
	size_t n = 0;

	for (; is_digit((uint8_t)*p) && ret->flags <= 255; p++)
		ret->flags = ret->flags * 10 + (unsigned)(*p - '0');
	if (p == rdata || ret->flags > 255 || *p++ != ' ')
		return -1;
	for (; *p && *p != ' '; p++) {
		if (n == AFD_CAA_TAG_MAX || !is_letter((uint8_t)*p))
			return -1;
		ret->tag[n++] = lower(*p);
	}
	p += *p == ' ';
	if (end - p > 1 && *p == '"' && end[-1] == '"') {
		p++;
		end--;
	}
	if (n == 0 || take_escapes(p, end, &bytes) < 0)
		return -1;
	for (size_t i = 0; i < AFD_COUNT(known_tags); i++)
		if (strcmp(known_tags[i].tag, ret->tag) == 0) {
			ret->known = true;
			issuer = known_tags[i].issuer;
		}
	put_value(afd_buf_slice(&bytes), ret->value);
	if (issuer && take_issuer(afd_buf_slice(&bytes), ret) < 0) {
		ret->account = ret->methods = 0;
		ret->account_uri[0] = ret->issuer[0] = ret->method_list[0] = '\0';
	}
	return 0;
}

int afd_caa_parse(const char *rdata, struct afd_caa *ret)
{
	*ret = (struct afd_caa){ 0 };
	if (parse(rdata, ret) == 0)
		return 0;
	*ret = (struct afd_caa){ 0 };
	put_value(afd_slice_text(rdata), ret->value);
	return -1;
}
