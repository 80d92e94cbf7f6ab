package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
)

// sighting is a call that arrived at a phone, in time since the caller dialled.
type sighting struct {
	who      string
	from, to time.Duration
	own      bool // its owner answered or refused it; else it was taken away at to
	call     *phone.Call
	tone     float64 // what the phone says once it is answered
}

// sceneTone is the caller's voice; the phones that are called have lower ones.
const sceneTone = 2000.0

// scene is one row on stage: what is done and seen.
type scene struct {
	*stage
	row     *truth
	caller  string
	people  map[string]*person
	began   time.Time
	trouble error

	mu       sync.Mutex
	seen     []*sighting
	forecast *forecast
	// heard is what the caller heard until the call ended somewhere, and ends where.
	heard, ends string
	wrong       error // what a phone showed
}

// play calls a row: people do what they do, until it has ended as it should, or
// does not within a reasonable time.
func (s *stage) play(ctx context.Context, row *truth) *scene {
	sc := &scene{stage: s, row: row, people: s.people[row], heard: "nothing"}
	sc.caller = sc.who("caller").is
	if sc.caller == "" {
		sc.caller = <-s.callers
		defer func() { s.callers <- sc.caller }()
	}
	for _, name := range slices.Sorted(maps.Keys(sc.mobile)) {
		if sc.people[name] != nil || sc.caller == name {
			sc.mobile[name].Lock()
			defer sc.mobile[name].Unlock()
		}
	}
	ctx, cancel := context.WithTimeout(ctx, 90*time.Second)
	defer cancel()
	sc.trouble = errors.Join(sc.perform(ctx), sc.wrong)
	return sc
}

// who is a person who may do nothing in this row.
func (sc *scene) who(name string) *person {
	if p := sc.people[name]; p != nil {
		return p
	}
	return &person{name: name}
}

func (sc *scene) perform(ctx context.Context) error {
	phones := map[string]*phone.Phone{}
	for name, p := range sc.people {
		if at := sc.phones[name]; at != nil && p.talks == "" && p.dials == "" || at != nil && p.does != "" {
			phones[name] = at
		}
	}
	for _, p := range sc.people {
		if p.talks == "" {
			continue
		}
		before, err := sc.occupy(ctx, p.name, p.talks)
		if err != nil {
			return err
		}
		defer func() { _ = before.Hangup(ctx) }()
	}
	var watching sync.WaitGroup
	defer watching.Wait()
	watch, stop := context.WithCancel(ctx)
	defer stop()
	sc.forecast = sc.simulate(ctx)
	sc.began = time.Now()
	for name, at := range phones {
		watching.Go(func() { sc.watch(watch, name, at) })
	}
	from := sc.phones[sc.caller]
	if from == nil {
		return fmt.Errorf("no phone %s", sc.caller)
	}
	out, err := sc.begin(ctx, from)
	if err != nil {
		return err
	}
	for _, p := range sc.people {
		if p.dials != "" {
			watching.Go(func() { sc.meddle(watch, p) })
		}
	}
	watching.Go(func() { sc.listen(watch, out) })
	if err := sc.follow(ctx, out); err != nil {
		return err
	}
	_ = out.Hangup(ctx)
	return sc.settle(ctx)
}

// begin dials, or lets the API dial and takes the call that comes of it.
func (sc *scene) begin(ctx context.Context, from *phone.Phone) (*phone.Call, error) {
	if sc.who("caller").does != "clicks" {
		return from.Dial(ctx, sc.row.dials)
	}
	number := deviceName.FindStringSubmatch(sc.caller)[1]
	if err := sc.api.Do(ctx, "POST", tenant+"/calls", object{"extension": number, "to": sc.row.dials}, nil); err != nil {
		return nil, err
	}
	select {
	case in := <-from.Incoming():
		return in, in.Answer(ctx)
	case <-ctx.Done():
		return nil, fmt.Errorf("a call placed over the API does not ring at %s", sc.caller)
	}
}

// occupy lets one call another and stay in the call.
func (sc *scene) occupy(ctx context.Context, from, to string) (*phone.Call, error) {
	out, err := sc.phones[from].Dial(ctx, deviceName.FindStringSubmatch(to)[1])
	if err != nil {
		return nil, err
	}
	select {
	case in := <-sc.phones[to].Incoming():
		if err := in.Answer(ctx); err != nil {
			return nil, err
		}
	case <-ctx.Done():
		return nil, fmt.Errorf("%s does not reach %s", from, to)
	}
	if err := out.WaitAnswer(); err != nil {
		return nil, err
	}
	return out, waitError(10*time.Second, func() string {
		var d struct{ Status status }
		if err := sc.api.Do(ctx, "GET", tenant+"/devices/"+to, nil, &d); err != nil || d.Status.Call != "in-call" {
			return fmt.Sprintf("%s is not in a call: %+v %v", to, d.Status, err)
		}
		return ""
	})
}

// waitError is waitFor as an error.
func waitError(limit time.Duration, problem func() string) error {
	if text := waitFor(limit, problem); text != "" {
		return errors.New(text)
	}
	return nil
}

// pause waits, unless the row is over or a call is.
func pause(ctx context.Context, c *phone.Call, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
	case <-c.Done():
	}
	return false
}

// watch notes every call that arrives at a phone, and does what its owner does.
func (sc *scene) watch(ctx context.Context, name string, at *phone.Phone) {
	var acting sync.WaitGroup
	defer acting.Wait()
	for {
		select {
		case in := <-at.Incoming():
			acting.Go(func() { sc.act(ctx, sc.note(name, in), sc.who(name)) })
		case <-ctx.Done():
			return
		}
	}
}

// note keeps a call at a phone.
func (sc *scene) note(name string, c *phone.Call) *sighting {
	sc.mu.Lock()
	defer sc.mu.Unlock()
	s := &sighting{who: name, from: time.Since(sc.began), call: c, tone: 400 + 110*float64(len(sc.seen))}
	sc.seen = append(sc.seen, s)
	return s
}

func (sc *scene) mark(f func()) {
	sc.mu.Lock()
	defer sc.mu.Unlock()
	f()
}

// act rings, and then does what one does.
func (sc *scene) act(ctx context.Context, s *sighting, p *person) {
	defer sc.mark(func() { s.to = time.Since(sc.began) })
	_ = s.call.Ring()
	if shown := s.call.CallerNumber(); p.sees != "" && shown != p.sees {
		sc.mark(func() { sc.wrong = fmt.Errorf("%s shows %s, want %s", s.who, shown, p.sees) })
	}
	if p.does == "answers" || p.does == "refuses" {
		if !pause(ctx, s.call, p.after+200*time.Millisecond) {
			return
		}
		sc.mark(func() { s.own = true })
	}
	switch p.does {
	case "refuses":
		_ = s.call.Reject(486)
	case "answers":
		if s.call.Answer(ctx) != nil {
			return
		}
		s.call.Tone(s.tone)
		sc.goOn(ctx, s, p)
	}
	select {
	case <-s.call.Done():
	case <-ctx.Done():
		_ = s.call.Hangup(context.WithoutCancel(ctx))
	}
}

// goOn does what is done in a call that was answered.
func (sc *scene) goOn(ctx context.Context, s *sighting, p *person) {
	if p.presses != "" && hearsWords(ctx, s.call) == nil {
		s.call.Tone(0)
		_ = s.call.SendDTMF(p.presses)
		s.call.Tone(s.tone)
	}
	if p.transfers+p.announces == "" {
		return
	}
	// Asterisk takes a transfer only once both talk.
	if s.call.Hear(ctx, sceneTone, 500*time.Millisecond) != nil {
		return
	}
	if p.transfers != "" {
		_ = s.call.Refer(ctx, p.transfers)
	} else {
		sc.announce(ctx, s.call, p)
	}
	// As phones do once they are told that it worked, or that it never will.
	pause(ctx, s.call, 2*time.Second)
	_ = s.call.Hangup(ctx)
}

// announce calls somebody else and connects the two.
func (sc *scene) announce(ctx context.Context, c *phone.Call, p *person) {
	consult, err := sc.phones[p.name].Dial(ctx, p.announces)
	if err != nil || consult.WaitAnswer() != nil {
		return
	}
	if pause(ctx, consult, time.Second) {
		_ = c.ReferTo(ctx, consult)
	}
	pause(ctx, consult, time.Second)
	_ = consult.Hangup(ctx)
}

// meddle places the other call of a row, such as a pickup.
func (sc *scene) meddle(ctx context.Context, p *person) {
	timer := time.NewTimer(p.after)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		return
	}
	c, err := sc.phones[p.name].Dial(ctx, p.dials)
	if err != nil {
		return
	}
	s := &sighting{who: p.name, call: c, tone: 330}
	sc.mark(func() { sc.seen = append(sc.seen, s) })
	c.Tone(s.tone)
	select {
	case <-c.Done():
	case <-ctx.Done():
		_ = c.Hangup(context.WithoutCancel(ctx))
	}
}

// hearsWords waits for something louder than silence.
func hearsWords(ctx context.Context, c *phone.Call) error {
	for ctx.Err() == nil {
		short, cancel := context.WithTimeout(ctx, 200*time.Millisecond)
		var heard *phone.HearError
		err := c.Hear(short, 20, time.Minute)
		cancel()
		if errors.As(err, &heard) && heard.Level > -45 {
			return nil
		}
		select {
		case <-c.Done():
			return c.Err()
		default:
		}
	}
	return ctx.Err()
}

// listen notes what the caller hears until somebody answers.
func (sc *scene) listen(ctx context.Context, out *phone.Call) {
	say := func(what string) { sc.mark(func() { sc.heard = what }) }
	if out.Incoming() { // Asterisk makes the tone, in a call that is up
		if hearsWords(ctx, out) == nil {
			say("ringing")
		}
		return
	}
	select {
	case <-out.Ringing():
		say("ringing")
	case <-out.EarlyMedia():
	case <-out.Answered():
	case <-out.Done():
		return
	case <-ctx.Done():
		return
	}
	announced := strings.HasPrefix(sc.row.hears, "announcement")
	select {
	case <-out.EarlyMedia():
		if hearsWords(ctx, out) == nil {
			say("music")
		}
	case <-out.Answered():
		if announced && hearsWords(ctx, out) == nil {
			say("announcement")
		}
	case <-out.Done():
	case <-ctx.Done():
	}
}

// follow waits until the call has ended where it should, or will not any more.
func (sc *scene) follow(ctx context.Context, out *phone.Call) error {
	out.Tone(callerTone * 2)
	leaves := make(<-chan time.Time)
	if p := sc.who("caller"); p.does == "leaves" {
		timer := time.NewTimer(p.after)
		defer timer.Stop()
		leaves = timer.C
	}
	select {
	case <-leaves:
		_ = out.Hangup(ctx)
		sc.ends = statusText(out)
		return nil
	case <-out.Done():
		sc.ends = statusText(out)
		return nil
	case <-ctx.Done():
		return errors.New("the call goes on and on")
	case <-out.Answered():
	}
	err := waitError(25*time.Second, func() string {
		sc.ends = sc.where(ctx, out)
		if sc.ends == sc.row.ends {
			return ""
		}
		return sc.ends
	})
	_ = err // judged with the other columns
	return nil
}

func statusText(c *phone.Call) string {
	var status *phone.StatusError
	if errors.As(c.Err(), &status) {
		return fmt.Sprint(status.Code)
	}
	if c.Err() != nil {
		return c.Err().Error()
	}
	return "hung up"
}

var application = regexp.MustCompile(`!(VoiceMail|VoiceMailMain|ConfBridge)!([^!]*)!`)

// where says with whom or what the caller is connected now.
func (sc *scene) where(ctx context.Context, out *phone.Call) string {
	select {
	case <-out.Done():
		return statusText(out)
	default:
	}
	sc.mu.Lock()
	seen := slices.Clone(sc.seen)
	sc.mu.Unlock()
	for _, s := range seen {
		select {
		case <-s.call.Answered():
		default:
			continue
		}
		short, cancel := context.WithTimeout(ctx, 600*time.Millisecond)
		err := out.Hear(short, s.tone, 300*time.Millisecond)
		if err == nil {
			err = s.call.Hear(short, sceneTone, 200*time.Millisecond)
		}
		cancel()
		if err == nil {
			return "with " + s.who
		}
	}
	channels, err := sc.Asterisk.CLI(ctx, "core show channels concise")
	if err != nil {
		return err.Error()
	}
	for line := range strings.Lines(channels) {
		number := mobiles[sc.caller]
		if number == "" && !strings.HasPrefix(line, "PJSIP/"+sc.accounts[sc.caller].UserName+"-") || number != "" && !strings.Contains(line, "!"+number+"!") {
			continue
		}
		m := application.FindStringSubmatch(line)
		if m == nil {
			return "connected: " + strings.TrimSpace(line)
		}
		return ended(m[1], m[2])
	}
	return "nowhere"
}

// ended says where a call is, by the application that it is in.
func ended(application, arg string) string {
	box, options, _ := strings.Cut(arg, ",")
	number, _, _ := strings.Cut(box, "@")
	switch {
	case application == "ConfBridge":
		return "paging"
	case application == "VoiceMailMain":
		return "messages " + number
	case application == "VoiceMail" && options == "b":
		return "mailbox " + number + " busy"
	case application == "VoiceMail":
		return "mailbox " + number + " unavailable"
	}
	return "connected: " + application + " " + arg
}

// settle waits until no phone has a call of this row any more.
func (sc *scene) settle(ctx context.Context) error {
	sc.mu.Lock()
	seen := slices.Clone(sc.seen)
	sc.mu.Unlock()
	for _, s := range seen {
		timer := time.NewTimer(10 * time.Second)
		select {
		case <-s.call.Done():
		case <-timer.C:
			return fmt.Errorf("the call at %s goes on without its caller", s.who)
		case <-ctx.Done():
			return ctx.Err()
		}
		timer.Stop()
	}
	return nil
}
