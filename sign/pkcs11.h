/* Private: as much of Cryptoki (OASIS PKCS #11, 2.40) as signing a digest takes. Names are those of the standard. */
#ifndef AFD_SIGN_PKCS11_H
#define AFD_SIGN_PKCS11_H

typedef unsigned long CK_ULONG, CK_RV;
typedef unsigned char CK_BYTE;
#define CK_UNAVAILABLE (~0UL)

struct ck_version { CK_BYTE major, minor; };
struct ck_attribute { CK_ULONG type; void *value; CK_ULONG len; };
struct ck_mechanism { CK_ULONG mechanism; void *parameter; CK_ULONG len; };
struct ck_token_info {
	CK_BYTE label[32], manufacturer[32], model[16], serial[16];
	CK_ULONG flags, numbers[10];
	struct ck_version hardware, firmware;
	CK_BYTE time[16];
};

/* The functions stand at fixed places; those between are not called. */
struct ck_functions {
	struct ck_version version;
	CK_RV (*C_Initialize)(void *args);
	CK_RV (*C_Finalize)(void *reserved);
	void *gap_info[2];
	CK_RV (*C_GetSlotList)(CK_BYTE token_present, CK_ULONG *slots, CK_ULONG *n);
	void *gap_slot[1];
	CK_RV (*C_GetTokenInfo)(CK_ULONG slot, struct ck_token_info *info);
	void *gap_token[5];
	CK_RV (*C_OpenSession)(CK_ULONG slot, CK_ULONG flags, void *app, void *notify, CK_ULONG *session);
	CK_RV (*C_CloseSession)(CK_ULONG session);
	void *gap_session[4];
	CK_RV (*C_Login)(CK_ULONG session, CK_ULONG user, const CK_BYTE *pin, CK_ULONG len);
	void *gap_object[5];
	CK_RV (*C_GetAttributeValue)(CK_ULONG session, CK_ULONG object, struct ck_attribute *a, CK_ULONG n);
	void *gap_set[1];
	CK_RV (*C_FindObjectsInit)(CK_ULONG session, struct ck_attribute *a, CK_ULONG n);
	CK_RV (*C_FindObjects)(CK_ULONG session, CK_ULONG *objects, CK_ULONG max, CK_ULONG *n);
	CK_RV (*C_FindObjectsFinal)(CK_ULONG session);
	void *gap_crypt[13];
	CK_RV (*C_SignInit)(CK_ULONG session, struct ck_mechanism *m, CK_ULONG key);
	CK_RV (*C_Sign)(CK_ULONG session, const CK_BYTE *data, CK_ULONG n, CK_BYTE *sig, CK_ULONG *sig_len);
};
typedef CK_RV ck_get_function_list(struct ck_functions **ret);

enum { CKO_CERTIFICATE = 1, CKO_PUBLIC_KEY = 2, CKO_PRIVATE_KEY = 3 };
enum { CKK_RSA = 0, CKK_EC = 3 };
enum {
	CKA_CLASS = 0, CKA_LABEL = 3, CKA_VALUE = 0x11, CKA_KEY_TYPE = 0x100, CKA_ID = 0x102, CKA_MODULUS = 0x120,
	CKA_PUBLIC_EXPONENT = 0x122, CKA_EC_PARAMS = 0x180, CKA_EC_POINT = 0x181, CKA_ALWAYS_AUTHENTICATE = 0x202
};
enum { CKM_RSA_PKCS = 1, CKM_ECDSA = 0x1041 };
enum { CKU_USER = 1, CKU_CONTEXT_SPECIFIC = 2 };
enum { CKF_SERIAL_SESSION = 4 };
enum {        /* of a token */
	CKF_LOGIN_REQUIRED = 0x4, CKF_PROTECTED_AUTHENTICATION_PATH = 0x100, CKF_TOKEN_INITIALIZED = 0x400,
	CKF_USER_PIN_FINAL_TRY = 0x20000, CKF_USER_PIN_LOCKED = 0x40000
};
enum {
	CKR_OK = 0, CKR_DEVICE_ERROR = 0x30, CKR_DEVICE_REMOVED = 0x32, CKR_KEY_FUNCTION_NOT_PERMITTED = 0x68, CKR_MECHANISM_INVALID = 0x70,
	CKR_PIN_INCORRECT = 0xa0, CKR_PIN_INVALID = 0xa1, CKR_PIN_LEN_RANGE = 0xa2, CKR_PIN_EXPIRED = 0xa3, CKR_PIN_LOCKED = 0xa4,
	CKR_TOKEN_NOT_PRESENT = 0xe0, CKR_USER_ALREADY_LOGGED_IN = 0x100, CKR_USER_NOT_LOGGED_IN = 0x101,
	CKR_USER_PIN_NOT_INITIALIZED = 0x102, CKR_CRYPTOKI_ALREADY_INITIALIZED = 0x191
};

#endif
