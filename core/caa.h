/* What a CAA record says (RFC 8659), out of the text form that tables keep: 0 issue "ca.test; accounturi=https://ca.test/1". */
#ifndef AFD_CORE_CAA_H
#define AFD_CORE_CAA_H

#include "core/bytes.h"

enum { AFD_CAA_TAG_MAX = 255, AFD_CAA_VALUE_MAX = 1000, AFD_CAA_ISSUER_MAX = 253 };

struct afd_caa {
	unsigned flags;
	char tag[AFD_CAA_TAG_MAX + 1];         /* lower case */
	char value[AFD_CAA_VALUE_MAX + 4];     /* without quotes; what is not ASCII as \DDD; the end of a long one is "..." */
	/* Of issue, issuewild, issuemail and issuevmc: the issuer's domain, lower case. "": nobody may, be it that nobody is named or that
	 * the value breaks the grammar (RFC 8659, 4.2: such a value permits nobody). */
	char issuer[AFD_CAA_ISSUER_MAX + 1];
	bool known;                            /* the tag stands in IANA's list, so that issuers can know it */
	/* RFC 8657: 0 the issuer is named without accounturi, without validationmethods; 1 with; 2 so that nobody can meet it: two
	 * accounts at once, no method in the list */
	unsigned account, methods;
	char account_uri[AFD_CAA_VALUE_MAX + 4];       /* the first; "" where .account is 0 */
	char method_list[AFD_CAA_VALUE_MAX + 5];       /* "dns-01,http-01", lower case, as they stand there; the end of a long one is ",..." */
};

/* -1: the text is no CAA record; *RET then has no tag, and the text as its value. */
int afd_caa_parse(const char *rdata, struct afd_caa *ret);

#endif
