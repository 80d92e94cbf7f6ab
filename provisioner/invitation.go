package provisioner

import (
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/phoneconf"
	"github.com/dialtone-pbx/dialtone/provisioner/mail"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// invitationLife is how long a link can be used.
const invitationLife = 72 * time.Hour

// Invite queues a mail with a link to the device's credentials. An empty address is
// that of the user of the device's extension, or the user's personal contact.
func (c *Controller) Invite(ctx context.Context, by pbx.Author, tenant, device, email string) (*db.Invitation, error) {
	d, err := c.Devices.Get(ctx, tenant, device)
	if err != nil {
		return nil, err
	}
	if !d.Kind.SIP() {
		return nil, &pbx.Error{Kind: pbx.Conflict,
			Message: "device " + device + " is of kind " + string(d.Kind) + " and has no SIP account to invite to"}
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
	if !c.Mail.Sends() {
		return nil, &pbx.Error{Kind: pbx.Unavailable,
			Message: "no mail server is configured: start Dialtone with --smtp-address"}
	}
	now := time.Now().UTC().Truncate(time.Millisecond)
	i := &db.Invitation{ID: pbx.RandomSecret(8).Reveal(), Tenant: tenant, Device: device, Email: email, Actor: by.Actor,
		State: pbx.MailQueued, CreatedAt: now, NextAt: now, ExpiresAt: now.Add(invitationLife)}
	if err := c.db.AddInvitation(ctx, i); err != nil {
		return nil, err
	}
	c.Mail.Nudge()
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

// nextInvitation is the source of mails with invitations. Each attempt mails another
// link, because only its hash is kept; all of them lead to the device.
func (c *Controller) nextInvitation(ctx context.Context) (mail.Letter, bool, error) {
	i, err := c.db.NextInvitation(ctx)
	if err != nil || i == nil {
		return mail.Letter{}, false, err
	}
	l := mail.Letter{Name: "invitation " + i.ID, To: i.Email, Subject: "Your phone",
		Due: i.NextAt, Expires: i.ExpiresAt, Attempts: i.Attempts}
	l.Text = func(ctx context.Context) (string, error) {
		token := pbx.RandomSecret(32)
		hash := sha256.Sum256([]byte(token.Reveal()))
		return c.invitationText(i, token), c.db.AddInvitationLink(ctx, i.ID, hash[:])
	}
	l.Done = func(ctx context.Context, r mail.Result) error {
		i.State, i.Attempts, i.Error, i.NextAt, i.SentAt = r.State, r.Attempts, r.Error, r.Due, r.Sent
		return c.db.PutInvitationAttempt(ctx, i)
	}
	return l, true, nil
}

// invitationText is the text of the mail. It holds the only copy of the link.
func (c *Controller) invitationText(i *db.Invitation, token pbx.Secret) string {
	hello, snapshot := "Hello,", c.Snapshot()
	if d := snapshot.Device(i.Tenant, i.Device); d != nil {
		if u := snapshot.UserOf(i.Tenant, d.Extension); u != nil {
			hello = "Hello " + u.FullName + ","
		}
	}
	return fmt.Sprintf(`%s

here is what your phone app needs to know: user name, password and server,
and a code to scan.

%s%s%s

The link works once and until %s. Open it on the device on which you
will type, or with the phone ready to scan.
`, hello, c.site.BaseURL, phoneconf.InvitePath, token.Reveal(), i.ExpiresAt.UTC().Format("2 January 2006 15:04 MST"))
}
