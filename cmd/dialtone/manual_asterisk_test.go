package main

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/dialtone-pbx/dialtone/ami/amitest"
	"github.com/dialtone-pbx/dialtone/ari/aritest"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// pretender stands in for an Asterisk. From talk on two devices talk: each order about
// their call is taken, its events are sent, and when the call has ended the next begins.
type pretender struct {
	*amitest.Asterisk
	ari *aritest.Server

	mu        sync.Mutex
	variables map[string]string // by channel and name
	from, to  string            // endpoints that talk
	call      int               // number of the call; its channels are CALL.1 and so on
	caller    string            // channel that called
	callee    string            // channel that answered
	asking    string            // channel by which the callee asks; "" while it does not
	last      int               // number of the newest channel of the call
}

func newPretender(t *testing.T, etc string) *pretender {
	t.Helper()
	p := &pretender{Asterisk: amitest.NewAsterisk(t, filepath.Join(etc, "dialtone")), ari: aritest.NewServer(t), variables: map[string]string{}}
	p.Handle("Getvar", func(c *amitest.Conn, a amitest.Action) {
		value, is := amitest.Config(filepath.Join(etc, "dialtone"), a.Get("Variable"))
		if !is {
			value = p.variable(a)
		}
		c.Reply(a, "Variable", a.Get("Variable"), "Value", value)
	})
	for _, action := range []string{"Setvar", "MixMonitor", "StopMixMonitor"} {
		p.Handle(action, func(c *amitest.Conn, a amitest.Action) {
			p.keep(a)
			c.Reply(a)
		})
	}
	p.Handle("Redirect", func(c *amitest.Conn, a amitest.Action) {
		p.asks()
		c.Reply(a)
	})
	p.Handle("BlindTransfer", func(c *amitest.Conn, a amitest.Action) {
		p.leaves()
		c.Reply(a)
	})
	p.ari.Handle("DELETE /channels/*", func(r aritest.Request) aritest.Answer {
		p.hungUp(r.Segment(1))
		return aritest.Answer{}
	})
	p.ari.Handle("POST /channels/*", func(aritest.Request) aritest.Answer { return aritest.Answer{Body: "{}"} })
	return p
}

// keep remembers what an order changes on a channel.
func (p *pretender) keep(a amitest.Action) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch a.Get("Action") {
	case "Setvar":
		p.variables[a.Get("Channel")+" "+a.Get("Variable")] = a.Get("Value")
	case "MixMonitor":
		p.variables[a.Get("Channel")+" "+pbx.OnDemandVariable] = "0x1"
	}
}

// markers are what a question for a variable may contain, by file.
var markers = map[string]*regexp.Regexp{
	"extensions.conf":  regexp.MustCompile(`exten => ([0-9a-f]{64}),1`),
	"queues.conf":      regexp.MustCompile(`\[dialtone-([0-9a-f]{64})\]`),
	"res_parking.conf": regexp.MustCompile(`parkext = ([0-9a-f]{64})`),
}

// variable answers for a channel, for markers of files, and for groups of recordings.
func (p *pretender) variable(a amitest.Action) string {
	name := a.Get("Variable")
	p.mu.Lock()
	defer p.mu.Unlock()
	if value, known := p.variables[a.Get("Channel")+" "+name]; known {
		return value
	}
	if strings.Contains(name, "GROUP_COUNT(") {
		for of, group := range p.variables {
			if strings.HasSuffix(of, " GROUP("+pbx.RecordedGroup+")") && strings.Contains(name, group+"@") {
				return "1"
			}
		}
		return "0"
	}
	for file, marker := range markers {
		if found := marker.FindStringSubmatch(p.Text(file)); found != nil && strings.Contains(name, found[1]) {
			return "1"
		}
	}
	if strings.HasPrefix(name, "DIALTONE_") {
		return name + " of " + a.Get("Channel")
	}
	return "0"
}

// talk lets two endpoints talk, now and after each end of their call.
func (p *pretender) talk(from, to string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.from, p.to = from, to
	p.begins()
}

// exist is how many channels the controller should know.
func (p *pretender) exist() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	for _, id := range []string{p.caller, p.callee, p.asking} {
		if id != "" {
			n++
		}
	}
	return n
}

// asks lets the callee dial, by a channel of its own.
func (p *pretender) asks() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asking = p.channel()
	p.Send("Newchannel", "Channel", "Local/102@dialtone-ask-00000001;1", "Uniqueid", p.asking, "Linkedid", p.caller,
		"ChannelStateDesc", "Down", "Context", "dialtone-ask", "Exten", "102")
}

// leaves is a transfer: the callee hangs up and the caller talks with the next one.
func (p *pretender) leaves() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ends(&p.asking)
	p.ends(&p.callee)
	p.answers()
}

// hungUp does what follows when a channel is hung up.
func (p *pretender) hungUp(id string) {
	p.mu.Lock()
	asking, callee, caller := p.asking, p.callee, p.caller
	p.mu.Unlock()
	switch id {
	case callee:
		p.leaves()
	case asking:
		p.mu.Lock()
		defer p.mu.Unlock()
		p.ends(&p.asking)
		p.bridge()
	case caller:
		p.mu.Lock()
		defer p.mu.Unlock()
		p.ends(&p.asking)
		p.ends(&p.callee)
		p.ends(&p.caller)
		p.begins()
	}
}

// The rest is called with mu held.

// begins begins a call.
func (p *pretender) begins() {
	p.call++
	p.last = 0
	p.caller = p.channel()
	p.tell("Newchannel", p.caller, p.from, "Ring")
	p.answers()
}

// answers gives the caller somebody to talk with.
func (p *pretender) answers() {
	p.callee = p.channel()
	p.tell("Newchannel", p.callee, p.to, "Down")
	p.tell("Newstate", p.callee, p.to, "Up")
	p.bridge()
}

func (p *pretender) bridge() {
	p.tell("BridgeEnter", p.callee, p.to, "Up", "BridgeUniqueid", "bridge-"+p.callee)
	p.tell("BridgeEnter", p.caller, p.from, "Up", "BridgeUniqueid", "bridge-"+p.callee)
}

func (p *pretender) ends(id *string) {
	if *id != "" {
		p.Send("Hangup", "Uniqueid", *id, "Cause", "16")
	}
	*id = ""
}

// channel is the id of a new one.
func (p *pretender) channel() string {
	p.last++
	return fmt.Sprintf("%d.%d", p.call, p.last)
}

func (p *pretender) tell(event, id, endpoint, state string, more ...string) {
	name := fmt.Sprintf("PJSIP/%s-%08s", endpoint, strings.Replace(id, ".", "", 1))
	p.Send(event, append([]string{"Channel", name, "Uniqueid", id, "Linkedid", p.caller,
		"ChannelStateDesc", state, "Context", "from-default", "Exten", "102"}, more...)...)
}
