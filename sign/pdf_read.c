/* From the end of the file to its tables, from the tables to every object: ISO 32000-1, 7.5, in the one shape that
 * libharu and sign/pades.c write. */
#include "core/limits.h"
#include "sign/pdf_policy.h"
#include "sign/pdf_read.h"

#define ENTRY 20u                /* bytes of an entry of the table */
#define MAX_PAGE_LEVELS 16

static int bad_at(struct afd_error *err, size_t pos, const char *what)
{
	return afd_fail(err, AFD_E_VERIFY, "PDF, byte %zu: %s", pos, what);
}

/* --- objects --- */

static const struct afd_pdf_at *find(const struct afd_pdf *p, unsigned n_revs, int64_t num)
{
	for (unsigned r = n_revs - 1; r > 0; r--)
		for (size_t i = 0; i < p->rev[r].n; i++)
			if (p->rev[r].at[i].num == num)
				return &p->rev[r].at[i];
	if (num <= 0 || (uint64_t)num >= p->rev[0].n)
		return NULL;
	return &p->rev[0].at[num];
}

/* "N 0 obj" LF */
static int header(const struct afd_pdf *p, const struct afd_pdf_at *at, size_t *pos, struct afd_error *err)
{
	int64_t num;

	*pos = at->off;
	if (!afd_pdf_number(p->bytes, pos, 10, &num) || !afd_pdf_literal(p->bytes, pos, " 0 obj\n"))
		return bad_at(err, at->off, "the cross-reference table does not point to an object");
	if (num != at->num)
		return bad_at(err, at->off, "the cross-reference table points to an object of another number");
	return 0;
}

/* The length may be an object of its own: libharu knows it only after the stream. */
static int stream_length(const struct afd_pdf *p, unsigned n_revs, const struct afd_pdf_node *dict, size_t *ret,
			 struct afd_error *err)
{
	AFD_AUTO(pdf_arena) struct afd_pdf_arena a = { 0 };
	const struct afd_pdf_node *len = afd_pdf_get(dict, "Length");
	size_t pos;

	if (len && len->type == AFD_PDF_REF) {
		const struct afd_pdf_at *at = find(p, n_revs, len->i);

		if (!at)
			return afd_fail(err, AFD_E_VERIFY, "PDF: the length of a stream is a missing object");
		if (header(p, at, &pos, err) < 0 || afd_pdf_value(p->bytes, &pos, &a, &len, err) < 0)
			return -1;
	}
	if (!len || len->type != AFD_PDF_INT || len->i < 0 || (uint64_t)len->i > p->bytes.len)
		return afd_fail(err, AFD_E_VERIFY, "PDF: a stream without a length");
	*ret = (size_t)len->i;
	return 0;
}

/* The object at AT; *END: behind the line end of "endobj". */
static int object_at(const struct afd_pdf *p, unsigned n_revs, const struct afd_pdf_at *at, struct afd_pdf_arena *a,
                     struct afd_pdf_object *ret, size_t *end, struct afd_error *err)
{
	struct afd_pdf_object o = { 0 };
	size_t pos = 0, len = 0;

	if (header(p, at, &pos, err) < 0 || afd_pdf_value(p->bytes, &pos, a, &o.value, err) < 0)
		return -1;
	if (o.value->type == AFD_PDF_DICT &&
	    (afd_pdf_literal(p->bytes, &pos, "\nstream\r\n") || afd_pdf_literal(p->bytes, &pos, "\nstream\n"))) {
		if (stream_length(p, n_revs, o.value, &len, err) < 0)
			return -1;
		if (len > p->bytes.len - pos)
			return bad_at(err, pos, "a stream longer than the file");
		o.is_stream = true;
		o.stream = afd_slice(p->bytes.data + pos, len);
		pos += len;
		if (!afd_pdf_literal(p->bytes, &pos, "\nendstream"))
			return bad_at(err, pos, "a stream that does not end where its length says");
	}
	if (!afd_pdf_literal(p->bytes, &pos, "\nendobj\n"))
		return bad_at(err, pos, "expected the end of the object");
	*ret = o;
	*end = pos;
	return 0;
}

int afd_pdf_object(const struct afd_pdf *p, unsigned n_revs, int64_t num, struct afd_pdf_arena *a,
		   struct afd_pdf_object *ret, struct afd_error *err)
{
	const struct afd_pdf_at *at = find(p, n_revs, num);
	size_t end;

	if (!at)
		return afd_fail(err, AFD_E_VERIFY, "PDF: object %lld is missing", (long long)num);
	return object_at(p, n_revs, at, a, ret, &end, err);
}

int afd_pdf_resolve(const struct afd_pdf *p, unsigned n_revs, const struct afd_pdf_node *node, enum afd_pdf_type type,
		    const char *what, struct afd_pdf_arena *a, const struct afd_pdf_node **ret, struct afd_error *err)
{
	struct afd_pdf_object o;

	if (!node)
		return afd_fail(err, AFD_E_VERIFY, "PDF: %s is missing", what);
	if (node->type == AFD_PDF_REF) {
		if (afd_pdf_object(p, n_revs, node->i, a, &o, err) < 0)
			return afd_within(err, "%s", what);
		if (o.is_stream)
			return afd_fail(err, AFD_E_VERIFY, "PDF: %s is a stream", what);
		node = o.value;
	}
	if (node->type != type)
		return afd_fail(err, AFD_E_VERIFY, "PDF: %s is of another type than it must be", what);
	*ret = node;
	return 0;
}

int64_t afd_pdf_root(const struct afd_pdf *p)
{
	return afd_pdf_get(p->rev[0].trailer, "Root")->i;
}

int afd_pdf_first_page(const struct afd_pdf *p, int64_t *ret, struct afd_error *err)
{
	AFD_AUTO(pdf_arena) struct afd_pdf_arena a = { 0 };
	const struct afd_pdf_node *at = NULL, *kids = NULL;
	struct afd_pdf_object o;

	if (afd_pdf_object(p, 1, afd_pdf_root(p), &a, &o, err) < 0)
		return -1;
	at = afd_pdf_get(o.value, "Pages");
	for (int level = 0; level < MAX_PAGE_LEVELS; level++) {
		if (!at || at->type != AFD_PDF_REF)
			return afd_fail(err, AFD_E_VERIFY, "PDF: the page tree has no first page");
		if (afd_pdf_object(p, 1, at->i, &a, &o, err) < 0)
			return afd_within(err, "page tree");
		if (afd_pdf_is_name(afd_pdf_get(o.value, "Type"), "Page")) {
			*ret = at->i;
			return 0;
		}
		at = afd_pdf_get(o.value, "Kids");
		if (afd_pdf_resolve(p, 1, at, AFD_PDF_ARRAY, "the page tree", &a, &kids, err) < 0)
			return -1;
		at = kids->first;
	}
	return afd_fail(err, AFD_E_VERIFY, "PDF: the page tree is too deep");
}

/* --- tables --- */

/* "0000000015 00000 n" and two bytes of line end */
static bool entry(struct afd_slice bytes, size_t *pos, char kind, int64_t *ret_off)
{
	size_t at = *pos, start = at;
	int64_t generation;

	if (!afd_pdf_number(bytes, &at, 10, ret_off) || at != start + 10 || !afd_pdf_literal(bytes, &at, " "))
		return false;
	if (!afd_pdf_number(bytes, &at, 5, &generation) || at != start + 16 || generation != (kind == 'f' ? 65535 : 0))
		return false;
	if (!afd_pdf_literal(bytes, &at, kind == 'f' ? " f" : " n"))
		return false;
	if (!afd_pdf_literal(bytes, &at, "\r\n") && !afd_pdf_literal(bytes, &at, " \n"))
		return false;
	*pos = at;
	return true;
}

/* "first count" LF */
static bool section(struct afd_slice bytes, size_t *pos, int64_t *first, int64_t *count)
{
	size_t at = *pos;

	if (!afd_pdf_number(bytes, &at, 10, first) || !afd_pdf_literal(bytes, &at, " ") ||
	    !afd_pdf_number(bytes, &at, 10, count) || !afd_pdf_literal(bytes, &at, "\n"))
		return false;
	*pos = at;
	return true;
}

/* One section from 0 with every number in use but 0. */
static int base_table(struct afd_pdf *p, struct afd_pdf_rev *rev, size_t *pos, struct afd_error *err)
{
	int64_t first, count, off;

	if (!section(p->bytes, pos, &first, &count) || first != 0)
		return bad_at(err, *pos, "the first revision's table does not begin at 0");
	if (count < 2 || (uint64_t)count > (p->bytes.len - *pos) / ENTRY)
		return bad_at(err, *pos, "a cross-reference table with an impossible number of entries");
	rev->at = calloc((size_t)count, sizeof(rev->at[0]));
	if (!rev->at)
		return afd_fail_memory(err);
	rev->n = (size_t)count;
	if (!entry(p->bytes, pos, 'f', &off))
		return bad_at(err, *pos, "the first entry of the cross-reference table is not the free one");
	for (size_t i = 1; i < rev->n; i++) {
		if (!entry(p->bytes, pos, 'n', &off))
			return bad_at(err, *pos, "an entry of the cross-reference table cannot be read");
		rev->at[i] = (struct afd_pdf_at){ .num = (uint32_t)i, .off = (size_t)off };
	}
	return 0;
}

#define MAX_UPDATED 96u          /* objects in an update: we write eight, and up to 64 certificates and revocation lists */

static int update_table(struct afd_pdf *p, struct afd_pdf_rev *rev, size_t *pos, struct afd_error *err)
{
	int64_t first, count, off;

	rev->at = calloc(MAX_UPDATED, sizeof(rev->at[0]));
	if (!rev->at)
		return afd_fail_memory(err);
	while (section(p->bytes, pos, &first, &count)) {
		if (count < 1 || count > MAX_UPDATED || first < 1 || first > UINT32_MAX - MAX_UPDATED ||
		    rev->n + (size_t)count > MAX_UPDATED)
			return bad_at(err, *pos, "the update holds more objects than a signature needs");
		for (int64_t i = 0; i < count; i++) {
			if (!entry(p->bytes, pos, 'n', &off))
				return bad_at(err, *pos,
					      "an entry of the update's cross-reference table cannot be read");
			for (size_t j = 0; j < rev->n; j++)
				if (rev->at[j].num == first + i)
					return bad_at(err, *pos,
						      "the update's cross-reference table lists an object twice");
			rev->at[rev->n++] = (struct afd_pdf_at){ .num = (uint32_t)(first + i), .off = (size_t)off };
		}
	}
	return 0;
}

static const char *const trailer_keys[] = { "Root", "Info", "Size", "ID", "Prev" };

/* "trailer" dictionary "startxref" N "%%EOF": *POS ends up behind it. */
static int trailer(struct afd_pdf *p, struct afd_pdf_rev *rev, size_t *pos, struct afd_error *err)
{
	const struct afd_pdf_node *size;
	int64_t xref;

	if (!afd_pdf_literal(p->bytes, pos, "trailer\n"))
		return bad_at(err, *pos, "expected the trailer");
	if (afd_pdf_value(p->bytes, pos, &p->keep, &rev->trailer, err) < 0)
		return -1;
	if (rev->trailer->type != AFD_PDF_DICT)
		return bad_at(err, *pos, "the trailer is not a dictionary");
	for (const struct afd_pdf_node *k = rev->trailer->first; k; k = k->next) {
		bool known = false;

		for (size_t i = 0; i < AFD_COUNT(trailer_keys); i++)
			known = known || afd_slice_equal(k->key, afd_slice_text(trailer_keys[i]));
		if (!known)
			return afd_fail(err, AFD_E_VERIFY,
					"PDF: the trailer has the key /%s: not a file of this program",
					(const char *)k->key.data);
	}
	size = afd_pdf_get(rev->trailer, "Size");
	if (!size || size->type != AFD_PDF_INT || !afd_pdf_get(rev->trailer, "Root") ||
	    afd_pdf_get(rev->trailer, "Root")->type != AFD_PDF_REF)
		return bad_at(err, *pos, "the trailer lacks /Size or /Root");
	if (!afd_pdf_literal(p->bytes, pos, "\nstartxref\n") || !afd_pdf_number(p->bytes, pos, 10, &xref) ||
	    !afd_pdf_literal(p->bytes, pos, "\n%%EOF\n"))
		return bad_at(err, *pos, "expected startxref and %%EOF behind the trailer");
	if ((uint64_t)xref != rev->xref)
		return bad_at(err, *pos, "startxref does not name the table that it follows");
	rev->end = *pos;
	return 0;
}

/* The number of the last startxref; the file must end with it. */
static int last_xref(struct afd_slice bytes, size_t *ret, struct afd_error *err)
{
	static const char end[] = "\n%%EOF\n";
	size_t pos, n = sizeof(end) - 1;
	int64_t v = 0;

	pos = bytes.len < n ? 0 : bytes.len - n;
	if (bytes.len < n || !afd_pdf_literal(bytes, &pos, end))
		return afd_fail(err, AFD_E_VERIFY,
				"PDF: the file does not end with %%%%EOF: it was cut, or something was added");
	pos = bytes.len - n;
	while (pos > 0 && bytes.data[pos - 1] >= '0' && bytes.data[pos - 1] <= '9')
		pos--;
	if (!afd_pdf_number(bytes, &pos, 10, &v) || pos != bytes.len - n || (uint64_t)v >= bytes.len)
		return afd_fail(err, AFD_E_VERIFY, "PDF: startxref at the end of the file is not a place in it");
	*ret = (size_t)v;
	return 0;
}

/* The update whose table is at OFF; *PREV: where the table before it is. */
static int read_update(struct afd_pdf *p, struct afd_pdf_rev *rev, size_t pos, size_t *prev, struct afd_error *err)
{
	const struct afd_pdf_node *before;

	if (update_table(p, rev, &pos, err) < 0 || trailer(p, rev, &pos, err) < 0)
		return -1;
	before = afd_pdf_get(rev->trailer, "Prev");
	if (!before || before->type != AFD_PDF_INT || before->i < 0 || (uint64_t)before->i >= rev->xref)
		return bad_at(err, rev->xref, "the update's /Prev does not point back");
	*prev = (size_t)before->i;
	return 0;
}

static int read_base(struct afd_pdf *p, struct afd_pdf_rev *rev, size_t pos, struct afd_error *err)
{
	if (base_table(p, rev, &pos, err) < 0 || trailer(p, rev, &pos, err) < 0)
		return -1;
	if (afd_pdf_get(rev->trailer, "Prev") || afd_pdf_get(rev->trailer, "Size")->i != (int64_t)rev->n)
		return bad_at(err, rev->xref, "the first revision's trailer has a /Prev, or a /Size unlike its table");
	return 0;
}

/* The tables name each other from the last to the first; then the revisions are put into their order. */
static int read_tables(struct afd_pdf *p, struct afd_error *err)
{
	size_t at = 0;
	bool base = false;

	if (last_xref(p->bytes, &at, err) < 0)
		return -1;
	while (!base) {
		struct afd_pdf_rev *rev = &p->rev[p->n_revs];
		size_t pos = at, prev = 0;

		if (p->n_revs == AFD_PDF_MAX_REVS)
			return bad_at(err, at, "more revisions than a report can have");
		if (!afd_pdf_literal(p->bytes, &pos, "xref\n"))
			return bad_at(err, at, p->n_revs ? "/Prev does not point to a cross-reference table"
							 : "startxref does not point to a cross-reference table");
		p->n_revs++;
		rev->xref = at;
		base = afd_pdf_literal(p->bytes, &(size_t){ pos }, "0 ");        /* an update lists no object 0 */
		if ((base ? read_base(p, rev, pos, err) : read_update(p, rev, pos, &prev, err)) < 0)
			return -1;
		at = prev;
	}
	for (unsigned i = 0, j = p->n_revs - 1; i < j; i++, j--) {
		struct afd_pdf_rev keep = p->rev[i];

		p->rev[i] = p->rev[j];
		p->rev[j] = keep;
	}
	for (unsigned i = 1; i < p->n_revs; i++)
		p->rev[i].start = p->rev[i - 1].end;
	if (p->rev[p->n_revs - 1].end != p->bytes.len)
		return bad_at(err, p->rev[p->n_revs - 1].end, "bytes follow the end of the last revision");
	return 0;
}

/* --- every byte belongs to something --- */

static int file_header(const struct afd_pdf *p, size_t *pos, struct afd_error *err)
{
	int64_t minor;

	if (!(afd_pdf_literal(p->bytes, pos, "%PDF-1.") && afd_pdf_number(p->bytes, pos, 1, &minor)) &&
	    !afd_pdf_literal(p->bytes, pos, "%PDF-2.0"))
		return afd_fail(err, AFD_E_VERIFY, "not a PDF file");
	if (!afd_pdf_literal(p->bytes, pos, "\n%") || p->bytes.len - *pos < 5)
		return afd_fail(err, AFD_E_VERIFY, "PDF: the second line is not the mark of a binary file");
	for (int i = 0; i < 4; i++)
		if (p->bytes.data[(*pos)++] < 0x80)
			return afd_fail(err, AFD_E_VERIFY, "PDF: the second line is not the mark of a binary file");
	return afd_pdf_literal(p->bytes, pos, "\n") ? 0 : bad_at(err, *pos, "expected the end of the second line");
}

static int by_offset(const void *a, const void *b)
{
	size_t x = (*(struct afd_pdf_at *const *)a)->off, y = (*(struct afd_pdf_at *const *)b)->off;

	return (x > y) - (x < y);
}

/* The objects of REV stand shoulder to shoulder from *POS until its table. An object that no table lists, a second
 * object at the same place, a comment: all leave a gap or an overlap. */
static int read_objects(struct afd_pdf *p, unsigned n_revs, struct afd_pdf_rev *rev, size_t pos, struct afd_error *err)
{
	AFD_AUTO(mem) struct afd_pdf_at **sorted = calloc(rev->n + 1, sizeof(struct afd_pdf_at *));
	size_t n = 0;

	if (!sorted)
		return afd_fail_memory(err);
	for (size_t i = 0; i < rev->n; i++)
		if (rev->at[i].num)
			sorted[n++] = &rev->at[i];
	qsort(sorted, n, sizeof(struct afd_pdf_at *), by_offset);
	for (size_t i = 0; i < n; i++) {
		AFD_AUTO(pdf_arena) struct afd_pdf_arena a = { 0 };
		struct afd_pdf_object o;

		if (sorted[i]->off != pos)
			return bad_at(err, pos, "bytes that belong to no object of the cross-reference table");
		if (object_at(p, n_revs, sorted[i], &a, &o, &sorted[i]->end, err) < 0 ||
		    afd_pdf_policy(&o, n_revs > 1, err) < 0)
			return afd_within(err, "object %u", sorted[i]->num);
		pos = sorted[i]->end;
	}
	if (pos != rev->xref)
		return bad_at(err, pos, "bytes that belong to no object stand before the cross-reference table");
	return 0;
}

int afd_pdf_open(struct afd_slice bytes, struct afd_pdf **ret, struct afd_error *err)
{
	AFD_AUTO(pdf) struct afd_pdf *p = calloc(1, sizeof(*p));
	size_t pos = 0;

	if (!p)
		return afd_fail_memory(err);
	p->bytes = bytes;
	if (bytes.len > AFD_MAX_PDF)
		return afd_fail(err, AFD_E_LIMIT, "PDF: expected at most %u bytes, got %zu", AFD_MAX_PDF, bytes.len);
	if (file_header(p, &pos, err) < 0 || read_tables(p, err) < 0)
		return -1;
	for (unsigned i = 0; i < p->n_revs; i++)
		if (read_objects(p, i + 1, &p->rev[i], i ? p->rev[i].start : pos, err) < 0)
			return -1;
	*ret = afd_steal(&p);
	return 0;
}

struct afd_pdf *afd_pdf_free(struct afd_pdf *p)
{
	if (p) {
		for (unsigned i = 0; i < AFD_PDF_MAX_REVS; i++)
			free(p->rev[i].at);
		afd_pdf_arena_release(&p->keep);
	}
	free(p);
	return NULL;
}

void afd_pdf_release(struct afd_pdf **p)
{
	*p = afd_pdf_free(*p);
}
