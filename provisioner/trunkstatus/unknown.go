package trunkstatus

import (
	"cmp"
	"slices"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/event"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// tellPause is how long a number is not told of again.
const tellPause = time.Hour

// maxUnknownText bounds a number that is kept, in bytes. None of E.164 is as long.
const maxUnknownText = 40

// Unknown notes that the carrier of a trunk's endpoint has called a number that no tenant has.
// Of each trunk the numbers called last are kept, and each is told of once an hour at most; a
// carrier that calls ever new ones is told of as often as there are places.
func (w *Watcher) Unknown(endpoint, number string) {
	t := w.o.Snapshot().TrunkOf(endpoint)
	if t == nil {
		return
	}
	number = number[:min(len(number), maxUnknownText)]
	w.mu.Lock()
	defer w.mu.Unlock()
	now, list := time.Now(), w.unknown[endpoint]
	i := slices.IndexFunc(list, func(u pbx.UnknownNumber) bool { return u.Number == number })
	if i < 0 {
		u := pbx.UnknownNumber{Number: number, First: now}
		if len(list) < pbx.MaxUnknownNumbers {
			list, i = append(list, u), len(list)
		} else {
			oldest := slices.MinFunc(list, func(a, b pbx.UnknownNumber) int { return a.Last.Compare(b.Last) })
			i = slices.Index(list, oldest)
			if now.Sub(oldest.Told) < tellPause {
				u.Told = oldest.Told // the place has told
			}
			list[i] = u
		}
	}
	u := &list[i]
	u.Count, u.Last = u.Count+1, now
	if u.Told.IsZero() || now.Sub(u.Told) >= tellPause {
		u.Told = now
		w.o.Log.Warn("a carrier calls a number that no tenant has", "tenant", t.Tenant, "trunk", t.Name, "number", number)
		w.o.Events.Publish(t.Tenant, event.UnknownNumber{Tenant: t.Tenant, Trunk: t.Name, Number: number, Count: u.Count})
	}
	w.unknown[endpoint] = list
}

// UnknownOf returns the unknown numbers that a trunk's carrier has called, the last first.
func (w *Watcher) UnknownOf(endpoint string) []pbx.UnknownNumber {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := slices.Clone(w.unknown[endpoint])
	slices.SortFunc(out, func(a, b pbx.UnknownNumber) int {
		return cmp.Or(b.Last.Compare(a.Last), cmp.Compare(a.Number, b.Number))
	})
	return out
}
