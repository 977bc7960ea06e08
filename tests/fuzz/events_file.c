/* libs: collector evidence core. A log that a map explains: an item of it redacted, split and decoded; and the same text as a time. */
#include "collector/files/events_map.h"
#include "sink_nowhere.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const forms[] = { NULL, "unix", "unix-ns", "%d/%b/%y:%I:%M:%S%f %p %z", "%e.%m.%Y %H%%" };
	const struct afd_provider *p = afd_provider_find("events-file");
	AFD_AUTO(ranges) struct afd_ranges cuts = { 0 };
	AFD_AUTO(ranges) struct afd_ranges parts = { 0 };
	AFD_AUTO(mem) char *text = afd_text_dup(afd_slice(data, size));
	struct afd_error err = { 0 };
	struct afd_span at = { 0, 1 };

	for (size_t i = 0; text && i < AFD_COUNT(forms); i++)
		if (afd_events_time_read(text, forms[i], true, AFD_HOUR, &at) == 0 && at.from >= at.to)
			abort();
	if (p->redact(afd_slice(data, size), &cuts, &err) < 0 && !err.code)
		abort();
	for (size_t i = 0; i < cuts.n; i++)
		if (cuts.at[i].off > size || cuts.at[i].len > size - cuts.at[i].off)
			abort();
	if (p->split(afd_slice(data, size), &parts, NULL) == 0)
		must_tile(&parts, size);
	seen_decode("events-file", "events acme x", afd_slice(data, size), parts.n ? &parts : NULL);
	seen_decode("events-file", "events acme x", afd_slice(data, size), NULL);
	return 0;
}
