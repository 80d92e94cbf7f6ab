package callflow

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/dialtone-pbx/dialtone/ari"
	"github.com/dialtone-pbx/dialtone/ari/aritest"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// lampBoard keeps device states as Asterisk does, and every order in the order it came.
type lampBoard struct {
	mu     sync.Mutex
	states map[string]string
	orders []string
}

// took returns the orders since the last call, sorted.
func (b *lampBoard) took() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := slices.Sorted(slices.Values(b.orders))
	b.orders = nil
	return out
}

func newLampBoard(s *aritest.Server, states map[string]string) *lampBoard {
	b := &lampBoard{states: states}
	locked := func(pattern string, f func(r aritest.Request) string) {
		s.Handle(pattern, func(r aritest.Request) aritest.Answer {
			b.mu.Lock()
			defer b.mu.Unlock()
			return aritest.Answer{Body: f(r)}
		})
	}
	locked("GET /deviceStates", func(aritest.Request) string {
		var list []string
		for name, state := range maps.All(b.states) {
			list = append(list, fmt.Sprintf(`{"name":%q,"state":%q}`, name, state))
		}
		return "[" + strings.Join(list, ",") + "]"
	})
	locked("PUT /deviceStates/*", func(r aritest.Request) string {
		b.states[r.Segment(1)] = r.Field("deviceState")
		b.orders = append(b.orders, strings.TrimPrefix(r.Segment(1), pbx.LampPrefix)+" "+r.Field("deviceState"))
		return ""
	})
	locked("DELETE /deviceStates/*", func(r aritest.Request) string {
		delete(b.states, r.Segment(1))
		return ""
	})
	return b
}

// Lamps of settings are set and taken away, and those of extensions whose devices have
// changed are looked at again, once; a lit one needs no look.
func TestLampsFollowTheirDevices(t *testing.T) {
	server := aritest.NewServer(t)
	board := newLampBoard(server, map[string]string{"Stasis:dialtone.do_not_disturb.acme.999": "INUSE", "Stasis:other": "INUSE"})
	client := ari.New(ari.Options{URL: server.URL(), Username: aritest.Username, Password: aritest.Password, App: pbx.StasisApp})
	t.Cleanup(client.Close)
	desk := &pbx.Device{Tenant: "acme", Name: "desk", Endpoint: "desk", Extension: "101"}
	var s *pbx.Snapshot
	put := func(quiet bool, devices ...*pbx.Device) {
		s = pbx.NewSnapshot(1, pbx.Rows{
			Tenants: []*pbx.Tenant{{Name: "acme"}},
			Extensions: []*pbx.Extension{{Tenant: "acme", Number: "101", Presence: true},
				{Tenant: "acme", Number: "102", Presence: true, DoNotDisturb: quiet}},
			Devices: devices,
		})
	}
	lamps := NewLamps(client, func() *pbx.Snapshot { return s }, slog.New(slog.DiscardHandler))
	settle := func(want ...string) {
		t.Helper()
		if err := lamps.settle(context.WithoutCancel(t.Context())); err != nil {
			t.Fatal(err)
		}
		if got := board.took(); !slices.Equal(got, want) {
			t.Errorf("orders %q, want %q", got, want)
		}
	}
	put(true, desk)
	settle("do_not_disturb.acme.102 INUSE", "do_not_disturb.acme.999 INVALID")
	settle()
	moved := *desk
	moved.Extension = "102"
	put(true, &moved)
	settle("do_not_disturb.acme.101 INVALID")
	settle()
	put(false, &moved)
	settle("do_not_disturb.acme.102 INVALID")
	if left := board.states; len(left) != 1 || left["Stasis:other"] != "INUSE" {
		t.Errorf("left are %v", left)
	}
}
