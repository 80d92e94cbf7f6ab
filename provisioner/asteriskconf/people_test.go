package asteriskconf

import (
	"strings"
	"testing"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
	"github.com/dialtone-pbx/dialtone/templates"
)

// TestPeopleRender: language and zone of a user stand in the device's endpoint and
// in the mailbox, and nowhere when there is no user.
func TestPeopleRender(t *testing.T) {
	u := &pbx.User{Tenant: "default", Username: "alice", Extension: "101", Language: "pt_BR", Timezone: "America/Sao_Paulo"}
	nothing := func(*pbx.Tenant, *pbx.Extension, *pbx.Device, *pbx.Mailbox) {}
	of := func(u *pbx.User) *pbx.Snapshot {
		r := small(nothing).Rows
		r.Users = []*pbx.User{u}
		return pbx.NewSnapshot(1, r)
	}
	peopled, err := Render(templates.MustNew(), of(u), Options{})
	if err != nil {
		t.Fatal(err)
	}
	without, err := Render(templates.MustNew(), small(nothing), Options{})
	if err != nil {
		t.Fatal(err)
	}
	for file, lines := range map[string][]string{
		"dialtone/pjsip.conf":     {"\nlanguage = pt_BR\n"},
		"dialtone/voicemail.conf": {"\nzone-America/Sao_Paulo = America/Sao_Paulo|", "tz=zone-America/Sao_Paulo|language=pt_BR|attach=no"},
	} {
		for _, line := range lines {
			if n := strings.Count(string(peopled.Named(file).Content), line); n != 1 {
				t.Errorf("%s has %d × %q", file, n, line)
			}
			if strings.Contains(string(without.Named(file).Content), line) {
				t.Errorf("without the user %s has %q", file, line)
			}
		}
	}
	for field, change := range map[string]func(*pbx.User){
		"language": func(u *pbx.User) { u.Language = "de\nx" }, "timezone": func(u *pbx.User) { u.Timezone = "UTC|x" },
	} {
		bad := *u
		change(&bad)
		if _, err := Render(templates.MustNew(), of(&bad), Options{}); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("a bad %s: %v", field, err)
		}
	}
}
