package provisioner

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/dialtone-pbx/dialtone/ami"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// channelPlace finds the tenant in the name of a context of ours.
var channelPlace = regexp.MustCompile(`^(?:from|trunk|dial|fallback|record|play|desk)-([a-z0-9-]{1,31})$`)

// tenantOf returns whose channel it is; "" for one that is not ours.
func (t *callTracker) tenantOf(c ami.Channel) string {
	s := t.snapshot()
	if d := s.DeviceOf(pbx.EndpointOfChannel(c.Name)); d != nil {
		return d.Tenant
	}
	if part := channelPlace.FindStringSubmatch(c.Context); part != nil && s.Tenant(part[1]) != nil {
		return part[1]
	}
	return ""
}

// party returns who is behind a channel.
func (t *callTracker) party(c ami.Channel) pbx.CallParty {
	p := pbx.CallParty{Number: known(c.CallerNumber), Name: known(c.CallerName)}
	if d := t.snapshot().DeviceOf(pbx.EndpointOfChannel(c.Name)); d != nil {
		p.Device, p.Extension = d.Name, d.Extension
	}
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
