/* Frames of EPP: what we send, and the outcome of what comes back. */
#include "collector/registrar/epp.h"

#include <stdio.h>

#define EPP "urn:ietf:params:xml:ns:epp-1.0"

/* object: announced as objURI, else as extURI */
static const struct { unsigned bit; bool object; const char *uri; } known[] = {
	{ AFD_EPP_DOMAIN, true, "urn:ietf:params:xml:ns:domain-1.0" },
	{ AFD_EPP_HOST, true, "urn:ietf:params:xml:ns:host-1.0" },
	{ AFD_EPP_CONTACT, true, "urn:ietf:params:xml:ns:contact-1.0" },
	{ AFD_EPP_MAINTENANCE, true, "urn:ietf:params:xml:ns:epp:maintenance-1.0" },
	{ AFD_EPP_SECDNS, false, "urn:ietf:params:xml:ns:secDNS-1.1" },
	{ AFD_EPP_RGP, false, "urn:ietf:params:xml:ns:rgp-1.0" },
	{ AFD_EPP_CHANGE, false, "urn:ietf:params:xml:ns:changePoll-1.0" },
	{ AFD_EPP_LOGIN_SEC, false, "urn:ietf:params:xml:ns:epp:loginSec-1.0" },
	{ AFD_EPP_LOCK, false, "urn:se:iis:xml:epp:registryLock-1.0" },
	{ AFD_EPP_UNHANDLED, false, "urn:ietf:params:xml:ns:epp:unhandled-namespaces-1.0" },
};

/* --- reading --- */

static const struct afd_xml_node *top(const struct afd_xml *x, const char *name)
{
	const struct afd_xml_node *root = afd_xml_root(x);

	return afd_xml_name(root) && !strcmp(afd_xml_name(root), "epp") && afd_xml_in(root, EPP) ? afd_xml_child(root, name) : NULL;
}

static void mark(const struct afd_xml_node *list, const char *name, bool object, unsigned *services)
{
	for (const struct afd_xml_node *n = afd_xml_child(list, name); n; n = afd_xml_next(n, name))
		for (size_t i = 0; i < AFD_COUNT(known); i++)
			if (known[i].object == object && afd_xml_text(n) && !strcmp(afd_xml_text(n), known[i].uri))
				*services |= known[i].bit;
}

int afd_epp_greeting(struct afd_slice frame, unsigned *services, struct afd_error *err)
{
	__attribute__((cleanup(afd_xml_release))) struct afd_xml *x = NULL;
	const struct afd_xml_node *menu;

	*services = 0;
	if (afd_xml_parse(frame, "greeting", &x, err) < 0)
		return -1;
	menu = afd_xml_child(top(x, "greeting"), "svcMenu");
	if (!menu)
		return afd_fail(err, AFD_E_PARSE, "greeting: expected <epp><greeting> with a svcMenu (RFC 5730, 2.4)");
	mark(menu, "objURI", true, services);
	mark(afd_xml_child(menu, "svcExtension"), "extURI", false, services);
	return 0;
}

static int64_t number_of(const char *text)
{
	char *end;
	long long v;

	if (!text || !*text || strlen(text) > 15)
		return -1;
	v = strtoll(text, &end, 10);
	return *end || v < 0 ? -1 : v;
}

int afd_epp_result(struct afd_slice frame, struct afd_epp_result *ret, struct afd_error *err)
{
	__attribute__((cleanup(afd_xml_release))) struct afd_xml *x = NULL;
	const struct afd_xml_node *response, *queue;
	const char *id, *trid;

	*ret = (struct afd_epp_result){ .queue = -1 };
	if (afd_xml_parse(frame, "frame", &x, err) < 0)
		return -1;
	response = top(x, "response");
	ret->code = (int)number_of(afd_xml_attribute(afd_xml_child(response, "result"), "code"));
	if (ret->code < 1000 || ret->code > 2999)
		return afd_fail(err, AFD_E_PARSE, "frame: expected <epp><response> with a result code (RFC 5730, 2.6)");
	queue = afd_xml_child(response, "msgQ");
	ret->queue = number_of(afd_xml_attribute(queue, "count"));
	id = afd_xml_attribute(queue, "id");
	trid = afd_xml_text_of(afd_xml_child(response, "trID"), "svTRID");
	if (id && strlen(id) >= sizeof(ret->id))
		return afd_fail(err, AFD_E_PARSE, "frame: the id of a message is longer than %zu bytes", sizeof(ret->id) - 1);
	snprintf(ret->id, sizeof(ret->id), "%s", id ? id : "");
	snprintf(ret->sv_trid, sizeof(ret->sv_trid), "%s", trid ? trid : "");
	return 0;
}

int afd_epp_redact(struct afd_slice frame, struct afd_ranges *cuts, struct afd_error *err)
{
	return afd_xml_secrets_cut(frame, cuts, err);
}

/* --- writing --- */

static int put_text(struct afd_buf *to, struct afd_slice text)
{
	int r = 0;

	for (size_t i = 0; i < text.len && r == 0; i++) {
		const char c = (char)text.data[i];

		r = c == '&' ? afd_buf_text(to, "&amp;") : c == '<' ? afd_buf_text(to, "&lt;") : c == '>' ? afd_buf_text(to, "&gt;") :
		    c == '"' ? afd_buf_text(to, "&quot;") : afd_buf_u8(to, (uint8_t)c);
	}
	return r;
}

static int begin_command(struct afd_buf *to)
{
	return afd_buf_text(to, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<epp xmlns=\"" EPP "\"><command>");
}

static int end_command(struct afd_buf *to, const char *trid)
{
	return afd_buf_printf(to, "<clTRID>%s</clTRID></command></epp>\n", trid);
}

static int put_services(struct afd_buf *to, unsigned services)
{
	int r = afd_buf_text(to, "<svcs>");
	size_t n = 0;

	for (size_t i = 0; i < AFD_COUNT(known) && r >= 0; i++)
		if (known[i].object && (services & known[i].bit))
			r = afd_buf_printf(to, "<objURI>%s</objURI>", known[i].uri);
	for (size_t i = 0; i < AFD_COUNT(known) && r >= 0; i++)
		if (!known[i].object && (services & known[i].bit))
			r = afd_buf_printf(to, "%s<extURI>%s</extURI>", n++ ? "" : "<svcExtension>", known[i].uri);
	return r < 0 ? -1 : afd_buf_printf(to, "%s</svcs>", n ? "</svcExtension>" : "");
}

/* RFC 8807, 4.1: where the server offers it, the password stands in the extension, which allows more than 16 characters. */
static int put_login_security(struct afd_buf *to, const struct afd_epp_login *l)
{
	if (afd_buf_printf(to, "<extension><loginSec:loginSec xmlns:loginSec=\"urn:ietf:params:xml:ns:epp:loginSec-1.0\">"
		    "<loginSec:userAgent><loginSec:app>%s</loginSec:app></loginSec:userAgent><loginSec:pw>", l->agent) < 0 ||
	    put_text(to, l->password) < 0)
		return -1;
	return afd_buf_text(to, "</loginSec:pw></loginSec:loginSec></extension>");
}

int afd_epp_put_login(struct afd_buf *to, const struct afd_epp_login *l, const char *trid)
{
	const bool security = l->services & AFD_EPP_LOGIN_SEC;

	if (begin_command(to) < 0 || afd_buf_text(to, "<login><clID>") < 0 || put_text(to, afd_slice_text(l->client_id)) < 0 ||
	    afd_buf_text(to, "</clID><pw>") < 0 || put_text(to, security ? afd_slice_text("[LOGIN-SECURITY]") : l->password) < 0 ||
	    afd_buf_text(to, "</pw><options><version>1.0</version><lang>en</lang></options>") < 0 || put_services(to, l->services) < 0 ||
	    afd_buf_text(to, "</login>") < 0 || (security && put_login_security(to, l) < 0))
		return -1;
	return end_command(to, trid);
}

int afd_epp_put_info(struct afd_buf *to, const char *domain, const char *trid)
{
	if (begin_command(to) < 0 || afd_buf_text(to, "<info><domain:info xmlns:domain=\"urn:ietf:params:xml:ns:domain-1.0\"><domain:name hosts=\"all\">") < 0 ||
	    put_text(to, afd_slice_text(domain)) < 0 || afd_buf_text(to, "</domain:name></domain:info></info>") < 0)
		return -1;
	return end_command(to, trid);
}

int afd_epp_put_poll(struct afd_buf *to, const char *ack, const char *trid)
{
	if (begin_command(to) < 0)
		return -1;
	if (!ack ? afd_buf_text(to, "<poll op=\"req\"/>") < 0
		 : afd_buf_text(to, "<poll op=\"ack\" msgID=\"") < 0 || put_text(to, afd_slice_text(ack)) < 0 || afd_buf_text(to, "\"/>") < 0)
		return -1;
	return end_command(to, trid);
}

int afd_epp_put_logout(struct afd_buf *to, const char *trid)
{
	return begin_command(to) < 0 || afd_buf_text(to, "<logout/>") < 0 ? -1 : end_command(to, trid);
}
