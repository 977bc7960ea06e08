#include "collector/zone/zone_copy.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>

#include "core/limits.h"

static const char *const form_names[] = {
	[AFD_COPY_ZONE_FILE] = "zone-file", [AFD_COPY_OCTODNS] = "octodns", [AFD_COPY_DNSCONTROL] = "dnscontrol",
};

int afd_copy_form_parse(const char *text, enum afd_copy_form *ret)
{
	for (size_t i = 0; i < AFD_COUNT(form_names); i++)
		if (strcmp(text, form_names[i]) == 0)
			return *ret = (enum afd_copy_form)i, 0;
	return -1;
}

const char *afd_copy_form_name(enum afd_copy_form f)
{
	return form_names[f];
}

/* --- the records of an item --- */

struct files {                                    /* what $INCLUDE finds: parts in the order in which they are first named */
	struct afd_slice bytes;
	const struct afd_ranges *parts;
	struct afd_slice name[AFD_COPY_PARTS];
	size_t n;
	struct afd_buf *wanted;
};

/* Below the folder of the zone's file and nowhere else */
static bool stays_inside(struct afd_slice file)
{
	if (file.len == 0 || file.len > 255 || file.data[0] == '/')
		return false;
	for (size_t i = 0; i < file.len; i++)
		if (file.data[i] < 0x20 || file.data[i] == 0x7f ||
		    (file.data[i] == '.' && i + 1 < file.len && file.data[i + 1] == '.' && (i == 0 || file.data[i - 1] == '/') &&
		     (i + 2 == file.len || file.data[i + 2] == '/')))
			return false;
	return true;
}

static int find_included(void *ctx, struct afd_slice file, struct afd_buf *ret, struct afd_error *err)
{
	struct files *f = ctx;
	size_t i = 0;

	if (!stays_inside(file))
		return afd_fail(err, AFD_E_PARSE, "expected a file below the zone file's own folder");
	while (i < f->n && !afd_slice_equal(f->name[i], file))
		i++;
	if (i + 1 < f->parts->n) {
		if (i == f->n)
			f->name[f->n++] = file;
		const struct afd_range part = f->parts->at[i + 1];
		return afd_buf_add_slice(ret, afd_slice_sub(f->bytes, part.off, part.len)) < 0 ? afd_fail_memory(err) : 0;
	}
	if (f->wanted && f->parts->n < AFD_COPY_PARTS && afd_buf_add_slice(f->wanted, file) < 0)
		return afd_fail_memory(err);
	return afd_fail(err, AFD_E_PARSE, "an included file is not there");
}

int afd_copy_walk(enum afd_copy_form form, const char *zone, struct afd_slice bytes, const struct afd_ranges *parts, bool include,
                  struct afd_buf *wanted, uint64_t *left_out, afd_zone_rr_fn fn, void *ctx, struct afd_error *err)
{
	struct files f = { .bytes = bytes, .parts = parts, .wanted = wanted };
	struct afd_dns_name name;

	*left_out = 0;
	if (afd_dns_name_parse(afd_slice_text(zone), &name, err) < 0)
		return -1;
	if (parts->n == 0 || parts->n > AFD_COPY_PARTS)
		return afd_fail(err, AFD_E_PARSE, "expected 1 to %d files", AFD_COPY_PARTS);
	const struct afd_slice first = afd_slice_sub(bytes, parts->at[0].off, parts->at[0].len);
	const struct afd_zone_text_options o = { .zone = &name, .include = include ? find_included : NULL, .include_ctx = &f };
	switch (form) {
	case AFD_COPY_ZONE_FILE:
		return afd_zone_text_walk(first, &o, fn, ctx, err);
	case AFD_COPY_OCTODNS:
		return afd_octodns_walk(first, &name, fn, ctx, left_out, err);
	case AFD_COPY_DNSCONTROL:
		return afd_dnscontrol_walk(first, &name, fn, ctx, left_out, err);
	}
	return -1;
}

/* --- the source --- */

struct copy {
	const struct afd_copy_kind *kind;
	struct afd_source_config c;
	const struct afd_copy_config *config;
	enum afd_copy_form form;
	bool done;
	int64_t version, looked_ms;               /* the last one read; when the zone was last looked at, or AFD_TIME_NONE */
	struct afd_hex64 digest;                  /* of the bytes then; "" none */
	struct afd_buf bytes, wanted;             /* the file and what it includes; the next one to fetch */
	struct afd_ranges parts;
	int64_t received_ms, written_ms;
	char *path, *asked;
	size_t folder;                            /* of what is included: bytes of path that are the zone file's own folder */
};

int afd_copy_scopes(const struct afd_copy_config *c, struct afd_buf *ret, struct afd_error *err)
{
	enum afd_copy_form form;

	if (!c->path == !c->versions)
		return afd_fail(err, AFD_E_CONFIG, "path, versions: expected one of them");
	if (afd_copy_form_parse(c->form, &form) < 0)
		return afd_fail(err, AFD_E_CONFIG, "form: expected zone-file, octodns or dnscontrol, got \"%.40s\"", c->form);
	if (c->include && form != AFD_COPY_ZONE_FILE)
		return afd_fail(err, AFD_E_CONFIG, "include: only zone files include others");
	return afd_buf_text(ret, c->zone) < 0 ? afd_fail_memory(err) : 0;
}

/* {"digest":"...","looked":1795304512528,"version":2} */
static int read_cursor(struct copy *z, const char *cursor, struct afd_error *err)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;

	if (!cursor)
		return 0;
	if (afd_json_parse(afd_slice_text(cursor), "cursor", &d, err) < 0)
		return -1;
	const struct afd_node *looked = afd_node_get(afd_doc_root(d), "looked"), *version = afd_node_get(afd_doc_root(d), "version");
	const char *digest = afd_node_text(afd_node_get(afd_doc_root(d), "digest"));
	if (!looked || looked->type != AFD_INT || !version || version->type != AFD_INT || version->u.i < 0)
		return afd_fail(err, AFD_E_STORE, "cursor: not one of this source");
	z->looked_ms = looked->u.i;
	z->version = version->u.i;
	if (digest)
		snprintf(z->digest.s, sizeof(z->digest.s), "%s", digest);
	return 0;
}

void afd_copy_end(void *state)
{
	struct copy *z = state;

	if (!z)
		return;
	afd_buf_release(&z->bytes);
	afd_buf_release(&z->wanted);
	afd_ranges_release(&z->parts);
	free(z->path);
	free(z->asked);
	free(z);
}

int afd_copy_begin(const struct afd_copy_kind *kind, const struct afd_source_config *c, const struct afd_copy_config *config,
                   const char *cursor, void **ret, struct afd_error *err)
{
	struct copy *z = calloc(1, sizeof(*z));

	if (!z)
		return afd_fail_memory(err);
	*z = (struct copy){ .kind = kind, .c = *c, .config = config, .looked_ms = AFD_TIME_NONE };
	if (afd_copy_form_parse(config->form, &z->form) < 0 || read_cursor(z, cursor, err) < 0) {
		afd_copy_end(z);
		return -1;
	}
	*ret = z;
	return 0;
}

static const char *below_base(const struct copy *z, const char *path)
{
	return path[0] == '/' || !z->c.base_dir ? "" : z->c.base_dir;
}

int afd_copy_next(void *state, struct afd_request *q, struct afd_error *err)
{
	struct copy *z = state;
	const char *path = z->config->path ? z->config->path : z->config->versions;

	if (z->done)
		return 0;
	if (strncmp(path, "file:", 5) == 0)
		path += 5;
	const char *base = below_base(z, path), *slash = strrchr(path, '/');
	free(z->path);
	free(z->asked);
	z->path = z->asked = NULL;
	z->folder = 0;
	if (z->wanted.len) {
		const int folder = z->config->path ? (int)(slash ? slash - path + 1 : 0) : (int)strlen(path);
		z->path = afd_sprintf("%s%s%.*s%s%s", *base ? base : folder ? "" : ".", *base || !folder ? "/" : "", folder, path, z->config->path ? "" : "/", (char *)z->wanted.data);
		z->folder = z->path ? strlen(z->path) - strlen((char *)z->wanted.data) : 0;
		z->asked = afd_sprintf("included %s of %s", (char *)z->wanted.data, z->config->zone);
	} else if (z->config->path) {
		z->path = afd_sprintf("%s%s%s", base, *base ? "/" : "", path);
		z->asked = afd_sprintf("%s of %s", afd_copy_form_name(z->form), z->config->zone);
	} else {
		z->path = afd_sprintf("%s%s%s/%04" PRId64, base, *base ? "/" : "", path, z->version + 1);
		z->asked = afd_sprintf("version %" PRId64 " of %s", z->version + 1, z->config->zone);
	}
	if (!z->path || !z->asked)
		return afd_fail_memory(err);
	/* One byte more than an item may have shows that there is more. */
	*q = (struct afd_request){ .protocol = AFD_FILE, .asked = z->asked, .path = z->path, .max = AFD_MAX_ITEM + 1, .once = true,
	                           .inside = z->folder, .no_link = z->wanted.len != 0 };
	return 1;
}

/* The first look covers its own moment. */
static int cover(struct copy *z, int64_t now, enum afd_grade grade, const char *reason, struct afd_keeper *keep, struct afd_error *err)
{
	struct afd_row_coverage c = {
		.evidence = z->kind->evidence, .scope = z->config->zone, .grade = grade, .reason = reason,
		.at = { z->looked_ms == AFD_TIME_NONE || z->looked_ms > now ? now : z->looked_ms, now + 1 },
		.provider_count = -1, .stored_count = -1
	};

	return keep->cover(keep->ctx, &c, err);
}

static int gap(struct copy *z, const char *reason, struct afd_keeper *keep, struct afd_error *err)
{
	z->done = true;
	return cover(z, afd_now(z->c.env), AFD_GAP, reason, keep, err);
}

static int checkpoint(struct copy *z, struct afd_keeper *keep, struct afd_error *err)
{
	json_t *j = json_pack("{s:s, s:I, s:I}", "digest", z->digest.s, "looked", (json_int_t)z->looked_ms, "version", (json_int_t)z->version);
	AFD_AUTO(mem) char *text = j ? json_dumps(j, JSON_COMPACT | JSON_SORT_KEYS) : NULL;

	json_decref(j);
	return text ? keep->checkpoint(keep->ctx, text, err) : afd_fail_memory(err);
}

static int nothing(void *ctx, const struct afd_zone_rr *rr, struct afd_error *err)
{
	(void)rr;
	(void)err;
	++*(uint64_t *)ctx;
	return 0;
}

/* All files are there, and the zone can be read: it is kept. What is only declared, and stands as it stood, is not kept again. */
static int keep_copy(struct copy *z, struct afd_keeper *keep, struct afd_error *err)
{
	AFD_AUTO(mem) char *media = afd_sprintf("text/dns; zone=%s; form=%s%s", z->config->zone, afd_copy_form_name(z->form), z->config->include ? "; include" : "");
	const struct afd_draft d = {
		.kind = AFD_ITEM_ANSWER, .asked = z->asked, .channel = "file", .media_type = media, .bytes = afd_buf_slice(&z->bytes),
		.parts = z->parts, .received_ms = z->received_ms, .server_ms = z->written_ms,
	};
	struct afd_digest digest;

	if (!media)
		return afd_fail_memory(err);
	afd_sha256(afd_buf_slice(&z->bytes), &digest);
	const struct afd_hex64 hex = afd_digest_hex(&digest);
	if ((!z->kind->declared || strcmp(hex.s, z->digest.s) != 0) && keep->item(keep->ctx, &d, err) < 0)
		return -1;
	if (z->kind->declared && cover(z, z->received_ms, AFD_SAMPLED, "a file, looked at from time to time", keep, err) < 0)
		return -1;
	z->digest = hex;
	z->looked_ms = z->received_ms;
	z->version += z->config->versions != NULL;
	z->done = !z->config->versions;
	z->bytes.len = 0;
	z->parts.n = 0;
	return checkpoint(z, keep, err);
}

int afd_copy_take(void *state, const struct afd_response *r, const struct afd_error *why, struct afd_keeper *keep, struct afd_error *err)
{
	struct copy *z = state;
	struct afd_error bad = { 0 };
	uint64_t n = 0, left_out;

	if (!r && z->config->versions && !z->wanted.len && !z->bytes.len) {
		z->done = true;                           /* no version after the last one */
		return 0;
	}
	if (!r)
		return gap(z, why ? why->text : "no answer", keep, err);
	if (r->body.len + z->bytes.len > AFD_MAX_ITEM)
		return gap(z, "the zone's file is larger than an item may be", keep, err);
	if (r->file_size != r->body.len)
		return gap(z, "the zone's file was written while it was read", keep, err);
	if (z->parts.n == 0) {
		z->received_ms = r->received_ms;
		z->written_ms = r->server_ms;
	}
	if (afd_ranges_add(&z->parts, z->bytes.len, r->body.len) < 0 || afd_buf_add_slice(&z->bytes, r->body) < 0)
		return afd_fail_memory(err);
	z->wanted.len = 0;
	if (afd_copy_walk(z->form, z->config->zone, afd_buf_slice(&z->bytes), &z->parts, z->config->include, &z->wanted, &left_out, nothing, &n, &bad) == 0)
		return keep_copy(z, keep, err);
	return z->wanted.len ? 0 : gap(z, bad.text, keep, err);
}

/* --- what an item says it is --- */

int afd_copy_told(const struct afd_item_view *item, struct afd_copy_told *ret, struct afd_error *err)
{
	const char *m = item->record->media_type, *zone = m ? strstr(m, "; zone=") : NULL, *form = m ? strstr(m, "; form=") : NULL;
	char name[24];

	if (!zone || !form)
		return afd_fail(err, AFD_E_PARSE, "the record does not say which zone this is");
	zone += strlen("; zone=");
	form += strlen("; form=");
	snprintf(ret->zone, sizeof(ret->zone), "%.*s", (int)(strcspn(zone, ";") < 255 ? strcspn(zone, ";") : 255), zone);
	snprintf(name, sizeof(name), "%.*s", (int)(strcspn(form, ";") < 20 ? strcspn(form, ";") : 20), form);
	ret->include = strstr(m, "; include") != NULL;
	return afd_copy_form_parse(name, &ret->form) < 0 ? afd_fail(err, AFD_E_PARSE, "no form is named \"%s\"", name) : 0;
}
