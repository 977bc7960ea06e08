/* The only code that opens sockets or input files. Requests in, bytes out; every answer under a ceiling, TLS always
 * verified, redirects refused for authenticated calls. "file:" in place of a server's address replays what was recorded:
 * for archives, auditors and tests, through the same door. */
#ifndef AFD_TRANSPORT_TRANSPORT_H
#define AFD_TRANSPORT_TRANSPORT_H

#include "core/env.h"
#include "core/error.h"
#include "core/limits.h"
#include "core/when.h"

enum afd_protocol { AFD_HTTP, AFD_DNS, AFD_FILE, AFD_TLS, AFD_COMMAND, AFD_VALIDATE, AFD_FOLDER, AFD_EPP };

/* XoT (RFC 9103): TLS 1.3 with ALPN "dot". The server shows who it is by NAME in its certificate under the roots of CA_FILE
 * (NULL: the system's), or by PIN: base64 SHA-256 of its SubjectPublicKeyInfo; at least one of both. CERT, KEY: PEM files of
 * our own certificate, or NULL. With both, both must fit; a pin alone is held against the key, whatever stands around it. Who is not
 * whom we expected is AFD_E_VERIFY, in words. Channel: "tls1.3 192.0.2.1:853 alpn dot name ns1.example", "... alpn dot pin". */
struct afd_dns_tls { const char *name, *pin, *ca_file, *cert, *key; };

struct afd_header { const char *name, *value; };

/* What a validating resolver is to be asked, and where it stands. anchor: DS or DNSKEY records as text, ". IN DS 20326 8 2 ..";
 * stub: "ZONE ADDRESS[@PORT]", where a zone's servers are; none: it starts from the root servers that it knows. */
struct afd_validate { const char *name; uint16_t type; const char *const *anchor, *const *stub; size_t n_anchor, n_stub; };

/* Decides after each DNS message whether more come: 1 complete, 0 go on, -1 refuse (err says why: the connection is
 * closed, RFC 8945 5.3.1). Message without its 2-byte length. */
typedef int afd_dns_more(void *ctx, struct afd_slice message, struct afd_error *err);

/* What to make of a body as soon as it is there, on another thread where there is one, while other answers are under way:
 * make() may only read what does not change meanwhile, and calls nothing of the transport. at, n: the source's own. */
struct afd_unpack {
	/* OLD: what an earlier call made and nobody needs any more, to be filled anew, or NULL. What is wrong with the body is
	 * told in what it makes; NULL: no memory. */
	void *(*make)(const struct afd_unpack *u, struct afd_slice body, void *old);
	void (*free)(void *made);
	const void *state; uint64_t at, n;
};

struct afd_request {                              /* all borrowed from the source until the answer was taken */
	enum afd_protocol protocol;
	const char *asked;                        /* for the record and for progress; no secrets */
	/* HTTP: GET, or POST when post_type is set. url http(s)://... or file:DIR/path (a missing file is answered as 404) */
	const char *url;
	struct afd_slice post; const char *post_type;   /* body and its media type; a POST follows no redirect */
	struct afd_header header[8]; size_t n_header;   /* secrets may stand here; they never reach a record or a message */
	bool authenticated;                       /* refuse redirects */
	size_t max_body;                          /* 0: AFD_MAX_HTTP_BODY */
	const char *ca_file;                      /* NULL: the system's roots */
	struct afd_unpack unpack;                 /* of a body with status 200; make NULL: nothing to be made of it */
	int64_t pace_ms;                          /* for the engine: no sooner after the last request of this source; 0: at once */
	unsigned burst;                           /* with pace_key: so many at once before the pace counts; 0: 1 */
	const char *pace_key;                     /* requests with the same key share a pace, in all sources of a run; NULL: the source's */
	int64_t after_ms;                         /* for the engine: waits so long before this request, which is another try */
	/* DNS over TCP (RFC 7766): host, port; or file:PATH of a recorded exchange (as an item's bytes: query first) */
	const char *server; uint16_t port;
	struct afd_slice query;                   /* one message */
	afd_dns_more *more; void *more_ctx;
	const struct afd_dns_tls *tls;            /* NULL: plain TCP */
	bool udp;                                 /* by UDP first; again by TCP when the answer is cut short. The body says which: it
	                                             is what was exchanged last, the channel names it; `more` is not asked by UDP */
	/* TLS: a handshake with server and port, nothing is sent over it. The certificates that it presents are taken as they
	 * are, trusted or not: body = each in DER behind its 24-bit length, as on the wire; channel: version and address.
	 * sni: name that is asked for (NULL: server). AFD_E_REMOTE: refused, timeout or no handshake, in words. */
	const char *sni;
	/* udp, TLS, VALIDATE: how long one answer may take; 0: 5 s. Their AFD_E_REMOTE begins with one of: timeout, refused,
	 * unreachable, no route (this machine has none), handshake */
	int64_t wait_ms;
	bool once;                                /* for the engine: no answer is an answer, do not ask again */
	/* VALIDATE: libunbound is asked, at our time. body: "secure NOERROR\n", "bogus SERVFAIL why\n", "insecure ...";
	 * channel: its version. Nothing of it is cached from one request to the next. */
	const struct afd_validate *validate;
	/* COMMAND: a program that is run without a shell, found in PATH, with a clean environment (PATH, HOME, LC_ALL=C). NULL-ended
	 * words. Standard output is the body, at most max bytes; status is its exit code; after seconds it is killed. */
	const char *const *argv; int seconds;
	/* EPP (RFC 5734): server, port (700), tls (its name is that of the certificate, NULL: server; pin is not used). query: one
	 * XML instance, without its length; empty: connect, and the body is the greeting. The connection stays open for the next
	 * request, until hang_up, or the next greeting; a failure closes it. Sent once: ask with `once`. */
	bool hang_up;
	/* FILE: path; from offset; at most max bytes. gunzip: the file is packed; offset, max and size are of what is in it;
	 * no_link: refused where the path's last name is a link. inside: the first so many bytes of path are a directory (0: all of it
	 * is the path), and refused where anything behind them is a link or leads up.
	 * FOLDER: the regular files below the directory path, at most max of them (0: AFD_MAX_LISTED), AFD_MAX_LIST_DEPTH deep; links
	 * are not followed. body: a line "SIZE MODIFIED-MS NAME\n" for each, sorted by name (relative to path); names with control
	 * characters are left out; status counts what was left out (links, such names, what we may not read). */
	const char *path; uint64_t offset; size_t max, inside; bool gunzip, no_link;
};

struct afd_response {                             /* owned by the transport until the next request */
	int status;                               /* HTTP status; 0 otherwise */
	struct afd_slice body;                    /* HTTP: decompressed body. DNS: the exchange, each message with its 2-byte
	                                             length, the query first. FILE: bytes from offset. */
	void *unpacked;                           /* what request.unpack made of the body; NULL: nothing yet */
	char media_type[128], channel[384];       /* channel: "tls1.3 api.example.com:443", "tcp 192.0.2.1:53", "file" */
	char etag[256], link[1024];
	int64_t asked_ms, received_ms, server_ms; /* server_ms: HTTP Date, file's modification time; or AFD_TIME_NONE */
	int64_t retry_after_ms;                   /* from Retry-After (RFC 9110, 10.2.3, both forms) relative; -1 none */
	uint64_t file_size; uint64_t file_id[2];  /* FILE: size now, device and inode: to see rotation */
};

struct afd_transport;
/* contact: e-mail or URL for the User-Agent (mandatory for live CT logs), may be NULL. */
struct afd_transport *afd_transport_new(const struct afd_env *env, const char *contact, struct afd_error *err);
struct afd_transport *afd_transport_free(struct afd_transport *t);   /* NULL */
/* Any status is an answer (0); -1 only when there is none: AFD_E_REMOTE, AFD_E_LIMIT, AFD_E_IO. */
int afd_transport_do(struct afd_transport *t, const struct afd_request *q, struct afd_response *ret, struct afd_error *err);

/* Says that Q, a GET, will be asked for with afd_transport_do(), behind those said before it and no sooner than *due_ms. Its
 * answer is fetched and unpacked while others are looked at. What is not said again after an afd_transport_do() is dropped by
 * the next one. Q is borrowed for the call, its unpack.state until afd_transport_forget(). 1: it begins
 * at *due_ms; 0: that was said already (*due_ms: as it was then); -1: it is left to afd_transport_do().
 * Bodies that wait are held to some 16 MiB together, apart from the one that is asked for. */
enum { AFD_AHEAD_MAX = 8 };                       /* more are left to afd_transport_do() */
int afd_transport_ahead(struct afd_transport *t, const struct afd_request *q, int64_t *due_ms);
/* Drops all of that, and the last answer. */
void afd_transport_forget(struct afd_transport *t);

/* Resolves env:NAME, file:PATH (refused when others can read it), fd:N, exec:COMMAND (argv split at blanks, no shell,
 * 10 s). One trailing LF is dropped. Text after any other prefix is a literal secret: AFD_E_CONFIG. */
int afd_secret_resolve(const char *ref, struct afd_buf *ret, struct afd_error *err);
/* A private file of the user's (a key), whole, at most MAX bytes: refused when anybody else can read or change it. */
int afd_private_file_read(const char *path, size_t max, struct afd_buf *ret, struct afd_error *err);
/* Runs a program: LINE split at blanks, no shell, LAST (may be NULL) as one more word. It reads IN (at most 1 MiB), its
 * answer (at most MAX bytes; 0: what it writes goes nowhere) is appended; after SECONDS it is killed. Messages name the program, never its words. */
struct afd_command { const char *line, *last; struct afd_slice in; size_t max; int seconds; bool *hung; };   /* hung (may be NULL): set when it is killed */
int afd_command_run(const struct afd_command *c, struct afd_buf *ret, struct afd_error *err);
/* A file of the user, whole: at most AFD_MAX_USER_FILE. */
int afd_user_file_read(const char *path, struct afd_buf *ret, int64_t *modified_ms, struct afd_error *err);

#endif
