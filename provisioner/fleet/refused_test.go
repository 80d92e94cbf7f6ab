package fleet

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// TestRefusalsAreDrift: what a phone was refused since it last got through is drift, and ends
// when it gets through.
func TestRefusalsAreDrift(t *testing.T) {
	now := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	from, week := netip.MustParseAddr("192.0.2.7"), 7*24*time.Hour
	p := &pbx.Phone{Tenant: "acme", MAC: "001565000001"}
	ask := func(at time.Time, why pbx.Refusal) pbx.PhoneFetch {
		return pbx.PhoneFetch{MAC: p.MAC, File: "001565000001.cfg", Address: from, Reason: why, At: at}
	}
	for name, tt := range map[string]struct {
		do   func(r *Refused)
		seen pbx.PhoneSeen
		want string // kinds and a word of each
	}{
		"nothing":         {func(*Refused) {}, pbx.PhoneSeen{}, ""},
		"its window":      {func(r *Refused) { r.note(ask(now, pbx.RefusedWindow)) }, pbx.PhoneSeen{}, "refused: enrolment window"},
		"another network": {func(r *Refused) { r.note(ask(now, pbx.RefusedNetwork)) }, pbx.PhoneSeen{}, "refused: phone_networks"},
		"a file":          {func(r *Refused) { r.note(ask(now, pbx.RefusedFile)) }, pbx.PhoneSeen{}, ""},
		"it got through":  {func(r *Refused) { r.note(ask(now, pbx.RefusedURL)) }, pbx.PhoneSeen{SeenAt: now.Add(time.Second)}, ""},
		"before":          {func(r *Refused) { r.note(ask(now.Add(-2*week), pbx.RefusedURL)) }, pbx.PhoneSeen{}, ""},
		"deleted":         {func(r *Refused) { r.note(ask(now, pbx.RefusedURL)); r.forget(p.MAC) }, pbx.PhoneSeen{}, ""},
		"a handshake": {func(r *Refused) {
			r.Handshake(pbx.FailedHandshake{Address: from, Reason: pbx.HandshakeVersion, Last: now})
		}, pbx.PhoneSeen{Address: from, SeenAt: now.Add(-time.Hour)}, "handshake: --phone-tls-old"},
		"of the enrolling": {func(r *Refused) {
			r.Handshake(pbx.FailedHandshake{Address: from, Reason: pbx.HandshakeOther, Last: now})
		}, pbx.PhoneSeen{GivenTo: from}, "handshake: 192.0.2.7"},
		"from elsewhere": {func(r *Refused) { r.Handshake(pbx.FailedHandshake{Address: from, Last: now}) }, pbx.PhoneSeen{Address: netip.MustParseAddr("192.0.2.8")}, ""},
	} {
		r := newRefused()
		tt.do(r)
		got := r.drift(p, tt.seen, now, week)
		kind, word, _ := strings.Cut(tt.want, ": ")
		if (len(got) > 0) != (tt.want != "") || len(got) > 0 && (string(got[0].Kind) != kind || !strings.Contains(got[0].Detail, word)) {
			t.Errorf("%s: %+v, want %s", name, got, tt.want)
		}
	}
}

// TestHandshakesAreBounded: strangers fail as often as they like.
func TestHandshakesAreBounded(t *testing.T) {
	r, at := newRefused(), time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	for i := range 2 * maxHandshakes {
		a := netip.MustParseAddr(fmt.Sprintf("198.51.%d.%d", i/250, i%250))
		r.Handshake(pbx.FailedHandshake{Address: a, Last: at.Add(time.Duration(i) * time.Second)})
		r.Handshake(pbx.FailedHandshake{Address: a, Last: at.Add(time.Duration(i) * time.Second)})
	}
	list := r.Handshakes()
	if len(list) != maxHandshakes || list[0].Count != 2 || list[0].First != list[0].Last || !list[0].Last.After(list[1].Last) {
		t.Errorf("%d: %+v %+v", len(list), list[0], list[1])
	}
}
