/* `affidavit sources ct`: each transparency log as the store knows it, and how far it was read. */
#include <jansson.h>

#include "cli/session.h"
#include "cli/sources_ct.h"

/* Every log that is expected or stands in the list: who it is, then where its reading is. */
static const char logs_sql[] =
	"WITH l AS ("
	" SELECT source, log, description, operator, kind, state, left_out FROM ct_log"
	" UNION ALL"
	" SELECT x.source, x.scope, x.scope, COALESCE(o.operator, ''), COALESCE(s.kind, ''), '', NULL FROM source_scope x"
	" LEFT JOIN source s ON s.name = x.source LEFT JOIN listed_source o ON o.source = x.source"
	" WHERE x.evidence = 'ct-log' AND NOT EXISTS (SELECT 1 FROM ct_log c WHERE c.source = x.source))"
	" SELECT l.source, l.log, l.description, l.operator, l.kind, l.state, COALESCE(l.left_out, ''),"
	" COALESCE((SELECT r.to_index FROM ct_range r WHERE r.source = l.source AND r.log = l.log ORDER BY r.id DESC LIMIT 1), -1),"
	" COALESCE((SELECT h.size FROM ct_head h WHERE h.log = l.log ORDER BY h.timestamp DESC, h.id DESC LIMIT 1), -1),"
	" COALESCE((SELECT MAX(h.timestamp) FROM ct_head h WHERE h.log = l.log), -1),"
	" COALESCE((SELECT MAX(c.t_to) FROM coverage c WHERE c.source = l.source AND c.evidence = 'ct-log' AND c.grade > 0), -1),"
	" COALESCE((SELECT MAX(n.received_ms) FROM coverage c JOIN item_note n ON n.leaf = c.leaf"
	"  WHERE c.source = l.source AND c.evidence = 'ct-log' AND c.grade > 0), -1),"
	" COALESCE((SELECT i.reason FROM ct_incident i WHERE i.source = l.source AND (i.lasting = 1 OR i.leaf >"
	"  COALESCE((SELECT MAX(c.leaf) FROM coverage c WHERE c.source = l.source AND c.grade > 0), -1)) ORDER BY i.lasting DESC, i.id DESC LIMIT 1), ''),"
	" COALESCE((SELECT CASE WHEN c.grade = 0 THEN c.reason ELSE '' END FROM coverage c WHERE c.source = l.source AND c.evidence = 'ct-log'"
	"  ORDER BY c.id DESC LIMIT 1), '')"
	" FROM l ORDER BY l.operator, l.description, l.source";
enum { SOURCE, LOG, DESCRIPTION, OPERATOR, KIND, STATE, LEFT_OUT, POSITION, SIZE, HEAD_MS, COVERED, SUCCESS, INCIDENT, GAP };

static json_t *number_or_null(int64_t v)
{
	return v < 0 ? json_null() : json_integer((json_int_t)v);
}

static json_t *text_or_null(const char *text)
{
	return *text ? json_string(text) : json_null();
}

static json_t *time_or_null(int64_t ms)
{
	return ms < 0 ? json_null() : json_string(afd_when_text(ms).s);
}

static int64_t backlog(struct afd_query *q)
{
	int64_t size = afd_query_int(q, SIZE), position = afd_query_int(q, POSITION);

	return size < 0 ? -1 : position < 0 ? size : size > position ? size - position : 0;
}

/* How far what is known lies behind now; -1: nothing is known. */
static int64_t lag(struct afd_query *q, int64_t now)
{
	int64_t covered = afd_query_int(q, COVERED);

	return covered < 0 ? -1 : covered < now ? now - covered : 0;
}

static json_t *log_json(struct afd_query *q, int64_t now)
{
	return json_pack("{s:o,s:o,s:s,s:o,s:o,s:o,s:s,s:o,s:o,s:o,s:s,s:o,s:o,s:s,s:o}", "backlog", number_or_null(backlog(q)),
		"covered_until", time_or_null(afd_query_int(q, COVERED)), "description", afd_query_text(q, DESCRIPTION),
		"gap", text_or_null(afd_query_text(q, GAP)), "head_size", number_or_null(afd_query_int(q, SIZE)),
		"head_time", time_or_null(afd_query_int(q, HEAD_MS)), "kind", afd_query_text(q, KIND), "incident", text_or_null(afd_query_text(q, INCIDENT)),
		"lag_ms", number_or_null(lag(q, now)), "last_success", time_or_null(afd_query_int(q, SUCCESS)), "log", afd_query_text(q, LOG),
		"not_read", text_or_null(afd_query_text(q, LEFT_OUT)), "position", number_or_null(afd_query_int(q, POSITION)),
		"source", afd_query_text(q, SOURCE), "state", text_or_null(afd_query_text(q, STATE)));
}

static const char *span_text(int64_t ms, char ret[32])
{
	static const struct { int64_t unit; const char *name; } units[] = { { AFD_DAY, "d" }, { AFD_HOUR, "h" }, { AFD_MINUTE, "min" }, { AFD_SECOND, "s" } };

	if (ms < 0)
		return "-";
	for (size_t i = 0; i < AFD_COUNT(units); i++)
		if (ms >= 2 * units[i].unit || i + 1 == AFD_COUNT(units)) {
			snprintf(ret, 32, "%lld %s", (long long)(ms / units[i].unit), units[i].name);
			break;
		}
	return ret;
}

static const char *count_text(int64_t v, char ret[32])
{
	snprintf(ret, 32, "%s", v < 0 ? "-" : cli_number((uint64_t)v).s);
	return ret;
}

static void show_log(const struct cli *c, struct afd_query *q, int64_t now)
{
	char a[32], b[32], d[32], e[32];
	const char *incident = afd_query_text(q, INCIDENT), *gap = afd_query_text(q, GAP), *out = afd_query_text(q, LEFT_OUT);
	int64_t success = afd_query_int(q, SUCCESS);

	cli_say(c, "  %-34s %-10s %-9s %14s %14s %12s %8s  %s\n", cli_safe(afd_query_text(q, DESCRIPTION), 34), afd_query_text(q, KIND),
	        *afd_query_text(q, STATE) ? afd_query_text(q, STATE) : "-", count_text(afd_query_int(q, POSITION), a), count_text(afd_query_int(q, SIZE), b),
	        count_text(backlog(q), d), span_text(lag(q, now), e), success < 0 ? "never" : afd_when_people(success).s);
	if (*incident)
		cli_say(c, "    %sincident: %s%s\n", cli_red(c), cli_safe(incident, 0), cli_plain(c));
	else if (*gap)
		cli_say(c, "    gap: %s\n", cli_safe(gap, 0));
	if (*out)
		cli_say(c, "    not read: %s\n", cli_safe(out, 0));
}

static int show_list(const struct cli *c, struct afd_store *s, struct afd_error *err)
{
	AFD_AUTO(query) struct afd_query *q = NULL;
	int r;

	if (afd_query_open(s, "SELECT source, list, version, timestamp, logs FROM ct_list l WHERE id = (SELECT MAX(id) FROM ct_list m"
	                      " WHERE m.source = l.source) ORDER BY source", &q, err) < 0)
		return -1;
	while ((r = afd_query_step(q, err)) > 0)
		cli_say(c, "%s: list %s of %s UTC, %lld logs (%s)\n", cli_safe(afd_query_text(q, 0), 40), cli_safe(afd_query_text(q, 2), 20),
		        afd_when_people(afd_query_int(q, 3)).s, (long long)afd_query_int(q, 4), cli_safe(afd_query_text(q, 1), 60));
	return r;
}

int show_ct_logs(const struct cli *c, struct afd_store *s, unsigned *n, struct afd_error *err)
{
	AFD_AUTO(query) struct afd_query *q = NULL;
	int64_t now = afd_now(&c->env);
	json_t *logs = json_array();
	AFD_AUTO(mem) char *text = NULL;
	char operator[100] = "";
	int r;

	*n = 0;
	if (show_list(c, s, err) < 0 || afd_query_open(s, logs_sql, &q, err) < 0) {
		json_decref(logs);
		return -1;
	}
	while ((r = afd_query_step(q, err)) > 0) {
		const char *o = *afd_query_text(q, OPERATOR) ? afd_query_text(q, OPERATOR) : "configured by itself";
		json_t *j = log_json(q, now);

		if (j)
			json_object_set_new(j, "operator", text_or_null(afd_query_text(q, OPERATOR)));
		json_array_append_new(logs, j);
		if ((*n)++ == 0)
			cli_say(c, "  %-34s %-10s %-9s %14s %14s %12s %8s  %s\n", "log", "kind", "state", "position", "head", "backlog", "lag", "last success");
		if (strncmp(operator, o, sizeof(operator) - 1) != 0 || !*operator)
			cli_say(c, "%s\n", cli_safe(o, 0));
		snprintf(operator, sizeof(operator), "%s", o);
		show_log(c, q, now);
	}
	if (c->json && r == 0 && (text = json_dumps(logs, JSON_SORT_KEYS)))
		printf("{\"logs\": %s}\n", text);
	json_decref(logs);
	return r;
}
