package phone

import (
	"context"
	"encoding/xml"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/emiago/sipgo/sip"
)

const (
	stateQueue    = 64
	blfExpires    = 1800 // Yealink's account.X.blf.subscribe_period
	unknownStatus = "unknown"
)

// ExtensionState is what a BLF lamp shows.
type ExtensionState struct {
	State     string // idle, ringing, busy, or unknown
	Direction string // of the call, as the server said it: initiator or recipient
	Version   int    // of the dialog-info document
	Ended     bool   // the server ended the subscription; nothing follows
}

// Subscription watches one extension by the dialog event package (RFC 4235).
type Subscription struct {
	phone     *Phone
	agent     *agent
	account   Account
	extension string
	event     string // package: dialog or message-summary
	accept    string
	states    chan ExtensionState
	stop      context.CancelFunc
	stopped   chan struct{}
	started   bool // guarded by the phone's mu: Close of the phone may end it

	mu       sync.Mutex // guards what follows
	dialog   dialog
	lastCSeq uint32 // of their NOTIFYs: each runs in its own goroutine, an overtaken one is out of date
}

// States delivers each state the server reports. Sixty-four wait; when nobody reads, the oldest is dropped.
func (s *Subscription) States() <-chan ExtensionState { return s.states }

// Subscribe watches an extension on the current account's server. It returns when the server has accepted; it renews
// itself.
func (p *Phone) Subscribe(ctx context.Context, extension string) (*Subscription, error) {
	return p.subscribeTo(ctx, extension, "dialog", "application/dialog-info+xml")
}

// SubscribeVoicemail asks for the messages of the current account (RFC 3842). What is told is Voicemail's; States has
// nothing.
func (p *Phone) SubscribeVoicemail(ctx context.Context) (*Subscription, error) {
	return p.subscribeTo(ctx, p.currentLine().UserName, "message-summary", "application/simple-message-summary")
}

func (p *Phone) subscribeTo(ctx context.Context, extension, event, accept string) (*Subscription, error) {
	a, err := p.sip(Account{})
	if err != nil {
		return nil, err
	}
	ctx, cancel := p.crew.within(ctx)
	defer cancel()
	account := p.currentLine()
	to := sip.Uri{Scheme: "sip", User: extension, Host: account.Server, Port: account.Port}
	s := &Subscription{phone: p, agent: a, account: account, extension: extension, event: event, accept: accept,
		states: make(chan ExtensionState, stateQueue), stopped: make(chan struct{}), dialog: p.newDialog(a, account, to)}
	key := s.dialog.key()
	p.mu.Lock()
	p.subs[key] = s // before sending: the first NOTIFY may overtake the 200 (RFC 6665 section 4.1.2.4)
	p.mu.Unlock()
	granted, err := s.subscribe(ctx, blfExpires)
	if err != nil {
		p.dropSubscription(key)
		return nil, fmt.Errorf("subscribing to %s: %w", extension, err)
	}
	life, stop := p.crew.within(context.Background())
	s.stop = stop
	if !p.crew.spawn(life, func(ctx context.Context) { defer close(s.stopped); s.refresh(ctx, granted) }) {
		stop()
		p.dropSubscription(key)
		return nil, errClosed
	}
	p.mu.Lock()
	s.started = true
	p.mu.Unlock()
	return s, nil
}

func (p *Phone) dropSubscription(key dialogKey) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.subs, key)
}

func (p *Phone) subscriptions() []*Subscription {
	p.mu.Lock()
	defer p.mu.Unlock()
	var all []*Subscription
	for _, s := range p.subs {
		if s.started {
			all = append(all, s)
		}
	}
	return all
}

// Close ends the subscription.
func (s *Subscription) Close(ctx context.Context) error {
	s.mu.Lock()
	key := s.dialog.key()
	s.mu.Unlock()
	s.stop()
	<-s.stopped
	_, err := s.subscribe(ctx, 0)
	s.phone.dropSubscription(key)
	if err != nil {
		return fmt.Errorf("unsubscribing from %s: %w", s.extension, err)
	}
	return nil
}

// subscribe sends SUBSCRIBE and returns the seconds granted.
func (s *Subscription) subscribe(ctx context.Context, expires int) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, finalWait)
	defer cancel()
	res, err := s.agent.doAuth(ctx, s.account, func() *sip.Request {
		s.mu.Lock()
		defer s.mu.Unlock()
		req := s.dialog.request(sip.SUBSCRIBE)
		req.AppendHeader(sip.NewHeader("Event", s.event))
		req.AppendHeader(sip.NewHeader("Accept", s.accept))
		req.AppendHeader(expiresHeader(expires))
		return req
	})
	if err != nil {
		return 0, err
	}
	if !res.IsSuccess() {
		return 0, refusal(res)
	}
	s.mu.Lock()
	s.dialog.accept(res)
	s.mu.Unlock()
	if h := res.GetHeader("Expires"); h != nil && atoi(h.Value()) > 0 {
		return atoi(h.Value()), nil
	}
	return expires, nil
}

func (s *Subscription) refresh(ctx context.Context, granted int) {
	for {
		timer := time.NewTimer(halfOf(granted))
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
		n, err := s.subscribe(ctx, blfExpires)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			s.phone.log.Warn("subscribing again", "extension", s.extension, "err", err)
			offer(s.states, ExtensionState{State: unknownStatus, Ended: true})
			return
		}
		granted = n
	}
}

// notifyDialog hands a NOTIFY of the dialog package to its subscription.
func (p *Phone) notifyDialog(req *sip.Request, tx sip.ServerTransaction) {
	key, _ := keyOf(req)
	p.mu.Lock()
	s := p.subs[key]
	p.mu.Unlock()
	if s == nil {
		p.respond(tx, p.reply(req, sip.StatusCallTransactionDoesNotExists, "Subscription Does Not Exist"))
		return
	}
	s.take(req)
	p.respond(tx, p.reply(req, sip.StatusOK, "OK"))
}

func (s *Subscription) take(req *sip.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if req.CSeq().SeqNo <= s.lastCSeq {
		return
	}
	s.lastCSeq = req.CSeq().SeqNo
	state := ExtensionState{State: unknownStatus}
	if len(req.Body()) > 0 {
		var err error
		if state, err = readDialogInfo(req.Body()); err != nil {
			s.phone.log.Warn("reading dialog-info", "extension", s.extension, "err", err)
		}
	}
	if h := req.GetHeader("Subscription-State"); h != nil {
		state.Ended = strings.HasPrefix(h.Value(), "terminated")
	}
	if len(req.Body()) > 0 || state.Ended {
		offer(s.states, state)
	}
}

// readDialogInfo reads application/dialog-info+xml. Of several dialogs the most lively counts.
func readDialogInfo(body []byte) (ExtensionState, error) {
	var doc struct {
		XMLName xml.Name `xml:"dialog-info"`
		Version int      `xml:"version,attr"`
		Dialogs []struct {
			Direction string `xml:"direction,attr"`
			State     string `xml:"state"`
		} `xml:"dialog"`
	}
	if err := xml.Unmarshal(body, &doc); err != nil {
		return ExtensionState{State: unknownStatus}, fmt.Errorf("reading dialog-info: %w", err)
	}
	out := ExtensionState{State: "idle", Version: doc.Version}
	rank := map[string]int{"idle": 0, "ringing": 1, "busy": 2}
	for _, d := range doc.Dialogs {
		state := "idle"
		switch d.State {
		case "trying", "proceeding", "early":
			state = "ringing"
		case "confirmed":
			state = "busy"
		}
		if rank[state] > rank[out.State] || (rank[state] > 0 && out.Direction == "" && state == out.State) {
			out.State, out.Direction = state, d.Direction
		}
	}
	return out, nil
}
