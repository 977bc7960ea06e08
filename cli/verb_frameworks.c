#include "cli/session.h"
#include "cli/verbs.h"
#include "core/doc.h"
#include "core/file.h"

static int show_catalogue(const struct cli *c, const struct afd_embedded *e, bool controls, struct afd_error *err)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;
	const struct afd_node *root, *list;
	unsigned live = 0, gone = 0;

	if (afd_json_parse(afd_slice(e->data, e->len), e->path, &d, err) < 0)
		return -1;
	root = afd_doc_root(d);
	list = afd_node_get(root, "controls");
	for (const struct afd_node *n = list ? list->u.list.first : NULL; n; n = n->next) {
		const char *status = afd_node_text(afd_node_get(n, "status")), *id = afd_node_text(afd_node_get(n, "id"));
		bool is_live = status && strcmp(status, "live") == 0;

		live += is_live;
		gone += !is_live;
		if (controls && is_live)
			cli_say(c, "  %-14s %s\n", id, afd_node_text(afd_node_get(n, "title")));
	}
	if (!controls)
		cli_say(c, "  %-18s %-34s %3u live, %3u withdrawn\n", afd_node_text(afd_node_get(root, "id")),
		        afd_node_text(afd_node_get(root, "title")), live, gone);
	if (c->json)
		printf("{\"id\": \"%s\", \"live\": %u, \"withdrawn\": %u}\n", afd_node_text(afd_node_get(root, "id")), live, gone);
	return 0;
}

int verb_frameworks(struct cli *c, int argc, char **argv)
{
	const struct cli_option options[] = { { 0 } };
	struct afd_error err = { 0 };
	bool found = false;
	int code, args;

	if (cli_begin(c, options, argc, argv, 1, &args, &code) < 0)
		return code;
	for (const struct afd_embedded *e = afd_embedded_files; e->path; e++) {
		size_t n = strlen(e->path);

		if (strncmp(e->path, "frameworks/", 11) != 0 || n < 17 || strcmp(e->path + n - 5, ".json") != 0)
			continue;
		if (args && (strlen(argv[0]) != n - 16 || strncmp(e->path + 11, argv[0], n - 16) != 0))
			continue;
		found = true;
		if (show_catalogue(c, e, args == 1, &err) < 0)
			return cli_cannot(c, &err);
	}
	if (args && !found)
		return cli_usage(c, "there is no framework %s; `affidavit frameworks` lists them", cli_safe(argv[0], 60));
	return cli_finish(c, EXIT_CLEAN, args ? NULL : "\nTitles are ours; the official texts are at NIST and OWASP. `affidavit frameworks ID` lists the controls.");
}
