package calls

import (
	"strconv"
	"strings"
	"time"

	"github.com/dialtone-pbx/dialtone/ami"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// party returns the phone or line behind a channel. Of a phone of another tenant, which a
// call reaches by a number of this system, the tenant learns as little as of a carrier's.
func (t *Tracker) party(tenant string, c ami.Channel) pbx.CallParty {
	p := pbx.CallParty{Number: known(c.CallerNumber), Name: known(c.CallerName)}
	d := t.o.Snapshot().DeviceOf(pbx.EndpointOfChannel(c.Name))
	if d != nil && tenant != "" && d.Tenant != tenant {
		return pbx.CallParty{}
	}
	if d == nil {
		return pbx.NamedCaller(p)
	}
	p.Device, p.Extension = d.Name, d.Extension
	return p
}

// known turns Asterisk's word for an empty value into one.
func known(s string) string {
	if s == "<unknown>" {
		return ""
	}
	return s
}

// began reads the time in a Uniqueid, such as 1795344763.12; fallback if there is
// none.
func began(id string, fallback time.Time) time.Time {
	whole, _, _ := strings.Cut(id[strings.LastIndexByte(id, '-')+1:], ".")
	seconds, err := strconv.ParseInt(whole, 10, 64)
	if at := time.Unix(seconds, 0); err == nil && seconds > 0 && at.Before(fallback) {
		return at
	}
	return fallback
}
