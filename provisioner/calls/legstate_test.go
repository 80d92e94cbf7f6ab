package calls

import (
	"fmt"
	"strings"
	"testing"

	"github.com/dialtone-pbx/dialtone/ami"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// legTable is what people see of bob's leg, by the state that it is in (columns) when
// Asterisk tells of an event (rows). "." is for no change.
const legTable = `
                         ringing   answering up        held      waiting   asking    ended
Newstate Up              answering .         .         .         .         .         .
BridgeEnter              up        up        .         .         up        .         .
BridgeEnter taken back   up        up        .         .         up        up        .
Hold                     .         .         held      .         .         .         .
Unhold                   .         .         .         up        .         .         .
BridgeLeave to wait      waiting   waiting   waiting   waiting   .         .         .
BridgeLeave to consult   asking    asking    asking    asking    asking    .         .
Hangup                   ended     ended     ended     ended     ended     ended     .
`

// legFrames are the events, on bob's channel; the caller's is in bridge b from the start.
var legFrames = map[string]string{
	"Newstate Up":            "Event: Newstate\nChannelStateDesc: Up",
	"BridgeEnter":            "Event: BridgeEnter\nBridgeUniqueid: b",
	"BridgeEnter taken back": "Event: BridgeEnter\nBridgeUniqueid: b\nContext: dialtone-take\nExten: s",
	"Hold":                   "Event: Hold",
	"Unhold":                 "Event: Unhold",
	"BridgeLeave to wait":    "Event: BridgeLeave\nContext: dialtone-held\nExten: s",
	"BridgeLeave to consult": "Event: BridgeLeave\nContext: dialtone-consult\nExten: 103",
	"Hangup":                 "Event: Hangup\nCause: 16",
}

// legBegins are the events that lead from ringing to each state.
var legBegins = map[pbx.LegState][]string{
	pbx.LegRinging:   nil,
	pbx.LegAnswering: {"Newstate Up"},
	pbx.LegUp:        {"Newstate Up", "BridgeEnter"},
	pbx.LegHeld:      {"Newstate Up", "BridgeEnter", "Hold"},
	pbx.LegWaiting:   {"Newstate Up", "BridgeEnter", "BridgeLeave to wait"},
	pbx.LegAsking:    {"Newstate Up", "BridgeEnter", "BridgeLeave to consult"},
	pbx.LegEnded:     {"Hangup"},
}

// bobsLeg is a call of two legs, of which bob's has gone through some events.
func bobsLeg(events ...string) pbx.LegState {
	r := newCallRig()
	send := func(id, channel, text string) {
		r.Handle(ami.Event{At: replayed, Frame: frameOf(text + "\nChannel: " + channel + "\nUniqueid: " + id + "\nLinkedid: 1.1")})
	}
	send("1.1", "PJSIP/dcaller-00000001", "Event: Newchannel\nChannelStateDesc: Ring\nContext: from-default\nExten: 102")
	send("1.2", "PJSIP/dbob-00000002", "Event: Newchannel\nChannelStateDesc: Down\nContext: from-default")
	send("1.1", "PJSIP/dcaller-00000001", "Event: BridgeEnter\nChannelStateDesc: Up\nBridgeUniqueid: b")
	for _, e := range events {
		send("1.2", "PJSIP/dbob-00000002", legFrames[e])
	}
	return r.calls["1.1"].legs[1].State
}

// Each event of Asterisk, in each state of a leg, leads to the state of the table.
func TestLegStates(t *testing.T) {
	lines := strings.Split(strings.TrimSpace(legTable), "\n")
	states := strings.Fields(lines[0])
	if len(states) != len(legBegins) || len(lines)-1 != len(legFrames) {
		t.Fatalf("the table has %d states and %d events", len(states), len(lines)-1)
	}
	const first = 25 // column of the first state
	for _, line := range lines[1:] {
		event := strings.TrimSpace(line[:first])
		got := fmt.Sprintf("%-*s", first, event)
		for _, name := range states {
			state := pbx.LegState(name)
			if begins := bobsLeg(legBegins[state]...); begins != state {
				t.Fatalf("%v leads to %s, want %s", legBegins[state], begins, state)
			}
			shows := string(bobsLeg(append(append([]string{}, legBegins[state]...), event)...))
			if shows == name {
				shows = "."
			}
			got += fmt.Sprintf("%-10s", shows)
		}
		if got = strings.TrimSpace(got); got != strings.TrimSpace(line) {
			t.Errorf("the table says\n%s\nand it goes\n%s", line, got)
		}
	}
}

// A leg that hangs up between its answer and the bridge has answered. A leg that another one
// than the caller dials has not: it may have been asked to press 1 too late.
func TestAnsweredBeforeTheBridge(t *testing.T) {
	for dialledBy, want := range map[string]string{
		"PJSIP/dcaller-00000001\nUniqueid: 1.1\nChannelStateDesc: Up": `caller dialled 102: answered by "102", called 102 bob ANSWER, via [], 0s`,
		"Local/102@dialtone-legs-00000001;2\nUniqueid: 1.3":           `caller dialled 102: answered by "", called 102 bob ANSWER, via [], 0s`,
	} {
		r := newCallRig()
		for _, text := range []string{
			"Newchannel\nChannel: PJSIP/dcaller-00000001\nUniqueid: 1.1\nChannelStateDesc: Ring\nContext: from-default\nExten: 102",
			"Newchannel\nChannel: Local/102@dialtone-legs-00000001;2\nUniqueid: 1.3",
			"Newchannel\nChannel: PJSIP/dbob-00000002\nUniqueid: 1.2\nCallerIDNum: 102",
			"DialEnd\nDialStatus: ANSWER\nDestChannel: PJSIP/dbob-00000002\nDestUniqueid: 1.2\nDestLinkedid: 1.1\nDestChannelStateDesc: Up\nChannel: " + dialledBy,
			"Newstate\nChannel: PJSIP/dcaller-00000001\nUniqueid: 1.1\nChannelStateDesc: Up",
			"Hangup\nUniqueid: 1.2\nCause: 16", "Hangup\nUniqueid: 1.3\nCause: 16", "Hangup\nUniqueid: 1.1\nCause: 16",
		} {
			r.Handle(ami.Event{At: replayed, Frame: frameOf("Event: " + text + "\nLinkedid: 1.1")})
		}
		if len(r.records) != 1 {
			t.Fatalf("%d records", len(r.records))
		}
		if got := summary(r.records[0]); got != want {
			t.Errorf("dialled by %.8s the record says\n     %s\nwant %s", dialledBy, got, want)
		}
		if counted := len(r.taken) == 1; counted != (r.records[0].By.Number != "") {
			t.Errorf("dialled by %.8s: counted for %v", dialledBy, r.taken)
		}
	}
}

// DialEnd, an answer and a decline are what decides how a leg ended.
func TestLegOutcomes(t *testing.T) {
	for _, c := range []struct {
		status string
		hungUp bool // over the API
		cause  int
		want   pbx.Outcome
	}{
		{"ANSWER", false, 16, pbx.OutcomeAnswer},
		{"BUSY", false, 17, pbx.OutcomeBusy},
		{"NOANSWER", false, 16, pbx.OutcomeNoAnswer},
		{"NOANSWER", false, pbx.CauseRefused, pbx.OutcomeBusy},
		{"NOANSWER", true, 16, pbx.OutcomeCancel},
		{"CONTINUE", false, 16, pbx.OutcomeNoAnswer}, // nobody pressed 1
		{"CONTINUE", true, 16, pbx.OutcomeCancel},
	} {
		r := newCallRig()
		send := func(text string) { r.Handle(ami.Event{At: replayed, Frame: frameOf(text)}) }
		const caller, bob = "\nChannel: PJSIP/dcaller-00000001\nUniqueid: 1.1\nLinkedid: 1.1", "\nChannel: PJSIP/dbob-00000002\nUniqueid: 1.2\nLinkedid: 1.1"
		const dest = "\nDestChannel: PJSIP/dbob-00000002\nDestUniqueid: 1.2\nDestLinkedid: 1.1"
		send("Event: Newchannel\nChannelStateDesc: Ring\nContext: from-default\nExten: 102" + caller)
		send("Event: Newchannel\nChannelStateDesc: Down\nContext: from-default" + bob)
		send("Event: DialBegin" + caller + dest)
		if c.hungUp {
			r.ending("1.1")
		}
		send("Event: DialEnd\nDialStatus: " + c.status + caller + dest)
		send(fmt.Sprintf("Event: Hangup\nCause: %d", c.cause) + bob)
		if got := r.calls["1.1"].legs[1].Outcome; got != c.want {
			t.Errorf("%+v: the leg ended %s", c, got)
		}
	}
}
