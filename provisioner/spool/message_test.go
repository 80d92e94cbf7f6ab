package spool

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// textOf is the text file of a message as Asterisk 22 writes it.
func textOf(id, caller string) string {
	seconds, _, _ := strings.Cut(id, "-")
	return ";\n; Message Information file\n;\n[message]\norigmailbox=101\ncontext=dialtone-voicemail\nexten=101\nrdnis=unknown\n" +
		"priority=2\ncallerchan=PJSIP/x-1\ncallerid=" + caller + "\norigdate=Sun Nov 29 10:47:31 PM UTC 2026\norigtime=" + seconds +
		"\ncategory=\nmsg_id=" + id + "\nflag=\nduration=2\n"
}

func TestMessageCallers(t *testing.T) {
	for text, want := range map[string][2]string{
		`"Bob Demo" <7002>`:                {"Bob Demo", "7002"},
		`"A "quoted" <name>" <+49301>`:     {`A "quoted" <name>`, "+49301"},
		"7002":                             {"", "7002"},
		"Unknown":                          {"", ""},
		`"Anonymous" <anonymous>`:          {"", ""},
		"Bob":                              {"Bob", ""},
		"\"\u202eevil\tname\xff\" <1\x01>": {"evil name", "1"},
		`"" <7002>`:                        {"", "7002"},
		"\"Eve\nmsg_id=1-00000000\norigtime=5\ncallerid=\"Boss\" <1>\" <66>": {`"Eve`, ""},
	} {
		m, err := parseMessage(strings.NewReader(textOf("1795992451-00000003", text)))
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if m.ID != "1795992451-00000003" || m.Time.Unix() != 1795992451 || m.Seconds != 2 || m.CallerName != want[0] ||
			m.CallerNumber != want[1] {
			t.Errorf("%q is read as %+v", text, m)
		}
	}
}

func FuzzParseMessage(f *testing.F) {
	f.Add(`"Bob" <7002>`)
	f.Add("x\nmsg_id=..\nduration=-1")
	f.Fuzz(func(t *testing.T, caller string) {
		m, err := parseMessage(strings.NewReader(textOf("1795992451-00000003", caller)))
		if err != nil {
			return // a line that is too long
		}
		if m.ID != "1795992451-00000003" {
			t.Errorf("%q gives the message another id", caller)
		}
		for field, s := range map[string]string{"name": m.CallerName, "number": m.CallerNumber} {
			if err := pbx.CheckText(field, s, 0, 80, 0); err != nil {
				t.Errorf("%q: %v", caller, err)
			}
		}
	})
}

func TestMessages(t *testing.T) {
	s, o := folders(t)
	if got, err := s.Messages(t.Context(), "default", "101"); len(got) != 0 || err != nil {
		t.Errorf("without a folder: %v, %v", got, err)
	}
	at := func(path ...string) []string { return append([]string{o.Voicemail, "default", "101"}, path...) }
	write(t, textOf("20-00000001", "Bob"), at("INBOX", "msg0001.txt")...)
	write(t, wav(16000), at("INBOX", "msg0001.wav")...)
	write(t, textOf("10-00000000", "Bob"), at("Old", "msg0000.txt")...)
	write(t, textOf("30-00000002", "Bob"), at("INBOX", "msg0002.tmp")...)
	write(t, "msg_id=../../etc\n", at("INBOX", "msg0003.txt")...)
	write(t, textOf("40-00000003", "Bob"), at("tmp", "msg0004.txt")...)
	secret := write(t, "secret", t.TempDir(), "secret")
	if err := errors.Join(os.Symlink(secret, filepath.Join(at("INBOX", "msg0005.txt")...)),
		os.Symlink(secret, filepath.Join(at("INBOX", "msg0006.wav")...))); err != nil {
		t.Fatal(err)
	}
	write(t, textOf("60-00000006", "Bob"), at("INBOX", "msg0006.txt")...)
	got, err := s.Messages(t.Context(), "default", "101")
	var ids []string
	for _, m := range got {
		ids = append(ids, fmt.Sprintf("%s %s %v", m.ID, m.Folder, m.Seconds))
	}
	if want := "10-00000000 old 2, 20-00000001 new 1, 60-00000006 new 2"; strings.Join(ids, ", ") != want || err != nil {
		t.Errorf("listed: %v, %v", ids, err)
	}
	for _, id := range []string{"10-00000000", "60-00000006", "99-00000000"} { // without a sound, with a link, unknown
		if _, _, err := s.OpenMessage(t.Context(), "default", "101", id); pbx.KindOf(err) != pbx.NotFound {
			t.Errorf("opening %s: %v", id, err)
		}
	}
	o.Voicemail = ""
	if _, err := New(o).Messages(t.Context(), "default", "101"); pbx.KindOf(err) != pbx.Unavailable {
		t.Errorf("without a spool: %v", err)
	}
}

// Asterisk renumbers messages to close a gap, first the sound and then the text, while they are
// opened: nobody hears another message than the one asked for. They only go down: a message
// that came back to its number between two looks could not be told from one that stayed.
func TestMessageIsRenumberedWhileOpened(t *testing.T) {
	s, o := folders(t)
	inbox := filepath.Join(o.Voicemail, "default", "101", "INBOX")
	name := func(n int, suffix string) string { return filepath.Join(inbox, fmt.Sprintf("msg%04d%s", n, suffix)) }
	const messages, rounds = 6, 300
	id := func(n int) string { return fmt.Sprintf("1795992451-%08x", n) }
	for n := range messages {
		write(t, textOf(id(n), "Bob"), name(rounds+n, ".txt"))
		write(t, "RIFF"+id(n), name(rounds+n, ".wav"))
	}
	var renumbering sync.WaitGroup
	renumbering.Go(func() {
		for first := rounds; first > 0; first-- {
			for n := first; n < first+messages; n++ {
				_ = os.Rename(name(n, ".wav"), name(n-1, ".wav"))
				_ = os.Rename(name(n, ".txt"), name(n-1, ".txt"))
			}
		}
	})
	heard := 0
	for range rounds {
		_, file, err := s.OpenMessage(t.Context(), "default", "101", id(3))
		if pbx.KindOf(err) == pbx.NotFound || errors.Is(err, fs.ErrNotExist) {
			continue // moved at each of the tries
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(file)
		if string(content) != "RIFF"+id(3) || err != nil {
			t.Fatalf("opened %q, %v", content, err)
		}
		if err := file.Close(); err != nil {
			t.Error(err)
		}
		heard++
	}
	renumbering.Wait()
	if heard == 0 {
		t.Error("it was never found")
	}
}
