#include "collector/lines.h"

int afd_lines_begin(struct afd_lines *l, struct afd_slice bytes, const char *head, struct afd_error *err)
{
	const size_t n = strlen(head);

	l->r = afd_reader(bytes);
	if (bytes.len < n || memcmp(bytes.data, head, n) != 0)
		return afd_fail(err, AFD_E_PARSE, "%s: expected \"%.*s\"", l->what, (int)n - 1, head);
	l->r.at += n;
	return 0;
}

int afd_lines_text(struct afd_lines *l, const char *name, char *ret, size_t n, struct afd_error *err)
{
	const size_t left = afd_reader_left(&l->r), key = *name ? strlen(name) + 1 : 0;
	const uint8_t *at = l->r.at, *end = left ? memchr(at, '\n', left) : NULL;
	size_t len;

	if (!end || (size_t)(end - at) < key || (key && (memcmp(at, name, key - 1) != 0 || at[key - 1] != ' ')))
		return afd_fail(err, AFD_E_PARSE, "%s: expected a line \"%s\"", l->what, name);
	len = (size_t)(end - at) - key;
	if (len == 0 || len >= n)
		return afd_fail(err, AFD_E_PARSE, "%s: %s: expected 1 to %zu characters", l->what, name, n - 1);
	for (size_t i = 0; i < len; i++)
		if (at[key + i] < 0x20 || at[key + i] >= 0x7f)
			return afd_fail(err, AFD_E_PARSE, "%s: %s: expected plain text", l->what, name);
	memcpy(ret, at + key, len);
	ret[len] = 0;
	l->r.at = end + 1;
	return 0;
}

int afd_lines_text_or_none(struct afd_lines *l, const char *name, char *ret, size_t n, struct afd_error *err)
{
	if (afd_lines_text(l, name, ret, n, err) < 0)
		return -1;
	if (strcmp(ret, "-") == 0)
		*ret = 0;
	return 0;
}

int afd_lines_number(struct afd_lines *l, const char *name, uint64_t max, uint64_t *ret, struct afd_error *err)
{
	char text[20];

	if (afd_lines_text(l, name, text, sizeof(text), err) < 0)
		return -1;
	*ret = 0;
	for (const char *c = text; *c; c++) {
		if (*c < '0' || *c > '9' || (text[0] == '0' && text[1]) || *ret > max)
			return afd_fail(err, AFD_E_PARSE, "%s: %s: expected a number", l->what, name);
		*ret = *ret * 10 + (uint64_t)(*c - '0');
	}
	return *ret > max ? afd_fail(err, AFD_E_PARSE, "%s: %s: too large", l->what, name) : 0;
}

int afd_lines_bytes(struct afd_lines *l, const char *name, size_t max, struct afd_slice *ret, struct afd_error *err)
{
	uint64_t n;

	if (afd_lines_number(l, name, max, &n, err) < 0)
		return -1;
	*ret = afd_read_bytes(&l->r, (size_t)n);
	return l->r.bad ? afd_fail(err, AFD_E_PARSE, "%s: %s: cut short", l->what, name) : 0;
}

int afd_lines_end(const struct afd_lines *l, struct afd_error *err)
{
	return afd_reader_left(&l->r) > 0 ? afd_fail(err, AFD_E_PARSE, "%s: something behind its end", l->what) : 0;
}
