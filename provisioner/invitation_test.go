package provisioner

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/mail"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

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
	l.Mail = mail.New(mail.Options{Server: mail.Server{Address: "127.0.0.1:1"}, Log: l.Controller.log})
	if _, err := l.Invite(t.Context(), tester, pbx.DefaultTenant, "mobile", ""); pbx.KindOf(err) != pbx.Conflict {
		t.Errorf("inviting to it: %v", err)
	}
	if names, err := l.UnregisterUser(t.Context(), pbx.DefaultTenant, "anna"); err != nil || len(names) != 0 {
		t.Errorf("unregistered %v, %v", names, err)
	}
}

// Each attempt mails another link, all of them lead to the device, once.
func TestInvitationsAreQueued(t *testing.T) {
	l := newLab(t)
	l.extension("101", "Anna")
	l.device("desk", "101", 0)
	put(l, l.Users, "anna", &pbx.User{Tenant: pbx.DefaultTenant, Username: "anna", FullName: "Anna",
		Email: "anna@example.com", Extension: "101", Role: pbx.RoleUser, SecondStep: pbx.SecondStepNone})
	l.fresh() // reads the snapshot
	if _, err := l.Invite(t.Context(), tester, pbx.DefaultTenant, "desk", ""); pbx.KindOf(err) != pbx.Unavailable {
		t.Errorf("without a mail server: %v", err)
	}
	l.Mail = mail.New(mail.Options{Server: mail.Server{Address: "127.0.0.1:1"}, Log: l.Controller.log})
	i, err := l.Invite(t.Context(), tester, pbx.DefaultTenant, "desk", "")
	if err != nil {
		t.Fatal(err)
	}
	var links []string
	for n, r := range []mail.Result{{State: pbx.MailQueued, Attempts: 1, Error: "451", Due: i.CreatedAt.Add(time.Minute)},
		{State: pbx.MailSent, Attempts: 2, Sent: time.Now()}} {
		letter, ok, err := l.nextInvitation(t.Context())
		if err != nil || !ok || letter.To != "anna@example.com" || letter.Attempts != n ||
			!letter.Expires.Equal(i.ExpiresAt) || n == 1 && !letter.Due.Equal(i.CreatedAt.Add(time.Minute)) {
			t.Fatalf("attempt %d: %v, %v, %+v", n, err, ok, letter)
		}
		text, err := letter.Text(t.Context())
		link := mailedLink.FindStringSubmatch(text)
		if err != nil || link == nil || !strings.HasPrefix(text, "Hello Anna,") {
			t.Fatalf("%v in %s", err, text)
		}
		links = append(links, link[1])
		if err := letter.Done(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		all, err := l.Invitations(t.Context(), pbx.DefaultTenant)
		if err != nil || len(all) != 1 || all[0].State != r.State || all[0].Attempts != r.Attempts ||
			all[0].Error != r.Error || all[0].SentAt.IsZero() != r.Sent.IsZero() {
			t.Errorf("attempt %d: %+v, %v", n, all, err)
		}
	}
	if _, ok, err := l.nextInvitation(t.Context()); ok || err != nil {
		t.Errorf("what was mailed is queued: %v", err)
	}
	for n, want := range []pbx.Kind{"", pbx.NotFound} {
		if d, err := l.OpenInvitation(t.Context(), links[n]); (err == nil) != (n == 0) || err != nil &&
			pbx.KindOf(err) != want || err == nil && d.Name != "desk" {
			t.Errorf("link %d: %+v, %v", n, d, err)
		}
	}
}

var mailedLink = regexp.MustCompile(`http://192\.0\.2\.1:8081/invite/([a-z2-7]{52})\n`)
