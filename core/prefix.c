/* Ranges of addresses: one look-up per prefix length that occurs, however many ranges there are. */
#include <arpa/inet.h>
#include <stdio.h>

#include "core/prefix.h"

static size_t address_bytes(uint8_t family)
{
	return family == 4 ? 4 : 16;
}

/* The bits behind the prefix are zero. */
static bool is_clean(const uint8_t key[AFD_PREFIX_KEY])
{
	size_t n = address_bytes(key[0]);

	for (size_t i = key[1]; i < 8 * n; i++)
		if (key[2 + i / 8] & 0x80 >> i % 8)
			return false;
	return true;
}

int afd_prefix_parse(const char *text, uint8_t ret[AFD_PREFIX_KEY])
{
	const char *slash = strchr(text, '/');
	size_t n = slash ? (size_t)(slash - text) : strlen(text);
	char address[INET6_ADDRSTRLEN];
	unsigned bits = 0;

	memset(ret, 0, AFD_PREFIX_KEY);
	if (n >= sizeof(address))
		return -1;
	memcpy(address, text, n);
	address[n] = 0;
	ret[0] = inet_pton(AF_INET, address, ret + 2) == 1 ? 4 : inet_pton(AF_INET6, address, ret + 2) == 1 ? 6 : 0;
	if (!ret[0])
		return -1;
	ret[1] = (uint8_t)(8 * address_bytes(ret[0]));
	if (!slash)
		return 0;
	if (!slash[1] || strlen(slash + 1) > 3 || strspn(slash + 1, "0123456789") != strlen(slash + 1) ||
	    (slash[1] == '0' && slash[2]))
		return -1;
	for (const char *p = slash + 1; *p; p++)
		bits = bits * 10 + (unsigned)(*p - '0');
	if (bits > ret[1])
		return -1;
	ret[1] = (uint8_t)bits;
	return is_clean(ret) ? 0 : -1;
}

int afd_prefix_text(const uint8_t key[AFD_PREFIX_KEY], char ret[AFD_PREFIX_TEXT])
{
	char address[INET6_ADDRSTRLEN];

	if (!inet_ntop(key[0] == 4 ? AF_INET : AF_INET6, key + 2, address, sizeof(address)))
		return -1;
	snprintf(ret, AFD_PREFIX_TEXT, "%s/%u", address, key[1]);
	return 0;
}

bool afd_prefix_within(const uint8_t narrow[AFD_PREFIX_KEY], const uint8_t wide[AFD_PREFIX_KEY])
{
	if (narrow[0] != wide[0] || narrow[1] < wide[1])
		return false;
	for (size_t i = 0; i < wide[1]; i++)
		if ((narrow[2 + i / 8] ^ wide[2 + i / 8]) & 0x80 >> i % 8)
			return false;
	return true;
}

static size_t place(const struct afd_prefixes *r, const uint8_t key[AFD_PREFIX_KEY])
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);
	size_t i;

	for (i = 0; i < AFD_PREFIX_KEY; i++)
		h = (h ^ key[i]) * UINT64_C(0x100000001b3);
	for (i = (size_t)(h ^ h >> 32) & r->mask; r->key[i][0] && memcmp(r->key[i], key, AFD_PREFIX_KEY) != 0;)
		i = (i + 1) & r->mask;
	return i;
}

int afd_prefixes_begin(struct afd_prefixes *r, size_t n)
{
	size_t size = 4;

	while (size < 2 * n)
		size *= 2;
	r->key = calloc(size, sizeof(*r->key));
	r->mask = size - 1;
	return r->key ? 0 : -1;
}

void afd_prefixes_add(struct afd_prefixes *r, const uint8_t key[AFD_PREFIX_KEY])
{
	size_t at = place(r, key), family = key[0] == 6, i = 0;

	if (r->key[at][0])
		return;
	memcpy(r->key[at], key, AFD_PREFIX_KEY);
	r->n++;
	while (i < r->n_lengths[family] && r->length[family][i] != key[1])
		i++;
	if (i == r->n_lengths[family])
		r->length[family][r->n_lengths[family]++] = key[1];
}

bool afd_prefixes_has(const struct afd_prefixes *r, const uint8_t key[AFD_PREFIX_KEY])
{
	return r->n > 0 && r->key[place(r, key)][0];
}

bool afd_prefixes_hold(const struct afd_prefixes *r, struct afd_slice address)
{
	/* an IPv4 address in IPv6 clothes (RFC 4291, 2.5.5.2) is that address */
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	size_t family = address.len == 16;

	if (r->n == 0 || (address.len != 4 && address.len != 16))
		return false;
	if (family && memcmp(address.data, mapped, 12) == 0 && afd_prefixes_hold(r, afd_slice_sub(address, 12, 4)))
		return true;
	for (size_t i = 0; i < r->n_lengths[family]; i++) {
		uint8_t key[AFD_PREFIX_KEY] = { family ? 6 : 4, r->length[family][i] };
		size_t whole = key[1] / 8;

		memcpy(key + 2, address.data, whole);
		if (key[1] % 8)
			key[2 + whole] = (uint8_t)(address.data[whole] & ~(0xff >> key[1] % 8));
		if (afd_prefixes_has(r, key))
			return true;
	}
	return false;
}

void afd_prefixes_release(struct afd_prefixes *r)
{
	free(r->key);
	*r = (struct afd_prefixes){ 0 };
}
