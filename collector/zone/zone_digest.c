/* What a zone holds as one number: our own digest of its content, and the zone's (ZONEMD, RFC 8976). */
#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>

#include "collector/zone/zone_set.h"

static const char context[] = "affidavit zone content 1\n";

struct into {
	EVP_MD_CTX *md;
	const struct afd_dns_name *zone;
	bool whole;                               /* ZONEMD: everything but what speaks of the digest itself */
};

static int hash_rr(struct into *h, const struct afd_zone_rr *rr, struct afd_error *err)
{
	uint8_t head[AFD_DNS_NAME_MAX + 10];
	size_t n = rr->owner->len;
	const uint64_t fields[] = { rr->type, rr->rclass, rr->ttl, rr->rdata.len };
	const unsigned sizes[] = { 2, 2, 4, 2 };

	memcpy(head, rr->owner->wire, n);
	for (size_t i = 0; i < AFD_COUNT(fields); i++)
		for (unsigned k = sizes[i]; k-- > 0;)
			head[n++] = (uint8_t)(fields[i] >> 8 * k);
	if (EVP_DigestUpdate(h->md, head, n) != 1 || EVP_DigestUpdate(h->md, rr->rdata.data, rr->rdata.len) != 1)
		return afd_fail_memory(err);
	return 0;
}

enum { RRSIG = 46, ZONEMD = 63 };

/* RFC 8976, 3.3.1.2: the ZONEMD of the apex and its signatures are left out. */
static bool speaks_of_digest(const struct into *h, const struct afd_zone_rr *rr)
{
	if (!afd_dns_name_equal(rr->owner, h->zone))
		return false;
	return rr->type == ZONEMD ||
	       (rr->type == RRSIG && rr->rdata.len > 2 && rr->rdata.data[0] == 0 && rr->rdata.data[1] == ZONEMD);
}

static int hash_one(void *ctx, const struct afd_zone_rr *rr, struct afd_error *err)
{
	struct into *h = ctx;

	if (h->whole ? speaks_of_digest(h, rr) : afd_zone_made(rr->type))
		return 0;
	return hash_rr(h, rr, err);
}

static int hash_zone(const struct afd_zone_set *s, const EVP_MD *md, bool whole, uint8_t ret[EVP_MAX_MD_SIZE],
                     struct afd_error *err)
{
	const struct afd_dns_name *zone = afd_zone_set_zone(s);
	struct into h = { EVP_MD_CTX_new(), zone, whole };
	int r = -1;

	if (!h.md || EVP_DigestInit_ex(h.md, md, NULL) != 1 ||
	    (!whole && (EVP_DigestUpdate(h.md, context, sizeof(context) - 1) != 1 ||
	                EVP_DigestUpdate(h.md, zone->wire, zone->len) != 1)))
		afd_fail_memory(err);
	else
		r = afd_zone_set_walk(s, hash_one, &h, err);
	if (r == 0 && EVP_DigestFinal_ex(h.md, ret, NULL) != 1)
		r = afd_fail_memory(err);
	EVP_MD_CTX_free(h.md);
	return r;
}

int afd_zone_set_digest(const struct afd_zone_set *s, struct afd_digest *ret, struct afd_error *err)
{
	uint8_t md[EVP_MAX_MD_SIZE];

	if (hash_zone(s, EVP_sha256(), false, md, err) < 0)
		return -1;
	memcpy(ret->b, md, sizeof(ret->b));
	return 0;
}

/* --- ZONEMD --- */

const char *afd_zonemd_name(enum afd_zonemd v)
{
	static const char *const names[] = {
		[AFD_ZONEMD_ABSENT] = "absent", [AFD_ZONEMD_UNSUPPORTED] = "unsupported", [AFD_ZONEMD_FAILED] = "failed",
		[AFD_ZONEMD_VERIFIED] = "verified",
	};
	return names[v];
}

enum { MAX_SEEN = 16 };
struct apex {                                     /* SOA and ZONEMD as the apex has them */
	const struct afd_dns_name *zone;
	bool soa;
	uint32_t serial;
	struct afd_slice md[MAX_SEEN];
	size_t n;
	bool passed;
};

static uint32_t be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static int find(void *ctx, const struct afd_zone_rr *rr, struct afd_error *err)
{
	struct apex *a = ctx;

	(void)err;
	/* In canonical order the apex comes first: nothing is to be found behind it. */
	a->passed = !afd_dns_name_equal(rr->owner, a->zone);
	if (a->passed)
		return -1;
	if (rr->type == AFD_DNS_SOA && rr->rdata.len >= 20) {
		a->soa = true;
		a->serial = be32(rr->rdata.data + rr->rdata.len - 20);
	}
	if (rr->type == ZONEMD && a->n < MAX_SEEN)
		a->md[a->n++] = rr->rdata;
	return 0;
}

struct hash { const EVP_MD *(*md)(void); size_t size; };
static const struct hash *hash_of(unsigned algorithm)
{
	static const struct hash sha384 = { EVP_sha384, 48 }, sha512 = { EVP_sha512, 64 };

	return algorithm == 1 ? &sha384 : algorithm == 2 ? &sha512 : NULL;
}

/* RFC 8976, 4: a scheme and algorithm that stands there twice is void. */
static bool doubled(const struct apex *a, size_t i)
{
	for (size_t k = 0; k < a->n; k++)
		if (k != i && a->md[k].len > 6 && memcmp(a->md[k].data + 4, a->md[i].data + 4, 2) == 0)
			return true;
	return false;
}

int afd_zone_set_zonemd(const struct afd_zone_set *s, enum afd_zonemd *ret, char why[160], struct afd_error *err)
{
	struct apex a = { .zone = afd_zone_set_zone(s) };
	uint8_t md[EVP_MAX_MD_SIZE];

	if (afd_zone_set_walk(s, find, &a, err) < 0 && !a.passed)
		return -1;
	*ret = a.n ? AFD_ZONEMD_UNSUPPORTED : AFD_ZONEMD_ABSENT;
	snprintf(why, 160, "%s", a.n ? "no ZONEMD of scheme SIMPLE with SHA-384 or SHA-512" : "the zone publishes none");
	for (size_t i = 0; i < a.n; i++) {
		const struct afd_slice d = a.md[i];
		const struct hash *h = d.len > 6 && d.data[4] == 1 ? hash_of(d.data[5]) : NULL;
		if (!h)
			continue;
		*ret = AFD_ZONEMD_FAILED;
		if (!a.soa || be32(d.data) != a.serial) {
			snprintf(why, 160, "ZONEMD of serial %" PRIu32 ", and the SOA has %" PRIu32, be32(d.data), a.serial);
			continue;
		}
		if (doubled(&a, i)) {
			snprintf(why, 160, "two ZONEMD of one scheme and algorithm");
			continue;
		}
		if (d.len != 6 + h->size) {
			snprintf(why, 160, "a digest of %zu bytes where %zu are due", d.len - 6, h->size);
			continue;
		}
		if (hash_zone(s, h->md(), true, md, err) < 0)
			return -1;
		if (memcmp(md, d.data + 6, h->size) == 0) {
			*ret = AFD_ZONEMD_VERIFIED;
			snprintf(why, 160, "serial %" PRIu32 ", %s", a.serial, h->size == 48 ? "SHA-384" : "SHA-512");
			return 0;
		}
		snprintf(why, 160, "the zone's records have another digest than its ZONEMD of serial %" PRIu32, a.serial);
	}
	return 0;
}
