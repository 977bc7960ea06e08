/* BIND's update log: who says they changed a zone. Categories update, update-security and security; an item is a piece
 * of whole lines, one part per line. What a line says stands in update_line.c; how the file is followed, in
 * collector/tail.c. */
#include "collector/table.h"
#include "collector/tail.h"
#include "collector/zone/claim_list.h"
#include "collector/zone/update_line.h"

static const struct afd_field fields[] = { AFD_TAIL_FIELDS_ZONES, { 0 } };

static void log_read(struct afd_slice line, int64_t ahead, int64_t now, struct afd_tail_unit *ret)
{
	struct afd_update_line l;

	afd_update_line_read(line, ahead, now, &l);
	*ret = (struct afd_tail_unit){ .at = l.at, .local = l.local, .ours = l.what != NOT_OURS,
	                               .unclear = !afd_update_line_understood(&l), .who = l.peer, .scope = l.zone };
}

static const struct afd_tail_form form = {
	.evidence = "zone-claims",
	.media_type = "text/plain; charset=utf-8",
	.lag_ms = AFD_MINUTE,
	.units = "lines",
	.scopes = "zones",
	.unclear = "lines about updates that were not understood",
	.unclear_short = "about updates, not understood",
	.no_time = "set print-time iso8601-utc in the channel",
	.local_time = "print-time iso8601-utc into the log's channel",
	.gap_ms = AFD_UPDATE_GAP,
	.next = afd_tail_line,
	.read = log_read,
	.speaks_of = afd_log_speaks_of,
};

static int log_begin(const struct afd_source_config *c, const void *config, const char *cursor, void **ret,
                     struct afd_error *err)
{
	return afd_tail_begin(&form, NULL, c, config, cursor, ret, err);
}

const struct afd_provider afd_provider_bind_update_log = {
	.kind = "bind-update-log",
	.leg = AFD_LEG_ZONE,
	.title = "BIND's log of dynamic updates",
	.help = "Reads the file that BIND writes for the categories update, update-security and security, from where "
	        "the last run stopped and through its rotations (PATH.0, PATH.1, PATH.1.gz ...). Set print-time iso8601-utc; a "
	        "log with local times needs timezone. The log names the key of each update, the records it adds, and "
	        "owner and type of those it deletes.",
	.basis = "tested on a real server (BIND 9.18)",
	.evidence = "zone-claims",
	.lag_ms = AFD_MINUTE,
	.fields = fields,
	.config_size = sizeof(struct afd_tail_config),
	.scopes = afd_tail_zones,
	.begin = log_begin,
	.next = afd_tail_next,
	.take = afd_tail_take,
	.end = afd_tail_end,
	.split = afd_tail_split_lines,
	.decode = afd_update_decode,
};
