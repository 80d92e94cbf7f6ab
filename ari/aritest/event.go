package aritest

import (
	"cmp"
	"time"
)

// EntityID is the asterisk_id of every event and answer.
const EntityID = "02:00:00:00:00:01"

// TimeFormat is how Asterisk writes times. An event with any other format,
// RFC 3339 included, cannot be decoded.
const TimeFormat = "2006-01-02T15:04:05.000-0700"

// Channel is a channel as a test cares for it; what is empty gets a plausible
// value.
type Channel struct {
	ID              string
	Name            string // as PJSIP/101-00000001
	State           string // Ring, Ringing, Up, …; Ring if empty
	CallerName      string
	CallerNumber    string
	ConnectedNumber string
	Context         string
	Exten           string
	Priority        int
	Vars            map[string]string // channelvars, for those named in ari.conf
}

// StasisStart is a channel entering app with the arguments of Stasis().
func StasisStart(app string, c Channel, args ...string) string {
	return event("StasisStart", app, map[string]any{"args": append([]string{}, args...), "channel": c.object()})
}

// StasisEnd is a channel leaving app.
func StasisEnd(app string, c Channel) string {
	return event("StasisEnd", app, map[string]any{"channel": c.object()})
}

// ChannelDestroyed is the end of a channel. Cause is its Q.850 number, as 16
// for a normal hangup.
func ChannelDestroyed(app string, c Channel, cause int) string {
	return event("ChannelDestroyed", app, map[string]any{"cause": cause, "cause_txt": "", "channel": c.object()})
}

// ChannelHangupRequest is somebody asking for the end of a channel.
func ChannelHangupRequest(app string, c Channel, cause int) string {
	return event("ChannelHangupRequest", app, map[string]any{"cause": cause, "soft": false, "channel": c.object()})
}

// ChannelStateChange is a channel that now has c.State.
func ChannelStateChange(app string, c Channel) string {
	return event("ChannelStateChange", app, map[string]any{"channel": c.object()})
}

// ChannelVarset is a channel variable that was written.
func ChannelVarset(app string, c Channel, name, value string) string {
	return event("ChannelVarset", app, map[string]any{"variable": name, "value": value, "channel": c.object()})
}

// ChannelDtmfReceived is one digit from a channel.
func ChannelDtmfReceived(app string, c Channel, digit string) string {
	return event("ChannelDtmfReceived", app, map[string]any{"digit": digit, "duration_ms": 100, "channel": c.object()})
}

// Dial is the progress of a Dial() between two channels. Status is empty for
// its begin, then RINGING, ANSWER, BUSY, CANCEL, NOANSWER, …
func Dial(app string, caller, peer Channel, status string) string {
	return event("Dial", app, map[string]any{
		"caller": caller.object(), "peer": peer.object(), "dialstatus": status, "dialstring": peer.Name, "forward": "",
	})
}

// ApplicationReplaced is what a websocket gets when another one takes its app.
func ApplicationReplaced(app string) string {
	return event("ApplicationReplaced", app, nil)
}

// event writes an event with what all of them have.
func event(name, app string, fields map[string]any) string {
	all := map[string]any{"type": name, "application": app, "asterisk_id": EntityID, "timestamp": timestamp()}
	for k, v := range fields {
		all[k] = v
	}
	return encode(all)
}

// object is the channel as ARI shows it.
func (c Channel) object() map[string]any {
	o := map[string]any{
		"id":           c.ID,
		"name":         cmp.Or(c.Name, "PJSIP/"+cmp.Or(c.CallerNumber, "anonymous")+"-00000001"),
		"state":        cmp.Or(c.State, "Ring"),
		"protocol_id":  "call-" + c.ID,
		"caller":       map[string]string{"name": c.CallerName, "number": c.CallerNumber},
		"connected":    map[string]string{"name": "", "number": c.ConnectedNumber},
		"accountcode":  "",
		"creationtime": timestamp(),
		"language":     "en",
		"dialplan": map[string]any{
			"context": c.Context, "exten": c.Exten, "priority": cmp.Or(c.Priority, 1), "app_name": "Stasis", "app_data": "",
		},
	}
	if c.Vars != nil {
		o["channelvars"] = c.Vars
	}
	return o
}

func timestamp() string { return time.Now().Format(TimeFormat) }
