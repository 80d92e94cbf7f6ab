package emergency

import (
	"cmp"
	"strings"
	"time"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/event"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// mailedFor is how long a mail about a call for help is tried.
const mailedFor = 24 * time.Hour

// told is the event about a call for help.
func told(s *pbx.Snapshot, c pbx.HelpCall) event.Emergency {
	return event.Emergency{Tenant: c.Tenant, Extension: c.Extension, Name: c.Name, Device: c.Device, Location: c.Location,
		Number: c.Number, Shown: strings.Join(c.Shown, ", "), Test: c.Test, Late: c.Late, At: s.InZone(c.Tenant, c.At)}
}

// mails are those about a call for help, one for each address of the tenant; never nil.
func mails(s *pbx.Snapshot, c pbx.HelpCall) []*db.Notice {
	out := []*db.Notice{}
	t := s.Tenant(c.Tenant)
	if t == nil {
		return out
	}
	subject, first := "Call for help: "+c.Number, "A device calls for help."
	switch {
	case c.Test:
		subject, first = "Test of a call for help", "This is a test. Nobody was called."
	case c.Late:
		first = "A device has called for help. Dialtone did not see the call begin, so this mail is late."
	}
	known := func(s string) string { return cmp.Or(s, "not known") }
	body := strings.Join([]string{first, "",
		"Number dialled: " + c.Number,
		"Extension: " + known(strings.TrimSpace(c.Extension+" "+c.Name)),
		"Device: " + c.Device,
		"Location: " + known(c.Location),
		"Number shown: " + known(strings.Join(c.Shown, " or ")),
		"Time: " + s.InZone(c.Tenant, c.At).Format(time.RFC1123Z), ""}, "\n")
	now := time.Now()
	for _, address := range t.EmergencyMail {
		out = append(out, &db.Notice{Tenant: c.Tenant, Email: address, Subject: subject, Body: body, Next: now,
			Expires: now.Add(mailedFor)})
	}
	return out
}
