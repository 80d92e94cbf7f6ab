package truth

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	. "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
)

// listen notes what the caller hears until somebody answers.
func (sc *scene) listen(ctx context.Context, out *phone.Call) {
	say := func(what string) { sc.mark(func() { sc.heard = what }) }
	if out.Incoming() { // Asterisk makes the tone, in a call that is up
		if HearsWords(ctx, out) == nil {
			say("ringing")
		}
		return
	}
	select {
	case <-out.Ringing():
	case <-out.EarlyMedia():
	case <-out.Answered():
	case <-out.Done():
	case <-ctx.Done():
		return
	}
	if fired(out.Ringing()) { // this may run only when more has happened
		say("ringing")
	}
	what, tone, _ := strings.Cut(sc.row.hears, " ")
	announced := what == "announcement"
	select {
	case <-out.EarlyMedia():
		if HearsWords(ctx, out) == nil {
			say(map[bool]string{true: "announcement", false: "music"}[announced])
		}
	case <-out.Answered():
		if hz, err := strconv.ParseFloat(tone, 64); err == nil {
			if out.Hear(ctx, hz, 300*time.Millisecond) == nil {
				say(sc.row.hears)
			}
		} else if announced && HearsWords(ctx, out) == nil {
			say("announcement")
		}
	case <-out.Done():
	case <-ctx.Done():
	}
}

func fired(state <-chan struct{}) bool {
	select {
	case <-state:
		return true
	default:
		return false
	}
}

// follow waits until the call has ended where it should, or will not any more.
func (sc *scene) follow(ctx context.Context, out *phone.Call) error {
	out.Tone(CallerTone * 2)
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
	err := waitError(func() string {
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

var application = regexp.MustCompile(`!(VoiceMail|VoiceMailMain|ConfBridge|Echo|ChanSpy)!([^!]*)!`)

// where says with whom or what the caller is connected now.
func (sc *scene) where(ctx context.Context, out *phone.Call) string {
	select {
	case <-out.Done():
		return statusText(out)
	default:
	}
	sc.mu.Lock()
	seen := slices.DeleteFunc(slices.Clone(sc.seen), func(s *sighting) bool { return s.presses })
	asked := slices.Clone(sc.asked)
	sc.mu.Unlock()
	for _, p := range sc.people {
		if p.sent() != "" && !slices.Contains(asked, p.name) {
			return p.name + " sends the call on"
		}
	}
	for _, s := range seen {
		if !up(s.call) {
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
		number := Mobiles[sc.caller]
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
	case application == "Echo":
		return "echo"
	case application == "ChanSpy":
		_, group, _ := strings.Cut(arg, "g(")
		number, _, _ := strings.Cut(group, ".")
		return "monitor " + number
	case application == "VoiceMailMain":
		return "messages " + number
	case application == "VoiceMail" && options == "b":
		return "mailbox " + number + " busy"
	case application == "VoiceMail" && options == "s":
		return "mailbox " + number + " greeted"
	case application == "VoiceMail":
		return "mailbox " + number + " unavailable"
	}
	return "connected: " + application + " " + arg
}
