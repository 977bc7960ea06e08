/* affidavit.yaml as rows: what was configured, and since when. */
#include "collector/collect.h"
#include "collector/files/user.h"
#include "collector/table.h"

static const char *const tables[] = { "setting", "source", "source_scope", NULL };
/* Without a policy the one that stood before is no longer in force, nor are its waivers: they must not outlive it. */
static const char *const tables_without_policy[] = { "setting", "source", "source_scope", "policy", "waiver", "routing", "severity_change", NULL };

static int setting(struct afd_uf_rows *rows, const char *name, const char *value, struct afd_error *err)
{
	const struct afd_row_user_value v[] = { AFD_V_TEXT("name", name), AFD_V_TEXT("value", value) };

	return value ? afd_uf_row(rows, "setting", name, 1, v, AFD_COUNT(v), err) : 0;
}

static const struct afd_retired *retired(const struct afd_config *c, const char *name)
{
	for (size_t i = 0; i < c->n_retired; i++)
		if (!strcmp(c->retired[i].name, name))
			return &c->retired[i];
	return NULL;
}

static int scope_rows(const struct afd_config *c, const struct afd_source *s, const struct afd_retired *r,
		      const char *scopes, struct afd_uf_rows *rows, struct afd_error *err)
{
	for (const char *at = scopes + strspn(scopes, " "); *at; at += strspn(at, " ")) {
		size_t n = strcspn(at, " ");
		const char *scope = afd_uf_keep(c->doc, "%.*s", (int)n, at);
		const char *key = afd_uf_keep(c->doc, "%s|%s|%.*s", s->name, s->provider->evidence, (int)n, at);
		const struct afd_row_user_value v[] = {
			AFD_V_TEXT("source", s->name),
			AFD_V_TEXT("evidence", s->provider->evidence),
			AFD_V_TEXT("scope", scope),
			AFD_V_INT("retired_ms", r ? r->since : AFD_FOREVER),
			AFD_V_INT("lag_ms", s->provider->lag_ms),
		};

		if (!scope || !key)
			return afd_fail_memory(err);
		if (afd_uf_row(rows, "source_scope", key, s->node->line, v, AFD_COUNT(v), err) < 0)
			return -1;
		at += n;
	}
	return 0;
}

static int source_rows(const struct afd_config *c, const struct afd_source *s, struct afd_uf_rows *rows,
		       struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf text = { 0 };
	const struct afd_provider *p = s->provider;
	const struct afd_retired *r = retired(c, s->name);
	const char *scopes;

	if (p->scopes(s->config, &text, err) < 0)
		return afd_within(err, "source %s", s->name);
	scopes = afd_uf_keep(c->doc, "%s", text.len ? (const char *)text.data : "");
	if (!scopes)
		return afd_fail_memory(err);
	const struct afd_row_user_value v[] = {
		AFD_V_TEXT("name", s->name), AFD_V_TEXT("kind", p->kind), AFD_V_TEXT("evidence", p->evidence),
		AFD_V_TEXT("scopes", scopes), AFD_V_TEXT("basis", p->basis), AFD_V_INT("lag_ms", p->lag_ms),
		AFD_V_INT("configured", 1),
		{ .column = "retired_ms", .i = r ? r->since : 0, .is_int = r != NULL },
		AFD_V_TEXT("retired_reason", r ? r->reason : NULL),
	};
	if (afd_uf_row(rows, "source", s->name, s->node->line, v, AFD_COUNT(v), err) < 0)
		return -1;
	return scope_rows(c, s, r, scopes, rows, err);
}

static bool configured(const struct afd_config *c, const char *name)
{
	for (size_t i = 0; i < c->n_source; i++)
		if (!strcmp(c->source[i].name, name))
			return true;
	return false;
}

/* A retired source that left the list: its kind and scopes stand in earlier items, so only what is new is said. */
static int retired_row(const struct afd_retired *r, struct afd_uf_rows *rows, struct afd_error *err)
{
	const struct afd_row_user_value v[] = {
		AFD_V_TEXT("name", r->name), AFD_V_INT("configured", 0), AFD_V_INT("retired_ms", r->since),
		AFD_V_TEXT("retired_reason", r->reason),
	};

	return afd_uf_row(rows, "source", r->name, 1, v, AFD_COUNT(v), err);
}

static int decode(const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err)
{
	AFD_AUTO(config) struct afd_config *c = NULL;
	AFD_AUTO(uf_rows) struct afd_uf_rows rows = { 0 };

	if (afd_config_parse(item->bytes, item->record->asked, &c, err) < 0)
		return -1;
	if (setting(&rows, "organisation", c->organisation, err) < 0 ||
	    setting(&rows, "classification", c->classification, err) < 0 ||
	    setting(&rows, "contact", c->contact, err) < 0 || setting(&rows, "inventory", c->inventory_name, err) < 0 ||
	    setting(&rows, "policy", c->policy, err) < 0)
		return -1;
	for (size_t i = 0; i < c->frameworks_in_scope.n; i++)
		if (setting(&rows, afd_uf_keep(c->doc, "framework.%s", c->frameworks_in_scope.at[i]), "in scope", err) < 0)
			return -1;
	for (size_t i = 0; i < c->n_source; i++)
		if (source_rows(c, &c->source[i], &rows, err) < 0)
			return -1;
	for (size_t i = 0; i < c->n_retired; i++)
		if (!configured(c, c->retired[i].name) && retired_row(&c->retired[i], &rows, err) < 0)
			return -1;
	return afd_uf_tell(&rows, c->path, c->policy ? tables : tables_without_policy, sink, err);
}

const struct afd_provider afd_provider_config = {
	.kind = "config", .leg = AFD_LEG_USER, .title = "affidavit.yaml",
	.help = "Which sources there are, and which are retired.",
	.decode = decode,
};
