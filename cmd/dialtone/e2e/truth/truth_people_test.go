package truth

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	. "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
)

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
	s := &sighting{who: name, from: time.Since(sc.began), call: c, tone: 400 + 110*float64(len(sc.seen)), presses: strings.HasPrefix(sc.who(name).presses, "*")}
	sc.seen = append(sc.seen, s)
	return s
}

func (sc *scene) mark(f func()) {
	sc.mu.Lock()
	defer sc.mu.Unlock()
	f()
}

// act rings, and then does what one does.
func (sc *scene) act(ctx context.Context, s *sighting, p *actor) {
	defer sc.mark(func() { s.to = time.Since(sc.began) })
	does, again := p.does, sc.rangBefore(s)
	if again && p.again != "" {
		does = p.again
	}
	if d := sc.desks[s.who]; d != nil && fired(s.call.Done()) {
		sc.mark(func() { s.own = true }) // the phone has refused it by itself
		return
	}
	_ = s.call.Ring()
	if shown := s.call.CallerNumber(); p.sees != "" && shown != p.sees {
		sc.mark(func() { sc.wrong = fmt.Errorf("%s shows %s, want %s", s.who, shown, p.sees) })
	}
	if does == "answers" || does == "refuses" || does == "declines" || does == "redirects" || p.says != "" {
		if does == "answers" && !sc.together(ctx, s) || !pause(ctx, s.call, p.after+200*time.Millisecond) {
			return
		}
		sc.mark(func() { s.own = true })
	}
	if code, err := strconv.Atoi(p.says); err == nil {
		_ = s.call.Reject(code)
	}
	switch does {
	case "redirects":
		_ = s.call.Redirect(p.contact())
	case "refuses":
		sc.refuse(s)
	case "declines":
		_ = s.call.Reject(603)
	case "answers":
		if !up(s.call) && s.call.Answer(ctx) != nil && !up(s.call) {
			return
		}
		s.call.Tone(s.tone)
		if !again {
			sc.goOn(ctx, s, p)
		}
	}
	select {
	case <-s.call.Done():
	case <-ctx.Done():
		_ = s.call.Hangup(context.WithoutCancel(ctx))
	}
}

// together waits until each phone rings that the row has ring from the same second on: Asterisk
// need not call a phone any more when another has answered. It is false once the call is over.
func (sc *scene) together(ctx context.Context, s *sighting) bool {
	turns, _ := readTurns(sc.row.rings) // judge says what is wrong with them
	var others []string
	for _, r := range turns {
		if i := slices.IndexFunc(turns, func(o turn) bool { return o.who == s.who && !o.any }); i >= 0 &&
			!r.any && r.who != s.who && r.from == turns[i].from {
			others = append(others, r.who)
		}
	}
	for end := time.Now().Add(slack); time.Now().Before(end) && !sc.haveRung(others); {
		if !pause(ctx, s.call, 20*time.Millisecond) {
			return false
		}
	}
	return true
}

func (sc *scene) haveRung(all []string) bool {
	sc.mu.Lock()
	defer sc.mu.Unlock()
	return !slices.ContainsFunc(all, func(who string) bool {
		return !slices.ContainsFunc(sc.seen, func(s *sighting) bool { return s.who == who })
	})
}

// rangBefore reports whether the phone has had another call in this row.
func (sc *scene) rangBefore(s *sighting) (again bool) {
	sc.mark(func() {
		again = slices.ContainsFunc(sc.seen, func(o *sighting) bool { return o.who == s.who && o.from < s.from })
	})
	return again
}

// up reports whether a call was answered; a phone may do that by itself.
func up(c *phone.Call) bool { return fired(c.Answered()) }

// sent is the number to which the owner of a phone sends an answered call, in whatever way.
func (p *actor) sent() string { return p.transfers + p.announces + p.hands + p.moves + p.consults }

// goOn does what is done in a call that was answered.
func (sc *scene) goOn(ctx context.Context, s *sighting, p *actor) {
	if p.presses != "" && HearsWords(ctx, s.call) == nil {
		s.call.Tone(0)
		_ = s.call.SendDTMF(p.presses)
		s.call.Tone(s.tone)
		if s.presses { // something of what is said after it is to be recorded
			_ = s.call.Hear(ctx, sceneTone, time.Second)
			sc.mark(func() { s.presses = false })
		}
	}
	if p.sent() == "" {
		return
	}
	defer sc.mark(func() { sc.asked = append(sc.asked, p.name) })
	// Asterisk takes a transfer only once both talk.
	if s.call.Hear(ctx, sceneTone, 500*time.Millisecond) != nil {
		return
	}
	if p.consults != "" {
		if err := sc.consult(ctx, s, p); err != nil {
			sc.mark(func() { sc.wrong = err })
		}
		return
	}
	switch {
	case p.transfers != "":
		if err := sc.refer(ctx, s, p.transfers); err != nil {
			sc.mark(func() { sc.wrong = err })
		}
	case p.moves != "":
		if err := sc.move(ctx, p.moves); err != nil {
			sc.mark(func() { sc.wrong = err })
		}
	default:
		sc.announce(ctx, s.call, p)
	}
	// As phones do once they are told that it worked, or that it never will.
	pause(ctx, s.call, 2*time.Second)
	_ = s.call.Hangup(ctx)
}

// consult lets a phone ask somebody, once, and does what is done then.
func (sc *scene) consult(ctx context.Context, s *sighting, p *actor) error {
	path, err := sc.path(ctx)
	if err == nil {
		err = sc.Client.Do(ctx, "POST", path+"/consult", Object{"to": p.consults}, nil)
	}
	if err != nil {
		return err
	}
	third, err := sc.next(s)
	if err != nil {
		return err
	}
	select {
	case <-third.Done():
		return nil
	case <-third.Answered():
	case <-time.After(time.Second):
	}
	if !pause(ctx, third, time.Second) {
		return nil
	}
	switch p.then {
	case "completes":
		return sc.Client.Do(ctx, "POST", path+"/complete", nil, nil)
	case "returns":
		return sc.Client.Do(ctx, "DELETE", path+"/consult", nil, nil)
	case "":
		<-third.Done()
		return nil
	}
	return s.call.Hangup(ctx)
}

// next waits for the call that arrived after another one.
func (sc *scene) next(s *sighting) (call *phone.Call, err error) {
	return call, waitError(func() string {
		sc.mu.Lock()
		defer sc.mu.Unlock()
		for _, o := range sc.seen {
			if o.from > s.from {
				call = o.call
				return ""
			}
		}
		return "nobody rings"
	})
}

// path is that of the row's call.
func (sc *scene) path(ctx context.Context) (string, error) {
	var page struct{ Items []LiveCall }
	if err := sc.Client.Do(ctx, "GET", Tenant+"/calls", nil, &page); err != nil {
		return "", err
	}
	for _, c := range page.Items {
		if c.From.Device == sc.caller && c.Dialled == sc.row.dials {
			return Tenant + "/calls/" + c.ID, nil
		}
	}
	return "", fmt.Errorf("the call from %s is not among those under way", sc.caller)
}

// move transfers the row's call over the API.
func (sc *scene) move(ctx context.Context, to string) error {
	path, err := sc.path(ctx)
	if err != nil {
		return err
	}
	return sc.Client.Do(ctx, "POST", path+"/transfer", Object{"to": to}, nil)
}

// announce calls somebody else and connects the two, as soon as it rings or once it is answered.
func (sc *scene) announce(ctx context.Context, c *phone.Call, p *actor) {
	consult, err := sc.dial(ctx, p.name, p.announces+p.hands)
	if err != nil {
		return
	}
	if p.hands != "" {
		select {
		case <-consult.Ringing():
		case <-consult.Done():
			return
		case <-ctx.Done():
			return
		}
	} else if consult.WaitAnswer() != nil {
		return
	}
	if pause(ctx, consult, time.Second) {
		_ = c.ReferTo(ctx, consult)
	}
	pause(ctx, consult, time.Second)
	_ = consult.Hangup(ctx)
}

// meddle places the other call of a row, such as a pickup.
func (sc *scene) meddle(ctx context.Context, p *actor) {
	timer := time.NewTimer(p.after)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		return
	}
	c, err := sc.dial(ctx, p.name, p.dials)
	if err != nil {
		sc.mark(func() { sc.wrong = err })
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
