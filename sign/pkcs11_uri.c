/* "pkcs11:" names of keys (RFC 7512). */
#include "sign/signer.h"

#define MAX_URI 4096u

struct parsed { struct afd_pkcs11 *where; const char *pin_source, *type; };

enum place { MODULE, TOKEN, SERIAL, MANUFACTURER, MODEL, OBJECT, ID, SLOT, TYPE, PIN_SOURCE, PIN_VALUE };
static const struct { const char *name; bool query; enum place place; } attributes[] = {
	{ "id", false, ID }, { "manufacturer", false, MANUFACTURER }, { "model", false, MODEL }, { "object", false, OBJECT },
	{ "serial", false, SERIAL }, { "slot-id", false, SLOT }, { "token", false, TOKEN }, { "type", false, TYPE },
	{ "module-path", true, MODULE }, { "pin-source", true, PIN_SOURCE }, { "pin-value", true, PIN_VALUE },
};

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* In place; returns the length, or -1. */
static long decode(char *s)
{
	char *w = s;

	for (char *p = s; *p; p++) {
		if (*p != '%') {
			*w++ = *p;
			continue;
		}
		if (digit(p[1]) < 0 || digit(p[2]) < 0)
			return -1;
		*w++ = (char)(digit(p[1]) << 4 | digit(p[2]));
		p += 2;
	}
	*w = '\0';
	return w - s;
}

static int set(struct parsed *u, enum place at, char *value, size_t n, struct afd_error *err)
{
	char *end;

	switch (at) {
	case MODULE: u->where->module = value; break;
	case TOKEN: u->where->token = value; break;
	case SERIAL: u->where->serial = value; break;
	case MANUFACTURER: u->where->manufacturer = value; break;
	case MODEL: u->where->model = value; break;
	case OBJECT: u->where->object = value; break;
	case ID: u->where->id = afd_slice(value, n); break;
	case TYPE: u->type = value; break;
	case PIN_SOURCE: u->pin_source = value; break;
	case PIN_VALUE:
		OPENSSL_cleanse(value, n);
		return afd_fail(err, AFD_E_CONFIG, "pkcs11: pin-value would show the PIN in the list of processes; use pin-source=file:PATH "
		                "or --passphrase");
	case SLOT:
		u->where->slot = strtol(value, &end, 10);
		if (*end || end == value || u->where->slot < 0)
			return afd_fail(err, AFD_E_CONFIG, "pkcs11: slot-id: expected a number");
	}
	return 0;
}

static int take(struct parsed *u, char *text, bool query, struct afd_error *err)
{
	char *value = strchr(text, '=');
	long n;

	if (!value)
		return afd_fail(err, AFD_E_CONFIG, "pkcs11: expected attributes as NAME=VALUE");
	*value++ = '\0';
	if (strncmp(text, "x-", 2) == 0)
		return 0;                      /* vendors' own (RFC 7512, 2.3) */
	n = decode(value);
	for (size_t i = 0; i < AFD_COUNT(attributes); i++) {
		if (attributes[i].query != query || strcmp(attributes[i].name, text) != 0)
			continue;
		if (n <= 0 || (attributes[i].place != ID && memchr(value, 0, (size_t)n)))
			return afd_fail(err, AFD_E_CONFIG, "pkcs11: %s: expected a value", text);
		return set(u, attributes[i].place, value, (size_t)n, err);
	}
	return afd_fail(err, AFD_E_CONFIG, "pkcs11: unknown attribute in the %s of the URI; expected token, serial, manufacturer, model, "
	                "object, id, slot-id, type; after '?' module-path, pin-source", query ? "query" : "path");
}

static int take_all(struct parsed *u, char *text, bool query, struct afd_error *err)
{
	char *next;

	for (; text && *text; text = next) {
		next = strchr(text, query ? '&' : ';');
		if (next)
			*next++ = '\0';
		if (*text && take(u, text, query, err) < 0)
			return -1;
	}
	return 0;
}

int afd_pkcs11_uri(const char *uri, struct afd_buf *keep, struct afd_pkcs11 *ret, const char **ret_pin_source, struct afd_error *err)
{
	static const char scheme[] = "pkcs11:";
	const size_t skip = sizeof(scheme) - 1;
	struct parsed u = { .where = ret };
	char *path, *query;

	*ret = (struct afd_pkcs11){ .slot = -1 };
	if (strncmp(uri, scheme, skip) != 0 || strlen(uri) > MAX_URI)
		return afd_fail(err, AFD_E_CONFIG, "expected pkcs11:token=...;object=...?module-path=... of at most %u bytes", MAX_URI);
	keep->len = 0;
	if (afd_buf_text(keep, uri + skip) < 0)
		return afd_fail_memory(err);
	path = (char *)keep->data;
	query = strchr(path, '?');
	if (query)
		*query++ = '\0';
	if (take_all(&u, path, false, err) < 0 || take_all(&u, query, true, err) < 0)
		return -1;
	if (u.type && strcmp(u.type, "private") != 0)
		return afd_fail(err, AFD_E_CONFIG, "pkcs11: type: expected private, the key that signs");
	if (!ret->module || ret->module[0] != '/')
		return afd_fail(err, AFD_E_CONFIG, "pkcs11: expected ?module-path= with the whole path of the vendor's module, as in "
		                "/usr/lib/softhsm/libsofthsm2.so");
	*ret_pin_source = u.pin_source;
	return 0;
}
