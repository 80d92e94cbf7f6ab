package calls

import (
	"testing"

	"github.com/dialtone-pbx/dialtone/ami"
	"github.com/dialtone-pbx/dialtone/ami/amitest"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// listedHeld is a held channel as Asterisk lists it, in its holding bridge.
var listedHeld = []string{"Channel", "PJSIP/dcaller-0000002a", "ChannelStateDesc", "Up", "Uniqueid", "1795344800.1", "Linkedid", "1795344800.1",
	"Context", pbx.HeldContext, "Exten", "s", "BridgeId", "holding"}

// A controller that comes back rings the transferor again for a held channel that nothing
// takes any more, and leaves every other one alone.
func TestAbandonedChannelIsRecalled(t *testing.T) {
	asker := []string{"Channel", "PJSIP/dbob-0000002b", "Uniqueid", "1795344800.2", "Linkedid", "1795344800.1", "Context", pbx.ConsultContext, "Exten", "103"}
	dialled := []string{"Channel", "Local/103@dialtone-ask-00000001;1", "Uniqueid", "1795344800.3", "Linkedid", "1795344800.1", "Context", pbx.AskContext}
	taker := []string{"Channel", "Local/103@other-00000001;1", "Uniqueid", "1795344800.3", "Linkedid", "1795344800.1", "Context", pbx.TakeContext, "Exten", "s"}
	partner := []string{"Channel", "PJSIP/dcarol-0000002c", "Uniqueid", "1795344800.5", "Linkedid", "1795344800.5", "Context", "from-default", "BridgeId", "holding"}
	for name, c := range map[string]struct {
		beside [][]string
		want   int
	}{
		"alone": {nil, 1}, "asker there": {[][]string{asker}, 0}, "target dialled": {[][]string{dialled}, 0},
		"being taken": {[][]string{taker}, 0}, "taken": {[][]string{partner}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			server := amitest.NewServer(t)
			server.Handle("CoreShowChannels", func(conn *amitest.Conn, a amitest.Action) {
				conn.ReplyList(a, "CoreShowChannel", "CoreShowChannelsComplete", append(c.beside, listedHeld)...)
			})
			server.Handle("Getvar", func(conn *amitest.Conn, a amitest.Action) {
				conn.Reply(a, "Variable", a.Get("Variable"), "Value", "PJSIP/dbob-0000002b")
			})
			server.Handle("Redirect", func(conn *amitest.Conn, a amitest.Action) { conn.Reply(a, "Message", "Redirect successful") })
			s := dialAMI(t, server)
			r := newCallRig()
			if err := r.Up(t.Context(), s); err != nil {
				t.Fatal(err)
			}
			told := server.Actions("Redirect")
			if len(told) != c.want {
				t.Fatalf("%d redirects, want %d", len(told), c.want)
			}
			if c.want == 1 && (told[0].Get("Channel") != "PJSIP/dcaller-0000002a" || told[0].Get("Context") != pbx.HeldContext || told[0].Get("Exten") != pbx.LeftExtension) {
				t.Errorf("Asterisk was told %+v", told[0])
			}
		})
	}
}

// A held channel is in a bridge, alone: that is waiting, not talking.
func TestHeldChannelWaitsInItsBridge(t *testing.T) {
	r := newCallRig()
	r.takeOver([]ami.Channel{
		{Name: "PJSIP/dcaller-0000002a", State: "Up", UniqueID: "1795344800.1", LinkedID: "1795344800.1", BridgeID: "holding", Context: pbx.HeldContext, Exten: "s"},
		{Name: "PJSIP/dbob-0000002b", State: "Up", UniqueID: "1795344800.2", LinkedID: "1795344800.1", Context: pbx.ConsultContext, Exten: "103"},
	}, replayed)
	if got := shown(r.calls["1795344800.1"]); got != "caller waiting, bob asking" {
		t.Errorf("the legs show %s", got)
	}
	if _, _, err := r.mayConsult("1795344800.1", "1795344800.1"); pbx.KindOf(err) != pbx.Conflict {
		t.Errorf("asking while being held: %v", err)
	}
}

// The shell of a masqueraded channel that Asterisk lists for ever is no call: a list at a
// connect does not make one of it, and the next comparison ends one that was followed.
func TestGhostIsNoCall(t *testing.T) {
	server := amitest.NewServer(t)
	ghost := ami.Channel{Name: "Surrogate/PJSIP/dcaller-0000002a", State: "Up", UniqueID: "1795344800.9", LinkedID: "1795344800.9", Context: pbx.HeldContext, Exten: "s"}
	server.Handle("CoreShowChannels", func(conn *amitest.Conn, a amitest.Action) {
		conn.ReplyList(a, "CoreShowChannel", "CoreShowChannelsComplete", []string{"Channel", ghost.Name, "ChannelStateDesc", "Up",
			"Uniqueid", ghost.UniqueID, "Linkedid", ghost.LinkedID, "Context", ghost.Context, "Exten", "s"})
	})
	s := dialAMI(t, server)
	for _, known := range []bool{false, true} {
		r := newCallRig()
		if known {
			r.takeOver([]ami.Channel{ghost}, replayed)
		}
		if err := r.Up(t.Context(), s); err != nil {
			t.Fatal(err)
		}
		r.empty(t)
		if told := server.Actions("Redirect"); len(told) != 0 {
			t.Errorf("a ghost was redirected: %+v", told)
		}
	}
}

func dialAMI(t *testing.T, server *amitest.Server) *ami.Session {
	t.Helper()
	server.Credentials("dialtone", "secret")
	s, err := ami.Dial(t.Context(), ami.Options{Address: server.Address(), Username: "dialtone", Secret: "secret"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// A call that comes back says so in its record: which phone is rung again, and that nobody
// could be reached in the end.
func TestCallThatComesBack(t *testing.T) {
	r := newCallRig()
	caller := ami.Channel{Name: "PJSIP/dcaller-0000002a", State: "Up", UniqueID: "1795344800.1",
		LinkedID: "1795344800.1", Context: "from-default", Exten: "103"}
	bob := ami.Channel{Name: "PJSIP/dbob-0000002c", State: "Down", UniqueID: "1795344800.4",
		LinkedID: "1795344800.1", Context: "from-default"}
	r.takeOver([]ami.Channel{caller}, replayed)
	call := r.calls["1795344800.1"]
	for _, at := range []struct{ context, exten, want string }{
		{pbx.BackContext, "17", "nobody took the call: extension 102, which transferred it, is rung again"},
		{pbx.ParkedBackContext, "s", "nobody took the parked call: extension 102, which parked it, is rung"},
	} {
		caller.Context, caller.Exten = at.context, at.exten
		by, to := r.see(caller, replayed, false), r.see(bob, replayed, true)
		r.dialled(by, to, ami.CallEvent{Name: "DialBegin"}, replayed)
		if got := call.Rules[len(call.Rules)-1]; got != at.want {
			t.Errorf("in %s the rule is %q, want %q", at.context, got, at.want)
		}
	}
	caller.Context, caller.Exten = pbx.BackContext, pbx.OverExtension
	r.see(caller, replayed, false)
	r.see(caller, replayed, false)
	want := "nobody can be reached: the caller is told so, and the call ends"
	if got := call.Rules; len(got) != 3 || got[2] != want {
		t.Errorf("the rules are %q, want %q at the end", got, want)
	}
}
