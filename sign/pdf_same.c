/* Two libraries compress the same bytes differently, and then the lengths and the places of all objects differ as well.
 * What a reader sees are the objects: those are compared, with their streams inflated. */
#include "core/limits.h"
#include "sign/pdf_read.h"
#include "sign/sign.h"

struct pair {
	struct afd_pdf *pdf[2];
	bool *is_length;                     /* objects that are the /Length of a stream, in both files */
	struct afd_buf inflated[2];
};

static void afd_pair_release(struct pair *p)
{
	for (int i = 0; i < 2; i++) {
		p->pdf[i] = afd_pdf_free(p->pdf[i]);
		afd_buf_release(&p->inflated[i]);
	}
	free(p->is_length);
}

static bool is_flate(const struct afd_pdf_node *dict)
{
	const struct afd_pdf_node *f = afd_pdf_get(dict, "Filter");

	if (f && f->type == AFD_PDF_ARRAY && f->n == 1)
		f = f->first;
	return f && afd_pdf_is_name(f, "FlateDecode") && !afd_pdf_get(dict, "DecodeParms");
}

static int different(struct afd_error *err, size_t num)
{
	return afd_fail(err, AFD_E_VERIFY, "object %zu is another one", num);
}

/* A length counts only where both files say at the same place that it is one. */
static int mark_lengths(struct pair *p, struct afd_error *err)
{
	size_t n = p->pdf[0]->rev[0].n;
	AFD_AUTO(mem) unsigned char *seen = calloc(n + 1, 1);

	p->is_length = calloc(n + 1, sizeof(*p->is_length));
	if (!seen || !p->is_length)
		return afd_fail_memory(err);
	for (int i = 0; i < 2; i++) {
		for (size_t num = 1; num < n; num++) {
			AFD_AUTO(pdf_arena) struct afd_pdf_arena a = { 0 };
			const struct afd_pdf_node *length;
			struct afd_pdf_object o;

			if (afd_pdf_object(p->pdf[i], 1, (int64_t)num, &a, &o, err) < 0)
				return -1;
			length = o.is_stream ? afd_pdf_get(o.value, "Length") : NULL;
			if (length && length->type == AFD_PDF_REF && length->i > 0 && (size_t)length->i < n)
				seen[length->i] |= (unsigned char)(1 << i);
		}
	}
	for (size_t num = 1; num < n; num++)
		p->is_length[num] = seen[num] == 3;
	return 0;
}

/* /Length is left out when it is a number: a reference must be the same. */
static bool same_dict(const struct afd_pdf_node *x, const struct afd_pdf_node *y)
{
	const struct afd_pdf_node *k = x->first, *l = y->first;

	for (; k && l; k = k->next, l = l->next) {
		bool length = afd_slice_equal(k->key, afd_slice_text("Length")) && k->type == AFD_PDF_INT && l->type == AFD_PDF_INT;

		if (!afd_slice_equal(k->key, l->key) || (!length && !afd_slice_equal(k->raw, l->raw)))
			return false;
	}
	return !k && !l;
}

static int same_stream(struct pair *p, size_t num, const struct afd_pdf_object o[2], struct afd_error *err)
{
	if (afd_slice_equal(o[0].stream, o[1].stream))
		return 0;
	if (!is_flate(o[0].value) || !is_flate(o[1].value))
		return different(err, num);
	for (int i = 0; i < 2; i++) {
		p->inflated[i].len = 0;
		if (afd_pdf_inflate(o[i].stream, AFD_MAX_REPORT_JSON, &p->inflated[i], err) < 0)
			return afd_within(err, "object %zu", num);
	}
	return afd_slice_equal(afd_buf_slice(&p->inflated[0]), afd_buf_slice(&p->inflated[1])) ? 0 : different(err, num);
}

static int same_object(struct pair *p, size_t num, struct afd_error *err)
{
	AFD_AUTO(pdf_arena) struct afd_pdf_arena a = { 0 };
	struct afd_pdf_object o[2];

	for (int i = 0; i < 2; i++)
		if (afd_pdf_object(p->pdf[i], 1, (int64_t)num, &a, &o[i], err) < 0)
			return -1;
	if (o[0].is_stream != o[1].is_stream || o[0].value->type != o[1].value->type)
		return different(err, num);
	if (o[0].is_stream)
		return same_dict(o[0].value, o[1].value) ? same_stream(p, num, o, err) : different(err, num);
	if (p->is_length[num] && o[0].value->type == AFD_PDF_INT)
		return 0;
	return afd_slice_equal(o[0].value->raw, o[1].value->raw) ? 0 : different(err, num);
}

/* What stands before the first object: the version, and the mark of binary content. */
static struct afd_slice opening(const struct afd_pdf *p)
{
	size_t first = p->rev[0].xref;

	for (size_t i = 1; i < p->rev[0].n; i++)
		if (p->rev[0].at[i].off < first)
			first = p->rev[0].at[i].off;
	return afd_slice(p->bytes.data, first);
}

int afd_pdf_same(struct afd_slice x, struct afd_slice y, struct afd_error *err)
{
	AFD_AUTO(pair) struct pair p = { 0 };
	const struct afd_slice bytes[2] = { x, y };

	for (int i = 0; i < 2; i++) {
		if (afd_pdf_open(bytes[i], &p.pdf[i], err) < 0)
			return -1;
		if (p.pdf[i]->n_revs != 1)
			return afd_fail(err, AFD_E_VERIFY, "an unsigned file is expected");
	}
	if (p.pdf[0]->rev[0].n != p.pdf[1]->rev[0].n)
		return afd_fail(err, AFD_E_VERIFY, "%zu objects instead of %zu", p.pdf[1]->rev[0].n, p.pdf[0]->rev[0].n);
	if (!afd_slice_equal(opening(p.pdf[0]), opening(p.pdf[1])) ||
	    !afd_slice_equal(p.pdf[0]->rev[0].trailer->raw, p.pdf[1]->rev[0].trailer->raw))
		return afd_fail(err, AFD_E_VERIFY, "the beginning or the trailer is another one");
	if (mark_lengths(&p, err) < 0)
		return -1;
	for (size_t num = 1; num < p.pdf[0]->rev[0].n; num++)
		if (same_object(&p, num, err) < 0)
			return -1;
	return 0;
}
