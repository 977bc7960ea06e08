#include <stdarg.h>

#include "cli/cli.h"

void cli_say(const struct cli *c, const char *fmt, ...)
{
	va_list ap;

	if (c->quiet || c->json)
		return;
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
}

static const char *colour(const struct cli *c, const char *code)
{
	return c->colour ? code : "";
}

const char *cli_red(const struct cli *c) { return colour(c, "\033[31m"); }
const char *cli_bold(const struct cli *c) { return colour(c, "\033[1m"); }
const char *cli_dim(const struct cli *c) { return colour(c, "\033[2m"); }
const char *cli_plain(const struct cli *c) { return colour(c, "\033[0m"); }

struct cli_number cli_number(uint64_t v)
{
	struct cli_number r;
	char plain[24];
	int n = snprintf(plain, sizeof(plain), "%llu", (unsigned long long)v), o = 0;

	for (int i = 0; i < n; i++) {
		if (i && (n - i) % 3 == 0)
			r.s[o++] = ',';
		r.s[o++] = plain[i];
	}
	r.s[o] = '\0';
	return r;
}

struct cli_number cli_hash(const char *hex)
{
	struct cli_number r;

	snprintf(r.s, sizeof(r.s), "%.4s %.4s %.4s", hex, strlen(hex) > 4 ? hex + 4 : "", strlen(hex) > 8 ? hex + 8 : "");
	return r;
}

const char *cli_safe(const char *s, int width)
{
	static char ring[4][1024];
	static unsigned turn;
	char *out = ring[turn++ % 4];
	size_t o = 0, cap = sizeof(ring[0]);

	if (!s)
		return "-";
	for (; *s && o + 5 < cap; s++) {
		unsigned char ch = (unsigned char)*s;

		if (ch < 0x20 || ch >= 0x7f)
			o += (size_t)snprintf(out + o, cap - o, "\\x%02x", ch);
		else
			out[o++] = (char)ch;
	}
	out[o] = '\0';
	if (width > 3 && o > (size_t)width) {
		out += o - (size_t)width;
		memcpy(out, "...", 3);
	}
	return out;
}

/* How many columns the letter P takes when it is made visible. */
static size_t letter_width(const char *p)
{
	return (unsigned char)*p < 0x20 || (unsigned char)*p >= 0x7f ? 4 : 1;
}

static void put_letter(const char *p)
{
	if (letter_width(p) == 4)
		printf("\\x%02x", (unsigned char)*p);
	else
		putchar(*p);
}

void cli_para(const struct cli *c, const char *lead, const char *text)
{
	const size_t indent = strlen(lead), room = CLI_WIDTH > indent + 20 ? CLI_WIDTH - indent : 20;
	size_t at = 0;

	if (c->quiet || c->json)
		return;
	fputs(lead, stdout);
	for (const char *p = text ? text : "-"; *p;) {
		const char *end = p + strcspn(p, " ");
		size_t w = 0;

		for (const char *q = p; q < end; q++)
			w += letter_width(q);
		if (at && w && at + 1 + w > room) {
			printf("\n%*s", (int)indent, "");
			at = 0;
		}
		if (at && w) {
			putchar(' ');
			at++;
		}
		for (; p < end; p++) {                           /* what no line holds is cut where it must be */
			if (at + letter_width(p) > room) {
				printf("\n%*s", (int)indent, "");
				at = 0;
			}
			put_letter(p);
			at += letter_width(p);
		}
		while (*p == ' ')
			p++;
	}
	putchar('\n');
}

int cli_usage(const struct cli *c, const char *fmt, ...)
{
	va_list ap;

	(void)c;
	fputs("affidavit: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	return EXIT_USAGE;
}

/* Texts of strangers move no cursor. */
static void complain(const char *how, const char *text)
{
	fflush(stdout);
	fprintf(stderr, "affidavit: %s", how);
	for (const char *p = text; *p; p++) {
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			fprintf(stderr, "\\x%02x", (unsigned char)*p);
		else
			fputc(*p, stderr);
	}
	fputc('\n', stderr);
}

void cli_warn(const struct cli *c, const char *fmt, ...)
{
	char text[1400];
	va_list ap;

	(void)c;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	complain("warning: ", text);
}

int cli_cannot(const struct cli *c, const struct afd_error *err)
{
	(void)c;
	complain("", err->text);
	return err->code == AFD_E_USAGE ? EXIT_USAGE : EXIT_CANNOT;
}

int cli_finish(const struct cli *c, int code, const char *fmt, ...)
{
	va_list ap;

	if (fmt && !c->json) {
		va_start(ap, fmt);
		vprintf(fmt, ap);
		va_end(ap);
		putchar('\n');
	}
	if (fflush(stdout) != 0 || ferror(stdout)) {
		fputs("affidavit: standard output could not be written\n", stderr);
		return EXIT_CANNOT;
	}
	return code;
}
