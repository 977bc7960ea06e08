/* Journals as text: named-journalprint (also -x), kjournalprint, NSD's .ixfr files. Here lines become steps; what stands in
 * their records is the decoder's. */
#include "collector/zone/journal.h"

#include <stdio.h>

#include "core/limits.h"

static const char *const forms[] = {
	[AFD_JOURNAL_AUTO] = "auto", [AFD_JOURNAL_BIND] = "bind-jnl", [AFD_JOURNAL_BIND_TEXT] = "bind-journalprint",
	[AFD_JOURNAL_KNOT] = "knot-journalprint", [AFD_JOURNAL_NSD] = "nsd-ixfr",
};

const char *afd_journal_form_name(enum afd_journal_form f)
{
	return forms[f];
}

int afd_journal_form_parse(const char *text, enum afd_journal_form *ret)
{
	for (size_t i = 0; i < AFD_COUNT(forms); i++)
		if (strcmp(forms[i], text) == 0) {
			*ret = (enum afd_journal_form)i;
			return 0;
		}
	return -1;
}

void afd_journal_steps_release(struct afd_journal_steps *s)
{
	free(s->at);
	*s = (struct afd_journal_steps){ 0 };
}

int afd_journal_steps_add(struct afd_journal_steps *s, const struct afd_journal_step *step)
{
	if (s->n == s->cap) {
		const size_t cap = s->cap ? 2 * s->cap : 64;
		struct afd_journal_step *at = reallocarray(s->at, cap, sizeof(*at));

		if (!at)
			return -1;
		s->at = at;
		s->cap = cap;
	}
	s->at[s->n++] = *step;
	return 0;
}

/* --- lines and words --- */

/* kjournalprint colours its lines unless told not to: ESC [ numbers m. */
static bool without_colours(struct afd_slice line, struct afd_buf *keep)
{
	keep->len = 0;
	for (size_t i = 0; i < line.len;) {
		if (line.data[i] == 0x1b && i + 1 < line.len && line.data[i + 1] == '[') {
			i += 2;
			while (i < line.len && line.data[i] != 'm')
				i++;
			i += i < line.len;
		} else if (afd_buf_u8(keep, line.data[i++]) < 0) {
			return false;
		}
	}
	return true;
}

bool afd_journal_line(struct afd_slice *rest, struct afd_buf *keep, struct afd_slice *ret)
{
	if (rest->len == 0)
		return false;
	const uint8_t *lf = memchr(rest->data, '\n', rest->len);
	const size_t len = lf ? (size_t)(lf - rest->data) : rest->len;

	*ret = (struct afd_slice){ rest->data, len };
	*rest = (struct afd_slice){ rest->data + len + (lf != NULL), rest->len - len - (lf != NULL) };
	if (ret->len && ret->data[ret->len - 1] == '\r')
		ret->len--;
	if (memchr(ret->data, 0x1b, ret->len)) {
		if (!without_colours(*ret, keep))
			return false;
		*ret = afd_buf_slice(keep);
	}
	return true;
}

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

/* Cuts the next word off LINE; an empty slice at the end. */
static struct afd_slice word(struct afd_slice *line)
{
	size_t i = 0, n;

	while (i < line->len && is_blank(line->data[i]))
		i++;
	for (n = i; n < line->len && !is_blank(line->data[n]);)
		n++;
	struct afd_slice w = { line->data + i, n - i };
	*line = (struct afd_slice){ line->data + n, line->len - n };
	return w;
}

static bool word_is(struct afd_slice w, const char *text)
{
	return w.len == strlen(text) && memcmp(w.data, text, w.len) == 0;
}

static bool begins(struct afd_slice line, const char *text)
{
	const size_t n = strlen(text);

	return line.len >= n && memcmp(line.data, text, n) == 0;
}

static bool read_serial(struct afd_slice w, uint32_t *ret)
{
	uint64_t v = 0;

	if (w.len == 0 || w.len > 10)
		return false;
	for (size_t i = 0; i < w.len; i++) {
		if (w.data[i] < '0' || w.data[i] > '9')
			return false;
		v = v * 10 + (w.data[i] - '0');
	}
	*ret = (uint32_t)v;
	return v <= UINT32_MAX;
}

/* The number behind PREFIX. */
static bool number_after(struct afd_slice line, const char *prefix, uint32_t *ret)
{
	if (!begins(line, prefix))
		return false;
	line = afd_slice_sub(line, strlen(prefix), line.len);
	struct afd_slice w = word(&line);
	if (w.len && w.data[w.len - 1] == ',')
		w.len--;
	return read_serial(w, ret);
}

/* "owner ttl [IN] SOA mname rname serial ...": the serial. */
static bool soa_serial(struct afd_slice rr, uint32_t *ret)
{
	word(&rr);
	word(&rr);
	struct afd_slice w = word(&rr);
	if (word_is(w, "IN"))
		w = word(&rr);
	if (!word_is(w, "SOA"))
		return false;
	word(&rr);
	word(&rr);
	w = word(&rr);
	return read_serial(w, ret);
}

/* --- one form after the other --- */

struct scan {
	struct afd_journal_steps *steps;
	struct afd_journal_step at;                  /* the step under way */
	bool open, complete;                         /* it began; both its serials are known */
	unsigned soa;
	uint32_t old;                                /* NSD: where the present difference begins */
};

/* The step ends at OFF. */
static int close_step(struct scan *s, size_t off)
{
	if (!s->open || !s->complete)
		return 0;
	s->at.len = off - s->at.off;
	s->open = s->complete = false;
	return afd_journal_steps_add(s->steps, &s->at);
}

enum { REFUSED = -2 };

static int open_step(struct scan *s, size_t off)
{
	if (s->open && !s->complete)                 /* a step without both its SOAs, and another behind it */
		return REFUSED;
	if (close_step(s, off) < 0)
		return -1;
	s->at = (struct afd_journal_step){ .off = off };
	s->open = true;
	s->complete = false;
	s->soa = 0;
	return 0;
}

static int bind_line(struct scan *s, struct afd_slice line, size_t off)
{
	static const char *const heads[] = { "Journal format", "Header version", "Start serial", "End serial", "Index (size", "Source serial" };
	const bool del = begins(line, "del "), add = begins(line, "add ");
	uint32_t serial;

	if (begins(line, "Transaction: "))
		return open_step(s, off);
	if (!del && !add) {
		for (size_t i = 0; i < AFD_COUNT(heads); i++)
			if (begins(line, heads[i]))
				return 0;
		for (size_t i = 0; i < line.len; i++)        /* the offsets of the index */
			if (!is_blank(line.data[i]) && (line.data[i] < '0' || line.data[i] > '9'))
				return REFUSED;
		return 0;
	}
	if (!soa_serial(afd_slice_sub(line, 4, line.len), &serial))
		return s->open ? 0 : REFUSED;
	const int r = del && (s->soa != 0 || !s->open) ? open_step(s, off) : 0;
	if (r < 0)
		return r;
	if (del) {
		s->at.from = serial;
		s->soa = 1;
		return 0;
	}
	if (s->soa != 1)
		return REFUSED;
	s->at.to = serial;
	s->soa = 2;
	s->complete = true;
	return 0;
}

static int knot_line(struct scan *s, struct afd_slice line, size_t off)
{
	static const char changes[] = ";; Changes between zone versions: ", whole[] = ";; Zone-in-journal, serial: ";
	uint32_t from, to;

	if (begins(line, changes)) {
		struct afd_slice rest = afd_slice_sub(line, strlen(changes), line.len);
		struct afd_slice a = word(&rest), arrow = word(&rest), b = word(&rest);

		if (b.len && b.data[b.len - 1] == ',')
			b.len--;
		if (!read_serial(a, &from) || !word_is(arrow, "->") || !read_serial(b, &to) || from == to)
			return REFUSED;
		const int r = open_step(s, off);
		if (r < 0)
			return r;
		s->at.from = from;
		s->at.to = to;
		return 0;
	}
	if (number_after(line, whole, &to)) {
		const int r = open_step(s, off);
		if (r < 0)
			return r;
		s->at.from = s->at.to = to;
		s->at.whole = true;
		return 0;
	}
	if (begins(line, ";"))
		return 0;
	if (!s->open)
		return REFUSED;
	if (soa_serial(line, &from))
		s->complete = s->at.whole || ++s->soa == 2;
	return 0;
}

/* One file may hold several differences: SOA new, then (SOA, what goes, SOA, what comes) each, and SOA new. Its step is from
 * the first to the last. */
static int nsd_line(struct scan *s, struct afd_slice line, size_t off)
{
	uint32_t serial;

	if (begins(line, "; IXFR data file"))
		return open_step(s, off);
	if (begins(line, ";"))
		return 0;
	if (!s->open && open_step(s, off) < 0)
		return -1;
	if (!soa_serial(line, &serial))
		return s->soa < 2 ? REFUSED : 0;
	s->soa++;
	if (s->soa == 1)
		s->at.to = serial;
	else if (s->soa == 2)
		s->at.from = serial;
	s->complete = s->soa >= 4 && serial == s->at.to && s->soa % 2 == 0;
	return 0;
}

int afd_journal_scan(struct afd_slice bytes, enum afd_journal_form form, struct afd_journal_steps *ret, size_t *cut,
                     struct afd_error *err)
{
	static int (*const readers[AFD_JOURNAL_FORMS])(struct scan *, struct afd_slice, size_t) = {
		[AFD_JOURNAL_BIND_TEXT] = bind_line, [AFD_JOURNAL_KNOT] = knot_line, [AFD_JOURNAL_NSD] = nsd_line,
	};
	AFD_AUTO(buf) struct afd_buf keep = { 0 };
	struct scan s = { .steps = ret };
	struct afd_slice rest = bytes, line;
	unsigned long number = 0;

	if (!readers[form])
		return afd_fail(err, AFD_E_ENGINE, "journal: %s is no text", forms[form]);
	while (rest.len && memchr(rest.data, '\n', rest.len)) {      /* a line without an end is still being written */
		const size_t off = bytes.len - rest.len;
		struct afd_slice before = rest;

		if (!afd_journal_line(&rest, &keep, &line) || rest.len == before.len)
			return afd_fail_memory(err);
		number++;
		if (line.len > AFD_MAX_LOG_LINE * 4)
			return afd_fail(err, AFD_E_LIMIT, "journal: line %lu is longer than %u bytes", number, AFD_MAX_LOG_LINE * 4);
		if (line.len == 0)
			continue;
		const int r = readers[form](&s, line, off);
		if (r == REFUSED)
			return afd_fail(err, AFD_E_PARSE, "journal: line %lu: \"%.*s\" is nothing that %s has there", number,
			                (int)(line.len < 60 ? line.len : 60), line.data, forms[form]);
		if (r < 0 || ret->n > AFD_MAX_PARTS)
			return r < 0 ? afd_fail_memory(err) : afd_fail(err, AFD_E_LIMIT, "journal: more than %u steps", AFD_MAX_PARTS);
	}
	const size_t end = bytes.len - rest.len;
	if (close_step(&s, end) < 0)
		return afd_fail_memory(err);
	*cut = ret->n ? bytes.len - (ret->at[ret->n - 1].off + ret->at[ret->n - 1].len) : bytes.len;
	return 0;
}

enum afd_journal_form afd_journal_detect(struct afd_slice bytes)
{
	static const struct { const char *text; enum afd_journal_form form; } signs[] = {
		{ ";; Changes between zone versions", AFD_JOURNAL_KNOT }, { ";; Zone-in-journal", AFD_JOURNAL_KNOT },
		{ "; IXFR data file", AFD_JOURNAL_NSD }, { "Journal format", AFD_JOURNAL_BIND_TEXT },
		{ "Source serial", AFD_JOURNAL_BIND_TEXT }, { "del ", AFD_JOURNAL_BIND_TEXT }, { "add ", AFD_JOURNAL_BIND_TEXT },
		{ "Transaction: ", AFD_JOURNAL_BIND_TEXT },
	};
	AFD_AUTO(buf) struct afd_buf keep = { 0 };
	struct afd_slice line;

	if (begins(bytes, ";BIND LOG V9"))
		return AFD_JOURNAL_BIND;
	for (int i = 0; i < 20 && afd_journal_line(&bytes, &keep, &line); i++)
		for (size_t k = 0; k < AFD_COUNT(signs); k++)
			if (begins(line, signs[k].text))
				return signs[k].form;
	return AFD_JOURNAL_AUTO;
}
