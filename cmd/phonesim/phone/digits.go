package phone

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"strings"
)

// keypad is the event numbering of RFC 4733 section 3.2.
const keypad = "0123456789*#ABCD"

const (
	keyFrames = 8 // a digit lasts 160 ms
	gapFrames = 5 // and 100 ms pass before the next
)

// keySlot is what one 20 ms frame of a digit sends; event -1 is the gap, filled with audio.
type keySlot struct {
	event int
	frame int // 1 is the first
	last  bool
	done  chan struct{} // closed when the slot was sent
}

// SendDTMF presses keys (0-9 * # A-D), 160 ms each, as RFC 4733 events; it returns when the last one was sent.
func (c *Call) SendDTMF(digits string) error {
	done := make(chan struct{})
	var slots []keySlot
	for _, d := range strings.ToUpper(digits) {
		event := strings.IndexRune(keypad, d)
		if event < 0 {
			return fmt.Errorf("sending digits: %q is not on a keypad", d)
		}
		for i := range keyFrames {
			slots = append(slots, keySlot{event: event, frame: i + 1, last: i == keyFrames-1})
		}
		for range gapFrames {
			slots = append(slots, keySlot{event: -1})
		}
	}
	if len(slots) == 0 {
		return nil
	}
	slots[len(slots)-1].done = done
	if err := c.media.press(slots); err != nil {
		return err
	}
	select {
	case <-done:
		return nil
	case <-c.done.ch:
		return fmt.Errorf("sending digits: %w", c.over())
	}
}

func (m *media) press(slots []keySlot) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.digits < 0 {
		return fmt.Errorf("sending digits: the other side takes no telephone-event")
	}
	if !m.talking {
		return fmt.Errorf("sending digits: the call is not answered")
	}
	m.keys = append(m.keys, slots...)
	return nil
}

// key sends one frame of a digit. All packets of a digit carry the time of its start; the last goes out three times
// (RFC 4733 section 2.5.1).
func (s *sender) key(to netip.AddrPort, payload int, k keySlot) int {
	stamp := s.time - uint32((k.frame-1)*frameSize)
	s.buf[rtpHeader], s.buf[rtpHeader+1] = byte(k.event), 10
	times := 1
	if k.last {
		s.buf[rtpHeader+1] |= 0x80
		times = 3
	}
	binary.BigEndian.PutUint16(s.buf[rtpHeader+2:], uint16(k.frame*frameSize))
	n := 0
	for range times {
		n += s.packet(to, payload, stamp, k.frame == 1, 4)
	}
	s.first = true
	return n
}

// takeDigit notes a digit at its first packet; the others of the same time repeat it.
func (m *media) takeDigit(p packet) {
	if len(p.body) < 4 || int(p.body[0]) >= len(keypad) || (m.anyDigit && m.lastDigit == p.stamp) {
		return
	}
	m.anyDigit, m.lastDigit = true, p.stamp
	m.heard = append(m.heard, keypad[p.body[0]])
}

// DTMF is the digits received so far.
func (c *Call) DTMF() string {
	c.media.mu.Lock()
	defer c.media.mu.Unlock()
	return string(c.media.heard)
}
