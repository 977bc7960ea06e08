/* One line of BIND's update log: when, who, what. */
#include "collector/zone/update_line.h"

#include "collector/log_text.h"
#include "collector/zone/claim_list.h"
#include "collector/zone/dns_rdata.h"
#include "core/limits.h"

#define skip afd_log_skip
#define cut afd_log_cut
#define last_word_is afd_log_ends

/* "update: info: ", when the channel prints them */
static void skip_categories(struct afd_slice *s)
{
	for (int i = 0; i < 2 && !(s->len >= 7 && memcmp(s->data, "client ", 7) == 0); i++) {
		const uint8_t *p = s->len ? memmem(s->data, s->len < 40 ? s->len : 40, ": ", 2) : NULL;
		if (!p)
			return;
		*s = afd_slice_sub(*s, (size_t)(p - s->data) + 2, s->len);
	}
}

/* "client @0x7fd3970ae098 127.0.0.1#52257/key alice (query.name): view inside: " before the message. Names are printed
 * with blanks escaped, so nothing that a client chose can hold the ": " or the "' " that end a field. */
static bool read_client(struct afd_slice *s, struct afd_update_line *l)
{
	struct afd_slice head, name;

	if (!skip(s, "client "))
		return false;
	if (s->len && s->data[0] == '@' && !cut(s, " ", &l->client))
		return false;
	if (!cut(s, ": ", &head))
		return false;
	l->peer = head;
	if (cut(&head, " (", &name))
		l->peer = name;
	head = l->peer;
	if (cut(&head, "/key ", &name)) {
		l->peer = name;
		l->key = head;
	}
	if (skip(s, "view ") && !cut(s, ": ", &name))
		return false;
	return l->peer.len > 0;
}

/* "'owner' rest" or "owner rest" */
static bool read_owner(struct afd_slice *s, bool quoted, struct afd_slice *ret)
{
	if (!quoted)
		return cut(s, " ", ret);
	if (!skip(s, "'"))
		return false;
	if (cut(s, "' ", ret))
		return true;
	if (!last_word_is(*s, "'"))
		return false;
	*ret = afd_slice_sub(*s, 0, s->len - 1);
	*s = afd_slice(NULL, 0);
	return true;
}

static enum afd_update_what read_update(struct afd_slice s, struct afd_update_line *l)
{
	static const struct { const char *text; enum afd_update_what what; bool quoted; } forms[] = {
		{ "adding an RR at ", ADDING, true },
		{ "deleting rrset at ", DELETING_SET, true },
		{ "deleting an RR at ", DELETING_RR, false },
		{ "delete all rrsets from name ", DELETING_NAME, true },
	};

	for (size_t i = 0; i < AFD_COUNT(forms); i++) {
		if (!skip(&s, forms[i].text))
			continue;
		if (!read_owner(&s, forms[i].quoted, &l->owner))
			return NOT_UNDERSTOOD;
		l->type = s;
		if (forms[i].what == ADDING && (!cut(&s, " ", &l->type) || s.len == 0))
			return NOT_UNDERSTOOD;
		l->rdata = s;
		return forms[i].what == DELETING_NAME || l->type.len ? forms[i].what : NOT_UNDERSTOOD;
	}
	if (skip(&s, "update unsuccessful: "))
		return UNSUCCESSFUL;
	if (skip(&s, "update failed: "))
		return last_word_is(s, "(REFUSED)") ? REFUSED : FAILED;
	return NOT_UNDERSTOOD;
}

#define UPDATING "updating zone '"

/* S mentions an update in a form that we do not know: of which zone, as far as that can be told. */
static void read_mention(struct afd_slice s, struct afd_update_line *l)
{
	struct afd_slice before, name;

	if (!cut(&s, UPDATING, &before))
		return;
	before = s;
	if (cut(&before, "': ", &name) && (last_word_is(name, "/CH") || last_word_is(name, "/HS")))
		return;
	l->what = NOT_UNDERSTOOD;
	l->zone = cut(&s, "/IN", &name) ? name : afd_slice(NULL, 0);
}

static bool read_zone_name(struct afd_slice s, struct afd_update_line *l)
{
	if (!last_word_is(s, "/IN"))
		return false;
	l->zone = afd_slice_sub(s, 0, s.len - 3);
	return true;
}

static void read_message(struct afd_slice s, struct afd_update_line *l)
{
	struct afd_slice name;

	if (skip(&s, UPDATING)) {
		if (cut(&s, "': ", &name) && read_zone_name(name, l))
			l->what = read_update(s, l);
	} else if (skip(&s, "update '")) {
		if (cut(&s, "' denied", &name) && read_zone_name(name, l))
			l->what = DENIED;
	} else if (skip(&s, "request has invalid signature: ")) {
		l->what = BAD_SIGNATURE;
		l->key = afd_slice(NULL, 0);
		if (skip(&s, "TSIG ") && cut(&s, ": ", &name)) {
			l->key = name;
			cut(&name, " (", &l->key);                   /* "TSIG key (creator): ..." */
		}
	}
}

void afd_update_line_read(struct afd_slice s, int64_t ahead, int64_t now, struct afd_update_line *l)
{
	struct afd_slice whole;
	struct afd_log_time t;

	if (s.len && s.data[s.len - 1] == '\n')
		s.len--;
	afd_log_time(&s, ahead, now, &t);
	*l = (struct afd_update_line){ .at = t.at.from, .local = t.local };
	whole = s;
	afd_log_syslog(&s, "named");
	if (s.len <= AFD_MAX_LOG_LINE) {
		skip_categories(&s);
		if (read_client(&s, l))
			read_message(s, l);
	}
	if (l->what == NOT_OURS)
		read_mention(whole, l);
}

#define MAX_TYPE_WORD 32u

/* A type of a newer BIND keeps its word: it is in nobody's scope then, but it is there. */
static bool type_word(struct afd_slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!((s.data[i] >= 'A' && s.data[i] <= 'Z') || (s.data[i] >= '0' && s.data[i] <= '9') ||
		      s.data[i] == '-'))
			return false;
	return s.len > 0 && s.len <= MAX_TYPE_WORD;
}

bool afd_update_line_understood(const struct afd_update_line *l)
{
	char name[AFD_DNS_TEXT_MAX];
	uint16_t type;

	if (l->what == NOT_UNDERSTOOD || (l->key.len && l->what != BAD_SIGNATURE && !afd_log_name(l->key, name)))
		return false;
	if (l->what < ADDING || l->what > DELETING_NAME)
		return true;
	return afd_log_name(l->owner, name) &&
	       (l->type.len == 0 || type_word(l->type) || afd_dns_type_parse(l->type, &type) == 0);
}

