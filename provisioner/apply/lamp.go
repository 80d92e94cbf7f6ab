package apply

import (
	"context"

	"github.com/dialtone-pbx/dialtone/ami"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// lampModule watches mailboxes for the lamps of phones. A reload of res_pjsip alone
// leaves it with the mailboxes that an endpoint had when its phone registered.
const lampModule = "res_pjsip_mwi.so"

// moveLamps makes Asterisk watch the right mailboxes when a device that it knows
// has another one than before: its phone shows that one's lamp at once. An Asterisk
// without the module has no lamps to move, which is no reason to refuse the rest.
func (l *Loop) moveLamps(ctx context.Context, s *ami.Session, next *rendered) {
	if l.good == nil || !lampsMoved(l.good.snapshot, next.snapshot) {
		return
	}
	if err := s.Reload(ctx, lampModule); err != nil {
		l.o.Log.Warn("moving the lamps of phones; each is right when its phone registers again", "module", lampModule,
			"error", err)
	}
}

// lampsMoved reports whether a device of both snapshots has another mailbox.
func lampsMoved(before, now *pbx.Snapshot) bool {
	for _, d := range now.Devices {
		was := before.DeviceOf(d.Endpoint)
		if was != nil && lampOf(before, was) != lampOf(now, d) {
			return true
		}
	}
	return false
}

// lampOf is the mailbox whose lamp a device shows, "" for none.
func lampOf(s *pbx.Snapshot, d *pbx.Device) string {
	e := s.Extension(d.Tenant, d.Extension)
	if !d.Kind.SIP() || d.Extension == "" || e == nil || e.Mailbox == "" {
		return ""
	}
	return pbx.MailboxName(d.Tenant, e.Mailbox)
}
