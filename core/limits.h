/* The ceiling of every input, in one list. Units: bytes unless the name says otherwise. */
#ifndef AFD_CORE_LIMITS_H
#define AFD_CORE_LIMITS_H

#define AFD_MAX_USER_FILE      (16u * 1024 * 1024)   /* inventory, policy, approvals, checks, frameworks */
#define AFD_MAX_HTTP_BODY      (64u * 1024 * 1024)   /* decompressed */
#define AFD_MAX_HTTP_HEADERS   (64u * 1024)
#define AFD_MAX_DNS_MESSAGE    65535u
#define AFD_MAX_DNS_TRANSFER   (256u * 1024 * 1024)
#define AFD_MAX_DNS_MESSAGES   1000000u              /* messages in one transfer */
#define AFD_MAX_EPP_FRAME      (1u << 20)
#define AFD_MAX_LOG_SEGMENT    (16u * 1024 * 1024)   /* one item cut from a log file */
#define AFD_MAX_UNPACKED       (256u * 1024 * 1024)  /* what is in a packed segment of a log */
#define AFD_MAX_LISTED         100000u               /* files of one directory */
#define AFD_MAX_LIST_DEPTH     6u
#define AFD_MAX_LOG_LINE       (64u * 1024)
#define AFD_MAX_NOTE           (256u * 1024)         /* a checkpoint with all its signatures */
#define AFD_MAX_NOTE_SIGS      64u
#define AFD_MAX_CT_TILE        (32u * 1024 * 1024)   /* a data tile, decompressed */
#define AFD_MAX_CERTIFICATE    (1u << 24)
#define AFD_MAX_JSON_DEPTH     64u
#define AFD_MAX_JSON_VALUES    8000000u              /* in one document: 64 MiB of "[[],[],..." would be gigabytes of nodes */
#define AFD_MAX_ITEM           (256u * 1024 * 1024)
#define AFD_MAX_PARTS          4000000u              /* parts in one item */
#define AFD_MAX_REPORT_JSON    (512u * 1024 * 1024)
#define AFD_MAX_PDF            (512u * 1024 * 1024)
#define AFD_MAX_CMS            (1u * 1024 * 1024)
#define AFD_MAX_PROOF_NODES    64u
#define AFD_MAX_SQL            (256u * 1024)         /* one check */
#define AFD_MAX_CHECK_SECONDS  120
#define AFD_MAX_CHECK_ROWS     1000000u
#define AFD_MAX_UNCOVERED      32u                   /* needs of one result that a report lists; the rest is a number */
#define AFD_MAX_CHECK_WORKERS  4u                    /* threads that run checks, the caller's included */
#define AFD_MIN_PARALLEL_STORE (64u * 1024 * 1024)   /* below it one thread is done before another has begun */

#endif
