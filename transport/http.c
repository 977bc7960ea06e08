/* HTTP by libcurl: GET and POST, TLS verified, everything under a ceiling, nothing secret in a message. */
#include "transport/transport_private.h"

#include <openssl/ssl.h>
#include <stdio.h>

#define REDIRECTS_MAX 3
#define KEPT_BYTES    (8u * 1024 * 1024)

static void afd_slist_release(struct curl_slist **l)
{
	/* authorisation stands in there */
	for (struct curl_slist *p = *l; p; p = p->next)
		explicit_bzero(p->data, strlen(p->data));
	curl_slist_free_all(*l);
	*l = NULL;
}

/* --- what comes in --- */

/* The server says how long it will be: memory for that, once. Only what arrives is ever written to. */
static void make_room(struct afd_http *x, size_t max)
{
	curl_off_t said = -1;

	if (curl_easy_getinfo(x->curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &said) == CURLE_OK && said > 0 && (uint64_t)said <= max)
		(void)afd_buf_reserve(&x->body, (size_t)said);
}

static size_t on_body(char *data, size_t size, size_t n, void *ctx)
{
	struct afd_http *x = ctx;
	size_t max = x->headers.coding == AFD_CODING_GZIP ? afd_gzip_packed_max(x->max_body) : x->max_body;

	(void)size;                           /* always 1 */
	if (x->full && x->full(x))
		return CURL_WRITEFUNC_PAUSE;
	if (x->body.len == 0)
		make_room(x, max);
	if (n > max || x->body.len > max - n) {
		x->hit = AFD_CEILING_BODY;
		return 0;
	}
	if (afd_buf_add(&x->body, data, n) < 0) {
		x->hit = AFD_CEILING_MEMORY;
		return 0;
	}
	return n;
}

static struct afd_slice trimmed(struct afd_slice s)
{
	while (s.len && (s.data[0] == ' ' || s.data[0] == '\t'))
		s = afd_slice_sub(s, 1, s.len);
	while (s.len && s.data[s.len - 1] <= ' ')
		s.len--;
	return s;
}

static bool same_name(struct afd_slice s, const char *name)
{
	return s.len == strlen(name) && strncasecmp((const char *)s.data, name, s.len) == 0;
}

/* Half an ETag or link would be another one: what does not fit is left out. */
static void keep_whole(char *ret, size_t size, struct afd_slice value)
{
	size_t n = value.len < size && !(value.len && memchr(value.data, 0, value.len)) ? value.len : 0;

	if (n)
		memcpy(ret, value.data, n);
	ret[n] = 0;
}

static void on_etag(struct afd_headers *h, struct afd_slice value)
{
	keep_whole(h->r->etag, sizeof(h->r->etag), value);
}

static void on_media_type(struct afd_headers *h, struct afd_slice value)
{
	const uint8_t *semicolon = value.len ? memchr(value.data, ';', value.len) : NULL;

	if (semicolon)
		value.len = (size_t)(semicolon - value.data);
	keep_whole(h->r->media_type, sizeof(h->r->media_type), trimmed(value));
	for (char *p = h->r->media_type; *p; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p += 32;
}

/* Several Link fields are one list (RFC 9110, 5.2) */
static void on_link(struct afd_headers *h, struct afd_slice value)
{
	size_t n = strlen(h->r->link), room = sizeof(h->r->link) - n;

	if (n == 0) {
		keep_whole(h->r->link, sizeof(h->r->link), value);
	} else if (value.len + 2 < room) {
		memcpy(h->r->link + n, ", ", 2);
		keep_whole(h->r->link + n + 2, room - 2, value);
	}
}

static bool http_date(struct afd_slice value, int64_t *ret_ms)
{
	char text[64];
	time_t t;

	keep_whole(text, sizeof(text), value);
	t = *text ? curl_getdate(text, NULL) : -1;
	if (t == -1)
		return false;
	*ret_ms = (int64_t)t * AFD_SECOND;
	return true;
}

static void on_date(struct afd_headers *h, struct afd_slice value)
{
	http_date(value, &h->r->server_ms);
}

/* RFC 9110, 10.2.3: seconds or a date; servers write "UTC" where the RFC says "GMT", and that is understood too. */
static void on_retry_after(struct afd_headers *h, struct afd_slice value)
{
	const int64_t most = 365 * AFD_DAY;
	int64_t v = 0;

	h->r->retry_after_ms = -1;
	h->retry_at = AFD_TIME_NONE;
	for (size_t i = 0; i < value.len; i++) {
		if (value.data[i] < '0' || value.data[i] > '9') {
			http_date(value, &h->retry_at);
			return;
		}
		v = v * 10 + (value.data[i] - '0') * AFD_SECOND;
		v = v > most ? most : v;
	}
	if (value.len)
		h->r->retry_after_ms = v;
}

static void on_content_encoding(struct afd_headers *h, struct afd_slice value)
{
	if (value.len == 0 || same_name(value, "identity"))
		return;
	if (h->coding == AFD_CODING_NONE && (same_name(value, "gzip") || same_name(value, "x-gzip")))
		h->coding = AFD_CODING_GZIP;
	else
		h->coding = AFD_CODING_OTHER;
}

static const struct { const char *name; void (*take)(struct afd_headers *h, struct afd_slice value); } wanted[] = {
	{ "content-encoding", on_content_encoding }, { "content-type", on_media_type }, { "date", on_date }, { "etag", on_etag },
	{ "link", on_link }, { "retry-after", on_retry_after },
};

void afd_http_header(struct afd_headers *h, struct afd_slice line)
{
	const uint8_t *colon = line.len ? memchr(line.data, ':', line.len) : NULL;
	struct afd_slice name;

	if (line.len >= 5 && memcmp(line.data, "HTTP/", 5) == 0) {      /* the next answer: after 100, after a redirect */
		h->r->etag[0] = h->r->link[0] = h->r->media_type[0] = 0;
		h->r->server_ms = h->retry_at = AFD_TIME_NONE;
		h->r->retry_after_ms = -1;
		h->coding = AFD_CODING_NONE;
		return;
	}
	if (!colon)
		return;
	name = afd_slice(line.data, (size_t)(colon - line.data));
	for (size_t i = 0; i < AFD_COUNT(wanted); i++)
		if (same_name(name, wanted[i].name))
			wanted[i].take(h, trimmed(afd_slice_sub(line, name.len + 1, line.len)));
}

void afd_http_headers_end(struct afd_headers *h)
{
	int64_t base = h->r->server_ms == AFD_TIME_NONE ? h->now : h->r->server_ms;

	if (h->retry_at != AFD_TIME_NONE)
		h->r->retry_after_ms = h->retry_at > base ? h->retry_at - base : 0;
}

/* "tls1.3 api.example.com:443"; asked while the connection stands. */
static void note_channel(struct afd_http *x)
{
	const struct curl_tlssessioninfo *tls = NULL;
	const char *url = NULL, *version = "http";
	char *host = NULL, *port = NULL;
	CURLU *u = curl_url();

	curl_easy_getinfo(x->curl, CURLINFO_EFFECTIVE_URL, &url);
	if (u && url && curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK &&
	    curl_url_get(u, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
	    curl_url_get(u, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK) {
		if (strncmp(url, "https:", 6) == 0) {
			version = "tls";
			if (curl_easy_getinfo(x->curl, CURLINFO_TLS_SSL_PTR, &tls) == CURLE_OK && tls &&
			    tls->backend == CURLSSLBACKEND_OPENSSL && tls->internals)
				version = SSL_get_version(tls->internals);
			version = strcmp(version, "TLSv1.3") == 0 ? "tls1.3" : strcmp(version, "TLSv1.2") == 0 ? "tls1.2" : "tls";
		}
		snprintf(x->r.channel, sizeof(x->r.channel), "%s %.200s:%s", version, host, port);
	}
	curl_free(host);
	curl_free(port);
	curl_url_cleanup(u);
}

static size_t on_header(char *data, size_t size, size_t n, void *ctx)
{
	struct afd_http *x = ctx;

	(void)size;
	x->header_bytes += n;
	if (x->header_bytes > AFD_MAX_HTTP_HEADERS) {
		x->hit = AFD_CEILING_HEADERS;
		return 0;
	}
	if (n >= 5 && memcmp(data, "HTTP/", 5) == 0)
		note_channel(x);
	afd_http_header(&x->headers, afd_slice(data, n));
	return n;
}

/* --- what goes out --- */

/* Headers that say nothing about who asks. With any other one the call is taken as authenticated. */
static bool is_public(const char *name)
{
	static const char *const public_names[] = { "accept", "if-modified-since", "if-none-match" };

	for (size_t i = 0; i < AFD_COUNT(public_names); i++)
		if (strcasecmp(name, public_names[i]) == 0)
			return true;
	return false;
}

static bool is_header_text(const char *s)
{
	for (; *s; s++)
		if (((unsigned char)*s < 0x20 && *s != '\t') || *s == 0x7f)
			return false;
	return true;
}

static int append(struct curl_slist **l, const char *line, struct afd_error *err)
{
	struct curl_slist *more = curl_slist_append(*l, line);

	if (!more)
		return afd_fail_memory(err);
	*l = more;
	return 0;
}

static int add_header(struct curl_slist **l, const struct afd_header *h, struct afd_error *err)
{
	struct afd_buf line = { 0 };
	int r;

	if (!h->name || !*h->name || strpbrk(h->name, ": ;") || !is_header_text(h->name))
		return afd_fail(err, AFD_E_USAGE, "a header without a proper name");
	if (!h->value || !is_header_text(h->value))
		return afd_fail(err, AFD_E_CONFIG, "the value of the header %s holds a control character", h->name);
	r = afd_buf_printf(&line, *h->value ? "%s: %s" : "%s;%s", h->name, h->value) < 0 ? afd_fail_memory(err) :
										       append(l, (char *)line.data, err);
	afd_buf_wipe(&line);
	return r;
}

/* What was asked goes to the server that was named, and nowhere else: no redirect is followed. */
static int set_post(CURL *c, const struct afd_request *q, struct curl_slist **headers, struct afd_error *err)
{
	if (add_header(headers, &(struct afd_header){ "Content-Type", q->post_type }, err) < 0 ||
	    append(headers, "Expect:", err) < 0)                              /* no waiting for "100 Continue" */
		return -1;
	if (curl_easy_setopt(c, CURLOPT_POST, 1L) || curl_easy_setopt(c, CURLOPT_POSTFIELDS, (const char *)q->post.data) ||
	    curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)q->post.len))
		return afd_fail(err, AFD_E_IO, "libcurl refuses an option that is needed");
	return 0;
}

static int set_request(struct afd_http *x, const struct afd_request *q, struct curl_slist **headers, struct afd_error *err)
{
	const struct afd_patience *p = &x->t->patience;
	bool tls = strncasecmp(q->url, "https:", 6) == 0, follow = !q->authenticated && !q->post_type;
	const char *scheme = tls ? "https" : "http";
	CURL *c = x->curl;

	if (strncasecmp(q->url, "https://", 8) != 0 && strncasecmp(q->url, "http://", 7) != 0)
		return afd_fail(err, AFD_E_CONFIG, "expected an address that begins with https:, http: or file:");
	if (q->n_header > AFD_COUNT(q->header))
		return afd_fail(err, AFD_E_USAGE, "too many headers");
	if (append(headers, "Accept-Encoding: gzip, identity", err) < 0)
		return -1;
	for (size_t i = 0; i < q->n_header; i++) {
		if (add_header(headers, &q->header[i], err) < 0)
			return -1;
		follow = follow && is_public(q->header[i].name);
	}

	(void)curl_easy_setopt(c, CURLOPT_BUFFERSIZE, 128L * 1024);   /* a wish: libcurl refuses it after an answer that failed */
	if (q->post_type && set_post(c, q, headers, err) < 0)
		return -1;
	if (curl_easy_setopt(c, CURLOPT_URL, q->url) ||
	    curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, scheme) ||
	    curl_easy_setopt(c, CURLOPT_REDIR_PROTOCOLS_STR, scheme) ||       /* neither up nor down */
	    curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, follow ? 1L : 0L) ||
	    curl_easy_setopt(c, CURLOPT_MAXREDIRS, (long)REDIRECTS_MAX) ||
	    curl_easy_setopt(c, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L) ||
	    curl_easy_setopt(c, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED) ||
	    curl_easy_setopt(c, CURLOPT_PROXY, "") ||                         /* a proxy from the environment is no choice of ours */
	    curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 1L) ||
	    curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 2L) ||
	    curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) ||
	    curl_easy_setopt(c, CURLOPT_HTTP_CONTENT_DECODING, 0L) ||         /* gzip.c says why */
	    curl_easy_setopt(c, CURLOPT_USERAGENT, x->t->agent) ||
	    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L) ||
	    curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, p->connect_ms) ||
	    curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, 1L) ||
	    curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, (p->stall_ms + 999) / 1000) ||
	    curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, p->http_ms) ||
	    curl_easy_setopt(c, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)afd_gzip_packed_max(x->max_body)) ||
	    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body) ||
	    curl_easy_setopt(c, CURLOPT_WRITEDATA, x) ||
	    curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_header) ||
	    curl_easy_setopt(c, CURLOPT_HEADERDATA, x) ||
	    curl_easy_setopt(c, CURLOPT_ERRORBUFFER, x->detail) ||
	    curl_easy_setopt(c, CURLOPT_HTTPHEADER, *headers))
		return afd_fail(err, AFD_E_IO, "libcurl refuses an option that is needed");
	/* Roots that were named replace the system's, its folder of roots included. */
	if (q->ca_file && (curl_easy_setopt(c, CURLOPT_CAINFO, q->ca_file) || curl_easy_setopt(c, CURLOPT_CAPATH, NULL)))
		return afd_fail(err, AFD_E_IO, "libcurl refuses an option that is needed");
	return 0;
}

/* --- what went wrong --- */

/* libcurl's own words are repeated only where they can hold no part of the URL's path, query or our headers. */
static const struct { CURLcode code; enum afd_code kind; const char *text; bool detail; } failures[] = {
	{ CURLE_COULDNT_CONNECT, AFD_E_REMOTE, "could not connect", true },
	{ CURLE_COULDNT_RESOLVE_HOST, AFD_E_REMOTE, "could not find the server's address", true },
	{ CURLE_FILESIZE_EXCEEDED, AFD_E_LIMIT, NULL, false },
	{ CURLE_GOT_NOTHING, AFD_E_REMOTE, "the server closed the connection without an answer", false },
	{ CURLE_OPERATION_TIMEDOUT, AFD_E_REMOTE, "the server was too slow", true },
	{ CURLE_OUT_OF_MEMORY, AFD_E_MEMORY, "out of memory", false },
	{ CURLE_PARTIAL_FILE, AFD_E_REMOTE, "the answer was cut short", true },
	{ CURLE_PEER_FAILED_VERIFICATION, AFD_E_REMOTE, "the server's certificate is not accepted", true },
	{ CURLE_RECV_ERROR, AFD_E_REMOTE, "the connection broke", true },
	{ CURLE_SSL_CACERT_BADFILE, AFD_E_CONFIG, "the file of trusted roots cannot be read", false },
	{ CURLE_SSL_CONNECT_ERROR, AFD_E_REMOTE, "TLS could not be set up", true },
	{ CURLE_TOO_MANY_REDIRECTS, AFD_E_REMOTE, "more redirects than are followed", false },
	{ CURLE_UNSUPPORTED_PROTOCOL, AFD_E_REMOTE, "a redirect to another protocol is not followed", false },
	{ CURLE_URL_MALFORMAT, AFD_E_CONFIG, "the address is not a proper URL", false },
	{ CURLE_LOGIN_DENIED, AFD_E_CONFIG, "a user name in the address is not allowed", false },
	{ CURLE_WEIRD_SERVER_REPLY, AFD_E_REMOTE, "the answer is not HTTP", false },
};

static int failed(const struct afd_http *x, CURLcode code, struct afd_error *err)
{
	if (x->hit == AFD_CEILING_MEMORY)
		return afd_fail_memory(err);
	if (x->hit == AFD_CEILING_HEADERS)
		return afd_fail(err, AFD_E_LIMIT, "the headers are larger than %u bytes", AFD_MAX_HTTP_HEADERS);
	if (x->hit == AFD_CEILING_BODY || code == CURLE_FILESIZE_EXCEEDED)
		return afd_fail(err, AFD_E_LIMIT, "the answer is larger than %zu bytes", x->max_body);
	for (size_t i = 0; i < AFD_COUNT(failures); i++)
		if (failures[i].code == code && failures[i].detail && *x->detail)
			return afd_fail(err, failures[i].kind, "%s: %s", failures[i].text, x->detail);
		else if (failures[i].code == code)
			return afd_fail(err, failures[i].kind, "%s", failures[i].text);
	return afd_fail(err, AFD_E_REMOTE, "no answer: %s", curl_easy_strerror(code));
}

/* --- the whole --- */

int afd_http_begin(struct afd_http *x, const struct afd_request *q, struct afd_error *err)
{
	afd_http_clear(x);
	x->max_body = q->max_body ? q->max_body : AFD_MAX_HTTP_BODY;
	x->headers.r = &x->r;
	x->headers.retry_at = AFD_TIME_NONE;
	x->headers.coding = AFD_CODING_NONE;
	x->r = (struct afd_response){ .server_ms = AFD_TIME_NONE, .retry_after_ms = -1 };
	if (!x->curl)
		x->curl = curl_easy_init();
	if (!x->curl)
		return afd_fail_memory(err);
	return afd_file_path(q->url) ? 0 : set_request(x, q, &x->sent, err);
}

int afd_http_end(struct afd_http *x, CURLcode code, struct afd_error *err)
{
	long status = 0;

	if (code != CURLE_OK)
		return failed(x, code, err);
	curl_easy_getinfo(x->curl, CURLINFO_RESPONSE_CODE, &status);
	x->headers.now = x->r.asked_ms;
	afd_http_headers_end(&x->headers);
	x->r.status = (int)status;
	return 0;
}

int afd_http_open(struct afd_http *x, struct afd_error *err)
{
	struct afd_buf packed = x->body;

	if (x->headers.coding == AFD_CODING_NONE || packed.len == 0)
		return 0;
	x->body = x->packed;
	x->packed = packed;
	if (x->headers.coding == AFD_CODING_OTHER)
		return afd_fail(err, AFD_E_REMOTE, "the answer is compressed in a way that was not asked for");
	return afd_gunzip(afd_buf_slice(&packed), x->max_body, &x->body, err);
}

/* Page after page has about the same size: memory that the kernel has just zeroed for one serves the next, too. */
static void empty(struct afd_buf *b)
{
	if (b->cap > KEPT_BYTES)
		afd_buf_release(b);
	b->len = 0;
}

void afd_http_clear(struct afd_http *x)
{
	/* The handle outlives the exchange, what it points to does not. */
	if (x->curl)
		curl_easy_reset(x->curl);
	afd_slist_release(&x->sent);
	empty(&x->body);
	empty(&x->packed);
	x->header_bytes = 0;
	x->hit = AFD_CEILING_NONE;
	x->detail[0] = 0;
}
