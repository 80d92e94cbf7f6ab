package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// Invitation is a mail that leads somebody to the credentials of a device.
type Invitation struct {
	ID       string     `json:"id"`
	Device   string     `json:"device"`
	Email    string     `json:"email"`
	State    string     `json:"state" enum:"queued,sent,opened,expired,failed" doc:"queued: waits for its first or next attempt. sent: a mail server took it. opened: the link was used. expired: it was not, in time. failed: given up"`
	Attempts int        `json:"attempts"`
	Error    string     `json:"error,omitempty" doc:"Why the last attempt failed"`
	Actor    string     `json:"actor" doc:"Who invited"`
	Created  time.Time  `json:"created"`
	Next     *time.Time `json:"next,omitempty" doc:"When the next attempt is due"`
	Sent     *time.Time `json:"sent,omitempty"`
	Opened   *time.Time `json:"opened,omitempty"`
	Expires  time.Time  `json:"expires" doc:"End of the link"`
}

func invitationView(i *db.Invitation) Invitation {
	v := Invitation{ID: i.ID, Device: i.Device, Email: i.Email, State: string(i.State), Attempts: i.Attempts,
		Error: i.Error, Actor: i.Actor,
		Created: i.CreatedAt, Sent: given(i.SentAt), Opened: given(i.OpenedAt), Expires: i.ExpiresAt}
	switch {
	case v.Opened != nil:
		v.State = "opened"
	case i.State == pbx.MailQueued:
		v.Next = given(i.NextAt)
	case i.State == pbx.MailSent && time.Now().After(i.ExpiresAt):
		v.State = "expired"
	}
	return v
}

// given returns a time, or nil for none.
func given(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

type inviteInput struct {
	Place
	Body struct {
		Email string `json:"email,omitempty" doc:"Where to; the address of the user of the device's extension if left out, or else the personal contact"`
	}
}

type tenantInput struct {
	Tenant string `path:"tenant"`
}

type kindOfDevice = kind[pbx.Device, DeviceFields, Device]

// registerInvitations declares inviting somebody to a device, and what came of it.
func registerInvitations(a *api, k kindOfDevice) {
	invite := k.operation("POST", k.path+"/{name}/invite", "invite-device",
		"Mail a link that shows user name, password, server and a QR code once; sent in the background")
	invite.DefaultStatus, invite.Errors = http.StatusAccepted, append(invite.Errors, http.StatusServiceUnavailable)
	declare(a, tenantAdmins, invite, func(ctx context.Context, in *inviteInput) (*struct{ Body Invitation }, error) {
		key, err := k.checkedKey(a, in.Place)
		if err != nil {
			return nil, err
		}
		i, err := a.ctl.Invite(ctx, author(ctx), in.tenant, key, in.Body.Email)
		if err != nil {
			return nil, a.problem(err)
		}
		return &struct{ Body Invitation }{invitationView(i)}, nil
	})
	declare(a, operators, huma.Operation{Method: "GET", Path: "/v1/tenants/{tenant}/invitations",
		OperationID: "list-invitations", Tags: []string{"devices"},
		Summary: "The newest thousand invitations and what came of them", Errors: []int{401, 404}},
		func(ctx context.Context, in *tenantInput) (*page[Invitation], error) {
			invitations, err := a.ctl.Invitations(ctx, in.Tenant)
			if err != nil {
				return nil, a.problem(err)
			}
			out := &page[Invitation]{}
			out.Body.Items = make([]Invitation, 0, len(invitations))
			for _, i := range invitations {
				out.Body.Items = append(out.Body.Items, invitationView(i))
			}
			return out, nil
		})
}
