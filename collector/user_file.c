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

/* A configuration without a policy takes the last one out of force (files/config_rows.c); should it come back with the
 * same bytes, it is an item again. */
static int forget_policy(const struct afd_collect *c, struct afd_slice bytes, const char *label, struct afd_error *err)
{
	AFD_AUTO(config) struct afd_config *config = NULL;

	if (afd_config_parse(bytes, label, &config, NULL) < 0 || config->policy)
		return 0;
	return afd_store_cursor_set(c->store, "user policy", "none", afd_now(c->env), err);
}

static int put(const struct afd_collect *c, const struct afd_draft *d, const char *cursor, const char *value,
	       struct afd_error *err)
{
	if (afd_store_begin(c->store, err) < 0)
		return -1;
	if (afd_store_put(c->store, d, c->env, err) < 0 ||
	    afd_store_cursor_set(c->store, cursor, value, d->received_ms, err) < 0 ||
	    (!strcmp(d->decoder, "config") && forget_policy(c, d->bytes, d->asked, err) < 0) ||
	    afd_store_commit(c->store, err) < 0) {
		afd_store_rollback(c->store);
		return -1;
	}
	return 0;
}

/* Of these one file is in force at a time: the newest, whatever it is called. */
static bool only_one(const char *decoder)
{
	return !strcmp(decoder, "config") || !strcmp(decoder, "inventory") || !strcmp(decoder, "policy");
}

/* The digest of the last version stands in a cursor, so that inbox and tree need no search. No source can have this
 * name: names of sources hold no blanks. *CURSOR: its name; *VALUE: what this file makes of it. 1: it stands there. */
static int look_up(const struct afd_collect *c, const char *decoder, const char *label, struct afd_slice bytes, char **cursor,
		   char **value, struct afd_error *err)
{
	bool one = only_one(decoder);
	AFD_AUTO(mem) char *last = NULL;
	const struct afd_provider *p = afd_provider_find(decoder);
	struct afd_digest digest;

	if (!p || p->leg != AFD_LEG_USER)
		return afd_fail(err, AFD_E_USAGE, "\"%s\" is not a kind of user file", decoder);
	if (bytes.len > AFD_MAX_USER_FILE)
		return afd_fail(err, AFD_E_LIMIT, "%s: %zu bytes, more than %u", label, bytes.len, AFD_MAX_USER_FILE);
	afd_sha256(bytes, &digest);
	*cursor = afd_sprintf("user %s%s%s", decoder, one ? "" : " ", one ? "" : label);
	*value = afd_sprintf("%s %s", afd_digest_hex(&digest).s, label);
	if (!*cursor || !*value)
		return afd_fail_memory(err);
	if (afd_store_cursor(c->store, *cursor, &last, err) < 0)
		return -1;
	return last && !strcmp(last, *value);
}

int afd_collect_user_file_known(const struct afd_collect *c, const char *decoder, const char *label, struct afd_slice bytes,
                                struct afd_error *err)
{
	AFD_AUTO(mem) char *cursor = NULL;
	AFD_AUTO(mem) char *value = NULL;

	return look_up(c, decoder, label, bytes, &cursor, &value, err);
}

int afd_collect_user_file(const struct afd_collect *c, const char *decoder, const char *label, struct afd_slice bytes,
                          bool *ret_new, struct afd_error *err)
{
	AFD_AUTO(mem) char *cursor = NULL;
	AFD_AUTO(mem) char *value = NULL;
	int known = look_up(c, decoder, label, bytes, &cursor, &value, err);

	*ret_new = false;
	if (known != 0)
		return known < 0 ? -1 : 0;
	const struct afd_draft d = {
		.kind = AFD_ITEM_FILE, .source = "user", .decoder = decoder, .asked = label, .channel = "file",
		.media_type = media_type(decoder, label), .asked_ms = afd_now(c->env), .received_ms = afd_now(c->env),
		.server_ms = AFD_TIME_NONE, .bytes = bytes,
	};
	if (put(c, &d, cursor, value, err) < 0)
		return afd_within(err, "%s", label);
	*ret_new = true;
	return 0;
}
