package apply

import (
	"context"
	"errors"

	"github.com/dialtone-pbx/dialtone/ami"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// lampModule watches mailboxes for the lamps of phones. A reload of res_pjsip alone
// leaves it with the mailboxes that an endpoint had when its phone registered.
const lampModule = "res_pjsip_mwi.so"

// moveLamps makes Asterisk watch the right mailboxes after devices got another one, and
// tells their phones how many messages there are now: Asterisk itself tells them at the
// next message or registration only, and never that a mailbox is gone. An Asterisk
// without the module has no lamps to move, which is no reason to refuse the rest.
func (l *Loop) moveLamps(ctx context.Context, s *ami.Session, next *rendered) {
	if l.good == nil {
		return
	}
	moved := lampsMoved(l.good.snapshot, next.snapshot)
	if len(moved) == 0 {
		return
	}
	if err := s.Reload(ctx, lampModule); err != nil {
		l.o.Log.Warn("moving the lamps of phones; each is right when its phone registers again", "module", lampModule,
			"error", err)
		return
	}
	for _, m := range moved {
		if err := m.tell(ctx, s); err != nil && !errors.Is(err, ami.ErrNotFound) {
			l.o.Log.Warn("telling phones of their messages; each is right when its phone registers again",
				"phone", m.endpoint, "phones", len(moved), "error", err)
			return
		}
	}
}

// movedLamp is an endpoint whose lamp shows another mailbox than before, "" for none.
type movedLamp struct{ endpoint, mailbox string }

// tell sends the phone the number of messages.
func (m movedLamp) tell(ctx context.Context, s *ami.Session) error {
	fresh, old := 0, 0
	if m.mailbox != "" {
		var err error
		if fresh, old, err = s.MailboxCount(ctx, m.mailbox); err != nil {
			return err
		}
	}
	return s.NotifyMessages(ctx, m.endpoint, fresh, old)
}

// lampsMoved are the devices of both snapshots that have another mailbox.
func lampsMoved(before, now *pbx.Snapshot) (moved []movedLamp) {
	for _, d := range now.Devices {
		was := before.DeviceOf(d.Endpoint)
		if lamp := lampOf(now, d); was != nil && d.Kind.SIP() && lampOf(before, was) != lamp {
			moved = append(moved, movedLamp{d.Endpoint, lamp})
		}
	}
	return moved
}

// lampOf is the mailbox that a device's lamp shows, "" without one.
func lampOf(s *pbx.Snapshot, d *pbx.Device) string {
	e := s.Extension(d.Tenant, d.Extension)
	if !d.Kind.SIP() || d.Extension == "" || e == nil || e.Mailbox == "" {
		return ""
	}
	return pbx.MailboxName(d.Tenant, e.Mailbox)
}
