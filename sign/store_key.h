/* Private: the store key. */
#ifndef AFD_SIGN_STORE_KEY_H
#define AFD_SIGN_STORE_KEY_H

#include "sign/sign.h"
#include "sign/ssl.h"

struct afd_store_key {
	char name[256];           /* key name of the note, and origin of the checkpoint */
	EVP_PKEY *key;            /* Ed25519 */
	uint8_t public_key[32];
};

#endif
