package spool

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// ForgetMailbox removes the folder of a deleted mailbox. The next owner of the number must
// not hear its messages.
func (s *Spool) ForgetMailbox(tenant, mailbox string) {
	if s.o.Voicemail == "" {
		return
	}
	if err := os.RemoveAll(filepath.Join(s.o.Voicemail, tenant, mailbox)); err != nil {
		name := pbx.MailboxName(tenant, mailbox)
		s.o.Log.Error("removing the messages of a deleted mailbox", "mailbox", name, "error", err)
	}
}

// ForgetMailboxes removes the folder of a deleted tenant, of which all mailboxes are deleted.
func (s *Spool) ForgetMailboxes(tenant string) {
	if s.o.Voicemail == "" {
		return
	}
	if err := os.RemoveAll(filepath.Join(s.o.Voicemail, tenant)); err != nil {
		s.o.Log.Error("removing the messages of a deleted tenant", "tenant", tenant, "error", err)
	}
}

// SetAside renames the folder that is there before a mailbox is new, with messages, greetings
// and PIN of somebody else: of an Asterisk without Dialtone, or of a caller that left a message
// while the mailbox before was deleted. It reports whether the place is free.
func (s *Spool) SetAside(tenant, mailbox string) bool {
	if s.o.Voicemail == "" {
		return true
	}
	folder := filepath.Join(s.o.Voicemail, tenant, mailbox)
	aside := folder + ".before-" + time.Now().UTC().Format("20060102T150405.000000000")
	if err := os.Rename(folder, aside); err != nil && !errors.Is(err, fs.ErrNotExist) {
		s.o.Log.Error("keeping the messages of an earlier mailbox", "folder", folder, "error", err)
		return false
	}
	return true
}

// ForgetPIN removes the PIN that the mailbox's owner chose on the phone. With
// passwordlocation=spooldir Asterisk prefers secret.conf in the spool over the rendered
// file, where another PIN would have no effect.
func (s *Spool) ForgetPIN(tenant, mailbox string) {
	if s.o.Voicemail == "" {
		return
	}
	path := filepath.Join(s.o.Voicemail, tenant, mailbox, "secret.conf")
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		name := pbx.MailboxName(tenant, mailbox)
		s.o.Log.Error("removing the PIN chosen on the phone", "mailbox", name, "error", err)
	}
}

// greetings are the files of greetings by what they say, see app_voicemail.
var greetings = []struct{ file, says string }{{"unavail", "unavailable"}, {"busy", "busy"}, {"temp", "temporary"},
	{"greet", "name"}}

// Chosen returns what a mailbox's owner has set on the phone: whether the PIN, and which greetings. A
// spool that cannot be seen shows nothing.
func (s *Spool) Chosen(tenant, mailbox string) (pin bool, recorded []string) {
	recorded = []string{}
	box, err := s.box(tenant, mailbox)
	if err != nil || box == nil {
		return false, recorded
	}
	defer box.Close()
	is := func(name string) bool {
		info, err := box.Lstat(name)
		return err == nil && info.Mode().IsRegular()
	}
	for _, g := range greetings {
		if is(g.file+".wav") || is(g.file+".WAV") || is(g.file+".gsm") {
			recorded = append(recorded, g.says)
		}
	}
	return is("secret.conf"), recorded
}

// MoveMailbox carries messages, greetings and chosen PIN of a mailbox to its new number.
// Call it before Asterisk is told of the number. A folder that a deleted mailbox of that
// number left there is renamed.
func (s *Spool) MoveMailbox(tenant, from, to string) {
	if s.o.Voicemail == "" {
		return
	}
	source, target := filepath.Join(s.o.Voicemail, tenant, from), filepath.Join(s.o.Voicemail, tenant, to)
	if _, err := os.Lstat(source); errors.Is(err, fs.ErrNotExist) || !s.SetAside(tenant, to) {
		return
	}
	if err := os.Rename(source, target); err != nil {
		s.o.Log.Error("moving the messages of a renumbered mailbox", "from", source, "to", target, "error", err)
	}
}
