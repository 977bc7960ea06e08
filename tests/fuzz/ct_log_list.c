/* libs: collector core crypto jansson. A list of logs as anybody may publish it. */
#include "collector/ct/log_list.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct afd_ct_log_list l;
	struct afd_error err = { 0 };

	if (afd_ct_log_list_parse(afd_slice(data, size), &l, &err) < 0) {
		if (!*err.text)
			abort();
		return 0;
	}
	for (size_t i = 0; i < l.n; i++) {
		const struct afd_ct_listed *log = &l.log[i];

		if (strlen(log->id) != 64 || !*log->origin || strpbrk(log->origin, " \n\t") || !*log->state || !*log->description ||
		    log->mmd_ms <= 0 || (log->final_root && strlen(log->final_root) != 64))
			abort();
	}
	afd_ct_log_list_release(&l);
	return 0;
}
