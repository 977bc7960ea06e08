#include "reports/oscal.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>

#include "core/when.h"
#include "reports/json.h"

/* Names of ours that OSCAL has no word for: "indicates", "context", and what a row says beside its relation. */
#define OURS "urn:uuid:b73f178b-cb10-4030-b5d7-d1cc6b6d5b2a"

struct uuid { char s[37]; };

/* RFC 9562, 5.5: SHA-1 over our namespace and the name. */
static struct uuid uuid_of(const char *kind, const char *a, const char *b, const char *c)
{
	static const uint8_t ours[16] = { 0xa9, 0x78, 0x1f, 0x8f, 0x72, 0xa4, 0x4c, 0x93, 0xa0, 0x16, 0x6f, 0x02, 0xd4, 0xd8, 0x04, 0x82 };
	const char *part[] = { kind, a, b, c };
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t h[EVP_MAX_MD_SIZE] = { 0 };
	char hex[33];
	struct uuid u;

	if (ctx && EVP_DigestInit_ex(ctx, EVP_sha1(), NULL) == 1) {
		EVP_DigestUpdate(ctx, ours, sizeof ours);
		for (size_t i = 0; i < AFD_COUNT(part); i++)
			if (part[i])
				EVP_DigestUpdate(ctx, part[i], strlen(part[i]) + 1);
		EVP_DigestFinal_ex(ctx, h, NULL);
	}
	EVP_MD_CTX_free(ctx);
	h[6] = (uint8_t)((h[6] & 0x0f) | 0x50);
	h[8] = (uint8_t)((h[8] & 0x3f) | 0x80);
	afd_hex(afd_slice(h, 16), hex);
	snprintf(u.s, sizeof u.s, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16, hex + 20);
	return u;
}

void afd_oscal_token(const struct afd_framework *f, const char *id, char ret[128])
{
	size_t n = 0;

	for (const char *s = id; *s && n < 126; s++) {
		const char c = f->oscal_ids_same ? *s : (char)tolower((unsigned char)*s);

		if (isalnum((unsigned char)c) || c == '.' || c == '-' || c == '_')
			ret[n++] = c;
		else if (c == '(')
			ret[n++] = '.';
		else if (c != ')' && n)
			ret[n++] = '-';
		if (n == 1 && !isalpha((unsigned char)ret[0]) && ret[0] != '_') {
			ret[1] = ret[0];
			ret[0] = '_';
			n = 2;
		}
	}
	ret[n] = '\0';
}

/* One line without blanks at its ends, as OSCAL's strings must be. */
static void text(struct afd_json *j, const char *key, const char *s)
{
	AFD_AUTO(buf) struct afd_buf b = { 0 };

	for (; s && *s; s++) {
		const bool blank = isspace((unsigned char)*s);

		if (blank && (!b.len || b.data[b.len - 1] == ' '))
			continue;
		if (afd_buf_u8(&b, blank ? ' ' : (uint8_t)*s) < 0)
			j->bad = AFD_E_MEMORY;
	}
	while (b.len && b.data[b.len - 1] == ' ')
		b.data[--b.len] = '\0';
	afd_json_text(j, key, b.data ? (const char *)b.data : "");
}

static void prop(struct afd_json *j, const char *name, const char *ns, const char *value)
{
	if (!value || !*value)
		return;
	afd_json_map(j, NULL);
	text(j, "name", name);
	text(j, "ns", ns);
	text(j, "value", value);
	afd_json_end(j);
}

static bool is_in(const struct afd_framework *f, const char *only)
{
	bool rows = false;

	for (size_t i = 0; i < f->n_mapping; i++)
		rows = rows || f->mapping[i].rows;
	return rows && (!only || strcmp(f->id, only) == 0);
}

/* The author of mapping M of framework I, unless that one stood before. */
static const char *new_author(const struct afd_frameworks *f, const char *only, size_t i, size_t m)
{
	const char *author = f->at[i].framework.mapping[m].author;

	if (!is_in(&f->at[i].framework, only))
		return NULL;
	for (size_t a = 0; a <= i; a++)
		for (size_t b = 0; b < (a < i ? f->at[a].framework.n_mapping : m); b++)
			if (is_in(&f->at[a].framework, only) && strcmp(f->at[a].framework.mapping[b].author, author) == 0)
				return NULL;
	return author;
}

static void put_party(struct afd_json *j, const char *name)
{
	afd_json_map(j, NULL);
	text(j, "name", name);
	text(j, "type", "organization");
	text(j, "uuid", uuid_of("party", name, NULL, NULL).s);
	afd_json_end(j);
}

/* F NULL: of the project alone. */
static void metadata(struct afd_json *j, const char *title, const char *when, const struct afd_frameworks *f, const char *only)
{
	afd_json_map(j, "metadata");
	text(j, "last-modified", when);
	text(j, "oscal-version", AFD_OSCAL_VERSION);
	afd_json_list(j, "parties");
	for (size_t i = 0; f && i < f->n; i++)
		for (size_t m = 0; m < f->at[i].framework.n_mapping; m++)
			if (new_author(f, only, i, m))
				put_party(j, f->at[i].framework.mapping[m].author);
	if (!f)
		put_party(j, "Affidavit project");
	afd_json_end(j);
	afd_json_list(j, "roles");
	afd_json_map(j, NULL);
	text(j, "id", "creator");
	text(j, "title", "Author");
	afd_json_end(j);
	afd_json_end(j);
	text(j, "title", title);
	text(j, "version", AFD_VERSION);
	afd_json_end(j);
}

/* --- mappings --- */

/* What NIST's namespace has a word for stays in it; the words for risks are ours. */
static bool is_set_relation(const char *relation)
{
	return strcmp(relation, "subset-of") == 0 || strcmp(relation, "intersects-with") == 0;
}

static void put_map(struct afd_json *j, const struct afd_framework *f, const struct afd_control *c, const struct afd_link *l)
{
	const struct afd_mapping_file *m = &f->mapping[l->mapping];
	char token[128];

	afd_oscal_token(f, c->id, token);
	afd_json_map(j, NULL);
	text(j, "matching-rationale", "functional");
	if (!is_set_relation(l->relation))
		text(j, "ns", OURS);
	afd_json_list(j, "props");
	prop(j, "rationale", OURS, l->rationale);
	prop(j, "limit", OURS, l->limit);
	prop(j, "author", OURS, m->author);
	prop(j, "date", OURS, m->date);
	prop(j, "cited", OURS, l->cited);
	afd_json_end(j);
	text(j, "relationship", l->relation);
	afd_json_list(j, "sources");
	afd_json_map(j, NULL);
	text(j, "id-ref", l->check);
	text(j, "type", "control");
	afd_json_end(j);
	afd_json_end(j);
	afd_json_list(j, "targets");
	afd_json_map(j, NULL);
	text(j, "id-ref", token);
	afd_json_list(j, "props");
	prop(j, "label", NULL, c->id);
	afd_json_end(j);
	text(j, "type", "control");
	afd_json_end(j);
	afd_json_end(j);
	text(j, "uuid", uuid_of("map", f->id, l->check, c->id).s);
	afd_json_end(j);
}

/* Live ones that no row names, and that have nothing below them that one does: what is not addressed is said, too. */
static bool addressed(const struct afd_framework *f, size_t i)
{
	for (size_t k = i; k < f->n_control; k++)
		if (f->control[k].n_link && afd_control_within(f, f->control[k].id, f->control[i].id))
			return true;
	return false;
}

static void put_gap(struct afd_json *j, const struct afd_framework *f)
{
	char token[128];
	size_t n = 0;

	for (size_t i = 0; i < f->n_control; i++)
		n += strcmp(f->control[i].status, "live") == 0 && !addressed(f, i);
	if (!n)
		return;
	afd_json_map(j, "target-gap-summary");
	afd_json_list(j, "unmapped-controls");
	afd_json_map(j, NULL);
	afd_json_list(j, "with-ids");
	for (size_t i = 0; i < f->n_control; i++)
		if (strcmp(f->control[i].status, "live") == 0 && !addressed(f, i)) {
			afd_oscal_token(f, f->control[i].id, token);
			text(j, NULL, token);
		}
	afd_json_end(j);
	afd_json_end(j);
	afd_json_end(j);
	text(j, "uuid", uuid_of("gap", f->id, NULL, NULL).s);
	afd_json_end(j);
}

static void put_resource(struct afd_json *j, const char *key, const char *href)
{
	afd_json_map(j, key);
	text(j, "href", href);
	text(j, "type", "catalog");
	afd_json_end(j);
}

static void put_mapping(struct afd_json *j, const struct afd_framework *f)
{
	char here[40];

	afd_json_map(j, NULL);
	afd_json_list(j, "maps");
	for (size_t i = 0; i < f->n_control; i++)
		for (size_t k = 0; k < f->control[i].n_link; k++)
			put_map(j, f, &f->control[i], &f->control[i].link[k]);
	afd_json_end(j);
	if (f->applies_when) {
		afd_json_list(j, "props");
		prop(j, "applies-when", OURS, f->applies_when);
		afd_json_end(j);
	}
	snprintf(here, sizeof here, "#%s", uuid_of("resource", "checks", NULL, NULL).s);
	put_resource(j, "source-resource", here);
	put_gap(j, f);
	snprintf(here, sizeof here, "#%s", uuid_of("resource", f->id, NULL, NULL).s);
	put_resource(j, "target-resource", f->oscal ? f->oscal : here);
	text(j, "uuid", uuid_of("mapping", f->id, NULL, NULL).s);
	afd_json_end(j);
}

static void put_back(struct afd_json *j, const struct afd_framework *f)
{
	afd_json_map(j, NULL);
	text(j, "description", f ? "A framework whose publisher gives no OSCAL catalogue of it." : "The checks of Affidavit as a catalogue.");
	if (f) {
		afd_json_list(j, "props");
		prop(j, "framework", OURS, f->id);
		afd_json_end(j);
	}
	if (!f || f->source) {
		afd_json_list(j, "rlinks");
		afd_json_map(j, NULL);
		text(j, "href", f ? f->source : AFD_OSCAL_CHECKS_FILE);
		afd_json_end(j);
		afd_json_end(j);
	}
	text(j, "title", f ? f->title : "Checks of Affidavit");
	text(j, "uuid", uuid_of("resource", f ? f->id : "checks", NULL, NULL).s);
	afd_json_end(j);
}

static void put_provenance(struct afd_json *j, const struct afd_frameworks *f, const char *only)
{
	afd_json_map(j, "provenance");
	text(j, "mapping-description", "Which check says something about which control, and how far (rationale and limit of each row). No relation says that a control is "
	     "met: a check lies inside an outcome or overlaps with it. For lists of risks, indicates and context relate a failed check to a risk and "
	     "are no set relations. Made by the authors named; not endorsed by those who publish the frameworks.");
	text(j, "matching-rationale", "functional");
	text(j, "method", "human");
	afd_json_list(j, "responsible-parties");
	afd_json_map(j, NULL);
	afd_json_list(j, "party-uuids");
	for (size_t i = 0; i < f->n; i++)
		for (size_t m = 0; m < f->at[i].framework.n_mapping; m++)
			if (new_author(f, only, i, m))
				text(j, NULL, uuid_of("party", f->at[i].framework.mapping[m].author, NULL, NULL).s);
	afd_json_end(j);
	text(j, "role-id", "creator");
	afd_json_end(j);
	afd_json_end(j);
	text(j, "status", "not-complete");
	afd_json_end(j);
}

/* The newest date of a mapping, and a name for the whole content: every file that had a part in it. */
static int describe(const struct afd_frameworks *f, const char *only, struct afd_when_text *when, struct uuid *id, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf all = { 0 };
	int64_t newest = 0, t;

	if (afd_buf_printf(&all, "%s %s\n", AFD_VERSION, AFD_OSCAL_VERSION) < 0)
		return afd_fail_memory(err);
	for (size_t i = 0; i < f->n; i++)
		for (size_t m = 0; is_in(&f->at[i].framework, only) && m < f->at[i].framework.n_mapping; m++) {
			const struct afd_mapping_file *x = &f->at[i].framework.mapping[m];

			if (afd_when_parse(x->date, &t, err) < 0)
				return -1;
			newest = t > newest ? t : newest;
			if (afd_buf_printf(&all, "%s %s\n", f->at[i].framework.id, afd_digest_hex(&x->sha256).s) < 0)
				return afd_fail_memory(err);
		}
	*when = afd_when_text(newest);
	*id = uuid_of("mapping-collection", (const char *)all.data, NULL, NULL);
	return 0;
}

int afd_oscal_mappings(const struct afd_frameworks *f, const char *only, struct afd_buf *ret, struct afd_error *err)
{
	struct afd_json j = { .out = ret };
	struct afd_when_text when;
	struct uuid id;
	bool any = false;

	for (size_t i = 0; i < f->n; i++)
		any = any || is_in(&f->at[i].framework, only);
	if (!any)
		return afd_fail(err, AFD_E_USAGE, "%s: no mapping has a row for it", only ? only : "frameworks");
	if (describe(f, only, &when, &id, err) < 0)
		return -1;
	afd_json_map(&j, NULL);
	afd_json_map(&j, "mapping-collection");
	afd_json_map(&j, "back-matter");
	afd_json_list(&j, "resources");
	put_back(&j, NULL);
	for (size_t i = 0; i < f->n; i++)
		if (is_in(&f->at[i].framework, only) && !f->at[i].framework.oscal)
			put_back(&j, &f->at[i].framework);
	afd_json_end(&j);
	afd_json_end(&j);
	afd_json_list(&j, "mappings");
	for (size_t i = 0; i < f->n; i++)
		if (is_in(&f->at[i].framework, only))
			put_mapping(&j, &f->at[i].framework);
	afd_json_end(&j);
	metadata(&j, "What the checks of Affidavit say about controls", when.s, f, only);
	put_provenance(&j, f, only);
	text(&j, "uuid", id.s);
	afd_json_end(&j);
	afd_json_end(&j);
	return afd_json_finish(&j, err);
}

/* --- checks --- */

static void put_check(struct afd_json *j, const struct afd_check *c)
{
	const struct { const char *name, *prose; } parts[] = { { "statement", c->title }, { "guidance", c->why }, { "remedy", c->remedy },
							       { "false-positives", c->false_positives } };

	afd_json_map(j, NULL);
	text(j, "class", "check");
	text(j, "id", c->id);
	afd_json_list(j, "parts");
	for (size_t i = 0; i < AFD_COUNT(parts); i++) {
		char id[160];

		if (!parts[i].prose || !*parts[i].prose)
			continue;
		afd_json_map(j, NULL);
		snprintf(id, sizeof id, "%.120s_%s", c->id, parts[i].name);
		text(j, "id", id);
		text(j, "name", parts[i].name);
		if (i >= 2)
			text(j, "ns", OURS);
		text(j, "prose", parts[i].prose);
		afd_json_end(j);
	}
	afd_json_end(j);
	afd_json_list(j, "props");
	prop(j, "label", NULL, c->id);
	prop(j, "severity", OURS, c->severity);
	prop(j, "resource", OURS, c->resource);
	prop(j, "sha256", OURS, afd_digest_hex(&c->sha256).s);
	afd_json_end(j);
	text(j, "title", c->title);
	afd_json_end(j);
}

int afd_oscal_checks(const struct afd_frameworks *f, const struct afd_check *check, size_t n, struct afd_buf *ret, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf all = { 0 };
	struct afd_json j = { .out = ret };
	struct afd_when_text when;
	struct uuid other;

	if (describe(f, NULL, &when, &other, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (afd_buf_printf(&all, "%s %s\n", check[i].id, afd_digest_hex(&check[i].sha256).s) < 0)
			return afd_fail_memory(err);
	afd_json_map(&j, NULL);
	afd_json_map(&j, "catalog");
	afd_json_list(&j, "controls");
	for (size_t i = 0; i < n; i++)
		put_check(&j, &check[i]);
	afd_json_end(&j);
	metadata(&j, "Checks of Affidavit", when.s, NULL, NULL);
	text(&j, "uuid", uuid_of("catalog", AFD_VERSION, all.data ? (const char *)all.data : "", NULL).s);
	afd_json_end(&j);
	afd_json_end(&j);
	return afd_json_finish(&j, err);
}
