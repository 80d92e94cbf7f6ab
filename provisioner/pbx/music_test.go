package pbx

import (
	"strings"
	"testing"
)

func TestMusic(t *testing.T) {
	hash := func(c string) string { return strings.Repeat(c, 64) }
	s := NewSnapshot(1, Rows{
		Tenants: []*Tenant{{Name: "default", Music: []string{"summer"}}, {Name: "acme"}},
		Extensions: []*Extension{{Tenant: "default", Number: "101", Music: []string{"winter", "summer"}},
			{Tenant: "default", Number: "102"}, {Tenant: "default", Number: "103", Music: []string{"empty"}},
			{Tenant: "acme", Number: "101", Music: []string{"summer"}}},
		RingGroups: []*RingGroup{{Tenant: "default", Name: "sales", Number: "600", Music: []string{"winter"}}},
		Announcements: []*Announcement{{Tenant: "default", Name: "summer", Sound: hash("a")},
			{Tenant: "default", Name: "winter", Sound: hash("b")}, {Tenant: "default", Name: "empty"}},
	})
	for at, want := range map[string]string{"101": "b a", "102": "a", "103": "a", "999": "a"} {
		m := s.MusicOfExtension("default", at)
		if got := strings.Join(m.Sounds, " "); got != strings.NewReplacer("a", hash("a"), "b", hash("b")).Replace(want) {
			t.Errorf("%s plays %s", at, got)
		}
		if !strings.HasPrefix(m.Class, "dialtone-") || len(m.Class) != 41 {
			t.Errorf("%s: class %q", at, m.Class)
		}
	}
	if m := s.MusicOfExtension("acme", "101"); m.Class != "" {
		t.Errorf("another tenant's announcement is played: %v", m)
	}
	if m := s.MusicOfGroup(s.RingGroups[0]); m.Class == "" || m.Class == s.MusicOfTenant("default").Class {
		t.Errorf("the group plays %v", m)
	}
	all := s.AllMusic()
	if len(all) != 3 || all[0].Class >= all[1].Class || all[1].Class >= all[2].Class {
		t.Errorf("%v", all)
	}
}

func TestMusicIsBounded(t *testing.T) {
	for field, names := range map[string][]string{"music": make([]string, maxMusic+1), "music[1]": {"a", "a"}, "music[0]": {"a b"}} {
		var es Errors
		checkMusic(&es, names)
		if err := es.Err(); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%s: %v", field, err)
		}
	}
}
