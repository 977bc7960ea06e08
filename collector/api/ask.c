/* Requests in the making, and judging answers by their status. */
#include "collector/api/pages.h"

#include <stdio.h>

void afd_ask_release(struct afd_ask *q)
{
	for (size_t i = 0; i < q->n_header; i++)
		afd_buf_wipe(&q->header[i].value);
	afd_buf_wipe(&q->url);
	afd_buf_wipe(&q->body);
	afd_buf_release(&q->asked);
	*q = (struct afd_ask){ 0 };
}

int afd_ask_header(struct afd_ask *q, const char *name, const char *value, struct afd_error *err)
{
	struct afd_ask_header *h = &q->header[q->n_header];

	if (q->n_header == AFD_COUNT(q->header) || strlen(name) >= sizeof(h->name))
		return afd_fail(err, AFD_E_ENGINE, "header %.40s: too many headers, or its name is too long", name);
	*h = (struct afd_ask_header){ 0 };
	snprintf(h->name, sizeof(h->name), "%s", name);
	q->n_header++;
	return afd_buf_text(&h->value, value) < 0 ? afd_fail_memory(err) : 0;
}

int afd_escape(const char *text, struct afd_buf *ret)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

	for (; *text; text++)
		if (strchr(plain, *text) ? afd_buf_u8(ret, (uint8_t)*text) < 0
					 : afd_buf_printf(ret, "%%%02X", (unsigned char)*text) < 0)
			return -1;
	return 0;
}

int afd_ask_path(struct afd_ask *q, const char *text, struct afd_error *err)
{
	/* a segment of dots would climb (RFC 3986, 5.2.4) */
	if (strcmp(text, ".") == 0 || strcmp(text, "..") == 0)
		return afd_fail(err, AFD_E_CONFIG, "\"%s\" cannot be part of an address", text);
	return afd_buf_text(&q->url, "/") < 0 || afd_escape(text, &q->url) < 0 ? afd_fail_memory(err) : 0;
}

int afd_ask_query(struct afd_ask *q, const char *name, const char *value, struct afd_error *err)
{
	bool more = q->url.len && memchr(q->url.data, '?', q->url.len);

	if (afd_buf_text(&q->url, more ? "&" : "?") < 0 || afd_escape(name, &q->url) < 0 || afd_buf_text(&q->url, "=") < 0 ||
	    afd_escape(value, &q->url) < 0)
		return afd_fail_memory(err);
	return 0;
}

enum afd_judged afd_judge_status(const struct afd_response *r)
{
	switch (r->status) {
	case 0:          /* a recording */
	case 200:
		return AFD_JUDGED_PAGE;
	case 304:
		return AFD_JUDGED_UNCHANGED;
	case 401:
	case 403:
		return AFD_JUDGED_REFUSED;
	case 404:
	case 410:
		return AFD_JUDGED_ABSENT;
	case 408:
	case 425:
	case 429:
		return AFD_JUDGED_THROTTLED;
	default:
		return r->status >= 500 && r->status <= 599 ? AFD_JUDGED_THROTTLED : AFD_JUDGED_ERROR;
	}
}

bool afd_body_says(const struct afd_response *r, const char *word)
{
	struct afd_slice head = afd_slice_sub(r->body, 0, 4096);

	return head.len && memmem(head.data, head.len, word, strlen(word));
}

static bool on_loopback(const char *base)
{
	static const char *const roots[] = { "http://127.0.0.1:", "http://[::1]:", "http://localhost:" };

	for (size_t i = 0; i < AFD_COUNT(roots); i++)
		if (strncmp(base, roots[i], strlen(roots[i])) == 0)
			return true;
	return false;
}

/* A secret over plain HTTP would be anybody's on the way. */
int afd_pages_base_check(const char *base, struct afd_error *err)
{
	size_t n = base ? strlen(base) : 0;
	bool known = n && (strncmp(base, "https://", 8) == 0 || strncmp(base, "file:", 5) == 0 || on_loopback(base));

	if (!known || n > 1000 || base[n - 1] == '/' || strpbrk(base, "?#@ \t\r\n"))
		return afd_fail(err, AFD_E_CONFIG, "url: expected https://... without a final '/', query or user, or file:DIR, got \"%.100s\"",
				base ? base : "");
	return 0;
}
