#include "server.h"

#include <sys/stat.h>
#include <unistd.h>

#include "collector/table.h"
#include "collector/zone/tsig.h"
#include "core/digest.h"
#include "core/file.h"
#include "run.h"

#define T0  INT64_C(1795304520000)
#define NOW 1795304520u

/* --- exchanges in words ---
 * A query: "AXFR" or "IXFR 5". Each message: its records with blanks between them: S5 is the SOA of serial 5, s5 one with
 * another mailbox, a1 an A record at a1.example.test, x1 one outside of the zone; "-" is a message without records. */

struct script {
	const char *query, *message[8];
	const char *zone;                         /* NULL: example.test */
	struct answer how; int how_at;            /* message whose signature is made so */
	bool plain;                               /* no signatures at all */
	int skip;                                 /* message not sent, from 1 */
	int swap;                                 /* message sent after the one that follows it, from 1 */
	int flip; size_t flip_at;                 /* message in which the bit at this byte from its end is flipped, from 1 */
	int unsigned_from, unsigned_to;           /* messages without signature, from 1 */
	uint16_t flags;                           /* 0: answer, authoritative */
	int flags_at;                             /* only in this message; 0: all */
	uint64_t time;                            /* 0: NOW */
	int late_at; int late;                    /* message signed this much later than the rest */
};

static void put_name(struct afd_buf *b, const char *name)
{
	struct afd_dns_name n;

	assert_int_equal(afd_dns_name_parse(afd_slice_text(name), &n, NULL), 0);
	put(b, n.wire, n.len);
}

static void put_record(struct afd_buf *b, const char *zone, const char *word)
{
	char name[100];
	unsigned v = (unsigned)strtoul(word + 1, NULL, 10);
	bool soa = *word == 'S' || *word == 's';

	snprintf(name, sizeof(name), "%.*s.%s", (int)strcspn(word, " "), word, *word == 'x' ? "elsewhere.test" : zone);
	put_name(b, soa ? zone : name);
	put16(b, soa ? 6 : *word == 'o' ? 41 : 1);
	put16(b, *word == 'c' ? 3 : 1);
	put32(b, 300);
	size_t at = b->len;
	put16(b, 0);
	if (soa) {
		put_name(b, "ns1.example.test");
		put_name(b, *word == 'S' ? "hostmaster.example.test" : "someone.example.test");
		put32(b, v);
		for (int i = 0; i < 4; i++)
			put32(b, 60);
	} else {
		put32(b, 0xc0000200 + v);
	}
	b->data[at + 1] = (uint8_t)(b->len - at - 2);
}

static void new_query(const struct script *s, struct afd_buf *b, const struct afd_tsig_key *k, struct afd_buf *mac)
{
	struct afd_dns_name zone;
	uint32_t serial = (uint32_t)strtoul(s->query + 4, NULL, 10);
	uint8_t m[AFD_TSIG_MAC_MAX];
	size_t n;

	assert_int_equal(afd_dns_name_parse(afd_slice_text(s->zone ? s->zone : "example.test"), &zone, NULL), 0);
	assert_int_equal(afd_dns_transfer_query(b, 0x4711, &zone, s->query[0] == 'I' ? &serial : NULL, NULL), 0);
	if (!s->plain) {
		assert_int_equal(afd_tsig_sign(k, s->time ? s->time : NOW, b, m, &n, NULL), 0);
		put(mac, m, n);
	}
}

static void new_message(const struct script *s, int i, struct afd_buf *b)
{
	const char *zone = s->zone ? s->zone : "example.test";

	b->len = 0;
	put16(b, 0x4711);
	put16(b, s->flags && (s->flags_at == 0 || s->flags_at == i + 1) ? s->flags : 0x8400);
	put16(b, i == 0);                         /* only the first repeats the question */
	put16(b, 0);
	put32(b, 0);
	if (i == 0) {
		put_name(b, zone);
		put16(b, s->query[0] == 'I' ? 251 : 252);
		put16(b, 1);
	}
	for (const char *w = s->message[i]; *w; w += strcspn(w, " "), w += strspn(w, " ")) {
		if (*w == '-')
			continue;
		put_record(b, zone, w);
		b->data[7]++;
	}
}

static void frame(struct afd_buf *to, struct afd_slice m)
{
	put16(to, (unsigned)m.len);
	put(to, m.data, m.len);
}

/* The whole exchange as an item holds it. */
static void play(const struct script *s, struct afd_buf *ret)
{
	AFD_AUTO(buf) struct afd_buf prior = { 0 }, hold = { 0 }, b = { 0 }, swapped = { 0 };
	struct afd_tsig_key k = { 0 };

	assert_int_equal(afd_tsig_key_set(&k, KEY_NAME, "hmac-sha256", afd_slice_text(SECRET), NULL), 0);
	new_query(s, &b, &k, &prior);
	frame(ret, afd_buf_slice(&b));
	for (int i = 0; i < 8 && s->message[i]; i++) {
		uint64_t time = (s->time ? s->time : NOW) + (uint64_t)(s->late_at == i + 1 ? s->late : 0);
		new_message(s, i, &b);
		if (s->unsigned_from && i + 1 >= s->unsigned_from && i + 1 <= s->unsigned_to)
			put(&hold, b.data, b.len);
		else if (!s->plain)
			sign_answer(&b, time, i == 0, &prior, &hold, s->how_at == i + 1 ? s->how : (struct answer){ 0 });
		if (s->flip == i + 1)
			b.data[b.len - s->flip_at] ^= 1;
		if (s->skip == i + 1)
			continue;
		frame(s->swap == i + 1 ? &swapped : ret, afd_buf_slice(&b));
		if (s->swap == i)
			put(ret, swapped.data, swapped.len);
	}
	afd_tsig_key_release(&k);
}

/* --- through the provider, from a recording --- */

struct place { char dir[64], folder[100]; struct run run; };

static void open_place(struct place *p, const char *zone)
{
	AFD_AUTO(buf) struct afd_buf secret = { 0 };

	*p = (struct place){ .dir = "/tmp/afd-zone-XXXXXX", .run = { .provider = &afd_provider_dns_transfer, .now_ms = T0, .rows = true } };
	assert_non_null(mkdtemp(p->dir));
	snprintf(p->folder, sizeof(p->folder), "%s/%s", p->dir, zone);
	assert_int_equal(mkdir(p->folder, 0700), 0);
	p->run.base_dir = p->dir;
	assert_int_equal(afd_base64(afd_slice_text(SECRET), &secret), 0);
	assert_int_equal(setenv("AFD_TEST_KEY", (char *)secret.data, 1), 0);
}

static void record(const struct place *p, int n, const struct script *s)
{
	AFD_AUTO(buf) struct afd_buf b = { 0 };
	AFD_AUTO(mem) char *path = afd_sprintf("%s/%04d.exchange", p->folder, n);

	play(s, &b);
	assert_int_equal(afd_file_write(path, afd_buf_slice(&b), false, NULL), 0);
}

/* What the whole zone was beside the differences. */
static void record_content(const struct place *p, int n, const struct script *s)
{
	AFD_AUTO(buf) struct afd_buf b = { 0 };
	AFD_AUTO(mem) char *path = afd_sprintf("%s/%04d.content.exchange", p->folder, n);

	play(s, &b);
	assert_int_equal(afd_file_write(path, afd_buf_slice(&b), false, NULL), 0);
}

static void close_place(struct place *p)
{
	for (int i = 1; i < 10; i++) {
		AFD_AUTO(mem) char *path = afd_sprintf("%s/%04d.exchange", p->folder, i);
		AFD_AUTO(mem) char *content = afd_sprintf("%s/%04d.content.exchange", p->folder, i);
		unlink(path);
		unlink(content);
	}
	rmdir(p->folder);
	rmdir(p->dir);
	run_release(&p->run);
}

#define SIGNED "server: \"file:.\"\nzones: [example.test]\ntsig: {name: audit-key, secret: \"env:AFD_TEST_KEY\"}\n"
#define PLAIN  "server: \"file:.\"\nzones: [example.test]\n"

/* How each answer came is told beside it, for all alike: rows here are of what it holds. */
static void without_observations(struct afd_buf *b)
{
	size_t kept = 0, n;

	for (size_t at = 0; at < b->len; at += n) {
		const uint8_t *end = memchr(b->data + at, '\n', b->len - at);
		n = end ? (size_t)(end - b->data) + 1 - at : b->len - at;
		if (n > 9 && memcmp(b->data + at, "transfer ", 9) == 0)
			continue;
		memmove(b->data + kept, b->data + at, n);
		kept += n;
	}
	b->len = kept;
	if (b->data)
		b->data[kept] = 0;
}

static const char *look(struct place *p, const char *yaml)
{
	struct afd_error err = { 0 };

	p->run.now_ms += AFD_MINUTE;
	p->run.out.len = 0;
	if (run_source(&p->run, yaml, &err) < 0)
		fail_msg("%s", err.text);
	without_observations(&p->run.out);
	return p->run.out.len ? (char *)p->run.out.data : "";
}

#define ITEM   "item recorded exchange 1 of example.test | file tsig hmac-sha256 audit-key\n"
#define SOA(n) "example.test 300 SOA ns1.example.test. hostmaster.example.test. " #n " 60 60 60 60\n"
#define REC(n) "a" #n ".example.test 300 A 192.0.2." #n "\n"

static const struct { const char *row; struct script s; const char *rows; } good_row[] = {
	{ "whole zone in one message", { "AXFR", { "S5 a1 a2 S5" } }, "zone example.test at file serial 5 part 1\n  " SOA(5) "  " REC(1) "  " REC(2) },
	{ "whole zone in three messages", { "AXFR", { "S5 a1", "a2", "a3 S5" } }, "zone example.test at file serial 5 part 1\n  " SOA(5) "  " REC(1) "  " REC(2) "  " REC(3) },
	{ "one record in each message", { "AXFR", { "S5", "a1", "S5" } }, "zone example.test at file serial 5 part 1\n  " SOA(5) "  " REC(1) },
	{ "messages without records", { "AXFR", { "S5", "-", "a1", "-", "S5" } }, "zone example.test at file serial 5 part 1\n  " SOA(5) "  " REC(1) },
	{ "unsigned between", { "AXFR", { "S5", "a1", "a2", "S5" }, .unsigned_from = 2, .unsigned_to = 3 },
	  "zone example.test at file serial 5 part 1\n  " SOA(5) "  " REC(1) "  " REC(2) },
	{ "empty zone", { "AXFR", { "S5 S5" } }, "zone example.test at file serial 5 part 1\n  " SOA(5) },
	{ "nothing newer", { "IXFR 5", { "S5" } }, "serial example.test at file 5 part 1\n" },
	{ "server behind", { "IXFR 5", { "S4" } }, "serial example.test at file 4 part 1\n" },
	{ "whole zone in place of differences", { "IXFR 4", { "S5 a1 S5" } }, "zone example.test at file serial 5 part 1\n  " SOA(5) "  " REC(1) },
	{ "empty zone in place of differences", { "IXFR 4", { "S5 S5" } }, "zone example.test at file serial 5 part 1\n  " SOA(5) },
	{ "whole zone although nothing is newer", { "IXFR 5", { "S5 a1 S5" } }, "zone example.test at file serial 5 part 1\n  " SOA(5) "  " REC(1) },
	{ "one difference", { "IXFR 4", { "S5 S4 a1 S5 a2 S5" } },
	  "diff example.test at file 4 to 5 part 1\n  - " SOA(4) "  - " REC(1) "  + " SOA(5) "  + " REC(2) },
	{ "only deletes", { "IXFR 4", { "S5 S4 a1 S5 S5" } }, "diff example.test at file 4 to 5 part 1\n  - " SOA(4) "  - " REC(1) "  + " SOA(5) },
	{ "nothing but the serial", { "IXFR 4", { "S5 S4 S5 S5" } }, "diff example.test at file 4 to 5 part 1\n  - " SOA(4) "  + " SOA(5) },
	{ "two differences over four messages", { "IXFR 3", { "S5 S3 a1", "S4 a2", "S4 a2 S5", "a3 S5" } },
	  "diff example.test at file 3 to 4 part 1\n  - " SOA(3) "  - " REC(1) "  + " SOA(4) "  + " REC(2)
	  "diff example.test at file 4 to 5 part 3\n  - " SOA(4) "  - " REC(2) "  + " SOA(5) "  + " REC(3) },
	{ "round the end of serials", { "IXFR 4294967295", { "S1 S4294967295 S1 a1 S1" } },
	  "diff example.test at file 4294967295 to 1 part 1\n  - " SOA(4294967295) "  + " SOA(1) "  + " REC(1) },
	{ "without AA, as Knot sends it", { "AXFR", { "S5 a1 S5" }, .flags = 0x8000 }, "zone example.test at file serial 5 part 1\n  " SOA(5) "  " REC(1) },
	{ "recorded long ago", { "AXFR", { "S5 a1 S5" }, .time = 1000000000 }, "zone example.test at file serial 5 part 1\n  " SOA(5) "  " REC(1) },
};

static void each_form_of_answer_is_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < AFD_COUNT(good_row); i++) {
		struct place p;
		open_place(&p, "example.test");
		record(&p, 1, &good_row[i].s);
		AFD_AUTO(mem) char *want = afd_sprintf("%s%s", ITEM, good_row[i].rows);
		row_text(look(&p, SIGNED), want, good_row[i].row);
		close_place(&p);
	}
}

#define KEY_OTHER { .key_wire = "\11other-key", .key_len = 11 }

static const struct { const char *row; struct script s; const char *reason; } bad_row[] = {
	/* who answered */
	{ "not signed", { "AXFR", { "S5 a1 S5" }, .plain = true }, "query: request is not signed" },
	{ "answer not signed", { "AXFR", { "S5 a1 S5" }, .unsigned_from = 1, .unsigned_to = 1 }, "message 1: the first message is not signed (RFC 8945, 5.3.1)" },
	{ "last not signed", { "AXFR", { "S5 a1", "S5" }, .unsigned_from = 2, .unsigned_to = 2 }, "message 2: the last message is not signed (RFC 8945, 5.3.1)" },
	{ "another key", { "AXFR", { "S5 a1 S5" }, .how = KEY_OTHER, .how_at = 1 }, "message 1: BADKEY: signed with key \"other-key\", expected \"audit-key\"" },
	{ "another secret", { "AXFR", { "S5 a1 S5" }, .how = { .secret = "x" }, .how_at = 1 }, "message 1: BADSIG: the signature does not verify" },
	{ "another secret later", { "AXFR", { "S5 a1", "S5" }, .how = { .secret = "x" }, .how_at = 2 }, "message 2: BADSIG: the signature does not verify" },
	{ "bit flipped in the MAC", { "AXFR", { "S5 a1", "S5" }, .flip = 2, .flip_at = 20 }, "message 2: BADSIG: the signature does not verify" },
	{ "bit flipped in the time", { "AXFR", { "S5 a1 S5" }, .flip = 1, .flip_at = 43 }, "message 1: BADSIG: the signature does not verify" },
	{ "message swapped with the next", { "AXFR", { "S5 a1", "a2", "a3", "S5" }, .swap = 2 }, "message 2: BADSIG: the signature does not verify" },
	{ "message missing in the middle", { "AXFR", { "S5 a1", "a2", "S5" }, .skip = 2 }, "message 2: BADSIG: the signature does not verify" },
	{ "unsigned message missing", { "AXFR", { "S5 a1", "a2", "S5" }, .unsigned_from = 2, .unsigned_to = 2, .skip = 2 }, "message 2: BADSIG: the signature does not verify" },
	{ "signed hours later", { "AXFR", { "S5 a1", "S5" }, .late_at = 2, .late = 301 }, "message 2: BADTIME: signed 301 seconds away from our clock, allowed 300; no clock was adjusted" },
	{ "going back in time", { "AXFR", { "S5 a1", "S5" }, .late_at = 2, .late = -1 }, "message 2: BADTIME: signed 1 seconds before the message in front of it" },
	{ "MAC cut to half", { "AXFR", { "S5 a1 S5" }, .how = { .mac_len = 16 }, .how_at = 1 }, "message 1: BADTRUNC: MAC of 16 bytes, expected all 32" },
	/* what it answered */
	{ "refused", { "AXFR", { "-" }, .flags = 0x8005 }, "the server answered REFUSED" },
	{ "refused for the signature", { "AXFR", { "-" }, .flags = 0x8009, .how = { .mac_len = SIZE_MAX, .error = 16 }, .how_at = 1 }, "the server answered NOTAUTH, TSIG error BADSIG" },
	{ "marked as truncated", { "AXFR", { "S5 a1 S5" }, .flags = 0x8600 }, "the answer is marked as truncated" },
	{ "a query", { "AXFR", { "S5 a1 S5" }, .flags = 0x0400 }, "not an answer to our query (ID 18193, asked with 18193)" },
	{ "another opcode", { "AXFR", { "S5 a1 S5" }, .flags = 0xac00 }, "not an answer to our query (ID 18193, asked with 18193)" },
	{ "another zone", { "AXFR", { "S5 a1 S5" }, .zone = "other.test" }, "the answer is to another question" },
	/* is it complete */
	{ "last message missing", { "AXFR", { "S5 a1", "S5" }, .skip = 2 }, "the connection was closed before the answer was complete, after 1 messages" },
	{ "no last SOA", { "AXFR", { "S5 a1 a2" } }, "the connection was closed before the answer was complete, after 1 messages" },
	{ "no answer", { "AXFR", { NULL } }, "the connection was closed before the answer was complete, after 0 messages" },
	{ "first record is no SOA", { "AXFR", { "a1 S5 S5" } }, "the first record is A, expected the SOA" },
	{ "last SOA of another serial", { "AXFR", { "S5 a1 S6" } }, "the last SOA differs from the first (serials 5 and 6)" },
	{ "last SOA of other content", { "AXFR", { "S5 a1 s5" } }, "the last SOA differs from the first (serials 5 and 5)" },
	{ "empty zone of two serials", { "AXFR", { "S5 S6" } }, "the last SOA differs from the first (serials 5 and 6)" },
	{ "records behind the end", { "AXFR", { "S5 a1 S5 a2" } }, "a record stands behind the last SOA" },
	{ "differences from elsewhere", { "IXFR 3", { "S5 S4 a1 S5 S5" } }, "differences begin at serial 4, asked from 3" },
	{ "differences with a hole", { "IXFR 2", { "S5 S2 S3 S4 S5 S5" } }, "differences to serial 3 are followed by differences from 4" },
	{ "differences that lead back", { "IXFR 4", { "S5 S4 S6 S6 S5 S5" } }, "differences lead from serial 6 back to 5" },
	{ "differences to the same serial", { "IXFR 4", { "S5 S4 S4 S5" } }, "differences from serial 4 lead to the same serial" },
	{ "differences cut", { "IXFR 4", { "S5 S4 a1 S5 a2" } }, "the connection was closed before the answer was complete, after 1 messages" },
	{ "differences whose last SOA differs", { "IXFR 4", { "S5 S4 a1 S5 a2 s5" } }, "the last SOA differs from the first (serials 5 and 5)" },
	/* what has no place there */
	{ "record of another zone", { "AXFR", { "S5 x1 S5" } }, "record at \"x1.elsewhere.test\" is outside the zone" },
	{ "record of another class", { "AXFR", { "S5 c1 S5" } }, "a A record of class 3 has no place in a zone" },
	{ "OPT among the answers", { "AXFR", { "S5 o1 S5" } }, "a OPT record of class 1 has no place in a zone" },
};

static void what_is_wrong_is_refused_with_a_reason(void **state)
{
	(void)state;
	for (size_t i = 0; i < AFD_COUNT(bad_row); i++) {
		struct place p;
		open_place(&p, "example.test");
		record(&p, 1, &bad_row[i].s);
		const char *out = look(&p, SIGNED), *gap = "gap example.test [2026-11-21T23:43:00.000Z, 2026-11-21T23:43:00.001Z) ";
		if (strncmp(out, gap, strlen(gap)) != 0 || !strstr(out, bad_row[i].reason) || strstr(out, "item "))
			fail_msg("row %s: %s", bad_row[i].row, out);
		assert_null(p.run.cursor);
		close_place(&p);
	}
}

/* A flip of any bit of any message is seen. */
static void no_flipped_bit_goes_unseen(void **state)
{
	const struct script s = { "IXFR 3", { "S5 S3 a1", "S4 a2", "S4 a2 S5", "a3 S5" }, .unsigned_from = 2, .unsigned_to = 3 };
	AFD_AUTO(buf) struct afd_buf b = { 0 };
	struct place p;
	size_t tried = 0;

	(void)state;
	open_place(&p, "example.test");
	AFD_AUTO(mem) char *path = afd_sprintf("%s/0001.exchange", p.folder);
	play(&s, &b);
	for (size_t at = 0; at < b.len; at += 3, tried++) {
		b.data[at] ^= 1;
		assert_int_equal(afd_file_write(path, afd_buf_slice(&b), false, NULL), 0);
		const char *out = look(&p, SIGNED);
		if (strncmp(out, "gap ", 4) != 0)
			fail_msg("bit of byte %zu: %s", at, out);
		b.data[at] ^= 1;
	}
	assert_true(tried > 200);
	assert_int_equal(afd_file_write(path, afd_buf_slice(&b), false, NULL), 0);
	assert_int_equal(strncmp(look(&p, SIGNED), "item ", 5), 0);
	close_place(&p);
}

static void runs_go_on_where_the_last_one_stopped(void **state)
{
	struct place p;

	(void)state;
	open_place(&p, "example.test");
	record(&p, 1, &(struct script){ "AXFR", { "S5 a1 S5" } });
	record(&p, 2, &(struct script){ "IXFR 5", { "S6 S5 a1 S6 a2 S6" } });
	record(&p, 3, &(struct script){ "IXFR 6", { "S6" } });
	look(&p, SIGNED);
	assert_string_equal(p.run.cursor, "{\"example.test\":{\"received\":1795304580000,\"replay\":1,\"serial\":5}}");
	assert_non_null(strstr(look(&p, SIGNED), "diff example.test at file 5 to 6"));
	assert_non_null(strstr(look(&p, SIGNED), "serial example.test at file 6"));
	assert_string_equal(p.run.cursor, "{\"example.test\":{\"received\":1795304700000,\"replay\":3,\"serial\":6}}");
	const char *out = look(&p, SIGNED), *gap = "gap example.test [2026-11-21T23:45:00.000Z, 2026-11-21T23:46:00.000Z) ";
	assert_int_equal(strncmp(out, gap, strlen(gap)), 0);
	assert_non_null(strstr(out, "0004.exchange"));
	close_place(&p);
}

#define CHECK "item recorded exchange 1 of example.test, content check | file tsig hmac-sha256 audit-key\n"
#define KNOWN "{\"example.test\":{\"received\":1795304580000,\"replay\":1,\"serial\":5}}"

static const struct { const char *row; struct script first, content; const char *yaml, *rows; } content_row[] = {
	{ "an edit that left the serial", { "IXFR 5", { "S5" } }, { "AXFR", { "S5 a1", "a2 S5" } }, SIGNED,
	  ITEM "serial example.test at file 5 part 1\n" CHECK "zone example.test at file serial 5 part 1\n  " SOA(5) "  " REC(1) "  " REC(2) },
	{ "behind differences", { "IXFR 4", { "S5 S4 a1 S5 a2 S5" } }, { "AXFR", { "S5 a2 S5" } }, SIGNED,
	  ITEM "diff example.test at file 4 to 5 part 1\n  - " SOA(4) "  - " REC(1) "  + " SOA(5) "  + " REC(2)
	  CHECK "zone example.test at file serial 5 part 1\n  " SOA(5) "  " REC(2) },
	{ "not recorded", { "IXFR 5", { "S5" } }, { 0 }, SIGNED, ITEM "serial example.test at file 5 part 1\n" },
	{ "not wanted", { "IXFR 5", { "S5" } }, { "AXFR", { "S5 a1 S5" } }, SIGNED "content_check: never\n", ITEM "serial example.test at file 5 part 1\n" },
	{ "the whole zone was there already", { "AXFR", { "S5 a1 S5" } }, { "AXFR", { "S5 a1 S5" } }, SIGNED "content_check: always\n",
	  ITEM "zone example.test at file serial 5 part 1\n  " SOA(5) "  " REC(1) },
	/* what shows nothing is not kept, and is no gap */
	{ "refused", { "IXFR 5", { "S5" } }, { "AXFR", { "-" }, .flags = 0x8005 }, SIGNED, ITEM "serial example.test at file 5 part 1\n" },
	{ "signed by another", { "IXFR 5", { "S5" } }, { "AXFR", { "S5 a1 S5" }, .how = { .secret = "x" }, .how_at = 1 }, SIGNED,
	  ITEM "serial example.test at file 5 part 1\n" },
	{ "not signed", { "IXFR 5", { "S5" } }, { "AXFR", { "S5 a1 S5" }, .plain = true }, SIGNED, ITEM "serial example.test at file 5 part 1\n" },
	{ "cut", { "IXFR 5", { "S5" } }, { "AXFR", { "S5 a1" } }, SIGNED, ITEM "serial example.test at file 5 part 1\n" },
	{ "differences again", { "IXFR 5", { "S5" } }, { "IXFR 5", { "S5" } }, SIGNED, ITEM "serial example.test at file 5 part 1\n" },
	{ "another zone", { "IXFR 5", { "S5" } }, { "AXFR", { "S5 a1 S5" }, .zone = "other.test" }, SIGNED, ITEM "serial example.test at file 5 part 1\n" },
};

/* A zone edited without a new serial is told by its content alone. */
static void the_content_is_looked_at_behind_the_serial(void **state)
{
	(void)state;
	for (size_t i = 0; i < AFD_COUNT(content_row); i++) {
		struct place p;
		open_place(&p, "example.test");
		record(&p, 1, &content_row[i].first);
		if (content_row[i].content.query)
			record_content(&p, 1, &content_row[i].content);
		row_text(look(&p, content_row[i].yaml), content_row[i].rows, content_row[i].row);
		row_text(p.run.cursor, KNOWN, content_row[i].row);
		close_place(&p);
	}
}

/* The content is not asked for when the serial could not be had: that is the gap. */
static void differences_that_fail_are_still_a_gap(void **state)
{
	struct place p;

	(void)state;
	open_place(&p, "example.test");
	record(&p, 1, &(struct script){ "IXFR 5", { "S5" }, .plain = true });
	record_content(&p, 1, &(struct script){ "AXFR", { "-" }, .flags = 0x8005 });
	const char *out = look(&p, SIGNED);
	assert_int_equal(strncmp(out, "gap example.test ", 17), 0);
	assert_null(strstr(out, "item "));
	close_place(&p);
}

static void one_zone_does_not_stop_the_others(void **state)
{
	const char *yaml = "server: \"file:.\"\nzones: [broken.test, example.test]\ntsig: {name: audit-key, secret: \"env:AFD_TEST_KEY\"}\n";
	struct place p;

	(void)state;
	open_place(&p, "example.test");
	record(&p, 1, &(struct script){ "AXFR", { "S5 a1 S5" } });
	const char *out = look(&p, yaml);
	assert_int_equal(strncmp(out, "gap broken.test ", 16), 0);
	assert_non_null(strstr(out, "zone example.test at file serial 5"));
	close_place(&p);
}

static void without_a_key_the_channel_says_so(void **state)
{
	struct place p;

	(void)state;
	open_place(&p, "example.test");
	record(&p, 1, &(struct script){ "AXFR", { "S5 a1 S5" }, .plain = true });
	assert_non_null(strstr(look(&p, PLAIN), "item recorded exchange 1 of example.test | file no tsig\n"
	                       "zone example.test at file serial 5 part 1 unauthenticated\n"));
	record(&p, 2, &(struct script){ "IXFR 5", { "S6 S5 a1 S6 a2 S6" }, .plain = true });
	assert_non_null(strstr(look(&p, PLAIN), "diff example.test at file 5 to 6 part 1 unauthenticated\n"));
	record(&p, 3, &(struct script){ "IXFR 6", { "S6" }, .plain = true });
	assert_non_null(strstr(look(&p, PLAIN), "serial example.test at file 6 part 1 unauthenticated\n"));
	close_place(&p);
}

/* --- an item's bytes alone --- */

static int decode(struct afd_slice bytes, struct afd_buf *to, struct afd_error *err)
{
	return run_decode(&afd_provider_dns_transfer, "x", "tcp 192.0.2.1:53 tsig hmac-sha256 audit-key", T0, bytes, to, err);
}

static void a_broken_item_says_nothing(void **state)
{
	const struct script s = { "IXFR 3", { "S5 S3 a1", "S4 a2", "S4 a2 S5", "a3 S5" } };
	AFD_AUTO(buf) struct afd_buf b = { 0 }, rows = { 0 };
	struct afd_error err = { 0 };

	(void)state;
	play(&s, &b);
	assert_int_equal(decode(afd_buf_slice(&b), &rows, &err), 0);
	assert_int_equal(strncmp((char *)rows.data, "diff example.test at 192.0.2.1:53 3 to 4 part 1\n", 48), 0);
	for (size_t n = 0; n < b.len; n++) {
		rows.len = 0;
		assert_int_equal(decode(afd_slice(b.data, n), &rows, &err), -1);
		assert_int_equal(rows.len, 0);
	}
	/* and a second answer behind the first is one too many */
	put16(&b, 12);
	for (int i = 0; i < 12; i++)
		put(&b, i == 2 ? "\x84" : "", 1);
	rows.len = 0;
	assert_int_equal(decode(afd_buf_slice(&b), &rows, &err), -1);
	assert_int_equal(rows.len, 0);
}

static void a_part_is_a_message(void **state)
{
	AFD_AUTO(buf) struct afd_buf b = { 0 };
	AFD_AUTO(ranges) struct afd_ranges parts = { 0 };
	uint64_t at = 0;

	(void)state;
	play(&(struct script){ "AXFR", { "S5 a1", "a2", "S5" } }, &b);
	assert_int_equal(afd_provider_dns_transfer.split(afd_buf_slice(&b), &parts, NULL), 0);
	assert_int_equal(parts.n, 4);
	for (size_t i = 0; i < parts.n; at += parts.at[i++].len)
		assert_int_equal(parts.at[i].off, at);
	assert_int_equal(at, b.len);
}

static const struct { const char *yaml, *error; } config_row[] = {
	{ "server: 127.0.0.1\nzones: []\n", "zones: expected at least one" },
	{ "server: 127.0.0.1\nzones: [a.test, b.test, A.test]\n", "zones: a.test stands there twice" },
	{ "server: 127.0.0.1\nzones: [a.test]\ncontent_check: sometimes\n", "content_check: expected always or never, got \"sometimes\"" },
	{ "server: 127.0.0.1\nzones: [a.test]\nport: 0\n", "port: expected 1 to 65535, got 0" },
	{ "server: 127.0.0.1\nzones: [a.test]\nport: 65536\n", "port: expected 1 to 65535, got 65536" },
	{ "server: 127.0.0.1\nzones: [a.test]\ntsig: {name: k, algorithm: hmac-md5, secret: \"env:AFD_TEST_KEY\"}\n",
	  "tsig: algorithm: hmac-md5 is refused (RFC 8945, 6 forbids it); make a key with hmac-sha256" },
	{ "server: 127.0.0.1\nzones: [a.test]\ntsig: {name: k, algorithm: hmac-sha1, secret: \"env:AFD_TEST_KEY\"}\n",
	  "tsig: algorithm: hmac-sha1 is refused (RFC 8945, 6 does not recommend it); make a key with hmac-sha256" },
	{ "server: 127.0.0.1\nzones: [a.test]\ntsig: {name: k, secret: \"env:AFD_TEST_NOT_BASE64\"}\n",
	  "tsig: secret: what env:AFD_TEST_NOT_BASE64 holds is not base64" },
	{ "server: 127.0.0.1\nzones: [a.test]\ntls: {ca_file: x.pem}\n", "tls: expected name or pin; a server that does not show who it is could be anybody" },
	{ "server: 127.0.0.1\nzones: [a.test]\ntls: {name: ns1.a.test, cert: x.pem}\n", "tls: expected cert and key together" },
	{ "server: 127.0.0.1\nzones: [a.test]\ntsig: {name: k}\n", "source:3: tsig.secret: a required field is missing" },
};

static void configuration_is_refused_early(void **state)
{
	(void)state;
	setenv("AFD_TEST_NOT_BASE64", "!", 1);
	for (size_t i = 0; i < AFD_COUNT(config_row); i++) {
		struct run r = { .provider = &afd_provider_dns_transfer };
		struct afd_error err = { 0 };
		row_true(run_source(&r, config_row[i].yaml, &err) == -1, config_row[i].yaml);
		row_text(err.text, config_row[i].error, config_row[i].yaml);
		run_release(&r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_form_of_answer_is_read),
		cmocka_unit_test(what_is_wrong_is_refused_with_a_reason),
		cmocka_unit_test(no_flipped_bit_goes_unseen),
		cmocka_unit_test(runs_go_on_where_the_last_one_stopped),
		cmocka_unit_test(the_content_is_looked_at_behind_the_serial),
		cmocka_unit_test(differences_that_fail_are_still_a_gap),
		cmocka_unit_test(one_zone_does_not_stop_the_others),
		cmocka_unit_test(without_a_key_the_channel_says_so),
		cmocka_unit_test(a_broken_item_says_nothing),
		cmocka_unit_test(a_part_is_a_message),
		cmocka_unit_test(configuration_is_refused_early),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
