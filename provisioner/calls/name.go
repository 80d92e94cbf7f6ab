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
	seconds, _, ok := creation(id)
	if at := time.Unix(seconds, 0); ok && at.Before(fallback) {
		return at
	}
	return fallback
}

// creation reads a Uniqueid of Asterisk: the second of the channel's creation, and its running
// number since Asterisk started. An id that was given over the API has neither.
func creation(id string) (seconds, number int64, ok bool) {
	whole, part, _ := strings.Cut(id[strings.LastIndexByte(id, '-')+1:], ".")
	seconds, err := strconv.ParseInt(whole, 10, 64)
	number, numberErr := strconv.ParseInt(part, 10, 64)
	return seconds, number, err == nil && numberErr == nil && seconds > 0
}
