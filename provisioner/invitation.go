package provisioner

import (
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/phoneconf"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

const (
	// invitationLife is how long a link can be used.
	invitationLife = 72 * time.Hour
	// mostAttempts is after how many failed attempts an invitation is given up: with
	// the default pauses after more than an hour.
	mostAttempts = 8
	// mailRetryFirst is Mail.RetryFirst when it is 0.
	mailRetryFirst = 30 * time.Second
	// mailRest is the pause after the queue could not be read or written.
	mailRest = 5 * time.Second
)

// mailer sends queued invitations and codes to sign in, one after the other. The queue is in the
// database; a restart goes on with it.
type mailer struct {
	c    *Controller
	mail Mail
	base string // of the links, without slash at the end
	wake chan struct{}
}

// Invite queues a mail with a link to the device's credentials. An empty address is
// that of the user of the device's extension, or the user's personal contact.
func (c *Controller) Invite(ctx context.Context, by pbx.Author, tenant, device, email string) (*db.Invitation, error) {
	d, err := c.Devices.Get(ctx, tenant, device)
	if err != nil {
		return nil, err
	}
	if !d.Kind.SIP() {
		return nil, &pbx.Error{Kind: pbx.Conflict, Message: "device " + device + " is of kind " + string(d.Kind) + " and has no SIP account to invite to"}
	}
	if email == "" {
		if u, err := c.userOf(ctx, tenant, d.Extension); err == nil {
			email = cmp.Or(u.Email, u.PersonalContact)
		}
	}
	if email == "" {
		return nil, pbx.Invalidf("email", "is required: the device's user has no e-mail address")
	}
	if err := pbx.CheckEmail("email", email); err != nil {
		return nil, err
	}
	if c.mailer.mail.Address == "" {
		return nil, &pbx.Error{Kind: pbx.Unavailable, Message: "no mail server is configured: start Dialtone with --smtp-address"}
	}
	now := time.Now().UTC().Truncate(time.Millisecond)
	i := &db.Invitation{ID: pbx.RandomSecret(8).Reveal(), Tenant: tenant, Device: device, Email: email, Actor: by.Actor, State: db.InvitationQueued,
		CreatedAt: now, NextAt: now, ExpiresAt: now.Add(invitationLife)}
	if err := c.db.AddInvitation(ctx, i); err != nil {
		return nil, err
	}
	c.mailer.nudge()
	return i, nil
}

// Invitations lists a tenant's invitations, newest first.
func (c *Controller) Invitations(ctx context.Context, tenant string) ([]*db.Invitation, error) {
	const most = 1000
	return c.db.Invitations(ctx, tenant, most)
}

// CheckInvitation reports by a NotFound error that a link cannot be used.
func (c *Controller) CheckInvitation(ctx context.Context, token string) error {
	hash := sha256.Sum256([]byte(token))
	return c.db.InvitationByLink(ctx, hash[:])
}

// OpenInvitation uses a link up and returns the device it leads to.
func (c *Controller) OpenInvitation(ctx context.Context, token string) (*pbx.Device, error) {
	hash := sha256.Sum256([]byte(token))
	return c.db.OpenInvitation(ctx, hash[:])
}

func (m *mailer) nudge() {
	select {
	case m.wake <- struct{}{}:
	default:
	}
}

// run works the queue off until ctx ends.
func (m *mailer) run(ctx context.Context) error {
	for {
		pause, err := m.step(ctx)
		if err != nil && ctx.Err() == nil {
			m.c.log.Error("sending mail", "error", err)
			pause = mailRest
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-m.wake:
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
		timer.Stop()
	}
}

// step sends what is due next, and returns how long to wait then. Codes go first:
// somebody waits for them.
func (m *mailer) step(ctx context.Context) (time.Duration, error) {
	if m.mail.Address == "" {
		return time.Hour, nil
	}
	codes, none, err := m.stepCode(ctx)
	if !none || err != nil {
		return codes, err
	}
	invitations, err := m.stepInvitation(ctx)
	return min(codes, invitations), err
}

// stepInvitation sends the next invitation if it is due.
func (m *mailer) stepInvitation(ctx context.Context) (time.Duration, error) {
	i, err := m.c.db.NextInvitation(ctx)
	if err != nil || i == nil {
		return time.Hour, err
	}
	if wait := time.Until(i.NextAt); wait > 0 {
		return wait, nil
	}
	if !time.Now().Before(i.ExpiresAt) { // the program was away, or there was no mail server
		i.State, i.Error = db.InvitationFailed, "its link ended before it could be mailed"
		return 0, m.c.db.PutInvitationAttempt(ctx, i)
	}
	token := pbx.RandomSecret(32)
	hash := sha256.Sum256([]byte(token.Reveal()))
	if err := m.c.db.AddInvitationLink(ctx, i.ID, hash[:]); err != nil {
		return 0, err
	}
	permanent, err := m.mail.send(ctx, i.Email, "Your phone", m.text(i, token))
	if ctx.Err() != nil {
		return 0, ctx.Err() // nobody knows how it ended: the next start tries again
	}
	m.outcome(i, permanent, err)
	return 0, m.c.db.PutInvitationAttempt(ctx, i)
}

// outcome notes in i how an attempt ended.
func (m *mailer) outcome(i *db.Invitation, permanent bool, err error) {
	now := time.Now()
	i.Attempts++
	if err == nil {
		i.State, i.Error, i.SentAt = db.InvitationSent, "", now
		return
	}
	i.Error, i.NextAt = err.Error(), now.Add(m.retryAfter(i.Attempts))
	if permanent || i.Attempts >= mostAttempts || i.NextAt.After(i.ExpiresAt) {
		i.State = db.InvitationFailed
	}
	m.c.log.Warn("an invitation was not taken", "invitation", i.ID, "attempt", i.Attempts, "state", i.State, "error", err)
}

// retryAfter is the pause after so many failed attempts.
func (m *mailer) retryAfter(attempts int) time.Duration {
	return cmp.Or(m.mail.RetryFirst, mailRetryFirst) << (attempts - 1)
}

// text is what the mail says. It holds the only copy of the link.
func (m *mailer) text(i *db.Invitation, token pbx.Secret) string {
	hello := "Hello,"
	if u := m.c.Snapshot().UserOf(i.Tenant, m.extension(i)); u != nil {
		hello = "Hello " + u.FullName + ","
	}
	return fmt.Sprintf(`%s

here is what your phone app needs to know: user name, password and server,
and a code to scan.

%s%s%s

The link works once and until %s. Open it on the device on which you
will type, or with the phone ready to scan.
`, hello, m.base, phoneconf.InvitePath, token.Reveal(), i.ExpiresAt.UTC().Format("2 January 2006 15:04 MST"))
}

func (m *mailer) extension(i *db.Invitation) string {
	if d := m.c.Snapshot().Device(i.Tenant, i.Device); d != nil {
		return d.Extension
	}
	return ""
}
