package asteriskconf

import (
	"strings"
	"testing"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
	"github.com/dialtone-pbx/dialtone/templates"
)

// What a mailbox has of its own stands before what its user has, and bounds only where they are set.
func TestMailboxSettingsRender(t *testing.T) {
	u := &pbx.User{Tenant: "default", Username: "alice", Extension: "101", Language: "pt_BR", Timezone: "America/Sao_Paulo"}
	r := small(func(_ *pbx.Tenant, _ *pbx.Extension, _ *pbx.Device, m *pbx.Mailbox) {
		m.Timezone, m.Language, m.MaxMessages, m.MaxSeconds, m.MinSeconds = "Asia/Tokyo", "ja", 20, 120, 3
	}).Rows
	r.Users = []*pbx.User{u}
	files, err := Render(templates.MustNew(), pbx.NewSnapshot(1, r), Options{})
	if err != nil {
		t.Fatal(err)
	}
	const want = "tz=zone-Asia/Tokyo|language=ja|maxmsg=20|maxsecs=120|minsecs=3|attach=no"
	if text := string(files.Named("dialtone/voicemail.conf").Content); !strings.Contains(text, want) ||
		!strings.Contains(text, "\nzone-Asia/Tokyo = Asia/Tokyo|") || strings.Contains(text, "Sao_Paulo") {
		t.Errorf("%s", text)
	}
	plain, err := Render(templates.MustNew(), small(func(*pbx.Tenant, *pbx.Extension, *pbx.Device, *pbx.Mailbox) {}), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if text := string(plain.Named("dialtone/voicemail.conf").Content); strings.Contains(text, "maxmsg") || strings.Contains(text, "secs=") {
		t.Errorf("%s", text)
	}
}

// An announcement is where the dialplan leads without a controller, under the path that Asterisk
// knows; no other path gets into it.
func TestAnnouncementsRender(t *testing.T) {
	sound := strings.Repeat("0a", 32)
	of := func(sound string) *pbx.Snapshot {
		r := small(func(*pbx.Tenant, *pbx.Extension, *pbx.Device, *pbx.Mailbox) {}).Rows
		to := pbx.Destination{Kind: pbx.ToAnnouncement, Key: "closed"}
		r.Announcements = []*pbx.Announcement{{Tenant: "default", Name: "closed", Sound: sound}}
		r.Forwards = []*pbx.Forward{{Tenant: "default", Extension: "101", Mode: pbx.ForwardDestination, Destination: to}}
		r.RingGroups = []*pbx.RingGroup{{Tenant: "default", Name: "sales", Number: "600", Strategy: pbx.StrategyAll,
			RingSeconds: 9, Confirm: pbx.ConfirmNone, Waiting: pbx.WaitRinging, Announcement: to.String(), Destination: to,
			Members: []pbx.RingMember{{Extension: "101"}}}}
		return pbx.NewSnapshot(1, r)
	}
	files, err := Render(templates.MustNew(), of(sound), Options{Sounds: "/srv/sounds"})
	if err != nil {
		t.Fatal(err)
	}
	text := string(files.Named("dialtone/extensions.conf").Content)
	for _, want := range []string{"exten => 101,1,Set(DIALTONE_STEP=" + sound + ")\n same => n,Goto(dialtone-announce,s,1)",
		"exten => 600,1,Playback(/srv/sounds/" + sound + ")\n same => n,Dial(", "same => n(after),Set(DIALTONE_STEP=" + sound + ")",
		"Playback(/srv/sounds/${DIALTONE_STEP})"} {
		if !strings.Contains(text, want) {
			t.Errorf("the dialplan has no %q", want)
		}
	}
	for name, c := range map[string]struct{ sound, folder string }{
		"hash": {"../../etc/passwd", "/srv"}, "folder": {sound, "/srv/so,unds)"}, "relative": {sound, "sounds"},
		"variable": {sound, "/${SHELL(x)}"},
	} {
		if _, err := Render(templates.MustNew(), of(c.sound), Options{Sounds: c.folder}); err == nil {
			t.Errorf("a wrong %s is written", name)
		}
	}
}

// Music on hold is a class of sounds under the path that Asterisk knows, in the files of phones, lots,
// ring groups and queues; no other name gets into them.
func TestMusicRender(t *testing.T) {
	sound := strings.Repeat("0a", 32)
	of := func(sound string) *pbx.Snapshot {
		r := small(func(tenant *pbx.Tenant, _ *pbx.Extension, _ *pbx.Device, _ *pbx.Mailbox) {
			tenant.Music = []string{"summer"}
		}).Rows
		r.Announcements = []*pbx.Announcement{{Tenant: "default", Name: "summer", Sound: sound}}
		r.RingGroups = []*pbx.RingGroup{{Tenant: "default", Name: "sales", Number: "600", Strategy: pbx.StrategyAll,
			RingSeconds: 9, Confirm: pbx.ConfirmNone, Waiting: pbx.WaitMusic, Members: []pbx.RingMember{{Extension: "101"}}}}
		r.Queues = []*pbx.Queue{{Tenant: "default", Name: "support", Number: "650", Strategy: pbx.StrategyAll, RingSeconds: 9}}
		return pbx.NewSnapshot(1, r)
	}
	s := of(sound)
	files, err := Render(templates.MustNew(), s, Options{Sounds: "/srv/sounds"})
	if err != nil {
		t.Fatal(err)
	}
	class := s.MusicOfTenant("default").Class
	for file, want := range map[string]string{
		"musiconhold.conf": "[" + class + "]\nmode = playlist\nentry = /srv/sounds/" + sound + "\n",
		"pjsip.conf":       "moh_suggest = " + class + "\n", "res_parking.conf": "parkedmusicclass = " + class + "\n",
		"extensions.conf": ",9,im(" + class + ")", "queues.conf": "\nmusicclass=" + class + "\n",
	} {
		if text := string(files.Named("dialtone/" + file).Content); !strings.Contains(text, want) {
			t.Errorf("%s has no %q", file, want)
		}
	}
	for _, wrong := range []string{"../../etc/passwd", sound[1:] + "]", "x\n[general]"} {
		if _, err := Render(templates.MustNew(), of(wrong), Options{}); err == nil {
			t.Errorf("the sound %q is written", wrong)
		}
	}
}
