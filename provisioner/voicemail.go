package provisioner

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// forgetMessages removes what Asterisk keeps of a deleted mailbox: the next owner of the
// number must not hear the messages.
func (s *spool) forgetMessages(tenant, mailbox string) {
	if s.voicemail == "" {
		return
	}
	if err := os.RemoveAll(filepath.Join(s.voicemail, tenant, mailbox)); err != nil {
		s.log.Error("removing the messages of a deleted mailbox", "mailbox", pbx.MailboxName(tenant, mailbox), "error", err)
	}
}

// forgetPIN removes the PIN that the mailbox's owner chose on the phone: with
// passwordlocation=spooldir Asterisk prefers secret.conf in the spool over the rendered
// file, where another PIN would have no effect.
func (s *spool) forgetPIN(tenant, mailbox string) {
	if s.voicemail == "" {
		return
	}
	path := filepath.Join(s.voicemail, tenant, mailbox, "secret.conf")
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		s.log.Error("removing the PIN chosen on the phone", "mailbox", pbx.MailboxName(tenant, mailbox), "error", err)
	}
}

// moveMessages carries a mailbox's messages, greetings and chosen PIN to its new
// number, before Asterisk is told of it. What a deleted mailbox of that number left
// there is kept aside.
func (s *spool) moveMessages(tenant, from, to string) {
	if s.voicemail == "" {
		return
	}
	source, target := filepath.Join(s.voicemail, tenant, from), filepath.Join(s.voicemail, tenant, to)
	if _, err := os.Lstat(source); errors.Is(err, fs.ErrNotExist) {
		return
	}
	aside := target + ".before-" + time.Now().UTC().Format("20060102T150405.000")
	if err := os.Rename(target, aside); err != nil && !errors.Is(err, fs.ErrNotExist) {
		s.log.Error("keeping the messages of an earlier mailbox", "folder", target, "error", err)
		return
	}
	if err := os.Rename(source, target); err != nil {
		s.log.Error("moving the messages of a renumbered mailbox", "from", source, "to", target, "error", err)
	}
}
