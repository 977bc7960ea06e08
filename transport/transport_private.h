/* What the three protocols share. */
#ifndef AFD_TRANSPORT_PRIVATE_H
#define AFD_TRANSPORT_PRIVATE_H

#include "transport/transport.h"

#include <curl/curl.h>

/* How long we wait and how much we take. Fields, so that a test need not wait two minutes. */
struct afd_patience {
	long connect_ms, stall_ms;
	long http_ms;                         /* a whole HTTP answer */
	long dns_ms;                          /* a whole zone transfer */
	size_t dns_bytes;
	unsigned dns_messages;
};

struct afd_fetches;
struct afd_transport {
	const struct afd_env *env;
	char *agent;
	CURL *epp;                                /* the open connection of EPP, or NULL */
	struct afd_patience patience;
	struct afd_fetches *fetches;
	struct afd_buf body;                      /* of the last answer, where it is not in fetches */
};

int afd_dns_do(struct afd_transport *t, const struct afd_request *q, struct afd_response *ret, struct afd_error *err);
int afd_dns_udp_do(struct afd_transport *t, const struct afd_request *q, struct afd_response *ret, struct afd_error *err);
int afd_tls_do(struct afd_transport *t, const struct afd_request *q, struct afd_response *ret, struct afd_error *err);
int afd_validate_do(struct afd_transport *t, const struct afd_request *q, struct afd_response *ret, struct afd_error *err);
int afd_command_do(struct afd_transport *t, const struct afd_request *q, struct afd_response *ret, struct afd_error *err);
int afd_tail_do(struct afd_transport *t, const struct afd_request *q, struct afd_response *ret, struct afd_error *err);
int afd_list_do(struct afd_transport *t, const struct afd_request *q, struct afd_response *ret, struct afd_error *err);
int afd_epp_do(struct afd_transport *t, const struct afd_request *q, struct afd_response *ret, struct afd_error *err);
void afd_epp_close(struct afd_transport *t);
/* HTTP's url "file:DIR/path" */
int afd_replay_do(const char *url, size_t max, struct afd_buf *body, struct afd_response *ret, struct afd_error *err);

enum afd_coding { AFD_CODING_NONE, AFD_CODING_GZIP, AFD_CODING_OTHER };

/* What headers say, pure. R: where it goes. A Retry-After that is a date is counted from the Date, or NOW without one;
 * which of the two headers comes first does not matter, so it is done at the end. */
struct afd_headers { struct afd_response *r; int64_t now, retry_at; enum afd_coding coding; };
void afd_http_header(struct afd_headers *h, struct afd_slice line);
void afd_http_headers_end(struct afd_headers *h);

/* --- http.c: one request ---
 * begin, then the transfer of .curl by somebody else, end; open may run on another thread. */
enum afd_ceiling { AFD_CEILING_NONE, AFD_CEILING_BODY, AFD_CEILING_HEADERS, AFD_CEILING_MEMORY };
struct afd_http {
	struct afd_transport *t;
	CURL *curl;                               /* made once, used again and again */
	struct curl_slist *sent;                  /* our headers */
	struct afd_headers headers;
	struct afd_response r;                    /* without its body */
	struct afd_buf body, packed;              /* packed: what body was made from */
	size_t max_body, header_bytes;
	enum afd_ceiling hit;
	/* May be NULL. Called with more of the body; true: not now, libcurl is to ask again (curl_easy_pause). */
	bool (*full)(struct afd_http *x);
	char detail[CURL_ERROR_SIZE];
};
int afd_http_begin(struct afd_http *x, const struct afd_request *q, struct afd_error *err);
int afd_http_end(struct afd_http *x, CURLcode code, struct afd_error *err);
int afd_http_open(struct afd_http *x, struct afd_error *err);
/* Ready for the next one; what is sent may hold secrets and is wiped. */
void afd_http_clear(struct afd_http *x);

/* --- fetch.c: those under way --- */
struct afd_fetches *afd_fetches_new(struct afd_transport *t);             /* NULL: no memory */
struct afd_fetches *afd_fetches_free(struct afd_fetches *f);              /* NULL */
int afd_fetch_do(struct afd_transport *t, const struct afd_request *q, struct afd_response *ret, struct afd_error *err);

/* Appends what IN unpacks to; RET is at most MAX long in the end. */
int afd_gunzip(struct afd_slice in, size_t max, struct afd_buf *ret, struct afd_error *err);
/* How long MAX bytes can be when packed. */
size_t afd_gzip_packed_max(size_t max);

/* Messages with their 2-byte length, as they arrive: [0, at) of BYTES was given to q->more already. */
struct afd_frames { size_t at; unsigned messages, max_messages; };
/* 1: complete, and at is the end of the last message; 0: more is needed; -1: refused. */
int afd_frames_take(struct afd_frames *f, struct afd_slice bytes, const struct afd_request *q, struct afd_error *err);

/* A socket and a timer that ends everything: whoever sends a byte now and then does not hold us for ever, and nobody needs
 * a look at a clock. */
struct afd_wire { int fd, timer; };
#define AFD_WIRE_NONE (struct afd_wire){ -1, -1 }
/* To the first address of HOST that takes us; TYPE: SOCK_STREAM or SOCK_DGRAM. WHERE (of 128) receives "192.0.2.1:53". */
int afd_wire_open(struct afd_wire *w, int type, const char *host, uint16_t port, long ms, char *where, struct afd_error *err);
/* 1: EVENTS came; 0: not within MS (-1: no limit of its own); -1: time is up */
int afd_wire_wait(const struct afd_wire *w, short events, long ms, struct afd_error *err);
/* What errno says of the other side, in the words of transport.h. */
int afd_wire_fail(int e, struct afd_error *err);
void afd_wire_release(struct afd_wire *w);

/* TLS of a transfer (RFC 9103), over bytes that the caller carries: what afd_dot_out() holds is to be sent, then afd_dot_sent().
 * HOW is borrowed. Errors say what the server presented and what was expected; nothing of ours is sent before it was
 * verified. AFD_DOT_END: the server said that it ends (close_notify): without that the connection was cut. */
struct afd_dot;
enum { AFD_DOT_MORE, AFD_DOT_SOME, AFD_DOT_END };
int afd_dot_new(const struct afd_dns_tls *how, int64_t now_ms, struct afd_dot **ret, struct afd_error *err);
struct afd_dot *afd_dot_free(struct afd_dot *d);                                            /* NULL */
int afd_dot_shake(struct afd_dot *d, struct afd_error *err);                                /* 1 done, 0 more bytes are needed */
int afd_dot_put(struct afd_dot *d, struct afd_slice plain, struct afd_error *err);
int afd_dot_feed(struct afd_dot *d, struct afd_slice wire, struct afd_error *err);
int afd_dot_take(struct afd_dot *d, struct afd_buf *ret, struct afd_error *err);            /* AFD_DOT_*, -1 */
struct afd_slice afd_dot_out(struct afd_dot *d);
void afd_dot_sent(struct afd_dot *d);
/* What a connection that broke may be about: text to put behind the error, or "". */
const char *afd_dot_hint(const struct afd_dot *d);
/* "tls1.3 192.0.2.1:853 alpn dot name ns1.example pin" */
void afd_dot_channel(const struct afd_dot *d, const char *where, char *ret, size_t size);

/* PATH behind "file:", or NULL when TEXT is something else. */
const char *afd_file_path(const char *text);
/* Opens for reading without blocking on a FIFO; what must be a regular file is checked by the caller. */
int afd_open_input(const char *path);
/* Reads FD to its end, at most MAX; what was read before stays in RET. */
int afd_read_all(int fd, const char *name, size_t max, struct afd_buf *ret, struct afd_error *err);

#endif
