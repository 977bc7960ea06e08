/* Items of probes: written and read. */
#include "collector/probe/probe_item.h"

#include <inttypes.h>
#include <stdio.h>

#define HEAD "affidavit-probe 1\n"
enum { LINE_MAX = 4096, WORDS = 8 };

int afd_probe_item_head(struct afd_buf *ret, const char *zone)
{
	return afd_buf_printf(ret, HEAD "zone %s\n", zone);
}

int afd_probe_item_exchange(struct afd_buf *ret, const struct afd_probe_exchange *x)
{
	if (afd_buf_printf(ret, "exchange %s %s %s %u %s %" PRId64 " %zu\n", x->purpose, *x->server ? x->server : "-", x->address,
			   (unsigned)x->port, x->outcome, x->at_ms, x->frames.len) < 0)
		return -1;
	return afd_buf_add_slice(ret, x->frames);
}

/* --- reading --- */

struct lines { struct afd_slice bytes; size_t at, line_at; };

/* 1: the next line without its LF; 0: the end; -1: none ends here */
static int next_line(struct lines *l, struct afd_slice *ret, struct afd_error *err)
{
	const uint8_t *from = l->bytes.data + l->at, *end;
	size_t left = l->bytes.len - l->at;

	if (left == 0)
		return 0;
	end = memchr(from, '\n', left < LINE_MAX ? left : LINE_MAX);
	if (!end)
		return afd_fail(err, AFD_E_PARSE, "probe: byte %zu: expected a line", l->at);
	for (const uint8_t *p = from; p < end; p++)
		if (*p < 0x20 || *p >= 0x7f)
			return afd_fail(err, AFD_E_PARSE, "probe: byte %zu: expected a line of plain text", l->at);
	*ret = afd_slice(from, (size_t)(end - from));
	l->line_at = l->at;
	l->at += ret->len + 1;
	return 1;
}

/* Words of a copy of LINE, the last one with all the rest; blanks become ends. */
static size_t words(char *line, char *ret[], size_t n)
{
	size_t k = 0;

	while (*line && k < n) {
		ret[k++] = line;
		if (k == n)
			break;
		line += strcspn(line, " ");
		if (*line == ' ')
			*line++ = 0;
	}
	return k;
}

static int number(const char *s, uint64_t max, uint64_t *ret)
{
	uint64_t v = 0;

	if (!*s || strlen(s) > 15 || s[strspn(s, "0123456789")] || (s[0] == '0' && s[1]))
		return -1;
	for (; *s; s++)
		v = v * 10 + (uint64_t)(*s - '0');
	*ret = v;
	return v <= max ? 0 : -1;
}

static bool good_outcome(const char *s)
{
	static const char *const known[] = { "answered", "timeout", "unreachable", "no-route" };

	for (size_t i = 0; i < AFD_COUNT(known); i++)
		if (strcmp(known[i], s) == 0)
			return true;
	return false;
}

static int read_exchange(struct afd_probe_item *i, struct lines *l, char *line, struct afd_error *err)
{
	struct afd_probe_exchange *x = &i->exchange[i->n];
	char *w[WORDS];
	uint64_t port, ms, len;

	if (words(line, w, 8) != 8 || number(w[4], 65535, &port) < 0 || number(w[6], 999999999999999, &ms) < 0 ||
	    number(w[7], 4 * AFD_MAX_DNS_MESSAGE, &len) < 0 || !good_outcome(w[5]))
		return afd_fail(err, AFD_E_PARSE, "probe: exchange %zu: expected PURPOSE SERVER ADDRESS PORT OUTCOME MS LENGTH", i->n + 1);
	if (l->bytes.len - l->at < len)
		return afd_fail(err, AFD_E_PARSE, "probe: exchange %zu: cut short", i->n + 1);
	*x = (struct afd_probe_exchange){
		.purpose = w[1], .server = strcmp(w[2], "-") == 0 ? "" : w[2], .address = w[3], .port = (uint16_t)port, .outcome = w[5],
		.at_ms = (int64_t)ms, .frames = afd_slice_sub(l->bytes, l->at, len), .part = i->n + 1, .line_at = l->line_at,
	};
	l->at += len;
	i->n++;
	return 0;
}

static int read_line(struct afd_probe_item *i, struct lines *l, char *line, struct afd_error *err)
{
	size_t key = strcspn(line, " "), n;
	char *rest = line + key + (line[key] == ' '), *w[5];

	if (key == 8 && memcmp(line, "exchange", 8) == 0)
		return read_exchange(i, l, line, err);
	if (i->n)
		return afd_fail(err, AFD_E_PARSE, "probe: expected an exchange after the first");
	if (key == 4 && memcmp(line, "zone", 4) == 0 && *rest && !i->zone && strlen(rest) < AFD_PROBE_WORD)
		return i->zone = rest, 0;
	if (key == 3 && memcmp(line, "cut", 3) == 0 && *rest && i->n_cut < AFD_PROBE_CUTS)
		return i->cut[i->n_cut++] = rest, 0;
	if (key == 6 && memcmp(line, "anchor", 6) == 0 && *rest && i->n_anchor < AFD_PROBE_ANCHORS)
		return i->anchor[i->n_anchor++] = rest, 0;
	if (key == 7 && memcmp(line, "opinion", 7) == 0 && i->n_opinion < AFD_PROBE_OPINIONS && (n = words(rest, w, 5)) >= 4) {
		i->opinion[i->n_opinion++] = (struct afd_probe_opinion){ w[0], w[1], w[2], w[3], n == 5 ? w[4] : "" };
		return 0;
	}
	return afd_fail(err, AFD_E_PARSE, "probe: unknown line \"%.40s\"", line);
}

int afd_probe_item_read(struct afd_slice bytes, struct afd_probe_item *ret, struct afd_error *err)
{
	struct lines l = { .bytes = bytes };
	struct afd_slice line = { 0 };
	size_t kept = 0;
	int r;

	*ret = (struct afd_probe_item){ 0 };
	if (bytes.len < strlen(HEAD) || memcmp(bytes.data, HEAD, strlen(HEAD)) != 0)
		return afd_fail(err, AFD_E_PARSE, "probe: expected \"affidavit-probe 1\"");
	l.at = strlen(HEAD);
	ret->keep = malloc(bytes.len + 1);
	ret->exchange = calloc(AFD_PROBE_EXCHANGES, sizeof(*ret->exchange));
	r = ret->keep && ret->exchange ? 1 : afd_fail_memory(err);
	while (r > 0 && (r = next_line(&l, &line, err)) > 0) {
		char *copy = ret->keep + kept;

		if (ret->n == AFD_PROBE_EXCHANGES) {
			r = afd_fail(err, AFD_E_LIMIT, "probe: more than %d exchanges", AFD_PROBE_EXCHANGES);
			break;
		}
		memcpy(copy, line.data, line.len);
		copy[line.len] = 0;
		kept += line.len + 1;
		r = read_line(ret, &l, copy, err) < 0 ? -1 : 1;
	}
	if (r == 0 && !ret->zone)
		r = afd_fail(err, AFD_E_PARSE, "probe: no zone");
	if (r < 0)
		afd_probe_item_release(ret);
	return r < 0 ? -1 : 0;
}

void afd_probe_item_release(struct afd_probe_item *i)
{
	free(i->keep);
	free(i->exchange);
	*i = (struct afd_probe_item){ 0 };
}

int afd_probe_item_split(struct afd_slice bytes, struct afd_ranges *parts, struct afd_error *err)
{
	__attribute__((cleanup(afd_probe_item_release))) struct afd_probe_item i = { 0 };

	if (afd_probe_item_read(bytes, &i, err) < 0)
		return -1;
	for (size_t k = 0, from = 0; k <= i.n; k++) {
		size_t end = k < i.n ? i.exchange[k].line_at : bytes.len;

		if (afd_ranges_add(parts, from, end - from) < 0)
			return afd_fail_memory(err);
		from = end;
	}
	return 0;
}

/* --- one exchange --- */

int afd_probe_view(const struct afd_probe_exchange *x, struct afd_probe_view *ret, struct afd_error *err)
{
	struct afd_reader r = afd_reader(x->frames);
	struct afd_dns_message query;
	struct afd_dns_question got;
	struct afd_slice message;

	*ret = (struct afd_probe_view){ .x = x };
	if (afd_dns_exchange_next(&r, &message, err) <= 0 || afd_dns_parse(message, &query, err) < 0 ||
	    afd_dns_question(&query, &ret->asked, err) < 0)
		return afd_within(err, "the query");
	snprintf(ret->outcome, sizeof(ret->outcome), "%s", x->outcome);
	if (strcmp(x->outcome, "answered") != 0)
		return 0;
	snprintf(ret->outcome, sizeof(ret->outcome), "malformed");
	if (afd_dns_exchange_next(&r, &message, NULL) <= 0 || afd_dns_parse(message, &ret->m, NULL) < 0 || ret->m.id != query.id)
		return 0;
	if (ret->m.count[AFD_DNS_QUESTION] == 0 && afd_probe_rcode(ret) != 0) {
		ret->answered = true;
	} else if (afd_dns_question(&ret->m, &got, NULL) == 0 && got.type == ret->asked.type && got.rclass == ret->asked.rclass &&
		   afd_dns_name_equal(&got.name, &ret->asked.name)) {
		ret->answered = true;
	}
	if (ret->answered)
		afd_dns_rcode_text(afd_probe_rcode(ret), ret->outcome);
	return 0;
}
