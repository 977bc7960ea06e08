/* libs: collector core crypto. Input: a watched name, LF, a certificate's name. Whatever lies at or below the watched name
 * in plain letters matches; the fast way and the slow comparison of whole labels never disagree on plain names. */
#include "collector/ct/ct_entry.h"
#include "core/name.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Any rule, any name: a rule in its one form is one, is found again, and nothing breaks. */
static void any_rule(struct afd_slice rule, struct afd_slice name)
{
	struct afd_buf one = { 0 }, two = { 0 };
	struct afd_ct_watch *w = NULL;
	const char *list[1];

	if (afd_ct_rule_canonical(rule, &one, NULL) == 0) {
		list[0] = (const char *)one.data;
		if (afd_ct_rule_canonical(afd_buf_slice(&one), &two, NULL) < 0 || !afd_slice_equal(afd_buf_slice(&one), afd_buf_slice(&two)))
			abort();
		if (afd_ct_watch_new(list, 1, &w, NULL) == 0) {
			if (one.len < 250 && !afd_ct_watch_has(w, list[0]))
				abort();
			(void)afd_ct_watch_matches(w, name);
			(void)afd_ct_watch_address(w, name);
		}
	}
	afd_ct_watch_free(w);
	afd_buf_release(&one);
	afd_buf_release(&two);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *lf = size ? memchr(data, '\n', size) : NULL;
	char watched[AFD_NAME_MAX], name[AFD_NAME_MAX];
	const char *list[1] = { watched };
	struct afd_ct_watch *w = NULL;
	struct afd_slice raw;
	bool plain = true, got;

	if (lf)
		any_rule(afd_slice(data, (size_t)(lf - data)), afd_slice(lf + 1, size - (size_t)(lf + 1 - data)));
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
