package provisioner

import (
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// Pauses double, and it is given up after so many attempts, at once when there is
// no hope, and when the link would have ended.
func TestInvitationOutcome(t *testing.T) {
	m := &mailer{c: &Controller{log: slog.New(slog.DiscardHandler)}, mail: Mail{RetryFirst: time.Minute}}
	later := errors.New("451 later")
	i := &db.Invitation{State: db.InvitationQueued, ExpiresAt: time.Now().Add(invitationLife)}
	pause := time.Minute
	for n := 1; n < mostAttempts; n++ {
		start := time.Now()
		m.outcome(i, false, later)
		if i.State != db.InvitationQueued || i.Attempts != n || i.NextAt.Before(start.Add(pause)) || i.NextAt.After(time.Now().Add(pause)) {
			t.Fatalf("after %d attempts: %+v", n, i)
		}
		pause *= 2
	}
	if m.outcome(i, false, later); i.State != db.InvitationFailed || i.Error != "451 later" {
		t.Errorf("after all attempts: %+v", i)
	}
	for what, i := range map[string]*db.Invitation{
		"no hope":  {State: db.InvitationQueued, ExpiresAt: time.Now().Add(invitationLife)},
		"too late": {State: db.InvitationQueued, ExpiresAt: time.Now().Add(time.Second)},
	} {
		if m.outcome(i, what == "no hope", later); i.State != db.InvitationFailed {
			t.Errorf("%s: %+v", what, i)
		}
	}
	if m.outcome(i, false, nil); i.State != db.InvitationSent || i.Error != "" || i.SentAt.IsZero() {
		t.Errorf("sent: %+v", i)
	}
}

func TestMailIsChecked(t *testing.T) {
	good := Mail{Address: "mail.example.com:587", From: "pbx@example.com", TLS: MailStartTLS}
	if err := good.Validate(); err != nil {
		t.Error(err)
	}
	for field, change := range map[string]func(*Mail){
		"smtp_address": func(m *Mail) { m.Address = "mail.example.com" },
		"smtp_from":    func(m *Mail) { m.From = "nobody" },
		"smtp_tls":     func(m *Mail) { m.TLS = "maybe" },
	} {
		bad := good
		change(&bad)
		var es pbx.Errors
		if err := bad.Validate(); !errors.As(err, &es) || es[0].Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
}

// A number outside has no account, nor has a device that its extension forbids:
// nobody is invited to the first, and unregistering the devices of their user passes
// both over.
func TestExternalDeviceIsNoAccount(t *testing.T) {
	l := newLab(t)
	l.extension("101", "Anna")
	put(l, l.Users, "anna", &pbx.User{Tenant: pbx.DefaultTenant, Username: "anna", FullName: "Anna", Email: "anna@example.com", Extension: "101", Role: pbx.RoleUser, SecondStep: pbx.SecondStepNone})
	put(l, l.ExternalNumbers, "0151123", &pbx.ExternalNumber{Tenant: pbx.DefaultTenant, Number: "0151123", Type: pbx.NumberSIP})
	put(l, l.Devices, "mobile", &pbx.Device{Tenant: pbx.DefaultTenant, Name: "mobile", Kind: pbx.DeviceExternal, ExternalNumber: "0151123", Confirm: true,
		Extension: "101", Endpoint: pbx.NewEndpointName(), Secret: pbx.NewDeviceSecret(), RingOrder: pbx.DefaultRingOrder})
	software := &pbx.Extension{Tenant: pbx.DefaultTenant, Number: "101", Name: "Anna", RingSeconds: 20, Presence: true, Ring: pbx.RingAll, Type: pbx.TypeSIP, AllowedDevices: []pbx.DeviceClass{pbx.Software}}
	put(l, l.Extensions, "101", software)
	put(l, l.Devices, "desk", &pbx.Device{Tenant: pbx.DefaultTenant, Name: "desk", Kind: pbx.DeviceSIP, Class: pbx.Hardware, Extension: "101", Endpoint: pbx.NewEndpointName(),
		Secret: pbx.NewDeviceSecret(), RingOrder: pbx.DefaultRingOrder}) // forbidden: no account either
	l.fresh()
	l.mailer.mail.Address = "127.0.0.1:1"
	if _, err := l.Invite(t.Context(), tester, pbx.DefaultTenant, "mobile", ""); pbx.KindOf(err) != pbx.Conflict {
		t.Errorf("inviting to it: %v", err)
	}
	if names, err := l.UnregisterUser(t.Context(), pbx.DefaultTenant, "anna"); err != nil || len(names) != 0 {
		t.Errorf("unregistered %v, %v", names, err)
	}
}

// What lay in the queue until its link had ended is given up, not mailed.
func TestInvitationThatIsTooLateIsNotMailed(t *testing.T) {
	l := newLab(t)
	l.extension("101", "Anna")
	l.device("desk", "101", 0)
	past := time.Now().Add(-time.Minute)
	i := &db.Invitation{ID: "late", Tenant: pbx.DefaultTenant, Device: "desk", Email: "anna@example.com", State: db.InvitationQueued, CreatedAt: past, NextAt: past, ExpiresAt: past}
	if err := l.store.AddInvitation(t.Context(), i); err != nil {
		t.Fatal(err)
	}
	l.mailer.mail = Mail{Address: "127.0.0.1:1", From: "pbx@example.com", TLS: MailPlain}
	if _, err := l.mailer.step(t.Context()); err != nil {
		t.Fatal(err)
	}
	all, err := l.Invitations(t.Context(), pbx.DefaultTenant)
	if err != nil || len(all) != 1 || all[0].State != db.InvitationFailed || all[0].Attempts != 0 || all[0].Error == "" {
		t.Errorf("%+v, %v", all, err)
	}
}
