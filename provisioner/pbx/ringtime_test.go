package pbx

import (
	"fmt"
	"slices"
	"testing"
)

// How long each order rings, by the times of the devices, of the extension (20 s) and of the
// forward when nobody answers.
func TestRingTimes(t *testing.T) {
	for _, tt := range []struct {
		name     string
		mode     RingMode
		devices  []int // ring_seconds, one order each
		noAnswer int
		want     string // seconds of each dial; at once, of each leg
	}{
		{"at once, by the extension", RingAll, []int{0, 0}, 0, "[20 20]"},
		{"at once, one longer than the extension", RingAll, []int{60, 0}, 0, "[60 20]"},
		{"at once, one shorter", RingAll, []int{5, 0}, 0, "[5 20]"},
		{"at once until no_answer", RingAll, []int{60, 5, 0}, 30, "[30 5 30]"},
		{"in sequence, by the extension", RingSequence, []int{0, 0}, 0, "[20 20]"},
		{"in sequence, each its own", RingSequence, []int{60, 5, 0}, 0, "[60 5 20]"},
		{"in sequence until no_answer", RingSequence, []int{0, 0}, 10, "[5 5]"},
		{"in sequence until no_answer, shared with a rest", RingSequence, []int{0, 0, 0}, 20, "[6 7 7]"},
		{"in sequence until no_answer, what own times leave", RingSequence, []int{0, 15, 0}, 40, "[12 15 13]"},
		{"in sequence, own times beyond no_answer", RingSequence, []int{15, 15, 15}, 20, "[15 5]"},
		{"in sequence, too short to share", RingSequence, []int{0, 0, 0}, 5, "[5]"},
		{"in sequence, no_answer longer than all", RingSequence, []int{10, 10}, 300, "[10 10]"},
	} {
		var ds []*Device
		for i, seconds := range tt.devices {
			name := fmt.Sprintf("d%d", i)
			ds = append(ds, &Device{Tenant: "acme", Name: name, Extension: "101", Endpoint: name, Kind: DeviceSIP, RingOrder: i + 1,
				RingSeconds: seconds})
		}
		e := &Extension{Tenant: "acme", Number: "101", RingSeconds: 20, Ring: tt.mode}
		rows := Rows{Tenants: []*Tenant{{Name: "acme"}}, Extensions: []*Extension{e}, Devices: ds}
		if tt.noAnswer > 0 {
			rows.Forwards = []*Forward{{Tenant: "acme", Extension: "101", Mode: ForwardOff, NoAnswerSeconds: tt.noAnswer}}
		}
		var got []int
		for _, r := range NewSnapshot(1, rows).Rings(e) {
			if tt.mode == RingSequence {
				got = append(got, r.Seconds)
				continue
			}
			longest := 0
			for _, l := range r.Legs {
				seconds := r.Seconds
				if l.Own != nil {
					seconds = l.Own.Seconds
				}
				got, longest = append(got, seconds), max(longest, seconds)
			}
			if r.Seconds != slices.Max(got) || longest != r.Seconds {
				t.Errorf("%s: the dial takes %d seconds", tt.name, r.Seconds)
			}
		}
		if fmt.Sprint(got) != tt.want {
			t.Errorf("%s: %v, want %s", tt.name, got, tt.want)
		}
	}
}
