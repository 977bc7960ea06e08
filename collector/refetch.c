#include <stdio.h>

#include "collector/ct/ct_item.h"
#include "collector/ct/ct_refetch.h"
#include "collector/engine.h"

void afd_refetched_release(struct afd_refetched *r)
{
	free(r->hit);
	*r = (struct afd_refetched){ 0 };
}

/* Nothing is kept; what the run says last is why. */
static int no_item(void *ctx, const struct afd_draft *d, struct afd_error *err)
{
	(void)ctx, (void)d, (void)err;
	return 0;
}

static int note_gap(void *ctx, const struct afd_row_coverage *c, struct afd_error *err)
{
	(void)err;
	if (c->grade == AFD_GAP)
		snprintf(ctx, sizeof(((struct afd_refetched *)0)->why), "%s", c->reason ? c->reason : "");
	return 0;
}

static int no_checkpoint(void *ctx, const char *cursor, struct afd_error *err)
{
	(void)ctx, (void)cursor, (void)err;
	return 0;
}

static int walk(struct run *r, void *state, struct afd_keeper *keep, struct afd_error *err)
{
	const struct afd_provider *p = r->s->provider;

	for (;;) {
		struct afd_request q = { 0 };
		struct afd_response answer;
		struct afd_error why = { 0 };
		int more = p->next(state, &q, err), got;

		if (more <= 0)
			return more;
		if (r->c->stop && *r->c->stop)
			return 0;
		got = afd_run_ask_ahead(r, state, &q, &answer, &why);
		if (p->take(state, got < 0 ? NULL : &answer, got < 0 ? &why : NULL, keep, err) < 0)
			return -1;
	}
}

int afd_refetch(const struct afd_collect *c, const struct afd_source *s, struct afd_slice range, const char *url,
                struct afd_refetched *ret, struct afd_error *err)
{
	const struct afd_source_config config = {
		.name = s->name, .doc = s->doc, .node = s->node, .base_dir = s->base_dir, .watch = c->watch, .env = c->env, .contact = c->contact,
	};
	struct run r = { .c = c, .s = s };
	char why[sizeof(ret->why)] = "";
	struct afd_keeper keep = { .ctx = why, .item = no_item, .cover = note_gap, .checkpoint = no_checkpoint };
	void *state = NULL;
	int rc;

	*ret = (struct afd_refetched){ 0 };
	rc = afd_ct_refetch_begin(s, &config, range, url, ret, &state, err);
	if (rc == 0)
		rc = walk(&r, state, &keep, err);
	if (rc == 0)
		rc = afd_ct_refetch_result(state, range, why, ret, err);
	afd_transport_forget(c->transport);
	if (state)
		s->provider->end(state);
	return rc;
}

int afd_refetch_watch(struct afd_slice range, struct afd_hex64 *ret, struct afd_error *err)
{
	AFD_AUTO(doc) struct afd_doc *doc = NULL;
	struct afd_ct_range item;
	const char *log;

	if (afd_ct_range_read(range, &doc, &item, &log, err) < 0)
		return -1;
	if (strlen(item.watch) >= sizeof(ret->s))
		return afd_fail(err, AFD_E_PARSE, "range: watch: expected a digest");
	snprintf(ret->s, sizeof(ret->s), "%s", item.watch);
	return 0;
}

bool afd_refetch_is_entry(struct afd_slice entry, const char *log, uint64_t index, const struct afd_digest *leaf)
{
	AFD_AUTO(doc) struct afd_doc *doc = NULL;
	AFD_AUTO(buf) struct afd_buf input = { 0 };
	const struct afd_node *root, *at;
	const char *of, *text;
	struct afd_digest d;

	if (afd_json_parse(entry, "entry", &doc, NULL) < 0)
		return false;
	root = afd_doc_root(doc);
	of = afd_node_text(afd_node_get(root, "log"));
	text = afd_node_text(afd_node_get(root, "leaf_input"));
	at = afd_node_get(root, "index");
	if (!of || !text || strcmp(of, log) != 0 || !at || at->type != AFD_INT || at->u.i < 0 || (uint64_t)at->u.i != index ||
	    afd_unbase64(afd_slice_text(text), &input) < 0)
		return false;
	afd_merkle_leaf(afd_buf_slice(&input), &d);
	return afd_digest_equal(&d, leaf);
}
