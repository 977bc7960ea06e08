/* Asking a person for a secret. */
#include <errno.h>
#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include "cli/report_key.h"
#include "transport/transport.h"

#define MAX_LINE 1024u

/* Byte for byte: stdio would keep a copy of its own. */
static int read_line(const struct cli *c, int fd, struct afd_buf *ret, struct afd_error *err)
{
	for (;;) {
		char b;
		ssize_t n = read(fd, &b, 1);

		if (n < 0 && errno == EINTR && !(c->stop && *c->stop))
			continue;
		if (n <= 0)
			return afd_fail(err, AFD_E_CONFIG, "nothing was entered");
		if (b == '\n')
			return 0;
		if (ret->len == MAX_LINE)
			return afd_fail(err, AFD_E_LIMIT, "a line of more than %u bytes", MAX_LINE);
		ret->data[ret->len++] = (uint8_t)b;
	}
}

int cli_prompt_secret(const struct cli *c, const char *what, struct afd_buf *ret, struct afd_error *err)
{
	struct termios old, quiet;
	int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	int r;

	if (fd < 0 || tcgetattr(fd, &old) < 0) {
		if (fd >= 0)
			close(fd);
		return afd_fail(err, AFD_E_CONFIG, "%s: there is no terminal to ask on; use --passphrase env:NAME, file:PATH or fd:N", what);
	}
	if (afd_buf_reserve(ret, MAX_LINE) < 0) {
		close(fd);
		return afd_fail_memory(err);
	}
	quiet = old;
	quiet.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK);
	r = tcsetattr(fd, TCSAFLUSH, &quiet) < 0 ? afd_fail_errno(err, "silence", "/dev/tty") : 0;
	if (r == 0)
		dprintf(fd, "%s: ", what);
	if (r == 0)
		r = read_line(c, fd, ret, err);
	dprintf(fd, "\n");
	tcsetattr(fd, TCSAFLUSH, &old);
	close(fd);
	return r;
}

int cli_secret(const struct cli *c, const char *ref, const char *what, struct afd_buf *ret, struct afd_error *err)
{
	if (strcmp(ref, "prompt") == 0)
		return cli_prompt_secret(c, what, ret, err);
	return afd_secret_resolve(ref, ret, err);
}
