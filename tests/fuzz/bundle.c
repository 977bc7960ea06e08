/* Links: evidence core. The files of a bundle's ledger become a store, which is then judged: nothing that comes out of an
 * archive may get past its bounds, and a store that has no fault must have a tree as large as it has leaves.
 */
#include "evidence/plain.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* "NAME SIZE LF BYTES" for each file, which is easier to mutate than tar; sorted and framed by the writer. */
struct memory { struct afd_buf tar; size_t at; };

static int put(void *ctx, struct afd_slice s, struct afd_error *err)
{
	struct memory *m = ctx;

	return afd_buf_add_slice(&m->tar, s) < 0 ? afd_fail_memory(err) : 0;
}

static int get(void *ctx, uint8_t *p, size_t n, size_t *got, struct afd_error *err)
{
	struct memory *m = ctx;
	const struct afd_slice s = afd_slice_sub(afd_buf_slice(&m->tar), m->at, n);

	(void)err;
	if (s.len)
		memcpy(p, s.data, s.len);
	m->at += s.len;
	*got = s.len;
	return 0;
}

static void pack(struct afd_slice in, struct memory *m)
{
	struct afd_tar_writer w = { .write = put, .ctx = m };

	while (in.len) {
		const uint8_t *lf = memchr(in.data, '\n', in.len), *blank = lf ? memchr(in.data, ' ', (size_t)(lf - in.data)) : NULL;
		char name[AFD_TAR_NAME] = "";
		size_t n = 0;

		if (!blank || (size_t)(blank - in.data) >= sizeof(name))
			break;
		memcpy(name, in.data, (size_t)(blank - in.data));
		for (const uint8_t *d = blank + 1; d < lf && *d >= '0' && *d <= '9' && n < 100000; d++)
			n = n * 10 + (size_t)(*d - '0');
		in = afd_slice_sub(in, (size_t)(lf - in.data) + 1, in.len);
		if (afd_tar_add(&w, name, afd_slice_sub(in, 0, n), NULL) < 0)
			break;
		in = afd_slice_sub(in, n, in.len);
	}
	afd_tar_finish(&w, NULL);
}

static void judge(struct afd_store *s)
{
	struct afd_ledger_report r = { 0 };
	struct afd_error err = { 0 };
	uint64_t size = 0, need = 0;

	if (afd_store_size(s, &size, &err) < 0 || afd_store_verify(s, NULL, NULL, NULL, &r, &err) < 0)
		abort();
	if (r.size != size || r.present + r.erased > size)
		abort();
	afd_plain_size(s, size / 2, &need, &err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct afd_tar_reader r;
	struct memory m = { .at = 0 };
	struct afd_planting *p = NULL;
	struct afd_store *s = NULL;
	struct afd_error err = { 0 };
	int more;

	pack(afd_slice(data, size), &m);
	r = (struct afd_tar_reader){ .read = get, .ctx = &m };
	if (afd_plant_begin(&p, &err) < 0)
		abort();
	while ((more = afd_tar_next(&r, &err)) > 0)
		if (afd_plant_file(p, &r, &err) < 0)
			break;
	if (more == 0 && afd_plant_finish(p, &s, &err) == 0)
		judge(s);
	afd_store_close(s);
	afd_planting_free(p);
	afd_buf_release(&m.tar);
	return 0;
}
