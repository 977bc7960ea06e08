#include "tests/reports/sample.h"

#include <stdarg.h>
#include <stdio.h>

#define DAY AFD_DAY

static void *keep(struct sample *s, void *p)
{
	s->keep = realloc(s->keep, (s->n_keep + 1) * sizeof(*s->keep));
	if (!p || !s->keep)
		abort();
	s->keep[s->n_keep++] = p;
	return p;
}

static void *rows(struct sample *s, size_t n, size_t size)
{
	return keep(s, calloc(n ? n : 1, size));
}

static const char *text(struct sample *s, const char *fmt, ...)
{
	va_list ap;
	char *p;

	va_start(ap, fmt);
	if (vasprintf(&p, fmt, ap) < 0)
		abort();
	va_end(ap);
	return keep(s, p);
}

static const char *hash_of(struct sample *s, uint64_t leaf)
{
	struct afd_digest d;

	afd_sha256(afd_slice(&leaf, sizeof(leaf)), &d);
	return text(s, "%s", afd_digest_hex(&d).s);
}

static int64_t t(const char *when)
{
	int64_t ms;

	if (afd_when_parse(when, &ms, NULL) < 0)
		abort();
	return ms;
}

static struct afd_texts texts(struct sample *s, size_t n, ...)
{
	const char **at = rows(s, n, sizeof(*at));
	va_list ap;

	va_start(ap, n);
	for (size_t i = 0; i < n; i++)
		at[i] = va_arg(ap, const char *);
	va_end(ap);
	return (struct afd_texts){ at, n };
}

static const char *authorities[] = { "tsa:tsa.example.net", "tsa:time.example.org" };

static void head(struct sample *s)
{
	struct afd_assessment *a = &s->a;

	memset(s, 0, sizeof(*s));
	a->organisation = "Example Trading Ltd";
	a->classification = "Confidential: for the audit";
	a->engine = "affidavit 0.1.0";
	a->origin = "affidavit.example.com/log";
	a->period_label = "2026-Q3";
	a->period = (struct afd_span){ t("2026-07-01"), t("2026-10-01") };
	a->as_of_ms = t("2026-10-03T06:00:00Z");
	a->history_begins_ms = t("2026-06-28T09:12:00Z");
	a->head_size = 48213;
	a->anchoring = (struct afd_anchoring){ .tokens = 92, .covered = 48190, .open = 22, .failed = 3, .longest_delay_ms = 86400000,
		.newest_ms = t("2026-10-03T05:00:04Z"), .authority = authorities, .n_authority = 2 };
	afd_sha256(afd_slice_text("head"), &a->head_root);
	a->note = "affidavit.example.com/log\n48213\nnGNJvIkYKbRVDF6l5xhkXbQHuEUBlIEoHDFD9o21LGM=\n\n"
		  "— affidavit.example.com/log "
		  "glTDKa4cKPY3hFE2m0dSJmYkSXpJ5EFjYxLm1SyVvKzGEyxXQmCzpiO5sWCVBEfxpV3Jp5YHYnKuyZ2ZlkBuw4N3AgI=\n";
	a->policy_leaf = 40110;
	a->inventory_leaf = 40112;
	a->config_leaf = 39874;
}

static const struct { const char *id, *title, *severity, *resource, *why, *remedy;
} check_rows[] = {
	{ "caa-ns-ds-mx-change-unapproved", "Changes of NS, DS, CAA and MX records are approved", "high", "zone",
	  "These records decide who answers for the domain, who may issue certificates for it and where its mail goes.",
	  "Confirm or undo the change. Require an approval before the registrar’s API accepts a change of name "
	  "servers." },
	{ "certificate-without-owner", "Each certificate has an owner", "low", "certificate",
	  "A certificate that nobody owns is renewed by nobody and revoked by nobody.",
	  "Name an owner in the inventory, or let the certificate end." },
	{ "challenge-residue", "Validation records are removed after use", "low", "name",
	  "A challenge left behind can serve an old account to validate again.",
	  "Remove the record; let the client remove it after each validation." },
	{ "credential-writes-elsewhere", "Credentials write only what they exist for", "high", "credential",
	  "A validation credential that can write other records can redirect traffic.",
	  "Limit the credential to TXT at the challenge name, then rotate it." },
	{ "issuance-without-challenge", "Each issuance has its challenge", "medium", "certificate",
	  "An issuance that no challenge in our zones explains was validated by other means.",
	  "Ask the certificate authority how it validated." },
	{ "issuer-not-approved", "Certificates come from approved issuers", "medium", "domain",
	  "An issuer that nobody approved has not been looked at.",
	  "Approve the issuer, or revoke the certificate and restrict CAA." },
	{ "transfer-lock-removed", "Domains keep their transfer lock", "high", "domain",
	  "An unlocked domain can leave the account and take its certificates with it.",
	  "Lock the domain again and record who asked for the change." },
	{ "zone-change-unattributed", "Each zone change has an author", "medium", "zone",
	  "A change that no log explains came in by a way that is not watched.",
	  "Find the way in; send its log to the collector." },
};

static void checks(struct sample *s)
{
	struct afd_assessment *a = &s->a;

	a->n_check = AFD_COUNT(check_rows);
	a->check = rows(s, a->n_check, sizeof(*a->check));
	for (size_t i = 0; i < a->n_check; i++) {
		struct afd_check *c = &a->check[i];

		c->id = check_rows[i].id;
		c->title = check_rows[i].title;
		c->severity = check_rows[i].severity;
		c->resource = check_rows[i].resource;
		c->why = check_rows[i].why;
		c->remedy = check_rows[i].remedy;
		c->answers = texts(s, 2, "P74", "P78");
		c->leaf = 12 + i;
		afd_sha256(afd_slice_text(c->id), &c->sha256);
		if (i == 2) {
			c->n_param = 1;
			c->param = rows(s, 1, sizeof(*c->param));
			*c->param = (struct afd_param){ "max_age", "duration", "24h", "how long a challenge may stay", "48h" };
		}
		if (i == 3) {
			c->severity_usual = "medium";
			c->severity_reason = "These keys reach every zone.";
			c->severity_approver = "CISO";
			c->severity_since = t("2026-07-02T08:00:00Z");
		}
	}
}

static struct afd_evidence_ref *refs(struct sample *s, size_t n, uint64_t first, const char *source, const char *what)
{
	struct afd_evidence_ref *e = rows(s, n, sizeof(*e));

	for (size_t i = 0; i < n; i++)
		e[i] = (struct afd_evidence_ref){
			first + 6 * i, i,    hash_of(s, first + 6 * i),
			source,        what, t("2026-08-19T22:00:04Z") + (int64_t)i * AFD_HOUR
		};
	return e;
}

static const char *const *reasons(struct sample *s, size_t n, ...)
{
	const char **at = rows(s, n, sizeof(*at));
	va_list ap;

	va_start(ap, n);
	for (size_t i = 0; i < n; i++)
		at[i] = va_arg(ap, const char *);
	va_end(ap);
	return at;
}

static void finding(struct sample *s, size_t i, size_t check, const char *resource, const char *key,
		    enum afd_outcome status, const char *const *why, size_t n_why, struct afd_evidence_ref *e,
		    size_t n_e)
{
	struct afd_finding *f = &s->a.finding[i];
	struct afd_digest d;
	AFD_AUTO(buf) struct afd_buf b = { 0 };

	*f = (struct afd_finding){ .number = (unsigned)i + 1,
				   .check = &s->a.check[check],
				   .resource = resource,
				   .key = key,
				   .status = status,
				   .presence = true,
				   .reason = why,
				   .n_reason = n_why,
				   .observed_ms = t("2026-08-19T21:47:03Z") + (int64_t)i * 5 * AFD_DAY,
				   .evidence = e,
				   .n_evidence = n_e };
	afd_sha256(afd_slice_text(text(s, "%s/%s/%zu", f->check->id, resource, i)), &d);
	afd_base32(afd_slice(d.b, 10), &b);
	memcpy(f->id, b.data, 16);
	afd_hex(afd_slice(d.b + 16, 16), f->salt);
}

static void waivers(struct sample *s)
{
	struct afd_assessment *a = &s->a;

	a->n_waiver = 2;
	a->waiver = rows(s, 2, sizeof(*a->waiver));
	a->waiver[0] = (struct afd_waiver_mark){ "W-1",           "Web team",
						 "CISO",          "migration of the old shop until November",
						 t("2026-12-01"), false, AFD_TIME_NONE };
	a->waiver[1] =
		(struct afd_waiver_mark){ "W-2",           "DNS team", "CISO", "log of the secondary is being rebuilt",
					  t("2026-08-31"), false, AFD_TIME_NONE };
}

static void findings(struct sample *s)
{
	struct afd_assessment *a = &s->a;

	a->n_finding = 6;
	a->finding = rows(s, a->n_finding, sizeof(*a->finding));
	finding(s, 0, 0, "example.test", "example.test NS 2026090102", AFD_FAIL,
		reasons(s, 2, "ns2.example.com was replaced by ns9.example.net through the credential api-key-07.",
			"CHG-1042 was recorded on 2026-08-20 00:59, 3 h 12 min after the change, and does not count."),
		2, refs(s, 3, 44817, "registrar-a", "account log, entry 212"), 3);
	finding(s, 1, 3, "acme-prod-02", "acme-prod-02/cdn.shop.example.test/A", AFD_FAIL,
		reasons(s, 1,
			"The credential replaced A at cdn.shop.example.test: 192.0.2.14 by 198.51.100.7. Declared: TXT "
			"at _acme-challenge names only."),
		1, refs(s, 2, 46003, "dns-host-a", "change log, entry 5,120"), 2);
	finding(s, 2, 5, "status.example.com", "4f:11:09:aa", AFD_FAIL,
		reasons(s, 1, "CN=Other CA R3,O=Other CA,C=US is not among the approved issuers."), 1,
		refs(s, 1, 45100, "ct-log-a", "entry 188,201"), 1);
	finding(s, 3, 7, "pay.example.test", "2026091301", AFD_REVIEW,
		reasons(s, 1, "An approval exists, but it was recorded after the change."), 1,
		refs(s, 2, 46400, "ns1.example.com", "transfer"), 2);
	finding(s, 4, 2, "_acme-challenge.eu.example.com", "TXT", AFD_FAIL,
		reasons(s, 1, "The record stayed for 11 d 2 h."), 1, refs(s, 1, 46500, "ns1.example.com", "transfer"),
		1);
	finding(s, 5, 4, "api.example.test", "0a:33", AFD_FAIL,
		reasons(s, 1, "No challenge in our zones explains the issuance; the zone was not seen at that time."),
		1, refs(s, 1, 47000, "ct-log-b", "entry 99,004"), 1);
	a->finding[4].waiver = &a->waiver[0];
	a->finding[5].would_fail = true;
	a->finding[5].presence = false;
}

static void results(struct sample *s)
{
	static const char *const names[] = { "example.com",      "example.test",      "eu.example.com",
					     "pay.example.test", "shop.example.test", "status.example.com" };
	struct afd_assessment *a = &s->a;
	size_t k = 0;

	a->n_result = a->n_check * AFD_COUNT(names);
	a->result = rows(s, a->n_result, sizeof(*a->result));
	for (size_t c = 0; c < a->n_check; c++)
		for (size_t i = 0; i < AFD_COUNT(names); i++, k++) {
			struct afd_result *r = &a->result[k];

			*r = (struct afd_result){ .check = &a->check[c],
						  .resource = names[i],
						  .outcome = AFD_PASS,
						  .grade = i == 3 ? AFD_ASSERTED : AFD_PROVEN };
			if ((c == 0 && i == 1) || (c == 3 && i == 4) || (c == 5 && i == 5) || (c == 2 && i == 2))
				r->outcome = AFD_FAIL;
			r->waived = c == 2 && i == 2;
			if (c == 7 && i == 3)
				r->outcome = AFD_REVIEW;
			if (c == 4 && i > 3) {
				r->outcome = AFD_NOT_EVALUABLE;
				r->grade = AFD_GAP;
				r->reason = "evidence does not cover the period";
				r->n_need = 2;
				r->need = rows(s, 2, sizeof(*r->need));
				r->need[0] =
					(struct afd_need){ "zone-changes", names[i], a->period, AFD_ASSERTED, false };
				r->need[1] = (struct afd_need){ "ct", names[i], a->period, AFD_PROVEN, true };
			}
			a->counts.population++;
			a->counts.by[r->outcome]++;
			a->counts.waived += r->waived;
		}
}

static void cover(struct sample *s, size_t i, const char *source, const char *kind, const char *evidence,
		  const char *scope, enum afd_grade g, uint64_t records)
{
	struct afd_cover_row *c = &s->a.cover[i];

	*c = (struct afd_cover_row){ .source = source,
				     .kind = kind,
				     .evidence = evidence,
				     .scope = scope,
				     .basis = "counts",
				     .worst = g,
				     .configured = true,
				     .records = records,
				     .lag_ms = AFD_HOUR };
	c->span = rows(s, 3, sizeof(*c->span));
	c->grade = rows(s, 3, sizeof(*c->grade));
	c->reason = rows(s, 3, sizeof(*c->reason));
	c->n = 1;
	c->span[0] = s->a.period;
	c->grade[0] = g;
}

static void shares(struct sample *s)
{
	static const struct afd_zone_share at[] = {
		{ "eu.example.com", 322, 322, 0, 0, 0, 0, 4, AFD_PROVEN, AFD_ASSERTED },
		{ "example.com", 1490, 1481, 3, 2, 7, 1, 12, AFD_PROVEN, AFD_GAP },
		{ "example.test", 640, 638, 0, 0, 2, 0, 0, AFD_SAMPLED, AFD_ASSERTED },
		{ "pay.example.test", 0, 0, 0, 0, 0, 0, 0, AFD_GAP, AFD_GAP },
	};

	s->a.n_share = AFD_COUNT(at);
	s->a.share = rows(s, AFD_COUNT(at), sizeof(*at));
	memcpy(s->a.share, at, sizeof(at));
}

static void gap(struct sample *s, size_t i, const char *from, const char *to, const char *reason)
{
	struct afd_cover_row *c = &s->a.cover[i];

	c->n = 3;
	c->span[0].to = c->span[1].from = t(from);
	c->span[1].to = c->span[2].from = t(to);
	c->span[2].to = s->a.period.to;
	c->grade[2] = c->grade[0];
	c->grade[1] = c->worst = AFD_GAP;
	c->reason[1] = reason;
	if (c->span[2].from >= c->span[2].to)
		c->n = 2;
}

static void coverage(struct sample *s)
{
	struct afd_assessment *a = &s->a;

	shares(s);
	a->n_cover = 11;
	a->cover = rows(s, a->n_cover, sizeof(*a->cover));
	cover(s, 0, "registrar-a", "cloudflare-audit", "account-events", "023e105f4ecef8ad9ca31a8372d0c353", AFD_PROVEN,
	      4118);
	cover(s, 1, "registrar-b", "cloudflare-audit", "account-events", "account-b", AFD_PROVEN, 866);
	cover(s, 2, "ns1.example.com", "dns-transfer", "zone-changes", "example.com", AFD_PROVEN, 1490);
	cover(s, 3, "ns1.example.com", "dns-transfer", "zone-changes", "eu.example.com", AFD_PROVEN, 322);
	cover(s, 4, "ns1.example.com", "dns-transfer", "zone-changes", "example.test", AFD_SAMPLED, 640);
	cover(s, 5, "ns1-updates", "bind-update-log", "zone-claims", "example.test", AFD_ASSERTED, 7344);
	cover(s, 6, "ns2-updates", "bind-update-log", "zone-claims", "example.com", AFD_ASSERTED, 0);
	cover(s, 7, "ct-log-a", "static-ct", "ct-log", "log.example/alpha2026h2", AFD_PROVEN, 61);
	cover(s, 8, "ct-log-b", "static-ct", "ct-log", "log.example/beta2026h2", AFD_PROVEN, 58);
	cover(s, 9, "ct-log-c", "static-ct", "ct-log", "log.example/gamma2027h1", AFD_PROVEN, 44);
	cover(s, 10, "approvals", "approvals", "approvals", "change tickets", AFD_ASSERTED, 296);
	a->cover[6].configured = false;
	gap(s, 1, "2026-07-29T14:00:00Z", "2026-08-04T09:12:00Z",
	    "history trimmed: the provider keeps 60 days, collection began late");
	gap(s, 3, "2026-09-01T03:10:00Z", "2026-09-01T11:40:00Z",
	    "serial jump 2026083104 to 2026090102; steps between were merged");
	gap(s, 9, "2026-09-29T22:00:00Z", "2026-10-01T00:00:00Z", "log did not answer; two other logs cover the names");
}

static struct afd_link *link_to(struct sample *s, const char *check, const char *relation, const char *limit)
{
	struct afd_link *k = rows(s, 1, sizeof(*k));

	*k = (struct afd_link){ check, relation, "the record that the control asks for is the one that the check reads",
				limit };
	return k;
}

static void control(struct sample *s, struct afd_framework *f, const char *id, const char *title, const char *level,
		    const char *parent, const char *check, const char *relation, const char *limit)
{
	struct afd_control *c = &f->control[f->n_control++];

	*c = (struct afd_control){ .id = id,
				   .title = title,
				   .level = level,
				   .parent = parent,
				   .status = "live",
				   .phrase = AFD_PHRASE_NOT_ADDRESSED };
	if (!check)
		return;
	c->n_link = 1;
	c->link = link_to(s, check, relation, limit);
	for (size_t i = 0; i < s->a.n_result; i++) {
		const struct afd_result *r = &s->a.result[i];

		if (strcmp(r->check->id, check) != 0)
			continue;
		c->counts.population++;
		c->counts.by[r->outcome]++;
		c->counts.waived += r->waived;
	}
	c->phrase = c->counts.by[AFD_FAIL]            ? AFD_PHRASE_EXCEPTIONS
		    : c->counts.by[AFD_NOT_EVALUABLE] ? AFD_PHRASE_NOT_TESTED
						      : AFD_PHRASE_NO_EXCEPTIONS;
}

static void mapping_file(struct sample *s, struct afd_framework *f, uint64_t leaf)
{
	f->mapping = rows(s, 2, sizeof(*f->mapping));
	f->n_mapping = 1;
	f->mapping[0] = (struct afd_mapping_file){ .label = text(s, "frameworks/%s.mapping.yaml", f->id), .version = "1.0.0",
		.author = "Affidavit project", .date = "2026-11-20", .leaf = leaf, .ours = true, .rows = 7 };
	afd_sha256(afd_slice_text(f->id), &f->mapping[0].sha256);
}

static void frameworks(struct sample *s)
{
	struct afd_assessment *a = &s->a;
	struct afd_framework *f;

	a->n_framework = 2;
	a->framework = rows(s, 2, sizeof(*a->framework));
	f = &a->framework[0];
	*f = (struct afd_framework){ .id = "nist-csf-2.0",
				     .title = "NIST CSF",
				     .version = "2.0",
				     .in_scope = true,
				     .leaf = 20 };
	mapping_file(s, f, 21);
	f->control = rows(s, 40, sizeof(*f->control));
	control(s, f, "GV", "GOVERN", "function", NULL, NULL, NULL, NULL);
	control(s, f, "GV.OC", "Context of the organisation", "category", "GV", NULL, NULL, NULL);
	for (int i = 1; i <= 5; i++)
		control(s, f, text(s, "GV.OC-%02d", i), text(s, "Context, part %d", i), "subcategory", "GV.OC", NULL,
			NULL, NULL);
	control(s, f, "GV.RR", "Roles and duties", "category", "GV", NULL, NULL, NULL);
	control(s, f, "GV.RR-01", "Leadership is accountable", "subcategory", "GV.RR", NULL, NULL, NULL);
	control(s, f, "GV.RR-02", "Roles and duties are assigned", "subcategory", "GV.RR", "certificate-without-owner",
		"intersects-with", "owners of certificates only");
	control(s, f, "GV.RR-03", "Resources match the strategy", "subcategory", "GV.RR", NULL, NULL, NULL);
	control(s, f, "GV.RR-04", "Security in staff practice", "subcategory", "GV.RR", NULL, NULL, NULL);
	control(s, f, "ID", "IDENTIFY", "function", NULL, NULL, NULL, NULL);
	control(s, f, "ID.RA", "Risk assessment", "category", "ID", NULL, NULL, NULL);
	control(s, f, "ID.RA-01", "Weaknesses are recorded", "subcategory", "ID.RA", "challenge-residue",
		"intersects-with", "one kind of weakness");
	control(s, f, "ID.RA-02", "Threat intelligence", "subcategory", "ID.RA", NULL, NULL, NULL);
	control(s, f, "ID.RA-07", "Changes are managed", "subcategory", "ID.RA", "caa-ns-ds-mx-change-unapproved",
		"subset-of", "recorded and approved only; not its risk");
	control(s, f, "PR", "PROTECT", "function", NULL, NULL, NULL, NULL);
	control(s, f, "PR.AA", "Access", "category", "PR", NULL, NULL, NULL);
	control(s, f, "PR.AA-05", "Least privilege", "subcategory", "PR.AA", "credential-writes-elsewhere", "subset-of",
		"least privilege of one kind of credential");
	control(s, f, "PR.DS", "Data", "category", "PR", NULL, NULL, NULL);
	control(s, f, "PR.DS-02", "Data in transit", "subcategory", "PR.DS", "issuance-without-challenge",
		"intersects-with", "certificates only");
	control(s, f, "PR.PS", "Platforms", "category", "PR", NULL, NULL, NULL);
	control(s, f, "PR.PS-01", "Configuration is managed", "subcategory", "PR.PS", "zone-change-unattributed",
		"intersects-with", "zones only");
	control(s, f, "PR.PT-1", "Audit records (1.1)", "subcategory", "PR.PS", NULL, NULL, NULL);
	f->control[f->n_control - 1].status = "withdrawn";
	f->control[f->n_control - 1].successors = texts(s, 1, "PR.PS-01");
	f = &a->framework[1];
	*f = (struct afd_framework){ .id = "owasp-nhi-2025",
				     .title = "OWASP NHI Top 10",
				     .version = "2025",
				     .in_scope = true,
				     .leaf = 22 };
	mapping_file(s, f, 23);
	f->control = rows(s, 12, sizeof(*f->control));
	for (int i = 1; i <= 10; i++)
		control(s, f, text(s, "NHI%d:2025", i),
			i == 5   ? "Overprivileged identities"
			: i == 1 ? "Improper offboarding"
				 : text(s, "Risk of identities, number %d", i),
			"risk", NULL,
			i == 5   ? "credential-writes-elsewhere"
			: i == 1 ? "challenge-residue"
			: i == 7 ? "issuance-without-challenge"
				 : NULL,
			"indicates", "only of credentials that write zones");
}

static void scope(struct sample *s)
{
	static const char *const names[] = { "example.com",      "example.test",      "eu.example.com",
					     "pay.example.test", "shop.example.test", "status.example.com" };
	struct afd_assessment *a = &s->a;

	a->n_scope = AFD_COUNT(names) + 1;
	a->scope = rows(s, a->n_scope, sizeof(*a->scope));
	for (size_t i = 0; i < AFD_COUNT(names); i++)
		a->scope[i] = (struct afd_scope_row){ names[i],
						      i % 2 ? "example.test" : "example.com",
						      i < 4 ? "registrar-a" : NULL,
						      i == 3 ? NULL : "DNS team",
						      NULL,
						      true,
						      40112 };
	a->scope[6] = (struct afd_scope_row){ "parked.example.com",
					      "parked.example.com",
					      NULL,
					      "DNS team",
					      "no services; transferred away on 2026-07-02, CHG-0987",
					      false,
					      40112 };
	a->n_edit = 2;
	a->edit = rows(s, 2, sizeof(*a->edit));
	a->edit[0] = (struct afd_edit){ "domain",     "parked.example.com",      "changed", "in_scope=1",
					"in_scope=0", t("2026-07-02T09:20:00Z"), 40112 };
	a->edit[1] = (struct afd_edit){
		"waiver", "W-1", "added", NULL, "challenge-residue until 2026-12-01", t("2026-08-21T12:00:00Z"), 45020
	};
	a->n_fault = 1;
	a->fault = rows(s, 1, sizeof(*a->fault));
	a->fault[0] =
		(struct afd_decode_fault){ "ns2-updates", "line 411: expected a time, got “Jul  3 1x:04”", 41020 };
}

static void comparison(struct sample *s)
{
	struct afd_comparison *c = &s->a.comparison;

	*c = (struct afd_comparison){ .made = true, .previous = afd_period_before(s->a.period), .fresh = 3, .open = 1, .reopened = 1, .closed = 1,
		.not_tested = 1, .n_gone = 2, .n_learned = 1 };
	c->by[AFD_PASS] = 40;
	c->by[AFD_FAIL] = 4;
	c->by[AFD_NOT_EVALUABLE] = 2;
	c->gone = rows(s, 2, sizeof(*c->gone));
	c->gone[0] = (struct afd_past){ "AAAABBBBCCCCDDDD", &s->a.check[0], "old.example.test", "k", "A record pointed nowhere.", "closed", AFD_FAIL,
		t("2026-05-02T08:00:00Z"), 0, 0 };
	c->gone[1] = (struct afd_past){ "AAAABBBBCCCCEEEE", &s->a.check[2], "shop.example.test", "", "A challenge was left behind.", "not-tested", AFD_REVIEW,
		t("2026-06-02T08:00:00Z"), 0, 0 };
	c->learned = rows(s, 1, sizeof(*c->learned));
	c->learned[0] = (struct afd_past){ "AAAABBBBCCCCFFFF", &s->a.check[1], "example.test", "z", "A certificate that nobody asked for.", NULL, AFD_FAIL,
		t("2026-06-03T08:00:00Z"), t("2026-07-20T08:00:00Z"), 41 };
	s->a.finding[0].state = "new";
	s->a.finding[1].state = "open";
	s->a.finding[2].state = "reopened";
}

void sample_quarter(struct sample *s)
{
	head(s);
	checks(s);
	waivers(s);
	findings(s);
	s->a.gate = (struct afd_gate_policy){ .fail_on = "medium", .window = "7d", .n_rule = 1 };
	s->a.gate.rule = rows(s, 1, sizeof(*s->a.gate.rule));
	s->a.gate.rule[0] = (struct afd_gate_rule){ .number = 1, .tier = "critical high", .severity = "low", .control = "PR.AA", .check = "challenge-residue",
		.framework = "nist-csf-2.0", .resource = "shop.example.test", .fail = 1, .review = 0 };
	s->a.finding[0].tier = "critical";
	comparison(s);
	results(s);
	coverage(s);
	frameworks(s);
	scope(s);
}

void sample_clean(struct sample *s)
{
	head(s);
	checks(s);
	results(s);
	memset(&s->a.counts, 0, sizeof(s->a.counts));
	for (size_t i = 0; i < s->a.n_result; i++) {
		s->a.result[i].outcome = AFD_PASS;
		s->a.result[i].waived = false;
		s->a.result[i].n_need = 0;
		s->a.result[i].reason = NULL;
	}
	s->a.counts.population = s->a.counts.by[AFD_PASS] = (unsigned)s->a.n_result;
	frameworks(s);
	coverage(s);
	for (size_t i = 0; i < s->a.n_cover; i++) {
		s->a.cover[i].n = 1;
		s->a.cover[i].span[0] = s->a.period;
		s->a.cover[i].worst = s->a.cover[i].grade[0];
		s->a.cover[i].configured = true;
	}
	scope(s);
}

void sample_empty(struct sample *s)
{
	head(s);
	s->a.organisation = s->a.classification = NULL;
	s->a.history_begins_ms = AFD_TIME_NONE;
	s->a.policy_leaf = s->a.inventory_leaf = s->a.config_leaf = UINT64_MAX;
}

#define LONG_LABEL "a-very-long-label-that-fills-all-sixty-three-octets-of-one-name"

/* Each text that a stranger could choose is long, foreign, or meant to mislead. */
void sample_hostile(struct sample *s)
{
	static const char name[] = LONG_LABEL "." LONG_LABEL "." LONG_LABEL ".xn--mnchen-3ya.example.test";
	struct afd_assessment *a = &s->a;

	sample_quarter(s);
	a->organisation = "Ex\u00e4mple <Trading> & S\u00f6ns \u201cLtd\u201d \u202eevil\u202c \xff\x01\a "
			  "\u0645\u062b\u0627\u0644 \u4f8b\u3048 \U0001F512 " LONG_LABEL LONG_LABEL LONG_LABEL;
	a->classification = "Confidential: for the audit of the whole group and of everybody else, in all countries";
	a->period_label = "2026-07-01..2026-10-01 and much more text than a label should have";
	a->origin = name;
	a->as_of_ms = t("2026-08-20T06:00:00Z");
	a->provisional = a->test = true;
	for (size_t i = 0; i < a->n_finding; i++) {
		a->finding[i].resource = name;
		a->finding[i].key = text(s, "%s/%s", name, name);
	}
	char *flood = keep(s, malloc(20001));

	memset(flood, 'x', 20000);
	flood[20000] = '\0';
	a->finding[1].reason = reasons(s, 3, "A\tB\nC\x1b[31mred \u200bzero width, \u2066isolate\u2069",
				       "%s%n%x (not a format) \\) Tj ET Q (", flood);
	a->finding[1].n_reason = 3;
	a->finding[2].evidence[0].what = name;
	a->finding[2].evidence[0].source = LONG_LABEL;
	for (size_t i = 0; i < a->n_cover; i++) {
		a->cover[i].source = LONG_LABEL;
		a->cover[i].scope = name;
	}
	for (size_t i = 0; i < a->n_share; i++)
		a->share[i].zone = name;
	a->scope[0].name = a->scope[1].zone = a->scope[2].account = a->scope[3].owner = name;
	a->scope[6].reason = flood;
	a->edit[0].before = a->edit[0].after = a->edit[0].key = name;
	a->fault[0].reason = "\u0430\u0435 cyrillic letters that look Latin; \xc0\xaf overlong; \xed\xa0\x80 surrogate";
	a->waiver[0].id = LONG_LABEL;
	a->waiver[0].approver = a->waiver[0].reason = name;
	a->comparison.gone[0].resource = a->comparison.gone[0].reason = a->comparison.learned[0].resource = a->comparison.learned[0].reason = name;
	a->check[3].severity_approver = a->check[3].severity_reason = name;
	a->framework[0].title = "A framework with a title that is much longer than any title of a framework has a "
				"right to be, so that it wraps";
	a->framework[0].control[8].title = a->framework[0].control[9].title = name;
	a->framework[1].control[3].id = LONG_LABEL;
	a->check[0].title = "A title of a check that goes on and on, so that two or even three lines are needed for it "
			    "in the place of a heading";
	a->check[3].why = flood;
}

void sample_many(struct sample *s, unsigned findings_wanted)
{
	struct afd_assessment *a = &s->a;

	head(s);
	checks(s);
	results(s);
	coverage(s);
	frameworks(s);
	scope(s);
	a->n_finding = findings_wanted;
	a->finding = rows(s, a->n_finding, sizeof(*a->finding));
	for (unsigned i = 0; i < findings_wanted; i++)
		finding(s, i, i % a->n_check, text(s, "host%u.example.test", i), text(s, "key-%u", i), AFD_FAIL,
			reasons(s, 1,
				text(s, "The record number %u was changed by a credential that nobody declared for it.",
				     i)),
			1, refs(s, 2, 30000 + 2 * i, "ns1.example.com", "transfer"), 2);
}

void sample_free(struct sample *s)
{
	for (size_t i = 0; i < s->n_keep; i++)
		free(s->keep[i]);
	free(s->keep);
	memset(s, 0, sizeof(*s));
}
