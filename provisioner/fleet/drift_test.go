package fleet

import (
	"errors"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

func TestDriftOfOnePhone(t *testing.T) {
	const week = 7 * 24 * time.Hour
	phone := func() *pbx.Phone {
		return &pbx.Phone{MAC: "001565aabbcc", Vendor: pbx.Yealink, Model: "T46U", EnrolUntil: noon.Add(-time.Hour)}
	}
	want := wantedFiles{hashes: map[string]string{"001565aabbcc.cfg": "new", "001565aabbcc-extra.cfg": "same"}}
	fine := func() pbx.PhoneSeen {
		return pbx.PhoneSeen{FetchedAt: noon, SeenAt: noon, Address: netip.MustParseAddr("192.0.2.8"), AddressSince: noon, UserAgent: "Yealink SIP-T46U 108.87.0.15",
			Files: map[string]string{"001565aabbcc.cfg": "new"}}
	}
	for _, c := range []struct {
		name   string
		change func(*pbx.Phone, *pbx.PhoneSeen, *wantedFiles)
		want   []DriftKind
	}{
		{"all is well", func(*pbx.Phone, *pbx.PhoneSeen, *wantedFiles) {}, nil},
		{"an old file", func(_ *pbx.Phone, s *pbx.PhoneSeen, _ *wantedFiles) { s.Files["001565aabbcc.cfg"] = "old" }, []DriftKind{DriftOldFile}},
		{"an old second file", func(_ *pbx.Phone, s *pbx.PhoneSeen, _ *wantedFiles) { s.Files["001565aabbcc-extra.cfg"] = "old" }, []DriftKind{DriftOldFile}},
		{"only another file", func(_ *pbx.Phone, s *pbx.PhoneSeen, _ *wantedFiles) {
			s.Files = map[string]string{"001565aabbcc-extra.cfg": "same"}
		}, []DriftKind{DriftOldFile}},
		{"nothing yet, window open", func(p *pbx.Phone, s *pbx.PhoneSeen, _ *wantedFiles) {
			*s, p.EnrolUntil = pbx.PhoneSeen{}, noon.Add(time.Hour)
		}, nil},
		{"nothing, window over", func(_ *pbx.Phone, s *pbx.PhoneSeen, _ *wantedFiles) { *s = pbx.PhoneSeen{} }, []DriftKind{DriftNever}},
		{"silent", func(_ *pbx.Phone, s *pbx.PhoneSeen, _ *wantedFiles) { s.SeenAt = noon.Add(-week) }, []DriftKind{DriftSilent}},
		{"silent for a little less", func(_ *pbx.Phone, s *pbx.PhoneSeen, _ *wantedFiles) { s.SeenAt = noon.Add(1 - week) }, nil},
		{"another branch that its files are good for", func(_ *pbx.Phone, s *pbx.PhoneSeen, _ *wantedFiles) { s.UserAgent = "Yealink SIP-T46U 108.86.0.15" }, nil},
		{"a branch too old for its files", func(_ *pbx.Phone, s *pbx.PhoneSeen, _ *wantedFiles) { s.UserAgent = "Yealink SIP-T46U 108.73.0.15" }, []DriftKind{DriftFirmware}},
		{"a longer number", func(_ *pbx.Phone, s *pbx.PhoneSeen, _ *wantedFiles) { s.UserAgent = "Yealink SIP-T46U 108.870.0.15" }, nil},
		{"the firmware that it is to run", func(_ *pbx.Phone, s *pbx.PhoneSeen, w *wantedFiles) {
			s.UserAgent, w.firmware = "Yealink SIP-T46U 108.86.0.90", "hash/T46U-108.86.0.90.rom"
		}, nil},
		{"not the firmware that it is to run", func(_ *pbx.Phone, _ *pbx.PhoneSeen, w *wantedFiles) { w.firmware = "hash/T46U-108.86.0.90.rom" }, []DriftKind{DriftFirmware}},
		{"a firmware whose name tells nothing", func(_ *pbx.Phone, _ *pbx.PhoneSeen, w *wantedFiles) { w.firmware = "hash/new.rom" }, nil},
		{"another model", func(_ *pbx.Phone, s *pbx.PhoneSeen, _ *wantedFiles) { s.UserAgent = "Yealink SIP-T54W 96.86.0.70" }, []DriftKind{DriftModel}},
		{"a model nobody knows", func(p *pbx.Phone, s *pbx.PhoneSeen, _ *wantedFiles) {
			p.Model, s.UserAgent = "T99X", "Yealink SIP-T99X 1.2.3.4"
		}, nil},
		{"no word of itself", func(_ *pbx.Phone, s *pbx.PhoneSeen, _ *wantedFiles) { s.UserAgent = "" }, nil},
		{"a new address", func(_ *pbx.Phone, s *pbx.PhoneSeen, _ *wantedFiles) {
			s.FormerAddress = netip.MustParseAddr("192.0.2.7")
		}, []DriftKind{DriftNewAddress}},
		{"an address that is no news", func(_ *pbx.Phone, s *pbx.PhoneSeen, _ *wantedFiles) {
			s.FormerAddress, s.AddressSince = netip.MustParseAddr("192.0.2.7"), noon.Add(-week)
		}, nil},
		{"its enrolment given to two networks", func(_ *pbx.Phone, s *pbx.PhoneSeen, _ *wantedFiles) {
			s.GivenTo, s.GivenAlso, s.GivenAlsoAt = netip.MustParseAddr("192.0.2.7"), netip.MustParseAddr("198.51.100.7"), noon.Add(-time.Hour)
		}, []DriftKind{DriftShared}},
		{"its enrolment given to two networks, nothing fetched", func(p *pbx.Phone, s *pbx.PhoneSeen, _ *wantedFiles) {
			p.EnrolUntil = noon.Add(time.Hour)
			*s = pbx.PhoneSeen{GivenTo: netip.MustParseAddr("192.0.2.7"), GivenAlso: netip.MustParseAddr("198.51.100.7"), GivenAlsoAt: noon}
		}, []DriftKind{DriftShared}},
		{"its enrolment given to two networks long ago", func(_ *pbx.Phone, s *pbx.PhoneSeen, _ *wantedFiles) {
			s.GivenTo, s.GivenAlso, s.GivenAlsoAt = netip.MustParseAddr("192.0.2.7"), netip.MustParseAddr("198.51.100.7"), noon.Add(-week)
		}, nil},
		{"broken", func(_ *pbx.Phone, _ *pbx.PhoneSeen, w *wantedFiles) { w.err = errors.New("no zone") }, []DriftKind{DriftBroken}},
	} {
		p, s, w := phone(), fine(), want
		c.change(p, &s, &w)
		var got []DriftKind
		for _, r := range driftOf(p, s, w, noon, week) {
			got = append(got, r.Kind)
			if !slices.Contains(DriftKinds(), r.Kind) || r.Detail == "" {
				t.Errorf("%s: %+v", c.name, r)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}
