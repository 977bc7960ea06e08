/* Bytes: borrowed slices, owned buffers, and resources that release themselves. */
#ifndef AFD_CORE_BYTES_H
#define AFD_CORE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define AFD_COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* AFD_AUTO(type) declares a variable that afd_TYPE_release(&var) cleans up when it leaves scope. */
#define AFD_AUTO(type) __attribute__((cleanup(afd_##type##_release)))

/* Hands a pointer over: returns it and leaves NULL behind. */
#define afd_steal(p) __extension__({ __typeof__(*(p)) afd_v_ = *(p); *(p) = NULL; afd_v_; })

#define AFD_PRINTF(f, a) __attribute__((format(printf, f, a)))

struct afd_slice { const uint8_t *data; size_t len; };      /* borrowed: look, don't free */
struct afd_buf { uint8_t *data; size_t len, cap, max; };    /* owned: grows, up to max (0 = no ceiling of its own) */

/* A range of bytes inside something else. */
struct afd_range { uint64_t off, len; };
struct afd_ranges { struct afd_range *at; size_t n, cap; }; /* owned */

static inline struct afd_slice afd_slice(const void *p, size_t n) { return (struct afd_slice){ p, n }; }
static inline struct afd_slice afd_slice_text(const char *s) { return (struct afd_slice){ (const uint8_t *)s, s ? strlen(s) : 0 }; }
static inline struct afd_slice afd_buf_slice(const struct afd_buf *b) { return (struct afd_slice){ b->data, b->len }; }
bool afd_slice_equal(struct afd_slice a, struct afd_slice b);
/* The part from OFF of at most LEN bytes; clipped, never outside. */
struct afd_slice afd_slice_sub(struct afd_slice s, size_t off, size_t len);

/* Appending returns 0, or -1 when memory or the ceiling ends; the buffer is then unchanged. A buffer is always
 * followed by a NUL that len does not count, so that text in it can be used as a string once anything was added. */
int afd_buf_add(struct afd_buf *b, const void *p, size_t n);
int afd_buf_add_slice(struct afd_buf *b, struct afd_slice s);
int afd_buf_text(struct afd_buf *b, const char *s);
int afd_buf_printf(struct afd_buf *b, const char *fmt, ...) AFD_PRINTF(2, 3);
int afd_buf_reserve(struct afd_buf *b, size_t more);
int afd_buf_u8(struct afd_buf *b, uint8_t v);
int afd_buf_u16(struct afd_buf *b, uint16_t v);  /* big endian */
int afd_buf_u32(struct afd_buf *b, uint32_t v);
int afd_buf_u64(struct afd_buf *b, uint64_t v);
void afd_buf_release(struct afd_buf *b);         /* frees; leaves an empty buffer */
void afd_buf_wipe(struct afd_buf *b);            /* overwrites, then frees: for secrets */

int afd_ranges_add(struct afd_ranges *r, uint64_t off, uint64_t len);
void afd_ranges_release(struct afd_ranges *r);

/* A cursor over bytes: every read checks the bounds; the first failure sticks in .bad and reads give zero. */
struct afd_reader { const uint8_t *at, *end; bool bad; };
static inline struct afd_reader afd_reader(struct afd_slice s) { return (struct afd_reader){ s.data, s.data + s.len, false }; }
static inline size_t afd_reader_left(const struct afd_reader *r) { return (size_t)(r->end - r->at); }
/* Inline: a walk over a certificate makes hundreds of these. */
static inline uint64_t afd_read_big_endian(struct afd_reader *r, size_t n)
{
	uint64_t v = 0;

	if (__builtin_expect(r->bad || afd_reader_left(r) < n, 0)) {
		r->bad = true;
		return 0;
	}
	for (size_t i = 0; i < n; i++)
		v = v << 8 | r->at[i];
	r->at += n;
	return v;
}
static inline uint8_t afd_read_u8(struct afd_reader *r) { return (uint8_t)afd_read_big_endian(r, 1); }
static inline uint16_t afd_read_u16(struct afd_reader *r) { return (uint16_t)afd_read_big_endian(r, 2); }
static inline uint32_t afd_read_u24(struct afd_reader *r) { return (uint32_t)afd_read_big_endian(r, 3); }
static inline uint32_t afd_read_u32(struct afd_reader *r) { return (uint32_t)afd_read_big_endian(r, 4); }
static inline uint64_t afd_read_u48(struct afd_reader *r) { return afd_read_big_endian(r, 6); }
static inline uint64_t afd_read_u64(struct afd_reader *r) { return afd_read_big_endian(r, 8); }
static inline struct afd_slice afd_read_bytes(struct afd_reader *r, size_t n)
{
	struct afd_slice s = { NULL, 0 };

	if (__builtin_expect(r->bad || afd_reader_left(r) < n, 0)) {
		r->bad = true;
		return s;
	}
	s = (struct afd_slice){ r->at, n };
	if (n)
		r->at += n;
	return s;
}

/* free() for AFD_AUTO(mem) char *p */
static inline void afd_mem_release(void *p) { free(*(void **)p); *(void **)p = NULL; }
char *afd_strdup(const char *s);                                   /* NULL for NULL or no memory */
char *afd_text_dup(struct afd_slice s);                            /* NUL-terminated copy */
char *afd_sprintf(const char *fmt, ...) AFD_PRINTF(1, 2);          /* owned text, NULL when memory ends */

#endif
