package ami

import (
	"context"
	"fmt"
	"strconv"
)

// CallEvent is one event about the channels of a call, of class call. Which
// channels and fields it has depends on Name.
type CallEvent struct {
	Name string // Newchannel, Newstate, DialBegin, DialEnd, BridgeEnter, …
	// Channel is the channel the event is about: the dialling one of a dial, the
	// transferring one of a transfer. Its UniqueID is "" when there is none.
	Channel Channel
	// Other is the second channel: the dialled one, the transferred one, the ;2 half
	// of a Local channel, the one that is picked up.
	Other      Channel
	DialStatus string // DialEnd: ANSWER, BUSY, …
	DialString string // DialBegin: what followed the technology, "NUMBER@TRUNK"
	Cause      int    // Hangup: Q.850
	Exten      string // BlindTransfer: where to
	Result     string // transfers: "Success", …
	// BridgeType and BridgeChannels are of BridgeEnter: "basic", "base", "holding", …, and
	// how many channels are in the bridge now.
	BridgeType     string
	BridgeChannels int
}

// callEvents names for each event we follow the prefixes of its two channels.
var callEvents = map[string][2]string{
	"Newchannel": {""}, "Newstate": {""}, "NewCallerid": {""}, "NewConnectedLine": {""}, "Rename": {""}, "Hangup": {""},
	"DialBegin": {"", "Dest"}, "DialEnd": {"", "Dest"}, "BridgeEnter": {""}, "BridgeLeave": {""},
	"LocalBridge": {"LocalOne", "LocalTwo"}, "Hold": {""}, "Unhold": {""}, "MixMonitorStart": {""},
	"MixMonitorStop": {""}, "Pickup": {"", "Target"},
	"BlindTransfer": {"Transferer", "Transferee"}, "AttendedTransfer": {"OrigTransferer", "SecondTransferer"},
}

// ParseCallEvent returns the view of an event about a call; false for any other.
func ParseCallEvent(f Frame) (CallEvent, bool) {
	prefixes, known := callEvents[f.Name()]
	if !known {
		return CallEvent{}, false
	}
	cause, _ := strconv.Atoi(f.Get("Cause"))
	e := CallEvent{Name: f.Name(), Channel: channelOf(f, prefixes[0]), DialStatus: f.Get("DialStatus"),
		DialString: f.Get("DialString"),
		Cause:      cause, Exten: f.Get("Extension"), Result: f.Get("Result")}
	if prefixes[1] != "" {
		e.Other = channelOf(f, prefixes[1])
	}
	switch e.Name {
	case "BridgeEnter":
		e.Channel.BridgeID, e.BridgeType = f.Get("BridgeUniqueid"), f.Get("BridgeType")
		e.BridgeChannels, _ = strconv.Atoi(f.Get("BridgeNumChannels"))
	case "Rename":
		e.Channel.Name, e.Channel.UniqueID = f.Get("Newname"), f.Get("Uniqueid")
	}
	return e, true
}

// channelOf reads one of the channels of an event.
func channelOf(f Frame, prefix string) Channel {
	priority, _ := strconv.Atoi(f.Get(prefix + "Priority"))
	return Channel{
		Name: f.Get(prefix + "Channel"), State: f.Get(prefix + "ChannelStateDesc"),
		CallerNumber: f.Get(prefix + "CallerIDNum"), CallerName: f.Get(prefix + "CallerIDName"),
		ConnectedNumber: f.Get(prefix + "ConnectedLineNum"), ConnectedName: f.Get(prefix + "ConnectedLineName"),
		AccountCode: f.Get(prefix + "AccountCode"), Context: f.Get(prefix + "Context"), Exten: f.Get(prefix + "Exten"),
		Priority: priority,
		UniqueID: f.Get(prefix + "Uniqueid"), LinkedID: f.Get(prefix + "Linkedid"),
	}
}

// BlindTransfer makes whoever talks with channel go on at an extension, and lets
// channel go. It needs write class call. ErrNotFound: the channel is gone.
func (s *Session) BlindTransfer(ctx context.Context, channel, dialplanContext, extension string) error {
	if err := checkValues(channel, dialplanContext, extension); err != nil {
		return fmt.Errorf("AMI action BlindTransfer: %w", err)
	}
	_, err := s.request(ctx, "BlindTransfer", Field{"Channel", channel}, Field{"Context", dialplanContext},
		Field{"Exten", extension})
	return err
}

// Place is where in the dialplan a channel goes on, at priority 1.
type Place struct{ Context, Extension string }

// Redirect lets a channel go on at a place. It needs write class call. ErrNotFound: the
// channel is gone.
func (s *Session) Redirect(ctx context.Context, channel string, to Place) error {
	if err := checkValues(channel, to.Context, to.Extension); err != nil {
		return fmt.Errorf("AMI action Redirect: %w", err)
	}
	_, err := s.request(ctx, "Redirect", Field{"Channel", channel}, Field{"Context", to.Context},
		Field{"Exten", to.Extension}, Field{"Priority", "1"})
	return err
}

// RedirectBoth lets two channels, that are in one bridge, go on at places of their own at
// the same time. It needs write class call. ErrNotFound: one of them is gone; then
// the other is where it was.
func (s *Session) RedirectBoth(ctx context.Context, channel string, to Place, other string, otherTo Place) error {
	if err := checkValues(channel, to.Context, to.Extension, other, otherTo.Context, otherTo.Extension); err != nil {
		return fmt.Errorf("AMI action Redirect: %w", err)
	}
	_, err := s.request(ctx, "Redirect", Field{"Channel", channel}, Field{"Context", to.Context},
		Field{"Exten", to.Extension}, Field{"Priority", "1"},
		Field{"ExtraChannel", other}, Field{"ExtraContext", otherTo.Context}, Field{"ExtraExten", otherTo.Extension},
		Field{"ExtraPriority", "1"})
	return err
}

// SetChannelVar sets a variable of a channel, or writes a function of the dialplan there.
// It needs write class call. ErrNotFound: the channel is gone.
func (s *Session) SetChannelVar(ctx context.Context, channel, name, value string) error {
	if err := checkValues(channel, name, value); err != nil {
		return fmt.Errorf("AMI action Setvar: %w", err)
	}
	_, err := s.request(ctx, "Setvar", Field{"Channel", channel}, Field{"Variable", name}, Field{"Value", value})
	return err
}

// ChannelVar returns a variable of a channel, or a function of the dialplan as it is there;
// "" for one that is not set. It needs write class call or reporting. ErrNotFound: the channel is gone.
func (s *Session) ChannelVar(ctx context.Context, channel, name string) (string, error) {
	if err := checkValues(channel, name); err != nil {
		return "", fmt.Errorf("AMI action Getvar: %w", err)
	}
	f, err := s.request(ctx, "Getvar", Field{"Channel", channel}, Field{"Variable", name})
	return f.Get("Value"), err
}
