package ami_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dialtone-pbx/dialtone/ami"
	"github.com/dialtone-pbx/dialtone/ami/amitest"
)

// The items are those of Asterisk 22 and 16. AuthDetail stands between them where a registration has a password.
func TestRegistrations(t *testing.T) {
	server := amitest.NewServer(t)
	s := dialOnce(t, server)
	if got, err := s.PJSIPRegistrations(t.Context()); err != nil || len(got) != 0 {
		t.Errorf("without trunks: %v, %v", got, err)
	}
	server.Handle("PJSIPShowRegistrationsOutbound", func(c *amitest.Conn, a amitest.Action) {
		c.ReplyList(a, "OutboundRegistrationDetail", "OutboundRegistrationDetailComplete",
			[]string{"ObjectType", "registration", "ObjectName", "tpj44qjvtj6ubai6l", "MaxRetries", "1000000", "ServerUri",
				"sip:127.0.0.2:17305;transport=tcp", "Endpoint", "tpj44qjvtj6ubai6l", "Status", "Registered", "NextReg", "3589"},
			[]string{"ObjectType", "registration", "ObjectName", "tsu5ukgvysrye77oe", "Status", "Rejected", "NextReg", "0"})
	})
	got, err := s.PJSIPRegistrations(t.Context())
	want := []ami.Registration{{"tpj44qjvtj6ubai6l", ami.RegistrationRegistered},
		{"tsu5ukgvysrye77oe", ami.RegistrationRejected}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v, -want +got:\n%s", err, diff)
	}
	server.Handle("PJSIPShowRegistrationsOutbound", func(c *amitest.Conn, a amitest.Action) {
		c.ReplyError(a, "Invalid/unknown command: PJSIPShowRegistrationsOutbound. Use Action: ListCommands to show available commands.")
	})
	if got, err := s.PJSIPRegistrations(t.Context()); err != nil || len(got) != 0 {
		t.Errorf("without the module: %v, %v", got, err)
	}
	server.Handle("PJSIPShowRegistrationsOutbound", func(c *amitest.Conn, a amitest.Action) {
		c.ReplyError(a, "Permission denied")
	})
	if _, err := s.PJSIPRegistrations(t.Context()); !errors.Is(err, ami.ErrPermission) {
		t.Errorf("without permission: %v", err)
	}
}
