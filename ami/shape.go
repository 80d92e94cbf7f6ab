package ami

import (
	"slices"
	"strings"
)

// A caller's number and the number dialled go into AMI as they are, line breaks too: what a caller writes can end a
// frame and begin others. Asterisk keeps 79 bytes of each (AST_CHANNEL_NAME, AST_MAX_EXTENSION) and escapes all other
// texts from outside. So an event is believed only if it is whole: its fields are those that Asterisk always writes, in
// their order, and it is longer than a forged one can be. A channel's fields up to the caller's number alone take 98
// bytes; the other events are guarded by their length.

const (
	// longestForeign is what Asterisk keeps of a number that a caller writes, in bytes.
	longestForeign = 79
	// shortestEvent is more than a frame inside such a number: two line breaks end the frame before it, and Asterisk's
	// own two may end it.
	shortestEvent = longestForeign - 4 + 2 + 1
)

// part is a run of fields that stand one after the other.
type part struct {
	names    []string
	optional bool // as a whole
	repeated bool // any number of times
	further  bool // any fields that are named otherwise
}

// shape is the sequence of all fields of an event, after the fields that all events begin with.
type shape []part

// eventHead is what each event begins with. All but the first part depend on the host's manager.conf and asterisk.conf.
var eventHead = shape{fields("Event Privilege"), optional("Timestamp"), optional("SequenceNumber File Line Func"),
	optional("SystemName")}

// shapes has each event that we read, in all versions from 16 on (main/manager_channels.c, manager_bridges.c,
// stasis_bridges.c, stasis_endpoints.c, devicestate.c, stasis_system.c, channel.c, core_local.c, pickup.c).
var shapes = map[string]shape{
	"Newchannel":       event(channelFields("")),
	"Newstate":         event(channelFields("")),
	"NewCallerid":      event(channelFields(""), shape{fields("CID-CallingPres")}),
	"NewConnectedLine": event(channelFields("")),
	"Rename":           exact(shape{fields("Channel Newname Uniqueid")}),
	"Hangup":           event(channelFields(""), shape{fields("Cause Cause-txt")}),
	"DialBegin":        event(maybe(channelFields("")), channelFields("Dest"), shape{fields("DialString")}),
	"DialEnd": event(maybe(channelFields("")), channelFields("Dest"),
		shape{optional("Forward"), fields("DialStatus")}),
	"BridgeEnter":     event(bridgeFields(""), channelFields("")),
	"BridgeLeave":     event(bridgeFields(""), channelFields("")),
	"LocalBridge":     event(channelFields("LocalOne"), channelFields("LocalTwo"), shape{fields("Context Exten")}),
	"Hold":            event(channelFields("")),
	"Unhold":          event(channelFields("")),
	"MixMonitorStart": event(channelFields("")),
	"MixMonitorStop":  event(channelFields("")),
	"Pickup":          event(channelFields(""), channelFields("Target")),
	"BlindTransfer": event(shape{fields("Result")}, channelFields("Transferer"), maybe(channelFields("Transferee")),
		maybe(bridgeFields("")), shape{fields("IsExternal Context Extension")}),
	"AttendedTransfer": event(shape{fields("Result")}, channelFields("OrigTransferer"), maybe(bridgeFields("Orig")),
		channelFields("SecondTransferer"), maybe(bridgeFields("Second")), maybe(channelFields("Transferee")),
		maybe(channelFields("TransferTarget")), shape{fields("IsExternal DestType")}),
	// main/manager_mwi.c; the channel is that of the caller that left the message.
	"MessageWaiting": event(maybe(channelFields("")), shape{fields("Mailbox Waiting"), optional("New Old")}),

	"ContactStatus":     exact(shape{fields("URI ContactStatus AOR EndpointName"), optional("RoundtripUsec")}),
	"DeviceStateChange": exact(shape{fields("Device State")}),
	"PeerStatus": exact(shape{fields("ChannelType Peer PeerStatus"), optional("Cause"), optional("Address"),
		optional("Port"), optional("Time")}),
	"Registry": exact(shape{fields("ChannelType Username Domain Status"), optional("Cause")}),
	// After a login Status comes last, and first where Asterisk says to all that it has booted.
	"FullyBooted": exact(shape{optional("Status"), fields("Uptime LastReload"), optional("Status")}),
}

// event is the shape of an event about a channel. Further fields of newer versions may follow.
func event(s ...shape) shape { return append(exact(s...), part{further: true}) }

// exact is the shape of an event that has no other fields. It is short: what follows a number in the frame of its
// channel could make a forged one long.
func exact(s ...shape) shape { return append(slices.Clone(eventHead), slices.Concat(s...)...) }

// listedChannel is an item of CoreShowChannels. Its ActionID, that nobody else knows, tells it from a forged one.
var listedChannel = slices.Concat(shape{fields("Event ActionID")}, channelFields(""),
	shape{fields("Application ApplicationData Duration BridgeId"), {further: true}})

func fields(names string) part { return part{names: strings.Fields(names)} }

func optional(names string) part { return part{names: strings.Fields(names), optional: true} }

// channelFields is what Asterisk tells of a channel.
func channelFields(prefix string) shape {
	names := strings.Fields("Channel ChannelState ChannelStateDesc CallerIDNum CallerIDName ConnectedLineNum " +
		"ConnectedLineName Language AccountCode Context Exten Priority Uniqueid Linkedid")
	for i := range names {
		names[i] = prefix + names[i]
	}
	return shape{{names: names}, optional(prefix + "Tenantid"),
		{names: []string{prefix + "ChanVariable"}, optional: true, repeated: true}}
}

// bridgeFields is what Asterisk tells of a bridge.
func bridgeFields(prefix string) shape {
	names := strings.Fields("BridgeUniqueid BridgeType BridgeTechnology BridgeCreator BridgeName BridgeNumChannels " +
		"BridgeVideoSourceMode")
	for i := range names {
		names[i] = prefix + names[i]
	}
	return shape{{names: names}, optional(prefix + "BridgeVideoSource")}
}

// maybe is a shape that may be left out; its first part must not be optional.
func maybe(s shape) shape {
	out := slices.Clone(s)
	out[0].optional = true
	return out
}

// whole reports whether an event that we read is one that Asterisk wrote.
func (f Frame) whole() bool {
	return f.size >= shortestEvent && f.is(shapes[f.Name()])
}

// torn reports whether a frame is none at all, but the rest of one that a number with line breaks ended before.
func (f Frame) torn() bool {
	return len(f.fields) == 0 || f.fields[0].Name != "Event" && f.fields[0].Name != "Response"
}

// is reports whether the fields have a shape. No value has a control character: those that Asterisk takes from outside
// are escaped, but for numbers.
func (f Frame) is(s shape) bool {
	left := f.fields
	for _, p := range s {
		if p.further {
			if slices.ContainsFunc(left, func(f Field) bool { return s.has(f.Name) }) {
				return false
			}
			left = nil
			continue
		}
		for len(left) > 0 && left[0].Name == p.names[0] || !p.optional {
			if !beginsWith(left, p.names) {
				return false
			}
			if left = left[len(p.names):]; !p.repeated {
				break
			}
		}
	}
	return len(left) == 0 && !slices.ContainsFunc(f.fields, func(f Field) bool {
		return strings.ContainsFunc(f.Value, isControl)
	})
}

func beginsWith(f []Field, names []string) bool {
	if len(f) < len(names) {
		return false
	}
	for i, name := range names {
		if f[i].Name != name {
			return false
		}
	}
	return true
}

func (s shape) has(name string) bool {
	for _, p := range s {
		for _, n := range p.names {
			if strings.EqualFold(n, name) {
				return true
			}
		}
	}
	return false
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f }
