#include "collector/zone/tsig_keys.h"

#include "core/digest.h"

/* --- words of the file --- */

struct words { const char *at, *end; unsigned line; };

static void skip_line(struct words *w)
{
	while (w->at < w->end && *w->at != '\n')
		w->at++;
}

static void skip_blanks(struct words *w)
{
	while (w->at < w->end) {
		size_t left = (size_t)(w->end - w->at);
		if (*w->at == '\n')
			w->line++;
		if (*w->at == ' ' || *w->at == '\t' || *w->at == '\r' || *w->at == '\n') {
			w->at++;
		} else if (*w->at == '#' || (left > 1 && w->at[0] == '/' && w->at[1] == '/')) {
			skip_line(w);
		} else if (left > 3 && w->at[0] == '/' && w->at[1] == '*') {
			const char *close = memmem(w->at + 2, left - 2, "*/", 2);
			for (const char *p = w->at; close && p < close; p++)
				w->line += *p == '\n';
			w->at = close ? close + 2 : w->end;
		} else {
			return;
		}
	}
}

/* A word, a text between quotes, or one of "{};"; empty at the end. */
static struct afd_slice next_word(struct words *w)
{
	const char *from;

	skip_blanks(w);
	from = w->at;
	if (from < w->end && *from == '"') {
		const char *close = memchr(from + 1, '"', (size_t)(w->end - from) - 1);
		w->at = close ? close + 1 : w->end;
		return close ? afd_slice(from + 1, (size_t)(close - from) - 1) : afd_slice(from, 0);
	}
	if (from < w->end && strchr("{};", *from)) {
		w->at++;
		return afd_slice(from, 1);
	}
	while (w->at < w->end && !strchr(" \t\r\n{};\"", *w->at))
		w->at++;
	return afd_slice(from, (size_t)(w->at - from));
}

static bool is(struct afd_slice s, const char *text)
{
	return afd_slice_equal(s, afd_slice_text(text));
}

static bool expect(struct words *w, const char *what, struct afd_error *err)
{
	if (is(next_word(w), what))
		return true;
	afd_fail(err, AFD_E_CONFIG, "keys: line %u: expected \"%s\"", w->line, what);
	return false;
}

/* --- keys --- */

static int add_key(struct afd_tsig_keys *k, struct afd_slice name, struct afd_slice algorithm, struct afd_slice secret, unsigned line,
                   struct afd_error *err)
{
	AFD_AUTO(mem) char *n = afd_text_dup(name), *a = afd_text_dup(algorithm);
	struct afd_buf raw = { 0 };
	struct afd_tsig_key key = { 0 }, *at;
	struct afd_error why = { 0 };

	if (!n || !a)
		return afd_fail_memory(err);
	if (name.len == 0 || secret.len == 0 || afd_unbase64(secret, &raw) < 0) {
		afd_buf_wipe(&raw);
		return afd_fail(err, AFD_E_CONFIG, "keys: line %u: expected a name, an algorithm and a secret in base64", line);
	}
	int r = afd_tsig_key_set(&key, n, a[0] ? a : "hmac-sha256", afd_buf_slice(&raw), &why);
	afd_buf_wipe(&raw);
	if (r < 0)
		return why.code == AFD_E_CONFIG ? 0 : afd_fail_memory(err);
	if (k->n == AFD_TSIG_KEYS_MAX || !(at = reallocarray(k->at, k->n + 1, sizeof(*at)))) {
		afd_tsig_key_release(&key);
		return afd_fail(err, AFD_E_LIMIT, "keys: more than %d", AFD_TSIG_KEYS_MAX);
	}
	k->at = at;
	k->at[k->n++] = key;
	return 0;
}

static int read_key(struct words *w, struct afd_tsig_keys *k, struct afd_error *err)
{
	struct afd_slice name = next_word(w), algorithm = { 0 }, secret = { 0 }, word;
	unsigned line = w->line;

	if (!expect(w, "{", err))
		return -1;
	while (!is(word = next_word(w), "}")) {
		if (is(word, "algorithm"))
			algorithm = next_word(w);
		else if (is(word, "secret"))
			secret = next_word(w);
		else
			return afd_fail(err, AFD_E_CONFIG, "keys: line %u: expected \"algorithm\" or \"secret\"", w->line);
		if (!expect(w, ";", err))
			return -1;
	}
	return expect(w, ";", err) ? add_key(k, name, algorithm, secret, line, err) : -1;
}

int afd_tsig_keys_read(struct afd_slice text, struct afd_tsig_keys *ret, struct afd_error *err)
{
	struct words w = { (const char *)text.data, (const char *)text.data + text.len, 1 };
	struct afd_slice word;

	if (text.len && memchr(text.data, 0, text.len))
		return afd_fail(err, AFD_E_CONFIG, "keys: there is a NUL in it");
	while ((word = next_word(&w)).len > 0) {
		if (!is(word, "key"))
			return afd_fail(err, AFD_E_CONFIG, "keys: line %u: expected key \"NAME\" { algorithm ...; secret ...; };", w.line);
		if (read_key(&w, ret, err) < 0)
			return -1;
	}
	skip_blanks(&w);
	return w.at == w.end ? 0 : afd_fail(err, AFD_E_CONFIG, "keys: line %u: a quote is not closed", w.line);
}

void afd_tsig_keys_release(struct afd_tsig_keys *k)
{
	for (size_t i = 0; i < k->n; i++)
		afd_tsig_key_release(&k->at[i]);
	free(k->at);
	*k = (struct afd_tsig_keys){ 0 };
}

static bool same_algorithm(const struct afd_tsig_key *k, const struct afd_tsig *t)
{
	struct afd_dns_name alg;
	return afd_dns_name_parse(afd_slice_text(k->alg->name), &alg, NULL) == 0 && afd_dns_name_equal(&t->alg, &alg);
}

/* Two secrets may have one name (a roll-over): the first that fits counts. */
char afd_tsig_keys_verdict(const struct afd_tsig_keys *k, const struct afd_dns_message *m)
{
	struct afd_tsig t;
	char verdict = 'n';
	int found = afd_tsig_find(m, &t, NULL);

	if (found <= 0)
		return found == 0 ? '-' : 'f';
	for (size_t i = 0; i < k->n; i++) {
		if (!afd_dns_name_equal(&k->at[i].name, &t.key) || !same_algorithm(&k->at[i], &t) || t.mac.len != k->at[i].alg->size)
			continue;
		if (afd_tsig_check_request(&k->at[i], m, &t, NULL) == 0)
			return 'v';
		verdict = 'f';
	}
	return verdict;
}
