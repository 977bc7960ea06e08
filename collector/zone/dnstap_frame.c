#include "collector/zone/dnstap.h"

#include <arpa/inet.h>
#include <stdio.h>

/* --- frames --- */

int afd_frame_next(struct afd_slice *left, struct afd_slice *ret, struct afd_error *err)
{
	struct afd_reader r = afd_reader(*left);
	uint32_t len = afd_read_u32(&r), head = 4;

	if (!r.bad && len == 0) {                        /* escape: a control frame */
		len = afd_read_u32(&r);
		head = 8;
		if (!r.bad && (len < 4 || len > AFD_DNSTAP_CONTROL_MAX))
			return afd_fail(err, AFD_E_PARSE, "control frame of %u bytes", len);
	}
	if (r.bad)
		return 0;
	if (len > AFD_DNSTAP_FRAME_MAX)
		return afd_fail(err, AFD_E_PARSE, "frame of %u bytes: this is no stream of frames, or it is damaged", len);
	if (left->len - head < len)
		return 0;
	*ret = afd_slice_sub(*left, 0, head + len);
	*left = afd_slice_sub(*left, head + len, left->len);
	return 1;
}

uint32_t afd_frame_control(struct afd_slice frame)
{
	struct afd_reader r = afd_reader(frame);

	if (afd_read_u32(&r) != 0)
		return 0;
	afd_read_u32(&r);
	return afd_read_u32(&r);
}

bool afd_frame_is_dnstap(struct afd_slice frame)
{
	static const char dnstap[] = "protobuf:dnstap.Dnstap";
	struct afd_reader r = afd_reader(frame);

	afd_read_bytes(&r, 12);
	while (!r.bad && afd_reader_left(&r) > 0) {
		uint32_t field = afd_read_u32(&r);
		struct afd_slice value = afd_read_bytes(&r, afd_read_u32(&r));
		if (!r.bad && field == 1 && !afd_slice_equal(value, afd_slice_text(dnstap)))
			return false;
	}
	return true;
}

/* --- protobuf: what dnstap needs of it --- */

struct field { uint32_t number, wire; uint64_t value; struct afd_slice bytes; };

static uint64_t read_varint(struct afd_reader *r)
{
	uint64_t v = 0;

	for (unsigned shift = 0; shift < 64; shift += 7) {
		uint8_t b = afd_read_u8(r);
		if (shift == 63 && b > 1)
			break;
		v |= (uint64_t)(b & 0x7f) << shift;
		if (b < 0x80)
			return v;
	}
	r->bad = true;
	return 0;
}

static uint64_t little_endian(struct afd_slice s)
{
	uint64_t v = 0;

	for (size_t i = s.len; i-- > 0;)
		v = v << 8 | s.data[i];
	return v;
}

/* false at the end, and when it is damaged (R->bad) */
static bool next_field(struct afd_reader *r, struct field *f)
{
	if (r->bad || afd_reader_left(r) == 0)
		return false;
	uint64_t key = read_varint(r), len;
	*f = (struct field){ .number = (uint32_t)(key >> 3), .wire = key & 7 };
	if (key >> 3 == 0 || key >> 3 > UINT32_C(0x1fffffff))
		r->bad = true;
	switch (f->wire) {
	case 0:
		f->value = read_varint(r);
		break;
	case 1: case 5:
		f->bytes = afd_read_bytes(r, f->wire == 1 ? 8 : 4);
		f->value = little_endian(f->bytes);
		break;
	case 2:
		len = read_varint(r);
		if (len > afd_reader_left(r))
			r->bad = true;
		f->bytes = afd_read_bytes(r, r->bad ? 0 : (size_t)len);
		break;
	default:                                         /* groups: no dnstap has them */
		r->bad = true;
	}
	return !r->bad;
}

static int64_t time_of(uint64_t sec, uint64_t nsec)
{
	if (sec == 0 || sec > UINT64_C(1) << 40 || nsec >= UINT64_C(1000000000))
		return AFD_TIME_NONE;
	return (int64_t)sec * AFD_SECOND + (int64_t)(nsec / 1000000);
}

static int read_message(struct afd_slice bytes, struct afd_dnstap *ret, struct afd_error *err)
{
	struct afd_reader r = afd_reader(bytes);
	uint64_t sec[2] = { 0 }, nsec[2] = { 0 };
	struct field f;

	while (next_field(&r, &f)) {
		bool number = f.wire == 0 || f.wire == 5;
		if (number != (f.number != 4 && f.number != 5 && f.number != 10 && f.number != 11 && f.number != 14) && f.number <= 14)
			return afd_fail(err, AFD_E_PARSE, "dnstap: field %u of the message is of another kind", f.number);
		switch (f.number) {
		case 1: ret->type = f.value > UINT32_MAX ? UINT32_MAX : (uint32_t)f.value; break;
		case 3: ret->udp = f.value == 1; break;
		case 4: ret->query_address = f.bytes; break;
		case 6: ret->query_port = f.value > 65535 ? 0 : (uint32_t)f.value; break;
		case 8: sec[0] = f.value; break;
		case 9: nsec[0] = f.value; break;
		case 10: ret->query = f.bytes; break;
		case 12: sec[1] = f.value; break;
		case 13: nsec[1] = f.value; break;
		case 14: ret->response = f.bytes; break;
		default: break;
		}
	}
	if (r.bad)
		return afd_fail(err, AFD_E_PARSE, "dnstap: the message is damaged");
	ret->query_ms = time_of(sec[0], nsec[0]);
	ret->response_ms = time_of(sec[1], nsec[1]);
	return 0;
}

int afd_dnstap_read(struct afd_slice frame, struct afd_dnstap *ret, struct afd_error *err)
{
	struct afd_reader r = afd_reader(afd_slice_sub(frame, 4, frame.len));
	struct afd_slice message = { 0 };
	struct field f;

	*ret = (struct afd_dnstap){ .query_ms = AFD_TIME_NONE, .response_ms = AFD_TIME_NONE };
	while (next_field(&r, &f))
		if (f.number == 14 && f.wire == 2)
			message = f.bytes;
	if (r.bad)
		return afd_fail(err, AFD_E_PARSE, "dnstap: the frame is damaged");
	return message.data ? read_message(message, ret, err) : 0;
}

bool afd_dnstap_update(const struct afd_dnstap *d, struct afd_slice *packet, bool *response)
{
	enum { UPDATE = 5 };
	bool query = d->type % 2 == 1;
	struct afd_slice p = query ? d->query : d->response;

	if (d->type == 0 || p.len < 4 || (p.data[2] >> 3 & 15) != UPDATE)
		return false;
	*packet = p;
	*response = p.data[2] >> 7;
	return true;
}

void afd_dnstap_client(const struct afd_dnstap *d, char ret[64])
{
	char text[INET6_ADDRSTRLEN] = "?";

	if (d->query_address.len == 4)
		inet_ntop(AF_INET, d->query_address.data, text, sizeof(text));
	else if (d->query_address.len == 16)
		inet_ntop(AF_INET6, d->query_address.data, text, sizeof(text));
	snprintf(ret, 64, "%s#%u", text, d->query_port);
}
