/* Private: what may not stand in a report. */
#ifndef AFD_SIGN_PDF_POLICY_H
#define AFD_SIGN_PDF_POLICY_H

#include "sign/pdf_read.h"

/* Refuses whatever acts, hides, or loads: what is signed must be what every reader shows. In the update a form and
 * a signature are allowed. */
int afd_pdf_policy(const struct afd_pdf_object *o, bool update, struct afd_error *err);

#endif
