package emergency

import (
	"context"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/event"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// rig is a Watch on a database, with a tenant that has two devices and an address for mails.
type rig struct {
	*Watch
	t     *testing.T
	store *db.DB
	s     *pbx.Snapshot
	heard *event.Subscription
}

// inBubble runs a test on a rig, in a bubble of synctest.
func inBubble(t *testing.T, test func(t *testing.T, r *rig)) {
	synctest.Test(t, func(t *testing.T) {
		store, err := db.Open(t.Context(), filepath.Join(t.TempDir(), "help.db"), db.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer store.Close()
		r := &rig{t: t, store: store, s: pbx.NewSnapshot(1, pbx.Rows{
			Tenants:    []*pbx.Tenant{{Name: pbx.DefaultTenant, Timezone: "Europe/Berlin", EmergencyMail: []string{"desk@example.org"}}},
			Extensions: []*pbx.Extension{{Tenant: pbx.DefaultTenant, Number: "101", Name: "Ada"}},
			Devices: []*pbx.Device{{Tenant: pbx.DefaultTenant, Name: "desk", Extension: "101", Location: "Room 4"},
				{Tenant: pbx.DefaultTenant, Name: "lobby"}},
			Trunks: []*pbx.Trunk{{Tenant: pbx.DefaultTenant, Name: "a", Endpoint: "ta", CallerNumber: "+4930"},
				{Tenant: pbx.DefaultTenant, Name: "b", Endpoint: "tb", CallerNumber: "+4940"}}})}
		r.start()
		test(t, r)
	})
}

// start begins anew from the database, as after a kill.
func (r *rig) start() {
	r.t.Helper()
	hub := event.NewHub()
	r.heard = hub.Subscribe("")
	var err error
	r.Watch, err = New(r.t.Context(), Options{DB: r.store, Log: slog.New(slog.DiscardHandler), Events: hub, Queued: func() {},
		Snapshot: func() *pbx.Snapshot { return r.s }})
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) device(name string) *pbx.Device { return r.s.Device(pbx.DefaultTenant, name) }

// events returns what was published since the last question.
func (r *rig) events() (out []event.Emergency) {
	for {
		select {
		case e := <-r.heard.Events():
			out = append(out, e.Data.(event.Emergency))
		default:
			return out
		}
	}
}

// letters takes all queued mails, after what waits was stored.
func (r *rig) letters() (out []*db.Notice) {
	r.t.Helper()
	if err := r.Flush(context.Background()); err != nil {
		r.t.Fatal(err)
	}
	for {
		n, err := r.store.NextNotice(r.t.Context())
		if err != nil {
			r.t.Fatal(err)
		}
		if n == nil {
			return out
		}
		out = append(out, n)
		if err := r.store.DeleteNotice(r.t.Context(), n.ID); err != nil {
			r.t.Fatal(err)
		}
	}
}

// TestCallsForHelpAreRemembered: for half an hour and across a restart; a test is not.
func TestCallsForHelpAreRemembered(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.Begins("1", r.device("desk"), pbx.Help{Number: "112", Shown: "+4930"})
		r.Begins("1", r.device("desk"), pbx.Help{Number: "112", Shown: "+4940"})
		r.Begins("2", r.device("lobby"), pbx.Help{Number: "933", Test: true})
		r.letters()
		<-time.After(29 * time.Minute)
		r.start()
		if got := r.Lately(pbx.DefaultTenant); len(got) != 1 || got[0].Device != "desk" || !slices.Equal(got[0].Shown,
			[]string{"+4930", "+4940"}) {
			t.Errorf("after a restart: %+v", got)
		}
		if got := r.Lately("acme"); len(got) != 0 {
			t.Errorf("another tenant: %+v", got)
		}
		<-time.After(3 * time.Minute)
		if got := r.Lately(pbx.DefaultTenant); len(got) != 0 {
			t.Errorf("after half an hour: %+v", got)
		}
	})
}

// TestCallForHelpIsToldOnce: one event and one mail, however often it is dialled on another
// trunk, found in records, or seen again after a kill.
func TestCallForHelpIsToldOnce(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.Begins("1", r.device("desk"), pbx.Help{Number: "112", Shown: "+4930"})
		r.Begins("1", r.device("desk"), pbx.Help{Number: "112", Shown: "+4940"})
		r.Found("1", r.device("desk"), "112", time.Now())
		events := r.events()
		if len(events) != 1 || events[0].Location != "Room 4" || events[0].Name != "Ada" || events[0].Shown != "+4930" || events[0].Late {
			t.Errorf("events: %+v", events)
		}
		letters := r.letters()
		if len(letters) != 1 || letters[0].Email != "desk@example.org" || letters[0].Subject != "Call for help: 112" {
			t.Fatalf("mails: %+v", letters)
		}
		for _, want := range []string{"Number dialled: 112\n", "Extension: 101 Ada\n", "Location: Room 4\n", "+0100\n"} {
			if !strings.Contains(letters[0].Body, want) {
				t.Errorf("the mail lacks %q:\n%s", want, letters[0].Body)
			}
		}
		r.start()
		r.Found("1", r.device("desk"), "112", time.Now())
		if events, letters := r.events(), r.letters(); len(events)+len(letters) > 0 {
			t.Errorf("after a restart: %+v %+v", events, letters)
		}
	})
}

// TestCallForHelpThatIsFound: one that began without the controller is told of late, and any
// number that its trunks show is called back.
func TestCallForHelpThatIsFound(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.Found("1", r.device("lobby"), "112", time.Now().Add(-time.Minute))
		if events := r.events(); len(events) != 1 || !events[0].Late || events[0].Shown != "+4930, +4940" {
			t.Errorf("events: %+v", events)
		}
		if letters := r.letters(); len(letters) != 1 || !strings.Contains(letters[0].Body, "late") ||
			!strings.Contains(letters[0].Body, "Location: not known\n") {
			t.Errorf("mails: %+v", letters)
		}
	})
}

// TestDiallingWithoutEnd: a phone that dials again and again is mailed about once a minute.
func TestDiallingWithoutEnd(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		for n := range 60 {
			r.Begins(strings.Repeat("1", n+1), r.device("desk"), pbx.Help{Number: "112"})
			<-time.After(2 * time.Second)
		}
		if events, letters := len(r.events()), len(r.letters()); events != 60 || letters != 2 {
			t.Errorf("60 calls in two minutes make %d events and %d mails", events, letters)
		}
	})
}
