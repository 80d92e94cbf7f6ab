package phone

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/emiago/sipgo"
	"github.com/emiago/sipgo/sip"
)

const checkSyncQueue = 16

// CheckSync is one NOTIFY check-sync. With Options.RefetchOnCheckSync it comes after the phone fetched its files again.
type CheckSync struct {
	Reboot  bool // the event said reboot=true
	Config  *Config
	Fetched []Fetched
	Err     error
}

// CheckSyncs delivers check-sync orders. Sixteen wait; when nobody reads, the oldest is dropped.
func (p *Phone) CheckSyncs() <-chan CheckSync { return p.syncs }

// Voicemail is the state of the message-waiting lamp (RFC 3842).
type Voicemail struct {
	Waiting  bool
	New, Old int
}

// mailbox holds the last message summary and wakes whoever waits for the next.
type mailbox struct {
	mu      sync.Mutex
	state   Voicemail
	changed chan struct{}
}

func newMailbox() mailbox { return mailbox{changed: make(chan struct{})} }

// Voicemail is what the last message-summary NOTIFY said.
func (p *Phone) Voicemail() Voicemail {
	p.mail.mu.Lock()
	defer p.mail.mu.Unlock()
	return p.mail.state
}

// WatchVoicemail gives the state and a channel that is closed by the next message-summary.
func (p *Phone) WatchVoicemail() (Voicemail, <-chan struct{}) {
	p.mail.mu.Lock()
	defer p.mail.mu.Unlock()
	return p.mail.state, p.mail.changed
}

// WaitVoicemail waits until the lamp is in a state that pleases ok.
func (p *Phone) WaitVoicemail(ctx context.Context, ok func(Voicemail) bool) (Voicemail, error) {
	for {
		state, changed := p.WatchVoicemail()
		if ok(state) {
			return state, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return state, fmt.Errorf("waiting for voicemail, last state %+v: %w", state, ctx.Err())
		}
	}
}

// handle tells sipgo what to do with requests.
func (p *Phone) handle(s *sipgo.Server) {
	guard := func(h sipgo.RequestHandler) sipgo.RequestHandler {
		return func(req *sip.Request, tx sip.ServerTransaction) {
			if !p.crew.enter() {
				return
			}
			defer p.crew.leave()
			h(req, tx)
		}
	}
	s.OnOptions(guard(p.onOptions))
	s.OnNotify(guard(p.onNotify))
	s.OnInvite(guard(p.onInvite))
	s.OnAck(guard(p.onAck))
	s.OnBye(guard(p.onBye))
	s.OnUpdate(guard(p.onUpdate))
	s.OnCancel(guard(p.onStray))
	s.OnInfo(guard(p.onInfo))
	s.OnPrack(guard(p.onInfo))
}

// onOptions answers Asterisk's qualify.
func (p *Phone) onOptions(req *sip.Request, tx sip.ServerTransaction) {
	res := p.reply(req, sip.StatusOK, "OK")
	res.AppendHeader(sip.NewHeader("Accept", "application/sdp"))
	p.respond(tx, res)
}

func (p *Phone) onNotify(req *sip.Request, tx sip.ServerTransaction) {
	var event string
	if h := req.GetHeader("Event"); h != nil {
		event = h.Value()
	}
	name, params, _ := strings.Cut(event, ";")
	switch strings.TrimSpace(name) {
	case "dialog":
		p.notifyDialog(req, tx)
		return
	case "refer":
		p.notifyTransfer(req)
	case "message-summary":
		p.mail.take(readSummary(req.Body()))
	case "check-sync":
		p.checkSync(strings.Contains(strings.ReplaceAll(params, " ", ""), "reboot=true"))
	}
	p.respond(tx, p.reply(req, sip.StatusOK, "OK"))
}

func (m *mailbox) take(v Voicemail) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.state = v
	close(m.changed)
	m.changed = make(chan struct{})
}

// readSummary reads "Messages-Waiting: yes" and "Voice-Message: 2/8 (0/0)" (RFC 3842 section 5.2).
func readSummary(body []byte) Voicemail {
	var v Voicemail
	lines := bufio.NewScanner(bytes.NewReader(body))
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), ":")
		value = strings.TrimSpace(value)
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "messages-waiting":
			v.Waiting = strings.EqualFold(value, "yes")
		case "voice-message":
			counts, _, _ := strings.Cut(value, " ")
			fresh, old, _ := strings.Cut(counts, "/")
			v.New, v.Old = atoi(fresh), atoi(old)
		}
	}
	return v
}

func (p *Phone) checkSync(reboot bool) {
	if !p.opts.RefetchOnCheckSync {
		offer(p.syncs, CheckSync{Reboot: reboot})
		return
	}
	p.crew.spawn(context.Background(), func(ctx context.Context) {
		c := CheckSync{Reboot: reboot}
		c.Config, c.Fetched, c.Err = p.Fetch(ctx)
		offer(p.syncs, c)
	})
}

// offer puts v into a bounded channel; when it is full the oldest entry makes room.
func offer[T any](ch chan T, v T) {
	for {
		select {
		case ch <- v:
			return
		default:
		}
		select {
		case <-ch:
		default:
		}
	}
}
