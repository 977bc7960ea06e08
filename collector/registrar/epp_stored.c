/* Frames of EPP that the registrar's own reader of the queue keeps, one file each: the way to have them without taking
 * anything out of the queue. */
#include "collector/registrar/epp.h"
#include "collector/stored.h"
#include "collector/table.h"

static const struct afd_field fields[] = { AFD_STORED_FIELDS, { 0 } };

static const struct afd_stored_form form = {
	.word = "epp",
	.more = "frames",
	.evidence = AFD_EPP_EVENTS,
	.media_type = "application/epp+xml",
	.max_file = AFD_MAX_EPP_FRAME,
	.suffix = ".xml .xml.gz",
};

static int begin(const struct afd_source_config *c, const void *config, const char *cursor, void **ret, struct afd_error *err)
{
	return afd_stored_begin(&form, c, config, cursor, ret, err);
}

const struct afd_provider afd_provider_epp_frames = {
	.kind = "epp-frames",
	.leg = AFD_LEG_ACCOUNT,
	.title = "EPP: frames that your own reader keeps",
	.help = "The program that reads the registrar's queue writes each frame to a file of its own (NAME.xml, whole, by a rename) in one directory before it "
		"acknowledges it; here each new file becomes evidence. account is the client id (clID). Answers to info are taken as the state "
		"at the time of the file. Nothing is taken out of the queue, no credential is needed.",
	.basis = "tested on a real sample",
	.evidence = AFD_EPP_EVENTS,
	.imports = true,
	.fields = fields,
	.config_size = sizeof(struct afd_stored_config),
	.scopes = afd_stored_scopes,
	.begin = begin,
	.next = afd_stored_next,
	.take = afd_stored_take,
	.end = afd_stored_end,
	.redact = afd_epp_redact,
	.decode = afd_epp_decode,
};
