package guard

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// TestSumsAreThoseOfTheCalls: whatever comes and goes, sums and indexes say what the calls say.
func TestSumsAreThoseOfTheCalls(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l, word := newLedger(), func(label string) string { return rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, label) }
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			c := &call{Reservation: pbx.Reservation{Channel: word("channel"), Tenant: word("tenant"), Charge: pbx.Charge{
				Extension: word("extension"), Number: word("number"), Seconds: rapid.IntRange(0, 200).Draw(t, "seconds"), Price: 3}}}
			if rapid.Bool().Draw(t, "put") {
				l.put(c)
			} else if there := l.calls[callKey{c.Channel, c.Number}]; l.remove(there) != (there != nil) {
				t.Fatal("what is removed was there")
			}
		}
		want, channels, numbers := map[holder]pbx.Usage{}, 0, 0
		for _, c := range l.calls {
			for _, h := range c.holders() {
				u := want[h]
				want[h] = pbx.Usage{Calls: u.Calls + 1, Seconds: u.Seconds + int64(c.Seconds), Spent: u.Spent + c.Cost(int64(c.Seconds))}
			}
		}
		for _, list := range l.channels {
			channels += len(list)
		}
		for _, list := range l.numbers {
			numbers += len(list)
		}
		if diff := cmp.Diff(want, l.sums); diff != "" || channels != len(l.calls) || numbers != len(l.calls) {
			t.Fatalf("%d by channel, %d by number, of %d\n%s", channels, numbers, len(l.calls), diff)
		}
	})
}
