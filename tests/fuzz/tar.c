/* Links: core. The archive reader: what it takes to the end is what the writer writes of the same files. */
#include "core/tar.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct memory { struct afd_slice in; size_t at; struct afd_buf out; };

static int get(void *ctx, uint8_t *p, size_t n, size_t *got, struct afd_error *err)
{
	struct memory *m = ctx;
	const struct afd_slice s = afd_slice_sub(m->in, m->at, n);

	(void)err;
	if (s.len)
		memcpy(p, s.data, s.len);
	m->at += s.len;
	*got = s.len;
	return 0;
}

static int put(void *ctx, struct afd_slice s, struct afd_error *err)
{
	struct memory *m = ctx;

	return afd_buf_add_slice(&m->out, s) < 0 ? afd_fail_memory(err) : 0;
}

static void must(bool cond)
{
	if (!cond)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct afd_tar_reader r;
	struct memory m = { .in = afd_slice(data, size) };
	struct afd_tar_writer w = { .write = put, .ctx = &m };
	struct afd_error err = { 0 };
	struct afd_slice s;
	int more;

	r = (struct afd_tar_reader){ .read = get, .ctx = &m };
	while ((more = afd_tar_next(&r, &err)) == 1) {
		must(afd_tar_begin(&w, r.name, r.size, NULL) == 0);
		while (r.left && (more = afd_tar_piece(&r, &s, &err)) == 0)
			must(afd_tar_put(&w, s, NULL) == 0);
		if (more < 0)
			break;
	}
	if (more == 0) {
		must(afd_tar_finish(&w, NULL) == 0);
		must(afd_slice_equal(afd_buf_slice(&m.out), m.in));
	} else {
		must(err.code != AFD_OK && err.text[0]);
	}
	afd_buf_release(&m.out);
	return 0;
}
