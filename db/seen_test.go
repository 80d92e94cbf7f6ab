package db

import (
	"net/netip"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

func sampleSeen() pbx.PhoneSeen {
	at := time.UnixMilli(1700000000123).UTC()
	return pbx.PhoneSeen{MAC: "001565aabbcc", Enrolled: "0123abcd", EnrolledAt: at, SeenAt: at.Add(1e9), FetchedAt: at.Add(2e9), Address: netip.MustParseAddr("192.0.2.9"),
		FormerAddress: netip.MustParseAddr("2001:db8::7"), AddressSince: at.Add(3e9),
		UserAgent: "Yealink SIP-T46U 108.86.0.20", Files: map[string]string{"001565aabbcc.cfg": "abcd", "x.cfg": "ef"},
		Moved: "0123abce", Given: "0123abcf", GivenTo: netip.MustParseAddr("192.0.2.10"),
		GivenAlso: netip.MustParseAddr("2001:db8::8"), GivenAlsoAt: at.Add(4e9)}
}

func TestSeenPhonesRoundTrip(t *testing.T) {
	db := openDB(t, Options{})
	first, second := sampleSeen(), pbx.PhoneSeen{MAC: "64167f000001"}
	checkEveryFieldSet(t, &first)
	if err := db.WriteSeenPhones(t.Context(), []pbx.PhoneSeen{first, second}, nil); err != nil {
		t.Fatal(err)
	}
	first.UserAgent = "Yealink SIP-T46U 108.87.0.20"
	if err := db.WriteSeenPhones(t.Context(), []pbx.PhoneSeen{first}, nil); err != nil {
		t.Fatal(err)
	}
	got, err := db.SeenPhones(t.Context())
	if diff := cmp.Diff([]pbx.PhoneSeen{first, second}, got, compareAddr); diff != "" || err != nil {
		t.Error(err, diff)
	}
	if err := db.WriteSeenPhones(t.Context(), nil, []pbx.MAC{first.MAC, second.MAC}); err != nil {
		t.Fatal(err)
	}
	if got, err := db.SeenPhones(t.Context()); err != nil || len(got) != 0 {
		t.Errorf("after forgetting: %v %v", got, err)
	}
}

// A phone that the version before has enrolled was given its own URL at once: there is no
// other URL left for anybody.
func TestEnrolledPhonesOfOldHaveMoved(t *testing.T) {
	path := filepath.Join(t.TempDir(), "old.db")
	load(t, "testdata/version-21.sql", path)
	db := openAt(t, path, Options{})
	got, err := db.SeenPhones(t.Context())
	if err != nil || len(got) != 1 || got[0].Enrolled == "" || got[0].Moved != got[0].Enrolled || got[0].GivenTo.IsValid() {
		t.Errorf("%+v %v", got, err)
	}
	s, err := db.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if p := s.Phone(got[0].MAC); p == nil || p.URLSecret.IsZero() || !p.FormerSecret.IsZero() || p.FormerMAC != "" || p.FormerModel != "" {
		t.Errorf("the phone of old is %+v", p)
	}
}
