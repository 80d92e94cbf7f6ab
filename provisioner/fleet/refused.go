package fleet

import (
	"cmp"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// maxHandshakes bounds the addresses whose failed handshakes are kept. Beyond that the one
// that failed last the longest ago makes place.
const maxHandshakes = 1000

// Refused keeps what phones asked for in vain, since the start: the last refused request of
// each phone, and failed TLS handshakes by address. Requests are in the database as well.
type Refused struct {
	mu         sync.Mutex
	phones     map[pbx.MAC]pbx.PhoneFetch
	handshakes map[netip.Addr]*pbx.FailedHandshake
}

func newRefused() *Refused {
	return &Refused{phones: map[pbx.MAC]pbx.PhoneFetch{}, handshakes: map[netip.Addr]*pbx.FailedHandshake{}}
}

// Handshake notes a failed handshake.
func (r *Refused) Handshake(h pbx.FailedHandshake) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if old := r.handshakes[h.Address]; old != nil {
		h.First, h.Count = old.First, old.Count
	} else {
		h.First = h.Last
		if len(r.handshakes) >= maxHandshakes {
			delete(r.handshakes, r.oldest())
		}
	}
	h.Count++
	r.handshakes[h.Address] = &h
}

// oldest is the address whose last failure is the longest ago.
func (r *Refused) oldest() (out netip.Addr) {
	var at time.Time
	for a, h := range r.handshakes {
		if at.IsZero() || h.Last.Before(at) {
			out, at = a, h.Last
		}
	}
	return out
}

// Handshakes returns the failed handshakes, the last one first.
func (r *Refused) Handshakes() []pbx.FailedHandshake {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := make([]pbx.FailedHandshake, 0, len(r.handshakes))
	for _, h := range r.handshakes {
		out = append(out, *h)
	}
	slices.SortFunc(out, func(a, b pbx.FailedHandshake) int {
		return cmp.Or(b.Last.Compare(a.Last), a.Address.Compare(b.Address))
	})
	return out
}

// note keeps a refused request of a phone of ours. Files that phones of its make do not have
// are asked for at each boot, and mean nothing.
func (r *Refused) note(f pbx.PhoneFetch) {
	if f.Reason == "" || f.Reason == pbx.RefusedFile || f.Reason == pbx.RefusedNothing {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.phones[f.MAC] = f
}

// forget drops what a deleted phone was refused.
func (r *Refused) forget(mac pbx.MAC) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.phones, mac)
}

// since are the last refused request of a phone and the last failed handshake from an
// address, as far as they are later than a time.
func (r *Refused) since(at time.Time, mac pbx.MAC, from netip.Addr) (f pbx.PhoneFetch, h pbx.FailedHandshake) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if found := r.phones[mac]; found.At.After(at) {
		f = found
	}
	if found := r.handshakes[from]; found != nil && found.Last.After(at) {
		h = *found
	}
	return f, h
}

// remedies say what helps a phone that was refused.
var remedies = map[pbx.Refusal]string{
	pbx.RefusedWindow:      "its enrolment window is closed: open it again (POST …/phones/enrol)",
	pbx.RefusedNetwork:     "this is not one of the tenant's phone_networks",
	pbx.RefusedCertificate: "it showed the certificate of another phone",
	pbx.RefusedURL: "the secret in its URL is not the phone's, or has ended: give it enrol_url and enrol it " +
		"again",
}

// drift says what a phone was refused since it last got through.
func (r *Refused) drift(p *pbx.Phone, seen pbx.PhoneSeen, now time.Time, patience time.Duration) []DriftReason {
	from := seen.Address
	if !from.IsValid() {
		from = seen.GivenTo
	}
	since := seen.SeenAt
	if oldest := now.Add(-patience); since.Before(oldest) {
		since = oldest
	}
	f, h := r.since(since, p.MAC, from)
	var out []DriftReason
	if f.Reason != "" {
		out = append(out, reason(DriftRefused, "a request that names it, for %s from %s at %s, was refused: %s",
			cmp.Or(f.File, "no file"), f.Address, f.At.UTC().Format(time.RFC3339), remedies[f.Reason])...)
	}
	if h.Count > 0 {
		text := "a TLS handshake from its address " + h.Address.String() + " failed at " +
			h.Last.UTC().Format(time.RFC3339) + ": " + h.Detail
		if remedy := h.Reason.Remedy(); remedy != "" {
			text += "; what helps is " + remedy
		}
		out = append(out, DriftReason{DriftHandshake, text})
	}
	return out
}
