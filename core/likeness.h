/* Names that people could take for one another: a letter more, less, other or swapped, letters that look alike (RFC 5890's
 * U-labels are decoded), or the same label under another parent. It is a hint for people to look at, never a proof. */
#ifndef AFD_CORE_LIKENESS_H
#define AFD_CORE_LIKENESS_H

#include "core/bytes.h"

enum { AFD_SKELETON_MAX = 256 };   /* a label of 63 bytes gives less */

/* What a label looks like: letters with the same look become one ("xn--pypal-4ve", "paypa1" and "paypal" give the same),
 * others stay as UTF-8. Returns its length; 0: empty, or Punycode (RFC 3492) that nobody can decode. NUL-terminated. */
size_t afd_label_skeleton(struct afd_slice label, char ret[AFD_SKELETON_MAX]);

enum afd_likeness { AFD_UNLIKE, AFD_LIKE_LETTERS, AFD_LIKE_SPELLING, AFD_LIKE_OTHER_PARENT };
const char *afd_likeness_text(enum afd_likeness l);   /* "letters that look the same" ... */
/* Letters to insert, take away, change or swap with their neighbour to make B of A; MAX + 1: more than MAX, or longer than 255. */
unsigned afd_text_far(const char *a, const char *b, unsigned max);
/* How many letters a skeleton of LEN may differ in: 0 up to 3, 1 up to 7, else 2. */
unsigned afd_likeness_slack(size_t skeleton_len);
/* Does NAME, or a name above it, look like OURS? Both canonical. Not, when it lies at or below OURS. */
enum afd_likeness afd_name_likeness(const char *name, const char *ours);

#endif
