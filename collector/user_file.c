/* Files of the user as items of the ledger. */
#include "collector/collect.h"
#include "core/limits.h"

static const char *media_type(const char *decoder, const char *label)
{
	const char *dot = strrchr(label, '.');

	if (dot && !strcmp(dot, ".csv"))
		return "text/csv; charset=utf-8";
	if (dot && !strcmp(dot, ".json"))
		return "application/json";
	return strcmp(decoder, "check") ? "application/yaml" : "application/sql";
}

static int put(const struct afd_collect *c, const char *decoder, const char *label, struct afd_slice bytes,
	       const char *cursor, const char *digest, struct afd_error *err)
{
	int64_t now = afd_now(c->env);
	const struct afd_draft d = {
		.kind = AFD_ITEM_FILE,
		.source = "user",
		.decoder = decoder,
		.asked = label,
		.channel = "file",
		.media_type = media_type(decoder, label),
		.asked_ms = now,
		.received_ms = now,
		.server_ms = AFD_TIME_NONE,
		.bytes = bytes,
	};

	if (afd_store_begin(c->store, err) < 0)
		return -1;
	if (afd_store_put(c->store, &d, c->env, err) < 0 ||
	    afd_store_cursor_set(c->store, cursor, digest, now, err) < 0 || afd_store_commit(c->store, err) < 0) {
		afd_store_rollback(c->store);
		return -1;
	}
	return 0;
}

/* The digest of the last version stands in a cursor, so that inbox and tree need no search. No source can have this
 * name: names of sources hold no blanks. */
int afd_collect_user_file(const struct afd_collect *c, const char *decoder, const char *label, struct afd_slice bytes,
                          bool *ret_new, struct afd_error *err)
{
	AFD_AUTO(mem) char *cursor = afd_sprintf("user %s %s", decoder, label);
	AFD_AUTO(mem) char *last = NULL;
	const struct afd_provider *p = afd_provider_find(decoder);
	struct afd_digest digest;

	*ret_new = false;
	if (!p || p->leg != AFD_LEG_USER)
		return afd_fail(err, AFD_E_USAGE, "\"%s\" is not a kind of user file", decoder);
	if (bytes.len > AFD_MAX_USER_FILE)
		return afd_fail(err, AFD_E_LIMIT, "%s: %zu bytes, more than %u", label, bytes.len, AFD_MAX_USER_FILE);
	if (!cursor)
		return afd_fail_memory(err);
	if (afd_store_cursor(c->store, cursor, &last, err) < 0)
		return -1;
	afd_sha256(bytes, &digest);
	if (last && !strcmp(last, afd_digest_hex(&digest).s))
		return 0;
	if (put(c, decoder, label, bytes, cursor, afd_digest_hex(&digest).s, err) < 0)
		return afd_within(err, "%s", label);
	*ret_new = true;
	return 0;
}
