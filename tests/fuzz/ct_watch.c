/* libs: collector core crypto. Input: a watched name, LF, a certificate's name. Whatever lies at or below the watched name
 * in plain letters matches; the fast way and the slow comparison of whole labels never disagree on plain names. */
#include "collector/ct/ct_entry.h"
#include "core/name.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *lf = size ? memchr(data, '\n', size) : NULL;
	char watched[AFD_NAME_MAX], name[AFD_NAME_MAX];
	const char *list[1] = { watched };
	struct afd_ct_watch *w = NULL;
	struct afd_slice raw;
	bool plain = true, got;

	if (!lf || afd_name_canonical(afd_slice(data, (size_t)(lf - data)), watched, NULL) < 0)
		return 0;
	if (strspn(watched, "abcdefghijklmnopqrstuvwxyz0123456789-_.") != strlen(watched) || strcmp(watched, ".") == 0)
		return 0;
	raw = afd_slice(lf + 1, size - (size_t)(lf + 1 - data));
	if (afd_ct_watch_new(list, 1, &w, NULL) < 0)
		return 0;
	got = afd_ct_watch_matches(w, raw);
	for (size_t i = 0; i < raw.len; i++)
		if (!memchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.", raw.data[i], 65))
			plain = false;
	if (plain && raw.len > 0 && afd_name_canonical(raw, name, NULL) == 0 && strcmp(name, ".") != 0 && got != afd_name_within(name, watched))
		abort();
	afd_ct_watch_free(w);
	return 0;
}
