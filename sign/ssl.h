/* Private: libcrypto's objects as AFD_AUTO resources, and its error queue as a sentence. */
#ifndef AFD_SIGN_SSL_H
#define AFD_SIGN_SSL_H

#include <openssl/bio.h>
#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/ess.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include "core/error.h"

#define AFD_SSL_RELEASE(name, type, free_it) \
	static inline void afd_##name##_release(type **p) { free_it(*p); *p = NULL; }
AFD_SSL_RELEASE(bio, BIO, BIO_free_all)
AFD_SSL_RELEASE(cms, CMS_ContentInfo, CMS_ContentInfo_free)
AFD_SSL_RELEASE(ess, ESS_SIGNING_CERT_V2, ESS_SIGNING_CERT_V2_free)
AFD_SSL_RELEASE(md_ctx, EVP_MD_CTX, EVP_MD_CTX_free)
AFD_SSL_RELEASE(p12, PKCS12, PKCS12_free)
AFD_SSL_RELEASE(pkey, EVP_PKEY, EVP_PKEY_free)
AFD_SSL_RELEASE(pkey_ctx, EVP_PKEY_CTX, EVP_PKEY_CTX_free)
AFD_SSL_RELEASE(x509, X509, X509_free)
AFD_SSL_RELEASE(x509_store, X509_STORE, X509_STORE_free)
AFD_SSL_RELEASE(x509_store_ctx, X509_STORE_CTX, X509_STORE_CTX_free)
static inline void afd_x509s_release(STACK_OF(X509) **p) { sk_X509_pop_free(*p, X509_free); *p = NULL; }

/* AFD_AUTO(secret) char *p: text that is overwritten before it is freed */
static inline void afd_secret_release(char **p) { if (*p) OPENSSL_cleanse(*p, strlen(*p)); free(*p); *p = NULL; }

/* "WHAT: reason of libcrypto"; empties its queue. Returns -1. */
int afd_ssl_fail(struct afd_error *err, enum afd_code code, const char *what);

#endif
