/* An incremental update (ISO 32000-1, 7.5.6): objects, one table with a section for each run of numbers, a trailer. */
#include <stdarg.h>
#include <stdio.h>
#include "core/limits.h"
#include "sign/pades_writer.h"

#define BYTE_RANGE_WIDTH 48              /* "0 " and three numbers of at most ten digits, and blanks */

int afd_pades_begin(struct afd_pades_writer *w, const struct afd_pdf *p, unsigned n_revs, struct afd_buf *out,
		    struct afd_pades_layout *l, struct afd_error *err)
{
	const struct afd_pdf_rev *last = &p->rev[n_revs - 1];

	if (n_revs >= AFD_PDF_MAX_REVS)
		return afd_fail(err, AFD_E_LIMIT, "PDF: no more revisions can be added: it has %u", n_revs);
	*l = (struct afd_pades_layout){ .gap = last->end, .gap_end = last->end };
	*w = (struct afd_pades_writer){
		.pdf = p, .n_revs = n_revs, .base = last->end, .out = out, .layout = l,
		.next = afd_pdf_get(last->trailer, "Size")->i
	};
	if (w->next < 1 || w->next > UINT32_MAX - 2 * AFD_PADES_PARTS)
		return afd_fail(err, AFD_E_VERIFY, "PDF: /Size of the trailer is impossible");
	return 0;
}

static void part(struct afd_pades_writer *w, const char *name)
{
	struct afd_pades_layout *l = w->layout;

	if (l->n_parts < AFD_PADES_PARTS)
		l->part[l->n_parts++] = (struct afd_pades_part){ name, w->base + w->out->len };
	else
		w->bad = true;
}

void afd_pades_object(struct afd_pades_writer *w, int64_t num, const char *name)
{
	part(w, name);
	if (w->bad)
		return;
	w->object[w->n_objects].num = num;
	w->object[w->n_objects++].at = w->base + w->out->len;
	afd_pades_put(w, "%lld 0 obj\n", (long long)num);
}

void afd_pades_put(struct afd_pades_writer *w, const char *fmt, ...)
{
	char text[1024];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	w->bad = w->bad || n < 0 || (size_t)n >= sizeof(text) || afd_buf_add(w->out, text, (size_t)n) < 0;
}

void afd_pades_put_slice(struct afd_pades_writer *w, struct afd_slice s)
{
	w->bad = w->bad || afd_buf_add_slice(w->out, s) < 0;
}

void afd_pades_put_gap(struct afd_pades_writer *w, size_t reserved)
{
	size_t n = 2 + 2 * reserved;

	afd_pades_put(w, "/ByteRange [");
	w->byte_range = w->out->len;
	afd_pades_put(w, "%*s]\n/Contents ", BYTE_RANGE_WIDTH, "");
	if (w->bad || afd_buf_reserve(w->out, n) < 0) {
		w->bad = true;
		return;
	}
	w->layout->gap = w->base + w->out->len;
	w->layout->gap_end = w->layout->gap + n;
	memset(w->out->data + w->out->len, '0', n);
	w->out->data[w->out->len] = '<';
	w->out->data[w->out->len + n - 1] = '>';
	w->out->len += n;
}

void afd_pades_put_nothing(struct afd_pades_writer *w, int64_t num)
{
	afd_pades_object(w, num, "appearance");
	afd_pades_put(w, "<<\n/Type /XObject\n/Subtype /Form\n/BBox [ 0 0 0 0 ]\n/Resources << >>\n/Length 0\n>>\nstream\n\n"
		      "endstream\nendobj\n");
}

/* --- validation data: EN 319 142-1, 5.4 --- */

static void put_array(struct afd_pades_writer *w, enum afd_pades_kind kind, const struct afd_pades_dss *old,
		      const struct afd_pades_choice *c, int64_t num)
{
	size_t n = old->n[kind];

	for (size_t i = 0; i < c->n_add; i++)
		n += c->add[i].kind == kind;
	if (n == 0)
		return;
	afd_pades_put(w, "/%s [", afd_pades_arrays[kind]);
	for (size_t i = 0; i < old->n[kind]; i++)
		afd_pades_put(w, " %lld 0 R", (long long)old->at[kind][i].num);
	for (size_t i = 0; i < c->n_add; i++, num++)
		if (c->add[i].kind == kind)
			afd_pades_put(w, " %lld 0 R", (long long)num);
	afd_pades_put(w, " ]\n");
}

void afd_pades_put_dss(struct afd_pades_writer *w, int64_t num, const struct afd_pades_dss *old,
		       const struct afd_pades_choice *c)
{
	static const char *const names[AFD_PADES_KINDS] = { "certificate", "revocation list", "OCSP answer" };
	int64_t first = w->next;

	for (size_t i = 0; i < c->n_add; i++) {
		afd_pades_object(w, w->next++, names[c->add[i].kind]);
		afd_pades_put(w, "<<\n/Length %zu\n>>\nstream\n", c->add[i].der.len);
		afd_pades_put_slice(w, c->add[i].der);
		afd_pades_put(w, "\nendstream\nendobj\n");
	}
	afd_pades_object(w, num, "validation data");
	afd_pades_put(w, "<<\n/Type /DSS\n");
	for (int k = 0; k < AFD_PADES_KINDS; k++)
		put_array(w, (enum afd_pades_kind)k, old, c, first);
	afd_pades_put(w, ">>\nendobj\n");
}

/* --- table and trailer --- */

static void sort_objects(struct afd_pades_writer *w)
{
	for (size_t i = 1; i < w->n_objects; i++)
		for (size_t j = i; j > 0 && w->object[j - 1].num > w->object[j].num; j--) {
			__typeof__(w->object[0]) keep = w->object[j];

			w->object[j] = w->object[j - 1];
			w->object[j - 1] = keep;
		}
}

/* The keys of the trailer before but /Size and /Prev; then ours. */
static void put_trailer(struct afd_pades_writer *w, size_t xref)
{
	const struct afd_pdf_rev *last = &w->pdf->rev[w->n_revs - 1];

	afd_pades_put(w, "trailer\n<<\n");
	for (const struct afd_pdf_node *k = last->trailer->first; k; k = k->next) {
		if (afd_slice_equal(k->key, afd_slice_text("Size")) || afd_slice_equal(k->key, afd_slice_text("Prev")))
			continue;
		afd_pades_put(w, "/%s ", (const char *)k->key.data);
		afd_pades_put_slice(w, k->raw);
		afd_pades_put(w, "\n");
	}
	afd_pades_put(w, "/Size %lld\n/Prev %zu\n>>\nstartxref\n%zu\n%%%%EOF\n", (long long)w->next, last->xref, xref);
}

int afd_pades_end(struct afd_pades_writer *w, struct afd_error *err)
{
	struct afd_pades_layout *l = w->layout;
	size_t xref = w->base + w->out->len, n;
	char range[BYTE_RANGE_WIDTH + 1];
	int len;

	sort_objects(w);
	part(w, "cross-reference table and trailer");
	afd_pades_put(w, "xref\n");
	for (size_t i = 0; i < w->n_objects; i += n) {
		for (n = 1; i + n < w->n_objects && w->object[i + n].num == w->object[i].num + (int64_t)n; n++)
			;
		afd_pades_put(w, "%lld %zu\n", (long long)w->object[i].num, n);
		for (size_t j = i; j < i + n; j++)
			afd_pades_put(w, "%010zu 00000 n\r\n", w->object[j].at);
	}
	put_trailer(w, xref);
	if (w->bad)
		return afd_fail_memory(err);
	if (w->base + w->out->len > AFD_MAX_PDF)
		return afd_fail(err, AFD_E_LIMIT, "the PDF would be larger than %u bytes", AFD_MAX_PDF);
	if (l->gap == l->gap_end)
		return 0;

	len = snprintf(range, sizeof(range), "0 %zu %zu %zu", l->gap, l->gap_end, w->base + w->out->len - l->gap_end);
	if (len < 0 || (size_t)len >= sizeof(range))
		return afd_fail(err, AFD_E_LIMIT, "the PDF would be larger than %u bytes", AFD_MAX_PDF);
	memcpy(w->out->data + w->byte_range, range, (size_t)len);
	return 0;
}

bool afd_pades_fill(struct afd_buf *update, size_t base, const struct afd_pades_layout *l, struct afd_slice der)
{
	static const char digits[] = "0123456789abcdef";
	uint8_t *at = update->data + (l->gap - base) + 1;

	if (2 * der.len > l->gap_end - l->gap - 2)
		return false;
	for (size_t i = 0; i < der.len; i++) {
		at[2 * i] = (uint8_t)digits[der.data[i] >> 4];
		at[2 * i + 1] = (uint8_t)digits[der.data[i] & 15];
	}
	return true;
}

void afd_pades_content(struct afd_slice first, const struct afd_buf *update, const struct afd_pades_layout *l,
		       struct afd_slice ret[3])
{
	ret[0] = first;
	ret[1] = afd_slice(update->data, l->gap - first.len);
	ret[2] = afd_slice(update->data + (l->gap_end - first.len), update->len - (l->gap_end - first.len));
}
