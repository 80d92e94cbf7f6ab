package phone

import (
	"encoding/binary"
	"errors"
	"time"
)

// packet is a parsed RTP packet.
type packet struct {
	payload int
	seq     uint16
	stamp   uint32
	ssrc    uint32
	body    []byte
}

var errNotRTP = errors.New("not an RTP packet")

// readRTP parses RFC 3550 section 5.1. RTCP (payload types 72 to 76 after masking, RFC 5761 section 4) is not RTP.
func readRTP(b []byte) (packet, error) {
	if len(b) < rtpHeader || b[0]>>6 != 2 {
		return packet{}, errNotRTP
	}
	p := packet{payload: int(b[1] & 0x7f), seq: binary.BigEndian.Uint16(b[2:]), stamp: binary.BigEndian.Uint32(b[4:]),
		ssrc: binary.BigEndian.Uint32(b[8:])}
	if p.payload >= 72 && p.payload <= 76 {
		return packet{}, errNotRTP
	}
	start := rtpHeader + 4*int(b[0]&0x0f)
	if b[0]&0x10 != 0 { // header extension
		if len(b) < start+4 {
			return packet{}, errNotRTP
		}
		start += 4 + 4*int(binary.BigEndian.Uint16(b[start+2:]))
	}
	end := len(b)
	if b[0]&0x20 != 0 { // padding
		end -= int(b[len(b)-1])
	}
	if start > end {
		return packet{}, errNotRTP
	}
	p.body = b[start:end]
	return p, nil
}

// receiver follows the sequence numbers of the incoming stream.
type receiver struct {
	started bool
	ssrc    uint32
	next    uint16 // expected
}

// order tells how many packets are missing before this one, and whether it comes too late or twice.
// A new source, or a jump as Asterisk makes one when it changes the bridge, starts anew.
func (r *receiver) order(p packet) (missing int, late bool) {
	const jump = 1000
	gap := int16(p.seq - r.next)
	switch {
	case !r.started || p.ssrc != r.ssrc || gap > jump || gap < -jump:
		r.started, r.ssrc = true, p.ssrc
	case gap < 0:
		return 0, true
	default:
		missing = int(gap)
	}
	r.next = p.seq + 1
	return missing, false
}

// take counts a packet and lets the ears hear it.
func (m *media) take(b []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if unseal := m.cloak.unseal; unseal != nil {
		plain, err := unseal.DecryptRTP(nil, b, nil)
		if err != nil {
			m.stats.Undeciphered++
			return
		}
		b = plain
	}
	p, err := readRTP(b)
	if err != nil {
		return
	}
	m.stats.Received++
	m.stats.LastReceived = time.Now()
	missing, late := m.in.order(p)
	if late {
		m.stats.Lost = max(0, m.stats.Lost-1) // counted as missing before
		return
	}
	m.stats.Lost += missing
	switch p.payload {
	case payloadPCMU, payloadPCMA, payloadG722:
		samples := m.hearer.decode(p.payload, p.body)
		for e := range m.ears {
			e.hear(samples, missing)
		}
	case m.digits:
		m.takeDigit(p)
	}
}

func (m *media) snapshot() Stats {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.stats
	s.Codec, s.Cipher = m.codec, m.cloak.taken.suite
	if m.remote.IsValid() {
		s.Remote = m.remote.String()
	}
	s.Held = m.direction == "recvonly" || m.direction == "inactive"
	return s
}

// Stats is the call's RTP so far, also after its end.
func (c *Call) Stats() Stats { return c.media.snapshot() }
