/* Sentences of checks hold counts; a statement in SQL that says "1 minutes" is put right here, for all of them. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "mappers/judge.h"

/* MEASURE: also after "of" and "the", where other words stand for all there are ("any of the 1 accounts"). */
static const struct { const char *many, *one; bool measure; } words[] = {
	{ "accounts", "account", false }, { "addresses", "address", false }, { "answers", "answer", false }, { "approvals", "approval", false },
	{ "attempts", "attempt", false }, { "certificates", "certificate", false }, { "challenges", "challenge", false }, { "changes", "change", false },
	{ "credentials", "credential", false }, { "days", "day", true }, { "domains", "domain", false }, { "hours", "hour", true },
	{ "items", "item", false }, { "logins", "login", false }, { "logs", "log", false }, { "looks", "look", false }, { "minutes", "minute", true },
	{ "months", "month", true }, { "names", "name", false }, { "networks", "network", false }, { "others", "other", false },
	{ "records", "record", false }, { "registrars", "registrar", false }, { "seconds", "second", true }, { "sets", "set", false },
	{ "signatures", "signature", false }, { "suppliers", "supplier", false }, { "times", "time", true }, { "types", "type", false },
	{ "updates", "update", false }, { "windows", "window", false }, { "zones", "zone", false },
};

static bool ends(const char *begin, const char *end, const char *word)
{
	size_t n = strlen(word);

	return (size_t)(end - begin) >= n && memcmp(end - n, word, n) == 0;
}

/* Which of the words stands at AT, behind what was written from BEGIN to END and a "1 "; -1 when none does. */
static int counted(const char *begin, const char *end, const char *at)
{
	for (size_t i = 0; i < AFD_COUNT(words); i++) {
		size_t n = strlen(words[i].many);

		if (strncmp(at, words[i].many, n) == 0 && !isalnum((unsigned char)at[n]) &&
		    (words[i].measure || (!ends(begin, end, "of ") && !ends(begin, end, "the "))))
			return (int)i;
	}
	return -1;
}

/* What one thing does, where several stand in the statement: "1 are a finding", "1 hour were left". */
static const struct { const char *many, *one; } verbs[] = { { "are", "is" }, { "were", "was" }, { "have", "has" } };

/* Writes the verb at FROM, behind " ", in the singular; how much of FROM was read, 0: none stands there. */
static size_t put_verb(char **to, const char *from)
{
	for (size_t i = 0; *from == ' ' && i < AFD_COUNT(verbs); i++) {
		size_t n = strlen(verbs[i].many);

		if (strncmp(from + 1, verbs[i].many, n) != 0 || isalnum((unsigned char)from[n + 1]))
			continue;
		*to += snprintf(*to, n + 2, " %s", verbs[i].one);       /* never longer than what was read */
		return n + 1;
	}
	return 0;
}

static bool stands_alone(const char *begin, const char *end)
{
	return end == begin || end[-1] == ' ' || end[-1] == '(';
}

void afd_count_words(char *text)
{
	char *to = text;

	for (const char *from = text; *from;) {
		const bool one = from[0] == '1' && from[1] == ' ' && stands_alone(text, to);
		const bool alone = one && !ends(text, to, "and ");      /* "2 and 1 are" are three */
		int w = one ? counted(text, to, from + 2) : -1;

		if (w < 0) {
			*to++ = *from++;
		} else {
			/* never longer than what was read */
			to += snprintf(to, strlen(words[w].many) + 2, "1 %s", words[w].one);
			from += 2 + strlen(words[w].many);
		}
		if (alone)
			from += put_verb(&to, from);
	}
	*to = '\0';
}
