/* The folder of a report: which files lie in it, and how they get there. */
#include "cli/report.h"

#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/file.h"

/* Every name that a report ever gave to a file: what may be replaced or removed. Statements come first, so that no moment
 * exists at which one stands beside files that it does not mean. */
static const char *const our_names[] = {
	"statement.jws", "statement.dsse.json", "head.note", "report.json", "report.json.dsse.json", "report.json.p7s", "report.pdf", "run.json",
};

static bool is_ours(const char *name)
{
	unsigned n;
	int end = 0;

	for (size_t i = 0; i < AFD_COUNT(our_names); i++)
		if (strcmp(name, our_names[i]) == 0)
			return true;
	return sscanf(name, "head.%u.tst%n", &n, &end) == 1 && end > 0 && name[end] == '\0';
}

/* ".NAME.PID-N.part": what a run that was killed left of one of our files. */
static bool is_left_over(const char *name)
{
	const size_t n = strlen(name);

	if (name[0] != '.' || n < 5 || strcmp(name + n - 5, ".part") != 0)
		return false;
	for (size_t i = 0; i < AFD_COUNT(our_names); i++)
		if (strncmp(name + 1, our_names[i], strlen(our_names[i])) == 0 && name[1 + strlen(our_names[i])] == '.')
			return true;
	return strncmp(name, ".head.", 6) == 0 && strstr(name, ".tst.");
}

int report_folder_add(struct report_folder *f, const char *name, struct afd_buf *bytes, struct afd_error *err)
{
	struct report_file *p = &f->at[f->n];

	if (f->n == REPORT_MAX_FILES || strlen(name) >= sizeof(p->name) || !is_ours(name))
		return afd_fail(err, AFD_E_ENGINE, "%s: no place for it in a report", name);
	memcpy(p->name, name, strlen(name) + 1);
	p->bytes = *bytes;
	*bytes = (struct afd_buf){ 0 };
	f->n++;
	return 0;
}

struct afd_slice report_folder_get(const struct report_folder *f, const char *name)
{
	for (size_t i = 0; i < f->n; i++)
		if (strcmp(f->at[i].name, name) == 0)
			return afd_buf_slice(&f->at[i].bytes);
	return afd_slice(NULL, 0);
}

void report_folder_release(struct report_folder *f)
{
	for (size_t i = 0; i < f->n; i++)
		afd_buf_release(&f->at[i].bytes);
	f->n = 0;
}

static int make_folder(const char *path, struct afd_error *err)
{
	AFD_AUTO(mem) char *copy = afd_strdup(path);

	if (!copy)
		return afd_fail_memory(err);
	for (char *p = copy + 1; ; p++) {
		char keep = *p;

		if (keep != '/' && keep != '\0')
			continue;
		*p = '\0';
		if (mkdir(copy, 0755) < 0 && errno != EEXIST)
			return afd_fail_errno(err, "make the folder", copy);
		*p = keep;
		if (!keep)
			return 0;
	}
}

static void remove_file(const char *dir, const char *name)
{
	AFD_AUTO(mem) char *path = afd_sprintf("%s/%s", dir, name);

	if (path)
		unlink(path);
}

int report_folder_prepare(const char *dir, bool strict, struct afd_error *err)
{
	struct dirent *e;
	int r = 0;
	DIR *d;

	if (make_folder(dir, err) < 0)
		return -1;
	d = opendir(dir);
	if (!d)
		return afd_fail_errno(err, "open the folder", dir);
	while (r == 0 && (errno = 0, e = readdir(d))) {
		if (is_left_over(e->d_name))
			remove_file(dir, e->d_name);
		else if (strict && strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 && !is_ours(e->d_name))
			r = afd_fail(err, AFD_E_USAGE, "%s holds %s, which is no file of a report: the statement names every file of its "
			             "folder and would not name that one. Move it away, or give --out another folder", dir,
			             cli_safe(e->d_name, 40));
	}
	closedir(d);
	return r;
}

/* A signature of the report before must not lie beside the files of this one. */
static int remove_old(const char *dir, struct afd_error *err)
{
	struct dirent *e;
	DIR *d;

	for (size_t i = 0; i < AFD_COUNT(our_names); i++)
		remove_file(dir, our_names[i]);
	d = opendir(dir);
	if (!d)
		return afd_fail_errno(err, "open the folder", dir);
	while ((e = readdir(d)))
		if (is_ours(e->d_name))
			remove_file(dir, e->d_name);
	closedir(d);
	return 0;
}

static bool is_statement(const char *name)
{
	return strncmp(name, "statement.", 10) == 0;
}

void report_staged_release(struct report_staged *s)
{
	for (size_t i = 0; i < REPORT_MAX_FILES; i++)
		s->at[i] = afd_outfile_free(s->at[i]);
}

int report_folder_stage(const struct report_folder *f, const char *dir, struct report_staged *ret, struct afd_error *err)
{
	for (size_t i = 0; i < f->n; i++) {
		AFD_AUTO(mem) char *path = afd_sprintf("%s/%s", dir, f->at[i].name);

		if (!path)
			return afd_fail_memory(err);
		if (afd_outfile_begin(path, false, &ret->at[i], err) < 0 ||
		    afd_outfile_write(ret->at[i], afd_buf_slice(&f->at[i].bytes), err) < 0 || afd_outfile_settle(ret->at[i], err) < 0)
			return -1;
	}
	return 0;
}

static int place(const struct cli *c, const struct report_folder *f, const char *dir, struct report_staged *s, bool statements, struct afd_error *err)
{
	for (size_t i = 0; i < f->n; i++) {
		if (is_statement(f->at[i].name) != statements)
			continue;
		if (afd_outfile_commit(s->at[i], err) < 0)
			return -1;
		cli_say(c, "  %s/%-*s %12s bytes\n", dir, (int)(strlen(dir) < 43 ? 43 - strlen(dir) : 0), f->at[i].name, cli_number(f->at[i].bytes.len).s);
	}
	return 0;
}

int report_folder_place(const struct cli *c, const struct report_folder *f, const char *dir, struct report_staged *s, struct afd_error *err)
{
	if (remove_old(dir, err) < 0)
		return -1;
	if (place(c, f, dir, s, false, err) == 0)
		return 0;
	for (size_t k = f->n; k-- > 0;)
		remove_file(dir, f->at[k].name);
	return -1;
}

int report_folder_place_statements(const struct cli *c, const struct report_folder *f, const char *dir, struct report_staged *s, struct afd_error *err)
{
	return place(c, f, dir, s, true, err);
}
