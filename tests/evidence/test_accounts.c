/* States of domains, credentials and members: which differences become events, and which silence does not. */
#include "support.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "evidence/action.h"

/* Lines of an item, words with blanks between; a list has commas between, "-" is stated and empty:
 *   domain VIEW SEEN [status=a,b] [ns=a,b] [ds=x] [contact=role:email] [lock=yes|no] [renew=yes|no] [code=yes|no] [registrar=R] [expires=N]
 *   tokens SEEN [partial] ID[:scopes[:rotated]] ...
 *   members SEEN ID[:mfa[:roles]] ... */
struct list { const char *at[8]; size_t n; };

static void cut(char *text, char sep, struct list *ret)
{
	ret->n = 0;
	while (text && *text && strcmp(text, "-") != 0 && ret->n < 8) {
		char *end = strchr(text, sep);

		ret->at[ret->n++] = text;
		if (end)
			*end++ = '\0';
		text = end;
	}
}

static enum afd_known known(const char *text)
{
	return strcmp(text, "yes") == 0 ? AFD_YES : strcmp(text, "no") == 0 ? AFD_NO : AFD_NOT_STATED;
}

static int domain_line(char **word, size_t n, struct afd_sink *sink, struct afd_error *err)
{
	struct list status = { 0 }, ns = { 0 }, ds = { 0 };
	struct afd_contact contact = { 0 };
	struct afd_row_domain_state r = { .domain = "example.test", .view = word[1], .account = "acct", .seen_ms = strtoll(word[2], NULL, 10),
		.created_ms = AFD_TIME_NONE, .updated_ms = AFD_TIME_NONE, .transferred_ms = AFD_TIME_NONE, .expires_ms = AFD_TIME_NONE,
		.registrar_expires_ms = AFD_TIME_NONE, .data_ms = AFD_TIME_NONE };

	for (size_t i = 3; i < n; i++) {
		char *value = strchr(word[i], '=');

		*value++ = '\0';
		if (strcmp(word[i], "status") == 0)
			cut(value, ',', &status), r.status = (struct afd_told_list){ AFD_YES, status.at, status.n };
		else if (strcmp(word[i], "ns") == 0)
			cut(value, ',', &ns), r.name_server = (struct afd_told_list){ AFD_YES, ns.at, ns.n };
		else if (strcmp(word[i], "ds") == 0)
			cut(value, ',', &ds), r.ds = (struct afd_told_list){ AFD_YES, ds.at, ds.n };
		else if (strcmp(word[i], "contact") == 0) {
			contact.role = value;
			value = strchr(value, ':');
			*value++ = '\0';
			contact.withheld = strcmp(value, "withheld") == 0;
			contact.email = contact.withheld ? NULL : value;
			r.contact = &contact;
			r.n_contact = 1;
			r.contacts = AFD_YES;
		} else if (strcmp(word[i], "lock") == 0)
			r.transfer_lock = known(value);
		else if (strcmp(word[i], "renew") == 0)
			r.auto_renew = known(value);
		else if (strcmp(word[i], "code") == 0)
			r.auth_code = known(value);
		else if (strcmp(word[i], "registrar") == 0)
			r.registrar_id = value;
		else if (strcmp(word[i], "expires") == 0)
			r.expires_ms = strtoll(value, NULL, 10);
	}
	return sink->domain_state(sink->ctx, &r, err);
}

static int list_line(char **word, size_t n, struct afd_sink *sink, struct afd_error *err)
{
	struct afd_credential_state c[8];
	struct afd_member_state m[8];
	const bool tokens = strcmp(word[0], "tokens") == 0, partial = n > 2 && strcmp(word[2], "partial") == 0;
	size_t k = 0;

	for (size_t i = partial ? 3 : 2; i < n; i++, k++) {
		struct list l;

		cut(word[i], ':', &l);
		c[k] = (struct afd_credential_state){ .id = l.at[0], .scopes = l.n > 1 ? l.at[1] : NULL, .status = "active", .created_ms = AFD_TIME_NONE,
			.expires_ms = AFD_TIME_NONE, .used_ms = AFD_TIME_NONE, .rotated_ms = l.n > 2 ? strtoll(l.at[2], NULL, 10) : AFD_TIME_NONE };
		m[k] = (struct afd_member_state){ .id = l.at[0], .mfa = l.n > 1 ? known(l.at[1]) : AFD_NOT_STATED, .roles = l.n > 2 ? l.at[2] : NULL,
			.seen_login_ms = AFD_TIME_NONE };
	}
	if (tokens)
		return sink->credentials(sink->ctx, &(struct afd_row_credentials){ "acct", c, k, strtoll(word[1], NULL, 10), partial }, err);
	return sink->members(sink->ctx, &(struct afd_row_members){ "acct", m, k, strtoll(word[1], NULL, 10), partial }, err);
}

static int decode(void *ctx, const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err)
{
	char text[1024], *word[16], *rest, *line = text;

	(void)ctx;
	snprintf(text, sizeof(text), "%.*s", (int)item->bytes.len, (const char *)item->bytes.data);
	while (line && *line) {
		char *next = strchr(line, '\n');
		size_t n = 0;

		if (next)
			*next++ = '\0';
		for (char *w = strtok_r(line, " ", &rest); w && n < 16; w = strtok_r(NULL, " ", &rest))
			word[n++] = w;
		if (n && (strcmp(word[0], "domain") == 0 ? domain_line(word, n, sink, err) : list_line(word, n, sink, err)) < 0)
			return -1;
		line = next;
	}
	return 0;
}

#define NONE ""
static const struct story {
	const char *name, *look[4];
	const char *event;        /* action|object|before|after|t_from|t_to */
	int64_t states;           /* rows of state in the end */
} stories[] = {
	{ "the first look tells a state and no event", { "domain registry 1000 status=ok ns=a.test" }, NONE, 1 },
	{ "the same again is the same row", { "domain registry 1000 status=ok,inactive ns=a.test", "domain registry 2000 status=inactive,ok ns=a.test" }, NONE, 1 },
	{ "another view of the domain is another state", { "domain registry 1000 ns=a.test", "domain provider 2000 ns=b.test" }, NONE, 2 },
	{ "a transfer lock that goes, by its status",
	  { "domain registry 1000 status=clientTransferProhibited", "domain registry 2000 status=ok" },
	  "transfer-lock.remove|example.test|yes|no|1000|2001\ndomain.status.change|example.test|clientTransferProhibited|ok|1000|2001\n", 2 },
	{ "the registry's own prohibition keeps it locked",
	  { "domain registry 1000 status=clientTransferProhibited,serverTransferProhibited", "domain registry 2000 status=serverTransferProhibited" },
	  "domain.status.change|example.test|clientTransferProhibited serverTransferProhibited|serverTransferProhibited|1000|2001\n", 2 },
	{ "what the provider says outright counts before the statuses",
	  { "domain provider 1000 lock=yes status=ok", "domain provider 2000 lock=no status=ok" }, "transfer-lock.remove|example.test|yes|no|1000|2001\n", 2 },
	{ "silence about the lock is not its removal", { "domain provider 1000 lock=yes", "domain provider 2000 renew=yes" }, NONE, 2 },
	{ "silence about statuses is not their removal", { "domain registry 1000 status=serverHold ns=a.test", "domain registry 2000 ns=a.test" }, NONE, 2 },
	{ "what comes back after silence is held against what was known, since then",
	  { "domain provider 1000 lock=yes ns=a.test", "domain provider 2000 ns=a.test", "domain provider 3000 lock=no ns=b.test" },
	  "transfer-lock.remove|example.test|yes|no|1000|3001\nns.change|example.test|a.test|b.test|2000|3001\n", 3 },
	{ "an empty list that is stated is", { "domain registry 1000 ds=x ns=a.test", "domain registry 2000 ds=- ns=a.test" }, "ds.change|example.test|x||1000|2001\n", 2 },
	{ "all three of the server's prohibitions are a registry lock",
	  { "domain registry 1000 status=serverDeleteProhibited,serverTransferProhibited,serverUpdateProhibited",
	    "domain registry 2000 status=serverDeleteProhibited,serverTransferProhibited" },
	  "registry-lock.remove|example.test|yes|no|1000|2001\nupdate-lock.remove|example.test|yes|no|1000|2001\n"
	  "domain.status.change|example.test|serverDeleteProhibited serverTransferProhibited serverUpdateProhibited|serverDeleteProhibited serverTransferProhibited|1000|2001\n", 2 },
	{ "two of them are none", { "domain registry 1000 status=serverDeleteProhibited,serverTransferProhibited", "domain registry 2000 status=serverDeleteProhibited" },
	  "transfer-lock.remove|example.test|yes|no|1000|2001\n"
	  "domain.status.change|example.test|serverDeleteProhibited serverTransferProhibited|serverDeleteProhibited|1000|2001\n", 2 },
	{ "name servers, in any order", { "domain registry 1000 ns=a.test,b.test", "domain registry 2000 ns=b.test,a.test", "domain registry 3000 ns=evil.test" },
	  "ns.change|example.test|a.test b.test|evil.test|2000|3001\n", 2 },
	{ "changed and changed back: each step that was seen", { "domain registry 1000 ns=a.test", "domain registry 2000 ns=evil.test", "domain registry 3000 ns=a.test" },
	  "ns.change|example.test|a.test|evil.test|1000|2001\nns.change|example.test|evil.test|a.test|2000|3001\n", 3 },
	{ "renewed, and a date that went back", { "domain registry 1000 expires=5000", "domain registry 2000 expires=9000", "domain registry 3000 expires=6000" },
	  "domain.renew|example.test|1970-01-01T00:00:05.000Z|1970-01-01T00:00:09.000Z|1000|2001\n"
	  "domain.expiry.change|example.test|1970-01-01T00:00:09.000Z|1970-01-01T00:00:06.000Z|2000|3001\n", 3 },
	{ "another registrar, and a transfer under way", { "domain registry 1000 registrar=292 status=ok", "domain registry 2000 registrar=292 status=pendingTransfer", "domain registry 3000 registrar=1068 status=ok" },
	  "domain.transfer-out|example.test|ok|pendingTransfer|1000|2001\ndomain.status.change|example.test|ok|pendingTransfer|1000|2001\n"
	  "domain.status.change|example.test|pendingTransfer|ok|2000|3001\ndomain.registrar.change|example.test|292|1068|2000|3001\n", 3 },
	{ "renewal turned off, a code that appears", { "domain provider 1000 renew=yes code=no", "domain provider 2000 renew=no code=yes" },
	  "auto-renew.disable|example.test|yes|no|1000|2001\ndomain.auth-code.set|example.test|no|yes|1000|2001\n", 2 },
	{ "a clock that was set back makes no interval that ends before it begins", { "domain registry 2000 ns=a.test", "domain registry 1000 ns=b.test" },
	  "ns.change|example.test|a.test|b.test|1000|2001\n", 2 },

	{ "tokens of the first look were not made then", { "tokens 1000 t1 t2" }, NONE, 2 },
	{ "one more, one less", { "tokens 1000 t1 t2", "tokens 2000 t2 t3" }, "token.create|t3|_|_|1000|2001\ntoken.delete|t1|_|_|1000|2001\n", 3 },
	{ "after an empty list each is new", { "tokens 1000", "tokens 2000 t1" }, "token.create|t1|_|_|1000|2001\n", 1 },
	{ "a part of a list says nothing of the rest", { "tokens 1000 t1 t2", "tokens 2000 partial t2", "tokens 3000 t1 t2" }, NONE, 2 },
	{ "wider rights, a new secret", { "tokens 1000 t1:zone.read:500", "tokens 2000 t1:zone.edit:500", "tokens 3000 t1:zone.edit:2500" },
	  "token.update|t1|zone.read|zone.edit|1000|2001\ntoken.roll|t1|_|_|2000|3001\n", 3 },
	{ "gone and come again is made again", { "tokens 1000 t1", "tokens 2000", "tokens 3000 t1" }, "token.delete|t1|_|_|1000|2001\ntoken.create|t1|_|_|2000|3001\n", 2 },

	{ "members: a second factor turned off, and rights", { "members 1000 m1:yes:admin", "members 2000 m1:no:admin", "members 3000 m1:no:owner" },
	  "mfa.disable|m1|yes|no|1000|2001\nmember.update|m1|admin|owner|2000|3001\n", 3 },
	{ "a second factor that is not told of is not off", { "members 1000 m1:yes:admin", "members 2000 m1:-:admin" }, NONE, 2 },
	{ "members come and go", { "members 1000 m1", "members 2000 m2" }, "member.add|m2|_|_|1000|2001\nmember.remove|m1|_|_|1000|2001\n", 2 },
};

static void test_stories(void **state)
{
	(void)state;
	for (size_t i = 0; i < AFD_COUNT(stories); i++) {
		struct world w = { 0 };
		struct afd_error err = { 0 };
		struct afd_store *s = memory_store();
		char states[32];

		print_message("# %s\n", stories[i].name);
		for (size_t k = 0; k < 4 && stories[i].look[k]; k++)
			put_text(s, &w, "src", "state", 1000, stories[i].look[k]);
		sequence(s);
		OK(afd_derive(s, decode, NULL, &err));
		assert_rows(s, "SELECT reason FROM decode_error", "");
		assert_rows(s, "SELECT action, object, before_value, after_value, t_from, t_to FROM event ORDER BY id", stories[i].event);
		snprintf(states, sizeof(states), "%" PRId64 "\n", stories[i].states);
		assert_rows(s, "SELECT (SELECT count(*) FROM domain_state) + (SELECT count(*) FROM credential_state) + (SELECT count(*) FROM member_state)", states);
		afd_store_close(s);
	}
}

/* A contact is known by what was told of it; of a person nothing but a digest stands in the state. */
static void test_contacts(void **state)
{
	struct world w = { 0 };
	struct afd_error err = { 0 };
	struct afd_store *s = memory_store();

	(void)state;
	put_text(s, &w, "src", "state", 1000, "domain registry 1000 contact=registrant:a@example.test\n");
	put_text(s, &w, "src", "state", 1000, "domain registry 2000 contact=registrant:b@example.test\n");
	put_text(s, &w, "src", "state", 1000, "domain registry 3000 contact=registrant:withheld\n");
	sequence(s);
	OK(afd_derive(s, decode, NULL, &err));
	assert_rows(s, "SELECT action, t_from FROM event ORDER BY id", "contact.change|1000\ncontact.change|2000\n");
	assert_rows(s, "SELECT count(*) FROM domain_state WHERE contacts LIKE '%@%'", "0\n");
	assert_rows(s, "SELECT role, email, withheld FROM domain_contact ORDER BY state_id", "registrant|a@example.test|0\nregistrant|b@example.test|0\nregistrant|_|1\n");
	afd_store_close(s);
}

static void test_vocabulary(void **state)
{
	static const struct afd_action_row map[] = { { "ChangeResourceRecordSets", "record.change" }, { "Create*", "zone.create" } };
	char other[96];

	(void)state;
	for (size_t i = 1; i < afd_n_actions; i++)
		assert_true(strcmp(afd_actions[i - 1].verb, afd_actions[i].verb) < 0);
	for (size_t i = 0; i < afd_n_actions; i++)
		assert_ptr_equal(afd_action_find(afd_actions[i].verb), &afd_actions[i]);
	assert_null(afd_action_find("transfer-lock"));
	assert_null(afd_action_find(NULL));
	assert_string_equal(afd_action_map(map, 2, "aws", "changeresourcerecordsets", other), "record.change");
	assert_string_equal(afd_action_map(map, 2, "aws", "CreateHostedZone", other), "zone.create");
	assert_string_equal(afd_action_map(map, 2, "aws", "Change Tags/ForResource", other), "other.aws.change-tags-forresource");
	assert_true(afd_action_unmapped(other));
	assert_string_equal(afd_action_map(map, 2, "aws", NULL, other), "other.aws.unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stories),
		cmocka_unit_test(test_contacts),
		cmocka_unit_test(test_vocabulary),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
