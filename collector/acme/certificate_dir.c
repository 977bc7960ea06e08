/* Certificates that lie in a directory: PEM or DER, and a list (CSV) of who asked for them, for authorities that log nowhere.
 *
 * A run lists the directory, reads each file, and keeps one item of all certificates in them: the certificates alone.
 * Private keys never leave the memory of the run; that a file holds one is said. Links are not followed. */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>

#include "collector/acme/certificate_dir.h"
#include "collector/path.h"
#include "collector/table.h"

enum { MAX_FILE = 1 << 20, MAX_PER_FILE = 64 };

struct dir_config { const char *path, *list; };
static const struct afd_field fields[] = {
	{ "path", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct dir_config, path), "the directory" },
	{ "list", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct dir_config, list),
	  "a CSV file: file, sha256, serial, names, owner, purpose, requester, date (those that you have)" },
	{ 0 }
};

enum step { LIST, FILES, TABLE, DONE };

struct dir_run {
	const struct dir_config *config;
	char *path, *list;
	enum step step;
	json_t *files;                            /* what becomes the item */
	struct afd_buf listing;
	struct afd_slice left;                    /* of listing: files that are still to be read */
	char *request_path, *name;
	uint64_t size; int64_t modified_ms;
	int left_out;
	uint64_t n_certificates, n_keys, n_unread;
	int64_t until_ms, began_ms;
	size_t bytes;
	struct afd_buf table;
	bool has_table;
};

static int dir_scopes(const void *config, struct afd_buf *ret, struct afd_error *err)
{
	const struct dir_config *c = config;

	if (strpbrk(c->path, " \t\n"))
		return afd_fail(err, AFD_E_CONFIG, "path: blanks are not allowed here");
	return afd_buf_text(ret, c->path) < 0 ? afd_fail_memory(err) : 0;
}

static void dir_end(void *state)
{
	struct dir_run *r = state;

	if (!r)
		return;
	json_decref(r->files);
	afd_buf_release(&r->listing);
	afd_buf_release(&r->table);
	free(r->request_path);
	free(r->path);
	free(r->list);
	free(r);
}

static int dir_begin(const struct afd_source_config *c, const void *config, const char *cursor, void **ret, struct afd_error *err)
{
	struct dir_run *r = calloc(1, sizeof(*r));

	if (!r)
		return afd_fail_memory(err);
	r->config = config;
	r->until_ms = AFD_TIME_NONE;
	r->began_ms = afd_now(c->env);
	r->files = json_array();
	r->path = afd_path_of(c, r->config->path);
	r->list = r->config->list ? afd_path_of(c, r->config->list) : NULL;
	if (!r->files || !r->path || (r->config->list && !r->list)) {
		dir_end(r);
		return afd_fail_memory(err);
	}
	if (cursor && afd_when_parse(cursor, &r->until_ms, NULL) < 0)
		r->until_ms = AFD_TIME_NONE;
	*ret = r;
	return 0;
}

/* "SIZE MODIFIED NAME" */
static bool next_file(struct dir_run *r)
{
	while (r->left.len) {
		const char *line = (const char *)r->left.data;
		const uint8_t *lf = memchr(r->left.data, '\n', r->left.len);
		size_t n = lf ? (size_t)(lf - r->left.data) : r->left.len;
		char *end;

		r->left = afd_slice_sub(r->left, n + 1, r->left.len);
		r->size = strtoull(line, &end, 10);
		r->modified_ms = strtoll(end, &end, 10);
		r->name = end + 1;
		r->name[n - (size_t)(r->name - line)] = 0;
		if (r->size > 0 && r->size <= MAX_FILE)
			return true;
		r->n_unread += r->size > MAX_FILE;
	}
	return false;
}

static int set_path(struct dir_run *r, const char *dir, const char *name, struct afd_error *err)
{
	free(r->request_path);
	r->request_path = dir ? afd_sprintf("%s/%s", dir, name) : afd_strdup(name);
	return r->request_path ? 1 : afd_fail_memory(err);
}

static int dir_next(void *state, struct afd_request *q, struct afd_error *err)
{
	struct dir_run *r = state;

	*q = (struct afd_request){ .asked = r->config->path, .no_link = true, .max = MAX_FILE };
	switch (r->step) {
	case LIST:
		q->protocol = AFD_FOLDER;
		q->max = 0;
		return (q->path = r->path) ? 1 : 0;
	case FILES:
		q->protocol = AFD_FILE;
		if (set_path(r, r->path, r->name, err) < 0)
			return -1;
		q->path = r->request_path;
		return 1;
	case TABLE:
		q->protocol = AFD_FILE;
		q->no_link = false;
		q->asked = r->config->list;
		q->max = AFD_MAX_USER_FILE;
		q->path = r->list;
		return 1;
	case DONE:
		break;
	}
	return 0;
}

/* --- taking --- */

static int add_certificate(struct dir_run *r, json_t *list, struct afd_slice der)
{
	AFD_AUTO(buf) struct afd_buf text = { 0 };
	struct afd_ct_cert c;

	if (json_array_size(list) == MAX_PER_FILE || afd_ct_cert_walk(der, false, &c, NULL) < 0)
		return 0;
	if (afd_base64(der, &text) < 0 || json_array_append_new(list, json_stringn((char *)text.data, text.len)) < 0)
		return -1;
	r->n_certificates++;
	r->bytes += text.len;
	return 1;
}

static bool is_key(struct afd_slice label)
{
	static const char key[] = "PRIVATE KEY";

	return label.len >= strlen(key) && memcmp(label.data + label.len - strlen(key), key, strlen(key)) == 0;
}

/* Only certificates of a file are taken; of everything else at most that it is there. */
static int take_file(struct dir_run *r, struct afd_slice bytes, struct afd_error *err)
{
	json_t *list = json_array();
	struct afd_slice rest = bytes, block, label;
	bool key = false;
	int rc = list ? 0 : -1;

	while (rc >= 0 && afd_pem_next(&rest, &block, &label)) {
		AFD_AUTO(buf) struct afd_buf der = { 0 };

		key |= is_key(label);
		if ((afd_pem_is(label, "CERTIFICATE") || afd_pem_is(label, "TRUSTED CERTIFICATE")) && afd_pem_bytes(block, &der) == 0)
			rc = add_certificate(r, list, afd_buf_slice(&der));
	}
	if (rc == 0 && bytes.len && bytes.data[0] == 0x30)
		rc = add_certificate(r, list, bytes);
	r->n_keys += key;
	if (rc >= 0 && json_array_size(list) > 0) {
		json_t *file = json_pack("{s:s,s:I,s:O}", "name", r->name, "modified", (json_int_t)r->modified_ms, "certificates", list);

		if (file && key)
			json_object_set_new(file, "skipped", json_string("private key"));
		/* a name that is no UTF-8 cannot stand in JSON */
		if (!file)
			r->n_unread++;
		else if (json_array_append_new(r->files, file) < 0)
			rc = -1;
	}
	json_decref(list);
	return rc < 0 ? afd_fail_memory(err) : 0;
}

static int cover(struct dir_run *r, int64_t to, enum afd_grade grade, const char *reason, struct afd_keeper *keep, struct afd_error *err)
{
	int64_t from = r->until_ms == AFD_TIME_NONE || r->until_ms >= to ? to : r->until_ms;
	const struct afd_row_coverage c = {
		.evidence = AFD_HELD_EVIDENCE, .scope = r->config->path, .at = from == to ? afd_instant(to) : (struct afd_span){ from, to },
		.grade = grade, .reason = reason, .provider_count = -1, .stored_count = -1,
	};

	return keep->cover(keep->ctx, &c, err);
}

static int put_item(struct dir_run *r, int64_t now, struct afd_keeper *keep, struct afd_error *err)
{
	AFD_AUTO(mem) char *asked = afd_sprintf("certificates in %s", r->config->path);
	json_t *doc = json_pack("{s:s,s:O}", "directory", r->config->path, "files", r->files);
	AFD_AUTO(mem) char *text = NULL;

	if (doc && r->has_table)
		json_object_set_new(doc, "list", json_stringn(r->table.data ? (char *)r->table.data : "", r->table.len));
	text = doc ? json_dumps(doc, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
	json_decref(doc);
	if (!asked || !text)
		return afd_fail_memory(err);
	const struct afd_draft d = {
		.kind = AFD_ITEM_ANSWER, .asked = asked, .channel = "file", .media_type = "application/json", .bytes = afd_slice_text(text),
		.asked_ms = r->began_ms, .received_ms = now,
	};
	return keep->item(keep->ctx, &d, err);
}

static int finish(struct dir_run *r, int64_t now, struct afd_keeper *keep, struct afd_error *err)
{
	char reason[300];

	r->step = DONE;
	snprintf(reason, sizeof(reason), "%.100s: certificates: %" PRIu64 "; files with a private key, which was not kept: %" PRIu64
	         "; not read: %" PRIu64 " (too large), %d (links and what we may not read)", r->config->path, r->n_certificates, r->n_keys,
	         r->n_unread, r->left_out);
	if (put_item(r, now, keep, err) < 0 || cover(r, now, AFD_SAMPLED, reason, keep, err) < 0)
		return -1;
	return keep->checkpoint(keep->ctx, afd_when_text(now).s, err);
}

static int give_up(struct dir_run *r, const struct afd_error *why, struct afd_keeper *keep, struct afd_error *err)
{
	r->step = DONE;
	return cover(r, r->began_ms, AFD_GAP, why->text, keep, err);
}

/* The next file, or what comes behind the last. */
static int go_on(struct dir_run *r, int64_t now, struct afd_keeper *keep, struct afd_error *err)
{
	r->step = next_file(r) ? FILES : TABLE;
	return r->step == FILES || r->list ? 0 : finish(r, now, keep, err);
}

static int dir_take(void *state, const struct afd_response *a, const struct afd_error *why, struct afd_keeper *keep, struct afd_error *err)
{
	struct dir_run *r = state;

	if (r->step == LIST) {
		if (!a)
			return give_up(r, why, keep, err);
		r->left_out = a->status;
		if (afd_buf_add_slice(&r->listing, a->body) < 0 || afd_buf_text(&r->listing, "") < 0)
			return afd_fail_memory(err);
		r->left = afd_buf_slice(&r->listing);
		return go_on(r, a->received_ms, keep, err);
	}
	if (r->step == FILES) {
		/* it may be gone by now, or be somebody else's */
		if (!a)
			r->left_out++;
		else if (take_file(r, a->body, err) < 0)
			return -1;
		return go_on(r, a ? a->received_ms : r->began_ms, keep, err);
	}
	if (!a)
		return give_up(r, why, keep, err);
	r->has_table = true;
	if (afd_buf_add_slice(&r->table, a->body) < 0)
		return afd_fail_memory(err);
	return finish(r, a->received_ms, keep, err);
}

const struct afd_provider afd_provider_certificate_dir = {
	.kind = "certificate-dir",
	.leg = AFD_LEG_CT,
	.title = "certificates in a directory, with a list of who asked for them",
	.help = "Reads every PEM or DER file below a directory (6 levels, files up to 1 MiB; links are not followed, so give archive/ of certbot,\n"
	        "not live/) and keeps the certificates in them: what we hold and run, logged or not. Private keys are never kept: a file that has\n"
	        "one is counted, its certificates are taken. `list` is a CSV for authorities that log nowhere, with a head of those columns that\n"
	        "you have: file, sha256, serial, names (blanks between), owner, purpose, requester, date. Its rows are requests for certificates.\n"
	        "Least privilege: a user that may list the directory and read certificates; it need not read keys.",
	.basis = "tested on files of real clients (certbot 2.1, lego 4.9)",
	.evidence = AFD_HELD_EVIDENCE,
	.fields = fields,
	.config_size = sizeof(struct dir_config),
	.scopes = dir_scopes,
	.begin = dir_begin,
	.next = dir_next,
	.take = dir_take,
	.end = dir_end,
	.split = afd_held_split,
	.decode = afd_held_decode,
};
