/* Checks, frameworks and mappings: kept in the ledger so that a reader of a report finds the rule that made it. Their
 * readers find the item by decoder and label and read its bytes, so nothing is decoded here. */
#include "collector/table.h"

static int decode(const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err)
{
	(void)item, (void)sink, (void)err;
	return 0;
}

const struct afd_provider afd_provider_check = {
	.kind = "check", .leg = AFD_LEG_USER, .title = "checks", .help = "One SQL file per check.", .decode = decode,
};
const struct afd_provider afd_provider_framework = {
	.kind = "framework",
	.leg = AFD_LEG_USER,
	.title = "frameworks",
	.help = "A catalogue of controls.",
	.decode = decode,
};
const struct afd_provider afd_provider_mapping = {
	.kind = "mapping",
	.leg = AFD_LEG_USER,
	.title = "mappings",
	.help = "Which check speaks to which control.",
	.decode = decode,
};
const struct afd_provider afd_provider_official = {
	.kind = "official",
	.leg = AFD_LEG_USER,
	.title = "official texts",
	.help = "The publisher's words for the controls of a framework.",
	.decode = decode,
};
