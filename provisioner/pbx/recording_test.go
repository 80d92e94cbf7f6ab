package pbx

import (
	"testing"
	"time"
)

func TestParseRecording(t *testing.T) {
	r, err := ParseRecording("acme", "20261122T091032Z_100_lobby_pbx-1795338632.8")
	if err != nil || r.From != "100" || r.To != "lobby" || !r.Started.Equal(time.Date(2026, 11, 22, 9, 10, 32, 0, time.UTC)) {
		t.Errorf("%+v %v", r, err)
	}
	if r.Bytes = 44 + 24000; r.Length() != 1500*time.Millisecond {
		t.Errorf("it plays %v", r.Length())
	}
	for _, bad := range []string{"", "x", "../20261122T091032Z_1_2_3", "20261122T091032Z_1_2_3/x", "20261122T091032Z_1_2_", "20261122T991032Z_1_2_3", "20261122T091032Z_1_2_3\n", "20261122T091032Z_1_2_3.wav/.."} {
		if _, err := ParseRecording("acme", bad); err == nil || err.Field != "name" {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// A name that we make is one that we read.
func TestRecordingName(t *testing.T) {
	at := time.Date(2026, 11, 22, 10, 10, 32, 5, time.FixedZone("CET", 3600))
	name := RecordingName(at, "+49 301", "*55/..", "pbx/1795338632.8")
	if want := "20261122T091032Z_49301_55_pbx1795338632.8"; name != want {
		t.Errorf("%s, want %s", name, want)
	}
	if r, err := ParseRecording("acme", name); err != nil || r.From != "49301" || r.To != "55" {
		t.Errorf("%+v %v", r, err)
	}
}

// TestRecordedRoute: a call is recorded when either end is to be.
func TestRecordedRoute(t *testing.T) {
	s := office()
	for recorded, want := range map[string]string{"": "dial-acme", "101": "record-acme", "102": "record-acme", "103": "dial-acme"} {
		if e := s.Extension("acme", recorded); e != nil {
			e.Record = true
		}
		step := Route(s, Call{Tenant: "acme", Dialled: "101", Endpoint: "dacmehall"}, time.Time{}).Steps[0]
		if got := step.Context("acme"); got != want {
			t.Errorf("with %q recorded the call goes to %s, want %s", recorded, got, want)
		}
		if e := s.Extension("acme", recorded); e != nil {
			e.Record = false
		}
	}
}
