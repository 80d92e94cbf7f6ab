package spool

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// folders is a spool on folders of the test, with a tenant "default".
func folders(t *testing.T) (*Spool, Options) {
	t.Helper()
	o := Options{Recordings: t.TempDir(), Voicemail: t.TempDir(), Log: slog.New(slog.DiscardHandler),
		Tenant: func(_ context.Context, name string) error {
			if name != pbx.DefaultTenant {
				return pbx.NotFoundf("tenant %s does not exist", name)
			}
			return nil
		}}
	return New(o), o
}

// write makes a file with all folders above it.
func write(t *testing.T, content string, path ...string) string {
	t.Helper()
	name := filepath.Join(path...)
	if err := os.MkdirAll(filepath.Dir(name), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// wav is a file as Asterisk closes it, with that many bytes of sound.
func wav(n int) string {
	header := make([]byte, 44)
	binary.LittleEndian.PutUint32(header[40:], uint32(n))
	return string(header) + string(make([]byte, n))
}

func names(rs []*pbx.Recording) (out []string) {
	for _, r := range rs {
		out = append(out, r.Name)
	}
	return out
}

func TestRecordings(t *testing.T) {
	s, o := folders(t)
	at := time.Date(2026, 1, 31, 9, 0, 0, 0, time.UTC)
	var all []string
	for i := range 3 {
		all = append(all, pbx.RecordingName(at.Add(time.Duration(i)*time.Hour), "101", "102", "1795344800."+string(rune('1'+i))))
		write(t, wav(8000), o.Recordings, pbx.DefaultTenant, all[i]+pbx.RecordingSuffix)
	}
	write(t, "no recording", o.Recordings, pbx.DefaultTenant, "notes.txt")
	for _, c := range []struct {
		f    Filter
		want []string
	}{
		{Filter{}, all},
		{Filter{After: all[0]}, all[1:]},
		{Filter{Limit: 2}, all[:2]},
		{Filter{Contains: "1795344800.3"}, all[2:]},
		{Filter{Want: func(name string) bool { return name == all[1] }}, all[1:2]},
	} {
		if got, err := s.Recordings(t.Context(), pbx.DefaultTenant, c.f); err != nil || !slices.Equal(names(got), c.want) {
			t.Errorf("%+v lists %v, %v", c.f, names(got), err)
		}
	}
	if err := s.NothingRecorded(pbx.DefaultTenant); pbx.KindOf(err) != pbx.InUse {
		t.Errorf("a tenant with recordings: %v", err)
	}
	r, file, err := s.Open(t.Context(), pbx.DefaultTenant, all[0])
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(file)
	if len(content) != 8044 || !r.Finished || err != nil {
		t.Errorf("%d bytes, %+v, %v", len(content), r, err)
	}
	if err := file.Close(); err != nil {
		t.Error(err)
	}
	for _, name := range all {
		if err := s.Delete(t.Context(), pbx.Author{}, pbx.DefaultTenant, name); err != nil {
			t.Error(err)
		}
	}
	if err := s.Delete(t.Context(), pbx.Author{}, pbx.DefaultTenant, all[0]); pbx.KindOf(err) != pbx.NotFound {
		t.Errorf("deleted twice: %v", err)
	}
	if err := s.NothingRecorded(pbx.DefaultTenant); err != nil {
		t.Error(err)
	}
}

// A file without sound is no recording, and goes once it is old enough.
func TestSilenceIsSwept(t *testing.T) {
	s, o := folders(t)
	at := time.Date(2026, 1, 31, 9, 0, 0, 0, time.UTC)
	young := write(t, wav(0), o.Recordings, pbx.DefaultTenant, pbx.RecordingName(at, "101", "102", "1795344800.1")+pbx.RecordingSuffix)
	old := write(t, wav(0), o.Recordings, pbx.DefaultTenant, pbx.RecordingName(at, "101", "102", "1795344800.2")+pbx.RecordingSuffix)
	before := time.Now().Add(-2 * silenceFor)
	if err := os.Chtimes(old, before, before); err != nil {
		t.Fatal(err)
	}
	if got, err := s.List(pbx.DefaultTenant, Filter{}); len(got) != 0 || err != nil {
		t.Errorf("silence is listed: %v, %v", names(got), err)
	}
	if _, err := os.Stat(young); err != nil {
		t.Errorf("a call may still ring: %v", err)
	}
	if _, err := os.Stat(old); !os.IsNotExist(err) {
		t.Errorf("the old file: %v", err)
	}
}

// A folder that cannot be seen is an error of its own, and a tenant that does not exist is
// not a folder that is missing.
func TestRecordingsThatCannotBeSeen(t *testing.T) {
	s, o := folders(t)
	if got, err := s.Recordings(t.Context(), pbx.DefaultTenant, Filter{}); len(got) != 0 || err != nil {
		t.Errorf("without a folder: %v, %v", got, err)
	}
	if _, err := s.Recordings(t.Context(), "acme", Filter{}); pbx.KindOf(err) != pbx.NotFound {
		t.Errorf("without the tenant: %v", err)
	}
	o.Recordings = ""
	if _, err := New(o).Recordings(t.Context(), pbx.DefaultTenant, Filter{}); pbx.KindOf(err) != pbx.Unavailable {
		t.Errorf("on a machine without Asterisk: %v", err)
	}
}

func TestMailboxFolder(t *testing.T) {
	s, o := folders(t)
	write(t, "mine", o.Voicemail, pbx.DefaultTenant, "101", "INBOX", "msg0000.wav")
	write(t, "password=1", o.Voicemail, pbx.DefaultTenant, "101", "secret.conf")
	write(t, "of a deleted mailbox", o.Voicemail, pbx.DefaultTenant, "111", "INBOX", "msg0000.wav")
	s.MoveMailbox(pbx.DefaultTenant, "101", "111")
	if got, err := os.ReadFile(filepath.Join(o.Voicemail, pbx.DefaultTenant, "111", "INBOX", "msg0000.wav")); string(got) != "mine" {
		t.Errorf("the new number has %q, %v", got, err)
	}
	aside, err := filepath.Glob(filepath.Join(o.Voicemail, pbx.DefaultTenant, "111.before-*", "INBOX", "msg0000.wav"))
	if len(aside) != 1 || err != nil {
		t.Errorf("kept aside: %v, %v", aside, err)
	}
	write(t, "hello", o.Voicemail, pbx.DefaultTenant, "111", "busy.wav")
	if pin, greetings := s.Chosen(pbx.DefaultTenant, "111"); !pin || len(greetings) != 1 || greetings[0] != "busy" {
		t.Errorf("chosen on the phone: %v, %v", pin, greetings)
	}
	if err := os.Remove(filepath.Join(o.Voicemail, pbx.DefaultTenant, "111", "busy.wav")); err != nil {
		t.Fatal(err)
	}
	s.ForgetPIN(pbx.DefaultTenant, "111")
	for _, mailbox := range []string{"111", "999"} {
		if pin, greetings := s.Chosen(pbx.DefaultTenant, mailbox); pin || len(greetings) != 0 || greetings == nil {
			t.Errorf("nothing was chosen: %v, %v", pin, greetings)
		}
	}
	if left, err := filepath.Glob(filepath.Join(o.Voicemail, pbx.DefaultTenant, "111", "*")); len(left) != 1 || err != nil {
		t.Errorf("without the PIN there are %v, %v", left, err)
	}
	for range 2 { // the second time there is nothing
		if !s.SetAside(pbx.DefaultTenant, "111") {
			t.Error("the messages of before stay")
		}
	}
	if _, err := os.Stat(filepath.Join(o.Voicemail, pbx.DefaultTenant, "111")); !os.IsNotExist(err) {
		t.Errorf("a new mailbox inherits messages: %v", err)
	}
	write(t, "mine", o.Voicemail, pbx.DefaultTenant, "111", "INBOX", "msg0000.wav")
	s.ForgetMailbox(pbx.DefaultTenant, "111")
	if _, err := os.Stat(filepath.Join(o.Voicemail, pbx.DefaultTenant, "111")); !os.IsNotExist(err) {
		t.Errorf("messages are left: %v", err)
	}
}

// What is no plain file is no recording: a link is not followed, a pipe is not waited for.
func TestLinksAreNoRecordings(t *testing.T) {
	s, o := folders(t)
	const name = "20260131T090001Z_101_102_1769850000.1"
	real := write(t, wav(100), o.Recordings, "default", name+".wav")
	outside := write(t, wav(100), t.TempDir(), "secret.wav")
	other := func(i int) string { return fmt.Sprintf("20260131T09000%dZ_101_102_1769850000.%d", i, i) }
	at := func(name string) string { return filepath.Join(o.Recordings, "default", name+".wav") }
	if err := errors.Join(os.Symlink(outside, at(other(2))), os.Symlink(real, at(other(3))), os.Symlink("nowhere", at(other(4))),
		syscall.Mkfifo(at(other(5)), 0o600), os.Mkdir(at(other(6)), 0o700)); err != nil {
		t.Fatal(err)
	}
	if list, err := s.Recordings(t.Context(), "default", Filter{}); err != nil || !slices.Equal(names(list), []string{name}) {
		t.Errorf("%v %v", names(list), err)
	}
	for i := 2; i <= 6; i++ {
		if _, _, err := s.Open(t.Context(), "default", other(i)); pbx.KindOf(err) != pbx.NotFound {
			t.Errorf("opening %d: %v", i, err)
		}
		if err := s.Delete(t.Context(), pbx.Author{}, "default", other(i)); pbx.KindOf(err) != pbx.NotFound {
			t.Errorf("deleting %d: %v", i, err)
		}
	}
	if err := errors.Join(os.RemoveAll(filepath.Dir(real)), os.Symlink(filepath.Dir(outside), filepath.Dir(real))); err != nil {
		t.Fatal(err)
	}
	if list, err := s.Recordings(t.Context(), "default", Filter{}); err != nil || len(list) > 0 {
		t.Errorf("of a folder that is a link: %v %v", names(list), err)
	}
	if _, _, err := s.Open(t.Context(), "default", name); pbx.KindOf(err) != pbx.NotFound {
		t.Errorf("in a folder that is a link: %v", err)
	}
}
