/* dnstap: a stream of frames (fstrm), each a protobuf message with a DNS packet as the server saw it. Pure. */
#ifndef AFD_ZONE_DNSTAP_H
#define AFD_ZONE_DNSTAP_H

#include "collector/zone/dns_message.h"
#include "core/when.h"

enum { AFD_DNSTAP_FRAME_MAX = 1 << 20, AFD_DNSTAP_CONTROL_MAX = 512 };
enum { AFD_FSTRM_START = 2, AFD_FSTRM_STOP = 3 };

/* The frame at the front of *LEFT with its length; *LEFT then begins behind it. 1: *ret; 0: not whole yet; -1: no frame. */
int afd_frame_next(struct afd_slice *left, struct afd_slice *ret, struct afd_error *err);
/* Type of a control frame; 0: it is data. */
uint32_t afd_frame_control(struct afd_slice frame);
/* A START of frames that are dnstap's, or of frames that it says nothing of. */
bool afd_frame_is_dnstap(struct afd_slice frame);

struct afd_dnstap {                               /* borrowed from the frame */
	uint32_t type;                            /* 13 UPDATE_QUERY, 14 UPDATE_RESPONSE; odd: a query; 0: no message */
	bool udp;
	struct afd_slice query_address, query, response;
	uint32_t query_port;
	int64_t query_ms, response_ms;            /* AFD_TIME_NONE: not told */
};
int afd_dnstap_read(struct afd_slice frame, struct afd_dnstap *ret, struct afd_error *err);
/* The packet of the frame, if it is an UPDATE (RFC 2136), whatever type the server gave the frame (Knot before 3.4.4 calls them
 * authoritative queries). RESPONSE: its QR bit. */
bool afd_dnstap_update(const struct afd_dnstap *d, struct afd_slice *packet, bool *response);
/* "127.0.0.1#52257", as BIND's log has it; ret needs 64 bytes */
void afd_dnstap_client(const struct afd_dnstap *d, char ret[64]);

#endif
