#include "core/bytes.h"

#include <stdarg.h>
#include <stdio.h>

bool afd_slice_equal(struct afd_slice a, struct afd_slice b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

struct afd_slice afd_slice_sub(struct afd_slice s, size_t off, size_t len)
{
	if (off > s.len)
		off = s.len;
	if (len > s.len - off)
		len = s.len - off;
	return (struct afd_slice){ s.data ? s.data + off : NULL, len };
}

int afd_buf_reserve(struct afd_buf *b, size_t more)
{
	size_t want, cap;
	uint8_t *p;

	if (more > SIZE_MAX - 1 - b->len || (b->max && (b->len > b->max || more > b->max - b->len)))
		return -1;
	want = b->len + more + 1;                       /* the NUL behind it */
	if (want <= b->cap)
		return 0;
	/* twice as much as before, or what is said to be needed: then it is known */
	cap = b->cap < 32 ? 64 : b->cap > SIZE_MAX / 2 ? SIZE_MAX : 2 * b->cap;
	cap = cap < want ? want : cap;
	p = realloc(b->data, cap);
	if (!p)
		return -1;
	b->data = p;
	b->cap = cap;
	b->data[b->len] = 0;
	return 0;
}

int afd_buf_add(struct afd_buf *b, const void *p, size_t n)
{
	if (afd_buf_reserve(b, n) < 0)
		return -1;
	if (n)
		memcpy(b->data + b->len, p, n);
	b->len += n;
	b->data[b->len] = 0;
	return 0;
}

int afd_buf_add_slice(struct afd_buf *b, struct afd_slice s)
{
	return afd_buf_add(b, s.data, s.len);
}

int afd_buf_text(struct afd_buf *b, const char *s)
{
	return afd_buf_add(b, s, strlen(s));
}

int afd_buf_printf(struct afd_buf *b, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0 || afd_buf_reserve(b, (size_t)n) < 0)
		return -1;
	va_start(ap, fmt);
	vsnprintf((char *)b->data + b->len, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->len += (size_t)n;
	return 0;
}

static int add_big_endian(struct afd_buf *b, uint64_t v, size_t n)
{
	uint8_t p[8] = { 0 };

	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)(v >> (8 * (n - 1 - i)));
	return afd_buf_add(b, p, n);
}

int afd_buf_u8(struct afd_buf *b, uint8_t v)
{
	return add_big_endian(b, v, 1);
}

int afd_buf_u16(struct afd_buf *b, uint16_t v)
{
	return add_big_endian(b, v, 2);
}

int afd_buf_u32(struct afd_buf *b, uint32_t v)
{
	return add_big_endian(b, v, 4);
}

int afd_buf_u64(struct afd_buf *b, uint64_t v)
{
	return add_big_endian(b, v, 8);
}

void afd_buf_release(struct afd_buf *b)
{
	free(b->data);
	b->data = NULL;
	b->len = b->cap = 0;
}

void afd_buf_wipe(struct afd_buf *b)
{
	if (b->data)
		explicit_bzero(b->data, b->cap);
	afd_buf_release(b);
}

int afd_ranges_add(struct afd_ranges *r, uint64_t off, uint64_t len)
{
	if (r->n == r->cap) {
		size_t cap = r->cap ? r->cap * 2 : 8;
		struct afd_range *p = cap > SIZE_MAX / sizeof(*p) / 2 ? NULL : realloc(r->at, cap * sizeof(*p));

		if (!p)
			return -1;
		r->at = p;
		r->cap = cap;
	}
	r->at[r->n++] = (struct afd_range){ off, len };
	return 0;
}

void afd_ranges_release(struct afd_ranges *r)
{
	free(r->at);
	*r = (struct afd_ranges){ 0 };
}

char *afd_strdup(const char *s)
{
	return s ? strdup(s) : NULL;
}

char *afd_text_dup(struct afd_slice s)
{
	char *p = malloc(s.len + 1);

	if (!p)
		return NULL;
	if (s.len)
		memcpy(p, s.data, s.len);
	p[s.len] = 0;
	return p;
}

char *afd_sprintf(const char *fmt, ...)
{
	char *p = NULL;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&p, fmt, ap);
	va_end(ap);
	return n < 0 ? NULL : p;
}
