package calls

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dialtone-pbx/dialtone/ami"
	"github.com/dialtone-pbx/dialtone/ami/amitest"
)

// told is what Asterisk tells of a channel of dcaller.
func told(event, id string, more ...string) ami.Event {
	text := amitest.Event(event, append([]string{"Channel", "PJSIP/dcaller-" + id, "Uniqueid", id, "Linkedid", id,
		"ChannelStateDesc", "Ring", "CallerIDNum", "101", "Context", "from-default", "Exten", "102"}, more...)...)
	return ami.Event{Frame: ami.ParseFrame(text), At: time.Now()}
}

// The Newchannel of an attacker is broken. The event by which the dialplan mends the number
// makes the call known, so that it has its record; without a broken event before, nothing but
// Newchannel does.
func TestBrokenNewchannel(t *testing.T) {
	r := newCallRig()
	r.Handle(told("NewCallerid", "1.1"))
	r.Handle(told("Hangup", "1.1"))
	if len(r.records) != 0 {
		t.Errorf("a channel that has ended came back: %v", r.records)
	}
	r.Broken()
	r.Handle(told("NewCallerid", "1.2"))
	if calls, _, _ := r.Counts(); calls != 1 {
		t.Errorf("%d calls", calls)
	}
	r.Handle(told("Hangup", "1.2", "Cause", "1"))
	r.Handle(told("Hangup", "1.3", "Cause", "1")) // the number dialled was mended just before
	if len(r.records) != 2 || r.records[0].Dialled != "102" || r.records[1].From.Number != "101" {
		t.Errorf("records: %+v %+v", *r.records[0], *r.records[1])
	}
	r.empty(t)
}

// After a broken event the channels are listed: those of which no event told are followed,
// those that ended meanwhile are not, and what is not there any more ends.
func TestListAfterBrokenEvent(t *testing.T) {
	server := amitest.NewServer(t)
	s, err := ami.Dial(t.Context(), ami.Options{Address: server.Address()}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	r := newCallRig()
	there := func(id string) []string {
		return []string{"Channel", "PJSIP/dcaller-" + id, "Uniqueid", id, "Linkedid", id, "Context", "from-default", "Exten", "102"}
	}
	torn := []string{"Channel", "PJSIP/dcaller-1.4", "CallerIDNum", "1\r\n\r\nEvent: Hangup\r\nUniqueid: 1.1"}
	server.Handle("Getvar", func(c *amitest.Conn, a amitest.Action) {
		c.Reply(a, "Value", map[string]string{"CHANNEL(state)": "Up"}[a.Get("Variable")]+map[string]string{"UNIQUEID": "1.4",
			"CHANNEL(linkedid)": "1.4"}[a.Get("Variable")])
	})
	server.Handle("CoreShowChannels", func(c *amitest.Conn, a amitest.Action) {
		c.ReplyList(a, "CoreShowChannel", "CoreShowChannelsComplete", there("1.1"), there("1.2"), torn)
		r.Handle(told("Hangup", "1.2"))
	})
	r.Handle(told("Newchannel", "1.3")) // its Hangup was broken
	for range 2 {
		if err := r.sweep(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.channels["1.1"] == nil || r.channels["1.4"] == nil || len(r.channels) != 2 {
		t.Errorf("followed: %v", r.channels)
	}
	if len(r.records) != 1 || r.records[0].CallID != "1.3" {
		t.Errorf("records: %v", r.records)
	}
}

// However many events are broken, Asterisk is asked for a list every 2 s at most.
func TestListsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newCallRig()
		asked := 0
		r.o.Session = func() (*ami.Session, error) { asked++; return nil, ami.ErrDown }
		ctx, cancel := context.WithTimeout(t.Context(), 21*time.Second)
		defer cancel()
		var flood sync.WaitGroup
		flood.Go(func() {
			tick := time.NewTicker(time.Millisecond)
			defer tick.Stop()
			for ctx.Err() == nil {
				r.Broken()
				select {
				case <-tick.C:
				case <-ctx.Done():
				}
			}
		})
		_ = r.watch(ctx)
		flood.Wait()
		if asked < 10 || asked > 12 {
			t.Errorf("asked %d times in 21 s", asked)
		}
	})
}
