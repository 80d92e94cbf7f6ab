package phone

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/emiago/sipgo/sip"
)

const incomingQueue = 16

// header is one header line of the message that made the call.
type header struct{ name, value string }

// ending is how a call ended.
type ending struct {
	remote bool   // the other side did it
	reason string // value of the Reason header of their BYE or CANCEL
	cause  error  // nil: an ordinary hang-up
}

// Call is one call of the phone, in either direction.
type Call struct {
	phone    *Phone
	agent    *agent
	account  Account
	incoming bool
	media    *media
	invite   *sip.Request          // incoming: a private copy of their INVITE, with our tag
	tx       sip.ServerTransaction // incoming: answers to it go here

	early, ringing, answered, done, decided, abort *latch
	ack                                            atomic.Pointer[sip.Request] // ACK to repeat when the 200 comes again

	mu       sync.Mutex // guards what follows
	dialog   dialog
	headers  []header
	earlyTag string                 // of the other side while it rings (RFC 3261 section 12.1.2)
	acks     map[uint32]chan []byte // CSeq of a 2xx of ours waiting for its ACK; gets the ACK's body
	final    bool                   // incoming: a final response was chosen
	status   int                    // last status seen or sent
	ended    bool
	how      ending
	name     string
	number   string

	transfer chan int // what NOTIFYs said became of a REFER
}

func (p *Phone) newCall(a *agent, account Account) (*Call, error) {
	m, err := p.newMedia(p.codecsOf(account), account.SRTP)
	if err != nil {
		return nil, fmt.Errorf("opening RTP on %s: %w", p.opts.LocalIP, err)
	}
	return &Call{phone: p, agent: a, account: account, media: m, early: newLatch(), ringing: newLatch(),
		answered: newLatch(),
		done:     newLatch(), decided: newLatch(), abort: newLatch(), acks: map[uint32]chan []byte{},
		transfer: make(chan int, 16)}, nil
}

// enlist makes the call findable for requests inside it.
func (p *Phone) enlist(c *Call) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closing {
		return errClosed
	}
	p.calls[c.dialog.key()] = c
	return nil
}

// Calls lists the calls that are not over.
func (p *Phone) Calls() []*Call {
	p.mu.Lock()
	defer p.mu.Unlock()
	var all []*Call
	for _, c := range p.calls {
		all = append(all, c)
	}
	return all
}

func (p *Phone) callOf(req *sip.Request) *Call {
	key, ok := keyOf(req)
	if !ok {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.calls[key]
}

func (p *Phone) currentLine() Account {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.line
}

// Incoming reports whether the other side called.
func (c *Call) Incoming() bool { return c.incoming }

// Ringing is closed when the other side rings (180), or for an incoming call when we do.
func (c *Call) Ringing() <-chan struct{} { return c.ringing.ch }

// EarlyMedia is closed when a provisional answer brought a media description (183 with SDP).
func (c *Call) EarlyMedia() <-chan struct{} { return c.early.ch }

// Answered is closed when the call is answered.
func (c *Call) Answered() <-chan struct{} { return c.answered.ch }

// Done is closed when the call is over.
func (c *Call) Done() <-chan struct{} { return c.done.ch }

// CallerName is the display name in From of the INVITE.
func (c *Call) CallerName() string { return c.name }

// CallerNumber is the user part of From of the INVITE.
func (c *Call) CallerNumber() string { return c.number }

// CallID is the SIP Call-ID.
func (c *Call) CallID() string { return c.dialog.callID }

// Header is the first such header of their INVITE, or for an outgoing call of their last answer; "" if absent.
func (c *Call) Header(name string) string {
	if all := c.Headers(name); len(all) > 0 {
		return all[0]
	}
	return ""
}

// Headers are all such headers, see Header.
func (c *Call) Headers(name string) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []string
	for _, h := range c.headers {
		if strings.EqualFold(h.name, name) {
			all = append(all, h.value)
		}
	}
	return all
}

// Status is the last SIP status of the INVITE, received or sent; 0 before the first.
func (c *Call) Status() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.status
}

// Err is why the call ended: nil while it lasts and after an ordinary hang-up, *StatusError after a refusal.
func (c *Call) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.how.cause
}

// RemoteHungUp reports that the other side ended the call, by BYE or CANCEL.
func (c *Call) RemoteHungUp() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.how.remote
}

// HangupReason is the Reason header of the other side's BYE or CANCEL (RFC 3326), such as "Q.850;cause=16" or
// "SIP;cause=200;text=...completed elsewhere".
func (c *Call) HangupReason() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.how.reason
}

func (c *Call) keepHeaders(msg interface{ Headers() []sip.Header }) {
	var list []header
	for _, h := range msg.Headers() {
		list = append(list, header{h.Name(), h.Value()})
	}
	c.mu.Lock()
	c.headers = list
	c.mu.Unlock()
}

// Hangup ends the call in the way its state asks for: CANCEL, 486 or BYE. It returns when the call is over or ctx is.
func (c *Call) Hangup(ctx context.Context) error {
	switch {
	case c.done.fired():
		return nil
	case c.answered.fired():
		return c.bye(ctx)
	case c.incoming:
		if err := c.Reject(sip.StatusBusyHere); err == nil {
			return nil
		}
		if c.answered.fired() { // Answer was faster
			return c.bye(ctx)
		}
	default:
		c.abort.fire()
	}
	select {
	case <-c.done.ch:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("hanging up: %w", ctx.Err())
	}
}

// bye ends an answered call. A peer that does not know the call any more (481) or is gone ends it as well.
func (c *Call) bye(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, finalWait)
	defer cancel()
	c.media.quiet()
	res, err := c.agent.doAuth(ctx, c.account, func() *sip.Request {
		c.mu.Lock()
		defer c.mu.Unlock()
		return c.dialog.request(sip.BYE)
	})
	over := c.done.fired() // both sides hung up at once
	c.end(ending{})
	switch {
	case over:
		return nil
	case err != nil:
		return fmt.Errorf("hanging up: %w", err)
	case !res.IsSuccess() && res.StatusCode != sip.StatusCallTransactionDoesNotExists:
		return fmt.Errorf("hanging up: %w", refusal(res))
	}
	return nil
}

// end finishes the call once; later endings change nothing. Done comes last: its reader finds the call nowhere any
// more.
func (c *Call) end(how ending) {
	c.mu.Lock()
	if c.ended {
		c.mu.Unlock()
		return
	}
	c.ended, c.how = true, how
	key := c.dialog.key()
	c.mu.Unlock()
	c.media.close()
	p := c.phone
	p.mu.Lock()
	delete(p.calls, key)
	p.mu.Unlock()
	c.done.fire()
	c.decided.fire()
	c.abort.fire()
}

// over says why something that needs a live call cannot be done any more.
func (c *Call) over() error {
	if err := c.Err(); err != nil {
		return fmt.Errorf("call is over: %w", err)
	}
	return errors.New("call is over")
}
