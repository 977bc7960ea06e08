#include "collector/api/audit_claim.h"

#include <strings.h>

#include "collector/zone/dns_rdata.h"
#include "core/name.h"

#define MAX_RECORDS 10000u

struct texts { char **at; size_t n; };

static void afd_texts_made_release(struct texts *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->at[i]);
	free(t->at);
}

static const char *own(struct texts *t, const char *s)
{
	char *copy = afd_strdup(s);

	if (copy)
		t->at[t->n++] = copy;
	return copy;
}

static int quoted(const char *text, struct afd_buf *ret)
{
	size_t n = 0;

	if (afd_buf_text(ret, "\"") < 0)
		return -1;
	for (; *text; text++, n++) {
		unsigned char c = (unsigned char)*text;

		if (n == 255) {
			n = 0;
			if (afd_buf_text(ret, "\" \"") < 0)
				return -1;
		}
		if (c == '"' || c == '\\' ? afd_buf_printf(ret, "\\%c", c) < 0
		    : c < 0x20 || c >= 0x7f ? afd_buf_printf(ret, "\\%03u", c) < 0 : afd_buf_u8(ret, c) < 0)
			return -1;
	}
	return afd_buf_text(ret, "\"");
}

/* NULL: cannot be read, so it is not told. */
static const char *rdata_of(struct texts *t, const struct afd_audit_record *r, uint16_t type)
{
	AFD_AUTO(buf) struct afd_buf text = { 0 };
	AFD_AUTO(buf) struct afd_buf canonical = { 0 };
	bool raw = r->raw_text && (!strcmp(r->type, "TXT") || !strcmp(r->type, "SPF")) && r->rdata[0] != '"';

	if ((raw ? quoted(r->rdata, &text) : afd_buf_text(&text, r->rdata)) < 0 ||
	    afd_dns_rdata_canonical(type, afd_buf_slice(&text), &canonical, NULL) < 0 || !canonical.len)
		return NULL;
	return own(t, (char *)canonical.data);
}

/* false: nothing of it is known. */
static bool record_of(struct texts *t, const struct afd_audit_record *r, uint64_t part, struct afd_claim_rr *ret)
{
	char owner[AFD_NAME_MAX], name[16];
	uint16_t type;

	if (!r->owner || afd_name_canonical(afd_slice_text(r->owner), owner, NULL) < 0)
		return false;
	*ret = (struct afd_claim_rr){ .owner = own(t, owner), .add = r->add, .part = part };
	if (r->type && afd_dns_type_parse(afd_slice_text(r->type), &type) == 0) {
		afd_dns_type_text(type, name);
		ret->type = own(t, name);
		ret->rdata = r->rdata ? rdata_of(t, r, type) : NULL;
	} else if (r->type) {
		ret->type = own(t, r->type);
		ret->rdata = r->rdata ? own(t, r->rdata) : NULL;
	}
	return ret->owner != NULL;
}

int afd_audit_claim(const struct afd_audit_claim *c, struct afd_sink *sink, struct afd_error *err)
{
	__attribute__((cleanup(afd_texts_made_release))) struct texts t = { 0 };
	AFD_AUTO(mem) struct afd_claim_rr *rr = NULL;
	char zone[AFD_NAME_MAX];
	size_t most = c->n < MAX_RECORDS ? c->n : MAX_RECORDS, n = 0;
	struct afd_row_claim row;

	if (!c->zone || !c->ref || afd_name_canonical(afd_slice_text(c->zone), zone, NULL) < 0)
		return 0;
	rr = calloc(most + 1, sizeof(*rr));
	t.at = calloc(3 * most + 1, sizeof(*t.at));
	if (!rr || !t.at)
		return afd_fail_memory(err);
	for (size_t i = 0; i < most; i++)
		n += record_of(&t, &c->record[i], c->part, &rr[n]);
	row = (struct afd_row_claim){
		.zone = zone, .credential = c->credential, .client = c->origin, .actor = c->actor, .kind = "audit-event", .ref = c->ref,
		.outcome = c->applied ? "applied" : c->refused ? "denied" : "failed", .at = afd_instant(c->at_ms), .part = c->part,
		.rr = rr, .n = n,
	};
	return sink->claim(sink->ctx, &row, err);
}

/* --- zones by id --- */

int afd_audit_zones_check(const struct afd_texts *zones, struct afd_error *err)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	char name[AFD_NAME_MAX];

	for (size_t i = 0; i < zones->n; i++) {
		const char *is = strchr(zones->at[i], '=');

		if (!is || !is[1] || is[1 + strspn(is + 1, allowed)] ||
		    afd_name_canonical(afd_slice(zones->at[i], (size_t)(is - zones->at[i])), name, NULL) < 0)
			return afd_fail(err, AFD_E_CONFIG, "zones: expected ZONE=ID, got \"%.100s\"", zones->at[i]);
	}
	return 0;
}

char *afd_audit_zones_text(const struct afd_texts *zones)
{
	AFD_AUTO(buf) struct afd_buf b = { 0 };

	if (afd_buf_text(&b, "") < 0)
		return NULL;
	for (size_t i = 0; i < zones->n; i++)
		if (afd_buf_printf(&b, "%s%s", i ? " " : "", zones->at[i]) < 0)
			return NULL;
	return afd_strdup((char *)b.data);
}

const char *afd_audit_zones_asked(const char *asked)
{
	const char *at = asked ? strstr(asked, " zones=") : NULL;

	return at ? at + 7 : NULL;
}

const char *afd_audit_zones_find(const char *zones, const char *id, char ret[AFD_NAME_MAX])
{
	for (const char *p = zones; id && p && *p;) {
		size_t n = strcspn(p, " "), name = strcspn(p, "=");

		if (name + 1 < n && n - name - 1 == strlen(id) && strncasecmp(p + name + 1, id, n - name - 1) == 0)
			return afd_name_canonical(afd_slice(p, name), ret, NULL) == 0 ? ret : NULL;
		p += n + strspn(p + n, " ");
	}
	return NULL;
}
