package calls

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dialtone-pbx/dialtone/ami"
	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/db/dbtest"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// turnRig is the turns of one ring group "sales", number 600, of 101 and 102, in a real
// database.
type turnRig struct {
	*Turns
	t     *testing.T
	store *db.DB
}

var tester = pbx.Author{Actor: "tester"}

func newTurnRig(t *testing.T) *turnRig {
	t.Helper()
	r := &turnRig{t: t, store: dbtest.Open(t, filepath.Join(t.TempDir(), "dialtone.db"), db.Open, db.Options{NoSync: true})}
	r.change(func(tx *db.Tx) error {
		var errs []error
		for _, number := range []string{"101", "102"} {
			errs = append(errs, tx.PutExtension(t.Context(), &pbx.Extension{Tenant: pbx.DefaultTenant, Number: number, Name: "Member " + number, RingSeconds: 20}),
				tx.PutDevice(t.Context(), &pbx.Device{Tenant: pbx.DefaultTenant, Name: "desk-" + number, Extension: number, Endpoint: "e" + number, Secret: pbx.NewDeviceSecret()}))
		}
		return errors.Join(append(errs, tx.PutRingGroup(t.Context(), &pbx.RingGroup{Tenant: pbx.DefaultTenant, Name: "sales", Number: "600", Strategy: pbx.StrategyRoundRobin,
			RingSeconds: 20, Confirm: pbx.ConfirmNone, Waiting: pbx.WaitRinging, Members: []pbx.RingMember{{Extension: "101"}, {Extension: "102", Delay: 1}}}))...)
	})
	r.fresh()
	return r
}

func (r *turnRig) change(f func(*db.Tx) error) {
	r.t.Helper()
	if _, err := r.store.Update(r.t.Context(), tester, f); err != nil {
		r.t.Fatal(err)
	}
}

func (r *turnRig) snapshot() *pbx.Snapshot {
	r.t.Helper()
	s, err := r.store.Snapshot(r.t.Context())
	if err != nil {
		r.t.Fatal(err)
	}
	return s
}

// fresh is what a restart of the program does.
func (r *turnRig) fresh() {
	r.t.Helper()
	s := r.snapshot()
	var err error
	if r.Turns, err = newTurns(r.t.Context(), Options{DB: r.store, Log: slog.New(slog.DiscardHandler),
		Snapshot: func() *pbx.Snapshot { return s }}); err != nil {
		r.t.Fatal(err)
	}
}

// stop writes what waits, as the end of the program does.
func (r *turnRig) stop() {
	r.t.Helper()
	ctx, cancel := context.WithCancel(r.t.Context())
	cancel()
	if err := r.changed.Run(ctx); !errors.Is(err, context.Canceled) {
		r.t.Fatal(err)
	}
}

func (r *turnRig) is(when string, want pbx.Turn) {
	r.t.Helper()
	if diff := cmp.Diff(want, r.Turn(pbx.DefaultTenant, "sales")); diff != "" {
		r.t.Errorf("%s: -want +got:\n%s", when, diff)
	}
}

// TestTurns: only the dial of a group's own step counts as an answer, for the member whose
// leg it was, and what is known outlives a restart, a renumbering and answers of a group
// that is gone.
func TestTurns(t *testing.T) {
	r := newTurnRig(t)
	own := ""
	s := r.snapshot()
	for _, leg := range s.GroupLegs(s.RingGroup(pbx.DefaultTenant, "sales")) {
		if leg.Member == "102" {
			own = leg.Endpoint
		}
	}
	at := time.UnixMilli(5000).UTC()
	desk, local := "PJSIP/e101-0000002a", "Local/"+own+"@dialtone-legs-00000001;1"
	for _, d := range []struct{ context, exten, channel, status string }{
		{"dial-default", "600", desk, "ANSWER"},
		{"dial-default", "600", local, "ANSWER"},
		{"dial-default", "600", local, "ANSWER"},
		// These do not count.
		{"dial-default", "600", desk, "NOANSWER"},
		{"dial-default", "101", desk, "ANSWER"},
		{"dialtone-legs", own, desk, "ANSWER"},
		{"dial-acme", "600", desk, "ANSWER"},
		{"dial-default", "600", "PJSIP/else-0000002b", "ANSWER"},
		{"dial-default", "600", strings.TrimSuffix(local, "1") + "2", "ANSWER"},
	} {
		r.handle(ami.Event{At: at, Frame: ami.ParseFrame("Event: DialEnd\r\nContext: " + d.context + "\r\nExten: " + d.exten + "\r\nDestChannel: " + d.channel + "\r\nDialStatus: " + d.status + "\r\n")})
	}
	r.Begins(pbx.DefaultTenant, "sales", "102")
	want := pbx.Turn{Last: "102", Answers: map[string]pbx.RingAnswer{"101": {At: at, Count: 1}, "102": {At: at, Count: 2}}}
	r.is("after three answers", want)
	r.note(ringMember{ringGroup{pbx.DefaultTenant, "gone"}, "101"}, func(turn *pbx.Turn) { turn.Answers["101"] = pbx.RingAnswer{At: at, Count: 9} })
	r.stop()
	r.fresh()
	r.is("after a restart", want)
	r.change(func(tx *db.Tx) error {
		_, err := tx.RenumberExtension(t.Context(), pbx.DefaultTenant, "102", "122")
		return err
	})
	r.Renumber(pbx.DefaultTenant, "102", "122")
	want.Last, want.Answers["122"] = "122", want.Answers["102"]
	delete(want.Answers, "102")
	r.is("after renumbering", want)
	r.stop()
	r.fresh()
	r.is("after renumbering and a restart", want)
	if got := r.Turn(pbx.DefaultTenant, "gone"); len(got.Answers) > 0 {
		t.Errorf("of a group that is gone %+v is left", got)
	}
	r.Forget(pbx.DefaultTenant, "sales")
	r.is("after the group was deleted", pbx.Turn{})
}
