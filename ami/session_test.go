package ami

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/dialtone-pbx/dialtone/ami/amitest"
)

func TestLoginSendsSecretAsItIs(t *testing.T) {
	server := amitest.NewServer(t)
	server.Credentials("dialtone", "100%s%d%")
	dialServer(t, server, nil)
	if got := server.Actions("Login")[0].Get("Secret"); got != "100%s%d%" {
		t.Errorf("secret on the wire: %q", got)
	}
}

func TestLoginRefused(t *testing.T) {
	server := amitest.NewServer(t)
	server.Credentials("dialtone", "right")
	_, err := Dial(testContext(t), Options{Address: server.Address(), Username: "dialtone", Secret: "wrong"}, nil)
	if !errors.Is(err, ErrLoginRefused) || !strings.Contains(err.Error(), "Authentication failed") {
		t.Errorf("got %v", err)
	}
	if strings.Contains(err.Error(), "wrong") {
		t.Errorf("the secret is in the error: %v", err)
	}
}

// No value reaches the wire with a line break, whichever way its action is composed; nothing at all is written.
func TestLineBreaksAreRefused(t *testing.T) {
	server := amitest.NewServer(t)
	s := dialServer(t, server, nil)
	ctx := testContext(t)
	for _, evil := range []string{"x\r\nAction: Command\r\nCommand: core stop now\r\n\r\n", "x\ny", "x\ry", "x\x00y"} {
		_, getvar := s.Getvar(ctx, evil)
		_, show := s.PJSIPShowEndpoint(ctx, evil)
		for name, err := range map[string]error{
			"Reload": s.Reload(ctx, evil), "Getvar": getvar, "Hangup": s.Hangup(ctx, evil), "PJSIPShowEndpoint": show,
			"notify endpoint": s.PJSIPNotify(ctx, evil, nil), "notify URI": s.PJSIPNotify(ctx, "sip:"+evil, nil),
			"notify value": s.PJSIPNotify(ctx, "101", []Variable{{"Event", evil}}),
			"notify name":  s.PJSIPNotify(ctx, "101", []Variable{{evil, "x"}}),
		} {
			if !errors.Is(err, ErrBadValue) {
				t.Errorf("%s with %q: %v", name, evil, err)
			}
		}
		for _, opts := range []Options{{Username: evil}, {Secret: evil}, {Events: evil}} {
			opts.Address = server.Address()
			if _, err := Dial(ctx, opts, nil); !errors.Is(err, ErrBadValue) {
				t.Errorf("login with %q: %v", evil, err)
			}
		}
	}
	if err := s.PJSIPNotify(ctx, "101", []Variable{{"Content", strings.Repeat("x", maxLine)}}); !errors.Is(err, ErrBadValue) {
		t.Errorf("long line: %v", err)
	}
	if err := s.Ping(ctx); err != nil {
		t.Errorf("the connection is hurt: %v", err)
	}
	if got := server.Actions(""); len(got) != 2 {
		t.Errorf("on the wire: %v", got)
	}
}

func TestReload(t *testing.T) {
	server := amitest.NewServer(t)
	s := dialServer(t, server, nil)
	if err := s.Reload(testContext(t), "res_pjsip"); err != nil {
		t.Error(err)
	}
	if got := server.Actions("Reload")[0].Get("Module"); got != "res_pjsip" {
		t.Errorf("module %q", got)
	}
	server.Handle("Reload", func(c *amitest.Conn, a amitest.Action) { c.ReplyError(a, "No such module") })
	var refused *ResponseError
	if err := s.Reload(testContext(t), "nope"); !errors.Is(err, ErrNotFound) || !errors.As(err, &refused) || refused.Action != "Reload" {
		t.Errorf("unknown module: %v", err)
	}
	server.Handle("Reload", func(c *amitest.Conn, a amitest.Action) { c.ReplyError(a, "A reload is in progress\n") })
	if err := s.Reload(testContext(t), "x"); err == nil || errors.Is(err, ErrNotFound) {
		t.Errorf("reload in progress: %v", err)
	}
	server.Handle("Reload", func(c *amitest.Conn, a amitest.Action) {
		c.Write(amitest.Text("Response", "Follows", "ActionID", a.Get("ActionID")))
	})
	if err := s.Reload(testContext(t), "x"); !errors.Is(err, ErrBadAnswer) {
		t.Errorf("strange answer: %v", err)
	}
}

// A user without permission is an error for every action, never an empty list.
func TestPermissionDenied(t *testing.T) {
	server := amitest.NewServer(t)
	s := dialServer(t, server, nil)
	ctx := testContext(t)
	denied := func(c *amitest.Conn, a amitest.Action) { c.ReplyError(a, "Permission denied") }
	for action, call := range map[string]func() error{
		"Reload":            func() error { return s.Reload(ctx, "x") },
		"PJSIPShowEndpoint": func() error { _, err := s.PJSIPShowEndpoint(ctx, "x"); return err },
		"PJSIPShowContacts": func() error { _, err := s.PJSIPContacts(ctx); return err },
		"DeviceStateList":   func() error { _, err := s.DeviceStates(ctx); return err },
		"CoreShowChannels":  func() error { _, err := s.CoreShowChannels(ctx); return err },
		"CoreStatus":        func() error { _, err := s.CoreStatus(ctx); return err },
		"Getvar":            func() error { _, err := s.Getvar(ctx, "x"); return err },
		"PJSIPNotify":       func() error { return s.PJSIPNotify(ctx, "x", nil) },
		"Hangup":            func() error { return s.Hangup(ctx, "x") },
	} {
		server.Handle(action, denied)
		if err := call(); !errors.Is(err, ErrPermission) {
			t.Errorf("%s: %v", action, err)
		}
	}
}

func TestEmptyAsterisk(t *testing.T) {
	s := dialServer(t, amitest.NewServer(t), nil)
	ctx := testContext(t)
	contacts, err1 := s.PJSIPContacts(ctx)
	states, err2 := s.DeviceStates(ctx)
	channels, err3 := s.CoreShowChannels(ctx)
	if err := errors.Join(err1, err2, err3); err != nil || len(contacts)+len(states)+len(channels) != 0 {
		t.Errorf("got %v %v %v, %v", contacts, states, channels, err)
	}
	if _, err := s.PJSIPShowEndpoint(ctx, "101"); !errors.Is(err, ErrNotFound) {
		t.Errorf("endpoint: %v", err)
	}
	if err := s.Hangup(ctx, "PJSIP/101-1"); !errors.Is(err, ErrNotFound) {
		t.Errorf("hangup: %v", err)
	}
	if v, err := s.Getvar(ctx, "X"); v != "" || err != nil {
		t.Errorf("variable: %q, %v", v, err)
	}
	status, err := s.CoreStatus(ctx)
	if want := (CoreStatus{Started: "2026-01-01 00:00:00", Reloaded: "2026-01-01 00:00:00"}); status != want || err != nil {
		t.Errorf("status: %+v, %v", status, err)
	}
}

func TestBrokenLists(t *testing.T) {
	server := amitest.NewServer(t)
	s := dialServer(t, server, nil)
	server.Handle("DeviceStateList", func(c *amitest.Conn, a amitest.Action) {
		c.Reply(a, "EventList", "start")
		c.Write(amitest.Text("Event", "DeviceStateListComplete", "ActionID", a.Get("ActionID"), "EventList", "cancelled"))
	})
	if _, err := s.DeviceStates(testContext(t)); !errors.Is(err, ErrBadAnswer) {
		t.Errorf("cancelled: %v", err)
	}
	server.Handle("DeviceStateList", func(c *amitest.Conn, a amitest.Action) {
		c.Reply(a, "EventList", "start")
		c.Write(amitest.Text("Event", "DeviceStateChange", "ActionID", a.Get("ActionID"), "Device", "PJSIP/1", "State", "BUSY"))
		c.Close()
	})
	if got, err := s.DeviceStates(testContext(t)); !errors.Is(err, ErrClosed) || got != nil {
		t.Errorf("cut: %v, %v", got, err)
	}
}

func TestPJSIPContacts(t *testing.T) {
	server := amitest.NewServer(t)
	s := dialServer(t, server, nil)
	server.Handle("PJSIPShowContacts", func(c *amitest.Conn, a amitest.Action) {
		c.ReplyList(a, "ContactList", "ContactListComplete",
			[]string{"ObjectType", "contact", "ObjectName", "101@acme;@0f3a", "ViaAddr", "192.168.1.20", "CallId", "c:1",
				"Endpoint", "101", "Uri", "sip:101@[2001:db8::7]:5062;transport=tcp", "UserAgent", "Yealink SIP-T46U 108.86.0.20",
				"ExpirationTime", "1767225600", "Status", "Reachable", "RoundtripUsec", "12345"},
			[]string{"ObjectName", "trunk@@77", "Uri", "sip:sbc.example.net", "Status", "NonQualified", "RoundtripUsec", "N/A",
				"ExpirationTime", "0"})
	})
	got, err := s.PJSIPContacts(testContext(t))
	if err != nil {
		t.Fatal(err)
	}
	want := []Contact{
		{AOR: "101@acme", Endpoint: "101", URI: "sip:101@[2001:db8::7]:5062;transport=tcp", Status: ContactReachable,
			RoundTrip: 12345 * time.Microsecond, UserAgent: "Yealink SIP-T46U 108.86.0.20",
			Expires: time.Unix(1767225600, 0), ViaHost: "192.168.1.20", CallID: "c:1"},
		{AOR: "trunk", URI: "sip:sbc.example.net", Status: ContactNonQualified},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if address, ok := got[0].Address(); !ok || address != netip.MustParseAddrPort("[2001:db8::7]:5062") {
		t.Errorf("address %v, %v", address, ok)
	}
}

func TestPJSIPShowEndpoint(t *testing.T) {
	server := amitest.NewServer(t)
	s := dialServer(t, server, nil)
	server.Handle("PJSIPShowEndpoint", func(c *amitest.Conn, a amitest.Action) {
		id := a.Get("ActionID")
		c.Reply(a, "EventList", "start")
		for _, e := range [][]string{
			{"Event", "EndpointDetail", "ActionID", id, "ObjectName", "101", "Context", "office", "DeviceState", "Not in use"},
			{"Event", "AorDetail", "ActionID", id, "ObjectName", "101"},
			{"Event", "ContactStatusDetail", "ActionID", id, "AOR", "101", "URI", "sip:101@10.0.0.9:5060", "Status", "Reachable",
				"RoundtripUsec", "900", "EndpointName", "101", "UserAgent", "Poly", "RegExpire", "1767225600", "ViaAddress", "10.0.0.9:5060"},
			{"Event", "EndpointDetailComplete", "ActionID", id, "EventList", "Complete", "ListItems", "3"},
		} {
			c.Write(amitest.Text(e...))
		}
	})
	got, err := s.PJSIPShowEndpoint(testContext(t), "101")
	if err != nil {
		t.Fatal(err)
	}
	want := Endpoint{
		Name: "101", DeviceState: "Not in use",
		Contacts: []ContactStatus{{AOR: "101", Endpoint: "101", URI: "sip:101@10.0.0.9:5060", Status: ContactReachable,
			RoundTrip: 900 * time.Microsecond, UserAgent: "Poly", Expires: time.Unix(1767225600, 0), ViaAddress: "10.0.0.9:5060"}},
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(Endpoint{}, "Details", "Objects")); diff != "" {
		t.Error(diff)
	}
	if got.Details["Context"] != "office" || len(got.Objects) != 1 || got.Objects[0].Name() != "AorDetail" {
		t.Errorf("details %v, objects %v", got.Details, got.Objects)
	}
}

func TestCoreShowChannels(t *testing.T) {
	server := amitest.NewServer(t)
	s := dialServer(t, server, nil)
	server.Handle("CoreShowChannels", func(c *amitest.Conn, a amitest.Action) {
		c.ReplyList(a, "CoreShowChannel", "CoreShowChannelsComplete",
			[]string{"Channel", "PJSIP/101-00000001", "ChannelStateDesc", "Up", "CallerIDNum", "101", "CallerIDName", "Ann: desk",
				"ConnectedLineNum", "", "ConnectedLineName", "", "Context", "", "Language", "", "Exten", "102", "Priority", "3",
				"Linkedid", "1.1", "Duration", "25:01:02", "Application", "Dial"})
	})
	got, err := s.CoreShowChannels(testContext(t))
	want := []Channel{{Name: "PJSIP/101-00000001", State: "Up", CallerNumber: "101", CallerName: "Ann: desk", Exten: "102",
		Priority: 3, LinkedID: "1.1", Application: "Dial", Duration: 25*time.Hour + time.Minute + 2*time.Second}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Error(err, diff)
	}
}

// Several variables, and what Asterisk's splitting of Variable headers would take apart.
func TestPJSIPNotify(t *testing.T) {
	server := amitest.NewServer(t)
	s := dialServer(t, server, nil)
	vars := []Variable{{"Event", "check-sync;reboot=false"}, {"Content", `a, "b" \ c`}}
	for _, target := range []string{"101", "sip:101@10.0.0.9", "sips:101@10.0.0.9"} {
		if err := s.PJSIPNotify(testContext(t), target, vars); err != nil {
			t.Error(err)
		}
	}
	sent := server.Actions("PJSIPNotify")
	want := []string{"Event=check-sync;reboot=false", `Content=a\, \"b\" \\ c`}
	if diff := cmp.Diff(want, sent[0].All("Variable")); diff != "" {
		t.Error(diff)
	}
	if sent[0].Get("Endpoint") != "101" || sent[0].Get("URI") != "" || sent[1].Get("URI") != "sip:101@10.0.0.9" ||
		sent[2].Get("Endpoint") != "" {
		t.Errorf("targets: %q", sent)
	}
}
