/* The one list of all sources and user files. One more source is one file and one line here, in alphabetical order. */
#include "collector/anchor.h"
#include "collector/table.h"
#include "collector/notice.h"
#include "collector/run_item.h"

const struct afd_provider *const afd_providers[] = {
	&afd_provider_acme_log,
	&afd_provider_akamai_events,
	&afd_provider_approvals,
	&afd_provider_attestations,
	&afd_provider_aws_cloudtrail,
	&afd_provider_aws_cloudtrail_files,
	&afd_provider_aws_iam,
	&afd_provider_aws_route53domains,
	&afd_provider_aws_route53domains_operations,
	&afd_provider_azure_activity,
	&afd_provider_azure_dns,
	&afd_provider_bind_statistics,
	&afd_provider_bind_update_log,
	&afd_provider_cert_manager_resources,
	&afd_provider_certificate_dir,
	&afd_provider_check,
	&afd_provider_cloudflare_account,
	&afd_provider_cloudflare_audit,
	&afd_provider_cloudflare_audit_v1,
	&afd_provider_cloudflare_logpush,
	&afd_provider_cloudflare_registrar,
	&afd_provider_cloudflare_zone,
	&afd_provider_config,
	&afd_provider_counter_csv,
	&afd_provider_ct,
	&afd_provider_ct_search,
	&afd_provider_dns_probe,
	&afd_provider_dns_server_config,
	&afd_provider_dns_transfer,
	&afd_provider_dnsimple_account,
	&afd_provider_dnsimple_registrar,
	&afd_provider_dnsimple_webhooks,
	&afd_provider_dnsimple_zone,
	&afd_provider_dnsmadeeasy_zone,
	&afd_provider_dnstap,
	&afd_provider_epp,
	&afd_provider_epp_frames,
	&afd_provider_epp_poll,
	&afd_provider_events_file,
	&afd_provider_framework,
	&afd_provider_gandi_registrar,
	&afd_provider_gandi_zone,
	&afd_provider_godaddy_registrar,
	&afd_provider_google_audit,
	&afd_provider_google_audit_files,
	&afd_provider_google_dns,
	&afd_provider_infoblox_audit,
	&afd_provider_inventory,
	&afd_provider_knot_log,
	&afd_provider_mapping,
	&afd_provider_namecheap_registrar,
	&afd_provider_ns1_account,
	&afd_provider_ns1_activity,
	&afd_provider_ns1_zone,
	&afd_provider_nsd_log,
	&afd_provider_octodns_plan,
	&afd_provider_official,
	&afd_provider_ovh_registrar,
	&afd_provider_pdns_log,
	&afd_provider_policy,
	&afd_provider_porkbun_registrar,
	&afd_provider_powerdns_zone,
	&afd_provider_rdap,
	&afd_provider_responses,
	&afd_provider_revocation,
	&afd_provider_rfc6962,
	&afd_provider_route53_zone,
	&afd_provider_static_ct,
	&afd_provider_tls_endpoint,
	&afd_provider_zone_declared,
	&afd_provider_zone_file,
	&afd_provider_zone_git,
	&afd_provider_zone_journal,
	NULL
};

bool afd_provider_tested(const struct afd_provider *p)
{
	return p->basis && strncmp(p->basis, "tested", 6) == 0;
}

const struct afd_provider *afd_provider_find(const char *kind)
{
	for (size_t i = 0; kind && afd_providers[i]; i++)
		if (!strcmp(afd_providers[i]->kind, kind))
			return afd_providers[i];
	return NULL;
}

int afd_decode_item(void *ctx, const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err)
{
	const struct afd_provider *p;

	(void)ctx;
	/* What the ledger says about itself: the facts are in the record, the bytes tell no rows. */
	if (item->record->kind == AFD_ITEM_TOMBSTONE || item->record->kind == AFD_ITEM_WITHHELD)
		return 0;
	if (item->record->decoder && !strcmp(item->record->decoder, AFD_HANDOVER_DECODER))
		return 0;
	if (item->record->decoder && !strcmp(item->record->decoder, AFD_RUN_DECODER))
		return afd_run_decode(item, sink, err);
	if (item->record->decoder && !strcmp(item->record->decoder, AFD_ANCHOR_DECODER))
		return afd_anchor_decode(item, sink, err);
	if (item->record->decoder && !strcmp(item->record->decoder, AFD_NOTICE_DECODER))
		return afd_notice_decode(item, sink, err);
	p = afd_provider_find(item->record->decoder);
	if (!p || !p->decode)
		return afd_fail(err, AFD_E_PARSE, "no decoder is named \"%s\"",
				item->record->decoder ? item->record->decoder : "-");
	return p->decode(item, sink, err);
}
