package fleet

import (
	"log/slog"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

func seenPhone(mac pbx.MAC, v pbx.Vendor, secret string) *pbx.Phone {
	return &pbx.Phone{Tenant: "default", MAC: mac, Vendor: v, Model: "T46U", URLSecret: pbx.NewSecret(secret)}
}

func seenSnapshot(revision int64, ps ...*pbx.Phone) *pbx.Snapshot {
	return pbx.NewSnapshot(revision, pbx.Rows{Tenants: []*pbx.Tenant{{Name: "default", Timezone: "UTC"}}, Phones: ps})
}

func TestFullFileByItsOwnURLEnrols(t *testing.T) {
	yealink, polycom := seenPhone("001565aabbcc", pbx.Yealink, "one"), seenPhone("64167f000001", pbx.Polycom, "two")
	var snapshot atomic.Pointer[pbx.Snapshot]
	snapshot.Store(seenSnapshot(1, yealink, polycom))
	d := openStore(t)
	s, err := newSightings(t.Context(), d, slog.New(slog.DiscardHandler), snapshot.Load)
	if err != nil {
		t.Fatal(err)
	}
	note := func(mac pbx.MAC, file, hash string, own bool, at time.Time) {
		s.note(pbx.PhoneFetch{MAC: mac, File: file, Status: 200, Hash: hash, Own: own, Address: netip.MustParseAddr("192.0.2.7"), UserAgent: "Yealink SIP-T46U 108.86.0.90", At: at})
	}
	note(yealink.MAC, "001565aabbcc.cfg", "aa", false, noon)
	note(yealink.MAC, "001565aabbcc.cfg", "", true, noon)
	note(yealink.MAC, "001565aabbcc-contact.xml", "aa", true, noon)
	note(polycom.MAC, "64167f000001.cfg", "aa", true, noon)
	note(polycom.MAC, "64167f000001-phone.cfg", "aa", true, noon)
	note("020000000001", "020000000001.cfg", "aa", true, noon)
	if s.Enrolled(yealink) || s.Enrolled(polycom) {
		t.Error("enrolled without proof of the full file")
	}
	note(yealink.MAC, "001565aabbcc.cfg", "bb", true, noon.Add(time.Second))
	note(polycom.MAC, "64167f000001-reg.cfg", "cc", true, noon.Add(time.Second))
	if !s.Enrolled(yealink) || !s.Enrolled(polycom) || s.Of(yealink).EnrolledAt != noon.Add(time.Second) || s.Of(yealink).Files["001565aabbcc.cfg"] != "bb" {
		t.Errorf("not enrolled: %+v", s.Of(yealink))
	}
	if again := seenPhone(yealink.MAC, pbx.Yealink, "a new secret"); s.Enrolled(again) || !s.Of(again).EnrolledAt.IsZero() {
		t.Error("a new secret does not open the window again")
	}
	store(t, s.changed)
	if s, err = newSightings(t.Context(), d, s.log, snapshot.Load); err != nil {
		t.Fatal(err)
	}
	if !s.Enrolled(yealink) || !s.Enrolled(polycom) {
		t.Error("a restart forgets who enrolled")
	}
	snapshot.Store(seenSnapshot(2, polycom))
	store(t, s.changed)
	if list, err := d.SeenPhones(t.Context()); err != nil || len(list) != 1 || list[0].MAC != polycom.MAC || s.Enrolled(yealink) {
		t.Errorf("a deleted phone is remembered: %+v %v", list, err)
	}
}

func TestSeenKeepsTheFormerAddress(t *testing.T) {
	p := seenPhone("001565aabbcc", pbx.Yealink, "one")
	s, err := newSightings(t.Context(), openStore(t), slog.New(slog.DiscardHandler), func() *pbx.Snapshot { return seenSnapshot(1, p) })
	if err != nil {
		t.Fatal(err)
	}
	for i, address := range []string{"192.0.2.7", "192.0.2.7", "192.0.2.8", "192.0.2.8"} {
		s.note(pbx.PhoneFetch{MAC: p.MAC, Own: true, Address: netip.MustParseAddr(address), UserAgent: "FileTransport PolycomVVX-VVX_450-UA/5.0 Type/Updater", At: noon.Add(time.Duration(i) * time.Hour)})
	}
	if got := s.Of(p); got.Address.String() != "192.0.2.8" || got.FormerAddress.String() != "192.0.2.7" || got.AddressSince != noon.Add(2*time.Hour) || got.SeenAt != noon.Add(3*time.Hour) || got.UserAgent != "" {
		t.Errorf("%+v", got)
	}
}

// The enrolment URL ends with the first use of the phone's own, and not with its own use.
func TestUseOfTheOwnURLMovesAPhone(t *testing.T) {
	p := seenPhone("001565aabbcc", pbx.Yealink, "one")
	d := openStore(t)
	open := func() *Sightings {
		s, err := newSightings(t.Context(), d, slog.New(slog.DiscardHandler), func() *pbx.Snapshot { return seenSnapshot(1, p) })
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	s := open()
	fetch := pbx.PhoneFetch{MAC: p.MAC, File: "001565aabbcc.cfg", Status: 200, Hash: "aa", Own: true, Enrolling: true, At: noon}
	s.note(fetch)
	if s.Moved(p) || !s.Enrolled(p) {
		t.Errorf("after the full file by the enrolment URL: moved %v, enrolled %v", s.Moved(p), s.Enrolled(p))
	}
	fetch.Enrolling, fetch.File = false, "001565aabbcc.boot"
	s.note(fetch)
	store(t, s.changed)
	if s = open(); !s.Moved(p) {
		t.Error("the use of its own URL does not count, or a restart forgets it")
	}
	if again := seenPhone(p.MAC, pbx.Yealink, "two"); s.Moved(again) {
		t.Error("a phone that is to enrol again has moved already")
	}
}

// A phone that asks by the URL before has neither moved nor enrolled: it may be reset yet,
// and the generic URL must then lead it to its files.
func TestUseOfTheFormerURLEndsNothing(t *testing.T) {
	p := seenPhone("001565aabbcc", pbx.Yealink, "one")
	p.EnrolAgain(true, noon.Add(time.Hour))
	s, err := newSightings(t.Context(), openStore(t), slog.New(slog.DiscardHandler), func() *pbx.Snapshot { return seenSnapshot(1, p) })
	if err != nil {
		t.Fatal(err)
	}
	fetch := pbx.PhoneFetch{MAC: p.MAC, File: "001565aabbcc.cfg", Status: 200, Hash: "aa", Own: true, Former: true, At: noon}
	s.note(fetch)
	if s.Moved(p) || s.Enrolled(p) || s.Of(p).Files[fetch.File] != "aa" {
		t.Errorf("by the URL before: moved %v, enrolled %v, %+v", s.Moved(p), s.Enrolled(p), s.Of(p))
	}
	fetch.Former = false
	s.note(fetch)
	if !s.Moved(p) || !s.Enrolled(p) {
		t.Errorf("by the new URL: moved %v, enrolled %v", s.Moved(p), s.Enrolled(p))
	}
}

func TestEnrolmentURLGivenToTwoNetworks(t *testing.T) {
	p := seenPhone("001565aabbcc", pbx.Yealink, "one")
	s, err := newSightings(t.Context(), openStore(t), slog.New(slog.DiscardHandler), func() *pbx.Snapshot { return seenSnapshot(1, p) })
	if err != nil {
		t.Fatal(err)
	}
	given := func(address, hash string) pbx.PhoneSeen {
		s.note(pbx.PhoneFetch{MAC: p.MAC, File: "001565aabbcc.cfg", Status: 200, Hash: hash, Address: netip.MustParseAddr(address), At: noon})
		return s.Of(p)
	}
	for _, address := range []string{"2001:db8:0:1::7", "2001:db8:0:1::8"} {
		if got := given(address, "aa"); got.GivenTo.String() != "2001:db8:0:1::7" || got.GivenAlso.IsValid() || !got.SeenAt.IsZero() {
			t.Errorf("one network: %+v", got)
		}
	}
	if got := given("198.51.100.7", ""); got.GivenAlso.IsValid() {
		t.Errorf("a refusal counts: %+v", got)
	}
	if got := given("198.51.100.7", "aa"); got.GivenAlso.String() != "198.51.100.7" || got.GivenAlsoAt != noon {
		t.Errorf("another network: %+v", got)
	}
	if got := s.Of(seenPhone(p.MAC, pbx.Yealink, "two")); got.GivenTo.IsValid() || got.GivenAlso.IsValid() {
		t.Errorf("it is to enrol again: %+v", got)
	}
}

// A network from which a phone asked by its own URL is home to new phones; a stranger at
// the generic URL makes none.
func TestHomesAreWherePhonesAsk(t *testing.T) {
	p := seenPhone("001565aabbcc", pbx.Yealink, "one")
	d := openStore(t)
	snapshot := seenSnapshot(1, p)
	s, err := newSightings(t.Context(), d, slog.New(slog.DiscardHandler), func() *pbx.Snapshot { return snapshot })
	if err != nil {
		t.Fatal(err)
	}
	office, away := netip.MustParseAddr("192.0.2.7"), netip.MustParseAddr("198.51.100.7")
	s.note(pbx.PhoneFetch{MAC: p.MAC, File: "001565aabbcc.cfg", Hash: "aa", Address: away, At: noon})
	s.note(pbx.PhoneFetch{MAC: p.MAC, File: "001565aabbcc.cfg", Hash: "aa", Own: true, Address: office, At: noon})
	if !s.Home(office) || s.Home(away) {
		t.Errorf("the office is home: %v, a stranger's network: %v", s.Home(office), s.Home(away))
	}
	store(t, s.changed)
	if s, err = newSightings(t.Context(), d, s.log, s.snapshot); err != nil || !s.Home(office) {
		t.Error("a restart forgets homes", err)
	}
	snapshot = seenSnapshot(2)
	store(t, s.changed)
	if s.Home(office) {
		t.Error("the home of a deleted phone is kept")
	}
}
