/* Every source and every kind of user file, each defined in the file that bears its name; providers.c lists them. */
#ifndef AFD_COLLECTOR_TABLE_H
#define AFD_COLLECTOR_TABLE_H

#include "collector/provider.h"

extern const struct afd_provider afd_provider_acme_log;
extern const struct afd_provider afd_provider_akamai_events;
extern const struct afd_provider afd_provider_approvals;
extern const struct afd_provider afd_provider_attestations;
extern const struct afd_provider afd_provider_aws_cloudtrail;
extern const struct afd_provider afd_provider_aws_cloudtrail_files;
extern const struct afd_provider afd_provider_aws_iam;
extern const struct afd_provider afd_provider_aws_route53domains;
extern const struct afd_provider afd_provider_aws_route53domains_operations;
extern const struct afd_provider afd_provider_azure_activity;
extern const struct afd_provider afd_provider_azure_dns;
extern const struct afd_provider afd_provider_bind_statistics;
extern const struct afd_provider afd_provider_bind_update_log;
extern const struct afd_provider afd_provider_cert_manager_resources;
extern const struct afd_provider afd_provider_certificate_dir;
extern const struct afd_provider afd_provider_check;
extern const struct afd_provider afd_provider_cloudflare_account;
extern const struct afd_provider afd_provider_cloudflare_audit;
extern const struct afd_provider afd_provider_cloudflare_audit_v1;
extern const struct afd_provider afd_provider_cloudflare_logpush;
extern const struct afd_provider afd_provider_cloudflare_registrar;
extern const struct afd_provider afd_provider_cloudflare_zone;
extern const struct afd_provider afd_provider_config;
extern const struct afd_provider afd_provider_counter_csv;
extern const struct afd_provider afd_provider_ct;
extern const struct afd_provider afd_provider_ct_search;
extern const struct afd_provider afd_provider_dns_probe;
extern const struct afd_provider afd_provider_dns_server_config;
extern const struct afd_provider afd_provider_dns_transfer;
extern const struct afd_provider afd_provider_dnsimple_account;
extern const struct afd_provider afd_provider_dnsimple_registrar;
extern const struct afd_provider afd_provider_dnsimple_webhooks;
extern const struct afd_provider afd_provider_dnsimple_zone;
extern const struct afd_provider afd_provider_dnsmadeeasy_zone;
extern const struct afd_provider afd_provider_dnstap;
extern const struct afd_provider afd_provider_epp;
extern const struct afd_provider afd_provider_epp_frames;
extern const struct afd_provider afd_provider_epp_poll;
extern const struct afd_provider afd_provider_events_file;
extern const struct afd_provider afd_provider_framework;
extern const struct afd_provider afd_provider_gandi_registrar;
extern const struct afd_provider afd_provider_gandi_zone;
extern const struct afd_provider afd_provider_google_audit;
extern const struct afd_provider afd_provider_google_audit_files;
extern const struct afd_provider afd_provider_godaddy_registrar;
extern const struct afd_provider afd_provider_google_dns;
extern const struct afd_provider afd_provider_infoblox_audit;
extern const struct afd_provider afd_provider_inventory;
extern const struct afd_provider afd_provider_knot_log;
extern const struct afd_provider afd_provider_mapping;
extern const struct afd_provider afd_provider_nsd_log;
extern const struct afd_provider afd_provider_octodns_plan;
extern const struct afd_provider afd_provider_namecheap_registrar;
extern const struct afd_provider afd_provider_ns1_account;
extern const struct afd_provider afd_provider_ns1_activity;
extern const struct afd_provider afd_provider_nsd_log;
extern const struct afd_provider afd_provider_official;
extern const struct afd_provider afd_provider_ovh_registrar;
extern const struct afd_provider afd_provider_pdns_log;
extern const struct afd_provider afd_provider_ns1_zone;
extern const struct afd_provider afd_provider_policy;
extern const struct afd_provider afd_provider_porkbun_registrar;
extern const struct afd_provider afd_provider_powerdns_zone;
extern const struct afd_provider afd_provider_rdap;
extern const struct afd_provider afd_provider_revocation;
extern const struct afd_provider afd_provider_responses;
extern const struct afd_provider afd_provider_rfc6962;
extern const struct afd_provider afd_provider_route53_zone;
extern const struct afd_provider afd_provider_static_ct;
extern const struct afd_provider afd_provider_tls_endpoint;
extern const struct afd_provider afd_provider_zone_git;
extern const struct afd_provider afd_provider_zone_declared;
extern const struct afd_provider afd_provider_zone_file;
extern const struct afd_provider afd_provider_zone_journal;

#endif
