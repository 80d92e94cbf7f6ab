package phone

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// session is what we take from a session description: the first audio stream.
type session struct {
	addr      netip.AddrPort
	payloads  []int          // those of codecs that we know, in their order
	codecs    map[int]string // their names
	digits    int            // payload type of telephone-event, -1 if none
	direction string
	media     []string // the m= lines, to answer each
	profile   profile  // of the stream
	crypto    []crypto // lines whose cipher we know
	refused   bool     // an audio stream has port 0
}

// readSDP reads an offer or answer (RFC 4566, RFC 3264) as far as a phone needs it.
func readSDP(text []byte) (session, error) {
	s := session{digits: -1, direction: "sendrecv", codecs: map[int]string{}}
	var host string
	audio, first := false, true // in the first audio section; in no section yet
	for line := range strings.SplitSeq(string(text), "\n") {
		line = strings.TrimRight(line, "\r")
		kind, value, ok := strings.Cut(line, "=")
		if !ok {
			continue
		}
		switch kind {
		case "m":
			s.media = append(s.media, value)
			audio = strings.HasPrefix(value, "audio ") && !s.addr.IsValid() && len(s.payloads) == 0
			first = false
			if audio {
				if err := s.readMedia(value); err != nil {
					return s, err
				}
				audio = s.addr.IsValid() // else it is refused, and the next one may be ours
			}
		case "c":
			if f := strings.Fields(value); len(f) == 3 && (audio || first) {
				host = f[2]
			}
		case "a":
			if audio || first {
				s.readAttribute(value, audio)
			}
		}
	}
	return s, s.resolve(host)
}

// readMedia reads "audio 4000 RTP/AVP 0 8 101".
func (s *session) readMedia(value string) error {
	f := strings.Fields(value)
	if len(f) < 4 {
		return fmt.Errorf("media line %.60q is too short", value)
	}
	if !slices.Contains([]string{"RTP/AVP", "RTP/AVPF", "RTP/SAVP", "RTP/SAVPF"}, f[2]) {
		return fmt.Errorf("media transport %s is neither RTP nor SRTP", f[2])
	}
	port, err := strconv.ParseUint(strings.Split(f[1], "/")[0], 10, 16)
	if err != nil {
		return fmt.Errorf("media port %.20q: %w", f[1], err)
	}
	if port == 0 {
		s.refused = true
		return nil
	}
	s.profile = profile(f[2])
	s.addr = netip.AddrPortFrom(netip.IPv4Unspecified(), uint16(port))
	for _, pt := range f[3:] {
		n, err := strconv.Atoi(pt)
		if err != nil {
			continue
		}
		s.payloads = append(s.payloads, n)
		if c, known := codecOf(n); known && n < firstDynamic {
			s.codecs[n] = c.name
		}
	}
	return nil
}

func (s *session) readAttribute(value string, audio bool) {
	switch value {
	case "sendrecv", "sendonly", "recvonly", "inactive":
		s.direction = value
		return
	}
	if line, is := strings.CutPrefix(value, "crypto:"); is && audio {
		if c, ok := readCrypto(line); ok {
			s.crypto = append(s.crypto, c)
		}
		return
	}
	if pt, codec, ok := strings.Cut(strings.TrimPrefix(value, "rtpmap:"), " "); ok && audio &&
		strings.HasPrefix(value, "rtpmap:") {
		n, err := strconv.Atoi(pt)
		if err != nil || n < 0 || n > 127 {
			return
		}
		name, _, _ := strings.Cut(codec, "/")
		if c, known := codecNamed(name); known {
			s.codecs[n] = c.name
		}
		if strings.HasPrefix(strings.ToLower(codec), "telephone-event/8000") {
			s.digits = n
		}
	}
}

// firstDynamic is the first payload type that means what its rtpmap says (RFC 3551 section 6).
const firstDynamic = 96

// names are the codecs of the stream, in their order.
func (s session) names() []string {
	out := make([]string, 0, len(s.payloads))
	for _, pt := range s.payloads {
		out = append(out, s.codecs[pt])
	}
	return out
}

func (s *session) resolve(host string) error {
	s.payloads = slices.DeleteFunc(s.payloads, func(pt int) bool { return s.codecs[pt] == "" })
	switch {
	case !s.addr.IsValid() && s.refused:
		return errors.New("audio stream refused (port 0)")
	case !s.addr.IsValid():
		return errors.New("no audio stream")
	case len(s.payloads) == 0:
		return errors.New("no codec that we know")
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return fmt.Errorf("media address %.60q: %w", host, err)
	}
	s.addr = netip.AddrPortFrom(ip.Unmap(), s.addr.Port())
	return nil
}

// reversed is the direction we answer theirs with (RFC 3264 section 6.1).
func reversed(direction string) string {
	switch direction {
	case "sendonly":
		return "recvonly"
	case "recvonly":
		return "sendonly"
	}
	return direction
}

// description is what we say of ourselves.
type description struct {
	host      string
	port      int
	id        uint64
	version   int
	payloads  []int
	codecs    map[int]string // names of payloads that are not ours
	digits    int            // -1: none
	direction string
	others    []string // m= lines of their offer; the first audio stream gets us, the rest is refused
	profile   profile  // "" is RTP/AVP
	crypto    []crypto
	twice     bool // a second stream without crypto
}

func (d description) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "v=0\r\no=- %d %d IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\nt=0 0\r\n", d.id, d.version, d.host, d.host)
	i := slices.IndexFunc(d.others, func(m string) bool { return strings.HasPrefix(m, "audio ") })
	for n, m := range d.others {
		if n == i {
			d.audio(&b)
			continue
		}
		f := strings.Fields(m)
		if len(f) >= 4 {
			fmt.Fprintf(&b, "m=%s 0 %s %s\r\n", f[0], f[2], f[3])
		}
	}
	if i < 0 {
		d.audio(&b)
		if d.twice {
			d.profile, d.crypto = "", nil
			d.audio(&b)
		}
	}
	return b.String()
}

func (d description) audio(b *strings.Builder) {
	fmt.Fprintf(b, "m=audio %d %s", d.port, cmp.Or(d.profile, "RTP/AVP"))
	for _, pt := range d.payloads {
		fmt.Fprintf(b, " %d", pt)
	}
	if d.digits >= 0 {
		fmt.Fprintf(b, " %d", d.digits)
	}
	b.WriteString("\r\n")
	for _, pt := range d.payloads {
		c, known := codecNamed(d.codecs[pt])
		if !known {
			c, _ = codecOf(pt)
		}
		fmt.Fprintf(b, "a=rtpmap:%d %s\r\n", pt, c.rtpmap)
	}
	if d.digits >= 0 {
		fmt.Fprintf(b, "a=rtpmap:%d telephone-event/8000\r\na=fmtp:%d 0-15\r\n", d.digits, d.digits)
	}
	for _, c := range d.crypto {
		fmt.Fprintf(b, "a=crypto:%v\r\n", c)
	}
	fmt.Fprintf(b, "a=ptime:20\r\na=%s\r\n", d.direction)
}

// evenPair opens an RTP port and holds the odd one above it, where the peer sends RTCP: without that, its reports could
// hit another call's audio. Nobody reads the upper socket; a few reports fit its buffer and the kernel drops the rest.
func evenPair(ip string) (rtp, rtcp *net.UDPConn, err error) {
	for range 200 {
		rtp, err = net.ListenUDP("udp4", &net.UDPAddr{IP: net.ParseIP(ip)})
		if err != nil {
			return nil, nil, err
		}
		port := rtp.LocalAddr().(*net.UDPAddr).Port
		if port%2 == 0 {
			if rtcp, err = net.ListenUDP("udp4", &net.UDPAddr{IP: net.ParseIP(ip), Port: port + 1}); err == nil {
				return rtp, rtcp, nil
			}
		}
		if cerr := rtp.Close(); cerr != nil {
			return nil, nil, cerr
		}
	}
	return nil, nil, errors.New("no free pair of ports")
}
