/* What a service account of Google may do in its project: projects.testIamPermissions, which needs no permission itself and tells which
 * of those that are named the caller holds. It is an API of its own (Cloud Resource Manager): where that is off, nothing is told. */
#include "collector/api/google_audit.h"
#include "collector/api/hosted.h"

int afd_google_ask_permissions(const char *project, const char *permissions, struct afd_ask *q, struct afd_error *err)
{
	const char *base = (const char *)q->url.data;

	/* a service of Google has its host by API; any other address is one server for all */
	if (strncmp(base, "https://", 8) == 0 && strstr(base, ".googleapis.com")) {
		q->url.len = 0;
		if (afd_buf_text(&q->url, "https://cloudresourcemanager.googleapis.com") < 0)
			return afd_fail_memory(err);
	}
	if (afd_buf_text(&q->url, "/v1/projects") < 0 || afd_ask_path(q, project, err) < 0 || afd_buf_text(&q->url, ":testIamPermissions") < 0 ||
	    afd_buf_printf(&q->body, "{\"permissions\":[%s]}", permissions) < 0)
		return afd_fail_memory(err);
	q->media_type = "application/json";
	return 0;
}

bool afd_google_holds_any(void *own, const struct afd_response *r)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;

	(void)own;
	return afd_page_json(r, AFD_MAP, &d, NULL) == 0 && afd_node_items(afd_doc_root(d), "permissions");
}
