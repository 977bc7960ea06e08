/* Attribution against a server that is played: clients update a zone, the server logs as BIND does (deletes without
 * content, lines for what does nothing), and looks at the zone show its steps. We know who did what; the join must not
 * say otherwise. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "../checks/case.h"

enum { CLIENTS = 3, OWNERS = 3, TYPES = 2, DATA = 4, STEPS = 120, LOOK_EVERY = 7 };

static char work[] = "/tmp/affidavit-attribution-XXXXXX", path[64];
static uint32_t seed;

static unsigned draw(unsigned below)
{
	seed ^= seed << 13;
	seed ^= seed >> 17;
	seed ^= seed << 5;
	return seed % below;
}

static const char *const type_name[] = { "A", "TXT" };

struct zone { bool has[OWNERS][TYPES][DATA]; };
struct play {
	sqlite3 *db;
	struct zone now, seen;
	unsigned serial, seen_serial, claims;
	unsigned lose, strangers;                /* of 100 */
	unsigned author[STEPS + 2];              /* claim of the step to each serial; 0: nobody's */
};

static const char *text(char keep[64], const char *fmt, ...) AFD_PRINTF(2, 3);
static const char *text(char keep[64], const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(keep, 64, fmt, ap);
	va_end(ap);
	return keep;
}
#define TEXT(...) text((char[64]){ 0 }, __VA_ARGS__)

static const char *when(unsigned step)
{
	static char keep[4][32];
	static unsigned at;

	snprintf(keep[++at % 4], sizeof keep[0], "-10d+%um", step);
	return keep[at % 4];
}

/* The step from one content to another, as a change; none when nothing moved. */
static bool put_change(struct play *p, const struct zone *from, const struct zone *to, unsigned serial_from,
		       const char *kind, const char *t_from, const char *t_to)
{
	sqlite3_int64 id = 0;

	for (int add = 0; add < 2; add++)
		for (int o = 0; o < OWNERS; o++)
			for (int t = 0; t < TYPES; t++)
				for (int d = 0; d < DATA; d++) {
					bool had = from->has[o][t][d], has = to->has[o][t][d];

					if (had == has || has != (add == 1))
						continue;
					if (!id)
						id = case_row(p->db, "change", "zone", "z.test", "serial_from",
							      TEXT("%u", serial_from), "serial_to",
							      TEXT("%u", p->serial), "kind", kind, "t_from", t_from,
							      "t_to", t_to, NULL);
					case_row(p->db, "change_record", "change_id", TEXT("%lld", id), "zone",
						 "z.test", "owner", TEXT("o%d.z.test", o), "type", type_name[t], "op",
						 add ? "add" : "del", "rdata", TEXT("d%d", d), NULL);
				}
	return id != 0;
}

struct rr { int kind, o, t, d; };        /* kind 0 add, 1 delete the set, 2 delete one */

static void apply(struct zone *z, const struct rr *r)
{
	for (int d = 0; d < DATA; d++)
		if (r->kind == 1 || d == r->d)
			z->has[r->o][r->t][d] = r->kind == 0;
}

static void put_claim(struct play *p, const struct rr *r, unsigned n, unsigned step)
{
	sqlite3_int64 id = case_row(p->db, "claim", "zone", "z.test", "ref", TEXT("%u", p->claims), "credential",
	                            TEXT("k%u", p->claims % CLIENTS), "t_from", when(step),
	                            "t_to", TEXT("-10d+%um+1ms", step), NULL);

	for (unsigned i = 0; i < n; i++)
		if (r[i].kind == 0)
			case_row(p->db, "claim_record", "claim_id", TEXT("%lld", id), "zone", "z.test", "owner",
				 TEXT("o%d.z.test", r[i].o), "type", type_name[r[i].t], "op", "add", "rdata",
				 TEXT("d%d", r[i].d), NULL);
		else
			case_row(p->db, "claim_record", "claim_id", TEXT("%lld", id), "zone", "z.test", "owner",
				 TEXT("o%d.z.test", r[i].o), "type", type_name[r[i].t], "op", "del", NULL);
}

/* One update; whole: the looks see whole transfers and compare. */
static void step(struct play *p, unsigned no, bool whole)
{
	struct zone before = p->now;
	unsigned n = 1 + draw(3), look = no / LOOK_EVERY * LOOK_EVERY;
	bool stranger = draw(100) < p->strangers;
	struct rr r[3];

	for (unsigned i = 0; i < n; i++) {
		r[i] = (struct rr){ (int)draw(3), (int)draw(OWNERS), (int)draw(TYPES), (int)draw(DATA) };
		apply(&p->now, &r[i]);
	}
	p->claims++;
	if (!stranger && draw(100) >= p->lose)
		put_claim(p, r, n, no);
	p->serial++;
	if (whole || put_change(p, &before, &p->now, p->serial - 1, "difference", when(look), when(look + LOOK_EVERY)))
		p->author[p->serial] = stranger ? 0 : p->claims;
	else
		p->serial--;
}

static void play(struct play *p, bool whole)
{
	struct afd_error err = { 0 };

	p->db = case_open(path, &err);
	assert_non_null(p->db);
	p->serial = p->seen_serial = 1;
	sqlite3_exec(p->db, "BEGIN", NULL, NULL, NULL);
	for (unsigned i = 0; i < STEPS; i++) {
		step(p, i, whole);
		if (whole && i % LOOK_EVERY == LOOK_EVERY - 1) {
			put_change(p, &p->seen, &p->now, p->seen_serial, "comparison",
				   when(i / LOOK_EVERY * LOOK_EVERY), when(i / LOOK_EVERY * LOOK_EVERY + LOOK_EVERY));
			p->seen = p->now;
			p->seen_serial = p->serial;
		}
	}
	sqlite3_exec(p->db, "COMMIT", NULL, NULL, NULL);
	sqlite3_close(p->db);
}

struct count { unsigned changes, linked, ambiguous, wrong; };

static struct count judge(const struct play *p)
{
	AFD_AUTO(store) struct afd_store *s = NULL;
	AFD_AUTO(query) struct afd_query *q = NULL;
	struct afd_error err = { 0 };
	struct count c = { 0 };
	int r;

	if (afd_store_open(path, AFD_STORE_READ, &s, &err) < 0 || afd_join(s, &err) < 0 ||
	    afd_query_open(s,
			   "SELECT c.serial_to, m.ambiguous, l.ref FROM change c LEFT JOIN change_claim m ON "
			   "m.change_id = c.id AND m.rank >= 3"
			   " LEFT JOIN claim l ON l.id = m.claim_id ORDER BY c.id",
			   &q, &err) < 0)
		fail_msg("%s", err.text);
	while ((r = afd_query_step(q, &err)) > 0) {
		unsigned claim = afd_query_is_null(q, 2) ? 0 : (unsigned)strtoul(afd_query_text(q, 2), NULL, 10);

		c.changes++;
		c.linked += claim != 0;
		c.ambiguous += claim && afd_query_int(q, 1) == 1;
		c.wrong += claim && afd_query_int(q, 1) == 0 && (!p->author[afd_query_int(q, 0)] ||
		           claim % CLIENTS != p->author[afd_query_int(q, 0)] % CLIENTS);
	}
	assert_int_equal(r, 0);
	return c;
}

/* Everything is logged and every step is seen: everybody is named, and rightly. */
static void all_logged(void **state)
{
	(void)state;
	for (uint32_t round = 1; round <= 12; round++) {
		struct play p = { 0 };
		struct count c;

		seed = round * 2654435761u;
		play(&p, false);
		c = judge(&p);
		if (c.linked < c.changes || c.wrong)
			fail_msg("round %u: %u changes, %u linked, %u ambiguous, %u wrong", round, c.changes, c.linked,
				 c.ambiguous, c.wrong);
	}
}

/* Lines are lost, strangers come. Three owners and ten minutes for everything: a stranger often does just what a line
 * nearby says, which nobody could tell from the writer of the line. It must stay rare that somebody is named wrongly.
 */
static void lines_lost_and_strangers(void **state)
{
	static const struct { unsigned lose, strangers, wrong_of_1000, linked_of_1000; } rows[] = {
		{ 10, 0, 15, 800 }, { 0, 10, 15, 800 }, { 10, 10, 30, 750 }, { 40, 40, 100, 300 },
	};

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(rows); i++) {
		struct count sum = { 0 };

		for (uint32_t round = 1; round <= 8; round++) {
			struct play p = { .lose = rows[i].lose, .strangers = rows[i].strangers };
			struct count c;

			seed = round * 40503u + 7;
			play(&p, false);
			c = judge(&p);
			sum.changes += c.changes;
			sum.linked += c.linked;
			sum.ambiguous += c.ambiguous;
			sum.wrong += c.wrong;
		}
		print_message("# lost %u, strangers %u of 100: %u changes, %u linked, %u ambiguous, %u wrong\n",
			      rows[i].lose, rows[i].strangers, sum.changes, sum.linked, sum.ambiguous, sum.wrong);
		assert_true(sum.linked * 1000 >= sum.changes * rows[i].linked_of_1000);
		assert_true(sum.wrong * 1000 <= sum.changes * rows[i].wrong_of_1000);
	}
}

/* Only comparisons: each change is explained by the claims of its time. */
static void comparisons(void **state)
{
	(void)state;
	for (uint32_t round = 1; round <= 6; round++) {
		AFD_AUTO(store) struct afd_store *s = NULL;
		AFD_AUTO(query) struct afd_query *q = NULL;
		struct afd_error err = { 0 };
		struct play p = { 0 };
		int r;

		seed = round * 69621u;
		play(&p, true);
		if (afd_store_open(path, AFD_STORE_READ, &s, &err) < 0 || afd_join(s, &err) < 0 ||
		    afd_query_open(s,
				   "SELECT c.serial_from, COUNT(m.claim_id), SUM(CASE WHEN l.t_from < c.t_from OR "
				   "l.t_from >= c.t_to THEN 1 ELSE 0 END)"
				   " FROM change c LEFT JOIN change_claim m ON m.change_id = c.id AND m.rank >= 3 LEFT "
				   "JOIN claim l ON l.id = m.claim_id"
				   " GROUP BY c.id, c.serial_from ORDER BY c.id",
				   &q, &err) < 0)
			fail_msg("%s", err.text);
		while ((r = afd_query_step(q, &err)) > 0)
			if (afd_query_int(q, 1) == 0 || afd_query_int(q, 2) != 0)
				fail_msg("round %u: change from %lld: %lld claims, %lld of another time", round,
					 (long long)afd_query_int(q, 0), (long long)afd_query_int(q, 1),
					 (long long)afd_query_int(q, 2));
		assert_int_equal(r, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(all_logged), cmocka_unit_test(lines_lost_and_strangers),
					   cmocka_unit_test(comparisons)};
	int r;

	if (!mkdtemp(work))
		return 1;
	snprintf(path, sizeof path, "%s/zone.db", work);
	r = cmocka_run_group_tests_name("attribution", tests, NULL, NULL);
	case_clean(path, work);
	return r;
}
