package phone

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// Stats counts the call's RTP. Lost is of what they sent, by sequence numbers.
type Stats struct {
	Sent, Received, Lost int
	LastReceived         time.Time // zero before the first packet
	Remote               string    // host:port we send to
	Codec                string    // PCMU, PCMA, G722, G729 or opus
	Offered              []string  // the codecs of their description, best first
	Cipher               string    // of SRTP both ways, "" in the clear
	Undeciphered         int       // packets of theirs that did not fit the key
	Held                 bool      // their last description lets us send nothing
}

// media is the RTP side of one call: one socket to send and receive (symmetric RTP, RFC 4961), its reader and its
// sender.
type media struct {
	phone *Phone
	rtp   *net.UDPConn
	rtcp  *net.UDPConn
	once  sync.Once
	id    uint64
	over  chan struct{} // closed by close

	mu        sync.Mutex // guards what follows
	remote    netip.AddrPort
	codecs    []string // that we offer and take, best first
	payload   int
	codec     string // of payload
	cloak     cloak
	digits    int
	direction string // ours
	version   int
	talking   bool // the sender runs
	silenced  bool // quiet was called
	stats     Stats
	in        receiver
	ears      map[*ear]struct{}
	tone      oscillator
	hearer    hearer
	keys      []keySlot // digits being sent, one entry per 20 ms
	heard     []byte    // digits received
	lastDigit uint32
	anyDigit  bool
}

func (p *Phone) newMedia(codecs []string, encrypt SRTP) (*media, error) {
	rtp, rtcp, err := evenPair(p.opts.LocalIP)
	if err != nil {
		return nil, err
	}
	if len(codecs) == 0 {
		codecs = plainCodecs
	}
	m := &media{phone: p, rtp: rtp, rtcp: rtcp, id: rand.Uint64() >> 1, over: make(chan struct{}), codecs: codecs, cloak: cloak{want: encrypt},
		payload: payloadPCMU, codec: "PCMU", digits: payloadDigits, direction: "sendrecv", ears: map[*ear]struct{}{}}
	if err := rtp.SetReadBuffer(256 << 10); err != nil { // 1000 packets: the reader may be late on a busy machine
		p.log.Debug("widening the RTP socket", "err", err)
	}
	if !p.crew.spawn(context.Background(), func(context.Context) { m.receive() }) {
		m.close()
		return nil, errClosed
	}
	return m, nil
}

// close ends reader and sender. Stats stay readable.
func (m *media) close() {
	m.once.Do(func() {
		close(m.over)
		_ = m.rtp.Close() // thrown away
		_ = m.rtcp.Close()
	})
}

// accept takes their description: where to send, in which codec, whether at all.
func (m *media) accept(sdp []byte) error {
	s, err := readSDP(sdp)
	if err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	i := slices.IndexFunc(s.payloads, func(pt int) bool { return slices.Contains(m.codecs, s.codecs[pt]) })
	if i < 0 {
		return fmt.Errorf("no common codec: they have %v, we have %v", s.names(), m.codecs)
	}
	if err := m.cloak.accept(s); err != nil {
		return err
	}
	m.remote, m.payload, m.codec, m.digits = s.addr, s.payloads[i], s.codecs[s.payloads[i]], s.digits
	m.stats.Offered = s.names()
	m.direction = reversed(s.direction)
	if s.addr.Addr().IsUnspecified() { // hold in the style of RFC 2543
		m.direction = "inactive"
	}
	return nil
}

func (m *media) port() int { return m.rtp.LocalAddr().(*net.UDPAddr).Port }

// describe is our description: an offer when theirs is empty, else the answer to it. accept comes first for an answer.
func (m *media) describe(theirs []byte) []byte {
	var s session
	if len(theirs) > 0 {
		s, _ = readSDP(theirs) // accept has refused what cannot be read
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.version++
	d := description{host: m.phone.opts.LocalIP, port: m.port(), id: m.id, version: m.version,
		digits: payloadDigits, direction: "sendrecv"}
	for _, name := range m.codecs {
		if c, known := codecNamed(name); known {
			d.payloads = append(d.payloads, c.payload)
		}
	}
	if lines := m.cloak.offer(); len(theirs) == 0 && len(lines) > 0 {
		d.crypto, d.twice = lines, m.cloak.want.Twice && !m.cloak.want.Required
		if m.cloak.want.Required || d.twice {
			d.profile = "RTP/SAVP"
		}
	}
	if len(theirs) > 0 {
		d.profile, d.crypto = m.cloak.profile, m.cloak.answer()
		d.codecs = map[int]string{m.payload: m.codec}
		d.payloads, d.digits, d.direction, d.others = []int{m.payload}, m.digits, m.direction, s.media
	}
	return []byte(d.String())
}

// talk starts the sender, once.
func (m *media) talk() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.talking {
		return
	}
	m.talking = true
	m.phone.crew.spawn(context.Background(), func(context.Context) { m.send() })
}

// quiet stops sending: we are hanging up.
func (m *media) quiet() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.silenced = true
}

const (
	frame      = 20 * time.Millisecond
	frameSize  = 160 // samples of 8 kHz
	maxCatchUp = 25  // frames sent at once after a stall; older ones are skipped, as a real phone's clock would have sent them long ago
	rtpHeader  = 12
)

// send paces packets by the wall clock: a late tick is made up for, so the stream keeps its rate on a busy machine.
func (m *media) send() {
	tick := time.NewTicker(frame)
	defer tick.Stop()
	s := sender{media: m, ssrc: rand.Uint32(), seq: uint16(rand.Uint32()), time: rand.Uint32(), first: true}
	start, sent := time.Now(), 0
	for {
		select {
		case <-m.over:
			return
		case <-tick.C:
		}
		due := int(time.Since(start)/frame) - sent
		if skip := due - maxCatchUp; skip > 0 {
			s.time += uint32(skip * frameSize)
			sent, due = sent+skip, maxCatchUp
		}
		for range due {
			s.slot()
			sent++
		}
	}
}

// sender is the state of the outgoing stream, owned by send.
type sender struct {
	media *media
	ssrc  uint32
	seq   uint16
	time  uint32
	first bool // next packet starts a talkspurt: marker bit
	voice speaker
	buf   [rtpHeader + frameSize]byte
	pcm   [frameSize]int16
}

// slot sends what belongs into one 20 ms frame.
func (s *sender) slot() {
	m := s.media
	m.mu.Lock()
	to := m.remote
	mute := !to.IsValid() || m.silenced || m.direction == "recvonly" || m.direction == "inactive"
	var key *keySlot
	if len(m.keys) > 0 {
		key = &m.keys[0]
		m.keys = m.keys[1:]
	}
	payload, digits := m.payload, m.digits
	n := 0
	switch {
	case mute:
	case key != nil && key.event >= 0 && digits >= 0:
		n = s.key(to, digits, *key)
	case m.tone.hz == 0 && m.phone.opts.Quiet:
		s.first = true
	default:
		m.tone.fill(s.pcm[:])
		if s.voice.encode(s.buf[rtpHeader:], s.pcm[:], payload) {
			n = s.packet(to, payload, s.time, s.first, frameSize)
			s.first = false
		}
	}
	m.stats.Sent += n
	m.mu.Unlock()
	s.time += frameSize
	if key != nil && key.done != nil {
		close(key.done)
	}
}

// packet sends one RTP packet whose payload lies in buf (RFC 3550 section 5.1), encrypted where that was agreed; it
// returns how many went out.
func (s *sender) packet(to netip.AddrPort, payload int, stamp uint32, marker bool, size int) int {
	s.buf[0], s.buf[1] = 0x80, byte(payload)
	if marker {
		s.buf[1] |= 0x80
	}
	binary.BigEndian.PutUint16(s.buf[2:], s.seq)
	binary.BigEndian.PutUint32(s.buf[4:], stamp)
	binary.BigEndian.PutUint32(s.buf[8:], s.ssrc)
	s.seq++
	b := s.buf[:rtpHeader+size]
	if seal := s.media.cloak.seal; seal != nil {
		var err error
		if b, err = seal.EncryptRTP(nil, b, nil); err != nil {
			return 0
		}
	}
	if _, err := s.media.rtp.WriteToUDPAddrPort(b, to); err != nil {
		return 0 // closed, or the peer's port is gone; the other side's statistics will tell
	}
	return 1
}

// receive reads the socket until it is closed.
func (m *media) receive() {
	buf := make([]byte, 2048)
	for {
		n, _, err := m.rtp.ReadFromUDPAddrPort(buf)
		select {
		case <-m.over:
			return
		default:
		}
		if err != nil {
			continue // ICMP errors of what we sent; the closed socket is caught above
		}
		m.take(buf[:n])
	}
}
