package ami_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/dialtone-pbx/dialtone/ami"
	"github.com/dialtone-pbx/dialtone/ami/amitest"
)

// Two channels go their ways by one action, so that nothing comes in between.
func TestRedirectBoth(t *testing.T) {
	server := amitest.NewServer(t)
	asked := make(chan amitest.Action, 1)
	server.Handle("Redirect", func(c *amitest.Conn, a amitest.Action) {
		asked <- a
		c.Reply(a, "Message", "Dual Redirect successful")
	})
	err := dialOnce(t, server).RedirectBoth(t.Context(), "PJSIP/a-00000001", ami.Place{Context: "held", Extension: "s"}, "Local/b@c-00000002;1", ami.Place{Context: "ask", Extension: "103"})
	if err != nil {
		t.Fatal(err)
	}
	a := <-asked
	for name, want := range map[string]string{"Channel": "PJSIP/a-00000001", "Context": "held", "Exten": "s", "Priority": "1",
		"ExtraChannel": "Local/b@c-00000002;1", "ExtraContext": "ask", "ExtraExten": "103", "ExtraPriority": "1"} {
		if got := a.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

func TestChannelVariables(t *testing.T) {
	server := amitest.NewServer(t)
	kept := make(chan [3]string, 1)
	server.Handle("Setvar", func(c *amitest.Conn, a amitest.Action) {
		kept <- [3]string{a.Get("Channel"), a.Get("Variable"), a.Get("Value")}
		c.Reply(a, "Message", "Variable Set")
	})
	server.Handle("Getvar", func(c *amitest.Conn, a amitest.Action) {
		c.Reply(a, "Variable", a.Get("Variable"), "Value", "of "+a.Get("Channel"))
	})
	s := dialOnce(t, server)
	if err := s.SetChannelVar(t.Context(), "PJSIP/a-00000001", "_X", "from-acme,103,1"); err != nil || <-kept != [3]string{"PJSIP/a-00000001", "_X", "from-acme,103,1"} {
		t.Errorf("set: %v", err)
	}
	if value, err := s.ChannelVar(t.Context(), "PJSIP/a-00000001", "X"); err != nil || value != "of PJSIP/a-00000001" {
		t.Errorf("got %q, %v", value, err)
	}
}

// Asterisk has many words for a channel that is gone, and one for rights that are
// not there (seen on 16 and 22).
func TestCallActionsRefused(t *testing.T) {
	server := amitest.NewServer(t)
	s := dialOnce(t, server)
	acts := map[string]func(context.Context) error{
		"Redirect": func(ctx context.Context) error { return s.RedirectBoth(ctx, "a", ami.Place{}, "b", ami.Place{}) },
		"Setvar":   func(ctx context.Context) error { return s.SetChannelVar(ctx, "a", "X", "") },
		"Getvar":   func(ctx context.Context) error { _, err := s.ChannelVar(ctx, "a", "X"); return err },
	}
	for action, act := range acts {
		for message, want := range map[string]error{
			"No such channel": ami.ErrNotFound, "Channel does not exist: a": ami.ErrNotFound, "ExtraChannel does not exist: b": ami.ErrNotFound,
			"Redirect failed, channel not up.": ami.ErrNotFound, "Redirect failed, extra channel not up.": ami.ErrNotFound,
			"Permission denied": ami.ErrPermission,
		} {
			server.Handle(action, func(c *amitest.Conn, a amitest.Action) { c.ReplyError(a, message) })
			if err := act(t.Context()); !errors.Is(err, want) {
				t.Errorf("%s answered by %q: %v", action, message, err)
			}
		}
	}
	for _, evil := range []string{"x\r\nAction: Command", "x\ny"} {
		_, err := s.ChannelVar(t.Context(), evil, "X")
		for _, err := range []error{err, s.SetChannelVar(t.Context(), "a", "X", evil), s.RedirectBoth(t.Context(), "a", ami.Place{}, evil, ami.Place{})} {
			if !errors.Is(err, ami.ErrBadValue) {
				t.Errorf("%q: %v", evil, err)
			}
		}
	}
	if slices.ContainsFunc(server.Actions("Setvar"), func(a amitest.Action) bool { return a.Get("Value") != "" }) {
		t.Error("a value with a line break is on the wire")
	}
}
