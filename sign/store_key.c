/* The store key: Ed25519. Its file is one line with the name, then PKCS#8 in PEM, so that openssl can read it too. */
#include "sign/store_key.h"

#define FIRST_WORD "affidavit-store-key "
#define MAX_FILE 4096u

/* C2SP signed-note: not empty, no blanks, no '+'. Ours is ASCII as well, so that a name looks like itself. */
static int check_name(const char *name, struct afd_error *err)
{
	size_t n = strlen(name);

	if (n == 0 || n > 255)
		return afd_fail(err, AFD_E_USAGE, "store key name: expected 1 to 255 characters, got %zu", n);
	for (size_t i = 0; i < n; i++)
		if (name[i] <= ' ' || name[i] > '~' || name[i] == '+')
			return afd_fail(err, AFD_E_USAGE,
					"store key name: expected printable ASCII without blanks and '+'");
	return 0;
}

/* Takes KEY over on success. */
static int make(const char *name, EVP_PKEY **key, struct afd_store_key **ret, struct afd_error *err)
{
	AFD_AUTO(store_key) struct afd_store_key *k = calloc(1, sizeof(*k));
	size_t n = sizeof(k->public_key);

	if (!k)
		return afd_fail_memory(err);
	memcpy(k->name, name, strlen(name) + 1);
	if (EVP_PKEY_get_raw_public_key(*key, k->public_key, &n) != 1 || n != sizeof(k->public_key))
		return afd_ssl_fail(err, AFD_E_PARSE, "store key: no Ed25519 public key");

	k->key = afd_steal(key);
	*ret = afd_steal(&k);
	return 0;
}

int afd_store_key_new(const char *name, const struct afd_env *env, struct afd_store_key **ret, struct afd_error *err)
{
	AFD_AUTO(pkey) EVP_PKEY *key = NULL;
	uint8_t seed[32];

	if (check_name(name, err) < 0)
		return -1;
	if (afd_random(env, seed, sizeof(seed)) < 0)
		return afd_fail(err, AFD_E_IO, "store key: no random bytes");

	key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, sizeof(seed));
	OPENSSL_cleanse(seed, sizeof(seed));
	if (!key)
		return afd_ssl_fail(err, AFD_E_MEMORY, "store key");
	return make(name, &key, ret, err);
}

int afd_store_key_write(const struct afd_store_key *k, struct afd_buf *ret, struct afd_error *err)
{
	AFD_AUTO(bio) BIO *bio = BIO_new(BIO_s_secmem());
	char *pem = NULL;
	long n;

	if (!bio || PEM_write_bio_PKCS8PrivateKey(bio, k->key, NULL, NULL, 0, NULL, NULL) != 1)
		return afd_ssl_fail(err, AFD_E_MEMORY, "store key");
	n = BIO_get_mem_data(bio, &pem);
	if (afd_buf_printf(ret, FIRST_WORD "%s\n", k->name) < 0 || afd_buf_add(ret, pem, (size_t)n) < 0)
		return afd_fail_memory(err);
	return 0;
}

static int no_passphrase(char *buf, int size, int rwflag, void *u)
{
	(void)buf, (void)size, (void)rwflag, (void)u;
	return -1;
}

int afd_store_key_read(struct afd_slice text, struct afd_store_key **ret, struct afd_error *err)
{
	AFD_AUTO(pkey) EVP_PKEY *key = NULL;
	AFD_AUTO(bio) BIO *bio = NULL;
	const size_t word = strlen(FIRST_WORD);
	const uint8_t *lf = text.len ? memchr(text.data, '\n', text.len) : NULL;
	char name[256] = "";
	size_t n;

	if (text.len > MAX_FILE)
		return afd_fail(err, AFD_E_LIMIT, "store key: expected at most %u bytes, got %zu", MAX_FILE, text.len);
	if (!lf || (size_t)(lf - text.data) < word || memcmp(text.data, FIRST_WORD, word) != 0)
		return afd_fail(err, AFD_E_PARSE, "store key: expected \"" FIRST_WORD "NAME\" as first line");
	n = (size_t)(lf - text.data) - word;
	if (n >= sizeof(name) || memchr(text.data + word, 0, n))
		return afd_fail(err, AFD_E_PARSE, "store key: the name in the first line is not one");
	memcpy(name, text.data + word, n);
	if (check_name(name, err) < 0)
		return -1;

	bio = BIO_new_mem_buf(lf + 1, (int)(text.len - word - n - 1));
	if (!bio)
		return afd_fail_memory(err);
	key = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
	if (!key)
		return afd_ssl_fail(err, AFD_E_PARSE,
				    "store key: expected a PEM private key without passphrase after the first line");
	if (!EVP_PKEY_is_a(key, "ED25519"))
		return afd_fail(err, AFD_E_PARSE, "store key: expected an Ed25519 key, got %s",
				EVP_PKEY_get0_type_name(key));
	return make(name, &key, ret, err);
}

int afd_store_key_vkey(const struct afd_store_key *k, struct afd_buf *ret, struct afd_error *err)
{
	struct afd_note_key nk = { .alg = AFD_NOTE_ED25519, .key = afd_slice(k->public_key, sizeof(k->public_key)) };

	memcpy(nk.name, k->name, sizeof(nk.name));
	if (afd_note_vkey_text(&nk, ret) < 0)
		return afd_fail_memory(err);
	return 0;
}

const char *afd_store_key_name(const struct afd_store_key *k)
{
	return k->name;
}

struct afd_store_key *afd_store_key_free(struct afd_store_key *k)
{
	if (k)
		EVP_PKEY_free(k->key);
	free(k);
	return NULL;
}

void afd_store_key_release(struct afd_store_key **k)
{
	*k = afd_store_key_free(*k);
}
