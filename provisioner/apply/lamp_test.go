package apply

import (
	"slices"
	"strings"
	"testing"

	"github.com/dialtone-pbx/dialtone/ami/amitest"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// Phones whose mailbox is another one than before are told how many messages they have
// now, and nobody else is told anything.
func TestPhonesAreToldOfMovedMailboxes(t *testing.T) {
	l := newLab(t).start()
	l.asterisk.Handle("MailboxCount", func(c *amitest.Conn, a amitest.Action) {
		fresh := map[string]string{"101@default": "2"}[a.Get("Mailbox")]
		c.Reply(a, "UrgMessages", "1", "NewMessages", fresh, "OldMessages", "4")
	})
	told := func() (out []string) {
		for _, a := range l.asterisk.Actions("PJSIPNotify") {
			out = append(out, a.Get("Endpoint")+" "+strings.Join(a.All("Variable"), " "))
		}
		return out
	}
	secret := pbx.NewDeviceSecret()
	device := func(name, extension string) {
		l.put(&pbx.Device{Tenant: pbx.DefaultTenant, Name: name, Extension: extension, Endpoint: "d" + name, Secret: secret})
		l.applied()
	}
	l.put(&pbx.Mailbox{Tenant: pbx.DefaultTenant, Number: "101", Name: "Ida", PIN: pbx.NewSecret("4711")})
	l.put(&pbx.Extension{Tenant: pbx.DefaultTenant, Number: "101", Name: "Ida", RingSeconds: 20, Mailbox: "101"})
	l.put(&pbx.Extension{Tenant: pbx.DefaultTenant, Number: "102", Name: "Joe", RingSeconds: 20})
	device("other", "101")
	device("desk", "102")
	if got := told(); len(got) != 0 {
		t.Fatalf("told without a reason: %q", got)
	}
	const kind = " Event=message-summary Subscription-State=active Content-type=application/simple-message-summary "
	device("desk", "101")
	device("desk", "102")
	want := []string{
		"ddesk" + kind + "Content=Messages-Waiting: yes Content=Voice-Message: 3/4 (0/0) Content=",
		"ddesk" + kind + "Content=Messages-Waiting: no Content=Voice-Message: 0/0 (0/0) Content=",
	}
	if got := told(); !slices.Equal(got, want) {
		t.Errorf("told\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
