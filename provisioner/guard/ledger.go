package guard

import (
	"slices"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// ledger has the calls outside under way and their sums, which are kept with each change: a call
// asks for them while it is decided. The Guard's lock guards it.
type ledger struct {
	calls    map[callKey]*call
	channels map[string][]*call // by the channel that calls
	numbers  map[numberKey][]*call
	sums     map[holder]pbx.Usage // Calls, Seconds and Spent; no entry without a call
}

// numberKey names what calls of a tenant have in common that reach the same number.
type numberKey struct{ tenant, number string }

func newLedger() ledger {
	return ledger{map[callKey]*call{}, map[string][]*call{}, map[numberKey][]*call{}, map[holder]pbx.Usage{}}
}

// put adds a call in place of the one with the same key.
func (l ledger) put(c *call) {
	key := callKey{c.Channel, c.Number}
	l.remove(l.calls[key])
	l.calls[key] = c
	l.channels[c.Channel] = append(l.channels[c.Channel], c)
	n := numberKey{c.Tenant, c.Number}
	l.numbers[n] = append(l.numbers[n], c)
	l.add(c, 1)
}

// remove forgets a call, nil for none, and reports whether it was there.
func (l ledger) remove(c *call) bool {
	if c == nil || l.calls[callKey{c.Channel, c.Number}] != c {
		return false
	}
	delete(l.calls, callKey{c.Channel, c.Number})
	dropFrom(l.channels, c.Channel, c)
	dropFrom(l.numbers, numberKey{c.Tenant, c.Number}, c)
	l.add(c, -1)
	return true
}

func dropFrom[K comparable](index map[K][]*call, key K, c *call) {
	index[key] = slices.DeleteFunc(index[key], func(o *call) bool { return o == c })
	if len(index[key]) == 0 {
		delete(index, key)
	}
}

// add changes the sums of a call's holders by what it reserves, times 1 or -1.
func (l ledger) add(c *call, times int) {
	for _, h := range c.holders() {
		u := l.sums[h]
		u.Calls += times
		u.Seconds += int64(times) * int64(c.Seconds)
		u.Spent += int64(times) * c.Cost(int64(c.Seconds))
		if l.sums[h] = u; u.Calls == 0 {
			delete(l.sums, h)
		}
	}
}

// like returns the calls that a leg may be of: those of the channels of its call, and those of
// its tenant to the same number.
func (l ledger) like(e Ended) (out []*call) {
	for _, channel := range append([]string{e.Channel}, e.Channels...) {
		out = append(out, l.channels[channel]...)
	}
	if e.Called {
		out = append(out, l.numbers[numberKey{e.Tenant, e.Number}]...)
	}
	return out
}
