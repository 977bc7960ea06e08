#include "evidence/action.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

const struct afd_action afd_actions[] = {
	{ "account.create",           "account",  "an account was opened" },
	{ "account.delete",           "account",  "an account was closed" },
	{ "account.update",           "account",  "data or settings of an account were changed" },
	{ "address.change",           "record",   "addresses or an alias of a name that people reach were changed" },
	{ "auto-renew.disable",       "domain",   "automatic renewal was turned off" },
	{ "auto-renew.enable",        "domain",   "automatic renewal was turned on" },
	{ "billing.update",           "account",  "payment data were changed" },
	{ "caa.change",               "record",   "CAA records of a zone were changed" },
	{ "certificate.issue",        "certificate", "a certificate was asked for or issued" },
	{ "certificate.revoke",       "certificate", "a certificate was revoked" },
	{ "certificate.wildcard",     "certificate", "a certificate for all names below another was asked for or issued" },
	{ "challenge-delegation.change", "record", "where challenges are looked for was changed" },
	{ "contact.change",           "domain",   "a contact or the registrant was changed" },
	{ "delete-lock.add",          "domain",   "deletion was prohibited" },
	{ "delete-lock.remove",       "domain",   "deletion was allowed" },
	{ "dnssec.disable",           "zone",     "signing was turned off" },
	{ "dnssec.enable",            "zone",     "signing was turned on" },
	{ "dnssec.update",            "zone",     "keys or settings of signing were changed" },
	{ "domain.auth-code.read",    "domain",   "the transfer code was read" },
	{ "domain.auth-code.set",     "domain",   "the transfer code was made or changed" },
	{ "domain.create",            "domain",   "a domain was registered" },
	{ "domain.delete",            "domain",   "a domain was deleted" },
	{ "domain.expiry.change",     "domain",   "the date of expiry moved other than by a renewal" },
	{ "domain.hold.clear",        "domain",   "a hold was taken off" },
	{ "domain.hold.set",          "domain",   "a hold was put on: it does not resolve" },
	{ "domain.registrar.change",  "domain",   "another registrar sponsors it" },
	{ "domain.renew",             "domain",   "a domain was renewed" },
	{ "domain.restore",           "domain",   "a deleted domain was brought back" },
	{ "domain.status.change",     "domain",   "statuses without a verb of their own changed" },
	{ "domain.transfer-cancel",   "domain",   "a transfer was stopped" },
	{ "domain.transfer-in",       "domain",   "a transfer to us was asked for or done" },
	{ "domain.transfer-out",      "domain",   "a transfer away from us was asked for, approved or done" },
	{ "domain.update",            "domain",   "something else about a domain was changed" },
	{ "ds.change",                "domain",   "DS data at the registry were changed" },
	{ "host.change",              "host",     "a host object (glue) was changed" },
	{ "log.disable",              "account",  "the audit log was turned off or narrowed" },
	{ "log.enable",               "account",  "the audit log was turned on or widened" },
	{ "login",                    "account",  "somebody logged in, or tried to" },
	{ "logout",                   "account",  "somebody logged out" },
	{ "maintenance",              "registry", "the registry announced work" },
	{ "member.add",               "member",   "somebody was invited or became a member" },
	{ "member.remove",            "member",   "a member was removed" },
	{ "member.update",            "member",   "a member's data or rights were changed" },
	{ "mfa.disable",              "member",   "a second factor was turned off" },
	{ "mfa.enable",               "member",   "a second factor was turned on" },
	{ "mx.change",                "record",   "MX records of a zone were changed" },
	{ "ns.change",                "domain",   "the name servers at the registry were changed" },
	{ "password.change",          "member",   "a password was changed" },
	{ "record.add",               "record",   "a record was added to a zone" },
	{ "record.change",            "record",   "records of a zone were changed" },
	{ "record.delete",            "record",   "a record was removed from a zone" },
	{ "record.update",            "record",   "a record of a zone was changed" },
	{ "registry-lock.add",        "domain",   "the registry locked the domain" },
	{ "registry-lock.remove",     "domain",   "the registry unlocked the domain" },
	{ "role.change",              "role",     "a role or policy was made, changed, removed, given or taken" },
	{ "tlsa.change",              "record",   "TLSA records of a zone were changed" },
	{ "token.create",             "token",    "a key or token was made" },
	{ "token.delete",             "token",    "a key or token was removed or revoked" },
	{ "token.roll",               "token",    "a key or token got a new secret" },
	{ "token.update",             "token",    "rights or limits of a key or token were changed" },
	{ "token.view",               "token",    "a secret was shown" },
	{ "transfer-lock.add",        "domain",   "transfer was prohibited" },
	{ "transfer-lock.remove",     "domain",   "transfer was allowed" },
	{ "transfer-lock.unknown",    "domain",   "the transfer lock was touched; the source does not say how" },
	{ "update-lock.add",          "domain",   "updates were prohibited" },
	{ "update-lock.remove",       "domain",   "updates were allowed" },
	{ "view",                     "account",  "something was read that the source thinks worth a line" },
	{ "webhook.change",           "account",  "who is told of events was changed" },
	{ "zone.create",              "zone",     "a zone was made" },
	{ "zone.delete",              "zone",     "a zone was removed" },
	{ "zone.hold.change",         "zone",     "a zone's hold was changed" },
	{ "zone.transfer-settings",   "zone",     "who may transfer a zone was changed" },
	{ "zone.update",              "zone",     "settings of a zone were changed" },
};
const size_t afd_n_actions = sizeof(afd_actions) / sizeof(afd_actions[0]);

const struct afd_action *afd_action_find(const char *verb)
{
	size_t lo = 0, hi = afd_n_actions;

	while (verb && lo < hi) {
		const size_t mid = lo + (hi - lo) / 2;
		const int r = strcmp(verb, afd_actions[mid].verb);

		if (r == 0)
			return &afd_actions[mid];
		if (r < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return NULL;
}

bool afd_action_unmapped(const char *verb)
{
	return verb && strncmp(verb, "other.", 6) == 0;
}

static bool fits(const char *pattern, const char *raw)
{
	const size_t n = strlen(pattern);

	if (n && pattern[n - 1] == '*')
		return strncasecmp(pattern, raw, n - 1) == 0;
	return strcasecmp(pattern, raw) == 0;
}

const char *afd_action_map(const struct afd_action_row *row, size_t n, const char *source, const char *raw, char other[96])
{
	for (size_t i = 0; raw && i < n; i++)
		if (fits(row[i].raw, raw))
			return row[i].verb;
	snprintf(other, 96, "other.%s.%s", source, raw && *raw ? raw : "unknown");
	for (char *p = other; *p; p++) {
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p + ('a' - 'A'));
		else if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789.-_", *p))
			*p = '-';
	}
	return other;
}
