/* The words of CloudTrail, service by service. Names differ in case between the API and the log (updateDomainContact), so no
 * case counts. */
#include "collector/api/aws_events.h"

#include <stdio.h>
#include <strings.h>

static const struct afd_action_row route53[] = {
	{ "ChangeResourceRecordSets", "record.change" },
	{ "CreateHostedZone", "zone.create" },
	{ "DeleteHostedZone", "zone.delete" },
	{ "UpdateHostedZoneComment", "zone.update" },
	{ "UpdateHostedZoneFeatures", "zone.update" },
	{ "AssociateVPCWithHostedZone", "zone.update" },
	{ "DisassociateVPCFromHostedZone", "zone.update" },
	{ "CreateVPCAssociationAuthorization", "zone.update" },
	{ "DeleteVPCAssociationAuthorization", "zone.update" },
	{ "CreateReusableDelegationSet", "zone.update" },
	{ "DeleteReusableDelegationSet", "zone.update" },
	{ "ChangeTagsForResource", "zone.update" },
	{ "EnableHostedZoneDNSSEC", "dnssec.enable" },
	{ "DisableHostedZoneDNSSEC", "dnssec.disable" },
	{ "CreateKeySigningKey", "dnssec.update" },
	{ "ActivateKeySigningKey", "dnssec.update" },
	{ "DeactivateKeySigningKey", "dnssec.update" },
	{ "DeleteKeySigningKey", "dnssec.update" },
	/* what is answered depends on these */
	{ "CreateHealthCheck", "zone.update" },
	{ "UpdateHealthCheck", "zone.update" },
	{ "DeleteHealthCheck", "zone.update" },
	{ "CreateTrafficPolicyInstance", "record.change" },
	{ "UpdateTrafficPolicyInstance", "record.change" },
	{ "DeleteTrafficPolicyInstance", "record.change" },
	{ "CreateTrafficPolicy*", "zone.update" },
	{ "DeleteTrafficPolicy", "zone.update" },
	{ "UpdateTrafficPolicyComment", "zone.update" },
	{ "CreateCidrCollection", "zone.update" },
	{ "ChangeCidrCollection", "zone.update" },
	{ "DeleteCidrCollection", "zone.update" },
	{ "CreateQueryLoggingConfig", "log.enable" },
	{ "DeleteQueryLoggingConfig", "log.disable" },
	{ "TestDNSAnswer", "view" },
};

static const struct afd_action_row route53domains[] = {
	{ "EnableDomainTransferLock", "transfer-lock.add" },
	{ "DisableDomainTransferLock", "transfer-lock.remove" },
	{ "RetrieveDomainAuthCode", "domain.auth-code.read" },
	{ "UpdateDomainNameservers", "ns.change" },
	{ "UpdateDomainContact", "contact.change" },
	{ "UpdateDomainContactPrivacy", "contact.change" },
	{ "AssociateDelegationSignerToDomain", "ds.change" },
	{ "DisassociateDelegationSignerFromDomain", "ds.change" },
	{ "EnableDomainAutoRenew", "auto-renew.enable" },
	{ "DisableDomainAutoRenew", "auto-renew.disable" },
	{ "RegisterDomain", "domain.create" },
	{ "DeleteDomain", "domain.delete" },
	{ "RenewDomain", "domain.renew" },
	{ "TransferDomain", "domain.transfer-in" },
	{ "AcceptDomainTransferFromAnotherAwsAccount", "domain.transfer-in" },
	{ "TransferDomainToAnotherAwsAccount", "domain.transfer-out" },
	{ "PushDomain", "domain.transfer-out" },
	{ "CancelDomainTransferToAnotherAwsAccount", "domain.transfer-cancel" },
	{ "RejectDomainTransferFromAnotherAwsAccount", "domain.transfer-cancel" },
	{ "ResendContactReachabilityEmail", "domain.update" },
	{ "ResendOperationAuthorization", "domain.update" },
	{ "UpdateTagsForDomain", "domain.update" },
	{ "DeleteTagsForDomain", "domain.update" },
	{ "ViewBilling", "view" },
};

/* Logging of what is asked through resolvers: a log all the same. */
static const struct afd_action_row route53resolver[] = {
	{ "CreateResolverQueryLogConfig", "log.enable" },
	{ "AssociateResolverQueryLogConfig", "log.enable" },
	{ "DeleteResolverQueryLogConfig", "log.disable" },
	{ "DisassociateResolverQueryLogConfig", "log.disable" },
};

static const struct afd_action_row iam[] = {
	{ "CreateAccessKey", "token.create" },
	{ "DeleteAccessKey", "token.delete" },
	{ "UpdateAccessKey", "token.update" },
	{ "CreateServiceSpecificCredential", "token.create" },
	{ "DeleteServiceSpecificCredential", "token.delete" },
	{ "UpdateServiceSpecificCredential", "token.update" },
	{ "ResetServiceSpecificCredential", "token.roll" },
	{ "UploadSSHPublicKey", "token.create" },
	{ "UpdateSSHPublicKey", "token.update" },
	{ "DeleteSSHPublicKey", "token.delete" },
	{ "UploadSigningCertificate", "token.create" },
	{ "UpdateSigningCertificate", "token.update" },
	{ "DeleteSigningCertificate", "token.delete" },
	{ "EnableMFADevice", "mfa.enable" },
	{ "DeactivateMFADevice", "mfa.disable" },
	{ "DeleteVirtualMFADevice", "mfa.disable" },
	{ "CreateVirtualMFADevice", "member.update" },      /* made, not yet in use */
	{ "ResyncMFADevice", "member.update" },
	{ "CreateUser", "member.add" },
	{ "DeleteUser", "member.remove" },
	{ "UpdateUser", "member.update" },
	{ "TagUser", "member.update" },
	{ "UntagUser", "member.update" },
	{ "CreateLoginProfile", "password.change" },
	{ "UpdateLoginProfile", "password.change" },
	{ "DeleteLoginProfile", "password.change" },
	{ "ChangePassword", "password.change" },
	{ "UpdateAccountPasswordPolicy", "account.update" },
	{ "DeleteAccountPasswordPolicy", "account.update" },
	{ "CreateAccountAlias", "account.update" },
	{ "DeleteAccountAlias", "account.update" },
	{ "AddUserToGroup", "role.change" },
	{ "RemoveUserFromGroup", "role.change" },
	{ "CreateGroup", "role.change" },
	{ "DeleteGroup", "role.change" },
	{ "UpdateGroup", "role.change" },
	{ "Attach*", "role.change" },
	{ "Detach*", "role.change" },
	{ "PutUserPolicy", "role.change" },
	{ "PutRolePolicy", "role.change" },
	{ "PutGroupPolicy", "role.change" },
	{ "PutUserPermissionsBoundary", "role.change" },
	{ "PutRolePermissionsBoundary", "role.change" },
	{ "DeleteUserPolicy", "role.change" },
	{ "DeleteRolePolicy", "role.change" },
	{ "DeleteGroupPolicy", "role.change" },
	{ "DeleteUserPermissionsBoundary", "role.change" },
	{ "DeleteRolePermissionsBoundary", "role.change" },
	{ "CreatePolicy*", "role.change" },
	{ "DeletePolicy*", "role.change" },
	{ "SetDefaultPolicyVersion", "role.change" },
	{ "CreateRole", "role.change" },
	{ "DeleteRole", "role.change" },
	{ "UpdateRole*", "role.change" },
	{ "TagRole", "role.change" },
	{ "UntagRole", "role.change" },
	{ "UpdateAssumeRolePolicy", "role.change" },
	{ "CreateServiceLinkedRole", "role.change" },
	{ "DeleteServiceLinkedRole", "role.change" },
	{ "CreateInstanceProfile", "role.change" },
	{ "DeleteInstanceProfile", "role.change" },
	{ "AddRoleToInstanceProfile", "role.change" },
	{ "RemoveRoleFromInstanceProfile", "role.change" },
	{ "CreateSAMLProvider", "role.change" },
	{ "UpdateSAMLProvider", "role.change" },
	{ "DeleteSAMLProvider", "role.change" },
	{ "CreateOpenIDConnectProvider", "role.change" },
	{ "UpdateOpenIDConnectProviderThumbprint", "role.change" },
	{ "AddClientIDToOpenIDConnectProvider", "role.change" },
	{ "RemoveClientIDFromOpenIDConnectProvider", "role.change" },
	{ "DeleteOpenIDConnectProvider", "role.change" },
	{ "GenerateCredentialReport", "view" },
	{ "GenerateServiceLastAccessedDetails", "view" },
	{ "Simulate*", "view" },
};

static const struct afd_action_row sign_in[] = {
	{ "ConsoleLogin", "login" },
	{ "CheckMfa", "login" },
	{ "SwitchRole", "login" },
	{ "RenewRole", "login" },
	{ "CredentialChallenge", "login" },
	{ "CredentialVerification", "login" },
	{ "UserAuthentication", "login" },
	{ "Authenticate", "login" },
	{ "Federate", "login" },
	{ "ExitRole", "logout" },
	{ "Logout", "logout" },
	{ "GetSigninToken", "token.create" },
	{ "PasswordRecoveryRequested", "password.change" },
	{ "PasswordRecoveryCompleted", "password.change" },
	{ "PasswordUpdated", "password.change" },
	{ "EmailUpdated", "account.update" },
};

/* Each gives a session of its own: who takes a role is in. */
static const struct afd_action_row sts[] = {
	{ "AssumeRole*", "login" },
	{ "AssumeRoot", "login" },
	{ "GetSessionToken", "login" },
	{ "GetFederationToken", "login" },
};

/* UpdateTrail and PutEventSelectors: see what they ask for, aws_events.c */
static const struct afd_action_row cloudtrail[] = {
	{ "StopLogging", "log.disable" },
	{ "DeleteTrail", "log.disable" },
	{ "StartLogging", "log.enable" },
	{ "CreateTrail", "log.enable" },
	{ "UpdateTrail", "log.disable" },
	{ "PutEventSelectors", "log.disable" },
	{ "PutInsightSelectors", "account.update" },
	{ "DeleteEventDataStore", "log.disable" },
	{ "StopEventDataStoreIngestion", "log.disable" },
	{ "CreateEventDataStore", "log.enable" },
	{ "RestoreEventDataStore", "log.enable" },
	{ "StartEventDataStoreIngestion", "log.enable" },
	{ "RegisterOrganizationDelegatedAdmin", "role.change" },
	{ "DeregisterOrganizationDelegatedAdmin", "role.change" },
};

static const struct afd_action_row organizations[] = {
	{ "CreateAccount*", "account.create" },
	{ "CreateGovCloudAccount", "account.create" },
	{ "CloseAccount*", "account.delete" },
	{ "RemoveAccountFromOrganization", "account.update" },
	{ "LeaveOrganization", "account.update" },
	{ "InviteAccountToOrganization", "account.update" },
	{ "AttachPolicy", "role.change" },
	{ "DetachPolicy", "role.change" },
	{ "CreatePolicy", "role.change" },
	{ "UpdatePolicy", "role.change" },
	{ "DeletePolicy", "role.change" },
	{ "RegisterDelegatedAdministrator", "role.change" },
	{ "DeregisterDelegatedAdministrator", "role.change" },
};

static const struct afd_action_row account[] = {
	{ "PutContactInformation", "account.update" },
	{ "PutAlternateContact", "account.update" },
	{ "DeleteAlternateContact", "account.update" },
	{ "StartPrimaryEmailUpdate", "account.update" },
	{ "AcceptPrimaryEmailUpdate", "account.update" },
	{ "EnableRegion", "account.update" },
	{ "DisableRegion", "account.update" },
};

static const struct afd_action_row any[] = {
	{ "Get*", "view" }, { "List*", "view" }, { "Describe*", "view" }, { "BatchGet*", "view" }, { "Lookup*", "view" },
	{ "Head*", "view" }, { "Check*", "view" }, { "Search*", "view" },
};

#define ROWS(a) a, AFD_COUNT(a)
const struct afd_aws_actions afd_aws_actions[] = {
	{ "route53", ROWS(route53) }, { "route53domains", ROWS(route53domains) }, { "route53resolver", ROWS(route53resolver) },
	{ "iam", ROWS(iam) }, { "signin", ROWS(sign_in) }, { "sso", ROWS(sign_in) }, { "sts", ROWS(sts) },
	{ "cloudtrail", ROWS(cloudtrail) }, { "organizations", ROWS(organizations) }, { "account", ROWS(account) },
	{ NULL, ROWS(any) },
};
const size_t afd_n_aws_actions = AFD_COUNT(afd_aws_actions);

const char *afd_aws_action(const char *service, const char *name, char other[96])
{
	char source[64];

	snprintf(source, sizeof(source), "aws.%.40s", service && *service ? service : "unknown");
	for (size_t i = 0; i < AFD_COUNT(afd_aws_actions); i++) {
		const struct afd_aws_actions *a = &afd_aws_actions[i];
		const char *verb;

		if (a->service && (!service || strcasecmp(a->service, service) != 0))
			continue;
		verb = afd_action_map(a->row, a->n, source, name, other);
		if (verb != other)
			return verb;
	}
	return other;
}
