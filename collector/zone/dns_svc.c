/* Service parameters of SVCB and HTTPS (RFC 9460) read from text. */
#include "collector/zone/dns_layout.h"

#include <arpa/inet.h>

#include "core/digest.h"

enum { MAX_PARAMS = 64, MAX_VALUE = 4096 };

static int key_parse(struct afd_slice t, uint64_t *ret)
{
	for (unsigned i = 0; i < AFD_SVC_KEYS; i++)
		if (afd_rdata_word_is(t, afd_rdata_svc_keys[i]))
			return *ret = i, 0;
	if (t.len <= 3 || strncasecmp((const char *)t.data, "key", 3) != 0)
		return -1;
	return afd_rdata_number(afd_slice_sub(t, 3, t.len), 65535, ret);
}

/* The next piece of a list: up to a comma that no backslash stands before (RFC 9460, A.1); escapes of this second layer
 * undone. false: LIST is at its end. */
static bool next_piece(struct afd_slice *list, uint8_t piece[MAX_VALUE], size_t *n)
{
	size_t i = 0;

	*n = 0;
	if (list->len == 0)
		return false;
	for (; i < list->len && list->data[i] != ','; i++) {
		if (list->data[i] == '\\' && i + 1 < list->len)
			i++;
		piece[(*n)++] = list->data[i];
	}
	/* "a," has an empty piece behind its comma: left as one comma, it is found empty the next time. */
	*list = i + 1 == list->len ? afd_slice(list->data + i, 1) : afd_slice_sub(*list, i + 1, list->len);
	return true;
}

static int put_list(struct afd_words *w, uint64_t key, struct afd_slice v, struct afd_wire *out)
{
	uint8_t piece[MAX_VALUE];
	const size_t first = out->len;
	size_t n;
	uint64_t k;

	while (next_piece(&v, piece, &n)) {
		const struct afd_slice one = afd_slice(piece, n);
		int bad;
		if (key == SVC_MANDATORY)
			bad = key_parse(one, &k) < 0 ? -1 : afd_wire_number(out, 2, k);
		else if (key == SVC_ALPN)
			bad = n == 0 || n > 255 || afd_wire_number(out, 1, n) < 0 ? -1 : afd_wire_add(out, piece, n);
		else
			bad = afd_words_put_address(w, one, key == SVC_IPV4HINT ? AF_INET : AF_INET6, out);
		if (bad < 0)
			return -1;
	}
	for (size_t i = first + 2; key == SVC_MANDATORY && i < out->len; i += 2)   /* 8: ascending on the wire */
		for (size_t j = i; j > first && memcmp(out->data + j - 2, out->data + j, 2) > 0; j -= 2) {
			uint8_t keep[2];
			memcpy(keep, out->data + j, 2);
			memcpy(out->data + j, out->data + j - 2, 2);
			memcpy(out->data + j - 2, keep, 2);
		}
	return out->len > first ? 0 : -1;
}

/* Written keys (alpn) have their own form of value; "keyN" always gives bytes. V: without escapes. */
static int put_value(struct afd_words *w, uint64_t key, bool generic, struct afd_slice v, struct afd_wire *out)
{
	AFD_AUTO(buf) struct afd_buf bytes = { .max = MAX_VALUE };
	uint64_t port;

	if (generic)
		return afd_wire_add(out, v.data, v.len);
	switch (key) {
	case SVC_MANDATORY: case SVC_ALPN: case SVC_IPV4HINT: case SVC_IPV6HINT:
		return put_list(w, key, v, out);
	case SVC_PORT:
		return afd_rdata_number(v, 65535, &port) < 0 ? -1 : afd_wire_number(out, 2, port);
	case SVC_ECH:
		return afd_unbase64(v, &bytes) < 0 ? -1 : afd_wire_add(out, bytes.data, bytes.len);
	case SVC_NO_DEFAULT_ALPN: case SVC_OHTTP:
		return v.len ? -1 : 0;
	default:
		return afd_wire_add(out, v.data, v.len);
	}
}

struct param { uint16_t key; struct afd_slice value; bool generic; };

static int read_param(struct afd_words *w, const struct afd_word *t, struct param *ret)
{
	const uint8_t *eq = memchr(t->p, '=', t->len);
	const struct afd_slice name = afd_slice(t->p, eq ? (size_t)(eq - t->p) : t->len);
	struct afd_slice v = afd_slice_sub(afd_word_slice(t), name.len + (eq != NULL), t->len);
	uint64_t key;

	if (t->quoted || key_parse(name, &key) < 0)
		return afd_words_fail(w, "a service parameter");
	if (v.len >= 2 && v.data[0] == '"' && v.data[v.len - 1] == '"')
		v = afd_slice_sub(v, 1, v.len - 2);
	*ret = (struct param){ (uint16_t)key, v, strncasecmp((const char *)name.data, "key", 3) == 0 };
	return 0;
}

static int put_param(struct afd_words *w, const struct param *p, struct afd_wire *out)
{
	uint8_t value[MAX_VALUE];
	struct afd_wire v = { value, 0, sizeof(value) };
	const size_t at = out->len;

	if (afd_words_unescape(w, p->value, &v) < 0 || afd_wire_number(out, 2, p->key) < 0 || afd_wire_number(out, 2, 0) < 0 ||
	    put_value(w, p->key, p->generic, afd_slice(value, v.len), out) < 0)
		return afd_words_fail(w, "a value of this service parameter's form");
	out->data[at + 2] = (uint8_t)((out->len - at - 4) >> 8);
	out->data[at + 3] = (uint8_t)(out->len - at - 4);
	return 0;
}

int afd_words_put_svc(struct afd_words *w, struct afd_wire *out)
{
	struct param param[MAX_PARAMS];
	struct afd_word t;
	size_t n = 0;

	while (afd_word_next(w, &t)) {
		struct param p;
		if (n == MAX_PARAMS)
			return afd_words_fail(w, "fewer service parameters");
		if (read_param(w, &t, &p) < 0)
			return -1;
		/* On the wire keys rise (RFC 9460, 2.2); writers need not keep that order. */
		size_t i = n++;
		for (; i > 0 && param[i - 1].key >= p.key; i--) {
			if (param[i - 1].key == p.key)
				return afd_words_fail(w, "each service parameter once");
			param[i] = param[i - 1];
		}
		param[i] = p;
	}
	if (w->why)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (put_param(w, &param[i], out) < 0)
			return -1;
	return 0;
}
