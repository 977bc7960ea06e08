/* libs: collector evidence core. An answer of RDAP into rows; the list of servers; where an answer leads. */
#include "collector/registrar/rdap.h"
#include "sink_nowhere.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char url[AFD_RDAP_URL_MAX];

	seen_decode("rdap", "rdap registry example.test https://rdap.test/domain/example.test", afd_slice(data, size), NULL);
	if (afd_rdap_server(afd_slice(data, size), "example.test", url, NULL) == 0 && url[0] && url[strlen(url) - 1] != '/')
		abort();
	afd_rdap_related(afd_slice(data, size), "example.test", url, NULL);
	afd_rdap_list_check(afd_slice(data, size), NULL);
	return 0;
}
