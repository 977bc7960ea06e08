#include <inttypes.h>

#include "cli/anchor.h"
#include "cli/session.h"
#include "cli/verbs.h"
#include "cli/verify.h"
#include "cli/witness.h"
#include "core/file.h"

static int parse_leaf(const char *text, uint64_t *ret, struct afd_error *err);

#define ANCHOR __attribute__((cleanup(anchor_release))) struct anchor

static int show_stamp(struct cli *c, struct session *s, uint64_t size, struct afd_error *err)
{
	ANCHOR a = { 0 };
	int r = anchor_find(s->store, size, &a, err);

	if (r > 0)
		cli_say(c, "%12s  %s  stamped by %s, leaf %s\n", "", afd_when_people(a.time_ms).s, cli_safe(a.authority, 60), cli_number(a.leaf).s);
	return r < 0 ? -1 : 0;
}

static int write_file(const struct cli *c, const char *prefix, const char *end, struct afd_slice bytes, struct afd_error *err)
{
	AFD_AUTO(mem) char *path = afd_sprintf("%s.%s", prefix, end);

	if (!path)
		return afd_fail_memory(err);
	if (afd_file_write(path, bytes, false, err) < 0)
		return -1;
	cli_say(c, "  %-44s %12s bytes\n", path, cli_number(bytes.len).s);
	return 0;
}

/* PREFIX.note as it was signed, PREFIX.tsr with the time-stamp over just these bytes, PREFIX.cosigned with the witnesses' lines. */
static int export_head(struct cli *c, struct session *s, const char *text, const char *prefix, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf note = { 0 };
	AFD_AUTO(mem) char *own_prefix = afd_sprintf("head-%s", text);
	ANCHOR a = { 0 };
	uint64_t size;
	size_t own;
	int r;

	if (!own_prefix)
		return afd_fail_memory(err);
	if (!prefix)
		prefix = own_prefix;
	if (parse_leaf(text, &size, err) < 0 || (r = witness_note(s->store, size, &note, &own, err)) < 0)
		return -1;
	if (r == 0)
		return afd_fail(err, AFD_E_USAGE, "--head %s: no head was signed over so many leaves; `affidavit ledger` lists them", text);
	r = anchor_find(s->store, size, &a, err);
	if (r < 0 || write_file(c, prefix, "note", afd_slice(note.data, own), err) < 0)
		return -1;
	if (r > 0 && !afd_slice_equal(afd_buf_slice(&a.note), afd_slice(note.data, own)))
		return afd_fail(err, AFD_E_VERIFY, "the head that was stamped is not the one in the store: `affidavit ledger verify`");
	if (r > 0 && write_file(c, prefix, "tsr", afd_buf_slice(&a.answer), err) < 0)
		return -1;
	if (r == 0)
		cli_say(c, "  no time-stamp is over this head\n");
	return note.len > own ? write_file(c, prefix, "cosigned", afd_buf_slice(&note), err) : 0;
}

static int show_heads(struct cli *c, struct session *s, struct afd_error *err)
{
	uint64_t max = AFD_ANY_SIZE;
	struct afd_head h = { 0 };
	int r;

	cli_say(c, "%12s  %-19s  %s\n", "leaves", "signed (UTC)", "root");
	while ((r = afd_store_head(s->store, max, &h, err)) == 1) {
		struct afd_hex64 root = afd_digest_hex(&h.root);

		cli_say(c, "%12s  %s  %s\n", cli_number(h.size).s, afd_when_people(h.signed_ms).s, root.s);
		max = h.size;
		afd_head_release(&h);
		if (show_stamp(c, s, max, err) < 0 || witness_show(s, max, err) < 0)
			return -1;
		if (max-- == 0)
			break;
	}
	return r < 0 ? -1 : 0;
}

static int parse_leaf(const char *text, uint64_t *ret, struct afd_error *err)
{
	char *end;

	*ret = strtoull(text, &end, 10);
	if (end == text || *end || text[0] == '-')
		return afd_fail(err, AFD_E_USAGE, "%s: expected the index of a leaf", text);
	return 0;
}

static int show_leaf(struct session *s, const char *text, bool raw, struct afd_error *err)
{
	struct afd_item item = { 0 };
	uint64_t leaf;
	char hex[65];

	if (parse_leaf(text, &leaf, err) < 0 || afd_store_item(s->store, leaf, &item, err) < 0)
		return -1;
	afd_hex(afd_slice(item.hash.b, 32), hex);
	if (item.presence != AFD_PRESENT) {
		printf("leaf %" PRIu64 " %s: %s\n", leaf, hex, item.presence == AFD_ERASED ? "erased under a rule" : "missing");
	} else if (raw) {
		fwrite(item.bytes.data, 1, item.bytes.len, stdout);
	} else {
		printf("leaf %" PRIu64 " %s\n", leaf, hex);
		fwrite(item.record_text.data, 1, item.record_text.len, stdout);
	}
	afd_item_release(&item);
	return 0;
}

/* The head that the store itself has now: what earlier heads must be a prefix of. */
static int head_now(struct session *s, struct verify_head *ret, struct afd_error *err)
{
	AFD_AUTO(mem) char *origin = NULL;

	if (afd_store_meta(s->store, "origin", &origin, err) < 0 || afd_store_size(s->store, &ret->size, err) < 0 ||
	    afd_store_root(s->store, ret->size, &ret->root, err) < 0)
		return -1;
	snprintf(ret->origin, sizeof(ret->origin), "%s", origin ? origin : "");
	ret->known = true;
	return 0;
}

static int verify_session(struct cli *c, struct session *s, struct verify_options *o, int *code, struct afd_error *err)
{
	struct verify_head now = { 0 };
	struct verify v;
	int r;

	o->store = s->store_path;
	r = verify_open(&v, c, o, err);
	v.store = s->store;
	v.store_name = s->store_path;
	v.store_tried = true;
	if (r == 0)
		r = head_now(s, &now, err);
	if (r == 0) {
		verify_ledger(&v);
		verify_cosignatures(&v, s->config);
		verify_earlier(&v, &now, NULL);
		*code = claims_print(c, &v.claims);
	}
	v.store = NULL;
	verify_release(&v);
	return r;
}

int verb_ledger(struct cli *c, int argc, char **argv)
{
	const char *rule = NULL, *actor = NULL, *head = NULL, *out = NULL;
	struct verify_options o = { 0 };
	bool raw = false, writes;
	const struct cli_option options[] = {
		{ "raw", NULL, "show: the bytes instead of the record", &raw, NULL },
		{ "head", "SIZE", "show: the signed head over so many leaves, and its time-stamp, as files", .text = &head },
		{ "out", "PREFIX", "show --head: names of the files (head-SIZE)", .text = &out },
		{ "timestamp-root", "FILE", "verify: root of a time-stamping authority (may be repeated)", .many = &o.stamp_root },
		{ "crl", "FILE", "verify: revocation list (may be repeated)", .many = &o.crl },
		{ "witness", "VKEY", "verify: a witness besides those configured (may be repeated)", .many = &o.witness },
		{ "allow-test", NULL, "verify: accept test authorities", &o.allow_test, NULL },
		{ "rule", "TEXT", "erase: under which rule", NULL, &rule },
		{ "actor", "NAME", "erase: who decided", NULL, &actor },
		{ "vkey", "KEY", "verify: store key that you were given", .text = &o.vkey },
		{ "earlier", "FILE", "verify: report or head that you kept (may be repeated)", .many = &o.earlier },
		{ 0 }
	};
	struct afd_error err = { 0 };
	SESSION s = { 0 };
	uint64_t leaf;
	int code, args, r, result = EXIT_CLEAN;

	if (cli_begin(c, options, argc, argv, 2, &args, &code) < 0)
		return code;
	writes = args == 2 && (strcmp(argv[0], "erase") == 0 || strcmp(argv[0], "cosign") == 0);
	r = session_open(&s, c, writes ? AFD_STORE_WRITE : AFD_STORE_READ, &err);
	if (r < 0)
		return cli_cannot(c, &err);
	if (args == 0)
		r = show_heads(c, &s, &err);
	else if (args == 1 && strcmp(argv[0], "verify") == 0)
		r = verify_session(c, &s, &o, &result, &err);
	else if (args == 1 && strcmp(argv[0], "show") == 0 && head)
		r = export_head(c, &s, head, out, &err);
	else if (args == 2 && strcmp(argv[0], "cosign") == 0)
		r = witness_accept(&s, argv[1], &err);
	else if (args == 2 && strcmp(argv[0], "show") == 0)
		r = show_leaf(&s, argv[1], raw, &err);
	else if (args == 2 && strcmp(argv[0], "erase") == 0 && rule && actor) {
		r = parse_leaf(argv[1], &leaf, &err);
		if (r == 0)
			r = afd_store_erase(s.store, leaf, rule, actor, &c->env, &err);
		if (r == 0)
			r = session_seal(&s, &err);
	} else {
		return cli_usage(c, "ledger [verify | show LEAF [--raw] | show --head SIZE [--out PREFIX] | cosign FILE | erase LEAF --rule TEXT --actor NAME]");
	}
	if (r < 0)
		return cli_cannot(c, &err);
	return cli_finish(c, result, NULL);
}
