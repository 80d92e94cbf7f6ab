// Package phone is a scriptable desk phone: it fetches its files as a Yealink or Polycom does, registers, calls,
// answers, and sends and checks real audio. Demo, whole-program tests and benchmarks drive it.
//
// It judges our own server, so it imports no other package of ours: its readers of phone files are written a second
// time here, from the vendors' rules, and must stay independent. SIP transactions and transport come from sipgo;
// dialogs, SDP and RTP are here.
package phone

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"sync"
	"time"
)

// Options describe one phone. MAC and Model are required; the zero value of the rest is usable.
type Options struct {
	MAC             string            // twelve hex digits, with or without separators
	Model           string            // "T46U" or "VVX450"; see Models
	Firmware        string            // empty: the firmware named in the model table
	ProvisioningURL string            // a folder, or for Polycom also the URL of a master file ending in .cfg
	Username        string            // provisioning credentials, sent only after a 401
	Password        string            //
	SerialInUA      bool              // Polycom: adds (SN:mac) to the User-Agent, as device.prov.tagSerialNo=1 does
	Conditional     bool              // ask again with If-None-Match and honour 304
	Left            map[string]string // parameters that another system, or a person, left in the phone
	HTTPClient      *http.Client      // nil: an own client with a 15 s limit per file
	Logger          *slog.Logger      // nil: silent

	LocalIP       string // address of SIP and RTP sockets; empty: 127.0.0.1
	SIPPort       int    // 0: any free port
	OutboundProxy string // host:port every SIP request is sent to, whatever the account says

	AutoAnswer         bool            // answers each call AnswerAfter its INVITE came
	AnswerAfter        time.Duration   //
	Busy               bool            // refuses each call with 486
	NoAnswer           bool            // rings and never answers by itself
	AutoTone           float64         // Hz sent on each auto-answered call; 0: silence
	Codecs             []string        // what every call offers and takes, best first; empty: what the account's file says
	Quiet              bool            // sends no RTP while there is no tone or digit to send (real phones send silence)
	OwnWay             func(*Call) Own // what the phone does with a call before its user hears of it; nil: intercom alone
	RefetchOnCheckSync bool            // NOTIFY check-sync makes the phone fetch its files again
}

// Phone is one simulated desk phone. Its methods may be called from several goroutines.
type Phone struct {
	opts  Options
	model Model
	mac   string
	log   *slog.Logger
	crew  crew
	http  *http.Client

	fetching sync.Mutex // one Fetch at a time, as in a real phone
	memory   memory     // guarded by fetching

	incoming chan *Call
	syncs    chan CheckSync
	mail     mailbox

	mu      sync.Mutex
	agent   *agent
	line    Account // the account calls are made with
	regs    map[string]*registration
	calls   map[dialogKey]*Call
	subs    map[dialogKey]*Subscription
	refers  map[dialogKey]*Call // that were transferred; NOTIFYs may come after their BYE
	closing bool
}

// New makes a phone. It opens no socket and starts nothing before the first Fetch, Listen, Register or Call.
func New(o Options) (*Phone, error) {
	mac, err := plainMAC(o.MAC)
	if err != nil {
		return nil, err
	}
	model, ok := findModel(o.Model)
	if !ok {
		return nil, fmt.Errorf("model %q is not one of %v", o.Model, Models())
	}
	if o.Firmware != "" {
		model.Firmware = o.Firmware
	}
	if o.LocalIP == "" {
		o.LocalIP = "127.0.0.1"
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	p := &Phone{
		opts: o, model: model, mac: mac, log: o.Logger.With("mac", mac), http: o.HTTPClient,
		memory: memory{url: o.ProvisioningURL, user: o.Username, password: o.Password, files: map[string]remembered{},
			flash: map[string]string{}, own: map[string]string{}},
		incoming: make(chan *Call, incomingQueue), syncs: make(chan CheckSync, checkSyncQueue), mail: newMailbox(),
		regs: map[string]*registration{}, calls: map[dialogKey]*Call{}, subs: map[dialogKey]*Subscription{},
		refers: map[dialogKey]*Call{},
	}
	if model.Vendor == Yealink {
		maps.Copy(p.memory.flash, o.Left)
	} else {
		maps.Copy(p.memory.own, o.Left)
	}
	if p.http == nil {
		p.http = &http.Client{Timeout: fileTimeout, Transport: http.DefaultTransport.(*http.Transport).Clone()}
	}
	return p, nil
}

// MAC is the phone's address as twelve lowercase hex digits.
func (p *Phone) MAC() string { return p.mac }

// Model is the phone's entry of the model table.
func (p *Phone) Model() Model { return p.model }

// goodbye bounds the polite part of Close: hanging up and unregistering.
const goodbye = 3 * time.Second

// Close hangs up, ends subscriptions, unregisters (at most 3 s for all of it) and frees everything the phone holds.
// When it returns no goroutine, socket or timer that matters is left. A second Close does nothing.
func (p *Phone) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), goodbye)
	defer cancel()
	if !p.beginClose() {
		return nil
	}
	for _, c := range p.Calls() {
		if err := c.Hangup(ctx); err != nil {
			p.log.Debug("hanging up at close", "err", err)
		}
	}
	for _, s := range p.subscriptions() {
		if err := s.Close(ctx); err != nil {
			p.log.Debug("unsubscribing at close", "err", err)
		}
	}
	err := p.Unregister(ctx)
	p.release()
	return err
}

// PullCable cuts the phone off: from now on it hears and says nothing. Its socket stays open until PowerOff, so that no
// other phone of the program gets its port and answers in its place.
func (p *Phone) PullCable() {
	p.crew.cancelAll() // its registration among them
	p.mu.Lock()
	a := p.agent
	p.mu.Unlock()
	if a != nil {
		a.unplug()
	}
}

// PowerOff pulls the plug: sends nothing, tells nobody, frees everything. Peers have to find out by themselves.
func (p *Phone) PowerOff() {
	if p.beginClose() {
		p.release()
	}
}

func (p *Phone) beginClose() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closing {
		return false
	}
	p.closing = true
	return true
}

func (p *Phone) release() {
	p.crew.cancelAll()
	for _, c := range p.Calls() {
		c.end(ending{cause: errClosed})
	}
	p.mu.Lock()
	a := p.agent
	p.mu.Unlock()
	if a != nil {
		a.stop()
	}
	p.crew.wait()
	if p.opts.HTTPClient == nil {
		p.http.CloseIdleConnections()
	}
}
