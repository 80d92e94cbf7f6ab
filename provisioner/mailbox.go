package provisioner

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

func newMailboxes(c *Controller) *Resource[pbx.Mailbox] {
	return &Resource[pbx.Mailbox]{
		db: c.db, changed: c.apply.nudge,
		get: (*db.Tx).Mailbox, list: (*db.Tx).Mailboxes, put: (*db.Tx).PutMailbox, del: (*db.Tx).DeleteMailbox,
		revision: func(m *pbx.Mailbox) int64 { return m.Revision },
		validate: (*pbx.Mailbox).Validate,
		saved:    c.forgetPhonePIN,
	}
}

// forgetPhonePIN removes the PIN that the mailbox's owner chose on the phone when
// an admin sets another one: with passwordlocation=spooldir Asterisk prefers
// secret.conf in the spool over the rendered file, and the admin's PIN would
// have no effect. Any other change leaves the owner's PIN alone.
func (c *Controller) forgetPhonePIN(old, m *pbx.Mailbox) {
	if c.voicemail == "" || (old != nil && old.PIN.Equal(m.PIN)) {
		return
	}
	path := filepath.Join(c.voicemail, m.Tenant, m.Number, "secret.conf")
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		c.log.Error("removing the PIN chosen on the phone", "mailbox", pbx.MailboxName(m.Tenant, m.Number), "error", err)
	}
}
