#include "server.h"

#include <ldns/ldns.h>

#include "collector/zone/tsig.h"
#include "core/digest.h"
#include "core/file.h"

#define NOW 1795304512u

static void set_key(struct afd_tsig_key *k)
{
	assert_int_equal(afd_tsig_key_set(k, KEY_NAME, "hmac-sha256", afd_slice_text(SECRET), NULL), 0);
}

static const struct { const char *algorithm, *name, *error; size_t size; } key_row[] = {
	{ "hmac-sha256", "k", NULL, 32 }, { "HMAC-SHA384", "k", NULL, 48 }, { "hmac-sha512", "k", NULL, 64 }, { "hmac-sha224", "k", NULL, 28 },
	{ "hmac-sha1", "k", "algorithm: hmac-sha1 is refused (RFC 8945, 6 does not recommend it); make a key with hmac-sha256", 0 },
	{ "hmac-md5", "k", "algorithm: hmac-md5 is refused (RFC 8945, 6 forbids it); make a key with hmac-sha256", 0 },
	{ "hmac-md5.sig-alg.reg.int", "k", "algorithm: hmac-md5.sig-alg.reg.int is refused (RFC 8945, 6 forbids it); make a key with hmac-sha256", 0 },
	{ "sha256", "k", "algorithm: expected hmac-sha256, hmac-sha384, hmac-sha512 or hmac-sha224, got \"sha256\"", 0 },
	{ "hmac-sha256", "a..b", "name: name: empty label", 0 },
};

static void keys_are_of_sha2(void **state)
{
	(void)state;
	for (size_t i = 0; i < AFD_COUNT(key_row); i++) {
		struct afd_tsig_key k = { 0 };
		struct afd_error err = { 0 };
		int r = afd_tsig_key_set(&k, key_row[i].name, key_row[i].algorithm, SLICE("secret"), &err);
		row_text(r < 0 ? err.text : "", key_row[i].error ? key_row[i].error : "", key_row[i].algorithm);
		if (r == 0)
			assert_int_equal(k.alg->size, key_row[i].size);
		afd_tsig_key_release(&k);
	}
	struct afd_tsig_key k = { 0 };
	assert_int_equal(afd_tsig_key_set(&k, "k", "hmac-sha256", SLICE(""), NULL), -1);
}

/* What we sign verifies in ldns, for each algorithm that it knows. */
static void ldns_accepts_our_requests(void **state)
{
	static const char *const algorithms[] = { "hmac-sha256", "hmac-sha512" };

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(algorithms); i++) {
		AFD_AUTO(buf) struct afd_buf msg = { 0 }, secret = { 0 };
		struct afd_tsig_key k = { 0 };
		struct afd_dns_name zone;
		struct afd_dns_message m;
		struct afd_tsig t;
		uint8_t mac[AFD_TSIG_MAC_MAX];
		size_t mac_len;
		ldns_pkt *p = NULL;

		assert_int_equal(afd_tsig_key_set(&k, "Audit-Key.Example.", algorithms[i], afd_slice_text(SECRET), NULL), 0);
		assert_int_equal(afd_dns_name_parse(SLICE("example.test"), &zone, NULL), 0);
		assert_int_equal(afd_dns_transfer_query(&msg, 4711, &zone, &(uint32_t){ 7 }, NULL), 0);
		assert_int_equal(afd_tsig_sign(&k, NOW, &msg, mac, &mac_len, NULL), 0);
		assert_int_equal(mac_len, k.alg->size);
		assert_int_equal(afd_dns_parse(afd_buf_slice(&msg), &m, NULL), 0);
		assert_int_equal(afd_tsig_check_request(&k, &m, &t, NULL), 0);
		assert_int_equal(t.time, NOW);

		assert_int_equal(ldns_wire2pkt(&p, msg.data, msg.len), LDNS_STATUS_OK);
		assert_int_equal(afd_base64(afd_slice_text(SECRET), &secret), 0);
		bool good = ldns_pkt_tsig_verify(p, msg.data, msg.len, "audit-key.example.", (char *)secret.data, NULL);
		row_true(good, algorithms[i]);
		/* and one bit later it does not, here or there */
		msg.data[AFD_DNS_HEADER + 1] ^= 1;
		assert_int_equal(afd_dns_parse(afd_buf_slice(&msg), &m, NULL), 0);
		assert_int_equal(afd_tsig_check_request(&k, &m, &t, NULL), -1);
		ldns_pkt_free(p);
		afd_tsig_key_release(&k);
	}
}

/* --- a stream of answers --- */

/* One letter for each message, what is done to it:
 *   s signed  u unsigned  then what is wrong: k other key name  K other secret  b bit flipped behind the signature  a other
 *   algorithm's length (cut MAC)  t 301 s late  T 300 s late  < signed a second before the one in front  e BADKEY without a MAC  E BADTIME with one
 *   2 two signatures  m signed, TSIG not last  l all variables where timers are due  S timers only where all are due */
static const struct { const char *row, *messages, *error; } stream_row[] = {
	{ "one message", "s", NULL },
	{ "all signed", "sss", NULL },
	{ "unsigned between", "suus", NULL },
	{ "300 seconds are allowed", "T", NULL },
	{ "not signed at all", "u", "message 1: the first message is not signed (RFC 8945, 5.3.1)" },
	{ "first not signed", "us", "message 1: the first message is not signed (RFC 8945, 5.3.1)" },
	{ "last not signed", "su", "end: the last message is not signed (RFC 8945, 5.3.1)" },
	{ "nothing", "", "end: the last message is not signed (RFC 8945, 5.3.1)" },
	{ "other key name", "k", "message 1: BADKEY: signed with key \"other-key\", expected \"audit-key\"" },
	{ "other secret", "K", "message 1: BADSIG: the signature does not verify" },
	{ "other secret later", "ssK", "message 3: BADSIG: the signature does not verify" },
	{ "a bit flipped", "b", "message 1: BADSIG: the signature does not verify" },
	{ "a bit flipped later", "sb", "message 2: BADSIG: the signature does not verify" },
	{ "a bit flipped in an unsigned one", "svs", "message 3: BADSIG: the signature does not verify" },
	{ "MAC of half the length", "a", "message 1: BADTRUNC: MAC of 16 bytes, expected all 32" },
	{ "late", "t", "message 1: BADTIME: signed 301 seconds away from our clock, allowed 300; no clock was adjusted" },
	{ "going back in time", "s<", "message 2: BADTIME: signed 1 seconds before the message in front of it" },
	{ "refused without signature", "e", "message 1: the server refused our signature with BADKEY; its answer is not signed" },
	{ "refused by its clock", "E", "message 1: BADTIME: the server's clock says 2026-11-22T00:00:00.000Z, ours said 2026-11-21T23:41:52.000Z; no clock was adjusted" },
	{ "two signatures", "2", "message 1: TSIG: not the last record of the additional section (RFC 8945, 5.2)" },
	{ "not the last record", "m", "message 1: TSIG: not the last record of the additional section (RFC 8945, 5.2)" },
	{ "all variables where timers are due", "sl", "message 2: BADSIG: the signature does not verify" },
	{ "timers where all variables are due", "S", "message 1: BADSIG: the signature does not verify" },
};

static void new_answer(struct afd_buf *b, unsigned i)
{
	AFD_AUTO(buf) struct afd_buf q = unhex("1267 8400 0001 0001 0000 0000 0474657374 00 00fc 0001 c00c 0001 0001 0000003c 0004 c0000200");

	b->len = 0;
	put(b, q.data, q.len);
	b->data[b->len - 1] = (uint8_t)i;
}

static int run_stream(const char *messages, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf prior = { 0 }, hold = { 0 }, b = { 0 };
	struct afd_tsig_key k = { 0 };
	struct afd_tsig_stream s;
	uint8_t other[6] = { 0, 0, 0x6b, 0x02, 0x30, 0x80 };
	int r = 0;

	set_key(&k);
	put(&prior, "request MAC, as it was sent, ...", 32);
	assert_int_equal(afd_tsig_stream_begin(&s, &k, afd_buf_slice(&prior), NULL), 0);
	for (unsigned i = 0; r == 0 && messages[i]; i++) {
		struct answer how = { 0 };
		struct afd_dns_message m;
		char c = messages[i];
		uint64_t time = c == 't' ? NOW - 301 : c == 'T' ? NOW - 300 : c == '<' ? NOW - 1 : NOW;

		new_answer(&b, i);
		if (c == 'u' || c == 'v') {
			put16(&hold, 0);
			hold.len -= 2;
			put(&hold, b.data, b.len);
		} else {
			if (c == 'k')
				how = (struct answer){ .key_wire = "\11other-key", .key_len = 11 };
			how.secret = c == 'K' ? "another secret" : NULL;
			how.mac_len = c == 'a' ? 16 : c == 'e' ? SIZE_MAX : 0;
			how.error = c == 'e' ? 17 : c == 'E' ? 18 : 0;
			how.other = other;
			how.other_len = c == 'E' ? 6 : 0;
			how.all_variables = c == 'l';
			how.timers_only = c == 'S';
			sign_answer(&b, time, i == 0, &prior, &hold, how);
			if (c == '2') {
				AFD_AUTO(buf) struct afd_buf none = { 0 };
				sign_answer(&b, time, i == 0, &prior, &none, how);
			}
			if (c == 'm') {
				AFD_AUTO(buf) struct afd_buf rr = unhex("c00c 0001 0001 0000003c 0004 c0000263");
				put(&b, rr.data, rr.len);
				b.data[11]++;
			}
		}
		if (c == 'b' || c == 'v')
			b.data[37] ^= 1;
		assert_int_equal(afd_dns_parse(afd_buf_slice(&b), &m, NULL), 0);
		r = afd_tsig_stream_add(&s, &m, NOW, err);
		if (r < 0)
			afd_within(err, "message %u", i + 1);
	}
	if (r == 0 && (r = afd_tsig_stream_end(&s, err)) < 0)
		afd_within(err, "end");
	afd_tsig_stream_release(&s);
	afd_tsig_key_release(&k);
	return r;
}

static void streams_are_held_to_the_rules(void **state)
{
	(void)state;
	for (size_t i = 0; i < AFD_COUNT(stream_row); i++) {
		struct afd_error err = { 0 };
		int r = run_stream(stream_row[i].messages, &err);
		row_text(r < 0 ? err.text : "", stream_row[i].error ? stream_row[i].error : "", stream_row[i].row);
	}
}

static void ninety_nine_unsigned_and_no_more(void **state)
{
	char messages[256];
	struct afd_error err = { 0 };

	(void)state;
	for (int n = 99; n <= 100; n++) {
		memset(messages, 'u', sizeof(messages));
		messages[0] = messages[n + 1] = 's';
		messages[n + 2] = 0;
		assert_int_equal(run_stream(messages, &err), n == 99 ? 0 : -1);
	}
	assert_string_equal(err.text, "message 101: more than 99 messages in a row are not signed (RFC 8945, 5.3.1)");
	/* the count begins again behind a signed one */
	memset(messages, 'u', sizeof(messages));
	messages[0] = messages[100] = messages[200] = 's';
	messages[201] = 0;
	assert_int_equal(run_stream(messages, &err), 0);
}

/* --- updates that BIND received, as dnstap recorded them: signed by nsupdate --- */

/* A field of protocol buffers; false at the end. */
static bool next_field(struct afd_reader *r, unsigned *number, struct afd_slice *ret)
{
	uint64_t v[2] = { 0, 0 };
	unsigned kind;

	if (afd_reader_left(r) == 0)
		return false;
	for (int i = 0; i < 2; i++) {
		unsigned shift = 0;
		uint8_t b;
		do {
			b = afd_read_u8(r);
			v[i] |= (uint64_t)(b & 127) << shift;
			shift += 7;
		} while (b & 128 && shift < 63);
		kind = (unsigned)(v[0] & 7);
		if (i == 0 && (kind == 5 || kind == 1))
			break;
	}
	kind = (unsigned)(v[0] & 7);
	*number = (unsigned)(v[0] >> 3);
	*ret = kind == 2 ? afd_read_bytes(r, v[1]) : kind == 5 ? afd_read_bytes(r, 4) : kind == 1 ? afd_read_bytes(r, 8) : afd_slice(NULL, 0);
	return !r->bad;
}

static void recorded_updates_verify(void **state)
{
	static const struct { const char *name, *secret; } keys[] = {
		{ "acme-certbot-web01", "tf39VPAnMSka4KD71C9BSapbyf6JOsgI0t1rg4v/AIM=" }, { "dns-admin-alice", "tmEUee3eC1quviKL5bhxkVnm1SPZI6DIB1aYY7S3Rzw=" },
	};
	const char *sample = "zone/bind918/bind-update.dnstap";
	unsigned verified = 0, unsigned_ones = 0, other_key = 0;

	(void)state;
	if (!has_sample(sample))
		skip();
	AFD_AUTO(mem) char *path = sample_path(sample);
	AFD_AUTO(buf) struct afd_buf file = { 0 };
	assert_int_equal(afd_file_read(path, 1 << 20, &file, NULL), 0);
	for (struct afd_reader r = afd_reader(afd_buf_slice(&file)); afd_reader_left(&r) > 0 && !r.bad;) {
		uint32_t len = afd_read_u32(&r);
		struct afd_slice frame = afd_read_bytes(&r, len ? len : afd_read_u32(&r)), field, inner;
		unsigned number;
		if (len == 0)
			continue;      /* a control frame */
		for (struct afd_reader f = afd_reader(frame); next_field(&f, &number, &field);) {
			if (number != 14)
				continue;
			for (struct afd_reader g = afd_reader(field); next_field(&g, &number, &inner);) {
				struct afd_dns_message m;
				struct afd_tsig t;
				if (number != 10)
					continue;
				assert_int_equal(afd_dns_parse(inner, &m, NULL), 0);
				if (afd_tsig_find(&m, &t, NULL) == 0) {
					unsigned_ones++;
					continue;
				}
				for (size_t k = 0; k < AFD_COUNT(keys); k++) {
					AFD_AUTO(buf) struct afd_buf secret = { 0 };
					struct afd_tsig_key key = { 0 };
					assert_int_equal(afd_unbase64(afd_slice_text(keys[k].secret), &secret), 0);
					assert_int_equal(afd_tsig_key_set(&key, keys[k].name, "hmac-sha256", afd_buf_slice(&secret), NULL), 0);
					if (afd_tsig_check_request(&key, &m, &t, NULL) == 0)
						verified++;
					else
						other_key++;
					afd_tsig_key_release(&key);
				}
			}
		}
	}
	assert_int_equal(verified, 10);
	assert_int_equal(other_key, 10);
	assert_int_equal(unsigned_ones, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_are_of_sha2),
		cmocka_unit_test(ldns_accepts_our_requests),
		cmocka_unit_test(streams_are_held_to_the_rules),
		cmocka_unit_test(ninety_nine_unsigned_and_no_more),
		cmocka_unit_test(recorded_updates_verify),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
