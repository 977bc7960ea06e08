/* The state of zones: what each answer makes of the state that was, as a truth table. */
#include "support.h"

#include <stdio.h>

/* One answer: at its time, from source 0 ("ns1") or 1 ("ns2"). */
struct answer { int source; const char *text; };
struct story {
	const char *name;
	struct answer answer[6];
	const char *coverage;     /* source|t_from|t_to|grade|reason */
	const char *change;       /* source|serial_from|serial_to|kind|t_from|t_to|anomalies|seq */
	const char *change_record; /* op|owner|ttl|type|rdata|t_from|t_to */
	const char *record;       /* owner|ttl|type|rdata|valid_from|valid_to|at_start */
	const char *zone;         /* source|serial|seen_ms|first_ms */
};

#define BASE "+ z.test 60 SOA ns1.~hostmaster.~5\n+ z.test 60 NS ns1.z.test.\n+ a.z.test 60 A 192.0.2.1\n"
#define BASE_RECORDS "a.z.test|60|A|192.0.2.1|1000|open|1\nz.test|60|NS|ns1.z.test.|1000|open|1\n"
#define BASE_B "a.z.test|60|A|192.0.2.1|1000|open|1\nb.z.test|60|A|192.0.2.2|1000|open|0\nz.test|60|NS|ns1.z.test.|1000|open|1\n"
#define FIRST { 0, "whole z.test 5 1000\n" BASE }
#define FIRST_ZONE "ns1|5|1000|1000\n"

static const struct story stories[] = {
	{ "the first look: content that is older than the look, and no time covered",
	  { FIRST },
	  "", "", "", BASE_RECORDS, FIRST_ZONE },
	{ "what a signer makes by itself is not content; keys are",
	  { { 0, "whole z.test 5 1000\n" BASE "+ z.test 60 RRSIG x\n+ z.test 60 NSEC x\n+ z.test 60 NSEC3 x\n+ z.test 0 NSEC3PARAM x\n"
	         "+ z.test 60 ZONEMD x\n+ z.test 0 TYPE65534 x\n+ z.test 60 DNSKEY k\n+ z.test 60 CDS c\n+ z.test 60 CDNSKEY c\n+ sub.z.test 60 DS d\n" } },
	  "", "", "",
	  "a.z.test|60|A|192.0.2.1|1000|open|1\nsub.z.test|60|DS|d|1000|open|1\nz.test|60|CDNSKEY|c|1000|open|1\n"
	  "z.test|60|CDS|c|1000|open|1\nz.test|60|DNSKEY|k|1000|open|1\nz.test|60|NS|ns1.z.test.|1000|open|1\n", FIRST_ZONE },
	{ "a record that an answer says twice is there once",
	  { { 0, "whole z.test 5 1000\n" BASE "+ a.z.test 60 A 192.0.2.1\n+ a.z.test 90 A 192.0.2.1\n" } },
	  "", "", "", BASE_RECORDS, FIRST_ZONE },

	/* whole transfers again */
	{ "same serial, same content: nothing happened, and that is proven",
	  { FIRST, { 0, "whole z.test 5 2000\n" BASE } },
	  "ns1|1000|2000|3|serial and content as expected\n", "", "", BASE_RECORDS, "ns1|5|2000|1000\n" },
	{ "same serial, same content, but nothing shows who answered: asserted at most",
	  { FIRST, { 0, "whole z.test 5 2000 unsigned\n" BASE } },
	  "ns1|1000|2000|2|content as expected; neither TSIG nor TLS shows who answered\n", "", "", BASE_RECORDS, "ns1|5|2000|1000\n" },
	{ "differences without a signature and the content with one: the item is as good as its worst answer",
	  { FIRST, { 0, "diff z.test 5 6 2000 unsigned\nwhole z.test 6 2000\n" BASE } },
	  "ns1|1000|2000|2|content as expected; neither TSIG nor TLS shows who answered\n", "ns1|5|6|difference|1000|2001|0|0\n", "",
	  BASE_RECORDS, "ns1|6|2000|1000\n" },
	{ "no signature: what is worth less for another reason keeps its reason",
	  { FIRST, { 0, "diff z.test 5 6 2000 unsigned\n" }, { 0, "serial z.test 6 3000 unsigned\n" },
	    { 0, "whole z.test 8 4000 unsigned\n" BASE }, { 0, "serial z.test 9 5000 unsigned\n" } },
	  "ns1|1000|2000|2|serial chain; content not compared\nns1|2000|3000|2|serial unmoved; content not compared\n"
	  "ns1|1000|4000|1|history not served: whole transfer instead of differences\n"
	  "ns1|4000|5001|0|server is at serial 9 and told no differences from 8\n",
	  "ns1|5|6|difference|1000|2001|0|0\nns1|6|8|comparison|1000|4001|0|0\n", "", BASE_RECORDS, "ns1|8|4000|1000\n" },
	{ "same serial, other content: a change that the serial hides",
	  { FIRST, { 0, "whole z.test 5 2000\n" BASE "+ b.z.test 60 A 192.0.2.2\n" } },
	  "ns1|1000|2000|0|content changed under an unmoved serial\nns1|1000|2000|1|content changed under an unmoved serial\n", "ns1|5|5|comparison|1000|2001|0|0\n",
	  "add|b.z.test|60|A|192.0.2.2|1000|2001\n",
	  "a.z.test|60|A|192.0.2.1|1000|open|1\nb.z.test|60|A|192.0.2.2|1000|open|0\nz.test|60|NS|ns1.z.test.|1000|open|1\n",
	  "ns1|5|2000|1000\n" },
	{ "another serial: what differs is one effect, what came and went between is not seen",
	  { FIRST, { 0, "whole z.test 8 2000\n+ z.test 60 SOA ns1.~hostmaster.~8\n+ z.test 60 NS ns1.z.test.\n+ a.z.test 60 A 192.0.2.9\n" } },
	  "ns1|1000|2000|1|history not served: whole transfer instead of differences\n", "ns1|5|8|comparison|1000|2001|0|0\n",
	  "del|a.z.test|60|A|192.0.2.1|1000|2001\nadd|a.z.test|60|A|192.0.2.9|1000|2001\n",
	  "a.z.test|60|A|192.0.2.1|1000|2001|1\na.z.test|60|A|192.0.2.9|1000|open|0\nz.test|60|NS|ns1.z.test.|1000|open|1\n",
	  "ns1|8|2000|1000\n" },
	{ "another serial, same content: an effect without records",
	  { FIRST, { 0, "whole z.test 6 2000\n" BASE } },
	  "ns1|1000|2000|1|history not served: whole transfer instead of differences\n", "ns1|5|6|comparison|1000|2001|0|0\n", "",
	  BASE_RECORDS, "ns1|6|2000|1000\n" },
	{ "a time to live that changes is one record gone and one come",
	  { FIRST, { 0, "whole z.test 6 2000\n+ z.test 60 NS ns1.z.test.\n+ a.z.test 30 A 192.0.2.1\n" } },
	  "ns1|1000|2000|1|history not served: whole transfer instead of differences\n", "ns1|5|6|comparison|1000|2001|0|0\n",
	  "del|a.z.test|60|A|192.0.2.1|1000|2001\nadd|a.z.test|30|A|192.0.2.1|1000|2001\n",
	  "a.z.test|60|A|192.0.2.1|1000|2001|1\na.z.test|30|A|192.0.2.1|1000|open|0\nz.test|60|NS|ns1.z.test.|1000|open|1\n",
	  "ns1|6|2000|1000\n" },
	{ "the same server goes back: that is a change too",
	  { FIRST, { 0, "whole z.test 4 2000\n" BASE } },
	  "ns1|1000|2000|1|history not served: whole transfer instead of differences\n", "ns1|5|4|comparison|1000|2001|0|0\n", "",
	  BASE_RECORDS, "ns1|4|2000|1000\n" },
	{ "another server that lags changes nothing",
	  { FIRST, { 1, "whole z.test 4 2000\n+ z.test 60 NS ns1.z.test.\n" } },
	  "ns2|1000|2001|0|server is behind: serial 4, and 5 was seen before\n", "", "", BASE_RECORDS, FIRST_ZONE },
	{ "another server that agrees adds its word",
	  { FIRST, { 1, "whole z.test 5 2000\n" BASE } },
	  "ns2|1000|2000|3|serial and content as expected\n", "", "", BASE_RECORDS, "ns2|5|2000|1000\n" },
	{ "all records gone",
	  { FIRST, { 0, "whole z.test 6 2000\n" } },
	  "ns1|1000|2000|1|history not served: whole transfer instead of differences\n", "ns1|5|6|comparison|1000|2001|0|0\n",
	  "del|a.z.test|60|A|192.0.2.1|1000|2001\ndel|z.test|60|NS|ns1.z.test.|1000|2001\n",
	  "a.z.test|60|A|192.0.2.1|1000|2001|1\nz.test|60|NS|ns1.z.test.|1000|2001|1\n", "ns1|6|2000|1000\n" },

	/* differences */
	{ "one difference",
	  { FIRST, { 0, "diff z.test 5 6 2000\n- z.test 60 SOA 5\n+ z.test 60 SOA 6\n+ b.z.test 60 TXT \"x\"\n" } },
	  "ns1|1000|2000|2|serial chain; content not compared\n", "ns1|5|6|difference|1000|2001|0|0\n",
	  "add|b.z.test|60|TXT|\"x\"|1000|2001\n",
	  "a.z.test|60|A|192.0.2.1|1000|open|1\nb.z.test|60|TXT|\"x\"|1000|open|0\nz.test|60|NS|ns1.z.test.|1000|open|1\n",
	  "ns1|6|2000|1000\n" },
	{ "three differences of one answer: a record that came and went between two looks is seen",
	  { FIRST, { 0, "diff z.test 5 6 2000\n+ b.z.test 60 TXT \"x\"\ndiff z.test 6 7 2000\n- b.z.test 60 TXT \"x\"\ndiff z.test 7 8 2000\n" } },
	  "ns1|1000|2000|2|serial chain; content not compared\n",
	  "ns1|5|6|difference|1000|2001|0|0\nns1|6|7|difference|1000|2001|0|1\nns1|7|8|difference|1000|2001|0|2\n",
	  "add|b.z.test|60|TXT|\"x\"|1000|2001\ndel|b.z.test|60|TXT|\"x\"|1000|2001\n",
	  "a.z.test|60|A|192.0.2.1|1000|open|1\nb.z.test|60|TXT|\"x\"|1000|2001|0\nz.test|60|NS|ns1.z.test.|1000|open|1\n",
	  "ns1|8|2000|1000\n" },
	{ "answer after answer: each covers the time since the last",
	  { FIRST, { 0, "diff z.test 5 6 2000\n+ b.z.test 60 TXT \"x\"\n" }, { 0, "serial z.test 6 3000\n" },
	    { 0, "diff z.test 6 7 4000\n- b.z.test 60 TXT \"x\"\n" } },
	  "ns1|1000|2000|2|serial chain; content not compared\nns1|2000|3000|2|serial unmoved; content not compared\n"
	  "ns1|3000|4000|2|serial chain; content not compared\n",
	  "ns1|5|6|difference|1000|2001|0|0\nns1|6|7|difference|3000|4001|0|0\n",
	  "add|b.z.test|60|TXT|\"x\"|1000|2001\ndel|b.z.test|60|TXT|\"x\"|3000|4001\n",
	  "a.z.test|60|A|192.0.2.1|1000|open|1\nb.z.test|60|TXT|\"x\"|1000|4001|0\nz.test|60|NS|ns1.z.test.|1000|open|1\n",
	  "ns1|7|4000|1000\n" },
	{ "a difference of signatures alone is an effect without records",
	  { FIRST, { 0, "diff z.test 5 6 2000\n- z.test 60 RRSIG old\n+ z.test 60 RRSIG new\n" } },
	  "ns1|1000|2000|2|serial chain; content not compared\n", "ns1|5|6|difference|1000|2001|0|0\n", "", BASE_RECORDS,
	  "ns1|6|2000|1000\n" },
	{ "adds of what is there and deletes of what is not are counted, not believed",
	  { FIRST, { 0, "diff z.test 5 6 2000\n- b.z.test 60 A 192.0.2.7\n+ a.z.test 60 A 192.0.2.1\n+ c.z.test 60 A 192.0.2.3\n" } },
	  "ns1|1000|2001|0|records of the differences that do not fit the content known: 2\n", "ns1|5|6|difference|1000|2001|2|0\n",
	  "add|c.z.test|60|A|192.0.2.3|1000|2001\n",
	  "a.z.test|60|A|192.0.2.1|1000|open|1\nc.z.test|60|A|192.0.2.3|1000|open|0\nz.test|60|NS|ns1.z.test.|1000|open|1\n",
	  "ns1|-1|1000|1000\n" },
	{ "a time to live that a difference changes",
	  { FIRST, { 0, "diff z.test 5 6 2000\n- a.z.test 60 A 192.0.2.1\n+ a.z.test 30 A 192.0.2.1\n" } },
	  "ns1|1000|2000|2|serial chain; content not compared\n", "ns1|5|6|difference|1000|2001|0|0\n",
	  "del|a.z.test|60|A|192.0.2.1|1000|2001\nadd|a.z.test|30|A|192.0.2.1|1000|2001\n",
	  "a.z.test|60|A|192.0.2.1|1000|2001|1\na.z.test|30|A|192.0.2.1|1000|open|0\nz.test|60|NS|ns1.z.test.|1000|open|1\n",
	  "ns1|6|2000|1000\n" },
	{ "serials that wrap round go on (RFC 1982)",
	  { { 0, "whole z.test 4294967295 1000\n" BASE }, { 0, "diff z.test 4294967295 0 2000\n" }, { 0, "serial z.test 4294967290 3000\n" } },
	  "ns1|1000|2000|2|serial chain; content not compared\nns1|2000|3001|0|server is behind: serial 4294967290, and 0 was seen before\n",
	  "ns1|4294967295|0|difference|1000|2001|0|0\n", "", BASE_RECORDS, "ns1|0|2000|1000\n" },

	/* what a serial says, and what a comparison of content makes of it */
	{ "serials and differences assert; a whole transfer that agrees proves the time since the last one",
	  { FIRST, { 0, "serial z.test 5 2000\n" }, { 0, "diff z.test 5 6 3000\n+ b.z.test 60 A 192.0.2.2\n" },
	    { 0, "whole z.test 6 3001\n" BASE "+ b.z.test 60 A 192.0.2.2\n" }, { 0, "serial z.test 6 4000\n" },
	    { 0, "whole z.test 6 4001\n" BASE "+ b.z.test 60 A 192.0.2.2\n" } },
	  "ns1|1000|2000|2|serial unmoved; content not compared\nns1|2000|3000|2|serial chain; content not compared\n"
	  "ns1|1000|3001|3|serial and content as expected\nns1|3001|4000|2|serial unmoved; content not compared\n"
	  "ns1|3001|4001|3|serial and content as expected\n",
	  "ns1|5|6|difference|2000|3001|0|0\n", "add|b.z.test|60|A|192.0.2.2|2000|3001\n",
	  "a.z.test|60|A|192.0.2.1|1000|open|1\nb.z.test|60|A|192.0.2.2|2000|open|0\nz.test|60|NS|ns1.z.test.|1000|open|1\n",
	  "ns1|6|4001|1000\n" },
	{ "a zone edited under its serial: what was asserted meanwhile is taken back, and nobody saw when",
	  { FIRST, { 0, "serial z.test 5 2000\n" }, { 0, "whole z.test 5 3000\n" BASE "+ b.z.test 60 A 192.0.2.2\n" } },
	  "ns1|1000|2000|2|serial unmoved; content not compared\nns1|1000|3000|0|content changed under an unmoved serial\n"
	  "ns1|1000|3000|1|content changed under an unmoved serial\n",
	  "ns1|5|5|comparison|1000|3001|0|0\n", "add|b.z.test|60|A|192.0.2.2|1000|3001\n", BASE_B, "ns1|5|3000|1000\n" },
	{ "edited under the chain of serials: the same",
	  { FIRST, { 0, "diff z.test 5 6 2000\n" }, { 0, "whole z.test 6 3000\n" BASE "+ b.z.test 60 A 192.0.2.2\n" } },
	  "ns1|1000|2000|2|serial chain; content not compared\nns1|1000|3000|0|content changed under an unmoved serial\n"
	  "ns1|1000|3000|1|content changed under an unmoved serial\n",
	  "ns1|5|6|difference|1000|2001|0|0\nns1|6|6|comparison|1000|3001|0|0\n", "add|b.z.test|60|A|192.0.2.2|1000|3001\n",
	  BASE_B, "ns1|6|3000|1000\n" },
	{ "what another server asserted is taken back as well",
	  { FIRST, { 0, "serial z.test 5 2000\n" }, { 1, "whole z.test 5 3000\n" BASE "+ b.z.test 60 A 192.0.2.2\n" } },
	  "ns1|1000|2000|2|serial unmoved; content not compared\nns1|1000|3000|0|content changed under an unmoved serial\n"
	  "ns2|1000|3000|0|content changed under an unmoved serial\nns2|1000|3000|1|content changed under an unmoved serial\n",
	  "ns2|5|5|comparison|1000|3001|0|0\n", "add|b.z.test|60|A|192.0.2.2|1000|3001\n", BASE_B, "ns2|5|3000|1000\n" },
	{ "what was proven before the last comparison stays",
	  { FIRST, { 0, "whole z.test 5 2000\n" BASE }, { 0, "whole z.test 5 3000\n" BASE "+ b.z.test 60 A 192.0.2.2\n" } },
	  "ns1|1000|2000|3|serial and content as expected\nns1|2000|3000|0|content changed under an unmoved serial\n"
	  "ns1|2000|3000|1|content changed under an unmoved serial\n",
	  "ns1|5|5|comparison|2000|3001|0|0\n", "add|b.z.test|60|A|192.0.2.2|2000|3001\n",
	  "a.z.test|60|A|192.0.2.1|1000|open|1\nb.z.test|60|A|192.0.2.2|2000|open|0\nz.test|60|NS|ns1.z.test.|1000|open|1\n",
	  "ns1|5|3000|1000\n" },
	{ "serial and content in one answer prove",
	  { FIRST, { 0, "diff z.test 5 6 2000\n+ b.z.test 60 A 192.0.2.2\nwhole z.test 6 2000\n" BASE "+ b.z.test 60 A 192.0.2.2\n" } },
	  "ns1|1000|2000|3|serial and content as expected\n", "ns1|5|6|difference|1000|2001|0|0\n",
	  "add|b.z.test|60|A|192.0.2.2|1000|2001\n", BASE_B, "ns1|6|2000|1000\n" },
	{ "differences that do not fit say that content moved before: a gap since the last comparison, and then compared",
	  { FIRST, { 0, "serial z.test 5 2000\n" }, { 0, "diff z.test 5 6 3000\n- b.z.test 60 A 192.0.2.2\n" },
	    { 0, "whole z.test 6 3001\n" BASE }, { 0, "whole z.test 6 4000\n" BASE } },
	  "ns1|1000|2000|2|serial unmoved; content not compared\n"
	  "ns1|1000|3001|0|records of the differences that do not fit the content known: 1\n"
	  "ns1|1000|3001|1|the chain was broken before: compared with the state last known\n"
	  "ns1|3001|4000|3|serial and content as expected\n",
	  "ns1|5|6|difference|2000|3001|1|0\n", "", BASE_RECORDS, "ns1|6|4000|1000\n" },
	{ "differences behind one that does not fit are still told",
	  { FIRST, { 0, "diff z.test 5 6 2000\n- c.z.test 60 A 192.0.2.3\ndiff z.test 6 7 2000\n+ b.z.test 60 A 192.0.2.2\n" },
	    { 0, "diff z.test 7 8 3000\n" } },
	  "ns1|1000|2001|0|records of the differences that do not fit the content known: 1\n"
	  "ns1|1000|3001|0|differences after a break: a whole transfer is needed\n",
	  "ns1|5|6|difference|1000|2001|1|0\nns1|6|7|difference|1000|2001|0|1\nns1|7|8|difference|1000|3001|0|0\n",
	  "add|b.z.test|60|A|192.0.2.2|1000|2001\n",
	  BASE_B, "ns1|-1|1000|1000\n" },

	/* breaks */
	{ "differences that begin elsewhere: a gap, the state is not known from then on, and what they tell is told",
	  { FIRST, { 0, "diff z.test 7 8 2000\n+ b.z.test 60 A 192.0.2.2\n" } },
	  "ns1|1000|2001|0|differences begin at serial 7, the state is at 5: the steps between are lost, the history was trimmed\n",
	  "ns1|7|8|difference|1000|2001|0|0\n", "add|b.z.test|60|A|192.0.2.2|1000|2001\n", BASE_B, "ns1|-1|1000|1000\n" },
	{ "a chain that breaks in the middle: a challenge that came and went behind the break is seen",
	  { FIRST, { 0, "diff z.test 5 6 2000\n+ b.z.test 60 A 192.0.2.2\ndiff z.test 8 9 2000\n+ c.z.test 60 TXT \"c\"\n"
	                "diff z.test 9 10 2000\n- c.z.test 60 TXT \"c\"\n" } },
	  "ns1|1000|2001|0|differences begin at serial 8, the state is at 6: the steps between are lost, the history was trimmed\n",
	  "ns1|5|6|difference|1000|2001|0|0\nns1|8|9|difference|1000|2001|0|1\nns1|9|10|difference|1000|2001|0|2\n",
	  "add|b.z.test|60|A|192.0.2.2|1000|2001\nadd|c.z.test|60|TXT|\"c\"|1000|2001\ndel|c.z.test|60|TXT|\"c\"|1000|2001\n",
	  "a.z.test|60|A|192.0.2.1|1000|open|1\nb.z.test|60|A|192.0.2.2|1000|open|0\nc.z.test|60|TXT|\"c\"|1000|2001|0\n"
	  "z.test|60|NS|ns1.z.test.|1000|open|1\n", "ns1|-1|1000|1000\n" },
	{ "behind a break: what goes without having been seen to come went all the same, what comes again stays",
	  { FIRST, { 0, "diff z.test 7 8 2000\n- c.z.test 60 TXT \"c\"\n+ a.z.test 60 A 192.0.2.1\n" }, { 0, "whole z.test 8 3000\n" BASE } },
	  "ns1|1000|2001|0|differences begin at serial 7, the state is at 5: the steps between are lost, the history was trimmed\n"
	  "ns1|1000|3000|1|the chain was broken before: compared with the state last known\n",
	  "ns1|7|8|difference|1000|2001|1|0\n", "del|c.z.test|60|TXT|\"c\"|1000|2001\n",
	  "a.z.test|60|A|192.0.2.1|1000|open|1\nc.z.test|60|TXT|\"c\"|1000|2001|0\nz.test|60|NS|ns1.z.test.|1000|open|1\n",
	  "ns1|8|3000|1000\n" },
	{ "after a break only a whole transfer helps, and it is compared with what was last known",
	  { FIRST, { 0, "diff z.test 7 8 2000\n" }, { 0, "diff z.test 8 9 3000\n" }, { 0, "serial z.test 9 4000\n" },
	    { 0, "whole z.test 9 5000\n" BASE "+ b.z.test 60 A 192.0.2.2\n" }, { 0, "serial z.test 9 6000\n" } },
	  "ns1|1000|2001|0|differences begin at serial 7, the state is at 5: the steps between are lost, the history was trimmed\n"
	  "ns1|1000|3001|0|differences after a break: a whole transfer is needed\n"
	  "ns1|1000|4001|0|a serial after a break: a whole transfer is needed\n"
	  "ns1|1000|5000|1|the chain was broken before: compared with the state last known\n"
	  "ns1|5000|6000|2|serial unmoved; content not compared\n",
	  "ns1|7|8|difference|1000|2001|0|0\nns1|8|9|difference|1000|3001|0|0\nns1|-1|9|comparison|1000|5001|0|0\n",
	  "add|b.z.test|60|A|192.0.2.2|1000|5001\n",
	  "a.z.test|60|A|192.0.2.1|1000|open|1\nb.z.test|60|A|192.0.2.2|1000|open|0\nz.test|60|NS|ns1.z.test.|1000|open|1\n",
	  "ns1|9|6000|1000\n" },
	{ "after a break, same content: still only compared",
	  { FIRST, { 0, "diff z.test 7 8 2000\n" }, { 0, "whole z.test 8 3000\n" BASE } },
	  "ns1|1000|2001|0|differences begin at serial 7, the state is at 5: the steps between are lost, the history was trimmed\n"
	  "ns1|1000|3000|1|the chain was broken before: compared with the state last known\n", "ns1|7|8|difference|1000|2001|0|0\n", "",
	  BASE_RECORDS, "ns1|8|3000|1000\n" },

	/* histories: journals, and what a server made of them */
	{ "a challenge that came and went is known by the journal, and the transfer behind it finds nothing more",
	  { FIRST, { 0, "diff z.test 5 6 2000\n+ b.z.test 60 TXT \"x\"\ndiff z.test 6 7 2000\n- b.z.test 60 TXT \"x\"\n" },
	    { 1, "whole z.test 7 2001\n" BASE } },
	  "ns1|1000|2000|2|serial chain; content not compared\nns2|1000|2001|3|serial and content as expected\n",
	  "ns1|5|6|difference|1000|2001|0|0\nns1|6|7|difference|1000|2001|0|1\n",
	  "add|b.z.test|60|TXT|\"x\"|1000|2001\ndel|b.z.test|60|TXT|\"x\"|1000|2001\n",
	  "a.z.test|60|A|192.0.2.1|1000|open|1\nb.z.test|60|TXT|\"x\"|1000|2001|0\nz.test|60|NS|ns1.z.test.|1000|open|1\n",
	  "ns2|7|2001|1000\n" },
	{ "a source that says when: as narrow as that, where it lies between our looks",
	  { FIRST, { 0, "diff z.test 5 6 2000 at=1500,1600\n+ b.z.test 60 A 192.0.2.2\ndiff z.test 6 7 2000 at=300,400\ndiff z.test 7 8 2000 at=1900,2500\n" } },
	  "ns1|1000|2000|2|serial chain; content not compared\n",
	  "ns1|5|6|difference|1500|1600|0|0\nns1|6|7|difference|1000|2001|0|1\nns1|7|8|difference|1900|2001|0|2\n",
	  "add|b.z.test|60|A|192.0.2.2|1500|1600\n",
	  "a.z.test|60|A|192.0.2.1|1000|open|1\nb.z.test|60|A|192.0.2.2|1500|open|0\nz.test|60|NS|ns1.z.test.|1000|open|1\n", "ns1|8|2000|1000\n" },
	{ "a server that merged its history: the step is told, sampled, with what was lost in words",
	  { FIRST, { 0, "diff z.test 5 9 2000 merged=history~merged\n+ b.z.test 60 A 192.0.2.2\ndiff z.test 9 10 2000\n" } },
	  "ns1|1000|2000|1|serial 5 to 9: history merged\n", "ns1|5|9|difference|1000|2001|0|0\nns1|9|10|difference|1000|2001|0|1\n",
	  "add|b.z.test|60|A|192.0.2.2|1000|2001\n", BASE_B, "ns1|10|2000|1000\n" },
	{ "merged steps, and then the content as expected: that does not show what came and went; the next look may be proven again",
	  { FIRST, { 0, "diff z.test 5 9 2000 merged=history~merged\n+ b.z.test 60 A 192.0.2.2\n" },
	    { 0, "whole z.test 9 2500\n" BASE "+ b.z.test 60 A 192.0.2.2\n" }, { 0, "whole z.test 9 3000\n" BASE "+ b.z.test 60 A 192.0.2.2\n" } },
	  "ns1|1000|2000|1|serial 5 to 9: history merged\nns1|1000|2500|1|content as expected; steps of its history were merged before\n"
	  "ns1|2500|3000|3|serial and content as expected\n", "ns1|5|9|difference|1000|2001|0|0\n",
	  "add|b.z.test|60|A|192.0.2.2|1000|2001\n", BASE_B, "ns1|9|3000|1000\n" },
	{ "merged over the serial that we had: what is there already is not told again, and a gap says why",
	  { FIRST, { 0, "diff z.test 3 9 2000 merged=history~merged\n+ a.z.test 60 A 192.0.2.1\n+ b.z.test 60 A 192.0.2.2\n" } },
	  "ns1|1000|2001|0|serial 3 to 9 is told as one step, the state is at 5 between them: the history was merged\n",
	  "ns1|5|9|difference|1000|2001|1|0\n", "add|b.z.test|60|A|192.0.2.2|1000|2001\n", BASE_B, "ns1|-1|1000|1000\n" },
	{ "a long journal read in pieces: only its end is a look, so nothing is narrower than the looks were",
	  { FIRST, { 0, "diff z.test 5 6 2000 more\n+ b.z.test 60 A 192.0.2.2\n" }, { 0, "diff z.test 6 7 2500\n" } },
	  "ns1|1000|2500|2|serial chain; content not compared\n", "ns1|5|6|difference|1000|2001|0|0\nns1|6|7|difference|1000|2501|0|0\n",
	  "add|b.z.test|60|A|192.0.2.2|1000|2001\n", BASE_B, "ns1|7|2500|1000\n" },
	{ "a journal in pieces, one of which breaks the chain: the gap stands",
	  { FIRST, { 0, "diff z.test 7 8 2000 more\n" }, { 0, "diff z.test 8 9 2500\n" } },
	  "ns1|1000|2001|0|differences begin at serial 7, the state is at 5: the steps between are lost, the history was trimmed\n"
	  "ns1|1000|2501|0|differences after a break: a whole transfer is needed\n",
	  "ns1|7|8|difference|1000|2001|0|0\nns1|8|9|difference|1000|2501|0|0\n", "", BASE_RECORDS, "ns1|-1|1000|1000\n" },

	{ "a server that merged its history into a whole zone, newer than ours: compared, with what was lost in words",
	  { FIRST, { 0, "whole z.test 8 2000 past\n" BASE "+ b.z.test 60 A 192.0.2.2\ndiff z.test 8 9 2000\n- b.z.test 60 A 192.0.2.2\n" } },
	  "ns1|1000|2000|1|the server merged its history up to serial 8 into one: what came and went since 5 is lost\n",
	  "ns1|5|8|comparison|1000|2001|0|0\nns1|8|9|difference|1000|2001|0|1\n",
	  "add|b.z.test|60|A|192.0.2.2|1000|2001\ndel|b.z.test|60|A|192.0.2.2|1000|2001\n",
	  "a.z.test|60|A|192.0.2.1|1000|open|1\nb.z.test|60|A|192.0.2.2|1000|2001|0\nz.test|60|NS|ns1.z.test.|1000|open|1\n", "ns1|9|2000|1000\n" },
	{ "a whole zone from before what is known says nothing",
	  { FIRST, { 0, "whole z.test 3 2000 past\n" BASE "diff z.test 5 6 2000\n+ b.z.test 60 A 192.0.2.2\n" } },
	  "ns1|1000|2000|2|serial chain; content not compared\n", "ns1|5|6|difference|1000|2001|0|0\n",
	  "add|b.z.test|60|A|192.0.2.2|1000|2001\n", BASE_B, "ns1|6|2000|1000\n" },
	{ "the first look at a zone whose journal begins with the whole: all of it at some time before, and no time covered",
	  { { 0, "whole z.test 5 1000 past\n" BASE "diff z.test 5 6 1000\n+ b.z.test 60 A 192.0.2.2\n" }, { 0, "diff z.test 6 7 2000\n" } },
	  "ns1|1000|2000|2|serial chain; content not compared\n", "ns1|5|6|difference|0|1001|0|0\nns1|6|7|difference|1000|2001|0|0\n",
	  "add|b.z.test|60|A|192.0.2.2|0|1001\n",
	  "a.z.test|60|A|192.0.2.1|0|open|1\nb.z.test|60|A|192.0.2.2|0|open|0\nz.test|60|NS|ns1.z.test.|0|open|1\n", "ns1|7|2000|1000\n" },

	/* lists of records without a serial */
	{ "a list without serials: content alone, sampled, whoever signed it",
	  { { 0, "whole z.test 0 1000 list\n" BASE }, { 0, "whole z.test 0 2000 list\n" BASE },
	    { 0, "whole z.test 0 3000 list unsigned\n" BASE "+ b.z.test 60 A 192.0.2.2\n" } },
	  "ns1|1000|2000|1|content as before; the source tells no serial\nns1|2000|3000|1|content changed; the source tells no serial\n",
	  "ns1|-1|-1|content|2000|3001|0|0\n", "add|b.z.test|60|A|192.0.2.2|2000|3001\n",
	  "a.z.test|60|A|192.0.2.1|1000|open|1\nb.z.test|60|A|192.0.2.2|2000|open|0\nz.test|60|NS|ns1.z.test.|1000|open|1\n", "ns1|-1|3000|1000\n" },
	{ "a list beside a transfer: one state, whoever tells it; the serial stays what the transfer said",
	  { FIRST, { 1, "whole z.test 0 2000 list\n" BASE "+ b.z.test 60 A 192.0.2.2\n" }, { 0, "diff z.test 5 6 3000\n- b.z.test 60 A 192.0.2.2\n" } },
	  "ns2|1000|2000|1|content changed; the source tells no serial\nns1|2000|3000|2|serial chain; content not compared\n",
	  "ns2|5|5|content|1000|2001|0|0\nns1|5|6|difference|2000|3001|0|0\n",
	  "add|b.z.test|60|A|192.0.2.2|1000|2001\ndel|b.z.test|60|A|192.0.2.2|2000|3001\n",
	  "a.z.test|60|A|192.0.2.1|1000|open|1\nb.z.test|60|A|192.0.2.2|1000|3001|0\nz.test|60|NS|ns1.z.test.|1000|open|1\n", "ns1|6|3000|1000\n" },

	/* the serial alone */
	{ "same serial: the server says that nothing happened",
	  { FIRST, { 0, "serial z.test 5 2000\n" } },
	  "ns1|1000|2000|2|serial unmoved; content not compared\n", "", "", BASE_RECORDS, "ns1|5|2000|1000\n" },
	{ "an older serial: the server is behind, the state stays",
	  { FIRST, { 0, "serial z.test 4 2000\n" }, { 0, "serial z.test 5 3000\n" } },
	  "ns1|1000|2001|0|server is behind: serial 4, and 5 was seen before\nns1|1000|3000|2|serial unmoved; content not compared\n", "", "", BASE_RECORDS,
	  "ns1|5|3000|1000\n" },
	{ "a newer serial without differences: a gap; the differences may still come",
	  { FIRST, { 0, "serial z.test 6 2000\n" }, { 0, "diff z.test 5 6 3000\n" } },
	  "ns1|1000|2001|0|server is at serial 6 and told no differences from 5\n"
	  "ns1|1000|3000|2|serial chain; content not compared\n",
	  "ns1|5|6|difference|1000|3001|0|0\n", "", BASE_RECORDS, "ns1|6|3000|1000\n" },

	/* a zone that was never seen whole */
	{ "a serial of a zone never seen whole is a gap of an instant",
	  { { 0, "serial z.test 6 2000\n" } },
	  "ns1|2000|2001|0|a serial of a zone that was never seen whole\n", "", "", "", "" },
	{ "differences of a zone never seen whole: told, at some time before; what they remove had been there",
	  { { 0, "diff z.test 5 6 1000\n- a.z.test 60 A 192.0.2.1\n+ b.z.test 60 A 192.0.2.2\n" }, { 0, "serial z.test 6 2000\n" },
	    { 0, "diff z.test 6 7 3000\n- b.z.test 60 A 192.0.2.2\n" } },
	  "ns1|1000|1001|0|differences of a zone that was never seen whole\nns1|1000|2000|1|serial unmoved, of a zone that was never seen whole\n"
	  "ns1|2000|3000|1|serial chain of a zone that was never seen whole\n",
	  "ns1|5|6|difference|0|1001|0|0\nns1|6|7|difference|2000|3001|0|0\n",
	  "del|a.z.test|60|A|192.0.2.1|0|1001\nadd|b.z.test|60|A|192.0.2.2|0|1001\ndel|b.z.test|60|A|192.0.2.2|2000|3001\n",
	  "a.z.test|60|A|192.0.2.1|0|1001|1\nb.z.test|60|A|192.0.2.2|0|3001|0\n", "ns1|7|3000|1000\n" },
	{ "and then the whole: what the differences did not speak of was there at the start, and nothing more is told",
	  { { 0, "diff z.test 4 5 1000\n+ a.z.test 60 A 192.0.2.1\n" }, { 1, "whole z.test 5 1001\n" BASE }, { 1, "whole z.test 5 2000\n" BASE } },
	  "ns1|1000|1001|0|differences of a zone that was never seen whole\nns2|1001|2000|3|serial and content as expected\n",
	  "ns1|4|5|difference|0|1001|0|0\n", "add|a.z.test|60|A|192.0.2.1|0|1001\n",
	  "a.z.test|60|A|192.0.2.1|0|open|0\nz.test|60|NS|ns1.z.test.|1000|open|1\n", "ns2|5|2000|1000\n" },
	{ "and then a whole that lacks what the differences added: gone since",
	  { { 0, "diff z.test 4 5 1000\n+ c.z.test 60 A 192.0.2.3\n" }, { 1, "whole z.test 6 2000\n" BASE } },
	  "ns1|1000|1001|0|differences of a zone that was never seen whole\n",
	  "ns1|4|5|difference|0|1001|0|0\nns2|5|6|comparison|1000|2001|0|0\n",
	  "add|c.z.test|60|A|192.0.2.3|0|1001\ndel|c.z.test|60|A|192.0.2.3|1000|2001\n",
	  "a.z.test|60|A|192.0.2.1|1000|open|1\nc.z.test|60|A|192.0.2.3|0|2001|0\nz.test|60|NS|ns1.z.test.|1000|open|1\n", "ns2|6|2000|1000\n" },

	/* two servers of one zone */
	{ "a second server tells the same differences: no second effect",
	  { FIRST, { 0, "diff z.test 5 6 2000\n+ b.z.test 60 A 192.0.2.2\n" }, { 1, "diff z.test 5 6 2500\n+ b.z.test 60 A 192.0.2.2\n" } },
	  "ns1|1000|2000|2|serial chain; content not compared\nns2|2000|2500|2|serial chain; content not compared\n",
	  "ns1|5|6|difference|1000|2001|0|0\n", "add|b.z.test|60|A|192.0.2.2|1000|2001\n",
	  "a.z.test|60|A|192.0.2.1|1000|open|1\nb.z.test|60|A|192.0.2.2|1000|open|0\nz.test|60|NS|ns1.z.test.|1000|open|1\n",
	  "ns2|6|2500|1000\n" },
	{ "a second server starts from an older serial and leads beyond",
	  { FIRST, { 0, "diff z.test 5 6 2000\n" }, { 1, "diff z.test 5 6 2500\ndiff z.test 6 7 2500\n+ b.z.test 60 A 192.0.2.2\n" } },
	  "ns1|1000|2000|2|serial chain; content not compared\nns2|2000|2500|2|serial chain; content not compared\n",
	  "ns1|5|6|difference|1000|2001|0|0\nns2|6|7|difference|2000|2501|0|0\n", "add|b.z.test|60|A|192.0.2.2|2000|2501\n",
	  "a.z.test|60|A|192.0.2.1|1000|open|1\nb.z.test|60|A|192.0.2.2|2000|open|0\nz.test|60|NS|ns1.z.test.|1000|open|1\n",
	  "ns2|7|2500|1000\n" },
	{ "a second server ends before what is known",
	  { FIRST, { 0, "diff z.test 5 6 2000\ndiff z.test 6 7 2000\n" }, { 1, "diff z.test 5 6 2500\n" } },
	  "ns1|1000|2000|2|serial chain; content not compared\nns2|2000|2501|0|server is behind: its differences end before serial 7\n",
	  "ns1|5|6|difference|1000|2001|0|0\nns1|6|7|difference|1000|2001|0|1\n", "", BASE_RECORDS, "ns1|7|2000|1000\n" },

	/* clocks */
	{ "a clock that was set back covers nothing, and loses nothing",
	  { FIRST, { 0, "diff z.test 5 6 400\n+ b.z.test 60 A 192.0.2.2\n" }, { 0, "serial z.test 6 2000\n" } },
	  "ns1|1000|2000|2|serial unmoved; content not compared\n", "ns1|5|6|difference|400|1001|0|0\n", "add|b.z.test|60|A|192.0.2.2|400|1001\n",
	  "a.z.test|60|A|192.0.2.1|1000|open|1\nb.z.test|60|A|192.0.2.2|400|open|0\nz.test|60|NS|ns1.z.test.|1000|open|1\n",
	  "ns1|6|2000|1000\n" },
};

static void check(struct afd_store *s, const struct story *y, const char *table, const char *sql, const char *expected)
{
	AFD_AUTO(mem) char *got = rows(s, sql);

	if (strcmp(got, expected) != 0) {
		print_error("%s: %s\nexpected:\n%sgot:\n%s", y->name, table, expected, got);
		fail();
	}
}

static void check_story(struct afd_store *s, const struct story *y)
{
	check(s, y, "coverage", "SELECT source, t_from, t_to, grade, reason FROM coverage ORDER BY id", y->coverage);
	check(s, y, "change", "SELECT source, serial_from, serial_to, kind, t_from, t_to, anomalies, seq FROM change ORDER BY id", y->change);
	check(s, y, "change_record", "SELECT op, owner, ttl, type, rdata, t_from, t_to FROM change_record ORDER BY id", y->change_record);
	check(s, y, "record", "SELECT owner, ttl, type, rdata, valid_from, valid_to, at_start FROM record"
	      " ORDER BY owner, type, rdata, valid_to", y->record);
	check(s, y, "zone", "SELECT source, serial, seen_ms, first_ms FROM zone", y->zone);
	check(s, y, "faults", "SELECT reason FROM decode_error", "");
	check(s, y, "statements that are not about this zone",
	      "SELECT 1 FROM coverage WHERE evidence <> 'zone-changes' OR scope <> 'z.test' OR lag_ms <> 0", "");
}

/* Each story told at once, and told item by item with a derive between: the tables are the same. */
static void test_stories(void **state)
{
	(void)state;
	for (size_t i = 0; i < AFD_COUNT(stories); i++) {
		const struct story *y = &stories[i];
		struct afd_store *at_once = memory_store(), *step_by_step = memory_store();
		struct world w = { .now = 1 }, w2 = { .now = 1 };
		AFD_AUTO(mem) char *one = NULL;
		AFD_AUTO(mem) char *other = NULL;

		for (size_t k = 0; k < AFD_COUNT(y->answer) && y->answer[k].text; k++) {
			const char *source = y->answer[k].source ? "ns2" : "ns1";

			put_text(at_once, &w, source, "zone", 1, y->answer[k].text);
			put_text(step_by_step, &w2, source, "zone", 1, y->answer[k].text);
			sequence(step_by_step);
			derive(step_by_step);
		}
		sequence(at_once);
		derive(at_once);
		check_story(at_once, y);
		one = dump_derived(at_once);
		other = dump_derived(step_by_step);
		assert_string_equal(one, other);
		afd_store_close(at_once);
		afd_store_close(step_by_step);
	}
}

/* Two zones in one item are two chains. */
static void test_two_zones(void **state)
{
	struct afd_store *s = memory_store();
	struct world w = { .now = 1 };

	(void)state;
	put_text(s, &w, "ns1", "zones", 1, "whole a.test 1 1000\nwhole b.test 1 1000\n");
	put_text(s, &w, "ns1", "zones", 1, "diff a.test 1 2 2000\ndiff b.test 7 8 2000\ndiff a.test 2 3 2000\n");
	sequence(s);
	derive(s);
	assert_rows(s, "SELECT scope, grade FROM coverage ORDER BY id", "a.test|2\nb.test|0\n");
	assert_rows(s, "SELECT name, serial FROM zone ORDER BY name", "a.test|3\nb.test|-1\n");
	afd_store_close(s);
}

/* A zone of some size: looked at, looked at again in another order, and then with every tenth record moved. */
enum { MANY = 5000 };

static int decode_many(void *ctx, const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err)
{
	char (*owner)[24] = calloc(MANY, sizeof(*owner));
	struct afd_rr *rr = calloc(MANY, sizeof(*rr));
	struct afd_row_zone r = { .zone = "z.test", .serial = item->leaf < 2 ? 1 : 2, .seen_ms = 1000 * (int64_t)(item->leaf + 1), .rr = rr, .n = MANY, .authenticated = true };
	int ret;

	(void)ctx;
	for (unsigned i = 0; i < MANY; i++) {
		const unsigned k = item->leaf == 1 ? (i * 7919u) % MANY : i;

		snprintf(owner[i], sizeof(owner[i]), "h%u.z.test", k);
		rr[i] = (struct afd_rr){ owner[i], "A", item->leaf == 2 && k % 10 == 3 ? "192.0.2.2" : "192.0.2.1", 60 };
	}
	ret = sink->zone(sink->ctx, &r, err);
	free(owner);
	free(rr);
	return ret;
}

static void test_many_records(void **state)
{
	struct afd_store *s = memory_store();
	struct afd_error err = { 0 };
	struct world w = { .now = 1 };

	(void)state;
	for (int i = 0; i < 3; i++)
		put_text(s, &w, "ns1", "zone", 1, "");
	sequence(s);
	OK(afd_derive(s, decode_many, NULL, &err));
	assert_rows(s, "SELECT grade, reason FROM coverage ORDER BY id",
	            "3|serial and content as expected\n1|history not served: whole transfer instead of differences\n");
	assert_rows(s, "SELECT op, count(*) FROM change_record GROUP BY op", "add|500\ndel|500\n");
	assert_rows(s, "SELECT count(*) FROM record WHERE valid_to = 9223372036854775807", "5000\n");
	afd_store_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stories),
		cmocka_unit_test(test_two_zones),
		cmocka_unit_test(test_many_records),
	};

	return cmocka_run_group_tests_name("evidence zone", tests, NULL, NULL);
}
