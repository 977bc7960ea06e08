#include "transport/transport_private.h"

struct afd_transport *afd_transport_new(const struct afd_env *env, const char *contact, struct afd_error *err)
{
	struct afd_transport *t;

	for (const char *p = contact ? contact : ""; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f) {
			afd_fail(err, AFD_E_CONFIG, "contact: a control character is not allowed");
			return NULL;
		}
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		afd_fail_memory(err);
		return NULL;
	}
	t = calloc(1, sizeof(*t));
	if (!t) {
		curl_global_cleanup();
		afd_fail_memory(err);
		return NULL;
	}
	t->env = env;
	t->patience = (struct afd_patience){
		.connect_ms = 10 * 1000, .stall_ms = 30 * 1000, .http_ms = 120 * 1000, .dns_ms = 600 * 1000,
		.dns_bytes = AFD_MAX_DNS_TRANSFER, .dns_messages = AFD_MAX_DNS_MESSAGES,
	};
	t->agent = contact && *contact ? afd_sprintf("affidavit/%s (%s)", AFD_VERSION, contact) :
					 afd_sprintf("affidavit/%s", AFD_VERSION);
	t->fetches = afd_fetches_new(t);
	if (!t->agent || !t->fetches) {
		afd_fail_memory(err);
		return afd_transport_free(t);
	}
	return t;
}

struct afd_transport *afd_transport_free(struct afd_transport *t)
{
	if (!t)
		return NULL;
	afd_epp_close(t);
	if (t->fetches)
		afd_fetches_free(t->fetches);
	curl_global_cleanup();
	afd_buf_release(&t->body);
	free(t->agent);
	free(t);
	return NULL;
}

int afd_transport_do(struct afd_transport *t, const struct afd_request *q, struct afd_response *ret, struct afd_error *err)
{
	static int (*const protocol[])(struct afd_transport *, const struct afd_request *, struct afd_response *,
				       struct afd_error *) = {
		[AFD_DNS] = afd_dns_do, [AFD_FILE] = afd_tail_do, [AFD_COMMAND] = afd_command_do,
		[AFD_TLS] = afd_tls_do, [AFD_VALIDATE] = afd_validate_do, [AFD_FOLDER] = afd_list_do,
		[AFD_EPP] = afd_epp_do,
	};

	memset(ret, 0, sizeof(*ret));
	ret->server_ms = AFD_TIME_NONE;
	ret->retry_after_ms = -1;
	if (q->protocol == AFD_HTTP)              /* answered by what may have been begun long ago */
		return afd_fetch_do(t, q, ret, err);
	if ((unsigned)q->protocol >= AFD_COUNT(protocol) || !protocol[q->protocol])
		return afd_fail(err, AFD_E_USAGE, "no such protocol");
	afd_buf_release(&t->body);
	ret->asked_ms = afd_now(t->env);
	if (protocol[q->protocol](t, q, ret, err) < 0) {
		afd_buf_release(&t->body);
		return -1;
	}
	ret->received_ms = afd_now(t->env);
	ret->body = afd_buf_slice(&t->body);
	return 0;
}
