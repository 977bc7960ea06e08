#include "mappers/arena.h"

#include <stdarg.h>
#include <stdio.h>

enum { BLOCK = 64 * 1024, ALIGN = 16 };

struct afd_arena_block {
	struct afd_arena_block *next;
	size_t used, size;
	_Alignas(ALIGN) uint8_t data[];
};

void *afd_arena_alloc(struct afd_arena *a, size_t n)
{
	struct afd_arena_block *b = a->head;

	if (n > SIZE_MAX / 2)
		return NULL;
	n = (n + ALIGN - 1) & ~(size_t)(ALIGN - 1);
	if (!b || b->size - b->used < n) {
		size_t size = n > BLOCK ? n : BLOCK;

		b = calloc(1, sizeof *b + size);
		if (!b)
			return NULL;
		b->size = size;
		b->next = a->head;
		a->head = b;
	}
	b->used += n;
	return b->data + b->used - n;
}

char *afd_arena_text(struct afd_arena *a, const char *s)
{
	size_t n = s ? strlen(s) + 1 : 0;
	char *ret = s ? afd_arena_alloc(a, n) : NULL;

	if (ret)
		memcpy(ret, s, n);
	return ret;
}

char *afd_arena_printf(struct afd_arena *a, const char *fmt, ...)
{
	va_list ap;
	char *ret = NULL;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n >= 0)
		ret = afd_arena_alloc(a, (size_t)n + 1);
	if (ret) {
		va_start(ap, fmt);
		vsnprintf(ret, (size_t)n + 1, fmt, ap);
		va_end(ap);
	}
	return ret;
}

void afd_arena_release(struct afd_arena *a)
{
	while (a->head) {
		struct afd_arena_block *next = a->head->next;

		free(a->head);
		a->head = next;
	}
}

void afd_arena_adopt(struct afd_arena *a, struct afd_arena *from)
{
	struct afd_arena_block **end = &a->head;         /* behind the block that is being filled */

	while (*end)
		end = &(*end)->next;
	*end = from->head;
	from->head = NULL;
}

void afd_arena_reset(struct afd_arena *a)
{
	while (a->head && a->head->next) {
		struct afd_arena_block *next = a->head->next;

		free(a->head);
		a->head = next;
	}
	if (a->head) {
		memset(a->head->data, 0, a->head->used);
		a->head->used = 0;
	}
}

void *afd_arena_room(struct afd_arena *a, void *old, size_t n, size_t size)
{
	void *ret;

	if (n && (n < 4 || (n & (n - 1))))
		return old;
	if (n > SIZE_MAX / 4 / size)
		return NULL;
	ret = afd_arena_alloc(a, (n ? 2 * n : 4) * size);
	if (ret && n)
		memcpy(ret, old, n * size);
	return ret;
}
