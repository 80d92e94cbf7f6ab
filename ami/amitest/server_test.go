package amitest_test

import (
	"context"
	"errors"
	"testing"

	"go.uber.org/goleak"

	"github.com/dialtone-pbx/dialtone/ami"
	"github.com/dialtone-pbx/dialtone/ami/amitest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The fake as another package's test uses it: scripted answers, recorded actions, events, loss and return.
func TestServer(t *testing.T) {
	server := amitest.NewServer(t)
	server.Handle("PJSIPShowContacts", func(c *amitest.Conn, a amitest.Action) {
		c.ReplyList(a, "ContactList", "ContactListComplete", []string{"ObjectName", "101;@ff", "Status", "Reachable"})
	})
	reports := make(chan any, 100)
	client := ami.New(ami.Options{
		Address: server.Address(),
		OnUp: func(ctx context.Context, s *ami.Session) {
			contacts, err := s.PJSIPContacts(ctx)
			if err != nil || len(contacts) != 1 || contacts[0].AOR != "101" {
				t.Errorf("contacts %v, %v", contacts, err)
			}
			reports <- "up"
		},
		OnDown:  func(error) { reports <- "down" },
		OnEvent: func(e ami.Event) { reports <- e.Parse() },
	})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- client.Run(ctx) }()
	server.WaitLogins(1)
	server.Send("DeviceStateChange", "Device", "PJSIP/101", "State", "INUSE")
	server.WaitActions("PJSIPShowContacts", 1)
	for _, want := range []any{"up", ami.FullyBooted{}, ami.DeviceStateChange{Device: "PJSIP/101", State: ami.DeviceInUse}} {
		if got := <-reports; got != want {
			t.Errorf("got %v, want %v", got, want)
		}
	}
	server.Away()
	if got := <-reports; got != "down" {
		t.Errorf("got %v, want down", got)
	}
	server.Back()
	if got := <-reports; got != "up" {
		t.Errorf("got %v, want up", got)
	}
	server.WaitActions("PJSIPShowContacts", 2)
	cancel()
	<-ended
}

func TestSilent(t *testing.T) {
	server := amitest.NewServer(t)
	s, err := ami.Dial(t.Context(), ami.Options{Address: server.Address()}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	server.Silent(true)
	ctx, cancel := context.WithCancel(t.Context())
	answered := make(chan error)
	go func() { answered <- s.Ping(ctx) }()
	server.WaitActions("Ping", 1)
	cancel()
	if err := <-answered; !errors.Is(err, context.Canceled) {
		t.Errorf("ping of a silent peer: %v", err)
	}
}
