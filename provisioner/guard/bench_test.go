package guard

import (
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/event"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// BenchmarkCallOutside asks for a tenant and an extension, reserves and ends, while others talk.
func BenchmarkCallOutside(b *testing.B) {
	for _, others := range []int{10, 1000, 10_000} {
		b.Run(fmt.Sprint("others=", others), func(b *testing.B) {
			store, err := db.Open(b.Context(), filepath.Join(b.TempDir(), "guard.db"), db.Options{})
			if err != nil {
				b.Fatal(err)
			}
			defer store.Close()
			snapshot, err := store.Snapshot(b.Context())
			if err != nil {
				b.Fatal(err)
			}
			g, err := New(b.Context(), Options{DB: store, Log: slog.New(slog.DiscardHandler),
				Snapshot: func() *pbx.Snapshot { return snapshot }, Tell: func(event.Guard) {},
				Outside: func() (_, _ map[string]bool, known bool) { return nil, nil, false }})
			if err != nil {
				b.Fatal(err)
			}
			step := func(extension, number string) pbx.Step {
				return pbx.Step{Legs: []pbx.Leg{{Outside: number, Charge: &pbx.Charge{Extension: extension, Number: number, Seconds: 60}}}}
			}
			for n := range others {
				g.reserve(fmt.Sprint("other", n), fmt.Sprint("t", n%100), step(fmt.Sprint(n), fmt.Sprint("+49", n)), now)
			}
			e := Ended{Tenant: pbx.DefaultTenant, Extension: "101", Channel: "leg", Channels: []string{"leg", "c"}, Number: "+4930", Called: true,
				Up: now, At: now.Add(time.Second)}
			for b.Loop() {
				g.usage(holder{pbx.DefaultTenant, ""}, now)
				g.usage(holder{pbx.DefaultTenant, "101"}, now)
				g.reserve("c", pbx.DefaultTenant, step("101", "+4930"), now.Add(-time.Hour))
				g.LegEnded(e)
			}
		})
	}
}
